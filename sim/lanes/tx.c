/* SPDX-License-Identifier: Apache-2.0
 * tx.c -- transmit in the "default" mode: one client, one ring (rules 3.5 to 3.16, 3.21 to 3.23, 5.2 to 5.11).
 *
 *   sender -> destination -+-> port              no descriptors left: queue, and the worker takes over
 *                          +-> local client      one descriptor reclaim later: lane_tx_update() -> worker
 *                          +-> copies, and port
 *
 * While anything is queued later senders queue behind it.  Only the worker declares the ring blocked, and it looks
 * for a reclaim that came in between; so the reclaim needs no lock, and no wake-up is lost. */
#include "tx.h"

#include <errno.h>
#include <stdlib.h>

#include "mac_impl.h"

enum tx_state_bit {
    ENQUEUED = 1,      /* packets wait: senders queue behind them */
    BLOCKED = 2,       /* the worker waits for lane_tx_update() */
    HIWAT = 4,         /* a sender was told to stop */
    WAKEUP_CLIENT = 8, /* a sender was given its packets back */
};

enum { COPIES_DONE = LANE_MAX_CLIENTS, DRAIN_STEPS = 4 /* of a receiver's lane, in the sender's thread */ };

enum worker_phase { TX_IDLE, TX_SEND, TX_STUCK, TX_LOOK };

struct lane_tx {
    struct lane_env *env;
    struct lane_port *port;
    unsigned ring;
    struct lane_mac *mac;
    struct lane_client *from;
    const struct lane_client_ops *client_ops;
    void *client;
    struct lane_tx_tunables tune;
    _Atomic unsigned state;
    _Atomic bool woken_up;       /* lane_tx_update() came since the worker began to send */
    _Atomic uint32_t queued;     /* packets in 'queue' and 'held' */
    struct lane_chain queue;     /* under the lock */
    struct lane_chain held;      /* the worker's */
    enum worker_phase phase;     /* the worker's */
    struct bell bell;
    uint64_t entered, dropped;   /* packets; as the counters */
    uint64_t counter[N_LANE_TX_COUNTERS];
};

enum sent { SENT_ALL, SENT_SHORT /* of descriptors */, SENT_BUSY };

#define X(name, meaning) #name,
const char *const lane_tx_counter_names[N_LANE_TX_COUNTERS] = { LANE_TX_COUNTERS(X) };
#undef X

struct lane_tx_tunables lane_tx_tunables_default(void)
{
    return (struct lane_tx_tunables){ .hiwat_pkts = 1000, .max_pkts = 100000, .step_pkts = 32 };
}

int lane_tx_create(struct lane_tx **out, const struct lane_tx_config *config)
{
    if (!config->env || !config->port || !config->client_ops || (config->mac && !config->from)) return -EINVAL;
    if (config->tune.step_pkts == 0) return -EINVAL;
    if (config->env->ops->version != LANE_ENV_VERSION || config->port->ops->version != LANE_PORT_VERSION ||
        config->client_ops->version != LANE_CLIENT_VERSION)
        return -EPROTO;
    struct lane_tx *tx = calloc(1, sizeof *tx);
    if (!tx) return -ENOMEM;
    tx->env = config->env;
    tx->port = config->port;
    tx->ring = config->ring;
    tx->mac = config->mac;
    tx->from = config->from;
    tx->client_ops = config->client_ops;
    tx->client = config->client;
    tx->tune = config->tune;
    atomic_store(&tx->bell.parked, true);
    *out = tx;
    return 0;
}

void lane_tx_destroy(struct lane_tx *tx) { free(tx); }

/* Senders may run in parallel, so these are added to atomically; readers need no lock. */
static void count(const struct lane_tx *tx, uint64_t *counter, uint64_t n)
{
    if (tx->env->ops->serial)
        *counter += n;
    else
        __atomic_fetch_add(counter, n, __ATOMIC_RELAXED);
}

static void trace(struct lane_tx *tx, enum lane_trace point, uint64_t a, uint64_t b)
{
    if (tx->env->ops->trace) tx->env->ops->trace(tx->env, point, a, b);
}

