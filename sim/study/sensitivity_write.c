/* SPDX-License-Identifier: GPL-3.0-or-later
 * sensitivity_write.c -- the table, the CSV files and the summary of a sensitivity study. */
#include <math.h>
#include <string.h>

#include "report/campaign.h"
#include "report/json.h"
#include "report/table.h"
#include "study/sensitivity.h"

static const char *variant_name(const struct sensitivity *s, size_t variant)
{
    const char *name = s->study->variants[variant];
    return *name ? name : CAMPAIGN_NO_VARIANT;
}

const char *sensitivity_title(const struct sensitivity *s, size_t outcome, char title[SENSITIVITY_TITLE_BYTES])
{
    const struct sensitivity_outcome *o = &s->outcomes[outcome];
    bool ratio = o->against >= 0;
    snprintf(title, SENSITIVITY_TITLE_BYTES, "%s of %s%s%s", o->metric->name, variant_name(s, o->of),
             ratio ? " / " : "", ratio ? variant_name(s, (size_t)o->against) : "");
    return title;
}

const char *sensitivity_verdict_name(enum sensitivity_verdict v)
{
    static const char *const names[] = {
        [SENSITIVITY_CLEAR] = "clear", [SENSITIVITY_NOISE] = "within noise", [SENSITIVITY_NO_EFFECT] = "no effect",
        [SENSITIVITY_UNKNOWN] = "noise unknown",
    };
    return names[v];
}

/* How an outcome is shown: a ratio of variants has no unit of its own. */
static enum metric_kind kind_of(const struct sensitivity_outcome *o)
{
    return o->against >= 0 ? METRIC_RATIO : o->metric->kind;
}

/* An outcome as people read it; ratios to the digits that a difference of variants needs. */
static const char *show(const struct sensitivity_outcome *o, const struct interval *v, char *text, size_t size)
{
    if (o->against < 0) return metric_format(o->metric->kind, v, text, size);
    if (v->n == 0)
        snprintf(text, size, "none");
    else if (v->n > 1)
        snprintf(text, size, "%.4f ± %.4f", v->mean, v->half);
    else
        snprintf(text, size, "%.4f", v->mean);
    return text;
}

static const struct cost_entry *entry_of(const struct sensitivity *s, const struct sensitivity_effect *e)
{
    return cost_profile_find(s->profile, s->entries[e->entry]);
}

static size_t top_of(const struct sensitivity *s)
{
    return s->entry_count < SENSITIVITY_TOP ? s->entry_count : SENSITIVITY_TOP;
}

/* -- the table ---------------------------------------------------------------------------------------------------- */

static void print_effect(const struct sensitivity *s, const struct sensitivity_outcome *o,
                         const struct sensitivity_effect *e, FILE *out)
{
    const struct cost_entry *entry = entry_of(s, e);
    struct interval swing = { 1, e->swing, NAN, 0, 0 };
    char bracket[64], low[64], high[64], width[64];

    snprintf(bracket, sizeof bracket, "%g to %g %s", entry->low, entry->high, entry->unit);
    show(o, &e->at_low, low, sizeof low);
    show(o, &e->at_high, high, sizeof high);
    show(o, &swing, width, sizeof width);
    fprintf(out, "  %-18s %-22s", s->entries[e->entry], bracket);
    table_put_right(out, low, 25);
    table_put_right(out, high, 25);
    fprintf(out, " %14s  %s\n", width, sensitivity_verdict_name(e->verdict));
}

static void print_outcome(const struct sensitivity *s, size_t i, FILE *out)
{
    const struct sensitivity_outcome *o = &s->outcomes[i];
    const struct sensitivity_effect *effects = &s->effects[i * s->entry_count];
    char title[SENSITIVITY_TITLE_BYTES], base[64];
    size_t clear = 0;

    for (size_t j = 0; j < s->entry_count; j++) clear += effects[j].verdict == SENSITIVITY_CLEAR;
    fprintf(out, "\n%s: %s; ", sensitivity_title(s, i, title), show(o, &o->base, base, sizeof base));
    if (s->reps > 1)
        fprintf(out, "%zu of %zu entries change it clearly\n", clear, s->entry_count);
    else
        fprintf(out, "one seed, so noise is not known\n");
    fprintf(out, "  %-18s %-22s %24s %24s %14s\n", "entry", "bracket", "at low", "at high", "swing");
    for (size_t j = 0; j < top_of(s) && effects[j].verdict != SENSITIVITY_NO_EFFECT; j++)
        print_effect(s, o, &effects[j], out);
}

void sensitivity_print(const struct sensitivity *s, FILE *out)
{
    fprintf(out, "%s\n", s->study->base->title);
    fprintf(out, "%zu entries of %s, each alone at the ends of its bracket; %d seed%s from %llu; mean ± 95 %% interval\n",
            s->entry_count, s->profile->name, s->reps, s->reps == 1 ? "" : "s", (unsigned long long)s->seed);
    for (size_t i = 0; i < s->outcome_count; i++) print_outcome(s, i, out);
}

