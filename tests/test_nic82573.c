/* SPDX-License-Identifier: GPL-3.0-or-later
 * test_nic82573.c -- the modelled gigabit card at its registers, descriptors, wire and interrupt, without a driver. */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/rng.h"
#include "net/pause.h"
#include "nicmodel/frame_facts.h"
#include "nicmodel/nic82573.h"
#include "nicmodel/nic82573_regs.h"
#include "suites.h"

enum {
    DD = 1, EOP = 2, IXSM = 4, VP = 8, UDPCS = 16, TCPCS = 32, IPCS = 64, PIF = 128, ERR_TCPE = 32, ERR_IPE = 64,
    CMD_EOP = 1, CMD_IFCS = 2, CMD_IC = 4, CMD_TSE = 4, CMD_RS = 8, CMD_DEXT = 32, CMD_VLE = 64, CMD_IDE = 128,
    MESSAGES = 4096, BUFFER = 2048,
};
#define R(reg) NIC_OFFSET(reg, 0)

struct descriptor { uint64_t q[2]; };
struct test_ring {
    bus_addr base, buffers;
    struct descriptor *desc;
    uint8_t *bytes;
    uint32_t n;
};

static struct engine *engine;
static struct stats *stats;
static struct packet_pool *pool;
static struct memory *memory;
static struct pcie *bus;
static struct nic82573 *nic;
static struct link *wire;
static struct packet_queue sent;
static int64_t sent_ps[MESSAGES], message_ps[MESSAGES];
static int messages, levels;
static bool level, reads_icr;
static uint32_t icr;
static struct test_ring rx, tx;
static const struct mac_addr own = { { 0x02, 0x98, 0x25, 0x73, 0x01, 0x00 } };

static uint32_t get(uint32_t offset) { return nic82573_reg_read(nic, offset); }
static void set(uint32_t offset, uint32_t value) { nic82573_reg_write(nic, offset, value); }
static uint64_t counter(enum nic_counter c) { return nic82573_counter(nic, c); }
static int64_t now_ns(void) { return engine_now(engine).ps / 1000; }
static void run_ns(int64_t ns) { engine_run(engine, sim_add(engine_now(engine), sim_ns(ns))); }

static void sink(void *owner, struct packet *p)
{
    (void)owner;
    if (sent.count < MESSAGES) sent_ps[sent.count] = engine_now(engine).ps;
    packet_queue_push(&sent, p);
}

static void on_message(void *owner)
{
    (void)owner;
    if (messages < MESSAGES) message_ps[messages] = engine_now(engine).ps;
    messages++;
    if (reads_icr) icr = get(R(ICR));
}

static void on_level(void *owner, bool high)
{
    (void)owner;
    level = high;
    levels++;
}

static uint64_t held(const void *owner)
{
    (void)owner;
    return sent.count;
}

static void setup(void)
{
    struct pcie_config c = pcie_config_gen1_x8();
    c.lanes = 1;
    sent = (struct packet_queue){ 0 };
    messages = levels = 0;
    level = false;
    reads_icr = true;
    rx = tx = (struct test_ring){ 0 };
    engine = engine_create();
    stats = stats_create();
    pool = packet_pool_create();
    memory = memory_create(pool);
    bus = pcie_create(engine, stats, "slot", &c);
    nic = nic82573_create(engine, stats, pool, bus, memory, &(struct nic82573_config){ "nic", own, false });
    wire = link_create(engine, stats, pool, &(struct link_config){ "wire", sim_gbps(1), sim_ns(0), 16384 });
    link_connect(wire, (struct packet_sink){ sink, NULL });
    nic82573_set_wire(nic, wire);
    nic82573_set_vector(nic, 0, on_message, NULL);
    packet_pool_add_holder(pool, held, NULL);
    get(R(ICR));
}

static void teardown(void)
{
    packet_pool_check(pool);
    nic82573_destroy(nic);
    link_destroy(wire);
    pcie_destroy(bus);
    memory_destroy(memory);
    packet_pool_destroy(pool);
    stats_destroy(stats);
    engine_destroy(engine);
}

/* A receive ring whose buffers are bytes (or slots), all but one posted, and receive on with 'rctl' besides. */
static void start_rx(uint32_t n, bool in_bytes, uint32_t rctl)
{
    uint8_t *view;
    rx.n = n;
    rx.base = memory_map_bytes(memory, n * 16, 0, &view);
    rx.desc = (struct descriptor *)(void *)view;
    rx.buffers = in_bytes ? memory_map_bytes(memory, (uint64_t)n * BUFFER, 0, &rx.bytes)
                          : memory_map_buffers(memory, n, BUFFER, 0);
    for (uint32_t i = 0; i < n; i++) rx.desc[i].q[0] = rx.buffers + (uint64_t)i * BUFFER;
    set(R(RDBAL), (uint32_t)rx.base);
    set(R(RDBAH), (uint32_t)(rx.base >> 32));
    set(R(RDLEN), n * 16);
    set(R(RCTL), NIC_MASK(RCTL_EN) | NIC_MASK(RCTL_BAM) | NIC_MASK(RCTL_SECRC) | rctl);
    set(R(RDT), n - 1);
    run_ns(10000); /* first descriptors fetched */
}

static void start_tx(uint32_t n)
{
    uint8_t *view;
    tx.n = n;
    tx.base = memory_map_bytes(memory, n * 16, 0, &view);
    tx.desc = (struct descriptor *)(void *)view;
    tx.buffers = memory_map_bytes(memory, 1 << 17, 0, &tx.bytes);
    set(R(TDBAL), (uint32_t)tx.base);
    set(R(TDBAH), (uint32_t)(tx.base >> 32));
    set(R(TDLEN), n * 16);
    set(R(TCTL), NIC_MASK(TCTL_EN) | NIC_MASK(TCTL_PSP));
}

/* Frame of 'len' bytes in all from 10.0.0.2:port to 10.0.0.1:80. */
static struct packet *frame(struct mac_addr dst, int vlan, uint8_t protocol, uint32_t len)
{
    struct header_template t;
    struct packet *p = packet_new(pool, engine_now(engine));
    header_template_init(&t, &(struct header_spec){ .dst = dst, .src = { { 2, 0, 0, 0, 0, 9 } }, .vlan = vlan,
                                                    .flow = { 0x0a000002, 0x0a000001, 7, 80, protocol } });
    uint32_t headers = t.bytes, payload = len > headers ? len - headers : 0;
    if (protocol == IPPROTO_TCP_)
        headers_tcp(p, &t, &(struct tcp_fields){ .seq = 1, .flags = TCP_ACK }, payload);
    else
        headers_udp(p, &t, 1, payload);
    return p;
}

static void arrive(struct packet *p) { nic82573_receive(nic, p); }

static uint32_t status_of(uint32_t i) { return (uint32_t)(rx.desc[i].q[1] >> 32) & 0xff; }
static uint32_t errors_of(uint32_t i) { return (uint32_t)(rx.desc[i].q[1] >> 40) & 0xff; }
static uint32_t length_of(uint32_t i) { return (uint32_t)rx.desc[i].q[1] & 0xffff; }

static uint32_t tx_next;
static void put(uint64_t q0, uint64_t q1)
{
    tx.desc[tx_next] = (struct descriptor){ { q0, q1 } };
    tx_next = (tx_next + 1) % tx.n;
}
static void legacy(uint64_t addr, uint32_t bytes, uint32_t cmd) { put(addr, bytes | (uint64_t)cmd << 24); }
static bool tx_done(uint32_t i) { return tx.desc[i].q[1] >> 32 & DD; }

/* The bytes of 'p', finished, in the transmit buffers at 'at'; 'p' is consumed.  Returns its length. */
static uint32_t load(struct packet *p, uint32_t at, bool finish)
{
    uint32_t len = p->len;
    if (finish) headers_finish(p);
    packet_read(p, 0, tx.bytes + at, len);
    packet_deliver(pool, p);
    return len;
}

static void take_sent(void)
{
    for (struct packet *p; (p = packet_queue_pop(&sent));) packet_deliver(pool, p);
}

