/* SPDX-License-Identifier: GPL-3.0-or-later
 * nic82598_txframe.c -- the frames of one transmit packet (datasheet 3.5.3 to 3.5.7).
 *
 * Two ways to the bytes.  When the buffers are, in order, exactly one packet that the machine bound for transmit, its
 * copy (some hundred header bytes) becomes the frame, or the large send that is cut.  Otherwise the bytes are gathered
 * from memory one by one, and checksums are computed over them as the hardware does: over what software put there,
 * the pseudo-header sum included.  Short frames are padded, with HLREG0.TXPADEN and IFCS; the wire carries padding without
 * a byte being stored.  Left out: check sequences that software made (IFCS clear), headers of more than HDR_MAX bytes in
 * a gathered large send. */
#include "nicmodel/frame_bytes.h"
#include "nicmodel/nic82598_impl.h"

enum { MACLEN_MIN = 14, MSS_MIN = 1, HDR_MAX = PACKET_HDR_MAX - VLAN_BYTES };

/* A context descriptor, taken apart. */
struct offload {
    uint32_t mac, ip, l4, mss;
    uint16_t vlan;
    bool ipv4, tcp;
};

static struct offload unpack(const struct descriptor *c)
{
    return (struct offload){
        .mac = (uint32_t)(c->q[0] >> 9 & 127), .ip = (uint32_t)(c->q[0] & 511), .l4 = (uint32_t)(c->q[1] >> 40 & 255),
        .mss = (uint32_t)(c->q[1] >> 48), .vlan = (uint16_t)(c->q[0] >> 16),
        .ipv4 = c->q[1] >> 10 & 1, .tcp = (c->q[1] >> 11 & 3) == 1,
    };
}

static void gathered_checksums(struct packet *p, const struct tx_packet *t, const struct offload *o)
{
    if (t->legacy) {
        if (t->cmd & TXD_CMD_IC) frame_checksum(p, t->css, p->len, t->cso, false);
        return;
    }
    if (t->popts & TXD_IXSM && o->ipv4) frame_checksum(p, o->mac, o->mac + o->ip, o->mac + 10, true);
    if (t->popts & TXD_TXSM) frame_checksum(p, o->mac + o->ip, p->len, o->mac + o->ip + (o->tcp ? 16 : 6), false);
}

/* A bound packet whose checksums are to be filled in by someone: by us, or nobody. */
static void bound_checksums(struct packet *p, const struct tx_packet *t)
{
    uint8_t wanted = p->l4 ? TXD_TXSM : TXD_IXSM;
    if (p->flags & PACKET_CSUM_PARTIAL && !(t->popts & wanted) && !(t->cmd & TXD_CMD_TSE))
        p->flags = (uint8_t)((p->flags & ~PACKET_CSUM_PARTIAL) | PACKET_CSUM_BAD);
}

static void add_tags(struct nic *nic, struct packet_queue *frames, uint16_t vlan)
{
    for (struct packet *p = frames->head; p; p = p->next)
        if (!headers_vlan_push(p, vlan)) nic->counter[NIC_bad_descriptors]++;
}

static void leave_short(struct packet_queue *frames)
{
    for (struct packet *p = frames->head; p; p = p->next)
        if (p->len < FRAME_MIN_BYTES) p->flags |= PACKET_RUNT;
}

/* Whether the packet can be carried out at all. */
static bool possible(const struct tx_packet *t, const struct offload *o)
{
    if (t->bad || t->bytes < ETH_BYTES) return false;
    if (!(t->cmd & TXD_CMD_TSE) || t->legacy) return t->bytes <= FRAME_MAX;
    uint32_t header = o->mac + o->ip + o->l4;
    return o->mss >= MSS_MIN && o->mac >= MACLEN_MIN && header <= HDR_MAX && header < t->bytes &&
           t->popts & TXD_TXSM;
}

void txframe_build(struct nic *nic, struct txq *q, struct packet_queue *out)
{
    const struct tx_packet *t = &q->packet;
    struct offload o = unpack(&q->context[t->context]);
    bool large = !t->legacy && t->cmd & TXD_CMD_TSE;
    sim_time now = engine_now(nic->engine);

    *out = (struct packet_queue){ 0 };
    if (t->bytes == 0 && !t->bad) return; /* nothing to send, only to report */
    if (!possible(t, &o)) {
        nic->counter[NIC_bad_descriptors]++;
        return;
    }
    uint32_t header = large ? o.mac + o.ip + o.l4 : t->bytes < HDR_MAX ? t->bytes : HDR_MAX;
    struct packet *whole = frame_bound(nic->memory, t->piece, t->n_pieces, t->bytes), *p;
    if (whole) {
        p = packet_clone(nic->pool, whole, now);
        bound_checksums(p, t);
    } else {
        p = frame_gather(nic->pool, nic->memory, t->piece, t->n_pieces, header, now);
        if (!p) {
            nic_refused(nic, t->n_pieces ? t->piece[0].addr : 0);
            return;
        }
        if (!large) gathered_checksums(p, t, &o);
    }
    if (large && (p->l4 == 0 || p->payload != header)) {
        nic->counter[NIC_bad_descriptors]++;
        packet_drop(nic->pool, p, DROP_NIC_BAD_DESC);
        return;
    }
    p->gso_mss = large ? (uint16_t)o.mss : 0;
    if (large) {
        nic->counter[NIC_tx_tso]++;
        p->flags |= PACKET_CSUM_PARTIAL;
        headers_segment(nic->pool, p, out, now);
    } else {
        packet_queue_push(out, p);
    }
    if (t->cmd & TXD_CMD_VLE) add_tags(nic, out, t->legacy ? t->vlan : o.vlan);
    if (!(t->cmd & TXD_CMD_IFCS) || !NIC_GET(HLREG0_TXPADEN, nic->reg[SLOT_HLREG0])) leave_short(out);
}
