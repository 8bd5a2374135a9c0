/* SPDX-License-Identifier: GPL-3.0-or-later
 * tcp_output.c -- segments: their headers, and when the rules allow one to be sent.
 *
 * Every connection keeps its headers as a template; a packet is one copy of it with the fields that change patched
 * in.  With large sends a packet carries up to lso_max_bytes and gso_mss says where the NIC is to cut it. */
#include <string.h>

#include "core/assert.h"
#include "endpoint/tcp_internal.h"

enum { TTL = 64, DONT_FRAGMENT = 0x4000, SACK_BLOCKS_MAX = 3 };

/* -- headers ---------------------------------------------------------------------------------------------------- */

static uint8_t put_l2l3(uint8_t *b, const struct tcp_route *route, uint32_t to_ip)
{
    memcpy(b, route->dst.byte, 6);
    memcpy(b + 6, route->src.byte, 6);
    uint8_t at = 12;
    if (route->vlan >= 0) {
        put_be16(b + at, ETHERTYPE_VLAN);
        put_be16(b + at + 2, (uint32_t)route->vlan);
        at = (uint8_t)(at + VLAN_BYTES);
    }
    put_be16(b + at, ETHERTYPE_IPV4);
    uint8_t l3 = (uint8_t)(at + 2);
    uint8_t *ip = b + l3;
    memset(ip, 0, IPV4_BYTES);
    ip[0] = 0x45;
    put_be16(ip + 6, DONT_FRAGMENT);
    ip[8] = TTL;
    ip[9] = IPPROTO_TCP_;
    put_be32(ip + 12, route->ip);
    put_be32(ip + 16, to_ip);
    return l3;
}

void tcp_template_init(struct tcp_conn *c, const struct tcp_route *route)
{
    c->l3 = put_l2l3(c->hdr, route, c->v.remote.ip);
    c->l4 = (uint8_t)(c->l3 + IPV4_BYTES);
    c->hdr_len = (uint8_t)(c->l4 + TCP_BYTES);
    put_be16(c->hdr + c->l4, c->v.local.port);
    put_be16(c->hdr + c->l4 + 2, c->v.remote.port);
    c->hdr[c->l4 + 12] = TCP_BYTES / 4 << 4;
}

void tcp_template_options(struct tcp_conn *c)
{
    if (!c->timestamps) return;
    put_be32(c->hdr + c->l4 + TCP_BYTES, 0x0101080a); /* NOP, NOP, timestamps, 10 bytes: RFC 7323, appendix A */
    c->hdr_len = (uint8_t)(c->l4 + TCP_BYTES + TCP_TIMESTAMP_BYTES);
    c->hdr[c->l4 + 12] = (TCP_BYTES + TCP_TIMESTAMP_BYTES) / 4 << 4;
}

uint32_t tcp_timestamp(struct tcp_host *h)
{
    if (!sim_before(h->now, h->ts_until)) { /* it never runs backwards, though the local times of two CPUs may */
        int64_t tick = h->config.timestamp_tick.ps, n = h->now.ps / tick;
        h->ts_until = (sim_time){ (n + 1) * tick };
        h->ts_value = h->ts_offset + (uint32_t)n;
    }
    return h->ts_value;
}

/* The window field, and the promise it makes.  The right edge moves by at least a segment or half the buffer (RFC
 * 1122 4.2.3.3). */
static uint32_t advertise(struct tcp_conn *c, uint8_t shift)
{
    uint64_t edge = c->rcv_nxt + (uint64_t)tcp_receive_room(c);
    int64_t half = c->host->config.rcvbuf_bytes / 2, step = half < (int64_t)c->v.mss ? half : (int64_t)c->v.mss;
    if (edge < c->rcv_adv + (uint64_t)step) edge = c->rcv_adv > c->rcv_nxt ? c->rcv_adv : c->rcv_nxt;
    uint64_t field = (edge - c->rcv_nxt) >> shift;
    if (field > 65535) field = 65535;
    if (c->rcv_nxt + (field << shift) > c->rcv_adv) c->rcv_adv = c->rcv_nxt + (field << shift);
    return (uint32_t)field;
}

