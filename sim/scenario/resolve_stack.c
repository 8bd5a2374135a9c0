/* SPDX-License-Identifier: GPL-3.0-or-later
 * resolve_stack.c -- what a machine's operating system has and has not: keys that it does not know are mistakes, and
 * those left to its rule get its value. */
#include "scenario/resolve.h"

enum { CROSSBOW_LANES = 4 };

static const char *stack_name(enum scenario_stack stack)
{
    static const char *const names[] = { "crossbow", "gldv3", "linux26" };
    return names[stack];
}

/* No client of a card but one, no lanes and no list of CPUs for them. */
static void refuse_lanes(const struct scenario_machine *m, struct errors *errors)
{
    const char *name = stack_name(m->stack);

    for (size_t i = 0; i < m->link_count; i++)
        errors_add(errors, m->links[i].at, "link '%s': 'stack: %s' has no VNICs, only 'stack: crossbow' has",
                   m->links[i].name, name);
    for (size_t i = 0; i < m->nic_count; i++) {
        const struct scenario_nic *n = &m->nics[i];
        if (!n->primary)
            errors_add(errors, n->at, "nic '%s': 'primary: false' leaves no link: 'stack: %s' has no VNICs", n->name,
                       name);
        if (n->fanout != SCENARIO_AUTO)
            errors_add(errors, n->at, "nic '%s': 'fanout' is of lanes, which 'stack: %s' has not", n->name, name);
        if (n->cpus.count > 0)
            errors_add(errors, n->cpus.at, "cpus: they are for lanes, which 'stack: %s' has not", name);
        if (n->rx_groups > 1)
            errors_add(errors, n->at, "nic '%s': 'stack: %s' has no use for %d receive groups", n->name, name,
                       n->rx_groups);
    }
    if (m->lane.on)
        errors_add(errors, m->at, "machine '%s': 'lane' has no meaning with 'stack: %s'", m->name, name);
}

static void resolve_gldv3(const struct scenario_machine *m, struct errors *errors)
{
    refuse_lanes(m, errors);
    for (size_t i = 0; i < m->nic_count; i++) {
        const struct scenario_nic *n = &m->nics[i];
        if (n->lanes > 1)
            errors_add(errors, n->at, "nic '%s': 'stack: gldv3' takes packets from one receive ring, not %d 'lanes'",
                       n->name, n->lanes);
        if (n->tx_rings > 1)
            errors_add(errors, n->at, "nic '%s': 'stack: gldv3' sends through one transmit ring, not %d", n->name,
                       n->tx_rings);
    }
}

/* Defaults of a system's TCP.  Linux's buffers grow by themselves, up to 4 MiB of which a quarter is kept for overhead
 * on the receiver's side; here they have their largest size from the start. */
static void resolve_tcp(struct scenario_tcp *t, bool linux26)
{
    if (t->send_buffer_bytes == SCENARIO_AUTO) t->send_buffer_bytes = linux26 ? 4 << 20 : 48 << 10;
    if (t->receive_buffer_bytes == SCENARIO_AUTO) t->receive_buffer_bytes = linux26 ? 3 << 20 : 48 << 10;
    if (t->initial_window == SCENARIO_AUTO) t->initial_window = linux26 ? 3 : 4;
    if (t->ack_every == SCENARIO_AUTO) t->ack_every = linux26 ? 2 : 8;
    if (t->ack_delay.ps == SCENARIO_AUTO) t->ack_delay = sim_ms(linux26 ? 40 : 50);
    if (t->min_rto.ps == SCENARIO_AUTO) t->min_rto = sim_ms(linux26 ? 200 : 400);
    if (t->congestion == SCENARIO_CONGESTION_AUTO) t->congestion = linux26 ? SCENARIO_CUBIC : SCENARIO_NEWRENO;
}

static void resolve_linux26(const struct scenario_machine *m, struct errors *errors)
{
    const struct scenario_cpu_list *cpus = &m->linux26.cpus;
    refuse_lanes(m, errors);
    for (size_t i = 0; i < cpus->count; i++)
        if (cpus->list[i] >= scenario_cpu_count(&m->cpus))
            errors_add(errors, cpus->at, "irq-cpus: there is no CPU %d; the machine has %d", cpus->list[i],
                       scenario_cpu_count(&m->cpus));
}

/* Receive rings when the scenario does not say: one, four, or as many as the driver makes for these CPUs. */
static int rings_of(const struct scenario_machine *m)
{
    int cpus = scenario_cpu_count(&m->cpus);
    if (m->stack == SCENARIO_GLDV3) return 1;
    if (m->stack == SCENARIO_CROSSBOW) return CROSSBOW_LANES;
    return cpus < SCENARIO_LANES_MAX ? cpus : SCENARIO_LANES_MAX;
}

void resolve_stack(struct scenario_machine *m, struct errors *errors)
{
    bool full = m->detail == SCENARIO_FULL;

    if (m->gldv3.on && m->stack != SCENARIO_GLDV3)
        errors_add(errors, m->at, "machine '%s': 'gldv3' has no meaning with 'stack: %s'", m->name,
                   stack_name(m->stack));
    if (m->linux26.on && m->stack != SCENARIO_LINUX26)
        errors_add(errors, m->at, "machine '%s': 'linux26' has no meaning with 'stack: %s'", m->name,
                   stack_name(m->stack));
    if (full && m->stack == SCENARIO_GLDV3) resolve_gldv3(m, errors);
    if (full && m->stack == SCENARIO_LINUX26) resolve_linux26(m, errors);
    m->lane.on = full && m->stack == SCENARIO_CROSSBOW;
    m->gldv3.on = full && m->stack == SCENARIO_GLDV3;
    m->linux26.on = full && m->stack == SCENARIO_LINUX26;
    resolve_tcp(&m->tcp, m->stack == SCENARIO_LINUX26);
    for (size_t i = 0; i < m->nic_count; i++)
        if (m->nics[i].lanes == SCENARIO_AUTO) m->nics[i].lanes = rings_of(m);
}
