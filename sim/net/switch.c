/* SPDX-License-Identifier: GPL-3.0-or-later
 * switch.c -- one look-up to learn the source, one to find the destination, and the egress links do the rest.  Most
 * frames begin with the same bytes as the one before from that port: then nothing is looked up.
 *
 * The table is open addressing over (address, VLAN) with linear probing, at most half full.  An entry that has aged is
 * as good as absent; its place is taken back when the table is full, by rebuilding it without the aged ones.  Left
 * out: spanning tree, IGMP snooping, shared buffers. */
#include "net/switch.h"

#include <stdlib.h>
#include <string.h>

#include "core/assert.h"
#include "core/trace.h"
#include "net/switch_pause.h"

enum { TABLE_ENTRIES = 16384, FRAME_BYTES_MAX = 9216, AGEING_S = 300, VLAN_BITS = 12 };

struct entry {
    uint64_t key;     /* address and VLAN; 0: free */
    int64_t heard_at; /* INT64_MAX: static */
    int32_t port;
};
/* Where frames go that begin like the last one that went through: addresses, and type or tag. */
struct way {
    uint8_t start[16];
    struct link *egress; /* NULL: not known */
    int64_t until;       /* neither address ages before */
    struct entry *source;
};
struct port {
    struct ether_switch *owner;
    struct link *egress;
    int32_t index;
    uint16_t pvid;
    bool trunk;
    struct way way;
    struct backlog *backlog; /* NULL: no flow control */
};
struct ether_switch {
    struct engine *engine;
    struct packet_pool *pool;
    struct switch_config config;
    struct entity *entity;
    struct port **ports;
    int32_t n_ports;
    struct entry *table;
    uint32_t used, shift; /* the table has 2^(64 - shift) places */
    int64_t rebuilt_at;   /* when the table was last cleared of aged entries */
    uint64_t counter[N_SWITCH_COUNTERS];
};

static void receive(void *owner, struct packet *p);
static void forget_ways(struct ether_switch *s);
static link_through_fn through;
static link_passed_fn passed;

static const char *const counter_names[N_SWITCH_COUNTERS] = {
#define X(name) #name,
    SWITCH_COUNTERS(X)
#undef X
};

struct ether_switch *switch_create(struct engine *engine, struct stats *stats, struct packet_pool *pool,
                                   const struct switch_config *config)
{
    struct ether_switch *s = calloc(1, sizeof *s);
    SIM_ASSERT(s && config->latency.ps >= 0);
    s->engine = engine;
    s->pool = pool;
    s->config = *config;
    if (s->config.ageing.ps == 0) s->config.ageing = sim_ms(AGEING_S * 1000);
    if (s->config.table_entries == 0) s->config.table_entries = TABLE_ENTRIES;
    if (s->config.frame_bytes_max == 0) s->config.frame_bytes_max = FRAME_BYTES_MAX;
    s->entity = engine_entity(engine, config->name);
    s->config.name = s->entity->name;
    s->shift = 60;
    while ((uint64_t)1 << (64 - s->shift) < 2 * (uint64_t)s->config.table_entries) s->shift--;
    s->table = calloc((size_t)1 << (64 - s->shift), sizeof *s->table);
    SIM_ASSERT(s->table);
    if (stats) stats_register(stats, "switch", config->name, counter_names, s->counter, N_SWITCH_COUNTERS);
    return s;
}

void switch_destroy(struct ether_switch *s)
{
    if (!s) return;
    for (int i = 0; i < s->n_ports; i++) {
        backlog_destroy(s->ports[i]->backlog);
        free(s->ports[i]);
    }
    free(s->ports);
    free(s->table);
    free(s);
}

int switch_add_port(struct ether_switch *s, struct link *egress)
{
    struct port *port = calloc(1, sizeof *port);
    s->ports = realloc(s->ports, ((size_t)s->n_ports + 1) * sizeof(struct port *));
    SIM_ASSERT(port && s->ports);
    *port = (struct port){ .owner = s, .egress = egress, .index = s->n_ports, .pvid = SWITCH_VLAN_DEFAULT, .trunk = true };
    s->ports[s->n_ports] = port;
    link_set_merge(egress, s->config.latency);
    return s->n_ports++;
}

