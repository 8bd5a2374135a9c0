/* SPDX-License-Identifier: GPL-3.0-or-later
 * test_lane_mac.c -- clients of a device: who gets which frame, and what senders' frames become. */
#include "lane_rig.h"
#include "suites.h"

#include <errno.h>

enum { CLIENTS = 3 };

/* A device with up to three clients; client i has address 02:08:20:00:00:0i, its own rig as environment of its
 * software lane and transmit side, and shares the device's rig as port. */
struct device {
    struct rig *rig;
    struct lane_mac *mac;
    struct rig *of[CLIENTS];
    struct lane_client *client[CLIENTS];
};

static void device_addr(uint8_t addr[LANE_ADDR_BYTES], unsigned i)
{
    static const uint8_t prefix[LANE_ADDR_BYTES] = { 2, 8, 32, 0, 0, 0 };
    memcpy(addr, prefix, LANE_ADDR_BYTES);
    addr[5] = (uint8_t)i;
}

static void add_client(struct device *d, unsigned i, uint16_t vid, bool ip_plumbed)
{
    struct rig *r = d->of[i] = rig_create();
    uint8_t addr[LANE_ADDR_BYTES];
    struct lane_config lane = rig_lane_config(r);
    device_addr(addr, i);
    lane.port = NULL;
    lane.vid = vid;
    ck_assert_int_eq(lane_create(&r->lane, &lane), 0);
    struct lane_client_config config = { .addr = addr, .vid = vid, .ip_plumbed = ip_plumbed, .software = r->lane };
    ck_assert_int_eq(lane_client_add(&d->client[i], d->mac, &config), 0);
    struct lane_tx_config tx = { .env = &r->env, .port = &d->rig->port, .mac = d->mac, .from = d->client[i],
                                 .client_ops = &rig_client_ops, .client = r, .tune = lane_tx_tunables_default() };
    ck_assert_int_eq(lane_tx_create(&r->tx, &tx), 0);
}

static struct device *device_with(unsigned n, const uint16_t *vid, bool ip_plumbed)
{
    struct device *d = calloc(1, sizeof *d);
    d->rig = rig_create();
    struct lane_mac_config config = { .env = &d->rig->env, .port = &d->rig->port, .rings = 1 };
    ck_assert_int_eq(lane_mac_create(&d->mac, &config), 0);
    for (unsigned i = 0; i < n; i++) add_client(d, i, vid ? vid[i] : 0, ip_plumbed);
    return d;
}

static void device_destroy(struct device *d)
{
    lane_mac_destroy(d->mac);
    for (unsigned i = 0; i < CLIENTS; i++)
        if (d->of[i]) rig_destroy(d->of[i]);
    rig_destroy(d->rig);
    free(d);
}

static struct rig_pkt *frame_to(struct rig *r, unsigned client, unsigned seq)
{
    struct rig_pkt *p = rig_tcp(r, client, seq);
    device_addr(p->frame, client);
    return p;
}
static struct rig_pkt *broadcast(struct rig *r, unsigned seq)
{
    struct rig_pkt *p = rig_tcp(r, 0, seq);
    memset(p->frame, 255, LANE_ADDR_BYTES);
    return p;
}

static void run_ring(struct device *d)
{
    enum lane_step_result r = LANE_STEP_AGAIN;
    for (int i = 0; i < 1000 && r != LANE_STEP_SLEEP; i++) r = lane_mac_step(d->mac, 0);
    ck_assert_int_eq(r, LANE_STEP_SLEEP);
}
/* Runs the softrings and the worker of a client, and counts what it got in all. */
static uint32_t got(struct device *d, unsigned i)
{
    rig_run(d->of[i], LANE_WORKER);
    for (unsigned t = LANE_SOFT0; t < lane_thread_count(d->of[i]->lane); t++) rig_run(d->of[i], t);
    return d->of[i]->got.pkts;
}

/* -- from the wire ---------------------------------------------------------------------------------------------- */

