/* SPDX-License-Identifier: GPL-3.0-or-later
 * check_offload.c -- checksums and segmentation that the driver leaves to the card.
 *
 * What must leave is computed here from the packet that the driver got, byte by byte, without a look at the model:
 * headers of every segment with their lengths, identifications, sequence numbers and flags, and RFC 1071 sums. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <rte_ip.h>

#include "checks.h"
#include "port.h"

enum { PACKET_MAX = 60000, TCP_FLAGS_AT = 13, FIN = 1, PSH = 8, ACK = 16 };

/* A packet of one of the kinds. */
struct packet_kind {
    const char *name;
    bool v6, tcp, vlan;
    uint32_t ip_options, tcp_options; /* of IPv6: destination options */
    uint32_t outer;               /* bytes of other headers between Ethernet's and IP's */
};
static const struct packet_kind kinds[] = {
    { "TCP over IPv4", false, true, false, 0, 0, 0 },
    { "TCP over IPv4 with options of both", false, true, false, 8, 12, 0 },
    { "TCP over IPv4 with all options, VLAN tag inserted", false, true, true, 40, 40, 0 },
    { "TCP over IPv4, VLAN tag inserted", false, true, true, 0, 12, 0 },
    { "TCP over IPv4 inside other headers", false, true, false, 0, 0, 50 },
    { "TCP over IPv6", true, true, false, 0, 12, 0 },
    { "TCP over IPv6, VLAN tag inserted", true, true, true, 0, 0, 0 },
    { "TCP over IPv6 with destination options", true, true, true, 24, 20, 0 },
    { "TCP over IPv6 with all options inside other headers", true, true, true, 56, 40, 60 },
    { "UDP over IPv4", false, false, false, 0, 0, 0 },
    { "UDP over IPv4 with options, VLAN tag inserted", false, false, true, 4, 0, 0 },
    { "UDP over IPv6", true, false, false, 0, 0, 0 },
    { "UDP over IPv6 with destination options", true, false, false, 8, 0, 0 },
    { "UDP over IPv4 inside other headers", false, false, true, 0, 0, 8 },
};

struct shape { uint32_t l3, l4, payload; };  /* offsets */

static uint8_t packet[PACKET_MAX + 400];
static struct frame wanted, got;
static struct rte_mbuf *m[1 + PORT_SPARE];

static void put16(uint8_t *b, uint32_t v)
{
    b[0] = (uint8_t)(v >> 8);
    b[1] = (uint8_t)v;
}

static uint32_t get16(const uint8_t *b)
{
    return (uint32_t)b[0] << 8 | b[1];
}

static uint32_t get32(const uint8_t *b)
{
    return get16(b) << 16 | get16(b + 2);
}

/* RFC 1071, over 'sum' and these bytes. */
static uint32_t add(uint32_t sum, const uint8_t *b, uint32_t bytes)
{
    for (uint32_t i = 0; i < bytes; i++) sum += (uint32_t)b[i] << (i % 2 ? 0 : 8);
    return sum;
}

static uint32_t fold(uint32_t sum)
{
    while (sum >> 16) sum = (sum & 0xffff) + (sum >> 16);
    return ~sum & 0xffff;
}

/* A pseudo header's sum (RFC 793, 768, 8200). */
static uint32_t pseudo(const uint8_t *ip, bool v6, bool tcp, uint32_t l4_bytes)
{
    return add((tcp ? 6u : 17u) + l4_bytes, v6 ? ip + 8 : ip + 12, v6 ? 32 : 8);
}

/* Random addresses, ports and payload; lengths right, checksum fields garbage. */
static struct shape make_packet(const struct packet_kind *k, uint32_t payload_bytes)
{
    struct shape s = { 14 + k->outer, 14 + k->outer + (k->v6 ? 40 : 20) + k->ip_options, 0 };
    uint8_t *ip = packet + s.l3, *l4 = packet + s.l4;
    uint32_t l4_bytes = (k->tcp ? 20 + k->tcp_options : 8) + payload_bytes;

