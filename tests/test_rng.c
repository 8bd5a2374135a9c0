/* SPDX-License-Identifier: GPL-3.0-or-later
 * test_rng.c -- streams: repeatable, independent of each other, with the promised distributions. */
#include <check.h>
#include <gsl/gsl_cdf.h>
#include <math.h>
#include <stdio.h>

#include "core/rng.h"
#include "suites.h"

START_TEST(rng_create__same_seed_and_name_same_numbers)
{
    struct rng *a = rng_create(7, "host1"), *b = rng_create(7, "host1");
    for (int i = 0; i < 1000; i++) ck_assert_uint_eq(rng_u64(a), rng_u64(b));
    rng_destroy(a);
    rng_destroy(b);
    rng_destroy(NULL);
}
END_TEST

START_TEST(rng_create__numbers_are_those_of_every_machine)
{
    struct rng *r = rng_create(1, "link");
    ck_assert_uint_eq(rng_u64(r), 3007063815730985067u);
    rng_destroy(r);
}
END_TEST

START_TEST(rng_create__neighbours_differ)
{
    static const struct { uint64_t seed; const char *name; } streams[] = {
        { 1, "host1" }, { 2, "host1" }, { 1, "host2" }, { 1, "host11" }, { 1, "" }, { 0, "host1" },
        { (uint64_t)1 << 32 | 1, "host1" },
    };
    enum { N = sizeof streams / sizeof *streams };
    uint64_t first[N];
    for (int i = 0; i < N; i++) {
        struct rng *r = rng_create(streams[i].seed, streams[i].name);
        first[i] = rng_u64(r);
        for (int k = 0; k < i; k++) ck_assert_uint_ne(first[i], first[k]);
        rng_destroy(r);
    }
}
END_TEST

/* Correlation of neighbouring entities' streams: a sum of n products of uniforms has deviation 1/(12 sqrt n). */
START_TEST(rng_uniform__neighbours_are_uncorrelated)
{
    enum { N = 100000 };
    struct rng *a = rng_create(1, "host1"), *b = rng_create(1, "host2");
    double sum = 0;
    for (int i = 0; i < N; i++) sum += (rng_uniform(a) - 0.5) * (rng_uniform(b) - 0.5);
    ck_assert_double_lt(fabs(sum / N), 4.0 / (12 * sqrt(N)));
    rng_destroy(a);
    rng_destroy(b);
}
END_TEST

START_TEST(rng_below__uniform_by_chi_square)
{
    static const uint32_t sizes[] = { 2, 3, 10, 97 };
    struct rng *r = rng_create(3, "dice");
    for (size_t s = 0; s < sizeof sizes / sizeof *sizes; s++) {
        double count[97] = { 0 }, chi = 0, expected = 100000.0 / sizes[s];
        for (int i = 0; i < 100000; i++) {
            uint32_t v = rng_below(r, sizes[s]);
            ck_assert_uint_lt(v, sizes[s]);
            count[v]++;
        }
        for (uint32_t v = 0; v < sizes[s]; v++) chi += (count[v] - expected) * (count[v] - expected) / expected;
        ck_assert_double_lt(chi, gsl_cdf_chisq_Pinv(0.9999, sizes[s] - 1));
    }
    for (int i = 0; i < 1000; i++) ck_assert_uint_eq(rng_below(r, 1), 0);
    for (int i = 0; i < 1000; i++) ck_assert_uint_lt(rng_below(r, UINT32_MAX), UINT32_MAX);
    rng_destroy(r);
}
END_TEST

START_TEST(rng_uniform__half_open_interval)
{
    struct rng *r = rng_create(4, "uniform");
    double sum = 0;
    for (int i = 0; i < 100000; i++) {
        double u = rng_uniform(r);
        ck_assert(u >= 0 && u < 1);
        sum += u;
    }
    ck_assert_double_eq_tol(sum / 100000, 0.5, 4 / sqrt(12.0 * 100000));
    rng_destroy(r);
}
END_TEST

/* Mean, second moment and median of an exponential distribution. */
START_TEST(rng_exponential__moments)
{
    enum { N = 200000 };
    struct rng *r = rng_create(5, "gaps");
    double sum = 0, squares = 0, mean = 1e6;
    int below_median = 0;
    for (int i = 0; i < N; i++) {
        sim_dur d = rng_exponential(r, sim_us(1));
        ck_assert_int_ge(d.ps, 0);
        sum += (double)d.ps / mean;
        squares += (double)d.ps / mean * (double)d.ps / mean;
        below_median += (double)d.ps < mean * log(2);
    }
    ck_assert_double_eq_tol(sum / N, 1, 4 / sqrt(N));
    ck_assert_double_eq_tol(squares / N, 2, 4 * sqrt(20.0 / N));
    ck_assert_double_eq_tol((double)below_median / N, 0.5, 2 / sqrt(N));
    ck_assert_int_eq(rng_exponential(r, sim_ps(0)).ps, 0);
    rng_destroy(r);
}
END_TEST

Suite *rng_suite(void)
{
    Suite *s = suite_create("rng");
    TCase *tc = tcase_create("rng");
    tcase_add_test(tc, rng_create__same_seed_and_name_same_numbers);
    tcase_add_test(tc, rng_create__numbers_are_those_of_every_machine);
    tcase_add_test(tc, rng_create__neighbours_differ);
    tcase_add_test(tc, rng_uniform__neighbours_are_uncorrelated);
    tcase_add_test(tc, rng_below__uniform_by_chi_square);
    tcase_add_test(tc, rng_uniform__half_open_interval);
    tcase_add_test(tc, rng_exponential__moments);
    suite_add_tcase(s, tc);
    return s;
}
