/* SPDX-License-Identifier: GPL-3.0-or-later
 * fuzz_nic.c -- software gone mad on the modelled 82598: whatever it writes, the card neither crashes, hangs, loses a
 * packet nor reaches memory that is not the machine's, and a reset brings it back.
 *
 *     fuzz_nic RUNS SEED [STEPS]
 *
 * Run i uses seed SEED + i, a card of its own, and STEPS steps.  A step writes or reads registers anywhere in BAR0
 * (mostly real ones, mostly plausible values), sets up rings, fills them with valid or wild descriptors in mapped,
 * unmapped and half-mapped memory, puts frames of all kinds on the wire, masks vectors, takes mappings away, pulls the
 * cable, resets the card, or lets time pass.  After each: a bounded number of events, and from time to time every
 * packet accounted for.  After the last: reset, reset values, and one good frame in and out.
 * A failure prints the command that repeats it. */
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/time.h>
#include <unistd.h>

#if defined(__SANITIZE_ADDRESS__)
#include <sanitizer/common_interface_defs.h>
#define WITH_SANITIZER 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#include <sanitizer/common_interface_defs.h>
#define WITH_SANITIZER 1
#endif
#endif

#include "core/assert.h"
#include "core/rng.h"
#include "nic_rig.h"

enum {
    STEPS = 120, RINGS_BYTES = 65536, BYTES_BYTES = 65536, SLOTS = 64, SLOT_BYTES = 2048, FOREIGN_BYTES = 5000,
    BOUND = 4, FRAME_BYTES_MAX = 16500, HANG_SECONDS = 20, EVENTS_BASE = 20000, CHECK_EVERY = 16,
};
static const uint64_t foreign_address = 0x7000;

static struct nic_rig rig;
static struct rng *rng;
static struct link *in;
static bus_addr rings, bytes, slots, bound[BOUND];
static uint8_t *rings_view;
static struct packet *bound_packet[BOUND];
static uint8_t *foreign;             /* exactly FOREIGN_BYTES of this process; NULL: not mapped now */
static uint8_t frame[FRAME_BYTES_MAX];

static uint64_t seed, step, accesses, frames, digest;

/* -- telling where it happened ------------------------------------------------------------------------------------- */

static void tell_place(void)
{
    fprintf(stderr, "fuzz_nic: in step %" PRIu64 " of: fuzz_nic 1 %" PRIu64 "\n", step, seed);
}

static void on_signal(int number)
{
    fprintf(stderr, "fuzz_nic: %s\n", number == SIGVTALRM ? "a step does not end" : "signal");
    tell_place();
    _exit(1);
}

static void watch(void)
{
#ifdef WITH_SANITIZER
    __sanitizer_set_death_callback(tell_place);
#else
    signal(SIGSEGV, on_signal);
    signal(SIGBUS, on_signal);
    signal(SIGFPE, on_signal);
#endif
    signal(SIGABRT, on_signal);
    signal(SIGVTALRM, on_signal);
}

/* Real seconds of computing that a run may take. */
static void watch_run(void)
{
    setitimer(ITIMER_VIRTUAL, &(struct itimerval){ .it_value = { HANG_SECONDS, 0 } }, NULL);
}

/* -- choices ------------------------------------------------------------------------------------------------------- */

static uint32_t roll(uint32_t n)
{
    return rng_below(rng, n);
}

static bool one_in(uint32_t n)
{
    return roll(n) == 0;
}

static uint32_t any32(void)
{
    uint32_t v = (uint32_t)rng_u64(rng);
    switch (roll(6)) {
    case 0: return 0;
    case 1: return UINT32_MAX;
    case 2: return 1u << (v & 31);
    case 3: return v >> (v & 31);
    default: return v;
    }
}

/* A bus address: in one of the regions, at its edges, or nowhere. */
static uint64_t any_address(void)
{
    switch (roll(12)) {
    case 0: return rng_u64(rng);
    case 1: return 0;
    case 2: return UINT64_MAX - roll(64);
    case 3: return rings + roll(RINGS_BYTES + 64);
    case 4: return bytes + BYTES_BYTES - roll(3000);
    case 5: return foreign_address + roll(FOREIGN_BYTES + 100);
    case 6: return slots + roll(SLOTS * SLOT_BYTES + 64);
    case 7: return bound[roll(BOUND)] + (one_in(2) ? 0 : roll(2000));
    case 8: case 9: return slots + (uint64_t)roll(SLOTS) * SLOT_BYTES;
    default: return bytes + (uint64_t)roll(BYTES_BYTES / 2048) * 2048;
    }
}

