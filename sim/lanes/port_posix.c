/* SPDX-License-Identifier: Apache-2.0
 * port_posix.c -- the in-memory port of host_posix.h: a card made of two arrays of bounded queues. */
#define _POSIX_C_SOURCE 200809L
#include <pthread.h>
#include <stdlib.h>

#include "host_posix.h"

struct mem_ring {
    pthread_mutex_t mutex;    /* protects all of it */
    struct lane_chain queue;
    bool armed;               /* receive: interrupts are on */
    struct posix_host *host;  /* receive: whom they wake */
    bool refused;             /* transmit: update is owed */
    struct lane_tx *tx;
};

struct posix_mem_port {
    struct lane_port port;    /* first: the core's handle */
    unsigned rx_rings, tx_rings;
    uint32_t ring_pkts;
    struct mem_ring *rx, *tx;
};

static struct posix_mem_port *mem(struct lane_port *port) { return (struct posix_mem_port *)(void *)port; }

static bool rx_burst(struct lane_port *port, unsigned ring, uint32_t max_pkts, uint64_t max_bytes, bool first,
                     struct lane_chain *out)
{
    struct mem_ring *r = &mem(port)->rx[ring];
    (void)first;
    pthread_mutex_lock(&r->mutex);
    for (uint64_t bytes = 0; max_pkts > 0 && r->queue.head; max_pkts--) {
        bytes += r->queue.head->len;
        if (bytes > max_bytes) break;
        lane_chain_add(out, lane_chain_take_one(&r->queue));
    }
    pthread_mutex_unlock(&r->mutex);
    return true;
}

static bool tx_burst(struct lane_port *port, unsigned ring, struct lane_pkt **list)
{
    struct mem_ring *r = &mem(port)->tx[ring];
    pthread_mutex_lock(&r->mutex);
    while (*list && r->queue.pkts < mem(port)->ring_pkts) {
        struct lane_pkt *p = *list;
        *list = p->next;
        lane_chain_add(&r->queue, p);
    }
    if (*list) r->refused = true;
    pthread_mutex_unlock(&r->mutex);
    return true;
}

static bool irq_on(struct lane_port *port, unsigned ring)
{
    struct mem_ring *r = &mem(port)->rx[ring];
    pthread_mutex_lock(&r->mutex);
    r->armed = true;
    bool waiting = r->queue.head != NULL;
    pthread_mutex_unlock(&r->mutex);
    return waiting;
}

static void irq_off(struct lane_port *port, unsigned ring)
{
    struct mem_ring *r = &mem(port)->rx[ring];
    pthread_mutex_lock(&r->mutex);
    r->armed = false;
    pthread_mutex_unlock(&r->mutex);
}

static const struct lane_port_ops port_ops = {
    .version = LANE_PORT_VERSION, .rx_burst = rx_burst, .tx_burst = tx_burst, .irq_on = irq_on, .irq_off = irq_off,
};

struct posix_mem_port *posix_mem_port_create(unsigned rx_rings, unsigned tx_rings, uint32_t ring_pkts)
{
    struct posix_mem_port *p = calloc(1, sizeof *p);
    struct mem_ring *rings = calloc((size_t)rx_rings + tx_rings, sizeof *rings);
    if (!p || !rings) {
        free(p);
        free(rings);
        return NULL;
    }
    *p = (struct posix_mem_port){ { &port_ops }, rx_rings, tx_rings, ring_pkts, rings, rings + rx_rings };
    for (unsigned i = 0; i < rx_rings + tx_rings; i++) pthread_mutex_init(&rings[i].mutex, NULL);
    return p;
}

void posix_mem_port_destroy(struct posix_mem_port *p)
{
    if (!p) return;
    for (unsigned i = 0; i < p->rx_rings + p->tx_rings; i++) pthread_mutex_destroy(&p->rx[i].mutex);
    free(p->rx);
    free(p);
}

struct lane_port *posix_mem_port_port(struct posix_mem_port *p) { return &p->port; }

void posix_mem_port_connect(struct posix_mem_port *p, unsigned rx_ring, struct posix_host *h)
{
    pthread_mutex_lock(&p->rx[rx_ring].mutex);
    p->rx[rx_ring].host = h;
    pthread_mutex_unlock(&p->rx[rx_ring].mutex);
}

void posix_mem_port_connect_tx(struct posix_mem_port *p, unsigned tx_ring, struct lane_tx *tx)
{
    pthread_mutex_lock(&p->tx[tx_ring].mutex);
    p->tx[tx_ring].tx = tx;
    pthread_mutex_unlock(&p->tx[tx_ring].mutex);
}

bool posix_mem_port_receive(struct posix_mem_port *p, unsigned rx_ring, struct lane_pkt *pkt)
{
    struct mem_ring *r = &p->rx[rx_ring];
    pthread_mutex_lock(&r->mutex);
    bool room = r->queue.pkts < p->ring_pkts;
    if (room) lane_chain_add(&r->queue, pkt);
    if (room && r->armed && r->host) posix_host_wake(r->host, LANE_INTR);
    pthread_mutex_unlock(&r->mutex);
    return room;
}

struct lane_chain posix_mem_port_reap(struct posix_mem_port *p, unsigned tx_ring, uint32_t max)
{
    struct mem_ring *r = &p->tx[tx_ring];
    pthread_mutex_lock(&r->mutex);
    struct lane_chain done = lane_chain_cut(&r->queue, max);
    struct lane_tx *update = r->refused && done.pkts ? r->tx : NULL;
    if (update) r->refused = false;
    pthread_mutex_unlock(&r->mutex);
    if (update) lane_tx_update(update);
    return done;
}
