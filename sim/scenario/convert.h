/* convert.h -- a YAML section becomes a struct, by the tables of schema.h: defaults, units, ranges, unknown keys.
 *
 * The same tables free and copy such structs. */
#ifndef SIM_SCENARIO_CONVERT_H
#define SIM_SCENARIO_CONVERT_H

#include "scenario/quantity.h"
#include "scenario/schema.h"
#include "scenario/yaml.h"

/* Fills 'to' (of s->size bytes, zeroed) from 'n': defaults first, then what is given.  Every mistake is added to
 * 'errors'; 'to' can be given to section_fini() in any case. */
void section_read(const struct section_spec *s, const struct yaml_node *n, void *to, struct errors *errors);

/* Frees what the struct owns, not the struct. */
void section_fini(const struct section_spec *s, void *of);

/* Makes 'to' a copy of 'from' that owns its own texts and arrays. */
void section_copy(const struct section_spec *s, void *to, const void *from);

/* A dotted IPv4 address, host byte order, or an Ethernet address; false when malformed. */
bool parse_ipv4(const char *text, uint32_t *address);
bool parse_mac(const char *text, uint8_t mac[6]);

/* The quantity kind of a numeric value type; QUANTITY_COUNT for plain numbers. */
enum quantity_kind value_quantity(enum value_type type);
/* The value of a numeric field of any width. */
int64_t value_number(const struct key_spec *k, const void *field);

#endif
