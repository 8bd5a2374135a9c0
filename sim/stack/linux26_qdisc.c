/* SPDX-License-Identifier: GPL-3.0-or-later
 * linux26_qdisc.c -- a transmit queue: pfifo_fast, its root lock, and whoever sends for all.
 *
 *   any CPU     root lock: enqueue; is somebody sending from it?   yes: leave it
 *                                                                  no:  send (__QDISC_STATE_RUNNING)
 *   the sender  root lock: dequeue -> driver, under the ring's lock (HARD_TX_LOCK) -> root lock: next ...
 *               until it is empty, the ring is full, or a tick has passed: then the rest is scheduled as NET_TX
 *
 * So one CPU at a time does the driver's work for all of them, and all meet at the root lock.  Who sends is decided by a
 * deferred effect, at the instant of the enqueue, and done by the soft interrupt of that CPU, at that instant or, in a
 * softirq, in its next step.  A packet is put on the queue at once, so that a connection's packets keep their order.
 *
 * The card's completions are reclaimed in the hard interrupt of the vector that serves transmit rings, without a lock
 * (ixgbe_msix_clean_tx), or by the poll of a vector that serves both kinds.
 *
 * With several queues each CPU sends to its own, as drivers of this card's family had it from 2.6.32 on
 * (ixgbe_select_queue): a thread that has moved to another CPU may overtake what it sent before.  Or a flow keeps the one it
 * got, that of the CPU that sent its first packet: what kernels from 2.6.34 on do with the queue cached in the socket.
 *
 * Source: net/core/dev.c (dev_queue_xmit, net_tx_action), net/sched/sch_generic.c of 2.6.27.  Left out: bands (no packet
 * here has a type of service); need_resched (only ticks end a run).  TCP does not
 * send new data into a full queue: there the drop tells it, and it keeps the data and shrinks its window all the same. */
#include <stdio.h>
#include <stdlib.h>

#include "net/headers.h"
#include "stack/linux26_impl.h"

enum { RUN_PKTS = 8, QUEUE_LINES = 2 };

static const char *const names[] = {
#define X(name) #name,
    QDISC_COUNTERS(X)
#undef X
};

void qdisc_create(struct nic26 *n)
{
    int rings = n->config.dev->limits.tx_rings;
    n->qdisc = calloc((size_t)rings, sizeof *n->qdisc);
    SIM_ASSERT(n->qdisc);
    for (int i = 0; i < rings; i++) {
        struct qdisc *d = &n->qdisc[i];
        char name[512];
        d->nic = n;
        d->ring = i;
        snprintf(name, sizeof name, "%s/qdisc%d", n->name, i);
        d->lock = mutex_create(n->l->m, name);
        snprintf(name, sizeof name, "%s/%s/qdisc%d", machine_name(n->l->m), n->name, i);
        stats_register(n->l->config.stats, "qdisc", name, names, d->counter, N_QD);
    }
}

void qdisc_destroy(struct nic26 *n)
{
    free(n->qdisc);
}

static void root_lock(struct qdisc *d)
{
    bool entered = mutex_enter(d->lock);
    SIM_ASSERT(entered); /* a spin lock */
    machine_touch(d->nic->l->m, &d->lines, QUEUE_LINES);
}

/* -- who sends ----------------------------------------------------------------------------------------------------- */

static void claim(struct qdisc *d, struct softirq *q)
{
    SIM_ASSERT(!d->runner);
    d->runner = q;
    d->run_jiffy = jiffies(q->l);
    d->next_run = NULL;
    if (q->runs)
        q->runs_last->next_run = d;
    else
        q->runs = d;
    q->runs_last = d;
}

static bool may_run(const struct qdisc *d)
{
    return !d->runner && !d->stopped && d->queue.count > 0;
}

/* A packet was put on the queue by 'cpu'. */
static void come(void *owner, uint64_t cpu)
{
    struct qdisc *d = owner;
    struct softirq *q = &d->nic->l->softirq[cpu];
    if (d->runner && d->runner != q) d->counter[QD_left]++;
    if (!may_run(d)) return;
    claim(d, q);
    softirq_kick(q);
}

void qdisc_schedule(struct qdisc *d, struct softirq *q)
{
    if (!d->scheduled) {
        d->scheduled = true;
        d->next_output = q->output;
        q->output = d;
    }
    softirq_raise(q, SOFTIRQ_NET_TX);
}

