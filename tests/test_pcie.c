/* SPDX-License-Identifier: GPL-3.0-or-later
 * test_pcie.c -- bandwidth by closed formula, latencies, limits, register ordering. */
#include <check.h>
#include <stdlib.h>

#include "core/rng.h"
#include "machine/pcie.h"
#include "machine_rig.h"
#include "suites.h"

static struct rig rig;

static int n_seen;

static void setup(void)
{
    n_seen = 0;
    rig_init(&rig);
}

static void teardown(void)
{
    rig_fini(&rig);
}

static const uint64_t BASE = 1ull << 32; /* above 4 GiB: requests have 16-byte headers */

/* Gen1 x8 without latencies and link packets: pure bandwidth at 0.5 ns per byte. */
static struct pcie_config bare(void)
{
    struct pcie_config c = pcie_config_gen1_x8();
    c.dllp_every = 0;
    c.read_latency = c.write_latency = c.far_latency = c.mmio_latency = sim_ps(0);
    c.reads_max = 64;
    return c;
}

static struct pcie *make(struct pcie_config c)
{
    return pcie_create(rig.engine, rig.stats, "m/pcie", &c);
}

static uint64_t counter(const char *name)
{
    return stats_value(rig.stats, "pcie", "m/pcie", name);
}

START_TEST(pcie_dma_write__a_tlp_is_payload_plus_24_bytes)
{
    struct pcie *p = make(bare());
    ck_assert_int_eq(pcie_dma_write(p, BASE, 60, 0).ps, (60 + 24) * 500);
    ck_assert_int_eq(pcie_dma_write(p, BASE, 128, 0).ps, (60 + 24 + 128 + 24) * 500);
    ck_assert_int_eq(pcie_up_free(p).ps, (60 + 24 + 128 + 24) * 500);
    ck_assert_uint_eq(counter("up_ps"), (60 + 24 + 128 + 24) * 500);
    ck_assert_uint_eq(counter("write_bytes"), 188);
    pcie_destroy(p);
}
END_TEST

START_TEST(pcie_dma_write__splits_at_payload_and_page)
{
    static const struct { uint64_t addr; uint32_t bytes, mps, tlps; } row[] = {
        { BASE, 128, 128, 1 }, { BASE, 129, 128, 2 }, { BASE, 1514, 128, 12 }, { BASE, 1514, 256, 6 },
        { BASE + 4096 - 64, 128, 128, 2 }, { BASE + 4095, 2, 256, 2 }, { BASE + 64, 8192, 128, 65 },
    };
    for (size_t i = 0; i < sizeof row / sizeof *row; i++) {
        struct pcie_config c = bare();
        c.mps_bytes = row[i].mps;
        struct pcie *p = make(c);
        ck_assert_int_eq(pcie_dma_write(p, row[i].addr, row[i].bytes, 0).ps, (row[i].bytes + row[i].tlps * 24) * 500);
        pcie_destroy(p);
    }
}
END_TEST

START_TEST(pcie_dma_write__below_4_gib_saves_a_header_word)
{
    struct pcie *p = make(bare());
    ck_assert_int_eq(pcie_dma_write(p, 0x10000, 60, 0).ps, (60 + 20) * 500);
    pcie_destroy(p);
}
END_TEST

/* Upstream bytes per received frame: its data, its share of the write-back of 'together' descriptors of 16 bytes and
 * of the read request that fetched 'fetched' of them. */
static double upstream_bytes(uint32_t frame, uint32_t together, uint32_t fetched)
{
    struct pcie *p = make(bare());
    for (uint32_t i = 0; i < 64; i++) {
        pcie_dma_write(p, BASE + i * 2048, frame, 0);
        if (i % together == 0) pcie_dma_write(p, BASE + i * 16, 16 * together, 0);
        if (i % fetched == 0) pcie_dma_read(p, BASE + i * 16, 16 * fetched, 0);
    }
    double bytes = (double)pcie_up_free(p).ps / 500 / 64;
    pcie_destroy(p);
    return bytes;
}

START_TEST(pcie__upstream_bytes_per_received_frame)
{
    ck_assert_double_eq(upstream_bytes(60, 1, 4), 130);      /* 65.0 ns of the 67.2 of a minimal frame */
    ck_assert_double_eq(upstream_bytes(60, 4, 8), 109);      /* 54.5 ns */
    ck_assert_double_eq(upstream_bytes(60, 8, 8), 106);
    double full = upstream_bytes(1514, 4, 8) * 0.5;          /* 74 % of the 1230 ns of a full frame */
    ck_assert_double_eq_tol(full, 914, 2);
}
END_TEST

