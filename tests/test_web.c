/* SPDX-License-Identifier: GPL-3.0-or-later
 * test_web.c -- requests between two light hosts, then to servers in full detail, under every stack. */
#include "endpoint/web.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "light_rig.h"
#include "suites.h"
#include "world_rig.h"

/* -- between two light hosts --------------------------------------------------------------------------------------- */

static struct light_rig *rig_at(sim_rate rate, sim_dur delay)
{
    struct tcp_config c = tcp_config_solaris();
    return light_rig_create(&c, 1, rate, delay, 1, -1);
}

static struct web_config profile(struct light_rig *r, int connections)
{
    struct web_config c = web_config_default();
    c.name = "w";
    c.seed = 1;
    c.client = light_host(r->host[0]);
    c.server = light_host(r->host[1]);
    c.server_addr = (struct host_addr){ light_rig_ip(1, 0), 80 };
    c.connections = connections;
    return c;
}

static void fixed(struct web_config *c, int64_t bytes, int requests)
{
    c->response_min_bytes = c->response_max_bytes = bytes;
    c->header_bytes = 0;
    c->requests = requests;
}

static struct web *start(struct light_rig *r, const struct web_config *c)
{
    struct web *w = web_create(r->engine, r->stats, c);
    ck_assert_ptr_nonnull(w);
    return w;
}

static void finish(struct light_rig *r, struct web *w)
{
    web_destroy(w);
    light_rig_destroy(r);
}

#define N(counter) web_counter(w, WEB_##counter)

/* Little's law: N places, each with a request under way or thinking, make N / (Z + R) requests per second. */
START_TEST(web_create__closed_loop_is_places_over_think_and_latency)
{
    static const struct { int places, requests; int64_t bytes, think_us; } cases[] = {
        { 1, 0, 1000, 1000 }, { 7, 0, 20000, 500 }, { 20, 3, 5000, 2000 }, { 4, 1, 100, 0 },
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct light_rig *r = rig_at(sim_gbps(1), sim_us(20));
        struct web_config c = profile(r, cases[i].places);
        fixed(&c, cases[i].bytes, cases[i].requests);
        c.think = sim_us(cases[i].think_us);
        c.jitter = sim_ps(0);
        struct web *w = start(r, &c);
        light_rig_run(r, sim_ms(200));
        double answers = (double)N(responses), latency = (double)N(latency_ns) * 1e-9 / answers;
        double think = (double)cases[i].think_us * 1e-6, busy = answers * (latency + think), room = cases[i].places * 0.2;
        ck_assert_double_gt(answers, 50.0 * cases[i].places);
        ck_assert_double_le(busy, room + cases[i].places * think); /* the last think time of a place may end later */
        ck_assert_double_ge(busy, room * 0.97 - cases[i].places * 0.004); /* what is under way at the end is left out; so
                                                                           * is the wait for a server's close */
        finish(r, w);
    }
}
END_TEST

/* Request and answer are one frame each: payload, 66 bytes of headers and 24 of FCS, preamble and gap. */
START_TEST(web_create__latency_on_an_idle_wire_is_two_frames_and_two_delays)
{
    struct light_rig *r = rig_at(sim_gbps(1), sim_us(100));
    struct web_config c = profile(r, 1);
    fixed(&c, 1000, 0);
    c.think = sim_ms(1);
    c.jitter = sim_ps(0);
    struct web *w = start(r, &c);
    light_rig_run(r, sim_ms(5)); /* past the handshake */
    uint64_t answers = N(responses), sum = N(latency_ns);
    light_rig_run(r, sim_ms(50));
    double each = (double)(N(latency_ns) - sum) / (double)(N(responses) - answers);
    double wires = (300 + 90 + 1000 + 90) * 8.0, most = 200000 + wires, least = most - 2 * 12 * 8;
    ck_assert_double_ge(each, least - 1); /* a frame has arrived before the gap after it has passed */
    ck_assert_double_le(each, most + 1);
    finish(r, w);
}
END_TEST

