/* SPDX-License-Identifier: GPL-3.0-or-later
 * test_topology.c -- frames go where SimGrid says and arrive when arithmetic says. */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "core/rng.h"
#include "suites.h"
#include "topology/platform.h"
#include "topology/topology.h"

enum { MACHINES_MAX = 64, ROUTE_MAX = 16, SWITCH_LATENCY_PS = 1000000, CABLE_PS = 50000 };

static struct engine *engine;
static struct stats *stats;
static struct packet_pool *pool;
static struct scenario *scenario;
static struct topology *topology;

/* What the first NIC of each machine received. */
static struct receiver {
    uint64_t frames;
    int64_t at;        /* the last */
    uint64_t last_id;
    bool in_order;     /* ids ascend */
} got[MACHINES_MAX];
static uint64_t digest, from_machine[256]; /* frames by sender, from its address */

static void receive(void *owner, struct packet *p)
{
    struct receiver *r = owner;
    r->frames++;
    r->at = engine_now(engine).ps;
    r->in_order = r->in_order && (r->frames == 1 || p->id > r->last_id);
    r->last_id = p->id;
    from_machine[p->hdr[10]]++;
    digest = (digest ^ (uint64_t)r->at ^ p->id << 32 ^ (uint64_t)(r - got)) * UINT64_C(0x100000001b3);
    packet_deliver(pool, p);
}

static struct topology *build(const char *yaml, struct errors *errors)
{
    engine = engine_create();
    stats = stats_create();
    pool = packet_pool_create();
    scenario = scenario_parse("tests/topology.yaml", yaml, strlen(yaml), NULL, NULL, 0, errors);
    if (!scenario) errors_print(errors, stderr);
    ck_assert_ptr_nonnull(scenario);
    topology = topology_create(engine, stats, pool, scenario, errors);
    if (!topology) return NULL;
    digest = 0;
    memset(got, 0, sizeof got);
    memset(from_machine, 0, sizeof from_machine);
    for (size_t m = 0; m < scenario->machine_count && m < MACHINES_MAX; m++) {
        got[m].in_order = true;
        topology_set_receiver(topology, (int)m, 0, (struct packet_sink){ receive, &got[m] });
    }
    return topology;
}

static void setup(const char *yaml)
{
    struct errors errors;
    errors_init(&errors);
    build(yaml, &errors);
    errors_print(&errors, stderr);
    ck_assert_ptr_nonnull(topology);
    errors_fini(&errors);
}

static void teardown(void)
{
    packet_pool_check(pool);
    topology_destroy(topology);
    topology_destroy(NULL);
    stats_destroy(stats);
    packet_pool_destroy(pool);
    engine_destroy(engine);
    scenario_destroy(scenario);
}

static void run_to_end(void)
{
    while (engine_step(engine, SIM_TIME_MAX)) { /* until nothing is under way */ }
    ck_assert_uint_eq(packet_pool_held(pool), 0);
}

static const uint8_t *mac_of(int machine)
{
    return scenario->machines[machine].nics[0].mac;
}

static struct packet *frame(int from, const uint8_t *to, uint32_t len)
{
    struct packet *p = packet_new(pool, engine_now(engine));
    memcpy(p->hdr, to, 6);
    memcpy(p->hdr + 6, mac_of(from), 6);
    put_be16(p->hdr + 12, 0x88b5);
    p->hdr_len = 14;
    p->len = len;
    memset(p->cb, 0xa5, sizeof p->cb); /* whatever the NIC left there */
    return p;
}

static void send(int from, int to, uint32_t len)
{
    link_send(topology_port(topology, from, 0)->tx, frame(from, mac_of(to), len));
}

static int machine(const char *name)
{
    int m = scenario_find_machine(scenario, name);
    ck_assert_int_ge(m, 0);
    return m;
}

static int64_t wire_ps(uint32_t len, const struct link *l)
{
    return sim_wire_time(len + 24, link_config_of(l)->rate).ps - sim_wire_time(12, link_config_of(l)->rate).ps;
}

static uint64_t link_packets(const struct link *l)
{
    return stats_value(stats, "link", link_name(l), "packets");
}

