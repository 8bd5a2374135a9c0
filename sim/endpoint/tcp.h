/* SPDX-License-Identifier: GPL-3.0-or-later
 * tcp.h -- TCP over packets with real header bytes, for any kind of computer.
 *
 * One 'struct tcp_host' is one network stack's TCP: its connection table, listeners and configuration.  It knows
 * nothing of links, CPUs or locks: what it needs from its computer comes through 'struct tcp_ops', and whoever calls
 * it decides when and at what price.  Byte streams are counted, not stored.
 *
 * Calls into one host never nest through the ops: output() and notify() must queue what they are told and must not
 * call back into TCP before the call that caused them has returned.
 *
 * Sources: RFC 9293 (TCP), 7323 (window scale, timestamps), 2018 and 6675 (SACK), 5681 (congestion control), 6582
 * (NewReno), 8312 (CUBIC), 3042 (limited transmit), 6298 (RTO), 1122 (silly windows); the delayed-acknowledgement and
 * window-update rules are those of Solaris (docs/endpoint.md). */
#ifndef SIM_ENDPOINT_TCP_H
#define SIM_ENDPOINT_TCP_H

#include <stdbool.h>
#include <stdint.h>

#include "core/engine.h"
#include "core/rng.h"
#include "core/stats.h"
#include "core/units.h"
#include "endpoint/host.h"
#include "machine/cost.h"
#include "net/headers.h"
#include "net/packet.h"

struct tcp_host;
struct tcp_conn;

enum tcp_congestion { TCP_NEWRENO, TCP_CUBIC };

struct tcp_config {
    int32_t sndbuf_bytes;      /* bytes accepted by tcp_write() and not yet sent, at most */
    int32_t snd_low_water;     /* a writer that found it full is told when so few are left; 0: a tenth of it */
    bool sndbuf_unacked;       /* count sent bytes until they are acknowledged, as Linux does (Solaris does not) */
    int32_t rcvbuf_bytes;      /* the window advertised while no more than this waits to be read; what waits beyond it
                                * closes the window, so at most twice as much is kept */
    int32_t mss_max;           /* upper bound of the MSS, also below what the route's MTU allows; 0: none */
    int32_t initial_window;    /* segments, at the start and after an idle retransmission timeout */
    int32_t ack_every;         /* delayed ACK: segments per acknowledgement, at most (Solaris: 2, on a LAN 8) */
    int32_t growth_segments;   /* segments one ACK may count for when the window grows (RFC 3465's L); 1: RFC 5681 */
    int32_t cwnd_max_bytes;
    enum tcp_congestion congestion; /* how the window grows and shrinks: RFC 5681 and 6582, or CUBIC (RFC 8312) */
    int32_t lso_max_bytes;     /* payload of one large send; 0: every packet is a segment */
    int32_t syn_retries, data_retries; /* timeouts in a row before giving up */
    sim_dur ack_delay;         /* delayed-acknowledgement timer */
    sim_dur min_rto, max_rto, initial_rto;
    sim_dur timestamp_tick;    /* unit of the timestamp option */
    sim_dur time_wait;         /* 2 MSL */
    bool timestamps, sack, window_scale, no_delay;
    bool flow_stats;           /* register a "flow" stats block per connection end */
};

/* Solaris' values of 2009: 49,152-byte buffers, 4 segments, ACK every 8 or after 50 ms, LSO of 65,415 bytes, minimum
 * RTO 400 ms (docs/endpoint.md has the sources). */
struct tcp_config tcp_config_solaris(void);

/* Where segments of a connection go.  The host fills it: for tcp_connect() from its routing, for an arriving SYN in
 * ops.route(). */
struct tcp_route {
    struct mac_addr src, dst;
    int vlan;             /* tag to carry, or -1 */
    uint32_t ip;          /* own address, host byte order */
    int32_t mtu_bytes;    /* IP packet size of the link */
    void *link;           /* the host's own: given back to output() */
};

