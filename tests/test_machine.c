/* SPDX-License-Identifier: GPL-3.0-or-later
 * test_machine.c -- threads, interrupts, scheduling, accounting; closed formulas and invariants. */
#include <check.h>
#include <stdlib.h>

#include "core/rng.h"
#include "machine_rig.h"
#include "suites.h"

static struct rig rig;

static int n_log, n_touched, irq_rounds, target_runs;
static struct touchable object;

static void setup(void)
{
    n_log = n_touched = irq_rounds = target_runs = 0;
    object = (struct touchable){ 0 };
    rig_init(&rig);
}

static void teardown(void)
{
    rig_fini(&rig);
}

/* -- steps and effects ------------------------------------------------------------------------------------------- */

enum { LOG_MAX = 64 };
static int64_t log_ns[LOG_MAX];
static uint64_t log_value[LOG_MAX];

static void log_effect(void *owner, uint64_t value)
{
    (void)owner;
    if (n_log == LOG_MAX) return;
    log_ns[n_log] = rig_now_ns(&rig);
    log_value[n_log++] = value;
}

/* 100 ns, effect 1, 300 ns, effect 2, 100 ns. */
static enum step_result two_effects(void *owner)
{
    (void)owner;
    rig_work(&rig, 100);
    machine_defer(rig.m, log_effect, NULL, 1);
    rig_work(&rig, 300);
    machine_defer(rig.m, log_effect, NULL, 2);
    rig_work(&rig, 100);
    ck_assert_int_eq(machine_now(rig.m).ps, engine_now(rig.engine).ps + 500000);
    return STEP_SLEEP;
}

static enum step_result work_1us(void *count)
{
    ++*(int *)count;
    rig_work(&rig, 1000);
    return STEP_SLEEP;
}

START_TEST(machine_defer__effects_happen_at_their_local_times)
{
    struct rig_at at;
    rig_price(&rig, COST_CTX_SWITCH, 50);
    rig_start(&rig, 1, 1, sim_ms(1));
    rig_at(&rig, &at, 1000, rig_wake, rig_thread(&rig, "t", 0, 0, two_effects, NULL));
    rig_run_ns(&rig, 10000);
    ck_assert_int_eq(n_log, 2);
    ck_assert_int_eq(log_ns[0], 1150);
    ck_assert_int_eq(log_ns[1], 1450);
    ck_assert_uint_eq(rig_cpu(&rig, 0, "sys_ps"), 550000);
    ck_assert_uint_eq(rig_cpu(&rig, 0, "csw"), 2); /* from idle, and back */
}
END_TEST

START_TEST(machine_defer__outside_a_step_happens_at_once)
{
    rig_start(&rig, 1, 1, sim_ms(1));
    machine_charge(rig.m, COST_APP_CALL, 1000);
    machine_defer(rig.m, log_effect, NULL, 7);
    ck_assert_int_eq(n_log, 1);
    ck_assert_int_eq(machine_now(rig.m).ps, 0);
    ck_assert(!machine_in_step(rig.m));
    rig_run_ns(&rig, 100);
    ck_assert_uint_eq(rig_cpu(&rig, 0, "idl_ps"), 100000);
}
END_TEST

/* -- effects that may be called late ----------------------------------------------------------------------------- */

static struct { int64_t called_ns, told_ns; } late;

static void log_late(void *owner, uint64_t value, sim_time at)
{
    (void)owner, (void)value;
    late.called_ns = rig_now_ns(&rig);
    late.told_ns = at.ps / 1000;
}

/* 100 ns, an effect that may be late, 300 ns, one that may not, 100 ns. */
static enum step_result late_effect(void *slack_ns)
{
    rig_work(&rig, 100);
    machine_defer_late(rig.m, log_late, NULL, 0, *(int64_t *)slack_ns * 1000);
    rig_work(&rig, 300);
    machine_defer(rig.m, log_effect, NULL, 2);
    rig_work(&rig, 100);
    return STEP_SLEEP;
}

/* A step begins at 1000 ns; an interrupt of 1270 ns is raised at 'raise_ns', 0: none is. */
static void run_step(step_fn *step, void *owner, int64_t raise_ns)
{
    struct rig_at at, raise;
    int runs = 0;
    rig_price(&rig, COST_INTR_ENTRY, 200);
    rig_price(&rig, COST_INTR_EXIT, 70);
    rig_start(&rig, 1, 1, sim_ms(1));
    struct interrupt *i = interrupt_create(rig.m, "i", 0, work_1us, &runs);
    rig_at(&rig, &at, 1000, rig_wake, rig_thread(&rig, "t", 0, 0, step, owner));
    if (raise_ns) rig_at(&rig, &raise, raise_ns, rig_raise, i);
    rig_run_ns(&rig, 10000);
    ck_assert_int_eq(runs, raise_ns != 0);
}

