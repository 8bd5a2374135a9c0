/* SPDX-License-Identifier: GPL-3.0-or-later
 * web.c -- the client's slots and the server's threads, each a task that is called when its connection has changed.
 *
 *     slot:    closed -> asking -> reading -> idle -> asking ...       idle: open, nothing under way
 *                 ^                   `-> last -> closed               last: answered, until the server has closed
 *     thread:  free -> hearing -> working -> answering -> hearing ... or, after the last answer, free
 *
 * Both ends send without Nagle's delay, as servers and clients that keep connections do: else the last part of an answer
 * would wait for a delayed acknowledgement (J. Heidemann, "Performance interactions between P-HTTP and TCP
 * implementations", 1997).
 * Slots are left idle or closed when nothing is to be asked, and started by an event: the end of a think time or, in an
 * open loop, an arrival.  Requests that find no free slot wait in order. */
#include "endpoint/web.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/assert.h"
#include "core/rng.h"

enum { PORTS = 65536, READ_BYTES = 8192, CLASSES = 4, SIZES = 9 };

static const char *const counter_names[] = {
#define X(name) #name,
    WEB_COUNTERS(X)
#undef X
};

enum slot_state { SLOT_CLOSED, SLOT_IDLE, SLOT_ASKING, SLOT_READING, SLOT_LAST };

struct slot {
    struct web *web;
    struct task *task;
    struct socket *socket;      /* NULL: closed */
    enum slot_state state;
    uint16_t port;              /* of the client's end */
    struct slot *next_free;
    int requests_left;          /* on this connection, the one under way included; 0: no limit */
    int64_t left;               /* bytes to write or read */
    int64_t response_bytes;     /* of the request under way */
    sim_time wanted;            /* when it came up */
    struct event timer;         /* start, end of a think time */
};

enum thread_state { THREAD_ACCEPTED, THREAD_HEARING, THREAD_WORKING, THREAD_ANSWERING };

struct server_thread {
    struct web *web;
    struct task *task;
    struct socket *socket;      /* NULL: free */
    struct server_thread *next_free;
    enum thread_state state;
    struct slot *slot;          /* at the other end */
    uint16_t port;              /* of that end: the slot has moved on when it differs */
    int work_left;
    int64_t left;               /* bytes to read or write */
    bool last;
};

/* Instants in order, oldest first; grows. */
struct waiting {
    sim_time *at;
    size_t first, count, room;
};

struct web {
    struct web_config config;
    struct engine *engine;
    struct entity *entity;
    struct rng *rng;
    char *name, *via;
    struct slot *slots, *free_slots, *free_last; /* first come, first served */
    uint32_t *slot_at;          /* [PORTS]: number + 1 of the slot whose connection has this port; 0: none */
    struct server_thread **threads, *free_threads;
    size_t n_threads;
    struct waiting waiting;
    struct event arrival, stop;
    bool stopped;
    uint64_t counter[N_WEB_COUNTERS];
    uint64_t latency[HISTOGRAM_BUCKETS];
};

static step_fn slot_step, thread_step;
static event_fn slot_timer, arrive, stop;
static accept_fn accept_connection;

struct web_config web_config_default(void)
{
    return (struct web_config){ .connections = 1, .request_bytes = 300, .response_min_bytes = WEB_RESPONSE_MIX,
                                .response_max_bytes = WEB_RESPONSE_MIX, .header_bytes = 250, .requests = 5,
                                .random_gaps = true, .work = 20, .jitter = sim_ms(1), .stop = SIM_TIME_MAX };
}

static bool possible(const struct web_config *c)
{
    bool sizes = (c->response_min_bytes == WEB_RESPONSE_MIX && c->response_max_bytes == WEB_RESPONSE_MIX) ||
                 (c->response_min_bytes >= 0 && c->response_max_bytes >= c->response_min_bytes);
    return sizes && c->connections > 0 && c->request_bytes > 0 && c->header_bytes >= 0 && c->requests >= 0 &&
           c->think.ps >= 0 && c->gap.ps >= 0 && c->work >= 0 && c->jitter.ps >= 0;
}

