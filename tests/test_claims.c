/* SPDX-License-Identifier: GPL-3.0-or-later
 * test_claims.c -- verdicts on hand-made runs, and the ledger made from them. */
#include <check.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "report/claims.h"
#include "report/expect.h"
#include "report_fixture.h"
#include "suites.h"

static struct run_result runs[6];
static struct campaign campaign;
static struct scenario_expect expects[2];
static struct scenario scenario;
static struct expect_report report;
static struct errors errors;

static void setup(void)
{
    fixture_campaign(&campaign, runs);
    memset(expects, 0, sizeof expects);
    scenario = (struct scenario){ .expects = expects, .expect_count = 1 };
    errors_init(&errors);
}

static void teardown(void)
{
    expect_fini(&report);
    fixture_free(runs);
    errors_fini(&errors);
}

static char *text(const char *s)
{
    return (char *)(uintptr_t)s; /* the scenario's strings are only read */
}

static struct scenario_bound bound(enum scenario_bound_unit unit, int64_t digits, int exponent, const char *as)
{
    return (struct scenario_bound){ unit, digits, exponent, text(as), { "x.yaml", 7, 9 } };
}

static const struct expect_result *judge(const char *metric, const char *of, const char *against)
{
    expects[0].metric = (struct scenario_ref){ text(metric), { "x.yaml", 5, 6 } };
    expects[0].of = (struct scenario_ref){ text(of), { "x.yaml", 5, 6 } };
    expects[0].against = (struct scenario_ref){ text(against), { "x.yaml", 5, 6 } };
    ck_assert_int_eq(expect_check(&scenario, &errors), 0);
    expect_fini(&report);
    expect_evaluate(&report, &scenario, &campaign);
    return report.list;
}

START_TEST(expect_evaluate__within)
{
    expects[0].within = bound(SCENARIO_BOUND_PERCENT, 1, -2, "1%");
    const struct expect_result *e = judge("goodput", "vnic", "nic");
    ck_assert_uint_eq(report.count, 1);
    ck_assert_int_eq(e->verdict, VERDICT_HOLDS);
    ck_assert(e->firm);
    ck_assert_double_eq_tol(e->difference.mean, 0.00495, 5e-5);
    ck_assert_double_eq_tol(e->difference.half, 0, 3e-4); /* paired: the spread over the seeds cancels */
    ck_assert_double_gt(e->measured.half, 0.02e9);
    ck_assert_str_eq(e->bound, "within 1% of nic");
    expects[0].within = bound(SCENARIO_BOUND_PERCENT, 1, -3, "0.1%");
    e = judge("goodput", "vnic", "nic");
    ck_assert_int_eq(e->verdict, VERDICT_FAILS);
    ck_assert_uint_eq(report.failed, 1);
    ck_assert_ptr_nonnull(strstr(e->reason, "difference +0.50"));
}
END_TEST

START_TEST(expect_evaluate__absolute_bounds)
{
    expects[0].at_least = bound(SCENARIO_BOUND_RATE, 1, 9, "1Gbps");
    ck_assert_int_eq(judge("goodput", "nic", NULL)->verdict, VERDICT_HOLDS);
    expects[0].at_most = bound(SCENARIO_BOUND_RATE, 12, 8, "1.2Gbps"); /* the mean is 1.212, one seed is at 1.2 */
    ck_assert_int_eq(judge("goodput", "nic", NULL)->verdict, VERDICT_FAILS);
    ck_assert(!report.list->firm);
    ck_assert_ptr_nonnull(strstr(report.list->reason, "more seeds would tell"));
    expects[0].at_least = expects[0].at_most = (struct scenario_bound){ 0 };
    expects[0].between[0] = bound(SCENARIO_BOUND_RATE, 1211, 6, "1.211Gbps");
    expects[0].between[1] = bound(SCENARIO_BOUND_RATE, 1213, 6, "1.213Gbps");
    ck_assert_int_eq(judge("goodput", "nic", NULL)->verdict, VERDICT_HOLDS);
    ck_assert(!report.list->firm);
    ck_assert_int_eq(judge("goodput", "vnic", NULL)->verdict, VERDICT_FAILS);
}
END_TEST

