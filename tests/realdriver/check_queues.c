/* SPDX-License-Identifier: GPL-3.0-or-later
 * check_queues.c -- other numbers of queues, other thresholds, queues stopped and started by themselves, check sequences
 * that are kept, the longest frames, packet types; and software that writes what it should not. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <rte_mbuf_ptype.h>

#include "checks.h"
#include "nicmodel/nic82598_regs.h"
#include "port.h"

enum { BURST = 32 };

static struct rte_mbuf *m[BURST + PORT_SPARE];
static struct frame frame, got;

/* Sends 'count' frames of 'len' bytes around; how many came back whole on queue 0. */
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

static void numbers(uint16_t rx, uint16_t tx)
{
    char title[64];

    snprintf(title, sizeof title, "%d receive and %d transmit queues", rx, tx);
    port_test(title);
    if (!port_open(0x10c6, &(struct port_config){ .queues = rx, .tx_queues = tx, .descriptors = 64 })) return;
    for (uint16_t q = 0; q < tx; q++) CHECK_EQ(around(q, BURST, (uint32_t)(60 + q * 13)), BURST);
    port_close();
}

static void thresholds(void)
{
    static const struct { uint8_t p, h, w; uint16_t free, rs; } cases[] = {
        { 0, 0, 0, 32, 1 }, { 32, 4, 8, 16, 1 }, { 8, 8, 16, 32, 1 }, { 16, 0, 1, 8, 1 }, { 32, 8, 0, 64, 32 },
        { 32, 0, 0, 32, 32 },
    };
    char title[96];

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const struct rte_eth_rxconf rx = { .rx_thresh = { cases[i].p, cases[i].h, cases[i].w }, .rx_drop_en = i % 2,
                                           .rx_free_thresh = cases[i].free };
        const struct rte_eth_txconf tx = { .tx_thresh = { cases[i].p, cases[i].h, cases[i].w },
                                           .tx_free_thresh = cases[i].free, .tx_rs_thresh = cases[i].rs };
        snprintf(title, sizeof title, "thresholds %d %d %d, report every %d", cases[i].p, cases[i].h, cases[i].w,
                 cases[i].rs);
        port_test(title);
        if (!port_open(0x10c6, &(struct port_config){ .queues = 2, .descriptors = 128, .rx = &rx, .tx = &tx })) continue;
        for (int k = 0; k < 30; k++) CHECK_EQ(around((uint16_t)(k % 2), (uint16_t)(1 + k), (uint32_t)(60 + 40 * k)), 1 + k);
        port_close();
    }
}

/* A stopped queue does nothing, and others go on.  The frame that waits for a stopped queue goes into the descriptors
 * that the queue had: this driver enables a queue first and moves its head then, and does not see it. */
static void stop_and_start(void)
{
    port_test("queues stopped and started while others run");
    if (!port_open(0x10c6, &(struct port_config){ .queues = 3, .descriptors = 128 })) return;
    for (int i = 0; i < 4; i++) {
        CHECK_EQ(around(1, BURST, 300), BURST);
        CHECK_EQ(rte_eth_dev_tx_queue_stop(PORT, 1), 0);
        CHECK_EQ(around(2, BURST, 300), BURST);
        CHECK_EQ(rte_eth_dev_rx_queue_stop(PORT, 2), 0);
        CHECK_EQ(around(0, BURST, 300), BURST);
        CHECK_EQ(rte_eth_dev_rx_queue_start(PORT, 2), 0);
        CHECK_EQ(rte_eth_dev_tx_queue_start(PORT, 1), 0);
        CHECK_EQ(rte_eth_dev_rx_queue_stop(PORT, 0), 0);
        frame_fill(&frame, card_mac.byte, 100);
        uint64_t before = card_counter(NIC_rx_packets);
        card_put(frame.byte, frame.len);
        card_run_us(100);
        CHECK_EQ(card_counter(NIC_rx_packets), before);
        CHECK_EQ(rte_eth_dev_rx_queue_start(PORT, 0), 0);
    }
    port_close();
}

