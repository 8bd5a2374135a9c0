/* SPDX-License-Identifier: GPL-3.0-or-later
 * test_nic_interrupts.c -- how the 82598's causes reach the machine: MSI-X table, MSI, the pin, PCI configuration,
 * interrupts that do not wait, and the life cycle around them. */
#include <check.h>
#include <string.h>

#include "nic_rig.h"
#include "suites.h"

enum { FRAME = 1514, PCI_COMMAND = 4, CAP_MSI = 0x50, CAP_MSIX = 0x60, PBA = 0x2000, MASTER = 6 };

static struct nic_rig rig;
static int levels, level_now, msi;

static void on_level(void *owner, bool level)
{
    (void)owner;
    levels++;
    level_now = level;
}

static void on_msi(void *owner)
{
    (void)owner;
    msi++;
}

static void setup(void)
{
    nic_rig_init(&rig, NULL);
    levels = level_now = msi = 0;
    nic_rig_write(&rig, NIC_OFFSET(EICR, 0), UINT32_MAX); /* the cable was plugged in */
}

static void teardown(void)
{
    nic_rig_fini(&rig);
}

static void write_reg(uint32_t offset, uint32_t value)
{
    nic_rig_write(&rig, offset, value);
}

static uint32_t reg(uint32_t offset)
{
    return nic_rig_read(&rig, offset);
}

static void run_ns(int64_t ns)
{
    nic_rig_run_ns(&rig, ns);
}

/* -- MSI-X -------------------------------------------------------------------------------------------------------- */

START_TEST(nic_msix_write__masks_pend_and_send_on_unmasking)
{
    write_reg(NIC_OFFSET(GPIE, 0), NIC_MASK(GPIE_MSIX_MODE));
    write_reg(NIC_OFFSET(EIMS, 0), 0xffff);
    for (uint32_t v = 0; v < 16; v++) {
        ck_assert_uint_eq(nic_msix_read(rig.nic, v * 16 + 12), 0);
        nic_msix_write(rig.nic, v * 16 + 12, 1);
        write_reg(NIC_OFFSET(EICS, 0), 1u << v);
        ck_assert_uint_eq(nic_msix_read(rig.nic, PBA), 1u << v);
        run_ns(2000);
        ck_assert_int_eq(rig.messages[v], 0);
        nic_msix_write(rig.nic, v * 16 + 12, 0);
        ck_assert_uint_eq(nic_msix_read(rig.nic, PBA), 0);
        run_ns(2000);
        ck_assert_int_eq(rig.messages[v], 1);
    }
    nic_pci_write(rig.nic, CAP_MSIX, 3u << 30); /* all of them at once */
    write_reg(NIC_OFFSET(EICS, 0), 0x00ff);
    ck_assert_uint_eq(nic_msix_read(rig.nic, PBA), 0x00ff);
    write_reg(NIC_OFFSET(PBACL, 0), 0x000f);
    ck_assert_uint_eq(nic_msix_read(rig.nic, PBA), 0x00f0);
    nic_pci_write(rig.nic, CAP_MSIX, 1u << 31);
    run_ns(2000);
    for (int v = 0; v < 8; v++) ck_assert_int_eq(rig.messages[v], v < 4 ? 1 : 2);
}
END_TEST

START_TEST(nic_msix_read__table_and_reset_values)
{
    for (int v = 0; v < NIC_VECTORS; v++) nic_set_vector(rig.nic, v, NULL, NULL);
    for (uint32_t v = 0; v < NIC_VECTORS; v++) {
        ck_assert_uint_eq(nic_msix_read(rig.nic, v * 16 + 12), 1);
        nic_msix_write(rig.nic, v * 16, 0xfee00003 + (v << 4));
        nic_msix_write(rig.nic, v * 16 + 4, v);
        nic_msix_write(rig.nic, v * 16 + 8, 0x40 + v);
    }
    for (uint32_t v = 0; v < NIC_VECTORS; v++) {
        ck_assert_uint_eq(nic_msix_read(rig.nic, v * 16), 0xfee00000 + (v << 4));
        ck_assert_uint_eq(nic_msix_read(rig.nic, v * 16 + 4), v);
        ck_assert_uint_eq(nic_msix_read(rig.nic, v * 16 + 8), 0x40 + v);
    }
    ck_assert_uint_eq(nic_msix_read(rig.nic, NIC_VECTORS * 16), 0);
    ck_assert_uint_eq(nic_msix_read(rig.nic, 2), 0);
}
END_TEST