static bool has(const struct lane_tx *tx, unsigned bits)
{
    return (atomic_load_explicit(&tx->state, memory_order_acquire) & bits) != 0;
}

/* -- where packets go ------------------------------------------------------------------------------------------- */

static void count_sent(struct lane_tx *tx, uint64_t pkts, uint64_t bytes)
{
    count(tx, &tx->counter[LANE_TX_opackets], pkts);
    count(tx, &tx->counter[LANE_TX_obytes], bytes);
}

/* Gives '*list' to the port; what it does not take stays in '*list'. */
static enum sent to_wire(struct lane_tx *tx, struct lane_pkt **list)
{
    struct lane_chain all = lane_chain_of(*list);
    if (!all.head) return SENT_ALL;
    bool entered = tx->port->ops->tx_burst(tx->port, tx->ring, list);
    struct lane_chain rest = lane_chain_of(*list);
    if (all.pkts > rest.pkts) count_sent(tx, all.pkts - rest.pkts, all.bytes - rest.bytes);
    if (!rest.head) return SENT_ALL;
    return entered ? SENT_SHORT : SENT_BUSY;
}

/* The packet's VLAN for the look-up.  False: the client may not send this frame.  A client on a VLAN sends without
 * a tag and gets one, unless tagging is disabled for it. */
static bool check_tag(const struct lane_client *from, struct lane_pkt *p, uint16_t *vid)
{
    uint16_t own = mac_frame_vid(p);
    *vid = from->vid;
    if (own != 0) return from->tag_disable && own == from->vid;
    if (from->vid != 0 && !from->tag_disable) {
        p->flags |= LANE_PKT_INSERT_TAG;
        p->vid = from->vid;
    }
    return true;
}

/* Follows a delivery that made this thread drain the receiver's lane; what takes long is left to its worker. */
static void drain_receiver(struct lane *l, enum lane_step_result result)
{
    if (result != LANE_STEP_AGAIN) return;
    for (int i = 0; i < DRAIN_STEPS && result == LANE_STEP_AGAIN; i++) result = lane_step(l, LANE_CALLER);
    if (result != LANE_STEP_SLEEP) lane_hand_over(l);
}

/* Copies for every member of a group but the sender; p->mark says where to go on.  False: cannot now. */
static bool send_copies(struct lane_tx *tx, const struct mac_entry *e, struct lane_pkt *p)
{
    struct lane_client *to;
    while ((to = lane_mac_member(tx->mac, e, p->mark, tx->from)) != NULL) {
        bool local = tx->from->ip_plumbed && to->ip_plumbed;
        enum lane_step_result result = lane_mac_give(to, p, true, e->broadcast, local);
        if (result == LANE_STEP_BLOCKED) return false;
        p->mark = to->number + 1;
        drain_receiver(to->software, result);
    }
    p->mark = COPIES_DONE;
    count(tx, &tx->from->counter[e->broadcast ? LANE_MISC_brdcstxmt : LANE_MISC_multixmt], 1);
    count(tx, &tx->from->counter[e->broadcast ? LANE_MISC_brdcstxmtbytes : LANE_MISC_multixmtbytes], p->len);
    return true;
}

/* Takes 'p' if it goes to a client of this machine. */
static bool send_local(struct lane_tx *tx, struct lane_client *to, struct lane_pkt *p)
{
    struct lane_pkt *next = p->next;
    struct lane_chain one = { 0 };
    uint32_t bytes = p->len;
    lane_chain_add(&one, p);
    enum lane_step_result result = lane_input(to->software, &one, tx->from->ip_plumbed && to->ip_plumbed);
    if (result == LANE_STEP_BLOCKED) {
        p->next = next;
        return false;
    }
    count_sent(tx, 1, bytes);
    drain_receiver(to->software, result);
    return true;
}

