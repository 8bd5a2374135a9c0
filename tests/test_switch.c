/* SPDX-License-Identifier: GPL-3.0-or-later
 * test_switch.c -- a star of hosts: who receives which frame, and who must not. */
#include <check.h>
#include <stdio.h>
#include <string.h>

#include "core/rng.h"
#include "net/switch.h"
#include "suites.h"

enum { PORTS = 5, FRAME = 100 };

static struct engine *engine;
static struct stats *stats;
static struct packet_pool *pool;
static struct ether_switch *sw;
static struct link *in[PORTS], *out[PORTS];

/* What the host at each port received. */
static struct { int count; int vlan; uint32_t len; int64_t at; uint8_t payload; } got[PORTS];

static void receive(void *owner, struct packet *p)
{
    int port = (int)((char *)owner - (char *)got) / (int)sizeof *got;
    got[port].count++;
    got[port].vlan = headers_vlan(p);
    got[port].len = p->len;
    got[port].at = engine_now(engine).ps;
    got[port].payload = packet_byte(p, p->len - 1);
    packet_deliver(pool, p);
}

static void build(const struct switch_config *config)
{
    engine = engine_create();
    stats = stats_create();
    pool = packet_pool_create();
    memset(got, 0, sizeof got);
    sw = switch_create(engine, stats, pool, config);
    for (int i = 0; i < PORTS; i++) {
        char name[16];
        snprintf(name, sizeof name, "in%d", i);
        in[i] = link_create(engine, stats, pool, &(struct link_config){ name, sim_gbps(10), sim_ns(100), 1 << 20 });
        snprintf(name, sizeof name, "out%d", i);
        out[i] = link_create(engine, stats, pool, &(struct link_config){ name, sim_gbps(10), sim_ns(100), 1 << 20 });
        ck_assert_int_eq(switch_add_port(sw, out[i]), i);
        link_connect(in[i], switch_port_sink(sw, i));
        link_connect(out[i], (struct packet_sink){ receive, &got[i] });
    }
}

static void setup(void)
{
    build(&(struct switch_config){ .name = "switch", .latency = sim_us(1) });
}

static void teardown(void)
{
    engine_run(engine, sim_add(engine_now(engine), sim_ms(1)));
    packet_pool_check(pool);
    for (int i = 0; i < PORTS; i++) {
        link_destroy(in[i]);
        link_destroy(out[i]);
    }
    switch_destroy(sw);
    switch_destroy(NULL);
    stats_destroy(stats);
    engine_destroy(engine);
    packet_pool_destroy(pool);
}

static struct mac_addr host(int i)
{
    return (struct mac_addr){ { 2, 0, 0, 0, 0, (uint8_t)i } };
}
static const struct mac_addr broadcast = { { 255, 255, 255, 255, 255, 255 } };

/* A frame of 'len' bytes without FCS, tagged when 'vlan' >= 0; its last byte is 0x5a. */
static struct packet *frame(struct mac_addr dst, struct mac_addr src, int vlan, uint32_t len)
{
    static uint8_t b[16384];
    memset(b, 0, sizeof b);
    memcpy(b, dst.byte, 6);
    memcpy(b + 6, src.byte, 6);
    put_be16(b + 12, vlan < 0 ? 0x88b5 : ETHERTYPE_VLAN);
    put_be16(b + 14, vlan < 0 ? 0 : (uint32_t)vlan | 0xa000);
    put_be16(b + 16, vlan < 0 ? 0 : 0x88b5);
    b[len - 1] = 0x5a;
    struct packet *p = packet_new(pool, engine_now(engine));
    packet_write(p, b, len);
    return p;
}

/* Sends and lets it arrive; a bit per port that received it. */
static unsigned sent_by(int port, struct packet *p)
{
    unsigned who = 0;
    for (int i = 0; i < PORTS; i++) got[i].count = 0;
    link_send(in[port], p);
    engine_run(engine, sim_add(engine_now(engine), sim_us(100)));
    for (int i = 0; i < PORTS; i++) {
        ck_assert_int_le(got[i].count, 1);
        if (got[i].count) who |= 1u << i;
    }
    return who;
}

static unsigned send(int port, struct mac_addr dst, struct mac_addr src, int vlan)
{
    return sent_by(port, frame(dst, src, vlan, FRAME));
}

static uint64_t counter(const char *name)
{
    return stats_value(stats, "switch", "switch", name);
}

