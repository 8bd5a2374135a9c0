/* SPDX-License-Identifier: GPL-3.0-or-later
 * vfio.c -- VFIO from the user's side (linux/vfio.h): container, group, device; regions, interrupts, DMA mappings.
 *
 * The device is a memory file with configuration space at the offset at which DPDK expects it (region index << 40) and
 * BARs beyond the end, where touching a mapped page raises SIGBUS.  Requests are told by their ioctl type, which is
 * VFIO's alone; everything that is not VFIO's goes to the kernel. */
#define _GNU_SOURCE
#include "vfio.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/pci_regs.h>
#include <linux/vfio.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "bar.h"
#include "card.h"
#include "nicmodel/nic82598_regs.h"

enum { VENDOR = 0x8086, CLASS = 0x020000, GROUP = 7, MSIX_BAR = 3, MSIX_BAR_BYTES = 0x4000, CONFIG_BYTES = 256,
       MSIX_CAPABILITY = 0x60, PBA_OFFSET = 0x2000, REGION_BIT = 40, PATH_BYTES = 256 };

static char root[PATH_BYTES] = "/tmp/realdriver-XXXXXX";
static uint16_t device_id;
static int device_fd = -1;

static void require(bool ok, const char *what)
{
    if (ok) return;
    perror(what);
    exit(EXIT_FAILURE);
}

/* -- the tree of files -------------------------------------------------------------------------------------------- */

static const char *path_of(const char *name)
{
    static char path[2 * PATH_BYTES];
    snprintf(path, sizeof path, "%s/devices/" VFIO_DEVICE_NAME "%s%s", root, *name ? "/" : "", name);
    return path;
}

static void write_file(const char *name, const char *text)
{
    FILE *f = fopen(path_of(name), "w");
    require(f && fputs(text, f) >= 0 && fclose(f) == 0, name);
}

static void write_number(const char *name, unsigned value)
{
    char text[16];
    snprintf(text, sizeof text, "0x%x\n", value);
    write_file(name, text);
}

static void remove_tree(void)
{
    char command[PATH_BYTES + 16];
    snprintf(command, sizeof command, "rm -rf '%s'", root);
    if (system(command) != 0) perror(root);
}

void vfio_init(void)
{
    char path[PATH_BYTES + 16];

    require(mkdtemp(root) != NULL && atexit(remove_tree) == 0, root);
    snprintf(path, sizeof path, "%s/devices", root);
    require(mkdir(path, 0700) == 0, path);
    setenv("SYSFS_PCI_DEVICES", path, 1);
    setenv("RUNTIME_DIRECTORY", root, 1);
}

void vfio_show_device(uint16_t id)
{
    bool first = device_id == 0;

    device_id = id;
    if (first) {
        require(mkdir(path_of(""), 0700) == 0, "mkdir");
        require(symlink("../../drivers/vfio-pci", path_of("driver")) == 0, "symlink");
        require(symlink("../../iommu_groups/7", path_of("iommu_group")) == 0, "symlink");
    }
    write_number("vendor", VENDOR);
    write_number("device", id);
    write_number("subsystem_vendor", VENDOR);
    write_number("subsystem_device", 0xa06c);
    write_number("class", CLASS);
    write_file("numa_node", "0\n");
    write_file("resource", "0xe0000000 0xe001ffff 0x200\n0 0 0\n0 0 0\n0xe0020000 0xe0023fff 0x200\n0 0 0\n0 0 0\n");
}

/* -- the device ---------------------------------------------------------------------------------------------------- */

static void put(uint8_t *config, int at, uint32_t value, int bytes)
{
    for (int i = 0; i < bytes; i++) config[at + i] = (uint8_t)(value >> 8 * i);
}

/* Configuration space: identity, two memory BARs, MSI-X. */
static int make_device(void)
{
    uint8_t config[CONFIG_BYTES] = { 0 };
    const int msix = MSIX_CAPABILITY;
    int fd = memfd_create("vfio-device", MFD_CLOEXEC);

    put(config, PCI_VENDOR_ID, VENDOR, 2);
    put(config, PCI_DEVICE_ID, device_id, 2);
    put(config, PCI_STATUS, PCI_STATUS_CAP_LIST, 2);
    put(config, PCI_CLASS_REVISION, CLASS << 8 | 1, 4);
    put(config, PCI_BASE_ADDRESS_0, 0xe0000000, 4);
    put(config, PCI_BASE_ADDRESS_3, 0xe0020000, 4);
    put(config, PCI_CAPABILITY_LIST, MSIX_CAPABILITY, 1);
    put(config, msix, PCI_CAP_ID_MSIX, 1);
    put(config, msix + PCI_MSIX_FLAGS, NIC_VECTORS - 1, 2);
    put(config, msix + PCI_MSIX_TABLE, MSIX_BAR, 4);
    put(config, msix + PCI_MSIX_PBA, PBA_OFFSET | MSIX_BAR, 4);
    off64_t at = (off64_t)VFIO_PCI_CONFIG_REGION_INDEX << REGION_BIT;
    require(fd >= 0 && pwrite64(fd, config, sizeof config, at) == sizeof config, "memfd");
    device_fd = fd;
    return fd;
}

