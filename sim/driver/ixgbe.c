/* SPDX-License-Identifier: GPL-3.0-or-later
 * ixgbe.c -- creation, addresses, interrupts.
 *
 * Vectors as the Solaris driver asks for them: one for each receive ring and then for each transmit ring, up to 16;
 * rings beyond share, from vector 0 on.  Link changes, which share vector 0 there, have one more here. */
#include "driver/ixgbe.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "driver/ixgbe_impl.h"

enum { MTU_DEFAULT = 1500, MTU_MAX = 15854, DESCS_DEFAULT = 1024, SLOT_MIN = 2048, QUEUE_VECTORS = 16 };

static void create_vectors(struct ixgbe *d);
static void describe(struct ixgbe *d);
static uint64_t held(const void *owner);
static void register_stats(struct ixgbe *d);
static void write_address(struct ixgbe *d, int slot);

const char *ixgbe_config_problem(const struct ixgbe_config *c)
{
    int most = c->rings_per_group == 1 ? IXGBE_MAX_VMDQ_GROUPS : IXGBE_MAX_RSS_GROUPS;
    uint32_t rx = c->rx_descs ? c->rx_descs : DESCS_DEFAULT, tx = c->tx_descs ? c->tx_descs : DESCS_DEFAULT;

    if (c->groups < 1 || c->rings_per_group < 1) return "needs at least one receive ring";
    if (c->groups * c->rings_per_group > IXGBE_MAX_RX_RINGS) return "has at most 16 receive rings";
    if (c->groups > most) return "has at most 4 ring groups of several rings, or 16 of one";
    if (c->tx_rings < 1 || c->tx_rings > IXGBE_MAX_TX_RINGS) return "has 1 to 32 transmit rings";
    if (rx < IXGBE_RING_MIN || rx > IXGBE_RING_MAX || rx % 8 || tx < IXGBE_RING_MIN || tx > IXGBE_RING_MAX || tx % 8)
        return "rings have 64 to 4096 descriptors, a multiple of 8";
    if (c->rx_wthresh > 16) return "the write-back threshold is 0 to 16";
    if (c->itr_units > 0xffff) return "the interrupt interval is at most 65535 units of 256 ns";
    if (c->mtu_bytes > MTU_MAX || (c->mtu_bytes && c->mtu_bytes < 68)) return "the MTU is 68 to 15854 bytes";
    return NULL;
}

struct ixgbe *ixgbe_create(const struct ixgbe_config *config)
{
    SIM_ASSERT(ixgbe_config_problem(config) == NULL);
    struct ixgbe *d = calloc(1, sizeof *d);
    SIM_ASSERT(d);
    d->config = *config;
    struct ixgbe_config *c = &d->config;
    c->name = strdup(config->name);
    SIM_ASSERT(c->name);
    if (!c->rx_descs) c->rx_descs = DESCS_DEFAULT;
    if (!c->tx_descs) c->tx_descs = DESCS_DEFAULT;
    if (!c->mtu_bytes) c->mtu_bytes = MTU_DEFAULT;
    if (!c->rx_wthresh) c->rx_wthresh = 1;
    if (c->itr_units < 0) c->itr_units = IXGBE_ITR_DEFAULT;
    d->machine = c->machine;
    d->memory = machine_memory(d->machine);
    d->n_rx = c->groups * c->rings_per_group;
    d->n_tx = c->tx_rings;
    d->slot_bytes = SLOT_MIN;
    while (d->slot_bytes < c->mtu_bytes + ETH_BYTES + VLAN_BYTES) d->slot_bytes *= 2;
    for (int i = 0; i < d->n_rx; i++) {
        int group = i / c->rings_per_group, index = i % c->rings_per_group;
        int queue = c->groups == 1 ? i : c->rings_per_group == 1 ? group : group * 16 + index;
        d->rx[i] = (struct rx_ring){ .d = d, .index = i, .group = group, .queue = queue, .vector = i };
        ixgbe_rx_create(d, &d->rx[i]);
    }
    for (int i = 0; i < d->n_tx; i++) {
        d->tx[i] = (struct tx_ring){ .d = d, .index = i };
        ixgbe_tx_create(d, &d->tx[i]);
    }
    create_vectors(d);
    describe(d);
    packet_pool_add_holder(c->pool, held, d);
    if (c->stats) register_stats(d);
    ixgbe_start(d);
    uint32_t low = reg_read(d, NIC_OFFSET(RAL, 0)), high = reg_read(d, NIC_OFFSET(RAH, 0));
    for (int i = 0; i < 6; i++) d->mac.byte[i] = (uint8_t)(i < 4 ? low >> (8 * i) : high >> (8 * (i - 4)));
    d->netdev.limits.mac = d->mac;
    d->slot[0] = (struct mac_slot){ d->mac, 0, true };
    write_address(d, 0);
    return d;
}

