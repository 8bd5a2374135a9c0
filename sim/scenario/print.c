/* SPDX-License-Identifier: GPL-3.0-or-later
 * print.c -- the resolved scenario as YAML, and its hash.
 *
 * Every value is written in a form that reads back exactly; texts that YAML could take for something else are
 * quoted. */
#include <ctype.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/assert.h"
#include "scenario/scenario.h"
#include "scenario/schema.h"
#include "scenario/value.h"

static void print_section(FILE *out, const struct section_spec *s, const void *of, int indent, unsigned skip);

static void print_text(FILE *out, const char *text)
{
    bool plain = isalnum((unsigned char)*text);

    for (const char *p = text; *p && plain; p++) plain = isalnum((unsigned char)*p) || strchr("-_./", *p);
    if (plain && strcmp(text, "null") != 0) {
        fputs(text, out);
        return;
    }
    fputc('"', out);
    for (const char *p = text; *p; p++) {
        unsigned char c = (unsigned char)*p;
        if (c == '"' || c == '\\')
            fprintf(out, "\\%c", c);
        else if (c < 32 || c == 127)
            fprintf(out, "\\x%02x", c);
        else
            fputc(c, out);
    }
    fputc('"', out);
}

static void print_names(FILE *out, const struct scenario_names *names)
{
    fputc('[', out);
    for (size_t i = 0; i < names->count; i++) {
        if (i > 0) fputs(", ", out);
        print_text(out, names->list[i]);
    }
    fputc(']', out);
}

static void print_cpus(FILE *out, const struct scenario_cpu_list *l)
{
    for (size_t i = 0; i < l->count; i++) fprintf(out, "%s%d", i ? ", " : "[", l->list[i]);
    fputc(']', out);
}

static void print_number(FILE *out, const struct key_spec *k, int64_t v)
{
    char text[QUANTITY_TEXT_BYTES];

    if (k->word && v == k->word_value)
        fputs(k->word, out);
    else
        fputs(quantity_format(value_quantity(k->type), v, text), out);
}

static void print_address(FILE *out, uint32_t a)
{
    fprintf(out, "%u.%u.%u.%u", a >> 24, a >> 16 & 255, a >> 8 & 255, a & 255);
}

static void print_mac(FILE *out, const uint8_t m[6])
{
    fprintf(out, "\"%02x:%02x:%02x:%02x:%02x:%02x\"", m[0], m[1], m[2], m[3], m[4], m[5]);
}

/* True when there is nothing to print: a value that was not given and has no default. */
static bool absent(const struct key_spec *k, const void *base)
{
    const char *at = (const char *)base + k->offset;

    switch (k->type) {
    case VALUE_TEXT: return *(char *const *)(const void *)at == NULL;
    case VALUE_REF: return ((const struct scenario_ref *)(const void *)at)->text == NULL;
    case VALUE_NAMES: return ((const struct scenario_names *)(const void *)at)->count == 0;
    case VALUE_CPUS: return ((const struct scenario_cpu_list *)(const void *)at)->count == 0;
    case VALUE_BOUND:
    case VALUE_BOUNDS: return ((const struct scenario_bound *)(const void *)at)->unit == SCENARIO_BOUND_NONE;
    case VALUE_MAP:
    case VALUE_LIST:
    case VALUE_KINDS: return *(const size_t *)(const void *)((const char *)base + k->count_offset) == 0;
    case VALUE_SECTION: return (k->flags & KEY_PRESENT) && !*((const bool *)base + k->count_offset);
    case VALUE_RATE:
    case VALUE_BANDWIDTH:
    case VALUE_PERCENT:
    case VALUE_PACKET_RATE: return !k->def && value_number(k, at) == 0;
    default: return false;
    }
}

static void print_items(FILE *out, const struct key_spec *k, const void *base, int indent, unsigned skip)
{
    const char *items = *(char *const *)(const void *)((const char *)base + k->offset);
    size_t count = *(const size_t *)(const void *)((const char *)base + k->count_offset);

    fputc('\n', out);
    for (size_t i = 0; i < count; i++) {
        const struct section_spec *s = k->section ? k->section : k->kinds[0];
        const char *item = items + i * s->size;
        int kind;
        fprintf(out, "%*s", indent, "");
        if (k->type == VALUE_MAP) {
            print_text(out, *(char *const *)(const void *)(item + s->name_offset));
            fputs(":\n", out);
        } else if (k->type == VALUE_KINDS) {
            memcpy(&kind, item + s->kind_offset, sizeof kind);
            s = k->kinds[kind];
            fprintf(out, "- %s:\n", s->name);
        } else {
            fputs("-\n", out);
        }
        print_section(out, s, item, indent + (k->type == VALUE_KINDS ? 4 : 2), skip);
    }
}

static void print_value(FILE *out, const struct key_spec *k, const void *base, int indent, unsigned skip)
{
    const void *at = (const char *)base + k->offset;
    int choice;

    switch (k->type) {
    case VALUE_TEXT: print_text(out, *(char *const *)at); break;
    case VALUE_REF: print_text(out, ((const struct scenario_ref *)at)->text); break;
    case VALUE_NAMES: print_names(out, at); break;
    case VALUE_CHOICE:
        memcpy(&choice, at, sizeof choice);
        fputs(k->choices[choice], out);
        break;
    case VALUE_BOOL: fputs(*(const bool *)at ? "true" : "false", out); break;
    case VALUE_IPV4: print_address(out, *(const uint32_t *)at); break;
    case VALUE_MAC: print_mac(out, at); break;
    case VALUE_CPUS: print_cpus(out, at); break;
    case VALUE_SECTION:
        fputc('\n', out);
        print_section(out, k->section, at, indent + 2, skip);
        return;
    case VALUE_MAP:
    case VALUE_LIST:
    case VALUE_KINDS: print_items(out, k, base, indent + 2, skip); return;
    default: print_number(out, k, value_number(k, at)); break;
    }
    fputc('\n', out);
}

static void print_section(FILE *out, const struct section_spec *s, const void *of, int indent, unsigned skip)
{
    for (const struct key_spec *k = s->keys; k->name; k++) {
        if ((k->flags & skip) || absent(k, of)) continue;
        fprintf(out, "%*s%s:%s", indent, "", k->name, k->type < VALUE_SECTION ? " " : "");
        print_value(out, k, of, indent, skip);
    }
}

void scenario_print_effective(const struct scenario *s, FILE *out)
{
    print_section(out, &schema_root, s, 0, KEY_ABOUT);
}

char *scenario_effective_text(const struct scenario *s)
{
    char *text = NULL;
    size_t bytes = 0;
    FILE *out = open_memstream(&text, &bytes);

    SIM_ASSERT(out);
    print_section(out, &schema_root, s, 0, KEY_ABOUT | KEY_RUN);
    SIM_ASSERT(fclose(out) == 0);
    return text;
}

uint64_t scenario_hash(const struct scenario *s)
{
    char *text = scenario_effective_text(s);
    uint64_t h = UINT64_C(14695981039346656037);

    for (const char *p = text; *p; p++) h = (h ^ (unsigned char)*p) * UINT64_C(1099511628211);
    free(text);
    return h;
}
