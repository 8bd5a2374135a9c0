/* SPDX-License-Identifier: GPL-3.0-or-later
 * fuzz_card.h -- what the fuzz targets of all modelled cards share: a machine around a card, choices, places in memory,
 * register accesses by the card's list, frames of all kinds, and the loop over runs.
 *
 * Run i uses seed SEED + i, a card of its own, and STEPS steps.  After each step: a bounded number of events, and from time
 * to time every packet accounted for.  After the last the target brings the card back.  A failure prints the command that
 * repeats it. */
#ifndef TESTS_FUZZ_CARD_H
#define TESTS_FUZZ_CARD_H

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
#include "core/engine.h"
#include "core/rng.h"
#include "core/stats.h"
#include "machine/memory.h"
#include "machine/pcie.h"
#include "net/headers.h"
#include "net/link.h"
#include "net/packet.h"
#include "nicmodel/nic_regs.h"

enum {
    STEPS = 120, RINGS_BYTES = 65536, BYTES_BYTES = 65536, SLOTS = 64, SLOT_BYTES = 2048, FOREIGN_BYTES = 5000,
    BOUND = 4, FRAME_BYTES_MAX = 16500, HANG_SECONDS = 20, EVENTS_BASE = 20000, CHECK_EVERY = 16,
};
static const uint64_t foreign_address = 0x7000;
static const struct mac_addr fuzz_mac = { { 0x02, 0x98, 0x25, 0x00, 0x01, 0x00 } };

struct fuzz_desc { uint64_t q[2]; };

/* What a target is. */
struct fuzz_target {
    const char *name;            /* of the program */
    const struct reg_list *list;
    uint32_t control;            /* offset of the register that resets, written by steps of their own */
    uint32_t (*read)(void *nic, uint32_t offset);
    void (*write)(void *nic, uint32_t offset, uint32_t value);
    uint32_t (*peek)(void *nic, uint32_t offset);
    void (*receive)(void *nic, struct packet *p);
    void *(*create)(void);       /* the card, with its wire and interrupt, in the machine below */
    void (*destroy)(void);
    void (*step)(void);
    void (*recover)(void);       /* resets the card and checks that it works */
    uint64_t (*packets_in)(void);
};

/* The machine. */
static struct fuzz {
    const struct fuzz_target *t;
    void *nic;
    struct engine *engine;
    struct stats *stats;
    struct packet_pool *pool;
    struct memory *memory;
    struct pcie *pcie;
    struct link *wire, *in;      /* from the card, to the card */
    struct rng *rng;
    bus_addr rings, bytes, slots, bound[BOUND];
    uint8_t *rings_view;
    struct packet *bound_packet[BOUND];
    uint8_t *foreign;            /* exactly FOREIGN_BYTES of this process; NULL: not mapped now */
    uint64_t seed, step, accesses, frames, sent, digest;
} fz;

/* -- telling where it happened ------------------------------------------------------------------------------------- */

static inline void tell_place(void)
{
    fprintf(stderr, "%s: in step %" PRIu64 " of: %s 1 %" PRIu64 "\n", fz.t->name, fz.step, fz.t->name, fz.seed);
}

static inline void on_signal(int number)
{
    fprintf(stderr, "%s: %s\n", fz.t->name, number == SIGVTALRM ? "a step does not end" : "signal");
    tell_place();
    _exit(1);
}

static inline void watch(void)
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
static inline void watch_run(void)
{
    setitimer(ITIMER_VIRTUAL, &(struct itimerval){ .it_value = { HANG_SECONDS, 0 } }, NULL);
}

/* -- choices ------------------------------------------------------------------------------------------------------- */

static inline uint32_t roll(uint32_t n) { return rng_below(fz.rng, n); }
static inline bool one_in(uint32_t n) { return roll(n) == 0; }

static inline uint32_t any32(void)
{
    uint32_t v = (uint32_t)rng_u64(fz.rng);
    switch (roll(6)) {
    case 0: return 0;
    case 1: return UINT32_MAX;
    case 2: return 1u << (v & 31);
    case 3: return v >> (v & 31);
    default: return v;
    }
}

