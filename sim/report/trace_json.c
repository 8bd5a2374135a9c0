/* SPDX-License-Identifier: GPL-3.0-or-later
 * trace_json.c -- trace records to trace events, one line each.
 *
 * Times are microseconds with six digits after the point: picoseconds, exact.  Preemption pushes back what is still to
 * come on a CPU, so spans on one track never overlap. */
#include "report/trace_json.h"

#include <inttypes.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "core/assert.h"
#include "report/json.h"
#include "report/run_result.h"

struct track {
    bool used, polling;
    int process;       /* from 1 */
    const char *name;  /* NULL: unknown */
};

struct trace_file {
    FILE *out;
    const struct trace_names *names;
    struct track *tracks; /* by entity id */
    uint32_t count;
    bool some;            /* an event was written */
};

static void put_us(FILE *out, int64_t ps)
{
    fprintf(out, "%" PRId64 ".%06" PRId64, ps / 1000000, ps % 1000000);
}

/* Starts an event; the caller adds members and "}". */
static void begin(struct trace_file *f, const char *phase, uint32_t entity)
{
    fputs(f->some ? ",\n" : "\n", f->out);
    f->some = true;
    fprintf(f->out, "{\"ph\":\"%s\",\"pid\":%d,\"tid\":%" PRIu32, phase, f->tracks[entity].process, entity);
}

static void begin_at(struct trace_file *f, const char *phase, const struct trace_record *r)
{
    begin(f, phase, r->entity);
    fputs(",\"ts\":", f->out);
    put_us(f->out, r->at.ps);
}

static void put_name(struct trace_file *f, const char *name)
{
    fputs(",\"name\":", f->out);
    json_text(f->out, name);
}

static void put_args(struct trace_file *f, const struct trace_record *r)
{
    const char *comma = "";
    fputs(",\"args\":{", f->out);
    for (int i = 0; i < 4; i++) {
        const char *name = trace_arg_name((enum trace_point)r->point, i);
        if (!*name) continue;
        fprintf(f->out, "%s\"%s\":%" PRId64, comma, name, r->arg[i]);
        comma = ",";
    }
    putc('}', f->out);
}

/* -- which machine an entity belongs to -------------------------------------------------------------------------- */

static bool same_machine(const char *a, const char *b)
{
    size_t n = result_machine_bytes(a);
    return n == result_machine_bytes(b) && strncmp(a, b, n) == 0;
}

/* Numbers machines in the order in which they appear; entities without a name share process 1. */
static void find_tracks(struct trace_file *f, const struct trace *t)
{
    int processes = 1;

    for (size_t i = 0; i < trace_count(t); i++)
        if (trace_get(t, i)->entity >= f->count) f->count = trace_get(t, i)->entity + 1;
    f->tracks = calloc(f->count + 1, sizeof *f->tracks);
    SIM_ASSERT(f->tracks);
    for (size_t i = 0; i < trace_count(t); i++) f->tracks[trace_get(t, i)->entity].used = true;
    for (uint32_t e = 0; e < f->count; e++) {
        struct track *track = &f->tracks[e];
        if (!track->used) continue;
        track->name = f->names && f->names->entity ? f->names->entity(f->names->ctx, e) : NULL;
        track->process = track->name ? 0 : 1;
        for (uint32_t before = 0; before < e && track->process == 0; before++) {
            const struct track *other = &f->tracks[before];
            if (other->used && other->name && same_machine(other->name, track->name)) track->process = other->process;
        }
        if (track->process == 0) track->process = ++processes;
    }
}

static void write_tracks(struct trace_file *f)
{
    char name[300];
    for (uint32_t e = 0; e < f->count; e++) {
        const struct track *track = &f->tracks[e];
        if (!track->used) continue;
        begin(f, "M", e);
        fputs(",\"name\":\"process_name\",\"args\":{\"name\":", f->out);
        snprintf(name, sizeof name, "%.*s", track->name ? (int)result_machine_bytes(track->name) : 5,
                 track->name ? track->name : "world");
        json_text(f->out, name);
        fputs("}}", f->out);
        begin(f, "M", e);
        fputs(",\"name\":\"thread_name\",\"args\":{\"name\":", f->out);
        snprintf(name, sizeof name, "entity %" PRIu32, e);
        json_text(f->out, track->name ? track->name : name);
        fputs("}}", f->out);
    }
}

