/* SPDX-License-Identifier: GPL-3.0-or-later
 * tcp_internal.h -- the connection as tcp*.c share it; nobody else includes this.
 *
 * Sequence numbers are 64 bits wide: the low 32 are those on the wire, so comparisons need no wrap-around rules.
 * Data bytes of a direction are numbered from its initial sequence number plus one (the SYN takes the first). */
#ifndef SIM_ENDPOINT_TCP_INTERNAL_H
#define SIM_ENDPOINT_TCP_INTERNAL_H

#include "core/trace.h"
#include "endpoint/tcp.h"
#include "endpoint/tcp_ranges.h"

enum {
    TCP_TEMPLATE_BYTES = 80,    /* Ethernet, VLAN, IPv4, TCP with timestamps is 70; copied whole, so a round size */
    TCP_TIMESTAMP_BYTES = 12,   /* the option with two NOPs before it */
    TCP_DUP_ACKS = 3,           /* RFC 5681 */
};
#define TCP_SEQ_BASE (UINT64_C(1) << 32) /* keeps 64-bit numbers away from zero */
#define TCP_NEVER SIM_TIME_MAX

enum tcp_timer_kind {
    TCP_TIMER_REXMT,   /* retransmission, or zero-window probe when 'persisting' */
    TCP_TIMER_ACK,     /* delayed acknowledgement */
    TCP_TIMER_WAIT,    /* TIME_WAIT ends */
    N_TCP_TIMERS,
};

struct tcp_listener {
    uint16_t port;
    void *owner;
};

#define TCP_HOST_COUNTERS(X) \
    X(connects) X(accepts) X(established) X(resets_in) X(resets_out) X(gave_up) X(no_socket) X(bad)
enum tcp_host_counter {
#define X(name) TCP_HOST_##name,
    TCP_HOST_COUNTERS(X)
#undef X
    N_TCP_HOST_COUNTERS
};

struct tcp_host {
    struct engine *engine;
    struct packet_pool *pool;
    struct stats *stats;
    struct tcp_config config;
    struct tcp_ops ops;
    void *owner;
    char *name;
    struct entity *entity;
    struct rng *rng;
    sim_time now;               /* local time of the call being served */
    sim_time ts_until;          /* end of the clock tick that 'ts_value' stands for */
    uint32_t ts_value, ts_offset;
    struct tcp_conn **buckets;  /* hash table by 4-tuple, chained */
    uint32_t n_buckets, n_conns, next_id;
    struct tcp_conn *last;      /* found by the last look-up: chains of one flow hit it */
    struct tcp_conn *free, *dead; /* for reuse; kept because their counters are registered */
    struct tcp_conn *all;       /* every live connection */
    uint32_t rows;              /* connections with a row of their own */
    struct tcp_rest *rests;     /* the rows of the others */
    struct tcp_listener *listeners;
    uint32_t n_listeners;
    uint16_t next_port, ip_id;
    uint64_t counter[N_TCP_HOST_COUNTERS];
};

/* What every segment needs comes first: it lies in few cache lines. */
struct tcp_conn {
    struct tcp_conn_view v;     /* must be first */
    struct tcp_conn *hash_next;
    uint64_t key_addr;          /* source and destination address as in a received packet's bytes */
    uint32_t key_ports;         /* the same for the ports */
    struct tcp_host *host;

    /* receiving */
    uint32_t ts_recent;
    uint64_t rcv_nxt;
    uint64_t last_ack_sent;
    uint64_t fin_seq;           /* the peer's FIN, UINT64_MAX while unknown */
    uint64_t rcv_adv;           /* right edge advertised, never moves left */
    uint32_t ack_count, ack_cur, ack_abs; /* segments unacknowledged, limit now, limit ever */

    /* the application's side, and what was agreed with the peer */
    unsigned events;            /* to be notified */
    bool want_read, want_write;
    bool closing;               /* tcp_close() was called: FIN follows the data */
    bool released;              /* tcp_close() or tcp_abort(): the application is gone */
    bool fin_received;          /* everything up to the FIN has arrived */
    bool fin_acked;
    bool no_delay;              /* no Nagle */
    bool timestamps, sack, scaling;
    uint8_t snd_shift, rcv_shift;

    /* sending: snd_una <= snd_nxt <= snd_max; data up to snd_end has been written */
    uint64_t snd_una, snd_end, snd_nxt, snd_max;
    uint64_t snd_wl1, snd_wl2;  /* sequence and acknowledgement of the last window update */
    int64_t snd_wnd_max;        /* the largest window seen, for the sender's silly-window rule */

    /* timers */
    sim_time deadline[N_TCP_TIMERS];
    sim_time armed;             /* when 'event' fires, TCP_NEVER when it is not pending */
    uint32_t backoff;           /* timeouts in a row */
    bool persisting;
    bool timer_owed;            /* timer_due() was called, tcp_timer() not yet */

    /* round-trip time */
    bool timing, rtt_known;
    uint64_t timed_seq;
    sim_time timed_at, last_send;
    sim_dur rtt_var;

    /* congestion control and loss recovery */
    uint64_t cwnd_acked;        /* bytes counted towards the next increase in congestion avoidance */
    uint32_t dup_acks;
    bool recovering;            /* fast recovery */
    bool after_timeout;         /* snd_una has not yet passed 'recover' after a retransmission timeout */
    bool first_partial;         /* NewReno: the timer restarts on the first partial acknowledgement only */

