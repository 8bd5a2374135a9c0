/* SPDX-License-Identifier: GPL-3.0-or-later
 * udp_source.c -- a thread per flow:  due? send, else sleep until it is. */
#include "endpoint/udp_source.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/assert.h"

enum { FRAMES, BYTES, N_COUNTERS };
static const char *const counter_names[] = { "frames", "bytes" };

struct flow {
    struct udp_source *source;
    struct task *task;
    struct socket *socket;
    struct pacer pacer;
    struct event timer;      /* the next frame is due */
    int32_t frame_bytes;     /* its size, drawn; 0: not yet */
};

struct udp_source {
    struct udp_source_config config;
    struct engine *engine;
    struct rng *rng;
    char *name;
    struct flow *flows;
    uint64_t counter[N_COUNTERS];
};

static bool over(const struct flow *f, sim_time now)
{
    sim_time stop = f->source->config.stop;
    return !sim_before(f->pacer.next, stop) || !sim_before(now, stop);
}

static enum step_result step(void *owner)
{
    struct flow *f = owner;
    struct udp_source *u = f->source;
    const struct host_ops *ops = u->config.host->ops;
    sim_time now = ops->now(u->config.host), due = pacer_due(&f->pacer);

    if (over(f, now)) return STEP_SLEEP;
    if (sim_before(now, due)) {
        engine_schedule(u->engine, &f->timer, due);
        return STEP_SLEEP;
    }
    if (f->frame_bytes == 0) {
        f->frame_bytes = pacer_size(&f->pacer);
        ops->charge_user(u->config.host, COST_APP_CALL, 1);
    }
    if (u->config.host->datagrams->send(f->socket, f->frame_bytes) == SOCKET_WOULD_BLOCK) return STEP_SLEEP;
    u->counter[FRAMES]++;
    u->counter[BYTES] += (uint64_t)f->frame_bytes;
    pacer_advance(&f->pacer, f->frame_bytes);
    f->frame_bytes = 0;
    return STEP_AGAIN;
}

static void wake(void *owner)
{
    struct flow *f = owner;
    f->source->config.host->ops->wake(f->source->config.host, f->task);
}

/* Flow 'i' begins with frame i of the whole. */
static bool flow_init(struct flow *f, struct udp_source *u, int i, struct entity *entity, sim_time start)
{
    const struct udp_source_config *c = &u->config;
    struct pacer_config pace = c->pace;
    char name[256];

    f->source = u;
    snprintf(name, sizeof name, "%s/flow%d", u->name, i);
    f->task = c->host->ops->spawn(c->host, name, step, f);
    f->socket = c->host->datagrams->open(c->host, c->via, (uint16_t)(c->from_port + i), c->to, f->task);
    pace.share *= c->flows;
    pacer_init(&f->pacer, &pace, u->rng, start);
    event_init(&f->timer, entity, wake, f);
    return f->socket != NULL;
}

struct udp_source *udp_source_create(struct engine *engine, struct stats *stats, const struct udp_source_config *config)
{
    if (config->flows <= 0 || config->from_port + config->flows > 65536 || !pacer_config_valid(&config->pace))
        return NULL;
    struct udp_source *u = calloc(1, sizeof *u);
    SIM_ASSERT(u && config->host->datagrams);
    u->config = *config;
    u->engine = engine;
    u->config.name = u->name = strdup(config->name);
    u->flows = calloc((size_t)config->flows, sizeof *u->flows);
    SIM_ASSERT(u->name && u->flows);
    u->rng = rng_create(config->seed, u->name);
    struct entity *entity = engine_entity(engine, u->name);
    struct pacer whole;
    pacer_init(&whole, &config->pace, u->rng, sim_later(config->start, engine_now(engine)));
    for (int i = 0; i < config->flows; i++) {
        if (!flow_init(&u->flows[i], u, i, entity, pacer_due(&whole))) {
            udp_source_destroy(u);
            return NULL;
        }
        engine_schedule(engine, &u->flows[i].timer, pacer_due(&whole));
        pacer_advance(&whole, pacer_size(&whole));
    }
    if (stats) stats_register(stats, "app", u->name, counter_names, u->counter, N_COUNTERS);
    return u;
}

void udp_source_destroy(struct udp_source *u)
{
    if (!u) return;
    for (int i = 0; i < u->config.flows; i++) engine_cancel(u->engine, &u->flows[i].timer);
    rng_destroy(u->rng);
    free(u->flows);
    free(u->name);
    free(u);
}

uint64_t udp_source_frames(const struct udp_source *u)
{
    return u->counter[FRAMES];
}
