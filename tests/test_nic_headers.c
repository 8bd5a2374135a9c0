/* SPDX-License-Identifier: GPL-3.0-or-later
 * test_nic_headers.c -- what an 82598 tells of frames that are not simply TCP or UDP over IP: SNAP, IPv6 extension
 * headers, fragments, tunnels, SCTP; their checksums and their RSS hash; and of damaged and short frames.  Frames are
 * built byte by byte and summed here. */
#include <check.h>
#include <string.h>

#include "nic_rig.h"
#include "nicmodel/frame_bytes.h"
#include "suites.h"

enum {
    DD = 1, EOP = 2, VP = 8, UDPCS = 16, L4CS = 32, IPCS = 64, UDPV = 1 << 10,
    CE = 1 << 24, LE = 1 << 25, OSE = 1 << 28, USE = 1 << 29, TCPE = 1 << 30,
    IPV4 = 1 << 4, IPV4_OPT = 1 << 5, IPV6 = 1 << 6, IPV6_EXT = 1 << 7, TCP = 1 << 8, UDP = 1 << 9, SCTP = 1 << 10,
    HOP = 0, ROUTING = 43, FRAGMENT = 44, DESTINATION = 60, NONE = 59,
};
static const uint32_t ipe = 1u << 31;

static struct nic_rig rig;
static struct nic_ring ring;
static uint32_t at;              /* descriptor of the next frame */
static uint8_t f[2048];          /* the frame that is being built */
static uint32_t f_len, f_l3, f_l4;

static void setup(void)
{
    nic_rig_init(&rig, NULL);
    nic_rig_rx_start(&rig, 2, false);
    ring = nic_rig_rx(&rig, 0, 64, 63, 2, true, 32 | 1 << 16);
    nic_rig_write(&rig, NIC_OFFSET(RXCSUM, 0), NIC_MASK(RXCSUM_PCSD));
    nic_rig_run_ns(&rig, 5000);
    at = 0;
}

static void teardown(void)
{
    nic_rig_fini(&rig);
}

/* -- frames ------------------------------------------------------------------------------------------------------- */

static void add(const void *bytes, uint32_t n)
{
    memcpy(f + f_len, bytes, n);
    f_len += n;
}

static void ethernet(uint16_t type)
{
    f_len = 0;
    add(nic_rig_mac.byte, 6);
    add((uint8_t[]){ 2, 0, 0, 0, 0, 9, (uint8_t)(type >> 8), (uint8_t)type }, 8);
}

static void ipv4(uint8_t protocol, uint16_t fragment, uint32_t options)
{
    uint8_t ip[60] = { (uint8_t)(0x45 + options / 4), 0, 0, 0, 0x12, 0x34, (uint8_t)(fragment >> 8), (uint8_t)fragment,
                       64, protocol, 0, 0, 10, 0, 0, 2, 10, 0, 0, 1 };
    memset(ip + 20, 1, options);
    f_l3 = f_len;
    add(ip, 20 + options);
    f_l4 = f_len;
}

static void ipv6(uint8_t next)
{
    uint8_t ip[40] = { 0x60, 0, 0, 0, 0, 0, next, 64 };
    for (uint8_t i = 8; i < 40; i++) ip[i] = (uint8_t)(i * 5);
    f_l3 = f_len;
    add(ip, 40);
    f_l4 = f_len;
}

/* A header of 8 'eights' bytes with 'next' behind it; bytes 2 and on are of 'body'. */
static void extension(uint8_t next, uint32_t eights, const uint8_t *body)
{
    uint8_t bytes[256] = { next, (uint8_t)(eights - 1) };
    memcpy(bytes + 2, body, eights * 8 - 2);
    add(bytes, eights * 8);
    f_l4 = f_len;
}

static uint32_t sum(const uint8_t *b, uint32_t n)
{
    uint32_t s = 0;
    for (uint32_t i = 0; i < n; i++) s += (uint32_t)b[i] << (i % 2 ? 0 : 8);
    return s;
}

static uint16_t fold(uint32_t s)
{
    while (s >> 16) s = (s & 0xffff) + (s >> 16);
    return (uint16_t)~s;
}

