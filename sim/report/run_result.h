/* SPDX-License-Identifier: GPL-3.0-or-later
 * run_result.h -- what one run (one variant, one seed) yields: plain data, readable after the simulated world is gone.
 *
 * Everything is copied, so that a run in a child process comes back whole through a file.  All values but 'wall_s'
 * and 'peak_rss_bytes' are the same for the same scenario and seed on every machine. */
#ifndef SIM_REPORT_RUN_RESULT_H
#define SIM_REPORT_RUN_RESULT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "core/drops.h"
#include "core/stats.h"
#include "core/units.h"

/* One entity's counters: growth since the end of the warm-up. */
struct result_block {
    char *kind;        /* "cpu", "lane", "link", ...: one table of results each */
    char *entity;      /* "sut/cpu0", "sut>foundry", "sut:10.0.0.1:5001>10.0.0.2:1024": the machine stands first */
    char **names;      /* counter names, in the order in which they were registered */
    uint64_t *values;
    size_t count;
};

/* The packet pool's account at the end of the run, warm-up included. */
struct result_ledger {
    uint64_t created, delivered, segmented, held, dropped[N_DROP_REASONS];
};

struct run_result {
    char *title;             /* of the scenario */
    char *variant;
    uint64_t seed;
    char *focus;             /* machine of interest: the first one in full detail; NULL when there is none */
    sim_dur simulated;       /* whole run, warm-up included */
    sim_dur measured;        /* from the end of the warm-up: what the counters cover */
    double wall_s;           /* host dependent; the campaign fills in what the run leaves 0 */
    int64_t peak_rss_bytes;  /* host dependent; likewise */
    uint64_t events, packet_hops;
    struct result_ledger ledger;
    struct result_block *blocks;
    size_t block_count;
};

void run_result_init(struct run_result *r);
void run_result_fini(struct run_result *r); /* frees what it owns; 'r' is as after init */

/* Sets an owned string field (title, variant, focus) to a copy; NULL is allowed. */
void run_result_set(char **field, const char *text);

/* Copies every block of 's'.  When 'focus' is not set yet it becomes the machine of the first "cpu" block. */
void run_result_copy_stats(struct run_result *r, const struct stats *s);

/* Adds a block by hand; all is copied. */
void run_result_add(struct run_result *r, const char *kind, const char *entity, const char *const *names,
                    const uint64_t *values, size_t count);

/* One counter of a block; 'found' (may be NULL) says whether it is there.  0 when it is not. */
uint64_t result_block_value(const struct result_block *b, const char *counter, bool *found);

/* The counter of (kind, entity); 0 when there is no such counter. */
uint64_t run_result_value(const struct run_result *r, const char *kind, const char *entity, const char *counter);

/* Length of the machine's (or switch's) name at the start of an entity's: up to the first '/', ':' or '>'. */
size_t result_machine_bytes(const char *entity);

/* True when that name is 'machine'. */
bool result_entity_of(const char *entity, const char *machine);

/* Writes 'r' to 'out' in an internal, versioned text; 0, or -1 when writing failed. */
int run_result_write(const struct run_result *r, FILE *out);

/* Reads what run_result_write() wrote into an initialised 'r'.  -1 when the text is cut short, of another version or
 * malformed; 'r' is then empty. */
int run_result_read(struct run_result *r, FILE *in);

#endif
