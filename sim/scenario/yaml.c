/* yaml.c -- libyaml's events become nodes in an arena.
 *
 * A stack of open collections, at most YAML_DEPTH_MAX, takes the place of recursion while parsing.  Every node made,
 * copies included, is counted, which is what stops aliases of aliases from exploding. */
#include "scenario/yaml.h"

#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <yaml.h>

#include "core/assert.h"

enum { BLOCK_BYTES = 64 << 10, ANCHORS_MAX = 1000, MERGED_KEYS_MAX = 256 };

struct block {
    struct block *next;
    size_t used, size;
    max_align_t bytes[];
};

struct yaml_tree {
    struct block *blocks;
    size_t nodes;
    struct yaml_node *root;
};

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

/* -- memory ------------------------------------------------------------------------------------------------------ */

static void *tree_alloc(struct yaml_tree *t, size_t bytes)
{
    struct block *b = t->blocks;
    void *p;

    bytes = (bytes + sizeof(max_align_t) - 1) / sizeof(max_align_t) * sizeof(max_align_t);
    if (!b || b->size - b->used < bytes) {
        size_t size = bytes > BLOCK_BYTES ? bytes : BLOCK_BYTES;
        b = malloc(sizeof *b + size);
        SIM_ASSERT(b);
        *b = (struct block){ .next = t->blocks, .size = size };
        t->blocks = b;
    }
    p = (char *)b->bytes + b->used;
    b->used += bytes;
    return p;
}

static struct yaml_node *new_node(struct yaml_tree *t, enum yaml_kind kind, struct error_at at)
{
    struct yaml_node *n;

    if (t->nodes == YAML_NODES_MAX) return NULL;
    t->nodes++;
    n = tree_alloc(t, sizeof *n);
    *n = (struct yaml_node){ .kind = kind, .at = at };
    return n;
}

static const char *copy_text(struct yaml_tree *t, const char *text, size_t bytes)
{
    char *p = tree_alloc(t, bytes + 1);

    memcpy(p, text, bytes);
    p[bytes] = '\0';
    return p;
}

/* -- reading files ------------------------------------------------------------------------------------------------ */

char *yaml_read_file(const char *path, size_t *bytes, struct errors *errors)
{
    struct error_at at = { .file = path };
    FILE *f = fopen(path, "rb");
    char *text = NULL;
    size_t room = 0, n = 0, got;

    if (!f) {
        errors_add(errors, at, "cannot be read: %s", strerror(errno));
        return NULL;
    }
    do {
        if (room - n < 2) {
            room = room ? room * 2 : 16384;
            text = realloc(text, room);
            SIM_ASSERT(text);
        }
        got = fread(text + n, 1, room - n - 1, f);
        n += got;
    } while (got > 0 && n <= YAML_BYTES_MAX);
    if (ferror(f) || n > YAML_BYTES_MAX) {
        if (ferror(f))
            errors_add(errors, at, "cannot be read: %s", strerror(errno));
        else
            errors_add(errors, at, "is larger than %d MiB, the most a scenario may have", YAML_BYTES_MAX >> 20);
        free(text);
        fclose(f);
        return NULL;
    }
    fclose(f);
    text[n] = '\0';
    *bytes = n;
    return text;
}

/* -- parsing ------------------------------------------------------------------------------------------------------ */

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

    snprintf(what, sizeof what, "the file has more than %d values, aliases counted where they are used", YAML_NODES_MAX);
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

/* Bytes of the UTF-8 character at 'p', of at most 'room'; 0 when it is malformed, or a control character other than
 * tab and line ends. */
static size_t character_bytes(const unsigned char *p, size_t room)
{
    static const struct { unsigned char mask, lead; uint32_t least; } forms[] = {
        { 0x80, 0x00, 0 }, { 0xe0, 0xc0, 0x80 }, { 0xf0, 0xe0, 0x800 }, { 0xf8, 0xf0, 0x10000 },
    };

    for (size_t n = 0; n < 4; n++) {
        uint32_t c = *p & (unsigned char)~forms[n].mask;
        if ((*p & forms[n].mask) != forms[n].lead || n >= room) continue;
        for (size_t i = 1; i <= n; i++) {
            if ((p[i] & 0xc0) != 0x80) return 0;
            c = c << 6 | (p[i] & 0x3f);
        }
        if (c < forms[n].least || c > 0x10ffff || (c >= 0xd800 && c < 0xe000) || c == 0xfffe || c == 0xffff) return 0;
        return (c < 32 && c != '\t' && c != '\n' && c != '\r') || (c >= 127 && c < 160 && c != 0x85) ? 0 : n + 1;
    }
    return 0;
}

