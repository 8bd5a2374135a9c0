/* SPDX-License-Identifier: GPL-3.0-or-later
 * test_lanes.c -- the receive lane's state machine, one case per rule of docs/lanes.md, without threads. */
#include "lane_rig.h"
#include "suites.h"

/* -- creation --------------------------------------------------------------------------------------------------- */

START_TEST(lane_create__wrong_versions_are_refused)
{
    struct rig *r = rig_create();
    struct lane_env_ops env_ops = rig_env_ops;
    struct lane_port_ops port_ops = rig_port_ops;
    struct lane_client_ops client_ops = rig_client_ops;
    struct lane_env env = { &env_ops };
    struct lane_port port = { &port_ops };
    struct lane_config config = rig_lane_config(r);
    config.env = &env;
    config.port = &port;
    config.client_ops = &client_ops;
    env_ops.version++;
    ck_assert_int_lt(lane_create(&r->lane, &config), 0);
    env_ops.version--;
    port_ops.version++;
    ck_assert_int_lt(lane_create(&r->lane, &config), 0);
    port_ops.version--;
    client_ops.version++;
    ck_assert_int_lt(lane_create(&r->lane, &config), 0);
    client_ops.version--;
    config.fanout = LANE_MAX_FANOUT + 1;
    ck_assert_int_lt(lane_create(&r->lane, &config), 0);
    config.fanout = 1;
    ck_assert_int_eq(lane_create(&r->lane, &config), 0);
    rig_destroy(r);
}
END_TEST

START_TEST(lane_create__water_marks_are_put_right)
{
    struct rig *r = rig_create();
    struct lane_config config = rig_lane_config(r);
    config.tune.hiwat_pkts = 100;
    config.tune.lowat_pkts = 200;
    config.tune.poll_thres_pkts = 50;
    ck_assert_int_eq(lane_create(&r->lane, &config), 0);
    ck_assert_uint_eq(lane_tunables(r->lane)->lowat_pkts, 25);
    ck_assert_uint_eq(lane_tunables(r->lane)->poll_thres_pkts, 12);
    rig_destroy(r);
}
END_TEST

START_TEST(lane_tunables_default__are_those_of_the_system)
{
    struct lane_tunables t = lane_tunables_default();
    ck_assert(t.latency_optimize);
    ck_assert_uint_eq(t.hiwat_pkts, 1024);
    ck_assert_uint_eq(t.lowat_pkts, 256);
    ck_assert_uint_eq(t.poll_thres_pkts, 16);
    ck_assert_uint_eq(t.poll_bytes, 150000);
    ck_assert_uint_eq(t.ring_pkts, 257);
}
END_TEST

/* -- interrupt path --------------------------------------------------------------------------------------------- */

START_TEST(lane_step__lone_packet_is_delivered_in_the_interrupt)
{
    struct rig *r = rig_with_lane(NULL);
    rig_arrive_tcp(r, 1);
    ck_assert_int_eq(lane_step(r->lane, LANE_INTR), LANE_STEP_SLEEP);
    ck_assert_uint_eq(r->got.pkts, 1);
    ck_assert_uint_eq(lane_backlog(r->lane), 0);
    ck_assert(r->irq[0]);
    ck_assert(!rig_flag(r, LANE_POLLING));
    ck_assert_uint_eq(rig_rx(r, LANE_RX_intrs), 1);
    ck_assert_uint_eq(rig_rx(r, LANE_RX_intrbytes), RIG_FRAME);
    ck_assert_uint_eq(rig_diag(r, LANE_DIAG_drain_finish_intr), 1);
    ck_assert_uint_eq(rig_diag(r, LANE_DIAG_inline_other), 1);
    ck_assert_uint_eq(rig_diag(r, LANE_DIAG_handed_over), 0);
    for (unsigned t = 0; t < RIG_THREADS; t++) ck_assert_uint_eq(r->woken[t], 0);
    rig_destroy(r);
}
END_TEST

START_TEST(lane_step__two_packets_go_to_the_softring_and_start_poll_mode)
{
    struct rig *r = rig_with_lane(NULL);
    rig_arrive_tcp(r, 2);
    ck_assert_int_eq(rig_run(r, LANE_INTR), LANE_STEP_SLEEP);
    ck_assert_uint_eq(r->got.pkts, 0);
    ck_assert_uint_eq(lane_backlog(r->lane), 2);
    ck_assert_uint_eq(r->woken[rig_soft(LANE_TCP, 0)], 1);
    ck_assert(rig_flag(r, LANE_POLLING));
    ck_assert(!rig_flag(r, LANE_PROC));
    ck_assert(!r->irq[0]);
    ck_assert_uint_eq(rig_diag(r, LANE_DIAG_drain_keep_polling), 1);
    /* The drain asks for the poll thread, but only a worker's request is granted (2.33, 2.34). */
    ck_assert_uint_eq(rig_diag(r, LANE_DIAG_poll_thr_busy), 1);
    ck_assert_uint_eq(r->woken[LANE_POLL], 0);
    rig_destroy(r);
}
END_TEST

