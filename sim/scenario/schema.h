/* SPDX-License-Identifier: GPL-3.0-or-later
 * schema.h -- the format of scenarios as tables: one row per key.
 *
 * Everything that knows a key reads it here: the parser with its defaults, ranges and messages (convert.c, value.c),
 * freeing and copying (section.c), overrides (override.c), the resolved scenario (print.c), the reference in
 * docs/scenario.md and the JSON Schema (schema_doc.c). */
#ifndef SIM_SCENARIO_SCHEMA_H
#define SIM_SCENARIO_SCHEMA_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum value_type {       /* what the key takes               where it goes */
    VALUE_TEXT,          /* any text                         char * */
    VALUE_REF,           /* a text, with its position        struct scenario_ref */
    VALUE_NAMES,         /* a text or a list of texts        struct scenario_names */
    VALUE_CHOICE,        /* one of 'choices'                 int-sized enum: its index */
    VALUE_BOOL,          /* true, false                      bool */
    VALUE_INT,           /* a whole number                   int */
    VALUE_LONG,          /* a whole number                   int64_t */
    VALUE_DURATION,      /*                                  sim_dur */
    VALUE_RATE,          /*                                  sim_rate */
    VALUE_SIZE,          /*                                  int64_t, bytes */
    VALUE_FREQUENCY,     /*                                  int64_t, hertz */
    VALUE_BANDWIDTH,     /*                                  int64_t, bytes per second */
    VALUE_PERCENT,       /*                                  int64_t, millionths */
    VALUE_PACKET_RATE,   /*                                  int64_t, per second */
    VALUE_IPV4,          /* a.b.c.d                          uint32_t, host byte order; 0: not given */
    VALUE_MAC,           /* aa:bb:cc:dd:ee:ff                uint8_t[6]; zero: not given */
    VALUE_CPUS,          /* 0-3,6 or a list                  struct scenario_cpu_list */
    VALUE_BOUND,         /* a number with or without unit    struct scenario_bound */
    VALUE_BOUNDS,        /* a list of two such               struct scenario_bound[2] */
    VALUE_SECTION,       /* a section                        its struct, embedded */
    VALUE_MAP,           /* name: section, ...               pointer to an array, and its count */
    VALUE_LIST,          /* a list of sections               pointer to an array, and its count */
    VALUE_KINDS,         /* a list of 'kind: section'        pointer to an array, and its count */
    VALUE_VARIANTS,      /* name: {path: value, ...}         struct scenario_names: the names */
};

enum key_flags {
    KEY_REQUIRED = 1, /* must be given */
    KEY_ABOUT = 2,    /* says something about the experiment that its simulation does not depend on */
    KEY_RUN = 4,      /* tells repetitions of one experiment apart: not hashed */
    KEY_RANGE = 8,    /* in an item named by a range, a range here is taken name by name */
    KEY_NAME = 16,    /* a text that must be a name (names.h) */
    KEY_PRESENT = 32, /* a section that is on when it is there: the bool at 'count_offset' */
};

struct section_spec;

struct key_spec {
    const char *name;
    enum value_type type;
    size_t offset;             /* in the section's struct */
    const char *def;           /* default as YAML; NULL: none */
    const char *none;          /* what holds when there is no default: for the documentation */
    int64_t min, max;          /* in base units, inclusive */
    const char *word;          /* a word taken instead of a value, and what it stores */
    int64_t word_value;
    const char *const *choices; /* ends with NULL */
    const struct section_spec *section; /* of a section or of a map's or list's items */
    const struct section_spec *const *kinds; /* ends with NULL; each named by its 'name' */
    size_t count_offset;       /* of a map, list or kinds: its count; see KEY_PRESENT */
    unsigned flags;
    const char *doc;
};

struct section_spec {
    const char *name;   /* of a kind: the key that selects it */
    const char *title;  /* heading in the documentation, "machines: NAME:" */
    const char *doc;
    const struct key_spec *keys; /* ends with a NULL name */
    size_t size;        /* of its struct; items of maps and lists begin with struct error_at */
    size_t name_offset; /* item of a map: where its name goes (char *) */
    size_t kind_offset; /* item of kinds: where the index of its kind goes (int-sized enum) */
    bool item;
};

extern const struct section_spec schema_root;

/* NULL when the section has no such key. */
const struct key_spec *schema_find(const struct section_spec *s, const char *name);

/* Calls 'visit' for every section below and including the root, in the order of the documentation. */
typedef void schema_visit_fn(void *ctx, const struct section_spec *s);
void schema_visit(schema_visit_fn *visit, void *ctx);

#endif
