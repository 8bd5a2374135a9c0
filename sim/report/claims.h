/* SPDX-License-Identifier: GPL-3.0-or-later
 * claims.h -- the ledger of what a paper says against what was measured: results/paper/claims.md, claims.json and
 * index.html.
 *
 * A row is a sentence of the paper: expectations of any scenarios with the same 'section' and 'says' check it together.
 * Sentences that no scenario can check stand in a file of their own, with the reason, and have rows all the same. */
#ifndef SIM_REPORT_CLAIMS_H
#define SIM_REPORT_CLAIMS_H

#include <stddef.h>
#include <stdio.h>

#include "core/error.h"
#include "report/campaign.h"
#include "report/expect.h"

struct claims;

struct claims *claims_create(void);
void claims_destroy(struct claims *claims); /* NULL is allowed */

/* Where one scenario's evidence is.  All is copied. */
struct claims_source {
    const char *scenario; /* "figure-2" */
    const char *title;
    const char *description;
    const char *file;     /* "scenarios/paper/figure-2.yaml" */
    const char *data_dir; /* results directory relative to where claims.md will be, such as "../figure-2"; or NULL */
    const char *const *plots; /* names without ending; drawn into data_dir */
    size_t plot_count;
    const struct campaign *campaign; /* for the summary of measured values; NULL: no summary */
};

/* Adds every expectation of 'checked'. */
void claims_add(struct claims *claims, const struct claims_source *source, const struct expect_report *checked);

/* Adds a scenario that could not be run, with the reason: it stands in the ledger as "not run". */
void claims_add_broken(struct claims *claims, const struct claims_source *source, const char *reason);

/* Reads a YAML file of the paper's sections, of sentences that are not measured and of explanations of claims that do
 * not hold:
 *
 *   sections:      [{section: "4.6", title: Bandwidth Partitioning}]
 *   sentences:     [{section: "4.6, paragraph 1", says: ..., pending: what it waits for}, or not-comparable: why]
 *   explanations:  [{scenario: figure-2, metric: cpu-imbalance, of: nic, because: ...}]  ('of' left out: any variant)
 *
 * 0, or -1 after adding every mistake with its place. */
int claims_read_sentences(struct claims *claims, const char *path, struct errors *errors);

/* Expectations that do not hold plus scenarios that did not run. */
size_t claims_failed(const struct claims *claims);
size_t claims_holding(const struct claims *claims); /* expectations that hold */
size_t claims_count(const struct claims *claims); /* expectations and scenarios that did not run */
size_t claims_rows(const struct claims *claims);  /* sentences */

/* Compares with 'path', the claims that held at the last release (as claims_write() leaves them in held.json; NULL:
 * every expectation must hold).  Prints every one of them that does not hold now, or is gone, and every scenario that
 * did not run.  Returns how many; -1 after adding that the list cannot be read or has mistakes. */
int claims_lost(const struct claims *claims, const char *path, FILE *out, struct errors *errors);

/* Prints explanations that explain nothing, because no claim they name fails, and claims that fail unexplained.
 * Returns how many. */
int claims_stale(const struct claims *claims, FILE *out);

/* Writes DIR/claims.md, claims.json, index.html and held.json (DIR is made), each under another name first and renamed
 * when whole.  Pictures are read from the sources' data_dir, relative to DIR.  0, or -1 after adding what went wrong;
 * an earlier file is then untouched. */
int claims_write(const struct claims *claims, const char *dir, const char *version, struct errors *errors);

#endif
