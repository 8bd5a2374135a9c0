/* SPDX-License-Identifier: GPL-3.0-or-later
 * rng.c -- GSL's MT19937 behind a door that takes (seed, name). */
#include "core/rng.h"

#include <gsl/gsl_randist.h>
#include <gsl/gsl_rng.h>
#include <stdlib.h>

#include "core/assert.h"

struct rng {
    gsl_rng *gsl;
};

/* FNV-1a over the name, then a 64-bit finaliser, so that neighbouring seeds and names give unrelated streams. */
static uint64_t stream_seed(uint64_t seed, const char *name)
{
    uint64_t h = 14695981039346656037u ^ seed;
    for (; *name; name++) h = (h ^ (uint8_t)*name) * 1099511628211u;
    h ^= h >> 33;
    h *= 0xff51afd7ed558ccdu;
    h ^= h >> 33;
    h *= 0xc4ceb9fe1a85ec53u;
    return h ^ h >> 33;
}

struct rng *rng_create(uint64_t seed, const char *name)
{
    struct rng *r = malloc(sizeof *r);
    SIM_ASSERT(r);
    r->gsl = gsl_rng_alloc(gsl_rng_mt19937);
    SIM_ASSERT(r->gsl);
    gsl_rng_set(r->gsl, (unsigned long)(stream_seed(seed, name) & 0xffffffffu));
    return r;
}

void rng_destroy(struct rng *r)
{
    if (!r) return;
    gsl_rng_free(r->gsl);
    free(r);
}

uint64_t rng_u64(struct rng *r)
{
    uint64_t high = gsl_rng_get(r->gsl);
    return high << 32 | (uint64_t)gsl_rng_get(r->gsl);
}

uint32_t rng_below(struct rng *r, uint32_t n)
{
    SIM_ASSERT(n > 0);
    return (uint32_t)gsl_rng_uniform_int(r->gsl, n);
}

double rng_uniform(struct rng *r)
{
    return gsl_rng_uniform(r->gsl);
}

sim_dur rng_exponential(struct rng *r, sim_dur mean)
{
    return (sim_dur){ (int64_t)(gsl_ran_exponential(r->gsl, (double)mean.ps) + 0.5) };
}
