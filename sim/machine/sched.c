/* SPDX-License-Identifier: GPL-3.0-or-later
 * sched.c -- which thread runs where: one set of priority queues per CPU, as in the Solaris dispatcher.
 *
 *   ready    a bound thread goes to its CPU; another to the CPU that ran it last if that is idle, else to an idle CPU
 *            (own socket first), else to the queue of the CPU that ran it last;
 *   running  until it sleeps, or at the end of a step gives way to a higher priority, or to its equal once its time
 *            slice is used up;
 *   idle     a CPU with empty queues takes an unbound thread from the CPU with the most of them.
 *
 * A machine may have another system's scheduler instead: it then decides where a ready thread goes and what an idle CPU
 * takes (sched_linux26.c).
 *
 * Left out: priorities that change with use (the time-sharing class), the minimum time before a thread may be taken
 * by another CPU, and processor sets. */
#include "core/assert.h"
#include "machine/machine_impl.h"

/* -- the queues of one CPU --------------------------------------------------------------------------------------- */

static void queue_count(struct cpu *c, const struct thread *t, int n)
{
    c->n_ready += n;
    if (t->bound != CPU_ANY) return;
    c->n_unbound += n;
    c->m->n_unbound += n;
}

void sched_enqueue(struct cpu *c, struct thread *t, bool first)
{
    struct list *l = &c->queue[t->priority];

    t->state = THREAD_READY;
    t->at = c->index;
    t->next = first ? l->head : NULL;
    t->prev = first ? NULL : l->tail;
    *(t->next ? &t->next->prev : &l->tail) = t;
    *(t->prev ? &t->prev->next : &l->head) = t;
    c->ready[t->priority / 64] |= 1ull << t->priority % 64;
    queue_count(c, t, 1);
}

void sched_dequeue(struct cpu *c, struct thread *t)
{
    struct list *l = &c->queue[t->priority];

    *(t->next ? &t->next->prev : &l->tail) = t->prev;
    *(t->prev ? &t->prev->next : &l->head) = t->next;
    t->next = t->prev = NULL;
    if (!l->head) c->ready[t->priority / 64] &= ~(1ull << t->priority % 64);
    queue_count(c, t, -1);
}

int sched_best_priority(const struct cpu *c)
{
    for (int w = N_PRIORITIES / 64 - 1; w >= 0; w--)
        if (c->ready[w]) return w * 64 + 63 - __builtin_clzll(c->ready[w]);
    return -1;
}

/* -- placing ----------------------------------------------------------------------------------------------------- */

/* An idle CPU, those of the socket of 'near' first; -1: none.  The search begins one further each time, or the
 * low numbers would do all the work. */
static int find_idle(struct machine *m, int near)
{
    int socket = m->cpu[near].node * m->cpus_per_socket;

    if (m->n_idle == 0) return -1;
    m->cursor = m->cursor + 1 < m->n_cpus ? m->cursor + 1 : 0;
    for (int i = 0, at = m->cursor % m->cpus_per_socket; i < m->cpus_per_socket; i++) {
        if (cpu_is_idle(&m->cpu[socket + at])) return socket + at;
        at = at + 1 < m->cpus_per_socket ? at + 1 : 0;
    }
    for (int i = 0, at = m->cursor; i < m->n_cpus; i++) {
        if (cpu_is_idle(&m->cpu[at])) return at;
        at = at + 1 < m->n_cpus ? at + 1 : 0;
    }
    return -1;
}

static int place(const struct thread *t)
{
    struct machine *m = t->m;

    if (t->bound != CPU_ANY) return t->bound;
    if (t->last >= 0 && cpu_is_idle(&m->cpu[t->last])) return t->last;
    int near = t->last >= 0 ? t->last : m->cursor;
    int idle = find_idle(m, near);
    return idle >= 0 ? idle : near;
}

void sched_ready(struct thread *t)
{
    struct cpu *c = &t->m->cpu[t->m->linux26 ? sched_linux26_place(t) : place(t)];

    sched_enqueue(c, t, false);
    cpu_kick(c);
}

/* A thread that is ready or blocked looks at everything when it runs: nothing to remember. */
static void wake_now(void *owner, uint64_t charged)
{
    struct thread *t = owner;

    if (charged) t->wake_charged = false;
    if (t->state == THREAD_ASLEEP)
        sched_ready(t);
    else if (t->state == THREAD_RUNNING)
        t->woken = true;
}

