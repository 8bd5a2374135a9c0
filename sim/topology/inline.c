/* SPDX-License-Identifier: GPL-3.0-or-later
 * inline.c -- a scenario's own switches and cables.
 *
 *     machine/nic  --up-->  switch  --wire-->  switch  --down-->  machine/nic
 *
 * Redundant cables between switches are blocked as bridges do it (IEEE 802.1D-2004: path cost 2 * 10^13 / rate, the
 * first switch of the scenario is the root, ties go to the switch and the cable that come first), so that floods end.
 * What remains is written down as a SimGrid platform: one Cluster zone per switch, whose look-ups do not grow with the
 * number of machines, in a zone that finds shortest paths between them.  A link that leads into a switch includes the
 * switch's latency there, so that SimGrid's latency of a route is what a frame meets beside its wire times; the
 * packet-level link gets the rest as delay, and the switch its own.
 *
 * The addresses of the scenario are entered into every switch's table along SimGrid's routes: in a real network an
 * exchange of ARP would have taught them before the first frame.  Other addresses are learned. */
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "core/assert.h"
#include "net/switch.h"
#include "topology/topology_impl.h"

enum { NONE = -1, NAME_BYTES = 256, MTU_JUMBO = 9202, PAUSE_WIRE_BYTES = 84 };

struct cable {
    struct link *out[2]; /* of a wire: from ends[0], from ends[1]; of a NIC: up, down.  NULL: blocked */
    int port[2];         /* at the switches of ends[0] and ends[1]; a NIC's cable has port[0] only */
};
struct inline_net {
    struct ether_switch **switches;
    struct cable *nics;  /* by port of the topology */
    struct cable *wires;
    bool *blocked;       /* wires */
    int *component;      /* of each switch: its root */
    int *leaf;           /* number of each switch that has a NIC among those, NONE */
    size_t *probe;       /* of each leaf: the first port of the topology behind it */
    size_t leaf_count;
    int *towards;        /* [switch * leaf_count + leaf]: the switch's port on the way there, NONE */
};

struct text {
    char *bytes;
    size_t count, room;
};

static void *allocate(size_t n, size_t size)
{
    void *p = calloc(n ? n : 1, size);
    SIM_ASSERT(p);
    return p;
}

static int64_t larger(int64_t a, int64_t b)
{
    return a > b ? a : b;
}

/* -- the spanning tree ------------------------------------------------------------------------------------------ */

static int64_t path_cost(sim_rate rate)
{
    int64_t cost = INT64_C(20000000000000) / rate.bps;
    return cost > 0 ? cost : 1;
}

/* Dijkstra from 'root'; every switch it reaches keeps the wire it was reached by. */
static void grow_tree(const struct scenario *s, struct inline_net *net, int root, int64_t *cost, bool *done)
{
    cost[root] = 0;
    int *by = allocate(s->switch_count, sizeof *by);
    for (size_t i = 0; i < s->switch_count; i++) by[i] = NONE;
    for (;;) {
        int at = NONE;
        for (size_t i = 0; i < s->switch_count; i++)
            if (!done[i] && cost[i] < INT64_MAX && (at == NONE || cost[i] < cost[at])) at = (int)i;
        if (at == NONE) break;
        done[at] = true;
        net->component[at] = root;
        if (by[at] != NONE) net->blocked[by[at]] = false;
        for (size_t w = 0; w < s->wire_count; w++) {
            const int *ends = s->wires[w].ends;
            if (ends[0] != at && ends[1] != at) continue;
            int other = ends[0] == at ? ends[1] : ends[0];
            int64_t c = cost[at] + path_cost(s->wires[w].rate);
            if (done[other] || c >= cost[other]) continue;
            cost[other] = c;
            by[other] = (int)w;
        }
    }
    free(by);
}

