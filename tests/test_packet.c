/* SPDX-License-Identifier: GPL-3.0-or-later
 * test_packet.c -- the pool, its ledger and who owns what. */
#include <check.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>

#include "net/packet.h"
#include "suites.h"

static struct packet_pool *pool;
static const sim_time now = { 77 };

static void setup(void)
{
    pool = packet_pool_create();
}

static void teardown(void)
{
    packet_pool_destroy(pool);
}

START_TEST(packet_new__zero_but_for_id_and_birth)
{
    for (int round = 0; round < 2; round++) {
        struct packet *p = packet_new(pool, now);
        ck_assert_uint_eq(p->id, (uint64_t)round);
        ck_assert_int_eq(p->born.ps, 77);
        ck_assert_uint_eq(p->len + p->hdr_len + p->gso_mss + p->l3 + p->l4 + p->payload + p->flags, 0);
        ck_assert(!p->stored && !p->next && p->at.ps == 0);
        for (int i = 0; i < PACKET_CB_BYTES; i++) ck_assert_uint_eq(p->cb[i], 0);
        memset(p, 0xff, sizeof *p); /* the next user must not see this */
        p->stored = malloc(100);
        packet_deliver(pool, p);
    }
}
END_TEST

START_TEST(packet_clone__own_bytes_and_id)
{
    struct packet *p = packet_new(pool, now);
    p->hdr_len = 54;
    p->len = 154;
    memset(p->hdr, 0xab, 54);
    p->stored = malloc(100);
    memset(p->stored, 0xcd, 100);
    p->flags = PACKET_CSUM_PARTIAL;
    p->next = p;
    struct packet *c = packet_clone(pool, p, (sim_time){ 99 });
    ck_assert_uint_ne(c->id, p->id);
    ck_assert_int_eq(c->born.ps, 99);
    ck_assert_ptr_null(c->next);
    ck_assert_uint_eq(c->len, 154);
    ck_assert_uint_eq(c->flags, PACKET_CSUM_PARTIAL);
    ck_assert_ptr_ne(c->stored, p->stored);
    ck_assert(memcmp(c->hdr, p->hdr, 54) == 0 && memcmp(c->stored, p->stored, 100) == 0);
    ck_assert_uint_eq(packet_pool_ledger(pool)->created, 2);
    packet_deliver(pool, p);
    packet_drop(pool, c, DROP_NIC_FILTER);
    packet_pool_check(pool);
}
END_TEST

START_TEST(packet_like__every_header_byte_and_no_payload)
{
    const uint16_t sizes[] = { 14, 66, 96, 97, PACKET_HDR_MAX };
    struct packet *p = packet_new(pool, now);
    for (uint32_t i = 0; i < PACKET_HDR_MAX; i++) p->hdr[i] = (uint8_t)(i + 1);
    p->stored = malloc(100);
    p->next = p;
    p->l4 = 34;
    p->cb[PACKET_CB_BYTES - 1] = 9;
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        p->hdr_len = sizes[i];
        p->len = sizes[i] + 100u;
        struct packet *c = packet_like(pool, p, (sim_time){ 99 });
        ck_assert_uint_eq(c->id, i + 1);
        ck_assert_int_eq(c->born.ps, 99);
        ck_assert(!c->next && !c->stored);
        ck_assert(c->len == p->len && c->hdr_len == p->hdr_len && c->l4 == 34 && c->cb[PACKET_CB_BYTES - 1] == 9);
        ck_assert_mem_eq(c->hdr, p->hdr, sizes[i]);
        packet_deliver(pool, c);
    }
}
END_TEST

