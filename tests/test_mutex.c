/* SPDX-License-Identifier: GPL-3.0-or-later
 * test_mutex.c -- adaptive mutexes: who waits, how long, and who blocks. */
#include <check.h>
#include <stdlib.h>

#include "core/rng.h"
#include "machine_rig.h"
#include "suites.h"

static struct rig rig;

static int across_steps;
static bool passing; /* load() passes through rather than enters and leaves */

static void setup(void)
{
    across_steps = 0;
    passing = false;
    rig_init(&rig);
}

static void teardown(void)
{
    rig_fini(&rig);
}

static uint64_t counter(const char *name)
{
    return stats_value(rig.stats, "mutex", "m/x", name);
}

/* Works 'before', holds the mutex for 'hold', works 'after'; notes when it entered and left (local time, ns). */
struct user {
    struct mutex *x;
    int64_t before, hold, after;
    int64_t entered, left;
    int tries, rounds;    /* rounds: how often, 0 is once */
};

static enum step_result use(void *owner)
{
    struct user *u = owner;
    u->tries++;
    rig_work(&rig, u->before);
    if (!mutex_enter(u->x)) return STEP_BLOCKED;
    u->entered = machine_now(rig.m).ps / 1000;
    rig_work(&rig, u->hold);
    mutex_exit(u->x);
    u->left = machine_now(rig.m).ps / 1000;
    rig_work(&rig, u->after);
    return --u->rounds > 0 ? STEP_AGAIN : STEP_SLEEP;
}

static void start(struct user *u, int cpu)
{
    thread_wake(rig_thread(&rig, "user", 0, cpu, use, u));
}

START_TEST(mutex_enter__free_costs_its_price_only)
{
    rig_price(&rig, COST_MUTEX_ENTER, 20);
    rig_price(&rig, COST_MUTEX_SPIN, 1000);
    rig_start(&rig, 1, 1, sim_ms(1));
    struct user u = { mutex_create(rig.m, "x"), 100, 200, 300, .rounds = 5 };
    start(&u, 0);
    rig_run_ns(&rig, 10000);
    ck_assert_uint_eq(counter("enters"), 5);
    ck_assert_uint_eq(counter("spins"), 0);
    ck_assert_uint_eq(counter("held_ps"), 5 * 220000);
    ck_assert_uint_eq(rig_cpu(&rig, 0, "sys_ps"), 5 * 620000);
    ck_assert_uint_eq(rig_cpu(&rig, 0, "smtx"), 0);
}
END_TEST

START_TEST(mutex_enter__outside_a_step_is_free)
{
    rig_start(&rig, 1, 1, sim_ms(1));
    struct mutex *x = mutex_create(rig.m, "x");
    ck_assert(mutex_enter(x));
    mutex_exit(x);
    ck_assert_uint_eq(counter("enters"), 0);
}
END_TEST

START_TEST(mutex_enter__held_by_a_running_step_spins_until_its_exit)
{
    rig_price(&rig, COST_MUTEX_SPIN, 30);
    rig_start(&rig, 1, 2, sim_ms(1));
    struct mutex *x = mutex_create(rig.m, "x");
    struct user a = { x, 100, 1000, 0, .rounds = 1 }, b = { x, 400, 50, 0, .rounds = 1 };
    start(&a, 0);
    start(&b, 1);
    rig_run_ns(&rig, 10000);
    ck_assert_int_eq(a.left, 1100);
    ck_assert_int_eq(b.entered, 1100);
    ck_assert_int_eq(b.tries, 1);
    ck_assert_uint_eq(rig_cpu(&rig, 0, "smtx"), 0);
    ck_assert_uint_eq(rig_cpu(&rig, 1, "smtx"), 1);
    ck_assert_uint_eq(rig_cpu(&rig, 1, "spin_ps"), 670000); /* 700 less the 30 of the slow path */
    ck_assert_uint_eq(counter("spin_ps"), 670000);
}
END_TEST

