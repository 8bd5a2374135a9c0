/* SPDX-License-Identifier: GPL-3.0-or-later
 * nic_regs.h -- what the register lists of all modelled cards have in common: access rules, rows, fields, look-up.
 *
 * A card's list (nic82598_regs.h, nic82573_regs.h) defines, for every register NAME, constants OFFSET_NAME, STRIDE_NAME,
 * COUNT_NAME and SLOT_NAME, and for every field LOW_NAME_FIELD and WIDTH_NAME_FIELD; one file sees one list only.  As
 * data all lists look the same: struct reg_list. */
#ifndef SIM_NICMODEL_NIC_REGS_H
#define SIM_NICMODEL_NIC_REGS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

/* Offset of element 'i' of a register: NIC_OFFSET(RDT, 3). */
#define NIC_OFFSET(reg, i) ((uint32_t)(OFFSET_##reg) + (uint32_t)(STRIDE_##reg) * (uint32_t)(i))
/* A field's mask, its value in 'v', and 'x' moved to its place: NIC_MASK(CTRL_RST), NIC_GET(SRRCTL_DESCTYPE, v). */
#define NIC_MASK(field) ((uint32_t)(((1ull << WIDTH_##field) - 1) << LOW_##field))
#define NIC_GET(field, v) (((uint32_t)(v) & NIC_MASK(field)) >> LOW_##field)
#define NIC_PUT(field, x) (((uint32_t)(x) << LOW_##field) & NIC_MASK(field))

enum nic_access { NIC_RW, NIC_RO, NIC_RC, NIC_W1C, NIC_W1S, NIC_WO };
const char *nic_access_name(enum nic_access access);

struct nic_reg_info {
    const char *name, *meaning, *write_hook, *read_hook; /* hooks: "none", or what follows write_ and read_ */
    uint32_t offset, count, stride, reset;
    enum nic_access access;
    uint16_t slot;         /* of element 0 */
};
struct nic_field_info {
    const char *name, *meaning;
    uint8_t reg, low, width; /* reg: row of the list */
};
struct nic_value_info {
    uint8_t reg, low;
    uint32_t value;
    const char *meaning;
};

/* Offsets that drivers touch and where the model has no register. */
struct nic_absent_info {
    uint32_t offset, count, stride;
    const char *meaning;
};

/* A card's registers.  The look-up is dense: one 16-bit slot number for each 32-bit word of BAR0, filled once. */
struct reg_list {
    const char *card, *file;           /* "Intel 82598"; where the list stands */
    const struct nic_reg_info *info;
    const struct nic_field_info *field; /* fields of one register stand together */
    const struct nic_value_info *value;
    const struct nic_absent_info *absent;
    unsigned rows, fields, values, absents;
    uint32_t bar_bytes;
    int16_t *slot;                     /* by word of the BAR; -1: no register */
    uint8_t *row;                      /* by slot */
    bool *ready;                       /* the two are filled */
};
void reg_list_fill(const struct reg_list *l);

/* The slot at byte offset 'offset' of BAR0, or -1 when no register is there.  *row and *index (each may be NULL) say
 * which it is. */
static inline int reg_list_find(const struct reg_list *l, uint32_t offset, unsigned *row, uint32_t *index)
{
    if (!*l->ready) reg_list_fill(l);
    if (offset >= l->bar_bytes || offset % 4 != 0) return -1;
    int slot = l->slot[offset / 4];
    if (slot < 0) return -1;
    unsigned r = l->row[slot];
    if (row) *row = r;
    if (index) *index = (uint32_t)slot - l->info[r].slot;
    return slot;
}

/* Whether 'offset' is one of those that the list says are absent. */
bool reg_list_absent(const struct reg_list *l, uint32_t offset);

/* Whether the model acts on the register beyond its access rule. */
bool nic_reg_behaves(const struct nic_reg_info *r);

/* The fields of a register, lowest first as far as the list is; *count may be 0. */
const struct nic_field_info *reg_list_fields(const struct reg_list *l, unsigned row, size_t *count);

/* What 'value' of a field means, or NULL when the number says it all. */
const char *reg_list_value(const struct reg_list *l, const struct nic_field_info *f, uint32_t value);

/* "RDT[3]", "CTRL", or "0x1234" for an unknown offset, in 'text' of at least 24 bytes; returns 'text'. */
char *reg_list_name(const struct reg_list *l, uint32_t offset, char text[24]);

/* The list as Markdown tables, under a heading. */
void reg_list_print_markdown(const struct reg_list *l, FILE *out);

#endif