/* CRC-32 over a frame and its own check sequence leaves this. */
static bool sequence_right(const uint8_t *b, uint32_t n)
{
    const uint32_t polynomial = 0xedb88320, residue = 0x2144df1c;
    uint32_t crc = UINT32_MAX;
    for (uint32_t i = 0; i < n * 8; i++) crc = crc >> 1 ^ (((crc ^ b[i / 8] >> i % 8) & 1) ? polynomial : 0);
    return ~crc == residue;
}

/* The driver takes the sequence off the packet's length; it lies behind, in the buffer. */
static void kept_sequences(uint64_t more, uint16_t mtu, const char *name)
{
    const struct port_config c = { .queues = 1, .descriptors = 256, .rx_offloads = RTE_ETH_RX_OFFLOAD_KEEP_CRC | more,
                                   .tx_offloads = RTE_ETH_TX_OFFLOAD_MULTI_SEGS, .mtu = mtu };
    struct rte_eth_stats s;
    uint64_t bytes = 0, frames = 0;

    port_test(name);
    if (!port_open(0x10c6, &c)) return;
    for (uint32_t len = 60; len <= mtu + 14u; len += len < 128 ? 1 : len % 2048 > 2030 ? 1 : 13) {
        frame_fill(&frame, card_mac.byte, len);
        card_put(frame.byte, len);
        uint16_t n = port_receive(0, m, 1);
        CHECK_EQ(n, 1);
        if (n == 0) continue;
        port_read(m[0], &got);
        CHECK(frame_equal(&got, &frame));
        if (len + 4 <= 2048) CHECK(sequence_right(rte_pktmbuf_mtod(m[0], const uint8_t *), len + 4));
        rte_pktmbuf_free(m[0]);
        bytes += len;
        frames++;
    }
    CHECK_EQ(rte_eth_stats_get(PORT, &s), 0);
    CHECK_EQ(s.ipackets, frames);
    CHECK_EQ(s.ibytes, bytes);
    CHECK_EQ(around(0, BURST, 700), BURST);
    port_close();
}

static void longest_frames(void)
{
    struct rte_eth_dev_info info;
    const struct port_config c = { .queues = 1, .descriptors = 512, .rx_offloads = RTE_ETH_RX_OFFLOAD_SCATTER,
                                   .tx_offloads = RTE_ETH_TX_OFFLOAD_MULTI_SEGS, .mtu = 15872 - 18 - 8 };

    port_test("the longest frames the driver allows, and one byte more");
    if (!port_open(0x10c6, &c)) return;
    CHECK_EQ(rte_eth_dev_info_get(PORT, &info), 0);
    CHECK_EQ(info.max_rx_pktlen, 15872);
    for (uint32_t len = 15800; len <= c.mtu + 14u; len++) CHECK_EQ(around(0, 2, len), 2);
    frame_fill(&frame, card_mac.byte, 15872);
    card_put(frame.byte, frame.len);
    CHECK_EQ(port_receive(0, m, 1), 0);
    port_close();
}

/* -- packet types -------------------------------------------------------------------------------------------------- */

static uint32_t type_of(uint32_t len)
{
    card_put(frame.byte, len);
    if (port_receive(0, m, 1) != 1) return UINT32_MAX;
    uint32_t type = m[0]->packet_type;
    rte_pktmbuf_free(m[0]);
    return type;
}

/* The frame is IPv4 with 'options' bytes of options, or IPv6, and its protocol. */
static void make(bool v6, uint32_t options, uint8_t protocol)
{
    uint8_t *ip = frame.byte + 14, *l4;

    frame_fill(&frame, card_mac.byte, 200);
    memset(ip, 0, 60);
    memcpy(frame.byte + 12, v6 ? "\x86\xdd" : "\x08\x00", 2);
    ip[0] = (uint8_t)(v6 ? 0x60 : 0x45 + options / 4);
    if (v6) {
        ip[5] = 200 - 14 - 40;
        ip[6] = protocol;
    } else {
        ip[3] = 200 - 14;
        ip[9] = protocol;
        memset(ip + 20, 1, options);
    }
    l4 = ip + (v6 ? 40 : 20 + options);
    memset(l4, 0, 20);
    if (protocol == 6) l4[12] = 0x50;
    if (protocol == 17) l4[5] = (uint8_t)(frame.byte + 200 - l4);
}

