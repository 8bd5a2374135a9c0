/* SPDX-License-Identifier: GPL-3.0-or-later
 * light.c -- TCP, a list of tasks to run, and an ideal NIC.
 *
 * Everything starts with a frame, a timer or a wake-up from outside, and ends with run_tasks(): TCP's notifications
 * only put tasks on the list, so TCP is never called from inside itself and the stack does not grow. */
#include "endpoint/light.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/assert.h"
#include "net/headers.h"
#include "net/pause.h"

struct task {
    step_fn *step;
    void *owner;
    bool queued;
    struct task *next_ready, *next;
};
struct socket {
    struct tcp_conn *conn;
    struct task *task;       /* NULL until it is accepted */
    struct socket *next;     /* free list */
    struct socket *all;      /* every one ever made */
};
struct listener {
    accept_fn *accept;
    void *owner;
    struct listener *next;
};
struct udp_port {
    uint16_t port;
    struct packet_sink sink;
};
struct nic {
    struct light *light;
    struct light_link_config config;
    struct link *pauses;     /* what PAUSE frames stop; NULL: they are ignored */
    uint32_t *groups;        /* joined */
    int n_groups;
    char *name;
};
struct light {
    struct host host;        /* must be first */
    struct engine *engine;
    struct packet_pool *pool;
    struct light_config config;
    char *name;
    struct tcp_host *tcp;
    struct nic **nics;
    int n_nics;
    struct event run;        /* for tasks woken from outside */
    bool inside;             /* run_tasks() will come */
    struct task *ready_head, *ready_tail, *tasks;
    struct socket *free_sockets, *sockets;
    struct listener *listeners;
    struct udp_port *ports;
    uint32_t n_ports;
    uint64_t counter[N_LIGHT_COUNTERS];
};

static const struct host_ops host_ops;
static const struct tcp_ops tcp_ops;
static void run_event(void *owner);

static const char *const counter_names[] = {
#define X(name) #name,
    LIGHT_COUNTERS(X)
#undef X
};

struct light *light_create(struct engine *engine, struct packet_pool *pool, struct stats *stats,
                           const struct light_config *config)
{
    struct light *l = calloc(1, sizeof *l);
    char label[160];
    SIM_ASSERT(l && snprintf(label, sizeof label, "%s/light", config->name) < (int)sizeof label);
    l->engine = engine;
    l->pool = pool;
    l->config = *config;
    l->config.name = l->name = strdup(config->name);
    SIM_ASSERT(l->name);
    l->host = (struct host){ .ops = &host_ops, .name = l->name };
    event_init(&l->run, engine_entity(engine, label), run_event, l);
    l->tcp = tcp_host_create(engine, pool, stats, config->seed, config->name, &config->tcp, &tcp_ops, l);
    if (stats) stats_register(stats, "light", config->name, counter_names, l->counter, N_LIGHT_COUNTERS);
    return l;
}

void light_destroy(struct light *l)
{
    if (!l) return;
    engine_cancel(l->engine, &l->run);
    tcp_host_destroy(l->tcp);
    for (int i = 0; i < l->n_nics; i++) {
        free(l->nics[i]->name);
        free(l->nics[i]->groups);
        free(l->nics[i]);
    }
    while (l->tasks) {
        struct task *t = l->tasks;
        l->tasks = t->next;
        free(t);
    }
    while (l->sockets) {
        struct socket *s = l->sockets;
        l->sockets = s->all;
        free(s);
    }
    while (l->listeners) {
        struct listener *x = l->listeners;
        l->listeners = x->next;
        free(x);
    }
    free(l->nics);
    free(l->ports);
    free(l->name);
    free(l);
}

int light_add_link(struct light *l, const struct light_link_config *config)
{
    struct nic *n = calloc(1, sizeof *n);
    l->nics = realloc(l->nics, ((size_t)l->n_nics + 1) * sizeof(struct nic *));
    SIM_ASSERT(n && l->nics && config->out.fn);
    n->light = l;
    n->config = *config;
    n->config.name = n->name = strdup(config->name);
    SIM_ASSERT(n->name);
    l->nics[l->n_nics] = n;
    return l->n_nics++;
}

void light_obey_pause(struct light *l, int link, struct link *out)
{
    SIM_ASSERT(light_link(l, link));
    l->nics[link]->pauses = out;
}

void light_join(struct light *l, int link, uint32_t ip)
{
    struct nic *n = l->nics[link];
    SIM_ASSERT(light_link(l, link) && headers_is_group(ip));
    n->groups = realloc(n->groups, ((size_t)n->n_groups + 1) * sizeof *n->groups);
    SIM_ASSERT(n->groups);
    n->groups[n->n_groups++] = ip;
}

