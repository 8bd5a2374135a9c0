/* SPDX-License-Identifier: GPL-3.0-or-later
 * ixgbe_netdev.c -- the driver's operations under the names that every driver shares (netdev.h). */
#include "driver/ixgbe_impl.h"

static struct ixgbe *of(struct netdev *nd)
{
    return (struct ixgbe *)(void *)nd;
}

static uint32_t rx_burst(struct netdev *nd, int ring, struct packet_queue *out, uint32_t max_pkts, uint64_t max_bytes,
                         bool first)
{
    return ixgbe_rx_burst(of(nd), ring, out, max_pkts, max_bytes, first);
}

static bool rx_intr_enable(struct netdev *nd, int ring) { return ixgbe_rx_intr_enable(of(nd), ring); }
static void rx_intr_disable(struct netdev *nd, int ring) { ixgbe_rx_intr_disable(of(nd), ring); }

/* A masked cause stays in EICR, so unmasking it interrupts. */
static void vector_enable(struct netdev *nd, int vector)
{
    reg_write(of(nd), NIC_OFFSET(EIMS, 0), 1u << vector);
}

static void vector_disable(struct netdev *nd, int vector)
{
    reg_write(of(nd), NIC_OFFSET(EIMC, 0), 1u << vector);
}

static void vector_bind(struct netdev *nd, int vector, int cpu)
{
    interrupt_bind(of(nd)->vector[vector].interrupt, cpu);
}

/* The counter's half must be written too, or the interval would begin anew at zero: it is loaded with the interval. */
static void set_itr(struct netdev *nd, int vector, uint32_t units)
{
    reg_write(of(nd), NIC_OFFSET(EITR, vector), NIC_PUT(EITR_INTERVAL, units) | NIC_PUT(EITR_COUNTER, units));
}

static enum netdev_tx_result tx(struct netdev *nd, int ring, struct packet *p) { return ixgbe_tx(of(nd), ring, p); }
static uint32_t tx_recycle(struct netdev *nd, int ring) { return ixgbe_tx_service(of(nd), ring); }

static uint32_t tx_free(const struct netdev *nd, int ring)
{
    return ixgbe_tx_free((const struct ixgbe *)(const void *)nd, ring);
}

static int add_mac(struct netdev *nd, int group, struct mac_addr mac) { return ixgbe_add_mac(of(nd), group, mac); }
static int remove_mac(struct netdev *nd, struct mac_addr mac) { return ixgbe_remove_mac(of(nd), mac); }
static void set_promisc(struct netdev *nd, bool on) { ixgbe_set_promisc(of(nd), on); }
static void set_all_multicast(struct netdev *nd, bool on) { ixgbe_set_all_multicast(of(nd), on); }
static void add_multicast(struct netdev *nd, struct mac_addr group) { ixgbe_add_multicast(of(nd), group); }

const struct netdev_ops ixgbe_netdev_ops = {
    .rx_burst = rx_burst, .rx_intr_enable = rx_intr_enable, .rx_intr_disable = rx_intr_disable,
    .vector_enable = vector_enable, .vector_disable = vector_disable, .vector_bind = vector_bind, .set_itr = set_itr,
    .tx = tx, .tx_recycle = tx_recycle, .tx_free = tx_free, .add_mac = add_mac, .remove_mac = remove_mac,
    .set_promisc = set_promisc, .set_all_multicast = set_all_multicast, .add_multicast = add_multicast,
};
