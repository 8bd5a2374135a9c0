/* SPDX-License-Identifier: GPL-3.0-or-later
 * nic82598_pci.c -- the card as PCI sees it: configuration space, and the MSI-X table in BAR3 (datasheet 3.1.3, 4.3).
 *
 *     00  ids, command, class, BARs      50  MSI, one 64-bit message      60  MSI-X, 20 vectors in BAR3
 *     A0  PCI Express endpoint                 BAR3: 0000 table, 2000 pending bits
 *
 * The command register's bus master bit stops all DMA and messages; its INTx disable bit the pin.  Both start as an
 * operating system leaves them: memory and bus master on.  What is not listed reads 0.  Messages are told to whoever
 * nic_set_vector() or nic_set_msi() named, whatever address the entry has. */
#include "nicmodel/nic82598_impl.h"

enum {
    VENDOR_INTEL = 0x8086, CLASS_ETHERNET = 0x020000,
    CONFIG_ID = 0x00, CONFIG_COMMAND = 0x04, CONFIG_CLASS = 0x08, CONFIG_BAR = 0x10, CONFIG_SUBSYSTEM = 0x2c,
    CONFIG_CAPABILITIES = 0x34, CONFIG_LINE = 0x3c,
    CAP_MSI = 0x50, CAP_MSIX = 0x60, CAP_EXPRESS = 0xa0, ID_MSI = 5, ID_MSIX = 0x11, ID_EXPRESS = 0x10,
    COMMAND_MEMORY = 1 << 1, COMMAND_MASTER = 1 << 2, COMMAND_INTX_OFF = 1 << 10, STATUS_CAPABILITIES = 1 << 20,
    STATUS_INTERRUPT = 1 << 19, LINE_PIN_A = 1 << 8,
    MSI_ENABLE = 1 << 16, MSI_64BIT = 1 << 23, BAR_MSIX = 3, TABLE_ENTRY = 16, PBA = 0x2000,
    LINK_X8_GEN1 = 8 << 4 | 1, EXPRESS_VERSION_2 = 2 << 16,
};
static const uint32_t msix_enable = 1u << 31, msix_mask_all = 1u << 30;
static const uint32_t bar_bytes[6] = { NIC82598_BAR_BYTES, 0, 32, 16384, 0, 0 };

static uint32_t bar_value(const struct nic *nic, uint32_t i)
{
    return (nic->pci.bar[i] & ~(bar_bytes[i] - 1)) | (i == 2); /* BAR2 is input and output */
}

static uint32_t msix_control(const struct nic *nic)
{
    return ID_MSIX | CAP_EXPRESS << 8 | (NIC_VECTORS - 1) << 16 | (nic->pci.msix ? msix_enable : 0) |
           (nic->pci.msix_masked ? msix_mask_all : 0);
}

uint32_t nic_pci_read(void *device, uint32_t offset)
{
    const struct nic *nic = device;
    const struct pci_state *c = &nic->pci;

    switch (offset) {
    case CONFIG_ID: return VENDOR_INTEL | (uint32_t)nic->config.device_id << 16;
    case CONFIG_COMMAND:
        return COMMAND_MEMORY | (c->master_off ? 0 : COMMAND_MASTER) | (c->intx_off ? COMMAND_INTX_OFF : 0) |
               STATUS_CAPABILITIES | (nic->level ? STATUS_INTERRUPT : 0);
    case CONFIG_CLASS: return (uint32_t)CLASS_ETHERNET << 8;
    case CONFIG_SUBSYSTEM: return VENDOR_INTEL | (uint32_t)nic->config.device_id << 16;
    case CONFIG_CAPABILITIES: return CAP_MSI;
    case CONFIG_LINE: return (c->line & 0xff) | (uint32_t)LINE_PIN_A << nic->config.lan_id;
    case CAP_MSI: return ID_MSI | CAP_MSIX << 8 | (c->msi ? MSI_ENABLE : 0) | MSI_64BIT;
    case CAP_MSI + 4: return c->msi_address[0];
    case CAP_MSI + 8: return c->msi_address[1];
    case CAP_MSI + 12: return c->msi_data;
    case CAP_MSIX: return msix_control(nic);
    case CAP_MSIX + 4: return BAR_MSIX;
    case CAP_MSIX + 8: return PBA | BAR_MSIX;
    case CAP_EXPRESS: return ID_EXPRESS | EXPRESS_VERSION_2;
    case CAP_EXPRESS + 12: return LINK_X8_GEN1;
    case CAP_EXPRESS + 16: return (uint32_t)(pcie_config_of(nic->pcie)->lanes << 4 | 1) << 16;
    }
    if (offset >= CONFIG_BAR && offset < CONFIG_BAR + sizeof c->bar && offset % 4 == 0)
        return bar_bytes[(offset - CONFIG_BAR) / 4] ? bar_value(nic, (offset - CONFIG_BAR) / 4) : 0;
    return 0;
}

