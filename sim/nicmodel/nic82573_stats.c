/* SPDX-License-Identifier: GPL-3.0-or-later
 * nic82573_stats.c -- statistics registers: saturating, cleared by reading (manual 13.7).
 *
 * Byte counters have 64 bits in two registers; reading the high one clears both.  What half duplex and a worn cable
 * would count (collisions, symbol and alignment errors) stays 0. */
#include "nicmodel/nic82573_impl.h"

void stats73_add(struct nic82573 *nic, int slot, uint32_t n)
{
    uint64_t sum = (uint64_t)nic->reg[slot] + n;
    nic->reg[slot] = sum > UINT32_MAX ? UINT32_MAX : (uint32_t)sum;
}

void stats73_good(struct nic82573 *nic, const struct packet *p, uint32_t bytes, bool tx)
{
    bytes += FRAME_FCS_BYTES;
    int size = frame_size_class(bytes);
    (tx ? nic->tx_size : nic->rx_size)[size]++;
    stats73_add(nic, (tx ? SLOT_PTC64 : SLOT_PRC64) + size, 1);
    stats73_add(nic, tx ? SLOT_GPTC : SLOT_GPRC, 1);
    stats73_add(nic, tx ? SLOT_TPT : SLOT_TPR, 1);
    nic->bytes[tx ? BYTES_GOTC : BYTES_GORC] += bytes;
    nic->bytes[tx ? BYTES_TOT : BYTES_TOR] += bytes;
    if (!mac_is_group(p->hdr)) return;
    bool broadcast = get_be32(p->hdr) == UINT32_MAX && get_be16(p->hdr + 4) == UINT16_MAX;
    if (broadcast)
        stats73_add(nic, tx ? SLOT_BPTC : SLOT_BPRC, 1);
    else
        stats73_add(nic, tx ? SLOT_MPTC : SLOT_MPRC, 1);
}

void stats73_filtered(struct nic82573 *nic, uint32_t bytes)
{
    stats73_add(nic, SLOT_TPR, 1);
    nic->bytes[BYTES_TOR] += bytes + FRAME_FCS_BYTES;
}

static uint64_t *counter_of(struct nic82573 *nic, int slot)
{
    switch (slot) {
    case SLOT_GORCL: case SLOT_GORCH: return &nic->bytes[BYTES_GORC];
    case SLOT_GOTCL: case SLOT_GOTCH: return &nic->bytes[BYTES_GOTC];
    case SLOT_TORL: case SLOT_TORH: return &nic->bytes[BYTES_TOR];
    default: return &nic->bytes[BYTES_TOT];
    }
}

uint32_t nic82573_read_bytes(struct nic82573 *nic, int slot)
{
    return (uint32_t)*counter_of(nic, slot);
}

uint32_t nic82573_read_bytes_high(struct nic82573 *nic, int slot)
{
    uint64_t *bytes = counter_of(nic, slot);
    uint32_t high = (uint32_t)(*bytes >> 32);
    *bytes = 0;
    return high;
}
