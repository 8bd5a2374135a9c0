/* SPDX-License-Identifier: GPL-3.0-or-later
 * nic82598_rx.c -- from the wire to host memory (datasheet 3.4 and 4.4.3.8).
 *
 *     frame -> packet buffer (FIFO) -> [ descriptors cached? bus ready? ] -> data DMA -> used descriptor -> write-back
 *                |  full: MPC            |  none posted: RNBC, and drop (DROP_EN) or wait, all queues behind it
 *
 * The engine starts a frame only when all the descriptors it needs are cached, and works at most half a microsecond
 * ahead of the bus, so that a backlog stays in the packet buffer, where the real one is.  Write-backs follow their data
 * through the same posted queue, so a descriptor becomes visible after the bytes it describes.
 *
 * A batch of WTHRESH used descriptors is written at once; a smaller one waits while the throttle counter of the
 * queue's vector runs, if it has one.  What goes into header buffers is decided in nic82598_split.c.  Left out:
 * realignment of partial write-backs to cache lines. */
#include "nicmodel/nic82598_impl.h"

static void rx_event(void *owner);
static void batch(struct nic *nic, struct rxq *q);

void rx_init(struct nic *nic)
{
    event_init(&nic->rx_event, nic->entity, rx_event, nic);
    for (unsigned i = 0; i < NIC_RX_QUEUES; i++) ring_init(&nic->rxq[i].ring, &nic->ring_env, false, i);
}

void rx_reset(struct nic *nic)
{
    struct packet *p;

    engine_cancel(nic->engine, &nic->rx_event);
    for (int i = 0; i < PACKET_BUFFERS; i++) {
        while ((p = packet_queue_pop(&nic->pb[i].fifo))) packet_drop(nic->pool, p, DROP_NIC_DISABLED);
        nic->pb[i].bytes = 0;
    }
    for (unsigned i = 0; i < NIC_RX_QUEUES; i++) {
        struct rxq *q = &nic->rxq[i];
        ring_reset(&q->ring);
        ring_set_control(&q->ring, nic->reg[SLOT_RXDCTL + (int)i]);
        q->use = q->wb = 0;
        q->u_tail = q->u_issued = q->u_head = 0;
    }
    filter_mode(nic);
}

/* -- from the wire ------------------------------------------------------------------------------------------------ */

static void refuse(struct nic *nic, struct packet *p, enum nic_counter counter, enum drop_reason why)
{
    nic->counter[counter]++;
    packet_drop(nic->pool, p, why);
}

/* Whether the length field of an 802.3 frame contradicts its length. */
static bool length_wrong(const struct packet *p)
{
    enum { TYPE_MIN = 0x600, PAYLOAD_MIN = FRAME_MIN_BYTES - ETH_BYTES };
    uint32_t told = get_be16(p->hdr + 12), real = frame_stored_bytes(p) - ETH_BYTES;
    return told < TYPE_MIN && (told > real || (told < real && real > PAYLOAD_MIN));
}

/* What is wrong with a frame, in bits of its descriptor, counted; 0: nothing. */
__attribute__((cold)) static uint32_t faults(struct nic *nic, const struct packet *p)
{
    bool bad = p->flags & PACKET_FCS_BAD, cut = p->hdr_len < ETH_BYTES;
    bool tagged = !cut && get_be16(p->hdr + 12) == nic->mode.vet;
    bool large = p->len > nic->mode.max_bytes + (tagged ? VLAN_BYTES : 0);
    bool runt = p->flags & PACKET_RUNT && p->len < FRAME_MIN_BYTES;
    bool length = nic->mode.lengths && !bad && !cut && !large && !runt && length_wrong(p);

    if (large)
        stats_add(nic, bad ? SLOT_RJC : SLOT_ROC, 1);
    else if (cut || runt)
        stats_add(nic, bad ? SLOT_RFC : SLOT_RUC, 1);
    else if (bad)
        stats_add(nic, SLOT_CRCERRS, 1);
    else if (length)
        stats_add(nic, SLOT_RLEC, 1);
    if (cut) stats_add(nic, SLOT_MSPDC, 1);
    return (bad ? RXD_ERR_CE : 0) | (large ? RXD_ERR_OSE : 0) | (cut || runt ? RXD_ERR_USE : 0) |
           (length ? RXD_ERR_LE : 0);
}

