/* SPDX-License-Identifier: GPL-3.0-or-later
 * headers.c -- what the bytes at the front of a frame mean, and how they are made.
 *
 *      0         12   14        l3                l4             payload       hdr_len                len
 *      | dst src | type | [tag] | IPv4 or IPv6 ... | TCP or UDP ... | bytes in hdr | stored or all zero |
 *
 * Usually payload equals hdr_len.  A described payload adds nothing to an Internet checksum, so filling one in costs
 * the headers alone.  Left out: IPv6 extension headers, reassembly of fragments, a second VLAN tag. */
#include "net/headers.h"

#include <stdlib.h>
#include <string.h>

#include "core/assert.h"

enum { IPV4_FRAGMENT = 0x3fff, IPV4_OFFSET = 0x1fff, TCP_DONT_FRAGMENT = 0x4000, ETHERTYPE_AT = 12 };

static uint16_t ethertype(const struct packet *p)
{
    return p->l3 ? get_be16(p->hdr + p->l3 - 2) : 0;
}

/* End of the IP packet as an offset in the frame: what follows is Ethernet padding.  A large send has no end of its
 * own: its length need not fit into the field. */
static uint32_t ip_end(const struct packet *p)
{
    const uint8_t *ip = p->hdr + p->l3;
    if (p->gso_mss > 0) return p->len;
    return p->l3 + (headers_is_ipv4(p) ? get_be16(ip + 2) : IPV6_BYTES + (uint32_t)get_be16(ip + 4));
}

/* -- reading ---------------------------------------------------------------------------------------------------- */

static bool parse_l4(struct packet *p, uint32_t l4, uint32_t end, uint8_t protocol)
{
    uint32_t payload;

    if (protocol == IPPROTO_TCP_) {
        if (l4 + TCP_BYTES > end || l4 + TCP_BYTES > p->hdr_len) return false;
        uint32_t bytes = (uint32_t)(p->hdr[l4 + 12] >> 4) * 4;
        if (bytes < TCP_BYTES) return false;
        payload = l4 + bytes;
    } else if (protocol == IPPROTO_UDP_) {
        if (l4 + UDP_BYTES > end || l4 + UDP_BYTES > p->hdr_len) return false;
        uint32_t bytes = get_be16(p->hdr + l4 + 4);
        if (p->gso_mss == 0 && (bytes < UDP_BYTES || l4 + bytes > end)) return false;
        payload = l4 + UDP_BYTES;
    } else {
        return true;
    }
    if (payload > end || payload > p->hdr_len) return false;
    p->l4 = (uint8_t)l4;
    p->payload = (uint8_t)payload;
    return true;
}

static bool parse_ipv4(struct packet *p, uint32_t l3)
{
    const uint8_t *ip = p->hdr + l3;

    if (l3 + IPV4_BYTES > p->hdr_len || ip[0] >> 4 != 4) return false;
    uint32_t bytes = (uint32_t)(ip[0] & 15) * 4, end = ip_end(p);
    if (bytes < IPV4_BYTES || l3 + bytes > p->hdr_len || l3 + bytes > end || end > p->len) return false;
    if (get_be16(ip + 6) & IPV4_OFFSET) return true;
    return parse_l4(p, l3 + bytes, end, ip[9]);
}

static bool parse_ipv6(struct packet *p, uint32_t l3)
{
    const uint8_t *ip = p->hdr + l3;

    if (l3 + IPV6_BYTES > p->hdr_len || ip[0] >> 4 != 6) return false;
    uint32_t end = ip_end(p);
    if (end > p->len) return false;
    return parse_l4(p, l3 + IPV6_BYTES, end, ip[6]);
}

bool headers_parse(struct packet *p)
{
    uint32_t l3 = ETH_BYTES;

    p->l3 = p->l4 = p->payload = 0;
    if (p->hdr_len < ETH_BYTES || p->hdr_len > p->len) return false;
    if (get_be16(p->hdr + ETHERTYPE_AT) == ETHERTYPE_VLAN) {
        l3 += VLAN_BYTES;
        if (p->hdr_len < l3) return false;
    }
    p->l3 = (uint8_t)l3;
    switch (ethertype(p)) {
    case ETHERTYPE_IPV4: return parse_ipv4(p, l3);
    case ETHERTYPE_IPV6: return parse_ipv6(p, l3);
    default: return true;
    }
}

