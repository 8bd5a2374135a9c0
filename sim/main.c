/* SPDX-License-Identifier: GPL-3.0-or-later
 * main.c -- the command line: run, check, show, regs, reproduce, calibrate, sensitivity, plot,
 * docs.
 *
 * Exit codes: 0 all is well; 1 something did not come out (an expectation failed, a run crashed, a file could not be
 * written); 2 the user's mistake, and then nothing was run and nothing overwritten. */
#define _GNU_SOURCE
#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/assert.h"
#include "nicmodel/nic82573.h"
#include "nicmodel/nic82598_regs.h"
#include "report/claims.h"
#include "report/metric.h"
#include "report/plot.h"
#include "report/regs.h"
#include "report/results.h"
#include "report/table.h"
#include "scenario/quantity.h"
#include "scenario/scenario.h"
#include "study/calibrate.h"
#include "study/sensitivity.h"
#include "study/study.h"
#include "topology/world.h"

enum { EXIT_FAILED = 1, EXIT_MISTAKE = 2, SETS_MAX = 256, NAMES_MAX = 100 };

struct options {
    const char *command;
    const char *file;                /* scenario, or folder of scenarios for reproduce */
    const char *sets[SETS_MAX];
    size_t set_count;
    const char *entries[NAMES_MAX], *metrics[NAMES_MAX]; /* sensitivity */
    size_t entry_count, metric_count;
    const char *out;
    const char *variant;             /* only this one; NULL: all */
    const char *plots;               /* folder of gnuplot scripts */
    const char *held;                /* reproduce: the claims that held at the last release */
    uint64_t seed;
    long reps, jobs;
    const char *at, *nic, *match;    /* regs: when, which cards, which registers; NULL: end of the run, all */
    bool seed_given, json, quiet, dot, keys, all;
    char *const *argv;
};

static const char usage[] =
    "usage: xbow COMMAND [OPTION]...\n"
    "\n"
    "  run FILE          simulate a scenario, write results/NAME/, print a summary\n"
    "  check FILE        find every mistake in a scenario; run nothing\n"
    "  show FILE         print what is connected to what, and who uses which ring and CPU\n"
    "  regs FILE         run one variant to a time and print what the registers of the NICs hold, with every field\n"
    "  reproduce [DIR]   run every scenario of DIR (scenarios/paper) and write the ledger of claims\n"
    "  calibrate FILE    fit prices of a cost profile to measured rows and write the fitted profile\n"
    "  sensitivity FILE  which prices of the cost profile a scenario's results hang on: table, CSV, tornado plot\n"
    "  plot FILE         draw the plots of a scenario from results it has\n"
    "  docs PAGE         print a reference: registers, registers-82573, scenario, schema or metrics\n"
    "  help, version\n"
    "\n"
    "  --set PATH=VALUE  change the scenario, such as --set time.measure=100ms; may be repeated\n"
    "  --variant NAME    run this variant only\n"
    "  --seed N          seed of the first replication\n"
    "  --reps N          replications per variant, with seeds N, N+1, ...\n"
    "  --jobs N          runs at the same time (default: one per core)\n"
    "  --out DIR         results directory (run: results/NAME; reproduce: results;\n"
    "                    sensitivity: results/NAME-sensitivity);\n"
    "                    calibrate: the fitted profile's file (results/NAME.yaml)\n"
    "  --plots DIR       folder of the gnuplot scripts (default: tools/plot, here or beside the program)\n"
    "  --held FILE       reproduce: the claims that must hold (scenarios/paper: tests/golden/claims.json; else all)\n"
    "  --json            print the summary as JSON\n"
    "  --quiet           no progress line, no table\n"
    "  --entry NAME      sensitivity: vary this entry only, or those that match, such as 'line_*'; may be repeated\n"
    "  --metric NAME     sensitivity: look at this metric instead of what is expected, NAME:VARIANT of one variant,\n"
    "                    NAME:VARIANT/VARIANT at their ratio; may be repeated\n"
    "  --dot             show: as a Graphviz drawing\n"
    "  --keys            show: the resolved scenario, every key with its value\n"
    "  --at TIME         regs: simulated time, such as 150ms (default: the end of the run)\n"
    "  --nic NAME        regs: this NIC only, such as sut/ixgbe0; * stands for any characters\n"
    "  --match NAME      regs: these registers only, such as RXDCTL, RDT[3] or RX*\n"
    "  --all             regs: also registers that have the value they had after reset\n";

