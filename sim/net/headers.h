/* headers.h -- Ethernet, VLAN, IPv4, IPv6, TCP and UDP headers as bytes: build, parse, checksum.
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

/* Sets l3, l4 and payload from the header bytes (VLAN tags, IPv4 options, IPv6 without extension headers, TCP
 * options; fragments but the first have no l4).  Returns false when the frame is too short for what it claims. */
bool headers_parse(struct packet *p);

/* Both need headers_parse() (or a builder) before.  16-bit VLAN id, or -1 when untagged. */
int headers_vlan(const struct packet *p);
bool headers_is_ipv4(const struct packet *p);

/* Internet checksum (RFC 1071) of 'bytes' bytes, added to 'sum'; fold with checksum_fold(). */
uint32_t checksum_add(uint32_t sum, const uint8_t *b, uint32_t bytes);
uint16_t checksum_fold(uint32_t sum);

/* Fills in the IPv4 header checksum and the TCP/UDP checksum when PACKET_CSUM_PARTIAL is set, and clears the flag.
 * Models that pass packets along do not call it; whoever looks at bytes (captures, byte-level devices) does. */
void headers_finish(struct packet *p);

/* Byte 'i' of the frame (0 <= i < len). */
static inline uint8_t packet_byte(const struct packet *p, uint32_t i)
{
    return i < p->hdr_len ? p->hdr[i] : p->stored ? p->stored[i - p->hdr_len] : 0;
}

/* Splits a large send (gso_mss > 0) into frames of at most gso_mss payload bytes, appended to 'out', as the 82598's
 * segmentation does (datasheet 3.5.4): total length, identification + 1, sequence + mss, FIN and PSH only in the
 * last.  Consumes 'p' (packet_segmented).  Returns how many. */
uint32_t headers_segment(struct packet_pool *pool, struct packet *p, struct packet_queue *out, sim_time now);

#endif
