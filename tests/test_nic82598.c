/* SPDX-License-Identifier: GPL-3.0-or-later
 * test_nic82598.c -- the modelled NIC at its registers, descriptors, wire and interrupts, without a driver. */
#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "core/rng.h"
#include "nic_rig.h"
#include "suites.h"

enum { FRAME = 1514, DD = 1, EOP = 2 };

static struct nic_rig rig;
static const struct mac_addr broadcast = { { 0xff, 0xff, 0xff, 0xff, 0xff, 0xff } };

/* A bus whose arithmetic fits on a line: 2 bytes per ns each way, no link-layer packets. */
static struct pcie_config plain_bus(void)
{
    struct pcie_config c = pcie_config_gen1_x8();
    c.dllp_every = 0;
    return c;
}

static void setup(void)
{
    struct pcie_config bus = plain_bus();
    nic_rig_init(&rig, &bus);
}

static void teardown(void)
{
    nic_rig_fini(&rig);
}

static uint32_t status(const struct nic_ring *ring, uint32_t i)
{
    return (uint32_t)ring->desc[i].q[1];
}

static uint32_t length(const struct nic_ring *ring, uint32_t i)
{
    return (uint32_t)(ring->desc[i].q[1] >> 32) & 0xffff;
}

static struct packet *take(const struct nic_ring *ring, uint32_t i)
{
    uint32_t bytes;
    return memory_take_frame(rig.memory, ring->buffers + (uint64_t)i * ring->buffer_bytes, &bytes);
}

static uint64_t dropped(enum drop_reason why)
{
    return packet_pool_ledger(rig.pool)->dropped[why];
}

static uint64_t counter(enum nic_counter c)
{
    return nic_counter(rig.nic, c);
}

/* -- queue choice ------------------------------------------------------------------------------------------------- */

static const uint8_t standard_key[40] = {
    0x6d, 0x5a, 0x56, 0xda, 0x25, 0x5b, 0x0e, 0xc2, 0x41, 0x67, 0x25, 0x3d, 0x43, 0xa3,
    0x8f, 0xb0, 0xd0, 0xca, 0x2b, 0xcb, 0xae, 0x7b, 0x30, 0xb4, 0x77, 0xcb, 0x2d, 0xa3,
    0x80, 0x30, 0xf2, 0x0c, 0x6a, 0x42, 0xb7, 0x3b, 0xbe, 0xac, 0x01, 0xfa,
};

static void write_key(const uint8_t *key)
{
    for (int i = 0; i < 10; i++)
        nic_rig_write(&rig, NIC_OFFSET(RSSRK, i), (uint32_t)key[4 * i] | (uint32_t)key[4 * i + 1] << 8 |
                                                  (uint32_t)key[4 * i + 2] << 16 | (uint32_t)key[4 * i + 3] << 24);
}

/* The hash by its definition: for every set input bit, the 32 key bits from that bit on. */
static uint32_t hash_by_bits(const uint8_t *key, const uint8_t *input, int bytes)
{
    uint32_t hash = 0;
    for (int bit = 0; bit < bytes * 8; bit++) {
        if (!(input[bit / 8] >> (7 - bit % 8) & 1)) continue;
        for (int k = 0; k < 32; k++)
            if (key[(bit + k) / 8] >> (7 - (bit + k) % 8) & 1) hash ^= 1u << (31 - k);
    }
    return hash;
}

/* Microsoft's verification suite: addresses and ports as on the wire. */
START_TEST(nic_rss_hash__published_vectors)
{
    const uint8_t v4[12] = { 66, 9, 149, 187, 161, 142, 100, 80, 2794 >> 8, 2794 & 255, 1766 >> 8, 1766 & 255 };
    const uint8_t v6[36] = { 0x3f, 0xfe, 0x25, 0x01, 0x02, 0x00, 0x1f, 0xff, 0, 0, 0, 0, 0, 0, 0, 7,
                             0x3f, 0xfe, 0x25, 0x01, 0x02, 0x00, 0x00, 0x03, 0, 0, 0, 0, 0, 0, 0, 1,
                             2794 >> 8, 2794 & 255, 1766 >> 8, 1766 & 255 };
    write_key(standard_key);
    ck_assert_uint_eq(nic_rss_hash(rig.nic, v4, 8), 0x323e8fc2);
    ck_assert_uint_eq(nic_rss_hash(rig.nic, v4, 12), 0x51ccc178);
    ck_assert_uint_eq(nic_rss_hash(rig.nic, v6, 32), 0x2cc18cd5);
    ck_assert_uint_eq(nic_rss_hash(rig.nic, v6, 36), 0x40207d3d);
}
END_TEST

START_TEST(nic_rss_hash__equals_the_definition_for_any_key_and_input)
{
    struct rng *rng = rng_create(1, "test");
    for (int n = 0; n < 200; n++) {
        uint8_t key[40], input[36];
        for (int i = 0; i < 40; i++) key[i] = (uint8_t)rng_u64(rng);
        for (int i = 0; i < 36; i++) input[i] = (uint8_t)rng_u64(rng);
        int bytes = 1 + (int)rng_below(rng, 36);
        write_key(key);
        ck_assert_uint_eq(nic_rss_hash(rig.nic, input, (uint32_t)bytes), hash_by_bits(key, input, bytes));
    }
    rng_destroy(rng);
}
END_TEST

/* The queue a frame goes to; -1: nowhere.  Sixty-four small rings were made by rings(). */
static struct nic_ring ring_of[NIC_RX_QUEUES];

static void rings(void)
{
    for (int q = 0; q < NIC_RX_QUEUES; q++) ring_of[q] = nic_rig_rx(&rig, q, 64, 63, 2, false, 32 | 1 << 16);
    nic_rig_rx_start(&rig, 2, false);
    nic_rig_run_ns(&rig, 100000);
}

static int queue_of(struct packet *p)
{
    uint64_t before[NIC_RX_QUEUES];
    int found = -1;
    for (int q = 0; q < NIC_RX_QUEUES; q++) before[q] = nic_rxq_packets(rig.nic, q);
    nic_receive(rig.nic, p);
    nic_rig_run_ns(&rig, 5000);
    for (int q = 0; q < NIC_RX_QUEUES; q++)
        if (nic_rxq_packets(rig.nic, q) != before[q]) found = q;
    return found;
}

static struct packet *tcp_frame(uint16_t port)
{
    return nic_rig_frame(&rig, nic_rig_mac, IPPROTO_TCP_, port, 100);
}

/* The hash of what tcp_frame() has of RSS input. */
static uint32_t hash_with(const uint8_t *key, uint16_t port)
{
    const uint8_t input[12] = { 10, 0, 0, 2, 10, 0, 0, 1, (uint8_t)(port >> 8), (uint8_t)port, 0, 80 };
    return hash_by_bits(key, input, 12);
}

static uint32_t tcp_hash(uint16_t port)
{
    return hash_with(standard_key, port);
}

static void rss(uint32_t types)
{
    write_key(standard_key);
    for (int i = 0; i < 32; i++) { /* entry e: output 0 is e mod 16, output 1 is 15 minus that */
        uint32_t value = 0;
        for (uint32_t b = 0; b < 4; b++) {
            uint32_t low = ((uint32_t)i * 4 + b) % 16;
            value |= (low | (15 - low) << 4) << (8 * b);
        }
        nic_rig_write(&rig, NIC_OFFSET(RETA, i), value);
    }
    nic_rig_write(&rig, NIC_OFFSET(MRQC, 0), NIC_MASK(MRQC_RSSEN) | types);
}

START_TEST(nic_receive__no_vmdq_no_rss_is_queue_0)
{
    rings();
    for (uint16_t port = 1; port < 20; port++) ck_assert_int_eq(queue_of(tcp_frame(port)), 0);
}
END_TEST

START_TEST(nic_receive__rss_uses_the_low_half_of_the_redirection_entry)
{
    rings();
    rss(NIC_MASK(MRQC_TCPV4));
    for (uint16_t port = 1; port < 60; port++)
        ck_assert_int_eq(queue_of(tcp_frame(port)), (int)((tcp_hash(port) & 127) % 16));
}
END_TEST

/* Flows that come again, flows that differ in the high byte of a port only, and a new key. */
START_TEST(nic_receive__rss_of_flows_that_it_has_seen)
{
    static const uint16_t ports[] = { 7, 7, 135, 263, 7, 135, 519, 519, 7 };
    uint8_t other[40];
    for (int i = 0; i < 40; i++) other[i] = standard_key[39 - i];
    rings();
    rss(NIC_MASK(MRQC_TCPV4));
    for (int turn = 0; turn < 4; turn++) {
        const uint8_t *key = turn % 2 ? other : standard_key;
        write_key(key);
        for (size_t i = 0; i < sizeof ports / sizeof *ports; i++)
            ck_assert_int_eq(queue_of(tcp_frame(ports[i])), (int)((hash_with(key, ports[i]) & 127) % 16));
    }
}
END_TEST

START_TEST(nic_receive__rss_type_not_enabled_and_fragments)
{
    const uint8_t addresses[8] = { 10, 0, 0, 2, 10, 0, 0, 1 };
    uint32_t by_address = (hash_by_bits(standard_key, addresses, 8) & 127) % 16;
    rings();
    rss(NIC_MASK(MRQC_UDPV4));
    ck_assert_int_eq(queue_of(tcp_frame(7)), 0);
    rss(NIC_MASK(MRQC_TCPV4) | NIC_MASK(MRQC_IPV4));
    ck_assert_int_eq(queue_of(nic_rig_frame(&rig, nic_rig_mac, IPPROTO_UDP_, 9, 100)), (int)by_address);
    struct packet *fragment = tcp_frame(7);
    fragment->hdr[fragment->l3 + 6] |= 0x20; /* more fragments */
    ck_assert_int_eq(queue_of(fragment), (int)by_address);
    struct packet *arp = packet_new(rig.pool, engine_now(rig.engine));
    uint8_t bytes[60] = { 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 2, 0, 0, 0, 0, 9, 0x08, 0x06 };
    packet_write(arp, bytes, sizeof bytes);
    ck_assert_int_eq(queue_of(arp), 0);
}
END_TEST