static void block_redundant_wires(const struct scenario *s, struct inline_net *net)
{
    int64_t *cost = allocate(s->switch_count, sizeof *cost);
    bool *done = allocate(s->switch_count, sizeof *done);
    for (size_t i = 0; i < s->switch_count; i++) cost[i] = INT64_MAX;
    for (size_t w = 0; w < s->wire_count; w++) net->blocked[w] = true;
    for (size_t i = 0; i < s->switch_count; i++)
        if (!done[i]) grow_tree(s, net, (int)i, cost, done);
    free(cost);
    free(done);
}

/* -- the platform ----------------------------------------------------------------------------------------------- */

static void append(struct text *t, const char *format, ...) __attribute__((format(printf, 2, 3)));
static void append(struct text *t, const char *format, ...)
{
    if (t->room - t->count < 2048) {
        t->room = t->room * 2 + 65536;
        t->bytes = realloc(t->bytes, t->room);
        SIM_ASSERT(t->bytes);
    }
    va_list args;
    va_start(args, format);
    int n = vsnprintf(t->bytes + t->count, t->room - t->count, format, args);
    va_end(args);
    SIM_ASSERT(n >= 0 && (size_t)n < t->room - t->count);
    t->count += (size_t)n;
}

static void nic_name(const struct topology *t, size_t port, char *name)
{
    const struct scenario_machine *m = &t->scenario->machines[t->ports[port].machine];
    snprintf(name, NAME_BYTES, "%s/%s", m->name, m->nics[t->ports[port].nic].name);
}

static const struct scenario_switch *nic_switch(const struct topology *t, size_t port)
{
    const struct scenario_nic *nic = topology_nic(t, &t->ports[port]);
    SIM_ASSERT(nic->wire_switch >= 0 && (size_t)nic->wire_switch < t->scenario->switch_count);
    return &t->scenario->switches[nic->wire_switch];
}

/* A cable runs at the speed of its slower end. */
static sim_rate nic_rate(const struct topology *t, size_t port)
{
    sim_rate nic = topology_nic(t, &t->ports[port])->rate, sw = nic_switch(t, port)->rate;
    return nic.bps < sw.bps ? nic : sw;
}

/* "FROM>TO", and "FROM>TO#2" for a second cable; 'way' 0 is up, or from ends[0]. */
static void nic_link_name(const struct topology *t, size_t port, int way, char *name)
{
    char nic[NAME_BYTES];
    const char *other = nic_switch(t, port)->name;
    nic_name(t, port, nic);
    snprintf(name, 2 * NAME_BYTES, "%s>%s", way == 0 ? nic : other, way == 0 ? other : nic);
}

static void wire_link_name(const struct scenario *s, size_t wire, int way, char *name)
{
    const int *ends = s->wires[wire].ends;
    int nth = 1;
    for (size_t w = 0; w < wire; w++) {
        const int *e = s->wires[w].ends;
        nth += (e[0] == ends[0] && e[1] == ends[1]) || (e[0] == ends[1] && e[1] == ends[0]);
    }
    int n = snprintf(name, 2 * NAME_BYTES, "%s>%s", s->switches[ends[way]].name, s->switches[ends[1 - way]].name);
    if (nth > 1) snprintf(name + n, (size_t)(2 * NAME_BYTES - n), "#%d", nth);
}

static void append_link(struct text *xml, const char *name, sim_rate rate, int64_t latency_ps)
{
    append(xml, "<link id=\"%s\" bandwidth=\"%lldbps\" latency=\"%lldps\"/>\n", name, (long long)rate.bps,
           (long long)latency_ps);
}

static void append_nic(const struct topology *t, struct text *xml, size_t port)
{
    char host[NAME_BYTES], up[2 * NAME_BYTES], down[2 * NAME_BYTES];
    const struct scenario_nic *nic = topology_nic(t, &t->ports[port]);
    nic_name(t, port, host);
    nic_link_name(t, port, 0, up);
    nic_link_name(t, port, 1, down);
    append(xml, "<host id=\"%s\" speed=\"1f\"/>\n", host);
    append_link(xml, up, nic_rate(t, port), nic->delay.ps + nic_switch(t, port)->latency.ps);
    append_link(xml, down, nic_rate(t, port), nic->delay.ps);
    append(xml, "<host_link id=\"%s\" up=\"%s\" down=\"%s\"/>\n", host, up, down);
}