static sim_dur random_part(struct web *w, sim_dur of)
{
    return sim_ps(of.ps ? (int64_t)(rng_u64(w->rng) % (uint64_t)of.ps) : 0);
}

static void slot_init(struct web *w, int i)
{
    struct slot *s = &w->slots[i];
    char name[300];
    snprintf(name, sizeof name, "%s/slot%d", w->name, i);
    s->web = w;
    s->task = w->config.client->ops->spawn(w->config.client, name, slot_step, s);
    event_init(&s->timer, w->entity, slot_timer, s);
}

static void list_slot(struct slot *s)
{
    struct web *w = s->web;
    s->next_free = NULL;
    if (w->free_slots)
        w->free_last->next_free = s;
    else
        w->free_slots = s;
    w->free_last = s;
}

static void start(struct web *w)
{
    const struct web_config *c = &w->config;
    sim_time from = sim_later(c->start, engine_now(w->engine));
    for (int i = 0; i < c->connections; i++) {
        slot_init(w, i);
        if (c->gap.ps)
            list_slot(&w->slots[i]);
        else
            engine_schedule(w->engine, &w->slots[i].timer, sim_add(from, random_part(w, c->jitter)));
    }
    if (c->gap.ps) engine_schedule(w->engine, &w->arrival, sim_add(from, random_part(w, c->jitter)));
    if (c->stop.ps != SIM_TIME_MAX.ps) engine_schedule(w->engine, &w->stop, sim_later(c->stop, engine_now(w->engine)));
}

struct web *web_create(struct engine *engine, struct stats *stats, const struct web_config *config)
{
    if (!possible(config)) return NULL;
    struct web *w = calloc(1, sizeof *w);
    SIM_ASSERT(w);
    if (!config->server->ops->listen(config->server, config->server_addr.port, accept_connection, w)) {
        free(w);
        return NULL;
    }
    w->config = *config;
    w->engine = engine;
    w->config.name = w->name = strdup(config->name);
    w->config.via = w->via = config->via ? strdup(config->via) : NULL;
    w->slots = calloc((size_t)config->connections, sizeof *w->slots);
    w->slot_at = calloc(PORTS, sizeof *w->slot_at);
    SIM_ASSERT(w->name && w->slots && w->slot_at && (w->via || !config->via));
    w->entity = engine_entity(engine, w->name);
    w->rng = rng_create(config->seed, w->name);
    event_init(&w->arrival, w->entity, arrive, w);
    event_init(&w->stop, w->entity, stop, w);
    if (stats) {
        stats_register(stats, "web", w->name, counter_names, w->counter, N_WEB_COUNTERS);
        stats_register(stats, "web_latencies", w->name, histogram_names(), w->latency, HISTOGRAM_BUCKETS);
    }
    start(w);
    return w;
}

void web_destroy(struct web *w)
{
    if (!w) return;
    for (int i = 0; i < w->config.connections; i++) engine_cancel(w->engine, &w->slots[i].timer);
    engine_cancel(w->engine, &w->arrival);
    engine_cancel(w->engine, &w->stop);
    for (size_t i = 0; i < w->n_threads; i++) free(w->threads[i]);
    rng_destroy(w->rng);
    free(w->threads);
    free(w->waiting.at);
    free(w->slot_at);
    free(w->slots);
    free(w->via);
    free(w->name);
    free(w);
}

uint64_t web_counter(const struct web *w, enum web_counter c)
{
    return w->counter[c];
}

const uint64_t *web_latencies(const struct web *w)
{
    return w->latency;
}

/* -- requests come up ---------------------------------------------------------------------------------------------- */