/* Refuses what is not text, so that libyaml only ever sees what it can read.  0, or -1 after adding where it begins. */
static int check_text(const char *file, const char *text, size_t bytes, struct errors *errors)
{
    struct error_at at = { file, 1, 1 };

    for (size_t i = 0, n; i < bytes; i += n) {
        n = character_bytes((const unsigned char *)text + i, bytes - i);
        if (n == 0)
            return errors_add(errors, at, "not UTF-8 text: byte 0x%02x; is this a YAML file?", (unsigned char)text[i]);
        at.column = text[i] == '\n' ? 1 : at.column + 1;
        at.line += text[i] == '\n';
    }
    return 0;
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

static bool is_merge(const struct yaml_node *key) { return key->plain && strcmp(key->text, "<<") == 0; }

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
    const char *text = (const char *)ev->data.scalar.value;
    size_t bytes = ev->data.scalar.length;
    struct yaml_node *n = new_node(r->tree, YAML_KIND_SCALAR, place(r, ev->start_mark));

    if (!n) {
        too_many(r, place(r, ev->start_mark));
        return;
    }
    if (memchr(text, '\0', bytes)) {
        fail(r, n->at, "a text must not have a NUL character");
        return;
    }
    n->text = copy_text(r->tree, text, bytes);
    n->plain = ev->data.scalar.style == YAML_PLAIN_SCALAR_STYLE;
    add_anchor(r, ev->data.scalar.anchor, n);
    place_node(r, n);
}

