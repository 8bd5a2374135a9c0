/* SPDX-License-Identifier: GPL-3.0-or-later
 * claims.c -- collects what scenarios found, and orders it by the sentences of the paper. */
#define _GNU_SOURCE
#include "report/claims.h"

#include <stdlib.h>
#include <string.h>

#include "core/assert.h"
#include "report/claims_impl.h"
#include "report/table.h"

static const char *const verdict_names[N_ROW_VERDICTS] = {
    [ROW_HOLDS] = "holds", [ROW_FAILS] = "does not hold", [ROW_NOT_COMPARABLE] = "not comparable",
    [ROW_PENDING] = "pending", [ROW_NOT_RUN] = "not run",
};

const char *row_verdict_name(enum row_verdict v)
{
    return verdict_names[v];
}

char *claims_copy(const char *text)
{
    char *made = text ? strdup(text) : NULL;
    SIM_ASSERT(!text || made);
    return made;
}

struct claims *claims_create(void)
{
    struct claims *c = calloc(1, sizeof *c);
    SIM_ASSERT(c);
    return c;
}

static void free_all(char **list, size_t count)
{
    for (size_t i = 0; i < count; i++) free(list[i]);
    free(list);
}

static void free_source(struct claim_source *s)
{
    free_all(s->plots, s->plot_count);
    free_all(s->summary.cells, s->summary.metric_count * s->summary.variant_count);
    free_all(s->summary.variants, s->summary.variant_count);
    free(s->summary.metrics);
    free(s->scenario);
    free(s->title);
    free(s->description);
    free(s->file);
    free(s->data_dir);
}

void claims_destroy(struct claims *claims)
{
    if (!claims) return;
    for (size_t i = 0; i < claims->count; i++) {
        struct claim *c = &claims->list[i];
        free(c->says);
        free(c->section);
        free(c->metric);
        free(c->of);
        free(c->bound);
        free(c->tolerance_reason);
        free(c->measured);
        free(c->compared);
        free(c->reason);
    }
    for (size_t i = 0; i < claims->source_count; i++) free_source(&claims->sources[i]);
    for (size_t i = 0; i < claims->explanation_count; i++) {
        struct claim_explanation *e = &claims->explanations[i];
        free(e->scenario);
        free(e->metric);
        free(e->of);
        free(e->because);
    }
    for (size_t i = 0; i < claims->section_count; i++) {
        free(claims->sections[i].section);
        free(claims->sections[i].title);
    }
    free(claims->sections);
    free(claims->list);
    free(claims->sources);
    free(claims->explanations);
    free(claims);
}

/* -- sources ------------------------------------------------------------------------------------------------------ */

static char *measured_text(const struct metric *m, const struct campaign *c, size_t variant)
{
    char text[96];
    double *values = calloc(c->reps, sizeof *values);
    SIM_ASSERT(values);
    for (size_t i = 0; i < c->reps; i++) values[i] = metric_value(m, &c->runs[variant * c->reps + i]);
    struct interval v = interval_of(values, c->reps);
    free(values);
    return v.n ? claims_copy(metric_format(m->kind, &v, text, sizeof text)) : NULL;
}

/* Keeps a line of the summary, unless no variant has a value. */
static void add_line(struct claim_summary *s, const struct metric *m, const struct campaign *c)
{
    char **cells = s->cells + s->metric_count * s->variant_count;
    bool some = false;
    for (size_t i = 0; i < s->metric_count; i++)
        if (strcmp(s->metrics[i], m->name) == 0) return;
    for (size_t v = 0; v < s->variant_count; v++) {
        cells[v] = measured_text(m, c, v);
        some |= cells[v] != NULL;
    }
    if (some) s->metrics[s->metric_count++] = m->name;
}

/* The headline metrics, then those that expectations are about. */
static void summarise(struct claim_summary *s, const struct campaign *c, const struct expect_report *checked)
{
    size_t headline;
    const char *const *names = table_headline(&headline);
    s->variant_count = c->reps ? c->count / c->reps : 0;
    s->reps = c->reps;
    if (s->variant_count == 0) return;
    s->seed = c->runs->seed;
    s->measured_s = sim_seconds(c->runs->measured);
    s->variants = calloc(s->variant_count, sizeof *s->variants);
    s->metrics = calloc(headline + checked->count, sizeof *s->metrics);
    s->cells = calloc((headline + checked->count) * s->variant_count, sizeof *s->cells);
    SIM_ASSERT(s->variants && s->metrics && s->cells);
    for (size_t v = 0; v < s->variant_count; v++) s->variants[v] = claims_copy(c->runs[v * c->reps].variant);
    for (size_t i = 0; i < headline; i++) add_line(s, metric_find(names[i]), c);
    for (size_t i = 0; i < checked->count; i++) add_line(s, checked->list[i].kind, c);
}