START_TEST(lane_step__softring_faster_than_the_interrupt_keeps_interrupt_mode)
{
    struct rig *r = rig_with_lane(NULL);
    rig_arrive_tcp(r, 1);
    rig_arrive(r, rig_udp(r, 1, 0));
    r->fail_lock = 1u << (LANE_LOCK_SOFT0 + LANE_UDP);
    ck_assert_int_eq(rig_run(r, LANE_INTR), LANE_STEP_BLOCKED); /* TCP is handed over, UDP is not yet */
    ck_assert_int_eq(rig_run(r, rig_soft(LANE_TCP, 0)), LANE_STEP_SLEEP);
    r->fail_lock = 0;
    ck_assert_int_eq(rig_run(r, LANE_INTR), LANE_STEP_SLEEP); /* backlog 1: delivered here */
    ck_assert_uint_eq(r->got.pkts, 2);
    ck_assert(!rig_flag(r, LANE_POLLING));
    rig_destroy(r);
}
END_TEST

START_TEST(lane_step__interrupt_takes_at_most_257_packets)
{
    struct rig *r = rig_with_lane(NULL);
    rig_arrive_tcp(r, 300);
    ck_assert_int_eq(rig_run(r, LANE_INTR), LANE_STEP_SLEEP);
    ck_assert_uint_eq(rig_rx(r, LANE_RX_intrs), 257);
    ck_assert_uint_eq(r->ring[0].pkts, 43);
    ck_assert_uint_eq(r->first_bursts, 1);
    rig_destroy(r);
}
END_TEST

START_TEST(lane_step__interrupt_stopped_at_257_looks_again)
{
    struct lane_config config = rig_lane_config(NULL);
    config.poll_disable = true;
    struct rig *r = rig_with_lane(&config);
    rig_arrive_tcp(r, 300);
    ck_assert_int_eq(rig_run(r, LANE_INTR), LANE_STEP_SLEEP);
    ck_assert_uint_eq(rig_rx(r, LANE_RX_intrs), 300);
    ck_assert_uint_eq(r->first_bursts, 2);
    rig_destroy(r);
}
END_TEST

START_TEST(lane_step__interrupt_in_poll_mode_leaves_the_ring_alone)
{
    struct rig *r = rig_with_lane(NULL);
    rig_poll_mode(r, 2);
    unsigned bursts = r->bursts;
    rig_arrive_tcp(r, 1);
    ck_assert_int_eq(rig_run(r, LANE_INTR), LANE_STEP_SLEEP);
    ck_assert_uint_eq(r->bursts, bursts);
    ck_assert_uint_eq(rig_diag(r, LANE_DIAG_interrupts_stale), 1);
    rig_destroy(r);
}
END_TEST

START_TEST(lane_step__poll_thread_waits_for_an_interrupt_in_the_ring)
{
    struct rig *r = rig_with_lane(NULL);
    struct lane_chain chain = { 0 };
    rig_arrive_tcp(r, 40);
    ck_assert_int_eq(lane_step(r->lane, LANE_INTR), LANE_STEP_AGAIN); /* 32 fetched */
    lane_chain_add(&chain, &rig_tcp(r, 1, 0)->p);
    lane_chain_add(&chain, &rig_tcp(r, 1, 1)->p);
    ck_assert_int_eq(lane_input(r->lane, &chain, true), LANE_STEP_SLEEP);
    ck_assert_int_eq(rig_run(r, LANE_WORKER), LANE_STEP_SLEEP); /* poll mode on, interrupt still fetching */
    ck_assert_int_eq(rig_run(r, rig_soft(LANE_TCP, 0)), LANE_STEP_SLEEP);
    ck_assert(rig_flag(r, LANE_PROC | LANE_GET_PKTS | LANE_POLLING | LANE_RING_INTR));
    ck_assert_int_eq(lane_step(r->lane, LANE_POLL), LANE_STEP_SLEEP);
    ck_assert(lane_park(r->lane, LANE_POLL));
    r->woken[LANE_POLL] = 0;
    ck_assert_int_eq(rig_run(r, LANE_INTR), LANE_STEP_SLEEP);
    ck_assert_uint_eq(r->woken[LANE_POLL], 1);
    ck_assert_int_eq(rig_run(r, LANE_POLL), LANE_STEP_SLEEP); /* nothing more in the ring: drains what came */
    ck_assert_uint_eq(rig_rx(r, LANE_RX_intrs), 40);
    ck_assert_uint_eq(lane_soft_queued(r->lane, LANE_TCP, 0), 40);
    rig_destroy(r);
}
END_TEST

START_TEST(lane_step__one_step_is_bounded)
{
    struct rig *r = rig_with_lane(NULL);
    rig_arrive_tcp(r, 200);
    unsigned steps = 0;
    while (lane_step(r->lane, LANE_INTR) == LANE_STEP_AGAIN) steps++;
    ck_assert_uint_ge(steps, 2 * 200 / 32 - 1); /* fetched and sorted by 32 */
    steps = 0;
    while (lane_step(r->lane, rig_soft(LANE_TCP, 0)) == LANE_STEP_AGAIN) {
        steps++;
        ck_assert_uint_eq(lane_backlog(r->lane), 200); /* falls only when the whole chain is delivered (2.55) */
    }
    ck_assert_uint_eq(r->largest_delivery, 32);
    ck_assert_uint_eq(lane_backlog(r->lane), 0);
    rig_destroy(r);
}
END_TEST

