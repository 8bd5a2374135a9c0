/* SPDX-License-Identifier: GPL-3.0-or-later
 * test_nic_stats.c -- every statistics register of the 82598: cleared by reading, made of what happened, and nothing
 * else; against an oracle that counts frames on its own. */
#include <check.h>
#include <string.h>

#include "core/rng.h"
#include "net/pause.h"
#include "nic_rig.h"
#include "suites.h"

static struct nic_rig rig;

static void setup(void)
{
    nic_rig_init(&rig, NULL);
}

static void teardown(void)
{
    nic_rig_fini(&rig);
}

/* Expected value of every statistics register, by slot. */
static uint64_t expected[N_NIC82598_SLOTS];

/* Reads all of them: each must be what is expected, and 0 when read again. */
static void compare_all(void)
{
    for (unsigned r = 0; r < N_NIC82598_REGS; r++) {
        const struct nic_reg_info *info = nic_reg_info((enum nic82598_reg)r);
        for (uint32_t i = 0; info->access == NIC_RC && i < info->count; i++) {
            uint32_t offset = info->offset + i * info->stride;
            uint64_t want = expected[info->slot + i];
            ck_assert_msg(nic_rig_read(&rig, offset) == want, "%s[%u], expected %llu", info->name, i,
                          (unsigned long long)want);
            ck_assert_msg(nic_rig_read(&rig, offset) == 0, "%s[%u] is not cleared by reading", info->name, i);
            nic_rig_write(&rig, offset, 0x55);
            ck_assert_msg(nic_rig_read(&rig, offset) == 0, "%s[%u] can be written", info->name, i);
        }
    }
    memset(expected, 0, sizeof expected);
}

/* What a good frame of 'bytes' with FCS adds, in either direction. */
static void good(uint32_t bytes, bool tx, bool multicast, bool broadcast)
{
    static const uint32_t last[] = { 64, 127, 255, 511, 1023, UINT32_MAX };
    int class = 0;
    while (bytes > last[class]) class++;
    expected[(tx ? SLOT_PTC64 : SLOT_PRC64) + class]++;
    expected[tx ? SLOT_GPTC : SLOT_GPRC]++;
    expected[tx ? SLOT_TPT : SLOT_TPR]++;
    expected[tx ? SLOT_GOTCH : SLOT_GORCH] += bytes;
    if (!tx) expected[SLOT_TORH] += bytes;
    if (broadcast) expected[tx ? SLOT_BPTC : SLOT_BPRC]++;
    if (multicast || (broadcast && !tx)) expected[tx ? SLOT_MPTC : SLOT_MPRC]++; /* MPRC has broadcasts in it */
}

static const struct mac_addr kinds[] = {
    { { 0x02, 0x98, 0x25, 0x00, 0x01, 0x00 } }, { { 0xff, 0xff, 0xff, 0xff, 0xff, 0xff } }, { { 1, 0, 0x5e, 0, 0, 1 } },
    { { 0x02, 9, 9, 9, 9, 9 } },
};

START_TEST(nic_stats__all_zero_at_first_and_after_reset)
{
    compare_all();
    nic_rig_rx(&rig, 0, 64, 63, 2, false, 0);
    nic_rig_rx_start(&rig, 2, false);
    nic_receive(rig.nic, nic_rig_frame(&rig, kinds[0], IPPROTO_TCP_, 1, 100));
    nic_rig_run_ns(&rig, 5000);
    nic_rig_write(&rig, NIC_OFFSET(CTRL, 0), NIC_MASK(CTRL_RST));
    compare_all();
}
END_TEST

