/* SPDX-License-Identifier: GPL-3.0-or-later
 * error.h -- the user's mistakes, collected: every one is reported, not only the first.
 *
 * A function that can meet a mistake of the user takes a 'struct errors *', adds what it finds and returns -1;
 * it goes on looking where it can.  Our own bugs are SIM_ASSERT (assert.h); misfortunes of the modelled world are
 * counters (drops.h, stats.h). */
#ifndef SIM_CORE_ERROR_H
#define SIM_CORE_ERROR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

struct error_at {      /* where in the user's text */
    const char *file;  /* NULL when the mistake is not in a file (a command-line option) */
    int line, column;  /* from 1; 0 when unknown */
};
struct error {
    char *text;        /* "file:line:column: what is wrong, expected what", without a newline */
};
struct errors {
    struct error *list;
    size_t count, room;
    size_t suppressed; /* mistakes beyond ERRORS_MAX, counted but not kept */
};
enum { ERRORS_MAX = 100 };

void errors_init(struct errors *e);
void errors_fini(struct errors *e);

/* Adds a mistake; always returns -1, so that "return errors_add(...)" reads well. */
int errors_add(struct errors *e, struct error_at at, const char *format, ...) __attribute__((format(printf, 3, 4)));

/* Adds the mistakes of 'from' that are not among those of 'e' already. */
void errors_merge(struct errors *e, const struct errors *from);

/* Prints every mistake on its own line, and how many were suppressed. */
void errors_print(const struct errors *e, FILE *out);
/* Adds what errors_print() has printed, as errors_merge(). */
void errors_read(struct errors *e, FILE *in);

#endif