static void packet_types(void)
{
    const uint32_t ether = RTE_PTYPE_L2_ETHER, v4 = ether | RTE_PTYPE_L3_IPV4, v4x = ether | RTE_PTYPE_L3_IPV4_EXT;
    const uint32_t v6 = ether | RTE_PTYPE_L3_IPV6, v6x = ether | RTE_PTYPE_L3_IPV6_EXT;
    const struct { bool v6; uint32_t options; uint8_t protocol; uint32_t type; } cases[] = {
        { false, 0, 6, v4 | RTE_PTYPE_L4_TCP }, { false, 0, 17, v4 | RTE_PTYPE_L4_UDP },
        { false, 0, 132, v4 | RTE_PTYPE_L4_SCTP }, { false, 0, 89, v4 },
        { false, 8, 6, v4x | RTE_PTYPE_L4_TCP }, { false, 40, 17, v4x | RTE_PTYPE_L4_UDP }, { false, 8, 89, v4x },
        { true, 0, 6, v6 | RTE_PTYPE_L4_TCP }, { true, 0, 17, v6 | RTE_PTYPE_L4_UDP }, { true, 0, 89, v6 },
    };

    port_test("packet types");
    if (!port_open(0x10c6, &(struct port_config){ .queues = 1, .descriptors = 128 })) return;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        make(cases[i].v6, cases[i].options, cases[i].protocol);
        CHECK_EQ(type_of(200), cases[i].type);
    }
    make(true, 0, 60); /* destination options of 8 bytes, then TCP */
    memcpy(frame.byte + 54, (uint8_t[]){ 6, 0, 1, 4, 0, 0, 0, 0 }, 8);
    memset(frame.byte + 62, 0, 20);
    frame.byte[62 + 12] = 0x50;
    CHECK_EQ(type_of(200), v6x | RTE_PTYPE_L4_TCP);
    port_close();
}

/* -- misuse -------------------------------------------------------------------------------------------------------- */

/* Heads and tails are written while queues run, with any value; then the driver starts anew and all is well. */
static void heads_and_tails(void)
{
    const struct port_config c = { .queues = 2, .descriptors = 128 };

    port_test("heads and tails written while queues are enabled");
    if (!port_open(0x10c6, &c)) return;
    for (int round = 0; round < 20; round++) {
        CHECK_EQ(around(1, BURST, 200), BURST);
        frame_fill(&frame, card_mac.byte, 400);
        for (int i = 0; i < 20; i++) {
            uint32_t value = rand() % 3 ? (uint32_t)rand() % 140 : (uint32_t)rand(), q = (uint32_t)rand() % 2;
            const uint32_t offsets[] = { NIC_OFFSET(RDH, q), NIC_OFFSET(RDT, q), NIC_OFFSET(TDH, q), NIC_OFFSET(TDT, q) };
            card_write(offsets[rand() % 4], value);
            card_put(frame.byte, frame.len);
            card_run_us(rand() % 20);
        }
        CHECK_EQ(rte_eth_dev_stop(PORT), 0);
        card_run_us(1000);
        while (card_take(&got)) {}
        CHECK_EQ(rte_eth_dev_start(PORT), 0);
    }
    CHECK_EQ(around(0, BURST, 200), BURST);
    port_close_misused();
}

