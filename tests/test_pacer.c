/* SPDX-License-Identifier: GPL-3.0-or-later
 * test_pacer.c -- times of frames against exact fractions. */
#include "endpoint/pacer.h"

#include <check.h>
#include <math.h>

#include "suites.h"

static struct pacer_config usual(void)
{
    return (struct pacer_config){ .frame_bytes_min = 64, .frame_bytes_max = 64, .unit = PACER_FRAMES_PER_S,
                                  .rate_value = 1000000, .share = 1, .line_rate = sim_gbps(10) };
}

/* Frame k of a rate r with share s is due at ceil(k * s / r) seconds, whatever k. */
START_TEST(pacer_due__loses_no_remainder)
{
    static const int64_t rate[] = { 1, 3, 7, 999983, 14880952, 999999937 };
    for (size_t i = 0; i < sizeof rate / sizeof *rate; i++)
        for (int64_t share = 1; share <= 81; share *= 9) {
            struct pacer_config c = usual();
            struct pacer p;
            c.rate_value = rate[i];
            c.share = share;
            pacer_init(&p, &c, NULL, (sim_time){ 5 });
            for (int64_t k = 0; k < 1000; k++) {
                sim_wide ps = (sim_wide)k * share * 1000000000000;
                ck_assert_int_eq(pacer_due(&p).ps, 5 + (int64_t)((ps + rate[i] - 1) / rate[i]));
                pacer_advance(&p, 64);
            }
        }
}
END_TEST

/* Whole lines: a frame of n bytes takes n + 20 bytes at the line's rate; of bits, n. */
START_TEST(pacer_advance__takes_the_time_of_the_frame_sent)
{
    static const int32_t bytes[] = { 64, 1518, 65, 9018, 64 };
    struct pacer_config c = usual();
    struct pacer line, bits;
    int64_t of_line = 0, of_bits = 0;
    c.unit = PACER_LINE_SHARE;
    c.rate_value = 500000;
    pacer_init(&line, &c, NULL, (sim_time){ 0 });
    c.unit = PACER_BITS_PER_S;
    c.rate_value = 1000000000;
    pacer_init(&bits, &c, NULL, (sim_time){ 0 });
    for (size_t i = 0; i < sizeof bytes / sizeof *bytes; i++) {
        ck_assert_int_eq(pacer_due(&line).ps, of_line);
        ck_assert_int_eq(pacer_due(&bits).ps, of_bits);
        pacer_advance(&line, bytes[i]);
        pacer_advance(&bits, bytes[i]);
        of_line += 2 * 800 * (bytes[i] + 20); /* half of 10 Gb/s: 1600 ps a byte */
        of_bits += 8000 * bytes[i];
    }
}
END_TEST

START_TEST(pacer_advance__poisson_gaps_have_the_mean_and_the_spread_of_exponentials)
{
    enum { N = 40000 };
    struct pacer_config c = usual();
    struct rng *rng = rng_create(7, "pacer");
    struct pacer p;
    double sum = 0, squares = 0;
    c.gaps = PACER_POISSON;
    pacer_init(&p, &c, rng, (sim_time){ 0 });
    for (int i = 0; i < N; i++) {
        int64_t before = p.next.ps;
        pacer_advance(&p, 64);
        double gap = (double)(p.next.ps - before) * 1e-6; /* of a microsecond */
        sum += gap;
        squares += gap * gap;
    }
    ck_assert_double_le(fabs(sum / N - 1), 4 / sqrt(N));
    ck_assert_double_le(fabs(squares / N - 2), 4 * sqrt(20.0 / N)); /* E[x^4] - E[x^2]^2 = 24 - 4 */
    rng_destroy(rng);
}
END_TEST

START_TEST(pacer_size__is_uniform_over_its_range)
{
    struct pacer_config c = usual();
    struct rng *rng = rng_create(7, "pacer");
    struct pacer p;
    int seen[4] = { 0 };
    c.frame_bytes_max = 67;
    pacer_init(&p, &c, rng, (sim_time){ 0 });
    for (int i = 0; i < 4000; i++) {
        int32_t bytes = pacer_size(&p);
        ck_assert_int_ge(bytes, 64);
        ck_assert_int_le(bytes, 67);
        seen[bytes - 64]++;
    }
    for (int i = 0; i < 4; i++) ck_assert_int_ge(seen[i], 850);
    rng_destroy(rng);
}
END_TEST

START_TEST(pacer_config_valid__refuses_what_is_out_of_range)
{
    struct pacer_config c = usual();
    ck_assert(pacer_config_valid(&c));
    c.frame_bytes_min = 63;
    ck_assert(!pacer_config_valid(&c));
    c = usual(), c.frame_bytes_max = 63;
    ck_assert(!pacer_config_valid(&c));
    c = usual(), c.frame_bytes_max = 16385;
    ck_assert(!pacer_config_valid(&c));
    c = usual(), c.rate_value = 0;
    ck_assert(!pacer_config_valid(&c));
    c = usual(), c.share = 0;
    ck_assert(!pacer_config_valid(&c));
    c = usual(), c.unit = PACER_LINE_SHARE, c.rate_value = 1000001;
    ck_assert(!pacer_config_valid(&c));
}
END_TEST

Suite *pacer_suite(void)
{
    Suite *s = suite_create("pacer");
    TCase *t = tcase_create("pacer");
    tcase_add_test(t, pacer_due__loses_no_remainder);
    tcase_add_test(t, pacer_advance__takes_the_time_of_the_frame_sent);
    tcase_add_test(t, pacer_advance__poisson_gaps_have_the_mean_and_the_spread_of_exponentials);
    tcase_add_test(t, pacer_size__is_uniform_over_its_range);
    tcase_add_test(t, pacer_config_valid__refuses_what_is_out_of_range);
    suite_add_tcase(s, t);
    return s;
}
