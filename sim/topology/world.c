/* SPDX-License-Identifier: GPL-3.0-or-later
 * world.c -- a scenario becomes machines, cards, stacks and applications on a network, runs, and is read.
 *
 * Order of building: network (topology.c), machines with their cards and data links, applications.  Each later
 * thing finds the earlier ones by the scenario's indices; nothing here looks at what a scenario is for. */
#include "topology/world.h"

#include <stdlib.h>
#include <string.h>

#include "core/assert.h"
#include "topology/world_impl.h"

enum { PROGRESS_SLICES = 200 };

static int build(struct world *w, struct errors *errors)
{
    const struct scenario *s = w->s;
    bool full = false;
    for (size_t i = 0; i < s->machine_count; i++) full |= s->machines[i].detail == SCENARIO_FULL;
    if (full) {
        w->profile = cost_profile_load(s->profile_path, errors);
        if (!w->profile) return -1;
    }
    w->topology = topology_create(w->engine, w->stats, w->pool, s, errors);
    if (!w->topology || world_build_machines(w, errors)) return -1;
    return world_build_traffic(w, errors);
}

struct world *world_create(const struct scenario *s, uint64_t seed, const char *replay, struct errors *errors)
{
    struct world *w = calloc(1, sizeof *w);
    SIM_ASSERT(w);
    w->s = s;
    w->seed = seed;
    w->engine = engine_create();
    w->stats = stats_create();
    w->pool = packet_pool_create();
    w->machines = calloc(s->machine_count ? s->machine_count : 1, sizeof *w->machines);
    w->captures = calloc(s->capture_count ? s->capture_count : 1, sizeof(struct capture *));
    SIM_ASSERT(w->machines && w->captures);
    sim_replay_set(&(struct sim_replay){ &engine_view(w->engine)->now, &engine_view(w->engine)->running, seed, replay });
    if (build(w, errors)) {
        world_destroy(w);
        return NULL;
    }
    return w;
}

void world_destroy(struct world *w)
{
    if (!w) return;
    sim_replay_set(NULL);
    world_destroy_traffic(w);
    world_destroy_machines(w);
    topology_destroy(w->topology);
    cost_profile_destroy(w->profile);
    packet_pool_destroy(w->pool);
    stats_destroy(w->stats);
    trace_destroy(w->trace);
    engine_destroy(w->engine);
    free(w->trace_path);
    free(w->captures);
    free(w);
}

static void account(struct world *w)
{
    for (size_t i = 0; i < w->s->machine_count; i++)
        if (w->machines[i].machine) machine_account(w->machines[i].machine);
}

int world_run(struct world *w, world_progress_fn *progress, void *ctx, struct errors *errors)
{
    int64_t warmup = w->s->time.warmup.ps, end = warmup + w->s->time.measure.ps, slice = end / PROGRESS_SLICES + 1;
    int64_t t = 0;
    bool marked = false;
    while (t < end || !marked) {
        if (!marked && t == warmup) {
            account(w);
            stats_mark(w->stats);
            marked = true;
        }
        int64_t next = t + slice;
        if (!marked && next > warmup) next = warmup;
        if (next > end) next = end;
        engine_run(w->engine, (sim_time){ next });
        t = next;
        progress(ctx, (sim_dur){ t }, (sim_dur){ end });
    }
    account(w);
    packet_pool_check(w->pool);
    for (size_t i = 0; i < w->s->machine_count; i++)
        if (w->machines[i].stack) stack_check(w->machines[i].stack);
    return world_close_records(w, errors);
}

void world_collect(struct world *w, struct run_result *r)
{
    const struct packet_ledger *ledger = packet_pool_ledger(w->pool);
    r->simulated = (sim_dur){ w->s->time.warmup.ps + w->s->time.measure.ps };
    r->measured = w->s->time.measure;
    r->events = engine_view(w->engine)->events;
    r->ledger.created = ledger->created;
    r->ledger.delivered = ledger->delivered;
    r->ledger.segmented = ledger->segmented;
    r->ledger.held = packet_pool_held(w->pool);
    memcpy(r->ledger.dropped, ledger->dropped, sizeof r->ledger.dropped);
    size_t blocks = stats_count(w->stats);
    for (size_t i = 0; i < blocks; i++) {
        const struct stats_block *b = stats_get(w->stats, i);
        if (strcmp(b->kind, "link") == 0) r->packet_hops += b->values[LINK_packets];
    }
    run_result_copy_stats(r, w->stats);
}

void world_print_text(struct world *w, FILE *out)
{
    topology_print_text(w->topology, out);
    for (size_t i = 0; i < w->s->machine_count; i++) {
        if (!w->machines[i].stack) continue;
        fprintf(out, "\n%s: %s\n", w->s->machines[i].name,
                w->s->machines[i].stack == SCENARIO_CROSSBOW ? "lanes" : "receive rings");
        stack_print(w->machines[i].stack, out);
    }
}

void world_print_dot(struct world *w, FILE *out)
{
    topology_print_dot(w->topology, out);
}
