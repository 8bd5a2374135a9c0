/* SPDX-License-Identifier: GPL-3.0-or-later
 * test_histogram.c -- buckets of durations, and what is read back from them. */
#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "core/histogram.h"
#include "core/rng.h"
#include "suites.h"

static int64_t low(size_t i) { return histogram_low(i).ps; }
static int64_t width(size_t i) { return histogram_width(i).ps; }

START_TEST(histogram_bucket__buckets_are_neighbours_and_hold_their_ends)
{
    ck_assert_int_eq(low(0), 0);
    for (size_t i = 0; i + 1 < HISTOGRAM_BUCKETS; i++) {
        ck_assert_int_eq(low(i) + width(i), low(i + 1));
        ck_assert_uint_eq(histogram_bucket(histogram_low(i)), i);
        ck_assert_uint_eq(histogram_bucket(sim_ps(low(i + 1) - 1)), i);
        if (i >= HISTOGRAM_PARTS) ck_assert_int_le(width(i) * HISTOGRAM_PARTS, low(i));
    }
    ck_assert_uint_eq(histogram_bucket(sim_ps(INT64_MAX)), HISTOGRAM_BUCKETS - 1);
    ck_assert_int_gt(low(HISTOGRAM_BUCKETS - 1), sim_ms(100000).ps);
}
END_TEST

START_TEST(histogram_names__are_the_low_ends_in_nanoseconds)
{
    const char *const *names = histogram_names();
    ck_assert_str_eq(names[0], "from0");
    ck_assert_str_eq(names[15], "from1500");
    ck_assert_str_eq(names[16], "from1600");
    ck_assert_str_eq(names[32], "from3200");
    ck_assert_str_eq(names[33], "from3400");
    for (size_t i = 1; i < HISTOGRAM_BUCKETS; i++) ck_assert_str_ne(names[i - 1], names[i]);
}
END_TEST

static int by_size(const void *a, const void *b)
{
    int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
    return x < y ? -1 : x > y;
}

/* The middle of the bucket against the value itself, in sorted samples of very different spreads. */
START_TEST(histogram_quantile__is_within_half_a_width_of_the_sorted_sample)
{
    enum { N = 5000 };
    static int64_t sample[N];
    static const uint64_t ppm[] = { 1, 10000, 500000, 900000, 990000, 999000, 1000000 };
    struct rng *rng = rng_create(1, "sample");
    for (int kind = 0; kind < 3; kind++) {
        uint64_t count[HISTOGRAM_BUCKETS] = { 0 };
        for (int i = 0; i < N; i++) {
            sim_dur d = rng_exponential(rng, kind == 0 ? sim_ns(300) : kind == 1 ? sim_ms(2) : sim_ms(700));
            sample[i] = d.ps;
            count[histogram_bucket(d)]++;
        }
        qsort(sample, N, sizeof *sample, by_size);
        for (size_t q = 0; q < sizeof ppm / sizeof *ppm; q++) {
            uint64_t rank = (ppm[q] * N + 999999) / 1000000; /* the rank-th smallest */
            int64_t truth = sample[(rank ? rank : 1) - 1];
            size_t bucket = histogram_quantile(count, ppm[q]);
            int64_t middle = low(bucket) + width(bucket) / 2, bound = truth / 32 > 50000 ? truth / 32 : 50000;
            ck_assert_int_le(llabs(middle - truth), bound);
        }
    }
    rng_destroy(rng);
}
END_TEST

START_TEST(histogram_quantile__nothing_counted)
{
    uint64_t count[HISTOGRAM_BUCKETS] = { 0 };
    ck_assert_uint_eq(histogram_quantile(count, 500000), HISTOGRAM_BUCKETS);
    count[7] = 1;
    ck_assert_uint_eq(histogram_quantile(count, 0), 7);
    ck_assert_uint_eq(histogram_quantile(count, 1000000), 7);
}
END_TEST

Suite *histogram_suite(void)
{
    Suite *s = suite_create("histogram");
    TCase *t = tcase_create("histogram");
    tcase_add_test(t, histogram_bucket__buckets_are_neighbours_and_hold_their_ends);
    tcase_add_test(t, histogram_names__are_the_low_ends_in_nanoseconds);
    tcase_add_test(t, histogram_quantile__is_within_half_a_width_of_the_sorted_sample);
    tcase_add_test(t, histogram_quantile__nothing_counted);
    suite_add_tcase(s, t);
    return s;
}
