/* SPDX-License-Identifier: GPL-3.0-or-later
 * test_gldv3.c -- Solaris before Crossbow: whole worlds from scenarios in this file, and what must differ from Crossbow
 * because its causes do. */
#include "stack/gldv3.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "suites.h"
#include "world_rig.h"

/* -- worlds -------------------------------------------------------------------------------------------------------- */

/* %s: of the machine, of its NIC, top-level lines. */
#define WORLD \
    "time: {warmup: 10ms, measure: 30ms}\n" \
    "switches: {s: {rate: 1Gbps}}\n" \
    "machines:\n" \
    "  sut: {detail: full, %s nics: {net0: {wire: s, rate: 1Gbps, lanes: 1, %s}}}\n" \
    "  c[1-12]: {nics: {net0: {wire: s, rate: 1Gbps}}}\n" \
    "%s\n"
#define GLDV3 "stack: gldv3, cpus: {sockets: 1, cores: 4, clock: 2.8GHz},"
#define SLOW(stack) "stack: " stack ", cpus: {sockets: 1, cores: 4, clock: 600MHz},"
#define BOTH_WAYS \
    "traffic:\n" \
    "  - uperf: {from: 'c[1-6]', to: sut, streams: 4}\n" \
    "  - uperf: {from: sut, to: 'c[7-12]', streams: 4}\n"
#define IN_ONLY "traffic: [{uperf: {from: 'c[1-12]', to: sut, streams: 4}}]\n"
#define OUT_ONLY "traffic: [{uperf: {from: sut, to: 'c[1-12]', streams: 4}}]\n"

static char text[8192];

static const char *write_world(const char *machine, const char *nic, const char *rest)
{
    int n = snprintf(text, sizeof text, WORLD, machine, nic, rest);
    ck_assert_int_lt(n, (int)sizeof text);
    return text;
}

static struct scenario *parse(const char *machine, const char *nic, const char *rest)
{
    return world_rig_parse(write_world(machine, nic, rest), NULL, 0);
}

static void run_world(const char *machine, const char *nic, const char *rest, const char *set)
{
    world_rig_run(write_world(machine, nic, rest), 1, &set, set ? 1 : 0);
}

static uint64_t items(void)
{
    return sum("squeue", "sut/", "packets_intr") + sum("squeue", "sut/", "packets_other") +
           sum("squeue", "sut/", "packets_worker");
}

START_TEST(gldv3__counters_agree_from_layer_to_layer)
{
    static const char *const kinds[] = { "", "gldv3: {soft-rings: 2, squeue-fanout: true},", "gldv3: {blanking: true}," };
    for (int i = 0; i < 3; i++) {
        char machine[200];
        snprintf(machine, sizeof machine, "%s %s", GLDV3, kinds[i]);
        run_world(machine, "", BOTH_WAYS, "time.warmup=0ms");
        check_conservation();
        ck_assert_uint_gt(sum("flow", "sut", "read_bytes"), 1000000);
        near(sum("ixgbe_rx", "sut/", "packets"), sum("gldv3", "sut/", "ipackets"), 300);
        near(sum("ixgbe_tx", "sut/", "packets"), sum("gldv3", "sut/", "opackets"), 0);
        near(sum("sockets", "sut", "rx_packets"), sum("gldv3", "sut/", "ipackets"), 300);
        ck_assert_uint_eq(sum("gldv3", "sut/", "unknowns"), 0);
        ck_assert_uint_le(sum("gldv3", "sut/", "chains"), sum("ixgbe_rx", "sut/", "intrs"));
        ck_assert_uint_ge(items() + 600, sum("sockets", "sut", "rx_packets"));
        ck_assert_uint_eq(sum("lane", "sut/", "ipackets"), 0);
        if (i == 1) ck_assert_uint_eq(sum("squeue", "sut/", "packets_intr"), 0);
    }
}
END_TEST

/* 1448 bytes of payload take 1538 on the wire. */
START_TEST(gldv3__reaches_a_gigabit_wires_goodput_and_no_more)
{
    static const char *const ways[] = { IN_ONLY, OUT_ONLY };
    double ceiling = 1e9 * 1448 / 1538;
    for (int i = 0; i < 2; i++) {
        run_world(GLDV3, "", ways[i], "time.warmup=60ms");
        double bits = (double)sum("flow", i ? "c" : "sut", "read_bytes") * 8 / sim_seconds(result.measured);
        ck_assert_double_ge(bits, 0.97 * ceiling);
        ck_assert_double_le(bits, 1.01 * ceiling);
    }
}
END_TEST

