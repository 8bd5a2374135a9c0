/* SPDX-License-Identifier: GPL-3.0-or-later
 * platform_server.c -- SimGrid in a process of its own.
 *
 *     simulation ---socket--- guard --fork--> worker --fork--> one simulation of flows
 *
 * The guard loads the platform and from then on only watches: on a pair of hosts that its zones cannot join SimGrid
 * aborts (Floyd) or searches forever (Dijkstra), and that takes the worker, not the platform.  The request in hand lies
 * in memory that both share, so the guard answers "no route" for the pair that was fatal and a new worker goes on with
 * the next.
 * A simulation of flows changes SimGrid's state for good, so each runs in a copy.
 *
 * SimGrid computes the tables of Floyd and Dijkstra zones only when a simulation starts: running an empty one comes
 * first, or every such route would be missing. */
#include "topology/platform_server.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <simgrid/actor.h>
#include <simgrid/engine.h>
#include <simgrid/host.h>
#include <simgrid/link.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>
#include <xbt/dynar.h>

#include "core/assert.h"
#include "topology/platform.h"

#if defined(__SANITIZE_ADDRESS__)
#define SANITIZED 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define SANITIZED 1
#endif
#endif
#ifndef SANITIZED
#define SANITIZED 0
#endif

enum {
    OUT_WORDS = 65536,
    MEMORY_MAX_MIB = 4096,
    ROUTE_CPU_S = 3,     /* for WATCH_PAIRS routes; usual is 1 us to 1 ms each */
    WATCH_PAIRS = 32,
    DEATHS_MAX = 16,     /* per request */
};

/* What the guard knows of the worker's request. */
struct shared {
    uint32_t count, next;  /* pairs asked for; the one in hand */
    uint32_t out_count;    /* words of answers not sent yet */
    uint32_t deaths;
    struct platform_pair pairs[PLATFORM_BATCH_MAX];
    uint32_t out[OUT_WORDS];
};

struct server {
    int socket;
    struct shared *shared;
    sg_host_t *hosts;      /* in order of name */
    sg_link_t *links;
    uint32_t host_count, link_count;
    xbt_dynar_t route;     /* scratch */
};

int platform_send(int socket, const void *data, size_t bytes)
{
    const char *from = data;
    while (bytes) {
        ssize_t n = send(socket, from, bytes, MSG_NOSIGNAL);
        if (n < 0 && errno == EINTR) continue;
        if (n <= 0) return -1;
        from += n;
        bytes -= (size_t)n;
    }
    return 0;
}

int platform_receive(int socket, void *data, size_t bytes)
{
    char *to = data;
    while (bytes) {
        ssize_t n = recv(socket, to, bytes, 0);
        if (n < 0 && errno == EINTR) continue;
        if (n <= 0) return -1;
        to += n;
        bytes -= (size_t)n;
    }
    return 0;
}

/* -- loading ---------------------------------------------------------------------------------------------------- */

static int by_host_name(const void *a, const void *b)
{
    return strcmp(sg_host_get_name(*(const sg_host_t *)a), sg_host_get_name(*(const sg_host_t *)b));
}

static int by_link_name(const void *a, const void *b)
{
    return strcmp(sg_link_get_name(*(const sg_link_t *)a), sg_link_get_name(*(const sg_link_t *)b));
}

/* Keeps mistakes in a platform file from filling the disk with cores or the memory with hosts. */
static void limit_resources(void)
{
    struct rlimit none = { 0, 0 };
    struct rlimit memory = { (rlim_t)MEMORY_MAX_MIB << 20, (rlim_t)MEMORY_MAX_MIB << 20 };
    setrlimit(RLIMIT_CORE, &none);
    if (!SANITIZED) setrlimit(RLIMIT_DATA, &memory); /* sanitizers reserve far more than they use */
}

static void load(struct server *s, const char *path)
{
    static const char *const options[] = {
        "xbow", "--cfg=network/model:CM02", "--cfg=network/crosstraffic:0", "--cfg=network/latency-factor:1",
        "--cfg=network/bandwidth-factor:1", "--cfg=network/weight-S:0", "--cfg=network/TCP-gamma:1e30",
        "--cfg=surf/precision:1e-12", "--cfg=contexts/stack-size:128",
        SANITIZED ? "--cfg=contexts/factory:thread" : "--cfg=contexts/guard-size:1",
    };
    int argc = sizeof options / sizeof *options;
    char *argv[sizeof options / sizeof *options + 1] = { NULL };
    for (int i = 0; i < argc; i++) argv[i] = strdup(options[i]);

    simgrid_init(&argc, argv);
    simgrid_load_platform(path);
    s->host_count = (uint32_t)sg_host_count();
    if (s->host_count == 0) return; /* sg_host_list() and an empty run would abort */
    simgrid_run();
    s->hosts = sg_host_list();
    qsort(s->hosts, s->host_count, sizeof *s->hosts, by_host_name);

    sg_link_t *all = sg_link_list();
    size_t count = sg_link_count();
    s->links = all;
    for (size_t i = 0; i < count; i++)
        if (strcmp(sg_link_get_name(all[i]), "__loopback__") != 0) s->links[s->link_count++] = all[i];
    qsort(s->links, s->link_count, sizeof *s->links, by_link_name);
    for (uintptr_t i = 0; i < s->link_count; i++) sg_link_set_data(s->links[i], (void *)(i + 1));
}

