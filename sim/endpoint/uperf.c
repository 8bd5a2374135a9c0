/* SPDX-License-Identifier: GPL-3.0-or-later
 * uperf.c -- one task per stream and side; a step is one write, or reads until one is full or finds nothing. */
#include "endpoint/uperf.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/assert.h"
#include "core/rng.h"

#define STREAM_COUNTERS(X) X(written_bytes) X(writes) X(read_bytes) X(reads) X(connects) X(failures)
enum {
#define X(name) STREAM_##name,
    STREAM_COUNTERS(X)
#undef X
    N_STREAM_COUNTERS
};
static const char *const counter_names[] = {
#define X(name) #name,
    STREAM_COUNTERS(X)
#undef X
};

/* One side of a stream. */
struct end {
    struct uperf *uperf;
    struct host *host;
    struct task *task;
    struct socket *socket;  /* NULL: not connected, or finished */
    uint64_t *counter;      /* of the stream */
    bool master, sender, done;
    bool resting;           /* a think time passes: nothing to do until 'timer' */
    int32_t left;           /* bytes of the block still to be written */
    struct event timer;     /* start, end of a think time */
};
struct stream {
    struct end master, slave;
    uint64_t counter[N_STREAM_COUNTERS];
};
struct uperf {
    struct uperf_config config;
    struct engine *engine;
    char *name, *via;
    int accepted;
    struct task *spare;     /* for connections that come too many */
    struct stream *streams;
};

struct uperf_config uperf_config_default(void)
{
    return (struct uperf_config){ .streams = 1, .write_bytes = 8192, .read_bytes = 8192, .jitter = sim_ms(1),
                                  .stop = SIM_TIME_MAX };
}

static void finish(struct end *e, bool failed)
{
    if (failed) e->counter[STREAM_failures]++;
    if (e->socket) e->host->ops->close(e->socket);
    e->socket = NULL;
    e->done = true;
}

__attribute__((noinline)) static enum step_result send_step(struct end *e)
{
    const struct uperf_config *config = &e->uperf->config;
    const struct host_ops *ops = e->host->ops;
    if (e->resting) return STEP_SLEEP;
    if (!sim_before(ops->now(e->host), config->stop)) {
        finish(e, false);
        return STEP_SLEEP;
    }
    if (e->left == 0) {
        ops->charge_user(e->host, COST_APP_CALL, 1);
        e->left = config->write_bytes;
    }
    int64_t n = ops->write(e->socket, e->left);
    if (n == SOCKET_MUTEX) return STEP_BLOCKED;
    if (n == SOCKET_WOULD_BLOCK) return STEP_SLEEP;
    if (n == SOCKET_CLOSED) {
        finish(e, true);
        return STEP_SLEEP;
    }
    e->counter[STREAM_written_bytes] += (uint64_t)n;
    e->left -= (int32_t)n;
    if (e->left == 0) {
        e->counter[STREAM_writes]++;
        if (config->think.ps > 0) {
            e->resting = true;
            engine_schedule(e->uperf->engine, &e->timer, sim_add(ops->now(e->host), config->think));
            return STEP_SLEEP;
        }
    }
    return STEP_AGAIN;
}

__attribute__((noinline)) static enum step_result receive_step(struct end *e)
{
    const struct host_ops *ops = e->host->ops;
    int32_t ask = e->uperf->config.read_bytes;
    int64_t n;
    do { /* after a short read the next one will most likely find nothing: that is no step of its own */
        n = ops->read(e->socket, ask);
        if (n == SOCKET_MUTEX) return STEP_BLOCKED;
        if (n == SOCKET_WOULD_BLOCK) return STEP_SLEEP;
        if (n == SOCKET_CLOSED) { /* the sender's end: a failure only when nothing was ever received */
            finish(e, e->counter[STREAM_reads] == 0);
            return STEP_SLEEP;
        }
        ops->charge_user(e->host, COST_APP_CALL, 1);
        e->counter[STREAM_read_bytes] += (uint64_t)n;
        e->counter[STREAM_reads]++;
    } while (n < ask);
    return STEP_AGAIN;
}

