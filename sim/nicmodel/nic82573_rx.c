/* SPDX-License-Identifier: GPL-3.0-or-later
 * nic82573_rx.c -- from the wire to host memory (manual 3.2).
 *
 *     frame -> packet buffer (PBA.RXA) -> [ descriptors cached? bus ready? ] -> data DMA -> used descriptor -> write-back
 *                |  full: MPC, RXO          |  none posted: RNBC, and it waits, all behind it too
 *
 * A frame is moved when all the descriptors it needs are cached, at most half a microsecond ahead of the bus, so that a
 * backlog stays in the packet buffer.  Used descriptors are written back WTHRESH at a time, or when the receive delay
 * ends.  Left out: packet split (such a ring behaves as one buffer per descriptor), early receive, the ACK filter. */
#include "nicmodel/nic82573_impl.h"

enum { RX_SLACK_NS = 500, EXTENDED_ERRORS = 24 };

static void rx_event(void *owner);
static bool move(struct nic82573 *nic, struct packet *p);
static void restart(struct nic82573 *nic, uint32_t head);

void rx73_init(struct nic82573 *nic)
{
    event_init(&nic->rx_event, nic->entity, rx_event, nic);
    ring_init(&nic->rx, &nic->ring_env, false, 0);
}

void rx73_reset(struct nic82573 *nic)
{
    struct packet *p;

    engine_cancel(nic->engine, &nic->rx_event);
    while ((p = packet_queue_pop(&nic->rx_fifo))) packet_drop(nic->pool, p, DROP_NIC_DISABLED);
    nic->rx_fifo_bytes = 0;
    nic->low = false;
    ring_reset(&nic->rx);
    restart(nic, 0);
    filter73_mode(nic);
    nic82573_write_rxdctl(nic, nic->reg[SLOT_RXDCTL]);
}

/* -- from the wire ------------------------------------------------------------------------------------------------ */

static void refuse(struct nic82573 *nic, struct packet *p, enum nic_counter counter, enum drop_reason why)
{
    nic->counter[counter]++;
    packet_drop(nic->pool, p, why);
}

/* Length and CRC.  False: dropped. */
static bool sound(struct nic82573 *nic, struct packet *p)
{
    bool runt = p->flags & PACKET_RUNT && p->len < FRAME_MIN_BYTES, bad = p->flags & PACKET_FCS_BAD;
    bool cut = p->hdr_len < ETH_BYTES, large = p->len > nic->mode.max_bytes;

    if (__builtin_expect(!runt && !bad && !cut && !large, 1)) return true;
    if (runt || cut)
        stats73_add(nic, bad ? SLOT_RFC : SLOT_RUC, 1);
    else if (large)
        stats73_add(nic, bad ? SLOT_RJC : SLOT_ROC, 1);
    else
        stats73_add(nic, SLOT_CRCERRS, 1);
    if (nic->mode.sbp && !cut && !large) return true;
    refuse(nic, p, NIC_rx_errors, DROP_NIC_ERROR);
    return false;
}

static void missed(struct nic82573 *nic, struct packet *p)
{
    TRACE(nic->engine, nic->entity->id, nic_rx_missed, p->id, 0, 0, 0);
    stats73_add(nic, SLOT_MPC, 1);
    stats73_add(nic, SLOT_ICRXOC, 1);
    refuse(nic, p, NIC_mpc, DROP_NIC_MISSED);
    irq73_cause(nic, NIC_MASK(ICR_RXO));
}

void nic82573_receive(void *device, struct packet *p)
{
    struct nic82573 *nic = device;
    uint32_t bytes = frame_stored_bytes(p);

    if (!nic->mode.enabled) {
        refuse(nic, p, NIC_rx_disabled, DROP_NIC_DISABLED);
        return;
    }
    if (!sound(nic, p)) return;
    if (!filter73_accept(nic, p)) {
        stats73_filtered(nic, bytes);
        if (rx73_cb(p)->obeyed)
            packet_deliver(nic->pool, p);
        else
            refuse(nic, p, NIC_rx_filtered, DROP_NIC_FILTER);
        return;
    }
    if (!(rx73_cb(p)->errors & RX_ERR_CE)) stats73_good(nic, p, bytes, false);
    bytes = frame_stored_bytes(p); /* without a tag that was stripped */
    TRACE(nic->engine, nic->entity->id, nic_rx_frame, p->id, 0, bytes, 0);
    if (nic->rx_fifo_bytes + bytes > nic->mode.fifo_bytes) {
        missed(nic, p);
        return;
    }
    if (!nic->rx_fifo.head && move(nic, p)) return;
    packet_queue_push(&nic->rx_fifo, p);
    nic->rx_fifo_bytes += bytes;
    pause73_level(nic);
    if ((uint64_t)nic->rx_fifo_bytes > nic->counter[NIC_rx_fifo_max])
        nic->counter[NIC_rx_fifo_max] = (uint64_t)nic->rx_fifo_bytes;
}

/* -- from the packet buffer to the host --------------------------------------------------------------------------- */

