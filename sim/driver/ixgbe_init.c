/* SPDX-License-Identifier: GPL-3.0-or-later
 * ixgbe_init.c -- programs the device, in the order of the published drivers for it.
 *
 * Stop and reset; clear filters and statistics; MAC; transmit rings; receive rings; queue choice; enable queues, then
 * post the receive buffers, then enable receive; interrupts last.  Loops that wait for the device are bounded as the
 * drivers bound them; the device answers at once or is broken, which is a bug of ours. */
#include "driver/ixgbe_impl.h"

enum {
    POLL_MAX = 800, PTHRESH = 32, DESCTYPE_ADVANCED = 1, RETA_BYTE = 0x11,
};

static void wait_clear(struct ixgbe *d, uint32_t offset, uint32_t mask)
{
    bool clear = false;
    for (int i = 0; i < POLL_MAX && !clear; i++) clear = !(reg_read(d, offset) & mask);
    SIM_ASSERT(clear);
}

static void fill(struct ixgbe *d, uint32_t offset, uint32_t stride, int count, uint32_t value)
{
    for (int i = 0; i < count; i++) reg_write(d, offset + stride * (uint32_t)i, value);
}
#define FILL(d, reg, from, value) fill(d, NIC_OFFSET(reg, from), STRIDE_##reg, COUNT_##reg - (from), value)

static void stop_and_reset(struct ixgbe *d)
{
    reg_write(d, NIC_OFFSET(EIMC, 0), UINT32_MAX);
    reg_read(d, NIC_OFFSET(EICR, 0));
    FILL(d, TXDCTL, 0, NIC_MASK(TXDCTL_SWFLSH));
    FILL(d, RXDCTL, 0, NIC_MASK(RXDCTL_SWFLSH));
    reg_write(d, NIC_OFFSET(CTRL, 0), NIC_MASK(CTRL_GIO_DIS));
    wait_clear(d, NIC_OFFSET(STATUS, 0), NIC_MASK(STATUS_GIO));
    reg_write(d, NIC_OFFSET(CTRL, 0), NIC_MASK(CTRL_RST));
    wait_clear(d, NIC_OFFSET(CTRL, 0), NIC_MASK(CTRL_RST));
}

