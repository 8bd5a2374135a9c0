/* SPDX-License-Identifier: GPL-3.0-or-later
 * nic82598_tx.c -- from descriptors to the wire (datasheet 3.5).
 *
 *     cached descriptors -> one packet -> frames -> data reads -> transmit packet buffer -> wire
 *                           round robin             |  window of reads, 320 KiB
 *                           over queues             -> read done: head moves, report (write-back), interrupt
 *
 * Data is read in pieces of up to 4 KiB; a frame is ready when its last byte has arrived.  Reads go on as long as the
 * packet buffer has room and no more than a window of them is under way.  Frames go to the wire in the order of their
 * data, at most 16 KiB before it can take them.  One event serves all of it: the next packet whose data is complete,
 * the next frame to hand over, or the next read.  Classes are in nic82598_dcb.c.  Left out: the management path. */
#include "nicmodel/nic82598_impl.h"

enum { READ_BYTES = 4096, TXPB_MASK = 0xffc00 };

static void tx_event(void *owner);
static void hand_over(struct nic *nic, int64_t *next);
static void complete(struct nic *nic, int64_t *next);
static void read_ahead(struct nic *nic, int64_t *next);

void tx_init(struct nic *nic)
{
    event_init(&nic->tx_event, nic->entity, tx_event, nic);
    for (unsigned i = 0; i < NIC_TX_QUEUES; i++) ring_init(&nic->txq[i].ring, &nic->ring_env, true, i);
}

static void drop_all(struct nic *nic, struct packet_queue *queue)
{
    for (struct packet *p; (p = packet_queue_pop(queue));) packet_drop(nic->pool, p, DROP_NIC_DISABLED);
}

void tx_reset(struct nic *nic)
{
    engine_cancel(nic->engine, &nic->tx_event);
    drop_all(nic, &nic->tx_fifo);
    drop_all(nic, &nic->job.frames);
    nic->job.q = NULL;
    nic->tx_fifo_bytes = 0;
    nic->tx_ready = 0;
    nic->done_head = nic->done_tail = 0;
    for (unsigned i = 0; i < NIC_TX_QUEUES; i++) {
        struct txq *q = &nic->txq[i];
        ring_reset(&q->ring);
        ring_set_control(&q->ring, nic->reg[SLOT_TXDCTL + (int)i]);
        q->r_head = q->r_tail = 0;
        q->packet.n_descs = 0;
    }
    write_txmode(nic, 0, 0);
}

void nic_set_wire(struct nic *nic, struct link *link)
{
    enum { RUN_AHEAD = 16384 };
    misc_wire(nic, link);
    nic->run_ahead_bytes = nic->run_ahead_ps = 0;
    if (link) {
        const struct link_config *c = link_config_of(link);
        nic->run_ahead_bytes = c->depth_bytes < RUN_AHEAD ? c->depth_bytes : RUN_AHEAD;
        nic->run_ahead_ps = sim_wire_time(nic->run_ahead_bytes / 2, c->rate).ps;
    }
}

/* One pass: what has arrived, what can leave, what can be read; then sleep until the first of them changes. */
void tx_run(struct nic *nic)
{
    int64_t next = INT64_MAX;

    complete(nic, &next);
    read_ahead(nic, &next);
    hand_over(nic, &next);
    if (event_pending(&nic->tx_event) && nic->tx_event_at == next) return;
    nic->tx_event_at = next;
    if (next == INT64_MAX)
        engine_cancel(nic->engine, &nic->tx_event);
    else
        engine_schedule(nic->engine, &nic->tx_event, (sim_time){ next });
}

static void tx_event(void *owner)
{
    tx_run(owner);
}

static void earliest(int64_t *next, int64_t at)
{
    if (at < *next) *next = at;
}

/* -- to the wire -------------------------------------------------------------------------------------------------- */

