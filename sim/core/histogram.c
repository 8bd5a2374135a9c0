/* SPDX-License-Identifier: GPL-3.0-or-later
 * histogram.c -- bucket 16 k + j holds (16 + j) 2^(k-1) ticks and what is less than 2^(k-1) more; bucket j, j ticks. */
#include "core/histogram.h"

#include <inttypes.h>
#include <stdio.h>

#include "core/assert.h"

enum { TICK_PS = 100000, NAME_BYTES = 32 };

size_t histogram_bucket(sim_dur d)
{
    SIM_ASSERT(d.ps >= 0);
    uint64_t ticks = (uint64_t)d.ps / TICK_PS;
    if (ticks < HISTOGRAM_PARTS) return (size_t)ticks;
    int shift = 63 - __builtin_clzll(ticks) - 4; /* the five highest bits: a one, and the part */
    size_t i = (size_t)(shift + 1) * HISTOGRAM_PARTS + (size_t)(ticks >> shift) - HISTOGRAM_PARTS;
    return i < HISTOGRAM_BUCKETS ? i : HISTOGRAM_BUCKETS - 1;
}

sim_dur histogram_low(size_t bucket)
{
    size_t octave = bucket / HISTOGRAM_PARTS, part = bucket % HISTOGRAM_PARTS;
    if (octave == 0) return sim_ps((int64_t)part * TICK_PS);
    return sim_ps((int64_t)(HISTOGRAM_PARTS + part) * TICK_PS << (octave - 1));
}

sim_dur histogram_width(size_t bucket)
{
    size_t octave = bucket / HISTOGRAM_PARTS;
    return sim_ps(INT64_C(1) * TICK_PS << (octave ? octave - 1 : 0));
}

const char *const *histogram_names(void)
{
    static char text[HISTOGRAM_BUCKETS][NAME_BYTES];
    static const char *names[HISTOGRAM_BUCKETS];
    for (size_t i = 0; !names[HISTOGRAM_BUCKETS - 1] && i < HISTOGRAM_BUCKETS; i++) {
        snprintf(text[i], sizeof text[i], "from%" PRId64, histogram_low(i).ps / 1000);
        names[i] = text[i];
    }
    return names;
}

size_t histogram_quantile(const uint64_t count[HISTOGRAM_BUCKETS], uint64_t ppm)
{
    uint64_t total = 0, so_far = 0;
    for (size_t i = 0; i < HISTOGRAM_BUCKETS; i++) total += count[i];
    for (size_t i = 0; i < HISTOGRAM_BUCKETS && total > 0; i++) {
        so_far += count[i];
        if (so_far > 0 && (sim_wide)so_far * 1000000 >= (sim_wide)total * (int64_t)ppm) return i;
    }
    return HISTOGRAM_BUCKETS;
}
