/* SPDX-License-Identifier: GPL-3.0-or-later
 * test_lane_hosts.c -- the same packets through the same lane under two hosts, one with made-up time and one with
 * real threads: both must deliver each packet once, each connection in order and to the same softring. */
#include <check.h>
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "lanes/host_posix.h"
#include "lanes/mac.h"
#include "suites.h"

enum { N_PKTS = 40000, N_FLOWS = 61, FRAME = 66, RING_PKTS = 512, DEADLINE_S = 60 };

struct test_pkt {
    struct lane_pkt p; /* first */
    uint32_t flow, seq;
    uint8_t frame[FRAME];
};

struct sim_host;
static void sim_spend(struct sim_host *h, int64_t ns);

/* What both hosts are judged by.  A flow's entries are written by its softring's threads alone. */
struct book {
    uint32_t next_seq[N_FLOWS], disorder[N_FLOWS];
    int softring[N_FLOWS];
    uint64_t digest;         /* of the order over all flows: meaningful in made-up time only */
    struct sim_host *sim;
    _Atomic uint32_t delivered, dropped;
};

static enum lane_step_result book_deliver(void *client, const struct lane_delivery *how, struct lane_chain *chain,
                                          uint32_t n)
{
    struct book *b = client;
    for (uint32_t i = 0; i < n; i++) {
        struct test_pkt *p = (struct test_pkt *)(void *)lane_chain_take_one(chain);
        int softring = (int)(how->set * N_LANE_KINDS + how->kind);
        b->disorder[p->flow] += p->seq != b->next_seq[p->flow];
        if (b->next_seq[p->flow] > 0) b->disorder[p->flow] += softring != b->softring[p->flow];
        b->softring[p->flow] = softring;
        b->next_seq[p->flow] = p->seq + 1;
        if (b->sim) b->digest = (b->digest ^ ((uint64_t)p->flow << 32 | p->seq)) * 1099511628211u;
    }
    if (b->sim) sim_spend(b->sim, 130 * (int64_t)n);
    atomic_fetch_add(&b->delivered, n);
    return LANE_STEP_SLEEP;
}
static void book_notify(void *client, struct lane_tx *tx)
{
    (void)client;
    (void)tx;
}
static const struct lane_client_ops book_ops = { LANE_CLIENT_VERSION, book_deliver, book_notify };

static void count_drop(void *owner, struct lane_pkt *list, enum lane_drop why)
{
    struct book *b = owner;
    (void)why;
    atomic_fetch_add(&b->dropped, lane_chain_of(list).pkts);
}

/* The packets: TCP, UDP and ICMP flows in a fixed pseudo-random order. */
static struct test_pkt *make_packets(void)
{
    static const uint8_t head[34] = { 2, 8, 32, 0, 0, 1, 2, 8, 32, 0, 0, 9, 8, 0, 0x45, 0, 0, 52, 0, 0, 0, 0, 64, 0,
                                      0, 0, 10, 0, 0, 1, 10, 0, 0, 2 };
    static const uint8_t protocols[] = { 6, 6, 6, 17, 1 };
    struct test_pkt *pkt = calloc(N_PKTS, sizeof *pkt);
    uint32_t seq[N_FLOWS] = { 0 }, random = 12345;
    for (unsigned i = 0; i < N_PKTS; i++) {
        random = random * 1664525u + 1013904223u;
        struct test_pkt *p = &pkt[i];
        p->flow = (random >> 8) % N_FLOWS;
        p->seq = seq[p->flow]++;
        memcpy(p->frame, head, sizeof head);
        p->frame[23] = protocols[p->flow % 5];
        p->frame[29] = (uint8_t)p->flow;
        p->frame[34] = (uint8_t)p->flow;
        p->p = (struct lane_pkt){ .data = p->frame, .len = FRAME, .hdr_len = FRAME };
    }
    return pkt;
}

static struct lane_config lane_config(unsigned fanout, bool latency_optimize, struct book *b)
{
    struct lane_config c = { .client_ops = &book_ops, .client = b, .dls_bypass = true, .fanout = fanout,
                             .tune = lane_tunables_default() };
    c.tune.latency_optimize = latency_optimize;
    c.tune.hiwat_pkts = UINT32_MAX; /* threads may be off their CPU for long: nothing is to be dropped even so */
    return c;
}

/* -- host with made-up time: one CPU per thread, an operation costs so many nanoseconds -------------------------- */

