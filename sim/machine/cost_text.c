/* SPDX-License-Identifier: GPL-3.0-or-later
 * cost_text.c -- libyaml says where a scalar begins and ends; what stands there is replaced, the rest is copied.
 *
 *   intr_exit: {value: 5, unit: us, ... source: "the rest"}     path costs, intr_exit, value
 *                      ^                        ^^^^^^^^^^      and source: two pieces to replace
 *
 * Positions of libyaml count characters, so the text is walked along with the events. */
#include "machine/cost_text.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <yaml.h>

#include "core/assert.h"

enum { PATH_DEPTH = 3, VALUE_BYTES = 32 };

struct editor {
    yaml_parser_t parser;
    const char *text;
    size_t bytes, at, characters; /* 'at' is the byte of character number 'characters' */
    size_t copied;                /* of the text, to 'out' */
    FILE *out;
    const char *name;
    const struct cost_change *changes;
    size_t count, made;
    char key[PATH_DEPTH][VALUE_BYTES]; /* of the mappings that are open */
};

double cost_text_rounded(double value)
{
    char text[VALUE_BYTES];
    snprintf(text, sizeof text, "%.*g", COST_TEXT_DIGITS, value);
    return strtod(text, NULL);
}

/* Byte offset of a character, which must not lie before the last one asked for. */
static size_t offset(struct editor *e, size_t character)
{
    for (; e->characters < character && e->at < e->bytes; e->characters++)
        do e->at++;
        while (e->at < e->bytes && ((unsigned char)e->text[e->at] & 0xc0) == 0x80);
    return e->at;
}

static void put_quoted(FILE *out, const char *text)
{
    putc('"', out);
    for (; *text; text++) {
        if (*text == '"' || *text == '\\') putc('\\', out);
        putc((unsigned char)*text < ' ' ? ' ' : *text, out);
    }
    putc('"', out);
}

/* Writes 'text' in place of the scalar that 'event' is. */
static void replace(struct editor *e, const yaml_event_t *event, const char *text, bool quoted)
{
    yaml_scalar_style_t style = event->data.scalar.style;
    size_t from = offset(e, event->start_mark.index), to = offset(e, event->end_mark.index);

    fwrite(e->text + e->copied, 1, from - e->copied, e->out);
    if (quoted)
        put_quoted(e->out, text);
    else
        fputs(text, e->out);
    if (style == YAML_LITERAL_SCALAR_STYLE || style == YAML_FOLDED_SCALAR_STYLE) putc('\n', e->out); /* part of it */
    e->copied = to;
    e->made++;
}

static const struct cost_change *find_change(const struct editor *e)
{
    bool entry = strcmp(e->key[0], "costs") == 0 || strcmp(e->key[0], "places") == 0;

    for (size_t i = 0; entry && i < e->count; i++)
        if (strcmp(e->changes[i].entry, e->key[1]) == 0) return &e->changes[i];
    return NULL;
}

/* A value at 'depth' mappings whose keys are in e->key. */
static void edit_value(struct editor *e, int depth, const yaml_event_t *event)
{
    const struct cost_change *c = depth == PATH_DEPTH ? find_change(e) : NULL;
    const char *field = e->key[PATH_DEPTH - 1];
    char value[VALUE_BYTES];

    if (depth == 1 && e->name && strcmp(e->key[0], "name") == 0) replace(e, event, e->name, true);
    if (!c) return;
    if (strcmp(field, "value") == 0) {
        snprintf(value, sizeof value, "%.*g", COST_TEXT_DIGITS, c->value);
        replace(e, event, value, false);
    } else if (strcmp(field, "source") == 0 && c->source) {
        replace(e, event, c->source, true);
    } else if (strcmp(field, "confidence") == 0 && c->confidence) {
        replace(e, event, c->confidence, false);
    }
}

/* Reads all events.  False: not YAML. */
static bool walk(struct editor *e)
{
    bool value[PATH_DEPTH + 1] = { false }; /* in the mapping at that depth, a key has been read */
    yaml_event_type_t type;
    int depth = 0;

    do {
        yaml_event_t event;
        if (!yaml_parser_parse(&e->parser, &event)) return false;
        type = event.type;
        bool inside = depth >= 1 && depth <= PATH_DEPTH;
        if (type == YAML_SCALAR_EVENT && inside) {
            if (value[depth])
                edit_value(e, depth, &event);
            else
                snprintf(e->key[depth - 1], VALUE_BYTES, "%s", (const char *)event.data.scalar.value);
            value[depth] = !value[depth];
        } else if (type == YAML_MAPPING_START_EVENT || type == YAML_SEQUENCE_START_EVENT) {
            if (inside) value[depth] = false; /* for when it has ended */
            if (++depth <= PATH_DEPTH) value[depth] = false;
        } else if (type == YAML_MAPPING_END_EVENT || type == YAML_SEQUENCE_END_EVENT) {
            depth--;
        }
        yaml_event_delete(&event);
    } while (type != YAML_STREAM_END_EVENT);
    fwrite(e->text + e->copied, 1, e->bytes - e->copied, e->out);
    return true;
}

/* Pieces to replace in all. */
static size_t wanted(const char *name, const struct cost_change *changes, size_t count)
{
    size_t n = name ? 1 : 0;
    for (size_t i = 0; i < count; i++) n += 1u + (changes[i].source ? 1u : 0u) + (changes[i].confidence ? 1u : 0u);
    return n;
}

char *cost_text_change(const char *file, const char *text, size_t bytes, const char *name,
                       const struct cost_change *changes, size_t count, struct errors *errors)
{
    struct editor e = { .text = text, .bytes = bytes, .name = name, .changes = changes, .count = count };
    char *made = NULL;
    size_t made_bytes = 0;

    e.out = open_memstream(&made, &made_bytes);
    int ready = yaml_parser_initialize(&e.parser);
    SIM_ASSERT(e.out && ready);
    if (bytes >= 3 && memcmp(text, "\xef\xbb\xbf", 3) == 0) e.at = 3; /* a byte order mark is no character */
    yaml_parser_set_encoding(&e.parser, YAML_UTF8_ENCODING);
    yaml_parser_set_input_string(&e.parser, (const unsigned char *)text + e.at, bytes - e.at);
    bool good = walk(&e) && e.made == wanted(name, changes, count);
    yaml_parser_delete(&e.parser);
    fclose(e.out);
    if (good) return made;
    free(made);
    errors_add(errors, (struct error_at){ .file = file }, "its entries cannot be changed, expected a cost profile in "
               "UTF-8, each entry with its own value, source and confidence");
    return NULL;
}
