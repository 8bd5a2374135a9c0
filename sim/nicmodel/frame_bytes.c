/* SPDX-License-Identifier: GPL-3.0-or-later
 * frame_bytes.c -- bytes of received frames, with padding and check sequence; bytes of transmit packets, and sums. */
#include "nicmodel/frame_bytes.h"

#include <stdlib.h>

#include "core/assert.h"
#include "net/headers.h"

/* IEEE 802.3, clause 3.2.9: CRC-32 over the frame, padding included, lowest bit first. */
static uint32_t check_sequence(const struct packet *p)
{
    const uint32_t polynomial = 0xedb88320;
    uint32_t crc = UINT32_MAX, bytes = frame_stored_bytes(p);

    for (uint32_t i = 0; i < bytes; i++) {
        crc ^= i < p->len ? packet_byte(p, i) : 0u;
        for (int bit = 0; bit < 8; bit++) crc = crc >> 1 ^ (crc & 1 ? polynomial : 0);
    }
    return p->flags & PACKET_FCS_BAD ? crc : ~crc;
}

void frame_read(const struct packet *p, uint32_t offset, uint8_t *to, uint32_t bytes)
{
    uint32_t stored = frame_stored_bytes(p), end = offset + bytes;

    packet_read(p, offset, to, bytes);
    if (end <= stored) return;
    uint32_t crc = check_sequence(p);
    for (uint32_t i = offset > stored ? offset : stored; i < end; i++) to[i - offset] = (uint8_t)(crc >> (i - stored) * 8);
}

enum memory_result frame_store_end(struct memory *memory, struct packet *p, uint64_t addr, uint32_t offset,
                                   uint32_t bytes)
{
    uint8_t tail[FRAME_MIN_BYTES + FRAME_FCS_BYTES];
    uint32_t real = offset < p->len ? p->len - offset : 0;
    enum memory_result r = MEMORY_COPIED;

    if (real) r = memory_write_frame(memory, addr, p, offset, real, true);
    if (r != MEMORY_COPIED) return r;
    frame_read(p, offset + real, tail, bytes - real);
    if (memory_write(memory, addr + real, tail, bytes - real)) return r;
    return !real && memory_node(memory, addr) >= 0 ? r : MEMORY_REFUSED; /* a slot has no place for it */
}

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
