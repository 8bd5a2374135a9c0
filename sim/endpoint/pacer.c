/* SPDX-License-Identifier: GPL-3.0-or-later
 * pacer.c -- the time of a frame is a fraction that never loses its remainder.
 *
 * A frame occupies unit / rate seconds, where the unit is one frame, its bits, or its bits on the wire in millionths.
 * As whole picoseconds plus a remainder over 'divisor' that is carried on, the time of frame k is exact for any k. */
#include "endpoint/pacer.h"

#include "net/packet.h"

enum { FRAME_BYTES_MAX = 16384, MILLION = 1000000 };
#define PS_PER_S INT64_C(1000000000000)

bool pacer_config_valid(const struct pacer_config *c)
{
    return c->frame_bytes_min >= 64 && c->frame_bytes_max >= c->frame_bytes_min &&
           c->frame_bytes_max <= FRAME_BYTES_MAX && c->rate_value > 0 && c->share > 0 &&
           (c->unit != PACER_LINE_SHARE || (c->line_rate.bps > 0 && c->rate_value <= MILLION));
}

void pacer_init(struct pacer *p, const struct pacer_config *c, struct rng *rng, sim_time start)
{
    *p = (struct pacer){ .config = *c, .rng = rng, .next = start, .divisor = c->rate_value };
    if (c->unit == PACER_LINE_SHARE) p->divisor *= c->line_rate.bps;
}

int32_t pacer_size(struct pacer *p)
{
    uint32_t spread = (uint32_t)(p->config.frame_bytes_max - p->config.frame_bytes_min);

    return p->config.frame_bytes_min + (spread ? (int32_t)rng_below(p->rng, spread + 1) : 0);
}

static void price(struct pacer *p, int32_t bytes)
{
    sim_wide ps = (sim_wide)PS_PER_S * p->config.share;

    if (p->config.unit != PACER_FRAMES_PER_S) ps *= 8 * (int64_t)bytes;
    if (p->config.unit == PACER_LINE_SHARE) ps = ps / bytes * (bytes + FRAME_OVERHEAD_BYTES) * MILLION;
    p->gap_bytes = bytes;
    p->gap_ps = (int64_t)(ps / p->divisor);
    p->gap_rest = (int64_t)(ps % p->divisor);
}

void pacer_advance(struct pacer *p, int32_t bytes)
{
    if (bytes != p->gap_bytes) price(p, bytes);
    if (p->config.gaps == PACER_POISSON) {
        p->next = sim_add(p->next, rng_exponential(p->rng, sim_ps(p->gap_ps)));
        return;
    }
    p->next.ps += p->gap_ps;
    p->rest += p->gap_rest;
    if (p->rest >= p->divisor) {
        p->rest -= p->divisor;
        p->next.ps++;
    }
}
