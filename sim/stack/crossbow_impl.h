/* SPDX-License-Identifier: GPL-3.0-or-later
 * crossbow_impl.h -- what the two halves of the stack share: crossbow.c builds it and takes the driver's calls,
 * crossbow_host.c is the lanes' environment, port and client. */
#ifndef SIM_STACK_CROSSBOW_IMPL_H
#define SIM_STACK_CROSSBOW_IMPL_H

#include <stdlib.h>
#include <string.h>

#include "core/assert.h"
#include "lanes/mac.h"
#include "lanes/plan.h"
#include "lanes/tx.h"
#include "stack/crossbow.h"
#include "stack/squeue.h"

enum { RINGS_MAX = 64, LANES_PER_LINK_MAX = 17 };

struct crossbow;
struct datalink;
struct nic;

/* One environment: a lane's, a transmit side's or a device's. */
struct env {
    struct lane_env lane_env; /* must be first */
    struct crossbow *c;
    const char *name;
    uint32_t entity;          /* for traces */
    struct mutex **lock;
    struct worker *worker;    /* by thread number; thread NULL: not a machine thread */
    unsigned threads;
};

/* One thread of a lane or transmit side. */
struct worker {
    struct env *env;
    struct thread *thread;
    struct event timer;
    unsigned number;
    struct lane *lane;        /* or */
    struct lane_tx *tx;
    struct squeue_entrant entrant; /* a lane's */
};

/* A lane's TCP softring, which has a squeue (rule 7.8). */
struct tcp_ring {
    struct crossbow *c;
    struct lane *lane;
    unsigned set;
    struct squeue *squeue;
};

struct hosted_lane {
    struct env env;
    struct lane *lane;
    struct lane_cpus cpus;
    struct tcp_ring *tcp;     /* [cpus.fanout] */
    int ring;                 /* -1: software */
};

/* A link's transmit side on one ring. */
struct tx_side {
    struct env env;
    struct datalink *link;
    struct lane_tx *tx;
    unsigned index, ring;     /* among the link's, of the card */
    int cpu;                  /* of its worker and interrupt; LANE_CPU_NONE: any */
    struct lane_chain retry;  /* packets that met a lock whose owner was not running */
    struct thread *retry_thread;
};

struct datalink {
    struct crossbow *c;
    struct nic *nic;
    struct stack_link_config config;
    char *name;
    struct hosted_lane lane[LANES_PER_LINK_MAX]; /* 0: software; 1..: one per ring */
    int n_lanes;
    struct lane_client *client;
    struct tx_side *tx;       /* one per transmit ring */
    unsigned n_tx;
};

struct nic {
    struct lane_port port;    /* must be first */
    struct crossbow *c;
    struct stack_nic_config config;
    const struct netdev_limits *limits;
    char *name;
    struct env env;
    struct lane_mac *mac;
    struct lane *ring_lane[RINGS_MAX]; /* NULL: shared, classified in software */
    struct squeue_entrant intr[RINGS_MAX]; /* a ring's interrupt */
};

struct crossbow {
    struct stack stack;       /* must be first */
    struct crossbow_config config;
    struct machine *m;
    struct nic **nic;
    int n_nics;
    struct datalink **link;
    int n_links;
    int *cpus;
    struct lane_cpu_cursor cursor;
    uint64_t held;
};

static inline struct crossbow *crossbow_of(struct stack *s) { return (struct crossbow *)(void *)s; }
static inline struct env *env_of(struct lane_env *e) { return (struct env *)(void *)e; }
static inline struct nic *nic_of(struct lane_port *p) { return (struct nic *)(void *)p; }

/* The lanes' packet lives in the control block of ours. */
static inline struct lane_pkt *to_lane(struct packet *p) { return (struct lane_pkt *)(void *)p->cb; }
static inline struct packet *to_packet(struct lane_pkt *l)
{
    return (struct packet *)(void *)((uint8_t *)l - offsetof(struct packet, cb));
}
_Static_assert(sizeof(struct lane_pkt) <= PACKET_CB_BYTES, "a packet's control block holds a lane_pkt");

static inline struct lane_pkt *wrap(struct packet *p)
{
    struct lane_pkt *l = to_lane(p);
    *l = (struct lane_pkt){ .data = p->hdr, .len = p->len, .hdr_len = p->hdr_len };
    return l;
}

static inline char *copy_text(const char *text)
{
    char *copy = strdup(text);
    SIM_ASSERT(copy);
    return copy;
}

/* crossbow_host.c */
extern const struct lane_port_ops crossbow_port_ops;
extern const struct lane_client_ops crossbow_client_ops;
extern const struct lane_env_ops crossbow_env_ops;
/* What the squeue of a struct tcp_ring can do to its softring. */
enum step_result crossbow_blank(void *ring, bool on);
enum step_result crossbow_pull(void *ring, uint32_t *n);
step_fn crossbow_lane_step, crossbow_tx_step, crossbow_retry_step; /* bodies of machine threads */
event_fn crossbow_timer_fired;
sockets_transmit_fn crossbow_transmit;

static inline enum step_result as_step(enum lane_step_result r)
{
    return r == LANE_STEP_AGAIN ? STEP_AGAIN : r == LANE_STEP_SLEEP ? STEP_SLEEP : STEP_BLOCKED;
}

#endif
