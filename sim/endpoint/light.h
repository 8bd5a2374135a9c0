/* SPDX-License-Identifier: GPL-3.0-or-later
 * light.h -- a computer without a machine: tasks run in no time, the NIC is ideal.
 *
 * What remains is the protocol: TCP's windows, timers and acknowledgements, and the wire.  A task that is woken runs
 * when the event that woke it has been handled, never inside the call that woke it.  The NIC cuts large sends into
 * frames, fills in checksums for free and drops only what the wire refuses.  Several links (addresses) per host;
 * neighbours are found by a function given at creation, not by ARP frames. */
#ifndef SIM_ENDPOINT_LIGHT_H
#define SIM_ENDPOINT_LIGHT_H

#include "core/engine.h"
#include "core/stats.h"
#include "endpoint/host.h"
#include "endpoint/tcp.h"
#include "net/link.h"
#include "net/packet.h"

struct light;

/* Finds the Ethernet address and VLAN (-1: untagged) to reach 'ip' from link number 'link'.  False: unreachable. */
typedef bool light_resolve_fn(void *owner, uint32_t ip, int link, struct mac_addr *mac, int *vlan);

struct light_config {
    const char *name;       /* copied */
    uint64_t seed;
    struct tcp_config tcp;
    light_resolve_fn *resolve;
    void *resolve_owner;
};

struct light_link_config {
    const char *name;       /* copied; what applications call it, such as "ixgbe0" */
    struct mac_addr mac;
    uint32_t ip;            /* host byte order */
    int vlan;               /* frames with another tag are not for us; -1: untagged */
    int32_t mtu_bytes;      /* IP packet size */
    struct packet_sink out; /* takes frames for the wire, in order, and owns them: a link_send().  The queue of that
                             * link is the NIC's queue: too short a one loses large sends at their source */
};

/* Counters of a host, kind "light". */
#define LIGHT_COUNTERS(X) \
    X(rx_frames)      /* received, with the next two */ \
    X(rx_bytes)       /* without FCS */ \
    X(rx_not_for_us)  /* another address or VLAN */ \
    X(rx_bad)         /* damaged, malformed or of an unknown protocol */ \
    X(tx_frames)      /* given to the wire, after large sends were cut */ \
    X(tx_bytes) \
    X(udp_rx_packets) /* UDP datagrams, whether or not anyone wanted them */ \
    X(udp_rx_bytes)   /* their payload */

enum light_counter {
#define X(name) LIGHT_##name,
    LIGHT_COUNTERS(X)
#undef X
    N_LIGHT_COUNTERS
};

/* 'stats' may be NULL. */
struct light *light_create(struct engine *engine, struct packet_pool *pool, struct stats *stats,
                           const struct light_config *config);
void light_destroy(struct light *l); /* NULL is allowed */

/* Returns the link's number, from 0.  Before the first event runs. */
int light_add_link(struct light *l, const struct light_link_config *config);

/* PAUSE frames that arrive by link number 'link' stop 'out', the wire its frames leave on.  Without this they are
 * frames that nobody wants. */
void light_obey_pause(struct light *l, int link, struct link *out);

/* Datagrams to the group 'ip', a multicast address or the limited broadcast, are taken as its own by this link. */
void light_join(struct light *l, int link, uint32_t ip);

/* Where frames for this link arrive. */
struct packet_sink light_sink(struct light *l, int link);

/* The host as applications see it. */
struct host *light_host(struct light *l);
struct tcp_host *light_tcp(struct light *l);

/* -- for packet generators and sinks --------------------------------------------------------------------------- */

const struct light_link_config *light_link(const struct light *l, int link); /* NULL when there is no such link */
int light_link_find(const struct light *l, const char *name);                /* NULL name: 0; -1 when unknown */
bool light_resolve(const struct light *l, uint32_t ip, int link, struct mac_addr *mac, int *vlan);
struct packet_pool *light_pool(const struct light *l);

uint64_t light_counter(const struct light *l, enum light_counter k);

/* Sends a frame as it is (a large send is cut). */
void light_transmit(struct light *l, int link, struct packet *p);

/* Takes the datagrams for UDP 'port' that would otherwise only be counted; port 0: frames to our address that are not
 * IPv4.  'sink' owns them.  False: the port is taken. */
bool light_udp_sink(struct light *l, uint16_t port, struct packet_sink sink);

#endif
