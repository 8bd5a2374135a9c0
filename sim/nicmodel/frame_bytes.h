/* SPDX-License-Identifier: GPL-3.0-or-later
 * frame_bytes.h -- the bytes of packets: of a received one as the host gets them, and of one to transmit, from the
 * pieces that descriptors name.
 *
 * To transmit, two ways.  When the pieces are, in order, exactly one packet that the machine bound for transmit, that packet is it,
 * and its payload need not be looked at.  Otherwise bytes are gathered from memory, and checksums computed over them. */
#ifndef SIM_NICMODEL_FRAME_BYTES_H
#define SIM_NICMODEL_FRAME_BYTES_H

#include <stdbool.h>
#include <stdint.h>

#include "machine/memory.h"
#include "net/headers.h"

/* What of a frame a card stores: short ones with their padding, unless their sender left that out. */
static inline uint32_t frame_stored_bytes(const struct packet *p)
{
    if (__builtin_expect(p->len >= FRAME_MIN_BYTES || p->flags & PACKET_RUNT, 1)) return p->len;
    uint32_t least = p->flags & PACKET_TAG_TAKEN ? FRAME_MIN_BYTES - VLAN_BYTES : FRAME_MIN_BYTES;
    return p->len < least ? least : p->len;
}

/* Bytes [offset, offset + bytes) of a frame as it is stored: behind the stored bytes comes its check sequence.  Sums
 * left to others (PACKET_CSUM_PARTIAL) read as they stand. */
void frame_read(const struct packet *p, uint32_t offset, uint8_t *to, uint32_t bytes);

/* Writes those bytes to the host, as memory_write_frame() does, whose result it returns; the last byte of the packet
 * itself gives it to a buffer slot.  Padding and check sequence only go into plain bytes. */
enum memory_result frame_store_end(struct memory *memory, struct packet *p, uint64_t addr, uint32_t offset,
                                   uint32_t bytes);
static inline enum memory_result frame_store(struct memory *memory, struct packet *p, uint64_t addr, uint32_t offset,
                                             uint32_t bytes)
{
    if (__builtin_expect(offset + bytes > p->len, 0)) return frame_store_end(memory, p, addr, offset, bytes);
    return memory_write_frame(memory, addr, p, offset, bytes, offset + bytes == p->len);
}

struct frame_piece {
    uint64_t addr;
    uint32_t bytes;
};

/* The bound packet that 'count' pieces of 'bytes' bytes in all are, or NULL.  It stays its owner's. */
struct packet *frame_bound(struct memory *memory, const struct frame_piece *piece, uint32_t count, uint32_t bytes);

/* A new packet, the caller's, with the bytes of all pieces, 'hdr_len' of them in hdr[]; NULL when one is refused by the
 * memory (the packet it began with is then dropped as DROP_NIC_BAD_ADDRESS). */
struct packet *frame_gather(struct packet_pool *pool, struct memory *memory, const struct frame_piece *piece,
                            uint32_t count, uint32_t hdr_len, sim_time now);

/* Stores the Internet checksum of bytes [from, end) as they are at byte 'at' and the next, which are zeroed before when
 * 'clear' is set.  Does nothing when that is not within the frame. */
void frame_checksum(struct packet *p, uint32_t from, uint32_t end, uint32_t at, bool clear);

#endif
