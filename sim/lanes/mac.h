/* SPDX-License-Identifier: Apache-2.0
 * mac.h -- a device and its clients: who gets a frame that the card did not sort itself.
 *
 * A client is the primary user of the card or a VNIC.  A ring that the card fills for one client alone belongs to a
 * lane of that client and never comes here.  Frames of the other rings, and frames that clients send each other, are
 * looked up by destination address and VLAN and enter the receiver's software lane.  There is no learning and no
 * flooding: what matches no client on the way in is dropped, and on the way out goes to the wire.
 *
 * Clients are added and removed while no thread of the device runs. */
#ifndef LANE_MAC_H
#define LANE_MAC_H

#include "lane.h"

enum { LANE_MAX_CLIENTS = 256, LANE_ADDR_BYTES = 6 };

struct lane_mac;
struct lane_client;

struct lane_mac_config {
    struct lane_env *env;
    struct lane_port *port;
    unsigned rings;      /* receive rings of the port, for lane_mac_step() */
    uint32_t ring_pkts;  /* most packets of one interrupt; 0: 257 */
    uint32_t step_pkts;  /* most packets of one step; 0: 32 */
};
/* Returns 0 or -EINVAL, -EPROTO, -ENOMEM. */
int lane_mac_create(struct lane_mac **out, const struct lane_mac_config *config);
void lane_mac_destroy(struct lane_mac *mac); /* with its clients, without their lanes; NULL is allowed */

struct lane_client_config {
    const uint8_t *addr;   /* unicast address, LANE_ADDR_BYTES, copied; NULL: an open client that is not active */
    uint16_t vid;          /* 0: none */
    bool ip_plumbed;       /* IP with polling is above it: local packets go through the receiver's worker */
    bool tag_disable;      /* its frames go out as they are */
    struct lane *software; /* lane 0; outlives the client; NULL only without an address */
};
/* Returns 0 or -EINVAL (multicast address), -EEXIST (address and VLAN are taken), -ENOSPC, -ENOMEM. */
int lane_client_add(struct lane_client **out, struct lane_mac *mac, const struct lane_client_config *config);
void lane_client_remove(struct lane_client *c);
/* Joins or leaves a multicast group in the client's VLAN; the broadcast group is joined by itself.  Returns 0,
 * -EINVAL (not a group address, or the client is not active), -ENOMEM. */
int lane_client_join(struct lane_client *c, const uint8_t addr[LANE_ADDR_BYTES]);
void lane_client_leave(struct lane_client *c, const uint8_t addr[LANE_ADDR_BYTES]);

unsigned lane_mac_clients(const struct lane_mac *mac); /* open */
unsigned lane_mac_active(const struct lane_mac *mac);  /* of those, with an address */

/* The interrupt of a ring that several clients share: fetches, sorts and delivers a bounded number of packets.
 * SLEEP: the ring was empty; the port interrupts for the next arrival.  The host turns that interrupt on; the device
 * leaves it on. */
enum lane_step_result lane_mac_step(struct lane_mac *mac, unsigned ring);

/* Packets that matched no client's address and VLAN. */
uint64_t lane_mac_unmatched(const struct lane_mac *mac);

/* Per client, names as in mac_misc_stat: X(name, meaning). */
#define LANE_MISC_COUNTERS(X) \
    X(multircv,        "multicast packets put into the software lane") \
    X(multircvbytes,   "bytes of those") \
    X(brdcstrcv,       "broadcast packets put into the software lane") \
    X(brdcstrcvbytes,  "bytes of those") \
    X(multixmt,        "multicast packets sent") \
    X(multixmtbytes,   "bytes of those") \
    X(brdcstxmt,       "broadcast packets sent") \
    X(brdcstxmtbytes,  "bytes of those")

enum lane_misc_counter {
#define X(name, meaning) LANE_MISC_##name,
    LANE_MISC_COUNTERS(X)
#undef X
    N_LANE_MISC_COUNTERS
};
extern const char *const lane_misc_counter_names[N_LANE_MISC_COUNTERS];
const uint64_t *lane_client_counters(const struct lane_client *c);

#endif
