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

/* One more is counted and not kept. */
static bool full(struct errors *e)
{
    if (e->count < ERRORS_MAX) return false;
    e->suppressed++;
    return true;
}

static void keep(struct errors *e, const char *text)
{
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

    if (full(e)) return -1;
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
    keep(e, text);
    return -1;
}

static void keep_new(struct errors *e, const char *text)
{
    for (size_t i = 0; i < e->count; i++)
        if (strcmp(e->list[i].text, text) == 0) return;
    if (!full(e)) keep(e, text);
}

void errors_merge(struct errors *e, const struct errors *from)
{
    for (size_t i = 0; i < from->count; i++) keep_new(e, from->list[i].text);
    e->suppressed += from->suppressed;
}

void errors_print(const struct errors *e, FILE *out)
{
    for (size_t i = 0; i < e->count; i++) fprintf(out, "%s\n", e->list[i].text);
    if (e->suppressed) fprintf(out, "(and %zu more)\n", e->suppressed);
}

void errors_read(struct errors *e, FILE *in)
{
    char *line = NULL;
    size_t room = 0, more;

    while (getline(&line, &room, in) > 0) {
        line[strcspn(line, "\n")] = '\0';
        if (sscanf(line, "(and %zu more)", &more) == 1)
            e->suppressed += more;
        else
            keep_new(e, line);
    }
    free(line);
}
