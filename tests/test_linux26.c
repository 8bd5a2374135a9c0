/* SPDX-License-Identifier: GPL-3.0-or-later
 * test_linux26.c -- Linux 2.6: softirqs, NAPI and transmit queues over a card made here, then whole worlds from
 * scenarios in this file.
 *
 *     card: rings of UDP datagrams, one vector each -> softirqs -> a port that counts
 *     threads -> transmit queue -> card, which looks at who sends, when, and in which order */
#include "stack/linux26.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "endpoint/udp.h"
#include "machine_rig.h"
#include "stack/linux26_impl.h"
#include "suites.h"
#include "world_rig.h"

/* -- interrupt intervals ------------------------------------------------------------------------------------------- */

START_TEST(itr_next_class__by_bytes_per_microsecond)
{
    static const struct { enum itr_class was; uint32_t bytes; enum itr_class next; } cases[] = { /* of 50 us */
        { ITR_LOWEST, 549, ITR_LOWEST }, { ITR_LOWEST, 550, ITR_LOW }, { ITR_LOWEST, 99999, ITR_LOW },
        { ITR_LOW, 549, ITR_LOWEST }, { ITR_LOW, 550, ITR_LOW }, { ITR_LOW, 1049, ITR_LOW }, { ITR_LOW, 1050, ITR_BULK },
        { ITR_BULK, 1050, ITR_BULK }, { ITR_BULK, 1049, ITR_LOW }, { ITR_BULK, 1, ITR_LOW },
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        ck_assert_int_eq(itr_next_class(cases[i].was, 20000, 1, cases[i].bytes), cases[i].next);
    for (enum itr_class c = ITR_LOWEST; c <= ITR_BULK; c++) ck_assert_int_eq(itr_next_class(c, 20000, 0, 0), c);
}
END_TEST

START_TEST(itr_next_rate__a_tenth_of_the_way)
{
    ck_assert_uint_eq(itr_next_rate(20000, ITR_LOW), 20000);
    ck_assert_uint_eq(itr_next_rate(20000, ITR_BULK), 18800);
    ck_assert_uint_eq(itr_next_rate(20000, ITR_LOWEST), 28000);
    uint32_t rate = 100000;
    for (int i = 0; i < 100; i++) {
        uint32_t next = itr_next_rate(rate, ITR_BULK);
        ck_assert_uint_le(next, rate);
        rate = next;
    }
    ck_assert_uint_le(rate, 8010);
    ck_assert_uint_ge(rate, 7990);
}
END_TEST

/* -- a card ------------------------------------------------------------------------------------------------------- */

enum { OURS = 0x0a000001, PORT = 9, RINGS = 2, SENDERS = 4 };

static struct rig rig;
static struct sockets *sockets;
static struct stack *stack;

static struct card {
    struct netdev netdev;
    struct packet_queue ring[RINGS];
    bool masked[RINGS + 1];
    int enables, disables, bursts;
    struct interrupt *interrupt[RINGS];
    int cpu[RINGS + 1];
    int room;                   /* packets that the transmit ring takes until it is full */
    int sent[SENDERS];          /* next number expected of each sender */
    uint64_t transmitted;
    int64_t busy_until_ps;      /* end of the last send */
} card;

/* The next number of a sender; the packet's bytes say which sender, and which number. */
static struct sender {
    struct thread *thread;
    int index, next, count;
} senders[SENDERS];

static struct mac_addr mac(uint8_t last)
{
    return (struct mac_addr){ { 2, 0, 0, 0, 0, last } };
}

static uint32_t rx_burst(struct netdev *nd, int ring, struct packet_queue *out, uint32_t max_pkts, uint64_t max_bytes,
                         bool first)
{
    uint32_t n = 0;
    (void)nd, (void)max_bytes, (void)first;
    ck_assert(card.masked[ring]); /* polled with its vector off */
    card.bursts++;
    for (; n < max_pkts && card.ring[ring].count > 0; n++) {
        machine_charge(rig.m, COST_DRV_RX_PACKET, 1);
        packet_queue_push(out, packet_queue_pop(&card.ring[ring]));
    }
    return n;
}

static void vector_enable(struct netdev *nd, int vector)
{
    (void)nd;
    ck_assert(card.masked[vector]);
    card.masked[vector] = false;
    card.enables++;
    if (card.ring[vector].count > 0) interrupt_raise(card.interrupt[vector]);
}

static void vector_disable(struct netdev *nd, int vector)
{
    (void)nd;
    ck_assert(!card.masked[vector]);
    card.masked[vector] = true;
    card.disables++;
}

static void vector_bind(struct netdev *nd, int vector, int cpu)
{
    (void)nd;
    card.cpu[vector] = cpu;
}

static void set_itr(struct netdev *nd, int vector, uint32_t units)
{
    (void)nd, (void)vector, (void)units;
}

/* One CPU at a time, and each sender's packets in order. */
static enum netdev_tx_result tx(struct netdev *nd, int ring, struct packet *p)
{
    (void)nd, (void)ring;
    if (card.room == 0) return NETDEV_TX_FULL;
    card.room--;
    ck_assert_int_ge(machine_now(rig.m).ps, card.busy_until_ps);
    machine_charge(rig.m, COST_DRV_TX_PACKET, 1);
    card.busy_until_ps = machine_now(rig.m).ps;
    ck_assert_int_ge(get_be16(p->hdr + 16), card.sent[p->hdr[14]]); /* one that is missing was dropped */
    card.sent[p->hdr[14]] = get_be16(p->hdr + 16) + 1;
    card.transmitted++;
    packet_deliver(rig.pool, p);
    return NETDEV_TX_OK;
}

static uint32_t tx_recycle(struct netdev *nd, int ring)
{
    (void)nd, (void)ring;
    return 0;
}

static const struct netdev_ops card_ops = {
    .rx_burst = rx_burst, .vector_enable = vector_enable, .vector_disable = vector_disable,
    .vector_bind = vector_bind, .set_itr = set_itr, .tx = tx, .tx_recycle = tx_recycle,
};

static enum step_result handler(void *owner)
{
    return stack_rx_ready(stack, 0, (int)(intptr_t)owner);
}

static bool resolve(void *owner, uint32_t ip, struct mac_addr *to)
{
    (void)owner, (void)ip;
    *to = mac(2);
    return true;
}

static uint64_t held(const void *owner)
{
    uint64_t n = stack_held(stack) + sockets_held(sockets);
    (void)owner;
    for (int i = 0; i < RINGS; i++) n += card.ring[i].count;
    return n;
}

static void set_up(double ns_per_packet)
{
    memset(&card, 0, sizeof card);
    rig_init(&rig);
    rig_price(&rig, COST_DRV_RX_PACKET, ns_per_packet);
    rig_price(&rig, COST_DRV_TX_PACKET, 1000);
    rig_price(&rig, COST_QDISC_ENQUEUE, 100);
    rig_price(&rig, COST_QDISC_DEQUEUE, 100);
    rig.m = machine_create(rig.engine, rig.stats,
                           &(struct machine_config){ .name = "m", .sockets = 1, .cores = 4, .threads_per_core = 1,
                                                     .clock_hz = 1000000000, .quantum = sim_ms(1),
                                                     .profile = &rig.profile, .pool = rig.pool,
                                                     .scheduler = SCHEDULER_LINUX26, .spinlocks = true });
    sockets = sockets_create(&(struct sockets_config){ .rule = SOCKETS_BACKLOG, .machine = rig.m, .pool = rig.pool,
                             .stats = rig.stats, .seed = 1, .tcp = tcp_config_solaris(), .resolve = resolve });
    stack = linux26_create(&(struct linux26_config){ .machine = rig.m, .pool = rig.pool, .stats = rig.stats,
                           .sockets = sockets, .seed = 1, .affinity = LINUX26_ALIGNED });
    card.room = 1000000;
    card.netdev = (struct netdev){ &card_ops, { .mac = mac(1), .rx_rings = RINGS, .tx_rings = 1, .vectors = RINGS + 1,
                                   .tx_vector = { RINGS }, .mtu_bytes = 1500 } };
    stack_add_nic(stack, &(struct stack_nic_config){ .name = "net0", .dev = &card.netdev, .itr_fixed = true });
    stack_add_link(stack, 0, &(struct stack_link_config){ .name = "net0", .mac = mac(1), .ip = OURS, .mtu_bytes = 1500 });
    stack_start(stack);
    for (int i = 0; i < RINGS; i++)
        card.interrupt[i] = interrupt_create(rig.m, "rx", card.cpu[i], handler, (void *)(intptr_t)i);
    sockets_udp_sink(sockets, PORT);
    packet_pool_add_holder(rig.pool, held, NULL);
}

static void tear_down(void)
{
    stack_check(stack);
    packet_pool_check(rig.pool);
    stack_destroy(stack);
    sockets_destroy(sockets);
    rig_fini(&rig);
}

/* 'n' datagrams wait in the ring, and its vector interrupts. */
static void arrive(int ring, int n)
{
    struct udp_flow flow = { mac(2), mac(1), -1, { 0x0a000002, 5 }, { OURS, PORT } };
    for (int i = 0; i < n; i++) {
        struct packet *p = packet_new(rig.pool, engine_now(rig.engine));
        udp_build(p, &flow, 0, 100);
        packet_queue_push(&card.ring[ring], p);
    }
    if (!card.masked[ring]) interrupt_raise(card.interrupt[ring]);
}

static uint64_t softirq(int cpu, const char *counter)
{
    char name[32];
    snprintf(name, sizeof name, "m/softirq%d", cpu);
    return stats_value(rig.stats, "softirq", name, counter);
}

static uint64_t qdisc(const char *counter)
{
    return stats_value(rig.stats, "qdisc", "m/net0/qdisc0", counter);
}

static uint64_t received(void)
{
    return stats_value(rig.stats, "sockets", "m", "udp_packets");
}

/* 1000 packets are 15 full polls and one of 40; five polls use up the budget of 300, so three passes end with work
 * left, and a fourth ends it. */
START_TEST(napi__weight_and_budget)
{
    set_up(100);
    arrive(0, 1000);
    rig_run_ns(&rig, 1000000);
    ck_assert_uint_eq(received(), 1000);
    ck_assert_uint_eq(softirq(0, "packets"), 1000);
    ck_assert_uint_eq(softirq(0, "polls"), 16);
    ck_assert_uint_eq(softirq(0, "full_polls"), 15);
    ck_assert_uint_eq(softirq(0, "squeezed"), 3);
    ck_assert_uint_eq(softirq(0, "runs"), 1);
    ck_assert_uint_eq(softirq(0, "restarts"), 3);
    ck_assert_uint_eq(softirq(0, "ksoftirqd"), 0);
    ck_assert_int_eq(card.disables, 1);
    ck_assert_int_eq(card.enables, 1);
    tear_down();
}
END_TEST

/* Exactly a weight: the ring may have more, so it is polled once more, for nothing, before the vector is unmasked. */
START_TEST(napi__exactly_a_weight_is_polled_again)
{
    set_up(100);
    arrive(0, 64);
    rig_run_ns(&rig, 1000000);
    ck_assert_uint_eq(softirq(0, "polls"), 2);
    ck_assert_uint_eq(softirq(0, "full_polls"), 1);
    ck_assert_int_eq(card.enables, 1);
    tear_down();
}
END_TEST

/* Two rings that interrupt one CPU take turns. */
START_TEST(napi__rings_of_a_cpu_take_turns)
{
    set_up(100);
    interrupt_bind(card.interrupt[1], 0);
    arrive(0, 200);
    arrive(1, 200);
    rig_run_ns(&rig, 15000); /* two polls of 64 and a part of the third */
    ck_assert_uint_eq(card.ring[1].count, 200 - 64);
    ck_assert_uint_lt(card.ring[0].count, 200 - 64);
    rig_run_ns(&rig, 1000000);
    ck_assert_uint_eq(received(), 400);
    ck_assert_uint_eq(softirq(1, "packets"), 0);
    tear_down();
}
END_TEST

/* What comes while the vector is masked does not interrupt, and is found. */
START_TEST(napi__no_interrupt_while_polling)
{
    set_up(1000);
    arrive(0, 10);
    for (int i = 1; i <= 20; i++) {
        rig_run_ns(&rig, i * 5000);
        if (card.masked[0]) arrive(0, 4);
    }
    rig_run_ns(&rig, 2000000);
    ck_assert_uint_eq(received(), softirq(0, "packets"));
    ck_assert_uint_gt(received(), 20);
    ck_assert_uint_eq(rig_cpu(&rig, 0, "intr"), (uint64_t)card.disables);
    ck_assert_int_eq(card.disables, card.enables);
    ck_assert_int_lt(card.disables, 10);
    tear_down();
}
END_TEST

/* Ten passes in a row, then the thread: 3200 packets at a budget of five polls a pass. */
START_TEST(ksoftirqd__goes_on_after_ten_passes)
{
    set_up(10);
    arrive(0, 5000);
    rig_run_ns(&rig, 10000000);
    ck_assert_uint_eq(received(), 5000);
    ck_assert_uint_eq(softirq(0, "ksoftirqd"), 1);
    ck_assert_uint_gt(softirq(0, "ksoftirqd_steps"), (5000 - 3200) / 8);
    ck_assert_uint_eq(softirq(0, "squeezed"), 15);
    ck_assert_int_eq(card.enables, 1);
    tear_down();
}
END_TEST

/* A poll of 64 packets at 50 us each is longer than two ticks: one poll a pass, and it is up to ksoftirqd after ten. */
START_TEST(ksoftirqd__two_ticks_end_a_pass)
{
    set_up(50000);
    arrive(0, 64 * 12);
    rig_run_ns(&rig, 100000000);
    ck_assert_uint_eq(received(), 64 * 12);
    ck_assert_uint_eq(softirq(0, "squeezed"), 12);
    ck_assert_uint_eq(softirq(0, "ksoftirqd"), 1);
    ck_assert_uint_gt(rig_cpu(&rig, 0, "sys_ps"), 0);
    tear_down();
}
END_TEST

static int counted;

static enum step_result count_step(void *owner)
{
    (void)owner;
    counted++;
    rig_work(&rig, 100000);
    return STEP_AGAIN;
}

/* While softirqs run at interrupt level, threads of the CPU stand still; beside ksoftirqd they have their turns. */
START_TEST(ksoftirqd__shares_its_cpu_with_threads)
{
    set_up(1000);
    counted = 0;
    thread_wake(rig_thread(&rig, "app", THREAD_USER, 0, count_step, NULL));
    rig_run_ns(&rig, 500000);
    int before = counted;
    arrive(0, 8000);
    rig_run_ns(&rig, 3500000);
    ck_assert_int_le(counted, before + 1); /* 3200 packets without it */
    rig_run_ns(&rig, 20000000);
    ck_assert_uint_eq(received(), 8000);
    ck_assert_int_ge(counted, before + 20);
    tear_down();
}
END_TEST

/* -- transmit ------------------------------------------------------------------------------------------------------ */

static struct nic26 *nic(void)
{
    return ((struct linux26 *)(void *)stack)->nic[0];
}

static enum step_result send_step(void *owner)
{
    struct sender *s = owner;
    if (s->next == s->count) return STEP_SLEEP;
    struct packet *p = packet_new(rig.pool, machine_now(rig.m));
    p->len = p->hdr_len = 60;
    memset(p->hdr, 0, 60);
    p->hdr[14] = (uint8_t)s->index;
    put_be16(p->hdr + 16, (uint32_t)s->next++);
    rig_work(&rig, 300 + 37 * s->index);
    qdisc_transmit(nic(), p);
    return STEP_AGAIN;
}

static void send(int count, int each)
{
    for (int i = 0; i < count; i++) {
        senders[i] = (struct sender){ .index = i, .count = each };
        senders[i].thread = rig_thread(&rig, "sender", THREAD_USER, i, send_step, &senders[i]);
        thread_wake(senders[i].thread);
    }
}

/* One CPU sends what four bring (tx() asserts that), in order, and the others leave theirs to it. */
START_TEST(qdisc__one_sends_for_all)
{
    set_up(100);
    send(SENDERS, 240);
    rig_run_ns(&rig, 20000000);
    for (int i = 0; i < SENDERS; i++) ck_assert_int_eq(card.sent[i], 240);
    ck_assert_uint_eq(card.transmitted, 4 * 240);
    ck_assert_uint_eq(qdisc("packets"), 4 * 240);
    ck_assert_uint_gt(qdisc("left"), 240);
    ck_assert_uint_eq(qdisc("drops"), 0);
    ck_assert_uint_gt(stats_value(rig.stats, "mutex", "m/net0/qdisc0", "spins"), 0);
    ck_assert_uint_eq(stats_value(rig.stats, "mutex", "m/net0/qdisc0", "blocks"), 0);
    tear_down();
}
END_TEST

/* Nobody else sends: each packet goes out at once, by its own CPU, and the thread waits for it. */
START_TEST(qdisc__a_lone_sender_sends_its_own)
{
    set_up(100);
    send(1, 50);
    rig_run_ns(&rig, 20000000);
    ck_assert_uint_eq(qdisc("left"), 0);
    ck_assert_uint_le(qdisc("waiting_max"), 1);
    ck_assert_uint_eq(softirq(0, "qdisc_packets"), 50);
    ck_assert_uint_eq(softirq(0, "runs"), 0); /* none of it is a softirq's */
    tear_down();
}
END_TEST

/* A sender that goes on for a tick hands the rest to a softirq of its CPU. */
START_TEST(qdisc__a_tick_ends_a_run)
{
    set_up(100);
    send(SENDERS, 2000);
    rig_run_ns(&rig, 20000000);
    ck_assert_uint_ge(qdisc("resched"), 2);
    ck_assert_uint_gt(qdisc("drops"), 0);
    ck_assert_uint_eq(qdisc("packets") + qdisc("drops"), 4 * 2000);
    ck_assert_uint_eq(qdisc("packets"), card.transmitted);
    ck_assert_uint_gt(softirq(0, "runs") + softirq(1, "runs") + softirq(2, "runs") + softirq(3, "runs"), 0);
    tear_down();
}
END_TEST

static enum step_result room_handler(void *owner)
{
    (void)owner;
    card.room = 1000000;
    stack_tx_update(stack, 0, 0);
    return STEP_SLEEP;
}

/* A full ring stops the queue; 1000 wait, the rest is dropped; with room it goes on where it stopped. */
START_TEST(qdisc__full_ring_and_full_queue)
{
    set_up(100);
    card.room = 10;
    send(1, 1015);
    rig_run_ns(&rig, 5000000);
    ck_assert_int_eq(card.sent[0], 10);
    ck_assert_uint_eq(qdisc("requeues"), 1);
    ck_assert_uint_eq(qdisc("drops"), 5);
    ck_assert(!qdisc_has_room(nic(), 0));
    struct interrupt *room = interrupt_create(rig.m, "room", 2, room_handler, NULL);
    interrupt_raise(room);
    rig_run_ns(&rig, 20000000);
    ck_assert_uint_eq(card.transmitted, 1010);
    ck_assert_uint_eq(softirq(2, "qdisc_packets"), 1000); /* by the CPU that had the interrupt */
    ck_assert(qdisc_has_room(nic(), 0));
    tear_down();
}
END_TEST

/* -- merging ------------------------------------------------------------------------------------------------------- */

static struct packet *given[64];
static int n_given;

static void take(struct napi *np, struct packet *p)
{
    np->nic->l->held--;
    given[n_given++] = p;
}

static struct packet *segment(uint32_t seq, uint32_t bytes, uint8_t flags, uint16_t port)
{
    struct header_template t;
    struct header_spec spec = { .dst = mac(1), .src = mac(2), .vlan = -1,
                                .flow = { 0x0a000002, OURS, port, 80, IPPROTO_TCP_ } };
    struct tcp_fields f = { .seq = seq, .ack = seq / 2, .window = (uint16_t)(seq % 1000), .flags = flags };
    struct packet *p = packet_new(rig.pool, engine_now(rig.engine));
    header_template_init(&t, &spec);
    headers_tcp(p, &t, &f, bytes);
    ((struct linux26 *)(void *)stack)->held++;
    return p;
}

static void offer(struct packet *p)
{
    struct napi *np = &nic()->napi[0];
    if (!lro_receive(np, p, take)) take(np, p);
}

static void drop_given(void)
{
    while (n_given > 0) packet_drop(rig.pool, given[--n_given], DROP_DRIVER);
}

START_TEST(lro_receive__merges_what_follows)
{
    set_up(100);
    n_given = 0;
    for (uint32_t i = 0; i < 5; i++) offer(segment(1000 + i * 1448, 1448, i == 4 ? TCP_ACK | TCP_PSH : TCP_ACK, 7));
    ck_assert_int_eq(n_given, 0);
    lro_flush(&nic()->napi[0], take);
    ck_assert_int_eq(n_given, 1);
    const uint8_t *tcp = given[0]->hdr + given[0]->l4;
    ck_assert_uint_eq(headers_payload_bytes(given[0]), 5 * 1448);
    ck_assert_uint_eq(get_be32(tcp + 4), 1000);
    ck_assert_uint_eq(get_be32(tcp + 8), (1000 + 4 * 1448) / 2); /* of the last */
    ck_assert_uint_eq(tcp[13], TCP_ACK | TCP_PSH);
    drop_given();
    tear_down();
}
END_TEST

/* A gap, a pure acknowledgement, a FIN: what is merged goes up first, so that nothing overtakes. */
START_TEST(lro_receive__keeps_the_order)
{
    static const struct { uint32_t seq, bytes; uint8_t flags; } last[] = {
        { 1000 + 3 * 1448, 1448, TCP_ACK }, { 1000 + 2 * 1448, 0, TCP_ACK }, { 1000 + 2 * 1448, 10, TCP_ACK | TCP_FIN },
    };
    for (int i = 0; i < 3; i++) {
        set_up(100);
        n_given = 0;
        offer(segment(1000, 1448, TCP_ACK, 7));
        offer(segment(5000, 100, TCP_ACK, 8)); /* another flow */
        offer(segment(1000 + 1448, 1448, TCP_ACK, 7));
        offer(segment(last[i].seq, last[i].bytes, last[i].flags, 7));
        ck_assert_int_eq(n_given, 2);
        ck_assert_uint_eq(headers_payload_bytes(given[0]), 2 * 1448);
        ck_assert_uint_eq(headers_payload_bytes(given[1]), last[i].bytes);
        lro_flush(&nic()->napi[0], take);
        ck_assert_int_eq(n_given, 3);
        drop_given();
        tear_down();
    }
}
END_TEST

/* At most 32 segments, and less than 64 KiB; a ninth flow is not merged. */
START_TEST(lro_receive__limits)
{
    set_up(100);
    n_given = 0;
    for (uint32_t i = 0; i < 40; i++) offer(segment(i * 100, 100, TCP_ACK, 7));
    ck_assert_int_eq(n_given, 1);
    ck_assert_uint_eq(headers_payload_bytes(given[0]), 3200);
    drop_given();
    for (uint16_t port = 10; port < 17; port++) offer(segment(0, 100, TCP_ACK, port));
    ck_assert_int_eq(n_given, 0);
    offer(segment(0, 100, TCP_ACK, 99));
    ck_assert_int_eq(n_given, 1);
    lro_flush(&nic()->napi[0], take);
    ck_assert_int_eq(n_given, 9);
    drop_given();
    tear_down();
}
END_TEST

/* -- worlds -------------------------------------------------------------------------------------------------------- */

/* %s: of the machine, of its NIC, top-level lines. */
#define WORLD \
    "time: {warmup: 0ms, measure: 30ms}\n" \
    "switches: {s: {rate: 10Gbps, buffer: 16MiB}}\n" \
    "machines:\n" \
    "  sut: {detail: full, stack: linux26, cpus: {sockets: 2, cores: 4, clock: 2.8GHz}, %s nics: {net0: {wire: s, %s}}}\n" \
    "  c[1-5]: {stack: linux26, tcp: {send-buffer: 128KiB, receive-buffer: 128KiB}, nics: {net0: {wire: s}}}\n" \
    "%s\n"
#define TCP "tcp: {send-buffer: 128KiB, receive-buffer: 128KiB},"
#define BOTH_WAYS \
    "traffic:\n" \
    "  - uperf: {from: 'c[1-2]', to: sut, streams: 10}\n" \
    "  - uperf: {from: sut, to: 'c[3-5]', streams: 10}\n"
#define IN_ONLY "traffic: [{uperf: {from: 'c[1-5]', to: sut, streams: 6}}]\n"
#define OUT_ONLY "traffic: [{uperf: {from: sut, to: 'c[1-5]', streams: 6}}]\n"

static char text[8192];

static const char *write_world(const char *machine, const char *nic_keys, const char *rest)
{
    int n = snprintf(text, sizeof text, WORLD, machine, nic_keys, rest);
    ck_assert_int_lt(n, (int)sizeof text);
    return text;
}

static struct scenario *parse(const char *machine, const char *nic_keys, const char *rest)
{
    return world_rig_parse(write_world(machine, nic_keys, rest), NULL, 0);
}

static void run_world(const char *machine, const char *nic_keys, const char *rest, uint64_t seed)
{
    world_rig_run(write_world(machine, nic_keys, rest), seed, NULL, 0);
}

/* Layers agree on what passed; every interrupt of a ring is followed by polls and one that ends with its vector on. */
START_TEST(linux26__counters_agree_from_layer_to_layer)
{
    static const char *const kinds[] = { TCP, TCP "linux26: {lro: true},", TCP "linux26: {firewall: false}," };
    for (int i = 0; i < 3; i++) {
        run_world(kinds[i], "", BOTH_WAYS, 1);
        check_conservation();
        ck_assert_uint_gt(sum("flow", "sut", "read_bytes"), 5000000);
        ck_assert_uint_gt(sum("flow", "c", "read_bytes"), 10000000);
        near(sum("ixgbe_rx", "sut/", "packets"), sum("softirq", "sut/", "packets"), 8 * 64);
        near(sum("ixgbe_tx", "sut/", "packets"), sum("softirq", "sut/", "qdisc_packets"), 0);
        near(sum("qdisc", "sut/", "packets"), sum("softirq", "sut/", "qdisc_packets"), 1000);
        near(sum("ixgbe_rx", "sut/", "intrs"), sum("softirq", "sut/", "polls") - sum("softirq", "sut/", "full_polls"), 16);
        ck_assert_uint_gt(sum("sockets", "sut", "backlogged"), 0);
        ck_assert_uint_gt(sum("sockets", "sut", "prequeued"), 0);
        ck_assert_uint_gt(sum("softirq", "sut/", "itr_writes"), 0);
        near(sum("lro", "sut/", "segments") > 0, i == 1, 0);
        near(sum("mutex", "sut/tcp_lock", "enters") > 0, i != 2, 0);
    }
}
END_TEST

/* Whoever touches a connection, on whichever CPU: nothing overtakes, and no lock blocks. */
START_TEST(linux26__connections_keep_their_order)
{
    static const char *const kinds[] = { TCP "linux26: {tx-queue: flow},", TCP "linux26: {lro: true, tx-queue: flow}," };
    static const char *const nics[] = { "", "tx-rings: 8" };
    for (int i = 0; i < 4; i++) {
        run_world(kinds[i / 2], nics[i % 2], BOTH_WAYS, 3);
        ck_assert_uint_eq(sum("flow", "", "ooo_segs_in"), 0);
        ck_assert_uint_eq(sum("flow", "", "retransmits"), 0);
        ck_assert_uint_eq(sum("mutex", "sut/", "blocks"), 0);
        ck_assert_uint_gt(sum("mutex", "sut/", "spins"), 0);
    }
}
END_TEST

/* 1448 bytes of payload take 1538 on the wire. */
START_TEST(linux26__fills_a_wire_each_way)
{
    static const char *const ways[] = { IN_ONLY, OUT_ONLY };
    double ceiling = 10e9 * 1448 / 1538;
    for (int i = 0; i < 2; i++) {
        run_world(TCP, "", ways[i], 1);
        double bits = (double)sum("flow", i ? "c" : "sut", "read_bytes") * 8 / sim_seconds(result.measured);
        ck_assert_double_ge(bits, 0.93 * ceiling);
        ck_assert_double_le(bits, 1.001 * ceiling);
    }
}
END_TEST

/* Interrupts, and with them softirqs and polling, happen where the vectors lead. */
START_TEST(linux26__irq_cpus_says_who_is_interrupted)
{
    run_world(TCP "linux26: {irq-cpus: [2, 5]},", "", IN_ONLY, 1);
    uint64_t all = sum("cpu", "sut/", "intr");
    ck_assert_uint_gt(sum("cpu", "sut/cpu2", "intr"), 0);
    ck_assert_uint_gt(sum("cpu", "sut/cpu5", "intr"), 0);
    ck_assert_uint_eq(sum("cpu", "sut/cpu2", "intr") + sum("cpu", "sut/cpu5", "intr"), all);
    near(sum("softirq", "sut/softirq2", "packets") + sum("softirq", "sut/softirq5", "packets"),
         sum("softirq", "sut/", "packets"), 0);
    ck_assert_uint_eq(sum("cpu", "sut/cpu3", "act_poll_ps"), 0);
}
END_TEST

/* A fixed interval is left alone; the driver's own adapts to bulk, 8000 interrupts a second and vector. */
START_TEST(linux26__interrupt_interval)
{
    run_world(TCP, "interrupt-interval: 51.2us", IN_ONLY, 1);
    ck_assert_uint_eq(sum("softirq", "sut/", "itr_writes"), 0);
    uint64_t most = (uint64_t)(8 * sim_seconds(result.measured) / 51.2e-6) + 8;
    ck_assert_uint_le(sum("ixgbe_rx", "sut/", "intrs"), most);
    run_world(TCP "linux26: {affinity: aligned},", "lanes: 1", IN_ONLY, 1);
    ck_assert_uint_le(sum("ixgbe_rx", "sut/", "intrs"), (uint64_t)(sim_seconds(result.measured) * 8000 * 1.5) + 20);
}
END_TEST

/* A full transmit ring stops the queue, not the connections' order. */
START_TEST(linux26__full_ring_stops_the_queue)
{
    run_world(TCP, "tx-descriptors: 64, lso: false, interrupt-interval: 200us", OUT_ONLY, 1);
    ck_assert_uint_gt(sum("qdisc", "sut/", "requeues"), 10);
    ck_assert_uint_gt(sum("ixgbe_tx", "sut/", "updates"), 10);
    ck_assert_uint_eq(sum("flow", "", "ooo_segs_in"), 0);
    ck_assert_uint_gt(sum("flow", "c", "read_bytes"), 1000000);
    check_conservation();
}
END_TEST

/* A card whose one vector serves both rings: completions are reclaimed by polling. */
START_TEST(linux26__drives_the_other_card)
{
    run_world(TCP, "model: intel-82573, rate: 1Gbps", BOTH_WAYS, 1);
    ck_assert_uint_gt(sum("e1000g_tx", "sut/", "recycled"), 1000);
    ck_assert_uint_gt(sum("flow", "sut", "read_bytes"), 1000000);
    ck_assert_uint_gt(sum("flow", "c", "read_bytes"), 1000000);
    check_conservation();
}
END_TEST

/* Several transmit queues: the queue's lock is met less when each flow keeps to one, and seldom when each CPU does. */
START_TEST(linux26__a_queue_for_each_cpu)
{
    static const char *const kinds[] = { TCP "linux26: {affinity: aligned, firewall: false, tx-queue: flow},",
                                         TCP "linux26: {affinity: aligned, firewall: false}," };
    uint64_t spins[3];
    for (int i = 0; i < 3; i++) {
        run_world(kinds[i / 2], i ? "tx-rings: 8" : "", BOTH_WAYS, 1);
        spins[i] = sum("mutex", "sut/net0/qdisc", "spins");
        check_conservation();
    }
    ck_assert_uint_gt(sum("qdisc", "sut/net0/qdisc7", "packets"), 0);
    ck_assert_uint_lt(spins[1], spins[0] / 4);
    ck_assert_uint_lt(spins[2], spins[0] / 10);
}
END_TEST

static uint64_t digest(void)
{
    uint64_t d = 0;
    for (size_t b = 0; b < result.block_count; b++)
        for (size_t k = 0; k < result.blocks[b].count; k++)
            d = d * UINT64_C(6364136223846793005) + result.blocks[b].values[k];
    return d;
}

START_TEST(linux26__same_seed_same_counters)
{
    uint64_t first[2];
    for (int i = 0; i < 4; i++) {
        run_world(TCP, "", BOTH_WAYS, 1 + (uint64_t)i % 2);
        if (i < 2) first[i] = digest();
        ck_assert_uint_eq(digest(), first[i % 2]);
    }
    ck_assert_uint_ne(first[0], first[1]);
}
END_TEST

START_TEST(linux26__defaults_of_its_tcp)
{
    struct scenario *s = parse("tcp: {ack-every: 4},", "", IN_ONLY);
    ck_assert_ptr_nonnull(s);
    const struct scenario_tcp *t = &s->machines[0].tcp;
    ck_assert_int_eq(t->ack_every, 4);
    ck_assert_int_eq(t->initial_window, 3);
    ck_assert_int_eq(t->ack_delay.ps, sim_ms(40).ps);
    ck_assert_int_eq(t->min_rto.ps, sim_ms(200).ps);
    ck_assert_int_eq(t->send_buffer_bytes, 4 << 20);
    ck_assert_int_eq(s->machines[0].nics[0].lanes, 8);
    ck_assert_int_eq(s->machines[0].nics[0].tx_rings, 1);
    char *printed = scenario_effective_text(s);
    ck_assert_ptr_nonnull(strstr(printed, "firewall: true"));
    struct scenario *again = world_rig_parse(printed, NULL, 0);
    if (!again) errors_print(&mistakes, stderr);
    ck_assert_ptr_nonnull(again);
    ck_assert_uint_eq(scenario_hash(s), scenario_hash(again));
    free(printed);
    scenario_destroy(s);
    scenario_destroy(again);
}
END_TEST

static void refused(const char *machine, const char *nic_keys, const char *words)
{
    ck_assert_ptr_null(parse(machine, nic_keys, IN_ONLY));
    ck_assert_msg(strstr(mistakes.list[0].text, words), "'%s' is not in: %s", words, mistakes.list[0].text);
    errors_fini(&mistakes);
    errors_init(&mistakes);
}

START_TEST(linux26__what_it_has_not_is_refused_where_it_stands)
{
    refused("links: {vnic1: {over: net0}},", "", "link 'vnic1': 'stack: linux26' has no VNICs");
    refused("", "fanout: 2", "'fanout' is of lanes");
    refused("lane: {low-water: 300},", "", "'lane' has no meaning with 'stack: linux26'");
    refused("linux26: {irq-cpus: [9]},", "", "there is no CPU 9; the machine has 8");
    refused("linux26: {affinity: best},", "", "affinity");
}
END_TEST

Suite *linux26_suite(void)
{
    Suite *s = suite_create("linux26");
    TCase *t = tcase_create("intervals");
    tcase_add_test(t, itr_next_class__by_bytes_per_microsecond);
    tcase_add_test(t, itr_next_rate__a_tenth_of_the_way);
    suite_add_tcase(s, t);
    t = tcase_create("softirqs");
    tcase_set_timeout(t, 30);
    tcase_add_test(t, napi__weight_and_budget);
    tcase_add_test(t, napi__exactly_a_weight_is_polled_again);
    tcase_add_test(t, napi__rings_of_a_cpu_take_turns);
    tcase_add_test(t, napi__no_interrupt_while_polling);
    tcase_add_test(t, ksoftirqd__goes_on_after_ten_passes);
    tcase_add_test(t, ksoftirqd__two_ticks_end_a_pass);
    tcase_add_test(t, ksoftirqd__shares_its_cpu_with_threads);
    tcase_add_test(t, qdisc__one_sends_for_all);
    tcase_add_test(t, qdisc__a_lone_sender_sends_its_own);
    tcase_add_test(t, qdisc__a_tick_ends_a_run);
    tcase_add_test(t, qdisc__full_ring_and_full_queue);
    tcase_add_test(t, lro_receive__merges_what_follows);
    tcase_add_test(t, lro_receive__keeps_the_order);
    tcase_add_test(t, lro_receive__limits);
    suite_add_tcase(s, t);
    t = tcase_create("worlds");
    tcase_set_timeout(t, 60);
    tcase_add_checked_fixture(t, world_rig_init, world_rig_fini);
    tcase_add_test(t, linux26__counters_agree_from_layer_to_layer);
    tcase_add_test(t, linux26__connections_keep_their_order);
    tcase_add_test(t, linux26__fills_a_wire_each_way);
    tcase_add_test(t, linux26__irq_cpus_says_who_is_interrupted);
    tcase_add_test(t, linux26__interrupt_interval);
    tcase_add_test(t, linux26__full_ring_stops_the_queue);
    tcase_add_test(t, linux26__drives_the_other_card);
    tcase_add_test(t, linux26__a_queue_for_each_cpu);
    tcase_add_test(t, linux26__same_seed_same_counters);
    tcase_add_test(t, linux26__defaults_of_its_tcp);
    tcase_add_test(t, linux26__what_it_has_not_is_refused_where_it_stands);
    suite_add_tcase(s, t);
    return s;
}
