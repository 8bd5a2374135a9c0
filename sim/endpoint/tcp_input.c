/* SPDX-License-Identifier: GPL-3.0-or-later
 * tcp_input.c -- a segment arrives: RFC 9293 section 3.10.7, in its order.
 *
 * A segment is checked, its old part cut off, its acknowledgement, then its data, then its FIN taken; what that allows
 * to be sent is sent, and if nothing carried the acknowledgement that is due, a pure one follows.  One segment at a
 * time: receive coalescing is not modelled, the systems of 2009 that matter here had none. */
#include <string.h>

#include "core/assert.h"
#include "endpoint/tcp_internal.h"

enum { ACCEPTED = -1 }; /* else: the drop reason */

struct segment {
    const uint8_t *tcp;
    uint64_t seq, ack;     /* 64-bit, near what the connection expects */
    int64_t len;
    uint32_t window;       /* as on the wire */
    uint8_t flags;
    bool has_timestamps, sack_permitted;
    uint8_t scale;         /* UINT8_MAX: not given */
    uint16_t mss;          /* 0: not given */
    uint32_t ts_value, ts_echo;
    const uint8_t *sack;
    uint32_t sack_bytes;
};

static uint64_t near_to(uint64_t expected, uint32_t wire)
{
    return expected + (uint64_t)(int64_t)(int32_t)(wire - (uint32_t)expected);
}

static void parse_options(struct segment *s, const uint8_t *o, const uint8_t *end)
{
    while (o < end && *o != 0) {
        if (*o == 1) {
            o++;
            continue;
        }
        if (end - o < 2 || o[1] < 2 || o[1] > end - o) return;
        if (o[0] == 2 && o[1] == 4) s->mss = get_be16(o + 2);
        if (o[0] == 3 && o[1] == 3) s->scale = o[2] < 14 ? o[2] : 14;
        if (o[0] == 4 && o[1] == 2) s->sack_permitted = true;
        if (o[0] == 5) {
            s->sack = o + 2;
            s->sack_bytes = o[1] - 2u;
        }
        if (o[0] == 8 && o[1] == 10) {
            s->has_timestamps = true;
            s->ts_value = get_be32(o + 2);
            s->ts_echo = get_be32(o + 6);
        }
        o += o[1];
    }
}

/* Everything but the 64-bit sequence numbers, which need a connection.  False: the frame is not a TCP segment. */
static bool parse(const struct packet *p, struct segment *s)
{
    const uint8_t *ip = p->hdr + p->l3, *tcp = p->hdr + p->l4;
    if (!p->l4 || p->payload < p->l4 + TCP_BYTES || p->payload > p->hdr_len || ip[0] >> 4 != 4) return false;
    uint32_t total = get_be16(ip + 2), headers = (uint32_t)p->payload - p->l3;
    if (ip[9] != IPPROTO_TCP_ || total < headers || p->l3 + total > p->len || p->flags & PACKET_CSUM_BAD) return false;
    *s = (struct segment){ .tcp = tcp, .len = total - headers, .window = get_be16(tcp + 14), .flags = tcp[13] & 31,
                           .scale = UINT8_MAX };
    const uint8_t *options = tcp + TCP_BYTES, *end = p->hdr + p->payload;
    if (end - options == TCP_TIMESTAMP_BYTES && get_be32(options) == 0x0101080a) { /* what nearly every segment has */
        s->has_timestamps = true;
        s->ts_value = get_be32(options + 4);
        s->ts_echo = get_be32(options + 8);
    } else if (end > options) {
        parse_options(s, options, end);
    }
    return true;
}

/* -- the handshake ---------------------------------------------------------------------------------------------- */

