/* SPDX-License-Identifier: GPL-3.0-or-later
 * membus.c -- which bytes pass where.
 *
 *   a chipset      cache -- bus of the socket -- chipset's memory       a line of another socket passes both buses
 *   own memories   cache -- node's memory                               another node's: its memory, the link
 *
 * On front-side buses a line that another cache has modified is written to memory as it is handed over (implicit
 * write-back), also between the two dies of a socket, which share only the bus.  A device's transfers take memory alone:
 * the chipset's filter knows which lines no cache has and asks no bus about them (Intel 5400 chipset: 24 MB, all
 * there is of second-level cache).  Left out: snoops for those that a cache has, and what waits below saturation. */
#include "machine/membus.h"

#include <stdio.h>
#include <stdlib.h>

#include "core/assert.h"

static const char *const counter_names[N_MEMBUS_COUNTERS] = {
#define X(name) #name,
    MEMBUS_COUNTERS(X)
#undef X
};

struct carrier {
    struct calendar calendar;
    int64_t moved[2];           /* by CPUs, not booked yet: [MEMBUS_copy_bytes], [MEMBUS_line_bytes] */
    int64_t cpus, devices;      /* of how many equal parts a CPU is sure of one, and the devices are */
    int64_t devices_ps;         /* when the devices' part is through with what they have asked for */
    int64_t devices_bytes;      /* that they have moved, not booked yet */
    int64_t booked;             /* bytes of CPUs */
    uint64_t counter[N_MEMBUS_COUNTERS];
    int64_t bytes_per_s;
    struct carrier *next;       /* of all */
};

struct membus {
    int sockets, cpus_per_socket;
    struct carrier **bus, **memory, **link; /* [socket], [node], [from * sockets + to] */
    struct carrier *chipset;
    struct carrier unlimited;   /* any of these that has no limit */
    struct carrier *all;
    int64_t collected;          /* bytes that CPUs have moved since membus_settle() was last called */
};

/* A carrier of 'users' that take turns, each for 'cpus_per_socket'; without limit when the bandwidth is 0. */
static struct carrier *make(struct membus *b, const struct engine *engine, struct stats *stats, const char *name,
                            int64_t bandwidth_Bps, int users)
{
    if (!bandwidth_Bps) return &b->unlimited;
    struct carrier *c = calloc(1, sizeof *c);
    SIM_ASSERT(c);
    calendar_init(&c->calendar, engine, bandwidth_Bps);
    c->bytes_per_s = bandwidth_Bps;
    stats_register(stats, "memory", name, counter_names, c->counter, N_MEMBUS_COUNTERS);
    c->cpus = users * b->cpus_per_socket;
    c->devices = users;
    c->next = b->all;
    b->all = c;
    return c;
}

struct membus *membus_create(const struct engine *engine, struct stats *stats, const char *name, int sockets,
                             int cpus_per_socket, const int64_t bandwidth_Bps[N_COST_BANDWIDTHS])
{
    const int64_t *rate = bandwidth_Bps;
    size_t n = (size_t)sockets;
    char part[256];

    if (!rate[COST_BUS] && !rate[COST_CHIPSET] && !rate[COST_NODE] && !rate[COST_LINK]) return NULL;
    struct membus *b = calloc(1, sizeof *b);
    SIM_ASSERT(b);
    b->sockets = sockets;
    b->cpus_per_socket = cpus_per_socket;
    b->bus = calloc(n, sizeof *b->bus);
    b->memory = calloc(n, sizeof *b->memory);
    b->link = calloc(n * n, sizeof *b->link);
    SIM_ASSERT(b->bus && b->memory && b->link);
    for (int i = 0; i < sockets; i++) {
        snprintf(part, sizeof part, "%s/bus%d", name, i);
        b->bus[i] = make(b, engine, stats, part, rate[COST_BUS], 1);
    }
    snprintf(part, sizeof part, "%s/chipset", name);
    b->chipset = make(b, engine, stats, part, rate[COST_CHIPSET], sockets + 1);
    for (int i = 0; i < sockets; i++) {
        snprintf(part, sizeof part, "%s/node%d", name, i);
        b->memory[i] = rate[COST_CHIPSET] ? b->chipset : make(b, engine, stats, part, rate[COST_NODE], sockets + 1);
    }
    for (int i = 0; i < sockets * sockets; i++) {
        snprintf(part, sizeof part, "%s/link%d-%d", name, i / sockets, i % sockets);
        b->link[i] = make(b, engine, stats, part, i / sockets == i % sockets ? 0 : rate[COST_LINK], 1);
    }
    return b;
}

void membus_destroy(struct membus *b)
{
    if (!b) return;
    while (b->all) {
        struct carrier *c = b->all;
        b->all = c->next;
        calendar_fini(&c->calendar);
        free(c);
    }
    free(b->bus);
    free(b->memory);
    free(b->link);
    free(b);
}

