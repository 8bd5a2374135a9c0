/* SPDX-License-Identifier: GPL-3.0-or-later
 * test_link.c -- times against closed formulas, drops against a list of departures, waiting against M/D/1. */
#include <check.h>
#include <gsl/gsl_cdf.h>
#include <gsl/gsl_statistics_double.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "core/rng.h"
#include "net/link.h"
#include "suites.h"

enum { NS = 1000 };

static struct engine *engine;
static struct stats *stats;
static struct packet_pool *pool;

/* What the far end saw. */
enum { SEEN_MAX = 20000 };
static struct { uint64_t id; int64_t at; } seen[SEEN_MAX];
static uint64_t n_seen;

static void setup(void)
{
    engine = engine_create();
    stats = stats_create();
    pool = packet_pool_create();
    n_seen = 0;
}

static void teardown(void)
{
    stats_destroy(stats);
    engine_destroy(engine);
    packet_pool_destroy(pool);
}

static void note(void *owner, struct packet *p)
{
    (void)owner;
    ck_assert_int_eq(p->at.ps, engine_now(engine).ps);
    if (n_seen < SEEN_MAX) {
        seen[n_seen].id = p->id;
        seen[n_seen].at = engine_now(engine).ps;
    }
    n_seen++;
    packet_deliver(pool, p);
}

static struct link *make_link(const char *name, sim_rate rate, sim_dur delay, int64_t depth)
{
    struct link *l = link_create(engine, stats, pool, &(struct link_config){ name, rate, delay, depth });
    link_connect(l, (struct packet_sink){ note, NULL });
    return l;
}

/* A frame of 'bytes' bytes with FCS. */
static struct packet *frame(uint32_t bytes)
{
    struct packet *p = packet_new(pool, engine_now(engine));
    p->len = bytes - FRAME_FCS_BYTES;
    return p;
}

static uint64_t counter(const char *name)
{
    return stats_value(stats, "link", "wire", name);
}

static void run_for(sim_dur d)
{
    engine_run(engine, sim_add(engine_now(engine), d));
}

/* -- times ------------------------------------------------------------------------------------------------------ */

START_TEST(link_send__arrives_when_its_last_bit_does)
{
    struct link *l = make_link("wire", sim_gbps(10), sim_ns(500), 1 << 20);
    ck_assert(link_send(l, frame(1518)));
    ck_assert_int_eq(link_free_at(l).ps, 1538 * 800);
    ck_assert(link_send(l, frame(64)));
    ck_assert(link_send(l, frame(18))); /* padded to 64 */
    run_for(sim_us(10));
    ck_assert_uint_eq(n_seen, 3);
    int64_t gap = 12 * 800, delay = 500 * NS;
    ck_assert_int_eq(seen[0].at, 1538 * 800 - gap + delay);
    ck_assert_int_eq(seen[1].at, (1538 + 84) * 800 - gap + delay);
    ck_assert_int_eq(seen[2].at, (1538 + 84 + 84) * 800 - gap + delay);
    ck_assert_uint_eq(counter("packets"), 3);
    ck_assert_uint_eq(counter("bytes"), 1518 + 64 + 64);
    ck_assert_uint_eq(counter("wire_bytes"), 1538 + 84 + 84);
    ck_assert_uint_eq(counter("busy_ps"), (1538 + 84 + 84) * 800);
    ck_assert_uint_eq(counter("wait_ps"), 1538 * 800 + (1538 + 84) * 800);
    ck_assert_uint_eq(counter("queue_bytes_max"), 1518 + 64 + 64);
    ck_assert_int_eq(link_free_at(l).ps, engine_now(engine).ps);
    ck_assert_uint_eq(engine_view(engine)->events, 3);
    link_destroy(l);
    link_destroy(NULL);
}
END_TEST

static void send_again(void *owner, struct packet *p)
{
    n_seen++;
    link_send(owner, p);
}