/* Options of a SYN: what both sides can do. */
static void agree(struct tcp_conn *c, const struct segment *s)
{
    const struct tcp_config *config = &c->host->config;
    c->timestamps = config->timestamps && s->has_timestamps;
    c->sack = config->sack && s->sack_permitted;
    c->scaling = config->window_scale && s->scale != UINT8_MAX;
    c->snd_shift = c->scaling ? s->scale : 0;
    if (!c->scaling) c->rcv_shift = 0;
    uint32_t mss = s->mss ? s->mss : 536; /* RFC 9293 section 3.7.1 */
    if (mss > c->mss_own) mss = c->mss_own;
    if (mss < 64) mss = 64;
    c->v.mss = mss - (c->timestamps ? TCP_TIMESTAMP_BYTES : 0);
    c->irs = TCP_SEQ_BASE + get_be32(s->tcp + 4);
    c->rcv_nxt = c->rcv_adv = c->last_ack_sent = c->irs + 1;
    if (c->timestamps) c->ts_recent = s->ts_value;
    tcp_template_options(c);
    tcp_congestion_init(c);
}

static void take_window(struct tcp_conn *c, const struct segment *s)
{
    c->v.snd_wnd = (int64_t)s->window << (s->flags & TCP_SYN ? 0 : c->snd_shift);
    c->snd_wl1 = s->seq;
    c->snd_wl2 = s->ack;
    if (c->v.snd_wnd > c->snd_wnd_max) c->snd_wnd_max = c->v.snd_wnd;
}

static void established(struct tcp_conn *c)
{
    tcp_set_state(c, c->closing ? TCP_FIN_WAIT_1 : TCP_ESTABLISHED);
    c->host->counter[TCP_HOST_established]++;
    c->events |= TCP_EV_CONNECTED;
    c->backoff = 0;
    tcp_timer_stop(c, TCP_TIMER_REXMT);
}

static void timestamp_rtt(struct tcp_conn *c, const struct segment *s)
{
    uint32_t ticks = tcp_timestamp(c->host) - s->ts_echo;
    if (ticks < 1u << 31) tcp_rtt_sample(c, sim_ps((int64_t)ticks * c->host->config.timestamp_tick.ps));
}

static int syn_sent(struct tcp_conn *c, struct segment *s)
{
    s->ack = near_to(c->snd_una, get_be32(s->tcp + 8));
    bool acks_us = s->flags & TCP_ACK && s->ack == c->iss + 1;
    if (s->flags & TCP_RST) {
        if (!acks_us) return DROP_TCP_WINDOW;
        c->host->counter[TCP_HOST_resets_in]++;
        tcp_conn_closed(c);
        return ACCEPTED;
    }
    if (!acks_us || !(s->flags & TCP_SYN)) return DROP_TCP_WINDOW; /* simultaneous open is not modelled */
    agree(c, s);
    s->seq = c->irs;
    take_window(c, s);
    tcp_new_ack(c, s->ack);
    c->v.counter[TCP_FLOW_acked_bytes] = 0;
    tcp_congestion_init(c);
    if (c->timestamps) timestamp_rtt(c, s);
    established(c);
    tcp_send_ack(c);
    return ACCEPTED;
}

static int new_connection(struct tcp_host *h, struct packet *p, struct segment *s)
{
    if (!(s->flags & TCP_SYN) || s->flags & (TCP_ACK | TCP_RST)) return DROP_NO_SOCKET;
    uint16_t port = get_be16(s->tcp + 2);
    for (uint32_t i = 0; i < h->n_listeners; i++) {
        if (h->listeners[i].port != port) continue;
        struct tcp_conn *c = tcp_conn_accept(h, p, &h->listeners[i]);
        if (!c) return DROP_NO_SOCKET;
        c->v.counter[TCP_FLOW_segs_in]++;
        agree(c, s);
        s->seq = c->irs;
        s->ack = c->iss;
        take_window(c, s);
        tcp_charge(h, COST_TCP_RX_ACK, 1);
        tcp_send_syn(c);
        tcp_notify(c);
        return ACCEPTED;
    }
    return DROP_NO_SOCKET;
}

