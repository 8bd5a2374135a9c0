/* engine.c -- two four-ary heaps with the ordering key cached beside each event.
 *
 *     now                     horizon
 *      |--- near: links, CPUs, DMA ---|--- far: retransmission, acknowledgement and ageing timers ---->
 *
 * The near heap holds about as many events as there are busy links, rings and CPUs: a link or a DMA engine keeps its own
 * FIFO and only its head is here.  Timers, of which there may be one per connection and which mostly are moved before
 * they fire, wait beyond the horizon and do not make the near heap deeper.  When the near heap is empty the horizon
 * moves and what is now before it changes over.
 *
 * While an event runs, its place at the near root stays open ("hole"): most handlers schedule exactly one successor,
 * which then sinks from the root in one pass instead of a removal and an insertion. */
#include "core/engine.h"

#include <stdlib.h>
#include <string.h>

#include "core/assert.h"

enum { ARITY = 4, COUNT_BITS = 40 };
#define HORIZON_PS 200000000 /* 200 us: more than a frame, a step or an interrupt interval, less than a TCP timer */
#define FAR_BIT 0x80000000u  /* of event.slot: the event is in the far heap */

struct slot {
    int64_t at;         /* >= 0 */
    uint64_t tie;       /* entity id, then the entity's count */
    struct event *event;
};

struct heap {
    struct slot *slot;
    uint32_t used, room;
    uint32_t mark;      /* 0 or FAR_BIT */
};

struct engine {
    struct engine_view view; /* must be first */
    struct heap near, far;
    int64_t horizon;    /* near: every event before it */
    bool hole;          /* near.slot[0] belongs to the event now running */
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

IN_REGISTERS void place(struct heap *h, uint32_t i, struct slot s)
{
    h->slot[i] = s;
    s.event->slot = (i + 1) | h->mark;
}

IN_REGISTERS void sift_up(struct heap *h, uint32_t i, struct slot s)
{
    while (i > 0) {
        uint32_t parent = (i - 1) / ARITY;
        if (!earlier(&s, &h->slot[parent])) break;
        place(h, i, h->slot[parent]);
        i = parent;
    }
    place(h, i, s);
}

IN_REGISTERS void sift_down(struct heap *h, uint32_t i, struct slot s)
{
    for (;;) {
        uint32_t first = i * ARITY + 1, best = first;
        if (first >= h->used) break;
        if (first + ARITY <= h->used) {
            const struct slot *c = &h->slot[first];
            uint32_t left = earlier(&c[1], &c[0]), right = 2 + (uint32_t)earlier(&c[3], &c[2]);
            best = first + (earlier(&c[right], &c[left]) ? right : left);
        } else {
            for (uint32_t c = first + 1; c < h->used; c++)
                if (earlier(&h->slot[c], &h->slot[best])) best = c;
        }
        if (!earlier(&h->slot[best], &s)) break;
        place(h, i, h->slot[best]);
        i = best;
    }
    place(h, i, s);
}

/* Moves 's' from place 'i' to where its key belongs. */
static void settle(struct heap *h, uint32_t i, struct slot s)
{
    if (i > 0 && earlier(&s, &h->slot[(i - 1) / ARITY]))
        sift_up(h, i, s);
    else
        sift_down(h, i, s);
}

static void insert(struct heap *h, struct slot s)
{
    if (h->used == h->room) {
        h->room = h->room ? h->room * 2 : 256;
        h->slot = realloc(h->slot, h->room * sizeof *h->slot);
        SIM_ASSERT(h->slot && h->room < FAR_BIT);
    }
    sift_up(h, h->used++, s);
}

static void remove_at(struct heap *h, uint32_t i)
{
    struct slot last = h->slot[--h->used];
    if (i < h->used) settle(h, i, last);
}

static void close_hole(struct engine *e)
{
    if (!e->hole) return;
    e->hole = false;
    remove_at(&e->near, 0);
}

/* The near heap is empty: moves the horizon beyond the first far event. */
static void advance_horizon(struct engine *e)
{
    if (e->far.used == 0) return;
    int64_t first = e->far.slot[0].at;
    e->horizon = first < INT64_MAX - HORIZON_PS ? first + HORIZON_PS : INT64_MAX;
    while (e->far.used > 0 && (e->far.slot[0].at < e->horizon || e->horizon == INT64_MAX)) {
        struct slot s = e->far.slot[0];
        remove_at(&e->far, 0);
        insert(&e->near, s);
    }
}

/* The heap a pending event is in. */
static struct heap *heap_of(struct engine *e, const struct event *ev)
{
    return ev->slot & FAR_BIT ? &e->far : &e->near;
}

struct engine *engine_create(void)
{
    struct engine *e = calloc(1, sizeof *e);
    SIM_ASSERT(e);
    e->far.mark = FAR_BIT;
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
    free(e->near.slot);
    free(e->far.slot);
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
    struct heap *to = s.at < e->horizon ? &e->near : &e->far;
    if (ev->slot) {
        struct heap *from = heap_of(e, ev);
        uint32_t i = (ev->slot & ~FAR_BIT) - 1;
        if (from == to) {
            settle(to, i, s);
            return;
        }
        remove_at(from, i);
    }
    if (e->hole && to == &e->near) {
        e->hole = false;
        sift_down(to, 0, s);
    } else {
        insert(to, s);
    }
}

void engine_schedule_in(struct engine *e, struct event *ev, sim_dur d)
{
    engine_schedule(e, ev, sim_add(e->view.now, d));
}

void engine_cancel(struct engine *e, struct event *ev)
{
    if (!ev->slot) return;
    struct heap *h = heap_of(e, ev);
    uint32_t i = (ev->slot & ~FAR_BIT) - 1;
    ev->slot = 0;
    remove_at(h, i);
}

bool engine_step(struct engine *e, sim_time until)
{
    SIM_ASSERT(!e->hole); /* a handler must not run the engine */
    if (e->near.used == 0) advance_horizon(e);
    struct slot *top = e->near.slot;
    if (e->near.used == 0 || top->at > until.ps) return false;
    struct event *ev = top->event;
    e->view.now = (sim_time){ top->at };
    e->view.events++;
    e->view.running = ev->entity->name;
    top->at = 0; /* nothing rises above the hole: entities' ids, and so ties, are above 0 */
    top->tie = 0;
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
    if (e->near.used <= first) return (sim_time){ e->far.used ? e->far.slot[0].at : INT64_MAX };
    if (!e->hole) return (sim_time){ e->near.slot[0].at };
    int64_t best = INT64_MAX;
    for (uint32_t c = 1; c < e->near.used && c <= ARITY; c++)
        if (e->near.slot[c].at < best) best = e->near.slot[c].at;
    return (sim_time){ best };
}