START_TEST(pcie_dma_read__request_latency_completions)
{
    struct pcie_config c = bare();
    c.read_latency = sim_ns(700);
    c.far_latency = sim_ns(150);
    c.rcb_bytes = 64;
    struct pcie *p = make(c);
    /* request 24 bytes, then 128 bytes in two completions of 20 more each */
    ck_assert_int_eq(pcie_dma_read(p, BASE, 128, 0).ps, 12000 + 700000 + (128 + 40) * 500);
    ck_assert_uint_eq(counter("up_ps"), 12000);
    ck_assert_uint_eq(counter("down_ps"), 84000);
    rig_run_ns(&rig, 10000);
    ck_assert_int_eq(pcie_dma_read(p, BASE, 64, 1).ps, 10000000 + 12000 + 850000 + 84 * 500);
    rig_run_ns(&rig, 20000);
    ck_assert_int_eq(pcie_dma_read(p, BASE + 60, 8, 0).ps, 20000000 + 712000 + (8 + 40) * 500); /* crosses 64 bytes */
    pcie_destroy(p);
}
END_TEST

START_TEST(pcie_dma_read__splits_requests)
{
    struct pcie_config c = bare();
    c.rcb_bytes = 128;
    struct pcie *p = make(c);
    pcie_dma_read(p, BASE, 1514, 0);                /* 512 + 512 + 490 */
    ck_assert_uint_eq(counter("up_ps"), 3 * 12000);
    ck_assert_uint_eq(counter("down_ps"), (1514 + 12 * 20) * 500);
    pcie_dma_read(p, BASE + 4096 - 100, 200, 0);    /* two pages */
    ck_assert_uint_eq(counter("up_ps"), 5 * 12000);
    pcie_destroy(p);
}
END_TEST

/* With 'n' reads of 512 bytes in flight, throughput is n x 512 bytes per round trip, until the wire is full. */
/* The same bytes as one read on 'a' and, request by request, on 'b'. */
static void read_both(struct pcie *a, struct pcie *b, uint64_t addr, uint32_t bytes)
{
    sim_time at = pcie_dma_read(a, addr, bytes, 0), last = { 0 };
    uint32_t most = pcie_config_of(b)->mrrs_bytes;
    for (uint32_t n; bytes > 0; addr += n, bytes -= n) {
        uint32_t page = 4096 - (uint32_t)(addr % 4096);
        n = bytes < most ? bytes : most;
        if (n > page) n = page;
        last = pcie_dma_read(b, addr, n, 0);
    }
    ck_assert_int_eq(at.ps, last.ps);
    ck_assert_int_eq(pcie_up_free(a).ps, pcie_up_free(b).ps);
}

START_TEST(pcie_dma_read__as_if_each_request_came_alone)
{
    struct rng *r = rng_create(1, "reads");
    for (int k = 0; k < 40; k++) {
        struct pcie_config c = bare();
        c.reads_max = 1 + (uint32_t)rng_below(r, 9);
        c.read_latency = sim_ns(800);
        c.mrrs_bytes = 128u << rng_below(r, 4);
        struct pcie *a = make(c), *b = pcie_create(rig.engine, rig.stats, "m/other", &c);
        for (int i = 0; i < 100; i++) {
            read_both(a, b, BASE + rng_below(r, 20000), 1 + (uint32_t)rng_below(r, 9000));
            if (rng_below(r, 4) == 0) engine_run(rig.engine, sim_add(engine_now(rig.engine), sim_ns((int64_t)rng_below(r, 9000))));
        }
        pcie_destroy(a);
        pcie_destroy(b);
    }
    rng_destroy(r);
}
END_TEST

START_TEST(pcie_dma_read__limited_by_reads_in_flight)
{
    for (uint32_t n = 1; n <= 16; n *= 2) {
        struct pcie_config c = bare();
        c.read_latency = sim_ns(1000);
        c.reads_max = n;
        struct pcie *p = make(c);
        sim_time done = { 0 };
        for (int i = 0; i < 1000; i++) done = pcie_dma_read(p, BASE, 512, 0);
        double rate = 512.0 * 1000 / ((double)done.ps * 1e-3), wire = 512.0 / ((512 + 8 * 20) * 0.5);
        double window = 512.0 * n / (1000 + 336); /* 336 ns for its completions */
        ck_assert_double_le(rate, wire * 1.001);
        ck_assert_double_le(rate, window * 1.05);
        ck_assert_double_ge(rate, (window < wire ? window : wire) * 0.95);
        pcie_destroy(p);
    }
}
END_TEST

