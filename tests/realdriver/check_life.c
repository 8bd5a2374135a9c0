/* SPDX-License-Identifier: GPL-3.0-or-later
 * check_life.c -- from probe to close and again: every device id, link and queue interrupts, resets, and what a driver
 * must not do. */
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <rte_interrupts.h>

#include "checks.h"
#include "nicmodel/nic82598_regs.h"
#include "port.h"

enum { BURST = 32, REAL_WAIT_MS = 3000 };

static struct rte_mbuf *m[BURST + PORT_SPARE];
static struct frame frame, got;

/* Sends frames around; how many came back whole. */
static uint16_t around(uint16_t queue, uint16_t count, uint32_t len)
{
    uint16_t whole = 0;

    card_loop_back(true);
    frame_fill(&frame, card_mac.byte, len);
    for (uint16_t i = 0; i < count; i++) m[i] = port_buffer(frame.byte, len);
    if (!port_send(queue, m, count)) return 0;
    uint16_t n = port_receive(0, m, count);
    for (uint16_t i = 0; i < n; i++) {
        port_read(m[i], &got);
        whole = (uint16_t)(whole + frame_equal(&got, &frame));
    }
    rte_pktmbuf_free_bulk(m, n);
    return whole;
}

static void device_ids(void)
{
    static const uint16_t ids[] = { 0x10b6, 0x1508, 0x10c6, 0x10c7, 0x10c8, 0x150b,
                                    0x10db, 0x10dd, 0x10ec, 0x10f1, 0x10e1, 0x10f4 };
    char title[64];

    for (size_t i = 0; i < sizeof ids / sizeof *ids; i++) {
        snprintf(title, sizeof title, "device id %04x: probe, start, link, traffic, stop, close", ids[i]);
        port_test(title);
        if (!port_open(ids[i], &(struct port_config){ .queues = 4, .descriptors = 128 })) continue;
        struct rte_ether_addr mac;
        CHECK_EQ(rte_eth_macaddr_get(PORT, &mac), 0);
        CHECK(memcmp(mac.addr_bytes, card_mac.byte, 6) == 0);
        for (uint16_t q = 0; q < 4; q++) CHECK_EQ(around(q, BURST, 200), BURST);
        port_close();
    }
}

/* -- interrupts ---------------------------------------------------------------------------------------------------- */

static atomic_int link_told; /* status of the link at the last event, -1: none yet */

static int link_changed(uint16_t port, enum rte_eth_event_type event, void *argument, void *result)
{
    struct rte_eth_link link;
    (void)event, (void)argument, (void)result;
    rte_eth_link_get_nowait(port, &link);
    link_told = link.link_status;
    return 0;
}

/* Whether the driver comes to say so; its interrupt thread runs in real time.  It may say other things before: a link
 * that comes up at start is a change too. */
static bool told(int status)
{
    for (int ms = 0; ms < REAL_WAIT_MS && link_told != status; ms++) {
        card_run_us(1000); /* a message may wait for the vector's throttle counter */
        nanosleep(&(struct timespec){ 0, 1000000 }, NULL);
    }
    return link_told == status;
}

static void link_interrupt(void)
{
    struct rte_eth_link link;

    port_test("link change interrupts");
    link_told = -1;
    if (!port_open(0x10c6, &(struct port_config){ .queues = 1, .descriptors = 128, .link_interrupt = true })) return;
    CHECK_EQ(rte_eth_dev_callback_register(PORT, RTE_ETH_EVENT_INTR_LSC, link_changed, NULL), 0);
    for (int i = 0; i < 3; i++) {
        card_cable(false);
        CHECK(told(RTE_ETH_LINK_DOWN));
        card_cable(true);
        CHECK(told(RTE_ETH_LINK_UP));
    }
    rte_eth_link_get_nowait(PORT, &link);
    CHECK_EQ(link.link_speed, RTE_ETH_SPEED_NUM_10G);
    CHECK_EQ(around(0, BURST, 100), BURST);
    CHECK_EQ(rte_eth_dev_callback_unregister(PORT, RTE_ETH_EVENT_INTR_LSC, link_changed, NULL), 0);
    port_close();
}