/* A queue event sends a message each, whether or not its cause is still set; other causes do not. */
START_TEST(nic_interrupt__a_message_per_queue_event)
{
    write_reg(NIC_OFFSET(GPIE, 0), NIC_MASK(GPIE_MSIX_MODE));
    write_reg(NIC_OFFSET(EIMS, 0), 0xffff);
    for (int i = 0; i < 5; i++) {
        write_reg(NIC_OFFSET(EICS, 0), 1u << 3);
        run_ns(2000);
    }
    ck_assert_int_eq(rig.messages[3], 5);
    ck_assert_uint_eq(reg(NIC_OFFSET(EICR, 0)), 1u << 3);
}
END_TEST

/* -- MSI and the pin ---------------------------------------------------------------------------------------------- */

START_TEST(nic_set_msi__one_message_for_everything)
{
    nic_set_msi(rig.nic, on_msi, NULL);
    ck_assert(nic_pci_read(rig.nic, CAP_MSI) & 1u << 16);
    ck_assert(!(nic_pci_read(rig.nic, CAP_MSIX) & 1u << 31));
    write_reg(NIC_OFFSET(GPIE, 0), NIC_MASK(GPIE_MSIX_MODE)); /* without MSI-X it means nothing */
    write_reg(NIC_OFFSET(EIMS, 0), 0xffff | NIC_MASK(EICR_LSC));
    write_reg(NIC_OFFSET(EICS, 0), 1u << 9);
    run_ns(2000);
    ck_assert_int_eq(msi, 1);
    link_set_up(rig.wire, false);
    run_ns(2000);
    ck_assert_int_eq(msi, 2);
    ck_assert_uint_eq(reg(NIC_OFFSET(EICR, 0)), 1u << 9 | NIC_MASK(EICR_LSC) | NIC_MASK(EICR_OTHER));
    nic_pci_write(rig.nic, CAP_MSI, 0);
    write_reg(NIC_OFFSET(EICS, 0), 1u << 9);
    run_ns(2000);
    ck_assert_int_eq(msi, 2);
    for (int v = 0; v < NIC_VECTORS; v++) ck_assert_int_eq(rig.messages[v], 0);
}
END_TEST

/* The pin is high as long as an unmasked cause is set. */
START_TEST(nic_set_pin__level_follows_cause_and_mask)
{
    nic_set_pin(rig.nic, on_level, NULL);
    write_reg(NIC_OFFSET(EIMS, 0), 0xffff);
    write_reg(NIC_OFFSET(EICS, 0), 1u << 4);
    ck_assert_int_eq(level_now, 0); /* on its way */
    run_ns(2000);
    ck_assert_int_eq(level_now, 1);
    ck_assert(nic_pci_read(rig.nic, PCI_COMMAND) & 1u << 19);
    write_reg(NIC_OFFSET(EICS, 0), 1u << 5);
    run_ns(2000);
    ck_assert_int_eq(levels, 1); /* it is a level */
    write_reg(NIC_OFFSET(EICR, 0), 1u << 4);
    run_ns(2000);
    ck_assert_int_eq(level_now, 1);
    ck_assert_uint_eq(reg(NIC_OFFSET(EICR, 0)), 1u << 5);
    run_ns(2000);
    ck_assert_int_eq(level_now, 0);
    write_reg(NIC_OFFSET(EIMC, 0), 0xffff);
    write_reg(NIC_OFFSET(EICS, 0), 1u << 6);
    run_ns(2000);
    ck_assert_int_eq(level_now, 0);
    write_reg(NIC_OFFSET(EIMS, 0), 1u << 6);
    run_ns(2000);
    ck_assert_int_eq(level_now, 1);
    nic_pci_write(rig.nic, PCI_COMMAND, MASTER | 1u << 10); /* interrupt disable */
    run_ns(2000);
    ck_assert_int_eq(level_now, 0);
    nic_pci_write(rig.nic, PCI_COMMAND, MASTER);
    run_ns(2000);
    ck_assert_int_eq(level_now, 1);
    write_reg(NIC_OFFSET(CTRL, 0), NIC_MASK(CTRL_RST));
    run_ns(2000);
    ck_assert_int_eq(level_now, 0);
}
END_TEST