void switch_set_ingress(struct ether_switch *s, int port, struct link *ingress)
{
    link_connect(ingress, switch_port_sink(s, port));
    link_set_through(ingress, through, passed, s->ports[port], (uint32_t)port);
}

struct packet_sink switch_port_sink(struct ether_switch *s, int port)
{
    SIM_ASSERT(port >= 0 && port < s->n_ports);
    return (struct packet_sink){ receive, s->ports[port] };
}

void switch_set_port_vlan(struct ether_switch *s, int port, int pvid, bool trunk)
{
    SIM_ASSERT(port >= 0 && port < s->n_ports && pvid >= 1 && pvid <= SWITCH_VLAN_MAX);
    s->ports[port]->pvid = (uint16_t)pvid;
    s->ports[port]->trunk = trunk;
    forget_ways(s);
}

void switch_set_pause(struct ether_switch *s, int64_t high_bytes, int64_t low_bytes)
{
    for (int i = 0; i < s->n_ports; i++) {
        struct port *port = s->ports[i];
        SIM_ASSERT(!port->backlog);
        port->backlog = backlog_create(s->engine, s->entity, s->pool, port->egress, high_bytes, low_bytes);
        backlog_watch(port->egress);
    }
}

static void forget_ways(struct ether_switch *s)
{
    for (int i = 0; i < s->n_ports; i++) s->ports[i]->way.egress = NULL;
}

/* -- the table of addresses ------------------------------------------------------------------------------------- */

static uint64_t key_of(const uint8_t *mac, int vlan)
{
    return ((uint64_t)get_be16(mac) << 32 | get_be32(mac + 2)) << VLAN_BITS | (uint64_t)vlan;
}

/* The key's place, or the free one where it would go. */
static struct entry *find(const struct ether_switch *s, uint64_t key)
{
    uint64_t mask = ((uint64_t)1 << (64 - s->shift)) - 1, i = key * 0x9e3779b97f4a7c15u >> s->shift;
    while (s->table[i].key != key && s->table[i].key != 0) i = (i + 1) & mask;
    return &s->table[i];
}

static bool fresh(const struct ether_switch *s, const struct entry *e)
{
    return e->key != 0 && engine_now(s->engine).ps - e->heard_at <= s->config.ageing.ps;
}

/* Takes aged entries out.  At most once per tenth of the ageing time, so that a flood of addresses into a full table
 * costs no more than a full look at it now and then. */
static void forget_aged(struct ether_switch *s)
{
    size_t places = (size_t)1 << (64 - s->shift);
    int64_t now = engine_now(s->engine).ps;
    if (now - s->rebuilt_at < s->config.ageing.ps / 10) return;
    s->rebuilt_at = now;

    struct entry *old = s->table;
    s->table = calloc(places, sizeof *s->table);
    SIM_ASSERT(s->table);
    uint32_t before = s->used;
    s->used = 0;
    for (size_t i = 0; i < places; i++) {
        if (!fresh(s, &old[i])) continue;
        *find(s, old[i].key) = old[i];
        s->used++;
    }
    forget_ways(s);
    s->counter[SWITCH_aged] += before - s->used;
    free(old);
}

/* The key's entry, entered when it is new; NULL when there is no room. */
static struct entry *enter(struct ether_switch *s, uint64_t key)
{
    struct entry *e = find(s, key);
    if (e->key) return e;
    if (s->used == s->config.table_entries) {
        forget_aged(s);
        if (s->used == s->config.table_entries) return NULL;
        e = find(s, key);
    }
    s->used++;
    *e = (struct entry){ .key = key, .port = -1 };
    return e;
}

static void learn(struct ether_switch *s, struct port *port, uint64_t key)
{
    struct entry *e = enter(s, key);
    if (!e) {
        s->counter[SWITCH_table_full]++;
        return;
    }
    if (e->heard_at == INT64_MAX) return;
    if (e->port < 0 || !fresh(s, e)) {
        if (e->port >= 0) s->counter[SWITCH_aged]++;
        s->counter[SWITCH_learned]++;
    } else if (e->port != port->index) {
        s->counter[SWITCH_moved]++;
    }
    if (e->port != port->index) forget_ways(s);
    e->port = port->index;
    e->heard_at = engine_now(s->engine).ps;
}

