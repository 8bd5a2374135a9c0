/* SPDX-License-Identifier: GPL-3.0-or-later
 * test_platform.c -- what SimGrid answers, exactly; and what becomes of files it cannot load. */
#include <check.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "core/rng.h"
#include "suites.h"
#include "topology/platform.h"

#define HEAD "<?xml version=\"1.0\"?>\n<!DOCTYPE platform SYSTEM \"https://simgrid.org/simgrid.dtd\">\n" \
             "<platform version=\"4.1\">\n"
#define ZONE HEAD "<zone id=\"z\" routing=\"Full\">\n"
#define END "</zone>\n</platform>\n"

static const struct error_at here = { "scenario.yaml", 3, 11 };

static struct platform *load(const char *name)
{
    struct errors errors;
    char path[100];
    errors_init(&errors);
    snprintf(path, sizeof path, "tests/platforms/%s.xml", name);
    struct platform *p = platform_load(path, here, &errors);
    errors_print(&errors, stderr);
    ck_assert_ptr_nonnull(p);
    errors_fini(&errors);
    return p;
}

static uint32_t host(const struct platform *p, const char *name)
{
    int h = platform_find_host(p, name);
    ck_assert_int_ge(h, 0);
    return (uint32_t)h;
}

/* The names of a route's links with a blank after each. */
static const char *route(struct platform *p, const char *from, const char *to)
{
    static char text[1000];
    struct platform_pair pair = { host(p, from), host(p, to) };
    struct platform_routes r = platform_ask_routes(p, &pair, 1);
    text[0] = '\0';
    for (uint32_t i = 0; i < r.routes[0].count; i++) {
        strcat(text, platform_link(p, r.links[r.routes[0].first + i])->name);
        strcat(text, " ");
    }
    platform_routes_fini(&r);
    return text;
}

static void check_link(const struct platform *p, const char *name, int64_t bps, int64_t ps, bool shared)
{
    int l = platform_find_link(p, name);
    ck_assert_msg(l >= 0, "no link %s", name);
    const struct platform_link *link = platform_link(p, (size_t)l);
    ck_assert_str_eq(link->name, name);
    ck_assert_int_eq(link->rate.bps, bps);
    ck_assert_int_eq(link->latency.ps, ps);
    ck_assert_int_eq(link->shared, shared);
}

/* -- loading ---------------------------------------------------------------------------------------------------- */

START_TEST(platform_load__numbers_are_exact)
{
    struct platform *p = load("by_hand");
    ck_assert_uint_eq(platform_host_count(p), 4);
    ck_assert_uint_eq(platform_link_count(p), 5);
    check_link(p, "a", 1000000000, 1000000, true);
    check_link(p, "b", 10000000000, 250000, true);
    check_link(p, "c", 2500000000, 333, true);
    check_link(p, "direct", 1000000, 0, true);
    check_link(p, "ether", 100000000000, 10000000, false);
    ck_assert_int_eq(platform_find_link(p, "__loopback__"), -1);
    ck_assert_int_eq(platform_find_host(p, "nobody"), -1);
    platform_destroy(p);
}
END_TEST

START_TEST(platform_load__in_order_of_name)
{
    static const char *const files[] = { "by_hand", "cluster", "dragonfly", "fat_tree" };
    for (size_t f = 0; f < sizeof files / sizeof *files; f++) {
        struct platform *p = load(files[f]);
        for (size_t i = 1; i < platform_host_count(p); i++)
            ck_assert_int_lt(strcmp(platform_host_name(p, i - 1), platform_host_name(p, i)), 0);
        for (size_t i = 1; i < platform_link_count(p); i++)
            ck_assert_int_lt(strcmp(platform_link(p, i - 1)->name, platform_link(p, i)->name), 0);
        for (size_t i = 0; i < platform_host_count(p); i++)
            ck_assert_int_eq(platform_find_host(p, platform_host_name(p, i)), (int)i);
        platform_destroy(p);
    }
}
END_TEST