    s.payload = s.l4 + l4_bytes - payload_bytes;
    for (uint32_t i = 0; i < s.payload + payload_bytes; i++) packet[i] = (uint8_t)rand();
    memcpy(packet, card_mac.byte, 6);
    packet[6] &= 0xfe;
    put16(packet + 12, k->outer ? 0x88b5 : k->v6 ? 0x86dd : 0x0800);
    if (k->v6) {
        ip[0] = 0x60;
        put16(ip + 4, k->ip_options + l4_bytes);
        ip[6] = k->ip_options ? 60 : k->tcp ? 6 : 17;
        if (k->ip_options) {
            memset(ip + 40, 0, k->ip_options); /* bytes of padding */
            ip[40] = k->tcp ? 6 : 17;
            ip[41] = (uint8_t)(k->ip_options / 8 - 1);
        }
    } else {
        ip[0] = (uint8_t)(0x45 + k->ip_options / 4);
        put16(ip + 2, 20 + k->ip_options + l4_bytes);
        put16(ip + 6, 0x4000);
        ip[9] = k->tcp ? 6 : 17;
        memset(ip + 20, 1, k->ip_options); /* no operation */
    }
    if (k->tcp) {
        l4[12] = (uint8_t)((20 + k->tcp_options) / 4 << 4);
        l4[TCP_FLAGS_AT] = FIN | PSH | ACK;
        memset(l4 + 20, 1, k->tcp_options);
    } else {
        put16(l4 + 4, l4_bytes);
    }
    return s;
}

/* The packet as the driver wants it: header checksum 0, the pseudo header's sum in the transport's field. */
static struct rte_mbuf *offer(const struct packet_kind *k, const struct shape *s, uint32_t payload_bytes, uint32_t mss,
                              uint16_t tci)
{
    uint32_t at = s->l4 + (k->tcp ? 16 : 6), l4_bytes = s->payload - s->l4 + payload_bytes;

    if (!k->v6) put16(packet + s->l3 + 10, 0);
    put16(packet + at, ~fold(pseudo(packet + s->l3, k->v6, k->tcp, mss ? 0 : l4_bytes)) & 0xffff);
    struct rte_mbuf *b = port_buffer(packet, s->payload + payload_bytes);
    b->l2_len = s->l3 & 0x7f;
    b->l3_len = (s->l4 - s->l3) & 0x1ff;
    b->l4_len = (uint8_t)(s->payload - s->l4);
    b->ol_flags = k->v6 ? RTE_MBUF_F_TX_IPV6 : RTE_MBUF_F_TX_IPV4 | RTE_MBUF_F_TX_IP_CKSUM;
    b->ol_flags |= k->tcp ? RTE_MBUF_F_TX_TCP_CKSUM : RTE_MBUF_F_TX_UDP_CKSUM;
    if (mss) {
        b->ol_flags |= RTE_MBUF_F_TX_TCP_SEG;
        b->tso_segsz = (uint16_t)mss;
    }
    if (k->vlan) {
        b->ol_flags |= RTE_MBUF_F_TX_VLAN;
        b->vlan_tci = tci;
    }
    return b;
}