enum { SIM_THREADS = LANE_SOFT0 + LANE_MAX_SOFT };
struct sim_host {
    struct lane_env env;   /* first */
    struct lane_port port;
    struct lane *lane;
    struct test_pkt *pkt;
    struct lane_chain ring;
    bool irq;
    uint32_t arrived;
    int64_t now_ns, arrival_ns, spent_ns[SIM_THREADS], at_ns[SIM_THREADS], free_ns[SIM_THREADS];
    bool queued[SIM_THREADS];
    unsigned running;
};
static struct sim_host *sim(struct lane_env *e) { return (struct sim_host *)(void *)e; }
static void sim_spend(struct sim_host *h, int64_t ns) { h->spent_ns[h->running] += ns; }
static struct sim_host *sim_of_port(struct lane_port *p)
{
    return (struct sim_host *)(void *)((char *)p - offsetof(struct sim_host, port));
}
static int64_t sim_now_ns(struct lane_env *e) { return sim(e)->now_ns; }
static void sim_wake_at(struct sim_host *h, unsigned t, int64_t at_ns)
{
    if (h->queued[t]) return;
    h->queued[t] = true;
    h->at_ns[t] = at_ns > h->free_ns[t] ? at_ns : h->free_ns[t]; /* its CPU may be busy with its last step */
}
static void sim_wake(struct lane_env *e, unsigned t)
{
    sim_wake_at(sim(e), t, sim(e)->now_ns + sim(e)->spent_ns[sim(e)->running]);
}
static bool sim_enter(struct lane_env *e, unsigned lock)
{
    (void)e;
    (void)lock;
    return true;
}
static void sim_exit(struct lane_env *e, unsigned lock)
{
    (void)e;
    (void)lock;
}
static void sim_arm(struct lane_env *e, unsigned t, unsigned ticks)
{
    (void)ticks;
    sim_wake(e, t);
}
static void sim_charge(struct lane_env *e, enum lane_op op, uint32_t n)
{
    static const int64_t cost_ns[N_LANE_OPS] = { 150, 30, 40, 60, 60, 25, 100 };
    sim(e)->spent_ns[sim(e)->running] += cost_ns[op] * n;
}
static void sim_drop(struct lane_env *e, struct lane_pkt *list, enum lane_drop why)
{
    (void)e;
    (void)list;
    (void)why;
    ck_abort_msg("nothing is to be dropped");
}
static bool sim_rx_burst(struct lane_port *port, unsigned ring, uint32_t max_pkts, uint64_t max_bytes, bool first,
                         struct lane_chain *out)
{
    struct sim_host *h = sim_of_port(port);
    uint64_t bytes = 0;
    (void)ring;
    (void)first;
    while (max_pkts-- && h->ring.head && (bytes += h->ring.head->len) <= max_bytes)
        lane_chain_add(out, lane_chain_take_one(&h->ring));
    return true;
}
static bool sim_irq_on(struct lane_port *port, unsigned ring)
{
    struct sim_host *h = sim_of_port(port);
    (void)ring;
    h->irq = true;
    return h->ring.head != NULL;
}
static void sim_irq_off(struct lane_port *port, unsigned ring)
{
    (void)ring;
    sim_of_port(port)->irq = false;
}
static const struct lane_env_ops sim_env_ops = {
    .version = LANE_ENV_VERSION, .serial = true, .now_ns = sim_now_ns, .wake = sim_wake, .enter = sim_enter, .exit = sim_exit,
    .arm = sim_arm, .charge = sim_charge, .drop = sim_drop,
};
static const struct lane_port_ops sim_port_ops = {
    .version = LANE_PORT_VERSION, .rx_burst = sim_rx_burst, .irq_on = sim_irq_on, .irq_off = sim_irq_off,
};

