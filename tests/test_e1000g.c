/* SPDX-License-Identifier: GPL-3.0-or-later
 * test_e1000g.c -- the gigabit card's driver on the modelled device, and stacks over it in scenarios. */
#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "core/rng.h"
#include "driver/e1000g.h"
#include "machine_rig.h"
#include "net/headers.h"
#include "net/link.h"
#include "nicmodel/nic82573.h"
#include "suites.h"
#include "world_rig.h"

enum { ALL = 100000, NO_LIMIT = 1 << 30 };

static struct rig rig;
static struct pcie *bus;
static struct nic82573 *nic;
static struct link *wire;
static struct e1000g *d;
static struct netdev *dev;
static struct packet_queue sent, got;
static bool loop;               /* the wire leads back into the NIC */
static int ready_calls, updates;
static bool interrupt_takes;    /* rx_ready() empties the ring */
static bool stack_reclaims;     /* and reclaims */

static const struct mac_addr own = { { 0x02, 0x98, 0x25, 0x73, 0x01, 0x00 } };

static void sink(void *owner, struct packet *p)
{
    (void)owner;
    if (loop)
        nic82573_receive(nic, p);
    else
        packet_queue_push(&sent, p);
}

static uint64_t held(const void *owner)
{
    (void)owner;
    return (uint64_t)sent.count + got.count;
}

static enum step_result rx_ready(void *owner, int ring)
{
    (void)owner;
    ck_assert_int_eq(ring, 0);
    ready_calls++;
    if (stack_reclaims && netdev_tx_recycle(dev, 0) == NETDEV_BLOCKED) return STEP_BLOCKED;
    if (!interrupt_takes) return STEP_SLEEP;
    uint32_t n = netdev_rx_burst(dev, 0, &got, ALL, NO_LIMIT, true);
    if (n == NETDEV_BLOCKED) return STEP_BLOCKED;
    return n == dev->limits.rx_limit_pkts ? STEP_AGAIN : STEP_SLEEP;
}

static void tx_update(void *owner, int ring)
{
    (void)owner;
    (void)ring;
    updates++;
}

static enum step_result tx_ready(void *owner, int vector)
{
    (void)owner;
    ck_abort_msg("vector %d serves receive too", vector);
    return STEP_SLEEP;
}

static struct e1000g_config config(void)
{
    return (struct e1000g_config){
        .name = "e1000g0", .machine = rig.m, .pcie = bus, .pool = rig.pool, .stats = rig.stats,
        .device = { nic, nic82573_reg_read, nic82573_reg_write, nic82573_set_vector, nic82573_sync },
        .callbacks = { NULL, rx_ready, tx_update, NULL }, .itr_units = E1000G_ITR_ADAPTIVE,
        .tx_delay_units = E1000G_TX_DELAY,
    };
}

static void setup(void)
{
    struct pcie_config c = pcie_config_gen1_x8();
    c.lanes = 1;
    sent = got = (struct packet_queue){ 0 };
    ready_calls = updates = 0;
    loop = interrupt_takes = stack_reclaims = false;
    d = NULL;
    rig_init(&rig);
    rig_start(&rig, 1, 2, sim_ms(1));
    bus = pcie_create(rig.engine, rig.stats, "slot", &c);
    nic = nic82573_create(rig.engine, rig.stats, rig.pool, bus, machine_memory(rig.m),
                          &(struct nic82573_config){ "nic", own, true });
    wire = link_create(rig.engine, rig.stats, rig.pool, &(struct link_config){ "wire", sim_gbps(1), sim_ns(100), 16384 });
    link_connect(wire, (struct packet_sink){ sink, NULL });
    nic82573_set_wire(nic, wire);
    packet_pool_add_holder(rig.pool, held, NULL);
}

static void teardown(void)
{
    packet_pool_check(rig.pool);
    e1000g_destroy(d);
    nic82573_destroy(nic);
    link_destroy(wire);
    pcie_destroy(bus);
    rig_fini(&rig);
}

