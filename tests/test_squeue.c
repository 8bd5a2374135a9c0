/* SPDX-License-Identifier: GPL-3.0-or-later
 * test_squeue.c -- serialization queues, as before Crossbow and as with it.
 *
 *     entrants (threads here) -- sockets with squeues -- transmit() -- wire ----> light host
 *                  ^------------------------------------------------- back <---- */
#include "stack/squeue.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "sockets_rig.h"
#include "suites.h"

enum { RECEIVERS = 3 };

static int blanks;
static double segment_ns;     /* price of a received segment */
static bool mixed;            /* a connection's packets come by any receiver, so out of order as well */
static bool bring_only;       /* the threads that bring packets process none */
static unsigned n_arrived;

/* Threads that hand in what has arrived, each from a queue of its own, which is a ring to IP: a connection keeps to one. */
static struct receiver {
    struct packet_queue arrived;
    struct thread *thread;
    struct squeue_entrant entrant;
    bool blanked;
    int blanks;
    uint32_t most_blanked;     /* packets that waited while it was */
} receivers[RECEIVERS];
static int n_receivers;

static unsigned transmit(void *owner, struct packet *p)
{
    struct packet_queue frames = { 0 };
    struct packet *frame;
    (void)owner;
    headers_segment(rig.pool, p, &frames, engine_now(rig.engine));
    while ((frame = packet_queue_pop(&frames))) link_send(wire, frame);
    return 0;
}

static void arrive(void *owner, struct packet *p)
{
    (void)owner;
    unsigned by = mixed ? n_arrived++ : p->l4 ? get_be16(p->hdr + p->l4) : 0;
    struct receiver *r = &receivers[by % (unsigned)n_receivers];
    packet_queue_push(&r->arrived, p);
    if (!r->blanked)
        thread_wake(r->thread);
    else if (r->arrived.count > r->most_blanked)
        r->most_blanked = r->arrived.count;
}

static enum step_result hand_in(struct receiver *r)
{
    struct packet *p;
    enum squeue_result worked = squeue_work(&r->entrant);
    if (worked != SQUEUE_NONE) return squeue_step_result(worked);
    if (r->arrived.count == 0 || r->blanked) return STEP_SLEEP;
    for (int i = 0; i < 4 && (p = r->arrived.head) && squeue_find(&r->entrant, p); i++) {
        rig_work(&rig, 100);
        sockets_receive(sockets, packet_queue_pop(&r->arrived));
    }
    return STEP_AGAIN;
}

static enum step_result receive_step(void *owner)
{
    struct receiver *r = owner;
    if (bring_only && !r->entrant.claimed) {
        if (r->arrived.count && !r->blanked) sockets_receive(sockets, packet_queue_pop(&r->arrived));
        return r->arrived.count && !r->blanked ? STEP_AGAIN : STEP_SLEEP;
    }
    squeue_begin(&r->entrant);
    return squeue_end(&r->entrant, hand_in(r));
}

static uint64_t held(const void *owner)
{
    uint64_t n = sockets_held(sockets);
    (void)owner;
    for (int i = 0; i < n_receivers; i++) n += receivers[i].arrived.count;
    return n;
}

static void blank(void *owner)
{
    (void)owner;
    blanks++;
}

static enum step_result ring_blank(void *owner, bool on)
{
    struct receiver *r = owner;
    ck_assert(r->blanked != on);
    if (on && r->entrant.claimed) return STEP_AGAIN; /* its own thread is at it */
    r->blanked = on;
    r->blanks += on;
    if (!on) thread_wake(r->thread);
    return STEP_SLEEP;
}

static enum step_result ring_pull(void *owner, uint32_t *n)
{
    struct receiver *r = owner;
    struct packet *p;
    ck_assert(r->blanked);
    for (*n = 0; (p = packet_queue_pop(&r->arrived)); ++*n) sockets_receive(sockets, p);
    return STEP_SLEEP;
}

enum era { BEFORE, FANOUT, CROSSBOW };