/* One ring, one interrupt, one CPU: on a fast wire it is busy with interrupts alone, and the driver's limit is reached. */
START_TEST(gldv3__one_interrupt_saturates_one_cpu)
{
    int n = snprintf(text, sizeof text, "time: {warmup: 20ms, measure: 30ms}\nswitches: {s: {}}\nmachines:\n"
                     "  sut: {detail: full, stack: gldv3, nics: {net0: {wire: s}}}\n"
                     "  c[1-4]: {nics: {net0: {wire: s}}}\n"
                     "traffic: [{uperf: {from: 'c[1-4]', to: sut, streams: 5}}]\n");
    ck_assert_int_lt(n, (int)sizeof text);
    struct scenario *s = scenario_parse("scenarios/test.yaml", text, strlen(text), NULL, NULL, 0, &mistakes);
    ck_assert_ptr_nonnull(s);
    ck_assert_int_eq(s->machines[0].nics[0].lanes, 1);
    struct world *w = world_create(s, 1, NULL, &mistakes);
    ck_assert_ptr_nonnull(w);
    ck_assert_int_eq(world_run(w, no_progress, NULL, &mistakes), 0);
    world_collect(w, &result);
    world_destroy(w);
    scenario_destroy(s);
    ck_assert_double_ge((double)sum("cpu", "sut/cpu0", "intr_ps"), 0.95 * (double)result.measured.ps);
    ck_assert_uint_gt(sum("gldv3", "sut/", "limited"), 0);
    ck_assert_uint_le(sum("gldv3", "sut/", "ipackets"), 257 * (sum("gldv3", "sut/", "chains") + 1));
    ck_assert_double_lt((double)sum("flow", "sut", "read_bytes") * 8 / sim_seconds(result.measured), 8e9);
}
END_TEST

START_TEST(gldv3__full_ring_stops_writers_and_lets_them_go)
{
    run_world(GLDV3, "tx-descriptors: 64, lso: false, interrupt-interval: 200us", OUT_ONLY, "time.warmup=0ms");
    ck_assert_uint_gt(sum("gldv3", "sut/", "txwaits"), 10);
    ck_assert_uint_gt(sum("gldv3", "sut/", "blocks"), 1);
    ck_assert_uint_gt(sum("sockets", "sut", "flow_control"), 1);
    ck_assert_uint_gt(sum("flow", "c", "read_bytes"), 1000000);
    ck_assert_uint_eq(sum("flow", "c", "ooo_segs_in"), 0);
    check_conservation();
}
END_TEST

static uint64_t rx_interrupts(const char *machine, const char *nic)
{
    run_world(machine, nic, IN_ONLY, "time.warmup=60ms");
    return sum("ixgbe_rx", "sut/", "intrs");
}

/* The same machine and load: polling is what takes interrupts away, and without it Crossbow has as many as GLDv3. */
START_TEST(gldv3__interrupts_that_polling_avoids)
{
    uint64_t before = rx_interrupts(SLOW("gldv3"), ""), packets = sum("gldv3", "sut/", "ipackets");
    uint64_t crossbow = rx_interrupts(SLOW("crossbow"), ""), received = sum("lane", "sut/", "ipackets");
    uint64_t polled = sum("lane", "sut/", "polls");
    uint64_t ablated = rx_interrupts(SLOW("crossbow"), "poll: false");
    near(packets, received, packets / 20);
    ck_assert_uint_gt(polled, received / 2);
    ck_assert_double_lt((double)crossbow, 0.8 * (double)before);
    ck_assert_double_ge((double)ablated, 0.95 * (double)before);
    ck_assert_double_le((double)ablated, 1.05 * (double)before);
}
END_TEST

/* Without the driver's moderation interrupts follow the packets. */
START_TEST(gldv3__interrupts_follow_packets_without_moderation)
{
    uint64_t moderated = rx_interrupts(GLDV3, "");
    uint64_t each = rx_interrupts(GLDV3, "interrupt-interval: 0s");
    ck_assert_uint_gt(each, 2 * moderated);
    ck_assert_uint_le(moderated, (uint64_t)(sim_seconds(result.measured) / 51.2e-6) + 2);
}
END_TEST

/* More threads that hand packets on: more switches and more locks met, as with Crossbow's softrings. */
START_TEST(gldv3__soft_rings_cost_switches_and_locks)
{
    uint64_t csw[2], smtx[2];
    for (int i = 0; i < 2; i++) {
        run_world(i ? SLOW("gldv3") " gldv3: {soft-rings: 2, squeue-fanout: true}," : SLOW("gldv3"), "", IN_ONLY,
                  "time.warmup=60ms");
        csw[i] = sum("cpu", "sut/", "csw");
        smtx[i] = sum("cpu", "sut/", "smtx");
    }
    ck_assert_uint_gt(csw[1], csw[0]);
    ck_assert_uint_gt(smtx[1], smtx[0]);
}
END_TEST

