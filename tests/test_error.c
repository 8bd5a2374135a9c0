/* SPDX-License-Identifier: GPL-3.0-or-later
 * test_error.c -- the user's mistakes as text, and our own as an abort. */
#include <check.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "core/assert.h"
#include "core/drops.h"
#include "core/error.h"
#include "suites.h"

START_TEST(errors_add__says_where)
{
    struct errors e;
    errors_init(&e);
    struct error_at at = { "a.yaml", 3, 7 };
    ck_assert_int_eq(errors_add(&e, at, "bad rate '%s', expected e.g. 10Gbps", "x"), -1);
    errors_add(&e, (struct error_at){ .file = "a.yaml" }, "cannot be read");
    errors_add(&e, (struct error_at){ 0 }, "no such option");
    ck_assert_uint_eq(e.count, 3);
    ck_assert_str_eq(e.list[0].text, "a.yaml:3:7: bad rate 'x', expected e.g. 10Gbps");
    ck_assert_str_eq(e.list[1].text, "a.yaml: cannot be read");
    ck_assert_str_eq(e.list[2].text, "no such option");
    errors_fini(&e);
    ck_assert_uint_eq(e.count, 0);
}
END_TEST

START_TEST(errors_merge__tells_nothing_twice)
{
    struct errors e, more;
    errors_init(&e);
    errors_init(&more);
    errors_add(&e, (struct error_at){ "f", 1, 1 }, "a");
    errors_add(&e, (struct error_at){ "f", 2, 1 }, "b");
    errors_add(&more, (struct error_at){ "f", 2, 1 }, "b");
    errors_add(&more, (struct error_at){ "f", 2, 2 }, "b");
    errors_merge(&e, &more);
    errors_merge(&e, &more);
    ck_assert_uint_eq(e.count, 3);
    ck_assert_str_eq(e.list[2].text, "f:2:2: b");
    more.suppressed = 2;
    errors_merge(&e, &more);
    ck_assert_uint_eq(e.suppressed, 2);
    errors_fini(&e);
    errors_fini(&more);
}
END_TEST

START_TEST(errors_read__takes_what_errors_print_prints)
{
    struct errors e, again;
    errors_init(&e);
    errors_init(&again);
    char longest[1500];
    memset(longest, 'x', sizeof longest);
    longest[sizeof longest - 1] = '\0';
    for (int i = 0; i < ERRORS_MAX + 5; i++) errors_add(&e, (struct error_at){ longest, i + 1, 1 }, "%d %s", i, longest);
    FILE *file = tmpfile();
    ck_assert_ptr_nonnull(file);
    for (int turn = 0; turn < 2; turn++) {
        rewind(file);
        errors_print(&e, file);
        rewind(file);
        errors_read(&again, file);
    }
    fclose(file);
    ck_assert_uint_eq(again.count, ERRORS_MAX);
    ck_assert_uint_eq(again.suppressed, 10); /* those that are not told cannot be compared */
    for (size_t i = 0; i < again.count; i++) ck_assert_str_eq(again.list[i].text, e.list[i].text);
    errors_fini(&e);
    errors_fini(&again);
}
END_TEST

START_TEST(errors_add__many_are_counted_not_kept)
{
    struct errors e;
    char *text = NULL;
    size_t size = 0;
    errors_init(&e);
    for (int i = 0; i < ERRORS_MAX + 5; i++) errors_add(&e, (struct error_at){ "f", i + 1, 1 }, "m%d", i);
    ck_assert_uint_eq(e.count, ERRORS_MAX);
    ck_assert_uint_eq(e.suppressed, 5);
    FILE *out = open_memstream(&text, &size);
    errors_print(&e, out);
    fclose(out);
    ck_assert_ptr_eq(strstr(text, "f:1:1: m0\nf:2:1: m1\n"), text);
    ck_assert_ptr_nonnull(strstr(text, "f:100:1: m99\n(and 5 more)\n"));
    free(text);
    errors_fini(&e);
}
END_TEST

