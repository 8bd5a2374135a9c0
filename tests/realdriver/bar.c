/* SPDX-License-Identifier: GPL-3.0-or-later
 * bar.c -- the SIGBUS handler: which instruction faulted, what it wanted, and how long it is.
 *
 * A driver reaches registers through volatile 32-bit pointers, for which compilers emit three instructions only:
 *     8B /r      mov r32, [mem]            89 /r      mov [mem], r32           C7 /0 id   mov [mem], imm32
 * and, where the processor has it, 0F 38 F9 /r (movdiri [mem], r32).  Each may have a REX prefix.  The address is the
 * kernel's word, so only the length of the operand is decoded.  Anything else ends the test. */
#define _GNU_SOURCE
#include "bar.h"

#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <ucontext.h>

#include "card.h"
#include "nicmodel/nic82598_regs.h"

enum { REX = 0x40, REX_W = 8, REX_R = 4 };

static uintptr_t bar_base;
static uint32_t bar_bytes;
static atomic_uint_fast64_t reads, writes;
static atomic_uchar touched[NIC82598_BAR_BYTES / 4];

static const int registers[16] = {
    REG_RAX, REG_RCX, REG_RDX, REG_RBX, REG_RSP, REG_RBP, REG_RSI, REG_RDI,
    REG_R8, REG_R9, REG_R10, REG_R11, REG_R12, REG_R13, REG_R14, REG_R15,
};

static void give_up(const char *why, const uint8_t *code, uintptr_t addr)
{
    fprintf(stderr, "bar: %s at address %#lx, instruction", why, (unsigned long)addr);
    for (int i = 0; i < 12; i++) fprintf(stderr, " %02x", code[i]);
    fputc('\n', stderr);
    abort();
}

/* Bytes of ModRM, SIB and displacement. */
static unsigned operand_bytes(const uint8_t *modrm)
{
    unsigned mod = modrm[0] >> 6, rm = modrm[0] & 7, n = 1;

    if (rm == 4) {
        n = 2;
        if (mod == 0 && (modrm[1] & 7) == 5) n += 4;
    } else if (mod == 0 && rm == 5) {
        n += 4;
    }
    return n + (mod == 1 ? 1 : mod == 2 ? 4 : 0);
}

static void access_bar(int signal_number, siginfo_t *info, void *context)
{
    greg_t *reg = ((ucontext_t *)context)->uc_mcontext.gregs;
    const uint8_t *start = (const uint8_t *)reg[REG_RIP], *code = start;
    uintptr_t addr = (uintptr_t)info->si_addr;
    uint32_t offset = (uint32_t)(addr - bar_base);
    uint8_t rex = (*code & 0xf0) == REX ? *code++ : 0;

    (void)signal_number;
    if (addr - bar_base >= bar_bytes || offset >= NIC82598_BAR_BYTES) give_up("bus error outside the BAR", start, addr);
    if (rex & REX_W || offset % 4) give_up("not an aligned 32-bit access", start, addr);
    bool movdiri = memcmp(code, "\x0f\x38\xf9", 3) == 0;
    uint8_t opcode = movdiri ? 0x89 : *code;
    code += movdiri ? 3 : 1;
    touched[offset / 4] = 1;
    unsigned n = operand_bytes(code);
    greg_t *r = &reg[registers[(*code >> 3 & 7) | (rex & REX_R ? 8 : 0)]];

    if (*code >> 6 == 3) give_up("no memory operand", start, addr);
    if (opcode == 0x8b) {
        *r = card_read(offset);
        reads++;
    } else if (opcode == 0x89 || opcode == 0xc7) {
        uint32_t value = (uint32_t)*r;
        if (opcode == 0xc7) {
            memcpy(&value, code + n, sizeof value);
            n += sizeof value;
        }
        card_write(offset, value);
        writes++;
    } else {
        give_up("unexpected instruction", start, addr);
    }
    reg[REG_RIP] = (greg_t)(code + n);
}

void bar_init(void)
{
    struct sigaction action = { .sa_sigaction = access_bar, .sa_flags = SA_SIGINFO };
    if (sigaction(SIGBUS, &action, NULL) != 0) {
        perror("sigaction");
        abort();
    }
}

void bar_place(void *base, uint32_t bytes)
{
    bar_base = (uintptr_t)base;
    bar_bytes = bytes;
}

bool bar_touched(uint32_t offset) { return touched[offset / 4]; }
uint64_t bar_reads(void) { return reads; }
uint64_t bar_writes(void) { return writes; }
