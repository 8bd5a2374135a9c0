/* SPDX-License-Identifier: GPL-3.0-or-later
 * check_filters.c -- which frames come in, and to which queue: addresses, VLANs, RSS; set through the driver's calls,
 * expected by the rules of the datasheet computed here. */
#include <stdlib.h>
#include <string.h>

#include "checks.h"
#include "nicmodel/nic82598_regs.h"
#include "port.h"

enum { KEY_BYTES = 40, RETA_ENTRIES = 128, FLOWS = 400 };

static const uint8_t broadcast[6] = { 0xff, 0xff, 0xff, 0xff, 0xff, 0xff };
static const uint8_t stranger[6] = { 0x02, 0x11, 0x22, 0x33, 0x44, 0x55 };
static const uint8_t group[6] = { 0x01, 0x00, 0x5e, 0x01, 0x02, 0x03 };
static struct rte_mbuf *m[1 + PORT_SPARE];
static struct frame frame, got;

/* -- addresses ----------------------------------------------------------------------------------------------------- */

static bool accepted(const uint8_t *dst)
{
    frame_fill(&frame, dst, 100);
    card_put(frame.byte, frame.len);
    card_run_us(100);
    uint16_t n = port_receive(0, m, 1);
    if (n) port_read(m[0], &got);
    bool same = n && frame_equal(&got, &frame);
    if (n) CHECK(same);
    rte_pktmbuf_free_bulk(m, n);
    return n == 1;
}

static void addresses(void)
{
    struct rte_ether_addr other, many;

    memcpy(other.addr_bytes, stranger, 6);
    memcpy(many.addr_bytes, group, 6);
    port_test("address filters: exact, broadcast, multicast, promiscuous");
    if (!port_open(0x10c6, &(struct port_config){ .queues = 1, .descriptors = 128 })) return;
    CHECK(accepted(card_mac.byte));
    CHECK(accepted(broadcast));
    CHECK(!accepted(stranger));
    CHECK(!accepted(group));
    CHECK_EQ(rte_eth_dev_mac_addr_add(PORT, &other, 0), 0);
    CHECK(accepted(stranger));
    CHECK_EQ(rte_eth_dev_mac_addr_remove(PORT, &other), 0);
    CHECK(!accepted(stranger));
    CHECK_EQ(rte_eth_dev_set_mc_addr_list(PORT, &many, 1), 0);
    CHECK(accepted(group));
    CHECK_EQ(rte_eth_dev_set_mc_addr_list(PORT, NULL, 0), 0);
    CHECK(!accepted(group));
    CHECK_EQ(rte_eth_allmulticast_enable(PORT), 0);
    CHECK(accepted(group));
    CHECK(!accepted(stranger));
    CHECK_EQ(rte_eth_allmulticast_disable(PORT), 0);
    CHECK(!accepted(group));
    CHECK_EQ(rte_eth_promiscuous_enable(PORT), 0);
    CHECK(accepted(group));
    CHECK(accepted(stranger));
    CHECK_EQ(rte_eth_promiscuous_disable(PORT), 0);
    CHECK(!accepted(stranger));
    CHECK_EQ(rte_eth_dev_default_mac_addr_set(PORT, &other), 0);
    CHECK(accepted(stranger));
    CHECK(!accepted(card_mac.byte));
    port_close();
}

/* -- VLANs --------------------------------------------------------------------------------------------------------- */

/* The tag of a frame with tag 'tci' as the driver shows it, -1: the frame did not come, -2: not as it should.  That
 * there is a tag the driver does not say on this chip: it never sets the queue's VLAN flags. */
static int vlan_of(uint16_t tci)
{
    int result;

    frame_fill(&frame, card_mac.byte, 200);
    frame.byte[12] = 0x81;
    frame.byte[13] = 0x00;
    frame.byte[14] = (uint8_t)(tci >> 8);
    frame.byte[15] = (uint8_t)tci;
    card_put(frame.byte, frame.len);
    card_run_us(100);
    if (port_receive(0, m, 1) == 0) return -1;
    port_read(m[0], &got);
    memmove(frame.byte + 12, frame.byte + 16, frame.len - 16);
    frame.len -= 4;
    result = frame_equal(&got, &frame) ? m[0]->vlan_tci : -2;
    rte_pktmbuf_free(m[0]);
    return result;
}