static void drop(struct lane_tx *tx, struct lane_pkt *list, uint32_t pkts, enum lane_drop why)
{
    count(tx, &tx->dropped, pkts);
    trace(tx, LANE_TRACE_DROP, pkts, why);
    tx->env->ops->drop(tx->env, list, why);
}

/* Sends the packets from '*list' up to '**end' (exclusive) to the wire; on shortage puts '*list' together again. */
static enum sent flush_run(struct lane_tx *tx, struct lane_pkt **list, struct lane_pkt **end)
{
    struct lane_pkt *after = *end;
    if (*list == after) return SENT_ALL;
    *end = NULL;
    enum sent sent = to_wire(tx, list);
    struct lane_pkt **tail = list;
    while (*tail) tail = &(*tail)->next;
    *tail = after;
    return sent;
}

/* Several clients: a destination for each packet (3.21).  Runs of packets for the wire go in one burst. */
static enum sent switch_packets(struct lane_tx *tx, struct lane_pkt **list)
{
    struct lane_pkt **at = list, *p;
    enum sent sent;
    while ((p = *at) != NULL) {
        uint16_t vid;
        bool may = p->hdr_len >= 14 && check_tag(tx->from, p, &vid);
        struct mac_entry *e = may && tx->mac->n_active > 1 ? lane_table_find(&tx->mac->table, p->data, vid) : NULL;
        bool mine = e && e->client == tx->from, group = e && !e->client && p->mark != COPIES_DONE;
        if (group && !send_copies(tx, e, p)) {
            sent = flush_run(tx, list, at);
            return sent == SENT_SHORT ? sent : SENT_BUSY;
        }
        if (may && (!e || !e->client || mine)) { /* to the wire, with the run */
            at = &p->next;
            continue;
        }
        if ((sent = flush_run(tx, list, at)) != SENT_ALL) return sent;
        at = list; /* the run is gone: p is first */
        struct lane_pkt *next = p->next;
        if (!may) {
            p->next = NULL;
            count(tx, &tx->counter[LANE_TX_oerrors], 1);
            count_sent(tx, 1, p->len);
            trace(tx, LANE_TRACE_DROP, 1, LANE_DROP_TX_TAG);
            tx->env->ops->drop(tx->env, p, LANE_DROP_TX_TAG);
        } else if (!send_local(tx, e->client, p)) {
            return SENT_BUSY;
        }
        *list = next;
    }
    return to_wire(tx, list);
}

static enum sent transmit(struct lane_tx *tx, struct lane_pkt **list)
{
    return tx->mac && tx->mac->n_clients > 1 ? switch_packets(tx, list) : to_wire(tx, list);
}

/* -- the sender's side ------------------------------------------------------------------------------------------ */

/* With the lock held: descriptors are short, or others wait already (3.9 to 3.13).  Takes '*list' or leaves it to
 * the caller; what is to be dropped goes to '*victims'. */
static enum lane_tx_result enqueue(struct lane_tx *tx, struct lane_pkt **list, unsigned flags,
                                   struct lane_chain *victims)
{
    struct lane_chain chain = lane_chain_of(*list);
    uint32_t waiting = atomic_load(&tx->queued);
    if (flags & LANE_TX_DROP_ON_NO_DESC) {
        count(tx, &tx->counter[LANE_TX_txsdrops], 1); /* one per chain, not per packet */
        *victims = chain;
        *list = NULL;
        return LANE_TX_DONE;
    }
    if ((flags & LANE_TX_NO_ENQUEUE) && has(tx, ENQUEUED)) {
        shared_or(tx->env, &tx->state, WAKEUP_CLIENT);
        return LANE_TX_RETURNED;
    }
    *list = NULL;
    if (waiting > tx->tune.max_pkts) {
        count(tx, &tx->counter[LANE_TX_txsdrops], chain.pkts);
        shared_or(tx->env, &tx->state, HIWAT);
        *victims = chain;
        return LANE_TX_FLOW;
    }
    atomic_fetch_add(&tx->queued, chain.pkts);
    lane_chain_append(&tx->queue, &chain);
    if (!(shared_or(tx->env, &tx->state, ENQUEUED) & ENQUEUED)) bell_ring(&tx->bell, tx->env, LANE_TX_WORKER);
    if (waiting <= tx->tune.hiwat_pkts) return LANE_TX_DONE;
    shared_or(tx->env, &tx->state, HIWAT);
    return LANE_TX_FLOW;
}

