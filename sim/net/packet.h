/* SPDX-License-Identifier: GPL-3.0-or-later
 * packet.h -- a frame: real header bytes, and a payload that is stored or described by its length.
 *
 * Whoever holds a packet owns it; giving it away (link_send, a sink, packet_deliver, packet_drop) ends the right to
 * touch it.  A described payload is all zero bytes, so its checksum is known without looking.  The pool's ledger
 * checks conservation: created = delivered + dropped (by name) + segmented + held. */
#ifndef SIM_NET_PACKET_H
#define SIM_NET_PACKET_H

#include <stdalign.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/drops.h"
#include "core/units.h"

enum {
    PACKET_HDR_MAX = 152,  /* Ethernet + VLAN + IPv4 with options + TCP with options is 138 */
    PACKET_CB_BYTES = 40,
    FRAME_OVERHEAD_BYTES = 20, /* preamble, start of frame, inter-frame gap */
    FRAME_FCS_BYTES = 4,
    FRAME_MIN_BYTES = 60,  /* without FCS */
};

enum packet_flag {
    PACKET_CSUM_PARTIAL = 1,  /* transport (and IPv4 header) checksum fields not filled in yet: see headers_finish() */
    PACKET_CSUM_BAD = 2,      /* a checksum is wrong on purpose (generators) */
    PACKET_FCS_BAD = 4,       /* the frame check sequence is wrong on purpose */
    PACKET_RUNT = 8,          /* not padded by its sender: shorter than FRAME_MIN_BYTES on the wire too */
    PACKET_TAG_TAKEN = 16,    /* a receiving card took its VLAN tag: short frames have that much less padding */
};

struct packet {
    struct packet *next;   /* chain link for whoever owns the packet */
    sim_time at;           /* scratch of the owner: when it arrives, becomes visible, ... */
    uint32_t len;          /* frame bytes from the destination address to the last payload byte, no FCS */
    uint16_t hdr_len;      /* how many of them are in hdr[] */
    uint16_t gso_mss;      /* > 0: a large send, to be cut into segments of this many payload bytes */
    uint8_t l3, l4, payload; /* offsets in hdr[] of the network header, transport header, transport payload; 0: none */
    uint8_t flags;         /* enum packet_flag */
    uint8_t *stored;       /* malloc'ed payload bytes, len - hdr_len of them; NULL: all zero */
    uint64_t id;           /* unique in a run, for traces and captures */
    sim_time born;
    alignas(8) uint8_t cb[PACKET_CB_BYTES]; /* control block of the layer that holds the packet */
    uint8_t hdr[PACKET_HDR_MAX];
};

struct packet_ledger {
    uint64_t created, delivered, segmented, dropped[N_DROP_REASONS];
};

struct packet_pool;

struct packet_pool *packet_pool_create(void);
void packet_pool_destroy(struct packet_pool *pool); /* packets still held are freed with it */
const struct packet_ledger *packet_pool_ledger(const struct packet_pool *pool);
uint64_t packet_pool_held(const struct packet_pool *pool); /* packets alive */

/* A holder counts the packets it owns right now.  packet_pool_check() asserts that the ledger balances and that the
 * sum over all holders is what the pool says is alive. */
typedef uint64_t packet_holder_fn(const void *owner);
void packet_pool_add_holder(struct packet_pool *pool, packet_holder_fn *fn, const void *owner);
void packet_pool_check(const struct packet_pool *pool);

/* A new packet, every field zero but 'id'; hdr[] is not cleared.  Never fails. */
struct packet *packet_new(struct packet_pool *pool, sim_time now);
/* A new packet that is like 'p' in everything but 'id', 'born', and a stored payload: it has none. */
struct packet *packet_like(struct packet_pool *pool, const struct packet *p, sim_time now);
/* A copy with its own id (broadcast, capture of a chain); counted as created. */
struct packet *packet_clone(struct packet_pool *pool, const struct packet *p, sim_time now);

void packet_deliver(struct packet_pool *pool, struct packet *p);  /* reached the protocol it was for */
void packet_drop(struct packet_pool *pool, struct packet *p, enum drop_reason why);
void packet_segmented(struct packet_pool *pool, struct packet *p); /* a large send whose segments are now packets */

/* FIFO of packets through 'next'. */
struct packet_queue {
    struct packet *head, *tail;
    uint32_t count;
};
static inline void packet_queue_push(struct packet_queue *q, struct packet *p)
{
    p->next = NULL;
    if (q->head)
        q->tail->next = p;
    else
        q->head = p;
    q->tail = p;
    q->count++;
}
/* Gives back what was popped last: it is the next again. */
static inline void packet_queue_push_first(struct packet_queue *q, struct packet *p)
{
    p->next = q->head;
    if (!q->head) q->tail = p;
    q->head = p;
    q->count++;
}
/* Moves all of 'more' behind 'q' and leaves 'more' empty. */
static inline void packet_queue_append(struct packet_queue *q, struct packet_queue *more)
{
    if (!more->head) return;
    if (q->head)
        q->tail->next = more->head;
    else
        q->head = more->head;
    q->tail = more->tail;
    q->count += more->count;
    *more = (struct packet_queue){ 0 };
}

static inline struct packet *packet_queue_pop(struct packet_queue *q)
{
    struct packet *p = q->head;
    if (p) {
        q->head = p->next;
        q->count--;
        p->next = NULL;
    }
    return p;
}

/* Bytes the frame takes on the wire, with padding, FCS, preamble and gap. */
static inline int64_t packet_wire_bytes(const struct packet *p)
{
    int64_t len = p->len < FRAME_MIN_BYTES ? FRAME_MIN_BYTES : p->len;
    return len + FRAME_FCS_BYTES + FRAME_OVERHEAD_BYTES;
}

/* Who takes packets: the far end of a link, a port. */
typedef void packet_sink_fn(void *owner, struct packet *p);
struct packet_sink {
    packet_sink_fn *fn;
    void *owner;
};

#endif
