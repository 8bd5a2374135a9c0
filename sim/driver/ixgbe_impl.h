/* SPDX-License-Identifier: GPL-3.0-or-later
 * ixgbe_impl.h -- the inside of the driver, shared by its own files only. */
#ifndef SIM_DRIVER_IXGBE_IMPL_H
#define SIM_DRIVER_IXGBE_IMPL_H

#include <string.h>

#include "core/assert.h"
#include "driver/ixgbe.h"
#include "nicmodel/nic82598_regs.h"

enum {
    RX_COPY_BYTES = 128, TX_COPY_BYTES = 512,
    TX_RECYCLE_FREE = 19, TX_OVERLOAD_FREE = 2, TX_RESUME_FREE = 128,
    PIECE_BYTES = 16384,      /* most that one transmit descriptor is given */
    DESC_BYTES = 16, LINE_BYTES = 64, LINE_DESCS = LINE_BYTES / DESC_BYTES,
    IVAR_REGS = 25, IVAR_TX = 64, IVAR_OTHER = 97, IVAR_VALID = 0x80,
    MAC_SLOTS = 16, MAX_VECTORS = 18,
    RXD_DD = 1, RXD_EOP = 2, TXD_DD = 1,
};

struct descriptor { uint64_t q[2]; }; /* little-endian in memory, like the machine */

struct rx_ring {
    struct ixgbe *d;
    int index, group, queue;  /* queue: the device's number */
    int vector;
    struct descriptor *desc;
    bus_addr base;            /* of the descriptors */
    uint32_t n, next;         /* next: the descriptor to look at */
    bus_addr buffers;
    struct mutex *lock;
    struct touchable touch;
    uint64_t counter[N_IXGBE_RX_COUNTERS];
};

/* What a transmit descriptor belongs to: valid at the first descriptor of a packet. */
struct tx_slot {
    bus_addr addr;            /* as bound */
    uint32_t last;            /* index of the packet's last descriptor */
};

struct tx_ring {
    struct ixgbe *d;
    int index, vector;
    struct descriptor *desc;
    bus_addr base;
    struct tx_slot *slot;
    uint32_t n, head, tail, free; /* head: the oldest not reclaimed */
    struct ordered_reg tail_order;
    struct descriptor context;    /* last written to the device */
    bool wants_update;        /* tx_update() is owed */
    struct mutex *lock;
    struct touchable touch;
    uint64_t counter[N_IXGBE_TX_COUNTERS];
};

/* One MSI-X vector and its interrupt. */
struct vector {
    struct ixgbe *d;
    struct interrupt *interrupt;
    struct rx_ring *rx;       /* NULL: none */
    bool tx, other;
    bool running;             /* between two steps of the same interrupt */
};

struct mac_slot {
    struct mac_addr mac;
    int group;
    bool used;
};

struct ixgbe {
    struct netdev netdev;     /* must be first */
    struct ixgbe_config config;
    struct machine *machine;
    struct memory *memory;
    struct mac_addr mac;
    uint32_t slot_bytes;      /* receive buffer */
    uint32_t ivar[IVAR_REGS]; /* as written */
    struct ordered_reg ivar_order[IVAR_REGS];
    uint32_t fctrl;
    int n_rx, n_tx, n_vectors;
    uint64_t bound;           /* packets the driver holds for transmit */
    uint64_t link_changes;
    struct mac_slot slot[MAC_SLOTS];
    struct vector vector[MAX_VECTORS];
    struct rx_ring rx[IXGBE_MAX_RX_RINGS];
    struct tx_ring tx[IXGBE_MAX_TX_RINGS];
};

static inline void sync_device(const struct ixgbe *d)
{
    device_sync(&d->config.device);
}

static inline void reg_write(struct ixgbe *d, uint32_t offset, uint32_t value)
{
    device_write(&d->config.device, d->config.pcie, d->machine, offset, value);
}

static inline uint32_t reg_read(struct ixgbe *d, uint32_t offset)
{
    return device_read(&d->config.device, d->config.pcie, d->machine, offset);
}

static inline void reg_write_ordered(struct ixgbe *d, struct ordered_reg *o, uint32_t offset, uint32_t value)
{
    device_write_ordered(&d->config.device, d->config.pcie, d->machine, o, offset, value);
}

/* Bytes of "MACHINE/" at the start of the device's name; a mutex is named within its machine. */
static inline size_t ixgbe_machine_prefix(const struct ixgbe *d)
{
    size_t n = strlen(machine_name(d->machine));
    return strncmp(d->config.name, machine_name(d->machine), n) == 0 && d->config.name[n] == '/' ? n + 1 : 0;
}

/* Maps 'cause' (a receive queue, IVAR_TX + a transmit queue, or IVAR_OTHER) to 'vector'. */
static inline void ivar_set(struct ixgbe *d, int cause, int vector, bool valid)
{
    int shift = cause % 4 * 8;
    uint32_t *reg = &d->ivar[cause / 4];
    *reg = (*reg & ~(0xffu << shift)) | (uint32_t)(vector | (valid ? IVAR_VALID : 0)) << shift;
    reg_write_ordered(d, &d->ivar_order[cause / 4], NIC_OFFSET(IVAR, cause / 4), *reg);
}

void ixgbe_start(struct ixgbe *d);                        /* ixgbe_init.c: programs the device */
void ixgbe_rx_create(struct ixgbe *d, struct rx_ring *r); /* ixgbe_rx.c */
void ixgbe_tx_create(struct ixgbe *d, struct tx_ring *r); /* ixgbe_tx.c */
enum step_result ixgbe_tx_interrupt(struct ixgbe *d, int vector);
/* Reclaims and tells the stack of room when that is owed: how many descriptors, or NETDEV_BLOCKED. */
uint32_t ixgbe_tx_service(struct ixgbe *d, int ring);
extern const struct netdev_ops ixgbe_netdev_ops;          /* ixgbe_netdev.c */

#endif
