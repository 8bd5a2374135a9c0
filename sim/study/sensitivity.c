/* SPDX-License-Identifier: GPL-3.0-or-later
 * sensitivity.c -- what is varied and looked at, the runs, and the arithmetic of paired changes. */
#include "study/sensitivity.h"

#include <gsl/gsl_cdf.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "core/assert.h"
#include "scenario/names.h"
#include "study/experiment.h"

static const struct error_at nowhere;

/* -- entries ------------------------------------------------------------------------------------------------------ */

static bool is_wanted(const struct sensitivity_config *config, const char *name)
{
    for (size_t i = 0; i < config->entry_count; i++)
        if (name_match(config->entries[i], name)) return true;
    return config->entry_count == 0;
}

static void check_pattern(const char *pattern, struct errors *errors)
{
    struct name_guess guess;
    char hint[NAME_WHY_BYTES];

    name_guess_start(&guess, pattern, errors);
    for (int i = 0; i < N_COST_ENTRIES; i++) {
        if (name_match(pattern, cost_entry_name(i))) return;
        name_guess_offer(&guess, cost_entry_name(i));
    }
    errors_add(errors, nowhere, "--entry: the cost profile has no entry '%.60s'%s", pattern,
               name_guess_hint(&guess, hint));
}

static void choose_entries(struct sensitivity *s, const struct sensitivity_config *config, struct errors *errors)
{
    s->entries = calloc(N_COST_ENTRIES, sizeof *s->entries);
    SIM_ASSERT(s->entries);
    for (size_t i = 0; i < config->entry_count; i++) check_pattern(config->entries[i], errors);
    for (int i = 0; i < N_COST_ENTRIES && s->profile; i++) {
        const struct cost_entry *e = cost_profile_find(s->profile, cost_entry_name(i));
        if (e && is_wanted(config, cost_entry_name(i)) && e->low < e->high) s->entries[s->entry_count++] = cost_entry_name(i);
    }
    if (s->entry_count == 0 && s->profile && errors->count == 0)
        errors_add(errors, nowhere, "none of the entries has a bracket, expected low < high in the cost profile");
}

/* -- outcomes ----------------------------------------------------------------------------------------------------- */

static void add_outcome(struct sensitivity *s, const struct metric *metric, size_t of, int against)
{
    for (size_t i = 0; i < s->outcome_count; i++) {
        const struct sensitivity_outcome *o = &s->outcomes[i];
        if (o->metric == metric && o->of == of && o->against == against) return;
    }
    s->outcomes = realloc(s->outcomes, (s->outcome_count + 1) * sizeof *s->outcomes);
    SIM_ASSERT(s->outcomes);
    s->outcomes[s->outcome_count++] = (struct sensitivity_outcome){ .metric = metric, .of = of, .against = against };
}

/* Index of a variant that an option names, -1 after adding that there is none. */
static int named_variant(const struct sensitivity *s, const char *option, const char *name, struct errors *errors)
{
    struct name_guess guess;
    char hint[NAME_WHY_BYTES];
    int i = study_find(s->study, name);

    if (i >= 0) return i;
    name_guess_start(&guess, name, errors);
    for (size_t v = 0; v < s->study->variant_count; v++) name_guess_offer(&guess, s->study->variants[v]);
    return errors_add(errors, nowhere, "--metric %.100s: no variant '%.60s'%s", option, name,
                      name_guess_hint(&guess, hint));
}

/* METRIC, METRIC:VARIANT or METRIC:VARIANT/VARIANT; takes the text apart. */
static void add_metric(struct sensitivity *s, const char *option, char *text, struct errors *errors)
{
    char *of = strchr(text, ':'), *against = of ? strchr(of, '/') : NULL;
    if (of) *of++ = '\0';
    if (against) *against++ = '\0';
    const struct metric *m = metric_find(text);
    const char *near = m ? NULL : metric_nearest(text);
    if (!m)
        errors_add(errors, nowhere, "--metric: unknown metric '%.60s', expected %s%s%s", text,
                   near ? "perhaps '" : "a name of docs/results.md", near ? near : "", near ? "'" : "");
    for (size_t v = 0; v < s->study->variant_count && m && !of; v++) add_outcome(s, m, v, -1);
    if (!of) return;
    int of_index = named_variant(s, option, of, errors);
    int against_index = against ? named_variant(s, option, against, errors) : -1;
    if (m && of_index >= 0 && (!against || against_index >= 0)) add_outcome(s, m, (size_t)of_index, against_index);
}

