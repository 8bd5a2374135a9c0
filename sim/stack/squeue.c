/* SPDX-License-Identifier: GPL-3.0-or-later
 * squeue.c -- who processes a squeue, and for how long.
 *
 *     an item comes  --  nobody in it --> who brought it --- all done ---> nobody
 *                    |                      | his time is over, or it was one item and another CPU's
 *                    |                      v
 *                    '-- brought by nobody: within 10 ms whoever comes by, else the worker's thread
 *
 * With Crossbow the worker that has drained the squeue of a stopped ring hands it to the ring's poll thread, which looks
 * into the ring before it is let go (sockets_squeue.c). */
#include <stdio.h>

#include "stack/squeue_impl.h"

enum { TICKS_PER_S = 100 };

static const char *const names[] = {
#define X(name) #name,
    SQUEUE_COUNTERS(X)
#undef X
};

/* squeue_intrdrain_ms, squeue_writerdrain_ms, squeue_workerdrain_ms; squeue_drain_ms. */
static const int64_t limit_before_ps[] = {
    [SQUEUE_INTERRUPT] = 20000000000, [SQUEUE_WRITER] = 10000000000, [SQUEUE_WORKER] = 10000000000,
}, limit_crossbow_ps = 20000000000;

static step_fn worker_step, poll_step;
static event_fn timeout_fired;

/* -- creation ------------------------------------------------------------------------------------------------------ */

void squeue_entrant_init(struct squeue_entrant *e, struct sockets *s, enum squeue_who who, struct thread *thread)
{
    *e = (struct squeue_entrant){ .sockets = s, .who = who, .thread = thread };
}

static struct thread *thread_of(struct squeue *q, const char *name, int priority, step_fn *step)
{
    return thread_create(q->s->m, &(struct thread_config){ .name = name, .priority = priority, .cpu = q->cpu,
                                                           .step = step, .owner = q });
}

struct squeue *squeue_create(struct sockets *s, const char *own_name, int cpu, int priority)
{
    struct squeue *q = calloc(1, sizeof *q);
    char name[300];
    SIM_ASSERT(q);
    *q = (struct squeue){ .s = s, .cpu = cpu, .next = s->squeues->all };
    s->squeues->all = q;
    snprintf(name, sizeof name, "%s/%s", machine_name(s->m), own_name);
    q->lock = mutex_create(s->m, own_name);
    q->lines.home = (int16_t)machine_cpu_node(s->m, cpu == CPU_ANY ? 0 : cpu);
    event_init(&q->timeout, engine_entity(machine_engine(s->m), name), timeout_fired, q);
    squeue_entrant_init(&q->worker, s, SQUEUE_WORKER, thread_of(q, own_name, priority, worker_step));
    stats_register(s->config.stats, "squeue", name, names, q->counter, N_SQ);
    return q;
}

struct squeue *squeue_add_ring(struct sockets *s, const char *name, int cpu, int priority,
                               const struct squeue_ring *ring)
{
    struct squeue *q = squeue_create(s, name, cpu, priority);
    char poll[300];
    snprintf(poll, sizeof poll, "%s/poll", name);
    q->ring = *ring;
    squeue_entrant_init(&q->poll, s, SQUEUE_POLL, thread_of(q, poll, priority, poll_step));
    return q;
}

void squeue_bind_ring(struct sockets *s, int cpu, squeue_blank_fn *blank, void *owner)
{
    s->squeues->of_cpu[cpu]->blank = blank;
    s->squeues->of_cpu[cpu]->blank_owner = owner;
}

/* -- who processes a squeue ---------------------------------------------------------------------------------------- */

static int64_t limit_ps(const struct squeue *q, enum squeue_who who)
{
    if (!q->s->config.squeue_crossbow) return limit_before_ps[who];
    return who == SQUEUE_WORKER ? INT64_MAX / 2 : limit_crossbow_ps;
}

/* What was entered last is processed first: by whoever enters one squeue while he processes another. */
void squeue_claim(struct squeue *q, struct squeue_entrant *e)
{
    SIM_ASSERT(!q->owner);
    q->next_claimed = e->claimed;
    e->claimed = q;
    q->owner = e;
    q->fast = q->items == 1;
    q->fresh = true;
    q->expires_ps = machine_now(q->s->m).ps + limit_ps(q, e->who);
    if (q->waiting) engine_cancel(machine_engine(q->s->m), &q->timeout);
    q->waiting = false;
}

