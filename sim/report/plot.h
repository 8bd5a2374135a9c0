/* SPDX-License-Identifier: GPL-3.0-or-later
 * plot.h -- draws a results directory with gnuplot.
 *
 * A plot is a script tools/plot/NAME.gp that runs inside the results directory, reads only files there and writes
 * NAME.svg and NAME.png.  No shell is involved. */
#ifndef SIM_REPORT_PLOT_H
#define SIM_REPORT_PLOT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#include "core/error.h"

/* Where the scripts are: 'given' if it is not NULL, else tools/plot of the current directory, else beside the
 * program (PROGRAM/../../tools/plot).  A string to free, or NULL when there is no such directory. */
char *plot_scripts_dir(const char *given);

/* A plot's name is a script's name: letters, digits, '-', '_'; adds a mistake at 'at' and returns -1 otherwise. */
int plot_check(const char *scripts, const char *name, struct error_at at, struct errors *errors);

enum plot_outcome {
    PLOT_DRAWN,
    PLOT_NO_GNUPLOT, /* gnuplot is not installed; said on 'err', once per process */
    PLOT_FAILED,     /* gnuplot failed; its message is on 'err' */
};

/* Draws one plot in 'dir'.  Results are whole without it: whether PLOT_FAILED matters is the caller's choice. */
enum plot_outcome plot_draw(const char *scripts, const char *name, const char *dir, FILE *err);

#endif