/* A late effect of late_effect(): when it was called, and what it was told. */
static void check_late(int64_t slack_ns, int64_t raise_ns, int64_t called_ns, int64_t told_ns)
{
    run_step(late_effect, &slack_ns, raise_ns);
    ck_assert_int_eq(log_ns[0], raise_ns ? 1400 + 1270 : 1400);
    ck_assert_int_eq(late.called_ns, called_ns);
    ck_assert_int_eq(late.told_ns, told_ns);
}

START_TEST(machine_defer_late__is_called_by_its_slack)
{
    check_late(200, 0, 1300, 1100);
}
END_TEST

START_TEST(machine_defer_late__is_called_when_the_cpu_stops_anyway)
{
    check_late(5000, 0, 1400, 1100);
}
END_TEST

START_TEST(machine_defer_late__an_interrupt_after_its_instant_does_not_move_it)
{
    check_late(5000, 1200, 1200, 1100);
}
END_TEST

START_TEST(machine_defer_late__an_interrupt_before_its_instant_does)
{
    check_late(200, 1050, 1300 + 1270, 1100 + 1270);
}
END_TEST

START_TEST(machine_defer_late__outside_a_step_is_called_at_once)
{
    rig_start(&rig, 1, 1, sim_ms(1));
    rig_run_ns(&rig, 100);
    machine_defer_late(rig.m, log_late, NULL, 0, 1000000);
    ck_assert_int_eq(late.called_ns, 100);
    ck_assert_int_eq(late.told_ns, 100);
}
END_TEST

START_TEST(interrupt_raise__shifts_what_is_still_to_come)
{
    run_step(two_effects, NULL, 1250);
    ck_assert_int_eq(log_ns[0], 1100);
    ck_assert_int_eq(log_ns[1], 1400 + 1270);
    ck_assert_uint_eq(rig_cpu(&rig, 0, "intr_ps"), 1270000);
    ck_assert_uint_eq(rig_cpu(&rig, 0, "sys_ps"), 500000);
    ck_assert_uint_eq(rig_cpu(&rig, 0, "idl_ps"), 10000000 - 1770000);
    ck_assert_uint_eq(rig_cpu(&rig, 0, "intr"), 1);
}
END_TEST

START_TEST(interrupt_raise__at_the_instant_of_an_effect_comes_first_or_second_but_loses_nothing)
{
    struct rig_at at, raise;
    int runs = 0;
    rig_start(&rig, 1, 1, sim_ms(1));
    struct interrupt *i = interrupt_create(rig.m, "i", 0, work_1us, &runs);
    rig_at(&rig, &at, 1000, rig_wake, rig_thread(&rig, "t", 0, 0, two_effects, NULL));
    rig_at(&rig, &raise, 1400, rig_raise, i);
    rig_run_ns(&rig, 10000);
    ck_assert_int_eq(n_log, 2);
    ck_assert(log_ns[1] == 1400 || log_ns[1] == 2400);
    ck_assert_uint_eq(rig_cpu(&rig, 0, "sys_ps"), 500000);
}
END_TEST

/* Interrupts are served in the order in which they were raised, none inside another. */
static enum step_result log_irq(void *number)
{
    machine_defer(rig.m, log_effect, NULL, (uint64_t)*(int *)number);
    rig_work(&rig, 1000);
    return STEP_SLEEP;
}

START_TEST(interrupt_raise__others_wait_in_order)
{
    struct rig_at at[4];
    int number[3] = { 0, 1, 2 };
    struct interrupt *i[3];
    rig_start(&rig, 1, 1, sim_ms(1));
    for (int k = 0; k < 3; k++) i[k] = interrupt_create(rig.m, "i", 0, log_irq, &number[k]);
    rig_at(&rig, &at[0], 100, rig_raise, i[2]);
    rig_at(&rig, &at[1], 200, rig_raise, i[0]);
    rig_at(&rig, &at[2], 300, rig_raise, i[1]);
    rig_run_ns(&rig, 10000);
    ck_assert_int_eq(n_log, 3);
    for (int k = 0; k < 3; k++) ck_assert_int_eq(log_ns[k], 100 + 1000 * k);
    ck_assert_uint_eq(log_value[0] * 100 + log_value[1] * 10 + log_value[2], 201);
}
END_TEST