/* The frame that must leave for payload bytes [from, from + bytes) of the packet; 'index' counts frames from 0. */
static void expect(const struct packet_kind *k, const struct shape *s, uint32_t from, uint32_t bytes, uint32_t index,
                   bool last, uint16_t tci)
{
    uint8_t *f = wanted.byte, *ip = f + s->l3, *l4 = f + s->l4;
    uint32_t l4_bytes = s->payload - s->l4 + bytes, sum;

    memcpy(f, packet, s->payload);
    memcpy(f + s->payload, packet + s->payload + from, bytes);
    wanted.len = s->payload + bytes;
    if (k->v6) {
        put16(ip + 4, s->l4 - s->l3 - 40 + l4_bytes);
    } else {
        put16(ip + 2, s->l4 - s->l3 + l4_bytes);
        put16(ip + 4, get16(ip + 4) + index);
        put16(ip + 10, 0);
        put16(ip + 10, fold(add(0, ip, s->l4 - s->l3)));
    }
    if (k->tcp) {
        uint32_t seq = get32(l4 + 4) + from;
        put16(l4 + 4, seq >> 16);
        put16(l4 + 6, seq);
        if (!last) l4[TCP_FLAGS_AT] &= (uint8_t)~(FIN | PSH);
    }
    uint8_t *field = l4 + (k->tcp ? 16 : 6);
    put16(field, 0);
    sum = fold(add(pseudo(ip, k->v6, k->tcp, l4_bytes), l4, l4_bytes));
    put16(field, sum);
    if (!k->vlan) return;
    memmove(f + 16, f + 12, wanted.len - 12);
    put16(f + 12, 0x8100);
    put16(f + 14, tci);
    wanted.len += 4;
}

static bool left_as_wanted(void)
{
    return card_take(&got) && frame_equal(&got, &wanted);
}

static void checksums(const struct packet_kind *k)
{
    char title[96];
    snprintf(title, sizeof title, "checksums inserted: %s", k->name);
    port_test(title);
    for (uint32_t bytes = 0; bytes <= 1200; bytes += bytes < 64 ? 1 : 37) {
        uint16_t tci = (uint16_t)rand();
        struct shape s = make_packet(k, bytes);
        m[0] = offer(k, &s, bytes, 0, tci);
        CHECK(port_send(0, m, 1));
        card_run_us(20);
        expect(k, &s, 0, bytes, 0, true, tci);
        CHECK(left_as_wanted());
    }
}

static void segmentation(const struct packet_kind *k)
{
    static const uint32_t sizes[][2] = { /* payload, segment */
        { 1, 700 }, { 700, 700 }, { 701, 700 }, { 1800, 700 }, { 14600, 1460 }, { 14601, 1460 }, { 9999, 536 },
        { PACKET_MAX, 1448 }, { PACKET_MAX, 8948 }, { 5000, 64 }, { 4096, 333 }, { 2047, 1001 },
    };
    char title[96];
    snprintf(title, sizeof title, "segmentation: %s", k->name);
    port_test(title);
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        uint32_t bytes = sizes[i][0], mss = sizes[i][1], index = 0;
        uint16_t tci = (uint16_t)rand();
        struct shape s = make_packet(k, bytes);
        m[0] = offer(k, &s, bytes, mss, tci);
        CHECK(port_send(0, m, 1));
        card_run_us(200);
        for (uint32_t from = 0; from < bytes; from += mss, index++) {
            bool last = bytes - from <= mss;
            expect(k, &s, from, last ? bytes - from : mss, index, last, tci);
            CHECK(left_as_wanted());
        }
        CHECK(!card_take(&got));
    }
}

