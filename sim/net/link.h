/* SPDX-License-Identifier: GPL-3.0-or-later
 * link.h -- a one-way wire with a queue before it: packets leave in order, one at a time, and arrive 'delay' later.
 *
 * A packet given to link_send() belongs to the link until it is delivered to the link's sink or dropped.  A frame
 * keeps the wire busy for preamble, frame (padded to 60 bytes), FCS and inter-frame gap; it arrives, whole, 'delay'
 * after its last bit has left (store and forward).  However long the queue, one event is pending: the head's arrival.
 * While a packet is in the link, its 'at' is the time of its arrival. */
#ifndef SIM_NET_LINK_H
#define SIM_NET_LINK_H

#include <stdbool.h>
#include <stdint.h>

#include "core/engine.h"
#include "core/stats.h"
#include "core/units.h"
#include "net/packet.h"

struct link;

struct link_config {
    const char *name;    /* of the entity and of the counters; copied */
    sim_rate rate;       /* wire speed, > 0 */
    sim_dur delay;       /* propagation, >= 0 */
    int64_t depth_bytes; /* queue limit in frame bytes with FCS, the frame on the wire included; a frame that does not
                          * fit whole is dropped.  An empty queue takes any frame, so 0 is a wire without a queue. */
};

/* Counters of kind "link".  A packet is counted in the first four when it arrives at the far end, so that no window of
 * time shows more than the wire can carry; waiting is counted when the packet is accepted, which behind a switch may be
 * its latency before the packet is ready (link_set_merge): at the edges of a window some of it falls into the other. */
#define LINK_COUNTERS(X) \
    X(packets)         /* delivered to the far end: packet-hops */ \
    X(bytes)           /* their frame bytes, with padding and FCS */ \
    X(wire_bytes)      /* the same plus preamble and gap */ \
    X(busy_ps)         /* time their serialisation took: utilisation is busy_ps over elapsed time */ \
    X(drops)           /* refused: queue full, link down; or lost when it went down */ \
    X(drop_bytes)      /* their frame bytes, with padding and FCS */ \
    X(wait_ps)         /* sum of times packets waited for the wire: over elapsed time, the mean queue in packets */ \
    X(queue_byte_ns)   /* the same times each packet's frame bytes: over elapsed ns, the mean queue in bytes */ \
    X(queue_bytes_max) /* most bytes queued, the frame on the wire included; whole run */

enum link_counter {
#define X(name) LINK_##name,
    LINK_COUNTERS(X)
#undef X
    N_LINK_COUNTERS
};

/* Creates a link that is up and connected to nothing.  'stats' may be NULL.  The caller owns the link and destroys it
 * after the last packet_pool_check(); packets still in it stay the pool's. */
struct link *link_create(struct engine *engine, struct stats *stats, struct packet_pool *pool,
                         const struct link_config *config);
void link_destroy(struct link *link);

/* Who receives.  The sink owns each packet it is given.  A null 'fn' disconnects; what is in the link is lost. */
void link_connect(struct link *link, struct packet_sink sink);

/* Queues 'p'.  Returns false and drops it when the queue is full (DROP_LINK_FULL), or when the link is down or
 * connected to nothing (DROP_LINK_DOWN).  'p' must not be a large send (gso_mss 0). */
bool link_send(struct link *link, struct packet *p);

/* The same for a packet that reaches the queue only 'latency' >= 0 from now: a store-and-forward switch needs no event
 * of its own.  Exact as long as every sender on this link uses the same latency. */
bool link_send_after(struct link *link, struct packet *p, sim_dur latency);

/* When the wire could start the next frame; now when it is idle.  A device that sends its next frame only then never
 * has one dropped for want of room. */
sim_time link_free_at(const struct link *link);

/* Frame bytes with FCS in the queue, the frame on the wire included. */
int64_t link_queued_bytes(struct link *link);

/* Takes the link down or up.  Frames queued or in flight when it goes down are lost, as DROP_LINK_DOWN. */
void link_set_up(struct link *link, bool up);
bool link_is_up(const struct link *link);

