/* SPDX-License-Identifier: GPL-3.0-or-later
 * pcie.h -- one device's PCIe port: bandwidth with TLP and DLLP overhead, latencies, limits.
 *
 * Calls return when a transfer completes; the device schedules its own events.  Each direction is a pipe with a
 * time until which it is busy.  Sources: PCI Express Base 1.1 sections 2 and 3; docs/machine.md. */
#ifndef SIM_MACHINE_PCIE_H
#define SIM_MACHINE_PCIE_H

#include <stdint.h>

#include "core/engine.h"
#include "core/stats.h"
#include "core/units.h"

struct machine;
struct membus;
struct pcie;

struct pcie_config {
    int lanes;              /* 1, 2, 4, 8 */
    int64_t gt_per_s;       /* 2500000000 (Gen1) or 5000000000 (Gen2), both 8b/10b */
    uint32_t mps_bytes, mrrs_bytes, rcb_bytes; /* max payload, max read request, read completion boundary */
    uint32_t reads_max;     /* read requests in flight, > 0 */
    uint32_t dllp_every;    /* an Ack and an UpdateFC (8 bytes each) per this many TLPs of the other way, 2^n; 0: none */
    sim_dur read_latency;   /* request at the root port to first completion, idle */
    sim_dur write_latency;  /* posted write: end of transmission to visible in memory */
    sim_dur far_latency;    /* added when the memory is on another NUMA node */
    sim_dur mmio_latency;   /* CPU's posted write to the device's register */
    int node;               /* NUMA node of the slot */
    struct membus *memory;  /* the machine's, which must outlive the slot; NULL: memory is never in the way */
};

/* Gen1 x8, 128-byte payloads, 512-byte read requests, latencies of a 2008 server: the slot of the paper's NIC.  Each
 * value's source is in docs/machine.md. */
struct pcie_config pcie_config_gen1_x8(void);

/* Registers "pcie" counters: reads, writes, read_bytes, write_bytes, up_ps and down_ps busy. */
struct pcie *pcie_create(struct engine *engine, struct stats *stats, const char *name, const struct pcie_config *c);
void pcie_destroy(struct pcie *p);
const struct pcie_config *pcie_config_of(const struct pcie *p);

/* A DMA write of 'bytes' starting at address 'addr' (for 4 KiB crossings) on NUMA node 'node', issued now.  Returns
 * when it is visible to the CPU.  While memory is late, what comes behind waits as well. */
sim_time pcie_dma_write(struct pcie *p, uint64_t addr, uint32_t bytes, int node);

/* A DMA read; returns when the last byte has arrived in the device. */
sim_time pcie_dma_read(struct pcie *p, uint64_t addr, uint32_t bytes, int node);

/* When a write issued now would leave, and when the next read could be sent and find the way back free: for fair
 * arbitration and back-pressure. */
sim_time pcie_up_free(const struct pcie *p);
sim_time pcie_down_free(const struct pcie *p);

/* Register access by the CPU.  A write reaches the device one mmio_latency after the CPU's local time, in order; 'fn'
 * is then called.  Charges COST_MMIO_WRITE. */
typedef void mmio_write_fn(void *device, uint32_t offset, uint32_t value);
void pcie_mmio_write(struct pcie *p, struct machine *m, mmio_write_fn *fn, void *device, uint32_t offset,
                     uint32_t value);
/* Charges COST_MMIO_READ; the value is the device's at the start of the step, after every write already posted by
 * this call's step has been made (posted writes are flushed first, as the ordering rules demand). */
typedef uint32_t mmio_read_fn(void *device, uint32_t offset);
uint32_t pcie_mmio_read(struct pcie *p, struct machine *m, mmio_read_fn *fn, void *device, uint32_t offset);

#endif
