/* SPDX-License-Identifier: GPL-3.0-or-later
 * table.c -- aligned columns for a terminal. */
#include "report/table.h"

#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "core/assert.h"
#include "report/metric.h"

/* What a person wants to see first; all others are in metrics.csv. */
static const char *const headline[] = {
    "goodput", "goodput-rx", "goodput-tx", "request-rate", "latency-p50", "latency-p99", "flow-fairness",
    "lane-packet-rate", "tx-packet-rate", "intr-share", "poll-share", "chain-under-10-share", "chain-10-50-share", "chain-over-50-share",
    "lane-imbalance", "cpu-busy-mean", "cpu-busy-min", "cpu-busy-max", "cpu-imbalance", "intr-rate", "csw-rate", "smtx-rate",
    "retransmits", "drops",
};
enum { N_HEADLINE = sizeof headline / sizeof *headline, NAME_COLUMNS = 24, VARIANT_COLUMNS = 26, VARIANTS_ABREAST = 4 };

static void print_metrics(FILE *out, const struct campaign *c, size_t from, size_t to);
static void print_drops(FILE *out, const struct campaign *c, size_t from, size_t to);
static void print_lanes(FILE *out, const struct run_result *r);
static void print_cpus(FILE *out, const struct run_result *r);

/* Columns that a UTF-8 text takes: bytes that do not continue a character. */
static int columns_of(const char *text)
{
    int n = 0;
    for (; *text; text++) n += ((unsigned char)*text & 0xc0) != 0x80;
    return n;
}

void table_put_right(FILE *out, const char *text, int columns)
{
    fprintf(out, "%*s%s", columns > columns_of(text) ? columns - columns_of(text) : 0, "", text);
}

void table_print(FILE *out, const struct campaign *c, const struct expect_report *checked)
{
    size_t variants = c->reps ? c->count / c->reps : 0;

    if (variants == 0) return;
    fprintf(out, "%zu seed%s from %" PRIu64 ", %g s measured%s\n", c->reps, c->reps == 1 ? "" : "s", c->runs->seed,
            sim_seconds(c->runs->measured), c->reps > 1 ? "; mean ± 95 % interval" : "");
    for (size_t from = 0; from < variants; from += VARIANTS_ABREAST) {
        size_t to = from + VARIANTS_ABREAST < variants ? from + VARIANTS_ABREAST : variants;
        putc('\n', out);
        print_metrics(out, c, from, to);
        print_drops(out, c, from, to);
    }
    for (size_t v = 0; v < variants; v++) {
        const struct run_result *r = &c->runs[v * c->reps];
        if (!r->focus) continue;
        fprintf(out, "\n%s, variant %s, seed %" PRIu64 "\n", r->focus, r->variant, r->seed);
        print_lanes(out, r);
        print_cpus(out, r);
    }
    if (checked && checked->count) {
        putc('\n', out);
        table_print_expectations(out, checked);
    }
}

const char *const *table_headline(size_t *count)
{
    *count = N_HEADLINE;
    return headline;
}

void table_print_expectations(FILE *out, const struct expect_report *checked)
{
    for (size_t i = 0; i < checked->count; i++) {
        const struct expect_result *e = &checked->list[i];
        fprintf(out, "%-14s  %s of %s %s: %s\n", verdict_name(e->verdict), e->metric, e->of, e->bound, e->reason);
        if (e->says) fprintf(out, "%16s\"%s\"\n", "", e->says);
    }
}

/* -- metrics, drops: one column per variant ----------------------------------------------------------------------- */

static struct interval interval_over_seeds(const struct campaign *c, size_t variant,
                                           double (*value)(const struct run_result *, const void *), const void *arg)
{
    double *values = calloc(c->reps, sizeof *values);
    SIM_ASSERT(values);
    for (size_t i = 0; i < c->reps; i++) values[i] = value(&c->runs[variant * c->reps + i], arg);
    struct interval v = interval_of(values, c->reps);
    free(values);
    return v;
}

static double metric_of(const struct run_result *r, const void *metric)
{
    return metric_value(metric, r);
}

static double drops_of(const struct run_result *r, const void *reason)
{
    return (double)r->ledger.dropped[*(const int *)reason];
}

static void print_metrics(FILE *out, const struct campaign *c, size_t from, size_t to)
{
    char text[96];

    fprintf(out, "%-*s", NAME_COLUMNS, "");
    for (size_t v = from; v < to; v++) table_put_right(out, c->runs[v * c->reps].variant, VARIANT_COLUMNS);
    putc('\n', out);
    for (size_t i = 0; i < N_HEADLINE; i++) {
        const struct metric *m = metric_find(headline[i]);
        bool some = false;
        SIM_ASSERT(m);
        for (size_t v = from; v < to; v++) some |= interval_over_seeds(c, v, metric_of, m).n > 0;
        if (!some) continue;
        fprintf(out, "%-*s", NAME_COLUMNS, m->name);
        for (size_t v = from; v < to; v++) {
            struct interval x = interval_over_seeds(c, v, metric_of, m);
            table_put_right(out, x.n ? metric_format(m->kind, &x, text, sizeof text) : "--", VARIANT_COLUMNS);
        }
        putc('\n', out);
    }
}

