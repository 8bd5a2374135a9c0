/* SPDX-License-Identifier: GPL-3.0-or-later
 * fuzz_nic.c -- software gone mad on the modelled 82598: whatever it writes, the card neither crashes, hangs, loses a
 * packet nor reaches memory that is not the machine's, and a reset brings it back.
 *
 *     fuzz_nic RUNS SEED [STEPS]
 *
 * A step writes or reads registers anywhere in BAR0 (mostly real ones, mostly plausible values), sets up rings, fills them
 * with valid or wild descriptors in mapped, unmapped and half-mapped memory, divides the card into classes, puts frames of
 * all kinds on the wire, drives the EEPROM's wires, masks vectors, takes mappings away, pulls the cable, resets the card, or
 * lets time pass. */
#include "fuzz_card.h"
#include "nicmodel/nic82598.h"
#include "nicmodel/nic82598_regs.h"

static int messages[NIC_VECTORS];
static struct nic *nic;

/* -- configuration ------------------------------------------------------------------------------------------------- */

static void configure_receive(void)
{
    for (int i = 0; i < 16; i++)
        put(NIC_OFFSET(SRRCTL, i), NIC_PUT(SRRCTL_BSIZEPACKET, one_in(4) ? roll(20) : 2) |
            NIC_PUT(SRRCTL_BSIZEHEADER, one_in(4) ? roll(64) : roll(5)) | NIC_PUT(SRRCTL_DESCTYPE, roll(6)) |
            NIC_PUT(SRRCTL_DROP_EN, roll(2)));
    for (int i = 0; i < 16; i++) put(NIC_OFFSET(PSRTYPE, i), one_in(2) ? any32() : UINT32_MAX);
    put(NIC_OFFSET(HLREG0, 0), one_in(4) ? any32() : 0x401 | NIC_PUT(HLREG0_JUMBOEN, roll(2)) |
                               NIC_PUT(HLREG0_RXCRCSTRP, !one_in(4)) | NIC_PUT(HLREG0_RXLNGTHERREN, one_in(4)));
    put(NIC_OFFSET(MHADD, 0), NIC_PUT(MHADD_MAXFRS, one_in(3) ? any32() : roll(16000)));
    put(NIC_OFFSET(FCTRL, 0), one_in(2) ? any32() : NIC_MASK(FCTRL_BAM) | NIC_MASK(FCTRL_UPE) | NIC_MASK(FCTRL_MPE) |
                                                    NIC_PUT(FCTRL_SBP, roll(2)));
    put(NIC_OFFSET(RXCSUM, 0), NIC_PUT(RXCSUM_PCSD, roll(2)) | NIC_PUT(RXCSUM_IPPCSE, roll(2)));
    put(NIC_OFFSET(VLNCTRL, 0), one_in(4) ? any32() : 0x8100 | NIC_PUT(VLNCTRL_VME, roll(2)));
    if (one_in(2)) put(NIC_OFFSET(MRQC, 0), any32() | NIC_MASK(MRQC_RSSEN));
    if (one_in(2)) put(NIC_OFFSET(VMD_CTL, 0), any32());
    if (one_in(2)) put(NIC_OFFSET(RDRXCTL, 0), any32());
    if (one_in(4)) put(NIC_OFFSET(RXPBSIZE0, 0), any32());
    for (int i = 0; i < 32; i++) put(NIC_OFFSET(RETA, i), one_in(2) ? any32() : roll(4) * 0x11111111u);
    put(NIC_OFFSET(RXCTRL, 0), NIC_MASK(RXCTRL_RXEN));
}

static void configure_interrupts(void)
{
    for (int i = 0; i < COUNT_IVAR; i++) put(NIC_OFFSET(IVAR, i), any32() | (one_in(2) ? 0x80808080 : 0));
    for (int i = 0; i < COUNT_EITR; i++) put(NIC_OFFSET(EITR, i), one_in(3) ? any32() : roll(1000));
    put(NIC_OFFSET(GPIE, 0), one_in(3) ? any32() : NIC_MASK(GPIE_MSIX_MODE) | NIC_PUT(GPIE_EIAME, roll(2)));
    put(NIC_OFFSET(EIAC, 0), any32());
    put(NIC_OFFSET(EIAM, 0), any32());
    put(NIC_OFFSET(EIMS, 0), any32());
}