START_TEST(mutex_enter__waits_for_each_of_several)
{
    rig_start(&rig, 1, 4, sim_ms(1));
    struct mutex *x = mutex_create(rig.m, "x");
    struct user u[4];
    for (int i = 0; i < 4; i++) {
        u[i] = (struct user){ x, 100, 1000, 0, .rounds = 1 };
        start(&u[i], i);
    }
    rig_run_ns(&rig, 10000);
    for (int i = 0; i < 4; i++) ck_assert_int_eq(u[i].entered, 100 + 1000 * i);
    ck_assert_uint_eq(counter("spins"), 3);
}
END_TEST

/* A step that will enter much later does not keep out one that is done before. */
START_TEST(mutex_enter__uses_the_gap_before_a_later_interval)
{
    rig_start(&rig, 1, 2, sim_ms(1));
    struct mutex *x = mutex_create(rig.m, "x");
    struct user late = { x, 5000, 1000, 0, .rounds = 1 }, early = { x, 100, 1000, 0, .rounds = 1 };
    start(&late, 0);
    start(&early, 1);
    rig_run_ns(&rig, 10000);
    ck_assert_int_eq(late.entered, 5000);
    ck_assert_int_eq(early.entered, 100);
    ck_assert_int_eq(early.left, 1100);
    ck_assert_uint_eq(counter("spins"), 0);
}
END_TEST

START_TEST(mutex_exit__runs_into_a_later_interval_and_waits_it_out)
{
    rig_start(&rig, 1, 2, sim_ms(1));
    struct mutex *x = mutex_create(rig.m, "x");
    struct user late = { x, 500, 1000, 0, .rounds = 1 }, early = { x, 100, 600, 0, .rounds = 1 };
    start(&late, 0);
    start(&early, 1);
    rig_run_ns(&rig, 10000);
    ck_assert_int_eq(late.left, 1500);
    ck_assert_int_eq(early.left, 100 + 600 + 1000);
    ck_assert_uint_eq(counter("spins"), 1);
    ck_assert_uint_eq(counter("held_ps"), 1600000);
    ck_assert_uint_eq(rig_cpu(&rig, 1, "spin_ps"), 1000000);
}
END_TEST

/* The holder is stopped by an interrupt in the middle: the contender blocks and gets the mutex when it is free. */
START_TEST(mutex_enter__holder_under_an_interrupt_blocks)
{
    struct rig_at raise, wake;
    rig_start(&rig, 1, 2, sim_ms(1));
    struct mutex *x = mutex_create(rig.m, "x");
    struct user holder = { x, 100, 1000, 50, .rounds = 1 }, other = { x, 0, 10, 0, .rounds = 1 };
    struct user handler = { mutex_create(rig.m, "y"), 3000, 10, 0, .rounds = 1 };
    start(&holder, 0);
    rig_at(&rig, &raise, 600, rig_raise, interrupt_create(rig.m, "i", 0, use, &handler));
    rig_at(&rig, &wake, 700, rig_wake, rig_thread(&rig, "other", 0, 1, use, &other));
    rig_run_ns(&rig, 10000);
    ck_assert_int_eq(other.tries, 2);
    ck_assert_int_eq(other.entered, 1100 + 3010);
    ck_assert_uint_eq(counter("blocks"), 1);
    ck_assert_uint_eq(counter("held_ps"), (1000 + 3010 + 10) * 1000);
    ck_assert_uint_ge(rig_cpu(&rig, 1, "idl_ps"), (10000 - 100) * 1000);
}
END_TEST

