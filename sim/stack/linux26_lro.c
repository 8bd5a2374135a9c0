/* SPDX-License-Identifier: GPL-3.0-or-later
 * linux26_lro.c -- large receive offload in software: segments of a poll that follow one another become one.
 *
 * Up to 8 flows at a time, up to 32 segments or nearly 64 KiB each.  A segment is taken when it has data, no flag but ACK
 * and PSH, no option but timestamps, and continues the flow's last; else the flow's segments go up, and then it.  All go
 * up at the end of the poll.  The first segment grows; of the last it gets acknowledgement, window and timestamps.
 *
 * Source: net/ipv4/inet_lro.c of 2.6.27, limits of ixgbe.h.  Left out: two segments whose timestamps run backwards. */
#include <string.h>

#include "net/headers.h"
#include "stack/linux26_impl.h"

enum { TIMESTAMP_BYTES = 12, TOTAL_MAX = 0xffff };

static const uint8_t *tcp_of(const struct packet *p) { return p->hdr + p->l4; }
static uint32_t data_bytes(const struct packet *p)
{
    return get_be16(p->hdr + p->l3 + 2) + (uint32_t)p->l3 - p->payload;
}

/* A segment that may be merged, or be the first of some. */
static bool plain(const struct packet *p)
{
    if (!p->l4 || !headers_is_ipv4(p) || (p->hdr[p->l3] & 15) != 5 || p->hdr[p->l3 + 9] != IPPROTO_TCP_) return false;
    if (p->flags & ~PACKET_CSUM_PARTIAL || headers_vlan(p) >= 0 || p->stored || p->payload > p->hdr_len) return false;
    const uint8_t *tcp = tcp_of(p);
    uint32_t options = (uint32_t)p->payload - p->l4 - TCP_BYTES;
    if ((tcp[13] & ~TCP_PSH) != TCP_ACK || p->l3 + get_be16(p->hdr + p->l3 + 2) != p->len) return false;
    if (options != 0 && (options != TIMESTAMP_BYTES || get_be32(tcp + TCP_BYTES) != 0x0101080a)) return false;
    return data_bytes(p) > 0;
}

static bool same_flow(const struct packet *a, const struct packet *b)
{
    return memcmp(a->hdr + a->l3 + 12, b->hdr + b->l3 + 12, 8) == 0 && memcmp(tcp_of(a), tcp_of(b), 4) == 0;
}

static void give_up(struct napi *np, struct lro_flow *f, lro_up_fn *up)
{
    struct packet *p = f->parent;
    f->parent = NULL;
    np->lro_counter[LRO_aggregates]++;
    up(np, p);
}

static void begin(struct lro_flow *f, struct packet *p)
{
    *f = (struct lro_flow){ .parent = p, .merged = 1, .next_seq = get_be32(tcp_of(p) + 4) + data_bytes(p),
                            .timestamps = p->payload - p->l4 > TCP_BYTES };
}

static void merge(struct napi *np, struct lro_flow *f, struct packet *p)
{
    struct packet *to = f->parent;
    uint8_t *tcp = to->hdr + to->l4;
    uint32_t bytes = data_bytes(p);
    memcpy(tcp + 8, tcp_of(p) + 8, 4);
    memcpy(tcp + 14, tcp_of(p) + 14, 2);
    tcp[13] |= tcp_of(p)[13];
    if (f->timestamps) memcpy(tcp + TCP_BYTES + 4, tcp_of(p) + TCP_BYTES + 4, 8);
    put_be16(to->hdr + to->l3 + 2, get_be16(to->hdr + to->l3 + 2) + bytes);
    to->len += bytes;
    to->flags |= PACKET_CSUM_PARTIAL; /* each was found right by the card */
    f->next_seq += bytes;
    f->merged++;
    machine_charge(np->nic->l->m, COST_LRO_MERGE, 1);
    np->nic->l->held--;
    packet_deliver(np->nic->l->config.pool, p);
}

static bool continues(const struct lro_flow *f, const struct packet *p)
{
    return f->next_seq == get_be32(tcp_of(p) + 4) && f->timestamps == (p->payload - p->l4 > TCP_BYTES);
}

bool lro_receive(struct napi *np, struct packet *p, lro_up_fn *up)
{
    struct lro_flow *f = NULL, *unused = NULL;

    if (!p->l4) headers_parse(p);
    if (!p->l4 || !headers_is_ipv4(p)) return false;
    for (int i = 0; i < LRO_FLOWS && !f; i++) {
        if (!np->flow[i].parent) {
            if (!unused) unused = &np->flow[i];
        } else if (same_flow(np->flow[i].parent, p)) {
            f = &np->flow[i];
        }
    }
    if (!f && (!unused || !plain(p))) return false;
    if (f && (!plain(p) || !continues(f, p))) {
        give_up(np, f, up);
        return false;
    }
    np->lro_counter[LRO_segments]++;
    if (!f) {
        begin(unused, p);
        return true;
    }
    merge(np, f, p);
    if (f->merged >= LRO_MERGED_MAX ||
        f->parent->len > (uint32_t)(TOTAL_MAX - np->nic->link.mtu_bytes))
        give_up(np, f, up);
    return true;
}

void lro_flush(struct napi *np, lro_up_fn *up)
{
    for (int i = 0; i < LRO_FLOWS; i++)
        if (np->flow[i].parent) give_up(np, &np->flow[i], up);
}

uint32_t lro_held(const struct napi *np)
{
    uint32_t n = 0;
    for (int i = 0; i < LRO_FLOWS; i++) n += np->flow[i].parent != NULL;
    return n;
}
