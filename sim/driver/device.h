/* SPDX-License-Identifier: GPL-3.0-or-later
 * device.h -- how a driver reaches its device: registers, interrupts, and what the device has written.
 *
 * The bus gives the driver a struct driver_device, not the device's type.  Inside a step a register access takes its time
 * on the bus and the CPU; outside, while a machine is being made, it is free. */
#ifndef SIM_DRIVER_DEVICE_H
#define SIM_DRIVER_DEVICE_H

#include <stdint.h>

#include "core/engine.h"
#include "machine/machine.h"
#include "machine/pcie.h"

struct driver_device {
    void *device;
    mmio_read_fn *read;
    mmio_write_fn *write;
    void (*set_vector)(void *device, int vector, event_fn *fn, void *owner); /* MSI-X table, or MSI with vector 0 */
    event_fn *sync;           /* what the device has written by now is to be in memory; NULL: it always is */
};

static inline void device_write(const struct driver_device *dev, struct pcie *pcie, struct machine *m, uint32_t offset,
                                uint32_t value)
{
    if (machine_in_step(m))
        pcie_mmio_write(pcie, m, dev->write, dev->device, offset, value);
    else
        dev->write(dev->device, offset, value);
}

static inline uint32_t device_read(const struct driver_device *dev, struct pcie *pcie, struct machine *m,
                                   uint32_t offset)
{
    if (machine_in_step(m)) return pcie_mmio_read(pcie, m, dev->read, dev->device, offset);
    return dev->read(dev->device, offset);
}

/* Before looking at what the device writes. */
static inline void device_sync(const struct driver_device *dev)
{
    if (dev->sync) dev->sync(dev->device);
}

/* A register that is written with the latest of a growing state: a ring's tail, a word of the vector table.  Its
 * writers hold a lock, so on a machine their writes reach the device in order.  A step's code, however, runs at the
 * step's start: of two steps that overlap, the later run may write at the earlier time.  Its value then includes the
 * other's change already, and the other's write, when it arrives, is stale and left out. */
struct ordered_reg {
    const struct driver_device *dev;
    uint32_t posted, arrived; /* writes so far */
};

enum { ORDER_SHIFT = 17, ORDER_BITS = 15 }; /* above the offset of a register in the 128 KiB of BAR 0 */

static inline void ordered_arrive(void *order, uint32_t tagged, uint32_t value)
{
    struct ordered_reg *o = order;
    uint32_t ahead = ((tagged >> ORDER_SHIFT) - o->arrived) & ((1u << ORDER_BITS) - 1);
    if (ahead == 0 || ahead >> (ORDER_BITS - 1)) return;
    o->arrived += ahead;
    o->dev->write(o->dev->device, tagged & ((1u << ORDER_SHIFT) - 1), value);
}

static inline void device_write_ordered(const struct driver_device *dev, struct pcie *pcie, struct machine *m,
                                        struct ordered_reg *o, uint32_t offset, uint32_t value)
{
    o->dev = dev;
    uint32_t tagged = offset | ++o->posted << ORDER_SHIFT;
    if (machine_in_step(m))
        pcie_mmio_write(pcie, m, ordered_arrive, o, tagged, value);
    else
        ordered_arrive(o, tagged, value);
}

#endif
