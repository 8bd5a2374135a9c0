/* SPDX-License-Identifier: GPL-3.0-or-later
 * test_yaml.c -- the YAML tree: positions, anchors and merges, and every way in which a text can be refused. */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "scenario/yaml.h"
#include "suites.h"

static struct errors errors;

static void setup(void) { errors_init(&errors); }
static void teardown(void) { errors_fini(&errors); }

static struct yaml_tree *parse(const char *text) { return yaml_tree_parse("t", text, strlen(text), &errors); }

static void accepted(const char *text, struct yaml_tree **t)
{
    *t = parse(text);
    ck_assert_msg(*t && errors.count == 0, "refused: %s", errors.count ? errors.list[0].text : "");
}

static void refused_bytes(const char *text, size_t bytes, const char *message)
{
    struct yaml_tree *t = yaml_tree_parse("t", text, bytes, &errors);

    ck_assert_ptr_null(t);
    ck_assert_uint_eq(errors.count, 1);
    ck_assert_msg(strncmp(errors.list[0].text, message, strlen(message)) == 0, "'%s' is not '%s'", errors.list[0].text,
                  message);
    errors_fini(&errors);
}
static void refused(const char *text, const char *message) { refused_bytes(text, strlen(text), message); }

START_TEST(yaml_tree_parse__positions)
{
    struct yaml_tree *t;
    struct yaml_node *root, *b;

    accepted("a: 1\nb:\n  - x\n  - {k: \"v w\"}\n", &t);
    root = yaml_tree_root(t);
    ck_assert_int_eq(root->kind, YAML_KIND_MAPPING);
    ck_assert_uint_eq(root->count, 2);
    b = yaml_get(root, "b");
    ck_assert_int_eq(b->kind, YAML_KIND_SEQUENCE);
    ck_assert_int_eq(b->pairs[0].value->at.line, 3);
    ck_assert_int_eq(b->pairs[0].value->at.column, 5);
    ck_assert_str_eq(b->pairs[0].value->at.file, "t");
    ck_assert_str_eq(yaml_get(b->pairs[1].value, "k")->text, "v w");
    ck_assert(!yaml_get(b->pairs[1].value, "k")->plain);
    ck_assert_ptr_null(yaml_get(root, "c"));
    yaml_tree_destroy(t);
}
END_TEST

START_TEST(yaml_tree_parse__aliases_are_copies)
{
    struct yaml_tree *t;
    struct yaml_node *root, *a, *b;

    accepted("a: &n {k: 1}\nb: *n\n", &t);
    root = yaml_tree_root(t);
    a = yaml_get(root, "a");
    b = yaml_get(root, "b");
    ck_assert_ptr_ne(a, b);
    ck_assert_str_eq(yaml_get(b, "k")->text, "1");
    yaml_remove(b, 0); /* changes the copy only */
    ck_assert_ptr_nonnull(yaml_get(a, "k"));
    yaml_tree_destroy(t);
}
END_TEST

/* YAML wants quotes around such a text inside {...}; they may be left out, and columns are not moved by that. */
START_TEST(yaml_tree_parse__ranges_in_flow)
{
    struct yaml_tree *t;
    struct yaml_node *root;

    accepted("c[1-2]: {from: c[1-5], to: [a[1,3], r[1-2]n[08-10]], x: \"q[1]\", y: [1,2], z: b}\n"
             "w[1-2] x[,]: v[1]\n", &t);
    root = yaml_tree_root(t);
    ck_assert_str_eq(root->pairs[0].key->text, "c[1-2]");
    ck_assert_str_eq(yaml_get(root->pairs[0].value, "from")->text, "c[1-5]");
    ck_assert_str_eq(yaml_get(root->pairs[0].value, "to")->pairs[0].value->text, "a[1,3]");
    ck_assert_str_eq(yaml_get(root->pairs[0].value, "to")->pairs[1].value->text, "r[1-2]n[08-10]");
    ck_assert_str_eq(yaml_get(root->pairs[0].value, "x")->text, "q[1]");
    ck_assert_uint_eq(yaml_get(root->pairs[0].value, "y")->count, 2);
    ck_assert_int_eq(yaml_get(root->pairs[0].value, "z")->at.column, 78);
    ck_assert_str_eq(root->pairs[1].key->text, "w[1-2] x[,]");
    ck_assert_str_eq(root->pairs[1].value->text, "v[1]");
    yaml_tree_destroy(t);
    refused("a: {b: c[d]}\n", "t:1:9: not valid YAML");
    refused("a: \xee\x80\x80\n", "t:1:4: not UTF-8 text"); /* the characters that stand in for brackets */
}
END_TEST