/* TCP (or UDP, SCTP) with 'payload' bytes; lengths and checksums are filled in. */
static void transport(uint8_t protocol, uint32_t payload)
{
    static const uint32_t sizes[] = { [6] = 20, [17] = 8, [132] = 12 };
    uint8_t l4[20] = { 0, 80, 0, 81, 0, 0, 0, 1 }, body[1500];
    bool v4 = f[f_l3] >> 4 == 4;
    uint32_t bytes = sizes[protocol] + payload;

    if (protocol == 6) l4[12] = 0x50;
    if (protocol == 17) put_be16(l4 + 4, bytes), put_be16(l4 + 6, 0);
    for (uint32_t i = 0; i < payload; i++) body[i] = (uint8_t)(i + 1);
    add(l4, sizes[protocol]);
    add(body, payload);
    put_be16(f + f_l3 + (v4 ? 2 : 4), f_len - f_l3 - (v4 ? 0 : 40));
    if (v4) put_be16(f + f_l3 + 10, fold(sum(f + f_l3, f_l4 - f_l3)));
    if (protocol == 132) return;
    uint32_t pseudo = v4 ? sum(f + f_l3 + 12, 8) : sum(f + f_l3 + 8, 32);
    put_be16(f + f_l4 + (protocol == 6 ? 16 : 6), fold(pseudo + protocol + bytes + sum(f + f_l4, bytes)));
}

static struct packet *packet(void)
{
    struct packet *p = packet_new(rig.pool, engine_now(rig.engine));
    packet_write(p, f, f_len);
    return p;
}

static void arrive(void)
{
    nic_receive(rig.nic, packet());
    nic_rig_run_ns(&rig, 10000);
    ck_assert_uint_eq((uint32_t)ring.desc[at].q[1] & (DD | EOP), DD | EOP);
    at++;
}

/* Of the last frame. */
static uint32_t status(void) { return (uint32_t)ring.desc[at - 1].q[1] & ~(uint32_t)(DD | EOP); }
static uint32_t types(void) { return (uint32_t)ring.desc[at - 1].q[0] & 0xfff0; }
static uint32_t rss_type(void) { return (uint32_t)ring.desc[at - 1].q[0] & 15; }
static uint32_t high(void) { return (uint32_t)(ring.desc[at - 1].q[0] >> 32); }
static uint32_t length(void) { return (uint32_t)(ring.desc[at - 1].q[1] >> 32) & 0xffff; }

/* The frame arrives as it is, and then with its last payload byte wrong. */
static void expect(uint32_t want_types, uint32_t want_status, bool checked)
{
    arrive();
    ck_assert_uint_eq(types(), want_types);
    ck_assert_uint_eq(status(), want_status);
    f[f_len - 1] ^= 0x10;
    arrive();
    ck_assert_uint_eq(status(), checked ? want_status | TCPE : want_status);
    ck_assert_uint_eq(nic_rig_read(&rig, NIC_OFFSET(XEC, 0)), checked);
}

/* -- checksums and types ------------------------------------------------------------------------------------------ */

START_TEST(nic_headers__options)
{
    ethernet(ETHERTYPE_IPV4);
    ipv4(17, 0, 12);
    transport(17, 100);
    expect(IPV4 | IPV4_OPT | UDP, IPCS | L4CS | UDPCS, true);
}
END_TEST

START_TEST(nic_headers__snap)
{
    ethernet(8 + 20 + 20 + 100);
    add((uint8_t[]){ 0xaa, 0xaa, 3, 0, 0, 0, 8, 0 }, 8);
    ipv4(6, 0, 0);
    transport(6, 100);
    expect(IPV4 | TCP, IPCS | L4CS, true);
}
END_TEST

START_TEST(nic_headers__sctp_has_a_type_and_no_checksum)
{
    ethernet(ETHERTYPE_IPV4);
    ipv4(132, 0, 0);
    transport(132, 100);
    expect(IPV4 | SCTP, IPCS, false);
}
END_TEST