/* Whether something may be wrong with it. */
static bool suspect(const struct nic *nic, const struct packet *p)
{
    return p->len > nic->mode.max_bytes || p->hdr_len < ETH_BYTES || p->flags & (PACKET_FCS_BAD | PACKET_RUNT) ||
           nic->mode.lengths;
}

void nic_receive(void *device, struct packet *p)
{
    struct nic *nic = device;
    if (__builtin_expect(nic->looped, 0))
        refuse(nic, p, NIC_rx_disabled, DROP_NIC_DISABLED);
    else
        rx_take(nic, p);
}

void rx_take(struct nic *nic, struct packet *p)
{
    uint32_t bytes = frame_stored_bytes(p);
    bool group = p->hdr[0] & 1;

    if (!nic->mode.enabled) {
        refuse(nic, p, NIC_rx_disabled, DROP_NIC_DISABLED);
        return;
    }
    uint32_t errors = 0;
    if (__builtin_expect(suspect(nic, p), 0)) {
        errors = faults(nic, p);
        if (errors && (!nic->mode.sbp || p->hdr_len < ETH_BYTES || p->len > FRAME_MAX)) {
            refuse(nic, p, NIC_rx_errors, DROP_NIC_ERROR);
            return;
        }
    }
    if (!filter_accept(nic, p)) {
        stats_add(nic, SLOT_TPR, 1);
        stats_add(nic, SLOT_TORH, bytes + FRAME_FCS_BYTES);
        if (rx_cb(p)->obeyed)
            packet_deliver(nic->pool, p);
        else
            refuse(nic, p, NIC_rx_filtered, DROP_NIC_FILTER);
        return;
    }
    if (__builtin_expect(errors, 0)) {
        rx_cb(p)->status |= errors;
        stats_add(nic, SLOT_TPR, 1);
        stats_add(nic, SLOT_TORH, bytes + FRAME_FCS_BYTES);
    } else {
        count_size(&nic->rx_total, bytes);
        if (group) stats_group(nic, p, false);
    }
    bytes = frame_stored_bytes(p); /* without a tag that was stripped */
    TRACE(nic->engine, nic->entity->id, nic_rx_frame, p->id, rx_cb(p)->queue, bytes, 0);
    if (__builtin_expect(nic->dcb.rx, 0)) {
        dcb_receive(nic, p);
        return;
    }
    if (nic->pb[0].bytes + bytes > nic->mode.fifo_bytes) {
        TRACE(nic->engine, nic->entity->id, nic_rx_missed, p->id, 0, 0, 0);
        stats_add(nic, SLOT_MPC, 1);
        refuse(nic, p, NIC_mpc, DROP_NIC_MISSED);
        return;
    }
    if (!nic->pb[0].fifo.head && rx_move(nic, p)) return;
    packet_queue_push(&nic->pb[0].fifo, p);
    nic->pb[0].bytes += bytes;
    if (nic->pb[0].bytes > nic->pb[0].high) pause_high(&nic->pb[0]);
    if ((uint64_t)nic->pb[0].bytes > nic->counter[NIC_rx_fifo_max])
        nic->counter[NIC_rx_fifo_max] = (uint64_t)nic->pb[0].bytes;
}

/* -- from the packet buffer to the host --------------------------------------------------------------------------- */

__attribute__((cold)) static struct descriptor used_legacy(const struct nic *nic, const struct rx_cb *cb, uint64_t addr,
                                                           uint32_t bytes, uint64_t status)
{
    enum { LEGACY_ERRORS = 24 };
    uint64_t sum = nic->mode.pcsd ? 0 : cb->hash >> 16, errors = status >> LEGACY_ERRORS & 0xff;
    uint64_t vlan = (uint64_t)cb->vlan << 48;
    return (struct descriptor){ { addr, bytes | sum << 16 | (status & 0xff) << 32 | errors << 40 | vlan } };
}

/* A used descriptor of a buffer with 'bytes' bytes of the frame. */
static inline struct descriptor used(const struct nic *nic, const struct rx_cb *cb, uint64_t addr, uint32_t bytes,
                                     bool last)
{
    uint64_t status = cb->status | RXD_DD | (last ? RXD_EOP : 0), vlan = (uint64_t)cb->vlan << 48;

    if (__builtin_expect(nic->mode.buffer[cb->mode].type == DESCTYPE_LEGACY, 0))
        return used_legacy(nic, cb, addr, bytes, status);
    return (struct descriptor){ { cb->types | (uint64_t)cb->hash << 32, status | (uint64_t)bytes << 32 | vlan } };
}

