/* SPDX-License-Identifier: GPL-3.0-or-later
 * nic82598.c -- creation, reset, register dispatch, and the FIFO of posted writes.
 *
 * A register access finds its slot in a dense table, applies the row's access rule to the flat array of values, and
 * then calls the row's hook, if any.  Everything the device writes into the machine (descriptors, heads, messages)
 * is posted in order: PCIe lets no posted write pass another, so one event for the oldest is enough.
 *
 * Not modelled: direct cache access (its registers are stored); manageability, its traffic and its statistics, and wake-up
 * (stored); firmware; flash; PHYs on the MDIO bus; the analog core, LEDs and pins (stored); negotiation that takes time;
 * PREPEND, RXPADSTRIPEN and pace of the MAC (stored); check sequences made by software; NFS and iSCSI parsing; credit
 * status registers (read 0); PCIe's own counters and errors (stored); errata but those in statistics. */
#include "nicmodel/nic82598.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "nicmodel/nic82598_impl.h"

enum {
    RX_SLACK_NS = 500,     /* the receive engine works at most this far ahead of the bus */
    TX_WINDOW_NS = 2000,   /* data reads on their way, beyond the read latency */
};

static void posted_arrive(void *owner);
static void descriptors_fetched(struct ring *r, uint32_t count);
static void descriptors_refused(struct ring *r);
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
    nic->ring_env = (struct ring_env){ .engine = engine, .entity = nic->entity, .pcie = pcie, .memory = memory,
        .node = nic->node, .fetched = descriptors_fetched, .refused = descriptors_refused,
        .fetches = { &nic->counter[NIC_rx_desc_fetches], &nic->counter[NIC_tx_desc_fetches] } };
    nic->rx_slack_ps = sim_ns(RX_SLACK_NS).ps;
    nic->tx_window_ps = bus->read_latency.ps + bus->far_latency.ps + sim_ns(TX_WINDOW_NS).ps;
    posted_init(&nic->posted, nic->entity, posted_arrive, nic, config->synced);
    pause_init(nic);
    misc_init(nic);
    immediate_init(nic);
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
    pause_fini(nic);
    engine_cancel(nic->engine, &nic->tcp_timer);
    engine_cancel(nic->engine, &nic->rx_event);
    engine_cancel(nic->engine, &nic->tx_event);
    for (int i = 0; i < NIC_VECTORS; i++) engine_cancel(nic->engine, &nic->vector[i].timer);
    for (int i = 0; i < NIC_RX_QUEUES; i++) engine_cancel(nic->engine, &nic->rxq[i].ring.fetched);
    for (int i = 0; i < NIC_TX_QUEUES; i++) engine_cancel(nic->engine, &nic->txq[i].ring.fetched);
    posted_fini(&nic->posted, nic->engine);
    free(nic);
}

static uint64_t rx_held(const struct nic *nic)
{
    uint64_t n = 0;
    for (int i = 0; i < PACKET_BUFFERS; i++) n += nic->pb[i].fifo.count;
    return n;
}

static uint64_t held(const void *owner)
{
    const struct nic *nic = owner;
    return rx_held(nic) + nic->tx_fifo.count + nic->job.frames.count + dcb_held(nic);
}

/* -- counters ----------------------------------------------------------------------------------------------------- */

static const char *const counter_names[N_NIC_COUNTERS] = {
#define X(name) #name,
    NIC_COUNTERS(X)
#undef X
};

static const char *const size_names[SIZE_CLASSES] = NIC_SIZE_NAMES;

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
    stats_register(stats, "nic_rx_size", name, size_names, nic->rx_total.size, SIZE_CLASSES);
    stats_register(stats, "nic_tx_size", name, size_names, nic->tx_total.size, SIZE_CLASSES);
    stats_register(stats, "nic_rxq", name, numbers, nic->rx_total.queue_packets, NIC_RX_QUEUES);
    stats_register(stats, "nic_txq", name, numbers, nic->tx_total.queue_packets, NIC_TX_QUEUES);
    stats_register(stats, "nic_vector", name, numbers, nic->messages, NIC_VECTORS);
}

