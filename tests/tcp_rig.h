/* SPDX-License-Identifier: GPL-3.0-or-later
 * tcp_rig.h -- two TCP hosts and between them a wire made of engine events that can lose, repeat and reorder: for the
 * tests of TCP.  Every packet is parsed from its bytes again when it arrives, and accounted for at the end. */
#ifndef TESTS_TCP_RIG_H
#define TESTS_TCP_RIG_H

#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "core/rng.h"
#include "endpoint/tcp.h"

enum { MSS = 1448, SLOTS = 4096, MARKS = 4096, KEPT = 8 };

struct rig;
struct peer {
    struct rig *rig;
    struct tcp_host *tcp;
    struct tcp_conn *conn;
    int64_t to_write, written, read;
    int64_t write_bytes;             /* block of one write */
    bool reading, close_when_done, closed, freed, eof;
    unsigned seen;                   /* events notified so far */
    bool runnable;
};

enum action { PASS, DROP, TWICE, LATE };

struct slot {
    struct rig *rig;
    struct event event;
    struct packet *packet;
    struct peer *to;
    struct slot *next;
};
struct wire {
    struct peer *to;
    sim_time free_at;
    uint64_t frames, data_frames;    /* offered, after large sends were cut */
};
struct rig {
    struct engine *engine;
    struct packet_pool *pool;
    struct entity *entity;
    struct peer a, b;                /* a connects to b */
    struct wire to_a, to_b;
    sim_rate rate;
    sim_dur delay, late;
    enum action (*judge)(struct rig *r, struct wire *w, const struct packet *p);
    void (*look)(struct rig *r, struct wire *w, const struct packet *p);
    struct slot slots[SLOTS], *free_slots;
    uint64_t digest;
    struct rng *rng;
    int64_t mark[MARKS];             /* what 'judge' and 'look' remember */
    uint32_t marks;
    struct packet seen[KEPT];        /* copies made by keep(), checksums filled in */
    uint32_t n_seen;
    uint64_t in_wire, seed;
    bool hang_up;                    /* close without waiting for the peer */
    uint32_t loss_ppm, dup_ppm, late_ppm;
};

static inline void app(struct peer *x)
{
    while (x->runnable) {
        x->runnable = false;
        if (!x->conn) return;
        if (x->seen & TCP_EV_CONNECTED) {
            while (x->to_write > 0) {
                int64_t ask = x->to_write < x->write_bytes ? x->to_write : x->write_bytes;
                int64_t n = tcp_write(x->conn, ask);
                if (n <= 0) break;
                x->to_write -= n;
                x->written += n;
                tcp_push(x->conn);
            }
        }
        while (x->reading && !x->eof) {
            int64_t n = tcp_read(x->conn, 65536);
            if (n < 0) x->eof = true;
            if (n <= 0) break;
            x->read += n;
        }
        if (x->close_when_done && !x->closed && x->to_write == 0 && (x->seen & TCP_EV_CONNECTED)) {
            if (x->eof || !x->reading || x->rig->hang_up) {
                x->closed = true;
                tcp_close(x->conn);
            }
        }
        if ((x->seen & TCP_EV_CLOSED) && x->conn && !x->closed) {
            x->closed = true;
            tcp_close(x->conn);
        }
    }
}

static inline void arrive(void *owner)
{
    struct slot *s = owner;
    struct rig *r = s->rig;
    struct packet *p = s->packet;
    struct peer *to = s->to;
    s->next = r->free_slots;
    r->free_slots = s;
    r->in_wire--;
    p->l3 = p->l4 = p->payload = 0; /* the receiver believes bytes, not notes */
    ck_assert(headers_parse(p));
    tcp_input(to->tcp, tcp_lookup(to->tcp, p), p);
    app(to);
}

static inline void put(struct rig *r, struct wire *w, struct packet *p, sim_time at)
{
    struct slot *s = r->free_slots;
    ck_assert_msg(s, "seed %lu: more than %d packets on the wire", (unsigned long)r->seed, SLOTS);
    r->free_slots = s->next;
    s->packet = p;
    s->to = w->to;
    r->in_wire++;
    engine_schedule(r->engine, &s->event, at);
}

static inline void mix(struct rig *r, uint64_t x)
{
    r->digest = (r->digest ^ x) * 1099511628211u;
}

static inline int64_t payload_of(const struct packet *p)
{
    return (int64_t)p->len - p->payload;
}

static inline void send_frame(struct rig *r, struct wire *w, struct packet *p)
{
    sim_time now = engine_now(r->engine);
    w->frames++;
    if (payload_of(p) > 0) w->data_frames++;
    if (r->look) r->look(r, w, p);
    for (uint32_t i = 0; i < p->hdr_len; i++) mix(r, p->hdr[i]);
    mix(r, (uint64_t)now.ps);
    enum action what = r->judge ? r->judge(r, w, p) : PASS;
    if (what == DROP) {
        packet_drop(r->pool, p, DROP_LINK_FULL);
        return;
    }
    sim_time start = sim_later(now, w->free_at);
    w->free_at = sim_add(start, sim_wire_time(packet_wire_bytes(p), r->rate));
    sim_time at = sim_add(w->free_at, r->delay);
    if (what == TWICE) put(r, w, packet_clone(r->pool, p, now), sim_add(at, r->late));
    put(r, w, p, what == LATE ? sim_add(at, r->late) : at);
}

static inline void output(void *owner, struct tcp_conn *c, void *link, struct packet *p)
{
    struct peer *x = owner;
    struct rig *r = x->rig;
    struct wire *w = link;
    (void)c;
    ck_assert(p->flags & PACKET_CSUM_PARTIAL);
    ck_assert_uint_eq(p->payload, p->hdr_len);
    if (p->gso_mss == 0) {
        send_frame(r, w, p);
        return;
    }
    struct packet_queue q = { 0 };
    headers_segment(r->pool, p, &q, engine_now(r->engine));
    while ((p = packet_queue_pop(&q))) send_frame(r, w, p);
}

