/* SPDX-License-Identifier: GPL-3.0-or-later
 * campaign.h -- runs every variant with every seed, each in a child process, one per core.
 *
 * A child that fails an assertion, is killed or reports failure takes nobody with it: those that run finish, no new
 * one starts, what it said on stderr is shown, and the campaign fails.  Results come back in the order
 * (variant, seed) whoever finishes first. */
#ifndef SIM_REPORT_CAMPAIGN_H
#define SIM_REPORT_CAMPAIGN_H

#include <stdbool.h>
#include <stdio.h>

#include "report/run_result.h"

#define CAMPAIGN_NO_VARIANT "default" /* what a variant without a name ("") is called in results */

struct campaign_plan {
    const char *const *variants; /* names, at least one; they must live as long as the call */
    size_t variant_count;
    uint64_t seed;               /* of the first replication; replication i has seed + i */
    int reps;                    /* replications per variant, >= 1 */
    int jobs;                    /* children at a time; 0: as many as there are cores */
    bool quiet;                  /* no progress line */
    const char *label;           /* stands before the progress line; NULL: nothing */
};

/* One run, in a child process: simulates 'variant' with 'seed' and fills 'result' (initialised).  Returns 0, or
 * not 0 after saying why on stderr.  'progress' is NULL or something for campaign_progress(). */
typedef int campaign_run_fn(void *ctx, const char *variant, uint64_t seed, struct run_result *result,
                            FILE *progress);

struct campaign {
    struct run_result *runs; /* variant by variant, seeds ascending: run (v, i) is runs[v * reps + i] */
    size_t count;
    size_t reps;             /* per variant */
    int jobs;                /* children at a time; host dependent */
    double wall_s;           /* of the whole campaign; host dependent */
};

void campaign_init(struct campaign *c);
void campaign_fini(struct campaign *c);

/* Runs the plan.  0, or -1 when a run failed or the campaign was interrupted (SIGINT, SIGTERM, SIGHUP); what went
 * wrong has then been printed to 'err' and 'c' is empty.  The progress line goes to 'err' and only to a terminal. */
int campaign_run(struct campaign *c, const struct campaign_plan *plan, campaign_run_fn *run, void *ctx, FILE *err);

/* Says how far a run is.  Cheap enough to be called thousands of times; never blocks; 'progress' may be NULL. */
void campaign_progress(FILE *progress, sim_dur done, sim_dur whole);

/* Cores this process may use, at least 1. */
int campaign_cores(void);

#endif
