/* SPDX-License-Identifier: GPL-3.0-or-later
 * e1000g_impl.h -- the inside of the driver, shared by its own files only. */
#ifndef SIM_DRIVER_E1000G_IMPL_H
#define SIM_DRIVER_E1000G_IMPL_H

#include <string.h>

#include "core/assert.h"
#include "driver/e1000g.h"
#include "machine/memory.h"
#include "nicmodel/nic82573_regs.h"

enum {
    RX_COPY_BYTES = 128, TX_COPY_BYTES = 512, TX_RECYCLE_FREE = 64, TX_OVERLOAD_FREE = 20, TX_RESUME_FREE = 256,
    PIECE_BYTES = 8192,       /* most that one transmit descriptor is given */
    DESC_BYTES = 16, LINE_BYTES = 64, LINE_DESCS = LINE_BYTES / DESC_BYTES,
    MAC_SLOTS = 16, CONTEXTS = 2,
};

struct descriptor { uint64_t q[2]; }; /* little-endian in memory, like the machine */

struct rx_ring {
    struct descriptor *desc;
    bus_addr base;            /* of the descriptors */
    uint32_t n, next;         /* next: the descriptor to look at */
    bus_addr buffers;
    struct ordered_reg tail_order;
    bool masked;              /* its cause is off: a stack polls */
    struct mutex *lock;
    struct touchable touch;
    uint64_t counter[N_E1000G_RX_COUNTERS];
};

/* What a transmit descriptor belongs to: valid at the first descriptor of a packet. */
struct tx_slot {
    bus_addr addr;            /* as bound */
    uint32_t last;            /* index of the packet's last descriptor */
};

struct tx_ring {
    struct descriptor *desc;
    bus_addr base;
    struct tx_slot *slot;
    uint32_t n, head, tail, free; /* head: the oldest not reclaimed */
    struct ordered_reg tail_order;
    struct descriptor context[CONTEXTS]; /* last written to the device: for checksums, for large sends */
    bool wants_update;        /* tx_update() is owed */
    struct mutex *lock;
    struct touchable touch;
    uint64_t counter[N_E1000G_TX_COUNTERS];
};

struct e1000g {
    struct netdev netdev;     /* must be first */
    struct e1000g_config config;
    struct machine *machine;
    struct memory *memory;
    uint32_t slot_bytes;      /* receive buffer */
    uint32_t rctl;
    struct mac_addr mac[MAC_SLOTS];
    bool mac_used[MAC_SLOTS];
    struct interrupt *interrupt;
    uint32_t causes;          /* of the interrupt being handled, as read */
    bool running;             /* between two steps of the same interrupt */
    uint64_t before;          /* packets received and sent before it */
    uint32_t itr;
    uint64_t bound;           /* packets the driver holds for transmit */
    uint64_t link_changes;
    struct rx_ring rx;
    struct tx_ring tx;
};

static inline struct e1000g *e1000g_of(struct netdev *nd)
{
    return (struct e1000g *)(void *)nd;
}

static inline void reg_write(struct e1000g *d, uint32_t offset, uint32_t value)
{
    device_write(&d->config.device, d->config.pcie, d->machine, offset, value);
}

static inline uint32_t reg_read(struct e1000g *d, uint32_t offset)
{
    return device_read(&d->config.device, d->config.pcie, d->machine, offset);
}

static inline void reg_write_ordered(struct e1000g *d, struct ordered_reg *o, uint32_t offset, uint32_t value)
{
    device_write_ordered(&d->config.device, d->config.pcie, d->machine, o, offset, value);
}

/* -- e1000g_init.c -- */
void e1000g_start(struct e1000g *d);                          /* programs the device */
void e1000g_write_address(struct e1000g *d, int slot);

/* -- e1000g_rx.c -- */
void e1000g_rx_create(struct e1000g *d, const char *mutex_name);
uint32_t e1000g_rx_burst(struct netdev *nd, int ring, struct packet_queue *out, uint32_t max_pkts, uint64_t max_bytes,
                         bool first);
bool e1000g_rx_intr_enable(struct netdev *nd, int ring);
void e1000g_rx_intr_disable(struct netdev *nd, int ring);

/* -- e1000g_tx.c -- */
void e1000g_tx_create(struct e1000g *d, const char *mutex_name);
enum netdev_tx_result e1000g_tx(struct netdev *nd, int ring, struct packet *p);
uint32_t e1000g_tx_recycle(struct netdev *nd, int ring);
uint32_t e1000g_tx_free(const struct netdev *nd, int ring);

#endif