/* -- options ------------------------------------------------------------------------------------------------------ */

static int mistake(const char *format, ...) __attribute__((format(printf, 1, 2)));
static int mistake(const char *format, ...)
{
    va_list args;
    va_start(args, format);
    fprintf(stderr, "xbow: ");
    vfprintf(stderr, format, args);
    fprintf(stderr, "\n");
    va_end(args);
    return EXIT_MISTAKE;
}

static int read_number(const char *option, const char *text, long low, long high, long *value)
{
    char *end;
    errno = 0;
    *value = strtol(text, &end, 10);
    if (errno || end == text || *end || *value < low || *value > high)
        return mistake("%s %s: expected a whole number from %ld to %ld", option, text, low, high);
    return 0;
}

static int read_seed(const char *text, uint64_t *seed)
{
    char *end;
    errno = 0;
    *seed = strtoull(text, &end, 10);
    if (errno || end == text || *end || *text == '-')
        return mistake("--seed %s: expected a whole number from 0 to 2^64 - 1", text);
    return 0;
}

static int read_options(struct options *o, int argc, char **argv)
{
    *o = (struct options){ .command = argc > 1 ? argv[1] : "", .reps = 0, .argv = argv };
    for (int i = 2; i < argc; i++) {
        const char *a = argv[i];
        const char *value = i + 1 < argc ? argv[i + 1] : NULL;
        if (strcmp(a, "--json") == 0) {
            o->json = true;
        } else if (strcmp(a, "--quiet") == 0) {
            o->quiet = true;
        } else if (strcmp(a, "--dot") == 0) {
            o->dot = true;
        } else if (strcmp(a, "--keys") == 0) {
            o->keys = true;
        } else if (strcmp(a, "--all") == 0) {
            o->all = true;
        } else if (a[0] != '-' || a[1] == '\0') {
            if (o->file) return mistake("'%s': one file at a time, '%s' was given already", a, o->file);
            o->file = a;
        } else if (strcmp(a, "--set") && strcmp(a, "--variant") && strcmp(a, "--seed") && strcmp(a, "--reps") &&
                   strcmp(a, "--jobs") && strcmp(a, "--out") && strcmp(a, "--plots") && strcmp(a, "--held") &&
                   strcmp(a, "--at") && strcmp(a, "--nic") && strcmp(a, "--match") &&
                   strcmp(a, "--entry") && strcmp(a, "--metric")) {
            return mistake("unknown option '%s'; xbow help lists them", a);
        } else if (!value) {
            return mistake("%s: a value is missing", a);
        } else {
            int bad = 0;
            i++;
            if (strcmp(a, "--set") == 0) {
                if (o->set_count == SETS_MAX) return mistake("--set: more than %d", SETS_MAX);
                o->sets[o->set_count++] = value;
            } else if (strcmp(a, "--entry") == 0) {
                if (o->entry_count == NAMES_MAX) return mistake("--entry: more than %d", NAMES_MAX);
                o->entries[o->entry_count++] = value;
            } else if (strcmp(a, "--metric") == 0) {
                if (o->metric_count == NAMES_MAX) return mistake("--metric: more than %d", NAMES_MAX);
                o->metrics[o->metric_count++] = value;
            } else if (strcmp(a, "--variant") == 0) {
                o->variant = value;
            } else if (strcmp(a, "--out") == 0) {
                o->out = value;
            } else if (strcmp(a, "--plots") == 0) {
                o->plots = value;
            } else if (strcmp(a, "--held") == 0) {
                o->held = value;
            } else if (strcmp(a, "--at") == 0) {
                o->at = value;
            } else if (strcmp(a, "--nic") == 0) {
                o->nic = value;
            } else if (strcmp(a, "--match") == 0) {
                o->match = value;
            } else if (strcmp(a, "--seed") == 0) {
                o->seed_given = true;
                bad = read_seed(value, &o->seed);
            } else if (strcmp(a, "--reps") == 0) {
                bad = read_number(a, value, 1, 100000, &o->reps);
            } else {
                bad = read_number(a, value, 1, 1024, &o->jobs);
            }
            if (bad) return bad;
        }
    }
    return 0;
}

