/* SPDX-License-Identifier: GPL-3.0-or-later
 * calendar.c -- slots in a ring, each with its number: one that has another's is of the past and counts as empty.
 *
 *   slot      | 40 ##### | 41 ##  | 42 ########| 43 ###  | 44        |
 *                ^ engine's clock        ^ full            what is asked for 42 goes on in 43
 *
 * Nobody asks for an instant before the clock, so slots before it are forgotten.  The ring grows when it does not reach
 * from there to the last slot asked for. */
#include "machine/calendar.h"

#include <stdlib.h>

#include "core/assert.h"

enum { ROOM_MIN = 64 };
#define PART_UNITS (CALENDAR_SLOT_UNITS / 4)

static void make_ring(struct calendar *c, uint64_t room)
{
    c->slot = malloc(room * sizeof *c->slot);
    SIM_ASSERT(c->slot);
    c->mask = room - 1;
    for (uint64_t i = 0; i < room; i++) c->slot[i] = (struct calendar_slot){ .number = -1 };
}

void calendar_init(struct calendar *c, const struct engine *engine, int64_t bytes_per_s)
{
    SIM_ASSERT(bytes_per_s >= 1000000 && bytes_per_s <= 1000000000000);
    c->byte_units = ((INT64_C(1000000000000) << CALENDAR_UNIT_SHIFT) + bytes_per_s - 1) / bytes_per_s;
    c->engine = engine;
    make_ring(c, ROOM_MIN);
}

void calendar_fini(struct calendar *c)
{
    free(c->slot);
}

static int64_t number_now(const struct calendar *c)
{
    return engine_now(c->engine).ps >> CALENDAR_SLOT_SHIFT;
}

__attribute__((cold)) static void grow(struct calendar *c)
{
    struct calendar_slot *old = c->slot;
    uint64_t room = c->mask + 1;

    make_ring(c, room * 2);
    for (uint64_t i = 0; i < room; i++)
        if (old[i].number >= number_now(c)) c->slot[(uint64_t)old[i].number & c->mask] = old[i];
    free(old);
}

/* The ring holds all slots from the clock's to 'number' from now on. */
static inline void reach(struct calendar *c, int64_t number)
{
    while (number - number_now(c) > (int64_t)c->mask) grow(c);
}

/* Takes 'units' of slot 'number', or what is left there; returns how many that are too few. */
static inline int64_t fill(struct calendar *c, int64_t number, int64_t units)
{
    struct calendar_slot *s = &c->slot[(uint64_t)number & c->mask];
    int64_t used = (s->used & -(int64_t)(s->number == number)) + units; /* a branch would be guessed wrong too often */
    int64_t over = used - CALENDAR_SLOT_UNITS, rest = over > 0 ? over : 0;

    s->number = number;
    s->used = used - rest;
    return rest;
}

/* Takes 'units' of the slots after 'number'.  Returns when the last of them passes: the slot is filled from its start. */
static int64_t fill_later(struct calendar *c, int64_t number, int64_t units)
{
    while (units > 0) {
        reach(c, ++number);
        units = fill(c, number, units);
    }
    return (number << CALENDAR_SLOT_SHIFT) + calendar_units_ps(c->slot[(uint64_t)number & c->mask].used);
}

int64_t calendar_take(struct calendar *c, int64_t from_ps, int64_t over_ps, int64_t bytes)
{
    int64_t due_ps = from_ps + over_ps, end_ps = from_ps + calendar_time(c, bytes), units = bytes * c->byte_units;
    int halvings = 0;

    SIM_ASSERT(from_ps >= engine_now(c->engine).ps && over_ps >= 0 && bytes > 0 && bytes < INT64_C(1) << 31);
    reach(c, due_ps >> CALENDAR_SLOT_SHIFT);
    while (over_ps >> halvings > CALENDAR_SLOT_PS && units >> halvings >= PART_UNITS) halvings++;
    int64_t part = units >> halvings, short_of = units - (part << halvings), at_ps = from_ps;
    for (int n = 1 << halvings;; at_ps += over_ps >> halvings) {
        short_of = fill(c, at_ps >> CALENDAR_SLOT_SHIFT, short_of + part);
        if (--n == 0) break;
    }
    if (short_of > 0) {
        int64_t last_ps = fill_later(c, at_ps >> CALENDAR_SLOT_SHIFT, short_of);
        if (end_ps < last_ps) end_ps = last_ps;
    }
    return end_ps > due_ps ? end_ps - due_ps : 0;
}