/* -- links between switches and hosts, without an event at every hop (link_through.c) ------------------------------- */

/* A frame accepted at the near end is known to arrive at the far end at 'arrival'.  When what the far end does with it
 * is known already, the frame goes on now: fn returns the link by which it leaves, to which it is then offered by 'source'
 * and ready that link's lookahead after its arrival; or NULL, and the frame arrives by an event.
 * passed(owner, n) tells later, when they have arrived, how many frames went so.  Frames never go through while
 * others are under way by event, nor while the engine traces.  For links that are neither paused nor taken down. */
typedef struct link *link_through_fn(void *owner, const struct packet *p, sim_time arrival);
typedef void link_passed_fn(void *owner, uint64_t n);
void link_set_through(struct link *link, link_through_fn *fn, link_passed_fn *passed, void *owner, uint32_t source);
/* Counts what has arrived by now in the link's counters. */
void link_settle(struct link *link);

/* Makes the link take frames ahead of time: link_offer() says that 'p' will be ready at 'ready', at least 'lookahead'
 * from now, and in order of time for one 'source' (a small number).  The link sends the frames of all sources as they
 * become ready; of frames that are ready together the one of the lowest source goes first. */
void link_set_merge(struct link *link, sim_dur lookahead);
void link_offer(struct link *link, uint32_t source, struct packet *p, sim_time ready);
bool link_has_taps(const struct link *link);

/* -- flow control (IEEE 802.3 annex 31B; link_pause.c) -------------------------------------------------------------- */

/* For 'd' from now on no frame begins but those of link_send_control(); the one on the wire is finished.  'd' of 0
 * ends a pause at once.  A later call replaces an earlier one.  Frames are queued meanwhile, as far as there is room. */
void link_pause(struct link *link, sim_dur d);
bool link_is_paused(const struct link *link);

/* Sends a MAC control frame: next after the frame on the wire, ahead of the queue, paused or not, and whether there is
 * room or not.  False: the link is down. */
bool link_send_control(struct link *link, struct packet *p);

/* Counters of kind "link_pause". */
#define LINK_PAUSE_COUNTERS(X) \
    X(pauses)         /* pauses begun; a pause that is prolonged is one */ \
    X(paused_ps)      /* time paused, counted when a pause ends */ \
    X(control_frames) /* MAC control frames sent by this end */
enum link_pause_counter {
#define X(name) LINK_PAUSE_##name,
    LINK_PAUSE_COUNTERS(X)
#undef X
    N_LINK_PAUSE_COUNTERS
};
void link_register_pause(struct link *link, struct stats *stats);
uint64_t link_pause_count(const struct link *link, enum link_pause_counter c);

/* Calls fn(owner, p) when an accepted frame leaves the link: on arrival at the far end, before its sink, or when it is
 * lost.  For one who accounts for what is queued.  Before the first frame; frames then never go through. */
typedef void link_gone_fn(void *owner, const struct packet *p);
void link_on_gone(struct link *link, link_gone_fn *fn, void *owner);

/* Calls fn(owner) when link_set_up() has changed the link's state. */
void link_on_change(struct link *link, event_fn *fn, void *owner);

const struct link_config *link_config_of(const struct link *link);
const char *link_name(const struct link *link);

/* Calls fn(owner, p, start) for every frame the link accepts; 'start' is when its first bit will leave: now or later,
 * and never before the start of an earlier frame.  The tap must not change 'p'.  Frames that are lost afterwards,
 * because the link goes down, have been seen too.  When a pause or a MAC control frame puts off frames that were seen
 * and have not begun, the tap is called with 'p' NULL: it forgets all whose start is after 'start', and they are shown
 * again.  Free of cost for a link that has no tap. */
typedef void link_tap_fn(void *owner, const struct packet *p, sim_time start);
void link_add_tap(struct link *link, link_tap_fn *fn, void *owner);

#endif