int headers_vlan(const struct packet *p)
{
    if (p->hdr_len < ETH_BYTES + VLAN_BYTES || get_be16(p->hdr + ETHERTYPE_AT) != ETHERTYPE_VLAN) return -1;
    return get_be16(p->hdr + ETH_BYTES) & 0xfff;
}

bool headers_is_ipv4(const struct packet *p)
{
    return ethertype(p) == ETHERTYPE_IPV4;
}

int headers_ip_protocol(const struct packet *p)
{
    uint16_t type = ethertype(p);
    if (type == ETHERTYPE_IPV4 && p->l3 + IPV4_BYTES <= p->hdr_len) return p->hdr[p->l3 + 9];
    if (type == ETHERTYPE_IPV6 && p->l3 + IPV6_BYTES <= p->hdr_len) return p->hdr[p->l3 + 6];
    return -1;
}

uint32_t headers_payload_bytes(const struct packet *p)
{
    uint32_t end = ip_end(p);
    return p->l4 && end > p->payload ? end - p->payload : 0;
}

bool headers_flow(const struct packet *p, struct flow_tuple *flow)
{
    if (!headers_is_ipv4(p) || p->l3 + IPV4_BYTES > p->hdr_len) return false;
    const uint8_t *ip = p->hdr + p->l3, *l4 = p->hdr + p->l4;
    *flow = (struct flow_tuple){ .src_ip = get_be32(ip + 12), .dst_ip = get_be32(ip + 16), .protocol = ip[9] };
    if (p->l4) {
        flow->src_port = get_be16(l4);
        flow->dst_port = get_be16(l4 + 2);
    }
    return true;
}

void packet_read(const struct packet *p, uint32_t offset, void *to, uint32_t bytes)
{
    uint8_t *out = to;

    if (offset < p->hdr_len) {
        uint32_t n = p->hdr_len - offset < bytes ? p->hdr_len - offset : bytes;
        memcpy(out, p->hdr + offset, n);
        out += n, offset += n, bytes -= n;
    }
    if (p->stored && offset < p->len && bytes > 0) {
        uint32_t n = p->len - offset < bytes ? p->len - offset : bytes;
        memcpy(out, p->stored + (offset - p->hdr_len), n);
        out += n, bytes -= n;
    }
    if (bytes > 0) memset(out, 0, bytes);
}

bool packet_write(struct packet *p, const uint8_t *frame, uint32_t bytes)
{
    bool zero = true;

    p->len = bytes;
    p->hdr_len = (uint16_t)(bytes < PACKET_HDR_MAX ? bytes : PACKET_HDR_MAX);
    if (p->hdr_len > 0) memcpy(p->hdr, frame, p->hdr_len);
    bool sound = headers_parse(p);
    if (p->payload) p->hdr_len = p->payload;
    for (uint32_t i = p->hdr_len; i < bytes && zero; i++) zero = frame[i] == 0;
    if (!zero) {
        p->stored = malloc(bytes - p->hdr_len);
        SIM_ASSERT(p->stored);
        memcpy(p->stored, frame + p->hdr_len, bytes - p->hdr_len);
    }
    return sound;
}

/* -- building --------------------------------------------------------------------------------------------------- */

