/* SPDX-License-Identifier: GPL-3.0-or-later
 * pacer.h -- when the next frame of an offered load is due, and how large it is.
 *
 * The time of every frame follows from totals (frames or bytes so far), never from a rounded gap, so that no rate
 * drifts.  Random gaps and sizes are drawn from the owner's stream. */
#ifndef SIM_ENDPOINT_PACER_H
#define SIM_ENDPOINT_PACER_H

#include <stdbool.h>
#include <stdint.h>

#include "core/rng.h"
#include "core/units.h"

enum pacer_unit {
    PACER_FRAMES_PER_S,       /* rate_value: frames per second */
    PACER_BITS_PER_S,         /* rate_value: bits per second of frames with FCS, without preamble and gap */
    PACER_LINE_SHARE,         /* rate_value: parts per million of the line rate, preamble and gap included; a million is
                               * back-to-back */
};
enum pacer_gaps { PACER_CONSTANT, PACER_POISSON };

struct pacer_config {
    int32_t frame_bytes_min, frame_bytes_max; /* 64 to 16384 with FCS, as in "64-byte frames"; uniform between them */
    enum pacer_unit unit;
    int64_t rate_value;       /* > 0 */
    int64_t share;            /* > 0: one in 'share' of the frames of that rate */
    sim_rate line_rate;       /* of the link, for PACER_LINE_SHARE */
    enum pacer_gaps gaps;
};

struct pacer {
    struct pacer_config config;
    struct rng *rng;          /* the owner's */
    sim_time next;            /* when the next frame is due, rounded down */
    int64_t rest, divisor;    /* plus rest / divisor picoseconds */
    int64_t gap_ps, gap_rest; /* of a frame of 'gap_bytes' */
    int32_t gap_bytes;
};

/* False when a number is out of range. */
bool pacer_config_valid(const struct pacer_config *c);
void pacer_init(struct pacer *p, const struct pacer_config *c, struct rng *rng, sim_time start);

/* Draws the size of a frame, with FCS. */
int32_t pacer_size(struct pacer *p);
/* The frame of 'bytes' has been sent: when the next is due. */
void pacer_advance(struct pacer *p, int32_t bytes);
/* When the next frame is due, rounded up to a picosecond. */
static inline sim_time pacer_due(const struct pacer *p)
{
    return (sim_time){ p->next.ps + (p->rest > 0) };
}

#endif
