/* SPDX-License-Identifier: GPL-3.0-or-later
 * calibrate.h -- fits prices of a cost profile to measured rows, says how it went, and writes the fitted profile.
 *
 * Every evaluation is a simulation of the rows' variants with the same seeds; the same calibration with the same seeds
 * gives the same bytes on every machine. */
#ifndef SIM_STUDY_CALIBRATE_H
#define SIM_STUDY_CALIBRATE_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "study/calibration.h"
#include "study/fit.h"

struct calibrate_options {
    uint64_t seed;     /* of the first replication */
    int reps, jobs;    /* jobs 0: one per core */
    bool quiet;        /* no tables, no progress line */
    const char *out;   /* where the fitted profile goes */
};

/* Looks, before anything runs, whether a fitted profile may be put at 'out': it must not be the profile that the fit
 * starts from, nor replace a file that is no cost profile.  0, or -1 after adding the mistake. */
int calibrate_check_out(const struct calibration *c, const char *out, struct errors *errors);

/* Fits and, unless the fit came to nothing, writes the profile.  0, or -1 after saying why on stderr; tables go to
 * 'to'. */
int calibrate(const struct calibration *c, const struct calibrate_options *options, FILE *to);

#endif
