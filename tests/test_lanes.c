/* test_lanes.c -- the receive lane's state machine, one case per rule of docs/lanes.md, without threads. */
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
    ck_assert_int_eq(rig_run(r, rig_soft(LANE_TCP, 0)), LANE_STEP_SLEEP); /* from 20 to 0 at once: wakes (12.19) */
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

/* -- softrings -------------------------------------------------------------------------------------------------- */

START_TEST(lane_step__always_enqueue_hands_off_single_packets)
{
    struct lane_config config = rig_lane_config(NULL);
    config.always_enqueue = true;
    struct rig *r = rig_with_lane(&config);
    rig_arrive_tcp(r, 1);
    rig_run(r, LANE_INTR);
    ck_assert_uint_eq(r->got.pkts, 0);
    ck_assert_uint_eq(r->woken[rig_soft(LANE_TCP, 0)], 1);
    rig_destroy(r);
}
END_TEST

START_TEST(lane_step__softrings_are_served_tcp_udp_others)
{
    struct rig *r = rig_with_lane(NULL);
    rig_arrive(r, rig_icmp(r, 0));
    rig_arrive(r, rig_udp(r, 1, 0));
    rig_arrive(r, rig_tcp(r, 2, 0));
    rig_arrive(r, rig_tcp(r, 3, 0));
    rig_run(r, LANE_INTR);
    ck_assert_uint_eq(lane_soft_queued(r->lane, LANE_TCP, 0), 2);
    ck_assert_uint_eq(lane_soft_queued(r->lane, LANE_UDP, 0), 1);
    ck_assert_uint_eq(lane_soft_queued(r->lane, LANE_OTH, 0), 1);
    ck_assert_uint_eq(lane_soft_counters(r->lane, LANE_TCP, 0)[LANE_SOFT_ipackets], 2);
    ck_assert_uint_eq(lane_soft_counters(r->lane, LANE_TCP, 0)[LANE_SOFT_rbytes], 2 * RIG_FRAME);
    ck_assert_uint_eq(r->charged[LANE_OP_SOFT_ENQUEUE], 3); /* one call per softring touched (2.62) */
    rig_destroy(r);
}
END_TEST

START_TEST(lane_soft_blank__client_pulls_and_backlog_stays)
{
    struct rig *r = rig_with_lane(NULL);
    struct lane_chain out = { 0 };
    unsigned tcp = rig_soft(LANE_TCP, 0);
    ck_assert_int_eq(lane_soft_blank(r->lane, LANE_TCP, 0, true), LANE_STEP_SLEEP);
    rig_arrive_tcp(r, 1);
    rig_run(r, LANE_INTR);
    ck_assert_uint_eq(r->got.pkts, 0); /* not even a lone packet */
    ck_assert(rig_flag(r, LANE_POLLING)); /* the backlog keeps the interrupt off (2.57) */
    rig_run(r, tcp);
    ck_assert_uint_eq(r->got.pkts, 0);
    ck_assert_int_eq(lane_soft_pull(r->lane, LANE_TCP, 0, 1000, &out), LANE_STEP_SLEEP);
    ck_assert_uint_eq(out.pkts, 1);
    ck_assert_uint_eq(lane_backlog(r->lane), 0);
    ck_assert_uint_eq(r->woken[LANE_POLL], 1); /* pulling lowers the backlog like delivering */
    ck_assert_ptr_null(lane_check(r->lane));
    rig_destroy(r);
}
END_TEST

