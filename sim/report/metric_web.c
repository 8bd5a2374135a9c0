/* SPDX-License-Identifier: GPL-3.0-or-later
 * metric_web.c -- metrics about requests and answers, and about the frames that carry them. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/histogram.h"
#include "report/metric_impl.h"

enum { FCS_BYTES = 4 };

/* Sum of one counter over all blocks of a kind, of the machine of interest's when 'focused'; NAN without any. */
static double sum(const struct run_result *r, const char *kind, bool focused, const char *counter)
{
    double total = NAN;
    const struct result_block *b;
    for (size_t i = 0; (b = metric_next_block(r, kind, focused, &i));)
        total = (isnan(total) ? 0 : total) + metric_counter(b, counter);
    return total;
}

static double ratio(double part, double whole)
{
    return whole > 0 ? part / whole : NAN;
}

/* -- requests ----------------------------------------------------------------------------------------------------- */

double metric_web_rate(const struct metric *m, const struct run_result *r)
{
    return sum(r, "web", false, m->counter) / sim_seconds(r->measured);
}

double metric_latency_mean(const struct metric *m, const struct run_result *r)
{
    (void)m;
    return ratio(sum(r, "web", false, "latency_ns") * 1e-9, sum(r, "web", false, "responses"));
}

/* The middle of the bucket that holds the quantile; 'm->counter' is in millionths. */
double metric_latency_quantile(const struct metric *m, const struct run_result *r)
{
    uint64_t count[HISTOGRAM_BUCKETS] = { 0 };
    const struct result_block *b;
    for (size_t i = 0; (b = metric_next_block(r, "web_latencies", false, &i));)
        for (size_t k = 0; k < b->count && k < HISTOGRAM_BUCKETS; k++) count[k] += b->values[k];
    size_t bucket = histogram_quantile(count, strtoull(m->counter, NULL, 10));
    if (bucket == HISTOGRAM_BUCKETS) return NAN;
    return sim_seconds(histogram_low(bucket)) + sim_seconds(histogram_width(bucket)) / 2;
}

/* -- frames ------------------------------------------------------------------------------------------------------- */

/* Of the machine's cards, FCS included; 'm->counter' is the direction's prefix. */
static double card_bytes(const struct metric *m, const struct run_result *r, double *frames)
{
    char packets[32], bytes[32];
    snprintf(packets, sizeof packets, "%spackets", m->counter);
    snprintf(bytes, sizeof bytes, "%sbytes", m->counter);
    *frames = sum(r, "nic", true, packets);
    return sum(r, "nic", true, bytes) + *frames * FCS_BYTES;
}

double metric_card_rate(const struct metric *m, const struct run_result *r)
{
    double frames;
    return card_bytes(m, r, &frames) * 8 / sim_seconds(r->measured);
}

double metric_frame_bytes(const struct metric *m, const struct run_result *r)
{
    double frames, bytes = card_bytes(m, r, &frames);
    return ratio(bytes, frames);
}

/* Of the size classes 'm->whole', of all in blocks of kind 'm->counter'. */
double metric_frame_share(const struct metric *m, const struct run_result *r)
{
    double part = 0, whole = 0;
    const struct result_block *b;
    for (size_t i = 0; (b = metric_next_block(r, m->counter, true, &i));) {
        for (size_t k = 0; k < b->count; k++) whole += (double)b->values[k];
        for (size_t k = 0; k < sizeof m->whole / sizeof *m->whole && m->whole[k]; k++)
            part += metric_counter(b, m->whole[k]);
    }
    return ratio(part, whole);
}