static void count_sent(struct nic *nic, const struct packet *p, uint32_t bytes, unsigned queue)
{
    nic->counter[NIC_tx_packets]++;
    nic->counter[NIC_tx_bytes] += bytes;
    count_size(&nic->tx_total, bytes);
    count_queue(&nic->tx_total, queue, bytes);
    if (__builtin_expect(mac_is_group(p->hdr), 0)) stats_group(nic, p, true);
}

/* When the wire can take a frame of 'bytes': now, or later, when its queue has half drained. */
static int64_t wire_ready(struct nic *nic, uint32_t bytes, int64_t now)
{
    int64_t free = link_free_at(nic->wire).ps;
    if (free <= now) return now;
    if (link_queued_bytes(nic->wire) + bytes + FRAME_FCS_BYTES <= nic->run_ahead_bytes) return now;
    return free - nic->run_ahead_ps > now ? free - nic->run_ahead_ps : free;
}

/* The same without a cable: frames vanish when their data is there, or come back at line rate. */
static int64_t without_wire(const struct nic *nic, const struct packet *p)
{
    return nic->looped && nic->loop_free.ps > p->at.ps ? nic->loop_free.ps : p->at.ps;
}

/* Without a cable that leads elsewhere. */
__attribute__((cold)) static void emit_nowhere(struct nic *nic, struct packet *p, uint32_t bytes, unsigned queue)
{
    if (nic->looped) {
        count_sent(nic, p, bytes, queue);
        nic->loop_free = sim_add(engine_now(nic->engine), sim_wire_time(packet_wire_bytes(p), sim_gbps(10)));
        rx_take(nic, p);
    } else {
        packet_drop(nic->pool, p, DROP_LINK_DOWN);
    }
}

static inline void emit(struct nic *nic, struct packet *p, int64_t now)
{
    unsigned queue = *tx_cb_queue(p);
    uint32_t bytes = frame_stored_bytes(p);

    nic->tx_fifo_bytes -= bytes;
    TRACE(nic->engine, nic->entity->id, nic_tx_frame, p->id, queue, p->len, 0);
    if (__builtin_expect(!nic->wire, 0)) {
        emit_nowhere(nic, p, bytes, queue);
        return;
    }
    count_sent(nic, p, bytes, queue);
    link_send_after(nic->wire, p, sim_ps(p->at.ps > now ? p->at.ps - now : 0));
}

void tx_emit(struct nic *nic, struct packet *p)
{
    emit(nic, p, engine_now(nic->engine).ps);
}

static void hand_over(struct nic *nic, int64_t *next)
{
    int64_t now = engine_now(nic->engine).ps;
    struct packet *p;

    while ((p = nic->tx_fifo.head)) {
        int64_t at = nic->wire ? wire_ready(nic, frame_stored_bytes(p), now) : without_wire(nic, p);
        if (at > now) {
            earliest(next, at);
            break;
        }
        packet_queue_pop(&nic->tx_fifo);
        emit(nic, p, now);
    }
    if (__builtin_expect(nic->dcb.tx, 0)) earliest(next, dcb_hand_over(nic));
}

/* -- from descriptors to packets ---------------------------------------------------------------------------------- */

static void add_piece(struct tx_packet *t, uint64_t addr, uint32_t bytes)
{
    if (bytes == 0) return;
    if (t->n_pieces == PIECES_MAX) {
        t->bad = true;
        return;
    }
    t->piece[t->n_pieces].addr = addr;
    t->piece[t->n_pieces++].bytes = bytes;
    t->bytes += bytes;
}

/* Packet-wide fields stand in the first data descriptor. */
static void begin(struct tx_packet *t, const struct descriptor *d, bool legacy, uint8_t cmd)
{
    t->legacy = legacy;
    t->cmd = cmd;
    t->vlan = (uint16_t)(d->q[1] >> 48);
    t->cso = (uint8_t)(d->q[1] >> 16);
    t->css = (uint8_t)(d->q[1] >> 40);
    t->popts = legacy ? 0 : (uint8_t)(d->q[1] >> 40 & 63);
    t->context = (uint8_t)(d->q[1] >> 36 & 7);
}

