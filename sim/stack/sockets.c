/* SPDX-License-Identifier: GPL-3.0-or-later
 * sockets.c -- connections on a real machine: what is alike whoever may touch one, on which CPU, at what price.
 *
 *    application thread                     interrupt, or whoever receives for it
 *        write(), read()                        sockets_receive()
 *             |  system call, copy                  |
 *             +--------- the rule (enum sockets_rule) says who may enter, and when
 *                           |
 *                        endpoint/tcp
 *                           |
 *                    data link's transmit, by the thread that entered
 *
 * Left out: the socket buffers' memory as such (bytes are counted; copying them is priced per byte). */
#include <stdio.h>

#include "machine/memory.h"
#include "stack/sockets_impl.h"

/* The Solaris kernel copies a write() of at least XCOPY_MIN_SIZE bytes, a multiple of COUNT_ALIGN_SIZE, by non-temporal
 * stores (illumos rw.c, copy.s); a read() of up to 128 KiB by ordinary ones. */
enum { STREAMED_MIN_BYTES = 128, STREAMED_ALIGN_BYTES = 16 };

static const char *const counter_names[] = {
#define X(name) #name,
    SOCKETS_COUNTERS(X)
#undef X
};

static const struct tcp_ops tcp_ops;

static const struct rule *const rules[] = {
    [SOCKETS_SQUEUE] = &sockets_squeue_rule,
    [SOCKETS_BACKLOG] = &sockets_backlog_rule,
};

/* -- creation ----------------------------------------------------------------------------------------------------- */

struct sockets *sockets_create(const struct sockets_config *config)
{
    struct sockets *s = calloc(1, sizeof *s);
    SIM_ASSERT(s);
    s->config = *config;
    s->m = config->machine;
    s->rule = rules[config->rule];
    s->host.ops = &s->rule->host;
    s->host.datagrams = &sockets_datagram_ops;
    s->host.name = machine_name(s->m);
    s->tcp = tcp_host_create(machine_engine(s->m), config->pool, config->stats, config->seed, s->host.name,
                             &config->tcp, &tcp_ops, s);
    s->rule->create(s);
    stats_register(config->stats, "sockets", s->host.name, counter_names, s->counter, N_SOCKETS_COUNTERS);
    return s;
}

void sockets_destroy(struct sockets *s)
{
    if (!s) return;
    tcp_host_destroy(s->tcp);
    s->rule->destroy(s);
    while (s->all) {
        struct socket *next = s->all->next;
        sockets_udp_close(s->all);
        free(s->all);
        s->all = next;
    }
    while (s->tasks) {
        struct task *next = s->tasks->next;
        free(s->tasks);
        s->tasks = next;
    }
    while (s->listeners) {
        struct listener *next = s->listeners->next;
        free(s->listeners);
        s->listeners = next;
    }
    for (int i = 0; i < s->n_links; i++) {
        free((char *)(uintptr_t)s->link[i]->config.name);
        free(s->link[i]);
    }
    free(s->link);
    free(s);
}

void sockets_add_link(struct sockets *s, const struct sockets_link *link)
{
    struct link_state *l = calloc(1, sizeof *l);
    s->link = realloc(s->link, ((size_t)s->n_links + 1) * sizeof(struct link_state *));
    SIM_ASSERT(l && s->link);
    l->config = *link;
    l->config.name = strdup(link->name);
    SIM_ASSERT(l->config.name);
    s->link[s->n_links++] = l;
}

struct host *sockets_host(struct sockets *s)
{
    return &s->host;
}

uint64_t sockets_held(const struct sockets *s)
{
    return s->held;
}

struct socket *sockets_new(struct sockets *s, struct task *task)
{
    struct socket *sock = s->free;
    if (sock) {
        s->free = sock->next_free;
        *sock = (struct socket){ .next = sock->next, .lock = sock->lock };
    } else {
        sock = calloc(1, sizeof *sock);
        SIM_ASSERT(sock);
        sock->next = s->all;
        s->all = sock;
        s->n_sockets++;
    }
    sock->owner = s;
    sock->task = task;
    return sock;
}

static struct socket *socket_new(struct sockets *s, struct task *task)
{
    struct socket *sock = sockets_new(s, task);
    s->rule->opened(sock);
    return sock;
}

void sockets_app_closed(struct socket *sock)
{
    machine_charge(sock->owner->m, COST_SYSCALL, 1);
    sock->task = NULL;
    sock->closed = true;
    sockets_let_go(sock);
}

void sockets_let_go(struct socket *sock)
{
    struct sockets *s = sock->owner;
    if (!sock->closed || sock->waiting || sock->pending || sock->queued || sock->owned ||
        sock->backlog.count)
        return;
    if (sock->conn) {
        struct tcp_conn_view *v = tcp_view(sock->conn);
        if (v->state != TCP_TIME_WAIT) return;
        v->user = NULL;
        sock->conn = NULL;
    }
    sock->closed = false;
    sock->next_free = s->free;
    s->free = sock;
}

