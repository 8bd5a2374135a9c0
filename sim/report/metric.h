/* SPDX-License-Identifier: GPL-3.0-or-later
 * metric.h -- named numbers computed from the counters of one run; the only names an expectation may use.
 *
 * Values are in base units (bit/s, 1/s, shares from 0 to 1, counts) and shown in handier ones.  Metrics of a
 * machine's parts (CPUs, lanes) are those of the machine of interest (run_result.focus).  docs/results.md lists
 * them all. */
#ifndef SIM_REPORT_METRIC_H
#define SIM_REPORT_METRIC_H

#include <stddef.h>
#include <stdio.h>

#include "report/interval.h"
#include "report/run_result.h"

enum metric_kind {
    METRIC_RATE,      /* bit/s, shown in Gb/s */
    METRIC_SHARE,     /* 0..1, shown in % */
    METRIC_FREQUENCY, /* per second */
    METRIC_COUNT,     /* of things */
    METRIC_RATIO,     /* of things per thing */
    METRIC_TIME,      /* seconds, shown in ms */
};

enum metric_fold { FOLD_SUM, FOLD_MIN, FOLD_MAX }; /* over the machine's parts */

struct metric {
    const char *name;    /* "poll-share" */
    enum metric_kind kind;
    const char *meaning; /* one sentence */
    double (*formula)(const struct metric *m, const struct run_result *r);
    enum metric_fold fold;   /* for the formula: how, */
    const char *counter;     /* what, */
    const char *whole[4];    /* and a share of the sum of what; NULL ends the list */
};

/* In the base unit; NAN when the run has nothing to compute it from. */
double metric_value(const struct metric *m, const struct run_result *r);

/* All metrics in the order in which they are reported. */
const struct metric *metric_all(size_t *count);

/* NULL when there is none of that name. */
const struct metric *metric_find(const char *name);

/* The known name most like 'name', or NULL when none is near: for error messages. */
const char *metric_nearest(const char *name);

/* "Gb/s", "%", "1/s" or "", and what a base value is multiplied by to be shown in it. */
const char *metric_unit(enum metric_kind kind);
double metric_scale(enum metric_kind kind);

/* "17.920 ± 0.050 Gb/s", "3.10 %": base values as people read them; returns 'text'. */
const char *metric_format(enum metric_kind kind, const struct interval *v, char *text, size_t size);
int metric_decimals(enum metric_kind kind); /* digits after the point in the shown unit */

/* The table of docs/results.md: name, unit, meaning. */
void metric_print_markdown(FILE *out);

#endif
