/* SPDX-License-Identifier: GPL-3.0-or-later
 * frame_facts.h -- what the receive filters of all modelled cards look up in a frame. */
#ifndef SIM_NICMODEL_FRAME_FACTS_H
#define SIM_NICMODEL_FRAME_FACTS_H

#include <stdbool.h>
#include <stdint.h>

#include "net/headers.h"

/* An address as the filter registers hold it: its first byte lowest. */
static inline uint64_t frame_address(const uint8_t *b)
{
    return (uint64_t)b[0] | (uint64_t)b[1] << 8 | (uint64_t)b[2] << 16 | (uint64_t)b[3] << 24 | (uint64_t)b[4] << 32 |
           (uint64_t)b[5] << 40;
}

/* Bit of the 4096-bit multicast table for an address: its bits [47:36], [46:35], [45:34] or [43:32], for offset 0 to 3. */
static inline uint32_t frame_multicast_index(uint64_t address, unsigned offset)
{
    return (uint32_t)(address >> (36u - offset - (offset == 3))) & 0xfff;
}

/* Size class of the statistics registers for a frame of 'bytes' with FCS: 64, 65 to 127, ... 1024 and more. */
enum { FRAME_SIZE_CLASSES = 6 };
static inline int frame_size_class(uint32_t bytes)
{
    int bits = 32 - __builtin_clz(bytes);
    return bytes <= 64 ? 0 : bits <= 10 ? bits - 6 : FRAME_SIZE_CLASSES - 1;
}

/* What the headers are, looked up once. */
struct frame_kind {
    bool ip, v4, tcp, udp;   /* tcp, udp: with their header in this frame, and the frame no fragment */
};

static inline struct frame_kind frame_kind_of(const struct packet *p)
{
    enum { IPV4_FRAGMENT = 0x3fff };
    const uint8_t *ip = p->hdr + p->l3;
    struct frame_kind k = { 0 };

    if (p->l3 == 0) return k;
    uint32_t type = get_be16(ip - 2), protocol;
    if (type == ETHERTYPE_IPV4 && p->l3 + IPV4_BYTES <= p->hdr_len) {
        k.ip = k.v4 = true;
        protocol = p->l4 && !(get_be16(ip + 6) & IPV4_FRAGMENT) ? ip[9] : 0;
    } else if (type == ETHERTYPE_IPV6 && p->l3 + IPV6_BYTES <= p->hdr_len) {
        k.ip = true;
        protocol = p->l4 ? ip[6] : 0;
    } else {
        return k;
    }
    k.tcp = protocol == IPPROTO_TCP_;
    k.udp = protocol == IPPROTO_UDP_;
    return k;
}

#endif
