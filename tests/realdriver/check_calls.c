/* SPDX-License-Identifier: GPL-3.0-or-later
 * check_calls.c -- the driver's calls of administration, and what each does to frames at the wire: all 16 addresses,
 * VLAN offloads, flow control both ways, RSS keys in the middle of traffic, statistics, dumps, EEPROM, LEDs, the link. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "checks.h"
#include "nicmodel/nic82598_regs.h"
#include "port.h"

enum { BURST = 32, ADDRESSES = 16, XSTATS_MAX = 256, REAL_WAIT_MS = 3000, EEPROM_SUM = 0xbaba, EEPROM_SUM_WORD = 0x3f };

static struct rte_mbuf *m[BURST + PORT_SPARE];
static struct frame frame, got;

/* Whether a frame to 'dst' of 'len' bytes comes in, whole. */
static bool accepted(const uint8_t *dst, uint32_t len)
{
    frame_fill(&frame, dst, len);
    card_put(frame.byte, frame.len);
    uint16_t n = port_receive(0, m, 1);
    if (n) port_read(m[0], &got);
    if (n) CHECK(frame_equal(&got, &frame));
    rte_pktmbuf_free_bulk(m, n);
    return n == 1;
}

/* -- addresses ----------------------------------------------------------------------------------------------------- */

static struct rte_ether_addr nth(uint8_t i)
{
    return (struct rte_ether_addr){ { 0x02, 0x44, 0x55, 0x66, 0x77, i } };
}

static void all_addresses(void)
{
    struct rte_eth_dev_info info;
    struct rte_ether_addr many[64];

    port_test("sixteen addresses, added, used, full, removed");
    if (!port_open(0x10c6, &(struct port_config){ .queues = 1, .descriptors = 128 })) return;
    CHECK_EQ(rte_eth_dev_info_get(PORT, &info), 0);
    CHECK_EQ(info.max_mac_addrs, ADDRESSES);
    for (uint8_t i = 1; i < ADDRESSES; i++) CHECK_EQ(rte_eth_dev_mac_addr_add(PORT, &(struct rte_ether_addr[]){ nth(i) }[0], 0), 0);
    CHECK(rte_eth_dev_mac_addr_add(PORT, &(struct rte_ether_addr[]){ nth(99) }[0], 0) < 0);
    for (uint8_t i = 1; i < ADDRESSES; i++) CHECK(accepted(nth(i).addr_bytes, 100));
    CHECK(!accepted(nth(99).addr_bytes, 100));
    for (uint8_t i = 1; i < ADDRESSES; i += 2)
        CHECK_EQ(rte_eth_dev_mac_addr_remove(PORT, &(struct rte_ether_addr[]){ nth(i) }[0]), 0);
    for (uint8_t i = 1; i < ADDRESSES; i++) CHECK_EQ(accepted(nth(i).addr_bytes, 100), i % 2 == 0);
    CHECK(accepted(card_mac.byte, 100));
    for (uint8_t i = 0; i < 64; i++) many[i] = (struct rte_ether_addr){ { 1, 0, 0x5e, i, (uint8_t)(i * 3), (uint8_t)(i * 7) } };
    CHECK_EQ(rte_eth_dev_set_mc_addr_list(PORT, many, 64), 0);
    for (uint8_t i = 0; i < 64; i++) CHECK(accepted(many[i].addr_bytes, 100));
    CHECK(!accepted((uint8_t[]){ 1, 0, 0x5e, 99, 99, 99 }, 100));
    port_close();
}

/* -- VLANs --------------------------------------------------------------------------------------------------------- */

static uint16_t tag_type = 0x8100;

/* A tagged frame of 'len' bytes arrives; what came: -1 nothing, 0 as it was, 1 without its tag, -2 something else. */
static int tagged(uint16_t tci, uint32_t len)
{
    int result = -2;

    frame_fill(&frame, card_mac.byte, len);
    memcpy(frame.byte + 12, (uint8_t[]){ (uint8_t)(tag_type >> 8), (uint8_t)tag_type, (uint8_t)(tci >> 8), (uint8_t)tci }, 4);
    card_put(frame.byte, frame.len);
    if (port_receive(0, m, 1) == 0) return -1;
    port_read(m[0], &got);
    if (frame_equal(&got, &frame)) result = 0;
    memmove(frame.byte + 12, frame.byte + 16, frame.len - 16);
    frame.len -= 4;
    if (frame_equal(&got, &frame) && m[0]->vlan_tci == tci) result = 1;
    rte_pktmbuf_free(m[0]);
    return result;
}