enum tcp_event { /* bits of notify() */
    TCP_EV_NEW = 1,        /* a listener made this connection for a SYN; not yet established: attach what you need */
    TCP_EV_CONNECTED = 2,  /* established */
    TCP_EV_READABLE = 4,   /* data or end of stream, after tcp_read() had returned 0 (or was never called) */
    TCP_EV_WRITABLE = 8,   /* room, after tcp_write() had taken less than asked */
    TCP_EV_CLOSED = 16,    /* reset, timed out or refused: reads and writes return -1 */
    TCP_EV_FREED = 32,     /* the last event: the connection is gone when notify() returns */
};

struct tcp_ops {
    /* Sends a packet (owned by the callee from now on): PACKET_CSUM_PARTIAL, l3/l4/payload set, gso_mss > 0 when it
     * is a large send.  'c' is NULL for resets that belong to no connection. */
    void (*output)(void *owner, struct tcp_conn *c, void *link, struct packet *p);
    void (*notify)(void *owner, struct tcp_conn *c, unsigned events);
    /* A timer expired: call tcp_timer(c) once, in the context of your choice. */
    void (*timer_due)(void *owner, struct tcp_conn *c);
    sim_time (*now)(void *owner);   /* local time: not before the engine's clock; NULL: that clock */
    void (*charge)(void *owner, enum cost_op op, int64_t n); /* NULL: work is free */
    /* Fills the route back to the sender of 'p' (parsed).  False: unreachable, the packet is ignored. */
    bool (*route)(void *owner, const struct packet *p, struct tcp_route *route);
    /* False: the computer's own queue is full, and new data of 'c' would be dropped; they stay to be sent, and the
     * window shrinks as after a loss (Linux's tcp_enter_cwr()).  NULL: there is always room. */
    bool (*room)(void *owner, struct tcp_conn *c, void *link);
};

/* Counters of one connection end; kind "flow", entity "HOST:ip:port>ip:port".  After a host's first 4096 connections the
 * others share a row for each pair of addresses, with port 0.  The host's own, kind "tcp": connects,
 * accepts, established, resets_in, resets_out, gave_up, no_socket, bad. */
#define TCP_FLOW_COUNTERS(X) \
    X(sent_bytes)        /* payload sent, retransmissions included */ \
    X(acked_bytes)       /* payload acknowledged by the peer */ \
    X(delivered_bytes)   /* payload received in order */ \
    X(read_bytes)        /* payload read by the application */ \
    X(segs_out)          /* segments sent; a large send counts its segments */ \
    X(sends)             /* packets sent with data: segments or large sends */ \
    X(acks_out)          /* of segs_out, without data */ \
    X(segs_in)           /* segments received */ \
    X(acks_in)           /* of segs_in, without data */ \
    X(dup_acks_in)       /* duplicate acknowledgements */ \
    X(retransmits)       /* segments sent again */ \
    X(fast_recoveries)   /* losses found by duplicate ACKs or SACK */ \
    X(timeouts)          /* retransmission timeouts */ \
    X(probes)            /* zero-window probes sent */ \
    X(window_updates)    /* ACKs sent only to open the window */ \
    X(delayed_acks)      /* ACKs sent by the delayed-acknowledgement timer */ \
    X(dup_segs_in)       /* segments that carried nothing new */ \
    X(ooo_segs_in)       /* segments kept out of order */ \
    X(rtt_samples) \
    X(rtt_ns_sum)        /* sum of the samples (one timed segment per window), nanoseconds */

enum tcp_flow_counter {
#define X(name) TCP_FLOW_##name,
    TCP_FLOW_COUNTERS(X)
#undef X
    N_TCP_FLOW_COUNTERS
};

