/* SPDX-License-Identifier: GPL-3.0-or-later
 * expect.c -- bounds against measured means. */
#include "report/expect.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/assert.h"

/* Text that grows: bounds and reasons are built from parts. */
struct text {
    char *at;
    size_t count;
};

static void text_add(struct text *t, const char *format, ...) __attribute__((format(printf, 2, 3)));
static int check_ratio(const struct scenario_bound *b, const char *key, struct errors *errors);
static void evaluate(struct expect_result *e, const struct scenario_expect *x, const struct campaign *c, size_t of);

static const char *const verdict_names[] = { [VERDICT_HOLDS] = "holds", [VERDICT_FAILS] = "does not hold",
                                             [VERDICT_NOT_COMPARABLE] = "not comparable" };

const char *verdict_name(enum verdict v)
{
    return verdict_names[v];
}

static bool given(const struct scenario_bound *b)
{
    return b->unit != SCENARIO_BOUND_NONE;
}

int expect_check(const struct scenario *s, struct errors *errors)
{
    int bad = 0;
    for (size_t i = 0; i < s->expect_count; i++) {
        const struct scenario_expect *x = &s->expects[i];
        const struct metric *m = x->metric.text ? metric_find(x->metric.text) : NULL;
        bad |= check_ratio(&x->within, "within", errors) | check_ratio(&x->spread, "spread", errors);
        bad |= check_ratio(&x->spread_at_least, "spread-at-least", errors);
        bad |= check_ratio(&x->ratio_at_least, "ratio-at-least", errors);
        bad |= check_ratio(&x->ratio_at_most, "ratio-at-most", errors);
        if (m) {
            bad |= expect_check_value(&x->at_least, m, errors) | expect_check_value(&x->at_most, m, errors);
            bad |= expect_check_value(&x->lowest_at_most, m, errors);
            bad |= expect_check_value(&x->between[0], m, errors) | expect_check_value(&x->between[1], m, errors);
            continue;
        }
        const char *name = x->metric.text ? x->metric.text : "", *near = metric_nearest(name);
        struct error_at at = x->metric.text ? x->metric.at : x->at;
        if (near)
            bad |= errors_add(errors, at, "unknown metric '%.64s', expected perhaps '%s'", name, near);
        else
            bad |= errors_add(errors, at, "unknown metric '%.64s', expected a name of docs/results.md", name);
    }
    return bad ? -1 : 0;
}

void expect_evaluate(struct expect_report *report, const struct scenario *s, const struct campaign *c)
{
    size_t variants = c->reps ? c->count / c->reps : 0;

    *report = (struct expect_report){ 0 };
    report->list = calloc(s->expect_count * variants + 1, sizeof *report->list);
    SIM_ASSERT(report->list);
    for (size_t i = 0; i < s->expect_count; i++) {
        const struct scenario_expect *x = &s->expects[i];
        for (size_t v = 0; v < variants; v++) {
            if (x->of.text && strcmp(x->of.text, c->runs[v * c->reps].variant) != 0) continue;
            if (!x->of.text && x->against.text && strcmp(x->against.text, c->runs[v * c->reps].variant) == 0) continue;
            struct expect_result *e = &report->list[report->count++];
            evaluate(e, x, c, v);
            report->failed += e->verdict == VERDICT_FAILS;
        }
    }
}

void expect_fini(struct expect_report *report)
{
    for (size_t i = 0; i < report->count; i++) {
        struct expect_result *e = &report->list[i];
        free(e->metric);
        free(e->of);
        free(e->against);
        free(e->says);
        free(e->section);
        free(e->tolerance_reason);
        free(e->bound);
        free(e->reason);
    }
    free(report->list);
    *report = (struct expect_report){ 0 };
}

/* -- checking before the run ------------------------------------------------------------------------------------ */

int expect_check_value(const struct scenario_bound *b, const struct metric *m, struct errors *errors)
{
    static const char *const wanted[] = { [METRIC_RATE] = "a rate such as 9Gbps", [METRIC_SHARE] = "a share such as 5%",
                                          [METRIC_FREQUENCY] = "a frequency such as 8000Hz or a packet rate",
                                          [METRIC_COUNT] = "a count such as 0",
                                          [METRIC_RATIO] = "a number such as 1.5",
                                          [METRIC_TIME] = "a duration such as 2ms" };
    bool fits = false;

    if (!given(b)) return 0;
    switch (m->kind) {
    case METRIC_RATE:
        fits = b->unit == SCENARIO_BOUND_RATE;
        break;
    case METRIC_SHARE:
        fits = b->unit == SCENARIO_BOUND_PERCENT || b->unit == SCENARIO_BOUND_NUMBER;
        break;
    case METRIC_FREQUENCY:
        fits = b->unit == SCENARIO_BOUND_FREQUENCY || b->unit == SCENARIO_BOUND_PACKET_RATE;
        break;
    case METRIC_COUNT:
    case METRIC_RATIO:
        fits = b->unit == SCENARIO_BOUND_NUMBER;
        break;
    case METRIC_TIME:
        fits = b->unit == SCENARIO_BOUND_DURATION;
        break;
    }
    if (fits) return 0;
    return errors_add(errors, b->at, "'%.64s' is not a value of metric %s, expected %s", b->text ? b->text : "",
                      m->name, wanted[m->kind]);
}

