/* SPDX-License-Identifier: Apache-2.0
 * lane.h -- a receive lane: packets from one ring (or from callers) to one client, with dynamic polling.
 *
 * A lane is the "soft ring set" of the Crossbow MAC layer.  Its threads are step functions that the host schedules:
 * the interrupt, the poll thread, the worker, and one worker per softring.  lane_step() does a bounded piece of
 * work; lane_park() says whether the thread may sleep.  One thread number is never stepped by two host threads at
 * once; different ones may run in parallel, protected by the environment's locks.
 *
 * The switch between interrupts and polling follows one number, the backlog: packets that entered the lane and that
 * the client has not been handed yet.  docs/lanes.md tells the whole story; rules there are numbered as in the
 * comments here.  Public sources: "Crossbow: From Hardware Virtualized NICs to Virtualized Networks" (VISA 2009),
 * illumos usr/src/uts/common/io/mac (behaviour and constants, no code). */
#ifndef LANE_H
#define LANE_H

#include "ops.h"

enum {
    LANE_MAX_FANOUT = 24,                                 /* softring sets of a lane */
    LANE_MAX_SOFT = LANE_MAX_FANOUT * (int)N_LANE_KINDS,  /* softrings of a lane */
};

/* Thread numbers. */
enum {
    LANE_INTR,         /* the ring's interrupt: not on software lanes */
    LANE_POLL,         /* lanes that can poll */
    LANE_WORKER,
    LANE_SOFT0,        /* + set * N_LANE_KINDS + kind */
    LANE_CALLER = 255, /* whoever called lane_input() and was told to go on; not a thread of its own */
};
/* Lock numbers: the lane's, then one per softring. */
enum { LANE_LOCK, LANE_LOCK_SOFT0 };

struct lane_tunables {
    bool latency_optimize;        /* deliver in the interrupt and poll thread where possible; true */
    uint32_t hiwat_pkts;          /* backlog above which entering chains are dropped; 1024 */
    uint32_t lowat_pkts;          /* backlog up to which the poll thread goes on polling; 256 */
    uint32_t poll_thres_pkts;     /* backlog at which a paused poll thread is woken; 16 */
    uint32_t poll_bytes;          /* most bytes of one poll; 150000 */
    uint32_t ring_pkts;           /* most packets of one poll or interrupt; 257 */
    uint32_t step_pkts;           /* most packets of one step: bounds work between two looks at the clock; 32 */
    uint32_t worker_wakeup_ticks; /* delay before the worker is woken; 0: at once */
    uint32_t soft_wakeup_ticks;   /* delay before a softring's worker is woken; 0: at once */
};
struct lane_tunables lane_tunables_default(void);

struct lane_config {
    struct lane_env *env;
    struct lane_port *port;     /* NULL: a software lane, fed by lane_input() alone */
    unsigned ring;              /* receive ring of the port */
    const struct lane_client_ops *client_ops;
    void *client;
    uint16_t vid;               /* the client's VLAN; 0: untagged and priority-tagged frames */
    bool strip_disable;         /* the client wants to see its VLAN tag */
    bool dls_bypass;            /* the client takes IPv4 TCP and UDP from their IP header on */
    bool poll_disable;          /* the link is in a bridge, or polling is switched off */
    bool always_enqueue;        /* single packets, too, are left to softring workers */
    bool udp_round_robin;       /* UDP, SCTP, ESP by turns instead of by hash, when fanout > 1 */
    unsigned fanout;            /* softring sets, 1..LANE_MAX_FANOUT; 1: by protocol, more: by hash */
    struct lane_tunables tune;
};

/* Makes a lane in interrupt mode with the ring's interrupt off: call lane_start().  Returns 0 or -EINVAL, -EPROTO
 * (table version), -ENOMEM.  A low water mark above the high one becomes a quarter of it; the poll threshold is at
 * most half the low water mark. */
int lane_create(struct lane **out, const struct lane_config *config);
void lane_destroy(struct lane *l); /* drops nothing: drain first; NULL is allowed */
void lane_start(struct lane *l);   /* turns the ring's interrupt on */

