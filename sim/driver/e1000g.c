/* SPDX-License-Identifier: GPL-3.0-or-later
 * e1000g.c -- creation, addresses, the interrupt and its moderation.
 *
 * One interrupt for everything: its handler reads ICR, which says what happened and clears it, reclaims transmit
 * descriptors (or leaves that to the stack), lets the stack take frames, and at the end chooses the interval until the
 * next: long when this one brought many packets, short when it brought few, else as before. */
#include "driver/e1000g.h"

#include <stdio.h>
#include <stdlib.h>

#include "driver/e1000g_impl.h"

enum { MTU_DEFAULT = 1500, MTU_MIN = 68, DESCS_DEFAULT = 2048, SLOT_MIN = 2048, ITR_MAX = 0xffff, DELAY_MAX = 0xffff };

static const struct netdev_ops netdev_ops;
static void create_rings(struct e1000g *d);
static void describe(struct e1000g *d);
static void message(void *owner);
static enum step_result handle(void *owner);
static uint64_t held(const void *owner);
static void register_stats(struct e1000g *d);

const char *e1000g_config_problem(const struct e1000g_config *c)
{
    uint32_t rx = c->rx_descs ? c->rx_descs : DESCS_DEFAULT, tx = c->tx_descs ? c->tx_descs : DESCS_DEFAULT;

    if (rx < E1000G_RING_MIN || rx > E1000G_RING_MAX || rx % 8 || tx < E1000G_RING_MIN || tx > E1000G_RING_MAX || tx % 8)
        return "rings have 64 to 4096 descriptors, a multiple of 8";
    if (c->itr_units > ITR_MAX) return "the interrupt interval is at most 65535 units of 256 ns";
    if (c->rx_delay_units < 0 || c->rx_delay_units > DELAY_MAX || c->tx_delay_units < 0 || c->tx_delay_units > DELAY_MAX)
        return "interrupt delays are at most 65535 units of 1.024 us";
    if (c->mtu_bytes > E1000G_MTU_MAX || (c->mtu_bytes && c->mtu_bytes < MTU_MIN)) return "the MTU is 68 to 9216 bytes";
    return NULL;
}

struct e1000g *e1000g_create(const struct e1000g_config *config)
{
    SIM_ASSERT(e1000g_config_problem(config) == NULL);
    struct e1000g *d = calloc(1, sizeof *d);
    SIM_ASSERT(d);
    d->config = *config;
    struct e1000g_config *c = &d->config;
    c->name = strdup(config->name);
    SIM_ASSERT(c->name);
    if (!c->rx_descs) c->rx_descs = DESCS_DEFAULT;
    if (!c->tx_descs) c->tx_descs = DESCS_DEFAULT;
    if (!c->mtu_bytes) c->mtu_bytes = MTU_DEFAULT;
    d->itr = c->itr_units < 0 ? E1000G_ITR_SHORT : (uint32_t)c->itr_units;
    d->machine = c->machine;
    d->memory = machine_memory(d->machine);
    d->slot_bytes = SLOT_MIN;
    while (d->slot_bytes < c->mtu_bytes + ETH_BYTES + VLAN_BYTES) d->slot_bytes *= 2;
    create_rings(d);
    d->interrupt = interrupt_create(d->machine, c->name, 0, handle, d);
    c->device.set_vector(c->device.device, 0, message, d);
    packet_pool_add_holder(c->pool, held, d);
    if (c->stats) register_stats(d);
    e1000g_start(d);
    describe(d);
    return d;
}

void e1000g_destroy(struct e1000g *d)
{
    if (!d) return;
    free(d->tx.slot);
    free((char *)(uintptr_t)d->config.name);
    free(d);
}

/* A mutex is named within its machine. */
static void create_rings(struct e1000g *d)
{
    size_t n = strlen(machine_name(d->machine));
    bool prefixed = strncmp(d->config.name, machine_name(d->machine), n) == 0 && d->config.name[n] == '/';
    const char *own = d->config.name + (prefixed ? n + 1 : 0);
    char name[128];

    snprintf(name, sizeof name, "%s/rx0", own);
    e1000g_rx_create(d, name);
    snprintf(name, sizeof name, "%s/tx0", own);
    e1000g_tx_create(d, name);
}

