/* SPDX-License-Identifier: GPL-3.0-or-later
 * fit.c -- GSL's solver around a function that is measured in batches. */
#include "study/fit.h"

#include <gsl/gsl_errno.h>
#include <gsl/gsl_multifit_nlinear.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "core/assert.h"

#define TINY_SQUARES 1e-4      /* per row: every residual is about 1 % of its tolerance */
#define DEPENDENT 1e-4         /* slopes of two parameters that differ less are one and the same */

struct fit {
    const struct fit_problem *problem;
    double *slope;             /* of the last point at which it was asked for; the solver's */
    bool failed;
};

static double *numbers(size_t n)
{
    double *list = calloc(n > 0 ? n : 1, sizeof *list);
    SIM_ASSERT(list);
    return list;
}

/* -- bounds ------------------------------------------------------------------------------------------------------- */

static double width(const struct fit_parameter *p)
{
    return p->high - p->low;
}

static double value_of(const struct fit_parameter *p, double x)
{
    return p->low + width(p) * (1 + sin(x)) / 2;
}

static double slope_of(const struct fit_parameter *p, double x)
{
    return width(p) * cos(x) / 2;
}

/* A start at a bound, where the transformation is flat, is moved inside by FIT_AT_BOUND of the bracket. */
static double free_of(const struct fit_parameter *p)
{
    double share = (p->start - p->low) / width(p);
    return asin(2 * fmin(fmax(share, FIT_AT_BOUND), 1 - FIT_AT_BOUND) - 1);
}

static void values_of(const struct fit_problem *p, const gsl_vector *x, double *values)
{
    for (size_t j = 0; j < p->parameter_count; j++) values[j] = value_of(&p->parameters[j], gsl_vector_get(x, j));
}

/* -- what the solver calls ---------------------------------------------------------------------------------------- */

static int measure(struct fit *f, const double *points, size_t count, double *residuals)
{
    f->failed |= f->problem->residuals(f->problem->ctx, points, count, residuals) != 0;
    for (size_t i = 0; i < count * f->problem->row_count; i++) f->failed |= !isfinite(residuals[i]);
    return f->failed ? GSL_EFAILED : GSL_SUCCESS;
}

static int solver_f(const gsl_vector *x, void *ctx, gsl_vector *to)
{
    struct fit *f = ctx;
    double *values = numbers(f->problem->parameter_count), *residuals = numbers(f->problem->row_count);

    values_of(f->problem, x, values);
    int code = measure(f, values, 1, residuals);
    for (size_t r = 0; r < f->problem->row_count; r++) gsl_vector_set(to, r, code ? 0 : residuals[r]);
    free(values);
    free(residuals);
    return code;
}

/* Points beside 'values', two for each parameter, all measured at once; the differences become f->slope. */
static int measure_slopes(struct fit *f, const double *values)
{
    const struct fit_problem *p = f->problem;
    size_t n = p->parameter_count, rows = p->row_count;
    double *points = numbers(2 * n * n), *residuals = numbers(2 * n * rows);

    for (size_t i = 0; i < 2 * n; i++) {
        const struct fit_parameter *q = &p->parameters[i / 2];
        double step = (i % 2 ? FIT_STEP : -FIT_STEP) * width(q);
        memcpy(&points[i * n], values, n * sizeof *values);
        points[i * n + i / 2] = fmin(fmax(values[i / 2] + step, q->low), q->high);
    }
    int code = measure(f, points, 2 * n, residuals);
    for (size_t j = 0; j < n && !code; j++) {
        double between = points[(2 * j + 1) * n + j] - points[2 * j * n + j];
        for (size_t r = 0; r < rows; r++)
            f->slope[r * n + j] = (residuals[(2 * j + 1) * rows + r] - residuals[2 * j * rows + r]) / between;
    }
    free(points);
    free(residuals);
    return code;
}

static int solver_df(const gsl_vector *x, void *ctx, gsl_matrix *to)
{
    struct fit *f = ctx;
    const struct fit_problem *p = f->problem;
    double *values = numbers(p->parameter_count);

    values_of(p, x, values);
    int code = measure_slopes(f, values);
    for (size_t r = 0; r < p->row_count && !code; r++)
        for (size_t j = 0; j < p->parameter_count; j++)
            gsl_matrix_set(to, r, j, f->slope[r * p->parameter_count + j] *
                                     slope_of(&p->parameters[j], gsl_vector_get(x, j)));
    free(values);
    return code;
}

/* -- the end ------------------------------------------------------------------------------------------------------ */

static bool is_held(const struct fit_result *result, size_t j)
{
    return result->at_low[j] || result->at_high[j];
}

/* The inverse of slope' slope over the parameters that are not held at a bound, in units of their brackets, where a
 * parameter that the rows do not determine shows as a dependent or an empty column. */
static void find_errors(struct fit_result *result, const struct fit_problem *p)
{
    size_t n = p->parameter_count, free_count = 0;
    size_t *at = calloc(n, sizeof *at);

    SIM_ASSERT(at);
    for (size_t j = 0; j < n; j++) {
        result->error[j] = NAN;
        if (!is_held(result, j)) at[free_count++] = j;
    }
    if (free_count > 0) {
        gsl_matrix *slope = gsl_matrix_alloc(p->row_count, free_count);
        gsl_matrix *inverse = gsl_matrix_alloc(free_count, free_count);
        SIM_ASSERT(slope && inverse);
        for (size_t r = 0; r < p->row_count; r++)
            for (size_t j = 0; j < free_count; j++)
                gsl_matrix_set(slope, r, j, result->slope[r * n + at[j]] * width(&p->parameters[at[j]]));
        gsl_multifit_nlinear_covar(slope, DEPENDENT, inverse);
        for (size_t a = 0; a < free_count; a++)
            for (size_t b = 0; b < free_count; b++)
                result->covariance[at[a] * n + at[b]] = gsl_matrix_get(inverse, a, b) *
                    width(&p->parameters[at[a]]) * width(&p->parameters[at[b]]);
        for (size_t j = 0; j < free_count; j++) {
            double variance = result->covariance[at[j] * n + at[j]];
            if (variance > 0) result->error[at[j]] = sqrt(variance);
        }
        gsl_matrix_free(slope);
        gsl_matrix_free(inverse);
    }
    free(at);
}