/* SimGrid wants all links of a zone before its routes. */
static void append_wire_links(const struct scenario *s, struct text *xml, size_t wire)
{
    char name[2 * NAME_BYTES];
    const struct scenario_wire *w = &s->wires[wire];
    for (int way = 0; way < 2; way++) {
        wire_link_name(s, wire, way, name);
        append_link(xml, name, w->rate, w->delay.ps + s->switches[w->ends[1 - way]].latency.ps);
    }
}

static void append_wire_routes(const struct scenario *s, struct text *xml, size_t wire)
{
    char name[2 * NAME_BYTES];
    for (int way = 0; way < 2; way++) {
        const char *from = s->switches[s->wires[wire].ends[way]].name;
        const char *to = s->switches[s->wires[wire].ends[1 - way]].name;
        wire_link_name(s, wire, way, name);
        append(xml, "<zoneRoute src=\"%s\" dst=\"%s\" gw_src=\"%s/\" gw_dst=\"%s/\" symmetrical=\"NO\">"
               "<link_ctn id=\"%s\"/></zoneRoute>\n", from, to, from, to, name);
    }
}

/* Ports of the topology sorted by switch: a counting sort, so that writing zones takes one pass. */
static size_t *ports_by_switch(const struct topology *t, size_t *first)
{
    size_t n = t->scenario->switch_count, *order = allocate(t->port_count, sizeof *order);
    for (size_t p = 0; p < t->port_count; p++) first[(nic_switch(t, p) - t->scenario->switches) + 1]++;
    for (size_t i = 0; i < n; i++) first[i + 1] += first[i];
    size_t *next = allocate(n + 1, sizeof *next);
    memcpy(next, first, (n + 1) * sizeof *next);
    for (size_t p = 0; p < t->port_count; p++) order[next[nic_switch(t, p) - t->scenario->switches]++] = p;
    free(next);
    return order;
}

static char *write_platform(const struct topology *t, const struct inline_net *net)
{
    const struct scenario *s = t->scenario;
    struct text xml = { NULL, 0, 0 };
    size_t *first = allocate(s->switch_count + 1, sizeof *first), *order = ports_by_switch(t, first);
    append(&xml, "<?xml version=\"1.0\"?>\n<!DOCTYPE platform SYSTEM \"https://simgrid.org/simgrid.dtd\">\n"
           "<platform version=\"4.1\">\n<zone id=\"/\" routing=\"DijkstraCache\">\n");
    for (size_t i = 0; i < s->switch_count; i++) {
        append(&xml, "<zone id=\"%s\" routing=\"Cluster\">\n", s->switches[i].name);
        for (size_t k = first[i]; k < first[i + 1]; k++) append_nic(t, &xml, order[k]);
        append(&xml, "<router id=\"%s/\"/>\n</zone>\n", s->switches[i].name);
    }
    for (size_t w = 0; w < s->wire_count; w++)
        if (!net->blocked[w]) append_wire_links(s, &xml, w);
    for (size_t w = 0; w < s->wire_count; w++)
        if (!net->blocked[w]) append_wire_routes(s, &xml, w);
    append(&xml, "</zone>\n</platform>\n");
    free(first);
    free(order);
    return xml.bytes;
}

/* -- switches and links ----------------------------------------------------------------------------------------- */

/* A link as SimGrid describes it; 'into' is the switch it leads into, whose latency is the switch's own affair. */
static struct link *make_link(struct topology *t, const char *name, const struct scenario_switch *into,
                              int64_t depth_bytes)
{
    int found = platform_find_link(t->platform, name);
    SIM_ASSERT(found >= 0);
    const struct platform_link *l = platform_link(t->platform, (size_t)found);
    struct link_config config = { name, l->rate, l->latency, depth_bytes };
    if (into) config.delay.ps -= into->latency.ps;
    SIM_ASSERT(config.delay.ps >= 0);
    return t->by_platform_link[found] = link_create(t->engine, t->stats, t->pool, &config);
}

