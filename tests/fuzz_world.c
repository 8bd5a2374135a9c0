/* SPDX-License-Identifier: GPL-3.0-or-later
 * fuzz_world.c -- whatever the scenario says, a world is refused with a message or runs and keeps its invariants.
 *
 *     fuzz_world ROUNDS SEED
 *
 * Draws scenarios over the whole range of what machines, cards, links, stacks and traffic can be, runs each for some
 * milliseconds, and some of them twice, with the same seed, to the same counters.  Packets are counted by the world
 * itself, at the end of every run.  A world takes as long as a hundred inputs of other targets and counts for as many.
 * Run it in the directory of the project, so that the cost profile is found. */
#include <inttypes.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/assert.h"
#include "topology/world.h"

enum { TEXT_BYTES = 8192, WORTH = 100, SECONDS_MAX = 60 };

static uint64_t state;
static char text[TEXT_BYTES];
static size_t used;

static uint32_t roll(uint32_t below)
{
    state = state * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return (uint32_t)(state >> 33) % below;
}

static void say(const char *format, ...) __attribute__((format(printf, 1, 2)));
static void say(const char *format, ...)
{
    va_list args;
    va_start(args, format);
    int n = vsnprintf(text + used, sizeof text - used, format, args);
    va_end(args);
    SIM_ASSERT(n >= 0 && used + (size_t)n < sizeof text);
    used += (size_t)n;
}

#define ONE_OF(...) one_of((const char *const[]){ __VA_ARGS__, NULL })
static const char *one_of(const char *const *words)
{
    uint32_t n = 0;
    while (words[n]) n++;
    return words[roll(n)];
}

/* 'key: value,' in one of 'in' cases. */
static void maybe(uint32_t in, const char *key, const char *value)
{
    if (roll(in) == 0) say("%s: %s, ", key, value);
}

static const char *number(uint32_t low, uint32_t high)
{
    static char digits[8][16];
    static int turn;
    char *d = digits[turn++ % 8];
    snprintf(d, sizeof digits[0], "%" PRIu32, low + roll(high - low + 1));
    return d;
}

/* -- a scenario --------------------------------------------------------------------------------------------------- */

/* What goes together; now and then something that does not. */
struct kind {
    bool full, crossbow, linux26, gigabit;
};

static bool odd(void)
{
    return roll(100) == 0;
}

static void say_rings(struct kind k)
{
    if ((k.crossbow && !k.gigabit) || odd()) {
        maybe(4, "fanout", number(1, 8));
        maybe(12, "rx-groups", number(1, 4));
    }
    if ((!k.gigabit && (k.crossbow || k.linux26)) || odd()) {
        maybe(3, "lanes", number(1, k.crossbow ? 4 : 16));
        maybe(4, "tx-rings", number(1, 32));
        maybe(6, "write-back", number(1, 16));
        maybe(8, "rate", "40Gbps");
    }
    if (!k.gigabit && roll(6) == 0)
        say("pcie: {lanes: %s, mps: %s, rcb: %s, reads: %s, read-latency: %s}, ", ONE_OF("1", "4", "8"),
            ONE_OF("128B", "256B"), ONE_OF("64B", "128B"), ONE_OF("1", "16"), ONE_OF("0ns", "1us", "20us"));
}

static void say_card(struct kind k)
{
    say("{wire: s, ");
    if (k.full) {
        if (k.gigabit) say("model: intel-82573, ");
        say_rings(k);
        maybe(4, "rx-descriptors", ONE_OF("64", "128", "1024", "4096"));
        maybe(4, "tx-descriptors", ONE_OF("64", "128", "1024", "4096"));
        maybe(4, "interrupt-interval", ONE_OF("0us", "10us", "51.2us", "2ms"));
        maybe(5, "poll", "false");
    }
    maybe(4, "mtu", ONE_OF("576B", "1500B", "9000B", "1492B"));
    maybe(5, "lso", "false");
    maybe(5, "flow-control", ONE_OF("rx", "tx", "full"));
    maybe(6, "rate", ONE_OF("1Gbps", "100Mbps", "10Mbps"));
    maybe(8, "queue", ONE_OF("0B", "64KiB"));
    maybe(8, "delay", ONE_OF("0ns", "10us", "1ms"));
    say("}");
}

