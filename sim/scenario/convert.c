/* convert.c -- one function per kind of value, and one that walks a section. */
#include "scenario/convert.h"

#include <ctype.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/assert.h"
#include "core/units.h"
#include "scenario/names.h"
#include "scenario/scenario.h"

enum { CPU_NUMBER_MAX = 4095, ITEMS_MAX = 400000 };

struct reader {
    struct errors *errors;
    size_t items; /* of maps and lists, ranges written out: bounded, so that ranges in ranges cannot explode */
};

static void read_section(const struct section_spec *s, const struct yaml_node *n, void *to, struct reader *r);
static size_t count_items(const struct section_spec *s, const void *of);

static void *field(const struct key_spec *k, void *base) { return (char *)base + k->offset; }
static const void *const_field(const struct key_spec *k, const void *base) { return (const char *)base + k->offset; }

enum quantity_kind value_quantity(enum value_type type)
{
    switch (type) {
    case VALUE_DURATION: return QUANTITY_DURATION;
    case VALUE_RATE: return QUANTITY_RATE;
    case VALUE_SIZE: return QUANTITY_SIZE;
    case VALUE_FREQUENCY: return QUANTITY_FREQUENCY;
    case VALUE_PERCENT: return QUANTITY_PERCENT;
    case VALUE_PACKET_RATE: return QUANTITY_PACKET_RATE;
    default: return QUANTITY_COUNT;
    }
}