/* -- registers ----------------------------------------------------------------------------------------------------- */

static void put(uint32_t offset, uint32_t value)
{
    accesses++;
    nic_reg_write(rig.nic, offset, value);
}

static void get(uint32_t offset)
{
    accesses++;
    digest = (digest ^ nic_reg_read(rig.nic, offset)) * 1099511628211u;
}

static uint32_t any_offset(void)
{
    if (one_in(30)) return any32();
    if (one_in(15)) return roll(NIC82598_BAR_BYTES / 4) * 4;
    const struct nic_reg_info *info = nic_reg_info((enum nic82598_reg)roll(N_NIC82598_REGS));
    uint32_t index = one_in(3) ? roll(info->count) : roll(info->count < 4 ? info->count : 4);
    return info->offset + index * info->stride;
}

/* What software could mean: what is there with a change, fields within their width, an address. */
static uint32_t any_value(uint32_t offset)
{
    enum nic82598_reg reg;
    size_t count;
    uint32_t value = nic_reg_peek(rig.nic, offset);

    if (nic_reg_find(offset, &reg, NULL) < 0 || one_in(4)) return any32();
    if (one_in(4)) return value ^ 1u << roll(32);
    if (one_in(10)) return (uint32_t)(any_address() >> (one_in(2) ? 32 : 0));
    const struct nic_field_info *f = nic_reg_fields(reg, &count);
    for (size_t i = 0; i < count; i++) {
        if (one_in(2)) continue;
        uint32_t mask = (uint32_t)(((1ull << f[i].width) - 1) << f[i].low);
        value = (value & ~mask) | ((one_in(2) ? any32() : roll(4)) << f[i].low & mask);
    }
    return value;
}

static void touch_registers(void)
{
    for (uint32_t n = roll(8) + 1; n > 0; n--) {
        uint32_t offset = any_offset();
        if (offset == OFFSET_CTRL && !one_in(8)) continue; /* most resets are steps of their own */
        if (one_in(3))
            get(offset);
        else
            put(offset, any_value(offset));
    }
}

/* A whole row, as drivers do with statistics and tables. */
static void touch_row(void)
{
    const struct nic_reg_info *info = nic_reg_info((enum nic82598_reg)roll(N_NIC82598_REGS));
    bool reading = one_in(2);
    if (info->offset == OFFSET_CTRL) return;
    for (uint32_t i = 0; i < info->count && i < 32; i++) {
        uint32_t offset = info->offset + i * info->stride;
        if (reading)
            get(offset);
        else
            put(offset, any_value(offset));
    }
}

static void configure_receive(void)
{
    for (int i = 0; i < 16; i++)
        put(NIC_OFFSET(SRRCTL, i), NIC_PUT(SRRCTL_BSIZEPACKET, one_in(4) ? roll(20) : 2) | NIC_PUT(SRRCTL_BSIZEHEADER, roll(5)) |
            NIC_PUT(SRRCTL_DESCTYPE, roll(6)) | NIC_PUT(SRRCTL_DROP_EN, roll(2)));
    for (int i = 0; i < 16; i++) put(NIC_OFFSET(PSRTYPE, i), any32());
    put(NIC_OFFSET(HLREG0, 0), one_in(4) ? any32() : 0x403 | NIC_PUT(HLREG0_JUMBOEN, roll(2)));
    put(NIC_OFFSET(MHADD, 0), NIC_PUT(MHADD_MAXFRS, one_in(3) ? any32() : roll(16000)));
    put(NIC_OFFSET(FCTRL, 0), one_in(2) ? any32() : NIC_MASK(FCTRL_BAM) | NIC_MASK(FCTRL_UPE) | NIC_MASK(FCTRL_MPE));
    put(NIC_OFFSET(RXCSUM, 0), NIC_PUT(RXCSUM_PCSD, roll(2)) | NIC_PUT(RXCSUM_IPPCSE, roll(2)));
    if (one_in(2)) put(NIC_OFFSET(MRQC, 0), any32() | NIC_MASK(MRQC_RSSEN));
    if (one_in(2)) put(NIC_OFFSET(VMD_CTL, 0), any32());
    if (one_in(2)) put(NIC_OFFSET(RDRXCTL, 0), any32());
    if (one_in(4)) put(NIC_OFFSET(RXPBSIZE0, 0), any32());
    for (int i = 0; i < 32; i++) put(NIC_OFFSET(RETA, i), any32());
    put(NIC_OFFSET(RXCTRL, 0), NIC_MASK(RXCTRL_RXEN));
}

