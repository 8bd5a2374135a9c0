/* SPDX-License-Identifier: GPL-3.0-or-later
 * membus.h -- what carries a machine's data: front-side buses, memory, links between sockets, each of limited bandwidth.
 *
 * Everyone who shares a carrier takes turns with the others, so nobody is later than if all of them wanted it: a socket's
 * CPUs on its bus; the sockets and the devices, together one, at a memory.  What that grants before its booked time is
 * taken from those who ask later.
 *
 * Cache lines are collected, and booked in the calendars (calendar.h) 4 KiB at a time, what devices move 2 KiB at a time:
 * whoever moves the last of them waits for all.  A copy is booked at once, with the lines before it.  Everything is
 * counted per carrier, kind "memory": NAME/bus0, NAME/chipset or NAME/node0, NAME/link0-1. */
#ifndef SIM_MACHINE_MEMBUS_H
#define SIM_MACHINE_MEMBUS_H

#include "core/stats.h"
#include "machine/calendar.h"
#include "machine/cost.h"

struct membus;

#define MEMBUS_COUNTERS(X) \
    X(copy_bytes)      /* moved by copies between user and kernel */ \
    X(line_bytes)      /* by cache lines fetched from memory or from another cache */ \
    X(dma_read_bytes)  /* read by devices */ \
    X(dma_write_bytes) /* written by devices */ \
    X(wait_ps)         /* CPUs stood still for it */ \
    X(dma_wait_ps)     /* devices' transfers were late for it */ \
    X(busy_ps)         /* what its bytes take at its bandwidth */

enum membus_counter {
#define X(name) MEMBUS_##name,
    MEMBUS_COUNTERS(X)
#undef X
    N_MEMBUS_COUNTERS
};

enum {
    MEMBUS_LINE_BYTES = 64,
    MEMBUS_COLLECT_BYTES = 4096, /* CPUs' lines: as much is booked */
    MEMBUS_DEVICE_BYTES = 2048,  /* the same of devices, whose next transfer waits behind it */
    MEMBUS_LITTLE_BYTES = 2048,  /* less than this of a carrier is left to what comes next */
};

/* NULL when nothing is limited: 'bandwidth_Bps' of a cost_table.  A chipset has one memory, the others one per socket. */
struct membus *membus_create(const struct engine *engine, struct stats *stats, const char *name, int sockets,
                             int cpus_per_socket, const int64_t bandwidth_Bps[N_COST_BANDWIDTHS]);
void membus_destroy(struct membus *b); /* NULL is allowed */

/* A CPU of 'socket' moves 'bytes' > 0 from 'place', which is not its cache, into that, counted as 'kind' (copies or
 * lines).  'from': the socket of the CPU that had them, or the node whose memory they are in.  True: it is time for
 * membus_settle(). */
bool membus_fetch(struct membus *b, enum membus_counter kind, enum cost_place place, int socket, int from, int64_t bytes);
/* A CPU of 'socket' writes 'bytes' to the memory of 'node'. */
void membus_write_back(struct membus *b, enum membus_counter kind, int socket, int node, int64_t bytes);
/* Books what was collected: the copy, as moved during ['from_ps', 'from_ps' + 'over_ps'), and lines as if after it.
 * Returns by how many picoseconds the CPU is done later than that. */
int64_t membus_settle(struct membus *b, int64_t from_ps, int64_t over_ps);

/* A device's transfer of 'bytes' to or from the memory of 'node', 'kind' one of the two; returns as membus_settle(). */
int64_t membus_dma(struct membus *b, enum membus_counter kind, int node, int64_t bytes, int64_t from_ps, int64_t over_ps);

/* Brings line_bytes and busy_ps up to date. */
void membus_account(struct membus *b);

#endif