static void connect_nic(struct topology *t, struct inline_net *net, size_t port)
{
    char name[2 * NAME_BYTES];
    const struct scenario_switch *sw = nic_switch(t, port);
    struct ether_switch *s = net->switches[sw - t->scenario->switches];
    struct cable *c = &net->nics[port];

    nic_link_name(t, port, 0, name);
    c->out[0] = make_link(t, name, sw, topology_nic(t, &t->ports[port])->queue_bytes);
    nic_link_name(t, port, 1, name);
    c->out[1] = make_link(t, name, NULL, sw->buffer_bytes);
    c->port[0] = switch_add_port(s, c->out[1]);
    switch_set_ingress(s, c->port[0], c->out[0]);
    t->ports[port].tx = c->out[0];
    t->ports[port].rx = c->out[1];
    nic_name(t, port, name);
    int host = platform_find_host(t->platform, name);
    SIM_ASSERT(host >= 0);
    t->host[port] = (uint32_t)host;
}

static void connect_wire(struct topology *t, struct inline_net *net, size_t wire)
{
    char name[2 * NAME_BYTES];
    const struct scenario_wire *w = &t->scenario->wires[wire];
    struct cable *c = &net->wires[wire];
    for (int way = 0; way < 2; way++) {
        wire_link_name(t->scenario, wire, way, name);
        c->out[way] = make_link(t, name, &t->scenario->switches[w->ends[1 - way]], w->queue_bytes);
        c->port[way] = switch_add_port(net->switches[w->ends[way]], c->out[way]);
    }
    for (int way = 0; way < 2; way++)
        switch_set_ingress(net->switches[w->ends[1 - way]], c->port[1 - way], c->out[way]);
}

/* -- routes ----------------------------------------------------------------------------------------------------- */

static void number_leaves(const struct topology *t, struct inline_net *net)
{
    net->probe = allocate(t->port_count, sizeof *net->probe);
    for (size_t i = 0; i < t->scenario->switch_count; i++) net->leaf[i] = NONE;
    for (size_t p = 0; p < t->port_count; p++) {
        int *leaf = &net->leaf[nic_switch(t, p) - t->scenario->switches];
        if (*leaf != NONE) continue;
        *leaf = (int)net->leaf_count;
        net->probe[net->leaf_count++] = p;
    }
}

struct wire_end { size_t wire; int way; };

/* Which wire, in which direction, each platform link is; wire == SIZE_MAX: a NIC's. */
static struct wire_end *wires_by_platform_link(const struct topology *t, const struct inline_net *net)
{
    struct wire_end *of = allocate(platform_link_count(t->platform), sizeof *of);
    char name[2 * NAME_BYTES];
    for (size_t i = 0; i < platform_link_count(t->platform); i++) of[i].wire = SIZE_MAX;
    for (size_t w = 0; w < t->scenario->wire_count; w++) {
        for (int way = 0; way < 2 && !net->blocked[w]; way++) {
            wire_link_name(t->scenario, w, way, name);
            of[platform_find_link(t->platform, name)] = (struct wire_end){ w, way };
        }
    }
    return of;
}

/* Follows SimGrid's route from the first NIC behind each switch to the first NIC behind every other, and notes at each
 * switch on the way by which port it leaves. */
