/* SPDX-License-Identifier: GPL-3.0-or-later
 * sched_linux26.c -- where threads run under Linux 2.6.23 to 2.6.31, as far as that depends on other CPUs.
 *
 *   wake-up   to the CPU that ran it last, or to the CPU of whoever wakes it ("affine") when the load there, with the
 *             thread added, stays below 112 % of the load of the former, or when both have nothing to do; with several
 *             hardware threads per core, to an idle one of the same core when the choice is busy.  No other idle CPU
 *             is looked for: without hardware threads the scheduling domains of this time do not ask for it;
 *   idle      a CPU that runs out of threads pulls one from the CPU with the most, if that has at least two;
 *   tick      every millisecond idle CPUs try again, and every 64th busy ones take from a CPU that has at least two
 *             threads more.
 *
 * Load is the number of runnable threads, the running one included: time in interrupts and soft interrupts is not part
 * of it, so a CPU that does nothing else looks idle, and draws threads that then wait.  A thread that ran less than
 * 0.5 ms ago is cache-hot and is not pulled.  In a class threads take turns by time slice.
 *
 * Sources: kernel/sched.c, sched_fair.c (select_task_rq_fair, wake_affine, wake_idle, load_balance, task_hot) and
 * include/linux/topology.h (SD_CPU_INIT) of 2.6.29.  Left out: load averages over time (the load is that of now), weights
 * other than equal ones, virtual run time and preemption by it, migration of a running thread. */
#include "core/assert.h"
#include "machine/machine_impl.h"

enum { IMBALANCE_PERCENT = 112, BUSY_FACTOR = 64, BALANCE_LEAD = 2 };
#define TICK_PS INT64_C(1000000000)  /* HZ = 1000 */
#define HOT_PS INT64_C(500000000)    /* sched_migration_cost */

static int load_of(const struct cpu *c)
{
    return c->n_ready + (c->thread != NULL);
}

/* What idle_cpu() says: no thread, whatever the interrupt level does. */
static bool looks_idle(const struct cpu *c)
{
    return load_of(c) == 0;
}

static int idle_sibling(const struct machine *m, int cpu)
{
    const struct cpu *c = &m->cpu[cpu];

    if (looks_idle(c) || load_of(c) > 1) return cpu;
    for (int i = 0; i < m->n_cpus; i++)
        if (m->cpu[i].core == c->core && looks_idle(&m->cpu[i])) return i;
    return cpu;
}

/* Whether the CPU of the waker may have the thread. */
static bool wake_affine(int here, int previous)
{
    return (here == 0 && previous == 0) || 100 * (here + 1) <= IMBALANCE_PERCENT * previous;
}

int sched_linux26_place(const struct thread *t)
{
    struct machine *m = t->m;

    if (t->bound != CPU_ANY) return t->bound;
    if (t->last < 0) { /* the first time: fork() and exec() look for the least loaded */
        int best = 0;
        for (int i = 1; i < m->n_cpus; i++)
            if (load_of(&m->cpu[i]) < load_of(&m->cpu[best])) best = i;
        return best;
    }
    int to = t->last;
    if (t->waker >= 0 && t->waker != to && wake_affine(load_of(&m->cpu[t->waker]), load_of(&m->cpu[to]))) to = t->waker;
    return idle_sibling(m, to);
}

static bool may_move(const struct thread *t)
{
    return t->bound == CPU_ANY && now_ps(t->m) - t->left_ps >= HOT_PS;
}

/* The first thread of 'from' that may move, best priority first, taken out of its queue. */
static struct thread *take_from(struct cpu *from)
{
    for (int p = sched_best_priority(from); p >= 0; p--)
        for (struct thread *t = from->queue[p].head; t; t = t->next) {
            if (!may_move(t)) continue;
            sched_dequeue(from, t);
            return t;
        }
    return NULL;
}

/* The CPU with the longest queue that has at least 'least' threads; those of the socket of 'c' win ties. */
static struct cpu *busiest(const struct cpu *c, int least)
{
    struct machine *m = c->m;
    struct cpu *from = NULL;

    for (int i = 0; i < m->n_cpus; i++) {
        struct cpu *v = &m->cpu[i];
        if (v == c || v->n_unbound == 0 || load_of(v) < least) continue;
        if (!from || load_of(v) > load_of(from) ||
            (load_of(v) == load_of(from) && v->node == c->node && from->node != c->node))
            from = v;
    }
    return from;
}

struct thread *sched_linux26_pull(struct cpu *c)
{
    struct cpu *from = c->m->n_unbound > 0 ? busiest(c, 2) : NULL;
    return from ? take_from(from) : NULL;
}

static void balance(void *owner)
{
    struct machine *m = owner;
    bool busy_too = ++m->ticks % BUSY_FACTOR == 0;

    for (int i = 0; i < m->n_cpus && m->n_unbound > 0; i++) {
        struct cpu *c = &m->cpu[i];
        bool idle = looks_idle(c);
        if (!idle && !busy_too) continue;
        struct cpu *from = busiest(c, load_of(c) + BALANCE_LEAD);
        struct thread *t = from ? take_from(from) : NULL;
        if (!t) continue;
        sched_enqueue(c, t, false);
        cpu_kick(c);
    }
    engine_schedule(m->view.engine, &m->balance, (sim_time){ now_ps(m) + TICK_PS });
}

void sched_linux26_start(struct machine *m)
{
    event_init(&m->balance, m->entity, balance, m);
    engine_schedule(m->view.engine, &m->balance, (sim_time){ now_ps(m) + TICK_PS });
}