/* Takes descriptors from the cache until a packet is complete; false when there are too few. */
static bool collect(struct txq *q)
{
    struct ring *r = &q->ring;
    struct tx_packet *t = &q->packet;

    while (ring_cached(r) > 0) {
        const struct descriptor *d = &r->cache[r->c_head++ % CACHE_DESCS];
        uint8_t cmd = (uint8_t)(d->q[1] >> 24);
        bool legacy = !(cmd & TXD_CMD_DEXT);
        unsigned type = (unsigned)(d->q[1] >> 20 & 15);

        if (t->n_descs == 0) {
            uint32_t back = ring_cached(r) + 1; /* from the next to fetch to this one */
            t->first = r->fetch >= back ? r->fetch - back : r->fetch + r->n - back;
            t->n_pieces = t->bytes = 0;
            t->rs = 0;
            t->bad = false;
        }
        uint32_t i = t->n_descs++;
        if (!legacy && type == TXD_TYPE_CONTEXT) {
            q->context[d->q[1] >> 36 & 7] = *d;
            continue;
        }
        if (!legacy && type != TXD_TYPE_DATA) t->bad = true;
        if (t->n_pieces == 0 && t->bytes == 0) begin(t, d, legacy, cmd);
        if (cmd & TXD_CMD_RS && i < 64) t->rs |= 1ull << i;
        add_piece(t, d->q[0], (uint32_t)d->q[1] & 0xffff);
        if (cmd & TXD_CMD_EOP) return true;
    }
    return false;
}

/* The next packet of the next queue that has one becomes the job. */
static bool pick(struct nic *nic)
{
    while (nic->tx_ready) {
        uint32_t later = nic->tx_ready & (UINT32_MAX << nic->tx_next);
        unsigned i = (unsigned)__builtin_ctz(later ? later : nic->tx_ready);
        if (__builtin_expect(nic->dcb.tx, 0) && (i = dcb_next_queue(nic)) == NIC_TX_QUEUES) return false;
        struct txq *q = &nic->txq[i];
        bool whole = q->ring.enabled && collect(q);

        if (ring_cached(&q->ring) == 0 || !q->ring.enabled) nic->tx_ready &= ~(1u << i);
        ring_prefetch(&q->ring);
        nic->tx_next = (i + 1) % NIC_TX_QUEUES;
        if (!whole) continue;
        if (__builtin_expect(nic->dcb.tx, 0)) dcb_picked(nic, q->packet.bytes);
        nic->job = (struct tx_job){ .q = q };
        txframe_build(nic, q, &nic->job.frames);
        nic->job.node = q->packet.n_pieces ? nic_node(nic, q->packet.piece[0].addr) : nic->node;
        struct packet *p = nic->job.frames.head;
        nic->job.need = p && p->next ? p->len - (q->packet.cmd & TXD_CMD_VLE ? VLAN_BYTES : 0) : q->packet.bytes;
        return true;
    }
    return false;
}

/* -- data reads --------------------------------------------------------------------------------------------------- */

/* Starts the read of the next bytes of the job. */
static void read_piece(struct nic *nic)
{
    struct tx_job *job = &nic->job;
    struct tx_packet *t = &job->q->packet;
    uint64_t addr = t->piece[job->piece].addr + job->piece_done;
    uint32_t left = t->piece[job->piece].bytes - job->piece_done;
    uint32_t bytes = READ_BYTES - (uint32_t)(addr % READ_BYTES);

    if (bytes > left) bytes = left;
    nic->tx_read_at = sim_later(nic->tx_read_at, pcie_dma_read(nic->pcie, addr, bytes, job->node));
    job->read += bytes;
    job->piece_done += bytes;
    if (bytes == left) {
        job->piece++;
        job->piece_done = 0;
    }
}

