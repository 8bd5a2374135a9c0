/* SPDX-License-Identifier: GPL-3.0-or-later
 * test_lane_softrings.c -- which softring a packet goes to, and how it gets from there to the client. */
#include "lane_rig.h"
#include "suites.h"

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

/* A client that works on what it took before it is done: the backlog stays until the thread is stepped again. */
START_TEST(lane_step__backlog_falls_when_the_client_is_done)
{
    struct rig *r = rig_with_lane(NULL);
    r->at_work = true;
    rig_arrive_tcp(r, 5);
    while (lane_step(r->lane, LANE_INTR) == LANE_STEP_AGAIN) continue;
    ck_assert_int_eq(lane_step(r->lane, rig_soft(LANE_TCP, 0)), LANE_STEP_AGAIN);
    ck_assert_uint_eq(r->got.pkts, 5);
    ck_assert_uint_eq(lane_backlog(r->lane), 5);
    ck_assert_int_eq(lane_step(r->lane, rig_soft(LANE_TCP, 0)), LANE_STEP_SLEEP);
    ck_assert_uint_eq(r->deliveries, 1);
    ck_assert_uint_eq(lane_backlog(r->lane), 0);
    rig_destroy(r);
}
END_TEST

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

Suite *lane_softrings_suite(void)
{
    Suite *s = suite_create("lane_softrings");
    TCase *t = tcase_create("softrings");
    suite_add_tcase(s, t);
    tcase_add_test(t, lane_step__always_enqueue_hands_off_single_packets);
    tcase_add_test(t, lane_step__softrings_are_served_tcp_udp_others);
    tcase_add_test(t, lane_soft_blank__client_pulls_and_backlog_stays);
    tcase_add_test(t, lane_soft_pull__exceeds_the_request_by_at_most_one_packet);
    tcase_add_test(t, lane_soft_blank__restarting_wakes_the_worker);
    tcase_add_test(t, lane_step__backlog_falls_when_the_client_is_done);
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
    return s;
}
