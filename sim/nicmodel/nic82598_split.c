/* SPDX-License-Identifier: GPL-3.0-or-later
 * nic82598_split.c -- header split and replication: what of a frame goes into the header buffer of its first
 * descriptor (datasheet 3.5.2.4 and 3.5.2.5).  The header is what PSRTYPE selects.
 *
 *     DESCTYPE           frame                  header buffer       packet buffers     SPH HBO  HDR_BUF_LEN
 *     split              no header                                  frame               0   0
 *                        header fits            header              the rest            1   0   header
 *                        header does not fit                        frame               1   1   header
 *     split always       frame fits             frame                                   0   0   frame
 *                        no header              as much as fits     the rest            0   0   BSIZEHEADER
 *                        header fits            header              the rest            1   0   header
 *                        header does not fit    as much as fits     the rest            1   1   header
 *     replication        no header                                  frame               0   0
 *                        header                 as much as fits     frame               1   0   header
 *     large frames only  frame fits             frame                                   as parsed; length: the frame's
 *                        else as replication
 *
 * A header of 1 KiB or more is no header, and neither is any with BSIZEHEADER 0.  Where the sources are silent: a
 * replica is a copy, so its buffer must be plain bytes. */
#include "nicmodel/nic82598_impl.h"

struct rx_cut split_cut(const struct nic *nic, struct packet *p, uint32_t len)
{
    unsigned mode = rx_cb(p)->mode;
    const struct rx_buffer *b = &nic->mode.buffer[mode];
    uint32_t room = b->head_bytes, header = headers_split_at(nic, p, nic->reg[SLOT_PSRTYPE + (int)mode]);
    uint32_t full = len < room ? len : room;
    bool found = header > 0 && room > 0, fits = found && header <= room;
    struct rx_cut none = { 0 }, cut = { .told = header, .found = found };

    if (room == 0) return none;
    switch (b->type) {
    case DESCTYPE_SPLIT:
        cut.head = fits ? header : 0;
        cut.overflow = found && !fits;
        return found ? cut : none;
    case DESCTYPE_SPLIT_ALWAYS:
        if (len <= room) return (struct rx_cut){ .head = len, .told = len };
        if (!found) return (struct rx_cut){ .head = room, .told = room };
        cut.head = fits ? header : room;
        cut.overflow = !fits;
        return cut;
    case DESCTYPE_REPLICATE_LARGE:
        if (found && len <= room) {
            cut.head = len;
            cut.whole = true;
            return cut;
        } /* fall through */
    case DESCTYPE_REPLICATE:
        cut.replica = full;
        return found ? cut : none;
    default: return none;
    }
}

enum memory_result split_store(struct nic *nic, struct packet *p, const struct rx_cut *cut, uint64_t addr, int node)
{
    uint8_t copy[64 * 64]; /* the largest BSIZEHEADER */
    uint32_t bytes = cut->head + cut->replica;
    enum memory_result r = MEMORY_COPIED;

    if (cut->replica) {
        headers_finish(p);
        frame_read(p, 0, copy, bytes);
        if (!memory_write(nic->memory, addr, copy, bytes)) r = MEMORY_REFUSED;
    } else if (bytes) {
        r = frame_store(nic->memory, p, addr, 0, bytes);
    }
    if (bytes) pcie_dma_write(nic->pcie, addr, bytes, node);
    return r;
}
