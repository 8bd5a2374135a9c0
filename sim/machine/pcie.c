/* SPDX-License-Identifier: GPL-3.0-or-later
 * pcie.c -- a PCI Express port as two pipes, each with a time until which it is busy.
 *
 *   up    device to memory: write requests with data, read requests
 *   down  memory to device: completions with data, register writes
 *
 * Every transaction layer packet (TLP) costs its payload plus 24 bytes (framing 2, sequence 2, header 16, LCRC 4); 20
 * when the header has 12 bytes: completions, and requests below 4 GiB.  No write exceeds the maximum payload, no read
 * request the maximum read request, no completion the payload or its read completion boundary, and none crosses a 4 KiB
 * boundary (PCI Express Base 1.1, sections 2.2 and 2.3).  Data link packets (Ack, UpdateFC; section 3.5) take their
 * bytes from the pipe that they travel in, one pair per 'dllp_every' packets of the other.
 *
 * A read request that waits for a free place takes its bandwidth when it is asked for and not when it goes, so that it
 * never holds up a write; register writes take theirs from the down pipe without waiting behind data.  A register read
 * comes after the writes that its own CPU has made, and those of others that are known to be on the wire.  Left out:
 * credits of the receivers, replays, virtual channels, and reordering of reads to different nodes. */
#include "machine/pcie.h"

#include <stdlib.h>

#include "core/assert.h"
#include "machine/machine.h"
#include "machine/machine_impl.h"
#include "machine/membus.h"

enum { TLP_BYTES_64 = 24, TLP_BYTES_32 = 20, COMPLETION_BYTES = 20, DLLP_PAIR_BYTES = 16, REGISTER_BYTES = 4,
       PAGE_BYTES = 4096 };

#define PCIE_COUNTERS(X) X(reads) X(writes) X(read_bytes) X(write_bytes) X(up_ps) X(down_ps)
enum pcie_counter {
#define X(name) PCIE_##name,
    PCIE_COUNTERS(X)
#undef X
    N_PCIE_COUNTERS
};
static const char *const counter_names[N_PCIE_COUNTERS] = {
#define X(name) #name,
    PCIE_COUNTERS(X)
#undef X
};

struct pipe {
    int64_t busy_ps;           /* free from here on */
    uint32_t tlps;             /* since the last pair of DLLPs that answered them */
    enum pcie_counter used;
};

/* A register write: written by a CPU whose clock has not got there yet, or on the wire. */
struct posted {
    mmio_write_fn *fn;
    void *device;
    uint32_t offset, value;
    int64_t at_ps;             /* on the wire: reaches the device */
    uint32_t next;             /* of the free, or behind it on the wire; NONE: it is the last */
};
#define NONE UINT32_MAX

struct pcie {
    struct engine *engine;
    struct pcie_config config;
    int64_t ps_per_byte;
    uint32_t mps_shift, mrrs_shift, unit_shift; /* log2 of the payload, a request, and what one completion carries */
    uint32_t dllp_shift;       /* of config.dllp_every, when it is not 0 */
    struct pipe up, down;
    int64_t visible_ps;        /* of the last write: posted writes do not overtake each other */
    int64_t *read_done;        /* ring of config.reads_max: completion of the last reads */
    uint32_t read_next;
    struct event event;        /* the next register write arrives */
    struct posted *posted;     /* all of them, used and free */
    uint32_t n_posted, free;
    uint32_t head;             /* on the wire: the next to arrive, or NONE */
    uint64_t counter[N_PCIE_COUNTERS];
};

static void mmio_arrive(void *owner);

struct pcie_config pcie_config_gen1_x8(void)
{
    return (struct pcie_config){
        .lanes = 8, .gt_per_s = 2500000000, .mps_bytes = 128, .mrrs_bytes = 512, .rcb_bytes = 64, .reads_max = 16,
        .dllp_every = 4, .read_latency = sim_ns(800), .write_latency = sim_ns(300), .far_latency = sim_ns(0),
        .mmio_latency = sim_ns(300), .node = 0,
    };
}

static bool power_of_two(uint32_t n)
{
    return n > 0 && (n & (n - 1)) == 0;
}

static bool size_allowed(uint32_t bytes)
{
    return bytes >= 64 && bytes <= PAGE_BYTES && power_of_two(bytes);
}