    uint8_t l3, l4, hdr_len;    /* of the template */
    uint8_t hdr[TCP_TEMPLATE_BYTES];

    struct tcp_ranges sacked;
    struct tcp_ranges ooo;      /* data beyond rcv_nxt */

    uint64_t iss, irs;
    uint64_t recover;           /* snd_max when the loss was found */
    uint64_t high_rxt;          /* retransmitted up to here in this recovery */
    uint64_t local_until;       /* the computer's own queue was full: snd_max then, the window shrinks once until there */
    int64_t cubic_max;          /* window before the last loss */
    int64_t cubic_friend;       /* what NewReno would have by now */
    int64_t cubic_k_ms;         /* until the window is that large again */
    sim_time cubic_began;       /* first acknowledgement after the loss; TCP_NEVER: none yet */
    uint32_t mss_own;           /* what our link allows, without options */

    struct event event;         /* for all timers */
    struct tcp_conn *prev, *next;
    struct tcp_rest *rest;      /* the row that it shares; NULL: it has its own, or none */
};

/* -- tcp_flows.c ------------------------------------------------------------------------------------------------- */

void tcp_flow_opened(struct tcp_conn *c); /* gives it a row in the statistics, or a share of one */
void tcp_flow_closed(struct tcp_conn *c); /* of a connection that shares a row, before it is forgotten */
void tcp_flows_free(struct tcp_host *h);

/* -- tcp.c ------------------------------------------------------------------------------------------------------ */

void tcp_host_enter(struct tcp_host *h);   /* reads the local time once per call from outside */
struct tcp_conn *tcp_conn_accept(struct tcp_host *h, struct packet *p, const struct tcp_listener *l);
void tcp_set_state(struct tcp_conn *c, enum tcp_state s);
void tcp_conn_closed(struct tcp_conn *c);  /* the protocol is done: tell the application, stop all timers */
void tcp_timer_set(struct tcp_conn *c, enum tcp_timer_kind k, sim_dur in);
void tcp_notify(struct tcp_conn *c);       /* tells what 'events' holds; frees a connection that is over: last call */

static inline void tcp_timer_stop(struct tcp_conn *c, enum tcp_timer_kind k) { c->deadline[k] = TCP_NEVER; }
static inline void tcp_charge(struct tcp_host *h, enum cost_op op, int64_t n)
{
    if (h->ops.charge) h->ops.charge(h->owner, op, n);
}

/* As in Solaris, what waits to be read is taken out of the window only once the buffer is full; a chain of segments
 * handled before the reader can run leaves the window open. */
static inline int64_t tcp_receive_room(const struct tcp_conn *c)
{
    int64_t whole = c->host->config.rcvbuf_bytes, over = c->v.unread - whole;
    return over > 0 ? whole - over : whole;
}

/* -- tcp_output.c ----------------------------------------------------------------------------------------------- */

void tcp_template_init(struct tcp_conn *c, const struct tcp_route *route);
void tcp_template_options(struct tcp_conn *c); /* once the options are agreed */
void tcp_send_syn(struct tcp_conn *c);     /* SYN, or SYN+ACK in SYN_RECEIVED */
void tcp_send_ack(struct tcp_conn *c);
void tcp_send_reset(struct tcp_conn *c);
void tcp_send_reset_to(struct tcp_host *h, const struct packet *p, uint32_t payload_bytes);
/* One packet with [seq, seq + bytes) and perhaps the FIN; moves snd_nxt and snd_max when it goes beyond them. */
void tcp_send_data(struct tcp_conn *c, uint64_t seq, int64_t bytes);
void tcp_send_pending(struct tcp_conn *c); /* whatever windows and Nagle's rule allow */
void tcp_send_probe(struct tcp_conn *c);
/* One packet of new data, or the FIN, of at most 'budget' bytes and what the peer's window leaves.  False: nothing. */
bool tcp_send_new(struct tcp_conn *c, int64_t budget);
uint32_t tcp_timestamp(struct tcp_host *h);

/* -- tcp_recovery.c --------------------------------------------------------------------------------------------- */

void tcp_congestion_init(struct tcp_conn *c);
void tcp_rtt_sample(struct tcp_conn *c, sim_dur rtt);
void tcp_sack_update(struct tcp_conn *c, const uint8_t *option, uint32_t bytes, bool *news);
void tcp_dup_ack(struct tcp_conn *c);
void tcp_new_ack(struct tcp_conn *c, uint64_t ack);
bool tcp_recovery_send(struct tcp_conn *c); /* one step of RFC 6675's NextSeg(); false: nothing (more) allowed */
void tcp_retransmit_timeout(struct tcp_conn *c);
void tcp_local_congestion(struct tcp_conn *c); /* the computer's own queue is full */

/* -- tcp_cubic.c ------------------------------------------------------------------------------------------------ */

int64_t tcp_cubic_loss(struct tcp_conn *c);               /* remembers the window; what ssthresh becomes */
void tcp_cubic_grow(struct tcp_conn *c, int64_t acked);   /* congestion avoidance */
int64_t tcp_cubic_root(int64_t x);                        /* x >= 0: rounded down */
int64_t tcp_cubic_window(int64_t max_bytes, int64_t mss, int64_t since_k_ms); /* W(K + since_k_ms) */

sim_dur tcp_rto_now(const struct tcp_conn *c); /* with back-off */

#endif