START_TEST(web_create__what_is_asked_for_is_answered_to_the_byte)
{
    for (int requests = 0; requests <= 3; requests++) {
        struct light_rig *r = rig_at(sim_gbps(10), sim_us(5));
        struct web_config c = profile(r, 5);
        c.requests = requests;
        c.response_min_bytes = 1;
        c.response_max_bytes = 30000;
        c.stop = (sim_time){ sim_ms(30).ps };
        struct web *w = start(r, &c);
        light_rig_run(r, sim_ms(500));
        ck_assert_uint_gt(N(responses), 500);
        ck_assert_uint_eq(N(offered), N(responses));
        ck_assert_uint_eq(N(requests), N(responses));
        ck_assert_uint_eq(N(served), N(responses));
        ck_assert_uint_eq(N(request_bytes), N(requests) * 300);
        ck_assert_uint_eq(N(served_bytes), N(response_bytes));
        ck_assert_uint_eq(N(failures), 0);
        ck_assert_uint_eq(N(connects), N(accepts));
        ck_assert_uint_eq(N(connects), N(client_closes));
        ck_assert_uint_eq(N(connects), N(server_closes));
        ck_assert_uint_le(N(threads_max), 5);
        uint64_t counted = 0;
        for (int i = 0; i < HISTOGRAM_BUCKETS; i++) counted += web_latencies(w)[i];
        ck_assert_uint_eq(counted, N(responses));
        if (requests == 0) /* a place keeps its connection */
            ck_assert_uint_eq(N(connects), 5);
        else {             /* a last connection of each place may have carried fewer */
            ck_assert_uint_ge(N(connects) * (uint64_t)requests, N(responses));
            ck_assert_uint_le((N(connects) - 5) * (uint64_t)requests, N(responses));
        }
        light_rig_run(r, sim_ms(61000)); /* past TIME_WAIT */
        ck_assert_uint_eq(tcp_conn_count(light_tcp(r->host[0])) + tcp_conn_count(light_tcp(r->host[1])), 0);
        finish(r, w);
    }
}
END_TEST

/* 0.35 x 5 x 0.1 + 0.5 x 5 x 1 + 0.14 x 5 x 10 + 0.01 x 5 x 100 KiB; the standard deviation is 59.8 kB. */
START_TEST(web_create__mix_has_the_classes_mean)
{
    struct light_rig *r = rig_at(sim_gbps(10), sim_us(2));
    struct web_config c = profile(r, 20);
    c.header_bytes = 0;
    c.stop = (sim_time){ sim_ms(500).ps };
    struct web *w = start(r, &c);
    light_rig_run(r, sim_ms(1000));
    double n = (double)N(responses), mean = (double)N(response_bytes) / n;
    ck_assert_double_gt(n, 10000);
    ck_assert_double_le(fabs(mean - 14.675 * 1024), 4 * 59800 / sqrt(n));
    finish(r, w);
}
END_TEST

START_TEST(web_create__open_loop_asks_at_its_rate_whatever_the_answers_take)
{
    for (int random = 0; random < 2; random++) {
        struct light_rig *r = rig_at(sim_gbps(1), sim_us(20));
        struct web_config c = profile(r, 30);
        fixed(&c, 1000, 5);
        c.gap = sim_us(100);
        c.random_gaps = random;
        c.jitter = sim_ps(0);
        struct web *w = start(r, &c);
        light_rig_run(r, sim_ms(500)); /* 5000 gaps after the first request */
        if (random)
            ck_assert_double_le(fabs((double)N(offered) - 5001), 4 * sqrt(5000));
        else
            ck_assert_uint_eq(N(offered), 5001);
        ck_assert_uint_ge(N(responses) + 30, N(offered));
        finish(r, w);
    }
}
END_TEST

/* 10,000 requests a second of 30 kB want 2.5 times what the wire has: those that find no free place wait. */
START_TEST(web_create__requests_wait_for_a_place_and_are_given_up_at_the_end)
{
    struct light_rig *r = rig_at(sim_gbps(1), sim_us(20));
    struct web_config c = profile(r, 3);
    fixed(&c, 30000, 0);
    c.gap = sim_us(100);
    c.stop = (sim_time){ sim_ms(100).ps };
    struct web *w = start(r, &c);
    light_rig_run(r, sim_ms(400));
    ck_assert_uint_gt(N(waiting_max), 300);
    ck_assert_uint_gt(N(given_up), 300);
    ck_assert_uint_eq(N(offered), N(responses) + N(given_up));
    ck_assert_uint_le(N(connects), 3);
    double mean_ns = (double)N(latency_ns) / (double)N(responses); /* grows to the length of the run */
    ck_assert_double_gt(mean_ns, 20e6);
    finish(r, w);
}
END_TEST

