/* SPDX-License-Identifier: GPL-3.0-or-later
 * test_cost.c -- the cost profile: the shipped one is whole, and every mistake in one is reported with its place. */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "machine/cost.h"
#include "suites.h"

static const char *const SHIPPED = "scenarios/profiles/harpertown-2.8.yaml";
static struct errors errors;
static char path[64];

static void setup(void)
{
    errors_init(&errors);
    snprintf(path, sizeof path, "/tmp/xbow-test-cost-XXXXXX");
    int fd = mkstemp(path);
    ck_assert_int_ge(fd, 0);
    close(fd);
}

static void teardown(void)
{
    errors_fini(&errors);
    unlink(path);
}

static struct cost_profile *load(const char *text, size_t bytes)
{
    FILE *f = fopen(path, "wb");
    ck_assert_ptr_nonnull(f);
    fwrite(text, 1, bytes, f);
    fclose(f);
    return cost_profile_load(path, &errors);
}

/* The shipped file with the first 'from' replaced by 'to'. */
static struct cost_profile *load_changed(const char *from, const char *to)
{
    static char text[65536], changed[65536];
    FILE *f = fopen(SHIPPED, "rb");
    ck_assert_ptr_nonnull(f);
    text[fread(text, 1, sizeof text - 1, f)] = 0;
    fclose(f);
    char *at = strstr(text, from);
    ck_assert_ptr_nonnull(at);
    int n = snprintf(changed, sizeof changed, "%.*s%s%s", (int)(at - text), text, to, at + strlen(from));
    return load(changed, (size_t)n);
}

static bool reported(const char *part)
{
    for (size_t i = 0; i < errors.count; i++)
        if (strstr(errors.list[i].text, part)) return true;
    return false;
}

static double ns(const struct cost_profile *p, enum cost_op op)
{
    struct cost_table t;
    cost_table_fill(&t, p, p->clock_hz);
    return (double)t.op_fs[op] * 1e-6;
}

/* The second shipped profile: the first one's operations, another memory. */
START_TEST(cost_profile_load__profile_on_a_base)
{
    struct cost_profile *base = cost_profile_load(SHIPPED, &errors);
    struct cost_profile *p = cost_profile_load("scenarios/profiles/nehalem-2.8.yaml", &errors);
    errors_print(&errors, stderr);
    ck_assert(base && p);
    ck_assert_str_eq(p->name, "nehalem-2.8");
    for (int i = 0; i < N_COST_OPS; i++) {
        ck_assert_double_eq(p->op[i].value, base->op[i].value);
        ck_assert_str_eq(p->op[i].source, base->op[i].source);
    }
    ck_assert_double_eq(p->place[COST_LINE_DRAM].value, 65);
    ck_assert_double_gt(p->place[COST_LINE_DRAM_FAR].value, p->place[COST_LINE_DRAM].value);
    ck_assert(!p->bandwidth[COST_BUS].source && !p->bandwidth[COST_CHIPSET].source); /* of the base: not taken */
    ck_assert(p->bandwidth[COST_NODE].source && p->bandwidth[COST_LINK].source);
    cost_profile_destroy(p);
    cost_profile_destroy(base);
}
END_TEST

START_TEST(cost_profile_load__mistakes_about_the_base)
{
    static const struct { const char *text, *words; } wrong[] = {
        { "base: nobody\nname: n\nclock: 1GHz\n", "nobody.yaml: cannot open" },
        { "base: ../x\nname: n\nclock: 1GHz\n", "base: expected the name of another profile" },
        { "name: n\nclock: 1GHz\nplaces: {}\nbase: x\n", "base: expected it before costs and places" },
        { "base: xbow-test-cost-base\nname: n\nclock: 1GHz\n", "base: expected a profile that has no base itself" },
    };
    FILE *f = fopen("/tmp/xbow-test-cost-base.yaml", "wb");
    ck_assert_ptr_nonnull(f);
    fputs("base: another\n", f);
    fclose(f);
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        ck_assert_ptr_null(load(wrong[i].text, strlen(wrong[i].text)));
        ck_assert_msg(reported(wrong[i].words), "%s: %s", wrong[i].words, errors.list[0].text);
    }
    unlink("/tmp/xbow-test-cost-base.yaml");
}
END_TEST

