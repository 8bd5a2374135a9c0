/* SPDX-License-Identifier: GPL-3.0-or-later
 * test_nic_dcb.c -- classes of the 82598: packet buffers apart, credits, strict priority, PAUSE per class. */
#include <check.h>
#include <string.h>

#include "net/pause.h"
#include "nic_rig.h"
#include "suites.h"

enum { FRAME = 1514, CLASSES = 8, BUFFER_KIB = 64 };

static struct nic_rig rig;
static uint64_t sent_by[CLASSES], pauses[CLASSES][2];
static int order[4096], n_order;

/* Frames sent by a class carry its number in their first payload byte; PAUSE frames are taken apart. */
static void look(void *owner, struct packet *p)
{
    struct pause pause;
    (void)owner;
    if (pause_parse(p, &pause)) {
        ck_assert(pause.priority);
        for (int c = 0; c < CLASSES; c++)
            if (pause.classes >> c & 1) pauses[c][pause.quanta[c] != 0]++;
    } else {
        int c = p->hdr[14];
        ck_assert_int_lt(c, CLASSES);
        sent_by[c]++;
        if (n_order < 4096) order[n_order++] = c;
    }
    packet_deliver(rig.pool, p);
}

static void setup(void)
{
    nic_rig_init(&rig, NULL);
    link_connect(rig.wire, (struct packet_sink){ look, NULL });
    memset(sent_by, 0, sizeof sent_by);
    memset(pauses, 0, sizeof pauses);
    n_order = 0;
}

static void teardown(void)
{
    nic_rig_fini(&rig);
}

static void write_reg(uint32_t offset, uint32_t value)
{
    nic_rig_write(&rig, offset, value);
}

/* -- receive ------------------------------------------------------------------------------------------------------ */

static struct nic_ring rx_ring[CLASSES];

static void receive_classes(uint32_t posted)
{
    nic_rig_rx_start(&rig, 2, false);
    for (int c = 0; c < CLASSES; c++) {
        write_reg(c ? NIC_OFFSET(RXPBSIZE, c - 1) : NIC_OFFSET(RXPBSIZE0, 0), BUFFER_KIB << 10);
        rx_ring[c] = nic_rig_rx(&rig, 8 * c, 512, posted, 2, false, 32 | 1 << 16);
    }
    write_reg(NIC_OFFSET(RUPPBMR, 0), NIC_MASK(RUPPBMR_MQA));
    write_reg(NIC_OFFSET(RDRXCTL, 0), NIC_MASK(RDRXCTL_MPBEN) | NIC_MASK(RDRXCTL_MCEN));
    nic_rig_run_ns(&rig, 10000);
}

static void arrive(int class)
{
    struct packet *p = nic_rig_frame(&rig, nic_rig_mac, IPPROTO_TCP_, 1, FRAME);
    ck_assert(headers_vlan_push(p, (uint16_t)(class << 13 | 5)));
    nic_receive(rig.nic, p);
}

START_TEST(dcb_receive__priority_chooses_buffer_and_queue)
{
    receive_classes(511);
    for (int c = 0; c < CLASSES; c++) {
        arrive(c);
        nic_rig_run_ns(&rig, 5000);
        ck_assert_uint_eq(nic_rxq_packets(rig.nic, 8 * c), 1);
    }
    nic_receive(rig.nic, nic_rig_frame(&rig, nic_rig_mac, IPPROTO_TCP_, 1, FRAME)); /* no tag: class 0 */
    write_reg(NIC_OFFSET(VLNCTRL, 0), NIC_MASK(VLNCTRL_VME) | 0x8100);              /* the tag is gone, and counts */
    arrive(6);
    write_reg(NIC_OFFSET(RUPPBMR, 0), 0);
    arrive(6);
    nic_rig_run_ns(&rig, 5000);
    ck_assert_uint_eq(nic_rxq_packets(rig.nic, 0), 3);
    ck_assert_uint_eq(nic_rxq_packets(rig.nic, 48), 2);
}
END_TEST

/* A class without descriptors fills its own buffer, misses frames in its own MPC, and holds up nobody. */
START_TEST(dcb_receive__a_stuck_class_holds_up_nobody)
{
    const uint32_t room = BUFFER_KIB * 1024 / (FRAME + 4);
    receive_classes(511);
    write_reg(NIC_OFFSET(RXDCTL, 24), 0);
    for (uint32_t i = 0; i < room + 20; i++) {
        arrive(3);
        arrive(5);
        nic_rig_run_ns(&rig, 2500);
    }
    ck_assert_uint_eq(nic_rxq_packets(rig.nic, 40), room + 20);
    ck_assert_uint_eq(nic_rxq_packets(rig.nic, 24), 0);
    for (int c = 0; c < CLASSES; c++) {
        ck_assert_uint_eq(nic_rig_read(&rig, NIC_OFFSET(MPC, c)), c == 3 ? 20 : 0);
        ck_assert_uint_eq(nic_rig_read(&rig, NIC_OFFSET(RNBC, c)), c == 3 ? 1 : 0);
    }
    write_reg(NIC_OFFSET(RDRXCTL, 0), 0); /* classes off: what waits stays and is the one buffer's */
    nic_rig_run_ns(&rig, 5000);
    write_reg(NIC_OFFSET(RXDCTL, 24), NIC_MASK(RXDCTL_ENABLE));
    nic_rig_run_ns(&rig, 1000000);
    ck_assert_uint_eq(nic_rxq_packets(rig.nic, 24), room);
}
END_TEST

