/* SPDX-License-Identifier: GPL-3.0-or-later
 * test_sensitivity.c -- changes that follow from arithmetic, entries that nothing counts, and what is refused. */
#include "study/sensitivity.h"

#include <check.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "suites.h"

static const char rig[] =
    "time: {warmup: 1ms, measure: 10ms}\n"
    "switches: {s: {}}\n"
    "machines:\n"
    "  sut: {detail: full, cpus: {sockets: 1, cores: 2}, nics: {ixgbe0: {wire: s, lanes: 1}}}\n"
    "  c: {nics: {ixgbe0: {wire: s}}}\n"
    "traffic: [{packets: {from: c, to: sut, frame: 200B, packet-rate: 60kpps, arrivals: poisson}}]\n"
    "variants:\n"
    "  plain: {}\n"
    "  moderated: {machines.sut.nics.ixgbe0.interrupt-interval: 100us}\n"
    "expect:\n"
    "  - {metric: intr-rate, of: plain, at-least: 1Hz}\n"
    "  - {metric: intr-rate, of: plain, at-most: 1000kHz}\n"
    "  - {metric: intr-rate, of: moderated, against: plain, ratio-at-most: 1}\n"
    "  - {metric: cpu-idle, at-least: 1%}\n";

static char path[64];
static struct errors errors;
static struct study study;
static struct sensitivity s;

static void write_rig(const char *text)
{
    FILE *f = fopen(path, "w");
    ck_assert_ptr_nonnull(f);
    ck_assert_int_ge(fputs(text, f), 0);
    fclose(f);
}

static void setup(void)
{
    snprintf(path, sizeof path, "/tmp/xbow-test-sensitivity-XXXXXX");
    int fd = mkstemp(path);
    ck_assert_int_ge(fd, 0);
    close(fd);
    errors_init(&errors);
    write_rig(rig);
    memset(&study, 0, sizeof study);
    memset(&s, 0, sizeof s);
}

static void teardown(void)
{
    sensitivity_close(&s);
    study_close(&study);
    errors_fini(&errors);
    unlink(path);
}

/* Opens with up to two entries and one metric. */
static int open_with(const char *variant, const char *entry, const char *second, const char *metric)
{
    const char *entries[] = { entry, second };
    struct sensitivity_config c = { &study, entries, entry && second ? 2 : entry ? 1 : 0, &metric, metric ? 1 : 0 };
    int bad = study_open(&study, &(struct study_config){ .file = path, .variant = variant }, &errors);
    ck_assert_int_eq(bad, 0);
    return sensitivity_open(&s, &c, &errors);
}

static const struct sensitivity_effect *effect(size_t outcome, const char *entry)
{
    for (size_t i = 0; i < s.entry_count; i++) {
        const struct sensitivity_effect *e = &s.effects[outcome * s.entry_count + i];
        if (strcmp(s.entries[e->entry], entry) == 0) return e;
    }
    ck_abort_msg("no effect of %s", entry);
    return NULL;
}

START_TEST(sensitivity_run__a_price_times_its_count)
{
    /* Of two CPUs, each interrupt takes one for intr_exit: its share changes by rate * price / 2, where the rate itself
     * stays the same because the card moderates it. */
    ck_assert_int_eq(open_with("moderated", "intr_exit", "dls_*", "cpu-interrupt"), 0);
    ck_assert_uint_eq(s.entry_count, 3); /* two of the data-link services' */
    ck_assert_uint_eq(s.outcome_count, 1);
    ck_assert_int_eq(sensitivity_run(&s, 1, 3, 0, true), 0);
    const struct sensitivity_effect *e = effect(0, "intr_exit");
    double rate = 10000, low = rate * (1.5e-6 - 5e-6) / 2, high = rate * (12.5e-6 - 5e-6) / 2;
    ck_assert_double_eq_tol(e->change_low.mean, low, -0.05 * low);
    ck_assert_double_eq_tol(e->change_high.mean, high, 0.05 * high);
    ck_assert_double_eq_tol(e->at_high.mean - s.outcomes[0].base.mean, e->change_high.mean, 1e-9);
    ck_assert_double_eq_tol(e->swing, e->at_high.mean - e->at_low.mean, 1e-9);
    ck_assert_int_eq(e->verdict, SENSITIVITY_CLEAR);
    ck_assert_ptr_eq(e, &s.effects[0]); /* the largest swing comes first */

    /* What Crossbow never counts has no effect, to the last bit. */
    e = effect(0, "dls_lookup");
    ck_assert_int_eq(e->verdict, SENSITIVITY_NO_EFFECT);
    ck_assert_double_eq(e->swing, 0);
}
END_TEST

