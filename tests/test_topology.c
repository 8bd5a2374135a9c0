/* test_topology.c -- frames go where SimGrid says and arrive when arithmetic says. */
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
    uint64_t frames, bytes;
    int64_t at;        /* the last */
    uint64_t last_id;
    bool in_order;     /* ids ascend */
    int copies_of_first;
} got[MACHINES_MAX];
static uint64_t digest;

static void receive(void *owner, struct packet *p)
{
    struct receiver *r = owner;
    r->frames++;
    r->bytes += p->len;
    r->at = engine_now(engine).ps;
    r->in_order = r->in_order && p->id > r->last_id;
    r->last_id = p->id;
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

/* Five machines offer 4 Gbit/s each to one port of 10: SimGrid shares it out evenly, and so do drops, in the long run. */
START_TEST(topology_flow_rates__agree_with_packets)
{
    setup(star);
    struct topology_flow flows[5];
    sim_rate rates[5];
    uint64_t by_source[5] = { 0 };
    for (int i = 0; i < 5; i++) {
        char name[16];
        snprintf(name, sizeof name, "source%d", i);
        sources[i] = (struct source){ .machine = i, .to = 5, .gap = sim_ns(3076), .rng = rng_create(1, name) };
        event_init(&sources[i].event, engine_entity(engine, name), source_fires, &sources[i]);
        engine_schedule(engine, &sources[i].event, (sim_time){ 0 });
        flows[i] = (struct topology_flow){ i, 0, 5, 0 };
    }
    ck_assert_int_eq(topology_flow_rates(topology, flows, 5, rates), 0);
    for (int i = 0; i < 5; i++) ck_assert_int_eq(rates[i].bps, 2000000000);

    engine_run(engine, (sim_time){ 20000000000 }); /* fill the queue: 2 MiB are 1.7 ms */
    stats_mark(stats);
    for (int i = 0; i < 5; i++) by_source[i] = got[5].frames;
    uint64_t start_frames = got[5].frames;
    engine_run(engine, (sim_time){ 220000000000 });
    uint64_t frames = got[5].frames - start_frames;
    ck_assert_uint_ge(frames, 162600 - 1); /* 0.2 s at 812744 per second, less the frame cut at each end */
    ck_assert_uint_le(frames, 162549 + 52);
    uint64_t offered = 0, dropped = stats_value(stats, "link", "foundry>m5/nic0", "drops");
    for (int i = 0; i < 5; i++) offered += link_packets(topology_port(topology, i, 0)->tx);
    ck_assert_double_eq_tol((double)(offered - dropped), (double)frames, 1e-3 * (double)frames);
    (void)by_source;
    for (int i = 0; i < 5; i++) {
        engine_cancel(engine, &sources[i].event);
        rng_destroy(sources[i].rng);
    }
    run_to_end();
    teardown();
}
END_TEST

Suite *topology_suite(void)
{
    Suite *s = suite_create("topology");
    return s;
}
