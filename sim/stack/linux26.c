/* SPDX-License-Identifier: GPL-3.0-or-later
 * linux26.c -- creation, interrupt affinities, and the stack as those see it who build machines.
 *
 * The driver of the time sets no affinity: the vectors' masks are what irqbalance or the default leaves, and neither
 * knows what a receive queue is.  What that comes to is not on record; here every vector gets a CPU drawn anew for each
 * run, all alike likely (docs/stacks.md). */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "stack/linux26_impl.h"

static const struct stack_ops ops;

static struct linux26 *of(struct stack *s) { return (struct linux26 *)(void *)s; }
static const struct linux26 *of_const(const struct stack *s) { return (const struct linux26 *)(const void *)s; }

struct stack *linux26_create(const struct linux26_config *config)
{
    struct linux26 *l = calloc(1, sizeof *l);
    char name[256];
    SIM_ASSERT(l);
    l->stack.ops = &ops;
    l->config = *config;
    l->m = config->machine;
    snprintf(name, sizeof name, "%s/affinity", machine_name(l->m));
    l->rng = rng_create(config->seed, name);
    if (config->firewall) l->filter = filter_create(l);
    softirq_create(l);
    return &l->stack;
}

static int choose_cpu(struct linux26 *l, int vector)
{
    const struct linux26_config *c = &l->config;
    int cpus = machine_cpu_count(l->m);
    if (c->cpu_count > 0) return c->cpus[(unsigned)vector % c->cpu_count];
    return c->affinity == LINUX26_ALIGNED ? vector % cpus : (int)rng_below(l->rng, (uint32_t)cpus);
}

static int add_nic(struct stack *s, const struct stack_nic_config *config)
{
    struct linux26 *l = of(s);
    struct nic26 *n = calloc(1, sizeof *n);
    l->nic = realloc(l->nic, ((size_t)l->n_nics + 1) * sizeof(struct nic26 *));
    SIM_ASSERT(n && l->nic && config->dev->limits.vectors <= LINUX26_VECTORS_MAX);
    n->l = l;
    n->config = *config;
    n->name = strdup(config->name);
    SIM_ASSERT(n->name);
    n->config.name = n->name;
    napi_create(n);
    qdisc_create(n);
    for (int v = 0; v < config->dev->limits.vectors; v++) {
        n->vector_cpu[v] = choose_cpu(l, v);
        netdev_vector_bind(config->dev, v, n->vector_cpu[v]);
    }
    l->nic[l->n_nics] = n;
    return l->n_nics++;
}

static const char *link_problem(const struct stack *s, const struct stack_link_config *link)
{
    (void)s;
    if (link->vlan) return "linux26 has no links with a VLAN tag";
    if (link->group < 0) return "linux26 has one link per NIC and no VNICs";
    if (link->fanout > 0 || link->cpu_count > 0) return "linux26 has no lanes to place on CPUs";
    return NULL;
}

static void add_link(struct stack *s, int nic, const struct stack_link_config *link)
{
    struct nic26 *n = of(s)->nic[nic];
    SIM_ASSERT(!link_problem(s, link) && !n->link.name);
    n->link = *link;
    n->link.name = n->name;
    sockets_add_link(of(s)->config.sockets, &(struct sockets_link){ .name = link->name, .mac = link->mac,
        .ip = link->ip, .mtu_bytes = link->mtu_bytes, .datalink = n, .transmit = qdisc_transmit,
        .room = qdisc_has_room, .node = link->node });
}

static void start(struct stack *s)
{
    (void)s; /* interrupts are on since the driver was made */
}

static void destroy(struct stack *s)
{
    struct linux26 *l = of(s);
    for (int i = 0; i < l->n_nics; i++) {
        napi_destroy(l->nic[i]);
        qdisc_destroy(l->nic[i]);
        free(l->nic[i]->name);
        free(l->nic[i]);
    }
    free(l->nic);
    softirq_destroy(l);
    filter_destroy(l->filter);
    rng_destroy(l->rng);
    free(l);
}

static enum step_result rx_ready(struct stack *s, int nic, int ring)
{
    return napi_interrupt(&of(s)->nic[nic]->napi[ring]);
}

static void tx_update(struct stack *s, int nic, int ring)
{
    qdisc_room(&of(s)->nic[nic]->qdisc[ring]);
}

static enum step_result tx_ready(struct stack *s, int nic, int vector)
{
    return qdisc_completions(of(s)->nic[nic], vector);
}

/* -- the whole ----------------------------------------------------------------------------------------------------- */

static uint64_t held(const struct stack *s)
{
    return of_const(s)->held;
}

static uint64_t check_nic(const struct nic26 *n)
{
    const struct netdev_limits *limits = &n->config.dev->limits;
    uint64_t count = 0;
    for (int i = 0; i < limits->rx_rings; i++) {
        const struct napi *np = &n->napi[i];
        SIM_ASSERT(np->polled <= NAPI_WEIGHT && (np->scheduled || np->polled == 0));
        count += np->fetched.count + lro_held(np);
    }
    for (int i = 0; i < limits->tx_rings; i++) {
        const struct qdisc *d = &n->qdisc[i];
        SIM_ASSERT(d->queue.count <= TXQUEUELEN + 1);
        count += d->queue.count;
    }
    return count;
}

static void check(const struct stack *s)
{
    const struct linux26 *l = of_const(s);
    uint64_t count = 0;
    for (int i = 0; i < l->n_nics; i++) count += check_nic(l->nic[i]);
    SIM_ASSERT(count == l->held);
    for (int i = 0; i < machine_cpu_count(l->m); i++) {
        const struct softirq *q = &l->softirq[i];
        for (const struct qdisc *d = q->runs; d; d = d->next_run) SIM_ASSERT(d->runner == q);
        for (const struct napi *np = q->poll; np; np = np->next) SIM_ASSERT(np->scheduled && np != q->polling);
        SIM_ASSERT(q->budget <= NETDEV_BUDGET && q->restarts <= SOFTIRQ_RESTARTS);
    }
    backlog_check(l->config.sockets);
}

static void print(const struct stack *s, FILE *out)
{
    const struct linux26 *l = of_const(s);
    for (int i = 0; i < l->n_nics; i++) {
        const struct nic26 *n = l->nic[i];
        const struct netdev_limits *limits = &n->config.dev->limits;
        for (int r = 0; r < limits->rx_rings; r++)
            fprintf(out, "    %-12s rx ring %-2d interrupt and softirq on cpu %d%s\n", n->name, r, n->vector_cpu[r],
                    n->napi[r].tx_rings ? ", with transmit completions" : "");
        for (int v = limits->rx_rings; v < limits->vectors; v++)
            fprintf(out, "    %-12s tx completions on cpu %d\n", n->name, n->vector_cpu[v]);
        fprintf(out, "    %-12s %d transmit queue%s, each with one lock for all CPUs\n", n->name, limits->tx_rings,
                limits->tx_rings == 1 ? "" : "s");
    }
}

static const struct stack_ops ops = {
    .destroy = destroy, .link_problem = link_problem, .add_nic = add_nic, .add_link = add_link, .start = start,
    .rx_ready = rx_ready, .tx_update = tx_update, .tx_ready = tx_ready, .held = held, .check = check, .print = print,
};