/* -- events ------------------------------------------------------------------------------------------------------- */

static void put_named(struct trace_file *f, const struct trace_record *r, const char *what,
                      const char *(*name_of)(void *, uint32_t, int64_t))
{
    char number[64];
    const char *name = name_of ? name_of(f->names->ctx, r->entity, r->arg[1]) : NULL;
    snprintf(number, sizeof number, "%s %" PRId64, what, r->arg[1]);
    put_name(f, name ? name : number);
}

static void put_mark(struct trace_file *f, const struct trace_record *r)
{
    begin_at(f, "i", r);
    if (r->point == TRACE_cpu_interrupt)
        put_named(f, r, "interrupt", f->names ? f->names->interrupt : NULL);
    else
        put_name(f, trace_point_name((enum trace_point)r->point));
    fputs(",\"s\":\"t\"", f->out);
    put_args(f, r);
    putc('}', f->out);
}

static void put_step(struct trace_file *f, const struct trace_record *r)
{
    begin_at(f, "X", r);
    fputs(",\"dur\":", f->out);
    put_us(f->out, r->arg[2]);
    put_named(f, r, "thread", f->names ? f->names->thread : NULL);
    putc('}', f->out);
}

static void put_mode(struct trace_file *f, const struct trace_record *r, bool polling)
{
    struct track *track = &f->tracks[r->entity];
    if (track->polling == polling) return;
    track->polling = polling;
    begin_at(f, polling ? "B" : "E", r);
    put_name(f, "polling");
    putc('}', f->out);
}

/* A counter of the entity; counters of one process are told apart by their names. */
static void put_counter(struct trace_file *f, const struct trace_record *r, int arg, const char *what, bool per_flow)
{
    char name[400];
    const char *entity = f->tracks[r->entity].name;
    if (per_flow)
        snprintf(name, sizeof name, "%s flow %" PRId64, what, r->arg[0]);
    else if (entity)
        snprintf(name, sizeof name, "%.300s %s", entity, what);
    else
        snprintf(name, sizeof name, "entity %" PRIu32 " %s", r->entity, what);
    begin_at(f, "C", r);
    put_name(f, name);
    fprintf(f->out, ",\"args\":{\"%s\":%" PRId64 "}}", what, r->arg[arg]);
}

static void put_record(struct trace_file *f, const struct trace_record *r)
{
    switch ((enum trace_point)r->point) {
    case TRACE_cpu_run:
        put_step(f, r);
        break;
    case TRACE_lane_poll_mode:
        put_mode(f, r, true);
        break;
    case TRACE_lane_intr_mode:
        put_mode(f, r, false);
        break;
    case TRACE_lane_poll:
        put_counter(f, r, 1, "chain", false);
        put_counter(f, r, 2, "backlog", false);
        break;
    case TRACE_tcp_cwnd:
        put_counter(f, r, 1, "cwnd", true);
        break;
    default:
        put_mark(f, r);
        break;
    }
}

int trace_json_write(FILE *out, const struct trace *t, const struct trace_names *names)
{
    struct trace_file f = { .out = out, .names = names };
    struct trace_record last = { 0 };

    find_tracks(&f, t);
    fputs("{\"displayTimeUnit\":\"ns\",\"traceEvents\":[", out);
    write_tracks(&f);
    for (size_t i = 0; i < trace_count(t); i++) {
        last = *trace_get(t, i);
        put_record(&f, &last);
    }
    for (uint32_t e = 0; e < f.count; e++) {
        last.entity = e;
        put_mode(&f, &last, false); /* spans still open end with the trace */
    }
    fprintf(out, "\n],\"otherData\":{\"records_lost\":%" PRIu64 "}}\n", trace_lost(t));
    free(f.tracks);
    return fflush(out) == 0 && !ferror(out) ? 0 : -1;
}