static void print_drops(FILE *out, const struct campaign *c, size_t from, size_t to)
{
    char text[96];

    for (int reason = 0; reason < N_DROP_REASONS; reason++) {
        bool some = false;
        for (size_t v = from; v < to; v++) some |= interval_over_seeds(c, v, drops_of, &reason).max > 0;
        if (!some) continue;
        fprintf(out, "  %-*s", NAME_COLUMNS - 2, drop_name((enum drop_reason)reason));
        for (size_t v = from; v < to; v++) {
            struct interval x = interval_over_seeds(c, v, drops_of, &reason);
            table_put_right(out, metric_format(METRIC_COUNT, &x, text, sizeof text), VARIANT_COLUMNS);
        }
        putc('\n', out);
    }
}

/* -- lanes, as `dlstat show-link -r` prints them ------------------------------------------------------------------ */

/* A count scaled by 1000 as dlstat does: 812, 1.53K, 12.04G; "--" when the lane does not count it. */
static void put_scaled(FILE *out, const struct result_block *b, const char *counter)
{
    static const char unit[] = "\0KMGTPE";
    char text[32];
    bool found;
    double x = (double)result_block_value(b, counter, &found);
    int scale = 0;

    while (x >= 999.995) {
        x /= 1000;
        scale++;
    }
    if (!found)
        snprintf(text, sizeof text, "--");
    else if (scale == 0)
        snprintf(text, sizeof text, "%.0f", x);
    else
        snprintf(text, sizeof text, "%.2f%c", x, unit[scale]);
    fprintf(out, "%9s", text);
}

static void print_lanes(FILE *out, const struct run_result *r)
{
    static const char *const counters[] = { "ipackets", "rbytes", "intrs", "polls", "rxsdrops", "chainunder10",
                                            "chain10to50", "chainover50" };
    bool first = true;

    for (size_t i = 0; i < r->block_count; i++) {
        const struct result_block *b = &r->blocks[i];
        if (strcmp(b->kind, "lane") != 0 || !result_entity_of(b->entity, r->focus)) continue;
        const char *link = strpbrk(b->entity, "/:"), *last = strrchr(b->entity, '/');
        if (!link || !last || last <= link) continue;
        if (first)
            fprintf(out, "%-16s TYPE ID  INDEX%9s%9s%9s%9s%9s%9s%9s%9s\n", "LINK", "IPKTS", "RBYTES", "INTRS", "POLLS",
                    "SDROPS", "CH<10", "CH10-50", "CH>50");
        first = false;
        bool lane = strstr(last, "lane") != NULL;
        fprintf(out, "%-16.*s rx   %-3.2s %5s", (int)(last - link - 1), link + 1, last + 1,
                lane ? strstr(last, "lane") + 4 : "--");
        for (size_t k = 0; k < sizeof counters / sizeof *counters; k++) put_scaled(out, b, counters[k]);
        putc('\n', out);
    }
}

/* -- CPUs, as mpstat prints them ---------------------------------------------------------------------------------- */

static double percent_of(const struct result_block *b, const char *counter, double whole)
{
    return whole > 0 ? 100 * (double)result_block_value(b, counter, NULL) / whole : 0;
}

static void print_cpus(FILE *out, const struct run_result *r)
{
    static const char *const counters[] = { "intr", "ithr", "csw", "icsw", "migr", "smtx", "syscl" };
    static const char *const times[] = { "usr_ps", "sys_ps", "intr_ps", "idl_ps" };
    double seconds = sim_seconds(r->measured);
    bool first = true;

    for (size_t i = 0; i < r->block_count; i++) {
        const struct result_block *b = &r->blocks[i];
        if (strcmp(b->kind, "cpu") != 0 || !result_entity_of(b->entity, r->focus)) continue;
        const char *part = strpbrk(b->entity, "/:");
        double whole = 0;
        for (size_t k = 0; k < sizeof times / sizeof *times; k++)
            whole += (double)result_block_value(b, times[k], NULL);
        if (first) fprintf(out, " CPU    intr    ithr     csw    icsw    migr    smtx   syscl  usr  sys  idl\n");
        first = false;
        fprintf(out, "%4s", part && strncmp(part + 1, "cpu", 3) == 0 ? part + 4 : b->entity);
        for (size_t k = 0; k < sizeof counters / sizeof *counters; k++)
            fprintf(out, "%8.0f", (double)result_block_value(b, counters[k], NULL) / seconds);
        fprintf(out, "%5.0f%5.0f%5.0f\n", percent_of(b, "usr_ps", whole),
                percent_of(b, "sys_ps", whole) + percent_of(b, "intr_ps", whole), percent_of(b, "idl_ps", whole));
    }
}
