/* SPDX-License-Identifier: GPL-3.0-or-later
 * nic82573.h -- a modelled Intel 82573L: one gigabit port, one receive ring, one transmit ring, one interrupt, PCIe x1.
 *
 * Software sees it only through nic82573_reg_read/nic82573_reg_write, host memory and its interrupt.  Everything said in
 * nic82598.h about time, ownership and allocation holds here too.  What both cards have and have not, sources, and what
 * is left out: docs/nicmodel.md. */
#ifndef SIM_NICMODEL_NIC82573_H
#define SIM_NICMODEL_NIC82573_H

#include <stdbool.h>
#include <stdint.h>

#include "core/engine.h"
#include "core/stats.h"
#include "machine/memory.h"
#include "machine/pcie.h"
#include "net/headers.h"
#include "net/link.h"
#include "net/packet.h"
#include "nicmodel/nic_counters.h"

struct nic82573;
struct reg_list;

struct nic82573_config {
    const char *name;       /* of the entity and of the counters; copied */
    struct mac_addr mac;    /* in the EEPROM: RAR[0] after reset */
    bool synced;            /* software calls nic82573_sync() before it looks at memory: write-backs need no events */
};

/* Registers counters "nic" NAME; 'stats' may be NULL.  The NIC is reset; the caller owns it. */
struct nic82573 *nic82573_create(struct engine *engine, struct stats *stats, struct packet_pool *pool,
                                 struct pcie *pcie, struct memory *memory, const struct nic82573_config *config);
void nic82573_destroy(struct nic82573 *nic); /* packets still in it stay the pool's; NULL is allowed */

/* Register accesses, of the types pcie_mmio_read() and pcie_mmio_write() want; 'nic' is a struct nic82573.  An offset
 * without a register reads 0 and ignores writes, counted. */
uint32_t nic82573_reg_read(void *nic, uint32_t offset);
void nic82573_reg_write(void *nic, uint32_t offset, uint32_t value);
/* What a read would return, without its effects: nothing is cleared, taken or counted.  For people who look. */
uint32_t nic82573_reg_peek(struct nic82573 *nic, uint32_t offset);
extern const struct reg_list nic82573_reg_list;

/* How its interrupt reaches the machine; the one named last counts.  MSI: fn(owner) is called when the message has
 * arrived.  The pin: fn(owner, high) when its level has changed.  'vector' is 0: it has one. */
void nic82573_set_vector(void *nic, int vector, event_fn *fn, void *owner);
typedef void nic82573_level_fn(void *owner, bool high);
void nic82573_set_pin(void *nic, nic82573_level_fn *fn, void *owner);

/* What it has written by now becomes visible in memory; 'nic' is a struct nic82573. */
void nic82573_sync(void *nic);

/* The wire: frames to send go to 'link' (NULL: no wire, STATUS shows the link down), not faster than it carries them. */
void nic82573_set_wire(struct nic82573 *nic, struct link *link);
/* A frame arrives from the wire: a packet_sink_fn. */
void nic82573_receive(void *nic, struct packet *p);

uint64_t nic82573_counter(const struct nic82573 *nic, enum nic_counter c);

#endif
