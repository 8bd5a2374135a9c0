/* SPDX-License-Identifier: GPL-3.0-or-later
 * cost.h -- what work costs: operations are counted in code and priced by a profile file; and what a machine's buses
 * and memory can carry.
 *
 * No cost is typed into code: a step says machine_charge(m, COST_X, n) and the profile (scenarios/profiles/NAME.yaml,
 * one entry per operation with value, unit, source and confidence) says how long n of them take. */
#ifndef SIM_MACHINE_COST_H
#define SIM_MACHINE_COST_H

#include <stdint.h>
#include <stdio.h>

#include "core/error.h"
#include "core/units.h"

/* One row per priced operation: NAME (key in the profile is its lower case), unit counted, meaning. */
#define COST_OPS(X) \
    X(INTR_ENTRY,        "interrupt",  "hardware interrupt, from acceptance to the handler's first instruction") \
    X(INTR_EXIT,         "interrupt",  "return from the handler, and the caches it displaced") \
    X(INTR_THREAD_BLOCK, "event",      "an interrupt that blocks and becomes a thread") \
    X(THREAD_WAKE,       "wake",       "making another thread runnable, at the waker") \
    X(CTX_SWITCH,        "switch",     "switching to another thread, at the CPU that switches") \
    X(MIGRATE,           "migration",  "cold caches of a thread that moved to another CPU") \
    X(MUTEX_ENTER,       "enter",      "taking and releasing a free mutex") \
    X(MUTEX_SPIN,        "spin",       "one failed first try, on top of the time waited") \
    X(SYSCALL,           "call",       "entering and leaving the kernel") \
    X(COPY_BYTE,         "byte",       "copying between user and kernel, data in cache or prefetched") \
    X(APP_CALL,          "call",       "the application's own work around one read or write") \
    X(WEB_WORK,          "unit",       "a part of a web server's own work on a request, of which a page takes some 20") \
    X(SOCK_WRITE,        "call",       "socket layer of one write") \
    X(SOCK_READ,         "call",       "socket layer of one read") \
    X(TCP_RX_DATA,       "segment",    "IP and TCP receive of a segment with data, to the socket buffer") \
    X(TCP_RX_ACK,        "segment",    "IP and TCP receive of a pure acknowledgement") \
    X(TCP_TX_SEGMENT,    "send",       "TCP and IP output of one segment or large send") \
    X(TCP_TX_ACK,        "segment",    "TCP and IP output of a pure acknowledgement") \
    X(UDP_RX,            "packet",     "IP and UDP receive of a datagram, to the socket") \
    X(UDP_TX,            "packet",     "IP and UDP output of a datagram, from the socket to the data link") \
    X(TCP_TIMER,         "expiry",     "a TCP timer that fires") \
    X(DRV_RX_POLL,       "call",       "driver receive call, fixed part") \
    X(DRV_RX_PACKET,     "packet",     "driver receive of one packet, to the chain") \
    X(DRV_RX_REFILL,     "buffer",     "giving one receive buffer back to the ring") \
    X(DRV_TX_CALL,       "call",       "driver transmit call, fixed part") \
    X(DRV_TX_PACKET,     "packet",     "driver transmit of one packet, binding its buffers") \
    X(DRV_TX_DESC,       "descriptor", "writing one transmit descriptor") \
    X(DRV_TX_RECYCLE,    "descriptor", "reclaiming one completed transmit descriptor") \
    X(DRV_INTR,          "interrupt",  "driver's part of an interrupt: cause, dispatch") \
    X(MMIO_READ,         "read",       "reading a device register: the CPU waits for the round trip") \
    X(MMIO_WRITE,        "write",      "posting a write to a device register, at the CPU") \
    X(MAC_RX_CLASSIFY,   "packet",     "software classification of one packet to a MAC client") \
    X(LANE_RX_CHAIN,     "chain",      "a lane's receive entry or poll, fixed part per chain") \
    X(LANE_RX_PACKET,    "packet",     "a lane's own work per packet: count, link, enqueue") \
    X(LANE_FANOUT,       "packet",     "parsing headers and hashing to a softring") \
    X(SOFTRING_ENQUEUE,  "chain",      "putting a sub-chain on a softring") \
    X(SOFTRING_DRAIN,    "chain",      "taking a softring's queue and calling the client") \
    X(MAC_TX,            "packet",     "MAC transmit entry to the driver call") \
    X(MAC_RX_CHAIN,      "chain",      "shared MAC layer's receive entry, fixed part per chain") \
    X(DLS_RX_PACKET,     "packet",     "data-link services: parsing a header, comparing it with the one before") \
    X(DLS_LOOKUP,        "sub-chain",  "data-link services: finding who receives, handing a sub-chain up") \
    X(SQUEUE_ENTER,      "entry",      "entering a serialization queue, or putting work on it") \
    X(SQUEUE_DRAIN,      "item",       "taking one item off a serialization queue") \
    X(TIMER_CALLOUT,     "expiry",     "clock interrupt's work for one callout") \
    X(SOFTIRQ,           "pass",       "one pass over the pending softirqs of a CPU") \
    X(NAPI_SCHEDULE,     "schedule",   "putting a receive context on its CPU's poll list, and taking it off") \
    X(NAPI_PACKET,       "packet",     "handing a received packet to its protocol: statistics, type, routing") \
    X(LRO_MERGE,         "packet",     "merging a received segment with the one before it") \
    X(SOCK_OWN,          "call",       "becoming the owner of a socket, and releasing it") \
    X(SOCK_BACKLOG,      "packet",     "leaving a packet to the owner of its socket") \
    X(CT_LOOKUP,         "packet",     "connection tracking: finding a packet's entry, and giving it back") \
    X(CT_TCP,            "packet",     "connection tracking: TCP state and window, under the lock of all TCP entries") \
    X(CT_REFRESH,        "packet",     "connection tracking: new time-out, under the lock of all entries") \
    X(FILTER_RULES,      "packet",     "walking a firewall's rules to the one that accepts") \
    X(QDISC_ENQUEUE,     "packet",     "choosing a transmit queue and putting a packet on its discipline") \
    X(QDISC_DEQUEUE,     "packet",     "taking a packet off it for the driver")

