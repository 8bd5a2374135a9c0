/* SPDX-License-Identifier: GPL-3.0-or-later
 * ixgbe.h -- the guest's driver for the 82598: rings, ring groups, interrupts.
 *
 * It knows the device only through registers, memory and interrupts.  Receive rings come in groups; a group has MAC
 * addresses of its own (VMDq) and spreads its flows over its rings (RSS).  Packets given out by ixgbe_rx_burst() are
 * the caller's; a packet taken by ixgbe_tx() is the driver's until the device is done with it.
 *
 * Constants are those of the OpenSolaris ixgbe driver (ixgbe_sw.h): 1024 descriptors, 51.2 us interrupt interval,
 * copy limits of 128 bytes (receive) and 512 (transmit), reclaim below 19 free descriptors, overload below 2,
 * the stack is told to go on at 128. */
#ifndef SIM_DRIVER_IXGBE_H
#define SIM_DRIVER_IXGBE_H

#include <stdbool.h>
#include <stdint.h>

#include "core/engine.h"
#include "core/rng.h"
#include "core/stats.h"
#include "driver/device.h"
#include "driver/netdev.h"
#include "machine/machine.h"
#include "machine/memory.h"
#include "machine/pcie.h"
#include "net/headers.h"
#include "net/packet.h"

enum {
    IXGBE_MAX_RX_RINGS = 16,      /* one MSI-X vector each */
    IXGBE_MAX_TX_RINGS = 32,
    IXGBE_MAX_VMDQ_GROUPS = 16,   /* with one ring per group */
    IXGBE_MAX_RSS_GROUPS = 4,     /* with several rings per group: two bits of the queue number */
    IXGBE_RING_MIN = 64, IXGBE_RING_MAX = 4096,
    IXGBE_RX_LIMIT_PKTS = 257,    /* per call, checked after counting */
    IXGBE_ITR_DEFAULT = 200,      /* units of 256 ns */
    IXGBE_LSO_MAX_BYTES = 65535,
};
#define IXGBE_RX_BLOCKED NETDEV_BLOCKED /* ixgbe_rx_burst(): the ring's lock was not entered; return STEP_BLOCKED */

struct ixgbe;

struct ixgbe_config {
    const char *name;         /* of the entity and of the counters; copied */
    struct machine *machine;
    struct pcie *pcie;
    struct packet_pool *pool;
    struct stats *stats;      /* may be NULL */
    struct driver_device device;
    struct netdev_callbacks callbacks;
    int groups;               /* 1: RSS over its rings; up to 16 with one ring each, up to 4 with several */
    int rings_per_group;      /* groups * rings_per_group <= 16 */
    int tx_rings;             /* 1..32 */
    bool combined;            /* transmit ring t has the vector of receive ring t modulo their number */
    uint32_t rx_descs, tx_descs; /* 64..4096, a multiple of 8; 0: 1024 */
    uint32_t rx_wthresh;      /* write-back threshold, 0..16; 0: the device's reset value, 1 */
    int32_t itr_units;        /* interrupt interval in 256 ns; 0: none; < 0: IXGBE_ITR_DEFAULT */
    uint32_t mtu_bytes;       /* 0: 1500; at most 15854 */
    bool pause_rx, pause_tx;  /* obey PAUSE frames, send them */
    bool drop_en;             /* a frame without a descriptor is dropped at once rather than waiting in the NIC */
    int node;                 /* NUMA node of rings and buffers */
    struct rng *rng;          /* draws the RSS key */
};

/* Why a configuration cannot be: a text for the user, or NULL when it can. */
const char *ixgbe_config_problem(const struct ixgbe_config *config);

/* Maps rings and buffers, resets and programs the device, enables all rings and interrupts.  Made before time starts:
 * these register accesses take no time.  The device's own address belongs to group 0.  The caller owns the result. */
struct ixgbe *ixgbe_create(const struct ixgbe_config *config);
void ixgbe_destroy(struct ixgbe *d);