/* Random good, filtered and damaged frames to two queues. */
START_TEST(nic_stats__receive_equals_an_oracle)
{
    struct rng *rng = rng_create((uint64_t)_i, "stats");
    struct nic_ring ring[2];
    for (int q = 0; q < 2; q++) ring[q] = nic_rig_rx(&rig, q, 2048, 2047, 2, false, 32 | 1 << 16);
    nic_rig_rx_start(&rig, 2, false);
    nic_rig_write(&rig, NIC_OFFSET(FCTRL, 0), NIC_MASK(FCTRL_BAM) | NIC_MASK(FCTRL_MPE));
    nic_rig_write(&rig, NIC_OFFSET(RAL, 1), 0x09090902);
    nic_rig_write(&rig, NIC_OFFSET(RAH, 1), 0x0909 | NIC_PUT(RAH_VIND, 1) | NIC_MASK(RAH_AV));
    nic_rig_write(&rig, NIC_OFFSET(VMD_CTL, 0), NIC_MASK(VMD_CTL_VMDQ_EN));
    nic_rig_write(&rig, NIC_OFFSET(RQSMR, 0), 0x0000070b); /* queue 0: slot 11, queue 1: slot 7 */
    nic_rig_run_ns(&rig, 10000);
    for (int n = 0; n < 1200; n++) {
        uint32_t what = rng_below(rng, 10), len = 60 + rng_below(rng, 1455), kind = rng_below(rng, 4);
        struct mac_addr to = kinds[kind];
        if (what == 0) to.byte[5] ^= 0x55, to.byte[0] = 2;
        struct packet *p = nic_rig_frame(&rig, to, IPPROTO_TCP_, 1, len);
        uint32_t bytes = p->len + FRAME_FCS_BYTES;
        if (what == 1) p->flags |= PACKET_FCS_BAD;
        if (what == 2) p->flags |= PACKET_CSUM_BAD;
        if (what == 3) p->len = 1515 + len;
        if (what == 0) {
            expected[SLOT_TPR]++;
            expected[SLOT_TORH] += bytes;
        } else if (what == 1) {
            expected[SLOT_CRCERRS]++;
        } else if (what == 3) {
            expected[SLOT_ROC]++;
        } else {
            good(bytes, false, kind == 2, kind == 1);
            expected[SLOT_XEC] += what == 2;
            int slot = kind == 3 ? 7 : 11;
            expected[SLOT_QPRC + slot]++;
            expected[SLOT_QBRC + slot] += bytes - FRAME_FCS_BYTES;
        }
        nic_receive(rig.nic, p);
        nic_rig_run_ns(&rig, 2000);
        if (n == 600) compare_all();
    }
    compare_all();
    rng_destroy(rng);
    (void)ring;
}
END_TEST

START_TEST(nic_stats__transmit_equals_an_oracle)
{
    struct rng *rng = rng_create((uint64_t)_i, "stats");
    uint8_t *bytes;
    bus_addr data = memory_map_bytes(rig.memory, 4 * 4096, 0, &bytes);
    struct nic_ring ring[3];
    static const int queue[3] = { 0, 5, 31 }, slot[3] = { 2, 15, 2 };
    for (int k = 0; k < 4; k++) memcpy(bytes + k * 4096, kinds[k].byte, 6);
    for (int q = 0; q < 3; q++) ring[q] = nic_rig_tx(&rig, queue[q], 1024, 0);
    nic_rig_write(&rig, NIC_OFFSET(TQSMR, 0), 0x02);
    nic_rig_write(&rig, NIC_OFFSET(TQSMR, 1), 0x0f00);
    nic_rig_write(&rig, NIC_OFFSET(TQSMR, 7), 0x02000000);
    rig.discard = true;
    uint32_t tail[3] = { 0 };
    for (int n = 0; n < 900; n++) {
        int q = (int)rng_below(rng, 3);
        uint32_t kind = rng_below(rng, 4), len = 60 + rng_below(rng, 1455);
        uint64_t word = len | 3ull << 20 | 0x2bull << 24 | (uint64_t)len << 46;
        ring[q].desc[tail[q]++] = (struct nic_desc){ { data + kind * 4096, word } };
        nic_rig_write(&rig, NIC_OFFSET(TDT, queue[q]), tail[q]);
        good(len + FRAME_FCS_BYTES, true, kind == 2, kind == 1);
        expected[SLOT_QPTC + slot[q]]++;
        expected[SLOT_QBTC + slot[q]] += len;
        if (n % 300 == 299) {
            nic_rig_run_ns(&rig, 1000000);
            compare_all();
        }
    }
    rng_destroy(rng);
}
END_TEST

/* Frames that no descriptor waits for fill the packet buffer: RNBC for those looked at, then MPC; GPRC has them all. */
START_TEST(nic_stats__missed_frames_are_in_gprc)
{
    nic_rig_rx(&rig, 0, 64, 0, 2, false, 0);
    nic_rig_rx_start(&rig, 2, false);
    nic_rig_write(&rig, NIC_OFFSET(RXPBSIZE0, 0), 16 << 10);
    for (int i = 0; i < 20; i++) {
        nic_receive(rig.nic, nic_rig_frame(&rig, kinds[0], IPPROTO_TCP_, 1, 1514));
        good(1518, false, false, false);
    }
    nic_rig_run_ns(&rig, 5000);
    expected[SLOT_MPC] = 20 - 16384 / 1514;
    expected[SLOT_RNBC] = 1; /* the others did not get to look */
    compare_all();
}
END_TEST