START_TEST(lane_mac_step__unicast_goes_to_its_client)
{
    struct device *d = device_with(3, NULL, false);
    for (unsigned i = 0; i < 9; i++) lane_chain_add(&d->rig->ring[0], &frame_to(d->rig, i / 3, i)->p);
    run_ring(d);
    for (unsigned i = 0; i < 3; i++) {
        ck_assert_uint_eq(got(d, i), 3);
        for (struct lane_pkt *p = d->of[i]->got.head; p; p = p->next) ck_assert_uint_eq(rig_of(p)->flow, i);
        /* Consecutive packets for one client entered its lane as one chain (2.3). */
        ck_assert_uint_eq(d->of[i]->charged[LANE_OP_RX_CHAIN], 1);
    }
    ck_assert_uint_eq(d->rig->charged[LANE_OP_CLASSIFY], 9);
    device_destroy(d);
}
END_TEST

START_TEST(lane_mac_step__unmatched_frames_are_dropped)
{
    struct device *d = device_with(2, NULL, false);
    lane_chain_add(&d->rig->ring[0], &frame_to(d->rig, 7, 0)->p);
    lane_chain_add(&d->rig->ring[0], &frame_to(d->rig, 1, 0)->p);
    run_ring(d);
    ck_assert_uint_eq(d->rig->dropped[LANE_DROP_NO_CLIENT].pkts, 1);
    ck_assert_uint_eq(lane_mac_unmatched(d->mac), 1);
    ck_assert_uint_eq(got(d, 0), 0);
    ck_assert_uint_eq(got(d, 1), 1);
    device_destroy(d);
}
END_TEST

START_TEST(lane_mac_step__single_active_client_gets_everything_unlooked)
{
    struct device *d = device_with(1, NULL, false);
    lane_chain_add(&d->rig->ring[0], &frame_to(d->rig, 7, 0)->p);
    run_ring(d);
    ck_assert_uint_eq(got(d, 0), 1);
    ck_assert_uint_eq(d->rig->charged[LANE_OP_CLASSIFY], 0);
    device_destroy(d);
}
END_TEST

START_TEST(lane_mac_step__broadcast_reaches_every_client_of_the_vlan_once)
{
    static const uint16_t vid[] = { 0, 5, 0 };
    struct device *d = device_with(3, vid, false);
    lane_chain_add(&d->rig->ring[0], &broadcast(d->rig, 0)->p);
    lane_chain_add(&d->rig->ring[0], &rig_tag(broadcast(d->rig, 1), 5)->p);
    run_ring(d);
    ck_assert_uint_eq(got(d, 0), 1);
    ck_assert_uint_eq(got(d, 1), 1);
    ck_assert_uint_eq(got(d, 2), 1);
    ck_assert_uint_eq(lane_client_counters(d->client[1])[LANE_MISC_brdcstrcv], 1);
    ck_assert_uint_eq(lane_client_counters(d->client[1])[LANE_MISC_brdcstrcvbytes], RIG_FRAME);
    ck_assert_uint_eq(d->rig->sent.pkts, 0);
    device_destroy(d);
}
END_TEST

START_TEST(lane_mac_step__vlans_do_not_see_each_other)
{
    static const uint16_t vid[] = { 5, 6 };
    struct device *d = device_with(2, vid, false);
    lane_chain_add(&d->rig->ring[0], &rig_tag(frame_to(d->rig, 0, 0), 5 + 1024)->p); /* same bucket */
    lane_chain_add(&d->rig->ring[0], &frame_to(d->rig, 0, 1)->p);
    lane_chain_add(&d->rig->ring[0], &rig_tag(frame_to(d->rig, 0, 2), 5)->p);
    run_ring(d);
    ck_assert_uint_eq(got(d, 0), 1);
    ck_assert_uint_eq(got(d, 1), 0);
    ck_assert_uint_eq(lane_mac_unmatched(d->mac), 2);
    device_destroy(d);
}
END_TEST

