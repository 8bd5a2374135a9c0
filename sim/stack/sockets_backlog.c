/* SPDX-License-Identifier: GPL-3.0-or-later
 * sockets_backlog.c -- connections that are owned by a system call, or locked by a softirq for a moment.
 *
 * A step's code runs before the time that it takes, so an owner is the owner from the instant when its step begins
 * until the deferred end of the call: earlier than a real one by the few hundred cycles of entering the kernel, and as
 * long as it is stopped by interrupts.  A packet is left on the backlog at once, so that packets keep their order; the
 * deferred end of the call finds it.  Left out: a prequeue that outgrows the receive buffer, which the softirq processes
 * after all, and the timer that acknowledges for a reader who is late. */
#include "stack/backlog.h"

#include <stdio.h>

#include "stack/sockets_impl.h"

enum { WORK_MAX = 8, HEADER_LINES = 2 };

struct timers {
    struct socket *head, *tail;
};

struct backlogs {
    struct timers *due;          /* per CPU */
    backlog_raise_fn *raise;
    void *raise_owner;
};

/* An application's thread, which processes what was left for it before anything else. */
struct backlog_task {
    struct task task;            /* must be first */
    struct socket *owed, *owed_last;
    step_fn *step;
    void *step_owner;
};

static inline struct touchable *header_of(struct packet *p) { return (struct touchable *)(void *)p->cb; }
static inline struct backlog_task *task_of(const struct socket *sock)
{
    return (struct backlog_task *)(void *)sock->task;
}
static int cpu_now(const struct sockets *s) { return machine_in_step(s->m) ? machine_current_cpu(s->m) : 0; }

/* -- creation ------------------------------------------------------------------------------------------------------ */

static void create(struct sockets *s)
{
    s->backlogs = calloc(1, sizeof *s->backlogs);
    SIM_ASSERT(s->backlogs);
    s->backlogs->due = calloc((size_t)machine_cpu_count(s->m), sizeof *s->backlogs->due);
    SIM_ASSERT(s->backlogs->due);
}

static void destroy(struct sockets *s)
{
    free(s->backlogs->due);
    free(s->backlogs);
}

void backlog_bind(struct sockets *s, backlog_raise_fn *raise, void *owner)
{
    s->backlogs->raise = raise;
    s->backlogs->raise_owner = owner;
}

static void opened(struct socket *sock)
{
    char name[32];
    snprintf(name, sizeof name, "connection%u", sock->owner->n_sockets);
    if (!sock->lock) sock->lock = mutex_create(sock->owner->m, name);
    sock->cpu = cpu_now(sock->owner);
}

/* -- the owner ----------------------------------------------------------------------------------------------------- */

/* The task has something of the socket to do before it goes on. */
static void owe(struct socket *sock)
{
    struct backlog_task *t = task_of(sock);
    if (!sock->queued) {
        sock->queued = true;
        sock->next_work = NULL;
        if (t->owed)
            t->owed_last->next_work = sock;
        else
            t->owed = sock;
        t->owed_last = sock;
    }
    thread_wake(t->task.thread);
}

static bool has_work(const struct socket *sock)
{
    return sock->backlog.count > 0 || (sock->timer && !sock->pending);
}

/* A spin lock on the kernel's side is free or its holder runs: entering never fails. */
static void spin_lock(struct socket *sock)
{
    bool entered = mutex_enter(sock->lock);
    SIM_ASSERT(entered);
}

static void lock_sock(struct socket *sock)
{
    struct sockets *s = sock->owner;
    spin_lock(sock);
    machine_charge(s->m, COST_SOCK_OWN, 1);
    mutex_exit(sock->lock);
    sock->owned++;
    sock->reader_waits = false;
    sock->cpu = cpu_now(s);
    machine_touch(s->m, &sock->lines, CONN_LINES);
}

static void released(void *owner, uint64_t unused)
{
    struct socket *sock = owner;
    (void)unused;
    if (--sock->owned == 0 && has_work(sock)) owe(sock);
    sockets_let_go(sock);
}

static void release_sock(struct socket *sock)
{
    machine_charge(sock->owner->m, COST_MUTEX_ENTER, 1); /* the spin lock again, to look at the backlog */
    machine_defer(sock->owner->m, released, sock, 0);
}

static void run_timer(struct socket *sock)
{
    struct sockets *s = sock->owner;
    sock->timer = false;
    if (!sock->conn) return;
    s->counter[SOCKETS_timers]++;
    machine_charge(s->m, COST_TIMER_CALLOUT, 1);
    tcp_timer(sock->conn);
}

static void process_first(struct socket *sock)
{
    struct sockets *s = sock->owner;
    struct packet *p = packet_queue_pop(&sock->backlog);
    s->held--;
    machine_touch(s->m, header_of(p), HEADER_LINES);
    tcp_input(s->tcp, tcp_lookup(s->tcp, p), p);
}