static void start(struct e1000g_config c)
{
    d = e1000g_create(&c);
    dev = e1000g_netdev(d);
    rig_run_ns(&rig, 100000); /* first descriptors fetched, link interrupt over */
}

static void run_ns(int64_t ns)
{
    engine_run(rig.engine, sim_add(engine_now(rig.engine), sim_ns(ns)));
}

static struct packet *frame(struct mac_addr dst, uint8_t protocol, uint16_t port, uint32_t payload)
{
    struct header_template t;
    struct packet *p = packet_new(rig.pool, engine_now(rig.engine));
    header_template_init(&t, &(struct header_spec){ .dst = dst, .src = { { 2, 0, 0, 0, 0, 9 } }, .vlan = -1,
                                                    .flow = { 0x0a000002, 0x0a000001, port, 80, protocol } });
    if (protocol == IPPROTO_TCP_)
        headers_tcp(p, &t, &(struct tcp_fields){ .seq = port, .flags = TCP_ACK }, payload);
    else
        headers_udp(p, &t, port, payload);
    return p;
}

static void drain(struct packet_queue *q)
{
    for (struct packet *p; (p = packet_queue_pop(q));) packet_deliver(rig.pool, p);
}

static uint64_t rx(enum e1000g_rx_counter c) { return e1000g_rx_counter(d, c); }
static uint64_t tx(enum e1000g_tx_counter c) { return e1000g_tx_counter(d, c); }

/* -- creation ----------------------------------------------------------------------------------------------------- */

START_TEST(e1000g_config_problem__limits)
{
    static const struct { uint32_t descs, mtu; int32_t itr; bool good; } cases[] = {
        { 0, 0, -1, true }, { 64, 68, 0, true }, { 4096, 9216, 65535, true }, { 63, 0, 0, false },
        { 4104, 0, 0, false }, { 100, 0, 0, false }, { 0, 67, 0, false }, { 0, 9217, 0, false }, { 0, 0, 65536, false },
    };
    struct e1000g_config delays[3] = { config(), config(), config() };
    delays[0].rx_delay_units = -1;
    delays[1].tx_delay_units = 65536;
    delays[2].rx_delay_units = delays[2].tx_delay_units = 65535;
    for (int i = 0; i < 3; i++) ck_assert((e1000g_config_problem(&delays[i]) == NULL) == (i == 2));
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct e1000g_config c = config();
        c.rx_descs = c.tx_descs = cases[i].descs;
        c.mtu_bytes = cases[i].mtu;
        c.itr_units = cases[i].itr;
        ck_assert_msg((e1000g_config_problem(&c) == NULL) == cases[i].good, "case %zu", i);
    }
}
END_TEST

START_TEST(e1000g_create__touches_only_registers_that_exist)
{
    start(config());
    ck_assert_mem_eq(&dev->limits.mac, &own, sizeof own);
    ck_assert_int_eq(dev->limits.rx_rings, 1);
    ck_assert_int_eq(dev->limits.vectors, 1);
    ck_assert_int_eq(dev->limits.tx_vector[0], 0);
    ck_assert_uint_eq(nic82573_counter(nic, NIC_unknown_reads), 0);
    ck_assert_uint_eq(nic82573_counter(nic, NIC_unknown_writes), 0);
    ck_assert_uint_eq(nic82573_counter(nic, NIC_bad_addresses), 0);
}
END_TEST