START_TEST(nic_headers__other_protocols_have_an_ip_checksum)
{
    ethernet(ETHERTYPE_IPV4);
    ipv4(6, 0, 0);
    transport(6, 100);
    f[f_l3 + 9] = 89;
    put_be16(f + f_l3 + 10, 0);
    put_be16(f + f_l3 + 10, fold(sum(f + f_l3, 20)));
    expect(IPV4, IPCS, false);
    f[f_l3 + 8] ^= 1;
    arrive();
    ck_assert_uint_eq(status(), IPCS | ipe);
}
END_TEST

/* IPv6 in IPv4: the outer header; IPv4 in IPv4: nothing. */
START_TEST(nic_headers__tunnels)
{
    ethernet(ETHERTYPE_IPV4);
    ipv4(41, 0, 0);
    ipv6(6);
    transport(6, 60);
    put_be16(f + ETH_BYTES + 2, f_len - ETH_BYTES);
    put_be16(f + ETH_BYTES + 10, fold(sum(f + ETH_BYTES, 20)));
    expect(IPV4 | IPV6, IPCS, false);
    ethernet(ETHERTYPE_IPV4);
    ipv4(4, 0, 0);
    ipv4(6, 0, 0);
    transport(6, 60);
    put_be16(f + ETH_BYTES + 2, f_len - ETH_BYTES);
    expect(IPV4, 0, false);
}
END_TEST

static const uint8_t nothing[64] = { 0, 0, 1, 2 };

START_TEST(nic_headers__extensions_that_can_be_passed)
{
    ethernet(ETHERTYPE_IPV6);
    ipv6(HOP);
    extension(DESTINATION, 1, nothing);
    extension(ROUTING, 2, nothing);
    extension(6, 1, nothing); /* a routing header without addresses */
    transport(6, 77);
    expect(IPV6 | IPV6_EXT | TCP, L4CS, true);
    nic_rig_write(&rig, NIC_OFFSET(RFCTL, 0), NIC_MASK(RFCTL_IPV6_EX_DIS));
    arrive();
    ck_assert_uint_eq(types(), IPV6 | IPV6_EXT);
    ck_assert_uint_eq(status(), 0);
    nic_rig_write(&rig, NIC_OFFSET(RFCTL, 0), NIC_MASK(RFCTL_IPV6_XSUM_DIS));
    arrive();
    ck_assert_uint_eq(types(), IPV6 | IPV6_EXT | TCP);
    ck_assert_uint_eq(status(), 0);
    nic_rig_write(&rig, NIC_OFFSET(RFCTL, 0), NIC_MASK(RFCTL_IPV6_DIS));
    arrive();
    ck_assert_uint_eq(types(), 0);
}
END_TEST

/* An address in the routing header, a home address, a fragment: the transport header is found, its sum is not known. */
START_TEST(nic_headers__extensions_without_a_checksum)
{
    uint8_t routing[22] = { 2, 1 }, home[22] = { 1, 2, 0, 0, 0xc9, 16 };
    ethernet(ETHERTYPE_IPV6);
    ipv6(_i == 0 ? ROUTING : _i == 1 ? DESTINATION : _i == 2 ? FRAGMENT : HOP);
    if (_i == 0) extension(17, 3, routing);
    if (_i == 1) extension(17, 3, home);
    if (_i == 2) extension(17, 1, (uint8_t[]){ 0, 1, 0, 0, 0, 9 });
    if (_i == 3) extension(17, 9, (uint8_t[72]){ 0, 1 }); /* longer than the card looks */
    transport(17, 50);
    expect(_i < 2 ? IPV6 | IPV6_EXT | UDP : IPV6 | IPV6_EXT, 0, false);
}
END_TEST

/* -- fragments ---------------------------------------------------------------------------------------------------- */

/* The sum over a fragment of UDP and the identification take the place of the hash. */
START_TEST(nic_headers__fragment_checksum)
{
    nic_rig_write(&rig, NIC_OFFSET(RXCSUM, 0), NIC_MASK(RXCSUM_IPPCSE));
    for (int i = 0; i < 2; i++) { /* first and last */
        ethernet(ETHERTYPE_IPV4);
        ipv4(17, i ? 0x0010 : 0x2000, 4);
        transport(17, 101);
        arrive();
        ck_assert_uint_eq(types(), IPV4 | IPV4_OPT);
        ck_assert_uint_eq(status(), i ? IPCS : IPCS | UDPV);
        ck_assert_uint_eq(high(), 0x1234 | (uint32_t)(uint16_t)~fold(sum(f + f_l4, f_len - f_l4)) << 16);
    }
    nic_rig_write(&rig, NIC_OFFSET(RXCSUM, 0), 0);
    arrive();
    ck_assert_uint_eq(high(), 0x1234);
    nic_rig_write(&rig, NIC_OFFSET(RXCSUM, 0), NIC_MASK(RXCSUM_PCSD));
    arrive();
    ck_assert_uint_eq(high(), 0);
}
END_TEST