/* -- receive ------------------------------------------------------------------------------------------------------ */

void sockets_receive(struct sockets *s, struct packet *p)
{
    s->counter[SOCKETS_rx_packets]++;
    if (p->l4 && headers_is_ipv4(p) && p->hdr[p->l3 + 9] == IPPROTO_UDP_)
        sockets_udp_receive(s, p);
    else
        s->rule->receive(s, p);
}

/* -- what TCP asks of its computer -------------------------------------------------------------------------------- */

static void tcp_output(void *owner, struct tcp_conn *c, void *link, struct packet *p)
{
    struct link_state *l = link;
    struct socket *sock = c ? tcp_view(c)->user : NULL;
    (void)owner;
    unsigned queue = l->config.transmit(l->config.datalink, p);
    if (sock) sock->queue = queue;
}

static void tcp_notify(void *owner, struct tcp_conn *c, unsigned events)
{
    struct sockets *s = owner;
    struct tcp_conn_view *v = tcp_view(c);
    if (events & TCP_EV_NEW) {
        struct listener *l = v->listener;
        struct socket *fresh = socket_new(s, NULL);
        fresh->conn = c;
        v->user = fresh;
        fresh->task = l->accept(l->accept_owner, fresh);
    }
    struct socket *sock = v->user;
    if (!sock) return;
    if (events & TCP_EV_FREED) {
        sock->conn = NULL;
        v->user = NULL;
    }
    if (sock->task && (events & ~(unsigned)TCP_EV_NEW)) thread_wake(sock->task->thread);
    if (events & TCP_EV_FREED) sockets_let_go(sock);
}

static void tcp_timer_due(void *owner, struct tcp_conn *c)
{
    struct socket *sock = tcp_view(c)->user;
    if (!sock) { /* half-open: nobody else can be in it */
        tcp_timer(c);
        return;
    }
    sock->timer = true;
    ((struct sockets *)owner)->rule->timer(sock);
}

static sim_time tcp_now(void *owner)
{
    return machine_now(((struct sockets *)owner)->m);
}

static void tcp_charge(void *owner, enum cost_op op, int64_t n)
{
    machine_charge(((struct sockets *)owner)->m, op, n);
}

bool sockets_route(struct sockets *s, struct link_state *l, uint32_t to, struct tcp_route *route)
{
    *route = (struct tcp_route){ .src = l->config.mac, .vlan = -1, .ip = l->config.ip,
                                 .mtu_bytes = l->config.mtu_bytes, .link = l };
    return s->config.resolve(s->config.resolve_owner, to, &route->dst);
}

static bool tcp_route_back(void *owner, const struct packet *p, struct tcp_route *route)
{
    struct sockets *s = owner;
    uint32_t us = get_be32(p->hdr + p->l3 + 16), them = get_be32(p->hdr + p->l3 + 12);
    for (int i = 0; i < s->n_links; i++)
        if (s->link[i]->config.ip == us) return sockets_route(s, s->link[i], them, route);
    return false;
}

static bool tcp_room(void *owner, struct tcp_conn *c, void *link)
{
    const struct link_state *l = link;
    const struct socket *sock = tcp_view(c)->user;
    (void)owner;
    return !l->config.room || l->config.room(l->config.datalink, sock ? sock->queue : 0);
}

static const struct tcp_ops tcp_ops = {
    tcp_output, tcp_notify, tcp_timer_due, tcp_now, tcp_charge, tcp_route_back, tcp_room,
};

/* -- what applications see ---------------------------------------------------------------------------------------- */

void sockets_add_task(struct sockets *s, struct task *t, const char *name, step_fn *step, void *owner)
{
    t->thread = thread_create(s->m, &(struct thread_config){ .name = name, .priority = THREAD_USER, .cpu = CPU_ANY,
                                                             .step = step, .owner = owner });
    t->owner = s;
    t->next = s->tasks;
    s->tasks = t;
}

struct task *sockets_spawn(struct host *h, const char *name, step_fn *step, void *owner)
{
    struct task *t = calloc(1, sizeof *t);
    SIM_ASSERT(t);
    sockets_add_task(sockets_of(h), t, name, step, owner);
    return t;
}

void sockets_wake(struct host *h, struct task *t)
{
    (void)h;
    thread_wake(t->thread);
}

sim_time sockets_now(const struct host *h)
{
    return machine_now(((const struct sockets *)(const void *)h)->m);
}

void sockets_charge_user(struct host *h, enum cost_op op, int64_t n)
{
    machine_charge_user(sockets_of(h)->m, op, n);
}

struct link_state *sockets_find_link(struct sockets *s, const char *name)
{
    for (int i = 0; i < s->n_links; i++)
        if (!name || strcmp(s->link[i]->config.name, name) == 0) return s->link[i];
    return NULL;
}

