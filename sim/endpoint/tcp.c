/* SPDX-License-Identifier: GPL-3.0-or-later
 * tcp.c -- the connection table, the calls of applications, and the timers.
 *
 * A connection is in the hash table from its SYN until its protocol is done, and in memory until the application has
 * let go of it too and no timer_due() is unanswered.  All timers of a connection share one engine event that is moved
 * only when it would fire too late: a deadline that recedes with every acknowledgement costs one store. */
#include "endpoint/tcp.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/assert.h"
#include "endpoint/tcp_internal.h"

enum { FIRST_PORT = 32768, N_PORTS = 32768, FIRST_BUCKETS = 64 };

static const char *const host_counter_names[] = {
#define X(name) #name,
    TCP_HOST_COUNTERS(X)
#undef X
};

static void timer_event(void *owner);

struct tcp_config tcp_config_solaris(void)
{
    return (struct tcp_config){
        .sndbuf_bytes = 49152, .rcvbuf_bytes = 49152, .initial_window = 4, .ack_every = 8,
        .growth_segments = 1, .cwnd_max_bytes = 1048576, .lso_max_bytes = 65415, .syn_retries = 5, .data_retries = 15,
        .ack_delay = sim_ms(50), .min_rto = sim_ms(400), .max_rto = sim_ms(60000), .initial_rto = sim_ms(1000),
        .timestamp_tick = sim_ms(1), .time_wait = sim_ms(60000), .timestamps = true, .sack = true,
        .window_scale = true, .flow_stats = true,
    };
}

/* -- the host --------------------------------------------------------------------------------------------------- */

struct tcp_host *tcp_host_create(struct engine *engine, struct packet_pool *pool, struct stats *stats, uint64_t seed,
                                 const char *name, const struct tcp_config *config, const struct tcp_ops *ops,
                                 void *owner)
{
    SIM_ASSERT(config->sndbuf_bytes > 0 && config->rcvbuf_bytes > 0 && config->initial_window > 0);
    SIM_ASSERT(config->ack_every > 0 && config->growth_segments > 0 && config->cwnd_max_bytes > 0);
    SIM_ASSERT(config->lso_max_bytes >= 0 && config->timestamp_tick.ps > 0 && config->min_rto.ps > 0);
    struct tcp_host *h = calloc(1, sizeof *h);
    char label[160];
    SIM_ASSERT(h && snprintf(label, sizeof label, "%s/tcp", name) < (int)sizeof label);
    *h = (struct tcp_host){ .engine = engine, .pool = pool, .stats = stats, .config = *config, .ops = *ops,
                            .owner = owner, .name = strdup(name), .entity = engine_entity(engine, label),
                            .rng = rng_create(seed, label), .n_buckets = FIRST_BUCKETS };
    if (!h->config.snd_low_water) h->config.snd_low_water = config->sndbuf_bytes / 10;
    h->buckets = calloc(h->n_buckets, sizeof(struct tcp_conn *));
    SIM_ASSERT(h->name && h->buckets);
    h->ts_offset = (uint32_t)rng_u64(h->rng);
    h->next_port = (uint16_t)(FIRST_PORT + rng_below(h->rng, N_PORTS));
    if (stats) stats_register(stats, "tcp", name, host_counter_names, h->counter, N_TCP_HOST_COUNTERS);
    return h;
}

static void free_list(struct tcp_conn *c)
{
    while (c) {
        struct tcp_conn *next = c->next;
        free(c);
        c = next;
    }
}

void tcp_host_destroy(struct tcp_host *h)
{
    if (!h) return;
    for (struct tcp_conn *c = h->all; c; c = c->next) engine_cancel(h->engine, &c->event);
    free_list(h->all);
    free_list(h->free);
    free_list(h->dead);
    tcp_flows_free(h);
    rng_destroy(h->rng);
    free(h->listeners);
    free(h->buckets);
    free(h->name);
    free(h);
}

void tcp_host_enter(struct tcp_host *h)
{
    h->now = h->ops.now ? h->ops.now(h->owner) : engine_now(h->engine);
}

