/* SPDX-License-Identifier: GPL-3.0-or-later
 * test_scenario.c -- scenarios: defaults, names, overrides, cross checks with their positions, what is printed, and
 * that the documentation is the table the parser reads.
 *
 * Runs in the directory of the project.  With XBOW_UPDATE_DOCS=1 in the environment the generated parts of
 * docs/scenario.md and docs/scenario.schema.json are rewritten instead of compared. */
#include <check.h>
#include <glob.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "scenario/names.h"
#include "scenario/scenario.h"
#include "scenario/schema.h"
#include "scenario/yaml.h"
#include "suites.h"

/* Two machines and a switch; every test adds what it is about. */
#define RIG \
    "switches: {s: {}}\n" \
    "machines:\n" \
    "  a: {nics: {n: {wire: s}}}\n" \
    "  b: {nics: {n: {wire: s}}}\n"

static struct errors errors;

static void setup(void) { errors_init(&errors); }
static void teardown(void) { errors_fini(&errors); }

static struct scenario *read_text(const char *text, const char *variant, const char *set)
{
    return scenario_parse("scenarios/t.yaml", text, strlen(text), variant, &set, set ? 1 : 0, &errors);
}

static struct scenario *loaded_with(const char *text, const char *variant, const char *set)
{
    struct scenario *s = read_text(text, variant, set);

    ck_assert_msg(s != NULL, "refused: %s", errors.count ? errors.list[0].text : "without a reason");
    ck_assert_uint_eq(errors.count, 0);
    return s;
}
static struct scenario *loaded(const char *text) { return loaded_with(text, NULL, NULL); }

/* The text is refused with exactly one message, which begins like this. */
static void refused_with(const char *text, const char *variant, const char *set, const char *message)
{
    struct scenario *s = read_text(text, variant, set);

    ck_assert_msg(s == NULL, "accepted: %s", message);
    ck_assert_msg(strncmp(errors.list[0].text, message, strlen(message)) == 0, "'%s' is not '%s'", errors.list[0].text,
                  message);
    ck_assert_msg(errors.count == 1, "more than '%s': '%s'", message, errors.count > 1 ? errors.list[1].text : "");
    errors_fini(&errors);
}

/* What follows RIG is at line 5. */
static void refused(const char *after_rig, const char *message)
{
    char text[4000], expected[400];

    snprintf(text, sizeof text, RIG "%s", after_rig);
    snprintf(expected, sizeof expected, "scenarios/t.yaml:%s", message);
    refused_with(text, NULL, NULL, expected);
}

static void refused_text(const char *text, const char *message)
{
    char expected[400];

    snprintf(expected, sizeof expected, "scenarios/t.yaml:%s", message);
    refused_with(text, NULL, NULL, expected);
}