static void set_address(int slot, struct mac_addr mac, uint32_t pool)
{
    nic_rig_write(&rig, NIC_OFFSET(RAL, slot), (uint32_t)mac.byte[0] | (uint32_t)mac.byte[1] << 8 |
                                               (uint32_t)mac.byte[2] << 16 | (uint32_t)mac.byte[3] << 24);
    nic_rig_write(&rig, NIC_OFFSET(RAH, slot), (uint32_t)mac.byte[4] | (uint32_t)mac.byte[5] << 8 |
                                               NIC_PUT(RAH_VIND, pool) | NIC_MASK(RAH_AV));
}

static struct mac_addr pool_mac(uint8_t pool)
{
    return (struct mac_addr){ { 2, 0, 0, 0, 7, pool } };
}

START_TEST(nic_receive__vmdq_queue_is_the_index_of_the_address)
{
    rings();
    for (uint8_t pool = 1; pool < 16; pool++) set_address(pool, pool_mac(pool), pool);
    nic_rig_write(&rig, NIC_OFFSET(VMD_CTL, 0), NIC_MASK(VMD_CTL_VMDQ_EN));
    ck_assert_int_eq(queue_of(tcp_frame(1)), 0);
    for (uint8_t pool = 1; pool < 16; pool++)
        ck_assert_int_eq(queue_of(nic_rig_frame(&rig, pool_mac(pool), IPPROTO_TCP_, 5, 100)), pool);
    nic_rig_write(&rig, NIC_OFFSET(VMD_CTL, 0), NIC_MASK(VMD_CTL_VMDQ_EN) | NIC_PUT(VMD_CTL_DEFAULT, 11));
    ck_assert_int_eq(queue_of(nic_rig_frame(&rig, broadcast, IPPROTO_UDP_, 5, 100)), 11);
}
END_TEST

START_TEST(nic_receive__vmdq_and_rss_together)
{
    rings();
    rss(NIC_MASK(MRQC_TCPV4));
    for (uint8_t pool = 0; pool < 4; pool++) set_address(pool + 1, pool_mac(pool), pool);
    nic_rig_write(&rig, NIC_OFFSET(VMD_CTL, 0), NIC_MASK(VMD_CTL_VMDQ_EN));
    for (uint8_t pool = 0; pool < 4; pool++)
        for (uint16_t port = 1; port < 16; port++) {
            uint32_t low = (tcp_hash(port) & 127) % 16, output = pool & 1 ? 15 - low : low;
            ck_assert_int_eq(queue_of(nic_rig_frame(&rig, pool_mac(pool), IPPROTO_TCP_, port, 100)),
                             (int)(pool * 16u + output));
        }
}
END_TEST

static struct packet *tagged(uint16_t tci)
{
    struct packet *p = tcp_frame(3);
    ck_assert(headers_vlan_push(p, tci));
    return p;
}

START_TEST(nic_receive__vlan_chooses_the_vmdq_index)
{
    rings();
    nic_rig_write(&rig, NIC_OFFSET(VMD_CTL, 0), NIC_MASK(VMD_CTL_VMDQ_EN) | NIC_MASK(VMD_CTL_VMDQ_FILTER));
    for (uint32_t vid = 1; vid < 4096; vid += 273) {
        uint32_t offset = 0xa200 + 0x200 * (vid >> 3 & 3) + 4 * (vid >> 5), pool = vid % 15 + 1;
        nic_rig_write(&rig, offset, pool << (vid % 8 * 4));
        ck_assert_int_eq(queue_of(tagged((uint16_t)vid)), (int)pool);
    }
}
END_TEST

/* -- filters ------------------------------------------------------------------------------------------------------ */

static bool accepted(struct packet *p)
{
    uint64_t before = counter(NIC_rx_filtered);
    nic_receive(rig.nic, p);
    nic_rig_run_ns(&rig, 2000);
    return counter(NIC_rx_filtered) == before;
}

static bool accepts(struct mac_addr mac)
{
    return accepted(nic_rig_frame(&rig, mac, IPPROTO_UDP_, 1, 100));
}

START_TEST(nic_receive__address_filters)
{
    struct mac_addr other = { { 2, 9, 9, 9, 9, 9 } }, group = { { 0x33, 0x33, 0, 0, 0, 5 } };
    rings();
    ck_assert(accepts(nic_rig_mac));
    ck_assert(!accepts(other));
    ck_assert(!accepts(group));
    ck_assert(accepts(broadcast));
    nic_rig_write(&rig, NIC_OFFSET(FCTRL, 0), 0);
    ck_assert(!accepts(broadcast));
    nic_rig_write(&rig, NIC_OFFSET(FCTRL, 0), NIC_MASK(FCTRL_UPE));
    ck_assert(accepts(other));
    ck_assert(!accepts(group));
    nic_rig_write(&rig, NIC_OFFSET(FCTRL, 0), NIC_MASK(FCTRL_MPE));
    ck_assert(!accepts(other));
    ck_assert(accepts(group));
    nic_rig_write(&rig, NIC_OFFSET(FCTRL, 0), 0);
    set_address(5, group, 0);
    ck_assert(accepts(group));
    ck_assert_uint_eq(dropped(DROP_NIC_FILTER), counter(NIC_rx_filtered));
}
END_TEST

/* MO selects bits [47:36], [46:35], [45:34], [43:32] of the address, its last byte the most significant. */
START_TEST(nic_receive__multicast_table)
{
    struct mac_addr group = { { 0x01, 0x00, 0x5e, 0x12, 0xa6, 0xc3 } };
    static const uint32_t low_bit[4] = { 36, 35, 34, 32 };
    uint64_t address = 0;
    rings();
    for (int i = 0; i < 6; i++) address |= (uint64_t)group.byte[i] << (8 * i);
    for (uint32_t mo = 0; mo < 4; mo++) {
        uint32_t hash = (uint32_t)(address >> low_bit[mo]) & 0xfff;
        nic_rig_write(&rig, NIC_OFFSET(MTA, hash >> 5), 1u << (hash & 31));
        nic_rig_write(&rig, NIC_OFFSET(MCSTCTRL, 0), mo | NIC_MASK(MCSTCTRL_MFE));
        ck_assert(accepts(group));
        nic_rig_write(&rig, NIC_OFFSET(MTA, hash >> 5), ~(1u << (hash & 31)));
        ck_assert(!accepts(group));
        nic_rig_write(&rig, NIC_OFFSET(MTA, hash >> 5), 1u << (hash & 31));
        nic_rig_write(&rig, NIC_OFFSET(MCSTCTRL, 0), mo);
        ck_assert(!accepts(group));
        nic_rig_write(&rig, NIC_OFFSET(MTA, hash >> 5), 0);
    }
}
END_TEST

START_TEST(nic_receive__vlan_filter)
{
    uint32_t vlnctrl = 0x8100 | NIC_MASK(VLNCTRL_VFE);
    rings();
    ck_assert(accepted(tagged(77)));
    nic_rig_write(&rig, NIC_OFFSET(VLNCTRL, 0), vlnctrl);
    ck_assert(!accepted(tagged(77)));
    ck_assert(accepted(tcp_frame(1)));
    nic_rig_write(&rig, NIC_OFFSET(VFTA, 77 / 32), 1u << 77 % 32);
    ck_assert(accepted(tagged(77)));
    nic_rig_write(&rig, NIC_OFFSET(VLNCTRL, 0), vlnctrl | NIC_MASK(VLNCTRL_CFIEN));
    ck_assert(accepted(tagged(77)));
    ck_assert(!accepted(tagged(77 | 0x1000)));
}
END_TEST

START_TEST(nic_receive__vlan_tag_is_stripped_into_the_descriptor)
{
    struct nic_ring ring = nic_rig_rx(&rig, 0, 64, 63, 2, false, 32 | 1 << 16);
    nic_rig_rx_start(&rig, 2, false);
    nic_rig_write(&rig, NIC_OFFSET(VLNCTRL, 0), 0x8100 | NIC_MASK(VLNCTRL_VME));
    nic_rig_run_ns(&rig, 5000);
    nic_receive(rig.nic, tagged(0x2123));
    nic_rig_run_ns(&rig, 5000);
    ck_assert_uint_eq(status(&ring, 0) & (DD | EOP | 8), DD | EOP | 8);
    ck_assert_uint_eq(ring.desc[0].q[1] >> 48, 0x2123);
    ck_assert_uint_eq(length(&ring, 0), 100);
    struct packet *p = take(&ring, 0);
    ck_assert_int_eq(headers_vlan(p), -1);
    packet_deliver(rig.pool, p);
}
END_TEST

START_TEST(nic_receive__pause_frames_are_discarded_by_dpf)
{
    uint8_t bytes[60] = { 1, 0x80, 0xc2, 0, 0, 1, 2, 0, 0, 0, 0, 9, 0x88, 0x08, 0, 1, 0, 1 };
    rings();
    set_address(3, (struct mac_addr){ { 1, 0x80, 0xc2, 0, 0, 1 } }, 0);
    for (int dpf = 0; dpf < 2; dpf++) {
        struct packet *p = packet_new(rig.pool, engine_now(rig.engine));
        packet_write(p, bytes, sizeof bytes);
        nic_rig_write(&rig, NIC_OFFSET(FCTRL, 0), dpf ? NIC_MASK(FCTRL_DPF) : 0);
        ck_assert_int_eq(accepted(p), !dpf);
    }
    ck_assert_uint_eq(nic_rig_read(&rig, NIC_OFFSET(LXOFFRXC, 0)), 2);
}
END_TEST