void qdisc_output(struct softirq *q)
{
    while (q->output) {
        struct qdisc *d = q->output;
        q->output = d->next_output;
        d->scheduled = false;
        root_lock(d);
        mutex_exit(d->lock);
        if (may_run(d)) claim(d, q);
    }
}

/* The end of a step that sent from 'd'. */
static void settle(void *owner, uint64_t unused)
{
    struct qdisc *d = owner;
    struct softirq *q = d->runner;
    (void)unused;
    bool late = jiffies(q->l) != d->run_jiffy;
    if (!d->stopped && d->queue.count > 0 && !late) return;
    q->runs = d->next_run;
    d->runner = NULL;
    if (!may_run(d)) return;
    d->counter[QD_resched]++;
    qdisc_schedule(d, q);
}

/* One packet to the driver; false: the ring is full. */
static bool send_one(struct softirq *q, struct qdisc *d)
{
    struct machine *m = q->l->m;
    root_lock(d);
    machine_charge(m, COST_QDISC_DEQUEUE, 1);
    struct packet *p = packet_queue_pop(&d->queue);
    mutex_exit(d->lock);
    enum netdev_tx_result r = netdev_tx(d->nic->config.dev, d->ring, p);
    SIM_ASSERT(r != NETDEV_TX_BLOCKED);
    if (r == NETDEV_TX_OK) {
        q->l->held--;
        q->counter[SI_qdisc_packets]++;
        return true;
    }
    packet_queue_push_first(&d->queue, p);
    d->stopped = true;
    d->counter[QD_requeues]++;
    return false;
}

void qdisc_run(struct softirq *q)
{
    struct qdisc *d = q->runs;
    for (int n = 0; n < RUN_PKTS && d->queue.count > 0; n++)
        if (!send_one(q, d)) break;
    machine_defer(q->l->m, settle, d, 0);
}

/* -- the protocol's side ------------------------------------------------------------------------------------------- */

static uint32_t flow_bucket(const struct packet *p)
{
    uint32_t h = p->l4 ? get_be32(p->hdr + p->l3 + 12) ^ get_be32(p->hdr + p->l3 + 16) ^ get_be32(p->hdr + p->l4) : 0;
    return (h ^ h >> 10 ^ h >> 20) % FLOW_BUCKETS;
}

static struct qdisc *choose(struct nic26 *n, const struct packet *p)
{
    int rings = n->config.dev->limits.tx_rings, own = this_softirq(n->l)->cpu % rings;
    if (rings == 1 || !n->l->config.flows_keep_queues) return &n->qdisc[own];
    uint8_t *queue = &n->flow_queue[flow_bucket(p)];
    if (*queue == 0) *queue = (uint8_t)(1 + own);
    return &n->qdisc[*queue - 1];
}

unsigned qdisc_transmit(void *datalink, struct packet *p)
{
    struct nic26 *n = datalink;
    struct linux26 *l = n->l;
    struct softirq *q = this_softirq(l);
    struct qdisc *d = choose(n, p);
    if (l->filter) filter_packet(l->filter, p);
    root_lock(d);
    machine_charge(l->m, COST_QDISC_ENQUEUE, 1);
    bool room = d->queue.count < TXQUEUELEN;
    if (room) {
        d->counter[QD_packets]++;
        d->counter[QD_bytes] += p->len;
        packet_queue_push(&d->queue, p);
        l->held++;
        if (d->queue.count > d->counter[QD_waiting_max]) d->counter[QD_waiting_max] = d->queue.count;
    } else {
        d->counter[QD_drops]++;
        packet_drop(l->config.pool, p, DROP_QDISC);
    }
    mutex_exit(d->lock);
    q->sent = true;
    if (room) machine_defer(l->m, come, d, (uint64_t)q->cpu);
    return (unsigned)d->ring;
}

bool qdisc_has_room(void *datalink, unsigned queue)
{
    const struct nic26 *n = datalink;
    return n->qdisc[queue].queue.count < TXQUEUELEN;
}

/* -- the driver's side --------------------------------------------------------------------------------------------- */

void qdisc_room(struct qdisc *d)
{
    d->stopped = false;
    qdisc_schedule(d, this_softirq(d->nic->l));
}

enum step_result qdisc_completions(struct nic26 *n, int vector)
{
    const struct netdev_limits *limits = &n->config.dev->limits;
    for (int t = 0; t < limits->tx_rings; t++)
        if (limits->tx_vector[t] == vector) netdev_tx_recycle(n->config.dev, t);
    return STEP_SLEEP;
}