static int64_t draw_response(struct web *w)
{
    static const uint32_t share[CLASSES] = { 35, 50, 14, 1 };
    const struct web_config *c = &w->config;
    int64_t bytes;
    if (c->response_min_bytes == WEB_RESPONSE_MIX) {
        uint32_t x = rng_below(w->rng, 100), class = 0;
        int64_t tenths = 1; /* of a KiB: the smallest of the class */
        for (; x >= share[class]; class++, tenths *= 10) x -= share[class];
        bytes = tenths * (1 + rng_below(w->rng, SIZES)) * 1024 / 10;
    } else {
        uint64_t span = (uint64_t)(c->response_max_bytes - c->response_min_bytes) + 1;
        bytes = c->response_min_bytes + (int64_t)(rng_u64(w->rng) % span);
    }
    bytes += c->header_bytes;
    return bytes > 0 ? bytes : 1;
}

static void ask(struct slot *s, sim_time wanted)
{
    struct web *w = s->web;
    if (s->state == SLOT_CLOSED) s->requests_left = w->config.requests;
    s->state = SLOT_ASKING;
    s->wanted = wanted;
    s->left = w->config.request_bytes;
    s->response_bytes = draw_response(w);
    w->config.client->ops->wake(w->config.client, s->task);
}

static void want(struct web *w, sim_time at)
{
    struct waiting *q = &w->waiting;
    struct slot *s = w->free_slots;
    w->counter[WEB_offered]++;
    if (s) {
        w->free_slots = s->next_free;
        ask(s, at);
        return;
    }
    if (q->count == q->room) {
        size_t room = q->room ? 2 * q->room : 64;
        sim_time *longer = calloc(room, sizeof *longer);
        SIM_ASSERT(longer);
        for (size_t i = 0; i < q->count; i++) longer[i] = q->at[(q->first + i) % q->room];
        free(q->at);
        *q = (struct waiting){ longer, 0, q->count, room };
    }
    q->at[(q->first + q->count++) % q->room] = at;
    if (q->count > w->counter[WEB_waiting_max]) w->counter[WEB_waiting_max] = q->count;
}

static void arrive(void *owner)
{
    struct web *w = owner;
    sim_time now = engine_now(w->engine);
    want(w, now);
    sim_dur gap = w->config.random_gaps ? rng_exponential(w->rng, w->config.gap) : w->config.gap;
    engine_schedule(w->engine, &w->arrival, sim_add(now, gap));
}

static void slot_timer(void *owner)
{
    struct slot *s = owner;
    s->web->counter[WEB_offered]++;
    ask(s, engine_now(s->web->engine));
}

/* What a slot does that has nothing under way. */
static void next(struct slot *s, sim_time now)
{
    struct web *w = s->web;
    struct waiting *q = &w->waiting;
    if (w->stopped) {
        w->config.client->ops->wake(w->config.client, s->task);
    } else if (!w->config.gap.ps) {
        engine_schedule(w->engine, &s->timer, sim_add(now, w->config.think));
    } else if (q->count > 0) {
        sim_time wanted = q->at[q->first];
        q->first = (q->first + 1) % q->room;
        q->count--;
        ask(s, wanted);
    } else {
        list_slot(s);
    }
}

/* Idle slots are woken to close; the others close when they are answered. */
static void stop(void *owner)
{
    struct web *w = owner;
    w->stopped = true;
    engine_cancel(w->engine, &w->arrival);
    w->counter[WEB_given_up] += w->waiting.count;
    w->waiting.count = 0;
    w->free_slots = NULL;
    for (int i = 0; i < w->config.connections; i++) {
        struct slot *s = &w->slots[i];
        engine_cancel(w->engine, &s->timer);
        if (s->state == SLOT_IDLE) w->config.client->ops->wake(w->config.client, s->task);
    }
}

/* -- the client's slots -------------------------------------------------------------------------------------------- */

static void slot_close(struct slot *s, bool failed)
{
    struct web *w = s->web;
    if (failed) w->counter[WEB_failures]++;
    if (s->socket) {
        w->config.client->ops->close(s->socket);
        w->slot_at[s->port] = 0;
        w->counter[WEB_client_closes]++;
    }
    s->socket = NULL;
    s->state = SLOT_CLOSED;
}