START_TEST(nic_set_pin__throttled_by_eitr0)
{
    nic_set_pin(rig.nic, on_level, NULL);
    write_reg(NIC_OFFSET(EITR, 0), 100); /* 25.6 us */
    write_reg(NIC_OFFSET(EIMS, 0), 1);
    write_reg(NIC_OFFSET(EICS, 0), 1);
    run_ns(2000);
    reg(NIC_OFFSET(EICR, 0));
    write_reg(NIC_OFFSET(EICS, 0), 1);
    run_ns(20000);
    ck_assert_int_eq(level_now, 0);
    run_ns(5000);
    ck_assert_int_eq(level_now, 1);
    ck_assert_int_eq(levels, 3);
}
END_TEST

START_TEST(nic_pci_read__ids_and_capabilities)
{
    ck_assert_uint_eq(nic_pci_read(rig.nic, 0), 0x10c68086);
    ck_assert_uint_eq(nic_pci_read(rig.nic, 8) >> 8, 0x020000);
    uint32_t next = nic_pci_read(rig.nic, 0x34), ids[8], n = 0;
    for (; next && n < 8; next = nic_pci_read(rig.nic, next) >> 8 & 0xff) ids[n++] = nic_pci_read(rig.nic, next) & 0xff;
    ck_assert_uint_eq(n, 3);
    ck_assert(ids[0] == 5 && ids[1] == 0x11 && ids[2] == 0x10);
    ck_assert_uint_eq(nic_pci_read(rig.nic, CAP_MSIX) >> 16 & 0x7ff, NIC_VECTORS - 1);
    ck_assert_uint_eq(nic_pci_read(rig.nic, CAP_MSIX + 4), 3);
    ck_assert_uint_eq(nic_pci_read(rig.nic, CAP_MSIX + 8), PBA | 3);
    for (uint32_t i = 0; i < 6; i++) nic_pci_write(rig.nic, 0x10 + 4 * i, UINT32_MAX); /* as sizes are asked for */
    ck_assert_uint_eq(nic_pci_read(rig.nic, 0x10), ~(NIC82598_BAR_BYTES - 1u));
    ck_assert_uint_eq(nic_pci_read(rig.nic, 0x18), ~31u | 1);
    ck_assert_uint_eq(nic_pci_read(rig.nic, 0x1c), ~16383u);
    ck_assert_uint_eq(nic_pci_read(rig.nic, 0x24), 0);
}
END_TEST

/* -- what does not wait ------------------------------------------------------------------------------------------- */

static struct nic_ring throttled(void)
{
    struct nic_ring ring = nic_rig_rx(&rig, 0, 64, 63, 2, false, 8 << 16);
    nic_rig_rx_start(&rig, 2, false);
    write_reg(NIC_OFFSET(GPIE, 0), NIC_MASK(GPIE_MSIX_MODE));
    write_reg(NIC_OFFSET(IVAR, 0), 0x80);
    write_reg(NIC_OFFSET(EIAC, 0), 1);
    write_reg(NIC_OFFSET(EITR, 0), 1952); /* 500 us */
    write_reg(NIC_OFFSET(EIMS, 0), 1);
    run_ns(5000);
    write_reg(NIC_OFFSET(EICS, 0), 1); /* the counter runs */
    run_ns(5000);
    ck_assert_int_eq(rig.messages[0], 1);
    return ring;
}

/* Frames to the port of the filter come at once, with DYNINT, and so do those that waited before them. */
START_TEST(nic_immediate__tcp_port)
{
    struct nic_ring ring = throttled();
    write_reg(NIC_OFFSET(IMIREXT, 3), NIC_MASK(IMIREXT_SIZE_BP) | NIC_MASK(IMIREXT_CTRL_BP));
    write_reg(NIC_OFFSET(IMIR, 3), NIC_MASK(IMIR_PORT_IM_EN) | 80);
    struct packet *p = nic_rig_frame(&rig, nic_rig_mac, IPPROTO_TCP_, 1, FRAME);
    put_be16(p->hdr + p->l4 + 2, 81);
    nic_receive(rig.nic, p);
    run_ns(5000);
    ck_assert_int_eq(rig.messages[0], 1);
    ck_assert(!(ring.desc[0].q[1] & 1));
    nic_receive(rig.nic, nic_rig_frame(&rig, nic_rig_mac, IPPROTO_TCP_, 1, FRAME));
    run_ns(5000);
    ck_assert_int_ge(rig.messages[0], 2);
    ck_assert(ring.desc[0].q[1] & 1 && ring.desc[1].q[1] & 1);
    ck_assert(!(ring.desc[0].q[1] & 1 << 11) && ring.desc[1].q[1] & 1 << 11);
    nic_receive(rig.nic, nic_rig_frame(&rig, nic_rig_mac, IPPROTO_UDP_, 1, FRAME)); /* UDP to the same port waits */
    run_ns(5000);
    ck_assert(!(ring.desc[2].q[1] & 1));
    run_ns(600000);
    ck_assert(ring.desc[2].q[1] & 1);
}
END_TEST

