/* SPDX-License-Identifier: GPL-3.0-or-later
 * test_quantity.c -- numbers with units: exact values, refusals, and a round trip of everything that prints. */
#include <check.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "scenario/quantity.h"
#include "suites.h"

static int64_t parsed(const char *text, enum quantity_kind kind)
{
    char why[QUANTITY_WHY_BYTES];
    int64_t v = -12345;

    ck_assert_msg(quantity_parse(text, kind, &v, why) == 0, "%s: %s", text, why);
    return v;
}

static void refused(const char *text, enum quantity_kind kind, const char *expected)
{
    char why[QUANTITY_WHY_BYTES];
    int64_t v;

    ck_assert_msg(quantity_parse(text, kind, &v, why) == -1, "'%s' was accepted", text);
    ck_assert_msg(strstr(why, expected) != NULL, "'%s': '%s' does not say '%s'", text, why, expected);
}

START_TEST(quantity_parse__units)
{
    ck_assert_int_eq(parsed("1ps", QUANTITY_DURATION), 1);
    ck_assert_int_eq(parsed("51.2us", QUANTITY_DURATION), 51200000);
    ck_assert_int_eq(parsed("51.2\xc2\xb5s", QUANTITY_DURATION), 51200000);
    ck_assert_int_eq(parsed(" 200 ms ", QUANTITY_DURATION), 200000000000);
    ck_assert_int_eq(parsed("1.5h", QUANTITY_DURATION), INT64_C(5400000000000000));
    ck_assert_int_eq(parsed("0.001ns", QUANTITY_DURATION), 1);
    ck_assert_int_eq(parsed("10Gbps", QUANTITY_RATE), 10000000000);
    ck_assert_int_eq(parsed("10 Gbps", QUANTITY_RATE), 10000000000);
    ck_assert_int_eq(parsed("2.5Gb/s", QUANTITY_RATE), 2500000000);
    ck_assert_int_eq(parsed("48KiB", QUANTITY_SIZE), 49152);
    ck_assert_int_eq(parsed("0.5KiB", QUANTITY_SIZE), 512);
    ck_assert_int_eq(parsed("150kB", QUANTITY_SIZE), 150000);
    ck_assert_int_eq(parsed("9216B", QUANTITY_SIZE), 9216);
    ck_assert_int_eq(parsed("2.8GHz", QUANTITY_FREQUENCY), 2800000000);
    ck_assert_int_eq(parsed("7.5GB/s", QUANTITY_BANDWIDTH), 7500000000);
    ck_assert_int_eq(parsed("12.5%", QUANTITY_PERCENT), 125000);
    ck_assert_int_eq(parsed("14.88Mpps", QUANTITY_PACKET_RATE), 14880000);
    ck_assert_int_eq(parsed("007", QUANTITY_COUNT), 7);
    ck_assert_int_eq(parsed("4.0", QUANTITY_COUNT), 4);
    ck_assert_int_eq(parsed("-8KiB", QUANTITY_SIZE), -8192);
}
END_TEST

START_TEST(quantity_parse__refuses)
{
    refused("200", QUANTITY_DURATION, "a bare number where a duration is needed: write 200ms");
    refused("1500", QUANTITY_SIZE, "a bare number where a size is needed: write 1500B");
    refused("10gbps", QUANTITY_RATE, "did you mean 'Gbps'?");
    refused("10Gb/s", QUANTITY_BANDWIDTH, "unknown unit 'Gb/s'");
    refused("10G", QUANTITY_RATE, "unknown unit 'G'");
    refused("10ms", QUANTITY_SIZE, "unknown unit 'ms' where a size is needed");
    refused("4B", QUANTITY_COUNT, "write it without a unit");
    refused("1.5", QUANTITY_COUNT, "not a whole number");
    refused("0.5B", QUANTITY_SIZE, "not a whole number of bytes");
    refused("0.1ps", QUANTITY_DURATION, "not a whole number of picoseconds");
    refused("", QUANTITY_DURATION, "is not a duration");
    refused("fast", QUANTITY_RATE, "is not a rate");
    refused(".", QUANTITY_COUNT, "is not a whole number");
    refused("5.", QUANTITY_COUNT, "is not a whole number");
    refused("1e9bps", QUANTITY_RATE, "unknown unit 'e9bps'");
    refused("1,000B", QUANTITY_SIZE, "unknown unit");
    refused("0x10", QUANTITY_COUNT, "not a whole number");
    refused("--1", QUANTITY_COUNT, "is not a whole number");
}
END_TEST

