/* SPDX-License-Identifier: GPL-3.0-or-later
 * test_calibrate.c -- prices that another simulation had are found again from what it showed; mistakes in calibration
 * files are told with their places. */
#include "study/calibrate.h"

#include <check.h>
#include <math.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "scenario/yaml.h"
#include "suites.h"

static const char *const SHIPPED = "scenarios/profiles/harpertown-2.8.yaml";

/* Datagrams at a steady rate to one CPU: loads are all but linear in prices. */
static const char rig[] =
    "time: {warmup: 1ms, measure: 10ms}\n"
    "reps: 2\n"
    "switches: {s: {}}\n"
    "machines:\n"
    "  sut: {detail: full, cpus: {sockets: 1, cores: 1}, nics: {ixgbe0: {wire: s, lanes: 1}}}\n"
    "  c: {nics: {ixgbe0: {wire: s}}}\n"
    "traffic: [{packets: {from: c, to: sut, frame: 200B, packet-rate: 60kpps, arrivals: poisson}}]\n"
    "variants:\n"
    "  plain: {}\n"
    "  moderated: {machines.sut.nics.ixgbe0.interrupt-interval: 100us}\n";

static char dir[64];
static struct errors errors;
static struct calibration calibration;

static const char *path_of(const char *file)
{
    static char paths[4][128];
    static int next;
    char *path = paths[next++ % 4];
    snprintf(path, sizeof paths[0], "%s/%s", dir, file);
    return path;
}

static void put_file(const char *file, const char *text)
{
    FILE *f = fopen(path_of(file), "w");
    ck_assert_ptr_nonnull(f);
    ck_assert_int_ge(fputs(text, f), 0);
    ck_assert_int_eq(fclose(f), 0);
}

static char *get_file(const char *path)
{
    size_t bytes;
    char *text = yaml_read_file(path, &bytes, &errors);
    ck_assert_ptr_nonnull(text);
    return text;
}

static void setup(void)
{
    snprintf(dir, sizeof dir, "/tmp/xbow-test-calibrate-XXXXXX");
    ck_assert_ptr_nonnull(mkdtemp(dir));
    errors_init(&errors);
    put_file("rig.yaml", rig);
    memset(&calibration, 0, sizeof calibration);
}

static void teardown(void)
{
    static const char *const files[] = { "rig.yaml", "fit.yaml", "out.yaml", "again.yaml", "other.yaml", "precious" };
    calibration_close(&calibration);
    errors_fini(&errors);
    for (size_t i = 0; i < sizeof files / sizeof *files; i++) unlink(path_of(files[i]));
    rmdir(dir);
}

/* -- fits --------------------------------------------------------------------------------------------------------- */

/* The mean of a metric over the rig's seeds, with two prices that the shipped profile does not have. */
static double simulate(const char *variant, const char *metric, double intr_exit, double udp_rx)
{
    struct study st;
    double sum = 0;
    struct cost_profile *p = cost_profile_load(SHIPPED, &errors);
    FILE *f = fopen(path_of("other.yaml"), "w");
    ck_assert(p && f);
    p->op[COST_INTR_EXIT].value = intr_exit;
    p->op[COST_UDP_RX].value = udp_rx;
    cost_profile_write(p, f);
    fclose(f);
    cost_profile_destroy(p);
    ck_assert_int_eq(study_open(&st, &(struct study_config){ .file = path_of("rig.yaml") }, &errors), 0);
    for (uint64_t seed = 1; seed <= 2; seed++) {
        struct run_result r;
        run_result_init(&r);
        struct study_run run = { .variant = variant, .seed = seed, .profile_path = path_of("other.yaml") };
        ck_assert_int_eq(study_run(&st, &run, &r), 0);
        sum += metric_value(metric_find(metric), &r);
        run_result_fini(&r);
    }
    study_close(&st);
    return sum / 2;
}

static void open_calibration(const char *format, ...) __attribute__((format(printf, 1, 2)));
static void open_calibration(const char *format, ...)
{
    char text[2000];
    va_list args;
    va_start(args, format);
    ck_assert_int_lt(vsnprintf(text, sizeof text, format, args), (int)sizeof text);
    va_end(args);
    put_file("fit.yaml", text);
    int bad = calibration_open(&calibration, path_of("fit.yaml"), NULL, 0, &errors);
    errors_print(&errors, stderr);
    ck_assert_int_eq(bad, 0);
}

