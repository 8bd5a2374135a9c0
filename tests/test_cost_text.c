/* SPDX-License-Identifier: GPL-3.0-or-later
 * test_cost_text.c -- other values in a profile's text, and nothing else in it changed. */
#include "machine/cost_text.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "suites.h"

static const char *const SHIPPED = "scenarios/profiles/harpertown-2.8.yaml";
static char shipped[65536];
static struct errors errors;

static void setup(void)
{
    FILE *f = fopen(SHIPPED, "rb");
    ck_assert_ptr_nonnull(f);
    shipped[fread(shipped, 1, sizeof shipped - 1, f)] = '\0';
    fclose(f);
    errors_init(&errors);
}

static void teardown(void)
{
    errors_fini(&errors);
}

static char *change(const char *text, const char *name, const struct cost_change *changes, size_t n)
{
    return cost_text_change("p.yaml", text, strlen(text), name, changes, n, &errors);
}

/* 'text' as a profile. */
static struct cost_profile *load(const char *text)
{
    char path[] = "/tmp/xbow-test-cost-text-XXXXXX";
    int fd = mkstemp(path);
    ck_assert_int_ge(fd, 0);
    ck_assert_int_eq(write(fd, text, strlen(text)), (ssize_t)strlen(text));
    close(fd);
    struct cost_profile *p = cost_profile_load(path, &errors);
    unlink(path);
    errors_print(&errors, stderr);
    ck_assert_ptr_nonnull(p);
    return p;
}

static void ck_same_but(const struct cost_profile *a, const struct cost_profile *b, const char *const *but)
{
    for (int i = 0; i < N_COST_OPS + N_COST_PLACES; i++) {
        const struct cost_entry *x = i < N_COST_OPS ? &a->op[i] : &a->place[i - N_COST_OPS];
        const struct cost_entry *y = i < N_COST_OPS ? &b->op[i] : &b->place[i - N_COST_OPS];
        const char *name = i < N_COST_OPS ? cost_op_name((enum cost_op)i)
                                          : cost_place_name((enum cost_place)(i - N_COST_OPS));
        bool changed = false;
        for (const char *const *c = but; *c; c++) changed |= strcmp(*c, name) == 0;
        ck_assert_double_eq(x->low, y->low);
        ck_assert_double_eq(x->high, y->high);
        ck_assert_str_eq(x->unit, y->unit);
        if (changed) continue;
        ck_assert_double_eq(x->value, y->value);
        ck_assert_str_eq(x->source, y->source);
        ck_assert_str_eq(x->confidence, y->confidence);
    }
}

START_TEST(cost_text_change__nothing_changes_nothing)
{
    char *text = change(shipped, NULL, NULL, 0);
    ck_assert_str_eq(text, shipped);
    free(text);
}
END_TEST

START_TEST(cost_text_change__round_trip)
{
    static const char *const but[] = { "intr_exit", "copy_byte", "line_dram", NULL };
    const struct cost_change c[] = {
        { "intr_exit", 7.25, "fitted: a \"quoted\" source with \\ and 40 % \xc2\xb1 1", "fitted" },
        { "copy_byte", 1.123456789, NULL, NULL },
        { "line_dram", 119, "x", "guess" },
    };
    char *text = change(shipped, "other-name", c, 3);
    ck_assert_ptr_nonnull(text);
    struct cost_profile *before = load(shipped), *after = load(text);
    ck_same_but(before, after, but);
    ck_assert_str_eq(after->name, "other-name");
    ck_assert_double_eq(after->op[COST_INTR_EXIT].value, 7.25);
    ck_assert_str_eq(after->op[COST_INTR_EXIT].source, c[0].source);
    ck_assert_str_eq(after->op[COST_INTR_EXIT].confidence, "fitted");
    ck_assert_double_eq(after->op[COST_COPY_BYTE].value, cost_text_rounded(1.123456789));
    ck_assert_double_eq_tol(after->op[COST_COPY_BYTE].value, 1.12346, 1e-12);
    ck_assert_str_eq(after->op[COST_COPY_BYTE].source, before->op[COST_COPY_BYTE].source);
    ck_assert_double_eq(after->place[COST_LINE_DRAM].value, 119);
    /* Back again: the first text, byte for byte, but for the name's quotes and what was not changed back. */
    const struct cost_change back[] = { { "copy_byte", 0.75, NULL, NULL } };
    char *third = change(text, NULL, back, 1);
    ck_assert_ptr_nonnull(strstr(third, "copy_byte: {value: 0.75, unit: cycles, low: 0.3, high: 2, confidence: R,"));
    cost_profile_destroy(before);
    cost_profile_destroy(after);
    free(third);
    free(text);
}
END_TEST

