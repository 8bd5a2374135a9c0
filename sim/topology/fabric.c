/* SPDX-License-Identifier: GPL-3.0-or-later
 * fabric.c -- a SimGrid platform as a packet network: every frame carries its route.
 *
 *     NIC --> uplink --> link --> ... --> link --> NIC        cb: topology, packet id, route, hop, port
 *
 * Each SimGrid link becomes one link; a split-duplex link is two, a shared one is a single FIFO for both directions.
 * Where a frame leaves its uplink its destination address names a port, the port's host a route, and the rest is
 * following it.  Route and hop ride in the packet's control block, which is the network's while it has the packet.
 * Routes of the scenario's traffic are asked for at the start, in one batch; any other when the first frame needs it.
 *
 * A host's uplink is the link that all its known routes start with and no other host's do.  Where there is none, the
 * NIC reaches the fabric through an access link of its own, at the NIC's rate and without delay.
 *
 * Left out: switches (their latency is part of SimGrid's latencies, their buffers are ours), learning, VLANs; a
 * FATPIPE link delays but does not hold up (every flow has all its bandwidth); WIFI links are plain links. */
#include <stdlib.h>
#include <string.h>

#include "core/assert.h"
#include "scenario/names.h"
#include "topology/topology_impl.h"

enum { NONE = -1, BUFFER_BYTES = 2 << 20, NAME_BYTES = 256, TABLE_ROOM = 64,
       FEW_MACHINES = 64 };
#define FATPIPE_BUFFER_BYTES (INT64_MAX / 4)

/* Counters of kind "fabric". */
#define FABRIC_COUNTERS(X) \
    X(frames)      /* entered, whatever became of them */ \
    X(copies)      /* made of broadcast and multicast, beyond the frame itself */ \
    X(delivered)   /* given to a NIC */ \
    X(unknown)     /* dropped: nobody has the destination address */ \
    X(unreachable) /* dropped: SimGrid has no route there */ \
    X(same_host)   /* dropped: destination is behind the port it came from */ \
    X(bad)         /* dropped: no Ethernet header */
enum {
#define X(name) FABRIC_##name,
    FABRIC_COUNTERS(X)
#undef X
    N_FABRIC_COUNTERS
};
static const char *const counter_names[] = {
#define X(name) #name,
    FABRIC_COUNTERS(X)
#undef X
};

struct route {
    uint32_t count;
    uint32_t links[]; /* platform link numbers */
};
struct fabric_cb { /* valid when topology and id are ours */
    const struct topology *topology;
    uint64_t id;
    const struct route *route;
    uint32_t hop, port;
};
_Static_assert(sizeof(struct fabric_cb) <= PACKET_CB_BYTES, "the route must fit into the packet's control block");

struct fabric_link { /* owner of a link's sink */
    struct topology *t;
    struct link *link;
    int machine;        /* whose uplink or access link it is, NONE */
    int number;         /* of the platform link, NONE for an access link */
};
struct address {
    uint64_t key;       /* the MAC address plus 1; 0: free */
    uint32_t port;
};
struct fabric {
    struct fabric_link *links;   /* by platform link */
    size_t link_count;
    struct fabric_link *access;  /* by port; link NULL where the host has an uplink */
    struct route ***routes;      /* [from machine][to machine]; rows are made on first use */
    struct address *table;
    size_t table_room, table_count; /* room is a power of two */
    uint64_t counter[N_FABRIC_COUNTERS];
};

static void *allocate(size_t n, size_t size)
{
    void *p = calloc(n ? n : 1, size);
    SIM_ASSERT(p);
    return p;
}

/* -- addresses -------------------------------------------------------------------------------------------------- */

static uint64_t mac_key(const uint8_t *b)
{
    return ((uint64_t)get_be16(b) << 32 | get_be32(b + 2)) + 1;
}

static struct address *find_address(const struct fabric *f, uint64_t key)
{
    size_t at = (size_t)(key * UINT64_C(0x9e3779b97f4a7c15) >> 20) & (f->table_room - 1);
    while (f->table[at].key && f->table[at].key != key) at = (at + 1) & (f->table_room - 1);
    return &f->table[at];
}

