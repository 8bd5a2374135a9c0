/* SPDX-License-Identifier: GPL-3.0-or-later
 * tcp_recovery.c -- round-trip times, the congestion window, and finding and repairing losses.
 *
 * With SACK, recovery is RFC 6675: the scoreboard says what is lost, 'pipe' what is still in the network, and each
 * step sends the most useful segment while pipe is below cwnd; its rule 4, the rescue retransmission, came after the
 * systems modelled here and is left out.  Without SACK, it is NewReno (RFC 6582; cwnd = ssthresh at the end).  After a
 * retransmission timeout the scoreboard is forgotten (RFC 2018 section 8) and sending goes back to snd_una; SACKs
 * that arrive from then on are skipped over. */
#include "endpoint/tcp_internal.h"

static int64_t larger(int64_t a, int64_t b) { return a > b ? a : b; }
static int64_t smaller(int64_t a, int64_t b) { return a < b ? a : b; }

void tcp_congestion_init(struct tcp_conn *c)
{
    c->v.cwnd = (int64_t)c->host->config.initial_window * c->v.mss;
    c->v.ssthresh = larger(c->host->config.cwnd_max_bytes, c->v.cwnd);
    c->recover = c->snd_una;
    c->cubic_began = TCP_NEVER;
    c->cubic_max = 0;
}

/* RFC 6298 section 2, with the timestamp's tick as the clock granularity G. */
void tcp_rtt_sample(struct tcp_conn *c, sim_dur rtt)
{
    const struct tcp_config *config = &c->host->config;
    if (!c->rtt_known) {
        c->rtt_known = true;
        c->v.srtt = rtt;
        c->rtt_var.ps = rtt.ps / 2;
    } else {
        int64_t error = c->v.srtt.ps > rtt.ps ? c->v.srtt.ps - rtt.ps : rtt.ps - c->v.srtt.ps;
        c->rtt_var.ps += (error - c->rtt_var.ps) / 4;
        c->v.srtt.ps += (rtt.ps - c->v.srtt.ps) / 8;
    }
    int64_t granularity = c->timestamps ? config->timestamp_tick.ps : 0;
    int64_t rto = c->v.srtt.ps + larger(granularity, 4 * c->rtt_var.ps);
    c->v.rto.ps = smaller(larger(rto, config->min_rto.ps), config->max_rto.ps);
}

sim_dur tcp_rto_now(const struct tcp_conn *c)
{
    int64_t max = c->host->config.max_rto.ps;
    uint32_t shift = c->backoff < 20 ? c->backoff : 20;
    return c->v.rto.ps > max >> shift ? (sim_dur){ max } : (sim_dur){ c->v.rto.ps << shift };
}

/* -- the scoreboard --------------------------------------------------------------------------------------------- */

void tcp_sack_update(struct tcp_conn *c, const uint8_t *option, uint32_t bytes, bool *news)
{
    for (uint32_t i = 0; i + 8 <= bytes; i += 8) {
        uint64_t start = c->snd_una + (uint64_t)(int64_t)(int32_t)(get_be32(option + i) - (uint32_t)c->snd_una);
        uint64_t end = c->snd_una + (uint64_t)(int64_t)(int32_t)(get_be32(option + i + 4) - (uint32_t)c->snd_una);
        if (start < c->snd_una || end <= start || end > c->snd_max) continue; /* old, or a duplicate report */
        if (tcp_ranges_has(&c->sacked, start, end)) continue;
        if (tcp_ranges_add(&c->sacked, start, end)) *news = true;
    }
}

/* Everything below the result that is not SACKed is lost: RFC 6675's IsLost(), which is monotonic in the sequence
 * number, turned around. */
static uint64_t lost_below(const struct tcp_conn *c)
{
    uint64_t bytes = 0;
    for (uint32_t i = c->sacked.count; i-- > 0;) {
        bytes += c->sacked.r[i].end - c->sacked.r[i].start;
        if (c->sacked.count - i >= TCP_DUP_ACKS || bytes > (TCP_DUP_ACKS - 1) * (uint64_t)c->v.mss)
            return c->sacked.r[i].start;
    }
    return 0;
}

static int64_t unsacked(const struct tcp_conn *c, uint64_t start, uint64_t end)
{
    return start < end ? (int64_t)(end - start - tcp_ranges_bytes(&c->sacked, start, end)) : 0;
}

