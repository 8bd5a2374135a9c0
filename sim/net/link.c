/* SPDX-License-Identifier: GPL-3.0-or-later
 * link.c -- departure is arithmetic, arrival is an event, and only the head's arrival is pending.
 *
 *      head                unsent               tail
 *      | on their way, last  | on the wire and    |        free_at: when the wire takes the next frame
 *      | bit has left        | waiting for it     |        queued: bytes from 'unsent' on
 *
 * A frame that becomes ready at t starts at max(t, free_at), so its departure and arrival are known when it is
 * accepted, and the list is in order of both.  'unsent' moves on only when somebody needs to know what is queued.
 * Not modelled: bit errors, PAUSE. */
#include "net/link.h"

#include <stdlib.h>
#include <string.h>

#include "core/assert.h"
#include "core/trace.h"

enum { GAP_BYTES = 12, PS_PER_NS = 1000 };

struct tap {
    link_tap_fn *fn;
    void *owner;
};

struct link {
    struct packet_queue fifo;
    struct packet *unsent;
    int64_t free_at, queued;
    int64_t ps_per_byte;      /* 0 when it is not a whole number */
    int64_t delay, gap, depth;
    struct engine *engine;
    struct packet_sink sink;
    struct event arrival;
    uint64_t counter[N_LINK_COUNTERS];
    bool up;
    uint32_t n_taps;
    struct tap *taps;
    struct packet_pool *pool;
    struct entity *entity;
    struct link_config config;
};

static void arrive(void *owner);
static void lose_all(struct link *l);
static uint64_t held(const void *owner);

static const char *const counter_names[N_LINK_COUNTERS] = {
#define X(name) #name,
    LINK_COUNTERS(X)
#undef X
};

struct link *link_create(struct engine *engine, struct stats *stats, struct packet_pool *pool,
                         const struct link_config *config)
{
    struct link *l = calloc(1, sizeof *l);
    SIM_ASSERT(l && config->rate.bps > 0 && config->delay.ps >= 0 && config->depth_bytes >= 0);
    l->engine = engine;
    l->pool = pool;
    l->config = *config;
    l->entity = engine_entity(engine, config->name);
    l->config.name = l->entity->name;
    l->ps_per_byte = 8000000000000 % config->rate.bps == 0 ? 8000000000000 / config->rate.bps : 0;
    l->delay = config->delay.ps;
    l->gap = sim_wire_time(GAP_BYTES, config->rate).ps;
    l->depth = config->depth_bytes;
    l->up = true;
    event_init(&l->arrival, l->entity, arrive, l);
    if (stats) stats_register(stats, "link", config->name, counter_names, l->counter, N_LINK_COUNTERS);
    packet_pool_add_holder(pool, held, l);
    return l;
}

void link_destroy(struct link *l)
{
    if (!l) return;
    engine_cancel(l->engine, &l->arrival);
    free(l->taps);
    free(l);
}

void link_connect(struct link *l, struct packet_sink sink)
{
    l->sink = sink;
    if (!sink.fn) lose_all(l);
}

static int64_t frame_bytes(const struct packet *p)
{
    return packet_wire_bytes(p) - FRAME_OVERHEAD_BYTES;
}

static int64_t wire_ps(const struct link *l, int64_t bytes)
{
    return __builtin_expect(l->ps_per_byte != 0, 1) ? bytes * l->ps_per_byte : sim_wire_time(bytes, l->config.rate).ps;
}

/* Frames whose last bit has left by 't' are no longer queued. */
static void advance(struct link *l, int64_t t)
{
    while (l->unsent && l->unsent->at.ps - l->delay <= t) {
        l->queued -= frame_bytes(l->unsent);
        l->unsent = l->unsent->next;
    }
}

__attribute__((cold)) static bool refuse(struct link *l, struct packet *p, enum drop_reason why)
{
    l->counter[LINK_drops]++;
    l->counter[LINK_drop_bytes] += (uint64_t)frame_bytes(p);
    TRACE(l->engine, l->entity->id, link_drop, p->id, p->len, 0, 0);
    packet_drop(l->pool, p, why);
    return false;
}