static int check_ratio(const struct scenario_bound *b, const char *key, struct errors *errors)
{
    if (!given(b) || b->unit == SCENARIO_BOUND_PERCENT || b->unit == SCENARIO_BOUND_NUMBER) return 0;
    return errors_add(errors, b->at, "'%.64s' cannot be the value of '%s', expected a ratio such as 1%%",
                      b->text ? b->text : "", key);
}

/* -- judging ---------------------------------------------------------------------------------------------------- */

static void text_add(struct text *t, const char *format, ...)
{
    char part[512];
    va_list args;

    va_start(args, format);
    vsnprintf(part, sizeof part, format, args);
    va_end(args);
    size_t n = strlen(part);
    t->at = realloc(t->at, t->count + n + 1);
    SIM_ASSERT(t->at);
    memcpy(t->at + t->count, part, n + 1);
    t->count += n;
}

static char *copy_or_null(const char *text)
{
    char *copy = text ? strdup(text) : NULL;
    SIM_ASSERT(!text || copy);
    return copy;
}

static char *describe_bounds(const struct scenario_expect *x)
{
    struct text t = { 0 };
    const char *comma = "";

    text_add(&t, "%s", "");
    if (given(&x->within)) {
        text_add(&t, "within %s of %s", x->within.text, x->against.text ? x->against.text : "?");
        comma = ", ";
    }
    if (given(&x->ratio_at_least)) {
        text_add(&t, "%sat least %s times %s", comma, x->ratio_at_least.text, x->against.text ? x->against.text : "?");
        comma = ", ";
    }
    if (given(&x->ratio_at_most)) {
        text_add(&t, "%sat most %s times %s", comma, x->ratio_at_most.text, x->against.text ? x->against.text : "?");
        comma = ", ";
    }
    if (given(&x->at_least)) {
        text_add(&t, "%sat least %s", comma, x->at_least.text);
        comma = ", ";
    }
    if (given(&x->at_most)) {
        text_add(&t, "%sat most %s", comma, x->at_most.text);
        comma = ", ";
    }
    if (given(&x->between[0])) {
        text_add(&t, "%sbetween %s and %s", comma, x->between[0].text, x->between[1].text);
        comma = ", ";
    }
    if (given(&x->spread)) {
        text_add(&t, "%sspread over the seeds at most %s", comma, x->spread.text);
        comma = ", ";
    }
    if (given(&x->spread_at_least)) {
        text_add(&t, "%sspread over the seeds at least %s", comma, x->spread_at_least.text);
        comma = ", ";
    }
    if (given(&x->lowest_at_most)) text_add(&t, "%slowest of the seeds at most %s", comma, x->lowest_at_most.text);
    return t.at;
}

/* Values of one metric of one variant, one per replication; to be freed. */
static double *values_of(const struct metric *m, const struct campaign *c, size_t variant)
{
    double *v = calloc(c->reps, sizeof *v);
    SIM_ASSERT(v);
    for (size_t i = 0; i < c->reps; i++) v[i] = metric_value(m, &c->runs[variant * c->reps + i]);
    return v;
}

/* Index of a variant that was run, or the number of variants. */
static size_t find_variant(const struct campaign *c, const char *name)
{
    size_t v = 0, variants = c->count / c->reps;
    while (v < variants && strcmp(c->runs[v * c->reps].variant, name) != 0) v++;
    return v;
}

/* NAN against zero: that nothing is within 1 % of nothing shows nothing, a run without traffic must not pass. */
static double relative(double of, double against)
{
    return against == 0 ? NAN : (of - against) / fabs(against);
}

/* Is the interval's mean in [low, high]?  'firm' turns false when the interval has parts on both sides of an end. */
static bool lies(const struct interval *v, double low, double high, bool *firm)
{
    double a = interval_low(v), b = interval_high(v);
    if ((a < low && b > low) || (a < high && b > high)) *firm = false;
    return v->mean >= low && v->mean <= high;
}

static void compare(struct expect_result *e, const struct campaign *c, size_t of, size_t against)
{
    double *a = values_of(e->kind, c, of), *b = values_of(e->kind, c, against);
    e->reference = interval_of(b, c->reps);
    for (size_t i = 0; i < c->reps; i++) a[i] = relative(a[i], b[i]);
    e->difference = interval_of(a, c->reps);
    free(a);
    free(b);
}

