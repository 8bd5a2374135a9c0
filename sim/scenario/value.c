/* SPDX-License-Identifier: GPL-3.0-or-later
 * value.c -- one function per kind of value: number, word, address, bound, list of names or CPUs. */
#include "scenario/value.h"

#include <ctype.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/assert.h"
#include "core/units.h"
#include "scenario/names.h"
#include "scenario/scenario.h"

enum { CPU_NUMBER_MAX = 4095 };

enum quantity_kind value_quantity(enum value_type type)
{
    switch (type) {
    case VALUE_DURATION: return QUANTITY_DURATION;
    case VALUE_RATE: return QUANTITY_RATE;
    case VALUE_SIZE: return QUANTITY_SIZE;
    case VALUE_FREQUENCY: return QUANTITY_FREQUENCY;
    case VALUE_BANDWIDTH: return QUANTITY_BANDWIDTH;
    case VALUE_PERCENT: return QUANTITY_PERCENT;
    case VALUE_PACKET_RATE: return QUANTITY_PACKET_RATE;
    default: return QUANTITY_COUNT;
    }
}

/* -- numbers ------------------------------------------------------------------------------------------------------ */

int64_t value_number(const struct key_spec *k, const void *at)
{
    switch (k->type) {
    case VALUE_INT: return *(const int *)at;
    case VALUE_DURATION: return ((const sim_dur *)at)->ps;
    case VALUE_RATE: return ((const sim_rate *)at)->bps;
    default: return *(const int64_t *)at;
    }
}

static void set_number(const struct key_spec *k, void *to, int64_t v)
{
    switch (k->type) {
    case VALUE_INT: *(int *)to = (int)v; break;
    case VALUE_DURATION: ((sim_dur *)to)->ps = v; break;
    case VALUE_RATE: ((sim_rate *)to)->bps = v; break;
    default: *(int64_t *)to = v; break;
    }
}

static void read_number(const struct key_spec *k, const struct yaml_node *n, void *to, struct errors *errors)
{
    enum quantity_kind kind = value_quantity(k->type);
    char why[QUANTITY_WHY_BYTES], low[QUANTITY_TEXT_BYTES], high[QUANTITY_TEXT_BYTES];
    int64_t v;

    if (k->word && strcmp(n->text, k->word) == 0) {
        set_number(k, to, k->word_value);
        return;
    }
    if (quantity_parse(n->text, kind, &v, why))
        errors_add(errors, n->at, "%s: %s%s%s%s", k->name, why, k->word ? ", or the word '" : "",
                   k->word ? k->word : "", k->word ? "'" : "");
    else if (v < k->min || v > k->max)
        errors_add(errors, n->at, "%s: '%.40s' is out of range, expected %s to %s", k->name, n->text,
                   quantity_format(kind, k->min, low), quantity_format(kind, k->max, high));
    else
        set_number(k, to, v);
}

/* -- words and addresses ------------------------------------------------------------------------------------------ */

static void read_bool(const struct key_spec *k, const struct yaml_node *n, bool *to, struct errors *errors)
{
    static const char *const yes[] = { "true", "yes", "on" }, *const no[] = { "false", "no", "off" };

    for (int i = 0; i < 3; i++) {
        if (strcasecmp(n->text, yes[i]) == 0 || strcasecmp(n->text, no[i]) == 0) {
            *to = strcasecmp(n->text, yes[i]) == 0;
            return;
        }
    }
    errors_add(errors, n->at, "%s: '%.40s' is neither true nor false", k->name, n->text);
}

static void read_choice(const struct key_spec *k, const struct yaml_node *n, void *to, struct errors *errors)
{
    struct name_guess guess;
    char hint[NAME_WHY_BYTES], all[200] = "";

    name_guess_start(&guess, n->text, errors);
    for (int i = 0; k->choices[i]; i++) {
        size_t used = strlen(all);
        if (strcmp(k->choices[i], n->text) == 0) {
            memcpy(to, &i, sizeof i); /* an enum, of the size of int here */
            return;
        }
        name_guess_offer(&guess, k->choices[i]);
        snprintf(all + used, sizeof all - used, "%s%s", i ? ", " : "", k->choices[i]);
    }
    name_guess_hint(&guess, hint);
    errors_add(errors, n->at, "%s: unknown value '%.40s'%s (there %s: %s)", k->name, n->text, hint,
               k->choices[1] ? "are" : "is", all);
}

static bool parse_ipv4(const char *text, uint32_t *address)
{
    uint32_t a = 0;

    for (int i = 0; i < 4; i++) {
        uint32_t byte = 0;
        int digits = 0;
        for (; digits < 3 && isdigit((unsigned char)*text); digits++) byte = byte * 10 + (uint32_t)(*text++ - '0');
        if (digits == 0 || byte > 255 || *text != (i < 3 ? '.' : '\0')) return false;
        text++;
        a = a << 8 | byte;
    }
    *address = a;
    return true;
}

