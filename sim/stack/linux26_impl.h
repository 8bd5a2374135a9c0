/* SPDX-License-Identifier: GPL-3.0-or-later
 * linux26_impl.h -- what the parts of the Linux stack share.
 *
 *     linux26.c          creation, affinities, the table of operations
 *     linux26_softirq.c  softirqs of a CPU: passes, limits, ksoftirqd
 *     linux26_napi.c     a receive ring: its interrupt, polling, interrupt intervals
 *     linux26_lro.c      merging received segments
 *     linux26_filter.c   the firewall
 *     linux26_qdisc.c    a transmit queue: its discipline, who sends, completions */
#ifndef SIM_STACK_LINUX26_IMPL_H
#define SIM_STACK_LINUX26_IMPL_H

#include "core/assert.h"
#include "core/rng.h"
#include "stack/backlog.h"
#include "stack/linux26.h"

enum {
    NAPI_WEIGHT = 64,            /* netif_napi_add() in ixgbe */
    NETDEV_BUDGET = 300,         /* packets per pass: sysctl net.core.netdev_budget */
    NETDEV_TICKS = 2,            /* jiffies per pass: net_rx_action() */
    SOFTIRQ_RESTARTS = 10,       /* passes in a row: MAX_SOFTIRQ_RESTART */
    TXQUEUELEN = 1000,
    LRO_FLOWS = 8, LRO_MERGED_MAX = 32, /* IXGBE_MAX_LRO_DESCRIPTORS, _AGGREGATE */
    LINUX26_VECTORS_MAX = 64,
};
#define JIFFY_PS INT64_C(1000000000) /* HZ = 1000, as Fedora built it */

enum softirq_bit { SOFTIRQ_TIMER = 1, SOFTIRQ_NET_TX = 2, SOFTIRQ_NET_RX = 4 };

enum {
#define X(name) SI_##name,
    SOFTIRQ_COUNTERS(X)
#undef X
    N_SI
};
enum {
#define X(name) QD_##name,
    QDISC_COUNTERS(X)
#undef X
    N_QD
};
enum {
#define X(name) LRO_##name,
    LRO_COUNTERS(X)
#undef X
    N_LRO
};

struct linux26;
struct softirq;

/* Segments of one flow that are being merged; parent NULL: none. */
struct lro_flow {
    struct packet *parent;       /* the first, which grows */
    uint32_t next_seq;
    uint32_t merged;             /* segments in it */
    bool timestamps;
};

enum itr_class { ITR_LOWEST, ITR_LOW, ITR_BULK };

/* A receive ring's context: struct napi_struct with ixgbe's q_vector. */
struct napi {
    struct nic26 *nic;
    int ring;                    /* and vector */
    uint32_t tx_rings;           /* bit per transmit ring with the same vector: reclaimed when polling */
    bool scheduled;              /* on a poll list, its vector disabled */
    struct napi *next;           /* on that list */
    uint32_t polled;             /* packets taken in this poll */
    bool dry;                    /* the ring gave fewer than asked */
    struct packet_queue fetched; /* taken and not handed up yet */
    struct lro_flow flow[LRO_FLOWS];
    uint64_t lro_counter[N_LRO];
    uint32_t packets, bytes;     /* since its last interrupt */
    enum itr_class itr;
    uint32_t eitr;               /* interrupts per second */
};

/* A transmit queue: struct netdev_queue with its pfifo_fast. */
struct qdisc {
    struct nic26 *nic;
    int ring;
    struct mutex *lock;          /* the root lock */
    struct touchable lines;
    struct packet_queue queue;
    struct softirq *runner;      /* the CPU that sends what is on it (__QDISC_STATE_RUNNING); NULL: none */
    struct qdisc *next_run;      /* among those that the CPU sends from */
    int64_t run_jiffy;           /* when it began to */
    bool stopped;                /* the ring is full */
    bool scheduled;              /* on a CPU's output queue */
    struct qdisc *next_output;
    uint64_t counter[N_QD];
};

enum { FLOW_BUCKETS = 1024 };

