/* SPDX-License-Identifier: GPL-3.0-or-later
 * yaml_node.c -- nodes in an arena: made, copied, changed; keys given twice; merge keys. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/assert.h"
#include "scenario/yaml_impl.h"

enum { BLOCK_BYTES = 64 << 10, MERGED_KEYS_MAX = 256 };

struct yaml_block {
    struct yaml_block *next;
    size_t used, size;
    max_align_t bytes[];
};

static void *tree_alloc(struct yaml_tree *t, size_t bytes)
{
    struct yaml_block *b = t->blocks;
    void *p;

    bytes = (bytes + sizeof(max_align_t) - 1) / sizeof(max_align_t) * sizeof(max_align_t);
    if (!b || b->size - b->used < bytes) {
        size_t size = bytes > BLOCK_BYTES ? bytes : BLOCK_BYTES;
        b = malloc(sizeof *b + size);
        SIM_ASSERT(b);
        *b = (struct yaml_block){ .next = t->blocks, .size = size };
        t->blocks = b;
    }
    p = (char *)b->bytes + b->used;
    b->used += bytes;
    return p;
}

struct yaml_node *yaml_new_node(struct yaml_tree *t, enum yaml_kind kind, struct error_at at)
{
    struct yaml_node *n;

    if (t->nodes == YAML_NODES_MAX) return NULL;
    t->nodes++;
    n = tree_alloc(t, sizeof *n);
    *n = (struct yaml_node){ .kind = kind, .at = at };
    return n;
}

const char *yaml_copy_text(struct yaml_tree *t, const char *text, size_t bytes)
{
    char *p = tree_alloc(t, bytes + 1);

    memcpy(p, text, bytes);
    p[bytes] = '\0';
    return p;
}

void yaml_tree_destroy(struct yaml_tree *t)
{
    if (!t) return;
    while (t->blocks) {
        struct yaml_block *next = t->blocks->next;
        free(t->blocks);
        t->blocks = next;
    }
    free(t);
}

struct yaml_node *yaml_tree_root(const struct yaml_tree *t) { return t->root; }

/* -- nodes -------------------------------------------------------------------------------------------------------- */

struct yaml_node *yaml_scalar(struct yaml_tree *t, const char *text, struct error_at at)
{
    struct yaml_node *n = yaml_new_node(t, YAML_KIND_SCALAR, at);

    if (n) n->text = yaml_copy_text(t, text, strlen(text));
    return n;
}

struct yaml_node *yaml_mapping(struct yaml_tree *t, struct error_at at)
{
    return yaml_new_node(t, YAML_KIND_MAPPING, at);
}

struct yaml_node *yaml_copy(struct yaml_tree *t, const struct yaml_node *n)
{
    struct yaml_node *c = yaml_new_node(t, n->kind, n->at);

    if (!c) return NULL;
    c->text = n->text; /* texts never change */
    c->plain = n->plain;
    if (n->count == 0) return c;
    c->room = n->count;
    c->pairs = tree_alloc(t, c->room * sizeof *c->pairs);
    for (; c->count < n->count; c->count++) {
        const struct yaml_pair *from = &n->pairs[c->count];
        struct yaml_pair pair = { from->key, yaml_copy(t, from->value) }; /* keys may be shared: they never change */
        if (!pair.value) return NULL;
        c->pairs[c->count] = pair;
    }
    return c;
}

struct yaml_node *yaml_get(const struct yaml_node *n, const char *key)
{
    if (n->kind != YAML_KIND_MAPPING) return NULL;
    for (size_t i = 0; i < n->count; i++)
        if (strcmp(n->pairs[i].key->text, key) == 0) return n->pairs[i].value;
    return NULL;
}

void yaml_insert(struct yaml_tree *t, struct yaml_node *n, size_t i, struct yaml_pair pair)
{
    if (n->count == n->room) {
        struct yaml_pair *old = n->pairs;
        n->room = n->room ? n->room * 2 : 4;
        n->pairs = tree_alloc(t, n->room * sizeof *n->pairs);
        if (n->count > 0) memcpy(n->pairs, old, n->count * sizeof *old);
    }
    if (n->count > i) memmove(&n->pairs[i + 1], &n->pairs[i], (n->count - i) * sizeof *n->pairs);
    n->pairs[i] = pair;
    n->count++;
}