static double seconds(void)
{
    struct timespec t;

    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
    return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

/* -- what a scenario says ----------------------------------------------------------------------------------------- */

START_TEST(scenario_parse__defaults)
{
    struct scenario *s = loaded(RIG "traffic:\n - uperf: {from: a, to: b}\n");
    const struct scenario_machine *a = &s->machines[0];
    const struct scenario_nic *n = &a->nics[0];

    ck_assert_str_eq(s->name, "t");
    ck_assert_str_eq(s->title, "t");
    ck_assert_uint_eq(s->seed, 1);
    ck_assert_int_eq(s->time.warmup.ps, 200000000000);
    ck_assert_int_eq(s->time.measure.ps, 1000000000000);
    ck_assert_ptr_nonnull(strstr(s->profile_path, "scenarios/profiles/harpertown-2.8.yaml"));
    ck_assert_ptr_null(s->platform_path);
    ck_assert_int_eq(s->switches[0].rate.bps, 10000000000);
    ck_assert_int_eq(a->detail, SCENARIO_LIGHT);
    ck_assert_int_eq(scenario_cpu_count(&a->cpus), 8);
    ck_assert_int_eq(a->cpus.clock_hz, 2800000000);
    ck_assert_int_eq(a->tcp.send_buffer_bytes, 49152);
    ck_assert_int_eq(a->tcp.ack_every, 8);
    ck_assert(a->tcp.timestamps && a->tcp.sack && !a->tcp.no_delay);
    ck_assert_int_eq(a->lane.low_water_pkts, 256);
    ck_assert_int_eq(a->lane.poll_bytes, 150000);
    ck_assert_int_eq(n->lanes, 4);
    ck_assert_int_eq(n->fanout, SCENARIO_AUTO);
    ck_assert_int_eq(n->interrupt_interval.ps, 51200000);
    ck_assert_int_eq(n->rx_groups, 1);
    ck_assert_int_eq(n->pcie.mps_bytes, 128);
    ck_assert_int_eq(n->wire_switch, 0);
    ck_assert_int_eq(s->traffic[0].streams, 10);
    ck_assert_int_eq(s->traffic[0].write_bytes, 8192);
    ck_assert_int_eq(s->traffic[0].stop.ps, SCENARIO_NEVER.ps);
    ck_assert_int_eq(s->traffic[0].port, 20000);
    ck_assert(!s->trace.on);
    scenario_destroy(s);
}
END_TEST

START_TEST(scenario_parse__automatic_addresses)
{
    static const uint8_t first[6] = { 2, 0, 0, 0, 0, 1 }, third[6] = { 2, 0, 0, 1, 1, 3 };
    struct scenario *s = loaded("switches: {s: {}}\n"
                                "machines:\n"
                                "  m[0-299]: {nics: {x: {wire: s}, y: {wire: s}}, links: {v: {over: x}}}\n"
                                "  last: {nics: {x: {wire: s, address: 192.168.1.1, mac: '02:AA:00:00:00:01'}}}\n");
    const struct scenario_machine *m = &s->machines[257], *last = &s->machines[300];

    ck_assert_uint_eq(s->machine_count, 301);
    ck_assert_uint_eq(s->machines[0].nics[0].address, 0x0a000001);
    ck_assert_mem_eq(s->machines[0].nics[0].mac, first, 6);
    ck_assert_str_eq(m->name, "m257");
    ck_assert_uint_eq(m->nics[1].address, 0x0a010102);
    ck_assert_uint_eq(m->links[0].address, 0x0a010103);
    ck_assert_mem_eq(m->links[0].mac, third, 6);
    ck_assert_uint_eq(last->nics[0].address, 0xc0a80101);
    ck_assert_uint_eq(last->nics[0].mac[1], 0xaa);
    ck_assert_int_eq(scenario_find_machine(s, "m299"), 299);
    ck_assert_int_eq(scenario_find_machine(s, "m300"), -1);
    scenario_destroy(s);
}
END_TEST

START_TEST(scenario_parse__traffic_ends)
{
    struct scenario *s = loaded("switches: {s: {}}\n"
                                "machines:\n"
                                "  sut: {nics: {n0: {wire: s}, n1: {wire: s}}, links: {v1: {over: n1}}}\n"
                                "  client[1-5]: {nics: {n0: {wire: s}}}\n"
                                "traffic:\n"
                                "  - uperf: {from: 'client[2-3]', to: sut, via: v1}\n"
                                "  - uperf: {from: sut, to: [client5, 'client*'], via: [sut/n1, n0]}\n"
                                "  - packets: {from: '*', to: '*'}\n");
    const struct scenario_traffic *t = s->traffic;

    ck_assert_uint_eq(t[0].from_count, 2);
    ck_assert_int_eq(t[0].from_ends[0].machine, 2);
    ck_assert_int_eq(t[0].from_ends[0].link, -1); /* clients have no v1: their first NIC */
    ck_assert_int_eq(t[0].to_ends[0].nic, 1);
    ck_assert_int_eq(t[0].to_ends[0].link, 0);
    ck_assert_uint_eq(t[1].to_count, 5); /* each once, in the order of the scenario */
    ck_assert_int_eq(t[1].to_ends[4].machine, 5);
    ck_assert_int_eq(t[1].from_ends[0].nic, 0); /* the later text wins: n0 */
    ck_assert_uint_eq(t[2].from_count, 6);
    ck_assert_int_eq(t[2].port, 20002);
    scenario_destroy(s);
}
END_TEST

START_TEST(scenario_parse__packet_intervals)
{
    struct scenario *s = loaded(RIG "traffic:\n"
                                    "  - packets: {from: a, to: b}\n"
                                    "  - packets: {from: a, to: b, frame: 1518B}\n"
                                    "  - packets: {from: a, to: b, load: 1%}\n"
                                    "  - packets: {from: a, to: b, rate: 1Gbps, frame: 1000B}\n"
                                    "  - packets: {from: a, to: b, packet-rate: 8kpps}\n"
                                    "  - packets: {from: a, to: b, frame: 64B, frame-max: 1518B}\n");

    ck_assert_int_eq(s->traffic[0].from_ends[0].interval_fs, 67200000);      /* 14,880,952 per second */
    ck_assert_int_eq(s->traffic[1].from_ends[0].interval_fs, 1230400000);    /* 812,744 per second */
    ck_assert_int_eq(s->traffic[2].from_ends[0].interval_fs, 6720000000);
    ck_assert_int_eq(s->traffic[3].from_ends[0].interval_fs, 8000000000);
    ck_assert_int_eq(s->traffic[4].from_ends[0].interval_fs, 125000000000);
    ck_assert_int_eq(s->traffic[5].from_ends[0].interval_fs, 648800000);     /* mean frame 791 bytes */
    ck_assert_int_eq(s->traffic[0].frame_max_bytes, 64);
    scenario_destroy(s);
}
END_TEST

START_TEST(scenario_parse__rxrings)
{
    struct scenario *s = loaded("switches: {s: {}}\n"
                                "machines:\n"
                                "  a:\n"
                                "    nics: {n: {wire: s, lanes: 3}}\n"
                                "    links: {h: {over: n}, w: {over: n, rxrings: sw}, two: {over: n, rxrings: 2}, "
                                "l: {over: n, rxrings: hw, lanes: 4}}\n");
    const struct scenario_machine *m = s->machines;

    ck_assert_int_eq(m->links[0].lanes, 3);
    ck_assert_int_eq(m->links[1].rxrings, SCENARIO_RXRINGS_SW);
    ck_assert_int_eq(m->links[1].lanes, 1);
    ck_assert_int_eq(m->links[2].rxrings, SCENARIO_RXRINGS_HW);
    ck_assert_int_eq(m->links[2].lanes, 2);
    ck_assert_int_eq(m->links[3].lanes, 4);
    ck_assert_int_eq(m->nics[0].rx_groups, 4);
    scenario_destroy(s);
}
END_TEST

/* Hardware lanes of the links "v1" ... "v<n>" of the NIC with these keys, as a text of h and s. */
static const char *lanes_of_links(const char *nic, const char *links)
{
    static char text[64];
    char yaml[1000];
    snprintf(yaml, sizeof yaml, "switches: {s: {}}\nmachines:\n  a:\n    detail: full\n    nics: {n: {wire: s%s}}\n"
             "    links: {%s}\n", nic, links);
    struct scenario *s = loaded(yaml);
    size_t n = s->machines[0].link_count;
    for (size_t i = 0; i < n; i++) text[i] = s->machines[0].links[i].rxrings == SCENARIO_RXRINGS_HW ? 'h' : 's';
    text[n] = 0;
    scenario_destroy(s);
    return text;
}

/* Who does not ask gets rings while there are some, after those who do; then a software lane. */
START_TEST(scenario_parse__rxrings_left_to_the_card)
{
    ck_assert_str_eq(lanes_of_links(", lanes: 4", "'v[1-5]': {over: n}"), "hhhss");
    ck_assert_str_eq(lanes_of_links(", lanes: 1", "'v[1-18]': {over: n}"), "hhhhhhhhhhhhhhhsss");
    ck_assert_str_eq(lanes_of_links(", primary: false", "'v[1-5]': {over: n, lanes: 8}"), "hssss");
    ck_assert_str_eq(lanes_of_links(", lanes: 4", "'v[1-3]': {over: n}, w: {over: n, rxrings: hw}"), "hhsh");
    ck_assert_str_eq(lanes_of_links(", lanes: 1, rx-groups: 3", "'v[1-4]': {over: n}"), "hhss");
    ck_assert_str_eq(lanes_of_links(", lanes: 1", "v: {over: n, rxrings: sw}, w: {over: n}"), "sh");
    ck_assert_str_eq(lanes_of_links(", model: intel-82573", "'v[1-2]': {over: n}"), "ss");
}
END_TEST

START_TEST(scenario_parse__captures)
{
    struct scenario *s = loaded("switches: {s[1-2]: {}}\n"
                                "wires: [{between: [s1, s2]}]\n"
                                "machines: {a: {nics: {n: {wire: s1}, m: {wire: s1}}}}\n"
                                "capture:\n"
                                "  - {on: a/m}\n"
                                "  - {on: s1/a}\n"
                                "  - {on: s1/a/m, file: x.pcapng, snap: 96B}\n"
                                "  - {on: s2/s1}\n");
    const struct scenario_capture *c = s->captures;

    ck_assert_str_eq(c[0].file, "a-m.pcapng");
    ck_assert_int_eq(c[0].machine, 0);
    ck_assert_int_eq(c[0].nic, 1);
    ck_assert_int_eq(c[0].at_switch, -1);
    ck_assert_int_eq(c[1].at_switch, 0);
    ck_assert_int_eq(c[1].nic, 0);
    ck_assert_int_eq(c[2].nic, 1);
    ck_assert_int_eq(c[2].snap_bytes, 96);
    ck_assert_int_eq(c[3].at_switch, 1);
    ck_assert_int_eq(c[3].peer_switch, 0);
    ck_assert_int_eq(c[3].machine, -1);
    scenario_destroy(s);
}
END_TEST

START_TEST(scenario_parse__platform_hosts)
{
    struct scenario *s;
    FILE *f = fopen("/tmp/xbow-test-platform.xml", "w");

    ck_assert_ptr_nonnull(f);
    fclose(f);
    s = loaded("platform: /tmp/xbow-test-platform.xml\n"
               "machines:\n"
               "  m[1-3]: {host: 'node-[08-10].grid', nics: {n: {}}}\n"
               "  other: {nics: {n: {}}}\n");
    ck_assert_str_eq(s->machines[1].host.text, "node-09.grid");
    ck_assert_str_eq(s->machines[3].host.text, "other");
    ck_assert_int_eq(s->machines[3].nics[0].wire_switch, -1);
    scenario_destroy(s);
    refused_text("platform: /tmp/xbow-test-platform.xml\nmachines: {'m[1-3]': {host: 'n[1-2]', nics: {n: {}}}}\n",
                 "2:29: host: 'n[1-2]' stands for 2 names, expected as many as there are items here, 3");
    refused_text("platform: /tmp/xbow-test-platform.xml\nswitches: {s: {}}\nmachines: {m: {nics: {n: {}}}}\n",
                 "1:11: platform: the file says how hosts are connected");
    refused_text("platform: /tmp/xbow-test-platform.xml\nmachines: {m: {nics: {n: {wire: s}}}}\n",
                 "2:33: wire: has no meaning with a platform file");
    refused_text("platform: none.xml\nmachines: {m: {nics: {n: {}}}}\n",
                 "1:11: platform: there is no file 'scenarios/none.xml'");
    remove("/tmp/xbow-test-platform.xml");
}
END_TEST

START_TEST(scenario_bound_value__exact)
{
    struct scenario *s = loaded(RIG "expect:\n"
                                    "  - {metric: m, at-least: 9.2Gbps, at-most: 1%, spread: 0.5%}\n"
                                    "  - {metric: m, between: [1, 2.5]}\n");
    const struct scenario_expect *x = s->expects;

    ck_assert_int_eq(x[0].at_least.unit, SCENARIO_BOUND_RATE);
    ck_assert_double_eq(scenario_bound_value(&x[0].at_least), 9.2e9);
    ck_assert_double_eq(scenario_bound_value(&x[0].at_most), 0.01);
    ck_assert_double_eq(scenario_bound_value(&x[0].spread), 0.005);
    ck_assert_int_eq(x[0].within.unit, SCENARIO_BOUND_NONE);
    ck_assert_double_eq(scenario_bound_value(&x[1].between[1]), 2.5);
    scenario_destroy(s);
}
END_TEST

/* -- mistakes ----------------------------------------------------------------------------------------------------- */

START_TEST(scenario_parse__all_mistakes_at_once)
{
    static const char text[] = "sed: 1\n"
                               "time: {warmpu: 200ms, measure: 200}\n"
                               "switches: {s: {latency: 10Gbps}}\n"
                               "machines:\n"
                               "  a: {cpus: {cores: 0}, nics: {n: {wire: t}}}\n"
                               "  a: {}\n"
                               "traffic:\n"
                               "  - uperf: {from: a, to: c, streams: -1}\n";
    static const char *const expected[] = {
        "6:3: 'a' is given twice, first in line 5",
        "1:1: unknown key 'sed', did you mean 'seed'?",
        "2:8: unknown key 'warmpu', did you mean 'warmup'?",
        "2:32: measure: a bare number where a duration is needed: write 200ms (units: ps ns us ms s min h)",
        "3:25: latency: unknown unit 'Gbps' where a duration is needed, such as 200ms (units: ps ns us ms s min h)",
        "5:21: cores: '0' is out of range, expected 1 to 128",
        "8:38: streams: '-1' is out of range, expected 1 to 100000",
        "5:42: wire: there is no switch 't', did you mean 's'?",
        "8:26: to: there is no machine 'c', did you mean 'a'?",
    };
    enum { N = sizeof expected / sizeof *expected };

    ck_assert_ptr_null(read_text(text, NULL, NULL));
    for (size_t i = 0; i < errors.count && i < N; i++) {
        ck_assert_msg(strncmp(errors.list[i].text, "scenarios/t.yaml:", 17) == 0, "%s", errors.list[i].text);
        ck_assert_str_eq(errors.list[i].text + 17, expected[i]);
    }
    ck_assert_uint_eq(errors.count, N);
}
END_TEST

START_TEST(scenario_parse__values)
{
    refused("time: {measure: 0s}\n", "5:17: measure: '0s' is out of range, expected 1ps to 3600000s");
    refused("time: {measure: -1s}\n", "5:17: measure: '-1s' is out of range");
    refused("time: {measure: }\n", "5:17: measure: no value is given");
    refused("time: {measure: [1s]}\n", "5:17: measure: expected a value, not a list");
    refused("time: 5s\n", "5:7: expected a section (key: value), not a value");
    refused("traffic: {}\n", "5:10: traffic: expected a list ('- ' before each item), not a section");
    refused("traffic: [{ping: {}}]\n",
            "5:12: traffic: unknown kind 'ping' (expected '- uperf: {...}' or '- packets: {...}' or '- web: {...}')");
    refused("traffic: [{uprf: {}}]\n", "5:12: traffic: unknown kind 'uprf', did you mean 'uperf'?");
    refused("traffic: [uperf]\n", "5:11: traffic: expected '- uperf: {...}' or '- packets: {...}' or '- web: {...}'");
    refused("traffic: [{uperf: {from: a}}]\n", "5:12: 'to' is missing");
    refused("traffic: [{packets: {from: a, to: b, arrivals: random}}]\n",
            "5:48: arrivals: unknown value 'random' (there are: constant, poisson)");
    refused("seed: yes\n", "5:7: seed: 'yes' is not a whole number");
    refused("trace: {records: 1.5}\n", "5:18: records: '1.5' is not a whole number");
    refused("variants: {a b: {}}\n", "5:12: variants: 'a b' is not a name");
    refused("variants: {a: 5}\n", "5:15: variants: a: expected {path: value, ...}, not a value");
    refused("plot: []\n", "5:7: plot: the list is empty");
    refused("plot: [../x]\n", "5:7: plot: '../x' is not the name of a plot");
    refused("profile: none\n", "5:10: profile: found neither the file 'none' nor scenarios/profiles/none.yaml");
    refused("expect: [{metric: m, between: [2, 1]}]\n", "5:31: between: expected a lower and a higher bound");
    refused("expect: [{metric: m, between: [1%, 2Gbps]}]\n",
            "5:31: between: expected a lower and a higher bound in the same");
    refused("expect: [{metric: m, between: 5}]\n", "5:31: between: expected two bounds");
    refused("expect: [{metric: m, at-least: many}]\n", "5:32: at-least: 'many' is not a number");
}
END_TEST

START_TEST(scenario_parse__machines)
{
#define ONE "switches: {s: {}}\nmachines:\n"
    refused_text("seed: 1\n", "1:1: 'machines' is missing");
    refused_text("hello\n", "1:1: expected a section (key: value) at the top level, not a value");
    refused_text(ONE "  a: {}\n", "3:3: 'nics' is missing");
    refused_text(ONE "  a: {nics: {}}\n", "3:3: 'nics' is missing");
    refused_text(ONE "  a: {nics: {n: {}}}\n", "3:14: nic 'n': 'wire' is missing");
    refused_text(ONE "  s: {nics: {n: {wire: s}}}\n", "1:12: switch 's' has the name of a machine");
    refused_text(ONE "  a: {host: h, nics: {n: {wire: s}}}\n", "3:13: host: has no meaning without a platform file");
    refused_text(ONE "  a[1-3]: {nics: {n: {wire: s}}}\n  a2: {nics: {n: {wire: s}}}\n",
                 "4:3: machine 'a2' is defined twice, first in line 3");
    refused_text(ONE "  a[3-1]: {nics: {n: {wire: s}}}\n", "3:3: machines: 'a[3-1]' is not a range");
    refused_text(ONE "  a[1-99999]: {nics: {n: {wire: s}}}\n", "3:3: machines: 'a[1-99999]' stands for more than");
    refused_text(ONE "  'a b': {nics: {n: {wire: s}}}\n", "3:3: machines: 'a b' is not a name");
    refused_text(ONE "  a: {detail: flul, nics: {n: {wire: s}}}\n",
                 "3:15: detail: unknown value 'flul', did you mean 'full'? (there are: light, full)");
    refused_text(ONE "  a: {nics: {n: {wire: s}, m: {wire: s}}, links: {n: {over: m}}}\n",
                 "3:51: NIC or link 'n' is defined twice");
    refused_text(ONE "  a: {nics: {n: {wire: s}}, links: {v: {over: m}}}\n",
                 "3:47: over: machine 'a' has no NIC 'm', did you mean 'n'?");
    refused_text(ONE "  a: {nics: {n: {wire: s}}, links: {v: {}}}\n", "3:37: 'over' is missing");
    refused_text(ONE "  a: {nics: {n: {wire: s}}, links: {v: {over: n, rxrings: 17}}}\n",
                 "3:59: rxrings: '17' is not auto, hw, sw or a number from 1 to 16");
    refused_text(ONE "  a: {nics: {n: {wire: s}}, links: {v: {over: n, rxrings: 2, lanes: 3}}}\n",
                 "3:59: rxrings: 2 contradicts 'lanes: 3'");
    refused_text(ONE "  a: {nics: {n: {wire: s}}, links: {v: {over: n, rxrings: sw, lanes: 3}}}\n",
                 "3:37: link 'v': 'rxrings: sw' is one software lane, not 3 lanes");
    refused_text(ONE "  a: {nics: {n: {wire: s, lanes: 17}}}\n", "3:34: lanes: '17' is out of range, expected 1 to 16");
    refused_text(ONE "  a: {nics: {n: {wire: s}}, links: {v: {over: n, txrings: 33}}}\n",
                 "3:59: txrings: '33' is not hw, sw or a number from 1 to 32");
    refused_text(ONE "  a: {detail: full, nics: {n: {wire: s, tx-rings: 2}}, links: {v: {over: n, txrings: 2}}}\n",
                 "3:28: nic 'n': its links need 3 transmit rings, one that all share included; tx-rings is 2");
    refused_text(ONE "  a: {nics: {n: {wire: s, rx-groups: 1}}, links: {v: {over: n, rxrings: 1}}}\n",
                 "3:14: nic 'n': its links need 2 receive groups, rx-groups is 1");
    refused_text(ONE "  a: {nics: {n: {wire: s}}, links: {'v[1-20]': {over: n, rxrings: hw, lanes: 1}}}\n",
                 "3:14: nic 'n': its links need 21 receive groups, it has 16");
    refused_text(ONE "  a: {nics: {n: {wire: s}}, links: {'v[1-10]': {over: n, rxrings: hw, lanes: 8}}}\n",
                 "3:14: nic 'n': its links need 84 receive rings, it has 64");
    refused_text(ONE "  a: {cpus: {sockets: 0}, nics: {n: {wire: s}}}\n", "3:23: sockets: '0' is out of range");
    refused_text(ONE "  a: {nics: {n: {wire: s, node: 2}}}\n", "3:14: nic 'n': there is no NUMA node 2");
    refused_text(ONE "  a: {nics: {n: {wire: s, cpus: 5-9}}}\n", "3:33: cpus: there is no CPU 8: the machine has 8");
    refused_text(ONE "  a: {nics: {n: {wire: s, cpus: [0, 1, 0]}}}\n", "3:33: cpus: CPU 0 is named twice");
    refused_text(ONE "  a: {nics: {n: {wire: s, cpus: all}}}\n", "3:33: cpus: expected CPU numbers");
    refused_text(ONE "  a: {nics: {n: {wire: s, mtu: -5B}}}\n",
                 "3:32: mtu: '-5B' is out of range, expected 576B to 16110B");
    refused_text(ONE "  a: {nics: {n: {wire: s, rx-descriptors: 100}}}\n",
                 "3:14: nic 'n': rx-descriptors and tx-descrip");
    refused_text(ONE "  a: {nics: {n: {wire: s, rx-interrupt-delay: 1us}}}\n",
                 "3:14: nic 'n': 'intel-82598' delays interrupts by 'interrupt-interval' alone");
    refused_text(ONE "  a: {nics: {n: {wire: s, pcie: {lanes: 3}}}}\n",
                 "3:14: nic 'n': pcie.lanes is 3, expected 1, 2");
    refused_text(ONE "  a: {nics: {n: {wire: s, pcie: {mps: 200B}}}}\n", "3:14: nic 'n': pcie.mps, pcie.mrrs and pcie");
    refused_text(ONE "  a: {nics: {n: {wire: s, address: 10.0.0.256}}}\n",
                 "3:36: address: '10.0.0.256' is not an IPv4");
    refused_text(ONE "  a: {nics: {n: {wire: s, address: 224.0.0.1}}}\n",
                 "3:36: address: 224.0.0.1 is not the address of");
    refused_text(ONE "  a: {nics: {n: {wire: s, mac: '01:00:00:00:00:01'}}}\n",
                 "3:32: mac: 01:00:00:00:00:01 is not the");
    refused_text(ONE "  a: {nics: {n: {wire: s, mac: '02:00:00'}}}\n",
                 "3:32: mac: '02:00:00' is not an Ethernet address");
    refused_text(ONE "  a: {nics: {n: {wire: s}}}\n  b: {nics: {n: {wire: s, address: 10.0.0.1}}}\n",
                 "4:14: its IPv4 address is already used in line 3");
    refused_text(ONE "  a: {lane: {low-water: 2000}, nics: {n: {wire: s}}}\n",
                 "3:3: machine 'a': lane.low-water (2000) is above lane.high-water (1024)");
    refused_text(ONE "  a: {lane: {poll-threshold: 200}, nics: {n: {wire: s}}}\n",
                 "3:3: machine 'a': lane.poll-threshold (200) is above half of lane.low-water (256)");
#undef ONE
}
END_TEST

START_TEST(scenario_parse__cross_checks)
{
    refused("wires: [{between: [s]}]\n", "5:19: between: expected two switches");
    refused("wires: [{between: [s, t]}]\n", "5:19: between: there is no switch 't'");
    refused("wires: [{between: [s, s]}]\n", "5:19: between: both ends are at 's'");
    refused("traffic: [{uperf: {from: a, to: a}}]\n", "5:12: 'from' and 'to' are the same: nobody sends to itself");
    refused("traffic: [{uperf: {from: a, to: 'c*'}}]\n", "5:33: to: no machine is named like 'c*'");
    refused("traffic: [{uperf: {from: 'a[1-3]', to: b}}]\n", "5:26: from: there is no machine 'a1', did you mean 'a'?");
    refused("traffic: [{uperf: {from: a, to: b, via: m}}]\n",
            "5:41: via: no machine in 'from' or 'to' has a NIC or link 'm', did you mean 'n'?");
    refused("traffic: [{uperf: {from: a, to: b, via: c/n}}]\n",
            "5:41: via: machine 'c' is neither in 'from' nor in 'to'");
    refused("traffic: [{uperf: {from: a, to: b, via: a/m}}]\n", "5:41: via: machine 'a' has no NIC or link 'm'");
    refused("traffic: [{uperf: {from: a, to: b, start: 2s, stop: 1s}}]\n", "5:12: 'stop' is not after 'start'");
    refused("traffic: [{packets: {from: a, to: b, load: 1%, rate: 1Gbps}}]\n", "5:12: only one of 'load', 'rate'");
    refused("traffic: [{packets: {from: a, to: b, load: 101%}}]\n", "5:44: load: '101%' is out of range");
    refused("traffic: [{packets: {from: a, to: b, packet-rate: 15Mpps}}]\n",
            "5:12: this is more than the wire of 'n' carries: 14880952 frames per second");
    refused("traffic: [{packets: {from: a, to: b, rate: 9.9Gbps}}]\n",
            "5:12: this is more than the wire of 'n' carries");
    refused("traffic: [{packets: {from: a, to: b, frame: 1519B}}]\n",
            "5:12: frames of 1519B do not fit: with an MTU of 1500B the longest is 1518B");
    refused("traffic: [{packets: {from: a, to: b, frame: 100B, frame-max: 90B}}]\n", "5:12: 'frame-max' is smaller");
    refused("traffic: [{web: {from: a, to: b, response-max: 90B}}]\n", "5:12: 'response-max' needs a 'response'");
    refused("traffic: [{web: {from: a, to: b, response: 2kB, response-max: 1kB}}]\n",
            "5:12: 'response-max' is smaller than 'response'");
    refused("traffic: [{web: {from: a, to: b, think: 1ms, request-rate: 10Hz}}]\n",
            "5:12: only one of 'think' and 'request-rate'");
    refused("capture: [{on: a}]\n", "5:16: on: 'a' is not a place: expected MACHINE/NIC or SWITCH/PEER");
    refused("capture: [{on: c/n}]\n", "5:16: on: there is no machine or switch 'c'");
    refused("capture: [{on: a/m}]\n", "5:16: on: machine 'a' has no NIC 'm', did you mean 'n'?");
    refused("capture: [{on: s/c}]\n", "5:16: on: there is no machine or switch 'c'");
    refused("capture: [{on: s/a/m}]\n", "5:16: on: switch 's' has no port to 'a/m'");
    refused("capture: [{on: s/s}]\n", "5:16: on: switch 's' has no port to 's'");
    refused("capture: [{on: a/n}, {on: a/n}]\n",
            "5:22: file: 'a-n.pcapng' is already written by the capture in line 5");
    refused("capture: [{on: a/n, file: ../x}]\n", "5:11: file: '../x' is not a file name");
    refused("capture: [{on: a/n, from: 2s, to: 1s}]\n", "5:11: 'to' is not after 'from'");
    refused("expect: [{metric: m}]\n", "5:10: expected at least one of 'within', 'ratio-at-least'");
    refused("variants: {x: {}}\nexpect: [{metric: m, ratio-at-least: 2}]\n", "6:10: a ratio needs 'against'");
    refused("expect: [{metric: m, within: 1%}]\n", "5:10: 'within' needs 'against'");
    refused("variants: {x: {}}\nexpect: [{metric: m, at-least: 1, of: y}]\n",
            "6:39: of: there is no variant 'y', did you");
    refused("variants: {x: {}}\nexpect: [{metric: m, within: 1%, of: x, against: x}]\n", "6:50: 'against' is the same");
    refused_with("switches: {s: {}}\nmachines:\n  a: {nics: {n: {wire: s, primary: false}}, links: {v: {over: n}}}\n"
                 "  b: {nics: {n: {wire: s}}}\ntraffic: [{uperf: {from: a, to: b}}]\n", NULL, NULL,
                 "scenarios/t.yaml:5:12: machine 'a': 'n' has no link of its own (primary: false)");
}
END_TEST

/* A mistake in a range is told once, not once for each machine. */
START_TEST(scenario_parse__range_mistake_once)
{
    refused_text("switches: {s: {}}\nmachines: {'a[1-1000]': {nics: {n: {wire: t}}}}\n",
                 "2:43: wire: there is no switch 't'");
    refused_text("switches: {s: {}}\nmachines: {'a[1-1000]': {cpus: {cores: 0}, nics: {n: {wire: s}}}}\n",
                 "2:40: cores: '0' is out of range");
}
END_TEST

START_TEST(scenario_load__missing_file)
{
    ck_assert_ptr_null(scenario_load("none.yaml", NULL, NULL, 0, &errors));
    ck_assert_uint_eq(errors.count, 1);
    ck_assert_str_eq(errors.list[0].text, "none.yaml: cannot be read: No such file or directory");
}
END_TEST

/* -- overrides ---------------------------------------------------------------------------------------------------- */

#define RANGE_RIG \
    "switches: {s: {}}\n" \
    "machines:\n" \
    "  sut: {nics: {n: {wire: s}}}\n" \
    "  client[1-5]: {nics: {n: {wire: s}}}\n" \
    "traffic:\n" \
    "  - uperf: {from: 'client[1-2]', to: sut}\n" \
    "  - packets: {from: client3, to: sut, load: 1%}\n"

START_TEST(scenario_parse__variant)
{
    static const char text[] = RANGE_RIG "variants:\n"
                                         "  base: {}\n"
                                         "  other:\n"
                                         "    time.measure: 5s\n"
                                         "    machines.sut: {detail: full, links: {v: {over: n}}}\n"
                                         "    traffic.*.via: v\n"
                                         "    machines.client3.tcp.sack: false\n"
                                         "    machines.client[4-5].nics.*.lanes: 2\n"
                                         "    traffic.0.streams: 3\n";
    struct scenario *s = loaded_with(text, "base", NULL), *v = loaded_with(text, "other", "time.measure=7s");

    ck_assert_str_eq(v->variant.text, "other");
    ck_assert_uint_eq(s->variants.count, 2);
    ck_assert_str_eq(s->variants.list[1], "other");
    ck_assert_int_eq(s->time.measure.ps, 1000000000000);
    ck_assert_int_eq(v->time.measure.ps, 7000000000000); /* --set comes last */
    ck_assert_int_eq(v->time.warmup.ps, 200000000000);
    ck_assert_int_eq(v->machines[0].detail, SCENARIO_FULL);
    ck_assert_uint_eq(v->machines[0].nic_count, 1); /* merged, not replaced */
    ck_assert_int_eq(v->traffic[0].to_ends[0].link, 0);
    ck_assert_int_eq(v->traffic[1].to_ends[0].link, 0);
    ck_assert_int_eq(v->traffic[0].streams, 3);
    for (int i = 1; i <= 5; i++) { /* a part of a range changes, the order and so the addresses do not */
        char name[32];
        snprintf(name, sizeof name, "client%d", i);
        ck_assert_str_eq(v->machines[i].name, name);
        ck_assert_int_eq(v->machines[i].tcp.sack, i != 3);
        ck_assert_int_eq(v->machines[i].nics[0].lanes, i >= 4 ? 2 : 4);
        ck_assert_uint_eq(v->machines[i].nics[0].address, s->machines[i].nics[0].address);
    }
    scenario_destroy(s);
    scenario_destroy(v);
    refused_with(text, "othr", NULL, "scenarios/t.yaml: there is no variant 'othr', did you mean 'other'?");
}
END_TEST

static int64_t value_after(const char *set, int64_t (*get)(const struct scenario *))
{
    struct scenario *s = loaded_with(RANGE_RIG, NULL, set);
    int64_t v = get(s);

    scenario_destroy(s);
    return v;
}
static int64_t get_seed(const struct scenario *s) { return (int64_t)s->seed; }
static int64_t get_streams(const struct scenario *s) { return s->traffic[0].streams; }
static int64_t get_traffic(const struct scenario *s) { return (int64_t)s->traffic_count; }
static int64_t get_kind(const struct scenario *s) { return s->traffic[0].kind; }
static int64_t get_machines(const struct scenario *s) { return (int64_t)s->machine_count; }
static int64_t get_links(const struct scenario *s) { return (int64_t)s->machines[0].link_count; }
static int64_t get_trace(const struct scenario *s) { return s->trace.on; }
static int64_t get_ack(const struct scenario *s) { return s->machines[5].tcp.ack_every; }

START_TEST(override_apply__values)
{
    ck_assert_int_eq(value_after("seed=42", get_seed), 42);
    ck_assert_int_eq(value_after("traffic.0.streams=7", get_streams), 7);
    ck_assert_int_eq(value_after("traffic.0.uperf.streams=8", get_streams), 8);
    ck_assert_int_eq(value_after("traffic.*.streams=9", get_streams), 9); /* packets have none: passed over */
    ck_assert_int_eq(value_after("traffic.0={uperf: {streams: 6}}", get_streams), 6); /* merged */
    ck_assert_int_eq(value_after("traffic.0={packets: {from: sut, to: client1}}", get_kind), SCENARIO_PACKETS);
    ck_assert_int_eq(value_after("traffic=[]", get_traffic), 0);
    ck_assert_int_eq(value_after("traffic=~", get_traffic), 0);
    ck_assert_int_eq(value_after("traffic.1=~", get_traffic), 1);
    ck_assert_int_eq(value_after("traffic.*=~", get_traffic), 0);
    ck_assert_int_eq(value_after("machines.client[4-5]=~", get_machines), 4);
    ck_assert_int_eq(value_after("machines.new[1-3]={nics: {n: {wire: s}}}", get_machines), 9);
    ck_assert_int_eq(value_after("machines.sut.links.v={over: n}", get_links), 1);
    ck_assert_int_eq(value_after("machines.sut.links={'v[1-3]': {over: n}}", get_links), 3);
    ck_assert_int_eq(value_after("trace.records=100", get_trace), 1);
    ck_assert_int_eq(value_after("trace={}", get_trace), 1);
    ck_assert_int_eq(value_after("machines.*.tcp={ack-every: 2}", get_ack), 2);
    ck_assert_int_eq(value_after("machines.\"client5\".tcp.ack-every=3", get_ack), 3);
    ck_assert_int_eq(value_after("machines.cl*5.tcp.ack-every=3", get_ack), 3);
}
END_TEST

START_TEST(override_apply__refuses)
{
    static const struct { const char *set, *message; } cases[] = {
        { "seed", "--set seed: expected PATH=VALUE" },
        { "=5", "--set =5: '': not a path" },
        { "a..b=5", "--set a..b=5: 'a..b': not a path" },
        { "time.meassure=5s", "--set time.meassure=5s: 'time.meassure': unknown key 'meassure', did you mean 'measure'?"
                              " (there are: warmup, measure)" },
        { "machines.stu.detail=full",
          "--set machines.stu.detail=full: 'machines.stu.detail': nothing in 'machines' is named"
                                      " 'stu', did you mean 'sut'? (there are: sut, client[1-5])" },
        { "machines.client7.detail=full", "--set machines.client7.detail=full: 'machines.client7.detail': nothing in" },
        { "traffic.2.streams=1",
          "--set traffic.2.streams=1: 'traffic.2.streams': 'traffic' has 2 items, counted from 0" },
        { "traffic.x.streams=1", "--set traffic.x.streams=1: 'traffic.x.streams': 'traffic' is a list" },
        { "traffic.1.streams=1", "--set traffic.1.streams=1: 'traffic.1.streams': unknown key 'streams'" },
        { "traffic.*.color=1", "--set traffic.*.color=1: 'traffic.*.color': no item of 'traffic' has a key 'color'" },
        { "seed.x=1", "--set seed.x=1: 'seed.x': 'seed' is a value: nothing can follow it" },
        { "variants.x={}", "--set variants.x={}: 'variants.x': belongs to the whole file" },
        { "expect=[]", "--set expect=[]: 'expect': belongs to the whole file" },
        { "seed={", "--set seed={:2:1: not valid YAML" },
        { "time.measure=5", "--set time.measure=5:1:1: measure: a bare number where a duration is needed" },
    };

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        refused_with(RANGE_RIG, NULL, cases[i].set, cases[i].message);
    refused_with(RANGE_RIG "variants:\n  v: {tim.measure: 5s}\n", "v", NULL,
                 "scenarios/t.yaml:9:7: 'tim.measure': unknown key 'tim', did you mean 'time'?");
    refused_with(RANGE_RIG "variants:\n  v: {time.measure: 5}\n", "v", NULL,
                 "scenarios/t.yaml:9:21: measure: a bare number");
}
END_TEST

/* -- names -------------------------------------------------------------------------------------------------------- */

static void expands(const char *text, const char *expected)
{
    struct scenario_names names = { 0 };
    char why[NAME_WHY_BYTES], all[400] = "";

    if (name_expand(text, &names, why)) strcpy(all, "refused");
    for (size_t i = 0; strcmp(all, "refused") != 0 && i < names.count; i++)
        snprintf(all + strlen(all), sizeof all - strlen(all), "%s%s", i ? " " : "", names.list[i]);
    ck_assert_str_eq(all, expected);
    scenario_names_fini(&names);
}

START_TEST(name_expand__ranges)
{
    expands("client", "client");
    expands("c[1-3]", "c1 c2 c3");
    expands("c[08-11]x", "c08x c09x c10x c11x");
    expands("c[1,4-5,3]", "c1 c4 c5 c3");
    expands("r[1-2]n[1-2]", "r1n1 r1n2 r2n1 r2n2");
    static const char *const bad[] = { "c[", "c]", "c[]", "c[1", "c[1-]", "c[-1]", "c[2-1]", "c[1,]", "c[,1]", "c[a]",
                                       "c[1]]", "c[[1]]", "c[1-2-3]", "c[1][", "c[1-99999999]", "c[1 - 2]" };
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) expands(bad[i], "refused");
}
END_TEST

