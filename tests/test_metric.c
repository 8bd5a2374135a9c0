/* SPDX-License-Identifier: GPL-3.0-or-later
 * test_metric.c -- metrics of hand-made counters, intervals against tabled quantiles. */
#include <check.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "report/interval.h"
#include "report/metric.h"
#include "report_fixture.h"
#include "suites.h"

static struct run_result run;

static void setup(void)
{
    run_result_init(&run);
    fixture_run(&run, "nic", 1, 1000);
}

static void teardown(void)
{
    run_result_fini(&run);
}

static double value(const char *name)
{
    const struct metric *m = metric_find(name);
    ck_assert_msg(m != NULL, "no metric %s", name);
    return metric_value(m, &run);
}

START_TEST(interval_of__known_values)
{
    /* Quantiles t(0.975): 12.7062 for 1, 2.77645 for 4 degrees of freedom (any printed table). */
    const double two[] = { 1, 3 }, five[] = { 10, 12, 11, 14, 13 };
    struct interval v = interval_of(two, 2);
    ck_assert_uint_eq(v.n, 2);
    ck_assert_double_eq_tol(v.mean, 2, 1e-12);
    ck_assert_double_eq_tol(v.half, 12.7062, 1e-4); /* deviation sqrt 2, over sqrt 2 */
    v = interval_of(five, 5);
    ck_assert_double_eq_tol(v.mean, 12, 1e-12);
    ck_assert_double_eq_tol(v.half, 2.77645 * sqrt(2.5) / sqrt(5), 1e-4);
    ck_assert_double_eq(v.min, 10);
    ck_assert_double_eq(v.max, 14);
    ck_assert_double_eq_tol(interval_high(&v) - interval_low(&v), 2 * v.half, 1e-12);
}
END_TEST

START_TEST(interval_of__few_or_no_values)
{
    const double values[] = { NAN, 7, NAN };
    struct interval v = interval_of(values, 3);
    ck_assert_uint_eq(v.n, 1);
    ck_assert_double_eq(v.mean, 7);
    ck_assert(isnan(v.half));
    ck_assert_double_eq(interval_low(&v), 7);
    v = interval_of(values, 1);
    ck_assert_uint_eq(v.n, 0);
    ck_assert(isnan(v.mean));
}
END_TEST

START_TEST(interval_of__equal_values_are_exact)
{
    const double values[] = { 0.1, 0.1, 0.1 };
    struct interval v = interval_of(values, 3);
    ck_assert_double_eq(v.mean, 0.1);
    ck_assert_double_eq(v.half, 0);
}
END_TEST

/* The true mean lies in 95 % of the intervals: 2000 samples of 4 normal values from a generator of 12 uniform ones. */
START_TEST(interval_of__covers_the_mean)
{
    uint64_t state = 42;
    int covered = 0;
    for (int i = 0; i < 2000; i++) {
        double x[4];
        for (int k = 0; k < 4; k++) {
            x[k] = -6;
            for (int u = 0; u < 12; u++) {
                state = state * 6364136223846793005u + 1442695040888963407u;
                x[k] += (double)(state >> 11) / 9007199254740992.0;
            }
        }
        struct interval v = interval_of(x, 4);
        covered += interval_low(&v) <= 0 && interval_high(&v) >= 0;
    }
    ck_assert_int_ge(covered, 1861); /* 1900 expected, deviation 9.7: four of them */
    ck_assert_int_le(covered, 1939);
}
END_TEST

START_TEST(metric_value__traffic)
{
    ck_assert_double_eq_tol(value("goodput"), 1.2e9, 1);
    ck_assert_double_eq_tol(value("goodput-rx"), 0.8e9, 1);
    ck_assert_double_eq_tol(value("goodput-tx"), 0.4e9, 1);
    ck_assert_double_eq(value("retransmits"), 5);
    ck_assert_double_eq(value("tcp-timeouts"), 1);
    ck_assert_double_eq(value("drops"), 7);
    ck_assert_double_eq_tol(value("wire-busy-max"), 0.9, 1e-12);
    ck_assert_double_eq_tol(value("flow-fairness"), 1.5 * 1.5 / (2 * 1.25), 1e-12);
}
END_TEST

