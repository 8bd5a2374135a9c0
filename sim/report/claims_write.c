/* SPDX-License-Identifier: GPL-3.0-or-later
 * claims_write.c -- the ledger's files: Markdown for people, JSON for programs. */
#define _GNU_SOURCE
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/assert.h"
#include "report/claims_impl.h"
#include "report/json.h"

enum { CLAIMS_SCHEMA = 2 }; /* of claims.json; counts up when a member changes its meaning or goes */

/* -- Markdown ----------------------------------------------------------------------------------------------------- */

/* Text of a table cell: no bars, no line ends. */
static void put_text(FILE *out, const char *text)
{
    for (; text && *text; text++) {
        if (*text == '|') putc('\\', out);
        putc(*text == '\n' || *text == '\r' ? ' ' : *text, out);
    }
}

static void put_cell(FILE *out, const char *text)
{
    fputs("| ", out);
    put_text(out, text);
    putc(' ', out);
}

static void put_evidence(FILE *out, const struct claims *claims, const struct claim_row *row)
{
    size_t before = CLAIM_NO_SOURCE;
    fputs("| ", out);
    for (size_t i = 0; i < row->check_count; i++) {
        if (row->checks[i]->source == before || row->checks[i]->source == CLAIM_NO_SOURCE) continue;
        before = row->checks[i]->source;
        const struct claim_source *s = &claims->sources[before];
        if (!s->data_dir) continue;
        for (size_t p = 0; p < s->plot_count; p++)
            fprintf(out, "[%s](%s/%s.svg), ", s->plots[p], s->data_dir, s->plots[p]);
        fprintf(out, "[%s](%s/summary.json) ", s->scenario, s->data_dir);
    }
    fputs("|\n", out);
}

/* What was measured, or why nothing was. */
static void put_measured(FILE *out, const struct claim_row *row)
{
    fputs("| ", out);
    for (size_t i = 0; i < row->check_count; i++) {
        const struct claim *c = row->checks[i];
        if (i) fputs("; ", out);
        if (c->metric) {
            put_text(out, c->metric);
            fputs(" of ", out);
            put_text(out, c->of);
            fputs(": ", out);
            put_text(out, c->measured);
            if (c->compared) {
                fputs(", ", out);
                put_text(out, c->compared);
            }
            fputs(" (", out);
            put_text(out, c->bound);
            putc(')', out);
        } else {
            put_text(out, c->reason);
        }
    }
    putc(' ', out);
}

static bool is_firm(const struct claim_row *row)
{
    for (size_t i = 0; i < row->check_count; i++)
        if (!row->checks[i]->firm) return false;
    return true;
}

static void write_reasons(FILE *out, const struct claims *claims, const struct claim_row *row)
{
    for (size_t i = 0; i < row->check_count; i++) {
        const struct claim *c = row->checks[i];
        const char *because = claims_explain(claims, c);
        if (!c->metric) continue;
        fprintf(out, "- %s, **%s**: ", row->section ? row->section : "check of the model",
                row_verdict_name(c->verdict));
        put_text(out, c->reason);
        if (c->tolerance_reason) {
            fputs("; bound because: ", out);
            put_text(out, c->tolerance_reason);
        }
        fputs(".\n", out);
        if (because) {
            fputs("  It does not hold because: ", out);
            put_text(out, because);
            fputs(".\n", out);
        }
    }
}

