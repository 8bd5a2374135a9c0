/* SPDX-License-Identifier: GPL-3.0-or-later
 * sockets_squeue.c -- connections on serialization queues, as in OpenSolaris before Crossbow and with it.
 *
 *    application: write(), close()     interrupt or soft ring: sockets_receive()     TCP timer
 *             |  call, copy                        |  data-link services, IP            |
 *             +---------------- squeue_enter ------+                              squeue_fill
 *                                    |                                                 |
 *                      being processed?  yes: leave it          nobody: within ip_squeue_worker_wait, 10 ms,
 *                                    | no                        somebody comes by; else the worker thread
 *                       process it, and what has come meanwhile  <---------------------+
 *
 * Whoever finds a queue drains it, for so long at most (enum squeue_who); then the worker goes on.  Before Crossbow,
 * whoever has processed the one item he brought goes on with what came meanwhile only on the squeue's own CPU; else it
 * is left for the next entrant, or the worker.  With it, a ring's squeue stops that ring while somebody drains a queue
 * (if the ring's own threads are not at it), so that packets wait there and keep the card's interrupt off; a worker
 * that has drained all sends the squeue's poll thread to look into the ring before it is let go.  Left out: that thread
 * fetching while the worker still drains.  read() takes from the stream head, which needs no squeue but the stream
 * head's lock, as does who delivers data to it.
 *
 * A step's code runs before the time that the step takes.  Whoever finds nobody in a squeue then has it from the start of
 * his step on; else items enter by a deferred effect, at the instant when the CPU is there, and that is when it is decided
 * whether the squeue has become free.  Packets received in a step enter as one chain.  A squeue is processed until the end
 * of the step that finds it empty, through interrupts and preemption: exclusion holds at every instant. */
#include <stdio.h>

#include "core/rng.h"
#include "stack/squeue_impl.h"

enum { WORK_MAX = 8, BLANK_ABOVE = 3, HEADER_LINES = 2 };

/* An application's thread is an entrant. */
struct squeue_task {
    struct task task;              /* must be first */
    struct squeue_entrant entrant;
    step_fn *step;
    void *step_owner;
};

/* In a packet's control block while it is on its way. */
struct mark {
    struct squeue *q;
    struct touchable header;       /* lines of the header: read by whoever fetched the packet */
};
_Static_assert(sizeof(struct mark) <= PACKET_CB_BYTES, "a packet's control block holds a mark");

static inline struct mark *mark_of(struct packet *p) { return (struct mark *)(void *)p->cb; }

/* -- creation ------------------------------------------------------------------------------------------------------ */

static void create(struct sockets *s)
{
    char name[300];
    s->squeues = calloc(1, sizeof *s->squeues);
    SIM_ASSERT(s->squeues);
    s->squeues->cpus = machine_cpu_count(s->m);
    s->squeues->of_cpu = calloc((size_t)s->squeues->cpus, sizeof(struct squeue *));
    SIM_ASSERT(s->squeues->of_cpu);
    snprintf(name, sizeof name, "%s/squeues", machine_name(s->m));
    s->squeues->rng = rng_create(s->config.seed, name);
    for (int i = 0; i < s->squeues->cpus; i++) {
        snprintf(name, sizeof name, "squeue%d", i);
        s->squeues->of_cpu[i] = squeue_create(s, name, i, THREAD_LANE_MEDIUM);
    }
}

static void destroy(struct sockets *s)
{
    while (s->squeues->all) {
        struct squeue *q = s->squeues->all;
        s->squeues->all = q->next;
        engine_cancel(machine_engine(s->m), &q->timeout);
        free(q);
    }
    rng_destroy(s->squeues->rng);
    free(s->squeues->of_cpu);
    free(s->squeues);
}

static struct squeue *own_squeue(struct sockets *s)
{
    return s->squeues->of_cpu[machine_in_step(s->m) ? machine_current_cpu(s->m) : 0];
}

/* The squeue that its SYN came to, or of the CPU where it is opened. */
static void opened(struct socket *sock)
{
    struct squeues *all = sock->owner->squeues;
    if (sock->owner->config.squeue_fanout)
        sock->squeue = all->of_cpu[rng_below(all->rng, (uint32_t)all->cpus)];
    else
        sock->squeue = all->processed ? all->processed : own_squeue(sock->owner);
    char name[32];
    snprintf(name, sizeof name, "stream%u", sock->owner->n_sockets);
    if (!sock->lock) sock->lock = mutex_create(sock->owner->m, name);
}