static void say_links(struct kind k)
{
    const char *rings = k.gigabit ? "sw" : ONE_OF("hw", "sw", "'2'");
    say("links: {v0: {over: n0, rxrings: %s, vlan: %s}, 'v[1-2]': {over: n0, rxrings: %s}}, ", rings,
        ONE_OF("0", "0", "7"), k.gigabit ? "sw" : ONE_OF("hw", "sw"));
}

static void say_machine(const char *name, bool full)
{
    struct kind k = { .full = full, .crossbow = roll(3) > 0, .gigabit = roll(4) == 0 };
    say("  %s: {", name);
    if (full) {
        k.linux26 = !k.crossbow && roll(2);
        say("detail: full, cpus: {sockets: %s, cores: %s, threads: %s, clock: %s}, ", number(1, 3), number(1, 4),
            ONE_OF("1", "1", "2"), ONE_OF("2.8GHz", "1GHz", "300MHz"));
        say("stack: %s, ", k.crossbow ? "crossbow" : k.linux26 ? "linux26" : "gldv3");
        if ((k.crossbow && roll(6) == 0) || odd())
            say("lane: {low-water: %s, poll-threshold: %s, high-water: %s, poll-packets: %s, latency-optimize: %s}, ",
                number(40, 300), number(0, 20), number(300, 2000), number(1, 300), ONE_OF("true", "false"));
    }
    if ((k.linux26 && roll(2)) || odd())
        say("linux26: {affinity: %s, tx-queue: %s, lro: %s, firewall: %s}, ", ONE_OF("random", "aligned"),
            ONE_OF("flow", "cpu"), ONE_OF("true", "false"), ONE_OF("true", "false"));
    if (roll(4) == 0)
        say("tcp: {congestion: %s, send-buffer: %s, receive-buffer: %s, ack-every: %s, sack: %s, timestamps: %s, "
            "lso-max: %s, no-delay: %s}, ", ONE_OF("auto", "newreno", "cubic"), ONE_OF("1B", "16KiB", "1MiB"),
            ONE_OF("1B", "1000B", "48KiB", "4MiB"), number(1, 10), ONE_OF("true", "false"), ONE_OF("true", "false"),
            ONE_OF("0B", "65415B", "3000B"), ONE_OF("true", "false"));
    say("nics: {n0: ");
    say_card(k);
    say(", n1: ");
    say_card(k);
    say("}, ");
    if (!full || k.crossbow || odd()) say_links(k);
    say("}\n");
}

static void say_traffic(void)
{
    static const char *const from_to[][2] = {
        { "a", "b" }, { "b", "a" }, { "a", "'c*'" }, { "'c*'", "a" }, { "[a, b]", "'c*'" }, { "'c*'", "[a, b, c1]" },
    };
    uint32_t pair = roll(sizeof from_to / sizeof *from_to);
    const char *from = from_to[pair][0], *to = from_to[pair][1];
    if (roll(3) == 0) {
        say("  - web: {from: %s, to: %s, connections: %s, requests: %s, ", from, to, number(1, 12),
            ONE_OF("1", "3", "unlimited"));
        maybe(2, "response", ONE_OF("0B", "1B", "1448B", "100kB"));
        maybe(4, "header", "0B");
        maybe(3, "request", ONE_OF("1B", "20kB"));
        maybe(3, "work", ONE_OF("0", "100"));
        if (roll(2)) say("request-rate: %s, arrivals: %s, ", ONE_OF("1Hz", "10kHz", "1MHz"), ONE_OF("poisson", "constant"));
    } else if (roll(2)) {
        say("  - uperf: {from: %s, to: %s, streams: %s, write: %s, read: %s, ", from, to, number(1, 12),
            ONE_OF("1B", "8KiB", "1MiB", "1448B"), ONE_OF("1B", "8KiB", "1MiB"));
        maybe(6, "think", ONE_OF("10us", "1ms"));
    } else {
        say("  - packets: {from: %s, to: %s, flows: %s, ", from, to, number(1, 6));
        maybe(2, "frame", ONE_OF("64B", "65B", "590B"));
        if (roll(4))
            say("load: %s, ", ONE_OF("1%", "50%", "100%"));
        else
            say("packet-rate: %s, ", ONE_OF("100pps", "1kpps", "10kpps"));
        maybe(2, "arrivals", "poisson");
    }
    maybe(4, "via", ONE_OF("v0", "n1", "v1"));
    maybe(4, "stop", "1ms");
    say("}\n");
}

