/* SPDX-License-Identifier: GPL-3.0-or-later
 * calendar.c -- slots in a ring, each with its number: one that has another's is of the past and counts as empty.
 *
 *   slot      | 40 ##### | 41 ##  | 42 ########| 43 ###  | 44        |
 *                ^ engine's clock        ^ full            what is asked for 42 goes on in 43
 *
 * Nobody asks for an instant before the clock, so slots before it are forgotten.  The ring grows when two slots that are
 * still to come would have the same place. */
#include "machine/calendar.h"

#include <stdlib.h>

#include "core/assert.h"

enum { ROOM_MIN = 1024, PART_PS = 1024 };

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
    c->slot_units = bytes_per_s * (CALENDAR_SLOT_PS / CALENDAR_UNIT_PS);
    c->bytes_per_s = bytes_per_s;
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

static void grow(struct calendar *c)
{
    struct calendar_slot *old = c->slot;
    uint64_t room = c->mask + 1;
    int64_t now = number_now(c);

    make_ring(c, room * 2);
    for (uint64_t i = 0; i < room; i++)
        if (old[i].number >= now) c->slot[(uint64_t)old[i].number & c->mask] = old[i];
    free(old);
}

static struct calendar_slot *slot_of(struct calendar *c, int64_t number)
{
    for (;;) {
        struct calendar_slot *s = &c->slot[(uint64_t)number & c->mask];
        if (s->number == number) return s;
        if (s->number < number_now(c)) {
            *s = (struct calendar_slot){ .number = number };
            return s;
        }
        grow(c);
    }
}

/* Time that 'units' take alone, rounded up. */
static int64_t time_of(const struct calendar *c, int64_t units)
{
    return (int64_t)(((sim_wide)units * CALENDAR_UNIT_PS + c->bytes_per_s - 1) / c->bytes_per_s);
}

int64_t calendar_take_more(struct calendar *c, int64_t from_ps, int64_t over_ps, int64_t bytes)
{
    int64_t number = from_ps >> CALENDAR_SLOT_SHIFT, last = number, units = bytes * CALENDAR_BYTE_UNITS, left = units;
    struct calendar_slot *s = NULL;

    SIM_ASSERT(from_ps >= 0 && over_ps >= 0 && bytes > 0 && bytes < INT64_C(1) << 32);
    SIM_ASSERT(number >= number_now(c));
    int64_t share = units, due = units; /* of a part of a slot; by the end of this slot, of what is left */
    if (over_ps > CALENDAR_SLOT_PS) {
        last = (from_ps + over_ps) >> CALENDAR_SLOT_SHIFT;
        share = units / (over_ps / PART_PS) + 1;
        due = share * (((number + 1) * CALENDAR_SLOT_PS - from_ps) / PART_PS);
    }
    for (; left > 0; number++, due += share * (CALENDAR_SLOT_PS / PART_PS)) {
        s = slot_of(c, number);
        if (due > left || number >= last) due = left;
        int64_t room = c->slot_units - s->used, given = due < room ? due : room;
        s->used += given;
        due -= given;
        left -= given;
    }
    /* Filled from its start, the last slot has given the last unit here: */
    int64_t end = ((number - 1) << CALENDAR_SLOT_SHIFT) + time_of(c, s->used);
    int64_t alone = from_ps + time_of(c, units), done = from_ps + over_ps;
    if (number - 1 > last && end > done) done = end;
    if (alone > done) done = alone;
    return done - from_ps - over_ps;
}
