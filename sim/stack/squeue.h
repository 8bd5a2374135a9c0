/* SPDX-License-Identifier: GPL-3.0-or-later
 * squeue.h -- serialization queues ("squeues") of a machine whose sockets have the rule SOCKETS_SQUEUE.
 *
 * Every CPU has a squeue; every connection belongs to one for its life, and whatever is done to the connection is an
 * item on it: a received packet, written data to be sent, a timer, a close.  At most one thread or interrupt processes
 * a squeue.  Whoever enters one that nobody processes does it; whoever finds it being processed leaves the item and
 * goes on.
 *
 * An entrant is a thread or an interrupt that may do so.  Its step function says squeue_begin(), calls squeue_work()
 * until there is no squeue, does a bounded part of its own work, which may enter squeues, and says squeue_end():
 *
 *     own work: enter  ->  at that instant: nobody in it?  it is ours  ->  next step: squeue_work()
 *                                           somebody?      the item is left
 *
 * Source: OpenSolaris squeue.c and ip_squeue.c of before December 2008 (docs/stacks.md). */
#ifndef SIM_STACK_SQUEUE_H
#define SIM_STACK_SQUEUE_H

#include "stack/sockets.h"

struct squeue;

enum squeue_who { /* how long one may process: 20 ms, 10 ms, 10 ms (squeue_intrdrain_ms and its like) */
    SQUEUE_INTERRUPT, SQUEUE_WRITER, SQUEUE_WORKER,
};

/* Owned by whoever has the thread or interrupt, who looks at 'claimed' only. */
struct squeue_entrant {
    struct sockets *sockets;
    enum squeue_who who;
    struct thread *thread;      /* NULL: an interrupt, which returns STEP_AGAIN after entering */
    struct squeue *claimed;     /* squeues it processes; NULL: none */
    struct squeue *last;        /* entered last in this step */
};

void squeue_entrant_init(struct squeue_entrant *e, struct sockets *s, enum squeue_who who, struct thread *thread);
void squeue_begin(struct squeue_entrant *e);
void squeue_end(struct squeue_entrant *e);

enum squeue_result {
    SQUEUE_NONE,    /* it processes no squeue */
    SQUEUE_WORKED,  /* return STEP_AGAIN */
    SQUEUE_BLOCKED, /* a socket's lock was not entered: return STEP_BLOCKED */
};

/* A bounded part of the items of a squeue that 'e' processes; first thing in a step. */
enum squeue_result squeue_work(struct squeue_entrant *e);
static inline enum step_result squeue_step_result(enum squeue_result r)
{
    return r == SQUEUE_BLOCKED ? STEP_BLOCKED : STEP_AGAIN;
}

/* True when sockets_receive() of 'p' would enter another squeue than the one entered last in this step: an entrant
 * finishes with one before it enters the next. */
bool squeue_differs(struct squeue_entrant *e, struct packet *p);

/* The receive ring that interrupts 'cpu' can be told to interrupt less often: called in a step when a thread, not an
 * interrupt, begins on a backlog of more than 3 items of that CPU's squeue (mrf_blank). */
typedef void squeue_blank_fn(void *owner);
void squeue_bind_ring(struct sockets *s, int cpu, squeue_blank_fn *blank, void *owner);

/* Asserts the invariants; between events only. */
void squeue_check(const struct sockets *s);

/* Counters, kind "squeue", entity MACHINE/squeueN, N the CPU. */
#define SQUEUE_COUNTERS(X) \
    X(packets_intr)   /* items processed by interrupts */ \
    X(packets_other)  /* by application threads and soft rings */ \
    X(packets_worker) /* by the squeue's worker thread */ \
    X(queued)         /* items that found it being processed, or a queue */ \
    X(drains_intr)    /* times that an interrupt processed a queue, and so on */ \
    X(drains_other) \
    X(drains_worker) \
    X(left)           /* times that a queue was left to others: processed one item on another CPU */ \
    X(expired)        /* times that the limit of processing ended it */ \
    X(fires)          /* times that the worker's time-out fired and woke it */ \
    X(blanks)         /* times that the receive ring was blanked */ \
    X(items_max)      /* most items at a time, whole run */

#endif
