/* SPDX-License-Identifier: GPL-3.0-or-later
 * test_lane_tx.c -- transmit in default mode: descriptors run out, come back, and senders are held back meanwhile. */
#include "lane_rig.h"
#include "suites.h"

static struct rig *rig_with_tx(uint32_t hiwat, uint32_t max)
{
    struct rig *r = rig_create();
    struct lane_tx_config config = { .env = &r->env, .port = &r->port, .client_ops = &rig_client_ops, .client = r,
                                     .tune = lane_tx_tunables_default() };
    if (hiwat) config.tune.hiwat_pkts = hiwat;
    if (max) config.tune.max_pkts = max;
    ck_assert_int_eq(lane_tx_create(&r->tx, &config), 0);
    return r;
}

static unsigned sent_seq;
static enum lane_tx_result send_n(struct rig *r, unsigned n, unsigned flags, struct lane_pkt **back)
{
    struct lane_chain chain = { 0 };
    for (unsigned i = 0; i < n; i++) {
        r->n_pkts %= RIG_PKTS;
        lane_chain_add(&chain, &rig_tcp(r, 0, sent_seq++)->p);
    }
    enum lane_tx_result result = lane_tx_send(r->tx, &chain.head, flags);
    if (back) *back = chain.head;
    ck_assert_uint_eq(r->locks_held, 0);
    const char *broken = lane_tx_check(r->tx);
    ck_assert_msg(!broken, "%s", broken);
    return result;
}
static enum lane_step_result run_worker(struct rig *r)
{
    enum lane_step_result result = LANE_STEP_AGAIN;
    while (result == LANE_STEP_AGAIN) {
        result = lane_tx_step(r->tx);
        ck_assert_uint_eq(r->locks_held, 0);
        const char *broken = lane_tx_check(r->tx);
        ck_assert_msg(!broken, "%s", broken);
    }
    return result;
}
static uint64_t counter(const struct rig *r, enum lane_tx_counter c) { return lane_tx_counters(r->tx)[c]; }
static void assert_sent_in_order(const struct rig *r)
{
    for (struct lane_pkt *p = r->sent.head; p && p->next; p = p->next)
        ck_assert_uint_lt(rig_of(p)->seq, rig_of(p->next)->seq);
}
/* Out of descriptors, with 'n' packets queued and the worker waiting for a reclaim. */
static struct rig *rig_blocked(unsigned n, uint32_t hiwat, uint32_t max)
{
    struct rig *r = rig_with_tx(hiwat, max);
    r->descriptors = 0;
    if (n) send_n(r, n, 0, NULL);
    run_worker(r);
    return r;
}

START_TEST(lane_tx_create__wrong_version_is_refused)
{
    struct rig *r = rig_create();
    struct lane_env_ops ops = rig_env_ops;
    struct lane_env env = { &ops };
    struct lane_tx_config config = { .env = &env, .port = &r->port, .client_ops = &rig_client_ops,
                                     .tune = lane_tx_tunables_default() };
    ops.version++;
    ck_assert_int_lt(lane_tx_create(&r->tx, &config), 0);
    ck_assert_uint_eq(config.tune.hiwat_pkts, 1000);
    ck_assert_uint_eq(config.tune.max_pkts, 100000);
    rig_destroy(r);
}
END_TEST

START_TEST(lane_tx_send__sender_gives_the_packet_to_the_port)
{
    struct rig *r = rig_with_tx(0, 0);
    ck_assert_int_eq(send_n(r, 1, 0, NULL), LANE_TX_DONE);
    ck_assert_uint_eq(r->sent.pkts, 1);
    ck_assert_uint_eq(counter(r, LANE_TX_opackets), 1);
    ck_assert_uint_eq(counter(r, LANE_TX_obytes), RIG_FRAME);
    ck_assert_uint_eq(r->woken[LANE_TX_WORKER], 0);
    ck_assert_uint_eq(r->charged[LANE_OP_TX_PACKET], 1);
    rig_destroy(r);
}
END_TEST

