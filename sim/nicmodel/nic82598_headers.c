/* SPDX-License-Identifier: GPL-3.0-or-later
 * nic82598_headers.c -- frames that are not simply TCP or UDP over IP: SNAP, IPv6 extension headers, fragments, tunnels,
 * other transports (datasheet 3.5.2.12); and where the headers of any frame end, for packet split (3.5.2.4).
 *
 *     Ethernet [tag] [SNAP] | IPv4 [options]    | TCP, UDP, SCTP, a fragment's bytes, an IPv6 header in a tunnel, ...
 *                           | IPv6 [extensions] |
 *
 *     checksum          IPv4 header   TCP, UDP
 *     IPv4 fragment     yes           the sum of a UDP fragment's bytes, for software to add up (IPPCSE, no PCSD)
 *     IPv4 in IPv4      no            no
 *     IPv6 in IPv4      yes           no
 *     IPv6 extensions   -             yes behind hop-by-hop, destination and empty routing headers; not behind a home
 *                                     address, a routing header with addresses, or a fragment header
 *
 * Extension headers of more than 64 bytes end the look.  Frames of the common kinds are done in nic82598_filter.c. */
#include "nicmodel/nic82598_impl.h"

enum {
    TYPE_MIN = 0x600, SNAP_BYTES = 8, IPV4_FRAGMENT = 0x3fff, IPV4_OFFSET = 0x1fff,
    PROTOCOL_IPV4 = 4, PROTOCOL_IPV6 = 41, PROTOCOL_SCTP = 132, SCTP_BYTES = 12,
    NEXT_HOP_BY_HOP = 0, NEXT_ROUTING = 43, NEXT_FRAGMENT = 44, NEXT_DESTINATION = 60,
    EXTENSION_MAX = 64, FRAGMENT_BYTES = 8, HOME_ADDRESS = 0xc9, ADDRESS_BYTES = 16, ROUTING_HOME = 2, PAD_ONE = 0,
    HEADER_MAX = 1023,
};

static uint32_t be16_at(const struct packet *p, uint32_t i)
{
    return (uint32_t)packet_byte(p, i) << 8 | packet_byte(p, i + 1);
}

/* A home address among destination options [at, end): where the packet comes from in truth. */
static void look_for_home(const struct packet *p, struct rx_headers *h, uint32_t at, uint32_t end)
{
    while (at + 1 < end) {
        uint32_t option = packet_byte(p, at), bytes = option == PAD_ONE ? 1 : 2 + (uint32_t)packet_byte(p, at + 1);
        if (option == HOME_ADDRESS && bytes == 2 + ADDRESS_BYTES && at + bytes <= end) {
            h->home = true;
            h->src = at + 2;
        }
        at += bytes;
    }
}

/* One extension header at 'at'; the bytes it takes, 0: it is none that can be passed. */
static uint32_t extension(const struct packet *p, struct rx_headers *h, uint32_t at, uint32_t kind)
{
    if (at + FRAGMENT_BYTES > h->end) return 0;
    if (kind == NEXT_FRAGMENT) {
        h->fragment = true;
        h->later = be16_at(p, at + 2) >> 3;
        return FRAGMENT_BYTES;
    }
    uint32_t bytes = (packet_byte(p, at + 1) + 1u) * 8;
    if (bytes > EXTENSION_MAX || at + bytes > h->end) return 0;
    if (kind == NEXT_DESTINATION) look_for_home(p, h, at + 2, at + bytes);
    if (kind == NEXT_ROUTING && bytes > FRAGMENT_BYTES) {
        h->routed = true;
        if (packet_byte(p, at + 2) == ROUTING_HOME && packet_byte(p, at + 3) == 1) h->dst = at + 8;
    }
    return bytes;
}

static bool parse_ipv6(const struct nic *nic, const struct packet *p, struct rx_headers *h)
{
    uint32_t at = h->l3 + IPV6_BYTES;

    if (nic->mode.v6_off || at > p->len || packet_byte(p, h->l3) >> 4 != 6) return false;
    h->end = at + be16_at(p, h->l3 + 4);
    if (h->end > p->len) return false;
    h->src = h->l3 + 8;
    h->dst = h->l3 + 24;
    uint32_t next = packet_byte(p, h->l3 + 6);
    for (bool first = true; (next == NEXT_HOP_BY_HOP && first) || next == NEXT_ROUTING || next == NEXT_FRAGMENT ||
                            next == NEXT_DESTINATION; first = false) {
        h->extended = true;
        uint32_t bytes = nic->mode.v6_extensions_off || h->later ? 0 : extension(p, h, at, next);
        if (bytes == 0) break;
        next = packet_byte(p, at);
        at += bytes;
    }
    h->l4 = at;
    h->protocol = (uint8_t)next;
    return true;
}

