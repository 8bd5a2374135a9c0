/* SPDX-License-Identifier: GPL-3.0-or-later
 * test_uperf.c -- streams between two light hosts. */
#include <stdio.h>
#include <string.h>

#include "endpoint/uperf.h"
#include "light_rig.h"
#include "suites.h"

static struct light_rig *usual(void)
{
    struct tcp_config c = tcp_config_solaris();
    return light_rig_create(&c, 1, sim_gbps(10), sim_us(5), 1, -1);
}

static struct uperf_config profile(struct light_rig *r, const char *name, int streams)
{
    struct uperf_config c = uperf_config_default();
    c.name = name;
    c.seed = 1;
    c.master = light_host(r->host[0]);
    c.slave = light_host(r->host[1]);
    c.slave_addr = (struct host_addr){ light_rig_ip(1, 0), 20000 };
    c.streams = streams;
    return c;
}

START_TEST(uperf_create__every_stream_runs_and_what_is_written_is_read)
{
    for (int slave_sends = 0; slave_sends < 2; slave_sends++) {
        struct light_rig *r = usual();
        struct uperf_config c = profile(r, "u", 10);
        c.sender = slave_sends ? UPERF_SLAVE_SENDS : UPERF_MASTER_SENDS;
        c.stop = (sim_time){ sim_ms(30).ps };
        struct uperf *u = uperf_create(r->engine, r->stats, &c);
        ck_assert_ptr_nonnull(u);
        light_rig_run(r, sim_ms(200));
        ck_assert_uint_gt(uperf_written_bytes(u), 10000000);
        ck_assert_uint_eq(uperf_written_bytes(u), uperf_read_bytes(u));
        for (int i = 0; i < 10; i++) {
            char name[32];
            snprintf(name, sizeof name, "u/stream%d", i);
            ck_assert_uint_eq(stats_value(r->stats, "app", name, "connects"), 1);
            ck_assert_uint_eq(stats_value(r->stats, "app", name, "failures"), 0);
            ck_assert_uint_gt(stats_value(r->stats, "app", name, "read_bytes"), 1000000);
        }
        ck_assert_uint_eq(stats_value(r->stats, "tcp", "left", "established"), 10);
        light_rig_run(r, sim_ms(61000));
        ck_assert_uint_eq(tcp_conn_count(light_tcp(r->host[0])) + tcp_conn_count(light_tcp(r->host[1])), 0);
        uperf_destroy(u);
        light_rig_destroy(r);
    }
}
END_TEST

START_TEST(uperf_create__ten_streams_fill_the_wire)
{
    struct light_rig *r = usual();
    struct uperf_config c = profile(r, "u", 10);
    struct uperf *u = uperf_create(r->engine, r->stats, &c);
    light_rig_run(r, sim_ms(20));
    uint64_t before = uperf_read_bytes(u);
    light_rig_run(r, sim_ms(100));
    uint64_t got = uperf_read_bytes(u) - before, want = (uint64_t)sim_bytes_in(sim_ms(100), sim_gbps(10)) * 1448 / 1538;
    ck_assert_uint_ge(got, want * 998 / 1000);
    ck_assert_uint_le(got, want * 1001 / 1000);
    uperf_destroy(u);
    light_rig_destroy(r);
}
END_TEST

START_TEST(uperf_create__think_time_paces_blocks)
{
    struct light_rig *r = usual();
    struct uperf_config c = profile(r, "u", 1);
    c.think = sim_us(500);
    c.jitter = sim_ps(0);
    struct uperf *u = uperf_create(r->engine, r->stats, &c);
    light_rig_run(r, sim_ms(100));
    uint64_t writes = stats_value(r->stats, "app", "u/stream0", "writes");
    ck_assert_uint_ge(writes, 199);
    ck_assert_uint_le(writes, 200);
    uperf_destroy(u);
    light_rig_destroy(r);
}
END_TEST

START_TEST(uperf_create__bad_numbers_and_a_port_in_use)
{
    struct light_rig *r = usual();
    struct uperf_config c = profile(r, "u", 0);
    ck_assert_ptr_null(uperf_create(r->engine, r->stats, &c));
    c.streams = 1;
    c.write_bytes = 0;
    ck_assert_ptr_null(uperf_create(r->engine, r->stats, &c));
    c.write_bytes = 1;
    struct uperf *u = uperf_create(r->engine, r->stats, &c);
    ck_assert_ptr_nonnull(u);
    c.name = "v";
    ck_assert_ptr_null(uperf_create(r->engine, r->stats, &c));
    uperf_destroy(u);
    light_rig_destroy(r);
}
END_TEST

START_TEST(uperf_create__dead_wire_is_counted_as_failure)
{
    struct light_rig *r = usual();
    struct uperf_config c = profile(r, "u", 2);
    link_set_up(r->wire[0][0], false);
    struct uperf *u = uperf_create(r->engine, r->stats, &c);
    light_rig_run(r, sim_ms(100000));
    ck_assert_uint_eq(stats_value(r->stats, "app", "u/stream0", "failures"), 1);
    ck_assert_uint_eq(stats_value(r->stats, "app", "u/stream1", "failures"), 1);
    uperf_destroy(u);
    light_rig_destroy(r);
}
END_TEST

static uint64_t digest_of(uint64_t seed)
{
    struct light_rig *r = usual();
    struct uperf_config c = profile(r, "u", 5);
    c.seed = seed;
    struct uperf *u = uperf_create(r->engine, r->stats, &c);
    light_rig_run(r, sim_ms(20));
    uint64_t digest = light_rig_digest(r);
    uperf_destroy(u);
    light_rig_destroy(r);
    return digest;
}

START_TEST(uperf_create__same_seed_same_counters)
{
    ck_assert_uint_eq(digest_of(1), digest_of(1));
    ck_assert_uint_ne(digest_of(1), digest_of(2));
}
END_TEST

Suite *uperf_suite(void)
{
    Suite *s = suite_create("uperf");
    TCase *t = tcase_create("uperf");
    tcase_set_timeout(t, 60);
    tcase_add_test(t, uperf_create__every_stream_runs_and_what_is_written_is_read);
    tcase_add_test(t, uperf_create__ten_streams_fill_the_wire);
    tcase_add_test(t, uperf_create__think_time_paces_blocks);
    tcase_add_test(t, uperf_create__bad_numbers_and_a_port_in_use);
    tcase_add_test(t, uperf_create__dead_wire_is_counted_as_failure);
    tcase_add_test(t, uperf_create__same_seed_same_counters);
    suite_add_tcase(s, t);
    return s;
}
