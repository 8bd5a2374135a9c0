/* SPDX-License-Identifier: GPL-3.0-or-later
 * crossbow.h -- Solaris with Crossbow on one machine: the simulator's host of lanes/.
 *
 *     applications - sockets - lanes - driver - the card
 *
 * It makes a machine thread for every thread of a lane, a machine mutex for every lock, prices what the lanes count,
 * and decides which client gets which rings by the rules of the real system (docs/lanes.md). */
#ifndef SIM_STACK_CROSSBOW_H
#define SIM_STACK_CROSSBOW_H

#include <stdbool.h>

#include "lanes/lane.h"
#include "machine/machine.h"
#include "stack/sockets.h"
#include "stack/stack.h"

struct crossbow_config {
    struct machine *machine;
    struct packet_pool *pool;
    struct stats *stats;
    struct sockets *sockets;       /* above; not owned */
    struct lane_tunables lane;
    bool rx_bypass;                /* IPv4 from hardware-classified rings skips the data-link layer */
};

/* Owned by the caller, who goes on with stack.h.  A link with a receive group of its own has a hardware lane on each of
 * its rings; every link has a software lane. */
struct stack *crossbow_create(const struct crossbow_config *config);

#endif