static void write_markdown(FILE *out, const struct claims *claims, const char *dir, const char *version)
{
    struct claim_rows rows;

    (void)dir;
    claim_rows_make(&rows, claims);
    fprintf(out, "# What the paper says, and what the model shows\n\nxbow %s, written by `xbow reproduce`.\n", version);
    fprintf(out, "%zu sentences: %zu %s, %zu %s not hold, %zu not comparable, %zu pending; "
            "%zu scenarios not run.\n\n", claims_rows(claims), rows.tally[ROW_HOLDS],
            rows.tally[ROW_HOLDS] == 1 ? "holds" : "hold",
            rows.tally[ROW_FAILS], rows.tally[ROW_FAILS] == 1 ? "does" : "do", rows.tally[ROW_NOT_COMPARABLE],
            rows.tally[ROW_PENDING], rows.tally[ROW_NOT_RUN]);
    fputs("Measured values are means over the seeds with their Student-t 95 % interval; the mean decides.\n"
          "The values of the paper's Figures 2 to 4 are not known: bars drawn here are predictions, compared with\n"
          "what its text says.  A sentence is pending when it speaks of a part that the simulator does not have\n"
          "yet.\n\n"
          "| where | the paper says | measured (and the bound) | verdict | evidence |\n|---|---|---|---|---|\n", out);
    for (size_t i = 0; i < rows.count; i++) {
        const struct claim_row *row = &rows.list[i];
        char verdict[80];
        put_cell(out, row->section);
        put_cell(out, row->says ? row->says : "(no sentence of the paper: a check of the model)");
        put_measured(out, row);
        snprintf(verdict, sizeof verdict, "%s%s", row_verdict_name(row->verdict),
                 is_firm(row) ? "" : " (an interval crosses its bound)");
        put_cell(out, verdict);
        put_evidence(out, claims, row);
    }
    fputs("\n## Reasons\n\n", out);
    for (size_t i = 0; i < rows.count; i++) write_reasons(out, claims, &rows.list[i]);
    claim_rows_fini(&rows);
}

/* -- JSON --------------------------------------------------------------------------------------------------------- */

static void write_check(struct json *j, const struct claims *claims, const struct claim *c)
{
    const struct claim_source *s = c->source == CLAIM_NO_SOURCE ? NULL : &claims->sources[c->source];

    json_object(j, NULL);
    json_string(j, "section", c->section);
    json_string(j, "says", c->says);
    json_string(j, "verdict", row_verdict_name(c->verdict));
    json_string(j, "reason", c->reason);
    json_string(j, "explanation", claims_explain(claims, c));
    if (s) {
        json_string(j, "scenario", s->scenario);
        json_string(j, "file", s->file);
    }
    if (c->metric) {
        json_string(j, "metric", c->metric);
        json_string(j, "of", c->of);
        json_string(j, "bound", c->bound);
        json_string(j, "tolerance_reason", c->tolerance_reason);
        json_bool(j, "firm", c->firm);
        json_object(j, "measured");
        json_string(j, "unit", c->unit);
        json_u64(j, "n", c->n);
        json_double(j, "mean", c->n ? c->mean : 0.0 / 0.0);
        json_double(j, "half_95", c->n > 1 ? c->half : 0.0 / 0.0);
        json_object_end(j);
    }
    if (s && s->data_dir) {
        json_string(j, "data", s->data_dir);
        json_array(j, "plots");
        for (size_t p = 0; p < s->plot_count; p++) json_string(j, NULL, s->plots[p]);
        json_array_end(j);
    }
    json_object_end(j);
}

static void write_json(FILE *out, const struct claims *claims, const char *dir, const char *version)
{
    struct json json, *j = &json;
    struct claim_rows rows;

    (void)dir;
    claim_rows_make(&rows, claims);
    json_begin(j, out);
    json_object(j, NULL);
    json_i64(j, "schema", CLAIMS_SCHEMA);
    json_string(j, "version", version);
    json_u64(j, "failed", claims_failed(claims));
    json_array(j, "rows");
    for (size_t i = 0; i < rows.count; i++) {
        const struct claim_row *row = &rows.list[i];
        json_object(j, NULL);
        json_string(j, "section", row->section);
        json_string(j, "says", row->says);
        json_string(j, "verdict", row_verdict_name(row->verdict));
        json_array(j, "checks");
        for (size_t k = 0; k < row->check_count; k++) write_check(j, claims, row->checks[k]);
        json_array_end(j);
        json_object_end(j);
    }
    json_array_end(j);
    json_object_end(j);
    json_end(j);
    claim_rows_fini(&rows);
}

/* -- files -------------------------------------------------------------------------------------------------------- */

static int write_whole(const char *dir, const char *name, claims_write_fn *fn, const struct claims *claims,
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
        fn(out, claims, dir, version);
        good = !ferror(out) && fflush(out) == 0;
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
    char *path = claims_copy(dir);
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
    static const struct {
        const char *name;
        claims_write_fn *fn;
    } files[] = { { "claims.md", write_markdown }, { "claims.json", write_json }, { "index.html", claims_write_html },
                  { "held.json", claims_write_held } };
    int bad = 0;
    make_dirs(dir);
    for (size_t i = 0; i < sizeof files / sizeof *files; i++)
        bad |= write_whole(dir, files[i].name, files[i].fn, claims, version, errors);
    return bad ? -1 : 0;
}
