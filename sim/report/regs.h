/* SPDX-License-Identifier: GPL-3.0-or-later
 * regs.h -- what the registers of the cards held at one instant, for people: as text in columns, or as JSON.
 *
 * Whoever knows a card fills in the plain structures here; nothing in them refers to the card afterwards.  Names and
 * meanings are texts that outlive the dump, but for a card's name, which is the dump's own. */
#ifndef SIM_REPORT_REGS_H
#define SIM_REPORT_REGS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "core/units.h"

struct regs_field {
    const char *name, *meaning;
    const char *says;            /* what this value means; NULL: just the number */
    unsigned low, width;         /* bits */
    uint32_t value;
};

struct regs_entry {
    const char *name, *access, *meaning;
    uint32_t index, count;       /* element of a register array of 'count'; 1: no array */
    uint32_t offset;             /* in BAR0 */
    uint32_t value, reset;
    const struct regs_field *fields;
    size_t field_count;
};

/* One card.  'list' has what was asked for; 'all' counts the card's registers and 'changed' those of them that differ
 * from their value after reset. */
struct regs_card {
    char *name;                  /* MACHINE/NIC */
    const char *model;
    struct regs_entry *list;
    size_t count, room, all, changed;
};

struct regs_dump {
    const char *scenario, *variant; /* the caller's; variant may be "" */
    uint64_t seed;
    sim_dur at;                     /* simulated time */
    struct regs_card *list;
    size_t count;
};

/* Appends a card, or an entry with room for 'field_count' fields, which the caller fills in at the address returned. */
struct regs_card *regs_add_card(struct regs_dump *d, const char *name, const char *model);
struct regs_field *regs_add_entry(struct regs_card *c, const struct regs_entry *e, size_t field_count);
void regs_fini(struct regs_dump *d);

/* Neighbours of an array that hold the same value share a line.  Fields that are zero are left out unless
 * 'every_field'. */
void regs_print_text(const struct regs_dump *d, bool every_field, FILE *out);
void regs_print_json(const struct regs_dump *d, FILE *out);

#endif