/* Tags of another type: taken out of what comes and put into what goes. */
static void vlan_type(void)
{
    const struct port_config c = { .queues = 1, .descriptors = 128, .tx_offloads = RTE_ETH_TX_OFFLOAD_VLAN_INSERT,
                                   .rx_offloads = RTE_ETH_RX_OFFLOAD_VLAN_STRIP };

    port_test("VLAN tags of another type");
    if (!port_open(0x10c6, &c)) return;
    tag_type = 0x88a8;
    CHECK_EQ(tagged(7, 100), 0);
    CHECK_EQ(rte_eth_dev_set_vlan_ether_type(PORT, RTE_ETH_VLAN_TYPE_OUTER, tag_type), 0);
    for (uint32_t len = 60; len < 80; len++) CHECK_EQ(tagged((uint16_t)(len * 77), len), 1);
    frame_fill(&frame, card_mac.byte, 100);
    m[0] = port_buffer(frame.byte, frame.len);
    m[0]->ol_flags |= RTE_MBUF_F_TX_VLAN;
    m[0]->vlan_tci = 0x4321;
    CHECK(port_send(0, m, 1));
    card_run_us(20);
    CHECK(card_take(&got));
    CHECK_EQ(memcmp(got.byte + 12, (uint8_t[]){ 0x88, 0xa8, 0x43, 0x21 }, 4), 0);
    CHECK_EQ(memcmp(got.byte + 16, frame.byte + 12, 88), 0);
    tag_type = 0x8100;
    CHECK_EQ(tagged(7, 100), 0);
    port_close();
}

static void vlan_offloads(void)
{
    port_test("VLAN offloads switched while frames come, tags on frames of every short length");
    if (!port_open(0x10c6, &(struct port_config){ .queues = 1, .descriptors = 128 })) return;
    CHECK_EQ(tagged(7, 200), 0);
    CHECK_EQ(rte_eth_dev_set_vlan_offload(PORT, RTE_ETH_VLAN_STRIP_OFFLOAD), 0);
    for (uint32_t len = 60; len < 130; len++) CHECK_EQ(tagged((uint16_t)(len * 31), len), 1);
    CHECK_EQ(tagged(7, 1518), 1);
    CHECK_EQ(rte_eth_dev_set_vlan_offload(PORT, RTE_ETH_VLAN_STRIP_OFFLOAD | RTE_ETH_VLAN_FILTER_OFFLOAD), 0);
    CHECK_EQ(tagged(7, 200), -1);
    for (uint16_t id = 1; id < 4096; id += 7) CHECK_EQ(rte_eth_dev_vlan_filter(PORT, id, 1), 0);
    for (uint16_t id = 0; id < 4096; id += 5) CHECK_EQ(tagged(id, 100), id % 7 == 1 ? 1 : -1);
    CHECK_EQ(rte_eth_dev_set_vlan_offload(PORT, 0), 0);
    CHECK_EQ(tagged(9, 200), 0);
    port_close();
}

/* -- flow control -------------------------------------------------------------------------------------------------- */

/* Frames that have left are PAUSE frames; how many, and how many of them say "go on". */
static void count_pauses(uint32_t *pauses, uint32_t *go_on)
{
    *pauses = *go_on = 0;
    while (card_take(&got)) {
        CHECK_EQ(memcmp(got.byte, (uint8_t[]){ 1, 0x80, 0xc2, 0, 0, 1 }, 6), 0);
        CHECK_EQ(memcmp(got.byte + 12, (uint8_t[]){ 0x88, 0x08, 0, 1 }, 4), 0);
        ++*pauses;
        *go_on += got.byte[16] == 0 && got.byte[17] == 0;
    }
}

