/* SPDX-License-Identifier: GPL-3.0-or-later
 * nic82573_regs.c -- the register list of the 82573 as data (nic_regs.h). */
#include "nicmodel/nic82573_regs.h"

#include "nicmodel/nic82573.h"

static const struct nic_reg_info info[N_NIC82573_REGS] = {
#define R(NAME, offset, count, stride, access, reset, write, read, meaning) \
    [REG_##NAME] = { #NAME, meaning, #write, #read, offset, count, stride, reset, NIC_##access, SLOT_##NAME },
    NIC82573_REGS(R)
#undef R
};

static const struct nic_field_info fields[] = {
#define F(reg, field, low, width, meaning) { #field, meaning, REG_##reg, low, width },
    NIC82573_FIELDS(F)
#undef F
};

static const struct nic_value_info values[] = {
#define V(reg, field, value, meaning) { REG_##reg, LOW_##reg##_##field, value, meaning },
    NIC82573_VALUES(V)
#undef V
};

static int16_t slot[NIC82573_BAR_BYTES / 4];
static uint8_t row[N_NIC82573_SLOTS];
static bool ready;

_Static_assert(N_NIC82573_REGS <= 256, "a row number must fit in a byte");

const struct reg_list nic82573_reg_list = {
    .card = "Intel 82573", .file = "sim/nicmodel/nic82573_regs.h", .info = info, .field = fields, .value = values,
    .rows = N_NIC82573_REGS, .fields = sizeof fields / sizeof *fields, .values = sizeof values / sizeof *values,
    .bar_bytes = NIC82573_BAR_BYTES, .slot = slot, .row = row, .ready = &ready,
};
