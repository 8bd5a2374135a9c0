/* SPDX-License-Identifier: GPL-3.0-or-later
 * run_result.c -- copies of counters, and a text form of them that crosses a process boundary.
 *
 * The text is internal and versioned: one field per line, strings with their length in front ("5:hello") so that any
 * byte may occur in them, doubles in hexadecimal so that nothing is rounded, and "end" last so that a text that was
 * cut short is noticed. */
#include "report/run_result.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "core/assert.h"

#define FORMAT "xbow-run 1"

enum { STRING_BYTES_MAX = 1 << 20, COUNT_MAX = 1 << 24 };

static char *copy_text(const char *text)
{
    char *copy = strdup(text);
    SIM_ASSERT(copy);
    return copy;
}

void run_result_init(struct run_result *r)
{
    *r = (struct run_result){ 0 };
}

void run_result_fini(struct run_result *r)
{
    for (size_t i = 0; i < r->block_count; i++) {
        struct result_block *b = &r->blocks[i];
        for (size_t c = 0; b->names && c < b->count; c++) free(b->names[c]);
        free(b->kind);
        free(b->entity);
        free(b->names);
        free(b->values);
    }
    free(r->blocks);
    free(r->title);
    free(r->variant);
    free(r->focus);
    run_result_init(r);
}

void run_result_set(char **field, const char *text)
{
    char *copy = text ? copy_text(text) : NULL;
    free(*field);
    *field = copy;
}

/* A new block at the end with room for 'count' counters, all NULL and 0. */
static struct result_block *add_block(struct run_result *r, size_t count)
{
    if ((r->block_count & (r->block_count - 1)) == 0) { /* grows at the powers of two */
        size_t room = r->block_count ? r->block_count * 2 : 1;
        r->blocks = realloc(r->blocks, room * sizeof *r->blocks);
        SIM_ASSERT(r->blocks);
    }
    struct result_block *b = &r->blocks[r->block_count++];
    *b = (struct result_block){ .count = count };
    b->names = calloc(count ? count : 1, sizeof *b->names);
    b->values = calloc(count ? count : 1, sizeof *b->values);
    SIM_ASSERT(b->names && b->values);
    return b;
}

void run_result_add(struct run_result *r, const char *kind, const char *entity, const char *const *names,
                    const uint64_t *values, size_t count)
{
    struct result_block *b = add_block(r, count);
    b->kind = copy_text(kind);
    b->entity = copy_text(entity);
    for (size_t i = 0; i < count; i++) b->names[i] = copy_text(names[i]);
    if (count) memcpy(b->values, values, count * sizeof *values);
}

void run_result_copy_stats(struct run_result *r, const struct stats *s)
{
    size_t count = stats_count(s);
    for (size_t i = 0; i < count; i++) {
        const struct stats_block *from = stats_get(s, i);
        run_result_add(r, from->kind, from->entity, from->names, from->values, from->count);
        struct result_block *b = &r->blocks[r->block_count - 1];
        for (size_t c = 0; c < b->count; c++) b->values[c] -= from->base[c];
        if (!r->focus && strcmp(from->kind, "cpu") == 0) {
            r->focus = copy_text(from->entity);
            r->focus[result_machine_bytes(r->focus)] = '\0';
        }
    }
}

uint64_t result_block_value(const struct result_block *b, const char *counter, bool *found)
{
    if (found) *found = false;
    for (size_t c = 0; c < b->count; c++) {
        if (strcmp(b->names[c], counter) != 0) continue;
        if (found) *found = true;
        return b->values[c];
    }
    return 0;
}

uint64_t run_result_value(const struct run_result *r, const char *kind, const char *entity, const char *counter)
{
    for (size_t i = 0; i < r->block_count; i++) {
        const struct result_block *b = &r->blocks[i];
        if (strcmp(b->kind, kind) == 0 && strcmp(b->entity, entity) == 0)
            return result_block_value(b, counter, NULL);
    }
    return 0;
}

size_t result_machine_bytes(const char *entity)
{
    return strcspn(entity, "/:>");
}

bool result_entity_of(const char *entity, const char *machine)
{
    size_t n = result_machine_bytes(entity);
    return strlen(machine) == n && strncmp(entity, machine, n) == 0;
}

/* -- writing ---------------------------------------------------------------------------------------------------- */

static void put_string(FILE *out, const char *text)
{
    if (text)
        fprintf(out, "%zu:%s\n", strlen(text), text);
    else
        fputs("-\n", out);
}

static void put_number(FILE *out, uint64_t n)
{
    fprintf(out, "%" PRIu64 "\n", n);
}