static void follow_routes(struct topology *t, struct inline_net *net)
{
    const struct scenario *s = t->scenario;
    size_t n = net->leaf_count, count = 0;
    struct platform_pair *pairs = allocate(n * n, sizeof *pairs);
    int *target = allocate(n * n, sizeof *target), *start = allocate(n * n, sizeof *start);
    struct wire_end *wire_of = wires_by_platform_link(t, net);

    for (size_t a = 0; a < n; a++) {
        for (size_t b = 0; b < n; b++) {
            int from = (int)(nic_switch(t, net->probe[a]) - s->switches);
            int to = (int)(nic_switch(t, net->probe[b]) - s->switches);
            if (a == b || net->component[from] != net->component[to]) continue;
            pairs[count] = (struct platform_pair){ t->host[net->probe[a]], t->host[net->probe[b]] };
            start[count] = from;
            target[count++] = (int)b;
        }
    }
    struct platform_routes r = platform_ask_routes(t->platform, pairs, count);
    for (size_t i = 0; i < count; i++) {
        const uint32_t *links = r.links + r.routes[i].first;
        int at = start[i];
        SIM_ASSERT(r.routes[i].count >= 2);
        for (uint32_t k = 1; k + 1 < r.routes[i].count; k++) {
            struct wire_end e = wire_of[links[k]];
            SIM_ASSERT(e.wire != SIZE_MAX && s->wires[e.wire].ends[e.way] == at);
            net->towards[(size_t)at * n + (size_t)target[i]] = net->wires[e.wire].port[e.way];
            at = s->wires[e.wire].ends[1 - e.way];
        }
        SIM_ASSERT(net->leaf[at] == target[i]);
    }
    platform_routes_fini(&r);
    free(pairs);
    free(target);
    free(start);
    free(wire_of);
}

/* -- doors ------------------------------------------------------------------------------------------------------ */

static int64_t largest_mtu(const struct scenario *s)
{
    int64_t mtu = 0;
    for (size_t m = 0; m < s->machine_count; m++)
        for (size_t i = 0; i < s->machines[m].nic_count; i++) mtu = larger(mtu, s->machines[m].nics[i].mtu_bytes);
    return mtu;
}

/* Switches forward whatever a NIC of the scenario may send; 0 leaves the limit at that of jumbo frames. */
static uint32_t longest_frame(const struct scenario *s)
{
    int64_t mtu = largest_mtu(s);
    return mtu > MTU_JUMBO ? (uint32_t)mtu + ETH_BYTES : 0;
}

/* Bytes on a wire from end to end. */
static int64_t in_flight(sim_rate rate, sim_dur delay)
{
    return delay.ps / 1000 * (rate.bps / 1000000) / 8000;
}

/* Flow control of the switches that have it.  After a partner was told to stop, a frame may be on the wire before that
 * message, one behind it, and both wires are full; the rest of an output queue is shared among the other ports. */
static void set_pause(struct topology *t, struct inline_net *net)
{
    const struct scenario *s = t->scenario;
    int64_t frame = largest_mtu(s) + ETH_BYTES + VLAN_BYTES + FRAME_FCS_BYTES;

    for (size_t i = 0; i < s->switch_count; i++) {
        int64_t room = s->switches[i].buffer_bytes, flight = 0, ports = 0;
        if (!s->switches[i].pause) continue;
        for (size_t p = 0; p < t->port_count; p++) {
            if (nic_switch(t, p) != &s->switches[i]) continue;
            const struct link_config *in = link_config_of(t->ports[p].tx);
            flight = larger(flight, in_flight(in->rate, in->delay));
            ports++;
        }
        for (size_t w = 0; w < s->wire_count; w++) {
            if (net->blocked[w] || (s->wires[w].ends[0] != (int)i && s->wires[w].ends[1] != (int)i)) continue;
            flight = larger(flight, in_flight(s->wires[w].rate, s->wires[w].delay));
            if (s->wires[w].queue_bytes < room) room = s->wires[w].queue_bytes;
            ports++;
        }
        int64_t high = room / larger(ports - 1, 1) - 2 * (frame + FRAME_OVERHEAD_BYTES + flight) - PAUSE_WIRE_BYTES;
        high = larger(high, frame);
        switch_set_pause(net->switches[i], high, high / 2);
    }
}

static void register_pause(struct topology *t)
{
    bool any = false;
    for (size_t i = 0; i < t->scenario->switch_count; i++) any |= t->scenario->switches[i].pause;
    for (size_t p = 0; p < t->port_count; p++) any |= topology_nic(t, &t->ports[p])->flow_control != SCENARIO_FLOW_NONE;
    if (!any || !t->stats) return;
    for (size_t i = 0; i < platform_link_count(t->platform); i++)
        if (t->by_platform_link[i]) link_register_pause(t->by_platform_link[i], t->stats);
}

