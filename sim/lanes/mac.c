/* SPDX-License-Identifier: Apache-2.0
 * mac.c -- clients of a device, and the sorting of frames from rings that clients share (rules 2.2 to 2.4, 5.6, 5.8).
 *
 * Consecutive packets for one client stay a chain.  With a single active client nothing is looked up. */
#include "mac.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "mac_impl.h"

#define X(name, meaning) #name,
const char *const lane_misc_counter_names[N_LANE_MISC_COUNTERS] = { LANE_MISC_COUNTERS(X) };
#undef X

static const uint8_t broadcast_addr[LANE_ADDR_BYTES] = { 255, 255, 255, 255, 255, 255 };

int lane_mac_create(struct lane_mac **out, const struct lane_mac_config *config)
{
    if (!config->env || !config->port || config->rings == 0 || config->rings > 128) return -EINVAL;
    if (config->env->ops->version != LANE_ENV_VERSION || config->port->ops->version != LANE_PORT_VERSION)
        return -EPROTO;
    struct lane_mac *mac = calloc(1, sizeof *mac + config->rings * sizeof *mac->ring);
    if (!mac) return -ENOMEM;
    mac->env = config->env;
    mac->port = config->port;
    mac->rings = config->rings;
    mac->ring_pkts = config->ring_pkts ? config->ring_pkts : lane_tunables_default().ring_pkts;
    mac->step_pkts = config->step_pkts ? config->step_pkts : lane_tunables_default().step_pkts;
    *out = mac;
    return 0;
}

void lane_mac_destroy(struct lane_mac *mac)
{
    if (!mac) return;
    for (unsigned i = 0; i < LANE_MAX_CLIENTS; i++) free(mac->client[i]);
    lane_table_fini(&mac->table);
    free(mac);
}

static void count_active(struct lane_mac *mac)
{
    mac->n_active = 0;
    mac->single = NULL;
    for (unsigned i = 0; i < LANE_MAX_CLIENTS; i++)
        if (mac->client[i] && mac->client[i]->active) {
            mac->n_active++;
            mac->single = mac->client[i];
        }
    if (mac->n_active != 1) mac->single = NULL;
}

/* Joins a group of any kind, made when it does not exist. */
static int join(struct lane_client *c, const uint8_t *addr)
{
    struct mac_entry *e = lane_table_find(&c->mac->table, addr, c->vid);
    if (!e) {
        e = lane_table_add(&c->mac->table, addr, c->vid);
        if (!e) return -ENOMEM;
        e->broadcast = addr == broadcast_addr;
    }
    e->members[c->number / 64] |= 1ull << c->number % 64;
    return 0;
}

static void leave(struct lane_client *c, struct mac_entry *e)
{
    e->members[c->number / 64] &= ~(1ull << c->number % 64);
    for (unsigned i = 0; i < LANE_MAX_CLIENTS / 64; i++)
        if (e->members[i]) return;
    lane_table_remove(&c->mac->table, e);
}

/* Takes its entries out of the table. */
static void forget(struct lane_client *c)
{
    for (unsigned i = 0; i < MAC_BUCKETS; i++)
        for (struct mac_entry *e = c->mac->table.bucket[i], *next; e; e = next) {
            next = e->next;
            if (e->client == c)
                lane_table_remove(&c->mac->table, e);
            else if (!e->client && (e->members[c->number / 64] >> c->number % 64 & 1))
                leave(c, e);
        }
}

static int enter_addr(struct lane_client *c)
{
    struct mac_entry *e = lane_table_add(&c->mac->table, c->addr, c->vid);
    if (!e) return -ENOMEM;
    e->client = c;
    return join(c, broadcast_addr);
}