START_TEST(errors_add__long_and_hostile_text_stays_one_line)
{
    struct errors e;
    char *giant = malloc(100000);
    memset(giant, 'g', 99999);
    giant[99999] = 0;
    errors_init(&e);
    errors_add(&e, (struct error_at){ giant, 1, 1 }, "%s", giant);
    ck_assert_uint_lt(strlen(e.list[0].text), 2000);
    errors_add(&e, (struct error_at){ "a\nb", 1, 1 }, "unknown key 'x\n\x1b[2Jy\x7f'");
    ck_assert_str_eq(e.list[1].text, "a?b:1:1: unknown key 'x??[2Jy?'");
    errors_add(&e, (struct error_at){ .file = "h\xc3\xb6st" }, "key '\xc3\xa4'");
    ck_assert_str_eq(e.list[2].text, "h\xc3\xb6st: key '\xc3\xa4'");
    errors_fini(&e);
    free(giant);
}
END_TEST

START_TEST(sim_assert__aborts)
{
    SIM_ASSERT(1 + 1 == 2);
    SIM_ASSERT(1 + 1 == 3);
}
END_TEST

/* A child fails the assertion with its stderr in a file. */
START_TEST(sim_assert__says_when_who_and_how_to_replay)
{
    sim_time now = { 1234 };
    const char *entity = "link7";
    char said[512] = "";
    int status;
    FILE *file = tmpfile();
    ck_assert_ptr_nonnull(file);
    pid_t child = fork();
    ck_assert_int_ge(child, 0);
    if (child == 0) {
        dup2(fileno(file), STDERR_FILENO);
        sim_replay_set(&(struct sim_replay){ &now, &entity, 99, "xbow run a.yaml --seed 99" });
        SIM_ASSERT(now.ps == 0);
        _exit(0);
    }
    ck_assert_int_eq(waitpid(child, &status, 0), child);
    ck_assert(WIFSIGNALED(status) && WTERMSIG(status) == SIGABRT);
    rewind(file);
    ck_assert_uint_gt(fread(said, 1, sizeof said - 1, file), 0);
    ck_assert_ptr_nonnull(strstr(said, "now.ps == 0 does not hold"));
    ck_assert_ptr_nonnull(strstr(said, "simulated time 1234 ps, entity link7, seed 99"));
    ck_assert_ptr_nonnull(strstr(said, "replay with: xbow run a.yaml --seed 99"));
    fclose(file);
}
END_TEST

START_TEST(drop_name__every_reason_has_a_unique_one)
{
    for (int i = 0; i < N_DROP_REASONS; i++) {
        ck_assert_uint_gt(strlen(drop_name((enum drop_reason)i)), 0);
        ck_assert_uint_gt(strlen(drop_meaning((enum drop_reason)i)), 0);
        for (int k = 0; k < i; k++) ck_assert_str_ne(drop_name((enum drop_reason)i), drop_name((enum drop_reason)k));
    }
    ck_assert_str_eq(drop_name(DROP_LINK_FULL), "link_full");
}
END_TEST

Suite *error_suite(void)
{
    Suite *s = suite_create("error");
    TCase *tc = tcase_create("error");
    tcase_add_test(tc, errors_add__says_where);
    tcase_add_test(tc, errors_merge__tells_nothing_twice);
    tcase_add_test(tc, errors_read__takes_what_errors_print_prints);
    tcase_add_test(tc, errors_add__many_are_counted_not_kept);
    tcase_add_test(tc, errors_add__long_and_hostile_text_stays_one_line);
    tcase_add_test_raise_signal(tc, sim_assert__aborts, SIGABRT);
    tcase_add_test(tc, sim_assert__says_when_who_and_how_to_replay);
    tcase_add_test(tc, drop_name__every_reason_has_a_unique_one);
    suite_add_tcase(s, tc);
    return s;
}
