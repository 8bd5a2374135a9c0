/* SPDX-License-Identifier: GPL-3.0-or-later
 * headers.h -- Ethernet, VLAN, IPv4, IPv6, TCP and UDP headers as bytes: build, parse, checksum.
 *
 * All fields on the wire are big-endian.  Sources: IEEE 802.3 and 802.1Q, RFC 791, 8200, 9293, 768, 1071. */
#ifndef SIM_NET_HEADERS_H
#define SIM_NET_HEADERS_H

#include <stdbool.h>
#include <stdint.h>

#include "net/packet.h"

enum {
    ETH_BYTES = 14, VLAN_BYTES = 4, IPV4_BYTES = 20, IPV6_BYTES = 40, TCP_BYTES = 20, UDP_BYTES = 8,
    ETHERTYPE_IPV4 = 0x0800, ETHERTYPE_ARP = 0x0806, ETHERTYPE_VLAN = 0x8100, ETHERTYPE_IPV6 = 0x86dd,
    IPPROTO_TCP_ = 6, IPPROTO_UDP_ = 17,
    TCP_FIN = 1, TCP_SYN = 2, TCP_RST = 4, TCP_PSH = 8, TCP_ACK = 16,
};

struct mac_addr { uint8_t byte[6]; };

/* Groups: their Ethernet address follows from the IPv4 address (RFC 919; RFC 1112, section 6.4). */
#define IPV4_BROADCAST UINT32_C(0xffffffff)
static inline bool headers_is_group(uint32_t ip) { return ip >> 28 == 14 || ip == IPV4_BROADCAST; }
static inline struct mac_addr headers_group_mac(uint32_t ip)
{
    if (ip == IPV4_BROADCAST) return (struct mac_addr){ { 0xff, 0xff, 0xff, 0xff, 0xff, 0xff } };
    return (struct mac_addr){ { 1, 0, 0x5e, (uint8_t)(ip >> 16 & 0x7f), (uint8_t)(ip >> 8), (uint8_t)ip } };
}

static inline uint16_t get_be16(const uint8_t *b) { return (uint16_t)(b[0] << 8 | b[1]); }
static inline uint32_t get_be32(const uint8_t *b)
{
    return (uint32_t)b[0] << 24 | (uint32_t)b[1] << 16 | (uint32_t)b[2] << 8 | b[3];
}
static inline void put_be16(uint8_t *b, uint32_t v)
{
    b[0] = (uint8_t)(v >> 8);
    b[1] = (uint8_t)v;
}
static inline void put_be32(uint8_t *b, uint32_t v)
{
    b[0] = (uint8_t)(v >> 24);
    b[1] = (uint8_t)(v >> 16);
    b[2] = (uint8_t)(v >> 8);
    b[3] = (uint8_t)v;
}

static inline bool mac_equal(const uint8_t *a, const uint8_t *b)
{
    return get_be32(a) == get_be32(b) && get_be16(a + 4) == get_be16(b + 4);
}
static inline bool mac_is_group(const uint8_t *mac) { return mac[0] & 1; } /* multicast or broadcast */

/* -- reading ---------------------------------------------------------------------------------------------------- */

/* Sets l3, l4 and payload from the header bytes: one VLAN tag, IPv4 with options, IPv6 without extension headers, TCP
 * with options, UDP.  l3 is set for every EtherType; l4 and payload only for TCP and UDP, and not for fragments but the
 * first.  Returns false, with the offsets found so far, when the frame is too short for what it claims or contradicts
 * itself; every offset set lies within hdr_len in either case. */
bool headers_parse(struct packet *p);

/* VLAN id 0..4095 of the first tag, or -1 when untagged.  Needs no headers_parse(). */
int headers_vlan(const struct packet *p);

/* These need headers_parse() (or a builder) before. */
bool headers_is_ipv4(const struct packet *p);
int headers_ip_protocol(const struct packet *p);        /* -1 when neither IPv4 nor IPv6 */
uint32_t headers_payload_bytes(const struct packet *p); /* of TCP or UDP, without Ethernet padding; 0 when l4 is 0 */

/* Who talks to whom, host byte order. */
struct flow_tuple {
    uint32_t src_ip, dst_ip;
    uint16_t src_port, dst_port; /* 0 when there is no l4 */
    uint8_t protocol;
};
/* Reads it from an IPv4 packet that was parsed; false for everything else. */
bool headers_flow(const struct packet *p, struct flow_tuple *flow);