void yaml_remove(struct yaml_node *n, size_t i)
{
    n->count--;
    memmove(&n->pairs[i], &n->pairs[i + 1], (n->count - i) * sizeof *n->pairs);
}

bool yaml_is_null(const struct yaml_node *n)
{
    return n->kind == YAML_KIND_SCALAR && n->plain &&
           (*n->text == '\0' || strcmp(n->text, "~") == 0 || strcmp(n->text, "null") == 0);
}

const char *yaml_kind_name(enum yaml_kind kind)
{
    return kind == YAML_KIND_MAPPING ? "a section (key: value)" : kind == YAML_KIND_SEQUENCE ? "a list" : "a value";
}

/* -- a mapping is complete ---------------------------------------------------------------------------------------- */

struct sorted_key {
    const char *text;
    size_t index;
};

static int compare_keys(const void *a, const void *b)
{
    const struct sorted_key *ka = a, *kb = b;
    int c = strcmp(ka->text, kb->text);

    return c ? c : (ka->index > kb->index) - (ka->index < kb->index);
}

void yaml_check_unique(struct yaml_node *n, struct errors *errors)
{
    struct sorted_key *keys = calloc(n->count + 1, sizeof *keys);
    int *first_line = calloc(n->count + 1, sizeof *first_line); /* of the key that this one repeats; 0: none */
    size_t kept = 0;

    SIM_ASSERT(keys && first_line);
    for (size_t i = 0; i < n->count; i++) keys[i] = (struct sorted_key){ n->pairs[i].key->text, i };
    qsort(keys, n->count, sizeof *keys, compare_keys);
    for (size_t i = 0, start = 0; i < n->count; i++) {
        if (strcmp(keys[start].text, keys[i].text) != 0) start = i;
        if (start != i) first_line[keys[i].index] = n->pairs[keys[start].index].key->at.line;
    }
    for (size_t i = 0; i < n->count; i++) {
        const struct yaml_node *key = n->pairs[i].key;
        if (first_line[i] == 0)
            n->pairs[kept++] = n->pairs[i];
        else
            errors_add(errors, key->at, "'%.100s' is given twice, first in line %d", key->text, first_line[i]);
    }
    n->count = kept;
    free(keys);
    free(first_line);
}

static int merge_one(struct yaml_tree *t, struct yaml_node *into, const struct yaml_node *from, struct errors *errors)
{
    if (from->kind != YAML_KIND_MAPPING)
        return errors_add(errors, from->at, "'<<' needs a section, or a list of sections, such as '<<: *name'");
    for (size_t i = 0; i < from->count; i++) {
        if (yaml_get(into, from->pairs[i].key->text)) continue;
        if (into->count >= MERGED_KEYS_MAX)
            return errors_add(errors, from->at, "too many keys in a section with '<<'");
        yaml_insert(t, into, into->count, from->pairs[i]);
    }
    return 0;
}

/* Keys of a merged mapping are taken unless the mapping has them itself; the first of several merged ones wins.  The
 * merged nodes are copies already, made where the alias stood. */
int yaml_merge(struct yaml_tree *t, struct yaml_node *n, struct errors *errors)
{
    for (size_t i = 0; i < n->count; i++) {
        const struct yaml_node *from = n->pairs[i].value;
        int result = 0;
        if (!n->pairs[i].key->plain || strcmp(n->pairs[i].key->text, "<<") != 0) continue;
        yaml_remove(n, i);
        if (from->kind != YAML_KIND_SEQUENCE) return merge_one(t, n, from, errors);
        for (size_t k = 0; k < from->count && result == 0; k++) result = merge_one(t, n, from->pairs[k].value, errors);
        return result; /* there is no other: keys are unique */
    }
    return 0;
}
