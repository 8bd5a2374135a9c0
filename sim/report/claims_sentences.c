/* SPDX-License-Identifier: GPL-3.0-or-later
 * claims_sentences.c -- reads the sentences that are not measured, and why; and why some that are do not hold. */
#include <stdlib.h>
#include <string.h>

#include "core/assert.h"
#include "report/claims_impl.h"
#include "scenario/yaml.h"

/* The text of a key that must, or may, be there; NULL after adding a mistake, or when it may be left out. */
static const char *text_of(const struct yaml_node *n, const char *key, bool must, struct errors *errors)
{
    const struct yaml_node *v = yaml_get(n, key);
    if (!v && must) errors_add(errors, n->at, "'%s' is missing", key);
    if (!v) return NULL;
    if (v->kind == YAML_KIND_SCALAR && !yaml_is_null(v) && *v->text) return v->text;
    errors_add(errors, v->at, "%s: %s where a text is needed", key,
               v->kind == YAML_KIND_SCALAR ? "nothing" : yaml_kind_name(v->kind));
    return NULL;
}

/* A section with no other keys than the known; 'known' ends with NULL. */
static bool is_section(const struct yaml_node *n, const char *const *known, struct errors *errors)
{
    bool good = n->kind == YAML_KIND_MAPPING;
    if (!good) errors_add(errors, n->at, "%s where a section is needed", yaml_kind_name(n->kind));
    for (size_t i = 0; good && i < n->count; i++) {
        const struct yaml_node *key = n->pairs[i].key;
        size_t k = 0;
        while (known[k] && strcmp(known[k], key->text) != 0) k++;
        if (!known[k]) errors_add(errors, key->at, "unknown key '%.60s'", key->text);
    }
    return good;
}

static void read_sentence(struct claims *claims, const struct yaml_node *n, struct errors *errors)
{
    static const char *const known[] = { "section", "says", "pending", "not-comparable", NULL };
    if (!is_section(n, known, errors)) return;
    const char *section = text_of(n, "section", true, errors), *says = text_of(n, "says", true, errors);
    const char *pending = text_of(n, "pending", false, errors), *why = text_of(n, "not-comparable", false, errors);
    if (!yaml_get(n, "pending") == !yaml_get(n, "not-comparable"))
        errors_add(errors, n->at, "expected either 'pending' (what the sentence waits for) or 'not-comparable' (why)");
    if (!section || !says || !pending == !why) return;
    struct claim *c = claims_new(claims);
    c->section = claims_copy(section);
    c->says = claims_copy(says);
    c->reason = claims_copy(pending ? pending : why);
    c->verdict = pending ? ROW_PENDING : ROW_NOT_COMPARABLE;
}

static void read_explanation(struct claims *claims, const struct yaml_node *n, struct errors *errors)
{
    static const char *const known[] = { "scenario", "metric", "of", "because", NULL };
    if (!is_section(n, known, errors)) return;
    const char *scenario = text_of(n, "scenario", true, errors), *metric = text_of(n, "metric", true, errors);
    const char *of = text_of(n, "of", false, errors), *because = text_of(n, "because", true, errors);
    if (!scenario || !metric || !because) return;
    if (!metric_find(metric)) {
        errors_add(errors, yaml_get(n, "metric")->at, "unknown metric '%.64s', expected a name of docs/results.md",
                   metric);
        return;
    }
    claims->explanations = realloc(claims->explanations,
                                   (claims->explanation_count + 1) * sizeof *claims->explanations);
    SIM_ASSERT(claims->explanations);
    claims->explanations[claims->explanation_count++] = (struct claim_explanation){
        claims_copy(scenario), claims_copy(metric), claims_copy(of), claims_copy(because) };
}

static void read_section(struct claims *claims, const struct yaml_node *n, struct errors *errors)
{
    static const char *const known[] = { "section", "title", NULL };
    if (!is_section(n, known, errors)) return;
    const char *section = text_of(n, "section", true, errors), *title = text_of(n, "title", true, errors);
    if (!section || !title) return;
    claims->sections = realloc(claims->sections, (claims->section_count + 1) * sizeof *claims->sections);
    SIM_ASSERT(claims->sections);
    claims->sections[claims->section_count++] = (struct claim_section){ claims_copy(section), claims_copy(title) };
}

typedef void read_fn(struct claims *claims, const struct yaml_node *n, struct errors *errors);

static void read_list(struct claims *claims, const struct yaml_node *root, const char *key, read_fn *read,
                      struct errors *errors)
{
    const struct yaml_node *list = yaml_get(root, key);
    if (!list) return;
    if (list->kind != YAML_KIND_SEQUENCE) {
        errors_add(errors, list->at, "%s: %s where a list is needed", key, yaml_kind_name(list->kind));
        return;
    }
    for (size_t i = 0; i < list->count; i++) read(claims, list->pairs[i].value, errors);
}

int claims_read_sentences(struct claims *claims, const char *path, struct errors *errors)
{
    static const char *const known[] = { "sections", "sentences", "explanations", NULL };
    size_t before = errors->count + errors->suppressed, bytes;
    char *text = yaml_read_file(path, &bytes, errors);
    struct yaml_tree *tree = text ? yaml_tree_parse(path, text, bytes, errors) : NULL;
    const struct yaml_node *root = tree ? yaml_tree_root(tree) : NULL;
    if (root && is_section(root, known, errors)) {
        read_list(claims, root, "sections", read_section, errors);
        read_list(claims, root, "sentences", read_sentence, errors);
        read_list(claims, root, "explanations", read_explanation, errors);
    }
    yaml_tree_destroy(tree);
    free(text);
    return errors->count + errors->suppressed > before ? -1 : 0;
}
