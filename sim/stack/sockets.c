/* SPDX-License-Identifier: GPL-3.0-or-later
 * sockets.c -- connections on a real machine: who may touch one, on which CPU, at what price.
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
 * As in Solaris, the thread that has data to send transmits it, and a connection is entered by one thread at a time; a
 * packet that cannot enter is left on a queue and not waited for, and so are timers and a close().  Solaris has one
 * such queue ("squeue") per CPU; here it is one per connection, so connections that share a CPU do not wait for each
 * other's locks.  Left out: the socket buffers' memory as such (bytes are counted; copying them is priced per byte).
 */
#include "stack/sockets.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/assert.h"
#include "net/headers.h"

enum { CONN_LINES = 4, RECEIVE_WORK_MAX = 16, PORTS = 65536 };

enum {
#define X(name) SOCKETS_##name,
    SOCKETS_COUNTERS(X)
#undef X
    N_SOCKETS_COUNTERS
};
static const char *const counter_names[] = {
#define X(name) #name,
    SOCKETS_COUNTERS(X)
#undef X
};

struct task {
    struct task *next;
    struct thread *thread;
};

struct socket {
    struct sockets *owner;
    struct socket *next_pending, *next_waiting, *next;
    struct tcp_conn *conn;       /* NULL once TCP has let go of it */
    struct task *task;           /* woken on every change */
    struct mutex *lock;
    struct touchable lines;
    struct packet_queue backlog; /* arrived while the lock's owner was not running */
    bool pending;                /* on the squeue thread's list */
    bool waiting;                /* for its link's transmit queue */
    bool timer;                  /* a TCP timer is due */
    bool closing;                /* close() found the lock taken */
    unsigned queue;              /* of the link, where its packets go */
    bool copied;                 /* write(): the system call and copy of this block are already charged */
};

struct listener {
    struct listener *next;
    struct sockets *owner;
    uint16_t port;
    accept_fn *accept;
    void *accept_owner;
};

/* A link, and whom to wake when its transmit queue has room again. */
struct link_state {
    struct sockets_link config;
    uint32_t blocked;            /* bit per transmit queue */
    struct socket *waiting;
};

struct sockets {
    struct host host; /* must be first */
    struct sockets_config config;
    struct machine *m;
    struct tcp_host *tcp;
    struct link_state **link;
    int n_links;
    struct thread *squeue;       /* runs backlogs and timers */
    struct socket *pending_head, *pending_tail;
    struct socket *all;          /* for destruction, as the next */
    unsigned n_sockets;
    struct task *tasks;
    struct listener *listeners;
    uint64_t udp_ports[PORTS / 64]; /* bit per open port */
    uint64_t held;               /* in backlogs */
    uint64_t counter[N_SOCKETS_COUNTERS];
};

static const struct host_ops host_ops;
static const struct tcp_ops tcp_ops;
static step_fn squeue_step;

static struct sockets *of_host(struct host *h)
{
    return (struct sockets *)(void *)h;
}

/* -- creation ----------------------------------------------------------------------------------------------------- */

struct sockets *sockets_create(const struct sockets_config *config)
{
    struct sockets *s = calloc(1, sizeof *s);
    SIM_ASSERT(s);
    s->config = *config;
    s->m = config->machine;
    s->host.ops = &host_ops;
    s->host.name = machine_name(s->m);
    s->tcp = tcp_host_create(machine_engine(s->m), config->pool, config->stats, config->seed, s->host.name,
                             &config->tcp, &tcp_ops, s);
    s->squeue = thread_create(s->m, &(struct thread_config){ .name = "squeue", .priority = THREAD_LANE_MEDIUM,
                                                             .cpu = CPU_ANY, .step = squeue_step, .owner = s });
    stats_register(config->stats, "sockets", s->host.name, counter_names, s->counter, N_SOCKETS_COUNTERS);
    return s;
}

