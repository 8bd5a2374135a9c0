/* SPDX-License-Identifier: GPL-3.0-or-later
 * test_headers.c -- bytes: frames typed in by hand, a checksum written differently, and segments put together again. */
#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "core/rng.h"
#include "net/headers.h"
#include "suites.h"

static struct packet_pool *pool;
static const sim_time now;

static void setup(void)
{
    pool = packet_pool_create();
}

static void teardown(void)
{
    packet_pool_check(pool);
    packet_pool_destroy(pool);
}

/* One's complement sum byte by byte: even places are high, odd places low. */
static uint16_t plain_sum(const uint8_t *b, size_t n, uint32_t sum)
{
    for (size_t i = 0; i < n; i++) {
        sum += i % 2 ? b[i] : (uint32_t)b[i] << 8;
        if (sum > 0xffff) sum -= 0xffff;
    }
    return (uint16_t)sum;
}

/* Whether an IPv4 frame's checksums are right, from its bytes alone. */
static bool frame_is_right(const struct packet *p)
{
    static uint8_t b[70000];
    packet_read(p, 0, b, p->len);
    const uint8_t *ip = b + (b[12] == 0x81 ? 18 : 14);
    size_t ip_bytes = (size_t)(ip[0] & 15) * 4, total = (size_t)ip[2] << 8 | ip[3];
    if (plain_sum(ip, ip_bytes, 0) != 0xffff || (size_t)(ip - b) + total > p->len) return false;
    uint32_t pseudo = plain_sum(ip + 12, 8, 0) + ip[9] + (uint32_t)(total - ip_bytes);
    return plain_sum(ip + ip_bytes, total - ip_bytes, pseudo) == 0xffff;
}

static const struct header_spec spec = {
    .dst = { { 2, 0, 0, 0, 0, 1 } }, .src = { { 2, 0, 0, 0, 0, 2 } }, .vlan = -1,
    .flow = { 0x0a000001, 0x0a000002, 40000, 80, IPPROTO_TCP_ },
};

static struct packet *tcp_packet(int vlan, uint8_t option_bytes, uint8_t flags, uint32_t payload_bytes)
{
    static const uint8_t options[40] = { 1, 1, 8, 10, 0, 0, 0, 9, 0, 0, 0, 8 };
    struct header_spec with_vlan = spec;
    struct header_template t;
    struct packet *p = packet_new(pool, now);
    with_vlan.vlan = vlan;
    header_template_init(&t, &with_vlan);
    struct tcp_fields f = { .seq = 0xfffffff0, .ack = 7, .window = 1000, .ip_id = 0xfffe, .flags = flags,
                            .option_bytes = option_bytes, .options = options };
    headers_tcp(p, &t, &f, payload_bytes);
    return p;
}

static struct packet *udp_packet(uint32_t payload_bytes)
{
    struct header_spec udp = spec;
    struct header_template t;
    struct packet *p = packet_new(pool, now);
    udp.flow.protocol = IPPROTO_UDP_;
    header_template_init(&t, &udp);
    headers_udp(p, &t, 5, payload_bytes);
    return p;
}

/* -- parsing ---------------------------------------------------------------------------------------------------- */

