/* SPDX-License-Identifier: GPL-3.0-or-later
 * udp.h -- UDP datagrams and raw Ethernet frames: header templates and a counting sink.  Sources: RFC 768, 791. */
#ifndef SIM_ENDPOINT_UDP_H
#define SIM_ENDPOINT_UDP_H

#include "core/stats.h"
#include "endpoint/host.h"
#include "net/headers.h"
#include "net/packet.h"

struct udp_flow {
    struct mac_addr src_mac, dst_mac;
    int vlan;                  /* -1: untagged */
    struct host_addr src, dst;
};

/* Makes 'p' (new, with no header) a UDP frame of 'frame_bytes' (no FCS, headers included); the payload is zeros.
 * Lengths below the headers' are raised to them. Checksums are left to headers_finish(). */
void udp_build(struct packet *p, const struct udp_flow *flow, uint32_t frame_bytes, uint16_t ip_id);

/* Counts what arrives and when: kind "udp", entity NAME: packets, bytes (payload), first_ps, last_ps. */
struct udp_sink;
struct udp_sink *udp_sink_create(struct packet_pool *pool, struct stats *stats, const char *name,
                                 sim_time (*now)(void *owner), void *owner);
void udp_sink_destroy(struct udp_sink *s);
struct packet_sink udp_sink(struct udp_sink *s);
uint64_t udp_sink_packets(const struct udp_sink *s);
uint64_t udp_sink_bytes(const struct udp_sink *s);

#endif