static inline void notify(void *owner, struct tcp_conn *c, unsigned events)
{
    struct peer *x = owner;
    x->seen |= events;
    x->runnable = true;
    if (events & TCP_EV_NEW) {
        ck_assert_ptr_null(x->conn);
        ck_assert_ptr_eq(tcp_view(c)->listener, x);
        x->conn = c;
    }
    if (events & TCP_EV_FREED) {
        ck_assert(!x->freed);
        x->freed = true;
        x->conn = NULL;
    }
}

static inline void timer_due(void *owner, struct tcp_conn *c)
{
    struct peer *x = owner;
    tcp_timer(c);
    app(x);
}

static inline sim_time now_of(void *owner)
{
    struct peer *x = owner;
    return engine_now(x->rig->engine);
}

static inline struct tcp_route route_of(struct peer *x)
{
    bool a = x == &x->rig->a;
    struct tcp_route route = { .src = { { 2, 0, 0, 0, 0, a ? 1 : 2 } }, .dst = { { 2, 0, 0, 0, 0, a ? 2 : 1 } },
                               .vlan = -1, .ip = a ? 0x0a000001 : 0x0a000002, .mtu_bytes = 1500,
                               .link = a ? &x->rig->to_b : &x->rig->to_a };
    return route;
}

static inline bool find_route(void *owner, const struct packet *p, struct tcp_route *route)
{
    (void)p;
    *route = route_of(owner);
    return true;
}

static inline struct rig *rig_create(const struct tcp_config *ca, const struct tcp_config *cb, uint64_t seed)
{
    static const struct tcp_ops ops = { output, notify, timer_due, now_of, NULL, find_route, NULL };
    struct rig *r = calloc(1, sizeof *r);
    ck_assert_ptr_nonnull(r);
    r->seed = seed;
    r->engine = engine_create();
    r->pool = packet_pool_create();
    r->entity = engine_entity(r->engine, "wire");
    r->rate = sim_gbps(10);
    r->delay = sim_us(10);
    r->late = sim_us(60);
    r->digest = 14695981039346656037u;
    r->rng = rng_create(seed, "wire");
    for (int i = SLOTS - 1; i >= 0; i--) {
        r->slots[i].rig = r;
        event_init(&r->slots[i].event, r->entity, arrive, &r->slots[i]);
        r->slots[i].next = r->free_slots;
        r->free_slots = &r->slots[i];
    }
    r->a = (struct peer){ .rig = r, .write_bytes = 8192, .reading = true };
    r->b = r->a;
    r->to_a.to = &r->a;
    r->to_b.to = &r->b;
    r->a.tcp = tcp_host_create(r->engine, r->pool, NULL, seed, "a", ca, &ops, &r->a);
    r->b.tcp = tcp_host_create(r->engine, r->pool, NULL, seed, "b", cb, &ops, &r->b);
    ck_assert(tcp_listen(r->b.tcp, 5001, &r->b));
    ck_assert(!tcp_listen(r->b.tcp, 5001, &r->b));
    return r;
}

static inline void rig_connect(struct rig *r)
{
    struct tcp_route route = route_of(&r->a);
    r->a.conn = tcp_connect(r->a.tcp, &route, (struct host_addr){ 0x0a000002, 5001 }, &r->a);
    ck_assert_ptr_nonnull(r->a.conn);
}

static inline uint64_t wire_holds(const void *owner)
{
    return ((const struct rig *)owner)->in_wire;
}

/* Conservation is checked at the end of every test. */
static inline void rig_destroy(struct rig *r)
{
    packet_pool_add_holder(r->pool, wire_holds, r);
    packet_pool_check(r->pool);
    tcp_host_destroy(r->a.tcp);
    tcp_host_destroy(r->b.tcp);
    engine_destroy(r->engine);
    packet_pool_destroy(r->pool);
    rng_destroy(r->rng);
    free(r);
}

static inline void run_for(struct rig *r, sim_dur d)
{
    engine_run(r->engine, sim_add(engine_now(r->engine), d));
}

static inline struct tcp_config plain(void)
{
    struct tcp_config c = tcp_config_solaris();
    c.flow_stats = false;
    return c;
}

static inline struct tcp_config wide(void)
{
    struct tcp_config c = plain();
    c.sndbuf_bytes = c.rcvbuf_bytes = 1 << 20;
    c.snd_low_water = 1 << 19;
    return c;
}

static inline uint64_t count(struct tcp_conn *c, enum tcp_flow_counter k)
{
    return tcp_view(c)->counter[k];
}

/* A 'look' that keeps copies of the first frames from now on. */
static inline void keep(struct rig *r, struct wire *w, const struct packet *p)
{
    (void)w;
    if (r->n_seen < KEPT) {
        r->seen[r->n_seen] = *p;
        headers_finish(&r->seen[r->n_seen++]);
    }
}

static inline uint16_t tcp_checksum(const struct packet *p)
{
    const uint8_t *ip = p->hdr + p->l3;
    uint32_t bytes = get_be16(ip + 2) - 20u;
    uint32_t sum = checksum_add(IPPROTO_TCP_ + bytes, ip + 12, 8);
    return checksum_fold(checksum_add(sum, p->hdr + p->l4, p->hdr_len - p->l4));
}

/* A 'judge' that drops everything and notes when. */
static inline enum action drop_all(struct rig *r, struct wire *w, const struct packet *p)
{
    (void)w, (void)p;
    if (r->marks < MARKS) r->mark[r->marks++] = engine_now(r->engine).ps;
    return DROP;
}

#endif
