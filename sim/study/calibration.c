/* SPDX-License-Identifier: GPL-3.0-or-later
 * calibration.c -- the file's format is a table like the scenario's; then everything that it names is looked up. */
#include "study/calibration.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "core/assert.h"
#include "report/expect.h"
#include "scenario/convert.h"
#include "scenario/names.h"

#define AT(type, field) .offset = offsetof(struct type, field)

static const struct key_spec row_keys[] = {
    { .name = "metric", .type = VALUE_REF, AT(calibration_row, metric), .flags = KEY_REQUIRED | KEY_NAME,
      .doc = "what was measured, a name of docs/results.md" },
    { .name = "of", .type = VALUE_REF, AT(calibration_row, of), .flags = KEY_NAME, .doc = "the variant that it is of" },
    { .name = "value", .type = VALUE_BOUND, AT(calibration_row, value), .flags = KEY_REQUIRED,
      .doc = "what was measured, with its unit" },
    { .name = "tolerance", .type = VALUE_BOUND, AT(calibration_row, tolerance), .flags = KEY_REQUIRED,
      .doc = "how far off is still right, in the same unit or as a share such as 5%; rows weigh by it" },
    { .name = "source", .type = VALUE_TEXT, AT(calibration_row, source), .flags = KEY_REQUIRED,
      .doc = "who measured it and where it stands" },
    { .name = NULL },
};
static const struct section_spec row_section = {
    .title = "rows: - ...", .doc = "", .keys = row_keys, .item = true, .size = sizeof(struct calibration_row),
};

static const struct key_spec root_keys[] = {
    { .name = "title", .type = VALUE_TEXT, AT(calibration, title), .doc = "one line: what is fitted on what" },
    { .name = "description", .type = VALUE_TEXT, AT(calibration, description), .doc = "why" },
    { .name = "scenario", .type = VALUE_REF, AT(calibration, scenario), .flags = KEY_REQUIRED,
      .doc = "a scenario's file, relative to this one" },
    { .name = "profile", .type = VALUE_REF, AT(calibration, profile),
      .doc = "the cost profile to start from; the scenario's when not given" },
    { .name = "fit", .type = VALUE_NAMES, AT(calibration, fit), .flags = KEY_REQUIRED,
      .doc = "entries of the cost profile, each varied within its bracket" },
    { .name = "rows", .type = VALUE_LIST, AT(calibration, rows), .count_offset = offsetof(struct calibration, row_count),
      .section = &row_section, .flags = KEY_REQUIRED, .doc = "what the simulation should show" },
    { .name = NULL },
};
static const struct section_spec root_section = {
    .title = "Calibration", .doc = "", .keys = root_keys, .size = sizeof(struct calibration),
};

/* -- rows --------------------------------------------------------------------------------------------------------- */

double calibration_target(const struct calibration_row *row)
{
    return scenario_bound_value(&row->value);
}

double calibration_tolerance(const struct calibration_row *row)
{
    double t = scenario_bound_value(&row->tolerance);
    bool share = row->tolerance.unit == SCENARIO_BOUND_PERCENT && row->value.unit != SCENARIO_BOUND_PERCENT;
    return share ? t * fabs(calibration_target(row)) : t;
}

static void check_values(struct calibration_row *row, struct errors *errors)
{
    const struct scenario_bound *value = &row->value, *tolerance = &row->tolerance;
    bool share = tolerance->unit == SCENARIO_BOUND_PERCENT;

    if (expect_check_value(value, row->kind, errors) || (!share && expect_check_value(tolerance, row->kind, errors)))
        return;
    if (value->unit == SCENARIO_BOUND_NONE || tolerance->unit == SCENARIO_BOUND_NONE) return;
    if (!(calibration_tolerance(row) > 0))
        errors_add(errors, tolerance->at, "tolerance: '%.40s' %s, expected more than 0", tolerance->text,
                   share && value->unit != SCENARIO_BOUND_PERCENT ? "of this value is nothing" : "is not positive");
}

static void find_metric(struct calibration_row *row, struct errors *errors)
{
    const char *name = row->metric.text, *near;

    if (!name) return; /* reported */
    row->kind = metric_find(name);
    near = row->kind ? NULL : metric_nearest(name);
    if (!row->kind)
        errors_add(errors, row->metric.at, "unknown metric '%.64s', expected %s%s%s", name,
                   near ? "perhaps '" : "a name of docs/results.md", near ? near : "", near ? "'" : "");
    else
        check_values(row, errors);
}

/* After the variants are found: the same metric of the same variant twice would weigh double. */
static void check_unique(const struct calibration *c, size_t i, struct errors *errors)
{
    const struct calibration_row *row = &c->rows[i];
    for (size_t k = 0; k < i && row->kind; k++)
        if (c->rows[k].kind == row->kind && c->rows[k].variant == row->variant)
            errors_add(errors, row->at, "rows: %s of this variant is there twice, first in line %d", row->kind->name,
                       c->rows[k].at.line);
}

