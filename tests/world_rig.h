/* SPDX-License-Identifier: GPL-3.0-or-later
 * world_rig.h -- whole worlds for tests: a scenario's text is run, and what was counted stands in 'result'.
 *
 *     world_rig_init -> world_rig_run(text, seed, sets, n), sum, check_conservation ... -> world_rig_fini
 *
 * Included by one file per test suite; each has its own result and mistakes. */
#ifndef TESTS_WORLD_RIG_H
#define TESTS_WORLD_RIG_H

#include <check.h>
#include <string.h>

#include "topology/world.h"

static struct run_result result;
static struct errors mistakes;

static inline void world_rig_init(void)
{
    run_result_init(&result);
    errors_init(&mistakes);
}

static inline void world_rig_fini(void)
{
    run_result_fini(&result);
    errors_fini(&mistakes);
}

static inline void no_progress(void *ctx, sim_dur done, sim_dur whole)
{
    (void)ctx, (void)done, (void)whole;
}

/* The scenario of 'text' with overrides; NULL: refused, with the reasons in 'mistakes'. */
static inline struct scenario *world_rig_parse(const char *text, const char *const *sets, size_t n_sets)
{
    return scenario_parse("scenarios/test.yaml", text, strlen(text), NULL, sets, n_sets, &mistakes);
}

/* Runs 'w', leaves its results in 'result', and destroys both. */
static inline void world_rig_finish(struct world *w, struct scenario *s)
{
    ck_assert_int_eq(world_run(w, no_progress, NULL, &mistakes), 0);
    run_result_fini(&result);
    run_result_init(&result);
    world_collect(w, &result);
    world_destroy(w);
    scenario_destroy(s);
}

/* Runs it; a scenario that is refused fails the test, with the reasons printed. */
static inline void world_rig_run(const char *text, uint64_t seed, const char *const *sets, size_t n_sets)
{
    struct scenario *s = world_rig_parse(text, sets, n_sets);
    struct world *w = s ? world_create(s, seed, NULL, &mistakes) : NULL;
    if (!w) errors_print(&mistakes, stderr);
    ck_assert_ptr_nonnull(w);
    world_rig_finish(w, s);
}

/* Sum of a counter over the entities of 'kind' whose name begins with 'prefix' and ends with 'suffix'. */
static inline uint64_t sum_between(const char *kind, const char *prefix, const char *suffix, const char *counter)
{
    uint64_t total = 0;
    for (size_t i = 0; i < result.block_count; i++) {
        const struct result_block *b = &result.blocks[i];
        size_t have = strlen(b->entity), want = strlen(suffix);
        if (strcmp(b->kind, kind) || strncmp(b->entity, prefix, strlen(prefix)) || have < want) continue;
        if (strcmp(b->entity + have - want, suffix) == 0) total += result_block_value(b, counter, NULL);
    }
    return total;
}

static inline uint64_t sum(const char *kind, const char *prefix, const char *counter)
{
    return sum_between(kind, prefix, "", counter);
}

static inline uint64_t dropped(void)
{
    uint64_t total = 0;
    for (int i = 0; i < N_DROP_REASONS; i++) total += result.ledger.dropped[i];
    return total;
}

static inline void check_conservation(void)
{
    const struct result_ledger *l = &result.ledger;
    ck_assert_uint_eq(l->created, l->delivered + l->segmented + l->held + dropped());
}

/* Layers agree on what passed; chains may be under way at both ends of the measurement. */
static inline void near(uint64_t a, uint64_t b, uint64_t slack)
{
    ck_assert_msg(a <= b + slack && b <= a + slack, "%llu and %llu", (unsigned long long)a, (unsigned long long)b);
}

#endif