START_TEST(expect_evaluate__every_variant)
{
    expects[0].at_least = bound(SCENARIO_BOUND_PERCENT, 5, -2, "5%");
    judge("poll-share", NULL, NULL);
    ck_assert_uint_eq(report.count, 2);
    ck_assert_str_eq(report.list[0].of, "nic");
    ck_assert_str_eq(report.list[1].of, "vnic");
    expects[0].at_least = (struct scenario_bound){ 0 };
    expects[0].within = bound(SCENARIO_BOUND_PERCENT, 5, -2, "5%");
    judge("poll-share", NULL, "nic"); /* every other variant against this one */
    ck_assert_uint_eq(report.count, 1);
    ck_assert_str_eq(report.list[0].of, "vnic");
}
END_TEST

START_TEST(expect_evaluate__spread)
{
    expects[0].spread = bound(SCENARIO_BOUND_PERCENT, 2, -2, "2%"); /* (1.224 - 1.2) / 1.212 is 1.98 % */
    ck_assert_int_eq(judge("goodput", "nic", NULL)->verdict, VERDICT_HOLDS);
    expects[0].spread = bound(SCENARIO_BOUND_PERCENT, 19, -3, "1.9%");
    ck_assert_int_eq(judge("goodput", "nic", NULL)->verdict, VERDICT_FAILS);
    struct campaign one = { .runs = runs, .count = 1, .reps = 1 };
    expect_fini(&report);
    expect_evaluate(&report, &scenario, &one);
    ck_assert_int_eq(report.list->verdict, VERDICT_NOT_COMPARABLE);
    ck_assert_uint_eq(report.failed, 0);
}
END_TEST

START_TEST(expect_evaluate__not_measured_fails)
{
    for (size_t i = 0; i < 6; i++) run_result_set(&runs[i].focus, NULL);
    expects[0].at_most = bound(SCENARIO_BOUND_PERCENT, 1, 0, "100%");
    ck_assert_int_eq(judge("cpu-busy-mean", "nic", NULL)->verdict, VERDICT_FAILS);
    ck_assert_ptr_nonnull(strstr(report.list->reason, "could not be measured"));
}
END_TEST

/* A rig in which nothing moves must not confirm that two things are alike. */
START_TEST(expect_evaluate__nothing_is_not_within_1_percent_of_nothing)
{
    for (size_t i = 0; i < 6; i++)
        for (size_t b = 0; b < runs[i].block_count; b++)
            if (strcmp(runs[i].blocks[b].kind, "flow") == 0) runs[i].blocks[b].values[1] = 0; /* read_bytes */
    expects[0].within = bound(SCENARIO_BOUND_PERCENT, 1, -2, "1%");
    ck_assert_int_eq(judge("goodput", "vnic", "nic")->verdict, VERDICT_FAILS);
    ck_assert_ptr_nonnull(strstr(report.list->reason, "goodput of nic is zero"));
    expects[0].within = (struct scenario_bound){ 0 };
    expects[0].spread = bound(SCENARIO_BOUND_PERCENT, 1, -2, "1%");
    ck_assert_int_eq(judge("goodput", "nic", NULL)->verdict, VERDICT_FAILS);
}
END_TEST

START_TEST(expect_evaluate__variant_that_was_not_run)
{
    struct campaign half = { .runs = runs + 3, .count = 3, .reps = 3 };
    expects[0].within = bound(SCENARIO_BOUND_PERCENT, 1, -2, "1%");
    judge("goodput", "vnic", "nic");
    expect_fini(&report);
    expect_evaluate(&report, &scenario, &half);
    ck_assert_int_eq(report.list->verdict, VERDICT_NOT_COMPARABLE);
    ck_assert_ptr_nonnull(strstr(report.list->reason, "'nic' was not run"));
}
END_TEST

