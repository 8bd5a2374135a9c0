/* SPDX-License-Identifier: GPL-3.0-or-later
 * test_trace.c -- records, their limit, and tracing switched off. */
#include <check.h>
#include <string.h>

#include "core/trace.h"
#include "suites.h"

START_TEST(trace_add__keeps_what_happened)
{
    struct engine *e = engine_create();
    struct trace *t = trace_create(10);
    trace_attach(e, t);
    engine_run(e, (sim_time){ 42 });
    TRACE(e, 3, link_send, 100, 1514, 0, 0);
    TRACE(e, 4, tcp_state, 1, -2, 3, 0);
    ck_assert_uint_eq(trace_count(t), 2);
    const struct trace_record *r = trace_get(t, 0);
    ck_assert_int_eq(r->at.ps, 42);
    ck_assert_uint_eq(r->entity, 3);
    ck_assert_uint_eq(r->point, TRACE_link_send);
    ck_assert_int_eq(r->arg[0], 100);
    ck_assert_int_eq(r->arg[1], 1514);
    ck_assert_int_eq(trace_get(t, 1)->arg[1], -2);
    trace_destroy(t);
    engine_destroy(e);
}
END_TEST

START_TEST(trace_add__counts_what_it_cannot_keep)
{
    struct engine *e = engine_create();
    struct trace *t = trace_create(5000);
    trace_attach(e, t);
    for (int i = 0; i < 6000; i++) TRACE(e, 1, link_send, i, 0, 0, 0);
    ck_assert_uint_eq(trace_count(t), 5000);
    ck_assert_uint_eq(trace_lost(t), 1000);
    ck_assert_int_eq(trace_get(t, 4999)->arg[0], 4999);
    trace_destroy(t);
    trace_destroy(NULL);
    engine_destroy(e);
}
END_TEST

START_TEST(trace_attach__off_costs_no_evaluation)
{
    struct engine *e = engine_create();
    struct trace *t = trace_create(5);
    int evaluated = 0;
    TRACE(e, 1, link_send, ++evaluated, 0, 0, 0);
    trace_attach(e, t);
    trace_attach(e, NULL);
    TRACE(e, 1, link_send, ++evaluated, 0, 0, 0);
    ck_assert_int_eq(evaluated, 0);
    ck_assert_uint_eq(trace_count(t), 0);
    trace_destroy(t);
    engine_destroy(e);
}
END_TEST

START_TEST(trace_point_name__every_point_has_one)
{
    ck_assert_uint_eq(sizeof(struct trace_record), 48);
    for (int p = 0; p < N_TRACE_POINTS; p++) {
        ck_assert_uint_gt(strlen(trace_point_name((enum trace_point)p)), 0);
        for (int a = 0; a < 4; a++) ck_assert_ptr_nonnull(trace_arg_name((enum trace_point)p, a));
    }
    ck_assert_str_eq(trace_point_name(TRACE_nic_rx_frame), "nic_rx_frame");
    ck_assert_str_eq(trace_arg_name(TRACE_nic_rx_frame, 1), "queue");
    ck_assert_str_eq(trace_arg_name(TRACE_nic_rx_frame, 3), "");
}
END_TEST

Suite *trace_suite(void)
{
    Suite *s = suite_create("trace");
    TCase *tc = tcase_create("trace");
    tcase_add_test(tc, trace_add__keeps_what_happened);
    tcase_add_test(tc, trace_add__counts_what_it_cannot_keep);
    tcase_add_test(tc, trace_attach__off_costs_no_evaluation);
    tcase_add_test(tc, trace_point_name__every_point_has_one);
    suite_add_tcase(s, tc);
    return s;
}
