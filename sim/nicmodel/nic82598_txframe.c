/* SPDX-License-Identifier: GPL-3.0-or-later
 * nic82598_txframe.c -- the frames of one transmit packet (datasheet 3.5.3 to 3.5.7).
 *
 * Two ways to the bytes.  When the buffers are, in order, exactly one packet that the machine bound for transmit, its
 * copy (some hundred header bytes) becomes the frame, or the large send that is cut.  Otherwise the bytes are gathered
 * from memory one by one, and cut and summed as the hardware does: where the context says, whatever the headers are, over
 * what software put there, the pseudo-header sum included.  Short frames are padded, with HLREG0.TXPADEN and IFCS; the
 * wire carries padding without a byte being stored.  Left out: check sequences that software made (IFCS clear). */
#include <string.h>

#include "nicmodel/frame_bytes.h"
#include "nicmodel/nic82598_impl.h"

enum {
    MACLEN_MIN = 14, MSS_MIN = 1, HDR_MAX = PACKET_HDR_MAX - VLAN_BYTES, HEADER_MAX = 240,
    ETHERTYPE_AT = 12, TCP_SEQ = 4, TCP_FLAGS = 13, TCP_SUM = 16, UDP_LENGTH = 4, UDP_SUM = 6, IPV4_SUM = 10,
};

/* A context descriptor, taken apart. */
struct offload {
    uint32_t mac, ip, l4, mss;
    uint16_t vlan;
    bool ipv4, tcp, snap;
};

static struct offload unpack(const struct descriptor *c)
{
    return (struct offload){
        .mac = (uint32_t)(c->q[0] >> 9 & 127), .ip = (uint32_t)(c->q[0] & 511), .l4 = (uint32_t)(c->q[1] >> 40 & 255),
        .mss = (uint32_t)(c->q[1] >> 48), .vlan = (uint16_t)(c->q[0] >> 16),
        .ipv4 = c->q[1] >> 10 & 1, .tcp = (c->q[1] >> 11 & 3) == 1, .snap = c->q[1] >> 9 & 1,
    };
}

static void gathered_checksums(struct packet *p, const struct tx_packet *t, const struct offload *o)
{
    if (t->legacy) {
        if (t->cmd & TXD_CMD_IC) frame_checksum(p, t->css, p->len, t->cso, false);
        return;
    }
    uint32_t l4 = o->mac + o->ip;
    if (t->popts & TXD_IXSM && o->ipv4) frame_checksum(p, o->mac, l4, o->mac + IPV4_SUM, true);
    if (t->popts & TXD_TXSM) frame_checksum(p, l4, p->len, l4 + (o->tcp ? TCP_SUM : UDP_SUM), false);
}

/* Headers of the frame with payload bytes [offset, offset + bytes) of a large send; 'index' counts frames. */
static void update_headers(uint8_t *header, const struct offload *o, uint32_t index, uint32_t bytes, bool last)
{
    uint8_t *ip = header + o->mac, *l4 = ip + o->ip;
    uint32_t total = o->ip + o->l4 + bytes;

    if (o->snap) put_be16(header + ETHERTYPE_AT, o->mac + total - ETH_BYTES);
    if (o->ipv4) {
        put_be16(ip + 2, total);
        put_be16(ip + 4, get_be16(ip + 4) + index);
    } else {
        put_be16(ip + 4, total - IPV6_BYTES);
    }
    if (!o->tcp) {
        put_be16(l4 + UDP_LENGTH, o->l4 + bytes);
        return;
    }
    put_be32(l4 + TCP_SEQ, get_be32(l4 + TCP_SEQ) + index * o->mss);
    if (!last) l4[TCP_FLAGS] &= (uint8_t)~(TCP_FIN | TCP_PSH);
}

/* Sums of a frame of 'len' bytes.  Software's sum lacks the length. */
static void update_sums(uint8_t *frame, uint32_t len, const struct offload *o, bool ip_sum)
{
    uint8_t *ip = frame + o->mac, *l4 = ip + o->ip, *field = l4 + (o->tcp ? TCP_SUM : UDP_SUM);
    uint32_t l4_bytes = len - o->mac - o->ip;

    if (o->ipv4 && ip_sum) {
        put_be16(ip + IPV4_SUM, 0);
        put_be16(ip + IPV4_SUM, checksum_fold(checksum_add(0, ip, o->ip)));
    }
    put_be16(field, checksum_fold(checksum_add(l4_bytes, l4, l4_bytes)));
}