static uint64_t all_link_packets(void)
{
    uint64_t sum = 0;
    for (size_t i = 0; i < stats_count(stats); i++)
        if (strcmp(stats_get(stats, i)->kind, "link") == 0)
            sum += stats_value(stats, "link", stats_get(stats, i)->entity, "packets");
    return sum;
}

/* Sends one frame between every pair of machines and checks that it crosses exactly the links of SimGrid's route. */
static void check_paths(void)
{
    int n = (int)scenario->machine_count;
    for (int a = 0; a < n; a++) {
        for (int b = 0; b < n; b++) {
            const struct link *links[ROUTE_MAX];
            uint64_t before[ROUTE_MAX], all = all_link_packets(), frames = got[b].frames;
            if (a == b) continue;
            size_t hops = topology_route(topology, a, 0, b, 0, links, ROUTE_MAX);
            ck_assert_uint_ge(hops, 1);
            ck_assert_uint_le(hops, ROUTE_MAX);
            for (size_t i = 0; i < hops; i++) before[i] = link_packets(links[i]);
            send(a, b, 100);
            run_to_end();
            for (size_t i = 0; i < hops; i++) ck_assert_uint_eq(link_packets(links[i]), before[i] + 1);
            ck_assert_uint_eq(all_link_packets(), all + hops);
            ck_assert_uint_eq(got[b].frames, frames + 1);
        }
    }
}

/* -- a scenario's own switches ---------------------------------------------------------------------------------- */

static const char star[] =
    "switches: {foundry: {rate: 10Gbps, latency: 1us}}\n"
    "machines: {'m[0-5]': {nics: {nic0: {wire: foundry}}}}\n";

START_TEST(topology_route__star_is_two_links)
{
    setup(star);
    const struct link *links[ROUTE_MAX];
    ck_assert_uint_eq(topology_route(topology, 1, 0, 4, 0, links, ROUTE_MAX), 2);
    ck_assert_ptr_eq(links[0], topology_port(topology, 1, 0)->tx);
    ck_assert_ptr_eq(links[1], topology_port(topology, 4, 0)->rx);
    ck_assert_str_eq(link_name(links[0]), "m1/nic0>foundry");
    ck_assert_str_eq(link_name(links[1]), "foundry>m4/nic0");
    for (int i = 0; i < 2; i++) {
        ck_assert_int_eq(link_config_of(links[i])->rate.bps, 10000000000);
        ck_assert_int_eq(link_config_of(links[i])->delay.ps, CABLE_PS);
    }
    ck_assert_uint_eq(topology_route(topology, 1, 0, 1, 0, links, ROUTE_MAX), 0);
    ck_assert_uint_eq(topology_route(topology, 1, 0, 4, 0, links, 0), 2);
    teardown();
}
END_TEST

START_TEST(topology__star_latency)
{
    static const uint32_t sizes[] = { 14, 60, 100, 1514 };
    setup(star);
    for (size_t i = 0; i < 4; i++) {
        uint32_t len = sizes[i] < 60 ? 60 : sizes[i];
        int64_t start = engine_now(engine).ps;
        send(0, 5, sizes[i]);
        run_to_end();
        int64_t expected = 2 * (wire_ps(len, topology_port(topology, 0, 0)->tx) + CABLE_PS) + SWITCH_LATENCY_PS;
        ck_assert_int_eq(got[5].at - start, expected);
        engine_run(engine, sim_add(engine_now(engine), sim_us(1)));
    }
    check_paths();
    teardown();
}
END_TEST