static void flow_control(void)
{
    struct rte_eth_fc_conf fc;
    uint32_t pauses, go_on;

    port_test("flow control: full ring sends XOFF, XON when it is read; XOFF stops the wire");
    if (!port_open(0x10c6, &(struct port_config){ .queues = 1, .descriptors = 64 })) return;
    CHECK_EQ(rte_eth_dev_flow_ctrl_get(PORT, &fc), 0);
    fc.mode = RTE_ETH_FC_FULL;
    fc.high_water = 0x40;
    fc.low_water = 0x20;
    fc.pause_time = 0x680;
    fc.send_xon = 1;
    CHECK_EQ(rte_eth_dev_flow_ctrl_set(PORT, &fc), 0);
    frame_fill(&frame, card_mac.byte, 1514);
    for (int i = 0; i < 150; i++) card_put(frame.byte, frame.len); /* 64 KiB and more wait on the card */
    card_run_us(400);
    count_pauses(&pauses, &go_on);
    CHECK(pauses > 0);
    CHECK_EQ(go_on, 0);
    uint32_t came = 0;
    for (uint16_t n; (n = port_receive(0, m, BURST)) > 0; came += n) rte_pktmbuf_free_bulk(m, n);
    CHECK_EQ(came, 150);
    count_pauses(&pauses, &go_on);
    CHECK_EQ(go_on, 1);
    memcpy(frame.byte, (uint8_t[]){ 1, 0x80, 0xc2, 0, 0, 1 }, 6);
    memcpy(frame.byte + 12, (uint8_t[]){ 0x88, 0x08, 0, 1, 0xff, 0xff }, 6);
    card_put(frame.byte, 60);
    card_run_us(5);
    m[0] = port_buffer(frame.byte, 100);
    CHECK_EQ(rte_eth_tx_burst(PORT, 0, m, 1), 1);
    card_run_us(3000); /* of 3355 us */
    CHECK(!card_take(&got));
    card_run_us(500);
    CHECK(card_take(&got));
    CHECK_EQ(port_statistic("rx_xoff_packets"), 1);
    CHECK(port_statistic("tx_xoff_packets") > 0);
    CHECK_EQ(port_statistic("tx_xon_packets"), 1);
    port_close();
}

/* -- RSS ----------------------------------------------------------------------------------------------------------- */

static uint32_t toeplitz(const uint8_t *key, const uint8_t *input, uint32_t bytes)
{
    uint32_t hash = 0;
    for (uint32_t bit = 0; bit < bytes * 8; bit++)
        for (uint32_t k = bit; k < bit + 32 && input[bit / 8] >> (7 - bit % 8) & 1; k++)
            hash ^= (uint32_t)(key[k / 8] >> (7 - k % 8) & 1) << (31 - (k - bit));
    return hash;
}

static void rss_keys(void)
{
    enum { QUEUES = 8 };
    struct rte_eth_rss_reta_entry64 table[2];
    uint8_t key[40], back[40];
    struct rte_eth_rss_conf conf = { .rss_key = key, .rss_key_len = 40, .rss_hf = RTE_ETH_RSS_IPV4 };
    struct rte_eth_rss_conf read = { .rss_key = back, .rss_key_len = 40 };

    port_test("RSS: another key and another table while frames come");
    if (!port_open(0x10c6, &(struct port_config){ .queues = QUEUES, .descriptors = 128, .rss = true })) return;
    card_write(NIC_OFFSET(MRQC, 0), NIC_MASK(MRQC_RSSEN));
    for (int round = 0; round < 20; round++) {
        for (int i = 0; i < 40; i++) key[i] = (uint8_t)(rand() >> 7);
        for (uint16_t i = 0; i < 128; i++) {
            table[i / 64].mask = UINT64_MAX;
            table[i / 64].reta[i % 64] = (uint16_t)(rand() >> 4) % QUEUES;
        }
        CHECK_EQ(rte_eth_dev_rss_hash_update(PORT, &conf), 0);
        CHECK_EQ(rte_eth_dev_rss_reta_update(PORT, table, 128), 0);
        CHECK_EQ(rte_eth_dev_rss_hash_conf_get(PORT, &read), 0);
        CHECK(memcmp(key, back, 40) == 0);
        CHECK_EQ(read.rss_hf, RTE_ETH_RSS_IPV4);
        for (int i = 0; i < 10; i++) {
            frame_fill(&frame, card_mac.byte, 100);
            memcpy(frame.byte + 12, "\x08\x00\x45\x00\x00\x56\x00\x00\x00\x00\x40\x59", 12);
            uint32_t hash = toeplitz(key, frame.byte + 26, 8);
            uint16_t q = table[hash % 128 / 64].reta[hash % 64];
            card_put(frame.byte, frame.len);
            uint16_t n = port_receive(q, m, 1);
            CHECK_EQ(n, 1);
            if (n) CHECK_EQ(m[0]->hash.rss, hash);
            rte_pktmbuf_free_bulk(m, n);
        }
    }
    port_close();
}

