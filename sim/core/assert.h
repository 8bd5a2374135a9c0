/* SPDX-License-Identifier: GPL-3.0-or-later
 * assert.h -- SIM_ASSERT: a check of our own reasoning, always on.
 *
 * A failure is a bug of ours, never of the user.  It stops at once and prints the simulated time, the seed and
 * the command that replays it. */
#ifndef SIM_CORE_ASSERT_H
#define SIM_CORE_ASSERT_H

#include <stdint.h>

#include "core/units.h"

struct sim_replay {
    const sim_time *now;     /* the engine's clock, or NULL before it exists */
    const char *const *entity; /* name of the entity whose event is running, or NULL */
    uint64_t seed;
    const char *command;     /* the command line that repeats this run, or NULL */
};

/* Tells assertions what to print.  The pointers must stay valid until the next call; NULL forgets them. */
void sim_replay_set(const struct sim_replay *replay);

/* Cold: what leads to it is kept apart from the code that runs. */
__attribute__((cold)) _Noreturn void sim_assert_failed(const char *file, int line, const char *condition);

#define SIM_ASSERT(condition) \
    ((condition) ? (void)0 : sim_assert_failed(__FILE__, __LINE__, #condition))

#endif