/* Each buffer speaks for its class only. */
START_TEST(dcb_receive__pause_per_class)
{
    receive_classes(511);
    for (int c = 0; c < CLASSES; c++) {
        write_reg(NIC_OFFSET(FCRTL, c), 8000 | NIC_MASK(FCRTL_XONE));
        write_reg(NIC_OFFSET(FCRTH, c), 16000 | NIC_MASK(FCRTH_FCEN));
        write_reg(NIC_OFFSET(FCTTV, c / 2), 0x10001u * 2000);
    }
    write_reg(NIC_OFFSET(FCRTV, 0), 1000);
    write_reg(NIC_OFFSET(RMCS, 0), NIC_MASK(RMCS_TFCE_PRIORITY));
    write_reg(NIC_OFFSET(RXDCTL, 16), 0);
    for (int i = 0; i < 12; i++) {
        arrive(2);
        arrive(4);
    }
    nic_rig_run_ns(&rig, 60000); /* 1000 quanta are 51.2 us */
    ck_assert_uint_eq(pauses[2][1], 2);
    write_reg(NIC_OFFSET(RXDCTL, 16), NIC_MASK(RXDCTL_ENABLE));
    nic_rig_run_ns(&rig, 200000);
    ck_assert_uint_eq(pauses[2][0], 1);
    for (int c = 0; c < CLASSES; c++) {
        ck_assert_uint_eq(nic_rig_read(&rig, NIC_OFFSET(PXOFFTXC, c)), pauses[c][1]);
        ck_assert_uint_eq(nic_rig_read(&rig, NIC_OFFSET(PXONTXC, c)), pauses[c][0]);
        if (c != 2 && c != 4) ck_assert_uint_eq(pauses[c][0] + pauses[c][1], 0);
    }
    ck_assert_uint_eq(nic_rxq_packets(rig.nic, 16), 12);
    ck_assert_uint_eq(nic_rxq_packets(rig.nic, 32), 12);
}
END_TEST

/* -- transmit ----------------------------------------------------------------------------------------------------- */

/* 500 frames of every class in 'classes' are ready on its first queue. */
static void transmit_classes(uint32_t classes)
{
    uint8_t *bytes;
    bus_addr data = memory_map_bytes(rig.memory, CLASSES * 4096, 0, &bytes);
    for (int c = 0; c < CLASSES; c++) {
        bytes[c * 4096 + 14] = (uint8_t)c;
        if (!(classes >> c & 1)) continue;
        struct nic_ring ring = nic_rig_tx(&rig, 4 * c + 1, 512, 32);
        for (int i = 0; i < 500; i++)
            ring.desc[i] = (struct nic_desc){ { data + (bus_addr)c * 4096,
                                                FRAME | 3ull << 20 | 0x2bull << 24 | (uint64_t)FRAME << 46 } };
    }
    for (int c = 0; c < CLASSES; c++)
        if (classes >> c & 1) write_reg(NIC_OFFSET(TDT, 4 * c + 1), 500);
}

static void credits(int class, uint32_t refill, uint32_t more)
{
    write_reg(NIC_OFFSET(TDTQ2TCCR, class), refill | 1000u << 12 | more);
    write_reg(NIC_OFFSET(TDPT2TCCR, class), refill | 1000u << 12 | more);
}

/* Shares of the wire are those of the refills. */
START_TEST(dcb_transmit__shares_follow_credits)
{
    static const uint32_t refill[3] = { 24, 72, 144 }; /* 1 : 3 : 6 */
    for (int c = 0; c < 3; c++) credits(2 * c, refill[c], 0);
    transmit_classes(0x15);
    nic_rig_run_ns(&rig, 400 * 1231 + 5000);
    uint64_t all = sent_by[0] + sent_by[2] + sent_by[4];
    ck_assert_uint_ge(all, 400); /* and the wire never rests */
    ck_assert_int_le(llabs((int64_t)sent_by[0] - (int64_t)all / 10), 8);
    ck_assert_int_le(llabs((int64_t)sent_by[2] - (int64_t)all * 3 / 10), 8);
    ck_assert_int_le(llabs((int64_t)sent_by[4] - (int64_t)all * 6 / 10), 8);
    nic_rig_run_ns(&rig, 1200 * 1231);
    for (int c = 0; c < 3; c++) ck_assert_uint_eq(sent_by[2 * c], 500);
}
END_TEST

