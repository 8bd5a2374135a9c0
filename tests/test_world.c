/* SPDX-License-Identifier: GPL-3.0-or-later
 * test_world.c -- whole worlds from scenarios in this file: closed formulas, and counts that must agree from layer to
 * layer.  Every world is small: some milliseconds of simulated time. */
#include <check.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "suites.h"
#include "world_rig.h"

enum { TEXT_BYTES = 16384 };

/* Two machines send to one in full detail and receive from it; %s: of the machine, of its NIC, top-level lines. */
#define PAIR \
    "time: {warmup: 0ms, measure: 12ms}\n" \
    "switches: {s: {}}\n" \
    "machines:\n" \
    "  sut: {detail: full, %s nics: {ixgbe0: {wire: s, %s}}}\n" \
    "  c[1-4]: {nics: {ixgbe0: {wire: s}}}\n" \
    "%s\n"
#define BOTH_WAYS \
    "traffic:\n" \
    "  - uperf: {from: 'c[1-2]', to: sut, streams: 4, stop: 9ms}\n" \
    "  - uperf: {from: sut, to: 'c[3-4]', streams: 4, stop: 9ms}\n"
#define IN_ONLY "traffic: [{uperf: {from: 'c[1-4]', to: sut, streams: 5}}]\n"
#define OUT_ONLY "traffic: [{uperf: {from: sut, to: 'c[1-4]', streams: 5}}]\n"

static char text[TEXT_BYTES];

static void say(const char *format, ...) __attribute__((format(printf, 1, 2)));
static void say(const char *format, ...)
{
    va_list args;
    va_start(args, format);
    int n = vsnprintf(text, sizeof text, format, args);
    va_end(args);
    ck_assert_int_lt(n, TEXT_BYTES);
}

static struct scenario *parse(void)
{
    struct scenario *s = world_rig_parse(text, NULL, 0);
    if (!s) errors_print(&mistakes, stderr);
    ck_assert_ptr_nonnull(s);
    return s;
}

/* Runs 'text' with up to three overrides; what was counted is in 'result'. */
static void run_with(uint64_t seed, const char *a, const char *b, const char *c)
{
    const char *sets[3];
    size_t n = 0;
    if (a) sets[n++] = a;
    if (b) sets[n++] = b;
    if (c) sets[n++] = c;
    world_rig_run(text, seed, sets, n);
}

static void run(void)
{
    run_with(1, NULL, NULL, NULL);
}

/* The world of 'text' cannot be built, and the first message has 'words' in it. */
static void refused(const char *words)
{
    struct scenario *s = parse();
    ck_assert_ptr_null(world_create(s, 1, NULL, &mistakes));
    ck_assert_uint_ge(mistakes.count, 1);
    ck_assert_msg(strstr(mistakes.list[0].text, words), "'%s' is not in: %s", words, mistakes.list[0].text);
    ck_assert_msg(strncmp(mistakes.list[0].text, "scenarios/test.yaml:", 20) == 0, "no place: %s",
                  mistakes.list[0].text);
    scenario_destroy(s);
}

static double goodput(const char *machine)
{
    return (double)sum_between("flow", machine, "", "read_bytes") * 8 / sim_seconds(result.measured);
}

static void check_lanes(void)
{
    size_t lanes = 0;
    for (size_t i = 0; i < result.block_count; i++) {
        const struct result_block *b = &result.blocks[i];
        if (strcmp(b->kind, "lane")) continue;
#define LANE(counter) result_block_value(b, counter, NULL)
#define STATE(counter) run_result_value(&result, "lanestate", b->entity, counter)
        ck_assert_uint_eq(LANE("intrs") + LANE("polls") + LANE("local"), LANE("ipackets"));
        ck_assert_uint_eq(LANE("intrbytes") + LANE("pollbytes") + LANE("localbytes"), LANE("rbytes"));
        ck_assert_uint_eq(LANE("chainunder10") + LANE("chain10to50") + LANE("chainover50"), STATE("polls_nonempty"));
        ck_assert_uint_ge(STATE("poll_on"), STATE("poll_off"));
        ck_assert_uint_le(STATE("poll_on"), STATE("poll_off") + 1);
        ck_assert_uint_le(STATE("polling_ns"), (uint64_t)(result.simulated.ps / 1000));
        lanes++;
    }
    ck_assert_uint_gt(lanes, 0);
}

/* -- closed formulas ---------------------------------------------------------------------------------------------- */

/* A segment of 1448 bytes takes 1538 on the wire; what waited to be read before the measurement is read in it. */
START_TEST(world_run__full_machine_reaches_the_wires_goodput_and_no_more)
{
    double ceiling = 10e9 * 1448 / 1538;
    const char *const ways[] = { IN_ONLY, OUT_ONLY };
    for (int i = 0; i < 2; i++) {
        say(PAIR, "", "", ways[i]);
        run_with(1, "time.warmup=10ms", "time.measure=100ms", NULL);
        ck_assert_double_ge(goodput(i ? "c" : "sut"), 0.99 * ceiling);
        ck_assert_double_le(goodput(i ? "c" : "sut"), 1.002 * ceiling);
        check_conservation();
    }
}
END_TEST