START_TEST(lane_soft_pull__exceeds_the_request_by_at_most_one_packet)
{
    struct rig *r = rig_with_lane(NULL);
    struct lane_chain out = { 0 };
    lane_soft_blank(r->lane, LANE_TCP, 0, true);
    rig_poll_mode(r, 10);
    r->fail_lock = 1u << LANE_LOCK;
    ck_assert_int_eq(lane_soft_pull(r->lane, LANE_TCP, 0, 1000, &out), LANE_STEP_BLOCKED);
    r->fail_lock = 0;
    ck_assert_uint_eq(r->locks_held, 0);
    lane_soft_pull(r->lane, LANE_TCP, 0, 3 * RIG_FRAME, &out);
    ck_assert_uint_eq(out.pkts, 4); /* the sum must exceed the request */
    lane_soft_pull(r->lane, LANE_TCP, 0, 6 * RIG_FRAME, &out);
    ck_assert_uint_eq(out.pkts, 10); /* exactly all of it */
    ck_assert_ptr_null(lane_check(r->lane));
    rig_destroy(r);
}
END_TEST

START_TEST(lane_soft_blank__restarting_wakes_the_worker)
{
    struct rig *r = rig_with_lane(NULL);
    unsigned tcp = rig_soft(LANE_TCP, 0);
    lane_soft_blank(r->lane, LANE_TCP, 0, true);
    rig_poll_mode(r, 5);
    ck_assert_uint_eq(r->woken[tcp], 0);
    ck_assert_int_eq(lane_soft_blank(r->lane, LANE_TCP, 0, false), LANE_STEP_SLEEP);
    ck_assert_uint_eq(r->woken[tcp], 1);
    rig_run(r, tcp);
    ck_assert_uint_eq(r->got.pkts, 5);
    rig_destroy(r);
}
END_TEST

static enum lane_step_result blank_result;
static void blank_now(struct rig *r) { blank_result = lane_soft_blank(r->lane, LANE_TCP, 0, true); }

START_TEST(lane_soft_blank__refused_during_a_delivery)
{
    struct rig *r = rig_with_lane(NULL);
    r->on_deliver = blank_now;
    rig_arrive_tcp(r, 1);
    rig_run(r, LANE_INTR);
    ck_assert_int_eq(blank_result, LANE_STEP_AGAIN);
    rig_destroy(r);
}
END_TEST

/* -- fanout ----------------------------------------------------------------------------------------------------- */

static struct rig *rig_with_fanout(unsigned fanout)
{
    struct lane_config config = rig_lane_config(NULL);
    config.fanout = fanout;
    return rig_with_lane(&config);
}
static int classify(struct rig *r, struct rig_pkt *p)
{
    enum lane_drop why;
    return lane_classify(r->lane, &p->p, &why);
}
static int ring_of(enum lane_kind kind, unsigned set) { return (int)(set * (unsigned)N_LANE_KINDS) + (int)kind; }

START_TEST(lane_classify__one_set_sorts_by_protocol)
{
    struct rig *r = rig_with_fanout(1);
    ck_assert_int_eq(classify(r, rig_tcp(r, 0, 0)), ring_of(LANE_TCP, 0));
    ck_assert_int_eq(classify(r, rig_udp(r, 0, 0)), ring_of(LANE_UDP, 0));
    ck_assert_int_eq(classify(r, rig_ipv4(r, 132, 0, 0)), ring_of(LANE_OTH, 0)); /* SCTP */
    ck_assert_int_eq(classify(r, rig_icmp(r, 0)), ring_of(LANE_OTH, 0));
    rig_destroy(r);
}
END_TEST

/* The hash of rule 2.63 for the rig's addresses, computed by hand: as loaded by a little-endian machine, source
 * 10.0.0.1 is 0x0100000a and destination 10.0.0.2 is 0x0200000a; their sum 0x03000014 swapped is 0x14000003. */
static unsigned expected_hash(unsigned flow)
{
    unsigned sport = 1000 + flow, dport = 80;
    uint32_t p = (uint32_t)(sport >> 8) | (sport & 255) << 8 | (uint32_t)(dport >> 8) << 16 | (dport & 255) << 24;
    return 0x14000003u ^ p ^ p >> 8 ^ p >> 16 ^ p >> 24;
}

