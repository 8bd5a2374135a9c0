/* SPDX-License-Identifier: GPL-3.0-or-later
 * results.c -- making a directory beside its place and swapping it in.
 *
 *   PARENT/.NAME.new.PID   written during the run
 *   PARENT/NAME            exchanged with it in one step where the file system can (renameat2), else moved aside first
 *
 * Directories of that pattern whose process is gone are leftovers of killed runs, and go when the next one starts. */
#define _GNU_SOURCE
#include "report/results.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <inttypes.h>
#include <signal.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/assert.h"
#include "report/csv.h"
#include "report/summary.h"

struct results {
    char *path;   /* where it will be */
    char *parent, *name;
    char *dir;    /* where it is now */
};

static const struct error_at nowhere = { NULL, 0, 0 };

static int fail(struct errors *errors, const char *what, const char *path)
{
    int code = errno;
    return errors_add(errors, nowhere, "%s: %s: %s", path, what, strerror(code));
}

static char *join(const char *format, ...) __attribute__((format(printf, 1, 2)));
static int make_parents(const char *path);
static int remove_tree(const char *path);
static void remove_leftovers(const struct results *r);
static int may_be_replaced(const char *path, struct errors *errors);
static void results_free(struct results *r);

struct results *results_begin(const char *path, struct errors *errors)
{
    struct results *r = calloc(1, sizeof *r);
    SIM_ASSERT(r);
    signal(SIGXFSZ, SIG_IGN);
    r->path = realpath(path, NULL); /* an existing directory, links resolved: the link must survive */
    if (!r->path) r->path = join("%s", path);
    size_t n = strlen(r->path);
    while (n > 1 && r->path[n - 1] == '/') r->path[--n] = '\0';
    const char *slash = strrchr(r->path, '/');
    r->name = join("%s", slash ? slash + 1 : r->path);
    r->parent = slash ? join("%.*s", slash > r->path ? (int)(slash - r->path) : 1, r->path) : join(".");
    r->dir = join("%s/.%s.new.%ld", r->parent, r->name, (long)getpid());

    bool good = false;
    if (!*r->name || strcmp(r->name, ".") == 0 || strcmp(r->name, "..") == 0)
        errors_add(errors, nowhere, "'%s' cannot be a results directory, expected a path that ends in a name", path);
    else if (make_parents(r->path) != 0)
        fail(errors, "cannot make the directory for results", r->parent);
    else if (may_be_replaced(r->path, errors) == 0) {
        remove_leftovers(r);
        remove_tree(r->dir);
        good = mkdir(r->dir, 0777) == 0;
        if (!good) fail(errors, "cannot make a directory for results", r->parent);
    }
    if (good) return r;
    results_free(r);
    return NULL;
}

const char *results_dir(const struct results *r)
{
    return r->dir;
}

FILE *results_open(struct results *r, const char *file, struct errors *errors)
{
    char *path = join("%s/%s", r->dir, file);
    char *slash = strrchr(path + strlen(r->dir) + 1, '/');
    if (slash) {
        *slash = '\0';
        mkdir(path, 0777); /* if it cannot be made, opening the file says why */
        *slash = '/';
    }
    FILE *out = fopen(path, "w");
    if (!out) fail(errors, "cannot write", path);
    free(path);
    return out;
}

int results_close(struct results *r, FILE *out, const char *file, struct errors *errors)
{
    errno = 0;
    bool bad = fflush(out) != 0 || ferror(out);
    int code = errno;
    if (fclose(out) != 0 && !bad) {
        bad = true;
        code = errno;
    }
    if (!bad) return 0;
    char *path = join("%s/%s", r->dir, file);
    errno = code ? code : EIO;
    fail(errors, "cannot write", path);
    free(path);
    return -1;
}

char *results_run_path(const struct results *r, const char *variant, uint64_t seed, const char *what,
                       const char *extension)
{
    const char *sub = strcmp(extension, "pcapng") == 0 ? "capture" : "trace";
    char *dir = join("%s/%s", r->dir, sub);
    mkdir(dir, 0777);
    if (!*variant) variant = CAMPAIGN_NO_VARIANT;
    char *path = join("%s/%s-%" PRIu64 "-%s.%s", dir, variant, seed, what, extension);
    for (char *c = path + strlen(dir) + 1; *c; c++)
        if (!strchr("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.", *c)) *c = '_';
    free(dir);
    return path;
}

static int write_table(struct results *r, const char *file, void (*fn)(FILE *, const struct campaign *),
                     const struct campaign *c, struct errors *errors)
{
    FILE *out = results_open(r, file, errors);
    if (!out) return -1;
    fn(out, c);
    return results_close(r, out, file, errors);
}

static int write_kind(struct results *r, const char *kind, const struct campaign *c, struct errors *errors)
{
    char *file = csv_file_name(kind);
    FILE *out = results_open(r, file, errors);
    if (out) csv_write_kind(out, c, kind);
    int bad = out ? results_close(r, out, file, errors) : -1;
    free(file);
    return bad;
}

