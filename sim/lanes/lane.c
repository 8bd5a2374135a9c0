/* SPDX-License-Identifier: Apache-2.0
 * lane.c -- making a lane, dispatching its threads, parking, and the entry for callers.
 *
 *   ring --interrupt--> rx.c --+
 *   ring --poll thread-> rx.c -+-> queue -> drain.c -> fanout.c -> softring.c -> client
 *   lane_input() --------------+
 */
#include "lane.h"

#include <errno.h>
#include <stdlib.h>

#include "lane_impl.h"

#define X(NAME, ...) #NAME,
const char *const lane_op_names[N_LANE_OPS] = { LANE_OPS(X) };
const char *const lane_trace_names[N_LANE_TRACES] = { LANE_TRACES(X) };
const char *const lane_rx_counter_names[N_LANE_RX_COUNTERS] = { LANE_RX_COUNTERS(X) };
const char *const lane_diag_counter_names[N_LANE_DIAG_COUNTERS] = { LANE_DIAG_COUNTERS(X) };
const char *const lane_soft_counter_names[N_LANE_SOFT_COUNTERS] = { LANE_SOFT_COUNTERS(X) };
#undef X
#define X(NAME, text) text,
const char *const lane_drop_texts[N_LANE_DROPS] = { LANE_DROPS(X) };
#undef X
#define X(name, where, meaning) where,
const int lane_rx_counter_where[N_LANE_RX_COUNTERS] = { LANE_RX_COUNTERS(X) };
#undef X

struct lane_tunables lane_tunables_default(void)
{
    return (struct lane_tunables){
        .latency_optimize = true, .hiwat_pkts = 1024, .lowat_pkts = 256, .poll_thres_pkts = 16,
        .poll_bytes = 150000, .ring_pkts = 257, .step_pkts = 32,
    };
}

static int config_check(const struct lane_config *c)
{
    if (!c->env || !c->client_ops) return -EINVAL;
    if (c->env->ops->version != LANE_ENV_VERSION || c->client_ops->version != LANE_CLIENT_VERSION) return -EPROTO;
    if (c->port && c->port->ops->version != LANE_PORT_VERSION) return -EPROTO;
    if (c->fanout == 0 || c->fanout > LANE_MAX_FANOUT || c->vid > 4094) return -EINVAL;
    if (c->tune.hiwat_pkts == 0 || c->tune.ring_pkts == 0 || c->tune.step_pkts == 0) return -EINVAL;
    return 0;
}

int lane_create(struct lane **out, const struct lane_config *config)
{
    int error = config_check(config);
    if (error) return error;
    unsigned softs = config->fanout * N_LANE_KINDS;
    struct lane *l = calloc(1, sizeof *l + softs * sizeof *l->soft);
    if (!l) return -ENOMEM;
    l->env = config->env;
    l->port = config->port;
    l->ring = config->ring;
    l->client_ops = config->client_ops;
    l->client = config->client;
    l->vid = config->vid;
    l->strip = config->vid != 0 && !config->strip_disable;
    l->bypass = config->dls_bypass;
    l->udp_round_robin = config->udp_round_robin;
    l->fanout = config->fanout;
    l->softs = softs;
    l->tune = config->tune;
    if (l->tune.lowat_pkts > l->tune.hiwat_pkts) l->tune.lowat_pkts = l->tune.hiwat_pkts / 4;
    if (l->tune.poll_thres_pkts > l->tune.lowat_pkts / 2) l->tune.poll_thres_pkts = l->tune.lowat_pkts / 2;
    atomic_store(&l->flags, (config->port && !config->poll_disable ? (unsigned)LANE_CAN_POLL : 0) |
                                (l->tune.latency_optimize ? (unsigned)LANE_LATENCY_OPT : 0));
    /* Threads begin asleep. */
    atomic_store(&l->intr_bell.parked, true);
    atomic_store(&l->poll_bell.parked, true);
    atomic_store(&l->worker_bell.parked, true);
    for (unsigned i = 0; i < softs; i++) {
        l->soft[i].worker_only = config->always_enqueue || !l->tune.latency_optimize;
        l->soft[i].how = (struct lane_delivery){ l, (enum lane_kind)(i % N_LANE_KINDS), i / N_LANE_KINDS };
        atomic_store(&l->soft[i].bell.parked, true);
    }
    *out = l;
    return 0;
}