/* Puts '*list' on the queue, or deals with it as 'flags' ask.  With 'only_behind', false: others wait no more. */
static bool queue_behind(struct lane_tx *tx, struct lane_pkt **list, unsigned flags, bool only_behind,
                         enum lane_tx_result *result)
{
    struct lane_chain victims = { 0 };
    uint32_t pkts = lane_chain_of(*list).pkts;
    if (!tx->env->ops->enter(tx->env, LANE_TX_LOCK)) {
        *result = LANE_TX_RETRY;
        return true;
    }
    bool queue = !only_behind || has(tx, ENQUEUED);
    if (queue) *result = enqueue(tx, list, flags, &victims);
    tx->env->ops->exit(tx->env, LANE_TX_LOCK);
    if (victims.head)
        drop(tx, victims.head, victims.pkts,
             flags & LANE_TX_DROP_ON_NO_DESC ? LANE_DROP_TX_NODESC : LANE_DROP_TX_FULL);
    else if (queue && !*list)
        trace(tx, LANE_TRACE_TX_QUEUE, pkts, lane_tx_queued(tx));
    return queue;
}

enum lane_tx_result lane_tx_send(struct lane_tx *tx, struct lane_pkt **list, unsigned flags)
{
    uint32_t offered = lane_chain_of(*list).pkts;
    enum lane_tx_result result;
    if (offered == 0) return LANE_TX_DONE;
    if (!has(tx, ENQUEUED) || !queue_behind(tx, list, flags, true, &result)) {
        switch (transmit(tx, list)) {
        case SENT_ALL: result = LANE_TX_DONE; break;
        case SENT_BUSY: result = LANE_TX_RETRY; break;
        default: queue_behind(tx, list, flags, false, &result); break;
        }
    }
    uint32_t taken = offered - lane_chain_of(*list).pkts;
    if (taken) {
        count(tx, &tx->entered, taken);
        tx->env->ops->charge(tx->env, LANE_OP_TX_PACKET, taken);
    }
    return result;
}

void lane_tx_update(struct lane_tx *tx)
{
    shared_flag(tx->env, &tx->woken_up, true);
    if (!(shared_and(tx->env, &tx->state, ~(unsigned)BLOCKED) & BLOCKED)) return;
    count(tx, &tx->counter[LANE_TX_unblockcnt], 1);
    trace(tx, LANE_TRACE_TX_UNBLOCK, lane_tx_queued(tx), tx->ring);
    bell_ring(&tx->bell, tx->env, LANE_TX_WORKER);
}

/* -- the worker ------------------------------------------------------------------------------------------------- */

/* With the lock held: the unsent part goes back to the head of the queue. */
static void put_back(struct lane_tx *tx)
{
    lane_chain_append(&tx->held, &tx->queue);
    tx->queue = tx->held;
    tx->held = (struct lane_chain){ 0 };
}

/* With the lock held.  True: a reclaim came since sending began, so try again instead of waiting for one. */
static bool reclaimed_meanwhile(struct lane_tx *tx)
{
    shared_or(tx->env, &tx->state, BLOCKED);
    if (atomic_load(&tx->woken_up) && (shared_and(tx->env, &tx->state, ~(unsigned)BLOCKED) & BLOCKED)) return true;
    count(tx, &tx->counter[LANE_TX_blockcnt], 1); /* or lane_tx_update() has counted the release and rung already */
    return false;
}

/* With the lock held: the queue is completely empty.  True: senders are to be told. */
static bool release(struct lane_tx *tx)
{
    unsigned was = shared_and(tx->env, &tx->state, ~(unsigned)(ENQUEUED | HIWAT | WAKEUP_CLIENT));
    return (was & (HIWAT | WAKEUP_CLIENT)) != 0;
}

