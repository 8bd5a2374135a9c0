/* SPDX-License-Identifier: GPL-3.0-or-later
 * cost_text.h -- a cost profile's file with other values in it: everything else stays as its author wrote it. */
#ifndef SIM_MACHINE_COST_TEXT_H
#define SIM_MACHINE_COST_TEXT_H

#include <stddef.h>

#include "machine/cost.h"

struct cost_change {
    const char *entry;      /* an operation or a place, as in the profile */
    double value;           /* in the entry's unit, written with COST_TEXT_DIGITS digits */
    const char *source;     /* NULL: as it was */
    const char *confidence; /* NULL: as it was */
};
enum { COST_TEXT_DIGITS = 6 };

/* What 'value' becomes when it is written and read again. */
double cost_text_rounded(double value);

/* The text of a profile that cost_profile_load() accepts, with the changes made and, unless NULL, the profile's 'name':
 * a string to free.  NULL after adding a mistake: a text that is not UTF-8 with every entry's fields in place. */
char *cost_text_change(const char *file, const char *text, size_t bytes, const char *name,
                       const struct cost_change *changes, size_t count, struct errors *errors);

#endif