/* A bus address: in one of the regions, at its edges, or nowhere. */
static inline uint64_t any_address(void)
{
    switch (roll(12)) {
    case 0: return rng_u64(fz.rng);
    case 1: return 0;
    case 2: return UINT64_MAX - roll(64);
    case 3: return fz.rings + roll(RINGS_BYTES + 64);
    case 4: return fz.bytes + BYTES_BYTES - roll(3000);
    case 5: return foreign_address + roll(FOREIGN_BYTES + 100);
    case 6: return fz.slots + roll(SLOTS * SLOT_BYTES + 64);
    case 7: return fz.bound[roll(BOUND)] + (one_in(2) ? 0 : roll(2000));
    case 8: case 9: return fz.slots + (uint64_t)roll(SLOTS) * SLOT_BYTES;
    default: return fz.bytes + (uint64_t)roll(BYTES_BYTES / 2048) * 2048;
    }
}

/* -- registers ----------------------------------------------------------------------------------------------------- */

static inline void put(uint32_t offset, uint32_t value)
{
    fz.accesses++;
    fz.t->write(fz.nic, offset, value);
}

static inline void get(uint32_t offset)
{
    fz.accesses++;
    fz.digest = (fz.digest ^ fz.t->read(fz.nic, offset)) * 1099511628211u;
}

static inline uint32_t any_offset(void)
{
    const struct reg_list *l = fz.t->list;
    if (one_in(30)) return any32();
    if (one_in(15)) return roll(l->bar_bytes / 4) * 4;
    const struct nic_reg_info *info = &l->info[roll(l->rows)];
    uint32_t index = one_in(3) ? roll(info->count) : roll(info->count < 4 ? info->count : 4);
    return info->offset + index * info->stride;
}

/* What software could mean: what is there with a change, fields within their width, an address. */
static inline uint32_t any_value(uint32_t offset)
{
    unsigned row;
    size_t count;
    uint32_t value = fz.t->peek(fz.nic, offset);

    if (reg_list_find(fz.t->list, offset, &row, NULL) < 0 || one_in(4)) return any32();
    if (one_in(4)) return value ^ 1u << roll(32);
    if (one_in(10)) return (uint32_t)(any_address() >> (one_in(2) ? 32 : 0));
    const struct nic_field_info *f = reg_list_fields(fz.t->list, row, &count);
    for (size_t i = 0; i < count; i++) {
        if (one_in(2)) continue;
        uint32_t mask = (uint32_t)(((1ull << f[i].width) - 1) << f[i].low);
        value = (value & ~mask) | ((one_in(2) ? any32() : roll(4)) << f[i].low & mask);
    }
    return value;
}

static inline void touch_registers(void)
{
    for (uint32_t n = roll(8) + 1; n > 0; n--) {
        uint32_t offset = any_offset();
        if (offset == fz.t->control && !one_in(8)) continue; /* most resets are steps of their own */
        if (one_in(3))
            get(offset);
        else
            put(offset, any_value(offset));
    }
}

/* A whole row, as drivers do with statistics and tables. */
static inline void touch_row(void)
{
    const struct nic_reg_info *info = &fz.t->list->info[roll(fz.t->list->rows)];
    bool reading = one_in(2);
    if (info->offset == fz.t->control) return;
    for (uint32_t i = 0; i < info->count && i < 32; i++) {
        uint32_t offset = info->offset + i * info->stride;
        if (reading)
            get(offset);
        else
            put(offset, any_value(offset));
    }
}

/* -- descriptors --------------------------------------------------------------------------------------------------- */

static inline uint64_t legacy_descriptor(uint64_t *low)
{
    uint32_t len = one_in(6) ? roll(65536) : roll(1600);
    *low = any_address();
    return len | (uint64_t)roll(256) << 16 | (uint64_t)(roll(256) & ~0x20u) << 24 | (uint64_t)roll(256) << 40 |
           (uint64_t)roll(65536) << 48;
}

