/* SPDX-License-Identifier: GPL-3.0-or-later
 * nic82598_misc.c -- what a driver looks at while it starts and stops: device ids, semaphores, MDIO, link, timers, and
 * the end of bus mastering.
 *
 * At the level published drivers insist on: semaphores that can be taken, no PHY on the MDIO bus, commands that finish at
 * once.  Left out: firmware. */
#include "nicmodel/nic82598_impl.h"

enum { NO_PHY = 0xffff };

/* -- device ids --------------------------------------------------------------------------------------------------- */

const struct nic_device nic_devices[NIC_DEVICES] = {
    { 0x10b6, NIC_BACKPLANE, "82598 KX4" },  { 0x1508, NIC_BACKPLANE, "82598 BX" },
    { 0x10c6, NIC_FIBRE, "82598AF dual" },   { 0x10c7, NIC_FIBRE, "82598AF" },
    { 0x10c8, NIC_COPPER, "82598AT" },       { 0x150b, NIC_COPPER, "82598AT2" },
    { 0x10db, NIC_FIBRE, "82598 SFP" },      { 0x10dd, NIC_CX4, "82598 CX4" },
    { 0x10ec, NIC_CX4, "82598 CX4 dual" },   { 0x10f1, NIC_FIBRE, "82598 DA dual" },
    { 0x10e1, NIC_FIBRE, "82598 SR dual" },  { 0x10f4, NIC_FIBRE, "82598 XF LR" },
};

const struct nic_device *nic_device_find(uint16_t id)
{
    for (int i = 0; i < NIC_DEVICES; i++)
        if (nic_devices[i].id == id) return &nic_devices[i];
    return NULL;
}

/* -- semaphores and MDIO ------------------------------------------------------------------------------------------- */

void misc_init(struct nic *nic)
{
    SIM_ASSERT(nic->config.lan_id == 0 || nic->config.lan_id == 1);
    for (unsigned i = 0; i < NIC_VECTORS; i++) nic->vector[i].control = MSIX_MASKED;
    eeprom_init(nic);
}

/* A read that finds SMBI clear has taken it. */
uint32_t read_swsm(struct nic *nic, uint32_t index)
{
    uint32_t value = nic->reg[SLOT_SWSM];
    (void)index;
    nic->reg[SLOT_SWSM] |= NIC_MASK(SWSM_SMBI);
    return value;
}

/* Every command finishes at once, and nobody answers. */
void write_msca(struct nic *nic, uint32_t index, uint32_t value)
{
    (void)index;
    nic->reg[SLOT_MSCA] = value & ~(NIC_MASK(MSCA_GO) | NIC_MASK(MSCA_IN_PROGRESS));
    nic->reg[SLOT_MSRWD] = (uint32_t)NO_PHY << 16 | (nic->reg[SLOT_MSRWD] & 0xffff);
}

/* -- the link ----------------------------------------------------------------------------------------------------- */

static bool link_up(const struct nic *nic)
{
    return nic->looped || (nic->wire && link_is_up(nic->wire));
}

static void wire_changed(void *owner)
{
    struct nic *nic = owner;
    if (!link_up(nic)) stats_add(nic, SLOT_MLFC, 1);
    irq_other(nic, NIC_MASK(EICR_LSC));
    tx_run(nic);
}

void misc_wire(struct nic *nic, struct link *wire)
{
    if (nic->cable) link_on_change(nic->cable, NULL, NULL);
    nic->cable = wire;
    nic->wire = nic->looped ? NULL : wire;
    if (wire) link_on_change(wire, wire_changed, nic);
    irq_other(nic, NIC_MASK(EICR_LSC));
}

uint32_t read_links(struct nic *nic, uint32_t index)
{
    const int64_t ten = 10000000000;
    (void)index;
    if (!link_up(nic)) return 0;
    uint32_t up = NIC_MASK(LINKS_UP) | NIC_MASK(LINKS_AN_COMP);
    if (nic->looped || link_config_of(nic->wire)->rate.bps >= ten)
        return up | NIC_MASK(LINKS_SPEED) | NIC_MASK(LINKS_XGXS_EN) | NIC_MASK(LINKS_ALIGN_10G) |
               NIC_MASK(LINKS_SIGNAL);
    return up | NIC_MASK(LINKS_PCS_1G_EN) | NIC_MASK(LINKS_SYNC_1G) | NIC_PUT(LINKS_SIGNAL, 1);
}

/* The MAC's loop-back: frames come back at line rate, and the cable is as if it were not there. */
void write_hlreg0(struct nic *nic, uint32_t index, uint32_t value)
{
    bool looped = NIC_GET(HLREG0_LPBK, value);

    write_rxmode(nic, index, value);
    if (looped == nic->looped) return;
    nic->looped = looped;
    nic->wire = looped ? NULL : nic->cable;
    nic->loop_free = engine_now(nic->engine);
    tx_run(nic);
}

/* Negotiation takes no time. */
void write_autoc(struct nic *nic, uint32_t index, uint32_t value)
{
    (void)index;
    nic->reg[SLOT_AUTOC] = value & ~NIC_MASK(AUTOC_AN_RESTART);
    if (NIC_GET(AUTOC_AN_RESTART, value) && link_up(nic)) irq_other(nic, NIC_MASK(EICR_LSC));
}

/* -- the bus ------------------------------------------------------------------------------------------------------ */

/* What has been asked for, and must come to an end before the bus is left. */
static bool bus_busy(const struct nic *nic)
{
    if (nic_posted(nic) > 0 || nic->done_head != nic->done_tail) return true;
    if (sim_before(engine_now(nic->engine), nic->tx_read_at)) return true;
    for (int i = 0; i < NIC_RX_QUEUES; i++)
        if (nic->rxq[i].ring.fetch_count) return true;
    for (int i = 0; i < NIC_TX_QUEUES; i++)
        if (nic->txq[i].ring.fetch_count) return true;
    return false;
}

/* What was begun is finished, reports included; nothing new is begun.  Frames wait in the packet buffer, messages are
 * pending. */
void misc_master(struct nic *nic)
{
    bool stopped = NIC_GET(CTRL_GIO_DIS, nic->reg[SLOT_CTRL]) || nic->pci.master_off;

    if (stopped == nic->stopped) return;
    nic->stopped = nic->ring_env.stopped = stopped;
    write_txmode(nic, 0, 0);
    irq_route(nic);
    if (stopped) return;
    for (int i = 0; i < NIC_VECTORS; i++) {
        struct vector *v = &nic->vector[i];
        bool waiting = v->held || v->rx_waiting || v->tx_waiting;
        if (waiting && !event_pending(&v->timer)) engine_schedule(nic->engine, &v->timer, engine_now(nic->engine));
    }
    for (int i = 0; i < NIC_RX_QUEUES; i++) ring_prefetch(&nic->rxq[i].ring);
    for (int i = 0; i < NIC_TX_QUEUES; i++) ring_prefetch(&nic->txq[i].ring);
    rx_drain(nic);
    tx_run(nic);
}

/* -- general ------------------------------------------------------------------------------------------------------ */

uint32_t read_status(struct nic *nic, uint32_t index)
{
    uint32_t lan = NIC_PUT(STATUS_LAN_ID, nic->config.lan_id);
    (void)index;
    if (nic->stopped) nic_sync(nic);
    return lan | (nic->stopped && !bus_busy(nic) ? 0 : NIC_MASK(STATUS_GIO));
}

uint32_t read_frtimer(struct nic *nic, uint32_t index)
{
    (void)index;
    return (uint32_t)(engine_now(nic->engine).ps / 1000000);
}
