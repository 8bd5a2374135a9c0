/* SPDX-License-Identifier: GPL-3.0-or-later
 * study.h -- one scenario and those of its variants that are wanted: loaded, checked, and run one at a time.
 *
 * The command line and everything that simulates a scenario more than once (calibration, sensitivity) go through here. */
#ifndef SIM_STUDY_STUDY_H
#define SIM_STUDY_STUDY_H

#include <stdint.h>
#include <stdio.h>

#include "core/error.h"
#include "report/results.h"
#include "report/run_result.h"
#include "scenario/scenario.h"

enum { STUDY_VARIANTS_MAX = 1000 };

struct study_config {
    const char *file;
    const char *const *sets;  /* "path=value", in order */
    size_t set_count;
    const char *variant;      /* only this one; NULL: all */
    const char *plots;        /* folder of the gnuplot scripts; NULL: the usual one */
};

struct study {
    struct study_config config;
    struct scenario *base;    /* as it stands, for title, plots, expectations */
    const char *variants[STUDY_VARIANTS_MAX]; /* names; a scenario without variants has one, "" */
    uint64_t variant_hash[STUDY_VARIANTS_MAX];
    size_t variant_count;
    char *profile_path;       /* the cost profile of the first variant */
    size_t other_profile;     /* index of a variant that has another; variant_count: all have the same */
};

/* Loads the scenario and every variant of it that is wanted.  What 'config' points to must outlive the study.  0, or -1
 * after adding every mistake found; study_close() in any case. */
int study_open(struct study *st, const struct study_config *config, struct errors *errors);
void study_close(struct study *st);

/* Builds every variant's world once, in a child process: a bug of ours that shows there ends nothing else.  0; 2 when
 * there are mistakes that only the world shows, which have been printed to stderr; 1 when building crashed. */
int study_check(const struct study *st);

/* Index of a variant among those of the study, -1 when it is none of them. */
int study_find(const struct study *st, const char *variant);

/* How one run is made. */
struct study_run {
    const char *variant;             /* "" without variants */
    uint64_t seed;
    const char *profile_path;        /* of the cost profile; NULL: the scenario's */
    const struct results *results;   /* where captures and traces go; NULL: none are made */
    FILE *progress;                  /* for campaign_progress(), or NULL */
};

/* Simulates and fills 'result' (initialised).  To be called in a child process, since one process has one world.  0, or
 * not 0 after saying why on stderr. */
int study_run(const struct study *st, const struct study_run *run, struct run_result *result);

/* The command that repeats one run, for messages about our own bugs; to free. */
char *study_replay(const struct study *st, const char *variant, uint64_t seed);

/* NULL for the name of the only variant of a scenario without variants. */
const char *study_variant_or_null(const char *name);

#endif
