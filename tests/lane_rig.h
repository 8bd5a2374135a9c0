/* SPDX-License-Identifier: GPL-3.0-or-later
 * lane_rig.h -- a lane in a world without threads or time: the test is the scheduler.
 *
 * Packets carry their connection and number; the rig's ring, client and drop box keep the order in which they came.
 * Any lock, burst or delivery can be made to fail, always or at random. */
#ifndef TESTS_LANE_RIG_H
#define TESTS_LANE_RIG_H

#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "lanes/lane.h"
#include "lanes/mac.h"
#include "lanes/tx.h"

enum { RIG_PKTS = 4096, RIG_THREADS = LANE_SOFT0 + LANE_MAX_SOFT, RIG_RINGS = 4, RIG_FRAME = 66 };

struct rig_pkt {
    struct lane_pkt p; /* first */
    uint8_t frame[RIG_FRAME];
    unsigned flow, seq;
};

struct rig {
    struct lane_env env;       /* first */
    struct lane_port port;
    struct lane_chain ring[RIG_RINGS], sent;
    bool irq[RIG_RINGS], irq_reports_waiting;
    unsigned irq_calls;
    uint32_t descriptors;      /* free transmit descriptors */
    unsigned bursts, first_bursts, tx_bursts;
    unsigned woken[RIG_THREADS], armed[RIG_THREADS];
    unsigned notified;
    int64_t now_ns;
    uint32_t fail_lock;        /* bit per lock number that cannot be entered (31: all others) */
    uint32_t fail_lock_after_irq_off; /* becomes fail_lock when the interrupt is turned off */
    unsigned fail_percent;     /* of locks, bursts and deliveries, at random */
    bool fail_port;
    int take;                  /* packets the client takes per delivery; -1: all */
    bool at_work;              /* and is not done with them when it returns */
    uint32_t random;
    unsigned locks_held;
    uint64_t charged[N_LANE_OPS];
    uint32_t deliveries, largest_delivery;
    struct lane_chain got, dropped[N_LANE_DROPS];
    enum lane_kind kind[RIG_PKTS]; /* of got, in order of arrival */
    unsigned set[RIG_PKTS];
    uint32_t n_got;
    void (*on_deliver)(struct rig *);
    struct lane *lane;
    struct lane_tx *tx;
    struct rig_pkt *pkt;
    uint32_t n_pkts;
};

static inline uint32_t rig_random(struct rig *r)
{
    r->random = r->random * 1664525u + 1013904223u;
    return r->random >> 8;
}
static inline bool rig_fails(struct rig *r) { return r->fail_percent && rig_random(r) % 100 < r->fail_percent; }

static inline int64_t rig_now(struct lane_env *e) { return ((struct rig *)(void *)e)->now_ns; }
static inline void rig_wake(struct lane_env *e, unsigned t) { ((struct rig *)(void *)e)->woken[t]++; }
static inline bool rig_enter(struct lane_env *e, unsigned lock)
{
    struct rig *r = (struct rig *)(void *)e;
    if ((r->fail_lock >> (lock < 31 ? lock : 31) & 1) || rig_fails(r)) return false;
    r->locks_held++;
    return true;
}
static inline void rig_exit(struct lane_env *e, unsigned lock)
{
    struct rig *r = (struct rig *)(void *)e;
    (void)lock;
    ck_assert_uint_gt(r->locks_held, 0);
    r->locks_held--;
}
static inline void rig_arm(struct lane_env *e, unsigned t, unsigned ticks)
{
    ((struct rig *)(void *)e)->armed[t] += ticks;
}
static inline void rig_charge(struct lane_env *e, enum lane_op op, uint32_t n)
{
    ((struct rig *)(void *)e)->charged[op] += n;
}
static inline void rig_drop(struct lane_env *e, struct lane_pkt *list, enum lane_drop why)
{
    struct lane_chain c = lane_chain_of(list);
    lane_chain_append(&((struct rig *)(void *)e)->dropped[why], &c);
}

static inline struct rig_pkt *rig_of(struct lane_pkt *p) { return (struct rig_pkt *)(void *)p; }

static inline struct rig_pkt *rig_new(struct rig *r, unsigned flow, unsigned seq)
{
    ck_assert_uint_lt(r->n_pkts, RIG_PKTS);
    struct rig_pkt *p = &r->pkt[r->n_pkts++];
    *p = (struct rig_pkt){ .p = { .data = p->frame, .len = RIG_FRAME, .hdr_len = RIG_FRAME },
                           .flow = flow, .seq = seq };
    return p;
}
static inline struct lane_pkt *rig_clone(struct lane_env *e, const struct lane_pkt *p)
{
    const struct rig_pkt *from = (const struct rig_pkt *)(const void *)p;
    struct rig_pkt *copy = rig_new((struct rig *)(void *)e, from->flow, from->seq);
    memcpy(copy->frame, from->frame, sizeof copy->frame);
    copy->p.len = p->len;
    copy->p.hdr_len = p->hdr_len;
    return &copy->p;
}