static void configure_interrupts(void)
{
    for (int i = 0; i < COUNT_IVAR; i++) put(NIC_OFFSET(IVAR, i), any32() | (one_in(2) ? 0x80808080 : 0));
    for (int i = 0; i < COUNT_EITR; i++) put(NIC_OFFSET(EITR, i), one_in(3) ? any32() : roll(1000));
    put(NIC_OFFSET(GPIE, 0), one_in(3) ? any32() : NIC_MASK(GPIE_MSIX_MODE) | NIC_PUT(GPIE_EIAME, roll(2)));
    put(NIC_OFFSET(EIAC, 0), any32());
    put(NIC_OFFSET(EIAM, 0), any32());
    put(NIC_OFFSET(EIMS, 0), any32());
}

/* A ring that could be software's, or nearly. */
static void set_up_ring(bool tx, uint32_t q)
{
    uint64_t base = one_in(8) ? any_address() : rings + roll(8) * 4096;
    uint32_t n = one_in(8) ? roll(RINGS_BYTES / 16 + 50) : 8u << roll(6);
    uint32_t control = (one_in(3) ? any32() & 0x7f7f7f : roll(64) | roll(16) << 8 | roll(20) << 16) |
                       (one_in(8) ? 0 : NIC_MASK(RXDCTL_ENABLE));
    uint32_t first = tx ? NIC_OFFSET(TDBAL, q) : NIC_OFFSET(RDBAL, q), at[5] = { 0, 4, 8, 0x10, 0x28 };
    uint32_t value[5] = { (uint32_t)base, (uint32_t)(base >> 32), n * 16, one_in(4) ? any32() : 0, control };

    for (int i = 0; i < 5; i++) put(first + (one_in(6) ? at[roll(5)] : at[i]), value[i]);
    put(first + 0x18, one_in(8) ? any32() : roll(n + 1));
    if (tx && one_in(6)) {
        uint64_t addr = any_address();
        put(NIC_OFFSET(TDWBAL, q), (uint32_t)addr | 1);
        put(NIC_OFFSET(TDWBAH, q), (uint32_t)(addr >> 32));
    }
}

static void move_tail(void)
{
    bool tx = one_in(2);
    uint32_t q = one_in(4) ? roll(tx ? NIC_TX_QUEUES : NIC_RX_QUEUES) : roll(3);
    uint32_t n = nic_reg_peek(rig.nic, tx ? NIC_OFFSET(TDLEN, q) : NIC_OFFSET(RDLEN, q)) / 16;
    uint32_t offset = tx ? NIC_OFFSET(TDT, q) : NIC_OFFSET(RDT, q);
    put(offset, one_in(10) || n == 0 ? any32() : one_in(2) ? roll(n) : (nic_reg_peek(rig.nic, offset) + roll(9)) % n);
}

/* -- descriptors --------------------------------------------------------------------------------------------------- */

static uint64_t context_descriptor(uint64_t *low)
{
    uint32_t mac = one_in(8) ? roll(128) : 14, ip = one_in(8) ? roll(512) : one_in(2) ? 20 : 40;
    uint32_t l4 = one_in(8) ? roll(256) : one_in(2) ? 20 : 8, mss = one_in(8) ? roll(65536) : 100 + roll(1400);
    *low = ip | (uint64_t)mac << 9 | (uint64_t)roll(65536) << 16;
    return (uint64_t)mss << 48 | (uint64_t)l4 << 40 | (uint64_t)roll(8) << 36 | 1ull << 29 | 2ull << 20 |
           (uint64_t)roll(8) << 9;
}

static uint64_t data_descriptor(uint64_t *low)
{
    uint64_t cmd = roll(256) & (one_in(3) ? 0xff : 0x7b);
    uint32_t len = one_in(6) ? roll(65536) : one_in(8) ? 0 : roll(2048);
    *low = any_address();
    return len | (one_in(10) ? (uint64_t)roll(16) << 20 : 3ull << 20) | (cmd | 0x20) << 24 | (uint64_t)roll(8) << 36 |
           (uint64_t)roll(64) << 40 | (uint64_t)(len + roll(3)) << 46;
}

