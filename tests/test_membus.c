/* SPDX-License-Identifier: GPL-3.0-or-later
 * test_membus.c -- which bytes pass where, who waits for them, and that the waiting is CPU time. */
#include <check.h>

#include "machine/membus.h"
#include "machine/memory.h"
#include "machine/pcie.h"
#include "machine_rig.h"
#include "suites.h"

static struct rig rig;

static void setup(void)
{
    rig_init(&rig);
}

static void teardown(void)
{
    rig_fini(&rig);
}

static void limit(enum cost_bandwidth what, double gigabytes)
{
    rig.profile.bandwidth[what].value = gigabytes;
}

static uint64_t counted(const char *carrier, const char *counter)
{
    char name[32];
    snprintf(name, sizeof name, "m/%s", carrier);
    machine_account(rig.m);
    return stats_value(rig.stats, "memory", name, counter);
}

/* -- who waits --------------------------------------------------------------------------------------------------- */

/* An application that copies, for ever. */
struct copier {
    enum machine_copy kind;
    int node;
    int64_t bytes, copied;
    struct touchable buffer;
};

static enum step_result copy(void *owner)
{
    struct copier *c = owner;
    machine_copy(rig.m, c->kind, c->node, &c->buffer, c->bytes);
    c->copied += c->bytes;
    return STEP_AGAIN;
}

static void start_copier(struct copier *c, int cpu)
{
    thread_wake(rig_thread(&rig, "copier", THREAD_USER, cpu, copy, c));
}

/* Below the limit copying takes its price, and nothing is waited for. */
START_TEST(machine_copy__takes_its_price_when_memory_keeps_up)
{
    struct copier c = { .kind = COPY_OUT, .bytes = 8192 };
    rig_price(&rig, COST_COPY_BYTE, 0.5);
    limit(COST_BUS, 4);
    limit(COST_CHIPSET, 4);
    rig_start(&rig, 1, 2, sim_ms(10));
    start_copier(&c, 0);
    rig_run_ns(&rig, 1000000);
    ck_assert_int_ge(c.copied, 1999000);
    ck_assert_uint_le(rig_cpu(&rig, 0, "stall_ps"), 2000000); /* the buffer was in memory once */
    ck_assert_uint_eq(counted("bus0", "copy_bytes"), (uint64_t)c.copied + 8192);
}
END_TEST

/* Two that would each use three quarters of the memory share it, and their waiting is system time. */
START_TEST(machine_copy__two_share_a_memory)
{
    struct copier c[2] = { { .kind = COPY_OUT, .bytes = 8192 }, { .kind = COPY_OUT, .bytes = 8192 } };
    rig_price(&rig, COST_COPY_BYTE, 0.5);
    limit(COST_CHIPSET, 8.0 / 3);
    rig_start(&rig, 2, 1, sim_ms(10));
    start_copier(&c[0], 0);
    start_copier(&c[1], 1);
    rig_run_ns(&rig, 10000000);
    ck_assert_double_eq_tol((double)(c[0].copied + c[1].copied) / 1e7, 8.0 / 3, 0.03);
    ck_assert_double_eq_tol((double)c[0].copied / (double)c[1].copied, 1, 0.02);
    ck_assert_double_eq_tol((double)rig_cpu(&rig, 0, "stall_ps") / 1e10, 1.0 / 3, 0.02);
    ck_assert_uint_eq(rig_cpu(&rig, 0, "idl_ps"), 0);
    ck_assert_double_eq_tol((double)counted("chipset", "busy_ps") / 1e10, 1, 0.01);
}
END_TEST

/* One who asks for little among those who ask for all does not wait for their whole steps: at worst for his turn. */
static struct touchable little;
static int touches;
static enum step_result touch(void *unused)
{
    (void)unused;
    little.last = 0;
    machine_touch(rig.m, &little, 1);
    touches++;
    return STEP_AGAIN;
}