START_TEST(dcb_transmit__strict_priority_goes_first)
{
    credits(1, 24, 0);
    credits(6, 24, NIC_MASK(TDTQ2TCCR_LSP));
    transmit_classes(0x42);
    nic_rig_run_ns(&rig, 300 * 1231);
    ck_assert_uint_ge(sent_by[6], 260);
    ck_assert_uint_le(sent_by[1], 40); /* what had been read before class 6 was there */
    nic_rig_run_ns(&rig, 1000 * 1231);
    ck_assert_uint_eq(sent_by[1] + sent_by[6], 1000);
}
END_TEST

/* Group strict priority: 3 goes before 2 on 2's credits, and leaves the other group's half alone. */
START_TEST(dcb_transmit__group_strict_priority)
{
    credits(0, 48, 0);
    credits(2, 48, 1 << 9);
    credits(3, 0, 1 << 9 | NIC_MASK(TDTQ2TCCR_GSP));
    transmit_classes(0x0d);
    nic_rig_run_ns(&rig, 400 * 1231);
    ck_assert_uint_lt(sent_by[2], 40);
    ck_assert_int_le(llabs((int64_t)sent_by[0] - (int64_t)sent_by[3]), 30);
}
END_TEST

/* PAUSE for a class stops it after the current frame and no other; it goes on when the time is over. */
START_TEST(dcb_transmit__pause_per_class)
{
    write_reg(NIC_OFFSET(FCTRL, 0), NIC_MASK(FCTRL_RPFCE) | NIC_MASK(FCTRL_DPF));
    nic_rig_rx_start(&rig, 2, false);
    write_reg(NIC_OFFSET(FCTRL, 0), NIC_MASK(FCTRL_RPFCE) | NIC_MASK(FCTRL_DPF));
    transmit_classes(0x06);
    nic_rig_run_ns(&rig, 50000);
    struct pause stop = { .priority = true, .classes = 0x04, .quanta = { [2] = 2000 } }; /* 102.4 us */
    nic_receive(rig.nic, pause_frame(rig.pool, engine_now(rig.engine), (struct mac_addr){ { 2 } }, &stop));
    ck_assert_uint_eq(NIC_GET(TFCS_TXOFF_PRI, nic_rig_read(&rig, NIC_OFFSET(TFCS, 0))), 0x04);
    uint64_t two = sent_by[2];
    nic_rig_run_ns(&rig, 52000); /* until its packet buffer is full it has its share of the bus */
    uint64_t one = sent_by[1];
    nic_rig_run_ns(&rig, 50000);
    ck_assert_uint_le(sent_by[2], two + 1);
    ck_assert_uint_ge(sent_by[1], one + 50000 / 1231 - 1);
    nic_rig_run_ns(&rig, 10000);
    ck_assert_uint_gt(sent_by[2], two + 2);
    ck_assert_uint_eq(nic_rig_read(&rig, NIC_OFFSET(TFCS, 0)), 0);
    nic_rig_run_ns(&rig, 1200 * 1231);
    ck_assert_uint_eq(sent_by[1] + sent_by[2], 1000);
}
END_TEST

/* A class that is stopped fills its own packet buffer (TXPBSIZE) and no more. */
START_TEST(dcb_transmit__reads_no_more_than_the_buffer_holds)
{
    write_reg(NIC_OFFSET(FCTRL, 0), NIC_MASK(FCTRL_RPFCE) | NIC_MASK(FCTRL_DPF));
    nic_rig_rx_start(&rig, 2, false);
    write_reg(NIC_OFFSET(FCTRL, 0), NIC_MASK(FCTRL_RPFCE) | NIC_MASK(FCTRL_DPF));
    struct pause stop = { .priority = true, .classes = 0x01, .quanta = { 65535 } };
    nic_receive(rig.nic, pause_frame(rig.pool, engine_now(rig.engine), (struct mac_addr){ { 2 } }, &stop));
    transmit_classes(0x01);
    nic_rig_run_ns(&rig, 1000000);
    ck_assert_uint_eq(sent_by[0], 0);
    ck_assert_uint_eq(nic_rig_read(&rig, NIC_OFFSET(TDH, 1)), (40 * 1024 + FRAME - 1) / FRAME);
    write_reg(NIC_OFFSET(CTRL, 0), NIC_MASK(CTRL_RST)); /* with all of it inside */
}
END_TEST

Suite *nic_dcb_suite(void)
{
    Suite *s = suite_create("nic_dcb");
    TCase *t = tcase_create("classes");
    tcase_add_checked_fixture(t, setup, teardown);
    tcase_add_test(t, dcb_receive__priority_chooses_buffer_and_queue);
    tcase_add_test(t, dcb_receive__a_stuck_class_holds_up_nobody);
    tcase_add_test(t, dcb_receive__pause_per_class);
    tcase_add_test(t, dcb_transmit__shares_follow_credits);
    tcase_add_test(t, dcb_transmit__strict_priority_goes_first);
    tcase_add_test(t, dcb_transmit__group_strict_priority);
    tcase_add_test(t, dcb_transmit__pause_per_class);
    tcase_add_test(t, dcb_transmit__reads_no_more_than_the_buffer_holds);
    suite_add_tcase(s, t);
    return s;
}
