/* SPDX-License-Identifier: GPL-3.0-or-later
 * test_campaign.c -- runs in child processes: order, crashes, what children say, interruption, text form of a run. */
#include <check.h>
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "core/assert.h"
#include "report/campaign.h"
#include "report_fixture.h"
#include "suites.h"

static const char *const variants[] = { "nic", "vnic" };

static void sleep_ms(long ms)
{
    nanosleep(&(struct timespec){ ms / 1000, ms % 1000 * 1000000 }, NULL);
}

/* What campaign_run() printed, and its answer. */
struct outcome {
    int code;
    char *said;
    struct campaign c;
};

static void run_plan(struct outcome *o, campaign_run_fn *fn, void *ctx, int reps, int jobs)
{
    struct campaign_plan plan = { variants, 2, 10, reps, jobs, true, NULL };
    size_t size;
    FILE *err = open_memstream(&o->said, &size);
    campaign_init(&o->c);
    o->code = campaign_run(&o->c, &plan, fn, ctx, err);
    fclose(err);
}

static void forget(struct outcome *o)
{
    campaign_fini(&o->c);
    free(o->said);
}

static int good_run(void *ctx, const char *variant, uint64_t seed, struct run_result *r, FILE *progress)
{
    (void)ctx;
    for (int i = 0; i < 10; i++) campaign_progress(progress, sim_ms(i), sim_ms(10));
    fixture_run(r, variant, seed, 1000);
    return 0;
}

/* The first runs finish last. */
static int slow_first_run(void *ctx, const char *variant, uint64_t seed, struct run_result *r, FILE *progress)
{
    sleep_ms(seed == 10 ? 60 : 1);
    return good_run(ctx, variant, seed, r, progress);
}

static int asserting_run(void *ctx, const char *variant, uint64_t seed, struct run_result *r, FILE *progress)
{
    if (seed == 11 && strcmp(variant, "nic") == 0) SIM_ASSERT(seed != 11);
    return good_run(ctx, variant, seed, r, progress);
}

static int killed_run(void *ctx, const char *variant, uint64_t seed, struct run_result *r, FILE *progress)
{
    if (seed == 10) raise(SIGKILL);
    return good_run(ctx, variant, seed, r, progress);
}

static int failing_run(void *ctx, const char *variant, uint64_t seed, struct run_result *r, FILE *progress)
{
    (void)ctx;
    (void)progress;
    (void)r;
    fprintf(stderr, "no such profile for %s %d\n", variant, (int)seed);
    return 1;
}

static int warning_run(void *ctx, const char *variant, uint64_t seed, struct run_result *r, FILE *progress)
{
    fprintf(stderr, "warning: the same for all\n");
    printf("standard output stays clean\n");
    return good_run(ctx, variant, seed, r, progress);
}

static int endless_run(void *ctx, const char *variant, uint64_t seed, struct run_result *r, FILE *progress)
{
    for (;;) sleep_ms(1000);
    return good_run(ctx, variant, seed, r, progress);
}

START_TEST(campaign_run__order_is_that_of_the_plan)
{
    struct outcome o;
    run_plan(&o, slow_first_run, NULL, 3, 4);
    ck_assert_int_eq(o.code, 0);
    ck_assert_str_eq(o.said, "");
    ck_assert_uint_eq(o.c.count, 6);
    ck_assert_uint_eq(o.c.reps, 3);
    for (size_t i = 0; i < 6; i++) {
        ck_assert_str_eq(o.c.runs[i].variant, variants[i / 3]);
        ck_assert_uint_eq(o.c.runs[i].seed, 10 + i % 3);
        ck_assert_uint_eq(o.c.runs[i].events, 1010 + i % 3);
        ck_assert_uint_eq(run_result_value(&o.c.runs[i], "lane", "sut/ixgbe0/hwlane1", "ipackets"), 3000);
    }
    forget(&o);
}
END_TEST

START_TEST(campaign_run__fills_in_what_depends_on_the_host)
{
    struct outcome o;
    run_plan(&o, good_run, NULL, 1, 1);
    ck_assert_double_eq(o.c.runs[0].wall_s, 0.25); /* what the run said itself is kept */
    ck_assert_int_eq(o.c.runs[0].peak_rss_bytes, 12345678);
    ck_assert_double_gt(o.c.wall_s, 0);
    forget(&o);
}
END_TEST