/* The driver as stacks see it that know no driver; the driver's own. */
struct netdev *ixgbe_netdev(struct ixgbe *d);

struct mac_addr ixgbe_mac(const struct ixgbe *d); /* the device's own */
int ixgbe_rx_rings(const struct ixgbe *d);        /* ring = group * rings_per_group + index */
int ixgbe_group_of(const struct ixgbe *d, int ring);

/* Directs frames for 'mac' to 'group'.  The first 'groups' of the 16 slots are reserved, one per group; the rest are
 * shared.  0, or -1 when no slot is left: the caller then needs ixgbe_set_promisc(). */
int ixgbe_add_mac(struct ixgbe *d, int group, struct mac_addr mac);
int ixgbe_remove_mac(struct ixgbe *d, struct mac_addr mac); /* -1: unknown */
void ixgbe_set_promisc(struct ixgbe *d, bool on);
void ixgbe_set_all_multicast(struct ixgbe *d, bool on);
void ixgbe_add_multicast(struct ixgbe *d, struct mac_addr group);

/* -- receive ------------------------------------------------------------------------------------------------------ */

/* Takes finished frames of 'ring' in order, appends them to 'out', gives their buffers back to the device and moves the
 * tail.  Stops after 'max_pkts' (at most IXGBE_RX_LIMIT_PKTS) or before the frame that would make more than 'max_bytes'
 * (the first frame is always taken).  A stack may take what the real driver gives in one call in several: 'first' marks
 * the one that pays for the call.  Returns how many, or IXGBE_RX_BLOCKED.  Called in a step. */
uint32_t ixgbe_rx_burst(struct ixgbe *d, int ring, struct packet_queue *out, uint32_t max_pkts, uint64_t max_bytes,
                        bool first);

/* Lets 'ring' interrupt (its vector valid again) and fires its interrupt once by software, so that frames that came
 * in the gap are found.  Returns whether finished frames wait already. */
bool ixgbe_rx_intr_enable(struct ixgbe *d, int ring);
void ixgbe_rx_intr_disable(struct ixgbe *d, int ring);

void ixgbe_rx_bind(struct ixgbe *d, int ring, int cpu); /* CPU of the ring's interrupt */

/* -- transmit ----------------------------------------------------------------------------------------------------- */

/* Sends 'p'; gso_mss > 0 is cut by the device, PACKET_CSUM_PARTIAL filled in by it.  Called in a step. */
enum netdev_tx_result ixgbe_tx(struct ixgbe *d, int ring, struct packet *p);

/* Reclaims finished descriptors of 'ring'; how many.  Normally done by ixgbe_tx() and the transmit interrupt. */
uint32_t ixgbe_tx_recycle(struct ixgbe *d, int ring);
uint32_t ixgbe_tx_free(const struct ixgbe *d, int ring);

/* -- counters ----------------------------------------------------------------------------------------------------- */

/* Kinds "ixgbe_rx" and "ixgbe_tx", entities NAME/rxN and NAME/txN. */
#define IXGBE_RX_COUNTERS(X) NETDEV_RX_COUNTERS(X)
#define IXGBE_TX_COUNTERS(X) NETDEV_TX_COUNTERS(X)

enum ixgbe_rx_counter {
#define X(name) IXGBE_RX_##name,
    IXGBE_RX_COUNTERS(X)
#undef X
    N_IXGBE_RX_COUNTERS
};
enum ixgbe_tx_counter {
#define X(name) IXGBE_TX_##name,
    IXGBE_TX_COUNTERS(X)
#undef X
    N_IXGBE_TX_COUNTERS
};
uint64_t ixgbe_rx_counter(const struct ixgbe *d, int ring, enum ixgbe_rx_counter c);
uint64_t ixgbe_tx_counter(const struct ixgbe *d, int ring, enum ixgbe_tx_counter c);

#endif