START_TEST(lane_classify__hash_of_addresses_and_ports)
{
    struct rig *r = rig_with_fanout(7);
    for (unsigned flow = 0; flow < 50; flow++) {
        unsigned set = expected_hash(flow) % 7;
        ck_assert_int_eq(classify(r, rig_tcp(r, flow, 0)), ring_of(LANE_TCP, set));
        ck_assert_int_eq(classify(r, rig_udp(r, flow, 0)), ring_of(LANE_UDP, set));
        ck_assert_int_eq(classify(r, rig_ipv4(r, 132, flow, 0)), ring_of(LANE_UDP, set));
        ck_assert_int_eq(classify(r, rig_ipv4(r, 50, flow, 0)), ring_of(LANE_UDP, set));
        ck_assert_int_eq(classify(r, rig_icmp(r, 0)), ring_of(LANE_OTH, 0x14000003u % 7));
    }
    rig_destroy(r);
}
END_TEST

START_TEST(lane_classify__both_directions_share_a_ring_when_the_count_divides_256)
{
    struct rig *r = rig_with_fanout(8);
    for (unsigned flow = 0; flow < 100; flow++) {
        struct rig_pkt *p = rig_tcp(r, flow, 0), *q = rig_tcp(r, flow, 0);
        memcpy(q->frame + 26, p->frame + 30, 4);
        memcpy(q->frame + 30, p->frame + 26, 4);
        memcpy(q->frame + 34, p->frame + 36, 2);
        memcpy(q->frame + 36, p->frame + 34, 2);
        ck_assert_int_eq(classify(r, p), classify(r, q));
    }
    rig_destroy(r);
}
END_TEST

START_TEST(lane_classify__fragments_and_strangers_go_to_others)
{
    struct rig *r = rig_with_fanout(4);
    struct rig_pkt *p = rig_tcp(r, 5, 0);
    p->frame[20] = 0x20; /* more fragments */
    ck_assert_int_eq(classify(r, p), ring_of(LANE_OTH, 0x14000003u % 4)); /* no ports in the hash (2.65) */
    p = rig_tcp(r, 5, 0);
    rig_put16(p->frame + 12, 0x0806); /* ARP */
    ck_assert_int_eq(classify(r, p), ring_of(LANE_OTH, 0));
    p = rig_tcp(r, 5, 0);
    p->frame[14] = 0x44; /* header length below the minimum */
    ck_assert_int_eq(classify(r, p), ring_of(LANE_OTH, 0));
    p = rig_tcp(r, 5, 0);
    p->p.hdr_len = 20; /* IP header not readable */
    ck_assert_int_eq(classify(r, p), ring_of(LANE_OTH, 0));
    p = rig_tcp(r, 5, 0);
    p->frame[0] = 1; /* multicast does not bypass (2.68) */
    ck_assert_int_eq(classify(r, p), ring_of(LANE_OTH, expected_hash(5) % 4));
    rig_destroy(r);
}
END_TEST

START_TEST(lane_classify__ipv6_goes_to_others_by_its_last_address_words)
{
    struct rig *r = rig_with_fanout(5);
    struct rig_pkt *p = rig_new(r, 0, 0), *ext = rig_new(r, 0, 0);
    rig_put16(p->frame + 12, 0x86dd);
    p->frame[14] = 0x60;
    p->frame[20] = 6;
    memcpy(p->frame + 34, "\x0a\x00\x00\x01", 4); /* last words as the rig's IPv4 addresses */
    memcpy(p->frame + 50, "\x0a\x00\x00\x02", 4);
    rig_put16(p->frame + 54, 1003);
    rig_put16(p->frame + 56, 80);
    p->p.len = 74;
    ck_assert_int_eq(classify(r, p), ring_of(LANE_OTH, expected_hash(3) % 5));
    memcpy(ext->frame, p->frame, RIG_FRAME);
    ext->p.len = 100;
    ext->frame[20] = 44; /* a fragment header: no ports */
    ck_assert_int_eq(classify(r, ext), ring_of(LANE_OTH, 0x14000003u % 5));
    ext->frame[20] = 60; /* destination options, 8 bytes, then TCP */
    memset(ext->frame + 54, 0, 8);
    ext->frame[54] = 6;
    rig_put16(ext->frame + 62, 1009);
    rig_put16(ext->frame + 64, 80);
    ck_assert_int_eq(classify(r, ext), ring_of(LANE_OTH, expected_hash(9) % 5));
    p->p.len = 70; /* TCP header cut short */
    ck_assert_int_eq(classify(r, p), -1);
    rig_destroy(r);
}
END_TEST

