/* SPDX-License-Identifier: GPL-3.0-or-later
 * test_calendar.c -- a shared bandwidth: exact conservation, waiting that follows from it, and a naive copy to compare. */
#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "machine/calendar.h"
#include "suites.h"

#define SLOT CALENDAR_SLOT_PS
enum { SLOTS = 8192, CUSTOMERS = 4 };
#define GB INT64_C(1000000000)

static struct engine *engine;
static struct calendar calendar;

static void setup(void)
{
    engine = engine_create();
}

static void teardown(void)
{
    calendar_fini(&calendar);
    engine_destroy(engine);
}

static int64_t used(int64_t number)
{
    const struct calendar_slot *s = &calendar.slot[(uint64_t)number & calendar.mask];
    return s->number == number ? s->used : 0;
}

/* Time of 'bytes' at 'rate', rounded up. */
static int64_t alone(int64_t bytes, int64_t rate)
{
    return (int64_t)(((sim_wide)bytes * 1000000000000 + rate - 1) / rate);
}

START_TEST(calendar_take__below_its_rate_nobody_waits)
{
    calendar_init(&calendar, engine, 8 * GB);
    for (int i = 0; i < 1000; i++) { /* two customers at 3 GB/s each */
        ck_assert_int_eq(calendar_take(&calendar, i * SLOT + 1000, SLOT / 2, 3 * 1048), 0);
        ck_assert_int_eq(calendar_take(&calendar, i * SLOT, SLOT, 3 * 1048), 0);
    }
}
END_TEST

/* One who asks for more than there is gets the rate, whatever he would need for himself. */
START_TEST(calendar_take__alone_at_the_rate)
{
    calendar_init(&calendar, engine, 5 * GB);
    int64_t now = 12345, start = now, total = 0;
    for (int i = 0; i < 2000; i++) {
        int64_t bytes = 1000 + i % 7 * 3000, own = alone(bytes, 5 * GB) / (1 + i % 3);
        now += own + calendar_take(&calendar, now, own, bytes);
        total += bytes;
        if (i % 100 == 0) engine_run(engine, (sim_time){ now });
    }
    int64_t least = alone(total, 5 * GB);
    ck_assert_int_ge(now - start, least);
    ck_assert_int_le(now - start, least + least / 50);
}
END_TEST

/* Customers in a closed loop, each of whom would use 'load' of the rate alone: they get equal parts of it. */
static void share(int customers, double load)
{
    int64_t rate = 7 * GB, at[CUSTOMERS] = { 0 }, got[CUSTOMERS] = { 0 }, end = 3000 * SLOT, all = 0;
    calendar_init(&calendar, engine, rate);
    for (;;) {
        int next = 0;
        for (int i = 1; i < customers; i++)
            if (at[i] < at[next]) next = i;
        if (at[next] >= end) break;
        engine_run(engine, (sim_time){ at[next] });
        int64_t bytes = 4000, own = (int64_t)((double)alone(bytes, rate) / load);
        at[next] += own + calendar_take(&calendar, at[next], own, bytes);
        got[next] += bytes;
        all += bytes;
    }
    double seconds = (double)end * 1e-12, expected = load * customers > 1 ? 1 : load * customers;
    ck_assert_double_eq_tol((double)all / seconds / (double)rate, expected, 0.01);
    for (int i = 0; i < customers; i++) ck_assert_double_eq_tol((double)got[i] * customers / (double)all, 1, 0.1);
    calendar_fini(&calendar);
    engine_destroy(engine);
    engine = engine_create();
}

START_TEST(calendar_take__equal_customers_share)
{
    share(2, 0.3);
    share(4, 0.2);
    share(2, 0.9);
    share(4, 0.6);
    calendar_init(&calendar, engine, GB); /* for teardown() */
}
END_TEST

/* A device that takes its part regularly is not held up by CPUs that leave it room, and is when they do not. */
START_TEST(calendar_take__wait_is_until_the_last_byte_fits)
{
    calendar_init(&calendar, engine, GB);
    int64_t whole = SLOT / 1000; /* bytes in a slot, less one in 2000 */
    for (int i = 0; i < 3; i++) ck_assert_int_eq(calendar_take(&calendar, i * SLOT, SLOT, whole), 0);
    int64_t late = calendar_take(&calendar, 0, 1000 * 1000, 1000);
    ck_assert_int_ge(late, 2 * SLOT);            /* the rests of slots 0 to 2 hold some of it, slot 3 the end */
    ck_assert_int_le(late, 3 * SLOT);
    ck_assert_int_eq(calendar_take(&calendar, 4 * SLOT, 1000, 1), 0);
}
END_TEST