/* Prints what is wrong and frees the list.  'code' is what to exit with. */
static int fail_with(struct errors *errors, int code)
{
    errors_print(errors, stderr);
    errors_fini(errors);
    return code;
}

/* -- one scenario, all its variants -------------------------------------------------------------------------------- */

static int open_study(struct study *st, const struct options *o, const char *file, struct errors *errors)
{
    return study_open(st, &(struct study_config){ file, o->sets, o->set_count, o->variant, o->plots }, errors);
}

/* What the children of a campaign need to run. */
struct run_context {
    const struct study *study;
    const struct results *results;
};

static int run_one(void *ctx, const char *variant, uint64_t seed, struct run_result *result, FILE *progress)
{
    const struct run_context *c = ctx;
    return study_run(c->study, &(struct study_run){ .variant = variant, .seed = seed, .results = c->results,
                                                    .progress = progress }, result);
}

/* EXIT_FAILED when a plot could not be drawn, though what it needs is there. */
static int draw_plot(const char *name, const char *dir, const char *scripts)
{
    if (scripts) return plot_draw(scripts, name, dir, stderr) == PLOT_FAILED ? EXIT_FAILED : 0;
    fprintf(stderr, "xbow: no plots: the folder tools/plot is not here; name it with --plots\n");
    return 0;
}

static int draw_plots(const struct study *st, const char *dir, const char *scripts)
{
    int code = 0;
    for (size_t i = 0; i < st->base->plots.count && (scripts || i == 0); i++)
        if (draw_plot(st->base->plots.list[i], dir, scripts)) code = EXIT_FAILED;
    return code;
}

/* Runs a study whose variants are known to be sound.  'claims' may be NULL. */
static int run_study(const struct options *o, const struct study *st, const char *out, struct claims *claims,
                     const char *data_dir)
{
    struct errors errors;
    errors_init(&errors);
    struct results *results = results_begin(out, &errors);
    if (!results) return fail_with(&errors, EXIT_FAILED);
    struct run_context context = { st, results };

    struct campaign_plan plan = { st->variants, st->variant_count, o->seed_given ? o->seed : st->base->seed,
                                  o->reps ? (int)o->reps : st->base->reps, (int)o->jobs, o->quiet, NULL };
    struct campaign campaign;
    campaign_init(&campaign);
    if (campaign_run(&campaign, &plan, run_one, &context, stderr)) {
        results_abandon(results);
        campaign_fini(&campaign);
        return EXIT_FAILED;
    }
    struct expect_report checked;
    expect_evaluate(&checked, st->base, &campaign);
    struct results_meta meta = { XBOW_VERSION, st->base->file, st->base->title, scenario_hash(st->base),
                                 st->variant_hash, plan.seed };
    char *scripts = plot_scripts_dir(o->plots);
    int code = checked.failed && !claims ? EXIT_FAILED : 0; /* with a ledger, the list of held claims decides */
    if (results_write(results, &meta, &campaign, &checked, &errors)) {
        results_abandon(results);
        code = EXIT_FAILED;
    } else {
        if (draw_plots(st, results_dir(results), scripts)) code = EXIT_FAILED;
        if (results_commit(results, &errors)) code = EXIT_FAILED;
    }
    if (errors.count == 0) {
        if (o->json && results_print_json(stdout, &meta, &campaign, &checked)) code = EXIT_FAILED;
        if (!o->json && !o->quiet) {
            printf("%s\n", st->base->title ? st->base->title : st->base->name);
            table_print(stdout, &campaign, &checked);
            printf("\nresults are in %s\n", out);
        } else if (!o->json && checked.failed) {
            table_print_expectations(stdout, &checked);
        }
    }
    if (claims)
        claims_add(claims, &(struct claims_source){ .scenario = st->base->name, .title = st->base->title,
                   .description = st->base->description, .file = st->base->file, .data_dir = data_dir,
                   .plots = (const char *const *)st->base->plots.list, .plot_count = st->base->plots.count,
                   .campaign = &campaign }, &checked);
    errors_print(&errors, stderr);
    errors_fini(&errors);
    free(scripts);
    expect_fini(&checked);
    campaign_fini(&campaign);
    return code;
}

