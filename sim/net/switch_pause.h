/* SPDX-License-Identifier: GPL-3.0-or-later
 * switch_pause.h -- what came in by one port of a switch and still waits in it, and the PAUSE frames that follow.
 *
 * Above 'high' bytes the port's partner is told to stop, again and again while that lasts; at 'low' it may go on.  The
 * partner's own PAUSE frames stop the port's egress link. */
#ifndef SIM_NET_SWITCH_PAUSE_H
#define SIM_NET_SWITCH_PAUSE_H

#include "core/engine.h"
#include "net/link.h"
#include "net/packet.h"

struct backlog;

/* For the port that sends on 'egress'; the caller's. */
struct backlog *backlog_create(struct engine *engine, struct entity *entity, struct packet_pool *pool,
                               struct link *egress, int64_t high_bytes, int64_t low_bytes);
void backlog_destroy(struct backlog *b);

/* Sends 'p', which came in by the port of 'b', on 'out', and counts it until it has left.  Every link that frames are
 * sent on in this way was given to backlog_watch(). */
void backlog_send(struct backlog *b, struct link *out, struct packet *p, sim_dur latency);
void backlog_watch(struct link *out);

/* Takes 'p' when it is a PAUSE frame to its reserved address, and obeys it.  False: it is not. */
bool backlog_obey(struct backlog *b, struct packet *p);

#endif
