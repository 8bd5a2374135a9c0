/* SPDX-License-Identifier: GPL-3.0-or-later
 * names.c -- ranges are expanded one bracket at a time, from left to right. */
#include "scenario/names.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/assert.h"

enum { EDITS_MAX = 40 }; /* longer words are like no other */

bool name_valid(const char *name)
{
    size_t n = strlen(name);

    if (n == 0 || n > NAME_BYTES_MAX || !isalnum((unsigned char)name[0])) return false;
    for (size_t i = 0; i < n; i++)
        if (!isalnum((unsigned char)name[i]) && !strchr("-_.", name[i])) return false;
    return true;
}

bool name_has_range(const char *text) { return strchr(text, '[') != NULL; }

char *text_copy(const char *text)
{
    char *c = text ? strdup(text) : NULL;

    SIM_ASSERT(c || !text);
    return c;
}

void names_add(struct scenario_names *names, const char *name)
{
    if ((names->count & (names->count - 1)) == 0) { /* full at every power of two */
        size_t room = names->count ? names->count * 2 : 1;
        names->list = realloc(names->list, room * sizeof *names->list);
        SIM_ASSERT(names->list);
    }
    names->list[names->count++] = text_copy(name);
}

void scenario_names_fini(struct scenario_names *names)
{
    for (size_t i = 0; i < names->count; i++) free(names->list[i]);
    free(names->list);
    memset(names, 0, sizeof *names);
}

static int malformed(const char *text, char *why)
{
    snprintf(why, NAME_WHY_BYTES, "'%.60s' is not a range: expected something like client[1-5] or node[01-16,20]",
             text);
    return -1;
}

/* A number of at most six digits; its count of digits, or 0. */
static int read_number(const char **p, int *value)
{
    int n = 0;

    for (*value = 0; n < 6 && isdigit((unsigned char)**p); n++) *value = *value * 10 + (*(*p)++ - '0');
    return n;
}

/* 'done' holds what stands before 'rest', with every range so far replaced by one of its numbers. */
static int expand(const char *whole, const char *done, const char *rest, struct scenario_names *out, char *why)
{
    const char *open = strchr(rest, '['), *close, *p;
    char text[NAME_BYTES_MAX + 8];
    int length;

    if (!open) {
        if (strchr(rest, ']')) return malformed(whole, why);
        length = snprintf(text, sizeof text, "%s%s", done, rest);
        if (length > NAME_BYTES_MAX) {
            snprintf(why, NAME_WHY_BYTES, "'%.60s' is longer than %d bytes", whole, NAME_BYTES_MAX);
            return -1;
        }
        if (out->count == SCENARIO_MACHINES_MAX) {
            snprintf(why, NAME_WHY_BYTES, "'%.60s' stands for more than %d names", whole, SCENARIO_MACHINES_MAX);
            return -1;
        }
        names_add(out, text);
        return 0;
    }
    close = strchr(open, ']');
    if (!close || memchr(rest, ']', (size_t)(open - rest))) return malformed(whole, why);
    for (p = open + 1; p < close || p == open + 1; p++) {
        int first, last, digits = read_number(&p, &first);
        if (digits == 0) return malformed(whole, why);
        last = first;
        if (*p == '-') {
            p++;
            if (read_number(&p, &last) == 0) return malformed(whole, why);
        }
        if (last < first || (*p != ',' && p != close)) return malformed(whole, why);
        if (*p == ',' && p + 1 == close) return malformed(whole, why);
        for (int i = first; i <= last; i++) {
            length = snprintf(text, sizeof text, "%s%.*s%0*d", done, (int)(open - rest), rest, digits, i);
            if (length > NAME_BYTES_MAX) {
                snprintf(why, NAME_WHY_BYTES, "'%.60s' is longer than %d bytes", whole, NAME_BYTES_MAX);
                return -1;
            }
            if (expand(whole, text, close + 1, out, why)) return -1;
        }
    }
    return 0;
}

int name_expand(const char *text, struct scenario_names *out, char *why)
{
    return expand(text, "", text, out, why);
}

bool name_match(const char *pattern, const char *name)
{
    const char *star = NULL, *mark = NULL; /* the last '*' and where its text may end */

    while (*name) {
        if (*pattern == '*') {
            star = pattern++;
            mark = name;
        } else if (*pattern == *name) {
            pattern++;
            name++;
        } else if (star) {
            pattern = star + 1;
            name = ++mark;
        } else {
            return false;
        }
    }
    while (*pattern == '*') pattern++;
    return *pattern == '\0';
}

/* Edits (insert, delete, replace, swap two neighbours) between two words of at most EDITS_MAX letters, case ignored. */
static int edits(const char *a, const char *b)
{
    int row[3][EDITS_MAX + 1];
    int na = (int)strlen(a), nb = (int)strlen(b);

    if (na > EDITS_MAX || nb > EDITS_MAX) return EDITS_MAX;
    for (int j = 0; j <= nb; j++) row[0][j] = j;
    for (int i = 1; i <= na; i++) {
        int *now = row[i % 3], *last = row[(i + 2) % 3], *before = row[(i + 1) % 3];
        now[0] = i;
        for (int j = 1; j <= nb; j++) {
            int ca = tolower((unsigned char)a[i - 1]), cb = tolower((unsigned char)b[j - 1]);
            int best = last[j - 1] + (ca != cb);
            if (last[j] + 1 < best) best = last[j] + 1;
            if (now[j - 1] + 1 < best) best = now[j - 1] + 1;
            if (i > 1 && j > 1 && ca == tolower((unsigned char)b[j - 2]) && cb == tolower((unsigned char)a[i - 2]) &&
                before[j - 2] + 1 < best)
                best = before[j - 2] + 1;
            now[j] = best;
        }
    }
    return row[na % 3][nb];
}

void name_guess_start(struct name_guess *g, const char *word, const struct errors *errors)
{
    size_t n = strlen(word);

    g->word = word;
    g->best = NULL;
    g->distance = n > EDITS_MAX || errors->count == ERRORS_MAX ? 0 : (int)(n + 2) / 3 + 1; /* a third may be wrong */
}

void name_guess_offer(struct name_guess *g, const char *candidate)
{
    int d = g->distance > 0 ? edits(g->word, candidate) : 0;

    if (d < g->distance) {
        g->distance = d;
        g->best = candidate;
    }
}

const char *name_guess_hint(const struct name_guess *g, char *buffer)
{
    if (g->best)
        snprintf(buffer, NAME_WHY_BYTES, ", did you mean '%.100s'?", g->best);
    else
        buffer[0] = '\0';
    return buffer;
}