struct pcie *pcie_create(struct engine *engine, struct stats *stats, const char *name, const struct pcie_config *c)
{
    struct pcie *p = calloc(1, sizeof *p);
    SIM_ASSERT(p && c->lanes > 0 && c->gt_per_s > 0 && c->reads_max > 0);
    SIM_ASSERT(size_allowed(c->mps_bytes) && size_allowed(c->mrrs_bytes) && size_allowed(c->rcb_bytes));
    SIM_ASSERT(c->dllp_every == 0 || power_of_two(c->dllp_every));
    p->engine = engine;
    p->config = *c;
    p->ps_per_byte = 10000000000000 / (c->gt_per_s * c->lanes); /* ten bits per byte on the wire: 8b/10b */
    SIM_ASSERT(p->ps_per_byte * c->gt_per_s * c->lanes == 10000000000000);
    p->mps_shift = (uint32_t)__builtin_ctz(c->mps_bytes);
    p->mrrs_shift = (uint32_t)__builtin_ctz(c->mrrs_bytes);
    p->unit_shift = (uint32_t)__builtin_ctz(c->rcb_bytes < c->mps_bytes ? c->rcb_bytes : c->mps_bytes);
    if (c->dllp_every > 0) p->dllp_shift = (uint32_t)__builtin_ctz(c->dllp_every);
    p->up.used = PCIE_up_ps;
    p->down.used = PCIE_down_ps;
    p->read_done = calloc(c->reads_max, sizeof *p->read_done);
    p->free = p->head = NONE;
    SIM_ASSERT(p->read_done);
    event_init(&p->event, engine_entity(engine, name), mmio_arrive, p);
    stats_register(stats, "pcie", name, counter_names, p->counter, N_PCIE_COUNTERS);
    return p;
}

void pcie_destroy(struct pcie *p)
{
    if (!p) return;
    engine_cancel(p->engine, &p->event);
    free(p->read_done);
    free(p->posted);
    free(p);
}

const struct pcie_config *pcie_config_of(const struct pcie *p)
{
    return &p->config;
}

/* -- bandwidth --------------------------------------------------------------------------------------------------- */

/* Takes 'bytes' of the pipe, not before 'from'; returns when the last has passed. */
static int64_t pipe_take(struct pcie *p, struct pipe *pipe, int64_t from_ps, int64_t bytes)
{
    int64_t took = bytes * p->ps_per_byte;

    if (pipe->busy_ps < from_ps) pipe->busy_ps = from_ps;
    pipe->busy_ps += took;
    p->counter[pipe->used] += (uint64_t)took;
    return pipe->busy_ps;
}

/* 'tlps' packets passed through 'pipe': their acknowledgements and credits go through 'other'. */
static void acknowledge(struct pcie *p, struct pipe *pipe, struct pipe *other, uint32_t tlps)
{
    if (p->config.dllp_every == 0) return;
    pipe->tlps += tlps;
    if (pipe->tlps < p->config.dllp_every) return;
    uint32_t pairs = pipe->tlps >> p->dllp_shift;
    pipe->tlps &= p->config.dllp_every - 1;
    pipe_take(p, other, engine_now(p->engine).ps, (int64_t)pairs * DLLP_PAIR_BYTES);
}

static int64_t request_bytes(uint64_t addr)
{
    return addr >> 32 ? TLP_BYTES_64 : TLP_BYTES_32;
}

/* How much of [addr, addr + bytes) lies in the first page. */
static uint32_t within_page(uint64_t addr, uint32_t bytes)
{
    uint32_t room = PAGE_BYTES - (uint32_t)(addr % PAGE_BYTES);
    return bytes < room ? bytes : room;
}

/* By how much memory is late with what would pass the pipe during ['from_ps', 'from_ps' + 'over_ps'): whole lines. */
static int64_t memory_late_ps(const struct pcie *p, enum membus_counter kind, uint64_t addr, uint32_t bytes, int node,
                              int64_t from_ps, int64_t over_ps)
{
    if (!p->config.memory) return 0;
    uint32_t lines = ((uint32_t)addr % MEMBUS_LINE_BYTES + bytes + MEMBUS_LINE_BYTES - 1) / MEMBUS_LINE_BYTES;
    return membus_dma(p->config.memory, kind, node, (int64_t)lines * MEMBUS_LINE_BYTES, from_ps, over_ps);
}

