/* SPDX-License-Identifier: GPL-3.0-or-later
 * yaml_impl.h -- what the parts of the YAML reader share: yaml_text.c, yaml.c, yaml_node.c.  For nobody else. */
#ifndef SIM_SCENARIO_YAML_IMPL_H
#define SIM_SCENARIO_YAML_IMPL_H

#include "scenario/yaml.h"

struct yaml_tree {
    struct yaml_block *blocks; /* of the arena, the one in use first */
    size_t nodes;
    struct yaml_node *root;
};

/* Refuses what is not text, so that libyaml only ever sees what it can read.  0, or -1 after adding where it begins. */
int yaml_check_text(const char *file, const char *text, size_t bytes, struct errors *errors);

/* A copy of the text, to free, whose ranges libyaml takes for letters; and the way back, in place, which returns how
 * many bytes are left. */
char *yaml_hide_ranges(const char *text, size_t bytes, size_t *hidden_bytes);
size_t yaml_show_ranges(char *text, size_t bytes);

/* A new node, NULL when there are too many; a text of 'bytes' bytes that lives as long as the tree. */
struct yaml_node *yaml_new_node(struct yaml_tree *t, enum yaml_kind kind, struct error_at at);
const char *yaml_copy_text(struct yaml_tree *t, const char *text, size_t bytes);

/* A mapping is complete: reports keys given twice, keeping the first; then carries out '<<'. */
void yaml_check_unique(struct yaml_node *n, struct errors *errors);
/* 0, or -1 after adding why it cannot be. */
int yaml_merge(struct yaml_tree *t, struct yaml_node *n, struct errors *errors);

#endif
