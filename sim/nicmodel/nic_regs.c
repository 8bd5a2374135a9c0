/* SPDX-License-Identifier: GPL-3.0-or-later
 * nic_regs.c -- register lists as tables: look-up by offset, names, documentation. */
#include "nicmodel/nic_regs.h"

#include <inttypes.h>
#include <string.h>

#include "core/assert.h"

static const char *const access_name[] = {
    [NIC_RW] = "RW", [NIC_RO] = "RO", [NIC_RC] = "RC", [NIC_W1C] = "W1C", [NIC_W1S] = "W1S", [NIC_WO] = "WO",
};

const char *nic_access_name(enum nic_access access)
{
    return access_name[access];
}

void reg_list_fill(const struct reg_list *l)
{
    memset(l->slot, 0xff, l->bar_bytes / 4 * sizeof *l->slot);
    for (unsigned r = 0; r < l->rows; r++)
        for (uint32_t i = 0; i < l->info[r].count; i++) {
            uint32_t word = (l->info[r].offset + i * l->info[r].stride) / 4;
            SIM_ASSERT(word < l->bar_bytes / 4 && l->slot[word] == -1);
            l->slot[word] = (int16_t)(l->info[r].slot + i);
            l->row[l->info[r].slot + i] = (uint8_t)r;
        }
    *l->ready = true;
}

bool reg_list_absent(const struct reg_list *l, uint32_t offset)
{
    for (unsigned i = 0; i < l->absents; i++) {
        const struct nic_absent_info *f = &l->absent[i];
        uint32_t at = offset - f->offset;
        if (offset >= f->offset && at % f->stride == 0 && at / f->stride < f->count) return true;
    }
    return false;
}

bool nic_reg_behaves(const struct nic_reg_info *r)
{
    return strcmp(r->write_hook, "none") != 0 || strcmp(r->read_hook, "none") != 0;
}

const struct nic_field_info *reg_list_fields(const struct reg_list *l, unsigned row, size_t *count)
{
    size_t first = 0, end;
    while (first < l->fields && l->field[first].reg != row) first++;
    for (end = first; end < l->fields && l->field[end].reg == row;) end++;
    *count = end - first;
    return &l->field[first < l->fields ? first : 0];
}

const char *reg_list_value(const struct reg_list *l, const struct nic_field_info *f, uint32_t value)
{
    for (size_t i = 0; i < l->values; i++)
        if (l->value[i].reg == f->reg && l->value[i].low == f->low && l->value[i].value == value)
            return l->value[i].meaning;
    return NULL;
}

char *reg_list_name(const struct reg_list *l, uint32_t offset, char text[24])
{
    unsigned row;
    uint32_t index;
    if (reg_list_find(l, offset, &row, &index) < 0)
        snprintf(text, 24, "0x%05" PRIx32, offset);
    else if (l->info[row].count == 1)
        snprintf(text, 24, "%s", l->info[row].name);
    else
        snprintf(text, 24, "%s[%" PRIu32 "]", l->info[row].name, index);
    return text;
}

/* -- documentation ------------------------------------------------------------------------------------------------ */

static void print_field(const struct reg_list *l, const struct nic_field_info *f, FILE *out)
{
    const char *separator = ": ";

    fprintf(out, "| %s | %s | ", l->info[f->reg].name, f->name);
    if (f->width > 1) fprintf(out, "%d:", f->low + f->width - 1);
    fprintf(out, "%d | %s", f->low, f->meaning);
    for (uint32_t v = 0; f->width < 5 && v >> f->width == 0; v++) {
        const char *meaning = reg_list_value(l, f, v);
        if (!meaning) continue;
        fprintf(out, "%s%" PRIu32 " = %s", separator, v, meaning);
        separator = "; ";
    }
    fputs(" |\n", out);
}

void reg_list_print_markdown(const struct reg_list *l, FILE *out)
{
    fprintf(out, "# Registers of the modelled %s\n\n"
            "Generated from `%s`, which is the one place where a register stands; a test\n"
            "compares this file with it.  Offsets are in BAR0.  Access: RW keeps what is written, RO ignores writes,\n"
            "RC is cleared by reading, W1C and W1S clear or set the bits written as 1, WO reads as 0.\n"
            "*behaves*: the model acts on it beyond storing it.\n\n"
            "| register | offset | count | stride | access | reset | behaves | meaning |\n"
            "|---|---|---:|---:|---|---|---|---|\n", l->card, l->file);
    for (unsigned r = 0; r < l->rows; r++) {
        const struct nic_reg_info *i = &l->info[r];
        fprintf(out, "| %s | 0x%05" PRIx32 " | %" PRIu32 " | 0x%02" PRIx32 " | %s | 0x%08" PRIx32 " | %s | %s |\n",
                i->name, i->offset, i->count, i->stride, access_name[i->access], i->reset,
                nic_reg_behaves(i) ? "yes" : "", i->meaning);
    }
    fputs("\n## Fields\n\n| register | field | bits | meaning |\n|---|---|---|---|\n", out);
    for (size_t i = 0; i < l->fields; i++) print_field(l, &l->field[i], out);
    if (l->absents == 0) return;
    fputs("\n## Not modelled\n\nDrivers touch these offsets too; here they read 0, and accesses are counted.\n\n"
          "| offset | count | stride | what is there |\n|---|---:|---:|---|\n", out);
    for (unsigned i = 0; i < l->absents; i++)
        fprintf(out, "| 0x%05" PRIx32 " | %" PRIu32 " | 0x%02" PRIx32 " | %s |\n", l->absent[i].offset,
                l->absent[i].count, l->absent[i].stride, l->absent[i].meaning);
}
