/* SPDX-License-Identifier: GPL-3.0-or-later
 * test_nic_split.c -- header split and replication of the 82598: every mode, every case of the table in
 * nic82598_split.c, what PSRTYPE selects, and frames that are larger than a buffer. */
#include <check.h>
#include <string.h>

#include "core/rng.h"
#include "nic_rig.h"
#include "nicmodel/frame_bytes.h"
#include "suites.h"

enum {
    DD = 1, EOP = 2, IP_HEADERS = 34, TCP_HEADERS = 54, UDP_HEADERS = 42, N = 64, HEAD_BYTES = 4096, FILL = 0xee,
    SPLIT = 2, REPLICATE = 3, REPLICATE_LARGE = 4, SPLIT_ALWAYS = 5,
};
static const uint32_t hbo = 1u << 23;

static struct nic_rig rig;
static struct nic_ring ring;
static bus_addr heads;
static uint8_t *head_bytes;
static uint8_t sent[16384];

static uint32_t all_types(void)
{
    return NIC_MASK(PSRTYPE_TCP) | NIC_MASK(PSRTYPE_UDP) | NIC_MASK(PSRTYPE_IPV4) | NIC_MASK(PSRTYPE_IPV6) |
           NIC_MASK(PSRTYPE_L2);
}

static void setup(void)
{
    nic_rig_init(&rig, NULL);
}

static void teardown(void)
{
    nic_rig_fini(&rig);
}

/* Queue 0: packet buffers of 'kib' KiB and header buffers of 64 'room' bytes, in bytes that tests can look at. */
static void start(uint32_t type, uint32_t kib, uint32_t room, uint32_t psrtype, bool in_bytes)
{
    heads = memory_map_bytes(rig.memory, N * HEAD_BYTES, 0, &head_bytes);
    nic_rig_rx_start(&rig, kib, false);
    ring = nic_rig_rx(&rig, 0, N, 0, kib, in_bytes, 32 | 1 << 16);
    for (uint32_t i = 0; i < N; i++) ring.desc[i].q[1] = heads + (uint64_t)i * HEAD_BYTES;
    nic_rig_write(&rig, NIC_OFFSET(SRRCTL, 0), NIC_PUT(SRRCTL_BSIZEPACKET, kib) | NIC_PUT(SRRCTL_BSIZEHEADER, room) |
                                               NIC_PUT(SRRCTL_DESCTYPE, type));
    nic_rig_write(&rig, NIC_OFFSET(PSRTYPE, 0), psrtype);
    nic_rig_write(&rig, NIC_OFFSET(RDT, 0), N - 1);
    memset(head_bytes, FILL, N * HEAD_BYTES);
    if (in_bytes) memset(ring.bytes, FILL, N * ring.buffer_bytes);
    nic_rig_run_ns(&rig, 5000);
}

/* A frame of 'len' bytes arrives; its bytes are in sent[]. */
static void arrive(struct packet *p)
{
    headers_finish(p);
    packet_read(p, 0, sent, frame_stored_bytes(p));
    nic_receive(rig.nic, p);
    nic_rig_run_ns(&rig, 10000);
}

static struct packet *frame(uint8_t protocol, uint32_t len)
{
    struct packet *p = nic_rig_frame(&rig, nic_rig_mac, protocol, 7, len);
    if (p->len == p->hdr_len) return p;
    p->stored = malloc(p->len - p->hdr_len);
    for (uint32_t i = 0; i < p->len - p->hdr_len; i++) p->stored[i] = (uint8_t)(i * 11 + 3);
    return p;
}

/* What descriptor 'i' says. */
static uint32_t told_length(uint32_t i) { return (uint32_t)(ring.desc[i].q[1] >> 32) & 0xffff; }
static uint32_t told_header(uint32_t i) { return (uint32_t)(ring.desc[i].q[0] >> 21) & 0x3ff; }
static bool told_split(uint32_t i) { return ring.desc[i].q[0] >> 31 & 1; }
static bool told_overflow(uint32_t i) { return (uint32_t)ring.desc[i].q[1] & hbo; }
static uint32_t status(uint32_t i) { return (uint32_t)ring.desc[i].q[1] & (DD | EOP); }

/* The first 'count' bytes of a buffer are the frame's from 'offset' on, and the next is untouched. */
static void holds(const uint8_t *buffer, uint32_t offset, uint32_t count)
{
    ck_assert_mem_eq(buffer, sent + offset, count);
    ck_assert_uint_eq(buffer[count], FILL);
}

