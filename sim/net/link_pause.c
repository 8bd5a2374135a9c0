/* SPDX-License-Identifier: GPL-3.0-or-later
 * link_pause.c -- a wire that may not begin a frame, and frames that go before the queue.
 *
 *      head             unsent        held             tail
 *      | on their way     | on the wire | may not begin  |
 *
 * Held frames keep, in place of their arrival, the earliest time at which they may begin, raised by a constant that is
 * later than any arrival: the rest of the link then sees frames that are queued and do not arrive.  When the pause
 * ends, their times are computed as if they were sent one after the other.  A pause only delays, so the start that a
 * frame had before is all that needs to be kept. */
#include "core/assert.h"
#include "core/trace.h"
#include "net/link_impl.h"

static const int64_t far_off = (int64_t)1 << 61; /* 26 days, in picoseconds */

static int64_t full_wire_ps(const struct link *l, const struct packet *p)
{
    return link_wire_ps(l, packet_wire_bytes(p));
}

static int64_t start_of(const struct link *l, const struct packet *p)
{
    return p->at.ps - l->delay + l->gap - full_wire_ps(l, p);
}

/* While frames are held: when a further one could begin. */
static void estimate(struct link *l)
{
    int64_t from = l->paused && l->resume_at > l->clear_at ? l->resume_at : l->clear_at;
    l->free_at = from + l->held_ps;
}

/* Holds every frame that has not begun.  Who sends with a latency looked ahead, so that some of them may count as sent
 * already: they are queued again. */
static void hold(struct link *l)
{
    int64_t now = engine_now(l->engine).ps;
    struct packet *before = NULL, *p;
    bool queued = false;

    for (p = l->fifo.head; p && start_of(l, p) <= now; p = p->next) {
        before = p;
        queued |= p == l->unsent;
    }
    l->held = p;
    l->held_ps = 0;
    if (!p) {
        l->clear_at = l->free_at;
        return;
    }
    int64_t first = start_of(l, p), gone = now + l->gap;
    l->clear_at = before ? before->at.ps - l->delay + l->gap : first < gone ? first : gone;
    if (!before) engine_cancel(l->engine, &l->arrival);
    struct packet *counted = queued ? p : l->unsent;
    if (!queued) l->unsent = p;
    for (; p; p = p->next) {
        queued |= p == counted;
        if (!queued) l->queued += link_frame_bytes(p);
        l->held_ps += full_wire_ps(l, p);
        p->at.ps = far_off + start_of(l, p);
    }
    if (l->n_taps > 0) link_show_taps(l, NULL, engine_now(l->engine));
}

/* Lets the held frames go, the first not before 'from'. */
static void release(struct link *l, int64_t from)
{
    int64_t free = from > l->clear_at ? from : l->clear_at;
    struct packet *first = l->held;

    for (struct packet *p = first; p; p = p->next) {
        int64_t bound = p->at.ps - far_off, start = bound > free ? bound : free;
        l->counter[LINK_wait_ps] += (uint64_t)(start - bound);
        l->counter[LINK_queue_byte_ns] += (uint64_t)link_frame_bytes(p) * (uint64_t)(start - bound) / PS_PER_NS;
        free = start + full_wire_ps(l, p);
        p->at.ps = free - l->gap + l->delay;
        if (l->n_taps > 0) link_show_taps(l, p, (sim_time){ start });
    }
    l->held = NULL;
    l->held_ps = 0;
    l->free_at = first ? free : l->clear_at;
    if (first && l->fifo.head == first) engine_schedule(l->engine, &l->arrival, first->at);
}

bool link_send_closed(struct link *l, struct packet *p, int64_t ready)
{
    int64_t bytes = link_frame_bytes(p);

    if (!l->up || !l->sink.fn) return link_refuse(l, p, DROP_LINK_DOWN);
    link_advance(l, ready);
    if (l->queued > 0 && l->queued + bytes > l->depth) return link_refuse(l, p, DROP_LINK_FULL);
    p->at.ps = far_off + ready;
    l->queued += bytes;
    if ((uint64_t)l->queued > l->counter[LINK_queue_bytes_max])
        l->counter[LINK_queue_bytes_max] = (uint64_t)l->queued;
    if (!l->unsent) l->unsent = p;
    if (!l->held) l->held = p;
    l->held_ps += full_wire_ps(l, p);
    packet_queue_push(&l->fifo, p);
    estimate(l);
    TRACE(l->engine, l->entity->id, link_send, p->id, p->len, 0, 0);
    return true;
}

