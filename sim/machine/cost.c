/* SPDX-License-Identifier: GPL-3.0-or-later
 * cost.c -- reads a cost profile: YAML events from libyaml, every mistake with its place in the file.
 *
 *   name: harpertown-2.8
 *   clock: 2.8GHz
 *   costs:
 *     drv_rx_packet: {value: 700, unit: cycles, low: 400, high: 1200, source: "...", confidence: M}
 *   places:
 *     line_remote:   {value: 80, unit: ns, source: "...", confidence: R}
 *   bandwidths:
 *     bus:           {value: 7, unit: GB/s, source: "...", confidence: D}
 *
 * The file is read event by event into the table of known names, so its size, depth and aliases cannot hurt. */
#include "machine/cost.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <yaml.h>

#include "core/assert.h"

static const char *const op_names[N_COST_OPS] = {
#define X(NAME, unit, meaning) [COST_##NAME] = #NAME,
    COST_OPS(X)
#undef X
};
static const char *const place_names[N_COST_PLACES] = {
#define X(NAME, meaning) [COST_##NAME] = #NAME,
    COST_PLACES(X)
#undef X
};
static const char *const bandwidth_names[N_COST_BANDWIDTHS] = {
#define X(NAME, meaning) [COST_##NAME] = #NAME,
    COST_BANDWIDTHS(X)
#undef X
};

/* The names of the header in lower case, made once. */
enum { NAME_ROOM = 24 };
static char lower_op[N_COST_OPS][NAME_ROOM], lower_place[N_COST_PLACES][NAME_ROOM];
static char lower_bandwidth[N_COST_BANDWIDTHS][NAME_ROOM];

static const char *lower(char to[NAME_ROOM], const char *from)
{
    if (!to[0])
        for (size_t i = 0; from[i] && i + 1 < NAME_ROOM; i++)
            to[i] = from[i] >= 'A' && from[i] <= 'Z' ? (char)(from[i] - 'A' + 'a') : from[i];
    return to;
}

const char *cost_op_name(enum cost_op op)
{
    return lower(lower_op[op], op_names[op]);
}

const char *cost_place_name(enum cost_place place)
{
    return lower(lower_place[place], place_names[place]);
}

const char *cost_bandwidth_name(enum cost_bandwidth bandwidth)
{
    return lower(lower_bandwidth[bandwidth], bandwidth_names[bandwidth]);
}

static const char *op_name(int i)
{
    return cost_op_name((enum cost_op)i);
}

static const char *place_name(int i)
{
    return cost_place_name((enum cost_place)i);
}

static const char *bandwidth_name(int i)
{
    return cost_bandwidth_name((enum cost_bandwidth)i);
}

const char *cost_entry_name(int i)
{
    if (i < N_COST_OPS) return op_name(i);
    i -= N_COST_OPS;
    return i < N_COST_PLACES ? place_name(i) : bandwidth_name(i - N_COST_PLACES);
}

struct cost_entry *cost_profile_find(struct cost_profile *p, const char *entry)
{
    for (int i = 0; i < N_COST_OPS; i++)
        if (strcmp(op_name(i), entry) == 0) return &p->op[i];
    for (int i = 0; i < N_COST_PLACES; i++)
        if (strcmp(place_name(i), entry) == 0) return &p->place[i];
    for (int i = 0; i < N_COST_BANDWIDTHS; i++)
        if (strcmp(bandwidth_name(i), entry) == 0) return p->bandwidth[i].source ? &p->bandwidth[i] : NULL;
    return NULL;
}

/* -- events ------------------------------------------------------------------------------------------------------ */

enum { DEPTH_MAX = 32 };

struct reader {
    yaml_parser_t parser;
    yaml_event_t event;       /* the current one */
    bool dead;                /* no sense in reading on: reported */
    bool on_base;             /* entries that are not given are there already */
    bool is_base;             /* the file is read for another one's sake */
    bool in_tables;           /* costs or places have begun */
    const char *file;
    struct errors *errors;
};

static struct error_at here(const struct reader *r)
{
    return (struct error_at){ r->file, (int)r->event.start_mark.line + 1, (int)r->event.start_mark.column + 1 };
}