START_TEST(lane_classify__without_bypass_everything_is_others)
{
    struct lane_config config = rig_lane_config(NULL);
    config.dls_bypass = false;
    struct rig *r = rig_with_lane(&config);
    ck_assert_int_eq(classify(r, rig_tcp(r, 0, 0)), ring_of(LANE_OTH, 0));
    rig_destroy(r);
    config.fanout = 6;
    r = rig_with_lane(&config);
    ck_assert_int_eq(classify(r, rig_tcp(r, 9, 0)), ring_of(LANE_OTH, expected_hash(9) % 6));
    rig_destroy(r);
}
END_TEST

START_TEST(lane_classify__round_robin_is_for_udp_alone)
{
    struct lane_config config = rig_lane_config(NULL);
    config.fanout = 3;
    config.udp_round_robin = true;
    struct rig *r = rig_with_lane(&config);
    for (unsigned i = 0; i < 6; i++) {
        ck_assert_int_eq(classify(r, rig_udp(r, 0, i)), ring_of(LANE_UDP, i % 3));
        ck_assert_int_eq(classify(r, rig_tcp(r, 0, i)), ring_of(LANE_TCP, expected_hash(0) % 3));
    }
    rig_destroy(r);
}
END_TEST

START_TEST(lane_classify__vlan_tags)
{
    struct lane_config config = rig_lane_config(NULL);
    config.vid = 7;
    struct rig *r = rig_with_lane(&config);
    enum lane_drop why = 0;
    struct rig_pkt *p = rig_tag(rig_tcp(r, 0, 0), 7);
    ck_assert_int_eq(classify(r, p), ring_of(LANE_TCP, 0));
    ck_assert_uint_eq(p->p.l3_off, 18);
    ck_assert(p->p.flags & LANE_PKT_STRIP_TAG);
    ck_assert_int_eq(lane_classify(r->lane, &rig_tag(rig_tcp(r, 0, 0), 8)->p, &why), -1);
    ck_assert_int_eq(why, LANE_DROP_WRONG_VID);
    p = rig_tcp(r, 0, 0);
    p->p.len = p->p.hdr_len = 13;
    ck_assert_int_eq(lane_classify(r->lane, &p->p, &why), -1);
    ck_assert_int_eq(why, LANE_DROP_BAD_FRAME);
    rig_destroy(r);
}
END_TEST

START_TEST(lane_step__bad_frames_leave_the_backlog)
{
    struct rig *r = rig_with_lane(NULL);
    struct rig_pkt *shorty = rig_tcp(r, 0, 0);
    shorty->p.len = shorty->p.hdr_len = 10;
    rig_arrive(r, shorty);
    rig_arrive(r, rig_tag(rig_tcp(r, 0, 1), 99));
    rig_arrive(r, rig_tcp(r, 0, 2));
    rig_run(r, LANE_INTR);
    ck_assert_uint_eq(r->dropped[LANE_DROP_BAD_FRAME].pkts, 1);
    ck_assert_uint_eq(r->dropped[LANE_DROP_WRONG_VID].pkts, 1);
    ck_assert_uint_eq(rig_rx(r, LANE_RX_rxsdrops), 2);
    ck_assert_uint_eq(r->got.pkts, 1); /* then alone, so delivered at once */
    ck_assert_uint_eq(lane_backlog(r->lane), 0);
    rig_destroy(r);
}
END_TEST

