/* SPDX-License-Identifier: Apache-2.0
 * check.c -- what must hold for a lane between any two steps.
 *
 * Lists are walked and compared with their counts, so this is for tests and for hosts at the end of a run. */
#include "lane_impl.h"

static bool chain_ok(const struct lane_chain *c)
{
    struct lane_chain really = lane_chain_of(c->head);
    return really.pkts == c->pkts && really.bytes == c->bytes && (!c->head || really.tail == c->tail);
}

static const char *check_counts(const struct lane *l)
{
    const struct drain *d = &l->drain;
    uint64_t held = l->queue.pkts + d->todo.pkts + d->bad_frame.pkts + d->bad_vid.pkts;
    if (!chain_ok(&l->queue) || !chain_ok(&d->todo) || !chain_ok(&d->bad_frame) || !chain_ok(&d->bad_vid))
        return "a chain's counts do not match its list";
    for (unsigned i = 0; i < l->softs; i++) {
        const struct softring *s = &l->soft[i];
        if (!chain_ok(&d->sub[i]) || !chain_ok(&s->queue) || !chain_ok(&s->run.chain))
            return "a softring's counts do not match its list";
        if ((d->sub[i].pkts != 0) != (d->touched[i % N_LANE_KINDS] >> i / N_LANE_KINDS & 1))
            return "a sub-chain and its mark disagree";
        held += d->sub[i].pkts + s->queue.pkts + s->run.taken;
    }
    if (held != lane_backlog(l)) return "the backlog is not what queues and deliveries hold";
    const uint64_t *rx = l->rx;
    if (rx[LANE_RX_ipackets] != rx[LANE_RX_intrs] + rx[LANE_RX_polls] + rx[LANE_RX_local])
        return "intrs + polls + local is not what entered";
    if (rx[LANE_RX_rbytes] != rx[LANE_RX_intrbytes] + rx[LANE_RX_pollbytes] + rx[LANE_RX_localbytes])
        return "bytes by interrupt, poll and local senders are not what entered";
    if (rx[LANE_RX_ipackets] != l->diag[LANE_DIAG_delivered] + rx[LANE_RX_rxsdrops] + lane_backlog(l))
        return "packets entered are not delivered, dropped or held";
    if (rx[LANE_RX_chainunder10] + rx[LANE_RX_chain10to50] + rx[LANE_RX_chainover50] !=
        l->diag[LANE_DIAG_polls_nonempty])
        return "the chain buckets are not the polls that found packets";
    return NULL;
}

static const char *check_flags(const struct lane *l)
{
    unsigned flags = lane_flags(l), by = flags & (LANE_BY_WORKER | LANE_BY_POLL | LANE_BY_ENTRY);
    if (by & (by - 1)) return "two threads drain the lane";
    if (by && !(flags & LANE_PROC)) return "a thread drains without having the lane";
    if (by && by != l->drain.by) return "the drain is not by whom the flags say";
    if ((flags & LANE_PROC) && !by && !(flags & LANE_GET_PKTS)) return "the lane is had by nobody";
    if ((flags & LANE_GET_PKTS) && (flags & (LANE_POLLING | LANE_PROC)) != (LANE_POLLING | LANE_PROC))
        return "the poll thread is asked for outside poll mode";
    if ((flags & LANE_POLLING) && !(flags & LANE_CAN_POLL)) return "poll mode on a lane that cannot poll";
    if (l->irq_is_on && (flags & LANE_POLLING)) return "interrupts are on in poll mode";
    if (l->poll.phase != FETCH_IDLE && !(flags & LANE_GET_PKTS)) return "the poll thread polls without being asked";
    if ((l->poll.phase == FETCH_RING || l->poll.phase == FETCH_ENTER) && (flags & LANE_RING_INTR))
        return "the interrupt and the poll thread are both in the ring";
    if (((l->intr.phase == FETCH_RING || l->intr.phase == FETCH_ENTER)) != !!(flags & LANE_RING_INTR))
        return "the interrupt's claim on the ring does not match what it does";
    return NULL;
}

/* Nothing waits for a wake-up that nobody will send. */
static const char *check_progress(const struct lane *l)
{
    unsigned flags = lane_flags(l);
    if (l->queue.head && !(flags & LANE_PROC) && !atomic_load(&l->worker_bell.rung) && !atomic_load(&l->worker_armed))
        return "packets wait in the lane and the worker was not told";
    if ((flags & LANE_POLLING) && !(flags & LANE_PROC) && lane_backlog(l) == 0)
        return "poll mode with an empty lane and nobody to poll";
    if ((flags & LANE_GET_PKTS) && l->poll.phase == FETCH_IDLE && !(flags & LANE_RING_INTR) &&
        !atomic_load(&l->poll_bell.rung))
        return "the poll thread was asked and not told";
    if ((flags & LANE_HANDED_OVER) && !atomic_load(&l->worker_bell.rung)) return "a drain was left and nobody told";
    for (unsigned i = 0; i < l->softs; i++) {
        const struct softring *s = &l->soft[i];
        if (s->queue.head && !s->proc && !s->blank && !atomic_load(&s->bell.rung) && !atomic_load(&s->armed))
            return "packets wait in a softring and its worker was not told";
        if (s->proc && s->blank) return "a blanked softring is delivered from";
    }
    return NULL;
}

const char *lane_check(const struct lane *l)
{
    const char *broken = check_counts(l);
    if (!broken) broken = check_flags(l);
    return broken ? broken : check_progress(l);
}