START_TEST(world_run__jumbo_frames_span_buffers_and_reach_their_goodput)
{
    double ceiling = 10e9 * (9000 - 52) / (9000 + 38);
    const char *const ways[] = { IN_ONLY, OUT_ONLY };
    for (int i = 0; i < 2; i++) {
        say(PAIR, "tcp: {send-buffer: 256KiB, receive-buffer: 256KiB},", "mtu: 9000B", ways[i]);
        run_with(1, "machines.c*.nics.*.mtu=9000B", "machines.c*.tcp={send-buffer: 256KiB, receive-buffer: 256KiB}",
                 "switches.s.buffer=16MiB");
        ck_assert_uint_eq(dropped(), 0);
        run_with(1, "machines.c*.nics.*.mtu=9000B", "time={warmup: 10ms, measure: 20ms}", "switches.s.buffer=16MiB");
        ck_assert_double_ge(goodput(i ? "c" : "sut"), 0.98 * ceiling);
        ck_assert_double_le(goodput(i ? "c" : "sut"), 1.003 * ceiling);
    }
}
END_TEST

START_TEST(world_run__frames_longer_than_jumbo_pass_the_switch)
{
    say(PAIR, "", "mtu: 15000B", BOTH_WAYS);
    run_with(1, "machines.c*.nics.*.mtu=15000B", NULL, NULL);
    ck_assert_uint_eq(result.ledger.dropped[DROP_SWITCH_BAD_FRAME], 0);
    ck_assert_double_gt(goodput(""), 1e9);
}
END_TEST

/* One connection over a long wire: a window of whole segments per round trip. */
START_TEST(world_run__one_stream_is_its_window_over_the_round_trip)
{
    const char *const ways[] = { "c1, to: sut", "sut, to: c1" };
    for (int i = 0; i < 2; i++) {
        say("time: {warmup: 700ms, measure: 300ms}\n"
            "switches: {s: {}}\n"
            "machines:\n"
            "  sut: {detail: full, nics: {ixgbe0: {wire: s, delay: 5ms}}}\n"
            "  c1: {nics: {ixgbe0: {wire: s}}}\n"
            "traffic: [{uperf: {from: %s, streams: 1}}]\n", ways[i]);
        run();
        double window = 49152 / 1448 * 1448, want = window * 8 / 10.07e-3;
        ck_assert_double_ge(goodput(""), 0.93 * want);
        ck_assert_double_le(goodput(""), 1.05 * want);
    }
}
END_TEST

/* 2 Gb/s of a lane less 20 to 24 bytes per TLP of at most 128, less descriptors and requests. */
START_TEST(world_run__narrow_slot_is_the_bottleneck)
{
    const char *const ways[] = { IN_ONLY, OUT_ONLY };
    for (int i = 0; i < 2; i++) {
        say(PAIR, "", "pcie: {lanes: 1}", ways[i]);
        run_with(1, "time.warmup=10ms", "time.measure=20ms", NULL);
        ck_assert_double_ge(goodput(i ? "c" : "sut"), 1.3e9);
        ck_assert_double_le(goodput(i ? "c" : "sut"), 2e9 * 128 / 148);
        check_conservation();
    }
}
END_TEST

/* 10 Gb/s over 84 bytes on the wire per frame, also when nothing is said about the load. */
START_TEST(world_run__generator_sends_at_line_rate_by_itself)
{
    say(PAIR, "", "", "traffic: [{packets: {from: c1, to: sut, frame: 64B, stop: 2ms}}]\n");
    run();
    uint64_t want = (uint64_t)(10e9 / 8 / 84 * 2e-3);
    ck_assert_uint_ge(sum_between("app", "c1", "", "frames"), want);
    ck_assert_uint_le(sum_between("app", "c1", "", "frames"), want + 1);
}
END_TEST

/* The rate belongs to the sender: its receivers share it, however many they are, and take turns. */
START_TEST(world_run__generators_share_the_senders_rate)
{
    say("time: {warmup: 0ms, measure: 10ms}\n"
        "switches: {s: {}}\n"
        "machines: {a: {nics: {n: {wire: s}}}, 'b[1-7]': {nics: {n: {wire: s}}}}\n"
        "traffic: [{packets: {from: a, to: 'b*', packet-rate: 100kpps}}]\n");
    run();
    ck_assert_uint_ge(sum_between("app", "a>", "", "frames"), 1000);
    ck_assert_uint_le(sum_between("app", "a>", "", "frames"), 1001);
    for (size_t i = 0; i < result.block_count; i++)
        if (strcmp(result.blocks[i].kind, "app") == 0) ck_assert_uint_ge(result.blocks[i].values[0], 142);
    ck_assert_uint_eq(run_result_value(&result, "link", "a/n>s", "wait_ps"), 0);
}
END_TEST

/* -- counts agree from layer to layer ------------------------------------------------------------------------------ */