/* A bound packet, whole; its length, 0: there is none, or none that one descriptor can name. */
static inline uint32_t whole_packet(uint64_t *low)
{
    uint32_t i = roll(BOUND);
    if (!fz.bound_packet[i] || fz.bound_packet[i]->len > UINT16_MAX) return 0;
    *low = fz.bound[i];
    return fz.bound_packet[i]->len;
}

/* Fills a stretch of the rings; 'transmit' makes a transmit descriptor of the card's own formats. */
static inline void write_descriptors(uint64_t (*transmit)(uint64_t *low))
{
    struct fuzz_desc *d = (struct fuzz_desc *)(void *)fz.rings_view;
    uint32_t all = RINGS_BYTES / sizeof *d, at = roll(8) * 256, n = roll(64) + 1, kind = roll(6);

    if (one_in(8)) at = roll(all);
    for (; n > 0 && at < all; n--, at++) {
        switch (one_in(10) ? roll(6) : kind) {
        case 0: case 1: d[at] = (struct fuzz_desc){ { any_address(), one_in(4) ? 0 : any_address() } }; break; /* receive */
        case 2: case 3: d[at].q[1] = transmit(&d[at].q[0]); break;
        case 4: d[at].q[1] = legacy_descriptor(&d[at].q[0]); break;
        default: d[at] = (struct fuzz_desc){ { rng_u64(fz.rng), rng_u64(fz.rng) } }; break;
        }
    }
}

/* -- frames -------------------------------------------------------------------------------------------------------- */

static const uint8_t heads[][78] = {
    { 2, 0x98, 0x25, 0, 1, 0, 2, 0, 0, 0, 0, 9, 0x08, 0x00, 0x45, 0, 0, 46, 0, 1, 0, 0, 64, 6, 0, 0, 10, 0, 0, 1, 10, 0, 0,
      2, 0, 80, 0, 81, 0, 0, 0, 1, 0, 0, 0, 2, 0x50, 0x18, 1, 0, 0, 0, 0, 0 },
    { 2, 0x98, 0x25, 0, 1, 0, 2, 0, 0, 0, 0, 9, 0x81, 0x00, 0, 7, 0x08, 0x00, 0x46, 0, 0, 42, 0, 1, 0x20, 0, 64, 17, 0, 0,
      10, 0, 0, 1, 10, 0, 0, 2, 1, 1, 1, 1, 0, 80, 0, 81, 0, 18, 0, 0 },
    { 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 2, 0, 0, 0, 0, 9, 0x86, 0xdd, 0x60, 0, 0, 0, 0, 20, 6, 64, 1, 2, 3 },
    { 2, 0x98, 0x25, 0, 1, 0, 2, 0, 0, 0, 0, 9, 0x86, 0xdd, 0x60, 0, 0, 0, 0, 24, 60, 64, 1, 2, 3, [54] = 43, 1, 1, 2, 0, 0,
      0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 6, 0, 2, 0 },
    { 2, 0x98, 0x25, 0, 1, 0, 2, 0, 0, 0, 0, 9, 0x86, 0xdd, 0x60, 0, 0, 0, 0, 24, 60, 64, 4, 5, 6, [54] = 44, 2, 1, 2, 0, 0,
      0xc9, 16 },
    { 1, 0x80, 0xc2, 0, 0, 1, 2, 0, 0, 0, 0, 9, 0x88, 0x08, 0, 1, 0xff, 0xff },
    { 1, 0x80, 0xc2, 0, 0, 1, 2, 0, 0, 0, 0, 9, 0x88, 0x08, 1, 1, 0, 0xff, 0, 9, 0, 8, 0, 7, 0, 6, 0, 5, 0, 4, 0, 3, 0, 2 },
    { 1, 0, 0x5e, 1, 2, 3, 2, 0, 0, 0, 0, 9, 0x00, 0x20, 0xaa, 0xaa, 3, 0, 0, 0, 8, 0, 0x45, 0, 0, 38, 0, 1, 0, 0, 9, 6 },
};

