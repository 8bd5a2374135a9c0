/* SPDX-License-Identifier: Apache-2.0
 * rx.c -- the three threads that bring packets into a lane or drain it: interrupt, poll thread, worker.
 *
 * The interrupt may claim the ring only while poll mode is off: one compare-and-swap on the flags decides it, so an
 * interrupt that was on its way when poll mode began finds nothing to do, and the poll thread waits for one that was
 * already fetching.  Thus packets enter the lane in the order of the ring, and never two threads fetch at once.
 *
 * An interrupt or poll is up to tune.ring_pkts packets, fetched a step's worth at a time and entered as one chain. */
#include <string.h>

#include "lane_impl.h"

static enum lane_step_result fetch(struct lane *l, struct fetch *f, uint64_t max_bytes)
{
    uint32_t want = l->tune.ring_pkts - f->chain.pkts, had = f->chain.pkts;
    if (want > l->tune.step_pkts) want = l->tune.step_pkts;
    uint64_t bytes = max_bytes - f->chain.bytes;
    if (!l->port->ops->rx_burst(l->port, l->ring, want, bytes, f->first, &f->chain)) return LANE_STEP_BLOCKED;
    f->first = false;
    f->full = f->chain.pkts == l->tune.ring_pkts;
    return f->chain.pkts - had < want || f->full ? LANE_STEP_SLEEP : LANE_STEP_AGAIN;
}

static void fetch_begin(struct fetch *f)
{
    f->phase = FETCH_RING;
    f->first = true;
    f->full = false;
}

static bool intr_claim_ring(struct lane *l)
{
    unsigned flags = atomic_load(&l->flags);
    do {
        if (flags & LANE_POLLING) return false;
    } while (!atomic_compare_exchange_weak(&l->flags, &flags, flags | LANE_RING_INTR));
    return true;
}

/* What the interrupt fetched enters the lane; the ring is free for the poll thread from here on. */
static bool intr_enter(struct lane *l)
{
    struct fetch *f = &l->intr;
    uint32_t pkts = f->chain.pkts;
    enum rx_entry how = RX_QUEUED;
    if (!lane_enter(l, LANE_LOCK)) return false;
    if (lane_clear(l, LANE_RING_INTR) & LANE_GET_PKTS) bell_ring(&l->poll_bell, l->env, LANE_POLL);
    if (pkts) how = lane_rx_enter(l, &f->chain, false);
    lane_exit(l, LANE_LOCK);
    lane_count(l, pkts ? LANE_DIAG_interrupts : LANE_DIAG_interrupts_stale);
    if (pkts) lane_rx_report(l, &f->chain, pkts, LANE_TRACE_INTR_CHAIN, how);
    f->phase = how == RX_MINE ? FETCH_DRAIN : FETCH_IDLE;
    return true;
}

enum lane_step_result lane_rx_intr_step(struct lane *l)
{
    struct fetch *f = &l->intr;
    enum lane_step_result r;
    bool poll_on;
    if (f->phase == FETCH_IDLE) {
        bell_answer(&l->intr_bell, l->env);
        if (!intr_claim_ring(l)) {
            lane_count(l, LANE_DIAG_interrupts_stale);
            return LANE_STEP_SLEEP;
        }
        fetch_begin(f);
    }
    if (f->phase == FETCH_RING) {
        if ((r = fetch(l, f, UINT64_MAX)) != LANE_STEP_SLEEP) return r;
        f->phase = FETCH_ENTER;
    }
    if (f->phase == FETCH_ENTER && !intr_enter(l)) return LANE_STEP_BLOCKED;
    if (f->phase == FETCH_DRAIN) {
        if ((r = lane_drain_run(l, &poll_on)) != LANE_STEP_SLEEP) return r;
        f->phase = FETCH_IDLE;
    }
    return f->full && !lane_has(l, LANE_POLLING) ? LANE_STEP_AGAIN : LANE_STEP_SLEEP;
}

