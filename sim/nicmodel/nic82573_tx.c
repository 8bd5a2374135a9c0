/* SPDX-License-Identifier: GPL-3.0-or-later
 * nic82573_tx.c -- from descriptors to the wire (manual 3.3).
 *
 *     cached descriptors -> one packet -> frames -> data reads -> transmit packet buffer (PBA.TXA) -> wire
 *                                                     |
 *                                          read done: head moves, report (write-back), TIDV and TADV, cause
 *
 * Data is read in pieces of up to 4 KiB, at most a window ahead of its arrival and as long as the packet buffer has room; a
 * frame is ready when its last byte has arrived, and goes to the wire at most 4 KiB before it can take it.  One event
 * serves all: the next packet whose data is complete, the next frame to hand over, or the next read. */
#include "nicmodel/nic82573_impl.h"

enum { READ_BYTES = 4096, WINDOW_NS = 4000 };

static void tx_event(void *owner);
static void complete(struct nic82573 *nic, int64_t *next);
static void read_ahead(struct nic82573 *nic, int64_t *next);
static void hand_over(struct nic82573 *nic, int64_t *next);
static void restart(struct nic82573 *nic, uint32_t head);

void tx73_init(struct nic82573 *nic)
{
    event_init(&nic->tx_event, nic->entity, tx_event, nic);
    ring_init(&nic->tx, &nic->ring_env, true, 0);
}

static void drop_all(struct nic82573 *nic, struct packet_queue *queue)
{
    for (struct packet *p; (p = packet_queue_pop(queue));) packet_drop(nic->pool, p, DROP_NIC_DISABLED);
}

void tx73_reset(struct nic82573 *nic)
{
    engine_cancel(nic->engine, &nic->tx_event);
    drop_all(nic, &nic->tx_fifo);
    drop_all(nic, &nic->job_frames);
    nic->job = false;
    nic->tx_fifo_bytes = 0;
    nic->done_head = nic->done_tail = 0;
    nic->r_head = nic->r_tail = 0;
    nic->report_now = false;
    nic->context[0] = nic->context[1] = (struct descriptor){ { 0, 0 } };
    ring_reset(&nic->tx);
    restart(nic, 0);
    nic82573_write_txmode(nic, 0);
}

/* One pass: what has arrived, what can be read, what can leave; then sleep until the first of them changes. */
void tx73_run(struct nic82573 *nic)
{
    int64_t next = INT64_MAX;

    complete(nic, &next);
    read_ahead(nic, &next);
    hand_over(nic, &next);
    if (next == INT64_MAX)
        engine_cancel(nic->engine, &nic->tx_event);
    else
        engine_schedule(nic->engine, &nic->tx_event, (sim_time){ next });
}

static void tx_event(void *owner)
{
    tx73_run(owner);
}

static void earliest(int64_t *next, int64_t at)
{
    if (at < *next) *next = at;
}

/* -- to the wire -------------------------------------------------------------------------------------------------- */

/* When the wire can take a frame of 'bytes': now, or later, when its queue has half drained. */
static int64_t wire_ready(struct nic82573 *nic, uint32_t bytes, int64_t now)
{
    int64_t free = link_free_at(nic->wire).ps;
    if (free <= now) return now;
    if (link_queued_bytes(nic->wire) + bytes + FRAME_FCS_BYTES <= nic->run_ahead_bytes) return now;
    return free - nic->run_ahead_ps > now ? free - nic->run_ahead_ps : free;
}

