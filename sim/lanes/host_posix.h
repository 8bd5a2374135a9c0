/* SPDX-License-Identifier: Apache-2.0
 * host_posix.h -- lanes under real threads: one pthread per lane thread, one mutex per lock, the monotonic clock.
 *
 * A posix_host runs one lane, or one transmit side.  Its environment is made first, then the object that uses it,
 * then posix_host_run_*() starts the threads.  posix_mem_port is a card without hardware, for tests and demonstrations:
 * bounded receive rings that the caller fills and a transmit ring that the caller reaps. */
#ifndef LANE_HOST_POSIX_H
#define LANE_HOST_POSIX_H

#include "lane.h"
#include "tx.h"

struct posix_host;

/* What becomes of packets that the core drops, and how to copy one; called from any of the host's threads. */
struct posix_host_config {
    unsigned threads, locks; /* of the object to be run, see lane_thread_count() and lane_lock_count(); for a lane of
                                fanout n: LANE_SOFT0 + 3n and 1 + 3n; for a transmit side: 1 and 1 */
    void (*drop)(void *owner, struct lane_pkt *list, enum lane_drop why);
    struct lane_pkt *(*clone)(void *owner, const struct lane_pkt *p); /* NULL: copies cannot be had */
    void *owner;
    unsigned tick_us;        /* length of a tick of arm(); 0: 10000 */
};
/* Returns NULL when memory or threads are short. */
struct posix_host *posix_host_create(const struct posix_host_config *config);
/* Stops and joins the threads, between two steps each. */
void posix_host_destroy(struct posix_host *h);
struct lane_env *posix_host_env(struct posix_host *h);

/* Start the threads; 0 or a negative errno. */
int posix_host_run_lane(struct posix_host *h, struct lane *l);
int posix_host_run_tx(struct posix_host *h, struct lane_tx *tx);
/* Stops and joins the threads, for looking at the lane afterwards; posix_host_destroy() may follow. */
void posix_host_stop(struct posix_host *h);
/* Steps 'thread' soon: what a port's interrupt does. */
void posix_host_wake(struct posix_host *h, unsigned thread);

/* Calls lane_input() on behalf of a caller that is no lane thread, and drains inline if the lane says so. */
void posix_lane_input(struct lane *l, struct lane_chain *chain, bool local);

struct posix_mem_port;

/* 'ring_pkts' is the size of every ring, > 0.  NULL: no memory. */
struct posix_mem_port *posix_mem_port_create(unsigned rx_rings, unsigned tx_rings, uint32_t ring_pkts);
void posix_mem_port_destroy(struct posix_mem_port *p);
struct lane_port *posix_mem_port_port(struct posix_mem_port *p);
/* Whose LANE_INTR a ring's interrupt steps.  NULL: nobody's.  On return no interrupt to the old one is under way. */
void posix_mem_port_connect(struct posix_mem_port *p, unsigned rx_ring, struct posix_host *h);
/* Whose lane_tx_update() a transmit ring calls. */
void posix_mem_port_connect_tx(struct posix_mem_port *p, unsigned tx_ring, struct lane_tx *tx);

/* Arrival.  False: the ring is full, the caller keeps the packet. */
bool posix_mem_port_receive(struct posix_mem_port *p, unsigned rx_ring, struct lane_pkt *pkt);
/* Takes up to 'max' sent packets, oldest first: their descriptors are free again. */
struct lane_chain posix_mem_port_reap(struct posix_mem_port *p, unsigned tx_ring, uint32_t max);

#endif