static bool parse_mac(const char *text, uint8_t mac[6])
{
    static const char hex[] = "0123456789abcdef";

    if (strlen(text) != 17) return false;
    for (int i = 0; i < 6; i++, text += 3) {
        const char *high = memchr(hex, tolower((unsigned char)text[0]), 16);
        const char *low = memchr(hex, tolower((unsigned char)text[1]), 16);
        if (!high || !low || text[2] != (i < 5 ? ':' : '\0')) return false;
        mac[i] = (uint8_t)((high - hex) << 4 | (low - hex));
    }
    return true;
}

static void read_ipv4(const struct key_spec *k, const struct yaml_node *n, uint32_t *to, struct errors *errors)
{
    uint32_t a;

    if (strcmp(n->text, "auto") == 0)
        *to = 0;
    else if (!parse_ipv4(n->text, &a))
        errors_add(errors, n->at, "%s: '%.40s' is not an IPv4 address such as 10.0.0.1, or the word 'auto'", k->name,
                   n->text);
    else if (a >> 24 == 0 || a >> 24 == 127 || a >> 28 >= 14)
        errors_add(errors, n->at, "%s: %.40s is not the address of a host", k->name, n->text);
    else
        *to = a;
}

static void read_mac(const struct key_spec *k, const struct yaml_node *n, uint8_t to[6], struct errors *errors)
{
    static const uint8_t none[6];
    uint8_t mac[6];

    if (strcmp(n->text, "auto") == 0)
        memset(to, 0, 6);
    else if (!parse_mac(n->text, mac))
        errors_add(errors, n->at,
                   "%s: '%.40s' is not an Ethernet address such as 02:00:00:00:00:01, or the word 'auto'", k->name,
                   n->text);
    else if ((mac[0] & 1) || memcmp(mac, none, 6) == 0)
        errors_add(errors, n->at, "%s: %.40s is not the address of one station", k->name, n->text);
    else
        memcpy(to, mac, 6);
}

static void read_bound(const struct key_spec *k, const struct yaml_node *n, struct scenario_bound *b,
                       struct errors *errors)
{
    static const enum scenario_bound_unit units[N_QUANTITY_KINDS] = {
        [QUANTITY_COUNT] = SCENARIO_BOUND_NUMBER, [QUANTITY_DURATION] = SCENARIO_BOUND_DURATION,
        [QUANTITY_RATE] = SCENARIO_BOUND_RATE, [QUANTITY_SIZE] = SCENARIO_BOUND_SIZE,
        [QUANTITY_FREQUENCY] = SCENARIO_BOUND_FREQUENCY, [QUANTITY_PERCENT] = SCENARIO_BOUND_PERCENT,
        [QUANTITY_PACKET_RATE] = SCENARIO_BOUND_PACKET_RATE, [QUANTITY_BANDWIDTH] = SCENARIO_BOUND_BANDWIDTH,
    };
    char why[QUANTITY_WHY_BYTES];
    enum quantity_kind kind;

    free(b->text);
    *b = (struct scenario_bound){ .text = text_copy(n->text), .at = n->at };
    if (quantity_parse_any(n->text, &kind, &b->digits, &b->exponent, why))
        errors_add(errors, n->at, "%s: %s", k->name, why);
    else
        b->unit = units[kind];
}

static void read_bounds(const struct key_spec *k, const struct yaml_node *n, struct scenario_bound b[2],
                        struct errors *errors)
{
    if (n->kind != YAML_KIND_SEQUENCE || n->count != 2 || n->pairs[0].value->kind != YAML_KIND_SCALAR ||
        n->pairs[1].value->kind != YAML_KIND_SCALAR) {
        errors_add(errors, n->at, "%s: expected two bounds, such as [90%%, 100%%]", k->name);
        b[0].at = n->at;
        return;
    }
    for (int i = 0; i < 2; i++) read_bound(k, n->pairs[i].value, &b[i], errors);
    if (b[0].unit != SCENARIO_BOUND_NONE && b[1].unit != SCENARIO_BOUND_NONE &&
        (b[0].unit != b[1].unit || scenario_bound_value(&b[0]) > scenario_bound_value(&b[1])))
        errors_add(errors, n->at, "%s: expected a lower and a higher bound in the same unit", k->name);
}

/* -- lists of texts and numbers ----------------------------------------------------------------------------------- */

