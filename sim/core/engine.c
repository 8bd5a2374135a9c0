/* SPDX-License-Identifier: GPL-3.0-or-later
 * engine.c -- a wheel of buckets by time, and a heap for what is beyond it.
 *
 *      cursor                                                window end
 *      |----|----|----|----|---- wheel ----|----|----|----|----|-------- far ------->
 *       now  sorted lists, one per bucket of time                a four-ary heap
 *
 * Most events are a frame, a DMA or a step away: they go straight to the bucket of their time, which rarely holds
 * another.  Timers, of which there may be one per connection and which mostly are moved before they fire, wait in the
 * far heap.  The width of a bucket follows the number of events, so that lists stay short when there are many hosts.
 * Where an event waits has no influence on the order in which events run. */
#include "core/engine.h"

#include <stdlib.h>
#include <string.h>

#include "core/assert.h"

enum {
    ARITY = 4, COUNT_BITS = 40,
    BUCKETS = 2048, WORDS = BUCKETS / 64,
    SHIFT_FIRST = 15, SHIFT_MIN = 10, SHIFT_MAX = 21, /* log2 of a bucket's width: 33 ns, 1 ns, 2 us */
    TURNS = 1024,       /* buckets that were not empty between two looks at the width */
    CROWD_MAX = TURNS + TURNS / 6, /* events in them above which buckets become narrower */
    GAP_MAX = 16 * TURNS, /* buckets that were passed above which they become wider */
};
#define IN_WHEEL UINT32_MAX /* of event.slot; else place in the far heap plus 1 */

struct slot {
    int64_t at;         /* >= 0 */
    uint64_t tie;       /* entity id, then the entity's count */
    struct event *event;
};

struct heap {
    int64_t first_at;   /* of slot[0]; INT64_MAX when there is none */
    struct slot *slot;
    uint32_t used, room;
};

/* Bucket number n holds what happens in [n << shift, (n + 1) << shift), for cursor <= n < cursor + BUCKETS. */
struct wheel {
    int64_t cursor;     /* of the event that runs: nothing is pending before this bucket */
    int64_t ahead;      /* nor, in the wheel, before this one; mostly it has the next */
    uint32_t shift;
    uint32_t turns;     /* moves of the cursor until the next look at the width */
    uint64_t looked_events; /* events run by the last one */
    int64_t looked_cursor;
    uint64_t words;     /* which words of 'bit' are not 0 */
    uint64_t bit[WORDS]; /* which buckets are not empty */
    struct event *first[BUCKETS]; /* of a list in order of time, whose 'last' it knows */
};

struct engine {
    struct engine_view view; /* must be first */
    struct heap far;
    struct wheel wheel;
    struct entity **entities;
    uint32_t n_entities, room_entities;
};

/* What runs once per event; a slot must travel in registers: through memory, its 24 bytes stall the processor. */
#define IN_LINE static inline __attribute__((always_inline))

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

IN_LINE void place(struct heap *h, uint32_t i, struct slot s)
{
    h->slot[i] = s;
    s.event->slot = (i + 1);
}

IN_LINE void sift_up(struct heap *h, uint32_t i, struct slot s)
{
    while (i > 0) {
        uint32_t parent = (i - 1) / ARITY;
        if (!earlier(&s, &h->slot[parent])) break;
        place(h, i, h->slot[parent]);
        i = parent;
    }
    place(h, i, s);
}

IN_LINE void sift_down(struct heap *h, uint32_t i, struct slot s)
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

__attribute__((noinline)) static void insert(struct heap *h, struct event *ev)
{
    if (h->used == h->room) {
        h->room = h->room ? h->room * 2 : 256;
        h->slot = realloc(h->slot, h->room * sizeof *h->slot);
        SIM_ASSERT(h->slot);
    }
    sift_up(h, h->used++, (struct slot){ ev->at.ps, ev->tie, ev });
    h->first_at = h->slot[0].at;
}

static void remove_at(struct heap *h, uint32_t i)
{
    struct slot last = h->slot[--h->used];
    if (i < h->used) settle(h, i, last);
    h->first_at = h->used ? h->slot[0].at : INT64_MAX;
}

/* -- the wheel -------------------------------------------------------------------------------------------------- */

static bool runs_before(const struct event *a, const struct event *b)
{
    return a->at.ps != b->at.ps ? a->at.ps < b->at.ps : a->tie < b->tie;
}