START_TEST(cost_profile_load__shipped_profile_is_whole)
{
    struct cost_profile *p = cost_profile_load(SHIPPED, &errors);
    errors_print(&errors, stderr);
    ck_assert_ptr_nonnull(p);
    ck_assert_str_eq(p->name, "harpertown-2.8");
    ck_assert_int_eq(p->clock_hz, 2800000000);
    for (int i = 0; i < N_COST_OPS; i++) {
        ck_assert_double_gt(p->op[i].value, 0);
        ck_assert_double_lt(p->op[i].low, p->op[i].high);
        ck_assert_uint_gt(strlen(p->op[i].source), 10);
    }
    ck_assert(p->bandwidth[COST_BUS].source && p->bandwidth[COST_CHIPSET].source);
    ck_assert(!p->bandwidth[COST_NODE].source && !p->bandwidth[COST_LINK].source);
    cost_profile_destroy(p);
}
END_TEST

/* The sums that the profile promises in its notes. */
START_TEST(cost_profile_load__shipped_profile_keeps_its_sums)
{
    struct cost_profile *p = cost_profile_load(SHIPPED, &errors);
    ck_assert_ptr_nonnull(p);
    const double cycle = 1 / 2.8;
    ck_assert_double_eq_tol(ns(p, COST_INTR_ENTRY) + ns(p, COST_INTR_EXIT), 6000, 1);
    ck_assert_double_eq_tol(ns(p, COST_THREAD_WAKE) + ns(p, COST_CTX_SWITCH), 3000, 1);
    ck_assert_double_eq_tol(ns(p, COST_DRV_RX_POLL) + ns(p, COST_LANE_RX_CHAIN) + ns(p, COST_MMIO_WRITE), 1000, 20);
    ck_assert_double_eq_tol(ns(p, COST_DRV_RX_PACKET) + ns(p, COST_DRV_RX_REFILL) + 2.25 * 65, 700 * cycle, 5);
    ck_assert_double_eq_tol(ns(p, COST_TCP_RX_DATA) + 500 * cycle, 3000 * cycle, 1);
    ck_assert_double_eq_tol(ns(p, COST_LANE_RX_PACKET) + ns(p, COST_LANE_FANOUT) + ns(p, COST_SOFTRING_ENQUEUE) / 5,
                            200 * cycle, 1);
    cost_profile_destroy(p);
}
END_TEST

START_TEST(cost_table_fill__cycles_follow_the_clock_and_time_does_not)
{
    struct cost_profile *p = cost_profile_load(SHIPPED, &errors);
    struct cost_table slow, fast;
    ck_assert_ptr_nonnull(p);
    cost_table_fill(&slow, p, 2800000000);
    cost_table_fill(&fast, p, 5600000000);
    ck_assert_int_eq(slow.op_fs[COST_DRV_RX_PACKET], 71428571); /* 200 cycles at 2.8 GHz, rounded */
    ck_assert_int_eq(fast.op_fs[COST_DRV_RX_PACKET], 35714286);
    ck_assert_int_eq(slow.op_fs[COST_CTX_SWITCH], 2000000000);
    ck_assert_int_eq(fast.op_fs[COST_CTX_SWITCH], 2000000000);
    ck_assert_int_eq(fast.place_fs[COST_LINE_DRAM], 110000000);
    cost_profile_destroy(p);
}
END_TEST

START_TEST(cost_op_name__is_lower_case)
{
    ck_assert_str_eq(cost_op_name(COST_DRV_RX_PACKET), "drv_rx_packet");
    ck_assert_str_eq(cost_place_name(COST_LINE_DRAM_FAR), "line_dram_far");
    for (int i = 0; i < N_COST_OPS; i++) ck_assert_uint_lt(strlen(cost_op_name((enum cost_op)i)), 23);
}
END_TEST