static void check(uint32_t in_header, uint32_t from, uint32_t length, uint32_t header, bool split, bool overflow)
{
    ck_assert_uint_eq(status(0), DD | EOP);
    ck_assert_uint_eq(told_length(0), length);
    ck_assert_uint_eq(told_header(0), header);
    ck_assert_uint_eq(told_split(0), split);
    ck_assert_uint_eq(told_overflow(0), overflow);
    holds(head_bytes, 0, in_header);
    holds(ring.bytes, from, length);
}

/* -- the table ---------------------------------------------------------------------------------------------------- */

static const struct row {
    uint32_t type, room, len;     /* BSIZEHEADER in 64 bytes, frame */
    bool no_header;               /* PSRTYPE selects none */
    uint32_t in_header, from, length, header;
    bool split, overflow;
} rows[] = {
    { SPLIT, 2, 500, true, 0, 0, 500, 0, false, false },
    { SPLIT, 2, 500, false, TCP_HEADERS, TCP_HEADERS, 500 - TCP_HEADERS, TCP_HEADERS, true, false },
    { SPLIT, 2, 54, false, TCP_HEADERS, TCP_HEADERS, 6, TCP_HEADERS, true, false },
    { SPLIT, 0, 500, false, 0, 0, 500, 0, false, false },
    { SPLIT_ALWAYS, 2, 128, false, 128, 0, 0, 128, false, false },
    { SPLIT_ALWAYS, 2, 100, true, 100, 0, 0, 100, false, false },
    { SPLIT_ALWAYS, 2, 500, true, 128, 128, 372, 128, false, false },
    { SPLIT_ALWAYS, 2, 129, false, TCP_HEADERS, TCP_HEADERS, 129 - TCP_HEADERS, TCP_HEADERS, true, false },
    { SPLIT_ALWAYS, 2, 500, false, TCP_HEADERS, TCP_HEADERS, 500 - TCP_HEADERS, TCP_HEADERS, true, false },
    { REPLICATE, 2, 500, true, 0, 0, 500, 0, false, false },
    { REPLICATE, 2, 500, false, 128, 0, 500, TCP_HEADERS, true, false },
    { REPLICATE, 2, 100, false, 100, 0, 100, TCP_HEADERS, true, false },
    { REPLICATE_LARGE, 2, 500, true, 0, 0, 500, 0, false, false },
    { REPLICATE_LARGE, 2, 129, false, 128, 0, 129, TCP_HEADERS, true, false },
};

START_TEST(split__every_case_of_the_table)
{
    const struct row *r = &rows[_i];
    start(r->type, 2, r->room, r->no_header ? 0 : all_types(), true);
    arrive(frame(IPPROTO_TCP_, r->len));
    check(r->in_header, r->from, r->length, r->header, r->split, r->overflow);
    ck_assert_uint_eq(nic_counter(rig.nic, NIC_bad_addresses), 0);
}
END_TEST

/* Options make a header of 110 bytes: more than a header buffer of 64. */
static struct packet *long_header(uint32_t len)
{
    struct header_template t;
    uint8_t options[40];
    struct packet *p = packet_new(rig.pool, engine_now(rig.engine));

    memset(options, 1, sizeof options);
    header_template_init(&t, &(struct header_spec){ .dst = nic_rig_mac, .src = { { 2, 0, 0, 0, 0, 9 } }, .vlan = -1,
                                                    .flow = { 0x0a000002, 0x0a000001, 7, 80, IPPROTO_TCP_ } });
    headers_tcp(p, &t, &(struct tcp_fields){ .flags = TCP_ACK, .option_bytes = sizeof options, .options = options },
                len - TCP_HEADERS - (uint32_t)sizeof options);
    return p;
}

START_TEST(split__a_header_that_does_not_fit)
{
    static const struct { uint32_t type, in_header, from, length; bool overflow; } cases[] = {
        { SPLIT, 0, 0, 500, true }, { SPLIT_ALWAYS, 64, 64, 436, true }, { REPLICATE, 64, 0, 500, false },
    };
    start(cases[_i].type, 2, 1, all_types(), true);
    arrive(long_header(500));
    check(cases[_i].in_header, cases[_i].from, cases[_i].length, TCP_HEADERS + 40, true, cases[_i].overflow);
}
END_TEST

