/* SPDX-License-Identifier: GPL-3.0-or-later
 * sockets_lock.c -- a connection is entered by one thread at a time: it has a lock of its own.
 *
 *    application thread                     softring worker, poll or interrupt thread
 *        write(), read()                        sockets_receive()
 *             |  system call, copy                  |
 *             +------ the connection's mutex -------+          when its owner was interrupted: the packet waits
 *                           |                                  in the connection's backlog for the squeue thread
 *                        endpoint/tcp
 *                           |
 *                    data link's transmit, by the calling thread
 *
 * A packet that cannot enter is left on a queue and not waited for, and so are timers and a close().  Solaris has one
 * such queue ("squeue") per CPU; here it is one per connection, so connections that share a CPU do not wait for each
 * other's locks (sockets_squeue.c has them per CPU). */
#include <stdio.h>

#include "stack/sockets_impl.h"

enum { RECEIVE_WORK_MAX = 16 };

static step_fn last_resort_step;

static void create(struct sockets *s)
{
    s->squeue = thread_create(s->m, &(struct thread_config){ .name = "squeue", .priority = THREAD_LANE_MEDIUM,
                                                             .cpu = CPU_ANY, .step = last_resort_step, .owner = s });
}

static void destroy(struct sockets *s)
{
    (void)s;
}

static void opened(struct socket *sock)
{
    char name[32];
    snprintf(name, sizeof name, "connection%u", sock->owner->n_sockets);
    if (!sock->lock) sock->lock = mutex_create(sock->owner->m, name);
}

static void make_pending(struct socket *sock)
{
    struct sockets *s = sock->owner;
    if (sock->pending) return;
    sock->pending = true;
    sock->next_pending = NULL;
    if (s->pending_head)
        s->pending_tail->next_pending = sock;
    else
        s->pending_head = sock;
    s->pending_tail = sock;
    thread_wake(s->squeue);
}

static void receive(struct sockets *s, struct packet *p)
{
    struct socket *sock = sockets_find(s, p);
    if (!sock) {
        tcp_input(s->tcp, p);
        return;
    }
    if (sock->backlog.count > 0 || !mutex_enter(sock->lock)) {
        packet_queue_push(&sock->backlog, p);
        s->held++;
        s->counter[SOCKETS_backlogged]++;
        make_pending(sock);
        return;
    }
    machine_touch(s->m, &sock->lines, CONN_LINES);
    tcp_input(s->tcp, p);
    mutex_exit(sock->lock);
    sockets_let_go(sock);
}

/* Backlogs and timers of the connections on the pending list; the thread of last resort. */
static enum step_result last_resort_step(void *owner)
{
    struct sockets *s = owner;
    struct socket *sock = s->pending_head;
    if (!sock) return STEP_SLEEP;
    if (!mutex_enter(sock->lock)) return STEP_BLOCKED;
    machine_touch(s->m, &sock->lines, CONN_LINES);
    if (sock->timer && sock->conn) {
        sock->timer = false;
        s->counter[SOCKETS_timers]++;
        machine_charge(s->m, COST_TIMER_CALLOUT, 1);
        tcp_timer(sock->conn);
    }
    struct packet *p;
    for (int n = 0; n < RECEIVE_WORK_MAX && (p = packet_queue_pop(&sock->backlog)); n++) {
        s->held--;
        tcp_input(s->tcp, p);
    }
    if (sock->closing && sock->backlog.count == 0) {
        sock->closing = false;
        if (sock->conn) tcp_close(sock->conn);
    }
    mutex_exit(sock->lock);
    if (sock->backlog.count == 0) {
        s->pending_head = sock->next_pending;
        sock->pending = false;
        sockets_let_go(sock);
    }
    return s->pending_head ? STEP_AGAIN : STEP_SLEEP;
}

static int64_t write_(struct socket *sock, int64_t bytes)
{
    if (!sock->conn) return SOCKET_CLOSED;
    if (!sockets_begin_write(sock, bytes)) return SOCKET_WOULD_BLOCK;
    if (!mutex_enter(sock->lock)) return SOCKET_MUTEX;
    machine_touch(sock->owner->m, &sock->lines, CONN_LINES);
    int64_t taken = tcp_write(sock->conn, bytes);
    if (taken > 0) tcp_push(sock->conn);
    mutex_exit(sock->lock);
    return sockets_end_write(sock, taken);
}

static int64_t read_(struct socket *sock, int64_t bytes_max)
{
    if (!sock->conn) return SOCKET_CLOSED;
    sockets_begin_read(sock);
    if (!mutex_enter(sock->lock)) return SOCKET_MUTEX;
    machine_touch(sock->owner->m, &sock->lines, CONN_LINES);
    int64_t given = tcp_read(sock->conn, bytes_max);
    mutex_exit(sock->lock);
    return sockets_end_read(sock, given);
}

static void close_(struct socket *sock)
{
    sockets_app_closed(sock);
    if (!sock->conn) return;
    if (sock->backlog.count > 0 || !mutex_enter(sock->lock)) {
        sock->closing = true;
        make_pending(sock);
        return;
    }
    tcp_close(sock->conn);
    mutex_exit(sock->lock);
}

const struct rule sockets_lock_rule = {
    .host = { sockets_spawn, sockets_wake, sockets_now, sockets_charge_user, sockets_connect, sockets_listen, write_,
              read_, close_, sockets_no_delay, sockets_ends },
    .create = create, .destroy = destroy, .opened = opened, .receive = receive, .timer = make_pending,
};
