/* SPDX-License-Identifier: GPL-3.0-or-later
 * test_tcp_recovery.c -- losses and how they are repaired, timeouts, delayed acknowledgements, windows. */
#include "endpoint/tcp_ranges.h"
#include "suites.h"
#include "tcp_rig.h"

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

/* A window advertised before the application read can arrive after the one advertised when it had (same sequence and
 * acknowledgement number): what was sent before must be sent again all the same. */
START_TEST(tcp_timeout__repeats_into_a_window_that_has_shrunk)
{
    struct tcp_config c = plain();
    struct rig *r = rig_create(&c, &c, 1);
    rig_connect(r);
    run_for(r, sim_ms(60));
    r->judge = cut_wire;
    r->a.to_write = 4 * MSS;
    r->a.runnable = true;
    app(&r->a);
    r->judge = NULL;
    tcp_view(r->a.conn)->snd_wnd = 253;
    run_for(r, sim_ms(1000));
    ck_assert_int_eq(r->b.read, 4 * MSS);
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
    ck_assert_int_eq(tcp_view(r->b.conn)->unread, 2 * 49152); /* the buffer, and the window it still offered */
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

/* All of a flight is acknowledged before the application runs, as it happens below a softring. */
START_TEST(tcp_input__a_chain_leaves_the_window_open)
{
    struct tcp_config c = plain();
    struct rig *r = rig_create(&c, &c, 1);
    r->delay = sim_ms(1);
    r->a.to_write = INT64_MAX;
    r->b.reading = false;
    rig_connect(r);
    int64_t before = 0, flights = 200;
    for (int64_t i = -50; i < flights; i++) { /* the first 50 are slow start */
        if (i == 0) before = r->b.read;
        run_for(r, sim_us(2100)); /* a round trip */
        for (int64_t n; (n = tcp_read(r->b.conn, 8192)) > 0;) r->b.read += n;
    }
    int64_t window = 49152 / MSS * MSS;
    ck_assert_int_ge(r->b.read - before, window * flights * 9 / 10);
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
        if (r->b.conn) ck_assert_int_le(tcp_view(r->b.conn)->unread, 2 * 10000);
    }
    ck_assert_int_eq(r->b.read, 200000);
    /* 138 full segments would do; without silly-window avoidance it would be 2000 */
    ck_assert_uint_le(r->to_b.data_frames, 160);
    ck_assert_uint_eq(packet_pool_ledger(r->pool)->dropped[DROP_TCP_WINDOW], 0);
    rig_destroy(r);
}
END_TEST

Suite *tcp_recovery_suite(void)
{
    Suite *s = suite_create("tcp_recovery");
    TCase *t = tcase_create("tcp_recovery");
    tcase_set_timeout(t, 60);
    tcase_add_test(t, tcp_ranges_add__same_as_bitmap);
    tcase_add_test(t, tcp_ranges_add__full_refuses_only_new_ranges);
    tcase_add_test(t, tcp_recovery__one_loss_one_fast_retransmit);
    tcase_add_test(t, tcp_recovery__burst_repaired_without_timeout);
    tcase_add_test(t, tcp_recovery__window_is_halved_and_growth_goes_on);
    tcase_add_test(t, tcp_recovery__lost_tail_needs_the_timer);
    tcase_add_test(t, tcp_timeout__doubles_and_recovers);
    tcase_add_test(t, tcp_timeout__gives_up_in_the_end);
    tcase_add_test(t, tcp_timeout__repeats_into_a_window_that_has_shrunk);
    tcase_add_test(t, tcp_ack__limit_rises_by_one_to_the_maximum);
    tcase_add_test(t, tcp_ack__one_per_n_segments);
    tcase_add_test(t, tcp_ack__timer_after_50_ms);
    tcase_add_test(t, tcp_window__zero_is_probed_and_reopens);
    tcase_add_test(t, tcp_window__lost_update_is_found_by_the_probe);
    tcase_add_test(t, tcp_window__never_overrun_and_no_silly_segments);
    tcase_add_test(t, tcp_input__a_chain_leaves_the_window_open);
    suite_add_tcase(s, t);
    return s;
}
