/* SPDX-License-Identifier: GPL-3.0-or-later
 * stats.c -- a registry of counter arrays. */
#include "core/stats.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "core/assert.h"

struct reader {
    stats_read_fn *fn;
    void *owner;
};
struct stats {
    struct stats_block *blocks;
    size_t count, room;
    struct reader *readers;
    size_t reader_count, reader_room;
};

struct stats *stats_create(void)
{
    struct stats *s = calloc(1, sizeof *s);
    SIM_ASSERT(s);
    return s;
}

void stats_destroy(struct stats *s)
{
    if (!s) return;
    for (size_t i = 0; i < s->count; i++) {
        free((char *)(uintptr_t)s->blocks[i].entity);
        free((uint64_t *)(uintptr_t)s->blocks[i].base);
    }
    free(s->blocks);
    free(s->readers);
    free(s);
}

void stats_register(struct stats *s, const char *kind, const char *entity, const char *const *names,
                    const uint64_t *values, size_t count)
{
    if (s->count == s->room) {
        s->room = s->room ? s->room * 2 : 64;
        s->blocks = realloc(s->blocks, s->room * sizeof *s->blocks);
        SIM_ASSERT(s->blocks);
    }
    uint64_t *base = calloc(count ? count : 1, sizeof *base);
    char *name = strdup(entity);
    SIM_ASSERT(base && name);
    s->blocks[s->count++] = (struct stats_block){ kind, name, names, values, base, count };
}

void stats_on_read(struct stats *s, stats_read_fn *fn, void *owner)
{
    if (s->reader_count == s->reader_room) {
        s->reader_room = s->reader_room ? s->reader_room * 2 : 64;
        s->readers = realloc(s->readers, s->reader_room * sizeof *s->readers);
        SIM_ASSERT(s->readers);
    }
    s->readers[s->reader_count++] = (struct reader){ fn, owner };
}

static void bring_up_to_date(const struct stats *s)
{
    for (size_t i = 0; i < s->reader_count; i++) s->readers[i].fn(s->readers[i].owner);
}

static bool is_maximum(const char *name)
{
    size_t n = strlen(name);
    return n >= 4 && strcmp(name + n - 4, "_max") == 0;
}

void stats_mark(struct stats *s)
{
    bring_up_to_date(s);
    for (size_t i = 0; i < s->count; i++) {
        const struct stats_block *b = &s->blocks[i];
        uint64_t *base = (uint64_t *)(uintptr_t)b->base;
        for (size_t c = 0; c < b->count; c++)
            if (!is_maximum(b->names[c])) base[c] = b->values[c];
    }
}

size_t stats_count(const struct stats *s)
{
    bring_up_to_date(s);
    return s->count;
}

const struct stats_block *stats_get(const struct stats *s, size_t i)
{
    return &s->blocks[i];
}

uint64_t stats_value(const struct stats *s, const char *kind, const char *entity, const char *counter)
{
    bring_up_to_date(s);
    for (size_t i = 0; i < s->count; i++) {
        const struct stats_block *b = &s->blocks[i];
        if (strcmp(b->kind, kind) != 0 || strcmp(b->entity, entity) != 0) continue;
        for (size_t c = 0; c < b->count; c++)
            if (strcmp(b->names[c], counter) == 0) return b->values[c] - b->base[c];
    }
    return 0;
}