/* Arrivals: busy spells at 100 ns a packet, quiet ones at 5 us. */
static void sim_arrive(struct sim_host *h)
{
    if (h->ring.pkts < RING_PKTS) lane_chain_add(&h->ring, &h->pkt[h->arrived++].p); /* else the wire waits */
    if (h->irq) sim_wake_at(h, LANE_INTR, h->now_ns);
    h->arrival_ns = h->now_ns + (h->arrived / 3000 % 2 ? 5000 : 100);
}
static void sim_run(struct sim_host *h)
{
    for (;;) {
        unsigned best = SIM_THREADS;
        for (unsigned t = 0; t < lane_thread_count(h->lane); t++)
            if (h->queued[t] && (best == SIM_THREADS || h->at_ns[t] < h->at_ns[best])) best = t;
        if (h->arrived < N_PKTS && (best == SIM_THREADS || h->arrival_ns < h->at_ns[best])) {
            h->now_ns = h->arrival_ns;
            sim_arrive(h);
            continue;
        }
        if (best == SIM_THREADS) return;
        h->now_ns = h->at_ns[best];
        h->running = best;
        h->queued[best] = false;
        h->spent_ns[best] = 20; /* a look costs something */
        bool again = lane_step(h->lane, best) != LANE_STEP_SLEEP || !lane_park(h->lane, best);
        h->free_ns[best] = h->now_ns + h->spent_ns[best];
        if (again) sim_wake_at(h, best, h->free_ns[best]);
    }
}
static void through_sim(unsigned fanout, bool latency_optimize, struct book *b)
{
    struct sim_host *h = calloc(1, sizeof *h);
    struct lane_config config = lane_config(fanout, latency_optimize, b);
    h->env.ops = &sim_env_ops;
    h->port.ops = &sim_port_ops;
    h->pkt = make_packets();
    config.env = &h->env;
    config.port = &h->port;
    b->sim = h;
    ck_assert_int_eq(lane_create(&h->lane, &config), 0);
    lane_start(h->lane);
    sim_run(h);
    const char *broken = lane_check(h->lane);
    ck_assert_msg(!broken, "%s", broken);
    ck_assert_uint_gt(lane_rx_counters(h->lane)[LANE_RX_polls], 0); /* both modes were used */
    ck_assert_uint_gt(lane_rx_counters(h->lane)[LANE_RX_intrs], 0);
    ck_assert_uint_eq(lane_rx_counters(h->lane)[LANE_RX_ipackets], N_PKTS);
    lane_destroy(h->lane);
    free(h->pkt);
    free(h);
}

/* -- host with threads ------------------------------------------------------------------------------------------ */

static void pause_us(long us) { nanosleep(&(struct timespec){ 0, us * 1000 }, NULL); }

static void await(_Atomic uint32_t *a, _Atomic uint32_t *b, uint32_t n)
{
    struct timespec start, now;
    clock_gettime(CLOCK_MONOTONIC, &start);
    while (atomic_load(a) + (b ? atomic_load(b) : 0) < n) {
        clock_gettime(CLOCK_MONOTONIC, &now);
        ck_assert_msg(now.tv_sec - start.tv_sec < DEADLINE_S, "a wake-up was lost: %u of %u", atomic_load(a), n);
        pause_us(200);
    }
}

static void through_threads(unsigned fanout, bool latency_optimize, unsigned wakeup_ticks, struct book *b)
{
    struct posix_host_config host = { .threads = LANE_SOFT0 + 3 * fanout, .locks = 1 + 3 * fanout, .drop = count_drop,
                                      .owner = b, .tick_us = 300 };
    struct posix_host *h = posix_host_create(&host);
    struct posix_mem_port *port = posix_mem_port_create(1, 0, RING_PKTS);
    struct lane_config config = lane_config(fanout, latency_optimize, b);
    struct test_pkt *pkt = make_packets();
    struct lane *l;
    config.env = posix_host_env(h);
    config.port = posix_mem_port_port(port);
    config.tune.worker_wakeup_ticks = config.tune.soft_wakeup_ticks = wakeup_ticks;
    posix_mem_port_connect(port, 0, h);
    ck_assert_int_eq(lane_create(&l, &config), 0);
    ck_assert_int_eq(posix_host_run_lane(h, l), 0);
    for (uint32_t i = 0; i < N_PKTS; i++) {
        if (i % 4000 == 0) pause_us(500); /* let it fall back to interrupts */
        while (!posix_mem_port_receive(port, 0, &pkt[i].p)) sched_yield();
    }
    await(&b->delivered, &b->dropped, N_PKTS);
    posix_host_stop(h);
    const char *broken = lane_check(l);
    ck_assert_msg(!broken, "%s", broken);
    ck_assert_uint_eq(lane_rx_counters(l)[LANE_RX_ipackets], N_PKTS);
    posix_host_destroy(h);
    lane_destroy(l);
    posix_mem_port_destroy(port);
    free(pkt);
}