START_TEST(headers_parse__what_builders_build)
{
    static const int vlans[] = { -1, 0, 5, 4095 };
    for (size_t v = 0; v < 4; v++) {
        for (uint8_t options = 0; options <= 40; options = (uint8_t)(options + 4)) {
            struct packet *p = tcp_packet(vlans[v], options, TCP_ACK, 100);
            uint8_t l3 = p->l3, l4 = p->l4, payload = p->payload;
            ck_assert(headers_parse(p));
            ck_assert(p->l3 == l3 && p->l4 == l4 && p->payload == payload);
            ck_assert_uint_eq(p->l3, vlans[v] < 0 ? 14 : 18);
            ck_assert_uint_eq(p->l4, p->l3 + 20u);
            ck_assert_uint_eq(p->payload, p->l4 + 20u + options);
            ck_assert_uint_eq(headers_payload_bytes(p), 100);
            ck_assert_int_eq(headers_vlan(p), vlans[v]);
            ck_assert_int_eq(headers_ip_protocol(p), IPPROTO_TCP_);
            struct flow_tuple flow;
            ck_assert(headers_flow(p, &flow));
            ck_assert(flow.src_ip == spec.flow.src_ip && flow.dst_ip == spec.flow.dst_ip);
            ck_assert(flow.src_port == 40000 && flow.dst_port == 80 && flow.protocol == IPPROTO_TCP_);
            packet_deliver(pool, p);
        }
    }
    struct packet *p = udp_packet(0);
    ck_assert(headers_parse(p));
    ck_assert_uint_eq(p->payload, 42);
    ck_assert_uint_eq(headers_payload_bytes(p), 0);
    packet_deliver(pool, p);
}
END_TEST

START_TEST(headers_parse__padding_is_not_payload)
{
    struct packet *p = tcp_packet(-1, 0, TCP_ACK, 2);
    p->len = 60;
    ck_assert(headers_parse(p));
    ck_assert_uint_eq(headers_payload_bytes(p), 2);
    packet_deliver(pool, p);
}
END_TEST

START_TEST(headers_parse__ipv6)
{
    uint8_t frame[14 + 40 + 8 + 3] = { [12] = 0x86, [13] = 0xdd, [14] = 0x60, [14 + 5] = 11, [14 + 6] = 17,
                                       [14 + 40 + 5] = 11 };
    struct packet *p = packet_new(pool, now);
    ck_assert(packet_write(p, frame, sizeof frame));
    ck_assert(p->l3 == 14 && p->l4 == 54 && p->payload == 62);
    ck_assert_uint_eq(headers_payload_bytes(p), 3);
    ck_assert_int_eq(headers_ip_protocol(p), IPPROTO_UDP_);
    ck_assert(!headers_is_ipv4(p));
    struct flow_tuple flow;
    ck_assert(!headers_flow(p, &flow));
    packet_deliver(pool, p);
}
END_TEST

START_TEST(headers_parse__other_types_have_no_l4)
{
    uint8_t arp[60] = { [12] = 0x08, [13] = 0x06 };
    struct packet *p = packet_new(pool, now);
    ck_assert(packet_write(p, arp, sizeof arp));
    ck_assert(p->l3 == 14 && p->l4 == 0 && p->payload == 0 && p->hdr_len == 60);
    ck_assert_int_eq(headers_ip_protocol(p), -1);
    packet_deliver(pool, p);
}
END_TEST

START_TEST(headers_parse__later_fragments_have_no_l4)
{
    struct packet *p = tcp_packet(-1, 0, TCP_ACK, 100);
    p->hdr[20] = 0x20; /* more fragments: the first */
    ck_assert(headers_parse(p) && p->l4 == 34);
    p->hdr[20] = 0;
    p->hdr[21] = 1; /* offset 8 bytes */
    ck_assert(headers_parse(p) && p->l3 == 14 && p->l4 == 0);
    packet_deliver(pool, p);
}
END_TEST

/* Whatever single field lies about a length, the frame is refused and no offset leaves the header. */
START_TEST(headers_parse__refuses_contradictions)
{
    static const struct { const char *what; uint32_t at; uint8_t value; } lies[] = {
        { "version", 14, 0x55 }, { "header length 4", 14, 0x41 }, { "header length 60", 14, 0x4f },
        { "total length beyond frame", 16, 0x10 }, { "total length below header", 17, 10 },
        { "TCP offset 0", 46, 0x00 }, { "TCP offset 16", 46, 0x40 }, { "TCP offset 60", 46, 0xf0 },
    };
    for (size_t i = 0; i < sizeof lies / sizeof *lies; i++) {
        struct packet *p = tcp_packet(-1, 0, TCP_ACK, 4);
        p->hdr[lies[i].at] = lies[i].value;
        ck_assert_msg(!headers_parse(p), "%s", lies[i].what);
        ck_assert(p->l4 == 0 && p->payload == 0);
        packet_deliver(pool, p);
    }
    struct packet *p = udp_packet(10);
    p->hdr[39] = 7;
    ck_assert_msg(!headers_parse(p), "UDP length below its header");
    p->hdr[39] = 19;
    ck_assert_msg(!headers_parse(p), "UDP length beyond the packet");
    packet_deliver(pool, p);
}
END_TEST