int inline_net_create(struct topology *t)
{
    const struct scenario *s = t->scenario;
    struct inline_net *net = allocate(1, sizeof *net);
    t->inline_net = net;
    net->switches = allocate(s->switch_count, sizeof *net->switches);
    net->nics = allocate(t->port_count, sizeof *net->nics);
    net->wires = allocate(s->wire_count, sizeof *net->wires);
    net->blocked = allocate(s->wire_count, sizeof *net->blocked);
    net->component = allocate(s->switch_count, sizeof *net->component);
    net->leaf = allocate(s->switch_count, sizeof *net->leaf);
    number_leaves(t, net);
    if (t->port_count == 0) return 0; /* SimGrid knows no platform without hosts */

    block_redundant_wires(s, net);
    char *xml = write_platform(t, net);
    t->platform = platform_from_xml(xml);
    free(xml);
    t->by_platform_link = allocate(platform_link_count(t->platform), sizeof *t->by_platform_link);
    for (size_t i = 0; i < s->switch_count; i++)
        net->switches[i] = switch_create(t->engine, t->stats, t->pool, &(struct switch_config){
            .name = s->switches[i].name, .latency = s->switches[i].latency,
            .table_entries = (uint32_t)s->switches[i].mac_table, .frame_bytes_max = longest_frame(s) });
    for (size_t p = 0; p < t->port_count; p++) connect_nic(t, net, p);
    for (size_t w = 0; w < s->wire_count; w++)
        if (!net->blocked[w]) connect_wire(t, net, w);
    net->towards = allocate(s->switch_count * net->leaf_count, sizeof *net->towards);
    for (size_t i = 0; i < s->switch_count * net->leaf_count; i++) net->towards[i] = NONE;
    follow_routes(t, net);
    set_pause(t, net);
    register_pause(t);
    return 0;
}

void inline_net_destroy(struct topology *t)
{
    struct inline_net *net = t->inline_net;
    if (!net) return;
    for (size_t i = 0; i < t->scenario->switch_count; i++) switch_destroy(net->switches[i]);
    for (size_t p = 0; p < t->port_count; p++)
        for (int way = 0; way < 2; way++) link_destroy(net->nics[p].out[way]);
    for (size_t w = 0; w < t->scenario->wire_count; w++)
        for (int way = 0; way < 2; way++) link_destroy(net->wires[w].out[way]);
    free(net->switches);
    free(net->nics);
    free(net->wires);
    free(net->blocked);
    free(net->component);
    free(net->leaf);
    free(net->probe);
    free(net->towards);
    free(net);
    t->inline_net = NULL;
}

void inline_net_set_receiver(struct topology *t, size_t port)
{
    link_connect(t->ports[port].rx, t->ports[port].receiver);
}

bool inline_net_add_address(struct topology *t, struct mac_addr mac, int vlan, size_t port)
{
    struct inline_net *net = t->inline_net;
    int home = (int)(nic_switch(t, port) - t->scenario->switches);
    bool all = true;
    for (size_t i = 0; i < t->scenario->switch_count; i++) {
        int out = (int)i == home ? net->nics[port].port[0]
                                 : net->towards[i * net->leaf_count + (size_t)net->leaf[home]];
        if (out != NONE) all &= switch_set_static(net->switches[i], mac, vlan ? vlan : SWITCH_VLAN_DEFAULT, out);
    }
    return all;
}

struct link *inline_net_wire(const struct topology *t, int from_switch, int to_switch)
{
    for (size_t w = 0; w < t->scenario->wire_count; w++) {
        const int *ends = t->scenario->wires[w].ends;
        if (t->inline_net->blocked[w]) continue;
        for (int way = 0; way < 2; way++)
            if (ends[way] == from_switch && ends[1 - way] == to_switch) return t->inline_net->wires[w].out[way];
    }
    return NULL;
}

bool inline_net_blocked(const struct topology *t, size_t wire)
{
    return t->inline_net->blocked[wire];
}