START_TEST(nic_receive__length_crc_and_enable)
{
    struct packet *bad = tcp_frame(1);
    nic_receive(rig.nic, tcp_frame(1));
    ck_assert_uint_eq(dropped(DROP_NIC_DISABLED), 1);
    rings();
    bad->flags |= PACKET_FCS_BAD;
    nic_receive(rig.nic, bad);
    nic_receive(rig.nic, nic_rig_frame(&rig, nic_rig_mac, IPPROTO_TCP_, 1, 1515));
    ck_assert_uint_eq(dropped(DROP_NIC_ERROR), 2);
    ck_assert_uint_eq(nic_rig_read(&rig, NIC_OFFSET(CRCERRS, 0)), 1);
    ck_assert_uint_eq(nic_rig_read(&rig, NIC_OFFSET(ROC, 0)), 1);
    nic_rig_write(&rig, NIC_OFFSET(MHADD, 0), 9018u << 16);
    nic_rig_write(&rig, NIC_OFFSET(HLREG0, 0), NIC_MASK(HLREG0_JUMBOEN));
    nic_receive(rig.nic, nic_rig_frame(&rig, nic_rig_mac, IPPROTO_TCP_, 1, 9014));
    nic_receive(rig.nic, nic_rig_frame(&rig, nic_rig_mac, IPPROTO_TCP_, 1, 9015));
    ck_assert_uint_eq(dropped(DROP_NIC_ERROR), 3);
    nic_rig_run_ns(&rig, 20000);
    ck_assert_uint_eq(counter(NIC_rx_packets), 1);
}
END_TEST

/* -- receive: DMA, descriptors, packet buffer --------------------------------------------------------------------- */

static struct nic_ring one_ring(uint32_t n, uint32_t posted, uint32_t kib, bool drop, uint32_t wthresh)
{
    struct nic_ring ring = nic_rig_rx(&rig, 0, n, posted, kib, false, 32 | wthresh << 16);
    nic_rig_rx_start(&rig, kib, drop);
    nic_rig_run_ns(&rig, 10000);
    return ring;
}

/* Data in 12 packets of up to 128 bytes, then the descriptor: 24 bytes more each, 2 bytes per ns, then the latency. */
START_TEST(nic_receive__descriptor_is_visible_after_data_and_write_back)
{
    struct nic_ring ring = one_ring(64, 63, 2, false, 1);
    int64_t visible = (FRAME + 12 * 24 + 16 + 24) / 2 + 300;
    nic_receive(rig.nic, nic_rig_frame(&rig, nic_rig_mac, IPPROTO_TCP_, 1, FRAME));
    nic_rig_run_ns(&rig, visible - 1);
    ck_assert_uint_eq(status(&ring, 0) & DD, 0);
    nic_rig_run_ns(&rig, 1);
    ck_assert_uint_eq(status(&ring, 0) & (DD | EOP), DD | EOP);
    ck_assert_uint_eq(length(&ring, 0), FRAME);
    ck_assert_uint_eq(nic_rig_read(&rig, NIC_OFFSET(RDH, 0)), 1);
    packet_deliver(rig.pool, take(&ring, 0));
}
END_TEST

START_TEST(nic_receive__descriptors_come_in_one_read_of_many)
{
    struct nic_ring ring = one_ring(256, 200, 2, false, 1);
    (void)ring;
    ck_assert_uint_eq(counter(NIC_rx_desc_fetches), 1);
    for (int i = 0; i < 200; i++) {
        nic_receive(rig.nic, tcp_frame(1));
        nic_rig_run_ns(&rig, 1000);
    }
    ck_assert_uint_eq(counter(NIC_rx_packets), 200);
    ck_assert_uint_le(counter(NIC_rx_desc_fetches), 8); /* the cache holds 64 and is filled up below 32 */
}
END_TEST

START_TEST(nic_receive__large_frame_in_several_buffers)
{
    struct nic_ring ring = one_ring(64, 63, 1, false, 1);
    nic_rig_write(&rig, NIC_OFFSET(MHADD, 0), 9018u << 16);
    nic_rig_write(&rig, NIC_OFFSET(HLREG0, 0), NIC_MASK(HLREG0_JUMBOEN) | NIC_MASK(HLREG0_RXCRCSTRP));
    nic_receive(rig.nic, nic_rig_frame(&rig, nic_rig_mac, IPPROTO_TCP_, 1, 2500));
    nic_rig_run_ns(&rig, 10000);
    ck_assert_uint_eq(status(&ring, 0) & (DD | EOP), DD);
    ck_assert_uint_eq(status(&ring, 1) & (DD | EOP), DD);
    ck_assert_uint_eq(status(&ring, 2) & (DD | EOP), DD | EOP);
    ck_assert_uint_eq(status(&ring, 3), 0);
    ck_assert_uint_eq(length(&ring, 0), 1024);
    ck_assert_uint_eq(length(&ring, 1), 1024);
    ck_assert_uint_eq(length(&ring, 2), 452);
    struct packet *p = take(&ring, 0);
    ck_assert_uint_eq(p->len, 2500);
    packet_deliver(rig.pool, p);
    ck_assert_ptr_null(take(&ring, 1));
    ck_assert_ptr_null(take(&ring, 2));
}
END_TEST

START_TEST(nic_receive__bytes_in_host_memory_and_legacy_descriptors)
{
    struct nic_ring ring = nic_rig_rx(&rig, 0, 64, 63, 2, true, 1 << 16);
    uint8_t frame[600];
    for (size_t i = 0; i < sizeof frame; i++) frame[i] = (uint8_t)(i * 7);
    memcpy(frame, nic_rig_mac.byte, 6);
    put_be16(frame + 12, 0x88b5);
    nic_rig_rx_start(&rig, 2, false);
    nic_rig_write(&rig, NIC_OFFSET(SRRCTL, 0), 2); /* legacy */
    nic_rig_run_ns(&rig, 5000);
    struct packet *p = packet_new(rig.pool, engine_now(rig.engine));
    packet_write(p, frame, sizeof frame);
    nic_receive(rig.nic, p);
    nic_rig_run_ns(&rig, 5000);
    ck_assert_mem_eq(ring.bytes, frame, sizeof frame);
    ck_assert_uint_eq(ring.desc[0].q[1], 600 | (uint64_t)(DD | EOP) << 32);
    ck_assert_uint_eq(packet_pool_ledger(rig.pool)->delivered, 1);
}
END_TEST

START_TEST(nic_receive__checksum_and_type_bits)
{
    enum { L4CS = 32, IPCS = 64, IPV4 = 1 << 4, TCP = 1 << 8, UDP = 1 << 9 };
    struct nic_ring ring = one_ring(64, 63, 2, false, 1);
    struct packet *good = tcp_frame(1), *bad_ip = tcp_frame(1), *bad_tcp = tcp_frame(1), *zero;
    headers_finish(good);
    headers_finish(bad_ip);
    headers_finish(bad_tcp);
    bad_ip->hdr[bad_ip->l3 + 8] ^= 1;  /* time to live */
    bad_tcp->hdr[bad_tcp->l4 + 4] ^= 1; /* sequence */
    zero = nic_rig_frame(&rig, nic_rig_mac, IPPROTO_UDP_, 1, 100);
    headers_finish(zero);
    put_be16(zero->hdr + zero->l4 + 6, 0);
    struct packet *frames[5] = { good, bad_ip, bad_tcp, zero, tcp_frame(1) };
    for (int i = 0; i < 5; i++) nic_receive(rig.nic, frames[i]);
    nic_rig_run_ns(&rig, 10000);
    ck_assert_uint_eq(status(&ring, 0), DD | EOP | L4CS | IPCS);
    ck_assert_uint_eq((uint32_t)ring.desc[0].q[0] & 0xfff0, IPV4 | TCP);
    ck_assert_uint_eq(status(&ring, 1), DD | EOP | L4CS | IPCS | 1u << 31);
    ck_assert_uint_eq(status(&ring, 2), DD | EOP | L4CS | IPCS | 1u << 30);
    ck_assert_uint_eq(status(&ring, 3), DD | EOP | IPCS);
    ck_assert_uint_eq((uint32_t)ring.desc[3].q[0] & 0xfff0, IPV4 | UDP);
    ck_assert_uint_eq(status(&ring, 4), DD | EOP | L4CS | IPCS);
    ck_assert_uint_eq(nic_rig_read(&rig, NIC_OFFSET(XEC, 0)), 2);
}
END_TEST

START_TEST(nic_receive__rss_hash_in_the_descriptor)
{
    struct nic_ring ring = one_ring(64, 63, 2, false, 1);
    for (int i = 0; i < 32; i++) nic_rig_write(&rig, NIC_OFFSET(RETA, i), 0);
    write_key(standard_key);
    nic_rig_write(&rig, NIC_OFFSET(MRQC, 0), NIC_MASK(MRQC_RSSEN) | NIC_MASK(MRQC_TCPV4));
    nic_receive(rig.nic, tcp_frame(77));
    nic_rig_write(&rig, NIC_OFFSET(RXCSUM, 0), NIC_MASK(RXCSUM_PCSD));
    nic_receive(rig.nic, tcp_frame(78));
    nic_rig_run_ns(&rig, 5000);
    ck_assert_uint_eq(ring.desc[0].q[0] >> 32, 0);
    ck_assert_uint_eq(ring.desc[1].q[0] >> 32, tcp_hash(78));
    ck_assert_uint_eq(ring.desc[1].q[0] & 15, 1);
}
END_TEST

START_TEST(nic_receive__no_descriptor_and_drop_enable)
{
    one_ring(64, 4, 2, true, 1);
    for (int i = 0; i < 10; i++) nic_receive(rig.nic, tcp_frame(1));
    nic_rig_run_ns(&rig, 10000);
    ck_assert_uint_eq(counter(NIC_rx_packets), 4);
    ck_assert_uint_eq(counter(NIC_rnbc), 6);
    ck_assert_uint_eq(dropped(DROP_NIC_NO_DESC), 6);
    ck_assert_uint_eq(nic_rig_read(&rig, NIC_OFFSET(RNBC, 0)), 6);
}
END_TEST

