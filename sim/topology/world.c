/* world.c -- a scenario becomes machines, cards, stacks and applications on a network.
 *
 * Order of building: network (topology.c), machines with their cards and data links, applications.  Each later
 * thing finds the earlier ones by the scenario's indices; nothing here looks at what a scenario is for. */
#include "topology/world.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "core/assert.h"
#include "core/trace.h"
#include "driver/ixgbe.h"
#include "endpoint/generator.h"
#include "endpoint/light.h"
#include "endpoint/uperf.h"
#include "net/capture.h"
#include "nicmodel/nic82598.h"
#include "report/trace_json.h"
#include "stack/crossbow.h"
#include "stack/sockets.h"
#include "topology/topology.h"

enum { PROGRESS_SLICES = 200, DEVICE_82598_DUAL_FIBRE = 0x10c6, EITR_UNIT_PS = 256000,
       PORTS = 65536, LOAD_FULL_PPM = 1000000 };

struct machine_world;

/* A card of a machine: modelled in full, or a light machine's ideal one. */
struct nic_world {
    struct machine_world *of;
    int index;                   /* among the machine's nics, and the stack's */
    struct pcie *pcie;
    struct nic *nic;
    struct rng *rng;
    struct ixgbe *driver;
    int first_link, link_count;  /* light: link numbers of the host */
};

struct machine_world {
    struct world *w;
    const struct scenario_machine *s;
    struct nic_world *nics;
    struct machine *machine;     /* full detail, else NULL */
    struct sockets *sockets;
    struct crossbow *stack;
    struct light *light;         /* light detail, else NULL */
    uint64_t *ports[2];          /* bit per port taken by a receiver: TCP, UDP; NULL: none yet */
};

struct address {
    uint32_t ip;
    struct mac_addr mac;
    int vlan;                    /* -1: untagged */
};

struct world {
    const struct scenario *s;
    uint64_t seed;
    struct engine *engine;
    struct stats *stats;
    struct packet_pool *pool;
    struct cost_profile *profile;
    struct topology *topology;
    struct machine_world *machines;
    struct address *addresses;   /* sorted by ip */
    size_t n_addresses;
    struct uperf **uperfs;
    size_t n_uperfs;
    struct generator **generators;
    size_t n_generators;
    struct capture **captures;
    struct trace *trace;
    char *trace_path;
    const struct machine *traced; /* of the last record written */
    struct event trace_on, trace_off;
};

/* -- addresses ---------------------------------------------------------------------------------------------------- */

static int by_ip(const void *a, const void *b)
{
    uint32_t x = ((const struct address *)a)->ip, y = ((const struct address *)b)->ip;
    return x < y ? -1 : x > y;
}

