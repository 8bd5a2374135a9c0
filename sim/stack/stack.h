/* SPDX-License-Identifier: GPL-3.0-or-later
 * stack.h -- what every operating system's data path looks like to whoever builds a machine.
 *
 *     applications - sockets - stack - driver (driver/netdev.h) - the card
 *
 * A stack is made by its own function (crossbow_create() and its like), which takes what only it has, and is from then
 * on used through this file.  It owns nothing of what it is given: machine, sockets and drivers outlive it. */
#ifndef SIM_STACK_STACK_H
#define SIM_STACK_STACK_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "driver/netdev.h"
#include "machine/machine.h"
#include "net/headers.h"

struct stack;

/* A data link: a card's own, or a further one over it. */
struct stack_link_config {
    const char *name;              /* what applications and administrators call it */
    struct mac_addr mac;
    uint32_t ip;
    int vlan;                      /* 0: untagged; else the stack tags what the link sends */
    int32_t mtu_bytes;
    int group;                     /* receive group with rings of its own, or -1: it shares rings */
    int lanes;                     /* rings of that group */
    int tx_first, tx_rings;        /* transmit rings that it sends on, alone or with others */
    int fanout;                    /* softring sets per lane; 0: by the stack's rule, or by the number of 'cpus' */
    bool poll;                     /* dynamic polling */
    int node;                      /* NUMA node of the card and of its receive buffers */
    const int *cpus;               /* link property 'cpus'; NULL: automatic placement */
    unsigned cpu_count;
};

struct stack_nic_config {
    const char *name;
    struct netdev *dev;            /* its driver */
    bool primary;                  /* the card's own link is in use: it will be added */
    int shared_group;              /* group whose rings are classified in software, -1: none */
    bool itr_fixed;                /* its interrupt interval was given, or its driver adapts it */
    uint32_t link_mbps;
    int64_t clock_hz;              /* of the CPUs */
};

struct stack_ops {
    void (*destroy)(struct stack *s);
    /* Why a link cannot be as it is asked for: a text for the user, or NULL when it can. */
    const char *(*link_problem)(const struct stack *s, const struct stack_link_config *link);
    /* Adds a card, which gets the next number from 0, then its links; then start() lets its interrupts come. */
    int (*add_nic)(struct stack *s, const struct stack_nic_config *nic);
    void (*add_link)(struct stack *s, int nic, const struct stack_link_config *link);
    /* A link wants frames to an Ethernet group, which the card lets through.  NULL: every link gets what the card does. */
    void (*join)(struct stack *s, const char *link, struct mac_addr group);
    void (*start)(struct stack *s);
    /* The driver's upcalls for a card (struct netdev_callbacks).  tx_ready NULL: the driver reclaims transmit
     * descriptors itself. */
    enum step_result (*rx_ready)(struct stack *s, int nic, int ring);
    void (*tx_update)(struct stack *s, int nic, int ring);
    enum step_result (*tx_ready)(struct stack *s, int nic, int vector);
    uint64_t (*held)(const struct stack *s);        /* packets it holds, for the conservation check */
    void (*check)(const struct stack *s);           /* asserts its invariants; between events only */
    void (*print)(const struct stack *s, FILE *out); /* who uses which ring and CPU, one line each */
};

/* Embedded as the first member of every stack. */
struct stack {
    const struct stack_ops *ops;
};

static inline void stack_destroy(struct stack *s) /* NULL is allowed */
{
    if (s) s->ops->destroy(s);
}
static inline const char *stack_link_problem(const struct stack *s, const struct stack_link_config *link)
{
    return s->ops->link_problem(s, link);
}
static inline int stack_add_nic(struct stack *s, const struct stack_nic_config *nic) { return s->ops->add_nic(s, nic); }
static inline void stack_add_link(struct stack *s, int nic, const struct stack_link_config *link)
{
    s->ops->add_link(s, nic, link);
}
static inline void stack_join(struct stack *s, const char *link, struct mac_addr group)
{
    if (s->ops->join) s->ops->join(s, link, group);
}
static inline void stack_start(struct stack *s) { s->ops->start(s); }
static inline enum step_result stack_rx_ready(struct stack *s, int nic, int ring)
{
    return s->ops->rx_ready(s, nic, ring);
}
static inline void stack_tx_update(struct stack *s, int nic, int ring) { s->ops->tx_update(s, nic, ring); }
static inline enum step_result stack_tx_ready(struct stack *s, int nic, int vector)
{
    return s->ops->tx_ready(s, nic, vector);
}
static inline uint64_t stack_held(const struct stack *s) { return s->ops->held(s); }
static inline void stack_check(const struct stack *s) { s->ops->check(s); }
static inline void stack_print(const struct stack *s, FILE *out) { s->ops->print(s, out); }

#endif