unsigned lane_thread_count(const struct lane *l); /* LANE_SOFT0 + softrings; the host makes those it needs */
unsigned lane_lock_count(const struct lane *l);

/* Does up to tune.step_pkts packets' worth of the thread's work. */
enum lane_step_result lane_step(struct lane *l, unsigned thread);
/* Asks to be woken, then looks again.  True: sleep until wake(thread).  False: something came in meanwhile, step. */
bool lane_park(struct lane *l, unsigned thread);
/* The delay asked for with arm(thread) is over. */
void lane_timer(struct lane *l, unsigned thread);

/* Hands in a chain from a local sender ('local') or from software classification, and empties 'chain'.
 * SLEEP: done.  AGAIN: this thread now drains the lane and must call lane_step(LANE_CALLER) until it says SLEEP, or
 * lane_hand_over().  BLOCKED: nothing was taken. */
enum lane_step_result lane_input(struct lane *l, struct lane_chain *chain, bool local);
/* Leaves the drain that lane_input() began to the lane's worker. */
void lane_hand_over(struct lane *l);

/* -- a client that pulls from its softring (a TCP serialisation queue) ------------------------------------------ */

/* Stops or restarts deliveries of one softring.  SLEEP: done.  AGAIN: refused, the softring is being delivered from
 * right now.  BLOCKED: try again when the lock is free.  Restarting with packets queued wakes the worker. */
enum lane_step_result lane_soft_blank(struct lane *l, enum lane_kind kind, unsigned set, bool blank);
/* Takes from a blanked softring: everything when it is at most 'bytes', else packets until their sum exceeds
 * 'bytes'.  SLEEP: done, appended to 'out'.  BLOCKED: nothing was taken. */
enum lane_step_result lane_soft_pull(struct lane *l, enum lane_kind kind, unsigned set, uint64_t bytes,
                                     struct lane_chain *out);

/* -- looking in ------------------------------------------------------------------------------------------------- */

enum lane_flag { /* state of a lane */
    LANE_CAN_POLL = 1,     /* has a ring and may poll */
    LANE_LATENCY_OPT = 2,
    LANE_POLLING = 4,      /* poll mode: the ring's interrupt is off */
    LANE_PROC = 8,         /* a thread is draining, or polling */
    LANE_GET_PKTS = 16,    /* the poll thread is asked to poll, or at it */
    LANE_BY_WORKER = 32,   /* who drains: the worker, */
    LANE_BY_POLL = 64,     /* the poll thread, */
    LANE_BY_ENTRY = 128,   /* the interrupt or a caller */
    LANE_RING_INTR = 256,  /* the interrupt is fetching from the ring */
    LANE_HANDED_OVER = 512, /* a caller left its drain to the worker */
};
unsigned lane_flags(const struct lane *l);
uint32_t lane_backlog(const struct lane *l);       /* packets entered and not yet handed to the client */
const struct lane_tunables *lane_tunables(const struct lane *l); /* as put right by lane_create() */
uint32_t lane_soft_queued(const struct lane *l, enum lane_kind kind, unsigned set); /* packets; not synchronised */

/* Softring a packet goes to, as set * N_LANE_KINDS + kind; -1: to be dropped, with the reason in '*why'. */
int lane_classify(struct lane *l, struct lane_pkt *p, enum lane_drop *why);

/* The first invariant found broken, as a sentence; NULL: all hold.  Call between steps, with no thread running. */
const char *lane_check(const struct lane *l);

/* -- counters --------------------------------------------------------------------------------------------------- */