/* Moves to the next event; false when the text ends, is not YAML, or has more mistakes than are reported. */
static bool next(struct reader *r)
{
    if (r->errors->suppressed > 0) r->dead = true;
    if (r->dead || r->event.type == YAML_STREAM_END_EVENT) return false;
    yaml_event_delete(&r->event);
    if (yaml_parser_parse(&r->parser, &r->event)) return true;
    const yaml_mark_t *at = &r->parser.problem_mark;
    r->dead = true;
    memset(&r->event, 0, sizeof r->event);
    errors_add(r->errors, (struct error_at){ r->file, (int)at->line + 1, (int)at->column + 1 },
               "not YAML: %s", r->parser.problem ? r->parser.problem : "cannot be read");
    return false;
}

/* Passes the node that the current event begins; the current event is then its last. */
static void skip(struct reader *r)
{
    int depth = 0;

    do {
        yaml_event_type_t t = r->event.type;
        if (t == YAML_MAPPING_START_EVENT || t == YAML_SEQUENCE_START_EVENT) depth++;
        if (t == YAML_MAPPING_END_EVENT || t == YAML_SEQUENCE_END_EVENT) depth--;
        if (depth > DEPTH_MAX) {
            errors_add(r->errors, here(r), "nested too deep: expected a cost profile");
            r->dead = true;
        }
    } while (depth > 0 && next(r));
}

/* The text of the current event, NULL when it is not a plain string. */
static const char *text(const struct reader *r)
{
    if (r->event.type != YAML_SCALAR_EVENT) return NULL;
    const char *s = (const char *)r->event.data.scalar.value;
    return strlen(s) == r->event.data.scalar.length ? s : NULL;
}

static void wrong(struct reader *r, const char *what, const char *expected)
{
    errors_add(r->errors, here(r), "%s: expected %s", what, expected);
    skip(r);
}

/* -- known names ------------------------------------------------------------------------------------------------- */

typedef const char *name_fn(int i);

static int distance(const char *a, const char *b)
{
    int row[NAME_ROOM + 1], n = (int)strnlen(b, NAME_ROOM);

    for (int j = 0; j <= n; j++) row[j] = j;
    for (int i = 1; a[i - 1] && i <= 64; i++) {
        int corner = row[0];
        row[0] = i;
        for (int j = 1; j <= n; j++) {
            int best = corner + (a[i - 1] != b[j - 1]);
            if (row[j] + 1 < best) best = row[j] + 1;
            if (row[j - 1] + 1 < best) best = row[j - 1] + 1;
            corner = row[j];
            row[j] = best;
        }
    }
    return row[n];
}

/* Index of the current key among 'count' names, -1 after reporting that it is none of them or was there before. */
static int find_key(struct reader *r, name_fn *name, int count, bool *seen)
{
    const char *key = text(r);
    int nearest = 0;

    if (!key) return errors_add(r->errors, here(r), "expected a key");
    for (int i = 0; i < count; i++) {
        if (strcmp(key, name(i)) == 0) {
            if (seen[i]) return errors_add(r->errors, here(r), "%s is there twice", key);
            seen[i] = true;
            return i;
        }
        if (distance(key, name(i)) < distance(key, name(nearest))) nearest = i;
    }
    return errors_add(r->errors, here(r), "unknown key '%.60s', the nearest known is '%s'", key, name(nearest));
}

/* Walks the mapping that begins here: value(context, i) is called at the value of the known key 'i'. */
typedef void value_fn(struct reader *r, void *context, int i);
static void walk(struct reader *r, name_fn *name, int count, bool *seen, value_fn *value, void *context)
{
    while (next(r) && r->event.type != YAML_MAPPING_END_EVENT) {
        int i = find_key(r, name, count, seen);
        if (!text(r)) skip(r);
        if (!next(r)) return;
        if (i < 0)
            skip(r);
        else
            value(r, context, i);
    }
}

/* -- entries ----------------------------------------------------------------------------------------------------- */

enum { FIELD_VALUE, FIELD_UNIT, FIELD_LOW, FIELD_HIGH, FIELD_SOURCE, FIELD_CONFIDENCE, N_FIELDS };

static const char *field_name(int i)
{
    static const char *const names[N_FIELDS] = { "value", "unit", "low", "high", "source", "confidence" };
    return names[i];
}

enum { VALUE_MAX = 1000000 }; /* of the largest unit: a second */
static const double BANDWIDTH_MIN = 0.1, BANDWIDTH_MAX = 1000; /* GB/s */