/* Without DROP_EN frames wait, all queues behind the first; what does not fit into 512 KiB is missed. */
START_TEST(nic_receive__packet_buffer_blocks_and_overflows)
{
    enum { ROOM = 512 * 1024 / FRAME, SENT = ROOM + 100 };
    struct nic_ring ring = one_ring(1024, 4, 2, false, 1);
    for (int i = 0; i < SENT; i++) {
        nic_receive(rig.nic, nic_rig_frame(&rig, nic_rig_mac, IPPROTO_TCP_, 1, FRAME));
        nic_rig_run_ns(&rig, 1230);
    }
    ck_assert_uint_eq(counter(NIC_rx_packets), 4);
    ck_assert_uint_eq(counter(NIC_mpc), SENT - 4 - ROOM);
    ck_assert_uint_eq(dropped(DROP_NIC_MISSED), SENT - 4 - ROOM);
    ck_assert_uint_eq(nic_rig_read(&rig, NIC_OFFSET(MPC, 0)), SENT - 4 - ROOM);
    ck_assert_uint_eq(counter(NIC_rnbc), 1); /* only the head of the buffer looks for a descriptor */
    ck_assert_uint_eq(counter(NIC_rx_fifo_max), ROOM * FRAME);
    nic_rig_write(&rig, NIC_OFFSET(RDT, 0), 1023);
    nic_rig_run_ns(&rig, 1000000);
    ck_assert_uint_eq(counter(NIC_rx_packets), 4 + ROOM);
    ck_assert_uint_eq(nic_rig_read(&rig, NIC_OFFSET(GPRC, 0)), SENT); /* missed ones included */
    ck_assert_uint_eq(nic_rig_read(&rig, NIC_OFFSET(QPRC, 0)), 4 + ROOM);
    ck_assert_uint_eq(status(&ring, ROOM + 3) & DD, DD);
}
END_TEST

START_TEST(nic_receive__a_queue_without_descriptors_blocks_the_others)
{
    nic_rig_rx(&rig, 0, 64, 63, 2, false, 32 | 1 << 16);
    nic_rig_rx(&rig, 1, 64, 0, 2, false, 32 | 1 << 16);
    nic_rig_rx_start(&rig, 2, false);
    nic_rig_write(&rig, NIC_OFFSET(VMD_CTL, 0), NIC_MASK(VMD_CTL_VMDQ_EN));
    set_address(1, pool_mac(1), 1);
    nic_rig_run_ns(&rig, 10000);
    nic_receive(rig.nic, nic_rig_frame(&rig, pool_mac(1), IPPROTO_TCP_, 1, 100));
    nic_receive(rig.nic, tcp_frame(1));
    nic_rig_run_ns(&rig, 10000);
    ck_assert_uint_eq(counter(NIC_rx_packets), 0);
    nic_rig_write(&rig, NIC_OFFSET(RDT, 1), 8);
    nic_rig_run_ns(&rig, 10000);
    ck_assert_uint_eq(nic_rxq_packets(rig.nic, 0), 1);
    ck_assert_uint_eq(nic_rxq_packets(rig.nic, 1), 1);
}
END_TEST

/* -- 64-byte line rate on the bus --------------------------------------------------------------------------------- */

static uint64_t bus(const char *name)
{
    return stats_value(rig.stats, "pcie", "slot", name);
}

/* 'frames' frames of 60 bytes (64 with FCS) at 67.2 ns; the ring is refilled as a driver would. */
static void line_rate(struct nic_ring *ring, uint32_t frames)
{
    uint32_t next = 0;
    for (uint32_t i = 0; i < frames; i++) {
        nic_receive(rig.nic, nic_rig_frame(&rig, nic_rig_mac, IPPROTO_TCP_, 1, 60));
        engine_run(rig.engine, sim_add(engine_now(rig.engine), sim_ps(67200)));
        if (i % 32 != 31) continue;
        for (; status(ring, next) & DD; next = (next + 1) % ring->n) {
            packet_deliver(rig.pool, take(ring, next));
            ring->desc[next] = (struct nic_desc){ { ring->buffers + (uint64_t)next * ring->buffer_bytes, 0 } };
        }
        nic_rig_write(&rig, NIC_OFFSET(RDT, 0), (next + ring->n - 1) % ring->n);
    }
}

/* Upstream bytes per frame: data 60 + 24, its share of the write-back 16 + 24 / batch, its share of a fetch request
 * (24; a fetch has one request per 512 bytes and per 4 KiB page). */
START_TEST(nic_receive__padding_is_zero_in_byte_buffers)
{
    struct nic_ring ring = nic_rig_rx(&rig, 0, 64, 63, 2, true, 1 << 16);
    static const uint8_t zero[FRAME_MIN_BYTES];
    uint8_t frame[42] = { 0 };
    memcpy(frame, nic_rig_mac.byte, 6);
    put_be16(frame + 12, 0x88b5);
    memset(ring.bytes, 0xee, 128); /* what an earlier frame left there */
    nic_rig_rx_start(&rig, 2, false);
    nic_rig_run_ns(&rig, 5000);
    struct packet *p = packet_new(rig.pool, engine_now(rig.engine));
    packet_write(p, frame, sizeof frame);
    nic_receive(rig.nic, p);
    nic_rig_run_ns(&rig, 5000);
    ck_assert_uint_eq(length(&ring, 0), FRAME_MIN_BYTES);
    ck_assert_mem_eq(ring.bytes, frame, sizeof frame);
    ck_assert_mem_eq(ring.bytes + sizeof frame, zero, FRAME_MIN_BYTES - sizeof frame);
    ck_assert_uint_eq(ring.bytes[FRAME_MIN_BYTES], 0xee);
}
END_TEST

START_TEST(nic_receive__bus_bytes_of_64_byte_frames)
{
    enum { FRAMES = 20000 };
    struct nic_ring ring = one_ring(1024, 1023, 2, false, (uint32_t)_i);
    uint64_t up = bus("up_ps"), fetches = counter(NIC_rx_desc_fetches), batches;
    nic_rig_write(&rig, NIC_OFFSET(GPIE, 0), NIC_MASK(GPIE_MSIX_MODE));
    nic_rig_write(&rig, NIC_OFFSET(IVAR, 0), 0x80);
    nic_rig_write(&rig, NIC_OFFSET(EITR, 0), 0xffff0fff); /* the counter runs for all of the test */
    line_rate(&ring, FRAMES);
    nic_rig_write(&rig, NIC_OFFSET(IVAR, 0), 0);
    up = bus("up_ps") - up;
    fetches = counter(NIC_rx_desc_fetches) - fetches;
    batches = counter(NIC_rx_writebacks);
    ck_assert_uint_eq(counter(NIC_mpc), 0);
    ck_assert_uint_eq(counter(NIC_rx_packets), FRAMES);
    ck_assert_uint_ge(batches, FRAMES / (uint64_t)_i);
    ck_assert_uint_le(batches, FRAMES / (uint64_t)_i + FRAMES / ring.n + 2); /* a batch does not wrap */
    uint64_t requests = up / 500 - FRAMES * (60u + 24 + 16) - batches * 24;
    ck_assert_uint_eq(requests % 24, 0);
    ck_assert_uint_ge(requests / 24, fetches);
    ck_assert_uint_le(requests / 24, fetches * 2);
    ck_assert_uint_lt(up / FRAMES, 67200); /* just fits */
    if (_i == 1) ck_assert_uint_ge(up / FRAMES, 62000);
    if (_i == 8) ck_assert_uint_le(up / FRAMES, 52500);
}
END_TEST

/* -- write-back batches and interrupts ---------------------------------------------------------------------------- */

/* Queue 0 to vector 0, unmasked, throttled. */
static void interrupts(uint32_t interval)
{
    nic_rig_write(&rig, NIC_OFFSET(GPIE, 0), NIC_MASK(GPIE_MSIX_MODE) | NIC_MASK(GPIE_OCD));
    nic_rig_write(&rig, NIC_OFFSET(EITR, 0), interval);
    nic_rig_write(&rig, NIC_OFFSET(IVAR, 0), 0x80);
    nic_rig_write(&rig, NIC_OFFSET(EIAC, 0), 0xffff);
    nic_rig_write(&rig, NIC_OFFSET(EIMS, 0), 0xffff);
}

START_TEST(nic_interrupt__write_back_batch_waits_for_the_throttle_timer)
{
    struct nic_ring ring = one_ring(64, 63, 2, false, 8);
    interrupts(200); /* 51.2 us */
    nic_receive(rig.nic, tcp_frame(1)); /* first after idle: at once */
    nic_rig_run_ns(&rig, 2000);
    ck_assert_uint_eq(status(&ring, 0) & DD, DD);
    ck_assert_int_eq(rig.messages[0], 1);
    nic_receive(rig.nic, tcp_frame(1));
    nic_rig_run_ns(&rig, 20000);
    ck_assert_uint_eq(status(&ring, 1) & DD, 0);
    for (int i = 0; i < 7; i++) nic_receive(rig.nic, tcp_frame(1)); /* now a batch */
    nic_rig_run_ns(&rig, 2000);
    ck_assert_uint_eq(status(&ring, 8) & DD, DD);
    nic_receive(rig.nic, tcp_frame(1));
    nic_rig_run_ns(&rig, 20000);
    ck_assert_uint_eq(status(&ring, 9) & DD, 0);
    ck_assert_int_eq(rig.messages[0], 1);
    nic_rig_run_ns(&rig, 10000); /* past 51.2 us */
    ck_assert_uint_eq(status(&ring, 9) & DD, DD);
    ck_assert_int_eq(rig.messages[0], 2);
    ck_assert_int_ge(rig.message_ps[0][1] - rig.message_ps[0][0], 51200000 - 200000); /* sent at an interval */
}
END_TEST

START_TEST(nic_interrupt__unmapped_queue_writes_back_at_once_and_is_silent)
{
    struct nic_ring ring = one_ring(64, 63, 2, false, 8);
    interrupts(200);
    nic_receive(rig.nic, tcp_frame(1));
    nic_rig_run_ns(&rig, 2000);
    nic_receive(rig.nic, tcp_frame(1));
    nic_rig_write(&rig, NIC_OFFSET(IVAR, 0), 0); /* polling begins: what waits is written */
    nic_rig_run_ns(&rig, 2000);
    ck_assert_uint_eq(status(&ring, 1) & DD, DD);
    nic_receive(rig.nic, tcp_frame(1));
    nic_rig_run_ns(&rig, 2000);
    ck_assert_uint_eq(status(&ring, 2) & DD, DD);
    nic_rig_run_ns(&rig, 100000);
    ck_assert_int_eq(rig.messages[0], 1);
}
END_TEST

