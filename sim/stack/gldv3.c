/* SPDX-License-Identifier: GPL-3.0-or-later
 * gldv3.c -- the data path of a card under GLDv3, as it was before Crossbow.
 *
 *   interrupt:  driver's receive, up to its limit  ->  the chain as a whole: mac_rx
 *               -> data-link services: sub-chains of like headers, each looked up by (type, VLAN), shared hash, reference
 *               -> IP: each packet to the squeue of its connection; processed here unless it is being processed
 *   soft rings: with soft_rings > 0 the interrupt hashes packets to threads, and these do what IP and above have to do
 *   transmit:   whoever processes the squeue -> MAC layer, shared -> the one ring, under its lock
 *               out of descriptors: packets wait here, writers are told to, until the driver has room again
 *
 * What is shared is a cache line that moves between CPUs: the reader's counts of the MAC layer's receive and transmit
 * locks, the hash's lock, the reference count of what it finds.  Nobody writes them here, so readers do not wait.  Left
 * out: promiscuous listeners, VLAN links, multicast membership (all are received). */
#include "stack/gldv3.h"

#include <stdlib.h>
#include <string.h>

#include "core/assert.h"
#include "stack/squeue.h"

enum { STEP_PKTS = 32, SOFT_RINGS_MAX = 16, HEADER_LINES = 2, ETHER_KEY = 14 };

/* e1000g_m_blank() of the driver's first GLDv3 version: interval = packets << 5 in units of 256 ns, called with a
 * normal count of 8 packets times 3 (RR_MAX_PKT_CNT_RATIO; RR_MIN_PKT_CNT_RATIO is the same, so it stays). */
enum { BLANK_ITR_UNITS = (8 * 3) << 5 };

enum {
#define X(name) GLD_##name,
    GLDV3_COUNTERS(X)
#undef X
    N_GLD
};
static const char *const names[] = {
#define X(name) #name,
    GLDV3_COUNTERS(X)
#undef X
};

struct nic;

struct soft_ring {
    struct nic *nic;
    int cpu;
    struct mutex *lock;
    struct packet_queue queue;
    struct squeue_entrant entrant; /* its thread */
};

enum phase { FETCH, UP, DONE };

struct nic {
    struct gldv3 *g;
    struct stack_nic_config config;
    struct stack_link_config link;
    char *name;
    int cpu;                      /* that its receive interrupts */
    struct squeue_entrant entrant; /* its interrupt */
    enum phase phase;
    struct packet_queue chain;    /* taken from the driver in this interrupt */
    uint32_t fetched;
    bool entered;                 /* the chain has been given to the MAC layer */
    uint8_t key[ETHER_KEY];       /* of the sub-chain under way */
    bool keyed;
    struct touchable mac_rx, dls, mac_tx;
    struct soft_ring *soft;       /* [soft_rings] */
    struct packet_queue waiting;  /* to be sent, in order */
    bool blocked;                 /* writers wait */
    bool full;                    /* until the driver says that there is room */
    struct thread *tx_thread;
    bool blanked;
    uint64_t counter[N_GLD];
};

struct gldv3 {
    struct stack stack;           /* must be first */
    struct gldv3_config config;
    struct machine *m;
    struct nic **nic;
    int n_nics;
    uint64_t held;
};

static const struct stack_ops ops;
static step_fn soft_step, tx_step;
static sockets_transmit_fn transmit;
static squeue_blank_fn blank;

static struct gldv3 *of(struct stack *s) { return (struct gldv3 *)(void *)s; }
static const struct gldv3 *of_const(const struct stack *s) { return (const struct gldv3 *)(const void *)s; }

/* -- building ------------------------------------------------------------------------------------------------------ */

struct stack *gldv3_create(const struct gldv3_config *config)
{
    struct gldv3 *g = calloc(1, sizeof *g);
    SIM_ASSERT(g && config->soft_rings >= 0 && config->soft_rings <= SOFT_RINGS_MAX);
    g->stack.ops = &ops;
    g->config = *config;
    g->m = config->machine;
    return &g->stack;
}

static void create_soft_ring(struct nic *n, int i)
{
    struct soft_ring *r = &n->soft[i];
    char name[256];
    r->nic = n;
    r->cpu = (n->cpu + 1 + i) % machine_cpu_count(n->g->m);
    snprintf(name, sizeof name, "%s/soft%d", n->config.name, i);
    r->lock = mutex_create(n->g->m, name);
    struct thread *t = thread_create(n->g->m, &(struct thread_config){ .name = name, .priority = THREAD_LANE_HIGH,
                                                                       .cpu = r->cpu, .step = soft_step, .owner = r });
    squeue_entrant_init(&r->entrant, n->g->config.sockets, SQUEUE_WRITER, t);
}