START_TEST(lane_client_join__multicast_reaches_members_alone)
{
    static const uint8_t group[LANE_ADDR_BYTES] = { 1, 0, 94, 1, 2, 3 };
    struct device *d = device_with(3, NULL, false);
    ck_assert_int_eq(lane_client_join(d->client[0], group), 0);
    ck_assert_int_eq(lane_client_join(d->client[2], group), 0);
    for (unsigned round = 0; round < 3; round++) {
        struct rig_pkt *p = rig_tcp(d->rig, 0, round);
        memcpy(p->frame, group, LANE_ADDR_BYTES);
        lane_chain_add(&d->rig->ring[0], &p->p);
        run_ring(d);
        lane_client_leave(d->client[round == 0 ? 0 : 2], group);
    }
    ck_assert_uint_eq(got(d, 0), 1);
    ck_assert_uint_eq(got(d, 1), 0);
    ck_assert_uint_eq(got(d, 2), 2);
    ck_assert_uint_eq(lane_mac_unmatched(d->mac), 1);
    ck_assert_uint_eq(lane_client_counters(d->client[2])[LANE_MISC_multircv], 2);
    ck_assert_int_eq(lane_client_join(d->client[0], d->rig->pkt[0].frame + 6), -EINVAL);
    device_destroy(d);
}
END_TEST

START_TEST(lane_mac_step__blocked_lanes_are_tried_again)
{
    struct device *d = device_with(2, NULL, false);
    lane_chain_add(&d->rig->ring[0], &broadcast(d->rig, 0)->p);
    d->of[1]->fail_lock = 1u << LANE_LOCK;
    ck_assert_int_eq(lane_mac_step(d->mac, 0), LANE_STEP_BLOCKED);
    ck_assert_int_eq(lane_mac_step(d->mac, 0), LANE_STEP_BLOCKED);
    d->of[1]->fail_lock = 0;
    run_ring(d);
    ck_assert_uint_eq(got(d, 0), 1);
    ck_assert_uint_eq(got(d, 1), 1);
    device_destroy(d);
}
END_TEST

START_TEST(lane_mac_step__one_step_is_bounded)
{
    struct device *d = device_with(2, NULL, false);
    for (unsigned i = 0; i < 300; i++) lane_chain_add(&d->rig->ring[0], &frame_to(d->rig, i % 2, i)->p);
    unsigned steps = 1;
    while (lane_mac_step(d->mac, 0) == LANE_STEP_AGAIN) steps++;
    ck_assert_uint_ge(steps, 2 * 300 / 32);
    ck_assert_uint_eq(got(d, 0) + got(d, 1), 300);
    device_destroy(d);
}
END_TEST

START_TEST(lane_client_add__address_and_vlan_are_unique)
{
    struct device *d = device_with(2, NULL, false);
    struct lane_client *c;
    uint8_t addr[LANE_ADDR_BYTES];
    device_addr(addr, 1);
    struct lane_client_config config = { .addr = addr, .software = d->of[1]->lane };
    ck_assert_int_eq(lane_client_add(&c, d->mac, &config), -EEXIST);
    config.vid = 9;
    ck_assert_int_eq(lane_client_add(&c, d->mac, &config), 0);
    ck_assert_uint_eq(lane_mac_active(d->mac), 3);
    lane_client_remove(c);
    addr[0] |= 1;
    ck_assert_int_eq(lane_client_add(&c, d->mac, &config), -EINVAL);
    config.addr = NULL;
    ck_assert_int_eq(lane_client_add(&c, d->mac, &config), 0);
    ck_assert_uint_eq(lane_mac_clients(d->mac), 3);
    ck_assert_uint_eq(lane_mac_active(d->mac), 2);
    device_destroy(d);
}
END_TEST

START_TEST(lane_client_remove__its_frames_match_nothing)
{
    struct device *d = device_with(3, NULL, false);
    lane_client_remove(d->client[2]);
    lane_chain_add(&d->rig->ring[0], &frame_to(d->rig, 2, 0)->p);
    lane_chain_add(&d->rig->ring[0], &broadcast(d->rig, 1)->p);
    run_ring(d);
    ck_assert_uint_eq(got(d, 2), 0);
    ck_assert_uint_eq(got(d, 0), 1);
    ck_assert_uint_eq(lane_mac_unmatched(d->mac), 1);
    device_destroy(d);
}
END_TEST

/* -- between clients -------------------------------------------------------------------------------------------- */

