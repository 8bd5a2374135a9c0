/* SPDX-License-Identifier: GPL-3.0-or-later
 * platform.c -- the simulation's side of a SimGrid platform: start the server, believe nothing, convert once. */
#define _GNU_SOURCE /* memfd_create */
#include "topology/platform.h"

#include <errno.h>
#include <math.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "core/assert.h"
#include "topology/platform_server.h"

enum { LOAD_TIMEOUT_S = 60, HOSTS_MAX = 1000000, LINKS_MAX = 10000000, NAME_MAX_BYTES = 65536, LOG_MAX_BYTES = 16384 };

struct platform {
    int socket, log;
    pid_t server, owner; /* owner: the process that may ask */
    char **hosts;
    struct platform_link *links;
    size_t host_count, link_count;
};

static void check_service(bool server_answers)
{
    SIM_ASSERT(server_answers);
}

/* -- what SimGrid said ------------------------------------------------------------------------------------------ */

/* Everything SimGrid has printed so far, as far as it fits; the caller frees it. */
static char *read_log(int log)
{
    char *text = calloc(1, LOG_MAX_BYTES + 1);
    SIM_ASSERT(text);
    ssize_t n = pread(log, text, LOG_MAX_BYTES, 0);
    for (ssize_t i = 0; i < n; i++)
        if (text[i] != '\n' && (text[i] < ' ' || text[i] > '~')) text[i] = '?';
    return text;
}

static void cut_line(char *s)
{
    s[strcspn(s, "\n")] = '\0';
}

/* "Parse error at FILE:LINE: [Invalid XML (...): ]MESSAGE". */
static bool report_parse_error(char *log, struct errors *errors)
{
    static const char lead[] = "Parse error at ", inner[] = "Invalid XML (";
    char *from = strstr(log, lead);
    if (!from) return false;
    from += sizeof lead - 1;
    cut_line(from);
    for (char *colon = strchr(from, ':'); colon; colon = strchr(colon + 1, ':')) {
        char *end;
        long line = strtol(colon + 1, &end, 10);
        if (end == colon + 1 || strncmp(end, ": ", 2) != 0 || line < 1) continue;
        char *what = end + 2, *skip;
        if (strncmp(what, inner, sizeof inner - 1) == 0 && (skip = strstr(what, "): ")) != NULL) what = skip + 3;
        *colon = '\0';
        errors_add(errors, (struct error_at){ from, (int)line, 1 }, "%s", what);
        return true;
    }
    return false;
}

/* The first "[.../CRITICAL] MESSAGE" or "[.../ERROR] MESSAGE", without the exception's type; NULL: none. */
static char *find_complaint(char *log)
{
    static const char *const marks[] = { "/CRITICAL] ", "/ERROR] " };
    for (size_t i = 0; i < sizeof marks / sizeof *marks; i++) {
        char *from = strstr(log, marks[i]);
        if (!from) continue;
        from += strlen(marks[i]);
        cut_line(from);
        char *type = strstr(from, ": ");
        if (strncmp(from, "Uncaught exception ", 19) == 0 && type) from = type + 2;
        if (*from) return from;
    }
    return NULL;
}

static void report_death(const struct platform *p, const char *path, struct error_at at, int status,
                         struct errors *errors)
{
    char *log = read_log(p->log), *what;
    if (report_parse_error(log, errors)) {
        /* said all */
    } else if ((what = find_complaint(log)) != NULL) {
        errors_add(errors, at, "SimGrid cannot load platform file '%s': %s", path, what);
    } else if (WIFSIGNALED(status)) {
        errors_add(errors, at, "SimGrid cannot load platform file '%s': it ended with signal %d (%s)", path,
                   WTERMSIG(status), strsignal(WTERMSIG(status)));
    } else {
        cut_line(log);
        errors_add(errors, at, "SimGrid cannot load platform file '%s'%s%s", path, *log ? ": " : "", log);
    }
    free(log);
}