static int add_nic(struct stack *s, const struct stack_nic_config *config)
{
    struct gldv3 *g = of(s);
    struct nic *n = calloc(1, sizeof *n);
    char name[256];
    g->nic = realloc(g->nic, ((size_t)g->n_nics + 1) * sizeof(struct nic *));
    SIM_ASSERT(n && g->nic);
    n->g = g;
    n->config = *config;
    n->name = strdup(config->name);
    SIM_ASSERT(n->name);
    n->config.name = n->name;
    n->cpu = g->n_nics % machine_cpu_count(g->m);
    squeue_entrant_init(&n->entrant, g->config.sockets, SQUEUE_INTERRUPT, NULL);
    netdev_rx_bind(config->dev, 0, n->cpu);
    if (g->config.blanking) squeue_bind_ring(g->config.sockets, n->cpu, blank, n);
    snprintf(name, sizeof name, "%s/txq", config->name);
    n->tx_thread = thread_create(g->m, &(struct thread_config){ .name = name, .priority = THREAD_LANE_HIGH,
                                                                .cpu = CPU_ANY, .step = tx_step, .owner = n });
    n->soft = calloc((size_t)g->config.soft_rings + 1, sizeof *n->soft);
    SIM_ASSERT(n->soft);
    for (int i = 0; i < g->config.soft_rings; i++) create_soft_ring(n, i);
    snprintf(name, sizeof name, "%s/%s", machine_name(g->m), config->name);
    stats_register(g->config.stats, "gldv3", name, names, n->counter, N_GLD);
    g->nic[g->n_nics] = n;
    return g->n_nics++;
}

static const char *link_problem(const struct stack *s, const struct stack_link_config *l)
{
    (void)s;
    if (l->vlan) return "gldv3 has no links with a VLAN tag";
    if (l->group < 0) return "gldv3 has one link per NIC and no VNICs";
    if (l->lanes > 1) return "gldv3 takes packets from one receive ring";
    if (l->fanout > 0 || l->cpu_count > 0) return "gldv3 has no lanes to place on CPUs";
    return NULL;
}

static void add_link(struct stack *s, int nic, const struct stack_link_config *link)
{
    struct nic *n = of(s)->nic[nic];
    SIM_ASSERT(!link_problem(s, link) && !n->link.name);
    n->link = *link;
    n->link.name = n->name;
    sockets_add_link(of(s)->config.sockets, &(struct sockets_link){ .name = link->name, .mac = link->mac,
        .ip = link->ip, .mtu_bytes = link->mtu_bytes, .datalink = n, .transmit = transmit,
        .node = link->node });
}

static void start(struct stack *s)
{
    for (int i = 0; i < of(s)->n_nics; i++) netdev_rx_intr_enable(of(s)->nic[i]->config.dev, 0);
}

static void destroy(struct stack *s)
{
    struct gldv3 *g = of(s);
    for (int i = 0; i < g->n_nics; i++) {
        free(g->nic[i]->soft);
        free(g->nic[i]->name);
        free(g->nic[i]);
    }
    free(g->nic);
    free(g);
}

/* -- receive ------------------------------------------------------------------------------------------------------- */

/* IP and above, on this CPU. */
static void ip_input(struct nic *n, struct packet *p)
{
    n->g->held--;
    sockets_receive(n->g->config.sockets, p);
}

static bool wanted(const struct nic *n, const struct packet *p)
{
    return (p->hdr[0] & 1) || mac_equal(p->hdr, n->link.mac.byte);
}

/* Data-link services for the next packet of the chain: false when nobody wants it. */
static bool dls_accept(struct nic *n, struct packet *p)
{
    struct machine *m = n->g->m;
    machine_charge(m, COST_DLS_RX_PACKET, 1);
    if (!n->keyed || memcmp(n->key, p->hdr, ETHER_KEY) != 0) {
        memcpy(n->key, p->hdr, ETHER_KEY);
        n->keyed = true;
        n->counter[GLD_subchains]++;
        machine_charge(m, COST_DLS_LOOKUP, 1);
        machine_charge(m, COST_MUTEX_ENTER, 1); /* reader of the hash */
        machine_touch(m, &n->dls, 2);
    }
    return n->link.name && headers_vlan(p) < 0 && wanted(n, p);
}

/* As the kernel did: the ports and addresses decide, so a connection keeps to one. */
static struct soft_ring *choose_soft_ring(struct nic *n, const struct packet *p)
{
    uint32_t hash = 0;
    machine_charge(n->g->m, COST_LANE_FANOUT, 1);
    if (p->l4) hash = get_be32(p->hdr + p->l3 + 12) ^ get_be32(p->hdr + p->l3 + 16) ^ get_be32(p->hdr + p->l4);
    return &n->soft[(hash ^ hash >> 24 ^ hash >> 16 ^ hash >> 8) % (uint32_t)n->g->config.soft_rings];
}