START_TEST(e1000g_add_mac__sixteen_addresses)
{
    struct mac_addr mac = { { 2, 0, 0, 0, 7, 0 } };
    start(config());
    for (int i = 1; i < 16; i++) {
        mac.byte[5] = (uint8_t)i;
        ck_assert_int_eq(netdev_add_mac(dev, 0, mac), 0);
    }
    mac.byte[5] = 99;
    ck_assert_int_eq(netdev_add_mac(dev, 0, mac), -1);
    ck_assert_int_eq(netdev_remove_mac(dev, mac), -1);
    nic82573_receive(nic, frame(mac, IPPROTO_UDP_, 1, 10));
    mac.byte[5] = 15;
    nic82573_receive(nic, frame(mac, IPPROTO_UDP_, 1, 10));
    ck_assert_int_eq(netdev_remove_mac(dev, mac), 0);
    nic82573_receive(nic, frame(mac, IPPROTO_UDP_, 1, 10));
    netdev_set_promisc(dev, true);
    nic82573_receive(nic, frame(mac, IPPROTO_UDP_, 1, 10));
    run_ns(100000);
    ck_assert_uint_eq(netdev_rx_burst(dev, 0, &got, ALL, NO_LIMIT, true), 2);
    drain(&got);
}
END_TEST

/* -- receive ------------------------------------------------------------------------------------------------------ */

START_TEST(e1000g_rx_burst__limits_and_order)
{
    start(config());
    for (uint16_t i = 0; i < 300; i++) {
        nic82573_receive(nic, frame(own, IPPROTO_UDP_, i, 58));
        run_ns(2000);
    }
    ck_assert_uint_eq(netdev_rx_burst(dev, 0, &got, 10, NO_LIMIT, true), 10);
    ck_assert_uint_eq(netdev_rx_burst(dev, 0, &got, ALL, 350, true), 3); /* of 100 bytes each */
    ck_assert_uint_eq(netdev_rx_burst(dev, 0, &got, ALL, 1, true), 1);
    ck_assert_uint_eq(netdev_rx_burst(dev, 0, &got, ALL, NO_LIMIT, true), E1000G_RX_LIMIT_PKTS);
    netdev_rx_burst(dev, 0, &got, ALL, NO_LIMIT, true);
    netdev_rx_burst(dev, 0, &got, ALL, NO_LIMIT, true);
    ck_assert_uint_eq(got.count, 300);
    uint16_t i = 0;
    for (struct packet *p = got.head; p; p = p->next) ck_assert_uint_eq(get_be16(p->hdr + p->l4), i++);
    drain(&got);
}
END_TEST

/* Many times around the ring, jumbo frames among them. */
START_TEST(e1000g_rx_burst__goes_around_the_ring)
{
    struct e1000g_config c = config();
    c.rx_descs = 64;
    c.mtu_bytes = _i ? 9000 : 1500;
    start(c);
    uint32_t taken = 0;
    for (int i = 0; i < 500; i++) {
        nic82573_receive(nic, frame(own, IPPROTO_UDP_, 1, i % 5 ? 100 : c.mtu_bytes - 28));
        run_ns(80000);
        if (i % 7 == 0) taken += netdev_rx_burst(dev, 0, &got, ALL, NO_LIMIT, true);
    }
    taken += netdev_rx_burst(dev, 0, &got, ALL, NO_LIMIT, true);
    ck_assert_uint_eq(taken, 500);
    ck_assert_uint_eq(rx(E1000G_RX_lost), 0);
    drain(&got);
}
END_TEST

START_TEST(e1000g_rx_intr__off_while_polling_and_nothing_is_forgotten)
{
    start(config());
    netdev_rx_intr_disable(dev, 0);
    nic82573_receive(nic, frame(own, IPPROTO_UDP_, 1, 10));
    run_ns(1000000);
    ck_assert_int_eq(ready_calls, 0);
    ck_assert_int_eq(netdev_tx(dev, 0, frame(own, IPPROTO_UDP_, 1, 10)), NETDEV_TX_OK);
    run_ns(1000000); /* the transmit interrupt reads, and so clears, the receive cause */
    ck_assert_int_eq(ready_calls, 0);
    ck_assert(netdev_rx_intr_enable(dev, 0));
    run_ns(1000000);
    ck_assert_int_eq(ready_calls, 1);
    ck_assert_uint_eq(netdev_rx_burst(dev, 0, &got, ALL, NO_LIMIT, true), 1);
    drain(&got);
    drain(&sent);
}
END_TEST