static struct descriptor describe(const struct nic82573 *nic, uint64_t addr, const struct rx73_cb *cb, uint32_t bytes,
                                  bool last)
{
    uint64_t status = cb->status | RX_DD | (last ? RX_EOP : 0), vlan = (uint64_t)cb->vlan << 48;

    if (nic->mode.extended)
        return (struct descriptor){ { 0, status | (uint64_t)cb->errors << EXTENDED_ERRORS | (uint64_t)bytes << 32 | vlan } };
    return (struct descriptor){ { addr, bytes | status << 32 | (uint64_t)cb->errors << 40 | vlan } };
}

/* Writes the frame, with its padding and, if it is kept, its check sequence, into the next 'count' buffers and fills in
 * their descriptors. */
static void store(struct nic82573 *nic, struct packet *p, uint32_t len, uint32_t count)
{
    struct rx73_cb cb = *rx73_cb(p);
    uint32_t offset = 0;
    bool owned = true, refused = false;

    for (uint32_t i = 0; i < count; i++) {
        uint64_t addr = nic->rx.cache[nic->rx.c_head++ % CACHE_DESCS].q[0];
        uint32_t bytes = len - offset < nic->mode.buffer_bytes ? len - offset : nic->mode.buffer_bytes;
        bool last = i + 1 == count;

        if (!refused && owned) {
            bool all = offset + bytes >= p->len;
            enum memory_result r = frame_store(nic->memory, p, addr, offset, bytes);
            if (r == MEMORY_REFUSED) nic73_refused(nic, addr);
            refused |= r == MEMORY_REFUSED;
            if (all && r == MEMORY_REFERRED) owned = false;
        }
        pcie_dma_write(nic->pcie, addr, bytes, nic->rx.data_node);
        nic->used[nic->u_tail++ % USED73_DESCS] = describe(nic, addr, &cb, bytes, last);
        nic->use = ring_next(&nic->rx, nic->use);
        offset += bytes;
    }
    if (!owned) return;
    if (refused) {
        memory_abandon_frame(nic->memory, p);
        packet_drop(nic->pool, p, DROP_NIC_BAD_ADDRESS);
    } else
        packet_deliver(nic->pool, p); /* copied into bytes of the host */
}

/* Too few descriptors are cached: the frame waits. */
static void lacking(struct nic82573 *nic, struct packet *p, uint32_t needed)
{
    struct rx73_cb *cb = rx73_cb(p);
    struct ring *r = &nic->rx;

    if (r->enabled && !r->broken && (r->fetch_count || ring_available(r) + ring_cached(r) >= needed)) {
        ring_fetch(r, true);
        return;
    }
    if (cb->found_none) return;
    cb->found_none = true;
    nic->counter[NIC_rnbc]++;
    stats73_add(nic, SLOT_RNBC, 1);
}

/* Fewer descriptors are left than RDMTS says. */
static void check_low(struct nic82573 *nic)
{
    uint32_t left = ring_available(&nic->rx) + ring_cached(&nic->rx);

    if (nic->low || left >= nic->rx.n >> (1 + NIC_GET(RCTL_RDMTS, nic->reg[SLOT_RCTL]))) return;
    nic->low = true;
    stats73_add(nic, SLOT_ICRXDMTC, 1);
    irq73_cause(nic, NIC_MASK(ICR_RXDMT0));
}

/* A frame is in memory: its descriptors go back at once or later, and so does its cause. */
static void finish(struct nic82573 *nic, uint32_t len)
{
    uint32_t delay = NIC_GET(RDTR_DELAY, nic->reg[SLOT_RDTR]);

    if (delay == 0 || nic->u_tail - nic->u_issued >= nic->rx.wthresh) rx73_flush(nic);
    irq73_delay(&nic->rx_delay, delay, NIC_GET(RADV_DELAY, nic->reg[SLOT_RADV]));
    if (len > NIC_GET(RSRPD_SIZE, nic->reg[SLOT_RSRPD])) return;
    rx73_flush(nic);
    irq73_cause(nic, NIC_MASK(ICR_SRPD));
}

/* Moves a frame to the host; false: it has to wait in the packet buffer. */
static bool move(struct nic82573 *nic, struct packet *p)
{
    uint32_t len = frame_stored_bytes(p) + nic->mode.fcs_bytes, size = nic->mode.buffer_bytes;
    uint32_t needed = len <= size ? 1 : (len + size - 1) / size;

    if (ring_cached(&nic->rx) < needed || !nic->rx.enabled) {
        lacking(nic, p, needed);
        return false;
    }
    int64_t start = pcie_up_free(nic->pcie).ps - sim_ns(RX_SLACK_NS).ps;
    if (start > engine_now(nic->engine).ps) {
        engine_schedule(nic->engine, &nic->rx_event, (sim_time){ start });
        return false;
    }
    if (nic->u_tail - nic->u_head + needed > USED73_DESCS || posted_count(&nic->posted) >= POSTED73_LIMIT) {
        rx73_flush(nic);
        posted_wait(&nic->posted, nic->engine);
        return false;
    }
    if (nic->ring_env.stopped) return false;
    TRACE(nic->engine, nic->entity->id, nic_rx_dma, p->id, 0, nic->use, 0);
    nic->counter[NIC_rx_packets]++;
    nic->counter[NIC_rx_bytes] += len - nic->mode.fcs_bytes;
    store(nic, p, len, needed);
    finish(nic, len);
    ring_prefetch(&nic->rx);
    check_low(nic);
    return true;
}