/* -- the register list -------------------------------------------------------------------------------------------- */

static const struct reg_list *list = &nic82573_reg_list;

START_TEST(reg_list_find__every_register_at_its_offset_and_nowhere_else)
{
    unsigned known = 0;
    for (unsigned r = 0; r < list->rows; r++)
        for (uint32_t i = 0; i < list->info[r].count; i++) {
            uint32_t index, offset = list->info[r].offset + i * list->info[r].stride;
            unsigned row;
            ck_assert_int_eq(reg_list_find(list, offset, &row, &index), (int)(list->info[r].slot + i));
            ck_assert_uint_eq(row, r);
            ck_assert_uint_eq(index, i);
        }
    for (uint32_t offset = 0; offset < list->bar_bytes; offset++) known += reg_list_find(list, offset, NULL, NULL) >= 0;
    ck_assert_uint_eq(known, N_NIC82573_SLOTS);
    ck_assert_int_eq(reg_list_find(list, UINT32_MAX - 3, NULL, NULL), -1);
}
END_TEST

static bool individual(unsigned r)
{
    return r == REG_RAL || r == REG_RAH || r == REG_STATUS || r == REG_ICR || r == REG_SWSM;
}

START_TEST(nic82573_reg_read__reset_values_before_and_after_reset)
{
    for (int round = 0; round < 2; round++) {
        for (unsigned r = 0; r < list->rows; r++)
            for (uint32_t i = individual(r); i < list->info[r].count; i++) {
                uint32_t value = get(list->info[r].offset + i * list->info[r].stride);
                ck_assert_msg(value == list->info[r].reset, "%s[%u] = %08x", list->info[r].name, i, value);
            }
        ck_assert_uint_eq(get(R(RAL)), 0x73259802);
        ck_assert_uint_eq(get(R(RAH)), 0x80000001);
        for (unsigned r = 0; round == 0 && r < list->rows; r++)
            for (uint32_t i = 0; i < list->info[r].count && r != REG_CTRL; i++)
                set(list->info[r].offset + i * list->info[r].stride, 0x00ffff0f);
        set(R(CTRL), NIC_MASK(CTRL_RST));
    }
}
END_TEST

START_TEST(nic82573_reg_write__access_rules_of_plain_registers)
{
    const uint32_t a = 0xa5a5f00f, b = 0x5a5a0ff0;
    for (unsigned r = 0; r < list->rows; r++) {
        const struct nic_reg_info *info = &list->info[r];
        for (uint32_t i = 0; !nic_reg_behaves(info) && i < info->count; i++) {
            uint32_t offset = info->offset + i * info->stride, before = get(offset);
            set(offset, a);
            uint32_t first = get(offset);
            set(offset, b);
            uint32_t second = get(offset);
            bool kept = info->access == NIC_RW;
            bool zero = info->access == NIC_RC || info->access == NIC_WO;
            ck_assert_msg(first == (kept ? a : zero ? 0 : before), "%s", info->name);
            ck_assert_msg(second == (kept ? b : zero ? 0 : before), "%s", info->name);
        }
    }
}
END_TEST

START_TEST(nic82573_reg_read__unknown_offsets_are_harmless_and_counted)
{
    set(0x0c600, 5);
    ck_assert_uint_eq(get(0x0c600), 0);
    ck_assert_uint_eq(counter(NIC_unknown_reads), 1);
    ck_assert_uint_eq(counter(NIC_unknown_writes), 1);
}
END_TEST

START_TEST(nic82573_fields__inside_their_register_and_apart)
{
    uint64_t seen[N_NIC82573_REGS] = { 0 };
    for (unsigned i = 0; i < list->fields; i++) {
        const struct nic_field_info *f = &list->field[i];
        uint64_t mask = ((1ull << f->width) - 1) << f->low;
        ck_assert(mask && mask <= UINT32_MAX);
        ck_assert_msg(!(seen[f->reg] & mask), "%s.%s overlaps", list->info[f->reg].name, f->name);
        ck_assert_msg(i == 0 || f[-1].reg == f->reg || !seen[f->reg], "%s in two places", list->info[f->reg].name);
        seen[f->reg] |= mask;
    }
}
END_TEST

START_TEST(reg_list_print_markdown__docs_registers_82573_is_current)
{
    FILE *made = tmpfile(), *kept = fopen("docs/registers-82573.md", "r");
    char a[512], b[512];
    int line = 0;
    ck_assert_ptr_nonnull(made);
    ck_assert_msg(kept != NULL, "docs/registers-82573.md is missing; make docs writes it");
    reg_list_print_markdown(list, made);
    rewind(made);
    for (;;) {
        char *x = fgets(a, sizeof a, made), *y = fgets(b, sizeof b, kept);
        line++;
        if (!x && !y) break;
        ck_assert_msg(x && y && strcmp(a, b) == 0, "docs/registers-82573.md:%d differs; make docs writes it", line);
    }
    fclose(made);
    fclose(kept);
}
END_TEST

/* Looking changes nothing, though reading would. */
START_TEST(nic82573_reg_peek__has_no_effect)
{
    start_rx(64, false, 0);
    arrive(frame(own, -1, IPPROTO_TCP_, 60));
    set(R(ICS), NIC_MASK(ICR_MDAC));
    ck_assert_uint_eq(nic82573_reg_peek(nic, R(GPRC)), 1);
    ck_assert_uint_eq(nic82573_reg_peek(nic, R(GORCL)), 64);
    ck_assert(NIC_GET(ICR_MDAC, nic82573_reg_peek(nic, R(ICR))));
    nic82573_reg_peek(nic, R(GORCH));
    nic82573_reg_peek(nic, R(SWSM));
    ck_assert_uint_eq(get(R(SWSM)) & NIC_MASK(SWSM_SMBI), 0);
    ck_assert_uint_eq(get(R(GPRC)), 1);
    ck_assert_uint_eq(get(R(GORCL)), 64);
    ck_assert(NIC_GET(ICR_MDAC, get(R(ICR))));
}
END_TEST

/* -- life cycle --------------------------------------------------------------------------------------------------- */

START_TEST(nic82573_eerd__checksum_and_address)
{
    uint16_t sum = 0, word[3] = { 0 };
    for (uint32_t w = 0; w < 0x40; w++) {
        set(R(EERD), NIC_MASK(EERD_START) | NIC_PUT(EERD_ADDR, w));
        uint32_t v = get(R(EERD));
        ck_assert(NIC_GET(EERD_DONE, v));
        sum = (uint16_t)(sum + NIC_GET(EERD_DATA, v));
        if (w < 3) word[w] = (uint16_t)NIC_GET(EERD_DATA, v);
    }
    ck_assert_uint_eq(sum, 0xbaba);
    ck_assert_uint_eq(word[0], 0x9802);
    ck_assert_uint_eq(word[2], 0x0001);
}
END_TEST

static uint32_t mdic(uint32_t phy, uint32_t reg, uint32_t op)
{
    set(R(MDIC), NIC_PUT(MDIC_PHY, phy) | NIC_PUT(MDIC_REG, reg) | NIC_PUT(MDIC_OP, op));
    return get(R(MDIC));
}

START_TEST(nic82573_mdic__one_phy_with_a_link)
{
    uint32_t v = mdic(1, 2, 2);
    ck_assert(NIC_GET(MDIC_READY, v) && !NIC_GET(MDIC_ERROR, v));
    ck_assert_uint_eq(NIC_GET(MDIC_DATA, v), 0x0141);
    ck_assert(NIC_GET(MDIC_DATA, mdic(1, 1, 2)) & 4);
    ck_assert(NIC_GET(MDIC_ERROR, mdic(5, 2, 2)));
    link_set_up(wire, false);
    ck_assert(!(NIC_GET(MDIC_DATA, mdic(1, 1, 2)) & 4));
    ck_assert(!NIC_GET(STATUS_LU, get(R(STATUS))));
    ck_assert(NIC_GET(ICR_LSC, get(R(ICR))));
}
END_TEST

