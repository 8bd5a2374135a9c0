/* SPDX-License-Identifier: GPL-3.0-or-later
 * pieces.h -- how drivers cut a packet for transmit descriptors: a small one is copied whole, a larger one is given as header
 * and payload apart, and no descriptor has more than 'piece_bytes'. */
#ifndef SIM_DRIVER_PIECES_H
#define SIM_DRIVER_PIECES_H

#include "net/packet.h"

/* Bytes of the first piece; packets of up to 'copy_bytes' are copied. */
static inline uint32_t first_piece(const struct packet *p, uint32_t copy_bytes)
{
    return p->len <= copy_bytes || p->hdr_len >= p->len ? p->len : p->hdr_len;
}

/* How many there are. */
static inline uint32_t pieces(const struct packet *p, uint32_t copy_bytes, uint32_t piece_bytes)
{
    return 1 + (p->len - first_piece(p, copy_bytes) + piece_bytes - 1) / piece_bytes;
}

#endif
