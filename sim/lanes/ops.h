/* SPDX-License-Identifier: Apache-2.0
 * ops.h -- what the lanes ask of the world: an environment, a port, a client.
 *
 * Each is a table of functions with a version, checked at creation, in front of a host structure that embeds the
 * small struct given to every call.  The core owns no thread, reads no clock, never blocks and never allocates after
 * creation: time, locks, sleep and packets come through these tables alone, so the same object file runs under a
 * simulator and under real threads. */
#ifndef LANE_OPS_H
#define LANE_OPS_H

#include "pkt.h"

enum { LANE_ENV_VERSION = 2, LANE_PORT_VERSION = 1, LANE_CLIENT_VERSION = 3 };

/* What a step did; the numbers are those of most hosts' own step results. */
enum lane_step_result {
    LANE_STEP_AGAIN,   /* more to do: step again, when the host sees fit */
    LANE_STEP_SLEEP,   /* nothing to do: park, and sleep if parking says so */
    LANE_STEP_BLOCKED, /* a lock, the port or the client could not be entered now: step again when it can */
};

/* -- environment ------------------------------------------------------------------------------------------------ */

/* Work that a host may price: X(NAME, unit counted, meaning). */
#define LANE_OPS(X) \
    X(RX_CHAIN,     "chain",     "entering a chain into a lane, by interrupt, poll or caller: fixed part") \
    X(RX_PACKET,    "packet",    "counting and queueing a packet in the lane") \
    X(FANOUT,       "packet",    "parsing headers and choosing a softring") \
    X(SOFT_ENQUEUE, "sub-chain", "putting a sub-chain on a softring") \
    X(SOFT_DRAIN,   "chain",     "taking a softring's whole queue") \
    X(CLASSIFY,     "packet",    "looking up destination address and VLAN") \
    X(TX_PACKET,    "packet",    "transmit entry to the port's call")

enum lane_op {
#define X(NAME, unit, meaning) LANE_OP_##NAME,
    LANE_OPS(X)
#undef X
    N_LANE_OPS
};

/* Moments worth telling: X(NAME, meaning of a, meaning of b, text). */
#define LANE_TRACES(X) \
    X(INTR_CHAIN,   "packets", "backlog after", "an interrupt's packets entered the lane") \
    X(POLL_CHAIN,   "packets", "backlog after", "a poll's packets entered the lane") \
    X(INPUT_CHAIN,  "packets", "backlog after", "a caller's packets entered the lane") \
    X(POLLING_ON,   "backlog", "ring", "poll mode: the ring's interrupt is off") \
    X(POLLING_OFF,  "backlog", "ring", "interrupt mode") \
    X(POLL_WAKE,    "backlog", "ring", "the backlog fell: the poll thread is woken") \
    X(POLL_PAUSE,   "backlog", "ring", "the poll thread sleeps until the backlog falls") \
    X(DRAIN,        "packets", "thread", "a thread took the lane's whole queue") \
    X(SOFT_HANDOFF, "packets", "softring", "a sub-chain was left to the softring's worker") \
    X(SOFT_INLINE,  "packets", "softring", "a packet is delivered by the thread that drains the lane") \
    X(SOFT_DRAIN,   "packets", "softring", "a softring's whole queue was taken") \
    X(DROP,         "packets", "reason", "packets dropped") \
    X(TX_QUEUE,     "packets", "queued after", "packets wait for descriptors") \
    X(TX_BLOCK,     "queued", "ring", "the transmit worker waits for descriptors") \
    X(TX_UNBLOCK,   "queued", "ring", "descriptors are back") \
    X(TX_NOTIFY,    "ring", "0", "flow-controlled clients are released")

enum lane_trace {
#define X(NAME, a, b, text) LANE_TRACE_##NAME,
    LANE_TRACES(X)
#undef X
    N_LANE_TRACES
};

/* Why packets are dropped: X(NAME, text). */
#define LANE_DROPS(X) \
    X(HIWAT,     "lane backlog above the high water mark") \
    X(BAD_FRAME, "frame too short for its headers") \
    X(WRONG_VID, "VLAN tag is not the client's") \
    X(NO_CLIENT, "no client has this address and VLAN") \
    X(TX_FULL,   "transmit queue at its maximum") \
    X(TX_NODESC, "no transmit descriptor and the sender asked for a drop") \
    X(TX_TAG,    "the sender may not send this VLAN tag")