START_TEST(machine_touch__waits_for_its_turn_at_worst)
{
    struct copier c[3];
    rig_price(&rig, COST_COPY_BYTE, 0.1);
    rig.profile.place[COST_LINE_DRAM].value = 100;
    limit(COST_BUS, 1);
    rig_start(&rig, 1, 4, sim_ms(10));
    for (int i = 0; i < 3; i++) {
        c[i] = (struct copier){ .kind = COPY_OUT, .bytes = 65536 };
        start_copier(&c[i], i);
    }
    thread_wake(rig_thread(&rig, "toucher", THREAD_USER, 3, touch, NULL));
    rig_run_ns(&rig, 10000000);
    ck_assert_int_ge(touches, 10000000 / (100 + 4 * 64)); /* a quarter of 1 GB/s is 256 ns for a line */
    ck_assert_int_lt(touches, 10000000 / 110);
}
END_TEST

/* -- what passes where ------------------------------------------------------------------------------------------- */

static struct copier one;
static enum step_result copy_once(void *unused)
{
    (void)unused;
    machine_copy(rig.m, one.kind, one.node, &one.buffer, one.bytes);
    return STEP_SLEEP;
}

/* One copy of 'kind' by 'cpu', with the kernel's side on 'node', of a buffer that CPU 'had' last had. */
static void copy_at(enum machine_copy kind, int cpu, int node, int had)
{
    one = (struct copier){ .kind = kind, .node = node, .bytes = 6400, .buffer.last = (int16_t)(had + 1) };
    thread_wake(rig_thread(&rig, "once", THREAD_USER, cpu, copy_once, NULL));
    rig_run_ns(&rig, rig_now_ns(&rig) + 1000000);
}

START_TEST(machine_copy__bytes_on_front_side_buses)
{
    limit(COST_BUS, 7);
    limit(COST_CHIPSET, 7);
    rig_start(&rig, 2, 2, sim_ms(10));
    copy_at(COPY_OUT, 0, 0, 0);
    ck_assert_uint_eq(counted("bus0", "copy_bytes"), 6400);
    copy_at(COPY_IN_STREAMED, 0, 0, 0);
    ck_assert_uint_eq(counted("bus0", "copy_bytes"), 2 * 6400);
    copy_at(COPY_IN, 0, 1, 0); /* read for ownership, written back; node 1 is the same memory */
    ck_assert_uint_eq(counted("bus0", "copy_bytes"), 4 * 6400);
    ck_assert_uint_eq(counted("chipset", "copy_bytes"), 4 * 6400);
    copy_at(COPY_OUT, 0, 0, 1); /* the buffer comes from the other CPU of the socket, and is written to memory */
    ck_assert_uint_eq(counted("bus0", "copy_bytes"), 6 * 6400);
    ck_assert_uint_eq(counted("bus1", "copy_bytes"), 0);
    copy_at(COPY_OUT, 0, 0, 2); /* from the other socket */
    ck_assert_uint_eq(counted("bus0", "copy_bytes"), 8 * 6400);
    ck_assert_uint_eq(counted("bus1", "copy_bytes"), 6400);
    ck_assert_uint_eq(counted("chipset", "copy_bytes"), 8 * 6400);
}
END_TEST

START_TEST(machine_copy__bytes_between_nodes)
{
    limit(COST_NODE, 17);
    limit(COST_LINK, 11);
    rig_start(&rig, 2, 2, sim_ms(10));
    copy_at(COPY_OUT, 2, 0, 2); /* socket 1 reads memory of node 0 */
    ck_assert_uint_eq(counted("node0", "copy_bytes"), 6400);
    ck_assert_uint_eq(counted("link0-1", "copy_bytes"), 6400);
    copy_at(COPY_IN, 2, 0, 2); /* and writes there */
    ck_assert_uint_eq(counted("node0", "copy_bytes"), 3 * 6400);
    ck_assert_uint_eq(counted("link0-1", "copy_bytes"), 2 * 6400);
    ck_assert_uint_eq(counted("link1-0", "copy_bytes"), 6400);
    copy_at(COPY_OUT, 0, 0, 3); /* the buffer comes out of the other socket's cache */
    ck_assert_uint_eq(counted("node0", "copy_bytes"), 4 * 6400);
    ck_assert_uint_eq(counted("link1-0", "copy_bytes"), 2 * 6400);
    ck_assert_uint_eq(counted("node1", "copy_bytes"), 0);
}
END_TEST

