/* SPDX-License-Identifier: GPL-3.0-or-later
 * test_stats.c -- the registry of counters. */
#include <check.h>
#include <stdio.h>

#include "core/stats.h"
#include "suites.h"

static const char *const names[] = { "packets", "bytes", "queue_max" };

START_TEST(stats_value__growth_since_the_mark)
{
    struct stats *s = stats_create();
    uint64_t a[3] = { 1, 2, 3 }, b[3] = { 10, 20, 30 };
    stats_register(s, "link", "a", names, a, 3);
    stats_register(s, "link", "b", names, b, 3);
    ck_assert_uint_eq(stats_value(s, "link", "b", "bytes"), 20);
    stats_mark(s);
    ck_assert_uint_eq(stats_value(s, "link", "b", "bytes"), 0);
    b[1] += 7;
    ck_assert_uint_eq(stats_value(s, "link", "b", "bytes"), 7);
    ck_assert_uint_eq(stats_value(s, "link", "a", "bytes"), 0);
    stats_mark(s);
    ck_assert_uint_eq(stats_value(s, "link", "b", "bytes"), 0);
    stats_destroy(s);
}
END_TEST

START_TEST(stats_mark__leaves_maxima_alone)
{
    struct stats *s = stats_create();
    uint64_t a[3] = { 1, 2, 3 };
    stats_register(s, "link", "a", names, a, 3);
    stats_mark(s);
    ck_assert_uint_eq(stats_value(s, "link", "a", "queue_max"), 3);
    ck_assert_uint_eq(stats_value(s, "link", "a", "packets"), 0);
    stats_destroy(s);
}
END_TEST

START_TEST(stats_value__unknown_is_zero)
{
    struct stats *s = stats_create();
    uint64_t a[3] = { 1, 2, 3 };
    ck_assert_uint_eq(stats_value(s, "link", "a", "packets"), 0);
    stats_register(s, "link", "a", names, a, 3);
    ck_assert_uint_eq(stats_value(s, "cpu", "a", "packets"), 0);
    ck_assert_uint_eq(stats_value(s, "link", "x", "packets"), 0);
    ck_assert_uint_eq(stats_value(s, "link", "a", "x"), 0);
    stats_destroy(s);
}
END_TEST

START_TEST(stats_get__in_order_of_registration_and_names_copied)
{
    enum { N = 200 };
    struct stats *s = stats_create();
    static uint64_t values[N][3];
    char name[16], other[16];
    for (int i = 0; i < N; i++) {
        values[i][0] = (uint64_t)i;
        snprintf(name, sizeof name, "e%d", i);
        stats_register(s, "link", name, names, values[i], 3);
    }
    stats_register(s, "empty", "none", names, NULL, 0);
    ck_assert_uint_eq(stats_count(s), N + 1);
    for (int i = 0; i < N; i++) {
        snprintf(other, sizeof other, "e%d", i);
        const struct stats_block *b = stats_get(s, (size_t)i);
        ck_assert_str_eq(b->kind, "link");
        ck_assert_str_eq(b->entity, other);
        ck_assert_uint_eq(b->values[0] - b->base[0], (uint64_t)i);
        ck_assert_uint_eq(b->count, 3);
    }
    stats_mark(s);
    stats_destroy(s);
    stats_destroy(NULL);
}
END_TEST

Suite *stats_suite(void)
{
    Suite *s = suite_create("stats");
    TCase *tc = tcase_create("stats");
    tcase_add_test(tc, stats_value__growth_since_the_mark);
    tcase_add_test(tc, stats_mark__leaves_maxima_alone);
    tcase_add_test(tc, stats_value__unknown_is_zero);
    tcase_add_test(tc, stats_get__in_order_of_registration_and_names_copied);
    suite_add_tcase(s, tc);
    return s;
}
