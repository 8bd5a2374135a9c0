/* SPDX-License-Identifier: Apache-2.0
 * mac_impl.h -- the inside of a device: its clients and the table of who gets what, shared by mac.c and tx.c. */
#ifndef LANE_MAC_IMPL_H
#define LANE_MAC_IMPL_H

#include "lane_impl.h"
#include "mac.h"

/* One (address, VLAN): a client's, or a group's. */
struct mac_entry {
    struct mac_entry *next; /* in its bucket */
    uint64_t key;
    struct lane_client *client;                   /* NULL: a group */
    uint64_t members[LANE_MAX_CLIENTS / 64];      /* of a group: bit per client number */
    bool broadcast;
};
enum { MAC_BUCKETS = 1024 };
struct mac_table {
    struct mac_entry *bucket[MAC_BUCKETS];
};

struct lane_client {
    struct lane_mac *mac;
    unsigned number;
    uint8_t addr[LANE_ADDR_BYTES];
    uint16_t vid;
    bool active, ip_plumbed, tag_disable;
    struct lane *software;
    uint64_t counter[N_LANE_MISC_COUNTERS];
};

struct shared_ring { /* a receive ring sorted in software: where its interrupt is */
    bool busy, first, full;   /* fetching or sorting; no burst done yet; stopped at ring_pkts */
    bool fetching;
    struct lane_chain chain;  /* fetched, not sorted */
    bool looked;              /* 'entry' is that of chain.head */
    struct mac_entry *entry;
    struct lane_chain run;    /* consecutive packets for one lane */
    struct lane *run_to;
    struct lane *draining;    /* the lane that this thread drains */
};

struct lane_mac {
    struct lane_env *env;
    struct lane_port *port;
    unsigned rings;
    uint32_t ring_pkts, step_pkts;
    struct lane_client *client[LANE_MAX_CLIENTS];
    unsigned n_clients, n_active;
    struct lane_client *single;  /* the only active client, when n_active is 1 */
    struct mac_table table;
    _Atomic uint64_t unmatched;
    struct shared_ring ring[];
};

/* -- mac_table.c ------------------------------------------------------------------------------------------------ */

struct mac_entry *lane_table_find(const struct mac_table *t, const uint8_t addr[LANE_ADDR_BYTES], uint16_t vid);
/* A new, empty entry, owned by the table; NULL: no memory. */
struct mac_entry *lane_table_add(struct mac_table *t, const uint8_t addr[LANE_ADDR_BYTES], uint16_t vid);
void lane_table_remove(struct mac_table *t, struct mac_entry *e);
void lane_table_fini(struct mac_table *t);

/* -- mac.c ------------------------------------------------------------------------------------------------------ */

/* The first member of a group with a number of at least 'from', other than 'except' (or NULL); NULL: none. */
struct lane_client *lane_mac_member(const struct lane_mac *mac, const struct mac_entry *e, unsigned from,
                               const struct lane_client *except);
/* Puts a group's packet, or a copy of it, into a client's software lane.  Results as those of lane_input(). */
enum lane_step_result lane_mac_give(struct lane_client *to, struct lane_pkt *p, bool copy, bool broadcast, bool local);

/* VLAN of a frame, 0: no tag; its Ethernet header must be readable. */
static inline uint16_t mac_frame_vid(const struct lane_pkt *p)
{
    const uint8_t *d = p->data;
    if (d[12] != 0x81 || d[13] != 0 || p->hdr_len < 16) return 0;
    return (uint16_t)((d[14] << 8 | d[15]) & 0xfff);
}

#endif
