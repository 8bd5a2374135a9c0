/* SPDX-License-Identifier: GPL-3.0-or-later
 * calibration.h -- which prices are to be fitted on which measured rows: a YAML file, and what it names.
 *
 * docs/calibration.md describes the format. */
#ifndef SIM_STUDY_CALIBRATION_H
#define SIM_STUDY_CALIBRATION_H

#include <stddef.h>

#include "core/error.h"
#include "machine/cost.h"
#include "report/metric.h"
#include "scenario/scenario.h"
#include "scenario/yaml.h"
#include "study/study.h"

/* A row as written: a metric that the simulation should show. */
struct calibration_row {
    struct error_at at;
    struct scenario_ref metric, of;  /* 'of' without a text: the scenario has no variants */
    struct scenario_bound value;     /* what was measured */
    struct scenario_bound tolerance; /* how far off is still right: in the metric's unit, or a share of the value */
    char *source;                    /* who measured it */
    const struct metric *kind;       /* what 'metric' names */
    size_t variant;                  /* index into the study's; what 'of' names */
};

struct calibration {
    char *title, *description;
    struct scenario_ref scenario, profile; /* as written */
    struct scenario_names fit;             /* entries of the profile */
    struct calibration_row *rows;
    size_t row_count;

    char *file;                      /* as given */
    char *name;                      /* its name without directories and .yaml */
    char *scenario_path, *profile_path; /* found */
    struct cost_profile *start;      /* the profile read */
    struct study study;              /* the scenario opened */
};

/* Reads 'file' and what it names; 'sets' change the scenario and, as 'plots', must outlive the calibration.  0, or -1
 * after adding every mistake found; calibration_close() in any case. */
int calibration_open(struct calibration *c, const char *file, const char *const *sets, size_t set_count,
                     struct errors *errors);
/* The same from memory; 'file' is used in messages and to find files beside it. */
int calibration_parse(struct calibration *c, const char *file, const char *text, size_t bytes, const char *const *sets,
                      size_t set_count, struct errors *errors);
void calibration_close(struct calibration *c);

/* A row's target and tolerance in the metric's base unit. */
double calibration_target(const struct calibration_row *row);
double calibration_tolerance(const struct calibration_row *row);

#endif
