/* SPDX-License-Identifier: GPL-3.0-or-later
 * crossbow_host.c -- what lanes/ ask of the world, answered by a modelled machine: time, locks, threads and prices; the
 * rings of the card through its driver; IP and above.
 *
 * The receive buffers' header lines are read by the CPU that fetches a packet; whoever handles it on another CPU pays
 * for moving those lines again (struct lane_pkt's mark remembers the CPU). */
#include "core/trace.h"
#include "stack/crossbow_impl.h"

enum { HEADER_LINES = 2, TICKS_PER_S = 100, PULL_BYTES = 150000 };

/* -- the environment: time, locks, threads, prices ---------------------------------------------------------------- */

static const enum cost_op price[N_LANE_OPS] = {
    [LANE_OP_RX_CHAIN] = COST_LANE_RX_CHAIN, [LANE_OP_RX_PACKET] = COST_LANE_RX_PACKET,
    [LANE_OP_FANOUT] = COST_LANE_FANOUT, [LANE_OP_SOFT_ENQUEUE] = COST_SOFTRING_ENQUEUE,
    [LANE_OP_SOFT_DRAIN] = COST_SOFTRING_DRAIN, [LANE_OP_CLASSIFY] = COST_MAC_RX_CLASSIFY,
    [LANE_OP_TX_PACKET] = COST_MAC_TX,
};

static const enum drop_reason reason[N_LANE_DROPS] = {
    [LANE_DROP_HIWAT] = DROP_LANE_RX, [LANE_DROP_BAD_FRAME] = DROP_LANE_RX, [LANE_DROP_WRONG_VID] = DROP_LANE_RX,
    [LANE_DROP_NO_CLIENT] = DROP_NO_CLIENT, [LANE_DROP_TX_FULL] = DROP_LANE_TX, [LANE_DROP_TX_NODESC] = DROP_LANE_TX,
    [LANE_DROP_TX_TAG] = DROP_LANE_TX,
};

static int64_t env_now_ns(struct lane_env *e)
{
    return machine_now(env_of(e)->c->m).ps / 1000;
}

static void env_wake(struct lane_env *e, unsigned thread)
{
    struct env *env = env_of(e);
    SIM_ASSERT(thread < env->threads && env->worker[thread].thread);
    thread_wake(env->worker[thread].thread);
}

static bool env_enter(struct lane_env *e, unsigned lock)
{
    return mutex_enter(env_of(e)->lock[lock]);
}

static void env_exit(struct lane_env *e, unsigned lock)
{
    mutex_exit(env_of(e)->lock[lock]);
}

static void env_arm(struct lane_env *e, unsigned thread, unsigned ticks)
{
    struct env *env = env_of(e);
    struct engine *engine = machine_engine(env->c->m);
    sim_dur tick = { 1000000000000 / TICKS_PER_S };
    sim_time now = engine_now(engine); /* callouts run at whole ticks of the clock */
    engine_schedule(engine, &env->worker[thread].timer, (sim_time){ (now.ps / tick.ps + ticks) * tick.ps + tick.ps });
}

void crossbow_timer_fired(void *owner)
{
    struct worker *w = owner;
    if (w->lane) lane_timer(w->lane, w->number);
}

static void env_charge(struct lane_env *e, enum lane_op op, uint32_t n)
{
    machine_charge(env_of(e)->c->m, price[op], n);
}

static void env_trace(struct lane_env *e, enum lane_trace point, uint64_t a, uint64_t b)
{
    struct env *env = env_of(e);
    struct engine *engine = machine_engine(env->c->m);
    if (!engine_view(engine)->trace) return;
    switch (point) {
    case LANE_TRACE_POLLING_ON: TRACE(engine, env->entity, lane_poll_mode, b, a, 0, 0); break;
    case LANE_TRACE_POLLING_OFF: TRACE(engine, env->entity, lane_intr_mode, b, a, 0, 0); break;
    case LANE_TRACE_POLL_CHAIN: TRACE(engine, env->entity, lane_poll, 0, a, b, 0); break;
    case LANE_TRACE_SOFT_HANDOFF: TRACE(engine, env->entity, softring_enqueue, 0, b, a, 0); break;
    case LANE_TRACE_DROP: TRACE(engine, env->entity, lane_drop, 0, a, 0, 0); break;
    case LANE_TRACE_TX_BLOCK: TRACE(engine, env->entity, tx_blocked, b, a, 0, 0); break;
    default: break;
    }
}

static void env_drop(struct lane_env *e, struct lane_pkt *list, enum lane_drop why)
{
    struct crossbow *c = env_of(e)->c;
    while (list) {
        struct lane_pkt *next = list->next;
        c->held--;
        packet_drop(c->config.pool, to_packet(list), reason[why]);
        list = next;
    }
}