/* Frames whose last byte is on its way enter the packet buffer. */
static void accept_frames(struct nic *nic)
{
    struct tx_job *job = &nic->job;
    uint32_t read = job->read, need = job->need;
    bool all = read == job->q->packet.bytes;
    uint8_t queue = job->q->ring.index;
    struct packet *p;

    while ((p = job->frames.head) && (need <= read || all)) {
        packet_queue_pop(&job->frames);
        if (job->frames.head) need += job->frames.head->len - job->frames.head->payload;
        p->at = nic->tx_read_at;
        *tx_cb_queue(p) = queue;
        nic->tx_fifo_bytes += frame_stored_bytes(p);
        if (__builtin_expect(nic->dcb.tx, 0))
            dcb_queue(nic, p);
        else
            packet_queue_push(&nic->tx_fifo, p);
    }
    job->need = need;
}

/* All data of the job is on its way. */
static void finish_job(struct nic *nic)
{
    struct tx_job *job = &nic->job;
    struct txq *q = job->q;
    struct tx_packet *t = &q->packet;

    nic->done[nic->done_tail++ % DONE_MAX] = (struct tx_done){ nic->tx_read_at, t->rs, t->first, t->n_descs, q };
    t->n_descs = 0;
    job->q = NULL;
}

static void read_ahead(struct nic *nic, int64_t *next)
{
    int64_t now = engine_now(nic->engine).ps, limit = now + nic->tx_window_ps;
    struct tx_job *job = &nic->job;

    if (nic->tx_read_at.ps < now) nic->tx_read_at.ps = now;
    for (;;) {
        if (!job->q && !pick(nic)) break;
        if (job->read < job->q->packet.bytes) {
            if (nic->tx_fifo_bytes >= nic->tx_fifo_room) break; /* until a frame has left */
            if (nic->tx_read_at.ps > limit) {
                earliest(next, nic->tx_read_at.ps - nic->tx_window_ps / 2);
                break;
            }
            read_piece(nic);
        }
        accept_frames(nic);
        if (job->read < job->q->packet.bytes) continue;
        if (nic->done_tail - nic->done_head == DONE_MAX) break; /* until the oldest is complete */
        finish_job(nic);
    }
    if (nic->done_head != nic->done_tail) earliest(next, nic->done[nic->done_head % DONE_MAX].at.ps);
}

/* -- reports ------------------------------------------------------------------------------------------------------ */

static uint32_t wrap(const struct ring *r, uint32_t index)
{
    return index >= r->n ? index - r->n : index;
}

static void report(struct nic *nic, struct txq *q, uint32_t index)
{
    if (q->r_tail - q->r_head == CACHE_DESCS) tx_flush(nic, q->ring.index);
    q->report[q->r_tail++ % CACHE_DESCS] = index;
}

/* Packets whose data has arrived: the head moves, and what asked for a report gets one. */
static void complete(struct nic *nic, int64_t *next)
{
    int64_t now = engine_now(nic->engine).ps;

    while (nic->done_head != nic->done_tail) {
        struct tx_done *d = &nic->done[nic->done_head % DONE_MAX];
        if (d->at.ps > now) {
            earliest(next, d->at.ps);
            break;
        }
        nic->done_head++;
        struct txq *q = d->q;
        if (d->first + d->n_descs > 2 * q->ring.n) continue; /* the ring was set up anew meanwhile */
        q->ring.head = wrap(&q->ring, d->first + d->n_descs);
        for (uint64_t rs = d->rs; rs; rs &= rs - 1)
            report(nic, q, wrap(&q->ring, d->first + (uint32_t)__builtin_ctzll(rs)));
        uint32_t waiting = q->r_tail - q->r_head;
        if (waiting == 0) continue;
        if (waiting >= q->ring.wthresh || !irq_hold(nic, q->ring.cause, true, q->ring.index))
            tx_flush(nic, q->ring.index);
    }
}