void ixgbe_destroy(struct ixgbe *d)
{
    if (!d) return;
    for (int i = 0; i < d->n_tx; i++) free(d->tx[i].slot);
    free((char *)(uintptr_t)d->config.name);
    free(d);
}

static uint64_t held(const void *owner)
{
    return ((const struct ixgbe *)owner)->bound;
}

struct mac_addr ixgbe_mac(const struct ixgbe *d) { return d->mac; }
int ixgbe_rx_rings(const struct ixgbe *d) { return d->n_rx; }
int ixgbe_group_of(const struct ixgbe *d, int ring) { return d->rx[ring].group; }

/* -- counters ----------------------------------------------------------------------------------------------------- */

static const char *const rx_names[N_IXGBE_RX_COUNTERS] = {
#define X(name) #name,
    IXGBE_RX_COUNTERS(X)
#undef X
};
static const char *const tx_names[N_IXGBE_TX_COUNTERS] = {
#define X(name) #name,
    IXGBE_TX_COUNTERS(X)
#undef X
};

static void register_stats(struct ixgbe *d)
{
    char name[128];
    for (int i = 0; i < d->n_rx; i++) {
        snprintf(name, sizeof name, "%s/rx%d", d->config.name, i);
        stats_register(d->config.stats, "ixgbe_rx", name, rx_names, d->rx[i].counter, N_IXGBE_RX_COUNTERS);
    }
    for (int i = 0; i < d->n_tx; i++) {
        snprintf(name, sizeof name, "%s/tx%d", d->config.name, i);
        stats_register(d->config.stats, "ixgbe_tx", name, tx_names, d->tx[i].counter, N_IXGBE_TX_COUNTERS);
    }
}

uint64_t ixgbe_rx_counter(const struct ixgbe *d, int ring, enum ixgbe_rx_counter c) { return d->rx[ring].counter[c]; }
uint64_t ixgbe_tx_counter(const struct ixgbe *d, int ring, enum ixgbe_tx_counter c) { return d->tx[ring].counter[c]; }

/* -- addresses ---------------------------------------------------------------------------------------------------- */

static void write_address(struct ixgbe *d, int i)
{
    const struct mac_slot *s = &d->slot[i];
    const uint8_t *b = s->mac.byte;
    uint32_t low = (uint32_t)b[0] | (uint32_t)b[1] << 8 | (uint32_t)b[2] << 16 | (uint32_t)b[3] << 24;
    uint32_t high = (uint32_t)b[4] | (uint32_t)b[5] << 8 | NIC_PUT(RAH_VIND, s->group) | NIC_MASK(RAH_AV);
    reg_write(d, NIC_OFFSET(RAL, i), s->used ? low : 0);
    reg_write(d, NIC_OFFSET(RAH, i), s->used ? high : 0);
}

int ixgbe_add_mac(struct ixgbe *d, int group, struct mac_addr mac)
{
    int i = group;
    if (d->slot[i].used)
        for (i = d->config.groups; i < MAC_SLOTS && d->slot[i].used;) i++;
    if (i == MAC_SLOTS) return -1;
    d->slot[i] = (struct mac_slot){ mac, group, true };
    write_address(d, i);
    return 0;
}

int ixgbe_remove_mac(struct ixgbe *d, struct mac_addr mac)
{
    for (int i = 0; i < MAC_SLOTS; i++)
        if (d->slot[i].used && memcmp(&d->slot[i].mac, &mac, sizeof mac) == 0) {
            d->slot[i].used = false;
            write_address(d, i);
            return 0;
        }
    return -1;
}

static void set_filter(struct ixgbe *d, uint32_t bit, bool on)
{
    d->fctrl = on ? d->fctrl | bit : d->fctrl & ~bit;
    reg_write(d, NIC_OFFSET(FCTRL, 0), d->fctrl);
}

void ixgbe_set_promisc(struct ixgbe *d, bool on)
{
    set_filter(d, NIC_MASK(FCTRL_UPE) | NIC_MASK(FCTRL_MPE), on);
}