START_TEST(topology__cable_runs_at_its_slower_end)
{
    setup("switches: {slow: {rate: 1Gbps}, fast: {rate: 100Gbps}}\n"
          "wires: [{between: [slow, fast], rate: 40Gbps, delay: 1us}]\n"
          "machines:\n"
          "  a: {nics: {nic0: {wire: slow, rate: 10Gbps}}}\n"
          "  b: {nics: {nic0: {wire: fast, rate: 25Gbps, delay: 7ns}}}\n");
    ck_assert_int_eq(link_config_of(topology_port(topology, 0, 0)->tx)->rate.bps, 1000000000);
    ck_assert_int_eq(link_config_of(topology_port(topology, 1, 0)->tx)->rate.bps, 25000000000);
    ck_assert_int_eq(link_config_of(topology_port(topology, 1, 0)->rx)->delay.ps, 7000);
    const struct link *links[ROUTE_MAX];
    ck_assert_uint_eq(topology_route(topology, 0, 0, 1, 0, links, ROUTE_MAX), 3);
    ck_assert_str_eq(link_name(links[1]), "slow>fast");
    ck_assert_int_eq(link_config_of(links[1])->rate.bps, 40000000000);
    ck_assert_int_eq(link_config_of(links[1])->delay.ps, 1000000);
    teardown();
}
END_TEST

/* Two rings of switches sharing one, a double cable, a slow short cut, and a switch without machines. */
static const char rings[] =
    "switches: {'s[0-6]': {}, lonely: {}}\n"
    "wires:\n"
    "  - {between: [s0, s1]}\n"
    "  - {between: [s1, s2]}\n"
    "  - {between: [s2, s0]}\n"
    "  - {between: [s2, s3]}\n"
    "  - {between: [s3, s2]}\n"
    "  - {between: [s3, s4]}\n"
    "  - {between: [s4, s5]}\n"
    "  - {between: [s5, s6]}\n"
    "  - {between: [s6, s3]}\n"
    "  - {between: [s0, s5], rate: 100Mbps}\n"
    "machines:\n"
    "  'a[0-3]': {nics: {nic0: {wire: s0}}}\n"
    "  b: {nics: {nic0: {wire: s1}}}\n"
    "  c: {nics: {nic0: {wire: s2}}}\n"
    "  d: {nics: {nic0: {wire: s4}}}\n"
    "  e: {nics: {nic0: {wire: s5}}}\n"
    "  'f[0-1]': {nics: {nic0: {wire: s6}}}\n";

START_TEST(topology__frames_follow_simgrid_through_rings)
{
    setup(rings);
    check_paths();
    const struct link *links[ROUTE_MAX];
    ck_assert_uint_eq(topology_route(topology, machine("b"), 0, machine("c"), 0, links, ROUTE_MAX), 4);
    ck_assert_str_eq(link_name(links[1]), "s1>s0"); /* s1 - s2 is blocked: s0 is the root */
    teardown();
}
END_TEST

START_TEST(topology__floods_end)
{
    static const uint8_t everyone[6] = { 255, 255, 255, 255, 255, 255 }, stranger[6] = { 2, 9, 9, 9, 9, 9 };
    setup(rings);
    int n = (int)scenario->machine_count;
    for (int kind = 0; kind < 2; kind++) {
        for (int from = 0; from < n; from++) {
            uint64_t before[MACHINES_MAX];
            for (int m = 0; m < n; m++) before[m] = got[m].frames;
            link_send(topology_port(topology, from, 0)->tx, frame(from, kind ? stranger : everyone, 60));
            run_to_end();
            for (int m = 0; m < n; m++) ck_assert_uint_eq(got[m].frames, before[m] + (m != from));
        }
    }
    teardown();
}
END_TEST

START_TEST(topology__islands)
{
    setup("switches: {left: {}, right: {}}\n"
          "machines: {a: {nics: {nic0: {wire: left}}}, b: {nics: {nic0: {wire: right}}}}\n");
    send(0, 1, 60);
    run_to_end();
    ck_assert_uint_eq(got[1].frames, 0);
    teardown();
}
END_TEST

START_TEST(topology__vnics_are_known)
{
    setup("switches: {s0: {}, s1: {}}\n"
          "wires: [{between: [s0, s1]}]\n"
          "machines:\n"
          "  a: {nics: {nic0: {wire: s0}}}\n"
          "  b: {nics: {nic0: {wire: s1}}, links: {vnic1: {over: nic0}, vnic2: {over: nic0, vlan: 7}}}\n"
          "  c: {nics: {nic0: {wire: s0}}}\n");
    const struct scenario_link *links = scenario->machines[1].links;
    link_send(topology_port(topology, 0, 0)->tx, frame(0, links[0].mac, 60));
    struct packet *tagged = frame(0, links[1].mac, 60);
    put_be16(tagged->hdr + 12, ETHERTYPE_VLAN);
    put_be16(tagged->hdr + 14, 7);
    put_be16(tagged->hdr + 16, 0x88b5);
    tagged->hdr_len = 18;
    link_send(topology_port(topology, 0, 0)->tx, tagged);
    run_to_end();
    ck_assert_uint_eq(got[1].frames, 2);
    ck_assert_uint_eq(got[2].frames, 0);
    ck_assert_uint_eq(stats_value(stats, "switch", "s0", "flooded"), 0);
    teardown();
}
END_TEST