static uint64_t dropped(enum drop_reason why)
{
    return packet_pool_ledger(pool)->dropped[why];
}

START_TEST(switch_receive__floods_then_learns)
{
    ck_assert_uint_eq(send(0, host(1), host(0), -1), 0x1e);
    ck_assert_uint_eq(send(1, host(0), host(1), -1), 0x01);
    ck_assert_uint_eq(send(0, host(1), host(0), -1), 0x02);
    ck_assert_uint_eq(send(2, broadcast, host(2), -1), 0x1b);
    ck_assert_uint_eq(send(2, (struct mac_addr){ { 1, 0, 0x5e, 1, 2, 3 } }, host(2), -1), 0x1b);
    ck_assert_uint_eq(counter("flooded"), 3);
    ck_assert_uint_eq(counter("copies"), 9);
    ck_assert_uint_eq(counter("forwarded"), 2);
    ck_assert_uint_eq(counter("learned"), 3);
    ck_assert_int_eq(switch_lookup(sw, host(1), 1), 1);
    ck_assert_int_eq(switch_lookup(sw, host(4), 1), -1);
    ck_assert_int_eq(switch_lookup(sw, broadcast, 1), -1);
    ck_assert_uint_eq(got[0].payload, 0x5a);
}
END_TEST

START_TEST(switch_receive__store_and_forward_time)
{
    switch_set_static(sw, host(1), 1, 1);
    sent_by(0, frame(host(1), host(0), -1, 1514));
    int64_t wire = (1514 + 4 + 8) * 800, delay = 100000, latency = 1000000;
    ck_assert_int_eq(got[1].at, wire + delay + latency + wire + delay);
}
END_TEST

START_TEST(switch_receive__same_port_is_filtered)
{
    send(0, broadcast, host(0), -1);
    send(0, broadcast, host(9), -1);
    ck_assert_uint_eq(send(0, host(9), host(0), -1), 0);
    ck_assert_uint_eq(dropped(DROP_SWITCH_SAME_PORT), 1);
    ck_assert_uint_eq(counter("same_port"), 1);
}
END_TEST

START_TEST(switch_receive__address_moves)
{
    send(0, broadcast, host(7), -1);
    ck_assert_uint_eq(send(1, host(7), host(1), -1), 0x01);
    send(3, broadcast, host(7), -1);
    ck_assert_uint_eq(send(1, host(7), host(1), -1), 0x08);
    ck_assert_uint_eq(counter("moved"), 1);
}
END_TEST

START_TEST(switch_receive__forgets_after_300_s)
{
    send(0, broadcast, host(0), -1);
    int64_t heard = engine_now(engine).ps - 100000000;
    engine_run(engine, (sim_time){ heard + 300000000000000 });
    ck_assert_uint_eq(send(1, host(0), host(1), -1), 0x01);
    engine_run(engine, (sim_time){ heard + 300000200000000 });
    ck_assert_int_eq(switch_lookup(sw, host(0), 1), -1);
    ck_assert_uint_eq(send(1, host(0), host(1), -1), 0x1d);
    send(0, broadcast, host(0), -1);
    ck_assert_uint_eq(counter("aged"), 1);
    ck_assert_uint_eq(counter("learned"), 3);
}
END_TEST

START_TEST(switch_set_static__neither_ages_nor_moves)
{
    ck_assert(switch_set_static(sw, host(7), 1, 2));
    send(3, broadcast, host(7), -1);
    ck_assert_uint_eq(send(0, host(7), host(0), -1), 0x04);
    engine_run(engine, (sim_time){ 1000000000000000 });
    ck_assert_uint_eq(send(0, host(7), host(0), -1), 0x04);
    ck_assert_uint_eq(counter("moved"), 0);
}
END_TEST

START_TEST(switch_receive__full_table_floods_and_counts)
{
    teardown();
    build(&(struct switch_config){ .name = "switch", .table_entries = 3, .ageing = sim_ms(10) });
    for (int i = 10; i < 15; i++) send(0, broadcast, host(i), -1);
    ck_assert_uint_eq(counter("learned"), 3);
    ck_assert_uint_eq(counter("table_full"), 2);
    ck_assert(!switch_set_static(sw, host(1), 1, 1));
    ck_assert_uint_eq(send(1, host(10), host(14), -1), 0x01);
    ck_assert_uint_eq(send(1, host(14), host(10), -1), 0x1d);
    engine_run(engine, sim_add(engine_now(engine), sim_ms(11)));
    send(4, broadcast, host(20), -1);
    ck_assert_uint_eq(counter("aged"), 3);
    ck_assert_int_eq(switch_lookup(sw, host(20), 1), 4);
    ck_assert_int_eq(switch_lookup(sw, host(11), 1), -1);
}
END_TEST

