/* SPDX-License-Identifier: GPL-3.0-or-later
 * regs.c -- a register dump as text in columns, and as JSON. */
#include "report/regs.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "core/assert.h"
#include "report/json.h"
#include "scenario/names.h"
#include "scenario/quantity.h"

enum { NAME_BYTES = 48, NAME_COLUMNS = 18, FIELD_COLUMNS = 14, DECIMAL_WIDTH_MAX = 10 };

/* -- building ----------------------------------------------------------------------------------------------------- */

struct regs_card *regs_add_card(struct regs_dump *d, const char *name, const char *model)
{
    struct regs_card *list = realloc(d->list, (d->count + 1) * sizeof *list);
    SIM_ASSERT(list);
    d->list = list;
    list[d->count] = (struct regs_card){ .name = text_copy(name), .model = model };
    return &list[d->count++];
}

struct regs_field *regs_add_entry(struct regs_card *c, const struct regs_entry *e, size_t field_count)
{
    struct regs_field *fields = calloc(field_count ? field_count : 1, sizeof *fields);
    if (c->count == c->room) {
        c->room = c->room ? c->room * 2 : 64;
        c->list = realloc(c->list, c->room * sizeof *c->list);
    }
    SIM_ASSERT(fields && c->list);
    c->list[c->count] = *e;
    c->list[c->count].fields = fields;
    c->list[c->count++].field_count = field_count;
    return fields;
}

void regs_fini(struct regs_dump *d)
{
    for (size_t i = 0; i < d->count; i++) {
        for (size_t k = 0; k < d->list[i].count; k++) free((void *)(uintptr_t)d->list[i].list[k].fields);
        free(d->list[i].list);
        free(d->list[i].name);
    }
    free(d->list);
    d->list = NULL;
    d->count = 0;
}

/* -- text --------------------------------------------------------------------------------------------------------- */

/* "CTRL", "RDT[3]", "EITR[0-4]": 'run' elements from 'e' on. */
static const char *name_of(const struct regs_entry *e, size_t run, char text[NAME_BYTES])
{
    if (e->count == 1)
        snprintf(text, NAME_BYTES, "%s", e->name);
    else if (run == 1)
        snprintf(text, NAME_BYTES, "%s[%" PRIu32 "]", e->name, e->index);
    else
        snprintf(text, NAME_BYTES, "%s[%" PRIu32 "-%" PRIu32 "]", e->name, e->index, e->index + (uint32_t)run - 1);
    return text;
}

/* How many entries from 'i' on are neighbours with one value. */
static size_t run_from(const struct regs_card *c, size_t i)
{
    const struct regs_entry *first = &c->list[i];
    size_t n = 1;
    while (i + n < c->count && c->list[i + n].name == first->name && c->list[i + n].value == first->value &&
           c->list[i + n].index == first->index + n)
        n++;
    return n;
}

static void print_field(const struct regs_field *f, FILE *out)
{
    char bits[16], value[16];
    if (f->width == 1)
        snprintf(bits, sizeof bits, "%u", f->low);
    else
        snprintf(bits, sizeof bits, "%u:%u", f->low + f->width - 1, f->low);
    snprintf(value, sizeof value, f->width > DECIMAL_WIDTH_MAX ? "0x%" PRIx32 : "%" PRIu32, f->value);
    fprintf(out, "  %-*s  %5s  %10s  ", FIELD_COLUMNS, f->name, bits, value);
    if (f->says)
        fprintf(out, "%s: %s\n", f->meaning, f->says);
    else
        fprintf(out, "%s\n", f->meaning);
}

static void print_card(const struct regs_card *c, sim_dur at, bool every_field, FILE *out)
{
    char text[NAME_BYTES], time[QUANTITY_TEXT_BYTES];

    fprintf(out, "%s, %s, at %s: %zu of %zu registers differ from their value after reset, %zu shown\n\n", c->name,
            c->model, quantity_format(QUANTITY_DURATION, at.ps, time), c->changed, c->all, c->count);
    if (c->count == 0) return;
    fprintf(out, "%-*s  %-7s  %-10s  %-6s  %s\n", NAME_COLUMNS, "register", "offset", "value", "access", "meaning");
    for (size_t i = 0; i < c->count;) {
        const struct regs_entry *e = &c->list[i];
        size_t run = run_from(c, i);
        fprintf(out, "%-*s  0x%05" PRIx32 "  0x%08" PRIx32 "  %-6s  %s\n", NAME_COLUMNS, name_of(e, run, text), e->offset,
                e->value, e->access, e->meaning);
        for (size_t k = 0; k < e->field_count; k++)
            if (every_field || e->fields[k].value) print_field(&e->fields[k], out);
        i += run;
    }
}

void regs_print_text(const struct regs_dump *d, bool every_field, FILE *out)
{
    for (size_t i = 0; i < d->count; i++) {
        if (i > 0) putc('\n', out);
        print_card(&d->list[i], d->at, every_field, out);
    }
}

/* -- JSON --------------------------------------------------------------------------------------------------------- */

static void json_entry(struct json *j, const struct regs_entry *e)
{
    json_object(j, NULL);
    json_string(j, "name", e->name);
    json_u64(j, "index", e->index);
    json_u64(j, "offset", e->offset);
    json_u64(j, "value", e->value);
    json_u64(j, "reset", e->reset);
    json_string(j, "access", e->access);
    json_string(j, "meaning", e->meaning);
    json_array(j, "fields");
    for (size_t i = 0; i < e->field_count; i++) {
        const struct regs_field *f = &e->fields[i];
        json_object(j, NULL);
        json_string(j, "name", f->name);
        json_u64(j, "low", f->low);
        json_u64(j, "width", f->width);
        json_u64(j, "value", f->value);
        json_string(j, "meaning", f->meaning);
        json_string(j, "says", f->says);
        json_object_end(j);
    }
    json_array_end(j);
    json_object_end(j);
}

void regs_print_json(const struct regs_dump *d, FILE *out)
{
    struct json j;
    json_begin(&j, out);
    json_object(&j, NULL);
    json_u64(&j, "schema", 1);
    json_string(&j, "scenario", d->scenario);
    json_string(&j, "variant", d->variant);
    json_u64(&j, "seed", d->seed);
    json_i64(&j, "at_ps", d->at.ps);
    json_array(&j, "cards");
    for (size_t i = 0; i < d->count; i++) {
        const struct regs_card *c = &d->list[i];
        json_object(&j, NULL);
        json_string(&j, "name", c->name);
        json_string(&j, "model", c->model);
        json_u64(&j, "registers_all", c->all);
        json_u64(&j, "registers_changed", c->changed);
        json_array(&j, "registers");
        for (size_t k = 0; k < c->count; k++) json_entry(&j, &c->list[k]);
        json_array_end(&j);
        json_object_end(&j);
    }
    json_array_end(&j);
    json_object_end(&j);
    json_end(&j);
}