/* -- devices ----------------------------------------------------------------------------------------------------- */

static struct pcie *slot(void)
{
    struct pcie_config c = pcie_config_gen1_x8();
    c.memory = machine_membus(rig.m);
    return pcie_create(rig.engine, rig.stats, "slot", &c);
}

/* Whole lines are moved; what a device asks for beyond memory's rate comes later, and holds up what is behind. */
START_TEST(pcie_dma_write__waits_for_memory)
{
    limit(COST_CHIPSET, 1);
    rig_start(&rig, 2, 2, sim_ms(10));
    struct pcie *p = slot();
    int64_t done = 0;
    for (int i = 0; i < 1000; i++) done = pcie_dma_write(p, 0x100000 + (uint64_t)i * 4096, 4096, 0).ps;
    ck_assert_uint_eq(counted("chipset", "dma_write_bytes"), 4096000);
    ck_assert_double_eq_tol((double)done, 4.096e9, 0.02e9);
    ck_assert_int_ge(pcie_up_free(p).ps, 4090000000);
    pcie_dma_write(p, 0x200020, 64, 0); /* lies in two lines */
    ck_assert_uint_eq(counted("chipset", "dma_write_bytes"), 4096000 + 128);
    pcie_dma_read(p, 0x200000, 4096, 0);
    ck_assert_uint_eq(counted("chipset", "dma_read_bytes"), 4096);
    pcie_dma_read(p, 0, 64, -1); /* no memory there */
    ck_assert_uint_eq(counted("chipset", "dma_read_bytes"), 4096);
    pcie_destroy(p);
}
END_TEST

/* A device keeps its third of a memory that two sockets would have whole. */
START_TEST(pcie_dma_write__has_its_turn)
{
    struct copier c[2] = { { .kind = COPY_OUT, .bytes = 65536 }, { .kind = COPY_OUT, .bytes = 65536 } };
    rig_price(&rig, COST_COPY_BYTE, 0.1);
    limit(COST_CHIPSET, 3);
    rig_start(&rig, 2, 1, sim_ms(10));
    struct pcie *p = slot();
    start_copier(&c[0], 0);
    start_copier(&c[1], 1);
    for (int i = 0; i < 4000; i++) { /* 0.8 of its 1 GB/s */
        rig_run_ns(&rig, i * 2560);
        ck_assert_int_le(pcie_dma_write(p, 0x100000, 2048, 0).ps - engine_now(rig.engine).ps, 4000000);
    }
    double all = (double)counted("chipset", "busy_ps") / 1e12 * 3e9, seconds = 4000 * 2.56e-6;
    ck_assert_double_le(all, 3e9 * (seconds + 200e-6)); /* two copies of 64 KiB may be booked ahead */
    pcie_destroy(p);
}
END_TEST

START_TEST(machine_create__without_bandwidths)
{
    rig_start(&rig, 2, 2, sim_ms(10));
    ck_assert_ptr_null(machine_membus(rig.m));
    copy_at(COPY_IN, 0, 0, 0);
    ck_assert_uint_eq(rig_cpu(&rig, 0, "stall_ps"), 0);
}
END_TEST

Suite *membus_suite(void)
{
    Suite *s = suite_create("membus");
    TCase *c = tcase_create("membus");
    tcase_add_checked_fixture(c, setup, teardown);
    tcase_add_test(c, machine_copy__takes_its_price_when_memory_keeps_up);
    tcase_add_test(c, machine_copy__two_share_a_memory);
    tcase_add_test(c, machine_touch__waits_for_its_turn_at_worst);
    tcase_add_test(c, machine_copy__bytes_on_front_side_buses);
    tcase_add_test(c, machine_copy__bytes_between_nodes);
    tcase_add_test(c, pcie_dma_write__waits_for_memory);
    tcase_add_test(c, pcie_dma_write__has_its_turn);
    tcase_add_test(c, machine_create__without_bandwidths);
    suite_add_tcase(s, c);
    return s;
}