START_TEST(mutex_enter__spins_after_the_interrupt_is_over)
{
    struct rig_at raise, wake;
    rig_start(&rig, 1, 2, sim_ms(1));
    struct mutex *x = mutex_create(rig.m, "x");
    struct user holder = { x, 100, 1000, 50, .rounds = 1 }, other = { x, 0, 10, 0, .rounds = 1 };
    struct user handler = { mutex_create(rig.m, "y"), 3000, 10, 0, .rounds = 1 };
    start(&holder, 0);
    rig_at(&rig, &raise, 600, rig_raise, interrupt_create(rig.m, "i", 0, use, &handler));
    rig_at(&rig, &wake, 3700, rig_wake, rig_thread(&rig, "other", 0, 1, use, &other));
    rig_run_ns(&rig, 10000);
    ck_assert_int_eq(other.tries, 1);
    ck_assert_int_eq(other.entered, 1100 + 3010);
}
END_TEST

/* Two interrupts stop the same holder; the waiter of the first is not woken too early. */
START_TEST(mutex_enter__holder_stopped_twice)
{
    struct rig_at raise[2], wake;
    rig_start(&rig, 1, 2, sim_ms(1));
    struct mutex *x = mutex_create(rig.m, "x");
    struct user holder = { x, 100, 1000, 50, .rounds = 1 }, other = { x, 0, 10, 0, .rounds = 1 };
    struct user handler = { mutex_create(rig.m, "y"), 500, 0, 0, .rounds = 2 };
    struct interrupt *i = interrupt_create(rig.m, "i", 0, use, &handler);
    start(&holder, 0);
    rig_at(&rig, &raise[0], 600, rig_raise, i);
    rig_at(&rig, &raise[1], 1900, rig_raise, i);
    rig_at(&rig, &wake, 700, rig_wake, rig_thread(&rig, "other", 0, 1, use, &other));
    rig_run_ns(&rig, 10000);
    ck_assert_int_eq(handler.tries, 3);
    ck_assert_int_eq(other.entered, 1100 + 1500);
}
END_TEST

/* Enters in one step, leaves in the next but one. */
static struct mutex *across;
static enum step_result hold_across(void *owner)
{
    (void)owner;
    if (across_steps == 0) ck_assert(mutex_enter(across));
    rig_work(&rig, 1000);
    if (across_steps == 2) mutex_exit(across);
    rig_work(&rig, 500);
    return ++across_steps < 3 ? STEP_AGAIN : STEP_SLEEP;
}

START_TEST(mutex_enter__held_across_steps_blocks_until_the_exit)
{
    struct rig_at wake[2];
    rig_start(&rig, 1, 3, sim_ms(1));
    across = mutex_create(rig.m, "x");
    struct user a = { across, 0, 100, 0, .rounds = 1 }, b = a;
    thread_wake(rig_thread(&rig, "holder", 0, 0, hold_across, NULL));
    rig_at(&rig, &wake[0], 700, rig_wake, rig_thread(&rig, "a", 0, 1, use, &a));
    rig_at(&rig, &wake[1], 800, rig_wake, rig_thread(&rig, "b", 0, 2, use, &b));
    rig_run_ns(&rig, 20000);
    ck_assert_int_eq(across_steps, 3);
    ck_assert_int_eq(a.entered, 4000);
    ck_assert_int_eq(b.entered, 4100);
    ck_assert_uint_eq(counter("blocks"), 2);
    ck_assert_uint_eq(counter("enters"), 3);
}
END_TEST

START_TEST(mutex_enter__interrupt_that_blocks_becomes_a_thread)
{
    struct rig_at raise[2];
    rig_price(&rig, COST_INTR_THREAD_BLOCK, 40);
    rig_start(&rig, 1, 2, sim_ms(1));
    across = mutex_create(rig.m, "x");
    struct user handler = { across, 0, 100, 0, .rounds = 1 };
    struct interrupt *i = interrupt_create(rig.m, "i", 1, use, &handler);
    thread_wake(rig_thread(&rig, "holder", 0, 0, hold_across, NULL));
    rig_at(&rig, &raise[0], 700, rig_raise, i);
    rig_at(&rig, &raise[1], 800, rig_raise, i); /* while it is blocked: once more, after */
    rig_run_ns(&rig, 20000);
    ck_assert_int_eq(handler.tries, 3);
    ck_assert_int_eq(handler.entered, 4100);
    ck_assert_uint_eq(rig_cpu(&rig, 1, "ithr"), 1);
    ck_assert_uint_eq(rig_cpu(&rig, 1, "intr"), 2);
    ck_assert_uint_eq(rig_cpu(&rig, 1, "intr_ps"), 1000 + 40000 + 100000);
    ck_assert_uint_eq(rig_cpu(&rig, 1, "sys_ps"), 100000);
}
END_TEST