enum cost_op {
#define X(NAME, unit, meaning) COST_##NAME,
    COST_OPS(X)
#undef X
    N_COST_OPS
};

/* Prices of memory accesses, per cache line, and the machine's other constants, same file. */
#define COST_PLACES(X) \
    X(LINE_L2,        "line in this CPU's own cache") \
    X(LINE_SOCKET,    "line modified by another CPU of the same socket") \
    X(LINE_REMOTE,    "line modified by a CPU of another socket") \
    X(LINE_DRAM,      "line in memory of the own node (after device DMA or eviction)") \
    X(LINE_DRAM_FAR,  "line in memory of another node")

enum cost_place {
#define X(NAME, meaning) COST_##NAME,
    COST_PLACES(X)
#undef X
    N_COST_PLACES
};

/* What carries data between caches, memory and devices, and how fast at best: sustained, as measured, not as the clock and
 * width would have it.  A profile leaves out what its machine has not; that is then without limit. */
#define COST_BANDWIDTHS(X) \
    X(BUS,     "front-side bus of one socket") \
    X(CHIPSET, "memory behind a chipset, one for all sockets") \
    X(NODE,    "memory of one node, behind its socket's own controller") \
    X(LINK,    "from one socket to another, one direction")

enum cost_bandwidth {
#define X(NAME, meaning) COST_##NAME,
    COST_BANDWIDTHS(X)
#undef X
    N_COST_BANDWIDTHS
};

struct cost_entry {
    double value;          /* as in the file */
    char unit[16];         /* "cycles", "ns", "us", of a bandwidth "GB/s"; empty: a bandwidth that is not there */
    char *source;
    char confidence[8];    /* "H", "M", "R", "D", "P", "guess", "fitted": see docs/machine.md */
    double low, high;      /* bracket for sensitivity runs, same unit; low == high when none is given */
};

struct cost_profile {
    char *name, *notes;    /* notes NULL: none */
    int64_t clock_hz;      /* clock the cycles refer to; a machine may run faster or slower */
    struct cost_entry op[N_COST_OPS], place[N_COST_PLACES], bandwidth[N_COST_BANDWIDTHS];
};

/* Prices in femtoseconds per unit counted, for one machine's clock.  Cycles cost less on a faster clock; nanoseconds
 * do not. */
struct cost_table {
    int64_t op_fs[N_COST_OPS], place_fs[N_COST_PLACES];
    int64_t bandwidth_Bps[N_COST_BANDWIDTHS]; /* bytes per second; 0: without limit */
};

/* Reads a profile file, and the file of its 'base' beside it, whose entries it changes or leaves; bandwidths, if it gives
 * any, are all that its machine has.  Returns NULL after
 * adding every mistake found (missing, unknown, duplicate entries, wrong units, negative values) to 'errors'. */
struct cost_profile *cost_profile_load(const char *path, struct errors *errors);
void cost_profile_destroy(struct cost_profile *p);
struct cost_profile *cost_profile_copy(const struct cost_profile *p);

/* Writes the profile, every entry in it, so that cost_profile_load() gives it back. */
void cost_profile_write(const struct cost_profile *p, FILE *out);

void cost_table_fill(struct cost_table *t, const struct cost_profile *p, int64_t clock_hz);

/* The entry of that name; NULL when the profile has none. */
struct cost_entry *cost_profile_find(struct cost_profile *p, const char *entry);

const char *cost_op_name(enum cost_op op); /* lower case, as in the profile */
const char *cost_place_name(enum cost_place place);
const char *cost_bandwidth_name(enum cost_bandwidth bandwidth);

/* All that a profile may have an entry for: operations, places, bandwidths. */
enum { N_COST_ENTRIES = (int)N_COST_OPS + (int)N_COST_PLACES + (int)N_COST_BANDWIDTHS };
const char *cost_entry_name(int i);

#endif