void squeue_release(struct squeue *q)
{
    struct squeue **at = &q->owner->claimed;
    while (*at != q) at = &(*at)->next_claimed;
    *at = q->next_claimed;
    q->owner = NULL;
}

static void hand_to(struct squeue *q, struct squeue_entrant *e)
{
    squeue_release(q);
    squeue_claim(q, e);
    q->fast = false;
    thread_wake(e->thread);
}

/* The worker comes after 'wait' unless somebody else does; time-outs fire at ticks of the clock. */
static void wait_for_worker(struct squeue *q, sim_dur wait)
{
    struct engine *engine = machine_engine(q->s->m);
    int64_t tick = INT64_C(1000000000000) / TICKS_PER_S;
    if (wait.ps == 0) {
        thread_wake(q->worker.thread);
        return;
    }
    if (q->waiting) return;
    q->waiting = true;
    int64_t ticks = engine_now(engine).ps / tick + (wait.ps + tick - 1) / tick + 1;
    engine_schedule(engine, &q->timeout, (sim_time){ ticks * tick });
}

static void timeout_fired(void *owner)
{
    struct squeue *q = owner;
    q->waiting = false;
    if (q->owner || q->items == 0) return;
    q->counter[SQ_fires]++;
    thread_wake(q->worker.thread);
}

void squeue_come(struct squeue *q, struct squeue_entrant *e, uint32_t n)
{
    if (q->items > q->counter[SQ_items_max]) q->counter[SQ_items_max] = q->items;
    q->counter[SQ_queued] += n - (!q->owner && q->items == n);
    if (q->owner == e && e) {
        if (q->fresh) q->fast = false; /* a chain */
    } else if (!q->owner && e) {
        squeue_claim(q, e);
        if (e->thread && !e->took) thread_wake(e->thread);
    } else if (!q->owner) {
        wait_for_worker(q, q->s->config.squeue_worker_wait);
    }
}

/* Its owner's time is over, and there is more to do. */
static void expire(struct squeue *q)
{
    struct squeue_entrant *e = q->owner;
    q->counter[SQ_expired]++;
    if (e->who == SQUEUE_POLL) {
        hand_to(q, &q->worker);
    } else if (q->polling) {
        q->ending = true;
    } else {
        squeue_release(q);
        if (e == &q->worker)
            wait_for_worker(q, sim_ms(10)); /* squeue_workerwait_ms: others shall have it */
        else
            thread_wake(q->worker.thread);
    }
}

void squeue_settle(void *squeue, uint64_t cpu)
{
    struct squeue *q = squeue;
    q->busy = false;
    bool expired = engine_now(machine_engine(q->s->m)).ps >= q->expires_ps;
    if (q->items == 0) {
        if (!q->polling)
            squeue_release(q);
        else if (q->owner == &q->worker)
            hand_to(q, &q->poll);
        q->looked = false;
    } else if (q->fast && (int)cpu != q->cpu && !q->s->config.squeue_crossbow) {
        q->counter[SQ_left]++;
        squeue_release(q);
        wait_for_worker(q, q->s->config.squeue_worker_wait);
    } else if (expired) {
        expire(q);
    } else if (q->fast) {
        q->fast = false;
        q->fresh = true;
    }
}

/* -- its threads --------------------------------------------------------------------------------------------------- */

static enum step_result own_thread_step(struct squeue_entrant *e)
{
    squeue_begin(e);
    enum squeue_result r = squeue_work(e);
    return squeue_end(e, r == SQUEUE_NONE ? STEP_SLEEP : squeue_step_result(r));
}

static enum step_result worker_step(void *owner)
{
    struct squeue *q = owner;
    if (!q->owner && !q->waiting && q->items > 0) {
        squeue_claim(q, &q->worker);
        q->fast = false;
    }
    return own_thread_step(&q->worker);
}

static enum step_result poll_step(void *owner)
{
    return own_thread_step(&((struct squeue *)owner)->poll);
}