/* A handler that needs what the thread under it holds must let that thread go on. */
START_TEST(mutex_enter__interrupt_on_the_holders_cpu_does_not_deadlock)
{
    struct rig_at raise;
    rig_start(&rig, 1, 1, sim_ms(1));
    struct mutex *x = mutex_create(rig.m, "x");
    struct user holder = { x, 100, 1000, 50, .rounds = 1 }, handler = { x, 10, 10, 0, .rounds = 1 };
    start(&holder, 0);
    rig_at(&rig, &raise, 600, rig_raise, interrupt_create(rig.m, "i", 0, use, &handler));
    rig_run_ns(&rig, 10000);
    ck_assert_int_eq(handler.tries, 2);
    ck_assert_int_ge(handler.entered, 1110);
    ck_assert_uint_eq(rig_cpu(&rig, 0, "ithr"), 1);
}
END_TEST

/* -- load -------------------------------------------------------------------------------------------------------- */

/* 'batch' rounds of work and hold in each step, for ever. */
struct loader {
    struct mutex *x;
    struct rng *rng;
    int64_t work_ns, hold_ns;
    int batch;
    uint64_t rounds;
};

static enum step_result load(void *owner)
{
    struct loader *l = owner;
    for (int i = 0; i < l->batch; i++) {
        rig_work(&rig, l->work_ns ? rng_below(l->rng, (uint32_t)(2 * l->work_ns)) : 0);
        if (passing) {
            if (!mutex_pass(l->x, COST_APP_CALL, l->hold_ns)) return STEP_BLOCKED;
        } else {
            if (!mutex_enter(l->x)) return STEP_BLOCKED;
            rig_work(&rig, l->hold_ns);
            mutex_exit(l->x);
        }
        l->rounds++;
    }
    return STEP_AGAIN;
}

/* Rounds per microsecond of all CPUs together. */
static double run_load(int cpus, int64_t work_ns, int64_t hold_ns, int batch, int64_t irq_gap_ns)
{
    struct loader l[8];
    struct rig_at raise[400];
    struct user handler = { .before = 3000, .rounds = 1 };
    uint64_t rounds = 0;

    rig_start(&rig, 1, cpus, sim_ms(1));
    struct mutex *x = mutex_create(rig.m, "x");
    handler.x = mutex_create(rig.m, "y");
    struct interrupt *irq = interrupt_create(rig.m, "i", 0, use, &handler);
    for (int i = 0; irq_gap_ns > 0 && i < 400; i++) rig_at(&rig, &raise[i], irq_gap_ns * (i + 1), rig_raise, irq);
    for (int i = 0; i < cpus; i++) {
        char name[16];
        snprintf(name, sizeof name, "l%d", i);
        l[i] = (struct loader){ x, rng_create(1, name), work_ns, hold_ns, batch, 0 };
        thread_wake(rig_thread(&rig, name, 0, i, load, &l[i]));
    }
    rig_run_ns(&rig, 5 * 1000 * 1000);
    for (int i = 0; i < cpus; i++) {
        rounds += l[i].rounds;
        rng_destroy(l[i].rng);
    }
    return (double)rounds / 5000.0;
}

START_TEST(mutex__passes_one_at_a_time_and_no_slower)
{
    double rate = run_load(4, 0, 1000, 1, 0);
    ck_assert_double_le(rate, 1.0 + 0.001);
    ck_assert_double_ge(rate, 0.99);
    ck_assert_uint_le(counter("held_ps"), 5000ull * 1000 * 1000 + 8000000);
}
END_TEST