/* -- starting and ending ---------------------------------------------------------------------------------------- */

static void start(struct platform *p, const char *path)
{
    int ends[2];
    p->log = memfd_create("simgrid-log", MFD_CLOEXEC);
    SIM_ASSERT(p->log >= 0 && socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) == 0);
    p->owner = getpid();
    fflush(NULL); /* nothing of ours must be printed twice */
    p->server = fork();
    SIM_ASSERT(p->server >= 0);
    if (p->server == 0) {
        close(ends[0]);
        platform_server_run(ends[1], p->log, path);
    }
    close(ends[1]);
    p->socket = ends[0];
}

/* Ends the server and returns how it ended. */
static int stop(struct platform *p, bool kill_it)
{
    int status = 0;
    shutdown(p->socket, SHUT_RDWR); /* also where a forked copy of us still has it open */
    close(p->socket);
    p->socket = -1;
    if (kill_it) kill(p->server, SIGKILL);
    while (waitpid(p->server, &status, 0) < 0 && errno == EINTR) { /* again */ }
    return status;
}

static char *receive_name(int socket, uint32_t bytes)
{
    if (bytes > NAME_MAX_BYTES) return NULL;
    char *name = calloc(1, bytes + 1);
    SIM_ASSERT(name);
    if (platform_receive(socket, name, bytes) == 0) return name;
    free(name);
    return NULL;
}

/* A mistake of the file that SimGrid does not see. */
static int check_link(const struct platform_link_record *r, const char *name, const char *path, struct error_at at,
                      struct errors *errors)
{
    if (!(r->bytes_per_s * 8 >= 1))
        return errors_add(errors, at, "platform file '%s': link '%s' has a bandwidth of %g bit/s, expected at least 1",
                          path, name, r->bytes_per_s * 8);
    if (!(r->latency_s >= 0 && r->latency_s <= 1000))
        return errors_add(errors, at, "platform file '%s': link '%s' has a latency of %g s, expected 0 to 1000 s", path,
                          name, r->latency_s);
    return 0;
}

/* 1: the server is gone.  -1: mistakes were added. */
static int receive_inventory(struct platform *p, const char *path, struct error_at at, struct errors *errors)
{
    struct platform_hello hello;
    int result = 0;
    if (platform_receive(p->socket, &hello, sizeof hello)) return 1;
    if (hello.magic != PLATFORM_HELLO || hello.hosts > HOSTS_MAX || hello.links > LINKS_MAX)
        return errors_add(errors, at, "platform file '%s' is too large: %u hosts, %u links", path, hello.hosts,
                          hello.links);
    if (hello.hosts == 0) return errors_add(errors, at, "platform file '%s' has no host", path);
    p->hosts = calloc(hello.hosts, sizeof *p->hosts);
    p->links = calloc(hello.links + 1, sizeof *p->links);
    SIM_ASSERT(p->hosts && p->links);
    for (uint32_t i = 0; i < hello.hosts; i++) {
        uint32_t bytes;
        if (platform_receive(p->socket, &bytes, sizeof bytes)) return 1;
        if (!(p->hosts[i] = receive_name(p->socket, bytes))) return 1;
        p->host_count++;
    }
    for (uint32_t i = 0; i < hello.links; i++) {
        struct platform_link_record r;
        if (platform_receive(p->socket, &r, sizeof r)) return 1;
        char *name = receive_name(p->socket, r.name_bytes);
        if (!name) return 1;
        struct platform_link *l = &p->links[p->link_count++];
        l->name = name;
        if (check_link(&r, name, path, at, errors)) {
            result = -1;
            continue;
        }
        l->rate.bps = r.bytes_per_s * 8 >= PLATFORM_RATE_MAX ? PLATFORM_RATE_MAX : llrint(r.bytes_per_s * 8);
        l->latency.ps = llrint(r.latency_s * 1e12);
        l->shared = r.shared != 0;
    }
    return result;
}

