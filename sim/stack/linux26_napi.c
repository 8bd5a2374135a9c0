/* SPDX-License-Identifier: GPL-3.0-or-later
 * linux26_napi.c -- a receive ring: interrupt once, then poll until it is empty, with its vector masked.
 *
 *   handler   mask the vector (EIMC), put the context on this CPU's poll list, raise NET_RX
 *   poll      up to 64 packets, each at once up through the stack; 64: to the end of the list, and on
 *             fewer: off the list, new interrupt interval, unmask (EIMS)
 *
 * The interval follows the rate of bytes (InterruptThrottleRate = 1): three classes, 100,000, 20,000 and 8,000
 * interrupts per second, approached by a tenth of the way each time.  A vector of transmit rings only keeps half the
 * default rate of 20,000.
 *
 * Source: drivers/net/ixgbe/ixgbe_main.c of 2.6.27 (driver 1.3): ixgbe_msix_clean_rx, ixgbe_clean_rxonly,
 * ixgbe_clean_rx_irq, ixgbe_update_itr, ixgbe_set_itr_msix.  Left out: header split into half pages; the driver below is
 * the one that all stacks share. */
#include <stdio.h>
#include <stdlib.h>

#include "stack/linux26_impl.h"

enum { FETCH_PKTS = 16, /* between two writes of the tail: IXGBE_RX_BUFFER_WRITE */
       STEP_PKTS = 8, EITR_DEFAULT = 20000, EITR_UNIT_NS = 256 };

static const char *const lro_names[] = {
#define X(name) #name,
    LRO_COUNTERS(X)
#undef X
};

/* -- interrupt intervals ------------------------------------------------------------------------------------------- */

enum itr_class itr_next_class(enum itr_class was, uint32_t per_s, uint32_t packets, uint32_t bytes)
{
    enum { LOW_BYTES_PER_US = 10, HIGH_BYTES_PER_US = 20 };
    uint32_t us = 1000000 / per_s, rate = bytes / (us ? us : 1);

    if (packets == 0) return was;
    switch (was) {
    case ITR_LOWEST: return rate > LOW_BYTES_PER_US ? ITR_LOW : ITR_LOWEST;
    case ITR_LOW: return rate > HIGH_BYTES_PER_US ? ITR_BULK : rate <= LOW_BYTES_PER_US ? ITR_LOWEST : ITR_LOW;
    case ITR_BULK: break;
    }
    return rate <= HIGH_BYTES_PER_US ? ITR_LOW : ITR_BULK;
}

uint32_t itr_next_rate(uint32_t per_s, enum itr_class class)
{
    static const uint32_t target[] = { [ITR_LOWEST] = 100000, [ITR_LOW] = 20000, [ITR_BULK] = 8000 };
    return target[class] == per_s ? per_s : per_s * 90 / 100 + target[class] * 10 / 100;
}

static uint32_t itr_units(uint32_t per_s)
{
    return 1000000000 / (per_s * EITR_UNIT_NS);
}

/* One step down at most, as the driver does it when several rings share a vector. */
static void adapt_interval(struct softirq *q, struct napi *np)
{
    enum itr_class next = itr_next_class(np->itr, np->eitr, np->packets, np->bytes);
    np->itr = np->itr > next ? np->itr - 1 : next;
    uint32_t rate = itr_next_rate(np->eitr, np->itr);
    if (rate == np->eitr) return;
    np->eitr = rate;
    q->counter[SI_itr_writes]++;
    netdev_set_itr(np->nic->config.dev, np->ring, itr_units(rate));
}

/* -- creation ------------------------------------------------------------------------------------------------------ */

void napi_create(struct nic26 *n)
{
    const struct netdev_limits *limits = &n->config.dev->limits;
    n->napi = calloc((size_t)limits->rx_rings, sizeof *n->napi);
    SIM_ASSERT(n->napi);
    for (int i = 0; i < limits->rx_rings; i++) {
        struct napi *np = &n->napi[i];
        char name[256];
        *np = (struct napi){ .nic = n, .ring = i, .eitr = EITR_DEFAULT, .itr = ITR_LOW };
        for (int t = 0; t < limits->tx_rings; t++)
            if (limits->tx_vector[t] == i) np->tx_rings |= UINT32_C(1) << t;
        snprintf(name, sizeof name, "%s/%s/napi%d", machine_name(n->l->m), n->name, i);
        stats_register(n->l->config.stats, "lro", name, lro_names, np->lro_counter, N_LRO);
        if (!n->config.itr_fixed) netdev_set_itr(n->config.dev, i, itr_units(EITR_DEFAULT));
    }
    for (int v = limits->rx_rings; v < limits->vectors && !n->config.itr_fixed; v++)
        netdev_set_itr(n->config.dev, v, itr_units(EITR_DEFAULT / 2));
}

