/* SPDX-License-Identifier: Apache-2.0
 * tx.h -- a client's transmit side on one transmit ring: the sender's thread sends, a worker takes over only when the
 * ring is out of descriptors, and senders that go on sending are told to stop.
 *
 * Thread number 0 is the worker, lock number 0 protects the queue.  Several senders may call lane_tx_send() at once. */
#ifndef LANE_TX_H
#define LANE_TX_H

#include "lane.h"

struct lane_mac;
struct lane_client;

enum { LANE_TX_WORKER = 0, LANE_TX_LOCK = 0 };

struct lane_tx_tunables {
    uint32_t hiwat_pkts; /* queued packets above which senders are told to stop; 1000 */
    uint32_t max_pkts;   /* queued packets above which chains are dropped; 100000 */
    uint32_t step_pkts;  /* most packets of one step of the worker; 32 */
};
struct lane_tx_tunables lane_tx_tunables_default(void);

struct lane_tx_config {
    struct lane_env *env;
    struct lane_port *port;
    unsigned ring;            /* transmit ring of the port */
    struct lane_mac *mac;     /* device, for destinations on this machine; NULL: everything goes to the wire */
    struct lane_client *from; /* the sender among the device's clients; NULL only without 'mac' */
    const struct lane_client_ops *client_ops;
    void *client;             /* of tx_notify */
    struct lane_tx_tunables tune;
};
/* Returns 0 or -EINVAL, -EPROTO, -ENOMEM. */
int lane_tx_create(struct lane_tx **out, const struct lane_tx_config *config);
void lane_tx_destroy(struct lane_tx *tx); /* drain first; NULL is allowed */

enum lane_tx_flag {
    LANE_TX_DROP_ON_NO_DESC = 1, /* do not queue: drop when descriptors are short */
    LANE_TX_NO_ENQUEUE = 2,      /* do not queue: give the packets back when descriptors are short */
};
enum lane_tx_result {
    LANE_TX_DONE,     /* all taken: sent, queued or dropped */
    LANE_TX_FLOW,     /* all taken, but stop: wait for tx_notify() */
    LANE_TX_RETURNED, /* '*list' is given back: wait for tx_notify() */
    LANE_TX_RETRY,    /* a lock could not be entered: call again with '*list' when it can */
};
/* Sends a list of packets, each with mark 0.  What is not taken stays in '*list' (NULL otherwise). */
enum lane_tx_result lane_tx_send(struct lane_tx *tx, struct lane_pkt **list, unsigned flags);

/* The port has descriptors again after it refused packets.  Never blocks; from any thread. */
void lane_tx_update(struct lane_tx *tx);

enum lane_step_result lane_tx_step(struct lane_tx *tx);
bool lane_tx_park(struct lane_tx *tx);

uint32_t lane_tx_queued(const struct lane_tx *tx);      /* packets waiting for descriptors; not synchronised */
bool lane_tx_flow_controlled(const struct lane_tx *tx); /* a tx_notify() is owed */
/* The first invariant found broken; NULL: all hold.  Call with no thread running. */
const char *lane_tx_check(const struct lane_tx *tx);

/* Names as dlstat has them: X(name, meaning). */
#define LANE_TX_COUNTERS(X) \
    X(opackets,   "packets given to the port or to local clients, or lost to a wrong tag") \
    X(obytes,     "bytes of those") \
    X(oerrors,    "packets lost to a wrong VLAN tag") \
    X(blockcnt,   "times the worker waited for descriptors") \
    X(unblockcnt, "times it was released") \
    X(txsdrops,   "packets dropped by a full queue; chains dropped at the sender's wish")

enum lane_tx_counter {
#define X(name, meaning) LANE_TX_##name,
    LANE_TX_COUNTERS(X)
#undef X
    N_LANE_TX_COUNTERS
};
extern const char *const lane_tx_counter_names[N_LANE_TX_COUNTERS];
const uint64_t *lane_tx_counters(const struct lane_tx *tx);

#endif
