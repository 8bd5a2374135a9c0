/* SPDX-License-Identifier: GPL-3.0-or-later
 * test_regs.c -- the register list tests itself: look-up, reset values, access rules, fields, the reference page. */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "nic_rig.h"
#include "suites.h"

static struct nic_rig rig;

static void setup(void)
{
    nic_rig_init(&rig, NULL);
}

static void teardown(void)
{
    nic_rig_fini(&rig);
}

START_TEST(nic_reg_find__every_register_at_its_offset_and_nowhere_else)
{
    unsigned known = 0;
    for (unsigned r = 0; r < N_NIC82598_REGS; r++) {
        const struct nic_reg_info *info = nic_reg_info((enum nic82598_reg)r);
        ck_assert(info->count == 1 || info->stride >= 4);
        for (uint32_t i = 0; i < info->count; i++) {
            enum nic82598_reg reg;
            uint32_t index, offset = info->offset + i * info->stride;
            ck_assert_int_eq(nic_reg_find(offset, &reg, &index), (int)(info->slot + i));
            ck_assert_uint_eq(reg, r);
            ck_assert_uint_eq(index, i);
            for (uint32_t b = 1; b < 4; b++) ck_assert_int_eq(nic_reg_find(offset + b, NULL, NULL), -1);
        }
    }
    for (uint32_t offset = 0; offset < NIC82598_BAR_BYTES; offset += 4) known += nic_reg_find(offset, NULL, NULL) >= 0;
    ck_assert_uint_eq(known, N_NIC82598_SLOTS);
    ck_assert_int_eq(nic_reg_find(NIC82598_BAR_BYTES, NULL, NULL), -1);
    ck_assert_int_eq(nic_reg_find(UINT32_MAX - 3, NULL, NULL), -1);
}
END_TEST

START_TEST(nic_reg_name__names_elements_and_unknown_offsets)
{
    char text[24];
    ck_assert_str_eq(nic_reg_name(0, text), "CTRL");
    ck_assert_str_eq(nic_reg_name(NIC_OFFSET(RDT, 3), text), "RDT[3]");
    ck_assert_str_eq(nic_reg_name(0x10d8, text), "RDT[3]");
    ck_assert_str_eq(nic_reg_name(0xa200 + 0x200 * 2 + 4 * 5, text), "VFTAVIND[261]");
    ck_assert_str_eq(nic_reg_name(0x2424, text), "0x02424");
}
END_TEST

/* Registers whose reset value is the device's own. */
static bool individual(unsigned r)
{
    return r == REG_RAL || r == REG_RAH || r == REG_STATUS || r == REG_LINKS || r == REG_FRTIMER;
}

START_TEST(nic_reg_read__reset_values)
{
    for (unsigned r = 0; r < N_NIC82598_REGS; r++) {
        const struct nic_reg_info *info = nic_reg_info((enum nic82598_reg)r);
        for (uint32_t i = 0; i < info->count; i++) {
            uint32_t value = nic_rig_read(&rig, info->offset + i * info->stride);
            if (individual(r) && i == 0) continue;
            if (r == REG_EICR) continue; /* the wire was connected: LSC */
            ck_assert_msg(value == info->reset, "%s[%u] = %08x, expected %08x", info->name, i, value, info->reset);
        }
    }
    ck_assert_uint_eq(nic_rig_read(&rig, NIC_OFFSET(RAL, 0)), 0x00259802);
    ck_assert_uint_eq(nic_rig_read(&rig, NIC_OFFSET(RAH, 0)), 0x80000001);
}
END_TEST

START_TEST(nic_reg_write__access_rules_of_plain_registers)
{
    const uint32_t a = 0xa5a5f00f, b = 0x5a5a0ff0;
    for (unsigned r = 0; r < N_NIC82598_REGS; r++) {
        const struct nic_reg_info *info = nic_reg_info((enum nic82598_reg)r);
        if (nic_reg_behaves(info)) continue;
        for (uint32_t i = 0; i < info->count; i++) {
            uint32_t offset = info->offset + i * info->stride, before = nic_rig_read(&rig, offset);
            nic_rig_write(&rig, offset, a);
            uint32_t first = nic_rig_read(&rig, offset);
            nic_rig_write(&rig, offset, b);
            uint32_t second = nic_rig_read(&rig, offset);
            switch (info->access) {
            case NIC_RW: ck_assert(first == a && second == b); break;
            case NIC_RO: ck_assert(first == before && second == before); break;
            case NIC_RC: ck_assert(first == 0 && second == 0); break;
            case NIC_W1C: ck_assert(first == (before & ~a) && second == (before & ~(a | b))); break;
            case NIC_W1S: ck_assert(first == (before | a) && second == (before | a | b)); break;
            case NIC_WO: ck_assert(first == 0 && second == 0); break;
            }
        }
    }
}
END_TEST