static void assert_complete(const struct book *b)
{
    uint32_t sum = 0;
    for (int f = 0; f < N_FLOWS; f++) {
        ck_assert_uint_eq(b->disorder[f], 0);
        sum += b->next_seq[f];
    }
    ck_assert_uint_eq(sum, N_PKTS);
    ck_assert_uint_eq(atomic_load(&b->delivered), N_PKTS);
    ck_assert_uint_eq(atomic_load(&b->dropped), 0);
}

static void assert_hosts_agree(unsigned fanout, bool latency_optimize, unsigned wakeup_ticks)
{
    static struct book a, again, b;
    memset(&a, 0, sizeof a);
    memset(&again, 0, sizeof again);
    memset(&b, 0, sizeof b);
    through_sim(fanout, latency_optimize, &a);
    through_sim(fanout, latency_optimize, &again);
    ck_assert_uint_eq(a.digest, again.digest);
    through_threads(fanout, latency_optimize, wakeup_ticks, &b);
    assert_complete(&a);
    assert_complete(&b);
    ck_assert_mem_eq(a.next_seq, b.next_seq, sizeof a.next_seq);
    ck_assert_mem_eq(a.softring, b.softring, sizeof a.softring);
}

START_TEST(lane_step__hosts_agree_with_one_softring_set) { assert_hosts_agree(1, true, 0); }
END_TEST
START_TEST(lane_step__hosts_agree_with_hash_fanout) { assert_hosts_agree(3, true, 0); }
END_TEST
START_TEST(lane_step__hosts_agree_without_latency_optimize) { assert_hosts_agree(2, false, 0); }
END_TEST
START_TEST(lane_step__hosts_agree_with_delayed_wake_ups) { assert_hosts_agree(1, true, 1); }
END_TEST

/* -- callers and transmit under threads -------------------------------------------------------------------------- */

enum { CALLERS = 3, PER_CALLER = 5000 };
struct caller {
    struct lane *lane;
    struct lane_tx *tx;
    struct test_pkt *pkt;
    unsigned number;
    bool local;
    _Atomic uint32_t *released;
};

static void caller_packet(struct caller *c, unsigned i)
{
    struct test_pkt *p = &c->pkt[c->number * PER_CALLER + i];
    p->flow = c->number;
    p->seq = i;
    p->p = (struct lane_pkt){ .data = p->frame, .len = FRAME, .hdr_len = FRAME };
}
static void *run_caller(void *arg)
{
    struct caller *c = arg;
    for (unsigned i = 0; i < PER_CALLER; i++) {
        struct lane_chain chain = { 0 };
        caller_packet(c, i);
        lane_chain_add(&chain, &c->pkt[c->number * PER_CALLER + i].p);
        posix_lane_input(c->lane, &chain, c->local);
        if (i % 64 == 0) sched_yield();
    }
    return NULL;
}

START_TEST(lane_input__many_callers_at_once)
{
    static struct book b;
    memset(&b, 0, sizeof b);
    struct posix_host_config host = { .threads = LANE_SOFT0 + 3, .locks = 4, .drop = count_drop, .owner = &b };
    struct posix_host *h = posix_host_create(&host);
    struct lane_config config = lane_config(1, true, &b);
    struct test_pkt *pkt = calloc(CALLERS * PER_CALLER, sizeof *pkt);
    struct caller caller[CALLERS];
    pthread_t id[CALLERS];
    struct lane *l;
    config.env = posix_host_env(h);
    ck_assert_int_eq(lane_create(&l, &config), 0);
    ck_assert_int_eq(posix_host_run_lane(h, l), 0);
    for (unsigned i = 0; i < CALLERS; i++) {
        caller[i] = (struct caller){ .lane = l, .pkt = pkt, .number = i, .local = i == 0 };
        ck_assert_int_eq(pthread_create(&id[i], NULL, run_caller, &caller[i]), 0);
    }
    for (unsigned i = 0; i < CALLERS; i++) pthread_join(id[i], NULL);
    await(&b.delivered, &b.dropped, CALLERS * PER_CALLER);
    posix_host_stop(h);
    const char *broken = lane_check(l);
    ck_assert_msg(!broken, "%s", broken);
    for (unsigned i = 0; i < CALLERS; i++) {
        ck_assert_uint_eq(b.next_seq[i], PER_CALLER);
        ck_assert_uint_eq(b.disorder[i], 0);
    }
    ck_assert_uint_eq(lane_rx_counters(l)[LANE_RX_local], PER_CALLER);
    posix_host_destroy(h);
    lane_destroy(l);
    free(pkt);
}
END_TEST