static void choose_metrics(struct sensitivity *s, const struct sensitivity_config *config, struct errors *errors)
{
    for (size_t i = 0; i < config->metric_count; i++) {
        char *text = text_copy(config->metrics[i]);
        add_metric(s, config->metrics[i], text, errors);
        free(text);
    }
}

/* What the expectations are about, as far as the study has the variants. */
static void choose_expectations(struct sensitivity *s)
{
    const struct scenario *base = s->study->base;
    for (size_t i = 0; i < base->expect_count; i++) {
        const struct scenario_expect *x = &base->expects[i];
        int against = x->against.text ? study_find(s->study, x->against.text) : -1;
        if (x->against.text && against < 0) continue;
        for (size_t v = 0; v < s->study->variant_count; v++)
            if ((!x->of.text || strcmp(x->of.text, s->study->variants[v]) == 0) && (int)v != against)
                add_outcome(s, metric_find(x->metric.text), v, against);
    }
}

/* One profile is varied, so all variants must have the same. */
static void check_profiles(const struct study *st, struct errors *errors)
{
    if (st->other_profile < st->variant_count)
        errors_add(errors, st->base->variants.at, "variant '%s' has a cost profile of its own, expected one for all; "
                   "look at it alone with --variant", st->variants[st->other_profile]);
}

int sensitivity_open(struct sensitivity *s, const struct sensitivity_config *config, struct errors *errors)
{
    size_t before = errors->count + errors->suppressed;

    *s = (struct sensitivity){ .study = config->study };
    check_profiles(s->study, errors);
    s->profile = cost_profile_load(s->study->profile_path, errors);
    choose_entries(s, config, errors);
    choose_metrics(s, config, errors);
    if (config->metric_count == 0) choose_expectations(s);
    if (s->outcome_count == 0 && config->metric_count == 0)
        errors_add(errors, (struct error_at){ s->study->base->file, 0, 0 },
                   "there are no expectations to look at: name a metric with --metric");
    return errors->count + errors->suppressed > before ? -1 : 0;
}

void sensitivity_close(struct sensitivity *s)
{
    cost_profile_destroy(s->profile);
    free(s->entries);
    free(s->outcomes);
    free(s->effects);
    *s = (struct sensitivity){ 0 };
}

/* -- runs --------------------------------------------------------------------------------------------------------- */

/* Points: the profile as it is, then every entry at the low and at the high end of its bracket. */
static double *make_points(const struct sensitivity *s)
{
    size_t n = s->entry_count;
    double *points = calloc((1 + 2 * n) * n, sizeof *points);

    SIM_ASSERT(points);
    for (size_t i = 0; i < (1 + 2 * n) * n; i++) points[i] = NAN;
    for (size_t j = 0; j < n; j++) {
        const struct cost_entry *e = cost_profile_find(s->profile, s->entries[j]);
        points[(1 + 2 * j) * n + j] = e->low;
        points[(2 + 2 * j) * n + j] = e->high;
    }
    return points;
}

/* An outcome at a point, seed by seed.  Probes are in pairs: of, against. */
static void outcome_values(const struct sensitivity *s, const double *values, size_t point, size_t outcome, double *to)
{
    size_t reps = (size_t)s->reps;
    const double *of = &values[(point * s->outcome_count + outcome) * 2 * reps], *against = of + reps;

    for (size_t r = 0; r < reps; r++) {
        to[r] = of[r];
        if (s->outcomes[outcome].against >= 0) to[r] = fabs(against[r]) > 0 ? of[r] / against[r] : NAN;
    }
}

/* Looked at a hundred at a time, intervals at 95 % would often leave out zero by chance. */
static bool holds_zero(const struct interval *v)
{
    double freedom = (double)v->n - 1;
    return v->n == 0 || fabs(v->mean) <= v->half * gsl_cdf_tdist_Pinv(0.995, freedom) / gsl_cdf_tdist_Pinv(0.975, freedom);
}

