/* SPDX-License-Identifier: GPL-3.0-or-later
 * world.h -- everything a scenario names, built and connected: the one place that knows every kind of entity.
 *
 * A world is made from a scenario and a seed, run for the scenario's time, read, and destroyed.  One at a time: failed
 * assertions tell the time and seed of the latest. */
#ifndef SIM_TOPOLOGY_WORLD_H
#define SIM_TOPOLOGY_WORLD_H

#include <stdint.h>
#include <stdio.h>

#include "core/error.h"
#include "core/units.h"
#include "report/regs.h"
#include "report/run_result.h"
#include "scenario/scenario.h"

struct world;

/* Builds the world.  'replay' is the command line that repeats this run, for messages about our own bugs; it must
 * outlive the world, NULL is allowed.  NULL after adding every mistake found that cannot be seen in the scenario
 * alone: cost profile, platform, rings that a NIC does not have, ends that nothing joins. */
struct world *world_create(const struct scenario *s, uint64_t seed, const char *replay, struct errors *errors);
void world_destroy(struct world *w); /* NULL is allowed */

/* Where captures and traces go; called once per file before world_run().  Returns a path to free. */
typedef char *world_path_fn(void *ctx, const char *what, const char *extension);
int world_record(struct world *w, world_path_fn *path, void *ctx, struct errors *errors);

/* Called some hundred times per run with the simulated time done. */
typedef void world_progress_fn(void *ctx, sim_dur done, sim_dur whole);

/* Runs warm-up and measurement, checks that every packet is accounted for, and closes captures and trace.  -1 after
 * adding what went wrong with the files. */
int world_run(struct world *w, world_progress_fn *progress, void *ctx, struct errors *errors);

/* Copies what was counted.  wall_s and peak_rss_bytes are left to the caller. */
void world_collect(struct world *w, struct run_result *result);

/* Instead of world_run(): to this time after the start, and no further. */
void world_run_to(struct world *w, sim_dur at);

/* What the registers hold now, of every card in full detail whose name MACHINE/NIC 'nic' is: '*' stands for any
 * characters, NULL for all cards.  Likewise 'match' for registers by name, such as RDT, rdt[3] or RX*.  Registers with
 * their value after reset are left out unless 'all'.  Nothing is cleared by looking.  Appends to 'dump'; -1 after
 * adding the user's mistake: nothing of that name. */
struct world_registers {
    const char *nic, *match;
    bool all;
};
int world_registers(struct world *w, const struct world_registers *which, struct regs_dump *dump, struct errors *errors);

/* What is connected to what, and which lane uses which ring and CPU. */
void world_print_text(struct world *w, FILE *out);
void world_print_dot(struct world *w, FILE *out);

#endif