START_TEST(nic82573_ctrl__no_bus_traffic_while_it_is_no_master)
{
    start_rx(64, false, 0);
    set(R(CTRL), NIC_MASK(CTRL_GIO_DIS));
    ck_assert(!NIC_GET(STATUS_GIO, get(R(STATUS))));
    for (int i = 0; i < 3; i++) arrive(frame(own, -1, IPPROTO_TCP_, 60));
    run_ns(100000);
    ck_assert_uint_eq(counter(NIC_rx_packets), 0);
    set(R(CTRL), 0);
    run_ns(100000);
    ck_assert_uint_eq(counter(NIC_rx_packets), 3);
}
END_TEST

START_TEST(nic82573_ctrl__reset_in_the_middle_of_traffic_loses_nothing_unnamed)
{
    start_rx(64, false, 0);
    start_tx(64);
    tx_next = 0;
    uint32_t len = load(frame(own, -1, IPPROTO_UDP_, 1514), 0, true);
    for (int i = 0; i < 20; i++) legacy(tx.buffers, len, CMD_EOP | CMD_IFCS | CMD_RS);
    set(R(TDT), 20);
    for (int i = 0; i < 30; i++) {
        arrive(frame(own, -1, IPPROTO_TCP_, 1514));
        run_ns(1700);
    }
    set(R(CTRL), NIC_MASK(CTRL_RST));
    run_ns(1000000);
    packet_pool_check(pool);
    ck_assert_uint_eq(get(R(RDLEN)), 0);
    ck_assert_uint_lt(sent.count, 20);
    ck_assert_uint_gt(packet_pool_ledger(pool)->dropped[DROP_NIC_DISABLED], 0);
}
END_TEST

/* -- receive ------------------------------------------------------------------------------------------------------ */

START_TEST(nic82573_receive__legacy_descriptor)
{
    uint8_t want[200];
    start_rx(64, true, 0);
    struct packet *p = frame(own, -1, IPPROTO_TCP_, 200);
    headers_finish(p);
    packet_read(p, 0, want, 200);
    arrive(p);
    arrive(frame(own, -1, IPPROTO_UDP_, 42));
    run_ns(10000);
    ck_assert_uint_eq(status_of(0), DD | EOP | TCPCS | IPCS);
    ck_assert_uint_eq(errors_of(0), 0);
    ck_assert_uint_eq(length_of(0), 200);
    ck_assert_mem_eq(rx.bytes, want, 200);
    ck_assert_uint_eq(status_of(1), DD | EOP | TCPCS | UDPCS | IPCS);
    ck_assert_uint_eq(length_of(1), 60); /* padded on the wire */
    ck_assert_uint_eq(status_of(2), 0);
    ck_assert_uint_eq(get(R(RDH)), 2);
}
END_TEST

START_TEST(nic82573_receive__extended_descriptor)
{
    set(R(RFCTL), NIC_MASK(RFCTL_EXSTEN));
    start_rx(64, true, 0);
    struct packet *p = frame(own, -1, IPPROTO_TCP_, 300);
    p->flags = PACKET_CSUM_BAD;
    arrive(p);
    run_ns(10000);
    ck_assert_uint_eq((uint32_t)rx.desc[0].q[1], DD | EOP | TCPCS | IPCS | 1u << 29);
    ck_assert_uint_eq(rx.desc[0].q[1] >> 32, 300);
}
END_TEST

START_TEST(nic82573_receive__check_sequence_is_kept_without_SECRC)
{
    start_rx(64, true, 0);
    set(R(RCTL), NIC_MASK(RCTL_EN));
    arrive(frame(own, -1, IPPROTO_TCP_, 500));
    run_ns(10000);
    ck_assert_uint_eq(length_of(0), 504);
}
END_TEST

START_TEST(nic82573_receive__over_several_buffers)
{
    static const struct { uint32_t rctl, size; } cases[] = {
        { NIC_PUT(RCTL_BSIZE, 0), 2048 }, { NIC_PUT(RCTL_BSIZE, 1), 1024 }, { NIC_PUT(RCTL_BSIZE, 3), 256 },
    };
    for (size_t c = 0; c < sizeof cases / sizeof *cases; c++) {
        if (c) set(R(CTRL), NIC_MASK(CTRL_RST));
        start_rx(64, true, NIC_MASK(RCTL_LPE) | cases[c].rctl);
        arrive(frame(own, -1, IPPROTO_TCP_, 5000));
        run_ns(100000);
        uint32_t count = (5000 + cases[c].size - 1) / cases[c].size, total = 0;
        for (uint32_t i = 0; i < count; i++) {
            ck_assert_uint_eq(status_of(i) & (DD | EOP), i + 1 == count ? DD | EOP : DD);
            total += length_of(i);
        }
        ck_assert_uint_eq(total, 5000);
        ck_assert_uint_eq(status_of(count), 0);
    }
}
END_TEST

START_TEST(nic82573_receive__length_limits_are_counted)
{
    start_rx(64, true, 0);
    arrive(frame(own, -1, IPPROTO_TCP_, 1518)); /* 1522 with FCS: the longest */
    arrive(frame(own, -1, IPPROTO_TCP_, 1519));
    struct packet *bad = frame(own, -1, IPPROTO_TCP_, 100), *runt = frame(own, -1, IPPROTO_UDP_, 42);
    bad->flags |= PACKET_FCS_BAD;
    runt->flags |= PACKET_RUNT;
    arrive(bad);
    arrive(runt);
    run_ns(100000);
    ck_assert_uint_eq(counter(NIC_rx_packets), 1);
    ck_assert_uint_eq(get(R(ROC)), 1);
    ck_assert_uint_eq(get(R(CRCERRS)), 1);
    ck_assert_uint_eq(get(R(RUC)), 1);
    ck_assert_uint_eq(counter(NIC_rx_errors), 3);
}
END_TEST

START_TEST(nic82573_rxcsum__says_what_was_checked)
{
    struct packet *p;
    start_rx(64, true, 0);
    p = frame(own, -1, IPPROTO_TCP_, 100);
    headers_finish(p);
    p->hdr[p->l3 + 8] ^= 1; /* time to live: the header's sum is wrong */
    arrive(p);
    p = frame(own, -1, IPPROTO_TCP_, 100);
    headers_finish(p);
    p->hdr[p->l4] ^= 1;
    arrive(p);
    set(R(RXCSUM), NIC_MASK(RXCSUM_IPOFL));
    arrive(frame(own, -1, IPPROTO_TCP_, 100));
    set(R(RXCSUM), 0);
    arrive(frame(own, -1, IPPROTO_TCP_, 100));
    run_ns(100000);
    ck_assert_uint_eq(errors_of(0), ERR_IPE);
    ck_assert_uint_eq(errors_of(1), ERR_TCPE);
    ck_assert_uint_eq(status_of(2), DD | EOP | IPCS);
    ck_assert_uint_eq(status_of(3), DD | EOP | IXSM);
}
END_TEST

START_TEST(nic82573_vlan__filter_and_strip)
{
    start_rx(64, true, NIC_MASK(RCTL_VFE));
    set(NIC_OFFSET(VFTA, 100 / 32), 1u << 100 % 32);
    arrive(frame(own, 100, IPPROTO_TCP_, 200));
    arrive(frame(own, 101, IPPROTO_TCP_, 200));
    set(R(CTRL), NIC_MASK(CTRL_VME));
    arrive(frame(own, 100, IPPROTO_TCP_, 200));
    run_ns(100000);
    ck_assert_uint_eq(counter(NIC_rx_filtered), 1);
    ck_assert_uint_eq(length_of(0), 200);
    ck_assert_uint_eq(status_of(0) & VP, 0);
    ck_assert_uint_eq(length_of(1), 196);
    ck_assert_uint_eq(status_of(1) & VP, VP);
    ck_assert_uint_eq(rx.desc[1].q[1] >> 48, 100);
}
END_TEST

