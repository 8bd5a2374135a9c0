/* SPDX-License-Identifier: Apache-2.0
 * pkt.h -- a packet as the lanes see it, and chains of packets.
 *
 * The host embeds struct lane_pkt in its own packet (it is at most 40 bytes) and fills the first five members before
 * it hands the packet in.  Whoever holds a chain owns its packets; giving a chain away ends the right to look at it. */
#ifndef LANE_PKT_H
#define LANE_PKT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum lane_pkt_flag {
    LANE_PKT_LARGE_SEND = 1, /* from the host: to be segmented by the card, never on the one-packet fast path */
    LANE_PKT_INSERT_TAG = 2, /* set by transmit: the port inserts a VLAN tag with 'vid' */
    LANE_PKT_STRIP_TAG = 4,  /* set by receive: the client is to see the frame without its VLAN tag */
};

struct lane_pkt {
    struct lane_pkt *next; /* chain link for whoever owns the packet */
    const uint8_t *data;   /* first byte of the Ethernet header; hdr_len bytes are readable */
    uint32_t len;          /* bytes of the frame, Ethernet header to the last payload byte, no frame check sequence */
    uint16_t hdr_len;      /* contiguous bytes at 'data' */
    uint16_t flags;        /* enum lane_pkt_flag; the host sets LANE_PKT_LARGE_SEND or 0 */
    uint16_t vid;          /* VLAN of LANE_PKT_INSERT_TAG */
    uint8_t l3_off;        /* set by fanout: offset of the IP header where it was recognised, else 0 */
    uint8_t unused;
    uint32_t mark;         /* scratch of the owner; 0 when handed to lane_tx_send() */
};
_Static_assert(sizeof(struct lane_pkt) <= 40, "the host's control block holds a struct lane_pkt");

/* First in, first out; 'tail' is valid only while head is not NULL; the last packet's next is NULL. */
struct lane_chain {
    struct lane_pkt *head, *tail;
    uint32_t pkts;
    uint64_t bytes;
};

static inline void lane_chain_add(struct lane_chain *c, struct lane_pkt *p)
{
    p->next = NULL;
    if (c->head)
        c->tail->next = p;
    else
        c->head = p;
    c->tail = p;
    c->pkts++;
    c->bytes += p->len;
}

/* Moves all of 'more' behind 'c' and leaves 'more' empty. */
static inline void lane_chain_append(struct lane_chain *c, struct lane_chain *more)
{
    if (!more->head) return;
    if (c->head) {
        c->tail->next = more->head;
        c->tail = more->tail;
        c->pkts += more->pkts;
        c->bytes += more->bytes;
    } else {
        *c = *more;
    }
    *more = (struct lane_chain){ 0 };
}

static inline struct lane_pkt *lane_chain_take_one(struct lane_chain *c)
{
    struct lane_pkt *p = c->head;
    if (p) {
        c->head = p->next;
        c->pkts--;
        c->bytes -= p->len;
        p->next = NULL;
    }
    return p;
}

/* The first 'max' packets of 'c', or all of them. */
static inline struct lane_chain lane_chain_cut(struct lane_chain *c, uint32_t max)
{
    struct lane_chain front = { 0 };
    if (c->pkts <= max) {
        front = *c;
        *c = (struct lane_chain){ 0 };
        return front;
    }
    if (max == 0) return front;
    front.head = c->head;
    for (struct lane_pkt *p = c->head; front.pkts < max; p = p->next) {
        front.pkts++;
        front.bytes += p->len;
        front.tail = p;
    }
    c->head = front.tail->next;
    c->pkts -= front.pkts;
    c->bytes -= front.bytes;
    front.tail->next = NULL;
    return front;
}

/* Counts a bare list. */
static inline struct lane_chain lane_chain_of(struct lane_pkt *list)
{
    struct lane_chain c = { .head = list };
    for (; list; list = list->next) {
        c.pkts++;
        c.bytes += list->len;
        c.tail = list;
    }
    return c;
}

#endif
