/* SPDX-License-Identifier: GPL-3.0-or-later
 * nic82598.h -- a modelled Intel 82598: registers, descriptor rings in host memory, DMA, interrupts, a wire.
 *
 * Software sees it only through nic_reg_read/nic_reg_write, host memory and MSI-X messages.  All calls are made at
 * engine time.  A frame given to nic_receive() belongs to the NIC until it is in a host buffer (then the memory's) or
 * dropped; a frame handed to the wire belongs to the link.  Nothing is allocated after nic_create(), but for the
 * payload bytes of frames that carry any.
 *
 * Sources, what is modelled and what is left out: docs/nicmodel.md. */
#ifndef SIM_NICMODEL_NIC82598_H
#define SIM_NICMODEL_NIC82598_H

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

struct nic;
struct reg_list;

enum { NIC_RX_QUEUES = 64, NIC_TX_QUEUES = 32, NIC_VECTORS = 20 };

struct nic_config {
    const char *name;       /* of the entity and of the counters; copied */
    uint16_t device_id;     /* of nic_devices; shown in PCI configuration and the EEPROM, decides nothing */
    int lan_id;             /* port 0 or 1 */
    struct mac_addr mac;    /* burned in: RAR[0] after reset */
    bool synced;            /* software calls nic_sync() before it looks at memory: write-backs need no events */
};

/* Registers counters "nic" NAME, and packets per queue and messages per vector as "nic_rxq", "nic_txq", "nic_vector".
 * 'stats' may be NULL.  The NIC is reset; the caller owns it. */
struct nic *nic_create(struct engine *engine, struct stats *stats, struct packet_pool *pool, struct pcie *pcie,
                       struct memory *memory, const struct nic_config *config);
void nic_destroy(struct nic *nic); /* packets still in it stay the pool's; NULL is allowed */

/* Register accesses, of the types pcie_mmio_read() and pcie_mmio_write() want; 'nic' is a struct nic.  An offset
 * without a register reads 0 and ignores writes, counted. */
uint32_t nic_reg_read(void *nic, uint32_t offset);
void nic_reg_write(void *nic, uint32_t offset, uint32_t value);
/* What a read would return, without its effects: nothing is cleared, taken or counted.  For people who look. */
uint32_t nic_reg_peek(struct nic *nic, uint32_t offset);
extern const struct reg_list nic82598_reg_list;

/* -- interrupts.  What an operating system's PCI layer does when a driver asks for them; the same can be said by
 * nic_pci_write() and nic_msix_write(), and what was said last holds.  MSI-X goes before MSI, and that before the pin. */

/* Enables MSI-X and fills in an entry of its table: fn(owner) is called when vector 'vector''s message arrives in the
 * machine.  NULL masks the vector; a message wanted meanwhile is pending and sent on unmasking. */
void nic_set_vector(void *nic, int vector, event_fn *fn, void *owner);

/* Enables MSI, with one message; NULL disables it.  Disables MSI-X. */
void nic_set_msi(void *nic, event_fn *fn, void *owner);
/* The interrupt pin: fn(owner, level) is told of every change of its level.  Disables MSI-X and MSI. */
typedef void nic_level_fn(void *owner, bool level);
void nic_set_pin(void *nic, nic_level_fn *fn, void *owner);

/* PCI configuration space (the 256 bytes of the header and its capabilities) and BAR3, the MSI-X table with the pending
 * bits at 0x2000: 32 bits at offsets that are multiples of 4. */
uint32_t nic_pci_read(void *nic, uint32_t offset);
void nic_pci_write(void *nic, uint32_t offset, uint32_t value);
uint32_t nic_msix_read(void *nic, uint32_t offset);
void nic_msix_write(void *nic, uint32_t offset, uint32_t value);

/* What is sold under a device id: name and medium, or NULL for an id that is not an 82598's. */
enum nic_medium { NIC_BACKPLANE, NIC_FIBRE, NIC_CX4, NIC_COPPER };
struct nic_device {
    uint16_t id;
    enum nic_medium medium;
    const char *name;
};
enum { NIC_DEVICES = 12 };
extern const struct nic_device nic_devices[NIC_DEVICES];
const struct nic_device *nic_device_find(uint16_t id);

/* Descriptor write-backs that have arrived by now are in memory.  For a NIC that is 'synced'. */
void nic_sync(void *nic);

/* The wire: frames to send go to 'link' (NULL: no wire, LINKS shows down), not faster than it carries them. */
void nic_set_wire(struct nic *nic, struct link *link);
/* A frame arrives from the wire: a packet_sink_fn. */
void nic_receive(void *nic, struct packet *p);

uint64_t nic_counter(const struct nic *nic, enum nic_counter c);
uint64_t nic_rxq_packets(const struct nic *nic, int queue);
uint64_t nic_vector_messages(const struct nic *nic, int vector);

/* Toeplitz hash of 'bytes' (at most 36) input bytes under the key in RSSRK: for tests and tools. */
uint32_t nic_rss_hash(struct nic *nic, const uint8_t *input, uint32_t bytes);

#endif