START_TEST(topology_capture_link__places)
{
    setup(rings);
    struct scenario_capture nic = { .machine = machine("d"), .at_switch = -1, .peer_switch = -1 };
    struct scenario_capture port = { .machine = machine("d"), .at_switch = 4, .peer_switch = -1 };
    struct scenario_capture wire = { .machine = -1, .at_switch = 3, .peer_switch = 4 };
    struct scenario_capture blocked = { .machine = -1, .at_switch = 1, .peer_switch = 2 };
    ck_assert_str_eq(link_name(topology_capture_link(topology, &nic, TOPOLOGY_OUT)), "d/nic0>s4");
    ck_assert_str_eq(link_name(topology_capture_link(topology, &nic, TOPOLOGY_IN)), "s4>d/nic0");
    ck_assert_str_eq(link_name(topology_capture_link(topology, &port, TOPOLOGY_OUT)), "s4>d/nic0");
    ck_assert_str_eq(link_name(topology_capture_link(topology, &port, TOPOLOGY_IN)), "d/nic0>s4");
    ck_assert_str_eq(link_name(topology_capture_link(topology, &wire, TOPOLOGY_OUT)), "s3>s4");
    ck_assert_str_eq(link_name(topology_capture_link(topology, &wire, TOPOLOGY_IN)), "s4>s3");
    ck_assert_ptr_null(topology_capture_link(topology, &blocked, TOPOLOGY_OUT));
    teardown();
}
END_TEST

/* Start-up with a thousand machines, whatever else the machine does meanwhile. */
START_TEST(topology_create__thousand_machines)
{
    struct timespec from, to;
    struct errors errors;
    errors_init(&errors);
    clock_gettime(CLOCK_MONOTONIC, &from);
    build("switches: {'leaf[0-19]': {}, 'spine[0-3]': {rate: 100Gbps}}\n"
          "wires: [{between: [spine0, spine1]}, {between: [spine1, spine2]}, {between: [spine2, spine3]},\n"
          "  {between: [leaf0, spine0]}, {between: [leaf1, spine1]}, {between: [leaf2, spine2]},\n"
          "  {between: [leaf3, spine3]}, {between: [leaf4, spine0]}, {between: [leaf5, leaf4]}]\n"
          "machines: {'m[0-999]': {nics: {nic0: {wire: leaf0}}}, n: {nics: {nic0: {wire: leaf5}}}}\n", &errors);
    clock_gettime(CLOCK_MONOTONIC, &to);
    ck_assert_ptr_nonnull(topology);
    double took = (double)(to.tv_sec - from.tv_sec) + (double)(to.tv_nsec - from.tv_nsec) * 1e-9;
    ck_assert_msg(took < 5, "start-up took %g s", took);
    const struct link *links[ROUTE_MAX];
    ck_assert_uint_eq(topology_route(topology, 7, 0, 993, 0, links, ROUTE_MAX), 2);
    ck_assert_uint_eq(topology_route(topology, 7, 0, 1000, 0, links, ROUTE_MAX), 5);
    send(7, 33, 60);
    send(993, 7, 60);
    run_to_end();
    ck_assert_uint_eq(got[33].frames + got[7].frames, 2);
    errors_fini(&errors);
    teardown();
}
END_TEST

/* -- flow level against packet level ---------------------------------------------------------------------------- */

/* A machine that sends frames with exponential gaps. */
static struct source {
    struct event event;
    struct rng *rng;
    int machine, to;
    sim_dur gap;
} sources[5];