static struct lane_pkt *env_clone(struct lane_env *e, const struct lane_pkt *l)
{
    struct crossbow *c = env_of(e)->c;
    const struct packet *p = (const struct packet *)(const void *)((const uint8_t *)l - offsetof(struct packet, cb));
    struct packet *copy = packet_clone(c->config.pool, p, machine_now(c->m));
    c->held++;
    struct lane_pkt *made = to_lane(copy);
    made->next = NULL;
    made->data = copy->hdr;
    return made;
}

const struct lane_env_ops crossbow_env_ops = {
    LANE_ENV_VERSION, env_now_ns, env_wake, env_enter, env_exit, env_arm, env_charge, env_trace, env_drop, env_clone,
    .serial = true,
};

static enum step_result lane_thread_step(struct worker *w)
{
    enum squeue_result worked = squeue_work(&w->entrant);
    if (worked != SQUEUE_NONE) return squeue_step_result(worked);
    enum lane_step_result r = lane_step(w->lane, w->number);
    if (r == LANE_STEP_SLEEP && !lane_park(w->lane, w->number)) r = LANE_STEP_AGAIN;
    return as_step(r);
}

enum step_result crossbow_lane_step(void *owner)
{
    struct worker *w = owner;
    squeue_begin(&w->entrant);
    return squeue_end(&w->entrant, lane_thread_step(w));
}

enum step_result crossbow_tx_step(void *owner)
{
    struct worker *w = owner;
    enum lane_step_result r = lane_tx_step(w->tx);
    if (r == LANE_STEP_SLEEP && !lane_tx_park(w->tx)) r = LANE_STEP_AGAIN;
    return as_step(r);
}

/* -- the port: rings of the card through its driver ---------------------------------------------------------------- */

static bool port_rx_burst(struct lane_port *port, unsigned ring, uint32_t max_pkts, uint64_t max_bytes, bool first,
                          struct lane_chain *out)
{
    struct nic *n = nic_of(port);
    struct packet_queue got = { 0 };
    uint32_t n_got = netdev_rx_burst(n->config.dev, (int)ring, &got, max_pkts, max_bytes, first);
    if (n_got == NETDEV_BLOCKED) return false;
    uint32_t cpu = machine_in_step(n->c->m) ? (uint32_t)machine_current_cpu(n->c->m) + 1 : 0;
    n->c->held += n_got;
    for (struct packet *p = got.head; p; p = p->next) {
        struct lane_pkt *l = wrap(p);
        l->mark = cpu;
        lane_chain_add(out, l);
    }
    return true;
}

static bool port_tx_burst(struct lane_port *port, unsigned ring, struct lane_pkt **list)
{
    struct nic *n = nic_of(port);
    while (*list) {
        struct lane_pkt *l = *list, *next = l->next;
        struct packet *p = to_packet(l);
        bool tag = l->flags & LANE_PKT_INSERT_TAG;
        if (tag) tag = headers_vlan_push(p, l->vid);
        enum netdev_tx_result r = netdev_tx(n->config.dev, (int)ring, p);
        if (r != NETDEV_TX_OK) {
            if (tag) headers_vlan_pop(p); /* it comes again, and is tagged again */
            return r == NETDEV_TX_FULL;
        }
        n->c->held--;
        *list = next;
    }
    return true;
}

static bool port_irq_on(struct lane_port *port, unsigned ring)
{
    netdev_rx_intr_enable(nic_of(port)->config.dev, (int)ring);
    return false; /* for frames that wait the driver has fired an interrupt itself */
}

static void port_irq_off(struct lane_port *port, unsigned ring)
{
    netdev_rx_intr_disable(nic_of(port)->config.dev, (int)ring);
}

const struct lane_port_ops crossbow_port_ops = {
    LANE_PORT_VERSION, port_rx_burst, port_tx_burst, port_irq_on, port_irq_off,
};

/* -- the client: IP and above -------------------------------------------------------------------------------------- */

/* The headers of 'n' packets that one CPU fetched move to the running one. */
static void touch_headers(struct crossbow *c, uint32_t mark, int n)
{
    struct touchable lines = { .last = (int16_t)mark };
    if (n > 0) machine_touch(c->m, &lines, n * HEADER_LINES);
}

static void receive(struct crossbow *c, struct lane_pkt *l)
{
    touch_headers(c, l->mark, 1);
    c->held--;
    sockets_receive(c->config.sockets, to_packet(l));
}

/* Packets that only join the chain of a step: as many as go to one squeue.  The headers that one CPU fetched are paid for
 * together. */