struct host *light_host(struct light *l)
{
    return &l->host;
}

struct tcp_host *light_tcp(struct light *l)
{
    return l->tcp;
}

const struct light_link_config *light_link(const struct light *l, int link)
{
    return link >= 0 && link < l->n_nics ? &l->nics[link]->config : NULL;
}

int light_link_find(const struct light *l, const char *name)
{
    for (int i = 0; i < l->n_nics; i++)
        if (!name || strcmp(l->nics[i]->name, name) == 0) return i;
    return -1;
}

bool light_resolve(const struct light *l, uint32_t ip, int link, struct mac_addr *mac, int *vlan)
{
    return l->config.resolve(l->config.resolve_owner, ip, link, mac, vlan);
}

struct packet_pool *light_pool(const struct light *l)
{
    return l->pool;
}

uint64_t light_counter(const struct light *l, enum light_counter k)
{
    return l->counter[k];
}

bool light_udp_sink(struct light *l, uint16_t port, struct packet_sink sink)
{
    for (uint32_t i = 0; i < l->n_ports; i++)
        if (l->ports[i].port == port) return false;
    l->ports = realloc(l->ports, (l->n_ports + 1) * sizeof *l->ports);
    SIM_ASSERT(l->ports);
    l->ports[l->n_ports++] = (struct udp_port){ port, sink };
    return true;
}

/* -- tasks ------------------------------------------------------------------------------------------------------ */

static struct light *of_host(struct host *h)
{
    return (struct light *)(void *)h;
}

static void make_ready(struct light *l, struct task *t)
{
    if (t->queued) return;
    t->queued = true;
    t->next_ready = NULL;
    if (l->ready_head)
        l->ready_tail->next_ready = t;
    else
        l->ready_head = t;
    l->ready_tail = t;
}

static void run_tasks(struct light *l)
{
    l->inside = true;
    while (l->ready_head) {
        struct task *t = l->ready_head;
        l->ready_head = t->next_ready;
        t->queued = false;
        enum step_result result = t->step(t->owner);
        SIM_ASSERT(result != STEP_BLOCKED); /* there are no locks here */
        if (result == STEP_AGAIN) make_ready(l, t);
    }
    l->inside = false;
}

static void run_event(void *owner)
{
    run_tasks(owner);
}

static struct task *light_spawn(struct host *h, const char *name, step_fn *step, void *owner)
{
    struct light *l = of_host(h);
    struct task *t = calloc(1, sizeof *t);
    (void)name;
    SIM_ASSERT(t);
    *t = (struct task){ .step = step, .owner = owner, .next = l->tasks };
    l->tasks = t;
    return t;
}

static void light_wake(struct host *h, struct task *t)
{
    struct light *l = of_host(h);
    make_ready(l, t);
    if (!l->inside && !event_pending(&l->run)) engine_schedule(l->engine, &l->run, engine_now(l->engine));
}

static sim_time light_now(const struct host *h)
{
    return engine_now(((const struct light *)(const void *)h)->engine);
}

static void light_charge(struct host *h, enum cost_op op, int64_t n)
{
    (void)h, (void)op, (void)n;
}

/* -- sockets ---------------------------------------------------------------------------------------------------- */

static struct socket *socket_new(struct light *l)
{
    struct socket *s = l->free_sockets;
    if (s) {
        l->free_sockets = s->next;
    } else {
        s = malloc(sizeof *s);
        SIM_ASSERT(s);
        s->all = l->sockets;
        l->sockets = s;
    }
    s->conn = NULL;
    s->task = NULL;
    s->next = NULL;
    return s;
}

static bool fill_route(struct light *l, int link, uint32_t to, struct tcp_route *route)
{
    const struct light_link_config *c = &l->nics[link]->config;
    *route = (struct tcp_route){ .src = c->mac, .ip = c->ip, .mtu_bytes = c->mtu_bytes, .link = l->nics[link] };
    return light_resolve(l, to, link, &route->dst, &route->vlan);
}

static struct socket *light_connect(struct host *h, const char *via, struct host_addr to, struct task *task)
{
    struct light *l = of_host(h);
    struct tcp_route route;
    int link = light_link_find(l, via);
    if (link < 0 || !fill_route(l, link, to.ip, &route)) return NULL;
    struct socket *s = socket_new(l);
    s->task = task;
    s->conn = tcp_connect(l->tcp, &route, to, s);
    if (s->conn) return s;
    s->next = l->free_sockets;
    l->free_sockets = s;
    return NULL;
}