/* One takes half of ten slots, in parts that leave three quarters of one in each pair of them: seven tenths fit there. */
START_TEST(calendar_take__long_requests_leave_room)
{
    calendar_init(&calendar, engine, GB);
    ck_assert_int_eq(calendar_take(&calendar, 0, 10 * SLOT, 5 * SLOT / 1000), 0);
    for (int i = 0; i < 10; i += 2) ck_assert_int_eq(calendar_take(&calendar, i * SLOT, 2 * SLOT, SLOT / 1400), 0);
}
END_TEST

/* The same by an array of slots: one part after the other, no ring, no short cuts. */
static int64_t naive_used[SLOTS];
static int64_t naive(int64_t rate, int64_t from, int64_t over, int64_t bytes)
{
    int64_t byte = (4096000000000000 + rate - 1) / rate, total = byte * bytes, cap = SLOT * 4096;
    int64_t parts = 1, alone_end = from + (total + 4095) / 4096, done = from + over, due = 0, given = 0, k = 0;
    while (total / parts >= cap / 4 && over / parts > SLOT) parts *= 2;
    for (int64_t i = 0; given < total; i++) { /* after the last part, what has found no room goes on slot by slot */
        k = i < parts ? (from + i * (over / parts)) / SLOT : k + 1;
        due = i < parts - 1 ? total % parts + total / parts * (i + 1) : total;
        int64_t gives = due - given < cap - naive_used[k] ? due - given : cap - naive_used[k];
        naive_used[k] += gives;
        given += gives;
        if (i >= parts && given == total && k * SLOT + (naive_used[k] + 4095) / 4096 > alone_end)
            alone_end = k * SLOT + (naive_used[k] + 4095) / 4096;
    }
    return alone_end > done ? alone_end - done : 0;
}

static uint32_t random_state;
static uint32_t draw(uint32_t below)
{
    random_state = random_state * 1664525u + 1013904223u;
    return (random_state >> 8) % below;
}

START_TEST(calendar_take__agrees_with_an_array_of_slots)
{
    static const int64_t rates[] = { GB / 10, 7 * GB, 17 * GB + 1, 333333333 };
    int64_t rate = rates[_i], now = 0, bytes = 0;
    sim_wide in_slots = 0;

    random_state = (uint32_t)_i + 1;
    memset(naive_used, 0, sizeof naive_used);
    calendar_init(&calendar, engine, rate);
    for (int i = 0; now < 4000 * SLOT; i++) {
        int64_t from = now + draw(1u << 24), over = draw(4) ? draw(1u << 20) : draw(1u << 24);
        int64_t n = 1 + draw((uint32_t)(over % 5 ? rate / 2000000 : rate / 500000));
        ck_assert_int_eq(calendar_take(&calendar, from, over, n), naive(rate, from, over, n));
        bytes += n;
        now += draw(3) ? 0 : draw(1u << 22);
        engine_run(engine, (sim_time){ now });
    }
    for (int i = 0; i < SLOTS; i++) {
        ck_assert_int_le(naive_used[i], CALENDAR_SLOT_UNITS); /* no window of slots gives more than the rate */
        in_slots += naive_used[i];
    }
    ck_assert(in_slots == (sim_wide)bytes * calendar.byte_units);
}
END_TEST

/* Far ahead and back: nothing that is still to come is forgotten. */
START_TEST(calendar_take__ring_grows)
{
    calendar_init(&calendar, engine, GB);
    ck_assert_int_eq(calendar_take(&calendar, 7 * SLOT, SLOT, 1000), 0);
    ck_assert_int_eq(calendar_take(&calendar, (7 + 4096) * SLOT, SLOT, 500), 0);
    ck_assert_int_eq(used(7), 1000 * calendar.byte_units);
    ck_assert_int_eq(used(7 + 4096), 500 * calendar.byte_units);
    int64_t late = calendar_take(&calendar, 0, SLOT, 5000 * SLOT / 1000);
    ck_assert_int_ge(late, 4999 * SLOT);
    ck_assert_int_eq(used(7 + 4096), CALENDAR_SLOT_UNITS);
}
END_TEST

Suite *calendar_suite(void)
{
    Suite *s = suite_create("calendar");
    TCase *t = tcase_create("all");
    tcase_add_checked_fixture(t, setup, teardown);
    tcase_add_test(t, calendar_take__below_its_rate_nobody_waits);
    tcase_add_test(t, calendar_take__alone_at_the_rate);
    tcase_add_test(t, calendar_take__equal_customers_share);
    tcase_add_test(t, calendar_take__wait_is_until_the_last_byte_fits);
    tcase_add_test(t, calendar_take__long_requests_leave_room);
    tcase_add_test(t, calendar_take__ring_grows);
    tcase_add_loop_test(t, calendar_take__agrees_with_an_array_of_slots, 0, 4);
    suite_add_tcase(s, t);
    return s;
}