static inline struct rig *rig_of_port(struct lane_port *p)
{
    return (struct rig *)(void *)((char *)p - offsetof(struct rig, port));
}
static inline bool rig_rx_burst(struct lane_port *port, unsigned ring, uint32_t max_pkts, uint64_t max_bytes,
                                bool first, struct lane_chain *out)
{
    struct rig *r = rig_of_port(port);
    uint64_t bytes = 0;
    if (r->fail_port || rig_fails(r)) return false;
    r->bursts++;
    r->first_bursts += first;
    while (max_pkts-- && r->ring[ring].head && (bytes += r->ring[ring].head->len) <= max_bytes)
        lane_chain_add(out, lane_chain_take_one(&r->ring[ring]));
    return true;
}
static inline bool rig_tx_burst(struct lane_port *port, unsigned ring, struct lane_pkt **list)
{
    struct rig *r = rig_of_port(port);
    (void)ring;
    r->tx_bursts++;
    while (*list && r->descriptors && !r->fail_port && !rig_fails(r)) {
        struct lane_pkt *p = *list;
        *list = p->next;
        lane_chain_add(&r->sent, p);
        r->descriptors--;
    }
    return !*list || !r->descriptors;
}
static inline bool rig_irq_on(struct lane_port *port, unsigned ring)
{
    struct rig *r = rig_of_port(port);
    r->irq[ring] = true;
    r->irq_calls++;
    return r->irq_reports_waiting && r->ring[ring].head;
}
static inline void rig_irq_off(struct lane_port *port, unsigned ring)
{
    struct rig *r = rig_of_port(port);
    r->irq[ring] = false;
    r->irq_calls++;
    r->fail_lock |= r->fail_lock_after_irq_off;
}

static inline enum lane_step_result rig_deliver(void *client, const struct lane_delivery *how, struct lane_chain *chain,
                                                uint32_t n)
{
    struct rig *r = client;
    ck_assert_uint_eq(r->locks_held, 0);
    ck_assert_uint_eq(lane_chain_of(chain->head).pkts, chain->pkts);
    ck_assert_uint_ge(chain->pkts, n);
    r->deliveries++;
    if (n > r->largest_delivery) r->largest_delivery = n;
    uint32_t take = r->take < 0 || (uint32_t)r->take > n ? n : (uint32_t)r->take;
    if (rig_fails(r)) take = rig_random(r) % (n + 1);
    for (uint32_t i = 0; i < take; i++) {
        lane_chain_add(&r->got, lane_chain_take_one(chain));
        if (r->n_got < RIG_PKTS) {
            r->kind[r->n_got] = how->kind;
            r->set[r->n_got++] = how->set;
        }
    }
    if (r->on_deliver) r->on_deliver(r);
    if (r->at_work) return LANE_STEP_AGAIN;
    return take < n ? LANE_STEP_BLOCKED : LANE_STEP_SLEEP;
}
static inline void rig_notify(void *client, struct lane_tx *tx)
{
    struct rig *r = client;
    (void)tx;
    ck_assert_uint_eq(r->locks_held, 0);
    r->notified++;
}

static const struct lane_env_ops rig_env_ops = {
    .version = LANE_ENV_VERSION, .now_ns = rig_now, .wake = rig_wake, .enter = rig_enter, .exit = rig_exit,
    .arm = rig_arm, .charge = rig_charge, .drop = rig_drop, .clone = rig_clone,
};
static const struct lane_port_ops rig_port_ops = {
    .version = LANE_PORT_VERSION, .rx_burst = rig_rx_burst, .tx_burst = rig_tx_burst, .irq_on = rig_irq_on,
    .irq_off = rig_irq_off,
};
static const struct lane_client_ops rig_client_ops = {
    .version = LANE_CLIENT_VERSION, .deliver = rig_deliver, .tx_notify = rig_notify,
};

static inline struct rig *rig_create(void)
{
    struct rig *r = calloc(1, sizeof *r);
    *r = (struct rig){ .env = { &rig_env_ops }, .port = { &rig_port_ops }, .take = -1, .random = 1,
                       .descriptors = UINT32_MAX, .pkt = calloc(RIG_PKTS, sizeof *r->pkt) };
    return r;
}
static inline void rig_destroy(struct rig *r)
{
    lane_destroy(r->lane);
    lane_tx_destroy(r->tx);
    free(r->pkt);
    free(r);
}