START_TEST(pcie_dma_read__waiting_reads_do_not_hold_up_writes)
{
    struct pcie_config c = bare();
    c.read_latency = sim_ns(1000);
    c.reads_max = 1;
    struct pcie *p = make(c);
    for (int i = 0; i < 10; i++) pcie_dma_read(p, BASE, 64, 0);
    ck_assert_int_eq(pcie_dma_write(p, BASE, 60, 0).ps, 10 * 12000 + 42000);
    ck_assert_int_ge(pcie_down_free(p).ps, 9 * 1000 * 1000);
    pcie_destroy(p);
}
END_TEST

START_TEST(pcie_dma_write__do_not_overtake_each_other)
{
    struct pcie_config c = bare();
    c.write_latency = sim_ns(300);
    c.far_latency = sim_ns(100);
    struct pcie *p = make(c);
    sim_time far = pcie_dma_write(p, BASE, 60, 1), near = pcie_dma_write(p, BASE, 4, 0);
    ck_assert_int_eq(far.ps, 42000 + 400000);
    ck_assert_int_ge(near.ps, far.ps);
    pcie_destroy(p);
}
END_TEST

/* Gen1 x8, 128-byte payloads: 1.4-1.7 GB/s one way, 2.8-3.3 GB/s both ways, as exercisers of the time measured. */
START_TEST(pcie__ceilings_of_the_period)
{
    struct pcie *p = make(pcie_config_gen1_x8());
    sim_time done = { 0 };
    for (int i = 0; i < 10000; i++) done = sim_later(done, pcie_dma_write(p, BASE, 512, 0));
    double one = 10000 * 512.0 / ((double)done.ps * 1e-3);
    ck_assert_double_ge(one, 1.4);
    ck_assert_double_le(one, 1.7);
    pcie_destroy(p);
    teardown();
    setup();
    p = make(pcie_config_gen1_x8());
    while (rig_now_ns(&rig) < 2000000) { /* writes back to back, reads asked for 1 us ahead */
        while (pcie_down_free(p).ps < engine_now(rig.engine).ps + 1000000) pcie_dma_read(p, BASE, 512, 0);
        pcie_dma_write(p, BASE, 512, 0);
        engine_run(rig.engine, pcie_up_free(p));
    }
    double both = (double)(counter("write_bytes") + counter("read_bytes")) / 2e6;
    ck_assert_double_ge(both, 2.8);
    ck_assert_double_le(both, 3.3);
    pcie_destroy(p);
}
END_TEST

START_TEST(pcie__link_packets_take_the_other_direction)
{
    struct pcie_config c = bare();
    c.dllp_every = 4;
    struct pcie *p = make(c);
    for (int i = 0; i < 9; i++) pcie_dma_write(p, BASE, 60, 0);
    ck_assert_uint_eq(counter("down_ps"), 2 * 16 * 500);
    ck_assert_uint_eq(counter("up_ps"), 9 * 84 * 500);
    pcie_destroy(p);
}
END_TEST

START_TEST(pcie_config__lanes_and_speed)
{
    struct pcie_config c = bare();
    c.lanes = 4;
    c.gt_per_s = 5000000000;
    struct pcie *p = make(c);
    ck_assert_int_eq(pcie_dma_write(p, BASE, 60, 0).ps, 84 * 500); /* Gen2 x4 is Gen1 x8 */
    pcie_destroy(p);
    c.lanes = 1;
    p = make(c);
    ck_assert_int_eq(pcie_dma_write(p, BASE, 60, 0).ps, 84 * 2000);
    pcie_destroy(p);
}
END_TEST

/* -- registers --------------------------------------------------------------------------------------------------- */

static struct pcie *port;
static struct { uint32_t offset, value; int64_t at_ns; } seen[64];

static void reg_write(void *device, uint32_t offset, uint32_t value)
{
    (void)device;
    seen[n_seen].offset = offset;
    seen[n_seen].value = value;
    seen[n_seen++].at_ns = rig_now_ns(&rig);
}

static uint32_t reg_read(void *device, uint32_t offset)
{
    (void)device;
    (void)offset;
    return (uint32_t)n_seen;
}

static enum step_result three_writes(void *owner)
{
    uint32_t base = (uint32_t)*(int *)owner;
    for (uint32_t i = 0; i < 3; i++) {
        rig_work(&rig, 1000);
        pcie_mmio_write(port, rig.m, reg_write, NULL, base + i, 100 + i);
    }
    return STEP_SLEEP;
}

START_TEST(pcie_mmio_write__arrives_in_order_after_the_latency)
{
    int base = 0;
    struct pcie_config c = bare();
    c.mmio_latency = sim_ns(2500); /* several on the wire at a time */
    rig_price(&rig, COST_MMIO_WRITE, 50);
    rig_start(&rig, 1, 2, sim_ms(1));
    port = make(c);
    thread_wake(rig_thread(&rig, "t", 0, 0, three_writes, &base));
    rig_run_ns(&rig, 10000);
    ck_assert_int_eq(n_seen, 3);
    for (int i = 0; i < 3; i++) {
        ck_assert_int_eq(seen[i].at_ns, 1050 * (i + 1) + 2500);
        ck_assert_uint_eq(seen[i].offset, (uint32_t)i);
        ck_assert_uint_eq(seen[i].value, 100 + (uint32_t)i);
    }
    pcie_destroy(port);
}
END_TEST

