/* SPDX-License-Identifier: GPL-3.0-or-later
 * test_claims.c -- verdicts on hand-made runs, and the ledger made from them. */
#include <check.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "report/claims.h"
#include "report/expect.h"
#include "report_fixture.h"
#include "suites.h"

static struct run_result runs[6];
static struct campaign campaign;
static struct scenario_expect expects[2];
static struct scenario scenario;
static struct expect_report report;
static struct errors errors;

static void setup(void)
{
    fixture_campaign(&campaign, runs);
    memset(expects, 0, sizeof expects);
    scenario = (struct scenario){ .expects = expects, .expect_count = 1 };
    errors_init(&errors);
}

static void teardown(void)
{
    expect_fini(&report);
    fixture_free(runs);
    errors_fini(&errors);
}

static char *text(const char *s)
{
    return (char *)(uintptr_t)s; /* the scenario's strings are only read */
}

static struct scenario_bound bound(enum scenario_bound_unit unit, int64_t digits, int exponent, const char *as)
{
    return (struct scenario_bound){ unit, digits, exponent, text(as), { "x.yaml", 7, 9 } };
}

static const struct expect_result *judge(const char *metric, const char *of, const char *against)
{
    expects[0].metric = (struct scenario_ref){ text(metric), { "x.yaml", 5, 6 } };
    expects[0].of = (struct scenario_ref){ text(of), { "x.yaml", 5, 6 } };
    expects[0].against = (struct scenario_ref){ text(against), { "x.yaml", 5, 6 } };
    ck_assert_int_eq(expect_check(&scenario, &errors), 0);
    expect_fini(&report);
    expect_evaluate(&report, &scenario, &campaign);
    return report.list;
}

START_TEST(expect_evaluate__within)
{
    expects[0].within = bound(SCENARIO_BOUND_PERCENT, 1, -2, "1%");
    const struct expect_result *e = judge("goodput", "vnic", "nic");
    ck_assert_uint_eq(report.count, 1);
    ck_assert_int_eq(e->verdict, VERDICT_HOLDS);
    ck_assert(e->firm);
    ck_assert_double_eq_tol(e->difference.mean, 0.00495, 5e-5);
    ck_assert_double_eq_tol(e->difference.half, 0, 3e-4); /* paired: the spread over the seeds cancels */
    ck_assert_double_gt(e->measured.half, 0.02e9);
    ck_assert_str_eq(e->bound, "within 1% of nic");
    expects[0].within = bound(SCENARIO_BOUND_PERCENT, 1, -3, "0.1%");
    e = judge("goodput", "vnic", "nic");
    ck_assert_int_eq(e->verdict, VERDICT_FAILS);
    ck_assert_uint_eq(report.failed, 1);
    ck_assert_ptr_nonnull(strstr(e->reason, "difference +0.50"));
}
END_TEST

START_TEST(expect_evaluate__ratio)
{
    expects[0].ratio_at_least = bound(SCENARIO_BOUND_NUMBER, 1, 0, "1");
    const struct expect_result *e = judge("goodput", "vnic", "nic"); /* 0.5 % more */
    ck_assert_int_eq(e->verdict, VERDICT_HOLDS);
    ck_assert_str_eq(e->bound, "at least 1 times nic");
    expects[0].ratio_at_most = bound(SCENARIO_BOUND_NUMBER, 1004, -3, "1.004");
    ck_assert_int_eq(judge("goodput", "vnic", "nic")->verdict, VERDICT_FAILS);
    expects[0].ratio_at_most = bound(SCENARIO_BOUND_NUMBER, 1006, -3, "1.006");
    ck_assert_int_eq(judge("goodput", "vnic", "nic")->verdict, VERDICT_HOLDS);
    expects[0].ratio_at_least = bound(SCENARIO_BOUND_NUMBER, 15, -1, "1.5");
    ck_assert_int_eq(judge("goodput", "vnic", "nic")->verdict, VERDICT_FAILS);
    expects[0].ratio_at_least = bound(SCENARIO_BOUND_RATE, 1, 9, "1Gbps");
    ck_assert_int_eq(expect_check(&scenario, &errors), -1);
}
END_TEST