bool switch_set_static(struct ether_switch *s, struct mac_addr mac, int vlan, int port)
{
    SIM_ASSERT(port >= 0 && port < s->n_ports && !mac_is_group(mac.byte) && vlan >= 1 && vlan <= SWITCH_VLAN_MAX);
    struct entry *e = enter(s, key_of(mac.byte, vlan));
    if (!e) return false;
    e->heard_at = INT64_MAX;
    e->port = port;
    forget_ways(s);
    return true;
}

int switch_lookup(struct ether_switch *s, struct mac_addr mac, int vlan)
{
    const struct entry *e = find(s, key_of(mac.byte, vlan));
    return fresh(s, e) ? e->port : -1;
}

/* -- forwarding ------------------------------------------------------------------------------------------------- */

static void drop(struct ether_switch *s, struct packet *p, enum switch_counter counter, enum drop_reason why)
{
    s->counter[counter]++;
    packet_drop(s->pool, p, why);
}

/* 01-80-C2-00-00-00..0F (802.1D table 7-10): for the bridge itself, never forwarded. */
static bool is_reserved(const uint8_t *mac)
{
    return get_be32(mac) == 0x0180c200 && (get_be16(mac + 4) & 0xfff0) == 0;
}

static bool carries(const struct port *port, int vlan)
{
    return port->trunk || port->pvid == vlan;
}

/* The frame's VLAN: that of its tag, or the port's own when it has none or only a priority (id 0). */
static int classify(const struct port *port, int tag)
{
    return tag > 0 ? tag : port->pvid;
}

/* Makes the frame leave with or without tag as the port wants it; false when there is no room for a tag. */
static bool retag(const struct port *port, struct packet *p, int tag, int vlan)
{
    if (port->pvid == vlan) {
        if (tag >= 0) headers_vlan_pop(p);
        return true;
    }
    if (tag < 0) return headers_vlan_push(p, (uint16_t)vlan);
    uint32_t priority = get_be16(p->hdr + ETH_BYTES) & 0xf000u;
    put_be16(p->hdr + ETH_BYTES, priority | (uint32_t)vlan);
    return true;
}

static void emit(struct ether_switch *s, const struct port *from, const struct port *port, struct packet *p, int tag,
                 int vlan)
{
    if (!retag(port, p, tag, vlan))
        drop(s, p, SWITCH_bad, DROP_SWITCH_BAD_FRAME);
    else if (__builtin_expect(from->backlog != NULL, 0))
        backlog_send(from->backlog, port->egress, p, s->config.latency);
    else
        link_offer(port->egress, (uint32_t)from->index, p, sim_add(engine_now(s->engine), s->config.latency));
}

/* One copy for every other port of the VLAN, the frame itself for the last. */
static void flood(struct ether_switch *s, const struct port *from, struct packet *p, int tag, int vlan)
{
    const struct port *last = NULL;

    for (int i = 0; i < s->n_ports; i++) {
        const struct port *to = s->ports[i];
        if (to == from || !carries(to, vlan)) continue;
        if (last) {
            s->counter[SWITCH_copies]++;
            emit(s, from, last, packet_clone(s->pool, p, engine_now(s->engine)), tag, vlan);
        }
        last = to;
    }
    if (!last) {
        drop(s, p, SWITCH_vlan, DROP_SWITCH_VLAN);
        return;
    }
    s->counter[SWITCH_flooded]++;
    TRACE(s->engine, s->entity->id, switch_flood, p->id, from->index, 0, 0);
    emit(s, from, last, p, tag, vlan);
}

