/* SPDX-License-Identifier: GPL-3.0-or-later
 * test_generator.c -- packet generators on a light host: rates to the frame, bytes on the wire. */
#include <math.h>
#include <string.h>

#include "core/rng.h"
#include "endpoint/generator.h"
#include "endpoint/udp.h"
#include "light_rig.h"
#include "suites.h"

static struct light_rig *rig(int vlan)
{
    struct tcp_config c = tcp_config_solaris();
    return light_rig_create(&c, 1, sim_gbps(10), sim_us(1), 1, vlan);
}

static struct generator_config usual(struct light_rig *r)
{
    struct generator_config c = generator_config_default();
    c.name = "gen";
    c.seed = 1;
    c.host = r->host[0];
    c.to = (struct host_addr){ light_rig_ip(1, 0), 9 };
    c.pace.line_rate = sim_gbps(10);
    c.pace.unit = PACER_FRAMES_PER_S;
    c.pace.rate_value = 1000000;
    return c;
}

static uint64_t frames_in(struct generator_config c, struct light_rig *r, sim_dur d)
{
    struct generator *g = generator_create(r->engine, r->stats, &c);
    ck_assert_ptr_nonnull(g);
    light_rig_run(r, sim_ps(d.ps - 1)); /* the frame due at 'd' itself is not counted */
    uint64_t n = generator_frames(g);
    light_rig_run(r, sim_us(10));
    generator_destroy(g);
    light_rig_destroy(r);
    return n;
}

START_TEST(generator__frame_rate_is_exact)
{
    static const int64_t rate[] = { 1, 7, 1000, 999983, 3333333 };
    for (int i = 0; i < 5; i++) {
        struct light_rig *r = rig(-1);
        struct generator_config c = usual(r);
        c.pace.rate_value = rate[i];
        uint64_t want = (uint64_t)((rate[i] * 333 + 999) / 1000); /* ceil(rate * 0.333) frames start in 333 ms */
        ck_assert_uint_eq(frames_in(c, r, sim_ms(333)), want);
    }
}
END_TEST

START_TEST(generator__line_share_and_bit_rate)
{
    static const struct {
        int32_t bytes;
        enum pacer_unit unit;
        int64_t value;
        uint64_t per_10ms; /* ceil of rate * 10 ms */
    } want[] = {
        { 64, PACER_LINE_SHARE, 1000000, 148810 },    /* 14,880,952 a second */
        { 1518, PACER_LINE_SHARE, 1000000, 8128 },    /* 812,744 a second */
        { 1518, PACER_LINE_SHARE, 500000, 4064 },
        { 64, PACER_LINE_SHARE, 10000, 1489 },
        { 1000, PACER_BITS_PER_S, 8000000000, 10000 },
        { 512, PACER_BITS_PER_S, 1000000000, 2442 },  /* 244,140.6 a second */
    };
    for (size_t i = 0; i < sizeof want / sizeof *want; i++)
        for (int burst = 1; burst <= 16; burst *= 16) {
            struct light_rig *r = rig(-1);
            struct generator_config c = usual(r);
            c.pace.frame_bytes_min = c.pace.frame_bytes_max = want[i].bytes;
            c.pace.unit = want[i].unit;
            c.pace.rate_value = want[i].value;
            c.burst = burst;
            uint64_t n = frames_in(c, r, sim_ms(10));
            if (burst == 1)
                ck_assert_uint_eq(n, want[i].per_10ms);
            else
                ck_assert_uint_eq(n, (want[i].per_10ms + 15) / 16 * 16);
        }
}
END_TEST