START_TEST(platform_load__several_at_once_and_nothing_left)
{
    struct platform *a = load("cluster"), *b = load("fat_tree"), *c = load("cluster");
    ck_assert_str_eq(route(b, "node0", "node1"), "link_from_0_31_0_UP link_from_1_31_1_DOWN ");
    platform_destroy(a);
    ck_assert_str_eq(route(c, "blue1", "blue2"), "blue_link_1_UP blue_backbone blue_link_2_DOWN ");
    platform_destroy(c);
    platform_destroy(b);
    platform_destroy(NULL);
    ck_assert_int_eq(waitpid(-1, NULL, WNOHANG), -1);
    ck_assert_int_eq(errno, ECHILD);
}
END_TEST

static const struct bad {
    const char *text, *line, *message; /* 'line': "" when reported at the scenario's line */
} bad_files[] = {
    { "", "1:1", "empty" },
    { "hello, world\n", "1:1", "Unexpected character" },
    { "\x7f" "ELF\x01\x02\x03\xff\xfe", "1:1", "Unexpected character" },
    { HEAD, "4:1", "Premature EOF" },
    { ZONE "<hosst id=\"a\" speed=\"1f\"/>\n" END, "5:1", "Unexpected character" },
    { ZONE "<host id=\"a\"/>\n" END, "5:1", "Required attribute `speed' not set" },
    { ZONE "<host id=\"a\" speed=\"1f\"/>\n", "6:1", "Premature EOF" },
    { ZONE "<host id=\"a\" speed=\"1f\"/>\n<link id=\"l\" bandwidth=\"10xyz\" latency=\"1us\"/>\n" END, "6:1",
      "unknown unit: xyz" },
    { ZONE "<host id=\"a\" speed=\"1f\"/>\n<route src=\"a\" dst=\"b\"><link_ctn id=\"l\"/></route>\n" END, "", "" },
    { ZONE "<host id=\"a\" speed=\"1f\"/>\n<host id=\"a\" speed=\"1f\"/>\n" END, "", "second host named 'a'" },
    { ZONE "<host id=\"a\" speed=\"1f\"/>\n<link id=\"l\" bandwidth=\"0Gbps\" latency=\"1us\"/>\n" END, "",
      "link 'l' has a bandwidth of 0 bit/s" },
    { ZONE "<host id=\"a\" speed=\"1f\"/>\n<link id=\"l\" bandwidth=\"-1Gbps\" latency=\"1us\"/>\n" END, "",
      "link 'l' has a bandwidth" },
    { ZONE "<host id=\"a\" speed=\"1f\"/>\n<link id=\"l\" bandwidth=\"1Gbps\" latency=\"-1us\"/>\n" END, "",
      "link 'l' has a latency of" },
    { ZONE END, "", "has no host" },
    { HEAD "</platform>\n", "", "has no host" },
    { HEAD "<zone id=\"z\" routing=\"Nonsense\">\n<host id=\"a\" speed=\"1f\"/>\n" END, "", "Not a valid model" },
    { "<?xml version=\"1.0\"?>\n<!DOCTYPE platform SYSTEM \"https://simgrid.org/simgrid.dtd\">\n"
      "<platform version=\"3\">\n<AS id=\"z\" routing=\"Full\">\n</AS>\n</platform>\n", "3:1", "TOO OLD" },
};