/* The obvious definition, exponential, against the quick one. */
static bool matches(const char *pattern, const char *name)
{
    if (*pattern == '\0') return *name == '\0';
    if (*pattern == '*') return matches(pattern + 1, name) || (*name && matches(pattern, name + 1));
    return *pattern == *name && matches(pattern + 1, name + 1);
}

START_TEST(name_match__oracle)
{
    uint32_t x = 1;
    char words[2][8];

    for (int i = 0; i < 50000; i++) {
        for (int w = 0; w < 2; w++) {
            int n = 0, length;
            x = x * 1664525 + 1013904223;
            length = (int)(x >> 16) % 7;
            for (; n < length; n++) {
                x = x * 1664525 + 1013904223;
                words[w][n] = (w == 0 ? "ab*" : "ab")[(x >> 16) % (w == 0 ? 3 : 2)];
            }
            words[w][n] = '\0';
        }
        ck_assert_msg(name_match(words[0], words[1]) == matches(words[0], words[1]), "%s %s", words[0], words[1]);
    }
}
END_TEST

/* -- what is printed ---------------------------------------------------------------------------------------------- */

START_TEST(scenario_hash__same_experiment)
{
    struct scenario *a = loaded(RIG "traffic: [{uperf: {from: a, to: b, write: 8KiB}}]\n");
    struct scenario *b = loaded("# a comment\ntraffic:\n- uperf: {to: [b], from: a, write: 8192B, streams: 10}\n"
                                "title: another title\nseed: 5\nreps: 3\nx-y: 1\n" RIG
                                "expect: [{metric: m, at-least: 1}]\ntime: {measure: 1000ms}\n");
    struct scenario *c = loaded_with(RIG "traffic: [{uperf: {from: a, to: b}}]\n", NULL, "machines.b.nics.n.mtu=1501B");

    ck_assert_uint_eq(scenario_hash(a), scenario_hash(b));
    ck_assert_uint_ne(scenario_hash(a), scenario_hash(c));
    scenario_destroy(a);
    scenario_destroy(b);
    scenario_destroy(c);
}
END_TEST