static void vlans(void)
{
    const struct port_config c = { .queues = 1, .descriptors = 128, .rx_offloads =
        RTE_ETH_RX_OFFLOAD_VLAN_STRIP | RTE_ETH_RX_OFFLOAD_VLAN_FILTER };

    port_test("VLAN filter and stripping");
    if (!port_open(0x10c6, &c)) return;
    CHECK_EQ(vlan_of(0x0123), -1);
    CHECK_EQ(rte_eth_dev_vlan_filter(PORT, 0x123, 1), 0);
    CHECK_EQ(rte_eth_dev_vlan_filter(PORT, 4095, 1), 0);
    CHECK_EQ(vlan_of(0x0123), 0x0123);
    CHECK_EQ(vlan_of(0xe123), 0xe123); /* the priority is no part of the filter */
    CHECK_EQ(vlan_of(0x0124), -1);
    CHECK_EQ(vlan_of(4095), 4095);
    CHECK(accepted(card_mac.byte));    /* untagged */
    CHECK_EQ(rte_eth_dev_vlan_filter(PORT, 0x123, 0), 0);
    CHECK_EQ(vlan_of(0x0123), -1);
    port_close();
}

/* -- RSS ----------------------------------------------------------------------------------------------------------- */

/* Toeplitz by its definition: for every set bit of the input, the 32 bits of the key that begin there. */
static uint32_t toeplitz(const uint8_t *key, const uint8_t *input, uint32_t bytes)
{
    uint32_t hash = 0;
    for (uint32_t bit = 0; bit < bytes * 8; bit++) {
        if (!(input[bit / 8] >> (7 - bit % 8) & 1)) continue;
        uint32_t window = 0;
        for (uint32_t k = bit; k < bit + 32; k++) window = window << 1 | (key[k / 8] >> (7 - k % 8) & 1);
        hash ^= window;
    }
    return hash;
}

enum kind { TCP4, UDP4, IP4, FRAGMENT4, TCP6, UDP6, IP6, N_KINDS };

/* A frame of random addresses and ports; returns the bytes to hash, which lie in it at *input. */
static uint32_t make_flow(enum kind kind, const uint8_t **input)
{
    bool v6 = kind >= TCP6;
    uint8_t *ip = frame.byte + 14, *next = ip + (v6 ? 40 : 20);
    uint8_t protocol = kind == TCP4 || kind == TCP6 ? 6 : kind == IP4 || kind == IP6 ? 89 : 17;

    frame_fill(&frame, card_mac.byte, 120);
    frame.byte[12] = v6 ? 0x86 : 0x08;
    frame.byte[13] = v6 ? 0xdd : 0x00;
    ip[0] = v6 ? 0x60 : 0x45;
    if (v6) {
        ip[4] = 0;
        ip[5] = 120 - 14 - 40;
        ip[6] = protocol;
    } else {
        ip[2] = 0;
        ip[3] = 120 - 14;
        ip[6] = kind == FRAGMENT4 ? 0x20 : 0;
        ip[7] = 0;
        ip[9] = protocol;
    }
    next[12] = 0x50; /* a TCP header of 20 bytes */
    next[4] = 0;
    next[5] = (uint8_t)(frame.byte + 120 - next); /* a UDP length that fits */
    *input = v6 ? ip + 8 : ip + 12;
    return (v6 ? 32u : 8u) + (protocol == 89 || kind == FRAGMENT4 ? 0 : 4);
}

static const uint64_t l4_types[N_KINDS] = {
    [TCP4] = RTE_ETH_RSS_NONFRAG_IPV4_TCP, [UDP4] = RTE_ETH_RSS_NONFRAG_IPV4_UDP,
    [TCP6] = RTE_ETH_RSS_NONFRAG_IPV6_TCP, [UDP6] = RTE_ETH_RSS_NONFRAG_IPV6_UDP,
};

