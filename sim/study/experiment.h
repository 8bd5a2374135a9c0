/* SPDX-License-Identifier: GPL-3.0-or-later
 * experiment.h -- metrics of a scenario's variants as a function of prices in the cost profile.
 *
 * A point is one price per entry that may vary; the profile's other entries stay as they are.  All points are simulated
 * with the same seeds (common random numbers), so that what differs between two points is the prices' doing.  The runs
 * are those of report/campaign.h: parallel, in processes of their own. */
#ifndef SIM_STUDY_EXPERIMENT_H
#define SIM_STUDY_EXPERIMENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "machine/cost.h"
#include "report/metric.h"
#include "study/study.h"

/* What is read from a point's runs: a metric of a variant. */
struct experiment_probe {
    const struct metric *metric;
    size_t variant; /* index into the study's */
};

struct experiment_config {
    const struct study *study;
    const struct cost_profile *profile;
    const char *const *entries;             /* names of those that may vary */
    size_t entry_count;
    const struct experiment_probe *probes;
    size_t probe_count;
    uint64_t seed;                          /* of the first replication */
    int reps, jobs;                         /* jobs 0: one per core */
    bool quiet;                             /* no progress line */
};

struct experiment;

/* What 'config' points to must outlive the experiment. */
struct experiment *experiment_create(const struct experiment_config *config);
void experiment_destroy(struct experiment *e); /* NULL is allowed */

/* Simulates 'count' points: points[i * entry_count + j] is the price of entry j in its own unit, NAN for the profile's.
 * values[(i * probe_count + k) * reps + r] becomes probe k in replication r, NAN where the run has nothing to compute it
 * from.  'label' stands before the progress line.  0, or -1 after saying on stderr what failed. */
int experiment_measure(struct experiment *e, const double *points, size_t count, const char *label, double *values);

#endif