int lane_client_add(struct lane_client **out, struct lane_mac *mac, const struct lane_client_config *config)
{
    unsigned number = 0;
    if (config->vid > 4094) return -EINVAL;
    if (config->addr) {
        if ((config->addr[0] & 1) || !config->software) return -EINVAL;
        if (lane_table_find(&mac->table, config->addr, config->vid)) return -EEXIST;
    }
    while (number < LANE_MAX_CLIENTS && mac->client[number]) number++;
    if (number == LANE_MAX_CLIENTS) return -ENOSPC;
    struct lane_client *c = calloc(1, sizeof *c);
    if (!c) return -ENOMEM;
    *c = (struct lane_client){ .mac = mac, .number = number, .vid = config->vid, .active = config->addr != NULL,
                               .ip_plumbed = config->ip_plumbed, .tag_disable = config->tag_disable,
                               .software = config->software };
    mac->client[number] = c;
    mac->n_clients++;
    if (config->addr) {
        memcpy(c->addr, config->addr, LANE_ADDR_BYTES);
        if (enter_addr(c)) {
            lane_client_remove(c);
            return -ENOMEM;
        }
    }
    count_active(mac);
    *out = c;
    return 0;
}

void lane_client_remove(struct lane_client *c)
{
    struct lane_mac *mac = c->mac;
    forget(c);
    mac->client[c->number] = NULL;
    mac->n_clients--;
    free(c);
    count_active(mac);
}

int lane_client_join(struct lane_client *c, const uint8_t addr[LANE_ADDR_BYTES])
{
    if (!(addr[0] & 1) || !c->active) return -EINVAL;
    return memcmp(addr, broadcast_addr, LANE_ADDR_BYTES) == 0 ? 0 : join(c, addr);
}

void lane_client_leave(struct lane_client *c, const uint8_t addr[LANE_ADDR_BYTES])
{
    struct mac_entry *e = lane_table_find(&c->mac->table, addr, c->vid);
    if (e && !e->client && !e->broadcast) leave(c, e);
}

unsigned lane_mac_clients(const struct lane_mac *mac) { return mac->n_clients; }
unsigned lane_mac_active(const struct lane_mac *mac) { return mac->n_active; }
uint64_t lane_mac_unmatched(const struct lane_mac *mac) { return atomic_load(&mac->unmatched); }
const uint64_t *lane_client_counters(const struct lane_client *c) { return c->counter; }

struct lane_client *lane_mac_member(const struct lane_mac *mac, const struct mac_entry *e, unsigned from,
                               const struct lane_client *except)
{
    for (unsigned i = from; i < LANE_MAX_CLIENTS; i++) {
        uint64_t word = e->members[i / 64] >> i % 64;
        if (word == 0)
            i |= 63; /* on to the next word */
        else if ((word & 1) && mac->client[i] != except)
            return mac->client[i];
    }
    return NULL;
}

enum lane_step_result lane_mac_give(struct lane_client *to, struct lane_pkt *p, bool copy, bool broadcast, bool local)
{
    struct lane *l = to->software;
    struct lane_chain chain = { 0 };
    if (!lane_enter(l, LANE_LOCK)) return LANE_STEP_BLOCKED;
    if (copy && !(p = l->env->ops->clone(l->env, p))) {
        lane_exit(l, LANE_LOCK);
        return LANE_STEP_SLEEP;
    }
    lane_chain_add(&chain, p);
    to->counter[broadcast ? LANE_MISC_brdcstrcv : LANE_MISC_multircv]++;
    to->counter[broadcast ? LANE_MISC_brdcstrcvbytes : LANE_MISC_multircvbytes] += p->len;
    enum rx_entry how = lane_rx_enter(l, &chain, local);
    lane_exit(l, LANE_LOCK);
    lane_rx_report(l, &chain, 1, LANE_TRACE_INPUT_CHAIN, how);
    return how == RX_MINE ? LANE_STEP_AGAIN : LANE_STEP_SLEEP;
}

static enum lane_step_result fetch(struct lane_mac *mac, unsigned ring)
{
    struct shared_ring *r = &mac->ring[ring];
    uint32_t had = r->chain.pkts, want = mac->ring_pkts - had;
    if (want > mac->step_pkts) want = mac->step_pkts;
    if (!mac->port->ops->rx_burst(mac->port, ring, want, UINT64_MAX, r->first, &r->chain)) return LANE_STEP_BLOCKED;
    r->first = false;
    r->full = r->chain.pkts == mac->ring_pkts;
    return r->chain.pkts - had < want || r->full ? LANE_STEP_SLEEP : LANE_STEP_AGAIN;
}