void lane_destroy(struct lane *l) { free(l); }

void lane_start(struct lane *l)
{
    if (!l->port) return;
    l->irq_is_on = true;
    if (l->port->ops->irq_on(l->port, l->ring)) bell_ring(&l->intr_bell, l->env, LANE_INTR);
}

unsigned lane_thread_count(const struct lane *l) { return LANE_SOFT0 + l->softs; }
unsigned lane_lock_count(const struct lane *l) { return LANE_LOCK_SOFT0 + l->softs; }

enum lane_step_result lane_step(struct lane *l, unsigned thread)
{
    bool poll_on;
    switch (thread) {
    case LANE_INTR: return l->port ? lane_rx_intr_step(l) : LANE_STEP_SLEEP;
    case LANE_POLL: return lane_rx_poll_step(l);
    case LANE_WORKER: return lane_rx_worker_step(l);
    case LANE_CALLER: return lane_drain_run(l, &poll_on);
    default: return lane_soft_step(l, thread - LANE_SOFT0);
    }
}

static struct bell *bell_of(struct lane *l, unsigned thread)
{
    switch (thread) {
    case LANE_INTR: return &l->intr_bell;
    case LANE_POLL: return &l->poll_bell;
    case LANE_WORKER: return &l->worker_bell;
    default: return &l->soft[thread - LANE_SOFT0].bell;
    }
}

bool lane_park(struct lane *l, unsigned thread)
{
    return thread == LANE_CALLER || bell_park(bell_of(l, thread), l->env);
}

void lane_timer(struct lane *l, unsigned thread)
{
    atomic_store(thread == LANE_WORKER ? &l->worker_armed : &l->soft[thread - LANE_SOFT0].armed, false);
    bell_ring(bell_of(l, thread), l->env, thread);
}

enum lane_step_result lane_input(struct lane *l, struct lane_chain *chain, bool local)
{
    if (!chain->head) return LANE_STEP_SLEEP;
    if (!lane_enter(l, LANE_LOCK)) return LANE_STEP_BLOCKED;
    uint32_t pkts = chain->pkts;
    enum rx_entry how = lane_rx_enter(l, chain, local);
    lane_exit(l, LANE_LOCK);
    lane_rx_report(l, chain, pkts, LANE_TRACE_INPUT_CHAIN, how);
    return how == RX_MINE ? LANE_STEP_AGAIN : LANE_STEP_SLEEP;
}

void lane_hand_over(struct lane *l)
{
    l->drain.by = LANE_BY_WORKER;
    lane_set(l, LANE_BY_WORKER | LANE_HANDED_OVER);
    lane_clear(l, LANE_BY_ENTRY);
    bell_ring(&l->worker_bell, l->env, LANE_WORKER);
}

unsigned lane_flags(const struct lane *l) { return atomic_load(&l->flags); }
uint32_t lane_backlog(const struct lane *l) { return atomic_load(&l->backlog); }
const struct lane_tunables *lane_tunables(const struct lane *l) { return &l->tune; }
uint32_t lane_soft_queued(const struct lane *l, enum lane_kind kind, unsigned set)
{
    return l->soft[set * N_LANE_KINDS + kind].queue.pkts;
}
const uint64_t *lane_rx_counters(const struct lane *l) { return l->rx; }
const uint64_t *lane_diag_counters(const struct lane *l) { return l->diag; }
const uint64_t *lane_soft_counters(const struct lane *l, enum lane_kind kind, unsigned set)
{
    return l->soft[set * N_LANE_KINDS + kind].counter;
}
