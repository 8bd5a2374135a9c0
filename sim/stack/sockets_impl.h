/* SPDX-License-Identifier: GPL-3.0-or-later
 * sockets_impl.h -- what the parts of the socket layer share.
 *
 *     sockets.c          creation, links, what TCP asks of its computer, connecting and listening
 *     sockets_udp.c      datagrams
 *     sockets_squeue.c   serialization queues per CPU, or per receive ring (gldv3, crossbow): what is on them,
 *     squeue.c           and who processes them
 *     sockets_backlog.c  owned by a system call, or locked by a softirq (linux26)
 *
 * A rule says who may enter a connection, and what happens to whoever may not: reading, writing, closing, received
 * segments and timers go through it. */
#ifndef SIM_STACK_SOCKETS_IMPL_H
#define SIM_STACK_SOCKETS_IMPL_H

#include <stdlib.h>
#include <string.h>

#include "core/assert.h"
#include "net/headers.h"
#include "stack/sockets.h"

enum { CONN_LINES = 4, PORTS = 65536 };

enum {
#define X(name) SOCKETS_##name,
    SOCKETS_COUNTERS(X)
#undef X
    N_SOCKETS_COUNTERS
};

struct squeue;
struct squeues;
struct backlogs;

struct task {
    struct task *next;
    struct thread *thread;
    struct sockets *owner;
};

/* What every packet and every call needs comes first. */
struct socket {
    struct sockets *owner;
    struct tcp_conn *conn;       /* NULL once TCP has let go of it */
    struct mutex *lock;          /* of the stream head, or the socket's spin lock */
    struct squeue *squeue;       /* of a connection on serialization queues */
    struct task *task;           /* woken on every change */
    struct touchable lines;
    struct touchable user;       /* the application's buffer */
    unsigned queue;              /* of the link, where its packets go */
    bool waiting;                /* for its link's transmit queue */
    bool closed;                 /* by the application */
    bool pending;                /* on the list of timers that are due */
    bool queued;                 /* among the squeue's sockets with work, or the task's */
    bool push;                   /* written data wait to be sent: with a squeue */
    bool timer;                  /* a TCP timer is due */
    bool closing;                /* close() has not been done yet */
    bool in_write, in_read;      /* the system call under way is already charged */
    bool copied;                 /* write(): so is the copy of this block */
    /* Connections that system calls own. */
    bool reader_waits;           /* its reader sleeps in read() and processes what comes */
    int owned;                   /* calls of a step that is under way */
    int cpu;                     /* that was in it last */
    struct packet_queue backlog; /* packets for the owner to process */
    struct socket *next_waiting, *next, *next_free, *next_pending, *next_work;
    struct datagram *datagram;   /* a UDP socket's: what its datagrams look like; else NULL */
};

struct listener {
    struct listener *next;
    struct sockets *owner;
    uint16_t port;
    accept_fn *accept;
    void *accept_owner;
};

/* A link, and whom to wake when its transmit queue has room again. */
struct link_state {
    struct sockets_link config;
    uint32_t blocked;            /* bit per transmit queue */
    struct socket *waiting;
};

struct rule;

struct sockets {
    struct host host; /* must be first */
    struct sockets_config config;
    const struct rule *rule;
    struct machine *m;
    struct tcp_host *tcp;
    struct link_state **link;
    int n_links;
    struct squeues *squeues;     /* serialization queues */
    struct backlogs *backlogs;   /* timers for softirqs */
    struct socket *free;         /* with their locks, for connections to come */
    struct socket *all;          /* for destruction, as the next */
    unsigned n_sockets;
    struct task *tasks;
    struct listener *listeners;
    uint64_t udp_ports[PORTS / 64]; /* bit per open port */
    uint64_t held;               /* packets that wait to enter their connection */
    uint64_t counter[N_SOCKETS_COUNTERS];
};

struct rule {
    struct host_ops host;        /* what applications see */
    void (*create)(struct sockets *s);
    void (*destroy)(struct sockets *s);
    void (*opened)(struct socket *sock);                  /* a new connection; in a step or not; it may have a lock
                                                           * from the one before */
    void (*receive)(struct sockets *s, struct packet *p); /* a TCP packet; in a step; owns it */
    void (*timer)(struct socket *sock);                   /* sock->timer has become true; not in a step */
};

extern const struct rule sockets_squeue_rule, sockets_backlog_rule;

static inline struct sockets *sockets_of(struct host *h) { return (struct sockets *)(void *)h; }

/* Of connection 'c'; NULL: of none, or half-open. */
static inline struct socket *sockets_of_conn(struct tcp_conn *c)
{
    return c ? tcp_view(c)->user : NULL;
}

static inline struct socket *sockets_find(struct sockets *s, struct packet *p)
{
    return sockets_of_conn(tcp_lookup(s->tcp, p));
}

struct link_state *sockets_find_link(struct sockets *s, const char *name); /* NULL: the first */
/* A socket that no connection has yet. */
struct socket *sockets_new(struct sockets *s, struct task *task);
bool sockets_route(struct sockets *s, struct link_state *l, uint32_t to, struct tcp_route *route);
/* True when link 'l' takes no more of the socket's packets; its task is then woken by sockets_tx_released(). */
bool sockets_must_wait(struct socket *sock, struct link_state *l);

/* -- sockets_udp.c -- */
extern const struct datagram_ops sockets_datagram_ops;
void sockets_udp_receive(struct sockets *s, struct packet *p); /* in a step; owns it */
void sockets_udp_close(struct socket *sock); /* frees what it has of its own */

/* sockets.c: the parts of struct host_ops that are alike under every rule. */
struct task *sockets_spawn(struct host *h, const char *name, step_fn *step, void *owner);
void sockets_add_task(struct sockets *s, struct task *t, const char *name, step_fn *step, void *owner); /* owns 't' */
void sockets_wake(struct host *h, struct task *t);
sim_time sockets_now(const struct host *h);
void sockets_charge_user(struct host *h, enum cost_op op, int64_t n);
struct socket *sockets_connect(struct host *h, const char *via, struct host_addr to, struct task *task);
bool sockets_listen(struct host *h, uint16_t port, accept_fn *accept, void *owner);
/* What close() begins with. */
void sockets_app_closed(struct socket *sock);
/* Keeps a socket for another connection, once neither TCP nor the application nor any list has it; what is only waiting
 * out TIME_WAIT needs none.  To be called whenever that may have become so. */
void sockets_let_go(struct socket *sock);
void sockets_no_delay(struct socket *sock);
void sockets_ends(const struct socket *sock, struct host_addr *local, struct host_addr *remote);

/* The copy of a write's 'bytes'. */
void sockets_copy_in(struct socket *sock, int64_t bytes);
/* Charges a write's system call and copy, once each, however often the write must wait.  False: the link takes no more
 * of the socket's packets, and its task is woken when it does. */
bool sockets_begin_write(struct socket *sock, int64_t bytes);
/* Charges a read's system call, once. */
void sockets_begin_read(struct socket *sock);
/* What write() or read() returns for what TCP took or gave; the call is over unless it has to wait. */
int64_t sockets_end_write(struct socket *sock, int64_t taken);
int64_t sockets_end_read(struct socket *sock, int64_t given);

#endif
