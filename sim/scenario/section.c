/* SPDX-License-Identifier: GPL-3.0-or-later
 * section.c -- freeing and copying the structs of sections, by the same tables that fill them. */
#include <stdlib.h>
#include <string.h>

#include "core/assert.h"
#include "scenario/convert.h"
#include "scenario/names.h"
#include "scenario/scenario.h"

static void *field(const struct key_spec *k, void *base) { return (char *)base + k->offset; }
static const void *const_field(const struct key_spec *k, const void *base) { return (const char *)base + k->offset; }

void *section_add_item(const struct key_spec *k, void *base, size_t size)
{
    size_t *count = (size_t *)(void *)((char *)base + k->count_offset);
    void **items = field(k, base);

    if ((*count & (*count - 1)) == 0) { /* full at every power of two */
        *items = realloc(*items, (*count ? *count * 2 : 1) * size);
        SIM_ASSERT(*items);
    }
    memset((char *)*items + *count * size, 0, size);
    return (char *)*items + (*count)++ * size;
}

static void items_of(const struct key_spec *k, const void *base, void **items, size_t *count)
{
    *items = *(void *const *)const_field(k, base);
    *count = *(const size_t *)(const void *)((const char *)base + k->count_offset);
}

static const struct section_spec *item_spec(const struct key_spec *k, const void *item)
{
    int kind;

    if (k->type != VALUE_KINDS) return k->section;
    memcpy(&kind, (const char *)item + k->kinds[0]->kind_offset, sizeof kind);
    return k->kinds[kind];
}

size_t section_count_items(const struct section_spec *s, const void *of)
{
    size_t total = 0, count;
    void *items;

    for (const struct key_spec *k = s->keys; k->name; k++) {
        if (k->type != VALUE_MAP) continue;
        items_of(k, of, &items, &count);
        total += count;
        for (size_t i = 0; i < count; i++)
            total += section_count_items(k->section, (const char *)items + i * k->section->size);
    }
    return total;
}

static void fini_value(const struct key_spec *k, void *base)
{
    void *at = field(k, base), *items;
    size_t count;

    switch (k->type) {
    case VALUE_TEXT: free(*(char **)at); break;
    case VALUE_REF: free(((struct scenario_ref *)at)->text); break;
    case VALUE_NAMES:
    case VALUE_VARIANTS: scenario_names_fini(at); break;
    case VALUE_CPUS: free(((struct scenario_cpu_list *)at)->list); break;
    case VALUE_BOUNDS: free(((struct scenario_bound *)at)[1].text); /* fall through */
    case VALUE_BOUND: free(((struct scenario_bound *)at)->text); break;
    case VALUE_SECTION: section_fini(k->section, at); break;
    case VALUE_MAP:
    case VALUE_LIST:
    case VALUE_KINDS:
        items_of(k, base, &items, &count);
        for (size_t i = 0; i < count; i++) {
            const struct section_spec *s;
            char *item = (char *)items + i * (k->section ? k->section->size : k->kinds[0]->size);
            s = item_spec(k, item);
            section_fini(s, item);
            if (k->type == VALUE_MAP) free(*(char **)(void *)(item + s->name_offset));
        }
        free(items);
        break;
    default: break;
    }
}

void section_fini(const struct section_spec *s, void *of)
{
    for (const struct key_spec *k = s->keys; k->name; k++) fini_value(k, of);
}

static void copy_names(struct scenario_names *names)
{
    struct scenario_names from = *names;

    names->list = NULL;
    names->count = 0;
    for (size_t i = 0; i < from.count; i++) names_add(names, from.list[i]);
}

/* The field was copied byte by byte: gives it its own copies of what it points to. */
static void own_value(const struct key_spec *k, void *base)
{
    void *at = field(k, base), *items;
    size_t count, size;

    switch (k->type) {
    case VALUE_TEXT: *(char **)at = text_copy(*(char **)at); break;
    case VALUE_REF: ((struct scenario_ref *)at)->text = text_copy(((struct scenario_ref *)at)->text); break;
    case VALUE_NAMES: copy_names(at); break;
    case VALUE_CPUS: {
        struct scenario_cpu_list *l = at;
        int *list = l->count ? malloc(l->count * sizeof *list) : NULL;
        if (list) memcpy(list, l->list, l->count * sizeof *list);
        SIM_ASSERT(list || l->count == 0);
        l->list = list;
        break;
    }
    case VALUE_BOUND:
    case VALUE_BOUNDS:
        for (int i = 0; i < (k->type == VALUE_BOUND ? 1 : 2); i++)
            ((struct scenario_bound *)at)[i].text = text_copy(((struct scenario_bound *)at)[i].text);
        break;
    case VALUE_SECTION:
        for (const struct key_spec *inner = k->section->keys; inner->name; inner++) own_value(inner, at);
        break;
    case VALUE_MAP:
        items_of(k, base, &items, &count);
        size = k->section->size;
        *(void **)at = NULL;
        *(size_t *)(void *)((char *)base + k->count_offset) = 0;
        for (size_t i = 0; i < count; i++) {
            char *to = section_add_item(k, base, size), *from = (char *)items + i * size;
            section_copy(k->section, to, from);
            *(char **)(void *)(to + k->section->name_offset) =
                text_copy(*(char **)(void *)(from + k->section->name_offset));
        }
        break;
    default:
        /* lists stand at the top level only, and that is never copied */
        SIM_ASSERT(k->type != VALUE_LIST && k->type != VALUE_KINDS && k->type != VALUE_VARIANTS);
        break;
    }
}

void section_copy(const struct section_spec *s, void *to, const void *from)
{
    memcpy(to, from, s->size);
    for (const struct key_spec *k = s->keys; k->name; k++) own_value(k, to);
}