/* Loads one variant of a shipped file; what it prints must read back to the same. */
static void check_round_trip(const char *file, const char *variant)
{
    struct scenario *s = scenario_load(file, variant, NULL, 0, &errors), *again;
    char *text, *text2;

    ck_assert_msg(s != NULL, "%s", errors.count ? errors.list[0].text : "");
    text = scenario_effective_text(s);
    again = scenario_parse(file, text, strlen(text), NULL, NULL, 0, &errors);
    ck_assert_msg(again != NULL, "%s", errors.count ? errors.list[0].text : "");
    text2 = scenario_effective_text(again);
    ck_assert_str_eq(text, text2);
    ck_assert_uint_eq(scenario_hash(s), scenario_hash(again));
    free(text);
    free(text2);
    scenario_destroy(s);
    scenario_destroy(again);
}

START_TEST(scenario_load__shipped_files)
{
    static const char *const patterns[] = { "scenarios/*.yaml", "scenarios/paper/*.yaml", "scenarios/whatif/*.yaml",
                                            "scenarios/lessons/*.yaml" };
    size_t files = 0;

    for (size_t p = 0; p < sizeof patterns / sizeof *patterns; p++) {
        glob_t g;
        if (glob(patterns[p], 0, NULL, &g) != 0) continue;
        for (size_t i = 0; i < g.gl_pathc; i++, files++) {
            struct scenario_names names;
            ck_assert_int_eq(scenario_variants(g.gl_pathv[i], &names, &errors), 0);
            check_round_trip(g.gl_pathv[i], NULL);
            for (size_t v = 0; v < names.count; v++) check_round_trip(g.gl_pathv[i], names.list[v]);
            scenario_names_fini(&names);
        }
        globfree(&g);
    }
    ck_assert_uint_ge(files, 6);
}
END_TEST

