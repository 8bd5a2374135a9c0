/* SPDX-License-Identifier: GPL-3.0-or-later
 * calibrate_impl.h -- what the parts of a calibration share: calibrate.c, calibrate_report.c, calibrate_profile.c.  For
 * nobody else. */
#ifndef SIM_STUDY_CALIBRATE_IMPL_H
#define SIM_STUDY_CALIBRATE_IMPL_H

#include "report/interval.h"
#include "study/calibrate.h"

enum { CALIBRATE_NAME_BYTES = 160 };

/* A finished fit, as it is reported and recorded. */
struct calibrate_outcome {
    const struct calibration *c;
    const struct calibrate_options *options;
    const struct fit_result *fit;
    const struct interval *at_start, *at_end; /* per row: means over the replications, base unit */
};

/* "intr-rate of pre-crossbow"; the row's metric alone when there are no variants.  Returns 'name'. */
const char *calibrate_row_name(const struct calibration *c, size_t row, char name[CALIBRATE_NAME_BYTES]);

/* The table of steps: its head, and a line per step. */
void calibrate_print_head(const struct calibration *c, const struct calibrate_options *options, FILE *to);
void calibrate_print_step(const struct calibration *c, int iteration, const double *values, const double *residuals,
                          FILE *to);
/* What came out: entries, what their values are worth, rows. */
void calibrate_print_outcome(const struct calibrate_outcome *o, FILE *to);

/* Writes the start profile with the fitted values in it, whole or not at all.  0, or -1 after adding what went wrong. */
int calibrate_write_profile(const struct calibrate_outcome *o, struct errors *errors);

#endif