static inline uint64_t next_buffer(struct rxq *q)
{
    return q->ring.cache[q->ring.c_head++ % CACHE_DESCS].q[0];
}

/* The buffer at 'addr' gets 'bytes' bytes of the frame: they take the bus, and its descriptor is used. */
static inline void use_buffer(struct nic *nic, struct rxq *q, const struct rx_cb *cb, uint64_t addr, uint32_t bytes,
                              bool last)
{
    if (bytes) pcie_dma_write(nic->pcie, addr, bytes, q->ring.data_node);
    q->used[q->u_tail++ % USED_DESCS] = used(nic, cb, addr, bytes, last);
    q->use = ring_next(&q->ring, q->use);
}

/* The frame's last byte has been written, or refused, and memory does not refer to it. */
__attribute__((cold)) static void store_end(struct nic *nic, struct packet *p, bool was_refused)
{
    if (was_refused) {
        memory_abandon_frame(nic->memory, p);
        packet_drop(nic->pool, p, DROP_NIC_BAD_ADDRESS);
    } else {
        packet_deliver(nic->pool, p); /* copied into bytes of the host */
    }
}

/* Writes the frame's 'len' bytes, padding included, into the next buffer. */
static inline void store_whole(struct nic *nic, struct rxq *q, struct packet *p, uint32_t len)
{
    uint64_t addr = next_buffer(q);
    enum memory_result r = frame_store(nic->memory, p, addr, 0, len);

    if (__builtin_expect(r == MEMORY_REFUSED, 0)) nic_refused(nic, addr);
    use_buffer(nic, q, rx_cb(p), addr, len, true);
    memory_expect_frame(nic->memory, q->ring.cache[(q->ring.c_head + 1) % CACHE_DESCS].q[0]); /* the one after the next */
    if (__builtin_expect(r != MEMORY_REFERRED, 0)) store_end(nic, p, r == MEMORY_REFUSED);
}

/* Whose the frame is, piece by piece. */
struct storing { bool gone, refused; };

static void note(struct nic *nic, struct storing *s, enum memory_result r, uint64_t addr, bool all)
{
    if (r == MEMORY_REFUSED) {
        nic_refused(nic, addr);
        s->refused = true;
    }
    if (all && r == MEMORY_REFERRED) s->gone = true;
}

/* What the first descriptor tells of the header buffer. */
static void tell_cut(struct descriptor *first, const struct rx_cut *cut, uint32_t len)
{
    first->q[0] |= (uint64_t)cut->told << RXD_HEADER_BIT | (uint64_t)cut->found << RXD_SPH_BIT;
    first->q[1] |= (cut->overflow ? RXD_ERR_HBO : 0) | (cut->whole ? (uint64_t)len << 32 : 0);
}

/* The same in pieces: into 'count' buffers; 'cut' says what goes into a header buffer, NULL: nothing. */
__attribute__((noinline)) static void store_pieces(struct nic *nic, struct rxq *q, struct packet *p,
                                                   const struct rx_cut *cut, uint32_t len, uint32_t count)
{
    const struct rx_cb cb = *rx_cb(p);
    uint32_t size = nic->mode.buffer[cb.mode].bytes, offset = 0;
    uint32_t first = q->u_tail;
    struct storing s = { false, false };

    if (cut) {
        uint64_t addr = q->ring.cache[q->ring.c_head % CACHE_DESCS].q[1] & ~1ull;
        bool all = cut->head >= p->len;
        note(nic, &s, split_store(nic, p, cut, addr, q->ring.data_node), addr, all);
        offset = cut->head;
    }
    for (uint32_t i = 0; i < count; i++) {
        uint64_t addr = next_buffer(q);
        uint32_t bytes = len - offset < size ? len - offset : size;

        if (bytes && !s.refused && !s.gone) {
            bool all = offset + bytes >= p->len;
            note(nic, &s, frame_store(nic->memory, p, addr, offset, bytes), addr, all);
        }
        use_buffer(nic, q, &cb, addr, bytes, i + 1 == count);
        offset += bytes;
    }
    if (cut) tell_cut(&q->used[first % USED_DESCS], cut, len);
    if (!s.gone) store_end(nic, p, s.refused);
}