static void to_soft_ring(struct nic *n, struct packet *p)
{
    struct soft_ring *r = choose_soft_ring(n, p);
    bool entered = mutex_enter(r->lock); /* else its holder is stopped by an interrupt, for a moment */
    machine_charge(n->g->m, COST_SOFTRING_ENQUEUE, 1);
    packet_queue_push(&r->queue, p);
    if (entered) mutex_exit(r->lock);
    thread_wake(r->entrant.thread);
}

/* The driver's receive: up to its limit per interrupt, then all at once up. */
static enum step_result fetch(struct nic *n)
{
    const struct netdev_limits *limits = &n->config.dev->limits;
    struct packet_queue got = { 0 };
    struct packet *p;
    uint32_t most = limits->rx_limit_pkts - n->fetched;
    if (most > STEP_PKTS) most = STEP_PKTS;
    uint32_t count = netdev_rx_burst(n->config.dev, 0, &got, most, UINT64_MAX, n->fetched == 0);
    if (count == NETDEV_BLOCKED) return STEP_BLOCKED;
    while ((p = packet_queue_pop(&got))) packet_queue_push(&n->chain, p);
    n->g->held += count;
    n->fetched += count;
    if (count < most || n->fetched >= limits->rx_limit_pkts) n->phase = n->fetched ? UP : DONE;
    return STEP_AGAIN;
}

/* A part of the chain: as much as goes to one squeue. */
static void go_up(struct nic *n)
{
    struct machine *m = n->g->m;
    struct packet *p;
    machine_protocol(m, true);
    if (!n->entered) {
        n->entered = true;
        n->counter[GLD_chains]++;
        n->counter[GLD_ipackets] += n->chain.count;
        machine_charge(m, COST_MAC_RX_CHAIN, 1);
        machine_charge(m, COST_MUTEX_ENTER, 1); /* reader of the list of callbacks */
        machine_touch(m, &n->mac_rx, 1);
    }
    for (int i = 0; i < STEP_PKTS && (p = n->chain.head); i++) {
        if (!n->g->config.soft_rings && !squeue_find(&n->entrant, p)) break;
        packet_queue_pop(&n->chain);
        if (!dls_accept(n, p)) {
            n->counter[GLD_unknowns]++;
            n->g->held--;
            packet_drop(n->g->config.pool, p, DROP_NO_CLIENT);
        } else if (n->g->config.soft_rings) {
            to_soft_ring(n, p);
        } else {
            ip_input(n, p);
        }
    }
    machine_protocol(m, false);
    if (n->chain.count == 0) n->phase = DONE;
}

/* One step of the interrupt.  Frames beyond the limit are left to the next one, which is asked for. */
static enum step_result interrupt_step(struct nic *n)
{
    bool limited = n->fetched >= n->config.dev->limits.rx_limit_pkts;
    enum squeue_result worked = squeue_work(&n->entrant);
    if (worked != SQUEUE_NONE) return squeue_step_result(worked);
    if (n->phase == FETCH) return fetch(n);
    if (n->phase == UP) {
        go_up(n);
        return STEP_AGAIN;
    }
    if (limited) {
        n->counter[GLD_limited]++;
        netdev_rx_intr_enable(n->config.dev, 0);
    }
    n->phase = FETCH;
    n->fetched = 0;
    n->entered = n->keyed = false;
    return STEP_SLEEP;
}

static enum step_result rx_ready(struct stack *s, int nic, int ring)
{
    struct nic *n = of(s)->nic[nic];
    (void)ring;
    squeue_begin(&n->entrant);
    return squeue_end(&n->entrant, interrupt_step(n));
}

static enum step_result soft_ring_step(struct soft_ring *r)
{
    struct nic *n = r->nic;
    struct machine *m = n->g->m;
    struct packet *p;
    enum squeue_result worked = squeue_work(&r->entrant);
    if (worked != SQUEUE_NONE) return squeue_step_result(worked);
    if (r->queue.count == 0) return STEP_SLEEP;
    if (!mutex_enter(r->lock)) return STEP_BLOCKED;
    machine_charge(m, COST_SOFTRING_DRAIN, 1);
    mutex_exit(r->lock);
    for (int i = 0; i < STEP_PKTS && (p = r->queue.head) && squeue_find(&r->entrant, p); i++) {
        struct touchable header = { .last = (int16_t)(n->cpu + 1) };
        packet_queue_pop(&r->queue);
        machine_touch(m, &header, HEADER_LINES);
        ip_input(n, p);
    }
    return STEP_AGAIN;
}

