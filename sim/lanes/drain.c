/* SPDX-License-Identifier: Apache-2.0
 * drain.c -- emptying the lane's queue into its softrings, and the switch between interrupt and poll mode that every
 * drain ends with (rules 2.26 to 2.34).
 *
 *   queue (whole) -> SORT -> DROPS -> HAND <-> INLINE -> AFTER -> over, or SORT again (worker)
 *
 * One drain at a time: LANE_PROC is its lock, held across steps. */
#include "lane_impl.h"

void lane_drain_begin(struct lane *l, unsigned by)
{
    struct drain *d = &l->drain;
    if (!l->tune.latency_optimize && lane_backlog_now(l) <= l->tune.lowat_pkts) lane_drain_ask_poll(l);
    lane_set(l, LANE_PROC | by);
    d->by = by;
    d->phase = DRAIN_SORT;
    lane_trace(l, LANE_TRACE_DRAIN, l->queue.pkts, by);
    lane_chain_append(&d->todo, &l->queue);
}

static bool drop_bad(struct lane *l)
{
    struct drain *d = &l->drain;
    uint32_t pkts = d->bad_frame.pkts + d->bad_vid.pkts;
    if (pkts == 0) return true;
    if (!lane_enter(l, LANE_LOCK)) return false;
    l->rx[LANE_RX_rxsdrops] += pkts;
    lane_rx_settle(l, pkts);
    lane_exit(l, LANE_LOCK);
    if (d->bad_frame.head) l->env->ops->drop(l->env, d->bad_frame.head, LANE_DROP_BAD_FRAME);
    if (d->bad_vid.head) l->env->ops->drop(l->env, d->bad_vid.head, LANE_DROP_WRONG_VID);
    d->bad_frame = d->bad_vid = (struct lane_chain){ 0 };
    return true;
}

/* The next softring with a sub-chain: all TCP first, then UDP, then the others (2.62); -1: none is left. */
static int next_sub(const struct drain *d)
{
    for (int kind = 0; kind < N_LANE_KINDS; kind++)
        if (d->touched[kind]) return __builtin_ctz(d->touched[kind]) * N_LANE_KINDS + kind;
    return -1;
}

/* With the lock held.  The poll thread's drain leaves it in charge of the lane or pauses it (2.37). */
static bool poll_goes_on(struct lane *l)
{
    if (lane_backlog_now(l) <= l->tune.lowat_pkts) {
        lane_count(l, LANE_DIAG_poll_again);
        return true;
    }
    lane_clear(l, LANE_PROC | LANE_GET_PKTS);
    lane_count(l, LANE_DIAG_poll_drain_no_poll);
    lane_trace(l, LANE_TRACE_POLL_PAUSE, lane_backlog_now(l), l->ring);
    return false;
}

/* With the lock held: what the drain leaves behind (2.32). */
static void finish(struct lane *l)
{
    if (lane_has(l, LANE_GET_PKTS)) { /* LANE_PROC stays, for the poll thread */
        lane_clear(l, l->drain.by);
        lane_count(l, LANE_DIAG_drain_poll_running);
        return;
    }
    lane_clear(l, LANE_PROC | l->drain.by);
    if (lane_backlog_now(l) > 0 && lane_has(l, LANE_CAN_POLL)) {
        lane_polling_on(l);
        lane_count(l, LANE_DIAG_drain_keep_polling);
        if (lane_backlog_now(l) <= l->tune.lowat_pkts) lane_drain_ask_poll(l);
    } else {
        lane_polling_off(l);
        lane_count(l, LANE_DIAG_drain_finish_intr);
    }
}

/* With the lock held.  True: the worker has taken the queue again. */
static bool more_came(struct lane *l)
{
    if (!l->queue.head) return false;
    lane_polling_on(l);
    if (lane_backlog_now(l) <= l->tune.lowat_pkts) {
        lane_count(l, LANE_DIAG_drain_poll_sig);
        lane_drain_ask_poll(l);
    }
    if (l->drain.by == LANE_BY_WORKER) {
        lane_count(l, LANE_DIAG_drain_again);
        lane_drain_begin(l, LANE_BY_WORKER);
        return true;
    }
    lane_count(l, LANE_DIAG_drain_worker_sig);
    lane_rx_signal_worker(l);
    return false;
}