/* -- acknowledgements ------------------------------------------------------------------------------------------- */

static void fin_acked(struct tcp_conn *c)
{
    c->fin_acked = true;
    switch (c->v.state) {
    case TCP_FIN_WAIT_1: tcp_set_state(c, TCP_FIN_WAIT_2); break;
    case TCP_CLOSING:
        tcp_set_state(c, TCP_TIME_WAIT);
        tcp_timer_set(c, TCP_TIMER_WAIT, c->host->config.time_wait);
        break;
    case TCP_LAST_ACK: tcp_conn_closed(c); break;
    default: break;
    }
}

/* False: the acknowledgement is for something never sent. */
static bool take_ack(struct tcp_conn *c, const struct segment *s)
{
    if (s->ack > c->snd_max) return false;
    bool news = false, same_window = ((int64_t)s->window << c->snd_shift) == c->v.snd_wnd;
    if (s->sack && c->sack && s->ack >= c->snd_una) tcp_sack_update(c, s->sack, s->sack_bytes, &news);
    if (c->snd_wl1 < s->seq || (c->snd_wl1 == s->seq && c->snd_wl2 <= s->ack)) take_window(c, s);
    TRACE(c->host->engine, c->host->entity->id, tcp_ack, c->v.id, (uint32_t)s->ack, c->v.snd_wnd, 0);
    if (s->ack > c->snd_una) {
        tcp_new_ack(c, s->ack);
        if (c->timestamps && s->has_timestamps) timestamp_rtt(c, s);
        if (c->closing && !c->fin_acked && s->ack > c->snd_end) fin_acked(c);
    } else if (s->ack == c->snd_una && c->snd_una < c->snd_max && !(s->flags & (TCP_SYN | TCP_FIN))) {
        bool classic = s->len == 0 && same_window && c->v.snd_wnd > 0; /* RFC 5681 section 2 */
        if (c->sack ? news || (classic && s->sack) : classic) tcp_dup_ack(c);
    }
    return true;
}

/* -- data ------------------------------------------------------------------------------------------------------- */

/* Solaris' deferred acknowledgements.  Returns true when one is due now. */
__attribute__((always_inline)) static inline bool ack_due(struct tcp_conn *c, int64_t len)
{
    int64_t mss = c->v.mss;
    c->ack_count += len > mss ? (uint32_t)((len + mss - 1) / mss) : 1;
    if (c->ack_count >= c->ack_cur) { /* the limit rises with every acknowledgement, so that slow start is not slowed */
        if (c->ack_cur < c->ack_abs) c->ack_cur++;
        return true;
    }
    if (len < mss && (int64_t)(c->rcv_nxt - (uint64_t)len - c->last_ack_sent) % mss != 0) return true;
    if (c->deadline[TCP_TIMER_ACK].ps == TCP_NEVER.ps) tcp_timer_set(c, TCP_TIMER_ACK, c->host->config.ack_delay);
    return false;
}

__attribute__((always_inline)) static inline void advance(struct tcp_conn *c, uint64_t to)
{
    uint64_t bytes = to - c->rcv_nxt;
    c->rcv_nxt = to;
    c->v.counter[TCP_FLOW_delivered_bytes] += bytes;
    if (c->released) return; /* nobody reads: thrown away, the window stays open */
    c->v.unread += (int64_t)bytes;
    if (c->want_read) {
        c->want_read = false;
        c->events |= TCP_EV_READABLE;
    }
}