START_TEST(interrupt_raise__while_waiting_is_one_while_running_is_one_more)
{
    struct rig_at at[5];
    int other = 9, mine = 1;
    rig_start(&rig, 1, 1, sim_ms(1));
    struct interrupt *first = interrupt_create(rig.m, "a", 0, log_irq, &other);
    struct interrupt *i = interrupt_create(rig.m, "b", 0, log_irq, &mine);
    rig_at(&rig, &at[0], 100, rig_raise, first);
    rig_at(&rig, &at[1], 200, rig_raise, i);
    rig_at(&rig, &at[2], 300, rig_raise, i);  /* waits already */
    rig_at(&rig, &at[3], 1500, rig_raise, i); /* runs */
    rig_at(&rig, &at[4], 1600, rig_raise, i); /* runs and is to run again */
    rig_run_ns(&rig, 10000);
    ck_assert_int_eq(n_log, 3);
    ck_assert_int_eq(log_ns[2], 2100);
    ck_assert_uint_eq(rig_cpu(&rig, 0, "intr"), 3);
}
END_TEST

static enum step_result three_rounds(void *owner)
{
    (void)owner;
    rig_work(&rig, 100);
    return ++irq_rounds < 3 ? STEP_AGAIN : STEP_SLEEP;
}

START_TEST(interrupt_raise__handler_that_says_again_runs_on)
{
    struct rig_at at;
    rig_price(&rig, COST_INTR_ENTRY, 10);
    rig_price(&rig, COST_INTR_EXIT, 5);
    rig_start(&rig, 1, 1, sim_ms(1));
    rig_at(&rig, &at, 100, rig_raise, interrupt_create(rig.m, "i", 0, three_rounds, NULL));
    rig_run_ns(&rig, 10000);
    ck_assert_int_eq(irq_rounds, 3);
    ck_assert_uint_eq(rig_cpu(&rig, 0, "intr_ps"), 315000);
    ck_assert_uint_eq(rig_cpu(&rig, 0, "intr"), 1);
}
END_TEST

/* -- charging ---------------------------------------------------------------------------------------------------- */

static int steps_left;
static enum step_result third_of_a_cycle(void *owner)
{
    (void)owner;
    machine_charge(rig.m, COST_DRV_RX_PACKET, 1);
    machine_charge_user(rig.m, COST_DRV_TX_PACKET, 1);
    return --steps_left > 0 ? STEP_AGAIN : STEP_SLEEP;
}

START_TEST(machine_charge__loses_nothing_to_rounding)
{
    rig_price(&rig, COST_DRV_RX_PACKET, 1000.0 / 3);
    rig_price(&rig, COST_DRV_TX_PACKET, 2000.0 / 3);
    rig_start(&rig, 1, 1, sim_ms(1));
    steps_left = 1000;
    thread_wake(rig_thread(&rig, "t", 0, 0, third_of_a_cycle, NULL));
    rig_run_ns(&rig, 2000000);
    int64_t sys_fs = 333333333 * 1000LL, user_fs = 666666667 * 1000LL;
    ck_assert_int_le(llabs((int64_t)rig_cpu(&rig, 0, "usr_ps") - user_fs / 1000), 1);
    ck_assert_int_le(llabs((int64_t)rig_cpu(&rig, 0, "sys_ps") - sys_fs / 1000), 1);
    ck_assert_uint_eq(rig_cpu(&rig, 0, "steps"), 1000);
}
END_TEST

static enum step_result for_nothing(void *owner)
{
    (void)owner;
    return STEP_AGAIN;
}

START_TEST(machine_charge__a_step_for_nothing_does_not_stop_the_clock)
{
    rig_start(&rig, 1, 1, sim_ms(1));
    thread_wake(rig_thread(&rig, "t", 0, 0, for_nothing, NULL));
    rig_run_ns(&rig, 1000);
    ck_assert_int_eq(rig_now_ns(&rig), 1000);
    ck_assert_uint_le(rig_cpu(&rig, 0, "steps"), 1001);
}
END_TEST

static enum step_result three_syscalls(void *owner)
{
    (void)owner;
    machine_charge(rig.m, COST_SYSCALL, 3);
    return STEP_SLEEP;
}

START_TEST(machine_charge__counts_system_calls)
{
    rig_start(&rig, 1, 1, sim_ms(1));
    thread_wake(rig_thread(&rig, "t", 0, 0, three_syscalls, NULL));
    rig_run_ns(&rig, 1000);
    ck_assert_uint_eq(rig_cpu(&rig, 0, "syscl"), 3);
}
END_TEST

