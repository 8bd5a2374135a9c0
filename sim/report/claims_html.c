/* SPDX-License-Identifier: GPL-3.0-or-later
 * claims_html.c -- the ledger and all plots as one page: no scripts, nothing loaded from anywhere.
 *
 * Plots are data URIs, not inline SVG: gnuplot gives every drawing the same ids.  Verdicts differ in sign, text and
 * lightness, so that they survive printing in grey. */
#define _GNU_SOURCE
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "core/assert.h"
#include "report/claims_impl.h"

static const char style[] =
    "body{font:16px/1.45 sans-serif;color:#111;background:#fff;margin:0 auto;max-width:76rem;padding:0 1rem 3rem}\n"
    "h1,h2{line-height:1.2}h2{margin-top:2.5rem;border-top:1px solid #999;padding-top:1rem}\n"
    "table{border-collapse:collapse;width:100%;font-size:.9rem}\n"
    "th,td{border:1px solid #999;padding:.3rem .5rem;text-align:left;vertical-align:top}\n"
    "th{background:#eee}td.n{text-align:right;white-space:nowrap}\n"
    ".wide{overflow-x:auto}code{font-size:.95em}\n"
    "pre{overflow-x:auto;background:#f4f4f4;padding:.5rem}\n"
    "td.v{font-weight:bold;white-space:nowrap}\n"
    "td.holds{background:#d9f2dd}td.fails{background:#a33;color:#fff}\n"
    "td.other{background:#eee;font-weight:normal}td.pending{background:#fff;font-weight:normal;font-style:italic}\n"
    "ul{margin:.2rem 0;padding-left:1.1rem}details{margin-top:.3rem}summary{cursor:pointer}\n"
    "@media print{details>*{display:block}}\n";

static const struct {
    const char *class, *sign;
} look[N_ROW_VERDICTS] = {
    [ROW_HOLDS] = { "holds", "&#10003;" }, [ROW_FAILS] = { "fails", "&#10007;" },
    [ROW_NOT_COMPARABLE] = { "other", "&#8211;" }, [ROW_PENDING] = { "pending", "&#8230;" },
    [ROW_NOT_RUN] = { "fails", "&#10007;" },
};

/* Text of an element or attribute. */
static void put(FILE *out, const char *text)
{
    for (; text && *text; text++) {
        switch (*text) {
        case '&': fputs("&amp;", out); break;
        case '<': fputs("&lt;", out); break;
        case '>': fputs("&gt;", out); break;
        case '"': fputs("&quot;", out); break;
        default: putc((unsigned char)*text < ' ' ? ' ' : *text, out);
        }
    }
}

