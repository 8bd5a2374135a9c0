/* SPDX-License-Identifier: GPL-3.0-or-later
 * netdev.h -- what a network stack uses of any driver: rings, interrupts, addresses, limits.
 *
 * A driver embeds a struct netdev and answers its operations; a stack calls the functions below and knows no driver.
 * Rings are numbered from 0.  Vectors too: vector r below 'rx_rings' is that of receive ring r, the next ones, if
 * any, serve transmit rings only; tx_vector[] says which vector tells of which transmit ring, and on a combined vector
 * that is a receive ring's.  Packets that rx_burst() gives out are the caller's; a packet taken by tx() is the
 * driver's until the device is done with it. */
#ifndef SIM_DRIVER_NETDEV_H
#define SIM_DRIVER_NETDEV_H

#include <stdbool.h>
#include <stdint.h>

#include "machine/machine.h"
#include "net/headers.h"
#include "net/packet.h"

struct netdev;

enum { NETDEV_TX_RINGS_MAX = 32 };
#define NETDEV_BLOCKED UINT32_MAX /* a ring's lock was not entered: return STEP_BLOCKED */

enum netdev_tx_result {
    NETDEV_TX_OK,      /* the driver has the packet */
    NETDEV_TX_FULL,    /* overload: the caller keeps it; tx_update() says when to go on */
    NETDEV_TX_BLOCKED, /* the ring's lock was not entered: the caller keeps it and returns STEP_BLOCKED */
};

/* What the stack wants to be called for; given to the driver when it is created.
 * Without tx_ready the driver reclaims transmit descriptors in its interrupts itself, before rx_ready() of a combined
 * vector.  With it the stack does, by netdev_tx_recycle(): tx_ready() is called for a vector that serves transmit
 * rings only, and for a combined vector rx_ready() alone.  Then ixgbe reclaims without the ring's lock, and not when sending. */
struct netdev_callbacks {
    void *owner;
    /* The vector of receive ring 'ring' interrupted; frames may wait, and on a combined vector transmit may be done.
     * Called in the interrupt's handler, again as long as the result says so; the result is the handler's. */
    enum step_result (*rx_ready)(void *owner, int ring);
    /* After NETDEV_TX_FULL on 'ring': there is room again. */
    void (*tx_update)(void *owner, int ring);
    /* 'vector', which serves transmit rings only, interrupted; a step like rx_ready().  NULL: see above. */
    enum step_result (*tx_ready)(void *owner, int vector);
};

/* What the device and its driver can do; fixed at creation. */
struct netdev_limits {
    struct mac_addr mac;      /* the device's own */
    int rx_groups, rings_per_group, rx_rings; /* rx_rings = rx_groups * rings_per_group; ring = group * per + index */
    int tx_rings;
    int vectors;              /* link changes not counted */
    int8_t tx_vector[NETDEV_TX_RINGS_MAX];
    uint32_t mtu_bytes;
    uint32_t tx_descs;        /* per ring */
    uint32_t rx_limit_pkts;   /* most that one call of the driver's receive routine gives */
    uint32_t lso_max_bytes;   /* most payload of one large send; 0: none */
    bool tx_csum, rx_csum;    /* IPv4, TCP and UDP checksums by the device */
    int32_t itr_units;        /* interrupt interval at creation, 256 ns */
};

struct netdev_ops {
    uint32_t (*rx_burst)(struct netdev *nd, int ring, struct packet_queue *out, uint32_t max_pkts, uint64_t max_bytes,
                         bool first);
    bool (*rx_intr_enable)(struct netdev *nd, int ring);
    void (*rx_intr_disable)(struct netdev *nd, int ring);
    void (*vector_enable)(struct netdev *nd, int vector);
    void (*vector_disable)(struct netdev *nd, int vector);
    void (*vector_bind)(struct netdev *nd, int vector, int cpu);
    void (*set_itr)(struct netdev *nd, int vector, uint32_t units);
    enum netdev_tx_result (*tx)(struct netdev *nd, int ring, struct packet *p);
    uint32_t (*tx_recycle)(struct netdev *nd, int ring);
    uint32_t (*tx_free)(const struct netdev *nd, int ring);
    int (*add_mac)(struct netdev *nd, int group, struct mac_addr mac);
    int (*remove_mac)(struct netdev *nd, struct mac_addr mac);
    void (*set_promisc)(struct netdev *nd, bool on);
    void (*set_all_multicast)(struct netdev *nd, bool on);
    void (*add_multicast)(struct netdev *nd, struct mac_addr group);
};

struct netdev {
    const struct netdev_ops *ops;
    struct netdev_limits limits;
};

/* What every driver counts per ring. */
#define NETDEV_RX_COUNTERS(X) \
    X(packets) X(bytes) \
    X(bursts)      /* calls that found at least one frame */ \
    X(empty)       /* calls that found none */ \
    X(intrs)       /* interrupts handled */ \
    X(enables) X(disables) \
    X(lost)        /* finished descriptors without a frame: the device wrote elsewhere */ \
    X(csum_errors) /* frames the device found to have a wrong checksum */ \
    X(blocked)     /* lock not entered */