/* 50,000 connections in half a second, each with a port of its own for the minute of TIME_WAIT: there are 32,768. */
START_TEST(web_create__ports_are_used_again_before_time_wait_is_over)
{
    struct light_rig *r = rig_at(sim_gbps(10), sim_us(5));
    struct web_config c = profile(r, 100);
    fixed(&c, 100, 1);
    c.gap = sim_us(10);
    c.random_gaps = false;
    c.stop = (sim_time){ sim_ms(500).ps };
    struct web *w = start(r, &c);
    light_rig_run(r, sim_ms(600));
    ck_assert_uint_ge(N(responses), 49900);
    ck_assert_uint_eq(N(offered), N(responses));
    ck_assert_uint_eq(N(failures), 0);
    uint64_t rows = 0, read = 0, sent = 0;
    for (size_t i = 0, n = stats_count(r->stats); i < n; i++) {
        const struct stats_block *b = stats_get(r->stats, i);
        if (strcmp(b->kind, "flow") != 0) continue;
        rows++;
        read += b->values[TCP_FLOW_read_bytes];
        sent += b->values[TCP_FLOW_sent_bytes];
    }
    ck_assert_uint_le(rows, 2 * 4096 + 2); /* rows of their own, and a shared one on either side */
    ck_assert_uint_eq(read, N(responses) * 400); /* 300 and 100 bytes, wherever they are counted */
    ck_assert_uint_eq(sent, read);
    finish(r, w);
}
END_TEST

START_TEST(web_create__dead_wire_is_counted_as_failure)
{
    struct light_rig *r = rig_at(sim_gbps(1), sim_us(20));
    struct web_config c = profile(r, 2);
    c.think = sim_ms(1000);
    link_set_up(r->wire[0][0], false);
    struct web *w = start(r, &c);
    light_rig_run(r, sim_ms(100000));
    ck_assert_uint_ge(N(failures), 2);
    ck_assert_uint_eq(N(accepts), 0);
    link_set_up(r->wire[0][0], true); /* the places go on */
    light_rig_run(r, sim_ms(100000));
    ck_assert_uint_gt(N(responses), 20);
    finish(r, w);
}
END_TEST

/* A wire that dies under an answer: the client gives up much later, and asks again. */
START_TEST(web_create__broken_connection_is_one_failure_and_the_place_goes_on)
{
    struct light_rig *r = rig_at(sim_gbps(1), sim_us(20));
    struct web_config c = profile(r, 1);
    fixed(&c, 1000000, 0);
    struct web *w = start(r, &c);
    light_rig_run(r, sim_ms(20));
    ck_assert_uint_gt(N(responses), 0);
    link_set_up(r->wire[0][0], false);
    light_rig_run(r, sim_ms(1000));
    uint64_t before = N(responses);
    link_set_up(r->wire[0][0], true);
    light_rig_run(r, sim_ms(60000));
    ck_assert_uint_gt(N(responses), before);
    ck_assert_uint_eq(N(offered), N(responses) + N(failures) + 1);
    finish(r, w);
}
END_TEST

START_TEST(web_create__bad_numbers_and_a_port_in_use)
{
    struct light_rig *r = rig_at(sim_gbps(1), sim_us(20));
    struct web_config c = profile(r, 0);
    ck_assert_ptr_null(web_create(r->engine, r->stats, &c));
    c = profile(r, 1);
    c.response_min_bytes = 10;
    c.response_max_bytes = 9;
    ck_assert_ptr_null(web_create(r->engine, r->stats, &c));
    c = profile(r, 1);
    c.request_bytes = 0;
    ck_assert_ptr_null(web_create(r->engine, r->stats, &c));
    c = profile(r, 1);
    struct web *w = start(r, &c);
    c.name = "v";
    ck_assert_ptr_null(web_create(r->engine, r->stats, &c));
    web_destroy(NULL);
    finish(r, w);
}
END_TEST

static uint64_t digest_of(uint64_t seed)
{
    struct light_rig *r = rig_at(sim_gbps(1), sim_us(20));
    struct web_config c = profile(r, 5);
    c.seed = seed;
    c.gap = sim_us(300);
    struct web *w = start(r, &c);
    light_rig_run(r, sim_ms(30));
    uint64_t digest = light_rig_digest(r);
    finish(r, w);
    return digest;
}

