/* SPDX-License-Identifier: GPL-3.0-or-later
 * fuzz_nic82573.c -- the same as fuzz_nic.c for the gigabit card: registers, rings, descriptors of its three formats,
 * frames, delays, PAUSE, mappings, the cable, and resets.
 *
 *     fuzz_nic82573 RUNS SEED [STEPS] */
#include "fuzz_card.h"
#include "nicmodel/nic82573.h"
#include "nicmodel/nic82573_regs.h"

static struct nic82573 *nic;
static int messages;

#define R(reg) NIC_OFFSET(reg, 0)

static void configure_receive(void)
{
    put(R(RCTL), one_in(4) ? any32() : (any32() & ~NIC_MASK(RCTL_EN)) | NIC_PUT(RCTL_EN, !one_in(4)) | NIC_PUT(RCTL_UPE, roll(2)));
    put(R(RXDCTL), any32());
    put(R(RXCSUM), any32());
    put(R(RFCTL), any32());
    if (one_in(3)) put(R(PBA), one_in(2) ? any32() : roll(33));
    if (one_in(3)) put(R(CTRL), any32() & ~NIC_MASK(CTRL_RST));
}

static void configure_transmit(void)
{
    put(R(TCTL), NIC_PUT(TCTL_EN, !one_in(6)) | (any32() & ~NIC_MASK(TCTL_EN)));
    put(R(TXDCTL), any32());
    put(R(TIDV), one_in(2) ? 0 : roll(2000));
    put(R(TADV), one_in(2) ? 0 : roll(2000));
}

static void configure_interrupts(void)
{
    put(R(ITR), one_in(2) ? 0 : roll(3000));
    put(R(RDTR), one_in(2) ? 0 : any32());
    put(R(RADV), one_in(2) ? 0 : roll(65536));
    put(R(RSRPD), roll(2000));
    put(R(IMS), any32());
    put(R(IAM), any32());
    put(R(FCTTV), roll(65536));
    put(R(FCRTH), one_in(2) ? any32() : roll(20000));
    put(R(FCRTL), one_in(2) ? any32() : roll(10000) | NIC_MASK(FCRTL_XONE));
}

static void set_up_ring(bool tx)
{
    uint64_t base = one_in(8) ? any_address() : fz.rings + roll(8) * 4096;
    uint32_t n = one_in(8) ? roll(RINGS_BYTES / 16 + 50) : 8u << roll(6);
    const uint32_t at[2][5] = { { R(RDBAL), R(RDBAH), R(RDLEN), R(RDH), R(RDT) },
                                { R(TDBAL), R(TDBAH), R(TDLEN), R(TDH), R(TDT) } };
    const uint32_t value[5] = { (uint32_t)base, (uint32_t)(base >> 32), n * 16, one_in(4) ? any32() : 0,
                                one_in(8) ? any32() : roll(n + 1) };
    for (int i = 0; i < 5; i++) put(at[tx][one_in(6) ? roll(5) : (uint32_t)i], value[i]);
}

static void move_tail(void)
{
    bool tx = one_in(2);
    uint32_t n = nic82573_reg_peek(nic, tx ? R(TDLEN) : R(RDLEN)) / 16, offset = tx ? R(TDT) : R(RDT);
    put(offset, one_in(10) || n == 0 ? any32() : one_in(2) ? roll(n) : (nic82573_reg_peek(nic, offset) + roll(9)) % n);
}

/* A context (where sums begin and end, or what to cut) or data. */
static uint64_t context_or_data(uint64_t *low)
{
    uint64_t cmd = (roll(256) & (one_in(3) ? 0xffu : 0x7bu)) | 0x20;

    if (one_in(3)) {
        *low = one_in(4) ? rng_u64(fz.rng) : 14 | 24ull << 8 | 33ull << 16 | 34ull << 32 | 50ull << 40;
        return (one_in(6) ? roll(1 << 20) : roll(4000)) | cmd << 24 | (uint64_t)roll(256) << 40 |
               (uint64_t)(one_in(6) ? roll(65536) : 100 + roll(1400)) << 48;
    }
    *low = any_address();
    uint32_t whole = one_in(4) ? whole_packet(low) : 0;
    if (whole) return whole | 1ull << 20 | (cmd | 1) << 24 | (uint64_t)roll(4) << 40;
    return (one_in(6) ? roll(1 << 20) : one_in(8) ? 0 : roll(2048)) | (one_in(10) ? (uint64_t)roll(16) << 20 : 1ull << 20) |
           cmd << 24 | (uint64_t)roll(256) << 40 | (uint64_t)roll(65536) << 48;
}

