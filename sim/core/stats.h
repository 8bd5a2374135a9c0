/* SPDX-License-Identifier: GPL-3.0-or-later
 * stats.h -- where results come from: every entity's counters, found by (kind, entity, counter).
 *
 * An entity keeps its counters in an array of its own and registers it once; counting is an increment of that array
 * and nothing else.  stats_mark() remembers all values at the end of the warm-up; reads give the growth since.
 * A counter whose name ends in "_max" is a maximum, not a sum: its base stays 0 and reads give it for the whole run. */
#ifndef SIM_CORE_STATS_H
#define SIM_CORE_STATS_H

#include <stddef.h>
#include <stdint.h>

struct stats;

struct stats_block {
    const char *kind;          /* "link", "cpu", "lane", "flow", "nic", ...: one table of results each */
    const char *entity;        /* unique within the kind; copied */
    const char *const *names;  /* counter names; must outlive the stats */
    const uint64_t *values;    /* the entity's own array */
    const uint64_t *base;      /* values at the last mark; owned by stats */
    size_t count;
};

struct stats *stats_create(void);
void stats_destroy(struct stats *s);

void stats_register(struct stats *s, const char *kind, const char *entity, const char *const *names,
                    const uint64_t *values, size_t count);

/* Calls fn(owner) before values are looked at: by stats_mark(), stats_value() and stats_count().  For an entity that
 * counts late. */
typedef void stats_read_fn(void *owner);
void stats_on_read(struct stats *s, stats_read_fn *fn, void *owner);

/* Remembers all values, but those of maxima, as the base. */
void stats_mark(struct stats *s);

/* Blocks in order of registration. */
size_t stats_count(const struct stats *s);
const struct stats_block *stats_get(const struct stats *s, size_t i);

/* Growth of one counter since the mark; 0 when there is no such counter. */
uint64_t stats_value(const struct stats *s, const char *kind, const char *entity, const char *counter);

#endif
