/* SPDX-License-Identifier: GPL-3.0-or-later
 * test_report.c -- what a results directory holds, and that an earlier one survives every failure. */
#include <check.h>
#include <ctype.h>
#include <dirent.h>
#include <math.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "report/csv.h"
#include "report/json.h"
#include "report/plot.h"
#include "report/results.h"
#include "report/table.h"
#include "report/trace_json.h"
#include "report_fixture.h"
#include "suites.h"

static char top[64];           /* a new directory for each test */
static struct run_result runs[6];
static struct campaign campaign;
static struct errors errors;
static const struct results_meta meta = { "1.0-test", "scenarios/x.yaml", "A title", 0x1234, NULL, 1 };

static void remove_dir(const char *path)
{
    char command[256];
    snprintf(command, sizeof command, "chmod -R u+rwx '%s' && rm -rf '%s'", path, path);
    ck_assert_int_eq(system(command), 0);
}

static void setup(void)
{
    strcpy(top, "/tmp/xbow-test-report-XXXXXX");
    ck_assert_ptr_nonnull(mkdtemp(top));
    fixture_campaign(&campaign, runs);
    errors_init(&errors);
}

static void teardown(void)
{
    remove_dir(top);
    fixture_free(runs);
    errors_fini(&errors);
}

static const char *in_top(const char *name)
{
    static char path[4][300];
    static int turn;
    turn = (turn + 1) % 4;
    snprintf(path[turn], sizeof path[turn], "%s/%s", top, name);
    return path[turn];
}

static char *read_file(const char *path)
{
    FILE *in = fopen(path, "r");
    if (!in) return NULL;
    char *text = calloc(1, 1 << 20);
    size_t n = fread(text, 1, (1 << 20) - 1, in);
    text[n] = '\0';
    fclose(in);
    return text;
}

static void write_results(const char *name)
{
    struct results *r = results_begin(in_top(name), &errors);
    ck_assert_ptr_nonnull(r);
    ck_assert_int_eq(results_write(r, &meta, &campaign, NULL, &errors), 0);
    ck_assert_int_eq(results_commit(r, &errors), 0);
    ck_assert_uint_eq(errors.count, 0);
}

/* Names in 'top', "." and ".." left out: how many, and whether one is hidden. */
static int entries(bool *hidden)
{
    int n = 0;
    DIR *d = opendir(top);
    *hidden = false;
    for (struct dirent *e = readdir(d); e; e = readdir(d)) {
        if (strcmp(e->d_name, ".") == 0 || strcmp(e->d_name, "..") == 0) continue;
        n++;
        *hidden |= e->d_name[0] == '.';
    }
    closedir(d);
    return n;
}

/* -- a small JSON reader that only says yes or no --------------------------------------------------------------- */

static const char *json_value(const char *s);

static const char *skip(const char *s)
{
    return s + strspn(s, " \n\t\r");
}

static const char *json_quoted(const char *s)
{
    if (*s != '"') return NULL;
    for (s++; *s && *s != '"'; s++) {
        if ((unsigned char)*s < 0x20) return NULL;
        if (*s != '\\') continue;
        s++;
        if (*s == 'u') {
            for (int i = 0; i < 4; i++)
                if (!isxdigit((unsigned char)*++s)) return NULL;
        } else if (!*s || !strchr("\"\\/bfnrt", *s)) {
            return NULL;
        }
    }
    return *s ? s + 1 : NULL;
}

static const char *json_list(const char *s, char end, bool keys)
{
    s = skip(s + 1);
    if (*s == end) return s + 1;
    for (;;) {
        if (keys) {
            s = json_quoted(skip(s));
            if (!s || *(s = skip(s)) != ':') return NULL;
            s++;
        }
        s = json_value(s);
        if (!s) return NULL;
        s = skip(s);
        if (*s == end) return s + 1;
        if (*s++ != ',') return NULL;
    }
}

