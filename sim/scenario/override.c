/* SPDX-License-Identifier: GPL-3.0-or-later
 * override.c -- walks the tree and the schema side by side, one step of the path at a time. */
#include "scenario/override.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "scenario/names.h"
#include "scenario/schema.h"

enum { STEPS_MAX = 16, STEP_BYTES = 128, PATTERNS_MAX = 100, EXPAND_WORK = 20, WORK_MAX = 20000000 };

struct override {
    struct yaml_tree *tree;
    struct errors *errors;
    struct error_at at;
    const char *path;
    const struct yaml_node *value;
    char step[STEPS_MAX][STEP_BYTES];
    int steps;
    size_t *work; /* members looked at, and EXPAND_WORK for each name of a range written out */
    bool failed;
};

static void in_section(struct override *o, const struct section_spec *s, struct yaml_node *n, int i);

static void fail(struct override *o, const char *what)
{
    if (!o->failed) errors_add(o->errors, o->at, "'%.200s': %s", o->path, what);
    o->failed = true;
}

static void too_large(struct override *o) { fail(o, "the scenario becomes too large"); }

/* Splits the path; false when a step is empty or too long. */
static bool split(struct override *o)
{
    const char *p = o->path;

    for (;; p++) {
        const char *end;
        bool quoted = *p == '"';
        if (quoted) p++;
        end = strchr(p, quoted ? '"' : '.');
        if (!end && quoted) return false;
        if (!end) end = p + strlen(p);
        if (end == p || end - p >= STEP_BYTES || o->steps == STEPS_MAX) return false;
        memcpy(o->step[o->steps], p, (size_t)(end - p));
        o->step[o->steps++][end - p] = '\0';
        p = end + quoted;
        if (*p == '\0') return true;
        if (*p != '.') return false;
    }
}

/* What the last step names becomes the value: a section is merged, everything else replaced. */
static struct yaml_node *combined(struct override *o, struct yaml_node *old, const struct yaml_node *value)
{
    struct yaml_node *n;

    if (!old || old->kind != YAML_KIND_MAPPING || value->kind != YAML_KIND_MAPPING) {
        n = yaml_copy(o->tree, value);
        if (!n) too_large(o);
        return n;
    }
    for (size_t i = 0; i < value->count && !o->failed; i++) {
        const struct yaml_pair *pair = &value->pairs[i];
        size_t k = 0;
        while (k < old->count && strcmp(old->pairs[k].key->text, pair->key->text) != 0) k++;
        if (yaml_is_null(pair->value)) {
            if (k < old->count) yaml_remove(old, k);
            continue;
        }
        n = combined(o, k < old->count ? old->pairs[k].value : NULL, pair->value);
        if (!n) return NULL;
        if (k == old->count)
            yaml_insert(o->tree, old, k, (struct yaml_pair){ pair->key, n });
        else
            old->pairs[k].value = n;
    }
    return old;
}

/* Sets member 'k' of 'n'; true when the member is gone. */
static bool set_member(struct override *o, struct yaml_node *n, size_t k)
{
    struct yaml_node *v;

    if (yaml_is_null(o->value)) {
        yaml_remove(n, k);
        return true;
    }
    v = combined(o, n->pairs[k].value, o->value);
    if (v) n->pairs[k].value = v;
    return false;
}

static void add_member(struct override *o, struct yaml_node *n, const char *key, struct yaml_node *value)
{
    struct yaml_node *k = yaml_scalar(o->tree, key, o->at);

    if (!k || !value)
        too_large(o);
    else
        yaml_insert(o->tree, n, n->count, (struct yaml_pair){ k, value });
}

/* -- maps of names ------------------------------------------------------------------------------------------------ */

/* The names that one step stands for: sorted, or a few patterns. */
struct step_names {
    struct scenario_names names;
    bool pattern;
};

