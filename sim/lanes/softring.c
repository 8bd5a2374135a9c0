/* SPDX-License-Identifier: Apache-2.0
 * softring.c -- the last queue before the client, one for each kind of packet and fanout index (rules 2.53 to 2.59).
 *
 * A lone packet is delivered by the thread that drains the lane; anything more is left to the softring's worker, on
 * another CPU if the host likes.  A softring's whole queue is taken as one chain, and the backlog falls only when
 * the client has all of it: so a slow client, or one that has blanked the softring, stops the polling. */
#include "lane_impl.h"

static void take_all(struct softring *s)
{
    s->proc = true;
    s->run.phase = SOFT_DELIVER;
    s->run.chain = s->queue;
    s->run.taken = s->queue.pkts;
    s->queue = (struct lane_chain){ 0 };
}

static void wake(struct lane *l, unsigned index)
{
    struct softring *s = &l->soft[index];
    if (l->tune.soft_wakeup_ticks == 0)
        bell_ring(&s->bell, l->env, LANE_SOFT0 + index);
    else if (!shared_flag(l->env, &s->armed, true))
        l->env->ops->arm(l->env, LANE_SOFT0 + index, l->tune.soft_wakeup_ticks);
}

enum lane_step_result lane_soft_hand(struct lane *l, unsigned index)
{
    struct softring *s = &l->soft[index];
    struct lane_chain *sub = &l->drain.sub[index];
    uint32_t pkts = sub->pkts;
    if (!lane_enter(l, LANE_LOCK_SOFT0 + index)) return LANE_STEP_BLOCKED;
    s->counter[LANE_SOFT_ipackets] += pkts;
    s->counter[LANE_SOFT_rbytes] += sub->bytes;
    lane_chain_append(&s->queue, sub);
    bool lone = lane_backlog_now(l) <= 1 && !s->worker_only, idle = !s->proc && !s->blank;
    if (lone && idle) take_all(s);
    lane_exit(l, LANE_LOCK_SOFT0 + index);
    lane_count(l, !(lone && idle) ? LANE_DIAG_handed_over : l->drain.by == LANE_BY_POLL ? LANE_DIAG_inline_poll
                                                                                        : LANE_DIAG_inline_other);
    if (lone && idle) {
        lane_trace(l, LANE_TRACE_SOFT_INLINE, pkts, index);
        return LANE_STEP_AGAIN;
    }
    lane_charge(l, LANE_OP_SOFT_ENQUEUE, 1);
    lane_trace(l, LANE_TRACE_SOFT_HANDOFF, pkts, index);
    if (idle) wake(l, index); /* else the thread that delivers looks again, or the client pulls */
    return LANE_STEP_SLEEP;
}

/* SLEEP: the client is done with the whole chain. */
static enum lane_step_result deliver(struct lane *l, struct softring *s, uint32_t *budget)
{
    struct lane_chain *c = &s->run.chain;
    while (c->head) {
        if (*budget == 0) return LANE_STEP_AGAIN;
        uint32_t had = c->pkts;
        enum lane_step_result r = l->client_ops->deliver(l->client, &s->how, c, had < *budget ? had : *budget);
        *budget -= had - c->pkts;
        if (r != LANE_STEP_SLEEP) return r;
    }
    return LANE_STEP_SLEEP;
}

enum lane_step_result lane_soft_run(struct lane *l, struct softring *s, uint32_t *budget)
{
    unsigned index = (unsigned)(s - l->soft);
    enum lane_step_result r;
    for (;;) {
        switch (s->run.phase) {
        case SOFT_DELIVER:
            if ((r = deliver(l, s, budget)) != LANE_STEP_SLEEP) return r;
            s->run.phase = SOFT_SETTLE;
            break;
        case SOFT_SETTLE:
            if (!lane_enter(l, LANE_LOCK)) return LANE_STEP_BLOCKED;
            l->diag[LANE_DIAG_delivered] += s->run.taken;
            lane_rx_settle(l, s->run.taken);
            lane_exit(l, LANE_LOCK);
            s->run.taken = 0;
            s->run.phase = SOFT_LOOK;
            break;
        case SOFT_LOOK:
            if (!lane_enter(l, LANE_LOCK_SOFT0 + index)) return LANE_STEP_BLOCKED;
            s->proc = s->queue.head != NULL;
            if (s->proc) take_all(s);
            bool more = s->proc;
            lane_exit(l, LANE_LOCK_SOFT0 + index);
            if (!more) return LANE_STEP_SLEEP;
            lane_charge(l, LANE_OP_SOFT_DRAIN, 1);
            lane_trace(l, LANE_TRACE_SOFT_DRAIN, s->run.taken, index);
            break;
        }
    }
}

enum lane_step_result lane_soft_step(struct lane *l, unsigned index)
{
    struct softring *s = &l->soft[index];
    uint32_t budget = l->tune.step_pkts;
    if (!s->worker_runs) {
        if (!lane_enter(l, LANE_LOCK_SOFT0 + index)) return LANE_STEP_BLOCKED;
        bell_answer(&s->bell, l->env);
        if (s->queue.head && !s->proc && !s->blank) {
            take_all(s);
            s->worker_runs = true;
        }
        lane_exit(l, LANE_LOCK_SOFT0 + index);
        if (!s->worker_runs) return LANE_STEP_SLEEP;
        lane_charge(l, LANE_OP_SOFT_DRAIN, 1);
        lane_trace(l, LANE_TRACE_SOFT_DRAIN, s->run.taken, index);
    }
    enum lane_step_result r = lane_soft_run(l, s, &budget);
    if (r == LANE_STEP_SLEEP) s->worker_runs = false;
    return r;
}

enum lane_step_result lane_soft_blank(struct lane *l, enum lane_kind kind, unsigned set, bool blank)
{
    unsigned index = set * N_LANE_KINDS + kind;
    struct softring *s = &l->soft[index];
    if (!lane_enter(l, LANE_LOCK_SOFT0 + index)) return LANE_STEP_BLOCKED;
    bool refused = blank && s->proc;
    if (!refused) s->blank = blank;
    bool left = !blank && !s->proc && s->queue.head;
    lane_exit(l, LANE_LOCK_SOFT0 + index);
    if (left) wake(l, index);
    return refused ? LANE_STEP_AGAIN : LANE_STEP_SLEEP;
}

enum lane_step_result lane_soft_pull(struct lane *l, enum lane_kind kind, unsigned set, uint64_t bytes,
                                     struct lane_chain *out)
{
    unsigned index = set * N_LANE_KINDS + kind;
    struct softring *s = &l->soft[index];
    struct lane_chain got = { 0 };
    if (!lane_enter(l, LANE_LOCK_SOFT0 + index)) return LANE_STEP_BLOCKED;
    if (!lane_enter(l, LANE_LOCK)) {
        lane_exit(l, LANE_LOCK_SOFT0 + index);
        return LANE_STEP_BLOCKED;
    }
    if (s->blank) {
        if (s->queue.bytes <= bytes) lane_chain_append(&got, &s->queue);
        while (s->queue.head && got.bytes <= bytes) lane_chain_add(&got, lane_chain_take_one(&s->queue));
        l->diag[LANE_DIAG_delivered] += got.pkts;
        if (got.pkts) lane_rx_settle(l, got.pkts);
    }
    lane_exit(l, LANE_LOCK);
    lane_exit(l, LANE_LOCK_SOFT0 + index);
    lane_chain_append(out, &got);
    return LANE_STEP_SLEEP;
}