static const char *json_value(const char *s)
{
    char *end;
    s = skip(s);
    if (*s == '{') return json_list(s, '}', true);
    if (*s == '[') return json_list(s, ']', false);
    if (*s == '"') return json_quoted(s);
    if (strncmp(s, "true", 4) == 0 || strncmp(s, "null", 4) == 0) return s + 4;
    if (strncmp(s, "false", 5) == 0) return s + 5;
    if (*s != '-' && !isdigit((unsigned char)*s)) return NULL; /* no nan, inf, +1, .5 */
    (void)!isnan(strtod(s, &end));
    return end > s ? end : NULL;
}

static bool is_json(const char *text)
{
    const char *end = json_value(text);
    return end && *skip(end) == '\0';
}

/* Every line has as many fields as the first; quotes are balanced.  Returns the lines, 0 when that does not hold. */
static int csv_lines(const char *text)
{
    int lines = 0, fields = 1, want = 0;
    bool quoted = false;
    for (; *text; text++) {
        if (*text == '"') quoted = !quoted;
        if (quoted) continue;
        if (*text == ',') fields++;
        if (*text != '\n') continue;
        if (lines++ == 0) want = fields;
        if (fields != want) return 0;
        fields = 1;
    }
    return quoted ? 0 : lines;
}

START_TEST(json__escapes_and_numbers)
{
    char *text;
    size_t size;
    FILE *out = open_memstream(&text, &size);
    struct json j;
    json_begin(&j, out);
    json_object(&j, NULL);
    json_string(&j, "a\"b", "tab\t, bell\a, \\, line\nend, \xc3\xa9, \xff, \xed\xa0\x80");
    json_double(&j, "nan", NAN);
    json_double(&j, "third", 1.0 / 3);
    json_decimal(&j, "two", 2, 3);
    json_u64(&j, "big", UINT64_MAX);
    json_i64(&j, "small", INT64_MIN);
    json_array(&j, "empty");
    json_array_end(&j);
    json_bool(&j, "yes", true);
    json_string(&j, "null", NULL);
    json_object_end(&j);
    json_end(&j);
    fclose(out);
    ck_assert_str_eq(text, "{\n"
                     "  \"a\\\"b\": \"tab\\u0009, bell\\u0007, \\\\, line\\nend, \xc3\xa9, \\ufffd, "
                     "\\ufffd\\ufffd\\ufffd\",\n"
                     "  \"nan\": null,\n  \"third\": 0.3333333333,\n  \"two\": 2.000,\n"
                     "  \"big\": 18446744073709551615,\n  \"small\": -9223372036854775808,\n  \"empty\": [],\n"
                     "  \"yes\": true,\n  \"null\": null\n}\n");
    ck_assert(is_json(text));
    free(text);
}
END_TEST

START_TEST(results_write__files_are_well_formed)
{
    static const char *const csv[] = { "metrics.csv", "metrics-wide.csv", "metrics-runs.csv", "lanes-mean.csv",
                                       "cpus-mean.csv", "lanes.csv", "cpus.csv", "links.csv", "flows.csv", "nics.csv" };
    static const char *const json[] = { "summary.json", "timing.json" };
    write_results("x");
    for (size_t i = 0; i < sizeof csv / sizeof *csv; i++) {
        char path[64];
        snprintf(path, sizeof path, "x/%s", csv[i]);
        char *text = read_file(in_top(path));
        ck_assert_msg(text != NULL, "%s", csv[i]);
        ck_assert_msg(csv_lines(text) >= 1, "%s", csv[i]);
        ck_assert_msg(strncmp(text, "variant,", 8) == 0, "%s", csv[i]);
        free(text);
    }
    for (size_t i = 0; i < sizeof json / sizeof *json; i++) {
        char path[64];
        snprintf(path, sizeof path, "x/%s", json[i]);
        char *text = read_file(in_top(path));
        ck_assert_msg(text != NULL && is_json(text), "%s", json[i]);
        free(text);
    }
}
END_TEST