START_TEST(lane_step__packets_of_a_busy_lane_wait_for_whoever_drains)
{
    struct rig *r = rig_with_lane(NULL);
    struct lane_chain chain = { 0 };
    rig_arrive_tcp(r, 3);
    r->fail_lock = 1u << (LANE_LOCK_SOFT0 + LANE_TCP);
    ck_assert_int_eq(rig_run(r, LANE_INTR), LANE_STEP_BLOCKED); /* holds LANE_PROC */
    lane_chain_add(&chain, &rig_tcp(r, 1, 0)->p);
    ck_assert_int_eq(lane_input(r->lane, &chain, false), LANE_STEP_SLEEP); /* only queued (2.22) */
    ck_assert_uint_eq(lane_backlog(r->lane), 4);
    r->fail_lock = 0;
    ck_assert_int_eq(rig_run(r, LANE_INTR), LANE_STEP_SLEEP);
    ck_assert_uint_eq(rig_diag(r, LANE_DIAG_drain_worker_sig), 1); /* not this thread's to drain again (2.31) */
    ck_assert_uint_eq(r->woken[LANE_WORKER], 1);
    ck_assert(rig_flag(r, LANE_POLLING));
    ck_assert_int_eq(rig_run(r, LANE_WORKER), LANE_STEP_SLEEP);
    ck_assert_uint_eq(lane_soft_queued(r->lane, LANE_TCP, 0), 4);
    rig_destroy(r);
}
END_TEST

START_TEST(lane_step__worker_drains_what_came_during_its_drain)
{
    struct rig *r = rig_with_lane(NULL);
    struct lane_chain chain = { 0 };
    lane_chain_add(&chain, &rig_tcp(r, 0, 0)->p);
    lane_chain_add(&chain, &rig_tcp(r, 0, 1)->p);
    lane_input(r->lane, &chain, true);
    r->fail_lock = 1u << (LANE_LOCK_SOFT0 + LANE_TCP);
    ck_assert_int_eq(rig_run(r, LANE_WORKER), LANE_STEP_BLOCKED);
    lane_chain_add(&chain, &rig_tcp(r, 0, 2)->p);
    lane_input(r->lane, &chain, true);
    r->fail_lock = 0;
    ck_assert_int_eq(rig_run(r, LANE_WORKER), LANE_STEP_SLEEP);
    ck_assert_uint_eq(rig_diag(r, LANE_DIAG_drain_again), 1);
    ck_assert_uint_eq(rig_diag(r, LANE_DIAG_worker_poll_on), 1);
    ck_assert_uint_eq(lane_soft_queued(r->lane, LANE_TCP, 0), 3);
    rig_destroy(r);
}
END_TEST

/* -- entry by callers ------------------------------------------------------------------------------------------- */

static struct lane_chain tcp_chain(struct rig *r, unsigned n)
{
    struct lane_chain chain = { 0 };
    for (unsigned i = 0; i < n; i++) lane_chain_add(&chain, &rig_tcp(r, 0, i)->p);
    return chain;
}

static struct rig *rig_with_software_lane(void)
{
    struct lane_config config = rig_lane_config(NULL);
    config.port = NULL;
    return rig_with_lane(&config);
}

START_TEST(lane_input__local_packets_go_through_the_worker)
{
    struct rig *r = rig_with_software_lane();
    struct lane_chain chain = tcp_chain(r, 1);
    ck_assert_int_eq(lane_input(r->lane, &chain, true), LANE_STEP_SLEEP);
    ck_assert_uint_eq(r->woken[LANE_WORKER], 1);
    ck_assert_uint_eq(rig_rx(r, LANE_RX_local), 1);
    ck_assert_uint_eq(rig_rx(r, LANE_RX_localbytes), RIG_FRAME);
    ck_assert_uint_eq(rig_rx(r, LANE_RX_intrs), 0);
    ck_assert_int_eq(rig_run(r, LANE_WORKER), LANE_STEP_SLEEP);
    ck_assert_uint_eq(r->got.pkts, 1);
    rig_destroy(r);
}
END_TEST

START_TEST(lane_input__classified_packets_are_drained_by_the_caller)
{
    struct rig *r = rig_with_software_lane();
    struct lane_chain chain = tcp_chain(r, 1);
    ck_assert_int_eq(lane_input(r->lane, &chain, false), LANE_STEP_AGAIN);
    ck_assert_int_eq(rig_run(r, LANE_CALLER), LANE_STEP_SLEEP);
    ck_assert_uint_eq(r->got.pkts, 1);
    ck_assert_uint_eq(rig_rx(r, LANE_RX_intrs), 1);
    ck_assert_uint_eq(r->woken[LANE_WORKER], 0);
    rig_destroy(r);
}
END_TEST

START_TEST(lane_input__a_software_lane_never_polls)
{
    struct rig *r = rig_with_software_lane();
    struct lane_chain chain = tcp_chain(r, 5);
    ck_assert_int_eq(lane_input(r->lane, &chain, false), LANE_STEP_AGAIN);
    ck_assert_int_eq(rig_run(r, LANE_CALLER), LANE_STEP_SLEEP);
    ck_assert_uint_eq(lane_backlog(r->lane), 5);
    ck_assert(!rig_flag(r, LANE_POLLING));
    ck_assert_int_eq(rig_run(r, LANE_POLL), LANE_STEP_SLEEP);
    ck_assert_uint_eq(r->bursts, 0);
    rig_destroy(r);
}
END_TEST

