/* SPDX-License-Identifier: GPL-3.0-or-later
 * web.h -- requests and responses over TCP as a web server sees them: connections open, carry some requests each, close.
 *
 *     client slot    connect | request ->            | read ... read |  think or wait | request -> ...     | close
 *     server thread                       read, work | write ...     |                  read, work, write | close
 *
 * A client has a number of slots, each with at most one connection and on it at most one request.  In a closed loop every
 * slot asks again a think time after it was answered; in an open loop requests come at a rate and wait for a free slot.
 * The last request of a connection says so, and the server closes after answering it (HTTP/1.1, RFC 9112 section 9.6).
 * The server gives every connection a thread of its own, out of a pool that grows when none is free.
 *
 * Streams carry counts, not bytes: what a request asks for, the server looks up by the connection's addresses. */
#ifndef SIM_ENDPOINT_WEB_H
#define SIM_ENDPOINT_WEB_H

#include "core/engine.h"
#include "core/histogram.h"
#include "core/stats.h"
#include "endpoint/host.h"

/* Classes of SPECweb96 and 99: 35 % of the pages are 0.1 to 0.9 KiB, 50 % 1 to 9, 14 % 10 to 90, 1 % 100 to 900; within
 * a class nine sizes, equally likely here.  Mean: 15,026 bytes. */
enum { WEB_RESPONSE_MIX = -1 };

struct web_config {
    const char *name;           /* copied; prefix of the entity and counter names */
    uint64_t seed;
    struct host *client, *server;
    const char *via;            /* the client's link, NULL: its first */
    struct host_addr server_addr;
    int connections;            /* > 0: slots */
    int32_t request_bytes;      /* > 0, header included */
    int64_t response_min_bytes, response_max_bytes; /* >= 0, uniform between them; or both WEB_RESPONSE_MIX */
    int32_t header_bytes;       /* >= 0; on top of every response; a response has at least one byte */
    int requests;               /* of each connection; 0: no limit */
    sim_dur think;              /* closed loop: from an answer to the slot's next request */
    sim_dur gap;                /* open loop: mean time between requests; 0: closed loop */
    bool random_gaps;           /* exponential; else all alike */
    int work;                   /* >= 0: units of COST_WEB_WORK the server spends on a request */
    sim_time start;             /* slots, or arrivals, start here plus a random part of 'jitter' */
    sim_dur jitter;
    sim_time stop;              /* no request begins after it; connections close when answered; SIM_TIME_MAX: never */
};

struct web;

/* Defaults: 1 connection, 300-byte requests, the mix with headers of 250 bytes, 5 requests per connection, closed loop
 * without thinking, 20 units of work, start 0, jitter 1 ms, never stops. */
struct web_config web_config_default(void);

/* Counters of the whole, kind "web", entity NAME; and the histogram of latencies, kind "web_latencies". */
#define WEB_COUNTERS(X) \
    X(offered)         /* requests that clients wanted to make */ \
    X(requests)        /* sent whole */ \
    X(request_bytes)   /* of those */ \
    X(served)          /* read, and answered whole as far as the server's socket is concerned */ \
    X(served_bytes)    /* written by the server */ \
    X(responses)       /* read whole */ \
    X(response_bytes)  /* read by clients */ \
    X(latency_ns)      /* sum over the responses: from wanting the page, connecting included, to its last byte */ \
    X(connects)        /* connections opened by clients */ \
    X(accepts)         /* connections given to a server's thread */ \
    X(client_closes) \
    X(server_closes) \
    X(failures)        /* connections that did not come about, or broke before an answer was whole */ \
    X(given_up)        /* requests that still waited for a slot at 'stop' */ \
    X(waiting_max)     /* most requests that waited for a slot, whole run */ \
    X(threads_max)     /* the server's threads, whole run */

enum web_counter {
#define X(name) WEB_##name,
    WEB_COUNTERS(X)
#undef X
    N_WEB_COUNTERS
};

/* NULL when the server's port is in use or a number is out of range. */
struct web *web_create(struct engine *engine, struct stats *stats, const struct web_config *config);
void web_destroy(struct web *w); /* NULL is allowed */

/* Since the start of the run. */
uint64_t web_counter(const struct web *w, enum web_counter c);
const uint64_t *web_latencies(const struct web *w); /* [HISTOGRAM_BUCKETS] */

#endif