static void say_measured(const struct expect_result *e, struct text *t)
{
    char shown[96];
    text_add(t, "%s of %s is %s", e->metric, e->of, metric_format(e->kind->kind, &e->measured, shown, sizeof shown));
    if (e->reference.n)
        text_add(t, ", of %s %s; difference %s", e->against,
                 metric_format(e->kind->kind, &e->reference, shown, sizeof shown), e->difference.mean >= 0 ? "+" : "");
    if (e->reference.n)
        text_add(t, "%s", metric_format(METRIC_SHARE, &e->difference, shown, sizeof shown));
    if (e->measured.n > 1) text_add(t, " (95 %% interval, %zu seeds)", e->measured.n);
}

/* Bounds of what differs between the seeds. */
static bool judge_seeds(const struct expect_result *e, const struct scenario_expect *x, size_t reps, bool *comparable,
                        struct text *reason)
{
    struct interval low = { .n = 1, .mean = e->measured.min, .half = NAN };
    bool holds = true;
    char shown[96];

    if ((given(&x->spread) || given(&x->spread_at_least)) && reps < 2) {
        *comparable = false;
        text_add(reason, "; a spread needs more than one seed");
    } else if (given(&x->spread) || given(&x->spread_at_least)) {
        double spread = relative(e->measured.mean + e->measured.max - e->measured.min, e->measured.mean);
        if (given(&x->spread)) holds &= spread <= scenario_bound_value(&x->spread); /* never of a mean of zero: NAN */
        if (given(&x->spread_at_least)) holds &= spread >= scenario_bound_value(&x->spread_at_least);
        if (isnan(spread))
            text_add(reason, "; there is no spread relative to zero");
        else
            text_add(reason, "; spread %.2f %%", 100 * spread);
    }
    if (!given(&x->lowest_at_most)) return holds;
    text_add(reason, "; lowest %s", metric_format(e->kind->kind, &low, shown, sizeof shown));
    return holds && e->measured.min <= scenario_bound_value(&x->lowest_at_most);
}

static void evaluate(struct expect_result *e, const struct scenario_expect *x, const struct campaign *c, size_t of)
{
    bool holds = true, measured, comparable = true;
    struct text reason = { 0 };

    *e = (struct expect_result){ .metric = copy_or_null(x->metric.text),
                                 .of = copy_or_null(c->runs[of * c->reps].variant),
                                 .against = copy_or_null(x->against.text),
                                 .says = copy_or_null(x->says),
                                 .section = copy_or_null(x->section),
                                 .tolerance_reason = copy_or_null(x->tolerance_reason),
                                 .bound = describe_bounds(x),
                                 .kind = metric_find(x->metric.text),
                                 .firm = true };
    SIM_ASSERT(e->kind);
    double *values = values_of(e->kind, c, of);
    e->measured = interval_of(values, c->reps);
    free(values);
    measured = e->measured.n == c->reps;

    size_t against = x->against.text ? find_variant(c, x->against.text) : 0;
    bool have_against = against < c->count / c->reps;
    if (measured && x->against.text && have_against) {
        double low = given(&x->ratio_at_least) ? scenario_bound_value(&x->ratio_at_least) - 1 : -INFINITY;
        double high = given(&x->ratio_at_most) ? scenario_bound_value(&x->ratio_at_most) - 1 : INFINITY;
        double within = given(&x->within) ? scenario_bound_value(&x->within) : INFINITY;
        compare(e, c, of, against);
        measured = e->difference.n == c->reps;
        holds &= measured && lies(&e->difference, fmax(low, -within), fmin(high, within), &e->firm);
    }
    if (measured && given(&x->at_least))
        holds &= lies(&e->measured, scenario_bound_value(&x->at_least), INFINITY, &e->firm);
    if (measured && given(&x->at_most))
        holds &= lies(&e->measured, -INFINITY, scenario_bound_value(&x->at_most), &e->firm);
    if (measured && given(&x->between[0]))
        holds &= lies(&e->measured, scenario_bound_value(&x->between[0]), scenario_bound_value(&x->between[1]),
                      &e->firm);

    if (!measured) {
        if (e->reference.n == c->reps)
            text_add(&reason, "%s of %s is zero: no difference relative to it", e->metric, e->against);
        else
            text_add(&reason, "%s could not be measured: a run has nothing to compute it from", e->metric);
        e->verdict = VERDICT_FAILS;
        e->reason = reason.at;
        return;
    }
    say_measured(e, &reason);
    holds &= judge_seeds(e, x, c->reps, &comparable, &reason);
    if (x->against.text && !have_against) {
        comparable = false;
        text_add(&reason, "; variant '%s' was not run", x->against.text);
    }
    if (!e->firm) text_add(&reason, "; the interval reaches across the bound, more seeds would tell");
    e->verdict = !holds ? VERDICT_FAILS : comparable ? VERDICT_HOLDS : VERDICT_NOT_COMPARABLE;
    e->reason = reason.at;
}