static bool is_zero(const struct interval *v)
{
    return v->n == 0 || (!(v->min < 0) && !(v->max > 0));
}

static enum sensitivity_verdict judge(const struct sensitivity_effect *e, size_t reps)
{
    if (is_zero(&e->change_low) && is_zero(&e->change_high)) return SENSITIVITY_NO_EFFECT;
    if (reps < 2) return SENSITIVITY_UNKNOWN;
    return holds_zero(&e->change_low) && holds_zero(&e->change_high) ? SENSITIVITY_NOISE : SENSITIVITY_CLEAR;
}

/* The outcome at one end, and its change from 'base' seed by seed. */
static void find_change(const double *base, double *values, size_t reps, struct interval *at, struct interval *change)
{
    *at = interval_of(values, reps);
    for (size_t r = 0; r < reps; r++) values[r] -= base[r];
    *change = interval_of(values, reps);
}

static void find_effect(const struct sensitivity *s, const double *values, size_t outcome, size_t entry,
                        struct sensitivity_effect *e)
{
    size_t reps = (size_t)s->reps;
    double *base = calloc(2 * reps, sizeof *base), *end = base + reps;
    double mean = s->outcomes[outcome].base.mean;

    SIM_ASSERT(base);
    *e = (struct sensitivity_effect){ .entry = entry };
    outcome_values(s, values, 0, outcome, base);
    outcome_values(s, values, 1 + 2 * entry, outcome, end);
    find_change(base, end, reps, &e->at_low, &e->change_low);
    outcome_values(s, values, 2 + 2 * entry, outcome, end);
    find_change(base, end, reps, &e->at_high, &e->change_high);
    e->swing = fmax(mean, fmax(e->at_low.mean, e->at_high.mean)) - fmin(mean, fmin(e->at_low.mean, e->at_high.mean));
    e->verdict = judge(e, reps);
    free(base);
}

static int by_swing(const void *a, const void *b)
{
    const struct sensitivity_effect *x = a, *y = b;
    if (x->swing > y->swing) return -1;
    if (x->swing < y->swing) return 1;
    return x->entry < y->entry ? -1 : x->entry > y->entry;
}

static void find_effects(struct sensitivity *s, const double *values)
{
    size_t n = s->entry_count, reps = (size_t)s->reps;
    double *base = calloc(reps, sizeof *base);

    SIM_ASSERT(base);
    s->effects = calloc(s->outcome_count * n, sizeof *s->effects);
    SIM_ASSERT(s->effects);
    for (size_t i = 0; i < s->outcome_count; i++) {
        outcome_values(s, values, 0, i, base);
        s->outcomes[i].base = interval_of(base, reps);
        for (size_t j = 0; j < n; j++) find_effect(s, values, i, j, &s->effects[i * n + j]);
        qsort(&s->effects[i * n], n, sizeof *s->effects, by_swing);
    }
    free(base);
}

int sensitivity_run(struct sensitivity *s, uint64_t seed, int reps, int jobs, bool quiet)
{
    size_t points = 1 + 2 * s->entry_count;
    struct experiment_probe *probes = calloc(2 * s->outcome_count, sizeof *probes);
    double *at = make_points(s);
    double *values = calloc(points * 2 * s->outcome_count * (size_t)reps, sizeof *values);

    SIM_ASSERT(probes && values);
    s->seed = seed;
    s->reps = reps;
    for (size_t i = 0; i < s->outcome_count; i++) {
        const struct sensitivity_outcome *o = &s->outcomes[i];
        probes[2 * i] = (struct experiment_probe){ o->metric, o->of };
        probes[2 * i + 1] = (struct experiment_probe){ o->metric, o->against >= 0 ? (size_t)o->against : o->of };
    }
    struct experiment_config config = { s->study, s->profile, s->entries, s->entry_count, probes,
                                        2 * s->outcome_count, seed, reps, jobs, quiet };
    struct experiment *e = experiment_create(&config);
    int bad = experiment_measure(e, at, points, "sensitivity", values);
    if (!bad) find_effects(s, values);
    experiment_destroy(e);
    free(values);
    free(at);
    free(probes);
    return bad;
}