void fabric_add_address(struct topology *t, struct mac_addr mac, size_t port)
{
    struct fabric *f = t->fabric;
    if (2 * (f->table_count + 1) > f->table_room) {
        struct address *old = f->table;
        size_t n = f->table_room;
        f->table_room = 2 * n;
        f->table = allocate(f->table_room, sizeof *f->table);
        for (size_t i = 0; i < n; i++)
            if (old[i].key) *find_address(f, old[i].key) = old[i];
        free(old);
    }
    struct address *a = find_address(f, mac_key(mac.byte));
    if (!a->key) f->table_count++;
    *a = (struct address){ mac_key(mac.byte), (uint32_t)port };
}

/* -- routes ----------------------------------------------------------------------------------------------------- */

static uint32_t machine_host(const struct topology *t, int machine)
{
    return t->host[t->first_port[machine]];
}

static struct route **route_slot(struct topology *t, int from, int to)
{
    struct route ***rows = t->fabric->routes;
    if (!rows[from]) rows[from] = allocate(t->scenario->machine_count, sizeof **rows);
    return &rows[from][to];
}

/* Asks for the routes between pairs of machines and keeps them. */
static void learn_routes(struct topology *t, const struct platform_pair *machines, size_t n)
{
    struct platform_pair *hosts = allocate(n, sizeof *hosts);
    for (size_t i = 0; i < n; i++)
        hosts[i] = (struct platform_pair){ machine_host(t, (int)machines[i].from),
                                           machine_host(t, (int)machines[i].to) };
    struct platform_routes r = platform_ask_routes(t->platform, hosts, n);
    for (size_t i = 0; i < n; i++) {
        uint32_t count = r.routes[i].count;
        struct route *route = allocate(1, sizeof *route + count * sizeof *route->links);
        route->count = count;
        if (count) memcpy(route->links, r.links + r.routes[i].first, count * sizeof *route->links);
        struct route **slot = route_slot(t, (int)machines[i].from, (int)machines[i].to);
        free(*slot);
        *slot = route;
    }
    platform_routes_fini(&r);
    free(hosts);
}

static const struct route *find_route(struct topology *t, int from, int to)
{
    struct route **slot = route_slot(t, from, to);
    if (!*slot) learn_routes(t, &(struct platform_pair){ (uint32_t)from, (uint32_t)to }, 1);
    return *route_slot(t, from, to);
}

/* -- frames on their way ---------------------------------------------------------------------------------------- */

static void deliver(struct topology *t, struct packet *p, size_t port)
{
    struct packet_sink receiver = t->ports[port].receiver;
    memset(p->cb, 0, sizeof(struct fabric_cb)); /* it may come back under the same id */
    t->fabric->counter[FABRIC_delivered]++;
    if (receiver.fn)
        receiver.fn(receiver.owner, p);
    else
        packet_drop(t->pool, p, DROP_LINK_DOWN);
}

/* The frame has 'hop' links of its route behind it. */
static void go_on(struct topology *t, struct packet *p, struct fabric_cb *cb)
{
    if (cb->hop == cb->route->count)
        deliver(t, p, cb->port);
    else
        link_send(t->fabric->links[cb->route->links[cb->hop]].link, p);
}

/* Starts the frame, which has come over platform link 'over' (or an access link), on its way to 'port'. */
static void set_out(struct topology *t, struct packet *p, int machine, int over, size_t port)
{
    const struct route *route = find_route(t, machine, t->ports[port].machine);
    if (route->count == 0) {
        t->fabric->counter[FABRIC_unreachable]++;
        packet_drop(t->pool, p, DROP_NO_ROUTE);
        return;
    }
    struct fabric_cb *cb = (struct fabric_cb *)(void *)p->cb;
    *cb = (struct fabric_cb){ t, p->id, route, over >= 0 && route->links[0] == (uint32_t)over, (uint32_t)port };
    go_on(t, p, cb);
}

