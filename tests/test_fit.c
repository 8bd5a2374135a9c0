/* SPDX-License-Identifier: GPL-3.0-or-later
 * test_fit.c -- least squares within bounds, on functions whose minimum is known. */
#include "study/fit.h"

#include <check.h>
#include <math.h>

#include "suites.h"

static struct fit_result result;
static int calls;         /* of the function, in points */
static bool outside;      /* a point lay outside the bounds */
static const struct fit_parameter *bounds;
static size_t bound_count;

static void teardown(void)
{
    fit_fini(&result);
}

/* Counts, and looks whether the point is allowed. */
static void look_at(const double *point)
{
    calls++;
    for (size_t j = 0; j < bound_count; j++)
        outside |= point[j] < bounds[j].low - 1e-12 || point[j] > bounds[j].high + 1e-12;
}

static void fit_to(const struct fit_parameter *parameters, size_t n, size_t rows, fit_residuals_fn *fn,
                   fit_watch_fn *watch)
{
    bounds = parameters;
    bound_count = n;
    struct fit_problem p = { parameters, n, rows, fn, watch, NULL };
    fit_run(&result, &p);
    ck_assert(!outside);
}

/* y = a + b x at x = 0..3 with y = 1, 3, 4.9, 7.1; tolerance 0.1.  By hand: b = 2.02, a = 0.97. */
static int line(void *ctx, const double *points, size_t count, double *to)
{
    static const double y[] = { 1, 3, 4.9, 7.1 };
    (void)ctx;
    for (size_t i = 0; i < count; i++) {
        look_at(&points[2 * i]);
        for (int r = 0; r < 4; r++) to[4 * i + (size_t)r] = (points[2 * i] + points[2 * i + 1] * r - y[r]) / 0.1;
    }
    return 0;
}

START_TEST(fit_run__straight_line)
{
    const struct fit_parameter p[] = { { 3, -10, 10 }, { -3, -10, 10 } };
    fit_to(p, 2, 4, line, NULL);
    ck_assert_int_eq(result.end, FIT_CONVERGED);
    ck_assert_double_eq_tol(result.value[0], 0.97, 2e-3);
    ck_assert_double_eq_tol(result.value[1], 2.02, 2e-3);
    /* Residuals by hand -0.03, -0.01, 0.11, -0.07; covariance 0.01 [[4, 6], [6, 14]]^-1. */
    ck_assert_double_eq_tol(result.squares, 1.8, 1e-3);
    ck_assert_double_eq_tol(result.residual[2], 1.1, 0.05);
    ck_assert_double_eq_tol(result.error[0], 0.1 * sqrt(0.7), 1e-4);
    ck_assert_double_eq_tol(result.error[1], 0.1 * sqrt(0.2), 1e-4);
    ck_assert_double_eq_tol(fit_correlation(&result, 2, 0, 1), -0.3 / sqrt(0.7 * 0.2), 1e-4);
    ck_assert(!result.at_low[0] && !result.at_high[0] && !result.at_low[1] && !result.at_high[1]);
}
END_TEST

START_TEST(fit_run__minimum_beyond_a_bound_is_held_there)
{
    const struct fit_parameter p[] = { { 3, -10, 10 }, { 1, 0, 1.5 } };
    fit_to(p, 2, 4, line, NULL);
    ck_assert(result.end == FIT_CONVERGED || result.end == FIT_STALLED);
    ck_assert(result.at_high[1] && !result.at_low[1]);
    ck_assert_double_eq_tol(result.value[1], 1.5, 0.015);
    ck_assert(isnan(result.error[1]));
    /* With b held at 1.5 the best a is the mean of y - 1.5 x, 1.75, with the error of a mean of four. */
    ck_assert_double_eq_tol(result.value[0], 1.75, 0.03);
    ck_assert_double_eq_tol(result.error[0], 0.05, 1e-4);
}
END_TEST

START_TEST(fit_run__starts_at_a_bound)
{
    const struct fit_parameter p[] = { { -10, -10, 10 }, { 10, -10, 10 } };
    fit_to(p, 2, 4, line, NULL);
    ck_assert_double_eq_tol(result.value[0], 0.97, 2e-3);
    ck_assert_double_eq_tol(result.value[1], 2.02, 2e-3);
}
END_TEST

/* Rosenbrock's valley: minimum 0 at (1, 1). */
static int valley(void *ctx, const double *points, size_t count, double *to)
{
    (void)ctx;
    for (size_t i = 0; i < count; i++) {
        look_at(&points[2 * i]);
        to[2 * i] = 10 * (points[2 * i + 1] - points[2 * i] * points[2 * i]);
        to[2 * i + 1] = 1 - points[2 * i];
    }
    return 0;
}

START_TEST(fit_run__curved_valley)
{
    const struct fit_parameter p[] = { { -1.2, -2, 2 }, { 1, -2, 2 } };
    fit_to(p, 2, 2, valley, NULL);
    ck_assert_int_eq(result.end, FIT_CONVERGED);
    ck_assert_double_eq_tol(result.value[0], 1, 0.02);
    ck_assert_double_eq_tol(result.value[1], 1, 0.04);
}
END_TEST

