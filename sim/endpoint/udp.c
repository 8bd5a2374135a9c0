/* SPDX-License-Identifier: GPL-3.0-or-later
 * udp.c -- see udp.h. */
#include "endpoint/udp.h"

#include <stdlib.h>
#include <string.h>

#include "core/assert.h"

enum { TTL = 64 };

void udp_build(struct packet *p, const struct udp_flow *flow, uint32_t frame_bytes, uint16_t ip_id)
{
    uint8_t *b = p->hdr;
    uint32_t at = 12;
    memcpy(b, flow->dst_mac.byte, 6);
    memcpy(b + 6, flow->src_mac.byte, 6);
    if (flow->vlan >= 0) {
        put_be16(b + at, ETHERTYPE_VLAN);
        put_be16(b + at + 2, (uint32_t)flow->vlan);
        at += VLAN_BYTES;
    }
    put_be16(b + at, ETHERTYPE_IPV4);
    uint32_t l3 = at + 2, l4 = l3 + IPV4_BYTES, payload = l4 + UDP_BYTES;
    if (frame_bytes < payload) frame_bytes = payload;
    uint8_t *ip = b + l3, *udp = b + l4;
    memset(ip, 0, IPV4_BYTES + UDP_BYTES);
    ip[0] = 0x45;
    put_be16(ip + 2, frame_bytes - l3);
    put_be16(ip + 4, ip_id);
    ip[8] = TTL;
    ip[9] = IPPROTO_UDP_;
    put_be32(ip + 12, flow->src.ip);
    put_be32(ip + 16, flow->dst.ip);
    put_be16(udp, flow->src.port);
    put_be16(udp + 2, flow->dst.port);
    put_be16(udp + 4, frame_bytes - l4);
    p->l3 = (uint8_t)l3;
    p->l4 = (uint8_t)l4;
    p->payload = (uint8_t)payload;
    p->hdr_len = (uint16_t)payload;
    p->len = frame_bytes;
    p->flags = PACKET_CSUM_PARTIAL;
}

enum { SINK_packets, SINK_bytes, SINK_first_ps, SINK_last_ps, N_SINK_COUNTERS };
static const char *const sink_counter_names[] = { "packets", "bytes", "first_ps", "last_ps" };

struct udp_sink {
    struct packet_pool *pool;
    sim_time (*now)(void *owner);
    void *owner;
    uint64_t counter[N_SINK_COUNTERS];
};

struct udp_sink *udp_sink_create(struct packet_pool *pool, struct stats *stats, const char *name,
                                 sim_time (*now)(void *owner), void *owner)
{
    struct udp_sink *s = calloc(1, sizeof *s);
    SIM_ASSERT(s);
    *s = (struct udp_sink){ .pool = pool, .now = now, .owner = owner };
    if (stats) stats_register(stats, "udp", name, sink_counter_names, s->counter, N_SINK_COUNTERS);
    return s;
}

void udp_sink_destroy(struct udp_sink *s)
{
    free(s);
}

static void sink_take(void *owner, struct packet *p)
{
    struct udp_sink *s = owner;
    uint64_t now = (uint64_t)s->now(s->owner).ps;
    if (s->counter[SINK_packets]++ == 0) s->counter[SINK_first_ps] = now;
    s->counter[SINK_last_ps] = now;
    s->counter[SINK_bytes] += p->payload ? p->len - p->payload : p->len;
    packet_deliver(s->pool, p);
}

struct packet_sink udp_sink(struct udp_sink *s)
{
    return (struct packet_sink){ sink_take, s };
}

uint64_t udp_sink_packets(const struct udp_sink *s)
{
    return s->counter[SINK_packets];
}

uint64_t udp_sink_bytes(const struct udp_sink *s)
{
    return s->counter[SINK_bytes];
}