START_TEST(lane_tx_send__shortage_queues_the_rest_and_wakes_the_worker)
{
    struct rig *r = rig_with_tx(0, 0);
    r->descriptors = 3;
    ck_assert_int_eq(send_n(r, 5, 0, NULL), LANE_TX_DONE);
    ck_assert_uint_eq(lane_tx_queued(r->tx), 2);
    ck_assert_uint_eq(r->woken[LANE_TX_WORKER], 1);
    ck_assert_uint_eq(counter(r, LANE_TX_opackets), 3);
    ck_assert_uint_eq(counter(r, LANE_TX_blockcnt), 0); /* only the worker says so (3.12) */
    ck_assert_int_eq(run_worker(r), LANE_STEP_SLEEP);
    ck_assert_uint_eq(counter(r, LANE_TX_blockcnt), 1);
    ck_assert(lane_tx_park(r->tx));
    rig_destroy(r);
}
END_TEST

START_TEST(lane_tx_send__later_senders_queue_behind)
{
    struct rig *r = rig_blocked(2, 0, 0);
    r->descriptors = 100; /* free again, but the worker has not run */
    unsigned bursts = r->tx_bursts;
    ck_assert_int_eq(send_n(r, 1, 0, NULL), LANE_TX_DONE);
    ck_assert_uint_eq(r->tx_bursts, bursts);
    ck_assert_uint_eq(lane_tx_queued(r->tx), 3);
    lane_tx_update(r->tx);
    run_worker(r);
    ck_assert_uint_eq(r->sent.pkts, 3);
    assert_sent_in_order(r);
    rig_destroy(r);
}
END_TEST

START_TEST(lane_tx_update__releases_the_worker)
{
    struct rig *r = rig_blocked(5, 0, 0);
    ck_assert(lane_tx_park(r->tx));
    r->woken[LANE_TX_WORKER] = 0;
    r->descriptors = 2;
    lane_tx_update(r->tx);
    ck_assert_uint_eq(counter(r, LANE_TX_unblockcnt), 1);
    ck_assert_uint_eq(r->woken[LANE_TX_WORKER], 1);
    run_worker(r);
    ck_assert_uint_eq(r->sent.pkts, 2);
    ck_assert_uint_eq(counter(r, LANE_TX_blockcnt), 2); /* out again */
    lane_tx_update(r->tx);
    lane_tx_update(r->tx); /* a second one finds nobody blocked */
    ck_assert_uint_eq(counter(r, LANE_TX_unblockcnt), 2);
    rig_destroy(r);
}
END_TEST

/* The reclaim slips in between the refused burst and the worker's declaring itself blocked (3.14). */
START_TEST(lane_tx_step__reclaim_before_blocking_is_not_lost)
{
    struct rig *r = rig_with_tx(0, 0);
    r->descriptors = 0;
    send_n(r, 2, 0, NULL);
    ck_assert_int_eq(lane_tx_step(r->tx), LANE_STEP_AGAIN); /* took the queue */
    r->fail_lock = 1u << LANE_TX_LOCK;
    ck_assert_int_eq(lane_tx_step(r->tx), LANE_STEP_BLOCKED); /* refused by the port, not yet blocked */
    r->descriptors = 10;
    lane_tx_update(r->tx);
    r->fail_lock = 0;
    ck_assert_int_eq(run_worker(r), LANE_STEP_SLEEP);
    ck_assert_uint_eq(r->sent.pkts, 2);
    ck_assert_uint_eq(counter(r, LANE_TX_blockcnt), 0);
    ck_assert_uint_eq(counter(r, LANE_TX_unblockcnt), 0);
    rig_destroy(r);
}
END_TEST

START_TEST(lane_tx_send__sender_is_told_to_stop_above_1000)
{
    struct rig *r = rig_blocked(1000, 0, 0);
    ck_assert_int_eq(send_n(r, 1, 0, NULL), LANE_TX_DONE); /* 1000 wait: not above 1000 */
    ck_assert(!lane_tx_flow_controlled(r->tx));
    ck_assert_int_eq(send_n(r, 1, 0, NULL), LANE_TX_FLOW); /* 1001 wait; queued even so (3.9) */
    ck_assert_uint_eq(lane_tx_queued(r->tx), 1002);
    ck_assert(lane_tx_flow_controlled(r->tx));
    rig_destroy(r);
}
END_TEST

