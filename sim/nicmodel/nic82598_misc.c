/* SPDX-License-Identifier: GPL-3.0-or-later
 * nic82598_misc.c -- what a driver looks at while it starts: EEPROM, semaphores, MDIO, link, timers.
 *
 * At the level published drivers insist on: an EEPROM whose checksum is right, semaphores that can be taken, no PHY on
 * the MDIO bus, commands that finish at once.  Left out: writing the EEPROM, bit-banged access, flash, firmware. */
#include "nicmodel/nic82598_impl.h"

enum { EEPROM_SUM = 0xbaba, EEPROM_SUM_WORD = 0x3f, NO_PHY = 0xffff };

/* -- EEPROM and semaphores ---------------------------------------------------------------------------------------- */

/* The smallest valid image: no sections, and the sum of words 0 to 3F is BABA. */
static uint32_t eeprom_word(uint32_t address)
{
    return address == EEPROM_SUM_WORD ? EEPROM_SUM : 0;
}

void write_eerd(struct nic *nic, uint32_t index, uint32_t value)
{
    (void)index;
    if (!NIC_GET(EERD_START, value)) return;
    uint32_t address = NIC_GET(EERD_ADDR, value);
    nic->reg[SLOT_EERD] = NIC_PUT(EERD_ADDR, address) | NIC_PUT(EERD_DATA, eeprom_word(address)) | NIC_MASK(EERD_DONE);
}

/* Presence, size and auto-read state are the hardware's; a request for direct access is granted. */
void write_eec(struct nic *nic, uint32_t index, uint32_t value)
{
    uint32_t fixed = nic_reg_info(REG_EEC)->reset, soft = 0x7fu;
    (void)index;
    nic->reg[SLOT_EEC] = fixed | (value & soft) | (NIC_GET(EEC_REQ, value) ? NIC_MASK(EEC_GNT) : 0);
}

/* A read that finds SMBI clear has taken it. */
uint32_t read_swsm(struct nic *nic, uint32_t index)
{
    uint32_t value = nic->reg[SLOT_SWSM];
    (void)index;
    nic->reg[SLOT_SWSM] |= NIC_MASK(SWSM_SMBI);
    return value;
}

/* -- MDIO and link ------------------------------------------------------------------------------------------------ */

/* Every command finishes at once, and nobody answers. */
void write_msca(struct nic *nic, uint32_t index, uint32_t value)
{
    (void)index;
    nic->reg[SLOT_MSCA] = value & ~(NIC_MASK(MSCA_GO) | NIC_MASK(MSCA_IN_PROGRESS));
    nic->reg[SLOT_MSRWD] = (uint32_t)NO_PHY << 16 | (nic->reg[SLOT_MSRWD] & 0xffff);
}

static bool link_up(const struct nic *nic)
{
    return nic->wire && link_is_up(nic->wire);
}

uint32_t read_links(struct nic *nic, uint32_t index)
{
    (void)index;
    return link_up(nic) ? NIC_MASK(LINKS_UP) | NIC_MASK(LINKS_SPEED) | NIC_MASK(LINKS_AN_COMP) : 0;
}

/* Negotiation takes no time. */
void write_autoc(struct nic *nic, uint32_t index, uint32_t value)
{
    (void)index;
    nic->reg[SLOT_AUTOC] = value & ~NIC_MASK(AUTOC_AN_RESTART);
    if (NIC_GET(AUTOC_AN_RESTART, value) && link_up(nic)) irq_other(nic, NIC_MASK(EICR_LSC));
}

/* -- general ------------------------------------------------------------------------------------------------------ */

uint32_t read_status(struct nic *nic, uint32_t index)
{
    uint32_t lan = NIC_PUT(STATUS_LAN_ID, nic->config.lan_id);
    (void)index;
    return lan | (NIC_GET(CTRL_GIO_DIS, nic->reg[SLOT_CTRL]) ? 0 : NIC_MASK(STATUS_GIO));
}

uint32_t read_frtimer(struct nic *nic, uint32_t index)
{
    (void)index;
    return (uint32_t)(engine_now(nic->engine).ps / 1000000);
}