START_TEST(headers_parse__refuses_every_truncation)
{
    for (uint16_t n = 0; n < 70; n++) {
        struct packet *p = tcp_packet(5, 12, TCP_ACK, 0);
        ck_assert_uint_eq(p->hdr_len, 70);
        p->hdr_len = n;
        p->len = n;
        ck_assert(!headers_parse(p));
        packet_deliver(pool, p);
    }
}
END_TEST

/* -- bytes ------------------------------------------------------------------------------------------------------ */

START_TEST(packet_write__and_read_back)
{
    struct rng *r = rng_create(1, "bytes");
    uint8_t in[1600], out[1700];
    for (uint32_t n = 0; n < 1600; n += 13) {
        bool zero = n % 2;
        for (uint32_t i = 0; i < n; i++) in[i] = zero ? 0 : (uint8_t)rng_u64(r);
        struct packet *p = packet_new(pool, now);
        packet_write(p, in, n);
        ck_assert_uint_eq(p->len, n);
        ck_assert(!zero || !p->stored);
        uint32_t from = n ? rng_below(r, n) : 0;
        memset(out, 0xee, sizeof out);
        packet_read(p, from, out, n - from + 20);
        ck_assert(memcmp(out, in + from, n - from) == 0);
        for (uint32_t i = n - from; i < n - from + 20; i++) ck_assert_uint_eq(out[i], 0);
        ck_assert_uint_eq(out[n - from + 20], 0xee);
        for (uint32_t i = 0; i < n; i++) ck_assert_uint_eq(packet_byte(p, i), in[i]);
        packet_deliver(pool, p);
    }
    rng_destroy(r);
}
END_TEST

START_TEST(headers_vlan_push__and_pop)
{
    struct packet *p = tcp_packet(-1, 12, TCP_ACK, 100), *tagged = tcp_packet(9, 12, TCP_ACK, 100);
    uint8_t before[66];
    memcpy(before, p->hdr, 66);
    ck_assert(!headers_vlan_pop(p));
    ck_assert(headers_vlan_push(p, 9));
    ck_assert_uint_eq(p->len, tagged->len);
    ck_assert(p->l3 == 18 && p->l4 == 38 && p->payload == 70 && p->hdr_len == 70);
    ck_assert(memcmp(p->hdr, tagged->hdr, 70) == 0);
    ck_assert(headers_vlan_pop(p));
    ck_assert(p->l3 == 14 && p->l4 == 34 && p->payload == 66 && p->hdr_len == 66 && p->len == 166);
    ck_assert(memcmp(p->hdr, before, 66) == 0);
    p->hdr_len = PACKET_HDR_MAX - 3;
    ck_assert(!headers_vlan_push(p, 9));
    packet_deliver(pool, p);
    packet_deliver(pool, tagged);
}
END_TEST

/* -- checksums -------------------------------------------------------------------------------------------------- */

START_TEST(checksum_fold__published_example)
{
    static const uint8_t rfc1071[] = { 0x00, 0x01, 0xf2, 0x03, 0xf4, 0xf5, 0xf6, 0xf7 };
    ck_assert_uint_eq(checksum_fold(checksum_add(0, rfc1071, 8)), (uint16_t)~0xddf2);
}
END_TEST