uint32_t tcp_conn_count(const struct tcp_host *h)
{
    return h->n_conns;
}

bool tcp_listen(struct tcp_host *h, uint16_t port, void *owner)
{
    for (uint32_t i = 0; i < h->n_listeners; i++)
        if (h->listeners[i].port == port) return false;
    h->listeners = realloc(h->listeners, (h->n_listeners + 1) * sizeof *h->listeners);
    SIM_ASSERT(h->listeners);
    h->listeners[h->n_listeners++] = (struct tcp_listener){ port, owner };
    return true;
}

/* -- the table -------------------------------------------------------------------------------------------------- */

static uint32_t bucket_of(const struct tcp_host *h, uint64_t addr, uint32_t ports)
{
    uint64_t x = (addr ^ (uint64_t)ports * UINT64_C(0x9e3779b97f4a7c15)) * UINT64_C(0xff51afd7ed558ccd);
    return (uint32_t)(x >> 32) & (h->n_buckets - 1);
}

/* The key of a connection as the bytes of a packet it receives, whatever this machine's byte order. */
static void make_key(struct host_addr local, struct host_addr remote, uint64_t *addr, uint32_t *ports)
{
    uint8_t a[8], p[4];
    put_be32(a, remote.ip);
    put_be32(a + 4, local.ip);
    put_be16(p, remote.port);
    put_be16(p + 2, local.port);
    memcpy(addr, a, sizeof a);
    memcpy(ports, p, sizeof p);
}

static struct tcp_conn *find(struct tcp_host *h, uint64_t addr, uint32_t ports)
{
    struct tcp_conn *c;
    for (c = h->buckets[bucket_of(h, addr, ports)]; c; c = c->hash_next)
        if (c->key_addr == addr && c->key_ports == ports) break;
    if (c) h->last = c;
    return c;
}

static void table_insert(struct tcp_host *h, struct tcp_conn *c)
{
    if (h->n_conns >= h->n_buckets) {
        free(h->buckets);
        h->n_buckets *= 4;
        h->buckets = calloc(h->n_buckets, sizeof(struct tcp_conn *));
        SIM_ASSERT(h->buckets);
        for (struct tcp_conn *o = h->all; o; o = o->next) {
            if (o->v.state == TCP_CLOSED) continue;
            uint32_t b = bucket_of(h, o->key_addr, o->key_ports);
            o->hash_next = h->buckets[b];
            h->buckets[b] = o;
        }
    }
    uint32_t b = bucket_of(h, c->key_addr, c->key_ports);
    c->hash_next = h->buckets[b];
    h->buckets[b] = c;
    h->n_conns++;
}

static void table_remove(struct tcp_host *h, struct tcp_conn *c)
{
    struct tcp_conn **at = &h->buckets[bucket_of(h, c->key_addr, c->key_ports)];
    while (*at != c) at = &(*at)->hash_next;
    *at = c->hash_next;
    h->n_conns--;
    if (h->last == c) h->last = NULL;
}

static uint64_t addresses_of(const struct packet *p)
{
    uint64_t addr;
    memcpy(&addr, &p->hdr[p->l3 + 12], sizeof addr);
    return addr;
}

static uint32_t ports_of(const struct packet *p)
{
    uint32_t ports;
    memcpy(&ports, &p->hdr[p->l4], sizeof ports);
    return ports;
}

__attribute__((noinline)) static struct tcp_conn *look_up(struct tcp_host *h, struct packet *p)
{
    if (!p->l4 && (!headers_parse(p) || !p->l4)) return NULL;
    return find(h, addresses_of(p), ports_of(p));
}

struct tcp_conn *tcp_lookup(struct tcp_host *h, struct packet *p)
{
    struct tcp_conn *c = h->last; /* that of the packet before, most likely */
    if (c && p->l4 && c->key_addr == addresses_of(p) && c->key_ports == ports_of(p)) return c;
    return look_up(h, p);
}

/* -- connections ------------------------------------------------------------------------------------------------ */