/* Without a socket: the master connects, the slave is not accepted yet. */
__attribute__((noinline)) static enum step_result first_step(struct end *e)
{
    if (e->done || !e->master) return STEP_SLEEP;
    e->socket = e->host->ops->connect(e->host, e->uperf->via, e->uperf->config.slave_addr, e->task);
    if (e->socket)
        e->counter[STREAM_connects]++;
    else
        finish(e, true);
    return STEP_SLEEP;
}

static enum step_result step(void *owner)
{
    struct end *e = owner;
    if (__builtin_expect(!e->socket, 0)) return first_step(e);
    return e->sender ? send_step(e) : receive_step(e);
}

static enum step_result spare_step(void *owner)
{
    (void)owner;
    return STEP_SLEEP;
}

static void timer(void *owner)
{
    struct end *e = owner;
    e->resting = false;
    e->host->ops->wake(e->host, e->task);
}

/* Streams of the slave are taken in order of arrival: with lost SYNs it need not be the master's. */
static struct task *accept_stream(void *owner, struct socket *s)
{
    struct uperf *u = owner;
    if (u->accepted == u->config.streams) return u->spare;
    struct end *e = &u->streams[u->accepted++].slave;
    e->socket = s;
    return e->task;
}

static void end_init(struct uperf *u, struct stream *s, struct end *e, int index, struct entity *entity)
{
    char name[256];
    e->uperf = u;
    e->master = e == &s->master;
    e->host = e->master ? u->config.master : u->config.slave;
    e->sender = e->master == (u->config.sender == UPERF_MASTER_SENDS);
    e->counter = s->counter;
    snprintf(name, sizeof name, "%s/%s%d", u->name, e->master ? "master" : "slave", index);
    e->task = e->host->ops->spawn(e->host, name, step, e);
    event_init(&e->timer, entity, timer, e);
}

struct uperf *uperf_create(struct engine *engine, struct stats *stats, const struct uperf_config *config)
{
    if (config->streams <= 0 || config->write_bytes <= 0 || config->read_bytes <= 0 || config->jitter.ps < 0)
        return NULL;
    struct uperf *u = calloc(1, sizeof *u);
    SIM_ASSERT(u);
    if (!config->slave->ops->listen(config->slave, config->slave_addr.port, accept_stream, u)) {
        free(u);
        return NULL;
    }
    u->config = *config;
    u->engine = engine;
    u->name = strdup(config->name);
    u->via = config->via ? strdup(config->via) : NULL;
    u->streams = calloc((size_t)config->streams, sizeof *u->streams);
    SIM_ASSERT(u->name && u->streams && (u->via || !config->via));
    u->config.name = u->name;
    u->config.via = u->via;
    u->spare = config->slave->ops->spawn(config->slave, u->name, spare_step, u);
    struct entity *entity = engine_entity(engine, u->name);
    struct rng *rng = rng_create(config->seed, u->name);
    for (int i = 0; i < config->streams; i++) {
        struct stream *s = &u->streams[i];
        char name[256];
        snprintf(name, sizeof name, "%s/stream%d", u->name, i);
        if (stats) stats_register(stats, "app", name, counter_names, s->counter, N_STREAM_COUNTERS);
        end_init(u, s, &s->master, i, entity);
        end_init(u, s, &s->slave, i, entity);
        int64_t wait = config->jitter.ps ? (int64_t)(rng_u64(rng) % (uint64_t)config->jitter.ps) : 0;
        sim_time start = sim_later(config->start, engine_now(engine));
        engine_schedule(engine, &s->master.timer, sim_add(start, sim_ps(wait)));
    }
    rng_destroy(rng);
    return u;
}

void uperf_destroy(struct uperf *u)
{
    if (!u) return;
    for (int i = 0; i < u->config.streams; i++) {
        engine_cancel(u->engine, &u->streams[i].master.timer);
        engine_cancel(u->engine, &u->streams[i].slave.timer);
    }
    free(u->streams);
    free(u->via);
    free(u->name);
    free(u);
}

static uint64_t total(const struct uperf *u, int counter)
{
    uint64_t sum = 0;
    for (int i = 0; i < u->config.streams; i++) sum += u->streams[i].counter[counter];
    return sum;
}

uint64_t uperf_written_bytes(const struct uperf *u)
{
    return total(u, STREAM_written_bytes);
}

uint64_t uperf_read_bytes(const struct uperf *u)
{
    return total(u, STREAM_read_bytes);
}