static inline struct packet *good_frame(uint8_t protocol, uint32_t len)
{
    struct header_template t;
    struct packet *p = packet_new(fz.pool, engine_now(fz.engine));
    header_template_init(&t, &(struct header_spec){ .dst = fuzz_mac, .src = { { 2, 0, 0, 0, 0, 9 } },
        .vlan = one_in(4) ? (int)roll(4096) : -1, .flow = { 0x0a000002, roll(8), (uint16_t)roll(65536), 80, protocol } });
    uint32_t payload = len > t.bytes ? len - t.bytes : 0;
    if (protocol == IPPROTO_TCP_)
        headers_tcp(p, &t, &(struct tcp_fields){ .seq = 1, .flags = TCP_ACK }, payload);
    else
        headers_udp(p, &t, 1, payload);
    return p;
}

static inline struct packet *any_frame(void)
{
    static uint8_t frame[FRAME_BYTES_MAX];

    if (one_in(3)) return good_frame(one_in(2) ? IPPROTO_TCP_ : IPPROTO_UDP_, 60 + roll(one_in(5) ? 9000 : 1460));
    struct packet *p = packet_new(fz.pool, engine_now(fz.engine));
    uint32_t len = one_in(6) ? roll(FRAME_BYTES_MAX) : one_in(4) ? roll(64) : 60 + roll(1460);
    const uint8_t *head = heads[roll(sizeof heads / sizeof *heads)];
    memset(frame, (int)roll(256), len);
    memcpy(frame, head, len < sizeof *heads ? len : sizeof *heads);
    for (uint32_t damage = one_in(2) ? 0 : roll(4); damage > 0 && len > 0; damage--)
        frame[roll(len < 80 ? len : 80)] = (uint8_t)roll(256);
    packet_write(p, frame, len);
    if (one_in(20)) p->flags |= PACKET_FCS_BAD;
    if (one_in(20)) p->flags |= PACKET_RUNT;
    return p;
}

static inline void receive_some(void)
{
    uint32_t n = one_in(6) ? roll(200) : roll(8);
    for (fz.frames += n; n > 0; n--) {
        if (one_in(2))
            link_send(fz.in, any_frame());
        else
            fz.t->receive(fz.nic, any_frame());
    }
}

/* -- the machine around -------------------------------------------------------------------------------------------- */

static inline void change_mappings(void)
{
    uint32_t i = roll(BOUND);
    if (fz.bound_packet[i]) {
        packet_deliver(fz.pool, memory_unbind(fz.memory, fz.bound[i]));
        fz.bound_packet[i] = NULL;
    } else {
        fz.bound_packet[i] = good_frame(IPPROTO_TCP_, 60 + roll(one_in(3) ? 60000 : 1460));
        fz.bound[i] = memory_bind(fz.memory, fz.bound_packet[i]);
    }
    if (!one_in(3)) return;
    if (fz.foreign) {
        memory_unmap_foreign(fz.memory, foreign_address);
        free(fz.foreign);
        fz.foreign = NULL;
    } else {
        fz.foreign = calloc(1, FOREIGN_BYTES);
        SIM_ASSERT(fz.foreign && memory_map_foreign(fz.memory, foreign_address, FOREIGN_BYTES, fz.foreign));
    }
}

static inline void take_frames(void)
{
    for (uint32_t n = roll(SLOTS); n > 0; n--) {
        uint32_t got;
        struct packet *p = memory_take_frame(fz.memory, fz.slots + (uint64_t)roll(SLOTS) * SLOT_BYTES, &got);
        if (p) packet_deliver(fz.pool, p);
    }
}

static inline void run_ns(int64_t ns)
{
    engine_run(fz.engine, sim_add(engine_now(fz.engine), sim_ns(ns)));
}

static inline void pass_time(void)
{
    uint64_t before = engine_view(fz.engine)->events;
    int64_t ns = (int64_t)roll(1u << roll(20)) + 1;
    run_ns(ns);
    SIM_ASSERT(engine_view(fz.engine)->events - before < EVENTS_BASE + (uint64_t)ns);
}

static inline void frame_left(void *owner, struct packet *p)
{
    (void)owner;
    fz.sent++;
    packet_deliver(fz.pool, p);
}