/* The message is posted behind the descriptor write: software that it wakes finds the descriptor. */
START_TEST(nic_interrupt__message_arrives_after_the_descriptor)
{
    struct nic_ring ring = one_ring(64, 63, 2, false, 1);
    interrupts(0);
    nic_receive(rig.nic, tcp_frame(1));
    while (!(status(&ring, 0) & DD)) ck_assert(engine_step(rig.engine, SIM_TIME_MAX));
    ck_assert_int_eq(rig.messages[0], 0);
    nic_rig_run_ns(&rig, 100);
    ck_assert_int_eq(rig.messages[0], 1);
}
END_TEST

START_TEST(nic_interrupt__rate_is_at_most_one_per_interval)
{
    static const uint32_t intervals[] = { 1, 40, 200, 1952 };
    uint32_t interval = intervals[_i];
    struct nic_ring ring = one_ring(1024, 1023, 2, false, 1);
    interrupts(interval);
    line_rate(&ring, 20000); /* 1.344 ms */
    nic_rig_write(&rig, NIC_OFFSET(EIMC, 0), 1);
    nic_rig_run_ns(&rig, 2000);
    int most = (int)(1344000 / (256 * interval)) + 1;
    ck_assert_int_le(rig.messages[0], most);
    ck_assert_int_ge(rig.messages[0], interval == 1 ? most / 2 : most - 1);
    for (int i = 1; i < rig.messages[0] && i < 4096; i++) /* sent at an interval; what delays arrivals is the bus */
        ck_assert_int_ge(rig.message_ps[0][i] - rig.message_ps[0][0], 256000ll * interval * i - 200000);
    ck_assert_uint_eq(nic_vector_messages(rig.nic, 0), (uint64_t)rig.messages[0]);
}
END_TEST

START_TEST(nic_interrupt__masked_cause_waits_in_eicr)
{
    one_ring(64, 63, 2, false, 1);
    interrupts(0);
    nic_rig_write(&rig, NIC_OFFSET(EIMC, 0), 1);
    nic_receive(rig.nic, tcp_frame(1));
    nic_rig_run_ns(&rig, 5000);
    ck_assert_int_eq(rig.messages[0], 0);
    nic_rig_write(&rig, NIC_OFFSET(EIMS, 0), 1);
    nic_rig_run_ns(&rig, 5000);
    ck_assert_int_eq(rig.messages[0], 1);
    ck_assert_uint_eq(nic_rig_read(&rig, NIC_OFFSET(EICR, 0)) & 1, 0); /* cleared by EIAC */
    nic_rig_write(&rig, NIC_OFFSET(EIMS, 0), 1);
    nic_rig_run_ns(&rig, 5000);
    ck_assert_int_eq(rig.messages[0], 1);
}
END_TEST

START_TEST(nic_interrupt__software_cause_and_clear_methods)
{
    interrupts(0);
    nic_rig_write(&rig, NIC_OFFSET(EICS, 0), 1u << 3 | 1u << 20);
    nic_rig_run_ns(&rig, 2000);
    ck_assert_int_eq(rig.messages[3], 1);
    ck_assert_uint_eq(nic_rig_read(&rig, NIC_OFFSET(EICR, 0)) & (8 | 1u << 20), 1u << 20);
    ck_assert_uint_eq(nic_rig_read(&rig, NIC_OFFSET(EICR, 0)), 0);
    nic_rig_write(&rig, NIC_OFFSET(EIAC, 0), 0);
    nic_rig_write(&rig, NIC_OFFSET(EICS, 0), 1u << 5);
    ck_assert_uint_eq(nic_rig_read(&rig, NIC_OFFSET(EICR, 0)), 1u << 5); /* OCD: reading spares queue causes */
    ck_assert_uint_eq(nic_rig_read(&rig, NIC_OFFSET(EICR, 0)), 1u << 5);
    nic_rig_write(&rig, NIC_OFFSET(EICR, 0), 1u << 5);
    ck_assert_uint_eq(nic_rig_read(&rig, NIC_OFFSET(EICR, 0)), 0);
    nic_rig_write(&rig, NIC_OFFSET(EIAM, 0), 1u << 6);
    nic_rig_write(&rig, NIC_OFFSET(GPIE, 0), NIC_MASK(GPIE_MSIX_MODE) | NIC_MASK(GPIE_EIAME));
    nic_rig_write(&rig, NIC_OFFSET(EICS, 0), 1u << 6);
    ck_assert_uint_eq(nic_rig_read(&rig, NIC_OFFSET(EIMS, 0)) & 1u << 6, 0);
    nic_rig_run_ns(&rig, 2000);
    ck_assert_int_eq(rig.messages[6], 1);
}
END_TEST

START_TEST(nic_interrupt__without_msix_mode_everything_is_vector_0)
{
    one_ring(64, 63, 2, false, 1);
    nic_rig_write(&rig, NIC_OFFSET(IVAR, 0), 0x80 | 7);
    nic_rig_write(&rig, NIC_OFFSET(EIMS, 0), 0xffff | NIC_MASK(EICR_LSC));
    nic_rig_run_ns(&rig, 5000);
    int before = rig.messages[0];
    nic_receive(rig.nic, tcp_frame(1));
    nic_rig_run_ns(&rig, 5000);
    ck_assert_int_eq(rig.messages[0], before + 1);
    ck_assert_int_eq(rig.messages[7], 0);
    ck_assert_uint_eq(nic_rig_read(&rig, NIC_OFFSET(EICR, 0)) & 0x80, 0x80);
    nic_rig_write(&rig, NIC_OFFSET(AUTOC, 0), NIC_MASK(AUTOC_AN_RESTART));
    nic_rig_run_ns(&rig, 5000);
    ck_assert_int_eq(rig.messages[0], before + 2);
}
END_TEST

START_TEST(nic_interrupt__a_cause_that_is_still_set_sends_no_second_message)
{
    const uint32_t lsc = NIC_MASK(EICR_LSC);
    nic_rig_read(&rig, NIC_OFFSET(EICR, 0)); /* the cable that was plugged in at creation */
    nic_rig_write(&rig, NIC_OFFSET(EIMS, 0), lsc);
    for (int i = 0; i < 3; i++) nic_set_wire(rig.nic, i % 2 ? rig.wire : NULL);
    nic_rig_run_ns(&rig, 5000);
    ck_assert_int_eq(rig.messages[0], 1);
    ck_assert_uint_eq(nic_rig_read(&rig, NIC_OFFSET(EICR, 0)), lsc | NIC_MASK(EICR_OTHER));
    nic_set_wire(rig.nic, rig.wire); /* was cleared: a new one */
    nic_rig_run_ns(&rig, 5000);
    ck_assert_int_eq(rig.messages[0], 2);
    nic_rig_write(&rig, NIC_OFFSET(EIMC, 0), lsc);
    nic_rig_write(&rig, NIC_OFFSET(EIMS, 0), lsc); /* unmasked while set */
    nic_rig_run_ns(&rig, 5000);
    ck_assert_int_eq(rig.messages[0], 3);
}
END_TEST

START_TEST(nic_set_vector__masked_message_is_sent_on_unmasking)
{
    interrupts(0);
    nic_set_vector(rig.nic, 2, NULL, NULL);
    nic_rig_write(&rig, NIC_OFFSET(EICS, 0), 4);
    nic_rig_run_ns(&rig, 5000);
    ck_assert_int_eq(rig.messages[2], 0);
    nic_set_vector(rig.nic, 2, nic_rig_message, &rig.vector[2]);
    nic_rig_run_ns(&rig, 5000);
    ck_assert_int_eq(rig.messages[2], 1);
}
END_TEST

/* -- transmit ----------------------------------------------------------------------------------------------------- */

enum { CMD_EOP = 1, CMD_IFCS = 2, CMD_IC = 4, CMD_RS = 8, CMD_DEXT = 32, CMD_VLE = 64, CMD_TSE = 128, BOTH_SUMS = 3 };

static uint64_t data_word(uint32_t bytes, uint32_t cmd, uint32_t popts, uint32_t payload)
{
    return bytes | 3ull << 20 | (uint64_t)(cmd | CMD_DEXT | CMD_IFCS) << 24 | (uint64_t)popts << 40 |
           (uint64_t)payload << 46;
}

static struct nic_desc context_desc(uint32_t mac, uint32_t ip, uint32_t l4, uint32_t mss, bool tcp)
{
    return (struct nic_desc){ { ip | mac << 9, 2ull << 20 | (uint64_t)CMD_DEXT << 24 | 1 << 10 | (tcp ? 1 << 11 : 0) |
                                                   (uint64_t)l4 << 40 | (uint64_t)mss << 48 } };
}

/* A bound packet as one data descriptor. */
static bus_addr put_bound(struct nic_ring *ring, uint32_t i, struct packet *p, uint32_t cmd)
{
    bus_addr addr = memory_bind(rig.memory, p);
    ring->desc[i] = (struct nic_desc){ { addr, data_word(p->len, cmd | CMD_EOP, BOTH_SUMS, p->len) } };
    return addr;
}

static void release(bus_addr addr)
{
    packet_segmented(rig.pool, memory_unbind(rig.memory, addr));
}

static bool tx_done(const struct nic_ring *ring, uint32_t i)
{
    return ring->desc[i].q[1] >> 32 & DD;
}

/* Descriptor fetch: request 12 ns, 800 ns, completion; data: requests of 512 bytes, 800 ns, completions of 64. */
START_TEST(nic_transmit__report_comes_after_the_data)
{
    struct nic_ring ring = nic_rig_tx(&rig, 0, 64, 32);
    struct packet *p = nic_rig_frame(&rig, nic_rig_mac, IPPROTO_TCP_, 1, FRAME);
    bus_addr addr = put_bound(&ring, 0, p, CMD_RS);
    nic_rig_write(&rig, NIC_OFFSET(TDT, 0), 1);
    nic_rig_run_ns(&rig, 12 + 800 + (16 + 20) / 2 + 12 + 800);
    ck_assert_uint_eq(nic_rig_read(&rig, NIC_OFFSET(TDH, 0)), 0);
    ck_assert(!tx_done(&ring, 0));
    nic_rig_run_ns(&rig, (FRAME + 24 * 20) / 2);
    ck_assert_uint_eq(nic_rig_read(&rig, NIC_OFFSET(TDH, 0)), 1); /* data is in the packet buffer */
    ck_assert(!tx_done(&ring, 0));
    nic_rig_run_ns(&rig, 20 + 300);
    ck_assert(tx_done(&ring, 0));
    nic_rig_run_ns(&rig, 2000);
    ck_assert_uint_eq(rig.n_sent, 1);
    struct packet *sent = rig.sent.head;
    ck_assert_uint_eq(sent->len, p->len);
    ck_assert_mem_eq(sent->hdr, p->hdr, p->hdr_len);
    ck_assert(headers_checksum_ok(sent));
    release(addr);
}
END_TEST

