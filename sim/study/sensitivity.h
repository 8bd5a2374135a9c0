/* SPDX-License-Identifier: GPL-3.0-or-later
 * sensitivity.h -- which prices a result hangs on: each entry of the cost profile alone at both ends of its bracket.
 *
 * An outcome is a metric of a variant, or the ratio of two variants' metric.  All points have the same seeds, and a change
 * is the mean of the changes seed by seed; one whose 99 % interval holds zero is within noise. */
#ifndef SIM_STUDY_SENSITIVITY_H
#define SIM_STUDY_SENSITIVITY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "core/error.h"
#include "machine/cost.h"
#include "report/interval.h"
#include "report/metric.h"
#include "study/study.h"

enum { SENSITIVITY_TOP = 10, SENSITIVITY_PANELS = 12, SENSITIVITY_TITLE_BYTES = 220 };

struct sensitivity_outcome {
    const struct metric *metric;
    size_t of;                  /* index into the study's variants */
    int against;                /* likewise; -1: the metric itself, not a ratio */
    struct interval base;       /* with the profile as it is */
};

enum sensitivity_verdict {
    SENSITIVITY_CLEAR,     /* at one end of the bracket or at both */
    SENSITIVITY_NOISE,     /* both 99 % intervals hold zero */
    SENSITIVITY_NO_EFFECT, /* not the least change with any seed */
    SENSITIVITY_UNKNOWN,   /* one replication: no interval */
};

/* One entry's effect on one outcome. */
struct sensitivity_effect {
    size_t entry;
    struct interval at_low, at_high;         /* of the outcome, at the ends of the bracket */
    struct interval change_low, change_high; /* paired by seed; n = 0 at an end that is the value itself */
    double swing;                            /* largest less smallest mean, of low end, value and high end */
    enum sensitivity_verdict verdict;
};

struct sensitivity {
    const struct study *study;
    struct cost_profile *profile;
    const char **entries;                    /* names of those that are varied */
    size_t entry_count;
    struct sensitivity_outcome *outcomes;
    size_t outcome_count;
    struct sensitivity_effect *effects;      /* outcome by outcome, largest swing first */
    uint64_t seed;
    int reps;
};

/* What to look at.  Patterns and metric names are the user's: messages name the option. */
struct sensitivity_config {
    const struct study *study;
    const char *const *entries;  /* names or patterns with '*'; none: all that have a bracket */
    size_t entry_count;
    const char *const *metrics;  /* METRIC (of every variant), METRIC:VARIANT or METRIC:VARIANT/VARIANT (their ratio);
                                  * none: what the scenario's expectations are about */
    size_t metric_count;
};

/* 0, or -1 after adding every mistake; sensitivity_close() in any case. */
int sensitivity_open(struct sensitivity *s, const struct sensitivity_config *config, struct errors *errors);
void sensitivity_close(struct sensitivity *s);

/* Simulates everything and fills effects and outcomes.  jobs 0: one per core.  0, or -1 after saying on stderr what
 * failed. */
int sensitivity_run(struct sensitivity *s, uint64_t seed, int reps, int jobs, bool quiet);

/* "goodput of vnic / nic"; returns 'title'. */
const char *sensitivity_title(const struct sensitivity *s, size_t outcome, char title[SENSITIVITY_TITLE_BYTES]);
const char *sensitivity_verdict_name(enum sensitivity_verdict v);

/* A table: for every outcome the entries with the largest swings. */
void sensitivity_print(const struct sensitivity *s, FILE *out);
/* Every effect, a row each; and the rows that the tornado plot draws. */
void sensitivity_write_csv(const struct sensitivity *s, FILE *out);
void sensitivity_write_tornado(const struct sensitivity *s, FILE *out);
/* What was run: summary.json of the results directory. */
void sensitivity_write_summary(const struct sensitivity *s, const char *version, FILE *out);

#endif