/* Every key with a value of its own, so that each kind of value is printed and read back. */
START_TEST(scenario_print_effective__every_kind)
{
    static const char text[] =
        "title: \"a \\\"quoted\\\" \\\\ title\"\nseed: 77\n"
        "switches: {s[1-2]: {rate: 2.5Gbps, latency: 0ns, buffer: 1000001B}}\n"
        "wires: [{between: [s1, s2], delay: 1.000001us}]\n"
        "machines:\n"
        "  a:\n    detail: full\n    cpus: {sockets: 1, cores: 3, clock: 2666666667Hz}\n"
        "    tcp: {sack: no, min-rto: 1s}\n"
        "    nics: {n: {wire: s1, rate: 1Gbps, cpus: '2,0-1', mac: '02:aa:bb:cc:dd:ee', address: 10.9.9.9, "
        "fanout: 2, lso: false}}\n"
        "    links: {v: {over: n, rxrings: 2, vlan: 5, cpus: [1]}, w: {over: n, rxrings: sw}}\n"
        "  b[1-2]: {nics: {n: {wire: s2}}}\n"
        "traffic:\n"
        "  - packets: {from: a, to: 'b*', via: a/v, load: 12.3456%, arrivals: poisson, stop: 3s}\n"
        "  - packets: {from: 'b[1-2]', to: a, packet-rate: 1kpps, frame: 100B, frame-max: 200B}\n"
        "  - packets: {from: b1, to: b2, rate: 3kbps}\n"
        "capture: [{on: s1/a, packets: 5, from: 1ms, to: 2ms}]\n"
        "trace: {records: 5}\n";
    struct scenario *s = loaded(text), *again;
    char *one = scenario_effective_text(s), *two;

    ck_assert_ptr_nonnull(strstr(one, "load: 12.3456%"));
    ck_assert_ptr_nonnull(strstr(one, "cpus: [2, 0, 1]"));
    ck_assert_ptr_nonnull(strstr(one, "mac: \"02:aa:bb:cc:dd:ee\""));
    ck_assert_ptr_nonnull(strstr(one, "delay: 1.000001us"));
    again = loaded(one);
    two = scenario_effective_text(again);
    ck_assert_str_eq(one, two);
    ck_assert(again->trace.on);
    free(one);
    free(two);
    scenario_destroy(s);
    scenario_destroy(again);
}
END_TEST