void tx_flush(struct nic *nic, unsigned queue)
{
    struct txq *q = &nic->txq[queue];
    struct ring *r = &q->ring;
    uint32_t low = nic->reg[SLOT_TDWBAL + (int)queue];

    if (q->r_head == q->r_tail) return;
    if (NIC_GET(TDWBAL_ENABLE, low)) {
        uint64_t addr = (uint64_t)nic->reg[SLOT_TDWBAH + (int)queue] << 32 | (low & ~3u);
        nic_post(nic, pcie_dma_write(nic->pcie, addr, 4, r->node), POSTED_HEAD, queue, r->head);
        nic->counter[NIC_tx_writebacks]++;
        q->r_head = q->r_tail;
    }
    while (q->r_head != q->r_tail) {
        uint32_t i = q->report[q->r_head++ % CACHE_DESCS];
        sim_time at = pcie_dma_write(nic->pcie, r->base + (uint64_t)i * DESC_BYTES, DESC_BYTES, r->node);
        nic_post(nic, at, POSTED_TX, queue, i);
        nic->counter[NIC_tx_writebacks]++;
    }
    irq_cause(nic, r->cause);
}

void tx_visible(struct nic *nic, unsigned queue, enum posted_kind kind, uint32_t value)
{
    uint64_t addr = nic->txq[queue].ring.base + (uint64_t)value * DESC_BYTES;
    bool written;

    if (kind == POSTED_HEAD) {
        uint32_t low = nic->reg[SLOT_TDWBAL + (int)queue];
        addr = (uint64_t)nic->reg[SLOT_TDWBAH + (int)queue] << 32 | (low & ~3u);
        uint8_t bytes[4] = { (uint8_t)value, (uint8_t)(value >> 8), (uint8_t)(value >> 16), (uint8_t)(value >> 24) };
        written = memory_write(nic->memory, addr, bytes, sizeof bytes);
    } else {
        const struct descriptor done = { { 0, (uint64_t)RXD_DD << 32 } };
        written = memory_write(nic->memory, addr, &done, sizeof done);
    }
    if (!written) nic_refused(nic, addr);
}

/* -- registers ---------------------------------------------------------------------------------------------------- */

static void restart(struct txq *q, uint32_t head)
{
    q->ring.head = q->ring.fetch = head;
    q->ring.c_head = q->ring.c_tail = q->ring.fetch_count = 0;
    engine_cancel(q->ring.env->engine, &q->ring.fetched);
    if (nic_of_ring(&q->ring)->job.q != q) q->packet.n_descs = 0;
}

void write_txring(struct nic *nic, uint32_t index, uint32_t value)
{
    struct txq *q = &nic->txq[index];
    int i = (int)index;
    (void)value;
    ring_set_base(&q->ring, nic->reg[SLOT_TDBAL + i], nic->reg[SLOT_TDBAH + i], nic->reg[SLOT_TDLEN + i]);
    restart(q, q->ring.head);
}

void write_tdh(struct nic *nic, uint32_t index, uint32_t value)
{
    struct txq *q = &nic->txq[index];
    restart(q, value < q->ring.n ? value : 0);
    ring_prefetch(&q->ring);
}

uint32_t read_tdh(struct nic *nic, uint32_t index)
{
    return nic->txq[index].ring.head;
}

void write_tdt(struct nic *nic, uint32_t index, uint32_t value)
{
    struct ring *r = &nic->txq[index].ring;
    r->tail = value < r->n ? value : 0;
    ring_prefetch(r);
}

void write_txdctl(struct nic *nic, uint32_t index, uint32_t value)
{
    struct txq *q = &nic->txq[index];
    if (NIC_GET(TXDCTL_SWFLSH, value)) tx_flush(nic, index);
    ring_set_control(&q->ring, value);
    if (!q->ring.enabled && nic->job.q != q && q->packet.n_descs > 0) {
        q->ring.fetch = q->packet.first;
        q->packet.n_descs = 0;
    }
    ring_prefetch(&q->ring);
}

void write_txmode(struct nic *nic, uint32_t index, uint32_t value)
{
    (void)index, (void)value;
    nic->tx_fifo_room = 0;
    if (nic->stopped) return;
    if (nic->dcb.tx) {
        nic->tx_fifo_room = INT64_MAX; /* each class has its own */
        return;
    }
    for (int i = 0; i < COUNT_TXPBSIZE; i++) nic->tx_fifo_room += nic->reg[SLOT_TXPBSIZE + i] & TXPB_MASK;
}