static bool light_listen(struct host *h, uint16_t port, accept_fn *accept, void *owner)
{
    struct light *l = of_host(h);
    struct listener *x = malloc(sizeof *x);
    SIM_ASSERT(x);
    *x = (struct listener){ accept, owner, l->listeners };
    if (!tcp_listen(l->tcp, port, x)) {
        free(x);
        return false;
    }
    l->listeners = x;
    return true;
}

static int64_t light_write(struct socket *s, int64_t bytes)
{
    int64_t n = tcp_write(s->conn, bytes);
    if (n > 0) {
        tcp_push(s->conn);
        return n;
    }
    return n == 0 ? SOCKET_WOULD_BLOCK : SOCKET_CLOSED;
}

static int64_t light_read(struct socket *s, int64_t bytes_max)
{
    int64_t n = tcp_read(s->conn, bytes_max);
    return n > 0 ? n : n == 0 ? SOCKET_WOULD_BLOCK : SOCKET_CLOSED;
}

static void light_close(struct socket *s)
{
    s->task = NULL;
    tcp_close(s->conn);
}

static void light_no_delay(struct socket *s)
{
    tcp_no_delay(s->conn);
}

static void light_ends(const struct socket *s, struct host_addr *local, struct host_addr *remote)
{
    *local = tcp_view(s->conn)->local;
    *remote = tcp_view(s->conn)->remote;
}

static const struct host_ops host_ops = {
    light_spawn, light_wake, light_now, light_charge, light_connect, light_listen, light_write, light_read, light_close,
    light_no_delay, light_ends,
};

/* -- what TCP asks for ------------------------------------------------------------------------------------------ */

static void tcp_output(void *owner, struct tcp_conn *c, void *link, struct packet *p)
{
    struct light *l = owner;
    struct nic *n = link;
    (void)c;
    if (p->gso_mss == 0) {
        l->counter[LIGHT_tx_frames]++;
        l->counter[LIGHT_tx_bytes] += p->len;
        n->config.out.fn(n->config.out.owner, p);
        return;
    }
    struct packet_queue frames = { 0 };
    headers_segment(l->pool, p, &frames, engine_now(l->engine));
    while ((p = packet_queue_pop(&frames))) {
        l->counter[LIGHT_tx_frames]++;
        l->counter[LIGHT_tx_bytes] += p->len;
        n->config.out.fn(n->config.out.owner, p);
    }
}

/* A connection begins or ends. */
__attribute__((noinline)) static void change(struct light *l, struct tcp_conn *c, unsigned events)
{
    struct tcp_conn_view *v = tcp_view(c);
    struct socket *s = v->user;
    if (events & TCP_EV_NEW) {
        v->user = s = socket_new(l);
        s->conn = c;
    }
    if (events & TCP_EV_CONNECTED && !s->task) {
        struct listener *x = v->listener;
        s->task = x->accept(x->owner, s);
    }
    if (s->task && events & ~(unsigned)(TCP_EV_NEW | TCP_EV_FREED)) light_wake(&l->host, s->task);
    if (events & TCP_EV_FREED) {
        s->next = l->free_sockets;
        l->free_sockets = s;
    }
}

static void tcp_notify(void *owner, struct tcp_conn *c, unsigned events)
{
    struct light *l = owner;
    struct socket *s = tcp_view(c)->user;
    if (events & ~(unsigned)(TCP_EV_READABLE | TCP_EV_WRITABLE))
        change(l, c, events);
    else if (s->task)
        light_wake(&l->host, s->task);
}

static void tcp_timer_due(void *owner, struct tcp_conn *c)
{
    struct light *l = owner;
    l->inside = true;
    tcp_timer(c);
    run_tasks(l);
}

static bool tcp_route(void *owner, const struct packet *p, struct tcp_route *route)
{
    struct light *l = owner;
    uint32_t us = get_be32(p->hdr + p->l3 + 16), them = get_be32(p->hdr + p->l3 + 12);
    for (int i = 0; i < l->n_nics; i++)
        if (l->nics[i]->config.ip == us) return fill_route(l, i, them, route);
    return false;
}

static const struct tcp_ops tcp_ops = { tcp_output, tcp_notify, tcp_timer_due, NULL, NULL, tcp_route, NULL };

void light_transmit(struct light *l, int link, struct packet *p)
{
    tcp_output(l, NULL, l->nics[link], p);
}