START_TEST(metric_value__goodput_counts_udp)
{
    static const char *const names[] = { "packets", "bytes" };
    const uint64_t here[] = { 10, 1000000 }, there[] = { 20, 3000000 };
    run_result_add(&run, "udp", "sut/udp9", names, here, 2);
    run_result_add(&run, "udp", "client1/udp9", names, there, 2);
    ck_assert_double_eq_tol(value("goodput"), 1.2e9 + 32e6, 1);
    ck_assert_double_eq_tol(value("goodput-rx"), 0.8e9 + 8e6, 1);
    ck_assert_double_eq_tol(value("goodput-tx"), 0.4e9 + 24e6, 1);
}
END_TEST

START_TEST(metric_value__lanes)
{
    ck_assert_double_eq_tol(value("lane-packet-rate"), 4007, 1e-9);
    ck_assert_double_eq(value("lane-drops"), 5);
    ck_assert_double_eq_tol(value("intr-share"), 1607.0 / 4007, 1e-12);
    ck_assert_double_eq_tol(value("intr-share") + value("poll-share"), 1, 1e-12);
    ck_assert_double_eq_tol(value("chain-under-10-share"), 0.7, 1e-12);
    ck_assert_double_eq_tol(value("chain-10-50-share"), 0.2, 1e-12);
    ck_assert_double_eq_tol(value("chain-over-50-share"), 0.1, 1e-12);
}
END_TEST

START_TEST(metric_value__idle_lanes_are_no_minimum)
{
    ck_assert_double_eq_tol(value("poll-share-min"), 0.5, 1e-12);
    ck_assert_double_eq_tol(value("poll-share-max"), 0.9, 1e-12);
    ck_assert_double_eq_tol(value("intr-share-max"), 0.5, 1e-12);
    ck_assert_double_eq_tol(value("chain-over-50-share-min"), 0, 1e-12);
    ck_assert_double_eq_tol(value("chain-over-50-share-max"), 0.25, 1e-12);
    ck_assert_double_eq_tol(value("lane-imbalance"), 1, 1e-12);
}
END_TEST

START_TEST(metric_value__cpus)
{
    ck_assert_double_eq_tol(value("cpu-busy-mean"), 0.7, 1e-12);
    ck_assert_double_eq_tol(value("cpu-busy-min"), 0.6, 1e-12);
    ck_assert_double_eq_tol(value("cpu-busy-max"), 0.8, 1e-12);
    ck_assert_double_eq_tol(value("cpu-imbalance"), 0.2 / 0.7, 1e-12);
    ck_assert_double_eq_tol(value("cpu-user") + value("cpu-system") + value("cpu-interrupt") + value("cpu-idle"), 1,
                            1e-12);
    ck_assert_double_eq_tol(value("cpu-spin"), 0.01, 1e-12);
    ck_assert_double_eq_tol(value("intr-rate"), 4000, 1e-9);
    ck_assert_double_eq_tol(value("csw-rate"), 1000, 1e-9);
    ck_assert_double_eq_tol(value("smtx-rate"), 50, 1e-9);
}
END_TEST

START_TEST(metric_value__only_the_machine_of_interest)
{
    const uint64_t other[] = { 1, 1, 1, 1, 1, 1, 1, 1000, 0, 0, 0, 0 }, lane[10] = { 99, 0, 99, 0, 0, 0, 9, 0, 0, 0 };
    double busy = value("cpu-busy-mean"), intr = value("intr-rate"), share = value("intr-share");
    run_result_add(&run, "cpu", "sut2/cpu0", fixture_cpu_names, other, 12); /* a name that only begins like "sut" */
    run_result_add(&run, "lane", "client1/ixgbe0/hwlane0", fixture_lane_names, lane, 10);
    ck_assert_double_eq(value("cpu-busy-mean"), busy);
    ck_assert_double_eq(value("intr-rate"), intr);
    ck_assert_double_eq(value("intr-share"), share);
    ck_assert_double_eq(value("lane-drops"), 5);
}
END_TEST