int run_result_write(const struct run_result *r, FILE *out)
{
    fputs(FORMAT "\n", out);
    put_string(out, r->title);
    put_string(out, r->variant);
    put_string(out, r->focus);
    put_number(out, r->seed);
    put_number(out, (uint64_t)r->simulated.ps);
    put_number(out, (uint64_t)r->measured.ps);
    fprintf(out, "%a\n", r->wall_s);
    put_number(out, (uint64_t)r->peak_rss_bytes);
    put_number(out, r->events);
    put_number(out, r->packet_hops);
    put_number(out, r->ledger.created);
    put_number(out, r->ledger.delivered);
    put_number(out, r->ledger.segmented);
    put_number(out, r->ledger.held);
    put_number(out, N_DROP_REASONS);
    for (int i = 0; i < N_DROP_REASONS; i++) put_number(out, r->ledger.dropped[i]);
    put_number(out, r->block_count);
    for (size_t i = 0; i < r->block_count; i++) {
        const struct result_block *b = &r->blocks[i];
        put_string(out, b->kind);
        put_string(out, b->entity);
        put_number(out, b->count);
        for (size_t c = 0; c < b->count; c++) {
            put_string(out, b->names[c]);
            put_number(out, b->values[c]);
        }
    }
    fputs("end\n", out);
    return fflush(out) == 0 && !ferror(out) ? 0 : -1;
}

/* -- reading: each returns false on the first thing that does not fit -------------------------------------------  */

static bool get_word(FILE *in, const char *word)
{
    for (; *word; word++)
        if (getc(in) != *word) return false;
    return getc(in) == '\n';
}

static bool get_number(FILE *in, uint64_t max, uint64_t *n)
{
    return fscanf(in, "%" SCNu64, n) == 1 && getc(in) == '\n' && *n <= max;
}

static bool get_string(FILE *in, char **text)
{
    size_t n;
    int c = getc(in);

    *text = NULL;
    if (c == '-') return getc(in) == '\n';
    if (c == EOF || ungetc(c, in) == EOF) return false;
    if (fscanf(in, "%zu", &n) != 1 || getc(in) != ':' || n > STRING_BYTES_MAX) return false;
    *text = calloc(n + 1, 1);
    SIM_ASSERT(*text);
    return fread(*text, 1, n, in) == n && getc(in) == '\n';
}

static bool get_ps(FILE *in, sim_dur *d)
{
    uint64_t n = 0;
    bool good = get_number(in, INT64_MAX, &n);
    *d = sim_ps((int64_t)n);
    return good;
}

static bool get_ledger(FILE *in, struct result_ledger *l)
{
    uint64_t n;
    if (!get_number(in, UINT64_MAX, &l->created) || !get_number(in, UINT64_MAX, &l->delivered) ||
        !get_number(in, UINT64_MAX, &l->segmented) || !get_number(in, UINT64_MAX, &l->held))
        return false;
    if (!get_number(in, COUNT_MAX, &n) || n != N_DROP_REASONS) return false;
    for (int i = 0; i < N_DROP_REASONS; i++)
        if (!get_number(in, UINT64_MAX, &l->dropped[i])) return false;
    return true;
}

static bool get_block(FILE *in, struct run_result *r)
{
    char *kind = NULL, *entity = NULL;
    uint64_t count = 0;
    bool good = get_string(in, &kind) && kind && get_string(in, &entity) && entity &&
                get_number(in, COUNT_MAX, &count);
    struct result_block *b = add_block(r, good ? count : 0);
    b->kind = kind;
    b->entity = entity;
    for (size_t c = 0; good && c < count; c++)
        good = get_string(in, &b->names[c]) && b->names[c] && get_number(in, UINT64_MAX, &b->values[c]);
    return good;
}

static bool get_all(FILE *in, struct run_result *r)
{
    uint64_t rss, blocks;
    if (!get_word(in, FORMAT) || !get_string(in, &r->title) || !get_string(in, &r->variant) ||
        !get_string(in, &r->focus) || !get_number(in, UINT64_MAX, &r->seed) || !get_ps(in, &r->simulated) ||
        !get_ps(in, &r->measured) || fscanf(in, "%la", &r->wall_s) != 1 || getc(in) != '\n' ||
        !get_number(in, INT64_MAX, &rss) || !get_number(in, UINT64_MAX, &r->events) ||
        !get_number(in, UINT64_MAX, &r->packet_hops) || !get_ledger(in, &r->ledger) ||
        !get_number(in, COUNT_MAX, &blocks))
        return false;
    r->peak_rss_bytes = (int64_t)rss;
    for (uint64_t i = 0; i < blocks; i++)
        if (!get_block(in, r)) return false;
    return get_word(in, "end");
}

int run_result_read(struct run_result *r, FILE *in)
{
    if (get_all(in, r)) return 0;
    run_result_fini(r);
    return -1;
}
