/* SPDX-License-Identifier: GPL-3.0-or-later
 * generator.c -- one event per burst. */
#include "endpoint/generator.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/assert.h"
#include "core/rng.h"
#include "endpoint/udp.h"

enum { FRAMES, BYTES, N_COUNTERS };
static const char *const counter_names[] = { "frames", "bytes" };
enum { HEADER_COPY = 64 };

struct generator {
    struct generator_config config;
    struct engine *engine;
    struct rng *rng;
    struct event event;
    char *name;
    struct packet template;
    struct pacer pacer;
    int flow;
    uint16_t ip_id;
    uint64_t counter[N_COUNTERS];
};

static void event(void *owner);

struct generator_config generator_config_default(void)
{
    return (struct generator_config){ .kind = GENERATOR_UDP, .ethertype = 0x88b5, .flows = 1, .from_port = 1024,
                                      .pace = { .frame_bytes_min = 64, .frame_bytes_max = 64, .share = 1 },
                                      .burst = 1, .stop = SIM_TIME_MAX };
}

static bool in_range(const struct generator_config *c)
{
    return c->flows > 0 && c->from_port + c->flows <= 65536 && c->burst > 0 && pacer_config_valid(&c->pace);
}

/* Headers of the first flow; false when the destination cannot be reached. */
static bool build_template(struct generator *g)
{
    const struct generator_config *c = &g->config;
    const struct light_link_config *link = light_link(c->host, c->link);
    if (!link) return false;
    if (c->kind == GENERATOR_UDP) {
        struct udp_flow flow = { .src_mac = link->mac, .vlan = link->vlan, .src = { link->ip, c->from_port },
                                 .dst = c->to };
        if (headers_is_group(c->to.ip))
            flow.dst_mac = headers_group_mac(c->to.ip);
        else if (!light_resolve(c->host, c->to.ip, c->link, &flow.dst_mac, &flow.vlan))
            return false;
        udp_build(&g->template, &flow, 0, 0);
        return true;
    }
    uint8_t *b = g->template.hdr;
    uint16_t at = 12;
    memcpy(b, c->to_mac.byte, 6);
    memcpy(b + 6, link->mac.byte, 6);
    if (link->vlan >= 0) {
        put_be16(b + at, ETHERTYPE_VLAN);
        put_be16(b + at + 2, (uint32_t)link->vlan);
        at = (uint16_t)(at + VLAN_BYTES);
    }
    put_be16(b + at, c->ethertype);
    g->template.hdr_len = (uint16_t)(at + 2);
    return true;
}

struct generator *generator_create(struct engine *engine, struct stats *stats, const struct generator_config *config)
{
    if (!in_range(config)) return NULL;
    struct generator *g = calloc(1, sizeof *g);
    SIM_ASSERT(g);
    g->config = *config;
    g->engine = engine;
    if (!build_template(g)) {
        free(g);
        return NULL;
    }
    g->config.name = g->name = strdup(config->name);
    SIM_ASSERT(g->name);
    g->rng = rng_create(config->seed, g->name);
    pacer_init(&g->pacer, &config->pace, g->rng, sim_later(config->start, engine_now(engine)));
    if (stats) stats_register(stats, "app", g->name, counter_names, g->counter, N_COUNTERS);
    event_init(&g->event, engine_entity(engine, g->name), event, g);
    engine_schedule(engine, &g->event, g->pacer.next);
    return g;
}

void generator_destroy(struct generator *g)
{
    if (!g) return;
    engine_cancel(g->engine, &g->event);
    rng_destroy(g->rng);
    free(g->name);
    free(g);
}

uint64_t generator_frames(const struct generator *g)
{
    return g->counter[FRAMES];
}

static void send_one(struct generator *g, int32_t bytes)
{
    const struct packet *t = &g->template;
    struct packet *p = packet_new(light_pool(g->config.host), engine_now(g->engine));
    memcpy(p->hdr, t->hdr, HEADER_COPY);
    p->hdr_len = t->hdr_len;
    p->l3 = t->l3;
    p->l4 = t->l4;
    p->payload = t->payload;
    p->flags = t->flags;
    p->len = (uint32_t)(bytes - FRAME_FCS_BYTES);
    if (g->config.kind == GENERATOR_UDP) {
        put_be16(p->hdr + p->l3 + 2, p->len - p->l3);
        put_be16(p->hdr + p->l3 + 4, g->ip_id++);
        put_be16(p->hdr + p->l4, (uint32_t)(g->config.from_port + g->flow));
        put_be16(p->hdr + p->l4 + 4, p->len - p->l4);
        if (++g->flow == g->config.flows) g->flow = 0;
    }
    g->counter[FRAMES]++;
    g->counter[BYTES] += (uint64_t)bytes;
    light_transmit(g->config.host, g->config.link, p);
}

static void event(void *owner)
{
    struct generator *g = owner;
    const struct generator_config *c = &g->config;
    for (int i = 0; i < c->burst; i++) {
        if (!sim_before(g->pacer.next, c->stop) || (c->frames_max && g->counter[FRAMES] == c->frames_max)) return;
        int32_t bytes = pacer_size(&g->pacer);
        send_one(g, bytes);
        pacer_advance(&g->pacer, bytes);
    }
    engine_schedule(g->engine, &g->event, pacer_due(&g->pacer));
}