/* New data at or beyond rcv_nxt, inside the window. */
static int take_data(struct tcp_conn *c, const struct segment *s, bool *ack_now)
{
    if (s->seq == c->rcv_nxt) {
        advance(c, s->seq + (uint64_t)s->len);
        if (c->ooo.count) {
            uint64_t to = tcp_ranges_skip(&c->ooo, c->rcv_nxt);
            if (to != c->rcv_nxt) advance(c, to);
            tcp_ranges_trim(&c->ooo, c->rcv_nxt);
            *ack_now = true; /* RFC 5681 section 4.2: what fills a gap is acknowledged at once */
        }
        if (ack_due(c, s->len)) *ack_now = true;
        return ACCEPTED;
    }
    *ack_now = true;
    c->ack_cur = 1;
    uint64_t end = s->seq + (uint64_t)s->len;
    if (tcp_ranges_has(&c->ooo, s->seq, end)) {
        c->v.counter[TCP_FLOW_dup_segs_in]++;
        return DROP_TCP_DUPLICATE;
    }
    if (!tcp_ranges_add(&c->ooo, s->seq, end)) return DROP_TCP_WINDOW;
    c->v.counter[TCP_FLOW_ooo_segs_in]++;
    return ACCEPTED;
}

static void take_fin(struct tcp_conn *c)
{
    c->fin_received = true;
    c->rcv_nxt++;
    if (!c->released) {
        c->want_read = false;
        c->events |= TCP_EV_READABLE;
    }
    switch (c->v.state) {
    case TCP_ESTABLISHED: tcp_set_state(c, TCP_CLOSE_WAIT); break;
    case TCP_FIN_WAIT_1: tcp_set_state(c, TCP_CLOSING); break;
    case TCP_FIN_WAIT_2:
        tcp_set_state(c, TCP_TIME_WAIT);
        tcp_timer_set(c, TCP_TIMER_WAIT, c->host->config.time_wait);
        break;
    default: break;
    }
}

/* Cuts 's' to the part inside [rcv_nxt, right edge).  Returns ACCEPTED or why nothing is left of it. */
static int trim(struct tcp_conn *c, struct segment *s, bool *ack_now)
{
    if (s->seq < c->rcv_nxt) {
        uint64_t old = c->rcv_nxt - s->seq, whole = (uint64_t)s->len + (s->flags & TCP_FIN ? 1 : 0);
        if (whole == 0) return ACCEPTED;
        if (old >= whole) {
            if (c->ack_count >= 1 && c->ack_abs > 2) c->ack_abs--; /* Solaris: we may have acknowledged too late */
            c->ack_cur = 1;
            c->v.counter[TCP_FLOW_dup_segs_in]++;
            *ack_now = true;
            return DROP_TCP_DUPLICATE;
        }
        s->seq += old;
        s->len -= (int64_t)old;
        if (s->len < 0) s->len = 0;
    }
    uint64_t limit = c->rcv_nxt + (uint64_t)(tcp_receive_room(c) > 0 ? tcp_receive_room(c) : 0);
    if (s->seq + (uint64_t)s->len > limit) {
        *ack_now = true;
        s->flags &= (uint8_t)~TCP_FIN;
        if (s->seq >= limit) return DROP_TCP_WINDOW;
        s->len = (int64_t)(limit - s->seq);
    }
    return ACCEPTED;
}

/* -- a segment for a connection --------------------------------------------------------------------------------- */

/* Reset, SYN or a missing ACK, which end the matter.  True: it is ended, with *verdict. */
static bool exceptional(struct tcp_conn *c, const struct segment *s, int *verdict)
{
    *verdict = ACCEPTED;
    if (s->flags & TCP_RST) {
        uint64_t limit = c->rcv_nxt + (uint64_t)(tcp_receive_room(c) > 0 ? tcp_receive_room(c) : 1);
        if (s->seq < c->rcv_nxt || s->seq >= limit) {
            *verdict = DROP_TCP_WINDOW;
        } else {
            c->host->counter[TCP_HOST_resets_in]++;
            tcp_conn_closed(c);
        }
        return true;
    }
    if (s->flags & TCP_SYN) { /* a repeated SYN: our answer was lost; else RFC 5961's challenge */
        if (c->v.state == TCP_SYN_RECEIVED)
            tcp_send_syn(c);
        else
            tcp_send_ack(c);
        *verdict = DROP_TCP_DUPLICATE;
        return true;
    }
    if (!(s->flags & TCP_ACK)) {
        *verdict = DROP_TCP_WINDOW;
        return true;
    }
    return false;
}