START_TEST(nic82573_filter__addresses)
{
    const struct mac_addr other = { { 2, 0, 0, 0, 0, 1 } }, all = { { 255, 255, 255, 255, 255, 255 } };
    const struct mac_addr group = { { 0x01, 0x00, 0x5e, 0x12, 0x34, 0x56 } };
    uint64_t bits = frame_address(group.byte);
    static const unsigned shift[] = { 36, 35, 34, 32 };
    start_rx(64, false, 0);
    set(R(RCTL), NIC_MASK(RCTL_EN));
    arrive(frame(other, -1, IPPROTO_UDP_, 60));
    arrive(frame(all, -1, IPPROTO_UDP_, 60));
    arrive(frame(group, -1, IPPROTO_UDP_, 60));
    ck_assert_uint_eq(counter(NIC_rx_filtered), 3);
    for (unsigned mo = 0; mo < 4; mo++) { /* one bit of the table, by each choice of address bits */
        uint32_t i = (uint32_t)(bits >> shift[mo]) & 0xfff;
        set(R(RCTL), NIC_MASK(RCTL_EN) | NIC_PUT(RCTL_MO, mo));
        set(NIC_OFFSET(MTA, i / 32), 1u << i % 32);
        arrive(frame(group, -1, IPPROTO_UDP_, 60));
        set(NIC_OFFSET(MTA, i / 32), 0);
        arrive(frame(group, -1, IPPROTO_UDP_, 60));
        ck_assert_uint_eq(counter(NIC_rx_filtered), 4 + mo);
    }
    set(R(RCTL), NIC_MASK(RCTL_EN) | NIC_MASK(RCTL_UPE) | NIC_MASK(RCTL_MPE) | NIC_MASK(RCTL_BAM));
    arrive(frame(other, -1, IPPROTO_UDP_, 60));
    arrive(frame(all, -1, IPPROTO_UDP_, 60));
    arrive(frame(group, -1, IPPROTO_UDP_, 60));
    run_ns(1000000);
    ck_assert_uint_eq(counter(NIC_rx_packets), 7);
    ck_assert_uint_eq(get(R(BPRC)), 1);
    ck_assert_uint_eq(get(R(MPRC)), 5);
    ck_assert(status_of(0) & PIF);
}
END_TEST

/* 84 byte times on the wire: 1,488,095 frames per second.  The bus lane carries them: 60 + 24 bytes of data and 16 + 24 of
 * descriptor each, with their share of fetches below the 168 it could in that time. */
START_TEST(nic82573_receive__line_rate_of_64_byte_frames)
{
    enum { FRAMES = 14880 };
    start_rx(4096, false, 0);
    reads_icr = false;
    sim_time begin = engine_now(engine);
    for (int64_t i = 0; i < FRAMES; i++) {
        engine_run(engine, sim_add(begin, sim_wire_time((i + 1) * 84, sim_gbps(1))));
        arrive(frame(own, -1, IPPROTO_UDP_, 60));
        if (i % 32 == 0) set(R(RDT), (get(R(RDH)) + 4095) % 4096);
    }
    ck_assert_int_eq(FRAMES, 1488095 / 100);
    ck_assert_int_le(sim_diff(engine_now(engine), begin).ps, sim_ms(10).ps);
    run_ns(20000);
    ck_assert_uint_eq(counter(NIC_rx_packets), FRAMES);
    ck_assert_uint_eq(counter(NIC_mpc), 0);
    ck_assert_uint_lt(counter(NIC_rx_fifo_max), 2048);
    uint64_t up = stats_value(stats, "pcie", "slot", "up_ps");
    uint64_t writes = (uint64_t)FRAMES * (60 + 24 + 16 + 24) * 4000, requests = counter(NIC_rx_desc_fetches) * 24 * 4000;
    ck_assert_uint_ge(up, writes + requests);
    ck_assert_uint_le(up, (writes + requests) * 11 / 10); /* and acknowledgements of what comes down */
    ck_assert_uint_lt(up, 10000000000);
}
END_TEST

/* Two frames' worth of bytes for each that the bus can carry: the buffer fills, and what does not fit is missed. */
START_TEST(nic82573_receive__overload_is_missed_and_told)
{
    enum { FRAMES = 1000 };
    start_rx(4096, false, 0);
    reads_icr = false;
    for (int i = 0; i < FRAMES; i++) {
        arrive(frame(own, -1, IPPROTO_UDP_, 60));
        run_ns(250);
    }
    run_ns(1000000);
    ck_assert_uint_gt(counter(NIC_mpc), 0);
    ck_assert_uint_eq(counter(NIC_rx_packets) + counter(NIC_mpc), FRAMES);
    ck_assert_uint_le(counter(NIC_rx_fifo_max), 20 * 1024);
    ck_assert_uint_gt(counter(NIC_rx_fifo_max), 20 * 1024 - 64);
    ck_assert_uint_eq(get(R(MPC)), counter(NIC_mpc));
    ck_assert(NIC_GET(ICR_RXO, get(R(ICR))));
}
END_TEST

START_TEST(nic82573_receive__without_descriptors_frames_wait)
{
    start_rx(64, false, 0);
    for (int i = 0; i < 70; i++) {
        arrive(frame(own, -1, IPPROTO_UDP_, 60));
        run_ns(1000);
    }
    run_ns(100000);
    ck_assert_uint_eq(counter(NIC_rx_packets), 63);
    ck_assert_uint_eq(counter(NIC_rnbc), 1); /* the others wait behind it */
    ck_assert_uint_eq(get(R(RNBC)), 1);
    for (uint32_t i = 0; i < 32; i++) {
        uint32_t bytes;
        packet_deliver(pool, memory_take_frame(memory, rx.buffers + (uint64_t)i * BUFFER, &bytes));
        rx.desc[i] = (struct descriptor){ { rx.buffers + (uint64_t)i * BUFFER, 0 } };
    }
    set(R(RDT), 31);
    run_ns(100000);
    ck_assert_uint_eq(counter(NIC_rx_packets), 70);
    ck_assert_uint_eq(counter(NIC_mpc), 0);
}
END_TEST

START_TEST(nic82573_rdmts__low_descriptors_are_told_once)
{
    start_rx(64, false, NIC_PUT(RCTL_RDMTS, 1)); /* a quarter: 16 */
    for (int i = 0; i < 47; i++) arrive(frame(own, -1, IPPROTO_UDP_, 60)), run_ns(1000);
    ck_assert(!NIC_GET(ICR_RXDMT0, get(R(ICR))));
    for (int i = 0; i < 2; i++) arrive(frame(own, -1, IPPROTO_UDP_, 60)), run_ns(1000);
    ck_assert(NIC_GET(ICR_RXDMT0, get(R(ICR))));
    arrive(frame(own, -1, IPPROTO_UDP_, 60));
    run_ns(1000);
    ck_assert(!NIC_GET(ICR_RXDMT0, get(R(ICR))));
    ck_assert_uint_eq(get(R(ICRXDMTC)), 1);
}
END_TEST

/* -- the interrupt ------------------------------------------------------------------------------------------------ */

static void frames_every_ns(int count, int64_t ns)
{
    for (int i = 0; i < count; i++) {
        arrive(frame(own, -1, IPPROTO_UDP_, 60));
        run_ns(ns);
    }
}

START_TEST(nic82573_interrupt__tells_after_the_descriptor_is_visible)
{
    start_rx(64, false, 0);
    set(R(IMS), NIC_MASK(ICR_RXT0));
    arrive(frame(own, -1, IPPROTO_UDP_, 60));
    while (messages == 0) run_ns(1);
    ck_assert_uint_eq(status_of(0) & DD, DD);
    ck_assert(NIC_GET(ICR_RXT0, icr) && NIC_GET(ICR_INT_ASSERTED, icr));
}
END_TEST

START_TEST(nic82573_itr__one_interrupt_per_interval_at_most)
{
    enum { UNITS = 260, FRAMES = 2000 };
    start_rx(4096, false, 0);
    set(R(IMS), NIC_MASK(ICR_RXT0));
    set(R(ITR), UNITS);
    int64_t begin = now_ns();
    frames_every_ns(FRAMES, 1000);
    int64_t most = (now_ns() - begin) / (UNITS * 256) + 1;
    ck_assert_int_le(messages, most);
    ck_assert_int_ge(messages, most - 1);
    const int64_t slack = 1000000; /* a message may wait for that long behind data */
    for (int i = 1; i < messages; i++) ck_assert_int_ge(message_ps[i] - message_ps[i - 1], UNITS * 256000LL - slack);
}
END_TEST