bool membus_fetch(struct membus *b, enum membus_counter kind, enum cost_place place, int socket, int from, int64_t bytes)
{
    b->bus[socket]->moved[kind] += bytes;
    if (from != socket) b->link[from * b->sockets + socket]->moved[kind] += bytes;
    if (place == COST_LINE_DRAM || place == COST_LINE_DRAM_FAR) {
        b->memory[from]->moved[kind] += bytes;
    } else {
        if (from != socket) b->bus[from]->moved[kind] += bytes;
        b->chipset->moved[kind] += bytes;
    }
    b->collected += bytes;
    return b->collected >= MEMBUS_COLLECT_BYTES;
}

void membus_write_back(struct membus *b, enum membus_counter kind, int socket, int node, int64_t bytes)
{
    b->bus[socket]->moved[kind] += bytes;
    b->memory[node]->moved[kind] += bytes;
    b->link[socket * b->sockets + node]->moved[kind] += bytes;
}

/* Time of 'bytes' for one who has one of 'parts' of the carrier. */
static int64_t part_ps(const struct carrier *c, int64_t parts, int64_t bytes)
{
    return calendar_time(&c->calendar, bytes) * parts;
}

int64_t membus_settle(struct membus *b, int64_t from_ps, int64_t over_ps)
{
    struct carrier *slowest = NULL;
    int64_t most = 0;

    for (struct carrier *c = b->all; c; c = c->next) {
        int64_t lines = c->moved[MEMBUS_line_bytes], copied = c->moved[MEMBUS_copy_bytes], bytes = copied + lines;
        c->counter[MEMBUS_copy_bytes] += (uint64_t)copied;
        c->moved[MEMBUS_copy_bytes] = 0;
        c->moved[MEMBUS_line_bytes] = bytes;
        if (bytes < MEMBUS_LITTLE_BYTES) continue;
        c->moved[MEMBUS_line_bytes] = 0;
        c->booked += bytes;
        int64_t time_ps = over_ps + part_ps(c, 1, lines); /* lines have had time of their own */
        int64_t late = calendar_take(&c->calendar, from_ps, time_ps, bytes);
        if (late <= most) continue;
        int64_t at_worst = part_ps(c, c->cpus, bytes) - time_ps;
        if (late > at_worst) late = at_worst;
        if (late <= most) continue;
        most = late;
        slowest = c;
    }
    b->collected = 0;
    if (slowest) slowest->counter[MEMBUS_wait_ps] += (uint64_t)most;
    return most;
}

/* What devices have moved and not booked is booked, as moved during ['from_ps', 'from_ps' + 'over_ps'). */
__attribute__((noinline)) static int64_t book_devices(struct carrier *c, int64_t from_ps, int64_t over_ps)
{
    int64_t bytes = c->devices_bytes, alone = part_ps(c, 1, bytes) + 1;

    c->devices_bytes = 0;
    if (over_ps < alone) over_ps = alone; /* the others have had time of their own */
    int64_t late = calendar_take(&c->calendar, from_ps, over_ps, bytes);
    if (late == 0) return 0;
    if (c->devices_ps < from_ps) c->devices_ps = from_ps;
    c->devices_ps += part_ps(c, c->devices, bytes);
    int64_t at_worst = c->devices_ps > from_ps + over_ps ? c->devices_ps - from_ps - over_ps : 0;
    if (late > at_worst) late = at_worst;
    c->counter[MEMBUS_dma_wait_ps] += (uint64_t)late;
    return late;
}

int64_t membus_dma(struct membus *b, enum membus_counter kind, int node, int64_t bytes, int64_t from_ps, int64_t over_ps)
{
    if ((uint32_t)node >= (uint32_t)b->sockets) return 0; /* there is no memory */
    struct carrier *c = b->memory[node];
    if (c == &b->unlimited) return 0;
    c->counter[kind] += (uint64_t)bytes;
    c->devices_bytes += bytes;
    return c->devices_bytes < MEMBUS_DEVICE_BYTES ? 0 : book_devices(c, from_ps, over_ps);
}

void membus_account(struct membus *b)
{
    for (struct carrier *c = b ? b->all : NULL; c; c = c->next) {
        uint64_t bytes = 0;
        c->counter[MEMBUS_line_bytes] = (uint64_t)(c->booked + c->moved[MEMBUS_line_bytes]) - c->counter[MEMBUS_copy_bytes];
        for (int k = MEMBUS_copy_bytes; k <= MEMBUS_dma_write_bytes; k++) bytes += c->counter[k];
        c->counter[MEMBUS_busy_ps] = (uint64_t)((sim_wide)bytes * 1000000000000 / c->bytes_per_s);
    }
}