/* It is not replicated, but put into the header buffer; the descriptor tells its length all the same. */
START_TEST(split__small_frame_of_a_queue_that_replicates_large_ones)
{
    start(REPLICATE_LARGE, 2, 2, all_types(), true);
    arrive(frame(IPPROTO_TCP_, 128));
    ck_assert_uint_eq(status(0), DD | EOP);
    ck_assert_uint_eq(told_length(0), 128);
    ck_assert_uint_eq(told_header(0), TCP_HEADERS);
    holds(head_bytes, 0, 128);
    holds(ring.bytes, 0, 0);
}
END_TEST

/* -- what is a header --------------------------------------------------------------------------------------------- */

START_TEST(split__psrtype_selects_the_deepest_header)
{
    static const struct { uint32_t types; uint8_t protocol; uint32_t header; } cases[] = {
        { NIC_MASK(PSRTYPE_TCP), IPPROTO_TCP_, TCP_HEADERS }, { NIC_MASK(PSRTYPE_TCP), IPPROTO_UDP_, 0 },
        { NIC_MASK(PSRTYPE_UDP), IPPROTO_UDP_, UDP_HEADERS }, { NIC_MASK(PSRTYPE_UDP), IPPROTO_TCP_, 0 },
        { NIC_MASK(PSRTYPE_IPV4), IPPROTO_TCP_, IP_HEADERS }, { NIC_MASK(PSRTYPE_IPV6), IPPROTO_TCP_, 0 },
        { NIC_MASK(PSRTYPE_L2), IPPROTO_TCP_, ETH_BYTES },
        { NIC_MASK(PSRTYPE_L2) | NIC_MASK(PSRTYPE_IPV4) | NIC_MASK(PSRTYPE_UDP), IPPROTO_TCP_, IP_HEADERS },
        { NIC_MASK(PSRTYPE_L2) | NIC_MASK(PSRTYPE_UDP), IPPROTO_UDP_, UDP_HEADERS },
    };
    start(SPLIT, 2, 4, cases[_i].types, true);
    arrive(frame(cases[_i].protocol, 300));
    check(cases[_i].header, cases[_i].header, 300 - cases[_i].header, cases[_i].header, cases[_i].header > 0, false);
}
END_TEST

/* A fragment is split behind its IP header, unless IPFRSP_DIS. */
START_TEST(split__fragments)
{
    start(SPLIT, 2, 4, all_types(), true);
    if (_i) nic_rig_write(&rig, NIC_OFFSET(RFCTL, 0), NIC_MASK(RFCTL_IPFRSP_DIS));
    struct packet *p = frame(IPPROTO_UDP_, 300);
    headers_finish(p);
    put_be16(p->hdr + ETH_BYTES + 6, 0x2000); /* more fragments */
    arrive(p);
    uint32_t header = _i ? ETH_BYTES : IP_HEADERS;
    check(header, header, 300 - header, header, true, false);
}
END_TEST

/* A tag that stays is part of the header, one that is stripped is not. */
START_TEST(split__vlan_tags)
{
    start(SPLIT, 2, 2, all_types(), true);
    if (_i) nic_rig_write(&rig, NIC_OFFSET(VLNCTRL, 0), 0x8100 | NIC_MASK(VLNCTRL_VME));
    struct packet *p = frame(IPPROTO_TCP_, 300);
    ck_assert(headers_vlan_push(p, 5));
    headers_finish(p);
    arrive(p);
    uint32_t header = _i ? TCP_HEADERS : TCP_HEADERS + VLAN_BYTES;
    ck_assert_uint_eq(told_header(0), header);
    ck_assert_uint_eq(told_length(0), 300 - TCP_HEADERS);
    ck_assert_mem_eq(ring.bytes, sent + TCP_HEADERS + VLAN_BYTES, 300 - TCP_HEADERS);
}
END_TEST

/* -- several buffers ---------------------------------------------------------------------------------------------- */