__attribute__((cold)) static void show_taps(const struct link *l, const struct packet *p, sim_time start)
{
    for (uint32_t i = 0; i < l->n_taps; i++) l->taps[i].fn(l->taps[i].owner, p, start);
}

bool link_send_after(struct link *l, struct packet *p, sim_dur latency)
{
    int64_t ready = engine_now(l->engine).ps + latency.ps, bytes = frame_bytes(p);

    SIM_ASSERT(p->gso_mss == 0);
    if (__builtin_expect(!l->up || !l->sink.fn, 0)) return refuse(l, p, DROP_LINK_DOWN);
    advance(l, ready);
    if (l->queued > 0 && l->queued + bytes > l->depth) return refuse(l, p, DROP_LINK_FULL);

    int64_t start = ready > l->free_at ? ready : l->free_at;
    l->free_at = start + wire_ps(l, bytes + FRAME_OVERHEAD_BYTES);
    p->at.ps = l->free_at - l->gap + l->delay;
    l->queued += bytes;
    if ((uint64_t)l->queued > l->counter[LINK_queue_bytes_max])
        l->counter[LINK_queue_bytes_max] = (uint64_t)l->queued;
    if (start > ready) {
        l->counter[LINK_wait_ps] += (uint64_t)(start - ready);
        l->counter[LINK_queue_byte_ns] += (uint64_t)bytes * (uint64_t)(start - ready) / PS_PER_NS;
    }
    if (!l->unsent) l->unsent = p;
    packet_queue_push(&l->fifo, p);
    if (l->fifo.count == 1) engine_schedule(l->engine, &l->arrival, p->at);
    TRACE(l->engine, l->entity->id, link_send, p->id, p->len, 0, 0);
    if (__builtin_expect(l->n_taps > 0, 0)) show_taps(l, p, (sim_time){ start });
    return true;
}

bool link_send(struct link *l, struct packet *p)
{
    return link_send_after(l, p, sim_ps(0));
}

static void arrive(void *owner)
{
    struct link *l = owner;
    struct packet *p = packet_queue_pop(&l->fifo);
    int64_t bytes = frame_bytes(p);

    if (l->fifo.head) engine_schedule(l->engine, &l->arrival, l->fifo.head->at);
    if (p == l->unsent) {
        l->queued -= bytes;
        l->unsent = l->fifo.head;
    }
    l->counter[LINK_packets]++;
    l->counter[LINK_bytes] += (uint64_t)bytes;
    l->counter[LINK_wire_bytes] += (uint64_t)bytes + FRAME_OVERHEAD_BYTES;
    l->counter[LINK_busy_ps] += (uint64_t)wire_ps(l, bytes + FRAME_OVERHEAD_BYTES);
    TRACE(l->engine, l->entity->id, link_deliver, p->id, p->len, 0, 0);
    l->sink.fn(l->sink.owner, p);
}

sim_time link_free_at(const struct link *l)
{
    return sim_later(engine_now(l->engine), (sim_time){ l->free_at });
}

int64_t link_queued_bytes(struct link *l)
{
    advance(l, engine_now(l->engine).ps);
    return l->queued;
}

void link_set_up(struct link *l, bool up)
{
    l->up = up;
    if (!up) lose_all(l);
}

static void lose_all(struct link *l)
{
    engine_cancel(l->engine, &l->arrival);
    l->unsent = NULL;
    l->queued = 0;
    l->free_at = engine_now(l->engine).ps;
    for (struct packet *p; (p = packet_queue_pop(&l->fifo));) refuse(l, p, DROP_LINK_DOWN);
}

bool link_is_up(const struct link *l)
{
    return l->up;
}

const struct link_config *link_config_of(const struct link *l)
{
    return &l->config;
}

const char *link_name(const struct link *l)
{
    return l->config.name;
}

void link_add_tap(struct link *l, link_tap_fn *fn, void *owner)
{
    l->taps = realloc(l->taps, (l->n_taps + 1) * sizeof *l->taps);
    SIM_ASSERT(l->taps);
    l->taps[l->n_taps++] = (struct tap){ fn, owner };
}

static uint64_t held(const void *owner)
{
    return ((const struct link *)owner)->fifo.count;
}