/* Touches one line of an object that CPU 0, then 0, 1 (same socket), 2 (other socket) look at. */
static int64_t touch_ns[4];
static enum step_result touch_it(void *owner)
{
    (void)owner;
    int64_t before = machine_now(rig.m).ps;
    machine_touch(rig.m, &object, 2);
    touch_ns[n_touched++] = (machine_now(rig.m).ps - before) / 1000;
    rig_work(&rig, 10);
    return STEP_SLEEP;
}

START_TEST(machine_touch__costs_by_place)
{
    static const int cpu[4] = { 2, 2, 3, 1 };
    struct rig_at at[4];
    rig.profile.place[COST_LINE_L2].value = 1;
    rig.profile.place[COST_LINE_SOCKET].value = 10;
    rig.profile.place[COST_LINE_REMOTE].value = 100;
    rig.profile.place[COST_LINE_DRAM].value = 1000;
    rig.profile.place[COST_LINE_DRAM_FAR].value = 2000;
    rig_start(&rig, 2, 2, sim_ms(1));
    for (int k = 0; k < 4; k++)
        rig_at(&rig, &at[k], 100000 * (k + 1), rig_wake, rig_thread(&rig, "t", 0, cpu[k], touch_it, NULL));
    rig_run_ns(&rig, 1000000);
    ck_assert_int_eq(n_touched, 4);
    ck_assert_int_eq(touch_ns[0], 4000); /* memory of node 0 from node 1 */
    ck_assert_int_eq(touch_ns[1], 2);
    ck_assert_int_eq(touch_ns[2], 20);
    ck_assert_int_eq(touch_ns[3], 200);
    ck_assert_int_eq(machine_cpu_node(rig.m, 1), 0);
    ck_assert_int_eq(machine_cpu_node(rig.m, 2), 1);
}
END_TEST

/* -- scheduling -------------------------------------------------------------------------------------------------- */

struct worker {
    struct thread *thread;
    int64_t step_ns;
    int steps, limit;     /* limit 0: for ever */
    int64_t first_ns, last_ns;
    uint64_t cpus;        /* set of CPUs that ran it */
};

static enum step_result work(void *owner)
{
    struct worker *w = owner;
    if (w->steps == 0) w->first_ns = rig_now_ns(&rig);
    w->last_ns = rig_now_ns(&rig);
    w->steps++;
    w->cpus |= 1ull << machine_current_cpu(rig.m);
    rig_work(&rig, w->step_ns);
    return w->limit == 0 || w->steps < w->limit ? STEP_AGAIN : STEP_SLEEP;
}

static void start_worker(struct worker *w, int priority, int cpu, int64_t step_ns, int limit)
{
    *w = (struct worker){ .step_ns = step_ns, .limit = limit };
    w->thread = rig_thread(&rig, "w", priority, cpu, work, w);
    thread_wake(w->thread);
}

START_TEST(thread_wake__higher_priority_takes_over_at_the_end_of_the_step)
{
    struct rig_at at;
    struct worker low, high = { .step_ns = 1000, .limit = 2 };
    rig_start(&rig, 1, 1, sim_ms(1));
    start_worker(&low, THREAD_USER, 0, 700, 0);
    high.thread = rig_thread(&rig, "high", THREAD_SYSTEM, 0, work, &high);
    rig_at(&rig, &at, 1000, rig_wake, high.thread);
    rig_run_ns(&rig, 10000);
    ck_assert_int_eq(high.first_ns, 1400);
    ck_assert_int_eq(high.last_ns, 2400);
    ck_assert_uint_eq(rig_cpu(&rig, 0, "icsw"), 1);
    ck_assert_uint_eq(rig_cpu(&rig, 0, "csw"), 3); /* idle to low, to high, to low */
    ck_assert_int_eq(low.steps, 2 + (10000 - 3400) / 700 + 1);
}
END_TEST

START_TEST(thread_wake__lower_priority_waits)
{
    struct worker low, high;
    rig_start(&rig, 1, 1, sim_ms(1));
    start_worker(&high, 60, 0, 1000, 5);
    start_worker(&low, 0, 0, 1000, 5);
    rig_run_ns(&rig, 20000);
    ck_assert_int_eq(high.last_ns, 4000);
    ck_assert_int_eq(low.first_ns, 5000);
}
END_TEST

START_TEST(quantum__equal_threads_get_equal_shares)
{
    struct worker w[3];
    rig_start(&rig, 1, 1, sim_us(100));
    for (int i = 0; i < 3; i++) start_worker(&w[i], 0, 0, 1000 + 10 * i, 0);
    rig_run_ns(&rig, 30 * 1000 * 1000);
    for (int i = 0; i < 3; i++) ck_assert_int_le(llabs(w[i].steps * w[i].step_ns - 10 * 1000 * 1000), 150 * 1000);
    ck_assert_uint_ge(rig_cpu(&rig, 0, "icsw"), 280);
    ck_assert_uint_le(rig_cpu(&rig, 0, "icsw"), 300);
}
END_TEST