START_TEST(results_write__values)
{
    write_results("x");
    char *text = read_file(in_top("x/lanes.csv"));
    ck_assert_int_eq(csv_lines(text), 1 + 6 * 4);
    ck_assert_ptr_nonnull(strstr(text, "vnic,3,sut/ixgbe0/hwlane1,3000,4554000,1500,2277000,1500,2277000,5,60,0,0\n"));
    free(text);
    text = read_file(in_top("x/metrics.csv"));
    ck_assert_ptr_nonnull(strstr(text, "nic,goodput,Gb/s,3,1.212,1.182190347,1.241809653,0.02980965254,1.2,1.224\n"));
    free(text);
    text = read_file(in_top("x/lanes-mean.csv"));
    ck_assert_int_eq(csv_lines(text), 1 + 2 * 2); /* the idle lane is left out */
    ck_assert_ptr_nonnull(strstr(text, "vnic,1,0,2,sut/ixgbe0/hwlane0,3,10,0,90,0,25,0,50,0,25,0\n"));
    free(text);
    text = read_file(in_top("x/cpus-mean.csv"));
    ck_assert_ptr_nonnull(strstr(text, "nic,0,1,2,sut/cpu1,3,30,0,20,0,10,0,40,0,10,0,5,0,5,0,10,0,30,0,0,0,40,0\n"));
    free(text);
}
END_TEST

START_TEST(results_write__summary_has_the_promised_fields)
{
    static const char *const fields[] = { "\"schema\": 1", "\"scenario\"", "\"variant\": \"vnic\"", "\"seed\": 3",
                                          "\"simulated_s\": 1.200000000000", "\"events\"", "\"packet_hops\"",
                                          "\"link_full\": 5", "\"lane_sdrops\": 2", "\"sut\"", "\"cpus\"", "\"links\"",
                                          "\"lanes\"", "\"ixgbe0/hwlane0\"", "\"client1\"", "\"foundry\"",
                                          "\"effective_hash\": \"fnv1a-64:0000000000001234\"" };
    char *text;
    size_t size;
    write_results("x");
    char *summary = read_file(in_top("x/summary.json"));
    for (size_t i = 0; i < sizeof fields / sizeof *fields; i++)
        ck_assert_msg(strstr(summary, fields[i]) != NULL, "%s", fields[i]);
    ck_assert_ptr_null(strstr(summary, "wall_s"));
    FILE *out = open_memstream(&text, &size);
    ck_assert_int_eq(results_print_json(out, &meta, &campaign, NULL), 0);
    fclose(out);
    ck_assert(is_json(text));
    ck_assert_ptr_nonnull(strstr(text, "\"wall_s\": 0.250000"));
    ck_assert_ptr_nonnull(strstr(text, "\"wall_s\": 1.500000")); /* of all six */
    free(text);
    free(summary);
}
END_TEST

START_TEST(results_write__same_runs_same_bytes)
{
    char command[600];
    write_results("x");
    for (size_t i = 0; i < 6; i++) runs[i].wall_s *= 3; /* another machine */
    campaign.wall_s = 9;
    campaign.jobs = 1;
    write_results("y");
    snprintf(command, sizeof command, "diff -r --exclude=timing.json %s/x %s/y", top, top);
    ck_assert_int_eq(system(command), 0);
    snprintf(command, sizeof command, "cmp -s %s/x/timing.json %s/y/timing.json", top, top);
    ck_assert_int_ne(system(command), 0);
}
END_TEST

START_TEST(csv_write_kind__quotes_and_missing_counters)
{
    static const char *const one[] = { "a", "b" }, *const two[] = { "b", "c" };
    const uint64_t values[] = { 1, 2 };
    struct run_result r;
    char *text;
    size_t size;
    run_result_init(&r);
    run_result_set(&r.variant, "a, \"b\"");
    run_result_add(&r, "switch", "one", one, values, 2);
    run_result_add(&r, "switch", "two", two, values, 2);
    struct campaign c = { .runs = &r, .count = 1, .reps = 1 };
    FILE *out = open_memstream(&text, &size);
    csv_write_kind(out, &c, "switch");
    fclose(out);
    ck_assert_str_eq(text, "variant,seed,entity,a,b,c\n\"a, \"\"b\"\"\",0,one,1,2,\n\"a, \"\"b\"\"\",0,two,,1,2\n");
    free(text);
    char *name = csv_file_name("switch");
    ck_assert_str_eq(name, "switches.csv");
    free(name);
    name = csv_file_name("sockets");
    ck_assert_str_eq(name, "sockets.csv");
    free(name);
    run_result_fini(&r);
}
END_TEST