/* Datagrams between two machines in full detail: what threads send, cards carry and sockets receive is the same number. */
START_TEST(world_run__datagrams_from_machines_with_cpus)
{
    static const struct { const char *machine, *nic, *rest; } on[] = {
        { "", "lanes: 2, tx-rings: 2", "" },
        { "", "model: intel-82573", "" },
        { "stack: gldv3,", "model: intel-82573", "machines.c*.stack=gldv3" },
    };
    for (size_t i = 0; i < sizeof on / sizeof *on; i++) {
        say(PAIR, on[i].machine, on[i].nic,
            "traffic: [{packets: {from: sut, to: c1, packet-rate: 40kpps, frame: 200B, flows: 4, stop: 5ms}}]\n");
        run_with(1, "machines.c*.detail=full", *on[i].rest ? on[i].rest : NULL, NULL);
        check_conservation();
        ck_assert_uint_eq(sum_between("app", "sut", "", "frames"), 200);
        ck_assert_uint_eq(sum_between("sockets", "sut", "", "udp_sent"), 200);
        ck_assert_uint_eq(sum_between("nic", "sut/", "", "tx_packets"), 200);
        ck_assert_uint_eq(sum_between("sockets", "c1", "", "udp_packets"), 200);
    }
}
END_TEST

/* Traffic ends in the middle of the run, so that nothing is on its way at the end. */
static void check_layers(void)
{
    check_conservation();
    check_lanes();
    ck_assert_uint_eq(result.ledger.held, 0);
    uint64_t in = sum_between("link", "", ">sut/ixgbe0", "packets"), out = sum_between("link", "sut/ixgbe0>", "", "packets");
    ck_assert_uint_gt(in, 1000);
    ck_assert_uint_gt(out, 500);
    ck_assert_uint_eq(sum_between("nic", "sut/ixgbe0", "", "rx_packets"), in);
    ck_assert_uint_eq(sum_between("nic", "sut/ixgbe0", "", "tx_packets"), out);
    ck_assert_uint_eq(sum_between("ixgbe_rx", "sut/", "", "packets"), in);
    ck_assert_uint_eq(sum_between("lane", "sut/", "", "ipackets"), in);
    ck_assert_uint_eq(sum_between("lanestate", "sut/", "", "delivered"), in);
    ck_assert_uint_eq(sum_between("sockets", "sut", "", "rx_packets"), in);
    ck_assert_uint_eq(sum_between("flow", "sut:", "", "segs_in"), in);
    ck_assert_uint_eq(sum_between("flow", "sut:", "", "segs_out"), out);
    ck_assert_uint_eq(sum_between("txlane", "sut/", "", "opackets"), sum_between("ixgbe_tx", "sut/", "", "packets"));
    ck_assert_uint_eq(sum_between("light", "c", "", "rx_frames"), out);
    ck_assert_uint_eq(sum_between("light", "c", "", "tx_frames"), in);
    ck_assert_uint_eq(sum_between("app", "", "", "written_bytes"), sum_between("app", "", "", "read_bytes"));
    ck_assert_uint_eq(sum_between("flow", "", "", "retransmits"), 0);
}

static const struct { const char *machine, *nic; } kinds[] = {
    { "", "" },
    { "", "lanes: 1" },
    { "", "lanes: 16" },
    { "", "lanes: 2, fanout: 1" },
    { "", "lanes: 3, fanout: 8" },
    { "", "tx-rings: 8" },
    { "", "rx-descriptors: 64, tx-descriptors: 64" },
    { "", "lso: false" },
    { "", "poll: false" },
    { "", "interrupt-interval: 0us" },
    { "", "interrupt-interval: 400us" },
    { "", "node: 1, cpus: '1,4'" },
    { "lane: {latency-optimize: false},", "" },
    { "lane: {high-water: 8, low-water: 4, poll-threshold: 1, poll-packets: 2},", "" },
    { "cpus: {sockets: 1, cores: 1},", "" },
    { "cpus: {sockets: 1, cores: 2, clock: 1GHz},", "" },
    { "cpus: {sockets: 4, cores: 8, threads: 2},", "lanes: 8" },
    { "links: {v: {over: ixgbe0, rxrings: sw}, w: {over: ixgbe0, rxrings: 2}},", "" },
    { "links: {v: {over: ixgbe0, rxrings: hw}},", "tx-rings: 2" },
};

START_TEST(world_run__layers_count_the_same_packets)
{
    say(PAIR, kinds[_i].machine, kinds[_i].nic, BOTH_WAYS);
    run_with(1, "time.measure=30ms", NULL, NULL);
    if (sum_between("lane", "sut/", "", "rxsdrops") + sum_between("nic", "sut/", "", "mpc") + sum_between("nic", "sut/", "", "rx_no_desc") == 0)
        check_layers();
    else
        check_conservation();
}
END_TEST

START_TEST(world_run__virtual_links_count_the_same_packets)
{
    static const char *const links[] = {
        "links: {v1: {over: ixgbe0, rxrings: hw}},",
        "links: {v1: {over: ixgbe0, rxrings: sw}},",
        "links: {v0: {over: ixgbe0, rxrings: '1'}, v1: {over: ixgbe0, rxrings: '3'}, v2: {over: ixgbe0, rxrings: sw}},",
    };
    for (int primary = 0; primary < 2; primary++) {
        say(PAIR, links[_i], primary ? "primary: true" : "primary: false", BOTH_WAYS);
        run_with(1, "time.measure=30ms", "traffic.*.via=v1", NULL);
        check_layers();
        ck_assert_uint_eq(sum_between("lane", "sut/v1/", "", "ipackets"), sum_between("nic", "sut/ixgbe0", "", "rx_packets"));
    }
}
END_TEST

