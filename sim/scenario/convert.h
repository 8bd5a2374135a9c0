/* SPDX-License-Identifier: GPL-3.0-or-later
 * convert.h -- a YAML section becomes a struct, by the tables of schema.h: defaults, units, ranges, unknown keys.
 *
 * The same tables free and copy such structs. */
#ifndef SIM_SCENARIO_CONVERT_H
#define SIM_SCENARIO_CONVERT_H

#include "scenario/schema.h"
#include "scenario/yaml.h"

/* Fills 'to' (of s->size bytes, zeroed) from 'n': defaults first, then what is given.  Every mistake is added to
 * 'errors'; 'to' can be given to section_fini() in any case. */
void section_read(const struct section_spec *s, const struct yaml_node *n, void *to, struct errors *errors);

/* Frees what the struct owns, not the struct. */
void section_fini(const struct section_spec *s, void *of);

/* Makes 'to' a copy of 'from' that owns its own texts and arrays. */
void section_copy(const struct section_spec *s, void *to, const void *from);

/* A new zeroed item at the end of the map, list or kinds behind 'k'. */
void *section_add_item(const struct key_spec *k, void *base, size_t size);

/* How many items of maps the struct holds, at any depth. */
size_t section_count_items(const struct section_spec *s, const void *of);

#endif