void sockets_destroy(struct sockets *s)
{
    if (!s) return;
    tcp_host_destroy(s->tcp);
    while (s->all) {
        struct socket *next = s->all->next;
        free(s->all);
        s->all = next;
    }
    while (s->tasks) {
        struct task *next = s->tasks->next;
        free(s->tasks);
        s->tasks = next;
    }
    while (s->listeners) {
        struct listener *next = s->listeners->next;
        free(s->listeners);
        s->listeners = next;
    }
    for (int i = 0; i < s->n_links; i++) {
        free((char *)(uintptr_t)s->link[i]->config.name);
        free(s->link[i]);
    }
    free(s->link);
    free(s);
}

void sockets_add_link(struct sockets *s, const struct sockets_link *link)
{
    struct link_state *l = calloc(1, sizeof *l);
    s->link = realloc(s->link, ((size_t)s->n_links + 1) * sizeof(struct link_state *));
    SIM_ASSERT(l && s->link);
    l->config = *link;
    l->config.name = strdup(link->name);
    SIM_ASSERT(l->config.name);
    s->link[s->n_links++] = l;
}

struct host *sockets_host(struct sockets *s)
{
    return &s->host;
}

uint64_t sockets_held(const struct sockets *s)
{
    return s->held;
}

void sockets_udp_sink(struct sockets *s, uint16_t port)
{
    s->udp_ports[port / 64] |= UINT64_C(1) << port % 64;
}

static struct socket *socket_new(struct sockets *s, struct task *task)
{
    struct socket *sock = calloc(1, sizeof *sock);
    SIM_ASSERT(sock);
    sock->owner = s;
    sock->task = task;
    char name[32];
    snprintf(name, sizeof name, "connection%u", ++s->n_sockets);
    sock->lock = mutex_create(s->m, name);
    sock->next = s->all;
    s->all = sock;
    return sock;
}

/* -- receive ------------------------------------------------------------------------------------------------------ */

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

static void udp_receive(struct sockets *s, struct packet *p)
{
    uint16_t port = get_be16(p->hdr + p->l4 + 2);
    machine_charge(s->m, COST_TCP_RX_ACK, 1); /* header checks and demultiplexing cost a short segment's price */
    if (!(s->udp_ports[port / 64] >> port % 64 & 1)) {
        packet_drop(s->config.pool, p, DROP_NO_SOCKET);
        return;
    }
    s->counter[SOCKETS_udp_packets]++;
    s->counter[SOCKETS_udp_bytes] += p->len - p->payload;
    packet_deliver(s->config.pool, p);
}

void sockets_receive(struct sockets *s, struct packet *p)
{
    s->counter[SOCKETS_rx_packets]++;
    if (p->l4 && headers_is_ipv4(p) && p->hdr[p->l3 + 9] == IPPROTO_UDP_) {
        udp_receive(s, p);
        return;
    }
    struct tcp_conn *c = tcp_lookup(s->tcp, p);
    struct socket *sock = c ? tcp_view(c)->user : NULL;
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
}

/* Backlogs and timers of the connections on the pending list; the thread of last resort. */
static enum step_result squeue_step(void *owner)
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
    }
    return s->pending_head ? STEP_AGAIN : STEP_SLEEP;
}

/* -- what TCP asks of its computer -------------------------------------------------------------------------------- */

static void tcp_output(void *owner, struct tcp_conn *c, void *link, struct packet *p)
{
    struct link_state *l = link;
    struct socket *sock = c ? tcp_view(c)->user : NULL;
    (void)owner;
    unsigned queue = l->config.transmit(l->config.datalink, p);
    if (sock) sock->queue = queue;
}

static void tcp_notify(void *owner, struct tcp_conn *c, unsigned events)
{
    struct sockets *s = owner;
    struct tcp_conn_view *v = tcp_view(c);
    if (events & TCP_EV_NEW) {
        struct listener *l = v->listener;
        struct socket *fresh = socket_new(s, NULL);
        fresh->conn = c;
        v->user = fresh;
        fresh->task = l->accept(l->accept_owner, fresh);
    }
    struct socket *sock = v->user;
    if (!sock) return;
    if (events & TCP_EV_FREED) {
        sock->conn = NULL;
        v->user = NULL;
    }
    if (sock->task && (events & ~(unsigned)TCP_EV_NEW)) thread_wake(sock->task->thread);
}