/* The queue has too few descriptors for the frame.  True: the frame was dropped; false: it waits. */
static bool lacking(struct nic *nic, struct rxq *q, struct packet *p, uint32_t needed)
{
    struct rx_cb *cb = rx_cb(p);
    struct ring *r = &q->ring;

    if (r->enabled && !r->broken && (r->fetch_count || ring_available(r) + ring_cached(r) >= needed)) {
        ring_fetch(r, true);
        return false;
    }
    if (!cb->found_none) {
        cb->found_none = true;
        nic->counter[NIC_rnbc]++;
        stats_add(nic, SLOT_RNBC + (nic->dcb.rx ? cb->queue / 8 : 0), 1);
    }
    if (!nic->mode.buffer[cb->mode].drop) return false;
    refuse(nic, p, NIC_rx_no_desc, DROP_NIC_NO_DESC);
    return true;
}

/* For 'needed' more used descriptors and their write-back; a device that is stopped has none. */
static bool has_room(const struct nic *nic, const struct rxq *q, uint32_t needed)
{
    return q->u_tail - q->u_head + needed <= USED_DESCS && nic_posted(nic) < POSTED_LIMIT && !nic->stopped;
}

/* Nothing is in the way: the frame goes to the host.  Apart from rx_move(), which often finds that it has to wait. */
__attribute__((noinline)) static void move_now(struct nic *nic, struct rxq *q, struct packet *p,
                                               const struct rx_cut *cut, uint32_t len, uint32_t needed)
{
    if (__builtin_expect(rx_cb(p)->status & RXD_DYNINT, 0)) irq_skip(nic, q->ring.cause);
    TRACE(nic->engine, nic->entity->id, nic_rx_dma, p->id, q->ring.index, q->use, 0);
    nic->counter[NIC_rx_packets]++;
    nic->counter[NIC_rx_bytes] += len - nic->mode.fcs_bytes;
    count_queue(&nic->rx_total, q->ring.index, len);
    if (__builtin_expect(needed == 1 && !cut, 1))
        store_whole(nic, q, p, len);
    else
        store_pieces(nic, q, p, cut, len, needed);
    batch(nic, q);
    ring_prefetch(&q->ring);
}

/* Moves a frame to the host, or drops it; false: it has to wait in the packet buffer. */
bool rx_move(struct nic *nic, struct packet *p)
{
    const struct rx_cb *cb = rx_cb(p);
    struct rxq *q = &nic->rxq[cb->queue];
    const struct rx_buffer *buffer = &nic->mode.buffer[cb->mode];
    uint32_t size = buffer->bytes, len = frame_stored_bytes(p) + nic->mode.fcs_bytes;
    bool split = buffer->type > DESCTYPE_ONE_BUFFER;
    struct rx_cut cut;
    if (__builtin_expect(split, 0)) cut = split_cut(nic, p, len);
    uint32_t rest = split ? len - cut.head : len, needed = rest <= size ? 1 : (rest + size - 1) / size;

    if (ring_cached(&q->ring) < needed || !q->ring.enabled) return lacking(nic, q, p, needed);
    int64_t start = pcie_up_free(nic->pcie).ps - nic->rx_slack_ps;
    if (start > engine_now(nic->engine).ps) {
        engine_schedule(nic->engine, &nic->rx_event, (sim_time){ start });
        return false;
    }
    if (__builtin_expect(!has_room(nic, q, needed), 0)) {
        posted_wait(&nic->posted, nic->engine);
        return false;
    }
    move_now(nic, q, p, split ? &cut : NULL, len, needed);
    return true;
}

void rx_drain(struct nic *nic)
{
    if (__builtin_expect(nic->dcb.rx, 0)) {
        dcb_drain(nic);
        return;
    }
    for (struct packet *p; (p = nic->pb[0].fifo.head);) {
        struct packet *next = p->next;
        uint32_t bytes = frame_stored_bytes(p);
        if (!rx_move(nic, p)) break;
        nic->pb[0].fifo.head = next;
        nic->pb[0].fifo.count--;
        nic->pb[0].bytes -= bytes;
    }
    if (nic->pb[0].bytes <= nic->pb[0].low) pause_low(&nic->pb[0]);
}

static void rx_event(void *owner)
{
    rx_drain(owner);
}

/* -- write-back --------------------------------------------------------------------------------------------------- */

