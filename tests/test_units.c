/* SPDX-License-Identifier: GPL-3.0-or-later
 * test_units.c -- times of frames on wires, against closed formulas and 128-bit arithmetic. */
#include <check.h>

#include "core/units.h"
#include "suites.h"

static const int64_t rates[] = { 1, 9600, 999999937, 1000000000, 3000000007, 10000000000, 25000000000,
                                 100000000000, 400000000000 };
enum { N_RATES = sizeof rates / sizeof *rates };

START_TEST(sim_wire_time__ten_gigabit_frames)
{
    static const struct { int64_t frame, ps; } expected[] = {
        { 64, 67200 }, { 128, 118400 }, { 256, 220800 }, { 512, 425600 }, { 1024, 835200 }, { 1518, 1230400 },
        { 9018, 7230400 },
    };
    for (size_t i = 0; i < sizeof expected / sizeof *expected; i++)
        ck_assert_int_eq(sim_wire_time(expected[i].frame + 20, sim_gbps(10)).ps, expected[i].ps);
}
END_TEST

START_TEST(sim_wire_time__rounds_up)
{
    ck_assert_int_eq(sim_wire_time(1, (sim_rate){ 3 }).ps, 2666666666667);
    ck_assert_int_eq(sim_wire_time(0, (sim_rate){ 3 }).ps, 0);
    for (size_t r = 0; r < N_RATES; r++) {
        for (int64_t bytes = 1; bytes < 3000; bytes += 7) {
            sim_wide need = (sim_wide)bytes * 8000000000000, got = sim_wire_time(bytes, (sim_rate){ rates[r] }).ps;
            ck_assert(got * rates[r] >= need && (got - 1) * rates[r] < need);
        }
    }
}
END_TEST

START_TEST(sim_wire_time__same_on_both_sides_of_the_wide_division)
{
    sim_rate rate = { 999999937 };
    for (int64_t bytes = 999990; bytes < 1000010; bytes++) {
        sim_wide exact = ((sim_wide)bytes * 8000000000000 + rate.bps - 1) / rate.bps;
        ck_assert(sim_wire_time(bytes, rate).ps == (int64_t)exact);
    }
    ck_assert_int_eq(sim_wire_time(1000000000000, sim_gbps(10)).ps, 800000000000000);
}
END_TEST

START_TEST(sim_bytes_in__inverse_of_wire_time)
{
    for (size_t r = 1; r < N_RATES; r++) {
        sim_rate rate = { rates[r] };
        for (int64_t bytes = 0; bytes < 100000; bytes += 997)
            ck_assert_int_eq(sim_bytes_in(sim_wire_time(bytes, rate), rate), bytes);
    }
    ck_assert_int_eq(sim_bytes_in(sim_ps(799), sim_gbps(10)), 0);
    ck_assert_int_eq(sim_bytes_in(sim_ps(800), sim_gbps(10)), 1);
}
END_TEST

START_TEST(sim_add__units_and_order)
{
    ck_assert_int_eq(sim_ns(1).ps, 1000);
    ck_assert_int_eq(sim_us(1).ps, 1000000);
    ck_assert_int_eq(sim_ms(1).ps, 1000000000);
    ck_assert_int_eq(sim_gbps(10).bps, 10000000000);
    sim_time a = { 5 }, b = sim_add(a, sim_ps(7));
    ck_assert_int_eq(b.ps, 12);
    ck_assert_int_eq(sim_diff(b, a).ps, 7);
    ck_assert_int_eq(sim_dur_add(sim_ps(1), sim_ps(2)).ps, 3);
    ck_assert(sim_before(a, b) && !sim_before(b, a) && !sim_before(a, a));
    ck_assert_int_eq(sim_later(a, b).ps, 12);
    ck_assert_int_eq(sim_earlier(a, b).ps, 5);
    ck_assert(sim_before(b, SIM_TIME_MAX));
    ck_assert_double_eq_tol(sim_seconds(sim_ms(1500)), 1.5, 1e-12);
}
END_TEST

Suite *units_suite(void)
{
    Suite *s = suite_create("units");
    TCase *tc = tcase_create("units");
    tcase_add_test(tc, sim_wire_time__ten_gigabit_frames);
    tcase_add_test(tc, sim_wire_time__rounds_up);
    tcase_add_test(tc, sim_wire_time__same_on_both_sides_of_the_wide_division);
    tcase_add_test(tc, sim_bytes_in__inverse_of_wire_time);
    tcase_add_test(tc, sim_add__units_and_order);
    suite_add_tcase(s, tc);
    return s;
}
