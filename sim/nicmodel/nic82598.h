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

struct nic;

enum { NIC_RX_QUEUES = 64, NIC_TX_QUEUES = 32, NIC_VECTORS = 20 };

struct nic_config {
    const char *name;       /* of the entity and of the counters; copied */
    uint16_t device_id;     /* 0x10c6 dual fibre, 0x10c8 copper, ...; decides nothing else */
    int lan_id;             /* port 0 or 1 */
    struct mac_addr mac;    /* burned in: RAR[0] after reset */
};

/* Counters of kind "nic". */
#define NIC_COUNTERS(X) \
    X(rx_packets)      /* frames written to host memory */ \
    X(rx_bytes)        /* their bytes, no FCS */ \
    X(tx_packets)      /* frames handed to the wire */ \
    X(tx_bytes)        /* their bytes, no FCS */ \
    X(rx_filtered)     /* refused by address or VLAN */ \
    X(rx_errors)       /* bad length or CRC */ \
    X(rx_disabled)     /* arrived while receive was disabled */ \
    X(mpc)             /* missed: packet buffer full */ \
    X(rnbc)            /* frames that found no descriptor */ \
    X(rx_no_desc)      /* of those, dropped because DROP_EN is set */ \
    X(rx_desc_fetches) /* descriptor reads, several descriptors each */ \
    X(rx_writebacks)   /* descriptor writes, several descriptors each */ \
    X(tx_desc_fetches) \
    X(tx_writebacks) \
    X(tx_tso)          /* large sends cut into frames */ \
    X(interrupts)      /* messages sent */ \
    X(bad_addresses)   /* DMA refused by the machine's memory */ \
    X(bad_descriptors) /* descriptors that could not be carried out */ \
    X(unknown_reads)   /* registers that do not exist */ \
    X(unknown_writes) \
    X(rx_fifo_max)     /* most bytes in the receive packet buffer, whole run */

enum nic_counter {
#define X(name) NIC_##name,
    NIC_COUNTERS(X)
#undef X
    N_NIC_COUNTERS
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

/* The MSI-X table, which an operating system's PCI layer writes: fn(owner) is called when vector 'vector''s message
 * arrives in the machine.  NULL masks the vector; a message wanted meanwhile is pending and sent on unmasking. */
void nic_set_vector(void *nic, int vector, event_fn *fn, void *owner);

/* The wire: frames to send go to 'link' (NULL: no wire, LINKS shows down), not faster than it carries them. */
void nic_set_wire(struct nic *nic, struct link *link);
/* A frame arrives from the wire: a packet_sink_fn. */
void nic_receive(void *nic, struct packet *p);

uint64_t nic_counter(const struct nic *nic, enum nic_counter c);
uint64_t nic_rxq_packets(const struct nic *nic, int queue);
uint64_t nic_txq_packets(const struct nic *nic, int queue);
uint64_t nic_vector_messages(const struct nic *nic, int vector);

/* Toeplitz hash of 'bytes' (at most 36) input bytes under the key in RSSRK: for tests and tools. */
uint32_t nic_rss_hash(struct nic *nic, const uint8_t *input, uint32_t bytes);

#endif
