/* SPDX-License-Identifier: GPL-3.0-or-later
 * nic82598_regs.c -- the register list as a table: look-up by offset, names, documentation.
 *
 * The look-up is dense: one 16-bit slot number for each of the 32768 words of BAR0, filled once. */
#include "nicmodel/nic82598_regs.h"

#include <inttypes.h>
#include <string.h>

#include "core/assert.h"

enum { BAR_WORDS = NIC82598_BAR_BYTES / 4 };


static const struct nic_reg_info info[N_NIC82598_REGS] = {
#define R(NAME, offset, count, stride, access, reset, write, read, meaning) \
    [REG_##NAME] = { #NAME, meaning, #write, #read, offset, count, stride, reset, NIC_##access, SLOT_##NAME },
    NIC82598_REGS(R)
#undef R
};

static struct {
    bool ready;
    int16_t slot[BAR_WORDS];      /* -1: no register */
    uint8_t row[N_NIC82598_SLOTS];
} map;

_Static_assert(N_NIC82598_REGS <= 256, "a row number must fit in a byte");
_Static_assert(N_NIC82598_SLOTS < INT16_MAX, "a slot number must fit in 15 bits");

static void map_fill(void)
{
    memset(map.slot, 0xff, sizeof map.slot);
    for (unsigned r = 0; r < N_NIC82598_REGS; r++)
        for (uint32_t i = 0; i < info[r].count; i++) {
            uint32_t word = (info[r].offset + i * info[r].stride) / 4;
            SIM_ASSERT(word < BAR_WORDS && map.slot[word] == -1);
            map.slot[word] = (int16_t)(info[r].slot + i);
            map.row[info[r].slot + i] = (uint8_t)r;
        }
    map.ready = true;
}

const struct nic_reg_info *nic_reg_info(enum nic82598_reg reg)
{
    return &info[reg];
}

bool nic_reg_behaves(const struct nic_reg_info *r)
{
    return strcmp(r->write_hook, "none") != 0 || strcmp(r->read_hook, "none") != 0;
}

int nic_reg_find(uint32_t offset, enum nic82598_reg *reg, uint32_t *index)
{
    if (!map.ready) map_fill();
    if (offset >= NIC82598_BAR_BYTES || offset % 4 != 0) return -1;
    int slot = map.slot[offset / 4];
    if (slot < 0) return -1;
    unsigned row = map.row[slot];
    if (reg) *reg = (enum nic82598_reg)row;
    if (index) *index = (uint32_t)slot - info[row].slot;
    return slot;
}

char *nic_reg_name(uint32_t offset, char text[24])
{
    enum nic82598_reg reg;
    uint32_t index;
    if (nic_reg_find(offset, &reg, &index) < 0)
        snprintf(text, 24, "0x%05" PRIx32, offset);
    else if (info[reg].count == 1)
        snprintf(text, 24, "%s", info[reg].name);
    else
        snprintf(text, 24, "%s[%" PRIu32 "]", info[reg].name, index);
    return text;
}

void nic_regs_print_markdown(FILE *out)
{
    static const char *const access[] = {
        [NIC_RW] = "RW", [NIC_RO] = "RO", [NIC_RC] = "RC", [NIC_W1C] = "W1C", [NIC_W1S] = "W1S", [NIC_WO] = "WO",
    };
    fputs("# Registers of the modelled Intel 82598\n\n"
          "Generated from `sim/nicmodel/nic82598_regs.h`, which is the one place where a register stands; a test\n"
          "compares this file with it.  Offsets are in BAR0.  Access: RW keeps what is written, RO ignores writes,\n"
          "RC is cleared by reading, W1C and W1S clear or set the bits written as 1, WO reads as 0.\n"
          "*behaves*: the model acts on it beyond storing it.\n\n"
          "| register | offset | count | stride | access | reset | behaves | meaning |\n"
          "|---|---|---:|---:|---|---|---|---|\n", out);
    for (unsigned r = 0; r < N_NIC82598_REGS; r++)
        fprintf(out, "| %s | 0x%05" PRIx32 " | %" PRIu32 " | 0x%02" PRIx32 " | %s | 0x%08" PRIx32 " | %s | %s |\n",
                info[r].name, info[r].offset, info[r].count, info[r].stride, access[info[r].access], info[r].reset,
                nic_reg_behaves(&info[r]) ? "yes" : "", info[r].meaning);
    fputs("\n## Fields\n\n| register | field | bits | meaning |\n|---|---|---|---|\n", out);
#define F(reg, field, low, width, meaning) \
    if ((width) == 1) \
        fprintf(out, "| %s | %s | %d | %s |\n", #reg, #field, (low), meaning); \
    else \
        fprintf(out, "| %s | %s | %d:%d | %s |\n", #reg, #field, (low) + (width) - 1, (low), meaning);
    NIC82598_FIELDS(F)
#undef F
}
