/* SPDX-License-Identifier: GPL-3.0-or-later
 * resolve.h -- what one key alone cannot show: names become indices, addresses are assigned, parts must fit together.
 *
 * Works on a scenario that convert.h has filled, and adds every mistake to 'errors'. */
#ifndef SIM_SCENARIO_RESOLVE_H
#define SIM_SCENARIO_RESOLVE_H

#include "scenario/scenario.h"

/* Machines, switches, wires, NICs, links, addresses. */
void resolve_topology(struct scenario *s, struct errors *errors);

/* Values left to the model of a card; before resolve_stack(). */
void resolve_card_defaults(struct scenario_nic *nic, enum scenario_stack stack);
/* What a model has not: keys that ask for it are mistakes, where registers and rings are modelled ('full'). */
void check_card(const struct scenario_nic *nic, bool full, struct errors *errors);
/* Receive groups that it has with so many rings each. */
int card_groups_max(const struct scenario_nic *nic, int rings_per_group);
void check_card_link(const struct scenario_nic *nic, const struct scenario_link *link, struct errors *errors);

/* What the stack of a machine has and has not; before its NICs and links. */
void resolve_stack(struct scenario_machine *m, struct errors *errors);

/* Traffic, captures, trace, expectations, plots; after resolve_topology(). */
void resolve_activity(struct scenario *s, struct errors *errors);

/* Names of machines or others, sorted for look-up. */
struct name_entry {
    const char *name;
    int index;
};
struct name_index {
    struct name_entry *list;
    size_t count;
};
struct name_index name_index_machines(const struct scenario *s);
struct name_index name_index_switches(const struct scenario *s);
void name_index_fini(struct name_index *x);
int name_index_find(const struct name_index *x, const char *name); /* -1: none */

/* ", did you mean 'x'?" among the names of the index, in 'buffer' of NAME_WHY_BYTES; "" when 'errors' is full. */
const char *name_index_hint(const struct name_index *x, const struct errors *errors, const char *word, char *buffer);

#endif
