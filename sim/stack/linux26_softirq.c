/* SPDX-License-Identifier: GPL-3.0-or-later
 * linux26_softirq.c -- softirqs of one CPU: do_softirq(), net_rx_action(), ksoftirqd.
 *
 *   hard interrupt  -> raises NET_RX ----+
 *   timer           -> raises TIMER  ----+--> on the way out of the interrupt, unless the CPU is in a softirq already:
 *   full ring empty -> raises NET_TX ----+       pass: TIMER, NET_TX, NET_RX up to 300 packets or 2 ticks
 *                                                more has come?  again, up to 10 times; then ksoftirqd goes on
 *
 * The soft interrupt and ksoftirqd share one state, so a CPU is in one softirq at a time; a step of either is a part of a
 * poll, a run of a transmit queue, or what goes between.  ksoftirqd competes with the CPU's other threads; while it runs
 * a step, hard interrupts come and raise, and it sees that in its next step.
 *
 * A thread or a hard interrupt that gets the right to send from a transmit queue does so by the soft interrupt too, at
 * the instant when it gets it, which on its CPU is the same as doing it itself.
 *
 * Source: kernel/softirq.c and net/core/dev.c of 2.6.27.  Left out: HI, SCHED, RCU and TASKLET softirqs; ksoftirqd's
 * nice value of -5 (it takes turns as an equal). */
#include <stdio.h>
#include <stdlib.h>

#include "stack/linux26_impl.h"

static const char *const names[] = {
#define X(name) #name,
    SOFTIRQ_COUNTERS(X)
#undef X
};

static step_fn soft_step, ksoftirqd_step;

static void raise_timers(void *owner, int cpu)
{
    struct linux26 *l = owner;
    softirq_raise(&l->softirq[cpu], SOFTIRQ_TIMER);
}

void softirq_create(struct linux26 *l)
{
    int cpus = machine_cpu_count(l->m);
    l->softirq = calloc((size_t)cpus, sizeof *l->softirq);
    SIM_ASSERT(l->softirq);
    for (int i = 0; i < cpus; i++) {
        struct softirq *q = &l->softirq[i];
        char name[256];
        *q = (struct softirq){ .l = l, .cpu = i, .budget = -1 };
        snprintf(name, sizeof name, "softirq%d", i);
        q->soft = interrupt_create_soft(l->m, name, i, soft_step, q);
        snprintf(name, sizeof name, "ksoftirqd%d", i);
        q->ksoftirqd = thread_create(l->m, &(struct thread_config){ .name = name, .priority = THREAD_USER, .cpu = i,
                                           .step = ksoftirqd_step, .owner = q, .activity = ACTIVITY_PROTOCOL });
        snprintf(name, sizeof name, "%s/softirq%d", machine_name(l->m), i);
        stats_register(l->config.stats, "softirq", name, names, q->counter, N_SI);
    }
    backlog_bind(l->config.sockets, raise_timers, l);
}

void softirq_destroy(struct linux26 *l)
{
    free(l->softirq);
}

void softirq_kick(struct softirq *q)
{
    if (!q->in_soft && !q->in_thread) interrupt_raise(q->soft);
}

void softirq_raise(struct softirq *q, unsigned bits)
{
    q->pending |= bits;
    softirq_kick(q);
}

/* -- one pass ------------------------------------------------------------------------------------------------------ */

/* net_rx_action(): the next context of the list, within budget and time. */
static void receive(struct softirq *q)
{
    if (q->budget < 0) {
        q->budget = NETDEV_BUDGET;
        q->limit_jiffy = jiffies(q->l) + NETDEV_TICKS;
    }
    bool over = q->budget == 0 || jiffies(q->l) > q->limit_jiffy;
    if (q->poll && !over) {
        q->polling = q->poll;
        q->poll = q->poll->next;
        q->counter[SI_polls]++;
        return;
    }
    if (q->poll) {
        q->counter[SI_squeezed]++;
        q->pending |= SOFTIRQ_NET_RX;
    }
    q->budget = -1;
    q->pass &= ~(unsigned)SOFTIRQ_NET_RX;
}

static void poll(struct softirq *q)
{
    struct napi *np = q->polling;
    napi_poll(q);
    if (q->polling) return;
    q->budget = q->budget > (int)np->polled ? q->budget - (int)np->polled : 0;
    q->counter[SI_packets] += np->polled;
    np->polled = 0;
}

static void next_action(struct softirq *q)
{
    if (q->pass & SOFTIRQ_TIMER) {
        q->pass &= ~(unsigned)SOFTIRQ_TIMER;
        backlog_run_timers(q->l->config.sockets, q->cpu);
    } else if (q->pass & SOFTIRQ_NET_TX) {
        q->pass &= ~(unsigned)SOFTIRQ_NET_TX;
        qdisc_output(q);
    } else {
        receive(q);
    }
}

/* Begins the next pass: false when there is none, or when it is left to ksoftirqd. */
static bool begin_pass(struct softirq *q, bool thread)
{
    bool again = q->active;
    if (again && q->pending && q->restarts-- == 0) {
        q->active = false;
        if (thread) return true; /* it is ksoftirqd's own business */
        q->counter[SI_ksoftirqd]++;
        thread_wake(q->ksoftirqd);
        return false;
    }
    q->active = q->pending != 0;
    if (!q->active) return false;
    if (!again) q->restarts = SOFTIRQ_RESTARTS - 1;
    q->counter[again ? SI_restarts : SI_runs]++;
    q->pass = q->pending;
    q->pending = 0;
    machine_charge(q->l->m, COST_SOFTIRQ, 1);
    return true;
}

/* A step; false: nothing left to do. */
static bool step(struct softirq *q, bool thread)
{
    q->sent = false;
    if (q->runs)
        qdisc_run(q);
    else if (q->polling)
        poll(q);
    else if (q->pass)
        next_action(q);
    else
        return begin_pass(q, thread);
    return true;
}

static enum step_result soft_step(void *owner)
{
    struct softirq *q = owner;
    if (q->in_thread) return STEP_SLEEP;
    machine_step_activity(q->l->m, ACTIVITY_PROTOCOL);
    q->in_soft = step(q, false);
    return q->in_soft ? STEP_AGAIN : STEP_SLEEP;
}

/* What came during its last step, which then goes to sleep, is for the soft interrupt. */
static void thread_step_ends(void *owner, uint64_t more)
{
    struct softirq *q = owner;
    q->in_thread = false;
    if (!more && (q->pending || q->runs)) softirq_kick(q);
}

/* Between two of its steps others may run, and the soft interrupt may go on in its place. */
static enum step_result ksoftirqd_step(void *owner)
{
    struct softirq *q = owner;
    if (q->in_soft) return STEP_SLEEP;
    bool more = step(q, true);
    q->counter[SI_ksoftirqd_steps]++;
    q->in_thread = true;
    machine_defer(q->l->m, thread_step_ends, q, more);
    return more ? STEP_AGAIN : STEP_SLEEP;
}
