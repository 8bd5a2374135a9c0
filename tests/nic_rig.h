/* SPDX-License-Identifier: GPL-3.0-or-later
 * nic_rig.h -- an 82598 without a driver: tests write its registers and descriptors by hand. */
#ifndef TESTS_NIC_RIG_H
#define TESTS_NIC_RIG_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/engine.h"
#include "core/stats.h"
#include "machine/memory.h"
#include "machine/pcie.h"
#include "net/headers.h"
#include "net/link.h"
#include "net/packet.h"
#include "nicmodel/nic82598.h"
#include "nicmodel/nic82598_regs.h"

struct nic_desc { uint64_t q[2]; };

struct nic_ring {
    bus_addr base, buffers;
    struct nic_desc *desc;
    uint8_t *bytes;          /* byte buffers, or NULL */
    uint32_t n, buffer_bytes;
};

struct nic_rig {
    struct engine *engine;
    struct stats *stats;
    struct packet_pool *pool;
    struct memory *memory;
    struct pcie *pcie;
    struct nic *nic;
    struct link *wire, *other;     /* other: what nic_rig_wire() made */
    struct packet_queue sent;      /* what left on the wire, kept */
    bool discard;                  /* do not keep it */
    uint64_t n_sent;
    int messages[NIC_VECTORS];
    int64_t message_ps[NIC_VECTORS][4096];
    struct nic_vector { struct nic_rig *r; int number; } vector[NIC_VECTORS];
};

static const struct mac_addr nic_rig_mac = { { 0x02, 0x98, 0x25, 0x00, 0x01, 0x00 } };

static inline void nic_rig_sink(void *owner, struct packet *p)
{
    struct nic_rig *r = owner;
    r->n_sent++;
    if (r->discard)
        packet_deliver(r->pool, p);
    else
        packet_queue_push(&r->sent, p);
}

static inline void nic_rig_message(void *owner)
{
    struct nic_vector *v = owner;
    int n = v->r->messages[v->number]++;
    if (n < 4096) v->r->message_ps[v->number][n] = engine_now(v->r->engine).ps;
}

static inline uint64_t nic_rig_held(const void *owner)
{
    return ((const struct nic_rig *)owner)->sent.count;
}

static inline void nic_rig_init(struct nic_rig *r, const struct pcie_config *bus)
{
    struct pcie_config config = bus ? *bus : pcie_config_gen1_x8();
    memset(r, 0, sizeof *r);
    r->engine = engine_create();
    r->stats = stats_create();
    r->pool = packet_pool_create();
    r->memory = memory_create(r->pool);
    r->pcie = pcie_create(r->engine, r->stats, "slot", &config);
    r->nic = nic_create(r->engine, r->stats, r->pool, r->pcie, r->memory,
                        &(struct nic_config){ .name = "nic", .device_id = 0x10c6, .mac = nic_rig_mac });
    r->wire = link_create(r->engine, r->stats, r->pool,
                          &(struct link_config){ "wire", sim_gbps(10), sim_ns(0), 16384 });
    link_connect(r->wire, (struct packet_sink){ nic_rig_sink, r });
    nic_set_wire(r->nic, r->wire);
    packet_pool_add_holder(r->pool, nic_rig_held, r);
    for (int v = 0; v < NIC_VECTORS; v++) {
        r->vector[v] = (struct nic_vector){ r, v };
        nic_set_vector(r->nic, v, nic_rig_message, &r->vector[v]);
    }
}

static inline void nic_rig_fini(struct nic_rig *r)
{
    packet_pool_check(r->pool);
    nic_destroy(r->nic);
    link_destroy(r->wire);
    link_destroy(r->other);
    pcie_destroy(r->pcie);
    memory_destroy(r->memory);
    packet_pool_destroy(r->pool);
    stats_destroy(r->stats);
    engine_destroy(r->engine);
}

/* Another wire, once per rig. */
static inline void nic_rig_wire(struct nic_rig *r, sim_rate rate, int64_t depth_bytes)
{
    r->other = link_create(r->engine, NULL, r->pool, &(struct link_config){ "other", rate, sim_ns(0), depth_bytes });
    link_connect(r->other, (struct packet_sink){ nic_rig_sink, r });
    nic_set_wire(r->nic, r->other);
}

static inline void nic_rig_write(struct nic_rig *r, uint32_t offset, uint32_t value)
{
    nic_reg_write(r->nic, offset, value);
}

static inline uint32_t nic_rig_read(struct nic_rig *r, uint32_t offset)
{
    return nic_reg_read(r->nic, offset);
}