/* The driver refuses to set RSS up for this chip but changes what it finds enabled. */
static void rss(uint16_t queues, uint64_t hash_types, const char *name)
{
    const struct port_config c = { .queues = queues, .descriptors = 128, .rss = true,
                                   .rx_offloads = RTE_ETH_RX_OFFLOAD_RSS_HASH };
    struct rte_eth_rss_reta_entry64 table[RETA_ENTRIES / 64], back[RETA_ENTRIES / 64];
    uint8_t key[KEY_BYTES];
    struct rte_eth_rss_conf conf = { .rss_key = key, .rss_key_len = KEY_BYTES, .rss_hf = hash_types };
    uint64_t seen = 0;

    port_test(name);
    if (!port_open(0x10c6, &c)) return;
    for (int i = 0; i < KEY_BYTES; i++) key[i] = (uint8_t)(i * 37 + queues);
    for (uint16_t i = 0; i < RETA_ENTRIES; i++) {
        table[i / 64].mask = back[i / 64].mask = UINT64_MAX;
        table[i / 64].reta[i % 64] = (uint16_t)(i * 7 % queues);
    }
    card_write(NIC_OFFSET(MRQC, 0), NIC_MASK(MRQC_RSSEN));
    CHECK_EQ(rte_eth_dev_rss_hash_update(PORT, &conf), 0);
    CHECK_EQ(rte_eth_dev_rss_reta_update(PORT, table, RETA_ENTRIES), 0);
    CHECK_EQ(rte_eth_dev_rss_reta_query(PORT, back, RETA_ENTRIES), 0);
    CHECK(memcmp(table, back, sizeof table) == 0);
    for (int i = 0; i < FLOWS; i++) {
        const uint8_t *input;
        enum kind kind = (enum kind)(i % N_KINDS);
        uint32_t bytes = make_flow(kind, &input), base = kind >= TCP6 ? 32 : 8;
        bool l4 = bytes > base && hash_types & l4_types[kind];
        bool plain = !l4 && hash_types & (kind >= TCP6 ? RTE_ETH_RSS_IPV6 : RTE_ETH_RSS_IPV4);
        uint32_t hash = l4 ? toeplitz(key, input, bytes) : plain ? toeplitz(key, input, base) : 0;
        uint16_t queue = l4 || plain ? table[hash % RETA_ENTRIES / 64].reta[hash % 64] : 0;

        card_put(frame.byte, frame.len);
        uint16_t n = port_receive(queue, m, 1);
        CHECK_EQ(n, 1);
        if (n == 0) continue;
        port_read(m[0], &got);
        CHECK(frame_equal(&got, &frame));
        CHECK_EQ(m[0]->hash.rss, hash);
        CHECK_EQ(!!(m[0]->ol_flags & RTE_MBUF_F_RX_RSS_HASH), l4 || plain);
        seen |= 1ull << queue;
        rte_pktmbuf_free(m[0]);
    }
    CHECK_EQ(seen, (1ull << queues) - 1);
    for (uint16_t q = 0; q < queues; q++) CHECK_EQ(port_receive(q, m, 1), 0);
    port_close();
}

void check_filters(void)
{
    const uint64_t all = RTE_ETH_RSS_IPV4 | RTE_ETH_RSS_NONFRAG_IPV4_TCP | RTE_ETH_RSS_NONFRAG_IPV4_UDP |
                         RTE_ETH_RSS_IPV6 | RTE_ETH_RSS_NONFRAG_IPV6_TCP | RTE_ETH_RSS_NONFRAG_IPV6_UDP;
    addresses();
    vlans();
    rss(4, all, "RSS over 4 queues, all hash types");
    rss(16, all, "RSS over 16 queues, all hash types");
    rss(16, RTE_ETH_RSS_IPV4 | RTE_ETH_RSS_IPV6, "RSS over 16 queues, addresses only");
    rss(5, RTE_ETH_RSS_NONFRAG_IPV4_TCP, "RSS over 5 queues, TCP over IPv4 only");
}
