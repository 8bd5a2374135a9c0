/* SPDX-License-Identifier: GPL-3.0-or-later
 * histogram.h -- durations counted in buckets whose width is a fixed share of their value, as counters of 'stats'.
 *
 * Up to 1.6 us buckets are 100 ns wide; above, every power of two is cut into 16 of equal width.  A quantile read from
 * the buckets is the middle of the one that holds the true value, so it is off by at most half a width: 1/32 of
 * itself, or 50 ns.  The last bucket, from 104 s on, has no end. */
#ifndef SIM_CORE_HISTOGRAM_H
#define SIM_CORE_HISTOGRAM_H

#include <stddef.h>
#include <stdint.h>

#include "core/units.h"

enum { HISTOGRAM_PARTS = 16, HISTOGRAM_BUCKETS = 27 * HISTOGRAM_PARTS };

/* The bucket that counts 'd', which is not negative. */
size_t histogram_bucket(sim_dur d);

/* Where a bucket begins, and how wide it is. */
sim_dur histogram_low(size_t bucket);
sim_dur histogram_width(size_t bucket);

/* One counter name per bucket, where it begins in nanoseconds: "from1600". */
const char *const *histogram_names(void);

/* The bucket with the smallest value that is not below 'ppm' millionths of all: 500000 is the median.
 * HISTOGRAM_BUCKETS when nothing was counted. */
size_t histogram_quantile(const uint64_t count[HISTOGRAM_BUCKETS], uint64_t ppm);

#endif
