/* SPDX-License-Identifier: GPL-3.0-or-later
 * claims.h -- the ledger of what a paper says against what was measured: results/paper/claims.md and claims.json.
 *
 * Collected from the expectations of many scenarios; one entry per expectation and variant. */
#ifndef SIM_REPORT_CLAIMS_H
#define SIM_REPORT_CLAIMS_H

#include <stddef.h>
#include <stdio.h>

#include "core/error.h"
#include "report/expect.h"
#include "report/results.h"

struct claims;

struct claims *claims_create(void);
void claims_destroy(struct claims *claims); /* NULL is allowed */

/* Where one scenario's evidence is.  All is copied. */
struct claims_source {
    const char *scenario; /* "figure-2" */
    const char *title;
    const char *file;     /* "scenarios/paper/figure-2.yaml" */
    const char *data_dir; /* results directory relative to where claims.md will be, such as "../figure-2"; or NULL */
    const char *const *plots; /* names without ending; drawn into data_dir */
    size_t plot_count;
};

/* Adds every expectation of 'checked'. */
void claims_add(struct claims *claims, const struct claims_source *source, const struct expect_report *checked);

/* Adds a scenario that could not be run, with the reason: it stands in the ledger as "not run". */
void claims_add_broken(struct claims *claims, const struct claims_source *source, const char *reason);

/* Expectations that do not hold plus scenarios that did not run. */
size_t claims_failed(const struct claims *claims);
size_t claims_count(const struct claims *claims);

/* Compares with 'path', a list of the claims that hold, one per line: SCENARIO METRIC VARIANT; '#' begins a comment.
 * Prints every one of them that does not hold now, or is gone, and every scenario that did not run.  Returns how many;
 * -1 after adding that the list cannot be read. */
int claims_lost(const struct claims *claims, const char *path, FILE *out, struct errors *errors);

/* Writes DIR/claims.md and DIR/claims.json (DIR is made), each under another name first and renamed when whole.
 * 0, or -1 after adding what went wrong; an earlier file is then untouched. */
int claims_write(const struct claims *claims, const char *dir, const char *version, struct errors *errors);

#endif