/* Only the sum of the first two counts; the third does nothing. */
static int sum_only(void *ctx, const double *points, size_t count, double *to)
{
    (void)ctx;
    for (size_t i = 0; i < count; i++) {
        look_at(&points[3 * i]);
        for (size_t r = 0; r < 3; r++) to[3 * i + r] = (points[3 * i] + points[3 * i + 1] - 1) * (double)(r + 1);
    }
    return 0;
}

START_TEST(fit_run__says_what_is_not_determined)
{
    const struct fit_parameter p[] = { { 0, -3, 3 }, { 0, -3, 3 }, { 0.5, 0, 1 } };
    fit_to(p, 3, 3, sum_only, NULL);
    ck_assert_int_eq(result.end, FIT_CONVERGED);
    ck_assert_double_eq_tol(result.value[0] + result.value[1], 1, 0.02);
    ck_assert_double_eq_tol(result.value[2], 0.5, 1e-9);
    ck_assert(isnan(result.error[2]));
    ck_assert(isnan(result.error[0]) || isnan(result.error[1])); /* one and the same to these rows */
}
END_TEST

static int deaf(void *ctx, const double *points, size_t count, double *to)
{
    (void)ctx;
    for (size_t i = 0; i < count; i++) {
        look_at(&points[i]);
        to[i] = 5;
    }
    return 0;
}

START_TEST(fit_run__nothing_depends_on_anything)
{
    const struct fit_parameter p[] = { { 1, 0, 2 } };
    fit_to(p, 1, 1, deaf, NULL);
    ck_assert_int_eq(result.end, FIT_BLIND);
    ck_assert_double_eq(result.value[0], 1);
}
END_TEST

/* A parabola in steps of a hundredth of the bracket, as a simulation of whole packets gives: slopes taken too near each
 * other would be nothing or infinite. */
static int stairs(void *ctx, const double *points, size_t count, double *to)
{
    (void)ctx;
    for (size_t i = 0; i < count; i++) {
        look_at(&points[i]);
        to[i] = floor(points[i] * 50) / 50 - 1.3;
    }
    return 0;
}

START_TEST(fit_run__rough_function)
{
    const struct fit_parameter p[] = { { 0.2, 0, 2 } };
    fit_to(p, 1, 1, stairs, NULL);
    ck_assert(result.end == FIT_CONVERGED || result.end == FIT_STALLED);
    ck_assert_double_eq_tol(result.value[0], 1.3, 0.04);
}
END_TEST

static int broken(void *ctx, const double *points, size_t count, double *to)
{
    (void)ctx, (void)to;
    for (size_t i = 0; i < count; i++) {
        look_at(&points[i]);
        to[i] = points[i];
    }
    return calls > 1;
}

START_TEST(fit_run__gives_up_when_the_function_fails)
{
    const struct fit_parameter p[] = { { 1, 0, 2 } };
    fit_to(p, 1, 1, broken, NULL);
    ck_assert_int_eq(result.end, FIT_FAILED);
}
END_TEST

static int not_a_number(void *ctx, const double *points, size_t count, double *to)
{
    (void)ctx, (void)points;
    for (size_t i = 0; i < count; i++) to[i] = NAN;
    return 0;
}

START_TEST(fit_run__gives_up_on_what_is_no_number)
{
    const struct fit_parameter p[] = { { 1, 0, 2 } };
    fit_to(p, 1, 1, not_a_number, NULL);
    ck_assert_int_eq(result.end, FIT_FAILED);
}
END_TEST

static int steps_seen;
static double squares_seen;

static void watch(void *ctx, int iteration, const double *values, const double *residuals)
{
    double squares = 0;
    (void)ctx, (void)values;
    ck_assert_int_eq(iteration, steps_seen++);
    for (int r = 0; r < 4; r++) squares += residuals[r] * residuals[r];
    if (iteration > 0) ck_assert_double_le(squares, squares_seen);
    squares_seen = squares;
}

START_TEST(fit_run__every_step_is_better)
{
    const struct fit_parameter p[] = { { 3, -10, 10 }, { -3, -10, 10 } };
    fit_to(p, 2, 4, line, watch);
    ck_assert_int_eq(steps_seen, result.iterations + 1);
    ck_assert_double_eq_tol(squares_seen, result.squares, 1e-12);
}
END_TEST

Suite *fit_suite(void)
{
    Suite *s = suite_create("fit");
    TCase *t = tcase_create("fit");
    tcase_add_checked_fixture(t, NULL, teardown);
    tcase_add_test(t, fit_run__straight_line);
    tcase_add_test(t, fit_run__minimum_beyond_a_bound_is_held_there);
    tcase_add_test(t, fit_run__starts_at_a_bound);
    tcase_add_test(t, fit_run__curved_valley);
    tcase_add_test(t, fit_run__says_what_is_not_determined);
    tcase_add_test(t, fit_run__nothing_depends_on_anything);
    tcase_add_test(t, fit_run__rough_function);
    tcase_add_test(t, fit_run__gives_up_when_the_function_fails);
    tcase_add_test(t, fit_run__gives_up_on_what_is_no_number);
    tcase_add_test(t, fit_run__every_step_is_better);
    suite_add_tcase(s, t);
    return s;
}