static int64_t far_ps(const struct pcie *p, int node)
{
    return node == p->config.node ? 0 : p->config.far_latency.ps;
}

sim_time pcie_dma_write(struct pcie *p, uint64_t addr, uint32_t bytes, int node)
{
    uint32_t first = within_page(addr, bytes); /* behind it come whole pages, then the rest */
    uint32_t tlps = ((first - 1) >> p->mps_shift) + 1 + ((bytes - first + p->config.mps_bytes - 1) >> p->mps_shift);

    SIM_ASSERT(bytes > 0);
    p->counter[PCIE_writes]++;
    p->counter[PCIE_write_bytes] += bytes;
    int64_t total = bytes + tlps * request_bytes(addr), took = total * p->ps_per_byte; /* regions do not cross 4 GiB */
    int64_t sent = pipe_take(p, &p->up, engine_now(p->engine).ps, total);
    acknowledge(p, &p->up, &p->down, tlps);
    sent += memory_late_ps(p, MEMBUS_dma_write_bytes, addr, bytes, node, sent - took, took);
    p->up.busy_ps = sent;
    int64_t visible = sent + p->config.write_latency.ps + far_ps(p, node);
    if (p->visible_ps < visible) p->visible_ps = visible;
    return (sim_time){ p->visible_ps };
}

/* Bytes of the completions of one request: cut at every multiple of the completion boundary. */
static int64_t completion_bytes(const struct pcie *p, uint64_t addr, uint32_t bytes, uint32_t *tlps)
{
    uint32_t n = (uint32_t)(((addr + bytes - 1) >> p->unit_shift) - (addr >> p->unit_shift)) + 1;

    *tlps += n;
    return (int64_t)bytes + (int64_t)n * COMPLETION_BYTES;
}

/* Requests under way: both pipes, and the place of the next among the last reads. */
struct reading {
    int64_t up, down, request_ps, latency;
    uint32_t next;
};

/* 'count' requests that differ in nothing; the completions of each take 'took'. */
static inline void request(struct pcie *p, struct reading *r, uint32_t count, int64_t took)
{
    struct reading s = *r;

    for (; count > 0; count--) {
        s.up += s.request_ps;
        int64_t free = p->read_done[s.next], sent = s.up < free ? free : s.up; /* waits for a place */
        if (s.down < sent + s.latency) s.down = sent + s.latency;
        s.down += took;
        p->read_done[s.next] = s.down;
        if (++s.next == p->config.reads_max) s.next = 0;
    }
    *r = s;
}

sim_time pcie_dma_read(struct pcie *p, uint64_t addr, uint32_t bytes, int node)
{
    int64_t now = engine_now(p->engine).ps, down_bytes = 0;
    struct reading r = { .up = p->up.busy_ps < now ? now : p->up.busy_ps, .down = p->down.busy_ps, .next = p->read_next,
                         .request_ps = request_bytes(addr) * p->ps_per_byte, /* regions do not cross 4 GiB */
                         .latency = p->config.read_latency.ps + far_ps(p, node) };
    uint32_t requests = 0, completions = 0, most = p->config.mrrs_bytes;

    SIM_ASSERT(bytes > 0);
    p->counter[PCIE_reads]++;
    p->counter[PCIE_read_bytes] += bytes;
    r.latency += memory_late_ps(p, MEMBUS_dma_read_bytes, addr, bytes, node, r.up, r.latency + bytes * p->ps_per_byte);
    for (uint32_t n, count; bytes > 0; addr += n * count, bytes -= n * count, requests += count) {
        uint32_t here = within_page(addr, bytes), each = 0;
        n = here < most ? here : most;
        count = here < most ? 1 : here >> p->mrrs_shift;
        int64_t whole = completion_bytes(p, addr, n, &each);
        completions += each * count;
        down_bytes += whole * count;
        request(p, &r, count, whole * p->ps_per_byte);
    }
    p->up.busy_ps = r.up;
    p->down.busy_ps = r.down;
    p->read_next = r.next;
    p->counter[PCIE_up_ps] += (uint64_t)(requests * r.request_ps);
    p->counter[PCIE_down_ps] += (uint64_t)(down_bytes * p->ps_per_byte);
    acknowledge(p, &p->up, &p->down, requests);
    acknowledge(p, &p->down, &p->up, completions);
    return (sim_time){ r.down };
}