/* -- files -------------------------------------------------------------------------------------------------------- */

/* A number, or nothing when there is none. */
static void put(FILE *out, double value)
{
    if (isfinite(value))
        fprintf(out, ",%.10g", value);
    else
        fprintf(out, ",");
}

static void put_interval(FILE *out, const struct interval *v, double scale)
{
    put(out, v->mean * scale);
    put(out, v->half * scale);
}

void sensitivity_write_csv(const struct sensitivity *s, FILE *out)
{
    char title[SENSITIVITY_TITLE_BYTES];

    fprintf(out, "outcome,metric,of,against,unit,base,base_half,rank,entry,entry_unit,low,value,high,confidence,at_low,"
                 "at_low_half,at_high,at_high_half,change_low,change_low_half,change_high,change_high_half,swing,"
                 "verdict\n");
    for (size_t i = 0; i < s->outcome_count * s->entry_count; i++) {
        size_t outcome = i / s->entry_count;
        const struct sensitivity_outcome *o = &s->outcomes[outcome];
        const struct sensitivity_effect *e = &s->effects[i];
        const struct cost_entry *entry = entry_of(s, e);
        double scale = metric_scale(kind_of(o));
        fprintf(out, "%s,%s,%s,%s,%s", sensitivity_title(s, outcome, title), o->metric->name, variant_name(s, o->of),
                o->against >= 0 ? variant_name(s, (size_t)o->against) : "", metric_unit(kind_of(o)));
        put_interval(out, &o->base, scale);
        fprintf(out, ",%zu,%s,%s,%g,%g,%g,%s", i % s->entry_count + 1, s->entries[e->entry], entry->unit, entry->low,
                entry->value, entry->high, entry->confidence);
        put_interval(out, &e->at_low, scale);
        put_interval(out, &e->at_high, scale);
        put_interval(out, &e->change_low, scale);
        put_interval(out, &e->change_high, scale);
        put(out, e->swing * scale);
        fprintf(out, ",%s\n", sensitivity_verdict_name(e->verdict));
    }
}

void sensitivity_write_tornado(const struct sensitivity *s, FILE *out)
{
    char title[SENSITIVITY_TITLE_BYTES];
    size_t panels = s->outcome_count < SENSITIVITY_PANELS ? s->outcome_count : SENSITIVITY_PANELS;

    fprintf(out, "panel,panels,title,unit,base,base_half,rank,label,at_low,at_high,clear\n");
    for (size_t i = 0; i < panels; i++) {
        const struct sensitivity_outcome *o = &s->outcomes[i];
        double scale = metric_scale(kind_of(o));
        for (size_t j = 0; j < top_of(s); j++) {
            const struct sensitivity_effect *e = &s->effects[i * s->entry_count + j];
            const struct cost_entry *entry = entry_of(s, e);
            fprintf(out, "%zu,%zu,%s,%s", i + 1, panels, sensitivity_title(s, i, title), metric_unit(kind_of(o)));
            put_interval(out, &o->base, scale);
            fprintf(out, ",%zu,%s %g to %g %s", j + 1, s->entries[e->entry], entry->low, entry->high, entry->unit);
            put(out, e->at_low.mean * scale);
            put(out, e->at_high.mean * scale);
            fprintf(out, ",%d\n", e->verdict == SENSITIVITY_CLEAR);
        }
    }
}

void sensitivity_write_summary(const struct sensitivity *s, const char *version, FILE *out)
{
    char title[SENSITIVITY_TITLE_BYTES];
    struct json j;

    json_begin(&j, out);
    json_object(&j, NULL);
    json_i64(&j, "schema", 1);
    json_string(&j, "kind", "sensitivity");
    json_string(&j, "version", version);
    json_string(&j, "scenario", s->study->config.file);
    json_string(&j, "title", s->study->base->title);
    json_string(&j, "profile", s->profile->name);
    json_u64(&j, "seed", s->seed);
    json_i64(&j, "reps", s->reps);
    json_u64(&j, "entries", s->entry_count);
    json_array(&j, "outcomes");
    for (size_t i = 0; i < s->outcome_count; i++) {
        const struct sensitivity_outcome *o = &s->outcomes[i];
        json_object(&j, NULL);
        json_string(&j, "title", sensitivity_title(s, i, title));
        json_string(&j, "unit", metric_unit(kind_of(o)));
        json_double(&j, "base", o->base.mean * metric_scale(kind_of(o)));
        json_double(&j, "base_half_95", o->base.half * metric_scale(kind_of(o)));
        json_object_end(&j);
    }
    json_array_end(&j);
    json_object_end(&j);
    json_end(&j);
}
