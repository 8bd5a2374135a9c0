/* SPDX-License-Identifier: GPL-3.0-or-later
 * interval.h -- the mean of a few replications, and how far it can be trusted.
 *
 * Student's t interval for the mean of independent, roughly normal values: mean +- t(0.975, n-1) * s / sqrt(n). */
#ifndef SIM_REPORT_INTERVAL_H
#define SIM_REPORT_INTERVAL_H

#include <stddef.h>

struct interval {
    size_t n;        /* values that were numbers */
    double mean;     /* NAN when n = 0 */
    double half;     /* half width of the 95 % interval; NAN when n < 2 */
    double min, max; /* NAN when n = 0 */
};

/* Of the values that are not NAN: a run that does not have the metric is left out. */
struct interval interval_of(const double *values, size_t n);

/* The ends of the interval; the mean itself when there is only one value. */
double interval_low(const struct interval *v);
double interval_high(const struct interval *v);

#endif