START_TEST(nic_headers__fragment_checksum_in_a_legacy_descriptor)
{
    nic_rig_write(&rig, NIC_OFFSET(RXCSUM, 0), NIC_MASK(RXCSUM_IPPCSE));
    nic_rig_write(&rig, NIC_OFFSET(SRRCTL, 0), 2);
    ethernet(ETHERTYPE_IPV4);
    ipv4(17, 0x2000, 0);
    transport(17, 100);
    nic_receive(rig.nic, packet());
    nic_rig_run_ns(&rig, 10000);
    ck_assert_uint_eq(ring.desc[0].q[1] & 0xffffffff,
                      f_len | (uint32_t)(uint16_t)~fold(sum(f + f_l4, f_len - f_l4)) << 16);
}
END_TEST

/* -- RSS ---------------------------------------------------------------------------------------------------------- */

static const struct rss_case {
    const char *says;
    uint32_t enabled;            /* bits of MRQC */
    bool extended, home, tcp;
    uint32_t type, bytes;        /* bytes that are hashed; 0: none */
} rss_cases[] = {
    { "TCP behind extensions, all", 0x01ff0000, true, true, true, 6, 36 },
    { "UDP behind extensions, all", 0x01ff0000, true, true, false, 9, 36 },
    { "no extensions: not an _EX type", 0x01ff0000, false, false, true, 3, 36 },
    { "no extensions: not an _EX type, UDP", 0x01ff0000, false, false, false, 8, 36 },
    { "only _EX, and no extensions", 1 << 18, false, false, true, 6, 36 },
    { "only _EX of UDP, and no extensions", 1 << 24, false, false, false, 9, 36 },
    { "extensions, and only the plain type", 1 << 21, true, true, true, 3, 36 },
    { "addresses only, _EX", 1 << 19 | 1 << 20, true, true, true, 4, 32 },
    { "addresses only, plain", 1 << 20, true, true, true, 5, 32 },
    { "addresses only, no extensions", 1 << 19 | 1 << 20, false, false, true, 5, 32 },
    { "TCP only, and it is UDP", 1 << 18 | 1 << 21, true, true, false, 0, 0 },
};

static uint32_t hash_by_bits(const uint8_t *input, uint32_t bytes)
{
    uint8_t key[40];
    uint32_t hash = 0;
    for (uint32_t i = 0; i < 40; i++) key[i] = (uint8_t)(nic_rig_read(&rig, NIC_OFFSET(RSSRK, i / 4)) >> (8 * (i % 4)));
    for (uint32_t bit = 0; bit < bytes * 8; bit++) {
        if (!(input[bit / 8] >> (7 - bit % 8) & 1)) continue;
        for (uint32_t k = 0; k < 32; k++)
            if (key[(bit + k) / 8] >> (7 - (bit + k) % 8) & 1) hash ^= 1u << (31 - k);
    }
    return hash;
}

