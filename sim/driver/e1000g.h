/* SPDX-License-Identifier: GPL-3.0-or-later
 * e1000g.h -- the guest's driver for the 82573: one receive ring, one transmit ring, one interrupt for both.
 *
 * It knows the device only through registers, memory and its interrupt.  Stacks use it through e1000g_netdev().
 *
 * Constants are those of the OpenSolaris e1000g driver (e1000g_sw.h): 2048 descriptors, copy limits of 128 bytes (receive)
 * and 512 (transmit), 128 packets per receive call, delays of 64 units of 1.024 us (receive: absolute only), room told
 * of above 256 free descriptors, none left below 20, and between 4,000 and 15,000 interrupts per second: few when one
 * has brought more than 48 packets, many when it has brought fewer than 10. */
#ifndef SIM_DRIVER_E1000G_H
#define SIM_DRIVER_E1000G_H

#include <stdbool.h>
#include <stdint.h>

#include "core/stats.h"
#include "driver/device.h"
#include "driver/netdev.h"
#include "machine/machine.h"
#include "machine/pcie.h"
#include "net/headers.h"
#include "net/packet.h"

enum {
    E1000G_RING_MIN = 64, E1000G_RING_MAX = 4096,
    E1000G_RX_LIMIT_PKTS = 128,
    E1000G_INTR_MAX_HZ = 15000, E1000G_INTR_MIN_HZ = 4000,
    E1000G_ITR_SHORT = 1000000000 / (E1000G_INTR_MAX_HZ * 256), /* units of 256 ns */
    E1000G_ITR_LONG = 1000000000 / (E1000G_INTR_MIN_HZ * 256),
    E1000G_MARK_LOW = 10, E1000G_MARK_HIGH = 48,
    E1000G_ITR_ADAPTIVE = -1,
    E1000G_TX_DELAY = 64,     /* units of 1.024 us */
    E1000G_MTU_MAX = 9216,
    E1000G_LSO_MAX_BYTES = 65535,
};

struct e1000g;

struct e1000g_config {
    const char *name;         /* of the entity and of the counters; copied */
    struct machine *machine;
    struct pcie *pcie;
    struct packet_pool *pool;
    struct stats *stats;      /* may be NULL */
    struct driver_device device;
    struct netdev_callbacks callbacks;
    uint32_t rx_descs, tx_descs; /* 64..4096, a multiple of 8; 0: 2048 */
    int32_t itr_units;        /* interrupt interval in 256 ns; 0: none; E1000G_ITR_ADAPTIVE */
    int32_t rx_delay_units;   /* 0..65535 of 1.024 us, from a frame to its cause (RDTR, RADV); 0 is the driver's default */
    int32_t tx_delay_units;   /* the same from a sent packet (TIDV, TADV); E1000G_TX_DELAY is the driver's default */
    uint32_t mtu_bytes;       /* 0: 1500; at most E1000G_MTU_MAX */
    bool pause_rx, pause_tx;  /* obey PAUSE frames, send them */
    int node;                 /* NUMA node of rings and buffers */
};

/* Why a configuration cannot be: a text for the user, or NULL when it can. */
const char *e1000g_config_problem(const struct e1000g_config *config);

/* Maps rings and buffers, resets and programs the device, enables rings and interrupt.  Made before time starts: these
 * register accesses take no time.  The caller owns the result. */
struct e1000g *e1000g_create(const struct e1000g_config *config);
void e1000g_destroy(struct e1000g *d);

/* The driver as stacks see it; the driver's own. */
struct netdev *e1000g_netdev(struct e1000g *d);

/* The interrupt interval in use, units of 256 ns. */
uint32_t e1000g_itr(const struct e1000g *d);

/* Kinds "e1000g_rx" and "e1000g_tx", entities NAME/rx0 and NAME/tx0. */
enum e1000g_rx_counter {
#define X(name) E1000G_RX_##name,
    NETDEV_RX_COUNTERS(X)
#undef X
    N_E1000G_RX_COUNTERS
};
enum e1000g_tx_counter {
#define X(name) E1000G_TX_##name,
    NETDEV_TX_COUNTERS(X)
#undef X
    N_E1000G_TX_COUNTERS
};
uint64_t e1000g_rx_counter(const struct e1000g *d, enum e1000g_rx_counter c);
uint64_t e1000g_tx_counter(const struct e1000g *d, enum e1000g_tx_counter c);

#endif