/* Statistics registers are those that reading clears. */
static void clear_statistics(struct ixgbe *d)
{
    enum { CLEAR_RC = 1, CLEAR_RW = 0, CLEAR_RO = 0, CLEAR_W1C = 0, CLEAR_W1S = 0, CLEAR_WO = 0 };
#define R(NAME, offset, count, stride, access, ...) \
    for (int i = 0; CLEAR_##access && i < (count); i++) reg_read(d, NIC_OFFSET(NAME, i));
    NIC82598_REGS(R)
#undef R
}

static void clear_filters(struct ixgbe *d)
{
    FILL(d, RAL, 1, 0);
    FILL(d, RAH, 1, 0);
    reg_write(d, NIC_OFFSET(MCSTCTRL, 0), 0);
    FILL(d, MTA, 0, 0);
    FILL(d, VFTA, 0, 0);
    FILL(d, VFTAVIND, 0, 0);
    clear_statistics(d);
    reg_write(d, NIC_OFFSET(CTRL_EXT, 0), NIC_MASK(CTRL_EXT_NS_DIS) | NIC_MASK(CTRL_EXT_DRV_LOAD));
}

static void start_mac(struct ixgbe *d)
{
    uint32_t frame = d->config.mtu_bytes + ETH_BYTES + FRAME_FCS_BYTES;
    uint32_t hlreg = NIC_MASK(HLREG0_TXCRCEN) | NIC_MASK(HLREG0_TXPADEN) | NIC_MASK(HLREG0_RXCRCSTRP);

    reg_write(d, NIC_OFFSET(MHADD, 0), NIC_PUT(MHADD_MAXFRS, frame));
    reg_write(d, NIC_OFFSET(HLREG0, 0), d->config.mtu_bytes > 1500 ? hlreg | NIC_MASK(HLREG0_JUMBOEN) : hlreg);
}

/* Thresholds and times are those of published drivers: stop at 128 KiB in the packet buffer, go on at 64 KiB, ask for
 * 0x680 quanta at a time. */
static void start_flow_control(struct ixgbe *d)
{
    enum { HIGH_BYTES = 128 * 1024, LOW_BYTES = 64 * 1024, UNIT_BYTES = 16, QUANTA = 0x680 };

    if (!d->config.pause_tx) return;
    reg_write(d, NIC_OFFSET(FCTTV, 0), NIC_PUT(FCTTV_TTV0, QUANTA));
    reg_write(d, NIC_OFFSET(FCRTV, 0), NIC_PUT(FCRTV_REFRESH, QUANTA / 2));
    reg_write(d, NIC_OFFSET(FCRTL, 0), NIC_PUT(FCRTL_RTL, LOW_BYTES / UNIT_BYTES) | NIC_MASK(FCRTL_XONE));
    reg_write(d, NIC_OFFSET(FCRTH, 0), NIC_PUT(FCRTH_RTH, HIGH_BYTES / UNIT_BYTES) | NIC_MASK(FCRTH_FCEN));
    reg_write(d, NIC_OFFSET(RMCS, 0), NIC_MASK(RMCS_TFCE_802_3X));
}

static void start_tx(struct ixgbe *d)
{
    for (int i = 0; i < d->n_tx; i++) {
        const struct tx_ring *r = &d->tx[i];
        reg_write(d, NIC_OFFSET(TDBAL, i), (uint32_t)r->base);
        reg_write(d, NIC_OFFSET(TDBAH, i), (uint32_t)(r->base >> 32));
        reg_write(d, NIC_OFFSET(TDLEN, i), r->n * DESC_BYTES);
        reg_write(d, NIC_OFFSET(TDH, i), 0);
        reg_write(d, NIC_OFFSET(TDT, i), 0);
        reg_write(d, NIC_OFFSET(TXDCTL, i), PTHRESH | NIC_MASK(TXDCTL_ENABLE));
    }
}

static void start_rx(struct ixgbe *d)
{
    uint32_t srrctl = NIC_PUT(SRRCTL_BSIZEPACKET, d->slot_bytes / 1024) | NIC_PUT(SRRCTL_DESCTYPE, DESCTYPE_ADVANCED) |
                      (d->config.drop_en ? NIC_MASK(SRRCTL_DROP_EN) : 0);

    reg_write(d, NIC_OFFSET(RXCTRL, 0), 0);
    d->fctrl = NIC_MASK(FCTRL_BAM) | NIC_MASK(FCTRL_PMCF) | NIC_MASK(FCTRL_DPF) |
               (d->config.pause_rx ? NIC_MASK(FCTRL_RFCE) : 0);
    reg_write(d, NIC_OFFSET(FCTRL, 0), d->fctrl);
    reg_write(d, NIC_OFFSET(RDRXCTL, 0), reg_read(d, NIC_OFFSET(RDRXCTL, 0)) | NIC_MASK(RDRXCTL_MVMEN));
    FILL(d, SRRCTL, 0, srrctl);
    for (int i = 0; i < d->n_rx; i++) {
        const struct rx_ring *r = &d->rx[i];
        reg_write(d, NIC_OFFSET(RDBAL, r->queue), (uint32_t)r->base);
        reg_write(d, NIC_OFFSET(RDBAH, r->queue), (uint32_t)(r->base >> 32));
        reg_write(d, NIC_OFFSET(RDLEN, r->queue), r->n * DESC_BYTES);
        reg_write(d, NIC_OFFSET(RDH, r->queue), 0);
        reg_write(d, NIC_OFFSET(RDT, r->queue), 0);
    }
    reg_write(d, NIC_OFFSET(RXCSUM, 0), NIC_MASK(RXCSUM_PCSD));
}

/* Groups by VMDq, rings of a group by RSS; both halves of a redirection byte hold the same ring. */
static void start_queue_choice(struct ixgbe *d)
{
    const struct ixgbe_config *c = &d->config;

    if (c->groups > 1) reg_write(d, NIC_OFFSET(VMD_CTL, 0), NIC_MASK(VMD_CTL_VMDQ_EN));
    if (c->rings_per_group == 1) return;
    for (int i = 0; i < COUNT_RETA; i++) {
        uint32_t value = 0;
        for (int b = 0; b < 4; b++) value |= (uint32_t)((i * 4 + b) % c->rings_per_group * RETA_BYTE) << (8 * b);
        reg_write(d, NIC_OFFSET(RETA, i), value);
    }
    for (int i = 0; i < COUNT_RSSRK; i++) reg_write(d, NIC_OFFSET(RSSRK, i), (uint32_t)rng_u64(c->rng));
    reg_write(d, NIC_OFFSET(MRQC, 0), NIC_MASK(MRQC_RSSEN) | NIC_MASK(MRQC_TCPV4) | NIC_MASK(MRQC_IPV4) |
                                      NIC_MASK(MRQC_TCPV6) | NIC_MASK(MRQC_IPV6) | NIC_MASK(MRQC_UDPV4) |
                                      NIC_MASK(MRQC_UDPV6));
}

/* The queue is live once ENABLE reads back; then its buffers are posted. */
static void enable_rx(struct ixgbe *d)
{
    uint32_t control = PTHRESH | NIC_PUT(RXDCTL_WTHRESH, d->config.rx_wthresh) | NIC_MASK(RXDCTL_ENABLE);

    for (int i = 0; i < d->n_rx; i++) {
        const struct rx_ring *r = &d->rx[i];
        reg_write(d, NIC_OFFSET(RXDCTL, r->queue), control);
        SIM_ASSERT(reg_read(d, NIC_OFFSET(RXDCTL, r->queue)) & NIC_MASK(RXDCTL_ENABLE));
        reg_write(d, NIC_OFFSET(RDH, r->queue), 0);
        reg_write(d, NIC_OFFSET(RDT, r->queue), r->n - 1);
    }
    reg_write(d, NIC_OFFSET(RXCTRL, 0), NIC_MASK(RXCTRL_DMBYPS) | NIC_MASK(RXCTRL_RXEN));
}

/* A vector's causes are cleared when its message is sent, so no interrupt reads EICR but that of the link. */
static void start_interrupts(struct ixgbe *d)
{
    uint32_t queues = 0;

    reg_write(d, NIC_OFFSET(GPIE, 0), NIC_MASK(GPIE_MSIX_MODE) | NIC_MASK(GPIE_OCD) | NIC_MASK(GPIE_PBA));
    for (int i = 0; i < d->n_vectors; i++) {
        const struct vector *v = &d->vector[i];
        reg_write(d, NIC_OFFSET(EITR, i), (uint32_t)d->config.itr_units);
        if (v->rx) ivar_set(d, v->rx->queue, i, true);
        for (int t = 0; v->tx && t < d->n_tx; t++)
            if (d->tx[t].vector == i) ivar_set(d, IVAR_TX + t, i, true);
        if (v->other) ivar_set(d, IVAR_OTHER, i, true);
        if (!v->other) queues |= 1u << i;
    }
    reg_write(d, NIC_OFFSET(EIAC, 0), queues);
    reg_write(d, NIC_OFFSET(EIMS, 0), queues | NIC_MASK(EICR_LSC));
}

void ixgbe_start(struct ixgbe *d)
{
    stop_and_reset(d);
    clear_filters(d);
    start_mac(d);
    start_flow_control(d);
    start_tx(d);
    start_rx(d);
    start_queue_choice(d);
    enable_rx(d);
    start_interrupts(d);
}
