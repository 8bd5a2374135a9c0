/* SPDX-License-Identifier: Apache-2.0
 * fanout.c -- which softring a packet goes to (rules 2.60 to 2.71).
 *
 * With one softring set the IP protocol alone decides; with more, a hash of addresses and ports keeps a connection
 * on one softring.  The hash is the plain sum-and-fold of the MAC layer, on the words as a little-endian machine
 * loads them, and has no secret.  Only packets that the client takes from their IP header on ("bypass") go to TCP and
 * UDP softrings; all others go to those of OTH. */
#include <string.h>

#include "lane_impl.h"

enum {
    ETHER_BYTES = 14, VLAN_BYTES = 4, IPV4_BYTES = 20, IPV6_BYTES = 40,
    TYPE_VLAN = 0x8100, TYPE_IPV4 = 0x0800, TYPE_IPV6 = 0x86dd,
    PROTO_HOPOPTS = 0, PROTO_TCP = 6, PROTO_UDP = 17, PROTO_ROUTING = 43, PROTO_FRAGMENT = 44, PROTO_ESP = 50,
    PROTO_DSTOPTS = 60, PROTO_SCTP = 132,
};

static inline uint16_t be16(const uint8_t *p) { return (uint16_t)(p[0] << 8 | p[1]); }
static inline uint32_t le32(const uint8_t *p)
{
    return (uint32_t)p[0] | (uint32_t)p[1] << 8 | (uint32_t)p[2] << 16 | (uint32_t)p[3] << 24;
}

/* 'ports': the 32 bits of both ports, or the ESP index; 0 for fragments and other protocols. */
static inline uint32_t hash(uint32_t src, uint32_t dst, uint32_t ports)
{
    return __builtin_bswap32(src + dst) ^ ports ^ ports >> 8 ^ ports >> 16 ^ ports >> 24;
}

/* Smallest transport header, 0: not a protocol whose flows are told apart. */
static inline uint32_t transport_min(uint8_t proto)
{
    switch (proto) {
    case PROTO_TCP: return 20;
    case PROTO_UDP: return 8;
    case PROTO_SCTP: return 12;
    case PROTO_ESP: return 8;
    default: return 0;
    }
}

/* Length of the IPv4 header at 'off', 0: not to be trusted. */
static inline uint32_t ipv4_bytes(const struct lane_pkt *p, uint32_t off)
{
    if (p->hdr_len < off + IPV4_BYTES || p->data[off] >> 4 != 4) return 0;
    uint32_t bytes = (p->data[off] & 15u) * 4u;
    return bytes >= IPV4_BYTES && p->hdr_len >= off + bytes ? bytes : 0;
}

static inline int soft(enum lane_kind kind, uint32_t set) { return (int)(set * N_LANE_KINDS + kind); }

/* A transport header of 'proto' at 'off'.  False: the frame ends inside it.  '*ports' stays 0 when they are not in
 * the readable part. */
static bool read_ports(const struct lane_pkt *p, uint32_t off, uint8_t proto, uint32_t *ports)
{
    uint32_t min = transport_min(proto);
    if (min == 0) return true;
    if (p->len < off + min) return false;
    if (p->hdr_len >= off + 4) *ports = le32(p->data + off);
    return true;
}

/* Hash fanout of what does not bypass. */
static int long_ipv4(const struct lane *l, const struct lane_pkt *p, uint32_t off, uint32_t ip_bytes)
{
    const uint8_t *ip = p->data + off;
    uint32_t ports = 0;
    bool fragment = (be16(ip + 6) & 0x3fff) != 0;
    if (!fragment && !read_ports(p, off + ip_bytes, ip[9], &ports)) return -1;
    return soft(LANE_OTH, hash(le32(ip + 12), le32(ip + 16), ports) % l->fanout);
}