/* A bounded part of what was left for the task: as the owner of the first of its sockets with work. */
static void work(struct backlog_task *t)
{
    struct socket *sock = t->owed;
    t->owed = sock->next_work;
    sock->queued = false;
    lock_sock(sock);
    if (sock->timer && !sock->pending) run_timer(sock);
    for (int n = 0; n < WORK_MAX && sock->backlog.count > 0; n++) process_first(sock);
    release_sock(sock);
}

static enum step_result task_step(void *owner)
{
    struct backlog_task *t = owner;
    if (!t->owed) return t->step(t->step_owner);
    work(t);
    return STEP_AGAIN;
}

static struct task *spawn(struct host *h, const char *name, step_fn *step, void *owner)
{
    struct backlog_task *t = calloc(1, sizeof *t);
    SIM_ASSERT(t);
    t->step = step;
    t->step_owner = owner;
    sockets_add_task(sockets_of(h), &t->task, name, task_step, t);
    return &t->task;
}

/* -- softirqs ------------------------------------------------------------------------------------------------------ */

static void leave(struct socket *sock, struct packet *p)
{
    struct sockets *s = sock->owner;
    bool first = sock->backlog.count == 0;
    *header_of(p) = (struct touchable){ .last = (int16_t)(cpu_now(s) + 1) };
    machine_charge(s->m, COST_SOCK_BACKLOG, 1);
    packet_queue_push(&sock->backlog, p);
    s->held++;
    s->counter[sock->owned ? SOCKETS_backlogged : SOCKETS_prequeued]++;
    if (first && !sock->owned) owe(sock);
}

static void receive(struct sockets *s, struct packet *p)
{
    struct tcp_conn *c = tcp_lookup(s->tcp, p);
    struct socket *sock = sockets_of_conn(c);
    if (!sock) {
        tcp_input(s->tcp, c, p);
        return;
    }
    spin_lock(sock);
    if (sock->owned || sock->reader_waits || sock->backlog.count > 0) {
        leave(sock, p);
    } else {
        sock->cpu = cpu_now(s);
        machine_touch(s->m, &sock->lines, CONN_LINES);
        tcp_input(s->tcp, c, p);
    }
    mutex_exit(sock->lock);
    sockets_let_go(sock);
}

/* A timer fires on the CPU where the connection was last, as that is where it was set. */
static void timer(struct socket *sock)
{
    struct backlogs *b = sock->owner->backlogs;
    struct timers *due = &b->due[sock->cpu];
    if (sock->pending) return;
    sock->pending = true;
    sock->next_pending = NULL;
    if (due->head)
        due->tail->next_pending = sock;
    else
        due->head = sock;
    due->tail = sock;
    b->raise(b->raise_owner, sock->cpu);
}

void backlog_run_timers(struct sockets *s, int cpu)
{
    struct timers *due = &s->backlogs->due[cpu];
    while (due->head) {
        struct socket *sock = due->head;
        due->head = sock->next_pending;
        sock->pending = false;
        spin_lock(sock);
        if (!sock->owned) {
            machine_touch(s->m, &sock->lines, CONN_LINES);
            run_timer(sock);
        }
        mutex_exit(sock->lock);
        sockets_let_go(sock);
    }
}

/* -- what applications see ----------------------------------------------------------------------------------------- */

static int64_t write_(struct socket *sock, int64_t bytes)
{
    int64_t taken = 0;
    if (!sock->conn) return SOCKET_CLOSED;
    lock_sock(sock);
    bool begun = sockets_begin_write(sock, bytes);
    if (begun) taken = tcp_write(sock->conn, bytes);
    if (taken > 0) tcp_push(sock->conn);
    release_sock(sock);
    return begun ? sockets_end_write(sock, taken) : SOCKET_WOULD_BLOCK;
}

static int64_t read_(struct socket *sock, int64_t bytes_max)
{
    if (!sock->conn) return SOCKET_CLOSED;
    lock_sock(sock);
    sockets_begin_read(sock);
    int64_t given = sockets_end_read(sock, tcp_read(sock->conn, bytes_max));
    sock->reader_waits = given == SOCKET_WOULD_BLOCK;
    release_sock(sock);
    return given;
}

/* Its task may have work with it even afterwards. */
static void close_(struct socket *sock)
{
    struct task *task = sock->task;
    sockets_app_closed(sock);
    if (!sock->conn) return;
    sock->task = task;
    lock_sock(sock);
    tcp_close(sock->conn);
    release_sock(sock);
}

void backlog_check(const struct sockets *s)
{
    uint64_t held = 0;
    for (const struct socket *sock = s->all; sock; sock = sock->next) {
        held += sock->backlog.count;
        SIM_ASSERT(sock->backlog.count == 0 || sock->owned || sock->queued);
        SIM_ASSERT(!sock->queued || task_of(sock)->owed);
    }
    SIM_ASSERT(held == s->held);
}

const struct rule sockets_backlog_rule = {
    .host = { spawn, sockets_wake, sockets_now, sockets_charge_user, sockets_connect, sockets_listen, write_, read_,
              close_, sockets_no_delay, sockets_ends },
    .create = create, .destroy = destroy, .opened = opened, .receive = receive, .timer = timer,
};