START_TEST(gldv3__same_seed_same_counters)
{
    uint64_t first = 0;
    for (int i = 0; i < 2; i++) {
        uint64_t digest = 0;
        run_world(GLDV3, "", BOTH_WAYS, NULL);
        for (size_t b = 0; b < result.block_count; b++)
            for (size_t k = 0; k < result.blocks[b].count; k++)
                digest = digest * UINT64_C(6364136223846793005) + result.blocks[b].values[k];
        if (i == 0) first = digest;
        ck_assert_uint_eq(digest, first);
    }
}
END_TEST

static void refused(const char *machine, const char *nic, const char *rest, const char *words)
{
    struct scenario *s = parse(machine, nic, rest);
    ck_assert_ptr_null(s);
    bool found = false;
    for (size_t i = 0; i < mistakes.count; i++)
        found |= strstr(mistakes.list[i].text, words) && strncmp(mistakes.list[i].text, "scenarios/test.yaml:4:", 22) == 0;
    ck_assert_msg(found, "'%s' is not in: %s", words, mistakes.list[0].text);
    errors_fini(&mistakes);
    errors_init(&mistakes);
}

START_TEST(gldv3__what_it_has_not_is_refused_where_it_stands)
{
    refused("stack: gldv3, links: {vnic1: {over: net0}},", "", IN_ONLY, "link 'vnic1': 'stack: gldv3' has no VNICs");
    refused("stack: linux26, links: {vnic1: {over: net0}},", "", IN_ONLY, "'stack: linux26' has no VNICs");
    refused("stack: gldv3,", "tx-rings: 2", IN_ONLY, "one transmit ring, not 2");
    refused("stack: gldv3,", "fanout: 2", IN_ONLY, "'fanout' is of lanes");
    refused("stack: gldv3,", "cpus: 0-1", IN_ONLY, "they are for lanes");
    refused("stack: gldv3,", "primary: false", IN_ONLY, "leaves no link");
    refused("stack: gldv3,", "rx-groups: 2", IN_ONLY, "2 receive groups");
    refused("stack: gldv3, lane: {low-water: 300},", "", IN_ONLY, "'lane' has no meaning with 'stack: gldv3'");
    refused("stack: crossbow, gldv3: {soft-rings: 2},", "", IN_ONLY, "'gldv3' has no meaning with 'stack: crossbow'");
}
END_TEST

START_TEST(gldv3__reads_back_what_it_prints)
{
    struct scenario *s = parse("stack: gldv3, gldv3: {soft-rings: 2, worker-wait: 5ms},", "", IN_ONLY);
    ck_assert_ptr_nonnull(s);
    char *printed = scenario_effective_text(s);
    ck_assert_ptr_nonnull(strstr(printed, "worker-wait: 5ms"));
    ck_assert_ptr_null(strstr(printed, "low-water"));
    struct scenario *again = world_rig_parse(printed, NULL, 0);
    if (!again) errors_print(&mistakes, stderr);
    ck_assert_ptr_nonnull(again);
    ck_assert_uint_eq(scenario_hash(s), scenario_hash(again));
    free(printed);
    scenario_destroy(s);
    scenario_destroy(again);
}
END_TEST

Suite *gldv3_suite(void)
{
    Suite *s = suite_create("gldv3");
    TCase *t = tcase_create("worlds");
    tcase_set_timeout(t, 30);
    tcase_add_checked_fixture(t, world_rig_init, world_rig_fini);
    tcase_add_test(t, gldv3__counters_agree_from_layer_to_layer);
    tcase_add_test(t, gldv3__reaches_a_gigabit_wires_goodput_and_no_more);
    tcase_add_test(t, gldv3__one_interrupt_saturates_one_cpu);
    tcase_add_test(t, gldv3__full_ring_stops_writers_and_lets_them_go);
    tcase_add_test(t, gldv3__interrupts_that_polling_avoids);
    tcase_add_test(t, gldv3__interrupts_follow_packets_without_moderation);
    tcase_add_test(t, gldv3__soft_rings_cost_switches_and_locks);
    tcase_add_test(t, gldv3__same_seed_same_counters);
    tcase_add_test(t, gldv3__what_it_has_not_is_refused_where_it_stands);
    tcase_add_test(t, gldv3__reads_back_what_it_prints);
    suite_add_tcase(s, t);
    return s;
}