/* Bursts of packets of any kind and size, cut or not, which share the card's contexts. */
static void mixture(void)
{
    enum { MOST = 8, ROUNDS = 150 };
    static struct {
        const struct packet_kind *k;
        struct shape s;
        uint32_t bytes, mss;
        uint16_t tci;
        uint8_t packet[PACKET_MAX + 400];
    } sent[MOST];
    struct rte_mbuf *burst[MOST];

    port_test("offloads mixed at random");
    for (int round = 0; round < ROUNDS; round++) {
        uint16_t n = (uint16_t)(1 + rand() % MOST);
        for (uint16_t i = 0; i < n; i++) {
            const struct packet_kind *k = &kinds[(size_t)rand() % (sizeof kinds / sizeof *kinds)];
            uint32_t bytes = (uint32_t)(1 + rand() % 1200), mss = 0;
            if (k->tcp && rand() % 2) bytes = (uint32_t)(1 + rand() % 12000), mss = (uint32_t)(64 + rand() % 1300);
            sent[i].k = k;
            sent[i].s = make_packet(k, bytes);
            sent[i].bytes = bytes;
            sent[i].mss = mss;
            sent[i].tci = (uint16_t)rand();
            burst[i] = offer(k, &sent[i].s, bytes, mss, sent[i].tci);
            memcpy(sent[i].packet, packet, sizeof packet);
        }
        CHECK(port_send(0, burst, n));
        card_run_us(200);
        for (uint16_t i = 0; i < n; i++) {
            uint32_t index = 0, mss = sent[i].mss ? sent[i].mss : sent[i].bytes;
            memcpy(packet, sent[i].packet, sizeof packet);
            for (uint32_t from = 0; from < sent[i].bytes; from += mss, index++) {
                bool last = sent[i].bytes - from <= mss;
                expect(sent[i].k, &sent[i].s, from, last ? sent[i].bytes - from : mss, index, last, sent[i].tci);
                CHECK(left_as_wanted());
            }
        }
        CHECK(!card_take(&got));
    }
}

/* -- receive ------------------------------------------------------------------------------------------------------- */

/* What the driver says of a frame's checksums. */
static uint64_t verdict_on(const uint8_t *bytes, uint32_t len)
{
    card_put(bytes, len);
    if (port_receive(0, m, 1) != 1) return 0;
    uint64_t flags = m[0]->ol_flags & (RTE_MBUF_F_RX_IP_CKSUM_MASK | RTE_MBUF_F_RX_L4_CKSUM_MASK);
    rte_pktmbuf_free(m[0]);
    return flags;
}

static void received(const struct packet_kind *k)
{
    const uint64_t ip_good = RTE_MBUF_F_RX_IP_CKSUM_GOOD, l4_good = RTE_MBUF_F_RX_L4_CKSUM_GOOD;
    const struct packet_kind untagged = { k->name, k->v6, k->tcp, false, k->ip_options, k->tcp_options, 0 };
    char title[96];

    snprintf(title, sizeof title, "checksums verified: %s", k->name);
    port_test(title);
    for (uint32_t bytes = 1; bytes < 1300; bytes += 101) {
        struct shape s = make_packet(&untagged, bytes);
        expect(&untagged, &s, 0, bytes, 0, true, 0);
        CHECK_EQ(verdict_on(wanted.byte, wanted.len), ip_good | l4_good);
        wanted.byte[s.payload + bytes - 1] ^= 0x40;
        CHECK_EQ(verdict_on(wanted.byte, wanted.len), ip_good | RTE_MBUF_F_RX_L4_CKSUM_BAD);
        if (k->v6) continue;
        wanted.byte[s.payload + bytes - 1] ^= 0x40;
        wanted.byte[s.l3 + 8] ^= 1; /* time to live */
        CHECK_EQ(verdict_on(wanted.byte, wanted.len), RTE_MBUF_F_RX_IP_CKSUM_BAD | l4_good);
    }
}

void check_offload(void)
{
    const struct port_config c = {
        .queues = 1, .descriptors = 512, .rx_offloads = RTE_ETH_RX_OFFLOAD_CHECKSUM,
        .tx_offloads = RTE_ETH_TX_OFFLOAD_MULTI_SEGS | RTE_ETH_TX_OFFLOAD_TCP_TSO | RTE_ETH_TX_OFFLOAD_IPV4_CKSUM |
                       RTE_ETH_TX_OFFLOAD_TCP_CKSUM | RTE_ETH_TX_OFFLOAD_UDP_CKSUM | RTE_ETH_TX_OFFLOAD_VLAN_INSERT,
    };
    srand(1);
    port_test("offloads: start");
    if (!port_open(0x10c6, &c)) return;
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
        checksums(&kinds[i]);
        if (kinds[i].tcp) segmentation(&kinds[i]);
        received(&kinds[i]);
    }
    mixture();
    port_test("offloads: stop");
    port_close();
}
