/* SPDX-License-Identifier: GPL-3.0-or-later
 * desc_ring.h -- a descriptor ring in host memory as a card sees it: base, head and tail, thresholds, descriptor cache.
 *
 * All modelled cards have 16-byte descriptors and read them ahead into a cache on the chip; what a descriptor means, and
 * how used ones go back, is the card's. */
#ifndef SIM_NICMODEL_DESC_RING_H
#define SIM_NICMODEL_DESC_RING_H

#include <stdbool.h>
#include <stdint.h>

#include "core/engine.h"
#include "machine/memory.h"
#include "machine/pcie.h"

struct ring;

enum {
    CACHE_DESCS = 64,         /* on-chip descriptor cache per ring (82598 datasheet 3.5.2) */
    DESC_BYTES = 16,
    RING_NO_CAUSE = -1,
};

/* What the rings of one card need; first member of the card. */
struct ring_env {
    struct engine *engine;
    struct entity *entity;
    struct pcie *pcie;
    struct memory *memory;
    int node;                 /* of the slot: stands for memory that is not mapped */
    bool stopped;             /* the card may not read now */
    uint64_t *fetches[2];     /* counters of descriptor reads: receive, transmit */
    void (*fetched)(struct ring *r, uint32_t count); /* 'count' more descriptors are in the cache */
    void (*refused)(struct ring *r);                 /* a read was refused: the ring is broken */
};

struct descriptor { uint64_t q[2]; };

/* What a receive ring and a transmit ring have in common. */
struct ring {
    uint64_t base;
    uint32_t n;               /* descriptors; 0: no ring */
    uint32_t head, tail;      /* RDH/TDH and RDT/TDT */
    uint32_t fetch;           /* index of the next descriptor to read */
    uint32_t c_head, c_tail;  /* running counts: the cache holds [c_head, c_tail) */
    uint32_t fetch_count;     /* descriptors on their way; 0: none */
    uint8_t pthresh, hthresh, wthresh;
    bool enabled, broken;     /* broken: a descriptor read was refused; until the queue is enabled again */
    int8_t cause;             /* the card's own; RING_NO_CAUSE after reset */
    int8_t node;              /* NUMA node of the ring */
    int8_t data_node;         /* of the buffers last fetched */
    bool tx;
    uint8_t index;
    struct ring_env *env;
    struct event fetched;
    struct descriptor cache[CACHE_DESCS];
};

void ring_init(struct ring *r, struct ring_env *env, bool tx, unsigned index);
void ring_reset(struct ring *r);
void ring_set_base(struct ring *r, uint32_t low, uint32_t high, uint32_t bytes);
void ring_configure(struct ring *r, uint32_t pthresh, uint32_t hthresh, uint32_t wthresh, bool enable);
void ring_empty_cache(struct ring *r);
uint32_t ring_available(const struct ring *r); /* posted by software and not yet fetched */
/* Starts a read when the thresholds say so; 'needed': even with the cache filled above PTHRESH. */
void ring_fetch(struct ring *r, bool needed);
static inline uint32_t ring_cached(const struct ring *r) { return r->c_tail - r->c_head; }
static inline void ring_prefetch(struct ring *r)
{
    if (ring_cached(r) == 0 || ring_cached(r) < r->pthresh) ring_fetch(r, false);
}
static inline uint32_t ring_next(const struct ring *r, uint32_t i) { return i + 1 >= r->n ? 0 : i + 1; }
/* NUMA node of an address; the slot's when it is not mapped. */
int ring_node(const struct ring_env *env, uint64_t addr);

#endif
