/* SPDX-License-Identifier: GPL-3.0-or-later
 * test_lane_plan.c -- softring counts and CPU placement against worked examples. */
#include <check.h>

#include "lanes/plan.h"
#include "suites.h"

static unsigned fanout(unsigned link_mbps, unsigned maxbw_mbps, unsigned hw_lanes, unsigned cpus)
{
    struct lane_fanout_request r = { .link_mbps = link_mbps, .maxbw_mbps = maxbw_mbps, .cpu_mhz = 2800,
                                     .hw_lanes = hw_lanes, .cpus = cpus };
    return lane_plan_fanout(&r);
}

START_TEST(lane_plan_fanout__fast_link_shares_eight_sets_among_its_lanes)
{
    ck_assert_uint_eq(fanout(10000, 0, 1, 32), 8);
    ck_assert_uint_eq(fanout(10000, 0, 2, 32), 4);
    ck_assert_uint_eq(fanout(10000, 0, 3, 32), 3); /* rounded up */
    ck_assert_uint_eq(fanout(10000, 0, 4, 32), 2);
    ck_assert_uint_eq(fanout(10000, 0, 8, 32), 1);
    ck_assert_uint_eq(fanout(10000, 0, 0, 32), 8); /* a software lane alone */
    ck_assert_uint_eq(fanout(1000, 0, 1, 32), 1);
    ck_assert_uint_eq(fanout(1001, 0, 1, 32), 8);
}
END_TEST

START_TEST(lane_plan_fanout__limit_asks_for_a_gigahertz_per_gigabit)
{
    ck_assert_uint_eq(fanout(10000, 10000, 1, 32), 3); /* 10000 / 2800 */
    ck_assert_uint_eq(fanout(10000, 2800, 1, 32), 1);
    ck_assert_uint_eq(fanout(10000, 999, 1, 32), 1);
    ck_assert_uint_eq(fanout(100000, 100000, 1, 200), 24); /* 35 capped */
}
END_TEST

START_TEST(lane_plan_fanout__is_capped_by_cpus)
{
    ck_assert_uint_eq(fanout(10000, 0, 1, 4), 4);
    ck_assert_uint_eq(fanout(10000, 0, 1, 1), 1);
}
END_TEST

START_TEST(lane_plan_fanout__many_slow_threads)
{
    struct lane_fanout_request r = { .link_mbps = 1000, .cpu_mhz = 1200, .hw_lanes = 1, .cpus = 64,
                                     .many_threads = true };
    ck_assert_uint_eq(lane_plan_fanout(&r), 8);
    r.link_mbps = 10000;
    ck_assert_uint_eq(lane_plan_fanout(&r), 16);
    r.maxbw_mbps = 1200;
    ck_assert_uint_eq(lane_plan_fanout(&r), 2);
    r = (struct lane_fanout_request){ .link_mbps = 1000, .hw_lanes = 1, .cpus = 64, .overlay = true };
    ck_assert_uint_eq(lane_plan_fanout(&r), 8);
}
END_TEST

START_TEST(lane_plan_auto__takes_turns_over_the_cpus)
{
    static const int cpus[] = { 0, 1, 2, 3, 5 };
    struct lane_cpu_cursor cursor = { cpus, 5, 0 };
    struct lane_cpus c;
    lane_plan_auto(&c, &cursor, 2, true);
    ck_assert_int_eq(c.soft[0], 0);
    ck_assert_int_eq(c.soft[1], 1);
    ck_assert_int_eq(c.poll, 2);
    ck_assert_int_eq(c.worker, 2);
    ck_assert_int_eq(c.intr, LANE_CPU_NONE);
    lane_plan_auto(&c, &cursor, 1, false);
    ck_assert_int_eq(c.soft[0], 3);
    ck_assert_int_eq(c.poll, 5);
    ck_assert_int_eq(c.worker, 0);
    struct lane_cpu_cursor none = { NULL, 0, 0 };
    lane_plan_auto(&c, &none, 1, true);
    ck_assert_int_eq(c.poll, LANE_CPU_NONE);
}
END_TEST

static const int list[] = { 10, 11, 12, 13, 14, 15, 16, 17 };

