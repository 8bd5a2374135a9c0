/* SPDX-License-Identifier: GPL-3.0-or-later
 * world_record.c -- what a run leaves besides numbers: captures and a trace. */
#include <stdlib.h>
#include <string.h>

#include "core/assert.h"
#include "report/trace_json.h"
#include "topology/world_impl.h"

static void trace_begins(void *owner)
{
    struct world *w = owner;
    trace_attach(w->engine, w->trace);
}

static void trace_ends(void *owner)
{
    struct world *w = owner;
    trace_attach(w->engine, NULL);
}

static int open_capture(struct world *w, size_t i, world_path_fn *path, void *ctx, struct errors *errors)
{
    const struct scenario_capture *c = &w->s->captures[i];
    char what[256];
    snprintf(what, sizeof what, "%s", c->file);
    char *ending = strrchr(what, '.');
    if (ending && (strcmp(ending, ".pcapng") == 0 || strcmp(ending, ".pcap") == 0)) *ending = '\0';
    char *file = path(ctx, what, "pcapng");
    w->captures[i] = capture_create(w->engine, &(struct capture_config){ file, (uint32_t)c->snap_bytes,
        (uint64_t)c->packets, world_instant(c->from), c->to.ps == SCENARIO_NEVER.ps ? (sim_time){ 0 } : world_instant(c->to) },
        errors);
    free(file);
    if (!w->captures[i]) return -1;
    char name[300];
    struct link *out = topology_capture_link(w->topology, c, TOPOLOGY_OUT);
    struct link *in = topology_capture_link(w->topology, c, TOPOLOGY_IN);
    if (!out && !in) return errors_add(errors, c->on.at, "nothing can be captured at '%s'", c->on.text);
    snprintf(name, sizeof name, "%s out", c->on.text);
    if (out) capture_attach(w->captures[i], out, name);
    snprintf(name, sizeof name, "%s in", c->on.text);
    if (in) capture_attach(w->captures[i], in, name);
    return 0;
}

int world_record(struct world *w, world_path_fn *path, void *ctx, struct errors *errors)
{
    for (size_t i = 0; i < w->s->capture_count; i++)
        if (open_capture(w, i, path, ctx, errors)) return -1;
    if (w->s->trace.on) {
        struct entity *entity = engine_entity(w->engine, "trace");
        w->trace = trace_create((size_t)w->s->trace.records);
        w->trace_path = path(ctx, "trace", "json");
        event_init(&w->trace_on, entity, trace_begins, w);
        event_init(&w->trace_off, entity, trace_ends, w);
        engine_schedule(w->engine, &w->trace_on, world_instant(w->s->trace.from));
        if (w->s->trace.to.ps != SCENARIO_NEVER.ps)
            engine_schedule(w->engine, &w->trace_off, world_instant(w->s->trace.to));
    }
    return 0;
}

static const char *trace_entity(void *ctx, uint32_t id)
{
    return engine_entity_name(((struct world *)ctx)->engine, id);
}

/* The machine whose CPU an entity is; names begin with the machine's and a slash. */
static const struct machine *trace_machine(struct world *w, uint32_t entity)
{
    const char *name = engine_entity_name(w->engine, entity);
    size_t length = strcspn(name, "/");
    if (w->traced && strncmp(machine_name(w->traced), name, length) == 0 && !machine_name(w->traced)[length])
        return w->traced;
    w->traced = NULL;
    for (size_t i = 0; i < w->s->machine_count && !w->traced; i++) {
        const struct machine *m = w->machines[i].machine;
        if (m && strncmp(machine_name(m), name, length) == 0 && !machine_name(m)[length]) w->traced = m;
    }
    return w->traced;
}

static const char *trace_thread(void *ctx, uint32_t entity, int64_t thread)
{
    const struct machine *m = trace_machine(ctx, entity);
    return m ? machine_thread_name(m, thread) : NULL;
}

static const char *trace_interrupt(void *ctx, uint32_t entity, int64_t vector)
{
    const struct machine *m = trace_machine(ctx, entity);
    return m ? machine_interrupt_name(m, vector) : NULL;
}

int world_close_records(struct world *w, struct errors *errors)
{
    int bad = 0;
    for (size_t i = 0; i < w->s->capture_count; i++) {
        bad |= capture_close(w->captures[i], errors);
        w->captures[i] = NULL;
    }
    if (w->trace_path) {
        FILE *out = fopen(w->trace_path, "w");
        struct trace_names names = { w, trace_entity, trace_thread, trace_interrupt };
        bool failed = !out || trace_json_write(out, w->trace, &names);
        if (out) failed |= fclose(out) != 0;
        if (failed) bad |= errors_add(errors, (struct error_at){ w->trace_path, 0, 0 }, "cannot write the trace");
    }
    return bad;
}
