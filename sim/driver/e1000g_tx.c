/* SPDX-License-Identifier: GPL-3.0-or-later
 * e1000g_tx.c -- puts packets into the transmit ring and takes them out when the device is done.
 *
 *     [ free | context? header payload payload* | header payload | free ]
 *       head ^                                            tail ^
 *
 * The last descriptor of a packet asks for a report that may be delayed (RS, IDE) and holds DD when the device is done.
 * Whole packets up to 512 bytes are copied into one buffer; of larger ones the header is a piece of its own and the
 * payload is bound in pieces of up to 8 KiB.  A packet without work for the device has legacy descriptors; for one with,
 * a context descriptor is written when it differs from the last of its kind. */
#include <stdlib.h>

#include "driver/e1000g_impl.h"
#include "driver/pieces.h"

enum {
    TXD_DD = 1, TYPE_DATA = 1, CMD_EOP = 1, CMD_IFCS = 2, CMD_TSE = 4, CMD_RS = 8, CMD_DEXT = 32, CMD_IDE = 128,
    TUCMD_TCP = 1, TUCMD_IP = 2, POPTS_IXSM = 1, POPTS_TXSM = 2, IP_SUM = 10, TCP_SUM = 16, UDP_SUM = 6,
};

void e1000g_tx_create(struct e1000g *d, const char *mutex_name)
{
    struct tx_ring *r = &d->tx;
    uint8_t *bytes;

    r->n = d->config.tx_descs;
    r->free = r->n - 1;
    r->base = memory_map_bytes(d->memory, r->n * DESC_BYTES, d->config.node, &bytes);
    r->desc = (struct descriptor *)(void *)bytes;
    r->slot = calloc(r->n, sizeof *r->slot);
    SIM_ASSERT(r->slot);
    r->lock = mutex_create(d->machine, mutex_name);
    r->touch.home = (int16_t)d->config.node;
}

static uint32_t next_index(const struct tx_ring *r, uint32_t i)
{
    return i + 1 == r->n ? 0 : i + 1;
}

/* -- reclaim ------------------------------------------------------------------------------------------------------ */

/* With the lock held. */
static uint32_t recycle(struct e1000g *d)
{
    struct tx_ring *r = &d->tx;
    uint32_t count = 0;

    if (r->head != r->tail) device_sync(&d->config.device);
    while (r->head != r->tail) {
        struct tx_slot *s = &r->slot[r->head];
        if (!(r->desc[s->last].q[1] >> 32 & TXD_DD)) break;
        packet_segmented(d->config.pool, memory_unbind(d->memory, s->addr));
        d->bound--;
        count += s->last >= r->head ? s->last - r->head + 1 : s->last + r->n - r->head + 1;
        r->head = next_index(r, s->last);
    }
    r->free += count;
    r->counter[E1000G_TX_recycled] += count;
    machine_charge(d->machine, COST_DRV_TX_RECYCLE, count);
    if (count) machine_touch_dma(d->machine, d->config.node, (int)(count + LINE_DESCS - 1) / LINE_DESCS);
    return count;
}

uint32_t e1000g_tx_recycle(struct netdev *nd, int ring)
{
    struct e1000g *d = e1000g_of(nd);
    struct tx_ring *r = &d->tx;
    const struct netdev_callbacks *cb = &d->config.callbacks;
    if (r->head == r->tail && !r->wants_update) return 0;
    if (!mutex_enter(r->lock)) {
        r->counter[E1000G_TX_blocked]++;
        return NETDEV_BLOCKED;
    }
    uint32_t count = recycle(d);
    bool due = r->wants_update && (r->free > TX_RESUME_FREE || r->free == r->n - 1);
    if (due) r->wants_update = false;
    mutex_exit(r->lock);
    if (!due) return count;
    r->counter[E1000G_TX_updates]++;
    if (cb->tx_update) cb->tx_update(cb->owner, ring);
    return count;
}

uint32_t e1000g_tx_free(const struct netdev *nd, int ring)
{
    (void)ring;
    return ((const struct e1000g *)(const void *)nd)->tx.free;
}

/* -- send --------------------------------------------------------------------------------------------------------- */

static bool offloaded(const struct packet *p)
{
    return p->flags & PACKET_CSUM_PARTIAL || p->gso_mss;
}

