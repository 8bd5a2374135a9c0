/* SPDX-License-Identifier: GPL-3.0-or-later
 * nic82573.c -- creation, reset, register dispatch, posted writes, and what a driver looks at while it starts: EEPROM,
 * semaphore, PHY, link.
 *
 * Commands finish at once: an EEPROM whose checksum is right, a PHY at address 1 that has negotiated 1000 Mb/s full
 * duplex.  CTRL.GIO_DIS stops descriptor reads and receive DMA. */
#include "nicmodel/nic82573.h"

#include <stdlib.h>

#include "nicmodel/nic82573_impl.h"

enum {
    EEPROM_SUM = 0xbaba, EEPROM_SUM_WORD = 0x3f, EEPROM_MAC_WORDS = 3,
    PHY_ADDRESS = 1, PHY_CONTROL = 0, PHY_STATUS = 1, PHY_SPECIFIC = 17, MDI_WRITE = 1, MDI_READ = 2,
};

static void posted_arrive(void *owner);
static void descriptors_fetched(struct ring *r, uint32_t count);
static void descriptors_refused(struct ring *r);
static uint64_t held(const void *owner);
static void reset(struct nic82573 *nic);

#define nic82573_write_none 0
#define nic82573_read_none 0
static const struct { nic82573_write_hook *write; nic82573_read_hook *read; } hooks[N_NIC82573_REGS] = {
#define R(NAME, offset, count, stride, access, reset, write, read, meaning) \
    [REG_##NAME] = { nic82573_write_##write, nic82573_read_##read },
    NIC82573_REGS(R)
#undef R
};
#undef nic82573_write_none
#undef nic82573_read_none

static const char *const counter_names[N_NIC_COUNTERS] = {
#define X(name) #name,
    NIC_COUNTERS(X)
#undef X
};

static void register_stats(struct nic82573 *nic, struct stats *stats)
{
    static const char *const size_names[FRAME_SIZE_CLASSES] = NIC_SIZE_NAMES;
    const char *name = nic->config.name;
    stats_register(stats, "nic", name, counter_names, nic->counter, N_NIC_COUNTERS);
    stats_register(stats, "nic_rx_size", name, size_names, nic->rx_size, FRAME_SIZE_CLASSES);
    stats_register(stats, "nic_tx_size", name, size_names, nic->tx_size, FRAME_SIZE_CLASSES);
}

struct nic82573 *nic82573_create(struct engine *engine, struct stats *stats, struct packet_pool *pool,
                                 struct pcie *pcie, struct memory *memory, const struct nic82573_config *config)
{
    struct nic82573 *nic = calloc(1, sizeof *nic);
    SIM_ASSERT(nic);
    nic->engine = engine;
    nic->entity = engine_entity(engine, config->name);
    nic->pool = pool;
    nic->pcie = pcie;
    nic->memory = memory;
    nic->config = *config;
    nic->config.name = nic->entity->name;
    nic->ring_env = (struct ring_env){ .engine = engine, .entity = nic->entity, .pcie = pcie, .memory = memory,
        .node = pcie_config_of(pcie)->node, .fetched = descriptors_fetched, .refused = descriptors_refused,
        .fetches = { &nic->counter[NIC_rx_desc_fetches], &nic->counter[NIC_tx_desc_fetches] } };
    posted_init(&nic->posted, nic->entity, posted_arrive, nic, config->synced);
    irq73_init(nic);
    pause73_init(nic);
    rx73_init(nic);
    tx73_init(nic);
    if (stats) register_stats(nic, stats);
    packet_pool_add_holder(pool, held, nic);
    reset(nic);
    return nic;
}

void nic82573_destroy(struct nic82573 *nic)
{
    if (!nic) return;
    posted_fini(&nic->posted, nic->engine);
    irq73_delay_stop(&nic->rx_delay);
    irq73_delay_stop(&nic->tx_delay);
    engine_cancel(nic->engine, &nic->itr_timer);
    engine_cancel(nic->engine, &nic->refresh);
    engine_cancel(nic->engine, &nic->rx_event);
    engine_cancel(nic->engine, &nic->tx_event);
    ring_empty_cache(&nic->rx);
    ring_empty_cache(&nic->tx);
    free(nic);
}

static uint64_t held(const void *owner)
{
    const struct nic82573 *nic = owner;
    return (uint64_t)nic->rx_fifo.count + nic->tx_fifo.count + nic->job_frames.count;
}

uint64_t nic82573_counter(const struct nic82573 *nic, enum nic_counter c) { return nic->counter[c]; }

/* -- registers ---------------------------------------------------------------------------------------------------- */

uint32_t nic82573_reg_read(void *device, uint32_t offset)
{
    struct nic82573 *nic = device;
    unsigned row;
    int slot = reg_list_find(&nic82573_reg_list, offset, &row, NULL);

    if (slot < 0) {
        nic->counter[NIC_unknown_reads]++;
        TRACE(nic->engine, nic->entity->id, nic_mmio_unknown, offset, 0, 0, 0);
        return 0;
    }
    enum nic_access access = nic82573_reg_list.info[row].access;
    uint32_t value = hooks[row].read ? hooks[row].read(nic, slot) : access == NIC_WO ? 0 : nic->reg[slot];
    if (access == NIC_RC) nic->reg[slot] = 0;
    return value;
}

uint32_t nic82573_reg_peek(struct nic82573 *nic, uint32_t offset)
{
    unsigned row;
    int slot = reg_list_find(&nic82573_reg_list, offset, &row, NULL);

    if (slot < 0 || nic82573_reg_list.info[row].access == NIC_WO) return 0;
    switch (slot) { /* reading these changes them */
    case SLOT_ICR: case SLOT_SWSM: return nic->reg[slot];
    case SLOT_GORCH: case SLOT_GOTCH: case SLOT_TORH: case SLOT_TOTH:
        return (uint32_t)(nic->bytes[slot == SLOT_GORCH ? BYTES_GORC : slot == SLOT_GOTCH ? BYTES_GOTC :
                                     slot == SLOT_TORH ? BYTES_TOR : BYTES_TOT] >> 32);
    default: return hooks[row].read ? hooks[row].read(nic, slot) : nic->reg[slot];
    }
}

void nic82573_reg_write(void *device, uint32_t offset, uint32_t value)
{
    struct nic82573 *nic = device;
    unsigned row;
    int slot = reg_list_find(&nic82573_reg_list, offset, &row, NULL);

    if (slot < 0) {
        nic->counter[NIC_unknown_writes]++;
        TRACE(nic->engine, nic->entity->id, nic_mmio_unknown, offset, value, 1, 0);
        return;
    }
    TRACE(nic->engine, nic->entity->id, nic_mmio_write, offset, value, 0, 0);
    switch (nic82573_reg_list.info[row].access) {
    case NIC_RW: nic->reg[slot] = value; break;
    case NIC_W1C: nic->reg[slot] &= ~value; break;
    case NIC_W1S: nic->reg[slot] |= value; break;
    case NIC_RO: case NIC_RC: case NIC_WO: break;
    }
    if (hooks[row].write) hooks[row].write(nic, value);
}

/* -- reset -------------------------------------------------------------------------------------------------------- */

/* All registers to their reset values, frames dropped, rings forgotten, what is posted lost. */
static void reset(struct nic82573 *nic)
{
    static const uint16_t phy[] = { 0x1140, 0x796d, 0x0141, 0x0cc2, 0x01e1, 0x41e1, 0, 0, 0, 0x0300, 0x3c00 };
    const uint8_t *mac = nic->config.mac.byte;

    for (unsigned r = 0; r < N_NIC82573_REGS; r++) {
        const struct nic_reg_info *info = &nic82573_reg_list.info[r];
        for (uint32_t i = 0; i < info->count; i++) nic->reg[info->slot + i] = info->reset;
    }
    nic->reg[SLOT_RAL] = (uint32_t)mac[0] | (uint32_t)mac[1] << 8 | (uint32_t)mac[2] << 16 | (uint32_t)mac[3] << 24;
    nic->reg[SLOT_RAH] = (uint32_t)mac[4] | (uint32_t)mac[5] << 8 | NIC_MASK(RAH_AV);
    for (size_t i = 0; i < sizeof phy / sizeof *phy; i++) nic->phy[i] = phy[i];
    for (int i = 0; i < 4; i++) nic->bytes[i] = 0;
    nic->ring_env.stopped = false;
    posted_clear(&nic->posted, nic->engine);
    irq73_reset(nic);
    pause73_reset(nic);
    rx73_reset(nic);
    tx73_reset(nic);
}

void nic82573_write_ctrl(struct nic82573 *nic, uint32_t value)
{
    if (NIC_GET(CTRL_RST, value)) {
        reset(nic);
        return;
    }
    nic->reg[SLOT_CTRL] = value & ~NIC_MASK(CTRL_PHY_RST);
    nic->ring_env.stopped = NIC_GET(CTRL_GIO_DIS, value);
    filter73_mode(nic);
    pause73_level(nic);
    if (nic->ring_env.stopped) return;
    ring_prefetch(&nic->rx);
    ring_prefetch(&nic->tx);
    rx73_drain(nic);
}

/* -- EEPROM and semaphore ----------------------------------------------------------------------------------------- */

/* The smallest valid image: the address, no sections, and the sum of words 0 to 3F is BABA. */
static uint16_t eeprom_word(const struct nic82573 *nic, uint32_t address)
{
    const uint8_t *mac = nic->config.mac.byte;
    uint16_t sum = 0;

    if (address < EEPROM_MAC_WORDS) return (uint16_t)(mac[2 * address] | mac[2 * address + 1] << 8);
    if (address != EEPROM_SUM_WORD) return 0;
    for (uint32_t i = 0; i < EEPROM_MAC_WORDS; i++) sum = (uint16_t)(sum + eeprom_word(nic, i));
    return (uint16_t)(EEPROM_SUM - sum);
}

void nic82573_write_eerd(struct nic82573 *nic, uint32_t value)
{
    if (!NIC_GET(EERD_START, value)) return;
    uint32_t address = NIC_GET(EERD_ADDR, value);
    nic->reg[SLOT_EERD] = NIC_PUT(EERD_ADDR, address) | NIC_PUT(EERD_DATA, eeprom_word(nic, address)) |
                          NIC_MASK(EERD_DONE);
}

/* Presence and auto-read state are the hardware's; a request for direct access is granted. */
void nic82573_write_eec(struct nic82573 *nic, uint32_t value)
{
    uint32_t fixed = NIC_MASK(EEC_PRES) | NIC_MASK(EEC_ARD), soft = 0x7fu;
    nic->reg[SLOT_EEC] = fixed | (value & soft) | (NIC_GET(EEC_REQ, value) ? NIC_MASK(EEC_GNT) : 0);
}

/* A read that finds SMBI clear has taken it. */
uint32_t nic82573_read_swsm(struct nic82573 *nic, int slot)
{
    uint32_t value = nic->reg[slot];
    nic->reg[slot] |= NIC_MASK(SWSM_SMBI);
    return value;
}

/* -- link and PHY ------------------------------------------------------------------------------------------------- */

bool nic73_link_up(const struct nic82573 *nic)
{
    return nic->wire && link_is_up(nic->wire);
}

uint32_t nic82573_read_status(struct nic82573 *nic, int slot)
{
    uint32_t value = nic->reg[slot] & ~NIC_MASK(STATUS_GIO);
    if (nic73_link_up(nic)) value |= NIC_MASK(STATUS_LU);
    if (nic->wire && link_is_paused(nic->wire)) value |= NIC_MASK(STATUS_TXOFF);
    return value | (nic->ring_env.stopped ? 0 : NIC_MASK(STATUS_GIO));
}

static uint16_t phy_read(const struct nic82573 *nic, uint32_t reg)
{
    enum { LINK = 1 << 2, NEGOTIATED = 1 << 5, SPECIFIC_1000_FULL_UP = 0xac00 };
    bool up = nic73_link_up(nic);

    if (reg == PHY_STATUS) return (uint16_t)(up ? nic->phy[reg] : nic->phy[reg] & ~(LINK | NEGOTIATED));
    if (reg == PHY_SPECIFIC) return up ? SPECIFIC_1000_FULL_UP : 0;
    return nic->phy[reg];
}

void nic82573_write_mdic(struct nic82573 *nic, uint32_t value)
{
    enum { CONTROL_RESET = 1 << 15, CONTROL_RESTART = 1 << 9 };
    uint32_t reg = NIC_GET(MDIC_REG, value), op = NIC_GET(MDIC_OP, value), answer = value | NIC_MASK(MDIC_READY);

    if (NIC_GET(MDIC_PHY, value) != PHY_ADDRESS) {
        answer |= NIC_MASK(MDIC_ERROR);
    } else if (op == MDI_READ) {
        answer = (answer & ~NIC_MASK(MDIC_DATA)) | phy_read(nic, reg);
    } else if (op == MDI_WRITE) {
        uint32_t data = NIC_GET(MDIC_DATA, value);
        nic->phy[reg] = (uint16_t)(reg == PHY_CONTROL ? data & ~(uint32_t)(CONTROL_RESET | CONTROL_RESTART) : data);
    }
    nic->reg[SLOT_MDIC] = answer;
    if (NIC_GET(MDIC_INT, value)) irq73_cause(nic, NIC_MASK(ICR_MDAC));
}

static void wire_changed(void *owner)
{
    struct nic82573 *nic = owner;
    irq73_cause(nic, NIC_MASK(ICR_LSC));
    tx73_run(nic);
}

void nic82573_set_wire(struct nic82573 *nic, struct link *link)
{
    enum { RUN_AHEAD = 4096 };
    if (nic->wire) link_on_change(nic->wire, NULL, NULL);
    nic->wire = link;
    nic->run_ahead_bytes = nic->run_ahead_ps = 0;
    if (link) {
        const struct link_config *c = link_config_of(link);
        link_on_change(link, wire_changed, nic);
        nic->run_ahead_bytes = c->depth_bytes < RUN_AHEAD ? c->depth_bytes : RUN_AHEAD;
        nic->run_ahead_ps = sim_wire_time(nic->run_ahead_bytes / 2, c->rate).ps;
    }
    irq73_cause(nic, NIC_MASK(ICR_LSC));
}

/* -- posted writes ------------------------------------------------------------------------------------------------ */

void nic73_post(struct nic82573 *nic, sim_time at, enum posted73_kind kind, uint32_t count)
{
    bool message = kind == POSTED73_MESSAGE || kind == POSTED73_LEVEL;
    posted_push(&nic->posted, nic->engine, (struct posted){ at.ps, (uint8_t)kind, 0, (uint16_t)count, message });
}

static void posted_take(struct nic82573 *nic, bool messages)
{
    struct posted w;

    while (posted_pop(&nic->posted, nic->engine, messages, &w)) {
        switch ((enum posted73_kind)w.kind) {
        case POSTED73_RX: rx73_visible(nic, w.count); break;
        case POSTED73_TX: tx73_visible(nic, w.count); break;
        case POSTED73_MESSAGE: if (nic->msi_fn) nic->msi_fn(nic->msi_owner); break;
        case POSTED73_LEVEL: if (nic->level_fn) nic->level_fn(nic->level_owner, w.count); break;
        }
    }
}

static void posted_arrive(void *owner)
{
    struct nic82573 *nic = owner;
    bool full = posted_count(&nic->posted) >= POSTED73_LIMIT;

    posted_take(nic, true);
    if (full) rx73_drain(nic);
}

void nic82573_sync(void *device)
{
    posted_take(device, false);
}

/* -- descriptors -------------------------------------------------------------------------------------------------- */

static void descriptors_fetched(struct ring *r, uint32_t count)
{
    struct nic82573 *nic = (struct nic82573 *)(void *)r->env;
    ring_prefetch(r);
    if (r->tx) {
        TRACE(nic->engine, nic->entity->id, nic_tx_fetch, 0, count, 0, 0);
        tx73_run(nic);
    } else {
        rx73_drain(nic);
    }
}

void nic73_refused(struct nic82573 *nic, uint64_t addr)
{
    nic->counter[NIC_bad_addresses]++;
    TRACE(nic->engine, nic->entity->id, nic_bad_address, addr, 0, 0, 0);
}

/* The chip has no cause for it: the ring stands still until its direction is enabled again. */
static void descriptors_refused(struct ring *r)
{
    nic73_refused((struct nic82573 *)(void *)r->env, r->base + (uint64_t)r->fetch * DESC_BYTES);
}