static enum step_result soft_step(void *owner)
{
    struct soft_ring *r = owner;
    squeue_begin(&r->entrant);
    return squeue_end(&r->entrant, soft_ring_step(r));
}

static void blank(void *owner)
{
    struct nic *n = owner;
    if (n->blanked) return;
    n->blanked = true;
    n->counter[GLD_blanks]++;
    netdev_set_itr(n->config.dev, 0, BLANK_ITR_UNITS);
}

/* -- transmit ------------------------------------------------------------------------------------------------------ */

static enum netdev_tx_result mac_tx(struct nic *n, struct packet *p)
{
    enum netdev_tx_result r = netdev_tx(n->config.dev, 0, p);
    if (r != NETDEV_TX_OK) return r;
    n->g->held--;
    n->counter[GLD_opackets]++;
    return r;
}

static void now_full(struct nic *n)
{
    n->full = true;
    if (n->blocked) return;
    n->blocked = true;
    n->counter[GLD_blocks]++;
    sockets_tx_blocked(n->g->config.sockets, n, 0);
}

static unsigned transmit(void *datalink, struct packet *p)
{
    struct nic *n = datalink;
    struct machine *m = n->g->m;
    n->g->held++;
    machine_charge(m, COST_MAC_TX, 1);
    machine_charge(m, COST_MUTEX_ENTER, 1); /* reader of the MAC layer's transmit state */
    machine_touch(m, &n->mac_tx, 1);
    enum netdev_tx_result r = n->waiting.count ? NETDEV_TX_BLOCKED : mac_tx(n, p);
    if (r == NETDEV_TX_OK) return 0;
    n->counter[GLD_txwaits]++;
    packet_queue_push(&n->waiting, p);
    if (r == NETDEV_TX_FULL)
        now_full(n);
    else if (!n->full)
        thread_wake(n->tx_thread);
    return 0;
}

/* Sends what waits: after the ring was full, or its lock's owner stopped by an interrupt. */
static enum step_result tx_step(void *owner)
{
    struct nic *n = owner;
    struct packet *p;
    if (n->full) return STEP_SLEEP;
    for (int i = 0; i < STEP_PKTS && (p = packet_queue_pop(&n->waiting)); i++) {
        enum netdev_tx_result r = mac_tx(n, p);
        if (r != NETDEV_TX_OK) packet_queue_push_first(&n->waiting, p);
        if (r == NETDEV_TX_BLOCKED) return STEP_BLOCKED;
        if (r == NETDEV_TX_FULL) {
            now_full(n);
            return STEP_SLEEP;
        }
    }
    if (n->waiting.count) return STEP_AGAIN;
    if (n->blocked) sockets_tx_released(n->g->config.sockets, n, 0);
    n->blocked = false;
    return STEP_SLEEP;
}

static void tx_update(struct stack *s, int nic, int ring)
{
    struct nic *n = of(s)->nic[nic];
    (void)ring;
    n->full = false;
    thread_wake(n->tx_thread);
}

/* -- the whole ----------------------------------------------------------------------------------------------------- */

static uint64_t held(const struct stack *s)
{
    return of_const(s)->held;
}

static void check(const struct stack *s)
{
    const struct gldv3 *g = of_const(s);
    uint64_t count = 0;
    for (int i = 0; i < g->n_nics; i++) {
        const struct nic *n = g->nic[i];
        count += n->chain.count + n->waiting.count;
        for (int k = 0; k < g->config.soft_rings; k++) count += n->soft[k].queue.count;
        SIM_ASSERT(!n->full || n->blocked);
    }
    SIM_ASSERT(count == g->held);
    squeue_check(g->config.sockets);
}

static void print(const struct stack *s, FILE *out)
{
    const struct gldv3 *g = of_const(s);
    for (int i = 0; i < g->n_nics; i++) {
        const struct nic *n = g->nic[i];
        fprintf(out, "    %-12s ring 0   interrupt cpu %-3d", n->name, n->cpu);
        if (g->config.soft_rings == 0) fprintf(out, " no soft rings");
        for (int k = 0; k < g->config.soft_rings; k++)
            fprintf(out, "%s%d", k ? "," : " soft rings on cpu ", n->soft[k].cpu);
        fprintf(out, "\n");
    }
    fprintf(out, "    %-12s one for each of %d CPUs, of all connections\n", "squeues", machine_cpu_count(g->m));
}

static const struct stack_ops ops = {
    .destroy = destroy, .link_problem = link_problem, .add_nic = add_nic, .add_link = add_link, .start = start,
    .rx_ready = rx_ready, .tx_update = tx_update, .held = held, .check = check, .print = print,
};