START_TEST(expect_evaluate__absolute_bounds)
{
    expects[0].at_least = bound(SCENARIO_BOUND_RATE, 1, 9, "1Gbps");
    ck_assert_int_eq(judge("goodput", "nic", NULL)->verdict, VERDICT_HOLDS);
    expects[0].at_most = bound(SCENARIO_BOUND_RATE, 12, 8, "1.2Gbps"); /* the mean is 1.212, one seed is at 1.2 */
    ck_assert_int_eq(judge("goodput", "nic", NULL)->verdict, VERDICT_FAILS);
    ck_assert(!report.list->firm);
    ck_assert_ptr_nonnull(strstr(report.list->reason, "more seeds would tell"));
    expects[0].at_least = expects[0].at_most = (struct scenario_bound){ 0 };
    expects[0].between[0] = bound(SCENARIO_BOUND_RATE, 1211, 6, "1.211Gbps");
    expects[0].between[1] = bound(SCENARIO_BOUND_RATE, 1213, 6, "1.213Gbps");
    ck_assert_int_eq(judge("goodput", "nic", NULL)->verdict, VERDICT_HOLDS);
    ck_assert(!report.list->firm);
    ck_assert_int_eq(judge("goodput", "vnic", NULL)->verdict, VERDICT_FAILS);
}
END_TEST

START_TEST(expect_evaluate__every_variant)
{
    expects[0].at_least = bound(SCENARIO_BOUND_PERCENT, 5, -2, "5%");
    judge("poll-share", NULL, NULL);
    ck_assert_uint_eq(report.count, 2);
    ck_assert_str_eq(report.list[0].of, "nic");
    ck_assert_str_eq(report.list[1].of, "vnic");
    expects[0].at_least = (struct scenario_bound){ 0 };
    expects[0].within = bound(SCENARIO_BOUND_PERCENT, 5, -2, "5%");
    judge("poll-share", NULL, "nic"); /* every other variant against this one */
    ck_assert_uint_eq(report.count, 1);
    ck_assert_str_eq(report.list[0].of, "vnic");
}
END_TEST

START_TEST(expect_evaluate__spread)
{
    expects[0].spread = bound(SCENARIO_BOUND_PERCENT, 2, -2, "2%"); /* (1.224 - 1.2) / 1.212 is 1.98 % */
    ck_assert_int_eq(judge("goodput", "nic", NULL)->verdict, VERDICT_HOLDS);
    expects[0].spread = bound(SCENARIO_BOUND_PERCENT, 19, -3, "1.9%");
    ck_assert_int_eq(judge("goodput", "nic", NULL)->verdict, VERDICT_FAILS);
    struct campaign one = { .runs = runs, .count = 1, .reps = 1 };
    expect_fini(&report);
    expect_evaluate(&report, &scenario, &one);
    ck_assert_int_eq(report.list->verdict, VERDICT_NOT_COMPARABLE);
    ck_assert_uint_eq(report.failed, 0);
}
END_TEST

START_TEST(expect_evaluate__results_that_are_to_differ)
{
    expects[0].spread_at_least = bound(SCENARIO_BOUND_PERCENT, 19, -3, "1.9%");
    ck_assert_int_eq(judge("goodput", "nic", NULL)->verdict, VERDICT_HOLDS);
    expects[0].spread_at_least = bound(SCENARIO_BOUND_PERCENT, 2, -2, "2%");
    ck_assert_int_eq(judge("goodput", "nic", NULL)->verdict, VERDICT_FAILS);
    expects[0].spread_at_least = (struct scenario_bound){ 0 };
    expects[0].lowest_at_most = bound(SCENARIO_BOUND_RATE, 12, 8, "1.2Gbps");
    ck_assert_int_eq(judge("goodput", "nic", NULL)->verdict, VERDICT_HOLDS);
    ck_assert_ptr_nonnull(strstr(report.list->reason, "lowest 1.200 Gb/s"));
    expects[0].lowest_at_most = bound(SCENARIO_BOUND_RATE, 119, 7, "1.19Gbps");
    ck_assert_int_eq(judge("goodput", "nic", NULL)->verdict, VERDICT_FAILS);
}
END_TEST