START_TEST(checksum_add__like_byte_by_byte)
{
    struct rng *r = rng_create(2, "sum");
    static uint8_t b[300000];
    for (size_t i = 0; i < sizeof b; i++) b[i] = (uint8_t)rng_u64(r);
    for (uint32_t n = 0; n < 200; n++)
        ck_assert_uint_eq((uint16_t)~checksum_fold(checksum_add(0, b + n, n)), plain_sum(b + n, n, 0));
    ck_assert_uint_eq((uint16_t)~checksum_fold(checksum_add(0, b, sizeof b)), plain_sum(b, sizeof b, 0));
    memset(b, 0xff, sizeof b);
    ck_assert_uint_eq(checksum_fold(checksum_add(0, b, sizeof b)), 0);
    rng_destroy(r);
}
END_TEST

/* Stores random payload bytes, 'in_hdr' of them (0 or more) in hdr[]. */
static void store_payload(struct packet *p, struct rng *r, uint32_t in_hdr)
{
    uint32_t bytes = p->len - p->payload;
    if (in_hdr > bytes) in_hdr = bytes;
    for (uint32_t i = 0; i < in_hdr; i++) p->hdr[p->payload + i] = (uint8_t)rng_u64(r);
    p->hdr_len = (uint16_t)(p->payload + in_hdr);
    if (bytes == in_hdr) return;
    p->stored = malloc(bytes - in_hdr);
    for (uint32_t i = 0; i < bytes - in_hdr; i++) p->stored[i] = (uint8_t)rng_u64(r);
}

START_TEST(headers_finish__right_for_stored_and_described_payload)
{
    struct rng *r = rng_create(3, "finish");
    for (int i = 0; i < 2000; i++) {
        uint32_t bytes = rng_below(r, 1500);
        struct packet *p = i % 3 ? tcp_packet(i % 5 ? -1 : 7, (uint8_t)(rng_below(r, 11) * 4), TCP_ACK, bytes)
                                 : udp_packet(bytes);
        if (i % 2) store_payload(p, r, rng_below(r, 20));
        ck_assert(headers_checksum_ok(p));
        headers_finish(p);
        ck_assert_uint_eq(p->flags, 0);
        ck_assert(frame_is_right(p));
        ck_assert(headers_checksum_ok(p));
        p->hdr[p->l4 + 1] ^= 1;
        ck_assert(!headers_checksum_ok(p));
        p->hdr[p->l4 + 1] ^= 1;
        p->hdr[p->l3 + 8] ^= 1;
        ck_assert(!headers_checksum_ok(p));
        packet_deliver(pool, p);
    }
    rng_destroy(r);
}
END_TEST

START_TEST(headers_finish__ipv6)
{
    uint8_t frame[14 + 40 + 8 + 3] = { [12] = 0x86, [13] = 0xdd, [14] = 0x60, [19] = 11, [20] = 17, [22] = 0x20,
                                       [37] = 1, [53] = 2, [55] = 9, [57] = 9, [59] = 11, [62] = 1, 2, 3 };
    struct packet *p = packet_new(pool, now);
    packet_write(p, frame, sizeof frame);
    p->flags = PACKET_CSUM_PARTIAL;
    headers_finish(p);
    uint32_t pseudo = plain_sum(frame + 22, 32, 0) + 11 + 17;
    packet_read(p, 0, frame, sizeof frame);
    ck_assert_uint_eq(plain_sum(frame + 54, 11, pseudo), 0xffff);
    ck_assert(headers_checksum_ok(p));
    packet_deliver(pool, p);
}
END_TEST

START_TEST(headers_finish__wrong_on_purpose)
{
    struct packet *p = tcp_packet(-1, 0, TCP_ACK, 100);
    p->flags |= PACKET_CSUM_BAD;
    ck_assert(!headers_checksum_ok(p));
    headers_finish(p);
    ck_assert(!frame_is_right(p));
    p->flags = 0;
    ck_assert(!headers_checksum_ok(p));
    packet_deliver(pool, p);
}
END_TEST