/* A wire that is never idle carries what its rate says: 812,744 frames/s of 1518 bytes, 14,880,952 of 64. */
#ifdef __SANITIZE_ADDRESS__
enum { SECOND_PARTS = 20 };
#else
enum { SECOND_PARTS = 1 };
#endif
START_TEST(link_send__line_rate)
{
    static const struct { uint32_t bytes; int64_t slot_ps, per_second; } rate[] = {
        { 1518, 1230400, 812744 }, { 64, 67200, 14880952 },
    };
    int64_t second = 1000000000000, gap = 12 * 800, slot = rate[_i].slot_ps;
    struct link *l = make_link("wire", sim_gbps(10), sim_ps(0), 1 << 20);
    link_connect(l, (struct packet_sink){ send_again, l });
    for (int i = 0; i < 2; i++) link_send(l, frame(rate[_i].bytes));
    engine_run(engine, (sim_time){ second / SECOND_PARTS });
    ck_assert_int_eq((int64_t)n_seen, (second / SECOND_PARTS + gap) / slot);
    ck_assert_uint_eq(counter("packets"), n_seen);
    ck_assert_uint_eq(counter("busy_ps"), n_seen * (uint64_t)slot);
    ck_assert_int_eq((second + slot / 2) / slot, rate[_i].per_second);
    link_destroy(l);
}
END_TEST

/* At rates that do not divide a byte's time no link is ever faster than it says. */
START_TEST(link_send__never_beats_its_rate)
{
    teardown();
    static const int64_t rates[] = { 1000000007, 2999999999, 10312500000, 7, 123456789012 };
    for (size_t r = 0; r < sizeof rates / sizeof *rates; r++) {
        setup();
        struct link *l = make_link("wire", (sim_rate){ rates[r] }, sim_ps(0), 1 << 24);
        for (uint32_t i = 0; i < 1000; i++) link_send(l, frame(64 + i));
        sim_time all = link_free_at(l);
        sim_wide bits = (sim_wide)8 * 1000000000000 * (1000 * (64 + 20) + 999 * 1000 / 2);
        ck_assert(bits <= (sim_wide)all.ps * rates[r]);
        ck_assert((sim_wide)(all.ps - 1001) * rates[r] < bits);
        link_destroy(l);
        teardown();
    }
    setup();
}
END_TEST

static void send_one_more(void *owner)
{
    struct link *l = owner;
    ck_assert(link_send(l, frame(1518)));
}

START_TEST(link_free_at__who_waits_for_it_needs_no_queue)
{
    struct link *l = make_link("wire", sim_gbps(10), sim_us(5), 0);
    struct event ev;
    event_init(&ev, engine_entity(engine, "device"), send_one_more, l);
    for (int i = 0; i < 100; i++) {
        engine_schedule(engine, &ev, link_free_at(l));
        while (event_pending(&ev)) engine_step(engine, SIM_TIME_MAX);
    }
    run_for(sim_us(100));
    ck_assert_uint_eq(n_seen, 100);
    ck_assert_int_eq(seen[99].at - seen[0].at, 99 * 1230400);
    ck_assert_uint_eq(counter("wait_ps"), 0);
    ck_assert_uint_eq(counter("drops"), 0);
    link_destroy(l);
}
END_TEST

/* -- the queue -------------------------------------------------------------------------------------------------- */

START_TEST(link_send__full_queue_drops)
{
    struct link *l = make_link("wire", sim_gbps(10), sim_ms(1), 3000);
    ck_assert(link_send(l, frame(1500)));
    ck_assert(link_send(l, frame(1436)));
    ck_assert(!link_send(l, frame(65)));
    ck_assert(link_send(l, frame(64)));
    ck_assert(!link_send(l, frame(64)));
    ck_assert_int_eq(link_queued_bytes(l), 3000);
    ck_assert_uint_eq(counter("drops"), 2);
    ck_assert_uint_eq(counter("drop_bytes"), 65 + 64);
    ck_assert_uint_eq(packet_pool_ledger(pool)->dropped[DROP_LINK_FULL], 2);
    run_for(sim_ps((1500 + 8) * 800 - 1)); /* the last bit of the first is about to leave */
    ck_assert_int_eq(link_queued_bytes(l), 3000);
    run_for(sim_ps(1));
    ck_assert_int_eq(link_queued_bytes(l), 1500);
    ck_assert(link_send(l, frame(1500)));
    packet_pool_check(pool);
    run_for(sim_ms(2));
    ck_assert_int_eq(link_queued_bytes(l), 0);
    ck_assert_uint_eq(n_seen, 4);
    packet_pool_check(pool);
    link_destroy(l);
}
END_TEST