START_TEST(quantity_parse__overflow)
{
    refused("9223372036854775807ps", QUANTITY_DURATION, "too large"); /* INT64_MAX itself means "never" */
    ck_assert_int_eq(parsed("9223372036854775806ps", QUANTITY_DURATION), INT64_MAX - 1);
    refused("9300000s", QUANTITY_DURATION, "too large");
    refused("3000h", QUANTITY_DURATION, "too large");
    refused("99999999999999999999", QUANTITY_COUNT, "too");
    refused("99999999999999999999999999999999999999999999999999999999999B", QUANTITY_SIZE, "too many digits");
    refused("18446744073709551615GiB", QUANTITY_SIZE, "too large");
}
END_TEST

/* Every value prints as something that reads back to it, in whatever unit was chosen. */
START_TEST(quantity_format__reads_back)
{
    uint64_t x = 88172645463325252;

    for (int i = 0; i < 20000; i++) {
        enum quantity_kind kind = (enum quantity_kind)(i % N_QUANTITY_KINDS);
        char text[QUANTITY_TEXT_BYTES];
        int64_t v;
        x ^= x << 13;
        x ^= x >> 7;
        x ^= x << 17;
        v = (int64_t)(x >> (1 + i / N_QUANTITY_KINDS % 63));
        if (v == INT64_MAX) v--;
        if (i % 3 == 0) v = v / 1000 * 1000;
        if (i % 7 == 0) v = -v;
        quantity_format(kind, v, text);
        ck_assert_int_eq(parsed(text, kind), v);
    }
}
END_TEST

START_TEST(quantity_format__is_short)
{
    char text[QUANTITY_TEXT_BYTES];

    ck_assert_str_eq(quantity_format(QUANTITY_DURATION, 51200000, text), "51.2us");
    ck_assert_str_eq(quantity_format(QUANTITY_DURATION, 0, text), "0s");
    ck_assert_str_eq(quantity_format(QUANTITY_DURATION, 1, text), "1ps");
    ck_assert_str_eq(quantity_format(QUANTITY_RATE, 10000000000, text), "10Gbps");
    ck_assert_str_eq(quantity_format(QUANTITY_SIZE, 49152, text), "48KiB");
    ck_assert_str_eq(quantity_format(QUANTITY_SIZE, 150000, text), "150000B");
    ck_assert_str_eq(quantity_format(QUANTITY_PERCENT, 125000, text), "12.5%");
    ck_assert_str_eq(quantity_format(QUANTITY_PERCENT, 1, text), "0.0001%");
    ck_assert_str_eq(quantity_format(QUANTITY_COUNT, -3, text), "-3");
}
END_TEST

START_TEST(quantity_parse_any__si_units)
{
    static const struct { const char *text; enum quantity_kind kind; int64_t digits; int exponent; } cases[] = {
        { "9.2Gbps", QUANTITY_RATE, 92, 8 }, { "1%", QUANTITY_PERCENT, 1, -2 }, { "1200", QUANTITY_COUNT, 1200, 0 },
        { "0.25", QUANTITY_COUNT, 25, -2 }, { "51.2us", QUANTITY_DURATION, 512, -7 },
        { "2min", QUANTITY_DURATION, 12, 1 }, { "2h", QUANTITY_DURATION, 72, 2 }, { "2KiB", QUANTITY_SIZE, 2048, 0 },
        { "-5kHz", QUANTITY_FREQUENCY, -5, 3 }, { "3MB", QUANTITY_SIZE, 3, 6 },
    };
    char why[QUANTITY_WHY_BYTES];

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        enum quantity_kind kind;
        int64_t digits;
        int exponent;
        ck_assert_msg(quantity_parse_any(cases[i].text, &kind, &digits, &exponent, why) == 0, "%s", why);
        ck_assert_int_eq(kind, cases[i].kind);
        ck_assert_int_eq(digits, cases[i].digits);
        ck_assert_int_eq(exponent, cases[i].exponent);
    }
}
END_TEST

Suite *quantity_suite(void)
{
    Suite *s = suite_create("quantity");
    TCase *t = tcase_create("quantity");

    tcase_add_test(t, quantity_parse__units);
    tcase_add_test(t, quantity_parse__refuses);
    tcase_add_test(t, quantity_parse__overflow);
    tcase_add_test(t, quantity_format__reads_back);
    tcase_add_test(t, quantity_format__is_short);
    tcase_add_test(t, quantity_parse_any__si_units);
    suite_add_tcase(s, t);
    return s;
}