START_TEST(nic_immediate__size_flags_and_priority)
{
    static const struct { uint32_t imir, ext, vp; uint32_t len; int tag; bool match; } cases[] = {
        { 3 << 16, 500 | 1 << 19, 0, 500, -1, true },       { 3 << 16, 500 | 1 << 19, 0, 501, -1, false },
        { 3 << 16, 1 << 12 | 1 << 14, 0, 100, -1, true },   /* ACK, which every frame here has */
        { 3 << 16, 1 << 12 | 1 << 17, 0, 100, -1, false },  /* SYN */
        { 0, 0, 8 | 5, 100, 5 << 13, true },                { 0, 0, 8 | 5, 100, 4 << 13, false },
        { 0, 0, 8 | 5, 100, -1, false },                    { 0, 1 << 12 | 1 << 19, 5, 100, 7 << 13, false },
    };
    struct nic_ring ring = throttled();
    for (uint32_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        write_reg(NIC_OFFSET(IMIR, 0), cases[i].imir);
        write_reg(NIC_OFFSET(IMIREXT, 0), cases[i].ext);
        write_reg(NIC_OFFSET(IMIRVP, 0), cases[i].vp);
        struct packet *p = nic_rig_frame(&rig, nic_rig_mac, IPPROTO_TCP_, 1, cases[i].len);
        if (cases[i].tag >= 0) ck_assert(headers_vlan_push(p, (uint16_t)cases[i].tag));
        nic_receive(rig.nic, p);
        run_ns(600000);
        ck_assert_msg((bool)(ring.desc[i].q[1] >> 11 & 1) == cases[i].match, "case %u", i);
    }
}
END_TEST

START_TEST(nic_interrupt__eimen_lets_eics_through)
{
    throttled();
    write_reg(NIC_OFFSET(EICS, 0), 1);
    run_ns(5000);
    ck_assert_int_eq(rig.messages[0], 1);
    write_reg(NIC_OFFSET(GPIE, 0), NIC_MASK(GPIE_MSIX_MODE) | NIC_MASK(GPIE_EIMEN));
    write_reg(NIC_OFFSET(EICS, 0), 1);
    run_ns(5000);
    ck_assert_int_ge(rig.messages[0], 2);
}
END_TEST

/* Milliseconds, once or in a loop, on the vector of IVAR[96]. */
START_TEST(nic_tcp_timer__counts_stops_and_loops)
{
    const uint32_t on = NIC_MASK(TCPTIMER_COUNT_EN), start = on | NIC_MASK(TCPTIMER_KS) | 3;
    write_reg(NIC_OFFSET(GPIE, 0), NIC_MASK(GPIE_MSIX_MODE));
    write_reg(NIC_OFFSET(IVAR, 24), 0x80 | 17);
    write_reg(NIC_OFFSET(EIMS, 0), NIC_MASK(EICR_TCP_TIMER));
    write_reg(NIC_OFFSET(EIAC, 0), NIC_MASK(EICR_TCP_TIMER));
    write_reg(NIC_OFFSET(TCPTIMER, 0), start);
    ck_assert_uint_eq(reg(NIC_OFFSET(TCPTIMER, 0)), on | 3);
    run_ns(2999000);
    ck_assert_int_eq(rig.messages[17], 0);
    run_ns(2000);
    ck_assert_int_eq(rig.messages[17], 1);
    run_ns(10000000);
    ck_assert_int_eq(rig.messages[17], 1);
    write_reg(NIC_OFFSET(TCPTIMER, 0), start | NIC_MASK(TCPTIMER_LOOP));
    run_ns(30001000);
    ck_assert_int_eq(rig.messages[17], 11);
    run_ns(1000000);
    write_reg(NIC_OFFSET(TCPTIMER, 0), NIC_MASK(TCPTIMER_LOOP) | 3); /* stopped with 2 ms to go */
    run_ns(10000000);
    ck_assert_int_eq(rig.messages[17], 11);
    write_reg(NIC_OFFSET(TCPTIMER, 0), on | 3);
    run_ns(1990000);
    ck_assert_int_eq(rig.messages[17], 11);
    run_ns(11000);
    ck_assert_int_eq(rig.messages[17], 12);
    write_reg(NIC_OFFSET(TCPTIMER, 0), NIC_MASK(TCPTIMER_COUNT_FINISH));
    run_ns(1000);
    ck_assert_int_eq(rig.messages[17], 13);
    ck_assert_uint_eq(reg(NIC_OFFSET(EICR, 0)), 0);
}
END_TEST