START_TEST(expect_check__names_and_units)
{
    expects[0].metric = (struct scenario_ref){ text("godput"), { "x.yaml", 5, 6 } };
    expects[1].metric = (struct scenario_ref){ text("goodput"), { "x.yaml", 6, 6 } };
    expects[1].at_least = bound(SCENARIO_BOUND_PERCENT, 5, -2, "5%");
    expects[1].within = bound(SCENARIO_BOUND_RATE, 5, 9, "5Gbps");
    scenario.expect_count = 2;
    ck_assert_int_eq(expect_check(&scenario, &errors), -1);
    ck_assert_uint_eq(errors.count, 3);
    ck_assert_str_eq(errors.list[0].text, "x.yaml:5:6: unknown metric 'godput', expected perhaps 'goodput'");
    ck_assert_str_eq(errors.list[1].text,
                     "x.yaml:7:9: '5Gbps' cannot be the value of 'within', expected a ratio such as 1%");
    ck_assert_str_eq(errors.list[2].text,
                     "x.yaml:7:9: '5%' is not a value of metric goodput, expected a rate such as 9Gbps");
}
END_TEST

static char *read_file(const char *dir, const char *name)
{
    char path[200];
    snprintf(path, sizeof path, "%s/%s", dir, name);
    FILE *in = fopen(path, "r");
    if (!in) return NULL;
    char *content = calloc(1, 1 << 16);
    size_t n = fread(content, 1, (1 << 16) - 1, in);
    content[n] = '\0';
    fclose(in);
    return content;
}

START_TEST(claims_write__ledger)
{
    static const char *const plots[] = { "figure-2" };
    struct claims_source source = { "figure-2", "Figure 2", "scenarios/paper/figure-2.yaml", "../figure-2", plots, 1 };
    struct claims_source broken = { "figure-9", NULL, "scenarios/paper/figure-9.yaml", NULL, NULL, 0 };
    char top[] = "/tmp/xbow-test-claims-XXXXXX", dir[64], command[128];
    ck_assert_ptr_nonnull(mkdtemp(top));
    snprintf(dir, sizeof dir, "%s/results/paper", top);

    struct claims *claims = claims_create();
    expects[0].says = text("no difference | between\nNIC and VNIC");
    expects[0].section = text("4.4");
    expects[0].tolerance_reason = text("seeds differ by 0.5 %");
    expects[0].within = bound(SCENARIO_BOUND_PERCENT, 1, -2, "1%");
    judge("goodput", "vnic", "nic");
    claims_add(claims, &source, &report);
    claims_add_broken(claims, &broken, "file:1:1: not a mapping");
    ck_assert_uint_eq(claims_count(claims), 2);
    ck_assert_uint_eq(claims_failed(claims), 1);
    ck_assert_int_eq(claims_write(claims, dir, "1.0", &errors), 0);

    char *md = read_file(dir, "claims.md"), *json = read_file(dir, "claims.json");
    ck_assert_ptr_nonnull(md);
    ck_assert_ptr_nonnull(json);
    ck_assert_ptr_nonnull(strstr(md, "| no difference \\| between NIC and VNIC | 4.4 | goodput of vnic: within 1% of nic | "
                                     "1.218 ± 0.030 Gb/s | holds | [figure-2](../figure-2/figure-2.svg), "
                                     "[data](../figure-2/summary.json) |\n"));
    ck_assert_ptr_nonnull(strstr(md, "bound because: seeds differ by 0.5 %"));
    ck_assert_ptr_nonnull(strstr(md, "**not run**: file:1:1: not a mapping"));
    ck_assert_ptr_nonnull(strstr(md, "1 holds, 0 do not hold, 0 not comparable, 1 not run"));
    ck_assert_ptr_nonnull(strstr(json, "\"verdict\": \"holds\""));
    ck_assert_ptr_nonnull(strstr(json, "\"verdict\": \"not run\""));
    free(md);
    free(json);
    claims_destroy(claims);
    snprintf(command, sizeof command, "rm -rf %s", top);
    ck_assert_int_eq(system(command), 0);
}
END_TEST