static void source_fires(void *owner)
{
    struct source *s = owner;
    send(s->machine, s->to, 1514);
    engine_schedule_in(engine, &s->event, rng_exponential(s->rng, s->gap));
}

/* Five machines offer 4 Gbit/s each to one port of 10: SimGrid shares it out evenly, and drops do too. */
START_TEST(topology_flow_rates__agree_with_packets)
{
    setup(star);
    struct topology_flow flows[5];
    sim_rate rates[5];
    uint64_t before[5], all = 0;
    for (int i = 0; i < 5; i++) {
        char name[16];
        snprintf(name, sizeof name, "source%d", i);
        sources[i] = (struct source){ .machine = i, .to = 5, .gap = sim_ns(3076), .rng = rng_create(1, name) };
        event_init(&sources[i].event, engine_entity(engine, name), source_fires, &sources[i]);
        engine_schedule(engine, &sources[i].event, (sim_time){ 0 });
        flows[i] = (struct topology_flow){ i, 0, 5, 0 };
    }
    ck_assert_int_eq(topology_flow_rates(topology, flows, 5, rates), 0);
    engine_run(engine, (sim_time){ 20000000000 }); /* fills the queue: 2 MiB are 1.7 ms */
    for (int i = 0; i < 5; i++) before[i] = from_machine[i];
    engine_run(engine, (sim_time){ 220000000000 });
    for (int i = 0; i < 5; i++) {
        double seen = (double)((from_machine[i] - before[i]) * 1538 * 8) / 0.2;
        ck_assert_int_eq(rates[i].bps, 2000000000);
        ck_assert_double_eq_tol(seen, (double)rates[i].bps, 0.03 * (double)rates[i].bps);
        all += from_machine[i] - before[i];
    }
    ck_assert_uint_ge(all, 162548); /* 0.2 s of 812743.8 frames per second */
    ck_assert_uint_le(all, 162549);
    for (int i = 0; i < 5; i++) {
        engine_cancel(engine, &sources[i].event);
        rng_destroy(sources[i].rng);
    }
    run_to_end();
    teardown();
}
END_TEST

/* -- SimGrid platforms ------------------------------------------------------------------------------------------ */

static const char cluster[] =
    "platform: platforms/cluster.xml\n"
    "machines: {'red[0-7]': {nics: {nic0: {}}}, 'b[0-7]': {host: 'blue[0-7]', nics: {nic0: {rate: 1Gbps}}}}\n";
static const char by_hand[] =
    "platform: platforms/by_hand.xml\n"
    "machines: {anna: {nics: {nic0: {}}}, bert: {nics: {nic0: {}}}, cleo: {nics: {nic0: {}}}}\n";

static char *with_platform(const char *name)
{
    static char yaml[200];
    snprintf(yaml, sizeof yaml, "platform: platforms/%s.xml\nmachines: {'node[0-15]': {nics: {nic0: {}}}}\n", name);
    return yaml;
}

/* Wire times and delays of the links on the way; a fatpipe's wire time is nothing beside its delay. */
static int64_t expected_ps(int from, int to, uint32_t len)
{
    const struct link *links[ROUTE_MAX];
    struct platform *p = topology_platform(topology);
    int64_t sum = 0;
    size_t hops = topology_route(topology, from, 0, to, 0, links, ROUTE_MAX);
    for (size_t i = 0; i < hops; i++) {
        const struct platform_link *l = platform_link(p, (size_t)platform_find_link(p, link_name(links[i])));
        sum += l->latency.ps + (l->shared ? wire_ps(len, links[i]) : 0);
    }
    return sum;
}

static void check_latencies(void)
{
    static const uint32_t sizes[] = { 60, 1514 };
    int n = (int)scenario->machine_count;
    for (int a = 0; a < n; a++) {
        for (int b = 0; b < n; b++) {
            for (int i = 0; i < 2 && a != b; i++) {
                int64_t start = engine_now(engine).ps;
                send(a, b, sizes[i]);
                run_to_end();
                ck_assert_int_eq(got[b].at - start, expected_ps(a, b, sizes[i]));
                engine_run(engine, sim_add(engine_now(engine), sim_us(10))); /* let gaps pass */
            }
        }
    }
}