/* Credits, buffers and modes of classes, some of them none. */
static void configure_classes(void)
{
    put(NIC_OFFSET(RDRXCTL, 0), NIC_PUT(RDRXCTL_MPBEN, !one_in(3)) | NIC_PUT(RDRXCTL_MVMEN, roll(2)));
    put(NIC_OFFSET(RUPPBMR, 0), any32());
    put(NIC_OFFSET(RMCS, 0), any32());
    put(NIC_OFFSET(DPMCS, 0), any32());
    put(NIC_OFFSET(PDPMCS, 0), any32());
    put(NIC_OFFSET(RXPBSIZE0, 0), roll(65) << 10);
    for (int c = 0; c < 8; c++) {
        if (c < 7) put(NIC_OFFSET(RXPBSIZE, c), roll(65) << 10);
        put(NIC_OFFSET(TXPBSIZE, c), roll(41) << 10);
        put(NIC_OFFSET(RT2CR, c), one_in(3) ? any32() : roll(512));
        put(NIC_OFFSET(TDTQ2TCCR, c), one_in(3) ? any32() : roll(512));
        put(NIC_OFFSET(TDPT2TCCR, c), one_in(3) ? any32() : roll(512));
        put(NIC_OFFSET(FCRTH, c), one_in(2) ? any32() : NIC_MASK(FCRTH_FCEN) | roll(4096) << 4);
        put(NIC_OFFSET(FCRTL, c), one_in(2) ? any32() : NIC_MASK(FCRTL_XONE) | roll(2048) << 4);
    }
    for (int i = 0; i < COUNT_FCTTV; i++) put(NIC_OFFSET(FCTTV, i), any32());
    put(NIC_OFFSET(FCRTV, 0), roll(65536));
}

/* A ring that could be software's, or nearly. */
static void set_up_ring(bool tx, uint32_t q)
{
    uint64_t base = one_in(8) ? any_address() : fz.rings + roll(8) * 4096;
    uint32_t n = one_in(8) ? roll(RINGS_BYTES / 16 + 50) : 8u << roll(6);
    uint32_t control = (one_in(3) ? any32() & 0x7f7f7f : roll(64) | roll(16) << 8 | roll(20) << 16) |
                       (one_in(8) ? 0 : NIC_MASK(RXDCTL_ENABLE));
    uint32_t first = tx ? NIC_OFFSET(TDBAL, q) : NIC_OFFSET(RDBAL, q), at[5] = { 0, 4, 8, 0x10, 0x28 };
    uint32_t value[5] = { (uint32_t)base, (uint32_t)(base >> 32), n * 16, one_in(4) ? any32() : 0, control };

    for (int i = 0; i < 5; i++) put(first + (one_in(6) ? at[roll(5)] : at[i]), value[i]);
    put(first + 0x18, one_in(8) ? any32() : roll(n + 1));
    if (tx && one_in(6)) {
        uint64_t addr = any_address();
        put(NIC_OFFSET(TDWBAL, q), (uint32_t)addr | 1);
        put(NIC_OFFSET(TDWBAH, q), (uint32_t)(addr >> 32));
    }
}

static void move_tail(void)
{
    bool tx = one_in(2);
    uint32_t q = one_in(4) ? roll(tx ? NIC_TX_QUEUES : NIC_RX_QUEUES) : roll(3);
    uint32_t n = nic_reg_peek(nic, tx ? NIC_OFFSET(TDLEN, q) : NIC_OFFSET(RDLEN, q)) / 16;
    uint32_t offset = tx ? NIC_OFFSET(TDT, q) : NIC_OFFSET(RDT, q);
    put(offset, one_in(10) || n == 0 ? any32() : one_in(2) ? roll(n) : (nic_reg_peek(nic, offset) + roll(9)) % n);
}