START_TEST(world_run__vlan_links_talk_with_tags)
{
    static const char *const rings[] = { "hw", "sw" };
    for (int primary = 0; primary < 2; primary++) {
        say(PAIR, "links: {v: {over: ixgbe0, vlan: 10}},", primary ? "primary: true" : "primary: false", BOTH_WAYS);
        char link[64];
        snprintf(link, sizeof link, "machines.sut.links.v.rxrings=%s", rings[_i]);
        run_with(1, "machines.c*.links={v: {over: ixgbe0, vlan: 10}}", "traffic.*.via=v", link);
        check_layers();
        ck_assert_double_gt(goodput("sut"), 1e9);
        ck_assert_double_gt(goodput("c"), 1e9);
    }
}
END_TEST

START_TEST(world_run__interrupts_keep_their_interval)
{
    static const struct { const char *option; int64_t ps; } intervals[] = {
        { "", 51200000 },
        { "interrupt-interval: 200us", 199936000 },
        { "interrupt-interval: 20us, poll: false", 19968000 },
    };
    say(PAIR, "", intervals[_i].option, BOTH_WAYS);
    run_with(1, "traffic.*.stop=end", NULL, NULL);
    uint64_t most = (uint64_t)(result.measured.ps / intervals[_i].ps) + 1, total = 0;
    for (size_t i = 0; i < result.block_count; i++) {
        const struct result_block *b = &result.blocks[i];
        if (strcmp(b->kind, "nic_vector")) continue;
        for (size_t v = 0; v < b->count; v++) {
            ck_assert_uint_le(b->values[v], most);
            total += b->values[v];
        }
    }
    ck_assert_uint_eq(total, sum_between("nic", "sut", "", "interrupts"));
    ck_assert_uint_ge(total, most);
}
END_TEST

START_TEST(world_run__cpu_time_is_all_accounted_for)
{
    say(PAIR, "", "", BOTH_WAYS);
    run_with(1, "time.warmup=3ms", NULL, NULL);
    for (size_t i = 0; i < result.block_count; i++) {
        const struct result_block *b = &result.blocks[i];
        if (strcmp(b->kind, "cpu")) continue;
        uint64_t all = result_block_value(b, "usr_ps", NULL) + result_block_value(b, "sys_ps", NULL) +
                       result_block_value(b, "intr_ps", NULL) + result_block_value(b, "idl_ps", NULL);
        ck_assert_uint_eq(all, (uint64_t)result.measured.ps);
    }
}
END_TEST

START_TEST(world_run__transmit_rings_are_all_used)
{
    say(PAIR, "", "tx-rings: 4", BOTH_WAYS);
    run_with(1, "traffic.1.streams=40", NULL, NULL);
    for (int i = 0; i < 4; i++) {
        char name[32];
        snprintf(name, sizeof name, "sut/ixgbe0/tx%d", i);
        ck_assert_uint_gt(run_result_value(&result, "ixgbe_tx", name, "packets"), 100);
    }
    ck_assert_uint_eq(sum_between("flow", "", "", "ooo_segs_in"), 0); /* a connection keeps to one ring */
}
END_TEST

/* -- drops have names ---------------------------------------------------------------------------------------------- */

START_TEST(world_run__loss_in_a_switch_is_counted_and_repaired)
{
    say(PAIR, "", "", IN_ONLY);
    run_with(1, "switches.s.buffer=20KiB", "time.measure=60ms", "machines.*.tcp.min-rto=10ms");
    check_conservation();
    check_lanes();
    ck_assert_uint_gt(dropped(), 50);
    ck_assert_uint_eq(sum_between("link", "", "", "drops"), result.ledger.dropped[DROP_LINK_FULL]);
    uint64_t timeouts = sum_between("flow", "", "", "timeouts"), resent = sum_between("flow", "", "", "retransmits");
    ck_assert_uint_ge(resent, sum_between("link", "", "", "drops") / 2);
    ck_assert_uint_le(timeouts, resent);
    ck_assert_double_gt(goodput("sut"), 5e9); /* no storm of timeouts */
}
END_TEST

START_TEST(world_run__flood_overruns_the_card_where_the_card_counts_it)
{
    say(PAIR, "", "", "traffic: [{packets: {from: c1, to: sut, frame: 64B, flows: 64}}]\n");
    run_with(1, "time.measure=6ms", NULL, NULL);
    check_conservation();
    check_lanes();
    uint64_t in = sum_between("link", "", ">sut/ixgbe0", "packets"), got = sum_between("nic", "sut", "", "rx_packets");
    uint64_t missed = sum_between("nic", "sut", "", "rx_no_desc"); /* the driver sets DROP_EN */
    ck_assert_uint_gt(missed, in / 10);
    ck_assert_uint_eq(missed, result.ledger.dropped[DROP_NIC_NO_DESC]);
    ck_assert_uint_eq(sum_between("nic", "sut", "", "mpc"), 0);
    ck_assert_uint_gt(sum_between("nic", "sut", "", "rnbc"), 0);
    ck_assert_uint_le(got + missed, in);
    ck_assert_uint_ge(got + missed + 512 * 1024 / 60, in); /* the rest is in its buffer of 512 KiB */
    ck_assert_uint_gt(sum_between("sockets", "sut", "", "udp_packets"), 1000);
    ck_assert_uint_eq(sum_between("sockets", "sut", "", "udp_bytes"), sum_between("sockets", "sut", "", "udp_packets") * 18);
}
END_TEST