static struct mac_addr to_mac(const uint8_t byte[6])
{
    struct mac_addr m;
    memcpy(m.byte, byte, sizeof m.byte);
    return m;
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
            w->addresses[w->n_addresses++] = (struct address){ sm->nics[i].address, to_mac(sm->nics[i].mac), -1 };
        for (size_t i = 0; i < sm->link_count; i++)
            w->addresses[w->n_addresses++] = (struct address){ sm->links[i].address, to_mac(sm->links[i].mac),
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
    c.lso_max_bytes = (int32_t)sm->tcp.lso_max_bytes;
    for (size_t i = 0; i < sm->nic_count; i++)
        if (!sm->nics[i].lso) c.lso_max_bytes = 0;
    return c;
}

static enum step_result rx_ready(void *owner, int ring)
{
    struct nic_world *n = owner;
    return crossbow_rx_ready(n->of->stack, n->index, ring);
}

static void tx_ready(void *owner, int ring)
{
    struct nic_world *n = owner;
    crossbow_tx_ready(n->of->stack, n->index, ring);
}

static void set_vector(void *device, int vector, event_fn *fn, void *owner)
{
    nic_set_vector(device, vector, fn, owner);
}

static struct pcie_config pcie_config_for(const struct scenario_nic *sn)
{
    struct pcie_config c = pcie_config_gen1_x8();
    c.lanes = sn->pcie.lanes;
    c.gt_per_s = sn->pcie.generation == 2 ? 5000000000 : 2500000000;
    c.mps_bytes = (uint32_t)sn->pcie.mps_bytes;
    c.mrrs_bytes = (uint32_t)sn->pcie.mrrs_bytes;
    c.rcb_bytes = (uint32_t)sn->pcie.rcb_bytes;
    c.reads_max = (uint32_t)sn->pcie.reads;
    c.read_latency = sn->pcie.read_latency;
    c.write_latency = sn->pcie.write_latency;
    c.far_latency = sn->pcie.far_latency;
    c.mmio_latency = sn->pcie.mmio_latency;
    c.node = sn->node;
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

/* The card's own link, and a VNIC, as the stack is to make them. */
static struct crossbow_link_config own_link(const struct scenario_nic *sn, const struct grouping *g)
{
    return (struct crossbow_link_config){
        .name = sn->name, .mac = to_mac(sn->mac), .ip = sn->address, .mtu_bytes = (int32_t)sn->mtu_bytes,
        .group = g->shared == 0 ? -1 : 0, .lanes = sn->lanes, .fanout = sn->fanout == SCENARIO_AUTO ? 0 : sn->fanout,
        .poll = sn->poll, .cpus = sn->cpus.list, .cpu_count = (unsigned)sn->cpus.count };
}

static struct crossbow_link_config vnic_link(const struct scenario_nic *sn, const struct scenario_link *sl, int group)
{
    return (struct crossbow_link_config){
        .name = sl->name, .mac = to_mac(sl->mac), .ip = sl->address, .vlan = sl->vlan,
        .mtu_bytes = (int32_t)sn->mtu_bytes, .group = group, .lanes = sl->lanes,
        .fanout = sl->fanout == SCENARIO_AUTO ? 0 : sl->fanout, .poll = sn->poll, .cpus = sl->cpus.list,
        .cpu_count = (unsigned)sl->cpus.count };
}

static int add_link(struct machine_world *mw, struct nic_world *n, const struct crossbow_link_config *link,
                    struct error_at at, struct errors *errors)
{
    const char *problem = crossbow_link_problem(link);
    if (problem) return errors_add(errors, at, "%s/%s: %s", mw->s->name, link->name, problem);
    crossbow_add_link(mw->stack, n->index, link);
    return 0;
}

static int add_links(struct machine_world *mw, struct nic_world *n, const struct grouping *g, struct errors *errors)
{
    const struct scenario_machine *sm = mw->s;
    const struct scenario_nic *sn = &sm->nics[n->index];
    struct crossbow_link_config link = own_link(sn, g);
    int next = 1, bad = sn->primary ? add_link(mw, n, &link, sn->at, errors) : 0;
    for (size_t i = 0; i < sm->link_count; i++) {
        const struct scenario_link *sl = &sm->links[i];
        if (sl->nic != n->index) continue;
        int group = sl->rxrings == SCENARIO_RXRINGS_HW ? next++ : -1;
        link = vnic_link(sn, sl, group);
        bad |= add_link(mw, n, &link, sl->at, errors);
        if (ixgbe_add_mac(n->driver, group < 0 ? 0 : group, to_mac(sl->mac)))
            ixgbe_set_promisc(n->driver, true); /* no address slot left: the card receives everything */
    }
    return bad;
}

static int build_card(struct machine_world *mw, int index, struct errors *errors)
{
    struct world *w = mw->w;
    const struct scenario_nic *sn = &mw->s->nics[index];
    struct nic_world *n = &mw->nics[index];
    int m = (int)(mw->s - w->s->machines);
    struct grouping g = plan_groups(mw->s, index);
    char name[256];
    snprintf(name, sizeof name, "%s/%s", mw->s->name, sn->name);

    n->rng = rng_create(w->seed, name);
    struct pcie_config pcie = pcie_config_for(sn);
    n->pcie = pcie_create(w->engine, w->stats, name, &pcie);
    n->nic = nic_create(w->engine, w->stats, w->pool, n->pcie, machine_memory(mw->machine),
                        &(struct nic_config){ name, DEVICE_82598_DUAL_FIBRE, 0, to_mac(sn->mac) });
    nic_set_wire(n->nic, topology_port(w->topology, m, index)->tx);
    topology_set_receiver(w->topology, m, index, (struct packet_sink){ nic_receive, n->nic });
    struct ixgbe_config config = {
        .name = name, .machine = mw->machine, .pcie = n->pcie, .pool = w->pool, .stats = w->stats,
        .device = { n->nic, nic_reg_read, nic_reg_write, set_vector },
        .callbacks = { n, rx_ready, tx_ready },
        .groups = g.groups, .rings_per_group = g.rings, .tx_rings = sn->tx_rings,
        .rx_descs = (uint32_t)sn->rx_descriptors, .tx_descs = (uint32_t)sn->tx_descriptors,
        .itr_units = (int32_t)((sn->interrupt_interval.ps + EITR_UNIT_PS / 2) / EITR_UNIT_PS),
        .mtu_bytes = (uint32_t)sn->mtu_bytes, .node = sn->node, .rng = n->rng,
    };
    const char *problem = ixgbe_config_problem(&config);
    if (problem && g.groups * g.rings > IXGBE_MAX_RX_RINGS)
        return errors_add(errors, sn->at, "%s: %s; asked for: %d group%s of %d", name, problem, g.groups,
                          g.groups == 1 ? "" : "s", g.rings);
    if (problem) return errors_add(errors, sn->at, "%s: %s", name, problem);
    n->driver = ixgbe_create(&config);
    int added = crossbow_add_nic(mw->stack, &(struct crossbow_nic_config){
        .name = sn->name, .driver = n->driver, .primary = sn->primary, .rings_per_group = g.rings,
        .tx_rings = sn->tx_rings, .shared_group = g.shared,
        .link_mbps = (uint32_t)(sn->rate.bps / 1000000), .clock_hz = mw->s->cpus.clock_hz });
    SIM_ASSERT(added == index);
    return add_links(mw, n, &g, errors);
}

static uint64_t stack_held(const void *owner)
{
    const struct machine_world *mw = owner;
    return crossbow_held(mw->stack) + sockets_held(mw->sockets);
}

static int build_full(struct machine_world *mw, struct errors *errors)
{
    struct world *w = mw->w;
    const struct scenario_machine *sm = mw->s;
    mw->machine = machine_create(w->engine, w->stats, &(struct machine_config){
        .name = sm->name, .sockets = sm->cpus.sockets, .cores = sm->cpus.cores, .threads_per_core = sm->cpus.threads,
        .clock_hz = sm->cpus.clock_hz, .quantum = sm->cpus.quantum, .profile = w->profile, .pool = w->pool,
        .seed = w->seed });
    mw->sockets = sockets_create(&(struct sockets_config){ .machine = mw->machine, .pool = w->pool, .stats = w->stats,
        .seed = w->seed, .tcp = tcp_config_of(sm), .resolve = resolve_full, .resolve_owner = w });
    struct lane_tunables lane = lane_tunables_default();
    lane.latency_optimize = sm->lane.latency_optimize;
    lane.hiwat_pkts = (uint32_t)sm->lane.high_water_pkts;
    lane.lowat_pkts = (uint32_t)sm->lane.low_water_pkts;
    lane.poll_thres_pkts = (uint32_t)sm->lane.poll_threshold_pkts;
    lane.poll_bytes = (uint32_t)sm->lane.poll_bytes;
    lane.ring_pkts = (uint32_t)sm->lane.poll_pkts;
    mw->stack = crossbow_create(&(struct crossbow_config){ .machine = mw->machine, .pool = w->pool, .stats = w->stats,
        .sockets = mw->sockets, .lane = lane, .rx_bypass = true });
    packet_pool_add_holder(w->pool, stack_held, mw);
    for (size_t i = 0; i < sm->nic_count; i++)
        if (build_card(mw, (int)i, errors)) return -1;
    crossbow_start(mw->stack);
    return 0;
}

static void send_on_link(void *owner, struct packet *p)
{
    link_send(owner, p);
}

/* Gives a frame to the link of a light machine's card that has its destination address; else to the first, which
 * counts it. */
static void light_receive(void *owner, struct packet *p)
{
    struct nic_world *n = owner;
    int link = n->first_link;
    for (int i = n->first_link; i < n->first_link + n->link_count; i++)
        if (mac_equal(light_link(n->of->light, i)->mac.byte, p->hdr)) link = i;
    struct packet_sink sink = light_sink(n->of->light, link);
    sink.fn(sink.owner, p);
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
            sn->name, to_mac(sn->mac), sn->address, -1, (int32_t)sn->mtu_bytes, out });
        n->link_count = 1;
        for (size_t k = 0; k < sm->link_count; k++) {
            const struct scenario_link *sl = &sm->links[k];
            if (sl->nic != (int)i) continue;
            light_add_link(mw->light, &(struct light_link_config){
                sl->name, to_mac(sl->mac), sl->address, sl->vlan ? sl->vlan : -1, (int32_t)sn->mtu_bytes, out });
            n->link_count++;
        }
        topology_set_receiver(w->topology, m, (int)i, n->link_count == 1 ? light_sink(mw->light, n->first_link)
                                                                          : (struct packet_sink){ light_receive, n });
    }
}