/* A copy to every NIC of every other machine, in order of the scenario; the frame itself goes to the last. */
static void broadcast(struct topology *t, struct packet *p, int machine, int over)
{
    size_t last = t->port_count;
    for (size_t i = 0; i < t->port_count; i++)
        if (t->ports[i].machine != machine) last = i;
    if (last == t->port_count) {
        t->fabric->counter[FABRIC_unknown]++;
        packet_drop(t->pool, p, DROP_NO_ROUTE);
        return;
    }
    for (size_t i = 0; i < last; i++) {
        if (t->ports[i].machine == machine) continue;
        t->fabric->counter[FABRIC_copies]++;
        set_out(t, packet_clone(t->pool, p, engine_now(t->engine)), machine, over, i);
    }
    set_out(t, p, machine, over, last);
}

static void enter(struct topology *t, struct packet *p, int machine, int over)
{
    struct fabric *f = t->fabric;
    f->counter[FABRIC_frames]++;
    if (p->len < ETH_BYTES || p->hdr_len < ETH_BYTES) {
        f->counter[FABRIC_bad]++;
        packet_drop(t->pool, p, DROP_SWITCH_BAD_FRAME);
    } else if (p->hdr[0] & 1) {
        broadcast(t, p, machine, over);
    } else {
        const struct address *a = find_address(f, mac_key(p->hdr));
        if (!a->key) {
            f->counter[FABRIC_unknown]++;
            packet_drop(t->pool, p, DROP_NO_ROUTE);
        } else if (t->ports[a->port].machine == machine) {
            f->counter[FABRIC_same_host]++;
            packet_drop(t->pool, p, DROP_SWITCH_SAME_PORT);
        } else {
            set_out(t, p, machine, over, a->port);
        }
    }
}

static void arrive(void *owner, struct packet *p)
{
    struct fabric_link *l = owner;
    struct fabric_cb *cb = (struct fabric_cb *)(void *)p->cb;
    if (cb->topology == l->t && cb->id == p->id) {
        cb->hop++;
        go_on(l->t, p, cb);
    } else {
        SIM_ASSERT(l->machine != NONE); /* only NICs send frames without a route */
        enter(l->t, p, l->machine, l->number);
    }
}

/* -- building --------------------------------------------------------------------------------------------------- */

static int place_machines(struct topology *t, struct errors *errors)
{
    const struct scenario *s = t->scenario;
    int *taken = allocate(platform_host_count(t->platform), sizeof *taken), result = 0;
    for (size_t m = 0; m < s->machine_count; m++) {
        const struct scenario_machine *machine = &s->machines[m];
        const char *name = machine->host.text ? machine->host.text : machine->name;
        struct error_at at = machine->host.text ? machine->host.at : machine->at;
        int host = platform_find_host(t->platform, name);
        if (host < 0) {
            struct name_guess guess;
            char hint[NAME_WHY_BYTES];
            name_guess_start(&guess, name, errors);
            for (size_t i = 0; i < platform_host_count(t->platform); i++)
                name_guess_offer(&guess, platform_host_name(t->platform, i));
            result = errors_add(errors, at, "platform file '%s' has no host '%s' for machine '%s'%s",
                                s->platform_path, name, machine->name, name_guess_hint(&guess, hint));
            continue;
        }
        if (taken[host])
            result = errors_add(errors, at, "host '%s' is already machine '%s', expected one machine per host", name,
                                s->machines[taken[host] - 1].name);
        taken[host] = (int)m + 1;
        for (size_t n = 0; n < machine->nic_count; n++) t->host[t->first_port[m] + n] = (uint32_t)host;
    }
    free(taken);
    return result;
}

struct pairs {
    struct platform_pair *list;
    size_t count, room;
};

