/* SPDX-License-Identifier: GPL-3.0-or-later
 * plot.c -- finds scripts and runs gnuplot in the results directory. */
#define _GNU_SOURCE
#include "report/plot.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <spawn.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "core/assert.h"

extern char **environ;

static bool is_dir(const char *path)
{
    struct stat st;
    return stat(path, &st) == 0 && S_ISDIR(st.st_mode);
}

/* The path made absolute, so that it holds in another directory; NULL when it is no directory. */
static char *resolved(const char *path)
{
    return is_dir(path) ? realpath(path, NULL) : NULL;
}

char *plot_scripts_dir(const char *given)
{
    char program[PATH_MAX];

    if (given) return resolved(given);
    char *dir = resolved("tools/plot");
    if (dir) return dir;
    ssize_t n = readlink("/proc/self/exe", program, sizeof program - sizeof "/tools/plot");
    if (n <= 0) return NULL;
    program[n] = '\0';
    for (int up = 0; up < 3; up++) { /* the program, its directory, and those above it: build/xbow, build/san/xbow */
        char *slash = strrchr(program, '/');
        if (!slash) return NULL;
        strcpy(slash, "/tools/plot");
        dir = resolved(program);
        if (dir) return dir;
        *slash = '\0';
    }
    return NULL;
}

static bool is_name(const char *name)
{
    size_t n = strspn(name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_");
    return n > 0 && name[n] == '\0';
}

static char *script_path(const char *scripts, const char *name)
{
    char *path;
    int n = asprintf(&path, "%s/%s.gp", scripts, name);
    SIM_ASSERT(n >= 0);
    return path;
}

int plot_check(const char *scripts, const char *name, struct error_at at, struct errors *errors)
{
    if (!is_name(name))
        return errors_add(errors, at, "'%.64s' is not the name of a plot, expected letters, digits, '-' and '_'", name);
    char *path = script_path(scripts, name);
    bool there = access(path, R_OK) == 0;
    free(path);
    if (there) return 0;
    return errors_add(errors, at, "unknown plot '%.64s', expected a script %.300s/%.64s.gp", name, scripts, name);
}

/* Starts gnuplot in 'dir' with stdout and stderr into 'said'; 0 or an errno. */
static int start_gnuplot(const char *script, const char *dir, int said, pid_t *pid)
{
    char gnuplot[] = "gnuplot", call[] = "-c", *copy = strdup(script); /* -c: the script learns its own path, ARG0 */
    char *argv[] = { gnuplot, call, copy, NULL };
    posix_spawn_file_actions_t actions;

    SIM_ASSERT(copy);
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
    posix_spawn_file_actions_adddup2(&actions, said, STDOUT_FILENO);
    posix_spawn_file_actions_adddup2(&actions, said, STDERR_FILENO);
    posix_spawn_file_actions_addchdir_np(&actions, dir);
    int code = posix_spawnp(pid, gnuplot, &actions, NULL, argv, environ);
    posix_spawn_file_actions_destroy(&actions);
    free(copy);
    return code;
}

static void show(FILE *said, FILE *err)
{
    char line[512];
    rewind(said);
    while (fgets(line, sizeof line, said)) fputs(line, err);
}

enum plot_outcome plot_draw(const char *scripts, const char *name, const char *dir, FILE *err)
{
    static bool told;
    enum plot_outcome outcome = PLOT_FAILED;
    char *script = script_path(scripts, name);
    FILE *said = tmpfile();
    pid_t pid = 0;
    int status = 0;

    int code = said ? start_gnuplot(script, dir, fileno(said), &pid) : errno;
    if (code == ENOENT) {
        outcome = PLOT_NO_GNUPLOT;
        if (!told) fprintf(err, "xbow: no pictures: gnuplot is not installed (Debian: apt-get install gnuplot-nox)\n");
        told = true;
    } else if (code) {
        fprintf(err, "xbow: plot %s: cannot run gnuplot: %s\n", name, strerror(code));
    } else {
        while (waitpid(pid, &status, 0) < 0 && errno == EINTR) continue;
        if (WIFEXITED(status) && WEXITSTATUS(status) == 0) outcome = PLOT_DRAWN;
        if (outcome != PLOT_DRAWN) fprintf(err, "xbow: plot %s: gnuplot failed\n", name);
        if (outcome != PLOT_DRAWN) show(said, err);
    }
    if (said) fclose(said);
    free(script);
    return outcome;
}