static void hand_over(struct nic82573 *nic, int64_t *next)
{
    int64_t now = engine_now(nic->engine).ps;
    bool left = false;
    struct packet *p;

    while ((p = nic->tx_fifo.head)) {
        int64_t at = nic->wire ? wire_ready(nic, frame_stored_bytes(p), now) : p->at.ps;
        if (at > now) {
            earliest(next, at);
            break;
        }
        packet_queue_pop(&nic->tx_fifo);
        nic->tx_fifo_bytes -= frame_stored_bytes(p);
        left = true;
        TRACE(nic->engine, nic->entity->id, nic_tx_frame, p->id, 0, p->len, 0);
        if (!nic->wire) {
            packet_drop(nic->pool, p, DROP_LINK_DOWN);
            continue;
        }
        nic->counter[NIC_tx_packets]++;
        nic->counter[NIC_tx_bytes] += frame_stored_bytes(p);
        stats73_good(nic, p, frame_stored_bytes(p), true);
        link_send_after(nic->wire, p, sim_ps(p->at.ps > now ? p->at.ps - now : 0));
    }
    if (left && nic->job) earliest(next, now + 1); /* there is room to read into */
}

/* -- from descriptors to packets ---------------------------------------------------------------------------------- */

static void add_piece(struct tx73_packet *t, uint64_t addr, uint32_t bytes)
{
    if (bytes == 0) return;
    if (t->n_pieces == PIECES73) {
        t->bad = true;
        return;
    }
    t->piece[t->n_pieces++] = (struct frame_piece){ addr, bytes };
    t->bytes += bytes;
}

/* Packet-wide fields stand in the first data descriptor. */
static void begin(struct tx73_packet *t, const struct descriptor *d, bool legacy, uint8_t cmd)
{
    t->legacy = legacy;
    t->cmd = cmd;
    t->vlan = (uint16_t)(d->q[1] >> 48);
    t->cso = (uint8_t)(d->q[1] >> 16);
    t->css = (uint8_t)(d->q[1] >> 40);
    t->popts = legacy ? 0 : (uint8_t)(d->q[1] >> 40);
}

/* Takes descriptors from the cache until a packet is complete; false when there are too few. */
static bool collect(struct nic82573 *nic)
{
    struct ring *r = &nic->tx;
    struct tx73_packet *t = &nic->packet;

    while (ring_cached(r) > 0) {
        const struct descriptor *d = &r->cache[r->c_head++ % CACHE_DESCS];
        uint8_t cmd = (uint8_t)(d->q[1] >> 24);
        bool legacy = !(cmd & TX_DEXT);
        unsigned type = (unsigned)(d->q[1] >> 20 & 15);

        if (t->n_descs == 0) {
            uint32_t back = ring_cached(r) + 1; /* from the next to fetch to this one */
            t->first = r->fetch >= back ? r->fetch - back : r->fetch + r->n - back;
            t->n_pieces = t->bytes = 0;
            t->rs = t->ide = 0;
            t->bad = false;
        }
        uint32_t i = t->n_descs++;
        if (cmd & TX_RS && i < 64) t->rs |= 1ull << i;
        if (cmd & TX_IDE && i < 64) t->ide |= 1ull << i;
        if (!legacy && type == TX_TYPE_CONTEXT) {
            nic->context[cmd & TX_TSE ? 1 : 0] = *d;
            continue;
        }
        if (!legacy && type != TX_TYPE_DATA) t->bad = true;
        if (t->n_pieces == 0 && t->bytes == 0) begin(t, d, legacy, cmd);
        add_piece(t, d->q[0], (uint32_t)d->q[1] & (legacy ? 0xffff : 0xfffff));
        if (cmd & TX_EOP) return true;
    }
    return false;
}

/* The next packet becomes the job. */
static bool pick(struct nic82573 *nic)
{
    bool whole = nic->tx.enabled && collect(nic);

    ring_prefetch(&nic->tx);
    if (!whole) return false;
    nic->job = true;
    nic->piece = nic->piece_done = nic->read = 0;
    txframe73_build(nic, &nic->job_frames);
    struct packet *p = nic->job_frames.head;
    bool tagged = p && nic->packet.cmd & TX_VLE && NIC_GET(CTRL_VME, nic->reg[SLOT_CTRL]);
    nic->need = p && p->next ? p->len - (tagged ? VLAN_BYTES : 0) : nic->packet.bytes;
    return true;
}

/* -- data reads --------------------------------------------------------------------------------------------------- */

