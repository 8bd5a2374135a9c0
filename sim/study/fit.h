/* SPDX-License-Identifier: GPL-3.0-or-later
 * fit.h -- nonlinear least squares within bounds, for functions that are simulations: costly, measured many points at a
 * time, and rough at a small scale.
 *
 * Minimises the sum of squared residuals with GSL's trust-region method (gsl_multifit_nlinear, Levenberg-Marquardt).
 * Bounds are kept by a smooth transformation: a parameter in [low, high] is low + (high - low) (1 + sin x) / 2, and x is
 * free.  Slopes are differences over FIT_STEP of the bracket to both sides, one side at a bound: steps that are small
 * enough for the function's curvature and large enough for its roughness. */
#ifndef SIM_STUDY_FIT_H
#define SIM_STUDY_FIT_H

#include <stdbool.h>
#include <stddef.h>

#define FIT_STEP 0.05     /* of a bracket, for slopes */
#define FIT_AT_BOUND 0.01 /* of a bracket: nearer to an end than this is at the end */
#define FIT_SETTLED 1e-3  /* of a bracket, or of the sum of squares: a smaller change ends the fit */
enum { FIT_ITERATIONS_MAX = 30 };

struct fit_parameter {
    double start, low, high; /* low < high */
};

/* Residuals at 'count' points, points[i * parameters + j], to residuals[i * rows + r], each in units of its own
 * tolerance.  Not 0: give up. */
typedef int fit_residuals_fn(void *ctx, const double *points, size_t count, double *residuals);

/* Called at the start (iteration 0) and after every step that was taken. */
typedef void fit_watch_fn(void *ctx, int iteration, const double *values, const double *residuals);

struct fit_problem {
    const struct fit_parameter *parameters;
    size_t parameter_count, row_count; /* rows >= parameters >= 1 */
    fit_residuals_fn *residuals;
    fit_watch_fn *watch;               /* NULL is allowed */
    void *ctx;
};

enum fit_end {
    FIT_CONVERGED,  /* values or sum of squares changed by less than FIT_SETTLED */
    FIT_STALLED,    /* no step, however small, is better: a minimum as far as the function's roughness shows */
    FIT_BLIND,      /* no residual depends on any parameter */
    FIT_UNFINISHED, /* FIT_ITERATIONS_MAX steps were not enough */
    FIT_FAILED,     /* residuals could not be had */
};

struct fit_result {
    enum fit_end end;
    int iterations;
    double squares;      /* sum of squared residuals */
    double *value;       /* per parameter */
    bool *at_low, *at_high; /* per parameter: ran into a bound */
    double *error;       /* per parameter: standard error if a row's tolerance is its standard deviation; NAN for one at
                          * a bound, held there, and for one that the rows do not determine */
    double *covariance;  /* parameters x parameters; 0 for those */
    double *slope;       /* rows x parameters: change of the residual per unit of the parameter, at the end */
    double *residual;    /* per row */
};

void fit_run(struct fit_result *result, const struct fit_problem *problem);
void fit_fini(struct fit_result *result);

/* Correlation of two parameters; 0 where one has no standard error. */
double fit_correlation(const struct fit_result *result, size_t parameter_count, size_t a, size_t b);

#endif
