/* SPDX-License-Identifier: GPL-3.0-or-later
 * quantity.c -- a decimal number, times a unit, as an exact integer.
 *
 * The digits are collected in a 128-bit integer together with the count of those behind the point; multiplying by the
 * unit and dividing by the power of ten must leave no remainder. */
#include "scenario/quantity.h"

#include <ctype.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "core/assert.h"
#include "core/units.h"

struct unit {
    const char *name;
    enum quantity_kind kind;
    int64_t factor;  /* base units */
    int exponent;    /* power of ten of 'factor' in SI units; sizes in powers of two: of 1, see 'factor' */
    bool written;    /* quantity_format() may use it */
};

/* Largest first within a kind.  Spellings after the first of equal size are accepted, not written. */
static const struct unit units[] = {
    { "h", QUANTITY_DURATION, 3600000000000000, 2, false },
    { "min", QUANTITY_DURATION, 60000000000000, 1, false },
    { "s", QUANTITY_DURATION, 1000000000000, 0, true },
    { "ms", QUANTITY_DURATION, 1000000000, -3, true },
    { "us", QUANTITY_DURATION, 1000000, -6, true },
    { "\xc2\xb5s", QUANTITY_DURATION, 1000000, -6, false },
    { "\xce\xbcs", QUANTITY_DURATION, 1000000, -6, false },
    { "ns", QUANTITY_DURATION, 1000, -9, true },
    { "ps", QUANTITY_DURATION, 1, -12, true },
    { "Tbps", QUANTITY_RATE, 1000000000000, 12, true },
    { "Gbps", QUANTITY_RATE, 1000000000, 9, true },
    { "Gb/s", QUANTITY_RATE, 1000000000, 9, false },
    { "Mbps", QUANTITY_RATE, 1000000, 6, true },
    { "Mb/s", QUANTITY_RATE, 1000000, 6, false },
    { "kbps", QUANTITY_RATE, 1000, 3, true },
    { "kb/s", QUANTITY_RATE, 1000, 3, false },
    { "bps", QUANTITY_RATE, 1, 0, true },
    { "b/s", QUANTITY_RATE, 1, 0, false },
    { "GiB", QUANTITY_SIZE, 1073741824, 0, true },
    { "MiB", QUANTITY_SIZE, 1048576, 0, true },
    { "KiB", QUANTITY_SIZE, 1024, 0, true },
    { "GB", QUANTITY_SIZE, 1000000000, 9, false },
    { "MB", QUANTITY_SIZE, 1000000, 6, false },
    { "kB", QUANTITY_SIZE, 1000, 3, false },
    { "B", QUANTITY_SIZE, 1, 0, true },
    { "GHz", QUANTITY_FREQUENCY, 1000000000, 9, true },
    { "MHz", QUANTITY_FREQUENCY, 1000000, 6, true },
    { "kHz", QUANTITY_FREQUENCY, 1000, 3, true },
    { "Hz", QUANTITY_FREQUENCY, 1, 0, true },
    { "GB/s", QUANTITY_BANDWIDTH, 1000000000, 9, true },
    { "MB/s", QUANTITY_BANDWIDTH, 1000000, 6, true },
    { "B/s", QUANTITY_BANDWIDTH, 1, 0, true },
    { "%", QUANTITY_PERCENT, 10000, -2, true },
    { "Mpps", QUANTITY_PACKET_RATE, 1000000, 6, true },
    { "kpps", QUANTITY_PACKET_RATE, 1000, 3, true },
    { "pps", QUANTITY_PACKET_RATE, 1, 0, true },
};
enum { N_UNITS = (int)(sizeof units / sizeof *units) };

static const struct {
    const char *name, *example, *plain, *base, *units, *pattern;
} kinds[N_QUANTITY_KINDS] = {
    [QUANTITY_COUNT] = { "a whole number", "4", "", "", "", "" },
    [QUANTITY_DURATION] = { "a duration", "200ms", "s", "picoseconds", "ps ns us ms s min h", "(ps|ns|us|ms|s|min|h)" },
    [QUANTITY_RATE] = { "a rate", "10Gbps", "bps", "bits per second", "bps kbps Mbps Gbps Tbps",
                        "([kMGT]?bps|[kMG]?b/s)" },
    [QUANTITY_SIZE] = { "a size", "1500B", "B", "bytes", "B kB MB GB KiB MiB GiB", "([kMG]?B|[KMG]iB)" },
    [QUANTITY_FREQUENCY] = { "a frequency", "2.8GHz", "Hz", "hertz", "Hz kHz MHz GHz", "[kMG]?Hz" },
    [QUANTITY_BANDWIDTH] = { "a bandwidth", "7GB/s", "B/s", "bytes per second", "B/s MB/s GB/s", "[MG]?B/s" },
    [QUANTITY_PERCENT] = { "a percentage", "80%", "%", "millionths", "%", "%" },
    [QUANTITY_PACKET_RATE] = { "a packet rate", "1Mpps", "pps", "packets per second", "pps kpps Mpps", "[kM]?pps" },
};