/* RFC 6675 SetPipe(): what is neither lost nor SACKed, plus what has been sent again. */
static int64_t pipe(const struct tcp_conn *c, uint64_t lost)
{
    uint64_t from = lost > c->snd_una ? lost : c->snd_una;
    return unsacked(c, from, c->snd_max) + unsacked(c, c->snd_una, c->high_rxt);
}

/* Sends one segment again from 'seq' to at most 'limit'; returns its end. */
static uint64_t resend(struct tcp_conn *c, uint64_t seq, uint64_t limit)
{
    uint64_t end = seq + c->v.mss, next = tcp_ranges_next(&c->sacked, seq);
    if (end > next) end = next;
    if (end > limit) end = limit;
    if (end > c->snd_end) end = c->snd_end;
    if (end <= seq) { /* nothing but the FIN is left */
        tcp_send_data(c, seq, 0);
        return seq + 1;
    }
    tcp_send_data(c, seq, (int64_t)(end - seq));
    return end;
}

bool tcp_recovery_send(struct tcp_conn *c)
{
    uint64_t lost = lost_below(c);
    int64_t budget = c->v.cwnd - pipe(c, lost);
    if (budget < (int64_t)c->v.mss) return false;
    uint64_t next = tcp_ranges_skip(&c->sacked, c->high_rxt > c->snd_una ? c->high_rxt : c->snd_una);
    if (next < lost) { /* NextSeg() rule 1 */
        c->high_rxt = resend(c, next, lost);
        return true;
    }
    if (tcp_send_new(c, budget)) return true; /* rule 2 */
    uint64_t top = c->sacked.count ? c->sacked.r[c->sacked.count - 1].end : 0;
    if (next >= top) return false;
    c->high_rxt = resend(c, next, top); /* rule 3 */
    return true;
}

/* -- losses ----------------------------------------------------------------------------------------------------- */

static void shrink(struct tcp_conn *c)
{
    bool cubic = c->host->config.congestion == TCP_CUBIC;
    int64_t less = cubic ? tcp_cubic_loss(c) : (int64_t)(c->snd_max - c->snd_una) / 2; /* RFC 5681 (4) */
    c->v.ssthresh = larger(less, 2 * (int64_t)c->v.mss);
    TRACE(c->host->engine, c->host->entity->id, tcp_cwnd, c->v.id, c->v.cwnd, c->v.ssthresh, 0);
}

void tcp_local_congestion(struct tcp_conn *c)
{
    if (c->recovering || c->after_timeout || c->snd_una < c->local_until) return;
    shrink(c);
    c->v.cwnd = c->v.ssthresh;
    c->local_until = c->snd_max;
}

static void enter_recovery(struct tcp_conn *c)
{
    shrink(c);
    c->v.counter[TCP_FLOW_fast_recoveries]++;
    c->recovering = c->first_partial = true;
    c->recover = c->snd_max;
    c->snd_nxt = c->snd_max;
    c->v.cwnd = c->v.ssthresh + (c->sack ? 0 : TCP_DUP_ACKS * (int64_t)c->v.mss);
    c->high_rxt = resend(c, c->snd_una, c->snd_max);
    tcp_timer_set(c, TCP_TIMER_REXMT, tcp_rto_now(c));
}

void tcp_dup_ack(struct tcp_conn *c)
{
    c->v.counter[TCP_FLOW_dup_acks_in]++;
    if (c->recovering) {
        if (!c->sack) c->v.cwnd += c->v.mss;
        return;
    }
    c->dup_acks++;
    if (c->after_timeout) return; /* RFC 6582 section 3.2, RFC 6675 section 5.1: these may echo what was sent again */
    if (c->dup_acks >= TCP_DUP_ACKS || (c->sack && lost_below(c) > c->snd_una)) enter_recovery(c);
}

static void grow(struct tcp_conn *c, int64_t acked)
{
    int64_t counted = smaller(acked, (int64_t)c->host->config.growth_segments * c->v.mss);
    if (c->v.cwnd < c->v.ssthresh) {
        c->v.cwnd += counted;
    } else if (c->host->config.congestion == TCP_CUBIC) {
        tcp_cubic_grow(c, acked);
    } else {
        c->cwnd_acked += (uint64_t)counted;
        if (c->cwnd_acked < (uint64_t)c->v.cwnd) return;
        c->cwnd_acked -= (uint64_t)c->v.cwnd;
        c->v.cwnd += c->v.mss;
    }
    c->v.cwnd = smaller(c->v.cwnd, c->host->config.cwnd_max_bytes);
}