static int send_inventory(const struct server *s)
{
    struct platform_hello hello = { PLATFORM_HELLO, s->host_count, s->link_count };
    if (platform_send(s->socket, &hello, sizeof hello)) return -1;
    for (uint32_t i = 0; i < s->host_count; i++) {
        const char *name = sg_host_get_name(s->hosts[i]);
        uint32_t bytes = (uint32_t)strlen(name);
        if (platform_send(s->socket, &bytes, sizeof bytes) || platform_send(s->socket, name, bytes)) return -1;
    }
    for (uint32_t i = 0; i < s->link_count; i++) {
        const char *name = sg_link_get_name(s->links[i]);
        struct platform_link_record r = { sg_link_get_bandwidth(s->links[i]), sg_link_get_latency(s->links[i]),
                                          sg_link_is_shared(s->links[i]) != 0, (uint32_t)strlen(name) };
        if (platform_send(s->socket, &r, sizeof r) || platform_send(s->socket, name, r.name_bytes)) return -1;
    }
    return 0;
}

/* -- routes ----------------------------------------------------------------------------------------------------- */

static int flush(const struct server *s)
{
    struct shared *sh = s->shared;
    int result = platform_send(s->socket, sh->out, sh->out_count * sizeof *sh->out);
    sh->out_count = 0;
    return result;
}

/* Room for one more answer of 'links' links. */
static int make_room(const struct server *s, unsigned long links)
{
    return s->shared->out_count + links + 1 > OUT_WORDS ? flush(s) : 0;
}

/* Answers the pairs from 'next' on.  The order of stores is what a death between any two of them leaves whole: an
 * answer counts from the moment 'next' passes its pair, and 'out_count' moves just before that. */
static int answer_routes(const struct server *s)
{
    struct shared *volatile sh = s->shared;
    struct rlimit files, none;
    getrlimit(RLIMIT_NOFILE, &files);
    none = (struct rlimit){ 0, files.rlim_max };
    struct itimerval watch = { .it_value.tv_sec = ROUTE_CPU_S }, off = { .it_value.tv_sec = 0 };
    setrlimit(RLIMIT_NOFILE, &none); /* dying takes 100 times as long with debugging information to print from */
    while (sh->next < sh->count) {
        struct platform_pair pair = sh->pairs[sh->next];
        if (sh->next % WATCH_PAIRS == 0) setitimer(ITIMER_PROF, &watch, NULL);
        xbt_dynar_reset(s->route);
        sg_host_get_route(s->hosts[pair.from], s->hosts[pair.to], s->route);
        unsigned long n = xbt_dynar_length(s->route);
        if (n >= OUT_WORDS) n = 0;
        if (make_room(s, n)) return -1;
        uint32_t *out = sh->out + sh->out_count, links = 0;
        for (unsigned long i = 0; i < n; i++) {
            sg_link_t link;
            xbt_dynar_get_cpy(s->route, i, &link);
            uintptr_t number = (uintptr_t)sg_link_get_data(link);
            if (number) out[++links] = (uint32_t)(number - 1);
        }
        out[0] = links;
        sh->out_count += links + 1;
        sh->next++;
    }
    sh->count = sh->next = 0;
    setrlimit(RLIMIT_NOFILE, &files);
    setitimer(ITIMER_PROF, &off, NULL);
    return flush(s);
}

/* -- flows ------------------------------------------------------------------------------------------------------ */

static struct {
    const struct server *server;
    const struct platform_flow *flows;
    double *times;
    uint32_t count;
    int32_t watch;
    int out;
} flow_run; /* of the one simulation that this process will run */

static _Noreturn void flow_run_end(void)
{
    size_t bytes = flow_run.count * sizeof *flow_run.times;
    for (const char *from = (const char *)flow_run.times; bytes;) {
        ssize_t n = write(flow_run.out, from, bytes);
        if (n <= 0) _exit(1);
        from += n;
        bytes -= (size_t)n;
    }
    _exit(0);
}