START_TEST(campaign_run__assertion_fails_the_campaign)
{
    struct outcome o;
    run_plan(&o, asserting_run, NULL, 2, 2);
    ck_assert_int_eq(o.code, -1);
    ck_assert_uint_eq(o.c.count, 0);
    ck_assert_ptr_nonnull(strstr(o.said, "run of variant 'nic', seed 11: killed by signal 6"));
    ck_assert_ptr_nonnull(strstr(o.said, "seed != 11"));
    forget(&o);
}
END_TEST

START_TEST(campaign_run__killed_child)
{
    struct outcome o;
    run_plan(&o, killed_run, NULL, 1, 2);
    ck_assert_int_eq(o.code, -1);
    ck_assert_ptr_nonnull(strstr(o.said, "killed by signal 9"));
    forget(&o);
}
END_TEST

START_TEST(campaign_run__failure_is_explained_by_the_child)
{
    struct outcome o;
    run_plan(&o, failing_run, NULL, 1, 1);
    ck_assert_int_eq(o.code, -1);
    ck_assert_ptr_nonnull(strstr(o.said, "run of variant 'nic', seed 10: failed\nno such profile for nic 10\n"));
    ck_assert_ptr_null(strstr(o.said, "vnic")); /* nothing new was started after the first failure */
    forget(&o);
}
END_TEST

START_TEST(campaign_run__repeated_warning_is_shown_once)
{
    struct outcome o;
    run_plan(&o, warning_run, NULL, 3, 2);
    ck_assert_int_eq(o.code, 0);
    const char *first = strstr(o.said, "warning: the same");
    ck_assert_ptr_nonnull(first);
    ck_assert_ptr_null(strstr(first + 1, "warning: the same"));
    forget(&o);
}
END_TEST

/* A stopped campaign takes its children with it and says so. */
START_TEST(campaign_run__interrupted)
{
    pid_t pid = fork();
    if (pid == 0) {
        struct outcome o;
        run_plan(&o, endless_run, NULL, 1, 2);
        bool said = strstr(o.said, "interrupted") != NULL;
        bool orphans = waitpid(-1, NULL, WNOHANG) >= 0 || errno != ECHILD;
        _exit(o.code == -1 && said && !orphans ? 0 : 1);
    }
    sleep_ms(100);
    kill(pid, SIGTERM);
    int status;
    ck_assert_int_eq(waitpid(pid, &status, 0), pid);
    ck_assert(WIFEXITED(status));
    ck_assert_int_eq(WEXITSTATUS(status), 0);
}
END_TEST

/* The run leaves a process behind that holds every descriptor it had. */
static int helper_run(void *ctx, const char *variant, uint64_t seed, struct run_result *r, FILE *progress)
{
    pid_t helper = fork();
    if (helper == 0) {
        sleep_ms(1500);
        _exit(0);
    }
    return good_run(ctx, variant, seed, r, progress);
}

START_TEST(campaign_run__helper_outlives_the_run)
{
    struct timespec from, to;
    struct outcome o;
    clock_gettime(CLOCK_MONOTONIC, &from);
    run_plan(&o, helper_run, NULL, 1, 2);
    clock_gettime(CLOCK_MONOTONIC, &to);
    ck_assert_int_eq(o.code, 0);
    ck_assert_int_lt(to.tv_sec * 1000 + to.tv_nsec / 1000000 - from.tv_sec * 1000 - from.tv_nsec / 1000000, 1400);
    forget(&o);
}
END_TEST

START_TEST(campaign_run__variant_without_a_name)
{
    static const char *const unnamed[] = { "" };
    struct campaign_plan plan = { unnamed, 1, 1, 1, 1, true, NULL };
    struct campaign c;
    campaign_init(&c);
    ck_assert_int_eq(campaign_run(&c, &plan, good_run, NULL, stderr), 0);
    ck_assert_str_eq(c.runs[0].variant, CAMPAIGN_NO_VARIANT);
    campaign_fini(&c);
}
END_TEST

START_TEST(campaign_cores__at_least_one)
{
    ck_assert_int_ge(campaign_cores(), 1);
}
END_TEST

