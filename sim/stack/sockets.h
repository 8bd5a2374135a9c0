/* SPDX-License-Identifier: GPL-3.0-or-later
 * sockets.h -- the socket layer of a machine in full detail: tasks are threads, calls cost CPU time, connections are
 * guarded.
 *
 * It is the 'struct host' that applications see there, and the owner of the machine's TCP.  Below it is a data link
 * layer (stack/crossbow.h) that gives it received packets and takes packets to send, both inside steps. */
#ifndef SIM_STACK_SOCKETS_H
#define SIM_STACK_SOCKETS_H

#include "endpoint/host.h"
#include "endpoint/tcp.h"
#include "machine/machine.h"

struct sockets;

/* Finds the Ethernet address to reach 'ip'.  False: unreachable. */
typedef bool sockets_resolve_fn(void *owner, uint32_t ip, struct mac_addr *mac);

/* Whether transmit queue 'queue' of the data link takes another packet rather than dropping it. */
typedef bool sockets_room_fn(void *datalink, unsigned queue);

enum { SOCKETS_QUEUES_MAX = 32 };

/* Sends a packet on a data link: the 'datalink' given to sockets_add_link().  Owns the packet, which has no VLAN tag: a
 * link that is on a VLAN adds it.  Returns which of the link's transmit queues the packet went to, the same for all of
 * a connection's. */
typedef unsigned sockets_transmit_fn(void *datalink, struct packet *p);

/* Who may enter a connection.  Those who may not leave their work on a queue. */
enum sockets_rule {
    SOCKETS_SQUEUE, /* one thread at a time for all connections of a serialization queue: see stack/squeue.h */
    SOCKETS_BACKLOG, /* a system call owns the connection, a softirq locks it: see stack/backlog.h */
};

struct sockets_config {
    enum sockets_rule rule;
    struct machine *machine;
    struct packet_pool *pool;
    struct stats *stats;
    uint64_t seed;
    bool squeue_crossbow;         /* SOCKETS_SQUEUE: squeues as they are with Crossbow */
    bool squeue_fanout;           /* SOCKETS_SQUEUE: a connection gets the squeue of a random CPU, not of its creator's */
    sim_dur squeue_worker_wait;   /* SOCKETS_SQUEUE: ip_squeue_worker_wait */
    bool streamed_writes;         /* write() copies past the cache, what is long and even enough */
    struct tcp_config tcp;
    sockets_resolve_fn *resolve;
    void *resolve_owner;
};

struct sockets_link {
    const char *name;     /* what applications call it; copied */
    struct mac_addr mac;
    uint32_t ip;          /* host byte order */
    int32_t mtu_bytes;
    void *datalink;
    sockets_transmit_fn *transmit;
    sockets_room_fn *room; /* NULL: it drops nothing, but tells writers to wait */
    int node;             /* NUMA node of the buffers that its packets are received into */
};

struct sockets *sockets_create(const struct sockets_config *config);
void sockets_destroy(struct sockets *s); /* NULL is allowed */
void sockets_add_link(struct sockets *s, const struct sockets_link *link);

struct host *sockets_host(struct sockets *s);

/* Takes a received IP packet; in a step.  Owns it. */
void sockets_receive(struct sockets *s, struct packet *p);

/* A transmit queue of the data link is above its high water mark: writers whose packets it takes wait; and released
 * again. */
void sockets_tx_blocked(struct sockets *s, const void *datalink, unsigned queue);
void sockets_tx_released(struct sockets *s, const void *datalink, unsigned queue);

/* Packets waiting to enter their connection. */
uint64_t sockets_held(const struct sockets *s);

/* Counters, kind "sockets", one block per machine. */
#define SOCKETS_COUNTERS(X) \
    X(rx_packets)   /* IP packets received */ \
    X(udp_packets)  /* of those, UDP for an open port */ \
    X(udp_bytes)    /* their payload */ \
    X(udp_sent)     /* datagrams sent */ \
    X(backlogged)   /* packets that found their connection owned by a system call */ \
    X(prequeued)    /* packets left for a reader that sleeps in its call */ \
    X(timers)       /* TCP timers run */ \
    X(flow_control) /* writes that found their link's transmit queue above its high water mark */

/* Opens a UDP port that counts what arrives and throws it away. */
void sockets_udp_sink(struct sockets *s, uint16_t port);

#endif