/* RFC 6582 section 3.2 step 3: a partial acknowledgement means that the next segment was lost too. */
static void partial_ack(struct tcp_conn *c, int64_t acked)
{
    c->v.cwnd = larger(c->v.cwnd - acked + (acked >= (int64_t)c->v.mss ? (int64_t)c->v.mss : 0), c->v.mss);
    resend(c, c->snd_una, c->snd_max);
}

void tcp_new_ack(struct tcp_conn *c, uint64_t ack)
{
    int64_t acked = (int64_t)(ack - c->snd_una);
    bool restart_timer = true;
    c->v.counter[TCP_FLOW_acked_bytes] += (uint64_t)acked - (ack > c->snd_end ? 1 : 0);
    c->snd_una = ack;
    if (c->snd_nxt < ack) c->snd_nxt = ack;
    c->backoff = 0;
    if (c->sacked.count) tcp_ranges_trim(&c->sacked, ack);
    if (c->timing && ack >= c->timed_seq) {
        int64_t rtt = larger(sim_diff(c->host->now, c->timed_at).ps, 0);
        c->timing = false;
        c->v.counter[TCP_FLOW_rtt_samples]++;
        c->v.counter[TCP_FLOW_rtt_ns_sum] += (uint64_t)rtt / 1000;
        if (!c->timestamps) tcp_rtt_sample(c, sim_ps(rtt));
    }
    if (c->after_timeout && ack >= c->recover) c->after_timeout = false;
    if (!c->recovering) {
        c->dup_acks = 0;
        grow(c, acked);
    } else if (ack >= c->recover) {
        c->v.cwnd = c->v.ssthresh;
        c->recovering = false;
        c->dup_acks = 0;
        c->cwnd_acked = 0;
    } else if (!c->sack) {
        partial_ack(c, acked);
        restart_timer = c->first_partial;
        c->first_partial = false;
    }
    if (c->snd_una == c->snd_max)
        tcp_timer_stop(c, TCP_TIMER_REXMT);
    else if (restart_timer)
        tcp_timer_set(c, TCP_TIMER_REXMT, tcp_rto_now(c));
}

/* -- timeouts --------------------------------------------------------------------------------------------------- */

static void give_up(struct tcp_conn *c)
{
    c->host->counter[TCP_HOST_gave_up]++;
    tcp_conn_closed(c);
}

/* RFC 6298 section 5 and RFC 5681 section 3.1. */
static void timeout(struct tcp_conn *c)
{
    if (c->backoff++ == 0) shrink(c); /* once per flight, however often it is repeated */
    c->v.counter[TCP_FLOW_timeouts]++;
    TRACE(c->host->engine, c->host->entity->id, tcp_retransmit, c->v.id, (uint32_t)c->snd_una, 2, 0);
    c->v.cwnd = c->v.mss;
    c->cwnd_acked = 0;
    c->recovering = false;
    c->after_timeout = true;
    c->recover = c->snd_max;
    c->dup_acks = 0;
    c->sacked.count = 0;
    c->timing = false;
    c->snd_nxt = c->snd_una;
    tcp_timer_set(c, TCP_TIMER_REXMT, tcp_rto_now(c));
    tcp_send_pending(c);
}

void tcp_retransmit_timeout(struct tcp_conn *c)
{
    const struct tcp_config *config = &c->host->config;
    if (c->v.state == TCP_SYN_SENT || c->v.state == TCP_SYN_RECEIVED) {
        c->timing = false;
        if (c->backoff++ >= (uint32_t)config->syn_retries)
            give_up(c);
        else
            tcp_send_syn(c);
    } else if ((c->persisting || c->v.snd_wnd == 0) && c->snd_una < c->snd_end) {
        uint32_t backoff = c->backoff + 1;
        tcp_send_probe(c);
        c->backoff = backoff;
        c->persisting = true;
        tcp_timer_set(c, TCP_TIMER_REXMT, tcp_rto_now(c));
    } else if (c->snd_una < c->snd_max) {
        if (c->backoff >= (uint32_t)config->data_retries)
            give_up(c);
        else
            timeout(c);
    }
}
