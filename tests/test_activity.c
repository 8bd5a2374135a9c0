/* SPDX-License-Identifier: GPL-3.0-or-later
 * test_activity.c -- where a CPU's time went: by activity, and that nothing is missing. */
#include <check.h>
#include <stdlib.h>

#include "core/rng.h"
#include "machine_rig.h"
#include "suites.h"

static struct rig rig;
static struct mutex *lock;

static void setup(void)
{
    rig_init(&rig);
}

static void teardown(void)
{
    rig_fini(&rig);
}

static uint64_t activity_sum(int cpu)
{
    static const char *const parts[] = { "usr_ps", "spin_ps", "idl_ps", "act_intr_ps", "act_poll_ps", "act_proto_ps",
                                         "act_sys_ps" };
    uint64_t sum = 0;
    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++) sum += rig_cpu(&rig, cpu, parts[i]);
    return sum;
}

static enum step_result work_1us(void *owner)
{
    (void)owner;
    rig_work(&rig, 1000);
    return STEP_SLEEP;
}

/* 100 ns of its own, 300 of protocol, 50 of its own, 200 of protocol, 400 in user code. */
static enum step_result mixed(void *owner)
{
    (void)owner;
    rig_work(&rig, 100);
    machine_protocol(rig.m, true);
    rig_work(&rig, 300);
    machine_protocol(rig.m, false);
    rig_work(&rig, 50);
    machine_protocol(rig.m, true);
    rig_work(&rig, 200);
    machine_charge_user(rig.m, COST_APP_CALL, 400);
    machine_protocol(rig.m, false);
    return STEP_SLEEP;
}

static struct thread *tagged(int priority, step_fn *step, enum activity activity)
{
    return thread_create(rig.m, &(struct thread_config){ .name = "t", .priority = priority, .cpu = 0, .step = step,
                                                         .activity = activity });
}

START_TEST(thread_create__activity_by_priority_or_as_given)
{
    struct rig_at at[4];
    rig_price(&rig, COST_CTX_SWITCH, 10);
    rig_start(&rig, 1, 1, sim_ms(1));
    rig_at(&rig, &at[0], 1000, rig_wake, tagged(THREAD_USER, work_1us, ACTIVITY_DEFAULT));
    rig_at(&rig, &at[1], 4000, rig_wake, tagged(THREAD_SYSTEM, work_1us, ACTIVITY_DEFAULT));
    rig_at(&rig, &at[2], 7000, rig_wake, tagged(THREAD_LANE_HIGH, work_1us, ACTIVITY_POLL));
    rig_at(&rig, &at[3], 10000, rig_wake, tagged(THREAD_LANE_HIGH, work_1us, ACTIVITY_POLL));
    rig_run_ns(&rig, 20000);
    ck_assert_uint_eq(rig_cpu(&rig, 0, "act_sys_ps"), 1010000); /* the switch is part of it */
    ck_assert_uint_eq(rig_cpu(&rig, 0, "act_proto_ps"), 1010000);
    ck_assert_uint_eq(rig_cpu(&rig, 0, "act_poll_ps"), 2020000);
    ck_assert_uint_eq(rig_cpu(&rig, 0, "act_intr_ps"), 0);
    ck_assert_uint_eq(activity_sum(0), 20000000);
}
END_TEST

START_TEST(machine_protocol__parts_of_a_step)
{
    struct rig_at at;
    rig_start(&rig, 1, 1, sim_ms(1));
    rig_at(&rig, &at, 1000, rig_wake, tagged(THREAD_LANE_HIGH, mixed, ACTIVITY_POLL));
    rig_run_ns(&rig, 3000);
    ck_assert_uint_eq(rig_cpu(&rig, 0, "act_poll_ps"), 150000);
    ck_assert_uint_eq(rig_cpu(&rig, 0, "act_proto_ps"), 500000);
    ck_assert_uint_eq(rig_cpu(&rig, 0, "usr_ps"), 400000);
    ck_assert_uint_eq(activity_sum(0), 3000000);
}
END_TEST