/* Puts 'ev' into a bucket that is not empty, where its time says. */
__attribute__((noinline)) static void wheel_join(struct event **bucket, struct event *ev)
{
    struct event *first = *bucket, *after = first->last;

    if (runs_before(ev, first)) {
        ev->next = first;
        ev->last = after;
        *bucket = ev;
        return;
    }
    if (runs_before(ev, after))
        for (after = first; runs_before(after->next, ev);) after = after->next;
    else
        first->last = ev;
    ev->next = after->next;
    after->next = ev;
}

/* Puts 'ev' into the bucket of its time; false: that is not in the wheel. */
IN_LINE bool wheel_put(struct wheel *w, struct event *ev)
{
    int64_t number = ev->at.ps >> w->shift;
    uint32_t i = (uint32_t)number % BUCKETS;

    if (number - w->cursor >= BUCKETS) return false;
    if (number < w->ahead) w->ahead = number;
    ev->slot = IN_WHEEL;
    uint64_t here = w->bit[i / 64], with = here | UINT64_C(1) << i % 64;
    if (here == with) { /* the bits are in the cache, where the bucket rarely is */
        wheel_join(&w->first[i], ev);
        return true;
    }
    w->first[i] = ev->last = ev;
    ev->next = NULL;
    w->bit[i / 64] = with;
    w->words |= UINT64_C(1) << i / 64;
    return true;
}

/* Takes the first event out of bucket 'i'. */
IN_LINE void wheel_pop(struct wheel *w, uint32_t i, struct event *ev)
{
    struct event *next = ev->next;

    w->first[i] = next;
    if (next) {
        next->last = ev->last;
    } else {
        w->bit[i / 64] &= ~(UINT64_C(1) << i % 64);
        if (w->bit[i / 64] == 0) w->words &= ~(UINT64_C(1) << i / 64);
    }
}

static void wheel_take(struct wheel *w, struct event *ev)
{
    uint32_t i = (uint32_t)(ev->at.ps >> w->shift) % BUCKETS;
    struct event *before = w->first[i];

    if (before == ev) {
        wheel_pop(w, i, ev);
        return;
    }
    while (before->next != ev) before = before->next;
    before->next = ev->next;
    if (!ev->next) w->first[i]->last = before;
}

/* How far it is from the bucket 'number' to the first that is not empty; BUCKETS: all are. */
IN_LINE uint32_t wheel_next(const struct wheel *w, int64_t number)
{
    uint32_t from = (uint32_t)number % BUCKETS, word = from / 64;
    uint64_t here = w->bit[word] >> from % 64;

    if (here) return (uint32_t)__builtin_ctzll(here);
    uint64_t after = w->words & (UINT64_MAX << word) << 1;
    if (!after) after = w->words; /* around the end, to the buckets of this word that lie before */
    if (!after) return BUCKETS;
    word = (uint32_t)__builtin_ctzll(after);
    return (word * 64 + (uint32_t)__builtin_ctzll(w->bit[word]) - from) % BUCKETS;
}

/* -- both ------------------------------------------------------------------------------------------------------- */

/* Puts an event that waits nowhere where its time says. */
IN_LINE void put(struct engine *e, struct event *ev)
{
    if (!wheel_put(&e->wheel, ev)) insert(&e->far, ev);
}

__attribute__((noinline)) static void take(struct engine *e, struct event *ev)
{
    if (ev->slot == IN_WHEEL)
        wheel_take(&e->wheel, ev);
    else
        remove_at(&e->far, ev->slot - 1);
}

/* Whether the first event behind the window belongs into it. */
IN_LINE bool far_is_near(const struct engine *e)
{
    return (e->far.first_at >> e->wheel.shift) - e->wheel.cursor < BUCKETS;
}

/* The cursor has moved: what was behind the window comes into it. */
static void take_from_far(struct engine *e)
{
    while (far_is_near(e)) {
        struct event *ev = e->far.slot[0].event;
        remove_at(&e->far, 0);
        wheel_put(&e->wheel, ev);
    }
}

/* Gives the buckets the width that would have suited the last ones. */
__attribute__((noinline)) static void fit_width(struct engine *e)
{
    struct wheel *w = &e->wheel;
    bool crowded = e->view.events - w->looked_events > CROWD_MAX && w->shift > SHIFT_MIN;
    bool sparse = w->cursor - w->looked_cursor > GAP_MAX && w->shift < SHIFT_MAX;
    struct event *all = NULL;

    w->turns = TURNS;
    w->looked_events = e->view.events;
    w->looked_cursor = w->cursor;
    if (crowded == sparse) return;
    for (uint32_t next; (next = wheel_next(w, w->cursor)) < BUCKETS;) {
        uint32_t i = (uint32_t)(w->cursor + next) % BUCKETS;
        struct event *ev = w->first[i];
        wheel_pop(w, i, ev);
        ev->next = all;
        all = ev;
    }
    w->shift = crowded ? w->shift - 1 : w->shift + 1;
    w->cursor = crowded ? w->cursor << 1 : w->cursor >> 1;
    w->looked_cursor = w->ahead = w->cursor;
    while (all) {
        struct event *ev = all;
        all = ev->next;
        put(e, ev);
    }
    take_from_far(e);
}

