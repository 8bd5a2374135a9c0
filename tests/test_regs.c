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

/* Registers of later chips, and diagnostics, that a driver for the whole family touches. */
START_TEST(nic_reg_read__absent_registers_are_harmless_and_counted)
{
    uint64_t count = 0;
    for (uint32_t offset = 0; offset < NIC82598_BAR_BYTES; offset += 4) {
        if (!nic_reg_absent(offset)) continue;
        ck_assert_int_lt(nic_reg_find(offset, NULL, NULL), 0);
        nic_rig_write(&rig, offset, UINT32_MAX);
        ck_assert_uint_eq(nic_rig_read(&rig, offset), 0);
        count++;
    }
#define X(offset, count, stride, meaning) + (count)
    ck_assert_uint_eq(count, NIC82598_ABSENT(X));
#undef X
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

START_TEST(nic_reg_fields__every_field_with_its_register)
{
    size_t count, all = 0, listed = 0;
    for (unsigned r = 0; r < N_NIC82598_REGS; r++) {
        const struct nic_field_info *f = nic_reg_fields((enum nic82598_reg)r, &count);
        for (size_t i = 0; i < count; i++) {
            ck_assert_uint_eq(f[i].reg, r);
            ck_assert(f[i].name[0] && f[i].meaning[0]);
        }
        all += count;
    }
#define F(...) listed++;
    NIC82598_FIELDS(F)
#undef F
    ck_assert_uint_eq(all, listed); /* fields of one register stand together */
    nic_reg_fields(REG_FHFT, &count);
    ck_assert_uint_eq(count, 0);
}
END_TEST

START_TEST(nic_field_value__says_what_a_number_means)
{
    size_t count;
    const struct nic_field_info *f = nic_reg_fields(REG_SRRCTL, &count);
    for (size_t i = 0; i < count; i++) {
        bool type = strcmp(f[i].name, "DESCTYPE") == 0;
        const char *says = nic_field_value(&f[i], 1);
        ck_assert(type ? says && strcmp(says, "advanced, one buffer") == 0 : says == NULL);
        ck_assert_ptr_null(nic_field_value(&f[i], 7));
    }
#define V(reg, field, value, meaning) \
    ck_assert_uint_eq(NIC_GET(reg##_##field, NIC_PUT(reg##_##field, value)), (value)); /* fits */
    NIC82598_VALUES(V)
#undef V
}
END_TEST

/* Every register with something in it: all that can be written, some traffic, causes pending. */
static void stir(struct nic_rig *r)
{
    nic_rig_rx(r, 0, 64, 32, 2, false, 0);
    for (unsigned i = 0; i < N_NIC82598_REGS; i++) {
        const struct nic_reg_info *info = nic_reg_info((enum nic82598_reg)i);
        if (nic_reg_behaves(info)) continue;
        for (uint32_t k = 0; k < info->count; k++) nic_rig_write(r, info->offset + k * info->stride, 0x01020304 + k);
    }
    nic_rig_write(r, NIC_OFFSET(GPIE, 0), 0);
    nic_rig_write(r, NIC_OFFSET(EIAC, 0), 0);
    nic_rig_rx_start(r, 2, false);
    for (uint16_t i = 0; i < 8; i++)
        nic_receive(r->nic, nic_rig_frame(r, nic_rig_mac, IPPROTO_TCP_, i, 200));
    nic_receive(r->nic, nic_rig_frame(r, (struct mac_addr){ { 2, 9, 9, 9, 9, 9 } }, IPPROTO_TCP_, 1, 200));
    nic_rig_write(r, NIC_OFFSET(EITR, 3), 0x10000100);
    nic_rig_write(r, NIC_OFFSET(EICS, 0), 0x00100003);
    nic_rig_run_ns(r, 3000);
}

/* Of two cards with the same past one is looked at: both must read the same afterwards, and what was seen must be what
 * is read. */
START_TEST(nic_reg_peek__sees_what_a_read_returns_and_changes_nothing)
{
    static struct nic_rig twin;
    uint32_t *seen = calloc(N_NIC82598_SLOTS, sizeof *seen);
    uint64_t interrupts;
    nic_rig_init(&twin, NULL);
    stir(&rig);
    stir(&twin);
    interrupts = nic_counter(rig.nic, NIC_interrupts);
    for (int pass = 0; pass < 3; pass++)
        for (uint32_t offset = 0; offset < NIC82598_BAR_BYTES; offset += 4) {
            int slot = nic_reg_find(offset, NULL, NULL);
            uint32_t value = nic_reg_peek(rig.nic, offset);
            ck_assert(slot >= 0 || value == 0);
            if (slot < 0) continue;
            ck_assert(pass == 0 || seen[slot] == value);
            seen[slot] = value;
        }
    ck_assert_uint_eq(nic_counter(rig.nic, NIC_unknown_reads), 0);
    for (uint32_t offset = 0; offset < NIC82598_BAR_BYTES; offset += 4) {
        enum nic82598_reg reg;
        char name[24];
        int slot = nic_reg_find(offset, &reg, NULL);
        if (slot < 0) continue;
        uint32_t value = nic_rig_read(&rig, offset), other = nic_rig_read(&twin, offset);
        ck_assert_msg(value == other, "%s: %08x after looking, %08x without", nic_reg_name(offset, name), value, other);
        if (reg == REG_EIMS) continue; /* reading EICR, which comes before, changed it (EIAM) */
        ck_assert_msg(value == seen[slot], "%s: seen %08x, read %08x", nic_reg_name(offset, name), seen[slot], value);
    }
    ck_assert_uint_ne(seen[SLOT_EICR], 0);
    ck_assert_uint_ne(seen[SLOT_GPRC], 0);
    ck_assert_uint_eq(nic_reg_peek(rig.nic, NIC_OFFSET(GPRC, 0)), 0); /* the reads did clear */
    ck_assert_uint_eq(nic_counter(rig.nic, NIC_interrupts), interrupts);
    nic_rig_fini(&twin);
    free(seen);
}
END_TEST

/* Counters: cleared by reading, deaf to writes, and saturating. */
START_TEST(nic_reg_read__clear_on_read_registers)
{
    nic_rig_rx(&rig, 0, 64, 32, 2, false, 0);
    nic_rig_rx_start(&rig, 2, false);
    for (int i = 0; i < 5; i++) nic_receive(rig.nic, nic_rig_frame(&rig, nic_rig_mac, IPPROTO_UDP_, 1, 100));
    nic_rig_run_ns(&rig, 10000);
    for (unsigned r = 0; r < N_NIC82598_REGS; r++) {
        const struct nic_reg_info *info = nic_reg_info((enum nic82598_reg)r);
        if (info->access != NIC_RC) continue;
        for (uint32_t i = 0; i < info->count; i++) {
            uint32_t offset = info->offset + i * info->stride, before = nic_reg_peek(rig.nic, offset);
            nic_rig_write(&rig, offset, 0xffffffff);
            nic_rig_write(&rig, offset, 0);
            ck_assert_msg(nic_rig_read(&rig, offset) == before, "%s[%u]", info->name, i);
            ck_assert_msg(nic_rig_read(&rig, offset) == 0, "%s[%u]", info->name, i);
            if (r == REG_GPRC || r == REG_PRC127 || r == REG_TPR) ck_assert_uint_eq(before, 5);
        }
    }
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
    tcase_add_test(t, nic_reg_read__absent_registers_are_harmless_and_counted);
    tcase_add_test(t, nic_fields__inside_their_register_and_apart);
    tcase_add_test(t, nic_reg_fields__every_field_with_its_register);
    tcase_add_test(t, nic_field_value__says_what_a_number_means);
    tcase_add_test(t, nic_reg_peek__sees_what_a_read_returns_and_changes_nothing);
    tcase_add_test(t, nic_reg_read__clear_on_read_registers);
    tcase_add_test(t, nic_regs_print_markdown__docs_registers_is_current);
    suite_add_tcase(s, t);
    return s;
}
