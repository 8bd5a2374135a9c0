/* SPDX-License-Identifier: GPL-3.0-or-later
 * e1000g_init.c -- programs the device, in the order of the published drivers for it.
 *
 * Stop and reset; EEPROM; addresses and filters; transmit; receive; interrupt last.  Loops that wait for the device are
 * bounded; the device answers at once or is broken, which is a bug of ours. */
#include "driver/e1000g_impl.h"

enum {
    POLL_MAX = 800, SUM_WORDS = 0x40, SUM = 0xbaba, PBA_RX_KIB = 20, PBA_TX_KIB = 12,
    RX_ABS_DELAY = 64, /* units of 1.024 us; without RDTR nothing waits for it */
    PAUSE_QUANTA = 0x680, COLLISION_THRESHOLD = 15, COLLISION_DISTANCE = 63,
    SMALLEST_LARGE = 4096,
};

static void wait_for(struct e1000g *d, uint32_t offset, uint32_t mask, bool set)
{
    bool done = false;
    for (int i = 0; i < POLL_MAX && !done; i++) done = (bool)(reg_read(d, offset) & mask) == set;
    SIM_ASSERT(done);
}

static void stop_and_reset(struct e1000g *d)
{
    reg_write(d, NIC_OFFSET(IMC, 0), UINT32_MAX);
    reg_write(d, NIC_OFFSET(RCTL, 0), 0);
    reg_write(d, NIC_OFFSET(TCTL, 0), NIC_MASK(TCTL_PSP));
    reg_write(d, NIC_OFFSET(CTRL, 0), reg_read(d, NIC_OFFSET(CTRL, 0)) | NIC_MASK(CTRL_GIO_DIS));
    wait_for(d, NIC_OFFSET(STATUS, 0), NIC_MASK(STATUS_GIO), false);
    reg_write(d, NIC_OFFSET(CTRL, 0), NIC_MASK(CTRL_RST));
    wait_for(d, NIC_OFFSET(EEC, 0), NIC_MASK(EEC_ARD), true);
    reg_write(d, NIC_OFFSET(IMC, 0), UINT32_MAX);
    reg_read(d, NIC_OFFSET(ICR, 0));
}

static uint16_t eeprom_read(struct e1000g *d, uint32_t word)
{
    reg_write(d, NIC_OFFSET(EERD, 0), NIC_MASK(EERD_START) | NIC_PUT(EERD_ADDR, word));
    wait_for(d, NIC_OFFSET(EERD, 0), NIC_MASK(EERD_DONE), true);
    return (uint16_t)NIC_GET(EERD_DATA, reg_read(d, NIC_OFFSET(EERD, 0)));
}

static void read_eeprom(struct e1000g *d)
{
    uint16_t sum = 0;

    for (uint32_t w = 0; w < SUM_WORDS; w++) {
        uint16_t word = eeprom_read(d, w);
        sum = (uint16_t)(sum + word);
        if (w >= 3) continue;
        d->mac[0].byte[2 * w] = (uint8_t)word;
        d->mac[0].byte[2 * w + 1] = (uint8_t)(word >> 8);
    }
    SIM_ASSERT(sum == SUM);
}