START_TEST(packet_pool_ledger__counts_every_end)
{
    for (int i = 0; i < 1000; i++) {
        struct packet *p = packet_new(pool, now);
        switch (i % 4) {
        case 0: packet_deliver(pool, p); break;
        case 1: packet_drop(pool, p, DROP_LINK_FULL); break;
        case 2: packet_segmented(pool, p); break;
        default: break; /* held */
        }
    }
    const struct packet_ledger *l = packet_pool_ledger(pool);
    ck_assert_uint_eq(l->created, 1000);
    ck_assert_uint_eq(l->delivered, 250);
    ck_assert_uint_eq(l->dropped[DROP_LINK_FULL], 250);
    ck_assert_uint_eq(l->segmented, 250);
    ck_assert_uint_eq(packet_pool_held(pool), 250);
}
END_TEST

static uint64_t holds(const void *owner)
{
    return *(const uint64_t *)owner;
}

START_TEST(packet_pool_check__holders_account_for_all)
{
    uint64_t a = 2, b = 1;
    packet_pool_add_holder(pool, holds, &a);
    packet_pool_add_holder(pool, holds, &b);
    for (int i = 0; i < 3; i++) packet_new(pool, now);
    packet_pool_check(pool);
}
END_TEST

START_TEST(packet_pool_check__a_lost_packet_is_a_bug)
{
    uint64_t a = 2;
    packet_pool_add_holder(pool, holds, &a);
    for (int i = 0; i < 3; i++) packet_new(pool, now);
    packet_pool_check(pool);
}
END_TEST

START_TEST(packet_queue__first_in_first_out)
{
    struct packet_queue q = { 0 };
    ck_assert_ptr_null(packet_queue_pop(&q));
    for (int round = 0; round < 3; round++) {
        uint64_t first = packet_pool_ledger(pool)->created;
        for (int i = 0; i < 5; i++) packet_queue_push(&q, packet_new(pool, now));
        ck_assert_uint_eq(q.count, 5);
        for (uint64_t i = 0; i < 5; i++) {
            struct packet *p = packet_queue_pop(&q);
            ck_assert_uint_eq(p->id, first + i);
            ck_assert_ptr_null(p->next);
            packet_deliver(pool, p);
        }
        ck_assert_ptr_null(packet_queue_pop(&q));
    }
}
END_TEST

START_TEST(packet_wire_bytes__padding_fcs_and_overhead)
{
    struct packet p = { 0 };
    static const struct { uint32_t len; int64_t wire; } expected[] = {
        { 14, 84 }, { 59, 84 }, { 60, 84 }, { 61, 85 }, { 1514, 1538 }, { 9014, 9038 },
    };
    for (size_t i = 0; i < sizeof expected / sizeof *expected; i++) {
        p.len = expected[i].len;
        ck_assert_int_eq(packet_wire_bytes(&p), expected[i].wire);
    }
}
END_TEST

/* Sanitized builds find the use of a packet that was given away. */
#ifdef __SANITIZE_ADDRESS__
START_TEST(packet_deliver__ends_the_right_to_touch)
{
    struct packet *p = packet_new(pool, now);
    packet_deliver(pool, p);
    p->len = 1;
}
END_TEST
#endif

Suite *packet_suite(void)
{
    Suite *s = suite_create("packet");
    TCase *tc = tcase_create("packet");
    tcase_add_checked_fixture(tc, setup, teardown);
    tcase_add_test(tc, packet_new__zero_but_for_id_and_birth);
    tcase_add_test(tc, packet_clone__own_bytes_and_id);
    tcase_add_test(tc, packet_like__every_header_byte_and_no_payload);
    tcase_add_test(tc, packet_pool_ledger__counts_every_end);
    tcase_add_test(tc, packet_pool_check__holders_account_for_all);
    tcase_add_test_raise_signal(tc, packet_pool_check__a_lost_packet_is_a_bug, SIGABRT);
    tcase_add_test(tc, packet_queue__first_in_first_out);
    tcase_add_test(tc, packet_wire_bytes__padding_fcs_and_overhead);
#ifdef __SANITIZE_ADDRESS__
    tcase_add_exit_test(tc, packet_deliver__ends_the_right_to_touch, 1);
#endif
    suite_add_tcase(s, tc);
    return s;
}
