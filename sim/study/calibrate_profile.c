/* SPDX-License-Identifier: GPL-3.0-or-later
 * calibrate_profile.c -- the fitted profile's file: the start profile, with each fitted entry saying so. */
#define _GNU_SOURCE
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/assert.h"
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

static struct cost_profile *fitted_profile(const struct calibrate_outcome *o)
{
    const struct calibration *c = o->c;
    struct cost_profile *p = cost_profile_copy(c->start);

    free(p->name);
    p->name = scenario_name_of_file(o->options->out);
    for (size_t j = 0; j < c->fit.count; j++) {
        struct cost_entry *e = cost_profile_find(p, c->fit.list[j]);
        e->value = o->fit->value[j];
        free(e->source);
        e->source = describe(o, j);
        snprintf(e->confidence, sizeof e->confidence, "fitted");
    }
    return p;
}

static int fail(struct errors *errors, const char *path)
{
    int code = errno;
    return errors_add(errors, nowhere, "%s: the profile cannot be written: %s", path, strerror(code));
}

static void write_all(const struct calibrate_outcome *o, FILE *out)
{
    const struct calibration *c = o->c;
    struct cost_profile *p = fitted_profile(o);

    fprintf(out, "# The profile %s with ", c->start->name);
    for (size_t j = 0; j < c->fit.count; j++) fprintf(out, "%s%s", j ? ", " : "", c->fit.list[j]);
    fprintf(out, " fitted: xbow calibrate %s\n# Everything else is as it is there.\n", c->file);
    cost_profile_write(p, out);
    cost_profile_destroy(p);
}

int calibrate_write_profile(const struct calibrate_outcome *o, struct errors *errors)
{
    const char *path = o->options->out;
    char *beside;
    int length = asprintf(&beside, "%s.new.%ld", path, (long)getpid());
    SIM_ASSERT(length > 0);
    FILE *out = fopen(beside, "w");
    int bad = out ? 0 : fail(errors, path);

    if (out) {
        write_all(o, out);
        bool whole = fflush(out) == 0 && !ferror(out) && fsync(fileno(out)) == 0;
        if (fclose(out) != 0 || !whole || rename(beside, path) != 0) {
            bad = fail(errors, path);
            unlink(beside);
        }
    }
    free(beside);
    return bad;
}