/* What is held and has been used goes back, in writes that do not wrap. */
static inline void flush(struct nic *nic, struct rxq *q)
{
    struct ring *r = &q->ring;
    uint32_t count = q->u_tail - q->u_issued;

    if (count == 0) return;
    while (count > 0) {
        uint32_t run = count < r->n - q->wb ? count : r->n - q->wb;
        sim_time at = pcie_dma_write(nic->pcie, r->base + (uint64_t)q->wb * DESC_BYTES, run * DESC_BYTES, r->node);
        nic_post(nic, at, POSTED_RX, r->index, run);
        nic->counter[NIC_rx_writebacks]++;
        TRACE(nic->engine, nic->entity->id, nic_rx_writeback, r->index, run, 0, 0);
        q->wb = q->wb + run == r->n ? 0 : q->wb + run;
        q->u_issued += run;
        count -= run;
    }
    irq_cause(nic, r->cause);
}

static void batch(struct nic *nic, struct rxq *q)
{
    uint32_t held = q->u_tail - q->u_issued;
    if (held >= q->ring.wthresh || !irq_hold(nic, q->ring.cause, false, q->ring.index)) flush(nic, q);
}

void rx_flush(struct nic *nic, unsigned queue)
{
    flush(nic, &nic->rxq[queue]);
}

static void write_back(struct nic *nic, uint64_t addr, const struct descriptor *used, uint32_t count)
{
    /* One descriptor is the common case; a copy whose size is known is not a string instruction. */
    bool written = count == 1 ? memory_write(nic->memory, addr, used, DESC_BYTES)
                              : memory_write(nic->memory, addr, used, count * DESC_BYTES);
    if (!written) nic_refused(nic, addr);
}

void rx_visible(struct nic *nic, unsigned queue, uint32_t count)
{
    struct rxq *q = &nic->rxq[queue];
    struct ring *r = &q->ring;
    bool stalled = q->u_tail - q->u_head > USED_DESCS - CACHE_DESCS;

    if (count > q->u_issued - q->u_head) count = q->u_issued - q->u_head; /* the ring was set up anew meanwhile */
    while (count > 0) {
        uint32_t at = q->u_head % USED_DESCS, run = count;
        if (run > USED_DESCS - at) run = USED_DESCS - at;
        if (run > r->n - r->head) run = r->n - r->head;
        write_back(nic, r->base + (uint64_t)r->head * DESC_BYTES, &q->used[at], run);
        r->head = r->head + run == r->n ? 0 : r->head + run;
        q->u_head += run;
        count -= run;
    }
    if (stalled) rx_drain(nic);
}

/* -- registers ---------------------------------------------------------------------------------------------------- */

static void restart(struct rxq *q, uint32_t head)
{
    q->ring.head = q->ring.fetch = q->use = q->wb = head;
    q->ring.c_head = q->ring.c_tail = q->ring.fetch_count = 0;
    engine_cancel(q->ring.env->engine, &q->ring.fetched);
    q->u_tail = q->u_issued = q->u_head;
}

void write_rxring(struct nic *nic, uint32_t index, uint32_t value)
{
    struct rxq *q = &nic->rxq[index];
    int i = (int)index;
    (void)value;
    ring_set_base(&q->ring, nic->reg[SLOT_RDBAL + i], nic->reg[SLOT_RDBAH + i], nic->reg[SLOT_RDLEN + i]);
    restart(q, q->ring.head);
}

void write_rdh(struct nic *nic, uint32_t index, uint32_t value)
{
    struct rxq *q = &nic->rxq[index];
    restart(q, value < q->ring.n ? value : 0);
    ring_prefetch(&q->ring);
}

uint32_t read_rdh(struct nic *nic, uint32_t index)
{
    nic_sync(nic);
    return nic->rxq[index].ring.head;
}

void write_rdt(struct nic *nic, uint32_t index, uint32_t value)
{
    struct ring *r = &nic->rxq[index].ring;
    r->tail = value < r->n ? value : 0;
    ring_prefetch(r);
    if (nic->pb[0].fifo.head || nic->dcb.rx) rx_drain(nic);
}

void write_rxdctl(struct nic *nic, uint32_t index, uint32_t value)
{
    struct ring *r = &nic->rxq[index].ring;
    rx_flush(nic, index);
    ring_set_control(r, value);
    ring_prefetch(r);
    if (nic->pb[0].fifo.head || nic->dcb.rx) rx_drain(nic);
}
