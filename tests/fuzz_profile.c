/* SPDX-License-Identifier: GPL-3.0-or-later
 * fuzz_profile.c -- whatever the text, reading a cost profile ends, soon, with a profile or with messages; and a profile
 * that was read can be written and read to be the same.
 *
 *     fuzz_profile ROUNDS SEED          (or libFuzzer, as fuzz_scenario.c) */
#define _GNU_SOURCE
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "core/assert.h"
#include "machine/cost.h"

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
    SIM_ASSERT(memcmp(&a->value, &b->value, sizeof a->value) == 0 && memcmp(&a->low, &b->low, sizeof a->low) == 0);
    SIM_ASSERT(memcmp(&a->high, &b->high, sizeof a->high) == 0 && strcmp(a->source, b->source) == 0);
    SIM_ASSERT(strcmp(a->unit, b->unit) == 0 && strcmp(a->confidence, b->confidence) == 0);
}

static void check_accepted(const struct cost_profile *p)
{
    char *text;
    size_t bytes;
    FILE *out = open_memstream(&text, &bytes);

    SIM_ASSERT(out);
    cost_profile_write(p, out);
    fclose(out);
    struct cost_profile *again = load(text, bytes);
    SIM_ASSERT(again && strcmp(p->name, again->name) == 0 && p->clock_hz == again->clock_hz);
    for (int i = 0; i < N_COST_OPS; i++) check_same(&p->op[i], &again->op[i]);
    for (int i = 0; i < N_COST_PLACES; i++) check_same(&p->place[i], &again->place[i]);
    cost_profile_destroy(again);
    free(text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes)
{
    struct cost_profile *p = load(data, bytes);

    if (p) check_accepted(p);
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