static struct packet *new_segment(struct tcp_conn *c, uint64_t seq, uint32_t flags, int64_t bytes)
{
    struct tcp_host *h = c->host;
    struct packet *p = packet_new(h->pool, h->now);
    memcpy(p->hdr, c->hdr, TCP_TEMPLATE_BYTES);
    p->l3 = c->l3;
    p->l4 = c->l4;
    p->hdr_len = c->hdr_len;
    p->flags = PACKET_CSUM_PARTIAL;
    uint8_t *tcp = p->hdr + c->l4;
    put_be32(tcp + 4, (uint32_t)seq);
    if (flags & TCP_ACK) {
        put_be32(tcp + 8, (uint32_t)c->rcv_nxt);
        c->last_ack_sent = c->rcv_nxt;
        c->ack_count = 0;
        tcp_timer_stop(c, TCP_TIMER_ACK);
    }
    tcp[13] = (uint8_t)flags;
    put_be16(tcp + 14, flags & TCP_SYN ? advertise(c, 0) : advertise(c, c->rcv_shift));
    if (c->timestamps) {
        put_be32(tcp + TCP_BYTES + 4, tcp_timestamp(h));
        put_be32(tcp + TCP_BYTES + 8, c->ts_recent);
    }
    p->len = c->hdr_len + (uint32_t)bytes;
    return p;
}

/* Adds option bytes to a segment without payload. */
static void append_options(struct packet *p, const uint8_t *bytes, uint32_t n)
{
    SIM_ASSERT(n % 4 == 0 && p->hdr_len + n <= PACKET_HDR_MAX);
    memcpy(p->hdr + p->hdr_len, bytes, n);
    p->hdr_len = (uint16_t)(p->hdr_len + n);
    p->len += n;
    p->hdr[p->l4 + 12] = (uint8_t)((p->hdr_len - p->l4) / 4 << 4);
}

/* Hands the packet to the computer; 'segments' is how many frames it will become. */
static void emit(struct tcp_conn *c, struct packet *p, uint32_t segments)
{
    struct tcp_host *h = c->host;
    p->payload = (uint8_t)p->hdr_len;
    put_be16(p->hdr + p->l3 + 2, p->len - p->l3);
    put_be16(p->hdr + p->l3 + 4, h->ip_id);
    h->ip_id = (uint16_t)(h->ip_id + segments);
    c->v.counter[TCP_FLOW_segs_out] += segments;
    h->ops.output(h->owner, c, c->v.link, p);
}

/* -- segments without data -------------------------------------------------------------------------------------- */

void tcp_send_syn(struct tcp_conn *c)
{
    const struct tcp_config *config = &c->host->config;
    bool reply = c->v.state == TCP_SYN_RECEIVED;
    uint8_t options[24] = { 2, 4 };
    uint32_t n = 4;
    put_be16(options + 2, c->mss_own);
    if (reply ? c->scaling : config->window_scale) {
        options[n] = 1;
        options[n + 1] = 3;
        options[n + 2] = 3;
        options[n + 3] = c->rcv_shift;
        n += 4;
    }
    bool timestamps = reply ? c->timestamps : config->timestamps;
    if (reply ? c->sack : config->sack) {
        put_be32(options + n, 0x01010402);
        n += 4;
    }
    bool in_template = c->timestamps; /* a reply's template already has the timestamps option */
    if (timestamps && !in_template) {
        put_be32(options + n, 0x0101080a);
        put_be32(options + n + 4, tcp_timestamp(c->host));
        put_be32(options + n + 8, 0);
        n += TCP_TIMESTAMP_BYTES;
    }
    if (!c->timing && c->backoff == 0) {
        c->timing = true;
        c->timed_seq = c->iss + 1;
        c->timed_at = c->host->now;
    }
    struct packet *p = new_segment(c, c->iss, reply ? TCP_SYN | TCP_ACK : TCP_SYN, 0);
    append_options(p, options, n);
    tcp_charge(c->host, COST_TCP_TX_ACK, 1);
    tcp_timer_set(c, TCP_TIMER_REXMT, tcp_rto_now(c));
    emit(c, p, 1);
}

void tcp_send_ack(struct tcp_conn *c)
{
    struct packet *p = new_segment(c, c->persisting ? c->snd_nxt : c->snd_max, TCP_ACK, 0);
    if (c->sack && c->ooo.count) {
        uint8_t options[4 + 8 * SACK_BLOCKS_MAX];
        uint32_t n = 4, blocks = 0, below = UINT32_MAX;
        while (blocks < SACK_BLOCKS_MAX) { /* the latest first: RFC 2018 section 4 */
            const struct tcp_range *best = NULL;
            for (uint32_t i = 0; i < c->ooo.count; i++)
                if (c->ooo.r[i].stamp < below && (!best || c->ooo.r[i].stamp > best->stamp)) best = &c->ooo.r[i];
            if (!best) break;
            below = best->stamp;
            put_be32(options + n, (uint32_t)best->start);
            put_be32(options + n + 4, (uint32_t)best->end);
            n += 8;
            blocks++;
        }
        put_be32(options, 0x01010500 + 2 + 8 * blocks);
        append_options(p, options, n);
    }
    c->v.counter[TCP_FLOW_acks_out]++;
    tcp_charge(c->host, COST_TCP_TX_ACK, 1);
    emit(c, p, 1);
}