/* 'count' receivers on CPUs 0, 1, ...; the interrupt-like first is the only one to drain for 20 ms. */
static void set_up(int count, enum era era, sim_dur worker_wait)
{
    struct tcp_config tcp = tcp_config_solaris();
    tcp.lso_max_bytes = 0;
    blanks = 0;
    n_receivers = count;
    memset(receivers, 0, sizeof receivers);
    rig_init(&rig);
    rig_price(&rig, COST_SYSCALL, 200);
    rig_price(&rig, COST_TCP_TX_SEGMENT, 3000);
    rig_price(&rig, COST_TCP_RX_DATA, segment_ns);
    rig_price(&rig, COST_TCP_RX_ACK, 1000);
    rig_price(&rig, COST_SQUEUE_ENTER, 50);
    rig_price(&rig, COST_SOCK_READ, 500);
    rig_start(&rig, 1, 4, sim_ms(1));
    sockets = sockets_create(&(struct sockets_config){ .rule = SOCKETS_SQUEUE, .machine = rig.m, .pool = rig.pool,
                             .stats = rig.stats, .seed = 1, .squeue_fanout = era == FANOUT,
                             .squeue_crossbow = era == CROSSBOW, .squeue_worker_wait = worker_wait, .tcp = tcp,
                             .resolve = resolve });
    if (era != CROSSBOW) squeue_bind_ring(sockets, 0, blank, NULL);
    sockets_rig_join(&tcp, transmit, arrive);
    for (int i = 0; i < count; i++) {
        receivers[i].thread = rig_thread(&rig, "receiver", THREAD_LANE_HIGH, i, receive_step, &receivers[i]);
        squeue_entrant_init(&receivers[i].entrant, sockets, i ? SQUEUE_WRITER : SQUEUE_INTERRUPT, receivers[i].thread);
        if (era != CROSSBOW) continue;
        char name[16];
        snprintf(name, sizeof name, "ring%d", i);
        receivers[i].entrant.ring = squeue_add_ring(sockets, name, i, THREAD_LANE_HIGH,
            &(struct squeue_ring){ ring_blank, ring_pull, &receivers[i] });
    }
    packet_pool_add_holder(rig.pool, held, NULL);
}

static void tear_down(void)
{
    squeue_check(sockets);
    sockets_rig_fini();
}

static uint64_t of_squeue(const char *kind, int number, const char *counter)
{
    char name[32];
    snprintf(name, sizeof name, "m/%s%d", kind, number);
    return stats_value(rig.stats, "squeue", name, counter);
}

/* Of the squeue of a CPU, and of the ring there; -1: of all. */
static uint64_t squeue(int cpu, const char *counter)
{
    uint64_t total = 0;
    for (int i = 0; i < 4; i++)
        if (cpu < 0 || cpu == i) total += of_squeue("squeue", i, counter) + of_squeue("ring", i, counter);
    return total;
}

static uint64_t processed(int cpu)
{
    return squeue(cpu, "packets_intr") + squeue(cpu, "packets_other") + squeue(cpu, "packets_worker") +
           squeue(cpu, "packets_poll");
}

static void check_streams(const struct uperf *u)
{
    ck_assert_uint_gt(uperf_written_bytes(u), 200000);
    ck_assert_uint_eq(uperf_written_bytes(u), uperf_read_bytes(u));
}

/* However many enter, each connection's segments keep their order (exclusion itself is asserted at every step). */
START_TEST(squeue_work__streams_arrive_whole_and_in_order)
{
    for (int count = 1; count <= RECEIVERS; count++) {
        for (enum era era = BEFORE; era <= CROSSBOW; era++) {
            set_up(count, era, sim_ms(10));
            struct uperf *out = traffic(true, 6, 20, 20000), *in = traffic(false, 6, 20, 20000);
            run_ms(700);
            check_streams(out);
            check_streams(in);
            ck_assert_uint_eq(flows("ooo_segs_in"), 0);
            ck_assert_uint_eq(flows("retransmits"), 0);
            ck_assert_uint_ge(processed(-1), stats_value(rig.stats, "sockets", "m", "rx_packets"));
            ck_assert_uint_eq(packet_pool_held(rig.pool), 0);
            tear_down();
        }
    }
}
END_TEST

/* Connections of others belong to the CPU that their SYN interrupted, with fan-out to any. */
START_TEST(squeue_fanout__says_whose_squeue_a_connection_has)
{
    for (enum era era = BEFORE; era <= FANOUT; era++) {
        set_up(1, era, sim_ms(10));
        traffic(false, 12, 5, 20000);
        run_ms(20);
        for (int cpu = 1; cpu < 4; cpu++) {
            if (era == FANOUT)
                ck_assert_uint_gt(processed(cpu), 0);
            else
                ck_assert_uint_eq(processed(cpu), 0);
        }
        tear_down();
    }
}
END_TEST

/* What nobody processes waits for a passer-by or, after two ticks of the clock at most, for the worker thread. */
START_TEST(squeue_worker__takes_what_a_timer_left)
{
    for (int wait = 0; wait < 2; wait++) {
        set_up(1, BEFORE, sim_ms(wait ? 10 : 0));
        traffic(true, 1, 5, 20000);
        run_ms(3);
        link_set_up(wire, false); /* a timer sends again, when nothing else happens */
        run_ms(3000);
        ck_assert_uint_gt(stats_value(rig.stats, "sockets", "m", "timers"), 0);
        ck_assert_uint_gt(squeue(-1, "packets_worker"), 0);
        if (wait)
            ck_assert_uint_gt(squeue(-1, "fires"), 0);
        else
            ck_assert_uint_eq(squeue(-1, "fires"), 0);
        tear_down();
    }
}
END_TEST

