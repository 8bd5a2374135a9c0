/* test_tcp.c -- TCP between two hosts over a wire made of engine events that can lose, repeat and reorder. */
#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "core/rng.h"
#include "endpoint/tcp.h"
#include "endpoint/tcp_ranges.h"
#include "suites.h"

enum { MSS = 1448, SLOTS = 4096, MARKS = 4096 };

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
    uint64_t in_wire;
    bool hang_up;                    /* close without waiting for the peer */
    uint32_t loss_ppm, dup_ppm, late_ppm;
};

static void app(struct peer *x)
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

static void arrive(void *owner)
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
    tcp_input(to->tcp, p);
    app(to);
}

static void put(struct rig *r, struct wire *w, struct packet *p, sim_time at)
{
    struct slot *s = r->free_slots;
    ck_assert_ptr_nonnull(s);
    r->free_slots = s->next;
    s->packet = p;
    s->to = w->to;
    r->in_wire++;
    engine_schedule(r->engine, &s->event, at);
}

static void mix(struct rig *r, uint64_t x)
{
    r->digest = (r->digest ^ x) * 1099511628211u;
}

static int64_t payload_of(const struct packet *p)
{
    return (int64_t)p->len - p->payload;
}

static void send_frame(struct rig *r, struct wire *w, struct packet *p)
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

static void output(void *owner, struct tcp_conn *c, void *link, struct packet *p)
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

static void notify(void *owner, struct tcp_conn *c, unsigned events)
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

static void timer_due(void *owner, struct tcp_conn *c)
{
    struct peer *x = owner;
    tcp_timer(c);
    app(x);
}

static sim_time now_of(void *owner)
{
    struct peer *x = owner;
    return engine_now(x->rig->engine);
}

static struct tcp_route route_of(struct peer *x)
{
    bool a = x == &x->rig->a;
    struct tcp_route route = { .src = { { 2, 0, 0, 0, 0, a ? 1 : 2 } }, .dst = { { 2, 0, 0, 0, 0, a ? 2 : 1 } },
                               .vlan = -1, .ip = a ? 0x0a000001 : 0x0a000002, .mtu_bytes = 1500,
                               .link = a ? &x->rig->to_b : &x->rig->to_a };
    return route;
}

static bool find_route(void *owner, const struct packet *p, struct tcp_route *route)
{
    (void)p;
    *route = route_of(owner);
    return true;
}