/* All flows to queue 'q' from now on. */
static void steer(uint16_t q)
{
    struct rte_eth_rss_reta_entry64 table[2];

    for (int i = 0; i < 128; i++) {
        table[i / 64].mask = UINT64_MAX;
        table[i / 64].reta[i % 64] = q;
    }
    CHECK_EQ(rte_eth_dev_rss_reta_update(PORT, table, 128), 0);
}

/* The queue whose interrupt the application sees next, or -1: none. */
static int interrupt(void)
{
    struct rte_epoll_event event;

    card_run_us(10000); /* more than the 8.4 ms for which the driver's value of EITR stops vector 0 at first */
    return rte_epoll_wait(RTE_EPOLL_PER_THREAD, &event, 1, 0) == 1 ? (int)(uintptr_t)event.epdata.data : -1;
}

/* The same, after a frame has come to queue 'q', which is then received. */
static int interrupt_for(uint16_t q)
{
    steer(q);
    card_put(frame.byte, frame.len);
    int seen = interrupt();
    uint16_t n = port_receive(q, m, 1);
    CHECK_EQ(n, 1);
    rte_pktmbuf_free_bulk(m, n);
    return seen;
}

/* Queue q has vector and mask bit q + 1, but the driver's calls to mask and unmask it change bit q: with all of them
 * masked, every queue but the last is. */
static void queue_interrupts(uint16_t queues)
{
    const struct port_config c = { .queues = queues, .descriptors = 128, .rx_interrupt = true, .rss = true };
    struct rte_eth_rss_conf conf = { .rss_hf = RTE_ETH_RSS_IPV4 };
    char title[64];

    snprintf(title, sizeof title, "receive interrupts of %d queues", queues);
    port_test(title);
    if (!port_open(0x10c6, &c)) return;
    card_write(NIC_OFFSET(MRQC, 0), NIC_MASK(MRQC_RSSEN));
    CHECK_EQ(rte_eth_dev_rss_hash_update(PORT, &conf), 0);
    frame_fill(&frame, card_mac.byte, 100);
    memcpy(frame.byte + 12, "\x08\x00\x45\x00\x00\x56\x00\x00\x00\x00\x40\x59", 12); /* IPv4 */
    for (uint16_t q = 0; q < queues; q++)
        CHECK_EQ(rte_eth_dev_rx_intr_ctl_q(PORT, q, RTE_EPOLL_PER_THREAD, RTE_INTR_EVENT_ADD, (void *)(uintptr_t)q), 0);
    for (uint16_t i = 0; i < 2 * queues; i++) {
        uint16_t q = i % queues;
        CHECK_EQ(rte_eth_dev_rx_intr_enable(PORT, q), 0);
        CHECK_EQ(interrupt_for(q), q);
        CHECK_EQ(interrupt_for(q), -1); /* the message has masked its cause (EIAM) */
        CHECK_EQ(rte_eth_dev_rx_intr_enable(PORT, q), 0);
        CHECK_EQ(interrupt(), q);       /* which waited */
    }
    for (uint16_t q = 0; q < queues; q++) CHECK_EQ(rte_eth_dev_rx_intr_disable(PORT, q), 0);
    for (uint16_t q = 0; q + 1 < queues; q++) {
        CHECK_EQ(interrupt_for(q), -1);
        CHECK_EQ(rte_eth_dev_rx_intr_enable(PORT, (uint16_t)(q + 1)), 0);
        CHECK_EQ(interrupt(), q);
    }
    for (uint16_t q = 0; q < queues; q++)
        CHECK_EQ(rte_eth_dev_rx_intr_ctl_q(PORT, q, RTE_EPOLL_PER_THREAD, RTE_INTR_EVENT_DEL, (void *)(uintptr_t)q), 0);
    port_close();
}

/* -- again, and wrong ---------------------------------------------------------------------------------------------- */