static int conn_input(struct tcp_conn *c, struct segment *s)
{
    int verdict = ACCEPTED;
    bool ack_now = false;
    c->v.counter[TCP_FLOW_segs_in]++;
    if (s->len == 0) c->v.counter[TCP_FLOW_acks_in]++;
    tcp_charge(c->host, s->len ? COST_TCP_RX_DATA : COST_TCP_RX_ACK, 1);
    if (c->v.state == TCP_SYN_SENT) return syn_sent(c, s);
    s->seq = near_to(c->rcv_nxt, get_be32(s->tcp + 4));
    s->ack = near_to(c->snd_una, get_be32(s->tcp + 8));
    if (c->timestamps && s->has_timestamps) {
        if ((int32_t)(s->ts_value - c->ts_recent) < 0 && !(s->flags & TCP_RST)) { /* PAWS, RFC 7323 section 5 */
            tcp_send_ack(c);
            c->v.counter[TCP_FLOW_dup_segs_in]++;
            return DROP_TCP_DUPLICATE;
        }
        if (s->seq <= c->last_ack_sent) c->ts_recent = s->ts_value;
    }
    if (s->flags & (TCP_RST | TCP_SYN) || !(s->flags & TCP_ACK))
        if (exceptional(c, s, &verdict)) return verdict;
    verdict = trim(c, s, &ack_now);
    if (c->v.state == TCP_SYN_RECEIVED) {
        if (s->ack != c->iss + 1) {
            tcp_send_reset(c);
            return DROP_TCP_WINDOW;
        }
        tcp_new_ack(c, s->ack);
        c->v.counter[TCP_FLOW_acked_bytes] = 0;
        take_window(c, s);
        tcp_congestion_init(c);
        if (c->timestamps) timestamp_rtt(c, s);
        established(c);
    } else if (!take_ack(c, s)) {
        tcp_send_ack(c);
        return DROP_TCP_WINDOW;
    }
    if (c->v.state == TCP_CLOSED) return verdict; /* the last acknowledgement */
    if (verdict == ACCEPTED && s->seq >= c->rcv_nxt) {
        if (s->flags & TCP_FIN) c->fin_seq = s->seq + (uint64_t)s->len;
        if (s->len) verdict = take_data(c, s, &ack_now);
        if (c->rcv_nxt == c->fin_seq && !c->fin_received) take_fin(c);
        if (s->flags & TCP_FIN) ack_now = true;
    }
    uint64_t sent = c->v.counter[TCP_FLOW_sends];
    bool idle = c->snd_una == c->snd_end && !c->closing && !c->want_write; /* a receiver's end: nothing to send */
    if (idle) c->v.in_flight = c->v.sndbuf_used = 0;
    if (!idle && c->v.state >= TCP_ESTABLISHED && c->v.state != TCP_TIME_WAIT) tcp_send_pending(c);
    bool carried = c->v.counter[TCP_FLOW_sends] != sent && c->last_ack_sent == c->rcv_nxt && !c->ooo.count;
    if (ack_now && !carried) tcp_send_ack(c);
    return verdict;
}

/* What a bulk receiver gets: the next data, with timestamps and nothing else in it.  Does what conn_input() would do with
 * it and returns true; false, and nothing is done, for all other segments. */