/* Runs it; what it printed is to be freed. */
static char *run(const char *out, int expected)
{
    char *said;
    size_t size;
    FILE *to = open_memstream(&said, &size);
    struct calibrate_options o = { .seed = 1, .reps = 2, .out = path_of(out) };
    ck_assert_ptr_nonnull(to);
    ck_assert_int_eq(calibrate(&calibration, &o, to), expected);
    fclose(to);
    return said;
}

static struct cost_profile *fitted(const char *out)
{
    struct cost_profile *p = cost_profile_load(path_of(out), &errors);
    errors_print(&errors, stderr);
    ck_assert_ptr_nonnull(p);
    return p;
}

START_TEST(calibrate__finds_the_prices_of_another_simulation)
{
    double interrupt = simulate("plain", "cpu-interrupt", 9, 2600), idle = simulate("plain", "cpu-idle", 9, 2600);
    double moderated = simulate("moderated", "cpu-interrupt", 9, 2600);
    open_calibration("scenario: rig.yaml\nprofile: harpertown-2.8\nfit: [intr_exit, udp_rx]\nrows:\n"
                     "  - {metric: cpu-interrupt, of: plain, value: %.4f%%, tolerance: 0.2%%, source: \"here\"}\n"
                     "  - {metric: cpu-idle, of: plain, value: %.4f%%, tolerance: 0.2%%, source: here}\n"
                     "  - {metric: cpu-interrupt, of: moderated, value: %.4f%%, tolerance: 0.2%%, source: here}\n",
                     100 * interrupt, 100 * idle, 100 * moderated);
    char *said = run("out.yaml", 0);
    struct cost_profile *p = fitted("out.yaml"), *start = cost_profile_load(SHIPPED, &errors);
    ck_assert_double_eq_tol(p->op[COST_INTR_EXIT].value, 9, 0.2);
    ck_assert_double_eq_tol(p->op[COST_UDP_RX].value, 2600, 60);
    ck_assert_str_eq(p->name, "out");

    /* Each fitted entry says so; all others are as they were. */
    ck_assert_str_eq(p->op[COST_INTR_EXIT].confidence, "fitted");
    const char *source = p->op[COST_INTR_EXIT].source;
    ck_assert_msg(strstr(source, "cpu-interrupt of moderated") && strstr(source, "start value 5 us, which was M: the rest"),
                  "%s", source);
    for (int i = 0; i < N_COST_OPS; i++) {
        ck_assert_double_eq(p->op[i].low, start->op[i].low);
        ck_assert_double_eq(p->op[i].high, start->op[i].high);
        if (i == COST_INTR_EXIT || i == COST_UDP_RX) continue;
        ck_assert_double_eq(p->op[i].value, start->op[i].value);
        ck_assert_str_eq(p->op[i].source, start->op[i].source);
    }
    ck_assert_msg(strstr(said, "well determined") && strstr(said, "correlation of intr_exit and udp_rx"), "%s", said);

    /* The same once more: the same bytes. */
    char *again = run("again.yaml", 0), *first = get_file(path_of("out.yaml")), *second = get_file(path_of("again.yaml"));
    ck_assert_str_eq(strstr(first, "clock:"), strstr(second, "clock:"));
    ck_assert_int_eq(strncmp(said, again, 1000), 0);
    free(first);
    free(second);
    free(again);
    free(said);
    cost_profile_destroy(p);
    cost_profile_destroy(start);
}
END_TEST

START_TEST(calibrate__keeps_to_the_bracket)
{
    open_calibration("scenario: rig.yaml\nfit: intr_exit\nrows:\n"
                     "  - {metric: cpu-interrupt, of: plain, value: 90%%, tolerance: 1%%, source: nowhere}\n");
    char *said = run("out.yaml", 0);
    struct cost_profile *p = fitted("out.yaml");
    ck_assert_double_le(p->op[COST_INTR_EXIT].value, 12.5);
    ck_assert_double_ge(p->op[COST_INTR_EXIT].value, 12.3);
    ck_assert_msg(strstr(said, "ran into its upper bound"), "%s", said);
    ck_assert_msg(strstr(said, "As many entries as rows"), "%s", said);
    ck_assert_ptr_nonnull(strstr(p->op[COST_INTR_EXIT].source, "ran into its upper bound"));
    cost_profile_destroy(p);
    free(said);
}
END_TEST

START_TEST(calibrate__without_effect_writes_nothing)
{
    open_calibration("scenario: rig.yaml\nfit: dls_lookup\nrows:\n"
                     "  - {metric: cpu-interrupt, of: plain, value: 90%%, tolerance: 1%%, source: nowhere}\n");
    free(run("out.yaml", -1));
    ck_assert_int_ne(access(path_of("out.yaml"), F_OK), 0);
}
END_TEST