static void released_notify(void *client, struct lane_tx *tx)
{
    (void)tx;
    atomic_fetch_add((_Atomic uint32_t *)client, 1);
}
static const struct lane_client_ops released_ops = { LANE_CLIENT_VERSION, book_deliver, released_notify };

static void *run_sender(void *arg)
{
    struct caller *c = arg;
    for (unsigned i = 0; i < PER_CALLER; i++) {
        struct lane_pkt *list = &c->pkt[c->number * PER_CALLER + i].p;
        caller_packet(c, i);
        uint32_t before = atomic_load(c->released);
        enum lane_tx_result r = lane_tx_send(c->tx, &list, 0);
        ck_assert_int_ne(r, LANE_TX_RETRY);
        while (r == LANE_TX_FLOW && atomic_load(c->released) == before) pause_us(100);
    }
    return NULL;
}

START_TEST(lane_tx_send__many_senders_and_few_descriptors)
{
    static struct book b;
    _Atomic uint32_t released = 0;
    struct posix_host_config host = { .threads = 1, .locks = 1, .drop = count_drop, .owner = &b };
    struct posix_host *h = posix_host_create(&host);
    struct posix_mem_port *port = posix_mem_port_create(0, 1, 64);
    struct test_pkt *pkt = calloc(CALLERS * PER_CALLER, sizeof *pkt);
    struct lane_tx_config config = { .env = posix_host_env(h), .port = posix_mem_port_port(port),
                                     .client_ops = &released_ops, .client = &released,
                                     .tune = lane_tx_tunables_default() };
    struct caller caller[CALLERS];
    pthread_t id[CALLERS];
    struct lane_tx *tx;
    uint32_t reaped = 0, next[CALLERS] = { 0 }, disorder = 0, idle = 0;
    memset(&b, 0, sizeof b);
    config.tune.hiwat_pkts = 100;
    ck_assert_int_eq(lane_tx_create(&tx, &config), 0);
    posix_mem_port_connect_tx(port, 0, tx);
    ck_assert_int_eq(posix_host_run_tx(h, tx), 0);
    for (unsigned i = 0; i < CALLERS; i++) {
        caller[i] = (struct caller){ .tx = tx, .pkt = pkt, .number = i, .released = &released };
        ck_assert_int_eq(pthread_create(&id[i], NULL, run_sender, &caller[i]), 0);
    }
    while (reaped < CALLERS * PER_CALLER) {
        struct lane_chain done = posix_mem_port_reap(port, 0, 16);
        reaped += done.pkts;
        for (struct lane_pkt *l = done.head; l; l = l->next) {
            struct test_pkt *p = (struct test_pkt *)(void *)l;
            disorder += p->seq != next[p->flow];
            next[p->flow] = p->seq + 1;
        }
        idle = done.pkts ? 0 : idle + 1;
        if (!done.pkts) pause_us(50);
        ck_assert_msg(idle < 200000, "a wake-up was lost");
    }
    for (unsigned i = 0; i < CALLERS; i++) pthread_join(id[i], NULL);
    posix_host_stop(h);
    ck_assert_uint_eq(disorder, 0);
    ck_assert_uint_eq(lane_tx_counters(tx)[LANE_TX_opackets], CALLERS * PER_CALLER);
    ck_assert_uint_eq(lane_tx_counters(tx)[LANE_TX_blockcnt], lane_tx_counters(tx)[LANE_TX_unblockcnt]);
    posix_host_destroy(h);
    lane_tx_destroy(tx);
    posix_mem_port_destroy(port);
    free(pkt);
}
END_TEST

Suite *lane_hosts_suite(void)
{
    Suite *s = suite_create("lane_hosts");
    TCase *t = tcase_create("hosts");
    tcase_set_timeout(t, 120);
    suite_add_tcase(s, t);
    tcase_add_test(t, lane_step__hosts_agree_with_one_softring_set);
    tcase_add_test(t, lane_step__hosts_agree_with_hash_fanout);
    tcase_add_test(t, lane_step__hosts_agree_without_latency_optimize);
    tcase_add_test(t, lane_step__hosts_agree_with_delayed_wake_ups);
    tcase_add_test(t, lane_input__many_callers_at_once);
    tcase_add_test(t, lane_tx_send__many_senders_and_few_descriptors);
    return s;
}