static void read_piece(struct nic82573 *nic)
{
    const struct frame_piece *piece = &nic->packet.piece[nic->piece];
    uint64_t addr = piece->addr + nic->piece_done;
    uint32_t left = piece->bytes - nic->piece_done, bytes = READ_BYTES - (uint32_t)(addr % READ_BYTES);

    if (bytes > left) bytes = left;
    int64_t at = pcie_dma_read(nic->pcie, addr, bytes, ring_node(&nic->ring_env, addr)).ps;
    if (at > nic->tx_read_at) nic->tx_read_at = at;
    nic->read += bytes;
    nic->piece_done += bytes;
    if (bytes < left) return;
    nic->piece++;
    nic->piece_done = 0;
}

/* Frames whose last byte is on its way enter the packet buffer. */
static void accept_frames(struct nic82573 *nic)
{
    struct packet *p;

    while ((p = nic->job_frames.head) && (nic->need <= nic->read || nic->read == nic->packet.bytes)) {
        packet_queue_pop(&nic->job_frames);
        if (nic->job_frames.head) nic->need += nic->job_frames.head->len - nic->job_frames.head->payload;
        p->at.ps = nic->tx_read_at;
        nic->tx_fifo_bytes += frame_stored_bytes(p);
        packet_queue_push(&nic->tx_fifo, p);
    }
}

static void read_ahead(struct nic82573 *nic, int64_t *next)
{
    int64_t now = engine_now(nic->engine).ps, window = sim_ns(WINDOW_NS).ps;
    struct tx73_packet *t = &nic->packet;

    if (nic->tx_read_at < now) nic->tx_read_at = now;
    while (!nic->ring_env.stopped && (nic->job || pick(nic))) {
        if (nic->read < t->bytes) {
            if (nic->tx_fifo_bytes >= nic->tx_fifo_room) break; /* until a frame has left */
            if (nic->tx_read_at > now + window) {
                earliest(next, nic->tx_read_at - window / 2);
                break;
            }
            read_piece(nic);
        }
        accept_frames(nic);
        if (nic->read < t->bytes) continue;
        if (nic->done_tail - nic->done_head == DONE73) break; /* until the oldest is complete */
        nic->done[nic->done_tail++ % DONE73] =
            (struct tx73_done){ nic->tx_read_at, t->rs, t->ide, t->first, t->n_descs };
        t->n_descs = 0;
        nic->job = false;
    }
    if (nic->done_head != nic->done_tail) earliest(next, nic->done[nic->done_head % DONE73].at);
}

/* -- reports ------------------------------------------------------------------------------------------------------ */

static uint32_t wrap(const struct ring *r, uint32_t index)
{
    return index >= r->n ? index - r->n : index;
}

/* Reports of one packet: held until there are WTHRESH, or written back; their cause comes now or after the delay. */
static void report(struct nic82573 *nic, const struct tx73_done *d)
{
    uint32_t units = NIC_GET(TIDV_DELAY, nic->reg[SLOT_TIDV]);

    for (uint64_t rs = d->rs; rs; rs &= rs - 1) {
        uint32_t i = (uint32_t)__builtin_ctzll(rs);
        if (nic->r_tail - nic->r_head == REPORTS73) tx73_flush(nic);
        nic->report[nic->r_tail++ % REPORTS73] = wrap(&nic->tx, d->first + i);
        if (units == 0 || !(d->ide >> i & 1)) nic->report_now = true;
    }
    if (nic->report_now || nic->r_tail - nic->r_head >= nic->tx.wthresh) tx73_flush(nic);
    irq73_delay(&nic->tx_delay, nic->report_now ? 0 : units, NIC_GET(TADV_DELAY, nic->reg[SLOT_TADV]));
    nic->report_now = false;
}