/* A decimal number in front of a unit. */
struct decimal {
    bool negative;
    sim_wide digits;   /* all digits as one number */
    int fraction;      /* how many of them stand behind the point */
    const char *unit;  /* what follows, blanks skipped */
};

static const sim_wide DIGITS_LIMIT = (sim_wide)1 << 64; /* times the largest unit (an hour, 2^52) stays below 2^127 */

static int parse_decimal(const char *text, struct decimal *d, char *why)
{
    const char *p = text;
    bool any = false;

    memset(d, 0, sizeof *d);
    while (*p == ' ') p++;
    if (*p == '-' || *p == '+') d->negative = *p++ == '-';
    for (bool point = false; isdigit((unsigned char)*p) || (*p == '.' && !point); p++) {
        if (*p == '.') {
            point = true;
            continue;
        }
        any = true;
        d->digits = d->digits * 10 + (*p - '0');
        d->fraction += point;
        if (d->digits >= DIGITS_LIMIT) {
            snprintf(why, QUANTITY_WHY_BYTES, "'%.40s' has too many digits", text);
            return -1;
        }
    }
    if (!any) return -1;
    if (p[-1] == '.') return -1;
    while (d->fraction > 0 && d->digits % 10 == 0) {
        d->digits /= 10;
        d->fraction--;
    }
    while (*p == ' ') p++;
    d->unit = p;
    return 0;
}

static const struct unit *find_unit(const char *text, enum quantity_kind kind)
{
    size_t n = strlen(text);

    while (n > 0 && text[n - 1] == ' ') n--;
    for (int i = 0; i < N_UNITS; i++)
        if (units[i].kind == kind && strlen(units[i].name) == n && memcmp(units[i].name, text, n) == 0)
            return &units[i];
    return NULL;
}

/* The unit that the user may have meant: the same letters in another case, or of another kind. */
static const struct unit *similar_unit(const char *text, enum quantity_kind kind)
{
    for (int i = 0; i < N_UNITS; i++) {
        const char *a = units[i].name, *b = text;
        while (*a && tolower((unsigned char)*a) == tolower((unsigned char)*b)) a++, b++;
        if (units[i].kind == kind && *a == '\0' && *b == '\0') return &units[i];
    }
    return NULL;
}

static int wrong_unit(const char *text, const struct decimal *d, enum quantity_kind kind, char *why)
{
    const struct unit *near = similar_unit(d->unit, kind);

    if (kind == QUANTITY_COUNT)
        snprintf(why, QUANTITY_WHY_BYTES, "'%.40s' is not a whole number: write it without a unit, such as %s", text,
                 kinds[kind].example);
    else if (*d->unit == '\0')
        snprintf(why, QUANTITY_WHY_BYTES, "a bare number where %s is needed: write %s (units: %s)", kinds[kind].name,
                 kinds[kind].example, kinds[kind].units);
    else if (near)
        snprintf(why, QUANTITY_WHY_BYTES, "unknown unit '%.20s', did you mean '%s'? (units: %s)", d->unit, near->name,
                 kinds[kind].units);
    else
        snprintf(why, QUANTITY_WHY_BYTES, "unknown unit '%.20s' where %s is needed, such as %s (units: %s)", d->unit,
                 kinds[kind].name, kinds[kind].example, kinds[kind].units);
    return -1;
}

static int not_a_number(const char *text, const char *name, const char *example, char *why)
{
    snprintf(why, QUANTITY_WHY_BYTES, "'%.40s' is not %s: expected something like %s", text, name, example);
    return -1;
}