void header_template_init(struct header_template *t, const struct header_spec *spec)
{
    bool tcp = spec->flow.protocol == IPPROTO_TCP_;
    SIM_ASSERT(tcp || spec->flow.protocol == IPPROTO_UDP_);

    memset(t, 0, sizeof *t);
    t->protocol = spec->flow.protocol;
    t->l3 = ETH_BYTES;
    memcpy(t->hdr, spec->dst.byte, 6);
    memcpy(t->hdr + 6, spec->src.byte, 6);
    if (spec->vlan >= 0) {
        put_be16(t->hdr + ETHERTYPE_AT, ETHERTYPE_VLAN);
        put_be16(t->hdr + ETH_BYTES, (uint32_t)spec->vlan);
        t->l3 = ETH_BYTES + VLAN_BYTES;
    }
    put_be16(t->hdr + t->l3 - 2, ETHERTYPE_IPV4);
    uint8_t *ip = t->hdr + t->l3;
    ip[0] = 0x45;
    ip[1] = spec->tos;
    put_be16(ip + 6, TCP_DONT_FRAGMENT);
    ip[8] = spec->ttl ? spec->ttl : 64;
    ip[9] = spec->flow.protocol;
    put_be32(ip + 12, spec->flow.src_ip);
    put_be32(ip + 16, spec->flow.dst_ip);
    t->l4 = (uint8_t)(t->l3 + IPV4_BYTES);
    put_be16(t->hdr + t->l4, spec->flow.src_port);
    put_be16(t->hdr + t->l4 + 2, spec->flow.dst_port);
    t->bytes = (uint8_t)(t->l4 + (tcp ? TCP_BYTES : UDP_BYTES));
}

/* Copies 64 bytes in two pieces: plain moves instead of a string instruction that is slow to start. */
static void copy_front(uint8_t *to, const uint8_t *from)
{
    memcpy(to, from, 32);
    memcpy(to + 32, from + 32, 32);
}

/* What TCP and UDP have in common; 'l4_bytes' is the transport header with options. */
static void fill(struct packet *p, const struct header_template *t, uint16_t ip_id, uint32_t l4_bytes,
                 uint32_t payload_bytes)
{
    copy_front(p->hdr, t->hdr);
    p->l3 = t->l3;
    p->l4 = t->l4;
    p->hdr_len = (uint16_t)(t->l4 + l4_bytes);
    p->payload = (uint8_t)p->hdr_len;
    p->len = p->hdr_len + payload_bytes;
    p->flags |= PACKET_CSUM_PARTIAL;
    uint32_t total = p->len - p->l3;
    put_be16(p->hdr + p->l3 + 2, total <= UINT16_MAX ? total : 0);
    put_be16(p->hdr + p->l3 + 4, ip_id);
}

void headers_tcp(struct packet *p, const struct header_template *t, const struct tcp_fields *f, uint32_t payload_bytes)
{
    fill(p, t, f->ip_id, TCP_BYTES + (uint32_t)f->option_bytes, payload_bytes);
    uint8_t *tcp = p->hdr + p->l4;
    put_be32(tcp + 4, f->seq);
    put_be32(tcp + 8, f->ack);
    tcp[12] = (uint8_t)((TCP_BYTES + f->option_bytes) / 4 << 4);
    tcp[13] = f->flags;
    put_be16(tcp + 14, f->window);
    for (uint32_t i = 0; i < f->option_bytes; i += 4) memcpy(tcp + TCP_BYTES + i, f->options + i, 4);
}

void headers_udp(struct packet *p, const struct header_template *t, uint16_t ip_id, uint32_t payload_bytes)
{
    fill(p, t, ip_id, UDP_BYTES, payload_bytes);
    uint32_t bytes = UDP_BYTES + payload_bytes;
    put_be16(p->hdr + p->l4 + 4, bytes <= UINT16_MAX ? bytes : 0);
}

/* Moves every offset behind the addresses by 'by' bytes. */
static void shift_offsets(struct packet *p, int by)
{
    p->len = (uint32_t)((int64_t)p->len + by);
    p->hdr_len = (uint16_t)(p->hdr_len + by);
    if (p->l3) p->l3 = (uint8_t)(p->l3 + by);
    if (p->l4) p->l4 = (uint8_t)(p->l4 + by);
    if (p->payload) p->payload = (uint8_t)(p->payload + by);
}

bool headers_vlan_push(struct packet *p, uint16_t tci)
{
    if (p->hdr_len < ETH_BYTES || p->hdr_len + VLAN_BYTES > PACKET_HDR_MAX) return false;
    memmove(p->hdr + ETHERTYPE_AT + VLAN_BYTES, p->hdr + ETHERTYPE_AT, (size_t)(p->hdr_len - ETHERTYPE_AT));
    put_be16(p->hdr + ETHERTYPE_AT, ETHERTYPE_VLAN);
    put_be16(p->hdr + ETHERTYPE_AT + 2, tci);
    shift_offsets(p, VLAN_BYTES);
    return true;
}