START_TEST(expect_evaluate__not_measured_fails)
{
    for (size_t i = 0; i < 6; i++) run_result_set(&runs[i].focus, NULL);
    expects[0].at_most = bound(SCENARIO_BOUND_PERCENT, 1, 0, "100%");
    ck_assert_int_eq(judge("cpu-busy-mean", "nic", NULL)->verdict, VERDICT_FAILS);
    ck_assert_ptr_nonnull(strstr(report.list->reason, "could not be measured"));
}
END_TEST

/* A rig in which nothing moves must not confirm that two things are alike. */
START_TEST(expect_evaluate__nothing_is_not_within_1_percent_of_nothing)
{
    for (size_t i = 0; i < 6; i++)
        for (size_t b = 0; b < runs[i].block_count; b++)
            if (strcmp(runs[i].blocks[b].kind, "flow") == 0) runs[i].blocks[b].values[1] = 0; /* read_bytes */
    expects[0].within = bound(SCENARIO_BOUND_PERCENT, 1, -2, "1%");
    ck_assert_int_eq(judge("goodput", "vnic", "nic")->verdict, VERDICT_FAILS);
    ck_assert_ptr_nonnull(strstr(report.list->reason, "goodput of nic is zero"));
    expects[0].within = (struct scenario_bound){ 0 };
    expects[0].spread = bound(SCENARIO_BOUND_PERCENT, 1, -2, "1%");
    ck_assert_int_eq(judge("goodput", "nic", NULL)->verdict, VERDICT_FAILS);
}
END_TEST

START_TEST(expect_evaluate__variant_that_was_not_run)
{
    struct campaign half = { .runs = runs + 3, .count = 3, .reps = 3 };
    expects[0].within = bound(SCENARIO_BOUND_PERCENT, 1, -2, "1%");
    judge("goodput", "vnic", "nic");
    expect_fini(&report);
    expect_evaluate(&report, &scenario, &half);
    ck_assert_int_eq(report.list->verdict, VERDICT_NOT_COMPARABLE);
    ck_assert_ptr_nonnull(strstr(report.list->reason, "'nic' was not run"));
}
END_TEST

START_TEST(expect_check__names_and_units)
{
    expects[0].metric = (struct scenario_ref){ text("godput"), { "x.yaml", 5, 6 } };
    expects[1].metric = (struct scenario_ref){ text("goodput"), { "x.yaml", 6, 6 } };
    expects[1].at_least = bound(SCENARIO_BOUND_PERCENT, 5, -2, "5%");
    expects[1].within = bound(SCENARIO_BOUND_RATE, 5, 9, "5Gbps");
    scenario.expect_count = 2;
    ck_assert_int_eq(expect_check(&scenario, &errors), -1);
    ck_assert_uint_eq(errors.count, 3);
    ck_assert_str_eq(errors.list[0].text, "x.yaml:5:6: unknown metric 'godput', expected perhaps 'goodput'");
    ck_assert_str_eq(errors.list[1].text,
                     "x.yaml:7:9: '5Gbps' cannot be the value of 'within', expected a ratio such as 1%");
    ck_assert_str_eq(errors.list[2].text,
                     "x.yaml:7:9: '5%' is not a value of metric goodput, expected a rate such as 9Gbps");
}
END_TEST

