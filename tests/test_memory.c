/* SPDX-License-Identifier: GPL-3.0-or-later
 * test_memory.c -- bus addresses, frames by reference, transmit bindings. */
#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "machine/memory.h"
#include "suites.h"

static struct packet_pool *pool;
static struct memory *mem;

static void setup(void)
{
    pool = packet_pool_create();
    mem = memory_create(pool);
}

static void teardown(void)
{
    packet_pool_check(pool); /* frames in slots are held by the memory, all others by nobody */
    memory_destroy(mem);
    packet_pool_destroy(pool);
}

/* A frame with a recognisable header and 'len' bytes in all. */
static struct packet *frame(uint32_t len)
{
    struct packet *p = packet_new(pool, (sim_time){ 0 });
    p->len = len;
    p->hdr_len = 54;
    for (int i = 0; i < 54; i++) p->hdr[i] = (uint8_t)(i + 1);
    return p;
}

START_TEST(memory_map_bytes__both_views_are_the_same_bytes)
{
    uint8_t *cpu, back[8], word[8] = { 1, 2, 3, 4, 5, 6, 7, 8 };
    bus_addr a = memory_map_bytes(mem, 8192, 1, &cpu);
    ck_assert_uint_eq(a % 4096, 0);
    ck_assert_uint_ne(a, 0);
    ck_assert(memory_write(mem, a + 100, word, 8));
    ck_assert_mem_eq(cpu + 100, word, 8);
    cpu[101] = 99;
    ck_assert(memory_read(mem, a + 100, back, 8));
    ck_assert_uint_eq(back[1], 99);
    ck_assert_int_eq(memory_node(mem, a + 8191), 1);
}
END_TEST

START_TEST(memory_read__outside_is_refused)
{
    uint8_t *cpu, buf[64] = { 0 };
    bus_addr a = memory_map_bytes(mem, 4096, 0, &cpu);
    bus_addr b = memory_map_buffers(mem, 4, 2048, 0);
    static const uint64_t wild[] = { 0, 1, 0xffffffffffffffff, 0xffffffff, 0x100000000000000, 0x0001000000000000 };
    ck_assert(memory_read(mem, a + 4096 - 64, buf, 64));
    ck_assert(!memory_read(mem, a + 4096 - 63, buf, 64));
    ck_assert(!memory_write(mem, a + 4096, buf, 1));
    ck_assert(!memory_write(mem, a - 1, buf, 1));
    ck_assert(!memory_read(mem, b, buf, 16));  /* frames are not bytes */
    ck_assert(!memory_write(mem, b, buf, 16));
    for (size_t i = 0; i < sizeof wild / sizeof *wild; i++) {
        ck_assert(!memory_read(mem, wild[i], buf, 1));
        ck_assert(!memory_write(mem, wild[i], buf, 1));
        ck_assert_int_eq(memory_node(mem, wild[i]), -1);
    }
    ck_assert_int_eq(memory_node(mem, b + 4 * 2048), -1);
}
END_TEST

START_TEST(memory_map_foreign__the_callers_bytes_at_the_callers_address)
{
    static uint8_t own[8192];
    const bus_addr at = 0x7f1234567000;
    uint8_t *cpu, back[4] = { 0 }, word[4] = { 1, 2, 3, 4 };
    bus_addr region = memory_map_bytes(mem, 4096, 0, &cpu);

    ck_assert(memory_map_foreign(mem, at, sizeof own, own));
    ck_assert(memory_write(mem, at + 8188, word, 4));
    ck_assert_mem_eq(own + 8188, word, 4);
    ck_assert(memory_read(mem, at + 8188, back, 4));
    ck_assert_mem_eq(back, word, 4);
    ck_assert(!memory_write(mem, at + 8189, word, 4));
    ck_assert(!memory_write(mem, at - 1, word, 4));
    ck_assert(!memory_read(mem, UINT64_MAX, back, 4));
    ck_assert_int_eq(memory_node(mem, at), 0);
    struct packet *p = frame(54);
    ck_assert_int_eq(memory_write_frame(mem, at + 10, p, 0, 54, true), MEMORY_COPIED);
    ck_assert_mem_eq(own + 10, p->hdr, 54);
    packet_deliver(pool, p);

    ck_assert(!memory_map_foreign(mem, at + 8191, 1, own));      /* overlaps */
    ck_assert(!memory_map_foreign(mem, at - 1, 2, own));
    ck_assert(!memory_map_foreign(mem, region + 8192, 1, own));  /* a region's own 4 GiB */
    ck_assert(!memory_map_foreign(mem, UINT64_MAX, 2, own));
    ck_assert(!memory_map_foreign(mem, at - 1, 0, own));
    ck_assert(memory_map_foreign(mem, at + 8192, 1, own));
    ck_assert(!memory_unmap_foreign(mem, at + 1));
    ck_assert(memory_unmap_foreign(mem, at));
    ck_assert(!memory_read(mem, at, back, 1));
    ck_assert(memory_read(mem, at + 8192, back, 1));
}
END_TEST

