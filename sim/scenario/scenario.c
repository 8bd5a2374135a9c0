/* SPDX-License-Identifier: GPL-3.0-or-later
 * scenario.c -- from a file to a checked scenario: parse, override, convert, resolve, find files.
 *
 * Every stage reports all it finds, and the next ones go on with what is there, so that one reading shows every
 * mistake. */
#include "scenario/scenario.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/assert.h"
#include "scenario/convert.h"
#include "scenario/names.h"
#include "scenario/override.h"
#include "scenario/resolve.h"
#include "scenario/schema.h"
#include "scenario/yaml.h"

static char *copy(const char *text, size_t bytes)
{
    char *c = strndup(text, bytes);

    SIM_ASSERT(c);
    return c;
}

static struct error_at in_file(const char *file) { return (struct error_at){ .file = file }; }

char *scenario_name_of_file(const char *file)
{
    const char *slash = strrchr(file, '/'), *base = slash ? slash + 1 : file, *dot = strrchr(base, '.');
    size_t n = dot && (strcmp(dot, ".yaml") == 0 || strcmp(dot, ".yml") == 0) ? (size_t)(dot - base) : strlen(base);

    return copy(base, n);
}

/* -- overrides ---------------------------------------------------------------------------------------------------- */

static void unknown_variant(const struct scenario *s, const struct yaml_node *variants, const char *name,
                            struct errors *errors)
{
    char hint[NAME_WHY_BYTES];
    struct name_guess guess;

    name_guess_start(&guess, name, errors);
    for (size_t i = 0; variants && i < variants->count; i++) name_guess_offer(&guess, variants->pairs[i].key->text);
    errors_add(errors, in_file(s->file), "there is no variant '%.60s'%s", name, name_guess_hint(&guess, hint));
}

static void apply_variant(struct scenario *s, struct yaml_tree *t, const char *name, size_t *work,
                          struct errors *errors)
{
    const struct yaml_node *variants = yaml_get(yaml_tree_root(t), "variants"), *v;

    v = variants ? yaml_get(variants, name) : NULL;
    if (!v) {
        unknown_variant(s, variants, name, errors);
        return;
    }
    s->variant = (struct scenario_ref){ copy(name, strlen(name)), v->at };
    if (v->kind != YAML_KIND_MAPPING) return;
    for (size_t i = 0; i < v->count; i++)
        override_apply(t, v->pairs[i].key->text, v->pairs[i].key->at, v->pairs[i].value, work, errors);
}

/* Keeps the text of an option as the "file" of what it sets. */
static const char *add_origin(struct scenario *s, const char *set)
{
    char *origin = malloc(strlen(set) + sizeof "--set ");

    SIM_ASSERT(origin);
    strcpy(origin, "--set ");
    strcat(origin, set);
    s->origins = realloc(s->origins, (s->origin_count + 1) * sizeof *s->origins);
    SIM_ASSERT(s->origins);
    s->origins[s->origin_count++] = origin;
    return origin;
}

static void apply_set(struct scenario *s, struct yaml_tree *t, const char *set, size_t *work, struct errors *errors)
{
    const char *equals = strchr(set, '='), *origin = add_origin(s, set);
    struct yaml_node *value;
    char *path;

    if (!equals) {
        errors_add(errors, in_file(origin), "expected PATH=VALUE, such as time.measure=100ms");
        return;
    }
    path = copy(set, (size_t)(equals - set));
    value = yaml_tree_parse_more(t, origin, equals + 1, strlen(equals + 1), errors);
    if (value) override_apply(t, path, in_file(origin), value, work, errors);
    free(path);
}

/* -- files -------------------------------------------------------------------------------------------------------- */

static char *join(const char *dir, size_t dir_bytes, const char *rest)
{
    char *path = malloc(dir_bytes + strlen(rest) + 2);

    SIM_ASSERT(path);
    memcpy(path, dir, dir_bytes);
    path[dir_bytes] = '/';
    strcpy(path + dir_bytes + 1, rest);
    return path;
}

char *scenario_beside(const char *file, const char *name)
{
    const char *slash = strrchr(file, '/');

    return *name == '/' || !slash ? copy(name, strlen(name)) : join(file, (size_t)(slash - file), name);
}

/* DIR/tail, or that of the nearest directory above 'dir' that has it; NULL when none has. */
static char *search_upward(const char *dir, const char *tail)
{
    char real[PATH_MAX];

    if (!realpath(dir, real)) return NULL;
    for (size_t n = strlen(real);; n--) {
        char *path = join(real, n > 1 ? n : 0, tail);
        if (access(path, R_OK) == 0) return path;
        free(path);
        while (n > 0 && real[n - 1] != '/') n--;
        if (n <= 1) return NULL;
    }
}

/* scenarios/profiles/NAME.yaml, seen from the file, the current directory or the program, or any above them. */
static char *find_named_profile(const char *file, const char *name)
{
    char *here = scenario_beside(file, "."), program[PATH_MAX], tail[NAME_BYTES_MAX + 64];
    ssize_t n = readlink("/proc/self/exe", program, sizeof program - 1);
    char *found;

    snprintf(tail, sizeof tail, "scenarios/profiles/%s.yaml", name);
    found = search_upward(here, tail);
    free(here);
    if (!found) found = search_upward(".", tail);
    if (found || n <= 0) return found;
    program[n] = '\0';
    *strrchr(program, '/') = '\0';
    return search_upward(program, tail);
}