static void drop_unmatched(struct lane_mac *mac, struct lane_pkt *p)
{
    atomic_fetch_add_explicit(&mac->unmatched, 1, memory_order_relaxed);
    mac->env->ops->drop(mac->env, p, LANE_DROP_NO_CLIENT);
}

/* The head of the chain goes to one member of its group; the last one gets the packet itself. */
static enum lane_step_result give_next(struct lane_mac *mac, struct shared_ring *r)
{
    struct lane_pkt *p = r->chain.head;
    struct lane_client *to = lane_mac_member(mac, r->entry, p->mark, NULL);
    bool last = !lane_mac_member(mac, r->entry, to->number + 1, NULL);
    struct lane_pkt *next = p->next;
    uint32_t len = p->len;
    enum lane_step_result result = lane_mac_give(to, p, !last, r->entry->broadcast, false);
    if (result == LANE_STEP_BLOCKED) return result;
    if (last) {
        r->chain.head = next;
        r->chain.pkts--;
        r->chain.bytes -= len;
        r->looked = false;
    } else {
        p->mark = to->number + 1;
    }
    if (result == LANE_STEP_AGAIN) r->draining = to->software;
    return LANE_STEP_SLEEP;
}

static enum lane_step_result flush_run(struct shared_ring *r)
{
    enum lane_step_result result = lane_input(r->run_to, &r->run, false);
    if (result == LANE_STEP_AGAIN) r->draining = r->run_to;
    return result == LANE_STEP_BLOCKED ? result : LANE_STEP_SLEEP;
}

/* Finds out where chain.head goes. */
static void look(struct lane_mac *mac, struct shared_ring *r)
{
    struct lane_pkt *p = r->chain.head;
    p->mark = 0;
    r->looked = true;
    r->entry = p->hdr_len < 14 ? NULL : lane_table_find(&mac->table, p->data, mac_frame_vid(p));
}

/* Sorts the fetched chain; '*budget' lookups are left to this step. */
static enum lane_step_result sort(struct lane_mac *mac, struct shared_ring *r, uint32_t *budget)
{
    enum lane_step_result result = LANE_STEP_SLEEP;
    while (result == LANE_STEP_SLEEP) {
        if (r->draining) {
            result = lane_step(r->draining, LANE_CALLER);
            if (result == LANE_STEP_SLEEP) r->draining = NULL;
            continue;
        }
        if (!r->chain.head) {
            if (!r->run.head) return LANE_STEP_SLEEP;
            result = flush_run(r);
            continue;
        }
        if (!r->looked) {
            if (*budget == 0) return LANE_STEP_AGAIN;
            --*budget;
            look(mac, r);
        }
        struct lane *to = r->entry && r->entry->client ? r->entry->client->software : NULL;
        if (r->run.head && r->run_to != to) {
            result = flush_run(r);
        } else if (r->entry && !to) {
            result = give_next(mac, r);
        } else {
            struct lane_pkt *p = lane_chain_take_one(&r->chain);
            r->looked = false;
            r->run_to = to;
            if (to)
                lane_chain_add(&r->run, p);
            else
                drop_unmatched(mac, p);
        }
    }
    return result;
}

enum lane_step_result lane_mac_step(struct lane_mac *mac, unsigned ring)
{
    struct shared_ring *r = &mac->ring[ring];
    enum lane_step_result result;
    uint32_t budget = mac->step_pkts;
    if (!r->busy) {
        r->busy = r->fetching = r->first = true;
        r->full = false;
    }
    if (r->fetching) {
        if ((result = fetch(mac, ring)) != LANE_STEP_SLEEP) return result;
        r->fetching = false;
        if (mac->single) {
            r->run_to = mac->single->software;
            lane_chain_append(&r->run, &r->chain);
        }
    }
    result = sort(mac, r, &budget);
    uint32_t looked_up = mac->step_pkts - budget;
    if (looked_up) mac->env->ops->charge(mac->env, LANE_OP_CLASSIFY, looked_up);
    if (result != LANE_STEP_SLEEP) return result;
    r->busy = false;
    return r->full ? LANE_STEP_AGAIN : LANE_STEP_SLEEP;
}