START_TEST(fabric__cluster_latency_and_paths)
{
    setup(cluster);
    ck_assert_str_eq(link_name(topology_port(topology, machine("red3"), 0)->tx), "red_link_3_UP");
    ck_assert_str_eq(link_name(topology_port(topology, machine("b3"), 0)->rx), "blue_link_3_DOWN");
    const struct link *links[ROUTE_MAX];
    ck_assert_uint_eq(topology_route(topology, machine("red0"), 0, machine("b1"), 0, links, ROUTE_MAX), 5);
    check_latencies();
    check_paths();
    teardown();
}
END_TEST

START_TEST(fabric__fat_tree_and_dragonfly)
{
    setup(with_platform(_i ? "dragonfly" : "fat_tree"));
    check_latencies();
    check_paths();
    teardown();
}
END_TEST

/* Everybody sends to everybody at random: frames of one pair stay in order, none is lost, and twice is the same. */
static uint64_t storm(void)
{
    setup(with_platform("fat_tree"));
    struct rng *rng = rng_create(7, "storm");
    uint64_t sent[16][16] = { { 0 } }, received = 0;
    for (int i = 0; i < 20000; i++) {
        int from = (int)rng_below(rng, 16), to = (int)rng_below(rng, 15);
        to += to >= from;
        send(from, to, 60 + rng_below(rng, 1455));
        sent[from][to]++;
        engine_run(engine, sim_add(engine_now(engine), sim_ns(rng_below(rng, 200))));
    }
    run_to_end();
    for (int m = 0; m < 16; m++) received += got[m].frames;
    ck_assert_uint_eq(received, 20000);
    uint64_t result = digest;
    rng_destroy(rng);
    teardown();
    return result;
}

START_TEST(fabric__storm_is_conserved_and_repeatable)
{
    uint64_t first = storm();
    ck_assert_uint_eq(storm(), first);
}
END_TEST

START_TEST(fabric__one_pair_stays_in_order)
{
    setup(cluster);
    struct rng *rng = rng_create(7, "order");
    for (int i = 0; i < 1000; i++) send(machine("red0"), machine("b7"), 60 + rng_below(rng, 1455));
    run_to_end();
    ck_assert_uint_eq(got[machine("b7")].frames, 1000);
    ck_assert(got[machine("b7")].in_order);
    rng_destroy(rng);
    teardown();
}
END_TEST

/* The slowest link of the way sets the rate. */
START_TEST(fabric__line_rate_of_the_bottleneck)
{
    setup(cluster);
    int from = machine("red0"), to = machine("b7");
    for (int i = 0; i < 1000; i++) send(from, to, 1514);
    run_to_end();
    int64_t all = expected_ps(from, to, 1514) + 999 * sim_wire_time(1538, (sim_rate){ 1000000000 }).ps;
    ck_assert_int_eq(got[to].at, all);
    teardown();
}
END_TEST

START_TEST(fabric__broadcast_reaches_every_machine_once)
{
    static const uint8_t everyone[6] = { 255, 255, 255, 255, 255, 255 };
    setup(cluster);
    link_send(topology_port(topology, 3, 0)->tx, frame(3, everyone, 60));
    run_to_end();
    for (int m = 0; m < 16; m++) ck_assert_uint_eq(got[m].frames, m != 3);
    ck_assert_uint_eq(stats_value(stats, "fabric", "platforms/cluster.xml", "copies"), 14);
    ck_assert_uint_eq(stats_value(stats, "fabric", "platforms/cluster.xml", "delivered"), 15);
    teardown();
}
END_TEST