START_TEST(steal__an_idle_cpu_takes_a_waiting_thread)
{
    struct worker a, b, c;
    rig_price(&rig, COST_MIGRATE, 40);
    rig_start(&rig, 1, 2, sim_ms(1));
    start_worker(&a, 0, CPU_ANY, 1000, 1);
    start_worker(&b, 0, CPU_ANY, 5000, 20);
    start_worker(&c, 0, CPU_ANY, 5000, 20); /* waits: both CPUs are taken */
    rig_run_ns(&rig, 200000);
    ck_assert_int_ge(c.first_ns, 1000);
    ck_assert_int_le(c.first_ns, 1040);
    ck_assert_int_eq(b.steps + c.steps, 40);
    ck_assert_uint_eq(rig_cpu(&rig, 0, "idl_ps") + rig_cpu(&rig, 1, "idl_ps"), (400000 - 201000) * 1000ull);
}
END_TEST

START_TEST(steal__bound_threads_stay)
{
    struct worker a, b;
    rig_start(&rig, 1, 2, sim_ms(1));
    start_worker(&a, 0, 0, 1000, 10);
    start_worker(&b, 0, 0, 1000, 10);
    rig_run_ns(&rig, 50000);
    ck_assert_uint_eq(a.cpus | b.cpus, 1);
    ck_assert_uint_eq(rig_cpu(&rig, 1, "idl_ps"), 50000000);
}
END_TEST

START_TEST(thread_bind__moves_a_waiting_and_a_running_thread)
{
    struct worker a, b;
    rig_start(&rig, 1, 2, sim_us(5));
    start_worker(&a, 0, 0, 1000, 0);
    start_worker(&b, 0, 0, 1000, 0);
    rig_run_ns(&rig, 500);
    thread_bind(b.thread, 1);
    rig_run_ns(&rig, 10500);
    ck_assert_int_ge(b.steps, 9);
    ck_assert_uint_eq(b.cpus, 2);
    thread_bind(a.thread, 1);
    rig_run_ns(&rig, 30500);
    ck_assert_uint_eq(a.cpus, 3);
    ck_assert_uint_ge(rig_cpu(&rig, 0, "idl_ps"), 19000000);
    ck_assert_uint_eq(rig_cpu(&rig, 1, "migr"), 1);
}
END_TEST

/* Many unbound threads that sleep and are woken at random times. */
struct sleeper {
    struct thread *thread;
    struct event alarm;
    struct rng *rng;
};
enum { SLEEPERS = 50 };
static struct sleeper sleepers[SLEEPERS];

static void alarm_rings(void *owner)
{
    thread_wake(((struct sleeper *)owner)->thread);
}

static void set_alarm(void *owner, uint64_t unused)
{
    struct sleeper *s = owner;
    (void)unused;
    engine_schedule_in(rig.engine, &s->alarm, rng_exponential(s->rng, sim_us(50)));
}

static enum step_result nap(void *owner)
{
    rig_work(&rig, 5000);
    machine_defer(rig.m, set_alarm, owner, 0);
    return STEP_SLEEP;
}

START_TEST(place__unbound_threads_spread_evenly)
{
    rig_start(&rig, 2, 4, sim_ms(1));
    for (int i = 0; i < SLEEPERS; i++) {
        char name[16];
        snprintf(name, sizeof name, "s%d", i);
        sleepers[i].rng = rng_create(3, name);
        sleepers[i].thread = rig_thread(&rig, name, 0, CPU_ANY, nap, &sleepers[i]);
        event_init(&sleepers[i].alarm, engine_entity(rig.engine, name), alarm_rings, &sleepers[i]);
        thread_wake(sleepers[i].thread);
    }
    rig_run_ns(&rig, 50 * 1000 * 1000);
    uint64_t least = UINT64_MAX, most = 0;
    for (int c = 0; c < 8; c++) {
        uint64_t busy = rig_cpu(&rig, c, "sys_ps");
        least = busy < least ? busy : least;
        most = busy > most ? busy : most;
    }
    ck_assert_uint_lt(most - least, most / 20);
    for (int i = 0; i < SLEEPERS; i++) rng_destroy(sleepers[i].rng);
}
END_TEST

/* -- wake-ups ---------------------------------------------------------------------------------------------------- */

static struct thread *target;
static enum step_result wake_target_twice(void *owner)
{
    (void)owner;
    rig_work(&rig, 100);
    thread_wake(target);
    rig_work(&rig, 1000);
    thread_wake(target);
    return STEP_SLEEP;
}