/* -- commands ----------------------------------------------------------------------------------------------------- */

static int need_file(const struct options *o)
{
    return o->file ? 0 : mistake("%s: a scenario file is missing; try scenarios/hello.yaml", o->command);
}

static int command_run(const struct options *o, bool only_check)
{
    struct study st;
    struct errors errors;
    char out[PATH_MAX];
    if (need_file(o)) return EXIT_MISTAKE;
    errors_init(&errors);
    if (open_study(&st, o, o->file, &errors)) {
        study_close(&st);
        return fail_with(&errors, EXIT_MISTAKE);
    }
    errors_fini(&errors);
    int code = study_check(&st);
    if (!code && !only_check) {
        snprintf(out, sizeof out, "results/%s", st.base->name);
        code = run_study(o, &st, o->out ? o->out : out, NULL, NULL);
    } else if (!code && !o->quiet) {
        printf("%s: no mistakes found (%zu variant%s)\n", o->file, st.variant_count, st.variant_count == 1 ? "" : "s");
    }
    study_close(&st);
    return code;
}

static int command_show(const struct options *o)
{
    struct errors errors;
    if (need_file(o)) return EXIT_MISTAKE;
    errors_init(&errors);
    struct scenario *s = scenario_load(o->file, o->variant, o->sets, o->set_count, &errors);
    if (!s) return fail_with(&errors, EXIT_MISTAKE);
    if (o->keys) {
        scenario_print_effective(s, stdout);
        scenario_destroy(s);
        return 0;
    }
    struct world *w = world_create(s, o->seed_given ? o->seed : s->seed, NULL, &errors);
    if (w && o->dot)
        world_print_dot(w, stdout);
    else if (w)
        world_print_text(w, stdout);
    world_destroy(w);
    scenario_destroy(s);
    return errors.count ? fail_with(&errors, EXIT_MISTAKE) : 0;
}

/* When 'regs' looks: --at, within the run. */
static int read_instant(const struct options *o, const struct scenario *s, sim_dur *at)
{
    int64_t end = s->time.warmup.ps + s->time.measure.ps;
    char why[QUANTITY_WHY_BYTES], last[QUANTITY_TEXT_BYTES];

    at->ps = end;
    if (!o->at) return 0;
    if (quantity_parse(o->at, QUANTITY_DURATION, &at->ps, why)) return mistake("--at: %s", why);
    if (at->ps >= 0 && at->ps <= end) return 0;
    return mistake("--at %s: out of range, expected 0s to %s, the end of the run", o->at,
                   quantity_format(QUANTITY_DURATION, end, last));
}

