/* SPDX-License-Identifier: GPL-3.0-or-later
 * link_impl.h -- the inside of a link, shared by link*.c only. */
#ifndef SIM_NET_LINK_IMPL_H
#define SIM_NET_LINK_IMPL_H

#include "net/link.h"

enum { GAP_BYTES = 12, PS_PER_NS = 1000 };

struct tap {
    link_tap_fn *fn;
    void *owner;
};

/* A frame that has gone through: when its last bit leaves, 'delay' before it arrives, and its bytes. */
struct passage {
    int64_t left, bytes;
};

struct link {
    struct packet_queue fifo;
    struct packet *unsent;
    int64_t free_at, queued;
    int64_t ps_per_byte;      /* 0 when it is not a whole number */
    int64_t delay, gap, depth;
    int64_t lag;              /* delay - gap: from when the wire is free again to the arrival */
    struct engine *engine;
    struct packet_sink sink;
    struct event arrival;
    struct { link_gone_fn *fn; void *owner; } gone;
    uint64_t counter[N_LINK_COUNTERS];
    bool up;                  /* as link_set_up() said */
    bool open;                /* up, connected and not paused */
    bool plain;               /* open, without taps, and bytes take whole picoseconds: frames are accepted the short way */
    uint32_t n_taps;
    struct tap *taps;
    struct packet_pool *pool;
    struct entity *entity;
    struct link_config config;
    struct { event_fn *fn; void *owner; } change;

    /* link_through.c */
    struct {
        link_through_fn *fn;
        link_passed_fn *passed;
        void *owner;
        uint32_t source;      /* of what goes on, for the next link */
        struct passage *ring; /* of 'room' (a power of two): [head, tail) under way, [sent, tail) queued */
        uint32_t room, head, sent, tail;
    } through;
    struct merge *merge;      /* NULL: nobody offers */

    /* link_pause.c: while the wire is paused */
    bool paused;
    struct packet *held;      /* first frame that may not begin; those behind it neither */
    int64_t held_ps;          /* wire time of all of them */
    int64_t clear_at;         /* when the frames before it have left the wire */
    int64_t paused_at, resume_at;
    struct event resume;
    uint64_t pause_counter[N_LINK_PAUSE_COUNTERS];
};

static inline int64_t link_frame_bytes(const struct packet *p)
{
    return packet_wire_bytes(p) - FRAME_OVERHEAD_BYTES;
}

__attribute__((noinline)) int64_t link_wire_ps_divided(const struct link *l, int64_t bytes);
static inline int64_t link_wire_ps(const struct link *l, int64_t bytes)
{
    return __builtin_expect(l->ps_per_byte != 0, 1) ? bytes * l->ps_per_byte : link_wire_ps_divided(l, bytes);
}

/* Frames whose last bit has left by 't' are no longer queued. */
static inline void link_advance(struct link *l, int64_t t)
{
    while (l->through.sent != l->through.tail) {
        const struct passage *gone = &l->through.ring[l->through.sent & (l->through.room - 1)];
        if (gone->left > t) break;
        l->queued -= gone->bytes;
        l->through.sent++;
    }
    while (l->unsent && l->unsent->at.ps - l->delay <= t) {
        l->queued -= link_frame_bytes(l->unsent);
        l->unsent = l->unsent->next;
    }
}

/* 'p' goes the ordinary way: into the FIFO. */
static inline void link_keep(struct link *l, struct packet *p)
{
    if (!l->unsent) l->unsent = p;
    packet_queue_push(&l->fifo, p);
}

/* Drops 'p', which the link has not accepted or no longer holds; returns false. */
__attribute__((cold)) bool link_refuse(struct link *l, struct packet *p, enum drop_reason why);
__attribute__((cold)) void link_show_taps(const struct link *l, const struct packet *p, sim_time start);

/* Takes 'p' that is ready at 'ready_ps'; false: dropped.  The caller sees to the event for the head's arrival. */
bool link_accept(struct link *l, struct packet *p, int64_t ready_ps);

/* The counters that follow from these two are brought up to date when somebody reads them. */
static inline void link_count_arrived(struct link *l, int64_t bytes)
{
    l->counter[LINK_packets]++;
    l->counter[LINK_bytes] += (uint64_t)bytes;
    if (__builtin_expect(l->ps_per_byte == 0, 0))
        l->counter[LINK_busy_ps] += (uint64_t)link_wire_ps(l, bytes + FRAME_OVERHEAD_BYTES);
}

void link_arm(struct link *l); /* sees to the next event */

/* -- link_through.c -- */
/* Gives the accepted 'p' on at once if that can be, else keeps it.  Returns true. */
bool link_pass(struct link *l, struct packet *p, int64_t bytes);
/* Takes what was offered and is ready by 'until_ps', in order. */
void link_admit(struct link *l, int64_t until_ps);
/* When the first of what is still offered would arrive; INT64_MAX: nothing is. */
int64_t link_next_offer(const struct link *l);
uint64_t link_offered(const struct link *l);
int64_t link_lookahead_ps(const struct link *l);
struct packet *link_take_back(struct link *l); /* what is offered, one by one; NULL: no more */
void link_through_destroy(struct link *l);

/* -- link_pause.c -- */
static inline void link_reopen(struct link *l)
{
    l->open = l->up && l->sink.fn && !l->paused;
    l->plain = l->open && l->n_taps == 0 && l->ps_per_byte > 0;
}
/* What link_accept() does on a link that is down, connected to nothing, or paused. */
__attribute__((cold)) bool link_send_closed(struct link *l, struct packet *p, int64_t ready_ps);
void link_resume(void *link);           /* the pause is over */
void link_pause_forget(struct link *l); /* no pause, no frame held: all frames are about to be lost */

#endif
