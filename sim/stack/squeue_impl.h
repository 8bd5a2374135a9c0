/* SPDX-License-Identifier: GPL-3.0-or-later
 * squeue_impl.h -- the inside of squeues, shared by squeue.c, who processes one, and sockets_squeue.c, what is on them. */
#ifndef SIM_STACK_SQUEUE_IMPL_H
#define SIM_STACK_SQUEUE_IMPL_H

#include "stack/sockets_impl.h"
#include "stack/squeue.h"

enum {
#define X(name) SQ_##name,
    SQUEUE_COUNTERS(X)
#undef X
    N_SQ
};
/* What an entry and every item need comes first. */
struct squeue {
    struct sockets *s;
    struct squeue_entrant *owner;  /* who processes it; NULL: nobody */
    struct squeue *next_claimed;   /* by the same */
    struct packet_queue packets;
    struct socket *work, *work_last;
    uint32_t items;                /* of both kinds */
    int cpu;
    bool turn;                     /* which kind is next */
    bool fast;                     /* he brought its only item */
    bool fresh;                    /* and has not begun */
    bool busy;                     /* a step that processes items is under way */
    bool waiting;                  /* for the time-out */
    bool polling;                  /* the ring is stopped */
    bool looked;                   /* the poll thread has found nothing in it */
    bool ending;                   /* its owner's time is over */
    int64_t expires_ps;            /* when he stops */
    struct mutex *lock;
    struct touchable lines;
    uint64_t counter[N_SQ];
    struct squeue_ring ring;       /* with Crossbow; blank NULL: of no ring */
    squeue_blank_fn *blank;        /* before it */
    void *blank_owner;
    struct squeue_entrant worker;
    struct squeue_entrant poll;    /* a ring's */
    struct event timeout;
    struct squeue *next;
};

struct squeues {
    struct squeue **of_cpu;        /* [cpus] */
    struct squeue *all;            /* those, and the rings' */
    int cpus;
    struct squeue_entrant *current; /* whose step runs; NULL: nobody's */
    struct squeue *processed;      /* whose packet TCP has; NULL: none's */
    struct rng *rng;
};

/* Its worker is bound to 'cpu', or CPU_ANY. */
struct squeue *squeue_create(struct sockets *s, const char *own_name, int cpu, int priority);
/* 'e' processes it from now on / nobody does. */
void squeue_claim(struct squeue *q, struct squeue_entrant *e);
void squeue_release(struct squeue *q);
/* 'n' items have come, brought by 'e'; NULL: by nobody who could process them. */
void squeue_come(struct squeue *q, struct squeue_entrant *e, uint32_t n);
/* An effect: at the end of a step that processed items of 'squeue', on 'cpu'. */
void squeue_settle(void *squeue, uint64_t cpu);

#endif
