/* SPDX-License-Identifier: GPL-3.0-or-later
 * tcp_ranges.h -- a small sorted set of disjoint byte ranges: what arrived out of order, or what the peer has SACKed.
 *
 * Sequence numbers are 64 bits wide inside a connection, so they never wrap here. */
#ifndef SIM_ENDPOINT_TCP_RANGES_H
#define SIM_ENDPOINT_TCP_RANGES_H

#include <stdbool.h>
#include <stdint.h>

enum { TCP_RANGES_MAX = 32 };

struct tcp_range {
    uint64_t start, end; /* end is the first byte after it */
    uint32_t stamp;      /* grows with every addition: the latest range has the largest */
};
struct tcp_ranges {
    uint32_t count, stamp;
    struct tcp_range r[TCP_RANGES_MAX];
};

/* Adds [start, end), merging what it touches.  False when there is no room for one more range. */
bool tcp_ranges_add(struct tcp_ranges *s, uint64_t start, uint64_t end);

/* True when [start, end) is already in the set. */
bool tcp_ranges_has(const struct tcp_ranges *s, uint64_t start, uint64_t end);

/* Removes everything below 'seq'. */
void tcp_ranges_trim(struct tcp_ranges *s, uint64_t seq);

/* Bytes of the set inside [start, end). */
uint64_t tcp_ranges_bytes(const struct tcp_ranges *s, uint64_t start, uint64_t end);

/* If 'seq' is in a range, the end of that range; else 'seq'. */
uint64_t tcp_ranges_skip(const struct tcp_ranges *s, uint64_t seq);

/* Start of the first range that begins after 'seq', or UINT64_MAX. */
uint64_t tcp_ranges_next(const struct tcp_ranges *s, uint64_t seq);

#endif