START_TEST(switch_receive__bad_and_reserved_frames_stay_out)
{
    struct packet *bad_fcs = frame(broadcast, host(0), -1, FRAME), *tiny = frame(broadcast, host(0), -1, FRAME);
    bad_fcs->flags |= PACKET_FCS_BAD;
    tiny->hdr_len = 13;
    tiny->len = 13;
    ck_assert_uint_eq(sent_by(0, bad_fcs), 0);
    ck_assert_uint_eq(sent_by(0, tiny), 0);
    ck_assert_uint_eq(sent_by(0, frame(broadcast, host(0), -1, 9217)), 0);
    ck_assert_uint_eq(sent_by(0, frame(host(1), (struct mac_addr){ { 3, 0, 0, 0, 0, 1 } }, -1, FRAME)), 0);
    ck_assert_uint_eq(dropped(DROP_SWITCH_BAD_FRAME), 4);
    ck_assert_uint_eq(sent_by(0, frame(broadcast, host(0), -1, 9216)), 0x1e);
    ck_assert_uint_eq(sent_by(0, frame(broadcast, host(0), 1, 9220)), 0x1e);
    for (uint8_t last = 0; last < 16; last++)
        ck_assert_uint_eq(send(0, (struct mac_addr){ { 1, 0x80, 0xc2, 0, 0, last } }, host(0), -1), 0);
    ck_assert_uint_eq(dropped(DROP_SWITCH_RESERVED), 16);
    ck_assert_uint_eq(send(0, (struct mac_addr){ { 1, 0x80, 0xc2, 0, 0, 0x10 } }, host(0), -1), 0x1e);
}
END_TEST

/* -- VLANs ------------------------------------------------------------------------------------------------------ */

START_TEST(switch_set_port_vlan__access_ports_are_islands)
{
    switch_set_port_vlan(sw, 0, 10, false);
    switch_set_port_vlan(sw, 1, 10, false);
    switch_set_port_vlan(sw, 2, 20, false);
    switch_set_port_vlan(sw, 3, 20, false);
    ck_assert_uint_eq(send(0, broadcast, host(0), -1), 0x12); /* port 4 is a trunk */
    ck_assert_int_eq(got[1].vlan, -1);
    ck_assert_uint_eq(got[1].len, FRAME);
    ck_assert_int_eq(got[4].vlan, 10);
    ck_assert_uint_eq(got[4].len, FRAME + 4);
    ck_assert_uint_eq(got[4].payload, 0x5a);
    ck_assert_uint_eq(send(2, host(0), host(2), -1), 0x18); /* known, but in another VLAN */
    ck_assert_uint_eq(send(4, host(0), host(4), 10), 0x01);
    ck_assert_int_eq(got[0].vlan, -1);
    ck_assert_uint_eq(got[0].len, FRAME - 4);
    ck_assert_uint_eq(send(4, broadcast, host(4), 30), 0);
    ck_assert_uint_eq(dropped(DROP_SWITCH_VLAN), 1);
    ck_assert_uint_eq(send(0, broadcast, host(0), 20), 0); /* a foreign tag is not admitted */
    ck_assert_uint_eq(send(0, broadcast, host(0), 10), 0x12);
    ck_assert_uint_eq(send(4, broadcast, host(4), 4095), 0); /* reserved by 802.1Q */
    ck_assert_uint_eq(dropped(DROP_SWITCH_VLAN), 3);
}
END_TEST

