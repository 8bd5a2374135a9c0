/* SPDX-License-Identifier: GPL-3.0-or-later
 * fuzz_headers.c -- any bytes as a frame: nothing the header functions do may leave the packet or contradict itself.
 *
 * With libFuzzer:  clang -fsanitize=fuzzer,address,undefined -DFUZZ_LIBFUZZER ...
 * Without:         a program that makes N random inputs, half of them damaged real frames: fuzz_headers [N [SEED]] */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/assert.h"
#include "core/rng.h"
#include "net/headers.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_offsets(const struct packet *p)
{
    SIM_ASSERT(p->hdr_len <= PACKET_HDR_MAX && p->hdr_len <= p->len);
    SIM_ASSERT(p->l3 <= p->hdr_len && p->l4 <= p->hdr_len && p->payload <= p->hdr_len);
    SIM_ASSERT(!p->l4 == !p->payload && (!p->l4 || (p->l3 < p->l4 && p->l4 < p->payload)));
    SIM_ASSERT(headers_payload_bytes(p) <= p->len);
}

/* Tag, untag: the same frame. */
static void check_vlan(struct packet_pool *pool, const struct packet *p)
{
    struct packet *c = packet_clone(pool, p, p->born);
    if (headers_vlan_push(c, 5)) {
        SIM_ASSERT(headers_vlan(c) == 5 && c->len == p->len + VLAN_BYTES);
        SIM_ASSERT(headers_vlan_pop(c) && c->l4 == p->l4 && memcmp(c->hdr, p->hdr, p->hdr_len) == 0);
    }
    if (headers_vlan_pop(c)) {
        headers_parse(c);
        check_offsets(c);
    }
    packet_deliver(pool, c);
}

/* A sound packet's checksums are right once filled in. */
static void check_finish(struct packet_pool *pool, const struct packet *p, bool sound)
{
    struct packet *c = packet_clone(pool, p, p->born);
    headers_checksum_ok(c);
    c->flags |= PACKET_CSUM_PARTIAL;
    headers_finish(c);
    SIM_ASSERT(!sound || headers_checksum_ok(c));
    packet_deliver(pool, c);
}

/* Segments carry the payload, all of it, in order. */
static void check_segment(struct packet_pool *pool, const struct packet *p, uint16_t mss)
{
    struct packet *c = packet_clone(pool, p, p->born);
    struct packet_queue out = { 0 };
    c->gso_mss = mss;
    if (!headers_parse(c)) c->l4 = c->payload = 0;
    uint32_t header = c->payload, at = header, count = headers_segment(pool, c, &out, p->born);
    SIM_ASSERT(count == out.count && count > 0);
    for (struct packet *s; (s = packet_queue_pop(&out)); packet_deliver(pool, s)) {
        check_offsets(s);
        if (header && count > 1) {
            SIM_ASSERT(s->len - header <= mss);
            for (uint32_t i = header; i < s->len; i++) SIM_ASSERT(packet_byte(s, i) == packet_byte(p, at++));
        }
        headers_finish(s);
    }
    SIM_ASSERT(count == 1 || at == p->len);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct flow_tuple flow;
    uint8_t back[4096];

    if (size < 2 || size > sizeof back) return 0;
    uint16_t mss = get_be16(data);
    data += 2, size -= 2;
    struct packet_pool *pool = packet_pool_create();
    struct packet *p = packet_new(pool, (sim_time){ 0 });
    bool sound = packet_write(p, data, (uint32_t)size);
    check_offsets(p);
    packet_read(p, 0, back, (uint32_t)size);
    SIM_ASSERT(size == 0 || memcmp(back, data, size) == 0);
    headers_flow(p, &flow);
    check_vlan(pool, p);
    check_finish(pool, p, sound);
    check_segment(pool, p, mss);
    packet_deliver(pool, p);
    packet_pool_check(pool);
    packet_pool_destroy(pool);
    return 0;
}

#ifndef FUZZ_LIBFUZZER
static const uint8_t tcp_frame[] = {
    0, 100, 2, 0, 0, 0, 0, 1, 2, 0, 0, 0, 0, 2, 0x81, 0x00, 0, 7, 0x08, 0x00, 0x45, 0, 0, 64, 0, 1, 0, 0, 64, 6, 0, 0,
    10, 0, 0, 1, 10, 0, 0, 2, 0, 80, 0, 81, 0, 0, 0, 1, 0, 0, 0, 2, 0x50, 0x18, 1, 0, 0, 0, 0, 0,
};
static const uint8_t udp6_frame[] = {
    0, 100, 2, 0, 0, 0, 0, 1, 2, 0, 0, 0, 0, 2, 0x86, 0xdd, 0x60, 0, 0, 0, 0, 48, 17, 64, 1, 2, 3, 4, 5, 6, 7, 8, 1, 2,
    3, 4, 5, 6, 7, 8, 1, 2, 3, 4, 5, 6, 7, 8, 1, 2, 3, 4, 5, 6, 7, 9, 0, 80, 0, 81, 0, 48, 0, 0,
};

int main(int argc, char **argv)
{
    uint64_t n = argc > 1 ? strtoull(argv[1], NULL, 10) : 100000, seed = argc > 2 ? strtoull(argv[2], NULL, 10) : 1;
    struct rng *r = rng_create(seed, "fuzz_headers");
    uint8_t input[2048];

    for (uint64_t i = 0; i < n; i++) {
        size_t size = rng_below(r, i % 4 ? 160 : sizeof input), from = 0;
        for (size_t k = 0; k < size; k++) input[k] = (uint8_t)rng_u64(r);
        if (i % 2) {
            const uint8_t *frame = i % 4 == 1 ? tcp_frame : udp6_frame;
            from = i % 4 == 1 ? sizeof tcp_frame : sizeof udp6_frame;
            memcpy(input, frame, from);
            if (size < from + 40) size = from + 40;
            input[1] = (uint8_t)rng_u64(r);
            for (uint32_t damage = rng_below(r, 4); damage > 0; damage--)
                input[2 + rng_below(r, (uint32_t)from - 2)] = (uint8_t)rng_u64(r);
        }
        LLVMFuzzerTestOneInput(input, size);
    }
    rng_destroy(r);
    printf("%" PRIu64 " inputs, seed %" PRIu64 ": nothing found\n", n, seed);
    return 0;
}
#endif