/* An interrupt that is turned on again while frames wait: what once woke a thread that an interrupt is not. */
START_TEST(world_run__interrupt_turned_on_beside_waiting_frames)
{
    say(PAIR, "", "", "traffic: [{packets: {from: c1, to: sut, frame: 64B, frame-max: 1518B, arrivals: poisson, "
        "flows: 64, load: 90%}}]\n");
    run_with(1, "time.measure=16ms", NULL, NULL);
    check_conservation();
    check_lanes();
}
END_TEST

START_TEST(world_run__lanes_that_may_not_poll_drop_above_their_high_water)
{
    say(PAIR, "lane: {high-water: 16, low-water: 8, poll-threshold: 2},", "poll: false",
        "traffic: [{packets: {from: c1, to: sut, frame: 64B, load: 30%, flows: 64}}]\n");
    run_with(1, "time.measure=6ms", NULL, NULL);
    check_conservation();
    check_lanes();
    ck_assert_uint_gt(sum_between("lane", "sut", "", "rxsdrops"), 100);
    ck_assert_uint_eq(sum_between("lane", "sut", "", "rxsdrops"), result.ledger.dropped[DROP_LANE_RX]);
    ck_assert_uint_eq(sum_between("lane", "sut", "", "polls"), 0);
}
END_TEST

/* -- comparisons --------------------------------------------------------------------------------------------------- */

START_TEST(world_run__vnic_instead_of_the_nic_makes_no_difference)
{
    double got[2];
    for (int vnic = 0; vnic < 2; vnic++) {
        say(PAIR, vnic ? "links: {v1: {over: ixgbe0, rxrings: hw}}," : "", vnic ? "primary: false" : "", BOTH_WAYS);
        run_with(1, "time={warmup: 10ms, measure: 60ms}", "traffic.*.stop=end", vnic ? "traffic.*.via=v1" : NULL);
        got[vnic] = goodput("");
    }
    ck_assert_double_ge(got[1], 0.95 * got[0]);
    ck_assert_double_le(got[1], 1.05 * got[0]);
}
END_TEST

static uint64_t digest(void)
{
    uint64_t d = 14695981039346656037u;
    for (size_t i = 0; i < result.block_count; i++)
        for (size_t k = 0; k < result.blocks[i].count; k++) d = (d ^ result.blocks[i].values[k]) * 1099511628211u;
    return (d ^ result.events) * 1099511628211u;
}

START_TEST(world_run__same_seed_same_counters)
{
    uint64_t first, again, other;
    say(PAIR, "links: {v: {over: ixgbe0, rxrings: sw}},", "tx-rings: 2", BOTH_WAYS);
    run_with(7, "traffic.0.via=v", NULL, NULL);
    first = digest();
    run_with(7, "traffic.0.via=v", NULL, NULL);
    again = digest();
    run_with(8, "traffic.0.via=v", NULL, NULL);
    other = digest();
    ck_assert_uint_eq(first, again);
    ck_assert_uint_ne(first, other);
}
END_TEST

START_TEST(world_run__every_machine_in_full_detail)
{
    say(PAIR, "", "fanout: 1", BOTH_WAYS);
    run_with(1, "machines.c*.detail=full", "time.measure=30ms", NULL);
    check_conservation();
    check_lanes();
    ck_assert_uint_eq(result.ledger.held, 0);
    ck_assert_uint_eq(sum_between("app", "", "", "written_bytes"), sum_between("app", "", "", "read_bytes"));
    ck_assert_uint_gt(sum_between("app", "", "", "read_bytes"), 4000000);
}
END_TEST

/* -- networks and limits ------------------------------------------------------------------------------------------- */

START_TEST(world_run__machines_of_both_details_on_a_platform)
{
    say("time: {warmup: 0ms, measure: 40ms}\n"
        "platform: ../tests/platforms/cluster.xml\n"
        "machines:\n"
        "  sut: {detail: full, host: red0, nics: {ixgbe0: {}}}\n"
        "  far: {detail: full, host: blue7, nics: {ixgbe0: {}}}\n"
        "  red[1-4]: {nics: {ixgbe0: {}}}\n"
        "traffic:\n"
        "  - uperf: {from: 'red[1-2]', to: [sut, far], streams: 4, stop: 9ms}\n"
        "  - uperf: {from: [sut, far], to: 'red[3-4]', streams: 4, stop: 9ms}\n");
    run();
    check_conservation();
    check_lanes();
    ck_assert_uint_eq(result.ledger.held, 0);
    ck_assert_uint_eq(sum_between("app", "", "", "written_bytes"), sum_between("app", "", "", "read_bytes"));
    ck_assert_uint_gt(sum_between("flow", "sut", "", "read_bytes"), 1000000);
    ck_assert_uint_gt(sum_between("flow", "far", "", "read_bytes"), 100000);
}
END_TEST

/* Four machines in reach, one frame for all: every link of the machine in full detail gets its copy, and of the other
 * machines those that listen. */
