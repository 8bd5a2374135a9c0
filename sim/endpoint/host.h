/* SPDX-License-Identifier: GPL-3.0-or-later
 * host.h -- what an application sees of the computer it runs on: tasks and sockets.
 *
 * An application is written once, as step functions over this table, and runs on a fully modelled machine (tasks are
 * threads, calls cost CPU time) or on a light one (tasks run in no time).  Byte streams are counted, not stored. */
#ifndef SIM_ENDPOINT_HOST_H
#define SIM_ENDPOINT_HOST_H

#include <stdbool.h>
#include <stdint.h>

#include "core/units.h"
#include "machine/cost.h"
#include "machine/machine.h" /* step_fn, enum step_result */

struct host;
struct task;
struct socket;

struct host_addr {
    uint32_t ip;   /* IPv4, host byte order */
    uint16_t port;
};

enum { SOCKET_WOULD_BLOCK = -1, /* the task is woken when it can go on: return STEP_SLEEP */
       SOCKET_MUTEX = -2,       /* return STEP_BLOCKED and try again when called */
       SOCKET_CLOSED = -3 };    /* the peer closed or reset, or connecting failed */

/* A new connection arrived for a listener; returns the task that will use it (woken on every change). */
typedef struct task *accept_fn(void *owner, struct socket *s);

struct host_ops {
    struct task *(*spawn)(struct host *h, const char *name, step_fn *step, void *owner); /* asleep; owned by the host */
    void (*wake)(struct host *h, struct task *t);
    sim_time (*now)(const struct host *h);              /* the task's local time */
    void (*charge_user)(struct host *h, enum cost_op op, int64_t n);
    /* Connects from link 'via' (NULL: the host's only or first link); 'task' is woken when it is up or failed. */
    struct socket *(*connect)(struct host *h, const char *via, struct host_addr to, struct task *task);
    bool (*listen)(struct host *h, uint16_t port, accept_fn *accept, void *owner); /* false: port in use */
    /* Bytes taken or given, > 0, or one of the codes above.  write() may take fewer than asked. */
    int64_t (*write)(struct socket *s, int64_t bytes);
    int64_t (*read)(struct socket *s, int64_t bytes_max);
    void (*close)(struct socket *s);
    void (*no_delay)(struct socket *s); /* setsockopt(3) TCP_NODELAY */
    /* The addresses of an open connection, as getsockname(3) and getpeername(3) tell them. */
    void (*ends)(const struct socket *s, struct host_addr *local, struct host_addr *remote);
};

/* Datagrams, of machines with CPUs; a light machine's packets come from a generator (generator.h). */
struct datagram_ops {
    /* A UDP socket on link 'via' (as in connect) for datagrams to 'to'; 'task' is woken when it can go on after having
     * had to wait.  NULL: the destination cannot be reached. */
    struct socket *(*open)(struct host *h, const char *via, uint16_t from_port, struct host_addr to, struct task *task);
    /* Sends one that makes a frame of 'frame_bytes' with FCS, at least 64.  Its bytes, or SOCKET_WOULD_BLOCK. */
    int64_t (*send)(struct socket *s, int32_t frame_bytes);
};

struct host {
    const struct host_ops *ops;
    const struct datagram_ops *datagrams; /* NULL on a light machine */
    const char *name;
};

#endif
