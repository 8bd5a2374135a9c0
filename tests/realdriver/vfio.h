/* SPDX-License-Identifier: GPL-3.0-or-later
 * vfio.h -- what a process sees of a PCI device bound to vfio-pci, without kernel, device, or privilege.
 *
 * A tree of files stands for /sys/bus/pci/devices; open, stat, mmap and ioctl are interposed for the rest.  Registers
 * go to bar.h, DMA windows and vectors to card.h. */
#ifndef TESTS_REALDRIVER_VFIO_H
#define TESTS_REALDRIVER_VFIO_H

#include <stdint.h>

#define VFIO_DEVICE_NAME "0000:01:00.0"

/* Makes an empty tree in a new temporary directory and names it in the environment, for the driver's library to find;
 * its run-time files go there too; removed when the program exits.  Ends the program when that is impossible. */
void vfio_init(void);

/* The device appears, or appears with another id. */
void vfio_show_device(uint16_t device_id);

#endif