static enum lane_tx_result send_one(struct device *d, unsigned from, struct rig_pkt *p)
{
    struct lane_pkt *list = &p->p;
    return lane_tx_send(d->of[from]->tx, &list, 0);
}
static uint64_t tx_counter(struct device *d, unsigned i, enum lane_tx_counter c)
{
    return lane_tx_counters(d->of[i]->tx)[c];
}

START_TEST(lane_tx_send__local_unicast_never_touches_the_wire)
{
    struct device *d = device_with(2, NULL, true);
    ck_assert_int_eq(send_one(d, 0, frame_to(d->rig, 1, 0)), LANE_TX_DONE);
    ck_assert_uint_eq(d->of[1]->woken[LANE_WORKER], 1); /* both have IP: the receiver's worker (5.3) */
    ck_assert_uint_eq(d->of[1]->got.pkts, 0);
    ck_assert_uint_eq(got(d, 1), 1);
    ck_assert_uint_eq(rig_rx(d->of[1], LANE_RX_local), 1);
    ck_assert_uint_eq(tx_counter(d, 0, LANE_TX_opackets), 1);
    ck_assert_uint_eq(d->rig->sent.pkts, 0);
    device_destroy(d);
}
END_TEST

START_TEST(lane_tx_send__without_ip_local_packets_are_delivered_by_the_sender)
{
    struct device *d = device_with(2, NULL, false);
    ck_assert_int_eq(send_one(d, 0, frame_to(d->rig, 1, 0)), LANE_TX_DONE);
    ck_assert_uint_eq(d->of[1]->got.pkts, 1);
    ck_assert_uint_eq(rig_rx(d->of[1], LANE_RX_intrs), 1); /* and count as interrupts (5.4) */
    device_destroy(d);
}
END_TEST

START_TEST(lane_tx_send__receiver_that_cannot_take_is_left_to_its_worker)
{
    struct device *d = device_with(2, NULL, false);
    d->of[1]->take = 0;
    ck_assert_int_eq(send_one(d, 0, frame_to(d->rig, 1, 0)), LANE_TX_DONE);
    ck_assert_uint_eq(d->of[1]->got.pkts, 0);
    d->of[1]->take = -1;
    ck_assert_uint_eq(got(d, 1), 1);
    device_destroy(d);
}
END_TEST

START_TEST(lane_tx_send__unknown_unicast_goes_to_the_wire_alone)
{
    struct device *d = device_with(3, NULL, false);
    ck_assert_int_eq(send_one(d, 0, frame_to(d->rig, 9, 0)), LANE_TX_DONE);
    ck_assert_uint_eq(d->rig->sent.pkts, 1);
    ck_assert_uint_eq(got(d, 1) + got(d, 2), 0);
    device_destroy(d);
}
END_TEST

START_TEST(lane_tx_send__broadcast_reaches_siblings_and_the_wire_once)
{
    struct device *d = device_with(3, NULL, true);
    ck_assert_int_eq(send_one(d, 1, broadcast(d->rig, 0)), LANE_TX_DONE);
    ck_assert_uint_eq(got(d, 0), 1);
    ck_assert_uint_eq(got(d, 1), 0); /* never the sender */
    ck_assert_uint_eq(got(d, 2), 1);
    ck_assert_uint_eq(d->rig->sent.pkts, 1);
    ck_assert_uint_eq(tx_counter(d, 1, LANE_TX_opackets), 1);
    ck_assert_uint_eq(lane_client_counters(d->client[1])[LANE_MISC_brdcstxmt], 1);
    device_destroy(d);
}
END_TEST