START_TEST(lane_plan_user__enough_cpus)
{
    struct lane_cpus rx[2];
    int tx[1];
    struct lane_user_request r = { list, 7, 2, 1, true };
    ck_assert_int_eq(lane_plan_user(&r, rx, tx), 1);
    ck_assert_uint_eq(rx[0].fanout, 2); /* (7 - 2 - 1) / 2 */
    ck_assert_int_eq(rx[0].poll, 10);
    ck_assert_int_eq(rx[0].intr, 10);
    ck_assert_int_eq(rx[0].worker, 10);
    ck_assert_int_eq(rx[0].soft[0], 11);
    ck_assert_int_eq(rx[0].soft[1], 12);
    ck_assert_int_eq(rx[1].poll, 13);
    ck_assert_int_eq(rx[1].soft[1], 15);
    ck_assert_int_eq(tx[0], 16); /* from the end */
    r.latency_optimize = false;
    ck_assert_int_eq(lane_plan_user(&r, rx, tx), 1);
    ck_assert_uint_eq(rx[0].fanout, 1);
    ck_assert_int_eq(rx[0].worker, 11);
    ck_assert_int_eq(rx[1].poll, 13);
    ck_assert_int_eq(rx[1].soft[0], 15);
}
END_TEST

START_TEST(lane_plan_user__one_cpu_per_lane_then_round_robin)
{
    struct lane_cpus rx[3];
    int tx[2];
    struct lane_user_request r = { list, 5, 3, 2, true };
    ck_assert_int_eq(lane_plan_user(&r, rx, tx), 2);
    for (int i = 0; i < 3; i++) {
        ck_assert_int_eq(rx[i].poll, 10 + i);
        ck_assert_int_eq(rx[i].soft[0], 10 + i);
        ck_assert_uint_eq(rx[i].fanout, 1);
    }
    ck_assert_int_eq(tx[0], 14);
    ck_assert_int_eq(tx[1], 13);
    r.count = 2;
    ck_assert_int_eq(lane_plan_user(&r, rx, tx), 3);
    ck_assert_int_eq(rx[0].poll, 10);
    ck_assert_int_eq(rx[1].worker, 11);
    ck_assert_int_eq(rx[2].soft[0], 10);
    ck_assert_int_eq(tx[0], 11);
    ck_assert_int_eq(tx[1], 10);
    r.count = 0;
    ck_assert_int_eq(lane_plan_user(&r, rx, tx), -1);
}
END_TEST

/* Tier 1 never gives a CPU twice and never reads beyond the list. */
START_TEST(lane_plan_user__tier_one_slices_do_not_overlap)
{
    int cpus[LANE_PLAN_MAX_CPUS];
    struct lane_cpus rx[8];
    int tx[4];
    for (int i = 0; i < LANE_PLAN_MAX_CPUS; i++) cpus[i] = i;
    for (unsigned count = 1; count <= LANE_PLAN_MAX_CPUS; count++)
        for (unsigned lanes = 1; lanes <= 8; lanes++)
            for (unsigned rings = 0; rings <= 4; rings++)
                for (int latency = 0; latency < 2; latency++) {
                    struct lane_user_request r = { cpus, count, lanes, rings, latency };
                    if (lane_plan_user(&r, rx, tx) != 1) continue;
                    bool used[LANE_PLAN_MAX_CPUS] = { false };
                    for (unsigned i = 0; i < lanes; i++) {
                        ck_assert(!used[rx[i].poll]);
                        used[rx[i].poll] = true;
                        if (!latency) {
                            ck_assert(!used[rx[i].worker]);
                            used[rx[i].worker] = true;
                        }
                        for (unsigned k = 0; k < rx[i].fanout; k++) {
                            ck_assert_int_lt(rx[i].soft[k], (int)count);
                            ck_assert(!used[rx[i].soft[k]]);
                            used[rx[i].soft[k]] = true;
                        }
                    }
                    for (unsigned i = 0; i < rings; i++) {
                        ck_assert(!used[tx[i]]);
                        used[tx[i]] = true;
                    }
                }
}
END_TEST

Suite *lane_plan_suite(void)
{
    Suite *s = suite_create("lane_plan");
    TCase *t = tcase_create("plan");
    suite_add_tcase(s, t);
    tcase_add_test(t, lane_plan_fanout__fast_link_shares_eight_sets_among_its_lanes);
    tcase_add_test(t, lane_plan_fanout__limit_asks_for_a_gigahertz_per_gigabit);
    tcase_add_test(t, lane_plan_fanout__is_capped_by_cpus);
    tcase_add_test(t, lane_plan_fanout__many_slow_threads);
    tcase_add_test(t, lane_plan_auto__takes_turns_over_the_cpus);
    tcase_add_test(t, lane_plan_user__enough_cpus);
    tcase_add_test(t, lane_plan_user__one_cpu_per_lane_then_round_robin);
    tcase_add_test(t, lane_plan_user__tier_one_slices_do_not_overlap);
    return s;
}
