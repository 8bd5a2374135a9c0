/* SPDX-License-Identifier: GPL-3.0-or-later
 * crossbow.h -- Solaris with Crossbow on one machine: the simulator's host of lanes/.
 *
 *     applications - sockets - lanes - driver/ixgbe - the card
 *
 * It makes a machine thread for every thread of a lane, a machine mutex for every lock, prices what the lanes count,
 * and decides which client gets which rings by the rules of the real system (docs/lanes.md). */
#ifndef SIM_STACK_CROSSBOW_H
#define SIM_STACK_CROSSBOW_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "driver/ixgbe.h"
#include "lanes/lane.h"
#include "machine/machine.h"
#include "stack/sockets.h"

struct crossbow;

struct crossbow_config {
    struct machine *machine;
    struct packet_pool *pool;
    struct stats *stats;
    struct sockets *sockets;       /* above; not owned */
    struct lane_tunables lane;
    bool rx_bypass;                /* IPv4 from hardware-classified rings skips the data-link layer */
};

/* A data link: the card's own (primary) client or a VNIC. */
struct crossbow_link_config {
    const char *name;              /* as dladm names it */
    struct mac_addr mac;
    uint32_t ip;
    int vlan;                      /* 0: untagged; else the stack tags what the link sends */
    int32_t mtu_bytes;
    int group;                     /* receive group with rings of its own, or -1: a software lane */
    int lanes;                     /* rings of that group */
    int fanout;                    /* softring sets per lane; 0: by the stack's rule, or by the number of 'cpus' */
    bool poll;                     /* dynamic polling */
    const int *cpus;               /* link property 'cpus'; NULL: automatic placement */
    unsigned cpu_count;
};

struct crossbow_nic_config {
    const char *name;
    struct ixgbe *driver;          /* not owned */
    bool primary;                  /* the card's own link is in use: it will be added */
    int rings_per_group;
    int tx_rings;                  /* shared by all links: a connection keeps to one */
    int shared_group;              /* group whose rings are classified in software, -1: none */
    uint32_t link_mbps;
    int64_t clock_hz;
};

struct crossbow *crossbow_create(const struct crossbow_config *config);
void crossbow_destroy(struct crossbow *c); /* NULL is allowed */

/* Why a link cannot be as it is asked for: a text for the user, or NULL when it can. */
const char *crossbow_link_problem(const struct crossbow_link_config *link);

/* Adds a card, then its links; then crossbow_start() turns the rings' interrupts on. */
int crossbow_add_nic(struct crossbow *c, const struct crossbow_nic_config *nic);
void crossbow_add_link(struct crossbow *c, int nic, const struct crossbow_link_config *link);
void crossbow_start(struct crossbow *c);

/* The driver's upcalls for a card: interrupt of a receive ring (a step), and transmit descriptors are back. */
enum step_result crossbow_rx_ready(struct crossbow *c, int nic, int ring);
void crossbow_tx_ready(struct crossbow *c, int nic, int ring);

/* Packets the lanes hold, for the conservation check. */
uint64_t crossbow_held(const struct crossbow *c);

/* Asserts the lanes' invariants; between events only. */
void crossbow_check(const struct crossbow *c);

/* Who uses which ring and CPU, one line per lane. */
void crossbow_print(const struct crossbow *c, FILE *out);

#endif
