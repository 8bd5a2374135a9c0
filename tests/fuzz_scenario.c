/* SPDX-License-Identifier: GPL-3.0-or-later
 * fuzz_scenario.c -- whatever the text, loading a scenario ends, soon, with a scenario or with messages.
 *
 * LLVMFuzzerTestOneInput() is the target for libFuzzer (clang -fsanitize=fuzzer,address,undefined
 * -DFUZZ_WITH_LIBFUZZER).  Without it main() mutates seed files by itself:
 *
 *     fuzz_scenario ROUNDS SEED
 *
 * Run it in the directory of the project, so that the scenarios' cost profiles are found. */
#include <inttypes.h>
#include <stdint.h>
#include <stdio.h>
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

enum { TEXT_BYTES_MAX = 1 << 16 };

struct text {
    uint8_t *bytes;
    size_t count;
};

static uint64_t state = 1;

static uint32_t roll(uint32_t n) /* xorshift64*: uniform enough for a fuzzer */
{
    state ^= state >> 12;
    state ^= state << 25;
    state ^= state >> 27;
    return (uint32_t)((state * UINT64_C(2685821657736338717)) >> 33) % n;
}

static struct text read_seed(const char *path)
{
    struct text t = { malloc(TEXT_BYTES_MAX), 0 };
    FILE *f = fopen(path, "rb");

    SIM_ASSERT(t.bytes);
    if (!f) {
        perror(path);
        exit(2);
    }
    t.count = fread(t.bytes, 1, TEXT_BYTES_MAX / 2, f);
    fclose(f);
    return t;
}

/* Puts 'n' bytes at 'at', as far as there is room. */
static void insert(struct text *t, size_t at, const void *what, size_t n)
{
    if (t->count + n > TEXT_BYTES_MAX) return;
    memmove(t->bytes + at + n, t->bytes + at, t->count - at);
    memmove(t->bytes + at, what, n);
    t->count += n;
}

static void mutate(struct text *t)
{
    static const char *const words[] = {
        "*", "&a ", "*a", "<<: *a", "[", "]", "{", "}", ": ", "\n", "\n  ", "- ", "null", "~", "auto", "end", "-1", "0",
        "99999999999999999999", "1e9", "0.5", "ps", "Gbps", "KiB", "%", "\"", "'", "|\n", ">-\n", "#", "\t", "---\n",
        "client[1-3]", "[1-99999]", "a[1-300][1-300]", "true", "!!int ", "\xff", "\xc3\xa9", "x-y: &b {c: *b}", "via: ",
        "machines.*.tcp", "traffic.0", "hw", "sw", "vnic1", "0-3,6", "10.0.0.1", "02:00:00:00:00:01", "poisson",
    };
    size_t at = roll((uint32_t)t->count + 1), n = roll(40), from;
    const char *word = words[roll(sizeof words / sizeof *words)];

    if (n > t->count - at) n = t->count - at;
    switch (roll(6)) {
    case 0:
        if (at < t->count) t->bytes[at] = (uint8_t)roll(256);
        break;
    case 1: /* take a piece away */
        memmove(t->bytes + at, t->bytes + at + n, t->count - at - n);
        t->count -= n;
        break;
    case 2: /* copy a piece elsewhere */
        from = roll((uint32_t)t->count + 1);
        if (n > t->count - from) n = t->count - from;
        {
            uint8_t piece[40];
            memcpy(piece, t->bytes + from, n);
            insert(t, at, piece, n);
        }
        break;
    case 3: /* a word in place of a piece */
        memmove(t->bytes + at, t->bytes + at + n, t->count - at - n);
        t->count -= n;
        insert(t, at, word, strlen(word));
        break;
    case 4: insert(t, at, word, strlen(word)); break;
    default: /* a digit becomes another */
        while (at < t->count && (t->bytes[at] < '0' || t->bytes[at] > '9')) at++;
        if (at < t->count) t->bytes[at] = (uint8_t)('0' + roll(10));
        break;
    }
}

int main(int argc, char **argv)
{
    static const char *const seeds[] = { "scenarios/hello.yaml", "scenarios/paper/figure-2.yaml",
                                         "scenarios/paper/figure-3.yaml", "scenarios/paper/unidirectional.yaml" };
    uint64_t n = argc > 1 ? strtoull(argv[1], NULL, 10) : 10000, seed = argc > 2 ? strtoull(argv[2], NULL, 10) : 1;

    state = seed * 2 + 1;
    for (uint64_t i = 0; i < n; i++) {
        struct text t = read_seed(seeds[roll(sizeof seeds / sizeof *seeds)]);
        for (uint32_t k = roll(8); k > 0; k--) mutate(&t);
        /* In memory of exactly this size, so that reading beyond it is seen. */
        uint8_t *exact = malloc(t.count + 1);
        SIM_ASSERT(exact);
        memcpy(exact, t.bytes, t.count);
        exact = realloc(exact, t.count > 0 ? t.count : 1);
        SIM_ASSERT(exact);
        LLVMFuzzerTestOneInput(exact, t.count);
        free(exact);
        free(t.bytes);
    }
    printf("%" PRIu64 " inputs, seed %" PRIu64 ": nothing found\n", n, seed);
    return 0;
}

#endif