static struct tcp_conn *conn_create(struct tcp_host *h, const struct tcp_route *route, uint16_t port,
                                    struct host_addr remote, enum tcp_state state)
{
    struct tcp_conn *c = h->free;
    if (c) {
        h->free = c->next;
        memset(c, 0, sizeof *c);
    } else {
        c = calloc(1, sizeof *c);
        SIM_ASSERT(c);
    }
    c->host = h;
    c->v.link = route->link;
    c->v.local = (struct host_addr){ route->ip, port };
    c->v.remote = remote;
    c->v.state = state;
    c->v.id = ++h->next_id;
    c->v.rto = h->config.initial_rto;
    int32_t mss = route->mtu_bytes - IPV4_BYTES - TCP_BYTES;
    if (h->config.mss_max && mss > h->config.mss_max) mss = h->config.mss_max;
    SIM_ASSERT(mss > TCP_TIMESTAMP_BYTES && mss < 65536);
    c->v.mss = c->mss_own = (uint32_t)mss;
    c->iss = TCP_SEQ_BASE + (uint32_t)rng_u64(h->rng);
    c->snd_una = c->iss;
    c->snd_nxt = c->snd_max = c->snd_end = c->iss + 1;
    c->fin_seq = UINT64_MAX;
    c->ack_cur = 1;
    c->ack_abs = (uint32_t)h->config.ack_every;
    c->want_read = c->want_write = true;
    c->no_delay = h->config.no_delay;
    while (c->rcv_shift < 14 && h->config.rcvbuf_bytes >> c->rcv_shift > 65535) c->rcv_shift++;
    for (int i = 0; i < N_TCP_TIMERS; i++) c->deadline[i] = TCP_NEVER;
    c->armed = TCP_NEVER;
    event_init(&c->event, h->entity, timer_event, c);
    make_key(c->v.local, remote, &c->key_addr, &c->key_ports);
    tcp_template_init(c, route);
    table_insert(h, c);
    c->next = h->all;
    if (c->next) c->next->prev = c;
    h->all = c;
    if (h->stats && h->config.flow_stats) tcp_flow_opened(c);
    return c;
}

static void conn_free(struct tcp_conn *c)
{
    struct tcp_host *h = c->host;
    engine_cancel(h->engine, &c->event);
    if (c->prev)
        c->prev->next = c->next;
    else
        h->all = c->next;
    if (c->next) c->next->prev = c->prev;
    if (c->rest) tcp_flow_closed(c);
    struct tcp_conn **list = h->stats && h->config.flow_stats && !c->rest ? &h->dead : &h->free; /* its row is read later */
    c->next = *list;
    *list = c;
}

struct tcp_conn *tcp_connect(struct tcp_host *h, const struct tcp_route *route, struct host_addr to, void *user)
{
    tcp_host_enter(h);
    uint16_t port = 0;
    for (int tries = 0; tries < N_PORTS && !port; tries++) {
        uint64_t addr;
        uint32_t ports;
        make_key((struct host_addr){ route->ip, h->next_port }, to, &addr, &ports);
        if (!find(h, addr, ports)) port = h->next_port;
        h->next_port = h->next_port == UINT16_MAX ? FIRST_PORT : (uint16_t)(h->next_port + 1);
    }
    if (!port) return NULL;
    struct tcp_conn *c = conn_create(h, route, port, to, TCP_SYN_SENT);
    c->v.user = user;
    h->counter[TCP_HOST_connects]++;
    tcp_send_syn(c);
    return c;
}

struct tcp_conn *tcp_conn_accept(struct tcp_host *h, struct packet *p, const struct tcp_listener *l)
{
    struct tcp_route route;
    if (!h->ops.route(h->owner, p, &route)) return NULL;
    struct host_addr remote = { get_be32(&p->hdr[p->l3 + 12]), get_be16(&p->hdr[p->l4]) };
    route.ip = get_be32(&p->hdr[p->l3 + 16]);
    struct tcp_conn *c = conn_create(h, &route, l->port, remote, TCP_SYN_RECEIVED);
    c->v.listener = l->owner;
    c->events |= TCP_EV_NEW;
    h->counter[TCP_HOST_accepts]++;
    return c;
}

