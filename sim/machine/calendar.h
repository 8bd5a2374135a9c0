/* SPDX-License-Identifier: GPL-3.0-or-later
 * calendar.h -- a resource of limited bandwidth that many share (a bus, a memory controller), asked out of order.
 *
 * A CPU's step runs its code before the time that it takes, so a request made first may be for a later instant than
 * one made next.  A queue with a time until which it is busy cannot serve that.  Here time is cut into slots of about a
 * microsecond, and a request takes what is left in the slots from its instant on: what was taken stays taken, no slot
 * gives more than its share of the rate, and the order of asking decides only who finds a slot full. */
#ifndef SIM_MACHINE_CALENDAR_H
#define SIM_MACHINE_CALENDAR_H

#include <stdbool.h>
#include <stdint.h>

#include "core/engine.h"

enum { CALENDAR_SLOT_SHIFT = 20 };      /* a slot lasts 2^20 ps */
#define CALENDAR_SLOT_PS (INT64_C(1) << CALENDAR_SLOT_SHIFT)

/* Capacity is counted in units of which both a byte and a slot have a whole number: 10^12 / 2^12 and rate * 2^20 / 2^12.
 * One takes 2^12 ps over the rate. */
#define CALENDAR_BYTE_UNITS INT64_C(244140625)
#define CALENDAR_UNIT_PS INT64_C(4096)

struct calendar_slot {
    int64_t number;          /* since the start of the simulation; one before the clock's is forgotten */
    int64_t used;            /* units */
};

/* The first members are on show so that the common case, a request that fits into its slot, is a few instructions. */
struct calendar {
    int64_t slot_units;      /* of a whole slot */
    int64_t bytes_per_s;
    uint64_t mask;           /* room - 1, a power of two less 1 */
    struct calendar_slot *slot;
    const struct engine *engine;
};

/* 'bytes_per_s' from 1 MB/s to 1 TB/s. */
void calendar_init(struct calendar *c, const struct engine *engine, int64_t bytes_per_s);
void calendar_fini(struct calendar *c);

int64_t calendar_take_more(struct calendar *c, int64_t from_ps, int64_t over_ps, int64_t bytes);

/* Time that 'units' take alone, rounded up. */
static inline int64_t calendar_time(const struct calendar *c, int64_t units)
{
    if (__builtin_expect(units < INT64_C(1) << 50, 1)) /* no wide division */
        return (units * CALENDAR_UNIT_PS + c->bytes_per_s - 1) / c->bytes_per_s;
    return (int64_t)(((sim_wide)units * CALENDAR_UNIT_PS + c->bytes_per_s - 1) / c->bytes_per_s);
}

/* Whether a request is spread: what lasts no longer than two slots, or is little, is taken where it begins. */
static inline bool calendar_spreads(const struct calendar *c, int64_t over_ps, int64_t units)
{
    return over_ps > 2 * CALENDAR_SLOT_PS && units > c->slot_units / 8;
}

/* Takes 'bytes' for someone who would move them during ['from_ps', 'from_ps' + 'over_ps') if nothing held him up:
 * evenly over that time, in eight slots of it if there are more (calendar_spreads()), and what does not fit in later
 * slots.  'from_ps' is not before the engine's clock.  Returns by how many picoseconds he is done later than that,
 * because others have the bandwidth or because he asks for more than there is. */
static inline int64_t calendar_take(struct calendar *c, int64_t from_ps, int64_t over_ps, int64_t bytes)
{
    int64_t number = from_ps >> CALENDAR_SLOT_SHIFT, units = bytes * CALENDAR_BYTE_UNITS;
    struct calendar_slot *s = &c->slot[(uint64_t)number & c->mask];

    if (s->number < engine_now(c->engine).ps >> CALENDAR_SLOT_SHIFT) *s = (struct calendar_slot){ number, 0 };
    int64_t most_ps = over_ps < CALENDAR_SLOT_PS ? over_ps : CALENDAR_SLOT_PS;
    if (s->number == number && s->used + units <= c->slot_units && !calendar_spreads(c, over_ps, units) &&
        units * CALENDAR_UNIT_PS <= most_ps * c->bytes_per_s) {
        s->used += units;
        return 0;
    }
    return calendar_take_more(c, from_ps, over_ps, bytes);
}

#endif