START_TEST(link_send__empty_queue_takes_any_frame)
{
    struct link *l = make_link("wire", sim_gbps(10), sim_ps(0), 0);
    ck_assert(link_send(l, frame(9018)));
    ck_assert(!link_send(l, frame(64)));
    run_for(sim_us(10));
    ck_assert(link_send(l, frame(64)));
    run_for(sim_us(1));
    ck_assert_uint_eq(n_seen, 2);
    link_destroy(l);
}
END_TEST

/* Random traffic against a list of departures worked out here: which frames are dropped, when each arrives. */
struct departure { int64_t at, bytes; };
static uint64_t random_traffic(uint64_t seed, sim_rate rate, int64_t depth)
{
    static struct departure list[SEEN_MAX];
    static struct { uint64_t id; int64_t at; } expected[SEEN_MAX];
    uint64_t accepted = 0, dropped = 0, digest = 0;
    int64_t free_at = 0, gap = sim_wire_time(12, rate).ps, delay = 2000 * NS;

    setup();
    struct rng *r = rng_create(seed, "traffic");
    struct link *l = make_link("wire", rate, sim_us(2), depth);
    for (int i = 0; i < SEEN_MAX - 1; i++) {
        if (rng_below(r, 10) < 7) run_for(rng_exponential(r, sim_ns(1500)));
        int64_t now = engine_now(engine).ps, queued = 0, bytes = 64 + rng_below(r, 1455);
        for (uint64_t k = accepted > 80 ? accepted - 80 : 0; k < accepted; k++)
            if (list[k].at > now) queued += list[k].bytes;
        ck_assert_int_eq(link_queued_bytes(l), queued);
        bool room = queued == 0 || queued + bytes <= depth;
        struct packet *p = frame((uint32_t)bytes);
        uint64_t id = p->id;
        ck_assert(link_send(l, p) == room);
        if (!room) {
            dropped++;
            continue;
        }
        free_at = (free_at > now ? free_at : now) + sim_wire_time(bytes + 20, rate).ps;
        list[accepted] = (struct departure){ free_at - gap, bytes };
        expected[accepted].id = id;
        expected[accepted].at = free_at - gap + delay;
        accepted++;
        packet_pool_check(pool);
    }
    run_for(sim_ms(10));
    ck_assert_uint_eq(n_seen, accepted);
    ck_assert_uint_eq(counter("packets"), accepted);
    ck_assert_uint_eq(counter("drops"), dropped);
    ck_assert(dropped > 100 && accepted > 1000);
    for (uint64_t i = 0; i < accepted; i++) {
        ck_assert_uint_eq(seen[i].id, expected[i].id);
        ck_assert_int_eq(seen[i].at, expected[i].at);
        digest = (digest ^ seen[i].id) * 1099511628211u ^ (uint64_t)seen[i].at;
    }
    packet_pool_check(pool);
    rng_destroy(r);
    link_destroy(l);
    teardown();
    return digest;
}

START_TEST(link_send__agrees_with_a_list_of_departures)
{
    teardown();
    uint64_t digest = random_traffic(1, sim_gbps(10), 8000);
    ck_assert_uint_eq(random_traffic(1, sim_gbps(10), 8000), digest);
    ck_assert_uint_ne(random_traffic(2, sim_gbps(10), 8000), digest);
    random_traffic(3, (sim_rate){ 3000000007 }, 30000);
    setup();
}
END_TEST

/* link_send_after() against link_send() from an event 'latency' later. */
static struct packet_queue waiting;
static struct link *reference;
static struct event reference_event;

static void send_waiting(void *owner)
{
    (void)owner;
    link_send(reference, packet_queue_pop(&waiting));
    if (waiting.head) engine_schedule(engine, &reference_event, waiting.head->at);
}