START_TEST(results_commit__replaces_and_leaves_nothing_behind)
{
    bool hidden;
    write_results("x");
    FILE *mark = fopen(in_top("x/old"), "w");
    fclose(mark);
    write_results("x");
    ck_assert_int_eq(access(in_top("x/old"), F_OK), -1);
    ck_assert_int_eq(access(in_top("x/summary.json"), F_OK), 0);
    ck_assert_int_eq(entries(&hidden), 1);
}
END_TEST

START_TEST(results_begin__makes_parents)
{
    bool hidden;
    write_results("a/b/c/");
    ck_assert_int_eq(access(in_top("a/b/c/summary.json"), F_OK), 0);
    ck_assert_int_eq(entries(&hidden), 1);
}
END_TEST

START_TEST(results_begin__link_to_a_directory_stays_a_link)
{
    struct stat st;
    write_results("real");
    ck_assert_int_eq(symlink("real", in_top("link")), 0);
    write_results("link");
    ck_assert_int_eq(lstat(in_top("link"), &st), 0);
    ck_assert(S_ISLNK(st.st_mode));
    ck_assert_int_eq(access(in_top("real/summary.json"), F_OK), 0);
}
END_TEST

START_TEST(results_begin__refuses_somebody_elses_directory)
{
    mkdir(in_top("home"), 0777);
    FILE *thesis = fopen(in_top("home/thesis.tex"), "w");
    fclose(thesis);
    ck_assert_ptr_null(results_begin(in_top("home"), &errors));
    ck_assert_uint_eq(errors.count, 1);
    ck_assert_ptr_nonnull(strstr(errors.list[0].text, "expected a results directory"));
    ck_assert_int_eq(access(in_top("home/thesis.tex"), F_OK), 0);
    ck_assert_ptr_null(results_begin(in_top("home/thesis.tex"), &errors));
    ck_assert_ptr_null(results_begin(in_top("home/thesis.tex/below"), &errors));
    ck_assert_ptr_null(results_begin("/", &errors));
    ck_assert_ptr_null(results_begin("", &errors));
    ck_assert_uint_eq(errors.count, 5);
}
END_TEST

START_TEST(results_begin__leftovers_of_killed_runs_go)
{
    bool hidden;
    pid_t dead = fork();
    if (dead == 0) _exit(0);
    waitpid(dead, NULL, 0);
    char name[64];
    snprintf(name, sizeof name, ".x.new.%d", (int)dead);
    mkdir(in_top(name), 0777);
    snprintf(name, sizeof name, ".x.new.%d", (int)getppid()); /* alive: another run of the same scenario */
    mkdir(in_top(name), 0777);
    write_results("x");
    ck_assert_int_eq(entries(&hidden), 2);
    ck_assert_int_eq(access(in_top(name), F_OK), 0);
}
END_TEST

START_TEST(results_abandon__earlier_results_untouched)
{
    bool hidden;
    write_results("x");
    struct results *r = results_begin(in_top("x"), &errors);
    FILE *out = results_open(r, "capture/half.pcapng", &errors);
    fputs("half", out);
    ck_assert_int_eq(results_close(r, out, "capture/half.pcapng", &errors), 0);
    results_abandon(r);
    ck_assert_int_eq(access(in_top("x/summary.json"), F_OK), 0);
    ck_assert_int_eq(entries(&hidden), 1);
    ck_assert(!hidden);
}
END_TEST