START_TEST(switch_set_port_vlan__trunks_keep_tags_and_priority)
{
    switch_set_port_vlan(sw, 4, 7, true);
    ck_assert_uint_eq(send(0, broadcast, host(0), 7), 0x1e);
    ck_assert_int_eq(got[1].vlan, 7);
    ck_assert_uint_eq(got[1].len, FRAME);
    ck_assert_int_eq(got[4].vlan, -1); /* its own VLAN leaves untagged */
    ck_assert_uint_eq(send(4, broadcast, host(4), 0), 0x0f); /* priority tag: VLAN 7 */
    ck_assert_int_eq(got[0].vlan, 7);
    ck_assert_uint_eq(got[0].len, FRAME);
    ck_assert_uint_eq(send(0, broadcast, host(0), 0), 0x1e); /* priority tag: VLAN 1 */
    ck_assert_int_eq(got[1].vlan, -1);
    ck_assert_int_eq(got[4].vlan, 1);
    ck_assert_int_eq(switch_lookup(sw, host(0), 7), 0);
    ck_assert_int_eq(switch_lookup(sw, host(0), 1), 0);
}
END_TEST

START_TEST(switch_receive__static_entry_outside_the_vlan)
{
    switch_set_port_vlan(sw, 1, 10, false);
    switch_set_static(sw, host(1), 1, 1);
    ck_assert_uint_eq(send(0, host(1), host(0), -1), 0);
    ck_assert_uint_eq(dropped(DROP_SWITCH_VLAN), 1);
}
END_TEST

START_TEST(switch_receive__no_room_for_a_tag)
{
    struct packet *p = frame(broadcast, host(0), -1, 1000);
    ck_assert_uint_eq(p->hdr_len, PACKET_HDR_MAX);
    switch_set_port_vlan(sw, 0, 10, true);
    ck_assert_uint_eq(sent_by(0, p), 0);
    ck_assert_uint_eq(dropped(DROP_SWITCH_BAD_FRAME), 4);
}
END_TEST

/* -- load ------------------------------------------------------------------------------------------------------- */

/* Three ports send to one at full rate: its queue fills, two thirds are dropped there and nowhere else, by name. */
START_TEST(switch_receive__overload_fills_the_egress_queue)
{
    switch_set_static(sw, host(0), 1, 0);
    for (int i = 0; i < 3; i++)
        for (int k = 0; k < 680; k++) link_send(in[1 + i], frame(host(0), host(1 + i), -1, 1514));
    engine_run(engine, (sim_time){ 10000000000 });
    uint64_t full = dropped(DROP_LINK_FULL);
    ck_assert_uint_eq(full, stats_value(stats, "link", "out0", "drops"));
    ck_assert_uint_eq((uint64_t)got[0].count + full, 3 * 680);
    ck_assert_int_ge(got[0].count, 680 + 680);       /* a queue's worth beyond the rate */
    ck_assert_int_le(got[0].count, 680 + 691);
    ck_assert_uint_le(stats_value(stats, "link", "out0", "queue_bytes_max"), 1 << 20);
}
END_TEST

static uint64_t random_run(uint64_t seed)
{
    uint64_t digest = seed, broadcasts = 0, received = 0;
    setup();
    struct rng *r = rng_create(seed, "hosts");
    for (int i = 0; i < PORTS; i++) send(i, broadcast, host(i), -1);
    for (int i = 0; i < 3000; i++) {
        int from = (int)rng_below(r, PORTS), to = (int)rng_below(r, PORTS);
        bool all = rng_below(r, 8) == 0;
        unsigned who = send(from, all ? broadcast : host(to), host(from), -1);
        ck_assert_uint_eq(who, all ? 0x1fu & ~(1u << from) : from == to ? 0 : 1u << to);
        broadcasts += all;
        received += who != 0;
        for (int k = 0; k < PORTS; k++) digest = (digest ^ (uint64_t)got[k].at) * 1099511628211u;
    }
    ck_assert_uint_eq(counter("flooded"), broadcasts + PORTS);
    ck_assert_uint_gt(received, 2000);
    rng_destroy(r);
    teardown();
    return digest;
}

START_TEST(switch_receive__random_hosts_each_frame_once)
{
    teardown();
    ck_assert_uint_eq(random_run(1), random_run(1));
    setup();
}
END_TEST

/* Bursts of frames among addresses that move, age and have no room in the table, on ports whose VLANs change.  Returns a
 * digest of who got what when and of all counters; *events: how many it took. */
