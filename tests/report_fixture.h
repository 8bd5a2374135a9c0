/* SPDX-License-Identifier: GPL-3.0-or-later
 * report_fixture.h -- runs made by hand for the tests of report/: every number below is chosen, none is simulated.
 *
 * Machine "sut" has two CPUs and two hardware lanes (one more, almost idle) and exchanges one TCP connection in each
 * direction with "client1".  One second is measured. */
#ifndef TESTS_REPORT_FIXTURE_H
#define TESTS_REPORT_FIXTURE_H

#include <stdint.h>
#include <string.h>

#include "core/histogram.h"
#include "report/campaign.h"
#include "report/run_result.h"

static const char *const fixture_cpu_names[] = { "intr", "ithr", "csw", "icsw", "migr", "smtx", "syscl", "usr_ps",
                                                 "sys_ps", "intr_ps", "spin_ps", "idl_ps", "act_intr_ps",
                                                 "act_poll_ps", "act_proto_ps", "act_sys_ps", "stall_ps" };
static const char *const fixture_memory_names[] = { "busy_ps" };
static const char *const fixture_state_names[] = { "interrupts", "polls_nonempty", "inline_poll", "handed_over" };
static const char *const fixture_ring_names[] = { "packets" };
static const char *const fixture_rxq_names[] = { "0", "1" };
static const char *const fixture_mac_names[] = { "multircv", "brdcstrcv" };
static const char *const fixture_tx_names[] = { "opackets", "obytes", "blockcnt" };
static const char *const fixture_mutex_names[] = { "enters", "spins", "blocks" };
static const char *const fixture_nic_names[] = { "rx_packets", "mpc", "rx_no_desc", "rx_bytes", "tx_packets", "tx_bytes" };
static const char *const fixture_size_names[] = { "64", "127", "511", "1522" };
static const char *const fixture_web_names[] = { "responses", "connects", "latency_ns" };
static const char *const fixture_sockets_names[] = { "udp_packets" };
static const char *const fixture_lane_names[] = { "ipackets", "rbytes", "intrs", "intrbytes", "polls", "pollbytes",
                                                  "rxsdrops", "chainunder10", "chain10to50", "chainover50" };
static const char *const fixture_flow_names[] = { "sent_bytes", "read_bytes", "retransmits", "timeouts" };
static const char *const fixture_link_names[] = { "packets", "busy_ps" };

