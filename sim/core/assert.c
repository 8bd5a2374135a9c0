/* SPDX-License-Identifier: GPL-3.0-or-later
 * assert.c -- what a failed SIM_ASSERT says. */
#include "core/assert.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

static struct sim_replay context;

void sim_replay_set(const struct sim_replay *replay)
{
    context = replay ? *replay : (struct sim_replay){ 0 };
}

_Noreturn void sim_assert_failed(const char *file, int line, const char *condition)
{
    fprintf(stderr, "xbow: internal error: %s:%d: %s does not hold\n", file, line, condition);
    if (context.now) {
        fprintf(stderr, "  simulated time %" PRId64 " ps", context.now->ps);
        if (context.entity && *context.entity) fprintf(stderr, ", entity %s", *context.entity);
        fprintf(stderr, ", seed %" PRIu64 "\n", context.seed);
    }
    if (context.command) fprintf(stderr, "  replay with: %s\n", context.command);
    abort();
}