static bool parse_ipv4(const struct packet *p, struct rx_headers *h)
{
    if (h->l3 + IPV4_BYTES > p->len || packet_byte(p, h->l3) >> 4 != 4) return false;
    uint32_t bytes = (packet_byte(p, h->l3) & 15u) * 4;
    h->end = h->l3 + be16_at(p, h->l3 + 2);
    if (bytes < IPV4_BYTES || h->l3 + bytes > h->end || h->end > p->len) return false;
    h->v4 = true;
    h->extended = bytes > IPV4_BYTES;
    h->fragment = be16_at(p, h->l3 + 6) & IPV4_FRAGMENT;
    h->later = be16_at(p, h->l3 + 6) & IPV4_OFFSET;
    h->l4 = h->l3 + bytes;
    h->protocol = packet_byte(p, h->l3 + 9);
    h->src = h->l3 + 12;
    h->dst = h->l3 + 16;
    return true;
}

/* Bytes of the transport header; 0: there is none that can be read in this frame. */
static uint32_t transport_bytes(const struct packet *p, const struct rx_headers *h)
{
    uint32_t left = h->end - h->l4, bytes;

    if (h->fragment) return 0;
    switch (h->protocol) {
    case IPPROTO_TCP_:
        bytes = left < TCP_BYTES ? 0 : (packet_byte(p, h->l4 + 12u) >> 4) * 4u;
        return bytes >= TCP_BYTES && bytes <= left ? bytes : 0;
    case IPPROTO_UDP_:
        bytes = left < UDP_BYTES ? 0 : be16_at(p, h->l4 + 4u);
        return bytes >= UDP_BYTES && bytes <= left ? UDP_BYTES : 0;
    case PROTOCOL_SCTP: return left < SCTP_BYTES ? 0 : SCTP_BYTES;
    default: return 0;
    }
}

bool headers_look(const struct nic *nic, const struct packet *p, struct rx_headers *h)
{
    *h = (struct rx_headers){ .l3 = p->l3 };
    if (p->l3 == 0) return false;
    uint32_t type = be16_at(p, h->l3 - 2u);
    if (type == nic->mode.vet && type != ETHERTYPE_VLAN && h->l3 + VLAN_BYTES <= p->len) {
        type = be16_at(p, h->l3 + 2u);
        h->l3 += VLAN_BYTES;
    }
    if (type < TYPE_MIN && h->l3 + SNAP_BYTES <= p->len && be16_at(p, h->l3) == 0xaaaa &&
        be16_at(p, h->l3 + 2u) == 0x0300 && be16_at(p, h->l3 + 4u) == 0) {
        type = be16_at(p, h->l3 + 6u);
        h->l3 += SNAP_BYTES;
    }
    if (!(type == ETHERTYPE_IPV4 ? parse_ipv4(p, h) : type == ETHERTYPE_IPV6 && parse_ipv6(nic, p, h))) return false;
    h->l4_bytes = transport_bytes(p, h);
    h->tcp = h->l4_bytes && h->protocol == IPPROTO_TCP_;
    h->udp = h->l4_bytes && h->protocol == IPPROTO_UDP_;
    h->sctp = h->l4_bytes && h->protocol == PROTOCOL_SCTP;
    return true;
}

/* -- checksums ---------------------------------------------------------------------------------------------------- */

static uint32_t sum_bytes(const struct packet *p, uint32_t from, uint32_t end)
{
    uint32_t sum = 0;
    for (uint32_t i = from; i < end; i++) sum += (uint32_t)packet_byte(p, i) << ((i - from) % 2 ? 0 : 8);
    return sum;
}

static bool transport_ok(const struct packet *p, const struct rx_headers *h)
{
    uint32_t addresses = h->v4 ? 12 : 8, pseudo = h->v4 ? 8 : 32, from = h->l3 + addresses;
    uint32_t sum = sum_bytes(p, from, from + pseudo) + h->protocol + (h->end - h->l4);
    return checksum_fold(sum + sum_bytes(p, h->l4, h->end)) == 0;
}