static int command_regs(const struct options *o)
{
    struct errors errors;
    sim_dur at;
    if (need_file(o)) return EXIT_MISTAKE;
    errors_init(&errors);
    struct study st;
    if (open_study(&st, o, o->file, &errors)) {
        study_close(&st);
        return fail_with(&errors, EXIT_MISTAKE);
    }
    const char *variant = st.variants[0]; /* the first, or the one that was named */
    struct scenario *s = scenario_load(o->file, study_variant_or_null(variant), o->sets, o->set_count, &errors);
    int code = !s ? EXIT_MISTAKE : read_instant(o, s, &at);
    uint64_t seed = o->seed_given || !s ? o->seed : s->seed;
    char *replay = study_replay(&st, variant, seed);
    struct world *w = code ? NULL : world_create(s, seed, replay, &errors);
    struct regs_dump dump = { .scenario = o->file, .variant = variant, .seed = seed };
    if (w) {
        dump.at = at;
        world_run_to(w, at);
        world_registers(w, &(struct world_registers){ o->nic, o->match, o->all }, &dump, &errors);
    }
    if (errors.count == 0 && w && o->json)
        regs_print_json(&dump, stdout);
    else if (errors.count == 0 && w)
        regs_print_text(&dump, o->all || o->match, stdout);
    regs_fini(&dump);
    world_destroy(w);
    free(replay);
    scenario_destroy(s);
    study_close(&st);
    return errors.count ? fail_with(&errors, EXIT_MISTAKE) : code;
}

static int command_calibrate(const struct options *o)
{
    struct calibration c;
    struct errors errors;
    char out[PATH_MAX];
    if (!o->file) return mistake("calibrate: a calibration file is missing; docs/calibration.md describes it");
    errors_init(&errors);
    int bad = calibration_open(&c, o->file, o->sets, o->set_count, &errors);
    if (!bad) snprintf(out, sizeof out, "results/%s.yaml", c.name);
    struct calibrate_options options = { .jobs = (int)o->jobs, .quiet = o->quiet, .out = o->out ? o->out : out };
    if (!bad) bad = calibrate_check_out(&c, options.out, &errors);
    int code = bad ? fail_with(&errors, EXIT_MISTAKE) : study_check(&c.study);
    if (!code) {
        errors_fini(&errors);
        options.seed = o->seed_given ? o->seed : c.study.base->seed;
        options.reps = o->reps ? (int)o->reps : c.study.base->reps;
        if (!o->out) mkdir("results", 0777); /* if it cannot be made, writing the profile says why */
        code = calibrate(&c, &options, stdout) ? EXIT_FAILED : 0;
    }
    calibration_close(&c);
    return code;
}

/* One file of a sensitivity study. */
static int write_sensitivity(const struct sensitivity *s, struct results *results, const char *file,
                             void (*write)(const struct sensitivity *s, FILE *out), struct errors *errors)
{
    FILE *out = results_open(results, file, errors);
    if (!out) return -1;
    write(s, out);
    return results_close(results, out, file, errors);
}

static void sensitivity_summary(const struct sensitivity *s, FILE *out)
{
    sensitivity_write_summary(s, XBOW_VERSION, out);
}

/* Writes the results directory of a study that has run, and draws its plot. */
static int finish_sensitivity(const struct options *o, const struct sensitivity *s, struct results *results,
                              struct errors *errors)
{
    if (write_sensitivity(s, results, "sensitivity.csv", sensitivity_write_csv, errors) ||
        write_sensitivity(s, results, "tornado.csv", sensitivity_write_tornado, errors) ||
        write_sensitivity(s, results, "summary.json", sensitivity_summary, errors)) {
        results_abandon(results);
        return EXIT_FAILED;
    }
    char *scripts = plot_scripts_dir(o->plots);
    int code = draw_plot("tornado", results_dir(results), scripts);
    free(scripts);
    return results_commit(results, errors) ? EXIT_FAILED : code;
}

