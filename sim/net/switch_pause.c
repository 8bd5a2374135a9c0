/* SPDX-License-Identifier: GPL-3.0-or-later
 * switch_pause.c -- bytes per ingress port, whichever egress queue they wait in.
 *
 * A frame in an egress link carries, in its control block, the backlog that it belongs to; the link says when it has
 * gone.  That is when it arrives at the far end, so the wire's delay counts as waiting.  A stopped partner is told
 * again after half of the time it was given (the longest there is). */
#include "net/switch_pause.h"

#include <stdlib.h>
#include <string.h>

#include "core/assert.h"
#include "net/pause.h"

struct backlog {
    struct engine *engine;
    struct packet_pool *pool;
    struct link *egress;      /* to the partner */
    int64_t high, low, bytes;
    bool stopped;             /* the partner was told to stop */
    struct event again;
};

static const struct mac_addr source = { { 0x02, 0x01, 0x80, 0xc2, 0x00, 0x00 } }; /* locally administered */

static void say(struct backlog *b, uint16_t quanta)
{
    struct pause pause = { .quanta = { quanta } };
    link_send_control(b->egress, pause_frame(b->pool, engine_now(b->engine), source, &pause));
}

static void stop(void *owner)
{
    struct backlog *b = owner;
    sim_dur time = pause_time(PAUSE_QUANTA_MAX, link_config_of(b->egress)->rate);

    b->stopped = true;
    say(b, PAUSE_QUANTA_MAX);
    engine_schedule_in(b->engine, &b->again, sim_ps(time.ps / 2));
}

struct backlog *backlog_create(struct engine *engine, struct entity *entity, struct packet_pool *pool,
                               struct link *egress, int64_t high_bytes, int64_t low_bytes)
{
    struct backlog *b = calloc(1, sizeof *b);
    SIM_ASSERT(b && high_bytes > 0 && low_bytes >= 0 && low_bytes <= high_bytes);
    *b = (struct backlog){ .engine = engine, .pool = pool, .egress = egress, .high = high_bytes, .low = low_bytes };
    event_init(&b->again, entity, stop, b);
    return b;
}

void backlog_destroy(struct backlog *b)
{
    if (b) engine_cancel(b->engine, &b->again);
    free(b);
}

static int64_t bytes_of(const struct packet *p)
{
    return packet_wire_bytes(p) - FRAME_OVERHEAD_BYTES;
}

static void gone(void *owner, const struct packet *p)
{
    struct backlog *b;
    (void)owner;
    memcpy(&b, p->cb, sizeof b);
    if (!b) return; /* the switch's own */
    b->bytes -= bytes_of(p);
    SIM_ASSERT(b->bytes >= 0);
    if (!b->stopped || b->bytes > b->low) return;
    b->stopped = false;
    engine_cancel(b->engine, &b->again);
    say(b, 0);
}

void backlog_watch(struct link *out)
{
    link_on_gone(out, gone, NULL);
}

void backlog_send(struct backlog *b, struct link *out, struct packet *p, sim_dur latency)
{
    int64_t bytes = bytes_of(p);

    memcpy(p->cb, &b, sizeof b);
    if (!link_send_after(out, p, latency)) return;
    b->bytes += bytes;
    if (b->bytes > b->high && !b->stopped) stop(b);
}

bool backlog_obey(struct backlog *b, struct packet *p)
{
    struct pause pause;

    if (memcmp(p->hdr, pause_address.byte, sizeof pause_address.byte) != 0) return false;
    if (!pause_parse(p, &pause) || pause.priority) return false;
    link_pause(b->egress, pause_time(pause.quanta[0], link_config_of(b->egress)->rate));
    packet_deliver(b->pool, p);
    return true;
}