/* Rings that lie nowhere: refused, counted, and the next start puts them where they belong. */
static void rings_nowhere(void)
{
    port_test("descriptor rings outside the DMA windows");
    if (!port_open(0x10c6, &(struct port_config){ .queues = 2, .descriptors = 128 })) return;
    for (int round = 0; round < 4; round++) {
        uint64_t refused = card_counter(NIC_bad_addresses);
        CHECK_EQ(around(1, BURST, 200), BURST);
        card_write(round % 2 ? NIC_OFFSET(RDBAH, 0) : NIC_OFFSET(TDBAH, 1), 0xdead0000);
        if (round > 1) card_write(round % 2 ? NIC_OFFSET(RDLEN, 0) : NIC_OFFSET(TDLEN, 1), 128 * 16);
        frame_fill(&frame, card_mac.byte, 400);
        for (int k = 0; k < 100; k++) card_put(frame.byte, frame.len);
        m[0] = port_buffer(frame.byte, frame.len);
        CHECK_EQ(rte_eth_tx_burst(PORT, 1, m, 1), 1);
        card_run_us(500);
        CHECK(card_counter(NIC_bad_addresses) > refused);
        CHECK_EQ(rte_eth_dev_stop(PORT), 0);
        CHECK_EQ(rte_eth_dev_start(PORT), 0);
        while (card_take(&got)) {}
        for (uint16_t n; (n = port_receive(0, m, BURST)) > 0;) rte_pktmbuf_free_bulk(m, n);
    }
    CHECK_EQ(around(1, BURST, 200), BURST);
    port_close_misused();
}

/* The card is reset behind the driver's back while it sends and receives. */
static void reset_behind(void)
{
    const struct port_config c = { .queues = 2, .descriptors = 128 };

    port_test("a reset of the card that the driver does not know of");
    if (!port_open(0x10c6, &c)) return;
    for (int round = 0; round < 10; round++) {
        frame_fill(&frame, card_mac.byte, 1514);
        for (int k = 0; k < 100; k++) card_put(frame.byte, frame.len);
        for (int k = 0; k < BURST; k++) m[k] = port_buffer(frame.byte, frame.len);
        uint16_t sent = rte_eth_tx_burst(PORT, 1, m, BURST);
        rte_pktmbuf_free_bulk(m + sent, BURST - sent);
        card_run_us(round * 5);
        card_write(NIC_OFFSET(CTRL, 0), NIC_MASK(CTRL_RST));
        card_run_us(100);
        uint16_t n = rte_eth_rx_burst(PORT, 0, m, BURST);
        rte_pktmbuf_free_bulk(m, n);
        CHECK_EQ(rte_eth_dev_stop(PORT), 0);
        CHECK_EQ(rte_eth_dev_start(PORT), 0);
        while (card_take(&got)) {}
        for (uint16_t k; (k = port_receive(0, m, BURST)) > 0;) rte_pktmbuf_free_bulk(m, k);
        CHECK_EQ(around(0, BURST, 300), BURST);
    }
    port_close();
}

/* The MAC's own loop-back, without a cable. */
static void mac_loop_back(void)
{
    port_test("loop-back in the MAC");
    if (!port_open(0x10c6, &(struct port_config){ .queues = 1, .descriptors = 128 })) return;
    card_write(NIC_OFFSET(HLREG0, 0), card_read(NIC_OFFSET(HLREG0, 0)) | NIC_MASK(HLREG0_LPBK));
    for (uint32_t len = 60; len <= 1514; len += 97) CHECK_EQ(around(0, BURST, len), BURST);
    CHECK(!card_take(&got));
    port_close();
}

void check_queues(void)
{
    srand(1);
    numbers(1, 16);
    numbers(16, 1);
    numbers(3, 5);
    numbers(64, 32);
    thresholds();
    stop_and_start();
    kept_sequences(0, 1500, "check sequences kept");
    kept_sequences(RTE_ETH_RX_OFFLOAD_SCATTER, 9000, "check sequences kept, over several buffers");
    longest_frames();
    packet_types();
    heads_and_tails();
    rings_nowhere();
    reset_behind();
    mac_loop_back();
}