/* -- moderation --------------------------------------------------------------------------------------------------- */

static uint64_t interrupts_in_ms(int ms, int64_t gap_ns)
{
    uint64_t before = nic82573_counter(nic, NIC_interrupts);
    for (int64_t i = 0; i < ms * 1000000 / gap_ns; i++) {
        nic82573_receive(nic, frame(own, IPPROTO_UDP_, 1, 10));
        run_ns(gap_ns);
        drain(&got);
    }
    return nic82573_counter(nic, NIC_interrupts) - before;
}

/* 1,000 frames per second interrupt each; 200,000 bring 13 per interrupt at the short interval, which neither mark
 * minds; at a million 66 do, and the long interval follows, until few come again. */
START_TEST(e1000g_itr__adapts_between_the_marks)
{
    start(config());
    interrupt_takes = true;
    ck_assert_uint_eq(e1000g_itr(d), E1000G_ITR_SHORT);
    ck_assert_uint_eq(interrupts_in_ms(20, 1000000), 20);
    uint64_t n = interrupts_in_ms(20, 5000);
    ck_assert_uint_ge(n, 20000 / 67);
    ck_assert_uint_le(n, 20000 / 66 + 1);
    n = interrupts_in_ms(20, 1000);
    ck_assert_uint_eq(e1000g_itr(d), E1000G_ITR_LONG);
    ck_assert_uint_ge(n, 20000 / 250);
    ck_assert_uint_le(n, 20000 / 249 + 2);
    n = interrupts_in_ms(20, 10000); /* 25 per long interval: stays */
    ck_assert_uint_le(n, 20000 / 249 + 1);
    interrupts_in_ms(20, 50000);
    ck_assert_uint_eq(e1000g_itr(d), E1000G_ITR_SHORT);
}
END_TEST

START_TEST(e1000g_itr__fixed_when_asked)
{
    struct e1000g_config c = config();
    c.itr_units = 1000;
    start(c);
    interrupt_takes = true;
    uint64_t n = interrupts_in_ms(20, 1000);
    ck_assert_uint_le(n, 20000 / 256 + 1);
    ck_assert_uint_ge(n, 20000 / 256 - 1);
    netdev_set_itr(dev, 0, 500);
    n = interrupts_in_ms(20, 1000);
    ck_assert_uint_le(n, 20000 / 128 + 1);
    ck_assert_uint_ge(n, 20000 / 128 - 1);
}
END_TEST

/* From the first frame of each interrupt, however many follow it: 200 units of 1.024 us. */
START_TEST(e1000g_create__receive_delay_gathers_frames)
{
    struct e1000g_config c = config();
    c.itr_units = 0;
    c.rx_delay_units = 200;
    start(c);
    interrupt_takes = true;
    ck_assert_uint_eq(interrupts_in_ms(20, 1000000), 20); /* none lost, each a delay late */
    uint64_t n = interrupts_in_ms(20, 10000);
    ck_assert_uint_le(n, (uint64_t)(20000 / 204.8) + 1);
    ck_assert_uint_ge(n, 20000 / (205 + 10 + 10)); /* till the next frame comes, and the interrupt has taken these */
}
END_TEST

/* Reports of packets sent 10 us apart, likewise. */
START_TEST(e1000g_create__transmit_delay_gathers_reports)
{
    static const int32_t units[] = { 0, E1000G_TX_DELAY, 500 };
    struct e1000g_config c = config();
    c.itr_units = 0;
    c.tx_delay_units = units[_i];
    start(c);
    for (int k = 0; k < 2000; k++) {
        netdev_tx(dev, 0, frame(own, IPPROTO_UDP_, 1, 10));
        run_ns(10000);
        drain(&sent);
    }
    uint64_t n = nic82573_counter(nic, NIC_interrupts);
    double gap = units[_i] ? units[_i] * 1.024 : 10;
    ck_assert_uint_le(n, (uint64_t)(20000 / gap) + 1);
    ck_assert_uint_ge(n, (uint64_t)(20000 / (gap + 20)));
}
END_TEST

