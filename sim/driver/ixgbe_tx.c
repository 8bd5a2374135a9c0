/* SPDX-License-Identifier: GPL-3.0-or-later
 * ixgbe_tx.c -- puts packets into a transmit ring and takes them out when the device is done.
 *
 *     [ free | context? header payload payload* | header payload | free ]
 *       head ^                                            tail ^
 *
 * The last descriptor of a packet asks for a report (RS) and holds DD when the device is done with the packet.
 * Whole packets up to 512 bytes are copied into one buffer; of larger ones the header is a piece of its own and the
 * payload is bound in pieces of up to 16 KiB.  A context descriptor is written only when it differs from the last. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "driver/ixgbe_impl.h"
#include "driver/pieces.h"

enum {
    DTYP_CONTEXT = 2, DTYP_DATA = 3, CMD_EOP = 1, CMD_IFCS = 2, CMD_RS = 8, CMD_DEXT = 32, CMD_TSE = 128,
    POPTS_IXSM = 1, POPTS_TXSM = 2,
};

void ixgbe_tx_create(struct ixgbe *d, struct tx_ring *r)
{
    uint8_t *bytes;
    char name[128];

    snprintf(name, sizeof name, "%s/tx%d", d->config.name, r->index);
    r->n = d->config.tx_descs;
    r->free = r->n - 1;
    r->base = memory_map_bytes(d->memory, r->n * DESC_BYTES, d->config.node, &bytes);
    r->desc = (struct descriptor *)(void *)bytes;
    r->slot = calloc(r->n, sizeof *r->slot);
    SIM_ASSERT(r->slot);
    r->lock = mutex_create(d->machine, name + ixgbe_machine_prefix(d));
    r->touch.home = (int16_t)d->config.node;
}

static uint32_t next_index(const struct tx_ring *r, uint32_t i)
{
    return i + 1 == r->n ? 0 : i + 1;
}

/* -- reclaim ------------------------------------------------------------------------------------------------------ */

/* A stack that reclaims does so on one CPU, at the tail that the senders do not touch: no lock, and they never reclaim. */
static bool stack_reclaims(const struct ixgbe *d)
{
    return d->config.callbacks.tx_ready != NULL;
}

/* With the lock held, or by the only one who reclaims. */
static uint32_t recycle(struct tx_ring *r)
{
    struct ixgbe *d = r->d;
    uint32_t count = 0;

    if (r->head != r->tail) sync_device(d);
    while (r->head != r->tail) {
        struct tx_slot *s = &r->slot[r->head];
        if (!(r->desc[s->last].q[1] >> 32 & TXD_DD)) break;
        packet_segmented(d->config.pool, memory_unbind(d->memory, s->addr));
        d->bound--;
        count += s->last >= r->head ? s->last - r->head + 1 : s->last + r->n - r->head + 1;
        r->head = next_index(r, s->last);
    }
    r->free += count;
    r->counter[IXGBE_TX_recycled] += count;
    machine_charge(d->machine, COST_DRV_TX_RECYCLE, count);
    if (count) machine_touch_dma(d->machine, d->config.node, (int)(count + LINE_DESCS - 1) / LINE_DESCS);
    return count;
}

uint32_t ixgbe_tx_recycle(struct ixgbe *d, int ring)
{
    struct tx_ring *r = &d->tx[ring];
    if (!mutex_enter(r->lock)) {
        r->counter[IXGBE_TX_blocked]++;
        return 0;
    }
    uint32_t count = recycle(r);
    mutex_exit(r->lock);
    return count;
}

uint32_t ixgbe_tx_free(const struct ixgbe *d, int ring)
{
    return d->tx[ring].free;
}

/* With the lock held: whether the stack is to be told that there is room again, which is then not owed any more. */
static bool update_due(struct tx_ring *r)
{
    bool update = r->wants_update && (r->free >= TX_RESUME_FREE || r->free == r->n - 1);
    if (update) r->wants_update = false;
    return update;
}

static void update(struct tx_ring *r)
{
    const struct netdev_callbacks *cb = &r->d->config.callbacks;
    r->counter[IXGBE_TX_updates]++;
    if (cb->tx_update) cb->tx_update(cb->owner, r->index);
}

uint32_t ixgbe_tx_service(struct ixgbe *d, int ring)
{
    struct tx_ring *r = &d->tx[ring];
    bool locks = !stack_reclaims(d);
    if (r->head == r->tail && !r->wants_update) return 0;
    if (locks && !mutex_enter(r->lock)) {
        r->counter[IXGBE_TX_blocked]++;
        return NETDEV_BLOCKED;
    }
    uint32_t count = recycle(r);
    bool due = update_due(r);
    if (locks) mutex_exit(r->lock);
    if (due) update(r);
    return count;
}