static char *read_file(const char *dir, const char *name)
{
    char path[200];
    snprintf(path, sizeof path, "%s/%s", dir, name);
    FILE *in = fopen(path, "r");
    if (!in) return NULL;
    char *content = calloc(1, 1 << 16);
    size_t n = fread(content, 1, (1 << 16) - 1, in);
    content[n] = '\0';
    fclose(in);
    return content;
}

static char *temporary_file(const char *content)
{
    static char path[64];
    strcpy(path, "/tmp/xbow-test-claims-XXXXXX");
    int fd = mkstemp(path);
    ck_assert_int_ge(fd, 0);
    ck_assert_int_eq((int)write(fd, content, strlen(content)), (int)strlen(content));
    close(fd);
    return path;
}

/* Adds the verdict on goodput of vnic against nic, within 'percent' hundredths of a percent. */
static void add_goodput(struct claims *claims, const struct claims_source *source, int64_t hundredths, const char *as)
{
    expects[0].within = bound(SCENARIO_BOUND_PERCENT, hundredths, -4, as);
    judge("goodput", "vnic", "nic");
    claims_add(claims, source, &report);
}

START_TEST(claims_write__ledger)
{
    static const char *const plots[] = { "figure-2" };
    struct claims_source source = { .scenario = "figure-2", .title = "Figure 2", .description = "A <rig> & more",
                                    .file = "scenarios/paper/figure-2.yaml", .data_dir = "../figure-2", .plots = plots,
                                    .plot_count = 1, .campaign = &campaign };
    struct claims_source broken = { .scenario = "figure-9", .file = "scenarios/paper/figure-9.yaml" };
    char top[] = "/tmp/xbow-test-claims-XXXXXX", dir[64], command[200];
    ck_assert_ptr_nonnull(mkdtemp(top));
    snprintf(dir, sizeof dir, "%s/results/paper", top);
    snprintf(command, sizeof command, "mkdir -p %s/results/figure-2; printf '<svg/>' >%s/results/figure-2/figure-2.svg",
             top, top);
    ck_assert_int_eq(system(command), 0);

    struct claims *claims = claims_create();
    expects[0].says = text("no difference | between\nNIC and VNIC");
    expects[0].section = text("4.4");
    expects[0].tolerance_reason = text("seeds differ by 0.5 %");
    add_goodput(claims, &source, 100, "1%");
    claims_add_broken(claims, &broken, "file:1:1: not a mapping");
    ck_assert_uint_eq(claims_count(claims), 2);
    ck_assert_uint_eq(claims_failed(claims), 1);
    ck_assert_int_eq(claims_write(claims, dir, "1.0", &errors), 0);

    char *md = read_file(dir, "claims.md"), *json = read_file(dir, "claims.json");
    char *html = read_file(dir, "index.html");
    ck_assert(md && json && html);
    ck_assert_ptr_nonnull(strstr(md, "| 4.4 | no difference \\| between NIC and VNIC | goodput of vnic: 1.218 ± "
                                     "0.030 Gb/s, +0.50 ± 0.01 % to 1.212 ± 0.030 Gb/s of nic (within 1% of nic) | holds | [figure-2](../figure-2/figure-2.svg), "
                                     "[figure-2](../figure-2/summary.json) |\n"));
    ck_assert_ptr_nonnull(strstr(md, "bound because: seeds differ by 0.5 %"));
    ck_assert_ptr_nonnull(strstr(md, "| file:1:1: not a mapping | not run |"));
    ck_assert_ptr_nonnull(strstr(md, "1 sentences: 1 holds, 0 do not hold, 0 not comparable, 0 pending; 1 scenarios"));
    ck_assert_ptr_nonnull(strstr(json, "\"verdict\": \"holds\""));
    ck_assert_ptr_nonnull(strstr(json, "\"verdict\": \"not run\""));
    ck_assert_ptr_nonnull(strstr(html, "<p class=\"lead\">A &lt;rig&gt; &amp; more</p>"));
    ck_assert_ptr_nonnull(strstr(html, "src=\"data:image/svg+xml;base64,PHN2Zy8+\">"));
    ck_assert_ptr_nonnull(strstr(html, "--seed 1 --reps 3</pre>"));
    ck_assert_ptr_nonnull(strstr(html, "<td class=\"n\">1.218 ± 0.030 Gb/s</td>"));
    free(md);
    free(json);
    free(html);
    claims_destroy(claims);
    snprintf(command, sizeof command, "rm -rf %s", top);
    ck_assert_int_eq(system(command), 0);
}
END_TEST