static const struct { const char *from, *to, *expected; } mistakes[] = {
    { "drv_rx_packet:", "drv_rx_pakcet:", "unknown key 'drv_rx_pakcet', the nearest known is 'drv_rx_packet'" },
    { "drv_rx_packet:", "drv_rx_pakcet:", "costs has no entry for drv_rx_packet" },
    { "drv_rx_packet:", "drv_rx_poll:", "drv_rx_poll is there twice" },
    { "{value: 200, unit: cycles", "{value: 200, unit: bananas", "bananas: expected cycles, ns or us" },
    { "{value: 200,", "{value: -400,", "-400: expected a number" },
    { "{value: 200,", "{value: nan,", "nan: expected a number" },
    { "{value: 200,", "{value: 0x10,", "0x10: expected a number" },
    { "{value: 200,", "{value: 1e300,", "1e300: expected a number" },
    { "{value: 200,", "{value: 400ns,", "400ns: expected a number" },
    { "{value: 200,", "{value: [1, 2],", "expected a number" },
    { "{value: 200,", "{", "drv_rx_packet has no value" },
    { "low: 100, high: 700, confidence: D", "low: 450, high: 700, confidence: D", "expected low <= value <= high" },
    { "high: 700, confidence: D", "high: 700, confidence: X", "X: expected H, M, R, D, P, guess or fitted" },
    { "line_remote:", "line_remoet:", "places has no entry for line_remote" },
    { "clock: 2.8GHz", "clock: 2.8", "2.8: expected a frequency" },
    { "clock: 2.8GHz", "clock: 0GHz", "0GHz: expected a frequency" },
    { "clock: 2.8GHz", "speed: 2.8GHz", "the profile has no 'clock'" },
    { "name: harpertown-2.8", "name: [a]", "name: expected text" },
    { "name: harpertown-2.8", "name: {a: &x b, c: *x, ? [q] : r}", "name: expected text" },
    { "places:", "places: 3\nplaces:", "places is there twice" },
    { "places:", "--- {}\n---\nplaces:", "a second document" },
    { "places:", "places: {", "not YAML" },
};

START_TEST(cost_profile_load__reports_a_mistake)
{
    ck_assert_ptr_null(load_changed(mistakes[_i].from, mistakes[_i].to));
    ck_assert_msg(reported(mistakes[_i].expected), "not reported: %s", mistakes[_i].expected);
}
END_TEST

START_TEST(cost_profile_load__says_where)
{
    static const char text[] = "name: x\nclock: 1GHz\ncosts: {}\nplaces: {}\nwhat: 1\n";
    char expected[128];
    ck_assert_ptr_null(load(text, strlen(text)));
    snprintf(expected, sizeof expected, "%s:5:1: unknown key 'what'", path);
    ck_assert(reported(expected));
    ck_assert(reported(":3:8: costs has no entry for drv_rx_packet"));
    ck_assert_uint_eq(errors.count, 1 + N_COST_OPS + N_COST_PLACES); /* all at once */
}
END_TEST

START_TEST(cost_profile_load__text_that_is_no_profile)
{
    static char deep[20000];
    static const struct { const char *text; size_t bytes; } file[] = {
        { "", 0 }, { "\n\n", 2 }, { "hello", 5 }, { "- a\n- b\n", 8 }, { "\0\1\2\3", 4 }, { "\xff\xfe\xfd", 3 },
        { "a: *b", 5 }, { "&a [*a, *a]", 11 }, { "{", 1 }, { "costs: {\t", 9 }, { "? {a: b}\n: c\n", 13 },
        { "name: \"a\\0b\"\n", 13 }, { deep, sizeof deep },
    };
    memset(deep, '[', sizeof deep);
    memcpy(deep, "x: ", 3);
    for (size_t i = 0; i < sizeof file / sizeof *file; i++) {
        size_t before = errors.count;
        ck_assert_ptr_null(load(file[i].text, file[i].bytes));
        ck_assert_uint_gt(errors.count, before);
        errors_fini(&errors);
    }
}
END_TEST

