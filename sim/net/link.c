/* SPDX-License-Identifier: GPL-3.0-or-later
 * link.c -- departure is arithmetic, arrival is an event, and only the head's arrival is pending.
 *
 *      head                unsent               tail
 *      | on their way, last  | on the wire and    |        free_at: when the wire takes the next frame
 *      | bit has left        | waiting for it     |        queued: bytes from 'unsent' on
 *
 * A frame that becomes ready at t starts at max(t, free_at), so its departure and arrival are known when it is
 * accepted, and the list is in order of both.  'unsent' moves on only when somebody needs to know what is queued.
 * A wire that is paused is the affair of link_pause.c.  Not modelled: bit errors. */
#include "net/link.h"

#include <stdlib.h>
#include <string.h>

#include "core/assert.h"
#include "core/trace.h"
#include "net/link_impl.h"

static void arrive(void *owner);
static void lose_all(struct link *l);
static uint64_t held(const void *owner);
static void settle(void *owner);

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
    l->lag = l->delay - l->gap;
    l->depth = config->depth_bytes;
    l->up = true;
    event_init(&l->arrival, l->entity, arrive, l);
    event_init(&l->resume, l->entity, link_resume, l);
    if (stats) stats_on_read(stats, settle, l);
    if (stats) stats_register(stats, "link", config->name, counter_names, l->counter, N_LINK_COUNTERS);
    packet_pool_add_holder(pool, held, l);
    return l;
}

void link_destroy(struct link *l)
{
    if (!l) return;
    engine_cancel(l->engine, &l->arrival);
    engine_cancel(l->engine, &l->resume);
    link_through_destroy(l);
    free(l->taps);
    free(l);
}

void link_connect(struct link *l, struct packet_sink sink)
{
    l->sink = sink;
    if (!sink.fn) lose_all(l);
    link_reopen(l);
}

bool link_refuse(struct link *l, struct packet *p, enum drop_reason why)
{
    l->counter[LINK_drops]++;
    l->counter[LINK_drop_bytes] += (uint64_t)link_frame_bytes(p);
    TRACE(l->engine, l->entity->id, link_drop, p->id, p->len, 0, 0);
    packet_drop(l->pool, p, why);
    return false;
}

int64_t link_wire_ps_divided(const struct link *l, int64_t bytes)
{
    return sim_wire_time(bytes, l->config.rate).ps;
}

void link_show_taps(const struct link *l, const struct packet *p, sim_time start)
{
    for (uint32_t i = 0; i < l->n_taps; i++) l->taps[i].fn(l->taps[i].owner, p, start);
}

/* Takes 'p' on an open link; 'plain': that is plain, and nothing is traced. */
static inline __attribute__((always_inline)) bool accept(struct link *l, struct packet *p, int64_t ready, bool plain)
{
    int64_t bytes = link_frame_bytes(p), full = bytes + FRAME_OVERHEAD_BYTES;

    SIM_ASSERT(p->gso_mss == 0);
    link_advance(l, ready);
    if (l->queued + bytes > l->depth && l->queued > 0) return link_refuse(l, p, DROP_LINK_FULL);

    int64_t start = ready > l->free_at ? ready : l->free_at;
    l->free_at = start + (plain ? full * l->ps_per_byte : link_wire_ps(l, full));
    p->at.ps = l->free_at + l->lag;
    l->queued += bytes;
    if ((uint64_t)l->queued > l->counter[LINK_queue_bytes_max])
        l->counter[LINK_queue_bytes_max] = (uint64_t)l->queued;
    if (start > ready) {
        l->counter[LINK_wait_ps] += (uint64_t)(start - ready);
        l->counter[LINK_queue_byte_ns] += (uint64_t)bytes * (uint64_t)(start - ready) / PS_PER_NS;
    }
    if (!plain) {
        TRACE(l->engine, l->entity->id, link_send, p->id, p->len, 0, 0);
        link_show_taps(l, p, (sim_time){ start });
    }
    if (l->through.fn && !l->fifo.head && (plain || !engine_view(l->engine)->trace)) return link_pass(l, p, bytes);
    link_keep(l, p);
    return true;
}