/* -- traffic ------------------------------------------------------------------------------------------------------ */

static struct host *host_of(struct machine_world *mw)
{
    return mw->light ? light_host(mw->light) : sockets_host(mw->sockets);
}

static const char *link_name_of(const struct world *w, const struct scenario_end *e)
{
    const struct scenario_machine *sm = &w->s->machines[e->machine];
    return e->link >= 0 ? sm->links[e->link].name : sm->nics[e->nic].name;
}

static uint32_t address_of(const struct world *w, const struct scenario_end *e)
{
    const struct scenario_machine *sm = &w->s->machines[e->machine];
    return e->link >= 0 ? sm->links[e->link].address : sm->nics[e->nic].address;
}

/* A port of the machine for one pair of ends: 'wanted', or the next that is free.  0: none. */
static uint16_t take_port(struct machine_world *mw, enum scenario_traffic_kind kind, int wanted)
{
    uint64_t **used = &mw->ports[kind == SCENARIO_UPERF ? 0 : 1];
    if (!*used) *used = calloc(PORTS / 64, sizeof **used);
    SIM_ASSERT(*used);
    while (wanted < PORTS && (*used)[wanted / 64] >> wanted % 64 & 1) wanted++;
    if (wanted == PORTS) return 0;
    (*used)[wanted / 64] |= UINT64_C(1) << wanted % 64;
    return (uint16_t)wanted;
}

