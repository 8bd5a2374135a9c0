/* SPDX-License-Identifier: GPL-3.0-or-later
 * claims_impl.h -- the ledger's insides, shared by the files that fill and write it.
 *
 * claims.c            collects expectations and makes rows of them
 * claims_sentences.c  sentences that are not measured, and explanations
 * claims_held.c       what held at the last release
 * claims_write.c      files: Markdown and JSON
 * claims_html.c       the page */
#ifndef SIM_REPORT_CLAIMS_IMPL_H
#define SIM_REPORT_CLAIMS_IMPL_H

#include "report/claims.h"

enum row_verdict { ROW_HOLDS, ROW_FAILS, ROW_NOT_COMPARABLE, ROW_PENDING, ROW_NOT_RUN, N_ROW_VERDICTS };

/* One expectation, a scenario that did not run, or a sentence that is not measured. */
struct claim {
    size_t source;        /* index; CLAIM_NO_SOURCE of a sentence that is not measured */
    char *says, *section; /* NULL: no sentence of the paper */
    char *metric, *of, *bound, *tolerance_reason, *measured;
    char *compared;       /* "+5.31 ± 0.02 % to 868.5 k/s of flood-no-bypass"; NULL without another variant */
    char *reason;         /* what was measured and what follows; or why nothing was */
    const char *unit;
    double mean, half;    /* in that unit */
    size_t n;             /* values behind them */
    enum row_verdict verdict;
    bool firm;
};
#define CLAIM_NO_SOURCE ((size_t)-1)

struct claim_explanation {
    char *scenario, *metric, *of; /* 'of' NULL: any variant */
    char *because;
};

/* A section of the paper and its title. */
struct claim_section {
    char *section, *title;
};

/* What was measured besides: one line per metric, one column per variant. */
struct claim_summary {
    char **variants;
    size_t variant_count;
    const char **metrics;
    char **cells; /* [metric * variant_count + variant] */
    size_t metric_count;
    uint64_t seed;
    size_t reps;
    double measured_s;
};

struct claim_source {
    char *scenario, *title, *description, *file, *data_dir;
    char **plots;
    size_t plot_count;
    struct claim_summary summary;
};

struct claims {
    struct claim *list;
    size_t count;
    struct claim_source *sources;
    size_t source_count;
    struct claim_explanation *explanations;
    size_t explanation_count;
    struct claim_section *sections;
    size_t section_count;
};

/* A sentence and the claims that check it. */
struct claim_row {
    const char *section, *says;
    enum row_verdict verdict; /* the worst of its claims */
    const struct claim **checks;
    size_t check_count;
};
struct claim_rows {
    struct claim_row *list; /* by section, then in the order in which they were added */
    size_t count;
    size_t tally[N_ROW_VERDICTS];
};
void claim_rows_make(struct claim_rows *rows, const struct claims *claims);
void claim_rows_fini(struct claim_rows *rows);

struct claim *claims_new(struct claims *claims);
char *claims_copy(const char *text); /* NULL stays NULL */
const char *row_verdict_name(enum row_verdict v);
/* Whether two rows are of one section of the paper: "4.3, paragraph 1" and "4.3, paragraph 2" are. */
bool claims_same_section(const char *a, const char *b);
/* Its title; NULL when nobody has said it. */
const char *claims_section_title(const struct claims *claims, const char *section);
/* NULL for a claim that nobody explains, or that holds. */
const char *claims_explain(const struct claims *claims, const struct claim *c);

typedef void claims_write_fn(FILE *out, const struct claims *claims, const char *dir, const char *version);
claims_write_fn claims_write_html, claims_write_held;

#endif