static inline uint64_t held_in_bindings(const void *owner)
{
    uint64_t n = 0;
    (void)owner;
    for (int i = 0; i < BOUND; i++) n += fz.bound_packet[i] != NULL;
    return n;
}

/* -- runs ---------------------------------------------------------------------------------------------------------- */

static inline void fuzz_begin(void)
{
    struct pcie_config slot = pcie_config_gen1_x8();

    fz.rng = rng_create(fz.seed, fz.t->name);
    fz.engine = engine_create();
    fz.stats = stats_create();
    fz.pool = packet_pool_create();
    fz.memory = memory_create(fz.pool);
    fz.pcie = pcie_create(fz.engine, fz.stats, "slot", &slot);
    fz.wire = link_create(fz.engine, fz.stats, fz.pool, &(struct link_config){ "wire", sim_gbps(10), sim_ns(0), 16384 });
    fz.in = link_create(fz.engine, NULL, fz.pool, &(struct link_config){ "in", sim_gbps(10), sim_ns(50), 1 << 20 });
    fz.nic = fz.t->create();
    link_connect(fz.wire, (struct packet_sink){ frame_left, NULL });
    link_connect(fz.in, (struct packet_sink){ fz.t->receive, fz.nic });
    fz.rings = memory_map_bytes(fz.memory, RINGS_BYTES, 0, &fz.rings_view);
    fz.bytes = memory_map_bytes(fz.memory, BYTES_BYTES, 0, &(uint8_t *){ NULL });
    fz.slots = memory_map_buffers(fz.memory, SLOTS, SLOT_BYTES, 0);
    packet_pool_add_holder(fz.pool, held_in_bindings, NULL);
    for (int i = 0; i < 4; i++) change_mappings();
}

static inline void fuzz_end(void)
{
    for (int i = 0; i < BOUND; i++)
        if (fz.bound_packet[i]) packet_deliver(fz.pool, memory_unbind(fz.memory, fz.bound[i]));
    memset(fz.bound_packet, 0, sizeof fz.bound_packet);
    memset(fz.bound, 0, sizeof fz.bound);
    packet_pool_check(fz.pool);
    fz.digest ^= fz.t->packets_in() + fz.sent * 31;
    fz.t->destroy();
    link_destroy(fz.in);
    link_destroy(fz.wire);
    pcie_destroy(fz.pcie);
    memory_destroy(fz.memory);
    packet_pool_destroy(fz.pool);
    stats_destroy(fz.stats);
    engine_destroy(fz.engine);
    free(fz.foreign);
    fz.foreign = NULL;
    rng_destroy(fz.rng);
}

/* PROGRAM RUNS SEED [STEPS] */
static inline int fuzz_main(const struct fuzz_target *target, int argc, char **argv)
{
    uint64_t runs = argc > 1 ? strtoull(argv[1], NULL, 10) : 1000, first = argc > 2 ? strtoull(argv[2], NULL, 10) : 1;
    uint64_t steps = argc > 3 ? strtoull(argv[3], NULL, 10) : STEPS;
    char replay[64];

    fz.t = target;
    watch();
    for (uint64_t i = 0; i < runs; i++) {
        fz.seed = first + i;
        fz.step = 0;
        snprintf(replay, sizeof replay, "%s 1 %" PRIu64, target->name, fz.seed);
        watch_run();
        fuzz_begin();
        sim_replay_set(&(struct sim_replay){ &engine_view(fz.engine)->now, &engine_view(fz.engine)->running, fz.seed,
                                             replay });
        for (fz.step = 1; fz.step <= steps; fz.step++) {
            target->step();
            if (fz.step % CHECK_EVERY == 0) packet_pool_check(fz.pool);
        }
        target->recover();
        sim_replay_set(NULL);
        fuzz_end();
    }
    printf("%" PRIu64 " runs from seed %" PRIu64 ", %" PRIu64 " register accesses, %" PRIu64 " frames in: nothing found "
           "(%016" PRIx64 ")\n", runs, first, fz.accesses, fz.frames, fz.digest);
    return 0;
}

#endif
