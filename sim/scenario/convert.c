/* SPDX-License-Identifier: GPL-3.0-or-later
 * convert.c -- walks sections, maps and lists; value.c reads what is in them. */
#include "scenario/convert.h"

#include <ctype.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/assert.h"
#include "core/units.h"
#include "scenario/names.h"
#include "scenario/scenario.h"
#include "scenario/value.h"

enum { ITEMS_MAX = 400000 };

struct reader {
    struct errors *errors;
    size_t items; /* of maps and lists, ranges written out: bounded, so that ranges in ranges cannot explode */
};

static void read_section(const struct section_spec *s, const struct yaml_node *n, void *to, struct reader *r);

static void *field(const struct key_spec *k, void *base) { return (char *)base + k->offset; }

/* -- arrays of sections ------------------------------------------------------------------------------------------- */

/* In item 'index' of the 'count' that a range made, a text with a range becomes its own element. */
static void pick_from_range(const struct section_spec *s, void *item, size_t index, size_t count, struct reader *r)
{
    for (const struct key_spec *k = s->keys; k->name; k++) {
        struct scenario_ref *ref = field(k, item);
        struct scenario_names names = { 0 };
        char why[NAME_WHY_BYTES];
        if (!(k->flags & KEY_RANGE) || !ref->text || !name_has_range(ref->text)) continue;
        if (name_expand(ref->text, &names, why)) {
            if (index == 0) errors_add(r->errors, ref->at, "%s: %s", k->name, why);
        } else if (names.count != count) {
            if (index == 0)
                errors_add(r->errors, ref->at,
                           "%s: '%.100s' stands for %zu names, expected as many as there are items here, %zu", k->name,
                           ref->text, names.count, count);
        } else {
            free(ref->text);
            ref->text = text_copy(names.list[index]);
        }
        scenario_names_fini(&names);
    }
}

static void read_map_item(const struct key_spec *k, const struct yaml_pair *pair, void *base, struct reader *r)
{
    const struct section_spec *s = k->section;
    size_t total = *(const size_t *)(const void *)((const char *)base + k->count_offset);
    struct scenario_names names = { 0 };
    char why[NAME_WHY_BYTES];
    void *model;

    if (name_expand(pair->key->text, &names, why)) {
        errors_add(r->errors, pair->key->at, "%s: %s", k->name, why);
    } else if (!name_valid(names.list[0])) {
        errors_add(r->errors, pair->key->at,
                   "%s: '%.60s' is not a name: expected letters, digits, '-', '_', '.', starting with a letter or "
                   "digit", k->name, pair->key->text);
    } else if (total + names.count > SCENARIO_MACHINES_MAX || r->items > ITEMS_MAX) {
        errors_add(r->errors, pair->key->at, "%s: more than %d of them", k->name, SCENARIO_MACHINES_MAX);
    } else {
        model = calloc(1, s->size);
        SIM_ASSERT(model);
        *(struct error_at *)model = pair->key->at;
        read_section(s, pair->value, model, r);
        r->items += names.count * (1 + section_count_items(s, model));
        if (r->items > ITEMS_MAX)
            errors_add(r->errors, pair->key->at, "%s: more than %d machines, NICs and links in all", k->name,
                       ITEMS_MAX);
        for (size_t i = 0; i < names.count && r->items <= ITEMS_MAX; i++) {
            void *item = section_add_item(k, base, s->size);
            section_copy(s, item, model);
            *(char **)(void *)((char *)item + s->name_offset) = text_copy(names.list[i]);
            pick_from_range(s, item, i, names.count, r);
        }
        section_fini(s, model);
        free(model);
    }
    scenario_names_fini(&names);
}

static void read_map(const struct key_spec *k, const struct yaml_node *n, void *base, struct reader *r)
{
    if (yaml_is_null(n)) return;
    if (n->kind != YAML_KIND_MAPPING) {
        errors_add(r->errors, n->at, "%s: expected 'NAME: {...}', not %s", k->name, yaml_kind_name(n->kind));
        return;
    }
    for (size_t i = 0; i < n->count; i++) read_map_item(k, &n->pairs[i], base, r);
}

static void read_list(const struct key_spec *k, const struct yaml_node *n, void *base, struct reader *r)
{
    if (yaml_is_null(n)) return;
    if (n->kind != YAML_KIND_SEQUENCE) {
        errors_add(r->errors, n->at, "%s: expected a list ('- ' before each item), not %s", k->name,
                   yaml_kind_name(n->kind));
        return;
    }
    for (size_t i = 0; i < n->count; i++) {
        void *item = section_add_item(k, base, k->section->size);
        *(struct error_at *)item = n->pairs[i].value->at;
        read_section(k->section, n->pairs[i].value, item, r);
    }
}

static void read_kind(const struct key_spec *k, const struct yaml_node *n, void *base, struct reader *r)
{
    const struct yaml_node *key = n->kind == YAML_KIND_MAPPING && n->count == 1 ? n->pairs[0].key : NULL;
    char all[120] = "", hint[NAME_WHY_BYTES];
    struct name_guess guess;

    name_guess_start(&guess, key ? key->text : "", r->errors);
    for (int i = 0; k->kinds[i]; i++) {
        const struct section_spec *s = k->kinds[i];
        size_t used = strlen(all);
        if (key && strcmp(key->text, s->name) == 0) {
            void *item = section_add_item(k, base, s->size);
            *(struct error_at *)item = key->at;
            memcpy((char *)item + s->kind_offset, &i, sizeof i); /* an enum, of the size of int here */
            read_section(s, n->pairs[0].value, item, r);
            return;
        }
        name_guess_offer(&guess, s->name);
        snprintf(all + used, sizeof all - used, "%s'- %s: {...}'", i ? " or " : "", s->name);
    }
    if (key)
        errors_add(r->errors, key->at, "%s: unknown kind '%.60s'%s (expected %s)", k->name, key->text,
                   name_guess_hint(&guess, hint), all);
    else
        errors_add(r->errors, n->at, "%s: expected %s", k->name, all);
}

