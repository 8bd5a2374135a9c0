/* SPDX-License-Identifier: GPL-3.0-or-later
 * error.c -- a growing list of located messages. */
#include "core/error.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "core/assert.h"

void errors_init(struct errors *e)
{
    memset(e, 0, sizeof *e);
}

void errors_fini(struct errors *e)
{
    for (size_t i = 0; i < e->count; i++) free(e->list[i].text);
    free(e->list);
    errors_init(e);
}

/* What the user typed may be quoted in a message: it must not break the line or talk to the terminal. */
static void make_printable(char *text)
{
    for (; *text; text++)
        if ((unsigned char)*text < ' ' || *text == 0x7f) *text = '?';
}

static void add(struct errors *e, const char *text)
{
    if (e->count == ERRORS_MAX) {
        e->suppressed++;
        return;
    }
    if (e->count == e->room) {
        e->room = e->room ? e->room * 2 : 8;
        e->list = realloc(e->list, e->room * sizeof *e->list);
        SIM_ASSERT(e->list);
    }
    e->list[e->count].text = strdup(text);
    SIM_ASSERT(e->list[e->count].text);
    e->count++;
}

int errors_add(struct errors *e, struct error_at at, const char *format, ...)
{
    char what[1024], text[1400];
    va_list args;

    va_start(args, format);
    vsnprintf(what, sizeof what, format, args);
    va_end(args);
    if (!at.file)
        snprintf(text, sizeof text, "%s", what);
    else if (at.line > 0)
        snprintf(text, sizeof text, "%.300s:%d:%d: %s", at.file, at.line, at.column, what);
    else
        snprintf(text, sizeof text, "%.300s: %s", at.file, what);
    make_printable(text);
    add(e, text);
    return -1;
}

static bool has(const struct errors *e, const char *text)
{
    for (size_t i = 0; i < e->count; i++)
        if (strcmp(e->list[i].text, text) == 0) return true;
    return false;
}

void errors_merge(struct errors *e, const struct errors *from)
{
    for (size_t i = 0; i < from->count; i++)
        if (!has(e, from->list[i].text)) add(e, from->list[i].text);
}

void errors_print(const struct errors *e, FILE *out)
{
    for (size_t i = 0; i < e->count; i++) fprintf(out, "%s\n", e->list[i].text);
    if (e->suppressed) fprintf(out, "(and %zu more)\n", e->suppressed);
}