/* Notes a pair of machines once: its place in the route table is filled with a stand-in. */
static void want(struct topology *t, struct pairs *p, int from, int to)
{
    if (from == to || t->scenario->machines[from].nic_count == 0 || t->scenario->machines[to].nic_count == 0) return;
    struct route **slot = route_slot(t, from, to);
    if (*slot) return;
    *slot = allocate(1, sizeof **slot);
    if (p->count == p->room) {
        p->room = 2 * p->room + 64;
        p->list = realloc(p->list, p->room * sizeof *p->list);
        SIM_ASSERT(p->list);
    }
    p->list[p->count++] = (struct platform_pair){ (uint32_t)from, (uint32_t)to };
}

static int check_traffic(struct topology *t, const struct scenario_traffic *traffic, struct errors *errors)
{
    const struct scenario *s = t->scenario;
    for (size_t i = 0; i < traffic->from_count; i++) {
        for (size_t k = 0; k < traffic->to_count; k++) {
            int a = traffic->from_ends[i].machine, b = traffic->to_ends[k].machine;
            if (a == b) continue;
            for (int way = 0; way < 2; way++) {
                int from = way ? b : a, to = way ? a : b;
                if (find_route(t, from, to)->count) continue;
                return errors_add(errors, traffic->at, "platform file '%s' has no route from host '%s' to host '%s'",
                                  s->platform_path, platform_host_name(t->platform, machine_host(t, from)),
                                  platform_host_name(t->platform, machine_host(t, to)));
            }
        }
    }
    return 0;
}

/* Routes of the traffic both ways, and so that uplinks show: among few machines all the others, among many for every
 * machine one to and from its neighbour in the scenario. */
static int learn_first_routes(struct topology *t, struct errors *errors)
{
    const struct scenario *s = t->scenario;
    struct pairs wanted = { NULL, 0, 0 };
    int result = 0;
    for (size_t i = 0; i < s->traffic_count; i++) {
        const struct scenario_traffic *traffic = &s->traffic[i];
        for (size_t k = 0; k < traffic->from_count; k++) {
            for (size_t l = 0; l < traffic->to_count; l++) {
                want(t, &wanted, traffic->from_ends[k].machine, traffic->to_ends[l].machine);
                want(t, &wanted, traffic->to_ends[l].machine, traffic->from_ends[k].machine);
            }
        }
    }
    for (size_t m = 0; m < s->machine_count; m++) {
        size_t end = s->machine_count <= FEW_MACHINES ? s->machine_count : m + 2;
        for (size_t k = m + 1; k < end && k < s->machine_count; k++) {
            want(t, &wanted, (int)m, (int)k);
            want(t, &wanted, (int)k, (int)m);
        }
    }
    learn_routes(t, wanted.list, wanted.count);
    free(wanted.list);
    for (size_t i = 0; i < s->traffic_count; i++) result |= check_traffic(t, &s->traffic[i], errors);
    return result;
}

/* The link that every known route from (or to) each machine starts (ends) with, and no other machine's; NONE. */
static int *find_ends(const struct topology *t, bool first)
{
    enum { UNSEEN = -2 };
    size_t n = t->scenario->machine_count;
    int *end = allocate(n, sizeof *end), *owner = allocate(t->fabric->link_count, sizeof *owner);
    for (size_t m = 0; m < n; m++) end[m] = UNSEEN;
    for (size_t l = 0; l < t->fabric->link_count; l++) owner[l] = UNSEEN;
    for (size_t from = 0; from < n; from++) {
        for (size_t to = 0; to < n && t->fabric->routes[from]; to++) {
            const struct route *r = t->fabric->routes[from][to];
            if (!r || r->count == 0) continue;
            int m = (int)(first ? from : to), l = (int)r->links[first ? 0 : r->count - 1];
            end[m] = end[m] == UNSEEN || end[m] == l ? l : NONE;
            owner[l] = owner[l] == UNSEEN || owner[l] == m ? m : NONE;
        }
    }
    for (size_t m = 0; m < n; m++)
        if (end[m] < 0 || owner[end[m]] != (int)m) end[m] = NONE;
    free(owner);
    return end;
}

