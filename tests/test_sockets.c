/* SPDX-License-Identifier: GPL-3.0-or-later
 * test_sockets.c -- the socket layer of a modelled machine: its locks, its backlogs, its waiting writers.
 *
 * Two wires join it to a light host; frames that arrive are handed in by a thread, as a lane would.
 *
 *     applications - sockets --- transmit() -- wire ----> light host - applications
 *                       ^------- receiver <--- back <---- */
#include "stack/sockets.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "endpoint/udp.h"
#include "sockets_rig.h"
#include "suites.h"

enum { OTHER_LINK = 0x0a000101, NOBODY = 0x0a0000ff };

static struct packet_queue arrived;
static struct thread *receiver;

/* What transmit() does besides sending: a queue that stops its writers above some packets. */
static unsigned queues;       /* transmit queues of the link; a connection's is its port modulo this */
static uint32_t stop_above;   /* 0: never */
static uint32_t sent[4];      /* by queue */

static unsigned transmit(void *owner, struct packet *p)
{
    struct packet_queue frames = { 0 };
    struct packet *frame;
    ck_assert_ptr_eq(owner, &datalink);
    ck_assert_int_eq(headers_vlan(p), -1);
    unsigned queue = get_be16(p->hdr + p->l4) % queues; /* the source port */
    if (++sent[queue] > stop_above && stop_above) sockets_tx_blocked(sockets, &datalink, queue);
    headers_segment(rig.pool, p, &frames, engine_now(rig.engine));
    while ((frame = packet_queue_pop(&frames))) link_send(wire, frame);
    return queue;
}

static void arrive(void *owner, struct packet *p)
{
    (void)owner;
    packet_queue_push(&arrived, p);
    thread_wake(receiver);
}

static enum step_result receive(void *owner)
{
    struct packet *p;
    (void)owner;
    for (int i = 0; i < 32 && (p = packet_queue_pop(&arrived)); i++) {
        rig_work(&rig, 100);
        sockets_receive(sockets, p);
    }
    return arrived.count ? STEP_AGAIN : STEP_SLEEP;
}

static uint64_t held(const void *owner)
{
    (void)owner;
    return arrived.count + sockets_held(sockets);
}

static void set_up(bool priced)
{
    struct tcp_config tcp = tcp_config_solaris();
    tcp.lso_max_bytes = 0;
    arrived = (struct packet_queue){ 0 };
    memset(sent, 0, sizeof sent);
    queues = 1;
    stop_above = 0;
    rig_init(&rig);
    if (priced) {
        rig_price(&rig, COST_SYSCALL, 200);
        rig_price(&rig, COST_TCP_TX_SEGMENT, 3000);
        rig_price(&rig, COST_TCP_RX_DATA, 2000);
        rig_price(&rig, COST_TCP_RX_ACK, 1000);
        rig_price(&rig, COST_MUTEX_ENTER, 20);
        rig_price(&rig, COST_INTR_ENTRY, 500);
    }
    rig_start(&rig, 1, 4, sim_ms(1));
    sockets = sockets_create(&(struct sockets_config){ .machine = rig.m, .pool = rig.pool, .stats = rig.stats,
                             .seed = 1, .squeue_crossbow = true, .tcp = tcp, .resolve = resolve });
    sockets_rig_join(&tcp, transmit, arrive);
    receiver = rig_thread(&rig, "receiver", THREAD_LANE_HIGH, 0, receive, NULL);
    packet_pool_add_holder(rig.pool, held, NULL);
}

static void setup(void) { set_up(false); }
static void setup_priced(void) { set_up(true); }

static void teardown(void)
{
    sockets_rig_fini();
}

static uint64_t counter(const char *name)
{
    return stats_value(rig.stats, "sockets", "m", name);
}

START_TEST(sockets_receive__streams_arrive_whole_in_both_directions)
{
    struct uperf *out = traffic(true, 5, 20, 20000), *in = traffic(false, 5, 20, 20000);
    run_ms(60);
    ck_assert_uint_gt(uperf_written_bytes(out), 1000000);
    ck_assert_uint_gt(uperf_written_bytes(in), 1000000);
    ck_assert_uint_eq(uperf_written_bytes(out), uperf_read_bytes(out));
    ck_assert_uint_eq(uperf_written_bytes(in), uperf_read_bytes(in));
    ck_assert_uint_eq(counter("rx_packets"), stats_value(rig.stats, "link", "back", "packets"));
    ck_assert_uint_eq(flows("retransmits"), 0);
    ck_assert_uint_eq(packet_pool_held(rig.pool), 0);
    run_ms(130000); /* beyond TIME_WAIT */
    ck_assert_uint_eq(tcp_conn_count(light_tcp(peer)), 0);
}
END_TEST

