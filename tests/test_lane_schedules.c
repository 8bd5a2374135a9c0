/* SPDX-License-Identifier: GPL-3.0-or-later
 * test_lane_schedules.c -- a lane under schedules that nobody thought of. */
#include "lane_rig.h"
#include "suites.h"

/* The oracle: what came in must come out, once, each connection in order, nothing else. */
struct book {
    unsigned next_seq[8];
    uint64_t delivered;
};
static void settle_book(struct rig *r, struct book *b)
{
    struct lane_pkt *p;
    while ((p = lane_chain_take_one(&r->got)) != NULL) {
        struct rig_pkt *q = rig_of(p);
        ck_assert_uint_ge(q->seq, b->next_seq[q->flow]); /* gaps are drops, counted below */
        b->next_seq[q->flow] = q->seq + 1;
        b->delivered++;
        q->p.next = NULL;
    }
    r->n_got = 0;
}

enum { STEPS = 16000, DRY_STEPS = 6000 };

/* Random arrivals, callers, failures and schedules; after each step every invariant; at the end no packet missing. */
static void random_schedule(uint32_t seed, unsigned steps, unsigned fail_percent, bool latency, unsigned fanout)
{
    struct lane_config config = rig_lane_config(NULL);
    config.fanout = fanout;
    config.tune.latency_optimize = latency;
    config.tune.hiwat_pkts = 60;
    config.tune.lowat_pkts = 20;
    config.tune.poll_thres_pkts = 5;
    config.tune.ring_pkts = 19;
    config.tune.step_pkts = 4;
    struct rig *r = rig_with_lane(&config);
    struct book book = { { 0 }, 0 };
    unsigned seq[8] = { 0 }, threads = lane_thread_count(r->lane), slot = 0;
    uint64_t arrived = 0;
    bool asleep[RIG_THREADS], caller = false;
    memset(asleep, true, sizeof asleep);
    r->random = seed;
    r->irq_reports_waiting = true;
    r->fail_percent = fail_percent;
    for (unsigned i = 0; i < steps + DRY_STEPS; i++) {
        bool quiet = i >= steps; /* let it run dry */
        if (quiet) r->fail_percent = 0;
        unsigned what = rig_random(r) % 16;
        if (!quiet && what < 3 && r->ring[0].pkts + lane_backlog(r->lane) < 300) {
            for (unsigned n = rig_random(r) % 9; n > 0; n--) {
                unsigned flow = rig_random(r) % 6;
                r->n_pkts = slot++ % RIG_PKTS; /* the store is larger than what can be on its way */
                rig_arrive(r, flow == 5 ? rig_udp(r, flow, seq[flow]) : rig_tcp(r, flow, seq[flow]));
                seq[flow]++;
                arrived++;
            }
            if (r->irq[0]) r->woken[LANE_INTR]++;
        } else if (!quiet && what == 3 && !caller) {
            struct lane_chain chain = { 0 };
            unsigned flow = 6 + rig_random(r) % 2;
            r->n_pkts = slot++ % RIG_PKTS;
            lane_chain_add(&chain, &rig_tcp(r, flow, seq[flow])->p);
            enum lane_step_result in = lane_input(r->lane, &chain, flow == 6);
            if (in != LANE_STEP_BLOCKED) {
                seq[flow]++;
                arrived++;
            }
            caller = in == LANE_STEP_AGAIN;
        } else if (what == 4 && caller) {
            if (rig_random(r) % 4 == 0) {
                lane_hand_over(r->lane);
                caller = false;
            } else if (lane_step(r->lane, LANE_CALLER) == LANE_STEP_SLEEP) {
                caller = false;
            }
        } else {
            unsigned t = rig_random(r) % threads;
            if (r->woken[t]) asleep[t] = false;
            r->woken[t] = 0;
            if (!asleep[t] && lane_step(r->lane, t) == LANE_STEP_SLEEP) asleep[t] = lane_park(r->lane, t);
        }
        const char *broken = lane_check(r->lane);
        ck_assert_msg(!broken, "seed %u step %u: %s", seed, i, broken);
        settle_book(r, &book);
    }
    uint64_t dropped = 0;
    for (int i = 0; i < N_LANE_DROPS; i++) dropped += r->dropped[i].pkts;
    ck_assert_msg(book.delivered + dropped == arrived && !r->ring[0].head, "seed %u: %lu in, %lu out, %lu dropped",
                  seed, (unsigned long)arrived, (unsigned long)book.delivered, (unsigned long)dropped);
    ck_assert_uint_eq(lane_backlog(r->lane), 0);
    ck_assert(!rig_flag(r, LANE_POLLING) && r->irq[0]);
    rig_destroy(r);
}

START_TEST(lane_step__any_schedule_keeps_every_invariant)
{
    for (uint32_t seed = 0; seed < 8; seed++)
        random_schedule(seed * 977 + 5, STEPS, seed % 2 * 20, seed % 4 < 2, 1 + seed % 3);
}
END_TEST

/* A slow client against a full ring: the ring, not the lane, must be the queue. */
START_TEST(lane_step__backlog_is_bounded_by_the_low_water_mark_and_a_chain)
{
    struct rig *r = rig_with_lane(NULL);
    uint32_t most = 0;
    for (unsigned round = 0; round < 400; round++) {
        while (r->ring[0].pkts < 600) {
            r->n_pkts %= RIG_PKTS;
            rig_arrive(r, rig_tcp(r, 0, 0));
        }
        if (r->irq[0]) rig_run(r, LANE_INTR);
        if (rig_flag(r, LANE_GET_PKTS)) rig_run(r, LANE_POLL);
        if (lane_backlog(r->lane) > most) most = lane_backlog(r->lane);
        if (round % 3 == 0) rig_run(r, rig_soft(LANE_TCP, 0));
        r->got = (struct lane_chain){ 0 };
    }
    ck_assert_uint_gt(most, 256);
    ck_assert_uint_le(most, 256 + 257);
    ck_assert_uint_eq(rig_rx(r, LANE_RX_rxsdrops), 0);
    rig_destroy(r);
}
END_TEST

Suite *lane_schedules_suite(void)
{
    Suite *s = suite_create("lane_schedules");
    TCase *t = tcase_create("schedules");
    tcase_set_timeout(t, 60);
    suite_add_tcase(s, t);
    tcase_add_test(t, lane_step__any_schedule_keeps_every_invariant);
    tcase_add_test(t, lane_step__backlog_is_bounded_by_the_low_water_mark_and_a_chain);
    return s;
}