static void tcp_timer_due(void *owner, struct tcp_conn *c)
{
    struct socket *sock = tcp_view(c)->user;
    if (!sock) { /* half-open: nobody else can be in it */
        tcp_timer(c);
        return;
    }
    (void)owner;
    sock->timer = true;
    make_pending(sock);
}

static sim_time tcp_now(void *owner)
{
    return machine_now(((struct sockets *)owner)->m);
}

static void tcp_charge(void *owner, enum cost_op op, int64_t n)
{
    machine_charge(((struct sockets *)owner)->m, op, n);
}

static bool fill_route(struct sockets *s, struct link_state *l, uint32_t to, struct tcp_route *route)
{
    *route = (struct tcp_route){ .src = l->config.mac, .vlan = -1, .ip = l->config.ip,
                                 .mtu_bytes = l->config.mtu_bytes, .link = l };
    return s->config.resolve(s->config.resolve_owner, to, &route->dst);
}

static bool tcp_route_back(void *owner, const struct packet *p, struct tcp_route *route)
{
    struct sockets *s = owner;
    uint32_t us = get_be32(p->hdr + p->l3 + 16), them = get_be32(p->hdr + p->l3 + 12);
    for (int i = 0; i < s->n_links; i++)
        if (s->link[i]->config.ip == us) return fill_route(s, s->link[i], them, route);
    return false;
}

static const struct tcp_ops tcp_ops = {
    tcp_output, tcp_notify, tcp_timer_due, tcp_now, tcp_charge, tcp_route_back,
};

/* -- what applications see ---------------------------------------------------------------------------------------- */

static struct task *sockets_spawn(struct host *h, const char *name, step_fn *step, void *owner)
{
    struct sockets *s = of_host(h);
    struct task *t = calloc(1, sizeof *t);
    SIM_ASSERT(t);
    t->thread = thread_create(s->m, &(struct thread_config){ .name = name, .priority = THREAD_USER, .cpu = CPU_ANY,
                                                             .step = step, .owner = owner });
    t->next = s->tasks;
    s->tasks = t;
    return t;
}

static void sockets_wake(struct host *h, struct task *t)
{
    (void)h;
    thread_wake(t->thread);
}

static sim_time sockets_now(const struct host *h)
{
    return machine_now(((const struct sockets *)(const void *)h)->m);
}

static void sockets_charge_user(struct host *h, enum cost_op op, int64_t n)
{
    machine_charge_user(of_host(h)->m, op, n);
}

static struct link_state *find_link(struct sockets *s, const char *name)
{
    for (int i = 0; i < s->n_links; i++)
        if (!name || strcmp(s->link[i]->config.name, name) == 0) return s->link[i];
    return NULL;
}

static struct socket *sockets_connect(struct host *h, const char *via, struct host_addr to, struct task *task)
{
    struct sockets *s = of_host(h);
    struct link_state *l = find_link(s, via);
    struct tcp_route route;
    if (!l || !fill_route(s, l, to.ip, &route)) return NULL;
    struct socket *sock = socket_new(s, task);
    machine_charge(s->m, COST_SYSCALL, 1);
    sock->conn = tcp_connect(s->tcp, &route, to, sock);
    return sock->conn ? sock : NULL;
}

static bool sockets_listen(struct host *h, uint16_t port, accept_fn *accept, void *owner)
{
    struct sockets *s = of_host(h);
    struct listener *l = calloc(1, sizeof *l);
    SIM_ASSERT(l);
    *l = (struct listener){ s->listeners, s, port, accept, owner };
    if (!tcp_listen(s->tcp, port, l)) {
        free(l);
        return false;
    }
    s->listeners = l;
    return true;
}

