/* SPDX-License-Identifier: GPL-3.0-or-later
 * squeue.h -- serialization queues ("squeues") of a machine whose sockets have the rule SOCKETS_SQUEUE.
 *
 * Every CPU has a squeue, and with Crossbow so has every receive ring that IP is told of; every connection belongs to one
 * for its life, and whatever is done to the connection is an item on it: a received packet, written data to be sent, a
 * timer, a close.  At most one thread or interrupt processes a squeue.  Whoever enters one that nobody processes does it;
 * whoever finds it being processed leaves the item and goes on.
 *
 * An entrant is a thread or an interrupt that may do so.  Its step function says squeue_begin(), calls squeue_work()
 * until there is no squeue, does a bounded part of its own work, which may enter squeues, and says squeue_end(), which
 * begins with what has been entered:
 *
 *     own work: enter  ->  nobody in it?  it is ours  ->  squeue_end(), and squeue_work() in the next steps
 *                          somebody?      the item comes at its instant, and if that finds nobody: the next step
 *
 * Source: OpenSolaris squeue.c and ip_squeue.c of before December 2008, and those of after it (docs/stacks.md). */
#ifndef SIM_STACK_SQUEUE_H
#define SIM_STACK_SQUEUE_H

#include "stack/sockets.h"

struct squeue;

enum squeue_who { /* how long one may process, before Crossbow: 20 ms, 10 ms, 10 ms; with it 20 ms, the worker for ever */
    SQUEUE_INTERRUPT, SQUEUE_WRITER, SQUEUE_WORKER, SQUEUE_POLL,
};

/* Owned by whoever has the thread or interrupt, who looks at 'claimed' only. */
struct squeue_entrant {
    struct sockets *sockets;
    enum squeue_who who;
    struct thread *thread;      /* NULL: an interrupt, which returns STEP_AGAIN after entering */
    struct squeue *claimed;     /* squeues it processes; NULL: none */
    struct squeue *last;        /* entered last in this step */
    struct packet_queue chain;  /* received packets on their way into a squeue: they enter together, when the step ends */
    struct squeue *chain_to;
    bool chain_enters;          /* the step has ended, the instant is to come */
    bool took;                  /* in this step, a squeue that nobody processed */
    struct squeue *ring;        /* of the ring that it brings packets from: for connections to come.  NULL: the CPU's */
};

void squeue_entrant_init(struct squeue_entrant *e, struct sockets *s, enum squeue_who who, struct thread *thread);
void squeue_begin(struct squeue_entrant *e);
/* 'result' is that of the step's own work; returns that of the step. */
enum step_result squeue_end(struct squeue_entrant *e, enum step_result result);

enum squeue_result {
    SQUEUE_NONE,    /* it processes no squeue */
    SQUEUE_WORKED,  /* return STEP_AGAIN */
    SQUEUE_BLOCKED, /* a lock was not entered: return STEP_BLOCKED */
};

/* A bounded part of the items of a squeue that 'e' processes; first thing in a step. */
enum squeue_result squeue_work_on(struct squeue_entrant *e); /* there is one */
static inline enum squeue_result squeue_work(struct squeue_entrant *e)
{
    return e->claimed ? squeue_work_on(e) : SQUEUE_NONE;
}
static inline enum step_result squeue_step_result(enum squeue_result r)
{
    return r == SQUEUE_BLOCKED ? STEP_BLOCKED : STEP_AGAIN;
}

/* The squeue that sockets_receive() of 'p' would enter; NULL when that is another than its chain's or, without one, than
 * the one entered last in this step: an entrant finishes with one before it enters the next. */
struct squeue *squeue_find(struct squeue_entrant *e, struct packet *p);
/* Has the TCP packet 'p' received, for 'q' as squeue_find() returned it just now; whatever the time in the step is. */
void squeue_join(struct squeue_entrant *e, struct squeue *q, struct packet *p);

/* Who steps between squeue_begin() and squeue_end(); NULL: nobody. */
struct squeue_entrant *squeue_current(const struct sockets *s);

/* What a squeue can do to the receive ring that it belongs to; in a step. */
struct squeue_ring {
    /* Stops deliveries, or lets them go on.  AGAIN: refused, it is being delivered from; BLOCKED: cannot now. */
    enum step_result (*blank)(void *owner, bool on);
    /* While blanked: has what waits received, by sockets_receive(), and adds up how many packets.  BLOCKED: cannot now. */
    enum step_result (*pull)(void *owner, uint32_t *n);
    void *owner;
};
/* A squeue for a ring, with worker and poll thread on 'cpu' (or CPU_ANY) at 'priority'.  Owned by 's'. */
struct squeue *squeue_add_ring(struct sockets *s, const char *name, int cpu, int priority,
                               const struct squeue_ring *ring);

/* The receive ring that interrupts 'cpu' can be told to interrupt less often: called in a step when a thread, not an
 * interrupt, begins on a backlog of more than 3 items of that CPU's squeue (mrf_blank). */
typedef void squeue_blank_fn(void *owner);
void squeue_bind_ring(struct sockets *s, int cpu, squeue_blank_fn *blank, void *owner);

/* Asserts the invariants; between events only. */
void squeue_check(const struct sockets *s);

/* Counters, kind "squeue", entity MACHINE/squeueN, N the CPU, or MACHINE/NAME of a ring's. */
#define SQUEUE_COUNTERS(X) \
    X(packets_intr)   /* items processed by interrupts */ \
    X(packets_other)  /* by application threads, soft rings, threads of lanes */ \
    X(packets_worker) /* by the squeue's worker thread */ \
    X(packets_poll)   /* by its poll thread */ \
    X(queued)         /* items that found it being processed, or a queue */ \
    X(drains_intr)    /* times that an interrupt processed a queue, and so on */ \
    X(drains_other) \
    X(drains_worker) \
    X(drains_poll) \
    X(left)           /* times that a queue was left to others: processed one item on another CPU */ \
    X(expired)        /* times that the limit of processing ended it */ \
    X(fires)          /* times that the worker's time-out fired and woke it */ \
    X(blanks)         /* times that the receive ring was blanked */ \
    X(pulls)          /* times that the poll thread looked into the blanked ring */ \
    X(pulled)         /* packets that it found there */ \
    X(items_max)      /* most items at a time, whole run */

#endif