START_TEST(fabric__drops_are_counted)
{
    static const uint8_t stranger[6] = { 2, 9, 9, 9, 9, 9 }, zero[6] = { 0 };
    const char *name = "platforms/by_hand.xml";
    setup("platform: platforms/by_hand.xml\n"
          "machines: {anna: {nics: {nic0: {}, nic1: {}}}, bert: {nics: {nic0: {}}}, island: {nics: {nic0: {}}}}\n");
    struct link *tx = topology_port(topology, 0, 0)->tx;
    link_send(tx, frame(0, stranger, 60));
    link_send(tx, frame(0, zero, 60));
    link_send(tx, frame(0, scenario->machines[0].nics[1].mac, 60));
    link_send(tx, frame(0, mac_of(2), 60));
    run_to_end();
    ck_assert_uint_eq(stats_value(stats, "fabric", name, "frames"), 4);
    ck_assert_uint_eq(stats_value(stats, "fabric", name, "unknown"), 2);
    ck_assert_uint_eq(stats_value(stats, "fabric", name, "same_host"), 1);
    ck_assert_uint_eq(stats_value(stats, "fabric", name, "unreachable"), 1);
    ck_assert_uint_eq(packet_pool_ledger(pool)->dropped[DROP_NO_ROUTE], 3);
    ck_assert_uint_eq(packet_pool_ledger(pool)->dropped[DROP_SWITCH_SAME_PORT], 1);
    teardown();
}
END_TEST

/* anna has two ways out, so her NIC has an access link; bert's only link is shared: one FIFO for both directions. */
START_TEST(fabric__shared_links_and_access_links)
{
    setup(by_hand);
    int anna = machine("anna"), bert = machine("bert"), cleo = machine("cleo");
    ck_assert_str_eq(link_name(topology_port(topology, anna, 0)->tx), "anna/nic0>fabric");
    ck_assert_str_eq(link_name(topology_port(topology, bert, 0)->tx), "b");
    ck_assert_ptr_eq(topology_port(topology, bert, 0)->rx, topology_port(topology, bert, 0)->tx);

    send(anna, bert, 1514);
    run_to_end();
    ck_assert_int_eq(got[bert].at, wire_ps(1514, topology_port(topology, anna, 0)->tx) + expected_ps(anna, bert, 1514));

    /* A frame from cleo meets one of bert's on 'b': bert's goes first, cleo's waits for it. */
    int64_t start = engine_now(engine).ps + 1000000000;
    int64_t to_b = wire_ps(1514, topology_port(topology, cleo, 0)->tx) + expected_ps(cleo, bert, 1514) -
                   platform_link(topology_platform(topology), 1)->latency.ps -
                   wire_ps(1514, topology_port(topology, bert, 0)->tx);
    engine_run(engine, (sim_time){ start });
    send(cleo, bert, 1514);
    engine_run(engine, (sim_time){ start + to_b - 1 });
    send(bert, cleo, 1514);
    run_to_end();
    int64_t on_b = sim_wire_time(1538, link_config_of(topology_port(topology, bert, 0)->tx)->rate).ps;
    ck_assert_int_eq(got[bert].at - start, wire_ps(1514, topology_port(topology, cleo, 0)->tx) +
                                               expected_ps(cleo, bert, 1514) + on_b - 1);
    teardown();
}
END_TEST

/* A machine passes a frame on as it is: the route of its first journey must not be followed again. */
static void pass_on(void *owner, struct packet *p)
{
    (void)owner;
    memcpy(p->hdr, mac_of(2), 6);
    link_send(topology_port(topology, 1, 0)->tx, p);
}

START_TEST(fabric__a_frame_may_come_back)
{
    setup(cluster);
    topology_set_receiver(topology, 1, 0, (struct packet_sink){ pass_on, NULL });
    send(0, 1, 60);
    run_to_end();
    ck_assert_uint_eq(got[2].frames, 1);
    teardown();
}
END_TEST

static void check_errors(const char *yaml, const char *const *expected, size_t n)
{
    struct errors errors;
    errors_init(&errors);
    ck_assert_ptr_null(build(yaml, &errors));
    ck_assert_uint_eq(errors.count, n);
    for (size_t i = 0; i < n; i++)
        ck_assert_msg(strstr(errors.list[i].text, expected[i]) != NULL, "%s", errors.list[i].text);
    errors_fini(&errors);
    teardown();
}