START_TEST(nic_reg_write__reset_restores_every_register)
{
    for (unsigned r = 0; r < N_NIC82598_REGS; r++) {
        const struct nic_reg_info *info = nic_reg_info((enum nic82598_reg)r);
        for (uint32_t i = 0; i < info->count; i++) nic_rig_write(&rig, info->offset + i * info->stride, 0x00ffff0f);
    }
    nic_rig_write(&rig, NIC_OFFSET(CTRL, 0), NIC_MASK(CTRL_RST));
    for (unsigned r = 0; r < N_NIC82598_REGS; r++) {
        const struct nic_reg_info *info = nic_reg_info((enum nic82598_reg)r);
        for (uint32_t i = individual(r); i < info->count; i++)
            ck_assert_msg(nic_rig_read(&rig, info->offset + i * info->stride) == info->reset, "%s[%u]", info->name, i);
    }
    ck_assert_uint_eq(nic_rig_read(&rig, NIC_OFFSET(CTRL, 0)) & NIC_MASK(CTRL_RST), 0);
    ck_assert_uint_eq(nic_rig_read(&rig, NIC_OFFSET(RAH, 0)), 0x80000001);
}
END_TEST

/* Registers of sibling chips that one driver for all of them touches on this one. */
START_TEST(nic_reg_read__registers_of_other_chips_are_harmless_and_counted)
{
    static const struct { uint32_t first, last; } foreign[] = {
        { 0x2340, 0x237c }, { 0x2424, 0x2424 }, { 0x4294, 0x4294 }, { 0x4a80, 0x4a80 }, { 0x5118, 0x5118 },
        { 0x8600, 0x867c }, { 0x8700, 0x877c }, { 0x8a3c, 0x8a4c }, { 0x8d00, 0x8d00 }, { 0x8f40, 0x8f80 },
    };
    uint64_t count = 0;
    for (size_t i = 0; i < sizeof foreign / sizeof *foreign; i++)
        for (uint32_t offset = foreign[i].first; offset <= foreign[i].last; offset += 4, count++) {
            nic_rig_write(&rig, offset, UINT32_MAX);
            ck_assert_uint_eq(nic_rig_read(&rig, offset), 0);
        }
    for (uint32_t n = 0; n < 16; n++, count++) {
        nic_rig_write(&rig, 0x1038 + 0x40 * n, UINT32_MAX);
        ck_assert_uint_eq(nic_rig_read(&rig, 0x1038 + 0x40 * n), 0);
    }
    ck_assert_uint_eq(nic_counter(rig.nic, NIC_unknown_reads), count);
    ck_assert_uint_eq(nic_counter(rig.nic, NIC_unknown_writes), count);
}
END_TEST

START_TEST(nic_fields__inside_their_register_and_apart)
{
    struct { const char *reg; uint64_t bits; } seen[N_NIC82598_REGS] = { { 0, 0 } };
#define F(name, field, low, width, meaning) \
    do { \
        uint64_t mask = ((1ull << (width)) - 1) << (low); \
        ck_assert_msg(mask && mask <= UINT32_MAX, #name "." #field); \
        ck_assert_msg(!(seen[REG_##name].bits & mask), #name "." #field " overlaps"); \
        seen[REG_##name].bits |= mask; \
        ck_assert_uint_eq(NIC_GET(name##_##field, NIC_PUT(name##_##field, UINT32_MAX)), (uint32_t)(mask >> (low))); \
    } while (0);
    NIC82598_FIELDS(F)
#undef F
}
END_TEST

START_TEST(nic_regs_print_markdown__docs_registers_is_current)
{
    FILE *made = tmpfile(), *kept = fopen("docs/registers.md", "r");
    char a[512], b[512];
    int line = 0;
    ck_assert_ptr_nonnull(made);
    ck_assert_msg(kept != NULL, "docs/registers.md is missing; make docs writes it");
    nic_regs_print_markdown(made);
    rewind(made);
    for (;;) {
        char *x = fgets(a, sizeof a, made), *y = fgets(b, sizeof b, kept);
        line++;
        if (!x && !y) break;
        ck_assert_msg(x && y && strcmp(a, b) == 0, "docs/registers.md:%d differs; make docs writes it", line);
    }
    fclose(made);
    fclose(kept);
}
END_TEST

Suite *regs_suite(void)
{
    Suite *s = suite_create("regs");
    TCase *t = tcase_create("regs");
    tcase_add_checked_fixture(t, setup, teardown);
    tcase_add_test(t, nic_reg_find__every_register_at_its_offset_and_nowhere_else);
    tcase_add_test(t, nic_reg_name__names_elements_and_unknown_offsets);
    tcase_add_test(t, nic_reg_read__reset_values);
    tcase_add_test(t, nic_reg_write__access_rules_of_plain_registers);
    tcase_add_test(t, nic_reg_write__reset_restores_every_register);
    tcase_add_test(t, nic_reg_read__registers_of_other_chips_are_harmless_and_counted);
    tcase_add_test(t, nic_fields__inside_their_register_and_apart);
    tcase_add_test(t, nic_regs_print_markdown__docs_registers_is_current);
    suite_add_tcase(s, t);
    return s;
}
