/* SPDX-License-Identifier: GPL-3.0-or-later
 * csv.c -- rows and columns. */
#include "report/csv.h"

#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "core/assert.h"
#include "report/interval.h"
#include "report/metric.h"

/* -- fields ----------------------------------------------------------------------------------------------------- */

static void put_text(FILE *out, const char *text)
{
    if (!strpbrk(text, ",\"\r\n")) {
        fputs(text, out);
        return;
    }
    putc('"', out);
    for (; *text; text++) {
        if (*text == '"') putc('"', out);
        putc(*text, out);
    }
    putc('"', out);
}

/* A field after the first; what is not a number is empty. */
static void put_number(FILE *out, double x)
{
    if (isfinite(x))
        fprintf(out, ",%.10g", x);
    else
        putc(',', out);
}

/* -- kinds ------------------------------------------------------------------------------------------------------ */

static void add_kind(struct csv_kinds *kinds, const char *kind)
{
    for (size_t i = 0; i < kinds->count; i++)
        if (strcmp(kinds->list[i], kind) == 0) return;
    const char **list = realloc(kinds->list, (kinds->count + 1) * sizeof *list);
    SIM_ASSERT(list);
    kinds->list = list;
    kinds->list[kinds->count++] = kind;
}

void csv_kinds_of(struct csv_kinds *kinds, const struct campaign *c)
{
    static const char *const always[] = { "lane", "cpu", "link", "flow", "nic" };
    *kinds = (struct csv_kinds){ NULL, 0 };
    for (size_t i = 0; i < sizeof always / sizeof *always; i++) add_kind(kinds, always[i]);
    for (size_t i = 0; i < c->count; i++)
        for (size_t b = 0; b < c->runs[i].block_count; b++) add_kind(kinds, c->runs[i].blocks[b].kind);
}

void csv_kinds_fini(struct csv_kinds *kinds)
{
    free(kinds->list);
    *kinds = (struct csv_kinds){ NULL, 0 };
}

char *csv_file_name(const char *kind)
{
    size_t n = strlen(kind);
    const char *ending = n > 1 && strcmp(kind + n - 2, "ch") == 0 ? "es.csv"
                         : n > 0 && strchr("sxy", kind[n - 1]) ? ".csv" : "s.csv";
    char *name = malloc(n + sizeof "es.csv");
    SIM_ASSERT(name);
    for (size_t i = 0; i < n; i++) name[i] = kind[i] == '/' ? '_' : kind[i];
    strcpy(name + n, ending);
    return name;
}

/* -- counters ----------------------------------------------------------------------------------------------------- */

struct columns {
    const char **list;
    size_t count;
};

/* Blocks of one kind nearly always have the same counters in the same order: 'at' is then the answer. */
static size_t column_of(const struct columns *columns, const char *name, size_t at)
{
    if (at < columns->count && strcmp(columns->list[at], name) == 0) return at;
    for (size_t i = 0; i < columns->count; i++)
        if (strcmp(columns->list[i], name) == 0) return i;
    return columns->count;
}

static void find_columns(struct columns *columns, const struct campaign *c, const char *kind)
{
    for (size_t i = 0; i < c->count; i++) {
        for (size_t k = 0; k < c->runs[i].block_count; k++) {
            const struct result_block *b = &c->runs[i].blocks[k];
            if (strcmp(b->kind, kind) != 0) continue;
            for (size_t n = 0; n < b->count; n++) {
                if (column_of(columns, b->names[n], n) < columns->count) continue;
                columns->list = realloc(columns->list, (columns->count + 1) * sizeof *columns->list);
                SIM_ASSERT(columns->list);
                columns->list[columns->count++] = b->names[n];
            }
        }
    }
}

void csv_write_kind(FILE *out, const struct campaign *c, const char *kind)
{
    struct columns columns = { NULL, 0 };

    find_columns(&columns, c, kind);
    const uint64_t **cell = calloc(columns.count + 1, sizeof *cell);
    SIM_ASSERT(cell);
    fputs("variant,seed,entity", out);
    for (size_t i = 0; i < columns.count; i++) {
        putc(',', out);
        put_text(out, columns.list[i]);
    }
    putc('\n', out);
    for (size_t i = 0; i < c->count; i++) {
        const struct run_result *r = &c->runs[i];
        for (size_t k = 0; k < r->block_count; k++) {
            const struct result_block *b = &r->blocks[k];
            if (strcmp(b->kind, kind) != 0) continue;
            for (size_t n = 0; n < columns.count; n++) cell[n] = NULL;
            for (size_t n = 0; n < b->count; n++) cell[column_of(&columns, b->names[n], n)] = &b->values[n];
            put_text(out, r->variant);
            fprintf(out, ",%" PRIu64 ",", r->seed);
            put_text(out, b->entity);
            for (size_t n = 0; n < columns.count; n++) {
                putc(',', out);
                if (cell[n]) fprintf(out, "%" PRIu64, *cell[n]);
            }
            putc('\n', out);
        }
    }
    free(cell);
    free(columns.list);
}

