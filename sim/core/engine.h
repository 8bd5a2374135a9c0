/* SPDX-License-Identifier: GPL-3.0-or-later
 * engine.h -- the event queue: one clock, and what happens next.
 *
 * Events are embedded in their owners and never allocated here.  Two events at the same time run in the order of
 * (entity, count of events that entity has scheduled): never in the order of insertion, so a run does not depend on
 * the compiler, the machine, or on which module happened to ask first.  Single-threaded. */
#ifndef SIM_CORE_ENGINE_H
#define SIM_CORE_ENGINE_H

#include <stdbool.h>
#include <stdint.h>

#include "core/units.h"

struct engine;
struct trace;

/* Someone who schedules events: a link, a NIC, a CPU.  Names are unique; ids follow the order of registration,
 * which is the order of the scenario. */
struct entity {
    const char *name; /* owned by the engine */
    uint32_t id;      /* from 1 */
    uint64_t tie;     /* of its next event: id, then the number of events scheduled so far */
};

typedef void event_fn(void *owner);

struct event {
    event_fn *fn;
    void *owner;
    struct entity *entity;
    sim_time at;        /* when it runs: the rest is the engine's */
    uint64_t tie;       /* its place among those of the same time */
    struct event *next; /* in its bucket */
    struct event *last; /* of its bucket, when it is the first */
    uint32_t slot;      /* where it waits, 0 when not pending */
};

struct engine *engine_create(void);
void engine_destroy(struct engine *e); /* events still pending are forgotten; NULL is allowed */

/* Registers an entity; the engine owns it until engine_destroy().  The name is copied. */
struct entity *engine_entity(struct engine *e, const char *name);

/* Name of entity number 'id'; "?" when there is none. */
const char *engine_entity_name(const struct engine *e, uint32_t id);

void event_init(struct event *ev, struct entity *entity, event_fn *fn, void *owner);

/* Makes 'ev' run at 'at' (not before now).  A pending event is moved. */
void engine_schedule(struct engine *e, struct event *ev, sim_time at);
void engine_schedule_in(struct engine *e, struct event *ev, sim_dur d);

/* Takes 'ev' back; allowed when it is not pending. */
void engine_cancel(struct engine *e, struct event *ev);

static inline bool event_pending(const struct event *ev) { return ev->slot != 0; }

/* Runs every event before or at 'until' (not before now), then sets the clock to 'until'.  Not from a handler. */
void engine_run(struct engine *e, sim_time until);

/* Runs the next event if it is not after 'until'; false when there is none.  The clock moves to the event. */
bool engine_step(struct engine *e, sim_time until);

/* Time of the next event, SIM_TIME_MAX when none is pending. */
sim_time engine_next(const struct engine *e);

/* The public face of an engine: read it directly, change it only through the functions above. */
struct engine_view {
    sim_time now;
    uint64_t events;            /* run so far */
    const char *running;        /* name of the entity whose event runs, NULL between events */
    struct trace *trace;        /* NULL: tracing is off (trace.h) */
};
static inline struct engine_view *engine_view(struct engine *e) { return (struct engine_view *)(void *)e; }
static inline sim_time engine_now(const struct engine *e)
{
    return ((const struct engine_view *)(const void *)e)->now;
}

#endif
