/* SPDX-License-Identifier: GPL-3.0-or-later
 * world_machine.c -- machines: data links over cards in full detail, or hosts in light detail; addresses. */
#include <stdlib.h>
#include <string.h>

#include "core/assert.h"
#include "topology/world_impl.h"

/* -- addresses ---------------------------------------------------------------------------------------------------- */

static int by_ip(const void *a, const void *b)
{
    uint32_t x = ((const struct address *)a)->ip, y = ((const struct address *)b)->ip;
    return x < y ? -1 : x > y;
}

static void collect_addresses(struct world *w)
{
    size_t n = 0;
    for (size_t m = 0; m < w->s->machine_count; m++) n += w->s->machines[m].nic_count + w->s->machines[m].link_count;
    w->addresses = calloc(n ? n : 1, sizeof *w->addresses);
    SIM_ASSERT(w->addresses);
    for (size_t m = 0; m < w->s->machine_count; m++) {
        const struct scenario_machine *sm = &w->s->machines[m];
        for (size_t i = 0; i < sm->nic_count; i++)
            w->addresses[w->n_addresses++] = (struct address){ sm->nics[i].address, world_mac(sm->nics[i].mac), -1 };
        for (size_t i = 0; i < sm->link_count; i++)
            w->addresses[w->n_addresses++] = (struct address){ sm->links[i].address, world_mac(sm->links[i].mac),
                                                               sm->links[i].vlan ? sm->links[i].vlan : -1 };
    }
    qsort(w->addresses, n, sizeof *w->addresses, by_ip);
}

static bool resolve(void *owner, uint32_t ip, struct mac_addr *mac, int *vlan)
{
    struct world *w = owner;
    struct address key = { .ip = ip };
    const struct address *a = bsearch(&key, w->addresses, w->n_addresses, sizeof key, by_ip);
    if (!a) return false;
    *mac = a->mac;
    *vlan = a->vlan;
    return true;
}

static bool resolve_light(void *owner, uint32_t ip, int link, struct mac_addr *mac, int *vlan)
{
    (void)link;
    return resolve(owner, ip, mac, vlan);
}

static bool resolve_full(void *owner, uint32_t ip, struct mac_addr *mac)
{
    int vlan;
    return resolve(owner, ip, mac, &vlan);
}

_Static_assert(SCENARIO_UNLIMITED == BANDWIDTH_UNLIMITED, "scenario and machine agree");

/* -- machines ----------------------------------------------------------------------------------------------------- */

static struct tcp_config tcp_config_of(const struct scenario_machine *sm)
{
    struct tcp_config c = tcp_config_solaris();
    c.sndbuf_bytes = (int32_t)sm->tcp.send_buffer_bytes;
    c.rcvbuf_bytes = (int32_t)sm->tcp.receive_buffer_bytes;
    c.initial_window = sm->tcp.initial_window;
    c.ack_every = sm->tcp.ack_every;
    c.ack_delay = sm->tcp.ack_delay;
    c.min_rto = sm->tcp.min_rto;
    c.timestamps = sm->tcp.timestamps;
    c.sack = sm->tcp.sack;
    c.window_scale = sm->tcp.window_scale;
    c.no_delay = sm->tcp.no_delay;
    c.congestion = sm->tcp.congestion == SCENARIO_CUBIC ? TCP_CUBIC : TCP_NEWRENO;
    c.lso_max_bytes = (int32_t)sm->tcp.lso_max_bytes;
    for (size_t i = 0; i < sm->nic_count; i++)
        if (!sm->nics[i].lso) c.lso_max_bytes = 0;
    if (sm->stack == SCENARIO_LINUX26) { /* sk_stream_write_space(): a third of the buffer is free again */
        c.sndbuf_unacked = true;
        c.snd_low_water = c.sndbuf_bytes / 3 * 2;
        c.cwnd_max_bytes = c.sndbuf_bytes;
    }
    return c;
}

/* Which client gets which receive group.  The card groups its rings statically, every group alike.  A sole client that
 * is the card's own has the default group 0 for itself; as soon as there are others group 0 is shared and classified in
 * software, and every link with rings of its own gets the next group. */
struct grouping {
    int groups, rings, shared;   /* 'shared': group classified in software, -1 none */
};
static struct grouping plan_groups(const struct scenario_machine *sm, int nic)
{
    const struct scenario_nic *sn = &sm->nics[nic];
    struct grouping g = { 1, sn->primary ? sn->lanes : 1, sn->primary ? -1 : 0 };
    for (size_t i = 0; i < sm->link_count; i++) {
        if (sm->links[i].nic != nic) continue;
        g.shared = 0;
        if (sm->links[i].rxrings != SCENARIO_RXRINGS_HW) continue;
        g.groups++;
        if (sm->links[i].lanes > g.rings) g.rings = sm->links[i].lanes;
    }
    if (sn->rx_groups > g.groups) g.groups = sn->rx_groups;
    return g;
}

