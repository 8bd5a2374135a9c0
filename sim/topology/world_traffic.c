/* SPDX-License-Identifier: GPL-3.0-or-later
 * world_traffic.c -- the scenario's traffic: applications on hosts, packet generators, who listens where. */
#include <stdlib.h>
#include <string.h>

#include "core/assert.h"
#include "topology/world_impl.h"

enum { PORTS = 65536, LOAD_FULL_PPM = 1000000 };
#define GROUP_FIRST UINT32_C(0xefc00000) /* 239.192.0.0, of the organization (RFC 2365) */

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

/* A bit per port of the machine that something listens at. */
static uint64_t *ports_of(struct machine_world *mw, enum scenario_traffic_kind kind)
{
    uint64_t **used = &mw->ports[kind == SCENARIO_PACKETS ? 1 : 0];
    if (!*used) *used = calloc(PORTS / 64, sizeof **used);
    SIM_ASSERT(*used);
    return *used;
}

/* A port of the machine for one pair of ends: 'wanted', or the next that is free.  0: none. */
static uint16_t take_port(struct machine_world *mw, enum scenario_traffic_kind kind, int wanted)
{
    uint64_t *used = ports_of(mw, kind);
    while (wanted < PORTS && used[wanted / 64] >> wanted % 64 & 1) wanted++;
    if (wanted == PORTS) return 0;
    used[wanted / 64] |= UINT64_C(1) << wanted % 64;
    return (uint16_t)wanted;
}

/* The same for a group: one port that is free at all of its members. */
static uint16_t take_group_port(struct world *w, const struct scenario_traffic *t)
{
    for (int port = t->port; port < PORTS; port++) {
        bool free_port = true;
        for (size_t i = 0; i < t->to_count; i++)
            free_port &= !(ports_of(&w->machines[t->to_ends[i].machine], t->kind)[port / 64] >> port % 64 & 1);
        for (size_t i = 0; free_port && i < t->to_count; i++)
            ports_of(&w->machines[t->to_ends[i].machine], t->kind)[port / 64] |= UINT64_C(1) << port % 64;
        if (free_port) return (uint16_t)port;
    }
    return 0;
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
    c.start = world_instant(t->start);
    c.stop = t->stop.ps == SCENARIO_NEVER.ps ? SIM_TIME_MAX : world_instant(t->stop);
    struct uperf *u = uperf_create(w->engine, w->stats, &c);
    if (!u) return errors_add(errors, t->at, "%s: these connections cannot be made", name);
    w->uperfs = realloc(w->uperfs, (w->n_uperfs + 1) * sizeof(struct uperf *));
    SIM_ASSERT(w->uperfs);
    w->uperfs[w->n_uperfs++] = u;
    return 0;
}

static int add_web(struct world *w, const struct scenario_traffic *t, const struct scenario_end *from,
                   const struct scenario_end *to, uint16_t port, int receivers, const char *name, struct errors *errors)
{
    struct web_config c = web_config_default();
    c.name = name;
    c.seed = w->seed;
    c.client = host_of(&w->machines[from->machine]);
    c.server = host_of(&w->machines[to->machine]);
    c.via = link_name_of(w, from);
    c.server_addr = (struct host_addr){ address_of(w, to), port };
    c.connections = t->connections;
    c.request_bytes = (int32_t)t->request_bytes;
    if (t->response_bytes != SCENARIO_AUTO) {
        c.response_min_bytes = t->response_bytes;
        c.response_max_bytes = t->response_max_bytes;
    }
    c.header_bytes = (int32_t)t->header_bytes;
    c.requests = t->requests;
    c.think = t->think;
    c.gap = sim_ps(from->interval_fs / 1000 * receivers);
    c.random_gaps = t->arrivals == SCENARIO_POISSON;
    c.work = t->work;
    c.jitter = t->jitter;
    c.start = world_instant(t->start);
    c.stop = t->stop.ps == SCENARIO_NEVER.ps ? SIM_TIME_MAX : world_instant(t->stop);
    struct web *web = web_create(w->engine, w->stats, &c);
    if (!web) return errors_add(errors, t->at, "%s: these connections cannot be made", name);
    w->webs = realloc(w->webs, (w->n_webs + 1) * sizeof(struct web *));
    SIM_ASSERT(w->webs);
    w->webs[w->n_webs++] = web;
    return 0;
}

