/* SPDX-License-Identifier: GPL-3.0-or-later
 * check_traffic.c -- frames of every size through the card, out, in, and back to itself: order, bytes, statistics. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "checks.h"
#include "port.h"

enum { LEN_MIN = 60, LEN_MAX = 1514, BURST_MAX = 64 };

static struct frame sent[BURST_MAX], got;
static struct rte_mbuf *m[BURST_MAX + PORT_SPARE];
static struct totals { uint64_t packets, bytes, size[6]; } out, in;

static void count(struct totals *t, uint32_t len)
{
    static const uint32_t limits[] = { 64, 127, 255, 511, 1023 };
    int i = 0;
    while (i < 5 && len + FRAME_FCS_BYTES > limits[i]) i++;
    t->size[i]++;
    t->packets++;
    t->bytes += len;
}

/* What the driver reports is what was sent and received. */
static void check_statistics(void)
{
    static const char *const classes[] = {
        "size_64_packets", "size_65_to_127_packets", "size_128_to_255_packets", "size_256_to_511_packets",
        "size_512_to_1023_packets", "size_1024_to_max_packets",
    };
    struct rte_eth_stats s;
    char name[64];

    CHECK_EQ(rte_eth_stats_get(PORT, &s), 0);
    CHECK_EQ(s.opackets, out.packets);
    CHECK_EQ(s.obytes, out.bytes);
    CHECK_EQ(s.ipackets, in.packets);
    CHECK_EQ(s.ibytes, in.bytes);
    CHECK_EQ(s.imissed + s.ierrors + s.oerrors + s.rx_nombuf, 0);
    for (int i = 0; i < 6; i++) {
        snprintf(name, sizeof name, "tx_%s", classes[i]);
        CHECK_EQ(port_statistic(name), out.size[i]);
        snprintf(name, sizeof name, "rx_%s", classes[i]);
        CHECK_EQ(port_statistic(name), in.size[i]);
    }
    CHECK_EQ(port_statistic("rx_total_packets"), in.packets);
}

/* Frames of 'len' bytes and more, one byte longer each, until the burst is full or the longest is reached. */
static uint16_t make_burst(uint32_t len, uint16_t count_max)
{
    uint16_t n = 0;
    for (; n < count_max && len <= LEN_MAX; n++) frame_fill(&sent[n], card_mac.byte, len++);
    return n;
}

static void make_buffers(uint16_t n)
{
    for (uint16_t i = 0; i < n; i++) m[i] = port_buffer(sent[i].byte, sent[i].len);
}

static void check_received(uint16_t queue, uint16_t n)
{
    uint16_t came = port_receive(queue, m, n);
    CHECK_EQ(came, n);
    for (uint16_t i = 0; i < came; i++) {
        port_read(m[i], &got);
        CHECK(i < n && frame_equal(&got, &sent[i]));
        count(&in, got.len);
        rte_pktmbuf_free(m[i]);
    }
}

static void check_left(uint16_t n)
{
    for (uint16_t i = 0; i < n; i++) {
        bool left = card_take(&got);
        CHECK(left);
        if (left) CHECK(frame_equal(&got, &sent[i]));
    }
    CHECK(!card_take(&got));
}

/* Every size in bursts of 1 to BURST_MAX, queues in turn. */
static void run_sizes(uint16_t queues, bool outwards, bool inwards)
{
    uint16_t burst = 1, queue = 0;

    card_loop_back(outwards && inwards);
    for (uint32_t len = LEN_MIN; len <= LEN_MAX;) {
        uint16_t n = make_burst(len, burst);
        if (outwards) {
            make_buffers(n);
            CHECK(port_send(queue, m, n));
            for (uint16_t i = 0; i < n; i++) count(&out, sent[i].len);
        } else {
            for (uint16_t i = 0; i < n; i++) card_put(sent[i].byte, sent[i].len);
        }
        if (inwards)
            check_received(0, n);
        else
            card_run_us(200), check_left(n);
        len += n;
        burst = burst == BURST_MAX ? 1 : (uint16_t)(burst + 1);
        queue = (uint16_t)((queue + 1) % queues);
    }
}

static void all_sizes(const char *name, uint16_t queues, uint16_t descriptors, uint64_t tx_offloads,
                      uint64_t rx_offloads)
{
    char title[96];
    const struct port_config c = { .queues = queues, .descriptors = descriptors, .tx_offloads = tx_offloads,
                                   .rx_offloads = rx_offloads };

    snprintf(title, sizeof title, "%s, %d queues of %d", name, queues, descriptors);
    port_test(title);
    memset(&in, 0, sizeof in);
    memset(&out, 0, sizeof out);
    if (!port_open(0x10c6, &c)) return;
    run_sizes(queues, true, false);
    run_sizes(queues, false, true);
    run_sizes(queues, true, true);
    check_statistics();
    port_close();
}