static sim_time instant(sim_dur since_start)
{
    return (sim_time){ since_start.ps };
}

static int add_uperf(struct world *w, const struct scenario_traffic *t, const struct scenario_end *from,
                     const struct scenario_end *to, uint16_t port, const char *name, struct errors *errors)
{
    struct uperf_config c = uperf_config_default();
    c.name = name;
    c.seed = w->seed;
    c.master = host_of(&w->machines[from->machine]);
    c.slave = host_of(&w->machines[to->machine]);
    c.via = link_name_of(w, from);
    c.slave_addr = (struct host_addr){ address_of(w, to), port };
    c.streams = t->streams;
    c.write_bytes = (int32_t)t->write_bytes;
    c.read_bytes = (int32_t)t->read_bytes;
    c.jitter = t->jitter;
    c.think = t->think;
    c.start = instant(t->start);
    c.stop = t->stop.ps == SCENARIO_NEVER.ps ? SIM_TIME_MAX : instant(t->stop);
    struct uperf *u = uperf_create(w->engine, w->stats, &c);
    if (!u) return errors_add(errors, t->at, "%s: these connections cannot be made", name);
    w->uperfs = realloc(w->uperfs, (w->n_uperfs + 1) * sizeof(struct uperf *));
    SIM_ASSERT(w->uperfs);
    w->uperfs[w->n_uperfs++] = u;
    return 0;
}