START_TEST(memory_write_frame__a_slot_gives_the_frame_back)
{
    uint32_t bytes;
    struct packet *p = frame(1514);
    bus_addr a = memory_map_buffers(mem, 8, 2048, 1) + 3 * 2048;
    ck_assert_ptr_null(memory_take_frame(mem, a, &bytes));
    ck_assert_uint_eq(bytes, 0);
    ck_assert_int_eq(memory_write_frame(mem, a, p, 0, 1514, true), MEMORY_REFERRED);
    ck_assert_uint_eq(memory_frames_held(mem), 1);
    packet_pool_check(pool);
    ck_assert_ptr_eq(memory_take_frame(mem, a, &bytes), p);
    ck_assert_uint_eq(bytes, 1514);
    ck_assert_uint_eq(memory_frames_held(mem), 0);
    ck_assert_ptr_null(memory_take_frame(mem, a, &bytes));
    packet_deliver(pool, p);
}
END_TEST

START_TEST(memory_write_frame__jumbo_spans_slots)
{
    uint32_t bytes, sum = 0;
    struct packet *p = frame(9014), *got = NULL;
    bus_addr a = memory_map_buffers(mem, 8, 2048, 0);
    for (uint32_t at = 0, i = 0; at < 9014; at += 2048, i++) {
        uint32_t n = 9014 - at < 2048 ? 9014 - at : 2048;
        ck_assert_int_eq(memory_write_frame(mem, a + i * 2048, p, at, n, at + n == 9014), MEMORY_REFERRED);
        ck_assert_uint_eq(memory_frames_held(mem), at + n == 9014);
        if (at == 0) {
            ck_assert_ptr_null(memory_take_frame(mem, a, &bytes)); /* not complete */
            ck_assert_uint_eq(bytes, 0);
        }
    }
    for (uint32_t i = 0; i < 5; i++) {
        struct packet *q = memory_take_frame(mem, a + i * 2048, &bytes);
        ck_assert_uint_eq(q != NULL, i == 0);
        if (q) got = q;
        sum += bytes;
    }
    ck_assert_ptr_eq(got, p);
    ck_assert_uint_eq(sum, 9014);
    packet_deliver(pool, p);
}
END_TEST

START_TEST(memory_write_frame__one_slot_in_several_writes)
{
    uint32_t bytes;
    struct packet *p = frame(1000), *q = frame(600);
    bus_addr a = memory_map_buffers(mem, 2, 2048, 0);
    memory_write_frame(mem, a + 2, p, 0, 256, false); /* two frames at a time, at an odd address */
    memory_write_frame(mem, a + 2048, q, 0, 512, false);
    memory_write_frame(mem, a + 258, p, 256, 744, true);
    memory_write_frame(mem, a + 2048 + 512, q, 512, 88, true);
    ck_assert_ptr_eq(memory_take_frame(mem, a, &bytes), p);
    ck_assert_uint_eq(bytes, 1000);
    ck_assert_ptr_eq(memory_take_frame(mem, a + 2048, &bytes), q);
    ck_assert_uint_eq(bytes, 600);
    packet_deliver(pool, p);
    packet_deliver(pool, q);
}
END_TEST