START_TEST(web_create__same_seed_same_counters)
{
    ck_assert_uint_eq(digest_of(1), digest_of(1));
    ck_assert_uint_ne(digest_of(1), digest_of(2));
}
END_TEST

/* -- a server in full detail ---------------------------------------------------------------------------------------- */


/* Two clients and a server whose stack, cores and further keys are given; the traffic ends long before the run does. */
static void run_cores(const char *server, int cores, const char *web)
{
    char text[2000];
    snprintf(text, sizeof text,
             "time: {warmup: 0ms, measure: 300ms}\n"
             "switches: {s: {rate: 1Gbps}}\n"
             "machines:\n"
             "  server: {%s, cpus: {sockets: 1, cores: %d}, nics: {e0: {model: intel-82573, wire: s}}}\n"
             "  c[1-2]: {nics: {n0: {wire: s, rate: 1Gbps}}}\n"
             "traffic: [{web: {from: 'c[1-2]', to: server, stop: 100ms, %s}}]\n", server, cores, web);
    world_rig_run(text, 1, NULL, 0);
}

static void run_world(const char *server, const char *web)
{
    run_cores(server, 2, web);
}

static const char *const servers[] = { "detail: light", "detail: full", "detail: full, stack: gldv3",
                                       "detail: full, stack: linux26" };

/* Answers, bytes and closes agree on light and full machines, with connections that stay and that come and go. */
START_TEST(web__same_counts_in_both_details_and_under_every_stack)
{
    static const char *const webs[] = { "connections: 8, think: 1ms, requests: unlimited",
                                        "connections: 8, think: 1ms, requests: 1",
                                        "connections: 40, request-rate: 3kHz, requests: 4" };
    for (size_t k = 0; k < sizeof webs / sizeof *webs; k++)
        for (size_t i = 0; i < sizeof servers / sizeof *servers; i++) {
            run_world(servers[i], webs[k]);
            uint64_t answers = sum("web", "", "responses");
            ck_assert_uint_gt(answers, 500);
            ck_assert_uint_eq(sum("web", "", "offered"), answers + sum("web", "", "given_up"));
            ck_assert_uint_eq(sum("web", "", "requests"), answers);
            ck_assert_uint_eq(sum("web", "", "served"), answers);
            ck_assert_uint_eq(sum("web", "", "failures"), 0);
            ck_assert_uint_eq(sum("web", "", "served_bytes"), sum("web", "", "response_bytes"));
            ck_assert_uint_eq(sum("web", "", "response_bytes"), sum("flow", "c", "read_bytes"));
            ck_assert_uint_eq(sum("web", "", "request_bytes"), sum("flow", "server", "read_bytes"));
            ck_assert_uint_eq(sum("web", "", "connects"), sum("web", "", "accepts"));
            ck_assert_uint_eq(sum("web", "", "connects"), sum("web", "", "client_closes"));
            ck_assert_uint_eq(sum("web", "", "connects"), sum("web", "", "server_closes"));
        }
}
END_TEST

/* A unit of work is 14,000 cycles at 2.8 GHz, 5 us; around reads and writes are calls of 500. */
START_TEST(web__user_time_is_the_work_of_the_requests)
{
    for (size_t i = 1; i < sizeof servers / sizeof *servers; i++) {
        run_world(servers[i], "connections: 4, think: 2ms, requests: unlimited, work: 30");
        double served = (double)sum("web", "", "served"), user = (double)sum("cpu", "server/", "usr_ps") * 1e-12;
        ck_assert_double_ge(user, served * 30 * 5e-6);
        ck_assert_double_le(user, served * (30 * 5e-6 + 10 * 500 / 2.8e9));
        run_world(servers[i], "connections: 4, think: 2ms, requests: unlimited, work: 0");
        user = (double)sum("cpu", "server/", "usr_ps") * 1e-12;
        ck_assert_double_le(user, (double)sum("web", "", "served") * 10 * 500 / 2.8e9);
    }
}
END_TEST

