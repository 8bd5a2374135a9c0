/* SPDX-License-Identifier: GPL-3.0-or-later
 * test_tcp_cubic.c -- the cubic function, and a connection that follows it after a loss. */
#include "endpoint/tcp_internal.h"
#include "suites.h"
#include "tcp_rig.h"

START_TEST(tcp_cubic_root__rounds_down)
{
    for (int64_t i = 0; i < 2000000; i = i * 9 / 8 + 1) {
        ck_assert_int_eq(tcp_cubic_root(i * i * i), i);
        if (i > 0) ck_assert_int_eq(tcp_cubic_root(i * i * i - 1), i - 1);
    }
}
END_TEST

/* At K the window is the old maximum; K seconds before, 0.4 K^3 segments less; after, as much more. */
START_TEST(tcp_cubic_window__is_the_function)
{
    ck_assert_int_eq(tcp_cubic_window(1000000, 1000, 0), 1000000);
    ck_assert_int_eq(tcp_cubic_window(1000000, 1000, -5000), 1000000 - 50 * 1000);
    ck_assert_int_eq(tcp_cubic_window(1000000, 1000, 5000), 1000000 + 50 * 1000);
    ck_assert_int_eq(tcp_cubic_window(0, 1448, 100000), 400000 * INT64_C(1448));
}
END_TEST

static enum action drop_first_of(struct rig *r, struct wire *w, const struct packet *p)
{
    if (w != &r->to_b || payload_of(p) == 0) return PASS;
    return (int64_t)w->data_frames == r->mark[0] ? DROP : PASS;
}

/* One loss: down to 717/1024, and back at the old maximum after the cubic root of what is missing. */
START_TEST(tcp_cubic_grow__is_back_after_k)
{
    struct tcp_config c = wide();
    c.congestion = TCP_CUBIC;
    c.cwnd_max_bytes = 1 << 30;
    c.sndbuf_bytes = c.rcvbuf_bytes = 1 << 22;
    struct rig *r = rig_create(&c, &c, 1);
    r->delay = sim_ms(50);
    r->rate = sim_gbps(10);
    r->judge = drop_first_of;
    r->mark[0] = 2000;
    r->a.to_write = INT64_C(400000) * MSS;
    rig_connect(r);
    struct tcp_conn_view *v = NULL;
    int64_t before = 0;
    for (int ms = 0; ms < 5000 && (!v || v->counter[TCP_FLOW_fast_recoveries] == 0); ms++) {
        if (v) before = v->cwnd;
        run_for(r, sim_ms(1));
        v = tcp_view(r->a.conn);
    }
    ck_assert_uint_eq(v->counter[TCP_FLOW_fast_recoveries], 1);
    ck_assert_int_ge(v->ssthresh, before * 717 / 1024);
    ck_assert_int_le(v->ssthresh, (before + 200 * MSS) * 717 / 1024);
    int64_t max = r->a.conn->cubic_max, missing = max - v->ssthresh;
    int64_t k_ms = tcp_cubic_root(missing * INT64_C(2500000000) / MSS);
    run_for(r, sim_ms(300));
    ck_assert_int_lt(v->cwnd, max - missing / 2);
    run_for(r, sim_ms(k_ms));
    ck_assert_int_ge(v->cwnd, max - 2 * MSS);
    ck_assert_int_le(v->cwnd, max + 20 * MSS);
    ck_assert_int_eq(r->a.conn->cubic_k_ms, k_ms);
    rig_destroy(r);
}
END_TEST

Suite *tcp_cubic_suite(void)
{
    Suite *s = suite_create("tcp_cubic");
    TCase *t = tcase_create("cubic");
    tcase_set_timeout(t, 30);
    tcase_add_test(t, tcp_cubic_root__rounds_down);
    tcase_add_test(t, tcp_cubic_window__is_the_function);
    tcase_add_test(t, tcp_cubic_grow__is_back_after_k);
    suite_add_tcase(s, t);
    return s;
}
