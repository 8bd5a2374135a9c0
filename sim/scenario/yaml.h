/* SPDX-License-Identifier: GPL-3.0-or-later
 * yaml.h -- one YAML document as a tree that remembers where everything stands.
 *
 * Anchors are copied where they are used and merge keys (<<) carried out, so the tree is plain: mappings with unique
 * text keys, sequences, scalars.  Its size is bounded whatever the text says (YAML_*_MAX), so that no file can exhaust
 * memory or time.  The tree owns its nodes; nodes may be changed, copied and moved within one tree. */
#ifndef SIM_SCENARIO_YAML_H
#define SIM_SCENARIO_YAML_H

#include <stdbool.h>
#include <stddef.h>

#include "core/error.h"

enum {
    YAML_BYTES_MAX = 16 << 20, /* of the text */
    YAML_NODES_MAX = 500000,   /* scalars, sequences and mappings after aliases are copied */
    YAML_DEPTH_MAX = 64,
};

enum yaml_kind { YAML_KIND_SCALAR, YAML_KIND_SEQUENCE, YAML_KIND_MAPPING };

struct yaml_pair {
    struct yaml_node *key; /* NULL in a sequence */
    struct yaml_node *value;
};
struct yaml_node {
    enum yaml_kind kind;
    bool plain;             /* a scalar without quotes */
    struct error_at at;
    const char *text;       /* scalar: its text */
    struct yaml_pair *pairs; /* mapping, sequence: its members in order */
    size_t count, room;
};

struct yaml_tree;

/* Reads a whole file.  NULL after adding what is wrong ("cannot be read", larger than YAML_BYTES_MAX); else bytes to
 * free, NUL-terminated for convenience. */
char *yaml_read_file(const char *path, size_t *bytes, struct errors *errors);

/* Parses 'text'; 'file' must outlive the tree and everything that keeps its positions.  NULL after adding what is
 * wrong: not YAML, empty, more than one document, too deep, too large.  Keys given twice are added to 'errors' too, all
 * of them; the tree then keeps the first, so that the rest can still be judged. */
struct yaml_tree *yaml_tree_parse(const char *file, const char *text, size_t bytes, struct errors *errors);
void yaml_tree_destroy(struct yaml_tree *t); /* NULL is allowed */
struct yaml_node *yaml_tree_root(const struct yaml_tree *t);

/* Parses a further small text into nodes of the same tree.  NULL after adding what is wrong. */
struct yaml_node *yaml_tree_parse_more(struct yaml_tree *t, const char *file, const char *text, size_t bytes,
                                       struct errors *errors);

/* New nodes; NULL when the tree would exceed YAML_NODES_MAX.  The text is copied. */
struct yaml_node *yaml_scalar(struct yaml_tree *t, const char *text, struct error_at at);
struct yaml_node *yaml_mapping(struct yaml_tree *t, struct error_at at);
struct yaml_node *yaml_copy(struct yaml_tree *t, const struct yaml_node *n);

/* Value of a key, NULL when it is not there or 'n' is no mapping. */
struct yaml_node *yaml_get(const struct yaml_node *n, const char *key);

/* Inserts a member before place 'i' (count: appends); removes member 'i'. */
void yaml_insert(struct yaml_tree *t, struct yaml_node *n, size_t i, struct yaml_pair pair);
void yaml_remove(struct yaml_node *n, size_t i);

/* A plain scalar that says nothing: empty, "~" or "null". */
bool yaml_is_null(const struct yaml_node *n);

/* "a list", "a section (key: value)", "a value". */
const char *yaml_kind_name(enum yaml_kind kind);

#endif