/* A sending end's rate is shared evenly among its receivers, which take turns; this is number 'turn' of them. */
static int add_generator(struct world *w, const struct scenario_traffic *t, const struct scenario_end *from,
                         const struct scenario_end *to, uint16_t port, int receivers, int turn,
                         const char *name, struct errors *errors)
{
    struct machine_world *source = &w->machines[from->machine], *sink = &w->machines[to->machine];
    if (!source->light)
        return errors_add(errors, t->at, "packets from %s, which is in full detail: expected a machine with detail "
                          "light", source->s->name);
    struct generator_config c = generator_config_default();
    c.name = name;
    c.seed = w->seed;
    c.host = source->light;
    c.link = light_link_find(source->light, link_name_of(w, from));
    c.to = (struct host_addr){ address_of(w, to), port };
    c.flows = t->flows;
    c.frame_bytes_min = (int32_t)t->frame_bytes;
    c.frame_bytes_max = (int32_t)t->frame_max_bytes;
    c.line_rate = link_config_of(topology_port(w->topology, from->machine, from->nic)->tx)->rate;
    c.share = receivers;
    if (t->packet_rate > 0) {
        c.unit = GENERATOR_FRAMES_PER_S;
        c.rate_value = t->packet_rate;
    } else if (t->rate.bps > 0) {
        c.unit = GENERATOR_BITS_PER_S;
        c.rate_value = t->rate.bps;
    } else {
        c.unit = GENERATOR_LINE_SHARE;
        c.rate_value = t->load_ppm > 0 ? t->load_ppm : LOAD_FULL_PPM;
    }
    c.gaps = t->arrivals == SCENARIO_POISSON ? GENERATOR_POISSON : GENERATOR_CONSTANT;
    c.start = sim_add(instant(t->start), sim_ps(from->interval_fs / 1000 * turn));
    c.stop = t->stop.ps == SCENARIO_NEVER.ps ? SIM_TIME_MAX : instant(t->stop);
    struct generator *g = generator_create(w->engine, w->stats, &c);
    if (!g) return errors_add(errors, t->at, "%s: these packets cannot be generated", name);
    w->generators = realloc(w->generators, (w->n_generators + 1) * sizeof(struct generator *));
    SIM_ASSERT(w->generators);
    w->generators[w->n_generators++] = g;
    if (sink->sockets) sockets_udp_sink(sink->sockets, port);
    return 0;
}

static bool same_end(const struct scenario_end *a, const struct scenario_end *b)
{
    return a->machine == b->machine && a->nic == b->nic && a->link == b->link;
}

static int vlan_of(const struct world *w, const struct scenario_end *e)
{
    return e->link >= 0 ? w->s->machines[e->machine].links[e->link].vlan : 0;
}