static uint64_t context_or_data(uint64_t *low)
{
    if (one_in(3)) {
        uint32_t mac = one_in(8) ? roll(128) : 14, ip = one_in(8) ? roll(512) : one_in(2) ? 20 : 40;
        uint32_t l4 = one_in(8) ? roll(256) : one_in(2) ? 20 : 8, mss = one_in(8) ? roll(65536) : 100 + roll(1400);
        *low = ip | (uint64_t)mac << 9 | (uint64_t)roll(65536) << 16;
        return (uint64_t)mss << 48 | (uint64_t)l4 << 40 | (uint64_t)roll(8) << 36 | 1ull << 29 | 2ull << 20 |
               (uint64_t)roll(8) << 9;
    }
    uint64_t cmd = roll(256) & (one_in(3) ? 0xff : 0x7b);
    uint32_t len = one_in(6) ? roll(65536) : one_in(8) ? 0 : roll(2048);
    *low = any_address();
    uint32_t whole = one_in(4) ? whole_packet(low) : 0;
    if (whole) len = whole, cmd |= 1;
    return len | (one_in(10) ? (uint64_t)roll(16) << 20 : 3ull << 20) | (cmd | 0x20) << 24 | (uint64_t)roll(8) << 36 |
           (uint64_t)roll(64) << 40 | (uint64_t)(len + roll(3)) << 46;
}

/* Bits of any command, some whole. */
static void wave_eeprom(void)
{
    uint32_t command = roll(8) << 16 | roll(1100);
    put(NIC_OFFSET(EEC, 0), NIC_MASK(EEC_REQ) | NIC_MASK(EEC_CS));
    for (int i = 23; i >= 0; i--) {
        uint32_t data = NIC_MASK(EEC_REQ) | NIC_PUT(EEC_DI, command >> i & 1);
        put(NIC_OFFSET(EEC, 0), data);
        put(NIC_OFFSET(EEC, 0), data | NIC_MASK(EEC_SK));
        if (one_in(40)) return;
    }
    for (uint32_t n = roll(40); n > 0; n--) {
        uint32_t data = NIC_MASK(EEC_REQ) | NIC_PUT(EEC_DI, roll(2));
        put(NIC_OFFSET(EEC, 0), data);
        put(NIC_OFFSET(EEC, 0), data | NIC_MASK(EEC_SK));
    }
}

/* -- interrupts and the wire --------------------------------------------------------------------------------------- */

static void message(void *owner)
{
    ++*(int *)owner;
    if (one_in(3)) get(NIC_OFFSET(EICR, 0));
    if (one_in(3)) put(NIC_OFFSET(EIMS, 0), any32());
}

static void level(void *owner, bool high)
{
    (void)owner;
    if (high) get(NIC_OFFSET(EICR, 0));
}

static void set_vectors(void)
{
    if (one_in(8)) nic_set_pin(nic, one_in(2) ? level : NULL, NULL);
    if (one_in(8)) nic_set_msi(nic, one_in(2) ? message : NULL, &messages[0]);
    if (one_in(4)) nic_msix_write(nic, roll(0x2010), any32());
    if (one_in(8)) nic_pci_write(nic, roll(64) * 4, any32());
    fz.digest ^= nic_pci_read(nic, roll(64) * 4) + nic_msix_read(nic, roll(0x2010));
    for (uint32_t n = roll(4) + 1; n > 0; n--) {
        int v = (int)roll(NIC_VECTORS);
        nic_set_vector(nic, v, one_in(2) ? message : NULL, &messages[v]);
    }
}

static void change_wire(void)
{
    switch (roll(4)) {
    case 0: nic_set_wire(nic, NULL); break;
    case 1: link_set_up(fz.wire, one_in(2)); break;
    default:
        link_set_up(fz.wire, true);
        nic_set_wire(nic, fz.wire);
        break;
    }
}

static void one_step(void)
{
    switch (roll(26)) {
    case 0: touch_row(); break;
    case 1: configure_receive(); break;
    case 2: configure_interrupts(); break;
    case 3: set_up_ring(true, roll(one_in(4) ? NIC_TX_QUEUES : 3)); break;
    case 4: set_up_ring(false, roll(one_in(4) ? NIC_RX_QUEUES : 3)); break;
    case 5: case 6: case 7: write_descriptors(context_or_data); break;
    case 8: case 9: case 10: move_tail(); break;
    case 11: case 12: case 13: receive_some(); break;
    case 14: set_vectors(); break;
    case 15: change_mappings(); break;
    case 16: take_frames(); break;
    case 17:
        if (one_in(4)) change_wire();
        break;
    case 18:
        if (one_in(6)) put(OFFSET_CTRL, one_in(2) ? NIC_MASK(CTRL_RST) : any32());
        break;
    case 19: case 20: pass_time(); break;
    case 21:
        if (one_in(4)) configure_classes();
        break;
    case 22:
        if (one_in(8)) wave_eeprom();
        break;
    default: touch_registers(); break;
    }
}

