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
    "body{font:16px/1.5 system-ui,sans-serif;color:#111;background:#fff;margin:0 auto;max-width:76rem;padding:0 1rem 4rem}\n"
    "h1{font-size:2rem;margin:2rem 0 .5rem}h1,h2,h3{line-height:1.2}\n"
    "h2{margin-top:3rem;border-top:2px solid #111;padding-top:.8rem}\n"
    "a{color:#174a7c}code{font-size:.92em}.lead{font-size:1.1rem;max-width:54rem}\n"
    "table{border-collapse:collapse;width:100%;font-size:.9rem}\n"
    "th,td{border-bottom:1px solid #bbb;padding:.45rem .6rem;text-align:left;vertical-align:top}\n"
    "th{background:#eee}td.n{text-align:right;white-space:nowrap}\n"
    "tr.part th{background:#fff;border-bottom:2px solid #666;font-size:1.05rem;padding-top:1.6rem}\n"
    ".wide{overflow-x:auto}pre{overflow-x:auto;background:#f4f4f4;padding:.6rem}\n"
    "td.s{width:30%}td.v{white-space:nowrap;font-weight:bold}td.w{white-space:nowrap;color:#444}\n"
    ".holds{background:#d9f2dd}.fails{background:#a33;color:#fff}\n"
    ".other{background:#ddd}.pending{background:#fff;outline:1px solid #999;outline-offset:-1px}\n"
    "td.other,td.pending{font-weight:normal}td.pending{font-style:italic;outline:0}\n"
    ".bar{display:flex;margin:1.2rem 0}.bar div{padding:.5rem .6rem;min-width:6.5rem;white-space:nowrap}\n"
    ".bar b{font-size:1.5rem;display:block;line-height:1.1}\n"
    "nav ul{columns:2 22rem;column-gap:2.5rem;padding-left:1.1rem}li{break-inside:avoid}\n"
    "ul.checks{margin:0;padding-left:1.1rem}ul.checks li{margin-bottom:.3rem}\n"
    "details{font-size:.92em;color:#333}summary{cursor:pointer;color:#174a7c}\n"
    ".because{border-left:3px solid #a33;padding-left:.6rem;margin:.3rem 0}\n"
    "figure{margin:1.5rem 0}figure img{max-width:100%;height:auto}figcaption{color:#444;font-size:.9rem}\n"
    ".filter{margin:0 1.2rem 0 .3rem}\n"
    "#only-fails:checked~.wide tr.row:not(.is-fails),#only-measured:checked~.wide tr.row:not(.is-measured)"
    "{display:none}\n"
    "@media print{details>*{display:block}input,label.filter{display:none}}\n";

static const struct {
    const char *class, *sign;
} look[N_ROW_VERDICTS] = {
    [ROW_HOLDS] = { "holds", "&#10003;" }, [ROW_FAILS] = { "fails", "&#10007;" },
    [ROW_NOT_COMPARABLE] = { "other", "&#8211;" }, [ROW_PENDING] = { "pending", "&#8230;" },
    [ROW_NOT_RUN] = { "fails", "&#10007;" },
};

static void put_char(FILE *out, char c)
{
    switch (c) {
    case '&': fputs("&amp;", out); break;
    case '<': fputs("&lt;", out); break;
    case '>': fputs("&gt;", out); break;
    case '"': fputs("&quot;", out); break;
    default: putc((unsigned char)c < ' ' ? ' ' : c, out);
    }
}

/* Text of an element or attribute. */
static void put(FILE *out, const char *text)
{
    for (; text && *text; text++) put_char(out, *text);
}