START_TEST(nic82573_itr__without_it_every_frame_interrupts)
{
    start_rx(256, false, 0);
    set(R(IMS), NIC_MASK(ICR_RXT0));
    frames_every_ns(100, 5000);
    ck_assert_int_eq(messages, 100);
    set(R(ITR), 0xffff); /* 16.8 ms from the last one */
    frames_every_ns(10, 5000);
    ck_assert_int_eq(messages, 100);
    set(R(ITR), 0);
    run_ns(1000);
    ck_assert_int_eq(messages, 101);
}
END_TEST

/* RDTR restarts with every frame: it ends 'delay' after the last of a burst. */
START_TEST(nic82573_rdtr__interrupts_after_the_last_frame)
{
    enum { DELAY = 20, GAP_NS = 5000, FRAMES = 10 };
    start_rx(64, false, 0);
    set(R(IMS), NIC_MASK(ICR_RXT0));
    set(R(RDTR), DELAY);
    frames_every_ns(FRAMES - 1, GAP_NS);
    int64_t last = now_ns();
    frames_every_ns(1, 100000);
    ck_assert_int_eq(messages, 1);
    int64_t after = message_ps[0] / 1000 - last;
    ck_assert_int_ge(after, DELAY * 1024);
    ck_assert_int_lt(after, DELAY * 1024 + 1000);
    ck_assert_uint_eq(get(R(ICRXPTC)), 1);
    ck_assert_uint_eq(get(R(ICRXATC)), 0);
}
END_TEST

/* RADV bounds what RDTR would put off for ever: one interrupt per RADV and frame gap. */
START_TEST(nic82573_radv__interrupts_after_the_first_frame)
{
    enum { DELAY = 20, FIRST = 50, GAP_NS = 5000, FRAMES = 100 };
    start_rx(256, false, 0);
    set(R(IMS), NIC_MASK(ICR_RXT0));
    set(R(RDTR), DELAY);
    set(R(RADV), FIRST);
    int64_t begin = now_ns();
    frames_every_ns(FRAMES, GAP_NS);
    int64_t cycle = (FIRST * 1024 + GAP_NS - 1) / GAP_NS * GAP_NS; /* the next begins with the first frame after it */
    ck_assert_int_eq(messages, FRAMES * GAP_NS / cycle);
    for (int i = 0; i < messages; i++) {
        int64_t at = message_ps[i] / 1000 - begin;
        ck_assert_int_ge(at, i * cycle + FIRST * 1024);
        ck_assert_int_lt(at, i * cycle + FIRST * 1024 + 1000);
    }
}
END_TEST

START_TEST(nic82573_rdtr__flush_and_small_frames_end_the_wait)
{
    start_rx(64, false, 0);
    set(R(RXDCTL), NIC_MASK(RXDCTL_GRAN) | NIC_PUT(RXDCTL_WTHRESH, 8));
    set(R(IMS), NIC_MASK(ICR_RXT0) | NIC_MASK(ICR_SRPD));
    set(R(RDTR), 1000);
    frames_every_ns(3, 2000);
    ck_assert_uint_eq(status_of(0), 0); /* held for a batch of eight */
    set(R(RDTR), 1000 | NIC_MASK(RDTR_FPD));
    run_ns(2000);
    ck_assert_uint_eq(status_of(2) & DD, DD);
    ck_assert_int_eq(messages, 1);
    set(R(RSRPD), 64);
    frames_every_ns(1, 2000);
    ck_assert_int_eq(messages, 2);
    ck_assert(NIC_GET(ICR_SRPD, icr));
    ck_assert_uint_eq(status_of(3) & DD, DD);
    set(R(RSRPD), 0);
    frames_every_ns(8, 2000); /* a batch is written without an interrupt */
    ck_assert_uint_eq(status_of(11) & DD, DD);
    ck_assert_int_eq(messages, 2);
}
END_TEST

START_TEST(nic82573_ims__a_masked_cause_interrupts_when_it_is_unmasked)
{
    start_rx(64, false, 0);
    frames_every_ns(1, 10000);
    ck_assert_int_eq(messages, 0);
    set(R(IMS), NIC_MASK(ICR_RXT0));
    run_ns(1000);
    ck_assert_int_eq(messages, 1);
    set(R(IMC), NIC_MASK(ICR_RXT0));
    ck_assert_uint_eq(get(R(IMS)), 0);
    frames_every_ns(1, 10000);
    ck_assert_int_eq(messages, 1);
    set(R(ICS), NIC_MASK(ICR_MDAC));
    set(R(IMS), NIC_MASK(ICR_MDAC));
    run_ns(1000);
    ck_assert_int_eq(messages, 2);
    ck_assert(NIC_GET(ICR_MDAC, icr) && NIC_GET(ICR_RXT0, icr));
    ck_assert_uint_eq(get(R(ICR)), 0);
}
END_TEST

START_TEST(nic82573_icr__one_message_until_the_causes_are_read)
{
    reads_icr = false;
    start_rx(64, false, 0);
    set(R(IMS), NIC_MASK(ICR_RXT0));
    frames_every_ns(10, 5000);
    ck_assert_int_eq(messages, 1);
    set(R(CTRL_EXT), NIC_MASK(CTRL_EXT_IAME));
    set(R(IAM), NIC_MASK(ICR_RXT0));
    get(R(ICR));
    ck_assert_uint_eq(get(R(IMS)), 0); /* masked by reading */
    frames_every_ns(1, 5000);
    ck_assert_int_eq(messages, 1);
    set(R(ICR), NIC_MASK(ICR_RXT0)); /* or cleared by writing */
    ck_assert_uint_eq(get(R(ICR)), 0);
}
END_TEST

START_TEST(nic82573_set_pin__the_level_follows_the_causes)
{
    nic82573_set_pin(nic, on_level, NULL);
    start_rx(64, false, 0);
    set(R(IMS), NIC_MASK(ICR_RXT0));
    frames_every_ns(3, 5000);
    ck_assert(level);
    ck_assert_int_eq(levels, 1);
    get(R(ICR));
    run_ns(1000);
    ck_assert(!level);
    ck_assert_int_eq(messages, 0);
}
END_TEST

/* -- transmit ----------------------------------------------------------------------------------------------------- */

START_TEST(nic82573_transmit__legacy_descriptors_back_to_back)
{
    enum { FRAMES = 30 };
    uint8_t want[1514], have[1514];
    start_tx(64);
    tx_next = 0;
    uint32_t len = load(frame(own, -1, IPPROTO_TCP_, 1514), 0, true);
    memcpy(want, tx.bytes, len);
    for (int i = 0; i < FRAMES; i++) { /* in two pieces */
        legacy(tx.buffers, 54, CMD_IFCS);
        legacy(tx.buffers + 54, len - 54, CMD_EOP | CMD_IFCS | CMD_RS);
    }
    set(R(TDT), 2 * FRAMES);
    run_ns(500000);
    ck_assert_uint_eq(sent.count, FRAMES);
    packet_read(sent.head, 0, have, len);
    ck_assert_mem_eq(have, want, len);
    for (int i = 1; i < FRAMES; i++) ck_assert_int_eq(sent_ps[i] - sent_ps[i - 1], 12304000); /* 1538 byte times */
    for (uint32_t i = 0; i < 2 * FRAMES; i++) ck_assert_int_eq(tx_done(i), i % 2);
    ck_assert_uint_eq(get(R(TDH)), 2 * FRAMES);
    ck_assert_uint_eq(get(R(GPTC)), FRAMES);
    ck_assert_uint_eq(get(R(PTC1522)), FRAMES);
    ck_assert_uint_eq(get(R(GOTCL)), FRAMES * 1518);
    take_sent();
}
END_TEST