int results_write(struct results *r, const struct results_meta *meta, const struct campaign *c,
                  const struct expect_report *checked, struct errors *errors)
{
    struct csv_kinds kinds;
    FILE *out;

    if (!(out = results_open(r, "summary.json", errors))) return -1;
    summary_write(out, meta, c, checked, false);
    if (results_close(r, out, "summary.json", errors) != 0) return -1;
    int bad = write_table(r, "timing.json", summary_write_timing, c, errors) ||
              write_table(r, "metrics.csv", csv_write_metrics, c, errors) ||
              write_table(r, "metrics-wide.csv", csv_write_metrics_wide, c, errors) ||
              write_table(r, "metrics-runs.csv", csv_write_metric_runs, c, errors) ||
              write_table(r, "lanes-mean.csv", csv_write_lane_means, c, errors) ||
              write_table(r, "cpus-mean.csv", csv_write_cpu_means, c, errors);
    csv_kinds_of(&kinds, c);
    for (size_t i = 0; !bad && i < kinds.count; i++) bad = write_kind(r, kinds.list[i], c, errors);
    csv_kinds_fini(&kinds);
    return bad ? -1 : 0;
}

/* Puts r->dir at r->path; whatever was there is then at r->dir, or nowhere. */
static int swap_in(const struct results *r)
{
    if (access(r->path, F_OK) != 0) return rename(r->dir, r->path);
    if (renameat2(AT_FDCWD, r->dir, AT_FDCWD, r->path, RENAME_EXCHANGE) == 0) return 0;
    if (errno != EINVAL && errno != ENOSYS) return -1;
    char *aside = join("%s/.%s.old.%ld", r->parent, r->name, (long)getpid());
    int bad = rename(r->path, aside);
    if (!bad && (bad = rename(r->dir, r->path)) != 0) {
        int code = errno;
        bad = rename(aside, r->path) != 0 ? -1 : bad;
        errno = code;
    }
    if (!bad) remove_tree(aside);
    free(aside);
    return bad;
}

int results_commit(struct results *r, struct errors *errors)
{
    int bad = swap_in(r);
    if (bad) fail(errors, "cannot put the results in their place", r->path);
    remove_tree(r->dir); /* the old directory, or the new one that could not be placed */
    results_free(r);
    return bad ? -1 : 0;
}

void results_abandon(struct results *r)
{
    if (!r) return;
    remove_tree(r->dir);
    results_free(r);
}

int results_print_json(FILE *out, const struct results_meta *meta, const struct campaign *c,
                       const struct expect_report *checked)
{
    summary_write(out, meta, c, checked, true);
    return fflush(out) == 0 && !ferror(out) ? 0 : -1;
}

/* -- files and directories -------------------------------------------------------------------------------------- */

static char *join(const char *format, ...)
{
    char *text = NULL;
    va_list args;
    va_start(args, format);
    int n = vasprintf(&text, format, args);
    va_end(args);
    SIM_ASSERT(n >= 0);
    return text;
}

/* Makes every directory above 'path'. */
static int make_parents(const char *path)
{
    char *copy = join("%s", path);
    int bad = 0;
    for (char *c = strchr(copy + 1, '/'); c && !bad; c = strchr(c + 1, '/')) {
        *c = '\0';
        bad = mkdir(copy, 0777) != 0 && errno != EEXIST;
        *c = '/';
    }
    free(copy);
    return bad ? -1 : 0;
}

static int remove_one(const char *path, const struct stat *st, int kind, struct FTW *where)
{
    (void)st;
    (void)kind;
    (void)where;
    return remove(path);
}

static int remove_tree(const char *path)
{
    return nftw(path, remove_one, 16, FTW_DEPTH | FTW_PHYS);
}

/* Directories that a killed run of the same scenario left behind. */
static void remove_leftovers(const struct results *r)
{
    DIR *d = opendir(r->parent);
    size_t n = strlen(r->name);
    if (!d) return;
    for (struct dirent *e = readdir(d); e; e = readdir(d)) {
        const char *s = e->d_name;
        if (s[0] != '.' || strncmp(s + 1, r->name, n) != 0) continue;
        if (strncmp(s + 1 + n, ".new.", 5) != 0 && strncmp(s + 1 + n, ".old.", 5) != 0) continue;
        char *end;
        long pid = strtol(s + n + 6, &end, 10);
        if (*end || pid <= 0 || kill((pid_t)pid, 0) == 0 || errno != ESRCH) continue;
        char *path = join("%s/%s", r->parent, s);
        remove_tree(path);
        free(path);
    }
    closedir(d);
}

/* Only what looks like ours is ever replaced: a mistyped --out must not delete somebody's files. */
static int may_be_replaced(const char *path, struct errors *errors)
{
    struct stat st;
    if (stat(path, &st) != 0) return errno == ENOENT ? 0 : fail(errors, "cannot write results there", path);
    if (!S_ISDIR(st.st_mode)) return errors_add(errors, nowhere, "%s: is not a directory; nothing was replaced", path);
    char *summary = join("%s/summary.json", path);
    bool ours = access(summary, F_OK) == 0, empty = true;
    free(summary);
    if (ours) return 0;
    DIR *d = opendir(path);
    if (!d) return fail(errors, "cannot read", path);
    for (struct dirent *e = readdir(d); e; e = readdir(d))
        if (strcmp(e->d_name, ".") != 0 && strcmp(e->d_name, "..") != 0) empty = false;
    closedir(d);
    if (empty) return 0;
    return errors_add(errors, nowhere, "%s: holds other files and no summary.json; expected a results directory, an "
                      "empty one, or a new name", path);
}

static void results_free(struct results *r)
{
    free(r->path);
    free(r->parent);
    free(r->name);
    free(r->dir);
    free(r);
}