static const struct {
    const char *name;
    double fs;                /* 0: depends on the clock */
} units[] = { { "cycles", 0 }, { "ns", 1e6 }, { "us", 1e9 } };

static double unit_fs(const char *unit, int64_t clock_hz)
{
    for (size_t i = 0; i < sizeof units / sizeof *units; i++)
        if (strcmp(unit, units[i].name) == 0) return units[i].fs > 0 ? units[i].fs : 1e15 / (double)clock_hz;
    return 0;
}

/* A decimal number in 's', '*end' behind it; -1 when there is none. */
static double number(const char *s, const char **end)
{
    char *stop;

    *end = s;
    if (!s[0] || !strchr("0123456789.", s[0])) return -1;
    if (s[0] == '0' && (s[1] == 'x' || s[1] == 'X')) return -1;
    double v = strtod(s, &stop);
    *end = stop;
    return v;
}

static void read_number(struct reader *r, double *to)
{
    const char *s = text(r), *end = "";
    double v = s ? number(s, &end) : -1;

    if (v < 0 || v > VALUE_MAX || *end)
        wrong(r, s ? s : "not a number", "a number from 0 to 1000000; the unit has a key of its own");
    else
        *to = v;
}

static bool one_of(const char *s, const char *const *list)
{
    for (; *list; list++)
        if (strcmp(s, *list) == 0) return true;
    return false;
}

/* An entry that is read, and the units that it may have. */
struct reading {
    struct cost_entry *entry;
    const char *const *units;
    const char *expected;
};
static const char *const price_units[] = { "cycles", "ns", "us", NULL };
static const char *const bandwidth_units[] = { "GB/s", NULL };

static void read_field(struct reader *r, void *context, int i)
{
    static const char *const confidence_list[] = { "H", "M", "R", "D", "P", "guess", "fitted", NULL };
    const struct reading *reading = context;
    struct cost_entry *e = reading->entry;
    const char *s = text(r);

    if (i == FIELD_VALUE || i == FIELD_LOW || i == FIELD_HIGH) {
        read_number(r, i == FIELD_VALUE ? &e->value : i == FIELD_LOW ? &e->low : &e->high);
    } else if (i == FIELD_UNIT) {
        if (s && one_of(s, reading->units))
            snprintf(e->unit, sizeof e->unit, "%s", s);
        else
            wrong(r, s ? s : "unit", reading->expected);
    } else if (i == FIELD_CONFIDENCE) {
        if (s && one_of(s, confidence_list))
            snprintf(e->confidence, sizeof e->confidence, "%s", s);
        else
            wrong(r, s ? s : "confidence", "H, M, R, D, P, guess or fitted");
    } else if (s && s[0]) {
        e->source = strdup(s);
        SIM_ASSERT(e->source);
    } else {
        wrong(r, "source", "where the value comes from, in words");
    }
}

static void clear_entry(struct cost_entry *e)
{
    free(e->source); /* of the base */
    *e = (struct cost_entry){ 0 };
}

static void read_entry(struct reader *r, const struct reading *reading, const char *name)
{
    bool seen[N_FIELDS] = { false };
    struct error_at at = here(r);
    struct reading now = *reading;
    struct cost_entry *e = reading->entry;

    if (r->event.type != YAML_MAPPING_START_EVENT) {
        wrong(r, name, "a mapping with value, unit, source and confidence");
        return;
    }
    clear_entry(e);
    walk(r, field_name, N_FIELDS, seen, read_field, &now);
    if (r->dead) return;
    for (int i = 0; i < N_FIELDS; i++)
        if (!seen[i] && i != FIELD_LOW && i != FIELD_HIGH)
            errors_add(r->errors, at, "%s has no %s", name, field_name(i));
    if (!seen[FIELD_LOW]) e->low = e->value;
    if (!seen[FIELD_HIGH]) e->high = e->value;
    if (e->low > e->value || e->high < e->value)
        errors_add(r->errors, at, "%s: expected low <= value <= high", name);
}

/* -- the file ---------------------------------------------------------------------------------------------------- */

enum { KEY_BASE, KEY_NAME, KEY_CLOCK, KEY_COSTS, KEY_PLACES, KEY_BANDWIDTHS, KEY_NOTES, N_KEYS };