/* A device that keeps stopping the CPUs, so that owners of locks do not run. */
static struct interrupt *nuisance[4];
static struct event tick;
static int64_t tick_until_ps;
static uint32_t tick_count;

static enum step_result be_a_nuisance(void *owner)
{
    (void)owner;
    rig_work(&rig, 40000);
    return STEP_SLEEP;
}

static void next_tick(void *owner)
{
    (void)owner;
    interrupt_raise(nuisance[1 + tick_count++ % 3]); /* not the receiver's CPU */
    if (engine_now(rig.engine).ps < tick_until_ps) engine_schedule_in(rig.engine, &tick, sim_ns(14300));
}

static void disturb(int ms)
{
    for (int i = 0; i < 4; i++) nuisance[i] = interrupt_create(rig.m, "nuisance", i, be_a_nuisance, NULL);
    event_init(&tick, engine_entity(rig.engine, "nuisance"), next_tick, NULL);
    tick_until_ps = sim_ms(ms).ps;
    tick_count = 0;
    next_tick(NULL);
}

START_TEST(sockets_receive__interrupted_owner_leaves_packets_in_order)
{
    struct uperf *out = traffic(true, 8, 40, 20000), *in = traffic(false, 8, 40, 20000);
    disturb(60);
    run_ms(700);
    ck_assert_uint_gt(stats_value(rig.stats, "squeue", "m/squeue0", "queued"), 20);
    ck_assert_uint_gt(uperf_read_bytes(in), 500000);
    ck_assert_uint_eq(uperf_written_bytes(out), uperf_read_bytes(out));
    ck_assert_uint_eq(uperf_written_bytes(in), uperf_read_bytes(in));
    ck_assert_uint_eq(flows("ooo_segs_in"), 0);
    ck_assert_uint_eq(flows("dup_segs_in"), 0);
    ck_assert_uint_eq(flows("retransmits"), 0);
    ck_assert_uint_eq(sockets_held(sockets), 0);
    ck_assert_uint_eq(packet_pool_held(rig.pool), 0);
    run_ms(130000); /* every close() has come through, whoever held the lock */
    ck_assert_uint_eq(tcp_conn_count(light_tcp(peer)), 0);
}
END_TEST

START_TEST(sockets_receive__timers_repair_what_a_dead_wire_lost)
{
    struct uperf *out = traffic(true, 3, 600, 20000);
    run_ms(5);
    link_set_up(wire, false);
    run_ms(7);
    link_set_up(wire, true);
    run_ms(3000);
    ck_assert_uint_gt(counter("timers"), 0);
    ck_assert_uint_gt(flows("timeouts"), 0);
    ck_assert_uint_eq(uperf_written_bytes(out), uperf_read_bytes(out));
}
END_TEST

static struct packet *datagram(uint16_t port, uint32_t payload)
{
    struct udp_flow flow = { .src_mac = mac(2), .dst_mac = mac(1), .vlan = -1, .src = { THEIRS, 9 },
                             .dst = { OURS, port } };
    struct packet *p = packet_new(rig.pool, engine_now(rig.engine));
    udp_build(p, &flow, ETH_BYTES + IPV4_BYTES + UDP_BYTES + payload, 1);
    return p;
}

START_TEST(sockets_udp_sink__open_ports_count_and_others_drop)
{
    static const uint16_t open[] = { 0, 63, 64, 7777, 65535 };
    for (int i = 0; i < 5; i++) sockets_udp_sink(sockets, open[i]);
    for (int i = 0; i < 5; i++) {
        sockets_receive(sockets, datagram(open[i], 100));
        sockets_receive(sockets, datagram((uint16_t)(open[i] ^ 2), 100));
    }
    ck_assert_uint_eq(counter("udp_packets"), 5);
    ck_assert_uint_eq(counter("udp_bytes"), 500);
    ck_assert_uint_eq(counter("rx_packets"), 10);
    ck_assert_uint_eq(packet_pool_ledger(rig.pool)->dropped[DROP_NO_SOCKET], 5);
}
END_TEST