static size_t add_source(struct claims *claims, const struct claims_source *from)
{
    claims->sources = realloc(claims->sources, (claims->source_count + 1) * sizeof *claims->sources);
    SIM_ASSERT(claims->sources);
    struct claim_source *s = &claims->sources[claims->source_count];
    *s = (struct claim_source){ .scenario = claims_copy(from->scenario), .title = claims_copy(from->title),
                                .description = claims_copy(from->description), .file = claims_copy(from->file),
                                .data_dir = claims_copy(from->data_dir),
                                .plots = calloc(from->plot_count + 1, sizeof *s->plots),
                                .plot_count = from->plot_count };
    SIM_ASSERT(s->plots);
    for (size_t p = 0; p < from->plot_count; p++) s->plots[p] = claims_copy(from->plots[p]);
    return claims->source_count++;
}

/* -- claims ------------------------------------------------------------------------------------------------------- */

struct claim *claims_new(struct claims *claims)
{
    claims->list = realloc(claims->list, (claims->count + 1) * sizeof *claims->list);
    SIM_ASSERT(claims->list);
    struct claim *c = &claims->list[claims->count++];
    *c = (struct claim){ .unit = "", .source = CLAIM_NO_SOURCE, .firm = true };
    return c;
}

static char *compared_text(const struct expect_result *x)
{
    char difference[96], reference[96], *text;
    if (!x->reference.n) return NULL;
    int made = asprintf(&text, "%s%s to %s of %s", x->difference.mean >= 0 ? "+" : "",
                        metric_format(METRIC_SHARE, &x->difference, difference, sizeof difference),
                        metric_format(x->kind->kind, &x->reference, reference, sizeof reference), x->against);
    SIM_ASSERT(made >= 0);
    return text;
}

void claims_add(struct claims *claims, const struct claims_source *source, const struct expect_report *checked)
{
    static const enum row_verdict verdict[] = { [VERDICT_HOLDS] = ROW_HOLDS, [VERDICT_FAILS] = ROW_FAILS,
                                                [VERDICT_NOT_COMPARABLE] = ROW_NOT_COMPARABLE };
    size_t from = add_source(claims, source);
    if (source->campaign) summarise(&claims->sources[from].summary, source->campaign, checked);
    for (size_t i = 0; i < checked->count; i++) {
        const struct expect_result *x = &checked->list[i];
        enum metric_kind kind = x->kind->kind;
        char measured[96];
        *claims_new(claims) = (struct claim){
            .source = from, .says = claims_copy(x->says), .section = claims_copy(x->section),
            .metric = claims_copy(x->metric), .of = claims_copy(x->of), .bound = claims_copy(x->bound),
            .tolerance_reason = claims_copy(x->tolerance_reason), .reason = claims_copy(x->reason),
            .measured = claims_copy(metric_format(kind, &x->measured, measured, sizeof measured)),
            .compared = compared_text(x),
            .unit = metric_unit(kind), .mean = x->measured.mean * metric_scale(kind),
            .half = x->measured.half * metric_scale(kind), .n = x->measured.n, .verdict = verdict[x->verdict],
            .firm = x->firm };
    }
}

void claims_add_broken(struct claims *claims, const struct claims_source *source, const char *reason)
{
    size_t from = add_source(claims, source);
    struct claim *c = claims_new(claims);
    c->source = from;
    c->reason = claims_copy(reason);
    c->verdict = ROW_NOT_RUN;
}

size_t claims_failed(const struct claims *claims)
{
    size_t n = 0;
    for (size_t i = 0; i < claims->count; i++)
        n += claims->list[i].verdict == ROW_FAILS || claims->list[i].verdict == ROW_NOT_RUN;
    return n;
}

size_t claims_holding(const struct claims *claims)
{
    size_t n = 0;
    for (size_t i = 0; i < claims->count; i++) n += claims->list[i].verdict == ROW_HOLDS;
    return n;
}

size_t claims_count(const struct claims *claims)
{
    size_t n = 0;
    for (size_t i = 0; i < claims->count; i++) n += claims->list[i].source != CLAIM_NO_SOURCE;
    return n;
}

size_t claims_rows(const struct claims *claims)
{
    struct claim_rows rows;
    claim_rows_make(&rows, claims);
    size_t n = 0;
    for (size_t i = 0; i < rows.count; i++) n += rows.list[i].says != NULL;
    claim_rows_fini(&rows);
    return n;
}

