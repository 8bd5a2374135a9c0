/* SPDX-License-Identifier: GPL-3.0-or-later
 * linux26.h -- Linux 2.6.27 to 2.6.29 on one machine: NAPI, softirqs, receive side scaling, queueing disciplines.
 *
 *     applications - sockets with backlogs - softirqs - NAPI - driver - the card
 *                                    \-- qdisc -- driver
 *
 * Every receive ring interrupts a CPU that nobody chose for it; a connection is received where the card's hash leads,
 * its application runs where the scheduler thinks best, and all CPUs send through the same transmit queue and its lock
 * (docs/stacks.md). */
#ifndef SIM_STACK_LINUX26_H
#define SIM_STACK_LINUX26_H

#include "machine/machine.h"
#include "stack/sockets.h"
#include "stack/stack.h"

enum linux26_affinity {
    LINUX26_RANDOM,  /* every vector interrupts a CPU drawn for this run */
    LINUX26_ALIGNED, /* vector N interrupts CPU N, modulo their number */
};

struct linux26_config {
    struct machine *machine;   /* with spin locks and the scheduler of this system */
    struct packet_pool *pool;
    struct stats *stats;
    struct sockets *sockets;   /* above, with the rule SOCKETS_BACKLOG; not owned */
    uint64_t seed;             /* of the affinities */
    enum linux26_affinity affinity;
    const int *cpus;           /* that vectors interrupt, in turn; NULL: by 'affinity' */
    unsigned cpu_count;
    bool flows_keep_queues;    /* of several transmit queues a flow keeps one; else each CPU sends to its own */
    bool lro;                  /* the driver merges received segments (inet_lro) */
    bool firewall;             /* every packet passes connection tracking and rules */
};

/* Owned by the caller, who goes on with stack.h. */
struct stack *linux26_create(const struct linux26_config *config);

/* Counters, kind "softirq", entity MACHINE/softirqN, N the CPU. */
#define SOFTIRQ_COUNTERS(X) \
    X(runs)          /* times that pending softirqs were begun with */ \
    X(restarts)      /* passes that followed because more had come */ \
    X(polls)         /* calls of a poll routine */ \
    X(packets)       /* packets that they took */ \
    X(full_polls)    /* of the polls, those that took their whole weight and go on */ \
    X(squeezed)      /* receive passes that ended with work left: budget used up, or time (time_squeeze) */ \
    X(ksoftirqd)     /* times that the rest was left to the CPU's ksoftirqd thread */ \
    X(ksoftirqd_steps) /* steps that it did of it */ \
    X(qdisc_packets) /* packets given to the driver by this CPU */ \
    X(itr_writes)    /* interrupt intervals changed */

/* Counters, kind "qdisc", entity MACHINE/NIC/qdiscN, N the transmit queue. */
#define QDISC_COUNTERS(X) \
    X(packets)       /* enqueued */ \
    X(bytes) \
    X(drops)         /* refused: txqueuelen were waiting */ \
    X(left)          /* of the packets, those left to a CPU that was sending already */ \
    X(requeues)      /* put back because the ring was full */ \
    X(resched)       /* times that a CPU stopped sending after a tick and scheduled the rest */ \
    X(waiting_max)   /* most packets waiting, whole run */

/* Counters, kind "lro", entity MACHINE/NIC/napiN, N the receive ring. */
#define LRO_COUNTERS(X) \
    X(segments)      /* taken into aggregates */ \
    X(aggregates)    /* given to the protocol */

#endif
