/* SPDX-License-Identifier: Apache-2.0
 * lane_impl.h -- the inside of a lane, shared by lane.c, rx.c, softring.c and check.c.
 *
 * Who may touch what: the queue, the backlog and the counters under the lane's lock; the flags likewise, except for
 * single bits that atomic operations decide (LANE_RING_INTR); a drain by whoever holds LANE_PROC for it; a softring's
 * queue under its lock, its 'run' by whoever set 'proc'; poll, intr and worker by their thread. */
#ifndef LANE_IMPL_H
#define LANE_IMPL_H

#include <stdatomic.h>

#include "lane.h"

/* What threads share.  Each returns what was there; a locked operation, which waits for every store before it, is for
 * hosts whose threads run at the same time. */
static inline unsigned shared_or(const struct lane_env *env, _Atomic unsigned *word, unsigned bits)
{
    if (!env->ops->serial) return atomic_fetch_or(word, bits);
    unsigned was = atomic_load_explicit(word, memory_order_relaxed);
    atomic_store_explicit(word, was | bits, memory_order_relaxed);
    return was;
}
static inline unsigned shared_and(const struct lane_env *env, _Atomic unsigned *word, unsigned bits)
{
    if (!env->ops->serial) return atomic_fetch_and(word, bits);
    unsigned was = atomic_load_explicit(word, memory_order_relaxed);
    atomic_store_explicit(word, was & bits, memory_order_relaxed);
    return was;
}
static inline bool shared_flag(const struct lane_env *env, _Atomic bool *flag, bool value)
{
    if (!env->ops->serial) return atomic_exchange(flag, value);
    bool was = atomic_load_explicit(flag, memory_order_relaxed);
    atomic_store_explicit(flag, value, memory_order_relaxed);
    return was;
}

/* Sleep without lost wake-ups: the waker rings, then looks whether anybody sleeps; the sleeper lies down, then looks
 * whether anybody rang. */
struct bell {
    _Atomic bool rung, parked;
};

/* A chain on its way from a softring to the client; the same steps for the softring's worker and for the thread
 * that drains the lane and found the softring idle. */
enum soft_phase { SOFT_DELIVER, SOFT_SETTLE, SOFT_LOOK };
struct soft_run {
    enum soft_phase phase;
    struct lane_chain chain; /* not delivered yet */
    uint32_t taken;          /* packets that leave the backlog when the whole chain is delivered */
};

struct softring {
    struct lane_chain queue;
    bool proc;               /* a thread owns 'run' */
    bool blank;              /* the client pulls; nobody delivers */
    bool worker_only;
    bool worker_runs;        /* the worker's own: it is in the middle of 'run' */
    _Atomic bool armed;      /* a delayed wake-up is under way */
    struct soft_run run;
    struct bell bell;
    struct lane_delivery how;
    uint64_t counter[N_LANE_SOFT_COUNTERS];
};

/* Sorting the lane's whole queue into softrings, one drain at a time. */
enum drain_phase { DRAIN_SORT, DRAIN_DROPS, DRAIN_HAND, DRAIN_INLINE, DRAIN_AFTER };
struct drain {
    enum drain_phase phase;
    unsigned by;                               /* LANE_BY_WORKER, LANE_BY_POLL or LANE_BY_ENTRY */
    struct lane_chain todo;                    /* not sorted yet */
    struct lane_chain sub[LANE_MAX_SOFT];      /* sorted: one sub-chain per softring */
    uint32_t touched[N_LANE_KINDS];            /* bit per set with a sub-chain */
    struct lane_chain bad_frame, bad_vid;      /* to be dropped */
    unsigned current;                          /* softring of DRAIN_INLINE */
};

enum fetch_phase { FETCH_IDLE, FETCH_RING, FETCH_ENTER, FETCH_DRAIN };
struct fetch { /* the interrupt's or the poll thread's way from the ring into the lane */
    enum fetch_phase phase;
    bool first, full;         /* no burst done yet; stopped at tune.ring_pkts */
    struct lane_chain chain;
};

struct lane {
    struct lane_env *env;
    struct lane_port *port;
    unsigned ring;
    const struct lane_client_ops *client_ops;
    void *client;
    uint16_t vid;
    bool strip, bypass, udp_round_robin;
    unsigned fanout, softs;
    struct lane_tunables tune;

    _Atomic unsigned flags;    /* enum lane_flag */
    _Atomic uint32_t backlog;  /* written under the lock, read anywhere */
    struct lane_chain queue;
    bool irq_is_on;            /* what the port was told last */
    int64_t polling_since_ns;

    struct fetch intr, poll;
    bool worker_runs;          /* the worker's own: it is in the middle of a drain */
    _Atomic bool worker_armed;
    struct bell intr_bell, poll_bell, worker_bell;
    struct drain drain;
    _Atomic unsigned round_robin;

