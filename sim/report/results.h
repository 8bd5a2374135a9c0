/* SPDX-License-Identifier: GPL-3.0-or-later
 * results.h -- a results directory: written beside its place under another name, and put there when it is whole.
 *
 * Everything in it but timing.json has the same bytes for the same scenario and seeds.  A run that is killed, or
 * meets a full disk, leaves the earlier directory as it was.  docs/results.md describes the files. */
#ifndef SIM_REPORT_RESULTS_H
#define SIM_REPORT_RESULTS_H

#include <stdio.h>

#include "core/error.h"
#include "core/stats.h"
#include "report/campaign.h"
#include "report/expect.h"

enum { RESULTS_SCHEMA = 1 }; /* of summary.json; counts up when a field changes its meaning or goes */

struct results;

/* Starts a directory that will be 'path' (parents are made).  Refuses a 'path' that exists and is neither empty nor
 * a results directory (has no summary.json).  From here on a file that outgrows its limit is an error, not a signal
 * (SIGXFSZ is ignored).  Owned by the caller until commit or abandon; NULL after adding what is wrong to 'errors'. */
struct results *results_begin(const char *path, struct errors *errors);

/* Where to write meanwhile: captures, plots. */
const char *results_dir(const struct results *r);

/* Opens DIR/FILE (one level of sub-directory is made) for writing; NULL after adding a mistake. */
FILE *results_open(struct results *r, const char *file, struct errors *errors);
/* Closes it: 0, or -1 after adding what went wrong since it was opened (disk full, file too large). */
int results_close(struct results *r, FILE *out, const char *file, struct errors *errors);

/* Name for one run's file: DIR/capture/VARIANT-SEED-WHAT.pcapng for extension "pcapng", likewise trace/...json for
 * "json"; the sub-directory is made.  Characters that do not belong into file names become '_'.  A string to free. */
char *results_run_path(const struct results *r, const char *variant, uint64_t seed, const char *what,
                       const char *extension);

/* What is known about the runs besides the runs. */
struct results_meta {
    const char *version;       /* of xbow */
    const char *scenario_file; /* as the user named it */
    const char *title;
    uint64_t hash;             /* scenario_hash() without a variant */
    const uint64_t *variant_hashes; /* of each variant in the order of the campaign; NULL: not known */
    uint64_t seed;             /* first seed */
};

/* Writes summary.json, timing.json, metrics.csv, metrics-wide.csv, metrics-runs.csv, one CSV per kind of entity and
 * the plot-ready tables lanes-mean.csv and cpus-mean.csv.  'checked' may be NULL.  0, or -1 after adding what went
 * wrong. */
int results_write(struct results *r, const struct results_meta *meta, const struct campaign *c,
                  const struct expect_report *checked, struct errors *errors);

/* Puts the directory in its place, swapping with an older one and deleting that.  Frees 'r' in any case; on failure
 * (-1) the new directory is deleted and the old one is where it was. */
int results_commit(struct results *r, struct errors *errors);

/* Deletes what was written; the old directory is untouched.  NULL is allowed. */
void results_abandon(struct results *r);

/* The content of summary.json plus the host-dependent wall_s, events per second and memory: `xbow run --json`. */
int results_print_json(FILE *out, const struct results_meta *meta, const struct campaign *c,
                       const struct expect_report *checked);

#endif