struct socket *sockets_connect(struct host *h, const char *via, struct host_addr to, struct task *task)
{
    struct sockets *s = sockets_of(h);
    struct link_state *l = sockets_find_link(s, via);
    struct tcp_route route;
    if (!l || !sockets_route(s, l, to.ip, &route)) return NULL;
    struct socket *sock = socket_new(s, task);
    machine_charge(s->m, COST_SYSCALL, 1);
    sock->conn = tcp_connect(s->tcp, &route, to, sock);
    return sock->conn ? sock : NULL;
}

bool sockets_listen(struct host *h, uint16_t port, accept_fn *accept, void *owner)
{
    struct sockets *s = sockets_of(h);
    struct listener *l = calloc(1, sizeof *l);
    SIM_ASSERT(l);
    *l = (struct listener){ s->listeners, s, port, accept, owner };
    if (!tcp_listen(s->tcp, port, l)) {
        free(l);
        return false;
    }
    s->listeners = l;
    return true;
}

void sockets_no_delay(struct socket *sock)
{
    machine_charge(sock->owner->m, COST_SYSCALL, 1);
    if (sock->conn) tcp_no_delay(sock->conn);
}

void sockets_ends(const struct socket *sock, struct host_addr *local, struct host_addr *remote)
{
    *local = tcp_view(sock->conn)->local;
    *remote = tcp_view(sock->conn)->remote;
}

static struct link_state *link_of(struct sockets *s, const void *datalink)
{
    for (int i = 0; i < s->n_links; i++)
        if (s->link[i]->config.datalink == datalink) return s->link[i];
    return NULL;
}

void sockets_tx_blocked(struct sockets *s, const void *datalink, unsigned queue)
{
    link_of(s, datalink)->blocked |= UINT32_C(1) << queue;
}

void sockets_tx_released(struct sockets *s, const void *datalink, unsigned queue)
{
    struct link_state *l = link_of(s, datalink);
    struct socket **at = &l->waiting;
    l->blocked &= ~(UINT32_C(1) << queue);
    while (*at) {
        struct socket *sock = *at;
        if (sock->queue != queue) {
            at = &sock->next_waiting;
            continue;
        }
        *at = sock->next_waiting;
        sock->waiting = false;
        if (sock->task) thread_wake(sock->task->thread);
    }
}

bool sockets_must_wait(struct socket *sock, struct link_state *l)
{
    if (!(l->blocked >> sock->queue & 1)) return false;
    sock->owner->counter[SOCKETS_flow_control]++;
    if (!sock->waiting) {
        sock->waiting = true;
        sock->next_waiting = l->waiting;
        l->waiting = sock;
    }
    return true;
}

void sockets_copy_in(struct socket *sock, int64_t bytes)
{
    const struct sockets_config *c = &sock->owner->config;
    bool streamed = c->streamed_writes && bytes >= STREAMED_MIN_BYTES && bytes % STREAMED_ALIGN_BYTES == 0;
    machine_copy(c->machine, streamed ? COPY_IN_STREAMED : COPY_IN, MEMORY_BOUND_NODE, &sock->user, bytes);
}

/* The copy into the kernel comes before whatever guards the connection, as it does in a kernel. */
bool sockets_begin_write(struct socket *sock, int64_t bytes)
{
    struct sockets *s = sock->owner;
    if (sockets_must_wait(sock, tcp_view(sock->conn)->link)) return false;
    if (!sock->in_write) {
        machine_charge(s->m, COST_SYSCALL, 1);
        machine_charge(s->m, COST_SOCK_WRITE, 1);
        sock->in_write = true;
    }
    if (!sock->copied) {
        int64_t room = s->config.tcp.sndbuf_bytes - tcp_view(sock->conn)->sndbuf_used;
        if (room > 0) sockets_copy_in(sock, bytes < room ? bytes : room);
        sock->copied = true;
    }
    return true;
}

int64_t sockets_end_write(struct socket *sock, int64_t taken)
{
    sock->copied = false;
    if (taken == 0) return SOCKET_WOULD_BLOCK;
    sock->in_write = false;
    return taken > 0 ? taken : SOCKET_CLOSED;
}

void sockets_begin_read(struct socket *sock)
{
    if (sock->in_read) return;
    machine_charge(sock->owner->m, COST_SYSCALL, 1);
    machine_charge(sock->owner->m, COST_SOCK_READ, 1);
    sock->in_read = true;
}

int64_t sockets_end_read(struct socket *sock, int64_t given)
{
    if (given == 0) return SOCKET_WOULD_BLOCK;
    sock->in_read = false;
    if (given < 0) return SOCKET_CLOSED;
    const struct link_state *l = tcp_view(sock->conn)->link;
    machine_copy(sock->owner->m, COPY_OUT, l->config.node, &sock->user, given);
    return given;
}