START_TEST(nic_headers__rss_of_ipv6)
{
    const struct rss_case *c = &rss_cases[_i];
    uint8_t routing[22] = { 2, 1 }, home[22] = { 1, 2, 0, 0, 0xc9, 16 }, input[36];
    uint8_t protocol = c->tcp ? 6 : 17;
    bool ex = c->type == 4 || c->type == 6 || c->type == 9;

    for (uint8_t i = 0; i < 16; i++) routing[6 + i] = (uint8_t)(0xa0 + i), home[6 + i] = (uint8_t)(0x51 + i * 3);
    for (uint32_t i = 0; i < 10; i++) nic_rig_write(&rig, NIC_OFFSET(RSSRK, i), 0x9e3779b9u * (i + 1));
    nic_rig_write(&rig, NIC_OFFSET(MRQC, 0), NIC_MASK(MRQC_RSSEN) | c->enabled);
    ethernet(ETHERTYPE_IPV6);
    ipv6(c->extended ? DESTINATION : protocol);
    if (c->extended) extension(ROUTING, 3, home);
    if (c->extended) extension(protocol, 3, routing);
    transport(protocol, 64);
    memcpy(input, ex && c->home ? home + 6 : f + f_l3 + 8, 16);
    memcpy(input + 16, ex && c->home ? routing + 6 : f + f_l3 + 24, 16);
    memcpy(input + 32, f + f_l4, 4);
    arrive();
    ck_assert_msg(rss_type() == c->type, "%s: type %u, not %u", c->says, rss_type(), c->type);
    ck_assert_msg(high() == hash_by_bits(input, c->bytes), "%s: hash", c->says);
}
END_TEST

/* -- damaged, short, and with their check sequence ------------------------------------------------------------------ */

static uint32_t crc32(const uint8_t *b, uint32_t n)
{
    uint32_t crc = UINT32_MAX;
    for (uint32_t i = 0; i < 8 * n; i++) {
        uint32_t byte = b[i / 8], bit = (crc ^ byte >> i % 8) & 1;
        crc = crc >> 1 ^ (bit ? 0xedb88320 : 0);
    }
    return ~crc;
}

/* "123456789" has the published check value; a frame with its own behind it leaves the published residue. */
START_TEST(nic_receive__check_sequence_is_stored_without_rxcrcstrp)
{
    static const uint32_t lens[] = { 40, 60, 61, 1000, 2044, 2046, 2048 };
    ck_assert_uint_eq(crc32((const uint8_t *)"123456789", 9), 0xcbf43926);
    nic_rig_write(&rig, NIC_OFFSET(HLREG0, 0), NIC_MASK(HLREG0_JUMBOEN));
    nic_rig_write(&rig, NIC_OFFSET(MHADD, 0), 9018u << 16);
    for (size_t i = 0; i < sizeof lens / sizeof *lens; i++) {
        uint32_t first = at, stored = lens[i] < 60 ? 60 : lens[i];
        ethernet(0x88b5);
        while (f_len < lens[i]) f[f_len] = (uint8_t)(f_len * 7), f_len++;
        nic_receive(rig.nic, packet());
        nic_rig_run_ns(&rig, 10000);
        at += stored + 4 > 2048 ? 2 : 1;
        uint32_t second = at - first == 2 ? length() : 0;
        ck_assert_uint_eq(((uint32_t)(ring.desc[first].q[1] >> 32) & 0xffff) + second, stored + 4);
        ck_assert_uint_eq(crc32(ring.bytes + first * 2048, stored + 4), 0x2144df1c);
        ck_assert_mem_eq(ring.bytes + first * 2048, f, lens[i]);
    }
    ck_assert_uint_eq(nic_counter(rig.nic, NIC_rx_bytes), 60 + 60 + 61 + 1000 + 2044 + 2046 + 2048);
    ck_assert_uint_eq(nic_rig_read(&rig, NIC_OFFSET(QBRC, 0)), 60 + 60 + 61 + 1000 + 2044 + 2046 + 2048 + 7 * 4);
}
END_TEST

/* A tag that is taken out of a short frame leaves it shorter. */
START_TEST(nic_receive__short_frame_without_its_tag)
{
    static const uint32_t lens[] = { 60, 62, 64, 70 };
    nic_rig_write(&rig, NIC_OFFSET(VLNCTRL, 0), 0x8100 | NIC_MASK(VLNCTRL_VME));
    for (size_t i = 0; i < 4; i++) {
        ethernet(0x8100);
        add((uint8_t[]){ 0, 5, 0x88, 0xb5 }, 4);
        while (f_len < lens[i]) f[f_len] = (uint8_t)f_len, f_len++;
        arrive();
        ck_assert_uint_eq(status(), VP);
        ck_assert_uint_eq(length(), lens[i] - 4);
        ck_assert_mem_eq(ring.bytes + (at - 1) * 2048 + 14, f + 18, lens[i] - 18);
    }
}
END_TEST

