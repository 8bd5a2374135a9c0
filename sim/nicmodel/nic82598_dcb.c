/* SPDX-License-Identifier: GPL-3.0-or-later
 * nic82598_dcb.c -- data centre bridging: eight classes with packet buffers of their own, and who is next.
 *
 *     receive:   priority of the VLAN tag -> packet buffer -> arbiter (RMCS, RT2CR) -> queues 8 c to 8 c + 7
 *     transmit:  queues 4 c to 4 c + 3 -> arbiter (DPMCS, TDTQ2TCCR) -> packet buffer
 *                                                                    -> arbiter (PDPMCS, TDPT2TCCR) -> wire
 *
 * Receive has classes with RDRXCTL.MPBEN, transmit when a credit register has a refill or RPFCE obeys PAUSE per class.
 * An arbiter gives every class with something to do its refill when all of them have used up theirs; a class with LSP
 * goes before those without, one with GSP before the others of its bandwidth group, on the credits of the one whose
 * turn it is.  The classes take turns, or go by number, highest first (TDPAC, TPPAC, RAC).
 *
 * Where the sources are silent: with RUPPBMR.MQA priority i goes to buffer i, without it and without a tag all go to
 * buffer 0; the RSS output's lower three bits choose among a class's receive queues; a class may read one packet more
 * than its transmit buffer holds; the status registers of the credits read 0. */
#include "nicmodel/nic82598_impl.h"

enum { CREDIT_BYTES = 64, RX_QUEUES_LOG2 = 3, TX_QUEUES_LOG2 = 2, TX_QUEUES_MASK = 15, SIZE_MASK = 0xffc00 };

/* The credit registers of the three arbiters have one layout; TDTQ2TCCR's names stand for all. */
#define CREDIT_GET(field, v) NIC_GET(TDTQ2TCCR_##field, v)

/* -- arbitration -------------------------------------------------------------------------------------------------- */

static bool any_refill(const uint32_t *config)
{
    bool any = false;
    for (int c = 0; c < PACKET_BUFFERS; c++) any |= CREDIT_GET(CRQ, config[c]) != 0;
    return any;
}

static void refill(struct arbiter *a, uint32_t eligible, const uint32_t *config)
{
    for (int c = 0; c < PACKET_BUFFERS; c++) {
        int64_t most = CREDIT_GET(MCL, config[c]);
        if (!(eligible >> c & 1)) continue;
        a->credit[c] += CREDIT_GET(CRQ, config[c]) ? CREDIT_GET(CRQ, config[c]) : 1;
        if (most && a->credit[c] > most) a->credit[c] = most;
    }
}

/* The class whose turn it is may let one of its bandwidth group go first. */
static int within_group(uint32_t eligible, const uint32_t *config, int turn)
{
    uint32_t group = CREDIT_GET(BWG, config[turn]);
    for (int c = PACKET_BUFFERS - 1; c >= 0; c--)
        if (eligible >> c & 1 && CREDIT_GET(GSP, config[c]) && CREDIT_GET(BWG, config[c]) == group) return c;
    return turn;
}

/* Which of the eligible classes is next; -1: there is none.  The caller tells what it took with charge(). */
static int next_class(struct arbiter *a, uint32_t eligible, const uint32_t *config, bool by_number)
{
    if (!eligible) return -1;
    a->turn = -1;
    for (int c = PACKET_BUFFERS - 1; c >= 0; c--)
        if (eligible >> c & 1 && CREDIT_GET(LSP, config[c])) return c;
    for (;; refill(a, eligible, config))
        for (int i = 0; i < PACKET_BUFFERS; i++) {
            int c = by_number ? PACKET_BUFFERS - 1 - i : (a->next + i) % PACKET_BUFFERS;
            if (!(eligible >> c & 1) || a->credit[c] <= 0) continue;
            a->turn = (int8_t)c;
            return within_group(eligible, config, c);
        }
}

static void charge(struct arbiter *a, uint32_t bytes)
{
    int c = a->turn;
    if (c < 0) return; /* strict priority costs nothing */
    a->credit[c] -= (bytes + CREDIT_BYTES - 1) / CREDIT_BYTES;
    a->next = (uint8_t)(a->credit[c] > 0 ? c : (c + 1) % PACKET_BUFFERS);
}

/* -- modes -------------------------------------------------------------------------------------------------------- */

static void pour(struct packet_queue *from, struct packet_queue *to)
{
    for (struct packet *p; (p = packet_queue_pop(from));) packet_queue_push(to, p);
}