START_TEST(lane_tx_send__drops_above_the_maximum)
{
    struct rig *r = rig_blocked(31, 20, 30);
    ck_assert_int_eq(send_n(r, 3, 0, NULL), LANE_TX_FLOW);
    ck_assert_uint_eq(r->dropped[LANE_DROP_TX_FULL].pkts, 3);
    ck_assert_uint_eq(counter(r, LANE_TX_txsdrops), 3);
    ck_assert_uint_eq(lane_tx_queued(r->tx), 31);
    rig_destroy(r);
}
END_TEST

START_TEST(lane_tx_step__senders_are_released_when_the_queue_is_empty)
{
    struct rig *r = rig_blocked(11, 10, 0);
    ck_assert_int_eq(send_n(r, 1, 0, NULL), LANE_TX_FLOW);
    r->descriptors = 11;
    lane_tx_update(r->tx);
    run_worker(r);
    ck_assert_uint_eq(lane_tx_queued(r->tx), 1);
    ck_assert_uint_eq(r->notified, 0); /* not at the high water mark: completely empty (3.16) */
    r->descriptors = 5;
    lane_tx_update(r->tx);
    run_worker(r);
    ck_assert_uint_eq(r->notified, 1);
    ck_assert(!lane_tx_flow_controlled(r->tx));
    assert_sent_in_order(r);
    unsigned bursts = r->tx_bursts;
    ck_assert_int_eq(send_n(r, 1, 0, NULL), LANE_TX_DONE); /* directly again */
    ck_assert_uint_eq(r->tx_bursts, bursts + 1);
    rig_destroy(r);
}
END_TEST

START_TEST(lane_tx_step__nobody_stopped_nobody_notified)
{
    struct rig *r = rig_blocked(3, 0, 0);
    r->descriptors = 10;
    lane_tx_update(r->tx);
    run_worker(r);
    ck_assert_uint_eq(r->sent.pkts, 3);
    ck_assert_uint_eq(r->notified, 0);
    rig_destroy(r);
}
END_TEST

START_TEST(lane_tx_send__drop_on_no_desc_counts_a_chain_once)
{
    struct rig *r = rig_with_tx(0, 0);
    r->descriptors = 1;
    ck_assert_int_eq(send_n(r, 4, LANE_TX_DROP_ON_NO_DESC, NULL), LANE_TX_DONE);
    ck_assert_uint_eq(r->sent.pkts, 1);
    ck_assert_uint_eq(r->dropped[LANE_DROP_TX_NODESC].pkts, 3);
    ck_assert_uint_eq(counter(r, LANE_TX_txsdrops), 1); /* 3.11 */
    ck_assert_uint_eq(lane_tx_queued(r->tx), 0);
    rig_destroy(r);
}
END_TEST

START_TEST(lane_tx_send__no_enqueue_is_queued_once_then_returned)
{
    struct rig *r = rig_with_tx(0, 0);
    struct lane_pkt *back;
    r->descriptors = 0;
    ck_assert_int_eq(send_n(r, 1, LANE_TX_NO_ENQUEUE, &back), LANE_TX_DONE); /* first shortage (3.12) */
    ck_assert_ptr_null(back);
    ck_assert_int_eq(send_n(r, 2, LANE_TX_NO_ENQUEUE, &back), LANE_TX_RETURNED);
    ck_assert_uint_eq(lane_chain_of(back).pkts, 2);
    ck_assert(lane_tx_flow_controlled(r->tx));
    r->descriptors = 10;
    lane_tx_update(r->tx);
    run_worker(r);
    ck_assert_uint_eq(r->notified, 1);
    rig_destroy(r);
}
END_TEST

START_TEST(lane_tx_send__busy_port_or_lock_changes_nothing)
{
    struct rig *r = rig_with_tx(0, 0);
    struct lane_pkt *back;
    r->fail_port = true;
    ck_assert_int_eq(send_n(r, 2, 0, &back), LANE_TX_RETRY);
    ck_assert_uint_eq(lane_chain_of(back).pkts, 2);
    ck_assert_uint_eq(counter(r, LANE_TX_opackets), 0);
    ck_assert_uint_eq(r->charged[LANE_OP_TX_PACKET], 0);
    r->fail_port = false;
    r->descriptors = 0;
    r->fail_lock = 1u << LANE_TX_LOCK;
    ck_assert_int_eq(lane_tx_send(r->tx, &back, 0), LANE_TX_RETRY);
    ck_assert_uint_eq(lane_chain_of(back).pkts, 2);
    r->fail_lock = 0;
    ck_assert_int_eq(lane_tx_send(r->tx, &back, 0), LANE_TX_DONE);
    ck_assert_uint_eq(lane_tx_queued(r->tx), 2);
    rig_destroy(r);
}
END_TEST