void tcp_send_reset(struct tcp_conn *c)
{
    struct packet *p = new_segment(c, c->snd_nxt, TCP_RST | TCP_ACK, 0);
    c->host->counter[TCP_HOST_resets_out]++;
    emit(c, p, 1);
}

/* RFC 9293 section 3.10.7.1: a reset that the sender of 'p' will believe. */
void tcp_send_reset_to(struct tcp_host *h, const struct packet *p, uint32_t payload_bytes)
{
    const uint8_t *in = p->hdr + p->l4;
    struct tcp_route route;
    if (in[13] & TCP_RST || !h->ops.route(h->owner, p, &route)) return;
    route.ip = get_be32(p->hdr + p->l3 + 16);
    struct packet *out = packet_new(h->pool, h->now);
    out->l3 = put_l2l3(out->hdr, &route, get_be32(p->hdr + p->l3 + 12));
    out->l4 = (uint8_t)(out->l3 + IPV4_BYTES);
    uint8_t *tcp = out->hdr + out->l4;
    memset(tcp, 0, TCP_BYTES);
    put_be16(tcp, get_be16(in + 2));
    put_be16(tcp + 2, get_be16(in));
    tcp[12] = TCP_BYTES / 4 << 4;
    if (in[13] & TCP_ACK) {
        put_be32(tcp + 4, get_be32(in + 8));
        tcp[13] = TCP_RST;
    } else {
        uint32_t syn_fin = (in[13] & TCP_SYN ? 1u : 0u) + (in[13] & TCP_FIN ? 1u : 0u);
        put_be32(tcp + 8, get_be32(in + 4) + payload_bytes + syn_fin);
        tcp[13] = TCP_RST | TCP_ACK;
    }
    out->len = out->hdr_len = (uint16_t)(out->l4 + TCP_BYTES);
    out->payload = (uint8_t)out->hdr_len;
    out->flags = PACKET_CSUM_PARTIAL;
    put_be16(out->hdr + out->l3 + 2, out->len - out->l3);
    put_be16(out->hdr + out->l3 + 4, h->ip_id++);
    h->counter[TCP_HOST_resets_out]++;
    h->ops.output(h->owner, NULL, route.link, out);
}

/* -- data ------------------------------------------------------------------------------------------------------- */

void tcp_send_data(struct tcp_conn *c, uint64_t seq, int64_t bytes)
{
    uint64_t end = seq + (uint64_t)bytes;
    bool fin = c->closing && end == c->snd_end;
    uint32_t flags = TCP_ACK | (fin ? TCP_FIN : 0u) | (bytes && end == c->snd_end ? TCP_PSH : 0u);
    uint32_t segments = bytes > (int64_t)c->v.mss ? (uint32_t)((bytes + c->v.mss - 1) / c->v.mss) : 1;
    struct packet *p = new_segment(c, seq, flags, bytes);
    if (segments > 1) p->gso_mss = (uint16_t)c->v.mss;
    if (seq < c->snd_max) {
        uint64_t again = (c->snd_max - seq + c->v.mss - 1) / c->v.mss;
        c->v.counter[TCP_FLOW_retransmits] += again < segments ? again : segments;
        c->timing = false; /* Karn: an acknowledgement now proves nothing about the round trip */
        TRACE(c->host->engine, c->host->entity->id, tcp_retransmit, c->v.id, (uint32_t)seq, c->recovering, 0);
    } else {
        if (!c->timing) {
            c->timing = true;
            c->timed_seq = end;
            c->timed_at = c->host->now;
        }
        TRACE(c->host->engine, c->host->entity->id, tcp_send, c->v.id, (uint32_t)seq, bytes, 0);
    }
    end += fin;
    if (end > c->snd_nxt && seq <= c->snd_nxt) c->snd_nxt = end;
    if (end > c->snd_max) c->snd_max = end;
    c->last_send = c->host->now;
    c->v.counter[TCP_FLOW_sent_bytes] += (uint64_t)bytes;
    c->v.counter[TCP_FLOW_sends]++;
    tcp_charge(c->host, COST_TCP_TX_SEGMENT, 1);
    if (c->deadline[TCP_TIMER_REXMT].ps == TCP_NEVER.ps || c->persisting) {
        if (c->persisting) c->backoff = 0;
        c->persisting = false;
        tcp_timer_set(c, TCP_TIMER_REXMT, tcp_rto_now(c));
    }
    emit(c, p, segments);
}