/* Byte 'i' of the frame (0 <= i < len). */
static inline uint8_t packet_byte(const struct packet *p, uint32_t i)
{
    return i < p->hdr_len ? p->hdr[i] : p->stored ? p->stored[i - p->hdr_len] : 0;
}

/* Copies bytes [offset, offset + bytes) of the frame; past its end they read as zero, as padding does. */
void packet_read(const struct packet *p, uint32_t offset, void *to, uint32_t bytes);

/* Makes a new packet carry the given frame bytes (without FCS): headers in hdr[], the rest stored, and not even that
 * when it is all zero.  Returns what headers_parse() says; the packet is a frame either way. */
bool packet_write(struct packet *p, const uint8_t *frame, uint32_t bytes);

/* -- building --------------------------------------------------------------------------------------------------- */

/* Headers that every packet of a flow shares, built once and copied into each. */
struct header_template {
    uint8_t l3, l4, bytes; /* offsets and size; 'bytes' counts a TCP header without options */
    uint8_t protocol;      /* IPPROTO_TCP_ or IPPROTO_UDP_ */
    uint8_t hdr[64];       /* at most 58 are used: Ethernet, tag, IPv4, TCP */
};
struct header_spec {
    struct mac_addr dst, src;
    int vlan;               /* id 0..4095 or -1: untagged */
    struct flow_tuple flow; /* protocol IPPROTO_TCP_ or IPPROTO_UDP_ */
    uint8_t ttl;            /* 0: 64 */
    uint8_t tos;
};
void header_template_init(struct header_template *t, const struct header_spec *spec);

struct tcp_fields {
    uint32_t seq, ack;
    uint16_t window;        /* as on the wire, after scaling */
    uint16_t ip_id;
    uint8_t flags;          /* TCP_FIN ... */
    uint8_t option_bytes;   /* 0..40, a multiple of 4 */
    const uint8_t *options; /* option_bytes bytes; NULL when 0 */
};
/* Fills a new packet: headers, offsets, lengths, PACKET_CSUM_PARTIAL; 'payload_bytes' of described payload.  For a
 * large send set gso_mss afterwards; its IPv4 total length is 0 when it does not fit into 16 bits. */
void headers_tcp(struct packet *p, const struct header_template *t, const struct tcp_fields *f, uint32_t payload_bytes);
void headers_udp(struct packet *p, const struct header_template *t, uint16_t ip_id, uint32_t payload_bytes);

/* Adds or removes the first VLAN tag; offsets follow.  Adding returns false, and changes nothing, when hdr[] has no
 * room or the frame no addresses; removing when there is no tag. */
bool headers_vlan_push(struct packet *p, uint16_t tci);
bool headers_vlan_pop(struct packet *p);

/* -- checksums -------------------------------------------------------------------------------------------------- */

/* Internet checksum (RFC 1071): the sum of 'bytes' bytes as 16-bit words added to 'sum'; an odd last byte is the high
 * half of its word, so only the last piece of several may be odd.  Fold at the end. */
uint32_t checksum_add(uint32_t sum, const uint8_t *b, uint32_t bytes);
uint16_t checksum_fold(uint32_t sum); /* the one's complement, ready to be stored */

/* Fills in the IPv4 header checksum and the TCP/UDP checksum when PACKET_CSUM_PARTIAL is set, and clears the flag; with
 * PACKET_CSUM_BAD the transport checksum (without one, the IPv4 checksum) comes out wrong.  Parsed packets only.
 * Models that pass packets along do not call it; whoever looks at bytes (captures, byte-level devices) does. */
void headers_finish(struct packet *p);

/* Whether a receiver finds the checksums of a parsed packet right.  PACKET_CSUM_BAD and PACKET_CSUM_PARTIAL answer
 * without a look at the bytes. */
bool headers_checksum_ok(const struct packet *p);

/* -- segmentation ----------------------------------------------------------------------------------------------- */

/* Splits a large send (gso_mss > 0) into frames of at most gso_mss payload bytes, appended to 'out', as the 82598's
 * segmentation does (datasheet 3.5.4): total length, identification + 1, sequence + mss, FIN and PSH only in the
 * last, all checksums anew.  Consumes 'p' (packet_segmented).  Returns how many.  A packet that needs no cutting, or
 * that has neither TCP nor UDP, becomes the only frame itself, with gso_mss 0. */
uint32_t headers_segment(struct packet_pool *pool, struct packet *p, struct packet_queue *out, sim_time now);

#endif
