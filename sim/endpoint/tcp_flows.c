/* SPDX-License-Identifier: GPL-3.0-or-later
 * tcp_flows.c -- rows of connections in the statistics: one each for the first ones, a shared one for all others of a pair
 * of addresses, so that connections that come and go take no memory for good.
 *
 * A shared row is what closed connections left, and what those still open have counted: added up when it is read. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/assert.h"
#include "endpoint/tcp_internal.h"

enum { ROWS_MAX = 4096, NAME_BYTES = 160 };

static const char *const counter_names[] = {
#define X(name) #name,
    TCP_FLOW_COUNTERS(X)
#undef X
};

struct tcp_rest {
    struct tcp_rest *next;
    struct tcp_host *host;
    uint32_t local, remote;     /* addresses */
    uint64_t closed[N_TCP_FLOW_COUNTERS];
    uint64_t shown[N_TCP_FLOW_COUNTERS];
};

static const char *name_flow(char name[NAME_BYTES], const struct tcp_conn *c, bool ports)
{
    uint32_t a = c->v.local.ip, b = c->v.remote.ip;
    snprintf(name, NAME_BYTES, "%s:%u.%u.%u.%u:%u>%u.%u.%u.%u:%u", c->host->name, a >> 24, a >> 16 & 255, a >> 8 & 255,
             a & 255, ports ? c->v.local.port : 0, b >> 24, b >> 16 & 255, b >> 8 & 255, b & 255,
             ports ? c->v.remote.port : 0);
    return name;
}

static void add_up(void *owner)
{
    struct tcp_rest *r = owner;
    memcpy(r->shown, r->closed, sizeof r->shown);
    for (const struct tcp_conn *c = r->host->all; c; c = c->next)
        for (int i = 0; c->rest == r && i < N_TCP_FLOW_COUNTERS; i++) r->shown[i] += c->v.counter[i];
}

static struct tcp_rest *rest_of(struct tcp_conn *c)
{
    struct tcp_host *h = c->host;
    struct tcp_rest *r = h->rests;
    char name[NAME_BYTES];
    while (r && (r->local != c->v.local.ip || r->remote != c->v.remote.ip)) r = r->next;
    if (r) return r;
    r = calloc(1, sizeof *r);
    SIM_ASSERT(r);
    *r = (struct tcp_rest){ .next = h->rests, .host = h, .local = c->v.local.ip, .remote = c->v.remote.ip };
    h->rests = r;
    stats_register(h->stats, "flow", name_flow(name, c, false), counter_names, r->shown, N_TCP_FLOW_COUNTERS);
    stats_on_read(h->stats, add_up, r);
    return r;
}

void tcp_flow_opened(struct tcp_conn *c)
{
    char name[NAME_BYTES];
    if (c->host->rows == ROWS_MAX) {
        c->rest = rest_of(c);
        return;
    }
    c->host->rows++;
    stats_register(c->host->stats, "flow", name_flow(name, c, true), counter_names, c->v.counter, N_TCP_FLOW_COUNTERS);
}

void tcp_flow_closed(struct tcp_conn *c)
{
    for (int i = 0; i < N_TCP_FLOW_COUNTERS; i++) c->rest->closed[i] += c->v.counter[i];
}

void tcp_flows_free(struct tcp_host *h)
{
    while (h->rests) {
        struct tcp_rest *next = h->rests->next;
        free(h->rests);
        h->rests = next;
    }
}
