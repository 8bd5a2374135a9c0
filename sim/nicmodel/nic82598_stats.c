/* SPDX-License-Identifier: GPL-3.0-or-later
 * nic82598_stats.c -- statistics registers: saturating, cleared by reading (datasheet 4.4.3.12).
 *
 * Frames are counted once, in totals that never shrink; the registers learn what is new when one of them is read, or
 * when the queues' statistics slots change.  What happens rarely (errors, missed frames) is added at once.
 *
 * As in the real device, GPRC counts missed frames, MPRC broadcasts, TPR and TOR frames that a filter refused, GPTC,
 * PTC64, MPTC and GOTC PAUSE frames, and the byte counters have everything in the upper register.  Nothing in the model
 * makes illegal bytes, remote faults or management traffic: ILLERRC, ERRBC, MRFC and MNG* stay 0. */
#include "nicmodel/nic82598_impl.h"

void stats_add(struct nic *nic, int slot, uint64_t n)
{
    uint64_t sum = nic->reg[slot] + n;
    nic->reg[slot] = sum > UINT32_MAX ? UINT32_MAX : (uint32_t)sum;
}

/* What 'total' has grown by since it was last told. */
static uint64_t news(uint64_t total, uint64_t *told)
{
    uint64_t n = total - *told;
    *told = total;
    return n;
}

/* One direction: sizes, packets, bytes with FCS, and the queues' shares in their statistics slots. */
static void fold(struct nic *nic, const struct frame_totals *t, struct frame_totals *told, bool tx)
{
    uint64_t packets = 0;

    for (int i = 0; i < SIZE_CLASSES; i++) {
        uint64_t n = news(t->size[i], &told->size[i]);
        stats_add(nic, (tx ? SLOT_PTC64 : SLOT_PRC64) + i, n);
        packets += n;
    }
    uint64_t bytes = news(t->bytes, &told->bytes);
    stats_add(nic, tx ? SLOT_GPTC : SLOT_GPRC, packets);
    stats_add(nic, tx ? SLOT_TPT : SLOT_TPR, packets);
    stats_add(nic, tx ? SLOT_GOTCH : SLOT_GORCH, bytes);
    if (!tx) stats_add(nic, SLOT_TORH, bytes);
    for (int q = 0; q < (tx ? NIC_TX_QUEUES : NIC_RX_QUEUES); q++) {
        int slot = (int)(nic->reg[(tx ? SLOT_TQSMR : SLOT_RQSMR) + q / 4] >> (q % 4 * 8) & 15);
        stats_add(nic, (tx ? SLOT_QPTC : SLOT_QPRC) + slot, news(t->queue_packets[q], &told->queue_packets[q]));
        stats_add(nic, (tx ? SLOT_QBTC : SLOT_QBRC) + slot, news(t->queue_bytes[q], &told->queue_bytes[q]));
    }
}

void stats_fold(struct nic *nic)
{
    fold(nic, &nic->rx_total, &nic->rx_told, false);
    fold(nic, &nic->tx_total, &nic->tx_told, true);
}

void stats_reset(struct nic *nic)
{
    nic->rx_told = nic->rx_total;
    nic->tx_told = nic->tx_total;
}

void stats_group(struct nic *nic, const struct packet *p, bool tx)
{
    bool broadcast = get_be32(p->hdr) == UINT32_MAX && get_be16(p->hdr + 4) == UINT16_MAX;

    if (broadcast) stats_add(nic, tx ? SLOT_BPTC : SLOT_BPRC, 1);
    if (!tx || !broadcast) stats_add(nic, tx ? SLOT_MPTC : SLOT_MPRC, 1);
}