START_TEST(platform_load__bad_file)
{
    const struct bad *bad = &bad_files[_i];
    const char *dir = getenv("TMPDIR");
    char path[300], where[400];
    struct errors errors;
    snprintf(path, sizeof path, "%s/xbow-platform-XXXXXX", dir ? dir : "/tmp");
    int fd = mkstemp(path);
    ck_assert_int_ge(fd, 0);
    ck_assert_int_eq((int)write(fd, bad->text, strlen(bad->text)), (int)strlen(bad->text));
    close(fd);
    errors_init(&errors);
    struct platform *p = platform_load(path, here, &errors);
    unlink(path);
    ck_assert_ptr_null(p);
    ck_assert_uint_eq(errors.count, 1);
    if (*bad->line) {
        snprintf(where, sizeof where, "%s:%s: ", path, bad->line);
        ck_assert_msg(strncmp(errors.list[0].text, where, strlen(where)) == 0, "%s", errors.list[0].text);
    } else {
        ck_assert_msg(strncmp(errors.list[0].text, "scenario.yaml:3:11: ", 20) == 0 ||
                      strncmp(errors.list[0].text, path, strlen(path)) == 0, "%s", errors.list[0].text);
    }
    ck_assert_msg(strstr(errors.list[0].text, bad->message) != NULL, "%s", errors.list[0].text);
    for (const char *c = errors.list[0].text; *c; c++) ck_assert(*c >= ' ' && *c <= '~');
    errors_fini(&errors);
    ck_assert_int_eq(waitpid(-1, NULL, WNOHANG), -1); /* no process left */
}
END_TEST

START_TEST(platform_load__not_a_file)
{
    static const char *const paths[][2] = { { "tests/no-such-file.xml", "No such file" }, { "tests", "is not a file" },
                                            { "/dev/null", "is not a file" } };
    for (size_t i = 0; i < sizeof paths / sizeof *paths; i++) {
        struct errors errors;
        errors_init(&errors);
        ck_assert_ptr_null(platform_load(paths[i][0], here, &errors));
        ck_assert_uint_eq(errors.count, 1);
        ck_assert_msg(strstr(errors.list[0].text, "scenario.yaml:3:11: ") && strstr(errors.list[0].text, paths[i][1]),
                      "%s", errors.list[0].text);
        errors_fini(&errors);
    }
}
END_TEST

/* -- routes ----------------------------------------------------------------------------------------------------- */

START_TEST(platform_ask_routes__in_order_of_travel)
{
    struct platform *p = load("cluster");
    ck_assert_str_eq(route(p, "red0", "red1"), "red_link_0_UP red_backbone red_link_1_DOWN ");
    ck_assert_str_eq(route(p, "red0", "blue3"),
                     "red_link_0_UP red_backbone trunk_UP blue_backbone blue_link_3_DOWN ");
    ck_assert_str_eq(route(p, "blue3", "red0"),
                     "blue_link_3_UP blue_backbone trunk_DOWN red_backbone red_link_0_DOWN ");
    platform_destroy(p);
    p = load("by_hand");
    ck_assert_str_eq(route(p, "anna", "bert"), "a ether b ");
    ck_assert_str_eq(route(p, "bert", "anna"), "b ether a ");
    platform_destroy(p);
}
END_TEST

/* In a dragonfly and a fat tree: up and down at the ends, and between routers 0 to 5 links. */
START_TEST(platform_ask_routes__lengths)
{
    struct platform *tree = load("fat_tree"), *fly = load("dragonfly");
    for (int i = 0; i < 2; i++) {
        struct platform *p = i ? fly : tree;
        struct platform_pair pairs[16 * 15];
        size_t n = 0;
        for (uint32_t a = 0; a < 16; a++)
            for (uint32_t b = 0; b < 16; b++)
                if (a != b) pairs[n++] = (struct platform_pair){ a, b };
        struct platform_routes r = platform_ask_routes(p, pairs, n);
        for (size_t k = 0; k < n; k++) {
            ck_assert_uint_ge(r.routes[k].count, 2);
            ck_assert_uint_le(r.routes[k].count, i ? 7 : 4);
            if (!i) ck_assert_uint_eq(r.routes[k].count % 2, 0); /* as many up as down */
        }
        platform_routes_fini(&r);
        platform_destroy(p);
    }
}
END_TEST