static uint64_t legacy_descriptor(uint64_t *low)
{
    uint32_t len = one_in(6) ? roll(65536) : roll(1600);
    *low = any_address();
    return len | (uint64_t)roll(256) << 16 | (uint64_t)(roll(256) & ~0x20u) << 24 | (uint64_t)roll(256) << 40 |
           (uint64_t)roll(65536) << 48;
}

static void write_descriptors(void)
{
    struct nic_desc *d = (struct nic_desc *)(void *)rings_view;
    uint32_t all = RINGS_BYTES / sizeof *d, at = roll(8) * 256, n = roll(64) + 1, kind = roll(6);

    if (one_in(8)) at = roll(all);
    for (; n > 0 && at < all; n--, at++) {
        switch (one_in(10) ? roll(6) : kind) {
        case 0: case 1: d[at] = (struct nic_desc){ { any_address(), one_in(4) ? any_address() : 0 } }; break; /* receive */
        case 2: d[at].q[1] = context_descriptor(&d[at].q[0]); break;
        case 3: d[at].q[1] = data_descriptor(&d[at].q[0]); break;
        case 4: d[at].q[1] = legacy_descriptor(&d[at].q[0]); break;
        default: d[at] = (struct nic_desc){ { rng_u64(rng), rng_u64(rng) } }; break;
        }
    }
}

/* -- frames -------------------------------------------------------------------------------------------------------- */

static const uint8_t heads[][60] = {
    { 2, 0x98, 0x25, 0, 1, 0, 2, 0, 0, 0, 0, 9, 0x08, 0x00, 0x45, 0, 0, 46, 0, 1, 0, 0, 64, 6, 0, 0, 10, 0, 0, 1, 10, 0, 0,
      2, 0, 80, 0, 81, 0, 0, 0, 1, 0, 0, 0, 2, 0x50, 0x18, 1, 0, 0, 0, 0, 0 },
    { 2, 0x98, 0x25, 0, 1, 0, 2, 0, 0, 0, 0, 9, 0x81, 0x00, 0, 7, 0x08, 0x00, 0x46, 0, 0, 42, 0, 1, 0x20, 0, 64, 17, 0, 0,
      10, 0, 0, 1, 10, 0, 0, 2, 1, 1, 1, 1, 0, 80, 0, 81, 0, 18, 0, 0 },
    { 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 2, 0, 0, 0, 0, 9, 0x86, 0xdd, 0x60, 0, 0, 0, 0, 20, 6, 64, 1, 2, 3 },
    { 1, 0x80, 0xc2, 0, 0, 1, 2, 0, 0, 0, 0, 9, 0x88, 0x08, 0, 1, 0xff, 0xff },
    { 1, 0x80, 0xc2, 0, 0, 1, 2, 0, 0, 0, 0, 9, 0x88, 0x08, 1, 1, 0, 0xff, 0, 9, 0, 8, 0, 7, 0, 6, 0, 5, 0, 4, 0, 3, 0, 2 },
    { 1, 0, 0x5e, 1, 2, 3, 2, 0, 0, 0, 0, 9, 0x00, 0x20, 0xaa, 0xaa, 3, 0, 0, 0, 8, 0, 0x45 },
};

static struct packet *any_frame(void)
{
    if (one_in(3))
        return nic_rig_frame(&rig, nic_rig_mac, one_in(2) ? IPPROTO_TCP_ : IPPROTO_UDP_, (uint16_t)roll(65536),
                             60 + roll(one_in(5) ? 9000 : 1460));
    struct packet *p = packet_new(rig.pool, engine_now(rig.engine));
    uint32_t len = one_in(6) ? roll(FRAME_BYTES_MAX) : one_in(4) ? roll(64) : 60 + roll(1460);
    const uint8_t *head = heads[roll(sizeof heads / sizeof *heads)];
    memset(frame, (int)roll(256), len);
    memcpy(frame, head, len < sizeof *heads ? len : sizeof *heads);
    for (uint32_t damage = one_in(2) ? 0 : roll(4); damage > 0 && len > 0; damage--)
        frame[roll(len < 64 ? len : 64)] = (uint8_t)roll(256);
    packet_write(p, frame, len);
    if (one_in(20)) p->flags |= PACKET_FCS_BAD;
    return p;
}

static void receive(void)
{
    uint32_t n = one_in(6) ? roll(200) : roll(8);
    for (frames += n; n > 0; n--) {
        if (one_in(2))
            link_send(in, any_frame());
        else
            nic_receive(rig.nic, any_frame());
    }
}

