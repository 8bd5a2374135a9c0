/* SPDX-License-Identifier: GPL-3.0-or-later
 * crossbow.c -- lanes on a modelled machine.
 *
 *   interrupt of ring r --> lane_step(INTR) --+                          +--> sockets_receive() on the softring's CPU
 *   poll thread         --> lane_step(POLL) --+--> softrings, by hash ---+
 *   worker              --> lane_step(WORKER)-+                          +--> or inline, a single packet
 *
 *   sockets_receive(): IP, and the squeue of the connection; a new connection gets that of the TCP softring it came by
 *
 *   sender's thread --> lane_tx_send() --> netdev_tx() --> descriptors;  out of them: the transmit worker waits
 *
 * With several transmit rings a link has a transmit side on each of its own, or of those that links share, and a hash
 * keeps a connection on one of them.
 *
 * A lane's interrupt runs on the CPU of its poll thread: they exclude each other (paper, section 4.3).  This file
 * builds the stack and takes the driver's calls; crossbow_host.c is what the lanes see of the machine. */
#include "stack/crossbow.h"

#include "stack/crossbow_impl.h"

static void env_init(struct env *env, struct crossbow *c, const char *name, unsigned threads, unsigned locks)
{
    *env = (struct env){ .lane_env = { &crossbow_env_ops }, .c = c, .name = copy_text(name), .threads = threads };
    env->worker = calloc(threads ? threads : 1, sizeof *env->worker);
    env->lock = calloc(locks ? locks : 1, sizeof(struct mutex *));
    SIM_ASSERT(env->worker && env->lock);
    struct entity *entity = engine_entity(machine_engine(c->m), name);
    env->entity = entity->id;
    for (unsigned i = 0; i < locks; i++) {
        char lock[300];
        snprintf(lock, sizeof lock, i ? "%s/soft%u" : "%s/lock", name + strlen(machine_name(c->m)) + 1, i - 1);
        env->lock[i] = mutex_create(c->m, lock);
    }
    for (unsigned i = 0; i < threads; i++) {
        env->worker[i].env = env;
        env->worker[i].number = i;
        event_init(&env->worker[i].timer, entity, crossbow_timer_fired, &env->worker[i]);
    }
}

static void env_fini(struct env *env)
{
    free((char *)(uintptr_t)env->name);
    free(env->worker);
    free(env->lock);
}

static const struct stack_ops ops;

/* -- building ------------------------------------------------------------------------------------------------------ */

struct stack *crossbow_create(const struct crossbow_config *config)
{
    struct crossbow *c = calloc(1, sizeof *c);
    SIM_ASSERT(c);
    c->stack.ops = &ops;
    c->config = *config;
    c->m = config->machine;
    int n = machine_cpu_count(c->m);
    c->cpus = calloc((size_t)n, sizeof(int));
    SIM_ASSERT(c->cpus);
    for (int i = 0; i < n; i++) c->cpus[i] = i;
    c->cursor = (struct lane_cpu_cursor){ c->cpus, (unsigned)n, 0 };
    return &c->stack;
}

static int add_nic(struct stack *s, const struct stack_nic_config *config)
{
    struct crossbow *c = crossbow_of(s);
    struct nic *n = calloc(1, sizeof *n);
    struct lane_client *own;
    char name[256];
    c->nic = realloc(c->nic, ((size_t)c->n_nics + 1) * sizeof(struct nic *));
    SIM_ASSERT(n && c->nic);
    n->port.ops = &crossbow_port_ops;
    n->c = c;
    n->config = *config;
    n->limits = &config->dev->limits;
    n->name = copy_text(config->name);
    snprintf(name, sizeof name, "%s/%s/mac", machine_name(c->m), config->name);
    env_init(&n->env, c, name, 1, 1);
    int bad = lane_mac_create(&n->mac, &(struct lane_mac_config){ .env = &n->env.lane_env, .port = &n->port,
                              .rings = RINGS_MAX, .ring_pkts = c->config.lane.ring_pkts,
                              .step_pkts = c->config.lane.step_pkts });
    SIM_ASSERT(!bad);
    if (!config->primary) /* its client is open all the same, and not active */
        bad = lane_client_add(&own, n->mac, &(struct lane_client_config){ .addr = NULL });
    SIM_ASSERT(!bad);
    for (int r = 0; r < RINGS_MAX; r++)
        squeue_entrant_init(&n->intr[r], c->config.sockets, SQUEUE_INTERRUPT, NULL);
    c->nic[c->n_nics] = n;
    return c->n_nics++;
}