START_TEST(cost_profile_load__many_mistakes_are_counted_and_end_the_reading)
{
    static char many[400000];
    size_t n = 0;
    for (int i = 0; n + 32 < sizeof many; i++) n += (size_t)snprintf(many + n, sizeof many - n, "k%d: 1\n", i);
    ck_assert_ptr_null(load(many, n));
    ck_assert_uint_eq(errors.count, ERRORS_MAX);
    ck_assert_uint_ge(errors.suppressed, 1);
}
END_TEST

START_TEST(cost_profile_load__files_that_cannot_be_read)
{
    ck_assert_ptr_null(cost_profile_load("/nonexistent/profile.yaml", &errors));
    ck_assert(reported("/nonexistent/profile.yaml: cannot open the cost profile"));
    ck_assert_ptr_null(cost_profile_load("/tmp", &errors));
    ck_assert_uint_eq(errors.count, 2);
}
END_TEST

static void ck_same(const struct cost_profile *a, const struct cost_profile *b)
{
    ck_assert_str_eq(a->name, b->name);
    ck_assert_int_eq(a->clock_hz, b->clock_hz);
    for (int i = 0; i < N_COST_OPS + N_COST_PLACES; i++) {
        const struct cost_entry *x = i < N_COST_OPS ? &a->op[i] : &a->place[i - N_COST_OPS];
        const struct cost_entry *y = i < N_COST_OPS ? &b->op[i] : &b->place[i - N_COST_OPS];
        ck_assert_double_eq(x->value, y->value);
        ck_assert_double_eq(x->low, y->low);
        ck_assert_double_eq(x->high, y->high);
        ck_assert_str_eq(x->unit, y->unit);
        ck_assert_str_eq(x->source, y->source);
        ck_assert_str_eq(x->confidence, y->confidence);
    }
}

START_TEST(cost_profile_write__reads_back)
{
    static const char *const files[] = { "scenarios/profiles/harpertown-2.8.yaml", "scenarios/profiles/nehalem-2.8.yaml" };
    for (int i = 0; i < 2; i++) {
        struct cost_profile *p = cost_profile_load(files[i], &errors), *copy = cost_profile_copy(p);
        copy->op[COST_COPY_BYTE].value = 1.0 / 3;
        copy->clock_hz = 2833333333;
        free(copy->op[COST_SYSCALL].source);
        copy->op[COST_SYSCALL].source = strdup("a \"quoted\" source: with \\, {40 %} \xc2\xb1 1 # and\n two lines ");
        FILE *f = fopen(path, "w");
        cost_profile_write(copy, f);
        fclose(f);
        struct cost_profile *back = cost_profile_load(path, &errors);
        errors_print(&errors, stderr);
        ck_assert_ptr_nonnull(back);
        ck_same(copy, back);
        ck_assert(!p->notes == !back->notes && (!p->notes || strcmp(p->notes, back->notes) == 0));
        ck_assert_double_eq(p->op[COST_COPY_BYTE].value, 0.75); /* a copy is its own */
        cost_profile_destroy(p);
        cost_profile_destroy(copy);
        cost_profile_destroy(back);
    }
}
END_TEST

START_TEST(cost_profile_find__every_kind_of_entry)
{
    struct cost_profile *p = cost_profile_load(SHIPPED, &errors);
    ck_assert_ptr_eq(cost_profile_find(p, "intr_entry"), &p->op[COST_INTR_ENTRY]);
    ck_assert_ptr_eq(cost_profile_find(p, "timer_callout"), &p->op[COST_TIMER_CALLOUT]);
    ck_assert_ptr_eq(cost_profile_find(p, "line_dram_far"), &p->place[COST_LINE_DRAM_FAR]);
    ck_assert_ptr_null(cost_profile_find(p, "line_dram_fa"));
    cost_profile_destroy(p);
}
END_TEST

/* A fitted profile is the one it was fitted from but for what it says was fitted.  When an entry is added to one, run the
 * calibration again (docs/validation.md). */