START_TEST(world_run__broadcast_reaches_every_link_once)
{
    say(PAIR, "links: {v1: {over: ixgbe0}, v2: {over: ixgbe0, rxrings: sw}},", "lanes: 1",
        "traffic: [{packets: {from: c1, to: [sut, c2], destination: broadcast, packet-rate: 100kpps, stop: 10ms}}]\n");
    run();
    uint64_t frames = sum_between("app", "", "", "frames");
    ck_assert_uint_eq(frames, 1000);
    ck_assert_uint_eq(sum_between("mac", "sut/ixgbe0", "", "brdcstrcv"), frames);
    ck_assert_uint_eq(sum_between("mac", "sut/v1", "", "brdcstrcv"), frames);
    ck_assert_uint_eq(sum_between("mac", "sut/v2", "", "brdcstrcv"), frames);
    ck_assert_uint_eq(sum_between("sockets", "sut", "", "udp_packets"), 3 * frames);
    ck_assert_uint_eq(sum_between("lane", "sut/", "/hwlane0", "ipackets"), 0); /* a default ring, sorted in software */
    ck_assert_uint_eq(sum_between("light", "c2", "", "udp_rx_packets"), frames);
    ck_assert_uint_eq(sum_between("light", "c3", "", "udp_rx_packets"), 0);
    ck_assert_uint_eq(result.ledger.dropped[DROP_IP_BAD], 2 * frames); /* c3 and c4 */
    check_conservation();
}
END_TEST

START_TEST(world_run__multicast_reaches_members_alone)
{
    say(PAIR, "links: {v1: {over: ixgbe0}, v2: {over: ixgbe0}},", "lanes: 1",
        "traffic:\n"
        "  - packets: {from: c1, to: sut, via: sut/v1, destination: multicast, packet-rate: 100kpps, stop: 10ms}\n"
        "  - packets: {from: c1, to: c2, destination: multicast, packet-rate: 50kpps, stop: 10ms}\n");
    run();
    ck_assert_uint_eq(sum_between("mac", "sut/v1", "", "multircv"), 1000);
    ck_assert_uint_eq(sum_between("mac", "sut/v2", "", "multircv") + sum_between("mac", "sut/ixgbe0", "", "multircv"), 0);
    ck_assert_uint_eq(sum_between("sockets", "sut", "", "udp_packets"), 1000);
    ck_assert_uint_eq(sum_between("light", "c2", "", "udp_rx_packets"), 500);
    ck_assert_uint_eq(sum_between("nic", "sut/ixgbe0", "", "rx_filtered"), 500); /* nobody there has joined the second group */
    check_conservation();
}
END_TEST

/* A frame to all of VLAN 5 is no business of VLAN 6 on the same card, nor of links without a tag. */
START_TEST(world_run__broadcast_stays_in_its_vlan)
{
    say("time: {warmup: 0ms, measure: 12ms}\n"
        "switches: {s: {}}\n"
        "machines:\n"
        "  sut: {detail: full, nics: {ixgbe0: {wire: s, lanes: 1}}, links: {v5: {over: ixgbe0, vlan: 5},\n"
        "    w5: {over: ixgbe0, rxrings: sw, vlan: 5}, v6: {over: ixgbe0, vlan: 6}}}\n"
        "  c: {nics: {ixgbe0: {wire: s}}, links: {v5: {over: ixgbe0, vlan: 5}}}\n"
        "traffic: [{packets: {from: c, to: sut, via: [c/v5, sut/v5], destination: broadcast, packet-rate: 100kpps,\n"
        "  stop: 10ms}}]\n");
    run();
    ck_assert_uint_eq(sum_between("mac", "sut/v5", "", "brdcstrcv"), 1000);
    ck_assert_uint_eq(sum_between("mac", "sut/w5", "", "brdcstrcv"), 1000);
    ck_assert_uint_eq(sum_between("mac", "sut/v6", "", "brdcstrcv") + sum_between("mac", "sut/ixgbe0", "", "brdcstrcv"), 0);
    ck_assert_uint_eq(sum_between("sockets", "sut", "", "udp_packets"), 2000);
    check_conservation();
}
END_TEST

/* Without the bypass everything passes the data-link services, on the softring of the others. */
START_TEST(world_run__bypass_saves_work)
{
    uint64_t busy[2];
    for (int bypass = 0; bypass < 2; bypass++) {
        say(PAIR, bypass ? "" : "lane: {bypass: false},", "lanes: 1",
            "traffic: [{packets: {from: c1, to: sut, packet-rate: 200kpps, stop: 10ms}}]\n");
        run();
        ck_assert_uint_eq(sum_between("sockets", "sut", "", "udp_packets"), 2000);
        busy[bypass] = sum_between("cpu", "sut/", "", "sys_ps") + sum_between("cpu", "sut/", "", "intr_ps");
    }
    ck_assert_uint_gt(busy[0], busy[1]);
}
END_TEST

/* Two links with a transmit ring each, and one that is left with the ring for all: who sends where is the card's count. */
START_TEST(world_run__links_have_transmit_rings_of_their_own)
{
    say(PAIR, "links: {v1: {over: ixgbe0, txrings: hw}, v2: {over: ixgbe0, txrings: 1}, v3: {over: ixgbe0}},",
        "lanes: 1, tx-rings: 3",
        "traffic:\n"
        "  - uperf: {from: sut, to: c1, via: sut/v1, streams: 2, stop: 6ms}\n"
        "  - uperf: {from: sut, to: c2, via: sut/v3, streams: 2, stop: 6ms}\n");
    run();
    ck_assert_uint_gt(sum_between("ixgbe_tx", "sut/ixgbe0/tx0", "", "packets"), 10);
    ck_assert_uint_gt(sum_between("ixgbe_tx", "sut/ixgbe0/tx1", "", "packets"), 10);
    ck_assert_uint_eq(sum_between("ixgbe_tx", "sut/ixgbe0/tx2", "", "packets"), 0);
    ck_assert_uint_eq(sum_between("txlane", "sut/v1", "", "opackets"), sum_between("ixgbe_tx", "sut/ixgbe0/tx1", "", "packets"));
    check_conservation();
}
END_TEST