static void receive(void *owner, struct packet *p)
{
    struct port *from = owner;
    struct ether_switch *s = from->owner;
    const uint8_t *dst = p->hdr, *src = p->hdr + 6;
    int tag = headers_vlan(p), vlan = classify(from, tag);

    if (p->hdr_len < ETH_BYTES || p->flags & PACKET_FCS_BAD || mac_is_group(src) ||
        p->len > s->config.frame_bytes_max + (tag >= 0 ? VLAN_BYTES : 0)) {
        drop(s, p, SWITCH_bad, DROP_SWITCH_BAD_FRAME);
        return;
    }
    if (is_reserved(dst)) {
        if (from->backlog && backlog_obey(from->backlog, p)) return;
        drop(s, p, SWITCH_reserved, DROP_SWITCH_RESERVED);
        return;
    }
    if (vlan > SWITCH_VLAN_MAX || !carries(from, vlan)) {
        drop(s, p, SWITCH_vlan, DROP_SWITCH_VLAN);
        return;
    }
    learn(s, from, key_of(src, vlan));
    if (mac_is_group(dst)) {
        flood(s, from, p, tag, vlan);
        return;
    }
    const struct entry *e = find(s, key_of(dst, vlan));
    if (!fresh(s, e)) {
        flood(s, from, p, tag, vlan);
    } else if (e->port == from->index) {
        drop(s, p, SWITCH_same_port, DROP_SWITCH_SAME_PORT);
    } else if (!carries(s->ports[e->port], vlan)) {
        drop(s, p, SWITCH_vlan, DROP_SWITCH_VLAN);
    } else {
        s->counter[SWITCH_forwarded]++;
        emit(s, from, s->ports[e->port], p, tag, vlan);
    }
}

/* -- frames whose way is known before they arrive ----------------------------------------------------------------- */

/* Whether a frame leaves by 'port' as it came. */
static bool unchanged(const struct port *port, int tag, int vlan)
{
    return carries(port, vlan) && (tag < 0 ? port->pvid == vlan : tag > 0 && port->pvid != vlan);
}

/* Looks up the way of a frame that begins with other bytes; false: it is to arrive first. */
__attribute__((noinline)) static bool find_way(struct port *from, const struct packet *p, sim_time arrival)
{
    const struct ether_switch *s = from->owner;
    struct way *w = &from->way;
    int tag = headers_vlan(p), vlan = classify(from, tag);

    w->egress = NULL;
    if (mac_is_group(p->hdr) || mac_is_group(p->hdr + 6) || !carries(from, vlan)) return false;
    struct entry *source = find(s, key_of(p->hdr + 6, vlan)), *destination = find(s, key_of(p->hdr, vlan));
    if (!source->key || source->port != from->index || !destination->key || destination->port < 0) return false;
    int64_t heard_at = source->heard_at < destination->heard_at ? source->heard_at : destination->heard_at;
    if (arrival.ps - heard_at > s->config.ageing.ps) return false;
    const struct port *to = s->ports[destination->port];
    if (to == from || !unchanged(to, tag, vlan)) return false;
    w->source = source;
    w->until = heard_at == INT64_MAX ? heard_at : heard_at + s->config.ageing.ps;
    memcpy(w->start, p->hdr, sizeof w->start);
    w->egress = to->egress;
    return true;
}

/* An ordinary frame from and to addresses that are known: all else arrives first. */
static struct link *through(void *owner, const struct packet *p, sim_time arrival)
{
    struct port *from = owner;
    const struct ether_switch *s = from->owner;
    struct way *w = &from->way;

    if (from->backlog || p->hdr_len < ETH_BYTES + VLAN_BYTES || p->flags & (PACKET_FCS_BAD | PACKET_RUNT)) return NULL;
    if (p->len > s->config.frame_bytes_max) return NULL;
    bool same = w->egress && memcmp(w->start, p->hdr, sizeof w->start) == 0 && arrival.ps <= w->until;
    if ((!same && !find_way(from, p, arrival)) || link_has_taps(w->egress)) return NULL;
    if (w->source->heard_at != INT64_MAX) w->source->heard_at = arrival.ps;
    return w->egress;
}

static void passed(void *owner, uint64_t n)
{
    const struct port *from = owner;
    from->owner->counter[SWITCH_forwarded] += n;
}
