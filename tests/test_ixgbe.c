/* SPDX-License-Identifier: GPL-3.0-or-later
 * test_ixgbe.c -- the driver on the modelled device: ring groups, bursts, interrupts, transmit, overload. */
#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "core/rng.h"
#include "driver/ixgbe.h"
#include "machine_rig.h"
#include "net/headers.h"
#include "net/link.h"
#include "nicmodel/nic82598.h"
#include "suites.h"

enum { ALL = 100000, NO_LIMIT = 1 << 30 };

static struct rig rig;
static struct pcie *bus;
static struct nic *nic;
static struct link *wire;
static struct rng *rng;
static struct ixgbe *d;
static struct packet_queue sent, got;
static bool loop;               /* the wire leads back into the NIC */
static int ready_calls, updates;
static uint32_t taken_by_interrupt;
static bool interrupt_takes;    /* rx_ready() empties the ring */

static const struct mac_addr own = { { 0x02, 0x98, 0x25, 0x00, 0x01, 0x00 } };

static void sink(void *owner, struct packet *p)
{
    (void)owner;
    if (loop)
        nic_receive(nic, p);
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
    ready_calls++;
    if (!interrupt_takes) return STEP_SLEEP;
    uint32_t n = ixgbe_rx_burst(d, ring, &got, ALL, NO_LIMIT, true);
    if (n == IXGBE_RX_BLOCKED) return STEP_BLOCKED;
    taken_by_interrupt += n;
    return STEP_SLEEP;
}

static void tx_update(void *owner, int ring)
{
    (void)owner;
    (void)ring;
    updates++;
}

static struct ixgbe_config config(void)
{
    return (struct ixgbe_config){
        .name = "ixgbe0", .machine = rig.m, .pcie = bus, .pool = rig.pool, .stats = rig.stats,
        .device = { nic, nic_reg_read, nic_reg_write, nic_set_vector, NULL },
        .callbacks = { NULL, rx_ready, tx_update, NULL },
        .groups = 1, .rings_per_group = 1, .tx_rings = 1, .itr_units = -1, .rng = rng,
    };
}

static void set_up(bool priced)
{
    struct pcie_config c = pcie_config_gen1_x8();
    sent = got = (struct packet_queue){ 0 };
    ready_calls = updates = 0;
    taken_by_interrupt = 0;
    loop = interrupt_takes = false;
    d = NULL;
    rig_init(&rig);
    if (priced) {
        rig_price(&rig, COST_DRV_RX_POLL, 1000);
        rig_price(&rig, COST_DRV_RX_PACKET, 100);
        rig_price(&rig, COST_DRV_RX_REFILL, 10);
        rig_price(&rig, COST_MMIO_WRITE, 7);
        rig.profile.place[COST_LINE_DRAM].value = 20;
    }
    rig_start(&rig, 2, 4, sim_ms(1));
    bus = pcie_create(rig.engine, rig.stats, "slot", &c);
    nic = nic_create(rig.engine, rig.stats, rig.pool, bus, machine_memory(rig.m),
                     &(struct nic_config){ .name = "nic", .device_id = 0x10c6, .mac = own });
    wire = link_create(rig.engine, rig.stats, rig.pool,
                       &(struct link_config){ "wire", sim_gbps(10), sim_ns(100), 16384 });
    link_connect(wire, (struct packet_sink){ sink, NULL });
    nic_set_wire(nic, wire);
    packet_pool_add_holder(rig.pool, held, NULL);
    rng = rng_create(1, "ixgbe0");
}

static void setup(void)
{
    set_up(false);
}

static void setup_priced(void)
{
    set_up(true);
}

static void teardown(void)
{
    packet_pool_check(rig.pool);
    ixgbe_destroy(d);
    nic_destroy(nic);
    link_destroy(wire);
    pcie_destroy(bus);
    rng_destroy(rng);
    rig_fini(&rig);
}

static void start(struct ixgbe_config c)
{
    d = ixgbe_create(&c);
    rig_run_ns(&rig, 100000); /* first descriptors fetched, link interrupt over */
}