/* Transmit rings that no link has for itself; they come first. */
static int shared_tx_rings(const struct scenario_machine *sm, int nic)
{
    int rings = sm->nics[nic].tx_rings;
    for (size_t i = 0; i < sm->link_count; i++)
        if (sm->links[i].nic == nic) rings -= sm->links[i].tx_rings;
    return rings;
}

/* The card's own link, and a VNIC, as the stack is to make them. */
static struct stack_link_config own_link(const struct scenario_nic *sn, const struct grouping *g, int tx_rings)
{
    return (struct stack_link_config){
        .name = sn->name, .mac = world_mac(sn->mac), .ip = sn->address, .mtu_bytes = (int32_t)sn->mtu_bytes,
        .group = g->shared == 0 ? -1 : 0, .lanes = sn->lanes, .tx_rings = tx_rings,
        .fanout = sn->fanout == SCENARIO_AUTO ? 0 : sn->fanout,
        .poll = sn->poll, .node = sn->node, .cpus = sn->cpus.list, .cpu_count = (unsigned)sn->cpus.count };
}

static struct stack_link_config vnic_link(const struct scenario_nic *sn, const struct scenario_link *sl, int group)
{
    return (struct stack_link_config){
        .name = sl->name, .mac = world_mac(sl->mac), .ip = sl->address, .vlan = sl->vlan,
        .mtu_bytes = (int32_t)sn->mtu_bytes, .group = group, .lanes = sl->lanes,
        .fanout = sl->fanout == SCENARIO_AUTO ? 0 : sl->fanout, .poll = sn->poll, .node = sn->node,
        .cpus = sl->cpus.list, .cpu_count = (unsigned)sl->cpus.count };
}

static int add_link(struct machine_world *mw, struct nic_world *n, const struct stack_link_config *link,
                    struct error_at at, struct errors *errors)
{
    const char *problem = stack_link_problem(mw->stack, link);
    if (problem) return errors_add(errors, at, "%s/%s: %s", mw->s->name, link->name, problem);
    stack_add_link(mw->stack, n->index, link);
    return 0;
}

static int add_links(struct machine_world *mw, struct nic_world *n, const struct grouping *g, struct errors *errors)
{
    const struct scenario_machine *sm = mw->s;
    const struct scenario_nic *sn = &sm->nics[n->index];
    int shared_tx = shared_tx_rings(sm, n->index), next_tx = shared_tx;
    struct stack_link_config link = own_link(sn, g, shared_tx);
    int next = 1, bad = sn->primary ? add_link(mw, n, &link, sn->at, errors) : 0;
    for (size_t i = 0; i < sm->link_count; i++) {
        const struct scenario_link *sl = &sm->links[i];
        if (sl->nic != n->index) continue;
        int group = sl->rxrings == SCENARIO_RXRINGS_HW ? next++ : -1;
        link = vnic_link(sn, sl, group);
        link.tx_first = sl->tx_rings ? next_tx : 0;
        link.tx_rings = sl->tx_rings ? sl->tx_rings : shared_tx;
        next_tx += sl->tx_rings;
        bad |= add_link(mw, n, &link, sl->at, errors);
        if (netdev_add_mac(n->dev, group < 0 ? 0 : group, world_mac(sl->mac)))
            netdev_set_promisc(n->dev, true); /* no address slot left: the card receives everything */
    }
    return bad;
}

static int build_card(struct machine_world *mw, int index, struct errors *errors)
{
    const struct scenario_nic *sn = &mw->s->nics[index];
    struct nic_world *n = &mw->nics[index];
    struct grouping g = plan_groups(mw->s, index);

    if (world_build_card(n, g.groups, g.rings, errors)) return -1;
    int added = stack_add_nic(mw->stack, &(struct stack_nic_config){
        .name = sn->name, .dev = n->dev, .primary = sn->primary, .shared_group = g.shared,
        .itr_fixed = sn->interrupt_interval.ps != SCENARIO_AUTO || sn->model == SCENARIO_INTEL_82573,
        .link_mbps = (uint32_t)(sn->rate.bps / 1000000), .clock_hz = mw->s->cpus.clock_hz });
    SIM_ASSERT(added == index);
    return add_links(mw, n, &g, errors);
}

static uint64_t packets_held(const void *owner)
{
    const struct machine_world *mw = owner;
    return stack_held(mw->stack) + sockets_held(mw->sockets);
}