START_TEST(yaml_tree_parse__merge_keys)
{
    struct yaml_tree *t;
    struct yaml_node *m;

    accepted("x: &x {a: 1, b: 1}\ny: &y {b: 2, c: 2}\nm: {b: 0, <<: [*x, *y]}\nq: {\"<<\": 5}\n", &t);
    m = yaml_get(yaml_tree_root(t), "m");
    ck_assert_uint_eq(m->count, 3);
    ck_assert_str_eq(yaml_get(m, "a")->text, "1");
    ck_assert_str_eq(yaml_get(m, "b")->text, "0"); /* its own key wins */
    ck_assert_str_eq(yaml_get(m, "c")->text, "2");
    ck_assert_str_eq(yaml_get(yaml_get(yaml_tree_root(t), "q"), "<<")->text, "5"); /* quoted: an ordinary key */
    yaml_tree_destroy(t);
    refused("a: {<<: 5}\n", "t:1:9: '<<' needs a section");
}
END_TEST

START_TEST(yaml_tree_parse__duplicate_keys_all_reported)
{
    struct yaml_tree *t = parse("a: 1\nb: {c: 1, c: 2}\na: 3\na: 4\n");

    ck_assert_ptr_nonnull(t); /* the rest can still be judged */
    ck_assert_uint_eq(errors.count, 3);
    ck_assert_str_eq(errors.list[0].text, "t:2:11: 'c' is given twice, first in line 2");
    ck_assert_str_eq(errors.list[1].text, "t:3:1: 'a' is given twice, first in line 1");
    ck_assert_str_eq(errors.list[2].text, "t:4:1: 'a' is given twice, first in line 1");
    ck_assert_str_eq(yaml_get(yaml_tree_root(t), "a")->text, "1");
    ck_assert_uint_eq(yaml_tree_root(t)->count, 2);
    yaml_tree_destroy(t);
}
END_TEST

START_TEST(yaml_tree_parse__refuses)
{
    refused("", "t: is empty");
    refused("# nothing\n", "t: is empty");
    refused("a: 1\n---\nb: 2\n", "t:2:1: a second document");
    refused("a:\n\tb: 1\n", "t:2:1: not valid YAML: a tab: indent with spaces");
    refused("a: @b\n", "t:1:4: not valid YAML: no value can start with '@': put it in quotes");
    refused("a: b: c\n", "t:1:5: not valid YAML: a ':' where no key can be");
    refused("a: [1, 2\nb: 3\n", "t:2:2: not valid YAML: a '[' is not closed");
    refused("a: {b: 1\n", "t:2:1: not valid YAML: a '{' is not closed");
    refused("a: \"b\n", "t:2:1: not valid YAML: a quoted text does not end");
    refused("a: 1\n b: 2\n", "t:2:3: not valid YAML: a ':' where no key can be");
    refused("a: *b\n", "t:1:4: '*b' names no anchor");
    refused("a: &a [*a]\n", "t:1:8: '*a' contains itself");
    refused("[a]: 1\n", "t:1:1: a key must be a text");
    refused("{a: 1}: 1\n", "t:1:1: a key must be a text");
    refused("a: \"x\\0y\"\n", "t:1:4: a text must not have a NUL character");
}
END_TEST

START_TEST(yaml_tree_parse__refuses_what_is_not_text)
{
    static const char *const bad[] = {
        "a: \xff\n", "a: \xc0\x80\n", "a: \xe0\x80\x80\n", "a: \xed\xa0\x80\n", "a: \xf4\x90\x80\x80\n", "a: \xc3",
        "a: \x01\n", "a: \x7f\n", "a: \x80\n",
    };
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) refused(bad[i], "t:1:4: not UTF-8 text");
    refused_bytes("a: 1\nb\0: 2\n", 11, "t:2:2: not UTF-8 text: byte 0x00");
    refused_bytes("\xff\xfe" "a\0", 4, "t:1:1: not UTF-8 text");
    refused_bytes("a: \xe2\x82", 5, "t:1:4: not UTF-8 text"); /* cut short at the very end */
}
END_TEST

START_TEST(yaml_tree_parse__text_in_any_language)
{
    struct yaml_tree *t;

    accepted("\xef\xbb\xbf" "a: \"\xc3\xa9 \xe2\x82\xac \xf0\x9f\x98\x80\"\r\n", &t);
    ck_assert_str_eq(yaml_get(yaml_tree_root(t), "a")->text, "\xc3\xa9 \xe2\x82\xac \xf0\x9f\x98\x80");
    yaml_tree_destroy(t);
}
END_TEST