enum { LANE_HW = 1, LANE_SW = 2 };
/* Names as dlstat has them: X(name, on hardware lanes, software lanes or both; meaning). */
#define LANE_RX_COUNTERS(X) \
    X(ipackets,     LANE_HW | LANE_SW, "packets entered, dropped ones included") \
    X(rbytes,       LANE_HW | LANE_SW, "bytes of those") \
    X(intrs,        LANE_HW | LANE_SW, "packets entered by interrupt or software classification") \
    X(intrbytes,    LANE_HW | LANE_SW, "bytes of those") \
    X(polls,        LANE_HW,           "packets entered by the poll thread") \
    X(pollbytes,    LANE_HW,           "bytes of those") \
    X(local,        LANE_SW,           "packets entered from local senders") \
    X(localbytes,   LANE_SW,           "bytes of those") \
    X(rxsdrops,     LANE_HW | LANE_SW, "packets dropped by the lane") \
    X(chainunder10, LANE_HW,           "polls that found 1 to 10 packets") \
    X(chain10to50,  LANE_HW,           "polls that found 11 to 50 packets") \
    X(chainover50,  LANE_HW,           "polls that found more than 50 packets")

enum lane_rx_counter {
#define X(name, where, meaning) LANE_RX_##name,
    LANE_RX_COUNTERS(X)
#undef X
    N_LANE_RX_COUNTERS
};

/* How the state machine moves: X(name, meaning). */
#define LANE_DIAG_COUNTERS(X) \
    X(poll_on,            "switched to poll mode") \
    X(worker_poll_on,     "of those, by the worker") \
    X(poll_off,           "switched to interrupt mode") \
    X(poll_thr_sig,       "poll thread asked for by a drain") \
    X(poll_thr_busy,      "of those, in vain") \
    X(below_hiwat,        "poll thread woken because the backlog fell") \
    X(poll_again,         "polled again at once") \
    X(poll_drain_no_poll, "stopped polling after a drain: backlog above the low water mark") \
    X(poll_no_poll,       "stopped polling after an empty poll: backlog left") \
    X(poll_sig_worker,    "left its packets to the worker") \
    X(poll_intr_enable,   "switched to interrupt mode after an empty poll") \
    X(poll_goto_sleep,    "slept beside a running worker") \
    X(poll_worker_wakeup, "woke the worker for packets left in the queue") \
    X(drain_again,        "worker found more after a drain") \
    X(drain_poll_sig,     "drain that found more and asked for the poll thread") \
    X(drain_worker_sig,   "drain that found more and woke the worker") \
    X(drain_poll_running, "drain that ended with the poll thread at work") \
    X(drain_keep_polling, "drain that ended with a backlog, in poll mode") \
    X(drain_finish_intr,  "drain that ended in interrupt mode") \
    X(polls_nonempty,     "polls that found packets") \
    X(polls_empty,        "polls that found none") \
    X(interrupts,         "interrupts that found packets") \
    X(interrupts_stale,   "interrupts that found poll mode or an empty ring") \
    X(inline_poll,        "packets met alone and delivered by the poll thread itself") \
    X(inline_other,       "the same, by the interrupt, a caller or the worker") \
    X(handed_over,        "sub-chains left to a softring's worker") \
    X(delivered,          "packets that left the lane to the client") \
    X(polling_ns,         "time in poll mode up to the last switch to interrupt mode")

enum lane_diag_counter {
#define X(name, meaning) LANE_DIAG_##name,
    LANE_DIAG_COUNTERS(X)
#undef X
    N_LANE_DIAG_COUNTERS
};

/* Per softring: X(name, meaning). */
#define LANE_SOFT_COUNTERS(X) \
    X(ipackets, "packets that came to the softring") \
    X(rbytes,   "bytes of those")

enum lane_soft_counter {
#define X(name, meaning) LANE_SOFT_##name,
    LANE_SOFT_COUNTERS(X)
#undef X
    N_LANE_SOFT_COUNTERS
};

extern const char *const lane_rx_counter_names[N_LANE_RX_COUNTERS],
    *const lane_diag_counter_names[N_LANE_DIAG_COUNTERS], *const lane_soft_counter_names[N_LANE_SOFT_COUNTERS];
extern const int lane_rx_counter_where[N_LANE_RX_COUNTERS]; /* LANE_HW, LANE_SW or both */

/* The live counters, indexed by the enums above; they stay where they are until lane_destroy(). */
const uint64_t *lane_rx_counters(const struct lane *l);
const uint64_t *lane_diag_counters(const struct lane *l);
const uint64_t *lane_soft_counters(const struct lane *l, enum lane_kind kind, unsigned set);

#endif