static struct rig *rig_create(const struct tcp_config *ca, const struct tcp_config *cb, uint64_t seed)
{
    static const struct tcp_ops ops = { output, notify, timer_due, now_of, NULL, find_route };
    struct rig *r = calloc(1, sizeof *r);
    ck_assert_ptr_nonnull(r);
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

static void rig_connect(struct rig *r)
{
    struct tcp_route route = route_of(&r->a);
    r->a.conn = tcp_connect(r->a.tcp, &route, (struct host_addr){ 0x0a000002, 5001 }, &r->a);
    ck_assert_ptr_nonnull(r->a.conn);
}

static uint64_t wire_holds(const void *owner)
{
    return ((const struct rig *)owner)->in_wire;
}

/* Conservation is checked at the end of every test. */
static void rig_destroy(struct rig *r)
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

static void run_for(struct rig *r, sim_dur d)
{
    engine_run(r->engine, sim_add(engine_now(r->engine), d));
}

static struct tcp_config plain(void)
{
    struct tcp_config c = tcp_config_solaris();
    c.flow_stats = false;
    return c;
}

static struct tcp_config wide(void)
{
    struct tcp_config c = plain();
    c.sndbuf_bytes = c.rcvbuf_bytes = 1 << 20;
    c.snd_low_water = 1 << 19;
    return c;
}

static uint64_t count(struct tcp_conn *c, enum tcp_flow_counter k)
{
    return tcp_view(c)->counter[k];
}

/* -- ranges ----------------------------------------------------------------------------------------------------- */

START_TEST(tcp_ranges_add__same_as_bitmap)
{
    struct rng *rng = rng_create(7, "ranges");
    for (int round = 0; round < 200; round++) {
        struct tcp_ranges s = { 0 };
        bool map[256] = { 0 };
        for (int i = 0; i < 40; i++) {
            uint32_t start = rng_below(rng, 250), end = start + 1 + rng_below(rng, 6);
            bool whole = true;
            for (uint32_t k = start; k < end; k++) whole &= map[k];
            ck_assert_int_eq(tcp_ranges_has(&s, start, end), whole);
            if (tcp_ranges_add(&s, start, end)) memset(map + start, true, end - start);
            if (rng_below(rng, 10) == 0) {
                uint32_t cut = rng_below(rng, 100);
                tcp_ranges_trim(&s, cut);
                memset(map, 0, cut);
            }
            uint32_t from = rng_below(rng, 256), to = from + rng_below(rng, 256 - from), bytes = 0;
            for (uint32_t k = from; k < to; k++) bytes += map[k];
            ck_assert_uint_eq(tcp_ranges_bytes(&s, from, to), bytes);
            uint32_t skip = from;
            while (skip < 256 && map[skip]) skip++;
            ck_assert_uint_eq(tcp_ranges_skip(&s, from), skip);
        }
        for (uint32_t i = 1; i < s.count; i++) ck_assert_uint_lt(s.r[i - 1].end, s.r[i].start);
    }
    rng_destroy(rng);
}
END_TEST

START_TEST(tcp_ranges_add__full_refuses_only_new_ranges)
{
    struct tcp_ranges s = { 0 };
    for (uint64_t i = 0; i < TCP_RANGES_MAX; i++) ck_assert(tcp_ranges_add(&s, 10 * i, 10 * i + 5));
    ck_assert(!tcp_ranges_add(&s, 1000, 1001));
    ck_assert(tcp_ranges_add(&s, 5, 10));
    ck_assert_uint_eq(s.count, TCP_RANGES_MAX - 1);
    ck_assert(tcp_ranges_add(&s, 1000, 1001));
}
END_TEST

/* -- handshake -------------------------------------------------------------------------------------------------- */

static struct packet seen[8];
static uint32_t n_seen;

static void keep(struct rig *r, struct wire *w, const struct packet *p)
{
    (void)r, (void)w;
    if (n_seen < 8) {
        seen[n_seen] = *p;
        headers_finish(&seen[n_seen++]);
    }
}

static uint16_t tcp_checksum(const struct packet *p)
{
    const uint8_t *ip = p->hdr + p->l3;
    uint32_t bytes = get_be16(ip + 2) - 20u;
    uint32_t sum = checksum_add(IPPROTO_TCP_ + bytes, ip + 12, 8);
    return checksum_fold(checksum_add(sum, p->hdr + p->l4, p->hdr_len - p->l4));
}

START_TEST(tcp_connect__handshake_bytes)
{
    struct tcp_config ca = wide(), cb = plain();
    struct rig *r = rig_create(&ca, &cb, 1);
    n_seen = 0;
    r->look = keep;
    rig_connect(r);
    run_for(r, sim_ms(1));
    ck_assert_uint_eq(n_seen, 3);
    for (uint32_t i = 0; i < 3; i++) {
        ck_assert_uint_eq(tcp_checksum(&seen[i]), 0);
        ck_assert_uint_eq(checksum_fold(checksum_add(0, seen[i].hdr + 14, 20)), 0);
        ck_assert_uint_eq(get_be16(seen[i].hdr + 16), seen[i].len - 14);
    }
    const uint8_t *syn = seen[0].hdr + 34, *reply = seen[1].hdr + 34, *ack = seen[2].hdr + 34;
    ck_assert_uint_eq(syn[13], TCP_SYN);
    ck_assert_uint_eq(reply[13], TCP_SYN | TCP_ACK);
    ck_assert_uint_eq(ack[13], TCP_ACK);
    ck_assert_uint_eq(get_be32(reply + 8), get_be32(syn + 4) + 1);
    ck_assert_uint_eq(get_be32(ack + 8), get_be32(reply + 4) + 1);
    ck_assert_uint_eq(get_be32(ack + 4), get_be32(syn + 4) + 1);
    ck_assert_uint_eq(get_be16(syn + 14), 65535);    /* never scaled in a SYN */
    ck_assert_uint_eq(get_be16(reply + 14), 49152);
    ck_assert_uint_eq(get_be16(ack + 14), (1 << 20) >> 5);
    /* MSS 1460; NOP, window scale 5; NOP, NOP, SACK permitted; NOP, NOP, timestamps */
    static const uint8_t options[] = { 2, 4, 1460 >> 8, 1460 & 255, 1, 3, 3, 5, 1, 1, 4, 2, 1, 1, 8, 10 };
    ck_assert_uint_eq(syn[12] >> 4, (20 + 24) / 4);
    ck_assert_mem_eq(syn + 20, options, sizeof options);
    ck_assert_uint_eq(get_be32(syn + 20 + 20), 0);
    ck_assert_uint_eq(reply[12] >> 4, (20 + 24) / 4);
    ck_assert_uint_eq(get_be32(reply + 20), 0x0101080a);
    ck_assert_uint_eq(get_be32(reply + 28), get_be32(syn + 36)); /* echo */
    ck_assert_uint_eq(get_be32(reply + 32), 0x02040000 + 1460);
    ck_assert_uint_eq(get_be32(reply + 36), 0x01030300);
    ck_assert_uint_eq(get_be32(reply + 40), 0x01010402);
    ck_assert_uint_eq(ack[12] >> 4, 8);
    ck_assert_uint_eq(get_be32(ack + 28), get_be32(reply + 24));
    ck_assert(r->a.seen & TCP_EV_CONNECTED);
    ck_assert(r->b.seen & TCP_EV_CONNECTED);
    ck_assert_uint_eq(tcp_view(r->a.conn)->mss, MSS);
    ck_assert_uint_eq(tcp_view(r->b.conn)->mss, MSS);
    ck_assert_int_eq(tcp_view(r->a.conn)->snd_wnd, 49152);
    ck_assert_int_eq(tcp_view(r->b.conn)->snd_wnd, 1 << 20);
    rig_destroy(r);
}
END_TEST

START_TEST(tcp_connect__options_are_what_both_offer)
{
    for (int bits = 0; bits < 8; bits++) {
        struct tcp_config ca = wide(), cb = wide();
        cb.timestamps = bits & 1;
        cb.sack = bits & 2;
        cb.window_scale = bits & 4;
        struct rig *r = rig_create(&ca, &cb, 1);
        rig_connect(r);
        run_for(r, sim_ms(1));
        for (int side = 0; side < 2; side++) {
            struct tcp_conn_view *v = tcp_view(side ? r->a.conn : r->b.conn);
            ck_assert_int_eq(v->state, TCP_ESTABLISHED);
            ck_assert_uint_eq(v->mss, bits & 1 ? 1448 : 1460);
        }
        r->a.to_write = 3000000;
        r->a.runnable = true;
        app(&r->a);
        run_for(r, sim_ms(100)); /* Nagle's rule keeps the tail until a delayed acknowledgement */
        ck_assert_int_eq(r->b.read, 3000000);
        ck_assert_int_le(tcp_view(r->a.conn)->snd_wnd, bits & 4 ? 1 << 20 : 65535);
        rig_destroy(r);
    }
}
END_TEST

static enum action drop_syns(struct rig *r, struct wire *w, const struct packet *p)
{
    if (!(p->hdr[p->l4 + 13] & TCP_SYN)) return PASS;
    (void)w;
    r->mark[r->marks++] = engine_now(r->engine).ps;
    return r->marks <= 3 ? DROP : PASS;
}

START_TEST(tcp_connect__lost_syn_is_repeated)
{
    struct tcp_config c = plain();
    struct rig *r = rig_create(&c, &c, 1);
    r->judge = drop_syns;
    rig_connect(r);
    run_for(r, sim_ms(20000));
    ck_assert_int_eq(tcp_view(r->a.conn)->state, TCP_ESTABLISHED);
    ck_assert_int_eq(r->mark[1] - r->mark[0], sim_ms(1000).ps);
    ck_assert_int_eq(r->mark[2] - r->mark[1], sim_ms(2000).ps);
    ck_assert_int_eq(r->mark[3] - r->mark[2], sim_ms(4000).ps);
    rig_destroy(r);
}
END_TEST

static enum action drop_all(struct rig *r, struct wire *w, const struct packet *p)
{
    (void)w, (void)p;
    if (r->marks < MARKS) r->mark[r->marks++] = engine_now(r->engine).ps;
    return DROP;
}

START_TEST(tcp_connect__nobody_answers)
{
    struct tcp_config c = plain();
    struct rig *r = rig_create(&c, &c, 1);
    r->judge = drop_all;
    rig_connect(r);
    run_for(r, sim_ms(200000));
    ck_assert_uint_eq(r->marks, 6); /* the first and five retries */
    ck_assert(r->a.seen & TCP_EV_CLOSED);
    ck_assert(r->a.conn == NULL || tcp_view(r->a.conn)->state == TCP_CLOSED);
    rig_destroy(r);
}
END_TEST

START_TEST(tcp_connect__refused)
{
    struct tcp_config c = plain();
    struct rig *r = rig_create(&c, &c, 1);
    struct tcp_route route = route_of(&r->a);
    r->a.conn = tcp_connect(r->a.tcp, &route, (struct host_addr){ 0x0a000002, 9 }, &r->a);
    run_for(r, sim_ms(1));
    ck_assert(r->a.seen & TCP_EV_CLOSED);
    ck_assert(r->a.freed);
    ck_assert_uint_eq(tcp_conn_count(r->a.tcp), 0);
    ck_assert_uint_eq(packet_pool_ledger(r->pool)->dropped[DROP_NO_SOCKET], 1);
    rig_destroy(r);
}
END_TEST

/* -- throughput ------------------------------------------------------------------------------------------------- */

START_TEST(tcp_send__goodput_is_line_rate_times_1448_over_1538)
{
    for (int lso = 0; lso < 2; lso++) {
        struct tcp_config c = wide();
        if (!lso) c.lso_max_bytes = 0;
        struct rig *r = rig_create(&c, &c, 1);
        r->a.to_write = INT64_MAX;
        rig_connect(r);
        run_for(r, sim_ms(20));
        int64_t before = r->b.read;
        run_for(r, sim_ms(100));
        int64_t got = r->b.read - before;
        int64_t wire_ps = sim_wire_time(1538, r->rate).ps;
        int64_t want = sim_ms(100).ps / wire_ps * MSS;
        ck_assert_int_ge(got, want - 3 * MSS); /* the ACKs go the other way: nothing else is on the wire */
        ck_assert_int_le(got, want + MSS);
        ck_assert_uint_eq(count(r->a.conn, TCP_FLOW_retransmits), 0);
        rig_destroy(r);
    }
}
END_TEST

START_TEST(tcp_send__throughput_is_window_over_round_trip)
{
    struct tcp_config c = plain();
    c.ack_every = 1;
    struct rig *r = rig_create(&c, &c, 1);
    r->delay = sim_ms(1);
    r->a.to_write = INT64_MAX;
    rig_connect(r);
    run_for(r, sim_ms(200));
    int64_t before = r->b.read;
    run_for(r, sim_ms(1000));
    int64_t got = r->b.read - before;
    int64_t window = (49152 - MSS) / MSS * MSS; /* a segment is acknowledged before it is read; whole segments only */
    int64_t rtt_ps = 2 * sim_ms(1).ps + sim_wire_time(1538, r->rate).ps + sim_wire_time(90, r->rate).ps;
    int64_t want = (int64_t)((sim_wide)window * sim_ms(1000).ps / rtt_ps);
    ck_assert_int_ge(got, want - 2 * window);
    ck_assert_int_le(got, want + 2 * window);
    rig_destroy(r);
}
END_TEST

START_TEST(tcp_send__slow_start_doubles_each_round_trip)
{
    struct tcp_config c = wide();
    c.ack_every = 1;
    c.initial_window = 2;
    struct rig *r = rig_create(&c, &c, 1);
    r->delay = sim_ms(5);
    r->a.to_write = INT64_MAX;
    rig_connect(r);
    run_for(r, sim_us(10300)); /* connected; the first flight leaves at 10 ms */
    for (int64_t round = 0, want = 2 * MSS; round < 6; round++, want *= 2) {
        ck_assert_int_eq(tcp_view(r->a.conn)->cwnd, want);
        run_for(r, sim_us(10200));
    }
    rig_destroy(r);
}
END_TEST

START_TEST(tcp_send__congestion_avoidance_adds_a_segment_per_window)
{
    struct tcp_config c = wide();
    c.ack_every = 1;
    struct rig *r = rig_create(&c, &c, 1);
    r->delay = sim_ms(5);
    rig_connect(r);
    run_for(r, sim_us(10300));
    tcp_view(r->a.conn)->ssthresh = tcp_view(r->a.conn)->cwnd = 20 * MSS;
    r->a.to_write = INT64_MAX;
    r->a.runnable = true;
    app(&r->a);
    for (int64_t round = 0; round < 6; round++) {
        ck_assert_int_eq(tcp_view(r->a.conn)->cwnd, (20 + round) * MSS);
        run_for(r, sim_us(10150));
    }
    rig_destroy(r);
}
END_TEST

START_TEST(tcp_send__large_sends_are_cut_into_consecutive_frames)
{
    struct tcp_config c = wide();
    c.initial_window = 100;
    struct rig *r = rig_create(&c, &c, 1);
    rig_connect(r);
    run_for(r, sim_ms(1));
    r->a.to_write = r->a.write_bytes = 65536;
    r->a.runnable = true;
    uint64_t frames = r->to_b.frames;
    n_seen = 0;
    r->look = keep;
    app(&r->a);
    /* 65415 bytes allow 45 segments; Nagle keeps the last 376 bytes back until all is acknowledged */
    ck_assert_uint_eq(count(r->a.conn, TCP_FLOW_sends), 1);
    ck_assert_uint_eq(count(r->a.conn, TCP_FLOW_segs_out), 2 + 45);
    ck_assert_uint_eq(r->to_b.frames - frames, 45);
    for (uint32_t i = 1; i < n_seen; i++) {
        ck_assert_uint_eq(get_be32(seen[i].hdr + 38), get_be32(seen[i - 1].hdr + 38) + MSS);
        ck_assert_uint_eq(get_be16(seen[i].hdr + 18), (get_be16(seen[i - 1].hdr + 18) + 1) & 65535);
        ck_assert_uint_eq(tcp_checksum(&seen[i]), 0);
    }
    run_for(r, sim_ms(100));
    ck_assert_int_eq(r->b.read, 65536);
    rig_destroy(r);
}
END_TEST

START_TEST(tcp_send__nagle_holds_back_small_segments)
{
    for (int no_delay = 0; no_delay < 2; no_delay++) {
        struct tcp_config c = plain();
        c.no_delay = no_delay;
        struct rig *r = rig_create(&c, &c, 1);
        rig_connect(r);
        run_for(r, sim_ms(1));
        uint64_t before = r->to_b.data_frames;
        for (int i = 0; i < 5; i++) {
            ck_assert_int_eq(tcp_write(r->a.conn, 100), 100);
            tcp_push(r->a.conn);
        }
        ck_assert_uint_eq(r->to_b.data_frames - before, no_delay ? 5 : 1);
        run_for(r, sim_ms(200));
        ck_assert_uint_eq(r->to_b.data_frames - before, no_delay ? 5 : 2);
        ck_assert_int_eq(r->b.read, 500);
        rig_destroy(r);
    }
}
END_TEST

/* -- losses ----------------------------------------------------------------------------------------------------- */

/* Drops data frames number mark[0] to mark[0] + mark[1] - 1 towards b, once. */
static enum action drop_some(struct rig *r, struct wire *w, const struct packet *p)
{
    if (w != &r->to_b || payload_of(p) == 0) return PASS;
    int64_t n = (int64_t)w->data_frames;
    return n >= r->mark[0] && n < r->mark[0] + r->mark[1] ? DROP : PASS;
}

static void check_recovery(int64_t first, int64_t n, bool sack, uint64_t recoveries, uint64_t retransmits)
{
    struct tcp_config c = wide();
    c.sack = sack;
    struct rig *r = rig_create(&c, &c, 1);
    r->delay = sim_us(100);
    r->judge = drop_some;
    r->mark[0] = first;
    r->mark[1] = n;
    r->a.to_write = 3000 * MSS;
    rig_connect(r);
    run_for(r, sim_ms(390)); /* before any retransmission timeout */
    ck_assert_int_eq(r->b.read, 3000 * MSS);
    ck_assert_uint_eq(count(r->a.conn, TCP_FLOW_timeouts), 0);
    ck_assert_uint_eq(count(r->a.conn, TCP_FLOW_fast_recoveries), recoveries);
    ck_assert_uint_eq(count(r->a.conn, TCP_FLOW_retransmits), retransmits);
    rig_destroy(r);
}

START_TEST(tcp_recovery__one_loss_one_fast_retransmit)
{
    static const int64_t lost[] = { 10, 11, 57, 200, 1001, 2900 };
    for (int i = 0; i < 6; i++) {
        check_recovery(lost[i], 1, true, 1, 1);
        check_recovery(lost[i], 1, false, 1, 1);
    }
}
END_TEST

START_TEST(tcp_recovery__burst_repaired_without_timeout)
{
    check_recovery(400, 10, true, 1, 10);
    check_recovery(400, 10, false, 1, 10); /* NewReno: one per round trip */
    check_recovery(900, 50, true, 1, 50);
}
END_TEST

START_TEST(tcp_recovery__window_is_halved_and_growth_goes_on)
{
    for (int sack = 0; sack < 2; sack++) {
        struct tcp_config c = wide();
        c.sack = sack;
        c.ack_every = 1;
        struct rig *r = rig_create(&c, &c, 1);
        r->delay = sim_ms(2);
        r->judge = drop_some;
        r->mark[0] = 700;
        r->mark[1] = 1;
        r->a.to_write = INT64_MAX;
        rig_connect(r);
        while (count(r->a.conn, TCP_FLOW_fast_recoveries) == 0) run_for(r, sim_us(1));
        int64_t half = tcp_view(r->a.conn)->ssthresh, flight = tcp_view(r->a.conn)->in_flight;
        ck_assert_int_le(half, flight / 2 + MSS);
        ck_assert_int_ge(half, flight / 2 - 4 * MSS);
        run_for(r, sim_ms(9));
        ck_assert_int_ge(tcp_view(r->a.conn)->cwnd, half);
        ck_assert_int_le(tcp_view(r->a.conn)->cwnd, half + 3 * MSS);
        rig_destroy(r);
    }
}
END_TEST

START_TEST(tcp_recovery__lost_tail_needs_the_timer)
{
    struct tcp_config c = wide();
    struct rig *r = rig_create(&c, &c, 1);
    r->judge = drop_some;
    r->mark[0] = 99;
    r->mark[1] = 2; /* the last two of 100 */
    r->a.to_write = 100 * MSS;
    rig_connect(r);
    run_for(r, sim_ms(399));
    ck_assert_int_eq(r->b.read, 98 * MSS);
    run_for(r, sim_ms(200)); /* 50 for the last acknowledgement, 400 after it, 50 for the first repetition's */
    ck_assert_int_eq(r->b.read, 100 * MSS);
    ck_assert_uint_eq(count(r->a.conn, TCP_FLOW_timeouts), 1);
    ck_assert_uint_eq(count(r->a.conn, TCP_FLOW_retransmits), 2);
    rig_destroy(r);
}
END_TEST

/* Notes the times of data frames towards b once mark[0] says so, and drops them. */
static enum action cut_wire(struct rig *r, struct wire *w, const struct packet *p)
{
    if (w != &r->to_b || payload_of(p) == 0 || engine_now(r->engine).ps < sim_ms(50).ps) return PASS;
    if (engine_now(r->engine).ps > sim_ms(7000).ps) return PASS;
    if (r->marks < MARKS) r->mark[r->marks++] = engine_now(r->engine).ps;
    return DROP;
}

START_TEST(tcp_timeout__doubles_and_recovers)
{
    struct tcp_config c = wide();
    struct rig *r = rig_create(&c, &c, 1);
    r->judge = cut_wire;
    rig_connect(r);
    run_for(r, sim_ms(60));
    r->a.to_write = 50 * MSS;
    r->a.runnable = true;
    app(&r->a);
    uint32_t first = r->marks; /* the first flight */
    ck_assert_uint_eq(first, 4);
    run_for(r, sim_ms(6000));
    /* 400, 800, 1600 and 3200 ms apart, one segment each */
    ck_assert_uint_eq(r->marks, first + 4);
    ck_assert_int_eq(r->mark[first + 3] - r->mark[first + 2], sim_ms(3200).ps);
    ck_assert_int_eq(r->mark[first] - r->mark[first - 1], sim_ms(400).ps);
    ck_assert_int_eq(r->mark[first + 1] - r->mark[first], sim_ms(800).ps);
    ck_assert_int_eq(r->mark[first + 2] - r->mark[first + 1], sim_ms(1600).ps);
    ck_assert_int_eq(tcp_view(r->a.conn)->cwnd, MSS);
    ck_assert_int_eq(tcp_view(r->a.conn)->ssthresh, 2 * MSS);
    run_for(r, sim_ms(20000));
    ck_assert_int_eq(r->b.read, 50 * MSS);
    ck_assert(count(r->a.conn, TCP_FLOW_timeouts) >= 4);
    rig_destroy(r);
}
END_TEST

START_TEST(tcp_timeout__gives_up_in_the_end)
{
    struct tcp_config c = plain();
    c.data_retries = 4;
    struct rig *r = rig_create(&c, &c, 1);
    rig_connect(r);
    run_for(r, sim_ms(1));
    r->judge = drop_all;
    r->a.to_write = 10 * MSS;
    r->a.runnable = true;
    app(&r->a);
    run_for(r, sim_ms(60000));
    ck_assert(r->a.seen & TCP_EV_CLOSED);
    ck_assert(r->a.freed);
    rig_destroy(r);
}
END_TEST

/* -- acknowledgements and windows ------------------------------------------------------------------------------- */

START_TEST(tcp_ack__limit_rises_by_one_to_the_maximum)
{
    struct tcp_config c = wide();
    c.initial_window = 200;
    struct rig *r = rig_create(&c, &c, 1);
    rig_connect(r);
    run_for(r, sim_ms(1));
    r->a.to_write = 100 * MSS;
    r->a.runnable = true;
    app(&r->a);
    run_for(r, sim_ms(1));
    /* 1 + 2 + ... + 8 = 36 segments give 8 ACKs, the other 64 give 8 more */
    ck_assert_uint_eq(count(r->b.conn, TCP_FLOW_acks_out), 16);
    rig_destroy(r);
}
END_TEST

START_TEST(tcp_ack__one_per_n_segments)
{
    for (int32_t n = 1; n <= 8; n++) {
        struct tcp_config c = wide();
        c.ack_every = n;
        struct rig *r = rig_create(&c, &c, 1);
        r->a.to_write = INT64_MAX;
        rig_connect(r);
        run_for(r, sim_ms(10));
        uint64_t data = count(r->b.conn, TCP_FLOW_segs_in), acks = count(r->b.conn, TCP_FLOW_acks_out);
        run_for(r, sim_ms(10));
        data = count(r->b.conn, TCP_FLOW_segs_in) - data;
        acks = count(r->b.conn, TCP_FLOW_acks_out) - acks;
        ck_assert_uint_ge(acks * (uint64_t)n + (uint64_t)n, data);
        ck_assert_uint_le(acks * (uint64_t)n, data + (uint64_t)n);
        rig_destroy(r);
    }
}
END_TEST

START_TEST(tcp_ack__timer_after_50_ms)
{
    struct tcp_config c = wide();
    struct rig *r = rig_create(&c, &c, 1);
    rig_connect(r);
    run_for(r, sim_ms(1));
    r->a.to_write = 2 * MSS; /* the first is acknowledged at once, the second is not enough for two */
    r->a.runnable = true;
    app(&r->a);
    run_for(r, sim_ms(49));
    ck_assert_int_eq(tcp_view(r->a.conn)->in_flight, MSS);
    run_for(r, sim_ms(3));
    ck_assert_int_eq(tcp_view(r->a.conn)->in_flight, 0);
    ck_assert_uint_eq(count(r->b.conn, TCP_FLOW_delayed_acks), 1);
    rig_destroy(r);
}
END_TEST

START_TEST(tcp_window__zero_is_probed_and_reopens)
{
    struct tcp_config c = plain();
    struct rig *r = rig_create(&c, &c, 1);
    r->b.reading = false;
    r->a.to_write = 500000;
    rig_connect(r);
    run_for(r, sim_ms(30000));
    ck_assert_int_eq(tcp_view(r->a.conn)->snd_wnd, 0);
    ck_assert_int_eq(tcp_view(r->b.conn)->unread, 49152);
    uint64_t probes = count(r->a.conn, TCP_FLOW_probes);
    ck_assert_uint_ge(probes, 5); /* 0.4 + 0.8 + ... seconds apart */
    ck_assert_uint_le(probes, 8);
    r->b.reading = r->b.runnable = true;
    app(&r->b);
    run_for(r, sim_ms(100));
    ck_assert_int_eq(r->b.read, 500000);
    ck_assert_uint_eq(count(r->a.conn, TCP_FLOW_timeouts), 0);
    rig_destroy(r);
}
END_TEST

static enum action drop_pure_acks(struct rig *r, struct wire *w, const struct packet *p)
{
    return w == &r->to_a && payload_of(p) == 0 && r->mark[0] ? DROP : PASS;
}

START_TEST(tcp_window__lost_update_is_found_by_the_probe)
{
    struct tcp_config c = plain();
    struct rig *r = rig_create(&c, &c, 1);
    r->judge = drop_pure_acks;
    r->b.reading = false;
    r->a.to_write = 500000;
    rig_connect(r);
    run_for(r, sim_ms(500));
    r->mark[0] = 1; /* the update that tells of the new room is lost */
    r->b.reading = r->b.runnable = true;
    app(&r->b);
    run_for(r, sim_us(100));
    r->mark[0] = 0;
    r->b.reading = true;
    run_for(r, sim_ms(3000));
    ck_assert_int_eq(r->b.read, 500000);
    rig_destroy(r);
}
END_TEST

START_TEST(tcp_window__never_overrun_and_no_silly_segments)
{
    struct tcp_config c = plain();
    c.rcvbuf_bytes = 10000;
    struct rig *r = rig_create(&c, &c, 1);
    r->b.reading = false;
    r->a.to_write = 200000;
    rig_connect(r);
    for (int i = 0; i < 4000 && r->b.read < 200000; i++) { /* a slow reader, 100 bytes at a time */
        run_for(r, sim_us(50));
        int64_t n = r->b.conn ? tcp_read(r->b.conn, 100) : 0;
        if (n > 0) r->b.read += n;
        if (r->b.conn) ck_assert_int_le(tcp_view(r->b.conn)->unread, 10000);
    }
    ck_assert_int_eq(r->b.read, 200000);
    /* 138 full segments would do; without silly-window avoidance it would be 2000 */
    ck_assert_uint_le(r->to_b.data_frames, 160);
    ck_assert_uint_eq(packet_pool_ledger(r->pool)->dropped[DROP_TCP_WINDOW], 0);
    rig_destroy(r);
}
END_TEST

/* -- the end of a connection ------------------------------------------------------------------------------------ */

START_TEST(tcp_close__both_sides_end_and_are_freed)
{
    struct tcp_config c = plain();
    struct rig *r = rig_create(&c, &c, 1);
    r->a.to_write = 100000;
    r->a.close_when_done = r->b.close_when_done = true;
    r->a.reading = false;
    rig_connect(r);
    run_for(r, sim_ms(200));
    ck_assert_int_eq(r->b.read, 100000);
    ck_assert(r->b.freed);
    ck_assert(!r->a.freed); /* TIME_WAIT */
    ck_assert_int_eq(tcp_view(r->a.conn)->state, TCP_TIME_WAIT);
    run_for(r, sim_ms(60000));
    ck_assert(r->a.freed);
    ck_assert_uint_eq(tcp_conn_count(r->a.tcp) + tcp_conn_count(r->b.tcp), 0);
    rig_destroy(r);
}
END_TEST

START_TEST(tcp_abort__peer_sees_a_reset)
{
    struct tcp_config c = plain();
    struct rig *r = rig_create(&c, &c, 1);
    rig_connect(r);
    run_for(r, sim_ms(1));
    tcp_abort(r->a.conn);
    ck_assert(r->a.freed);
    run_for(r, sim_ms(1));
    ck_assert(r->b.seen & TCP_EV_CLOSED);
    ck_assert(r->b.freed);
    rig_destroy(r);
}
END_TEST

START_TEST(tcp_input__malformed_segments_are_dropped)
{
    struct tcp_config c = plain();
    struct rig *r = rig_create(&c, &c, 1);
    n_seen = 0;
    r->look = keep;
    rig_connect(r);
    run_for(r, sim_ms(1));
    r->look = NULL;
    struct rng *rng = rng_create(3, "fuzz");
    for (int i = 0; i < 20000; i++) {
        struct packet *p = packet_clone(r->pool, &seen[0 + rng_below(rng, 3)], engine_now(r->engine));
        for (uint32_t k = rng_below(rng, 4); k > 0; k--) p->hdr[14 + rng_below(rng, 56)] = (uint8_t)rng_u64(rng);
        memcpy(p->hdr + 26, seen[0].hdr + 26, 8); /* still for us */
        if (rng_below(rng, 4) == 0) p->len = p->hdr_len = (uint16_t)(14 + rng_below(rng, p->hdr_len - 13u));
        p->l3 = p->l4 = p->payload = 0;
        tcp_input(r->b.tcp, p);
        r->b.runnable = false;
        if (r->b.freed) { /* a reset that was believed */
            r->b.freed = false;
            r->b.seen = 0;
        }
        if (r->b.conn && tcp_view(r->b.conn)->state == TCP_CLOSED) tcp_close(r->b.conn);
        r->b.conn = NULL;
        run_for(r, sim_us(1));
    }
    rng_destroy(rng);
    rig_destroy(r);
}
END_TEST

/* -- everything at once ----------------------------------------------------------------------------------------- */

static enum action chaos(struct rig *r, struct wire *w, const struct packet *p)
{
    (void)w, (void)p;
    uint32_t x = rng_below(r->rng, 1000000);
    if (x < r->loss_ppm) return DROP;
    x -= r->loss_ppm;
    if (x < r->dup_ppm) return TWICE;
    x -= r->dup_ppm;
    return x < r->late_ppm ? LATE : PASS;
}

static uint64_t run_chaos(uint64_t seed)
{
    struct rng *rng = rng_create(seed, "config");
    struct tcp_config c[2];
    for (int i = 0; i < 2; i++) {
        c[i] = rng_below(rng, 2) ? wide() : plain();
        c[i].sack = rng_below(rng, 3);
        c[i].timestamps = rng_below(rng, 3);
        c[i].window_scale = rng_below(rng, 3);
        c[i].no_delay = rng_below(rng, 2);
        c[i].sndbuf_unacked = rng_below(rng, 2);
        c[i].ack_every = (int32_t)(1 + rng_below(rng, 8));
        if (rng_below(rng, 2)) c[i].lso_max_bytes = 0;
        if (rng_below(rng, 4) == 0) c[i].rcvbuf_bytes = (int32_t)(500 + rng_below(rng, 9000));
        c[i].min_rto = sim_ms(20);
        c[i].time_wait = sim_ms(100);
        c[i].data_retries = c[i].syn_retries = 1000;
        c[i].max_rto = sim_ms(200);
    }
    struct rig *r = rig_create(&c[0], &c[1], seed);
    r->delay = sim_us(1 + rng_below(rng, 200));
    r->late = sim_us(rng_below(rng, 300));
    r->judge = chaos;
    r->loss_ppm = rng_below(rng, 3) ? rng_below(rng, 60000) : 0;
    r->dup_ppm = rng_below(rng, 20000);
    r->late_ppm = rng_below(rng, 60000);
    int64_t a = rng_below(rng, 600000), b = rng_below(rng, 2) ? rng_below(rng, 300000) : 0;
    r->a.to_write = a;
    r->b.to_write = b;
    r->a.write_bytes = 1 + rng_below(rng, 20000);
    r->b.write_bytes = 1 + rng_below(rng, 20000);
    rig_connect(r);
    sim_time end = sim_add(engine_now(r->engine), sim_ms(200000));
    while ((r->a.read < b || r->b.read < a) && engine_step(r->engine, end)) continue;
    ck_assert_msg(r->b.read == a && r->a.read == b, "seed %lu: %ld of %ld, %ld of %ld bytes", (unsigned long)seed,
                  (long)r->b.read, (long)a, (long)r->a.read, (long)b);
    run_for(r, sim_ms(100));
    r->hang_up = r->a.close_when_done = r->b.close_when_done = r->a.runnable = r->b.runnable = true;
    app(&r->a);
    app(&r->b);
    run_for(r, sim_ms(30000));
    ck_assert_msg(r->a.freed && r->b.freed, "seed %lu: not closed", (unsigned long)seed);
    ck_assert_int_eq(r->b.read, a);
    ck_assert_int_eq(r->a.read, b);
    ck_assert_uint_eq(r->in_wire, 0);
    ck_assert_uint_eq(packet_pool_held(r->pool), 0);
    uint64_t digest = r->digest;
    rng_destroy(rng);
    rig_destroy(r);
    return digest;
}

START_TEST(tcp__random_loss_reorder_duplicate_deliver_every_byte)
{
    for (uint64_t seed = 1; seed <= 150; seed++) run_chaos(seed);
}
END_TEST

START_TEST(tcp__same_seed_same_bytes)
{
    ck_assert_uint_eq(run_chaos(5), run_chaos(5));
    ck_assert_uint_ne(run_chaos(5), run_chaos(6));
}
END_TEST

Suite *tcp_suite(void)
{
    Suite *s = suite_create("tcp");
    TCase *t = tcase_create("tcp");
    tcase_set_timeout(t, 60);
    tcase_add_test(t, tcp_ranges_add__same_as_bitmap);
    tcase_add_test(t, tcp_ranges_add__full_refuses_only_new_ranges);
    tcase_add_test(t, tcp_connect__handshake_bytes);
    tcase_add_test(t, tcp_connect__options_are_what_both_offer);
    tcase_add_test(t, tcp_connect__lost_syn_is_repeated);
    tcase_add_test(t, tcp_connect__nobody_answers);
    tcase_add_test(t, tcp_connect__refused);
    tcase_add_test(t, tcp_send__goodput_is_line_rate_times_1448_over_1538);
    tcase_add_test(t, tcp_send__throughput_is_window_over_round_trip);
    tcase_add_test(t, tcp_send__slow_start_doubles_each_round_trip);
    tcase_add_test(t, tcp_send__congestion_avoidance_adds_a_segment_per_window);
    tcase_add_test(t, tcp_send__large_sends_are_cut_into_consecutive_frames);
    tcase_add_test(t, tcp_send__nagle_holds_back_small_segments);
    tcase_add_test(t, tcp_recovery__one_loss_one_fast_retransmit);
    tcase_add_test(t, tcp_recovery__burst_repaired_without_timeout);
    tcase_add_test(t, tcp_recovery__window_is_halved_and_growth_goes_on);
    tcase_add_test(t, tcp_recovery__lost_tail_needs_the_timer);
    tcase_add_test(t, tcp_timeout__doubles_and_recovers);
    tcase_add_test(t, tcp_timeout__gives_up_in_the_end);
    tcase_add_test(t, tcp_ack__limit_rises_by_one_to_the_maximum);
    tcase_add_test(t, tcp_ack__one_per_n_segments);
    tcase_add_test(t, tcp_ack__timer_after_50_ms);
    tcase_add_test(t, tcp_window__zero_is_probed_and_reopens);
    tcase_add_test(t, tcp_window__lost_update_is_found_by_the_probe);
    tcase_add_test(t, tcp_window__never_overrun_and_no_silly_segments);
    tcase_add_test(t, tcp_close__both_sides_end_and_are_freed);
    tcase_add_test(t, tcp_abort__peer_sees_a_reset);
    tcase_add_test(t, tcp_input__malformed_segments_are_dropped);
    tcase_add_test(t, tcp__random_loss_reorder_duplicate_deliver_every_byte);
    tcase_add_test(t, tcp__same_seed_same_bytes);
    suite_add_tcase(s, t);
    return s;
}