START_TEST(claims_write__nowhere)
{
    struct claims *claims = claims_create();
    ck_assert_int_eq(claims_write(claims, "/proc/nowhere", "1.0", &errors), -1);
    ck_assert_uint_eq(errors.count, 2);
    claims_destroy(claims);
}
END_TEST

static int lost(const struct claims *claims, const char *list, char **said)
{
    char path[] = "/tmp/xbow-test-held-XXXXXX";
    size_t size;
    int fd = mkstemp(path);
    ck_assert_int_ge(fd, 0);
    ck_assert_int_eq((int)write(fd, list, strlen(list)), (int)strlen(list));
    close(fd);
    FILE *out = open_memstream(said, &size);
    int n = claims_lost(claims, path, out, &errors);
    fclose(out);
    unlink(path);
    return n;
}

START_TEST(claims_lost__what_held_and_no_longer_does)
{
    struct claims_source source = { .scenario = "figure-2", .file = "scenarios/paper/figure-2.yaml" };
    struct claims *claims = claims_create();
    char *said;
    expects[0].within = bound(SCENARIO_BOUND_PERCENT, 1, -2, "1%");
    judge("goodput", "vnic", "nic");
    claims_add(claims, &source, &report);
    ck_assert_int_eq(lost(claims, "# a comment\n\nfigure-2 goodput vnic\n", &said), 0);
    ck_assert_str_eq(said, "");
    free(said);
    expects[0].within = bound(SCENARIO_BOUND_PERCENT, 1, -3, "0.1%");
    judge("goodput", "vnic", "nic");
    struct claims *worse = claims_create();
    claims_add(worse, &source, &report);
    ck_assert_int_eq(lost(worse, "figure-2 goodput vnic\nfigure-2 drops vnic\n", &said), 2);
    ck_assert_ptr_nonnull(strstr(said, "no longer holds: goodput of vnic in figure-2: goodput of vnic is"));
    ck_assert_ptr_nonnull(strstr(said, "no longer holds: drops of vnic in figure-2: it is not there"));
    free(said);
    ck_assert_int_eq(lost(worse, "", &said), 0); /* a claim that never held is not lost */
    free(said);
    claims_add_broken(worse, &source, "no such profile");
    ck_assert_int_eq(lost(worse, "", &said), 1);
    ck_assert_ptr_nonnull(strstr(said, "did not run: figure-2: no such profile"));
    free(said);
    ck_assert_int_eq(claims_lost(worse, "/nowhere/held.txt", stderr, &errors), -1);
    claims_destroy(claims);
    claims_destroy(worse);
}
END_TEST

Suite *claims_suite(void)
{
    Suite *s = suite_create("claims");
    TCase *t = tcase_create("claims");
    tcase_add_checked_fixture(t, setup, teardown);
    tcase_add_test(t, expect_evaluate__within);
    tcase_add_test(t, expect_evaluate__absolute_bounds);
    tcase_add_test(t, expect_evaluate__every_variant);
    tcase_add_test(t, expect_evaluate__spread);
    tcase_add_test(t, expect_evaluate__not_measured_fails);
    tcase_add_test(t, expect_evaluate__nothing_is_not_within_1_percent_of_nothing);
    tcase_add_test(t, expect_evaluate__variant_that_was_not_run);
    tcase_add_test(t, expect_check__names_and_units);
    tcase_add_test(t, claims_write__ledger);
    tcase_add_test(t, claims_write__nowhere);
    tcase_add_test(t, claims_lost__what_held_and_no_longer_does);
    suite_add_tcase(s, t);
    return s;
}