/* -- documentation ------------------------------------------------------------------------------------------------ */

static char *printed(void (*print)(FILE *))
{
    char *text = NULL;
    size_t bytes;
    FILE *out = open_memstream(&text, &bytes);

    ck_assert_ptr_nonnull(out);
    print(out);
    fclose(out);
    return text;
}

static void rewrite(const char *file, const char *before, size_t before_bytes, const char *text, const char *after)
{
    FILE *f = fopen(file, "w");

    ck_assert_ptr_nonnull(f);
    fwrite(before, 1, before_bytes, f);
    fprintf(f, "%s%s", text, after);
    fclose(f);
}

static void check_generated(const char *file, const char *begin, const char *end, void (*print)(FILE *))
{
    size_t bytes;
    char *text = yaml_read_file(file, &bytes, &errors), *wanted = printed(print), *from, *to;

    ck_assert_msg(text != NULL, "%s", errors.count ? errors.list[0].text : "");
    from = begin ? strstr(text, begin) : text;
    ck_assert_ptr_nonnull(from);
    if (begin) from += strlen(begin);
    to = end ? strstr(from, end) : text + bytes;
    ck_assert_ptr_nonnull(to);
    if (getenv("XBOW_UPDATE_DOCS"))
        rewrite(file, text, (size_t)(from - text), wanted, to);
    else
        ck_assert_msg((size_t)(to - from) == strlen(wanted) && memcmp(from, wanted, strlen(wanted)) == 0,
                      "%s differs from the parser's table: run the scenario tests with XBOW_UPDATE_DOCS=1", file);
    free(text);
    free(wanted);
}