int quantity_parse(const char *text, enum quantity_kind kind, int64_t *value, char *why)
{
    struct decimal d;
    sim_wide v;
    int64_t factor = 1;

    why[0] = '\0';
    if (parse_decimal(text, &d, why))
        return why[0] ? -1 : not_a_number(text, kinds[kind].name, kinds[kind].example, why);
    if (kind == QUANTITY_COUNT) {
        if (*d.unit != '\0' || d.fraction > 0) return wrong_unit(text, &d, kind, why);
    } else {
        const struct unit *u = find_unit(d.unit, kind);
        if (!u) return wrong_unit(text, &d, kind, why);
        factor = u->factor;
    }
    v = d.digits * factor;
    for (; d.fraction > 0; d.fraction--) {
        if (v % 10 != 0) {
            snprintf(why, QUANTITY_WHY_BYTES, "'%.40s' is not a whole number of %s", text, kinds[kind].base);
            return -1;
        }
        v /= 10;
    }
    if (v >= INT64_MAX) {
        snprintf(why, QUANTITY_WHY_BYTES, "'%.40s' is too large", text);
        return -1;
    }
    *value = (int64_t)(d.negative ? -v : v);
    return 0;
}

int quantity_parse_any(const char *text, enum quantity_kind *kind, int64_t *digits, int *exponent, char *why)
{
    const struct unit *u = NULL;
    struct decimal d;

    why[0] = '\0';
    if (parse_decimal(text, &d, why)) return why[0] ? -1 : not_a_number(text, "a number", "9.2Gbps, 90% or 1200", why);
    *kind = QUANTITY_COUNT;
    *exponent = -d.fraction;
    if (*d.unit != '\0') {
        for (int k = QUANTITY_COUNT + 1; !u && k < N_QUANTITY_KINDS; k++) u = find_unit(d.unit, (enum quantity_kind)k);
        if (!u) {
            snprintf(why, QUANTITY_WHY_BYTES, "unknown unit '%.20s': expected something like 9.2Gbps, 90%% or 1200",
                     d.unit);
            return -1;
        }
        *kind = u->kind;
        *exponent += u->exponent;
        /* Hours, minutes and powers of two are not powers of ten: what remains goes into the digits. */
        if (u->kind == QUANTITY_SIZE && u->exponent == 0) d.digits *= u->factor;
        if (u->exponent > 0 && u->kind == QUANTITY_DURATION) d.digits *= u->exponent == 2 ? 36 : 6;
    }
    if (d.digits > INT64_MAX) {
        snprintf(why, QUANTITY_WHY_BYTES, "'%.40s' is too large", text);
        return -1;
    }
    *digits = (int64_t)(d.negative ? -d.digits : d.digits);
    return 0;
}

const char *quantity_format(enum quantity_kind kind, int64_t value, char to[QUANTITY_TEXT_BYTES])
{
    const struct unit *best = NULL;
    uint64_t rest = value < 0 ? -(uint64_t)value : (uint64_t)value, whole, scale;
    const char *sign = value < 0 ? "-" : "";
    int n;

    if (kind == QUANTITY_COUNT) {
        snprintf(to, QUANTITY_TEXT_BYTES, "%" PRId64, value);
        return to;
    }
    for (int i = 0; i < N_UNITS && !best; i++) {
        const struct unit *u = &units[i];
        if (u->kind != kind || !u->written) continue;
        if (kind == QUANTITY_SIZE ? (rest > 0 && rest % (uint64_t)u->factor == 0) : rest >= (uint64_t)u->factor)
            best = u;
    }
    if (!best) best = find_unit(kinds[kind].plain, kind); /* zero, or a fraction of a percent */
    SIM_ASSERT(best);
    scale = (uint64_t)best->factor;
    whole = rest / scale;
    rest %= scale;
    n = snprintf(to, QUANTITY_TEXT_BYTES, "%s%" PRIu64, sign, whole);
    if (rest > 0) to[n++] = '.';
    while (rest > 0) { /* scale is a power of ten here */
        scale /= 10;
        to[n++] = (char)('0' + rest / scale);
        rest %= scale;
    }
    snprintf(to + n, QUANTITY_TEXT_BYTES - (size_t)n, "%s", best->name);
    return to;
}

const char *quantity_kind_name(enum quantity_kind kind) { return kinds[kind].name; }

const char *quantity_pattern(enum quantity_kind kind)
{
    static char text[N_QUANTITY_KINDS][80];

    if (kind == QUANTITY_COUNT) return "^[0-9]+$";
    snprintf(text[kind], sizeof text[kind], "^[0-9]+(\\.[0-9]+)? ?%s$", kinds[kind].pattern);
    return text[kind];
}