static void leave_rx(struct nic *nic)
{
    for (int c = 1; c < PACKET_BUFFERS; c++) {
        pour(&nic->pb[c].fifo, &nic->pb[0].fifo);
        nic->pb[0].bytes += nic->pb[c].bytes;
        nic->pb[c].bytes = 0;
        if (nic->pb[c].low >= 0) pause_low(&nic->pb[c]);
    }
}

static void leave_tx(struct nic *nic)
{
    for (int c = 0; c < PACKET_BUFFERS; c++) {
        pour(&nic->dcb.fifo[c], &nic->tx_fifo);
        nic->dcb.bytes[c] = 0;
    }
}

void dcb_mode(struct nic *nic)
{
    bool rx = NIC_GET(RDRXCTL_MPBEN, nic->reg[SLOT_RDRXCTL]), tx = NIC_GET(FCTRL_RPFCE, nic->reg[SLOT_FCTRL]);

    if (!NIC_GET(DPMCS_ARBDIS, nic->reg[SLOT_DPMCS])) tx |= any_refill(&nic->reg[SLOT_TDTQ2TCCR]);
    if (!NIC_GET(PDPMCS_ARBDIS, nic->reg[SLOT_PDPMCS])) tx |= any_refill(&nic->reg[SLOT_TDPT2TCCR]);
    if (nic->dcb.rx && !rx) leave_rx(nic);
    if (nic->dcb.tx && !tx) leave_tx(nic);
    nic->dcb.rx = rx;
    if (nic->dcb.tx == tx) return;
    nic->dcb.tx = tx;
    write_txmode(nic, 0, 0);
}

void write_dcb(struct nic *nic, uint32_t index, uint32_t value)
{
    (void)index, (void)value;
    dcb_mode(nic);
}

void dcb_reset(struct nic *nic)
{
    for (int c = 0; c < PACKET_BUFFERS; c++)
        for (struct packet *p; (p = packet_queue_pop(&nic->dcb.fifo[c]));) packet_drop(nic->pool, p, DROP_NIC_DISABLED);
    nic->dcb = (struct dcb){ 0 };
}

uint64_t dcb_held(const struct nic *nic)
{
    uint64_t n = 0;
    for (int c = 0; c < PACKET_BUFFERS; c++) n += nic->dcb.fifo[c].count;
    return n;
}

/* -- receive ------------------------------------------------------------------------------------------------------ */

static unsigned priority_of(const struct nic *nic, const struct packet *p)
{
    const struct rx_cb *cb = (const struct rx_cb *)(const void *)p->cb;
    if (cb->status & RXD_VP) return cb->vlan >> 13;
    if (p->hdr_len < ETH_BYTES + VLAN_BYTES || get_be16(p->hdr + 12) != nic->mode.vet) return 0;
    return (unsigned)get_be16(p->hdr + ETH_BYTES) >> 13;
}

void dcb_receive(struct nic *nic, struct packet *p)
{
    unsigned c = NIC_GET(RUPPBMR_MQA, nic->reg[SLOT_RUPPBMR]) ? priority_of(nic, p) : 0;
    struct rx_pb *b = &nic->pb[c];
    struct rx_cb *cb = rx_cb(p);
    uint32_t size = (c == 0 ? nic->reg[SLOT_RXPBSIZE0] : nic->reg[SLOT_RXPBSIZE + (int)c - 1]) & SIZE_MASK;

    cb->queue = (uint8_t)(c << RX_QUEUES_LOG2 | (cb->queue & ((1u << RX_QUEUES_LOG2) - 1)));
    if (b->bytes + frame_stored_bytes(p) > size) {
        TRACE(nic->engine, nic->entity->id, nic_rx_missed, p->id, c, 0, 0);
        stats_add(nic, SLOT_MPC + (int)c, 1);
        nic->counter[NIC_mpc]++;
        packet_drop(nic->pool, p, DROP_NIC_MISSED);
        return;
    }
    packet_queue_push(&b->fifo, p);
    b->bytes += frame_stored_bytes(p);
    if ((uint64_t)b->bytes > nic->counter[NIC_rx_fifo_max]) nic->counter[NIC_rx_fifo_max] = (uint64_t)b->bytes;
    dcb_drain(nic);
    if (b->bytes > b->high) pause_high(b);
}