START_TEST(world_create__many_of_everything)
{
    say("time: {warmup: 0ms, measure: 3ms}\n"
        "switches: {s: {}}\n"
        "machines:\n"
        "  sut:\n"
        "    detail: full\n"
        "    nics: {'e[1-20]': {wire: s, lanes: 1}}\n"
        "    links: {'v[1-120]': {over: e1, rxrings: sw}}\n"
        "  c[1-80]: {nics: {ixgbe0: {wire: s}}}\n"
        "traffic:\n"
        "  - packets: {from: 'c[1-80]', to: sut, via: sut/v120, packet-rate: 2kpps}\n"
        "  - uperf: {from: 'c[1-4]', to: sut, via: sut/e20, streams: 2}\n"
        "  - uperf: {from: 'c[1-4]', to: sut, via: sut/v77, streams: 2}\n");
    run();
    check_conservation();
    ck_assert_uint_ge(sum_between("sockets", "sut", "", "udp_packets"), 80 * 5);
    ck_assert_uint_eq(sum_between("lanestate", "sut/v120/", "", "delivered"), sum_between("sockets", "sut", "", "udp_packets"));
    ck_assert_uint_gt(sum_between("lane", "sut/e20/", "", "ipackets"), 100);
    ck_assert_uint_gt(sum_between("lane", "sut/v77/", "", "ipackets"), 100);
}
END_TEST

/* Entries that name no port get ports that are free, however their pairs overlap. */
START_TEST(world_create__entries_to_one_machine_have_ports_of_their_own)
{
    say(PAIR, "", "",
        "traffic:\n"
        "  - uperf: {from: 'c[1-3]', to: sut, streams: 2}\n"
        "  - uperf: {from: 'c[1-3]', to: sut, streams: 2}\n"
        "  - uperf: {from: 'c[2-4]', to: sut, streams: 2, port: 20001}\n");
    run();
    ck_assert_uint_eq(sum_between("tcp", "sut", "", "established"), 18);
    ck_assert_uint_eq(sum_between("app", "", "", "failures"), 0);
}
END_TEST

START_TEST(world_create__what_cannot_be_is_refused)
{
    static const struct { const char *machine, *nic, *rest, *words; } wrong[] = {
        { "links: {'v[1-8]': {over: ixgbe0, rxrings: hw}},", "", IN_ONLY, "at most 16 receive rings; asked for: 9 groups of 4" },
        { "links: {'v[1-4]': {over: ixgbe0, rxrings: '2'}},", "lanes: 2", IN_ONLY, "4 ring groups" },
        { "", "mtu: 16000B", IN_ONLY, "MTU" },
        { "", "cpus: '0-3', fanout: 2", IN_ONLY, "leave 'fanout' out" },
        { "cpus: {sockets: 16, cores: 16},", "cpus: '0-200'", IN_ONLY, "126 CPUs" },
        { "links: {v: {over: ixgbe0, vlan: 5}},", "", "traffic: [{uperf: {from: c1, to: sut, via: sut/v}}]\n",
          "VLAN 5" },
        { "", "", "traffic: [{uperf: {from: 'c[1-4]', to: sut, port: 65533}}]\n", "no port" },
    };
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        say(PAIR, wrong[i].machine, wrong[i].nic, wrong[i].rest);
        errors_fini(&mistakes);
        errors_init(&mistakes);
        refused(wrong[i].words);
    }
    say("switches: {s: {}, lonely: {}}\n"
        "machines: {a: {nics: {n: {wire: s}}}, b: {nics: {n: {wire: lonely}}}}\n"
        "traffic: [{uperf: {from: a, to: b}}]\n");
    errors_fini(&mistakes);
    errors_init(&mistakes);
    refused("no wires lead from switch 's' to switch 'lonely'");
}
END_TEST

/* -- records ------------------------------------------------------------------------------------------------------- */

static char *temporary(void *ctx, const char *what, const char *extension)
{
    char *path = malloc(256);
    ck_assert_ptr_nonnull(path);
    snprintf(path, 256, "%s/%s.%s", (const char *)ctx, what, extension);
    return path;
}

static char *contents(const char *dir, const char *name)
{
    char path[300];
    snprintf(path, sizeof path, "%s/%s", dir, name);
    FILE *f = fopen(path, "r");
    ck_assert_msg(f != NULL, "%s is not there", path);
    char *all = calloc(1, 1 << 22);
    ck_assert_ptr_nonnull(all);
    ck_assert_uint_gt(fread(all, 1, (1 << 22) - 1, f), 0);
    fclose(f);
    remove(path);
    return all;
}

