/* SPDX-License-Identifier: GPL-3.0-or-later
 * sockets_rig.h -- a machine's sockets and a light host that they talk to, for tests of the rules of sockets.
 *
 *     sockets --transmit() of the test--> wire --> light host 'peer'
 *        ^---- arrive() of the test ---- back <-------'
 *
 * rig_init(), prices, rig_start() come first (machine_rig.h), then 'sockets' is made, then sockets_rig_join(). */
#ifndef TESTS_SOCKETS_RIG_H
#define TESTS_SOCKETS_RIG_H

#include <string.h>

#include "endpoint/light.h"
#include "endpoint/uperf.h"
#include "machine_rig.h"
#include "net/link.h"
#include "stack/sockets.h"

enum { OURS = 0x0a000001, THEIRS = 0x0a000002 };

static struct rig rig;
static struct sockets *sockets;
static struct light *peer;
static struct link *wire, *back;
static struct uperf *apps[4];
static int n_apps;
static int datalink;          /* its address is the data link */

static inline struct mac_addr mac(uint8_t last)
{
    return (struct mac_addr){ { 2, 0, 0, 0, 0, last } };
}

static inline bool resolve(void *owner, uint32_t ip, struct mac_addr *to)
{
    (void)owner;
    *to = mac((uint8_t)ip);
    return ip == OURS || ip == THEIRS;
}

static inline bool resolve_light(void *owner, uint32_t ip, int link, struct mac_addr *to, int *vlan)
{
    (void)link;
    *vlan = -1;
    return resolve(owner, ip, to);
}

static inline void to_back(void *owner, struct packet *p)
{
    (void)owner;
    link_send(back, p);
}

/* The link, the peer and the wires between, 1 Gb/s and 5 us each way. */
static inline void sockets_rig_join(const struct tcp_config *tcp, sockets_transmit_fn *transmit, packet_sink_fn *arrive)
{
    struct link_config cable = { "wire", sim_gbps(1), sim_us(5), 1 << 24 };
    n_apps = 0;
    sockets_add_link(sockets, &(struct sockets_link){ "net0", mac(1), OURS, 1500, &datalink, transmit, NULL, 0 });
    peer = light_create(rig.engine, rig.pool, rig.stats, &(struct light_config){ "peer", 1, *tcp, resolve_light, NULL });
    light_add_link(peer, &(struct light_link_config){ "nic0", mac(2), THEIRS, -1, 1500, { to_back, NULL } });
    wire = link_create(rig.engine, rig.stats, rig.pool, &cable);
    cable.name = "back";
    back = link_create(rig.engine, rig.stats, rig.pool, &cable);
    link_connect(wire, light_sink(peer, 0));
    link_connect(back, (struct packet_sink){ arrive, NULL });
}

static inline void sockets_rig_fini(void)
{
    packet_pool_check(rig.pool);
    for (int i = 0; i < n_apps; i++) uperf_destroy(apps[i]);
    sockets_destroy(sockets);
    light_destroy(peer);
    link_destroy(wire);
    link_destroy(back);
    rig_fini(&rig);
}

/* Connections that send for 'ms', from us or to us. */
static inline struct uperf *traffic(bool from_us, int streams, int ms, uint16_t port)
{
    struct uperf_config c = uperf_config_default();
    c.name = from_us ? "out" : "in";
    c.seed = 1;
    c.master = from_us ? sockets_host(sockets) : light_host(peer);
    c.slave = from_us ? light_host(peer) : sockets_host(sockets);
    c.slave_addr = (struct host_addr){ from_us ? THEIRS : OURS, port };
    c.streams = streams;
    c.jitter = sim_us(100);
    c.stop = (sim_time){ sim_ms(ms).ps };
    return apps[n_apps++] = uperf_create(rig.engine, rig.stats, &c);
}

static inline void run_ms(int64_t ms)
{
    engine_run(rig.engine, (sim_time){ sim_ms(ms).ps });
}

/* Sum of a counter over all connections. */
static inline uint64_t flows(const char *name)
{
    uint64_t total = 0;
    for (size_t i = 0; i < stats_count(rig.stats); i++) {
        const struct stats_block *b = stats_get(rig.stats, i);
        for (size_t k = 0; k < b->count && strcmp(b->kind, "flow") == 0; k++)
            if (strcmp(b->names[k], name) == 0) total += b->values[k];
    }
    return total;
}

#endif