bool claims_same_section(const char *a, const char *b)
{
    if (!a || !b) return a == b;
    size_t n = strcspn(a, ",");
    return n == strcspn(b, ",") && strncmp(a, b, n) == 0;
}

const char *claims_section_title(const struct claims *claims, const char *section)
{
    for (size_t i = 0; i < claims->section_count; i++)
        if (claims_same_section(claims->sections[i].section, section)) return claims->sections[i].title;
    return NULL;
}

const char *claims_explain(const struct claims *claims, const struct claim *c)
{
    if (c->verdict != ROW_FAILS) return NULL;
    for (size_t i = 0; i < claims->explanation_count; i++) {
        const struct claim_explanation *e = &claims->explanations[i];
        if (strcmp(e->scenario, claims->sources[c->source].scenario) != 0) continue;
        if (strcmp(e->metric, c->metric) != 0) continue;
        if (!e->of || strcmp(e->of, c->of) == 0) return e->because;
    }
    return NULL;
}

int claims_stale(const struct claims *claims, FILE *out)
{
    int stale = 0;
    for (size_t i = 0; i < claims->explanation_count; i++) {
        const struct claim_explanation *e = &claims->explanations[i];
        bool used = false;
        for (size_t k = 0; k < claims->count && !used; k++)
            used = claims_explain(claims, &claims->list[k]) == e->because;
        if (used) continue;
        fprintf(out, "explains nothing: %s of %s in %s holds, or is not there\n", e->metric,
                e->of ? e->of : "any variant", e->scenario);
        stale++;
    }
    for (size_t i = 0; i < claims->count; i++) {
        const struct claim *c = &claims->list[i];
        if (c->verdict != ROW_FAILS || claims_explain(claims, c)) continue;
        fprintf(out, "not explained: %s of %s in %s does not hold\n", c->metric, c->of,
                claims->sources[c->source].scenario);
        stale++;
    }
    return stale;
}

/* -- rows --------------------------------------------------------------------------------------------------------- */

/* From good to bad: a sentence is as good as the worst of its checks. */
static int badness(enum row_verdict v)
{
    static const int order[N_ROW_VERDICTS] = { [ROW_HOLDS] = 0, [ROW_NOT_COMPARABLE] = 1, [ROW_PENDING] = 2,
                                               [ROW_FAILS] = 3, [ROW_NOT_RUN] = 4 };
    return order[v];
}

static bool same(const char *a, const char *b)
{
    return a && b && strcmp(a, b) == 0;
}

static struct claim_row *row_for(struct claim_rows *rows, const struct claim *c)
{
    for (size_t i = 0; i < rows->count && c->says; i++)
        if (same(rows->list[i].says, c->says) && same(rows->list[i].section, c->section)) return &rows->list[i];
    rows->list = realloc(rows->list, (rows->count + 1) * sizeof *rows->list);
    SIM_ASSERT(rows->list);
    struct claim_row *r = &rows->list[rows->count++];
    *r = (struct claim_row){ .section = c->section, .says = c->says };
    return r;
}

/* Sections as people number them: 4.10 follows 4.9.  What has no section comes last. */
static int by_section(const struct claim_row *a, const struct claim_row *b)
{
    if (!a->section || !b->section) return !a->section - !b->section;
    return strverscmp(a->section, b->section);
}

/* Stable, and there are about a hundred. */
static void sort_rows(struct claim_rows *rows)
{
    for (size_t i = 1; i < rows->count; i++) {
        struct claim_row row = rows->list[i];
        size_t k = i;
        for (; k > 0 && by_section(&rows->list[k - 1], &row) > 0; k--) rows->list[k] = rows->list[k - 1];
        rows->list[k] = row;
    }
}

void claim_rows_make(struct claim_rows *rows, const struct claims *claims)
{
    *rows = (struct claim_rows){ 0 };
    for (size_t i = 0; i < claims->count; i++) {
        const struct claim *c = &claims->list[i];
        struct claim_row *r = row_for(rows, c);
        r->checks = realloc(r->checks, (r->check_count + 1) * sizeof *r->checks);
        SIM_ASSERT(r->checks);
        r->checks[r->check_count++] = c;
        if (r->check_count == 1 || badness(c->verdict) > badness(r->verdict)) r->verdict = c->verdict;
    }
    sort_rows(rows);
    for (size_t i = 0; i < rows->count; i++) rows->tally[rows->list[i].verdict]++;
}

void claim_rows_fini(struct claim_rows *rows)
{
    for (size_t i = 0; i < rows->count; i++) free(rows->list[i].checks);
    free(rows->list);
    *rows = (struct claim_rows){ 0 };
}