START_TEST(machine_protocol__unfinished_steps_in_proportion)
{
    struct rig_at at;
    rig_start(&rig, 1, 1, sim_ms(1));
    rig_at(&rig, &at, 1000, rig_wake, tagged(THREAD_LANE_HIGH, mixed, ACTIVITY_POLL));
    uint64_t last = 0;
    for (int64_t ns = 1000; ns <= 2050; ns += 7) {
        rig_run_ns(&rig, ns);
        uint64_t protocol = rig_cpu(&rig, 0, "act_proto_ps"), so_far = (uint64_t)(ns - 1000) * 1000;
        ck_assert_uint_ge(protocol, last); /* never less than before */
        ck_assert_int_le(llabs((int64_t)protocol - (int64_t)(so_far * 500 / 1050)), 2);
        ck_assert_uint_eq(activity_sum(0), (uint64_t)ns * 1000);
        last = protocol;
    }
}
END_TEST

static enum step_result handler(void *owner)
{
    (void)owner;
    rig_work(&rig, 60);
    machine_protocol(rig.m, true);
    rig_work(&rig, 40);
    machine_protocol(rig.m, false);
    return STEP_SLEEP;
}

static enum step_result softirq(void *owner)
{
    (void)owner;
    machine_step_activity(rig.m, ACTIVITY_PROTOCOL);
    rig_work(&rig, 100);
    return STEP_SLEEP;
}

START_TEST(interrupt_raise__entry_handler_and_exit_are_interrupt_time)
{
    struct rig_at at[2];
    rig_price(&rig, COST_INTR_ENTRY, 20);
    rig_price(&rig, COST_INTR_EXIT, 5);
    rig_start(&rig, 1, 1, sim_ms(1));
    rig_at(&rig, &at[0], 100, rig_raise, interrupt_create(rig.m, "i", 0, handler, NULL));
    rig_run_ns(&rig, 1000);
    ck_assert_uint_eq(rig_cpu(&rig, 0, "act_intr_ps"), 85000);
    ck_assert_uint_eq(rig_cpu(&rig, 0, "act_proto_ps"), 40000);
    ck_assert_uint_eq(rig_cpu(&rig, 0, "intr_ps"), 125000); /* mpstat's view is another one */
    rig_at(&rig, &at[1], 2000, rig_raise, interrupt_create(rig.m, "s", 0, softirq, NULL));
    rig_run_ns(&rig, 3000);
    ck_assert_uint_eq(rig_cpu(&rig, 0, "act_intr_ps"), 85000 + 20000);
    ck_assert_uint_eq(rig_cpu(&rig, 0, "act_proto_ps"), 40000 + 105000);
    ck_assert_uint_eq(activity_sum(0), 3000000);
}
END_TEST

/* Two CPUs meet at a mutex: the time the second waits is spinning, and nothing else. */
static enum step_result hold_1us(void *owner)
{
    (void)owner;
    machine_protocol(rig.m, true);
    ck_assert(mutex_enter(lock));
    rig_work(&rig, 1000);
    mutex_exit(lock);
    machine_protocol(rig.m, false);
    return STEP_SLEEP;
}

START_TEST(mutex_enter__spinning_is_no_protocol_work)
{
    struct rig_at at[2];
    rig_start(&rig, 1, 2, sim_ms(1));
    lock = mutex_create(rig.m, "x");
    rig_at(&rig, &at[0], 1000, rig_wake, rig_thread(&rig, "a", THREAD_SYSTEM, 0, hold_1us, NULL));
    rig_at(&rig, &at[1], 1400, rig_wake, rig_thread(&rig, "b", THREAD_SYSTEM, 1, hold_1us, NULL));
    rig_run_ns(&rig, 10000);
    ck_assert_uint_eq(rig_cpu(&rig, 1, "spin_ps"), 600000);
    ck_assert_uint_eq(rig_cpu(&rig, 1, "act_proto_ps"), 1000000);
    for (int c = 0; c < 2; c++) ck_assert_uint_eq(activity_sum(c), 10000000);
}
END_TEST

/* Random threads and interrupts on four CPUs: at any instant the activities of each CPU make up all of its time. */
static struct rng *rng;