/* Sockets are used again: as many locks as were open at a time, not as many as connections. */
START_TEST(web__closed_connections_leave_their_sockets_to_others)
{
    static const char *const locks[] = { NULL, "server/stream", "server/stream", "server/connection" };
    for (size_t i = 1; i < sizeof servers / sizeof *servers; i++) {
        uint64_t count = 0;
        run_world(servers[i], "connections: 6, requests: 1, response: 500B, work: 1");
        for (size_t k = 0; k < result.block_count; k++)
            count += strncmp(result.blocks[k].entity, locks[i], strlen(locks[i])) == 0;
        ck_assert_uint_gt(sum("web", "", "accepts"), 1000);
        ck_assert_uint_ge(count, 12);
        ck_assert_uint_le(count, 40); /* some are still closing when the next is opened */
    }
}
END_TEST

/* On one CPU, where every switch has a cause: a thread that wakes is switched to, and from when it sleeps, to idle or
 * to the next.  Under gldv3 nobody wakes but servers' threads, for a request, a new connection or its end, and interrupts
 * that became threads; a lane's episode of polling adds those of its softring, of the poll thread, and back. */
START_TEST(web__switches_are_those_of_requests_and_of_episodes_of_polling)
{
    for (size_t i = 1; i <= 2; i++) {
        run_cores(servers[i], 1, "connections: 30, request-rate: 3kHz, requests: 5");
        uint64_t requests = sum("web", "", "served"), csw = sum("cpu", "server/", "csw");
        uint64_t wakes = requests + 2 * sum("web", "", "accepts") + sum("cpu", "server/", "ithr");
        uint64_t chains = sum("lanestate", "server/", "poll_on");
        ck_assert_uint_ge(csw, requests);
        ck_assert_uint_le(csw, 2 * wakes + 4 * chains + 20);
        if (i == 2) ck_assert_uint_eq(chains, 0);
    }
}
END_TEST

/* The driver lets one interrupt come in 66.56 us at most, and each has a cause: packets received or sent, or the end of
 * polling.  (One message is older than the measurement.) */
START_TEST(web__interrupts_are_bounded_by_moderation_and_by_what_comes)
{
    for (size_t i = 1; i <= 2; i++) {
        run_cores(servers[i], 1, "connections: 30, request-rate: 3kHz, requests: 5");
        uint64_t intr = sum("cpu", "server/", "intr"), received = sum("e1000g_rx", "server/", "packets");
        ck_assert_uint_le(intr, (uint64_t)(300000 / 66.56) + 1);
        ck_assert_uint_le(intr, sum("nic", "server/", "interrupts") + 1);
        ck_assert_uint_ge(intr, sum("gldv3", "server/", "chains"));
        ck_assert_uint_le(intr, received + sum("e1000g_tx", "server/", "packets") + sum("lanestate", "server/", "poll_off"));
    }
}
END_TEST

Suite *web_suite(void)
{
    Suite *s = suite_create("web");
    TCase *t = tcase_create("light");
    tcase_set_timeout(t, 60);
    tcase_add_test(t, web_create__closed_loop_is_places_over_think_and_latency);
    tcase_add_test(t, web_create__latency_on_an_idle_wire_is_two_frames_and_two_delays);
    tcase_add_test(t, web_create__what_is_asked_for_is_answered_to_the_byte);
    tcase_add_test(t, web_create__mix_has_the_classes_mean);
    tcase_add_test(t, web_create__open_loop_asks_at_its_rate_whatever_the_answers_take);
    tcase_add_test(t, web_create__requests_wait_for_a_place_and_are_given_up_at_the_end);
    tcase_add_test(t, web_create__ports_are_used_again_before_time_wait_is_over);
    tcase_add_test(t, web_create__dead_wire_is_counted_as_failure);
    tcase_add_test(t, web_create__broken_connection_is_one_failure_and_the_place_goes_on);
    tcase_add_test(t, web_create__bad_numbers_and_a_port_in_use);
    tcase_add_test(t, web_create__same_seed_same_counters);
    suite_add_tcase(s, t);
    t = tcase_create("full");
    tcase_set_timeout(t, 60);
    tcase_add_checked_fixture(t, world_rig_init, world_rig_fini);
    tcase_add_test(t, web__same_counts_in_both_details_and_under_every_stack);
    tcase_add_test(t, web__user_time_is_the_work_of_the_requests);
    tcase_add_test(t, web__closed_connections_leave_their_sockets_to_others);
    tcase_add_test(t, web__switches_are_those_of_requests_and_of_episodes_of_polling);
    tcase_add_test(t, web__interrupts_are_bounded_by_moderation_and_by_what_comes);
    suite_add_tcase(s, t);
    return s;
}
