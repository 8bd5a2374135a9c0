/* SPDX-License-Identifier: GPL-3.0-or-later
 * names.h -- names of machines, links and variants: what is allowed, ranges like client[1-5], patterns like client*,
 * and the known name most like a misspelt one. */
#ifndef SIM_SCENARIO_NAMES_H
#define SIM_SCENARIO_NAMES_H

#include <stdbool.h>
#include <stddef.h>

#include "scenario/scenario.h"

enum { NAME_BYTES_MAX = 100, NAME_WHY_BYTES = 256 };

/* Letters, digits, '-', '_' and '.', starting with a letter or digit, at most NAME_BYTES_MAX bytes. */
bool name_valid(const char *name);

/* True when 'text' has a range in brackets. */
bool name_has_range(const char *text);

/* Appends to 'out' the names that 'text' stands for: "client[1-3]" is client1, client2, client3; "[01-03]" keeps its
 * zeros; "[1,4-6]" is a list; several brackets multiply, the last one counting fastest.  0, or -1 with 'why'
 * (NAME_WHY_BYTES): malformed, or more than SCENARIO_MACHINES_MAX names.  Other characters are not judged. */
int name_expand(const char *text, struct scenario_names *out, char *why);

/* True when 'pattern', in which '*' stands for any characters, is 'name'.  Takes at most length times length steps. */
bool name_match(const char *pattern, const char *name);

/* A copy to free; NULL stays NULL. */
char *text_copy(const char *text);

/* Appends a copy of 'name'. */
void names_add(struct scenario_names *names, const char *name);

/* Finds the known word nearest to a misspelt one: offer every candidate, then read 'best' (NULL: none is near).  When
 * 'errors' is full, so that nobody will read the answer, there is none. */
struct name_guess {
    const char *word, *best;
    int distance;
};
void name_guess_start(struct name_guess *g, const char *word, const struct errors *errors);
void name_guess_offer(struct name_guess *g, const char *candidate);

/* ", did you mean 'best'?" or "", in a buffer of NAME_WHY_BYTES. */
const char *name_guess_hint(const struct name_guess *g, char *buffer);

#endif
