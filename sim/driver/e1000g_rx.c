/* SPDX-License-Identifier: GPL-3.0-or-later
 * e1000g_rx.c -- takes finished frames out of the receive ring.
 *
 * As in ixgbe_rx.c: a descriptor is finished when its DD bit is set, its frame is in the buffer of the same index, the
 * buffer goes back at once, and the tail stays one behind 'next'.  Descriptors are of the legacy form. */
#include "driver/e1000g_impl.h"

enum { RXD_DD = 1, RXD_EOP = 2, RXD_TCPE = 1 << 5, RXD_IPE = 1 << 6 };

void e1000g_rx_create(struct e1000g *d, const char *mutex_name)
{
    struct rx_ring *r = &d->rx;
    uint8_t *bytes;

    r->n = d->config.rx_descs;
    r->base = memory_map_bytes(d->memory, r->n * DESC_BYTES, d->config.node, &bytes);
    r->desc = (struct descriptor *)(void *)bytes;
    r->buffers = memory_map_buffers(d->memory, r->n, d->slot_bytes, d->config.node);
    r->lock = mutex_create(d->machine, mutex_name);
    r->touch.home = (int16_t)d->config.node;
    for (uint32_t i = 0; i < r->n; i++) r->desc[i].q[0] = r->buffers + (uint64_t)i * d->slot_bytes;
}

static uint32_t next_index(const struct rx_ring *r, uint32_t i)
{
    return i + 1 == r->n ? 0 : i + 1;
}

static bool done(const struct rx_ring *r, uint32_t i)
{
    return r->desc[i].q[1] >> 32 & RXD_DD;
}

/* Descriptors of the frame that begins at 'next', its bytes and its error bits; 0 while it is not wholly there. */
static uint32_t frame_descs(const struct rx_ring *r, uint32_t *bytes, uint32_t *errors)
{
    uint32_t count = 0;

    *bytes = 0;
    for (uint32_t i = r->next; done(r, i) && count < r->n; i = next_index(r, i)) {
        uint64_t word = r->desc[i].q[1];
        count++;
        *bytes += (uint32_t)word & 0xffff;
        *errors = (uint32_t)(word >> 40) & 0xff;
        if (word >> 32 & RXD_EOP) return count;
    }
    return 0;
}

/* Empties 'count' slots and posts them again; the frame, or NULL when the device put it elsewhere. */
static struct packet *take(struct e1000g *d, uint32_t count)
{
    struct rx_ring *r = &d->rx;
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

uint32_t e1000g_rx_burst(struct netdev *nd, int ring, struct packet_queue *out, uint32_t max_pkts, uint64_t max_bytes,
                         bool first)
{
    struct e1000g *d = e1000g_of(nd);
    struct rx_ring *r = &d->rx;
    uint32_t packets = 0, descs = 0, bytes = 0, errors = 0, count;
    uint64_t total = 0, copied = 0;
    int header_lines = 0;
    (void)ring;

    if (!mutex_enter(r->lock)) {
        r->counter[E1000G_RX_blocked]++;
        return NETDEV_BLOCKED;
    }
    if (first) machine_charge(d->machine, COST_DRV_RX_POLL, 1);
    machine_touch(d->machine, &r->touch, 1);
    device_sync(&d->config.device);
    if (max_pkts > E1000G_RX_LIMIT_PKTS) max_pkts = E1000G_RX_LIMIT_PKTS;
    while (packets < max_pkts && (count = frame_descs(r, &bytes, &errors)) > 0) {
        if (packets > 0 && total + bytes > max_bytes) break;
        struct packet *p = take(d, count);
        descs += count;
        if (!p) {
            r->counter[E1000G_RX_lost]++;
            continue;
        }
        if (errors & (RXD_TCPE | RXD_IPE)) r->counter[E1000G_RX_csum_errors]++;
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
        reg_write_ordered(d, &r->tail_order, NIC_OFFSET(RDT, 0), r->next ? r->next - 1 : r->n - 1);
    }
    r->counter[packets ? E1000G_RX_bursts : E1000G_RX_empty]++;
    r->counter[E1000G_RX_packets] += packets;
    r->counter[E1000G_RX_bytes] += total;
    mutex_exit(r->lock);
    return packets;
}

/* Reading ICR for another cause clears this one too, so it is set by software: frames that came meanwhile are found. */
bool e1000g_rx_intr_enable(struct netdev *nd, int ring)
{
    struct e1000g *d = e1000g_of(nd);
    (void)ring;
    d->rx.counter[E1000G_RX_enables]++;
    d->rx.masked = false;
    reg_write(d, NIC_OFFSET(IMS, 0), NIC_MASK(ICR_RXT0));
    reg_write(d, NIC_OFFSET(ICS, 0), NIC_MASK(ICR_RXT0));
    device_sync(&d->config.device);
    return done(&d->rx, d->rx.next);
}

void e1000g_rx_intr_disable(struct netdev *nd, int ring)
{
    struct e1000g *d = e1000g_of(nd);
    (void)ring;
    d->rx.counter[E1000G_RX_disables]++;
    d->rx.masked = true;
    reg_write(d, NIC_OFFSET(IMC, 0), NIC_MASK(ICR_RXT0));
}