/* -- life cycle --------------------------------------------------------------------------------------------------- */

START_TEST(nic_link__changes_interrupt_and_show)
{
    const uint32_t lsc = NIC_MASK(EICR_LSC);
    write_reg(NIC_OFFSET(GPIE, 0), NIC_MASK(GPIE_MSIX_MODE));
    write_reg(NIC_OFFSET(IVAR, 24), (0x80 | 18) << 8);
    write_reg(NIC_OFFSET(EIMS, 0), lsc);
    for (int i = 1; i <= 4; i++) {
        link_set_up(rig.wire, i % 2 == 0);
        ck_assert_uint_eq(NIC_GET(LINKS_UP, reg(NIC_OFFSET(LINKS, 0))), i % 2 == 0);
        run_ns(1000);
        ck_assert_int_eq(rig.messages[18], i);
        ck_assert_uint_eq(reg(NIC_OFFSET(EICR, 0)), lsc | NIC_MASK(EICR_OTHER));
    }
    link_set_up(rig.wire, true); /* it was */
    run_ns(1000);
    ck_assert_int_eq(rig.messages[18], 4);
    ck_assert_uint_eq(reg(NIC_OFFSET(MLFC, 0)), 2);
    ck_assert(NIC_GET(LINKS_SPEED, reg(NIC_OFFSET(LINKS, 0))));
    nic_rig_wire(&rig, sim_gbps(1), 16384);
    ck_assert(!NIC_GET(LINKS_SPEED, reg(NIC_OFFSET(LINKS, 0))) && NIC_GET(LINKS_UP, reg(NIC_OFFSET(LINKS, 0))));
}
END_TEST

static uint64_t transfers(void)
{
    return stats_value(rig.stats, "pcie", "slot", "writes") + stats_value(rig.stats, "pcie", "slot", "reads");
}

/* GIO_DIS in the middle of traffic: what was asked of the bus comes to its end, then STATUS says so and the bus is
 * quiet; taken back, everything goes on and not one frame is lost. */
START_TEST(nic_master_disable__drains_and_goes_on)
{
    struct nic_ring rx = nic_rig_rx(&rig, 0, 256, 255, 2, false, 0), tx = nic_rig_tx(&rig, 0, 128, 0);
    uint8_t *bytes;
    bus_addr data = memory_map_bytes(rig.memory, 4096, 0, &bytes);
    nic_rig_rx_start(&rig, 2, false);
    rig.discard = true;
    for (int i = 0; i < 100; i++)
        tx.desc[i] = (struct nic_desc){ { data, FRAME | 3ull << 20 | 0x2bull << 24 | (uint64_t)FRAME << 46 } };
    write_reg(NIC_OFFSET(TDT, 0), 100);
    for (int i = 0; i < 20; i++) {
        nic_receive(rig.nic, nic_rig_frame(&rig, nic_rig_mac, IPPROTO_TCP_, 1, FRAME));
        run_ns(1231);
    }
    if (_i == 0)
        write_reg(NIC_OFFSET(CTRL, 0), NIC_MASK(CTRL_GIO_DIS));
    else
        nic_pci_write(rig.nic, PCI_COMMAND, 2);
    ck_assert(reg(NIC_OFFSET(STATUS, 0)) & NIC_MASK(STATUS_GIO));
    for (int i = 0; reg(NIC_OFFSET(STATUS, 0)) & NIC_MASK(STATUS_GIO); i++) {
        ck_assert_int_lt(i, 800);
        run_ns(100);
    }
    uint64_t bus = transfers();
    for (int i = 0; i < 20; i++) nic_receive(rig.nic, nic_rig_frame(&rig, nic_rig_mac, IPPROTO_TCP_, 1, FRAME));
    write_reg(NIC_OFFSET(EIMS, 0), 1);
    write_reg(NIC_OFFSET(EICS, 0), 1);
    run_ns(1000000);
    ck_assert_uint_eq(transfers(), bus);
    ck_assert_uint_lt(rig.n_sent, 100);
    ck_assert_int_eq(rig.messages[0], 0);
    if (_i == 0)
        write_reg(NIC_OFFSET(CTRL, 0), 0);
    else
        nic_pci_write(rig.nic, PCI_COMMAND, MASTER);
    ck_assert(reg(NIC_OFFSET(STATUS, 0)) & NIC_MASK(STATUS_GIO));
    run_ns(1000000);
    ck_assert_uint_eq(rig.n_sent, 100);
    ck_assert_uint_eq(nic_counter(rig.nic, NIC_rx_packets), 40);
    ck_assert(rx.desc[39].q[1] & 1 && tx.desc[99].q[1] >> 32 & 1);
    ck_assert_int_eq(rig.messages[0], 1);
}
END_TEST

