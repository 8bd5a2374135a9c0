/* SPDX-License-Identifier: GPL-3.0-or-later
 * tcp_cubic.c -- CUBIC: the window as a cubic function of the time since the last loss, Linux's default from 2.6.19 on.
 *
 *     window |          max . . . . ______/        W(t) = max + 0.4 (t - K)^3 segments, t in seconds
 *            |            ___------                K: the time after which the window is 'max' again
 *            |     0.7 max
 *            +-----|-------------|-----------> t   a loss: max = the window, or less when it has not come back to the
 *                  0             K                 last max (fast convergence); the window is 0.7 of it
 *
 * Between losses an acknowledgement raises the window so that it is W(t + RTT) one round trip later, and never less than
 * what plain congestion avoidance with the same back-off would give.
 *
 * Sources: net/ipv4/tcp_cubic.c of 2.6.27 (factors 717/1024 and 41/1024, TCP friendliness); RFC 8312.  Left out: the
 * bound of half a second's growth per round trip in later versions. */
#include "endpoint/tcp_internal.h"

enum { BETA = 717, SCALE = 1024, SHRINK_TENTHS = 4 };

int64_t tcp_cubic_root(int64_t x)
{
    int64_t low = 0, high = 2097151; /* the largest whose cube fits */
    while (low < high) {
        int64_t middle = (low + high + 1) / 2;
        if (middle * middle * middle <= x)
            low = middle;
        else
            high = middle - 1;
    }
    return low;
}

int64_t tcp_cubic_window(int64_t max_bytes, int64_t mss, int64_t since_k_ms)
{
    sim_wide cube = (sim_wide)since_k_ms * since_k_ms * since_k_ms;
    return max_bytes + (int64_t)(cube * SHRINK_TENTHS * mss / INT64_C(10000000000));
}

int64_t tcp_cubic_loss(struct tcp_conn *c)
{
    int64_t window = c->v.cwnd;
    c->cubic_max = window < c->cubic_max ? window * (SCALE + BETA) / (2 * SCALE) : window;
    c->cubic_began = TCP_NEVER;
    return window * BETA / SCALE;
}

/* A new period of growth begins with the first acknowledgement after a loss. */
static void begin(struct tcp_conn *c)
{
    int64_t short_bytes = c->cubic_max - c->v.cwnd;
    c->cubic_began = c->host->now;
    c->cubic_friend = c->v.cwnd;
    c->cwnd_acked = 0;
    if (short_bytes <= 0) {
        c->cubic_max = c->v.cwnd;
        c->cubic_k_ms = 0;
    } else {
        c->cubic_k_ms = tcp_cubic_root(short_bytes * INT64_C(2500000000) / c->v.mss);
    }
}

/* What plain congestion avoidance would have: 3 (1 - beta) / (1 + beta) of a segment per window acknowledged. */
static int64_t friendly(struct tcp_conn *c, int64_t acked)
{
    enum { GAIN = SCALE * 3 * (SCALE - BETA) / (SCALE + BETA) };
    c->cubic_friend += (int64_t)((sim_wide)acked * c->v.mss * GAIN / SCALE / c->cubic_friend);
    return c->cubic_friend;
}

void tcp_cubic_grow(struct tcp_conn *c, int64_t acked)
{
    if (c->cubic_began.ps == TCP_NEVER.ps) begin(c);
    int64_t t_ms = (sim_diff(c->host->now, c->cubic_began).ps + c->v.srtt.ps) / 1000000000;
    int64_t target = tcp_cubic_window(c->cubic_max, c->v.mss, t_ms - c->cubic_k_ms), least = friendly(c, acked);
    if (target < least) target = least;
    if (target <= c->v.cwnd) return;
    c->cwnd_acked += (uint64_t)((sim_wide)acked * (target - c->v.cwnd) / c->v.cwnd);
    if (c->cwnd_acked < c->v.mss) return;
    int64_t more = (int64_t)(c->cwnd_acked / c->v.mss) * c->v.mss;
    c->cwnd_acked -= (uint64_t)more;
    c->v.cwnd += more;
}