START_TEST(headers_finish__udp_never_sends_zero)
{
    int all_ones = 0;
    for (uint32_t port = 0; port < 65536; port++) {
        struct packet *p = udp_packet(0);
        put_be16(p->hdr + p->l4, port);
        headers_finish(p);
        ck_assert_uint_ne(get_be16(p->hdr + p->l4 + 6), 0);
        all_ones += get_be16(p->hdr + p->l4 + 6) == 0xffff;
        packet_deliver(pool, p);
    }
    ck_assert_int_ge(all_ones, 1);
}
END_TEST

START_TEST(headers_checksum_ok__udp_without_checksum)
{
    struct packet *p = udp_packet(10);
    headers_finish(p);
    put_be16(p->hdr + p->l4 + 6, 0);
    ck_assert(headers_checksum_ok(p));
    packet_deliver(pool, p);
}
END_TEST

/* -- segmentation ----------------------------------------------------------------------------------------------- */

START_TEST(headers_segment__fields_of_every_frame)
{
    struct packet_queue out = { 0 };
    struct packet *p = tcp_packet(0x123, 0, TCP_ACK | TCP_PSH | TCP_FIN, 1800);
    p->gso_mss = 700;
    ck_assert_uint_eq(headers_segment(pool, p, &out, (sim_time){ 5 }), 3);
    static const struct { uint32_t len, total, id, seq; uint8_t flags; } expected[] = {
        { 758, 740, 0xfffe, 0xfffffff0, TCP_ACK },
        { 758, 740, 0xffff, 0x000002ac, TCP_ACK },
        { 458, 440, 0x0000, 0x00000568, TCP_ACK | TCP_PSH | TCP_FIN },
    };
    for (int i = 0; i < 3; i++) {
        struct packet *s = packet_queue_pop(&out);
        ck_assert_uint_eq(s->len, expected[i].len);
        ck_assert_uint_eq(get_be16(s->hdr + 20), expected[i].total);
        ck_assert_uint_eq(get_be16(s->hdr + 22), expected[i].id);
        ck_assert_uint_eq(get_be32(s->hdr + 42), expected[i].seq);
        ck_assert_uint_eq(s->hdr[51], expected[i].flags);
        ck_assert_uint_eq(s->gso_mss, 0);
        ck_assert_int_eq(s->born.ps, 5);
        packet_deliver(pool, s);
    }
    ck_assert_uint_eq(packet_pool_ledger(pool)->segmented, 1);
}
END_TEST

/* Any size, any mss: the segments put end to end are the original, every one parses and has right checksums. */
START_TEST(headers_segment__payload_is_conserved)
{
    struct rng *r = rng_create(4, "segment");
    static uint8_t before[70000], after[70000];
    for (int i = 0; i < 600; i++) {
        uint32_t bytes = rng_below(r, i % 10 ? 9000 : 65000), at = 0, count = 0;
        struct packet *p = i % 4 ? tcp_packet(i % 5 ? -1 : 3, (uint8_t)(rng_below(r, 11) * 4), TCP_PSH, bytes)
                                 : udp_packet(bytes);
        uint16_t mss = (uint16_t)(1 + rng_below(r, i % 3 ? 2000 : 65535));
        bool tcp = i % 4;
        p->gso_mss = mss;
        if (i % 2) store_payload(p, r, rng_below(r, 20));
        packet_read(p, p->payload, before, bytes);
        struct packet_queue out = { 0 };
        uint32_t n = headers_segment(pool, p, &out, now);
        ck_assert_uint_eq(n, out.count);
        ck_assert_uint_eq(n, bytes <= mss ? 1 : (bytes + mss - 1) / mss);
        for (struct packet *s; (s = packet_queue_pop(&out)); count++) {
            ck_assert(headers_parse(s));
            uint32_t size = headers_payload_bytes(s);
            ck_assert_uint_eq(size, s->len - s->payload);
            ck_assert(size <= mss && (size == mss || count == n - 1));
            if (tcp) ck_assert_uint_eq(get_be32(s->hdr + s->l4 + 4), 0xfffffff0 + at);
            if (tcp) ck_assert((s->hdr[s->l4 + 13] == TCP_PSH) == (count == n - 1));
            headers_finish(s);
            ck_assert(frame_is_right(s));
            packet_read(s, s->payload, after + at, size);
            at += size;
            packet_deliver(pool, s);
        }
        ck_assert_uint_eq(at, bytes);
        ck_assert(memcmp(before, after, bytes) == 0);
    }
    rng_destroy(r);
}
END_TEST

