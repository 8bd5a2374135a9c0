/* SPDX-License-Identifier: GPL-3.0-or-later
 * claims.c -- the ledger as Markdown for people and JSON for programs. */
#define _GNU_SOURCE
#include "report/claims.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/assert.h"
#include "report/json.h"

struct entry { /* one expectation, or a scenario that did not run */
    size_t source;
    char *says, *section, *metric, *of, *bound, *tolerance_reason, *measured, *reason;
    const char *unit;
    double mean, half;
    size_t n;
    enum verdict verdict;
    bool firm, broken;
};

struct source {
    char *scenario, *title, *file, *data_dir;
    char **plots;
    size_t plot_count;
};

struct claims {
    struct entry *entries;
    size_t count, source_count, failed;
    struct source *sources;
};

static char *copy(const char *text)
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

void claims_destroy(struct claims *claims)
{
    if (!claims) return;
    for (size_t i = 0; i < claims->count; i++) {
        struct entry *e = &claims->entries[i];
        free(e->says);
        free(e->section);
        free(e->metric);
        free(e->of);
        free(e->bound);
        free(e->tolerance_reason);
        free(e->measured);
        free(e->reason);
    }
    for (size_t i = 0; i < claims->source_count; i++) {
        struct source *s = &claims->sources[i];
        for (size_t p = 0; p < s->plot_count; p++) free(s->plots[p]);
        free(s->plots);
        free(s->scenario);
        free(s->title);
        free(s->file);
        free(s->data_dir);
    }
    free(claims->entries);
    free(claims->sources);
    free(claims);
}

static size_t add_source(struct claims *claims, const struct claims_source *from)
{
    claims->sources = realloc(claims->sources, (claims->source_count + 1) * sizeof *claims->sources);
    SIM_ASSERT(claims->sources);
    struct source *s = &claims->sources[claims->source_count];
    *s = (struct source){ copy(from->scenario), copy(from->title), copy(from->file), copy(from->data_dir),
                          calloc(from->plot_count + 1, sizeof *s->plots), from->plot_count };
    SIM_ASSERT(s->plots);
    for (size_t p = 0; p < s->plot_count; p++) s->plots[p] = copy(from->plots[p]);
    return claims->source_count++;
}

static struct entry *add_entry(struct claims *claims)
{
    claims->entries = realloc(claims->entries, (claims->count + 1) * sizeof *claims->entries);
    SIM_ASSERT(claims->entries);
    struct entry *e = &claims->entries[claims->count++];
    *e = (struct entry){ .unit = "" };
    return e;
}

void claims_add(struct claims *claims, const struct claims_source *source, const struct expect_report *checked)
{
    size_t from = add_source(claims, source);
    for (size_t i = 0; i < checked->count; i++) {
        const struct expect_result *x = &checked->list[i];
        enum metric_kind kind = x->kind->kind;
        char measured[96];
        struct entry *e = add_entry(claims);
        *e = (struct entry){ .source = from, .says = copy(x->says), .section = copy(x->section),
                             .metric = copy(x->metric), .of = copy(x->of), .bound = copy(x->bound),
                             .tolerance_reason = copy(x->tolerance_reason), .reason = copy(x->reason),
                             .measured = copy(metric_format(kind, &x->measured, measured, sizeof measured)),
                             .unit = metric_unit(kind), .mean = x->measured.mean * metric_scale(kind),
                             .half = x->measured.half * metric_scale(kind), .n = x->measured.n,
                             .verdict = x->verdict, .firm = x->firm };
        claims->failed += x->verdict == VERDICT_FAILS;
    }
}

void claims_add_broken(struct claims *claims, const struct claims_source *source, const char *reason)
{
    size_t from = add_source(claims, source);
    struct entry *e = add_entry(claims);
    *e = (struct entry){ .source = from, .reason = copy(reason), .unit = "", .broken = true };
    claims->failed++;
}

size_t claims_failed(const struct claims *claims)
{
    return claims->failed;
}

size_t claims_count(const struct claims *claims)
{
    return claims->count;
}

/* NULL: there is no such claim. */
static const struct entry *find_entry(const struct claims *claims, const char *scenario, const char *metric,
                                      const char *of)
{
    for (size_t i = 0; i < claims->count; i++) {
        const struct entry *e = &claims->entries[i];
        if (e->broken || strcmp(claims->sources[e->source].scenario, scenario) != 0) continue;
        if (strcmp(e->metric, metric) == 0 && strcmp(e->of, of) == 0) return e;
    }
    return NULL;
}