START_TEST(nic_transmit__no_report_unless_asked)
{
    struct nic_ring ring = nic_rig_tx(&rig, 0, 64, 32);
    bus_addr addr[3];
    for (uint32_t i = 0; i < 3; i++)
        addr[i] = put_bound(&ring, i, nic_rig_frame(&rig, nic_rig_mac, IPPROTO_TCP_, 1, 500), i == 1 ? CMD_RS : 0);
    nic_rig_write(&rig, NIC_OFFSET(TDT, 0), 3);
    nic_rig_run_ns(&rig, 10000);
    ck_assert(!tx_done(&ring, 0) && tx_done(&ring, 1) && !tx_done(&ring, 2));
    ck_assert_uint_eq(nic_rig_read(&rig, NIC_OFFSET(TDH, 0)), 3);
    for (uint32_t i = 0; i < 3; i++) release(addr[i]);
}
END_TEST

START_TEST(nic_transmit__head_write_back)
{
    struct nic_ring ring = nic_rig_tx(&rig, 0, 64, 32);
    uint8_t *view;
    bus_addr where = memory_map_bytes(rig.memory, 64, 0, &view), addr[2];
    nic_rig_write(&rig, NIC_OFFSET(TDWBAL, 0), (uint32_t)where | 1);
    nic_rig_write(&rig, NIC_OFFSET(TDWBAH, 0), (uint32_t)(where >> 32));
    for (uint32_t i = 0; i < 2; i++)
        addr[i] = put_bound(&ring, i, nic_rig_frame(&rig, nic_rig_mac, IPPROTO_TCP_, 1, 500), CMD_RS);
    nic_rig_write(&rig, NIC_OFFSET(TDT, 0), 2);
    nic_rig_run_ns(&rig, 10000);
    ck_assert_uint_eq(view[0], 2);
    ck_assert(!tx_done(&ring, 1));
    for (uint32_t i = 0; i < 2; i++) release(addr[i]);
}
END_TEST

/* Every frame of a large send is what headers_segment() makes of the same packet. */
START_TEST(nic_transmit__segmentation_equals_headers_segment)
{
    static const struct { uint32_t payload, mss; } cases[] = {
        { 1800, 700 }, { 65160, 1448 }, { 1448, 1448 }, { 1449, 1448 }, { 100, 1448 }, { 2896, 1 + 1447 },
    };
    uint32_t payload = cases[_i].payload, mss = cases[_i].mss;
    struct nic_ring ring = nic_rig_tx(&rig, 0, 64, 32);
    struct packet *p = nic_rig_frame(&rig, nic_rig_mac, IPPROTO_TCP_, 1, 54 + payload);
    p->hdr[p->l4 + 13] = TCP_ACK | TCP_PSH | TCP_FIN;
    p->gso_mss = (uint16_t)mss;
    struct packet *copy = packet_clone(rig.pool, p, engine_now(rig.engine));
    bus_addr addr = memory_bind(rig.memory, p);
    uint32_t tail = 0, at = 0;
    ring.desc[tail++] = context_desc(14, 20, 20, mss, true);
    for (uint32_t bytes = 54; at < p->len; at += bytes, bytes = p->len - at < 16384 ? p->len - at : 16384) {
        uint32_t end = at + bytes == p->len ? CMD_EOP | CMD_RS : 0;
        ring.desc[tail++] = (struct nic_desc){ { addr + at, data_word(bytes, CMD_TSE | end, BOTH_SUMS, payload) } };
    }
    nic_rig_write(&rig, NIC_OFFSET(TDT, 0), tail);
    nic_rig_run_ns(&rig, 200000);
    ck_assert(tx_done(&ring, tail - 1));
    release(addr);
    struct packet_queue expected = { 0 };
    uint32_t count = headers_segment(rig.pool, copy, &expected, engine_now(rig.engine));
    ck_assert_uint_eq(rig.n_sent, count);
    ck_assert_uint_eq(count, (payload + mss - 1) / mss);
    for (uint32_t i = 0; i < count; i++) {
        struct packet *want = packet_queue_pop(&expected), *got = packet_queue_pop(&rig.sent);
        headers_finish(want);
        headers_finish(got);
        ck_assert_uint_eq(got->len, want->len);
        ck_assert_uint_eq(got->hdr_len, want->hdr_len);
        ck_assert_mem_eq(got->hdr, want->hdr, want->hdr_len);
        packet_deliver(rig.pool, want);
        packet_deliver(rig.pool, got);
    }
    ck_assert_uint_eq(counter(NIC_tx_tso), 1);
}
END_TEST

/* Bytes in plain memory, in three buffers: gathered, checksums inserted over what software left in the fields. */
START_TEST(nic_transmit__gathered_bytes_and_inserted_checksums)
{
    struct nic_ring ring = nic_rig_tx(&rig, 0, 64, 32);
    uint8_t *view, want[700], got[700];
    bus_addr where = memory_map_bytes(rig.memory, 4096, 0, &view);
    struct packet *model = nic_rig_frame(&rig, nic_rig_mac, IPPROTO_TCP_, 1, 700);
    model->stored = malloc(700 - model->hdr_len);
    ck_assert_ptr_nonnull(model->stored);
    for (uint32_t i = 0; i < 700u - model->hdr_len; i++) model->stored[i] = (uint8_t)(i * 13 + 5);
    packet_read(model, 0, view, 700);
    const uint8_t pseudo[12] = { 10, 0, 0, 2, 10, 0, 0, 1, 0, 6, (700 - 34) >> 8, (700 - 34) & 255 };
    put_be16(view + 34 + 16, (uint16_t)~checksum_fold(checksum_add(0, pseudo, 12)));
    headers_finish(model);
    packet_read(model, 0, want, 700);
    ring.desc[0] = context_desc(14, 20, 0, 0, true);
    ring.desc[1] = (struct nic_desc){ { where, data_word(33, 0, BOTH_SUMS, 700) } };
    ring.desc[2] = (struct nic_desc){ { where + 33, data_word(400, 0, 0, 0) } };
    ring.desc[3] = (struct nic_desc){ { where + 433, data_word(267, CMD_EOP | CMD_RS, 0, 0) } };
    nic_rig_write(&rig, NIC_OFFSET(TDT, 0), 4);
    nic_rig_run_ns(&rig, 10000);
    ck_assert(tx_done(&ring, 3));
    ck_assert_uint_eq(rig.n_sent, 1);
    ck_assert(headers_checksum_ok(rig.sent.head));
    packet_read(rig.sent.head, 0, got, 700);
    ck_assert_mem_eq(got, want, 700);
    packet_deliver(rig.pool, model);
}
END_TEST

START_TEST(nic_transmit__legacy_descriptor_with_checksum_and_tag)
{
    struct nic_ring ring = nic_rig_tx(&rig, 0, 64, 32);
    uint8_t *view;
    bus_addr where = memory_map_bytes(rig.memory, 4096, 0, &view);
    struct packet *model = nic_rig_frame(&rig, nic_rig_mac, IPPROTO_UDP_, 1, 200);
    const uint8_t pseudo[12] = { 10, 0, 0, 2, 10, 0, 0, 1, 0, 17, 0, 200 - 34 };
    headers_finish(model);
    packet_read(model, 0, view, 200);
    put_be16(view + 40, (uint16_t)~checksum_fold(checksum_add(0, pseudo, 12)));
    ring.desc[0].q[0] = where;
    uint64_t command = CMD_EOP | CMD_IFCS | CMD_IC | CMD_RS | CMD_VLE;
    ring.desc[0].q[1] = 200 | 40u << 16 | command << 24 | 34ull << 40 | 0x4321ull << 48;
    nic_rig_write(&rig, NIC_OFFSET(TDT, 0), 1);
    nic_rig_run_ns(&rig, 10000);
    ck_assert(tx_done(&ring, 0));
    ck_assert_uint_eq(rig.n_sent, 1);
    ck_assert_uint_eq(rig.sent.head->len, 204);
    ck_assert_int_eq(headers_vlan(rig.sent.head), 0x321);
    ck_assert(headers_checksum_ok(rig.sent.head));
    packet_deliver(rig.pool, model);
}
END_TEST

/* Frames leave back to back: N of them take N wire times, and none is dropped for want of room, whatever the wire's own
 * queue holds. */
START_TEST(nic_transmit__keeps_the_wire_busy_and_never_overruns_it)
{
    static const int64_t depths[] = { 0, 4000, 1 << 20 };
    struct nic_ring ring = nic_rig_tx(&rig, 0, 512, 32);
    nic_rig_wire(&rig, sim_gbps(10), depths[_i]);
    rig.discard = true;
    struct packet *p = nic_rig_frame(&rig, nic_rig_mac, IPPROTO_TCP_, 1, FRAME);
    bus_addr addr = put_bound(&ring, 0, p, 0);
    for (uint32_t i = 1; i < 512; i++) ring.desc[i] = ring.desc[0];
    nic_rig_write(&rig, NIC_OFFSET(TDT, 0), 501);
    while (rig.n_sent == 0) ck_assert(engine_step(rig.engine, SIM_TIME_MAX));
    int64_t first = engine_now(rig.engine).ps;
    while (rig.n_sent < 501) ck_assert(engine_step(rig.engine, SIM_TIME_MAX));
    ck_assert_int_eq(engine_now(rig.engine).ps - first, 500 * 1230400ll);
    ck_assert_uint_eq(dropped(DROP_LINK_FULL), 0);
    release(addr);
}
END_TEST