/* -- metrics ---------------------------------------------------------------------------------------------------- */

static struct interval metric_interval(const struct metric *m, const struct campaign *c, size_t variant)
{
    double *values = calloc(c->reps, sizeof *values);
    SIM_ASSERT(values);
    for (size_t i = 0; i < c->reps; i++) values[i] = metric_value(m, &c->runs[variant * c->reps + i]);
    struct interval v = interval_of(values, c->reps);
    free(values);
    return v;
}

void csv_write_metrics(FILE *out, const struct campaign *c)
{
    size_t count;
    const struct metric *all = metric_all(&count);

    fputs("variant,metric,unit,n,mean,low,high,half,min,max\n", out);
    for (size_t v = 0; v * c->reps < c->count; v++) {
        for (size_t i = 0; i < count; i++) {
            struct interval x = metric_interval(&all[i], c, v);
            double scale = metric_scale(all[i].kind);
            put_text(out, c->runs[v * c->reps].variant);
            fprintf(out, ",%s,%s,%zu", all[i].name, metric_unit(all[i].kind), x.n);
            put_number(out, x.mean * scale);
            put_number(out, interval_low(&x) * scale);
            put_number(out, interval_high(&x) * scale);
            put_number(out, x.half * scale);
            put_number(out, x.min * scale);
            put_number(out, x.max * scale);
            putc('\n', out);
        }
    }
}

void csv_write_metrics_wide(FILE *out, const struct campaign *c)
{
    size_t count;
    const struct metric *all = metric_all(&count);

    fputs("variant,variant_number,n", out);
    for (size_t i = 0; i < count; i++) fprintf(out, ",%s,%s_half", all[i].name, all[i].name);
    putc('\n', out);
    for (size_t v = 0; v * c->reps < c->count; v++) {
        put_text(out, c->runs[v * c->reps].variant);
        fprintf(out, ",%zu,%zu", v, c->reps);
        for (size_t i = 0; i < count; i++) {
            struct interval x = metric_interval(&all[i], c, v);
            double scale = metric_scale(all[i].kind);
            put_number(out, x.mean * scale);
            put_number(out, x.n == 1 ? 0 : x.half * scale);
        }
        putc('\n', out);
    }
}

void csv_write_metric_runs(FILE *out, const struct campaign *c)
{
    size_t count;
    const struct metric *all = metric_all(&count);

    fputs("variant,seed,metric,unit,value\n", out);
    for (size_t r = 0; r < c->count; r++) {
        for (size_t i = 0; i < count; i++) {
            put_text(out, c->runs[r].variant);
            fprintf(out, ",%" PRIu64 ",%s,%s", c->runs[r].seed, all[i].name, metric_unit(all[i].kind));
            put_number(out, metric_value(&all[i], &c->runs[r]) * metric_scale(all[i].kind));
            putc('\n', out);
        }
    }
}

/* -- means for plots ---------------------------------------------------------------------------------------------- */

enum { SHARE_WHOLE_MAX = 8 };

/* Columns of a table of means: each the share that one counter has of the sum of some. */
struct share_table {
    const char *kind;
    const struct {
        const char *column, *counter, *whole[SHARE_WHOLE_MAX];
    } share[13];
};

static const struct share_table lane_table = { "lane", {
    { "intr", "intrs", { "intrs", "polls" } },
    { "poll", "polls", { "intrs", "polls" } },
    { "under10", "chainunder10", { "chainunder10", "chain10to50", "chainover50" } },
    { "10to50", "chain10to50", { "chainunder10", "chain10to50", "chainover50" } },
    { "over50", "chainover50", { "chainunder10", "chain10to50", "chainover50" } },
} };

#define OF_ACTIVITIES "usr_ps", "spin_ps", "idl_ps", "act_intr_ps", "act_poll_ps", "act_proto_ps", "act_sys_ps"