/* -- the text form of a run --------------------------------------------------------------------------------------- */

static char *written(const struct run_result *r)
{
    char *text;
    size_t size;
    FILE *out = open_memstream(&text, &size);
    ck_assert_int_eq(run_result_write(r, out), 0);
    fclose(out);
    return text;
}

START_TEST(run_result_read__gives_back_what_was_written)
{
    struct run_result r, back;
    run_result_init(&r);
    run_result_init(&back);
    fixture_run(&r, "with space, comma\nand line end", 0xffffffffffffffff, 1000);
    r.wall_s = 0.1; /* not a binary fraction: must come back bit by bit */
    char *text = written(&r);
    FILE *in = fmemopen(text, strlen(text), "r");
    ck_assert_int_eq(run_result_read(&back, in), 0);
    fclose(in);
    char *again = written(&back);
    ck_assert_str_eq(text, again);
    ck_assert_double_eq(back.wall_s, 0.1);
    ck_assert_str_eq(back.variant, r.variant);
    free(text);
    free(again);
    run_result_fini(&r);
    run_result_fini(&back);
}
END_TEST

START_TEST(run_result_read__cut_short_anywhere)
{
    struct run_result r, back;
    run_result_init(&r);
    run_result_init(&back);
    fixture_run(&r, "nic", 1, 1000);
    char *text = written(&r);
    for (size_t n = 1; n < strlen(text); n++) {
        FILE *in = fmemopen(text, n, "r");
        ck_assert_int_eq(run_result_read(&back, in), -1);
        ck_assert_ptr_null(back.blocks);
        fclose(in);
    }
    free(text);
    run_result_fini(&r);
}
END_TEST

START_TEST(run_result_read__another_version)
{
    char text[] = "xbow-run 0\n-\n-\n";
    struct run_result back;
    run_result_init(&back);
    FILE *in = fmemopen(text, strlen(text), "r");
    ck_assert_int_eq(run_result_read(&back, in), -1);
    fclose(in);
}
END_TEST

START_TEST(run_result_copy_stats__growth_focus_and_maxima)
{
    static const char *const names[] = { "packets", "queue_bytes_max" };
    uint64_t link[] = { 5, 900 }, cpu[] = { 1, 1 };
    struct stats *s = stats_create();
    struct run_result r;
    run_result_init(&r);
    stats_register(s, "link", "a->b", names, link, 2);
    stats_register(s, "cpu", "sut/cpu0", names, cpu, 2);
    stats_mark(s);
    link[0] = 12;
    link[1] = 1000;
    run_result_copy_stats(&r, s);
    ck_assert_uint_eq(run_result_value(&r, "link", "a->b", "packets"), 7);
    ck_assert_uint_eq(run_result_value(&r, "link", "a->b", "queue_bytes_max"), 1000);
    ck_assert_uint_eq(run_result_value(&r, "link", "a->b", "no such"), 0);
    ck_assert_str_eq(r.focus, "sut");
    run_result_fini(&r);
    stats_destroy(s);
}
END_TEST

Suite *campaign_suite(void)
{
    Suite *s = suite_create("campaign");
    TCase *t = tcase_create("campaign");
    tcase_add_test(t, campaign_run__order_is_that_of_the_plan);
    tcase_add_test(t, campaign_run__fills_in_what_depends_on_the_host);
    tcase_add_test(t, campaign_run__assertion_fails_the_campaign);
    tcase_add_test(t, campaign_run__killed_child);
    tcase_add_test(t, campaign_run__failure_is_explained_by_the_child);
    tcase_add_test(t, campaign_run__repeated_warning_is_shown_once);
    tcase_add_test(t, campaign_run__interrupted);
    tcase_add_test(t, campaign_run__helper_outlives_the_run);
    tcase_add_test(t, campaign_run__variant_without_a_name);
    tcase_add_test(t, campaign_cores__at_least_one);
    suite_add_tcase(s, t);
    t = tcase_create("run_result");
    tcase_add_test(t, run_result_read__gives_back_what_was_written);
    tcase_add_test(t, run_result_read__cut_short_anywhere);
    tcase_add_test(t, run_result_read__another_version);
    tcase_add_test(t, run_result_copy_stats__growth_focus_and_maxima);
    suite_add_tcase(s, t);
    return s;
}