static inline void nic_rig_run_ns(struct nic_rig *r, int64_t ns)
{
    engine_run(r->engine, sim_add(engine_now(r->engine), sim_ns(ns)));
}

/* A receive ring with 'posted' descriptors, advanced, and slots (or bytes) of 'kib' KiB; the queue is enabled. */
static inline struct nic_ring nic_rig_rx(struct nic_rig *r, int queue, uint32_t n, uint32_t posted, uint32_t kib,
                                         bool in_bytes, uint32_t control)
{
    struct nic_ring ring = { .n = n, .buffer_bytes = kib * 1024 };
    uint8_t *view;
    ring.base = memory_map_bytes(r->memory, n * 16, 0, &view);
    ring.desc = (struct nic_desc *)(void *)view;
    if (in_bytes)
        ring.buffers = memory_map_bytes(r->memory, (uint64_t)n * ring.buffer_bytes, 0, &ring.bytes);
    else
        ring.buffers = memory_map_buffers(r->memory, n, ring.buffer_bytes, 0);
    for (uint32_t i = 0; i < n; i++) ring.desc[i].q[0] = ring.buffers + (uint64_t)i * ring.buffer_bytes;
    nic_rig_write(r, NIC_OFFSET(RDBAL, queue), (uint32_t)ring.base);
    nic_rig_write(r, NIC_OFFSET(RDBAH, queue), (uint32_t)(ring.base >> 32));
    nic_rig_write(r, NIC_OFFSET(RDLEN, queue), n * 16);
    nic_rig_write(r, NIC_OFFSET(RXDCTL, queue), control | NIC_MASK(RXDCTL_ENABLE));
    nic_rig_write(r, NIC_OFFSET(RDT, queue), posted);
    return ring;
}

static inline void nic_rig_rx_start(struct nic_rig *r, uint32_t kib, bool drop)
{
    uint32_t srrctl = NIC_PUT(SRRCTL_BSIZEPACKET, kib) | NIC_PUT(SRRCTL_DESCTYPE, 1);
    if (drop) srrctl |= NIC_MASK(SRRCTL_DROP_EN);
    for (int i = 0; i < 16; i++) nic_rig_write(r, NIC_OFFSET(SRRCTL, i), srrctl);
    nic_rig_write(r, NIC_OFFSET(FCTRL, 0), NIC_MASK(FCTRL_BAM));
    nic_rig_write(r, NIC_OFFSET(RXCTRL, 0), NIC_MASK(RXCTRL_RXEN));
}

static inline struct nic_ring nic_rig_tx(struct nic_rig *r, int queue, uint32_t n, uint32_t control)
{
    struct nic_ring ring = { .n = n };
    uint8_t *view;
    ring.base = memory_map_bytes(r->memory, n * 16, 0, &view);
    ring.desc = (struct nic_desc *)(void *)view;
    nic_rig_write(r, NIC_OFFSET(TDBAL, queue), (uint32_t)ring.base);
    nic_rig_write(r, NIC_OFFSET(TDBAH, queue), (uint32_t)(ring.base >> 32));
    nic_rig_write(r, NIC_OFFSET(TDLEN, queue), n * 16);
    nic_rig_write(r, NIC_OFFSET(TXDCTL, queue), control | NIC_MASK(TXDCTL_ENABLE));
    return ring;
}

/* A TCP (or UDP) frame of 'len' bytes in all from 10.0.0.2:port to 10.0.0.1:80. */
static inline struct packet *nic_rig_frame(struct nic_rig *r, struct mac_addr dst, uint8_t protocol, uint16_t port,
                                           uint32_t len)
{
    struct header_template t;
    struct packet *p = packet_new(r->pool, engine_now(r->engine));
    header_template_init(&t, &(struct header_spec){ .dst = dst, .src = { { 2, 0, 0, 0, 0, 9 } }, .vlan = -1,
                                                    .flow = { 0x0a000002, 0x0a000001, port, 80, protocol } });
    uint32_t headers = ETH_BYTES + IPV4_BYTES + (protocol == IPPROTO_TCP_ ? TCP_BYTES : UDP_BYTES);
    uint32_t payload = len > headers ? len - headers : 0;
    if (protocol == IPPROTO_TCP_)
        headers_tcp(p, &t, &(struct tcp_fields){ .seq = 1, .flags = TCP_ACK }, payload);
    else
        headers_udp(p, &t, 1, payload);
    return p;
}

#endif