/* What the sender offers one of its 'receivers', who take turns. */
static struct pacer_config pace_of(struct world *w, const struct scenario_traffic *t, const struct scenario_end *from,
                                   int receivers)
{
    struct pacer_config c = {
        .frame_bytes_min = (int32_t)t->frame_bytes, .frame_bytes_max = (int32_t)t->frame_max_bytes, .share = receivers,
        .line_rate = link_config_of(topology_port(w->topology, from->machine, from->nic)->tx)->rate,
        .gaps = t->arrivals == SCENARIO_POISSON ? PACER_POISSON : PACER_CONSTANT,
    };
    if (t->packet_rate > 0) {
        c.unit = PACER_FRAMES_PER_S;
        c.rate_value = t->packet_rate;
    } else if (t->rate.bps > 0) {
        c.unit = PACER_BITS_PER_S;
        c.rate_value = t->rate.bps;
    } else {
        c.unit = PACER_LINE_SHARE;
        c.rate_value = t->load_ppm > 0 ? t->load_ppm : LOAD_FULL_PPM;
    }
    return c;
}

/* A light machine's: no CPU makes the frames. */
static bool add_generator(struct world *w, const struct generator_config *config)
{
    struct generator *g = generator_create(w->engine, w->stats, config);
    if (!g) return false;
    w->generators = realloc(w->generators, (w->n_generators + 1) * sizeof(struct generator *));
    SIM_ASSERT(w->generators);
    w->generators[w->n_generators++] = g;
    return true;
}

/* A machine's in full detail: threads send datagrams. */
static bool add_udp_source(struct world *w, const struct udp_source_config *config)
{
    struct udp_source *u = udp_source_create(w->engine, w->stats, config);
    if (!u) return false;
    w->udp_sources = realloc(w->udp_sources, (w->n_udp_sources + 1) * sizeof(struct udp_source *));
    SIM_ASSERT(w->udp_sources);
    w->udp_sources[w->n_udp_sources++] = u;
    return true;
}

/* This is number 'turn' of the sender's receivers. */
static int add_packets(struct world *w, const struct scenario_traffic *t, const struct scenario_end *from,
                       struct host_addr to, int receivers, int turn, const char *name, struct errors *errors)
{
    struct machine_world *source = &w->machines[from->machine];
    struct generator_config g = generator_config_default();
    g.name = name;
    g.seed = w->seed;
    g.host = source->light;
    g.to = to;
    g.flows = t->flows;
    g.pace = pace_of(w, t, from, receivers);
    g.start = sim_add(world_instant(t->start), sim_ps(from->interval_fs / 1000 * turn));
    g.stop = t->stop.ps == SCENARIO_NEVER.ps ? SIM_TIME_MAX : world_instant(t->stop);
    bool added;
    if (source->light) {
        g.link = light_link_find(source->light, link_name_of(w, from));
        added = add_generator(w, &g);
    } else {
        added = add_udp_source(w, &(struct udp_source_config){ .name = name, .seed = w->seed, .host = host_of(source),
            .via = link_name_of(w, from), .to = g.to, .flows = g.flows, .from_port = g.from_port, .pace = g.pace,
            .start = g.start, .stop = g.stop });
    }
    if (!added) return errors_add(errors, t->at, "%s: these packets cannot be generated", name);
    return 0;
}

static void open_port(struct machine_world *sink, uint16_t port)
{
    if (sink->sockets) sockets_udp_sink(sink->sockets, port);
}

static bool same_end(const struct scenario_end *a, const struct scenario_end *b)
{
    return a->machine == b->machine && a->nic == b->nic && a->link == b->link;
}

static int vlan_of(const struct world *w, const struct scenario_end *e)
{
    return e->link >= 0 ? w->s->machines[e->machine].links[e->link].vlan : 0;
}

static int bad_vlan(const struct world *w, const char *name, const struct scenario_traffic *t,
                    const struct scenario_end *from, const struct scenario_end *to, struct errors *errors)
{
    if (vlan_of(w, from) == vlan_of(w, to)) return 0;
    return errors_add(errors, t->at, "%s: '%s' is in VLAN %d and '%s' in VLAN %d (0: untagged), and nothing routes "
                      "between them", name, link_name_of(w, from), vlan_of(w, from), link_name_of(w, to), vlan_of(w, to));
}

/* One of the members of the group 'ip'. */
static void join(struct world *w, const struct scenario_end *to, uint32_t ip, uint16_t port)
{
    struct machine_world *mw = &w->machines[to->machine];
    struct mac_addr group = headers_group_mac(ip);
    if (mw->light) {
        light_join(mw->light, light_link_find(mw->light, link_name_of(w, to)), ip);
        return;
    }
    open_port(mw, port);
    stack_join(mw->stack, link_name_of(w, to), group);
    if (ip != IPV4_BROADCAST) netdev_add_multicast(mw->nics[to->nic].dev, group);
}

