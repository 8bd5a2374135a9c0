/* SPDX-License-Identifier: GPL-3.0-or-later
 * nic82598_regs.c -- the register list of the 82598 as data (nic_regs.h). */
#include "nicmodel/nic82598_regs.h"

#include "nicmodel/nic82598.h"

static const struct nic_reg_info info[N_NIC82598_REGS] = {
#define R(NAME, offset, count, stride, access, reset, write, read, meaning) \
    [REG_##NAME] = { #NAME, meaning, #write, #read, offset, count, stride, reset, NIC_##access, SLOT_##NAME },
    NIC82598_REGS(R)
#undef R
};

static const struct nic_field_info fields[] = {
#define F(reg, field, low, width, meaning) { #field, meaning, REG_##reg, low, width },
    NIC82598_FIELDS(F)
#undef F
};

static const struct nic_value_info values[] = {
#define V(reg, field, value, meaning) { REG_##reg, LOW_##reg##_##field, value, meaning },
    NIC82598_VALUES(V)
#undef V
};

static const struct nic_absent_info absent[] = {
#define X(offset, count, stride, meaning) { offset, count, stride, meaning },
    NIC82598_ABSENT(X)
#undef X
};

static int16_t slot[NIC82598_BAR_BYTES / 4];
static uint8_t row[N_NIC82598_SLOTS];
static bool ready;

_Static_assert(N_NIC82598_REGS <= 256, "a row number must fit in a byte");
_Static_assert(N_NIC82598_SLOTS < INT16_MAX, "a slot number must fit in 15 bits");

const struct reg_list nic82598_reg_list = {
    .card = "Intel 82598", .file = "sim/nicmodel/nic82598_regs.h", .info = info, .field = fields, .value = values,
    .rows = N_NIC82598_REGS, .fields = sizeof fields / sizeof *fields, .values = sizeof values / sizeof *values,
    .absent = absent, .absents = sizeof absent / sizeof *absent, .bar_bytes = NIC82598_BAR_BYTES, .slot = slot,
    .row = row, .ready = &ready,
};

const struct nic_reg_info *nic_reg_info(enum nic82598_reg reg)
{
    return &info[reg];
}

const struct nic_field_info *nic_reg_fields(enum nic82598_reg reg, size_t *count)
{
    return reg_list_fields(&nic82598_reg_list, reg, count);
}

const char *nic_field_value(const struct nic_field_info *f, uint32_t value)
{
    return reg_list_value(&nic82598_reg_list, f, value);
}

int nic_reg_find(uint32_t offset, enum nic82598_reg *reg, uint32_t *index)
{
    unsigned r = 0;
    int found = reg_list_find(&nic82598_reg_list, offset, &r, index);
    if (reg && found >= 0) *reg = (enum nic82598_reg)r;
    return found;
}

bool nic_reg_absent(uint32_t offset)
{
    return reg_list_absent(&nic82598_reg_list, offset);
}

char *nic_reg_name(uint32_t offset, char text[24])
{
    return reg_list_name(&nic82598_reg_list, offset, text);
}

void nic_regs_print_markdown(FILE *out)
{
    reg_list_print_markdown(&nic82598_reg_list, out);
}
