/* SPDX-License-Identifier: GPL-3.0-or-later
 * packet.c -- packets from chunks, and the ledger that must balance. */
#include "net/packet.h"

#include <stdlib.h>
#include <string.h>

#include "core/assert.h"

enum { CHUNK_PACKETS = 256, PIECE = 32 };

/* Under AddressSanitizer a packet in the free list may not be touched: whoever uses one that it gave away is found. */
#if defined(__SANITIZE_ADDRESS__)
#define POOL_WITH_ASAN 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define POOL_WITH_ASAN 1
#endif
#endif
#ifdef POOL_WITH_ASAN
#include <sanitizer/asan_interface.h>
#define FORBID(address, bytes) ASAN_POISON_MEMORY_REGION(address, bytes)
#define ALLOW(address, bytes) ASAN_UNPOISON_MEMORY_REGION(address, bytes)
#else
#define FORBID(address, bytes) ((void)0)
#define ALLOW(address, bytes) ((void)0)
#endif

struct chunk {
    struct chunk *next;
    struct packet packet[CHUNK_PACKETS];
};
struct holder {
    packet_holder_fn *fn;
    const void *owner;
};
struct packet_pool {
    struct packet *free;
    uint64_t held, next_id;
    struct packet_ledger ledger;
    struct chunk *chunks;
    struct holder *holders;
    size_t n_holders;
};

struct packet_pool *packet_pool_create(void)
{
    struct packet_pool *pool = calloc(1, sizeof *pool);
    SIM_ASSERT(pool);
    return pool;
}

void packet_pool_destroy(struct packet_pool *pool)
{
    if (!pool) return;
    while (pool->chunks) {
        struct chunk *c = pool->chunks;
        pool->chunks = c->next;
        ALLOW(c, sizeof *c);
        for (int i = 0; i < CHUNK_PACKETS; i++) free(c->packet[i].stored);
        free(c);
    }
    free(pool->holders);
    free(pool);
}

const struct packet_ledger *packet_pool_ledger(const struct packet_pool *pool)
{
    return &pool->ledger;
}

uint64_t packet_pool_held(const struct packet_pool *pool)
{
    return pool->held;
}

void packet_pool_add_holder(struct packet_pool *pool, packet_holder_fn *fn, const void *owner)
{
    pool->holders = realloc(pool->holders, (pool->n_holders + 1) * sizeof *pool->holders);
    SIM_ASSERT(pool->holders);
    pool->holders[pool->n_holders++] = (struct holder){ fn, owner };
}

void packet_pool_check(const struct packet_pool *pool)
{
    const struct packet_ledger *l = &pool->ledger;
    uint64_t ended = l->delivered + l->segmented, held = 0;
    for (int i = 0; i < N_DROP_REASONS; i++) ended += l->dropped[i];
    SIM_ASSERT(l->created == ended + pool->held);
    for (size_t i = 0; i < pool->n_holders; i++) held += pool->holders[i].fn(pool->holders[i].owner);
    SIM_ASSERT(held == pool->held);
}

__attribute__((cold, noinline)) static void grow(struct packet_pool *pool)
{
    struct chunk *c = malloc(sizeof *c);
    SIM_ASSERT(c);
    c->next = pool->chunks;
    pool->chunks = c;
    for (int i = CHUNK_PACKETS - 1; i >= 0; i--) {
        c->packet[i].stored = NULL;
        c->packet[i].next = pool->free;
        pool->free = &c->packet[i];
        FORBID(&c->packet[i], sizeof c->packet[i]);
    }
}

/* Clears everything before hdr[], in pieces small enough to become plain stores: for the whole, compilers use a string
 * instruction that takes several times as long. */
static void clear_front(struct packet *p)
{
    _Static_assert(offsetof(struct packet, hdr) == 3 * PIECE, "three pieces");
    memset((char *)p, 0, PIECE);
    memset((char *)p + PIECE, 0, PIECE);
    memset((char *)p + 2 * PIECE, 0, PIECE);
}

/* Copies 96 bytes the same way. */
static inline void copy_part(char *to, const char *from)
{
    memcpy(to, from, PIECE);
    memcpy(to + PIECE, from + PIECE, PIECE);
    memcpy(to + 2 * PIECE, from + 2 * PIECE, PIECE);
}

static inline struct packet *take(struct packet_pool *pool)
{
    if (__builtin_expect(!pool->free, 0)) grow(pool);
    struct packet *p = pool->free;
    ALLOW(p, sizeof *p);
    pool->free = p->next;
    pool->held++;
    pool->ledger.created++;
    return p;
}

struct packet *packet_new(struct packet_pool *pool, sim_time now)
{
    struct packet *p = take(pool);
    clear_front(p);
    p->id = pool->next_id++;
    p->born = now;
    return p;
}

struct packet *packet_like(struct packet_pool *pool, const struct packet *p, sim_time now)
{
    enum { USUAL = 3 * PIECE }; /* header bytes */
    struct packet *copy = take(pool);
    copy_part((char *)copy, (const char *)p);
    copy_part((char *)copy->hdr, (const char *)p->hdr);
    if (__builtin_expect(p->hdr_len > USUAL, 0)) memcpy(copy->hdr + USUAL, p->hdr + USUAL, PACKET_HDR_MAX - USUAL);
    copy->next = NULL;
    copy->stored = NULL;
    copy->id = pool->next_id++;
    copy->born = now;
    return copy;
}

struct packet *packet_clone(struct packet_pool *pool, const struct packet *p, sim_time now)
{
    struct packet *copy = packet_like(pool, p, now);
    if (p->stored) {
        size_t bytes = p->len - p->hdr_len;
        copy->stored = malloc(bytes);
        SIM_ASSERT(copy->stored);
        memcpy(copy->stored, p->stored, bytes);
    }
    return copy;
}

static void release(struct packet_pool *pool, struct packet *p)
{
    SIM_ASSERT(pool->held > 0);
    if (p->stored) {
        free(p->stored);
        p->stored = NULL;
    }
    p->next = pool->free;
    pool->free = p;
    FORBID(p, sizeof *p);
    pool->held--;
}

void packet_deliver(struct packet_pool *pool, struct packet *p)
{
    pool->ledger.delivered++;
    release(pool, p);
}

void packet_drop(struct packet_pool *pool, struct packet *p, enum drop_reason why)
{
    pool->ledger.dropped[why]++;
    release(pool, p);
}

void packet_segmented(struct packet_pool *pool, struct packet *p)
{
    pool->ledger.segmented++;
    release(pool, p);
}