START_TEST(lane_input__drops_the_chain_above_the_high_water_mark)
{
    struct rig *r = rig_with_software_lane();
    struct lane_chain chain = tcp_chain(r, 1024);
    lane_input(r->lane, &chain, false);
    rig_run(r, LANE_CALLER);
    chain = tcp_chain(r, 3);
    ck_assert_int_eq(lane_input(r->lane, &chain, false), LANE_STEP_AGAIN); /* 1024 is not above 1024 (2.20) */
    rig_run(r, LANE_CALLER);
    ck_assert_uint_eq(lane_backlog(r->lane), 1027);
    chain = tcp_chain(r, 2);
    ck_assert_int_eq(lane_input(r->lane, &chain, false), LANE_STEP_SLEEP);
    ck_assert_uint_eq(r->dropped[LANE_DROP_HIWAT].pkts, 2);
    ck_assert_uint_eq(rig_rx(r, LANE_RX_rxsdrops), 2);
    ck_assert_uint_eq(rig_rx(r, LANE_RX_intrs), 1029); /* counted even so (2.19) */
    ck_assert_ptr_null(lane_check(r->lane));
    rig_destroy(r);
}
END_TEST

START_TEST(lane_input__blocked_changes_nothing)
{
    struct rig *r = rig_with_software_lane();
    struct lane_chain chain = tcp_chain(r, 2);
    r->fail_lock = 1u << LANE_LOCK;
    ck_assert_int_eq(lane_input(r->lane, &chain, false), LANE_STEP_BLOCKED);
    ck_assert_uint_eq(chain.pkts, 2);
    ck_assert_uint_eq(rig_rx(r, LANE_RX_ipackets), 0);
    ck_assert_uint_eq(lane_backlog(r->lane), 0);
    rig_destroy(r);
}
END_TEST

START_TEST(lane_hand_over__worker_finishes_the_callers_drain)
{
    struct rig *r = rig_with_software_lane();
    struct lane_chain chain = tcp_chain(r, 40);
    ck_assert_int_eq(lane_input(r->lane, &chain, false), LANE_STEP_AGAIN);
    ck_assert_int_eq(lane_step(r->lane, LANE_CALLER), LANE_STEP_AGAIN);
    lane_hand_over(r->lane);
    ck_assert_ptr_null(lane_check(r->lane));
    ck_assert_uint_eq(r->woken[LANE_WORKER], 1);
    ck_assert_int_eq(rig_run(r, LANE_WORKER), LANE_STEP_SLEEP);
    ck_assert_uint_eq(lane_soft_queued(r->lane, LANE_TCP, 0), 40);
    rig_destroy(r);
}
END_TEST

/* -- poll thread ------------------------------------------------------------------------------------------------ */

START_TEST(lane_step__backlog_of_17_does_not_wake_the_poll_thread)
{
    struct rig *r = rig_with_lane(NULL);
    for (unsigned i = 0; i < 17; i++) rig_arrive(r, rig_udp(r, 1, i));
    rig_poll_mode(r, 10);
    ck_assert_int_eq(rig_run(r, rig_soft(LANE_TCP, 0)), LANE_STEP_SLEEP);
    ck_assert_uint_eq(lane_backlog(r->lane), 17);
    ck_assert_uint_eq(r->woken[LANE_POLL], 0);
    rig_destroy(r);
}
END_TEST

START_TEST(lane_step__backlog_of_16_wakes_the_poll_thread)
{
    struct rig *r = rig_with_lane(NULL);
    for (unsigned i = 0; i < 16; i++) rig_arrive(r, rig_udp(r, 1, i));
    rig_poll_mode(r, 10);
    ck_assert_int_eq(rig_run(r, rig_soft(LANE_TCP, 0)), LANE_STEP_SLEEP);
    ck_assert_uint_eq(lane_backlog(r->lane), 16);
    ck_assert_uint_eq(r->woken[LANE_POLL], 1);
    ck_assert(rig_flag(r, LANE_PROC | LANE_GET_PKTS));
    ck_assert_uint_eq(rig_diag(r, LANE_DIAG_below_hiwat), 1);
    /* Once per sleep: the poll thread is at work already. */
    ck_assert_int_eq(rig_run(r, rig_soft(LANE_UDP, 0)), LANE_STEP_SLEEP);
    ck_assert_uint_eq(rig_diag(r, LANE_DIAG_below_hiwat), 1);
    rig_destroy(r);
}
END_TEST

static struct rig *rig_about_to_poll(void)
{
    struct rig *r = rig_with_lane(NULL);
    rig_poll_mode(r, 2);
    ck_assert_int_eq(rig_run(r, rig_soft(LANE_TCP, 0)), LANE_STEP_SLEEP);
    ck_assert(rig_flag(r, LANE_PROC | LANE_GET_PKTS | LANE_POLLING));
    return r;
}