/* -- a card -------------------------------------------------------------------------------------------------------- */

static void *create(void)
{
    nic = nic_create(fz.engine, fz.stats, fz.pool, fz.pcie, fz.memory,
                     &(struct nic_config){ .name = "nic", .device_id = 0x10c6, .mac = fuzz_mac, .synced = fz.seed % 4 == 0 });
    nic_set_wire(nic, fz.wire);
    for (int v = 0; v < NIC_VECTORS; v++) nic_set_vector(nic, v, message, &messages[v]);
    return nic;
}

/* The card after a reset is a new card: reset values, a frame in, a frame out. */
static void recover(void)
{
    struct fuzz_desc *d = (struct fuzz_desc *)(void *)fz.rings_view;

    nic_pci_write(nic, 4, 1 << 2); /* bus master */
    for (int v = 0; v < NIC_VECTORS; v++) nic_set_vector(nic, v, NULL, NULL);
    link_set_up(fz.wire, true);
    nic_set_wire(nic, fz.wire);
    run_ns(20000000); /* what is on the wires arrives */
    put(OFFSET_CTRL, NIC_MASK(CTRL_RST));
    run_ns(20000000);
    packet_pool_check(fz.pool);
    for (unsigned r = 0; r < N_NIC82598_REGS; r++) {
        const struct nic_reg_info *info = nic_reg_info((enum nic82598_reg)r);
        bool own = r == REG_RAL || r == REG_RAH || r == REG_STATUS || r == REG_LINKS || r == REG_FRTIMER || r == REG_EICR;
        for (uint32_t i = own; i < info->count; i++)
            SIM_ASSERT(nic_reg_peek(nic, info->offset + i * info->stride) == info->reset);
    }
    uint64_t before_in = nic_counter(nic, NIC_rx_packets), before_out = fz.sent;
    put(NIC_OFFSET(SRRCTL, 0), NIC_PUT(SRRCTL_BSIZEPACKET, 2) | NIC_PUT(SRRCTL_DESCTYPE, 1));
    put(NIC_OFFSET(FCTRL, 0), NIC_MASK(FCTRL_UPE)); /* the EEPROM may hold another address by now */
    d[0] = (struct fuzz_desc){ { fz.bytes + 4096, 0 } };
    d[256] = (struct fuzz_desc){ { fz.bytes, 100 | 0x0bull << 24 } };
    for (int tx = 0; tx < 2; tx++) {
        uint64_t base = fz.rings + (tx ? 4096 : 0);
        put(tx ? NIC_OFFSET(TDBAL, 0) : NIC_OFFSET(RDBAL, 0), (uint32_t)base);
        put(tx ? NIC_OFFSET(TDBAH, 0) : NIC_OFFSET(RDBAH, 0), (uint32_t)(base >> 32));
        put(tx ? NIC_OFFSET(TDLEN, 0) : NIC_OFFSET(RDLEN, 0), 1024);
        put(tx ? NIC_OFFSET(TXDCTL, 0) : NIC_OFFSET(RXDCTL, 0), NIC_MASK(RXDCTL_ENABLE));
        put(tx ? NIC_OFFSET(TDT, 0) : NIC_OFFSET(RDT, 0), 1);
    }
    put(NIC_OFFSET(RXCTRL, 0), NIC_MASK(RXCTRL_RXEN));
    nic_receive(nic, good_frame(IPPROTO_UDP_, 200));
    run_ns(20000000);
    nic_sync(nic);
    SIM_ASSERT(nic_counter(nic, NIC_rx_packets) == before_in + 1 && d[0].q[1] & 1);
    SIM_ASSERT(fz.sent == before_out + 1 && d[256].q[1] >> 32 & 1);
}

static void destroy(void) { nic_destroy(nic); }
static uint64_t packets_in(void) { return nic_counter(nic, NIC_rx_packets); }
static uint32_t peek(void *card, uint32_t offset) { return nic_reg_peek(card, offset); }

int main(int argc, char **argv)
{
    return fuzz_main(&(struct fuzz_target){ "fuzz_nic", &nic82598_reg_list, OFFSET_CTRL, nic_reg_read, nic_reg_write, peek,
                                            nic_receive, create, destroy, one_step, recover, packets_in }, argc, argv);
}
