/* SPDX-License-Identifier: GPL-3.0-or-later
 * pause.c -- PAUSE frames as bytes: destination, source, 8808, opcode, times; zeros up to the smallest frame. */
#include "net/pause.h"

#include <string.h>

enum {
    ETHERTYPE_MAC_CONTROL = 0x8808, OPCODE_PAUSE = 0x0001, OPCODE_PRIORITY = 0x0101,
    TYPE = 12, OPCODE = 14, TIMES = 16, /* offsets */
    LINK_BYTES = 18, PRIORITY_BYTES = 34,
};

const struct mac_addr pause_address = { { 0x01, 0x80, 0xc2, 0x00, 0x00, 0x01 } };

struct packet *pause_frame(struct packet_pool *pool, sim_time now, struct mac_addr src, const struct pause *pause)
{
    struct packet *p = packet_new(pool, now);

    memset(p->hdr, 0, FRAME_MIN_BYTES);
    memcpy(p->hdr, pause_address.byte, 6);
    memcpy(p->hdr + 6, src.byte, 6);
    put_be16(p->hdr + TYPE, ETHERTYPE_MAC_CONTROL);
    put_be16(p->hdr + OPCODE, pause->priority ? OPCODE_PRIORITY : OPCODE_PAUSE);
    if (pause->priority) {
        put_be16(p->hdr + TIMES, pause->classes);
        for (int i = 0; i < PAUSE_CLASSES; i++) put_be16(p->hdr + TIMES + 2 + 2 * i, pause->quanta[i]);
    } else {
        put_be16(p->hdr + TIMES, pause->quanta[0]);
    }
    p->len = FRAME_MIN_BYTES;
    p->hdr_len = FRAME_MIN_BYTES;
    return p;
}

bool pause_parse(const struct packet *p, struct pause *pause)
{
    if (p->hdr_len < LINK_BYTES || get_be16(p->hdr + TYPE) != ETHERTYPE_MAC_CONTROL) return false;
    uint32_t opcode = get_be16(p->hdr + OPCODE);

    *pause = (struct pause){ .priority = opcode == OPCODE_PRIORITY };
    if (opcode == OPCODE_PAUSE) {
        pause->quanta[0] = (uint16_t)get_be16(p->hdr + TIMES);
        return true;
    }
    if (opcode != OPCODE_PRIORITY || p->hdr_len < PRIORITY_BYTES) return false;
    pause->classes = (uint8_t)get_be16(p->hdr + TIMES);
    for (int i = 0; i < PAUSE_CLASSES; i++) pause->quanta[i] = (uint16_t)get_be16(p->hdr + TIMES + 2 + 2 * i);
    return true;
}

sim_dur pause_time(uint16_t quanta, sim_rate rate)
{
    return sim_wire_time((int64_t)quanta * PAUSE_QUANTUM_BITS / 8, rate);
}