START_TEST(memory_write_frame__across_a_slots_end_is_refused)
{
    uint32_t bytes;
    struct packet *p = frame(1514);
    bus_addr a = memory_map_buffers(mem, 2, 2048, 0);
    ck_assert_int_eq(memory_write_frame(mem, a + 1000, p, 0, 1514, true), MEMORY_REFUSED);
    ck_assert_int_eq(memory_write_frame(mem, a + 4096, p, 0, 60, true), MEMORY_REFUSED);
    ck_assert_ptr_null(memory_take_frame(mem, a, &bytes));
    packet_drop(pool, p, DROP_NIC_BAD_ADDRESS);
}
END_TEST

START_TEST(memory_write_frame__bytes_are_copied)
{
    uint8_t *cpu;
    struct packet *p = frame(100);
    bus_addr a = memory_map_bytes(mem, 4096, 0, &cpu);
    memset(cpu, 0xee, 200);
    p->stored = malloc(46);
    ck_assert_ptr_nonnull(p->stored);
    memset(p->stored, 0x77, 46);
    ck_assert_int_eq(memory_write_frame(mem, a, p, 0, 60, false), MEMORY_COPIED);
    ck_assert_int_eq(memory_write_frame(mem, a + 60, p, 60, 40, true), MEMORY_COPIED);
    ck_assert_uint_eq(cpu[0], 1);
    ck_assert_uint_eq(cpu[53], 54);
    ck_assert_uint_eq(cpu[54], 0x77);
    ck_assert_uint_eq(cpu[99], 0x77);
    ck_assert_uint_eq(cpu[100], 0xee);
    packet_deliver(pool, p); /* still ours */
}
END_TEST

/* Header split: the first part goes to bytes, the rest into a slot, which then owns the frame. */
START_TEST(memory_write_frame__header_split)
{
    uint8_t *cpu;
    uint32_t bytes;
    struct packet *p = frame(1514);
    bus_addr h = memory_map_bytes(mem, 4096, 0, &cpu), a = memory_map_buffers(mem, 2, 2048, 0);
    ck_assert_int_eq(memory_write_frame(mem, h, p, 0, 54, false), MEMORY_COPIED);
    ck_assert_int_eq(memory_write_frame(mem, a, p, 54, 1460, true), MEMORY_REFERRED);
    ck_assert_ptr_eq(memory_take_frame(mem, a, &bytes), p);
    ck_assert_uint_eq(bytes, 1460);
    packet_deliver(pool, p);
}
END_TEST

START_TEST(memory_write_frame__unread_frame_is_dropped_and_counted)
{
    uint32_t bytes;
    struct packet *p = frame(100), *q = frame(200);
    bus_addr a = memory_map_buffers(mem, 2, 2048, 0);
    memory_write_frame(mem, a, p, 0, 100, true);
    memory_write_frame(mem, a, q, 0, 200, true);
    ck_assert_uint_eq(packet_pool_ledger(pool)->dropped[DROP_DRIVER], 1);
    ck_assert_uint_eq(memory_frames_held(mem), 1);
    ck_assert_ptr_eq(memory_take_frame(mem, a, &bytes), q);
    packet_deliver(pool, q);
}
END_TEST

/* A ring that names one buffer twice: the frame's beginning is overwritten by its end; nothing is lost or doubled. */
START_TEST(memory_write_frame__the_same_slot_twice_for_one_frame)
{
    uint32_t bytes;
    struct packet *p = frame(4000);
    bus_addr a = memory_map_buffers(mem, 2, 2048, 0);
    memory_write_frame(mem, a, p, 0, 1500, false);
    memory_write_frame(mem, a + 2048, p, 1500, 1000, false);
    memory_write_frame(mem, a, p, 2500, 1500, true);
    ck_assert_uint_eq(memory_frames_held(mem), 1);
    ck_assert_ptr_eq(memory_take_frame(mem, a, &bytes), p);
    ck_assert_uint_eq(bytes, 1500);
    packet_deliver(pool, p);
}
END_TEST