static enum step_result count_runs(void *owner)
{
    (void)owner;
    target_runs++;
    machine_defer(rig.m, log_effect, NULL, 0);
    rig_work(&rig, 3000);
    return STEP_SLEEP;
}

START_TEST(thread_wake__during_a_step_means_once_more)
{
    rig_price(&rig, COST_THREAD_WAKE, 10);
    rig_start(&rig, 1, 2, sim_ms(1));
    target = rig_thread(&rig, "target", 0, 1, count_runs, NULL);
    thread_wake(rig_thread(&rig, "waker", 0, 0, wake_target_twice, NULL));
    rig_run_ns(&rig, 20000);
    ck_assert_int_eq(target_runs, 2);
    ck_assert_int_eq(log_ns[0], 110);
    ck_assert_int_eq(log_ns[1], 3110);
    ck_assert_uint_eq(rig_cpu(&rig, 0, "sys_ps"), 1110000); /* the second found it awake: no charge */
}
END_TEST

START_TEST(thread_wake__during_the_switch_is_the_same_run)
{
    rig_price(&rig, COST_CTX_SWITCH, 2000);
    rig_start(&rig, 1, 2, sim_ms(1));
    target = rig_thread(&rig, "target", 0, 1, count_runs, NULL);
    thread_wake(rig_thread(&rig, "waker", 0, 0, wake_target_twice, NULL));
    rig_run_ns(&rig, 20000);
    ck_assert_int_eq(target_runs, 1);
    ck_assert_int_eq(log_ns[0], 4100);
}
END_TEST

/* -- everything at once ------------------------------------------------------------------------------------------ */

/* A random mix of threads, interrupts and mutexes; the steps' choices come from one stream, so their order matters. */
enum { CHAOS_THREADS = 40, CHAOS_INTERRUPTS = 6, CHAOS_MUTEXES = 3 };
static struct {
    struct rng *rng;
    struct thread *thread[CHAOS_THREADS];
    struct interrupt *interrupt[CHAOS_INTERRUPTS];
    struct mutex *mutex[CHAOS_MUTEXES];
    struct event event;
    uint64_t digest;
} chaos;

static void digest(uint64_t v)
{
    chaos.digest = (chaos.digest ^ v) * 1099511628211u;
}

static void digest_effect(void *owner, uint64_t v)
{
    (void)owner;
    digest(v ^ (uint64_t)engine_now(rig.engine).ps);
}

static enum step_result chaos_step(void *owner)
{
    struct mutex *x = chaos.mutex[rng_below(chaos.rng, CHAOS_MUTEXES)];
    digest((uint64_t)(uintptr_t)owner + (uint64_t)engine_now(rig.engine).ps);
    rig_work(&rig, rng_below(chaos.rng, 3000));
    if (!mutex_enter(x)) return STEP_BLOCKED;
    machine_charge_user(rig.m, COST_APP_CALL, rng_below(chaos.rng, 500));
    mutex_exit(x);
    machine_defer(rig.m, digest_effect, NULL, rng_below(chaos.rng, 100));
    if (rng_below(chaos.rng, 4) == 0) interrupt_raise(chaos.interrupt[rng_below(chaos.rng, CHAOS_INTERRUPTS)]);
    thread_wake(chaos.thread[rng_below(chaos.rng, CHAOS_THREADS)]);
    return rng_below(chaos.rng, 3) == 0 ? STEP_AGAIN : STEP_SLEEP;
}

static void chaos_event(void *owner)
{
    (void)owner;
    interrupt_raise(chaos.interrupt[rng_below(chaos.rng, CHAOS_INTERRUPTS)]);
    thread_wake(chaos.thread[rng_below(chaos.rng, CHAOS_THREADS)]);
    if (rng_below(chaos.rng, 16) == 0) {
        int cpu = (int)rng_below(chaos.rng, 5) - 1;
        thread_bind(chaos.thread[rng_below(chaos.rng, CHAOS_THREADS)], cpu);
    }
    engine_schedule_in(rig.engine, &chaos.event, rng_exponential(chaos.rng, sim_us(3)));
}

