/* SPDX-License-Identifier: GPL-3.0-or-later
 * calibrate_profile.c -- the fitted profile's file: the start profile's text, with each fitted entry saying so. */
#define _GNU_SOURCE
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/assert.h"
#include "machine/cost_text.h"
#include "scenario/yaml.h"
#include "study/calibrate_impl.h"

static const struct error_at nowhere;

int calibrate_check_out(const struct calibration *c, const char *out, struct errors *errors)
{
    struct stat there, start;
    struct errors ignored;

    if (stat(out, &there) != 0) return 0;
    if (stat(c->profile_path, &start) == 0 && there.st_dev == start.st_dev && there.st_ino == start.st_ino)
        return errors_add(errors, nowhere, "%s: is the profile that the fit starts from, expected another file", out);
    errors_init(&ignored);
    struct cost_profile *p = S_ISREG(there.st_mode) ? cost_profile_load(out, &ignored) : NULL;
    errors_fini(&ignored);
    if (!p) return errors_add(errors, nowhere, "%s: is there and no cost profile, expected one or nothing", out);
    cost_profile_destroy(p);
    return 0;
}

/* "fitted on intr-rate of x (10818 1/s, residual +0.02 of its tolerance), ... of SCENARIO by FILE; start value 5 us;
 * was M: ...": a string to free. */
static char *describe(const struct calibrate_outcome *o, size_t j)
{
    const struct calibration *c = o->c;
    const struct cost_entry *e = cost_profile_find(c->start, c->fit.list[j]);
    char name[CALIBRATE_NAME_BYTES], value[64], *text = NULL;
    size_t size = 0;
    FILE *out = open_memstream(&text, &size);

    SIM_ASSERT(out);
    fprintf(out, "fitted on ");
    for (size_t r = 0; r < c->row_count; r++) {
        struct interval target = { 1, calibration_target(&c->rows[r]), NAN, 0, 0 };
        fprintf(out, "%s%s (%s, residual %+.2f of its tolerance)", r ? ", " : "", calibrate_row_name(c, r, name),
                metric_format(c->rows[r].kind->kind, &target, value, sizeof value), o->fit->residual[r]);
    }
    fprintf(out, " of the scenario %s%s; start value %g %s, which was %s: %s", c->study.base->name,
            o->fit->at_low[j]    ? ", and ran into its lower bound"
            : o->fit->at_high[j] ? ", and ran into its upper bound" : "",
            e->value, e->unit, e->confidence, e->source);
    fclose(out);
    return text;
}

static char *fitted_text(const struct calibrate_outcome *o, struct errors *errors)
{
    const struct calibration *c = o->c;
    struct cost_change *changes = calloc(c->fit.count, sizeof *changes);
    char **sources = calloc(c->fit.count, sizeof *sources), *name = scenario_name_of_file(o->options->out);
    size_t bytes;
    char *start = yaml_read_file(c->profile_path, &bytes, errors), *text = NULL;

    SIM_ASSERT(changes && sources);
    for (size_t j = 0; j < c->fit.count; j++) {
        sources[j] = describe(o, j);
        changes[j] = (struct cost_change){ c->fit.list[j], o->fit->value[j], sources[j], "fitted" };
    }
    if (start) text = cost_text_change(c->profile_path, start, bytes, name, changes, c->fit.count, errors);
    for (size_t j = 0; j < c->fit.count; j++) free(sources[j]);
    free(sources);
    free(changes);
    free(name);
    free(start);
    return text;
}

static int fail(struct errors *errors, const char *path)
{
    int code = errno;
    return errors_add(errors, nowhere, "%s: the profile cannot be written: %s", path, strerror(code));
}

/* Puts 'text' at 'path' by renaming a file that was written beside it. */
static int write_whole(const char *path, const char *text, struct errors *errors)
{
    char *beside;
    int length = asprintf(&beside, "%s.new.%ld", path, (long)getpid());
    SIM_ASSERT(length > 0);
    FILE *out = fopen(beside, "w");
    int bad = out ? 0 : fail(errors, path);

    if (out) {
        bool whole = fputs(text, out) >= 0 && fflush(out) == 0 && fsync(fileno(out)) == 0;
        if (fclose(out) != 0 || !whole) bad = fail(errors, path);
        struct cost_profile *p = bad ? NULL : cost_profile_load(beside, errors);
        if (!p || rename(beside, path) != 0) {
            if (p) fail(errors, path);
            unlink(beside);
            bad = -1;
        }
        cost_profile_destroy(p);
    }
    free(beside);
    return bad;
}

int calibrate_write_profile(const struct calibrate_outcome *o, struct errors *errors)
{
    char *text = fitted_text(o, errors);
    int bad = text ? write_whole(o->options->out, text, errors) : -1;

    free(text);
    return bad;
}