sim_time pcie_up_free(const struct pcie *p)
{
    return sim_later((sim_time){ p->up.busy_ps }, engine_now(p->engine));
}

sim_time pcie_down_free(const struct pcie *p)
{
    sim_time data = { p->down.busy_ps - p->config.read_latency.ps }, place = { p->read_done[p->read_next] };
    return sim_later(sim_later(data, place), engine_now(p->engine));
}

/* -- registers --------------------------------------------------------------------------------------------------- */

__attribute__((cold, noinline)) static void posted_grow(struct pcie *p)
{
    uint32_t room = p->n_posted ? p->n_posted * 2 : 64;

    p->posted = realloc(p->posted, room * sizeof *p->posted);
    SIM_ASSERT(p->posted);
    for (uint32_t i = room; i-- > p->n_posted;) {
        p->posted[i].next = p->free;
        p->free = i;
    }
    p->n_posted = room;
}

static uint32_t posted_new(struct pcie *p)
{
    if (p->free == NONE) posted_grow(p);
    uint32_t i = p->free;
    p->free = p->posted[i].next;
    return i;
}

/* A write that is not on the wire, or not any more, reaches its device. */
static void deliver(struct pcie *p, uint32_t i)
{
    struct posted w = p->posted[i];

    p->posted[i].next = p->free;
    p->free = i;
    w.fn(w.device, w.offset, w.value);
}

static void deliver_oldest(struct pcie *p)
{
    uint32_t i = p->head;

    p->head = p->posted[i].next;
    deliver(p, i);
}

static void arm(struct pcie *p)
{
    if (p->head != NONE) engine_schedule(p->engine, &p->event, (sim_time){ p->posted[p->head].at_ps });
}

static void mmio_arrive(void *owner)
{
    struct pcie *p = owner;
    int64_t now = engine_now(p->engine).ps;

    while (p->head != NONE && p->posted[p->head].at_ps <= now) deliver_oldest(p);
    arm(p);
}

/* Onto the wire, in order of arrival. */
static void wire_put(struct pcie *p, uint32_t i)
{
    uint32_t *before = &p->head;

    while (*before != NONE && p->posted[*before].at_ps <= p->posted[i].at_ps) before = &p->posted[*before].next;
    p->posted[i].next = *before;
    *before = i;
    if (p->head == i) arm(p);
}

/* The CPU has got to its write at 'at', which is known at the latest when it reaches the device. */
static void post(void *owner, uint64_t index, sim_time at)
{
    struct pcie *p = owner;
    uint32_t i = (uint32_t)index;
    int64_t at_ps = sim_add(at, p->config.mmio_latency).ps;

    p->posted[i].at_ps = at_ps;
    pipe_take(p, &p->down, at.ps, TLP_BYTES_32 + REGISTER_BYTES);
    acknowledge(p, &p->down, &p->up, 1);
    if (at_ps > engine_now(p->engine).ps || (p->head != NONE && p->posted[p->head].at_ps <= at_ps))
        wire_put(p, i);
    else
        deliver(p, i);
}

void pcie_mmio_write(struct pcie *p, struct machine *m, mmio_write_fn *fn, void *device, uint32_t offset,
                     uint32_t value)
{
    uint32_t i = posted_new(p);

    p->posted[i] = (struct posted){ .fn = fn, .device = device, .offset = offset, .value = value };
    machine_charge(m, COST_MMIO_WRITE, 1);
    machine_defer_late(m, post, p, i, p->config.mmio_latency.ps);
}

uint32_t pcie_mmio_read(struct pcie *p, struct machine *m, mmio_read_fn *fn, void *device, uint32_t offset)
{
    step_flush(m, post, p);
    while (p->head != NONE) deliver_oldest(p);
    engine_cancel(p->engine, &p->event);
    machine_charge(m, COST_MMIO_READ, 1);
    sim_time now = engine_now(p->engine);
    pipe_take(p, &p->down, now.ps, TLP_BYTES_32);
    pipe_take(p, &p->up, now.ps, COMPLETION_BYTES + REGISTER_BYTES);
    return fn(device, offset);
}
