/* SPDX-License-Identifier: GPL-3.0-or-later
 * interval.c -- mean, deviation and Student's t quantile, from GSL. */
#include "report/interval.h"

#include <gsl/gsl_cdf.h>
#include <math.h>

struct interval interval_of(const double *values, size_t n)
{
    struct interval v = { 0, NAN, NAN, NAN, NAN };
    double sum = 0, squares = 0;

    for (size_t i = 0; i < n; i++) {
        if (isnan(values[i])) continue;
        v.n++;
        sum += values[i];
        if (v.n == 1 || values[i] < v.min) v.min = values[i];
        if (v.n == 1 || values[i] > v.max) v.max = values[i];
    }
    if (v.n == 0) return v;
    v.mean = v.min < v.max ? sum / (double)v.n : v.min; /* equal values have exactly that mean */
    if (v.n < 2) return v;
    for (size_t i = 0; i < n; i++)
        if (!isnan(values[i])) squares += (values[i] - v.mean) * (values[i] - v.mean);
    double deviation = sqrt(squares / (double)(v.n - 1));
    v.half = gsl_cdf_tdist_Pinv(0.975, (double)(v.n - 1)) * deviation / sqrt((double)v.n);
    return v;
}

double interval_low(const struct interval *v)
{
    return v->n < 2 ? v->mean : v->mean - v->half;
}

double interval_high(const struct interval *v)
{
    return v->n < 2 ? v->mean : v->mean + v->half;
}