/* What has been read and not been sent stays within the transmit packet buffer and one read. */
START_TEST(nic_transmit__reads_ahead_no_more_than_the_packet_buffer)
{
    struct nic_ring ring = nic_rig_tx(&rig, 0, 1024, 32);
    nic_rig_wire(&rig, sim_gbps(1), 0);
    rig.discard = true;
    struct packet *p = nic_rig_frame(&rig, nic_rig_mac, IPPROTO_TCP_, 1, FRAME);
    bus_addr addr = put_bound(&ring, 0, p, 0);
    for (uint32_t i = 1; i < 1024; i++) ring.desc[i] = ring.desc[0];
    nic_rig_write(&rig, NIC_OFFSET(TDT, 0), 1000);
    uint64_t before = bus("read_bytes"), most = 0;
    while (rig.n_sent < 600) {
        ck_assert(engine_step(rig.engine, SIM_TIME_MAX));
        uint64_t ahead = bus("read_bytes") - before - 1000 * 16 - rig.n_sent * FRAME;
        if ((int64_t)ahead > 0 && ahead > most) most = ahead;
    }
    ck_assert_uint_ge(most, 300 * 1024);
    ck_assert_uint_le(most, 320 * 1024 + 4096);
    nic_rig_write(&rig, NIC_OFFSET(CTRL, 0), NIC_MASK(CTRL_RST)); /* the rest is dropped */
    release(addr);
}
END_TEST

START_TEST(nic_transmit__queues_take_turns)
{
    struct nic_ring ring[3];
    struct packet *p[3];
    bus_addr addr[3];
    for (int q = 0; q < 3; q++) {
        ring[q] = nic_rig_tx(&rig, q * 5, 64, 32);
        p[q] = nic_rig_frame(&rig, nic_rig_mac, IPPROTO_TCP_, (uint16_t)(100 + q), 1000);
        addr[q] = put_bound(&ring[q], 0, p[q], 0);
        for (uint32_t i = 1; i < 64; i++) ring[q].desc[i] = ring[q].desc[0];
    }
    for (int q = 0; q < 3; q++) nic_rig_write(&rig, NIC_OFFSET(TDT, q * 5), 20);
    nic_rig_run_ns(&rig, 200000);
    ck_assert_uint_eq(rig.n_sent, 60);
    uint16_t port[60];
    int n = 0;
    for (struct packet *f = rig.sent.head; f; f = f->next) port[n++] = get_be16(f->hdr + f->l4);
    for (int i = 12; i < 48; i++) { /* after the first descriptors of each have come, and before the last are gone */
        ck_assert_uint_eq(port[i], port[i - 3]);
        ck_assert_uint_ne(port[i], port[i - 1]);
        ck_assert_uint_ne(port[i], port[i - 2]);
    }
    for (int q = 0; q < 3; q++) release(addr[q]);
}
END_TEST

START_TEST(nic_transmit__interrupt_tells_of_the_report)
{
    struct nic_ring ring = nic_rig_tx(&rig, 0, 64, 32);
    bus_addr addr = put_bound(&ring, 0, tcp_frame(1), CMD_RS);
    interrupts(0);
    nic_rig_write(&rig, NIC_OFFSET(IVAR, 16), 0x80 | 9);
    nic_rig_write(&rig, NIC_OFFSET(TDT, 0), 1);
    while (rig.messages[9] == 0) ck_assert(engine_step(rig.engine, SIM_TIME_MAX));
    ck_assert(tx_done(&ring, 0));
    release(addr);
}
END_TEST

/* -- misfortunes -------------------------------------------------------------------------------------------------- */

START_TEST(nic_receive__unmapped_buffer_is_counted_and_the_frame_lost)
{
    struct nic_ring ring = one_ring(64, 0, 2, false, 1);
    ring.desc[0].q[0] = 0xdead0000000;
    nic_rig_write(&rig, NIC_OFFSET(RDT, 0), 8);
    nic_receive(rig.nic, tcp_frame(1));
    nic_receive(rig.nic, tcp_frame(1));
    nic_rig_run_ns(&rig, 10000);
    ck_assert_uint_eq(counter(NIC_bad_addresses), 1);
    ck_assert_uint_eq(dropped(DROP_NIC_BAD_ADDRESS), 1);
    ck_assert_uint_eq(status(&ring, 0) & DD, DD); /* the device cannot know */
    ck_assert_ptr_null(take(&ring, 0));
    ck_assert_uint_eq(status(&ring, 1) & DD, DD);
}
END_TEST

START_TEST(nic_ring__unmapped_descriptors_stop_the_queue)
{
    interrupts(0);
    nic_rig_write(&rig, NIC_OFFSET(RDBAH, 3), 0x7777);
    nic_rig_write(&rig, NIC_OFFSET(RDLEN, 3), 1024);
    nic_rig_write(&rig, NIC_OFFSET(RXDCTL, 3), NIC_MASK(RXDCTL_ENABLE));
    nic_rig_write(&rig, NIC_OFFSET(RDT, 3), 8);
    nic_rig_run_ns(&rig, 10000);
    ck_assert_uint_eq(counter(NIC_bad_addresses), 1);
    ck_assert(nic_rig_read(&rig, NIC_OFFSET(EICR, 0)) & NIC_MASK(EICR_DHER));
    nic_rig_write(&rig, NIC_OFFSET(RDT, 3), 9);
    nic_rig_run_ns(&rig, 10000);
    ck_assert_uint_eq(counter(NIC_bad_addresses), 1);
}
END_TEST

START_TEST(nic_transmit__bad_descriptors_are_counted_and_reported)
{
    struct nic_ring ring = nic_rig_tx(&rig, 0, 64, 32);
    ring.desc[0] = (struct nic_desc){ { 0xdead0000000, data_word(100, CMD_EOP | CMD_RS, 0, 100) } };   /* unmapped */
    ring.desc[1] = (struct nic_desc){ { 0x1000, data_word(100, CMD_EOP | CMD_RS | CMD_TSE, 3, 100) } }; /* no context */
    ring.desc[2] = (struct nic_desc){ { 0x1000, 100 | 9ull << 20 | (uint64_t)(CMD_DEXT | CMD_EOP | CMD_RS) << 24 } };
    nic_rig_write(&rig, NIC_OFFSET(TDT, 0), 3);
    nic_rig_run_ns(&rig, 20000);
    ck_assert_uint_eq(counter(NIC_bad_addresses), 1);
    ck_assert_uint_eq(counter(NIC_bad_descriptors), 2);
    for (uint32_t i = 0; i < 3; i++) ck_assert(tx_done(&ring, i));
    ck_assert_uint_eq(rig.n_sent, 0);
}
END_TEST

/* Random register writes, random descriptors, random frames: nothing breaks, and every packet is accounted for. */
START_TEST(nic_reg_write__garbage_never_crashes)
{
    struct rng *rng = rng_create((uint64_t)_i, "garbage");
    uint8_t *view;
    bus_addr ring = memory_map_bytes(rig.memory, 65536, 0, &view);
    bus_addr slots = memory_map_buffers(rig.memory, 64, 1024, 0);
    rig.discard = true;
    for (int n = 0; n < 4000; n++) {
        uint32_t q = rng_below(rng, 4), reg = rng_below(rng, N_NIC82598_REGS);
        const struct nic_reg_info *info = nic_reg_info((enum nic82598_reg)reg);
        uint32_t offset = info->offset + rng_below(rng, info->count) * info->stride;
        switch (rng_below(rng, 8)) {
        case 0: nic_rig_write(&rig, offset, (uint32_t)rng_u64(rng) & ~(n % 500 ? NIC_MASK(CTRL_RST) : 0)); break;
        case 1: nic_rig_read(&rig, offset); break;
        case 2: /* a ring somewhere, half of the time mapped */
            nic_rig_write(&rig, rng_below(rng, 2) ? NIC_OFFSET(RDBAH, q) : NIC_OFFSET(TDBAH, q),
                          rng_below(rng, 2) ? (uint32_t)(ring >> 32) : 5);
            nic_rig_write(&rig, rng_below(rng, 2) ? NIC_OFFSET(RDLEN, q) : NIC_OFFSET(TDLEN, q), rng_below(rng, 65536));
            nic_rig_write(&rig, NIC_OFFSET(RXDCTL, q), NIC_MASK(RXDCTL_ENABLE) | rng_below(rng, 1 << 23));
            nic_rig_write(&rig, NIC_OFFSET(TXDCTL, q), NIC_MASK(TXDCTL_ENABLE) | rng_below(rng, 1 << 23));
            nic_rig_write(&rig, NIC_OFFSET(FCTRL, 0), UINT32_MAX);
            nic_rig_write(&rig, NIC_OFFSET(RXCTRL, 0), 1);
            break;
        case 3: /* descriptors: noise, or an address that means something */
            for (int i = 0; i < 16; i++) {
                uint64_t d[2] = { rng_u64(rng), rng_u64(rng) };
                if (rng_below(rng, 2)) d[0] = (rng_below(rng, 2) ? slots : ring) + rng_below(rng, 65536);
                if (rng_below(rng, 2)) d[1] &= ~0xf000ull;
                memcpy(view + rng_below(rng, 65536 / 16) * 16, d, 16);
            }
            break;
        case 4:
            nic_rig_write(&rig, NIC_OFFSET(RDT, q), rng_below(rng, 4096));
            nic_rig_write(&rig, NIC_OFFSET(TDT, q), rng_below(rng, 4096));
            break;
        case 5:
            nic_receive(rig.nic, nic_rig_frame(&rig, nic_rig_mac, IPPROTO_TCP_, 7, 60 + rng_below(rng, 15000)));
            break;
        case 6: {
            uint8_t bytes[200];
            struct packet *p = packet_new(rig.pool, engine_now(rig.engine));
            for (size_t i = 0; i < sizeof bytes; i++) bytes[i] = (uint8_t)rng_u64(rng);
            packet_write(p, bytes, 1 + rng_below(rng, sizeof bytes));
            nic_receive(rig.nic, p);
            break;
        }
        default: nic_rig_run_ns(&rig, rng_below(rng, 3000)); break;
        }
    }
    packet_pool_check(rig.pool);
    rng_destroy(rng);
}
END_TEST