START_TEST(lane_tx_send__broadcast_interrupted_anywhere_makes_no_second_copy)
{
    struct device *d = device_with(3, NULL, true);
    struct lane_pkt *list = &broadcast(d->rig, 0)->p;
    d->of[2]->fail_lock = 1u << LANE_LOCK;
    ck_assert_int_eq(lane_tx_send(d->of[0]->tx, &list, 0), LANE_TX_RETRY);
    ck_assert_ptr_nonnull(list);
    d->of[2]->fail_lock = 0;
    d->rig->descriptors = 0; /* the copies are made, the wire has to wait */
    ck_assert_int_eq(lane_tx_send(d->of[0]->tx, &list, 0), LANE_TX_DONE);
    d->rig->descriptors = 10;
    while (lane_tx_step(d->of[0]->tx) == LANE_STEP_AGAIN) {}
    ck_assert_uint_eq(got(d, 1), 1);
    ck_assert_uint_eq(got(d, 2), 1);
    ck_assert_uint_eq(d->rig->sent.pkts, 1);
    ck_assert_uint_eq(lane_client_counters(d->client[0])[LANE_MISC_brdcstxmt], 1);
    ck_assert_ptr_null(lane_tx_check(d->of[0]->tx));
    device_destroy(d);
}
END_TEST

START_TEST(lane_tx_send__busy_receiver_leaves_the_rest_with_the_sender)
{
    struct device *d = device_with(2, NULL, true);
    static const unsigned to[] = { 9, 1, 9 };
    struct lane_chain chain = { 0 };
    for (unsigned i = 0; i < 3; i++) lane_chain_add(&chain, &frame_to(d->rig, to[i], i)->p);
    d->of[1]->fail_lock = 1u << LANE_LOCK;
    ck_assert_int_eq(lane_tx_send(d->of[0]->tx, &chain.head, 0), LANE_TX_RETRY);
    ck_assert_uint_eq(d->rig->sent.pkts, 1);
    ck_assert_uint_eq(lane_chain_of(chain.head).pkts, 2);
    d->of[1]->fail_lock = 0;
    ck_assert_int_eq(lane_tx_send(d->of[0]->tx, &chain.head, 0), LANE_TX_DONE);
    ck_assert_uint_eq(d->rig->sent.pkts, 2);
    ck_assert_uint_eq(got(d, 1), 1);
    device_destroy(d);
}
END_TEST

START_TEST(lane_tx_send__copies_for_clients_without_ip_are_delivered_by_the_sender)
{
    struct device *d = device_with(3, NULL, false);
    ck_assert_int_eq(send_one(d, 0, broadcast(d->rig, 0)), LANE_TX_DONE);
    ck_assert_uint_eq(d->of[1]->got.pkts, 1);
    ck_assert_uint_eq(d->of[2]->got.pkts, 1);
    device_destroy(d);
}
END_TEST

START_TEST(lane_tx_send__shortage_in_a_mixed_chain_loses_nothing)
{
    struct device *d = device_with(2, NULL, true);
    static const unsigned to[] = { 9, 9, 1, 9, 1 };
    struct lane_chain chain = { 0 };
    for (unsigned i = 0; i < 5; i++) lane_chain_add(&chain, &frame_to(d->rig, to[i], i)->p);
    d->rig->descriptors = 1;
    ck_assert_int_eq(lane_tx_send(d->of[0]->tx, &chain.head, 0), LANE_TX_DONE);
    ck_assert_uint_eq(lane_tx_queued(d->of[0]->tx), 4); /* all behind the one that had to wait */
    d->rig->descriptors = 9;
    while (lane_tx_step(d->of[0]->tx) == LANE_STEP_AGAIN) {}
    ck_assert_uint_eq(d->rig->sent.pkts, 3);
    ck_assert_uint_eq(got(d, 1), 2);
    ck_assert_ptr_null(lane_tx_check(d->of[0]->tx));
    device_destroy(d);
}
END_TEST

START_TEST(lane_tx_send__a_mixed_chain_is_split_in_order)
{
    struct device *d = device_with(2, NULL, true);
    static const unsigned to[] = { 9, 9, 1, 9, 1, 1, 8 };
    struct lane_chain chain = { 0 };
    for (unsigned i = 0; i < 7; i++) lane_chain_add(&chain, &frame_to(d->rig, to[i], i)->p);
    ck_assert_int_eq(lane_tx_send(d->of[0]->tx, &chain.head, 0), LANE_TX_DONE);
    ck_assert_uint_eq(got(d, 1), 3);
    ck_assert_uint_eq(d->rig->sent.pkts, 4);
    unsigned last = 0;
    for (struct lane_pkt *p = d->rig->sent.head; p; p = p->next) {
        ck_assert_uint_ge(rig_of(p)->seq, last);
        last = rig_of(p)->seq;
    }
    ck_assert_uint_eq(d->rig->tx_bursts, 3); /* runs: two, one, one */
    device_destroy(d);
}
END_TEST