/* A small judge of HTML: every element but the void ones is closed in order, ids are unique, nothing is loaded. */
static void check_html(const char *html)
{
    static const char *const empty[] = { "meta", "img", "!DOCTYPE", "br", "input" };
    char open[32][16], ids[64][32];
    size_t depth = 0, n_ids = 0;

    for (const char *at = strchr(html, '<'); at; at = strchr(at + 1, '<')) {
        char name[16] = "";
        bool closing = at[1] == '/', is_empty = false;
        sscanf(at + 1 + closing, "%15[a-zA-Z0-9!]", name);
        const char *end = strchr(at, '>');
        ck_assert_msg(end && *name, "not an element: %.40s", at);
        for (size_t i = 0; i < sizeof empty / sizeof *empty; i++) is_empty |= strcmp(name, empty[i]) == 0;
        const char *id = strstr(at, " id=\"");
        if (id && id < end) {
            sscanf(id, " id=\"%31[^\"]", ids[n_ids]);
            for (size_t i = 0; i < n_ids; i++) ck_assert_str_ne(ids[i], ids[n_ids]);
            n_ids++;
        }
        if (closing) {
            ck_assert_uint_gt(depth, 0);
            ck_assert_str_eq(open[--depth], name);
        } else if (!is_empty) {
            ck_assert_uint_lt(depth, 32);
            strcpy(open[depth++], name);
        }
    }
    ck_assert_uint_eq(depth, 0);
    ck_assert_ptr_null(strstr(html, "<script"));
    ck_assert_ptr_null(strstr(html, "http"));
    ck_assert_ptr_null(strstr(html, "@import"));
    for (const char *src = strstr(html, "src=\""); src; src = strstr(src + 1, "src=\""))
        ck_assert_int_eq(strncmp(src, "src=\"data:", 10), 0);
}

START_TEST(claims_write__page_is_well_formed_and_whole)
{
    static const char *const plots[] = { "cpus" };
    struct claims_source source = { .scenario = "a", .title = "A & \"B\"", .file = "a.yaml", .data_dir = "../a",
                                    .plots = plots, .plot_count = 1, .campaign = &campaign };
    char dir[] = "/tmp/xbow-test-claims-XXXXXX", command[64];
    ck_assert_ptr_nonnull(mkdtemp(dir));
    struct claims *claims = claims_create();
    expects[0].says = text("x < y & z");
    expects[0].section = text("4.10");
    add_goodput(claims, &source, 10, "0.1%");
    add_goodput(claims, &source, 100, "1%"); /* the same sentence: one row, as bad as the worst */
    char *path = temporary_file("sections: [{section: '4.10', title: Monitoring <all>}]\n"
                                "sentences:\n"
                                "  - {section: '4.9', says: migration, pending: migration}\n"
                                "  - {section: '3.1', says: few vendors, not-comparable: it is about the market}\n"
                                "explanations:\n"
                                "  - {scenario: a, metric: goodput, because: of <reasons>}\n"
                                "  - {scenario: a, metric: goodput, of: nic, because: nobody asks}\n");
    ck_assert_int_eq(claims_read_sentences(claims, path, &errors), 0);
    unlink(path);
    ck_assert_uint_eq(claims_rows(claims), 3);
    ck_assert_uint_eq(claims_count(claims), 2);
    char *said;
    size_t size;
    FILE *out = open_memstream(&said, &size);
    ck_assert_int_eq(claims_stale(claims, out), 1); /* the second explanation */
    fclose(out);
    ck_assert_str_eq(said, "explains nothing: goodput of nic in a holds, or is not there\n");
    free(said);
    ck_assert_int_eq(claims_write(claims, dir, "1.0", &errors), 0);
    char *html = read_file(dir, "index.html"), *md = read_file(dir, "claims.md");
    check_html(html);
    ck_assert_ptr_nonnull(strstr(html, "(the plot cpus was not drawn)"));
    ck_assert_ptr_nonnull(strstr(html, "x &lt; y &amp; z"));
    ck_assert_ptr_nonnull(strstr(html, "4.10&ensp;Monitoring &lt;all&gt;</th>"));
    ck_assert_ptr_nonnull(strstr(html, "<a href=\"../a/summary.json\">data</a>"));
    ck_assert_ptr_nonnull(strstr(html, "of &lt;reasons&gt;"));
    ck_assert_ptr_nonnull(strstr(html, "does not hold</td>"));
    const char *first = strstr(md, "| 3.1 |"), *second = strstr(md, "| 4.9 |"), *third = strstr(md, "| 4.10 |");
    ck_assert(first && second && third && first < second && second < third);
    ck_assert_ptr_nonnull(strstr(second, "| migration | migration | pending |"));
    free(html);
    free(md);
    claims_destroy(claims);
    snprintf(command, sizeof command, "rm -rf %s", dir);
    ck_assert_int_eq(system(command), 0);
}
END_TEST