enum step_result ixgbe_tx_interrupt(struct ixgbe *d, int vector)
{
    for (int i = 0; i < d->n_tx; i++)
        if (d->tx[i].vector == vector && ixgbe_tx_service(d, i) == NETDEV_BLOCKED) return STEP_BLOCKED;
    return STEP_SLEEP;
}

/* -- send --------------------------------------------------------------------------------------------------------- */

/* What the device must know about the headers; all zero when nothing is to be done for this packet. */
static struct descriptor context_of(const struct packet *p)
{
    struct descriptor c = { { 0, 0 } };

    if (!(p->flags & PACKET_CSUM_PARTIAL) && p->gso_mss == 0) return c;
    uint32_t ip_bytes = p->l4 ? (uint32_t)(p->l4 - p->l3) : (uint32_t)(p->hdr[p->l3] & 15) * 4;
    c.q[0] = ip_bytes | (uint32_t)p->l3 << 9;
    c.q[1] = (uint64_t)DTYP_CONTEXT << 20 | (uint64_t)CMD_DEXT << 24;
    if (headers_is_ipv4(p)) c.q[1] |= 1u << 10;
    if (headers_ip_protocol(p) == IPPROTO_TCP_) c.q[1] |= 1u << 11;
    if (p->gso_mss) c.q[1] |= (uint64_t)(p->payload - p->l4) << 40 | (uint64_t)p->gso_mss << 48;
    return c;
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
    uint32_t first = r->tail, bytes = first_piece(p, TX_COPY_BYTES), done = 0, popts = 0, cmd = CMD_DEXT | CMD_IFCS;
    uint64_t payload = p->gso_mss ? p->len - p->payload : p->len;

    if (context) put(r, context->q[0], context->q[1]);
    if (p->flags & PACKET_CSUM_PARTIAL || p->gso_mss) {
        if (headers_is_ipv4(p)) popts |= POPTS_IXSM;
        if (p->l4) popts |= POPTS_TXSM;
    }
    if (p->gso_mss) cmd |= CMD_TSE;
    while (done < p->len) {
        bool last = done + bytes == p->len;
        r->slot[first].last = r->tail;
        put(r, addr + done, bytes | (uint64_t)DTYP_DATA << 20 | (uint64_t)(cmd | (last ? CMD_EOP | CMD_RS : 0)) << 24 |
                                (uint64_t)popts << 40 | payload << 46);
        done += bytes;
        bytes = p->len - done < PIECE_BYTES ? p->len - done : PIECE_BYTES;
    }
    r->slot[first].addr = addr;
}

/* With the lock held: room for 'p', its address, its descriptors, the tail. */
static enum netdev_tx_result send(struct tx_ring *r, struct packet *p)
{
    struct ixgbe *d = r->d;
    struct descriptor context = context_of(p);
    bool fresh = context.q[1] && memcmp(&context, &r->context, sizeof context) != 0;
    uint32_t needed = pieces(p, TX_COPY_BYTES, PIECE_BYTES) + (fresh ? 1 : 0);

    if (!stack_reclaims(d) && (r->free < TX_RECYCLE_FREE || r->free < needed)) recycle(r);
    bus_addr addr = r->free < TX_OVERLOAD_FREE || r->free < needed ? 0 : memory_bind(d->memory, p);
    if (addr == 0) {
        r->wants_update = true;
        r->counter[IXGBE_TX_full]++;
        return NETDEV_TX_FULL;
    }
    d->bound++;
    write_packet(r, p, addr, fresh ? &context : NULL);
    if (fresh) {
        r->context = context;
        r->counter[IXGBE_TX_contexts]++;
    }
    r->counter[IXGBE_TX_packets]++;
    r->counter[IXGBE_TX_bytes] += p->len;
    r->counter[IXGBE_TX_large_sends] += p->gso_mss > 0;
    r->counter[IXGBE_TX_descriptors] += needed;
    machine_charge(d->machine, COST_DRV_TX_PACKET, 1);
    machine_charge(d->machine, COST_DRV_TX_DESC, needed);
    machine_touch(d->machine, &r->touch, 1 + (int)(needed + LINE_DESCS - 1) / LINE_DESCS);
    if (p->len <= TX_COPY_BYTES) machine_charge(d->machine, COST_COPY_BYTE, p->len);
    reg_write_ordered(d, &r->tail_order, NIC_OFFSET(TDT, r->index), r->tail);
    return NETDEV_TX_OK;
}

enum netdev_tx_result ixgbe_tx(struct ixgbe *d, int ring, struct packet *p)
{
    struct tx_ring *r = &d->tx[ring];

    if (!mutex_enter(r->lock)) {
        r->counter[IXGBE_TX_blocked]++;
        return NETDEV_TX_BLOCKED;
    }
    machine_charge(d->machine, COST_DRV_TX_CALL, 1);
    enum netdev_tx_result result = send(r, p);
    mutex_exit(r->lock);
    return result;
}