void napi_destroy(struct nic26 *n)
{
    free(n->napi);
}

/* -- interrupt and poll list --------------------------------------------------------------------------------------- */

void napi_schedule_tail(struct softirq *q, struct napi *np)
{
    np->next = NULL;
    if (q->poll)
        q->poll_last->next = np;
    else
        q->poll = np;
    q->poll_last = np;
}

enum step_result napi_interrupt(struct napi *np)
{
    struct linux26 *l = np->nic->l;
    if (np->scheduled) return STEP_SLEEP; /* a message that was on its way when the vector was masked */
    netdev_vector_disable(np->nic->config.dev, np->ring);
    np->packets = np->bytes = 0;
    np->scheduled = true;
    machine_charge(l->m, COST_NAPI_SCHEDULE, 1);
    napi_schedule_tail(this_softirq(l), np);
    softirq_raise(this_softirq(l), SOFTIRQ_NET_RX);
    return STEP_SLEEP;
}

/* -- polling ------------------------------------------------------------------------------------------------------- */

static bool wanted(const struct nic26 *n, const struct packet *p)
{
    return n->link.name && headers_vlan(p) < 0 && ((p->hdr[0] & 1) || mac_equal(p->hdr, n->link.mac.byte));
}

/* netif_receive_skb() */
static void hand_up(struct napi *np, struct packet *p)
{
    struct linux26 *l = np->nic->l;
    l->held--;
    machine_charge(l->m, COST_NAPI_PACKET, 1);
    if (!wanted(np->nic, p)) {
        packet_drop(l->config.pool, p, DROP_NO_CLIENT);
        return;
    }
    if (l->filter) filter_packet(l->filter, p);
    sockets_receive(l->config.sockets, p);
}

static void fetch(struct napi *np)
{
    struct linux26 *l = np->nic->l;
    struct packet_queue got = { 0 };
    struct packet *p;
    uint32_t most = NAPI_WEIGHT - np->polled < FETCH_PKTS ? NAPI_WEIGHT - np->polled : FETCH_PKTS;
    uint32_t count = netdev_rx_burst(np->nic->config.dev, np->ring, &got, most, UINT64_MAX, np->polled == 0);
    SIM_ASSERT(count != NETDEV_BLOCKED);
    while ((p = packet_queue_pop(&got))) {
        np->bytes += p->len;
        packet_queue_push(&np->fetched, p);
    }
    np->polled += count;
    np->packets += count;
    np->dry = count < most;
    l->held += count;
}

/* A few packets, and none after one that made something to be sent: that goes first. */
static void receive_some(struct softirq *q, struct napi *np)
{
    struct packet *p;
    machine_protocol(q->l->m, true);
    for (int i = 0; i < STEP_PKTS && !q->sent && (p = packet_queue_pop(&np->fetched)); i++)
        if (!q->l->config.lro || !lro_receive(np, p, hand_up)) hand_up(np, p);
    machine_protocol(q->l->m, false);
}

static void reclaim(struct napi *np)
{
    for (int t = 0; np->tx_rings >> t; t++)
        if (np->tx_rings >> t & 1) netdev_tx_recycle(np->nic->config.dev, t);
}

/* The ring is empty, or the weight used up. */
static void poll_ends(struct softirq *q, struct napi *np)
{
    machine_protocol(q->l->m, true);
    lro_flush(np, hand_up);
    machine_protocol(q->l->m, false);
    q->polling = NULL;
    if (np->polled == NAPI_WEIGHT) {
        q->counter[SI_full_polls]++;
        napi_schedule_tail(q, np);
        return;
    }
    np->scheduled = false;
    if (!np->nic->config.itr_fixed) adapt_interval(q, np);
    netdev_vector_enable(np->nic->config.dev, np->ring);
}

void napi_poll(struct softirq *q)
{
    struct napi *np = q->polling;
    machine_step_activity(q->l->m, ACTIVITY_POLL);
    if (np->fetched.count > 0) {
        receive_some(q, np);
    } else if (np->polled < NAPI_WEIGHT && !np->dry) {
        if (np->polled == 0) reclaim(np);
        fetch(np);
    } else {
        np->dry = false;
        poll_ends(q, np);
    }
}
