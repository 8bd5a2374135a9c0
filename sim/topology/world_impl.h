/* SPDX-License-Identifier: GPL-3.0-or-later
 * world_impl.h -- what the parts of a world share.
 *
 *     world.c           the whole: creation, run, results
 *     world_machine.c   machines with their cards, stacks and data links; addresses
 *     world_traffic.c   applications and packet generators
 *     world_record.c    captures and traces */
#ifndef SIM_TOPOLOGY_WORLD_IMPL_H
#define SIM_TOPOLOGY_WORLD_IMPL_H

#include "core/engine.h"
#include "core/rng.h"
#include "core/stats.h"
#include "core/trace.h"
#include "driver/ixgbe.h"
#include "endpoint/generator.h"
#include "endpoint/light.h"
#include "endpoint/uperf.h"
#include "machine/machine.h"
#include "net/capture.h"
#include "nicmodel/nic82598.h"
#include "stack/crossbow.h"
#include "stack/sockets.h"
#include "topology/topology.h"
#include "topology/world.h"

struct machine_world;
struct world;

/* A card of a machine: modelled in full, or a light machine's ideal one. */
struct nic_world {
    struct machine_world *of;
    int index;                   /* among the machine's nics, and the stack's */
    struct pcie *pcie;
    struct nic *nic;
    struct rng *rng;
    struct ixgbe *driver;
    int first_link, link_count;  /* light: link numbers of the host */
};

struct machine_world {
    struct world *w;
    const struct scenario_machine *s;
    struct nic_world *nics;
    struct machine *machine;     /* full detail, else NULL */
    struct sockets *sockets;
    struct crossbow *stack;
    struct light *light;         /* light detail, else NULL */
    uint64_t *ports[2];          /* bit per port taken by a receiver: TCP, UDP; NULL: none yet */
};

struct address {
    uint32_t ip;
    struct mac_addr mac;
    int vlan;                    /* -1: untagged */
};

struct world {
    const struct scenario *s;
    uint64_t seed;
    struct engine *engine;
    struct stats *stats;
    struct packet_pool *pool;
    struct cost_profile *profile;
    struct topology *topology;
    struct machine_world *machines;
    struct address *addresses;   /* sorted by ip */
    size_t n_addresses;
    struct uperf **uperfs;
    size_t n_uperfs;
    struct generator **generators;
    size_t n_generators;
    struct capture **captures;
    struct trace *trace;
    char *trace_path;
    const struct machine *traced; /* of the last record written */
    struct event trace_on, trace_off;
};

static inline sim_time world_instant(sim_dur since_start) { return (sim_time){ since_start.ps }; }

/* Each returns -1 after adding what is wrong. */
int world_build_machines(struct world *w, struct errors *errors); /* world_machine.c */
void world_destroy_machines(struct world *w);
int world_build_traffic(struct world *w, struct errors *errors);  /* world_traffic.c */
void world_destroy_traffic(struct world *w);
int world_close_records(struct world *w, struct errors *errors);  /* world_record.c */

#endif