START_TEST(mutex__passes_one_at_a_time_with_long_steps_too)
{
    double rate = run_load(4, 0, 1000, 16, 0);
    ck_assert_double_le(rate, 1.0 + 0.02);
    ck_assert_double_ge(rate, 0.98);
}
END_TEST

/* A closed queue: 8 CPUs think 8 us on average and hold 1 us.  The throughput with steps of 16 rounds must be within
 * 3 % of that with steps of one, and the time spent spinning within 25 %: the bound on what reading the mutex a step
 * early may do. */
START_TEST(mutex__step_size_changes_little)
{
    double one = run_load(8, 8000, 1000, 1, 0);
    double spin_one = (double)counter("spin_ps");
    rig_fini(&rig);
    rig_init(&rig);
    double many = run_load(8, 8000, 1000, 16, 0);
    double spin_many = (double)counter("spin_ps");
    ck_assert_double_eq_tol(many / one, 1, 0.03);
    ck_assert_double_eq_tol(spin_many / spin_one, 1, 0.25);
}
END_TEST

START_TEST(mutex__interrupted_holders_lose_no_waiter)
{
    double quiet = run_load(4, 3000, 1000, 1, 0);
    rig_fini(&rig);
    rig_init(&rig);
    double rate = run_load(4, 3000, 1000, 1, 12000);
    ck_assert_uint_gt(counter("blocks"), 20);
    ck_assert_double_lt(rate, quiet);
    ck_assert_double_gt(rate, quiet * 0.8); /* one CPU of four loses a quarter of its time, waiters a little */
}
END_TEST

START_TEST(mutex_pass__is_entering_and_leaving)
{
    static const char *const names[] = { "enters", "spins", "blocks", "spin_ps", "held_ps" };
    uint64_t seen[5];
    double rate = run_load(4, 3000, 1000, 4, 12000);
    for (int i = 0; i < 5; i++) seen[i] = counter(names[i]);
    rig_fini(&rig);
    rig_init(&rig);
    passing = true;
    ck_assert_double_eq(run_load(4, 3000, 1000, 4, 12000), rate);
    for (int i = 0; i < 5; i++) ck_assert_uint_eq(counter(names[i]), seen[i]);
    ck_assert_uint_gt(seen[2], 20); /* some of them under interrupts */
}
END_TEST

Suite *mutex_suite(void)
{
    Suite *s = suite_create("mutex");
    TCase *c = tcase_create("mutex");
    const TTest *const tests[] = {
        mutex_enter__free_costs_its_price_only,
        mutex_enter__outside_a_step_is_free,
        mutex_enter__held_by_a_running_step_spins_until_its_exit,
        mutex_enter__waits_for_each_of_several,
        mutex_enter__uses_the_gap_before_a_later_interval,
        mutex_exit__runs_into_a_later_interval_and_waits_it_out,
        mutex_enter__holder_under_an_interrupt_blocks,
        mutex_enter__spins_after_the_interrupt_is_over,
        mutex_enter__holder_stopped_twice,
        mutex_enter__held_across_steps_blocks_until_the_exit,
        mutex_enter__interrupt_that_blocks_becomes_a_thread,
        mutex_enter__interrupt_on_the_holders_cpu_does_not_deadlock,
        mutex__passes_one_at_a_time_and_no_slower,
        mutex__passes_one_at_a_time_with_long_steps_too,
        mutex__step_size_changes_little,
        mutex__interrupted_holders_lose_no_waiter,
        mutex_pass__is_entering_and_leaving,
    };
    tcase_add_checked_fixture(c, setup, teardown);
    for (size_t i = 0; i < sizeof tests / sizeof *tests; i++) tcase_add_test(c, tests[i]);
    suite_add_tcase(s, c);
    return s;
}