/* More frames than any ring or cache holds, in one go and back to back. */
static void bulk(void)
{
    enum { ROUNDS = 2000, BURST = 32 };
    uint64_t came = 0;

    port_test("64000 frames of 60 bytes around");
    if (!port_open(0x10c6, &(struct port_config){ .queues = 1, .descriptors = 1024 })) return;
    card_loop_back(true);
    frame_fill(&sent[0], card_mac.byte, LEN_MIN);
    int64_t start = card_now_us();
    for (int r = 0; r < ROUNDS; r++) {
        for (int i = 0; i < BURST; i++) m[i] = port_buffer(sent[0].byte, LEN_MIN);
        CHECK(port_send(0, m, BURST));
        uint16_t n = port_receive(0, m, BURST);
        for (uint16_t i = 0; i < n; i++) {
            port_read(m[i], &got);
            CHECK(frame_equal(&got, &sent[0]));
        }
        rte_pktmbuf_free_bulk(m, n);
        came += n;
    }
    CHECK_EQ(came, ROUNDS * BURST);
    CHECK(card_now_us() - start >= (int64_t)ROUNDS * BURST * 672 / 10000); /* not above line rate */
    port_close();
}

/* A padded frame has nothing but zeros in its padding. */
static void short_frames(void)
{
    port_test("frames too short for the wire are padded with zeros");
    if (!port_open(0x10c6, &(struct port_config){ .queues = 1, .descriptors = 128 })) return;
    card_loop_back(true);
    for (int round = 0; round < 10; round++) { /* buffers come back with old bytes in them */
        uint16_t n = make_burst(17, 43);
        make_buffers(n);
        CHECK(port_send(0, m, n));
        for (uint16_t i = 0; i < n; i++) {
            memset(sent[i].byte + sent[i].len, 0, LEN_MIN - sent[i].len);
            sent[i].len = LEN_MIN;
        }
        check_received(0, n);
    }
    port_close();
}

/* Frames of several buffers, both ways. */
static void jumbo(void)
{
    const struct port_config c = { .queues = 1, .descriptors = 512, .rx_offloads = RTE_ETH_RX_OFFLOAD_SCATTER,
                                   .tx_offloads = RTE_ETH_TX_OFFLOAD_MULTI_SEGS };
    static const uint32_t lengths[] = { 1515, 2047, 2048, 2049, 4096, 4097, 9014 };

    port_test("jumbo frames in chained buffers");
    if (!port_open(0x10c6, &c)) return;
    CHECK_EQ(rte_eth_dev_stop(PORT), 0);
    CHECK_EQ(rte_eth_dev_set_mtu(PORT, 9000), 0);
    CHECK_EQ(rte_eth_dev_start(PORT), 0);
    card_loop_back(true);
    uint16_t n = sizeof lengths / sizeof *lengths;
    for (uint16_t i = 0; i < n; i++) frame_fill(&sent[i], card_mac.byte, lengths[i]);
    make_buffers(n);
    CHECK(port_send(0, m, n));
    check_received(0, n);
    port_close();
}

/* More frames than the driver has buffers for: nothing is lost without being counted. */
static void overload(void)
{
    enum { FRAMES = 2000 };
    struct rte_eth_stats s;
    uint32_t came = 0;

    port_test("overload: every frame is received or counted as missed");
    if (!port_open(0x10c6, &(struct port_config){ .queues = 1, .descriptors = 128 })) return;
    frame_fill(&sent[0], card_mac.byte, LEN_MAX);
    for (int i = 0; i < FRAMES; i++) card_put(sent[0].byte, sent[0].len);
    card_run_us(5000);
    for (uint16_t n; (n = port_receive(0, m, BURST_MAX)) > 0; came += n) rte_pktmbuf_free_bulk(m, n);
    CHECK_EQ(rte_eth_stats_get(PORT, &s), 0);
    CHECK(s.imissed > 0);
    CHECK_EQ(s.ipackets, came);
    CHECK_EQ(s.ipackets + s.imissed, FRAMES);
    port_close();
}

void check_traffic(void)
{
    static const uint16_t queues[] = { 1, 2, 4, 7, 16 };

    for (size_t i = 0; i < sizeof queues / sizeof *queues; i++) all_sizes("all sizes", queues[i], 512, 0, 0);
    all_sizes("all sizes, smallest rings", 1, 64, 0, 0);
    all_sizes("all sizes, largest rings", 1, 4096, 0, 0);
    all_sizes("all sizes, scattered receive, offloading transmit", 4, 256,
              RTE_ETH_TX_OFFLOAD_MULTI_SEGS | RTE_ETH_TX_OFFLOAD_TCP_CKSUM,
              RTE_ETH_RX_OFFLOAD_SCATTER | RTE_ETH_RX_OFFLOAD_CHECKSUM);
    short_frames();
    jumbo();
    overload();
    bulk();
}