START_TEST(cost_profile_load__fitted_profiles_are_up_to_date)
{
    struct cost_profile *start = cost_profile_load(SHIPPED, &errors);
    struct cost_profile *fitted = cost_profile_load("scenarios/profiles/harpertown-2.8-table-1.yaml", &errors);
    errors_print(&errors, stderr);
    ck_assert(start && fitted);
    int n = 0;
    for (int i = 0; i < N_COST_OPS + N_COST_PLACES; i++) {
        const struct cost_entry *a = i < N_COST_OPS ? &start->op[i] : &start->place[i - N_COST_OPS];
        const struct cost_entry *b = i < N_COST_OPS ? &fitted->op[i] : &fitted->place[i - N_COST_OPS];
        ck_assert_str_eq(a->unit, b->unit);
        ck_assert_double_eq(a->low, b->low);
        ck_assert_double_eq(a->high, b->high);
        n += strcmp(b->confidence, "fitted") == 0;
        if (strcmp(b->confidence, "fitted") == 0) continue;
        ck_assert_double_eq(a->value, b->value);
        ck_assert_str_eq(a->source, b->source);
    }
    ck_assert_int_eq(n, 1);
    cost_profile_destroy(start);
    cost_profile_destroy(fitted);
}
END_TEST

/* A machine has what its profile gives; what that leaves out is without limit. */
START_TEST(cost_profile_load__bandwidths)
{
    struct cost_profile *p = load_changed("  chipset: {value: 7.5, unit: GB/s, low: 6, high: 9.5", "  node: {value: 2.5, unit: GB/s");
    struct cost_table t;
    errors_print(&errors, stderr);
    ck_assert_ptr_nonnull(p);
    cost_table_fill(&t, p, 1000000000); /* whatever the clock */
    ck_assert_int_eq(t.bandwidth_Bps[COST_BUS], 7000000000);
    ck_assert_int_eq(t.bandwidth_Bps[COST_NODE], 2500000000);
    ck_assert_int_eq(t.bandwidth_Bps[COST_CHIPSET], 0);
    ck_assert_ptr_null(cost_profile_find(p, "chipset"));
    ck_assert_double_eq(cost_profile_find(p, "node")->high, 2.5);
    cost_profile_destroy(p);

    ck_assert_ptr_null(load_changed("7.5, unit: GB/s", "7.5, unit: ns"));
    ck_assert(reported("GB/s"));
    ck_assert_ptr_null(load_changed("7.5, unit: GB/s, low: 6", "7.5, unit: GB/s, low: 0"));
    ck_assert(reported("chipset: expected a bandwidth from 0.1 to 1000 GB/s"));
    ck_assert_ptr_null(load_changed("  chipset:", "  disk:"));
    ck_assert(reported("unknown key 'disk'"));
}
END_TEST

Suite *cost_suite(void)
{
    Suite *s = suite_create("cost");
    TCase *c = tcase_create("cost");
    tcase_add_checked_fixture(c, setup, teardown);
    tcase_add_test(c, cost_profile_load__shipped_profile_is_whole);
    tcase_add_test(c, cost_profile_load__profile_on_a_base);
    tcase_add_test(c, cost_profile_load__mistakes_about_the_base);
    tcase_add_test(c, cost_profile_load__shipped_profile_keeps_its_sums);
    tcase_add_test(c, cost_profile_load__bandwidths);
    tcase_add_test(c, cost_profile_write__reads_back);
    tcase_add_test(c, cost_profile_find__every_kind_of_entry);
    tcase_add_test(c, cost_profile_load__fitted_profiles_are_up_to_date);
    tcase_add_test(c, cost_table_fill__cycles_follow_the_clock_and_time_does_not);
    tcase_add_test(c, cost_op_name__is_lower_case);
    tcase_add_loop_test(c, cost_profile_load__reports_a_mistake, 0, (int)(sizeof mistakes / sizeof *mistakes));
    tcase_add_test(c, cost_profile_load__says_where);
    tcase_add_test(c, cost_profile_load__text_that_is_no_profile);
    tcase_add_test(c, cost_profile_load__many_mistakes_are_counted_and_end_the_reading);
    tcase_add_test(c, cost_profile_load__files_that_cannot_be_read);
    suite_add_tcase(s, c);
    return s;
}