static const struct share_table cpu_table = { "cpu", {
    { "usr", "usr_ps", { "usr_ps", "sys_ps", "intr_ps", "idl_ps" } },
    { "sys", "sys_ps", { "usr_ps", "sys_ps", "intr_ps", "idl_ps" } },
    { "intr", "intr_ps", { "usr_ps", "sys_ps", "intr_ps", "idl_ps" } },
    { "idl", "idl_ps", { "usr_ps", "sys_ps", "intr_ps", "idl_ps" } },
    { "act_intr", "act_intr_ps", { OF_ACTIVITIES } },
    { "act_poll", "act_poll_ps", { OF_ACTIVITIES } },
    { "act_proto", "act_proto_ps", { OF_ACTIVITIES } },
    { "act_sys", "act_sys_ps", { OF_ACTIVITIES } },
    { "act_user", "usr_ps", { OF_ACTIVITIES } },
    { "act_spin", "spin_ps", { OF_ACTIVITIES } },
    { "act_idle", "idl_ps", { OF_ACTIVITIES } },
} };

static const struct result_block *find_block(const struct run_result *r, const char *kind, const char *entity)
{
    for (size_t i = 0; i < r->block_count; i++)
        if (strcmp(r->blocks[i].kind, kind) == 0 && strcmp(r->blocks[i].entity, entity) == 0) return &r->blocks[i];
    return NULL;
}

static bool wanted(const struct run_result *r, const struct result_block *b, const char *kind)
{
    const char *last = strrchr(b->entity, '/');
    if (strcmp(b->kind, kind) != 0 || !r->focus || !result_entity_of(b->entity, r->focus)) return false;
    return strcmp(kind, "lane") != 0 || strncmp(last ? last + 1 : b->entity, "hwlane", 6) == 0;
}

/* Packets of the lane over all seeds of the variant. */
static double lane_packets(const struct run_result *runs, size_t reps, const char *entity)
{
    double sum = 0;
    for (size_t i = 0; i < reps; i++) sum += (double)run_result_value(&runs[i], "lane", entity, "ipackets");
    return sum;
}

static void put_shares(FILE *out, const struct share_table *t, const struct run_result *runs, size_t reps,
                       const char *entity)
{
    double *values = calloc(reps, sizeof *values);
    SIM_ASSERT(values);
    for (size_t s = 0; t->share[s].column; s++) {
        for (size_t i = 0; i < reps; i++) {
            const struct result_block *b = find_block(&runs[i], t->kind, entity);
            double whole = 0;
            for (size_t w = 0; b && w < SHARE_WHOLE_MAX && t->share[s].whole[w]; w++)
                whole += (double)result_block_value(b, t->share[s].whole[w], NULL);
            values[i] = whole > 0 ? 100 * (double)result_block_value(b, t->share[s].counter, NULL) / whole : NAN;
        }
        struct interval v = interval_of(values, reps);
        put_number(out, v.n ? v.mean : 0);
        put_number(out, v.n > 1 ? v.half : 0);
    }
    free(values);
}

/* Blocks of a variant's first run that the table shows, in order; to be freed. */
static const struct result_block **choose_rows(const struct share_table *t, const struct run_result *runs, size_t reps,
                                               size_t *count)
{
    const struct result_block **rows = calloc(runs->block_count + 1, sizeof *rows);
    bool lanes = strcmp(t->kind, "lane") == 0;
    double most = 0;

    SIM_ASSERT(rows);
    *count = 0;
    for (size_t k = 0; k < runs->block_count; k++) {
        if (!wanted(runs, &runs->blocks[k], t->kind)) continue;
        if (lanes) most = fmax(most, lane_packets(runs, reps, runs->blocks[k].entity));
        rows[(*count)++] = &runs->blocks[k];
    }
    size_t kept = 0;
    for (size_t i = 0; i < *count; i++)
        if (!lanes || lane_packets(runs, reps, rows[i]->entity) >= fmax(most / 100, 1)) rows[kept++] = rows[i];
    *count = kept;
    return rows;
}

static void write_means(FILE *out, const struct campaign *c, const struct share_table *t)
{
    fprintf(out, "variant,variant_number,%s,of_variant,entity,n", t->kind);
    for (size_t s = 0; t->share[s].column; s++) fprintf(out, ",%s_pct,%s_half", t->share[s].column, t->share[s].column);
    putc('\n', out);
    for (size_t v = 0; v * c->reps < c->count; v++) {
        const struct run_result *runs = &c->runs[v * c->reps];
        size_t count;
        const struct result_block **rows = choose_rows(t, runs, c->reps, &count);
        for (size_t i = 0; i < count; i++) {
            put_text(out, runs->variant);
            fprintf(out, ",%zu,%zu,%zu,", v, i, count);
            put_text(out, rows[i]->entity);
            fprintf(out, ",%zu", c->reps);
            put_shares(out, t, runs, c->reps, rows[i]->entity);
            putc('\n', out);
        }
        free(rows);
    }
}

void csv_write_lane_means(FILE *out, const struct campaign *c)
{
    write_means(out, c, &lane_table);
}

void csv_write_cpu_means(FILE *out, const struct campaign *c)
{
    write_means(out, c, &cpu_table);
}