static uint64_t run_chaos(void (*check)(void))
{
    rig_init(&rig);
    rig_price(&rig, COST_CTX_SWITCH, 333.3);
    rig_price(&rig, COST_THREAD_WAKE, 77.7);
    rig_price(&rig, COST_MIGRATE, 111.1);
    rig_price(&rig, COST_INTR_ENTRY, 500.5);
    rig_price(&rig, COST_INTR_EXIT, 99.9);
    rig_price(&rig, COST_MUTEX_SPIN, 12.3);
    rig_price(&rig, COST_MUTEX_ENTER, 4.5);
    rig_start(&rig, 2, 2, sim_us(20));
    memset(&chaos, 0, sizeof chaos);
    chaos.rng = rng_create(11, "chaos");
    for (int i = 0; i < CHAOS_MUTEXES; i++) chaos.mutex[i] = mutex_create(rig.m, "x");
    for (uint64_t i = 0; i < CHAOS_THREADS; i++) {
        int cpu = i % 3 ? CPU_ANY : (int)(i % 4);
        chaos.thread[i] = rig_thread(&rig, "t", (int)(i % 5) * 20, cpu, chaos_step, (void *)(uintptr_t)(i + 1));
    }
    for (uint64_t i = 0; i < CHAOS_INTERRUPTS; i++)
        chaos.interrupt[i] = interrupt_create(rig.m, "i", (int)(i % 4), chaos_step, (void *)(uintptr_t)(i + 1000));
    event_init(&chaos.event, engine_entity(rig.engine, "chaos"), chaos_event, NULL);
    chaos_event(NULL);
    for (int64_t t = 0; t < 20 * 1000 * 1000; t += 54321) {
        rig_run_ns(&rig, t);
        check();
    }
    machine_account(rig.m);
    for (size_t i = 0; i < stats_count(rig.stats); i++)
        for (size_t k = 0; k < stats_get(rig.stats, i)->count; k++) digest(stats_get(rig.stats, i)->values[k]);
    uint64_t result = chaos.digest;
    rng_destroy(chaos.rng);
    return result;
}

static void check_time(void)
{
    for (int c = 0; c < 4; c++)
        ck_assert_uint_eq(rig_cpu(&rig, c, "usr_ps") + rig_cpu(&rig, c, "sys_ps") + rig_cpu(&rig, c, "intr_ps") +
                              rig_cpu(&rig, c, "idl_ps"),
                          (uint64_t)engine_now(rig.engine).ps);
}

static void check_nothing(void)
{
}

START_TEST(machine_account__every_picosecond_is_in_one_counter)
{
    run_chaos(check_time);
    ck_assert_uint_gt(rig_cpu(&rig, 0, "smtx"), 100);
    ck_assert_uint_gt(rig_cpu(&rig, 0, "icsw"), 10);
    ck_assert_uint_gt(rig_cpu(&rig, 1, "migr"), 10);
    uint64_t ithr = 0, idle = 0;
    for (int c = 0; c < 4; c++) ithr += rig_cpu(&rig, c, "ithr"), idle += rig_cpu(&rig, c, "idl_ps");
    ck_assert_uint_gt(ithr, 10);
    ck_assert_uint_gt(idle, 0);
    rig_fini(&rig);
}
END_TEST

START_TEST(machine__same_seed_same_run)
{
    uint64_t first = run_chaos(check_nothing);
    rig_fini(&rig);
    uint64_t second = run_chaos(check_nothing);
    ck_assert_uint_eq(first, second);
    /* Looking at the clocks must not change what happens: time is the same sum, taken at other instants. */
    rig_fini(&rig);
    uint64_t third = run_chaos(check_time);
    ck_assert_uint_eq(first, third);
    rig_fini(&rig);
}
END_TEST

/* -- queues ------------------------------------------------------------------------------------------------------ */

/* Packets arrive at random; a thread serves up to 'batch' of them per step, each in 'service_ns'. */
static struct {
    struct rng *rng;
    struct event arrival;
    struct thread *server;
    int64_t gap_ns, service_ns;
    int batch;
    int64_t queue[4096];   /* times of arrival, a ring */
    uint32_t head, tail;
    double wait_sum;
    uint64_t served;
} station;

static void station_arrives(void *owner)
{
    (void)owner;
    station.queue[station.tail++ % 4096] = engine_now(rig.engine).ps;
    ck_assert_uint_lt(station.tail - station.head, 4096);
    thread_wake(station.server);
    engine_schedule_in(rig.engine, &station.arrival, rng_exponential(station.rng, sim_ns(station.gap_ns)));
}

static void station_served(void *owner, uint64_t arrived_ps)
{
    (void)owner;
    station.wait_sum += (double)(engine_now(rig.engine).ps - (int64_t)arrived_ps) * 1e-3;
    station.served++;
}

static enum step_result station_step(void *owner)
{
    (void)owner;
    for (int i = 0; i < station.batch && station.head != station.tail; i++) {
        rig_work(&rig, station.service_ns);
        machine_defer(rig.m, station_served, NULL, (uint64_t)station.queue[station.head++ % 4096]);
    }
    return station.head != station.tail ? STEP_AGAIN : STEP_SLEEP;
}

