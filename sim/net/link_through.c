/* SPDX-License-Identifier: GPL-3.0-or-later
 * link_through.c -- a hop without an event: what arrives where, and when, is known when a frame is accepted.
 *
 *     ingress link --through--> switch looks up --offer--> egress link, by source      event: the next arrival
 *
 * A frame that may go through is given on at once with the time of its arrival; the ingress link keeps only that time
 * and the length, to count the frame when it has arrived.  The egress link keeps what it is offered in one FIFO per
 * source and a heap of the sources by their first frame's time, and takes a frame when nothing offered later can come
 * before it: a frame that is offered from now on is ready at least 'lookahead' from now.  Queueing, drops and times
 * are therefore those of frames that come one by one. */
#include <stdlib.h>
#include <string.h>

#include "core/assert.h"
#include "core/trace.h"
#include "net/link_impl.h"

enum { PASSAGES_FIRST = 64 };

struct merge {
    int64_t lookahead;
    int64_t next_at;           /* when the first of all frames is ready; INT64_MAX: there is none */
    struct packet_queue *from; /* by source; a frame's 'at' is when it is ready */
    uint32_t *heap;            /* sources with frames, by the first one's time, then number */
    uint32_t sources, used;
};

/* -- through ------------------------------------------------------------------------------------------------------ */

void link_set_through(struct link *l, link_through_fn *fn, link_passed_fn *passed, void *owner, uint32_t source)
{
    l->through.fn = fn;
    l->through.passed = passed;
    l->through.owner = owner;
    l->through.source = source;
}

void link_settle(struct link *l)
{
    int64_t now = engine_now(l->engine).ps;
    uint64_t n = 0;

    link_advance(l, now);
    for (; l->through.head != l->through.tail; l->through.head++, n++) {
        const struct passage *p = &l->through.ring[l->through.head & (l->through.room - 1)];
        if (p->left + l->delay > now) break;
        link_count_arrived(l, p->bytes);
    }
    if (n) l->through.passed(l->through.owner, n);
    l->counter[LINK_wire_bytes] = l->counter[LINK_bytes] + l->counter[LINK_packets] * FRAME_OVERHEAD_BYTES;
    if (l->ps_per_byte) l->counter[LINK_busy_ps] = l->counter[LINK_wire_bytes] * (uint64_t)l->ps_per_byte;
}

/* The ring is full: frees what has arrived, or makes it larger. */
__attribute__((cold)) static void make_room(struct link *l)
{
    link_settle(l);
    if (l->through.tail - l->through.head < l->through.room) return;
    uint32_t room = l->through.room ? l->through.room * 2 : PASSAGES_FIRST;
    struct passage *ring = calloc(room, sizeof *ring);
    SIM_ASSERT(ring);
    for (uint32_t i = l->through.head; i != l->through.tail; i++)
        ring[i & (room - 1)] = l->through.ring[i & (l->through.room - 1)];
    free(l->through.ring);
    l->through.ring = ring;
    l->through.room = room;
}

bool link_pass(struct link *l, struct packet *p, int64_t bytes)
{
    sim_time at = p->at;
    struct link *to = l->through.fn(l->through.owner, p, at);

    if (!to) {
        link_keep(l, p);
        return true;
    }
    if (l->through.tail - l->through.head == l->through.room) make_room(l);
    l->through.ring[l->through.tail++ & (l->through.room - 1)] = (struct passage){ at.ps - l->delay, bytes };
    link_offer(to, l->through.source, p, (sim_time){ at.ps + to->merge->lookahead });
    return true;
}

void link_through_destroy(struct link *l)
{
    free(l->through.ring);
    if (!l->merge) return;
    free(l->merge->from);
    free(l->merge->heap);
    free(l->merge);
}

/* -- merge -------------------------------------------------------------------------------------------------------- */

void link_set_merge(struct link *l, sim_dur lookahead)
{
    if (!l->merge) {
        l->merge = calloc(1, sizeof *l->merge);
        SIM_ASSERT(l->merge);
        l->merge->next_at = INT64_MAX;
    }
    l->merge->lookahead = lookahead.ps;
}