START_TEST(topology_create__mistakes)
{
    check_errors("platform: platforms/cluster.xml\n"
                 "machines: {rad1: {nics: {nic0: {}}}, x: {host: blue9, nics: {nic0: {}}}, red2: {nics: {nic0: {}}},\n"
                 "           y: {host: red2, nics: {nic0: {}}}}\n",
                 (const char *const[]){ "has no host 'rad1' for machine 'rad1', did you mean 'red1'?",
                                        "has no host 'blue9' for machine 'x'",
                                        "3:22: host 'red2' is already machine 'red2'" }, 3);
    check_errors("platform: platforms/by_hand.xml\n"
                 "machines: {anna: {nics: {nic0: {}}}, island: {nics: {nic0: {}}}}\n"
                 "traffic: [packets: {from: anna, to: island, rate: 1Mbps}]\n",
                 (const char *const[]){ "no route from host 'anna' to host 'island'" }, 1);
}
END_TEST

/* -- pictures --------------------------------------------------------------------------------------------------- */

static const char *print(void (*fn)(struct topology *, FILE *))
{
    static char text[20000];
    FILE *f = fmemopen(text, sizeof text, "w");
    ck_assert_ptr_nonnull(f);
    fn(topology, f);
    fclose(f);
    return text;
}

START_TEST(topology_print__names_everything)
{
    setup(rings);
    const char *text = print(topology_print_text);
    ck_assert_ptr_nonnull(strstr(text, "switch s1: latency 1 us, 2 MiB per port"));
    ck_assert_ptr_nonnull(strstr(text, "-> s4, 10 Gbit/s, 50 ns"));
    ck_assert_ptr_nonnull(strstr(text, "<-> switch s5, 100 Mbit/s, 50 ns, blocked by the spanning tree"));
    text = print(topology_print_dot);
    ck_assert_ptr_nonnull(strstr(text, "\"s:s1\" -- \"s:s2\" [label=\"10 Gbit/s\\n50 ns\", style=dashed];"));
    ck_assert_ptr_nonnull(strstr(text, "\"m:d\":n0 -- \"s:s4\""));
    teardown();
    setup(by_hand);
    text = print(topology_print_text);
    ck_assert_ptr_nonnull(strstr(text, "route anna -> bert:\n    a, 1 Gbit/s, 1 us\n"
                                       "    ether, 100 Gbit/s, 10 us, fatpipe\n"));
    ck_assert_ptr_nonnull(strstr(text, "4 hosts, 5 links"));
    ck_assert_ptr_nonnull(strstr(print(topology_print_dot), "-- \"platform\""));
    teardown();
}
END_TEST

Suite *topology_suite(void)
{
    Suite *s = suite_create("topology");
    TCase *tc = tcase_create("inline");
    tcase_set_timeout(tc, 30);
    tcase_add_test(tc, topology_route__star_is_two_links);
    tcase_add_test(tc, topology__star_latency);
    tcase_add_test(tc, topology__cable_runs_at_its_slower_end);
    tcase_add_test(tc, topology__frames_follow_simgrid_through_rings);
    tcase_add_test(tc, topology__floods_end);
    tcase_add_test(tc, topology__islands);
    tcase_add_test(tc, topology__vnics_are_known);
    tcase_add_test(tc, topology_capture_link__places);
    tcase_add_test(tc, topology_create__thousand_machines);
    tcase_add_test(tc, topology_flow_rates__agree_with_packets);
    suite_add_tcase(s, tc);
    tc = tcase_create("fabric");
    tcase_set_timeout(tc, 30);
    tcase_add_test(tc, fabric__cluster_latency_and_paths);
    tcase_add_loop_test(tc, fabric__fat_tree_and_dragonfly, 0, 2);
    tcase_add_test(tc, fabric__storm_is_conserved_and_repeatable);
    tcase_add_test(tc, fabric__one_pair_stays_in_order);
    tcase_add_test(tc, fabric__line_rate_of_the_bottleneck);
    tcase_add_test(tc, fabric__broadcast_reaches_every_machine_once);
    tcase_add_test(tc, fabric__drops_are_counted);
    tcase_add_test(tc, fabric__shared_links_and_access_links);
    tcase_add_test(tc, fabric__a_frame_may_come_back);
    tcase_add_test(tc, topology_create__mistakes);
    tcase_add_test(tc, topology_print__names_everything);
    suite_add_tcase(s, tc);
    return s;
}