/* -- items --------------------------------------------------------------------------------------------------------- */

/* The queue's lock, and what is done under it. */
static void charge_enter(struct squeue *q)
{
    if (!mutex_pass(q->lock, COST_SQUEUE_ENTER, 1)) /* its holder is stopped by an interrupt, for a moment */
        machine_charge(q->s->m, COST_SQUEUE_ENTER, 1);
}

static struct squeue_entrant *as_entrant(uint64_t value)
{
    return (struct squeue_entrant *)(uintptr_t)value;
}

static void packet_comes(void *owner, uint64_t entrant)
{
    struct packet *p = owner;
    struct squeue *q = mark_of(p)->q;
    packet_queue_push(&q->packets, p);
    q->items++;
    squeue_come(q, as_entrant(entrant), 1);
}

static void chain_comes(void *owner, uint64_t unused)
{
    struct squeue_entrant *e = owner;
    struct squeue *q = e->chain_to;
    uint32_t n = e->chain.count;
    (void)unused;
    packet_queue_append(&q->packets, &e->chain);
    q->items += n;
    e->chain_enters = false;
    squeue_come(q, e, n);
}

/* Nobody is in it, and the running step's entrant is in no other. */
static bool can_take(const struct squeue *q, const struct squeue_entrant *e)
{
    return e && !q->owner && !e->claimed;
}

static void send_chain(struct squeue_entrant *e)
{
    struct machine *m = e->sockets->m;
    if (e->chain_enters || e->chain.count == 0) return;
    machine_protocol(m, true);
    charge_enter(e->chain_to);
    machine_protocol(m, false);
    if (can_take(e->chain_to, e)) {
        e->took = true;
        chain_comes(e, 0);
    } else {
        e->chain_enters = true;
        machine_defer(m, chain_comes, e, 0);
    }
}

static struct squeue *where(struct sockets *s, const struct squeue_entrant *e, const struct socket *sock)
{
    return sock ? sock->squeue : e && e->ring ? e->ring : own_squeue(s);
}

/* 'p' is on its way into 'q'; whoever runs now has its header. */
static inline void mark(struct sockets *s, struct squeue *q, struct packet *p)
{
    int16_t cpu = machine_in_step(s->m) ? (int16_t)(machine_current_cpu(s->m) + 1) : 0;
    *mark_of(p) = (struct mark){ q, { .last = cpu } };
    s->held++;
}

static inline void chain(struct squeue_entrant *e, struct squeue *q, struct packet *p)
{
    packet_queue_push(&e->chain, p);
    e->chain_to = e->last = q;
}

static void receive(struct sockets *s, struct packet *p)
{
    struct squeue_entrant *e = s->squeues->current;
    struct squeue *q = where(s, e, sockets_find(s, p));
    mark(s, q, p);
    if (e && (e->chain.count == 0 || (e->chain_to == q && !e->chain_enters))) {
        chain(e, q, p);
        return;
    }
    charge_enter(q);
    machine_defer(s->m, packet_comes, p, (uintptr_t)e);
    if (e) e->last = q;
}

struct squeue *squeue_find(struct squeue_entrant *e, struct packet *p)
{
    struct squeue *q = where(e->sockets, e, sockets_find(e->sockets, p)), *begun = e->chain.count ? e->chain_to : e->last;
    return begun && begun != q ? NULL : q;
}

void squeue_join(struct squeue_entrant *e, struct squeue *q, struct packet *p)
{
    SIM_ASSERT(e->chain.count == 0 || (e->chain_to == q && !e->chain_enters));
    e->sockets->counter[SOCKETS_rx_packets]++;
    mark(e->sockets, q, p);
    chain(e, q, p);
}

static void work_comes(void *owner, uint64_t entrant)
{
    struct socket *sock = owner;
    struct squeue *q = sock->squeue;
    if (!sock->queued) {
        sock->queued = true;
        sock->next_work = NULL;
        if (q->work)
            q->work_last->next_work = sock;
        else
            q->work = sock;
        q->work_last = sock;
        q->items++;
    }
    squeue_come(q, as_entrant(entrant), 1);
}

/* The running step enters the connection's squeue with what is marked in 'sock'. */
static void enter(struct socket *sock)
{
    struct sockets *s = sock->owner;
    struct squeue_entrant *e = s->squeues->current;
    charge_enter(sock->squeue);
    if (e) e->last = sock->squeue;
    if (can_take(sock->squeue, e)) {
        e->took = true;
        work_comes(sock, (uintptr_t)e);
    } else {
        machine_defer(s->m, work_comes, sock, (uintptr_t)e);
    }
}