/* The device is reset between the parts of a frame and drops it; its memory is used for another frame. */
START_TEST(memory_write_frame__abandoned_frame_leaves_nothing)
{
    uint32_t bytes;
    bus_addr a = memory_map_buffers(mem, 4, 2048, 0);
    for (int i = 0; i < 200; i++) {
        struct packet *p = frame(3000);
        memory_write_frame(mem, a + (bus_addr)(i % 3) * 2048, p, 0, 2048, false);
        packet_drop(pool, p, DROP_NIC_DISABLED);
    }
    ck_assert_uint_eq(memory_frames_held(mem), 0);
    struct packet *p = frame(60);
    memory_write_frame(mem, a, p, 0, 60, true);
    ck_assert_ptr_eq(memory_take_frame(mem, a, &bytes), p);
    ck_assert_uint_eq(bytes, 60);
    packet_deliver(pool, p);
}
END_TEST

START_TEST(memory_bind__reads_the_frame_and_ends_with_unbind)
{
    uint8_t buf[64];
    uint32_t offset;
    struct packet *p = frame(65536);
    bus_addr a = memory_bind(mem, p);
    ck_assert_uint_eq(a % 4096, 0);
    ck_assert_ptr_eq(memory_find_bound(mem, a + 1000, 60000, &offset), p);
    ck_assert_uint_eq(offset, 1000);
    ck_assert_ptr_null(memory_find_bound(mem, a + 1000, 65000, &offset));
    ck_assert(memory_read(mem, a + 40, buf, 64));
    ck_assert_uint_eq(buf[13], 54);
    ck_assert_uint_eq(buf[14], 0);
    ck_assert(!memory_write(mem, a, buf, 1));
    ck_assert_int_eq(memory_node(mem, a), 0);
    ck_assert_ptr_eq(memory_unbind(mem, a), p);
    ck_assert(!memory_read(mem, a, buf, 1));
    bus_addr b = memory_bind(mem, p); /* the same place again: the old address stays dead */
    ck_assert(!memory_read(mem, a, buf, 1));
    ck_assert(memory_read(mem, b, buf, 1));
    memory_unbind(mem, b);
    packet_deliver(pool, p);
}
END_TEST

START_TEST(memory_bind__says_when_all_are_in_use)
{
    struct packet *p = frame(60);
    bus_addr first = memory_bind(mem, p), last = 0;
    for (int i = 1; i < MEMORY_BINDINGS_MAX; i++) {
        last = memory_bind(mem, p);
        ck_assert_uint_ne(last, 0);
    }
    ck_assert_uint_eq(memory_bind(mem, p), 0);
    memory_unbind(mem, first);
    ck_assert_uint_ne(memory_bind(mem, p), 0);
    ck_assert_ptr_eq(memory_unbind(mem, last), p);
    packet_deliver(pool, p);
}
END_TEST

Suite *memory_suite(void)
{
    Suite *s = suite_create("memory");
    TCase *c = tcase_create("memory");
    const TTest *const tests[] = {
        memory_map_bytes__both_views_are_the_same_bytes,
        memory_read__outside_is_refused,
        memory_map_foreign__the_callers_bytes_at_the_callers_address,
        memory_write_frame__a_slot_gives_the_frame_back,
        memory_write_frame__jumbo_spans_slots,
        memory_write_frame__one_slot_in_several_writes,
        memory_write_frame__across_a_slots_end_is_refused,
        memory_write_frame__bytes_are_copied,
        memory_write_frame__header_split,
        memory_write_frame__unread_frame_is_dropped_and_counted,
        memory_write_frame__the_same_slot_twice_for_one_frame,
        memory_write_frame__abandoned_frame_leaves_nothing,
        memory_bind__reads_the_frame_and_ends_with_unbind,
        memory_bind__says_when_all_are_in_use,
    };
    tcase_add_checked_fixture(c, setup, teardown);
    for (size_t i = 0; i < sizeof tests / sizeof *tests; i++) tcase_add_test(c, tests[i]);
    suite_add_tcase(s, c);
    return s;
}