START_TEST(scenario_print_markdown__is_in_docs)
{
    check_generated("docs/scenario.md", "<!-- begin generated tables -->\n", "<!-- end generated tables -->",
                    scenario_print_markdown);
}
END_TEST

START_TEST(scenario_print_schema__is_in_docs)
{
    check_generated("docs/scenario.schema.json", NULL, NULL, scenario_print_schema);
}
END_TEST

/* Every key says what it means and what holds when it is left out. */
static void check_section(void *ctx, const struct section_spec *s)
{
    (void)ctx;
    ck_assert(s->title && *s->doc);
    for (const struct key_spec *k = s->keys; k->name; k++) {
        bool number = k->type >= VALUE_INT && k->type <= VALUE_PACKET_RATE;
        ck_assert_msg(k->doc && *k->doc, "%s: %s has no meaning", s->title, k->name);
        ck_assert_msg(!number || k->max > k->min, "%s: %s has no range", s->title, k->name);
        ck_assert_msg(!number || k->def || k->none, "%s: %s has no default", s->title, k->name);
        ck_assert_msg(!(k->flags & KEY_REQUIRED) || !k->def, "%s: %s must be given and has a default", s->title,
                      k->name);
        for (const struct key_spec *o = s->keys; o != k; o++) ck_assert_str_ne(o->name, k->name);
    }
}
START_TEST(schema_visit__every_key_documented) { schema_visit(check_section, NULL); }
END_TEST