static void flow_actor(int argc, char **argv)
{
    (void)argc;
    uint32_t i = (uint32_t)strtoul(argv[1], NULL, 10);
    const struct platform_flow *f = &flow_run.flows[i];
    sg_host_sendto(flow_run.server->hosts[f->from], flow_run.server->hosts[f->to], (double)f->bytes);
    flow_run.times[i] = simgrid_get_clock();
    if (flow_run.watch == (int32_t)i) flow_run_end();
}

static _Noreturn void simulate_flows(bool no_latency)
{
    const struct server *s = flow_run.server;
    for (uint32_t i = 0; no_latency && i < s->link_count; i++) sg_link_set_latency(s->links[i], 0);
    for (uint32_t i = 0; i < flow_run.count; i++) {
        char number[16], name[] = "flow";
        snprintf(number, sizeof number, "%u", i);
        const char *argv[] = { name, number, NULL };
        sg_actor_create_(name, s->hosts[flow_run.flows[i].from], flow_actor, 2, argv);
    }
    simgrid_run();
    flow_run_end();
}

/* Reads 'bytes' from a simulation that may die instead. */
static bool read_all(int fd, void *data, size_t bytes)
{
    for (char *to = data; bytes;) {
        ssize_t n = read(fd, to, bytes);
        if (n < 0 && errno == EINTR) continue;
        if (n <= 0) return false;
        to += n;
        bytes -= (size_t)n;
    }
    return true;
}

static int answer_times(const struct server *s, const struct platform_request *request)
{
    struct platform_flow *flows = calloc(request->count, sizeof *flows);
    double *times = calloc(request->count, sizeof *times);
    int ends[2];
    if (!flows || !times || platform_receive(s->socket, flows, request->count * sizeof *flows) || pipe(ends)) _exit(1);
    pid_t child = fork();
    if (child == 0) {
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        close(ends[0]);
        flow_run.server = s;
        flow_run.flows = flows;
        flow_run.times = times;
        flow_run.count = request->count;
        flow_run.watch = request->watch;
        flow_run.out = ends[1];
        simulate_flows(request->no_latency != 0);
    }
    close(ends[1]);
    uint32_t good = child > 0 && read_all(ends[0], times, request->count * sizeof *times);
    close(ends[0]);
    if (child > 0) waitpid(child, NULL, 0);
    int result = platform_send(s->socket, &good, sizeof good);
    if (good && !result) result = platform_send(s->socket, times, request->count * sizeof *times);
    free(flows);
    free(times);
    return result;
}

/* -- guard and worker ------------------------------------------------------------------------------------------- */

static _Noreturn void work(struct server *s)
{
    struct platform_request request;
    s->route = xbt_dynar_new(sizeof(sg_link_t), NULL);
    if (s->shared->count && answer_routes(s)) _exit(0);
    while (!platform_receive(s->socket, &request, sizeof request)) {
        if (request.question == PLATFORM_ASK_TIMES) {
            if (answer_times(s, &request)) break;
            continue;
        }
        if (request.count > PLATFORM_BATCH_MAX) _exit(0);
        if (platform_receive(s->socket, s->shared->pairs, request.count * sizeof *s->shared->pairs)) break;
        s->shared->next = s->shared->deaths = 0;
        s->shared->count = request.count;
        if (answer_routes(s)) break;
    }
    _exit(0);
}

void platform_server_run(int socket, int log, const char *path)
{
    struct server s = { .socket = socket };
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    limit_resources();
    int null = open("/dev/null", O_RDONLY);
    if (null >= 0) dup2(null, 0);
    dup2(log, 1);
    dup2(log, 2);

    load(&s, path);
    if (send_inventory(&s)) _exit(1);
    s.shared = mmap(NULL, sizeof *s.shared, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (s.shared == MAP_FAILED) _exit(1);
    for (;;) {
        int status;
        pid_t worker = fork();
        if (worker == 0) {
            prctl(PR_SET_PDEATHSIG, SIGKILL);
            work(&s);
        }
        if (worker < 0 || waitpid(worker, &status, 0) != worker) _exit(1);
        if (WIFEXITED(status) && WEXITSTATUS(status) == 0) _exit(0);
        if (s.shared->next >= s.shared->count) _exit(1); /* not the fault of a pair */
        bool give_up = ++s.shared->deaths == DEATHS_MAX || (WIFSIGNALED(status) && WTERMSIG(status) == SIGPROF);
        do {
            if (make_room(&s, 0)) _exit(0);
            s.shared->out[s.shared->out_count++] = 0;
            s.shared->next++;
        } while (give_up && s.shared->next < s.shared->count);
    }
}
