/* SPDX-License-Identifier: GPL-3.0-or-later
 * expect.h -- whether the results meet the bounds that the scenario states.
 *
 * The mean over the replications decides; the 95 % interval says how firm that is.  A comparison of two variants is
 * made seed by seed and its interval is that of the paired differences. */
#ifndef SIM_REPORT_EXPECT_H
#define SIM_REPORT_EXPECT_H

#include <stdbool.h>
#include <stddef.h>

#include "core/error.h"
#include "report/campaign.h"
#include "report/interval.h"
#include "report/metric.h"
#include "scenario/scenario.h"

enum verdict {
    VERDICT_HOLDS,
    VERDICT_FAILS,          /* does not hold, or could not be measured */
    VERDICT_NOT_COMPARABLE, /* would need more replications than there are */
};

/* One expectation for one variant. */
struct expect_result {
    char *metric, *of, *against;        /* 'against' NULL: absolute bounds only */
    char *says, *section, *tolerance_reason; /* as in the scenario; NULL when not given */
    char *bound;                        /* "within 1% of nic", "at least 9Gbps" */
    const struct metric *kind;          /* what 'metric' names */
    struct interval measured;           /* base unit */
    struct interval reference;          /* of 'against'; n = 0 without */
    struct interval difference;         /* relative, (of - against) / against, paired by seed; n = 0 without */
    enum verdict verdict;
    bool firm;                          /* the whole interval is on the same side of every bound; true for one run */
    char *reason;                       /* a sentence: what was measured and what follows */
};

struct expect_report {
    struct expect_result *list;
    size_t count;
    size_t failed; /* VERDICT_FAILS among them */
};

/* Judges what the scenario's reader could not: metric names, variants, and bounds whose unit is not that of the
 * metric.  0, or -1 after adding every mistake with its position. */
int expect_check(const struct scenario *s, struct errors *errors);

/* Judges a value given for metric 'm': its unit must be one of the metric's kind.  0, or -1 after adding the mistake; a
 * value that is not given is none. */
int expect_check_value(const struct scenario_bound *b, const struct metric *m, struct errors *errors);

/* Evaluates every expectation of a scenario that passed expect_check(). */
void expect_evaluate(struct expect_report *report, const struct scenario *s, const struct campaign *c);
void expect_fini(struct expect_report *report);

const char *verdict_name(enum verdict v); /* "holds", "does not hold", "not comparable" */

#endif
