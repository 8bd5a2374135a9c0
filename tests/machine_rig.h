/* SPDX-License-Identifier: GPL-3.0-or-later
 * machine_rig.h -- a small machine for tests: every price is zero until a test sets it, COST_APP_CALL is 1 ns. */
#ifndef TESTS_MACHINE_RIG_H
#define TESTS_MACHINE_RIG_H

#include <stdio.h>
#include <string.h>

#include "core/engine.h"
#include "core/stats.h"
#include "machine/machine.h"
#include "net/packet.h"

struct rig {
    struct engine *engine;
    struct stats *stats;
    struct packet_pool *pool;
    struct cost_profile profile;
    struct machine *m;
};

static inline void rig_price(struct rig *r, enum cost_op op, double ns)
{
    r->profile.op[op].value = ns;
}

static inline void rig_init(struct rig *r)
{
    memset(r, 0, sizeof *r);
    for (int i = 0; i < N_COST_OPS; i++) snprintf(r->profile.op[i].unit, sizeof r->profile.op[i].unit, "ns");
    for (int i = 0; i < N_COST_PLACES; i++) snprintf(r->profile.place[i].unit, sizeof r->profile.place[i].unit, "ns");
    r->profile.clock_hz = 1000000000;
    rig_price(r, COST_APP_CALL, 1);
    r->engine = engine_create();
    r->stats = stats_create();
    r->pool = packet_pool_create();
}

static inline void rig_start(struct rig *r, int sockets, int cores, sim_dur quantum)
{
    r->m = machine_create(r->engine, r->stats,
                          &(struct machine_config){ .name = "m", .sockets = sockets, .cores = cores,
                                                    .threads_per_core = 1, .clock_hz = 1000000000, .quantum = quantum,
                                                    .profile = &r->profile, .pool = r->pool });
}

static inline void rig_fini(struct rig *r)
{
    machine_destroy(r->m);
    packet_pool_destroy(r->pool);
    stats_destroy(r->stats);
    engine_destroy(r->engine);
}

static inline void rig_work(struct rig *r, int64_t ns)
{
    machine_charge(r->m, COST_APP_CALL, ns);
}

static inline void rig_run_ns(struct rig *r, int64_t until_ns)
{
    engine_run(r->engine, (sim_time){ until_ns * 1000 });
}

static inline int64_t rig_now_ns(const struct rig *r)
{
    return engine_now(r->engine).ps / 1000;
}

static inline uint64_t rig_cpu(struct rig *r, int cpu, const char *counter)
{
    char name[32];
    snprintf(name, sizeof name, "m/cpu%d", cpu);
    machine_account(r->m);
    return stats_value(r->stats, "cpu", name, counter);
}

static inline struct thread *rig_thread(struct rig *r, const char *name, int priority, int cpu, step_fn *step,
                                        void *owner)
{
    return thread_create(r->m, &(struct thread_config){ .name = name, .priority = priority, .cpu = cpu, .step = step,
                                                        .owner = owner });
}

/* Something that happens at a given time from outside: a device. */
struct rig_at {
    struct event event;
    effect_fn *fn;
    void *owner;
};

static inline void rig_at_fire(void *owner)
{
    struct rig_at *a = owner;
    a->fn(a->owner, 0);
}

static inline void rig_at(struct rig *r, struct rig_at *a, int64_t ns, effect_fn *fn, void *owner)
{
    event_init(&a->event, engine_entity(r->engine, "outside"), rig_at_fire, a);
    a->fn = fn;
    a->owner = owner;
    engine_schedule(r->engine, &a->event, (sim_time){ ns * 1000 });
}

static inline void rig_wake(void *thread, uint64_t unused)
{
    (void)unused;
    thread_wake(thread);
}

static inline void rig_raise(void *interrupt, uint64_t unused)
{
    (void)unused;
    interrupt_raise(interrupt);
}

#endif