static void make_links(struct topology *t, const int *uplink)
{
    struct fabric *f = t->fabric;
    for (size_t l = 0; l < f->link_count; l++)
        f->links[l] = (struct fabric_link){ t, NULL, NONE, (int)l };
    for (size_t m = 0; m < t->scenario->machine_count; m++)
        if (uplink[m] != NONE) f->links[uplink[m]].machine = (int)m;
    for (size_t l = 0; l < f->link_count; l++) {
        const struct platform_link *pl = platform_link(t->platform, l);
        struct link_config c = { pl->name, pl->rate, pl->latency, BUFFER_BYTES };
        int m = f->links[l].machine;
        if (m != NONE) c.depth_bytes = t->scenario->machines[m].nics[0].queue_bytes;
        if (!pl->shared) { /* occupied for 1 ps per frame, which arrives after the latency alone */
            c.rate.bps = PLATFORM_RATE_MAX;
            c.depth_bytes = FATPIPE_BUFFER_BYTES;
        }
        f->links[l].link = t->by_platform_link[l] = link_create(t->engine, t->stats, t->pool, &c);
        link_connect(f->links[l].link, (struct packet_sink){ arrive, &f->links[l] });
    }
}

static void connect_ports(struct topology *t, const int *uplink, const int *downlink)
{
    struct fabric *f = t->fabric;
    for (size_t i = 0; i < t->port_count; i++) {
        struct topology_port *port = &t->ports[i];
        const struct scenario_machine *m = &t->scenario->machines[port->machine];
        if (downlink[port->machine] != NONE) port->rx = f->links[downlink[port->machine]].link;
        if (uplink[port->machine] != NONE) {
            port->tx = f->links[uplink[port->machine]].link;
            continue;
        }
        char name[NAME_BYTES];
        const struct scenario_nic *nic = &m->nics[port->nic];
        snprintf(name, sizeof name, "%s/%s>fabric", m->name, nic->name);
        port->tx = link_create(t->engine, t->stats, t->pool,
                               &(struct link_config){ name, nic->rate, { 0 }, nic->queue_bytes });
        f->access[i] = (struct fabric_link){ t, port->tx, port->machine, NONE };
        link_connect(port->tx, (struct packet_sink){ arrive, &f->access[i] });
    }
}

int fabric_create(struct topology *t, struct errors *errors)
{
    const struct scenario *s = t->scenario;
    t->platform = platform_load(s->platform_path, s->platform.at, errors);
    if (!t->platform) return -1;
    struct fabric *f = t->fabric = allocate(1, sizeof *f);
    f->link_count = platform_link_count(t->platform);
    f->links = allocate(f->link_count, sizeof *f->links);
    f->access = allocate(t->port_count, sizeof *f->access);
    f->routes = allocate(s->machine_count, sizeof *f->routes);
    t->by_platform_link = allocate(f->link_count, sizeof *t->by_platform_link);
    f->table_room = TABLE_ROOM;
    f->table = allocate(f->table_room, sizeof *f->table);
    if (place_machines(t, errors) || learn_first_routes(t, errors)) return -1;

    int *uplink = find_ends(t, true), *downlink = find_ends(t, false);
    make_links(t, uplink);
    connect_ports(t, uplink, downlink);
    free(uplink);
    free(downlink);
    if (t->stats)
        stats_register(t->stats, "fabric", s->platform.text, counter_names, f->counter, N_FABRIC_COUNTERS);
    return 0;
}

void fabric_destroy(struct topology *t)
{
    struct fabric *f = t->fabric;
    if (!f) return;
    for (size_t i = 0; i < f->link_count; i++) link_destroy(f->links[i].link);
    for (size_t i = 0; i < t->port_count; i++) link_destroy(f->access[i].link);
    for (size_t m = 0; m < t->scenario->machine_count; m++) {
        for (size_t k = 0; k < t->scenario->machine_count && f->routes[m]; k++) free(f->routes[m][k]);
        free(f->routes[m]);
    }
    free(f->routes);
    free(f->links);
    free(f->access);
    free(f->table);
    free(f);
    t->fabric = NULL;
}