START_TEST(lane_tx_send__vlan_client_is_tagged_and_may_not_tag_itself)
{
    static const uint16_t vid[] = { 5, 5, 0 };
    struct device *d = device_with(3, vid, true);
    ck_assert_int_eq(send_one(d, 0, frame_to(d->rig, 9, 0)), LANE_TX_DONE);
    ck_assert(d->rig->sent.head->flags & LANE_PKT_INSERT_TAG);
    ck_assert_uint_eq(d->rig->sent.head->vid, 5);
    ck_assert_int_eq(send_one(d, 0, rig_tag(frame_to(d->rig, 9, 1), 5)), LANE_TX_DONE);
    ck_assert_uint_eq(d->of[0]->dropped[LANE_DROP_TX_TAG].pkts, 1);
    ck_assert_uint_eq(tx_counter(d, 0, LANE_TX_oerrors), 1);
    ck_assert_uint_eq(tx_counter(d, 0, LANE_TX_opackets), 2); /* counted even so (3.22) */
    ck_assert_int_eq(send_one(d, 0, frame_to(d->rig, 1, 2)), LANE_TX_DONE); /* same VLAN: local */
    ck_assert_uint_eq(got(d, 1), 1);
    ck_assert_int_eq(send_one(d, 2, frame_to(d->rig, 1, 3)), LANE_TX_DONE); /* other VLAN: wire */
    ck_assert_uint_eq(d->rig->sent.pkts, 2);
    ck_assert_ptr_null(lane_tx_check(d->of[0]->tx));
    device_destroy(d);
}
END_TEST

Suite *lane_mac_suite(void)
{
    Suite *s = suite_create("lane_mac");
    TCase *t = tcase_create("mac");
    suite_add_tcase(s, t);
    tcase_add_test(t, lane_mac_step__unicast_goes_to_its_client);
    tcase_add_test(t, lane_mac_step__unmatched_frames_are_dropped);
    tcase_add_test(t, lane_mac_step__single_active_client_gets_everything_unlooked);
    tcase_add_test(t, lane_mac_step__broadcast_reaches_every_client_of_the_vlan_once);
    tcase_add_test(t, lane_mac_step__vlans_do_not_see_each_other);
    tcase_add_test(t, lane_client_join__multicast_reaches_members_alone);
    tcase_add_test(t, lane_mac_step__blocked_lanes_are_tried_again);
    tcase_add_test(t, lane_mac_step__one_step_is_bounded);
    tcase_add_test(t, lane_client_add__address_and_vlan_are_unique);
    tcase_add_test(t, lane_client_remove__its_frames_match_nothing);
    tcase_add_test(t, lane_tx_send__local_unicast_never_touches_the_wire);
    tcase_add_test(t, lane_tx_send__without_ip_local_packets_are_delivered_by_the_sender);
    tcase_add_test(t, lane_tx_send__receiver_that_cannot_take_is_left_to_its_worker);
    tcase_add_test(t, lane_tx_send__unknown_unicast_goes_to_the_wire_alone);
    tcase_add_test(t, lane_tx_send__broadcast_reaches_siblings_and_the_wire_once);
    tcase_add_test(t, lane_tx_send__broadcast_interrupted_anywhere_makes_no_second_copy);
    tcase_add_test(t, lane_tx_send__busy_receiver_leaves_the_rest_with_the_sender);
    tcase_add_test(t, lane_tx_send__copies_for_clients_without_ip_are_delivered_by_the_sender);
    tcase_add_test(t, lane_tx_send__shortage_in_a_mixed_chain_loses_nothing);
    tcase_add_test(t, lane_tx_send__a_mixed_chain_is_split_in_order);
    tcase_add_test(t, lane_tx_send__vlan_client_is_tagged_and_may_not_tag_itself);
    return s;
}