/* Only when not root: root may write everywhere. */
START_TEST(results_begin__unwritable_parent)
{
    if (geteuid() == 0) {
        ck_assert_ptr_null(results_begin("/proc/x", &errors));
    } else {
        chmod(top, 0555);
        ck_assert_ptr_null(results_begin(in_top("x"), &errors));
        chmod(top, 0755);
    }
    ck_assert_uint_eq(errors.count, 1);
    ck_assert_ptr_nonnull(strstr(errors.list[0].text, "cannot"));
}
END_TEST

/* A file may not grow beyond 512 bytes, as if the disk were full: an error, no crash, and the old results stay. */
START_TEST(results_write__disk_full)
{
    bool hidden;
    write_results("x");
    char *before = read_file(in_top("x/summary.json"));
    pid_t pid = fork();
    if (pid == 0) {
        struct rlimit limit = { 512, 512 };
        struct results *r = results_begin(in_top("x"), &errors);
        if (!r || setrlimit(RLIMIT_FSIZE, &limit) != 0) _exit(2);
        int code = results_write(r, &meta, &campaign, NULL, &errors);
        results_abandon(r);
        _exit(code == -1 && errors.count == 1 && strstr(errors.list[0].text, "cannot write") ? 0 : 1);
    }
    int status;
    waitpid(pid, &status, 0);
    ck_assert(WIFEXITED(status));
    ck_assert_int_eq(WEXITSTATUS(status), 0);
    char *after = read_file(in_top("x/summary.json"));
    ck_assert_str_eq(before, after);
    ck_assert_int_eq(entries(&hidden), 1);
    free(before);
    free(after);
}
END_TEST

START_TEST(results_close__full_device)
{
    struct results *r = results_begin(in_top("x"), &errors);
    FILE *full = fopen("/dev/full", "w");
    ck_assert_ptr_nonnull(full);
    fputs("text", full);
    ck_assert_int_eq(results_close(r, full, "file", &errors), -1);
    ck_assert_ptr_nonnull(strstr(errors.list[0].text, "No space left"));
    full = fopen("/dev/full", "w");
    ck_assert_int_eq(results_print_json(full, &meta, &campaign, NULL), -1);
    fclose(full);
    results_abandon(r);
}
END_TEST

START_TEST(results_run_path__stays_in_the_directory)
{
    struct results *r = results_begin(in_top("x"), &errors);
    char *path = results_run_path(r, "../../v 1", 7, "sut/ixgbe0", "pcapng");
    ck_assert_str_eq(path + strlen(results_dir(r)), "/capture/.._.._v_1-7-sut_ixgbe0.pcapng");
    free(path);
    results_abandon(r);
}
END_TEST

START_TEST(table_print__what_a_person_reads)
{
    char *text;
    size_t size;
    FILE *out = open_memstream(&text, &size);
    table_print(out, &campaign, NULL);
    fclose(out);
    ck_assert_ptr_nonnull(strstr(text, "goodput                         1.212 ± 0.030 Gb/s        1.218 ± 0.030 Gb/s\n"));
    ck_assert_ptr_nonnull(strstr(text, "link_full"));
    ck_assert_ptr_nonnull(strstr(text, "CH10-50"));
    ck_assert_ptr_nonnull(strstr(text, "ixgbe0           rx   hw      1    3.00K    4.55M    1.50K    1.50K"));
    ck_assert_ptr_nonnull(strstr(text, "   1    1000       0     200      20       2      10    5000   30   30   40\n"));
    free(text);
}
END_TEST

/* -- traces ------------------------------------------------------------------------------------------------------- */

static const char *entity_name(void *ctx, uint32_t id)
{
    static const char *const names[] = { NULL, "sut/cpu0", "sut/ixgbe0/hwlane0", "client1" };
    (void)ctx;
    return id < 4 ? names[id] : NULL;
}

static const char *thread_name_of(void *ctx, uint32_t entity, int64_t thread)
{
    (void)ctx;
    (void)entity;
    return thread == 3 ? "poll \"0\"" : NULL;
}