__attribute__((noinline)) static bool accept_any(struct link *l, struct packet *p, int64_t ready)
{
    return l->open ? accept(l, p, ready, false) : link_send_closed(l, p, ready);
}

bool link_accept(struct link *l, struct packet *p, int64_t ready)
{
    if (__builtin_expect(!l->plain || engine_view(l->engine)->trace, 0)) return accept_any(l, p, ready);
    return accept(l, p, ready, true);
}

bool link_send_after(struct link *l, struct packet *p, sim_dur latency)
{
    bool empty = !l->fifo.head;

    if (!link_accept(l, p, engine_now(l->engine).ps + latency.ps)) return false;
    if (empty && l->fifo.head && l->open) engine_schedule(l->engine, &l->arrival, l->fifo.head->at);
    return true;
}

bool link_send(struct link *l, struct packet *p)
{
    return link_send_after(l, p, sim_ps(0));
}

void link_arm(struct link *l)
{
    if (l->fifo.head) {
        if (l->fifo.head != l->held) engine_schedule(l->engine, &l->arrival, l->fifo.head->at);
    } else if (l->merge) {
        int64_t next = link_next_offer(l);
        if (next != INT64_MAX) engine_schedule(l->engine, &l->arrival, (sim_time){ next });
    }
}

static void arrive(void *owner)
{
    struct link *l = owner;

    if (l->merge) {
        int64_t now = engine_now(l->engine).ps;
        link_admit(l, now + link_lookahead_ps(l));
        if (!l->fifo.head || l->fifo.head->at.ps > now) {
            link_arm(l);
            return;
        }
    }
    struct packet *p = packet_queue_pop(&l->fifo);
    int64_t bytes = link_frame_bytes(p);

    link_arm(l);
    if (p == l->unsent) {
        l->queued -= bytes;
        l->unsent = l->fifo.head;
    }
    link_count_arrived(l, bytes);
    TRACE(l->engine, l->entity->id, link_deliver, p->id, p->len, 0, 0);
    if (__builtin_expect(l->gone.fn != NULL, 0)) l->gone.fn(l->gone.owner, p);
    l->sink.fn(l->sink.owner, p);
}

sim_time link_free_at(const struct link *l)
{
    return sim_later(engine_now(l->engine), (sim_time){ l->free_at });
}

int64_t link_queued_bytes(struct link *l)
{
    if (l->merge) link_admit(l, engine_now(l->engine).ps);
    link_advance(l, engine_now(l->engine).ps);
    return l->queued;
}

void link_set_up(struct link *l, bool up)
{
    bool changed = l->up != up;
    l->up = up;
    if (!up) lose_all(l);
    link_reopen(l);
    if (changed && l->change.fn) l->change.fn(l->change.owner);
}

void link_on_change(struct link *l, event_fn *fn, void *owner)
{
    l->change.fn = fn;
    l->change.owner = owner;
}

void link_on_gone(struct link *l, link_gone_fn *fn, void *owner)
{
    l->gone.fn = fn;
    l->gone.owner = owner;
    if (fn) l->through.fn = NULL; /* a frame that goes through is never seen to leave */
}

static void lose_all(struct link *l)
{
    engine_cancel(l->engine, &l->arrival);
    link_pause_forget(l);
    l->unsent = NULL;
    l->queued = 0;
    l->free_at = engine_now(l->engine).ps;
    for (struct packet *p; (p = packet_queue_pop(&l->fifo));) {
        if (l->gone.fn) l->gone.fn(l->gone.owner, p);
        link_refuse(l, p, DROP_LINK_DOWN);
    }
    l->through.sent = l->through.tail;
    for (struct packet *p; l->merge && (p = link_take_back(l));) link_refuse(l, p, DROP_LINK_DOWN);
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
    link_reopen(l);
}

bool link_has_taps(const struct link *l)
{
    return l->n_taps > 0;
}

static void settle(void *owner)
{
    link_settle(owner);
}

static uint64_t held(const void *owner)
{
    const struct link *l = owner;
    return l->fifo.count + (l->merge ? link_offered(l) : 0);
}