static void start_again(void)
{
    port_test("stop and start again, with traffic in between, and with other queues");
    if (!port_open(0x10c6, &(struct port_config){ .queues = 2, .descriptors = 128 })) return;
    for (uint16_t i = 0; i < 5; i++) {
        CHECK_EQ(around(1, BURST, 300), BURST);
        CHECK_EQ(rte_eth_dev_stop(PORT), 0);
        card_put(frame.byte, frame.len); /* nobody at home */
        card_run_us(100);
        CHECK_EQ(port_start(&(struct port_config){ .queues = (uint16_t)(2 + i), .descriptors = 256 }), 0);
    }
    CHECK_EQ(around(0, BURST, 300), BURST);
    port_close();
}

static void driver_reset(void)
{
    const struct port_config c = { .queues = 1, .descriptors = 128 };

    port_test("the driver resets the card while frames are on their way");
    if (!port_open(0x10c6, &c)) return;
    card_loop_back(true);
    frame_fill(&frame, card_mac.byte, 1514);
    for (int i = 0; i < 3; i++) {
        for (int k = 0; k < BURST; k++) m[k] = port_buffer(frame.byte, frame.len);
        CHECK_EQ(rte_eth_tx_burst(PORT, 0, m, BURST), BURST);
        for (int k = 0; k < 200; k++) card_put(frame.byte, frame.len);
        card_run_us(7 * i);
        CHECK_EQ(rte_eth_dev_reset(PORT), 0);
        CHECK_EQ(port_start(&c), 0);
        card_run_us(2000);
        for (uint16_t n; (n = port_receive(0, m, BURST)) > 0;) rte_pktmbuf_free_bulk(m, n);
        CHECK_EQ(around(0, BURST, 100), BURST);
    }
    port_close();
}

/* A buffer outside every window: counted, never touched; frames before and after are whole. */
static void wild_addresses(void)
{
    static const uint64_t wild[] = { 0x1000, 0xdead00000000, UINT64_MAX - 4096 };

    port_test("buffers outside the DMA windows are refused and counted");
    if (!port_open(0x10c6, &(struct port_config){ .queues = 1, .descriptors = 128 })) return;
    for (size_t i = 0; i < sizeof wild / sizeof *wild; i++) {
        card_loop_back(true);
        frame_fill(&frame, card_mac.byte, 400);
        for (int k = 0; k < 3; k++) m[k] = port_buffer(frame.byte, frame.len);
        rte_iova_t right = m[1]->buf_iova;
        struct rte_mbuf *wrong = m[1];
        m[1]->buf_iova = wild[i];
        CHECK(port_send(0, m, 3));
        wrong->buf_iova = right;
        uint16_t n = port_receive(0, m, 2);
        CHECK_EQ(n, 2);
        for (uint16_t k = 0; k < n; k++) {
            port_read(m[k], &got);
            CHECK(frame_equal(&got, &frame));
        }
        rte_pktmbuf_free_bulk(m, n);
    }
    port_close_refused(sizeof wild / sizeof *wild);
}

/* Buffers of no bytes in a packet: nothing is sent of them, and the packet is whole. */
static void empty_buffers(void)
{
    const struct port_config c = { .queues = 1, .descriptors = 128, .tx_offloads = RTE_ETH_TX_OFFLOAD_MULTI_SEGS };

    port_test("empty buffers in a chain");
    if (!port_open(0x10c6, &c)) return;
    card_loop_back(true);
    frame_fill(&frame, card_mac.byte, 500);
    for (uint32_t at = 100; at <= 400; at += 100) {
        struct rte_mbuf *first = port_buffer(frame.byte, at), *rest = port_buffer(frame.byte + at, 500 - at);
        CHECK_EQ(rte_pktmbuf_chain(first, port_buffer(NULL, 0)), 0);
        CHECK_EQ(rte_pktmbuf_chain(first, rest), 0);
        m[0] = first;
        CHECK(port_send(0, m, 1));
        uint16_t n = port_receive(0, m, 1);
        CHECK_EQ(n, 1);
        if (n == 0) continue;
        port_read(m[0], &got);
        CHECK(frame_equal(&got, &frame));
        rte_pktmbuf_free_bulk(m, n);
    }
    port_close();
}

void check_life(void)
{
    device_ids();
    empty_buffers();
    start_again();
    driver_reset();
    wild_addresses();
    queue_interrupts(1);
    queue_interrupts(4);
    queue_interrupts(15);
    link_interrupt();
}