START_TEST(world_record__trace_names_threads_and_interrupts)
{
    char dir[] = "/tmp/xbow-world-XXXXXX";
    ck_assert_ptr_nonnull(mkdtemp(dir));
    say(PAIR, "", "", BOTH_WAYS "trace: {from: 1ms, to: 2ms}\n"
        "capture: [{on: sut/ixgbe0, file: my.port, packets: 10}]\n");
    struct scenario *s = parse();
    struct world *w = world_create(s, 1, NULL, &mistakes);
    ck_assert_int_eq(world_record(w, temporary, dir, &mistakes), 0);
    ck_assert_int_eq(world_run(w, no_progress, NULL, &mistakes), 0);
    world_destroy(w);
    scenario_destroy(s);
    char *trace = contents(dir, "trace.json");
    ck_assert_ptr_nonnull(strstr(trace, "\"name\":\"sut/ixgbe0/hwlane0/poll\""));
    ck_assert_ptr_nonnull(strstr(trace, "\"name\":\"sut/ixgbe0/hwlane0/tcp0\""));
    ck_assert_ptr_nonnull(strstr(trace, "\"name\":\"c1>sut/uperf0/slave0\""));
    ck_assert_ptr_nonnull(strstr(trace, "\"name\":\"sut/ixgbe0/rx0\""));
    ck_assert_ptr_null(strstr(trace, "\"name\":\"thread "));
    ck_assert_ptr_null(strstr(trace, "\"name\":\"interrupt "));
    free(trace);
    free(contents(dir, "my.port.pcapng"));
    remove(dir);
}
END_TEST

/* While the engine traces, every frame takes the long way, hop by hop and through all of TCP: to the same counters. */
START_TEST(world_record__looking_changes_nothing)
{
    char dir[] = "/tmp/xbow-world-XXXXXX";
    ck_assert_ptr_nonnull(mkdtemp(dir));
    say(PAIR, "", "", BOTH_WAYS);
    run_with(1, "time.measure=30ms", NULL, NULL);
    result.events = 0; /* the long way takes more of them */
    uint64_t unseen = digest();
    say(PAIR, "", "", BOTH_WAYS "trace: {records: 100}\n");
    const char *longer = "time.measure=30ms";
    struct scenario *s = world_rig_parse(text, &longer, 1);
    ck_assert_ptr_nonnull(s);
    struct world *w = world_create(s, 1, NULL, &mistakes);
    ck_assert_int_eq(world_record(w, temporary, dir, &mistakes), 0);
    world_rig_finish(w, s);
    result.events = 0;
    ck_assert_uint_eq(digest(), unseen);
    free(contents(dir, "trace.json"));
    remove(dir);
}
END_TEST

Suite *world_suite(void)
{
    Suite *s = suite_create("world");
    TCase *t = tcase_create("world");
    tcase_add_checked_fixture(t, world_rig_init, world_rig_fini);
    tcase_set_timeout(t, 60);
    tcase_add_test(t, world_run__full_machine_reaches_the_wires_goodput_and_no_more);
    tcase_add_test(t, world_run__jumbo_frames_span_buffers_and_reach_their_goodput);
    tcase_add_test(t, world_run__frames_longer_than_jumbo_pass_the_switch);
    tcase_add_test(t, world_run__one_stream_is_its_window_over_the_round_trip);
    tcase_add_test(t, world_run__narrow_slot_is_the_bottleneck);
    tcase_add_test(t, world_run__generator_sends_at_line_rate_by_itself);
    tcase_add_test(t, world_run__generators_share_the_senders_rate);
    tcase_add_test(t, world_run__datagrams_from_machines_with_cpus);
    tcase_add_loop_test(t, world_run__layers_count_the_same_packets, 0, sizeof kinds / sizeof *kinds);
    tcase_add_loop_test(t, world_run__virtual_links_count_the_same_packets, 0, 3);
    tcase_add_loop_test(t, world_run__vlan_links_talk_with_tags, 0, 2);
    tcase_add_loop_test(t, world_run__interrupts_keep_their_interval, 0, 3);
    tcase_add_test(t, world_run__cpu_time_is_all_accounted_for);
    tcase_add_test(t, world_run__transmit_rings_are_all_used);
    tcase_add_test(t, world_run__loss_in_a_switch_is_counted_and_repaired);
    tcase_add_test(t, world_run__flood_overruns_the_card_where_the_card_counts_it);
    tcase_add_test(t, world_run__interrupt_turned_on_beside_waiting_frames);
    tcase_add_test(t, world_run__lanes_that_may_not_poll_drop_above_their_high_water);
    tcase_add_test(t, world_run__vnic_instead_of_the_nic_makes_no_difference);
    tcase_add_test(t, world_run__same_seed_same_counters);
    tcase_add_test(t, world_run__every_machine_in_full_detail);
    tcase_add_test(t, world_run__machines_of_both_details_on_a_platform);
    tcase_add_test(t, world_run__broadcast_reaches_every_link_once);
    tcase_add_test(t, world_run__multicast_reaches_members_alone);
    tcase_add_test(t, world_run__broadcast_stays_in_its_vlan);
    tcase_add_test(t, world_run__bypass_saves_work);
    tcase_add_test(t, world_run__links_have_transmit_rings_of_their_own);
    tcase_add_test(t, world_create__many_of_everything);
    tcase_add_test(t, world_create__entries_to_one_machine_have_ports_of_their_own);
    tcase_add_test(t, world_create__what_cannot_be_is_refused);
    tcase_add_test(t, world_record__trace_names_threads_and_interrupts);
    tcase_add_test(t, world_record__looking_changes_nothing);
    suite_add_tcase(s, t);
    return s;
}