static void message(void *owner)
{
    ++*(int *)owner;
    if (one_in(2)) get(R(ICR));
    if (one_in(3)) put(R(IMS), any32());
}

static void level(void *owner, bool high)
{
    (void)owner;
    if (high) get(R(ICR));
}

static void set_interrupt(void)
{
    if (one_in(2))
        nic82573_set_pin(nic, one_in(2) ? level : NULL, NULL);
    else
        nic82573_set_vector(nic, 0, one_in(3) ? NULL : message, &messages);
}

static void change_wire(void)
{
    switch (roll(4)) {
    case 0: nic82573_set_wire(nic, NULL); break;
    case 1: link_set_up(fz.wire, one_in(2)); break;
    default:
        link_set_up(fz.wire, true);
        nic82573_set_wire(nic, fz.wire);
        break;
    }
}

static void one_step(void)
{
    switch (roll(25)) {
    case 0: touch_row(); break;
    case 1: configure_receive(); break;
    case 2: configure_interrupts(); break;
    case 3: set_up_ring(true); break;
    case 4: set_up_ring(false); break;
    case 5: case 6: case 7: write_descriptors(context_or_data); break;
    case 8: case 9: case 10: move_tail(); break;
    case 11: case 12: case 13: receive_some(); break;
    case 14: set_interrupt(); break;
    case 15: change_mappings(); break;
    case 16: take_frames(); break;
    case 17:
        if (one_in(4)) change_wire();
        break;
    case 18:
        if (one_in(6)) put(OFFSET_CTRL, one_in(2) ? NIC_MASK(CTRL_RST) : any32());
        break;
    case 19: case 20: pass_time(); break;
    case 21: configure_transmit(); break;
    default: touch_registers(); break;
    }
}

static void *create(void)
{
    nic = nic82573_create(fz.engine, fz.stats, fz.pool, fz.pcie, fz.memory,
                          &(struct nic82573_config){ "nic", fuzz_mac, fz.seed % 4 == 0 });
    nic82573_set_wire(nic, fz.wire);
    nic82573_set_vector(nic, 0, message, &messages);
    return nic;
}

/* The card after a reset: a frame in, a frame out. */
static void recover(void)
{
    struct fuzz_desc *d = (struct fuzz_desc *)(void *)fz.rings_view;

    nic82573_set_vector(nic, 0, NULL, NULL);
    link_set_up(fz.wire, true);
    nic82573_set_wire(nic, fz.wire);
    run_ns(20000000);
    put(OFFSET_CTRL, NIC_MASK(CTRL_RST));
    run_ns(20000000);
    packet_pool_check(fz.pool);
    uint64_t before_in = nic82573_counter(nic, NIC_rx_packets), before_out = fz.sent;
    d[0] = (struct fuzz_desc){ { fz.bytes + 4096, 0 } };
    d[256] = (struct fuzz_desc){ { fz.bytes, 100 | 0x0bull << 24 } };
    for (int tx = 0; tx < 2; tx++) {
        uint64_t base = fz.rings + (tx ? 4096 : 0);
        put(tx ? R(TDBAL) : R(RDBAL), (uint32_t)base);
        put(tx ? R(TDBAH) : R(RDBAH), (uint32_t)(base >> 32));
        put(tx ? R(TDLEN) : R(RDLEN), 1024);
        put(tx ? R(TCTL) : R(RCTL), tx ? NIC_MASK(TCTL_EN) : NIC_MASK(RCTL_EN) | NIC_MASK(RCTL_UPE));
        put(tx ? R(TDT) : R(RDT), 1);
    }
    nic82573_receive(nic, good_frame(IPPROTO_UDP_, 200));
    run_ns(20000000);
    nic82573_sync(nic);
    SIM_ASSERT(nic82573_counter(nic, NIC_rx_packets) == before_in + 1 && d[0].q[1] >> 32 & 1);
    SIM_ASSERT(fz.sent == before_out + 1 && d[256].q[1] >> 32 & 1);
}

static void destroy(void) { nic82573_destroy(nic); }
static uint64_t packets_in(void) { return nic82573_counter(nic, NIC_rx_packets); }
static uint32_t peek(void *card, uint32_t offset) { return nic82573_reg_peek(card, offset); }

int main(int argc, char **argv)
{
    return fuzz_main(&(struct fuzz_target){ "fuzz_nic82573", &nic82573_reg_list, OFFSET_CTRL, nic82573_reg_read,
                                            nic82573_reg_write, peek, nic82573_receive, create, destroy, one_step, recover,
                                            packets_in }, argc, argv);
}
