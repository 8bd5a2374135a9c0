/* SPDX-License-Identifier: GPL-3.0-or-later
 * frame_bytes.c -- gathers the bytes of transmit packets and sums over them. */
#include "nicmodel/frame_bytes.h"

#include <stdlib.h>

#include "core/assert.h"
#include "net/headers.h"

struct packet *frame_bound(struct memory *memory, const struct frame_piece *piece, uint32_t count, uint32_t bytes)
{
    uint64_t addr = piece[0].addr, end = addr;
    uint32_t offset;

    for (uint32_t i = 0; i < count; i++) {
        if (piece[i].addr != end) return NULL;
        end += piece[i].bytes;
    }
    struct packet *p = memory_find_bound(memory, addr, bytes, &offset);
    return p && offset == 0 && p->len == bytes ? p : NULL;
}

struct packet *frame_gather(struct packet_pool *pool, struct memory *memory, const struct frame_piece *piece,
                            uint32_t count, uint32_t hdr_len, sim_time now)
{
    struct packet *p = packet_new(pool, now);
    uint32_t done = 0;

    for (uint32_t i = 0; i < count; i++) p->len += piece[i].bytes;
    p->hdr_len = (uint16_t)hdr_len;
    if (p->len > hdr_len) {
        p->stored = malloc(p->len - hdr_len);
        SIM_ASSERT(p->stored);
    }
    for (uint32_t i = 0; i < count; i++) {
        uint64_t addr = piece[i].addr;
        uint32_t left = piece[i].bytes;
        while (left > 0) {
            bool in_hdr = done < hdr_len;
            uint32_t n = in_hdr && left > hdr_len - done ? hdr_len - done : left;
            if (!memory_read(memory, addr, in_hdr ? p->hdr + done : p->stored + (done - hdr_len), n)) {
                packet_drop(pool, p, DROP_NIC_BAD_ADDRESS);
                return NULL;
            }
            addr += n, done += n, left -= n;
        }
    }
    headers_parse(p);
    return p;
}

void frame_checksum(struct packet *p, uint32_t from, uint32_t end, uint32_t at, bool clear)
{
    if (from >= end || end > p->len || at + 1 >= p->len || at < from) return;
    uint8_t *byte[2];
    for (uint32_t i = 0; i < 2; i++) byte[i] = at + i < p->hdr_len ? &p->hdr[at + i] : &p->stored[at + i - p->hdr_len];
    if (clear) *byte[0] = *byte[1] = 0;
    uint32_t sum = 0;
    for (uint32_t i = from; i < end; i++) sum += (uint32_t)packet_byte(p, i) << ((i - from) % 2 ? 0 : 8);
    uint16_t folded = checksum_fold(sum);
    *byte[0] = (uint8_t)(folded >> 8);
    *byte[1] = (uint8_t)folded;
}