/* Status bits of the checksums that were looked at, error bits of those that are wrong. */
static uint32_t verdict(const struct nic *nic, const struct packet *p, const struct rx_headers *h)
{
    bool given = p->flags & (PACKET_CSUM_BAD | PACKET_CSUM_PARTIAL);
    bool has_sum = h->tcp || (h->udp && (p->flags & PACKET_CSUM_PARTIAL || be16_at(p, h->l4 + 6u) != 0));
    bool l4 = has_sum && !h->home && !h->routed && (h->v4 || !nic->mode.v6_sums_off);
    uint32_t status = 0;

    if (h->v4 && h->protocol != PROTOCOL_IPV4) {
        status |= RXD_IPCS;
        bool wrong = given ? p->flags & PACKET_CSUM_BAD && !l4 : checksum_fold(sum_bytes(p, h->l3, h->l4)) != 0;
        if (wrong) status |= 1u << RXD_ERR_IPE_BIT;
    }
    if (l4) {
        status |= h->udp ? RXD_L4CS | RXD_UDPCS : RXD_L4CS;
        if (given ? p->flags & PACKET_CSUM_BAD : !transport_ok(p, h)) status |= 1u << RXD_ERR_TCPE_BIT;
    }
    return status;
}

void headers_describe(struct nic *nic, const struct packet *p, const struct rx_headers *h, struct rx_cb *cb)
{
    uint32_t status = verdict(nic, p, h);

    cb->types |= h->v4 ? RXD_TYPE_IPV4 : RXD_TYPE_IPV6;
    if (h->extended) cb->types |= h->v4 ? RXD_TYPE_IPV4_OPT : RXD_TYPE_IPV6_EXT;
    if (h->v4 && h->protocol == PROTOCOL_IPV6 && !h->fragment) cb->types |= RXD_TYPE_IPV6;
    if (h->tcp) cb->types |= RXD_TYPE_TCP;
    if (h->udp) cb->types |= RXD_TYPE_UDP;
    if (h->sctp) cb->types |= RXD_TYPE_SCTP;
    if (h->v4 && h->fragment && !h->later && h->protocol == IPPROTO_UDP_ && h->l4 + UDP_BYTES <= h->end &&
        be16_at(p, h->l4 + 6u) != 0)
        status |= RXD_UDPV;
    cb->status |= status;
    if (status & (1u << RXD_ERR_IPE_BIT | 1u << RXD_ERR_TCPE_BIT)) stats_add(nic, SLOT_XEC, 1);
}

uint32_t headers_fragment_sum(const struct packet *p)
{
    const uint8_t *ip = p->hdr + p->l3;
    bool udp = p->l3 && get_be16(ip - 2) == ETHERTYPE_IPV4 && p->l3 + IPV4_BYTES <= p->hdr_len &&
               get_be16(ip + 6) & IPV4_FRAGMENT && ip[9] == IPPROTO_UDP_;
    uint32_t from = p->l3 + (ip[0] & 15u) * 4, end = p->l3 + (uint32_t)get_be16(ip + 2);

    if (!udp || from > end || end > p->len) return 0;
    return (uint16_t)~checksum_fold(sum_bytes(p, from, end));
}

/* -- packet split ------------------------------------------------------------------------------------------------- */

/* The deepest header of those that PSRTYPE names. */
uint32_t headers_split_at(const struct nic *nic, const struct packet *p, uint32_t types)
{
    struct rx_headers h;
    uint32_t at = NIC_GET(PSRTYPE_L2, types) ? p->l3 : 0;

    if (headers_look(nic, p, &h)) {
        bool whole = !h.fragment || !NIC_GET(RFCTL_IPFRSP_DIS, nic->reg[SLOT_RFCTL]);
        if (NIC_GET(PSRTYPE_L2, types)) at = h.l3;
        if (whole && (h.v4 ? NIC_GET(PSRTYPE_IPV4, types) : NIC_GET(PSRTYPE_IPV6, types))) at = h.l4;
        if ((h.tcp && NIC_GET(PSRTYPE_TCP, types)) || (h.udp && NIC_GET(PSRTYPE_UDP, types))) at = h.l4 + h.l4_bytes;
    }
    return at <= HEADER_MAX ? at : 0;
}