/* -- transmit ----------------------------------------------------------------------------------------------------- */

START_TEST(e1000g_tx__descriptors_and_contexts)
{
    start(config());
    struct packet *p = frame(own, IPPROTO_TCP_, 1, 100);
    headers_finish(p);
    netdev_tx(dev, 0, p);
    ck_assert_uint_eq(tx(E1000G_TX_descriptors), 1); /* nothing to do for it */
    netdev_tx(dev, 0, frame(own, IPPROTO_TCP_, 1, 100));
    netdev_tx(dev, 0, frame(own, IPPROTO_TCP_, 2, 1000));
    ck_assert_uint_eq(tx(E1000G_TX_descriptors), 1 + 2 + 2);
    ck_assert_uint_eq(tx(E1000G_TX_contexts), 1);
    p = frame(own, IPPROTO_TCP_, 3, 60000);
    p->gso_mss = 1460;
    netdev_tx(dev, 0, p);
    ck_assert_uint_eq(tx(E1000G_TX_contexts), 2);
    ck_assert_uint_eq(tx(E1000G_TX_descriptors), 5 + 1 + 1 + 8);
    netdev_tx(dev, 0, frame(own, IPPROTO_TCP_, 4, 100)); /* the other context is still there */
    ck_assert_uint_eq(tx(E1000G_TX_contexts), 2);
    run_ns(2000000);
    ck_assert_uint_eq(sent.count, 3 + 42 + 1);
    for (p = sent.head; p; p = p->next) ck_assert(headers_checksum_ok(p));
    ck_assert_uint_eq(tx(E1000G_TX_recycled), 16);
    ck_assert_uint_eq(netdev_tx_free(dev, 0), 2047);
    drain(&sent);
}
END_TEST

START_TEST(e1000g_tx__overload_and_room_again)
{
    struct e1000g_config c = config();
    struct packet *p;
    int taken = 0;
    c.tx_descs = 512;
    start(c);
    for (;; taken++) {
        p = frame(own, IPPROTO_UDP_, 1, 10);
        headers_finish(p);
        if (netdev_tx(dev, 0, p) != NETDEV_TX_OK) break;
    }
    ck_assert_int_ge(taken, 512 - 20);
    ck_assert_uint_eq(tx(E1000G_TX_full), 1);
    ck_assert_int_eq(updates, 0);
    run_ns(5000000);
    ck_assert_int_eq(updates, 1);
    ck_assert_int_eq(netdev_tx(dev, 0, p), NETDEV_TX_OK);
    run_ns(5000000);
    ck_assert_uint_eq(sent.count, (uint32_t)taken + 1);
    drain(&sent);
}
END_TEST

START_TEST(e1000g_tx__a_stack_may_reclaim_itself)
{
    struct e1000g_config c = config();
    c.callbacks.tx_ready = tx_ready;
    stack_reclaims = true;
    start(c);
    for (int i = 0; i < 10; i++) netdev_tx(dev, 0, frame(own, IPPROTO_UDP_, 1, 10));
    run_ns(1000000);
    ck_assert_int_ge(ready_calls, 1);
    ck_assert_uint_eq(netdev_tx_free(dev, 0), 2047);
    drain(&sent);
}
END_TEST

START_TEST(e1000g_vector__masked_as_a_whole)
{
    start(config());
    netdev_vector_disable(dev, 0);
    netdev_tx(dev, 0, frame(own, IPPROTO_UDP_, 1, 10));
    nic82573_receive(nic, frame(own, IPPROTO_UDP_, 1, 10));
    run_ns(1000000);
    ck_assert_int_eq(ready_calls, 0);
    ck_assert_uint_lt(netdev_tx_free(dev, 0), 2047);
    netdev_vector_enable(dev, 0);
    run_ns(1000000);
    ck_assert_int_eq(ready_calls, 1);
    ck_assert_uint_eq(netdev_tx_free(dev, 0), 2047);
    netdev_rx_burst(dev, 0, &got, ALL, NO_LIMIT, true);
    drain(&got);
    drain(&sent);
}
END_TEST