/* How many bytes may go in one packet at snd_nxt, 0: none.  'usable' is what the windows leave. */
static int64_t sendable(const struct tcp_conn *c, int64_t usable)
{
    const struct tcp_config *config = &c->host->config;
    int64_t mss = c->v.mss, unsent = (int64_t)(c->snd_end - c->snd_nxt);
    int64_t n = unsent < usable ? unsent : usable;
    if (c->sacked.count && c->snd_nxt < c->snd_max) { /* going back after a timeout: only up to the next SACKed byte */
        uint64_t next = tcp_ranges_next(&c->sacked, c->snd_nxt);
        if (next - c->snd_nxt < (uint64_t)n) {
            n = (int64_t)(next - c->snd_nxt);
            return n < mss ? n : mss;
        }
    }
    if (n > mss) {
        if (config->lso_max_bytes <= mss) return mss;
        if (n > config->lso_max_bytes) return config->lso_max_bytes / mss * mss;
    }
    int64_t tail = n < mss ? n : n % mss;
    if (tail == 0) return n;
    if (n < unsent) { /* the window cuts it: whole segments only, unless it was never larger (RFC 1122 4.2.3.4) */
        if (n > mss) return n - tail;
        if (c->snd_nxt < c->snd_max) return n; /* sent before: the window has shrunk, or an old one came late */
        return c->snd_nxt == c->snd_una && n >= c->snd_wnd_max / 2 ? n : 0;
    }
    bool all = c->no_delay || c->closing || (n < mss && c->snd_nxt == c->snd_una); /* Nagle, RFC 896 */
    return all ? n : n - tail;
}

bool tcp_send_new(struct tcp_conn *c, int64_t budget)
{
    int64_t usable = (int64_t)(c->snd_una - c->snd_nxt) + c->v.snd_wnd;
    if (usable > budget) usable = budget;
    int64_t n = usable > 0 && c->snd_nxt < c->snd_end ? sendable(c, usable) : 0;
    if (n <= 0 && !(c->closing && c->snd_nxt == c->snd_end)) return false;
    const struct tcp_ops *ops = &c->host->ops;
    if (ops->room && !ops->room(c->host->owner, c, c->v.link)) {
        tcp_local_congestion(c);
        return false;
    }
    tcp_send_data(c, c->snd_nxt, n);
    return true;
}

static void check_writable(struct tcp_conn *c)
{
    const struct tcp_config *config = &c->host->config;
    c->v.sndbuf_used = (int64_t)(c->snd_end - (config->sndbuf_unacked ? c->snd_una : c->snd_max));
    if (c->want_write && c->v.sndbuf_used <= config->snd_low_water) {
        c->want_write = false;
        c->events |= TCP_EV_WRITABLE;
    }
}

/* After a time without sending, the window no longer says anything about the path (RFC 5681 section 4.1). */
static void restart_after_idle(struct tcp_conn *c)
{
    if (c->snd_una != c->snd_max || sim_diff(c->host->now, c->last_send).ps < c->v.rto.ps) return;
    int64_t restart = (int64_t)c->host->config.initial_window * c->v.mss;
    if (c->v.cwnd > restart) c->v.cwnd = restart;
}

void tcp_send_pending(struct tcp_conn *c)
{
    if (c->recovering && c->sack) {
        while (tcp_recovery_send(c)) continue;
    } else {
        if (c->snd_nxt != c->snd_end) restart_after_idle(c);
        uint32_t extra = c->recovering || c->after_timeout ? 0 : c->dup_acks < 2 ? c->dup_acks : 2; /* RFC 3042 */
        int64_t window = c->v.cwnd + (int64_t)(extra * c->v.mss);
        do {
            if (c->sacked.count && c->snd_nxt < c->snd_max) c->snd_nxt = tcp_ranges_skip(&c->sacked, c->snd_nxt);
        } while (tcp_send_new(c, (int64_t)(c->snd_una - c->snd_nxt) + window));
    }
    if (c->snd_nxt < c->snd_end && c->snd_una == c->snd_max && c->deadline[TCP_TIMER_REXMT].ps == TCP_NEVER.ps) {
        c->persisting = true; /* only the peer's window can hold back everything: ask again later */
        tcp_timer_set(c, TCP_TIMER_REXMT, tcp_rto_now(c));
    }
    c->v.in_flight = (int64_t)(c->snd_max - c->snd_una);
    check_writable(c);
}

/* RFC 9293 section 3.8.6.1: at least one byte, whatever the window. */
void tcp_send_probe(struct tcp_conn *c)
{
    int64_t unsent = (int64_t)(c->snd_end - c->snd_una), n = c->v.snd_wnd < (int64_t)c->v.mss ? c->v.snd_wnd
                                                                                             : (int64_t)c->v.mss;
    if (n < 1) n = 1;
    if (n > unsent) n = unsent;
    c->v.counter[TCP_FLOW_probes]++;
    tcp_send_data(c, c->snd_una, n);
    if (c->v.snd_wnd == 0) c->snd_nxt = c->snd_una; /* a refused byte is sent again with what follows it */
}