START_TEST(headers_segment__larger_than_ip_can_say)
{
    struct packet_queue out = { 0 };
    struct packet *p = tcp_packet(-1, 12, TCP_ACK, 262144);
    ck_assert_uint_eq(get_be16(p->hdr + 16), 0);
    p->gso_mss = 1448;
    ck_assert(headers_parse(p));
    ck_assert_uint_eq(headers_payload_bytes(p), 262144);
    uint32_t sum = 0;
    ck_assert_uint_eq(headers_segment(pool, p, &out, now), 182);
    for (struct packet *s; (s = packet_queue_pop(&out)); packet_deliver(pool, s)) sum += headers_payload_bytes(s);
    ck_assert_uint_eq(sum, 262144);
}
END_TEST

START_TEST(headers_segment__nothing_to_cut)
{
    struct packet_queue out = { 0 };
    struct packet *p = tcp_packet(-1, 0, TCP_ACK | TCP_FIN, 1000);
    p->gso_mss = 1000;
    put_be16(p->hdr + 16, 0);
    ck_assert_uint_eq(headers_segment(pool, p, &out, now), 1);
    ck_assert_ptr_eq(packet_queue_pop(&out), p);
    ck_assert_uint_eq(p->gso_mss, 0);
    ck_assert(headers_parse(p));
    ck_assert_uint_eq(headers_payload_bytes(p), 1000);
    uint8_t arp[60] = { [12] = 0x08, [13] = 0x06 };
    struct packet *q = packet_new(pool, now);
    packet_write(q, arp, sizeof arp);
    q->gso_mss = 10;
    ck_assert_uint_eq(headers_segment(pool, q, &out, now), 1);
    ck_assert_ptr_eq(packet_queue_pop(&out), q);
    ck_assert_uint_eq(q->len, 60);
    packet_deliver(pool, p);
    packet_deliver(pool, q);
}
END_TEST

Suite *headers_suite(void)
{
    Suite *s = suite_create("headers");
    TCase *tc = tcase_create("headers");
    tcase_add_checked_fixture(tc, setup, teardown);
    tcase_set_timeout(tc, 30);
    tcase_add_test(tc, headers_parse__what_builders_build);
    tcase_add_test(tc, headers_parse__padding_is_not_payload);
    tcase_add_test(tc, headers_parse__ipv6);
    tcase_add_test(tc, headers_parse__other_types_have_no_l4);
    tcase_add_test(tc, headers_parse__later_fragments_have_no_l4);
    tcase_add_test(tc, headers_parse__refuses_contradictions);
    tcase_add_test(tc, headers_parse__refuses_every_truncation);
    tcase_add_test(tc, packet_write__and_read_back);
    tcase_add_test(tc, headers_vlan_push__and_pop);
    tcase_add_test(tc, checksum_fold__published_example);
    tcase_add_test(tc, checksum_add__like_byte_by_byte);
    tcase_add_test(tc, headers_finish__right_for_stored_and_described_payload);
    tcase_add_test(tc, headers_finish__ipv6);
    tcase_add_test(tc, headers_finish__wrong_on_purpose);
    tcase_add_test(tc, headers_finish__udp_never_sends_zero);
    tcase_add_test(tc, headers_checksum_ok__udp_without_checksum);
    tcase_add_test(tc, headers_segment__fields_of_every_frame);
    tcase_add_test(tc, headers_segment__payload_is_conserved);
    tcase_add_test(tc, headers_segment__larger_than_ip_can_say);
    tcase_add_test(tc, headers_segment__nothing_to_cut);
    suite_add_tcase(s, tc);
    return s;
}