static bool predicted(struct tcp_conn *c, const struct packet *p)
{
    const uint8_t *ip = p->hdr + p->l3, *tcp = p->hdr + p->l4;
    uint32_t total = get_be16(ip + 2), headers = (uint32_t)p->payload - p->l3, seq = get_be32(tcp + 4);
    bool idle = c->snd_una == c->snd_end && !c->closing && !c->want_write;

    if (!idle || c->v.state != TCP_ESTABLISHED || !c->timestamps || c->ooo.count || c->fin_seq != UINT64_MAX) return false;
    if (p->payload != p->l4 + TCP_BYTES + TCP_TIMESTAMP_BYTES || p->payload > p->hdr_len || ip[0] >> 4 != 4 ||
        ip[9] != IPPROTO_TCP_ || total <= headers || p->l3 + total > p->len || p->flags & PACKET_CSUM_BAD)
        return false;
    if ((tcp[13] & 31 & ~TCP_PSH) != TCP_ACK || get_be32(tcp + TCP_BYTES) != 0x0101080a) return false;
    uint32_t ts_value = get_be32(tcp + TCP_BYTES + 4), len = total - headers;
    if (seq != (uint32_t)c->rcv_nxt || get_be32(tcp + 8) != (uint32_t)c->snd_una || len > tcp_receive_room(c) ||
        (int64_t)get_be16(tcp + 14) << c->snd_shift != c->v.snd_wnd || (int32_t)(ts_value - c->ts_recent) < 0)
        return false;

    c->v.counter[TCP_FLOW_segs_in]++;
    tcp_charge(c->host, COST_TCP_RX_DATA, 1);
    if (c->rcv_nxt <= c->last_ack_sent) c->ts_recent = ts_value;
    c->snd_wl1 = c->rcv_nxt;
    c->snd_wl2 = c->snd_una;
    c->v.in_flight = c->v.sndbuf_used = 0;
    advance(c, c->rcv_nxt + len);
    if (ack_due(c, len)) tcp_send_ack(c);
    return true;
}

/* A SYN that cannot be an old one ends TIME_WAIT: its timestamp is newer, or its number lies beyond (RFC 6191; RFC 1122,
 * 4.2.2.13).  Else a client that comes back soon could not use a port again for minutes. */
static bool reopens(const struct tcp_conn *c, const struct segment *s)
{
    if (c->v.state != TCP_TIME_WAIT || (s->flags & (TCP_SYN | TCP_ACK | TCP_RST)) != TCP_SYN) return false;
    int32_t newer = c->timestamps && s->has_timestamps ? (int32_t)(s->ts_value - c->ts_recent) : 0;
    return newer ? newer > 0 : (int32_t)(get_be32(s->tcp + 4) - (uint32_t)c->rcv_nxt) > 0;
}

/* Any segment; 'c': whose it is, or NULL. */
__attribute__((noinline)) static void input(struct tcp_host *h, struct tcp_conn *c, struct packet *p)
{
    struct segment s;
    int verdict;
    if (!parse(p, &s)) {
        h->counter[TCP_HOST_bad]++;
        verdict = DROP_IP_BAD;
    } else if (c && reopens(c, &s)) {
        tcp_conn_closed(c);
        tcp_notify(c);
        verdict = new_connection(h, p, &s);
    } else if (c) {
        verdict = conn_input(c, &s);
        if (c->events || c->v.state == TCP_CLOSED) tcp_notify(c);
    } else {
        verdict = new_connection(h, p, &s);
        if (verdict != ACCEPTED) {
            h->counter[TCP_HOST_no_socket]++;
            tcp_send_reset_to(h, p, (uint32_t)s.len);
        }
    }
    if (verdict == ACCEPTED)
        packet_deliver(h->pool, p);
    else
        packet_drop(h->pool, p, (enum drop_reason)verdict);
}

void tcp_input(struct tcp_host *h, struct tcp_conn *c, struct packet *p)
{
    tcp_host_enter(h);
    if (!c || engine_view(h->engine)->trace || !predicted(c, p)) {
        input(h, c, p);
        return;
    }
    if (c->events) tcp_notify(c);
    packet_deliver(h->pool, p);
}