/* Where the device finds and puts sums, and how it cuts. */
static struct descriptor context_of(const struct packet *p)
{
    uint64_t l3 = p->l3, l4 = p->l4 ? p->l4 : p->l3 + (uint64_t)(p->hdr[p->l3] & 15) * 4;
    bool tcp = headers_ip_protocol(p) == IPPROTO_TCP_;
    uint64_t sums = l3 | (l3 + IP_SUM) << 8 | (l4 - 1) << 16 | l4 << 32 | (l4 + (tcp ? TCP_SUM : UDP_SUM)) << 40;
    uint64_t command = CMD_DEXT | CMD_IDE | (tcp ? TUCMD_TCP : 0) | (headers_is_ipv4(p) ? TUCMD_IP : 0);

    if (!p->gso_mss) return (struct descriptor){ { sums, command << 24 } };
    return (struct descriptor){ { sums, (p->len - p->payload) | (command | CMD_TSE) << 24 |
                                  (uint64_t)p->payload << 40 | (uint64_t)p->gso_mss << 48 } };
}

static void put(struct tx_ring *r, uint64_t q0, uint64_t q1)
{
    r->desc[r->tail] = (struct descriptor){ { q0, q1 } };
    r->tail = next_index(r, r->tail);
    r->free--;
}

/* Writes the descriptors of 'p', bound at 'addr'. */
static void write_packet(struct tx_ring *r, const struct packet *p, bus_addr addr, const struct descriptor *context)
{
    uint32_t first = r->tail, bytes = first_piece(p, TX_COPY_BYTES), done = 0;
    uint64_t word = (uint64_t)CMD_IFCS << 24;

    if (context) put(r, context->q[0], context->q[1]);
    if (offloaded(p)) {
        uint64_t options = (headers_is_ipv4(p) ? POPTS_IXSM : 0) | (p->l4 ? POPTS_TXSM : 0);
        word |= (uint64_t)TYPE_DATA << 20 | (uint64_t)CMD_DEXT << 24 | options << 40;
    }
    if (p->gso_mss) word |= (uint64_t)CMD_TSE << 24;
    while (done < p->len) {
        bool last = done + bytes == p->len;
        r->slot[first].last = r->tail;
        put(r, addr + done, word | bytes | (last ? (uint64_t)(CMD_EOP | CMD_RS | CMD_IDE) << 24 : 0));
        done += bytes;
        bytes = p->len - done < PIECE_BYTES ? p->len - done : PIECE_BYTES;
    }
    r->slot[first].addr = addr;
}

/* With the lock held: room for 'p', its address, its descriptors, the tail. */
static enum netdev_tx_result send(struct e1000g *d, struct packet *p)
{
    struct tx_ring *r = &d->tx;
    struct descriptor *kept = &r->context[p->gso_mss ? 1 : 0], context = { { 0, 0 } };
    bool fresh = false;

    if (offloaded(p)) {
        context = context_of(p);
        fresh = memcmp(&context, kept, sizeof context) != 0;
    }
    uint32_t needed = pieces(p, TX_COPY_BYTES, PIECE_BYTES) + (fresh ? 1 : 0);
    if (r->free < TX_RECYCLE_FREE || r->free < needed) recycle(d);
    bus_addr addr = r->free < TX_OVERLOAD_FREE || r->free < needed ? 0 : memory_bind(d->memory, p);
    if (addr == 0) {
        r->wants_update = true;
        r->counter[E1000G_TX_full]++;
        return NETDEV_TX_FULL;
    }
    d->bound++;
    write_packet(r, p, addr, fresh ? &context : NULL);
    if (fresh) {
        *kept = context;
        r->counter[E1000G_TX_contexts]++;
    }
    r->counter[E1000G_TX_packets]++;
    r->counter[E1000G_TX_bytes] += p->len;
    r->counter[E1000G_TX_large_sends] += p->gso_mss > 0;
    r->counter[E1000G_TX_descriptors] += needed;
    machine_charge(d->machine, COST_DRV_TX_PACKET, 1);
    machine_charge(d->machine, COST_DRV_TX_DESC, needed);
    machine_touch(d->machine, &r->touch, 1 + (int)(needed + LINE_DESCS - 1) / LINE_DESCS);
    if (p->len <= TX_COPY_BYTES) machine_charge(d->machine, COST_COPY_BYTE, p->len);
    reg_write_ordered(d, &r->tail_order, NIC_OFFSET(TDT, 0), r->tail);
    return NETDEV_TX_OK;
}

enum netdev_tx_result e1000g_tx(struct netdev *nd, int ring, struct packet *p)
{
    struct e1000g *d = e1000g_of(nd);
    (void)ring;

    if (!mutex_enter(d->tx.lock)) {
        d->tx.counter[E1000G_TX_blocked]++;
        return NETDEV_TX_BLOCKED;
    }
    machine_charge(d->machine, COST_DRV_TX_CALL, 1);
    enum netdev_tx_result result = send(d, p);
    mutex_exit(d->tx.lock);
    return result;
}