/* The image as the published drivers sum it: words 0 to 3E, and the sections that 03 to 0E point to. */
START_TEST(nic_eeprom__checksum_and_address)
{
    uint32_t sum = 0, found = 0;
    uint16_t word[512];
    for (uint32_t i = 0; i < 512; i++) {
        write_reg(NIC_OFFSET(EERD, 0), NIC_PUT(EERD_ADDR, i) | 1);
        uint32_t value = reg(NIC_OFFSET(EERD, 0));
        ck_assert(NIC_GET(EERD_DONE, value));
        word[i] = (uint16_t)NIC_GET(EERD_DATA, value);
    }
    for (uint32_t i = 0; i <= 0x3f; i++) sum += word[i];
    for (uint32_t i = 3; i < 0x0f; i++) {
        uint32_t p = word[i], n = p && p != 0xffff ? word[p] : 0;
        if (!n || n == 0xffff) continue;
        found += word[p + 1] == 0x9802 && word[p + 2] == 0x0025 && word[p + 3] == 0x0001;
        for (uint32_t k = 1; k <= n; k++) sum += word[p + k];
    }
    ck_assert_uint_eq(sum & 0xffff, 0xbaba);
    ck_assert_uint_eq(found, 1); /* the address of this port, low byte first */
    write_reg(NIC_OFFSET(EERD, 0), NIC_PUT(EERD_ADDR, 512) | 1);
    ck_assert_uint_eq(NIC_GET(EERD_DATA, reg(NIC_OFFSET(EERD, 0))), 0xffff); /* beyond its end */
}
END_TEST

/* -- the EEPROM by hand ------------------------------------------------------------------------------------------- */

/* 'bits' bits of 'value' go in, most significant first, and as many come out. */
static uint32_t clock_bits(uint32_t value, int bits)
{
    uint32_t out = 0, held = NIC_MASK(EEC_REQ);
    for (int i = bits - 1; i >= 0; i--) {
        uint32_t data = NIC_PUT(EEC_DI, value >> i & 1);
        nic_rig_write(&rig, NIC_OFFSET(EEC, 0), held | data);
        nic_rig_write(&rig, NIC_OFFSET(EEC, 0), held | data | NIC_MASK(EEC_SK));
        out = out << 1 | NIC_GET(EEC_DO, nic_rig_read(&rig, NIC_OFFSET(EEC, 0)));
    }
    return out;
}

static void deselect(void)
{
    nic_rig_write(&rig, NIC_OFFSET(EEC, 0), NIC_MASK(EEC_REQ) | NIC_MASK(EEC_CS));
}

static uint32_t by_word(uint32_t address)
{
    nic_rig_write(&rig, NIC_OFFSET(EERD, 0), NIC_PUT(EERD_ADDR, address) | NIC_MASK(EERD_START));
    return NIC_GET(EERD_DATA, nic_rig_read(&rig, NIC_OFFSET(EERD, 0)));
}

