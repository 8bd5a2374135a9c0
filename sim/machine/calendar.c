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

enum { ROOM_MIN = 64, PART_PS = 1024, PIECES_MAX = 8 };

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

/* The slot's place, which has another number. */
static struct calendar_slot *open_slot(struct calendar *c, int64_t number)
{
    struct calendar_slot *s;

    while (s = &c->slot[(uint64_t)number & c->mask], s->number >= number_now(c) && s->number != number) grow(c);
    if (s->number != number) *s = (struct calendar_slot){ .number = number };
    return s;
}

/* By how much the last of 'units', found in slot 'number', is later than 'done_ps'. */
static int64_t late_by(const struct calendar *c, int64_t number, int64_t from_ps, int64_t units, int64_t done_ps,
                       bool on_time)
{
    int64_t alone = from_ps + calendar_time(c, units), end = alone;

    /* Filled from its start, the slot has given the last unit here: */
    if (!on_time)
        end = (number << CALENDAR_SLOT_SHIFT) + calendar_time(c, c->slot[(uint64_t)number & c->mask].used);
    if (end < alone) end = alone;
    return end > done_ps ? end - done_ps : 0;
}

int64_t calendar_take_more(struct calendar *c, int64_t from_ps, int64_t over_ps, int64_t bytes)
{
    int64_t number = from_ps >> CALENDAR_SLOT_SHIFT, last = number, units = bytes * CALENDAR_BYTE_UNITS, left = units;
    int64_t stride = 1;

    SIM_ASSERT(from_ps >= 0 && over_ps >= 0 && bytes > 0 && bytes < INT64_C(1) << 32);
    SIM_ASSERT(number >= number_now(c));
    int64_t share = units, due = units; /* of a part of a slot; by the end of this slot, of what is left */
    if (calendar_spreads(c, over_ps, units)) {
        last = (from_ps + over_ps) >> CALENDAR_SLOT_SHIFT;
        share = units / (over_ps / PART_PS) + 1;
        due = share * (((number + 1) * CALENDAR_SLOT_PS - from_ps) / PART_PS);
        stride += (last - number) / PIECES_MAX;
        share *= CALENDAR_SLOT_PS / PART_PS * stride;
    }
    for (;;) {
        struct calendar_slot *s = &c->slot[(uint64_t)number & c->mask];
        if (s->number != number) s = open_slot(c, number);
        if (due > left || number >= last) due = left;
        int64_t room = c->slot_units - s->used, given = due < room ? due : room;
        s->used += given;
        due -= given;
        left -= given;
        if (left == 0) break;
        number = number < last && number + stride < last ? number + stride : number < last ? last : number + 1;
        due += share;
    }
    if (number <= last && (sim_wide)units * CALENDAR_UNIT_PS <= (sim_wide)over_ps * c->bytes_per_s) return 0;
    return late_by(c, number, from_ps, units, from_ps + over_ps, number <= last);
}
