/* SPDX-License-Identifier: GPL-3.0-or-later
 * calibrate.c -- the fit of fit.c on the simulations of experiment.c.
 *
 *   residual of a row = (mean of the metric over the seeds - value) / tolerance
 *
 * Prices are rounded to PRICE_DIGITS before they are simulated, and no point is simulated twice: a step
 * that is refused again and again ends at points that are known. */
#include "study/calibrate.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "core/assert.h"
#include "study/calibrate_impl.h"
#include "study/experiment.h"

enum { PRICE_DIGITS = 6 };

struct calibrator {
    const struct calibration *c;
    const struct calibrate_options *options;
    struct experiment *experiment;
    double *points, *values; /* measured so far: entries, and rows times replications, per point */
    size_t count, room;
    int step;                /* of the fit, for the progress line */
    FILE *to;
};

static size_t values_per_point(const struct calibrator *k)
{
    return k->c->row_count * (size_t)k->options->reps;
}

/* Index of a point among those that were measured, -1 when it is new. */
static ptrdiff_t find_point(const struct calibrator *k, const double *point)
{
    size_t n = k->c->fit.count;
    for (size_t i = 0; i < k->count; i++)
        if (memcmp(&k->points[i * n], point, n * sizeof *point) == 0) return (ptrdiff_t)i;
    return -1;
}

/* Appends the point, not measured yet; false when it is known. */
static bool note_point(struct calibrator *k, const double *point)
{
    size_t n = k->c->fit.count;

    if (find_point(k, point) >= 0) return false;
    if (k->count == k->room) {
        k->room = k->room ? 2 * k->room : 16;
        k->points = realloc(k->points, k->room * n * sizeof *k->points);
        k->values = realloc(k->values, k->room * values_per_point(k) * sizeof *k->values);
        SIM_ASSERT(k->points && k->values);
    }
    memcpy(&k->points[k->count++ * n], point, n * sizeof *point);
    return true;
}

static double rounded_price(double price)
{
    char text[32];
    snprintf(text, sizeof text, "%.*g", PRICE_DIGITS, price);
    return strtod(text, NULL);
}

static void round_point(const struct calibrator *k, const double *point, double *rounded)
{
    for (size_t j = 0; j < k->c->fit.count; j++) rounded[j] = rounded_price(point[j]);
}

/* Measures those of the points that are new, in one go. */
static int measure(struct calibrator *k, const double *points, size_t count)
{
    size_t n = k->c->fit.count, known = k->count;
    double *rounded = calloc(n, sizeof *rounded);
    char label[40];

    SIM_ASSERT(rounded);
    for (size_t i = 0; i < count; i++) {
        round_point(k, &points[i * n], rounded);
        note_point(k, rounded);
    }
    free(rounded);
    if (k->count == known) return 0;
    snprintf(label, sizeof label, "step %d", k->step);
    if (experiment_measure(k->experiment, &k->points[known * n], k->count - known, label,
                           &k->values[known * values_per_point(k)]) == 0)
        return 0;
    k->count = known;
    return -1;
}

/* The mean of a row at a point that was measured. */
static struct interval row_at(const struct calibrator *k, const double *point, size_t row)
{
    size_t reps = (size_t)k->options->reps;
    double *rounded = calloc(k->c->fit.count, sizeof *rounded);

    SIM_ASSERT(rounded);
    round_point(k, point, rounded);
    ptrdiff_t i = find_point(k, rounded);
    SIM_ASSERT(i >= 0);
    free(rounded);
    return interval_of(&k->values[(size_t)i * values_per_point(k) + row * reps], reps);
}