START_TEST(nic_stats__damaged_frames_by_kind)
{
    nic_rig_rx(&rig, 0, 64, 63, 2, false, 0);
    nic_rig_rx_start(&rig, 2, false);
    for (int i = 0; i < 4; i++) {
        struct packet *p = nic_rig_frame(&rig, kinds[0], IPPROTO_TCP_, 1, 100);
        if (i & 1) p->flags |= PACKET_FCS_BAD;
        if (i & 2)
            p->len = 2000;
        else
            p->len = p->hdr_len = 10;
        nic_receive(rig.nic, p);
    }
    expected[SLOT_RUC] = expected[SLOT_RFC] = expected[SLOT_ROC] = expected[SLOT_RJC] = 1;
    expected[SLOT_MSPDC] = 2;
    compare_all();
}
END_TEST

/* Per class and for the link, XON and XOFF apart. */
START_TEST(nic_stats__received_pause_frames)
{
    nic_rig_rx_start(&rig, 2, false);
    nic_rig_write(&rig, NIC_OFFSET(FCTRL, 0), NIC_MASK(FCTRL_DPF));
    for (uint16_t n = 0; n < 5; n++) {
        struct pause link = { .quanta = { n } }, some = { .priority = true, .classes = 0x81, .quanta = { n } };
        nic_receive(rig.nic, pause_frame(rig.pool, engine_now(rig.engine), (struct mac_addr){ { 2 } }, &link));
        nic_receive(rig.nic, pause_frame(rig.pool, engine_now(rig.engine), (struct mac_addr){ { 2 } }, &some));
    }
    expected[SLOT_LXONRXC] = 1;
    expected[SLOT_LXOFFRXC] = 4;
    expected[SLOT_PXONRXC] = 1;
    expected[SLOT_PXOFFRXC] = 4;
    expected[SLOT_PXONRXC + 7] = 5; /* its time is 0 in all of them */
    expected[SLOT_TPR] = 10;
    expected[SLOT_TORH] = 640;
    compare_all();
}
END_TEST

START_TEST(nic_stats__counters_stop_at_the_top)
{
    nic_rig_rx(&rig, 0, 64, 63, 16, false, 0);
    nic_rig_rx_start(&rig, 16, false);
    nic_rig_write(&rig, NIC_OFFSET(HLREG0, 0), NIC_MASK(HLREG0_JUMBOEN));
    nic_rig_write(&rig, NIC_OFFSET(MHADD, 0), 16383u << 16);
    for (uint32_t i = 0; i < 270000; i++) { /* 4.4 GB */
        nic_receive(rig.nic, nic_rig_frame(&rig, kinds[0], IPPROTO_TCP_, 1, 16379));
        if (i % 64 == 63) {
            nic_rig_run_ns(&rig, 700000);
            nic_rig_write(&rig, NIC_OFFSET(RDT, 0), (63 + 64 * (i / 64 + 1)) % 64);
        }
    }
    ck_assert_uint_eq(nic_rig_read(&rig, NIC_OFFSET(GORCH, 0)), UINT32_MAX);
    ck_assert_uint_eq(nic_rig_read(&rig, NIC_OFFSET(GPRC, 0)), 270000);
}
END_TEST

Suite *nic_stats_suite(void)
{
    Suite *s = suite_create("nic_stats");
    TCase *t = tcase_create("statistics");
    tcase_add_checked_fixture(t, setup, teardown);
    tcase_set_timeout(t, 30);
    tcase_add_test(t, nic_stats__all_zero_at_first_and_after_reset);
    tcase_add_loop_test(t, nic_stats__receive_equals_an_oracle, 0, 3);
    tcase_add_loop_test(t, nic_stats__transmit_equals_an_oracle, 0, 3);
    tcase_add_test(t, nic_stats__missed_frames_are_in_gprc);
    tcase_add_test(t, nic_stats__damaged_frames_by_kind);
    tcase_add_test(t, nic_stats__received_pause_frames);
    tcase_add_test(t, nic_stats__counters_stop_at_the_top);
    suite_add_tcase(s, t);
    return s;
}