/* NULL: for rig_with_lane(), which puts its own rig in the place of the stand-ins. */
static inline struct lane_config rig_lane_config(struct rig *r)
{
    static struct lane_env some_env = { &rig_env_ops };
    static struct lane_port some_port = { &rig_port_ops };
    return (struct lane_config){
        .env = r ? &r->env : &some_env, .port = r ? &r->port : &some_port, .client_ops = &rig_client_ops,
        .client = r, .dls_bypass = true, .fanout = 1,
        .tune = lane_tunables_default(),
    };
}
static inline struct rig *rig_with_lane(struct lane_config *config) /* NULL: the usual one */
{
    struct rig *r = rig_create();
    struct lane_config usual = rig_lane_config(r);
    if (!config) config = &usual;
    config->env = &r->env;
    if (config->port) config->port = &r->port;
    config->client = r;
    ck_assert_int_eq(lane_create(&r->lane, config), 0);
    lane_start(r->lane);
    return r;
}

/* -- frames ----------------------------------------------------------------------------------------------------- */

static inline void rig_put16(uint8_t *p, unsigned v)
{
    p[0] = (uint8_t)(v >> 8);
    p[1] = (uint8_t)v;
}
/* An untagged IPv4 frame of IP protocol 'proto' from 10.0.0.1:1000+flow to 10.0.0.2:80. */
static inline struct rig_pkt *rig_ipv4(struct rig *r, uint8_t proto, unsigned flow, unsigned seq)
{
    static const uint8_t head[34] = { 2, 8, 32, 0, 0, 1, 2, 8, 32, 0, 0, 9, 8, 0, 0x45, 0, 0, 52, 0, 0, 0, 0, 64, 0,
                                      0, 0, 10, 0, 0, 1, 10, 0, 0, 2 };
    struct rig_pkt *p = rig_new(r, flow, seq);
    memcpy(p->frame, head, sizeof head);
    p->frame[23] = proto;
    rig_put16(p->frame + 34, 1000 + flow);
    rig_put16(p->frame + 36, 80);
    return p;
}
static inline struct rig_pkt *rig_tcp(struct rig *r, unsigned flow, unsigned seq) { return rig_ipv4(r, 6, flow, seq); }
static inline struct rig_pkt *rig_udp(struct rig *r, unsigned flow, unsigned seq) { return rig_ipv4(r, 17, flow, seq); }
static inline struct rig_pkt *rig_icmp(struct rig *r, unsigned seq) { return rig_ipv4(r, 1, 0, seq); }
/* Puts an 802.1Q tag in front of the frame's type. */
static inline struct rig_pkt *rig_tag(struct rig_pkt *p, unsigned vid)
{
    memmove(p->frame + 16, p->frame + 12, RIG_FRAME - 16);
    rig_put16(p->frame + 12, 0x8100);
    rig_put16(p->frame + 14, vid);
    return p;
}

/* -- acting ----------------------------------------------------------------------------------------------------- */

static inline void rig_arrive(struct rig *r, struct rig_pkt *p) { lane_chain_add(&r->ring[0], &p->p); }
static inline void rig_arrive_tcp(struct rig *r, unsigned n)
{
    for (unsigned i = 0; i < n; i++) rig_arrive(r, rig_tcp(r, 0, i));
}
/* Steps a thread until it has nothing to do, at most 1000 times. */
static inline enum lane_step_result rig_run(struct rig *r, unsigned thread)
{
    enum lane_step_result result = LANE_STEP_AGAIN;
    for (int i = 0; i < 1000 && result == LANE_STEP_AGAIN; i++) {
        result = lane_step(r->lane, thread);
        ck_assert_uint_eq(r->locks_held, 0);
        const char *broken = lane_check(r->lane);
        ck_assert_msg(!broken, "%s", broken);
    }
    return result;
}
static inline unsigned rig_soft(enum lane_kind kind, unsigned set)
{
    return (unsigned)LANE_SOFT0 + set * (unsigned)N_LANE_KINDS + (unsigned)kind;
}
static inline uint64_t rig_rx(const struct rig *r, enum lane_rx_counter c) { return lane_rx_counters(r->lane)[c]; }
static inline uint64_t rig_diag(const struct rig *r, enum lane_diag_counter c)
{
    return lane_diag_counters(r->lane)[c];
}
static inline bool rig_flag(const struct rig *r, unsigned flag) { return (lane_flags(r->lane) & flag) == flag; }

/* Brings the lane into poll mode with 'backlog' TCP packets waiting in the softring, nobody at work. */
static inline void rig_poll_mode(struct rig *r, unsigned backlog)
{
    rig_arrive_tcp(r, backlog);
    while (r->ring[0].head) ck_assert_int_eq(rig_run(r, LANE_INTR), LANE_STEP_SLEEP);
    ck_assert(rig_flag(r, LANE_POLLING));
}

#endif