/* Refused and counted, or with SBP stored with what is wrong with them. */
START_TEST(nic_receive__damaged_frames_are_stored_with_sbp)
{
    static const struct { uint32_t len, flags, error, offset; uint16_t type; } cases[] = {
        { 100, PACKET_FCS_BAD, CE, OFFSET_CRCERRS, 0x88b5 }, { 1600, 0, OSE, OFFSET_ROC, 0x88b5 },
        { 1600, PACKET_FCS_BAD, OSE | CE, OFFSET_RJC, 0x88b5 }, { 40, PACKET_RUNT, USE, OFFSET_RUC, 0x88b5 },
        { 40, PACKET_RUNT | PACKET_FCS_BAD, USE | CE, OFFSET_RFC, 0x88b5 }, { 200, 0, LE, OFFSET_RLEC, 187 },
        { 60, 0, LE, OFFSET_RLEC, 47 }, { 60, 0, 0, 0, 20 }, { 200, 0, 0, 0, 186 },
    };
    nic_rig_write(&rig, NIC_OFFSET(HLREG0, 0), 0x403 | NIC_MASK(HLREG0_RXLNGTHERREN));
    for (int sbp = 0; sbp < 2; sbp++) {
        nic_rig_write(&rig, NIC_OFFSET(FCTRL, 0), NIC_PUT(FCTRL_SBP, sbp));
        for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
            uint64_t refused = nic_counter(rig.nic, NIC_rx_errors);
            bool kept = sbp || !cases[i].error;
            ethernet(cases[i].type);
            memset(f + f_len, 0x5a, sizeof f - f_len);
            f_len = cases[i].len;
            struct packet *p = packet();
            p->flags |= (uint8_t)cases[i].flags;
            nic_receive(rig.nic, p);
            nic_rig_run_ns(&rig, 10000);
            at += kept;
            ck_assert_uint_eq(nic_counter(rig.nic, NIC_rx_errors) - refused, !kept);
            if (cases[i].error) ck_assert_uint_eq(nic_rig_read(&rig, cases[i].offset), 1);
            if (!kept) continue;
            ck_assert_uint_eq(status(), cases[i].error);
            ck_assert_uint_eq(length(), cases[i].len);
            ck_assert_uint_eq(nic_rig_read(&rig, NIC_OFFSET(GPRC, 0)), !cases[i].error);
            ck_assert_uint_eq(nic_rig_read(&rig, NIC_OFFSET(TPR, 0)), 1);
        }
    }
}
END_TEST

/* -- short frames out, and loop-back ------------------------------------------------------------------------------ */

START_TEST(nic_transmit__padding_needs_txpaden_and_ifcs)
{
    enum { CMD_EOP = 1, CMD_IFCS = 2 };
    static const struct { uint32_t hlreg0, cmd; bool padded; } cases[] = {
        { 0x403, CMD_EOP | CMD_IFCS, true }, { 0x403, CMD_EOP, false }, { 0x003, CMD_EOP | CMD_IFCS, false },
    };
    struct nic_ring tx = nic_rig_tx(&rig, 0, 64, 0);
    uint8_t *view;
    bus_addr data = memory_map_bytes(rig.memory, 64, 0, &view);

    memcpy(view, nic_rig_mac.byte, 6);
    for (uint32_t i = 0; i < 3; i++) {
        nic_rig_write(&rig, NIC_OFFSET(HLREG0, 0), cases[i].hlreg0);
        tx.desc[i] = (struct nic_desc){ { data, 40 | (uint64_t)cases[i].cmd << 24 } };
        nic_rig_write(&rig, NIC_OFFSET(TDT, 0), i + 1);
        nic_rig_run_ns(&rig, 10000);
        struct packet *p = packet_queue_pop(&rig.sent);
        ck_assert_uint_eq(frame_stored_bytes(p), cases[i].padded ? 60 : 40);
        packet_deliver(rig.pool, p);
        ck_assert_uint_eq(nic_rig_read(&rig, NIC_OFFSET(GOTCH, 0)), cases[i].padded ? 64 : 44);
    }
}
END_TEST