static const char *link_problem(const struct stack *s, const struct stack_link_config *l)
{
    (void)s;
    if (l->cpu_count > LANE_PLAN_MAX_CPUS) return "cpus: more than 126 CPUs";
    if (l->cpu_count > 0 && l->fanout > 0)
        return "the list of 'cpus' decides how many softrings a lane has; leave 'fanout' out";
    if (l->lanes >= LANES_PER_LINK_MAX) return "more than 16 lanes";
    return NULL;
}

/* Softring sets per lane, and the CPUs of each lane, software lane first; those of the transmit sides, LANE_CPU_NONE
 * without a user's list. */
static void plan_link(struct crossbow *c, struct nic *n, const struct stack_link_config *l, struct lane_cpus *plan,
                      int *tx)
{
    int hw = l->group >= 0 ? l->lanes : 0;
    unsigned fanout = l->fanout > 0 ? (unsigned)l->fanout : lane_plan_fanout(&(struct lane_fanout_request){
        .link_mbps = n->config.link_mbps, .cpu_mhz = (uint32_t)(n->config.clock_hz / 1000000),
        .hw_lanes = (unsigned)hw, .cpus = c->cursor.count });
    if (l->cpu_count > 0) {
        struct lane_user_request r = { l->cpus, l->cpu_count, hw ? (unsigned)hw : 1, (unsigned)l->tx_rings,
                                       c->config.lane.latency_optimize };
        lane_plan_user(&r, hw ? plan + 1 : plan, tx);
        if (hw) plan[0] = plan[1];
        return;
    }
    for (int i = 0; i < l->tx_rings; i++) tx[i] = LANE_CPU_NONE;
    for (int i = 0; i <= hw; i++)
        lane_plan_auto(&plan[i], &c->cursor, i == 0 && hw ? 1 : fanout, c->config.lane.latency_optimize);
}

static int thread_cpu(int planned) { return planned == LANE_CPU_NONE ? CPU_ANY : planned; }

/* Each TCP softring is a ring to IP: it gets a squeue on its CPU. */
static void create_tcp_rings(struct crossbow *c, struct hosted_lane *h)
{
    static const size_t skip = 1; /* the '/' after the machine's name */
    h->tcp = calloc(h->cpus.fanout, sizeof *h->tcp);
    SIM_ASSERT(h->tcp);
    for (unsigned i = 0; i < h->cpus.fanout; i++) {
        struct tcp_ring *r = &h->tcp[i];
        char name[300];
        snprintf(name, sizeof name, "%s/squeue%u", h->env.name + strlen(machine_name(c->m)) + skip, i);
        *r = (struct tcp_ring){ c, h->lane, i, NULL };
        r->squeue = squeue_add_ring(c->config.sockets, name, thread_cpu(h->cpus.soft[i]), THREAD_LANE_HIGH,
                                    &(struct squeue_ring){ crossbow_blank, crossbow_pull, r });
    }
}

