/* SPDX-License-Identifier: GPL-3.0-or-later
 * value.h -- one value of a scenario: from YAML text to the field that the schema names. */
#ifndef SIM_SCENARIO_VALUE_H
#define SIM_SCENARIO_VALUE_H

#include "scenario/quantity.h"
#include "scenario/schema.h"
#include "scenario/yaml.h"

/* Reads 'n' into the field 'to' of any type that is not a section, map, list or kinds; the field keeps what it had when
 * the value is wrong, which is added to 'errors'. */
void value_read(const struct key_spec *k, const struct yaml_node *n, void *to, struct errors *errors);

/* The quantity of a numeric type, QUANTITY_COUNT for plain numbers, and the value of such a field of any width. */
enum quantity_kind value_quantity(enum value_type type);
int64_t value_number(const struct key_spec *k, const void *field);

#endif