static int residuals(void *ctx, const double *points, size_t count, double *to)
{
    struct calibrator *k = ctx;
    size_t n = k->c->fit.count, rows = k->c->row_count;
    char name[CALIBRATE_NAME_BYTES];

    if (measure(k, points, count)) return -1;
    for (size_t i = 0; i < count; i++)
        for (size_t r = 0; r < rows; r++) {
            struct interval v = row_at(k, &points[i * n], r);
            if (v.n == 0) {
                fprintf(stderr, "xbow: the runs have nothing to compute %s from\n",
                        calibrate_row_name(k->c, r, name));
                return -1;
            }
            to[i * rows + r] = (v.mean - calibration_target(&k->c->rows[r])) / calibration_tolerance(&k->c->rows[r]);
        }
    return 0;
}

static void watch(void *ctx, int iteration, const double *values, const double *at)
{
    struct calibrator *k = ctx;
    if (!k->options->quiet) calibrate_print_step(k->c, iteration, values, at, k->to);
    fflush(k->to);
    k->step = iteration + 1;
}

/* Why a fit is not worth a profile; NULL when it is. */
static const char *came_to_nothing(enum fit_end end)
{
    switch (end) {
    case FIT_BLIND: return "no row depends on any of the entries to fit";
    case FIT_UNFINISHED: return "the fit does not settle; fewer entries, other rows or more replications may help";
    case FIT_FAILED: return "the fit was given up";
    default: return NULL;
    }
}

static int conclude(struct calibrator *k, const struct fit_result *fit, const double *start)
{
    size_t rows = k->c->row_count;
    struct interval *at_start = calloc(rows, sizeof *at_start), *at_end = calloc(rows, sizeof *at_end);
    struct calibrate_outcome o = { k->c, k->options, fit, at_start, at_end };
    struct errors errors;

    SIM_ASSERT(at_start && at_end);
    errors_init(&errors);
    for (size_t j = 0; j < k->c->fit.count; j++) fit->value[j] = rounded_price(fit->value[j]);
    for (size_t r = 0; r < rows; r++) {
        at_start[r] = row_at(k, start, r);
        at_end[r] = row_at(k, fit->value, r);
    }
    if (!k->options->quiet) calibrate_print_outcome(&o, k->to);
    int bad = calibrate_write_profile(&o, &errors);
    errors_print(&errors, stderr);
    errors_fini(&errors);
    free(at_start);
    free(at_end);
    return bad;
}

static int fit_all(struct calibrator *k)
{
    const struct calibration *c = k->c;
    size_t n = c->fit.count;
    struct fit_parameter *parameters = calloc(n, sizeof *parameters);
    double *start = calloc(n, sizeof *start);
    struct fit_problem problem = { parameters, n, c->row_count, residuals, watch, k };
    struct fit_result fit;

    SIM_ASSERT(parameters && start);
    for (size_t j = 0; j < n; j++) {
        const struct cost_entry *e = cost_profile_find(c->start, c->fit.list[j]);
        parameters[j] = (struct fit_parameter){ start[j] = e->value, e->low, e->high };
    }
    int bad = measure(k, start, 1);
    if (!bad) {
        fit_run(&fit, &problem);
        const char *why = came_to_nothing(fit.end);
        if (why) fprintf(stderr, "xbow: %s: %s\n", c->file, why);
        bad = why ? -1 : conclude(k, &fit, start);
        fit_fini(&fit);
    }
    free(parameters);
    free(start);
    return bad;
}

int calibrate(const struct calibration *c, const struct calibrate_options *options, FILE *to)
{
    struct calibrator k = { .c = c, .options = options, .to = to };
    struct experiment_probe *probes = calloc(c->row_count, sizeof *probes);

    SIM_ASSERT(probes);
    for (size_t r = 0; r < c->row_count; r++)
        probes[r] = (struct experiment_probe){ c->rows[r].kind, c->rows[r].variant };
    struct experiment_config config = {
        &c->study, c->start, (const char *const *)c->fit.list, c->fit.count, probes, c->row_count,
        options->seed, options->reps, options->jobs, options->quiet,
    };
    k.experiment = experiment_create(&config);
    if (!options->quiet) calibrate_print_head(c, options, to);
    int bad = fit_all(&k);
    experiment_destroy(k.experiment);
    free(probes);
    free(k.points);
    free(k.values);
    return bad;
}
