/* SPDX-License-Identifier: GPL-3.0-or-later
 * calendar.h -- a resource of limited bandwidth that many share (a bus, a memory controller), asked out of order.
 *
 * A CPU's step runs its code before the time that it takes, so a request made first may be for a later instant than
 * one made next.  A queue with a time until which it is busy cannot serve that.  Here time is cut into slots of about a
 * microsecond, and a request takes what is left in the slots from its instant on: what was taken stays taken, no slot
 * gives more than its share of the rate, and the order of asking decides only who finds a slot full. */
#ifndef SIM_MACHINE_CALENDAR_H
#define SIM_MACHINE_CALENDAR_H

#include <stdint.h>

#include "core/engine.h"

enum { CALENDAR_SLOT_SHIFT = 20 };      /* a slot lasts 2^20 ps */
#define CALENDAR_SLOT_PS (INT64_C(1) << CALENDAR_SLOT_SHIFT)

/* What is taken of a slot is counted in units of its time, 2^-12 ps.  A byte is a whole number of them, rounded up: at 10
 * GB/s by less than three millionths. */
enum { CALENDAR_UNIT_SHIFT = 12 };
#define CALENDAR_SLOT_UNITS (CALENDAR_SLOT_PS << CALENDAR_UNIT_SHIFT)

static inline int64_t calendar_units_ps(int64_t units)
{
    return (units + (1 << CALENDAR_UNIT_SHIFT) - 1) >> CALENDAR_UNIT_SHIFT;
}

struct calendar_slot {
    int64_t number;          /* since the start of the simulation; one before the clock's is forgotten */
    int64_t used;            /* units */
};

struct calendar {
    int64_t byte_units;      /* what one takes */
    uint64_t mask;           /* room - 1, a power of two less 1 */
    struct calendar_slot *slot;
    const struct engine *engine;
};

/* 'bytes_per_s' from 1 MB/s to 1 TB/s. */
void calendar_init(struct calendar *c, const struct engine *engine, int64_t bytes_per_s);
void calendar_fini(struct calendar *c);

/* Takes 'bytes' (1 to 2^31 - 1) for someone who would move them during ['from_ps', 'from_ps' + 'over_ps') if nothing held
 * him up; 'from_ps' is not before the engine's clock.  A request is halved until its parts last no longer than a slot, or
 * take less than a quarter of one; each is taken where it begins, and what does not fit with the next, the last part's
 * rest in the slots that follow.  Returns by how many picoseconds he is done later than that, because others have the
 * bandwidth or because he asks for more than there is. */
int64_t calendar_take(struct calendar *c, int64_t from_ps, int64_t over_ps, int64_t bytes);

/* Time that 'bytes' take alone, rounded up. */
static inline int64_t calendar_time(const struct calendar *c, int64_t bytes)
{
    return calendar_units_ps(bytes * c->byte_units);
}

#endif