START_TEST(generator__back_to_back_never_queues)
{
    struct light_rig *r = rig(-1);
    struct generator_config c = usual(r);
    c.pace.unit = PACER_LINE_SHARE;
    c.pace.rate_value = 1000000;
    struct generator *g = generator_create(r->engine, r->stats, &c);
    light_rig_run(r, sim_ms(5));
    stats_mark(r->stats);
    light_rig_run(r, sim_ms(5));
    ck_assert_uint_eq(stats_value(r->stats, "link", "l0", "wait_ps"), 0);
    ck_assert_uint_ge(stats_value(r->stats, "link", "l0", "busy_ps"), (uint64_t)sim_ms(5).ps - 100000);
    generator_destroy(g);
    light_rig_destroy(r);
}
END_TEST

START_TEST(generator__poisson_has_the_mean_and_the_spread)
{
    struct light_rig *r = rig(-1);
    struct generator_config c = usual(r);
    c.pace.gaps = PACER_POISSON;
    c.pace.rate_value = 500000;
    struct generator *g = generator_create(r->engine, r->stats, &c);
    double sum = 0, squares = 0;
    enum { WINDOWS = 400 };
    for (int i = 0; i < WINDOWS; i++) {
        uint64_t before = generator_frames(g);
        light_rig_run(r, sim_us(200)); /* 100 frames expected */
        double n = (double)(generator_frames(g) - before);
        sum += n;
        squares += n * n;
    }
    double mean = sum / WINDOWS, variance = squares / WINDOWS - mean * mean;
    ck_assert_double_eq_tol(mean, 100, 4 * 10 / sqrt(WINDOWS));
    ck_assert_double_eq_tol(variance, 100, 4 * 100 * sqrt(2.0 / WINDOWS)); /* of a Poisson count: its mean */
    generator_destroy(g);
    light_rig_destroy(r);
}
END_TEST

static struct {
    uint32_t count, ports[4], min, max;
    uint16_t last_id;
} tapped;

static void tap(void *owner, const struct packet *q, sim_time start)
{
    struct packet p = *q;
    (void)owner, (void)start;
    p.l3 = p.l4 = p.payload = 0;
    ck_assert(headers_parse(&p));
    headers_finish(&p);
    ck_assert_uint_eq(checksum_fold(checksum_add(0, p.hdr + p.l3, 20)), 0);
    ck_assert_uint_eq(get_be16(p.hdr + p.l3 + 2), p.len - p.l3);
    ck_assert_uint_eq(get_be16(p.hdr + p.l4 + 4), p.len - p.l4);
    uint32_t sum = checksum_add(IPPROTO_UDP_ + p.len - p.l4, p.hdr + p.l3 + 12, 8);
    ck_assert_uint_eq(checksum_fold(checksum_add(sum, p.hdr + p.l4, 8)), 0);
    if (tapped.count++) ck_assert_uint_eq(get_be16(p.hdr + p.l3 + 4), (tapped.last_id + 1) & 65535);
    tapped.last_id = get_be16(p.hdr + p.l3 + 4);
    uint16_t port = get_be16(p.hdr + p.l4);
    ck_assert_uint_ge(port, 1024);
    ck_assert_uint_lt(port, 1028);
    tapped.ports[port - 1024]++;
    if (p.len + 4 < tapped.min) tapped.min = p.len + 4;
    if (p.len + 4 > tapped.max) tapped.max = p.len + 4;
}

static sim_time now_of(void *owner)
{
    return engine_now(owner);
}