START_TEST(claims_read_sentences__mistakes_with_their_places)
{
    struct claims *claims = claims_create();
    char *path = temporary_file("sentences:\n"
                                "  - {section: '4.9', says: x}\n"
                                "  - {section: '4.9', says: x, pending: a, not-comparable: b}\n"
                                "  - {says: [x], pending: a}\n"
                                "  - {section: '4.9', says: x, pending: a, wich: b}\n"
                                "explanations:\n"
                                "  - {scenario: a, metric: godput, because: x}\n"
                                "more: 1\n");
    ck_assert_int_eq(claims_read_sentences(claims, path, &errors), -1);
    unlink(path);
    static const char *const wanted[] = { ":8:1: unknown key 'more'", ":2:5: expected either 'pending'",
                                          ":3:5: expected either 'pending'", ":4:5: 'section' is missing",
                                          ":4:12: says: a list where a text is needed", ":5:43: unknown key 'wich'",
                                          ":7:27: unknown metric 'godput'" };
    ck_assert_uint_eq(errors.count, sizeof wanted / sizeof *wanted);
    for (size_t i = 0; i < errors.count; i++)
        ck_assert_msg(strstr(errors.list[i].text, wanted[i]), "%s", errors.list[i].text);
    ck_assert_int_eq(claims_read_sentences(claims, "/nowhere/x.yaml", &errors), -1);
    claims_destroy(claims);
}
END_TEST

START_TEST(claims_read_sentences__of_the_paper)
{
    struct claims *claims = claims_create();
    ck_assert_int_eq(claims_read_sentences(claims, "scenarios/paper/ledger/sentences.yaml", &errors), 0);
    ck_assert_uint_gt(claims_rows(claims), 0);
    ck_assert_uint_eq(claims_count(claims), 0); /* none of them is measured */
    claims_destroy(claims);
}
END_TEST

START_TEST(claims_write__nowhere)
{
    struct claims *claims = claims_create();
    ck_assert_int_eq(claims_write(claims, "/proc/nowhere", "1.0", &errors), -1);
    ck_assert_uint_eq(errors.count, 4);
    claims_destroy(claims);
}
END_TEST

static int lost(const struct claims *claims, const char *list, char **said)
{
    size_t size;
    char *path = list ? temporary_file(list) : NULL;
    FILE *out = open_memstream(said, &size);
    int n = claims_lost(claims, path, out, &errors);
    fclose(out);
    if (path) unlink(path);
    return n;
}