enum lane_drop {
#define X(NAME, text) LANE_DROP_##NAME,
    LANE_DROPS(X)
#undef X
    N_LANE_DROPS
};

extern const char *const lane_op_names[N_LANE_OPS], *const lane_trace_names[N_LANE_TRACES],
    *const lane_drop_texts[N_LANE_DROPS];

/* One environment per lane, per transmit side and per device; thread and lock numbers are local to it. */
struct lane_env;
struct lane_env_ops {
    uint32_t version;                                          /* LANE_ENV_VERSION */
    int64_t (*now_ns)(struct lane_env *env);                   /* never goes back */
    void (*wake)(struct lane_env *env, unsigned thread);       /* it is parked: step it; locks may be held */
    /* Enters lock number 'lock'.  False: cannot now; the step returns LANE_STEP_BLOCKED and is stepped again later.
     * Order: softring before lane; never two of a kind. */
    bool (*enter)(struct lane_env *env, unsigned lock);
    void (*exit)(struct lane_env *env, unsigned lock);
    void (*arm)(struct lane_env *env, unsigned thread, unsigned ticks); /* call lane_timer(thread) after that */
    void (*charge)(struct lane_env *env, enum lane_op op, uint32_t n);
    void (*trace)(struct lane_env *env, enum lane_trace point, uint64_t a, uint64_t b); /* NULL: not wanted */
    void (*drop)(struct lane_env *env, struct lane_pkt *list, enum lane_drop why);      /* takes the list */
    /* A copy for one more receiver of a broadcast; NULL: none can be had, the receiver goes without.  Called with the
     * lock of the receiver's lane held. */
    struct lane_pkt *(*clone)(struct lane_env *env, const struct lane_pkt *p);
    bool serial; /* no two calls of the host's, for whatever lane, ever run at the same time */
};
struct lane_env {
    const struct lane_env_ops *ops;
};

/* -- port: the rings of a card ---------------------------------------------------------------------------------- */

struct lane_port;
struct lane_port_ops {
    uint32_t version; /* LANE_PORT_VERSION */
    /* Appends packets of receive ring 'ring' to 'out', oldest first: at most 'max_pkts', and none that would bring
     * their bytes above 'max_bytes'.  Fewer than max_pkts means that the ring is empty or the bytes are spent.  One
     * poll or interrupt is several bursts; 'first' marks the first one.  False: cannot now, nothing taken. */
    bool (*rx_burst)(struct lane_port *port, unsigned ring, uint32_t max_pkts, uint64_t max_bytes, bool first,
                     struct lane_chain *out);
    /* Sends from the front of '*list' and advances it to the first packet not taken: no descriptors are left for
     * it, and lane_tx_update() will be called when there are.  False: cannot now; '*list' is what was not taken. */
    bool (*tx_burst)(struct lane_port *port, unsigned ring, struct lane_pkt **list);
    /* Interrupts of a receive ring.  While on, the port makes the host step LANE_INTR after every arrival.  irq_on
     * returns true when packets are waiting already and no interrupt will come for them: the lane sees to them.
     * After irq_off one more interrupt may be on its way.  Both are called with the lane's lock held. */
    bool (*irq_on)(struct lane_port *port, unsigned ring);
    void (*irq_off)(struct lane_port *port, unsigned ring);
};
struct lane_port {
    const struct lane_port_ops *ops;
};

/* -- client: the protocols above -------------------------------------------------------------------------------- */

enum lane_kind { LANE_TCP, LANE_UDP, LANE_OTH, N_LANE_KINDS }; /* softrings of a set */

struct lane;
struct lane_tx;
struct lane_delivery {
    struct lane *lane;
    enum lane_kind kind; /* TCP and UDP: bypass, the client starts at the IP header, data + l3_off */
    unsigned set;        /* fanout index */
};
struct lane_client_ops {
    uint32_t version; /* LANE_CLIENT_VERSION */
    /* Takes up to 'n' packets, which there are, from the front of 'chain'; what it leaves is offered again.  SLEEP: took
     * 'n' and is done with them.  AGAIN: has work left to do in this thread before it is done with what it took, and
     * does it before it steps the lane's thread again.  BLOCKED: cannot now. */
    enum lane_step_result (*deliver)(void *client, const struct lane_delivery *how, struct lane_chain *chain, uint32_t n);
    /* Flow control is released: the client may send again.  Called without locks, by the transmit worker. */
    void (*tx_notify)(void *client, struct lane_tx *tx);
};

#endif
