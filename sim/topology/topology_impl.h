/* SPDX-License-Identifier: GPL-3.0-or-later
 * topology_impl.h -- what the files of a topology share; nobody else includes it. */
#ifndef SIM_TOPOLOGY_TOPOLOGY_IMPL_H
#define SIM_TOPOLOGY_TOPOLOGY_IMPL_H

#include "topology/platform.h"
#include "topology/topology.h"

struct inline_net;
struct fabric;

struct topology {
    struct engine *engine;
    struct stats *stats;
    struct packet_pool *pool;
    const struct scenario *scenario;
    struct platform *platform;
    struct topology_port *ports; /* by machine, then NIC */
    size_t port_count;
    size_t *first_port;          /* of each machine, in 'ports' */
    uint32_t *host;              /* platform host of each port */
    struct link **by_platform_link; /* the packet-level link of each platform link, NULL: none */
    struct inline_net *inline_net;  /* one of these two is NULL */
    struct fabric *fabric;
};

static inline size_t topology_port_index(const struct topology *t, int machine, int nic)
{
    return t->first_port[machine] + (size_t)nic;
}

static inline const struct scenario_nic *topology_nic(const struct topology *t, const struct topology_port *port)
{
    return &t->scenario->machines[port->machine].nics[port->nic];
}

/* Both fill in t->platform, t->host, the ports' links, and t->by_platform_link.  0, or -1 after adding to 'errors';
 * what was built is then still to be destroyed. */
int inline_net_create(struct topology *t);
void inline_net_destroy(struct topology *t);
void inline_net_set_receiver(struct topology *t, size_t port);
bool inline_net_add_address(struct topology *t, struct mac_addr mac, int vlan, size_t port);
/* The link from one switch to another that frames take; NULL when no cable joins them or every one is blocked. */
struct link *inline_net_wire(const struct topology *t, int from_switch, int to_switch);
bool inline_net_blocked(const struct topology *t, size_t wire);

int fabric_create(struct topology *t, struct errors *errors);
void fabric_destroy(struct topology *t);
void fabric_add_address(struct topology *t, struct mac_addr mac, size_t port);

#endif