START_TEST(lane_step__empty_poll_without_backlog_returns_to_interrupts)
{
    struct rig *r = rig_about_to_poll();
    r->now_ns = 7000;
    ck_assert_int_eq(rig_run(r, LANE_POLL), LANE_STEP_SLEEP);
    ck_assert(!rig_flag(r, LANE_POLLING));
    ck_assert(r->irq[0]);
    ck_assert_uint_eq(rig_diag(r, LANE_DIAG_poll_intr_enable), 1);
    ck_assert_uint_eq(rig_diag(r, LANE_DIAG_polling_ns), 7000);
    ck_assert_uint_eq(rig_diag(r, LANE_DIAG_polls_empty), 1);
    ck_assert_uint_eq(rig_rx(r, LANE_RX_chainunder10), 0); /* empty polls are in no bucket */
    rig_destroy(r);
}
END_TEST

START_TEST(lane_step__packets_that_came_before_interrupts_were_on_are_fetched)
{
    struct rig *r = rig_about_to_poll();
    r->irq_reports_waiting = true;
    /* The packet arrives after the empty poll and before the interrupt is on. */
    r->fail_lock = 1u << LANE_LOCK;
    ck_assert_int_eq(lane_step(r->lane, LANE_POLL), LANE_STEP_BLOCKED);
    rig_arrive_tcp(r, 1);
    r->fail_lock = 0;
    ck_assert_int_eq(rig_run(r, LANE_POLL), LANE_STEP_SLEEP);
    ck_assert_uint_eq(r->woken[LANE_INTR], 1);
    ck_assert_int_eq(rig_run(r, LANE_INTR), LANE_STEP_SLEEP);
    ck_assert_uint_eq(r->got.pkts, 3);
    rig_destroy(r);
}
END_TEST

START_TEST(lane_start__reports_packets_that_wait_already)
{
    struct rig *r = rig_create();
    struct lane_config config = rig_lane_config(r);
    r->irq_reports_waiting = true;
    rig_arrive_tcp(r, 1);
    ck_assert_int_eq(lane_create(&r->lane, &config), 0);
    ck_assert(!r->irq[0]);
    lane_start(r->lane);
    ck_assert_uint_eq(r->woken[LANE_INTR], 1);
    rig_destroy(r);
}
END_TEST

START_TEST(lane_step__empty_poll_with_backlog_stays_in_poll_mode)
{
    struct rig *r = rig_about_to_poll();
    rig_arrive_tcp(r, 20);
    r->woken[LANE_POLL] = 0;
    ck_assert_int_eq(rig_run(r, LANE_POLL), LANE_STEP_SLEEP); /* 20, drained, polled again: nothing */
    ck_assert_uint_eq(rig_diag(r, LANE_DIAG_poll_again), 1);
    ck_assert_uint_eq(rig_diag(r, LANE_DIAG_poll_no_poll), 1);
    ck_assert(rig_flag(r, LANE_POLLING));
    ck_assert(!rig_flag(r, LANE_PROC));
    ck_assert(lane_park(r->lane, LANE_POLL));
    ck_assert_int_eq(rig_run(r, rig_soft(LANE_TCP, 0)), LANE_STEP_SLEEP); /* from 20 to 0 at once: wakes (2.41) */
    ck_assert_uint_eq(r->woken[LANE_POLL], 1);
    rig_destroy(r);
}
END_TEST

START_TEST(lane_step__poll_takes_at_most_257_packets)
{
    struct rig *r = rig_about_to_poll();
    rig_arrive_tcp(r, 300);
    unsigned first = r->first_bursts;
    ck_assert_int_eq(rig_run(r, LANE_POLL), LANE_STEP_SLEEP);
    ck_assert_uint_eq(rig_rx(r, LANE_RX_polls), 257);
    ck_assert_uint_eq(rig_rx(r, LANE_RX_chainover50), 1);
    ck_assert_uint_eq(r->first_bursts - first, 1);
    ck_assert_uint_eq(rig_diag(r, LANE_DIAG_poll_drain_no_poll), 1); /* 257 is above the low water mark */
    ck_assert(rig_flag(r, LANE_POLLING));
    ck_assert(!rig_flag(r, LANE_PROC));
    rig_destroy(r);
}
END_TEST

START_TEST(lane_step__poll_goes_on_at_256)
{
    struct rig *r = rig_about_to_poll();
    rig_arrive_tcp(r, 256);
    ck_assert_int_eq(rig_run(r, LANE_POLL), LANE_STEP_SLEEP);
    ck_assert_uint_eq(rig_diag(r, LANE_DIAG_poll_again), 1);
    ck_assert_uint_eq(rig_diag(r, LANE_DIAG_polls_empty), 1); /* and then finds nothing */
    rig_destroy(r);
}
END_TEST

START_TEST(lane_step__poll_takes_at_most_150000_bytes)
{
    struct rig *r = rig_about_to_poll();
    for (unsigned i = 0; i < 300; i++) {
        struct rig_pkt *p = rig_tcp(r, 0, i);
        p->p.len = 1514;
        rig_arrive(r, p);
    }
    while (rig_diag(r, LANE_DIAG_polls_nonempty) == 0) lane_step(r->lane, LANE_POLL);
    ck_assert_uint_eq(rig_rx(r, LANE_RX_polls), 99); /* 150000 / 1514 */
    rig_destroy(r);
}
END_TEST