/* -- properties ------------------------------------------------------------------------------------------------- */

/* The oracle: what came in must come out, once, each connection in order, nothing else. */
struct book {
    unsigned next_seq[8];
    uint64_t delivered;
};
static void settle_book(struct rig *r, struct book *b)
{
    struct lane_pkt *p;
    while ((p = lane_chain_take_one(&r->got)) != NULL) {
        struct rig_pkt *q = rig_of(p);
        ck_assert_uint_ge(q->seq, b->next_seq[q->flow]); /* gaps are drops, counted below */
        b->next_seq[q->flow] = q->seq + 1;
        b->delivered++;
        q->p.next = NULL;
    }
    r->n_got = 0;
}

/* Random arrivals, callers, failures and schedules; after each step every invariant; at the end no packet missing. */
static void random_schedule(uint32_t seed, unsigned steps, unsigned fail_percent, bool latency, unsigned fanout)
{
    struct lane_config config = rig_lane_config(NULL);
    config.fanout = fanout;
    config.tune.latency_optimize = latency;
    config.tune.hiwat_pkts = 60;
    config.tune.lowat_pkts = 20;
    config.tune.poll_thres_pkts = 5;
    config.tune.ring_pkts = 19;
    config.tune.step_pkts = 4;
    struct rig *r = rig_with_lane(&config);
    struct book book = { { 0 }, 0 };
    unsigned seq[8] = { 0 }, threads = lane_thread_count(r->lane), slot = 0;
    uint64_t arrived = 0;
    bool asleep[RIG_THREADS], caller = false;
    memset(asleep, true, sizeof asleep);
    r->random = seed;
    r->irq_reports_waiting = true;
    r->fail_percent = fail_percent;
    for (unsigned i = 0; i < steps + 20000; i++) {
        bool quiet = i >= steps; /* let it run dry */
        if (quiet) r->fail_percent = 0;
        unsigned what = rig_random(r) % 16;
        if (!quiet && what < 3 && r->ring[0].pkts + lane_backlog(r->lane) < 300) {
            for (unsigned n = rig_random(r) % 9; n > 0; n--) {
                unsigned flow = rig_random(r) % 6;
                r->n_pkts = slot++ % RIG_PKTS; /* the store is larger than what can be on its way */
                rig_arrive(r, flow == 5 ? rig_udp(r, flow, seq[flow]) : rig_tcp(r, flow, seq[flow]));
                seq[flow]++;
                arrived++;
            }
            if (r->irq[0]) r->woken[LANE_INTR]++;
        } else if (!quiet && what == 3 && !caller) {
            struct lane_chain chain = { 0 };
            unsigned flow = 6 + rig_random(r) % 2;
            r->n_pkts = slot++ % RIG_PKTS;
            lane_chain_add(&chain, &rig_tcp(r, flow, seq[flow])->p);
            enum lane_step_result in = lane_input(r->lane, &chain, flow == 6);
            if (in != LANE_STEP_BLOCKED) {
                seq[flow]++;
                arrived++;
            }
            caller = in == LANE_STEP_AGAIN;
        } else if (what == 4 && caller) {
            if (rig_random(r) % 4 == 0) {
                lane_hand_over(r->lane);
                caller = false;
            } else if (lane_step(r->lane, LANE_CALLER) == LANE_STEP_SLEEP) {
                caller = false;
            }
        } else {
            unsigned t = rig_random(r) % threads;
            if (r->woken[t]) asleep[t] = false;
            r->woken[t] = 0;
            if (!asleep[t] && lane_step(r->lane, t) == LANE_STEP_SLEEP) asleep[t] = lane_park(r->lane, t);
        }
        const char *broken = lane_check(r->lane);
        ck_assert_msg(!broken, "seed %u step %u: %s", seed, i, broken);
        settle_book(r, &book);
    }
    uint64_t dropped = 0;
    for (int i = 0; i < N_LANE_DROPS; i++) dropped += r->dropped[i].pkts;
    ck_assert_msg(book.delivered + dropped == arrived && r->ring[0].head == NULL, "seed %u: %lu in, %lu out, %lu dropped",
                  seed, (unsigned long)arrived, (unsigned long)book.delivered, (unsigned long)dropped);
    ck_assert_uint_eq(lane_backlog(r->lane), 0);
    ck_assert(!rig_flag(r, LANE_POLLING) && r->irq[0]);
    rig_destroy(r);
}