/* What is sent comes back; every packet is accounted for, sums right. */
START_TEST(e1000g__loop_back_conserves)
{
    struct rng *random = rng_create(3, "loop");
    struct packet_queue back = { 0 };
    uint32_t frames = 0;
    loop = interrupt_takes = true;
    start(config());
    for (int i = 0; i < 2000; i++) {
        uint32_t payload = (uint32_t)rng_below(random, 1400);
        struct packet *p = frame(own, rng_below(random, 2) ? IPPROTO_TCP_ : IPPROTO_UDP_, 1, payload);
        if (i % 10 == 0) {
            packet_deliver(rig.pool, p);
            p = frame(own, IPPROTO_TCP_, 1, 20000);
            p->gso_mss = 1000;
        }
        if (netdev_tx(dev, 0, p) != NETDEV_TX_OK)
            packet_deliver(rig.pool, p);
        else
            frames += i % 10 ? 1 : 20;
        run_ns((int64_t)rng_below(random, 80000));
    }
    run_ns(5000000);
    ck_assert_uint_eq(got.count, frames);
    ck_assert_uint_eq(rx(E1000G_RX_csum_errors), 0);
    for (struct packet *p; (p = packet_queue_pop(&got));) {
        ck_assert(headers_checksum_ok(p));
        packet_queue_push(&back, p);
    }
    drain(&back);
    rng_destroy(random);
}
END_TEST

/* -- scenarios ---------------------------------------------------------------------------------------------------- */


static const char text[] =
    "time: {warmup: 20ms, measure: 30ms}\n"
    "switches: {s: {rate: 1Gbps}}\n"
    "machines:\n"
    "  sut:\n"
    "    detail: full\n"
    "    %s\n"
    "    nics: {e1000g0: {model: intel-82573, wire: s%s}}\n"
    "    %s\n"
    "  'client[1-2]': {nics: {n: {wire: s, rate: 1Gbps}}}\n"
    "traffic:\n"
    "  - uperf: {from: client1, to: sut, streams: 4, write: 8KiB%s}\n"
    "  - uperf: {from: sut, to: client2, streams: 4, write: 8KiB%s}\n";

static char *write_world(const char *stack, const char *nic_keys, const char *links, const char *via)
{
    static char buffer[2048];
    snprintf(buffer, sizeof buffer, text, stack, nic_keys, links, via, via);
    return buffer;
}

static void run_world(const char *stack, const char *nic_keys, const char *links, const char *via)
{
    world_rig_init();
    world_rig_run(write_world(stack, nic_keys, links, via), 1, NULL, 0);
}

static uint64_t value(const char *kind, const char *entity, const char *name)
{
    return run_result_value(&result, kind, entity, name);
}

/* 1460 of 1538 byte times, 12 of timestamps less: 941 Mb/s at most, each way. */
static void check_line_rate(void)
{
    const uint64_t most = 1000000000ull / 8 * 30 / 1000;
    uint64_t in = value("nic", "sut/e1000g0", "rx_bytes"), out = value("nic", "sut/e1000g0", "tx_bytes");
    ck_assert_uint_gt(in, most * 9 / 10);
    ck_assert_uint_le(in, most);
    ck_assert_uint_gt(out, most * 9 / 10);
    ck_assert_uint_le(out, most + 4096 + 12 * 1024);
    ck_assert_uint_eq(value("nic", "sut/e1000g0", "mpc"), 0);
    ck_assert_uint_le(value("nic", "sut/e1000g0", "interrupts"), 30 * 15024 / 1000 + 1);
}