START_TEST(sensitivity_run__a_value_at_the_end_of_its_bracket)
{
    ck_assert_int_eq(open_with("plain", "line_l2", NULL, "cpu-busy-mean"), 0); /* its value is its high end */
    ck_assert_int_eq(sensitivity_run(&s, 1, 2, 0, true), 0);
    const struct sensitivity_effect *e = effect(0, "line_l2");
    ck_assert_double_eq(e->change_high.mean, 0);
    ck_assert_double_lt(e->change_low.mean, 0);
    ck_assert_double_eq_tol(e->swing, -e->change_low.mean, 1e-9);
}
END_TEST

START_TEST(sensitivity_run__one_seed_tells_no_noise)
{
    ck_assert_int_eq(open_with("plain", "intr_exit", NULL, "cpu-idle"), 0);
    ck_assert_int_eq(sensitivity_run(&s, 1, 1, 0, true), 0);
    ck_assert_int_eq(effect(0, "intr_exit")->verdict, SENSITIVITY_UNKNOWN);
    ck_assert(isnan(effect(0, "intr_exit")->change_low.half));
}
END_TEST

/* The verdict is the interval's: clear when it leaves out zero at one end of the bracket at least. */
START_TEST(sensitivity_run__a_change_within_noise)
{
    ck_assert_int_eq(open_with("plain", "app_call", "udp_rx", "intr-rate"), 0);
    ck_assert_int_eq(sensitivity_run(&s, 1, 3, 0, true), 0);
    for (size_t i = 0; i < s.entry_count; i++) {
        const struct sensitivity_effect *e = &s.effects[i];
        const double wider = 9.9248 / 4.3027; /* t(0.995, 2) over t(0.975, 2), of any printed table */
        bool low = fabs(e->change_low.mean) > wider * e->change_low.half;
        bool high = fabs(e->change_high.mean) > wider * e->change_high.half;
        if (e->verdict == SENSITIVITY_NO_EFFECT) continue;
        ck_assert_int_eq(e->verdict, low || high ? SENSITIVITY_CLEAR : SENSITIVITY_NOISE);
    }
}
END_TEST

START_TEST(sensitivity_run__expectations_and_ratios)
{
    char title[SENSITIVITY_TITLE_BYTES], *text;
    size_t size;
    ck_assert_int_eq(open_with(NULL, "intr_exit", NULL, NULL), 0);
    ck_assert_uint_eq(s.outcome_count, 4); /* the same metric of the same variant is one outcome */
    ck_assert_str_eq(sensitivity_title(&s, 0, title), "intr-rate of plain");
    ck_assert_str_eq(sensitivity_title(&s, 1, title), "intr-rate of moderated / plain");
    ck_assert_str_eq(sensitivity_title(&s, 2, title), "cpu-idle of plain");
    ck_assert_str_eq(sensitivity_title(&s, 3, title), "cpu-idle of moderated");
    ck_assert_int_eq(sensitivity_run(&s, 1, 2, 0, true), 0);
    ck_assert_double_gt(s.outcomes[1].base.mean, 0.1);
    ck_assert_double_lt(s.outcomes[1].base.mean, 0.9);

    FILE *out = open_memstream(&text, &size);
    sensitivity_write_csv(&s, out);
    fclose(out);
    size_t lines = 0, commas = 0;
    for (const char *c = text; *c; c++) lines += *c == '\n';
    for (const char *c = text; *c != '\n'; c++) commas += *c == ',';
    ck_assert_uint_eq(lines, 1 + 4);
    for (const char *c = strchr(text, '\n') + 1; *c; c++) {
        size_t here = 0;
        for (; *c != '\n'; c++) here += *c == ',';
        ck_assert_uint_eq(here, commas);
    }
    ck_assert_ptr_nonnull(strstr(text, "\nintr-rate of moderated / plain,intr-rate,moderated,plain,,"));
    free(text);
}
END_TEST