static double seconds(void)
{
    struct timespec t;

    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
    return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

/* 'head', then 'n' times 'piece', then 'tail'. */
static char *repeat(const char *head, const char *piece, size_t n, const char *tail, size_t *bytes)
{
    size_t h = strlen(head), p = strlen(piece);
    char *text;

    *bytes = h + n * p + strlen(tail);
    text = malloc(*bytes + 1);
    ck_assert_ptr_nonnull(text);
    memcpy(text, head, h);
    for (size_t i = 0; i < n; i++) memcpy(text + h + i * p, piece, p);
    strcpy(text + h + n * p, tail);
    return text;
}

static void quickly_refused(const char *head, const char *piece, size_t n, const char *tail, const char *message)
{
    size_t bytes;
    char *text = repeat(head, piece, n, tail, &bytes);
    double start = seconds();

    ck_assert_ptr_null(yaml_tree_parse("t", text, bytes, &errors));
    ck_assert_msg(seconds() - start < 4.0, "took %.1f s: %s", seconds() - start, message);
    ck_assert_msg(strstr(errors.list[0].text, message) != NULL, "'%s' does not say '%s'", errors.list[0].text, message);
    errors_fini(&errors);
    free(text);
}

/* Each takes well below a second; the bound leaves room for sanitizers on a busy machine. */
START_TEST(yaml_tree_parse__hostile_texts_end_soon)
{
    quickly_refused("a: ", "[", 1000000, "", "nested deeper than 64 levels");
    quickly_refused("a: ", "{a: ", 1000000, "", "nested deeper than 64 levels");
    quickly_refused("", "- ", 1000000, "", "nested deeper than 64 levels");
    quickly_refused("", "? ", 1000000, "", "a key must be a text");
    quickly_refused("a:\n", "- b\n", 2500000, "", "more than 500000 values");
    quickly_refused("a: [", "b,", 5000000, "]", "more than 500000 values");
    quickly_refused("a: ", "x", (size_t)YAML_BYTES_MAX, "", "is larger than 16 MiB");
    quickly_refused("x: &a [1]\ny:\n", "- &b [*a,*a]\n- &a [*b,*b]\n", 20, "", "more than 500000 values");
    quickly_refused("x: &a {b: 1}\ny:\n", "- &b {x: *a}\n- &a {x: *b}\n", 2000, "", "more than 500000 values");
    quickly_refused("x: &m {a: 1}\ny:\n", "- {<<: *m}\n", 200000, "", "more than 500000 values");
}
END_TEST

START_TEST(yaml_tree_parse__ten_megabytes)
{
    size_t bytes;
    char *text = repeat("a: 1\n", "# a comment of twenty bytes\n", 10000000 / 28, "", &bytes);
    double start = seconds();
    struct yaml_tree *t = yaml_tree_parse("t", text, bytes, &errors);

    ck_assert_ptr_nonnull(t);
    ck_assert_double_lt(seconds() - start, 4.0);
    yaml_tree_destroy(t);
    free(text);
}
END_TEST

/* A chain of aliases makes a tree deeper than any text could; copying it must not exhaust the stack. */
START_TEST(yaml_tree_parse__deep_by_aliases)
{
    char *text = malloc(1 << 16);
    size_t n = (size_t)sprintf(text, "x0: &a0 [1]\n");
    struct yaml_tree *t;

    for (int i = 1; i < 500; i++) n += (size_t)sprintf(text + n, "x%d: &a%d [*a%d]\n", i, i, i - 1);
    t = yaml_tree_parse("t", text, n, &errors);
    ck_assert_ptr_nonnull(t);
    yaml_tree_destroy(t);
    free(text);
}
END_TEST

START_TEST(yaml_read_file__refuses)
{
    size_t bytes;

    ck_assert_ptr_null(yaml_read_file("/nonexistent/x.yaml", &bytes, &errors));
    ck_assert_str_eq(errors.list[0].text, "/nonexistent/x.yaml: cannot be read: No such file or directory");
    ck_assert_ptr_null(yaml_read_file("/", &bytes, &errors));
    ck_assert_str_eq(errors.list[1].text, "/: cannot be read: Is a directory");
    ck_assert_ptr_null(yaml_read_file("/dev/zero", &bytes, &errors));
    ck_assert_str_eq(errors.list[2].text, "/dev/zero: is larger than 16 MiB, the most a scenario may have");
}
END_TEST

Suite *yaml_suite(void)
{
    Suite *s = suite_create("yaml");
    TCase *t = tcase_create("yaml");

    tcase_add_checked_fixture(t, setup, teardown);
    tcase_set_timeout(t, 60);
    tcase_add_test(t, yaml_tree_parse__positions);
    tcase_add_test(t, yaml_tree_parse__aliases_are_copies);
    tcase_add_test(t, yaml_tree_parse__ranges_in_flow);
    tcase_add_test(t, yaml_tree_parse__merge_keys);
    tcase_add_test(t, yaml_tree_parse__duplicate_keys_all_reported);
    tcase_add_test(t, yaml_tree_parse__refuses);
    tcase_add_test(t, yaml_tree_parse__refuses_what_is_not_text);
    tcase_add_test(t, yaml_tree_parse__text_in_any_language);
    tcase_add_test(t, yaml_tree_parse__hostile_texts_end_soon);
    tcase_add_test(t, yaml_tree_parse__ten_megabytes);
    tcase_add_test(t, yaml_tree_parse__deep_by_aliases);
    tcase_add_test(t, yaml_read_file__refuses);
    suite_add_tcase(s, t);
    return s;
}