static void say_scenario(void)
{
    used = 0;
    say("profile: harpertown-2.8\ntime: {warmup: %s, measure: %sus}\n", ONE_OF("0ms", "200us"), number(100, 3000));
    say("switches: {s: {rate: %s, latency: %s, buffer: %s, pause: %s}}\nmachines:\n", ONE_OF("10Gbps", "1Gbps"),
        ONE_OF("0ns", "1us", "30us"), ONE_OF("0B", "64KiB", "2MiB"), ONE_OF("false", "false", "true"));
    say_machine("a", true);
    say_machine("b", roll(2));
    say_machine("'c[1-3]'", roll(5) == 0);
    say("traffic:\n");
    for (uint32_t n = 1 + roll(3); n > 0; n--) say_traffic();
}

/* -- a run -------------------------------------------------------------------------------------------------------- */

static void show(void)
{
    fprintf(stderr, "--- the scenario:\n%s---\n", text);
}

static void stop(int signal_number)
{
    (void)signal_number;
    static const char why[] = "fuzz_world: no end in sight\n";
    if (write(STDERR_FILENO, why, sizeof why - 1) > 0) show();
    abort();
}

static void on_abort(int signal_number)
{
    signal(signal_number, SIG_DFL);
    show();
    raise(signal_number);
}

static uint64_t digest(const struct run_result *r)
{
    uint64_t h = r->ledger.created;
    for (size_t b = 0; b < r->block_count; b++)
        for (size_t k = 0; k < r->blocks[b].count; k++) h = (h ^ r->blocks[b].values[k]) * UINT64_C(1099511628211);
    return h;
}

/* Packets that a lane received came by an interrupt, by a poll, or from this machine. */
static void check_lanes(const struct run_result *r)
{
    for (size_t i = 0; i < r->block_count; i++) {
        const struct result_block *b = &r->blocks[i];
        if (strcmp(b->kind, "lane") != 0) continue;
        SIM_ASSERT(result_block_value(b, "ipackets", NULL) == result_block_value(b, "intrs", NULL) +
                   result_block_value(b, "polls", NULL) + result_block_value(b, "local", NULL));
    }
}

static void no_progress(void *ctx, sim_dur done, sim_dur whole)
{
    (void)ctx, (void)done, (void)whole;
}

/* False: refused. */
static bool run_once(const struct scenario *s, struct errors *errors, uint64_t *of)
{
    struct run_result r;
    struct world *w = world_create(s, 1, NULL, errors);
    SIM_ASSERT((w == NULL) == (errors->count > 0));
    if (!w) return false;
    run_result_init(&r);
    SIM_ASSERT(world_run(w, no_progress, NULL, errors) == 0);
    world_collect(w, &r);
    check_lanes(&r);
    *of = digest(&r);
    run_result_fini(&r);
    world_destroy(w);
    return true;
}

static bool try_one(void)
{
    struct errors errors;
    uint64_t first = 0, second = 0;
    bool ran = false;

    errors_init(&errors);
    say_scenario();
    alarm(SECONDS_MAX);
    struct scenario *s = scenario_parse("scenarios/fuzz.yaml", text, used, NULL, NULL, 0, &errors);
    SIM_ASSERT((s == NULL) == (errors.count > 0));
    if (s) {
        ran = run_once(s, &errors, &first);
        if (ran && roll(8) == 0) SIM_ASSERT(run_once(s, &errors, &second) && first == second);
    }
    alarm(0);
    scenario_destroy(s);
    errors_fini(&errors);
    return ran;
}

int main(int argc, char **argv)
{
    uint64_t n = argc > 1 ? strtoull(argv[1], NULL, 10) : 10000, seed = argc > 2 ? strtoull(argv[2], NULL, 10) : 1, ran = 0;

    state = seed * 2 + 1;
    signal(SIGALRM, stop);
    signal(SIGABRT, on_abort);
    signal(SIGSEGV, on_abort);
    n = (n + WORTH - 1) / WORTH;
    for (uint64_t i = 0; i < n; i++) ran += try_one();
    SIM_ASSERT(n < 20 || ran > n / 20); /* else the scenarios are no good */
    printf("%" PRIu64 " worlds, %" PRIu64 " of them run, seed %" PRIu64 ": nothing found\n", n, ran, seed);
    return 0;
}
