/* SPDX-License-Identifier: GPL-3.0-or-later
 * table.h -- the summary a person reads on the terminal after a run.
 *
 * Metrics with intervals per variant, drops by name, lanes with the columns of `dlstat show-link -r`, CPUs with those
 * of mpstat, expectations. */
#ifndef SIM_REPORT_TABLE_H
#define SIM_REPORT_TABLE_H

#include <stdio.h>

#include "report/campaign.h"
#include "report/expect.h"

/* 'checked' may be NULL.  Per-entity tables show the first seed of each variant. */
void table_print(FILE *out, const struct campaign *c, const struct expect_report *checked);

/* The metrics that table_print() shows, in its order. */
const char *const *table_headline(size_t *count);

/* 'text' (UTF-8) in a column of that many characters, on its right side. */
void table_put_right(FILE *out, const char *text, int columns);

/* One line per expectation: verdict, what was measured, why. */
void table_print_expectations(FILE *out, const struct expect_report *checked);

#endif