/* -- the machine around -------------------------------------------------------------------------------------------- */

static void message(void *owner)
{
    struct nic_vector *v = owner;
    v->r->messages[v->number]++;
    if (one_in(3)) get(NIC_OFFSET(EICR, 0));
    if (one_in(3)) put(NIC_OFFSET(EIMS, 0), any32());
}

static void set_vectors(void)
{
    for (uint32_t n = roll(4) + 1; n > 0; n--) {
        int v = (int)roll(NIC_VECTORS);
        nic_set_vector(rig.nic, v, one_in(2) ? message : NULL, &rig.vector[v]);
    }
}

static void change_mappings(void)
{
    uint32_t i = roll(BOUND);
    if (bound_packet[i]) {
        packet_deliver(rig.pool, memory_unbind(rig.memory, bound[i]));
        bound_packet[i] = NULL;
    } else {
        bound_packet[i] = nic_rig_frame(&rig, nic_rig_mac, IPPROTO_TCP_, 1, 60 + roll(one_in(3) ? 60000 : 1460));
        bound[i] = memory_bind(rig.memory, bound_packet[i]);
    }
    if (!one_in(3)) return;
    if (foreign) {
        memory_unmap_foreign(rig.memory, foreign_address);
        free(foreign);
        foreign = NULL;
    } else {
        foreign = calloc(1, FOREIGN_BYTES);
        SIM_ASSERT(foreign && memory_map_foreign(rig.memory, foreign_address, FOREIGN_BYTES, foreign));
    }
}

static void take_frames(void)
{
    for (uint32_t n = roll(SLOTS); n > 0; n--) {
        uint32_t got;
        struct packet *p = memory_take_frame(rig.memory, slots + (uint64_t)roll(SLOTS) * SLOT_BYTES, &got);
        if (p) packet_deliver(rig.pool, p);
    }
}

static void change_wire(void)
{
    switch (roll(4)) {
    case 0: nic_set_wire(rig.nic, NULL); break;
    case 1: link_set_up(rig.wire, one_in(2)); break;
    default:
        link_set_up(rig.wire, true);
        nic_set_wire(rig.nic, rig.wire);
        break;
    }
}

static void pass_time(void)
{
    uint64_t before = engine_view(rig.engine)->events;
    int64_t ns = (int64_t)roll(1u << roll(20)) + 1;
    nic_rig_run_ns(&rig, ns);
    SIM_ASSERT(engine_view(rig.engine)->events - before < EVENTS_BASE + (uint64_t)ns);
}

static void one_step(void)
{
    switch (roll(24)) {
    case 0: touch_row(); break;
    case 1: configure_receive(); break;
    case 2: configure_interrupts(); break;
    case 3: set_up_ring(true, roll(one_in(4) ? NIC_TX_QUEUES : 3)); break;
    case 4: set_up_ring(false, roll(one_in(4) ? NIC_RX_QUEUES : 3)); break;
    case 5: case 6: case 7: write_descriptors(); break;
    case 8: case 9: case 10: move_tail(); break;
    case 11: case 12: case 13: receive(); break;
    case 14: set_vectors(); break;
    case 15: change_mappings(); break;
    case 16: take_frames(); break;
    case 17:
        if (one_in(4)) change_wire();
        break;
    case 18:
        if (one_in(6)) put(OFFSET_CTRL, one_in(2) ? NIC_MASK(CTRL_RST) : any32());
        break;
    case 19: case 20: pass_time(); break;
    default: touch_registers(); break;
    }
}

/* -- a run --------------------------------------------------------------------------------------------------------- */

static uint64_t held_in_bindings(const void *owner)
{
    uint64_t n = 0;
    (void)owner;
    for (int i = 0; i < BOUND; i++) n += bound_packet[i] != NULL;
    return n;
}

static uint64_t held_in_link(const void *owner)
{
    (void)owner;
    return 0; /* the link counts its own */
}

static void begin(void)
{
    nic_rig_init(&rig, NULL);
    rig.discard = true;
    rng = rng_create(seed, "fuzz_nic");
    in = link_create(rig.engine, NULL, rig.pool, &(struct link_config){ "in", sim_gbps(10), sim_ns(50), 1 << 20 });
    link_connect(in, (struct packet_sink){ nic_receive, rig.nic });
    rings = memory_map_bytes(rig.memory, RINGS_BYTES, 0, &rings_view);
    bytes = memory_map_bytes(rig.memory, BYTES_BYTES, 0, &(uint8_t *){ NULL });
    slots = memory_map_buffers(rig.memory, SLOTS, SLOT_BYTES, 0);
    packet_pool_add_holder(rig.pool, held_in_bindings, NULL);
    packet_pool_add_holder(rig.pool, held_in_link, NULL);
    for (int v = 0; v < NIC_VECTORS; v++) nic_set_vector(rig.nic, v, message, &rig.vector[v]);
    for (int i = 0; i < 4; i++) change_mappings();
}