static void describe(struct e1000g *d)
{
    const struct e1000g_config *c = &d->config;
    d->netdev = (struct netdev){ .ops = &netdev_ops, .limits = {
        .mac = d->mac[0], .rx_groups = 1, .rings_per_group = 1, .rx_rings = 1, .tx_rings = 1, .vectors = 1,
        .mtu_bytes = c->mtu_bytes, .tx_descs = c->tx_descs, .rx_limit_pkts = E1000G_RX_LIMIT_PKTS,
        .lso_max_bytes = E1000G_LSO_MAX_BYTES, .tx_csum = true, .rx_csum = true, .itr_units = (int32_t)d->itr } };
}

static uint64_t held(const void *owner)
{
    return ((const struct e1000g *)owner)->bound;
}

struct netdev *e1000g_netdev(struct e1000g *d) { return &d->netdev; }
uint32_t e1000g_itr(const struct e1000g *d) { return d->itr; }

/* -- counters ----------------------------------------------------------------------------------------------------- */

static const char *const rx_names[N_E1000G_RX_COUNTERS] = {
#define X(name) #name,
    NETDEV_RX_COUNTERS(X)
#undef X
};
static const char *const tx_names[N_E1000G_TX_COUNTERS] = {
#define X(name) #name,
    NETDEV_TX_COUNTERS(X)
#undef X
};

static void register_stats(struct e1000g *d)
{
    char name[128];
    snprintf(name, sizeof name, "%s/rx0", d->config.name);
    stats_register(d->config.stats, "e1000g_rx", name, rx_names, d->rx.counter, N_E1000G_RX_COUNTERS);
    snprintf(name, sizeof name, "%s/tx0", d->config.name);
    stats_register(d->config.stats, "e1000g_tx", name, tx_names, d->tx.counter, N_E1000G_TX_COUNTERS);
}

uint64_t e1000g_rx_counter(const struct e1000g *d, enum e1000g_rx_counter c) { return d->rx.counter[c]; }
uint64_t e1000g_tx_counter(const struct e1000g *d, enum e1000g_tx_counter c) { return d->tx.counter[c]; }

/* -- addresses ---------------------------------------------------------------------------------------------------- */

static int add_mac(struct netdev *nd, int group, struct mac_addr mac)
{
    struct e1000g *d = e1000g_of(nd);
    int i = 0;
    (void)group;
    while (i < MAC_SLOTS && d->mac_used[i]) i++;
    if (i == MAC_SLOTS) return -1;
    d->mac[i] = mac;
    d->mac_used[i] = true;
    e1000g_write_address(d, i);
    return 0;
}

static int remove_mac(struct netdev *nd, struct mac_addr mac)
{
    struct e1000g *d = e1000g_of(nd);
    for (int i = 0; i < MAC_SLOTS; i++)
        if (d->mac_used[i] && mac_equal(d->mac[i].byte, mac.byte)) {
            d->mac_used[i] = false;
            e1000g_write_address(d, i);
            return 0;
        }
    return -1;
}

static void set_filter(struct netdev *nd, uint32_t bits, bool on)
{
    struct e1000g *d = e1000g_of(nd);
    d->rctl = on ? d->rctl | bits : d->rctl & ~bits;
    reg_write(d, NIC_OFFSET(RCTL, 0), d->rctl);
}

static void set_promisc(struct netdev *nd, bool on)
{
    set_filter(nd, NIC_MASK(RCTL_UPE) | NIC_MASK(RCTL_MPE), on);
}

static void set_all_multicast(struct netdev *nd, bool on)
{
    set_filter(nd, NIC_MASK(RCTL_MPE), on);
}

static void add_multicast(struct netdev *nd, struct mac_addr group)
{
    struct e1000g *d = e1000g_of(nd);
    uint32_t hash = netdev_multicast_hash(group), offset = NIC_OFFSET(MTA, hash / 32);
    reg_write(d, offset, reg_read(d, offset) | 1u << hash % 32);
}

