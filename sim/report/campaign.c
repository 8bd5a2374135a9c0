/* SPDX-License-Identifier: GPL-3.0-or-later
 * campaign.c -- children, their pipes and the progress line.
 *
 *   parent --fork--> child: run() --> result in a memory file, stderr in another, progress down a pipe
 *
 * The pipe also tells at once when a child has ended, however it ended: its last writer is gone.  (A helper that the
 * child started may hold it open for longer, so children are asked after every wait, too.)  Memory files are used
 * because a full /tmp must not lose a finished run. */
#define _GNU_SOURCE
#include "report/campaign.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "core/assert.h"

enum { POLL_MS = 250, SAID_BYTES_MAX = 64 << 10 };

static const double progress_gap_s = 0.05;

/* What campaign_progress() sends: smaller than PIPE_BUF, so it arrives whole or not at all. */
struct progress_note {
    int64_t done_ps, whole_ps;
};

enum child_state { CHILD_WAITING, CHILD_RUNNING, CHILD_ENDED };

struct child {
    enum child_state state;
    pid_t pid;
    int progress, result, said; /* descriptors, -1 when closed */
    int status;                 /* of wait4() */
    double started_s, wall_s;
    struct progress_note note;
    const char *variant;
    uint64_t seed;
    bool good;
};

struct drive { /* one campaign_run() */
    const struct campaign_plan *plan;
    campaign_run_fn *run;
    void *ctx;
    FILE *err;
    struct campaign *c;
    struct child *children;
    size_t count, running, jobs;
    bool show, failed;
    double started_s;
};

static volatile sig_atomic_t interrupted;

static const int stop_signals[] = { SIGINT, SIGTERM, SIGHUP };
enum { N_STOP_SIGNALS = sizeof stop_signals / sizeof *stop_signals };

static bool drive_all(struct drive *d);
static bool start_child(struct drive *d, size_t index);
static void listen_to(struct drive *d, size_t index);
static void end_child(struct drive *d, size_t index, int wait_flags);
static void kill_children(struct drive *d);
static void show_said(const struct drive *d);
static void draw_progress(const struct drive *d);
static void on_stop_signal(int sig);