/* Packets whose data has arrived: the head moves, and what asked for a report gets one. */
static void complete(struct nic82573 *nic, int64_t *next)
{
    int64_t now = engine_now(nic->engine).ps;

    while (nic->done_head != nic->done_tail) {
        struct tx73_done d = nic->done[nic->done_head % DONE73];
        if (d.at > now) {
            earliest(next, d.at);
            break;
        }
        nic->done_head++;
        if (d.first + d.n_descs > 2 * nic->tx.n) continue; /* the ring was set up anew meanwhile */
        nic->tx.head = wrap(&nic->tx, d.first + d.n_descs);
        if (d.rs) report(nic, &d);
        if (nic->tx.head != nic->tx.tail) continue;
        stats73_add(nic, SLOT_ICTXQEC, 1);
        irq73_cause(nic, NIC_MASK(ICR_TXQE));
    }
}

void tx73_flush(struct nic82573 *nic)
{
    struct ring *r = &nic->tx;

    while (nic->r_head != nic->r_tail) {
        uint32_t i = nic->report[nic->r_head++ % REPORTS73];
        sim_time at = pcie_dma_write(nic->pcie, r->base + (uint64_t)i * DESC_BYTES, DESC_BYTES, r->node);
        nic73_post(nic, at, POSTED73_TX, i);
        nic->counter[NIC_tx_writebacks]++;
    }
}

/* The rest of the descriptor stays as software wrote it. */
void tx73_visible(struct nic82573 *nic, uint32_t index)
{
    uint64_t addr = nic->tx.base + (uint64_t)index * DESC_BYTES;
    struct descriptor d;

    if (memory_read(nic->memory, addr, &d, sizeof d)) {
        d.q[1] |= (uint64_t)RX_DD << 32;
        if (memory_write(nic->memory, addr, &d, sizeof d)) return;
    }
    nic73_refused(nic, addr);
}

/* -- registers ---------------------------------------------------------------------------------------------------- */

static void restart(struct nic82573 *nic, uint32_t head)
{
    nic->tx.head = nic->tx.fetch = head;
    ring_empty_cache(&nic->tx);
    if (!nic->job) nic->packet.n_descs = 0;
}

void nic82573_write_txring(struct nic82573 *nic, uint32_t value)
{
    (void)value;
    ring_set_base(&nic->tx, nic->reg[SLOT_TDBAL], nic->reg[SLOT_TDBAH], nic->reg[SLOT_TDLEN]);
    restart(nic, nic->tx.head);
}

void nic82573_write_tdh(struct nic82573 *nic, uint32_t value)
{
    restart(nic, value < nic->tx.n ? value : 0);
    ring_prefetch(&nic->tx);
}

uint32_t nic82573_read_tdh(struct nic82573 *nic, int slot)
{
    (void)slot;
    return nic->tx.head;
}

void nic82573_write_tdt(struct nic82573 *nic, uint32_t value)
{
    nic->tx.tail = value < nic->tx.n ? value : 0;
    ring_prefetch(&nic->tx);
}

/* Thresholds count descriptors with GRAN, else cache lines of four. */
void nic82573_write_txdctl(struct nic82573 *nic, uint32_t value)
{
    uint32_t scale = NIC_GET(TXDCTL_GRAN, value) ? 1 : 4, write = NIC_GET(TXDCTL_WTHRESH, value) * scale;
    bool enable = NIC_GET(TCTL_EN, nic->reg[SLOT_TCTL]);

    ring_configure(&nic->tx, NIC_GET(TXDCTL_PTHRESH, value) * scale, NIC_GET(TXDCTL_HTHRESH, value) * scale,
                   write < REPORTS73 ? write : REPORTS73, enable);
    if (!enable && !nic->job && nic->packet.n_descs > 0) {
        nic->tx.fetch = nic->packet.first;
        nic->packet.n_descs = 0;
    }
    ring_prefetch(&nic->tx);
}

/* TCTL and PBA: TCTL.EN enables the ring. */
void nic82573_write_txmode(struct nic82573 *nic, uint32_t value)
{
    (void)value;
    nic->tx_fifo_room = (int64_t)NIC_GET(PBA_TXA, nic->reg[SLOT_PBA]) * 1024;
    nic82573_write_txdctl(nic, nic->reg[SLOT_TXDCTL]);
}