/* The header buffer of the second descriptor and later ones is not used. */
START_TEST(split__only_the_first_header_buffer_is_used)
{
    start(SPLIT, 1, 2, all_types(), true);
    nic_rig_write(&rig, NIC_OFFSET(MHADD, 0), 9018u << 16);
    nic_rig_write(&rig, NIC_OFFSET(HLREG0, 0), NIC_MASK(HLREG0_JUMBOEN) | NIC_MASK(HLREG0_RXCRCSTRP));
    arrive(frame(IPPROTO_TCP_, TCP_HEADERS + 2048)); /* the payload fills two buffers */
    ck_assert_uint_eq(status(0), DD);
    ck_assert_uint_eq(status(1), DD | EOP);
    ck_assert_uint_eq(told_length(0), 1024);
    ck_assert_uint_eq(told_length(1), 1024);
    ck_assert_uint_eq(told_header(0), TCP_HEADERS);
    ck_assert_uint_eq(told_header(1), 0);
    holds(head_bytes, 0, TCP_HEADERS);
    holds(head_bytes + HEAD_BYTES, 0, 0);
    ck_assert_mem_eq(ring.bytes, sent + TCP_HEADERS, 2048);
    ck_assert_uint_eq(status(2), 0);
}
END_TEST

/* Any frame, any mode, any sizes: header buffer and packet buffers together hold the frame, in order. */
START_TEST(split__header_and_rest_are_the_frame)
{
    struct rng *rng = rng_create((uint64_t)_i, "split");
    uint32_t type = SPLIT + rng_below(rng, 4), kib = 1 + rng_below(rng, 2), room = rng_below(rng, 6), at = 0;
    uint8_t got[16384];

    start(type, kib, room, all_types() & (uint32_t)rng_u64(rng), true);
    nic_rig_write(&rig, NIC_OFFSET(MHADD, 0), 9018u << 16);
    nic_rig_write(&rig, NIC_OFFSET(HLREG0, 0), NIC_MASK(HLREG0_JUMBOEN) | NIC_MASK(HLREG0_RXCRCSTRP));
    for (int n = 0; n < 12; n++) {
        uint32_t len = 60 + rng_below(rng, 3) * rng_below(rng, 1400), bytes = 0, first = at;
        arrive(frame(rng_below(rng, 2) ? IPPROTO_TCP_ : IPPROTO_UDP_, len));
        bool replica = type == REPLICATE || type == REPLICATE_LARGE;
        uint32_t header = told_header(at), in_header = replica || told_overflow(at) ? 0 : header;
        if (type == SPLIT_ALWAYS && told_overflow(at)) in_header = room * 64;
        if (type == REPLICATE_LARGE && told_split(at) && len <= room * 64) in_header = len;
        memcpy(got, head_bytes + at * HEAD_BYTES, in_header);
        bytes = in_header;
        for (bool last = false; !last && bytes <= len; at++) {
            uint32_t here = at == first && replica && in_header ? 0 : told_length(at);
            memcpy(got + bytes, ring.bytes + at * ring.buffer_bytes, here);
            bytes += here;
            last = status(at) == (DD | EOP);
        }
        ck_assert_uint_eq(bytes, len);
        ck_assert_mem_eq(got, sent, len);
    }
    rng_destroy(rng);
}
END_TEST

/* -- memory of other kinds ---------------------------------------------------------------------------------------- */

/* The payload goes into a slot that refers to the frame, the header into bytes. */
START_TEST(split__payload_in_a_buffer_slot)
{
    uint32_t bytes;
    start(SPLIT, 2, 2, all_types(), false);
    arrive(frame(IPPROTO_TCP_, 900));
    holds(head_bytes, 0, TCP_HEADERS);
    struct packet *p = memory_take_frame(rig.memory, ring.buffers, &bytes);
    ck_assert_ptr_nonnull(p);
    ck_assert_uint_eq(bytes, 900 - TCP_HEADERS);
    packet_deliver(rig.pool, p);
}
END_TEST

/* Refused, counted and lost, and the next frame is whole. */
START_TEST(split__header_buffer_that_is_not_mapped)
{
    start((uint32_t)_i, 2, 2, all_types(), true);
    ring.desc[1].q[1] = heads + (uint64_t)N * HEAD_BYTES - 8;
    nic_rig_write(&rig, NIC_OFFSET(RDH, 0), 1);
    nic_rig_write(&rig, NIC_OFFSET(RDT, 0), 0);
    nic_rig_run_ns(&rig, 5000);
    arrive(frame(IPPROTO_TCP_, 500));
    ck_assert_uint_eq(nic_counter(rig.nic, NIC_bad_addresses), 1);
    ck_assert_uint_eq(packet_pool_ledger(rig.pool)->dropped[DROP_NIC_BAD_ADDRESS], 1);
    arrive(frame(IPPROTO_TCP_, 500));
    ck_assert_uint_eq(status(2), DD | EOP);
    ck_assert_mem_eq(head_bytes + 2 * HEAD_BYTES, sent, TCP_HEADERS);
}
END_TEST