void tcp_set_state(struct tcp_conn *c, enum tcp_state s)
{
    TRACE(c->host->engine, c->host->entity->id, tcp_state, c->v.id, c->v.state, s, 0);
    c->v.state = s;
}

void tcp_conn_closed(struct tcp_conn *c)
{
    if (c->v.state == TCP_CLOSED) return;
    if (c->v.state == TCP_SYN_RECEIVED) c->released = true; /* the application has never been given it */
    table_remove(c->host, c);
    tcp_set_state(c, TCP_CLOSED);
    for (int i = 0; i < N_TCP_TIMERS; i++) c->deadline[i] = TCP_NEVER;
    c->events |= TCP_EV_CLOSED;
}

/* The same, when the application or the protocol is done with it. */
__attribute__((noinline)) static void notify_late(struct tcp_conn *c)
{
    bool over = c->v.state == TCP_CLOSED && c->released && !c->timer_owed;
    unsigned events = c->released ? c->events & TCP_EV_NEW : c->events;
    c->events = 0;
    if (over) events |= TCP_EV_FREED;
    if (events) c->host->ops.notify(c->host->owner, c, events);
    if (over) conn_free(c);
}

void tcp_notify(struct tcp_conn *c)
{
    unsigned events = c->events;
    if (c->released || c->v.state == TCP_CLOSED) {
        notify_late(c);
    } else if (events) {
        c->events = 0;
        c->host->ops.notify(c->host->owner, c, events);
    }
}

/* -- the application's calls ------------------------------------------------------------------------------------ */

void tcp_no_delay(struct tcp_conn *c)
{
    c->no_delay = true;
}

int64_t tcp_write(struct tcp_conn *c, int64_t bytes)
{
    SIM_ASSERT(bytes >= 0);
    if (c->v.state != TCP_ESTABLISHED && c->v.state != TCP_CLOSE_WAIT) {
        c->want_write = true;
        return c->v.state == TCP_SYN_SENT || c->v.state == TCP_SYN_RECEIVED ? 0 : -1;
    }
    const struct tcp_config *config = &c->host->config;
    int64_t used = (int64_t)(c->snd_end - (config->sndbuf_unacked ? c->snd_una : c->snd_max));
    int64_t room = config->sndbuf_bytes - used;
    if (room < bytes) {
        c->want_write = true;
        bytes = room > 0 ? room : 0;
    }
    c->snd_end += (uint64_t)bytes;
    c->v.sndbuf_used = used + bytes;
    return bytes;
}

void tcp_push(struct tcp_conn *c)
{
    tcp_host_enter(c->host);
    if (c->v.state == TCP_ESTABLISHED || c->v.state == TCP_CLOSE_WAIT) tcp_send_pending(c);
    if (c->events) tcp_notify(c);
}

/* Solaris reopens the window when the peer could not send another delayed ACK's worth of segments and it has grown
 * by a segment (RFC 1122 4.2.3.3); otherwise the next acknowledgement will carry it. */
static bool window_reopens(const struct tcp_conn *c)
{
    int64_t known = (int64_t)(c->rcv_adv - c->rcv_nxt), room = tcp_receive_room(c);
    int64_t least = c->host->config.rcvbuf_bytes / 2 < (int64_t)c->v.mss ? c->host->config.rcvbuf_bytes / 2
                                                                        : (int64_t)c->v.mss;
    return room - known >= least && known < (int64_t)c->ack_cur * c->v.mss && !c->fin_received;
}

__attribute__((cold)) static void reopen_window(struct tcp_conn *c)
{
    c->v.counter[TCP_FLOW_window_updates]++;
    tcp_host_enter(c->host);
    tcp_send_ack(c);
}

int64_t tcp_read(struct tcp_conn *c, int64_t bytes_max)
{
    SIM_ASSERT(bytes_max > 0);
    if (c->v.unread == 0) {
        if (c->fin_received || c->v.state == TCP_CLOSED) return -1;
        c->want_read = true;
        return 0;
    }
    int64_t bytes = c->v.unread < bytes_max ? c->v.unread : bytes_max;
    c->v.unread -= bytes;
    c->v.counter[TCP_FLOW_read_bytes] += (uint64_t)bytes;
    if (c->v.state != TCP_CLOSED && window_reopens(c)) reopen_window(c);
    return bytes;
}