/* 84 byte times each.  Data, two frames' completions at a time, comes down one lane in less than half of that. */
START_TEST(nic82573_transmit__line_rate_of_64_byte_frames)
{
    enum { FRAMES = 1000 };
    start_tx(1024);
    tx_next = 0;
    uint32_t len = load(frame(own, -1, IPPROTO_UDP_, 60), 0, true);
    for (int i = 0; i < FRAMES; i++) legacy(tx.buffers, len, CMD_EOP | CMD_IFCS | (i % 32 == 31 ? CMD_RS : 0));
    set(R(TDT), FRAMES);
    run_ns(2000000);
    ck_assert_uint_eq(sent.count, FRAMES);
    ck_assert_int_eq(sent_ps[FRAMES - 1] - sent_ps[99], sim_wire_time((FRAMES - 100) * 84LL, sim_gbps(1)).ps);
    take_sent();
}
END_TEST

START_TEST(nic82573_transmit__checksums_over_gathered_bytes)
{
    uint8_t want[300], have[300];
    struct packet *p = frame(own, -1, IPPROTO_TCP_, 300);
    uint32_t len;
    start_tx(64);
    tx_next = 0;
    p->stored = malloc(300);
    for (uint32_t i = 0; i < 300; i++) p->stored[i] = (uint8_t)(i * 7 + 3);
    struct packet *copy = packet_clone(pool, p, engine_now(engine));
    len = load(copy, 0, true);
    memcpy(want, tx.bytes, len);
    packet_deliver(pool, p);
    uint8_t *ip = tx.bytes + 14, *tcp = tx.bytes + 34;
    put_be16(ip + 10, 0);
    uint32_t pseudo = checksum_add(0, ip + 12, 8) + IPPROTO_TCP_ + (len - 34);
    put_be16(tcp + 16, (uint16_t)~checksum_fold(pseudo)); /* software's seed: the sum itself */
    put(14 | 24 << 8 | 33 << 16 | 34ull << 32 | 50ull << 40, (uint64_t)(CMD_DEXT | 3) << 24);
    put(tx.buffers, len | 1u << 20 | (uint64_t)(CMD_EOP | CMD_IFCS | CMD_RS | CMD_DEXT) << 24 | 3ull << 40);
    set(R(TDT), 2);
    run_ns(100000);
    ck_assert_uint_eq(sent.count, 1);
    packet_read(sent.head, 0, have, len);
    ck_assert_mem_eq(have, want, len);
    put_be16(ip + 10, get_be16(want + 24)); /* the legacy way: one sum, from CSS to the end */
    tx.desc[tx_next] = (struct descriptor){ { tx.buffers, len | 50u << 16 |
                            (uint64_t)(CMD_EOP | CMD_IFCS | CMD_IC | CMD_RS) << 24 | 34ull << 40 } };
    set(R(TDT), 3);
    run_ns(100000);
    packet_deliver(pool, packet_queue_pop(&sent));
    packet_read(sent.head, 0, have, len);
    ck_assert_mem_eq(have, want, len);
    take_sent();
}
END_TEST

/* A large send in plain bytes becomes what headers_segment() makes of it. */
START_TEST(nic82573_transmit__large_send)
{
    enum { MSS = 700, PAYLOAD = 1800 };
    struct packet_queue want = { 0 };
    struct packet *p = frame(own, -1, IPPROTO_TCP_, 54 + PAYLOAD), *w;
    uint8_t a[1514], b[1514];
    start_tx(64);
    tx_next = 0;
    p->gso_mss = MSS;
    load(packet_clone(pool, p, engine_now(engine)), 0, false);
    headers_segment(pool, p, &want, engine_now(engine));
    ck_assert_uint_eq(want.count, 3);
    put(14 | 24 << 8 | 33 << 16 | 34ull << 32 | 50ull << 40,
        PAYLOAD | (uint64_t)(CMD_DEXT | CMD_TSE | 3) << 24 | 54ull << 40 | (uint64_t)MSS << 48);
    uint64_t word = 1u << 20 | (uint64_t)(CMD_IFCS | CMD_DEXT | CMD_TSE) << 24 | 3ull << 40;
    put(tx.buffers, word | 54);
    put(tx.buffers + 54, word | PAYLOAD | (uint64_t)(CMD_EOP | CMD_RS) << 24);
    set(R(TDT), 3);
    run_ns(100000);
    ck_assert_uint_eq(sent.count, 3);
    ck_assert_uint_eq(counter(NIC_tx_tso), 1);
    ck_assert_uint_eq(get(R(TSCTC)), 1);
    while ((w = packet_queue_pop(&want))) {
        struct packet *h = packet_queue_pop(&sent);
        headers_finish(w);
        headers_finish(h);
        ck_assert_uint_eq(h->len, w->len);
        packet_read(w, 0, a, w->len);
        packet_read(h, 0, b, h->len);
        ck_assert_mem_eq(a, b, w->len);
        packet_deliver(pool, w);
        packet_deliver(pool, h);
    }
}
END_TEST

START_TEST(nic82573_transmit__bound_packets_and_tags)
{
    start_tx(64);
    tx_next = 0;
    struct packet *p = frame(own, -1, IPPROTO_TCP_, 1000);
    bus_addr addr = memory_bind(memory, p);
    set(R(CTRL), NIC_MASK(CTRL_VME));
    legacy(addr, p->len, CMD_EOP | CMD_IFCS | CMD_RS | CMD_VLE);
    tx.desc[0].q[1] |= 0x123ull << 48;
    set(R(TDT), 1);
    run_ns(100000);
    ck_assert_uint_eq(sent.count, 1);
    ck_assert_int_eq(headers_vlan(sent.head), 0x123);
    ck_assert_uint_eq(sent.head->len, 1004);
    ck_assert(sent.head->flags & PACKET_CSUM_BAD); /* nobody was asked to fill the sums in */
    packet_deliver(pool, memory_unbind(memory, addr));
    take_sent();
}
END_TEST

START_TEST(nic82573_tidv__reports_wait_and_TADV_bounds_the_wait)
{
    enum { DELAY = 20, FIRST = 50 };
    start_tx(64);
    tx_next = 0;
    set(R(IMS), NIC_MASK(ICR_TXDW));
    set(R(TIDV), DELAY);
    set(R(TADV), FIRST);
    uint32_t len = load(frame(own, -1, IPPROTO_UDP_, 60), 0, true);
    legacy(tx.buffers, len, CMD_EOP | CMD_IFCS | CMD_RS); /* no IDE: at once */
    set(R(TDT), 1);
    run_ns(10000);
    ck_assert_int_eq(messages, 1);
    int64_t begin = now_ns();
    legacy(tx.buffers, len, CMD_EOP | CMD_IFCS | CMD_RS | CMD_IDE);
    set(R(TDT), 2);
    run_ns(100000);
    ck_assert_int_eq(messages, 2);
    int64_t after = message_ps[1] / 1000 - begin, data = 10000;
    ck_assert_int_ge(after, DELAY * 1024);
    ck_assert_int_le(after, DELAY * 1024 + data);
    begin = now_ns();
    for (int i = 0; i < 20; i++) { /* every 10 us: TIDV never ends */
        legacy(tx.buffers, len, CMD_EOP | CMD_IFCS | CMD_RS | CMD_IDE);
        set(R(TDT), tx_next);
        run_ns(10000);
    }
    ck_assert_int_ge(messages, 2 + 3);
    ck_assert_int_ge(message_ps[2] / 1000 - begin, FIRST * 1024);
    ck_assert_int_le(message_ps[2] / 1000 - begin, FIRST * 1024 + data);
    ck_assert_uint_gt(get(R(ICTXATC)), 0);
    ck_assert_uint_eq(get(R(ICTXPTC)), 1);
    take_sent();
}
END_TEST