START_TEST(link_send_after__like_an_event_later)
{
    static struct { uint64_t id; int64_t at; } first[SEEN_MAX];
    uint64_t n_first = 0, drops = 0;
    teardown();
    for (int pass = 0; pass < 2; pass++) {
        setup();
        struct rng *r = rng_create(5, "traffic");
        struct link *l = make_link("wire", sim_gbps(10), sim_us(1), 5000);
        reference = l;
        event_init(&reference_event, engine_entity(engine, "reference"), send_waiting, NULL);
        for (int i = 0; i < SEEN_MAX; i++) {
            run_for(sim_dur_add(sim_ps(1), rng_exponential(r, sim_ns(1100))));
            struct packet *p = frame(64 + rng_below(r, 1455));
            if (pass == 0) {
                link_send_after(l, p, sim_us(3));
            } else {
                p->at = sim_add(engine_now(engine), sim_us(3));
                packet_queue_push(&waiting, p);
                if (waiting.count == 1) engine_schedule(engine, &reference_event, p->at);
            }
        }
        run_for(sim_ms(10));
        if (pass == 0) {
            n_first = n_seen;
            drops = counter("drops");
            memcpy(first, seen, sizeof first);
        } else {
            ck_assert_uint_eq(n_seen, n_first);
            ck_assert_uint_eq(counter("drops"), drops);
            for (uint64_t i = 0; i < n_seen; i++)
                ck_assert(seen[i].id == first[i].id && seen[i].at == first[i].at);
        }
        rng_destroy(r);
        link_destroy(l);
        teardown();
    }
    ck_assert_uint_gt(drops, 100);
    setup();
}
END_TEST

/* -- misfortunes ------------------------------------------------------------------------------------------------ */

START_TEST(link_set_up__down_loses_what_is_in_flight)
{
    struct link *l = make_link("wire", sim_gbps(10), sim_us(10), 1 << 20);
    for (int i = 0; i < 5; i++) link_send(l, frame(1518));
    run_for(sim_ns(11221));
    ck_assert_uint_eq(n_seen, 1);
    link_set_up(l, false);
    ck_assert(!link_is_up(l));
    ck_assert(!link_send(l, frame(64)));
    ck_assert_uint_eq(packet_pool_ledger(pool)->dropped[DROP_LINK_DOWN], 5);
    ck_assert_uint_eq(counter("drops"), 5);
    ck_assert_int_eq(link_queued_bytes(l), 0);
    run_for(sim_ms(1));
    ck_assert_uint_eq(n_seen, 1);
    link_set_up(l, true);
    ck_assert(link_send(l, frame(64)));
    run_for(sim_ms(1));
    ck_assert_uint_eq(n_seen, 2);
    packet_pool_check(pool);
    link_destroy(l);
}
END_TEST

START_TEST(link_connect__nobody_there)
{
    struct link *l = link_create(engine, NULL, pool, &(struct link_config){ "wire", sim_gbps(1), sim_ps(0), 1000 });
    ck_assert(!link_send(l, frame(64)));
    ck_assert_uint_eq(packet_pool_ledger(pool)->dropped[DROP_LINK_DOWN], 1);
    link_connect(l, (struct packet_sink){ note, NULL });
    ck_assert(link_send(l, frame(64)));
    link_connect(l, (struct packet_sink){ 0 });
    ck_assert_uint_eq(packet_pool_ledger(pool)->dropped[DROP_LINK_DOWN], 2);
    run_for(sim_ms(1));
    packet_pool_check(pool);
    ck_assert_str_eq(link_name(l), "wire");
    ck_assert_int_eq(link_config_of(l)->rate.bps, 1000000000);
    link_destroy(l);
}
END_TEST

/* -- taps ------------------------------------------------------------------------------------------------------- */

static int64_t tapped[8];
static int n_tapped;

static void tap(void *owner, const struct packet *p, sim_time start)
{
    (void)owner, (void)p;
    tapped[n_tapped++] = start.ps;
}

START_TEST(link_add_tap__sees_each_start)
{
    struct link *l = make_link("wire", sim_gbps(10), sim_us(1), 4000);
    n_tapped = 0;
    link_add_tap(l, tap, NULL);
    link_send(l, frame(1518));
    link_send(l, frame(1518));
    link_send(l, frame(1518)); /* dropped: not on the wire */
    run_for(sim_us(100));
    link_send_after(l, frame(64), sim_us(2));
    ck_assert_int_eq(n_tapped, 3);
    ck_assert_int_eq(tapped[0], 0);
    ck_assert_int_eq(tapped[1], 1230400);
    ck_assert_int_eq(tapped[2], 102000000);
    link_destroy(l);
}
END_TEST

