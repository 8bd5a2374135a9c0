/* SPDX-License-Identifier: GPL-3.0-or-later
 * nic82598.c -- creation, reset, register dispatch, and the FIFO of posted writes.
 *
 * A register access finds its slot in a dense table, applies the row's access rule to the flat array of values, and
 * then calls the row's hook, if any.  Everything the device writes into the machine (descriptors, heads, messages)
 * is posted in order: PCIe lets no posted write pass another, so one event for the oldest is enough. */
#include "nicmodel/nic82598.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "nicmodel/nic82598_impl.h"

enum {
    RX_SLACK_NS = 500,     /* the receive engine works at most this far ahead of the bus */
    TX_WINDOW_NS = 2000,   /* data reads on their way, beyond the read latency */
    POSTED_ROOM = 2048,    /* posted writes on their way; grows when that is not enough */
};

static void posted_arrive(void *owner);
static uint64_t held(const void *owner);
static void reset(struct nic *nic);
static void register_stats(struct nic *nic, struct stats *stats);

#define write_none 0
#define read_none 0
static const struct { nic_write_hook *write; nic_read_hook *read; } hooks[N_NIC82598_REGS] = {
#define R(NAME, offset, count, stride, access, reset, write, read, meaning) \
    [REG_##NAME] = { write_##write, read_##read },
    NIC82598_REGS(R)
#undef R
};
#undef write_none
#undef read_none

struct nic *nic_create(struct engine *engine, struct stats *stats, struct packet_pool *pool, struct pcie *pcie,
                       struct memory *memory, const struct nic_config *config)
{
    const struct pcie_config *bus = pcie_config_of(pcie);
    struct nic *nic = calloc(1, sizeof *nic);
    SIM_ASSERT(nic);
    nic->engine = engine;
    nic->entity = engine_entity(engine, config->name);
    nic->pool = pool;
    nic->pcie = pcie;
    nic->memory = memory;
    nic->config = *config;
    nic->config.name = nic->entity->name;
    nic->node = bus->node;
    nic->rx_slack_ps = sim_ns(RX_SLACK_NS).ps;
    nic->tx_window_ps = bus->read_latency.ps + bus->far_latency.ps + sim_ns(TX_WINDOW_NS).ps;
    nic->posted_room = POSTED_ROOM;
    nic->posted = calloc(POSTED_ROOM, sizeof *nic->posted);
    SIM_ASSERT(nic->posted);
    event_init(&nic->posted_event, nic->entity, posted_arrive, nic);
    irq_init(nic);
    rx_init(nic);
    tx_init(nic);
    if (stats) register_stats(nic, stats);
    packet_pool_add_holder(pool, held, nic);
    reset(nic);
    return nic;
}

void nic_destroy(struct nic *nic)
{
    if (!nic) return;
    engine_cancel(nic->engine, &nic->posted_event);
    engine_cancel(nic->engine, &nic->rx_event);
    engine_cancel(nic->engine, &nic->tx_event);
    for (int i = 0; i < NIC_VECTORS; i++) engine_cancel(nic->engine, &nic->vector[i].timer);
    for (int i = 0; i < NIC_RX_QUEUES; i++) engine_cancel(nic->engine, &nic->rxq[i].ring.fetched);
    for (int i = 0; i < NIC_TX_QUEUES; i++) engine_cancel(nic->engine, &nic->txq[i].ring.fetched);
    free(nic->posted);
    free(nic);
}

static uint64_t held(const void *owner)
{
    const struct nic *nic = owner;
    return (uint64_t)nic->rx_fifo.count + nic->tx_fifo.count + nic->job.frames.count;
}

/* -- counters ----------------------------------------------------------------------------------------------------- */

static const char *const counter_names[N_NIC_COUNTERS] = {
#define X(name) #name,
    NIC_COUNTERS(X)
#undef X
};

/* "0", "1", ...: the counters of numbered things. */
static const char *const *number_names(void)
{
    static char text[NIC_RX_QUEUES][4];
    static const char *name[NIC_RX_QUEUES];
    for (int i = 0; i < NIC_RX_QUEUES && !name[i]; i++) {
        snprintf(text[i], sizeof text[i], "%d", i % 100);
        name[i] = text[i];
    }
    return name;
}

static void register_stats(struct nic *nic, struct stats *stats)
{
    const char *name = nic->config.name, *const *numbers = number_names();
    stats_register(stats, "nic", name, counter_names, nic->counter, N_NIC_COUNTERS);
    stats_register(stats, "nic_rxq", name, numbers, nic->rx_total.queue_packets, NIC_RX_QUEUES);
    stats_register(stats, "nic_txq", name, numbers, nic->tx_total.queue_packets, NIC_TX_QUEUES);
    stats_register(stats, "nic_vector", name, numbers, nic->messages, NIC_VECTORS);
}

uint64_t nic_counter(const struct nic *nic, enum nic_counter c) { return nic->counter[c]; }
uint64_t nic_rxq_packets(const struct nic *nic, int queue) { return nic->rx_total.queue_packets[queue]; }
uint64_t nic_txq_packets(const struct nic *nic, int queue) { return nic->tx_total.queue_packets[queue]; }
uint64_t nic_vector_messages(const struct nic *nic, int vector) { return nic->messages[vector]; }

/* -- registers ---------------------------------------------------------------------------------------------------- */

uint32_t nic_reg_read(void *device, uint32_t offset)
{
    struct nic *nic = device;
    enum nic82598_reg reg;
    uint32_t index, value;
    int slot = nic_reg_find(offset, &reg, &index);

    if (slot < 0) {
        nic->counter[NIC_unknown_reads]++;
        TRACE(nic->engine, nic->entity->id, nic_mmio_unknown, offset, 0, 0, 0);
        return 0;
    }
    enum nic_access access = nic_reg_info(reg)->access;
    if (access == NIC_RC) stats_fold(nic);
    value = hooks[reg].read ? hooks[reg].read(nic, index) : access == NIC_WO ? 0 : nic->reg[slot];
    if (access == NIC_RC) nic->reg[slot] = 0;
    return value;
}

void nic_reg_write(void *device, uint32_t offset, uint32_t value)
{
    struct nic *nic = device;
    enum nic82598_reg reg;
    uint32_t index;
    int slot = nic_reg_find(offset, &reg, &index);

    if (slot < 0) {
        nic->counter[NIC_unknown_writes]++;
        TRACE(nic->engine, nic->entity->id, nic_mmio_unknown, offset, value, 1, 0);
        return;
    }
    TRACE(nic->engine, nic->entity->id, nic_mmio_write, offset, value, 0, 0);
    switch (nic_reg_info(reg)->access) {
    case NIC_RW:
        if (reg == REG_RQSMR || reg == REG_TQSMR) stats_fold(nic); /* what has been counted stays in the old slots */
        nic->reg[slot] = value;
        break;
    case NIC_W1C: nic->reg[slot] &= ~value; break;
    case NIC_W1S: nic->reg[slot] |= value; break;
    case NIC_RO: case NIC_RC: case NIC_WO: break;
    }
    if (hooks[reg].write) hooks[reg].write(nic, index, value);
}

/* -- reset -------------------------------------------------------------------------------------------------------- */

/* All registers to their reset values, frames dropped, rings forgotten, what is posted lost.  The MSI-X table is PCI
 * configuration and stays.  The address comes from the EEPROM. */
static void reset(struct nic *nic)
{
    const uint8_t *mac = nic->config.mac.byte;

    for (unsigned r = 0; r < N_NIC82598_REGS; r++) {
        const struct nic_reg_info *info = nic_reg_info((enum nic82598_reg)r);
        for (uint32_t i = 0; i < info->count; i++) nic->reg[info->slot + i] = info->reset;
    }
    nic->reg[SLOT_RAL] = (uint32_t)mac[0] | (uint32_t)mac[1] << 8 | (uint32_t)mac[2] << 16 | (uint32_t)mac[3] << 24;
    nic->reg[SLOT_RAH] = (uint32_t)mac[4] | (uint32_t)mac[5] << 8 | NIC_MASK(RAH_AV);
    engine_cancel(nic->engine, &nic->posted_event);
    nic->posted_head = nic->posted_tail = 0;
    nic->hash_stale = true;
    stats_reset(nic);
    irq_reset(nic);
    rx_reset(nic);
    tx_reset(nic);
}

void write_ctrl(struct nic *nic, uint32_t index, uint32_t value)
{
    (void)index;
    if (NIC_GET(CTRL_RST, value))
        reset(nic);
    else
        nic->reg[SLOT_CTRL] = value & ~NIC_MASK(CTRL_LRST);
}

/* -- posted writes ------------------------------------------------------------------------------------------------ */

static void posted_grow(struct nic *nic)
{
    struct posted *wide = calloc(nic->posted_room * 2, sizeof *wide);
    SIM_ASSERT(wide);
    for (uint32_t i = nic->posted_head; i != nic->posted_tail; i++)
        wide[i & (nic->posted_room * 2 - 1)] = nic->posted[i & (nic->posted_room - 1)];
    free(nic->posted);
    nic->posted = wide;
    nic->posted_room *= 2;
}

void nic_post(struct nic *nic, sim_time at, enum posted_kind kind, unsigned queue, uint32_t count)
{
    uint32_t mask = nic->posted_room - 1;
    if (nic_posted(nic) > mask) {
        posted_grow(nic);
        mask = nic->posted_room - 1;
    }
    if (nic_posted(nic) > 0) {
        int64_t last = nic->posted[(nic->posted_tail - 1) & mask].at;
        if (at.ps < last) at.ps = last;
    } else {
        engine_schedule(nic->engine, &nic->posted_event, at);
    }
    nic->posted[nic->posted_tail++ & mask] = (struct posted){ at.ps, (uint8_t)kind, (uint8_t)queue, (uint16_t)count };
}

static void posted_arrive(void *owner)
{
    struct nic *nic = owner;
    int64_t now = engine_now(nic->engine).ps;
    bool full = nic_posted(nic) >= POSTED_LIMIT;

    while (nic_posted(nic) > 0) {
        struct posted w = nic->posted[nic->posted_head & (nic->posted_room - 1)];
        if (w.at > now) {
            engine_schedule(nic->engine, &nic->posted_event, (sim_time){ w.at });
            break;
        }
        nic->posted_head++;
        switch ((enum posted_kind)w.kind) {
        case POSTED_RX: rx_visible(nic, w.queue, w.count); break;
        case POSTED_TX: case POSTED_HEAD: tx_visible(nic, w.queue, (enum posted_kind)w.kind, w.count); break;
        case POSTED_MESSAGE: irq_arrived(nic, w.queue); break;
        }
    }
    if (full) rx_drain(nic);
}

int nic_node(const struct nic *nic, uint64_t addr)
{
    int node = memory_node(nic->memory, addr);
    return node < 0 ? nic->node : node;
}