START_TEST(claims_lost__what_held_and_no_longer_does)
{
    struct claims_source source = { .scenario = "figure-2", .file = "scenarios/paper/figure-2.yaml" };
    struct claims *claims = claims_create(), *worse = claims_create();
    char *said, dir[] = "/tmp/xbow-test-claims-XXXXXX", command[64];
    add_goodput(claims, &source, 100, "1%");
    ck_assert_ptr_nonnull(mkdtemp(dir));
    ck_assert_int_eq(claims_write(claims, dir, "1.0", &errors), 0);
    char *held = read_file(dir, "held.json"); /* what is written is what is compared with */
    snprintf(command, sizeof command, "rm -rf %s", dir);
    ck_assert_int_eq(system(command), 0);
    ck_assert_int_eq(lost(claims, held, &said), 0);
    ck_assert_str_eq(said, "");
    free(said);

    add_goodput(worse, &source, 10, "0.1%"); /* another bound: another claim */
    ck_assert_int_eq(lost(worse, held, &said), 1);
    ck_assert_ptr_nonnull(strstr(said, "no longer holds: goodput of vnic in figure-2, within 1% of nic: it is not"));
    free(said);
    ck_assert_int_eq(lost(worse, "{held: [{scenario: figure-2, metric: goodput, of: vnic, bound: within 0.1% of nic}]}",
                          &said), 1);
    ck_assert_ptr_nonnull(strstr(said, "within 0.1% of nic: goodput of vnic is"));
    free(said);
    ck_assert_int_eq(lost(worse, "{held: []}", &said), 0); /* a claim that never held is not lost */
    free(said);
    ck_assert_int_eq(lost(worse, NULL, &said), 1); /* without a list everything must hold */
    ck_assert_ptr_nonnull(strstr(said, "does not hold: goodput of vnic in figure-2: "));
    free(said);
    claims_add_broken(worse, &source, "no such profile");
    ck_assert_int_eq(lost(worse, "{held: []}", &said), 1);
    ck_assert_ptr_nonnull(strstr(said, "did not run: figure-2: no such profile"));
    free(said);
    ck_assert_uint_eq(errors.count, 0);
    ck_assert_int_eq(lost(worse, "{version: 1}", &said), -1);
    free(said);
    ck_assert_int_eq(lost(worse, "{held: [{scenario: x}]}", &said), -1);
    free(said);
    ck_assert_int_eq(claims_lost(worse, "/nowhere/claims.json", stderr, &errors), -1);
    ck_assert_uint_eq(errors.count, 3);
    free(held);
    claims_destroy(claims);
    claims_destroy(worse);
}
END_TEST

Suite *claims_suite(void)
{
    Suite *s = suite_create("claims");
    TCase *t = tcase_create("claims");
    tcase_add_checked_fixture(t, setup, teardown);
    tcase_add_test(t, expect_evaluate__within);
    tcase_add_test(t, expect_evaluate__ratio);
    tcase_add_test(t, expect_evaluate__absolute_bounds);
    tcase_add_test(t, expect_evaluate__every_variant);
    tcase_add_test(t, expect_evaluate__spread);
    tcase_add_test(t, expect_evaluate__results_that_are_to_differ);
    tcase_add_test(t, expect_evaluate__not_measured_fails);
    tcase_add_test(t, expect_evaluate__nothing_is_not_within_1_percent_of_nothing);
    tcase_add_test(t, expect_evaluate__variant_that_was_not_run);
    tcase_add_test(t, expect_check__names_and_units);
    tcase_add_test(t, claims_write__ledger);
    tcase_add_test(t, claims_write__page_is_well_formed_and_whole);
    tcase_add_test(t, claims_read_sentences__mistakes_with_their_places);
    tcase_add_test(t, claims_read_sentences__of_the_paper);
    tcase_add_test(t, claims_write__nowhere);
    tcase_add_test(t, claims_lost__what_held_and_no_longer_does);
    suite_add_tcase(s, t);
    return s;
}
