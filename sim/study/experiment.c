/* SPDX-License-Identifier: GPL-3.0-or-later
 * experiment.c -- each point's profile is a memory file that the runs of the point read, each run a child process.
 *
 *   points --> profiles (memory files) --> campaign of (point, variant, seed) --> values of the probes
 *
 * Many points are worked through in batches, because a campaign keeps the counters of all its runs. */
#define _GNU_SOURCE
#include "study/experiment.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "core/assert.h"
#include "report/campaign.h"

enum { BATCH_RUNS = 96, LABEL_BYTES = 160, FD_PATH_BYTES = 32 };

struct experiment {
    struct experiment_config config;
    size_t *variants;   /* indices of those that some probe reads, ascending */
    size_t variant_count;
};

/* One campaign: a label for every (point, variant), point by point. */
struct batch {
    const struct experiment *e;
    char (*labels)[LABEL_BYTES];
    const char **names;
    int *profiles;      /* memory file of each point */
    size_t points;
};

static bool is_probed(const struct experiment_config *c, size_t variant)
{
    for (size_t k = 0; k < c->probe_count; k++)
        if (c->probes[k].variant == variant) return true;
    return false;
}

struct experiment *experiment_create(const struct experiment_config *config)
{
    struct experiment *e = calloc(1, sizeof *e);
    SIM_ASSERT(e && config->probe_count > 0 && config->reps > 0);
    e->config = *config;
    e->variants = calloc(config->study->variant_count, sizeof *e->variants);
    SIM_ASSERT(e->variants);
    for (size_t v = 0; v < config->study->variant_count; v++)
        if (is_probed(config, v)) e->variants[e->variant_count++] = v;
    return e;
}

void experiment_destroy(struct experiment *e)
{
    if (!e) return;
    free(e->variants);
    free(e);
}

/* -- one batch ---------------------------------------------------------------------------------------------------- */

/* The profile with a point's prices, in a memory file; -1 after saying why not. */
static int make_profile(const struct experiment *e, const double *point)
{
    const struct experiment_config *c = &e->config;
    struct cost_profile *p = cost_profile_copy(c->profile);
    int fd = memfd_create("xbow-profile", MFD_CLOEXEC), copy = fd < 0 ? -1 : dup(fd);
    FILE *out = copy < 0 ? NULL : fdopen(copy, "w");

    for (size_t j = 0; j < c->entry_count; j++)
        if (!isnan(point[j])) cost_profile_find(p, c->entries[j])->value = point[j];
    if (out) cost_profile_write(p, out);
    if (!out || fclose(out) != 0) {
        fprintf(stderr, "xbow: cannot keep a cost profile: %s\n", strerror(errno));
        if (fd >= 0) close(fd);
        fd = -1;
    }
    cost_profile_destroy(p);
    return fd;
}

/* "intr_exit=7.2 copy_byte=0.5 of nic", as far as there is room: names a run in messages. */
static void make_label(const struct experiment *e, const double *point, const char *variant, char label[LABEL_BYTES])
{
    FILE *out = fmemopen(label, LABEL_BYTES, "w");
    bool some = false;

    SIM_ASSERT(out);
    for (size_t j = 0; j < e->config.entry_count; j++) {
        if (isnan(point[j])) continue;
        fprintf(out, "%s%s=%g", some ? " " : "", e->config.entries[j], point[j]);
        some = true;
    }
    fprintf(out, "%s of %s", some ? "" : "start", *variant ? variant : CAMPAIGN_NO_VARIANT);
    fclose(out); /* what does not fit is lost; the last byte is a NUL */
    label[LABEL_BYTES - 1] = '\0';
}

/* In a child: which point and variant the label stands for, and that simulation. */
static int run_labelled(void *ctx, const char *label, uint64_t seed, struct run_result *result, FILE *progress)
{
    const struct batch *b = ctx;
    char path[FD_PATH_BYTES];
    size_t i = 0;

    while (b->names[i] != label) i++; /* the campaign hands on the very text that it was given */
    snprintf(path, sizeof path, "/proc/self/fd/%d", b->profiles[i / b->e->variant_count]);
    const struct study *st = b->e->config.study;
    return study_run(st, &(struct study_run){ .variant = st->variants[b->e->variants[i % b->e->variant_count]],
                                              .seed = seed, .profile_path = path, .progress = progress }, result);
}

static void read_probes(const struct batch *b, const struct campaign *c, double *values)
{
    const struct experiment *e = b->e;
    size_t reps = c->reps, probes = e->config.probe_count;

    for (size_t i = 0; i < b->points * e->variant_count; i++)
        for (size_t k = 0; k < probes; k++) {
            const struct experiment_probe *p = &e->config.probes[k];
            if (p->variant != e->variants[i % e->variant_count]) continue;
            double *to = &values[(i / e->variant_count * probes + k) * reps];
            for (size_t r = 0; r < reps; r++) to[r] = metric_value(p->metric, &c->runs[i * reps + r]);
        }
}

static int measure_batch(struct experiment *e, const double *points, size_t count, const char *label, double *values)
{
    const struct experiment_config *c = &e->config;
    size_t names = count * e->variant_count, made = 0;
    struct batch b = { e, calloc(names, sizeof *b.labels), calloc(names, sizeof *b.names),
                       calloc(count, sizeof *b.profiles), count };
    struct campaign campaign;

    SIM_ASSERT(b.labels && b.names && b.profiles);
    campaign_init(&campaign);
    while (made < count && (b.profiles[made] = make_profile(e, &points[made * c->entry_count])) >= 0) made++;
    for (size_t i = 0; i < names; i++) {
        const char *variant = c->study->variants[e->variants[i % e->variant_count]];
        make_label(e, &points[i / e->variant_count * c->entry_count], variant, b.labels[i]);
        b.names[i] = b.labels[i];
    }
    struct campaign_plan plan = { b.names, names, c->seed, c->reps, c->jobs, c->quiet, label };
    int bad = made < count || campaign_run(&campaign, &plan, run_labelled, &b, stderr);
    if (!bad) read_probes(&b, &campaign, values);
    campaign_fini(&campaign);
    for (size_t i = 0; i < made; i++) close(b.profiles[i]);
    free(b.labels);
    free(b.names);
    free(b.profiles);
    return bad ? -1 : 0;
}

int experiment_measure(struct experiment *e, const double *points, size_t count, const char *label, double *values)
{
    const struct experiment_config *c = &e->config;
    size_t runs = e->variant_count * (size_t)c->reps, most = runs < BATCH_RUNS ? BATCH_RUNS / runs : 1;
    char text[LABEL_BYTES];

    for (size_t i = 0; i < count; i += most) {
        size_t n = count - i < most ? count - i : most;
        snprintf(text, sizeof text, "%s", label);
        if (most < count) snprintf(text, sizeof text, "%s, points %zu-%zu of %zu", label, i + 1, i + n, count);
        if (measure_batch(e, &points[i * c->entry_count], n, text, &values[i * c->probe_count * (size_t)c->reps]))
            return -1;
    }
    return 0;
}