struct nic26 {
    struct linux26 *l;
    struct stack_nic_config config;
    struct stack_link_config link;
    char *name;
    struct napi *napi;           /* [rx_rings] */
    struct qdisc *qdisc;         /* [tx_rings] */
    int vector_cpu[LINUX26_VECTORS_MAX];
    uint8_t flow_queue[FLOW_BUCKETS]; /* transmit queue of a flow plus 1; 0: none yet */
};

/* The softirqs of a CPU. */
struct softirq {
    struct linux26 *l;
    int cpu;
    struct interrupt *soft;
    struct thread *ksoftirqd;
    unsigned pending;            /* raised */
    unsigned pass;               /* of the pass under way, still to do */
    bool active;                 /* in do_softirq(): between its first pass and its end */
    bool in_soft, in_thread;     /* a step of the soft interrupt, or of ksoftirqd, is under way */
    int restarts;                /* left */
    struct napi *poll, *poll_last; /* the poll list */
    struct napi *polling;        /* whose poll is under way; not on the list */
    int budget;                  /* left in this receive pass; < 0: it has not begun */
    int64_t limit_jiffy;
    struct qdisc *output;        /* to be run by the next NET_TX */
    struct qdisc *runs, *runs_last; /* it sends from */
    bool sent;                   /* the step has put a packet on a queue */
    uint64_t counter[N_SI];
};

struct filter;

struct linux26 {
    struct stack stack;          /* must be first */
    struct linux26_config config;
    struct machine *m;
    struct rng *rng;
    struct filter *filter;       /* NULL: none */
    struct softirq *softirq;     /* [CPUs] */
    struct nic26 **nic;
    int n_nics;
    uint64_t held;
};

static inline int64_t jiffies(const struct linux26 *l) { return machine_now(l->m).ps / JIFFY_PS; }
static inline struct softirq *this_softirq(const struct linux26 *l)
{
    return &l->softirq[machine_in_step(l->m) ? machine_current_cpu(l->m) : 0];
}

/* linux26_softirq.c */
void softirq_create(struct linux26 *l);
void softirq_destroy(struct linux26 *l);
void softirq_raise(struct softirq *q, unsigned bits);
void softirq_kick(struct softirq *q);             /* it has a queue to send from: at once, whatever the CPU does */

/* linux26_napi.c */
void napi_create(struct nic26 *n);
void napi_destroy(struct nic26 *n);
enum step_result napi_interrupt(struct napi *np); /* in the vector's handler */
void napi_schedule_tail(struct softirq *q, struct napi *np);
/* A bounded part of the poll q->polling; NULL afterwards when the poll is over. */
void napi_poll(struct softirq *q);
/* The interrupt rate's class after an interrupt that brought so much, and the rate that follows from the class. */
enum itr_class itr_next_class(enum itr_class was, uint32_t per_s, uint32_t packets, uint32_t bytes);
uint32_t itr_next_rate(uint32_t per_s, enum itr_class class);

/* linux26_lro.c: false: not taken, but what it follows was given up; 'up' is called with what is complete. */
typedef void lro_up_fn(struct napi *np, struct packet *p);
bool lro_receive(struct napi *np, struct packet *p, lro_up_fn *up);
void lro_flush(struct napi *np, lro_up_fn *up);
uint32_t lro_held(const struct napi *np);

/* linux26_filter.c: a packet received or to be sent passes; in a step. */
struct filter *filter_create(struct linux26 *l);
void filter_destroy(struct filter *f);
void filter_packet(struct filter *f, struct packet *p);

/* linux26_qdisc.c */
void qdisc_create(struct nic26 *n);
void qdisc_destroy(struct nic26 *n);
unsigned qdisc_transmit(void *datalink, struct packet *p); /* sockets_transmit_fn */
bool qdisc_has_room(void *datalink, unsigned queue);        /* sockets_room_fn */
void qdisc_schedule(struct qdisc *d, struct softirq *q);   /* __netif_schedule() */
void qdisc_output(struct softirq *q);                      /* NET_TX: net_tx_action() */
void qdisc_run(struct softirq *q);                         /* a bounded part of what q->runs has to send */
void qdisc_room(struct qdisc *d);                          /* the ring has room again; in a step */
enum step_result qdisc_completions(struct nic26 *n, int vector);

#endif
