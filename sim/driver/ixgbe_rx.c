/* SPDX-License-Identifier: GPL-3.0-or-later
 * ixgbe_rx.c -- takes finished frames out of a receive ring.
 *
 *     [ done | done | done | posted ... posted | gap ]      'next' is the first that may be done; the tail stays one
 *      next                               tail               behind it, so that a full ring is not an empty one
 *
 * A descriptor is finished when its DD bit is set; its frame is in the buffer of the same index.  The buffer goes
 * back at once: small frames are copied out, large ones exchanged, and in both cases the ring gets a buffer at
 * the address it had. */
#include <stdio.h>

#include "driver/ixgbe_impl.h"

void ixgbe_rx_create(struct ixgbe *d, struct rx_ring *r)
{
    uint8_t *bytes;
    char name[128];

    snprintf(name, sizeof name, "%s/rx%d", d->config.name, r->index);
    r->n = d->config.rx_descs;
    r->base = memory_map_bytes(d->memory, r->n * DESC_BYTES, d->config.node, &bytes);
    r->desc = (struct descriptor *)(void *)bytes;
    r->buffers = memory_map_buffers(d->memory, r->n, d->slot_bytes, d->config.node);
    r->lock = mutex_create(d->machine, name + ixgbe_machine_prefix(d));
    r->touch.home = (int16_t)d->config.node;
    for (uint32_t i = 0; i < r->n; i++) r->desc[i].q[0] = r->buffers + (uint64_t)i * d->slot_bytes;
}

static uint32_t next_index(const struct rx_ring *r, uint32_t i)
{
    return i + 1 == r->n ? 0 : i + 1;
}

static bool done(const struct rx_ring *r, uint32_t i)
{
    return r->desc[i].q[1] & RXD_DD;
}

/* Descriptors of the frame that begins at 'next', and its bytes; 0 while it is not wholly there. */
static uint32_t frame_descs(const struct rx_ring *r, uint32_t *bytes)
{
    uint32_t count = 0;

    *bytes = 0;
    for (uint32_t i = r->next; done(r, i) && count < r->n; i = next_index(r, i)) {
        uint64_t word = r->desc[i].q[1];
        count++;
        *bytes += (uint32_t)(word >> 32) & 0xffff;
        if (word & RXD_EOP) return count;
    }
    return 0;
}

/* Empties 'count' slots and posts them again; the frame, or NULL when the device put it elsewhere. */
static struct packet *take(struct rx_ring *r, uint32_t count)
{
    struct ixgbe *d = r->d;
    struct packet *p = NULL;

    for (; count > 0; count--) {
        bus_addr addr = r->buffers + (uint64_t)r->next * d->slot_bytes;
        uint32_t held;
        struct packet *got = memory_take_frame(d->memory, addr, &held);
        if (got) p = got;
        r->desc[r->next] = (struct descriptor){ { addr, 0 } };
        r->next = next_index(r, r->next);
    }
    return p;
}

static int lines(uint32_t bytes)
{
    return (int)((bytes + LINE_BYTES - 1) / LINE_BYTES);
}

uint32_t ixgbe_rx_burst(struct ixgbe *d, int ring, struct packet_queue *out, uint32_t max_pkts, uint64_t max_bytes,
                        bool first)
{
    struct rx_ring *r = &d->rx[ring];
    uint32_t packets = 0, descs = 0, bytes = 0, count;
    uint64_t total = 0, copied = 0;
    int header_lines = 0;

    if (!mutex_enter(r->lock)) {
        r->counter[IXGBE_RX_blocked]++;
        return IXGBE_RX_BLOCKED;
    }
    if (first) machine_charge(d->machine, COST_DRV_RX_POLL, 1);
    machine_touch(d->machine, &r->touch, 1);
    sync_device(d);
    if (max_pkts > IXGBE_RX_LIMIT_PKTS) max_pkts = IXGBE_RX_LIMIT_PKTS;
    while (packets < max_pkts && (count = frame_descs(r, &bytes)) > 0) {
        if (packets > 0 && total + bytes > max_bytes) break;
        uint32_t errors = (uint32_t)(r->desc[r->next].q[1] >> 30) & 3;
        struct packet *p = take(r, count);
        descs += count;
        if (!p) {
            r->counter[IXGBE_RX_lost]++;
            continue;
        }
        if (errors) r->counter[IXGBE_RX_csum_errors]++;
        if (bytes <= RX_COPY_BYTES) copied += bytes;
        header_lines += lines(p->hdr_len);
        total += bytes;
        packets++;
        packet_queue_push(out, p);
    }
    machine_touch_dma(d->machine, d->config.node, header_lines + (int)(descs + LINE_DESCS - 1) / LINE_DESCS);
    if (descs > 0) {
        machine_charge(d->machine, COST_DRV_RX_PACKET, packets);
        machine_charge(d->machine, COST_DRV_RX_REFILL, descs);
        machine_charge(d->machine, COST_COPY_BYTE, (int64_t)copied);
        reg_write(d, NIC_OFFSET(RDT, r->queue), r->next ? r->next - 1 : r->n - 1);
    }
    r->counter[packets ? IXGBE_RX_bursts : IXGBE_RX_empty]++;
    r->counter[IXGBE_RX_packets] += packets;
    r->counter[IXGBE_RX_bytes] += total;
    mutex_exit(r->lock);
    return packets;
}

bool ixgbe_rx_intr_enable(struct ixgbe *d, int ring)
{
    struct rx_ring *r = &d->rx[ring];
    r->counter[IXGBE_RX_enables]++;
    ivar_set(d, r->queue, r->vector, true);
    reg_write(d, NIC_OFFSET(EICS, 0), 1u << r->vector);
    sync_device(d);
    return done(r, r->next);
}

void ixgbe_rx_intr_disable(struct ixgbe *d, int ring)
{
    struct rx_ring *r = &d->rx[ring];
    r->counter[IXGBE_RX_disables]++;
    ivar_set(d, r->queue, r->vector, false);
}
