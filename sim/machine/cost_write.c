/* SPDX-License-Identifier: GPL-3.0-or-later
 * cost_write.c -- a cost profile as YAML, by libyaml's emitter: what cost.c reads. */
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <yaml.h>

#include "core/assert.h"
#include "machine/cost.h"

enum { LINE_COLUMNS = 120, NUMBER_BYTES = 32 };

static void emit(yaml_emitter_t *e, yaml_event_t *event, int made)
{
    int done = made && yaml_emitter_emit(e, event);
    SIM_ASSERT(done); /* our events are in order; writing is judged by the caller's stream */
}

static void put_text(yaml_emitter_t *e, const char *text, yaml_scalar_style_t style)
{
    yaml_event_t event;
    int made = yaml_scalar_event_initialize(&event, NULL, NULL, (const yaml_char_t *)text, (int)strlen(text), 1, 1, style);
    emit(e, &event, made);
}

static void put(yaml_emitter_t *e, const char *key, const char *text)
{
    put_text(e, key, YAML_PLAIN_SCALAR_STYLE);
    put_text(e, text, YAML_ANY_SCALAR_STYLE);
}

/* With as many digits as give the same number back. */
static void put_number(yaml_emitter_t *e, const char *key, double value)
{
    char text[NUMBER_BYTES];

    for (int digits = 6; digits <= 17; digits++) {
        snprintf(text, sizeof text, "%.*g", digits, value);
        double back = strtod(text, NULL);
        if (!(back < value) && !(back > value)) break;
    }
    put(e, key, text);
}

static void open_mapping(yaml_emitter_t *e, const char *key, yaml_mapping_style_t style)
{
    yaml_event_t event;

    if (key) put_text(e, key, YAML_PLAIN_SCALAR_STYLE);
    int made = yaml_mapping_start_event_initialize(&event, NULL, NULL, 1, style);
    emit(e, &event, made);
}

static void close_mapping(yaml_emitter_t *e)
{
    yaml_event_t event;
    int made = yaml_mapping_end_event_initialize(&event);
    emit(e, &event, made);
}

static void put_entry(yaml_emitter_t *e, const char *name, const struct cost_entry *entry)
{
    open_mapping(e, name, YAML_FLOW_MAPPING_STYLE);
    put_number(e, "value", entry->value);
    put(e, "unit", entry->unit);
    put_number(e, "low", entry->low);
    put_number(e, "high", entry->high);
    put(e, "confidence", entry->confidence);
    put_text(e, "source", YAML_PLAIN_SCALAR_STYLE);
    put_text(e, entry->source, YAML_DOUBLE_QUOTED_SCALAR_STYLE);
    close_mapping(e);
}

static bool has_bandwidths(const struct cost_profile *p)
{
    for (int i = 0; i < N_COST_BANDWIDTHS; i++)
        if (p->bandwidth[i].source) return true;
    return false;
}

static void put_profile(yaml_emitter_t *e, const struct cost_profile *p)
{
    char clock[NUMBER_BYTES];

    snprintf(clock, sizeof clock, "%.12gGHz", (double)p->clock_hz / 1e9);
    open_mapping(e, NULL, YAML_BLOCK_MAPPING_STYLE);
    put(e, "name", p->name);
    put(e, "clock", clock);
    if (p->notes) put(e, "notes", p->notes);
    open_mapping(e, "costs", YAML_BLOCK_MAPPING_STYLE);
    for (int i = 0; i < N_COST_OPS; i++) put_entry(e, cost_op_name((enum cost_op)i), &p->op[i]);
    close_mapping(e);
    open_mapping(e, "places", YAML_BLOCK_MAPPING_STYLE);
    for (int i = 0; i < N_COST_PLACES; i++) put_entry(e, cost_place_name((enum cost_place)i), &p->place[i]);
    close_mapping(e);
    if (has_bandwidths(p)) open_mapping(e, "bandwidths", YAML_BLOCK_MAPPING_STYLE);
    for (int i = 0; i < N_COST_BANDWIDTHS; i++)
        if (p->bandwidth[i].source) put_entry(e, cost_bandwidth_name((enum cost_bandwidth)i), &p->bandwidth[i]);
    if (has_bandwidths(p)) close_mapping(e);
    close_mapping(e);
}

/* Errors stay with the stream: the caller looks at ferror() and fclose(). */
static int write_to(void *out, unsigned char *bytes, size_t count)
{
    fwrite(bytes, 1, count, out);
    return 1;
}

void cost_profile_write(const struct cost_profile *p, FILE *out)
{
    yaml_emitter_t e;
    yaml_event_t event;
    int ready = yaml_emitter_initialize(&e);

    SIM_ASSERT(ready);
    yaml_emitter_set_output(&e, write_to, out);
    yaml_emitter_set_unicode(&e, 1);
    yaml_emitter_set_width(&e, LINE_COLUMNS);
    int made = yaml_stream_start_event_initialize(&event, YAML_UTF8_ENCODING);
    emit(&e, &event, made);
    made = yaml_document_start_event_initialize(&event, NULL, NULL, NULL, 1);
    emit(&e, &event, made);
    put_profile(&e, p);
    made = yaml_document_end_event_initialize(&event, 1);
    emit(&e, &event, made);
    made = yaml_stream_end_event_initialize(&event);
    emit(&e, &event, made);
    yaml_emitter_delete(&e);
}
