/* SPDX-License-Identifier: GPL-3.0-or-later
 * test_engine.c -- order of events, and a random run against an oracle that keeps a plain list. */
#include <check.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>

#include "core/engine.h"
#include "core/rng.h"
#include "suites.h"

/* Handlers append the letter of their event. */
static struct engine *engine;
static char story[256];
static size_t story_length;

struct actor {
    struct event event;
    char letter;
    void (*then)(struct actor *a); /* what it does when it runs, or NULL */
    struct actor *other;
};

static void act(void *owner)
{
    struct actor *a = owner;
    story[story_length++] = a->letter;
    story[story_length] = 0;
    if (a->then) a->then(a);
}

static void setup(void)
{
    engine = engine_create();
    story_length = 0;
    story[0] = 0;
}

static void teardown(void)
{
    engine_destroy(engine);
}

static struct actor actor(char letter)
{
    return (struct actor){ .letter = letter };
}

static void bind(struct actor *a, struct entity *entity)
{
    event_init(&a->event, entity, act, a);
}

START_TEST(engine_run__by_time_then_entity_then_count)
{
    struct entity *x = engine_entity(engine, "x"), *y = engine_entity(engine, "y");
    struct actor a = actor('a'), b = actor('b'), c = actor('c'), d = actor('d');
    bind(&a, x), bind(&b, x), bind(&c, y), bind(&d, y);
    engine_schedule(engine, &d.event, (sim_time){ 5 });
    engine_schedule(engine, &c.event, (sim_time){ 10 });
    engine_schedule(engine, &b.event, (sim_time){ 10 });
    engine_schedule(engine, &a.event, (sim_time){ 10 });
    ck_assert_int_eq(engine_next(engine).ps, 5);
    engine_run(engine, (sim_time){ 9 });
    ck_assert_str_eq(story, "d");
    ck_assert_int_eq(engine_now(engine).ps, 9);
    engine_run(engine, (sim_time){ 10 });
    ck_assert_str_eq(story, "dbac");
    ck_assert_int_eq(engine_next(engine).ps, SIM_TIME_MAX.ps);
    ck_assert_uint_eq(engine_view(engine)->events, 4);
}
END_TEST

START_TEST(engine_schedule__moves_a_pending_event)
{
    struct entity *x = engine_entity(engine, "x");
    struct actor a = actor('a'), b = actor('b');
    bind(&a, x), bind(&b, x);
    engine_schedule(engine, &a.event, (sim_time){ 1 });
    engine_schedule(engine, &b.event, (sim_time){ 2 });
    engine_schedule(engine, &a.event, (sim_time){ 3 });
    engine_run(engine, (sim_time){ 9 });
    ck_assert_str_eq(story, "ba");
    ck_assert(!event_pending(&a.event) && !event_pending(&b.event));
}
END_TEST

START_TEST(engine_cancel__pending_and_not)
{
    struct entity *x = engine_entity(engine, "x");
    struct actor a = actor('a'), b = actor('b');
    bind(&a, x), bind(&b, x);
    engine_cancel(engine, &a.event);
    engine_schedule(engine, &a.event, (sim_time){ 1 });
    engine_schedule(engine, &b.event, (sim_time){ 2 });
    ck_assert(event_pending(&a.event));
    engine_cancel(engine, &a.event);
    engine_cancel(engine, &a.event);
    ck_assert(!event_pending(&a.event));
    engine_run(engine, (sim_time){ 9 });
    ck_assert_str_eq(story, "b");
}
END_TEST

static void repeat_twice(struct actor *a)
{
    if (story_length < 3) engine_schedule_in(engine, &a->event, sim_ps(4));
}

static void cancel_other(struct actor *a)
{
    engine_cancel(engine, &a->other->event);
    ck_assert_str_eq(engine_view(engine)->running, "x");
    ck_assert_int_eq(engine_next(engine).ps, 7);
}

START_TEST(engine_schedule__from_its_own_handler)
{
    struct entity *x = engine_entity(engine, "x");
    struct actor a = actor('a');
    bind(&a, x);
    a.then = repeat_twice;
    engine_schedule(engine, &a.event, (sim_time){ 1 });
    engine_run(engine, (sim_time){ 100 });
    ck_assert_str_eq(story, "aaa");
    ck_assert_int_eq(engine_now(engine).ps, 100);
}
END_TEST