/* -- M/D/1 ------------------------------------------------------------------------------------------------------ */

struct source {
    struct link *link;
    struct rng *rng;
    struct event event;
    sim_dur mean;
    int64_t sent, limit;
};

static void arrival(void *owner)
{
    struct source *s = owner;
    link_send(s->link, frame(1518));
    if (++s->sent < s->limit) engine_schedule_in(engine, &s->event, rng_exponential(s->rng, s->mean));
}

/* Mean waiting time over 'packets' Poisson arrivals, after a warm-up, in units of the service time. */
static double mean_wait(int replication, int percent_load, int64_t packets)
{
    char name[32];
    setup();
    snprintf(name, sizeof name, "arrivals%d", replication);
    struct source s = { .limit = 2000, .mean = sim_ps(1230400 * 100 / percent_load) };
    s.link = make_link("wire", sim_gbps(10), sim_ps(0), INT64_MAX / 2);
    s.rng = rng_create(1, name);
    event_init(&s.event, engine_entity(engine, "source"), arrival, &s);
    engine_schedule_in(engine, &s.event, sim_ps(0));
    while (event_pending(&s.event)) engine_step(engine, SIM_TIME_MAX);
    stats_mark(stats);
    s.limit += packets;
    engine_schedule_in(engine, &s.event, rng_exponential(s.rng, s.mean));
    while (event_pending(&s.event)) engine_step(engine, SIM_TIME_MAX);
    double wait = (double)counter("wait_ps"), byte_ns = (double)counter("queue_byte_ns");
    ck_assert_double_eq_tol(byte_ns / (wait * 1518 / 1000), 1, 1e-6);
    rng_destroy(s.rng);
    link_destroy(s.link);
    teardown();
    return wait / (double)packets / 1230400;
}

/* Pollaczek and Khinchine: with load r and constant service the mean wait is r / (2 (1 - r)) services. */
START_TEST(link_send__waiting_time_of_md1)
{
    enum { REPLICATIONS = 20 };
    static const int load[] = { 50, 80 };
    double wait[REPLICATIONS], r = load[_i] / 100.0;

    teardown();
    for (int i = 0; i < REPLICATIONS; i++) wait[i] = mean_wait(i, load[_i], 30000);
    double mean = gsl_stats_mean(wait, 1, REPLICATIONS), theory = r / (2 * (1 - r));
    double half = gsl_cdf_tdist_Pinv(0.995, REPLICATIONS - 1) * gsl_stats_sd(wait, 1, REPLICATIONS) /
                  sqrt(REPLICATIONS);
    ck_assert_msg(fabs(mean - theory) <= half, "load %g: mean %g +- %g, theory %g", r, mean, half, theory);
    ck_assert_double_lt(half / theory, 0.04);
    setup();
}
END_TEST

Suite *link_suite(void)
{
    Suite *s = suite_create("link");
    TCase *tc = tcase_create("link");
    tcase_add_checked_fixture(tc, setup, teardown);
    tcase_set_timeout(tc, 60);
    tcase_add_test(tc, link_send__arrives_when_its_last_bit_does);
    tcase_add_loop_test(tc, link_send__line_rate, 0, 2);
    tcase_add_test(tc, link_send__never_beats_its_rate);
    tcase_add_test(tc, link_free_at__who_waits_for_it_needs_no_queue);
    tcase_add_test(tc, link_send__full_queue_drops);
    tcase_add_test(tc, link_send__empty_queue_takes_any_frame);
    tcase_add_test(tc, link_send__agrees_with_a_list_of_departures);
    tcase_add_test(tc, link_send_after__like_an_event_later);
    tcase_add_test(tc, link_set_up__down_loses_what_is_in_flight);
    tcase_add_test(tc, link_connect__nobody_there);
    tcase_add_test(tc, link_add_tap__sees_each_start);
    tcase_add_loop_test(tc, link_send__waiting_time_of_md1, 0, 2);
    suite_add_tcase(s, tc);
    return s;
}