void ixgbe_set_all_multicast(struct ixgbe *d, bool on)
{
    set_filter(d, NIC_MASK(FCTRL_MPE), on);
}

void ixgbe_add_multicast(struct ixgbe *d, struct mac_addr group)
{
    uint32_t hash = netdev_multicast_hash(group), offset = NIC_OFFSET(MTA, hash / 32);
    reg_write(d, offset, reg_read(d, offset) | 1u << hash % 32);
    reg_write(d, NIC_OFFSET(MCSTCTRL, 0), NIC_MASK(MCSTCTRL_MFE));
}

/* -- interrupts --------------------------------------------------------------------------------------------------- */

static void message(void *owner)
{
    interrupt_raise(((struct vector *)owner)->interrupt);
}

/* A change of the link: its causes must be read to clear. */
static void link_changed(struct ixgbe *d)
{
    reg_read(d, NIC_OFFSET(EICR, 0));
    reg_read(d, NIC_OFFSET(LINKS, 0));
    d->link_changes++;
}

static enum step_result handle(void *owner)
{
    struct vector *v = owner;
    struct ixgbe *d = v->d;
    int number = (int)(v - d->vector);
    const struct netdev_callbacks *cb = &d->config.callbacks;
    enum step_result result = STEP_SLEEP;

    if (!v->running) {
        v->running = true;
        machine_charge(d->machine, COST_DRV_INTR, 1);
        if (v->rx) v->rx->counter[IXGBE_RX_intrs]++;
        if (v->other) link_changed(d);
    }
    if (v->tx && !cb->tx_ready) result = ixgbe_tx_interrupt(d, number);
    if (v->tx && cb->tx_ready && !v->rx) result = cb->tx_ready(cb->owner, number);
    if (v->rx && result == STEP_SLEEP && cb->rx_ready) result = cb->rx_ready(cb->owner, v->rx->index);
    if (result == STEP_SLEEP) v->running = false;
    return result;
}

static void create_vectors(struct ixgbe *d)
{
    bool combined = d->config.combined;
    int all = d->n_rx + d->n_tx, other = combined ? d->n_rx : all < QUEUE_VECTORS ? all : QUEUE_VECTORS;

    d->n_vectors = other + 1;
    for (int t = 0; t < d->n_tx; t++) d->tx[t].vector = (combined ? t : d->n_rx + t) % other;
    for (int i = 0; i < d->n_vectors; i++) {
        struct vector *v = &d->vector[i];
        char name[128];
        *v = (struct vector){ .d = d, .rx = i < d->n_rx ? &d->rx[i] : NULL, .other = i == other };
        for (int t = 0; t < d->n_tx; t++) v->tx |= d->tx[t].vector == i;
        snprintf(name, sizeof name, "%s/%s%d", d->config.name, v->other ? "link" : v->rx ? "rx" : "tx",
                 v->other ? 0 : v->rx ? i : i - d->n_rx);
        v->interrupt = interrupt_create(d->machine, name, i % machine_cpu_count(d->machine), handle, v);
        d->config.device.set_vector(d->config.device.device, i, message, v);
    }
}

/* What stacks are told; the link's vector stays the driver's own. */
static void describe(struct ixgbe *d)
{
    const struct ixgbe_config *c = &d->config;
    d->netdev = (struct netdev){ .ops = &ixgbe_netdev_ops, .limits = {
        .rx_groups = c->groups, .rings_per_group = c->rings_per_group, .rx_rings = d->n_rx, .tx_rings = d->n_tx,
        .vectors = d->n_vectors - 1, .mtu_bytes = c->mtu_bytes, .tx_descs = c->tx_descs,
        .rx_limit_pkts = IXGBE_RX_LIMIT_PKTS, .lso_max_bytes = IXGBE_LSO_MAX_BYTES, .tx_csum = true, .rx_csum = true,
        .itr_units = c->itr_units } };
    for (int t = 0; t < d->n_tx; t++) d->netdev.limits.tx_vector[t] = (int8_t)d->tx[t].vector;
}

struct netdev *ixgbe_netdev(struct ixgbe *d) { return &d->netdev; }

void ixgbe_rx_bind(struct ixgbe *d, int ring, int cpu)
{
    interrupt_bind(d->vector[d->rx[ring].vector].interrupt, cpu);
}

