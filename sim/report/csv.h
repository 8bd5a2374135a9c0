/* SPDX-License-Identifier: GPL-3.0-or-later
 * csv.h -- the tables of a results directory, RFC 4180 with '\n' line ends: header first, one row per entity or metric.
 *
 * Tables of counters are wide: variant, seed, entity, then every counter of that kind of entity.  docs/results.md
 * describes all of them. */
#ifndef SIM_REPORT_CSV_H
#define SIM_REPORT_CSV_H

#include <stdio.h>

#include "report/campaign.h"

/* Kinds of entity in a campaign: lane, cpu, link, flow and nic in any case, then the others as they appear. */
struct csv_kinds {
    const char **list; /* pointing into the campaign */
    size_t count;
};
void csv_kinds_of(struct csv_kinds *kinds, const struct campaign *c);
void csv_kinds_fini(struct csv_kinds *kinds);

/* "lane" -> "lanes.csv", "switch" -> "switches.csv", "sockets" -> "sockets.csv"; a string to free. */
char *csv_file_name(const char *kind);

/* variant, seed, entity, counters...: growth since the warm-up.  A counter that an entity lacks is an empty field. */
void csv_write_kind(FILE *out, const struct campaign *c, const char *kind);

/* variant, metric, unit, n, mean, low, high, half, min, max: low..high is the 95 % interval. */
void csv_write_metrics(FILE *out, const struct campaign *c);
/* The same, a row per variant: variant, variant_number, n, then every metric's mean and half width (0 for one seed). */
void csv_write_metrics_wide(FILE *out, const struct campaign *c);
/* variant, seed, metric, unit, value. */
void csv_write_metric_runs(FILE *out, const struct campaign *c);

/* For plots: means over the seeds with half widths of their 95 % intervals (0 for one seed), percent.  Lanes of the
 * machine of interest that carry at least 1 % of the busiest one's packets; its CPUs.  Columns: variant,
 * variant_number, lane or cpu (from 0), of_variant (how many there are), entity, n, NAME_pct, NAME_half... */
void csv_write_lane_means(FILE *out, const struct campaign *c);
void csv_write_cpu_means(FILE *out, const struct campaign *c);

#endif