START_TEST(trace_json_write__spans_counters_marks)
{
    static const struct trace_record records[] = {
        { { 1000000 }, 1, TRACE_cpu_run, { 0, 3, 2500001, 0 } },
        { { 2000000 }, 1, TRACE_cpu_interrupt, { 0, 9, 0, 0 } },
        { { 2000000 }, 2, TRACE_lane_intr_mode, { 0, 0, 0, 0 } },
        { { 3000000 }, 2, TRACE_lane_poll_mode, { 0, 5, 0, 0 } },
        { { 4000000 }, 2, TRACE_lane_poll, { 0, 17, 4, 0 } },
        { { 5000000 }, 3, TRACE_tcp_cwnd, { 1, 14480, 65535, 0 } },
        { { 6000000 }, 4, TRACE_link_drop, { 1, 1518, 0, 0 } },
    };
    struct trace *t = trace_create(7);
    struct trace_names names = { NULL, entity_name, thread_name_of, NULL };
    char *text;
    size_t size;
    for (size_t i = 0; i < 7; i++) trace_add(t, records[i]);
    trace_add(t, records[0]);
    FILE *out = open_memstream(&text, &size);
    ck_assert_int_eq(trace_json_write(out, t, &names), 0);
    fclose(out);
    ck_assert(is_json(text));
    ck_assert_ptr_nonnull(strstr(text, "\"ph\":\"X\",\"pid\":2,\"tid\":1,\"ts\":1.000000,\"dur\":2.500001,\"name\":"
                                       "\"poll \\\"0\\\"\"}"));
    ck_assert_ptr_nonnull(strstr(text, "\"name\":\"interrupt 9\""));
    ck_assert_ptr_nonnull(strstr(text, "\"ph\":\"B\",\"pid\":2,\"tid\":2,\"ts\":3.000000,\"name\":\"polling\""));
    ck_assert_ptr_nonnull(strstr(text, "\"ph\":\"E\",\"pid\":2,\"tid\":2,\"ts\":6.000000")); /* closed at the end */
    ck_assert_ptr_nonnull(strstr(text, "\"name\":\"sut/ixgbe0/hwlane0 backlog\",\"args\":{\"backlog\":4}"));
    ck_assert_ptr_nonnull(strstr(text, "\"name\":\"cwnd flow 1\",\"args\":{\"cwnd\":14480}"));
    ck_assert_ptr_nonnull(strstr(text, "\"records_lost\":1"));
    free(text);
    out = open_memstream(&text, &size);
    ck_assert_int_eq(trace_json_write(out, t, NULL), 0);
    fclose(out);
    ck_assert(is_json(text));
    free(text);
    trace_destroy(t);
}
END_TEST

/* -- plots -------------------------------------------------------------------------------------------------------- */

START_TEST(plot_check__names)
{
    char *scripts = plot_scripts_dir("tools/plot");
    struct error_at at = { "x.yaml", 3, 4 };
    ck_assert_ptr_nonnull(scripts);
    ck_assert_int_eq(plot_check(scripts, "figure-2", at, &errors), 0);
    ck_assert_int_eq(plot_check(scripts, "../plot/figure-2", at, &errors), -1);
    ck_assert_int_eq(plot_check(scripts, "figure-99", at, &errors), -1);
    ck_assert_uint_eq(errors.count, 2);
    ck_assert_ptr_nonnull(strstr(errors.list[1].text, "x.yaml:3:4: unknown plot 'figure-99'"));
    free(scripts);
    ck_assert_ptr_null(plot_scripts_dir(in_top("nothing")));
}
END_TEST