void link_resume(void *owner)
{
    struct link *l = owner;
    int64_t now = engine_now(l->engine).ps;

    l->paused = false;
    engine_cancel(l->engine, &l->resume);
    l->pause_counter[LINK_PAUSE_paused_ps] += (uint64_t)(now - l->paused_at);
    TRACE(l->engine, l->entity->id, link_pause, 0, 0, 0, 0);
    release(l, now);
    link_reopen(l);
}

void link_pause(struct link *l, sim_dur d)
{
    sim_time now = engine_now(l->engine);

    SIM_ASSERT(d.ps >= 0);
    if (d.ps == 0) {
        if (l->paused) link_resume(l);
        return;
    }
    if (!l->paused) {
        hold(l);
        l->paused = true;
        l->paused_at = now.ps;
        l->pause_counter[LINK_PAUSE_pauses]++;
        link_reopen(l);
    }
    TRACE(l->engine, l->entity->id, link_pause, d.ps / PS_PER_NS, 0, 0, 0);
    l->resume_at = sim_add(now, d).ps;
    engine_schedule(l->engine, &l->resume, (sim_time){ l->resume_at });
    estimate(l);
}

bool link_is_paused(const struct link *l)
{
    return l->paused;
}

/* Puts 'p' before the first held frame. */
static void insert(struct link *l, struct packet *p)
{
    struct packet *before = NULL;

    for (struct packet *q = l->fifo.head; q != l->held; q = q->next) before = q;
    p->next = l->held;
    if (before)
        before->next = p;
    else
        l->fifo.head = p;
    if (!l->held) l->fifo.tail = p;
    l->fifo.count++;
    if (!l->unsent || l->unsent == l->held) l->unsent = p;
    if (!before) engine_schedule(l->engine, &l->arrival, p->at);
}

bool link_send_control(struct link *l, struct packet *p)
{
    int64_t now = engine_now(l->engine).ps;

    if (!l->up || !l->sink.fn) return link_refuse(l, p, DROP_LINK_DOWN);
    link_advance(l, now);
    if (!l->paused) hold(l);
    int64_t start = now > l->clear_at ? now : l->clear_at;
    l->clear_at = start + full_wire_ps(l, p);
    p->at.ps = l->clear_at - l->gap + l->delay;
    l->queued += link_frame_bytes(p);
    if ((uint64_t)l->queued > l->counter[LINK_queue_bytes_max])
        l->counter[LINK_queue_bytes_max] = (uint64_t)l->queued;
    l->pause_counter[LINK_PAUSE_control_frames]++;
    insert(l, p);
    TRACE(l->engine, l->entity->id, link_send, p->id, p->len, 0, 0);
    if (l->n_taps > 0) link_show_taps(l, p, (sim_time){ start });
    if (l->paused)
        estimate(l);
    else
        release(l, l->clear_at);
    return true;
}

void link_pause_forget(struct link *l)
{
    engine_cancel(l->engine, &l->resume);
    if (l->paused) l->pause_counter[LINK_PAUSE_paused_ps] += (uint64_t)(engine_now(l->engine).ps - l->paused_at);
    l->paused = false;
    l->held = NULL;
    l->held_ps = 0;
    l->clear_at = engine_now(l->engine).ps;
}

void link_register_pause(struct link *l, struct stats *stats)
{
    static const char *const names[N_LINK_PAUSE_COUNTERS] = {
#define X(name) #name,
        LINK_PAUSE_COUNTERS(X)
#undef X
    };
    stats_register(stats, "link_pause", l->config.name, names, l->pause_counter, N_LINK_PAUSE_COUNTERS);
}

uint64_t link_pause_count(const struct link *l, enum link_pause_counter c)
{
    return l->pause_counter[c];
}
