/* SPDX-License-Identifier: GPL-3.0-or-later
 * world_stack.c -- the operating system of a machine in full detail: who may enter connections, and the stack below. */
#include "stack/crossbow.h"
#include "stack/gldv3.h"
#include "stack/linux26.h"
#include "topology/world_impl.h"

static struct stack *make_crossbow(struct machine_world *mw)
{
    const struct scenario_machine *sm = mw->s;
    struct world *w = mw->w;
    struct lane_tunables lane = lane_tunables_default();
    lane.latency_optimize = sm->lane.latency_optimize;
    lane.hiwat_pkts = (uint32_t)sm->lane.high_water_pkts;
    lane.lowat_pkts = (uint32_t)sm->lane.low_water_pkts;
    lane.poll_thres_pkts = (uint32_t)sm->lane.poll_threshold_pkts;
    lane.poll_bytes = (uint32_t)sm->lane.poll_bytes;
    lane.ring_pkts = (uint32_t)sm->lane.poll_pkts;
    return crossbow_create(&(struct crossbow_config){ .machine = mw->machine, .pool = w->pool, .stats = w->stats,
                           .sockets = mw->sockets, .lane = lane, .rx_bypass = sm->lane.bypass });
}

static struct stack *make_gldv3(struct machine_world *mw)
{
    struct world *w = mw->w;
    return gldv3_create(&(struct gldv3_config){ .machine = mw->machine, .pool = w->pool, .stats = w->stats,
                        .sockets = mw->sockets, .soft_rings = mw->s->gldv3.soft_rings,
                        .blanking = mw->s->gldv3.blanking });
}

static struct stack *make_linux26(struct machine_world *mw)
{
    const struct scenario_linux26 *sl = &mw->s->linux26;
    struct world *w = mw->w;
    return linux26_create(&(struct linux26_config){
        .machine = mw->machine, .pool = w->pool, .stats = w->stats, .sockets = mw->sockets, .seed = w->seed,
        .affinity = sl->affinity == SCENARIO_AFFINITY_ALIGNED ? LINUX26_ALIGNED : LINUX26_RANDOM,
        .cpus = sl->cpus.list, .cpu_count = (unsigned)sl->cpus.count,
        .flows_keep_queues = sl->tx_queue == SCENARIO_TX_QUEUE_FLOW, .lro = sl->lro, .firewall = sl->firewall });
}

void world_build_stack(struct machine_world *mw, struct sockets_config *sockets)
{
    const struct scenario_machine *sm = mw->s;
    sockets->streamed_writes = sm->stack != SCENARIO_LINUX26;
    switch (sm->stack) {
    case SCENARIO_CROSSBOW:
        sockets->rule = SOCKETS_SQUEUE;
        sockets->squeue_crossbow = true;
        sockets->squeue_worker_wait = sim_ms(10); /* ip_squeue_worker_wait */
        mw->sockets = sockets_create(sockets);
        mw->stack = make_crossbow(mw);
        break;
    case SCENARIO_GLDV3:
        sockets->rule = SOCKETS_SQUEUE;
        sockets->squeue_fanout = sm->gldv3.squeue_fanout;
        sockets->squeue_worker_wait = sm->gldv3.worker_wait;
        mw->sockets = sockets_create(sockets);
        mw->stack = make_gldv3(mw);
        break;
    case SCENARIO_LINUX26:
        sockets->rule = SOCKETS_BACKLOG;
        mw->sockets = sockets_create(sockets);
        mw->stack = make_linux26(mw);
        break;
    }
}