static int build_full(struct machine_world *mw, struct errors *errors)
{
    struct world *w = mw->w;
    const struct scenario_machine *sm = mw->s;
    bool linux26 = sm->stack == SCENARIO_LINUX26;
    mw->machine = machine_create(w->engine, w->stats, &(struct machine_config){
        .name = sm->name, .sockets = sm->cpus.sockets, .cores = sm->cpus.cores, .threads_per_core = sm->cpus.threads,
        .clock_hz = sm->cpus.clock_hz, .quantum = sm->cpus.quantum, .profile = w->profile, .pool = w->pool,
        .bandwidth_Bps = { [COST_BUS] = sm->memory.bus, [COST_CHIPSET] = sm->memory.chipset,
                           [COST_NODE] = sm->memory.node, [COST_LINK] = sm->memory.link },
        .scheduler = linux26 ? SCHEDULER_LINUX26 : SCHEDULER_SOLARIS, .spinlocks = linux26 });
    struct sockets_config sockets = { .machine = mw->machine, .pool = w->pool, .stats = w->stats, .seed = w->seed,
                                      .tcp = tcp_config_of(sm), .resolve = resolve_full, .resolve_owner = w };
    world_build_stack(mw, &sockets);
    packet_pool_add_holder(w->pool, packets_held, mw);
    for (size_t i = 0; i < sm->nic_count; i++)
        if (build_card(mw, (int)i, errors)) return -1;
    stack_start(mw->stack);
    return 0;
}

static void send_on_link(void *owner, struct packet *p)
{
    link_send(owner, p);
}

static void light_give(struct nic_world *n, int link, struct packet *p)
{
    struct packet_sink sink = light_sink(n->of->light, link);
    sink.fn(sink.owner, p);
}

/* Gives a frame to the link of a light machine's card that has its destination address; else to the first, which
 * counts it.  A frame to a group goes to every link. */
static void light_receive(void *owner, struct packet *p)
{
    struct nic_world *n = owner;
    struct world *w = n->of->w;
    int link = n->first_link, end = n->first_link + n->link_count;
    if (p->hdr[0] & 1)
        for (; link < end - 1; link++) light_give(n, link, packet_clone(w->pool, p, engine_now(w->engine)));
    else
        for (int i = link; i < end; i++)
            if (mac_equal(light_link(n->of->light, i)->mac.byte, p->hdr)) link = i;
    light_give(n, link, p);
}

static void build_light(struct machine_world *mw)
{
    struct world *w = mw->w;
    const struct scenario_machine *sm = mw->s;
    int m = (int)(sm - w->s->machines);
    mw->light = light_create(w->engine, w->pool, w->stats, &(struct light_config){
        .name = sm->name, .seed = w->seed, .tcp = tcp_config_of(sm), .resolve = resolve_light, .resolve_owner = w });
    for (size_t i = 0; i < sm->nic_count; i++) {
        const struct scenario_nic *sn = &sm->nics[i];
        struct nic_world *n = &mw->nics[i];
        struct packet_sink out = { send_on_link, topology_port(w->topology, m, (int)i)->tx };
        n->first_link = light_add_link(mw->light, &(struct light_link_config){
            sn->name, world_mac(sn->mac), sn->address, -1, (int32_t)sn->mtu_bytes, out });
        n->link_count = 1;
        if (sn->flow_control == SCENARIO_FLOW_RX || sn->flow_control == SCENARIO_FLOW_FULL)
            light_obey_pause(mw->light, n->first_link, topology_port(w->topology, m, (int)i)->tx);
        for (size_t k = 0; k < sm->link_count; k++) {
            const struct scenario_link *sl = &sm->links[k];
            if (sl->nic != (int)i) continue;
            light_add_link(mw->light, &(struct light_link_config){
                sl->name, world_mac(sl->mac), sl->address, sl->vlan ? sl->vlan : -1, (int32_t)sn->mtu_bytes, out });
            n->link_count++;
        }
        topology_set_receiver(w->topology, m, (int)i, n->link_count == 1 ? light_sink(mw->light, n->first_link)
                                                                          : (struct packet_sink){ light_receive, n });
    }
}

int world_build_machines(struct world *w, struct errors *errors)
{
    collect_addresses(w);
    for (size_t i = 0; i < w->s->machine_count; i++) {
        struct machine_world *mw = &w->machines[i];
        mw->w = w;
        mw->s = &w->s->machines[i];
        mw->nics = calloc(mw->s->nic_count ? mw->s->nic_count : 1, sizeof *mw->nics);
        SIM_ASSERT(mw->nics);
        for (size_t k = 0; k < mw->s->nic_count; k++) {
            mw->nics[k].of = mw;
            mw->nics[k].index = (int)k;
        }
        if (mw->s->detail == SCENARIO_LIGHT)
            build_light(mw);
        else if (build_full(mw, errors))
            return -1;
    }
    return 0;
}

void world_destroy_machines(struct world *w)
{
    for (size_t i = 0; i < w->s->machine_count; i++) {
        struct machine_world *mw = &w->machines[i];
        stack_destroy(mw->stack);
        sockets_destroy(mw->sockets);
        for (size_t k = 0; mw->nics && k < mw->s->nic_count; k++) world_destroy_card(&mw->nics[k]);
        free(mw->nics);
        machine_destroy(mw->machine);
        light_destroy(mw->light);
        free(mw->ports[0]);
        free(mw->ports[1]);
    }
    free(w->machines);
    free(w->addresses);
}