/* A buffer whose first frame has to wait holds up nobody but itself. */
void dcb_drain(struct nic *nic)
{
    static const uint32_t none[PACKET_BUFFERS];
    uint32_t rmcs = nic->reg[SLOT_RMCS], waiting = 0;
    const uint32_t *config = NIC_GET(RMCS_ARBDIS, rmcs) ? none : &nic->reg[SLOT_RT2CR];

    for (int c = 0; c < PACKET_BUFFERS; c++) waiting |= (uint32_t)(nic->pb[c].fifo.head != NULL) << c;
    for (int c; (c = next_class(&nic->dcb.rx_arbiter, waiting, config, NIC_GET(RMCS_RAC, rmcs))) >= 0;) {
        struct rx_pb *b = &nic->pb[c];
        struct packet *p = b->fifo.head, *next = p->next;
        uint32_t bytes = frame_stored_bytes(p);
        if (!rx_move(nic, p)) {
            waiting &= ~(1u << c);
            continue;
        }
        b->fifo.head = next;
        b->fifo.count--;
        b->bytes -= bytes;
        charge(&nic->dcb.rx_arbiter, bytes);
        if (b->bytes <= b->low) pause_low(b);
        if (!b->fifo.head) waiting &= ~(1u << c);
    }
}

/* -- transmit: descriptors ---------------------------------------------------------------------------------------- */

unsigned dcb_next_queue(struct nic *nic)
{
    struct dcb *d = &nic->dcb;
    uint32_t eligible = 0;

    for (int c = 0; c < PACKET_BUFFERS; c++) {
        bool room = d->bytes[c] < (int64_t)(nic->reg[SLOT_TXPBSIZE + c] & SIZE_MASK);
        if (room && nic->tx_ready >> (c << TX_QUEUES_LOG2) & TX_QUEUES_MASK) eligible |= 1u << c;
    }
    int c = next_class(&d->fetch_arbiter, eligible, &nic->reg[SLOT_TDTQ2TCCR],
                       NIC_GET(DPMCS_TDPAC, nic->reg[SLOT_DPMCS]));
    if (c < 0) return NIC_TX_QUEUES;
    uint32_t ready = nic->tx_ready >> (c << TX_QUEUES_LOG2) & TX_QUEUES_MASK;
    uint32_t later = ready & (uint32_t)TX_QUEUES_MASK << d->next_queue[c];
    int q = __builtin_ctz(later ? later : ready);
    d->next_queue[c] = (uint8_t)((q + 1) & ((1 << TX_QUEUES_LOG2) - 1));
    return ((unsigned)c << TX_QUEUES_LOG2) + (unsigned)q;
}

void dcb_picked(struct nic *nic, uint32_t bytes)
{
    charge(&nic->dcb.fetch_arbiter, bytes);
}

void dcb_queue(struct nic *nic, struct packet *p)
{
    unsigned c = *tx_cb_queue(p) >> TX_QUEUES_LOG2;
    packet_queue_push(&nic->dcb.fifo[c], p);
    nic->dcb.bytes[c] += frame_stored_bytes(p);
}

/* -- transmit: frames --------------------------------------------------------------------------------------------- */

/* When the first frame of a class may go, as far as the class is concerned. */
static int64_t class_ready(const struct nic *nic, int c)
{
    const struct packet *p = nic->dcb.fifo[c].head;
    if (!p) return INT64_MAX;
    return p->at.ps > nic->class_off_until[c].ps ? p->at.ps : nic->class_off_until[c].ps;
}

static int64_t next_at(const struct nic *nic)
{
    int64_t first = INT64_MAX;

    for (int c = 0; c < PACKET_BUFFERS; c++) {
        int64_t at = class_ready(nic, c);
        if (at < first) first = at;
    }
    if (first == INT64_MAX || !nic->wire) return first;
    int64_t free = link_free_at(nic->wire).ps;
    return first > free ? first : free;
}

/* One frame at a time: what comes after it is decided when the wire is free. */
int64_t dcb_hand_over(struct nic *nic)
{
    struct dcb *d = &nic->dcb;

    for (;;) {
        int64_t now = engine_now(nic->engine).ps;
        uint32_t eligible = 0;
        if (nic->tx_fifo.head || (nic->wire && link_free_at(nic->wire).ps > now)) break;
        for (int c = 0; c < PACKET_BUFFERS; c++) eligible |= (uint32_t)(class_ready(nic, c) <= now) << c;
        int c = next_class(&d->send_arbiter, eligible, &nic->reg[SLOT_TDPT2TCCR],
                           NIC_GET(PDPMCS_TPPAC, nic->reg[SLOT_PDPMCS]));
        if (c < 0) break;
        struct packet *p = packet_queue_pop(&d->fifo[c]);
        d->bytes[c] -= frame_stored_bytes(p);
        charge(&d->send_arbiter, frame_stored_bytes(p));
        tx_emit(nic, p);
    }
    return next_at(nic);
}