START_TEST(metric_value__parts)
{
    ck_assert_double_eq_tol(value("cpu-poll"), 0.1, 1e-12);
    ck_assert_double_eq_tol(value("cpu-protocol"), 0.125, 1e-12);
    ck_assert_double_eq_tol(value("cpu-app-kernel"), 0.115, 1e-12);
    ck_assert_double_eq(value("cpus-interrupted"), 2);
    ck_assert_double_eq(value("cpus-polling"), 2);
    ck_assert_double_eq(value("lanes-used"), 2); /* the third has 7 of 3000 packets */
    ck_assert_double_eq_tol(value("hw-lane-share"), 4007 / 4057.0, 1e-12);
    ck_assert_double_eq_tol(value("packets-per-interrupt"), 1607 / 1550.0, 1e-12);
    ck_assert_double_eq_tol(value("packets-per-poll"), 24, 1e-12);
    ck_assert_double_eq_tol(value("packets-per-cpu-second"), 4057 / 1.4, 1e-9);
    ck_assert_double_eq_tol(value("intr-per-packet"), 4000 / 4057.0, 1e-12);
    ck_assert_double_eq_tol(value("csw-per-packet"), 1000 / 4057.0, 1e-12);
    ck_assert_double_eq_tol(value("poll-inline-share"), 0.25, 1e-12);
    ck_assert_double_eq_tol(value("handoffs-per-chain"), 0.5, 1e-12);
    ck_assert_double_eq_tol(value("intake-share"), 0.4 / 0.65, 1e-12);
    ck_assert_double_eq_tol(value("first-ring-share"), 0.25, 1e-12);
    ck_assert_double_eq(value("links-with-broadcast"), 2);
    ck_assert_double_eq(value("links-with-multicast"), 1);
    ck_assert_double_eq(value("tx-rings-used"), 2);
    ck_assert_double_eq(value("card-tx-rings-used"), 1);
    ck_assert_double_eq(value("tx-blocks"), 2);
    ck_assert_double_eq_tol(value("lane-lock-misses"), 0.15, 1e-12); /* the lane's; not the connection's */
    ck_assert_double_eq_tol(value("nic-drop-share"), 0.01, 1e-12);
    ck_assert_double_eq_tol(value("rx-link-fairness"), 1, 1e-12); /* one link received */
    ck_assert_double_eq_tol(value("tx-link-fairness"), 0.8, 1e-12); /* (1 + 3)^2 / (2 (1 + 9)) */
    ck_assert_double_eq(value("flows-served"), 2);
    ck_assert_double_eq(value("udp-packet-rate"), 120);
    ck_assert_double_eq(value("udp-rate-per-lane"), 60);
    ck_assert_double_eq_tol(value("tcp-goodput"), value("goodput"), 1);
    ck_assert_double_eq_tol(value("goodput-per-cpu"), value("goodput") / 1.4, 1);
}
END_TEST

START_TEST(metric_value__requests_and_frames)
{
    ck_assert_double_eq(value("request-rate"), 1000);
    ck_assert_double_eq(value("connection-rate"), 120);
    ck_assert_double_eq_tol(value("latency-mean"), 1e-3, 1e-12);
    ck_assert_double_eq_tol(value("latency-p50"), 300e-6, 300e-6 / 32);
    ck_assert_double_eq_tol(value("latency-p95"), 7e-3, 7e-3 / 32); /* the 901st of 1000 and all after it */
    ck_assert_double_eq(value("latency-p95"), value("latency-p999"));
    ck_assert_double_eq_tol(value("card-rate-rx"), 8 * (384160 + 4 * 3960), 1e-6);
    ck_assert_double_eq_tol(value("card-rate-tx"), 8 * (2500000 + 4 * 2000), 1e-6);
    ck_assert_double_eq_tol(value("tx-frame-bytes"), 1254, 1e-9);
    ck_assert_double_eq_tol(value("rx-frame-bytes"), 384160 / 3960.0 + 4, 1e-9);
    ck_assert_double_eq_tol(value("tx-frames-large"), 0.8, 1e-12);
    ck_assert_double_eq_tol(value("rx-frames-small"), 3000 / 3960.0, 1e-12);
}
END_TEST

START_TEST(metric_value__nothing_to_compute_from)
{
    size_t count;
    const struct metric *all = metric_all(&count);
    struct run_result empty;
    run_result_init(&empty);
    empty.measured = sim_ms(1);
    for (size_t i = 0; i < count; i++) {
        double x = metric_value(&all[i], &empty);
        if (strcmp(all[i].name, "drops") == 0)
            ck_assert_double_eq(x, 0);
        else
            ck_assert_msg(isnan(x), "%s of nothing is %g", all[i].name, x);
    }
    run_result_fini(&empty);
}
END_TEST