/* Traffic of entry 'index' between one pair of ends: number 'turn' of the sender's 'receivers'. */
static int add_pair(struct world *w, size_t index, const struct scenario_end *from, const struct scenario_end *to,
                    int receivers, int turn, struct errors *errors)
{
    const struct scenario_traffic *t = &w->s->traffic[index];
    struct machine_world *source = &w->machines[from->machine], *sink = &w->machines[to->machine];
    uint16_t port = take_port(sink, t->kind, t->port);
    char name[512];
    snprintf(name, sizeof name, "%s>%s/%s%zu", source->s->name, sink->s->name,
             t->kind == SCENARIO_UPERF ? "uperf" : "packets", index);
    if (vlan_of(w, from) != vlan_of(w, to))
        return errors_add(errors, t->at, "%s: '%s' is in VLAN %d and '%s' in VLAN %d (0: untagged), and nothing routes "
                          "between them", name, link_name_of(w, from), vlan_of(w, from), link_name_of(w, to),
                          vlan_of(w, to));
    if (source->s->nics[from->nic].wire_switch != sink->s->nics[to->nic].wire_switch &&
        topology_route(w->topology, from->machine, from->nic, to->machine, to->nic, NULL, 0) == 0)
        return errors_add(errors, t->at, "%s: no wires lead from switch '%s' to switch '%s'", name,
                          source->s->nics[from->nic].wire.text, sink->s->nics[to->nic].wire.text);
    if (port == 0) return errors_add(errors, t->at, "%s: no port from %d on is free at the receiver", name, t->port);
    return t->kind == SCENARIO_UPERF ? add_uperf(w, t, from, to, port, name, errors)
                                     : add_generator(w, t, from, to, port, receivers, turn, name, errors);
}

static int build_traffic(struct world *w, struct errors *errors)
{
    for (size_t i = 0; i < w->s->traffic_count; i++) {
        const struct scenario_traffic *t = &w->s->traffic[i];
        for (size_t f = 0; f < t->from_count; f++) {
            const struct scenario_end *from = &t->from_ends[f];
            int receivers = 0, turn = 0;
            for (size_t g = 0; g < t->to_count; g++) receivers += !same_end(from, &t->to_ends[g]);
            for (size_t g = 0; g < t->to_count; g++)
                if (!same_end(from, &t->to_ends[g]) && add_pair(w, i, from, &t->to_ends[g], receivers, turn++, errors))
                    return -1;
        }
    }
    return 0;
}

/* -- the whole ---------------------------------------------------------------------------------------------------- */

