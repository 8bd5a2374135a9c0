/* SPDX-License-Identifier: GPL-3.0-or-later
 * claims_held.c -- the claims that held at the last release: written, and compared with.
 *
 * A claim is known by its scenario, metric, variant and bound: with another bound it is another claim, so that a bound
 * cannot be loosened without the list showing it. */
#include <stdlib.h>
#include <string.h>

#include "report/claims_impl.h"
#include "report/json.h"
#include "scenario/yaml.h"

void claims_write_held(FILE *out, const struct claims *claims, const char *dir, const char *version)
{
    struct json json, *j = &json;

    (void)dir;
    json_begin(j, out);
    json_object(j, NULL);
    json_string(j, "version", version);
    json_array(j, "held");
    for (size_t i = 0; i < claims->count; i++) {
        const struct claim *c = &claims->list[i];
        if (c->verdict != ROW_HOLDS) continue;
        json_object(j, NULL);
        json_string(j, "scenario", claims->sources[c->source].scenario);
        json_string(j, "metric", c->metric);
        json_string(j, "of", c->of);
        json_string(j, "bound", c->bound);
        json_object_end(j);
    }
    json_array_end(j);
    json_object_end(j);
    json_end(j);
}

/* NULL: there is no such claim. */
static const struct claim *find_claim(const struct claims *claims, const char *const key[4])
{
    for (size_t i = 0; i < claims->count; i++) {
        const struct claim *c = &claims->list[i];
        if (!c->metric || strcmp(claims->sources[c->source].scenario, key[0]) != 0) continue;
        if (strcmp(c->metric, key[1]) == 0 && strcmp(c->of, key[2]) == 0 && strcmp(c->bound, key[3]) == 0) return c;
    }
    return NULL;
}

/* One member of the list; 1 when it is lost, 0 when it still holds, -1 after adding a mistake. */
static int judge_held(const struct claims *claims, const struct yaml_node *n, FILE *out, struct errors *errors)
{
    static const char *const names[4] = { "scenario", "metric", "of", "bound" };
    const char *key[4];
    for (int i = 0; i < 4; i++) {
        const struct yaml_node *v = yaml_get(n, names[i]);
        if (!v || v->kind != YAML_KIND_SCALAR) return errors_add(errors, n->at, "expected a text '%s'", names[i]);
        key[i] = v->text;
    }
    const struct claim *c = find_claim(claims, key);
    if (c && c->verdict == ROW_HOLDS) return 0;
    fprintf(out, "no longer holds: %s of %s in %s, %s: %s\n", key[1], key[2], key[0], key[3],
            c ? c->reason : "it is not there");
    return 1;
}

static int judge_list(const struct claims *claims, const char *path, FILE *out, struct errors *errors)
{
    size_t bytes;
    int lost = 0;
    char *text = yaml_read_file(path, &bytes, errors); /* JSON is YAML */
    struct yaml_tree *tree = text ? yaml_tree_parse(path, text, bytes, errors) : NULL;
    const struct yaml_node *root = tree ? yaml_tree_root(tree) : NULL, *held = root ? yaml_get(root, "held") : NULL;
    if (root && (!held || held->kind != YAML_KIND_SEQUENCE)) errors_add(errors, root->at, "expected a list 'held'");
    if (!held || held->kind != YAML_KIND_SEQUENCE) lost = -1;
    for (size_t i = 0; lost >= 0 && i < held->count; i++) {
        int more = judge_held(claims, held->pairs[i].value, out, errors);
        lost = more < 0 ? -1 : lost + more;
    }
    yaml_tree_destroy(tree);
    free(text);
    return lost;
}

int claims_lost(const struct claims *claims, const char *path, FILE *out, struct errors *errors)
{
    int lost = path ? judge_list(claims, path, out, errors) : 0;
    if (lost < 0) return -1;
    for (size_t i = 0; i < claims->count; i++) {
        const struct claim *c = &claims->list[i];
        const char *scenario = c->source == CLAIM_NO_SOURCE ? NULL : claims->sources[c->source].scenario;
        if (c->verdict == ROW_NOT_RUN) {
            fprintf(out, "did not run: %s: %s\n", scenario, c->reason);
            lost++;
        } else if (!path && c->verdict == ROW_FAILS) {
            fprintf(out, "does not hold: %s of %s in %s: %s\n", c->metric, c->of, scenario, c->reason);
            lost++;
        }
    }
    return lost;
}