static double clock_s(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

void campaign_init(struct campaign *c)
{
    *c = (struct campaign){ 0 };
}

void campaign_fini(struct campaign *c)
{
    for (size_t i = 0; i < c->count; i++) run_result_fini(&c->runs[i]);
    free(c->runs);
    campaign_init(c);
}

int campaign_cores(void)
{
    cpu_set_t set;
    int n = sched_getaffinity(0, sizeof set, &set) == 0 ? CPU_COUNT(&set) : 1;
    return n > 0 ? n : 1;
}

int campaign_run(struct campaign *c, const struct campaign_plan *plan, campaign_run_fn *run, void *ctx, FILE *err)
{
    struct drive d = { .plan = plan, .run = run, .ctx = ctx, .err = err, .c = c, .started_s = clock_s() };
    struct sigaction stop = { .sa_handler = on_stop_signal }, old[N_STOP_SIGNALS];

    SIM_ASSERT(plan->variant_count > 0 && plan->reps > 0);
    campaign_fini(c);
    d.count = plan->variant_count * (size_t)plan->reps;
    d.jobs = (size_t)(plan->jobs > 0 ? plan->jobs : campaign_cores());
    d.show = !plan->quiet && isatty(fileno(err));
    d.children = calloc(d.count, sizeof *d.children);
    c->runs = calloc(d.count, sizeof *c->runs);
    SIM_ASSERT(d.children && c->runs);
    c->count = d.count;
    c->reps = (size_t)plan->reps;
    c->jobs = (int)(d.jobs < d.count ? d.jobs : d.count);
    for (size_t i = 0; i < d.count; i++)
        d.children[i] = (struct child){ .progress = -1, .result = -1, .said = -1,
                                        .variant = plan->variants[i / c->reps], .seed = plan->seed + i % c->reps };

    interrupted = 0;
    for (int i = 0; i < N_STOP_SIGNALS; i++) sigaction(stop_signals[i], &stop, &old[i]);
    bool good = drive_all(&d);
    for (int i = 0; i < N_STOP_SIGNALS; i++) sigaction(stop_signals[i], &old[i], NULL);

    show_said(&d);
    for (size_t i = 0; i < d.count; i++) {
        if (d.children[i].result >= 0) close(d.children[i].result);
        if (d.children[i].said >= 0) close(d.children[i].said);
    }
    free(d.children);
    c->wall_s = clock_s() - d.started_s;
    if (good) return 0;
    if (interrupted) fprintf(err, "xbow: interrupted; no results were written\n");
    campaign_fini(c);
    return -1;
}

void campaign_progress(FILE *progress, sim_dur done, sim_dur whole)
{
    static double last_s;
    struct progress_note note = { done.ps, whole.ps };
    if (!progress) return;
    double now_s = clock_s();
    if (now_s - last_s < progress_gap_s) return;
    last_s = now_s;
    ssize_t n = write(fileno(progress), &note, sizeof note); /* a full pipe loses the note, never blocks the run */
    (void)n;
}

/* -- the parent ------------------------------------------------------------------------------------------------- */

/* Starts children while there are free jobs and listens until all have ended.  False: one failed. */
static bool drive_all(struct drive *d)
{
    struct pollfd *fds = calloc(d->count, sizeof *fds);
    size_t next = 0;
    SIM_ASSERT(fds);

    while (!interrupted) {
        while (!d->failed && next < d->count && d->running < d->jobs)
            if (!start_child(d, next++)) d->failed = true;
        if (d->running == 0) break;
        nfds_t n = 0;
        for (size_t i = 0; i < next; i++) {
            if (d->children[i].state != CHILD_RUNNING) continue;
            fds[n++] = (struct pollfd){ .fd = d->children[i].progress, .events = POLLIN };
        }
        int ready = poll(fds, n, POLL_MS);
        SIM_ASSERT(ready >= 0 || errno == EINTR);
        for (size_t i = 0; i < next && !interrupted; i++)
            if (d->children[i].state == CHILD_RUNNING) listen_to(d, i);
        draw_progress(d);
    }
    if (interrupted) kill_children(d);
    if (d->show) fputs("\r\033[K", d->err);
    free(fds);
    return !d->failed && !interrupted;
}

static const char *shown_variant(const struct child *child)
{
    return *child->variant ? child->variant : CAMPAIGN_NO_VARIANT;
}

static int memory_file(const char *name)
{
    return memfd_create(name, MFD_CLOEXEC);
}

/* In the child: runs and leaves the result in the memory file. */
static _Noreturn void child_main(const struct drive *d, struct child *child, int progress_fd)
{
    struct run_result r;

    for (int i = 0; i < N_STOP_SIGNALS; i++) signal(stop_signals[i], SIG_DFL);
    dup2(child->said, STDERR_FILENO);
    dup2(child->said, STDOUT_FILENO);
    FILE *progress = d->show ? fdopen(progress_fd, "w") : NULL;
    run_result_init(&r);
    double start_s = clock_s();
    int failed = d->run(d->ctx, child->variant, child->seed, &r, progress);
    if (r.wall_s <= 0) r.wall_s = clock_s() - start_s;
    run_result_set(&r.variant, shown_variant(child));
    r.seed = child->seed;
    if (!failed) {
        FILE *out = fdopen(child->result, "w");
        if (!out || run_result_write(&r, out) != 0) {
            fprintf(stderr, "cannot hand over the result: %s\n", strerror(errno));
            failed = 1;
        }
    }
    fflush(stdout);
    _exit(failed ? 1 : 0);
}

static bool start_child(struct drive *d, size_t index)
{
    struct child *child = &d->children[index];
    int ends[2] = { -1, -1 };
    pid_t parent = getpid();

    child->result = memory_file("xbow-result");
    child->said = memory_file("xbow-stderr");
    if (child->result < 0 || child->said < 0 || pipe2(ends, O_CLOEXEC | O_NONBLOCK) != 0) {
        fprintf(d->err, "xbow: cannot start a run: %s\n", strerror(errno));
        return false;
    }
    fflush(NULL); /* what is buffered must not be written twice */
    child->pid = fork();
    if (child->pid == 0) {
        prctl(PR_SET_PDEATHSIG, SIGKILL); /* a killed parent leaves no children behind */
        if (getppid() != parent) _exit(1);
        close(ends[0]);
        child_main(d, child, ends[1]);
    }
    close(ends[1]);
    if (child->pid < 0) {
        fprintf(d->err, "xbow: cannot start a run: %s\n", strerror(errno));
        close(ends[0]);
        return false;
    }
    child->progress = ends[0];
    child->state = CHILD_RUNNING;
    child->started_s = clock_s();
    d->running++;
    return true;
}

/* Takes what the child has sent, and its end. */
static void listen_to(struct drive *d, size_t index)
{
    struct child *child = &d->children[index];
    struct progress_note note;
    ssize_t n;

    while ((n = read(child->progress, &note, sizeof note)) == (ssize_t)sizeof note) child->note = note;
    end_child(d, index, n == 0 ? 0 : WNOHANG);
}

/* Collects a child if it has ended ('wait_flags' WNOHANG) or when it does (0). */
static void end_child(struct drive *d, size_t index, int wait_flags)
{
    struct child *child = &d->children[index];
    struct run_result *r = &d->c->runs[index];
    struct rusage usage = { 0 };

    pid_t ended;

    while ((ended = wait4(child->pid, &child->status, wait_flags, &usage)) < 0 && errno == EINTR) continue;
    if (ended == 0) return;
    close(child->progress);
    child->progress = -1;
    child->state = CHILD_ENDED;
    child->wall_s = clock_s() - child->started_s;
    d->running--;
    if (WIFEXITED(child->status) && WEXITSTATUS(child->status) == 0) {
        FILE *in = fdopen(child->result, "r");
        SIM_ASSERT(in);
        rewind(in);
        child->good = run_result_read(r, in) == 0;
        fclose(in);
        child->result = -1;
        if (r->peak_rss_bytes == 0) r->peak_rss_bytes = (int64_t)usage.ru_maxrss * 1024;
    }
    if (!child->good) d->failed = true;
}

static void kill_children(struct drive *d)
{
    for (size_t i = 0; i < d->count; i++)
        if (d->children[i].state == CHILD_RUNNING) kill(d->children[i].pid, SIGKILL);
    for (size_t i = 0; i < d->count; i++) {
        struct child *child = &d->children[i];
        if (child->state != CHILD_RUNNING) continue;
        while (waitpid(child->pid, &child->status, 0) < 0 && errno == EINTR) continue;
        close(child->progress);
        child->state = CHILD_WAITING; /* its end is our doing: nothing to report */
    }
    d->running = 0;
}

static void on_stop_signal(int sig)
{
    (void)sig;
    interrupted = 1;
}

/* -- what people see ---------------------------------------------------------------------------------------------- */

static const char *how_it_ended(const struct child *child, char *text, size_t size)
{
    if (WIFSIGNALED(child->status))
        snprintf(text, size, "killed by signal %d (%s)", WTERMSIG(child->status), strsignal(WTERMSIG(child->status)));
    else if (WEXITSTATUS(child->status) != 0)
        snprintf(text, size, "failed");
    else
        snprintf(text, size, "ended without a whole result");
    return text;
}

static char *read_said(int fd)
{
    char *text = calloc(SAID_BYTES_MAX + 1, 1);
    SIM_ASSERT(text);
    ssize_t n = pread(fd, text, SAID_BYTES_MAX, 0);
    text[n > 0 ? n : 0] = '\0';
    return text;
}

/* What the children said, in the order of the runs; a warning that every replication repeats is shown once. */
static void show_said(const struct drive *d)
{
    char how[128];
    char *before = NULL;

    for (size_t i = 0; i < d->count; i++) {
        const struct child *child = &d->children[i];
        if (child->state != CHILD_ENDED) continue;
        if (!child->good)
            fprintf(d->err, "xbow: run of variant '%s', seed %" PRIu64 ": %s\n", shown_variant(child), child->seed,
                    how_it_ended(child, how, sizeof how));
        char *said = read_said(child->said);
        if (*said && (!child->good || !before || strcmp(before, said) != 0)) fputs(said, d->err);
        free(before);
        before = said;
    }
    free(before);
    fflush(d->err);
}

static void draw_progress(const struct drive *d)
{
    static double last_s;
    double now_s = clock_s(), fraction = 0, simulated_s = 0, wall_s = 0;
    size_t ended = 0;

    if (!d->show || now_s - last_s < progress_gap_s) return;
    last_s = now_s;
    for (size_t i = 0; i < d->count; i++) {
        const struct child *child = &d->children[i];
        ended += child->state == CHILD_ENDED;
        if (child->state == CHILD_ENDED) {
            fraction += 1;
            simulated_s += sim_seconds(d->c->runs[i].simulated);
            wall_s += child->wall_s;
        } else if (child->state == CHILD_RUNNING && child->note.whole_ps > 0) {
            fraction += (double)child->note.done_ps / (double)child->note.whole_ps;
            simulated_s += sim_seconds(sim_ps(child->note.done_ps));
            wall_s += now_s - child->started_s;
        }
    }
    fraction /= (double)d->count;
    fprintf(d->err, "\r\033[K%s%srun %zu of %zu, %3.0f %%", d->plan->label ? d->plan->label : "",
            d->plan->label ? ": " : "", ended + (ended < d->count), d->count, 100 * fraction);
    if (simulated_s > 0) fprintf(d->err, ", %.2f s per simulated s", wall_s / simulated_s);
    if (fraction > 0) fprintf(d->err, ", %.0f s left", (now_s - d->started_s) * (1 / fraction - 1));
    fflush(d->err);
}
