/* SPDX-License-Identifier: GPL-3.0-or-later
 * gldv3.h -- Solaris before Crossbow on one machine: interrupts, a MAC layer and data-link services shared by all,
 * serialization queues.
 *
 *     applications - sockets with squeues - IP - data-link services - MAC layer - driver - the card
 *
 * There is no polling: every packet comes by an interrupt, as often as the driver's own moderation lets one come.  A
 * card has one link, one receive ring and one transmit ring (docs/stacks.md). */
#ifndef SIM_STACK_GLDV3_H
#define SIM_STACK_GLDV3_H

#include "machine/machine.h"
#include "stack/sockets.h"
#include "stack/stack.h"

struct gldv3_config {
    struct machine *machine;
    struct packet_pool *pool;
    struct stats *stats;
    struct sockets *sockets;   /* above, with the rule SOCKETS_SQUEUE; not owned */
    int soft_rings;            /* threads per card that take packets from the interrupt (ip_soft_rings_cnt); 0: none */
    bool blanking;             /* a squeue with a backlog lengthens the card's interrupt interval (mrf_blank) */
};

/* Owned by the caller, who goes on with stack.h. */
struct stack *gldv3_create(const struct gldv3_config *config);

/* Counters, kind "gldv3", entity MACHINE/NIC. */
#define GLDV3_COUNTERS(X) \
    X(chains)     /* given up by the driver, one per interrupt */ \
    X(ipackets)   /* packets in them */ \
    X(subchains)  /* parts with the same addresses and type, looked up once */ \
    X(unknowns)   /* packets that nobody wanted */ \
    X(limited)    /* chains that the driver's limit per interrupt ended */ \
    X(opackets)   /* packets taken by the driver */ \
    X(txwaits)    /* packets that the driver could not take at once */ \
    X(blocks)     /* times that writers were told to wait */ \
    X(blanks)     /* times that the interrupt interval was lengthened */

#endif