int claims_lost(const struct claims *claims, const char *path, FILE *out, struct errors *errors)
{
    char line[512], scenario[128], metric[128], of[128];
    int lost = 0;
    FILE *list = fopen(path, "r");
    if (!list) return errors_add(errors, (struct error_at){ path, 0, 0 }, "%s", strerror(errno));
    while (fgets(line, sizeof line, list)) {
        if (line[0] == '#' || sscanf(line, "%127s %127s %127s", scenario, metric, of) != 3) continue;
        const struct entry *e = find_entry(claims, scenario, metric, of);
        if (e && e->verdict == VERDICT_HOLDS) continue;
        fprintf(out, "no longer holds: %s of %s in %s: %s\n", metric, of, scenario, e ? e->reason : "it is not there");
        lost++;
    }
    fclose(list);
    for (size_t i = 0; i < claims->count; i++) {
        const struct entry *e = &claims->entries[i];
        if (!e->broken) continue;
        fprintf(out, "did not run: %s: %s\n", claims->sources[e->source].scenario, e->reason);
        lost++;
    }
    return lost;
}

static const char *verdict_of(const struct entry *e)
{
    return e->broken ? "not run" : verdict_name(e->verdict);
}

/* -- Markdown ----------------------------------------------------------------------------------------------------- */

/* Text of a table cell: no bars, no line ends. */
static void put_cell(FILE *out, const char *text)
{
    fputs("| ", out);
    for (; text && *text; text++) {
        if (*text == '|') putc('\\', out);
        putc(*text == '\n' || *text == '\r' ? ' ' : *text, out);
    }
    putc(' ', out);
}

static void put_evidence(FILE *out, const struct source *s)
{
    fputs("| ", out);
    if (s->data_dir) {
        for (size_t p = 0; p < s->plot_count; p++)
            fprintf(out, "[%s](%s/%s.svg), ", s->plots[p], s->data_dir, s->plots[p]);
        fprintf(out, "[data](%s/summary.json)", s->data_dir);
    }
    fputs(" |\n", out);
}

static void write_source(FILE *out, const struct claims *claims, size_t from)
{
    const struct source *s = &claims->sources[from];
    fprintf(out, "\n## %s\n\n`%s`\n\n", s->title ? s->title : s->scenario, s->file ? s->file : s->scenario);
    for (size_t p = 0; s->data_dir && p < s->plot_count; p++)
        fprintf(out, "![%s](%s/%s.png)\n\n", s->plots[p], s->data_dir, s->plots[p]);
    fputs("| the paper says | where | checked as | measured | verdict | evidence |\n|---|---|---|---|---|---|\n", out);
    for (size_t i = 0; i < claims->count; i++) {
        const struct entry *e = &claims->entries[i];
        char text[400];
        if (e->source != from) continue;
        put_cell(out, e->says ? e->says : "(no sentence of the paper: a check of the model)");
        put_cell(out, e->section);
        snprintf(text, sizeof text, "%s of %s: %s", e->metric ? e->metric : "", e->of ? e->of : "",
                 e->bound ? e->bound : "");
        put_cell(out, e->broken ? "" : text);
        put_cell(out, e->measured);
        snprintf(text, sizeof text, "%s%s", verdict_of(e),
                 !e->broken && !e->firm ? " (the interval crosses the bound)" : "");
        put_cell(out, text);
        put_evidence(out, s);
    }
    putc('\n', out);
    for (size_t i = 0; i < claims->count; i++) {
        const struct entry *e = &claims->entries[i];
        if (e->source != from) continue;
        fprintf(out, "- **%s**: %s", verdict_of(e), e->reason ? e->reason : "");
        if (e->tolerance_reason) fprintf(out, "; bound because: %s", e->tolerance_reason);
        fputs(".\n", out);
    }
}