static void note_bounds(struct fit_result *result, const struct fit_problem *p)
{
    for (size_t j = 0; j < p->parameter_count; j++) {
        double share = (result->value[j] - p->parameters[j].low) / width(&p->parameters[j]);
        result->at_low[j] = share < FIT_AT_BOUND;
        result->at_high[j] = share > 1 - FIT_AT_BOUND;
    }
}

static bool all_zero(const double *list, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (fabs(list[i]) > 0) return false;
    return true;
}

/* -- the fit ------------------------------------------------------------------------------------------------------ */

/* Takes over where the solver stands; returns the largest change of a value, in brackets, and of the squares. */
static double take_state(struct fit_result *result, const struct fit_problem *p, const gsl_multifit_nlinear_workspace *w)
{
    const gsl_vector *residuals = gsl_multifit_nlinear_residual(w);
    double moved = 0, squares = 0;

    for (size_t r = 0; r < p->row_count; r++) {
        result->residual[r] = gsl_vector_get(residuals, r);
        squares += result->residual[r] * result->residual[r];
    }
    for (size_t j = 0; j < p->parameter_count; j++) {
        double value = value_of(&p->parameters[j], gsl_vector_get(gsl_multifit_nlinear_position(w), j));
        moved = fmax(moved, fabs(value - result->value[j]) / width(&p->parameters[j]));
        result->value[j] = value;
    }
    double gained = (result->squares - squares) / fmax(squares, TINY_SQUARES);
    result->squares = squares;
    return fmin(moved, fabs(gained));
}

static void watch(const struct fit_result *result, const struct fit_problem *p)
{
    if (p->watch) p->watch(p->ctx, result->iterations, result->value, result->residual);
}

static enum fit_end iterate(struct fit_result *result, struct fit *f, gsl_multifit_nlinear_workspace *w)
{
    const struct fit_problem *p = f->problem;

    while (result->iterations < FIT_ITERATIONS_MAX) {
        if (result->squares < TINY_SQUARES * (double)p->row_count) return FIT_CONVERGED;
        int code = gsl_multifit_nlinear_iterate(w);
        if (f->failed) return FIT_FAILED;
        if (code) return FIT_STALLED;
        result->iterations++;
        double change = take_state(result, p, w);
        watch(result, p);
        if (change < FIT_SETTLED) return FIT_CONVERGED;
    }
    return FIT_UNFINISHED;
}

static enum fit_end solve(struct fit_result *result, struct fit *f, gsl_multifit_nlinear_workspace *w)
{
    const struct fit_problem *p = f->problem;
    gsl_multifit_nlinear_fdf fdf = { .f = solver_f, .df = solver_df, .n = p->row_count, .p = p->parameter_count,
                                     .params = f };
    gsl_vector *x = gsl_vector_alloc(p->parameter_count);

    SIM_ASSERT(x);
    for (size_t j = 0; j < p->parameter_count; j++) gsl_vector_set(x, j, free_of(&p->parameters[j]));
    int code = gsl_multifit_nlinear_init(x, &fdf, w);
    enum fit_end end = FIT_FAILED;
    if (!code && !f->failed) {
        take_state(result, p, w);
        watch(result, p);
        end = all_zero(f->slope, p->row_count * p->parameter_count) ? FIT_BLIND : iterate(result, f, w);
    }
    gsl_vector_free(x);
    return end;
}

void fit_run(struct fit_result *result, const struct fit_problem *problem)
{
    size_t n = problem->parameter_count, rows = problem->row_count;
    struct fit f = { .problem = problem, .slope = numbers(rows * n) };
    gsl_multifit_nlinear_parameters how = gsl_multifit_nlinear_default_parameters();

    SIM_ASSERT(n > 0 && rows >= n);
    *result = (struct fit_result){ .value = numbers(n), .error = numbers(n), .covariance = numbers(n * n),
                                   .residual = numbers(rows), .at_low = calloc(n, sizeof *result->at_low),
                                   .at_high = calloc(n, sizeof *result->at_high) };
    SIM_ASSERT(result->at_low && result->at_high);
    gsl_error_handler_t *before = gsl_set_error_handler_off();
    how.solver = gsl_multifit_nlinear_solver_qr; /* a parameter without effect must not stop the others */
    gsl_multifit_nlinear_workspace *w = gsl_multifit_nlinear_alloc(gsl_multifit_nlinear_trust, &how, rows, n);
    SIM_ASSERT(w);
    result->end = solve(result, &f, w);
    result->slope = f.slope;
    if (result->end != FIT_FAILED) {
        note_bounds(result, problem);
        find_errors(result, problem);
    }
    gsl_multifit_nlinear_free(w);
    gsl_set_error_handler(before);
}

void fit_fini(struct fit_result *result)
{
    free(result->value);
    free(result->at_low);
    free(result->at_high);
    free(result->error);
    free(result->covariance);
    free(result->slope);
    free(result->residual);
    *result = (struct fit_result){ 0 };
}

double fit_correlation(const struct fit_result *result, size_t parameter_count, size_t a, size_t b)
{
    double product = result->error[a] * result->error[b]; /* NAN where one has no error */
    return product > 0 ? result->covariance[a * parameter_count + b] / product : 0;
}