/* One burst of what is held.  The phase says how it went; false: cannot now. */
static bool send_held(struct lane_tx *tx)
{
    struct lane_chain part = lane_chain_cut(&tx->held, tx->tune.step_pkts);
    struct lane_pkt *list = part.head;
    enum sent sent = transmit(tx, &list);
    struct lane_chain rest = lane_chain_of(list);
    atomic_fetch_sub(&tx->queued, part.pkts - rest.pkts);
    lane_chain_append(&rest, &tx->held);
    tx->held = rest;
    if (sent == SENT_SHORT)
        tx->phase = TX_STUCK;
    else if (!tx->held.head)
        tx->phase = TX_LOOK;
    return sent != SENT_BUSY;
}

enum lane_step_result lane_tx_step(struct lane_tx *tx)
{
    bool again = false, notify = false;
    if (tx->phase == TX_SEND) {
        if (!send_held(tx)) return LANE_STEP_BLOCKED;
        if (tx->phase == TX_SEND) return LANE_STEP_AGAIN;
    }
    if (!tx->env->ops->enter(tx->env, LANE_TX_LOCK)) return LANE_STEP_BLOCKED;
    bell_answer(&tx->bell, tx->env);
    if (tx->phase == TX_STUCK) {
        put_back(tx);
        again = reclaimed_meanwhile(tx);
        tx->phase = TX_IDLE;
        if (again)
            shared_flag(tx->env, &tx->bell.rung, true); /* by itself */
        else
            trace(tx, LANE_TRACE_TX_BLOCK, lane_tx_queued(tx), tx->ring);
    } else if (tx->queue.head && !has(tx, BLOCKED)) {
        tx->held = tx->queue;
        tx->queue = (struct lane_chain){ 0 };
        shared_flag(tx->env, &tx->woken_up, false);
        tx->phase = TX_SEND;
        again = true;
    } else {
        notify = tx->phase == TX_LOOK && release(tx);
        tx->phase = TX_IDLE;
    }
    tx->env->ops->exit(tx->env, LANE_TX_LOCK);
    if (notify) {
        trace(tx, LANE_TRACE_TX_NOTIFY, tx->ring, 0);
        tx->client_ops->tx_notify(tx->client, tx);
    }
    return again ? LANE_STEP_AGAIN : LANE_STEP_SLEEP;
}

bool lane_tx_park(struct lane_tx *tx) { return bell_park(&tx->bell, tx->env); }

uint32_t lane_tx_queued(const struct lane_tx *tx) { return atomic_load(&tx->queued); }
bool lane_tx_flow_controlled(const struct lane_tx *tx) { return has(tx, HIWAT | WAKEUP_CLIENT); }
const uint64_t *lane_tx_counters(const struct lane_tx *tx) { return tx->counter; }

const char *lane_tx_check(const struct lane_tx *tx)
{
    uint32_t queued = lane_tx_queued(tx);
    if (lane_chain_of(tx->queue.head).pkts != tx->queue.pkts || lane_chain_of(tx->held.head).pkts != tx->held.pkts)
        return "a chain's count does not match its list";
    if (tx->queue.pkts + tx->held.pkts != queued) return "packets queued are not those on the queue and held";
    if (tx->entered != tx->counter[LANE_TX_opackets] + tx->dropped + queued)
        return "packets entered are not sent, dropped or queued";
    if (tx->counter[LANE_TX_blockcnt] - tx->counter[LANE_TX_unblockcnt] != (has(tx, BLOCKED) ? 1 : 0))
        return "blocked and unblocked do not alternate";
    if (queued && !has(tx, ENQUEUED)) return "packets wait and senders do not know";
    if (lane_tx_flow_controlled(tx) && !has(tx, ENQUEUED)) return "senders are stopped and nothing is queued";
    if (tx->phase == TX_IDLE && queued && !has(tx, BLOCKED) && !atomic_load(&tx->bell.rung))
        return "packets wait and the worker was not told";
    return NULL;
}