/* More pairs than fit into one batch, and more links than into its buffer, are answered as each alone. */
START_TEST(platform_ask_routes__large_batches)
{
    struct platform *p = load("cluster");
    enum { N = 40000 };
    struct platform_pair *pairs = calloc(N, sizeof *pairs);
    struct rng *rng = rng_create(1, "pairs");
    for (size_t i = 0; i < N; i++) {
        pairs[i].from = rng_below(rng, 16);
        do pairs[i].to = rng_below(rng, 16);
        while (pairs[i].to == pairs[i].from);
    }
    struct platform_routes all = platform_ask_routes(p, pairs, N);
    for (size_t i = 0; i < N; i += 997) {
        struct platform_routes one = platform_ask_routes(p, &pairs[i], 1);
        ck_assert_uint_eq(all.routes[i].count, one.routes[0].count);
        ck_assert_mem_eq(all.links + all.routes[i].first, one.links, one.routes[0].count * sizeof *one.links);
        platform_routes_fini(&one);
    }
    platform_routes_fini(&all);
    rng_destroy(rng);
    free(pairs);
    platform_destroy(p);
}
END_TEST

START_TEST(platform_ask_routes__none)
{
    struct platform *p = load("by_hand");
    ck_assert_str_eq(route(p, "anna", "island"), "");
    ck_assert_str_eq(route(p, "anna", "cleo"), "direct ");
    platform_destroy(p);
}
END_TEST

/* SimGrid aborts on a pair that a Floyd zone cannot join: the answers before and after it must not suffer. */
START_TEST(platform_ask_routes__survives_what_kills_simgrid)
{
    struct platform *p = load("parted");
    struct platform_pair pairs[12];
    size_t n = 0;
    for (uint32_t a = 0; a < 4; a++)
        for (uint32_t b = 0; b < 4; b++)
            if (a != b) pairs[n++] = (struct platform_pair){ a, b };
    for (int again = 0; again < 2; again++) {
        struct platform_routes r = platform_ask_routes(p, pairs, n);
        for (size_t i = 0; i < n; i++)
            ck_assert_uint_eq(r.routes[i].count, pairs[i].from / 2 == pairs[i].to / 2);
        platform_routes_fini(&r);
    }
    ck_assert_str_eq(route(p, "c", "d"), "cd ");
    platform_destroy(p);
}
END_TEST

/* -- flows ------------------------------------------------------------------------------------------------------ */

/* CM02 with factors 1: latency of every link once, then bytes at the slowest link's rate. */
START_TEST(platform_flow_times__latency_and_bandwidth)
{
    struct platform *p = platform_from_xml(
        ZONE "<host id=\"a\" speed=\"1f\"/><host id=\"b\" speed=\"1f\"/>\n"
        "<link id=\"l\" bandwidth=\"8Gbps\" latency=\"1us\"/>\n"
        "<route src=\"a\" dst=\"b\"><link_ctn id=\"l\"/></route>\n" END);
    sim_dur t;
    ck_assert_int_eq(platform_flow_times(p, &(struct platform_flow){ 0, 1, 1 }, 1, &t), 0);
    ck_assert_int_eq(t.ps, 1000000 + 1000); /* one byte takes 1 ns */
    ck_assert_int_eq(platform_flow_times(p, &(struct platform_flow){ 0, 1, 1000000 }, 1, &t), 0);
    ck_assert_int_eq(t.ps, 1000000 + 1000000000);
    platform_destroy(p);

    p = load("by_hand");
    struct platform_flow flow = { host(p, "anna"), host(p, "bert"), 125 };
    ck_assert_int_eq(platform_flow_times(p, &flow, 1, &t), 0);
    ck_assert_int_eq(t.ps, 1000000 + 10000000 + 250000 + 1000000);
    platform_destroy(p);
}
END_TEST