/* -- receive ---------------------------------------------------------------------------------------------------- */

static bool for_us(const struct nic *n, const struct packet *p)
{
    bool group = p->hdr[0] & 1;
    int vlan = get_be16(p->hdr + 12) == ETHERTYPE_VLAN ? get_be16(p->hdr + 14) & 0xfff : -1;
    return (group || memcmp(p->hdr, n->config.mac.byte, 6) == 0) && vlan == n->config.vlan;
}

static bool is_ours(const struct nic *n, uint32_t ip)
{
    if (ip == n->config.ip) return true;
    for (int i = 0; i < n->n_groups; i++)
        if (n->groups[i] == ip) return true;
    return false;
}

static void refuse(struct light *l, struct packet *p, enum light_counter k, enum drop_reason why)
{
    l->counter[k]++;
    packet_drop(l->pool, p, why);
}

/* True when the sink of 'port' has taken it. */
static bool give(struct light *l, uint16_t port, struct packet *p)
{
    for (uint32_t i = 0; i < l->n_ports; i++) {
        if (l->ports[i].port != port) continue;
        l->ports[i].sink.fn(l->ports[i].sink.owner, p);
        return true;
    }
    return false;
}

/* Takes a PAUSE frame that the NIC obeys. */
static bool obey(const struct nic *n, struct packet *p)
{
    struct pause pause;
    struct link *out = n->pauses;
    if (!out || memcmp(p->hdr, pause_address.byte, sizeof pause_address.byte) != 0) return false;
    if (!pause_parse(p, &pause) || pause.priority) return false;
    link_pause(out, pause_time(pause.quanta[0], link_config_of(out)->rate));
    packet_deliver(n->light->pool, p);
    return true;
}

static void take_tcp(struct light *l, struct packet *p)
{
    l->inside = true;
    tcp_input(l->tcp, tcp_lookup(l->tcp, p), p);
    run_tasks(l);
}

/* Any frame. */
__attribute__((noinline)) static void take(struct nic *n, struct packet *p)
{
    struct light *l = n->light;
    if (p->flags & PACKET_FCS_BAD) {
        refuse(l, p, LIGHT_rx_bad, DROP_NIC_ERROR);
        return;
    }
    if (!for_us(n, p)) {
        refuse(l, p, LIGHT_rx_not_for_us, DROP_NIC_FILTER);
        return;
    }
    bool parsed = p->l4 || headers_parse(p);
    const uint8_t *ip = p->hdr + p->l3;
    if (!parsed || !p->l3 || !headers_is_ipv4(p)) {
        if (!obey(n, p) && !give(l, 0, p)) refuse(l, p, LIGHT_rx_bad, DROP_IP_BAD);
    } else if (!is_ours(n, get_be32(ip + 16))) {
        refuse(l, p, LIGHT_rx_not_for_us, DROP_IP_BAD);
    } else if (ip[9] == IPPROTO_TCP_ && p->l4) {
        take_tcp(l, p);
    } else if (ip[9] == IPPROTO_UDP_ && p->l4 && !(p->flags & PACKET_CSUM_BAD)) {
        l->counter[LIGHT_udp_rx_packets]++;
        l->counter[LIGHT_udp_rx_bytes] += get_be16(p->hdr + p->l4 + 4) - (uint64_t)UDP_BYTES;
        if (!give(l, get_be16(p->hdr + p->l4 + 2), p)) packet_deliver(l->pool, p);
    } else {
        refuse(l, p, LIGHT_rx_bad, DROP_IP_BAD);
    }
}

/* What take() gives to TCP, of frames that have been parsed and are for this address. */
static inline bool is_tcp(const struct nic *n, const struct packet *p)
{
    const uint8_t *ip = p->hdr + p->l3;
    return p->l3 && p->l4 && !(p->flags & PACKET_FCS_BAD) && for_us(n, p) && headers_is_ipv4(p) &&
           get_be32(ip + 16) == n->config.ip && ip[9] == IPPROTO_TCP_;
}

static void receive(void *owner, struct packet *p)
{
    struct nic *n = owner;
    struct light *l = n->light;
    l->counter[LIGHT_rx_frames]++;
    l->counter[LIGHT_rx_bytes] += p->len;
    if (is_tcp(n, p))
        take_tcp(l, p);
    else
        take(n, p);
}

struct packet_sink light_sink(struct light *l, int link)
{
    SIM_ASSERT(light_link(l, link));
    return (struct packet_sink){ receive, l->nics[link] };
}