/* squeue_fill(): a timer's work is left on the queue. */
static void fill(struct socket *sock)
{
    work_comes(sock, 0);
}

static void do_work(struct squeue *q, struct socket *sock)
{
    struct sockets *s = q->s;
    machine_touch(s->m, &sock->lines, CONN_LINES);
    if (sock->timer && sock->conn) {
        s->counter[SOCKETS_timers]++;
        machine_charge(s->m, COST_TIMER_CALLOUT, 1);
        tcp_timer(sock->conn);
    }
    sock->timer = false;
    if (sock->push && sock->conn) tcp_push(sock->conn);
    sock->push = false;
    if (sock->closing && sock->conn) tcp_close(sock->conn);
    sock->closing = false;
}

/* Data go to the stream head, which a reader may hold for a moment.  False: he is stopped by an interrupt, perhaps
 * this one. */
static bool do_packet(struct squeue *q)
{
    struct sockets *s = q->s;
    struct packet *p = q->packets.head;
    struct tcp_conn *c = tcp_lookup(s->tcp, p);
    struct socket *sock = sockets_of_conn(c);
    if (sock && p->len > p->payload && !mutex_pass(sock->lock, COST_MUTEX_ENTER, 0)) return false;
    packet_queue_pop(&q->packets);
    s->held--;
    machine_touch(s->m, &mark_of(p)->header, HEADER_LINES);
    if (sock) machine_touch(s->m, &sock->lines, CONN_LINES);
    s->squeues->processed = q;
    tcp_input(s->tcp, c, p);
    s->squeues->processed = NULL;
    if (sock) sockets_let_go(sock);
    return true;
}

/* The two kinds take turns, each in its order. */
static bool do_item(struct squeue *q)
{
    struct socket *sock = q->work;
    q->turn = !q->turn;
    if (sock && (q->turn || q->packets.count == 0)) {
        q->work = sock->next_work;
        sock->queued = false;
        do_work(q, sock);
    } else if (!do_packet(q)) {
        return false;
    }
    q->items--;
    machine_charge(q->s->m, COST_SQUEUE_DRAIN, 1);
    return true;
}

static void begin_drain(struct squeue *q, const struct squeue_entrant *e)
{
    q->fresh = false;
    if (q->fast) return;
    q->counter[SQ_drains_intr + e->who]++;
    if (q->ring.blank && !q->polling) {
        q->polling = q->ring.blank(q->ring.owner, true) == STEP_SLEEP;
        q->counter[SQ_blanks] += q->polling;
    } else if (q->blank && e->who != SQUEUE_INTERRUPT && q->items > BLANK_ABOVE) {
        q->counter[SQ_blanks]++;
        q->blank(q->blank_owner);
    }
}

/* Unless something has come in the meantime. */
static void left(void *owner, uint64_t unused)
{
    struct squeue *q = owner;
    (void)unused;
    q->busy = false;
    if (q->items > 0 && !q->ending) return;
    squeue_release(q);
    if (q->items > 0) thread_wake(q->worker.thread);
    q->ending = false;
}

/* Nothing is queued, or the owner's time is over: the poll thread looks into the ring once more, then the ring
 * delivers again and the squeue is left. */
static enum squeue_result leave(struct squeue *q, const struct squeue_entrant *e)
{
    uint32_t n = 0;
    if (e->who == SQUEUE_POLL && !q->looked) {
        if (q->ring.pull(q->ring.owner, &n) == STEP_BLOCKED) return SQUEUE_BLOCKED;
        q->counter[SQ_pulls]++;
        q->counter[SQ_pulled] += n;
        q->looked = n == 0;
        return SQUEUE_WORKED;
    }
    if (q->ring.blank(q->ring.owner, false) == STEP_BLOCKED) return SQUEUE_BLOCKED;
    q->polling = false;
    q->busy = true;
    machine_defer(q->s->m, left, q, 0);
    return SQUEUE_WORKED;
}