void rx73_drain(struct nic82573 *nic)
{
    for (struct packet *p; (p = nic->rx_fifo.head);) {
        struct packet *next = p->next;
        uint32_t bytes = frame_stored_bytes(p);
        if (!move(nic, p)) break;
        nic->rx_fifo.head = next;
        nic->rx_fifo.count--;
        nic->rx_fifo_bytes -= bytes;
    }
    pause73_level(nic);
}

static void rx_event(void *owner)
{
    rx73_drain(owner);
}

/* -- write-back --------------------------------------------------------------------------------------------------- */

void rx73_flush(struct nic82573 *nic)
{
    struct ring *r = &nic->rx;
    uint32_t count = nic->u_tail - nic->u_issued;

    while (count > 0) {
        uint32_t run = count < r->n - nic->wb ? count : r->n - nic->wb;
        sim_time at = pcie_dma_write(nic->pcie, r->base + (uint64_t)nic->wb * DESC_BYTES, run * DESC_BYTES, r->node);
        nic73_post(nic, at, POSTED73_RX, run);
        nic->counter[NIC_rx_writebacks]++;
        TRACE(nic->engine, nic->entity->id, nic_rx_writeback, 0, run, 0, 0);
        nic->wb = nic->wb + run == r->n ? 0 : nic->wb + run;
        nic->u_issued += run;
        count -= run;
    }
}

void rx73_visible(struct nic82573 *nic, uint32_t count)
{
    struct ring *r = &nic->rx;
    bool stalled = nic->u_tail - nic->u_head > USED73_DESCS - CACHE_DESCS;

    if (count > nic->u_issued - nic->u_head) count = nic->u_issued - nic->u_head; /* set up anew meanwhile */
    while (count > 0) {
        uint32_t at = nic->u_head % USED73_DESCS, run = count;
        if (run > USED73_DESCS - at) run = USED73_DESCS - at;
        if (run > r->n - r->head) run = r->n - r->head;
        uint64_t addr = r->base + (uint64_t)r->head * DESC_BYTES;
        if (!memory_write(nic->memory, addr, &nic->used[at], run * DESC_BYTES)) nic73_refused(nic, addr);
        r->head = r->head + run == r->n ? 0 : r->head + run;
        nic->u_head += run;
        count -= run;
    }
    if (stalled) rx73_drain(nic);
}

/* -- registers ---------------------------------------------------------------------------------------------------- */

static void restart(struct nic82573 *nic, uint32_t head)
{
    nic->rx.head = nic->rx.fetch = nic->use = nic->wb = head;
    ring_empty_cache(&nic->rx);
    nic->u_tail = nic->u_issued = nic->u_head;
}

void nic82573_write_rxring(struct nic82573 *nic, uint32_t value)
{
    (void)value;
    ring_set_base(&nic->rx, nic->reg[SLOT_RDBAL], nic->reg[SLOT_RDBAH], nic->reg[SLOT_RDLEN]);
    restart(nic, nic->rx.head);
}

void nic82573_write_rdh(struct nic82573 *nic, uint32_t value)
{
    restart(nic, value < nic->rx.n ? value : 0);
    ring_prefetch(&nic->rx);
}

uint32_t nic82573_read_rdh(struct nic82573 *nic, int slot)
{
    (void)slot;
    nic82573_sync(nic);
    return nic->rx.head;
}

void nic82573_write_rdt(struct nic82573 *nic, uint32_t value)
{
    nic->rx.tail = value < nic->rx.n ? value : 0;
    nic->low = false;
    ring_prefetch(&nic->rx);
    if (nic->rx_fifo.head) rx73_drain(nic);
}

/* Thresholds count descriptors with GRAN, else cache lines of four. */
void nic82573_write_rxdctl(struct nic82573 *nic, uint32_t value)
{
    uint32_t scale = NIC_GET(RXDCTL_GRAN, value) ? 1 : 4;
    uint32_t write = NIC_GET(RXDCTL_WTHRESH, value);

    if (!NIC_GET(RXDCTL_GRAN, value) && write > 1) write *= scale; /* 1 is one descriptor in either unit */
    rx73_flush(nic);
    ring_configure(&nic->rx, NIC_GET(RXDCTL_PTHRESH, value) * scale, NIC_GET(RXDCTL_HTHRESH, value) * scale,
                   write < CACHE_DESCS ? write : CACHE_DESCS, nic->mode.enabled);
    ring_prefetch(&nic->rx);
    if (nic->rx_fifo.head) rx73_drain(nic);
}