START_TEST(engine_cancel__from_a_handler)
{
    struct entity *x = engine_entity(engine, "x"), *y = engine_entity(engine, "y");
    struct actor a = actor('a'), b = actor('b'), c = actor('c');
    bind(&a, x), bind(&b, y), bind(&c, y);
    a.then = cancel_other;
    a.other = &b;
    engine_schedule(engine, &a.event, (sim_time){ 1 });
    engine_schedule(engine, &b.event, (sim_time){ 1 });
    engine_schedule(engine, &c.event, (sim_time){ 7 });
    engine_run(engine, (sim_time){ 9 });
    ck_assert_str_eq(story, "ac");
    ck_assert_ptr_null(engine_view(engine)->running);
}
END_TEST

static void move_other_here(struct actor *a)
{
    engine_schedule(engine, &a->other->event, engine_now(engine));
}

/* The event that runs has the larger key of the two, and the smallest time there is. */
START_TEST(engine_schedule__moves_ahead_of_the_running_event_at_time_zero)
{
    struct entity *x = engine_entity(engine, "x"), *y = engine_entity(engine, "y");
    struct actor a = actor('a'), b = actor('b'), c = actor('c');
    bind(&a, y), bind(&b, x), bind(&c, y);
    a.then = move_other_here;
    a.other = &b;
    engine_schedule(engine, &a.event, (sim_time){ 0 });
    engine_schedule(engine, &b.event, (sim_time){ 7 });
    engine_schedule(engine, &c.event, (sim_time){ 0 });
    engine_run(engine, (sim_time){ 9 });
    ck_assert_str_eq(story, "abc");
}
END_TEST

START_TEST(engine_step__one_at_a_time)
{
    struct entity *x = engine_entity(engine, "x");
    struct actor a = actor('a');
    bind(&a, x);
    ck_assert(!engine_step(engine, SIM_TIME_MAX));
    engine_schedule(engine, &a.event, (sim_time){ 3 });
    ck_assert(!engine_step(engine, (sim_time){ 2 }));
    ck_assert_int_eq(engine_now(engine).ps, 0);
    ck_assert(engine_step(engine, (sim_time){ 3 }));
    ck_assert_int_eq(engine_now(engine).ps, 3);
    ck_assert_ptr_null(engine_view(engine)->running);
}
END_TEST

START_TEST(engine_entity__numbered_from_one_and_named)
{
    char name[8] = "first";
    struct entity *x = engine_entity(engine, name), *y = engine_entity(engine, "second");
    strcpy(name, "other");
    ck_assert_uint_eq(x->id, 1);
    ck_assert_uint_eq(y->id, 2);
    ck_assert_str_eq(x->name, "first");
}
END_TEST

START_TEST(engine_schedule__into_the_past_is_a_bug)
{
    struct actor a = actor('a');
    bind(&a, engine_entity(engine, "x"));
    engine_run(engine, (sim_time){ 10 });
    engine_schedule(engine, &a.event, (sim_time){ 9 });
}
END_TEST

START_TEST(engine_run__backwards_is_a_bug)
{
    engine_run(engine, (sim_time){ 10 });
    engine_run(engine, (sim_time){ 9 });
}
END_TEST

static void run_engine(struct actor *a)
{
    (void)a;
    engine_run(engine, (sim_time){ 10 });
}

START_TEST(engine_run__from_a_handler_is_a_bug)
{
    struct actor a = actor('a');
    bind(&a, engine_entity(engine, "x"));
    a.then = run_engine;
    engine_schedule(engine, &a.event, (sim_time){ 1 });
    engine_run(engine, (sim_time){ 10 });
}
END_TEST

/* -- random schedules, moves and cancellations, from outside and from handlers, against a plain list -------------- */

enum { EVENTS = 97, ENTITIES = 5, STEPS = 30000 };

struct oracle_event {
    struct event event;
    bool pending;
    int64_t at;
    uint64_t count;
};
static struct oracle_event list[EVENTS];
static uint64_t counts[ENTITIES + 1]; /* by entity id */
static struct rng *dice;
static uint32_t scale; /* times are up to 40 << scale apart: from a few picoseconds to minutes */
static uint64_t digest, ran;

/* The pending event that must run next; EVENTS when there is none. */
static int oracle_next(void)
{
    int best = EVENTS;
    for (int i = 0; i < EVENTS; i++) {
        if (!list[i].pending) continue;
        if (best < EVENTS) {
            const struct oracle_event *a = &list[i], *b = &list[best];
            if (a->at > b->at) continue;
            if (a->at == b->at && a->event.entity->id > b->event.entity->id) continue;
            if (a->at == b->at && a->event.entity->id == b->event.entity->id && a->count > b->count) continue;
        }
        best = i;
    }
    return best;
}

