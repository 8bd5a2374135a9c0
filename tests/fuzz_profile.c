/* SPDX-License-Identifier: GPL-3.0-or-later
 * fuzz_profile.c -- whatever the text, reading a cost profile ends, soon, with a profile or with messages; and a profile
 * that was read can be written with other values, which are then the only ones that differ.
 *
 *     fuzz_profile ROUNDS SEED          (or libFuzzer, as fuzz_scenario.c) */
#define _GNU_SOURCE
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "core/assert.h"
#include "machine/cost_text.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes);

static struct cost_profile *load(const void *data, size_t bytes)
{
    char path[32];
    struct errors errors;
    int fd = memfd_create("profile", 0);

    SIM_ASSERT(fd >= 0 && write(fd, data, bytes) == (ssize_t)bytes);
    snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
    errors_init(&errors);
    struct cost_profile *p = cost_profile_load(path, &errors);
    SIM_ASSERT((p == NULL) == (errors.count > 0)); /* never neither, never both */
    errors_fini(&errors);
    close(fd);
    return p;
}

static void check_same(const struct cost_entry *a, const struct cost_entry *b)
{
    SIM_ASSERT(memcmp(&a->value, &b->value, sizeof a->value) == 0 && strcmp(a->source, b->source) == 0);
    SIM_ASSERT(strcmp(a->unit, b->unit) == 0 && strcmp(a->confidence, b->confidence) == 0);
}

/* Written with as many digits as a change is: rounded, a price may leave its bracket. */
static bool is_short(double value)
{
    double rounded = cost_text_rounded(value);
    return memcmp(&rounded, &value, sizeof value) == 0;
}

/* Changes one operation and one place, and reads the profile back. */
static void check_accepted(const struct cost_profile *before, const char *data, size_t bytes, unsigned sum)
{
    int op = (int)(sum % N_COST_OPS), place = (int)(sum / 7 % N_COST_PLACES);
    const struct cost_change changes[] = {
        { cost_op_name((enum cost_op)op), before->op[op].high, "a \"source\"", "fitted" },
        { cost_place_name((enum cost_place)place), before->place[place].low, NULL, NULL },
    };
    struct errors errors;

    errors_init(&errors);
    char *text = cost_text_change("profile", data, bytes, "other", changes, 2, &errors);
    SIM_ASSERT((text == NULL) == (errors.count > 0));
    errors_fini(&errors);
    if (!text) return; /* UTF-16 and the like */
    struct cost_profile *after = load(text, strlen(text));
    SIM_ASSERT(after || !is_short(before->op[op].high) || !is_short(before->place[place].low));
    for (int i = 0; i < N_COST_OPS && after; i++)
        if (i != op) check_same(&before->op[i], &after->op[i]);
    for (int i = 0; i < N_COST_PLACES && after; i++)
        if (i != place) check_same(&before->place[i], &after->place[i]);
    cost_profile_destroy(after);
    free(text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes)
{
    struct cost_profile *p = load(data, bytes);
    unsigned sum = 0;

    for (size_t i = 0; i < bytes; i++) sum = sum * 31 + data[i];
    if (p) check_accepted(p, (const char *)data, bytes, sum);
    cost_profile_destroy(p);
    return 0;
}

#ifndef FUZZ_WITH_LIBFUZZER

#include "fuzz_text.h"

static const char *const words[] = {
    "*a", "&a ", "[", "]", "{", "}", ": ", ", ", "\n", "\n  ", "null", "~", "-1", "0", "1e9", "1000001", "\"", "'", "|\n",
    ">-\n", "#", "\t", "---\n", "!!str ", "!x ", "\xff", "\xc3\xa9", "\xe2\x82\xac", "\xef\xbb\xbf", "\xf0\x9f\x90\xa7", "value: ",
    "unit: us", "low: 0", "high: 9", "confidence: fitted", "source: >\n    x\n", "costs:", "copy_byte: ", "name: x\n", "\r\n",
};
static const char *const seeds[] = { "scenarios/profiles/harpertown-2.8.yaml" };

int main(int argc, char **argv)
{
    return fuzz_texts(argc, argv, seeds, sizeof seeds / sizeof *seeds, words, sizeof words / sizeof *words);
}

#endif
