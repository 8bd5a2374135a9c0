/* SPDX-License-Identifier: GPL-3.0-or-later
 * light_rig.h -- two light hosts with one or two links each, joined by wires: for the tests of endpoint/. */
#ifndef TESTS_LIGHT_RIG_H
#define TESTS_LIGHT_RIG_H

#include <check.h>
#include <stdlib.h>

#include "endpoint/light.h"
#include "net/link.h"

struct light_rig {
    struct engine *engine;
    struct packet_pool *pool;
    struct stats *stats;
    struct light *host[2];
    struct link *wire[2][2]; /* [host that sends][link] */
    int links, vlan;
};

static inline void light_rig_send(void *owner, struct packet *p)
{
    link_send(owner, p);
}

/* Host h, link k has address 10.0.k.h+1 and MAC 02:00:00:00:k:h+1. */
static inline uint32_t light_rig_ip(int host, int link)
{
    return 0x0a000000u + (uint32_t)link * 256 + (uint32_t)host + 1;
}

static inline struct mac_addr light_rig_mac(int host, int link)
{
    return (struct mac_addr){ { 2, 0, 0, 0, (uint8_t)link, (uint8_t)(host + 1) } };
}

static inline bool light_rig_resolve(void *owner, uint32_t ip, int link, struct mac_addr *mac, int *vlan)
{
    struct light_rig *r = owner;
    (void)link;
    for (int h = 0; h < 2; h++)
        for (int k = 0; k < r->links; k++)
            if (light_rig_ip(h, k) == ip) {
                *mac = light_rig_mac(h, k);
                *vlan = r->vlan;
                return true;
            }
    return false;
}

static inline struct light_rig *light_rig_create(const struct tcp_config *tcp, uint64_t seed, sim_rate rate,
                                                 sim_dur delay, int links, int vlan)
{
    static const char *const names[2] = { "left", "right" }, *const wires[2][2] = { { "l0", "l1" }, { "r0", "r1" } },
                      *const nics[2] = { "ixgbe0", "ixgbe1" };
    struct light_rig *r = calloc(1, sizeof *r);
    ck_assert_ptr_nonnull(r);
    r->engine = engine_create();
    r->pool = packet_pool_create();
    r->stats = stats_create();
    r->links = links;
    r->vlan = vlan;
    for (int h = 0; h < 2; h++)
        r->host[h] = light_create(r->engine, r->pool, r->stats,
                                  &(struct light_config){ names[h], seed, *tcp, light_rig_resolve, r });
    for (int h = 0; h < 2; h++)
        for (int k = 0; k < links; k++) {
            r->wire[h][k] = link_create(r->engine, r->stats, r->pool,
                                        &(struct link_config){ wires[h][k], rate, delay, 1 << 24 });
            light_add_link(r->host[h], &(struct light_link_config){ nics[k], light_rig_mac(h, k), light_rig_ip(h, k),
                                                                    vlan, 1500, { light_rig_send, r->wire[h][k] } });
        }
    for (int h = 0; h < 2; h++)
        for (int k = 0; k < links; k++) link_connect(r->wire[h][k], light_sink(r->host[!h], k));
    return r;
}

/* Checks that every packet is accounted for. */
static inline void light_rig_destroy(struct light_rig *r)
{
    packet_pool_check(r->pool);
    for (int h = 0; h < 2; h++) light_destroy(r->host[h]);
    for (int h = 0; h < 2; h++)
        for (int k = 0; k < r->links; k++) link_destroy(r->wire[h][k]);
    engine_destroy(r->engine);
    stats_destroy(r->stats);
    packet_pool_destroy(r->pool);
    free(r);
}

static inline void light_rig_run(struct light_rig *r, sim_dur d)
{
    engine_run(r->engine, sim_add(engine_now(r->engine), d));
}

/* FNV-1a over every counter of every entity. */
static inline uint64_t light_rig_digest(const struct light_rig *r)
{
    uint64_t digest = 14695981039346656037u;
    size_t count = stats_count(r->stats);
    for (size_t i = 0; i < count; i++) {
        const struct stats_block *b = stats_get(r->stats, i);
        for (size_t k = 0; k < b->count; k++) digest = (digest ^ b->values[k]) * 1099511628211u;
    }
    return digest;
}

#endif
