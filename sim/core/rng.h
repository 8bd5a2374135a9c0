/* SPDX-License-Identifier: GPL-3.0-or-later
 * rng.h -- one random stream per entity, seeded from (seed, name).
 *
 * Adding a host to a scenario changes no other host's numbers: streams do not share state, and a stream's seed
 * depends on nothing but the run's seed and the entity's name.  The generator is GSL's MT19937. */
#ifndef SIM_CORE_RNG_H
#define SIM_CORE_RNG_H

#include <stdint.h>

#include "core/units.h"

struct rng;

struct rng *rng_create(uint64_t seed, const char *name);
void rng_destroy(struct rng *r);

uint64_t rng_u64(struct rng *r);
uint32_t rng_below(struct rng *r, uint32_t n);   /* uniform in [0, n), n > 0, without modulo bias */
double rng_uniform(struct rng *r);               /* in [0, 1) */
sim_dur rng_exponential(struct rng *r, sim_dur mean); /* rounded to a picosecond, >= 0 */

#endif