static void read_kinds(const struct key_spec *k, const struct yaml_node *n, void *base, struct reader *r)
{
    if (yaml_is_null(n)) return;
    if (n->kind != YAML_KIND_SEQUENCE) {
        errors_add(r->errors, n->at, "%s: expected a list ('- ' before each item), not %s", k->name,
                   yaml_kind_name(n->kind));
        return;
    }
    for (size_t i = 0; i < n->count; i++) read_kind(k, n->pairs[i].value, base, r);
}

static void read_variants(const struct key_spec *k, const struct yaml_node *n, struct scenario_names *to,
                          struct reader *r)
{
    to->at = n->at;
    if (yaml_is_null(n)) return;
    if (n->kind != YAML_KIND_MAPPING) {
        errors_add(r->errors, n->at, "%s: expected 'NAME: {path: value, ...}', not %s", k->name,
                   yaml_kind_name(n->kind));
        return;
    }
    for (size_t i = 0; i < n->count; i++) {
        const struct yaml_node *key = n->pairs[i].key, *v = n->pairs[i].value;
        if (!name_valid(key->text))
            errors_add(r->errors, key->at,
                       "%s: '%.60s' is not a name: expected letters, digits, '-', '_', '.', starting with a letter or "
                       "digit", k->name, key->text);
        if (v->kind != YAML_KIND_MAPPING && !yaml_is_null(v))
            errors_add(r->errors, v->at, "%s: %.60s: expected {path: value, ...}, not %s", k->name, key->text,
                       yaml_kind_name(v->kind));
        names_add(to, key->text);
    }
}

/* -- sections ----------------------------------------------------------------------------------------------------- */

static void read_value(const struct key_spec *k, const struct yaml_node *n, void *base, struct reader *r)
{
    switch (k->type) {
    case VALUE_SECTION:
        if (k->flags & KEY_PRESENT) *(bool *)((char *)base + k->count_offset) = true;
        read_section(k->section, n, field(k, base), r);
        break;
    case VALUE_MAP: read_map(k, n, base, r); break;
    case VALUE_LIST: read_list(k, n, base, r); break;
    case VALUE_KINDS: read_kinds(k, n, base, r); break;
    case VALUE_VARIANTS: read_variants(k, n, field(k, base), r); break;
    default: value_read(k, n, field(k, base), r->errors); break;
    }
}

static void set_defaults(const struct section_spec *s, void *to)
{
    for (const struct key_spec *k = s->keys; k->name; k++) {
        if (k->type == VALUE_SECTION) set_defaults(k->section, field(k, to));
        if (k->def) {
            struct yaml_node n = { .kind = YAML_KIND_SCALAR, .text = k->def };
            struct errors none;
            errors_init(&none);
            read_value(k, &n, to, &(struct reader){ .errors = &none });
            SIM_ASSERT(none.count == 0); /* a default of ours must be right */
            errors_fini(&none);
        }
    }
}

static void unknown_key(const struct section_spec *s, const struct yaml_node *key, struct reader *r)
{
    struct name_guess guess;
    char hint[NAME_WHY_BYTES], all[500] = "";

    name_guess_start(&guess, key->text, r->errors);
    for (const struct key_spec *k = s->keys; k->name; k++) {
        size_t used = strlen(all);
        name_guess_offer(&guess, k->name);
        snprintf(all + used, sizeof all - used, "%s%s", used ? ", " : "", k->name);
    }
    if (guess.best)
        errors_add(r->errors, key->at, "unknown key '%.60s'%s", key->text, name_guess_hint(&guess, hint));
    else
        errors_add(r->errors, key->at, "unknown key '%.60s' (there are: %s)", key->text, all);
}

static void read_given(const struct section_spec *s, const struct yaml_node *n, void *to, struct reader *r)
{
    for (size_t i = 0; i < n->count; i++) {
        const struct yaml_node *key = n->pairs[i].key;
        const struct key_spec *k = schema_find(s, key->text);
        if (k)
            read_value(k, n->pairs[i].value, to, r);
        else if (s != &schema_root || strncmp(key->text, "x-", 2) != 0)
            unknown_key(s, key, r);
    }
}

/* An empty map counts as missing too. */
static bool is_missing(const struct key_spec *k, const struct yaml_node *n)
{
    const struct yaml_node *v = yaml_get(n, k->name);

    return !v || (k->type == VALUE_MAP && v->count == 0 && (v->kind == YAML_KIND_MAPPING || yaml_is_null(v)));
}

static void read_section(const struct section_spec *s, const struct yaml_node *n, void *to, struct reader *r)
{
    struct error_at at = s->item ? *(struct error_at *)to : n->at;

    set_defaults(s, to);
    if (n->kind != YAML_KIND_MAPPING && !yaml_is_null(n)) {
        errors_add(r->errors, n->at, "expected a section (key: value), not %s", yaml_kind_name(n->kind));
        return;
    }
    read_given(s, n, to, r);
    for (const struct key_spec *k = s->keys; k->name; k++)
        if ((k->flags & KEY_REQUIRED) && is_missing(k, n))
            errors_add(r->errors, at, "'%s' is missing: %s", k->name, k->doc);
}

void section_read(const struct section_spec *s, const struct yaml_node *n, void *to, struct errors *errors)
{
    read_section(s, n, to, &(struct reader){ .errors = errors });
}