    uint64_t rx[N_LANE_RX_COUNTERS], diag[N_LANE_DIAG_COUNTERS];
    struct softring soft[];
};

static inline bool lane_has(const struct lane *l, unsigned bits)
{
    return (atomic_load_explicit(&l->flags, memory_order_acquire) & bits) == bits;
}
static inline void lane_set(struct lane *l, unsigned bits) { shared_or(l->env, &l->flags, bits); }
static inline unsigned lane_clear(struct lane *l, unsigned bits) /* returns the flags as they were */
{
    return shared_and(l->env, &l->flags, ~bits);
}
static inline uint32_t lane_backlog_now(const struct lane *l)
{
    return atomic_load_explicit(&l->backlog, memory_order_relaxed);
}
static inline void lane_backlog_set(struct lane *l, uint32_t n)
{
    atomic_store_explicit(&l->backlog, n, memory_order_relaxed);
}
static inline void lane_count(struct lane *l, enum lane_diag_counter which) { l->diag[which]++; }

static inline bool lane_enter(struct lane *l, unsigned lock) { return l->env->ops->enter(l->env, lock); }
static inline void lane_exit(struct lane *l, unsigned lock) { l->env->ops->exit(l->env, lock); }
static inline void lane_charge(struct lane *l, enum lane_op op, uint32_t n) { l->env->ops->charge(l->env, op, n); }
static inline void lane_trace(struct lane *l, enum lane_trace point, uint64_t a, uint64_t b)
{
    if (l->env->ops->trace) l->env->ops->trace(l->env, point, a, b);
}

static inline bool bell_park(struct bell *b, const struct lane_env *env)
{
    shared_flag(env, &b->parked, true);
    if (!atomic_load(&b->rung)) return true;
    return !shared_flag(env, &b->parked, false); /* the ringer may have taken the flag: its wake is on the way */
}
static inline void bell_answer(struct bell *b, const struct lane_env *env)
{
    if (atomic_load_explicit(&b->rung, memory_order_relaxed)) shared_flag(env, &b->rung, false);
}
static inline void bell_ring(struct bell *b, struct lane_env *env, unsigned thread)
{
    shared_flag(env, &b->rung, true);
    if (shared_flag(env, &b->parked, false)) env->ops->wake(env, thread);
}

/* -- rx.c: with the lane's lock held ---------------------------------------------------------------------------- */

enum rx_entry {
    RX_QUEUED, /* somebody else drains */
    RX_MINE,   /* a drain was begun for the calling thread */
    RX_DROP,   /* nothing was queued: drop the chain once the lock is free */
};
/* Counts a chain that did not come from the poll thread, and queues it. */
enum rx_entry lane_rx_enter(struct lane *l, struct lane_chain *chain, bool local);
/* Takes 'n' packets off the backlog: the client has them, or they are dropped. */
void lane_rx_settle(struct lane *l, uint32_t n);
void lane_rx_signal_worker(struct lane *l);

/* -- rx.c and drain.c: without locks ------------------------------------------------------------------------------ */

/* Reports a chain that lane_rx_enter() has counted, and drops it when it was not queued. */
void lane_rx_report(struct lane *l, struct lane_chain *chain, uint32_t pkts, enum lane_trace point, enum rx_entry how);
enum lane_step_result lane_rx_intr_step(struct lane *l);
enum lane_step_result lane_rx_poll_step(struct lane *l);
enum lane_step_result lane_rx_worker_step(struct lane *l);

/* -- drain.c ------------------------------------------------------------------------------------------------------ */

/* Starts a drain of a queue that is not empty; lock held. */
void lane_drain_begin(struct lane *l, unsigned by);
/* Goes on with the drain.  AGAIN: this step has done enough.  SLEEP: it is over; '*poll_on' tells the poll thread
 * to poll once more at once. */
enum lane_step_result lane_drain_run(struct lane *l, bool *poll_on);
/* Asks the poll thread for packets: granted only beside a running worker; lock held. */
void lane_drain_ask_poll(struct lane *l);
/* Switch modes, telling the port; no effect on a lane that cannot poll or is there already; lock held. */
void lane_polling_on(struct lane *l);
void lane_polling_off(struct lane *l);

/* -- fanout.c ----------------------------------------------------------------------------------------------------- */

/* Sorts 'n' packets of drain.todo into sub-chains. */
void lane_fanout_sort(struct lane *l, uint32_t n);

/* -- softring.c ------------------------------------------------------------------------------------------------- */

/* Leaves or delivers sub-chain drain.sub[index].  SLEEP: done.  AGAIN: the caller must go on with lane_soft_run(). */
enum lane_step_result lane_soft_hand(struct lane *l, unsigned index);
/* Goes on delivering; 'budget' packets are left to this step. */
enum lane_step_result lane_soft_run(struct lane *l, struct softring *s, uint32_t *budget);
enum lane_step_result lane_soft_step(struct lane *l, unsigned index);

#endif
