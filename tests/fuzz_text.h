/* SPDX-License-Identifier: GPL-3.0-or-later
 * fuzz_text.h -- what the fuzzers of texts share: seed files, mutated, to LLVMFuzzerTestOneInput() without libFuzzer. */
#ifndef FUZZ_TEXT_H
#define FUZZ_TEXT_H

#include <inttypes.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/assert.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes);

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

static void mutate(struct text *t, const char *const *words, uint32_t word_count)
{
    size_t at = roll((uint32_t)t->count + 1), n = roll(40), from;
    const char *word = words[roll(word_count)];

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

/* main() of a fuzzer: "ROUNDS SEED" mutations of the seed files with these words. */
static int fuzz_texts(int argc, char **argv, const char *const *seeds, uint32_t seed_count, const char *const *words,
                      uint32_t word_count)
{
    uint64_t n = argc > 1 ? strtoull(argv[1], NULL, 10) : 10000, seed = argc > 2 ? strtoull(argv[2], NULL, 10) : 1;

    state = seed * 2 + 1;
    for (uint64_t i = 0; i < n; i++) {
        struct text t = read_seed(seeds[roll(seed_count)]);
        for (uint32_t k = roll(8); k > 0; k--) mutate(&t, words, word_count);
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