static bool slot_open(struct slot *s)
{
    struct web *w = s->web;
    const struct host_ops *ops = w->config.client->ops;
    struct host_addr local, remote;
    s->socket = ops->connect(w->config.client, w->via, w->config.server_addr, s->task);
    if (!s->socket) return false;
    ops->no_delay(s->socket);
    ops->ends(s->socket, &local, &remote);
    s->port = local.port;
    w->slot_at[s->port] = (uint32_t)(s - w->slots) + 1;
    w->counter[WEB_connects]++;
    return true;
}

static void slot_answered(struct slot *s)
{
    struct web *w = s->web;
    sim_time now = w->config.client->ops->now(w->config.client);
    sim_dur latency = sim_diff(now, s->wanted);
    w->counter[WEB_responses]++;
    w->counter[WEB_latency_ns] += (uint64_t)(latency.ps / 1000);
    w->latency[histogram_bucket(latency)]++;
    s->state = s->requests_left > 0 && --s->requests_left == 0 ? SLOT_LAST : SLOT_IDLE;
    if (s->state == SLOT_IDLE) next(s, now);
}

/* The connection is over: well, after the last answer or while idle; badly otherwise. */
static enum step_result slot_over(struct slot *s)
{
    bool failed = s->state == SLOT_ASKING || s->state == SLOT_READING;
    bool resting = s->state == SLOT_IDLE; /* a slot that waits has been told what to do next */
    slot_close(s, failed);
    if (!resting) next(s, s->web->config.client->ops->now(s->web->config.client));
    return STEP_SLEEP;
}

static enum step_result slot_write(struct slot *s)
{
    struct web *w = s->web;
    const struct host_ops *ops = w->config.client->ops;
    if (!s->socket && !slot_open(s)) return slot_over(s);
    int64_t n = ops->write(s->socket, s->left);
    if (n == SOCKET_MUTEX) return STEP_BLOCKED;
    if (n == SOCKET_WOULD_BLOCK) return STEP_SLEEP;
    if (n == SOCKET_CLOSED) return slot_over(s);
    ops->charge_user(w->config.client, COST_APP_CALL, 1);
    w->counter[WEB_request_bytes] += (uint64_t)n;
    s->left -= n;
    if (s->left > 0) return STEP_AGAIN;
    w->counter[WEB_requests]++;
    s->state = SLOT_READING;
    s->left = s->response_bytes;
    return STEP_AGAIN;
}

/* Also where nothing can come but the end of the connection. */
static enum step_result slot_read(struct slot *s)
{
    struct web *w = s->web;
    const struct host_ops *ops = w->config.client->ops;
    bool wanted = s->state == SLOT_READING;
    int64_t n = ops->read(s->socket, wanted && s->left < READ_BYTES ? s->left : READ_BYTES);
    if (n == SOCKET_MUTEX) return STEP_BLOCKED;
    if (n == SOCKET_WOULD_BLOCK) return STEP_SLEEP;
    if (n == SOCKET_CLOSED) return slot_over(s);
    SIM_ASSERT(wanted);
    ops->charge_user(w->config.client, COST_APP_CALL, 1);
    w->counter[WEB_response_bytes] += (uint64_t)n;
    s->left -= n;
    if (s->left == 0) slot_answered(s);
    return STEP_AGAIN;
}

static enum step_result slot_step(void *owner)
{
    struct slot *s = owner;
    switch (s->state) {
    case SLOT_ASKING: return slot_write(s);
    case SLOT_READING:
    case SLOT_LAST: return slot_read(s);
    case SLOT_IDLE:
        if (!s->web->stopped) return slot_read(s);
        slot_close(s, false);
        return STEP_SLEEP;
    case SLOT_CLOSED: break;
    }
    return STEP_SLEEP;
}

/* -- the server's threads ------------------------------------------------------------------------------------------ */

