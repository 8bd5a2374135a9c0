/* SPDX-License-Identifier: GPL-3.0-or-later
 * posted.c -- the rare case of the FIFO of posted writes: it is full. */
#include "nicmodel/posted.h"

void posted_grow(struct posted_fifo *f)
{
    struct posted *wide = calloc(f->room * 2, sizeof *wide);
    SIM_ASSERT(wide);
    for (uint32_t i = f->head; i != f->tail; i++) wide[i & (f->room * 2 - 1)] = f->write[i & (f->room - 1)];
    free(f->write);
    f->write = wide;
    f->room *= 2;
}