/* Traffic of entry 'index' from one end to all of its receivers at once. */
static int add_group(struct world *w, size_t index, const struct scenario_end *from, struct errors *errors)
{
    const struct scenario_traffic *t = &w->s->traffic[index];
    uint16_t port = take_group_port(w, t);
    uint32_t ip = t->destination == SCENARIO_BROADCAST ? IPV4_BROADCAST : GROUP_FIRST | (uint32_t)(index & 0xffff);
    char name[512];
    snprintf(name, sizeof name, "%s/%s%zu", w->machines[from->machine].s->name,
             t->destination == SCENARIO_BROADCAST ? "broadcast" : "multicast", index);
    if (!w->machines[from->machine].light)
        return errors_add(errors, t->at, "%s: expected a sender with detail light", name);
    if (port == 0)
        return errors_add(errors, t->at, "%s: no port from %d on is free at all receivers", name, t->port);
    for (size_t i = 0; i < t->to_count; i++) {
        if (bad_vlan(w, name, t, from, &t->to_ends[i], errors)) return -1;
        if (!same_end(from, &t->to_ends[i])) join(w, &t->to_ends[i], ip, port);
    }
    return add_packets(w, t, from, (struct host_addr){ ip, port }, 1, 0, name, errors);
}

/* Traffic of entry 'index' between one pair of ends: number 'turn' of the sender's 'receivers'. */
static int add_pair(struct world *w, size_t index, const struct scenario_end *from, const struct scenario_end *to,
                    int receivers, int turn, struct errors *errors)
{
    static const char *const kinds[] = { [SCENARIO_UPERF] = "uperf", [SCENARIO_PACKETS] = "packets",
                                         [SCENARIO_WEB] = "web" };
    const struct scenario_traffic *t = &w->s->traffic[index];
    struct machine_world *source = &w->machines[from->machine], *sink = &w->machines[to->machine];
    uint16_t port = take_port(sink, t->kind, t->port);
    char name[512];
    snprintf(name, sizeof name, "%s>%s/%s%zu", source->s->name, sink->s->name, kinds[t->kind], index);
    if (bad_vlan(w, name, t, from, to, errors)) return -1;
    if (source->s->nics[from->nic].wire_switch != sink->s->nics[to->nic].wire_switch &&
        topology_route(w->topology, from->machine, from->nic, to->machine, to->nic, NULL, 0) == 0)
        return errors_add(errors, t->at, "%s: no wires lead from switch '%s' to switch '%s'%s", name,
                          source->s->nics[from->nic].wire.text, sink->s->nics[to->nic].wire.text,
                          source->s->nic_count + sink->s->nic_count > 2 ? "; 'via' names another NIC" : "");
    if (port == 0) return errors_add(errors, t->at, "%s: no port from %d on is free at the receiver", name, t->port);
    switch (t->kind) {
    case SCENARIO_UPERF: return add_uperf(w, t, from, to, port, name, errors);
    case SCENARIO_WEB: return add_web(w, t, from, to, port, receivers, name, errors);
    default: break;
    }
    open_port(sink, port);
    return add_packets(w, t, from, (struct host_addr){ address_of(w, to), port }, receivers, turn, name, errors);
}

int world_build_traffic(struct world *w, struct errors *errors)
{
    for (size_t i = 0; i < w->s->traffic_count; i++) {
        const struct scenario_traffic *t = &w->s->traffic[i];
        for (size_t f = 0; f < t->from_count; f++) {
            const struct scenario_end *from = &t->from_ends[f];
            int receivers = 0, turn = 0;
            if (t->destination != SCENARIO_UNICAST) {
                if (add_group(w, i, from, errors)) return -1;
                continue;
            }
            for (size_t g = 0; g < t->to_count; g++) receivers += !same_end(from, &t->to_ends[g]);
            for (size_t g = 0; g < t->to_count; g++)
                if (!same_end(from, &t->to_ends[g]) && add_pair(w, i, from, &t->to_ends[g], receivers, turn++, errors))
                    return -1;
        }
    }
    return 0;
}

void world_destroy_traffic(struct world *w)
{
    for (size_t i = 0; i < w->n_uperfs; i++) uperf_destroy(w->uperfs[i]);
    for (size_t i = 0; i < w->n_generators; i++) generator_destroy(w->generators[i]);
    for (size_t i = 0; i < w->n_udp_sources; i++) udp_source_destroy(w->udp_sources[i]);
    for (size_t i = 0; i < w->n_webs; i++) web_destroy(w->webs[i]);
    free(w->webs);
    free(w->generators);
    free(w->udp_sources);
    free(w->uperfs);
}