/* The same, with `code` between back quotes. */
static void put_prose(FILE *out, const char *text)
{
    bool code = false;
    for (; text && *text; text++) {
        if (*text == '`') {
            fputs(code ? "</code>" : "<code>", out);
            code = !code;
        } else {
            put_char(out, *text);
        }
    }
    if (code) fputs("</code>", out);
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

static void put_metric(FILE *out, const char *name)
{
    const struct metric *m = metric_find(name);
    fputs("<code title=\"", out);
    put(out, m ? m->meaning : "");
    fputs("\">", out);
    put(out, name);
    fputs("</code>", out);
}

static void put_check(FILE *out, const struct claims *claims, const struct claim *c)
{
    const char *because = claims_explain(claims, c);
    if (!c->metric) {
        if (c->verdict == ROW_PENDING) fputs("waits for: ", out);
        put_prose(out, c->reason);
        return;
    }
    put_metric(out, c->metric);
    fputs(" of <code>", out);
    put(out, c->of);
    fputs("</code>: <strong>", out);
    put(out, c->measured);
    fputs("</strong>", out);
    if (c->compared) {
        fputs(", ", out);
        put(out, c->compared);
    }
    if (c->verdict == ROW_FAILS) fputs(" <strong>&#10007;</strong>", out);
    fputs("<details><summary>bound: ", out);
    put(out, c->bound);
    fputs(c->firm ? "</summary>" : "; the interval crosses it</summary>", out);
    if (c->tolerance_reason) put_prose(out, c->tolerance_reason);
    fprintf(out, ". %zu seed%s.</details>", c->n, c->n == 1 ? "" : "s");
    if (!because) return;
    fputs("<div class=\"because\">", out);
    put_prose(out, because);
    fputs(".</div>", out);
}

static void put_evidence(FILE *out, const struct claims *claims, const struct claim_row *row)
{
    size_t before = CLAIM_NO_SOURCE;
    for (size_t i = 0; i < row->check_count; i++) {
        if (row->checks[i]->source == before || row->checks[i]->source == CLAIM_NO_SOURCE) continue;
        before = row->checks[i]->source;
        const struct claim_source *s = &claims->sources[before];
        fprintf(out, "<a href=\"#scenario-%zu\">", before);
        put(out, s->scenario);
        fputs("</a>", out);
        if (s->data_dir) {
            fputs(" (<a href=\"", out);
            put(out, s->data_dir);
            fputs("/summary.json\">data</a>)", out);
        }
        fputs("<br>", out);
    }
}

/* "4.3, paragraph 2" in section 4.3: what follows the comma. */
static const char *place_of(const struct claim_row *row)
{
    const char *comma = row->section ? strchr(row->section, ',') : NULL;
    return comma ? comma + 2 : "";
}

static void put_row(FILE *out, const struct claims *claims, const struct claim_row *row, size_t number)
{
    bool measured = row->check_count > 0 && row->checks[0]->metric;
    fprintf(out, "<tr class=\"row%s%s\" id=\"row-%zu\"><td class=\"w\">", row->verdict == ROW_FAILS ? " is-fails" : "",
            measured ? " is-measured" : "", number);
    put(out, place_of(row));
    fputs("</td><td class=\"s\">", out);
    put_prose(out, row->says ? row->says : "(no sentence of the paper: a check of the model)");
    fputs("</td><td>", out);
    if (row->check_count > 1) fputs("<ul class=\"checks\">", out);
    for (size_t i = 0; i < row->check_count; i++) {
        if (row->check_count > 1) fputs("<li>", out);
        put_check(out, claims, row->checks[i]);
        if (row->check_count > 1) fputs("</li>", out);
    }
    if (row->check_count > 1) fputs("</ul>", out);
    fprintf(out, "</td><td class=\"v %s\">%s %s</td><td class=\"w\">", look[row->verdict].class, look[row->verdict].sign,
            row_verdict_name(row->verdict));
    put_evidence(out, claims, row);
    fputs("</td></tr>\n", out);
}

static void put_section(FILE *out, const struct claims *claims, const char *section)
{
    const char *title = claims_section_title(claims, section);
    fputs("<tr class=\"part\"><th colspan=\"5\">", out);
    for (size_t i = 0; section && i < strcspn(section, ","); i++) put_char(out, section[i]);
    fputs(section ? "&ensp;" : "The model", out);
    put(out, title ? title : "");
    fputs("</th></tr>\n", out);
}

static void put_tally(FILE *out, const struct claim_rows *rows)
{
    fputs("<div class=\"bar\">\n", out);
    for (int v = 0; v < N_ROW_VERDICTS; v++)
        if (rows->tally[v])
            fprintf(out, "<div class=\"%s\" style=\"flex-grow:%zu\"><b>%zu</b>%s %s</div>\n", look[v].class,
                    rows->tally[v], rows->tally[v], look[v].sign, row_verdict_name((enum row_verdict)v));
    fputs("</div>\n", out);
}

/* What a reader wants to see first: the sentences that do not come out. */
static void put_failures(FILE *out, const struct claim_rows *rows)
{
    if (!rows->tally[ROW_FAILS]) return;
    fputs("<h3>What does not come out</h3>\n<ul>\n", out);
    for (size_t i = 0; i < rows->count; i++) {
        const struct claim_row *row = &rows->list[i];
        if (row->verdict != ROW_FAILS) continue;
        fprintf(out, "<li><a href=\"#row-%zu\">", i);
        put(out, row->section ? row->section : "the model");
        fputs("</a>: ", out);
        put_prose(out, row->says);
        fputs("</li>\n", out);
    }
    fputs("</ul>\n", out);
}

static void put_ledger(FILE *out, const struct claims *claims, const struct claim_rows *rows)
{
    fprintf(out, "<h2 id=\"ledger\">The ledger: %zu sentences</h2>\n", claims_rows(claims));
    fputs("<p>Measured values are means over the seeds with their Student-t 95&nbsp;% interval; the mean decides. A bound "
          "opens to the reason why it is what it is; a metric says what it means when pointed at. A sentence is pending "
          "when it speaks of a part that the simulator does not have yet.</p>\n"
          "<input type=\"radio\" name=\"show\" id=\"all\" checked><label class=\"filter\" for=\"all\">all sentences</label>"
          "<input type=\"radio\" name=\"show\" id=\"only-measured\"><label class=\"filter\" for=\"only-measured\">measured"
          "</label><input type=\"radio\" name=\"show\" id=\"only-fails\"><label class=\"filter\" for=\"only-fails\">those "
          "that do not hold</label>\n"
          "<div class=\"wide\"><table>\n<tr><th></th><th>the paper says</th><th>measured</th><th>verdict</th>"
          "<th>evidence</th></tr>\n", out);
    for (size_t i = 0; i < rows->count; i++) {
        const struct claim_row *row = &rows->list[i];
        if (i == 0 || !claims_same_section(rows->list[i - 1].section, row->section))
            put_section(out, claims, row->section);
        put_row(out, claims, row, i);
    }
    fputs("</table></div>\n", out);
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
        fputs("<figure><img alt=\"", out);
        put(out, plot);
        fputs(": ", out);
        put(out, s->title ? s->title : s->scenario);
        fputs("\" src=\"data:image/svg+xml;base64,", out);
        put_base64(out, svg, bytes);
        fputs("\"><figcaption>", out);
        put(out, plot);
        fputs(" (<a href=\"", out);
        put(out, s->data_dir);
        fputc('/', out);
        put(out, plot);
        fputs(".svg\">SVG</a>)</figcaption></figure>\n", out);
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
    fprintf(out, "<details><summary>What was measured besides: %zu seed%s from %" PRIu64 ", %g s%s</summary>\n"
            "<div class=\"wide\"><table>\n<tr><th>metric</th>", s->reps, s->reps == 1 ? "" : "s", s->seed, s->measured_s,
            s->reps > 1 ? "; means and 95&nbsp;% intervals" : "");
    for (size_t v = 0; v < s->variant_count; v++) {
        fputs("<th>", out);
        put(out, s->variants[v]);
        fputs("</th>", out);
    }
    fputs("</tr>\n", out);
    for (size_t m = 0; m < s->metric_count; m++) {
        fputs("<tr><td>", out);
        put_metric(out, s->metrics[m]);
        fputs("</td>", out);
        for (size_t v = 0; v < s->variant_count; v++) {
            const char *cell = s->cells[m * s->variant_count + v];
            fputs("<td class=\"n\">", out);
            put(out, cell ? cell : "--");
            fputs("</td>", out);
        }
        fputs("</tr>\n", out);
    }
    fputs("</table></div></details>\n", out);
}

static void put_scenario(FILE *out, const struct claims *claims, size_t index, const char *dir, const char *version)
{
    const struct claim_source *s = &claims->sources[index];

    fprintf(out, "<h2 id=\"scenario-%zu\">", index);
    put(out, s->title ? s->title : s->scenario);
    fputs("</h2>\n", out);
    if (s->description) {
        fputs("<p class=\"lead\">", out);
        put_prose(out, s->description);
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
    struct claim_rows rows;

    claim_rows_make(&rows, claims);
    fputs("<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
          "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
          "<title>What the paper says, and what the model shows</title>\n<style>\n", out);
    fputs(style, out);
    fputs("</style>\n</head>\n<body>\n<h1>What the paper says, and what the model shows</h1>\n"
          "<p class=\"lead\"><cite>Crossbow: From Hardware Virtualized NICs to Virtualized Networks</cite> (VISA 2009), "
          "sentence by sentence, against a simulation of its machines: network cards at register and ring level, CPUs with "
          "interrupts and threads, memory, PCIe, switches, and a real lane and polling core. The values of its Figures 2 "
          "to 4 are not known: bars drawn here are predictions, compared with what its text says.</p>\n"
          "<p>Written by <code>xbow reproduce</code>, version ", out);
    put(out, version);
    fputs(".</p>\n", out);
    put_tally(out, &rows);
    put_failures(out, &rows);
    fputs("<nav><h3>Contents</h3>\n<ul>\n<li><a href=\"#ledger\">The ledger</a></li>\n", out);
    for (size_t i = 0; i < claims->source_count; i++) {
        fprintf(out, "<li><a href=\"#scenario-%zu\">", i);
        put(out, claims->sources[i].title ? claims->sources[i].title : claims->sources[i].scenario);
        fputs("</a></li>\n", out);
    }
    fputs("</ul></nav>\n", out);
    put_ledger(out, claims, &rows);
    for (size_t i = 0; i < claims->source_count; i++) put_scenario(out, claims, i, dir, version);
    fputs("</body>\n</html>\n", out);
    claim_rows_fini(&rows);
}