static int long_ipv6(const struct lane *l, const struct lane_pkt *p, uint32_t off)
{
    const uint8_t *ip = p->data + off;
    uint32_t ports = 0, at = off + IPV6_BYTES;
    if (p->hdr_len < at) return soft(LANE_OTH, 0);
    uint8_t proto = ip[6];
    while ((proto == PROTO_HOPOPTS || proto == PROTO_ROUTING || proto == PROTO_DSTOPTS) && p->hdr_len >= at + 8) {
        proto = p->data[at];
        at += (p->data[at + 1] + 1u) * 8u;
    }
    if (!read_ports(p, at, proto, &ports)) return -1;
    return soft(LANE_OTH, hash(le32(ip + 20), le32(ip + 36), ports) % l->fanout);
}

static inline uint32_t udp_set(struct lane *l, uint32_t by_hash)
{
    if (!l->udp_round_robin) return by_hash;
    return atomic_fetch_add_explicit(&l->round_robin, 1, memory_order_relaxed) % l->fanout;
}

static inline int classify(struct lane *l, struct lane_pkt *p, enum lane_drop *why)
{
    const uint8_t *data = p->data;
    uint32_t off = ETHER_BYTES;
    p->l3_off = 0;
    p->flags &= (uint16_t)~LANE_PKT_STRIP_TAG;
    *why = LANE_DROP_BAD_FRAME;
    if (p->len < ETHER_BYTES || p->hdr_len < ETHER_BYTES) return -1;
    uint16_t type = be16(data + 12);
    if (type == TYPE_VLAN) {
        off += VLAN_BYTES;
        if (p->hdr_len < off) return -1;
        if ((be16(data + 14) & 0xfff) != l->vid) {
            *why = LANE_DROP_WRONG_VID;
            return -1;
        }
        if (l->strip) p->flags |= LANE_PKT_STRIP_TAG;
        type = be16(data + 16);
    }
    if (type == TYPE_IPV6) {
        p->l3_off = (uint8_t)off;
        return l->fanout > 1 ? long_ipv6(l, p, off) : soft(LANE_OTH, 0);
    }
    uint32_t ip_bytes = type == TYPE_IPV4 ? ipv4_bytes(p, off) : 0;
    if (ip_bytes == 0) return soft(LANE_OTH, 0);
    p->l3_off = (uint8_t)off;
    const uint8_t *ip = data + off;
    uint8_t proto = ip[9];
    uint32_t transport = off + ip_bytes;
    bool bypass = l->bypass && !(data[0] & 1);
    if (l->fanout == 1) {
        if (!bypass || (proto != PROTO_TCP && proto != PROTO_UDP)) return soft(LANE_OTH, 0);
        return soft(proto == PROTO_TCP ? LANE_TCP : LANE_UDP, 0);
    }
    uint32_t min = transport_min(proto);
    if (!bypass || min == 0 || (be16(ip + 6) & 0x3fff) || p->len < transport + min || p->hdr_len < transport + 4)
        return long_ipv4(l, p, off, ip_bytes);
    uint32_t set = hash(le32(ip + 12), le32(ip + 16), le32(data + transport)) % l->fanout;
    return proto == PROTO_TCP ? soft(LANE_TCP, set) : soft(LANE_UDP, udp_set(l, set));
}

int lane_classify(struct lane *l, struct lane_pkt *p, enum lane_drop *why) { return classify(l, p, why); }

void lane_fanout_sort(struct lane *l, uint32_t n)
{
    struct drain *d = &l->drain;
    struct lane_pkt *p = d->todo.head;
    uint64_t bytes = 0;
    for (uint32_t i = 0; i < n; i++) {
        struct lane_pkt *next = p->next;
        enum lane_drop why;
        int index = classify(l, p, &why);
        bytes += p->len;
        if (index >= 0) {
            lane_chain_add(&d->sub[index], p);
            d->touched[index % N_LANE_KINDS] |= 1u << (index / N_LANE_KINDS);
        } else {
            lane_chain_add(why == LANE_DROP_BAD_FRAME ? &d->bad_frame : &d->bad_vid, p);
        }
        p = next;
    }
    d->todo.head = p;
    d->todo.pkts -= n;
    d->todo.bytes -= bytes;
}