/* Writers of the queue that is full wait; those of the other one do not notice. */
START_TEST(sockets_tx_blocked__stops_the_queues_own_writers_until_released)
{
    struct uperf *out = traffic(true, 32, 1000, 20000);
    queues = 2;
    run_ms(2);
    ck_assert_uint_eq(counter("flow_control"), 0);
    sockets_tx_blocked(sockets, &datalink, 0);
    run_ms(200); /* what TCP had in its buffers is out, delayed ACKs and all */
    uint32_t stopped = sent[0], running = sent[1];
    uint64_t written = uperf_written_bytes(out);
    ck_assert_uint_gt(counter("flow_control"), 0);
    run_ms(220);
    ck_assert_uint_eq(sent[0], stopped);
    ck_assert_uint_gt(sent[1], running + 500);
    ck_assert_uint_gt(uperf_written_bytes(out), written);
    sockets_tx_released(sockets, &datalink, 0);
    run_ms(230);
    ck_assert_uint_gt(sent[0], stopped + 100);
    sockets_tx_released(sockets, &datalink, 1); /* one that was not blocked: no harm */
    uint64_t waits = counter("flow_control");
    run_ms(250);
    ck_assert_uint_eq(counter("flow_control"), waits);
}
END_TEST

/* A blocked link does not lose what was being written: the block is finished, once, after the release. */
START_TEST(sockets_tx_blocked__written_bytes_survive)
{
    struct uperf *out = traffic(true, 4, 30, 20000);
    stop_above = 50;
    for (int64_t ms = 1; ms < 80; ms++) {
        run_ms(ms);
        if (ms % 3 != 0) continue;
        sent[0] = 0;
        sockets_tx_released(sockets, &datalink, 0);
    }
    ck_assert_uint_gt(counter("flow_control"), 5);
    ck_assert_uint_gt(uperf_written_bytes(out), 100000);
    stop_above = 0;
    sockets_tx_released(sockets, &datalink, 0);
    run_ms(2000);
    ck_assert_uint_eq(uperf_written_bytes(out), uperf_read_bytes(out));
}
END_TEST

static enum step_result connect_step(void *owner)
{
    struct host *h = sockets_host(sockets);
    (void)owner;
    ck_assert_ptr_null(h->ops->connect(h, "nonesuch", (struct host_addr){ THEIRS, 80 }, NULL));
    ck_assert_ptr_null(h->ops->connect(h, "net0", (struct host_addr){ NOBODY, 80 }, NULL));
    ck_assert_ptr_nonnull(h->ops->connect(h, NULL, (struct host_addr){ THEIRS, 80 }, NULL));
    return STEP_SLEEP;
}

START_TEST(sockets_connect__unknown_links_and_unreachable_peers_are_refused)
{
    thread_wake(rig_thread(&rig, "caller", THREAD_USER, CPU_ANY, connect_step, NULL));
    run_ms(10);
    ck_assert_uint_eq(stats_value(rig.stats, "tcp", "m", "connects"), 1);
}
END_TEST

START_TEST(sockets_listen__a_port_is_taken_once)
{
    struct host *h = sockets_host(sockets);
    ck_assert(h->ops->listen(h, 80, NULL, NULL));
    ck_assert(!h->ops->listen(h, 80, NULL, NULL));
    ck_assert(h->ops->listen(h, 81, NULL, NULL));
}
END_TEST

START_TEST(sockets_add_link__any_number_of_links)
{
    char name[32];
    for (int i = 0; i < 250; i++) {
        snprintf(name, sizeof name, "net%d", i + 1);
        sockets_add_link(sockets, &(struct sockets_link){ name, mac(9), OTHER_LINK + (uint32_t)i, 1500, name,
                                                          transmit, NULL, 0 });
    }
    struct uperf *out = traffic(true, 1, 5, 20000); /* and the first still works */
    run_ms(20);
    ck_assert_uint_gt(uperf_read_bytes(out), 10000);
}
END_TEST

Suite *sockets_suite(void)
{
    Suite *s = suite_create("sockets");
    TCase *t = tcase_create("free"), *priced = tcase_create("priced");
    tcase_add_checked_fixture(t, setup, teardown);
    tcase_add_test(t, sockets_receive__streams_arrive_whole_in_both_directions);
    tcase_add_test(t, sockets_receive__timers_repair_what_a_dead_wire_lost);
    tcase_add_test(t, sockets_udp_sink__open_ports_count_and_others_drop);
    tcase_add_test(t, sockets_tx_blocked__stops_the_queues_own_writers_until_released);
    tcase_add_test(t, sockets_tx_blocked__written_bytes_survive);
    tcase_add_test(t, sockets_connect__unknown_links_and_unreachable_peers_are_refused);
    tcase_add_test(t, sockets_listen__a_port_is_taken_once);
    tcase_add_test(t, sockets_add_link__any_number_of_links);
    suite_add_tcase(s, t);
    tcase_add_checked_fixture(priced, setup_priced, teardown);
    tcase_add_test(priced, sockets_receive__interrupted_owner_leaves_packets_in_order);
    suite_add_tcase(s, priced);
    return s;
}