static void run_us(int64_t us)
{
    engine_run(rig.engine, sim_add(engine_now(rig.engine), sim_us(us)));
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

static uint32_t burst(int ring)
{
    return ixgbe_rx_burst(d, ring, &got, ALL, NO_LIMIT, true);
}

/* -- configuration ------------------------------------------------------------------------------------------------ */

START_TEST(ixgbe_config_problem__limits)
{
    static const struct { int groups, rings, tx; uint32_t descs, mtu; bool good; } cases[] = {
        { 1, 1, 1, 0, 0, true }, { 1, 16, 32, 4096, 9000, true }, { 16, 1, 8, 64, 1500, true },
        { 4, 4, 1, 512, 15854, true },
        { 0, 1, 1, 0, 0, false }, { 1, 0, 1, 0, 0, false }, { 1, 17, 1, 0, 0, false }, { 5, 2, 1, 0, 0, false },
        { 17, 1, 1, 0, 0, false }, { 1, 1, 0, 0, 0, false }, { 1, 1, 33, 0, 0, false }, { 1, 1, 1, 63, 0, false },
        { 1, 1, 1, 4104, 0, false }, { 1, 1, 1, 100, 0, false }, { 1, 1, 1, 0, 67, false },
        { 1, 1, 1, 0, 15855, false },
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct ixgbe_config c = config();
        c.groups = cases[i].groups;
        c.rings_per_group = cases[i].rings;
        c.tx_rings = cases[i].tx;
        c.rx_descs = c.tx_descs = cases[i].descs;
        c.mtu_bytes = cases[i].mtu;
        ck_assert_msg((ixgbe_config_problem(&c) == NULL) == cases[i].good, "case %zu", i);
    }
}
END_TEST

START_TEST(ixgbe_create__touches_only_registers_that_exist)
{
    start(config());
    struct mac_addr mac = ixgbe_mac(d);
    ck_assert_mem_eq(&mac, &own, sizeof own);
    ck_assert_uint_eq(nic_counter(nic, NIC_unknown_reads), 0);
    ck_assert_uint_eq(nic_counter(nic, NIC_unknown_writes), 0);
    ck_assert_uint_eq(nic_counter(nic, NIC_bad_addresses), 0);
}
END_TEST

/* -- ring groups -------------------------------------------------------------------------------------------------- */

static struct mac_addr group_mac(int group)
{
    return group == 0 ? own : (struct mac_addr){ { 2, 0, 0, 0, 8, (uint8_t)group } };
}

/* Frames of many flows to each group's address arrive in that group's rings, in all of them. */
START_TEST(ixgbe_add_mac__each_group_gets_its_frames_and_spreads_them)
{
    static const struct { int groups, rings; } modes[] = {
        { 1, 1 }, { 1, 4 }, { 1, 16 }, { 2, 1 }, { 16, 1 }, { 2, 8 }, { 4, 4 }, { 3, 5 },
    };
    struct ixgbe_config c = config();
    c.groups = modes[_i].groups;
    c.rings_per_group = modes[_i].rings;
    start(c);
    ck_assert_int_eq(ixgbe_rx_rings(d), c.groups * c.rings_per_group);
    for (int g = 1; g < c.groups; g++) ck_assert_int_eq(ixgbe_add_mac(d, g, group_mac(g)), 0);
    for (int g = 0; g < c.groups; g++) {
        for (uint16_t port = 1; port <= 200; port++) nic_receive(nic, frame(group_mac(g), IPPROTO_TCP_, port, 100));
        run_us(200);
        uint32_t total = 0;
        for (int ring = 0; ring < ixgbe_rx_rings(d); ring++) {
            uint32_t n = burst(ring);
            total += n;
            if (ixgbe_group_of(d, ring) != g)
                ck_assert_uint_eq(n, 0);
            else
                ck_assert_uint_ge(n, 200u / (uint32_t)c.rings_per_group / 4);
        }
        ck_assert_uint_eq(total, 200);
        drain(&got);
    }
}
END_TEST

START_TEST(ixgbe_add_mac__slots_run_out)
{
    struct ixgbe_config c = config();
    struct mac_addr mac = { { 2, 1, 1, 1, 1, 0 } };
    c.groups = 4;
    start(c);
    for (int i = 0; i < 12; i++) { /* 16 slots, one reserved for each of 4 groups; group 0's holds the own address */
        mac.byte[5] = (uint8_t)i;
        ck_assert_int_eq(ixgbe_add_mac(d, 0, mac), 0);
    }
    mac.byte[5] = 100;
    ck_assert_int_eq(ixgbe_add_mac(d, 0, mac), -1);
    ck_assert_int_eq(ixgbe_add_mac(d, 3, mac), 0); /* its reserved slot */
    mac.byte[5] = 101;
    ck_assert_int_eq(ixgbe_add_mac(d, 3, mac), -1);
    mac.byte[5] = 7;
    ck_assert_int_eq(ixgbe_remove_mac(d, mac), 0);
    ck_assert_int_eq(ixgbe_remove_mac(d, mac), -1);
    nic_receive(nic, frame(mac, IPPROTO_TCP_, 1, 100));
    ck_assert_uint_eq(nic_counter(nic, NIC_rx_filtered), 1);
    mac.byte[5] = 101;
    ck_assert_int_eq(ixgbe_add_mac(d, 3, mac), 0);
    nic_receive(nic, frame(mac, IPPROTO_TCP_, 1, 100));
    run_us(100);
    ck_assert_uint_eq(burst(3), 1);
    drain(&got);
}
END_TEST

START_TEST(ixgbe_set_promisc__takes_everything)
{
    struct mac_addr other = { { 2, 7, 7, 7, 7, 7 } }, group = { { 1, 0, 0x5e, 0, 0, 1 } };
    start(config());
    nic_receive(nic, frame(other, IPPROTO_TCP_, 1, 100));
    ixgbe_set_all_multicast(d, true);
    nic_receive(nic, frame(group, IPPROTO_UDP_, 1, 100));
    ixgbe_set_promisc(d, true);
    nic_receive(nic, frame(other, IPPROTO_TCP_, 1, 100));
    ixgbe_set_promisc(d, false);
    nic_receive(nic, frame(group, IPPROTO_UDP_, 1, 100));
    run_us(100);
    ck_assert_uint_eq(burst(0), 2);
    drain(&got);
}
END_TEST

/* -- receive ------------------------------------------------------------------------------------------------------ */

START_TEST(ixgbe_rx_burst__in_order_many_times_around_the_ring)
{
    struct ixgbe_config c = config();
    uint32_t expect = 1, total = 0;
    c.rx_descs = 64;
    c.rx_wthresh = (uint32_t)_i;
    start(c);
    ixgbe_rx_intr_disable(d, 0);
    for (int round = 0; round < 200; round++) {
        for (int i = 0; i < 30; i++) nic_receive(nic, frame(own, IPPROTO_TCP_, (uint16_t)++total, 100));
        run_us(10);
        ck_assert_uint_eq(burst(0), 30);
        for (struct packet *p; (p = packet_queue_pop(&got));) {
            ck_assert_uint_eq(get_be16(p->hdr + p->l4), expect++);
            packet_deliver(rig.pool, p);
        }
    }
    ck_assert_uint_eq(nic_counter(nic, NIC_rnbc), 0);
    ck_assert_uint_eq(ixgbe_rx_counter(d, 0, IXGBE_RX_packets), 6000);
    ck_assert_uint_eq(ixgbe_rx_counter(d, 0, IXGBE_RX_lost), 0);
}
END_TEST

START_TEST(ixgbe_rx_burst__stops_at_its_limits)
{
    start(config());
    for (int i = 0; i < 600; i++) {
        nic_receive(nic, frame(own, IPPROTO_TCP_, 1, 946)); /* 1000-byte frames */
        run_us(1);
    }
    run_us(10);
    ck_assert_uint_eq(ixgbe_rx_burst(d, 0, &got, 10, NO_LIMIT, true), 10);
    ck_assert_uint_eq(ixgbe_rx_burst(d, 0, &got, ALL, 5999, true), 5);
    ck_assert_uint_eq(ixgbe_rx_burst(d, 0, &got, ALL, 6000, true), 6);
    ck_assert_uint_eq(ixgbe_rx_burst(d, 0, &got, ALL, 1, true), 1);
    ck_assert_uint_eq(ixgbe_rx_burst(d, 0, &got, 0, NO_LIMIT, true), 0);
    ck_assert_uint_eq(burst(0), IXGBE_RX_LIMIT_PKTS);
    ck_assert_uint_eq(burst(0), IXGBE_RX_LIMIT_PKTS);
    ck_assert_uint_eq(burst(0), 600 - 2 * IXGBE_RX_LIMIT_PKTS - 22);
    ck_assert_uint_eq(burst(0), 0);
    ck_assert_uint_eq(ixgbe_rx_counter(d, 0, IXGBE_RX_empty), 2);
    drain(&got);
}
END_TEST

START_TEST(ixgbe_rx_burst__jumbo_frames)
{
    struct ixgbe_config c = config();
    c.mtu_bytes = 9000;
    start(c);
    nic_receive(nic, frame(own, IPPROTO_TCP_, 1, 9000 - 40));
    nic_receive(nic, frame(own, IPPROTO_TCP_, 1, 9000 - 39));
    run_us(100);
    ck_assert_uint_eq(burst(0), 1);
    ck_assert_uint_eq(got.head->len, 9014);
    drain(&got);
}
END_TEST

/* A ring that nobody empties: the ring fills, then the packet buffer (or, with DROP_EN, nothing), then frames are lost
 * where the device counts them. */
START_TEST(ixgbe_rx_burst__overload_is_counted_by_the_device)
{
    struct ixgbe_config c = config();
    c.rx_descs = 64;
    c.drop_en = _i;
    start(c);
    for (int i = 0; i < 1000; i++) {
        nic_receive(nic, frame(own, IPPROTO_TCP_, 1, 1460));
        engine_run(rig.engine, sim_add(engine_now(rig.engine), sim_ps(1230400)));
    }
    ck_assert_uint_eq(nic_counter(nic, NIC_rx_packets), 63);
    if (_i) {
        ck_assert_uint_eq(nic_counter(nic, NIC_rx_no_desc), 1000 - 63);
        ck_assert_uint_eq(nic_counter(nic, NIC_rnbc), 1000 - 63);
    } else {
        ck_assert_uint_eq(nic_counter(nic, NIC_mpc), 1000 - 63 - 512 * 1024 / 1514);
    }
    ck_assert_uint_eq(burst(0), 63);
    drain(&got);
}
END_TEST

/* -- interrupts --------------------------------------------------------------------------------------------------- */

START_TEST(ixgbe_rx_intr__handler_is_called_and_throttled)
{
    start(config());
    interrupt_takes = true;
    for (int i = 0; i < 5000; i++) {
        nic_receive(nic, frame(own, IPPROTO_TCP_, 1, 1460));
        engine_run(rig.engine, sim_add(engine_now(rig.engine), sim_ps(1230400)));
    }
    run_us(100);
    ck_assert_uint_eq(taken_by_interrupt, 5000);
    int most = (int)(5000 * 1230400ll / 51200000) + 2; /* one per 200 x 256 ns */
    ck_assert_int_le(ready_calls, most);
    ck_assert_int_ge(ready_calls, most - 3);
    ck_assert_uint_eq(ixgbe_rx_counter(d, 0, IXGBE_RX_intrs), (uint64_t)ready_calls);
    drain(&got);
}
END_TEST

START_TEST(ixgbe_rx_intr__disabled_ring_is_silent_and_enabling_finds_the_gap)
{
    start(config());
    ixgbe_rx_intr_disable(d, 0);
    int before = ready_calls;
    ck_assert(!ixgbe_rx_intr_enable(d, 0));
    ixgbe_rx_intr_disable(d, 0);
    run_us(100);
    before = ready_calls;
    nic_receive(nic, frame(own, IPPROTO_TCP_, 1, 100));
    run_us(500);
    ck_assert_int_eq(ready_calls, before);
    interrupt_takes = true;
    ck_assert(ixgbe_rx_intr_enable(d, 0));
    run_us(100);
    ck_assert_int_eq(ready_calls, before + 1);
    ck_assert_uint_eq(taken_by_interrupt, 1);
    drain(&got);
}
END_TEST

/* One vector for each receive ring, then for each transmit ring; the sixteenth is the last, and rings beyond share. */
static const struct { int groups, tx_rings, vector[5], vectors; } ring_vectors[] = {
    { 4, 1, { 4 }, 5 }, { 4, 4, { 4, 5, 6, 7 }, 8 }, { 14, 5, { 14, 15, 0, 1, 2 }, 16 }, { 16, 2, { 0, 1 }, 16 },
};
START_TEST(ixgbe_create__vectors_of_transmit_rings)
{
    struct ixgbe_config c = config();
    c.groups = ring_vectors[_i].groups;
    c.tx_rings = ring_vectors[_i].tx_rings;
    start(c);
    const struct netdev_limits *l = &ixgbe_netdev(d)->limits;
    ck_assert_int_eq(l->vectors, ring_vectors[_i].vectors);
    for (int t = 0; t < c.tx_rings; t++) ck_assert_int_eq(l->tx_vector[t], ring_vectors[_i].vector[t]);
}
END_TEST

/* A group's frames pass once it has been added, and others with another hash do not. */
START_TEST(ixgbe_add_multicast__lets_the_group_pass)
{
    static const struct mac_addr group = { { 1, 0, 0x5e, 0x40, 1, 2 } }, other = { { 1, 0, 0x5e, 0x40, 1, 3 } };
    start(config());
    nic_receive(nic, frame(group, IPPROTO_UDP_, 1, 100));
    run_us(200);
    ck_assert_uint_eq(burst(0), 0);
    ixgbe_add_multicast(d, group);
    run_us(1);
    nic_receive(nic, frame(group, IPPROTO_UDP_, 2, 100));
    nic_receive(nic, frame(other, IPPROTO_UDP_, 3, 100));
    run_us(200);
    ck_assert_uint_eq(burst(0), 1);
    drain(&got);
}
END_TEST

/* Only the interrupted ring's handler runs, on the CPU it is bound to. */
START_TEST(ixgbe_rx_bind__vector_per_ring)
{
    struct ixgbe_config c = config();
    c.groups = 4;
    start(c);
    for (int g = 1; g < 4; g++) ixgbe_add_mac(d, g, group_mac(g));
    ixgbe_rx_bind(d, 2, 5);
    uint64_t before = rig_cpu(&rig, 5, "intr");
    nic_receive(nic, frame(group_mac(2), IPPROTO_TCP_, 1, 100));
    run_us(100);
    ck_assert_uint_eq(rig_cpu(&rig, 5, "intr"), before + 1);
    for (int ring = 0; ring < 4; ring++)
        ck_assert_uint_eq(ixgbe_rx_counter(d, ring, IXGBE_RX_intrs), ring == 2);
    ck_assert_uint_eq(burst(2), 1);
    drain(&got);
}
END_TEST

/* -- in a step ---------------------------------------------------------------------------------------------------- */

static uint32_t step_count;
static int64_t step_took_ns;

static enum step_result burst_step(void *owner)
{
    (void)owner;
    sim_time from = machine_now(rig.m);
    step_count = burst(0);
    step_took_ns = sim_diff(machine_now(rig.m), from).ps / 1000;
    return STEP_SLEEP;
}

START_TEST(ixgbe_rx_burst__charges_what_it_does)
{
    start(config());
    ixgbe_rx_intr_disable(d, 0);
    for (int i = 0; i < 8; i++) nic_receive(nic, frame(own, IPPROTO_TCP_, 1, 1000));
    run_us(100);
    struct thread *t = rig_thread(&rig, "t", THREAD_SYSTEM, 0, burst_step, NULL);
    thread_wake(t);
    run_us(100);
    ck_assert_uint_eq(step_count, 8);
    /* ring state 1 line, descriptors 2, headers of 54 bytes 1 each; the lock's own line may cost one more */
    int64_t lines = 1 + 2 + 8;
    ck_assert_int_ge(step_took_ns, 1000 + 8 * 110 + 7 + lines * 20);
    ck_assert_int_le(step_took_ns, 1000 + 8 * 110 + 7 + (lines + 1) * 20);
    drain(&got);
}
END_TEST

/* -- transmit ----------------------------------------------------------------------------------------------------- */

START_TEST(ixgbe_tx__frame_leaves_and_the_packet_ends)
{
    start(config());
    struct packet *p = frame(own, IPPROTO_TCP_, 77, 1000);
    uint8_t hdr[PACKET_HDR_MAX];
    uint32_t hdr_len = p->hdr_len, len = p->len;
    memcpy(hdr, p->hdr, hdr_len);
    ck_assert_int_eq(ixgbe_tx(d, 0, p), NETDEV_TX_OK);
    packet_pool_check(rig.pool);
    run_us(200); /* the transmit interrupt reclaims */
    ck_assert_uint_eq(sent.count, 1);
    ck_assert_uint_eq(sent.head->len, len);
    ck_assert_mem_eq(sent.head->hdr, hdr, hdr_len);
    ck_assert(headers_checksum_ok(sent.head));
    ck_assert_uint_eq(packet_pool_ledger(rig.pool)->segmented, 1);
    ck_assert_uint_eq(ixgbe_tx_free(d, 0), 1023);
    ck_assert_uint_eq(ixgbe_tx_recycle(d, 0), 0);
}
END_TEST

START_TEST(ixgbe_tx__large_send_and_context_only_when_it_changes)
{
    start(config());
    for (int i = 0; i < 3; i++) {
        struct packet *p = frame(own, IPPROTO_TCP_, 1, 65160);
        p->gso_mss = 1448;
        ck_assert_int_eq(ixgbe_tx(d, 0, p), NETDEV_TX_OK);
    }
    ck_assert_uint_eq(ixgbe_tx_counter(d, 0, IXGBE_TX_contexts), 1);
    ck_assert_uint_eq(ixgbe_tx_counter(d, 0, IXGBE_TX_descriptors), 1 + 3 * (1 + 4)); /* 65160 in pieces of 16384 */
    ck_assert_int_eq(ixgbe_tx(d, 0, frame(own, IPPROTO_TCP_, 1, 0)), NETDEV_TX_OK);
    ck_assert_int_eq(ixgbe_tx(d, 0, frame(own, IPPROTO_UDP_, 1, 600)), NETDEV_TX_OK);
    ck_assert_int_eq(ixgbe_tx(d, 0, frame(own, IPPROTO_UDP_, 1, 600)), NETDEV_TX_OK);
    ck_assert_uint_eq(ixgbe_tx_counter(d, 0, IXGBE_TX_contexts), 3);
    run_us(500);
    ck_assert_uint_eq(sent.count, 3 * 45 + 3);
    for (struct packet *p = sent.head; p; p = p->next) ck_assert(headers_checksum_ok(p));
    ck_assert_uint_eq(nic_counter(nic, NIC_bad_descriptors), 0);
    ck_assert_uint_eq(nic_counter(nic, NIC_tx_tso), 3);
}
END_TEST

START_TEST(ixgbe_tx__overload_then_update)
{
    struct ixgbe_config c = config();
    c.tx_descs = _i ? 64 : 512;
    start(c);
    int accepted = 0;
    struct packet *p;
    for (;;) {
        p = frame(own, IPPROTO_TCP_, 1, 1460); /* header and payload: two descriptors */
        if (ixgbe_tx(d, 0, p) != NETDEV_TX_OK) break;
        accepted++;
    }
    ck_assert_int_eq(accepted, ((int)c.tx_descs - 1 - 1) / 2); /* one for the context */
    ck_assert_uint_eq(ixgbe_tx_counter(d, 0, IXGBE_TX_full), 1);
    ck_assert_int_eq(updates, 0);
    run_us(2000);
    ck_assert_int_eq(updates, 1);
    ck_assert_uint_eq(ixgbe_tx_free(d, 0), c.tx_descs - 1);
    ck_assert_int_eq(ixgbe_tx(d, 0, p), NETDEV_TX_OK);
    run_us(100);
    ck_assert_uint_eq(sent.count, (uint32_t)accepted + 1);
}
END_TEST

/* Everything sent to the own address through a wire that leads back comes in again, each packet once. */
START_TEST(ixgbe__loop_back_conserves_packets)
{
    struct ixgbe_config c = config();
    uint64_t frames = 0, bytes = 0, in = 0, in_bytes = 0;
    struct rng *random = rng_create((uint64_t)_i, "loop");
    c.rings_per_group = 4;
    c.tx_rings = 3;
    loop = true;
    start(c);
    for (int round = 0; round < 300; round++) {
        for (int i = 0; i < 4; i++) {
            uint32_t payload = rng_below(random, 3) ? rng_below(random, 1449) : 1 + rng_below(random, 60000);
            struct packet *p = frame(own, IPPROTO_TCP_, (uint16_t)rng_below(random, 100), payload);
            if (payload > 1448) p->gso_mss = 1448;
            if (ixgbe_tx(d, (int)rng_below(random, 3), p) == NETDEV_TX_OK) {
                frames += payload > 1448 ? (payload + 1447) / 1448 : 1;
                bytes += payload;
            } else {
                packet_drop(rig.pool, p, DROP_DRIVER);
            }
        }
        run_us(30);
        for (int ring = 0; ring < 4; ring++) in += burst(ring);
        for (struct packet *p; (p = packet_queue_pop(&got));) {
            in_bytes += headers_payload_bytes(p);
            packet_deliver(rig.pool, p);
        }
        packet_pool_check(rig.pool);
    }
    for (int n = 0; n < 20; n++) {
        run_us(200);
        for (int ring = 0; ring < 4; ring++) in += burst(ring);
        for (struct packet *p; (p = packet_queue_pop(&got));) {
            in_bytes += headers_payload_bytes(p);
            packet_deliver(rig.pool, p);
        }
    }
    ck_assert_uint_eq(nic_counter(nic, NIC_mpc), 0);
    ck_assert_uint_eq(in, frames);
    ck_assert_uint_eq(in_bytes, bytes);
    rng_destroy(random);
}
END_TEST

Suite *ixgbe_suite(void)
{
    Suite *s = suite_create("ixgbe");
    TCase *t = tcase_create("ixgbe");
    tcase_add_checked_fixture(t, setup, teardown);
    tcase_set_timeout(t, 60);
    tcase_add_test(t, ixgbe_config_problem__limits);
    tcase_add_test(t, ixgbe_create__touches_only_registers_that_exist);
    tcase_add_loop_test(t, ixgbe_add_mac__each_group_gets_its_frames_and_spreads_them, 0, 8);
    tcase_add_test(t, ixgbe_add_mac__slots_run_out);
    tcase_add_test(t, ixgbe_set_promisc__takes_everything);
    tcase_add_loop_test(t, ixgbe_rx_burst__in_order_many_times_around_the_ring, 0, 9);
    tcase_add_test(t, ixgbe_rx_burst__stops_at_its_limits);
    tcase_add_test(t, ixgbe_rx_burst__jumbo_frames);
    tcase_add_loop_test(t, ixgbe_rx_burst__overload_is_counted_by_the_device, 0, 2);
    tcase_add_test(t, ixgbe_rx_intr__handler_is_called_and_throttled);
    tcase_add_test(t, ixgbe_rx_intr__disabled_ring_is_silent_and_enabling_finds_the_gap);
    tcase_add_loop_test(t, ixgbe_create__vectors_of_transmit_rings, 0, 4);
    tcase_add_test(t, ixgbe_add_multicast__lets_the_group_pass);
    tcase_add_test(t, ixgbe_rx_bind__vector_per_ring);
    tcase_add_test(t, ixgbe_tx__frame_leaves_and_the_packet_ends);
    tcase_add_test(t, ixgbe_tx__large_send_and_context_only_when_it_changes);
    tcase_add_loop_test(t, ixgbe_tx__overload_then_update, 0, 2);
    tcase_add_loop_test(t, ixgbe__loop_back_conserves_packets, 1, 4);
    suite_add_tcase(s, t);

    t = tcase_create("priced");
    tcase_add_checked_fixture(t, setup_priced, teardown);
    tcase_add_test(t, ixgbe_rx_burst__charges_what_it_does);
    suite_add_tcase(s, t);
    return s;
}