static int command_sensitivity(const struct options *o)
{
    struct study st;
    struct sensitivity s = { 0 };
    struct errors errors;
    char out[PATH_MAX];
    if (need_file(o)) return EXIT_MISTAKE;
    errors_init(&errors);
    struct sensitivity_config config = { &st, o->entries, o->entry_count, o->metrics, o->metric_count };
    int code = open_study(&st, o, o->file, &errors) || sensitivity_open(&s, &config, &errors) ? EXIT_MISTAKE : 0;
    if (!code) code = study_check(&st);
    if (!code) {
        snprintf(out, sizeof out, "results/%s-sensitivity", st.base->name);
        struct results *results = results_begin(o->out ? o->out : out, &errors);
        code = !results || sensitivity_run(&s, o->seed_given ? o->seed : st.base->seed,
                                           o->reps ? (int)o->reps : st.base->reps, (int)o->jobs, o->quiet)
                   ? EXIT_FAILED : finish_sensitivity(o, &s, results, &errors);
        if (!s.effects) results_abandon(results); /* the runs failed */
        if (errors.count == 0 && s.effects && !o->quiet) {
            sensitivity_print(&s, stdout);
            printf("\nresults are in %s\n", o->out ? o->out : out);
        }
    }
    sensitivity_close(&s);
    study_close(&st);
    return fail_with(&errors, code);
}

static int command_plot(const struct options *o)
{
    struct study st;
    struct errors errors;
    char out[PATH_MAX];
    if (need_file(o)) return EXIT_MISTAKE;
    errors_init(&errors);
    if (open_study(&st, o, o->file, &errors)) {
        study_close(&st);
        return fail_with(&errors, EXIT_MISTAKE);
    }
    snprintf(out, sizeof out, "%s", o->out ? o->out : "results/");
    if (!o->out) snprintf(out, sizeof out, "results/%s", st.base->name);
    int code = 0;
    if (access(out, X_OK)) {
        fprintf(stderr, "xbow: %s: %s; run the scenario first\n", out, strerror(errno));
        code = EXIT_FAILED;
    } else {
        char *scripts = plot_scripts_dir(o->plots);
        code = draw_plots(&st, out, scripts);
        free(scripts);
    }
    study_close(&st);
    return code;
}

static int is_yaml(const struct dirent *d)
{
    size_t n = strlen(d->d_name);
    return n > 5 && d->d_name[0] != '.' && strcmp(d->d_name + n - 5, ".yaml") == 0;
}

/* A scenario that cannot be run stands in the ledger with the reason, and the others run all the same. */
static int reproduce_one(const struct options *o, const char *file, const char *root, struct claims *claims)
{
    struct study st;
    struct errors errors;
    char out[PATH_MAX * 2], data[PATH_MAX];
    errors_init(&errors);
    int code = open_study(&st, o, file, &errors) ? EXIT_MISTAKE : study_check(&st);
    if (code) {
        claims_add_broken(claims, &(struct claims_source){ .scenario = file, .file = file },
                          errors.count ? errors.list[0].text : "the scenario has mistakes");
        study_close(&st);
        return fail_with(&errors, code);
    }
    errors_fini(&errors);
    snprintf(out, sizeof out, "%s/%s", root, st.base->name);
    snprintf(data, sizeof data, "../%s", st.base->name);
    if (!o->quiet) printf("\n== %s ==\n", file);
    fflush(stdout);
    code = run_study(o, &st, out, claims, data);
    study_close(&st);
    return code;
}

/* Writes the ledger, and compares it with what held at the last release: for the paper's own scenarios that is kept
 * beside the tests; elsewhere, unless --held says where, every expectation must hold. */
static int finish_ledger(const struct options *o, struct claims *claims, const char *folder, const char *root)
{
    struct errors errors;
    char dir[PATH_MAX], sentences[PATH_MAX];
    const char *held = o->held ? o->held : o->file ? NULL : "tests/golden/claims.json";
    errors_init(&errors);
    snprintf(dir, sizeof dir, "%s/paper", root);
    snprintf(sentences, sizeof sentences, "%s/ledger/sentences.yaml", folder);
    if (access(sentences, F_OK) == 0) claims_read_sentences(claims, sentences, &errors);
    bool written = claims_write(claims, dir, XBOW_VERSION, &errors) == 0;
    bool lost = claims_lost(claims, held, stderr, &errors) != 0;
    claims_stale(claims, stderr);
    bool good = written && !lost && errors.count == 0;
    errors_print(&errors, stderr);
    errors_fini(&errors);
    if (written && !o->quiet)
        printf("\n%zu of %zu checks hold, of %zu sentences; the ledger is %s/claims.md and %s/index.html\n",
               claims_holding(claims), claims_count(claims), claims_rows(claims), dir, dir);
    return good ? 0 : EXIT_FAILED;
}