START_TEST(generator__udp_bytes_flows_and_sizes)
{
    for (int vlan = -1; vlan < 50; vlan += 42) {
        struct light_rig *r = rig(vlan);
        struct generator_config c = usual(r);
        memset(&tapped, 0, sizeof tapped);
        tapped.min = UINT32_MAX;
        link_add_tap(r->wire[0][0], tap, NULL);
        struct udp_sink *sink = udp_sink_create(r->pool, r->stats, "sink", now_of, r->engine);
        ck_assert(light_udp_sink(r->host[1], 9, udp_sink(sink)));
        c.flows = 4;
        c.pace.frame_bytes_min = 64;
        c.pace.frame_bytes_max = 1518;
        c.pace.unit = PACER_BITS_PER_S;
        c.pace.rate_value = 1000000000;
        c.frames_max = 40000;
        struct generator *g = generator_create(r->engine, r->stats, &c);
        light_rig_run(r, sim_ms(400));
        ck_assert_uint_eq(tapped.count, 40000);
        for (int i = 0; i < 4; i++) ck_assert_uint_eq(tapped.ports[i], 10000);
        ck_assert_uint_eq(tapped.min, 64);
        ck_assert_uint_eq(tapped.max, 1518);
        double mean = (double)stats_value(r->stats, "app", "gen", "bytes") / 40000;
        ck_assert_double_eq_tol(mean, 791, 4 * 420 / sqrt(40000));
        ck_assert_uint_eq(udp_sink_packets(sink), 40000);
        uint32_t headers = 14 + (vlan < 0 ? 0 : 4) + 20 + 8 + 4;
        ck_assert_uint_eq(udp_sink_bytes(sink), stats_value(r->stats, "app", "gen", "bytes") - 40000 * headers);
        generator_destroy(g);
        light_rig_destroy(r);
        udp_sink_destroy(sink);
    }
}
END_TEST

START_TEST(generator__raw_ethernet_and_stop)
{
    struct light_rig *r = rig(-1);
    struct generator_config c = usual(r);
    c.kind = GENERATOR_ETHERNET;
    c.to_mac = light_rig_mac(1, 0);
    c.stop = (sim_time){ sim_ms(2).ps };
    struct udp_sink *sink = udp_sink_create(r->pool, r->stats, "sink", now_of, r->engine);
    ck_assert(light_udp_sink(r->host[1], 0, udp_sink(sink)));
    struct generator *g = generator_create(r->engine, r->stats, &c);
    light_rig_run(r, sim_ms(10));
    ck_assert_uint_eq(udp_sink_packets(sink), 2000);
    ck_assert_uint_eq(udp_sink_bytes(sink), 2000 * 60);
    generator_destroy(g);
    light_rig_destroy(r);
    udp_sink_destroy(sink);
}
END_TEST

START_TEST(generator_create__refuses_nonsense)
{
    struct light_rig *r = rig(-1);
    struct generator_config good = usual(r), c;
    c = good, c.flows = 0;
    ck_assert_ptr_null(generator_create(r->engine, NULL, &c));
    c = good, c.pace.frame_bytes_min = 63;
    ck_assert_ptr_null(generator_create(r->engine, NULL, &c));
    c = good, c.pace.frame_bytes_max = 63;
    ck_assert_ptr_null(generator_create(r->engine, NULL, &c));
    c = good, c.pace.rate_value = 0;
    ck_assert_ptr_null(generator_create(r->engine, NULL, &c));
    c = good, c.pace.unit = PACER_LINE_SHARE, c.pace.rate_value = 1000001;
    ck_assert_ptr_null(generator_create(r->engine, NULL, &c));
    c = good, c.to.ip = 1;
    ck_assert_ptr_null(generator_create(r->engine, NULL, &c));
    c = good, c.link = 3;
    ck_assert_ptr_null(generator_create(r->engine, NULL, &c));
    light_rig_destroy(r);
}
END_TEST

Suite *generator_suite(void)
{
    Suite *s = suite_create("generator");
    TCase *t = tcase_create("generator");
    tcase_set_timeout(t, 60);
    tcase_add_test(t, generator__frame_rate_is_exact);
    tcase_add_test(t, generator__line_share_and_bit_rate);
    tcase_add_test(t, generator__back_to_back_never_queues);
    tcase_add_test(t, generator__poisson_has_the_mean_and_the_spread);
    tcase_add_test(t, generator__udp_bytes_flows_and_sizes);
    tcase_add_test(t, generator__raw_ethernet_and_stop);
    tcase_add_test(t, generator_create__refuses_nonsense);
    suite_add_tcase(s, t);
    return s;
}