static struct link_state *link_of(struct sockets *s, const void *datalink)
{
    for (int i = 0; i < s->n_links; i++)
        if (s->link[i]->config.datalink == datalink) return s->link[i];
    return NULL;
}

void sockets_tx_blocked(struct sockets *s, const void *datalink, unsigned queue)
{
    link_of(s, datalink)->blocked |= UINT32_C(1) << queue;
}

void sockets_tx_released(struct sockets *s, const void *datalink, unsigned queue)
{
    struct link_state *l = link_of(s, datalink);
    struct socket **at = &l->waiting;
    l->blocked &= ~(UINT32_C(1) << queue);
    while (*at) {
        struct socket *sock = *at;
        if (sock->queue != queue) {
            at = &sock->next_waiting;
            continue;
        }
        *at = sock->next_waiting;
        sock->waiting = false;
        if (sock->task) thread_wake(sock->task->thread);
    }
}

/* True when the link takes no more of the socket's packets; its task is then woken by sockets_tx_released(). */
static bool must_wait_for_link(struct socket *sock)
{
    struct link_state *l = tcp_view(sock->conn)->link;
    if (!(l->blocked >> sock->queue & 1)) return false;
    sock->owner->counter[SOCKETS_flow_control]++;
    if (!sock->waiting) {
        sock->waiting = true;
        sock->next_waiting = l->waiting;
        l->waiting = sock;
    }
    return true;
}

/* The copy into the kernel comes before the lock, as it does in a kernel; it is charged once even when the lock
 * makes the thread wait. */
static int64_t sockets_write(struct socket *sock, int64_t bytes)
{
    struct sockets *s = sock->owner;
    if (!sock->conn) return SOCKET_CLOSED;
    const struct tcp_conn_view *v = tcp_view(sock->conn);
    if (must_wait_for_link(sock)) return SOCKET_WOULD_BLOCK;
    if (!sock->copied) {
        int64_t room = s->config.tcp.sndbuf_bytes - v->sndbuf_used;
        machine_charge(s->m, COST_SYSCALL, 1);
        machine_charge(s->m, COST_SOCK_WRITE, 1);
        if (room > 0) machine_charge(s->m, COST_COPY_BYTE, bytes < room ? bytes : room);
        sock->copied = true;
    }
    if (!mutex_enter(sock->lock)) return SOCKET_MUTEX;
    sock->copied = false;
    machine_touch(s->m, &sock->lines, CONN_LINES);
    int64_t taken = tcp_write(sock->conn, bytes);
    if (taken > 0) tcp_push(sock->conn);
    mutex_exit(sock->lock);
    return taken > 0 ? taken : taken == 0 ? SOCKET_WOULD_BLOCK : SOCKET_CLOSED;
}

static int64_t sockets_read(struct socket *sock, int64_t bytes_max)
{
    struct sockets *s = sock->owner;
    if (!sock->conn) return SOCKET_CLOSED;
    if (!mutex_enter(sock->lock)) return SOCKET_MUTEX;
    machine_charge(s->m, COST_SYSCALL, 1);
    machine_charge(s->m, COST_SOCK_READ, 1);
    machine_touch(s->m, &sock->lines, CONN_LINES);
    int64_t given = tcp_read(sock->conn, bytes_max);
    mutex_exit(sock->lock);
    if (given > 0) machine_charge(s->m, COST_COPY_BYTE, given);
    return given > 0 ? given : given == 0 ? SOCKET_WOULD_BLOCK : SOCKET_CLOSED;
}

static void sockets_close(struct socket *sock)
{
    if (!sock->conn) return;
    machine_charge(sock->owner->m, COST_SYSCALL, 1);
    if (sock->backlog.count > 0 || !mutex_enter(sock->lock)) {
        sock->closing = true;
        make_pending(sock);
        return;
    }
    tcp_close(sock->conn);
    mutex_exit(sock->lock);
}

static const struct host_ops host_ops = {
    sockets_spawn, sockets_wake, sockets_now, sockets_charge_user, sockets_connect, sockets_listen,
    sockets_write, sockets_read, sockets_close,
};
