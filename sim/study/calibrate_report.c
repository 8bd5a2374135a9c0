/* SPDX-License-Identifier: GPL-3.0-or-later
 * calibrate_report.c -- the tables that a person reads while a fit goes on, and when it is over. */
#include <gsl/gsl_cdf.h>
#include <math.h>
#include <string.h>

#include "report/table.h"
#include "study/calibrate_impl.h"

/* How far a standard error, as a share of the bracket, lets a value be believed.  The bracket itself, taken as a uniform
 * distribution, has a deviation of 0.29 of its width. */
#define WELL_DETERMINED 0.1
#define BETTER_THAN_BRACKET 0.29
#define BY_CHANCE 0.01         /* a sum of squares that would be exceeded this often */
#define HARD_TO_TELL_APART 0.9 /* correlation */

static const struct cost_entry *entry_of(const struct calibration *c, size_t j)
{
    return cost_profile_find(c->start, c->fit.list[j]);
}

const char *calibrate_row_name(const struct calibration *c, size_t row, char name[CALIBRATE_NAME_BYTES])
{
    const struct calibration_row *r = &c->rows[row];
    snprintf(name, CALIBRATE_NAME_BYTES, "%s%s%s", r->kind->name, r->of.text ? " of " : "", r->of.text ? r->of.text : "");
    return name;
}

/* -- steps -------------------------------------------------------------------------------------------------------- */

static int column(const char *name)
{
    return strlen(name) > 10 ? (int)strlen(name) : 10;
}

void calibrate_print_head(const struct calibration *c, const struct calibrate_options *options, FILE *to)
{
    fprintf(to, "%s\n", c->title ? c->title : c->file);
    fprintf(to, "%zu entr%s of %s fitted to %zu row%s of %s, seeds %llu to %llu\n\n", c->fit.count,
            c->fit.count == 1 ? "y" : "ies", c->start->name, c->row_count, c->row_count == 1 ? "" : "s",
            c->scenario_path, (unsigned long long)options->seed,
            (unsigned long long)options->seed + (unsigned long long)options->reps - 1);
    fprintf(to, "Steps: prices in the profile's units; residuals in tolerances; squares is the sum of their squares.\n");
    fprintf(to, "%4s", "step");
    for (size_t j = 0; j < c->fit.count; j++) fprintf(to, "  %*s", column(c->fit.list[j]), c->fit.list[j]);
    fprintf(to, "  | ");
    for (size_t r = 0; r < c->row_count; r++) fprintf(to, "%*s  ", column(c->rows[r].kind->name), c->rows[r].kind->name);
    fprintf(to, "| %10s\n", "squares");
}

void calibrate_print_step(const struct calibration *c, int iteration, const double *values, const double *residuals,
                          FILE *to)
{
    double squares = 0;

    fprintf(to, "%4d", iteration);
    for (size_t j = 0; j < c->fit.count; j++) fprintf(to, "  %*.5g", column(c->fit.list[j]), values[j]);
    fprintf(to, "  | ");
    for (size_t r = 0; r < c->row_count; r++) {
        fprintf(to, "%+*.2f  ", column(c->rows[r].kind->name), residuals[r]);
        squares += residuals[r] * residuals[r];
    }
    fprintf(to, "| %10.4g\n", squares);
}

/* -- outcome ------------------------------------------------------------------------------------------------------ */

static const char *how_sure(const struct calibrate_outcome *o, size_t j)
{
    const struct cost_entry *e = entry_of(o->c, j);
    double share = o->fit->error[j] / (e->high - e->low);

    if (o->fit->at_low[j]) return "ran into its lower bound";
    if (o->fit->at_high[j]) return "ran into its upper bound";
    if (isnan(share)) return "not determined by these rows";
    if (share < WELL_DETERMINED) return "well determined";
    return share < BETTER_THAN_BRACKET ? "weakly determined" : "not determined: the bracket says as much";
}

static void print_entries(const struct calibrate_outcome *o, FILE *to)
{
    const struct calibration *c = o->c;

    fprintf(to, "\n%-18s %10s %10s %12s  %-20s %s\n", "entry", "start", "fitted", "std error", "bracket", "");
    for (size_t j = 0; j < c->fit.count; j++) {
        const struct cost_entry *e = entry_of(c, j);
        char bracket[64], error[32] = "-";
        snprintf(bracket, sizeof bracket, "%g to %g %s", e->low, e->high, e->unit);
        if (!isnan(o->fit->error[j])) snprintf(error, sizeof error, "%.3g", o->fit->error[j]);
        fprintf(to, "%-18s %10.6g %10.6g %12s  %-20s %s\n", c->fit.list[j], e->value, o->fit->value[j], error, bracket,
                how_sure(o, j));
    }
}

static void print_correlations(const struct calibrate_outcome *o, FILE *to)
{
    const struct calibration *c = o->c;
    size_t n = c->fit.count;

    for (size_t a = 0; a < n; a++)
        for (size_t b = a + 1; b < n; b++) {
            double r = fit_correlation(o->fit, n, a, b);
            if (!(fabs(r) > 0)) continue;
            fprintf(to, "correlation of %s and %s: %.2f%s\n", c->fit.list[a], c->fit.list[b], r,
                    fabs(r) > HARD_TO_TELL_APART ? ", these rows hardly tell them apart" : "");
        }
}

static void print_rows(const struct calibrate_outcome *o, FILE *to)
{
    char text[CALIBRATE_NAME_BYTES];

    fprintf(to, "\n%-36s %18s %24s %24s %10s\n", "row", "measured", "start", "fitted", "residual");
    for (size_t r = 0; r < o->c->row_count; r++) {
        const struct calibration_row *row = &o->c->rows[r];
        struct interval target = { 1, calibration_target(row), NAN, 0, 0 };
        enum metric_kind kind = row->kind->kind;
        fprintf(to, "%-36s", calibrate_row_name(o->c, r, text));
        table_put_right(to, metric_format(kind, &target, text, sizeof text), 19);
        table_put_right(to, metric_format(kind, &o->at_start[r], text, sizeof text), 25);
        table_put_right(to, metric_format(kind, &o->at_end[r], text, sizeof text), 25);
        fprintf(to, " %+10.2f\n", o->fit->residual[r]);
    }
}

void calibrate_print_outcome(const struct calibrate_outcome *o, FILE *to)
{
    size_t over = o->c->row_count - o->c->fit.count;

    fprintf(to, "\n%s after %d step%s: %s.\n", o->fit->end == FIT_CONVERGED ? "Converged" : "At rest", o->fit->iterations,
            o->fit->iterations == 1 ? "" : "s",
            o->fit->end == FIT_CONVERGED ? "prices or squares change no more"
                                         : "no step is better, as far as the roughness between near prices shows");
    if (over == 0)
        fprintf(to, "As many entries as rows: that the rows are met says nothing about the model.\n");
    else
        fprintf(to, "The sum of squares is %.3g, with %zu row%s more than entries: %s.\n", o->fit->squares, over,
                over == 1 ? "" : "s",
                o->fit->squares > gsl_cdf_chisq_Qinv(BY_CHANCE, (double)over)
                    ? "no prices of these entries make the model meet all rows" : "the rows are met within their tolerances");
    print_entries(o, to);
    print_correlations(o, to);
    print_rows(o, to);
    fprintf(to, "\nStandard errors take each row's tolerance for its standard deviation.  The fitted profile is %s\n",
            o->options->out);
}