/* Mean time from arrival to the end of service, ns. */
static double run_station(int batch, int64_t gap_ns, int64_t irq_gap_ns, int64_t run_ms)
{
    struct rig_at raise[1000];
    int runs = 0;

    memset(&station, 0, sizeof station);
    rig_start(&rig, 1, 1, sim_ms(1));
    station.rng = rng_create(5, "arrivals");
    station.batch = batch;
    station.gap_ns = gap_ns;
    station.service_ns = 1000;
    station.server = rig_thread(&rig, "server", 0, 0, station_step, NULL);
    event_init(&station.arrival, engine_entity(rig.engine, "arrivals"), station_arrives, NULL);
    engine_schedule_in(rig.engine, &station.arrival, sim_ns(gap_ns));
    struct interrupt *i = interrupt_create(rig.m, "i", 0, work_1us, &runs);
    for (int k = 0; irq_gap_ns > 0 && k < 1000; k++) rig_at(&rig, &raise[k], irq_gap_ns * (k + 1), rig_raise, i);
    rig_run_ns(&rig, run_ms * 1000 * 1000);
    rng_destroy(station.rng);
    return station.wait_sum / (double)station.served;
}

START_TEST(machine__is_an_md1_queue)
{
    double load = 0.7, expected = 1000 + 1000 * load / (2 * (1 - load));
    double measured = run_station(1, 1429, 0, 400);
    ck_assert_double_eq_tol(measured, expected, expected * 0.02);
}
END_TEST

/* The approximation that steps read shared state at their start: with steps of 32 packets instead of 1 the mean time
 * in the system must not differ by more than 1 % of the longest step, nor the number served by more than one batch. */
START_TEST(machine__step_size_changes_little)
{
    double one = run_station(1, 1200, 20000, 40);
    uint64_t served = station.served;
    rig_fini(&rig);
    rig_init(&rig);
    double many = run_station(32, 1200, 20000, 40);
    ck_assert_double_eq_tol(one, many, 320);
    ck_assert_int_le(llabs((int64_t)served - (int64_t)station.served), 32);
}
END_TEST

static void add(Suite *s, const char *name, const TTest *const *tests, size_t n, bool fixture)
{
    TCase *c = tcase_create(name);
    if (fixture) tcase_add_checked_fixture(c, setup, teardown);
    tcase_set_timeout(c, 60);
    for (size_t i = 0; i < n; i++) tcase_add_test(c, tests[i]);
    suite_add_tcase(s, c);
}

Suite *machine_suite(void)
{
    Suite *s = suite_create("machine");
    const TTest *const with_rig[] = {
        machine_defer__effects_happen_at_their_local_times,
        machine_defer__outside_a_step_happens_at_once,
        machine_defer_late__is_called_by_its_slack,
        machine_defer_late__is_called_when_the_cpu_stops_anyway,
        machine_defer_late__an_interrupt_after_its_instant_does_not_move_it,
        machine_defer_late__an_interrupt_before_its_instant_does,
        machine_defer_late__outside_a_step_is_called_at_once,
        interrupt_raise__shifts_what_is_still_to_come,
        interrupt_raise__at_the_instant_of_an_effect_comes_first_or_second_but_loses_nothing,
        interrupt_raise__others_wait_in_order,
        interrupt_raise__while_waiting_is_one_while_running_is_one_more,
        interrupt_raise__handler_that_says_again_runs_on,
        machine_charge__loses_nothing_to_rounding,
        machine_charge__a_step_for_nothing_does_not_stop_the_clock,
        machine_charge__counts_system_calls,
        machine_touch__costs_by_place,
        thread_wake__higher_priority_takes_over_at_the_end_of_the_step,
        thread_wake__lower_priority_waits,
        quantum__equal_threads_get_equal_shares,
        steal__an_idle_cpu_takes_a_waiting_thread,
        steal__bound_threads_stay,
        thread_bind__moves_a_waiting_and_a_running_thread,
        place__unbound_threads_spread_evenly,
        thread_wake__during_a_step_means_once_more,
        thread_wake__during_the_switch_is_the_same_run,
        machine__is_an_md1_queue,
        machine__step_size_changes_little,
    };
    const TTest *const alone[] = {
        machine_account__every_picosecond_is_in_one_counter,
        machine__same_seed_same_run,
    };
    add(s, "behaviour", with_rig, sizeof with_rig / sizeof *with_rig, true);
    add(s, "invariants", alone, sizeof alone / sizeof *alone, false);
    return s;
}