static void create_lane(struct datalink *d, int index, int ring, const struct lane_cpus *cpus)
{
    struct crossbow *c = d->c;
    struct hosted_lane *h = &d->lane[index];
    char name[256], thread_name[300];
    static const char *const kinds[] = { "tcp", "udp", "oth" };
    if (ring < 0)
        snprintf(name, sizeof name, "%s/%s/swlane0", machine_name(c->m), d->name);
    else
        snprintf(name, sizeof name, "%s/%s/hwlane%d", machine_name(c->m), d->name, index - 1);
    h->cpus = *cpus;
    h->ring = ring;
    unsigned softs = cpus->fanout * (unsigned)N_LANE_KINDS;
    env_init(&h->env, c, name, LANE_SOFT0 + softs, LANE_LOCK_SOFT0 + softs);
    struct lane_config config = {
        .env = &h->env.lane_env, .port = ring < 0 ? NULL : &d->nic->port, .ring = ring < 0 ? 0 : (unsigned)ring,
        .client_ops = &crossbow_client_ops, .client = h, .vid = (uint16_t)d->config.vlan, .dls_bypass = c->config.rx_bypass,
        .poll_disable = !d->config.poll, .fanout = cpus->fanout, .tune = c->config.lane,
    };
    int bad = lane_create(&h->lane, &config);
    SIM_ASSERT(!bad);
    SIM_ASSERT(lane_thread_count(h->lane) <= h->env.threads);
    for (unsigned t = LANE_POLL; t < h->env.threads; t++) {
        struct worker *w = &h->env.worker[t];
        w->lane = h->lane;
        if (t == LANE_POLL && ring < 0) continue;
        unsigned set = t < LANE_SOFT0 ? 0 : (t - LANE_SOFT0) / N_LANE_KINDS;
        int cpu = t == LANE_POLL ? cpus->poll : t == LANE_WORKER ? cpus->worker : cpus->soft[set];
        if (t >= LANE_SOFT0)
            snprintf(thread_name, sizeof thread_name, "%s/%s%u", name, kinds[(t - LANE_SOFT0) % N_LANE_KINDS], set);
        else
            snprintf(thread_name, sizeof thread_name, "%s/%s", name, t == LANE_POLL ? "poll" : "worker");
        w->thread = thread_create(c->m, &(struct thread_config){ .name = thread_name, .priority = THREAD_LANE_HIGH,
            .cpu = thread_cpu(cpu), .step = crossbow_lane_step, .owner = w,
            .activity = t == LANE_POLL ? ACTIVITY_POLL : ACTIVITY_PROTOCOL });
        squeue_entrant_init(&w->entrant, c->config.sockets, SQUEUE_WRITER, w->thread);
    }
    create_tcp_rings(c, h);
    stats_register(c->config.stats, "lane", name, lane_rx_counter_names, lane_rx_counters(h->lane),
                   N_LANE_RX_COUNTERS);
    stats_register(c->config.stats, "lanestate", name, lane_diag_counter_names, lane_diag_counters(h->lane),
                   N_LANE_DIAG_COUNTERS);
    if (ring >= 0) {
        d->nic->ring_lane[ring] = h->lane;
        h->env.worker[LANE_INTR].lane = h->lane;
        netdev_rx_bind(d->nic->config.dev, ring, cpus->poll);
    }
    d->n_lanes = index + 1;
}

static void create_tx_side(struct datalink *d, unsigned index, int cpu)
{
    struct crossbow *c = d->c;
    struct tx_side *t = &d->tx[index];
    unsigned ring = (unsigned)d->config.tx_first + index;
    char name[256], retry[300];
    int length = snprintf(name, sizeof name, "%s/%s/txlane", machine_name(c->m), d->name);
    if (d->n_tx > 1) snprintf(name + length, sizeof name - (size_t)length, "%u", index);
    t->link = d;
    t->index = index;
    t->ring = ring;
    t->cpu = cpu;
    env_init(&t->env, c, name, 1, 1);
    int bad = lane_tx_create(&t->tx, &(struct lane_tx_config){ .env = &t->env.lane_env, .port = &d->nic->port,
        .ring = ring, .mac = d->nic->mac, .from = d->client, .client_ops = &crossbow_client_ops, .client = d,
        .tune = lane_tx_tunables_default() });
    SIM_ASSERT(!bad);
    struct worker *w = &t->env.worker[LANE_TX_WORKER];
    w->tx = t->tx;
    w->thread = thread_create(c->m, &(struct thread_config){ .name = name, .priority = THREAD_LANE_HIGH,
                              .cpu = thread_cpu(cpu), .step = crossbow_tx_step, .owner = w });
    snprintf(retry, sizeof retry, "%s/retry", name);
    t->retry_thread = thread_create(c->m, &(struct thread_config){ .name = retry, .priority = THREAD_LANE_HIGH,
                                    .cpu = CPU_ANY, .step = crossbow_retry_step, .owner = t });
    stats_register(c->config.stats, "txlane", name, lane_tx_counter_names, lane_tx_counters(t->tx), N_LANE_TX_COUNTERS);
}

