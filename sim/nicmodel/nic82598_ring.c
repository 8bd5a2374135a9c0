/* SPDX-License-Identifier: GPL-3.0-or-later
 * nic82598_ring.c -- what receive and transmit rings share: base, thresholds, and the descriptor cache.
 *
 *     ring in host memory:   head ... | cached ... | being read | posted ... tail
 *                            ^ written back          ^ fetch
 *
 * One read is in flight per queue, for as many descriptors as fit (datasheet 3.4.4 and 3.5.4): on an empty cache any
 * posted descriptor is fetched; else when fewer than PTHRESH are cached and at least HTHRESH are posted.  The bytes
 * are taken from memory when the read completes.  A refused read stops the queue until it is enabled again. */
#include "nicmodel/nic82598_impl.h"

enum { RING_MAX = 32768 - 8, WTHRESH_MAX = 16 };

static void fetched(void *owner);

void ring_init(struct ring *r, struct nic *nic, bool tx, unsigned index)
{
    r->nic = nic;
    r->tx = tx;
    r->index = (uint8_t)index;
    event_init(&r->fetched, nic->entity, fetched, r);
}

static void empty_cache(struct ring *r)
{
    r->c_head = r->c_tail = 0;
    r->fetch_count = 0;
    engine_cancel(r->nic->engine, &r->fetched);
}

void ring_reset(struct ring *r)
{
    empty_cache(r);
    r->base = 0;
    r->n = r->head = r->tail = r->fetch = 0;
    r->enabled = r->broken = false;
    r->cause = NO_CAUSE;
    r->node = r->data_node = (int8_t)r->nic->node;
}

void ring_set_base(struct ring *r, uint32_t low, uint32_t high, uint32_t bytes)
{
    r->base = ((uint64_t)high << 32 | low) & ~(uint64_t)(DESC_BYTES - 1);
    r->n = (bytes & 0xfffff) / 128 * 8;
    if (r->n > RING_MAX) r->n = RING_MAX;
    r->node = (int8_t)nic_node(r->nic, r->base);
    if (r->head >= r->n) r->head = 0;
    if (r->tail >= r->n) r->tail = 0;
    r->fetch = r->head;
    empty_cache(r);
}

void ring_set_control(struct ring *r, uint32_t control)
{
    bool enable = NIC_GET(RXDCTL_ENABLE, control);

    r->pthresh = (uint8_t)NIC_GET(RXDCTL_PTHRESH, control);
    r->hthresh = (uint8_t)NIC_GET(RXDCTL_HTHRESH, control);
    r->wthresh = (uint8_t)NIC_GET(RXDCTL_WTHRESH, control);
    if (r->wthresh > WTHRESH_MAX) r->wthresh = WTHRESH_MAX;
    if (enable && !r->enabled) r->broken = false;
    if (!enable && r->enabled) {
        r->fetch = r->fetch >= ring_cached(r) ? r->fetch - ring_cached(r) : r->fetch + r->n - ring_cached(r);
        empty_cache(r);
    }
    r->enabled = enable;
}

uint32_t ring_available(const struct ring *r)
{
    return r->tail >= r->fetch ? r->tail - r->fetch : r->tail + r->n - r->fetch;
}

void ring_fetch(struct ring *r, bool needed)
{
    struct nic *nic = r->nic;
    uint32_t cached = ring_cached(r), count = ring_available(r);

    if (!r->enabled || r->broken || r->fetch_count || count == 0) return;
    if (cached > 0 && !needed && (cached >= r->pthresh || count < r->hthresh)) return;
    if (count > r->n - r->fetch) count = r->n - r->fetch; /* one read does not wrap */
    if (count > CACHE_DESCS - cached) count = CACHE_DESCS - cached;
    if (count == 0) return;
    r->fetch_count = count;
    nic->counter[r->tx ? NIC_tx_desc_fetches : NIC_rx_desc_fetches]++;
    sim_time at = pcie_dma_read(nic->pcie, r->base + (uint64_t)r->fetch * DESC_BYTES, count * DESC_BYTES, r->node);
    engine_schedule(nic->engine, &r->fetched, at);
}

/* The descriptors have arrived. */
static void fetched(void *owner)
{
    struct ring *r = owner;
    struct nic *nic = r->nic;
    struct descriptor got[CACHE_DESCS];
    uint32_t count = r->fetch_count;

    r->fetch_count = 0;
    if (!memory_read(nic->memory, r->base + (uint64_t)r->fetch * DESC_BYTES, got, count * DESC_BYTES)) {
        nic->counter[NIC_bad_addresses]++;
        r->broken = true;
        irq_other(nic, NIC_MASK(EICR_DHER));
        return;
    }
    for (uint32_t i = 0; i < count; i++) r->cache[r->c_tail++ % CACHE_DESCS] = got[i];
    r->fetch += count;
    if (r->fetch == r->n) r->fetch = 0;
    if (r->tx) {
        TRACE(nic->engine, nic->entity->id, nic_tx_fetch, r->index, count, 0, 0);
        nic->tx_ready |= 1u << r->index;
        ring_prefetch(r);
        tx_run(nic);
    } else {
        r->data_node = (int8_t)nic_node(nic, got[0].q[0]);
        ring_prefetch(r);
        rx_drain(nic);
    }
}
