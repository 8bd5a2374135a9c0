/* SPDX-License-Identifier: GPL-3.0-or-later
 * platform.h -- a SimGrid platform: hosts, links, and the route between any two hosts.
 *
 * SimGrid's engine is one per process, aborts on bad input and throws through C.  So it runs in a process of its own:
 * loading forks a server that reads the XML and then answers questions over a socket.  Whatever happens to it comes
 * back as an error with file and line, several platforms may be open at once, and nothing of SimGrid lives in the
 * simulation's process.  Numbers are converted once, to integers of bit/s and picoseconds.
 *
 * The network model is CM02 with every factor written down: latency 1, bandwidth 1, no cross-traffic, no TCP window
 * bound, dates to 1 ps.  Not thread-safe; a forked copy of the process must not use its parent's platform. */
#ifndef SIM_TOPOLOGY_PLATFORM_H
#define SIM_TOPOLOGY_PLATFORM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/error.h"
#include "core/units.h"

struct platform;

/* One direction where SimGrid tells them apart (NAME_UP, NAME_DOWN of a split-duplex link), else both. */
struct platform_link {
    const char *name;
    sim_rate rate;     /* rounded to a whole bit/s; more than PLATFORM_RATE_MAX is PLATFORM_RATE_MAX */
    sim_dur latency;   /* rounded to a whole picosecond */
    bool shared;       /* false: FATPIPE, every flow has all the bandwidth */
};
#define PLATFORM_RATE_MAX 1000000000000000000 /* bit/s: a frame takes 1 ps */

/* Loads the file 'path'.  Mistakes in it are reported at the line that SimGrid names, everything else (no such file,
 * not a file, no host in it) at 'at'.  NULL after adding to 'errors'.  Owned by the caller. */
struct platform *platform_load(const char *path, struct error_at at, struct errors *errors);

/* The same from XML text; its mistakes are ours, so it asserts.  The text goes through memory, not a file. */
struct platform *platform_from_xml(const char *xml);

void platform_destroy(struct platform *p); /* NULL is allowed */

/* Hosts in order of name (strcmp). */
size_t platform_host_count(const struct platform *p);
const char *platform_host_name(const struct platform *p, size_t host);
int platform_find_host(const struct platform *p, const char *name); /* -1: none */

/* Links in order of name, without the loopback that SimGrid adds by itself. */
size_t platform_link_count(const struct platform *p);
const struct platform_link *platform_link(const struct platform *p, size_t link);
int platform_find_link(const struct platform *p, const char *name);

struct platform_pair { uint32_t from, to; }; /* hosts */

/* Where a route's links stand in platform_routes.links; count 0: there is no route. */
struct platform_route { uint32_t first, count; };
struct platform_routes {
    struct platform_route *routes; /* as many as were asked for, in that order */
    uint32_t *links;
};

/* Asks for the routes of 'n' pairs of different hosts, in order of travel.  Two hosts that no route joins are an
 * answer, not an error; but SimGrid dies of some such questions, and after 16 deaths, or one that takes seconds, the rest of a
 * batch (16384 pairs) counts as not joined too.  The caller frees the result with platform_routes_fini(). */
struct platform_routes platform_ask_routes(struct platform *p, const struct platform_pair *pairs, size_t n);
void platform_routes_fini(struct platform_routes *r);

/* -- flow level ------------------------------------------------------------------------------------------------- */

struct platform_flow {
    uint32_t from, to;  /* different hosts that a route joins */
    int64_t bytes;      /* > 0 */
};

/* Sends all flows at once from time 0 and gives the time when each has arrived: latency, then its share of every link
 * on its way.  CM02 weighs shares by 1/latency (long paths get less), as TCP does.  Returns 0, or -1 when SimGrid
 * could not run them. */
int platform_flow_times(struct platform *p, const struct platform_flow *flows, size_t n, sim_dur *times);

/* The max-min fair rates of 'n' endless flows that all run at once, regardless of latency.  'bytes' is not read.
 * One small simulation per flow.  Returns 0, or -1 when SimGrid could not run them. */
int platform_flow_rates(struct platform *p, const struct platform_flow *flows, size_t n, sim_rate *rates);

#endif