enum lane_step_result lane_drain_run(struct lane *l, bool *poll_on)
{
    struct drain *d = &l->drain;
    uint32_t budget = l->tune.step_pkts;
    enum lane_step_result r;
    *poll_on = false;
    for (;;) {
        switch (d->phase) {
        case DRAIN_SORT: {
            if (budget == 0) return LANE_STEP_AGAIN;
            uint32_t n = d->todo.pkts < budget ? d->todo.pkts : budget;
            lane_fanout_sort(l, n);
            lane_charge(l, LANE_OP_FANOUT, n);
            budget -= n;
            if (d->todo.head) return LANE_STEP_AGAIN;
            d->phase = DRAIN_DROPS;
            break;
        }
        case DRAIN_DROPS:
            if (!drop_bad(l)) return LANE_STEP_BLOCKED;
            d->phase = DRAIN_HAND;
            break;
        case DRAIN_HAND: {
            int index = next_sub(d);
            if (index < 0) {
                d->phase = DRAIN_AFTER;
                break;
            }
            if ((r = lane_soft_hand(l, (unsigned)index)) == LANE_STEP_BLOCKED) return r;
            d->touched[index % N_LANE_KINDS] &= ~(1u << (index / N_LANE_KINDS));
            if (r == LANE_STEP_SLEEP) break;
            d->current = (unsigned)index;
            d->phase = DRAIN_INLINE;
            break;
        }
        case DRAIN_INLINE:
            if ((r = lane_soft_run(l, &l->soft[d->current], &budget)) != LANE_STEP_SLEEP) return r;
            d->phase = DRAIN_HAND;
            break;
        case DRAIN_AFTER: {
            if (!lane_enter(l, LANE_LOCK)) return LANE_STEP_BLOCKED;
            unsigned by = d->by;
            bool again = more_came(l);
            if (!again) finish(l);
            if (by == LANE_BY_POLL) *poll_on = poll_goes_on(l);
            lane_exit(l, LANE_LOCK);
            if (!again) return LANE_STEP_SLEEP;
            break;
        }
        }
    }
}

void lane_drain_ask_poll(struct lane *l)
{
    const unsigned granted = LANE_CAN_POLL | LANE_BY_WORKER;
    lane_count(l, LANE_DIAG_poll_thr_sig);
    if ((lane_flags(l) & (granted | LANE_GET_PKTS)) != granted) {
        lane_count(l, LANE_DIAG_poll_thr_busy);
        return;
    }
    lane_set(l, LANE_GET_PKTS);
    bell_ring(&l->poll_bell, l->env, LANE_POLL);
}

void lane_polling_on(struct lane *l)
{
    if (!lane_has(l, LANE_CAN_POLL) || lane_has(l, LANE_POLLING)) return;
    lane_set(l, LANE_POLLING);
    lane_count(l, LANE_DIAG_poll_on);
    if (l->drain.by == LANE_BY_WORKER) lane_count(l, LANE_DIAG_worker_poll_on);
    l->irq_is_on = false;
    l->port->ops->irq_off(l->port, l->ring);
    l->polling_since_ns = l->env->ops->now_ns(l->env);
    lane_trace(l, LANE_TRACE_POLLING_ON, lane_backlog_now(l), l->ring);
}

/* The flag goes first: the interrupt may come at once and must find the ring claimable. */
void lane_polling_off(struct lane *l)
{
    if (!lane_has(l, LANE_POLLING)) return;
    lane_clear(l, LANE_POLLING);
    lane_count(l, LANE_DIAG_poll_off);
    l->diag[LANE_DIAG_polling_ns] += (uint64_t)(l->env->ops->now_ns(l->env) - l->polling_since_ns);
    lane_trace(l, LANE_TRACE_POLLING_OFF, lane_backlog_now(l), l->ring);
    l->irq_is_on = true;
    if (l->port->ops->irq_on(l->port, l->ring)) bell_ring(&l->intr_bell, l->env, LANE_INTR);
}