uint64_t nic_counter(const struct nic *nic, enum nic_counter c) { return nic->counter[c]; }
uint64_t nic_rxq_packets(const struct nic *nic, int queue) { return nic->rx_total.queue_packets[queue]; }
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

/* Telling the statistics registers what has been counted cannot be seen from outside. */
uint32_t nic_reg_peek(struct nic *nic, uint32_t offset)
{
    enum nic82598_reg reg;
    uint32_t index;
    int slot = nic_reg_find(offset, &reg, &index);

    if (slot < 0 || nic_reg_info(reg)->access == NIC_WO) return 0;
    if (nic_reg_info(reg)->access == NIC_RC) stats_fold(nic);
    bool plain = reg == REG_EICR || reg == REG_SWSM || !hooks[reg].read; /* reading those two changes them */
    return plain ? nic->reg[slot] : hooks[reg].read(nic, index);
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
    for (unsigned r = 0; r < N_NIC82598_REGS; r++) {
        const struct nic_reg_info *info = nic_reg_info((enum nic82598_reg)r);
        for (uint32_t i = 0; i < info->count; i++) nic->reg[info->slot + i] = info->reset;
    }
    eeprom_load(nic);
    nic->serial = (struct serial){ 0 };
    posted_clear(&nic->posted, nic->engine);
    nic->hash_stale = true;
    nic->looped = false;
    nic->wire = nic->cable;
    stats_reset(nic);
    irq_reset(nic);
    pause_reset(nic);
    dcb_reset(nic);
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
    misc_master(nic);
}

/* -- posted writes ------------------------------------------------------------------------------------------------ */

void nic_post(struct nic *nic, sim_time at, enum posted_kind kind, unsigned queue, uint32_t count)
{
    bool message = kind == POSTED_MESSAGE || kind == POSTED_LEVEL;
    posted_push(&nic->posted, nic->engine,
                (struct posted){ at.ps, (uint8_t)kind, (uint8_t)queue, (uint16_t)count, message });
}

static void posted_take(struct nic *nic, bool messages)
{
    struct posted w;

    while (posted_pop(&nic->posted, nic->engine, messages, &w)) {
        switch ((enum posted_kind)w.kind) {
        case POSTED_RX:
            posted_join(&nic->posted, nic->engine, &w);
            rx_visible(nic, w.queue, w.count);
            break;
        case POSTED_TX: case POSTED_HEAD: tx_visible(nic, w.queue, (enum posted_kind)w.kind, w.count); break;
        case POSTED_MESSAGE: irq_arrived(nic, w.queue); break;
        case POSTED_LEVEL: if (nic->level_fn) nic->level_fn(nic->level_owner, w.count); break;
        }
    }
}

static void posted_arrive(void *owner)
{
    struct nic *nic = owner;
    bool full = nic_posted(nic) >= POSTED_LIMIT;

    posted_take(nic, true);
    if (full) rx_drain(nic);
}

void nic_sync(void *device)
{
    struct nic *nic = device;
    posted_take(nic, false);
}

/* -- descriptors -------------------------------------------------------------------------------------------------- */

static void descriptors_fetched(struct ring *r, uint32_t count)
{
    struct nic *nic = nic_of_ring(r);
    ring_prefetch(r);
    if (r->tx) {
        TRACE(nic->engine, nic->entity->id, nic_tx_fetch, r->index, count, 0, 0);
        nic->tx_ready |= 1u << r->index;
        tx_run(nic);
    } else {
        rx_drain(nic);
    }
}

void nic_refused(struct nic *nic, uint64_t addr)
{
    nic->counter[NIC_bad_addresses]++;
    TRACE(nic->engine, nic->entity->id, nic_bad_address, addr, 0, 0, 0);
}

static void descriptors_refused(struct ring *r)
{
    struct nic *nic = nic_of_ring(r);
    nic_refused(nic, r->base + (uint64_t)r->fetch * DESC_BYTES);
    irq_other(nic, NIC_MASK(EICR_DHER));
}