START_TEST(calibrate__rows_that_the_runs_cannot_show)
{
    open_calibration("scenario: rig.yaml\nfit: intr_exit\nrows:\n"
                     "  - {metric: flow-fairness, of: plain, value: 90%%, tolerance: 1%%, source: there is no TCP}\n");
    free(run("out.yaml", -1));
    ck_assert_int_ne(access(path_of("out.yaml"), F_OK), 0);
}
END_TEST

START_TEST(calibrate_check_out__takes_no_risk)
{
    open_calibration("scenario: rig.yaml\nfit: intr_exit\nrows:\n"
                     "  - {metric: cpu-idle, of: plain, value: 90%%, tolerance: 1%%, source: nowhere}\n");
    put_file("precious", "mine\n");
    ck_assert_int_eq(calibrate_check_out(&calibration, path_of("none.yaml"), &errors), 0);
    ck_assert_int_ne(calibrate_check_out(&calibration, SHIPPED, &errors), 0);
    ck_assert_int_ne(calibrate_check_out(&calibration, path_of("precious"), &errors), 0);
    ck_assert_int_ne(calibrate_check_out(&calibration, dir, &errors), 0);
    ck_assert_uint_eq(errors.count, 3);
    char *shipped = get_file(SHIPPED);
    put_file("other.yaml", shipped);
    ck_assert_int_eq(calibrate_check_out(&calibration, path_of("other.yaml"), &errors), 0);
    free(shipped);
}
END_TEST

/* -- files -------------------------------------------------------------------------------------------------------- */

START_TEST(calibration_target__shares_and_units)
{
    open_calibration("scenario: rig.yaml\nfit: [intr_exit]\nrows:\n"
                     "  - {metric: intr-rate, of: plain, value: 20kHz, tolerance: 5%%, source: x}\n"
                     "  - {metric: cpu-idle, of: plain, value: 12%%, tolerance: 3%%, source: x}\n"
                     "  - {metric: csw-rate, of: moderated, value: 800Hz, tolerance: 40Hz, source: x}\n");
    const struct calibration_row *r = calibration.rows;
    ck_assert_double_eq_tol(calibration_target(&r[0]), 20000, 1e-9);
    ck_assert_double_eq_tol(calibration_tolerance(&r[0]), 1000, 1e-9);
    ck_assert_double_eq_tol(calibration_target(&r[1]), 0.12, 1e-12);
    ck_assert_double_eq_tol(calibration_tolerance(&r[1]), 0.03, 1e-12); /* points, not a share of the share */
    ck_assert_double_eq_tol(calibration_tolerance(&r[2]), 40, 1e-9);
    ck_assert_uint_eq(r[2].variant, 1);
}
END_TEST

#define ROW(text) "scenario: rig.yaml\nfit: intr_exit\nrows:\n  - {" text "}\n"

static const struct {
    const char *text, *says;
} mistakes[] = {
    { "[a]", ":1:1: expected a section" },
    { "scenario: rig.yaml\nfit: intr_exit\n", ":1:1: 'rows' is missing" },
    { "scenario: rig.yaml\nfti: intr_exit\nrows: []\n", ":2:1: unknown key 'fti', did you mean 'fit'?" },
    { "scenario: rig.yaml\nfit: intr_exit\nrows: []\n", ":3:7: rows: the list is empty" },
    { "scenario: none.yaml\nfit: intr_exit\nrows: []\n", "/none.yaml: " },
    { "scenario: rig.yaml\nprofile: nonesuch\nfit: intr_exit\nrows: []\n", ":2:10: profile: found neither" },
    { "scenario: rig.yaml\nfit: [intr_exit,\n  intr_exti]\nrows: []\n",
      ":3:3: fit: the cost profile has no entry 'intr_exti', did you mean 'intr_exit'?" },
    { "scenario: rig.yaml\nfit: [intr_exit, intr_exit]\nrows: []\n", ":2:18: fit: 'intr_exit' is named twice" },
    { "scenario: rig.yaml\nfit: [intr_exit, udp_rx]\nrows:\n"
      "  - {metric: cpu-idle, of: plain, value: 1%, tolerance: 1%, source: x}\n",
      ":2:6: fit: 2 entries but 1 rows, expected at least as many rows as entries" },
    { ROW("metric: cpu-idel, of: plain, value: 1%, tolerance: 1%, source: x"),
      ":4:14: unknown metric 'cpu-idel', expected perhaps 'cpu-idle'" },
    { ROW("metric: cpu-idle, of: plian, value: 1%, tolerance: 1%, source: x"),
      ":4:28: of: the scenario has no variant 'plian', did you mean 'plain'?" },
    { ROW("metric: cpu-idle, value: 1%, tolerance: 1%, source: x"), ":4:5: 'of' is missing: the scenario has variants" },
    { ROW("metric: cpu-idle, of: plain, value: 1Gbps, tolerance: 1%, source: x"),
      ":4:42: '1Gbps' is not a value of metric cpu-idle, expected a share" },
    { ROW("metric: csw-rate, of: plain, value: 100Hz, tolerance: 1ms, source: x"),
      ":4:60: '1ms' is not a value of metric csw-rate" },
    { ROW("metric: csw-rate, of: plain, value: 100Hz, tolerance: 0%, source: x"),
      ":4:60: tolerance: '0%' of this value is nothing, expected more than 0" },
    { ROW("metric: csw-rate, of: plain, value: 100Hz, source: x"), ":4:5: 'tolerance' is missing" },
    { ROW("metric: csw-rate, of: plain, value: 100Hz, tolerance: 5%"), ":4:5: 'source' is missing" },
    { ROW("metric: csw-rate, of: plain, value: 9Hz, tolerance: 5%, source: x}\n"
          "  - {metric: csw-rate, of: plain, value: 8Hz, tolerance: 5%, source: x"),
      ":5:5: rows: csw-rate of this variant is there twice, first in line 4" },
};

