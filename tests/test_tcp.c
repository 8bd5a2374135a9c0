/* SPDX-License-Identifier: GPL-3.0-or-later
 * test_tcp.c -- handshake bytes, throughput, the end of connections, and everything at once on a bad wire. */
#include "suites.h"
#include "tcp_rig.h"

/* -- handshake -------------------------------------------------------------------------------------------------- */

START_TEST(tcp_connect__handshake_bytes)
{
    struct tcp_config ca = wide(), cb = plain();
    struct rig *r = rig_create(&ca, &cb, 1);
    r->n_seen = 0;
    r->look = keep;
    rig_connect(r);
    run_for(r, sim_ms(1));
    ck_assert_uint_eq(r->n_seen, 3);
    for (uint32_t i = 0; i < 3; i++) {
        ck_assert_uint_eq(tcp_checksum(&r->seen[i]), 0);
        ck_assert_uint_eq(checksum_fold(checksum_add(0, r->seen[i].hdr + 14, 20)), 0);
        ck_assert_uint_eq(get_be16(r->seen[i].hdr + 16), r->seen[i].len - 14);
    }
    const uint8_t *syn = r->seen[0].hdr + 34, *reply = r->seen[1].hdr + 34, *ack = r->seen[2].hdr + 34;
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
    int64_t window = 49152 / MSS * MSS; /* whole segments only */
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
    r->n_seen = 0;
    r->look = keep;
    app(&r->a);
    /* 65415 bytes allow 45 segments; Nagle keeps the last 376 bytes back until all is acknowledged */
    ck_assert_uint_eq(count(r->a.conn, TCP_FLOW_sends), 1);
    ck_assert_uint_eq(count(r->a.conn, TCP_FLOW_segs_out), 2 + 45);
    ck_assert_uint_eq(r->to_b.frames - frames, 45);
    for (uint32_t i = 1; i < r->n_seen; i++) {
        ck_assert_uint_eq(get_be32(r->seen[i].hdr + 38), get_be32(r->seen[i - 1].hdr + 38) + MSS);
        ck_assert_uint_eq(get_be16(r->seen[i].hdr + 18), (get_be16(r->seen[i - 1].hdr + 18) + 1) & 65535);
        ck_assert_uint_eq(tcp_checksum(&r->seen[i]), 0);
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

START_TEST(tcp_input__old_timestamp_is_refused)
{
    struct tcp_config c = plain();
    struct rig *r = rig_create(&c, &c, 1);
    rig_connect(r);
    run_for(r, sim_ms(5));
    r->n_seen = 0;
    r->look = keep;
    r->a.to_write = 1000;
    r->a.runnable = true;
    app(&r->a);
    r->look = NULL;
    run_for(r, sim_ms(5));
    for (uint32_t older = 0; older < 2; older++) { /* new data of an old segment; only its timestamp tells */
        struct packet *p = packet_clone(r->pool, &r->seen[0], engine_now(r->engine));
        uint8_t *tcp = p->hdr + 34;
        put_be32(tcp + 4, get_be32(tcp + 4) + 1000);
        put_be32(tcp + 24, get_be32(tcp + 24) - (older ? 100 : 0));
        tcp_input(r->b.tcp, tcp_lookup(r->b.tcp, p), p);
        app(&r->b);
    }
    ck_assert_int_eq(r->b.read, 2000);
    ck_assert_uint_eq(packet_pool_ledger(r->pool)->dropped[DROP_TCP_DUPLICATE], 1);
    rig_destroy(r);
}
END_TEST

START_TEST(tcp_input__malformed_segments_are_dropped)
{
    struct tcp_config c = plain();
    struct rig *r = rig_create(&c, &c, 1);
    r->n_seen = 0;
    r->look = keep;
    rig_connect(r);
    run_for(r, sim_ms(1));
    r->look = NULL;
    struct rng *rng = rng_create(3, "fuzz");
    for (int i = 0; i < 20000; i++) {
        struct packet *p = packet_clone(r->pool, &r->seen[0 + rng_below(rng, 3)], engine_now(r->engine));
        for (uint32_t k = rng_below(rng, 4); k > 0; k--) p->hdr[14 + rng_below(rng, 56)] = (uint8_t)rng_u64(rng);
        memcpy(p->hdr + 26, r->seen[0].hdr + 26, 8); /* still for us */
        if (rng_below(rng, 4) == 0) p->len = p->hdr_len = (uint16_t)(14 + rng_below(rng, p->hdr_len - 13u));
        p->l3 = p->l4 = p->payload = 0;
        tcp_input(r->b.tcp, tcp_lookup(r->b.tcp, p), p);
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
    r->a.write_bytes = (c[0].no_delay ? 500 : 1) + rng_below(rng, 20000); /* tiny ones would fill the wire's slots */
    r->b.write_bytes = (c[1].no_delay ? 500 : 1) + rng_below(rng, 20000);
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
    tcase_add_test(t, tcp_close__both_sides_end_and_are_freed);
    tcase_add_test(t, tcp_abort__peer_sees_a_reset);
    tcase_add_test(t, tcp_input__old_timestamp_is_refused);
    tcase_add_test(t, tcp_input__malformed_segments_are_dropped);
    tcase_add_test(t, tcp__random_loss_reorder_duplicate_deliver_every_byte);
    tcase_add_test(t, tcp__same_seed_same_bytes);
    suite_add_tcase(s, t);
    return s;
}
