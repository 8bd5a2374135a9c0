/* SPDX-License-Identifier: GPL-3.0-or-later
 * nic82573_txframe.c -- the frames of one transmit packet (manual 3.3.3 to 3.5).
 *
 * A context descriptor says where sums begin and end and where they are stored; there is one for checksums and one for
 * large sends.  Frames are made from the packet that the machine bound, or from gathered bytes (frame_bytes.h).  Left out:
 * the manual's early reads of a large send's header, headers of more than HDR_MAX bytes in a gathered large send. */
#include "nicmodel/nic82573_impl.h"

enum { FRAME_MAX = 9234, HDR_MAX = PACKET_HDR_MAX - VLAN_BYTES };

/* A context descriptor, taken apart. */
struct offload {
    uint32_t ip_from, ip_at, ip_to, l4_from, l4_at, l4_to; /* to: last byte; 0: the frame's */
    uint32_t header, mss;
};

static struct offload unpack(const struct descriptor *c)
{
    return (struct offload){
        .ip_from = (uint32_t)(c->q[0] & 255), .ip_at = (uint32_t)(c->q[0] >> 8 & 255),
        .ip_to = (uint32_t)(c->q[0] >> 16 & 0xffff), .l4_from = (uint32_t)(c->q[0] >> 32 & 255),
        .l4_at = (uint32_t)(c->q[0] >> 40 & 255), .l4_to = (uint32_t)(c->q[0] >> 48),
        .header = (uint32_t)(c->q[1] >> 40 & 255), .mss = (uint32_t)(c->q[1] >> 48),
    };
}

static void sum(struct packet *p, uint32_t from, uint32_t to, uint32_t at)
{
    frame_checksum(p, from, to ? to + 1 : p->len, at, false);
}

static void gathered_checksums(struct packet *p, const struct tx73_packet *t, const struct offload *o)
{
    if (t->legacy) {
        if (t->cmd & TX_IC) sum(p, t->css, 0, t->cso);
        return;
    }
    if (t->popts & TX_IXSM) sum(p, o->ip_from, o->ip_to, o->ip_at);
    if (t->popts & TX_TXSM) sum(p, o->l4_from, o->l4_to, o->l4_at);
}

/* A bound packet whose checksums are to be filled in by someone: by us, or nobody. */
static void bound_checksums(struct packet *p, const struct tx73_packet *t, bool large)
{
    uint8_t wanted = p->l4 ? TX_TXSM : TX_IXSM;
    if (p->flags & PACKET_CSUM_PARTIAL && !(t->popts & wanted) && !large)
        p->flags = (uint8_t)((p->flags & ~PACKET_CSUM_PARTIAL) | PACKET_CSUM_BAD);
}

static bool possible(const struct tx73_packet *t, const struct offload *o, bool large)
{
    if (t->bad || t->bytes < ETH_BYTES) return false;
    if (!large) return t->bytes <= FRAME_MAX;
    return o->mss > 0 && o->header >= ETH_BYTES && o->header <= HDR_MAX && o->header < t->bytes && t->popts & TX_TXSM;
}

static void impossible(struct nic82573 *nic, bool large)
{
    nic->counter[NIC_bad_descriptors]++;
    if (large) stats73_add(nic, SLOT_TSCTFC, 1);
}

void txframe73_build(struct nic82573 *nic, struct packet_queue *out)
{
    const struct tx73_packet *t = &nic->packet;
    bool large = !t->legacy && t->cmd & TX_TSE;
    struct offload o = unpack(&nic->context[large ? 1 : 0]);
    sim_time now = engine_now(nic->engine);

    *out = (struct packet_queue){ 0 };
    if (t->bytes == 0 && !t->bad) return; /* nothing to send, only to report */
    if (!possible(t, &o, large)) {
        impossible(nic, large);
        return;
    }
    uint32_t header = large ? o.header : t->bytes < HDR_MAX ? t->bytes : HDR_MAX;
    struct packet *whole = frame_bound(nic->memory, t->piece, t->n_pieces, t->bytes), *p;
    if (whole) {
        p = packet_clone(nic->pool, whole, now);
        bound_checksums(p, t, large);
    } else {
        p = frame_gather(nic->pool, nic->memory, t->piece, t->n_pieces, header, now);
        if (!p) {
            nic73_refused(nic, t->piece[0].addr);
            return;
        }
        if (!large) gathered_checksums(p, t, &o);
    }
    if (large && (p->l4 == 0 || p->payload != header)) {
        impossible(nic, large);
        packet_drop(nic->pool, p, DROP_NIC_BAD_DESC);
        return;
    }
    p->gso_mss = large ? (uint16_t)o.mss : 0;
    if (large) {
        nic->counter[NIC_tx_tso]++;
        stats73_add(nic, SLOT_TSCTC, 1);
        p->flags |= PACKET_CSUM_PARTIAL;
        headers_segment(nic->pool, p, out, now);
    } else {
        packet_queue_push(out, p);
    }
    if (!(t->cmd & TX_VLE) || !NIC_GET(CTRL_VME, nic->reg[SLOT_CTRL])) return;
    for (p = out->head; p; p = p->next)
        if (!headers_vlan_push(p, t->vlan)) nic->counter[NIC_bad_descriptors]++;
}