START_TEST(nic82573_txdctl__reports_are_written_in_batches)
{
    start_tx(64);
    tx_next = 0;
    set(R(TXDCTL), NIC_MASK(TXDCTL_GRAN) | NIC_PUT(TXDCTL_WTHRESH, 4));
    set(R(TIDV), 1000);
    uint32_t len = load(frame(own, -1, IPPROTO_UDP_, 60), 0, true);
    for (int i = 0; i < 3; i++) legacy(tx.buffers, len, CMD_EOP | CMD_IFCS | CMD_RS | CMD_IDE);
    set(R(TDT), 3);
    run_ns(50000);
    ck_assert(!tx_done(0) && !tx_done(2));
    legacy(tx.buffers, len, CMD_EOP | CMD_IFCS | CMD_RS | CMD_IDE);
    set(R(TDT), 4);
    run_ns(50000);
    for (uint32_t i = 0; i < 4; i++) ck_assert(tx_done(i));
    legacy(tx.buffers, len, CMD_EOP | CMD_IFCS | CMD_RS | CMD_IDE);
    set(R(TDT), 5);
    run_ns(50000);
    ck_assert(!tx_done(4));
    run_ns(1024000);
    ck_assert(tx_done(4)); /* the delay ended */
    take_sent();
}
END_TEST

/* Data read ahead of the wire fits in the transmit part of the packet buffer, but for the frame that fills it. */
START_TEST(nic82573_transmit__reads_ahead_no_more_than_its_buffer)
{
    start_tx(64);
    tx_next = 0;
    uint32_t len = load(frame(own, -1, IPPROTO_UDP_, 1514), 0, true);
    for (int i = 0; i < 60; i++) legacy(tx.buffers, len, CMD_EOP | CMD_IFCS | CMD_RS);
    set(R(TDT), 60);
    uint64_t ahead = 0;
    for (int i = 0; i < 200; i++) {
        run_ns(1000);
        uint64_t read = 0, gone = (uint64_t)sent.count * len;
        for (uint32_t k = 0; k < 60; k++) read += tx_done(k) ? len : 0;
        if (read > gone && read - gone > ahead) ahead = read - gone;
    }
    ck_assert_uint_gt(ahead, 8 * 1024);
    ck_assert_uint_le(ahead, 12 * 1024 + 4096 + 2 * 1514);
    run_ns(1000000);
    ck_assert_uint_eq(sent.count, 60);
    take_sent();
}
END_TEST

/* -- flow control ------------------------------------------------------------------------------------------------- */

START_TEST(nic82573_pause__obeys_for_the_time_that_is_asked)
{
    const uint16_t quanta = 100;
    start_rx(64, false, NIC_MASK(RCTL_DPF));
    start_tx(64);
    tx_next = 0;
    uint32_t len = load(frame(own, -1, IPPROTO_UDP_, 60), 0, true);
    legacy(tx.buffers, len, CMD_EOP | CMD_IFCS | CMD_RS);
    arrive(pause_frame(pool, engine_now(engine), own, &(struct pause){ .quanta = { quanta } }));
    ck_assert_uint_eq(get(R(FCRUC)), 1); /* not asked to obey */
    set(R(CTRL), NIC_MASK(CTRL_RFCE));
    int64_t begin = engine_now(engine).ps;
    arrive(pause_frame(pool, engine_now(engine), own, &(struct pause){ .quanta = { quanta } }));
    ck_assert(NIC_GET(STATUS_TXOFF, get(R(STATUS))));
    set(R(TDT), 1);
    run_ns(200000);
    ck_assert_uint_eq(sent.count, 1);
    ck_assert_int_eq(sent_ps[0] - begin, pause_time(quanta, sim_gbps(1)).ps + sim_wire_time(72, sim_gbps(1)).ps);
    ck_assert_uint_eq(get(R(XOFFRXC)), 1);
    ck_assert_uint_eq(counter(NIC_rx_packets), 0); /* DPF */
    take_sent();
}
END_TEST

START_TEST(nic82573_pause__says_stop_and_go)
{
    struct pause pause;
    start_rx(64, false, 0);
    set(R(CTRL), NIC_MASK(CTRL_TFCE));
    set(R(FCTTV), 0x680);
    set(R(FCRTH), 8192);
    set(R(FCRTL), 4096 | NIC_MASK(FCRTL_XONE));
    for (int i = 0; i < 63 + 6; i++) {
        arrive(frame(own, -1, IPPROTO_UDP_, 1514));
        run_ns(12304);
    }
    ck_assert_uint_ge(sent.count, 1); /* 6 frames wait: 9084 bytes */
    ck_assert(pause_parse(sent.head, &pause));
    ck_assert_uint_eq(pause.quanta[0], 0x680);
    uint32_t before = sent.count;
    run_ns(pause_time(0x680, sim_gbps(1)).ps / 1000);
    ck_assert_uint_ge(sent.count, before + 1); /* repeated before the time is over */
    before = sent.count;
    for (uint32_t i = 0; i < 32; i++) {
        uint32_t bytes;
        packet_deliver(pool, memory_take_frame(memory, rx.buffers + (uint64_t)i * BUFFER, &bytes));
    }
    set(R(RDT), 31);
    run_ns(50000); /* 7 us each on the bus */
    ck_assert_uint_eq(sent.count, before + 1);
    ck_assert(pause_parse(sent.tail, &pause));
    ck_assert_uint_eq(pause.quanta[0], 0);
    ck_assert_uint_eq(get(R(XOFFTXC)), before);
    ck_assert_uint_eq(get(R(XONTXC)), 1);
    take_sent();
}
END_TEST

/* -- statistics, garbage ------------------------------------------------------------------------------------------ */

START_TEST(nic82573_stats__size_classes_and_bytes)
{
    static const struct { uint32_t len, reg; } cases[] = {
        { 60, R(PRC64) }, { 61, R(PRC127) }, { 123, R(PRC127) }, { 124, R(PRC255) }, { 252, R(PRC511) },
        { 508, R(PRC1023) }, { 1019, R(PRC1023) }, { 1020, R(PRC1522) }, { 1514, R(PRC1522) },
    };
    uint32_t total = 0;
    start_rx(64, false, 0);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        arrive(frame(own, -1, IPPROTO_UDP_, cases[i].len));
        run_ns(20000);
        ck_assert_msg(get(cases[i].reg) == 1, "%u bytes", cases[i].len);
        total += cases[i].len + 4;
    }
    arrive(frame((struct mac_addr){ { 2, 9, 9, 9, 9, 9 } }, -1, IPPROTO_UDP_, 60));
    ck_assert_uint_eq(get(R(GORCL)), total);
    ck_assert_uint_eq(get(R(TORL)), total + 64); /* what a filter refused counts there */
    ck_assert_uint_eq(get(R(GORCH)), 0);
    ck_assert_uint_eq(get(R(GORCL)), 0); /* reading the upper half cleared both */
    ck_assert_uint_eq(get(R(GPRC)), sizeof cases / sizeof *cases);
    ck_assert_uint_eq(get(R(TPR)), sizeof cases / sizeof *cases + 1);
    ck_assert_uint_eq(get(R(GPRC)), 0);
}
END_TEST

/* With a time shorter than a PAUSE frame takes, they come every 64 quanta of 512 ns all the same. */
START_TEST(nic82573_pause__short_times_leave_the_wire_free)
{
    start_rx(64, false, 0);
    set(R(CTRL), NIC_MASK(CTRL_TFCE));
    set(R(FCTTV), 1);
    set(R(FCRTH), 8192);
    for (int i = 0; i < 63 + 6; i++) {
        arrive(frame(own, -1, IPPROTO_UDP_, 1514));
        run_ns(12304);
    }
    take_sent();
    run_ns(64 * 512 * 100);
    ck_assert_uint_ge(sent.count, 99);
    ck_assert_uint_le(sent.count, 101);
    take_sent();
}
END_TEST

/* The sequence alone may be what the last buffer gets. */
START_TEST(nic82573_receive__check_sequence_in_a_buffer_of_its_own)
{
    enum { BSIZE_256 = 3 };
    start_rx(64, true, 0);
    set(R(RCTL), NIC_MASK(RCTL_EN) | NIC_PUT(RCTL_BSIZE, BSIZE_256));
    arrive(frame(own, -1, IPPROTO_TCP_, 256));
    run_ns(20000);
    ck_assert_uint_eq(status_of(0) & (DD | EOP), DD);
    ck_assert_uint_eq(status_of(1) & (DD | EOP), DD | EOP);
    ck_assert_uint_eq(length_of(0), 256);
    ck_assert_uint_eq(length_of(1), FRAME_FCS_BYTES);
}
END_TEST