static int command_reproduce(const struct options *o)
{
    const char *folder = o->file ? o->file : "scenarios/paper";
    const char *root = o->out ? o->out : "results";
    struct dirent **entries;
    int n = scandir(folder, &entries, is_yaml, alphasort), worst = 0;
    if (n < 0) return mistake("%s: %s; expected a folder of scenarios", folder, strerror(errno));
    if (n == 0) {
        free(entries);
        return mistake("%s: no .yaml files", folder);
    }
    struct claims *claims = claims_create();
    for (int i = 0; i < n; i++) {
        char file[PATH_MAX];
        snprintf(file, sizeof file, "%s/%s", folder, entries[i]->d_name);
        int code = reproduce_one(o, file, root, claims);
        if (code > worst) worst = code;
        free(entries[i]);
    }
    free(entries);
    int ledger = finish_ledger(o, claims, folder, root);
    if (!worst) worst = ledger;
    claims_destroy(claims);
    return worst;
}

static void registers_82573(FILE *out)
{
    reg_list_print_markdown(&nic82573_reg_list, out);
}

static int command_docs(const struct options *o)
{
    static const struct {
        const char *page;
        void (*print)(FILE *out);
    } pages[] = {
        { "registers", nic_regs_print_markdown }, { "registers-82573", registers_82573 },
        { "scenario", scenario_print_markdown },
        { "schema", scenario_print_schema },
        { "metrics", metric_print_markdown },
    };
    for (size_t i = 0; o->file && i < sizeof pages / sizeof *pages; i++) {
        if (strcmp(o->file, pages[i].page) != 0) continue;
        pages[i].print(stdout);
        return 0;
    }
    return mistake("docs: expected registers, registers-82573, scenario, schema or metrics");
}

int main(int argc, char **argv)
{
    struct options o;
    int bad = read_options(&o, argc, argv);
    if (bad) return bad;
    int code;
    if (strcmp(o.command, "run") == 0)
        code = command_run(&o, false);
    else if (strcmp(o.command, "check") == 0)
        code = command_run(&o, true);
    else if (strcmp(o.command, "show") == 0)
        code = command_show(&o);
    else if (strcmp(o.command, "regs") == 0)
        code = command_regs(&o);
    else if (strcmp(o.command, "reproduce") == 0)
        code = command_reproduce(&o);
    else if (strcmp(o.command, "calibrate") == 0)
        code = command_calibrate(&o);
    else if (strcmp(o.command, "sensitivity") == 0)
        code = command_sensitivity(&o);
    else if (strcmp(o.command, "plot") == 0)
        code = command_plot(&o);
    else if (strcmp(o.command, "docs") == 0)
        code = command_docs(&o);
    else if (strcmp(o.command, "help") == 0 || strcmp(o.command, "--help") == 0 || strcmp(o.command, "-h") == 0)
        code = fputs(usage, stdout) < 0;
    else if (strcmp(o.command, "version") == 0 || strcmp(o.command, "--version") == 0)
        code = printf("xbow %s\n", XBOW_VERSION) < 0;
    else
        return fputs(usage, stderr), o.command[0] ? mistake("unknown command '%s'", o.command) : EXIT_MISTAKE;
    if (fflush(stdout) || ferror(stdout)) {
        fprintf(stderr, "xbow: standard output: %s\n", strerror(errno));
        return EXIT_FAILED;
    }
    return code;
}