/* -- size --------------------------------------------------------------------------------------------------------- */

static void quick(const char *text, bool accept, const char *message)
{
    double start = seconds();
    struct scenario *s = read_text(text, NULL, NULL);

    ck_assert_msg(seconds() - start < 5.0, "took %.1f s", seconds() - start);
    ck_assert_msg((s != NULL) == accept, "%s", errors.count ? errors.list[0].text : "accepted");
    if (!accept) ck_assert_msg(strstr(errors.list[0].text, message) != NULL, "%s", errors.list[0].text);
    scenario_destroy(s);
    errors_fini(&errors);
}

/* Each takes well below a second; the bound leaves room for sanitizers on a busy machine. */
START_TEST(scenario_parse__many_machines)
{
#define MANY "switches: {s: {}}\nmachines: {'m[1-20000]': {nics: {n: {wire: s}}}}\n"
    char *text = malloc(1 << 20);
    size_t n;

    quick(MANY "traffic: [{uperf: {from: 'm[1-10000]', to: 'm*'}}]\n", true, NULL);
    quick("switches: {s: {}}\nmachines: {'m[1-60000]': {nics: {'n[1-250]': {wire: s}}}}\n", false,
          "more than 400000 machines, NICs and links in all");
    quick("machines: {'m[0-9999][0-9999][0-9999]': {}}\n", false, "stands for more than 65535 names");
    n = (size_t)sprintf(text, MANY "traffic:\n");
    for (int i = 0; i < 10000; i++) n += (size_t)sprintf(text + n, " - uperf: {from: 'm*', to: 'm*'}\n");
    quick(text, false, "too many entries for so many machines");
    n = (size_t)sprintf(text, MANY "variants:\n v:\n");
    for (int i = 0; i < 10000; i++) n += (size_t)sprintf(text + n, "  machines.x[1-%d].detail: full\n", 60000 - i);
    {
        double start = seconds();
        ck_assert_ptr_null(read_text(text, "v", NULL));
        ck_assert_double_lt(seconds() - start, 5.0);
        ck_assert_uint_eq(errors.count, ERRORS_MAX);
        ck_assert_uint_eq(errors.suppressed, 10000 - ERRORS_MAX);
    }
    free(text);
#undef MANY
}
END_TEST

Suite *scenario_suite(void)
{
    Suite *s = suite_create("scenario");
    TCase *t = tcase_create("scenario");

    tcase_add_checked_fixture(t, setup, teardown);
    tcase_set_timeout(t, 60);
    tcase_add_test(t, scenario_parse__defaults);
    tcase_add_test(t, scenario_parse__automatic_addresses);
    tcase_add_test(t, scenario_parse__traffic_ends);
    tcase_add_test(t, scenario_parse__packet_intervals);
    tcase_add_test(t, scenario_parse__rxrings);
    tcase_add_test(t, scenario_parse__rxrings_left_to_the_card);
    tcase_add_test(t, scenario_parse__captures);
    tcase_add_test(t, scenario_parse__platform_hosts);
    tcase_add_test(t, scenario_bound_value__exact);
    tcase_add_test(t, scenario_parse__all_mistakes_at_once);
    tcase_add_test(t, scenario_parse__values);
    tcase_add_test(t, scenario_parse__machines);
    tcase_add_test(t, scenario_parse__cross_checks);
    tcase_add_test(t, scenario_parse__range_mistake_once);
    tcase_add_test(t, scenario_load__missing_file);
    tcase_add_test(t, scenario_parse__variant);
    tcase_add_test(t, override_apply__values);
    tcase_add_test(t, override_apply__refuses);
    tcase_add_test(t, name_expand__ranges);
    tcase_add_test(t, name_match__oracle);
    tcase_add_test(t, scenario_hash__same_experiment);
    tcase_add_test(t, scenario_load__shipped_files);
    tcase_add_test(t, scenario_print_effective__every_kind);
    tcase_add_test(t, scenario_print_markdown__is_in_docs);
    tcase_add_test(t, scenario_print_schema__is_in_docs);
    tcase_add_test(t, schema_visit__every_key_documented);
    tcase_add_test(t, scenario_parse__many_machines);
    suite_add_tcase(s, t);
    return s;
}
