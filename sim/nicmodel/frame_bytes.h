/* SPDX-License-Identifier: GPL-3.0-or-later
 * frame_bytes.h -- the bytes of a transmit packet: from the pieces that descriptors name to a packet of ours.
 *
 * Two ways.  When the pieces are, in order, exactly one packet that the machine bound for transmit, that packet is it,
 * and its payload need not be looked at.  Otherwise bytes are gathered from memory, and checksums computed over them. */
#ifndef SIM_NICMODEL_FRAME_BYTES_H
#define SIM_NICMODEL_FRAME_BYTES_H

#include <stdbool.h>
#include <stdint.h>

#include "machine/memory.h"
#include "net/packet.h"

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