/* Entry of everything but polls (rules 2.19 to 2.25). */
enum rx_entry lane_rx_enter(struct lane *l, struct lane_chain *chain, bool local)
{
    uint32_t pkts = chain->pkts;
    l->rx[LANE_RX_ipackets] += pkts;
    l->rx[LANE_RX_rbytes] += chain->bytes;
    l->rx[local ? LANE_RX_local : LANE_RX_intrs] += pkts;
    l->rx[local ? LANE_RX_localbytes : LANE_RX_intrbytes] += chain->bytes;
    if (lane_backlog_now(l) > l->tune.hiwat_pkts) {
        l->rx[LANE_RX_rxsdrops] += pkts;
        return RX_DROP;
    }
    lane_chain_append(&l->queue, chain);
    lane_backlog_set(l, lane_backlog_now(l) + pkts);
    if (lane_has(l, LANE_PROC)) return RX_QUEUED;
    if (local || !l->tune.latency_optimize) {
        lane_rx_signal_worker(l);
        return RX_QUEUED;
    }
    lane_drain_begin(l, LANE_BY_ENTRY);
    return RX_MINE;
}

void lane_rx_report(struct lane *l, struct lane_chain *chain, uint32_t pkts, enum lane_trace point, enum rx_entry how)
{
    lane_charge(l, LANE_OP_RX_CHAIN, 1);
    lane_charge(l, LANE_OP_RX_PACKET, pkts);
    lane_trace(l, point, pkts, lane_backlog_now(l));
    if (how != RX_DROP) return;
    lane_trace(l, LANE_TRACE_DROP, pkts, LANE_DROP_HIWAT);
    l->env->ops->drop(l->env, chain->head, LANE_DROP_HIWAT);
    *chain = (struct lane_chain){ 0 };
}

/* The re-wake rule (2.41): whoever brings the backlog down to the poll threshold starts the poll thread, if poll
 * mode is on and nobody is at work. */
void lane_rx_settle(struct lane *l, uint32_t n)
{
    uint32_t left = lane_backlog_now(l) - n;
    lane_backlog_set(l, left);
    if (left > l->tune.poll_thres_pkts) return;
    unsigned busy = atomic_load(&l->flags) & (LANE_POLLING | LANE_PROC | LANE_GET_PKTS);
    if (busy != LANE_POLLING) return;
    lane_set(l, LANE_PROC | LANE_GET_PKTS);
    lane_count(l, LANE_DIAG_below_hiwat);
    lane_trace(l, LANE_TRACE_POLL_WAKE, left, l->ring);
    bell_ring(&l->poll_bell, l->env, LANE_POLL);
}

void lane_rx_signal_worker(struct lane *l)
{
    if (l->tune.worker_wakeup_ticks == 0)
        bell_ring(&l->worker_bell, l->env, LANE_WORKER);
    else if (!shared_flag(l->env, &l->worker_armed, true))
        l->env->ops->arm(l->env, LANE_WORKER, l->tune.worker_wakeup_ticks);
}

static void poll_count(struct lane *l, const struct lane_chain *chain)
{
    uint32_t n = chain->pkts;
    if (n == 0) {
        lane_count(l, LANE_DIAG_polls_empty);
        return;
    }
    lane_count(l, LANE_DIAG_polls_nonempty);
    l->rx[LANE_RX_ipackets] += n;
    l->rx[LANE_RX_rbytes] += chain->bytes;
    l->rx[LANE_RX_polls] += n;
    l->rx[LANE_RX_pollbytes] += chain->bytes;
    l->rx[n <= 10 ? LANE_RX_chainunder10 : n <= 50 ? LANE_RX_chain10to50 : LANE_RX_chainover50]++;
}

