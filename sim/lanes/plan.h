/* SPDX-License-Identifier: Apache-2.0
 * plan.h -- how many softring sets a lane gets and which CPU each of its threads is bound to.
 *
 * Pure arithmetic: no load, cache or NUMA distance goes in. */
#ifndef LANE_PLAN_H
#define LANE_PLAN_H

#include <stdbool.h>
#include <stdint.h>

enum { LANE_PLAN_MAX_FANOUT = 24, LANE_PLAN_MAX_RINGS = 128, LANE_PLAN_MAX_CPUS = 126, LANE_CPU_NONE = -1 };

struct lane_fanout_request {
    uint32_t link_mbps;
    uint32_t maxbw_mbps;  /* 0: no limit */
    uint32_t cpu_mhz;
    unsigned hw_lanes;    /* lanes with a ring of their own */
    unsigned cpus;        /* on line, or in the pool */
    bool many_threads;    /* sun4v: slow threads, many of them */
    bool overlay;         /* a VNIC over an overlay device */
};
/* Softring sets per lane, 1..LANE_PLAN_MAX_FANOUT; more than 1 means fanout by hash. */
unsigned lane_plan_fanout(const struct lane_fanout_request *r);

/* Walks the CPUs that are on line; one per machine, shared by all links. */
struct lane_cpu_cursor {
    const int *cpus;
    unsigned count, next;
};
int lane_cpu_next(struct lane_cpu_cursor *c); /* LANE_CPU_NONE when there are no CPUs */

/* Where one lane's threads go.  The TCP, UDP and OTH softrings of a set share a CPU. */
struct lane_cpus {
    int poll, worker;
    int intr;                        /* LANE_CPU_NONE: stays where the system put it */
    unsigned fanout;                 /* softring sets */
    int soft[LANE_PLAN_MAX_FANOUT];  /* one per set */
};

/* Automatic placement of one lane: a CPU per softring set, then one for the poll thread; the worker shares the poll
 * thread's in latency mode, else takes one more.  Call for the software lane first, then for each hardware lane. */
void lane_plan_auto(struct lane_cpus *out, struct lane_cpu_cursor *cursor, unsigned fanout, bool latency_optimize);

/* Placement by the user's list (the link property 'cpus'). */
struct lane_user_request {
    const int *cpus;          /* distinct */
    unsigned count;           /* 1..LANE_PLAN_MAX_CPUS */
    unsigned rx_lanes;        /* hardware lanes, or 1 for a software lane alone; 1..LANE_PLAN_MAX_RINGS */
    unsigned tx_rings;        /* transmit threads, 0..LANE_PLAN_MAX_RINGS */
    bool latency_optimize;
};
/* Fills rx[rx_lanes] and tx[tx_rings].  Returns the tier: 1 enough CPUs for separate poll and fanout CPUs, 2 one CPU
 * per lane, 3 round robin; -1 when the request is out of range.  The software lane beside hardware lanes takes
 * rx[0]'s CPUs. */
int lane_plan_user(const struct lane_user_request *r, struct lane_cpus *rx, int *tx);

#endif
