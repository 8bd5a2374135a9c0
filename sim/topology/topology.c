/* SPDX-License-Identifier: GPL-3.0-or-later
 * topology.c -- ports, addresses and questions, whichever of the two networks lies behind them. */
#include "topology/topology.h"

#include <stdlib.h>
#include <string.h>

#include "core/assert.h"
#include "topology/topology_impl.h"

static void *allocate(size_t n, size_t size)
{
    void *p = calloc(n ? n : 1, size);
    SIM_ASSERT(p);
    return p;
}

static void number_ports(struct topology *t)
{
    const struct scenario *s = t->scenario;
    t->first_port = allocate(s->machine_count + 1, sizeof *t->first_port);
    for (size_t m = 0; m < s->machine_count; m++)
        t->first_port[m + 1] = t->first_port[m] + s->machines[m].nic_count;
    t->port_count = t->first_port[s->machine_count];
    t->ports = allocate(t->port_count, sizeof *t->ports);
    t->host = allocate(t->port_count, sizeof *t->host);
    for (size_t m = 0; m < s->machine_count; m++)
        for (size_t n = 0; n < s->machines[m].nic_count; n++)
            t->ports[t->first_port[m] + n] = (struct topology_port){ .machine = (int)m, .nic = (int)n };
}

static struct mac_addr mac_of(const uint8_t byte[6])
{
    struct mac_addr mac;
    memcpy(mac.byte, byte, sizeof mac.byte);
    return mac;
}

static void enter_addresses(struct topology *t)
{
    for (size_t m = 0; m < t->scenario->machine_count; m++) {
        const struct scenario_machine *machine = &t->scenario->machines[m];
        for (size_t n = 0; n < machine->nic_count; n++)
            topology_add_address(t, mac_of(machine->nics[n].mac), 0, (int)m, (int)n);
        for (size_t l = 0; l < machine->link_count; l++)
            topology_add_address(t, mac_of(machine->links[l].mac), machine->links[l].vlan, (int)m,
                                 machine->links[l].nic);
    }
}

struct topology *topology_create(struct engine *engine, struct stats *stats, struct packet_pool *pool,
                                 const struct scenario *scenario, struct errors *errors)
{
    struct topology *t = allocate(1, sizeof *t);
    t->engine = engine;
    t->stats = stats;
    t->pool = pool;
    t->scenario = scenario;
    number_ports(t);
    int result = scenario->platform_path ? fabric_create(t, errors) : inline_net_create(t);
    if (result) {
        topology_destroy(t);
        return NULL;
    }
    enter_addresses(t);
    return t;
}

void topology_destroy(struct topology *t)
{
    if (!t) return;
    inline_net_destroy(t);
    fabric_destroy(t);
    platform_destroy(t->platform);
    free(t->by_platform_link);
    free(t->ports);
    free(t->first_port);
    free(t->host);
    free(t);
}

const struct topology_port *topology_port(const struct topology *t, int machine, int nic)
{
    return &t->ports[topology_port_index(t, machine, nic)];
}

void topology_set_receiver(struct topology *t, int machine, int nic, struct packet_sink receiver)
{
    size_t port = topology_port_index(t, machine, nic);
    t->ports[port].receiver = receiver;
    if (t->inline_net) inline_net_set_receiver(t, port);
}

bool topology_add_address(struct topology *t, struct mac_addr mac, int vlan, int machine, int nic)
{
    size_t port = topology_port_index(t, machine, nic);
    if (t->inline_net) return inline_net_add_address(t, mac, vlan, port);
    fabric_add_address(t, mac, port);
    return true;
}

struct link *topology_capture_link(const struct topology *t, const struct scenario_capture *capture,
                                   enum topology_direction direction)
{
    if (capture->at_switch >= 0 && capture->peer_switch >= 0) {
        if (!t->inline_net) return NULL;
        return direction == TOPOLOGY_OUT ? inline_net_wire(t, capture->at_switch, capture->peer_switch)
                                         : inline_net_wire(t, capture->peer_switch, capture->at_switch);
    }
    const struct topology_port *port = topology_port(t, capture->machine, capture->nic);
    if (port->tx == port->rx) return direction == TOPOLOGY_OUT ? port->tx : NULL; /* one link for both */
    bool nic_sends = (direction == TOPOLOGY_OUT) == (capture->at_switch < 0);
    return nic_sends ? port->tx : port->rx;
}

size_t topology_route(struct topology *t, int from_machine, int from_nic, int to_machine, int to_nic,
                      const struct link **links, size_t room)
{
    struct platform_pair pair = { t->host[topology_port_index(t, from_machine, from_nic)],
                                  t->host[topology_port_index(t, to_machine, to_nic)] };
    if (pair.from == pair.to) return 0;
    struct platform_routes r = platform_ask_routes(t->platform, &pair, 1);
    size_t count = r.routes[0].count;
    for (size_t i = 0; i < count && i < room; i++) links[i] = t->by_platform_link[r.links[i]];
    platform_routes_fini(&r);
    return count;
}

int topology_flow_rates(struct topology *t, const struct topology_flow *flows, size_t n, sim_rate *rates)
{
    struct platform_flow *run = allocate(n, sizeof *run);
    struct platform_pair *pairs = allocate(n, sizeof *pairs);
    int result = 0;
    for (size_t i = 0; i < n; i++) {
        uint32_t from = t->host[topology_port_index(t, flows[i].from_machine, flows[i].from_nic)];
        uint32_t to = t->host[topology_port_index(t, flows[i].to_machine, flows[i].to_nic)];
        if (from == to) result = -1;
        run[i] = (struct platform_flow){ from, to, 1 };
        pairs[i] = (struct platform_pair){ from, to };
    }
    if (!result) {
        struct platform_routes r = platform_ask_routes(t->platform, pairs, n);
        for (size_t i = 0; i < n; i++)
            if (r.routes[i].count == 0) result = -1;
        platform_routes_fini(&r);
    }
    if (!result) result = platform_flow_rates(t->platform, run, n, rates);
    free(run);
    free(pairs);
    return result;
}

struct platform *topology_platform(const struct topology *t)
{
    return t->platform;
}