void nic_pci_write(void *device, uint32_t offset, uint32_t value)
{
    struct nic *nic = device;
    struct pci_state *c = &nic->pci;

    switch (offset) {
    case CONFIG_COMMAND:
        c->master_off = !(value & COMMAND_MASTER);
        c->intx_off = value & COMMAND_INTX_OFF;
        misc_master(nic);
        break;
    case CONFIG_LINE: c->line = value & 0xff; break;
    case CAP_MSI: c->msi = value & MSI_ENABLE; break;
    case CAP_MSI + 4: c->msi_address[0] = value & ~3u; break;
    case CAP_MSI + 8: c->msi_address[1] = value; break;
    case CAP_MSI + 12: c->msi_data = value & 0xffff; break;
    case CAP_MSIX:
        c->msix = value & msix_enable;
        c->msix_masked = value & msix_mask_all;
        break;
    default:
        if (offset >= CONFIG_BAR && offset < CONFIG_BAR + sizeof c->bar && offset % 4 == 0)
            c->bar[(offset - CONFIG_BAR) / 4] = value;
        return;
    }
    irq_route(nic);
}

/* -- the MSI-X table ---------------------------------------------------------------------------------------------- */

uint32_t nic_msix_read(void *device, uint32_t offset)
{
    const struct nic *nic = device;
    uint32_t pending = 0;

    if (offset < NIC_VECTORS * TABLE_ENTRY && offset % 4 == 0) {
        const struct vector *v = &nic->vector[offset / TABLE_ENTRY];
        const uint32_t word[] = { v->address[0], v->address[1], v->data, v->control };
        return word[offset % TABLE_ENTRY / 4];
    }
    if (offset != PBA) return 0;
    for (int i = 0; i < NIC_VECTORS; i++) pending |= (uint32_t)nic->vector[i].pending << i;
    return pending;
}

void nic_msix_write(void *device, uint32_t offset, uint32_t value)
{
    struct nic *nic = device;

    if (offset >= NIC_VECTORS * TABLE_ENTRY || offset % 4 != 0) return;
    struct vector *v = &nic->vector[offset / TABLE_ENTRY];
    switch (offset % TABLE_ENTRY / 4) {
    case 0: v->address[0] = value & ~3u; break;
    case 1: v->address[1] = value; break;
    case 2: v->data = value; break;
    default:
        v->control = value & MSIX_MASKED;
        irq_route(nic);
        break;
    }
}

void nic_set_vector(void *device, int number, event_fn *fn, void *owner)
{
    struct nic *nic = device;
    SIM_ASSERT(number >= 0 && number < NIC_VECTORS);
    struct vector *v = &nic->vector[number];
    v->table_fn = fn;
    v->table_owner = owner;
    v->control = fn ? 0 : MSIX_MASKED;
    nic->pci.msix = true;
    irq_route(nic);
}

void nic_set_msi(void *device, event_fn *fn, void *owner)
{
    struct nic *nic = device;
    nic->msi_fn = fn;
    nic->msi_owner = owner;
    nic->pci.msix = false;
    nic->pci.msi = fn != NULL;
    irq_route(nic);
}

void nic_set_pin(void *device, nic_level_fn *fn, void *owner)
{
    struct nic *nic = device;
    nic->level_fn = fn;
    nic->level_owner = owner;
    nic->pci.msix = nic->pci.msi = false;
    irq_route(nic);
}

/* Bits of vectors whose message is wanted no more. */
void write_pbacl(struct nic *nic, uint32_t index, uint32_t value)
{
    (void)index;
    for (int i = 0; i < NIC_VECTORS; i++)
        if (value >> i & 1) nic->vector[i].pending = false;
}