enum tcp_state {
    TCP_CLOSED, TCP_SYN_SENT, TCP_SYN_RECEIVED, TCP_ESTABLISHED, TCP_FIN_WAIT_1, TCP_FIN_WAIT_2, TCP_CLOSE_WAIT,
    TCP_CLOSING, TCP_LAST_ACK, TCP_TIME_WAIT,
};

/* The public face of a connection: read it directly; only 'user' may be written. */
struct tcp_conn_view {
    void *user;             /* the host's own (its socket, lock, touchable); stays until TCP_EV_FREED */
    void *link;             /* of the route */
    int64_t unread;         /* bytes tcp_read() can give */
    int64_t sndbuf_used;    /* bytes in the send buffer, as the configuration counts them */
    int64_t in_flight;      /* bytes sent and not acknowledged */
    int64_t snd_wnd;        /* the peer's window, bytes */
    enum tcp_state state;
    uint32_t mss;           /* payload bytes of a full segment */
    uint32_t id;            /* from 1, in order of creation: a flow's number in traces */
    uint64_t counter[N_TCP_FLOW_COUNTERS];
    int64_t cwnd, ssthresh; /* bytes */
    sim_dur srtt, rto;
    void *listener;         /* 'owner' given to tcp_listen(), NULL when we connected */
    struct host_addr local, remote;
};
static inline struct tcp_conn_view *tcp_view(struct tcp_conn *c) { return (struct tcp_conn_view *)(void *)c; }

/* 'stats' may be NULL.  'name' is copied.  Initial sequence numbers and ephemeral ports come from a random stream of
 * (seed, name). */
struct tcp_host *tcp_host_create(struct engine *engine, struct packet_pool *pool, struct stats *stats, uint64_t seed,
                                 const char *name, const struct tcp_config *config, const struct tcp_ops *ops,
                                 void *owner);
void tcp_host_destroy(struct tcp_host *h); /* NULL is allowed; no notify() */

/* Accepts connections to 'port' on any address.  False: port in use. */
bool tcp_listen(struct tcp_host *h, uint16_t port, void *owner);

/* Sends a SYN along 'route'.  TCP_EV_CONNECTED or TCP_EV_CLOSED follows.  NULL when no port is free. */
struct tcp_conn *tcp_connect(struct tcp_host *h, const struct tcp_route *route, struct host_addr to, void *user);

/* The connection 'p' belongs to, or NULL (for a listener, or for nobody).  Parses 'p' when nobody has.  Changes
 * nothing. */
struct tcp_conn *tcp_lookup(struct tcp_host *h, struct packet *p);

/* Takes a TCP segment for 'c', as tcp_lookup() says: delivered, or dropped with a reason.  Acknowledgements and data that it
 * triggers are sent before it returns, segment by segment: this stack does not merge received segments. */
void tcp_input(struct tcp_host *h, struct tcp_conn *c, struct packet *p);

/* Small segments are sent at once from now on (TCP_NODELAY); may be called inside notify(). */
void tcp_no_delay(struct tcp_conn *c);

/* Bytes taken (0: full, TCP_EV_WRITABLE will follow), or -1 when closed.  Nothing is sent before tcp_push(). */
int64_t tcp_write(struct tcp_conn *c, int64_t bytes);
void tcp_push(struct tcp_conn *c);

/* Bytes given (0: none yet, TCP_EV_READABLE will follow), or -1 at the end of the stream or when closed.  May send a
 * window update. */
int64_t tcp_read(struct tcp_conn *c, int64_t bytes_max);

/* Sends what is still to be sent, then FIN.  The caller may not write or read any more; TCP_EV_FREED follows. */
void tcp_close(struct tcp_conn *c);
/* Sends RST and drops everything. TCP_EV_FREED follows, perhaps before this returns. */
void tcp_abort(struct tcp_conn *c);

/* Does what is due, once per timer_due(). */
void tcp_timer(struct tcp_conn *c);

uint32_t tcp_conn_count(const struct tcp_host *h);

#endif