bool headers_vlan_pop(struct packet *p)
{
    if (headers_vlan(p) < 0) return false;
    shift_offsets(p, -VLAN_BYTES);
    memmove(p->hdr + ETHERTYPE_AT, p->hdr + ETHERTYPE_AT + VLAN_BYTES, (size_t)(p->hdr_len - ETHERTYPE_AT));
    return true;
}

/* -- checksums -------------------------------------------------------------------------------------------------- */

static uint32_t fold32(uint64_t sum)
{
    while (sum >> 32) sum = (sum & 0xffffffff) + (sum >> 32);
    return (uint32_t)sum;
}

uint32_t checksum_add(uint32_t sum, const uint8_t *b, uint32_t bytes)
{
    uint64_t total = sum;

    for (; bytes >= 4; b += 4, bytes -= 4) total += get_be32(b);
    if (bytes >= 2) {
        total += get_be16(b);
        b += 2, bytes -= 2;
    }
    if (bytes) total += (uint32_t)b[0] << 8;
    return fold32(total);
}

static uint16_t fold16(uint32_t sum)
{
    while (sum >> 16) sum = (sum & 0xffff) + (sum >> 16);
    return (uint16_t)sum;
}

uint16_t checksum_fold(uint32_t sum)
{
    return (uint16_t)~fold16(sum);
}

/* Sum of the frame's bytes [from, end); a described payload adds nothing.  A piece that begins at an odd place counts
 * with its bytes swapped (RFC 1071, 2(B)). */
static uint32_t sum_frame(uint32_t sum, const struct packet *p, uint32_t from, uint32_t end)
{
    uint32_t in_hdr = end < p->hdr_len ? end : p->hdr_len;

    sum = checksum_add(sum, p->hdr + from, in_hdr - from);
    if (!p->stored || end <= p->hdr_len) return sum;
    uint16_t rest = fold16(checksum_add(0, p->stored, end - p->hdr_len));
    if ((p->hdr_len - from) % 2) rest = (uint16_t)(rest << 8 | rest >> 8);
    return fold32((uint64_t)sum + rest);
}

/* Where the transport checksum is; 0 when there is none to compute: no TCP or UDP, a fragment, whose checksum covers
 * bytes of other frames, or a length changed since the packet was parsed. */
static uint32_t l4_checksum_at(const struct packet *p)
{
    if (!p->l4 || ip_end(p) < p->payload || ip_end(p) > p->len) return 0;
    if (headers_is_ipv4(p) && get_be16(p->hdr + p->l3 + 6) & IPV4_FRAGMENT) return 0;
    return (uint32_t)p->l4 + (headers_ip_protocol(p) == IPPROTO_TCP_ ? 16 : 6);
}

/* Folded one's complement over pseudo header and transport segment, the checksum field as it stands. */
static uint16_t l4_checksum(const struct packet *p)
{
    bool v4 = headers_is_ipv4(p);
    uint32_t end = ip_end(p), sum = end - p->l4 + (uint32_t)headers_ip_protocol(p);

    sum = checksum_add(sum, p->hdr + p->l3 + (v4 ? 12 : 8), v4 ? 8 : 32);
    return checksum_fold(sum_frame(sum, p, p->l4, end));
}

/* Size of the IPv4 header when there is a whole one, else 0. */
static uint32_t ipv4_header_bytes(const struct packet *p)
{
    if (!headers_is_ipv4(p) || p->l3 + IPV4_BYTES > p->hdr_len) return 0;
    uint32_t bytes = (uint32_t)(p->hdr[p->l3] & 15) * 4;
    return bytes >= IPV4_BYTES && p->l3 + bytes <= p->hdr_len ? bytes : 0;
}