START_TEST(lane_step__chain_buckets_split_at_10_and_50)
{
    static const unsigned n[] = { 1, 10, 11, 50, 51 };
    static const enum lane_rx_counter bucket[] = { LANE_RX_chainunder10, LANE_RX_chainunder10, LANE_RX_chain10to50,
                                                   LANE_RX_chain10to50, LANE_RX_chainover50 };
    struct rig *r = rig_about_to_poll();
    for (int i = 0; i < 5; i++) {
        uint64_t before[N_LANE_RX_COUNTERS];
        memcpy(before, lane_rx_counters(r->lane), sizeof before);
        rig_arrive_tcp(r, n[i]);
        rig_run(r, LANE_POLL); /* n, then nothing */
        for (int b = LANE_RX_chainunder10; b <= LANE_RX_chainover50; b++)
            ck_assert_uint_eq(lane_rx_counters(r->lane)[b] - before[b], b == (int)bucket[i]);
        ck_assert_uint_eq(rig_rx(r, LANE_RX_polls) - before[LANE_RX_polls], n[i]);
        rig_run(r, rig_soft(LANE_TCP, 0));
        if (rig_flag(r, LANE_POLLING)) continue;
        rig_poll_mode(r, 2); /* one packet was delivered inline: back to poll mode by an interrupt */
        rig_run(r, rig_soft(LANE_TCP, 0));
    }
    rig_destroy(r);
}
END_TEST

START_TEST(lane_step__poll_thread_not_asked_does_nothing)
{
    struct rig *r = rig_with_lane(NULL);
    rig_arrive_tcp(r, 3);
    ck_assert_int_eq(lane_step(r->lane, LANE_POLL), LANE_STEP_SLEEP);
    ck_assert_uint_eq(r->ring[0].pkts, 3);
    rig_destroy(r);
}
END_TEST

/* -- throughput instead of latency ------------------------------------------------------------------------------ */

static struct rig *rig_for_throughput(void)
{
    struct lane_config config = rig_lane_config(NULL);
    config.tune.latency_optimize = false;
    return rig_with_lane(&config);
}

START_TEST(lane_step__without_latency_optimize_the_worker_drains)
{
    struct rig *r = rig_for_throughput();
    rig_arrive_tcp(r, 1);
    ck_assert_int_eq(rig_run(r, LANE_INTR), LANE_STEP_SLEEP);
    ck_assert_uint_eq(r->woken[LANE_WORKER], 1);
    ck_assert_int_eq(rig_run(r, LANE_WORKER), LANE_STEP_SLEEP);
    ck_assert_uint_eq(r->got.pkts, 0); /* and even one packet is left to the softring (2.59) */
    ck_assert_uint_eq(r->woken[rig_soft(LANE_TCP, 0)], 1);
    rig_destroy(r);
}
END_TEST

/* A worker that found more packets after its drain, turned poll mode on, asked for the poll thread, and is now held up
 * at a softring. */
static struct rig *rig_with_worker_and_poll_thread(void)
{
    struct rig *r = rig_for_throughput();
    rig_arrive_tcp(r, 2);
    rig_run(r, LANE_INTR);
    r->fail_lock = 1u << (LANE_LOCK_SOFT0 + LANE_TCP);
    ck_assert_int_eq(rig_run(r, LANE_WORKER), LANE_STEP_BLOCKED);
    rig_arrive_tcp(r, 2);
    rig_run(r, LANE_INTR);
    r->fail_lock_after_irq_off = r->fail_lock;
    r->fail_lock = 0;
    ck_assert_int_eq(rig_run(r, LANE_WORKER), LANE_STEP_BLOCKED);
    ck_assert(rig_flag(r, LANE_PROC | LANE_BY_WORKER | LANE_POLLING | LANE_GET_PKTS));
    ck_assert_uint_eq(r->woken[LANE_POLL], 1);
    return r;
}

START_TEST(lane_step__poll_thread_feeds_a_running_worker)
{
    struct rig *r = rig_with_worker_and_poll_thread();
    rig_arrive_tcp(r, 3);
    ck_assert_int_eq(rig_run(r, LANE_POLL), LANE_STEP_SLEEP);
    ck_assert_uint_eq(rig_diag(r, LANE_DIAG_poll_goto_sleep), 1);
    ck_assert(!rig_flag(r, LANE_GET_PKTS)); /* and nothing else (2.40) */
    ck_assert(rig_flag(r, LANE_PROC | LANE_BY_WORKER | LANE_POLLING));
    r->fail_lock = r->fail_lock_after_irq_off = 0;
    ck_assert_int_eq(rig_run(r, LANE_WORKER), LANE_STEP_SLEEP);
    ck_assert_uint_eq(lane_soft_queued(r->lane, LANE_TCP, 0), 7);
    rig_destroy(r);
}
END_TEST

