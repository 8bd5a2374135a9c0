/* SPDX-License-Identifier: GPL-3.0-or-later
 * topology.h -- the network between machines, from a scenario's switches and cables or its SimGrid platform file.
 *
 * Either way SimGrid is asked first and the packet-level network is built from its answers: bandwidth and latency of
 * every link, and the way between any two NICs.  A scenario's own switches become learning switches joined by links
 * (inline.c); a platform file becomes a fabric, where a frame carries its route (fabric.c).  docs/topology.md.
 *
 * The world creates the topology, gives every port its receiver, and lets NICs send on the port's 'tx' link.  Nothing
 * here owns a packet: links do, and count what they hold. */
#ifndef SIM_TOPOLOGY_TOPOLOGY_H
#define SIM_TOPOLOGY_TOPOLOGY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#include "core/engine.h"
#include "core/error.h"
#include "core/stats.h"
#include "net/headers.h"
#include "net/link.h"
#include "net/packet.h"
#include "scenario/scenario.h"

struct topology;
struct platform;

/* Where a NIC meets the network. */
struct topology_port {
    int machine, nic;   /* indices into the scenario */
    struct link *tx;    /* the link the NIC sends on; owned by the topology */
    struct link *rx;    /* the link that delivers to it; NULL when several do (only in a fabric) */
    struct packet_sink receiver;
};

/* Builds the network of 'scenario', which must outlive it.  Addresses of the scenario's NICs and links are known to it
 * from the start.  'stats' may be NULL.  NULL after adding every mistake to 'errors'.  Owned by the caller; destroy it
 * after the last packet_pool_check(). */
struct topology *topology_create(struct engine *engine, struct stats *stats, struct packet_pool *pool,
                                 const struct scenario *scenario, struct errors *errors);
void topology_destroy(struct topology *t); /* NULL is allowed */

/* The port of a NIC, never NULL; valid as long as the topology. */
const struct topology_port *topology_port(const struct topology *t, int machine, int nic);

/* Who takes the frames that arrive for this NIC.  Until then they are dropped as DROP_LINK_DOWN. */
void topology_set_receiver(struct topology *t, int machine, int nic, struct packet_sink receiver);

/* Makes the network send frames for 'mac' in 'vlan' (0: untagged; a fabric ignores it) to this NIC.  Returns false when
 * a switch's table is full; its frames are then flooded. */
bool topology_add_address(struct topology *t, struct mac_addr mac, int vlan, int machine, int nic);

enum topology_direction { TOPOLOGY_OUT, TOPOLOGY_IN }; /* seen from the named place */

/* The link that carries what leaves or reaches a capture's place; NULL when there is no single one.  Where one shared
 * link carries both directions it is the one for TOPOLOGY_OUT. */
struct link *topology_capture_link(const struct topology *t, const struct scenario_capture *capture,
                                   enum topology_direction direction);

/* The links from one NIC to another as SimGrid answers, in order of travel; at most 'room' are written.  Returns how
 * many there are, 0 when no route joins them. */
size_t topology_route(struct topology *t, int from_machine, int from_nic, int to_machine, int to_nic,
                      const struct link **links, size_t room);

/* A flow between two NICs. */
struct topology_flow { int from_machine, from_nic, to_machine, to_nic; };

/* The max-min fair rates that SimGrid computes for flows that all run at once, in bits of its fluid per second: no
 * headers, no gaps.  Returns 0, or -1 when a flow has no route. */
int topology_flow_rates(struct topology *t, const struct topology_flow *flows, size_t n, sim_rate *rates);

struct platform *topology_platform(const struct topology *t);

/* Machines with their NICs, switches, cables with rates and delays, and what the spanning tree blocks. */
void topology_print_text(struct topology *t, FILE *out);
/* The same for Graphviz. */
void topology_print_dot(struct topology *t, FILE *out);

#endif