/* Random registers, random descriptors, random frames: nothing crashes, hangs or loses a packet without a name. */
START_TEST(nic82573__garbage_is_counted_and_conserves)
{
    struct rng *rng = rng_create((uint64_t)_i + 1, "garbage");
    start_rx(64, false, 0);
    start_tx(64);
    nic82573_set_pin(nic, _i % 2 ? on_level : NULL, NULL);
    for (int i = 0; i < 20000; i++) {
        switch (rng_below(rng, 8)) {
        case 0: {
            unsigned r = (unsigned)rng_below(rng, list->rows);
            uint32_t k = (uint32_t)rng_below(rng, list->info[r].count);
            uint32_t value = (uint32_t)rng_u64(rng) & (rng_below(rng, 2) ? 0xff : UINT32_MAX);
            set(list->info[r].offset + k * list->info[r].stride, value);
            break;
        }
        case 1: get((uint32_t)rng_below(rng, 0x8000)); break;
        case 2: {
            struct descriptor d = { { rng_u64(rng), rng_u64(rng) } };
            if (rng_below(rng, 2)) d.q[0] = tx.buffers + rng_below(rng, 1000);
            if (rng_below(rng, 2)) d.q[1] &= 0xffffffffff0fffffull;
            tx.desc[rng_below(rng, 64)] = d;
            set(R(TDT), (uint32_t)rng_below(rng, 64));
            break;
        }
        case 3: rx.desc[rng_below(rng, 64)].q[0] = rng_below(rng, 2) ? rng_u64(rng) : rx.buffers; break;
        case 4: set(R(RDT), (uint32_t)rng_below(rng, 70)); break;
        case 5:
            set(R(RCTL), NIC_MASK(RCTL_EN) | NIC_MASK(RCTL_UPE) | ((uint32_t)rng_u64(rng) & 0x07f00300));
            set(R(TCTL), NIC_MASK(TCTL_EN));
            set(R(RDBAH), (uint32_t)(rx.base >> 32));
            set(R(RDBAL), (uint32_t)rx.base);
            set(R(RDLEN), 1024);
            set(R(TDBAH), (uint32_t)(tx.base >> 32));
            set(R(TDBAL), (uint32_t)tx.base);
            set(R(TDLEN), 1024);
            break;
        default:
            arrive(frame(own, rng_below(rng, 2) ? -1 : 5, IPPROTO_TCP_, 60 + (uint32_t)rng_below(rng, 1400)));
            break;
        }
        run_ns((int64_t)rng_below(rng, 3000));
        if (i % 1000 == 0) packet_pool_check(pool);
    }
    set(R(CTRL), NIC_MASK(CTRL_RST));
    run_ns(100000000);
    packet_pool_check(pool);
    ck_assert_uint_gt(counter(NIC_rx_packets) + counter(NIC_mpc) + counter(NIC_rx_filtered), 0);
    take_sent();
    rng_destroy(rng);
}
END_TEST

Suite *nic82573_suite(void)
{
    Suite *s = suite_create("nic82573");
    TCase *t = tcase_create("registers");
    tcase_add_checked_fixture(t, setup, teardown);
    tcase_add_test(t, reg_list_find__every_register_at_its_offset_and_nowhere_else);
    tcase_add_test(t, nic82573_reg_read__reset_values_before_and_after_reset);
    tcase_add_test(t, nic82573_reg_write__access_rules_of_plain_registers);
    tcase_add_test(t, nic82573_reg_read__unknown_offsets_are_harmless_and_counted);
    tcase_add_test(t, nic82573_fields__inside_their_register_and_apart);
    tcase_add_test(t, reg_list_print_markdown__docs_registers_82573_is_current);
    tcase_add_test(t, nic82573_reg_peek__has_no_effect);
    suite_add_tcase(s, t);

    t = tcase_create("life");
    tcase_add_checked_fixture(t, setup, teardown);
    tcase_add_test(t, nic82573_eerd__checksum_and_address);
    tcase_add_test(t, nic82573_mdic__one_phy_with_a_link);
    tcase_add_test(t, nic82573_ctrl__no_bus_traffic_while_it_is_no_master);
    tcase_add_test(t, nic82573_ctrl__reset_in_the_middle_of_traffic_loses_nothing_unnamed);
    suite_add_tcase(s, t);

    t = tcase_create("receive");
    tcase_add_checked_fixture(t, setup, teardown);
    tcase_add_test(t, nic82573_receive__legacy_descriptor);
    tcase_add_test(t, nic82573_receive__extended_descriptor);
    tcase_add_test(t, nic82573_receive__check_sequence_is_kept_without_SECRC);
    tcase_add_test(t, nic82573_receive__over_several_buffers);
    tcase_add_test(t, nic82573_receive__length_limits_are_counted);
    tcase_add_test(t, nic82573_rxcsum__says_what_was_checked);
    tcase_add_test(t, nic82573_vlan__filter_and_strip);
    tcase_add_test(t, nic82573_filter__addresses);
    tcase_add_test(t, nic82573_receive__line_rate_of_64_byte_frames);
    tcase_add_test(t, nic82573_receive__overload_is_missed_and_told);
    tcase_add_test(t, nic82573_receive__without_descriptors_frames_wait);
    tcase_add_test(t, nic82573_rdmts__low_descriptors_are_told_once);
    suite_add_tcase(s, t);

    t = tcase_create("interrupt");
    tcase_add_checked_fixture(t, setup, teardown);
    tcase_add_test(t, nic82573_interrupt__tells_after_the_descriptor_is_visible);
    tcase_add_test(t, nic82573_itr__one_interrupt_per_interval_at_most);
    tcase_add_test(t, nic82573_itr__without_it_every_frame_interrupts);
    tcase_add_test(t, nic82573_rdtr__interrupts_after_the_last_frame);
    tcase_add_test(t, nic82573_radv__interrupts_after_the_first_frame);
    tcase_add_test(t, nic82573_rdtr__flush_and_small_frames_end_the_wait);
    tcase_add_test(t, nic82573_ims__a_masked_cause_interrupts_when_it_is_unmasked);
    tcase_add_test(t, nic82573_icr__one_message_until_the_causes_are_read);
    tcase_add_test(t, nic82573_set_pin__the_level_follows_the_causes);
    suite_add_tcase(s, t);

    t = tcase_create("transmit");
    tcase_add_checked_fixture(t, setup, teardown);
    tcase_add_test(t, nic82573_transmit__legacy_descriptors_back_to_back);
    tcase_add_test(t, nic82573_transmit__line_rate_of_64_byte_frames);
    tcase_add_test(t, nic82573_transmit__checksums_over_gathered_bytes);
    tcase_add_test(t, nic82573_transmit__large_send);
    tcase_add_test(t, nic82573_transmit__bound_packets_and_tags);
    tcase_add_test(t, nic82573_tidv__reports_wait_and_TADV_bounds_the_wait);
    tcase_add_test(t, nic82573_txdctl__reports_are_written_in_batches);
    tcase_add_test(t, nic82573_transmit__reads_ahead_no_more_than_its_buffer);
    suite_add_tcase(s, t);

    t = tcase_create("rest");
    tcase_add_checked_fixture(t, setup, teardown);
    tcase_add_test(t, nic82573_pause__obeys_for_the_time_that_is_asked);
    tcase_add_test(t, nic82573_pause__says_stop_and_go);
    tcase_add_test(t, nic82573_stats__size_classes_and_bytes);
    tcase_add_test(t, nic82573_receive__check_sequence_in_a_buffer_of_its_own);
    tcase_add_test(t, nic82573_pause__short_times_leave_the_wire_free);
    tcase_add_loop_test(t, nic82573__garbage_is_counted_and_conserves, 0, 4);
    suite_add_tcase(s, t);
    return s;
}