/* -- the interrupt ------------------------------------------------------------------------------------------------ */

static void message(void *owner)
{
    interrupt_raise(((struct e1000g *)owner)->interrupt);
}

static void set_itr(struct netdev *nd, int vector, uint32_t units)
{
    struct e1000g *d = e1000g_of(nd);
    (void)vector;
    d->itr = units < ITR_MAX ? units : ITR_MAX;
    reg_write(d, NIC_OFFSET(ITR, 0), d->itr);
}

static uint64_t packets_so_far(const struct e1000g *d)
{
    return d->rx.counter[E1000G_RX_packets];
}

static void moderate(struct e1000g *d)
{
    uint64_t brought = packets_so_far(d) - d->before;
    uint32_t wanted = brought > E1000G_MARK_HIGH ? E1000G_ITR_LONG : brought < E1000G_MARK_LOW ? E1000G_ITR_SHORT : d->itr;
    if (wanted != d->itr) set_itr(&d->netdev, 0, wanted);
}

/* What ICR says, once per interrupt; the link's state only when it has changed. */
static void begin(struct e1000g *d)
{
    d->running = true;
    machine_charge(d->machine, COST_DRV_INTR, 1);
    d->causes = reg_read(d, NIC_OFFSET(ICR, 0));
    if (d->rx.masked) d->causes &= ~NIC_MASK(ICR_RXT0);
    d->before = packets_so_far(d);
    d->rx.counter[E1000G_RX_intrs]++;
    if (!NIC_GET(ICR_LSC, d->causes)) return;
    reg_read(d, NIC_OFFSET(STATUS, 0));
    d->link_changes++;
}

static enum step_result handle(void *owner)
{
    struct e1000g *d = owner;
    const struct netdev_callbacks *cb = &d->config.callbacks;
    enum step_result result = STEP_SLEEP;

    if (!d->running) begin(d);
    bool tx = NIC_GET(ICR_TXDW, d->causes), rx = NIC_GET(ICR_RXT0, d->causes);
    if (tx && !cb->tx_ready) {
        if (e1000g_tx_recycle(&d->netdev, 0) == NETDEV_BLOCKED) return STEP_BLOCKED;
        d->causes &= ~NIC_MASK(ICR_TXDW);
    }
    if ((rx || (tx && cb->tx_ready)) && cb->rx_ready) result = cb->rx_ready(cb->owner, 0);
    if (result != STEP_SLEEP) return result;
    d->running = false;
    if (rx && d->config.itr_units < 0) moderate(d);
    return STEP_SLEEP;
}

/* -- what stacks call --------------------------------------------------------------------------------------------- */

static void vector_enable(struct netdev *nd, int vector)
{
    struct e1000g *d = e1000g_of(nd);
    (void)vector;
    d->rx.masked = false;
    reg_write(d, NIC_OFFSET(IMS, 0), NIC_MASK(ICR_RXT0) | NIC_MASK(ICR_TXDW) | NIC_MASK(ICR_LSC));
}

static void vector_disable(struct netdev *nd, int vector)
{
    (void)vector;
    reg_write(e1000g_of(nd), NIC_OFFSET(IMC, 0), UINT32_MAX);
}

static void vector_bind(struct netdev *nd, int vector, int cpu)
{
    (void)vector;
    interrupt_bind(e1000g_of(nd)->interrupt, cpu);
}

static const struct netdev_ops netdev_ops = {
    .rx_burst = e1000g_rx_burst, .rx_intr_enable = e1000g_rx_intr_enable, .rx_intr_disable = e1000g_rx_intr_disable,
    .vector_enable = vector_enable, .vector_disable = vector_disable, .vector_bind = vector_bind, .set_itr = set_itr,
    .tx = e1000g_tx, .tx_recycle = e1000g_tx_recycle, .tx_free = e1000g_tx_free, .add_mac = add_mac,
    .remove_mac = remove_mac, .set_promisc = set_promisc, .set_all_multicast = set_all_multicast,
    .add_multicast = add_multicast,
};