START_TEST(nic_reset__drops_what_it_holds)
{
    one_ring(64, 0, 2, false, 1);
    for (int i = 0; i < 10; i++) nic_receive(rig.nic, tcp_frame(1));
    packet_pool_check(rig.pool);
    nic_rig_write(&rig, NIC_OFFSET(CTRL, 0), NIC_MASK(CTRL_RST) | NIC_MASK(CTRL_GIO_DIS));
    ck_assert_uint_eq(nic_rig_read(&rig, NIC_OFFSET(CTRL, 0)), 0);
    ck_assert_uint_eq(dropped(DROP_NIC_DISABLED), 10);
    nic_rig_run_ns(&rig, 10000);
}
END_TEST

START_TEST(nic_reg_read__statistics_clear_and_saturate)
{
    rings();
    nic_receive(rig.nic, nic_rig_frame(&rig, broadcast, IPPROTO_UDP_, 1, 60));
    nic_receive(rig.nic, nic_rig_frame(&rig, nic_rig_mac, IPPROTO_UDP_, 1, 123));
    nic_receive(rig.nic, nic_rig_frame(&rig, nic_rig_mac, IPPROTO_UDP_, 1, 1514));
    nic_rig_run_ns(&rig, 10000);
    ck_assert_uint_eq(nic_rig_read(&rig, NIC_OFFSET(GPRC, 0)), 3);
    ck_assert_uint_eq(nic_rig_read(&rig, NIC_OFFSET(GPRC, 0)), 0);
    ck_assert_uint_eq(nic_rig_read(&rig, NIC_OFFSET(TPR, 0)), 3);
    ck_assert_uint_eq(nic_rig_read(&rig, NIC_OFFSET(GORCH, 0)), 64 + 127 + 1518);
    ck_assert_uint_eq(nic_rig_read(&rig, NIC_OFFSET(PRC64, 0)), 1);
    ck_assert_uint_eq(nic_rig_read(&rig, NIC_OFFSET(PRC127, 0)), 1);
    ck_assert_uint_eq(nic_rig_read(&rig, NIC_OFFSET(PRC1522, 0)), 1);
    ck_assert_uint_eq(nic_rig_read(&rig, NIC_OFFSET(BPRC, 0)), 1);
    ck_assert_uint_eq(nic_rig_read(&rig, NIC_OFFSET(MPRC, 0)), 1);
    nic_rig_write(&rig, NIC_OFFSET(RQSMR, 0), 0x05);
    nic_receive(rig.nic, tcp_frame(1));
    ck_assert_uint_eq(nic_rig_read(&rig, NIC_OFFSET(QPRC, 5)), 1);
    ck_assert_uint_eq(nic_rig_read(&rig, NIC_OFFSET(QPRC, 0)), 3);
}
END_TEST

START_TEST(nic_reg_read__what_a_starting_driver_looks_at)
{
    ck_assert(nic_rig_read(&rig, NIC_OFFSET(EEC, 0)) & NIC_MASK(EEC_PRES));
    ck_assert_uint_eq(nic_rig_read(&rig, NIC_OFFSET(SWSM, 0)), 0);
    ck_assert_uint_eq(nic_rig_read(&rig, NIC_OFFSET(SWSM, 0)), 1);
    nic_rig_write(&rig, NIC_OFFSET(SWSM, 0), 0);
    ck_assert_uint_eq(nic_rig_read(&rig, NIC_OFFSET(SWSM, 0)), 0);
    ck_assert(nic_rig_read(&rig, NIC_OFFSET(STATUS, 0)) & NIC_MASK(STATUS_GIO));
    nic_rig_write(&rig, NIC_OFFSET(CTRL, 0), NIC_MASK(CTRL_GIO_DIS));
    ck_assert(!(nic_rig_read(&rig, NIC_OFFSET(STATUS, 0)) & NIC_MASK(STATUS_GIO)));
    nic_rig_write(&rig, NIC_OFFSET(MSCA, 0), NIC_MASK(MSCA_GO) | 0x0c010002);
    ck_assert(!(nic_rig_read(&rig, NIC_OFFSET(MSCA, 0)) & NIC_MASK(MSCA_GO)));
    ck_assert_uint_eq(nic_rig_read(&rig, NIC_OFFSET(MSRWD, 0)) >> 16, 0xffff);
    ck_assert(nic_rig_read(&rig, NIC_OFFSET(LINKS, 0)) & NIC_MASK(LINKS_UP));
    nic_set_wire(rig.nic, NULL);
    ck_assert(!(nic_rig_read(&rig, NIC_OFFSET(LINKS, 0)) & NIC_MASK(LINKS_UP)));
    ck_assert_uint_eq(NIC_GET(AUTOC_LMS, nic_rig_read(&rig, NIC_OFFSET(AUTOC, 0))), 1);
}
END_TEST

Suite *nic82598_suite(void)
{
    Suite *s = suite_create("nic82598");
    TCase *t = tcase_create("receive");
    tcase_add_checked_fixture(t, setup, teardown);
    tcase_set_timeout(t, 30);
    tcase_add_test(t, nic_rss_hash__published_vectors);
    tcase_add_test(t, nic_rss_hash__equals_the_definition_for_any_key_and_input);
    tcase_add_test(t, nic_receive__no_vmdq_no_rss_is_queue_0);
    tcase_add_test(t, nic_receive__rss_uses_the_low_half_of_the_redirection_entry);
    tcase_add_test(t, nic_receive__rss_of_flows_that_it_has_seen);
    tcase_add_test(t, nic_receive__rss_type_not_enabled_and_fragments);
    tcase_add_test(t, nic_receive__vmdq_queue_is_the_index_of_the_address);
    tcase_add_test(t, nic_receive__vmdq_and_rss_together);
    tcase_add_test(t, nic_receive__vlan_chooses_the_vmdq_index);
    tcase_add_test(t, nic_receive__address_filters);
    tcase_add_test(t, nic_receive__multicast_table);
    tcase_add_test(t, nic_receive__vlan_filter);
    tcase_add_test(t, nic_receive__vlan_tag_is_stripped_into_the_descriptor);
    tcase_add_test(t, nic_receive__pause_frames_are_discarded_by_dpf);
    tcase_add_test(t, nic_receive__length_crc_and_enable);
    tcase_add_test(t, nic_receive__descriptor_is_visible_after_data_and_write_back);
    tcase_add_test(t, nic_receive__descriptors_come_in_one_read_of_many);
    tcase_add_test(t, nic_receive__large_frame_in_several_buffers);
    tcase_add_test(t, nic_receive__bytes_in_host_memory_and_legacy_descriptors);
    tcase_add_test(t, nic_receive__padding_is_zero_in_byte_buffers);
    tcase_add_test(t, nic_receive__checksum_and_type_bits);
    tcase_add_test(t, nic_receive__rss_hash_in_the_descriptor);
    tcase_add_test(t, nic_receive__no_descriptor_and_drop_enable);
    tcase_add_test(t, nic_receive__packet_buffer_blocks_and_overflows);
    tcase_add_test(t, nic_receive__a_queue_without_descriptors_blocks_the_others);
    tcase_add_loop_test(t, nic_receive__bus_bytes_of_64_byte_frames, 1, 2);
    tcase_add_loop_test(t, nic_receive__bus_bytes_of_64_byte_frames, 8, 9);
    tcase_add_test(t, nic_receive__unmapped_buffer_is_counted_and_the_frame_lost);
    suite_add_tcase(s, t);

    t = tcase_create("interrupts");
    tcase_add_checked_fixture(t, setup, teardown);
    tcase_set_timeout(t, 30);
    tcase_add_test(t, nic_interrupt__write_back_batch_waits_for_the_throttle_timer);
    tcase_add_test(t, nic_interrupt__unmapped_queue_writes_back_at_once_and_is_silent);
    tcase_add_test(t, nic_interrupt__message_arrives_after_the_descriptor);
    tcase_add_loop_test(t, nic_interrupt__rate_is_at_most_one_per_interval, 0, 4);
    tcase_add_test(t, nic_interrupt__masked_cause_waits_in_eicr);
    tcase_add_test(t, nic_interrupt__software_cause_and_clear_methods);
    tcase_add_test(t, nic_interrupt__without_msix_mode_everything_is_vector_0);
    tcase_add_test(t, nic_interrupt__a_cause_that_is_still_set_sends_no_second_message);
    tcase_add_test(t, nic_set_vector__masked_message_is_sent_on_unmasking);
    suite_add_tcase(s, t);

    t = tcase_create("transmit");
    tcase_add_checked_fixture(t, setup, teardown);
    tcase_set_timeout(t, 30);
    tcase_add_test(t, nic_transmit__report_comes_after_the_data);
    tcase_add_test(t, nic_transmit__no_report_unless_asked);
    tcase_add_test(t, nic_transmit__head_write_back);
    tcase_add_loop_test(t, nic_transmit__segmentation_equals_headers_segment, 0, 6);
    tcase_add_test(t, nic_transmit__gathered_bytes_and_inserted_checksums);
    tcase_add_test(t, nic_transmit__legacy_descriptor_with_checksum_and_tag);
    tcase_add_loop_test(t, nic_transmit__keeps_the_wire_busy_and_never_overruns_it, 0, 3);
    tcase_add_test(t, nic_transmit__reads_ahead_no_more_than_the_packet_buffer);
    tcase_add_test(t, nic_transmit__queues_take_turns);
    tcase_add_test(t, nic_transmit__interrupt_tells_of_the_report);
    tcase_add_test(t, nic_transmit__bad_descriptors_are_counted_and_reported);
    suite_add_tcase(s, t);

    t = tcase_create("device");
    tcase_add_checked_fixture(t, setup, teardown);
    tcase_set_timeout(t, 60);
    tcase_add_test(t, nic_ring__unmapped_descriptors_stop_the_queue);
    tcase_add_loop_test(t, nic_reg_write__garbage_never_crashes, 1, 30);
    tcase_add_test(t, nic_reset__drops_what_it_holds);
    tcase_add_test(t, nic_reg_read__statistics_clear_and_saturate);
    tcase_add_test(t, nic_reg_read__what_a_starting_driver_looks_at);
    suite_add_tcase(s, t);
    return s;
}