static void add_link(struct stack *s, int nic, const struct stack_link_config *config)
{
    struct crossbow *c = crossbow_of(s);
    struct datalink *d = calloc(1, sizeof *d);
    c->link = realloc(c->link, ((size_t)c->n_links + 1) * sizeof(struct datalink *));
    SIM_ASSERT(d && c->link && !link_problem(s, config));
    struct nic *n = c->nic[nic];
    char name[256];
    d->c = c;
    d->nic = n;
    d->config = *config;
    d->name = copy_text(config->name);
    struct lane_cpus plan[LANES_PER_LINK_MAX];
    int tx[SOCKETS_QUEUES_MAX];
    SIM_ASSERT(config->tx_rings > 0 && config->tx_rings <= SOCKETS_QUEUES_MAX);
    SIM_ASSERT(config->tx_first + config->tx_rings <= n->limits->tx_rings);
    plan_link(c, n, config, plan, tx);
    create_lane(d, 0, -1, &plan[0]);
    for (int i = 0; config->group >= 0 && i < config->lanes; i++)
        create_lane(d, i + 1, config->group * n->limits->rings_per_group + i, &plan[i + 1]);

    int bad = lane_client_add(&d->client, n->mac, &(struct lane_client_config){
        .addr = config->mac.byte, .vid = (uint16_t)config->vlan, .ip_plumbed = true, .software = d->lane[0].lane });
    SIM_ASSERT(!bad);
    snprintf(name, sizeof name, "%s/%s", machine_name(c->m), d->name);
    stats_register(c->config.stats, "mac", name, lane_misc_counter_names, lane_client_counters(d->client),
                   N_LANE_MISC_COUNTERS);
    d->n_tx = (unsigned)config->tx_rings;
    d->tx = calloc(d->n_tx, sizeof *d->tx);
    SIM_ASSERT(d->tx);
    for (unsigned i = 0; i < d->n_tx; i++) create_tx_side(d, i, tx[i]);
    sockets_add_link(c->config.sockets, &(struct sockets_link){ .name = d->name, .mac = config->mac,
        .ip = config->ip, .mtu_bytes = config->mtu_bytes, .datalink = d, .transmit = crossbow_transmit,
        .node = config->node });
    c->link[c->n_links++] = d;
}

static void join(struct stack *s, const char *link, struct mac_addr group)
{
    struct crossbow *c = crossbow_of(s);
    for (int i = 0; i < c->n_links; i++)
        if (strcmp(c->link[i]->name, link) == 0) {
            int bad = lane_client_join(c->link[i]->client, group.byte);
            SIM_ASSERT(!bad);
        }
}

/* A link with CPUs of its own takes the interrupts of its transmit rings along, unless others send on them too: then
 * only the card's own link does (7.6, 7.7). */
static void bind_transmit(const struct crossbow *c, const struct datalink *d)
{
    unsigned others = 0;
    for (int i = 0; i < c->n_links; i++)
        others += c->link[i] != d && c->link[i]->nic == d->nic && c->link[i]->config.tx_first == d->config.tx_first;
    bool own = strcmp(d->name, d->nic->name) == 0;
    for (unsigned i = 0; i < d->n_tx && (own || others == 0); i++)
        if (d->tx[i].cpu != LANE_CPU_NONE) netdev_tx_bind(d->nic->config.dev, (int)d->tx[i].ring, d->tx[i].cpu);
}

static void start(struct stack *s)
{
    struct crossbow *c = crossbow_of(s);
    for (int i = 0; i < c->n_links; i++) bind_transmit(c, c->link[i]);
    for (int i = 0; i < c->n_links; i++)
        for (int k = 1; k < c->link[i]->n_lanes; k++) lane_start(c->link[i]->lane[k].lane);
    for (int i = 0; i < c->n_nics; i++) {
        struct nic *n = c->nic[i];
        int first = n->config.shared_group * n->limits->rings_per_group;
        for (int r = 0; n->config.shared_group >= 0 && r < n->limits->rings_per_group; r++)
            netdev_rx_intr_enable(n->config.dev, first + r);
    }
}