START_TEST(pcie_mmio_write__two_cpus_arrive_by_their_clocks)
{
    struct rig_at at;
    int first = 0, second = 10;
    rig_start(&rig, 1, 2, sim_ms(1));
    port = make(bare());
    thread_wake(rig_thread(&rig, "a", 0, 0, three_writes, &first));
    rig_at(&rig, &at, 500, rig_wake, rig_thread(&rig, "b", 0, 1, three_writes, &second));
    rig_run_ns(&rig, 10000);
    static const uint32_t order[6] = { 0, 10, 1, 11, 2, 12 };
    ck_assert_int_eq(n_seen, 6);
    for (int i = 0; i < 6; i++) ck_assert_uint_eq(seen[i].offset, order[i]);
    pcie_destroy(port);
}
END_TEST

static uint32_t read_back;
static enum step_result write_then_read(void *owner)
{
    (void)owner;
    rig_work(&rig, 100);
    pcie_mmio_write(port, rig.m, reg_write, NULL, 1, 1);
    pcie_mmio_write(port, rig.m, reg_write, NULL, 2, 2);
    read_back = pcie_mmio_read(port, rig.m, reg_read, NULL, 3);
    rig_work(&rig, 100);
    pcie_mmio_write(port, rig.m, reg_write, NULL, 4, 4);
    return STEP_SLEEP;
}

START_TEST(pcie_mmio_read__comes_after_the_writes_before_it)
{
    rig_price(&rig, COST_MMIO_READ, 1000);
    rig_start(&rig, 1, 1, sim_ms(1));
    struct pcie_config c = bare();
    c.mmio_latency = sim_ns(300);
    port = make(c);
    thread_wake(rig_thread(&rig, "t", 0, 0, write_then_read, NULL));
    rig_run_ns(&rig, 10000);
    ck_assert_uint_eq(read_back, 2);
    ck_assert_int_eq(n_seen, 3);
    ck_assert_int_eq(seen[2].at_ns, 1500);
    ck_assert_uint_eq(rig_cpu(&rig, 0, "sys_ps"), 1200000);
    pcie_destroy(port);
}
END_TEST

START_TEST(pcie_mmio_write__outside_a_step_and_many)
{
    rig_start(&rig, 1, 1, sim_ms(1));
    struct pcie_config c = bare();
    c.mmio_latency = sim_ns(300);
    port = make(c);
    for (uint32_t round = 0; round < 5; round++) {
        n_seen = 0;
        for (uint32_t i = 0; i < 50; i++) pcie_mmio_write(port, rig.m, reg_write, NULL, i, 0);
        ck_assert_int_eq(n_seen, 0);
        rig_run_ns(&rig, 1000 * (round + 1));
        ck_assert_int_eq(n_seen, 50);
        for (uint32_t i = 0; i < 50; i++) ck_assert_uint_eq(seen[i].offset, i);
    }
    pcie_destroy(port);
}
END_TEST

Suite *pcie_suite(void)
{
    Suite *s = suite_create("pcie");
    TCase *c = tcase_create("pcie");
    const TTest *const tests[] = {
        pcie_dma_write__a_tlp_is_payload_plus_24_bytes,
        pcie_dma_write__splits_at_payload_and_page,
        pcie_dma_write__below_4_gib_saves_a_header_word,
        pcie__upstream_bytes_per_received_frame,
        pcie_dma_read__request_latency_completions,
        pcie_dma_read__splits_requests,
        pcie_dma_read__as_if_each_request_came_alone,
        pcie_dma_read__limited_by_reads_in_flight,
        pcie_dma_read__waiting_reads_do_not_hold_up_writes,
        pcie_dma_write__do_not_overtake_each_other,
        pcie__ceilings_of_the_period,
        pcie__link_packets_take_the_other_direction,
        pcie_config__lanes_and_speed,
        pcie_mmio_write__arrives_in_order_after_the_latency,
        pcie_mmio_write__two_cpus_arrive_by_their_clocks,
        pcie_mmio_read__comes_after_the_writes_before_it,
        pcie_mmio_write__outside_a_step_and_many,
    };
    tcase_add_checked_fixture(c, setup, teardown);
    for (size_t i = 0; i < sizeof tests / sizeof *tests; i++) tcase_add_test(c, tests[i]);
    suite_add_tcase(s, c);
    return s;
}