START_TEST(metric_value__shares_lie_between_0_and_1)
{
    size_t count;
    const struct metric *all = metric_all(&count);
    for (size_t i = 0; i < count; i++) {
        double x = metric_value(&all[i], &run);
        ck_assert_msg(!isnan(x) && x >= 0, "%s", all[i].name);
        if (all[i].kind == METRIC_SHARE && !strstr(all[i].name, "imbalance")) ck_assert_double_le(x, 1);
    }
}
END_TEST

START_TEST(metric_all__names_are_unique_and_found)
{
    size_t count;
    const struct metric *all = metric_all(&count);
    for (size_t i = 0; i < count; i++) ck_assert_ptr_eq(metric_find(all[i].name), &all[i]);
    ck_assert_ptr_null(metric_find("goodputs"));
}
END_TEST

START_TEST(metric_nearest__typing_errors)
{
    ck_assert_str_eq(metric_nearest("godput"), "goodput");
    ck_assert_str_eq(metric_nearest("pol-share"), "poll-share");
    ck_assert_str_eq(metric_nearest("goodput_rx"), "goodput-rx");
    ck_assert_ptr_null(metric_nearest("temperature-of-the-sea"));
}
END_TEST

START_TEST(metric_format__units_and_intervals)
{
    char text[96];
    struct interval one = { 1, 1.2e9, NAN, 1.2e9, 1.2e9 }, many = { 3, 0.031, 0.002, 0.03, 0.032 };
    ck_assert_str_eq(metric_format(METRIC_RATE, &one, text, sizeof text), "1.200 Gb/s");
    ck_assert_str_eq(metric_format(METRIC_SHARE, &many, text, sizeof text), "3.10 ± 0.20 %");
    ck_assert_str_eq(metric_format(METRIC_COUNT, &(struct interval){ 0, NAN, NAN, NAN, NAN }, text, sizeof text),
                     "not measured");
}
END_TEST

/* docs/results.md has exactly the rows that the table of metrics makes. */
START_TEST(metric_print_markdown__documented)
{
    char *rows = NULL;
    size_t size = 0;
    FILE *out = open_memstream(&rows, &size);
    metric_print_markdown(out);
    fclose(out);
    FILE *docs = fopen("docs/results.md", "r");
    ck_assert_msg(docs != NULL, "docs/results.md: run the tests from the top directory");
    char *text = calloc(1, 1 << 18);
    size_t n = fread(text, 1, (1 << 18) - 1, docs);
    text[n] = '\0';
    fclose(docs);
    char *save = NULL;
    for (char *row = strtok_r(rows, "\n", &save); row; row = strtok_r(NULL, "\n", &save))
        ck_assert_msg(strstr(text, row) != NULL, "docs/results.md lacks the row: %s", row);
    free(text);
    free(rows);
}
END_TEST

Suite *metric_suite(void)
{
    Suite *s = suite_create("metric");
    TCase *t = tcase_create("interval");
    tcase_add_test(t, interval_of__known_values);
    tcase_add_test(t, interval_of__few_or_no_values);
    tcase_add_test(t, interval_of__equal_values_are_exact);
    tcase_add_test(t, interval_of__covers_the_mean);
    suite_add_tcase(s, t);
    t = tcase_create("metric");
    tcase_add_checked_fixture(t, setup, teardown);
    tcase_add_test(t, metric_value__traffic);
    tcase_add_test(t, metric_value__goodput_counts_udp);
    tcase_add_test(t, metric_value__lanes);
    tcase_add_test(t, metric_value__idle_lanes_are_no_minimum);
    tcase_add_test(t, metric_value__cpus);
    tcase_add_test(t, metric_value__only_the_machine_of_interest);
    tcase_add_test(t, metric_value__parts);
    tcase_add_test(t, metric_value__requests_and_frames);
    tcase_add_test(t, metric_value__nothing_to_compute_from);
    tcase_add_test(t, metric_value__shares_lie_between_0_and_1);
    tcase_add_test(t, metric_all__names_are_unique_and_found);
    tcase_add_test(t, metric_nearest__typing_errors);
    tcase_add_test(t, metric_format__units_and_intervals);
    tcase_add_test(t, metric_print_markdown__documented);
    suite_add_tcase(s, t);
    return s;
}