static void destroy(struct stack *s)
{
    struct crossbow *c = crossbow_of(s);
    for (int i = 0; i < c->n_links; i++) {
        struct datalink *d = c->link[i];
        for (unsigned k = 0; k < d->n_tx; k++) {
            lane_tx_destroy(d->tx[k].tx);
            env_fini(&d->tx[k].env);
        }
        free(d->tx);
        for (int k = 0; k < d->n_lanes; k++) {
            lane_destroy(d->lane[k].lane);
            free(d->lane[k].tcp);
            env_fini(&d->lane[k].env);
        }
        free(d->name);
        free(d);
    }
    for (int i = 0; i < c->n_nics; i++) {
        lane_mac_destroy(c->nic[i]->mac);
        env_fini(&c->nic[i]->env);
        free(c->nic[i]->name);
        free(c->nic[i]);
    }
    free(c->link);
    free(c->nic);
    free(c->cpus);
    free(c);
}

/* -- running ------------------------------------------------------------------------------------------------------- */

static enum step_result interrupt_step(struct nic *n, int ring)
{
    struct lane *lane = n->ring_lane[ring];
    enum squeue_result worked = squeue_work(&n->intr[ring]);
    if (worked != SQUEUE_NONE) return squeue_step_result(worked);
    if (!lane) return as_step(lane_mac_step(n->mac, (unsigned)ring));
    enum lane_step_result r = lane_step(lane, LANE_INTR);
    if (r == LANE_STEP_SLEEP && !lane_park(lane, LANE_INTR)) r = LANE_STEP_AGAIN;
    return as_step(r);
}

static enum step_result rx_ready(struct stack *s, int nic, int ring)
{
    struct nic *n = crossbow_of(s)->nic[nic];
    squeue_begin(&n->intr[ring]);
    return squeue_end(&n->intr[ring], interrupt_step(n, ring));
}

static void tx_update(struct stack *s, int nic, int ring)
{
    struct crossbow *c = crossbow_of(s);
    for (int i = 0; i < c->n_links; i++) {
        const struct datalink *d = c->link[i];
        int at = ring - d->config.tx_first;
        if (d->nic == c->nic[nic] && at >= 0 && at < (int)d->n_tx) lane_tx_update(d->tx[at].tx);
    }
}

static uint64_t held(const struct stack *s)
{
    return ((const struct crossbow *)(const void *)s)->held;
}

static void check(const struct stack *s)
{
    const struct crossbow *c = (const struct crossbow *)(const void *)s;
    for (int i = 0; i < c->n_links; i++) {
        const struct datalink *d = c->link[i];
        for (int k = 0; k < d->n_lanes; k++) {
            const char *broken = lane_check(d->lane[k].lane);
            if (broken) fprintf(stderr, "%s: %s\n", d->lane[k].env.name, broken);
            SIM_ASSERT(!broken);
        }
        for (unsigned k = 0; k < d->n_tx; k++) SIM_ASSERT(!lane_tx_check(d->tx[k].tx));
    }
    squeue_check(c->config.sockets);
}

static void print(const struct stack *s, FILE *out)
{
    const struct crossbow *c = (const struct crossbow *)(const void *)s;
    for (int i = 0; i < c->n_links; i++) {
        const struct datalink *d = c->link[i];
        for (int k = 0; k < d->n_lanes; k++) {
            const struct hosted_lane *h = &d->lane[k];
            fprintf(out, "    %-12s %-9s", d->name, strrchr(h->env.name, '/') + 1);
            if (h->ring >= 0)
                fprintf(out, " ring %-3d poll cpu %-3d", h->ring, h->cpus.poll);
            else
                fprintf(out, " %-20s", "classified in software");
            fprintf(out, " worker cpu %-3d softrings on cpu", h->cpus.worker);
            for (unsigned f = 0; f < h->cpus.fanout; f++) fprintf(out, "%s%d", f ? "," : " ", h->cpus.soft[f]);
            fprintf(out, "\n");
        }
        for (unsigned k = 0; k < d->n_tx && d->tx[k].cpu != LANE_CPU_NONE; k++)
            fprintf(out, "    %-12s %-9s ring %-3d worker and interrupt cpu %d\n", d->name,
                    strrchr(d->tx[k].env.name, '/') + 1, (int)d->tx[k].ring, d->tx[k].cpu);
    }
}

static const struct stack_ops ops = {
    .destroy = destroy, .link_problem = link_problem, .add_nic = add_nic, .add_link = add_link, .join = join,
    .start = start, .rx_ready = rx_ready, .tx_update = tx_update, .held = held, .check = check, .print = print,
};