START_TEST(e1000g__tcp_at_line_rate_under_every_stack)
{
    static const char *const stacks[] = { "stack: crossbow", "stack: gldv3" };
    run_world(stacks[_i], "", "", "");
    check_line_rate();
    if (_i == 0) ck_assert_uint_gt(value("lane", "sut/e1000g0/hwlane0", "polls"), 0);
    world_rig_fini();
}
END_TEST

START_TEST(e1000g__vnics_are_classified_in_software)
{
    run_world("stack: crossbow", "", "links: {v1: {over: e1000g0, rxrings: sw}}", ", via: v1");
    check_line_rate();
    ck_assert_uint_gt(value("lane", "sut/v1/swlane0", "ipackets"), 1000);
    world_rig_fini();
}
END_TEST

static void refused(const char *nic_keys, const char *links, const char *why)
{
    world_rig_init();
    ck_assert_ptr_null(world_rig_parse(write_world("stack: crossbow", nic_keys, links, ""), NULL, 0));
    bool found = false;
    for (size_t i = 0; i < mistakes.count; i++)
        found |= strstr(mistakes.list[i].text, why) && strncmp(mistakes.list[i].text, "scenarios/test.yaml:", 20) == 0;
    if (!found) errors_print(&mistakes, stderr);
    ck_assert_msg(found, "%s", why);
    world_rig_fini();
}

START_TEST(e1000g__what_the_card_has_not_is_a_located_mistake)
{
    refused(", lanes: 2", "", "one receive ring, not 2 'lanes'");
    refused(", tx-rings: 2", "", "one transmit ring, tx-rings is 2");
    refused(", rx-groups: 2", "", "no receive groups");
    refused(", rate: 10Gbps", "", "a gigabit card");
    refused(", pcie: {lanes: 8}", "", "one PCIe lane of the first generation");
    refused(", pcie: {generation: 2}", "", "one PCIe lane of the first generation");
    refused("", "links: {v1: {over: e1000g0, rxrings: hw}}", "'rxrings: sw'");
}
END_TEST

Suite *e1000g_suite(void)
{
    Suite *s = suite_create("e1000g");
    TCase *t = tcase_create("driver");
    tcase_add_checked_fixture(t, setup, teardown);
    tcase_add_test(t, e1000g_config_problem__limits);
    tcase_add_test(t, e1000g_create__touches_only_registers_that_exist);
    tcase_add_test(t, e1000g_add_mac__sixteen_addresses);
    tcase_add_test(t, e1000g_rx_burst__limits_and_order);
    tcase_add_loop_test(t, e1000g_rx_burst__goes_around_the_ring, 0, 2);
    tcase_add_test(t, e1000g_rx_intr__off_while_polling_and_nothing_is_forgotten);
    tcase_add_test(t, e1000g_itr__adapts_between_the_marks);
    tcase_add_test(t, e1000g_itr__fixed_when_asked);
    tcase_add_test(t, e1000g_create__receive_delay_gathers_frames);
    tcase_add_loop_test(t, e1000g_create__transmit_delay_gathers_reports, 0, 3);
    tcase_add_test(t, e1000g_tx__descriptors_and_contexts);
    tcase_add_test(t, e1000g_tx__overload_and_room_again);
    tcase_add_test(t, e1000g_tx__a_stack_may_reclaim_itself);
    tcase_add_test(t, e1000g_vector__masked_as_a_whole);
    tcase_add_test(t, e1000g__loop_back_conserves);
    suite_add_tcase(s, t);

    t = tcase_create("scenarios");
    tcase_add_loop_test(t, e1000g__tcp_at_line_rate_under_every_stack, 0, 2);
    tcase_add_test(t, e1000g__vnics_are_classified_in_software);
    tcase_add_test(t, e1000g__what_the_card_has_not_is_a_located_mistake);
    suite_add_tcase(s, t);
    return s;
}