static void read_names(const struct key_spec *k, const struct yaml_node *n, struct scenario_names *to,
                       struct errors *errors)
{
    scenario_names_fini(to);
    to->at = n->at;
    if (n->kind == YAML_KIND_SCALAR) {
        if (yaml_is_null(n))
            errors_add(errors, n->at, "%s: no value is given", k->name);
        else
            names_add(to, n->text);
        return;
    }
    for (size_t i = 0; i < n->count; i++) {
        const struct yaml_node *v = n->pairs[i].value;
        if (n->kind == YAML_KIND_MAPPING || v->kind != YAML_KIND_SCALAR || yaml_is_null(v))
            errors_add(errors, v->at, "%s: expected a text or a list of texts", k->name);
        else
            names_add(to, v->text);
    }
    if (n->count == 0) errors_add(errors, n->at, "%s: the list is empty", k->name);
}

/* "0-3,6": false when malformed or too large. */
static bool add_cpus(struct scenario_cpu_list *to, const char *p)
{
    for (;;) {
        long first, last;
        char *end;
        if (!isdigit((unsigned char)*p)) return false;
        first = last = strtol(p, &end, 10);
        if (*end == '-') {
            if (!isdigit((unsigned char)end[1])) return false;
            last = strtol(end + 1, &end, 10);
        }
        if (last > CPU_NUMBER_MAX || last < first || to->count + (size_t)(last - first) > CPU_NUMBER_MAX) return false;
        to->list = realloc(to->list, (to->count + (size_t)(last - first) + 1) * sizeof *to->list);
        SIM_ASSERT(to->list);
        for (long i = first; i <= last; i++) to->list[to->count++] = (int)i;
        if (*end == '\0') return true;
        if (*end != ',') return false;
        p = end + 1;
        while (*p == ' ') p++;
    }
}

static void read_cpus(const struct key_spec *k, const struct yaml_node *n, struct scenario_cpu_list *to,
                      struct errors *errors)
{
    static const char expected[] = "expected CPU numbers, such as 0-3,6 or [0, 1, 2, 3, 6]";

    free(to->list);
    *to = (struct scenario_cpu_list){ .at = n->at };
    if (n->kind == YAML_KIND_SCALAR) {
        if (!add_cpus(to, n->text)) errors_add(errors, n->at, "%s: %s", k->name, expected);
    } else if (n->kind == YAML_KIND_MAPPING || n->count == 0) {
        errors_add(errors, n->at, "%s: %s", k->name, expected);
    } else {
        for (size_t i = 0; i < n->count; i++) {
            const struct yaml_node *v = n->pairs[i].value;
            if (v->kind != YAML_KIND_SCALAR || !add_cpus(to, v->text))
                errors_add(errors, v->at, "%s: %s", k->name, expected);
        }
    }
    for (size_t i = 0; i < to->count; i++)
        for (size_t j = 0; j < i; j++)
            if (to->list[i] == to->list[j]) {
                errors_add(errors, n->at, "%s: CPU %d is named twice", k->name, to->list[i]);
                return;
            }
}

/* -- which is which ----------------------------------------------------------------------------------------------- */

static void read_scalar(const struct key_spec *k, const struct yaml_node *n, void *to, struct errors *errors)
{
    if (n->kind != YAML_KIND_SCALAR) {
        errors_add(errors, n->at, "%s: expected a value, not %s", k->name, yaml_kind_name(n->kind));
        return;
    }
    if (yaml_is_null(n)) {
        errors_add(errors, n->at, "%s: no value is given", k->name);
        return;
    }
    switch (k->type) {
    case VALUE_TEXT:
        free(*(char **)to);
        *(char **)to = text_copy(n->text);
        break;
    case VALUE_REF: {
        struct scenario_ref *ref = to;
        free(ref->text);
        *ref = (struct scenario_ref){ text_copy(n->text), n->at };
        if ((k->flags & KEY_NAME) && !name_valid(n->text))
            errors_add(errors, n->at, "%s: '%.60s' is not a name", k->name, n->text);
        break;
    }
    case VALUE_CHOICE: read_choice(k, n, to, errors); break;
    case VALUE_BOOL: read_bool(k, n, to, errors); break;
    case VALUE_IPV4: read_ipv4(k, n, to, errors); break;
    case VALUE_MAC: read_mac(k, n, to, errors); break;
    case VALUE_BOUND: read_bound(k, n, to, errors); break;
    default: read_number(k, n, to, errors); break;
    }
}

void value_read(const struct key_spec *k, const struct yaml_node *n, void *to, struct errors *errors)
{
    switch (k->type) {
    case VALUE_NAMES: read_names(k, n, to, errors); break;
    case VALUE_CPUS: read_cpus(k, n, to, errors); break;
    case VALUE_BOUNDS: read_bounds(k, n, to, errors); break;
    default: read_scalar(k, n, to, errors); break;
    }
}
