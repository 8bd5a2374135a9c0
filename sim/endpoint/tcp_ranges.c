/* SPDX-License-Identifier: GPL-3.0-or-later
 * tcp_ranges.c -- linear searches over at most 32 ranges: there are rarely more than three. */
#include "endpoint/tcp_ranges.h"

#include <string.h>

static void erase(struct tcp_ranges *s, uint32_t first, uint32_t n)
{
    memmove(&s->r[first], &s->r[first + n], (s->count - first - n) * sizeof s->r[0]);
    s->count -= n;
}

bool tcp_ranges_add(struct tcp_ranges *s, uint64_t start, uint64_t end)
{
    uint32_t i = 0, n = 0;
    while (i < s->count && s->r[i].end < start) i++;
    while (i + n < s->count && s->r[i + n].start <= end) n++; /* touched: [i, i + n) */
    if (n == 0) {
        if (s->count == TCP_RANGES_MAX) return false;
        memmove(&s->r[i + 1], &s->r[i], (s->count - i) * sizeof s->r[0]);
        s->count++;
    } else {
        if (s->r[i].start < start) start = s->r[i].start;
        if (s->r[i + n - 1].end > end) end = s->r[i + n - 1].end;
        erase(s, i + 1, n - 1);
    }
    s->r[i] = (struct tcp_range){ start, end, ++s->stamp };
    return true;
}

bool tcp_ranges_has(const struct tcp_ranges *s, uint64_t start, uint64_t end)
{
    for (uint32_t i = 0; i < s->count; i++)
        if (s->r[i].start <= start && end <= s->r[i].end) return true;
    return false;
}

void tcp_ranges_trim(struct tcp_ranges *s, uint64_t seq)
{
    uint32_t n = 0;
    while (n < s->count && s->r[n].end <= seq) n++;
    if (n) erase(s, 0, n);
    if (s->count && s->r[0].start < seq) s->r[0].start = seq;
}

uint64_t tcp_ranges_bytes(const struct tcp_ranges *s, uint64_t start, uint64_t end)
{
    uint64_t bytes = 0;
    for (uint32_t i = 0; i < s->count; i++) {
        uint64_t from = s->r[i].start > start ? s->r[i].start : start;
        uint64_t to = s->r[i].end < end ? s->r[i].end : end;
        if (to > from) bytes += to - from;
    }
    return bytes;
}

uint64_t tcp_ranges_skip(const struct tcp_ranges *s, uint64_t seq)
{
    for (uint32_t i = 0; i < s->count; i++)
        if (s->r[i].start <= seq && seq < s->r[i].end) return s->r[i].end;
    return seq;
}

uint64_t tcp_ranges_next(const struct tcp_ranges *s, uint64_t seq)
{
    for (uint32_t i = 0; i < s->count; i++)
        if (s->r[i].start > seq) return s->r[i].start;
    return UINT64_MAX;
}
