/* engine.c -- a four-ary heap with the ordering key cached beside each event.
 *
 * The heap holds about as many events as there are links, timers and busy CPUs: a link or a DMA engine keeps its own
 * FIFO and only its head is here.  While an event runs, its place at the root stays open ("hole"): most handlers
 * schedule exactly one successor, which then sinks from the root in one pass instead of a removal and an insertion. */
#include "core/engine.h"

#include <stdlib.h>
#include <string.h>

#include "core/assert.h"

enum { ARITY = 4, COUNT_BITS = 40 };

struct slot {
    int64_t at;         /* >= 0 */
    uint64_t tie;       /* entity id, then the entity's count */
    struct event *event;
};

struct engine {
    struct engine_view view; /* must be first */
    struct slot *heap;
    uint32_t used, room;
    bool hole;          /* heap[0] belongs to the event now running */
    struct entity **entities;
    uint32_t n_entities, room_entities;
};

__extension__ typedef unsigned __int128 heap_key;

/* Both parts in one number: compared without a branch, which in a heap no processor predicts. */
static heap_key key_of(const struct slot *s)
{
    return (heap_key)(uint64_t)s->at << 64 | s->tie;
}

static bool earlier(const struct slot *a, const struct slot *b)
{
    return key_of(a) < key_of(b);
}

/* Inlined so that the slot travels in registers: through memory, its 24 bytes stall the processor once per event. */
#define IN_REGISTERS static inline __attribute__((always_inline))

IN_REGISTERS void place(struct engine *e, uint32_t i, struct slot s)
{
    e->heap[i] = s;
    s.event->slot = i + 1;
}

IN_REGISTERS void sift_up(struct engine *e, uint32_t i, struct slot s)
{
    while (i > 0) {
        uint32_t parent = (i - 1) / ARITY;
        if (!earlier(&s, &e->heap[parent])) break;
        place(e, i, e->heap[parent]);
        i = parent;
    }
    place(e, i, s);
}

IN_REGISTERS void sift_down(struct engine *e, uint32_t i, struct slot s)
{
    for (;;) {
        uint32_t first = i * ARITY + 1, best = first;
        if (first >= e->used) break;
        if (first + ARITY <= e->used) {
            const struct slot *c = &e->heap[first];
            uint32_t left = earlier(&c[1], &c[0]), right = 2 + (uint32_t)earlier(&c[3], &c[2]);
            best = first + (earlier(&c[right], &c[left]) ? right : left);
        } else {
            for (uint32_t c = first + 1; c < e->used; c++)
                if (earlier(&e->heap[c], &e->heap[best])) best = c;
        }
        if (!earlier(&e->heap[best], &s)) break;
        place(e, i, e->heap[best]);
        i = best;
    }
    place(e, i, s);
}

/* Moves 's' from place 'i' to where its key belongs. */
static void settle(struct engine *e, uint32_t i, struct slot s)
{
    if (i > 0 && earlier(&s, &e->heap[(i - 1) / ARITY]))
        sift_up(e, i, s);
    else
        sift_down(e, i, s);
}

static void remove_at(struct engine *e, uint32_t i)
{
    struct slot last = e->heap[--e->used];
    if (i < e->used) settle(e, i, last);
}

static void close_hole(struct engine *e)
{
    if (!e->hole) return;
    e->hole = false;
    remove_at(e, 0);
}

struct engine *engine_create(void)
{
    struct engine *e = calloc(1, sizeof *e);
    SIM_ASSERT(e);
    return e;
}

void engine_destroy(struct engine *e)
{
    if (!e) return;
    for (uint32_t i = 0; i < e->n_entities; i++) {
        free((char *)(uintptr_t)e->entities[i]->name);
        free(e->entities[i]);
    }
    free(e->entities);
    free(e->heap);
    free(e);
}

struct entity *engine_entity(struct engine *e, const char *name)
{
    struct entity *entity = calloc(1, sizeof *entity);
    SIM_ASSERT(entity);
    if (e->n_entities == e->room_entities) {
        e->room_entities = e->room_entities ? e->room_entities * 2 : 64;
        e->entities = realloc(e->entities, e->room_entities * sizeof(struct entity *));
        SIM_ASSERT(e->entities);
    }
    entity->name = strdup(name);
    SIM_ASSERT(entity->name);
    e->entities[e->n_entities++] = entity;
    entity->id = e->n_entities;
    SIM_ASSERT(entity->id < 1u << (64 - COUNT_BITS));
    return entity;
}

const char *engine_entity_name(const struct engine *e, uint32_t id)
{
    return id > 0 && id <= e->n_entities ? e->entities[id - 1]->name : "?";
}

void event_init(struct event *ev, struct entity *entity, event_fn *fn, void *owner)
{
    *ev = (struct event){ .fn = fn, .owner = owner, .entity = entity };
}

void engine_schedule(struct engine *e, struct event *ev, sim_time at)
{
    SIM_ASSERT(at.ps >= e->view.now.ps);
    struct slot s = { at.ps, (uint64_t)ev->entity->id << COUNT_BITS | ev->entity->count++, ev };
    if (ev->slot) {
        settle(e, ev->slot - 1, s);
    } else if (e->hole) {
        e->hole = false;
        sift_down(e, 0, s);
    } else {
        if (e->used == e->room) {
            e->room = e->room ? e->room * 2 : 256;
            e->heap = realloc(e->heap, e->room * sizeof *e->heap);
            SIM_ASSERT(e->heap);
        }
        sift_up(e, e->used++, s);
    }
}

void engine_schedule_in(struct engine *e, struct event *ev, sim_dur d)
{
    engine_schedule(e, ev, sim_add(e->view.now, d));
}

void engine_cancel(struct engine *e, struct event *ev)
{
    if (!ev->slot) return;
    uint32_t i = ev->slot - 1;
    ev->slot = 0;
    remove_at(e, i);
}

bool engine_step(struct engine *e, sim_time until)
{
    SIM_ASSERT(!e->hole); /* a handler must not run the engine */
    if (e->used == 0 || e->heap[0].at > until.ps) return false;
    struct event *ev = e->heap[0].event;
    e->view.now = (sim_time){ e->heap[0].at };
    e->view.events++;
    e->view.running = ev->entity->name;
    e->heap[0].at = 0; /* nothing rises above the hole: entities' ids, and so ties, are above 0 */
    e->heap[0].tie = 0;
    e->hole = true;
    ev->slot = 0;
    ev->fn(ev->owner);
    close_hole(e);
    e->view.running = NULL;
    return true;
}

void engine_run(struct engine *e, sim_time until)
{
    SIM_ASSERT(until.ps >= e->view.now.ps);
    while (engine_step(e, until)) continue;
    e->view.now = until;
}

sim_time engine_next(const struct engine *e)
{
    uint32_t first = e->hole ? 1 : 0;
    if (e->used <= first) return SIM_TIME_MAX;
    if (!e->hole) return (sim_time){ e->heap[0].at };
    int64_t best = INT64_MAX;
    for (uint32_t c = 1; c < e->used && c <= ARITY; c++)
        if (e->heap[c].at < best) best = e->heap[c].at;
    return (sim_time){ best };
}
