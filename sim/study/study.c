/* SPDX-License-Identifier: GPL-3.0-or-later
 * study.c -- from a scenario's file to counted runs. */
#include "study/study.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "core/assert.h"
#include "report/campaign.h"
#include "report/expect.h"
#include "report/plot.h"
#include "scenario/names.h"
#include "topology/world.h"

enum { EXIT_FAILED = 1, EXIT_MISTAKE = 2 };

const char *study_variant_or_null(const char *name)
{
    return name[0] ? name : NULL;
}

static struct scenario *load(const struct study *st, const char *variant, struct errors *errors)
{
    const struct study_config *c = &st->config;
    return scenario_load(c->file, study_variant_or_null(variant), c->sets, c->set_count, errors);
}

/* Which variants are wanted: all, or the one that was named, which may not exist. */
static int choose_variants(struct study *st, struct errors *errors)
{
    const struct scenario_names *names = &st->base->variants;
    const char *only = st->config.variant;
    if (names->count > STUDY_VARIANTS_MAX)
        return errors_add(errors, names->at, "%zu variants, expected at most %d", names->count, STUDY_VARIANTS_MAX);
    for (size_t i = 0; i < names->count && !only; i++) st->variants[st->variant_count++] = names->list[i];
    if (st->variant_count == 0) st->variants[st->variant_count++] = only ? only : "";
    return 0;
}

/* What is wrong in one variant, or in all, is told once. */
static int open_variant(struct study *st, size_t i, struct errors *errors)
{
    struct errors here;
    errors_init(&here);
    struct scenario *s = load(st, st->variants[i], &here);
    errors_merge(errors, &here);
    errors_fini(&here);
    if (!s) return -1;
    st->variant_hash[i] = scenario_hash(s);
    if (!st->profile_path) st->profile_path = text_copy(s->profile_path);
    if (strcmp(st->profile_path, s->profile_path) != 0) st->other_profile = i;
    scenario_destroy(s);
    return 0;
}

int study_open(struct study *st, const struct study_config *config, struct errors *errors)
{
    size_t before = errors->count + errors->suppressed;
    *st = (struct study){ .config = *config };
    st->base = scenario_read(config->file, config->sets, config->set_count, errors);
    if (!st->base) return -1;
    expect_check(st->base, errors);
    char *scripts = plot_scripts_dir(config->plots);
    for (size_t i = 0; scripts && i < st->base->plots.count; i++)
        plot_check(scripts, st->base->plots.list[i], st->base->plots.at, errors);
    free(scripts);
    bool wrong = errors->count + errors->suppressed > before;
    if (choose_variants(st, errors)) return -1;
    st->other_profile = st->variant_count;
    for (size_t i = 0; i < st->variant_count && errors->count < ERRORS_MAX; i++) wrong |= open_variant(st, i, errors) != 0;
    return wrong ? -1 : 0;
}

void study_close(struct study *st)
{
    scenario_destroy(st->base);
    free(st->profile_path);
    st->base = NULL;
    st->profile_path = NULL;
}

int study_find(const struct study *st, const char *variant)
{
    for (size_t i = 0; i < st->variant_count; i++)
        if (strcmp(st->variants[i], variant) == 0) return (int)i;
    return -1;
}

/* -- checking ----------------------------------------------------------------------------------------------------- */

static int check_variant(const struct study *st, const char *variant, struct errors *mistakes)
{
    int ends[2];
    fflush(NULL);
    pid_t child = pipe(ends) == 0 ? fork() : -1;
    if (child < 0) {
        fprintf(stderr, "xbow: cannot start a process: %s\n", strerror(errno));
        return EXIT_FAILED;
    }
    if (child == 0) {
        FILE *out = fdopen(ends[1], "w");
        SIM_ASSERT(out);
        close(ends[0]);
        struct errors errors;
        errors_init(&errors);
        struct scenario *s = load(st, variant, &errors);
        struct world *w = s ? world_create(s, s->seed, NULL, &errors) : NULL;
        int code = w ? EXIT_SUCCESS : EXIT_MISTAKE;
        world_destroy(w);
        scenario_destroy(s);
        errors_print(&errors, out);
        errors_fini(&errors);
        fflush(NULL);
        _exit(code);
    }
    close(ends[1]);
    FILE *in = fdopen(ends[0], "r");
    SIM_ASSERT(in);
    errors_read(mistakes, in);
    fclose(in);
    int status;
    while (waitpid(child, &status, 0) < 0 && errno == EINTR) continue;
    if (WIFEXITED(status)) return WEXITSTATUS(status);
    fprintf(stderr, "xbow: building the world of %s was ended by signal %d\n", st->base->file, WTERMSIG(status));
    return EXIT_FAILED;
}

int study_check(const struct study *st)
{
    struct errors mistakes;
    int worst = 0;
    errors_init(&mistakes);
    for (size_t i = 0; i < st->variant_count && mistakes.count < ERRORS_MAX; i++) {
        int code = check_variant(st, st->variants[i], &mistakes);
        if (code > worst) worst = code;
    }
    errors_print(&mistakes, stderr);
    errors_fini(&mistakes);
    return worst;
}

/* -- running ------------------------------------------------------------------------------------------------------ */

char *study_replay(const struct study *st, const char *variant, uint64_t seed)
{
    char *text = NULL;
    size_t size = 0;
    FILE *out = open_memstream(&text, &size);
    SIM_ASSERT(out);
    fprintf(out, "xbow run %s --seed %llu", st->base->file, (unsigned long long)seed);
    if (variant[0]) fprintf(out, " --variant '%s'", variant);
    for (size_t i = 0; i < st->config.set_count; i++) fprintf(out, " --set '%s'", st->config.sets[i]);
    fclose(out);
    return text;
}

static char *record_path(void *ctx, const char *what, const char *extension)
{
    const struct study_run *run = ctx;
    return results_run_path(run->results, run->variant, run->seed, what, extension);
}

static void report_progress(void *ctx, sim_dur done, sim_dur whole)
{
    campaign_progress(ctx, done, whole);
}

int study_run(const struct study *st, const struct study_run *run, struct run_result *result)
{
    struct errors errors;
    struct study_run path = *run;
    errors_init(&errors);
    struct scenario *s = load(st, run->variant, &errors);
    if (s && run->profile_path) {
        free(s->profile_path);
        s->profile_path = text_copy(run->profile_path);
    }
    char *replay = study_replay(st, run->variant, run->seed);
    struct world *w = s ? world_create(s, run->seed, replay, &errors) : NULL;
    int bad = !w || (run->results && world_record(w, record_path, &path, &errors)) ||
              world_run(w, report_progress, run->progress, &errors);
    if (!bad) {
        run_result_set(&result->title, s->title);
        run_result_set(&result->variant, run->variant);
        result->seed = run->seed;
        world_collect(w, result);
    }
    world_destroy(w);
    scenario_destroy(s);
    free(replay);
    errors_print(&errors, stderr);
    errors_fini(&errors);
    return bad;
}
