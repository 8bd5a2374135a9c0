/* SPDX-License-Identifier: GPL-3.0-or-later
 * bar.h -- a BAR without a device: pages that lie past the end of their file, so that every access to them raises
 * SIGBUS, which is decoded and becomes card_read() or card_write().  x86-64 only. */
#ifndef TESTS_REALDRIVER_BAR_H
#define TESTS_REALDRIVER_BAR_H

#include <stdbool.h>
#include <stdint.h>

/* Takes SIGBUS over. */
void bar_init(void);

/* Register offset 0 is at 'base' from now on. */
void bar_place(void *base, uint32_t bytes);

/* Accesses so far: of one register, of all. */
bool bar_touched(uint32_t offset);
uint64_t bar_reads(void);
uint64_t bar_writes(void);

#endif