START_TEST(sensitivity_open__mistakes)
{
    ck_assert_int_eq(open_with(NULL, "intr_exti", "nothing*", "cpu-idel"), -1);
    ck_assert_uint_eq(errors.count, 3);
    ck_assert_str_eq(errors.list[0].text, "--entry: the cost profile has no entry 'intr_exti', did you mean 'intr_exit'?");
    ck_assert_ptr_nonnull(strstr(errors.list[1].text, "--entry: the cost profile has no entry 'nothing*'"));
    ck_assert_str_eq(errors.list[2].text, "--metric: unknown metric 'cpu-idel', expected perhaps 'cpu-idle'");
}
END_TEST

START_TEST(sensitivity_open__metrics_of_variants_and_ratios)
{
    char title[SENSITIVITY_TITLE_BYTES];
    ck_assert_int_eq(open_with(NULL, "intr_exit", NULL, "csw-rate:moderated/plain"), 0);
    ck_assert_uint_eq(s.outcome_count, 1);
    ck_assert_str_eq(sensitivity_title(&s, 0, title), "csw-rate of moderated / plain");
    sensitivity_close(&s);
    study_close(&study);
    ck_assert_int_eq(open_with(NULL, "intr_exit", NULL, "csw-rate:plain"), 0);
    ck_assert_str_eq(sensitivity_title(&s, 0, title), "csw-rate of plain");
    sensitivity_close(&s);
    study_close(&study);
    ck_assert_int_eq(open_with(NULL, "intr_exit", NULL, "csw-rate:plain/plian"), -1);
    ck_assert_str_eq(errors.list[0].text,
                     "--metric csw-rate:plain/plian: no variant 'plian', did you mean 'plain'?");
}
END_TEST

START_TEST(sensitivity_open__nothing_to_look_at)
{
    char text[sizeof rig];
    memcpy(text, rig, sizeof rig);
    *strstr(text, "expect:") = '\0';
    write_rig(text);
    ck_assert_int_eq(open_with(NULL, NULL, NULL, NULL), -1);
    ck_assert_uint_eq(errors.count, 1);
    ck_assert_ptr_nonnull(strstr(errors.list[0].text, "no expectations to look at: name a metric with --metric"));
}
END_TEST

Suite *sensitivity_suite(void)
{
    Suite *suite = suite_create("sensitivity");
    TCase *t = tcase_create("sensitivity");
    tcase_set_timeout(t, 20);
    tcase_add_checked_fixture(t, setup, teardown);
    tcase_add_test(t, sensitivity_run__a_price_times_its_count);
    tcase_add_test(t, sensitivity_run__a_value_at_the_end_of_its_bracket);
    tcase_add_test(t, sensitivity_run__one_seed_tells_no_noise);
    tcase_add_test(t, sensitivity_run__a_change_within_noise);
    tcase_add_test(t, sensitivity_run__expectations_and_ratios);
    tcase_add_test(t, sensitivity_open__mistakes);
    tcase_add_test(t, sensitivity_open__metrics_of_variants_and_ratios);
    tcase_add_test(t, sensitivity_open__nothing_to_look_at);
    suite_add_tcase(suite, t);
    return suite;
}