/* What is sent comes back at line rate; the cable is out of it both ways. */
START_TEST(nic_loop_back__at_line_rate_and_without_the_cable)
{
    enum { FRAMES = 40, LEN = 1514 };
    struct nic_ring tx = nic_rig_tx(&rig, 0, 64, 32);
    uint8_t *view;
    bus_addr data = memory_map_bytes(rig.memory, LEN, 0, &view);

    memcpy(view, nic_rig_mac.byte, 6);
    nic_set_wire(rig.nic, NULL);
    ck_assert_uint_eq(NIC_GET(LINKS_UP, nic_rig_read(&rig, NIC_OFFSET(LINKS, 0))), 0);
    nic_rig_write(&rig, NIC_OFFSET(HLREG0, 0), 0x403 | NIC_MASK(HLREG0_LPBK));
    ck_assert_uint_eq(NIC_GET(LINKS_UP, nic_rig_read(&rig, NIC_OFFSET(LINKS, 0))), 1);
    for (uint32_t i = 0; i < FRAMES; i++) tx.desc[i] = (struct nic_desc){ { data, LEN | 0x3ull << 24 } };
    nic_rig_write(&rig, NIC_OFFSET(TDT, 0), FRAMES);
    nic_rig_run_ns(&rig, FRAMES * 1230 - 1230);
    ck_assert_uint_ge(nic_counter(rig.nic, NIC_rx_packets), FRAMES - 5);
    ck_assert_uint_lt(nic_counter(rig.nic, NIC_rx_packets), FRAMES);
    nic_rig_run_ns(&rig, 10000);
    ck_assert_uint_eq(nic_counter(rig.nic, NIC_rx_packets), FRAMES);
    ck_assert_uint_eq(rig.n_sent, 0);
    ck_assert_uint_eq(nic_rig_read(&rig, NIC_OFFSET(GPTC, 0)), FRAMES);
    ck_assert_uint_eq(nic_rig_read(&rig, NIC_OFFSET(GPRC, 0)), FRAMES);
    nic_set_wire(rig.nic, rig.wire);
    ethernet(0x88b5);
    f_len = 100;
    nic_receive(rig.nic, packet());
    ck_assert_uint_eq(nic_counter(rig.nic, NIC_rx_disabled), 1);
    nic_rig_write(&rig, NIC_OFFSET(HLREG0, 0), 0x403);
    tx.desc[FRAMES] = (struct nic_desc){ { data, LEN | 0x3ull << 24 } };
    nic_rig_write(&rig, NIC_OFFSET(TDT, 0), FRAMES + 1);
    nic_rig_run_ns(&rig, 10000);
    ck_assert_uint_eq(rig.n_sent, 1);
    packet_deliver(rig.pool, packet_queue_pop(&rig.sent));
}
END_TEST

Suite *nic_headers_suite(void)
{
    Suite *s = suite_create("nic_headers");
    TCase *tc = tcase_create("headers");
    tcase_add_checked_fixture(tc, setup, teardown);
    tcase_add_test(tc, nic_headers__options);
    tcase_add_test(tc, nic_headers__snap);
    tcase_add_test(tc, nic_headers__sctp_has_a_type_and_no_checksum);
    tcase_add_test(tc, nic_headers__other_protocols_have_an_ip_checksum);
    tcase_add_test(tc, nic_headers__tunnels);
    tcase_add_test(tc, nic_headers__extensions_that_can_be_passed);
    tcase_add_loop_test(tc, nic_headers__extensions_without_a_checksum, 0, 4);
    tcase_add_test(tc, nic_headers__fragment_checksum);
    tcase_add_test(tc, nic_headers__fragment_checksum_in_a_legacy_descriptor);
    tcase_add_loop_test(tc, nic_headers__rss_of_ipv6, 0, sizeof rss_cases / sizeof *rss_cases);
    tcase_add_test(tc, nic_receive__check_sequence_is_stored_without_rxcrcstrp);
    tcase_add_test(tc, nic_receive__short_frame_without_its_tag);
    tcase_add_test(tc, nic_receive__damaged_frames_are_stored_with_sbp);
    tcase_add_test(tc, nic_transmit__padding_needs_txpaden_and_ifcs);
    tcase_add_test(tc, nic_loop_back__at_line_rate_and_without_the_cable);
    suite_add_tcase(s, tc);
    return s;
}
