/* SPDX-License-Identifier: GPL-3.0-or-later
 * fuzz_scenario.c -- whatever the text, loading a scenario ends, soon, with a scenario or with messages.
 *
 * LLVMFuzzerTestOneInput() is the target for libFuzzer (clang -fsanitize=fuzzer,address,undefined
 * -DFUZZ_WITH_LIBFUZZER).  Without it main() mutates seed files by itself:
 *
 *     fuzz_scenario ROUNDS SEED
 *
 * Run it in the directory of the project, so that the scenarios' cost profiles are found. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "core/assert.h"
#include "scenario/scenario.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes);

/* A scenario that was accepted must print, and read back to the same one. */
static void check_accepted(const struct scenario *s)
{
    char *text = scenario_effective_text(s), *again;
    struct scenario *copy;
    struct errors errors;

    errors_init(&errors);
    copy = scenario_parse(s->file, text, strlen(text), NULL, NULL, 0, &errors);
    if (!copy) errors_print(&errors, stderr);
    SIM_ASSERT(copy);
    again = scenario_effective_text(copy);
    SIM_ASSERT(strcmp(text, again) == 0);
    SIM_ASSERT(scenario_hash(s) == scenario_hash(copy));
    scenario_destroy(copy);
    errors_fini(&errors);
    free(text);
    free(again);
}

static struct scenario *load(const uint8_t *data, size_t bytes, const char *variant, const char *set)
{
    struct errors errors;
    struct scenario *s;

    errors_init(&errors);
    s = scenario_parse("scenarios/fuzz.yaml", data, bytes, variant, &set, set ? 1 : 0, &errors);
    SIM_ASSERT((s == NULL) == (errors.count > 0)); /* never neither, never both */
    errors_fini(&errors);
    return s;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes)
{
    static const char *const sets[] = {
        NULL, "time.measure=1ms", "traffic.*.via=vnic1", "machines.client*.detail=full",
        "machines.client3.tcp.sack=false", "machines.*.nics.*.lanes=8", "traffic.0={}", "machines.sut=~",
        "switches.foundry.rate=[1]", "x", "a.b.c=*d",
        "traffic.*.uperf.streams=3", "machines.\"a.b\".tcp={sack: no}",
    };
    struct scenario *s;
    unsigned sum = 0;

    for (size_t i = 0; i < bytes; i++) sum = sum * 31 + data[i];
    s = load(data, bytes, NULL, sets[sum % (sizeof sets / sizeof *sets)]);
    if (s && s->variants.count > 0)
        scenario_destroy(load(data, bytes, s->variants.list[sum % s->variants.count], NULL));
    if (s) check_accepted(s);
    scenario_destroy(s);
    return 0;
}

#ifndef FUZZ_WITH_LIBFUZZER

#include "fuzz_text.h"

static const char *const words[] = {
    "*", "&a ", "*a", "<<: *a", "[", "]", "{", "}", ": ", "\n", "\n  ", "- ", "null", "~", "auto", "end", "-1", "0",
    "99999999999999999999", "1e9", "0.5", "ps", "Gbps", "KiB", "%", "\"", "'", "|\n", ">-\n", "#", "\t", "---\n",
    "client[1-3]", "[1-99999]", "a[1-300][1-300]", "true", "!!int ", "\xff", "\xc3\xa9", "x-y: &b {c: *b}", "via: ",
    "machines.*.tcp", "traffic.0", "hw", "sw", "vnic1", "0-3,6", "10.0.0.1", "02:00:00:00:00:01", "poisson",
};
static const char *const seeds[] = { "scenarios/hello.yaml", "scenarios/paper/figure-2.yaml",
                                     "scenarios/paper/figure-3.yaml", "scenarios/paper/unidirectional.yaml" };

int main(int argc, char **argv)
{
    return fuzz_texts(argc, argv, seeds, sizeof seeds / sizeof *seeds, words, sizeof words / sizeof *words);
}

#endif