static void on_start(struct reader *r, const yaml_event_t *ev, enum yaml_kind kind, const yaml_char_t *anchor)
{
    struct yaml_node *n = new_node(r->tree, kind, place(r, ev->start_mark));
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

/* -- a mapping is complete: merges, then keys given twice ------------------------------------------------------------ */

struct sorted_key {
    const char *text;
    size_t index;
};

static int compare_keys(const void *a, const void *b)
{
    const struct sorted_key *ka = a, *kb = b;
    int c = strcmp(ka->text, kb->text);

    return c ? c : (ka->index > kb->index) - (ka->index < kb->index);
}

/* Reports every key that an earlier one repeats, in the order of the text, and keeps the first. */
static void check_unique(struct reader *r, struct yaml_node *n)
{
    struct sorted_key *keys = calloc(n->count + 1, sizeof *keys);
    int *first_line = calloc(n->count + 1, sizeof *first_line); /* of the key that this one repeats; 0: none */
    size_t kept = 0;

    SIM_ASSERT(keys && first_line);
    for (size_t i = 0; i < n->count; i++) keys[i] = (struct sorted_key){ n->pairs[i].key->text, i };
    qsort(keys, n->count, sizeof *keys, compare_keys);
    for (size_t i = 0, start = 0; i < n->count; i++) {
        if (strcmp(keys[start].text, keys[i].text) != 0) start = i;
        if (start != i) first_line[keys[i].index] = n->pairs[keys[start].index].key->at.line;
    }
    for (size_t i = 0; i < n->count; i++) {
        const struct yaml_node *key = n->pairs[i].key;
        if (first_line[i] == 0)
            n->pairs[kept++] = n->pairs[i];
        else
            errors_add(r->errors, key->at, "'%.100s' is given twice, first in line %d", key->text, first_line[i]);
    }
    n->count = kept;
    free(keys);
    free(first_line);
}

static void merge_one(struct reader *r, struct yaml_node *into, const struct yaml_node *from)
{
    if (from->kind != YAML_KIND_MAPPING) {
        fail(r, from->at, "'<<' needs a section, or a list of sections, such as '<<: *name'");
        return;
    }
    for (size_t i = 0; i < from->count && !r->failed; i++) {
        if (yaml_get(into, from->pairs[i].key->text)) continue;
        if (into->count >= MERGED_KEYS_MAX)
            fail(r, from->at, "too many keys in a section with '<<'");
        else
            yaml_insert(r->tree, into, into->count, from->pairs[i]);
    }
}

/* Keys of a merged mapping are taken unless the mapping has them itself; the first of several merged ones wins.  The
 * merged nodes are copies already, made where the alias stood. */
static void merge(struct reader *r, struct yaml_node *n)
{
    for (size_t i = 0; i < n->count; i++) {
        const struct yaml_node *from = n->pairs[i].value;
        if (!is_merge(n->pairs[i].key)) continue;
        yaml_remove(n, i);
        if (from->kind == YAML_KIND_SEQUENCE)
            for (size_t k = 0; k < from->count && !r->failed; k++) merge_one(r, n, from->pairs[k].value);
        else
            merge_one(r, n, from);
        return; /* unique by now */
    }
}

static void on_end(struct reader *r)
{
    struct yaml_node *n = r->open[--r->depth];

    if (n->kind != YAML_KIND_MAPPING) return;
    check_unique(r, n);
    merge(r, n);
}

/* Returns false when the stream is at its end or cannot be read further. */
static bool on_event(struct reader *r, const yaml_event_t *ev, int *documents)
{
    switch (ev->type) {
    case YAML_STREAM_END_EVENT: return false;
    case YAML_DOCUMENT_START_EVENT:
        if (++*documents > 1) fail(r, place(r, ev->start_mark), "a second document ('---'): a scenario is one document");
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
    struct reader *r;
    struct yaml_node *root;
    int documents = 0;
    bool more = true;

    if (check_text(file, text, bytes, errors)) return NULL;
    r = calloc(1, sizeof *r);
    SIM_ASSERT(r);
    *r = (struct reader){ .tree = t, .file = file, .errors = errors };
    SIM_ASSERT(yaml_parser_initialize(&r->parser));
    yaml_parser_set_encoding(&r->parser, YAML_UTF8_ENCODING);
    yaml_parser_set_input_string(&r->parser, (const unsigned char *)text, bytes);
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

void yaml_tree_destroy(struct yaml_tree *t)
{
    if (!t) return;
    while (t->blocks) {
        struct block *next = t->blocks->next;
        free(t->blocks);
        t->blocks = next;
    }
    free(t);
}

struct yaml_node *yaml_tree_root(const struct yaml_tree *t) { return t->root; }

/* -- nodes -------------------------------------------------------------------------------------------------------- */

struct yaml_node *yaml_scalar(struct yaml_tree *t, const char *text, struct error_at at)
{
    struct yaml_node *n = new_node(t, YAML_KIND_SCALAR, at);

    if (n) n->text = copy_text(t, text, strlen(text));
    return n;
}

struct yaml_node *yaml_mapping(struct yaml_tree *t, struct error_at at) { return new_node(t, YAML_KIND_MAPPING, at); }

struct yaml_node *yaml_copy(struct yaml_tree *t, const struct yaml_node *n)
{
    struct yaml_node *c = new_node(t, n->kind, n->at);

    if (!c) return NULL;
    c->text = n->text; /* texts never change */
    c->plain = n->plain;
    if (n->count == 0) return c;
    c->room = n->count;
    c->pairs = tree_alloc(t, c->room * sizeof *c->pairs);
    for (; c->count < n->count; c->count++) {
        const struct yaml_pair *from = &n->pairs[c->count];
        struct yaml_pair pair = { from->key, yaml_copy(t, from->value) }; /* keys may be shared: they never change */
        if (!pair.value) return NULL;
        c->pairs[c->count] = pair;
    }
    return c;
}

struct yaml_node *yaml_get(const struct yaml_node *n, const char *key)
{
    if (n->kind != YAML_KIND_MAPPING) return NULL;
    for (size_t i = 0; i < n->count; i++)
        if (strcmp(n->pairs[i].key->text, key) == 0) return n->pairs[i].value;
    return NULL;
}

void yaml_insert(struct yaml_tree *t, struct yaml_node *n, size_t i, struct yaml_pair pair)
{
    if (n->count == n->room) {
        struct yaml_pair *old = n->pairs;
        n->room = n->room ? n->room * 2 : 4;
        n->pairs = tree_alloc(t, n->room * sizeof *n->pairs);
        if (n->count > 0) memcpy(n->pairs, old, n->count * sizeof *old);
    }
    if (n->count > i) memmove(&n->pairs[i + 1], &n->pairs[i], (n->count - i) * sizeof *n->pairs);
    n->pairs[i] = pair;
    n->count++;
}

void yaml_remove(struct yaml_node *n, size_t i)
{
    n->count--;
    memmove(&n->pairs[i], &n->pairs[i + 1], (n->count - i) * sizeof *n->pairs);
}

bool yaml_is_null(const struct yaml_node *n)
{
    return n->kind == YAML_KIND_SCALAR && n->plain &&
           (*n->text == '\0' || strcmp(n->text, "~") == 0 || strcmp(n->text, "null") == 0);
}

const char *yaml_kind_name(enum yaml_kind kind)
{
    return kind == YAML_KIND_MAPPING ? "a section (key: value)" : kind == YAML_KIND_SEQUENCE ? "a list" : "a value";
}
