/* SPDX-License-Identifier: GPL-3.0-or-later
 * yaml.c -- libyaml's events become nodes.
 *
 * A stack of open collections, at most YAML_DEPTH_MAX, takes the place of recursion while parsing.  Every node made,
 * copies included, is counted, which is what stops aliases of aliases from exploding. */
#include "scenario/yaml.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <yaml.h>

#include "core/assert.h"
#include "scenario/yaml_impl.h"

enum { ANCHORS_MAX = 1000 };

/* An anchor and the node it names. */
struct anchor {
    char *name;
    struct yaml_node *node;
};

struct reader {
    struct yaml_tree *tree;
    const char *file;
    struct errors *errors;
    yaml_parser_t parser;
    struct yaml_node *open[YAML_DEPTH_MAX]; /* collections not yet closed, outermost first */
    struct yaml_node *key[YAML_DEPTH_MAX];  /* a mapping's key whose value comes next */
    int depth;
    struct anchor *anchors;
    size_t anchor_count;
    struct yaml_node *root;
    bool failed;
};

static struct error_at place(const struct reader *r, yaml_mark_t mark)
{
    return (struct error_at){ r->file, (int)mark.line + 1, (int)mark.column + 1 };
}

static void fail(struct reader *r, struct error_at at, const char *what)
{
    errors_add(r->errors, at, "%s", what);
    r->failed = true;
}

static void too_many(struct reader *r, struct error_at at)
{
    char what[120];

    snprintf(what, sizeof what, "the file has more than %d values, aliases counted where they are used",
             YAML_NODES_MAX);
    fail(r, at, what);
}

/* What libyaml says, in words that name the user's likely slip. */
static void explain(struct reader *r)
{
    static const struct { const char *theirs, *ours; } words[] = {
        { "found character that cannot start any token", "a character that cannot start a value here" },
        { "mapping values are not allowed in this context",
          "a ':' where no key can be: check the indentation, or put quotes around a text with ': ' in it" },
        { "could not find expected ':'", "a line without ':': expected 'key: value'" },
        { "did not find expected key", "expected another key at the same indentation" },
        { "did not find expected '-' indicator", "expected another '- item' at the same indentation" },
        { "did not find expected ',' or '}'", "a '{' is not closed: expected ',' or '}'" },
        { "did not find expected ',' or ']'", "a '[' is not closed: expected ',' or ']'" },
        { "did not find expected node content", "expected a value" },
        { "did not find expected <document start>", "expected nothing more, or a key: check the indentation" },
        { "found unexpected end of stream", "a quoted text does not end" },
        { "found a tab character that violates indentation", "a tab: indent with spaces" },
        { "found a tab character where an indentation space is expected", "a tab: indent with spaces" },
        { "block sequence entries are not allowed in this context", "a '- item' where no list can be" },
        { "found undefined tag handle", "a tag ('!...') that nobody defined: tags mean nothing here" },
    };
    const yaml_parser_t *p = &r->parser;
    const char *problem = p->problem ? p->problem : "out of memory";
    struct error_at at = place(r, p->problem_mark);
    char what[200];

    snprintf(what, sizeof what, "not valid YAML: %s", problem);
    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
        if (strcmp(words[i].theirs, problem) == 0) snprintf(what, sizeof what, "not valid YAML: %s", words[i].ours);
    if (p->error == YAML_SCANNER_ERROR && strcmp(problem, "found character that cannot start any token") == 0) {
        const unsigned char *c = p->buffer.pointer;
        if (c < p->buffer.last && *c == '\t') snprintf(what, sizeof what, "not valid YAML: a tab: indent with spaces");
        else if (c < p->buffer.last && *c > ' ' && *c < 127)
            snprintf(what, sizeof what, "not valid YAML: no value can start with '%c': put it in quotes", *c);
    }
    fail(r, at, what);
}

static struct anchor *find_anchor(struct reader *r, const char *name)
{
    for (size_t i = r->anchor_count; i > 0; i--) /* the latest of that name */
        if (strcmp(r->anchors[i - 1].name, name) == 0) return &r->anchors[i - 1];
    return NULL;
}

static void add_anchor(struct reader *r, const yaml_char_t *name, struct yaml_node *n)
{
    struct anchor *a;

    if (!name || !n) return;
    a = find_anchor(r, (const char *)name);
    if (!a && r->anchor_count == ANCHORS_MAX) {
        fail(r, n->at, "too many anchors ('&name')");
        return;
    }
    if (!a) {
        r->anchors = realloc(r->anchors, (r->anchor_count + 1) * sizeof *r->anchors);
        SIM_ASSERT(r->anchors);
        a = &r->anchors[r->anchor_count++];
        a->name = strdup((const char *)name);
        SIM_ASSERT(a->name);
    }
    a->node = n;
}

static bool is_open(const struct reader *r, const struct yaml_node *n)
{
    for (int i = 0; i < r->depth; i++)
        if (r->open[i] == n) return true;
    return false;
}

/* Puts a complete or just opened node where the innermost open collection expects one. */
static void place_node(struct reader *r, struct yaml_node *n)
{
    struct yaml_node *in;

    if (r->depth == 0) {
        r->root = n;
        return;
    }
    in = r->open[r->depth - 1];
    if (in->kind == YAML_KIND_SEQUENCE) {
        yaml_insert(r->tree, in, in->count, (struct yaml_pair){ NULL, n });
    } else if (!r->key[r->depth - 1]) {
        if (n->kind != YAML_KIND_SCALAR) fail(r, n->at, "a key must be a text");
        r->key[r->depth - 1] = n;
    } else {
        yaml_insert(r->tree, in, in->count, (struct yaml_pair){ r->key[r->depth - 1], n });
        r->key[r->depth - 1] = NULL;
    }
}