static void put_base64(FILE *out, const unsigned char *from, size_t n)
{
    static const char digit[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    for (size_t i = 0; i < n; i += 3) {
        uint32_t three = (uint32_t)from[i] << 16;
        if (i + 1 < n) three |= (uint32_t)from[i + 1] << 8;
        if (i + 2 < n) three |= from[i + 2];
        putc(digit[three >> 18], out);
        putc(digit[three >> 12 & 63], out);
        putc(i + 1 < n ? digit[three >> 6 & 63] : '=', out);
        putc(i + 2 < n ? digit[three & 63] : '=', out);
    }
}

/* -- the ledger --------------------------------------------------------------------------------------------------- */

static void put_check(FILE *out, const struct claims *claims, const struct claim *c)
{
    const char *because = claims_explain(claims, c);
    if (!c->metric) {
        put(out, c->reason);
        return;
    }
    fputs("<code>", out);
    put(out, c->metric);
    fputs("</code> of <code>", out);
    put(out, c->of);
    fputs("</code>: ", out);
    put(out, c->measured);
    fputs(" <small>(", out);
    put(out, c->bound);
    fputs(c->firm ? ")</small>" : "; the interval crosses the bound)</small>", out);
    fputs("<details><summary>why</summary>", out);
    put(out, c->reason);
    if (c->tolerance_reason) {
        fputs(". <em>The bound:</em> ", out);
        put(out, c->tolerance_reason);
    }
    fputs(".</details>", out);
    if (!because) return;
    fputs("<p><strong>Why it does not hold:</strong> ", out);
    put(out, because);
    fputs(".</p>", out);
}

static void put_evidence(FILE *out, const struct claims *claims, const struct claim_row *row)
{
    size_t before = CLAIM_NO_SOURCE;
    for (size_t i = 0; i < row->check_count; i++) {
        if (row->checks[i]->source == before || row->checks[i]->source == CLAIM_NO_SOURCE) continue;
        before = row->checks[i]->source;
        fprintf(out, "<a href=\"#scenario-%zu\">", before);
        put(out, claims->sources[before].scenario);
        fputs("</a> ", out);
    }
}

static void put_row(FILE *out, const struct claims *claims, const struct claim_row *row)
{
    fputs("<tr><td>", out);
    put(out, row->section);
    fputs("</td><td>", out);
    put(out, row->says ? row->says : "(no sentence of the paper: a check of the model)");
    fputs("</td><td>", out);
    if (row->check_count > 1) fputs("<ul>", out);
    for (size_t i = 0; i < row->check_count; i++) {
        if (row->check_count > 1) fputs("<li>", out);
        put_check(out, claims, row->checks[i]);
        if (row->check_count > 1) fputs("</li>", out);
    }
    if (row->check_count > 1) fputs("</ul>", out);
    fprintf(out, "</td><td class=\"v %s\">%s %s</td><td>", look[row->verdict].class, look[row->verdict].sign,
            row_verdict_name(row->verdict));
    put_evidence(out, claims, row);
    fputs("</td></tr>\n", out);
}

static void put_ledger(FILE *out, const struct claims *claims)
{
    struct claim_rows rows;

    claim_rows_make(&rows, claims);
    fprintf(out, "<h2 id=\"ledger\">The ledger: %zu sentences</h2>\n<table>\n"
            "<tr><th>verdict</th><th>sentences</th></tr>\n", claims_rows(claims));
    for (int v = 0; v < N_ROW_VERDICTS; v++)
        if (rows.tally[v])
            fprintf(out, "<tr><td class=\"v %s\">%s %s</td><td class=\"n\">%zu</td></tr>\n", look[v].class,
                    look[v].sign, row_verdict_name((enum row_verdict)v), rows.tally[v]);
    fputs("</table>\n<p>Measured values are means over the seeds with their Student-t 95&nbsp;% interval; the mean "
          "decides. The values of the paper's Figures 2 to 4 are not known: bars drawn here are predictions, compared "
          "with what its text says. A sentence is pending when it speaks of a part that the simulator does not have "
          "yet.</p>\n"
          "<div class=\"wide\"><table>\n<tr><th>where</th><th>the paper says</th><th>measured (and the bound)</th>"
          "<th>verdict</th><th>scenario</th></tr>\n", out);
    for (size_t i = 0; i < rows.count; i++) put_row(out, claims, &rows.list[i]);
    fputs("</table></div>\n", out);
    claim_rows_fini(&rows);
}

/* -- scenarios ---------------------------------------------------------------------------------------------------- */

static unsigned char *read_whole(const char *path, size_t *bytes)
{
    FILE *in = fopen(path, "rb");
    unsigned char *text = NULL;
    size_t room = 0;
    *bytes = 0;
    while (in) {
        if (*bytes == room) {
            room = room ? room * 2 : 1 << 16;
            text = realloc(text, room);
            SIM_ASSERT(text);
        }
        size_t n = fread(text + *bytes, 1, room - *bytes, in);
        if (n == 0) break;
        *bytes += n;
    }
    if (in) fclose(in);
    return text;
}

static void put_plot(FILE *out, const struct claim_source *s, const char *plot, const char *dir)
{
    char *path;
    size_t bytes;
    int made = asprintf(&path, "%s/%s/%s.svg", dir, s->data_dir, plot);
    SIM_ASSERT(made >= 0);
    unsigned char *svg = read_whole(path, &bytes);
    if (bytes) {
        fputs("<div class=\"wide\"><img alt=\"", out);
        put(out, plot);
        fputs(": ", out);
        put(out, s->title ? s->title : s->scenario);
        fputs("\" src=\"data:image/svg+xml;base64,", out);
        put_base64(out, svg, bytes);
        fputs("\"></div>\n", out);
    } else {
        fputs("<p>(the plot ", out);
        put(out, plot);
        fputs(" was not drawn)</p>\n", out);
    }
    free(svg);
    free(path);
}

static void put_summary(FILE *out, const struct claim_summary *s)
{
    fprintf(out, "<p>%zu seed%s from %" PRIu64 ", %g s measured%s.</p>\n<div class=\"wide\"><table>\n"
            "<tr><th>metric</th>", s->reps, s->reps == 1 ? "" : "s", s->seed, s->measured_s,
            s->reps > 1 ? "; means and 95&nbsp;% intervals" : "");
    for (size_t v = 0; v < s->variant_count; v++) {
        fputs("<th>", out);
        put(out, s->variants[v]);
        fputs("</th>", out);
    }
    fputs("</tr>\n", out);
    for (size_t m = 0; m < s->metric_count; m++) {
        fputs("<tr><td><code>", out);
        put(out, s->metrics[m]);
        fputs("</code></td>", out);
        for (size_t v = 0; v < s->variant_count; v++) {
            const char *cell = s->cells[m * s->variant_count + v];
            fputs("<td class=\"n\">", out);
            put(out, cell ? cell : "--");
            fputs("</td>", out);
        }
        fputs("</tr>\n", out);
    }
    fputs("</table></div>\n", out);
}

static void put_scenario(FILE *out, const struct claims *claims, size_t index, const char *dir, const char *version)
{
    const struct claim_source *s = &claims->sources[index];

    fprintf(out, "<h2 id=\"scenario-%zu\">", index);
    put(out, s->title ? s->title : s->scenario);
    fputs("</h2>\n", out);
    if (s->description) {
        fputs("<p>", out);
        put(out, s->description);
        fputs("</p>\n", out);
    }
    for (size_t p = 0; s->data_dir && p < s->plot_count; p++) put_plot(out, s, s->plots[p], dir);
    if (s->summary.variant_count) put_summary(out, &s->summary);
    fputs("<p>Again, with xbow ", out);
    put(out, version);
    fputs(":</p>\n<pre>build/xbow run ", out);
    put(out, s->file ? s->file : s->scenario);
    if (s->summary.variant_count) fprintf(out, " --seed %" PRIu64 " --reps %zu", s->summary.seed, s->summary.reps);
    fputs("</pre>\n", out);
    if (!s->data_dir) return;
    fputs("<p>Data: <a href=\"", out);
    put(out, s->data_dir);
    fputs("/summary.json\">summary.json</a> and the tables beside it.</p>\n", out);
}

void claims_write_html(FILE *out, const struct claims *claims, const char *dir, const char *version)
{
    fputs("<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
          "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
          "<title>What the paper says, and what the model shows</title>\n<style>\n", out);
    fputs(style, out);
    fputs("</style>\n</head>\n<body>\n<h1>What the paper says, and what the model shows</h1>\n"
          "<p>The paper: <cite>Crossbow: From Hardware Virtualized NICs to Virtualized Networks</cite>, VISA 2009. "
          "Written by <code>xbow reproduce</code>, version ", out);
    put(out, version);
    fputs(".</p>\n<ul>\n<li><a href=\"#ledger\">The ledger</a></li>\n", out);
    for (size_t i = 0; i < claims->source_count; i++) {
        fprintf(out, "<li><a href=\"#scenario-%zu\">", i);
        put(out, claims->sources[i].title ? claims->sources[i].title : claims->sources[i].scenario);
        fputs("</a></li>\n", out);
    }
    fputs("</ul>\n", out);
    put_ledger(out, claims);
    for (size_t i = 0; i < claims->source_count; i++) put_scenario(out, claims, i, dir, version);
    fputs("</body>\n</html>\n", out);
}