/* Each VMDq index has its own SRRCTL and PSRTYPE. */
START_TEST(split__per_vmdq_index)
{
    start(SPLIT, 2, 2, all_types(), true);
    nic_rig_write(&rig, NIC_OFFSET(RDRXCTL, 0), NIC_MASK(RDRXCTL_MVMEN));
    nic_rig_write(&rig, NIC_OFFSET(VMD_CTL, 0), NIC_MASK(VMD_CTL_VMDQ_EN));
    nic_rig_write(&rig, NIC_OFFSET(SRRCTL, 3), 2 | NIC_PUT(SRRCTL_BSIZEHEADER, 2) | NIC_PUT(SRRCTL_DESCTYPE, SPLIT));
    nic_rig_write(&rig, NIC_OFFSET(PSRTYPE, 3), NIC_MASK(PSRTYPE_IPV4));
    nic_rig_write(&rig, NIC_OFFSET(RAL, 1), 0x09090902);
    nic_rig_write(&rig, NIC_OFFSET(RAH, 1), 0x0909 | NIC_PUT(RAH_VIND, 3) | NIC_MASK(RAH_AV));
    struct nic_ring other = nic_rig_rx(&rig, 3, N, 0, 2, true, 32 | 1 << 16);
    for (uint32_t i = 0; i < N; i++) other.desc[i].q[1] = heads + (uint64_t)(i + 8) * HEAD_BYTES;
    nic_rig_write(&rig, NIC_OFFSET(RDT, 3), N - 1);
    nic_rig_run_ns(&rig, 5000);
    arrive(frame(IPPROTO_TCP_, 500));
    ck_assert_uint_eq(told_header(0), TCP_HEADERS);
    struct packet *p = nic_rig_frame(&rig, (struct mac_addr){ { 2, 9, 9, 9, 9, 9 } }, IPPROTO_TCP_, 7, 500);
    arrive(p);
    ck_assert_uint_eq((other.desc[0].q[0] >> 21) & 0x3ff, IP_HEADERS);
    holds(head_bytes + 8 * HEAD_BYTES, 0, IP_HEADERS);
}
END_TEST

/* Header, payload and descriptor are three writes on the bus. */
START_TEST(split__bus_writes)
{
    start(SPLIT, 2, 2, all_types(), true);
    uint64_t writes = stats_value(rig.stats, "pcie", "slot", "writes");
    uint64_t bytes = stats_value(rig.stats, "pcie", "slot", "write_bytes");
    arrive(frame(IPPROTO_TCP_, 500));
    ck_assert_uint_eq(stats_value(rig.stats, "pcie", "slot", "writes") - writes, 3);
    ck_assert_uint_eq(stats_value(rig.stats, "pcie", "slot", "write_bytes") - bytes, 500 + 16);
}
END_TEST

Suite *nic_split_suite(void)
{
    Suite *s = suite_create("nic_split");
    TCase *tc = tcase_create("split");
    tcase_add_checked_fixture(tc, setup, teardown);
    tcase_add_loop_test(tc, split__every_case_of_the_table, 0, sizeof rows / sizeof *rows);
    tcase_add_loop_test(tc, split__a_header_that_does_not_fit, 0, 3);
    tcase_add_test(tc, split__small_frame_of_a_queue_that_replicates_large_ones);
    tcase_add_loop_test(tc, split__psrtype_selects_the_deepest_header, 0, 9);
    tcase_add_loop_test(tc, split__fragments, 0, 2);
    tcase_add_loop_test(tc, split__vlan_tags, 0, 2);
    tcase_add_test(tc, split__only_the_first_header_buffer_is_used);
    tcase_add_loop_test(tc, split__header_and_rest_are_the_frame, 0, 40);
    tcase_add_test(tc, split__payload_in_a_buffer_slot);
    tcase_add_loop_test(tc, split__header_buffer_that_is_not_mapped, SPLIT, SPLIT_ALWAYS + 1);
    tcase_add_test(tc, split__per_vmdq_index);
    tcase_add_test(tc, split__bus_writes);
    suite_add_tcase(s, tc);
    return s;
}