static uint64_t bursts(uint64_t seed, bool through, uint64_t *events)
{
    static const char *const link_counters[] = { "packets", "bytes", "wire_bytes", "busy_ps", "drops", "wait_ps" };
    static const char *const switch_counters[] = { "forwarded", "flooded", "learned", "moved", "aged", "table_full", "vlan" };
    enum { HOSTS = 12 };
    int at[HOSTS];
    uint64_t digest = seed;
    struct rng *r = rng_create(seed, "bursts");

    build(&(struct switch_config){ .name = "switch", .latency = sim_us(1), .ageing = sim_ms(2), .table_entries = 11 });
    for (int i = 0; through && i < PORTS; i++) switch_set_ingress(sw, i, in[i]);
    for (int i = 0; i < HOSTS; i++) at[i] = i % PORTS;
    for (int burst = 0; burst < 300; burst++) {
        if (burst % 50 == 49) switch_set_port_vlan(sw, burst / 50 % PORTS, 1 + burst / 50 % 2, burst % 100 == 99);
        int mover = (int)rng_below(r, HOSTS);
        at[mover] = (int)rng_below(r, PORTS);
        send(at[mover], broadcast, host(mover), -1); /* else frames on their way to it would meet the move */
        int src = (int)rng_below(r, HOSTS), dst = (int)rng_below(r, HOSTS), other = (int)rng_below(r, HOSTS);
        for (int k = 0; k < 24; k++) {
            struct mac_addr to = rng_below(r, 64) ? host(rng_below(r, 4) ? dst : other) : broadcast;
            int vlan = rng_below(r, 16) ? -1 : (int)rng_below(r, 3);
            link_send(in[at[src]], frame(to, host(src), vlan, FRAME + (uint32_t)rng_below(r, 1000)));
            if (at[other] != at[src]) link_send(in[at[other]], frame(host(dst), host(other), vlan, FRAME));
        }
        for (int step = 0; step < 120; step++) {
            engine_run(engine, sim_add(engine_now(engine), sim_us(1)));
            for (int i = 0; i < PORTS; i++)
                digest = (digest ^ (uint64_t)got[i].at ^ (uint64_t)got[i].count << 40 ^ got[i].len ^
                          (uint64_t)got[i].vlan << 20) * 1099511628211u;
        }
    }
    for (size_t c = 0; c < sizeof switch_counters / sizeof *switch_counters; c++)
        digest = (digest ^ counter(switch_counters[c])) * 1099511628211u;
    for (size_t c = 0; c < sizeof link_counters / sizeof *link_counters; c++)
        for (int i = 0; i < PORTS; i++) {
            digest = (digest ^ stats_value(stats, "link", link_name(in[i]), link_counters[c])) * 1099511628211u;
            digest = (digest ^ stats_value(stats, "link", link_name(out[i]), link_counters[c])) * 1099511628211u;
        }
    *events = engine_view(engine)->events;
    rng_destroy(r);
    teardown();
    return digest;
}

START_TEST(switch_set_ingress__as_if_every_frame_arrived)
{
    teardown();
    for (uint64_t seed = 1; seed <= 5; seed++) {
        uint64_t events, fewer;
        ck_assert_uint_eq(bursts(seed, false, &events), bursts(seed, true, &fewer));
        ck_assert_uint_lt(fewer, events);
    }
    setup();
}
END_TEST

Suite *switch_suite(void)
{
    Suite *s = suite_create("switch");
    TCase *tc = tcase_create("switch");
    tcase_add_checked_fixture(tc, setup, teardown);
    tcase_set_timeout(tc, 30);
    tcase_add_test(tc, switch_receive__floods_then_learns);
    tcase_add_test(tc, switch_receive__store_and_forward_time);
    tcase_add_test(tc, switch_receive__same_port_is_filtered);
    tcase_add_test(tc, switch_receive__address_moves);
    tcase_add_test(tc, switch_receive__forgets_after_300_s);
    tcase_add_test(tc, switch_set_static__neither_ages_nor_moves);
    tcase_add_test(tc, switch_receive__full_table_floods_and_counts);
    tcase_add_test(tc, switch_receive__bad_and_reserved_frames_stay_out);
    tcase_add_test(tc, switch_set_port_vlan__access_ports_are_islands);
    tcase_add_test(tc, switch_set_port_vlan__trunks_keep_tags_and_priority);
    tcase_add_test(tc, switch_receive__static_entry_outside_the_vlan);
    tcase_add_test(tc, switch_receive__no_room_for_a_tag);
    tcase_add_test(tc, switch_receive__overload_fills_the_egress_queue);
    tcase_add_test(tc, switch_receive__random_hosts_each_frame_once);
    tcase_add_test(tc, switch_set_ingress__as_if_every_frame_arrived);
    suite_add_tcase(s, tc);
    return s;
}