static char *copy(const char *text)
{
    char *c = text ? strdup(text) : NULL;

    SIM_ASSERT(c || !text);
    return c;
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

static void read_number(const struct key_spec *k, const struct yaml_node *n, void *to, struct reader *r)
{
    enum quantity_kind kind = value_quantity(k->type);
    char why[QUANTITY_WHY_BYTES], low[QUANTITY_TEXT_BYTES], high[QUANTITY_TEXT_BYTES];
    int64_t v;

    if (k->word && strcmp(n->text, k->word) == 0) {
        set_number(k, to, k->word_value);
        return;
    }
    if (quantity_parse(n->text, kind, &v, why))
        errors_add(r->errors, n->at, "%s: %s%s%s%s", k->name, why, k->word ? ", or the word '" : "", k->word ? k->word : "",
                   k->word ? "'" : "");
    else if (v < k->min || v > k->max)
        errors_add(r->errors, n->at, "%s: '%.40s' is out of range, expected %s to %s", k->name, n->text,
                   quantity_format(kind, k->min, low), quantity_format(kind, k->max, high));
    else
        set_number(k, to, v);
}

/* -- words and addresses -------------------------------------------------------------------------------------------- */

static void read_bool(const struct key_spec *k, const struct yaml_node *n, bool *to, struct reader *r)
{
    static const char *const yes[] = { "true", "yes", "on" }, *const no[] = { "false", "no", "off" };

    for (int i = 0; i < 3; i++) {
        if (strcasecmp(n->text, yes[i]) == 0 || strcasecmp(n->text, no[i]) == 0) {
            *to = strcasecmp(n->text, yes[i]) == 0;
            return;
        }
    }
    errors_add(r->errors, n->at, "%s: '%.40s' is neither true nor false", k->name, n->text);
}

static void read_choice(const struct key_spec *k, const struct yaml_node *n, void *to, struct reader *r)
{
    struct name_guess guess;
    char hint[NAME_WHY_BYTES], all[200] = "";

    name_guess_start(&guess, n->text, r->errors);
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
    errors_add(r->errors, n->at, "%s: unknown value '%.40s'%s (there %s: %s)", k->name, n->text, hint,
               k->choices[1] ? "are" : "is", all);
}

bool parse_ipv4(const char *text, uint32_t *address)
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

bool parse_mac(const char *text, uint8_t mac[6])
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

static void read_ipv4(const struct key_spec *k, const struct yaml_node *n, uint32_t *to, struct reader *r)
{
    uint32_t a;

    if (strcmp(n->text, "auto") == 0)
        *to = 0;
    else if (!parse_ipv4(n->text, &a))
        errors_add(r->errors, n->at, "%s: '%.40s' is not an IPv4 address such as 10.0.0.1, or the word 'auto'", k->name,
                   n->text);
    else if (a >> 24 == 0 || a >> 24 == 127 || a >> 28 >= 14)
        errors_add(r->errors, n->at, "%s: %.40s is not the address of a host", k->name, n->text);
    else
        *to = a;
}

static void read_mac(const struct key_spec *k, const struct yaml_node *n, uint8_t to[6], struct reader *r)
{
    static const uint8_t none[6];
    uint8_t mac[6];

    if (strcmp(n->text, "auto") == 0)
        memset(to, 0, 6);
    else if (!parse_mac(n->text, mac))
        errors_add(r->errors, n->at, "%s: '%.40s' is not an Ethernet address such as 02:00:00:00:00:01, or the word 'auto'",
                   k->name, n->text);
    else if ((mac[0] & 1) || memcmp(mac, none, 6) == 0)
        errors_add(r->errors, n->at, "%s: %.40s is not the address of one station", k->name, n->text);
    else
        memcpy(to, mac, 6);
}

static void read_bound(const struct key_spec *k, const struct yaml_node *n, struct scenario_bound *b,
                       struct reader *r)
{
    static const enum scenario_bound_unit units[N_QUANTITY_KINDS] = {
        [QUANTITY_COUNT] = SCENARIO_BOUND_NUMBER, [QUANTITY_DURATION] = SCENARIO_BOUND_DURATION,
        [QUANTITY_RATE] = SCENARIO_BOUND_RATE, [QUANTITY_SIZE] = SCENARIO_BOUND_SIZE,
        [QUANTITY_FREQUENCY] = SCENARIO_BOUND_FREQUENCY, [QUANTITY_PERCENT] = SCENARIO_BOUND_PERCENT,
        [QUANTITY_PACKET_RATE] = SCENARIO_BOUND_PACKET_RATE,
    };
    char why[QUANTITY_WHY_BYTES];
    enum quantity_kind kind;

    free(b->text);
    *b = (struct scenario_bound){ .text = copy(n->text), .at = n->at };
    if (quantity_parse_any(n->text, &kind, &b->digits, &b->exponent, why))
        errors_add(r->errors, n->at, "%s: %s", k->name, why);
    else
        b->unit = units[kind];
}

static void read_bounds(const struct key_spec *k, const struct yaml_node *n, struct scenario_bound b[2],
                        struct reader *r)
{
    if (n->kind != YAML_KIND_SEQUENCE || n->count != 2 || n->pairs[0].value->kind != YAML_KIND_SCALAR ||
        n->pairs[1].value->kind != YAML_KIND_SCALAR) {
        errors_add(r->errors, n->at, "%s: expected two bounds, such as [90%%, 100%%]", k->name);
        return;
    }
    for (int i = 0; i < 2; i++) read_bound(k, n->pairs[i].value, &b[i], r);
    if (b[0].unit != SCENARIO_BOUND_NONE && b[1].unit != SCENARIO_BOUND_NONE &&
        (b[0].unit != b[1].unit || scenario_bound_value(&b[0]) > scenario_bound_value(&b[1])))
        errors_add(r->errors, n->at, "%s: expected a lower and a higher bound in the same unit", k->name);
}

/* -- lists of texts and numbers ------------------------------------------------------------------------------------- */

static void read_names(const struct key_spec *k, const struct yaml_node *n, struct scenario_names *to,
                       struct reader *r)
{
    scenario_names_fini(to);
    to->at = n->at;
    if (n->kind == YAML_KIND_SCALAR) {
        if (yaml_is_null(n))
            errors_add(r->errors, n->at, "%s: no value is given", k->name);
        else
            names_add(to, n->text);
        return;
    }
    for (size_t i = 0; i < n->count; i++) {
        const struct yaml_node *v = n->pairs[i].value;
        if (n->kind == YAML_KIND_MAPPING || v->kind != YAML_KIND_SCALAR || yaml_is_null(v))
            errors_add(r->errors, v->at, "%s: expected a text or a list of texts", k->name);
        else
            names_add(to, v->text);
    }
    if (n->count == 0) errors_add(r->errors, n->at, "%s: the list is empty", k->name);
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
                      struct reader *r)
{
    static const char expected[] = "expected CPU numbers, such as 0-3,6 or [0, 1, 2, 3, 6]";

    free(to->list);
    *to = (struct scenario_cpu_list){ .at = n->at };
    if (n->kind == YAML_KIND_SCALAR) {
        if (!add_cpus(to, n->text)) errors_add(r->errors, n->at, "%s: %s", k->name, expected);
    } else if (n->kind == YAML_KIND_MAPPING || n->count == 0) {
        errors_add(r->errors, n->at, "%s: %s", k->name, expected);
    } else {
        for (size_t i = 0; i < n->count; i++) {
            const struct yaml_node *v = n->pairs[i].value;
            if (v->kind != YAML_KIND_SCALAR || !add_cpus(to, v->text))
                errors_add(r->errors, v->at, "%s: %s", k->name, expected);
        }
    }
    for (size_t i = 0; i < to->count; i++)
        for (size_t j = 0; j < i; j++)
            if (to->list[i] == to->list[j]) {
                errors_add(r->errors, n->at, "%s: CPU %d is named twice", k->name, to->list[i]);
                return;
            }
}

/* -- arrays of sections --------------------------------------------------------------------------------------------- */

/* A new zeroed item at the end of the array behind 'k'. */
static void *add_item(const struct key_spec *k, void *base, size_t size)
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

/* In item 'index' of the 'count' that a range made, a text with a range becomes its own element. */
static void pick_from_range(const struct section_spec *s, void *item, size_t index, size_t count, struct reader *r)
{
    for (const struct key_spec *k = s->keys; k->name; k++) {
        struct scenario_ref *ref = field(k, item);
        struct scenario_names names = { 0 };
        char why[NAME_WHY_BYTES];
        if (!(k->flags & KEY_RANGE) || !ref->text || !name_has_range(ref->text)) continue;
        if (name_expand(ref->text, &names, why)) {
            if (index == 0) errors_add(r->errors, ref->at, "%s: %s", k->name, why);
        } else if (names.count != count) {
            if (index == 0)
                errors_add(r->errors, ref->at, "%s: '%.100s' stands for %zu names, expected as many as there are items here, %zu",
                           k->name, ref->text, names.count, count);
        } else {
            free(ref->text);
            ref->text = copy(names.list[index]);
        }
        scenario_names_fini(&names);
    }
}

static void read_map_item(const struct key_spec *k, const struct yaml_pair *pair, void *base, struct reader *r)
{
    const struct section_spec *s = k->section;
    size_t total = *(const size_t *)(const void *)((const char *)base + k->count_offset);
    struct scenario_names names = { 0 };
    char why[NAME_WHY_BYTES];
    void *model;

    if (name_expand(pair->key->text, &names, why)) {
        errors_add(r->errors, pair->key->at, "%s: %s", k->name, why);
    } else if (!name_valid(names.list[0])) {
        errors_add(r->errors, pair->key->at,
                   "%s: '%.60s' is not a name: expected letters, digits, '-', '_', '.', starting with a letter or digit",
                   k->name, pair->key->text);
    } else if (total + names.count > SCENARIO_MACHINES_MAX || r->items > ITEMS_MAX) {
        errors_add(r->errors, pair->key->at, "%s: more than %d of them", k->name, SCENARIO_MACHINES_MAX);
    } else {
        model = calloc(1, s->size);
        SIM_ASSERT(model);
        *(struct error_at *)model = pair->key->at;
        read_section(s, pair->value, model, r);
        r->items += names.count * (1 + count_items(s, model));
        if (r->items > ITEMS_MAX)
            errors_add(r->errors, pair->key->at, "%s: more than %d machines, NICs and links in all", k->name, ITEMS_MAX);
        for (size_t i = 0; i < names.count && r->items <= ITEMS_MAX; i++) {
            void *item = add_item(k, base, s->size);
            section_copy(s, item, model);
            *(char **)(void *)((char *)item + s->name_offset) = copy(names.list[i]);
            pick_from_range(s, item, i, names.count, r);
        }
        section_fini(s, model);
        free(model);
    }
    scenario_names_fini(&names);
}

static void read_map(const struct key_spec *k, const struct yaml_node *n, void *base, struct reader *r)
{
    if (yaml_is_null(n)) return;
    if (n->kind != YAML_KIND_MAPPING) {
        errors_add(r->errors, n->at, "%s: expected 'NAME: {...}', not %s", k->name, yaml_kind_name(n->kind));
        return;
    }
    for (size_t i = 0; i < n->count; i++) read_map_item(k, &n->pairs[i], base, r);
}

static void read_list(const struct key_spec *k, const struct yaml_node *n, void *base, struct reader *r)
{
    if (yaml_is_null(n)) return;
    if (n->kind != YAML_KIND_SEQUENCE) {
        errors_add(r->errors, n->at, "%s: expected a list ('- ' before each item), not %s", k->name,
                   yaml_kind_name(n->kind));
        return;
    }
    for (size_t i = 0; i < n->count; i++) {
        void *item = add_item(k, base, k->section->size);
        *(struct error_at *)item = n->pairs[i].value->at;
        read_section(k->section, n->pairs[i].value, item, r);
    }
}

static void read_kind(const struct key_spec *k, const struct yaml_node *n, void *base, struct reader *r)
{
    const struct yaml_node *key = n->kind == YAML_KIND_MAPPING && n->count == 1 ? n->pairs[0].key : NULL;
    char all[120] = "", hint[NAME_WHY_BYTES];
    struct name_guess guess;

    name_guess_start(&guess, key ? key->text : "", r->errors);
    for (int i = 0; k->kinds[i]; i++) {
        const struct section_spec *s = k->kinds[i];
        size_t used = strlen(all);
        if (key && strcmp(key->text, s->name) == 0) {
            void *item = add_item(k, base, s->size);
            *(struct error_at *)item = key->at;
            memcpy((char *)item + s->kind_offset, &i, sizeof i); /* an enum, of the size of int here */
            read_section(s, n->pairs[0].value, item, r);
            return;
        }
        name_guess_offer(&guess, s->name);
        snprintf(all + used, sizeof all - used, "%s'- %s: {...}'", i ? " or " : "", s->name);
    }
    if (key)
        errors_add(r->errors, key->at, "%s: unknown kind '%.60s'%s (expected %s)", k->name, key->text,
                   name_guess_hint(&guess, hint), all);
    else
        errors_add(r->errors, n->at, "%s: expected %s", k->name, all);
}

static void read_kinds(const struct key_spec *k, const struct yaml_node *n, void *base, struct reader *r)
{
    if (yaml_is_null(n)) return;
    if (n->kind != YAML_KIND_SEQUENCE) {
        errors_add(r->errors, n->at, "%s: expected a list ('- ' before each item), not %s", k->name,
                   yaml_kind_name(n->kind));
        return;
    }
    for (size_t i = 0; i < n->count; i++) read_kind(k, n->pairs[i].value, base, r);
}

static void read_variants(const struct key_spec *k, const struct yaml_node *n, struct scenario_names *to,
                          struct reader *r)
{
    to->at = n->at;
    if (yaml_is_null(n)) return;
    if (n->kind != YAML_KIND_MAPPING) {
        errors_add(r->errors, n->at, "%s: expected 'NAME: {path: value, ...}', not %s", k->name, yaml_kind_name(n->kind));
        return;
    }
    for (size_t i = 0; i < n->count; i++) {
        const struct yaml_node *key = n->pairs[i].key, *v = n->pairs[i].value;
        if (!name_valid(key->text))
            errors_add(r->errors, key->at,
                       "%s: '%.60s' is not a name: expected letters, digits, '-', '_', '.', starting with a letter or "
                       "digit", k->name, key->text);
        if (v->kind != YAML_KIND_MAPPING && !yaml_is_null(v))
            errors_add(r->errors, v->at, "%s: %.60s: expected {path: value, ...}, not %s", k->name, key->text,
                       yaml_kind_name(v->kind));
        names_add(to, key->text);
    }
}

/* -- sections ------------------------------------------------------------------------------------------------------- */

static void read_scalar(const struct key_spec *k, const struct yaml_node *n, void *to, struct reader *r)
{
    if (n->kind != YAML_KIND_SCALAR) {
        errors_add(r->errors, n->at, "%s: expected a value, not %s", k->name, yaml_kind_name(n->kind));
        return;
    }
    if (yaml_is_null(n)) {
        errors_add(r->errors, n->at, "%s: no value is given", k->name);
        return;
    }
    switch (k->type) {
    case VALUE_TEXT:
        free(*(char **)to);
        *(char **)to = copy(n->text);
        break;
    case VALUE_REF: {
        struct scenario_ref *ref = to;
        free(ref->text);
        *ref = (struct scenario_ref){ copy(n->text), n->at };
        if ((k->flags & KEY_NAME) && !name_valid(n->text))
            errors_add(r->errors, n->at, "%s: '%.60s' is not a name", k->name, n->text);
        break;
    }
    case VALUE_CHOICE: read_choice(k, n, to, r); break;
    case VALUE_BOOL: read_bool(k, n, to, r); break;
    case VALUE_IPV4: read_ipv4(k, n, to, r); break;
    case VALUE_MAC: read_mac(k, n, to, r); break;
    case VALUE_BOUND: read_bound(k, n, to, r); break;
    default: read_number(k, n, to, r); break;
    }
}

static void read_value(const struct key_spec *k, const struct yaml_node *n, void *base, struct reader *r)
{
    switch (k->type) {
    case VALUE_SECTION:
        if (k->flags & KEY_PRESENT) *(bool *)((char *)base + k->count_offset) = true;
        read_section(k->section, n, field(k, base), r);
        break;
    case VALUE_MAP: read_map(k, n, base, r); break;
    case VALUE_LIST: read_list(k, n, base, r); break;
    case VALUE_KINDS: read_kinds(k, n, base, r); break;
    case VALUE_VARIANTS: read_variants(k, n, field(k, base), r); break;
    case VALUE_NAMES: read_names(k, n, field(k, base), r); break;
    case VALUE_CPUS: read_cpus(k, n, field(k, base), r); break;
    case VALUE_BOUNDS: read_bounds(k, n, field(k, base), r); break;
    default: read_scalar(k, n, field(k, base), r); break;
    }
}

static void set_defaults(const struct section_spec *s, void *to)
{
    for (const struct key_spec *k = s->keys; k->name; k++) {
        if (k->type == VALUE_SECTION) set_defaults(k->section, field(k, to));
        if (k->def) {
            struct yaml_node n = { .kind = YAML_KIND_SCALAR, .text = k->def };
            struct errors none;
            errors_init(&none);
            read_value(k, &n, to, &(struct reader){ .errors = &none });
            SIM_ASSERT(none.count == 0); /* a default of ours must be right */
            errors_fini(&none);
        }
    }
}

static void unknown_key(const struct section_spec *s, const struct yaml_node *key, struct reader *r)
{
    struct name_guess guess;
    char hint[NAME_WHY_BYTES], all[500] = "";

    name_guess_start(&guess, key->text, r->errors);
    for (const struct key_spec *k = s->keys; k->name; k++) {
        size_t used = strlen(all);
        name_guess_offer(&guess, k->name);
        snprintf(all + used, sizeof all - used, "%s%s", used ? ", " : "", k->name);
    }
    if (guess.best)
        errors_add(r->errors, key->at, "unknown key '%.60s'%s", key->text, name_guess_hint(&guess, hint));
    else
        errors_add(r->errors, key->at, "unknown key '%.60s' (there are: %s)", key->text, all);
}

static void read_given(const struct section_spec *s, const struct yaml_node *n, void *to, struct reader *r)
{
    for (size_t i = 0; i < n->count; i++) {
        const struct yaml_node *key = n->pairs[i].key;
        const struct key_spec *k = schema_find(s, key->text);
        if (k)
            read_value(k, n->pairs[i].value, to, r);
        else if (s != &schema_root || strncmp(key->text, "x-", 2) != 0)
            unknown_key(s, key, r);
    }
}

static void read_section(const struct section_spec *s, const struct yaml_node *n, void *to, struct reader *r)
{
    struct error_at at = s->item ? *(struct error_at *)to : n->at;

    set_defaults(s, to);
    if (n->kind != YAML_KIND_MAPPING && !yaml_is_null(n)) {
        errors_add(r->errors, n->at, "expected a section (key: value), not %s", yaml_kind_name(n->kind));
        return;
    }
    read_given(s, n, to, r);
    for (const struct key_spec *k = s->keys; k->name; k++)
        if ((k->flags & KEY_REQUIRED) && !yaml_get(n, k->name))
            errors_add(r->errors, at, "'%s' is missing: %s", k->name, k->doc);
}

void section_read(const struct section_spec *s, const struct yaml_node *n, void *to, struct errors *errors)
{
    read_section(s, n, to, &(struct reader){ .errors = errors });
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

/* How many items of maps a struct holds, at any depth. */
static size_t count_items(const struct section_spec *s, const void *of)
{
    size_t total = 0, count;
    void *items;

    for (const struct key_spec *k = s->keys; k->name; k++) {
        if (k->type != VALUE_MAP) continue;
        items_of(k, of, &items, &count);
        total += count;
        for (size_t i = 0; i < count; i++)
            total += count_items(k->section, (const char *)items + i * k->section->size);
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
    case VALUE_TEXT: *(char **)at = copy(*(char **)at); break;
    case VALUE_REF: ((struct scenario_ref *)at)->text = copy(((struct scenario_ref *)at)->text); break;
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
            ((struct scenario_bound *)at)[i].text = copy(((struct scenario_bound *)at)[i].text);
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
            char *to = add_item(k, base, size), *from = (char *)items + i * size;
            section_copy(k->section, to, from);
            *(char **)(void *)(to + k->section->name_offset) =
                copy(*(char **)(void *)(from + k->section->name_offset));
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