/* The cursor moves on to the bucket 'number'. */
IN_LINE void turn(struct engine *e, int64_t number)
{
    e->wheel.cursor = number;
    if (far_is_near(e)) take_from_far(e);
    if (--e->wheel.turns == 0) fit_width(e);
}

/* The wheel is empty: moves it to the first event behind it; false: there is none by 'until'. */
__attribute__((noinline)) static bool jump(struct engine *e, int64_t until)
{
    if (e->far.used == 0 || e->far.first_at > until) return false;
    e->wheel.cursor = e->wheel.ahead = e->far.first_at >> e->wheel.shift;
    take_from_far(e);
    return true;
}

/* -- the engine ------------------------------------------------------------------------------------------------- */

struct engine *engine_create(void)
{
    struct engine *e = calloc(1, sizeof *e);
    SIM_ASSERT(e);
    e->wheel.shift = SHIFT_FIRST;
    e->wheel.turns = TURNS;
    e->far.first_at = INT64_MAX;
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
    entity->tie = (uint64_t)entity->id << COUNT_BITS;
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

/* Makes 'ev', which waits nowhere, the next of its entity at 'at'. */
IN_LINE void enter(struct engine *e, struct event *ev, sim_time at)
{
    ev->at = at;
    ev->tie = ev->entity->tie++;
    put(e, ev);
}

__attribute__((noinline)) static void move(struct engine *e, struct event *ev, sim_time at)
{
    take(e, ev);
    enter(e, ev, at);
}

void engine_schedule(struct engine *e, struct event *ev, sim_time at)
{
    SIM_ASSERT(at.ps >= e->view.now.ps);
    if (ev->slot)
        move(e, ev, at);
    else
        enter(e, ev, at);
}

void engine_schedule_in(struct engine *e, struct event *ev, sim_dur d)
{
    engine_schedule(e, ev, sim_add(e->view.now, d));
}

void engine_cancel(struct engine *e, struct event *ev)
{
    if (!ev->slot) return;
    take(e, ev);
    ev->slot = 0;
}

/* Looks for the next to run, if none is added before it: its memory is on its way while this one runs. */
IN_LINE void look_ahead(struct wheel *w)
{
    uint32_t next = wheel_next(w, w->cursor);

    w->ahead = w->cursor;
    if (next == BUCKETS) return;
    w->ahead += next;
    __builtin_prefetch(w->first[(uint32_t)w->ahead % BUCKETS]);
}

/* Whoever runs events forgets afterwards whose the last was. */
IN_LINE bool step(struct engine *e, int64_t until)
{
    struct wheel *w = &e->wheel;
    uint32_t i = (uint32_t)w->ahead % BUCKETS;

    if (!(w->bit[i / 64] >> i % 64 & 1)) { /* what was there has been cancelled, or there was none */
        uint32_t next = wheel_next(w, w->ahead);
        if (next < BUCKETS)
            w->ahead += next;
        else if (!jump(e, until))
            return false;
        i = (uint32_t)w->ahead % BUCKETS;
    }
    struct event *ev = w->first[i];
    if (ev->at.ps > until) return false;
    wheel_pop(w, i, ev);
    if (w->ahead != w->cursor) turn(e, w->ahead);
    look_ahead(w);
    ev->slot = 0;
    e->view.now = ev->at;
    e->view.events++;
    e->view.running = ev->entity->name;
    ev->fn(ev->owner);
    return true;
}

bool engine_step(struct engine *e, sim_time until)
{
    SIM_ASSERT(!e->view.running);
    bool any = step(e, until.ps);
    e->view.running = NULL;
    return any;
}

void engine_run(struct engine *e, sim_time until)
{
    SIM_ASSERT(!e->view.running && until.ps >= e->view.now.ps); /* a handler must not run the engine */
    while (step(e, until.ps)) continue;
    e->view.running = NULL;
    e->view.now = until;
}

sim_time engine_next(const struct engine *e)
{
    const struct wheel *w = &e->wheel;
    uint32_t next = wheel_next(w, w->cursor);
    if (next < BUCKETS) return w->first[(uint32_t)(w->cursor + next) % BUCKETS]->at;
    return e->far.used ? (sim_time){ e->far.first_at } : SIM_TIME_MAX;
}