static int build(struct world *w, struct errors *errors)
{
    const struct scenario *s = w->s;
    bool full = false;
    for (size_t i = 0; i < s->machine_count; i++) full |= s->machines[i].detail == SCENARIO_FULL;
    if (full) {
        w->profile = cost_profile_load(s->profile_path, errors);
        if (!w->profile) return -1;
    }
    collect_addresses(w);
    w->topology = topology_create(w->engine, w->stats, w->pool, s, errors);
    if (!w->topology) return -1;
    for (size_t i = 0; i < s->machine_count; i++) {
        struct machine_world *mw = &w->machines[i];
        mw->w = w;
        mw->s = &s->machines[i];
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
    return build_traffic(w, errors);
}

struct world *world_create(const struct scenario *s, uint64_t seed, const char *replay, struct errors *errors)
{
    struct world *w = calloc(1, sizeof *w);
    SIM_ASSERT(w);
    w->s = s;
    w->seed = seed;
    w->engine = engine_create();
    w->stats = stats_create();
    w->pool = packet_pool_create();
    w->machines = calloc(s->machine_count ? s->machine_count : 1, sizeof *w->machines);
    w->captures = calloc(s->capture_count ? s->capture_count : 1, sizeof(struct capture *));
    SIM_ASSERT(w->machines && w->captures);
    sim_replay_set(&(struct sim_replay){ &engine_view(w->engine)->now, &engine_view(w->engine)->running, seed, replay });
    if (build(w, errors)) {
        world_destroy(w);
        return NULL;
    }
    return w;
}

void world_destroy(struct world *w)
{
    if (!w) return;
    sim_replay_set(NULL);
    for (size_t i = 0; i < w->n_uperfs; i++) uperf_destroy(w->uperfs[i]);
    for (size_t i = 0; i < w->n_generators; i++) generator_destroy(w->generators[i]);
    for (size_t i = 0; i < w->s->machine_count; i++) {
        struct machine_world *mw = &w->machines[i];
        crossbow_destroy(mw->stack);
        sockets_destroy(mw->sockets);
        for (size_t k = 0; mw->nics && k < mw->s->nic_count; k++) {
            ixgbe_destroy(mw->nics[k].driver);
            nic_destroy(mw->nics[k].nic);
            pcie_destroy(mw->nics[k].pcie);
            rng_destroy(mw->nics[k].rng);
        }
        free(mw->nics);
        machine_destroy(mw->machine);
        light_destroy(mw->light);
        free(mw->ports[0]);
        free(mw->ports[1]);
    }
    topology_destroy(w->topology);
    cost_profile_destroy(w->profile);
    packet_pool_destroy(w->pool);
    stats_destroy(w->stats);
    trace_destroy(w->trace);
    engine_destroy(w->engine);
    free(w->trace_path);
    free(w->captures);
    free(w->generators);
    free(w->uperfs);
    free(w->addresses);
    free(w->machines);
    free(w);
}

/* -- records ------------------------------------------------------------------------------------------------------ */

static void trace_begins(void *owner)
{
    struct world *w = owner;
    trace_attach(w->engine, w->trace);
}

static void trace_ends(void *owner)
{
    struct world *w = owner;
    trace_attach(w->engine, NULL);
}

static int open_capture(struct world *w, size_t i, world_path_fn *path, void *ctx, struct errors *errors)
{
    const struct scenario_capture *c = &w->s->captures[i];
    char what[256];
    snprintf(what, sizeof what, "%s", c->file);
    char *ending = strrchr(what, '.');
    if (ending && (strcmp(ending, ".pcapng") == 0 || strcmp(ending, ".pcap") == 0)) *ending = '\0';
    char *file = path(ctx, what, "pcapng");
    w->captures[i] = capture_create(w->engine, &(struct capture_config){ file, (uint32_t)c->snap_bytes,
        (uint64_t)c->packets, instant(c->from), c->to.ps == SCENARIO_NEVER.ps ? (sim_time){ 0 } : instant(c->to) },
        errors);
    free(file);
    if (!w->captures[i]) return -1;
    char name[300];
    struct link *out = topology_capture_link(w->topology, c, TOPOLOGY_OUT);
    struct link *in = topology_capture_link(w->topology, c, TOPOLOGY_IN);
    if (!out && !in) return errors_add(errors, c->on.at, "nothing can be captured at '%s'", c->on.text);
    snprintf(name, sizeof name, "%s out", c->on.text);
    if (out) capture_attach(w->captures[i], out, name);
    snprintf(name, sizeof name, "%s in", c->on.text);
    if (in) capture_attach(w->captures[i], in, name);
    return 0;
}

int world_record(struct world *w, world_path_fn *path, void *ctx, struct errors *errors)
{
    for (size_t i = 0; i < w->s->capture_count; i++)
        if (open_capture(w, i, path, ctx, errors)) return -1;
    if (w->s->trace.on) {
        struct entity *entity = engine_entity(w->engine, "trace");
        w->trace = trace_create((size_t)w->s->trace.records);
        w->trace_path = path(ctx, "trace", "json");
        event_init(&w->trace_on, entity, trace_begins, w);
        event_init(&w->trace_off, entity, trace_ends, w);
        engine_schedule(w->engine, &w->trace_on, instant(w->s->trace.from));
        if (w->s->trace.to.ps != SCENARIO_NEVER.ps)
            engine_schedule(w->engine, &w->trace_off, instant(w->s->trace.to));
    }
    return 0;
}

static const char *trace_entity(void *ctx, uint32_t id)
{
    return engine_entity_name(((struct world *)ctx)->engine, id);
}

/* The machine whose CPU an entity is; names begin with the machine's and a slash. */
static const struct machine *trace_machine(struct world *w, uint32_t entity)
{
    const char *name = engine_entity_name(w->engine, entity);
    size_t length = strcspn(name, "/");
    if (w->traced && strncmp(machine_name(w->traced), name, length) == 0 && !machine_name(w->traced)[length])
        return w->traced;
    w->traced = NULL;
    for (size_t i = 0; i < w->s->machine_count && !w->traced; i++) {
        const struct machine *m = w->machines[i].machine;
        if (m && strncmp(machine_name(m), name, length) == 0 && !machine_name(m)[length]) w->traced = m;
    }
    return w->traced;
}

static const char *trace_thread(void *ctx, uint32_t entity, int64_t thread)
{
    const struct machine *m = trace_machine(ctx, entity);
    return m ? machine_thread_name(m, thread) : NULL;
}

static const char *trace_interrupt(void *ctx, uint32_t entity, int64_t vector)
{
    const struct machine *m = trace_machine(ctx, entity);
    return m ? machine_interrupt_name(m, vector) : NULL;
}

static int close_records(struct world *w, struct errors *errors)
{
    int bad = 0;
    for (size_t i = 0; i < w->s->capture_count; i++) {
        bad |= capture_close(w->captures[i], errors);
        w->captures[i] = NULL;
    }
    if (w->trace_path) {
        FILE *out = fopen(w->trace_path, "w");
        struct trace_names names = { w, trace_entity, trace_thread, trace_interrupt };
        bool failed = !out || trace_json_write(out, w->trace, &names);
        if (out) failed |= fclose(out) != 0;
        if (failed) bad |= errors_add(errors, (struct error_at){ w->trace_path, 0, 0 }, "cannot write the trace");
    }
    return bad;
}

/* -- running ------------------------------------------------------------------------------------------------------ */

static void account(struct world *w)
{
    for (size_t i = 0; i < w->s->machine_count; i++)
        if (w->machines[i].machine) machine_account(w->machines[i].machine);
}

int world_run(struct world *w, world_progress_fn *progress, void *ctx, struct errors *errors)
{
    int64_t warmup = w->s->time.warmup.ps, end = warmup + w->s->time.measure.ps, slice = end / PROGRESS_SLICES + 1;
    int64_t t = 0;
    bool marked = false;
    while (t < end || !marked) {
        if (!marked && t == warmup) {
            account(w);
            stats_mark(w->stats);
            marked = true;
        }
        int64_t next = t + slice;
        if (!marked && next > warmup) next = warmup;
        if (next > end) next = end;
        engine_run(w->engine, (sim_time){ next });
        t = next;
        progress(ctx, (sim_dur){ t }, (sim_dur){ end });
    }
    account(w);
    packet_pool_check(w->pool);
    for (size_t i = 0; i < w->s->machine_count; i++)
        if (w->machines[i].stack) crossbow_check(w->machines[i].stack);
    return close_records(w, errors);
}

void world_collect(struct world *w, struct run_result *r)
{
    const struct packet_ledger *ledger = packet_pool_ledger(w->pool);
    r->simulated = (sim_dur){ w->s->time.warmup.ps + w->s->time.measure.ps };
    r->measured = w->s->time.measure;
    r->events = engine_view(w->engine)->events;
    r->ledger.created = ledger->created;
    r->ledger.delivered = ledger->delivered;
    r->ledger.segmented = ledger->segmented;
    r->ledger.held = packet_pool_held(w->pool);
    memcpy(r->ledger.dropped, ledger->dropped, sizeof r->ledger.dropped);
    for (size_t i = 0; i < stats_count(w->stats); i++) {
        const struct stats_block *b = stats_get(w->stats, i);
        if (strcmp(b->kind, "link") == 0) r->packet_hops += b->values[LINK_packets];
    }
    run_result_copy_stats(r, w->stats);
}

/* -- showing ------------------------------------------------------------------------------------------------------ */

void world_print_text(struct world *w, FILE *out)
{
    topology_print_text(w->topology, out);
    for (size_t i = 0; i < w->s->machine_count; i++) {
        if (!w->machines[i].stack) continue;
        fprintf(out, "\n%s: lanes\n", w->s->machines[i].name);
        crossbow_print(w->machines[i].stack, out);
    }
}

void world_print_dot(struct world *w, FILE *out)
{
    topology_print_dot(w->topology, out);
}