static uint32_t deliver_chain(struct crossbow *c, struct squeue_entrant *e, struct lane_chain *chain, uint32_t n)
{
    uint32_t taken = 0, mark = chain->head->mark;
    int same = 0;
    struct squeue *q;
    while (taken < n && (q = squeue_find(e, to_packet(chain->head)))) {
        struct lane_pkt *l = lane_chain_take_one(chain);
        if (l->mark != mark) {
            touch_headers(c, mark, same);
            mark = l->mark;
            same = 0;
        }
        same++;
        taken++;
        squeue_join(e, q, to_packet(l));
    }
    touch_headers(c, mark, same);
    c->held -= taken;
    return taken;
}

static uint32_t deliver_each(struct crossbow *c, struct squeue_entrant *e, struct lane_chain *chain, uint32_t n)
{
    uint32_t taken = 0;
    for (; taken < n && (!e || squeue_find(e, to_packet(chain->head))); taken++) receive(c, lane_chain_take_one(chain));
    return taken;
}

/* As much as goes to one squeue; whoever steps the lane processes that before he comes back for more. */
static enum lane_step_result client_deliver(void *client, const struct lane_delivery *how, struct lane_chain *chain,
                                            uint32_t n)
{
    const struct hosted_lane *h = client;
    struct crossbow *c = h->env.c;
    struct squeue_entrant *e = squeue_current(c->config.sockets);
    uint32_t taken;
    machine_protocol(c->m, true);
    if (e) e->ring = how->kind == LANE_TCP ? h->tcp[how->set].squeue : NULL;
    if (e && how->kind == LANE_TCP)
        taken = deliver_chain(c, e, chain, n);
    else
        taken = deliver_each(c, e, chain, n);
    if (how->kind == LANE_OTH) { /* no bypass: the data-link services look at every header */
        machine_charge(c->m, COST_DLS_RX_PACKET, taken);
        machine_charge(c->m, COST_DLS_LOOKUP, 1);
    }
    machine_protocol(c->m, false);
    return e && e->last ? LANE_STEP_AGAIN : LANE_STEP_SLEEP;
}

enum step_result crossbow_blank(void *ring, bool on)
{
    const struct tcp_ring *r = ring;
    return as_step(lane_soft_blank(r->lane, LANE_TCP, r->set, on));
}

enum step_result crossbow_pull(void *ring, uint32_t *n)
{
    const struct tcp_ring *r = ring;
    struct lane_chain got = { 0 };
    enum step_result result = as_step(lane_soft_pull(r->lane, LANE_TCP, r->set, PULL_BYTES, &got));
    *n = got.pkts;
    squeue_current(r->c->config.sockets)->ring = r->squeue;
    while (got.head) receive(r->c, lane_chain_take_one(&got));
    return result;
}

static void client_tx_notify(void *client, struct lane_tx *tx)
{
    struct datalink *d = client;
    for (unsigned i = 0; i < d->n_tx; i++)
        if (d->tx[i].tx == tx) sockets_tx_released(d->c->config.sockets, d, i);
}

const struct lane_client_ops crossbow_client_ops = { LANE_CLIENT_VERSION, client_deliver, client_tx_notify };

/* Sends 'list', with nothing waiting to be sent again; what meets a lock that cannot be entered is left to the retry
 * thread. */
static bool send_list(struct tx_side *t, struct lane_pkt *list)
{
    enum lane_tx_result r = lane_tx_send(t->tx, &list, 0);
    if (r == LANE_TX_RETRY) {
        t->retry = lane_chain_of(list);
        return false;
    }
    if (r == LANE_TX_FLOW) sockets_tx_blocked(t->link->c->config.sockets, t->link, t->index);
    return true;
}

/* The MAC layer folds a hint of its caller, one per connection; here it is made of what tells connections apart. */
static unsigned choose_ring(const struct datalink *d, const struct packet *p)
{
    if (d->n_tx == 1 || !p->l4) return 0;
    uint32_t hint = get_be32(p->hdr + p->l3 + 12) ^ get_be32(p->hdr + p->l3 + 16) ^ get_be32(p->hdr + p->l4);
    return (hint ^ hint >> 24 ^ hint >> 16 ^ hint >> 8) % d->n_tx;
}

unsigned crossbow_transmit(void *datalink, struct packet *p)
{
    struct datalink *d = datalink;
    struct tx_side *t = &d->tx[choose_ring(d, p)];
    struct lane_pkt *l = wrap(p);
    if (p->gso_mss) l->flags = LANE_PKT_LARGE_SEND;
    d->c->held++;
    if (t->retry.head)
        lane_chain_add(&t->retry, l);
    else if (!send_list(t, l))
        thread_wake(t->retry_thread);
    return t->index;
}

enum step_result crossbow_retry_step(void *owner)
{
    struct tx_side *t = owner;
    struct lane_chain all = t->retry;
    t->retry = (struct lane_chain){ 0 };
    if (all.head && !send_list(t, all.head)) return STEP_BLOCKED;
    return STEP_SLEEP;
}