START_TEST(plot_draw__every_script_draws)
{
    static const char *const names[] = { "figure-2", "figure-3", "figure-4", "cpus" };
    char *scripts = plot_scripts_dir(NULL), *said;
    size_t size;
    write_results("x");
    FILE *err = open_memstream(&said, &size);
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        char file[64];
        enum plot_outcome outcome = plot_draw(scripts, names[i], in_top("x"), err);
        if (outcome == PLOT_NO_GNUPLOT) break; /* then there is nothing to look at */
        fflush(err);
        ck_assert_msg(outcome == PLOT_DRAWN, "%s", said);
        snprintf(file, sizeof file, "x/%s.svg", names[i]);
        char *svg = read_file(in_top(file));
        ck_assert_ptr_nonnull(svg);
        ck_assert_ptr_nonnull(strstr(svg, "vnic"));
        free(svg);
        snprintf(file, sizeof file, "x/%s.png", names[i]);
        ck_assert_int_eq(access(in_top(file), R_OK), 0);
    }
    fclose(err);
    ck_assert_str_eq(said, ""); /* no warnings either */
    free(said);
    free(scripts);
}
END_TEST

START_TEST(plot_draw__missing_gnuplot_is_no_failure)
{
    char *said;
    size_t size;
    FILE *err = open_memstream(&said, &size);
    setenv("PATH", top, 1);
    ck_assert_int_eq(plot_draw("tools/plot", "figure-2", top, err), PLOT_NO_GNUPLOT);
    ck_assert_int_eq(plot_draw("tools/plot", "figure-2", top, err), PLOT_NO_GNUPLOT);
    fclose(err);
    ck_assert_str_eq(said, "xbow: no pictures: gnuplot is not installed (Debian: apt-get install gnuplot-nox)\n");
    free(said);
    setenv("PATH", "/usr/bin:/bin", 1);
}
END_TEST

START_TEST(plot_draw__broken_script_is_reported)
{
    char *said;
    size_t size;
    FILE *err = open_memstream(&said, &size), *script = fopen(in_top("bad.gp"), "w");
    fputs("plot 'no such file.csv' using 1:2\n", script);
    fclose(script);
    enum plot_outcome outcome = plot_draw(top, "bad", top, err);
    fclose(err);
    if (outcome != PLOT_NO_GNUPLOT) {
        ck_assert_int_eq(outcome, PLOT_FAILED);
        ck_assert_ptr_nonnull(strstr(said, "plot bad: gnuplot failed"));
        ck_assert_ptr_nonnull(strstr(said, "no such file.csv"));
    }
    free(said);
}
END_TEST

Suite *report_suite(void)
{
    Suite *s = suite_create("report");
    TCase *t = tcase_create("results");
    tcase_add_checked_fixture(t, setup, teardown);
    tcase_add_test(t, json__escapes_and_numbers);
    tcase_add_test(t, results_write__files_are_well_formed);
    tcase_add_test(t, results_write__values);
    tcase_add_test(t, results_write__summary_has_the_promised_fields);
    tcase_add_test(t, results_write__same_runs_same_bytes);
    tcase_add_test(t, csv_write_kind__quotes_and_missing_counters);
    tcase_add_test(t, results_commit__replaces_and_leaves_nothing_behind);
    tcase_add_test(t, results_begin__makes_parents);
    tcase_add_test(t, results_begin__link_to_a_directory_stays_a_link);
    tcase_add_test(t, results_begin__refuses_somebody_elses_directory);
    tcase_add_test(t, results_begin__leftovers_of_killed_runs_go);
    tcase_add_test(t, results_abandon__earlier_results_untouched);
    tcase_add_test(t, results_begin__unwritable_parent);
    tcase_add_test(t, results_write__disk_full);
    tcase_add_test(t, results_close__full_device);
    tcase_add_test(t, results_run_path__stays_in_the_directory);
    tcase_add_test(t, table_print__what_a_person_reads);
    suite_add_tcase(s, t);
    t = tcase_create("trace");
    tcase_add_test(t, trace_json_write__spans_counters_marks);
    suite_add_tcase(s, t);
    t = tcase_create("plot");
    tcase_add_checked_fixture(t, setup, teardown);
    tcase_set_timeout(t, 60);
    tcase_add_test(t, plot_check__names);
    tcase_add_test(t, plot_draw__every_script_draws);
    tcase_add_test(t, plot_draw__missing_gnuplot_is_no_failure);
    tcase_add_test(t, plot_draw__broken_script_is_reported);
    suite_add_tcase(s, t);
    return s;
}