/* -- statistics ---------------------------------------------------------------------------------------------------- */

static void put_good(const uint8_t *dst)
{
    frame_fill(&frame, dst, 200);
    card_put(frame.byte, frame.len);
}

static void statistics(void)
{
    struct rte_eth_xstat values[XSTATS_MAX];
    struct rte_eth_xstat_name names[XSTATS_MAX];
    struct rte_eth_stats s;

    port_test("extended statistics: errors by kind, multicast and broadcast, reset");
    if (!port_open(0x10c6, &(struct port_config){ .queues = 2, .descriptors = 128 })) return;
    CHECK_EQ(rte_eth_xstats_reset(PORT), 0);
    CHECK_EQ(rte_eth_promiscuous_enable(PORT), 0);
    for (int i = 0; i < 3; i++) put_good(card_mac.byte);
    for (int i = 0; i < 4; i++) put_good((uint8_t[]){ 0xff, 0xff, 0xff, 0xff, 0xff, 0xff });
    for (int i = 0; i < 5; i++) put_good((uint8_t[]){ 1, 0, 0x5e, 1, 2, 3 });
    frame_fill(&frame, card_mac.byte, 200);
    for (int i = 0; i < 6; i++) card_put_damaged(frame.byte, 200);
    frame_fill(&frame, card_mac.byte, 2000);
    for (int i = 0; i < 7; i++) card_put(frame.byte, 2000);
    uint16_t n = port_receive(0, m, 12);
    CHECK_EQ(n, 12);
    rte_pktmbuf_free_bulk(m, n);
    CHECK_EQ(rte_eth_stats_get(PORT, &s), 0);
    CHECK_EQ(s.ipackets, 12);
    CHECK_EQ(s.ibytes, 12 * 200);
    CHECK_EQ(s.q_ipackets[0], 12);
    CHECK_EQ(s.q_ibytes[0], 12 * 200);
    CHECK_EQ(s.ierrors, 6 + 7);
    CHECK_EQ(port_statistic("rx_crc_errors"), 6);
    CHECK_EQ(port_statistic("rx_oversize_errors"), 7);
    CHECK_EQ(port_statistic("rx_broadcast_packets"), 4);
    CHECK_EQ(port_statistic("rx_multicast_packets"), 5);
    int count = rte_eth_xstats_get(PORT, values, XSTATS_MAX);
    CHECK(count > 0 && count <= XSTATS_MAX);
    CHECK_EQ(rte_eth_xstats_get_names(PORT, names, XSTATS_MAX), count);
    CHECK_EQ(rte_eth_xstats_reset(PORT), 0);
    count = rte_eth_xstats_get(PORT, values, XSTATS_MAX);
    for (int i = 0; i < count && i < XSTATS_MAX; i++) CHECK_EQ(values[i].value, 0);
    port_close();
}

/* -- dumps --------------------------------------------------------------------------------------------------------- */

