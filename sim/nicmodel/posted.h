/* SPDX-License-Identifier: GPL-3.0-or-later
 * posted.h -- what a card has written to the machine and is not visible yet: descriptors, heads, messages.
 *
 * PCIe lets no posted write pass another, so they become visible in the order in which they were made, and one event
 * for the oldest is enough.  Where software says so before it looks at memory ('synced'), only messages need events:
 * everything before them is taken with them, or when software looks.  What a write means is the card's. */
#ifndef SIM_NICMODEL_POSTED_H
#define SIM_NICMODEL_POSTED_H

#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>

#include "core/assert.h"
#include "core/engine.h"

struct posted {
    int64_t at;               /* picoseconds */
    uint8_t kind, queue;
    uint16_t count;           /* descriptors, index or head */
    bool message;             /* something happens when it arrives; else it is only to be seen */
};

struct posted_fifo {
    struct posted *write;     /* ring of 'room' (a power of two); grows when that is not enough */
    uint32_t room, head, tail;
    uint32_t messages;        /* of those waiting */
    int64_t last_at;          /* of the newest, waiting or not */
    bool synced;
    struct event event;
};

/* 'arrive' is called when the oldest is due: it takes what is with posted_pop(). */
static inline void posted_init(struct posted_fifo *f, struct entity *entity, event_fn *arrive, void *owner, bool synced)
{
    f->room = 2048;
    f->head = f->tail = f->messages = 0;
    f->last_at = 0;
    f->synced = synced;
    f->write = calloc(f->room, sizeof *f->write);
    SIM_ASSERT(f->write);
    event_init(&f->event, entity, arrive, owner);
}

static inline void posted_clear(struct posted_fifo *f, struct engine *engine)
{
    engine_cancel(engine, &f->event);
    f->head = f->tail = f->messages = 0;
}

static inline void posted_fini(struct posted_fifo *f, struct engine *engine)
{
    posted_clear(f, engine);
    free(f->write);
}

static inline uint32_t posted_count(const struct posted_fifo *f) { return f->tail - f->head; }

void posted_grow(struct posted_fifo *f);

static inline struct posted *posted_slot(struct posted_fifo *f, uint32_t i) { return &f->write[i & (f->room - 1)]; }

/* An event comes as soon as the oldest is due: for who waits for room. */
static inline void posted_wait(struct posted_fifo *f, struct engine *engine)
{
    if (posted_count(f) == 0) return;
    engine_schedule(engine, &f->event, sim_later(engine_now(engine), (sim_time){ posted_slot(f, f->head)->at }));
}

static inline void posted_arm(struct posted_fifo *f, struct engine *engine)
{
    uint32_t i = f->head;
    if (event_pending(&f->event) || posted_count(f) == 0 || (f->synced && f->messages == 0)) return;
    if (f->synced) while (!posted_slot(f, i)->message) i++;
    engine_schedule(engine, &f->event, (sim_time){ posted_slot(f, i)->at });
}

/* Adds a write; it is visible at 'w.at', or when the one before it is. */
static inline void posted_push(struct posted_fifo *f, struct engine *engine, struct posted w)
{
    if (posted_count(f) == f->room) posted_grow(f);
    if (w.at < f->last_at) w.at = f->last_at;
    f->last_at = w.at;
    *posted_slot(f, f->tail++) = w;
    f->messages += w.message;
    if (!f->synced || w.message) posted_arm(f, engine);
}

/* Takes the oldest if it is due, and, without 'messages', only to be seen; else false, and the event comes in time. */
static inline bool posted_pop(struct posted_fifo *f, struct engine *engine, bool messages, struct posted *w)
{
    if (posted_count(f) > 0) {
        *w = *posted_slot(f, f->head);
        if (w->at <= engine_now(engine).ps && (messages || !w->message)) {
            f->messages -= w->message;
            f->head++;
            return true;
        }
    }
    posted_arm(f, engine);
    return false;
}

/* Adds to 'w' the writes that come next, are due, and differ from it in nothing but their count. */
static inline void posted_join(struct posted_fifo *f, const struct engine *engine, struct posted *w)
{
    for (int64_t now = engine_now(engine).ps; posted_count(f) > 0; f->head++) {
        const struct posted *next = posted_slot(f, f->head);
        if (next->at > now || next->kind != w->kind || next->queue != w->queue) break;
        w->count = (uint16_t)(w->count + next->count);
    }
}

#endif