static void find_variant(const struct calibration *c, struct calibration_row *row, struct errors *errors)
{
    const struct scenario_names *names = &c->study.base->variants;
    struct name_guess guess;
    char hint[NAME_WHY_BYTES];
    int i = study_find(&c->study, row->of.text ? row->of.text : "");

    row->variant = i >= 0 ? (size_t)i : 0;
    if (i >= 0) return;
    if (!row->of.text) {
        errors_add(errors, row->at, "'of' is missing: the scenario has variants, expected one of them");
        return;
    }
    name_guess_start(&guess, row->of.text, errors);
    for (size_t k = 0; k < names->count; k++) name_guess_offer(&guess, names->list[k]);
    errors_add(errors, row->of.at, "of: the scenario has no variant '%.60s'%s", row->of.text,
               name_guess_hint(&guess, hint));
}

/* -- entries ------------------------------------------------------------------------------------------------------ */

static void check_entry(const struct calibration *c, size_t i, struct error_at at, struct errors *errors)
{
    const char *name = c->fit.list[i];
    const struct cost_entry *entry = cost_profile_find(c->start, name);
    struct name_guess guess;
    char hint[NAME_WHY_BYTES];

    for (size_t k = 0; k < i; k++)
        if (strcmp(c->fit.list[k], name) == 0) errors_add(errors, at, "fit: '%.60s' is named twice", name);
    if (entry && !(entry->low < entry->high))
        errors_add(errors, at, "fit: '%.60s' has no bracket in %s, expected low < high", name, c->profile_path);
    if (entry) return;
    name_guess_start(&guess, name, errors);
    for (int k = 0; k < N_COST_ENTRIES; k++) name_guess_offer(&guess, cost_entry_name(k));
    errors_add(errors, at, "fit: the cost profile has no entry '%.60s'%s", name, name_guess_hint(&guess, hint));
}

static void check_fit(const struct calibration *c, const struct yaml_node *fit, struct errors *errors)
{
    for (size_t i = 0; i < c->fit.count; i++) {
        bool in_list = fit->kind == YAML_KIND_SEQUENCE && fit->count == c->fit.count;
        check_entry(c, i, in_list ? fit->pairs[i].value->at : c->fit.at, errors);
    }
}

/* -- files -------------------------------------------------------------------------------------------------------- */

/* The scenario and the profile that the file names, with what the rows and entries mean in them. */
static void open_named(struct calibration *c, const struct yaml_node *root, const char *const *sets, size_t set_count,
                       struct errors *errors)
{
    if (!c->scenario.text) return; /* reported */
    c->scenario_path = scenario_beside(c->file, c->scenario.text);
    struct study_config config = { .file = c->scenario_path, .sets = sets, .set_count = set_count };
    bool opened = study_open(&c->study, &config, errors) == 0;
    if (c->profile.text)
        c->profile_path = scenario_find_profile(c->file, c->profile.text, c->profile.at, errors);
    else if (opened)
        c->profile_path = text_copy(c->study.profile_path);
    if (c->profile_path) c->start = cost_profile_load(c->profile_path, errors);
    if (c->start) check_fit(c, yaml_get(root, "fit"), errors);
    for (size_t i = 0; i < c->row_count && opened; i++) {
        find_variant(c, &c->rows[i], errors);
        check_unique(c, i, errors);
    }
}

static void read_root(struct calibration *c, const struct yaml_node *root, const char *const *sets, size_t set_count,
                      struct errors *errors)
{
    section_read(&root_section, root, c, errors);
    for (size_t i = 0; i < c->row_count; i++) find_metric(&c->rows[i], errors);
    if (c->row_count == 0 && yaml_get(root, "rows"))
        errors_add(errors, yaml_get(root, "rows")->at, "rows: the list is empty, expected what was measured");
    if (c->fit.count > c->row_count && c->row_count > 0)
        errors_add(errors, c->fit.at, "fit: %zu entries but %zu rows, expected at least as many rows as entries",
                   c->fit.count, c->row_count);
    open_named(c, root, sets, set_count, errors);
}

int calibration_parse(struct calibration *c, const char *file, const char *text, size_t bytes, const char *const *sets,
                      size_t set_count, struct errors *errors)
{
    size_t before = errors->count + errors->suppressed;

    *c = (struct calibration){ .file = text_copy(file), .name = scenario_name_of_file(file) };
    struct yaml_tree *tree = yaml_tree_parse(c->file, text, bytes, errors);
    if (tree) read_root(c, yaml_tree_root(tree), sets, set_count, errors);
    yaml_tree_destroy(tree);
    return errors->count + errors->suppressed > before ? -1 : 0;
}

int calibration_open(struct calibration *c, const char *file, const char *const *sets, size_t set_count,
                     struct errors *errors)
{
    size_t bytes;
    char *text = yaml_read_file(file, &bytes, errors);

    *c = (struct calibration){ 0 };
    int bad = text ? calibration_parse(c, file, text, bytes, sets, set_count, errors) : -1;
    free(text);
    return bad;
}

void calibration_close(struct calibration *c)
{
    study_close(&c->study);
    cost_profile_destroy(c->start);
    section_fini(&root_section, c);
    free(c->scenario_path);
    free(c->profile_path);
    free(c->file);
    free(c->name);
    *c = (struct calibration){ 0 };
}