/* A tag moves the addresses before it. */
static uint8_t *insert_tag(const struct nic *nic, uint8_t *frame, uint16_t vlan)
{
    memmove(frame - VLAN_BYTES, frame, ETHERTYPE_AT);
    put_be16(frame + ETHERTYPE_AT - VLAN_BYTES, nic->mode.vet);
    put_be16(frame + ETHERTYPE_AT - VLAN_BYTES + 2, vlan);
    return frame - VLAN_BYTES;
}

/* Cuts a gathered large send, which it consumes. */
static void cut_bytes(struct nic *nic, struct packet *whole, const struct tx_packet *t, const struct offload *o,
                      struct packet_queue *out)
{
    uint32_t header = o->mac + o->ip + o->l4, index = 0;
    sim_time now = engine_now(nic->engine);
    uint8_t room[VLAN_BYTES + FRAME_MAX], *frame = room + VLAN_BYTES;
    bool tag = t->cmd & TXD_CMD_VLE;

    for (uint32_t offset = header; offset < whole->len; offset += o->mss, index++) {
        uint32_t left = whole->len - offset, bytes = left < o->mss ? left : o->mss;
        packet_read(whole, 0, frame, header);
        packet_read(whole, offset, frame + header, bytes);
        update_headers(frame, o, index, bytes, bytes == left);
        update_sums(frame, header + bytes, o, t->popts & TXD_IXSM);
        struct packet *p = packet_new(nic->pool, now);
        packet_write(p, tag ? insert_tag(nic, frame, o->vlan) : frame, header + bytes + (tag ? VLAN_BYTES : 0));
        packet_queue_push(out, p);
    }
    packet_segmented(nic->pool, whole);
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
    for (struct packet *p = frames->head; p; p = p->next) {
        if (headers_vlan_push(p, vlan))
            put_be16(p->hdr + ETHERTYPE_AT, nic->mode.vet);
        else
            nic->counter[NIC_bad_descriptors]++;
    }
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
    uint32_t header = o->mac + o->ip + o->l4, first = t->bytes - header < o->mss ? t->bytes - header : o->mss;
    bool room = o->l4 >= (o->tcp ? TCP_BYTES : UDP_BYTES) && o->ip >= (o->ipv4 ? IPV4_BYTES : IPV6_BYTES);
    return o->mss >= MSS_MIN && o->mac >= MACLEN_MIN && room && header <= HEADER_MAX && header < t->bytes &&
           header + first <= FRAME_MAX && t->popts & TXD_TXSM;
}

/* A bound packet is cut by its own headers, which must be where the context says. */
static bool cut_bound(struct nic *nic, struct packet *p, const struct offload *o, struct packet_queue *out)
{
    if (p->l4 == 0 || p->payload != o->mac + o->ip + o->l4) {
        nic->counter[NIC_bad_descriptors]++;
        packet_drop(nic->pool, p, DROP_NIC_BAD_DESC);
        return false;
    }
    p->gso_mss = (uint16_t)o->mss;
    p->flags |= PACKET_CSUM_PARTIAL;
    headers_segment(nic->pool, p, out, engine_now(nic->engine));
    return true;
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
    uint32_t in_hdr = large ? o.mac + o.ip + o.l4 : t->bytes;
    struct packet *whole = frame_bound(nic->memory, t->piece, t->n_pieces, t->bytes), *p;
    if (whole) {
        p = packet_clone(nic->pool, whole, now);
        bound_checksums(p, t);
    } else {
        p = frame_gather(nic->pool, nic->memory, t->piece, t->n_pieces, in_hdr < HDR_MAX ? in_hdr : HDR_MAX, now);
        if (!p) {
            nic_refused(nic, t->n_pieces ? t->piece[0].addr : 0);
            return;
        }
        if (!large) gathered_checksums(p, t, &o);
    }
    nic->counter[NIC_tx_tso] += large;
    if (!large) {
        p->gso_mss = 0;
        packet_queue_push(out, p);
    } else if (!whole) {
        cut_bytes(nic, p, t, &o, out);
    } else if (!cut_bound(nic, p, &o, out)) {
        return;
    }
    if (t->cmd & TXD_CMD_VLE && (whole || !large)) add_tags(nic, out, t->legacy ? t->vlan : o.vlan);
    if (!(t->cmd & TXD_CMD_IFCS) || !NIC_GET(HLREG0_TXPADEN, nic->reg[SLOT_HLREG0])) leave_short(out);
}