static void do_random_thing(void)
{
    struct oracle_event *e = &list[rng_below(dice, EVENTS)];
    if (rng_below(dice, 4) == 0) {
        engine_cancel(engine, &e->event);
        e->pending = false;
    } else {
        int64_t gap = rng_below(dice, 3) == 0 ? 0 : (int64_t)rng_below(dice, 40) << rng_below(dice, scale);
        e->at = engine_now(engine).ps + gap;
        e->count = counts[e->event.entity->id]++;
        e->pending = true;
        engine_schedule(engine, &e->event, (sim_time){ e->at });
    }
    ck_assert(event_pending(&e->event) == e->pending);
}

static void check_and_continue(void *owner)
{
    struct oracle_event *e = owner;
    ck_assert_ptr_eq(e, &list[oracle_next()]);
    ck_assert_int_eq(engine_now(engine).ps, e->at);
    e->pending = false;
    digest = (digest ^ (uint64_t)(e - list)) * 1099511628211u ^ (uint64_t)e->at;
    ran++;
    for (uint32_t n = rng_below(dice, 4); n > 0; n--) do_random_thing();
    int next = oracle_next();
    ck_assert_int_eq(engine_next(engine).ps, next < EVENTS ? list[next].at : SIM_TIME_MAX.ps);
}

static uint64_t random_run(uint64_t seed, uint32_t with_scale)
{
    char name[16];
    struct entity *entity[ENTITIES];

    setup();
    memset(list, 0, sizeof list);
    memset(counts, 0, sizeof counts);
    digest = ran = 0;
    scale = with_scale;
    dice = rng_create(seed, "oracle");
    for (int i = 0; i < ENTITIES; i++) {
        snprintf(name, sizeof name, "entity%d", i);
        entity[i] = engine_entity(engine, name);
    }
    for (int i = 0; i < EVENTS; i++)
        event_init(&list[i].event, entity[i % ENTITIES], check_and_continue, &list[i]);
    for (int i = 0; i < STEPS; i++) {
        int next = oracle_next();
        if (next == EVENTS || rng_below(dice, 20) == 0) do_random_thing();
        uint64_t before = ran;
        next = oracle_next();
        sim_time until = sim_add(engine_now(engine), sim_ps((int64_t)rng_below(dice, 30) << rng_below(dice, scale)));
        bool expected = next < EVENTS && list[next].at <= until.ps;
        ck_assert(engine_step(engine, until) == expected);
        ck_assert_uint_eq(ran - before, expected);
        if (!expected) engine_run(engine, until);
    }
    ck_assert_uint_gt(ran, STEPS / 4);
    rng_destroy(dice);
    engine_destroy(engine);
    return digest;
}

START_TEST(engine_step__agrees_with_a_sorted_list)
{
    const uint32_t scales[] = { 1, 12, 20, 30, 42 };
    uint64_t first = random_run(1, scales[_i]);
    ck_assert_uint_eq(random_run(1, scales[_i]), first);
    ck_assert_uint_ne(random_run(2, scales[_i]), first);
}
END_TEST

Suite *engine_suite(void)
{
    Suite *s = suite_create("engine");
    TCase *tc = tcase_create("order");
    tcase_add_checked_fixture(tc, setup, teardown);
    tcase_add_test(tc, engine_run__by_time_then_entity_then_count);
    tcase_add_test(tc, engine_schedule__moves_a_pending_event);
    tcase_add_test(tc, engine_schedule__from_its_own_handler);
    tcase_add_test(tc, engine_cancel__pending_and_not);
    tcase_add_test(tc, engine_cancel__from_a_handler);
    tcase_add_test(tc, engine_schedule__moves_ahead_of_the_running_event_at_time_zero);
    tcase_add_test(tc, engine_step__one_at_a_time);
    tcase_add_test(tc, engine_entity__numbered_from_one_and_named);
    tcase_add_test_raise_signal(tc, engine_schedule__into_the_past_is_a_bug, SIGABRT);
    tcase_add_test_raise_signal(tc, engine_run__backwards_is_a_bug, SIGABRT);
    tcase_add_test_raise_signal(tc, engine_run__from_a_handler_is_a_bug, SIGABRT);
    suite_add_tcase(s, tc);
    tc = tcase_create("oracle");
    tcase_set_timeout(tc, 60);
    tcase_add_loop_test(tc, engine_step__agrees_with_a_sorted_list, 0, 5);
    suite_add_tcase(s, tc);
    return s;
}