/* Positions count characters, not bytes; block scalars end with their line; entries may be written in any form. */
START_TEST(cost_text_change__other_ways_to_write_it)
{
    static const char text[] =
        "\xef\xbb\xbf# \xc2\xb5s \xe2\x82\xac \xf0\x9f\x90\xa7\n"
        "name: 'p'\n"
        "notes: {costs: {copy_byte: {value: 1}}}\n"
        "costs:\n"
        "  'copy_byte':\n"
        "    source: >\n"
        "      two lines \xc2\xb1\n"
        "      of text\n"
        "    value: 1.5 # \xc2\xb1 0.5\n"
        "    confidence: guess\n"
        "  syscall: {value: 600, source: copy_byte, confidence: R}\n"
        "places: {line_l2: {value: 15, confidence: H}}\n";
    const struct cost_change c = { "copy_byte", 2, "one", "fitted" };
    char *made = change(text, "q", &c, 1);
    errors_print(&errors, stderr);
    ck_assert_str_eq(made,
        "\xef\xbb\xbf# \xc2\xb5s \xe2\x82\xac \xf0\x9f\x90\xa7\n"
        "name: \"q\"\n"
        "notes: {costs: {copy_byte: {value: 1}}}\n"
        "costs:\n"
        "  'copy_byte':\n"
        "    source: \"one\"\n"
        "    value: 2 # \xc2\xb1 0.5\n"
        "    confidence: fitted\n"
        "  syscall: {value: 600, source: copy_byte, confidence: R}\n"
        "places: {line_l2: {value: 15, confidence: H}}\n");
    free(made);
}
END_TEST

START_TEST(cost_text_change__refuses_what_it_cannot_change)
{
    static const char *const texts[] = { "costs: {copy_byte: {value: 1", "costs: {copy_byte: {}}", "[]", "",
                                         "costs: {copy_byte: {value: &a {x: 1}}}" };
    const struct cost_change c = { "copy_byte", 2, NULL, NULL };
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        ck_assert_ptr_null(change(texts[i], NULL, &c, 1));
        ck_assert_uint_eq(errors.count, i + 1);
        ck_assert_msg(strncmp(errors.list[i].text, "p.yaml: ", 8) == 0, "%s", errors.list[i].text);
    }
}
END_TEST

START_TEST(cost_profile_find__every_entry)
{
    struct cost_profile *p = load(shipped);
    ck_assert_ptr_eq(cost_profile_find(p, "intr_entry"), &p->op[COST_INTR_ENTRY]);
    ck_assert_ptr_eq(cost_profile_find(p, "timer_callout"), &p->op[COST_TIMER_CALLOUT]);
    ck_assert_ptr_eq(cost_profile_find(p, "line_dram_far"), &p->place[COST_LINE_DRAM_FAR]);
    ck_assert_ptr_null(cost_profile_find(p, "line_dram_fa"));
    cost_profile_destroy(p);
}
END_TEST

Suite *cost_text_suite(void)
{
    Suite *s = suite_create("cost_text");
    TCase *t = tcase_create("cost_text");
    tcase_add_checked_fixture(t, setup, teardown);
    tcase_add_test(t, cost_text_change__nothing_changes_nothing);
    tcase_add_test(t, cost_text_change__round_trip);
    tcase_add_test(t, cost_text_change__other_ways_to_write_it);
    tcase_add_test(t, cost_text_change__refuses_what_it_cannot_change);
    tcase_add_test(t, cost_profile_find__every_entry);
    suite_add_tcase(s, t);
    return s;
}