static void free_all(struct platform *p)
{
    for (size_t i = 0; i < p->host_count; i++) free(p->hosts[i]);
    for (size_t i = 0; i < p->link_count; i++) free((char *)(uintptr_t)p->links[i].name);
    free(p->hosts);
    free(p->links);
    close(p->log);
    free(p);
}

static struct platform *open_platform(const char *path, struct error_at at, struct errors *errors)
{
    struct platform *p = calloc(1, sizeof *p);
    SIM_ASSERT(p);
    start(p, path);
    struct pollfd wait = { p->socket, POLLIN, 0 };
    int ready;
    do ready = poll(&wait, 1, LOAD_TIMEOUT_S * 1000);
    while (ready < 0 && errno == EINTR);
    int result = 1;
    if (ready == 0) {
        result = errors_add(errors, at, "SimGrid does not finish loading platform file '%s' within %d s", path,
                            LOAD_TIMEOUT_S);
    } else {
        result = receive_inventory(p, path, at, errors);
    }
    if (result == 0) return p;
    int status = stop(p, ready == 0);
    if (result > 0) report_death(p, path, at, status, errors);
    free_all(p);
    return NULL;
}

struct platform *platform_load(const char *path, struct error_at at, struct errors *errors)
{
    struct stat st;
    if (stat(path, &st) || access(path, R_OK)) {
        errors_add(errors, at, "cannot read platform file '%s': %s", path, strerror(errno));
        return NULL;
    }
    if (!S_ISREG(st.st_mode)) {
        errors_add(errors, at, "platform file '%s' is not a file", path);
        return NULL;
    }
    if (st.st_size == 0) {
        errors_add(errors, (struct error_at){ path, 1, 1 }, "the file is empty, expected a SimGrid platform in XML");
        return NULL;
    }
    return open_platform(path, at, errors);
}

struct platform *platform_from_xml(const char *xml)
{
    struct errors errors;
    char path[64];
    size_t bytes = strlen(xml), done = 0;
    int fd = memfd_create("simgrid-platform", MFD_CLOEXEC);
    SIM_ASSERT(fd >= 0);
    while (done < bytes) {
        ssize_t n = write(fd, xml + done, bytes - done);
        SIM_ASSERT(n > 0);
        done += (size_t)n;
    }
    snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
    errors_init(&errors);
    struct platform *p = open_platform(path, (struct error_at){ 0 }, &errors);
    errors_print(&errors, stderr);
    SIM_ASSERT(p != NULL);
    errors_fini(&errors);
    close(fd);
    return p;
}

void platform_destroy(struct platform *p)
{
    if (!p) return;
    if (p->owner == getpid())
        stop(p, false);
    else
        close(p->socket);
    free_all(p);
}

/* -- hosts and links -------------------------------------------------------------------------------------------- */

size_t platform_host_count(const struct platform *p)
{
    return p->host_count;
}

const char *platform_host_name(const struct platform *p, size_t host)
{
    return p->hosts[host];
}

int platform_find_host(const struct platform *p, const char *name)
{
    for (size_t low = 0, high = p->host_count; low < high;) {
        size_t middle = low + (high - low) / 2;
        int order = strcmp(name, p->hosts[middle]);
        if (order == 0) return (int)middle;
        if (order < 0) high = middle;
        else low = middle + 1;
    }
    return -1;
}

size_t platform_link_count(const struct platform *p)
{
    return p->link_count;
}

const struct platform_link *platform_link(const struct platform *p, size_t link)
{
    return &p->links[link];
}

int platform_find_link(const struct platform *p, const char *name)
{
    for (size_t low = 0, high = p->link_count; low < high;) {
        size_t middle = low + (high - low) / 2;
        int order = strcmp(name, p->links[middle].name);
        if (order == 0) return (int)middle;
        if (order < 0) high = middle;
        else low = middle + 1;
    }
    return -1;
}

/* -- questions -------------------------------------------------------------------------------------------------- */