static int compare_names(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

/* False after adding what is wrong. */
static bool expand_step(struct override *o, const char *text, struct step_names *step)
{
    char why[NAME_WHY_BYTES];

    *step = (struct step_names){ .pattern = strchr(text, '*') != NULL };
    if (name_expand(text, &step->names, why)) {
        fail(o, why);
    } else if (step->pattern && step->names.count > PATTERNS_MAX) {
        fail(o, "a range of too many patterns");
    } else {
        qsort(step->names.list, step->names.count, sizeof *step->names.list, compare_names);
        return true;
    }
    scenario_names_fini(&step->names);
    return false;
}

static bool step_matches(const struct step_names *step, const char *name)
{
    if (!step->pattern)
        return bsearch(&name, step->names.list, step->names.count, sizeof *step->names.list, compare_names) != NULL;
    for (size_t i = 0; i < step->names.count; i++)
        if (name_match(step->names.list[i], name)) return true;
    return false;
}

/* Replaces member 'k', whose key is a range, by one member for each name. */
static void split_range(struct override *o, struct yaml_node *n, size_t k, const struct scenario_names *names)
{
    struct yaml_pair pair = n->pairs[k];

    yaml_remove(n, k);
    for (size_t i = 0; i < names->count && !o->failed; i++) {
        struct yaml_node *key = yaml_scalar(o->tree, names->list[i], pair.key->at);
        struct yaml_node *value = yaml_copy(o->tree, pair.value);
        if (!key || !value)
            too_large(o);
        else
            yaml_insert(o->tree, n, k + i, (struct yaml_pair){ key, value });
    }
}

/* How many names a text stands for, at most. */
static size_t name_count(const char *text) { return name_has_range(text) ? SCENARIO_MACHINES_MAX : 1; }

enum match { MATCH_NONE, MATCH_ALL, MATCH_SPLIT };

/* Whether member 'k' is meant; a range that is meant in part is split first (MATCH_SPLIT: look again). */
static enum match match_member(struct override *o, struct yaml_node *n, size_t k, const char *text,
                               const struct step_names *step)
{
    const char *key = n->pairs[k].key->text;
    struct scenario_names names = { 0 };
    char why[NAME_WHY_BYTES];
    size_t hits = 0;
    enum match m;

    if (strcmp(key, text) == 0) return MATCH_ALL;
    if (!name_has_range(key)) return step_matches(step, key) ? MATCH_ALL : MATCH_NONE;
    *o->work += EXPAND_WORK * name_count(key);
    if (*o->work <= WORK_MAX && name_expand(key, &names, why) == 0)
        for (size_t i = 0; i < names.count; i++) hits += step_matches(step, names.list[i]);
    m = hits == 0 ? MATCH_NONE : hits == names.count ? MATCH_ALL : MATCH_SPLIT;
    if (m == MATCH_SPLIT) split_range(o, n, k, &names);
    scenario_names_fini(&names);
    return m;
}

static void no_such_name(struct override *o, const struct key_spec *key, const struct yaml_node *n, const char *step)
{
    char what[500], hint[NAME_WHY_BYTES], all[200] = "";
    struct name_guess guess;

    name_guess_start(&guess, step, o->errors);
    for (size_t i = 0; i < n->count; i++) {
        size_t used = strlen(all);
        name_guess_offer(&guess, n->pairs[i].key->text);
        snprintf(all + used, sizeof all - used, "%s%s", used ? ", " : "", n->pairs[i].key->text);
    }
    snprintf(what, sizeof what, "nothing in '%s' is named '%.60s'%s (there %s: %s)", key->name, step,
             name_guess_hint(&guess, hint), n->count == 1 ? "is" : "are", n->count ? all : "none");
    fail(o, what);
}

static void in_map(struct override *o, const struct key_spec *key, struct yaml_node *n, int i)
{
    const char *text = o->step[i];
    bool last = i + 1 == o->steps;
    struct step_names step;
    size_t hits = 0;

    *o->work += n->count + EXPAND_WORK * name_count(text);
    if (*o->work > WORK_MAX) {
        fail(o, "too many overrides of too many names");
        return;
    }
    if (!expand_step(o, text, &step)) return;
    for (size_t k = 0; k < n->count && !o->failed; k++) {
        enum match m = match_member(o, n, k, text, &step);
        if (m == MATCH_SPLIT) {
            k--; /* look at the first of the new members; wraps below zero and back */
            continue;
        }
        if (m == MATCH_NONE) continue;
        hits++;
        if (last) {
            if (set_member(o, n, k)) k--;
        } else {
            in_section(o, key->section, n->pairs[k].value, i + 1);
        }
    }
    scenario_names_fini(&step.names);
    if (hits > 0 || o->failed) return;
    if (last && o->value->kind == YAML_KIND_MAPPING && !strchr(text, '*'))
        add_member(o, n, text, yaml_copy(o->tree, o->value));
    else
        no_such_name(o, key, n, text);
}

/* -- lists -------------------------------------------------------------------------------------------------------- */

/* The section of an item of 'kinds', and the step at which its keys begin: its kind may be named or left out. */
static const struct section_spec *kind_of(const struct override *o, const struct key_spec *key, struct yaml_node **n,
                                          int *i)
{
    if ((*n)->kind != YAML_KIND_MAPPING || (*n)->count != 1) return NULL;
    for (size_t k = 0; key->kinds[k]; k++) {
        if (strcmp(key->kinds[k]->name, (*n)->pairs[0].key->text) != 0) continue;
        if (strcmp(o->step[*i], key->kinds[k]->name) == 0) ++*i;
        *n = (*n)->pairs[0].value;
        return key->kinds[k];
    }
    return NULL;
}

/* Sets an item that the path ends at.  An item of another kind replaces it: two kinds do not merge. */
static bool set_item(struct override *o, const struct key_spec *key, struct yaml_node *n, size_t k)
{
    const struct yaml_node *old = n->pairs[k].value, *v = o->value;
    bool other = key->type == VALUE_KINDS && old->kind == YAML_KIND_MAPPING && v->kind == YAML_KIND_MAPPING &&
                 old->count == 1 && v->count == 1 && strcmp(old->pairs[0].key->text, v->pairs[0].key->text) != 0;
    struct yaml_node *copy;

    if (!other) return set_member(o, n, k);
    copy = yaml_copy(o->tree, v);
    if (copy)
        n->pairs[k].value = copy;
    else
        too_large(o);
    return false;
}

/* An item of a list, or of kinds: the rest of the path, when its kind has such a key.  True when it was meant. */
static bool in_item(struct override *o, const struct key_spec *key, struct yaml_node *n, int i, bool any)
{
    const struct section_spec *s = key->section;

    if (key->type == VALUE_KINDS) {
        s = kind_of(o, key, &n, &i);
        if (!s) return true; /* the item is wrong in itself: said when it is converted */
        if (i == o->steps) {
            if (n->kind == YAML_KIND_MAPPING && o->value->kind == YAML_KIND_MAPPING)
                combined(o, n, o->value);
            else
                fail(o, "expected a section (key: value)");
            return true;
        }
        if (any && !schema_find(s, o->step[i])) return false;
    }
    in_section(o, s, n, i);
    return true;
}

static void in_list(struct override *o, const struct key_spec *key, struct yaml_node *n, int i)
{
    const char *step = o->step[i];
    bool any = strcmp(step, "*") == 0, last = i + 1 == o->steps, hit = false;
    char what[160], *end;
    unsigned long index = strtoul(step, &end, 10);

    if (!any && (!isdigit((unsigned char)*step) || *end != '\0')) {
        snprintf(what, sizeof what, "'%s' is a list: expected a number from 0, or '*', not '%.40s'", key->name, step);
        fail(o, what);
        return;
    }
    if (n->count == 0 || (!any && index >= n->count)) {
        snprintf(what, sizeof what, "'%s' has %zu items, counted from 0", key->name, n->count);
        fail(o, what);
        return;
    }
    for (size_t k = 0; k < n->count && !o->failed; k++) {
        if (!any && k != index) continue;
        if (last) {
            hit = true;
            if (set_item(o, key, n, k)) break; /* one item, or all */
        } else {
            hit |= in_item(o, key, n->pairs[k].value, i + 1, any);
        }
    }
    if (last && any && yaml_is_null(o->value)) n->count = 0;
    if (!hit && !o->failed) {
        snprintf(what, sizeof what, "no item of '%s' has a key '%.40s'", key->name, o->step[i + 1]);
        fail(o, what);
    }
}

/* -- sections ----------------------------------------------------------------------------------------------------- */

static void unknown_key(struct override *o, const struct section_spec *s, const char *step)
{
    char what[800], hint[NAME_WHY_BYTES], all[400] = "";
    struct name_guess guess;

    name_guess_start(&guess, step, o->errors);
    for (const struct key_spec *k = s->keys; k->name; k++) {
        size_t used = strlen(all);
        name_guess_offer(&guess, k->name);
        snprintf(all + used, sizeof all - used, "%s%s", used ? ", " : "", k->name);
    }
    snprintf(what, sizeof what, "unknown key '%.60s'%s (there are: %s)", step, name_guess_hint(&guess, hint), all);
    fail(o, what);
}

static bool fixed(const struct key_spec *k)
{
    return k->type == VALUE_VARIANTS || strcmp(k->name, "expect") == 0 || strcmp(k->name, "plot") == 0;
}

/* What a section, map or list that is not there starts as. */
static struct yaml_node *fresh(struct override *o, const struct key_spec *k)
{
    struct yaml_node *n = yaml_mapping(o->tree, o->at);

    if (n && (k->type == VALUE_LIST || k->type == VALUE_KINDS)) n->kind = YAML_KIND_SEQUENCE;
    return n;
}

static void in_section(struct override *o, const struct section_spec *s, struct yaml_node *n, int i)
{
    const struct key_spec *key = schema_find(s, o->step[i]);
    struct yaml_node *child;
    size_t k = 0;

    if (!key) {
        unknown_key(o, s, o->step[i]);
        return;
    }
    if (s == &schema_root && fixed(key)) {
        fail(o, "belongs to the whole file and cannot be set");
        return;
    }
    if (yaml_is_null(n)) n->kind = YAML_KIND_MAPPING;
    if (n->kind != YAML_KIND_MAPPING) return; /* wrong in itself: said when it is converted */
    while (k < n->count && strcmp(n->pairs[k].key->text, key->name) != 0) k++;
    if (i + 1 == o->steps) {
        if (k < n->count)
            set_member(o, n, k);
        else if (!yaml_is_null(o->value))
            add_member(o, n, key->name, yaml_copy(o->tree, o->value));
        return;
    }
    if (!key->section && !key->kinds) {
        char what[120];
        snprintf(what, sizeof what, "'%s' is a value: nothing can follow it", key->name);
        fail(o, what);
        return;
    }
    if (k == n->count) {
        add_member(o, n, key->name, fresh(o, key));
        if (o->failed) return;
    }
    child = n->pairs[k].value;
    if (yaml_is_null(child)) child->kind = key->type == VALUE_LIST || key->type == VALUE_KINDS ? YAML_KIND_SEQUENCE
                                                                                              : YAML_KIND_MAPPING;
    if (key->type == VALUE_SECTION)
        in_section(o, key->section, child, i + 1);
    else if (key->type == VALUE_MAP && child->kind == YAML_KIND_MAPPING)
        in_map(o, key, child, i + 1);
    else if (key->type != VALUE_MAP && child->kind == YAML_KIND_SEQUENCE)
        in_list(o, key, child, i + 1);
}

int override_apply(struct yaml_tree *t, const char *path, struct error_at at, const struct yaml_node *value,
                   size_t *work, struct errors *errors)
{
    struct override o = { .tree = t, .errors = errors, .at = at, .path = path, .value = value, .work = work };

    if (!split(&o))
        fail(&o, "not a path: expected keys joined by dots, such as time.measure or machines.sut.cpus.cores");
    else
        in_section(&o, &schema_root, yaml_tree_root(t), 0);
    return o.failed ? -1 : 0;
}