/* Statistics registers are those that reading clears. */
static void clear_statistics(struct e1000g *d)
{
    enum { CLEAR_RC = 1, CLEAR_RW = 0, CLEAR_RO = 0, CLEAR_W1C = 0, CLEAR_W1S = 0, CLEAR_WO = 0 };
#define R(NAME, offset, count, stride, access, ...) \
    for (int i = 0; CLEAR_##access && i < (count); i++) reg_read(d, NIC_OFFSET(NAME, i));
    NIC82573_REGS(R)
#undef R
}

void e1000g_write_address(struct e1000g *d, int i)
{
    const uint8_t *b = d->mac[i].byte;
    uint32_t low = (uint32_t)b[0] | (uint32_t)b[1] << 8 | (uint32_t)b[2] << 16 | (uint32_t)b[3] << 24;
    uint32_t high = (uint32_t)b[4] | (uint32_t)b[5] << 8 | NIC_MASK(RAH_AV);
    reg_write(d, NIC_OFFSET(RAL, i), d->mac_used[i] ? low : 0);
    reg_write(d, NIC_OFFSET(RAH, i), d->mac_used[i] ? high : 0);
}

static void start_filters(struct e1000g *d)
{
    d->mac_used[0] = true;
    for (int i = 0; i < MAC_SLOTS; i++) e1000g_write_address(d, i);
    for (int i = 0; i < COUNT_MTA; i++) reg_write(d, NIC_OFFSET(MTA, i), 0);
    for (int i = 0; i < COUNT_VFTA; i++) reg_write(d, NIC_OFFSET(VFTA, i), 0);
    clear_statistics(d);
}

/* Packet buffer, link, and flow control: XOFF at nine tenths of the receive part, or with room for one more frame. */
static void start_mac(struct e1000g *d)
{
    const struct e1000g_config *c = &d->config;
    uint32_t size = PBA_RX_KIB * 1024, frame = c->mtu_bytes + ETH_BYTES + VLAN_BYTES + FRAME_FCS_BYTES;
    uint32_t high = size * 9 / 10 < size - frame ? size * 9 / 10 : size - frame;
    uint32_t ctrl = reg_read(d, NIC_OFFSET(CTRL, 0)) | NIC_MASK(CTRL_SLU);

    reg_write(d, NIC_OFFSET(PBA, 0), PBA_RX_KIB | NIC_PUT(PBA_TXA, PBA_TX_KIB));
    if (c->pause_rx) ctrl |= NIC_MASK(CTRL_RFCE);
    if (c->pause_tx) ctrl |= NIC_MASK(CTRL_TFCE);
    reg_write(d, NIC_OFFSET(FCTTV, 0), PAUSE_QUANTA);
    reg_write(d, NIC_OFFSET(FCRTL, 0), c->pause_tx ? ((high - 8) & NIC_MASK(FCRTL_RTL)) | NIC_MASK(FCRTL_XONE) : 0);
    reg_write(d, NIC_OFFSET(FCRTH, 0), c->pause_tx ? high & NIC_MASK(FCRTH_RTH) : 0);
    reg_write(d, NIC_OFFSET(CTRL, 0), ctrl);
    reg_write(d, NIC_OFFSET(CTRL_EXT, 0), NIC_MASK(CTRL_EXT_DRV_LOAD));
}

static void start_tx(struct e1000g *d)
{
    const struct tx_ring *r = &d->tx;

    reg_write(d, NIC_OFFSET(TDLEN, 0), r->n * DESC_BYTES);
    reg_write(d, NIC_OFFSET(TDBAL, 0), (uint32_t)r->base);
    reg_write(d, NIC_OFFSET(TDBAH, 0), (uint32_t)(r->base >> 32));
    reg_write(d, NIC_OFFSET(TDH, 0), 0);
    reg_write(d, NIC_OFFSET(TDT, 0), 0);
    reg_write(d, NIC_OFFSET(TXDCTL, 0), NIC_MASK(TXDCTL_GRAN) | NIC_PUT(TXDCTL_WTHRESH, 1));
    reg_write(d, NIC_OFFSET(TIDV, 0), (uint32_t)d->config.tx_delay_units);
    reg_write(d, NIC_OFFSET(TADV, 0), (uint32_t)d->config.tx_delay_units);
    reg_write(d, NIC_OFFSET(TCTL, 0), NIC_MASK(TCTL_EN) | NIC_MASK(TCTL_PSP) | NIC_PUT(TCTL_CT, COLLISION_THRESHOLD) |
                                      NIC_PUT(TCTL_COLD, COLLISION_DISTANCE));
}

static uint32_t buffer_size(const struct e1000g *d)
{
    uint32_t code = 3; /* 4096 with BSEX, and half of that number is twice the size */

    if (d->slot_bytes < SMALLEST_LARGE) return 0;
    for (uint32_t bytes = SMALLEST_LARGE; bytes < d->slot_bytes; bytes *= 2) code--;
    return NIC_PUT(RCTL_BSIZE, code) | NIC_MASK(RCTL_BSEX);
}

static void start_rx(struct e1000g *d)
{
    const struct rx_ring *r = &d->rx;

    reg_write(d, NIC_OFFSET(RDLEN, 0), r->n * DESC_BYTES);
    reg_write(d, NIC_OFFSET(RDBAL, 0), (uint32_t)r->base);
    reg_write(d, NIC_OFFSET(RDBAH, 0), (uint32_t)(r->base >> 32));
    reg_write(d, NIC_OFFSET(RDH, 0), 0);
    uint32_t delay = (uint32_t)d->config.rx_delay_units;
    reg_write(d, NIC_OFFSET(RDTR, 0), delay);
    reg_write(d, NIC_OFFSET(RADV, 0), delay ? delay : RX_ABS_DELAY);
    reg_write(d, NIC_OFFSET(RXCSUM, 0), NIC_MASK(RXCSUM_IPOFL) | NIC_MASK(RXCSUM_TUOFL));
    d->rctl = NIC_MASK(RCTL_EN) | NIC_MASK(RCTL_BAM) | NIC_MASK(RCTL_DPF) | NIC_MASK(RCTL_SECRC) | buffer_size(d);
    if (d->config.mtu_bytes > 1500) d->rctl |= NIC_MASK(RCTL_LPE);
    reg_write(d, NIC_OFFSET(RCTL, 0), d->rctl);
    reg_write(d, NIC_OFFSET(RDT, 0), r->n - 1);
}

static void start_interrupt(struct e1000g *d)
{
    reg_write(d, NIC_OFFSET(ITR, 0), d->itr);
    reg_write(d, NIC_OFFSET(IMS, 0), NIC_MASK(ICR_RXT0) | NIC_MASK(ICR_TXDW) | NIC_MASK(ICR_LSC));
}

void e1000g_start(struct e1000g *d)
{
    stop_and_reset(d);
    read_eeprom(d);
    start_filters(d);
    start_mac(d);
    start_tx(d);
    start_rx(d);
    start_interrupt(d);
}