static void ask(struct platform *p, const struct platform_request *request, const void *data, size_t bytes)
{
    SIM_ASSERT(p->owner == getpid());
    check_service(!platform_send(p->socket, request, sizeof *request) && !platform_send(p->socket, data, bytes));
}

static void answer(struct platform *p, void *data, size_t bytes)
{
    check_service(!platform_receive(p->socket, data, bytes));
}

struct platform_routes platform_ask_routes(struct platform *p, const struct platform_pair *pairs, size_t n)
{
    struct platform_routes r = { calloc(n + 1, sizeof *r.routes), NULL };
    size_t used = 0, room = 0;
    SIM_ASSERT(r.routes);
    for (size_t done = 0; done < n;) {
        size_t batch = n - done < PLATFORM_BATCH_MAX ? n - done : PLATFORM_BATCH_MAX;
        struct platform_request request = { PLATFORM_ASK_ROUTES, (uint32_t)batch, -1, 0 };
        for (size_t i = done; i < done + batch; i++)
            SIM_ASSERT(pairs[i].from < p->host_count && pairs[i].to < p->host_count && pairs[i].from != pairs[i].to);
        ask(p, &request, pairs + done, batch * sizeof *pairs);
        for (; batch; batch--, done++) {
            uint32_t count;
            answer(p, &count, sizeof count);
            if (used + count > room) {
                room = (used + count) * 2 + 64;
                r.links = realloc(r.links, room * sizeof *r.links);
                SIM_ASSERT(r.links);
            }
            if (count) answer(p, r.links + used, count * sizeof *r.links);
            r.routes[done] = (struct platform_route){ (uint32_t)used, count };
            used += count;
        }
    }
    return r;
}

void platform_routes_fini(struct platform_routes *r)
{
    free(r->routes);
    free(r->links);
    *r = (struct platform_routes){ NULL, NULL };
}

static int ask_times(struct platform *p, const struct platform_flow *flows, size_t n, int watch, bool no_latency,
                     double *seconds)
{
    struct platform_request request = { PLATFORM_ASK_TIMES, (uint32_t)n, watch, no_latency };
    uint32_t good;
    for (size_t i = 0; i < n; i++)
        SIM_ASSERT(flows[i].from < p->host_count && flows[i].to < p->host_count && flows[i].from != flows[i].to);
    ask(p, &request, flows, n * sizeof *flows);
    answer(p, &good, sizeof good);
    if (!good) return -1;
    answer(p, seconds, n * sizeof *seconds);
    return 0;
}

int platform_flow_times(struct platform *p, const struct platform_flow *flows, size_t n, sim_dur *times)
{
    double *seconds = calloc(n + 1, sizeof *seconds);
    SIM_ASSERT(seconds);
    int result = n ? ask_times(p, flows, n, -1, false, seconds) : 0;
    for (size_t i = 0; i < n && !result; i++) times[i].ps = llrint(seconds[i] * 1e12);
    free(seconds);
    return result;
}

/* SimGrid's C interface tells when a flow ends, not how fast it goes.  So each flow in turn is made short beside the
 * others, and ends while all of them still run. */
int platform_flow_rates(struct platform *p, const struct platform_flow *flows, size_t n, sim_rate *rates)
{
    static const int64_t probe_bytes = 1000000000, endless_bytes = INT64_C(1000000000000000000);
    struct platform_flow *run = calloc(n + 1, sizeof *run);
    double *seconds = calloc(n + 1, sizeof *seconds);
    int result = 0;
    SIM_ASSERT(run && seconds);
    for (size_t i = 0; i < n && !result; i++) {
        for (size_t k = 0; k < n; k++)
            run[k] = (struct platform_flow){ flows[k].from, flows[k].to, k == i ? probe_bytes : endless_bytes };
        result = ask_times(p, run, n, (int)i, true, seconds);
        if (!result) rates[i].bps = llrint((double)(probe_bytes * 8) / seconds[i]);
    }
    free(run);
    free(seconds);
    return result;
}