static const char *key_name(int i)
{
    static const char *const names[N_KEYS] = { "base", "name", "clock", "costs", "places", "bandwidths", "notes" };
    return names[i];
}

static void read_clock(struct reader *r, int64_t *hz)
{
    static const struct { const char *name; double hz; } scale[] = { { "Hz", 1 }, { "MHz", 1e6 }, { "GHz", 1e9 } };
    const char *s = text(r), *end = "";
    double v = s ? number(s, &end) : -1;

    for (size_t i = 0; v > 0 && i < sizeof scale / sizeof *scale; i++)
        if (strcmp(end, scale[i].name) == 0 && v * scale[i].hz >= 1e6 && v * scale[i].hz <= 1e12)
            *hz = (int64_t)llround(v * scale[i].hz);
    if (*hz == 0) wrong(r, s ? s : "clock", "a frequency from 1MHz to 1000GHz, such as 2.8GHz");
}

/* The entries of one of the tables. */
struct table {
    struct cost_entry *entry;
    name_fn *name;
    int count;
    const char *what;
    bool bandwidths;          /* else prices: of them all must be there */
};

static void read_table_entry(struct reader *r, void *context, int i)
{
    const struct table *t = context;
    struct reading reading = { &t->entry[i], t->bandwidths ? bandwidth_units : price_units,
                               t->bandwidths ? "GB/s" : "cycles, ns or us" };
    read_entry(r, &reading, t->name(i));
    if (t->bandwidths && !r->dead && (t->entry[i].low < BANDWIDTH_MIN || t->entry[i].high > BANDWIDTH_MAX))
        errors_add(r->errors, here(r), "%s: expected a bandwidth from 0.1 to 1000 GB/s", t->name(i));
}

static void read_table(struct reader *r, struct table t)
{
    bool seen[N_COST_OPS] = { false };
    struct error_at at = here(r);

    r->in_tables = true;
    if (r->event.type != YAML_MAPPING_START_EVENT) {
        wrong(r, t.what, "a mapping of names to entries");
        return;
    }
    for (int i = 0; t.bandwidths && i < t.count; i++) clear_entry(&t.entry[i]);
    walk(r, t.name, t.count, seen, read_table_entry, &t);
    if (r->dead || t.bandwidths) return;
    for (int i = 0; i < t.count; i++)
        if (!seen[i] && !r->on_base) errors_add(r->errors, at, "%s has no entry for %s", t.what, t.name(i));
}

static struct cost_profile *load(const char *path, bool is_base, struct errors *errors);

/* Takes the entries of the profile of that name, beside this file, to begin with. */
static void read_base(struct reader *r, struct cost_profile *p)
{
    const char *name = text(r), *slash = strrchr(r->file, '/');
    char path[4096];

    if (r->is_base || r->in_tables) {
        wrong(r, "base", r->is_base ? "a profile that has no base itself" : "it before costs and places");
        return;
    }
    if (!name || !name[0] || strchr(name, '/')) {
        wrong(r, "base", "the name of another profile");
        return;
    }
    snprintf(path, sizeof path, "%.*s%.200s.yaml", slash ? (int)(slash + 1 - r->file) : 0, r->file, name);
    struct cost_profile *base = load(path, true, r->errors);
    if (!base) return;
    memcpy(p->op, base->op, sizeof p->op);
    memcpy(p->place, base->place, sizeof p->place);
    memcpy(p->bandwidth, base->bandwidth, sizeof p->bandwidth);
    r->on_base = true;
    free(base->name);
    free(base->notes);
    free(base);
}

static void read_key(struct reader *r, void *context, int i)
{
    struct cost_profile *p = context;
    const char *s = text(r);

    _Static_assert((int)N_COST_PLACES <= (int)N_COST_OPS, "read_table() has room for the longer list");
    if (i == KEY_BASE) {
        read_base(r, p);
    } else if (i == KEY_CLOCK) {
        read_clock(r, &p->clock_hz);
    } else if (i == KEY_COSTS) {
        read_table(r, (struct table){ p->op, op_name, N_COST_OPS, "costs", false });
    } else if (i == KEY_PLACES) {
        read_table(r, (struct table){ p->place, place_name, N_COST_PLACES, "places", false });
    } else if (i == KEY_BANDWIDTHS) {
        read_table(r, (struct table){ p->bandwidth, bandwidth_name, N_COST_BANDWIDTHS, "bandwidths", true });
    } else if (!s || !s[0]) {
        wrong(r, key_name(i), "text");
    } else {
        char **to = i == KEY_NAME ? &p->name : &p->notes;
        *to = strdup(s);
        SIM_ASSERT(*to);
    }
}

