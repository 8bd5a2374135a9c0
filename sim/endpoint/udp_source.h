/* SPDX-License-Identifier: GPL-3.0-or-later
 * udp_source.h -- an application that sends datagrams at a given rate, on a machine with CPUs.
 *
 * Every flow has a source port and a thread of its own, which sends its share of the frames when they are due: flow i
 * those numbered i, i + flows, ...  A thread that comes late, because its CPU is busy or the link takes no more, sends
 * what is due back to back, so a rate beyond the machine's becomes the machine's own. */
#ifndef SIM_ENDPOINT_UDP_SOURCE_H
#define SIM_ENDPOINT_UDP_SOURCE_H

#include "core/engine.h"
#include "core/stats.h"
#include "endpoint/host.h"
#include "endpoint/pacer.h"

struct udp_source_config {
    const char *name;        /* copied */
    uint64_t seed;
    struct host *host;       /* not a light one */
    const char *via;         /* its link; NULL: the first */
    struct host_addr to;
    int flows;               /* > 0: source ports 'from_port' ... */
    uint16_t from_port;
    struct pacer_config pace; /* of all flows together */
    sim_time start, stop;    /* SIM_TIME_MAX: never stops */
};

struct udp_source;

/* Counters: kind "app", entity NAME: frames, bytes (with FCS).  NULL when a number is out of range or the destination
 * cannot be reached.  Lives as long as the host. */
struct udp_source *udp_source_create(struct engine *engine, struct stats *stats, const struct udp_source_config *config);
void udp_source_destroy(struct udp_source *u); /* NULL is allowed */

uint64_t udp_source_frames(const struct udp_source *u);

#endif