void tcp_close(struct tcp_conn *c)
{
    SIM_ASSERT(!c->released);
    tcp_host_enter(c->host);
    c->released = c->closing = true;
    c->v.unread = 0;
    switch (c->v.state) {
    case TCP_SYN_SENT: tcp_conn_closed(c); break;
    case TCP_ESTABLISHED:
        tcp_set_state(c, TCP_FIN_WAIT_1);
        tcp_send_pending(c);
        break;
    case TCP_CLOSE_WAIT:
        tcp_set_state(c, TCP_LAST_ACK);
        tcp_send_pending(c);
        break;
    default: break;
    }
    tcp_notify(c);
}

void tcp_abort(struct tcp_conn *c)
{
    tcp_host_enter(c->host);
    if (c->v.state != TCP_CLOSED && c->v.state != TCP_SYN_SENT && c->v.state != TCP_TIME_WAIT) tcp_send_reset(c);
    c->released = true;
    tcp_conn_closed(c);
    tcp_notify(c);
}

/* -- timers ----------------------------------------------------------------------------------------------------- */

static void arm(struct tcp_conn *c, sim_time at)
{
    if (!sim_before(at, c->armed)) return;
    c->armed = at;
    engine_schedule(c->host->engine, &c->event, sim_later(at, engine_now(c->host->engine)));
}

void tcp_timer_set(struct tcp_conn *c, enum tcp_timer_kind k, sim_dur in)
{
    c->deadline[k] = sim_add(c->host->now, in);
    arm(c, c->deadline[k]);
}

static sim_time next_deadline(const struct tcp_conn *c)
{
    sim_time t = c->deadline[0];
    for (int i = 1; i < N_TCP_TIMERS; i++) t = sim_earlier(t, c->deadline[i]);
    return t;
}

static void timer_event(void *owner)
{
    struct tcp_conn *c = owner;
    sim_time next = next_deadline(c);
    c->armed = TCP_NEVER;
    if (sim_before(engine_now(c->host->engine), next)) {
        if (next.ps != TCP_NEVER.ps) arm(c, next);
    } else if (!c->timer_owed) {
        c->timer_owed = true;
        c->host->ops.timer_due(c->host->owner, c);
    }
}

static bool take_due(struct tcp_conn *c, enum tcp_timer_kind k)
{
    if (sim_before(c->host->now, c->deadline[k])) return false;
    c->deadline[k] = TCP_NEVER;
    return true;
}

/* The delayed-acknowledgement timer.  Solaris: more than a segment unacknowledged means that the sender waits for us,
 * so fewer will be held back from now on. */
static void ack_timeout(struct tcp_conn *c)
{
    if (c->rcv_nxt == c->last_ack_sent) return;
    if (c->rcv_nxt - c->last_ack_sent > c->v.mss) {
        if (c->ack_abs > 2) c->ack_abs--;
        c->ack_cur = c->ack_abs < 2 ? c->ack_abs : 2;
    }
    c->v.counter[TCP_FLOW_delayed_acks]++;
    tcp_send_ack(c);
}

void tcp_timer(struct tcp_conn *c)
{
    c->timer_owed = false;
    tcp_host_enter(c->host);
    if (c->v.state != TCP_CLOSED) {
        tcp_charge(c->host, COST_TCP_TIMER, 1);
        if (take_due(c, TCP_TIMER_ACK)) ack_timeout(c);
        if (take_due(c, TCP_TIMER_WAIT)) tcp_conn_closed(c);
        if (take_due(c, TCP_TIMER_REXMT)) tcp_retransmit_timeout(c);
        if (c->v.state != TCP_CLOSED && next_deadline(c).ps != TCP_NEVER.ps) arm(c, next_deadline(c));
    }
    tcp_notify(c);
}