static void dumps(void)
{
    static uint32_t registers[8192];
    static uint16_t words[4096];
    struct rte_dev_reg_info dump = { 0 };
    struct rte_eth_rxq_info rxq;
    struct rte_eth_txq_info txq;
    char version[64];

    port_test("register dump, EEPROM read and written, queue information, LEDs");
    if (!port_open(0x10c6, &(struct port_config){ .queues = 2, .descriptors = 256 })) return;
    CHECK_EQ(rte_eth_dev_get_reg_info(PORT, &dump), 0);
    CHECK(dump.length > 0 && dump.length <= sizeof registers / sizeof *registers);
    dump.data = registers;
    CHECK_EQ(rte_eth_dev_get_reg_info(PORT, &dump), 0);
    CHECK_EQ(registers[0], card_read(NIC_OFFSET(CTRL, 0)));
    CHECK_EQ(registers[1], card_read(NIC_OFFSET(STATUS, 0)));

    int bytes = rte_eth_dev_get_eeprom_length(PORT);
    CHECK(bytes > 2 * EEPROM_SUM_WORD && bytes <= (int)sizeof words);
    struct rte_dev_eeprom_info eeprom = { .data = words, .length = (uint32_t)bytes };
    CHECK_EQ(rte_eth_dev_get_eeprom(PORT, &eeprom), 0);
    uint16_t sum = words[EEPROM_SUM_WORD];
    for (int i = 0; i < EEPROM_SUM_WORD; i++) sum = (uint16_t)(sum + words[i]);
    for (int i = 3; i < 15; i++) /* sections */
        for (int k = 1; words[i] && words[i] != 0xffff && k <= words[words[i]]; k++)
            sum = (uint16_t)(sum + words[words[i] + k]);
    CHECK_EQ(sum, EEPROM_SUM);
    struct rte_dev_eeprom_info part = { .data = words + 2000, .offset = 0x180, .length = 40 };
    for (int i = 0; i < 20; i++) words[2000 + i] = (uint16_t)(i * 0x1357 + 1);
    CHECK_EQ(rte_eth_dev_set_eeprom(PORT, &part), 0);
    memset(words + 2000, 0, 40);
    CHECK_EQ(rte_eth_dev_get_eeprom(PORT, &part), 0);
    for (int i = 0; i < 20; i++) CHECK_EQ(words[2000 + i], (uint16_t)(i * 0x1357 + 1));

    CHECK_EQ(rte_eth_rx_queue_info_get(PORT, 1, &rxq), 0);
    CHECK_EQ(rxq.nb_desc, 256);
    CHECK_EQ(rte_eth_tx_queue_info_get(PORT, 1, &txq), 0);
    CHECK_EQ(txq.nb_desc, 256);
    (void)rte_eth_dev_fw_version_get(PORT, version, sizeof version);
    uint32_t leds = card_read(NIC_OFFSET(LEDCTL, 0));
    CHECK_EQ(rte_eth_led_on(PORT), 0);
    uint32_t on = card_read(NIC_OFFSET(LEDCTL, 0));
    CHECK_EQ(rte_eth_led_off(PORT), 0);
    CHECK(on != leds || card_read(NIC_OFFSET(LEDCTL, 0)) != on);
    CHECK(accepted(card_mac.byte, 300)); /* looking changed nothing */
    port_close();
}

/* -- the link ------------------------------------------------------------------------------------------------------ */

/* The driver looks for a link on a thread of its own, in real time. */
static bool link_is(uint16_t status)
{
    struct rte_eth_link link;

    for (int ms = 0; ms < REAL_WAIT_MS; ms++) {
        CHECK_EQ(rte_eth_link_get(PORT, &link), 0);
        if (link.link_status == status) return true;
        nanosleep(&(struct timespec){ 0, 1000000 }, NULL);
    }
    return false;
}

static void link_by_hand(void)
{
    port_test("link: seen down and up without interrupts, set down and up by the driver");
    if (!port_open(0x10c6, &(struct port_config){ .queues = 1, .descriptors = 128 })) return;
    for (int i = 0; i < 3; i++) {
        card_cable(false);
        CHECK(link_is(RTE_ETH_LINK_DOWN));
        card_cable(true);
        CHECK(link_is(RTE_ETH_LINK_UP));
    }
    (void)rte_eth_dev_set_link_down(PORT);
    (void)rte_eth_dev_set_link_up(PORT);
    CHECK(link_is(RTE_ETH_LINK_UP));
    CHECK(accepted(card_mac.byte, 300));
    port_close();
}

/* The driver starts without a cable; it is plugged in later. */
static void late_cable(void)
{
    port_test("started without a cable");
    CHECK_EQ(port_plug(0x10c6), 0);
    card_cable(false);
    CHECK_EQ(port_start(&(struct port_config){ .queues = 1, .descriptors = 128 }), 0);
    CHECK(link_is(RTE_ETH_LINK_DOWN));
    card_cable(true);
    CHECK(link_is(RTE_ETH_LINK_UP));
    CHECK(accepted(card_mac.byte, 300));
    port_close();
}

void check_calls(void)
{
    all_addresses();
    vlan_offloads();
    vlan_type();
    flow_control();
    rss_keys();
    statistics();
    dumps();
    link_by_hand();
    late_cable();
}