/* Fills an initialised 'r'; 'scale' stretches what the application received, in per mille. */
static inline void fixture_run(struct run_result *r, const char *variant, uint64_t seed, uint64_t scale)
{
    const uint64_t ms = 1000000000; /* picoseconds */
    const uint64_t cpu0[] = { 3000, 10, 800, 80, 8, 40, 5000, 200 * ms, 500 * ms, 100 * ms, 20 * ms, 200 * ms,
                              100 * ms, 150 * ms, 200 * ms, 130 * ms, 26 * ms };
    const uint64_t cpu1[] = { 1000, 0, 200, 20, 2, 10, 5000, 300 * ms, 200 * ms, 100 * ms, 0, 400 * ms,
                              100 * ms, 50 * ms, 50 * ms, 100 * ms, 0 };
    const uint64_t bus0[] = { 250 * ms }, chipset[] = { 640 * ms };
    const uint64_t lane0[] = { 1000, 1518000, 100, 151800, 900, 1366200, 0, 10, 20, 10 };
    const uint64_t lane1[] = { 3000, 4554000, 1500, 2277000, 1500, 2277000, 5, 60, 0, 0 };
    const uint64_t idle[] = { 7, 420, 7, 420, 0, 0, 0, 0, 0, 0 };
    const uint64_t soft[] = { 50, 3000, 50, 3000, 0, 0, 0, 0, 0, 0 };
    const uint64_t in_sut[] = { 0, 100000 * scale, 0, 0 }, in_client[] = { 0, 50000 * scale, 0, 0 };
    const uint64_t out_client[] = { 100000000, 0, 3, 1 }, out_sut[] = { 50000000, 0, 2, 0 };
    const uint64_t state0[] = { 50, 40, 8, 82 }, state1[] = { 1500, 60, 17, 743 };
    const uint64_t rxq[] = { 1000, 3000 }, ring0[] = { 2 }, ring1[] = { 700 };
    const uint64_t mac0[] = { 0, 500 }, mac1[] = { 1, 400 }, mac2[] = { 200, 4 };
    const uint64_t tx0[] = { 100, 150000, 2 }, tx1[] = { 300, 450000, 0 }, lock[] = { 90, 5, 10 };
    const uint64_t nic[] = { 3960, 30, 10, 384160, 2000, 2500000 }, sockets[] = { 120 };
    const uint64_t rx_size[] = { 100, 2900, 960, 0 }, tx_size[] = { 0, 400, 0, 1600 };
    const uint64_t web1[] = { 900, 100, 300000000 }, web2[] = { 100, 20, 700000000 };
    uint64_t latency[HISTOGRAM_BUCKETS] = { 0 };
    const uint64_t link0[] = { 4000, 900 * ms }, link1[] = { 2000, 250 * ms };

    run_result_set(&r->title, "A title, with \"quotes\"");
    run_result_set(&r->variant, variant);
    run_result_set(&r->focus, "sut");
    r->seed = seed;
    r->simulated = sim_ms(1200);
    r->measured = sim_ms(1000);
    r->wall_s = 0.25;
    r->peak_rss_bytes = 12345678;
    r->events = 1000 + seed;
    r->packet_hops = 5000;
    r->ledger.created = 100;
    r->ledger.delivered = 90;
    r->ledger.held = 3;
    r->ledger.dropped[DROP_LINK_FULL] = 5;
    r->ledger.dropped[DROP_LANE_RX] = 2;
    run_result_add(r, "link", "client1>foundry", fixture_link_names, link0, 2);
    run_result_add(r, "link", "foundry>sut", fixture_link_names, link1, 2);
    run_result_add(r, "cpu", "sut/cpu0", fixture_cpu_names, cpu0, 17);
    run_result_add(r, "cpu", "sut/cpu1", fixture_cpu_names, cpu1, 17);
    run_result_add(r, "memory", "sut/bus0", fixture_memory_names, bus0, 1);
    run_result_add(r, "memory", "sut/chipset", fixture_memory_names, chipset, 1);
    run_result_add(r, "lane", "sut/ixgbe0/swlane0", fixture_lane_names, soft, 10);
    run_result_add(r, "lane", "sut/ixgbe0/hwlane0", fixture_lane_names, lane0, 10);
    run_result_add(r, "lane", "sut/ixgbe0/hwlane1", fixture_lane_names, lane1, 10);
    run_result_add(r, "lane", "sut/ixgbe0/hwlane2", fixture_lane_names, idle, 10);
    run_result_add(r, "lanestate", "sut/ixgbe0/hwlane0", fixture_state_names, state0, 4);
    run_result_add(r, "lanestate", "sut/ixgbe0/hwlane1", fixture_state_names, state1, 4);
    run_result_add(r, "ixgbe_tx", "sut/ixgbe0/tx0", fixture_ring_names, ring0, 1);
    run_result_add(r, "ixgbe_tx", "sut/ixgbe0/tx1", fixture_ring_names, ring1, 1);
    run_result_add(r, "nic_rxq", "sut/ixgbe0", fixture_rxq_names, rxq, 2);
    run_result_add(r, "mac", "sut/ixgbe0", fixture_mac_names, mac0, 2);
    run_result_add(r, "mac", "sut/vnic1", fixture_mac_names, mac1, 2);
    run_result_add(r, "mac", "sut/vnic2", fixture_mac_names, mac2, 2);
    run_result_add(r, "txlane", "sut/ixgbe0/tx0", fixture_tx_names, tx0, 3);
    run_result_add(r, "txlane", "sut/vnic1/tx0", fixture_tx_names, tx1, 3);
    run_result_add(r, "mutex", "sut/ixgbe0/hwlane0/lock", fixture_mutex_names, lock, 3);
    run_result_add(r, "mutex", "sut/connection1", fixture_mutex_names, lock, 3);
    run_result_add(r, "nic", "sut/ixgbe0", fixture_nic_names, nic, 6);
    run_result_add(r, "nic_rx_size", "sut/ixgbe0", fixture_size_names, rx_size, 4);
    run_result_add(r, "nic_tx_size", "sut/ixgbe0", fixture_size_names, tx_size, 4);
    run_result_add(r, "web", "client1>sut/web0", fixture_web_names, web1, 3);
    run_result_add(r, "web", "client2>sut/web0", fixture_web_names, web2, 3);
    latency[histogram_bucket(sim_us(300))] = 900;
    run_result_add(r, "web_latencies", "client1>sut/web0", histogram_names(), latency, HISTOGRAM_BUCKETS);
    latency[histogram_bucket(sim_us(300))] = 0;
    latency[histogram_bucket(sim_ms(7))] = 100;
    run_result_add(r, "web_latencies", "client2>sut/web0", histogram_names(), latency, HISTOGRAM_BUCKETS);
    run_result_add(r, "sockets", "sut", fixture_sockets_names, sockets, 1);
    run_result_add(r, "flow", "sut:10.0.0.1:5001>10.0.0.2:1024", fixture_flow_names, in_sut, 4);
    run_result_add(r, "flow", "client1:10.0.0.2:1024>10.0.0.1:5001", fixture_flow_names, out_client, 4);
    run_result_add(r, "flow", "sut:10.0.0.1:1024>10.0.0.2:5001", fixture_flow_names, out_sut, 4);
    run_result_add(r, "flow", "client1:10.0.0.2:5001>10.0.0.1:1024", fixture_flow_names, in_client, 4);
}

/* Variants "nic" and "vnic", three seeds from 1: goodput 1.2, 1.212, 1.224 Gb/s, and 0.5 % more in the second. */
static inline void fixture_campaign(struct campaign *c, struct run_result runs[6])
{
    static const uint64_t scale[] = { 1000, 1010, 1020, 1005, 1015, 1025 };
    for (size_t i = 0; i < 6; i++) {
        run_result_init(&runs[i]);
        fixture_run(&runs[i], i < 3 ? "nic" : "vnic", 1 + i % 3, scale[i]);
    }
    *c = (struct campaign){ .runs = runs, .count = 6, .reps = 3, .jobs = 2, .wall_s = 0.8 };
}

static inline void fixture_free(struct run_result runs[6])
{
    for (size_t i = 0; i < 6; i++) run_result_fini(&runs[i]);
}

#endif