/* The card after a reset is a new card: reset values, a frame in, a frame out. */
static void check_recovery(void)
{
    for (int v = 0; v < NIC_VECTORS; v++) nic_set_vector(rig.nic, v, NULL, NULL);
    link_set_up(rig.wire, true);
    nic_set_wire(rig.nic, rig.wire);
    nic_rig_run_ns(&rig, 20000000); /* what is on the wires arrives */
    put(OFFSET_CTRL, NIC_MASK(CTRL_RST));
    nic_rig_run_ns(&rig, 20000000);
    packet_pool_check(rig.pool);
    for (unsigned r = 0; r < N_NIC82598_REGS; r++) {
        const struct nic_reg_info *info = nic_reg_info((enum nic82598_reg)r);
        bool own = r == REG_RAL || r == REG_RAH || r == REG_STATUS || r == REG_LINKS || r == REG_FRTIMER || r == REG_EICR;
        for (uint32_t i = own; i < info->count; i++)
            SIM_ASSERT(nic_reg_peek(rig.nic, info->offset + i * info->stride) == info->reset);
    }
    uint64_t before_in = nic_counter(rig.nic, NIC_rx_packets), before_out = rig.n_sent;
    nic_rig_rx_start(&rig, 2, false);
    struct nic_ring rx = nic_rig_rx(&rig, 0, 64, 8, 2, true, 0), tx = nic_rig_tx(&rig, 0, 64, 0);
    nic_receive(rig.nic, nic_rig_frame(&rig, nic_rig_mac, IPPROTO_UDP_, 1, 200));
    tx.desc[0] = (struct nic_desc){ { bytes, 100 | 0x0bull << 24 } };
    put(NIC_OFFSET(TDT, 0), 1);
    nic_rig_run_ns(&rig, 20000000);
    SIM_ASSERT(nic_counter(rig.nic, NIC_rx_packets) == before_in + 1 && rx.desc[0].q[1] & 1);
    SIM_ASSERT(rig.n_sent == before_out + 1 && tx.desc[0].q[1] >> 32 & 1);
}

static void end(void)
{
    nic_counter(rig.nic, NIC_rx_packets);
    for (int i = 0; i < BOUND; i++)
        if (bound_packet[i]) packet_deliver(rig.pool, memory_unbind(rig.memory, bound[i]));
    memset(bound_packet, 0, sizeof bound_packet);
    memset(bound, 0, sizeof bound);
    packet_pool_check(rig.pool);
    digest ^= nic_counter(rig.nic, NIC_rx_packets) + rig.n_sent * 31;
    link_destroy(in);
    nic_rig_fini(&rig);
    free(foreign);
    foreign = NULL;
    rng_destroy(rng);
}

int main(int argc, char **argv)
{
    uint64_t runs = argc > 1 ? strtoull(argv[1], NULL, 10) : 1000, first = argc > 2 ? strtoull(argv[2], NULL, 10) : 1;
    uint64_t steps = argc > 3 ? strtoull(argv[3], NULL, 10) : STEPS;
    char replay[64];

    watch();
    for (uint64_t i = 0; i < runs; i++) {
        seed = first + i;
        step = 0;
        snprintf(replay, sizeof replay, "fuzz_nic 1 %" PRIu64, seed);
        watch_run();
        begin();
        sim_replay_set(&(struct sim_replay){ &engine_view(rig.engine)->now, &engine_view(rig.engine)->running, seed,
                                             replay });
        for (step = 1; step <= steps; step++) {
            one_step();
            if (step % CHECK_EVERY == 0) packet_pool_check(rig.pool);
        }
        check_recovery();
        sim_replay_set(NULL);
        end();
    }
    printf("%" PRIu64 " runs from seed %" PRIu64 ", %" PRIu64 " register accesses, %" PRIu64 " frames in: nothing found "
           "(%016" PRIx64 ")\n", runs, first, accesses, frames, digest);
    return 0;
}