START_TEST(nic_eeprom__reads_and_writes_bit_by_bit)
{
    enum { WRITE = 2, READ = 3, READ_STATUS = 5, ENABLE = 6, AT = 0x180 };
    clock_bits(READ << 16 | 0x42 * 2, 24);
    uint32_t two = clock_bits(0, 32); /* lower byte of a word first, and the next word behind it */
    ck_assert_uint_eq(two >> 24 | (two >> 8 & 0xff00), by_word(0x42));
    ck_assert_uint_eq((two >> 8 & 0xff) | (two & 0xff) << 8, by_word(0x43));
    deselect();
    clock_bits(WRITE << 16 | AT * 2, 24);
    clock_bits(0x3412, 16);
    deselect();
    ck_assert_uint_eq(by_word(AT), 0); /* not enabled */
    clock_bits(ENABLE, 8);
    deselect();
    clock_bits(READ_STATUS, 8);
    ck_assert_uint_eq(clock_bits(0, 8), 2);
    deselect();
    clock_bits(WRITE << 16 | AT * 2, 24);
    clock_bits(0x34127856, 32);
    deselect();
    ck_assert_uint_eq(by_word(AT), 0x1234);
    ck_assert_uint_eq(by_word(AT + 1), 0x5678);
    clock_bits(WRITE << 16 | AT * 2, 24); /* the enable is used up */
    clock_bits(0, 16);
    deselect();
    ck_assert_uint_eq(by_word(AT), 0x1234);
    nic_rig_write(&rig, NIC_OFFSET(EEC, 0), 0);
    ck_assert_uint_eq(NIC_GET(EEC_GNT, nic_rig_read(&rig, NIC_OFFSET(EEC, 0))), 0);
}
END_TEST

/* The port has the address that the EEPROM says, from the next reset on. */
START_TEST(nic_eeprom__address_after_a_reset)
{
    enum { WRITE = 2, ENABLE = 6, SECTION = 0x40 };
    clock_bits(ENABLE, 8);
    deselect();
    clock_bits(WRITE << 16 | (SECTION + 1) * 2, 24);
    clock_bits(0x020a0b0c, 32);
    clock_bits(0x0d0e, 16);
    deselect();
    nic_rig_write(&rig, NIC_OFFSET(CTRL, 0), NIC_MASK(CTRL_RST));
    ck_assert_uint_eq(nic_rig_read(&rig, NIC_OFFSET(RAL, 0)), 0x0c0b0a02);
    ck_assert_uint_eq(nic_rig_read(&rig, NIC_OFFSET(RAH, 0)), 0x80000e0d);
}
END_TEST

START_TEST(nic_device_find__twelve_of_them)
{
    static const uint16_t ids[] = { 0x10b6, 0x1508, 0x10c6, 0x10c7, 0x10c8, 0x150b, 0x10db, 0x10dd, 0x10ec, 0x10f1,
                                    0x10e1, 0x10f4 };
    static const char media[] = "bbffccfxxfff";
    for (int i = 0; i < NIC_DEVICES; i++) {
        const struct nic_device *d = nic_device_find(ids[i]);
        ck_assert(d && d->id == ids[i]);
        ck_assert_int_eq("bfxc"[d->medium], media[i]);
    }
    ck_assert(!nic_device_find(0x10fb)); /* an 82599 */
}
END_TEST

Suite *nic_interrupts_suite(void)
{
    Suite *s = suite_create("nic_interrupts");
    TCase *t = tcase_create("interrupts");
    tcase_add_checked_fixture(t, setup, teardown);
    tcase_add_test(t, nic_msix_write__masks_pend_and_send_on_unmasking);
    tcase_add_test(t, nic_msix_read__table_and_reset_values);
    tcase_add_test(t, nic_interrupt__a_message_per_queue_event);
    tcase_add_test(t, nic_set_msi__one_message_for_everything);
    tcase_add_test(t, nic_set_pin__level_follows_cause_and_mask);
    tcase_add_test(t, nic_set_pin__throttled_by_eitr0);
    tcase_add_test(t, nic_pci_read__ids_and_capabilities);
    tcase_add_test(t, nic_immediate__tcp_port);
    tcase_add_test(t, nic_immediate__size_flags_and_priority);
    tcase_add_test(t, nic_interrupt__eimen_lets_eics_through);
    tcase_add_test(t, nic_tcp_timer__counts_stops_and_loops);
    tcase_add_test(t, nic_link__changes_interrupt_and_show);
    tcase_add_loop_test(t, nic_master_disable__drains_and_goes_on, 0, 2);
    tcase_add_test(t, nic_eeprom__checksum_and_address);
    tcase_add_test(t, nic_eeprom__reads_and_writes_bit_by_bit);
    tcase_add_test(t, nic_eeprom__address_after_a_reset);
    tcase_add_test(t, nic_device_find__twelve_of_them);
    suite_add_tcase(s, t);
    return s;
}