START_TEST(lane_step__worker_leaves_the_lane_to_the_poll_thread)
{
    struct rig *r = rig_with_worker_and_poll_thread();
    r->fail_lock = r->fail_lock_after_irq_off = 0;
    ck_assert_int_eq(rig_run(r, LANE_WORKER), LANE_STEP_SLEEP);
    ck_assert_uint_eq(rig_diag(r, LANE_DIAG_drain_poll_running), 1);
    ck_assert(rig_flag(r, LANE_PROC | LANE_GET_PKTS | LANE_POLLING)); /* 2.32 */
    ck_assert_int_eq(rig_run(r, LANE_POLL), LANE_STEP_SLEEP);
    ck_assert(!rig_flag(r, LANE_PROC));
    rig_destroy(r);
}
END_TEST

START_TEST(lane_step__poll_thread_leaves_its_packets_to_an_idle_worker)
{
    struct rig *r = rig_for_throughput();
    rig_arrive_tcp(r, 2);
    rig_run(r, LANE_INTR);
    rig_run(r, LANE_WORKER);
    rig_run(r, rig_soft(LANE_TCP, 0)); /* backlog 0: poll thread woken */
    ck_assert(rig_flag(r, LANE_GET_PKTS | LANE_POLLING));
    rig_arrive_tcp(r, 5);
    r->woken[LANE_WORKER] = 0;
    ck_assert(lane_park(r->lane, LANE_WORKER));
    ck_assert_int_eq(rig_run(r, LANE_POLL), LANE_STEP_SLEEP);
    ck_assert_uint_eq(rig_diag(r, LANE_DIAG_poll_sig_worker), 1);
    ck_assert_uint_eq(r->woken[LANE_WORKER], 1);
    ck_assert(!rig_flag(r, LANE_PROC) && !rig_flag(r, LANE_GET_PKTS));
    rig_destroy(r);
}
END_TEST

/* -- sleeping --------------------------------------------------------------------------------------------------- */

START_TEST(lane_park__packet_between_look_and_sleep_is_not_lost)
{
    struct rig *r = rig_with_lane(NULL);
    unsigned tcp = rig_soft(LANE_TCP, 0);
    rig_poll_mode(r, 2);
    r->woken[tcp] = 0;
    ck_assert_int_eq(rig_run(r, tcp), LANE_STEP_SLEEP); /* looked: empty */
    rig_arrive_tcp(r, 2);
    rig_run(r, LANE_POLL); /* nobody sleeps yet, so nobody is woken */
    ck_assert_uint_eq(r->woken[tcp], 0);
    ck_assert(!lane_park(r->lane, tcp)); /* looks again */
    ck_assert_int_eq(rig_run(r, tcp), LANE_STEP_SLEEP);
    ck_assert_uint_eq(r->got.pkts, 4);
    ck_assert(lane_park(r->lane, tcp));
    rig_destroy(r);
}
END_TEST

START_TEST(lane_park__worker_signalled_while_it_looks_steps_again)
{
    struct rig *r = rig_with_software_lane();
    struct lane_chain chain;
    chain = tcp_chain(r, 1);
    lane_input(r->lane, &chain, true);
    ck_assert_uint_eq(r->woken[LANE_WORKER], 1);
    ck_assert_int_eq(rig_run(r, LANE_WORKER), LANE_STEP_SLEEP);
    chain = tcp_chain(r, 1);
    lane_input(r->lane, &chain, true);
    ck_assert_uint_eq(r->woken[LANE_WORKER], 1);
    ck_assert(!lane_park(r->lane, LANE_WORKER));
    ck_assert_int_eq(rig_run(r, LANE_WORKER), LANE_STEP_SLEEP);
    ck_assert_uint_eq(r->got.pkts, 2);
    rig_destroy(r);
}
END_TEST

START_TEST(lane_timer__delays_the_softrings_worker)
{
    struct lane_config config = rig_lane_config(NULL);
    config.tune.soft_wakeup_ticks = 3;
    config.tune.worker_wakeup_ticks = 2;
    struct rig *r = rig_with_lane(&config);
    unsigned tcp = rig_soft(LANE_TCP, 0);
    struct lane_chain chain;
    rig_poll_mode(r, 2);
    ck_assert_uint_eq(r->woken[tcp], 0);
    ck_assert_uint_eq(r->armed[tcp], 3);
    lane_timer(r->lane, tcp);
    ck_assert_uint_eq(r->woken[tcp], 1);
    chain = tcp_chain(r, 1);
    lane_input(r->lane, &chain, true);
    lane_chain_add(&chain, &rig_tcp(r, 0, 9)->p);
    lane_input(r->lane, &chain, true);
    ck_assert_uint_eq(r->armed[LANE_WORKER], 2); /* once */
    lane_timer(r->lane, LANE_WORKER);
    ck_assert_uint_eq(r->woken[LANE_WORKER], 1);
    rig_destroy(r);
}
END_TEST

