/* SPDX-License-Identifier: GPL-3.0-or-later
 * desc_ring.c -- what descriptor rings share: base, thresholds, and the descriptor cache.
 *
 *     ring in host memory:   head ... | cached ... | being read | posted ... tail
 *                            ^ written back          ^ fetch
 *
 * One read is in flight per queue, for as many descriptors as fit (datasheet 3.4.4 and 3.5.4): on an empty cache any
 * posted descriptor is fetched; else when fewer than PTHRESH are cached and at least HTHRESH are posted.  The bytes
 * are taken from memory when the read completes.  A refused read stops the queue until it is enabled again. */
#include "nicmodel/desc_ring.h"

enum { RING_MAX = 32768 - 8 };

static void fetched(void *owner);

void ring_init(struct ring *r, struct ring_env *env, bool tx, unsigned index)
{
    r->env = env;
    r->tx = tx;
    r->index = (uint8_t)index;
    event_init(&r->fetched, env->entity, fetched, r);
}

void ring_empty_cache(struct ring *r)
{
    r->c_head = r->c_tail = 0;
    r->fetch_count = 0;
    engine_cancel(r->env->engine, &r->fetched);
}

void ring_reset(struct ring *r)
{
    ring_empty_cache(r);
    r->base = 0;
    r->n = r->head = r->tail = r->fetch = 0;
    r->enabled = r->broken = false;
    r->cause = RING_NO_CAUSE;
    r->node = r->data_node = (int8_t)r->env->node;
}

void ring_set_base(struct ring *r, uint32_t low, uint32_t high, uint32_t bytes)
{
    r->base = ((uint64_t)high << 32 | low) & ~(uint64_t)(DESC_BYTES - 1);
    r->n = (bytes & 0xfffff) / 128 * 8;
    if (r->n > RING_MAX) r->n = RING_MAX;
    r->node = (int8_t)ring_node(r->env, r->base);
    if (r->head >= r->n) r->head = 0;
    if (r->tail >= r->n) r->tail = 0;
    r->fetch = r->head;
    ring_empty_cache(r);
}

void ring_configure(struct ring *r, uint32_t pthresh, uint32_t hthresh, uint32_t wthresh, bool enable)
{
    r->pthresh = (uint8_t)pthresh;
    r->hthresh = (uint8_t)hthresh;
    r->wthresh = (uint8_t)wthresh;
    if (enable && !r->enabled) r->broken = false;
    if (!enable && r->enabled) {
        r->fetch = r->fetch >= ring_cached(r) ? r->fetch - ring_cached(r) : r->fetch + r->n - ring_cached(r);
        ring_empty_cache(r);
    }
    r->enabled = enable;
}

uint32_t ring_available(const struct ring *r)
{
    return r->tail >= r->fetch ? r->tail - r->fetch : r->tail + r->n - r->fetch;
}

void ring_fetch(struct ring *r, bool needed)
{
    struct ring_env *env = r->env;
    uint32_t cached = ring_cached(r), count = ring_available(r);

    if (!r->enabled || r->broken || r->env->stopped || r->fetch_count || count == 0) return;
    if (cached > 0 && !needed && (cached >= r->pthresh || count < r->hthresh)) return;
    if (count > r->n - r->fetch) count = r->n - r->fetch; /* one read does not wrap */
    if (count > CACHE_DESCS - cached) count = CACHE_DESCS - cached;
    if (count > r->n - cached) count = r->n - cached; /* a tail that moved backwards offers some twice */
    if (count == 0) return;
    r->fetch_count = count;
    ++*env->fetches[r->tx];
    sim_time at = pcie_dma_read(env->pcie, r->base + (uint64_t)r->fetch * DESC_BYTES, count * DESC_BYTES, r->node);
    engine_schedule(env->engine, &r->fetched, at);
}

/* The descriptors have arrived. */
static void fetched(void *owner)
{
    struct ring *r = owner;
    struct ring_env *env = r->env;
    struct descriptor got[CACHE_DESCS];
    uint32_t count = r->fetch_count;

    r->fetch_count = 0;
    if (!memory_read(env->memory, r->base + (uint64_t)r->fetch * DESC_BYTES, got, count * DESC_BYTES)) {
        r->broken = true;
        env->refused(r);
        return;
    }
    for (uint32_t i = 0; i < count; i++) r->cache[r->c_tail++ % CACHE_DESCS] = got[i];
    r->fetch += count;
    if (r->fetch == r->n) r->fetch = 0;
    if (!r->tx) r->data_node = (int8_t)ring_node(env, got[0].q[0]);
    env->fetched(r, count);
}

int ring_node(const struct ring_env *env, uint64_t addr)
{
    int node = memory_node(env->memory, addr);
    return node < 0 ? env->node : node;
}