void thread_wake(struct thread *t)
{
    struct machine *m = t->m;

    if (!machine_in_step(m)) {
        t->waker = -1;
        wake_now(t, 0);
        return;
    }
    bool charged = t->state == THREAD_ASLEEP && !t->wake_charged;
    if (charged) {
        t->wake_charged = true;
        t->waker = m->view.cpu;
        machine_charge(m, COST_THREAD_WAKE, 1);
    }
    machine_defer(m, wake_now, t, charged);
}

void thread_bind(struct thread *t, int cpu)
{
    SIM_ASSERT(cpu >= CPU_ANY && cpu < t->m->n_cpus);
    bool move = t->state == THREAD_READY;
    if (move) sched_dequeue(&t->m->cpu[t->at], t);
    t->bound = cpu;
    if (move) sched_ready(t);
}

/* -- dispatching ------------------------------------------------------------------------------------------------- */

/* The best unbound thread of the CPU that has the most; CPUs of the own socket win ties, then low numbers. */
static struct thread *steal(struct cpu *c)
{
    struct machine *m = c->m;
    struct cpu *from = NULL;

    if (m->n_unbound == 0) return NULL;
    for (int i = 0; i < m->n_cpus; i++) {
        struct cpu *v = &m->cpu[i];
        if (v->n_unbound == 0) continue;
        if (!from || v->n_unbound > from->n_unbound ||
            (v->n_unbound == from->n_unbound && v->node == c->node && from->node != c->node))
            from = v;
    }
    int p = sched_best_priority(from);
    struct thread *t = from->queue[p].head;
    while (!t || t->bound != CPU_ANY) {
        SIM_ASSERT(t || p > 0); /* it was counted, so it is there */
        t = t ? t->next : from->queue[--p].head;
    }
    sched_dequeue(from, t);
    return t;
}

static struct thread *take_next(struct cpu *c)
{
    int p = sched_best_priority(c);

    if (p < 0) return c->m->linux26 ? sched_linux26_pull(c) : steal(c);
    struct thread *t = c->queue[p].head;
    sched_dequeue(c, t);
    return t;
}

static void start_switch(struct cpu *c, struct thread *t)
{
    struct machine *m = c->m;
    int64_t fs = m->view.price.op_fs[COST_CTX_SWITCH];

    c->counter[CPU_csw]++;
    if (t->last >= 0 && t->last != c->index) {
        c->counter[CPU_migr]++;
        fs += m->view.price.op_fs[COST_MIGRATE];
    }
    t->state = THREAD_RUNNING;
    t->at = t->last = c->index;
    c->thread = t;
    TRACE(m->view.engine, c->entity->id, cpu_switch, c->index, t->id, 0, 0);
    cpu_begin_prefix(c, &c->task, fs);
}

bool sched_dispatch(struct cpu *c)
{
    struct thread *t = take_next(c);

    if (t) start_switch(c, t);
    return t != NULL;
}

/* Puts the running thread back into a queue: at the head of its own CPU's when it has time left, else at the tail.
 * An unbound one goes where a CPU is idle. */
__attribute__((noinline)) static void put_back(struct cpu *c, struct thread *t, bool first)
{
    struct cpu *to = c;

    if (t->bound != CPU_ANY) {
        to = &c->m->cpu[t->bound];
    } else if (!c->m->linux26) {
        int idle = find_idle(c->m, c->index);
        if (idle >= 0) to = &c->m->cpu[idle];
    }
    sched_enqueue(to, t, first && to == c);
    if (to != c) cpu_kick(to);
}

bool sched_step_done(struct cpu *c)
{
    struct thread *t = c->thread;
    struct frame *f = &c->task;

    t->quantum_ps -= f->length_ps;
    if (f->result == STEP_BLOCKED && mutex_wait(f->blocked_on, t)) {
        t->state = THREAD_BLOCKED;
        c->thread = NULL;
        return false;
    }
    if (f->result == STEP_SLEEP && !t->woken) {
        t->state = THREAD_ASLEEP;
        t->left_ps = now_ps(c->m);
        t->quantum_ps = c->m->quantum_ps;
        c->thread = NULL;
        return false;
    }
    int best = sched_best_priority(c);
    bool expired = t->quantum_ps <= 0, moved = t->bound != CPU_ANY && t->bound != c->index;
    if (expired) t->quantum_ps = c->m->quantum_ps;
    if (!moved && (best < t->priority || (best == t->priority && !expired))) return true;
    c->counter[CPU_icsw]++;
    c->thread = NULL;
    t->left_ps = now_ps(c->m);
    put_back(c, t, !expired);
    return false;
}