static enum step_result random_step(void *owner)
{
    int64_t *left = owner;
    bool inside = rng_below(rng, 2) && mutex_enter(lock);
    machine_protocol(rig.m, true);
    rig_work(&rig, (int64_t)rng_below(rng, 500));
    machine_protocol(rig.m, false);
    machine_charge_user(rig.m, COST_APP_CALL, (int64_t)rng_below(rng, 300));
    if (inside) mutex_exit(lock);
    rig_work(&rig, (int64_t)rng_below(rng, 200));
    return --*left > 0 ? STEP_AGAIN : STEP_SLEEP;
}

enum { RANDOM_CPUS = 4, RANDOM_NS = 300000 };

/* Looks at every CPU each 'every_ns'. */
static void random_run(int64_t every_ns)
{
    enum { THREADS = 12, RAISES = 200 };
    static struct rig_at at[THREADS], raises[RAISES];
    static int64_t left[THREADS + 1];
    rng = rng_create(7, "activity");
    rig_price(&rig, COST_INTR_ENTRY, 13);
    rig_price(&rig, COST_CTX_SWITCH, 29);
    rig_start(&rig, 2, 2, sim_us(20));
    lock = mutex_create(rig.m, "x");
    for (int i = 0; i < THREADS; i++) {
        left[i] = 100;
        rig_at(&rig, &at[i], 100 * i, rig_wake,
               rig_thread(&rig, "t", i % 3 ? THREAD_USER : THREAD_SYSTEM, i % 4 ? CPU_ANY : i / 4, random_step,
                          &left[i]));
    }
    struct interrupt *irq = interrupt_create(rig.m, "i", 1, handler, NULL);
    for (int i = 0; i < RAISES; i++) rig_at(&rig, &raises[i], (int64_t)rng_below(rng, 100000), rig_raise, irq);
    for (int64_t ns = every_ns; ns <= RANDOM_NS; ns += every_ns) {
        rig_run_ns(&rig, ns);
        for (int c = 0; c < RANDOM_CPUS; c++) ck_assert_uint_eq(activity_sum(c), (uint64_t)ns * 1000);
    }
    ck_assert_uint_gt(rig_cpu(&rig, 1, "act_intr_ps"), 0);
    rng_destroy(rng);
}

START_TEST(machine_account__activities_make_up_all_time)
{
    random_run(997);
}
END_TEST

/* Counting a segment in parts, at every look, and counting it whole when it is over come to the same. */
START_TEST(machine_account__looks_change_nothing)
{
    static const char *const names[] = { "usr_ps", "sys_ps", "intr_ps", "spin_ps", "idl_ps", "act_intr_ps", "act_poll_ps",
                                         "act_proto_ps", "act_sys_ps" };
    enum { N = sizeof names / sizeof *names };
    uint64_t once[RANDOM_CPUS][N];
    random_run(RANDOM_NS);
    for (int c = 0; c < RANDOM_CPUS; c++)
        for (int i = 0; i < N; i++) once[c][i] = rig_cpu(&rig, c, names[i]);
    rig_fini(&rig);
    rig_init(&rig);
    random_run(60);
    for (int c = 0; c < RANDOM_CPUS; c++)
        for (int i = 0; i < N; i++) ck_assert_uint_eq(rig_cpu(&rig, c, names[i]), once[c][i]);
}
END_TEST

Suite *activity_suite(void)
{
    Suite *s = suite_create("activity");
    TCase *t = tcase_create("activity");
    tcase_add_checked_fixture(t, setup, teardown);
    tcase_add_test(t, thread_create__activity_by_priority_or_as_given);
    tcase_add_test(t, machine_protocol__parts_of_a_step);
    tcase_add_test(t, machine_protocol__unfinished_steps_in_proportion);
    tcase_add_test(t, interrupt_raise__entry_handler_and_exit_are_interrupt_time);
    tcase_add_test(t, mutex_enter__spinning_is_no_protocol_work);
    tcase_add_test(t, machine_account__activities_make_up_all_time);
    tcase_add_test(t, machine_account__looks_change_nothing);
    suite_add_tcase(s, t);
    return s;
}
