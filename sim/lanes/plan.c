/* SPDX-License-Identifier: Apache-2.0
 * plan.c -- softring counts and CPU placement (rules 7.1 to 7.17). */
#include "plan.h"

enum {
    GIGABIT_MBPS = 1000,
    SETS_FAST_LINK = 8,    /* above 1 Gb/s */
    SETS_MANY_THREADS = 8, /* any link */
    SETS_OVERLAY = 8,
};

static unsigned sets_for_link(const struct lane_fanout_request *r)
{
    if (r->maxbw_mbps >= GIGABIT_MBPS) { /* 1 GHz handles 1 Gb/s */
        unsigned sets = r->cpu_mhz ? r->maxbw_mbps / r->cpu_mhz : 0;
        return r->many_threads && sets < 2 ? 2 : sets;
    }
    if (r->maxbw_mbps > 0) return 0;
    if (r->overlay) return SETS_OVERLAY;
    if (r->link_mbps > GIGABIT_MBPS) return r->many_threads ? 2 * SETS_FAST_LINK : SETS_FAST_LINK;
    return r->many_threads ? SETS_MANY_THREADS : 0;
}

unsigned lane_plan_fanout(const struct lane_fanout_request *r)
{
    unsigned sets = sets_for_link(r);
    unsigned max = r->cpus < LANE_PLAN_MAX_CPUS ? r->cpus : LANE_PLAN_MAX_CPUS;
    if (max > LANE_PLAN_MAX_FANOUT) max = LANE_PLAN_MAX_FANOUT;
    if (r->hw_lanes > 1) sets = (sets + r->hw_lanes - 1) / r->hw_lanes;
    if (sets > max) sets = max;
    return sets ? sets : 1;
}

int lane_cpu_next(struct lane_cpu_cursor *c)
{
    if (c->count == 0) return LANE_CPU_NONE;
    int cpu = c->cpus[c->next % c->count];
    c->next = (c->next + 1) % c->count;
    return cpu;
}

void lane_plan_auto(struct lane_cpus *out, struct lane_cpu_cursor *cursor, unsigned fanout, bool latency_optimize)
{
    *out = (struct lane_cpus){ .intr = LANE_CPU_NONE, .fanout = fanout };
    for (unsigned i = 0; i < fanout; i++) out->soft[i] = lane_cpu_next(cursor);
    out->poll = lane_cpu_next(cursor);
    out->worker = latency_optimize ? out->poll : lane_cpu_next(cursor);
}

/* A lane on consecutive CPUs: poll thread, worker where it has its own, softring sets. */
static struct lane_cpus slice(const int *cpus, unsigned fanout, bool latency_optimize)
{
    struct lane_cpus c = { .poll = cpus[0], .intr = cpus[0], .fanout = fanout };
    unsigned next = 1;
    c.worker = latency_optimize ? c.poll : cpus[next++];
    for (unsigned i = 0; i < fanout; i++) c.soft[i] = cpus[next++];
    return c;
}

int lane_plan_user(const struct lane_user_request *r, struct lane_cpus *rx, int *tx)
{
    unsigned lanes = r->rx_lanes, own = r->latency_optimize ? 1 : 2, needed = lanes * (own + 1) + r->tx_rings;
    int tier = r->count >= needed ? 1 : r->count >= lanes + r->tx_rings ? 2 : 3;
    if (r->count == 0 || r->count > LANE_PLAN_MAX_CPUS || lanes == 0 || lanes > LANE_PLAN_MAX_RINGS ||
        r->tx_rings > LANE_PLAN_MAX_RINGS)
        return -1;
    unsigned fanout = tier == 1 ? (r->count - lanes * own - r->tx_rings) / lanes : 1;
    if (fanout > LANE_PLAN_MAX_FANOUT) fanout = LANE_PLAN_MAX_FANOUT;
    for (unsigned i = 0; i < lanes; i++) {
        if (tier == 1) {
            rx[i] = slice(r->cpus + i * (own + fanout), fanout, r->latency_optimize);
        } else {
            int cpu = r->cpus[i % r->count];
            rx[i] = (struct lane_cpus){ .poll = cpu, .worker = cpu, .intr = cpu, .fanout = 1, .soft = { cpu } };
        }
    }
    for (unsigned i = 0; i < r->tx_rings; i++)
        tx[i] = tier == 3 ? r->cpus[(lanes + i) % r->count] : r->cpus[r->count - 1 - i];
    return tier;
}