enum squeue_result squeue_work_on(struct squeue_entrant *e)
{
    struct squeue *q = e->claimed;
    struct machine *m = q->s->m;
    SIM_ASSERT(q->owner == e && !q->busy);
    if (q->items == 0 || q->ending) return leave(q, e);
    machine_protocol(m, true);
    machine_touch(m, &q->lines, 1);
    if (q->fresh) begin_drain(q, e);
    int n = 0, most = q->fast ? 1 : WORK_MAX;
    bool blocked = false;
    while (n < most && q->items > 0 && !blocked) {
        blocked = !do_item(q);
        n += !blocked;
    }
    q->counter[SQ_packets_intr + e->who] += (uint64_t)n;
    machine_charge(m, COST_MUTEX_ENTER, 1); /* its lock again, to look whether more has come */
    machine_protocol(m, false);
    q->busy = n > 0;
    if (n > 0) machine_defer(m, squeue_settle, q, (uint64_t)machine_current_cpu(m));
    return blocked ? SQUEUE_BLOCKED : SQUEUE_WORKED;
}

/* -- entrants ------------------------------------------------------------------------------------------------------ */

void squeue_begin(struct squeue_entrant *e)
{
    e->last = NULL;
    e->sockets->squeues->current = e;
}

enum step_result squeue_end(struct squeue_entrant *e, enum step_result result)
{
    send_chain(e);
    if (e->took && result != STEP_BLOCKED) result = squeue_step_result(squeue_work(e));
    e->took = false;
    e->sockets->squeues->current = NULL;
    return result;
}

struct squeue_entrant *squeue_current(const struct sockets *s)
{
    return s->squeues->current;
}

static enum step_result task_step(void *owner)
{
    struct squeue_task *t = owner;
    squeue_begin(&t->entrant);
    enum squeue_result worked = squeue_work(&t->entrant);
    enum step_result r = worked == SQUEUE_NONE ? t->step(t->step_owner) : squeue_step_result(worked);
    return squeue_end(&t->entrant, r);
}

static struct task *spawn(struct host *h, const char *name, step_fn *step, void *owner)
{
    struct sockets *s = sockets_of(h);
    struct squeue_task *t = calloc(1, sizeof *t);
    SIM_ASSERT(t);
    t->step = step;
    t->step_owner = owner;
    sockets_add_task(s, &t->task, name, task_step, t);
    squeue_entrant_init(&t->entrant, s, SQUEUE_WRITER, t->task.thread);
    return &t->task;
}

/* -- what applications see ----------------------------------------------------------------------------------------- */

/* TCP takes the bytes, as a stream head does; they are sent by whoever processes the squeue. */
static int64_t write_(struct socket *sock, int64_t bytes)
{
    if (!sock->conn) return SOCKET_CLOSED;
    if (!sockets_begin_write(sock, bytes)) return SOCKET_WOULD_BLOCK;
    int64_t taken = tcp_write(sock->conn, bytes);
    if (taken > 0) {
        sock->push = true;
        enter(sock);
    }
    return sockets_end_write(sock, taken);
}

static int64_t read_(struct socket *sock, int64_t bytes_max)
{
    if (!sock->conn) return SOCKET_CLOSED;
    if (!mutex_enter(sock->lock)) return SOCKET_MUTEX;
    machine_touch(sock->owner->m, &sock->lines, 1);
    sockets_begin_read(sock); /* most of it is done under the lock */
    int64_t given = tcp_read(sock->conn, bytes_max);
    mutex_exit(sock->lock);
    return sockets_end_read(sock, given);
}

static void close_(struct socket *sock)
{
    sockets_app_closed(sock);
    if (!sock->conn) return;
    sock->closing = true;
    enter(sock);
}

void squeue_check(const struct sockets *s)
{
    for (const struct squeue *q = s->squeues->all; q; q = q->next) {
        uint32_t works = 0, owned = 0;
        for (const struct socket *sock = q->work; sock; sock = sock->next_work, works++)
            SIM_ASSERT(sock->queued && sock->squeue == q);
        SIM_ASSERT(q->items == works + q->packets.count);
        for (const struct squeue *c = q->owner ? q->owner->claimed : NULL; c; c = c->next_claimed) owned += c == q;
        SIM_ASSERT(owned == (q->owner ? 1 : 0));
        SIM_ASSERT(!q->waiting || !q->owner);
        SIM_ASSERT(!q->polling || q->owner);
    }
}

const struct rule sockets_squeue_rule = {
    .host = { spawn, sockets_wake, sockets_now, sockets_charge_user, sockets_connect, sockets_listen, write_, read_,
              close_, sockets_no_delay, sockets_ends },
    .create = create, .destroy = destroy, .opened = opened, .receive = receive, .timer = fill,
};