void headers_finish(struct packet *p)
{
    uint32_t ip_bytes = ipv4_header_bytes(p), at = l4_checksum_at(p);

    if (!(p->flags & PACKET_CSUM_PARTIAL)) return;
    p->flags &= (uint8_t)~PACKET_CSUM_PARTIAL;
    if (ip_bytes) {
        uint8_t *ip = p->hdr + p->l3;
        put_be16(ip + 10, 0);
        uint16_t sum = checksum_fold(checksum_add(0, ip, ip_bytes));
        put_be16(ip + 10, sum ^ (p->flags & PACKET_CSUM_BAD && !at ? 0x5555u : 0u));
    }
    if (at) {
        put_be16(p->hdr + at, 0);
        uint32_t sum = l4_checksum(p);
        if (p->flags & PACKET_CSUM_BAD) sum ^= 0x5555;
        if (sum == 0) sum = 0xffff; /* zero says "none" in UDP (RFC 768); the same number to TCP's receiver */
        put_be16(p->hdr + at, sum);
    }
}

bool headers_checksum_ok(const struct packet *p)
{
    if (p->flags & PACKET_CSUM_BAD) return false;
    if (p->flags & PACKET_CSUM_PARTIAL) return true;
    uint32_t ip_bytes = ipv4_header_bytes(p), at = l4_checksum_at(p);
    if (ip_bytes && checksum_fold(checksum_add(0, p->hdr + p->l3, ip_bytes)) != 0) return false;
    if (!at) return true;
    bool none = headers_ip_protocol(p) == IPPROTO_UDP_ && headers_is_ipv4(p) && get_be16(p->hdr + at) == 0;
    return none || l4_checksum(p) == 0;
}

/* -- segmentation ----------------------------------------------------------------------------------------------- */

/* Lengths of a frame whose payload is 'bytes' long. */
static void put_lengths(struct packet *p, bool v4, bool tcp, uint32_t bytes)
{
    uint32_t total = p->payload - (uint32_t)p->l3 + bytes;

    if (v4)
        put_be16(p->hdr + p->l3 + 2, total);
    else
        put_be16(p->hdr + p->l3 + 4, total - IPV6_BYTES);
    if (!tcp) put_be16(p->hdr + p->l4 + 4, UDP_BYTES + bytes);
}

/* A stored payload is copied, piece by piece. */
__attribute__((noinline)) static void take_payload(struct packet *s, const struct packet *p, uint32_t offset, uint32_t bytes)
{
    s->stored = malloc(bytes);
    SIM_ASSERT(s->stored);
    packet_read(p, offset, s->stored, bytes);
}

uint32_t headers_segment(struct packet_pool *pool, struct packet *p, struct packet_queue *out, sim_time now)
{
    uint32_t header = p->payload, left = p->len - header, before = out->count;
    uint32_t most = UINT16_MAX - (header - (uint32_t)p->l3), mss = p->gso_mss < most ? p->gso_mss : most;
    bool v4 = headers_is_ipv4(p), tcp = headers_ip_protocol(p) == IPPROTO_TCP_;

    if (mss == 0 || !p->l4 || left <= mss) {
        if (mss > 0 && p->l4) put_lengths(p, v4, tcp, left);
        p->gso_mss = 0;
        packet_queue_push(out, p);
        return 1;
    }
    bool copy = p->stored || p->hdr_len > header;
    uint8_t *l4 = p->hdr + p->l4, last_flags = l4[13];
    uint32_t id = get_be16(p->hdr + p->l3 + 4), seq = get_be32(l4 + 4);

    if (tcp) l4[13] = (uint8_t)(last_flags & ~(TCP_FIN | TCP_PSH));
    put_lengths(p, v4, tcp, mss);
    p->gso_mss = 0;
    p->flags |= PACKET_CSUM_PARTIAL;
    for (uint32_t bytes; left > 0; left -= bytes, seq += bytes) {
        struct packet *s = packet_like(pool, p, now);

        bytes = mss;
        if (left <= mss) {
            bytes = left;
            if (tcp) s->hdr[s->l4 + 13] = last_flags;
            put_lengths(s, v4, tcp, bytes);
        }
        if (v4) put_be16(s->hdr + s->l3 + 4, id++);
        if (tcp) put_be32(s->hdr + s->l4 + 4, seq);
        s->len = header + bytes;
        s->hdr_len = (uint16_t)header;
        if (copy) take_payload(s, p, p->len - left, bytes);
        packet_queue_push(out, s);
    }
    packet_segmented(pool, p);
    return out->count - before;
}