/* What follows a poll (2.37 to 2.40), decided without letting go of the lock.  Returns the poll thread's phase. */
static enum fetch_phase poll_decide(struct lane *l)
{
    if (lane_has(l, LANE_BY_WORKER)) { /* the worker goes on and will see the queue */
        lane_clear(l, LANE_GET_PKTS);
        lane_count(l, LANE_DIAG_poll_goto_sleep);
        return FETCH_IDLE;
    }
    if (l->queue.head && l->tune.latency_optimize) {
        lane_drain_begin(l, LANE_BY_POLL);
        return FETCH_DRAIN;
    }
    lane_clear(l, LANE_PROC | LANE_GET_PKTS);
    if (l->queue.head) {
        lane_count(l, LANE_DIAG_poll_sig_worker);
        lane_rx_signal_worker(l);
    } else if (lane_backlog_now(l) == 0) {
        lane_count(l, LANE_DIAG_poll_intr_enable);
        lane_polling_off(l);
    } else {
        lane_count(l, LANE_DIAG_poll_no_poll);
        lane_trace(l, LANE_TRACE_POLL_PAUSE, lane_backlog_now(l), l->ring);
    }
    return FETCH_IDLE;
}

static bool poll_enter(struct lane *l)
{
    struct fetch *f = &l->poll;
    uint32_t pkts = f->chain.pkts;
    if (!lane_enter(l, LANE_LOCK)) return false;
    poll_count(l, &f->chain);
    lane_chain_append(&l->queue, &f->chain);
    lane_backlog_set(l, lane_backlog_now(l) + pkts);
    f->phase = poll_decide(l);
    lane_exit(l, LANE_LOCK);
    lane_charge(l, LANE_OP_RX_CHAIN, 1);
    if (pkts) lane_charge(l, LANE_OP_RX_PACKET, pkts);
    lane_trace(l, LANE_TRACE_POLL_CHAIN, pkts, lane_backlog_now(l));
    return true;
}

enum lane_step_result lane_rx_poll_step(struct lane *l)
{
    const unsigned owner = LANE_PROC | LANE_POLLING | LANE_GET_PKTS;
    struct fetch *f = &l->poll;
    enum lane_step_result r;
    bool poll_on = false;
    if (f->phase == FETCH_IDLE) {
        bell_answer(&l->poll_bell, l->env);
        if ((lane_flags(l) & (owner | LANE_RING_INTR)) != owner) return LANE_STEP_SLEEP;
        fetch_begin(f);
    }
    if (f->phase == FETCH_RING) {
        if ((r = fetch(l, f, l->tune.poll_bytes)) != LANE_STEP_SLEEP) return r;
        f->phase = FETCH_ENTER;
    }
    if (f->phase == FETCH_ENTER && !poll_enter(l)) return LANE_STEP_BLOCKED;
    if (f->phase == FETCH_DRAIN) {
        if ((r = lane_drain_run(l, &poll_on)) != LANE_STEP_SLEEP) return r;
        f->phase = FETCH_IDLE;
        if (!poll_on) return LANE_STEP_SLEEP;
        fetch_begin(f);
        return LANE_STEP_AGAIN;
    }
    return LANE_STEP_SLEEP;
}

enum lane_step_result lane_rx_worker_step(struct lane *l)
{
    bool poll_on;
    if (!l->worker_runs) {
        if (!lane_enter(l, LANE_LOCK)) return LANE_STEP_BLOCKED;
        bell_answer(&l->worker_bell, l->env);
        if (lane_has(l, LANE_HANDED_OVER)) {
            lane_clear(l, LANE_HANDED_OVER);
            l->worker_runs = true;
        } else if (l->queue.head && !lane_has(l, LANE_PROC)) {
            lane_drain_begin(l, LANE_BY_WORKER);
            l->worker_runs = true;
        }
        lane_exit(l, LANE_LOCK);
        if (!l->worker_runs) return LANE_STEP_SLEEP;
    }
    enum lane_step_result r = lane_drain_run(l, &poll_on);
    if (r == LANE_STEP_SLEEP) l->worker_runs = false;
    return r;
}
