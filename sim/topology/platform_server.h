/* SPDX-License-Identifier: GPL-3.0-or-later
 * platform_server.h -- the process that SimGrid runs in, and the bytes it exchanges with platform.c.
 *
 * Over a stream socket, native byte order.  On loading: platform_hello, then every host as (uint32_t bytes, name) and
 * every link as (struct platform_link_record, name), both in order of name.  Then, for each request, its answer. */
#ifndef SIM_TOPOLOGY_PLATFORM_SERVER_H
#define SIM_TOPOLOGY_PLATFORM_SERVER_H

#include <stddef.h>
#include <stdint.h>

enum { PLATFORM_HELLO = 0x58424f57, PLATFORM_BATCH_MAX = 16384 };

struct platform_hello { uint32_t magic, hosts, links; };
struct platform_link_record {
    double bytes_per_s, latency_s;
    uint32_t shared, name_bytes;
};

enum platform_question {
    /* 'count' <= PLATFORM_BATCH_MAX struct platform_pair -> for each, uint32_t count and that many link numbers */
    PLATFORM_ASK_ROUTES,
    /* 'count' struct platform_flow -> uint32_t 1 and 'count' doubles (seconds; only [watch] is set when watch >= 0), or
     * uint32_t 0.  With 'watch' the simulation ends when that flow does; with 'no_latency' every latency is 0. */
    PLATFORM_ASK_TIMES,
};
struct platform_request {
    uint32_t question, count;
    int32_t watch;
    uint32_t no_latency;
};

/* Loads 'path' and serves 'socket' until it closes; never returns.  What SimGrid prints goes to 'log'. */
_Noreturn void platform_server_run(int socket, int log, const char *path);

/* Both move exactly 'bytes'; 0, or -1 when the other side is gone. */
int platform_send(int socket, const void *data, size_t bytes);
int platform_receive(int socket, void *data, size_t bytes);

#endif
