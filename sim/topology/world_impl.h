/* SPDX-License-Identifier: GPL-3.0-or-later
 * world_impl.h -- what the parts of a world share.
 *
 *     world.c           the whole: creation, run, results
 *     world_machine.c   machines with their data links; addresses
 *     world_card.c      cards and their drivers, by model
 *     world_stack.c     operating systems: the rule of the sockets and the stack
 *     world_traffic.c   applications and packet generators
 *     world_record.c    captures and traces */
#ifndef SIM_TOPOLOGY_WORLD_IMPL_H
#define SIM_TOPOLOGY_WORLD_IMPL_H

#include "core/engine.h"
#include "core/rng.h"
#include "core/stats.h"
#include "core/trace.h"
#include "driver/e1000g.h"
#include "driver/ixgbe.h"
#include "endpoint/generator.h"
#include "endpoint/light.h"
#include "endpoint/udp_source.h"
#include "endpoint/uperf.h"
#include "endpoint/web.h"
#include "machine/machine.h"
#include "net/capture.h"
#include "nicmodel/nic82573.h"
#include "nicmodel/nic82598.h"
#include "stack/sockets.h"
#include "stack/stack.h"
#include "topology/topology.h"
#include "topology/world.h"

struct machine_world;
struct world;

/* A card of a machine: modelled in full, or a light machine's ideal one. */
struct nic_world {
    struct machine_world *of;
    int index;                   /* among the machine's nics, and the stack's */
    struct pcie *pcie;
    struct rng *rng;
    struct nic *nic;             /* an 82598, and its driver */
    struct ixgbe *ixgbe;
    struct nic82573 *gigabit;    /* or an 82573, and its driver */
    struct e1000g *e1000g;
    struct netdev *dev;          /* the driver, as the stack knows it */
    int first_link, link_count;  /* light: link numbers of the host */
};

struct machine_world {
    struct world *w;
    const struct scenario_machine *s;
    struct nic_world *nics;
    struct machine *machine;     /* full detail, else NULL */
    struct sockets *sockets;
    struct stack *stack;
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
    struct udp_source **udp_sources;
    size_t n_udp_sources;
    struct web **webs;
    size_t n_webs;
    struct capture **captures;
    struct trace *trace;
    char *trace_path;
    const struct machine *traced; /* of the last record written */
    struct event trace_on, trace_off;
};

static inline sim_time world_instant(sim_dur since_start) { return (sim_time){ since_start.ps }; }

static inline struct mac_addr world_mac(const uint8_t byte[6])
{
    return (struct mac_addr){ { byte[0], byte[1], byte[2], byte[3], byte[4], byte[5] } };
}

/* Each returns -1 after adding what is wrong. */
int world_build_machines(struct world *w, struct errors *errors); /* world_machine.c */
void world_destroy_machines(struct world *w);
/* Makes a card with 'groups' receive groups of 'rings' rings, and its driver: n->dev. */
int world_build_card(struct nic_world *n, int groups, int rings, struct errors *errors); /* world_card.c */
void world_destroy_card(struct nic_world *n);
/* Makes the machine's sockets, completing their configuration, and its stack. */
void world_build_stack(struct machine_world *mw, struct sockets_config *sockets); /* world_stack.c */
int world_build_traffic(struct world *w, struct errors *errors);  /* world_traffic.c */
void world_destroy_traffic(struct world *w);
int world_close_records(struct world *w, struct errors *errors);  /* world_record.c */

#endif