START_TEST(lane_step__any_schedule_keeps_every_invariant)
{
    for (uint32_t seed = 0; seed < 8; seed++)
        random_schedule(seed * 977 + 5, 20000, seed % 2 * 20, seed % 4 < 2, 1 + seed % 3);
}
END_TEST

/* A slow client against a full ring: the ring, not the lane, must be the queue. */
START_TEST(lane_step__backlog_is_bounded_by_the_low_water_mark_and_a_chain)
{
    struct rig *r = rig_with_lane(NULL);
    uint32_t most = 0;
    for (unsigned round = 0; round < 400; round++) {
        while (r->ring[0].pkts < 600) {
            r->n_pkts %= RIG_PKTS;
            rig_arrive(r, rig_tcp(r, 0, 0));
        }
        if (r->irq[0]) rig_run(r, LANE_INTR);
        if (rig_flag(r, LANE_GET_PKTS)) rig_run(r, LANE_POLL);
        if (lane_backlog(r->lane) > most) most = lane_backlog(r->lane);
        if (round % 3 == 0) rig_run(r, rig_soft(LANE_TCP, 0));
        r->got = (struct lane_chain){ 0 };
    }
    ck_assert_uint_gt(most, 256);
    ck_assert_uint_le(most, 256 + 257);
    ck_assert_uint_eq(rig_rx(r, LANE_RX_rxsdrops), 0);
    rig_destroy(r);
}
END_TEST

Suite *lanes_suite(void)
{
    Suite *s = suite_create("lanes");
    TCase *t = tcase_create("lane");
    tcase_set_timeout(t, 60);
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
    tcase_add_test(t, lane_step__always_enqueue_hands_off_single_packets);
    tcase_add_test(t, lane_step__softrings_are_served_tcp_udp_others);
    tcase_add_test(t, lane_soft_blank__client_pulls_and_backlog_stays);
    tcase_add_test(t, lane_soft_pull__exceeds_the_request_by_at_most_one_packet);
    tcase_add_test(t, lane_soft_blank__restarting_wakes_the_worker);
    tcase_add_test(t, lane_soft_blank__refused_during_a_delivery);
    tcase_add_test(t, lane_classify__one_set_sorts_by_protocol);
    tcase_add_test(t, lane_classify__hash_of_addresses_and_ports);
    tcase_add_test(t, lane_classify__both_directions_share_a_ring_when_the_count_divides_256);
    tcase_add_test(t, lane_classify__fragments_and_strangers_go_to_others);
    tcase_add_test(t, lane_classify__ipv6_goes_to_others_by_its_last_address_words);
    tcase_add_test(t, lane_classify__without_bypass_everything_is_others);
    tcase_add_test(t, lane_classify__round_robin_is_for_udp_alone);
    tcase_add_test(t, lane_classify__vlan_tags);
    tcase_add_test(t, lane_step__bad_frames_leave_the_backlog);
    tcase_add_test(t, lane_step__any_schedule_keeps_every_invariant);
    tcase_add_test(t, lane_step__backlog_is_bounded_by_the_low_water_mark_and_a_chain);
    return s;
}
