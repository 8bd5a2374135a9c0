/* SPDX-License-Identifier: GPL-3.0-or-later
 * summary.h -- a campaign as JSON: summary.json, timing.json, and what `xbow run --json` prints. */
#ifndef SIM_REPORT_SUMMARY_H
#define SIM_REPORT_SUMMARY_H

#include <stdbool.h>
#include <stdio.h>

#include "report/results.h"

/* 'with_timing' adds the values that depend on the host: wall_s, peak_rss_bytes.  'checked' may be NULL. */
void summary_write(FILE *out, const struct results_meta *meta, const struct campaign *c,
                   const struct expect_report *checked, bool with_timing);

void summary_write_timing(FILE *out, const struct campaign *c);

#endif