#define NETDEV_TX_COUNTERS(X) \
    X(packets) X(bytes) \
    X(large_sends) \
    X(descriptors) X(contexts) \
    X(full)        /* refused: overload */ \
    X(updates)     /* tx_update() calls */ \
    X(recycled)    /* descriptors reclaimed */ \
    X(blocked)     /* lock not entered */

/* -- receive ------------------------------------------------------------------------------------------------------ */

/* Takes finished frames of 'ring' in order, appends them to 'out', gives their buffers back to the device and moves the
 * tail.  Stops after 'max_pkts' (at most limits.rx_limit_pkts) or before the frame that would make more than
 * 'max_bytes' (the first frame is always taken).  A stack may take what the real driver gives in one call in several:
 * 'first' marks the one that pays for the call.  Returns how many, or NETDEV_BLOCKED.  Called in a step. */
static inline uint32_t netdev_rx_burst(struct netdev *nd, int ring, struct packet_queue *out, uint32_t max_pkts,
                                       uint64_t max_bytes, bool first)
{
    return nd->ops->rx_burst(nd, ring, out, max_pkts, max_bytes, first);
}

/* A receive ring's own cause, as a stack that polls switches it.  Enabling reports whether finished frames wait
 * already and makes sure that an interrupt comes for frames that arrived while it was off. */
static inline bool netdev_rx_intr_enable(struct netdev *nd, int ring) { return nd->ops->rx_intr_enable(nd, ring); }
static inline void netdev_rx_intr_disable(struct netdev *nd, int ring) { nd->ops->rx_intr_disable(nd, ring); }

static inline void netdev_rx_bind(struct netdev *nd, int ring, int cpu) { nd->ops->vector_bind(nd, ring, cpu); }

/* The interrupt of a transmit ring; it stays where it is when it is a receive ring's too. */
static inline void netdev_tx_bind(struct netdev *nd, int ring, int cpu)
{
    int vector = nd->limits.tx_vector[ring];
    if (vector >= nd->limits.rx_rings) nd->ops->vector_bind(nd, vector, cpu);
}

/* -- vectors ------------------------------------------------------------------------------------------------------ */

/* Masks a vector with all its causes, or unmasks it; causes that came while it was masked interrupt then. */
static inline void netdev_vector_enable(struct netdev *nd, int vector) { nd->ops->vector_enable(nd, vector); }
static inline void netdev_vector_disable(struct netdev *nd, int vector) { nd->ops->vector_disable(nd, vector); }

static inline void netdev_vector_bind(struct netdev *nd, int vector, int cpu) { nd->ops->vector_bind(nd, vector, cpu); }

/* Shortest interval between two interrupts of 'vector', in units of 256 ns; 0: none. */
static inline void netdev_set_itr(struct netdev *nd, int vector, uint32_t units) { nd->ops->set_itr(nd, vector, units); }

/* -- transmit ----------------------------------------------------------------------------------------------------- */

/* Sends 'p'; gso_mss > 0 is cut by the device, PACKET_CSUM_PARTIAL filled in by it.  Called in a step. */
static inline enum netdev_tx_result netdev_tx(struct netdev *nd, int ring, struct packet *p)
{
    return nd->ops->tx(nd, ring, p);
}

/* Reclaims finished descriptors of 'ring' and calls tx_update() when that is owed.  Returns how many, or
 * NETDEV_BLOCKED. */
static inline uint32_t netdev_tx_recycle(struct netdev *nd, int ring) { return nd->ops->tx_recycle(nd, ring); }

static inline uint32_t netdev_tx_free(const struct netdev *nd, int ring) { return nd->ops->tx_free(nd, ring); }

/* -- addresses ---------------------------------------------------------------------------------------------------- */

/* Directs frames for 'mac' to receive group 'group'.  -1 when no address slot is left: the caller then needs
 * netdev_set_promisc(). */
static inline int netdev_add_mac(struct netdev *nd, int group, struct mac_addr mac)
{
    return nd->ops->add_mac(nd, group, mac);
}
static inline int netdev_remove_mac(struct netdev *nd, struct mac_addr mac) { return nd->ops->remove_mac(nd, mac); }
static inline void netdev_set_promisc(struct netdev *nd, bool on) { nd->ops->set_promisc(nd, on); }
static inline void netdev_set_all_multicast(struct netdev *nd, bool on) { nd->ops->set_all_multicast(nd, on); }
/* Lets frames to 'group' pass the device's filter, and others with the same hash. */
static inline void netdev_add_multicast(struct netdev *nd, struct mac_addr group) { nd->ops->add_multicast(nd, group); }
/* The hash of both devices: bits 47:36 of the address. */
static inline uint32_t netdev_multicast_hash(struct mac_addr group)
{
    return (uint32_t)(group.byte[5] << 4 | group.byte[4] >> 4);
}

#endif
