/* SPDX-License-Identifier: GPL-3.0-or-later
 * quantity.h -- numbers with units: "1.5us", "10 Gbps", "48KiB", exact, without floating point.
 *
 * A value is an int64_t in the base unit of its kind.  A decimal that is not a whole number of base units is a mistake,
 * not rounded. */
#ifndef SIM_SCENARIO_QUANTITY_H
#define SIM_SCENARIO_QUANTITY_H

#include <stddef.h>
#include <stdint.h>

enum quantity_kind {     /* base unit */
    QUANTITY_COUNT,       /* 1; written without a unit */
    QUANTITY_DURATION,    /* picoseconds */
    QUANTITY_RATE,        /* bits per second */
    QUANTITY_SIZE,        /* bytes */
    QUANTITY_FREQUENCY,   /* hertz */
    QUANTITY_BANDWIDTH,   /* bytes per second */
    QUANTITY_PERCENT,     /* millionths: 100% is 1,000,000 */
    QUANTITY_PACKET_RATE, /* packets per second */
    N_QUANTITY_KINDS
};

enum { QUANTITY_WHY_BYTES = 256, QUANTITY_TEXT_BYTES = 48 };

/* Reads 'text' as a quantity of 'kind', which may be negative.  0, or -1 with the mistake and what was expected in
 * 'why' (QUANTITY_WHY_BYTES): no number, no unit, an unknown unit, not whole, too large. */
int quantity_parse(const char *text, enum quantity_kind kind, int64_t *value, char *why);

/* Writes 'value' so that quantity_parse() gives it back: the largest unit that is not larger than the value. */
const char *quantity_format(enum quantity_kind kind, int64_t value, char to[QUANTITY_TEXT_BYTES]);

/* Reads a number with a unit of any kind, or with none (QUANTITY_COUNT), as digits * 10^exponent of SI units: bit/s, s,
 * B, Hz, B/s, packets/s, and a share of 1 for percent.  0, or -1 with 'why'. */
int quantity_parse_any(const char *text, enum quantity_kind *kind, int64_t *digits, int *exponent, char *why);

/* "a duration", and a regular expression (ECMA 262) of what is accepted. */
const char *quantity_kind_name(enum quantity_kind kind);
const char *quantity_pattern(enum quantity_kind kind);

#endif