static int describe_region(struct vfio_region_info *r)
{
    const uint32_t access = VFIO_REGION_INFO_FLAG_READ | VFIO_REGION_INFO_FLAG_WRITE;
    uint64_t place = r->index;

    r->flags = 0;
    r->size = 0;
    if (r->index == VFIO_PCI_CONFIG_REGION_INDEX) {
        r->size = CONFIG_BYTES;
    } else {
        place += VFIO_PCI_CONFIG_REGION_INDEX + 1; /* past the end of the file */
        if (r->index == VFIO_PCI_BAR0_REGION_INDEX) r->size = NIC82598_BAR_BYTES;
        if (r->index == MSIX_BAR) r->size = MSIX_BAR_BYTES;
    }
    if (r->size) r->flags = access;
    if (r->index == VFIO_PCI_BAR0_REGION_INDEX) r->flags |= VFIO_REGION_INFO_FLAG_MMAP;
    r->offset = place << REGION_BIT;
    return 0;
}

static int describe_irq(struct vfio_irq_info *irq)
{
    irq->flags = VFIO_IRQ_INFO_EVENTFD | VFIO_IRQ_INFO_NORESIZE;
    irq->count = irq->index == VFIO_PCI_MSIX_IRQ_INDEX ? NIC_VECTORS : irq->index == VFIO_PCI_REQ_IRQ_INDEX;
    return 0;
}

static int set_irqs(const struct vfio_irq_set *set)
{
    if (set->index == VFIO_PCI_REQ_IRQ_INDEX) return 0; /* the kernel never asks for the device back */
    if (set->index != VFIO_PCI_MSIX_IRQ_INDEX || set->start + set->count > NIC_VECTORS) return EINVAL;
    for (int v = 0; v < NIC_VECTORS; v++) {
        uint32_t i = (uint32_t)v - set->start;
        int fd = -1;
        if (set->flags & VFIO_IRQ_SET_DATA_EVENTFD && i < set->count) memcpy(&fd, set->data + 4 * i, sizeof fd);
        if (i < set->count || set->count == 0) card_vector(v, fd);
    }
    return 0;
}

/* -- interposed ---------------------------------------------------------------------------------------------------- */

/* Answers a VFIO request: a result >= 0, or sets errno and returns -1. */
static int answer(unsigned long request, void *arg)
{
    int error = 0;

    switch (request) {
    case VFIO_GET_API_VERSION: return VFIO_API_VERSION;
    case VFIO_CHECK_EXTENSION: return (uintptr_t)arg == VFIO_TYPE1_IOMMU;
    case VFIO_SET_IOMMU: case VFIO_GROUP_SET_CONTAINER: case VFIO_GROUP_UNSET_CONTAINER: break;
    case VFIO_GROUP_GET_STATUS: ((struct vfio_group_status *)arg)->flags = VFIO_GROUP_FLAGS_VIABLE; break;
    case VFIO_GROUP_GET_DEVICE_FD: return make_device();
    case VFIO_DEVICE_GET_INFO: {
        struct vfio_device_info *d = arg;
        d->flags = VFIO_DEVICE_FLAGS_PCI | VFIO_DEVICE_FLAGS_RESET;
        d->num_regions = VFIO_PCI_NUM_REGIONS;
        d->num_irqs = VFIO_PCI_NUM_IRQS;
        break;
    }
    case VFIO_DEVICE_GET_REGION_INFO: error = describe_region(arg); break;
    case VFIO_DEVICE_GET_IRQ_INFO: error = describe_irq(arg); break;
    case VFIO_DEVICE_SET_IRQS: error = set_irqs(arg); break;
    case VFIO_DEVICE_RESET: card_reset(); break;
    case VFIO_IOMMU_MAP_DMA: {
        const struct vfio_iommu_type1_dma_map *m = arg;
        uintptr_t memory = m->vaddr;
        if (!card_open_window(m->iova, m->size, (void *)memory)) error = EEXIST;
        break;
    }
    case VFIO_IOMMU_UNMAP_DMA:
        if (!card_close_window(((struct vfio_iommu_type1_dma_unmap *)arg)->iova)) error = ENOENT;
        break;
    default: error = ENOTTY;
    }
    errno = error;
    return error ? -1 : 0;
}

int ioctl(int fd, unsigned long request, ...)
{
    va_list list;
    va_start(list, request);
    void *arg = va_arg(list, void *);
    va_end(list);
    if (_IOC_TYPE(request) == VFIO_TYPE) return answer(request, arg);
    return (int)syscall(SYS_ioctl, fd, request, arg);
}

int open64(const char *path, int flags, ...)
{
    va_list list;
    va_start(list, flags);
    mode_t mode = flags & (O_CREAT | __O_TMPFILE) ? va_arg(list, mode_t) : 0;
    va_end(list);
    if (strncmp(path, "/dev/vfio/", 10) == 0) return eventfd(0, EFD_CLOEXEC); /* container and groups: names only */
    return openat(AT_FDCWD, path, flags, mode);
}

int stat64(const char *path, struct stat64 *st)
{
    if (strncmp(path, "/sys/module/vfio", 16) == 0) path = "/";
    return fstatat64(AT_FDCWD, path, st, 0);
}

void *mmap64(void *addr, size_t bytes, int protection, int flags, int fd, off64_t offset)
{
    long at = syscall(SYS_mmap, addr, bytes, protection, flags, fd, offset);
    void *mapped = (void *)at;

    if (mapped != MAP_FAILED && fd >= 0 && fd == device_fd) bar_place(mapped, (uint32_t)bytes);
    return mapped;
}