START_TEST(lane_step__blocked_anywhere_changes_nothing)
{
    struct rig *r = rig_with_lane(NULL);
    rig_arrive_tcp(r, 1);
    r->fail_port = true;
    ck_assert_int_eq(lane_step(r->lane, LANE_INTR), LANE_STEP_BLOCKED);
    r->fail_port = false;
    r->fail_lock = 1u << LANE_LOCK;
    ck_assert_int_eq(lane_step(r->lane, LANE_INTR), LANE_STEP_BLOCKED);
    ck_assert_int_eq(lane_step(r->lane, LANE_INTR), LANE_STEP_BLOCKED);
    ck_assert_uint_eq(rig_rx(r, LANE_RX_ipackets), 0);
    r->fail_lock = 1u << (LANE_LOCK_SOFT0 + LANE_TCP);
    ck_assert_int_eq(lane_step(r->lane, LANE_INTR), LANE_STEP_BLOCKED);
    ck_assert_int_eq(lane_step(r->lane, LANE_INTR), LANE_STEP_BLOCKED);
    ck_assert_uint_eq(rig_rx(r, LANE_RX_ipackets), 1);
    r->fail_lock = 0;
    r->take = 0;
    ck_assert_int_eq(lane_step(r->lane, LANE_INTR), LANE_STEP_BLOCKED);
    ck_assert_uint_eq(lane_backlog(r->lane), 1);
    r->take = -1;
    r->fail_lock = 1u << LANE_LOCK; /* delivered, but the backlog cannot be lowered yet */
    ck_assert_int_eq(lane_step(r->lane, LANE_INTR), LANE_STEP_BLOCKED);
    ck_assert_uint_eq(lane_backlog(r->lane), 1);
    r->fail_lock = 0;
    ck_assert_int_eq(lane_step(r->lane, LANE_INTR), LANE_STEP_SLEEP);
    ck_assert_uint_eq(r->got.pkts, 1);
    ck_assert_uint_eq(r->charged[LANE_OP_RX_PACKET], 1); /* once, however often it was tried */
    ck_assert_uint_eq(r->charged[LANE_OP_FANOUT], 1);
    ck_assert_uint_eq(r->charged[LANE_OP_RX_CHAIN], 1);
    rig_destroy(r);
}
END_TEST

Suite *lanes_suite(void)
{
    Suite *s = suite_create("lanes");
    TCase *t = tcase_create("lane");
    suite_add_tcase(s, t);
    tcase_add_test(t, lane_create__wrong_versions_are_refused);
    tcase_add_test(t, lane_create__water_marks_are_put_right);
    tcase_add_test(t, lane_tunables_default__are_those_of_the_system);
    tcase_add_test(t, lane_step__lone_packet_is_delivered_in_the_interrupt);
    tcase_add_test(t, lane_step__two_packets_go_to_the_softring_and_start_poll_mode);
    tcase_add_test(t, lane_step__softring_faster_than_the_interrupt_keeps_interrupt_mode);
    tcase_add_test(t, lane_step__interrupt_takes_at_most_257_packets);
    tcase_add_test(t, lane_step__interrupt_stopped_at_257_looks_again);
    tcase_add_test(t, lane_step__interrupt_in_poll_mode_leaves_the_ring_alone);
    tcase_add_test(t, lane_step__poll_thread_waits_for_an_interrupt_in_the_ring);
    tcase_add_test(t, lane_step__one_step_is_bounded);
    tcase_add_test(t, lane_step__packets_of_a_busy_lane_wait_for_whoever_drains);
    tcase_add_test(t, lane_step__worker_drains_what_came_during_its_drain);
    tcase_add_test(t, lane_input__local_packets_go_through_the_worker);
    tcase_add_test(t, lane_input__classified_packets_are_drained_by_the_caller);
    tcase_add_test(t, lane_input__a_software_lane_never_polls);
    tcase_add_test(t, lane_input__drops_the_chain_above_the_high_water_mark);
    tcase_add_test(t, lane_input__blocked_changes_nothing);
    tcase_add_test(t, lane_hand_over__worker_finishes_the_callers_drain);
    tcase_add_test(t, lane_step__backlog_of_17_does_not_wake_the_poll_thread);
    tcase_add_test(t, lane_step__backlog_of_16_wakes_the_poll_thread);
    tcase_add_test(t, lane_step__empty_poll_without_backlog_returns_to_interrupts);
    tcase_add_test(t, lane_step__packets_that_came_before_interrupts_were_on_are_fetched);
    tcase_add_test(t, lane_start__reports_packets_that_wait_already);
    tcase_add_test(t, lane_step__empty_poll_with_backlog_stays_in_poll_mode);
    tcase_add_test(t, lane_step__poll_takes_at_most_257_packets);
    tcase_add_test(t, lane_step__poll_goes_on_at_256);
    tcase_add_test(t, lane_step__poll_takes_at_most_150000_bytes);
    tcase_add_test(t, lane_step__chain_buckets_split_at_10_and_50);
    tcase_add_test(t, lane_step__poll_thread_not_asked_does_nothing);
    tcase_add_test(t, lane_step__without_latency_optimize_the_worker_drains);
    tcase_add_test(t, lane_step__poll_thread_feeds_a_running_worker);
    tcase_add_test(t, lane_step__worker_leaves_the_lane_to_the_poll_thread);
    tcase_add_test(t, lane_step__poll_thread_leaves_its_packets_to_an_idle_worker);
    tcase_add_test(t, lane_park__packet_between_look_and_sleep_is_not_lost);
    tcase_add_test(t, lane_park__worker_signalled_while_it_looks_steps_again);
    tcase_add_test(t, lane_timer__delays_the_softrings_worker);
    tcase_add_test(t, lane_step__blocked_anywhere_changes_nothing);
    return s;
}
