/* SPDX-License-Identifier: GPL-3.0-or-later
 * drops.c -- names of the drop reasons. */
#include "core/drops.h"

static const struct {
    const char *name, *meaning;
} drops[N_DROP_REASONS] = {
#define X(NAME, text, what) [DROP_##NAME] = { text, what },
    DROP_REASONS(X)
#undef X
};

const char *drop_name(enum drop_reason r)
{
    return drops[r].name;
}

const char *drop_meaning(enum drop_reason r)
{
    return drops[r].meaning;
}