static struct server_thread *thread_get(struct web *w)
{
    struct server_thread *t = w->free_threads;
    char name[300];
    if (t) {
        w->free_threads = t->next_free;
        return t;
    }
    t = calloc(1, sizeof *t);
    w->threads = realloc(w->threads, (w->n_threads + 1) * sizeof(struct server_thread *));
    SIM_ASSERT(t && w->threads);
    snprintf(name, sizeof name, "%s/thread%zu", w->name, w->n_threads);
    t->web = w;
    t->task = w->config.server->ops->spawn(w->config.server, name, thread_step, t);
    w->threads[w->n_threads++] = t;
    w->counter[WEB_threads_max] = w->n_threads;
    return t;
}

static struct task *accept_connection(void *owner, struct socket *socket)
{
    struct web *w = owner;
    struct server_thread *t = thread_get(w);
    struct host_addr local, remote;
    w->config.server->ops->ends(socket, &local, &remote);
    w->counter[WEB_accepts]++;
    t->socket = socket;
    t->port = remote.port;
    t->slot = w->slot_at[remote.port] ? &w->slots[w->slot_at[remote.port] - 1] : NULL; /* else it has given up */
    t->state = THREAD_ACCEPTED;
    return t->task;
}

static void thread_hear(struct server_thread *t)
{
    t->state = THREAD_HEARING;
    t->left = t->web->config.request_bytes;
}

static enum step_result thread_close(struct server_thread *t)
{
    struct web *w = t->web;
    w->config.server->ops->close(t->socket);
    w->counter[WEB_server_closes]++;
    t->socket = NULL;
    t->next_free = w->free_threads;
    w->free_threads = t;
    return STEP_SLEEP;
}

static enum step_result thread_read(struct server_thread *t)
{
    struct web *w = t->web;
    const struct host_ops *ops = w->config.server->ops;
    int64_t n = ops->read(t->socket, t->left);
    if (n == SOCKET_MUTEX) return STEP_BLOCKED;
    if (n == SOCKET_WOULD_BLOCK) return STEP_SLEEP;
    if (n == SOCKET_CLOSED) return thread_close(t);
    ops->charge_user(w->config.server, COST_APP_CALL, 1);
    t->left -= n;
    if (t->left > 0) return STEP_AGAIN;
    if (!t->slot || t->slot->port != t->port || !t->slot->socket) return thread_close(t); /* so has whoever asked */
    t->state = THREAD_WORKING;
    t->work_left = w->config.work;
    t->left = t->slot->response_bytes;
    t->last = t->slot->requests_left == 1;
    return STEP_AGAIN;
}

/* In small parts, so that a step stays short and what is more urgent comes in between. */
static enum step_result thread_work(struct server_thread *t)
{
    if (t->work_left > 0) {
        t->web->config.server->ops->charge_user(t->web->config.server, COST_WEB_WORK, 1);
        t->work_left--;
    }
    if (t->work_left == 0) t->state = THREAD_ANSWERING;
    return STEP_AGAIN;
}

static enum step_result thread_write(struct server_thread *t)
{
    struct web *w = t->web;
    const struct host_ops *ops = w->config.server->ops;
    int64_t n = ops->write(t->socket, t->left);
    if (n == SOCKET_MUTEX) return STEP_BLOCKED;
    if (n == SOCKET_WOULD_BLOCK) return STEP_SLEEP;
    if (n == SOCKET_CLOSED) return thread_close(t);
    ops->charge_user(w->config.server, COST_APP_CALL, 1);
    w->counter[WEB_served_bytes] += (uint64_t)n;
    t->left -= n;
    if (t->left > 0) return STEP_AGAIN;
    w->counter[WEB_served]++;
    if (t->last) return thread_close(t);
    thread_hear(t);
    return STEP_AGAIN;
}

static enum step_result thread_step(void *owner)
{
    struct server_thread *t = owner;
    if (!t->socket) return STEP_SLEEP;
    switch (t->state) {
    case THREAD_ACCEPTED:
        t->web->config.server->ops->no_delay(t->socket);
        thread_hear(t);
        return STEP_AGAIN;
    case THREAD_HEARING: return thread_read(t);
    case THREAD_WORKING: return thread_work(t);
    case THREAD_ANSWERING: return thread_write(t);
    }
    return STEP_SLEEP;
}
