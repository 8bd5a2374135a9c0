/* SPDX-License-Identifier: GPL-3.0-or-later
 * trace.c -- a bounded list of trace records. */
#include "core/trace.h"

#include <stdlib.h>

#include "core/assert.h"

struct trace {
    struct trace_record *records;
    size_t count, room, max;
    uint64_t lost;
};

static const struct {
    const char *name, *arg[4];
} points[N_TRACE_POINTS] = {
#define X(NAME, a, b, c, d) [TRACE_##NAME] = { #NAME, { a, b, c, d } },
    TRACE_POINTS(X)
#undef X
};

struct trace *trace_create(size_t max_records)
{
    struct trace *t = calloc(1, sizeof *t);
    SIM_ASSERT(t);
    t->max = max_records;
    return t;
}

void trace_destroy(struct trace *t)
{
    if (!t) return;
    free(t->records);
    free(t);
}

void trace_add(struct trace *t, struct trace_record r)
{
    if (t->count == t->max) {
        t->lost++;
        return;
    }
    if (t->count == t->room) {
        t->room = t->room ? t->room * 2 : 4096;
        t->records = realloc(t->records, t->room * sizeof *t->records);
        SIM_ASSERT(t->records);
    }
    t->records[t->count++] = r;
}

void trace_point(struct engine *e, uint32_t entity_id, enum trace_point point, int64_t a, int64_t b, int64_t c, int64_t d)
{
    trace_add(engine_view(e)->trace, (struct trace_record){ engine_now(e), entity_id, point, { a, b, c, d } });
}

size_t trace_count(const struct trace *t)
{
    return t->count;
}

uint64_t trace_lost(const struct trace *t)
{
    return t->lost;
}

const struct trace_record *trace_get(const struct trace *t, size_t i)
{
    return &t->records[i];
}

const char *trace_point_name(enum trace_point p)
{
    return points[p].name;
}

const char *trace_arg_name(enum trace_point p, int arg)
{
    return points[p].arg[arg];
}

void trace_attach(struct engine *e, struct trace *t)
{
    engine_view(e)->trace = t;
}