char *scenario_find_profile(const char *file, const char *profile, struct error_at at, struct errors *errors)
{
    char *path = !strchr(profile, '/') && name_valid(profile) ? find_named_profile(file, profile) : NULL;

    if (path) return path;
    path = scenario_beside(file, profile);
    if (access(path, R_OK) == 0) return path;
    free(path);
    errors_add(errors, at, "profile: found neither the file '%.200s' nor scenarios/profiles/%.60s.yaml, looking beside "
               "and above the file, the current directory and the program", profile, profile);
    return NULL;
}

static void find_files(struct scenario *s, struct errors *errors)
{
    struct error_at at = s->profile.at.file ? s->profile.at : in_file(s->file);

    s->profile_path = scenario_find_profile(s->file, s->profile.text, at, errors);
    if (!s->platform.text) return;
    s->platform_path = scenario_beside(s->file, s->platform.text);
    if (access(s->platform_path, R_OK) != 0)
        errors_add(errors, s->platform.at, "platform: there is no file '%.300s'", s->platform_path);
}

/* -- loading ------------------------------------------------------------------------------------------------------ */

static void fill(struct scenario *s, struct yaml_tree *t, const char *variant, const char *const *sets, size_t n_sets,
                 struct errors *errors)
{
    size_t work = 0;

    if (yaml_tree_root(t)->kind != YAML_KIND_MAPPING) {
        errors_add(errors, yaml_tree_root(t)->at, "expected a section (key: value) at the top level, not %s",
                   yaml_kind_name(yaml_tree_root(t)->kind));
        return;
    }
    if (variant) apply_variant(s, t, variant, &work, errors);
    for (size_t i = 0; i < n_sets; i++) apply_set(s, t, sets[i], &work, errors);
    section_read(&schema_root, yaml_tree_root(t), s, errors);
    if (!s->title) s->title = copy(s->name, strlen(s->name));
    resolve_topology(s, errors);
    resolve_activity(s, errors);
    find_files(s, errors);
}

static struct scenario *read_text(const char *file, const void *text, size_t bytes, const char *variant,
                                  const char *const *sets, size_t n_sets, struct errors *errors)
{
    struct scenario *s = calloc(1, sizeof *s);
    struct yaml_tree *t;

    SIM_ASSERT(s);
    s->file = copy(file, strlen(file));
    s->name = scenario_name_of_file(file);
    t = yaml_tree_parse(s->file, text, bytes, errors);
    if (t) fill(s, t, variant, sets, n_sets, errors);
    yaml_tree_destroy(t);
    return s;
}

static struct scenario *read_file(const char *file, const char *variant, const char *const *sets, size_t n_sets,
                                  struct errors *errors)
{
    struct scenario *s = NULL;
    size_t bytes;
    char *text = yaml_read_file(file, &bytes, errors);

    if (text) s = read_text(file, text, bytes, variant, sets, n_sets, errors);
    free(text);
    return s;
}

/* 's', or NULL when there are more mistakes than 'before'. */
static struct scenario *flawless(struct scenario *s, size_t before, const struct errors *errors)
{
    if (errors->count + errors->suppressed == before) return s;
    scenario_destroy(s);
    return NULL;
}

struct scenario *scenario_parse(const char *file, const void *text, size_t bytes, const char *variant,
                                const char *const *sets, size_t n_sets, struct errors *errors)
{
    size_t before = errors->count + errors->suppressed;
    return flawless(read_text(file, text, bytes, variant, sets, n_sets, errors), before, errors);
}

struct scenario *scenario_load(const char *file, const char *variant, const char *const *sets, size_t n_sets,
                               struct errors *errors)
{
    size_t before = errors->count + errors->suppressed;
    return flawless(read_file(file, variant, sets, n_sets, errors), before, errors);
}

struct scenario *scenario_read(const char *file, const char *const *sets, size_t n_sets, struct errors *errors)
{
    return read_file(file, NULL, sets, n_sets, errors);
}

int scenario_variants(const char *file, struct scenario_names *names, struct errors *errors)
{
    size_t bytes, before = errors->count + errors->suppressed;
    char *text = yaml_read_file(file, &bytes, errors);
    struct yaml_tree *t = text ? yaml_tree_parse(file, text, bytes, errors) : NULL;
    const struct yaml_node *v = t ? yaml_get(yaml_tree_root(t), "variants") : NULL;

    memset(names, 0, sizeof *names);
    if (v && v->kind == YAML_KIND_MAPPING)
        for (size_t i = 0; i < v->count; i++) names_add(names, v->pairs[i].key->text);
    else if (v && !yaml_is_null(v))
        errors_add(errors, v->at, "variants: expected 'NAME: {path: value, ...}', not %s", yaml_kind_name(v->kind));
    yaml_tree_destroy(t);
    free(text);
    if (errors->count + errors->suppressed == before) return 0;
    scenario_names_fini(names);
    return -1;
}

void scenario_destroy(struct scenario *s)
{
    if (!s) return;
    for (size_t i = 0; i < s->traffic_count; i++) {
        free(s->traffic[i].from_ends);
        free(s->traffic[i].to_ends);
    }
    section_fini(&schema_root, s);
    for (size_t i = 0; i < s->origin_count; i++) free(s->origins[i]);
    free(s->origins);
    free(s->variant.text);
    free(s->file);
    free(s->name);
    free(s->profile_path);
    free(s->platform_path);
    free(s);
}