/* Random sends, reclaims, failures and worker steps: nothing is lost, order holds, senders are always released. */
static void random_schedule(uint32_t seed)
{
    struct rig *r = rig_with_tx(20, 60);
    uint64_t accepted = 0, sent = 0;
    unsigned next = sent_seq, slots = 0;
    bool stopped = false, asleep = true;
    struct lane_pkt *pending = NULL;
    r->random = seed;
    r->descriptors = 8;
    for (unsigned i = 0; i < 30000; i++) {
        bool quiet = i >= 25000;
        r->fail_percent = quiet ? 0 : 15;
        unsigned what = rig_random(r) % 8;
        if (r->notified) {
            stopped = false;
            r->notified = 0;
        }
        if (pending || (!quiet && what < 3 && !stopped)) {
            if (!pending) {
                struct lane_chain chain = { 0 };
                for (unsigned n = rig_random(r) % 5 + 1; n > 0; n--) {
                    r->n_pkts = slots++ % RIG_PKTS;
                    lane_chain_add(&chain, &rig_tcp(r, 0, sent_seq++)->p);
                    accepted++;
                }
                pending = chain.head;
            }
            if (lane_tx_send(r->tx, &pending, 0) == LANE_TX_FLOW) stopped = true;
        } else if (what == 3) {
            bool refused = r->descriptors == 0;
            r->descriptors += rig_random(r) % 8 + 1;
            if (refused) lane_tx_update(r->tx);
        } else {
            if (r->woken[0]) asleep = false;
            r->woken[0] = 0;
            if (!asleep && lane_tx_step(r->tx) == LANE_STEP_SLEEP) asleep = lane_tx_park(r->tx);
        }
        const char *broken = lane_tx_check(r->tx);
        ck_assert_msg(!broken, "seed %u step %u: %s", seed, i, broken);
        struct lane_pkt *p;
        while ((p = lane_chain_take_one(&r->sent)) != NULL) {
            ck_assert_uint_eq(rig_of(p)->seq, next);
            next++;
            sent++;
        }
    }
    ck_assert_uint_eq(accepted, sent);
    ck_assert(!lane_tx_flow_controlled(r->tx));
    rig_destroy(r);
}

START_TEST(lane_tx_send__any_schedule_keeps_order_and_loses_nothing)
{
    for (uint32_t seed = 1; seed <= 6; seed++) random_schedule(seed);
}
END_TEST

Suite *lane_tx_suite(void)
{
    Suite *s = suite_create("lane_tx");
    TCase *t = tcase_create("tx");
    tcase_set_timeout(t, 30);
    suite_add_tcase(s, t);
    tcase_add_test(t, lane_tx_create__wrong_version_is_refused);
    tcase_add_test(t, lane_tx_send__sender_gives_the_packet_to_the_port);
    tcase_add_test(t, lane_tx_send__shortage_queues_the_rest_and_wakes_the_worker);
    tcase_add_test(t, lane_tx_send__later_senders_queue_behind);
    tcase_add_test(t, lane_tx_update__releases_the_worker);
    tcase_add_test(t, lane_tx_step__reclaim_before_blocking_is_not_lost);
    tcase_add_test(t, lane_tx_send__sender_is_told_to_stop_above_1000);
    tcase_add_test(t, lane_tx_send__drops_above_the_maximum);
    tcase_add_test(t, lane_tx_step__senders_are_released_when_the_queue_is_empty);
    tcase_add_test(t, lane_tx_step__nobody_stopped_nobody_notified);
    tcase_add_test(t, lane_tx_send__drop_on_no_desc_counts_a_chain_once);
    tcase_add_test(t, lane_tx_send__no_enqueue_is_queued_once_then_returned);
    tcase_add_test(t, lane_tx_send__busy_port_or_lock_changes_nothing);
    tcase_add_test(t, lane_tx_send__any_schedule_keeps_order_and_loses_nothing);
    return s;
}