uint64_t link_offered(const struct link *l)
{
    uint64_t n = 0;
    for (uint32_t i = 0; i < l->merge->sources; i++) n += l->merge->from[i].count;
    return n;
}

int64_t link_lookahead_ps(const struct link *l)
{
    return l->merge->lookahead;
}

static bool before(const struct merge *m, uint32_t a, uint32_t b)
{
    int64_t x = m->from[a].head->at.ps, y = m->from[b].head->at.ps;
    return x != y ? x < y : a < b;
}

static void sift_up(struct merge *m, uint32_t i)
{
    uint32_t source = m->heap[i];
    for (; i > 0 && before(m, source, m->heap[(i - 1) / 2]); i = (i - 1) / 2) m->heap[i] = m->heap[(i - 1) / 2];
    m->heap[i] = source;
}

static void sift_down(struct merge *m, uint32_t i)
{
    uint32_t source = m->heap[i], child;
    for (; (child = 2 * i + 1) < m->used; i = child) {
        if (child + 1 < m->used && before(m, m->heap[child + 1], m->heap[child])) child++;
        if (!before(m, m->heap[child], source)) break;
        m->heap[i] = m->heap[child];
    }
    m->heap[i] = source;
}

__attribute__((cold)) static void add_sources(struct merge *m, uint32_t source)
{
    uint32_t n = m->sources ? m->sources : 4;
    while (n <= source) n *= 2;
    m->from = realloc(m->from, n * sizeof *m->from);
    m->heap = realloc(m->heap, n * sizeof *m->heap);
    SIM_ASSERT(m->from && m->heap);
    memset(&m->from[m->sources], 0, (n - m->sources) * sizeof *m->from);
    m->sources = n;
}

/* The first source has given its first frame away, and there are others, or it has no more. */
__attribute__((noinline)) static void sort(struct merge *m)
{
    if (!m->from[m->heap[0]].head) m->heap[0] = m->heap[--m->used];
    if (m->used > 1) sift_down(m, 0);
    m->next_at = m->used ? m->from[m->heap[0]].head->at.ps : INT64_MAX;
}

/* The first of all frames; there is one. */
static inline struct packet *take(struct merge *m)
{
    struct packet_queue *from = &m->from[m->heap[0]];
    struct packet *p = packet_queue_pop(from);

    if (m->used == 1 && from->head)
        m->next_at = from->head->at.ps;
    else
        sort(m);
    return p;
}

void link_admit(struct link *l, int64_t until)
{
    struct merge *m = l->merge;

    while (m->next_at <= until) {
        struct packet *p = take(m);
        link_accept(l, p, p->at.ps);
    }
}

int64_t link_next_offer(const struct link *l)
{
    const struct merge *m = l->merge;

    if (m->used == 0) return INT64_MAX;
    const struct packet *p = m->from[m->heap[0]].head;
    int64_t start = m->next_at > l->free_at ? m->next_at : l->free_at;
    return start + link_wire_ps(l, packet_wire_bytes(p)) - l->gap + l->delay;
}

/* A source has a frame again. */
__attribute__((noinline)) static void join(struct link *l, uint32_t source)
{
    struct merge *m = l->merge;
    int64_t sure = engine_now(l->engine).ps + m->lookahead;
    bool empty = !l->fifo.head;

    m->heap[m->used++] = source;
    sift_up(m, m->used - 1);
    m->next_at = m->from[m->heap[0]].head->at.ps;
    if (m->from[source].head->at.ps <= sure) link_admit(l, sure);
    if (empty) link_arm(l);
}

void link_offer(struct link *l, uint32_t source, struct packet *p, sim_time ready)
{
    struct merge *m = l->merge;

    if (__builtin_expect(source >= m->sources, 0)) add_sources(m, source);
    p->at = ready;
    packet_queue_push(&m->from[source], p);
    if (m->from[source].count == 1) join(l, source); /* else its turn comes after those before it */
}

struct packet *link_take_back(struct link *l)
{
    return l->merge->used ? take(l->merge) : NULL;
}