static void on_scalar(struct reader *r, const yaml_event_t *ev)
{
    char *text = (char *)ev->data.scalar.value;
    size_t bytes = yaml_show_ranges(text, ev->data.scalar.length);
    struct yaml_node *n = yaml_new_node(r->tree, YAML_KIND_SCALAR, place(r, ev->start_mark));

    if (!n) {
        too_many(r, place(r, ev->start_mark));
        return;
    }
    if (memchr(text, '\0', bytes)) {
        fail(r, n->at, "a text must not have a NUL character");
        return;
    }
    n->text = yaml_copy_text(r->tree, text, bytes);
    n->plain = ev->data.scalar.style == YAML_PLAIN_SCALAR_STYLE;
    add_anchor(r, ev->data.scalar.anchor, n);
    place_node(r, n);
}

static void on_start(struct reader *r, const yaml_event_t *ev, enum yaml_kind kind, const yaml_char_t *anchor)
{
    struct yaml_node *n = yaml_new_node(r->tree, kind, place(r, ev->start_mark));
    char what[80];

    if (!n) {
        too_many(r, place(r, ev->start_mark));
        return;
    }
    if (r->depth == YAML_DEPTH_MAX) {
        snprintf(what, sizeof what, "nested deeper than %d levels", YAML_DEPTH_MAX);
        fail(r, n->at, what);
        return;
    }
    add_anchor(r, anchor, n);
    place_node(r, n);
    if (r->failed) return;
    r->open[r->depth] = n;
    r->key[r->depth] = NULL;
    r->depth++;
}

static void on_alias(struct reader *r, const yaml_event_t *ev)
{
    struct error_at at = place(r, ev->start_mark);
    const struct anchor *a = find_anchor(r, (const char *)ev->data.alias.anchor);
    struct yaml_node *n;
    char what[160];

    if (!a) {
        snprintf(what, sizeof what, "'*%.60s' names no anchor ('&%.60s') above", ev->data.alias.anchor,
                 ev->data.alias.anchor);
        fail(r, at, what);
        return;
    }
    if (is_open(r, a->node)) {
        snprintf(what, sizeof what, "'*%.60s' contains itself", ev->data.alias.anchor);
        fail(r, at, what);
        return;
    }
    n = yaml_copy(r->tree, a->node);
    if (!n)
        too_many(r, at);
    else
        place_node(r, n);
}

static void on_end(struct reader *r)
{
    struct yaml_node *n = r->open[--r->depth];

    if (n->kind != YAML_KIND_MAPPING) return;
    yaml_check_unique(n, r->errors);
    if (yaml_merge(r->tree, n, r->errors)) r->failed = true;
}

/* Returns false when the stream is at its end or cannot be read further. */
static bool on_event(struct reader *r, const yaml_event_t *ev, int *documents)
{
    switch (ev->type) {
    case YAML_STREAM_END_EVENT: return false;
    case YAML_DOCUMENT_START_EVENT:
        if (++*documents > 1)
            fail(r, place(r, ev->start_mark), "a second document ('---'): a scenario is one document");
        break;
    case YAML_SCALAR_EVENT: on_scalar(r, ev); break;
    case YAML_ALIAS_EVENT: on_alias(r, ev); break;
    case YAML_SEQUENCE_START_EVENT: on_start(r, ev, YAML_KIND_SEQUENCE, ev->data.sequence_start.anchor); break;
    case YAML_MAPPING_START_EVENT: on_start(r, ev, YAML_KIND_MAPPING, ev->data.mapping_start.anchor); break;
    case YAML_SEQUENCE_END_EVENT:
    case YAML_MAPPING_END_EVENT: on_end(r); break;
    default: break;
    }
    return !r->failed;
}

struct yaml_node *yaml_tree_parse_more(struct yaml_tree *t, const char *file, const char *text, size_t bytes,
                                       struct errors *errors)
{
    struct yaml_node *root;
    struct reader *r;
    int documents = 0;
    size_t hidden_bytes;
    char *hidden;
    bool more = true;

    if (yaml_check_text(file, text, bytes, errors)) return NULL;
    hidden = yaml_hide_ranges(text, bytes, &hidden_bytes);
    r = calloc(1, sizeof *r);
    SIM_ASSERT(r);
    *r = (struct reader){ .tree = t, .file = file, .errors = errors };
    SIM_ASSERT(yaml_parser_initialize(&r->parser));
    yaml_parser_set_encoding(&r->parser, YAML_UTF8_ENCODING);
    yaml_parser_set_input_string(&r->parser, (const unsigned char *)hidden, hidden_bytes);
    while (more) {
        yaml_event_t ev;
        if (!yaml_parser_parse(&r->parser, &ev)) {
            explain(r);
            break;
        }
        more = on_event(r, &ev, &documents);
        yaml_event_delete(&ev);
    }
    if (!r->root && !r->failed) fail(r, (struct error_at){ .file = file }, "is empty");
    root = r->failed ? NULL : r->root;
    yaml_parser_delete(&r->parser);
    for (size_t i = 0; i < r->anchor_count; i++) free(r->anchors[i].name);
    free(r->anchors);
    free(r);
    free(hidden);
    return root;
}

struct yaml_tree *yaml_tree_parse(const char *file, const char *text, size_t bytes, struct errors *errors)
{
    struct yaml_tree *t = calloc(1, sizeof *t);

    SIM_ASSERT(t);
    if (bytes > YAML_BYTES_MAX)
        errors_add(errors, (struct error_at){ .file = file }, "is larger than %d MiB, the most a scenario may have",
                   YAML_BYTES_MAX >> 20);
    else
        t->root = yaml_tree_parse_more(t, file, text, bytes, errors);
    if (t->root) return t;
    yaml_tree_destroy(t);
    return NULL;
}
