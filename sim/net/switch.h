/* SPDX-License-Identifier: GPL-3.0-or-later
 * switch.h -- a store-and-forward Ethernet switch: learns source addresses, knows VLANs, queues at its egress links.
 *
 * A port is a pair of links: the ingress link delivers into switch_port_sink(), the egress link was given to
 * switch_add_port() and holds the port's output queue.  The switch itself holds no packet: forwarding adds a constant
 * latency to the frame's place in the egress queue.  Sources: IEEE 802.1D-2004 clauses 7.5-7.12, 802.1Q-2005. */
#ifndef SIM_NET_SWITCH_H
#define SIM_NET_SWITCH_H

#include <stdbool.h>
#include <stdint.h>

#include "core/engine.h"
#include "core/stats.h"
#include "core/units.h"
#include "net/headers.h"
#include "net/link.h"
#include "net/packet.h"

struct ether_switch; /* "switch" alone is a word of C */

enum { SWITCH_VLAN_DEFAULT = 1, SWITCH_VLAN_MAX = 4094 };

struct switch_config {
    const char *name;          /* of the counters; copied */
    sim_dur latency;           /* from the last bit in to the place in the egress queue, >= 0 */
    sim_dur ageing;            /* a learned address unheard of for longer is forgotten; 0: 300 s (802.1D table 7-5) */
    uint32_t table_entries;    /* addresses kept at most, static ones included; 0: 16384 */
    uint32_t frame_bytes_max;  /* longest frame forwarded, without FCS and VLAN tag; 0: 9216 */
};

/* Counters of kind "switch". */
#define SWITCH_COUNTERS(X) \
    X(forwarded)  /* frames sent to the one port that has their destination */ \
    X(flooded)    /* frames sent to every other port of their VLAN: broadcast, multicast, unknown destination */ \
    X(copies)     /* copies made for flooding, beyond the frame itself */ \
    X(same_port)  /* dropped: destination is behind the port they came from */ \
    X(bad)        /* dropped: too short, too long, bad FCS, group address as source */ \
    X(reserved)   /* dropped: to 01-80-C2-00-00-00..0F, which no bridge forwards; not PAUSE frames that were obeyed */ \
    X(vlan)       /* dropped: VLAN not admitted on the port, or no other port in it */ \
    X(learned)    /* addresses entered into the table */ \
    X(moved)      /* addresses that came from another port than before */ \
    X(aged)       /* entries forgotten */ \
    X(table_full) /* frames whose source could not be learned */

enum switch_counter {
#define X(name) SWITCH_##name,
    SWITCH_COUNTERS(X)
#undef X
    N_SWITCH_COUNTERS
};

/* Creates a switch without ports.  'stats' may be NULL.  Owned by the caller, who also owns the links. */
struct ether_switch *switch_create(struct engine *engine, struct stats *stats, struct packet_pool *pool,
                                   const struct switch_config *config);
void switch_destroy(struct ether_switch *s);

/* Adds a port that sends on 'egress' and returns its index, from 0.  It is a trunk with port VLAN 1. */
int switch_add_port(struct ether_switch *s, struct link *egress);

/* What the port's ingress link is to be connected to; valid as long as the switch. */
struct packet_sink switch_port_sink(struct ether_switch *s, int port);
/* Connects it, and lets frames whose way is known go through without an event (link_set_through()). */
void switch_set_ingress(struct ether_switch *s, int port, struct link *ingress);

/* Untagged frames belong to VLAN 'pvid' (1..4094) and frames of it leave untagged.  A trunk also carries every other
 * VLAN, tagged; a port that is not a trunk carries none but 'pvid'. */
void switch_set_port_vlan(struct ether_switch *s, int port, int pvid, bool trunk);

/* Flow control on every port there is by now (802.3 PAUSE): each obeys the PAUSE frames of its partner, and makes the
 * partner pause while more than 'high_bytes' (> 0) that came in by the port wait in the switch, until 'low_bytes' do.
 * Nothing is lost as long as every output queue has room for what all other ports may have waiting, and for what is
 * under way when they are told to stop.  Once per switch, before the first frame. */
void switch_set_pause(struct ether_switch *s, int64_t high_bytes, int64_t low_bytes);

/* Enters a unicast address that neither ages nor moves.  Returns false when the table is full. */
bool switch_set_static(struct ether_switch *s, struct mac_addr mac, int vlan, int port);

/* Port behind which 'mac' was last heard in 'vlan', -1 when unknown. */
int switch_lookup(struct ether_switch *s, struct mac_addr mac, int vlan);

#endif