static void write_markdown(FILE *out, const struct claims *claims, const char *version)
{
    size_t holds = 0, fails = 0, other = 0, broken = 0;
    for (size_t i = 0; i < claims->count; i++) {
        const struct entry *e = &claims->entries[i];
        if (e->broken)
            broken++;
        else if (e->verdict == VERDICT_HOLDS)
            holds++;
        else if (e->verdict == VERDICT_FAILS)
            fails++;
        else
            other++;
    }
    fprintf(out, "# What the paper says, and what the model shows\n\nxbow %s, written by `xbow reproduce`.\n", version);
    fprintf(out, "%zu %s, %zu %s not hold, %zu not comparable, %zu not run.\n\n", holds, holds == 1 ? "holds" : "hold",
            fails, fails == 1 ? "does" : "do", other, broken);
    fputs("Measured values are means over the seeds with their Student-t 95 % interval; the mean decides.\n"
          "The values of the paper's Figures 2 to 4 are not known: bars drawn here are predictions, compared with\n"
          "what its text says.\n", out);
    for (size_t i = 0; i < claims->source_count; i++) write_source(out, claims, i);
}

/* -- JSON --------------------------------------------------------------------------------------------------------- */

static void write_json(FILE *out, const struct claims *claims, const char *version)
{
    struct json json, *j = &json;

    json_begin(j, out);
    json_object(j, NULL);
    json_i64(j, "schema", RESULTS_SCHEMA);
    json_string(j, "version", version);
    json_u64(j, "failed", claims->failed);
    json_array(j, "claims");
    for (size_t i = 0; i < claims->count; i++) {
        const struct entry *e = &claims->entries[i];
        const struct source *s = &claims->sources[e->source];
        json_object(j, NULL);
        json_string(j, "scenario", s->scenario);
        json_string(j, "file", s->file);
        json_string(j, "says", e->says);
        json_string(j, "section", e->section);
        json_string(j, "metric", e->metric);
        json_string(j, "of", e->of);
        json_string(j, "bound", e->bound);
        json_string(j, "tolerance_reason", e->tolerance_reason);
        json_object(j, "measured");
        json_string(j, "unit", e->unit);
        json_u64(j, "n", e->n);
        json_double(j, "mean", e->n ? e->mean : 0.0 / 0.0);
        json_double(j, "half_95", e->n > 1 ? e->half : 0.0 / 0.0);
        json_object_end(j);
        json_string(j, "verdict", verdict_of(e));
        json_bool(j, "firm", e->firm);
        json_string(j, "reason", e->reason);
        json_string(j, "data", s->data_dir);
        json_array(j, "plots");
        for (size_t p = 0; p < s->plot_count; p++) json_string(j, NULL, s->plots[p]);
        json_array_end(j);
        json_object_end(j);
    }
    json_array_end(j);
    json_object_end(j);
    json_end(j);
}

/* -- files -------------------------------------------------------------------------------------------------------- */

typedef void ledger_fn(FILE *out, const struct claims *claims, const char *version);

static int write_whole(const char *dir, const char *name, ledger_fn *fn, const struct claims *claims,
                       const char *version, struct errors *errors)
{
    char *path, *temporary;
    int made = asprintf(&path, "%s/%s", dir, name), also = asprintf(&temporary, "%s/.%s.new", dir, name);
    SIM_ASSERT(made >= 0 && also >= 0);
    FILE *out = fopen(temporary, "w");
    bool good = out != NULL;
    int code = errno;

    if (out) {
        errno = 0;
        fn(out, claims, version);
        good = fflush(out) == 0 && !ferror(out);
        code = errno;
        if (fclose(out) != 0 && good) {
            good = false;
            code = errno;
        }
        if (good && rename(temporary, path) != 0) {
            good = false;
            code = errno;
        }
        if (!good) unlink(temporary);
    }
    if (!good)
        errors_add(errors, (struct error_at){ NULL, 0, 0 }, "%s: cannot write: %s", path, strerror(code ? code : EIO));
    free(path);
    free(temporary);
    return good ? 0 : -1;
}

/* Makes 'dir' and what is above it; failing to is noticed when a file is opened in it. */
static void make_dirs(const char *dir)
{
    char *path = copy(dir);
    for (char *c = strchr(path + (*path != '\0'), '/'); c; c = strchr(c + 1, '/')) {
        *c = '\0';
        mkdir(path, 0777);
        *c = '/';
    }
    mkdir(path, 0777);
    free(path);
}

int claims_write(const struct claims *claims, const char *dir, const char *version, struct errors *errors)
{
    make_dirs(dir);
    int bad = write_whole(dir, "claims.md", write_markdown, claims, version, errors);
    bad |= write_whole(dir, "claims.json", write_json, claims, version, errors);
    return bad ? -1 : 0;
}