/* The whole stream: one document, one mapping. */
static void read_file(struct reader *r, struct cost_profile *p)
{
    bool seen[N_KEYS] = { false };

    do next(r);
    while (r->event.type == YAML_STREAM_START_EVENT || r->event.type == YAML_DOCUMENT_START_EVENT);
    if (r->dead) return;
    struct error_at at = here(r);
    if (r->event.type != YAML_MAPPING_START_EVENT) {
        errors_add(r->errors, at, "expected a mapping with name, clock, costs and places");
        return;
    }
    walk(r, key_name, N_KEYS, seen, read_key, p);
    for (int i = 0; i < N_KEYS && !r->dead; i++)
        if (!seen[i] && i != KEY_BASE && i != KEY_BANDWIDTHS && i != KEY_NOTES && !(seen[KEY_BASE] && (i == KEY_COSTS || i == KEY_PLACES)))
            errors_add(r->errors, at, "the profile has no '%s'", key_name(i));
    next(r); /* the document's end */
    if (next(r) && r->event.type != YAML_STREAM_END_EVENT)
        errors_add(r->errors, here(r), "a second document: expected the end of the file");
}

static struct cost_profile *load(const char *path, bool is_base, struct errors *errors)
{
    struct reader r = { .file = path, .is_base = is_base, .errors = errors };
    size_t before = errors->count + errors->suppressed;
    FILE *f = fopen(path, "rb");

    if (!f) {
        errors_add(errors, (struct error_at){ .file = path }, "cannot open the cost profile: %s", strerror(errno));
        return NULL;
    }
    struct cost_profile *p = calloc(1, sizeof *p);
    int made = yaml_parser_initialize(&r.parser);
    SIM_ASSERT(p && made);
    yaml_parser_set_input_file(&r.parser, f);
    read_file(&r, p);
    yaml_event_delete(&r.event);
    yaml_parser_delete(&r.parser);
    fclose(f);
    if (!r.dead && errors->count + errors->suppressed == before) return p;
    cost_profile_destroy(p);
    return NULL;
}

struct cost_profile *cost_profile_load(const char *path, struct errors *errors)
{
    return load(path, false, errors);
}

void cost_profile_destroy(struct cost_profile *p)
{
    if (!p) return;
    for (int i = 0; i < N_COST_OPS; i++) free(p->op[i].source);
    for (int i = 0; i < N_COST_PLACES; i++) free(p->place[i].source);
    for (int i = 0; i < N_COST_BANDWIDTHS; i++) free(p->bandwidth[i].source);
    free(p->name);
    free(p->notes);
    free(p);
}

static char *copy_text(const char *text)
{
    char *copy = text ? strdup(text) : NULL;
    SIM_ASSERT(copy || !text);
    return copy;
}

struct cost_profile *cost_profile_copy(const struct cost_profile *p)
{
    struct cost_profile *copy = malloc(sizeof *copy);

    SIM_ASSERT(copy);
    *copy = *p;
    copy->name = copy_text(p->name);
    copy->notes = copy_text(p->notes);
    for (int i = 0; i < N_COST_OPS; i++) copy->op[i].source = copy_text(p->op[i].source);
    for (int i = 0; i < N_COST_PLACES; i++) copy->place[i].source = copy_text(p->place[i].source);
    for (int i = 0; i < N_COST_BANDWIDTHS; i++) copy->bandwidth[i].source = copy_text(p->bandwidth[i].source);
    return copy;
}

void cost_table_fill(struct cost_table *t, const struct cost_profile *p, int64_t clock_hz)
{
    for (int i = 0; i < N_COST_OPS; i++)
        t->op_fs[i] = llround(p->op[i].value * unit_fs(p->op[i].unit, clock_hz));
    for (int i = 0; i < N_COST_PLACES; i++)
        t->place_fs[i] = llround(p->place[i].value * unit_fs(p->place[i].unit, clock_hz));
    for (int i = 0; i < N_COST_BANDWIDTHS; i++) t->bandwidth_Bps[i] = llround(p->bandwidth[i].value * 1e9);
}