/* Progressive filling, written for this test: all rates grow together; flows stop at their first full link. */
static void fill(const struct platform *p, const struct platform_routes *r, size_t n, double *rate)
{
    size_t links = platform_link_count(p), left = n;
    double *room = calloc(links, sizeof *room);
    bool *stopped = calloc(n, sizeof *stopped);
    for (size_t l = 0; l < links; l++) room[l] = (double)platform_link(p, l)->rate.bps;
    for (size_t i = 0; i < n; i++) {
        rate[i] = 0;
        for (uint32_t k = 0; k < r->routes[i].count; k++) /* a fatpipe bounds each flow, not their sum */
            ck_assert_uint_lt(r->links[r->routes[i].first + k], links);
    }
    while (left) {
        double step = 1e300;
        for (size_t l = 0; l < links; l++) {
            double users = 0;
            for (size_t i = 0; i < n; i++)
                for (uint32_t k = 0; k < r->routes[i].count && !stopped[i]; k++)
                    users += r->links[r->routes[i].first + k] == l;
            if (!platform_link(p, l)->shared) users = users > 0 ? 1 : 0;
            if (users > 0 && room[l] / users < step) step = room[l] / users;
        }
        for (size_t i = 0; i < n; i++)
            if (!stopped[i]) rate[i] += step;
        for (size_t l = 0; l < links; l++) {
            double users = 0;
            for (size_t i = 0; i < n; i++)
                for (uint32_t k = 0; k < r->routes[i].count && !stopped[i]; k++)
                    users += r->links[r->routes[i].first + k] == l;
            room[l] -= step * (platform_link(p, l)->shared ? users : users > 0);
        }
        for (size_t i = 0; i < n; i++) {
            if (stopped[i]) continue;
            for (uint32_t k = 0; k < r->routes[i].count; k++) {
                uint32_t l = r->links[r->routes[i].first + k];
                if (room[l] < 1) stopped[i] = true;
            }
            left -= stopped[i];
        }
    }
    free(room);
    free(stopped);
}

START_TEST(platform_flow_rates__are_max_min_fair)
{
    struct platform *p = load("cluster");
    struct rng *rng = rng_create((uint64_t)_i, "flows");
    enum { N = 20 };
    struct platform_flow flows[N];
    struct platform_pair pairs[N];
    sim_rate rates[N];
    double expected[N];
    for (size_t i = 0; i < N; i++) {
        flows[i].from = rng_below(rng, 16);
        do flows[i].to = rng_below(rng, 16);
        while (flows[i].to == flows[i].from);
        pairs[i] = (struct platform_pair){ flows[i].from, flows[i].to };
    }
    struct platform_routes r = platform_ask_routes(p, pairs, N);
    fill(p, &r, N, expected);
    ck_assert_int_eq(platform_flow_rates(p, flows, N, rates), 0);
    for (size_t i = 0; i < N; i++) ck_assert_double_eq_tol((double)rates[i].bps, expected[i], expected[i] * 1e-6);
    platform_routes_fini(&r);
    rng_destroy(rng);
    platform_destroy(p);
}
END_TEST

Suite *platform_suite(void)
{
    Suite *s = suite_create("platform");
    TCase *tc = tcase_create("load");
    tcase_set_timeout(tc, 30);
    tcase_add_test(tc, platform_load__numbers_are_exact);
    tcase_add_test(tc, platform_load__in_order_of_name);
    tcase_add_test(tc, platform_load__several_at_once_and_nothing_left);
    tcase_add_loop_test(tc, platform_load__bad_file, 0, (int)(sizeof bad_files / sizeof *bad_files));
    tcase_add_test(tc, platform_load__not_a_file);
    suite_add_tcase(s, tc);
    tc = tcase_create("ask");
    tcase_set_timeout(tc, 30);
    tcase_add_test(tc, platform_ask_routes__in_order_of_travel);
    tcase_add_test(tc, platform_ask_routes__lengths);
    tcase_add_test(tc, platform_ask_routes__large_batches);
    tcase_add_test(tc, platform_ask_routes__none);
    tcase_add_test(tc, platform_ask_routes__survives_what_kills_simgrid);
    tcase_add_test(tc, platform_flow_times__latency_and_bandwidth);
    tcase_add_loop_test(tc, platform_flow_rates__are_max_min_fair, 1, 4);
    suite_add_tcase(s, tc);
    return s;
}