/* A backlog that a thread, not an interrupt, begins on: the ring is told to interrupt less. */
START_TEST(squeue_bind_ring__is_blanked_by_threads_with_a_backlog)
{
    segment_ns = 20000;
    set_up(2, BEFORE, sim_ms(10));
    traffic(false, 12, 30, 20000);
    run_ms(60);
    ck_assert_uint_gt(squeue(-1, "drains_other"), 0);
    ck_assert_uint_eq(squeue(-1, "blanks"), (uint64_t)blanks);
    tear_down();
    set_up(1, BEFORE, sim_ms(10));
    traffic(false, 12, 30, 20000);
    run_ms(60);
    ck_assert_uint_gt(squeue(-1, "drains_intr"), 0);
    ck_assert_int_eq(blanks, 0);
    tear_down();
}
END_TEST

/* -- with Crossbow ------------------------------------------------------------------------------------------------- */

/* Connections of others belong to the ring that their SYN came by, those opened here to the CPU's own squeue. */
START_TEST(squeue_add_ring__gets_the_connections_that_come_by_it)
{
    set_up(2, CROSSBOW, sim_ms(10));
    traffic(false, 12, 5, 20000);
    run_ms(20);
    ck_assert_uint_gt(of_squeue("ring", 0, "packets_intr"), 0);
    ck_assert_uint_gt(of_squeue("ring", 1, "packets_other"), 0);
    for (int cpu = 0; cpu < 4; cpu++) ck_assert_uint_eq(of_squeue("squeue", cpu, "packets_other"), 0);
    tear_down();
    set_up(2, CROSSBOW, sim_ms(10));
    traffic(true, 12, 5, 20000);
    run_ms(20);
    uint64_t own = 0, rings = of_squeue("ring", 0, "packets_intr") + of_squeue("ring", 1, "packets_other");
    for (int cpu = 0; cpu < 4; cpu++) own += of_squeue("squeue", cpu, "packets_other");
    ck_assert_uint_gt(own, 0);
    ck_assert_uint_eq(rings, 0);
    tear_down();
}
END_TEST

/* Whoever drains a ring's squeue stops the ring, unless he is the ring's own thread, and lets it go when he leaves. */
START_TEST(squeue_work__stops_the_ring_while_a_queue_is_drained)
{
    mixed = true;
    set_up(2, CROSSBOW, sim_ms(0));
    struct uperf *in = traffic(false, 24, 60, 20000);
    run_ms(700);
    check_streams(in);
    uint32_t most = 0;
    for (int i = 0; i < 2; i++) {
        ck_assert(!receivers[i].blanked);
        ck_assert_uint_eq(of_squeue("ring", i, "blanks"), (uint64_t)receivers[i].blanks);
        if (receivers[i].most_blanked > most) most = receivers[i].most_blanked;
    }
    ck_assert_uint_gt(squeue(-1, "blanks"), 0);
    ck_assert_uint_gt(most, 0);
    tear_down();
}
END_TEST

/* What nobody else processes, the worker does; it stops the ring, and when it is through sends the poll thread there,
 * which goes on until the ring is empty. */
START_TEST(squeue_work__worker_sends_the_poll_thread_to_its_ring)
{
    segment_ns = 20000;
    set_up(1, CROSSBOW, sim_ms(0));
    struct uperf *in = traffic(false, 24, 60, 20000);
    run_ms(5);
    bring_only = true;
    run_ms(3000);
    check_streams(in);
    ck_assert_uint_gt(of_squeue("ring", 0, "packets_worker"), 100);
    ck_assert_uint_gt(of_squeue("ring", 0, "blanks"), 0);
    ck_assert_uint_eq(of_squeue("ring", 0, "blanks"), (uint64_t)receivers[0].blanks);
    ck_assert_uint_gt(of_squeue("ring", 0, "pulled"), 0);
    ck_assert_uint_ge(of_squeue("ring", 0, "packets_poll"), of_squeue("ring", 0, "drains_poll"));
    ck_assert_uint_gt(of_squeue("ring", 0, "drains_poll"), 0);
    ck_assert(!receivers[0].blanked);
    tear_down();
}
END_TEST

static void usual(void)
{
    segment_ns = 2000;
    mixed = bring_only = false;
    n_arrived = 0;
}

Suite *squeue_suite(void)
{
    Suite *s = suite_create("squeue");
    TCase *t = tcase_create("squeue");
    tcase_set_timeout(t, 30);
    tcase_add_checked_fixture(t, usual, NULL);
    tcase_add_test(t, squeue_work__streams_arrive_whole_and_in_order);
    tcase_add_test(t, squeue_fanout__says_whose_squeue_a_connection_has);
    tcase_add_test(t, squeue_worker__takes_what_a_timer_left);
    tcase_add_test(t, squeue_bind_ring__is_blanked_by_threads_with_a_backlog);
    tcase_add_test(t, squeue_add_ring__gets_the_connections_that_come_by_it);
    tcase_add_test(t, squeue_work__stops_the_ring_while_a_queue_is_drained);
    tcase_add_test(t, squeue_work__worker_sends_the_poll_thread_to_its_ring);
    suite_add_tcase(s, t);
    return s;
}
