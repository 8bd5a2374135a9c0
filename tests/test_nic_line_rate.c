/* SPDX-License-Identifier: GPL-3.0-or-later
 * test_nic_line_rate.c -- whether a slot of eight first-generation lanes carries 64-byte frames at line rate, one way and
 * both, as descriptors are written back in batches: the bytes that cross the bus, counted by hand, against the model.
 *
 *     67.2 ns a frame, 2 bytes a ns upstream: 134.4 bytes
 *     received: 60 + 24 data, (16 w + 24) / w of descriptors written back w at a time, 8 at most in one packet of the bus
 *     sent: 24 the request for the data, (16 + 24) / r of reports for every r-th packet
 *     both: 24 / n for the descriptors, read n at a time
 * Downstream a frame that is sent takes 60 bytes and 20, and descriptors 16 each and 20 for four: it is never full. */
#include <check.h>
#include <string.h>

#include "nic_rig.h"
#include "suites.h"

enum { FRAMES = 30000, RING = 1024, LEN = 60, TLP = 24, DESC = 16, FRAME_PS = 67200, CMD_EOP = 1, CMD_IFCS = 2, CMD_RS = 8 };

static struct nic_rig rig;
static struct nic_ring rx, tx;
static bus_addr data;            /* of every frame that is sent */

static void setup(void)
{
    struct pcie_config bus = pcie_config_gen1_x8();
    bus.dllp_every = 0; /* packets of the link layer come on top */
    bus.reads_max = 64; /* bytes are the limit, not reads under way */
    nic_rig_init(&rig, &bus);
    rig.discard = true;
}

static void teardown(void)
{
    nic_rig_fini(&rig);
}

static const struct load {
    uint32_t batch;              /* receive descriptors written back together */
    uint32_t report;             /* every so many packets sent; 0: none are sent */
    bool fits;
} loads[] = {
    { 1, 0, true }, { 4, 0, true }, { 8, 0, true },
    { 1, 1, false }, { 8, 1, false }, { 1, 32, false }, { 8, 32, true },
};

/* Upstream picoseconds a frame takes, without reads of descriptors. */
static double upstream_ps(const struct load *l)
{
    double bytes = LEN + TLP + DESC + (double)TLP / l->batch;
    if (l->report) bytes += TLP + (double)(DESC + TLP) / l->report;
    return bytes * 500;
}

static void start(const struct load *l)
{
    data = memory_map_bytes(rig.memory, 64, 0, &(uint8_t *){ NULL });
    rx = nic_rig_rx(&rig, 0, RING, RING - 1, 2, false, 32 | l->batch << 16);
    tx = nic_rig_tx(&rig, 0, RING, 32 | 16 << 8);
    nic_rig_write(&rig, NIC_OFFSET(GPIE, 0), NIC_MASK(GPIE_MSIX_MODE));
    nic_rig_write(&rig, NIC_OFFSET(IVAR, 0), 0x80);
    nic_rig_write(&rig, NIC_OFFSET(EITR, 0), 0xffff0fff); /* the counter runs for all of the test */
    nic_rig_rx_start(&rig, 2, false);
    nic_rig_run_ns(&rig, 5000);
}

/* The host takes what has come, and gives buffers and work back at once. */
static void host(const struct load *l, uint32_t *taken)
{
    uint32_t head = nic_rig_read(&rig, NIC_OFFSET(RDH, 0)), bytes;

    for (; *taken != head; *taken = (*taken + 1) % RING) {
        bus_addr buffer = rx.buffers + (uint64_t)*taken * rx.buffer_bytes;
        packet_deliver(rig.pool, memory_take_frame(rig.memory, buffer, &bytes));
        rx.desc[*taken].q[0] = buffer;
    }
    nic_rig_write(&rig, NIC_OFFSET(RDT, 0), (head + RING - 1) % RING);
    if (!l->report) return;
    uint32_t sent = nic_rig_read(&rig, NIC_OFFSET(TDH, 0));
    for (uint32_t i = nic_rig_read(&rig, NIC_OFFSET(TDT, 0)); (i + 1) % RING != sent; i = (i + 1) % RING) {
        uint64_t cmd = CMD_EOP | CMD_IFCS | (i % l->report == 0 ? CMD_RS : 0u);
        tx.desc[i] = (struct nic_desc){ { data, LEN | cmd << 24 } };
    }
    nic_rig_write(&rig, NIC_OFFSET(TDT, 0), (sent + RING - 1) % RING);
}

static uint64_t descriptor_reads(void)
{
    return nic_counter(rig.nic, NIC_rx_desc_fetches) + nic_counter(rig.nic, NIC_tx_desc_fetches);
}

START_TEST(nic_line_rate__fits_as_the_arithmetic_says)
{
    const struct load *l = &loads[_i];
    double ps = upstream_ps(l);
    uint32_t taken = 0;

    ck_assert_int_eq(l->fits, ps < FRAME_PS);
    start(l);
    for (int i = 0; i < 1000; i++) { /* until the transmit packet buffer is full and the wire sets the pace */
        host(l, &taken);
        nic_rig_run_ns(&rig, 1000);
    }
    uint64_t sent = nic_counter(rig.nic, NIC_tx_packets), fetches = descriptor_reads();
    uint64_t up = stats_value(rig.stats, "pcie", "slot", "up_ps");
    int64_t from = engine_now(rig.engine).ps;
    for (int i = 0; i < FRAMES; i++) {
        nic_receive(rig.nic, nic_rig_frame(&rig, nic_rig_mac, IPPROTO_UDP_, 1, LEN));
        engine_run(rig.engine, (sim_time){ from + (int64_t)(i + 1) * FRAME_PS });
        if (i % 16 == 0) host(l, &taken);
    }
    up = stats_value(rig.stats, "pcie", "slot", "up_ps") - up;
    int64_t time = engine_now(rig.engine).ps - from;
    uint64_t received = nic_counter(rig.nic, NIC_rx_packets);
    sent = nic_counter(rig.nic, NIC_tx_packets) - sent;
    fetches = (descriptor_reads() - fetches) * TLP * 500;
    if (l->fits) {
        ck_assert_uint_eq(nic_counter(rig.nic, NIC_mpc), 0);
        ck_assert_uint_ge(received, FRAMES - 32);
        if (l->report) ck_assert_uint_ge(sent, FRAMES * 98 / 100);
        ck_assert_double_eq_tol((double)(up - fetches) / FRAMES, ps, ps * 0.02);
    } else {
        ck_assert_uint_gt(nic_counter(rig.nic, NIC_mpc) + nic_counter(rig.nic, NIC_rx_fifo_max), 0);
        ck_assert_double_ge((double)up, (double)time * 0.98); /* the bus is what is full */
        ck_assert_uint_lt(received + sent, 2 * FRAMES * 97 / 100);
    }
}
END_TEST

Suite *nic_line_rate_suite(void)
{
    Suite *s = suite_create("nic_line_rate");
    TCase *tc = tcase_create("bus");
    tcase_add_checked_fixture(tc, setup, teardown);
    tcase_add_loop_test(tc, nic_line_rate__fits_as_the_arithmetic_says, 0, sizeof loads / sizeof *loads);
    suite_add_tcase(s, tc);
    return s;
}