START_TEST(calibration_open__tells_a_mistake)
{
    bool told = false;
    put_file("fit.yaml", mistakes[_i].text);
    ck_assert_int_eq(calibration_open(&calibration, path_of("fit.yaml"), NULL, 0, &errors), -1);
    for (size_t i = 0; i < errors.count; i++) told |= strstr(errors.list[i].text, mistakes[_i].says) != NULL;
    if (!told) errors_print(&errors, stderr);
    ck_assert_msg(told, "nobody said %s", mistakes[_i].says);
}
END_TEST

START_TEST(calibration_open__an_entry_without_bracket)
{
    char *shipped = get_file(SHIPPED);
    char *at = strstr(shipped, "low: 1000, high: 3000"); /* of tcp_rx_ack, the first; both ends go */
    ck_assert_ptr_nonnull(at);
    memcpy(at, "low: 1700, high: 1700", 21);
    put_file("other.yaml", shipped);
    put_file("fit.yaml", "scenario: rig.yaml\nprofile: other.yaml\nfit: tcp_rx_ack\nrows:\n"
                         "  - {metric: cpu-idle, of: plain, value: 1%, tolerance: 1%, source: x}\n");
    ck_assert_int_eq(calibration_open(&calibration, path_of("fit.yaml"), NULL, 0, &errors), -1);
    ck_assert_uint_eq(errors.count, 1);
    ck_assert_ptr_nonnull(strstr(errors.list[0].text, ":3:6: fit: 'tcp_rx_ack' has no bracket in "));
    free(shipped);
}
END_TEST

START_TEST(calibration_open__all_mistakes_at_once)
{
    put_file("fit.yaml", "scenario: rig.yaml\nfit: [intr_exti, x]\nrows:\n"
                         "  - {metric: cpu-idel, of: plian, value: 1, tolerance: x}\n");
    ck_assert_int_eq(calibration_open(&calibration, path_of("fit.yaml"), NULL, 0, &errors), -1);
    ck_assert_uint_eq(errors.count, 7);
}
END_TEST

Suite *calibrate_suite(void)
{
    Suite *s = suite_create("calibrate");
    TCase *t = tcase_create("calibrate");
    tcase_set_timeout(t, 20);
    tcase_add_checked_fixture(t, setup, teardown);
    tcase_add_test(t, calibrate__finds_the_prices_of_another_simulation);
    tcase_add_test(t, calibrate__keeps_to_the_bracket);
    tcase_add_test(t, calibrate__without_effect_writes_nothing);
    tcase_add_test(t, calibrate__rows_that_the_runs_cannot_show);
    tcase_add_test(t, calibrate_check_out__takes_no_risk);
    tcase_add_test(t, calibration_target__shares_and_units);
    tcase_add_loop_test(t, calibration_open__tells_a_mistake, 0, (int)(sizeof mistakes / sizeof *mistakes));
    tcase_add_test(t, calibration_open__an_entry_without_bracket);
    tcase_add_test(t, calibration_open__all_mistakes_at_once);
    suite_add_tcase(s, t);
    return s;
}
