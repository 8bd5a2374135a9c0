/* SPDX-License-Identifier: GPL-3.0-or-later
 * summary.c -- the fields of summary.json; docs/results.md names each. */
#include "report/summary.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "core/assert.h"
#include "report/json.h"
#include "report/metric.h"

/* Kinds that stand in the summary, machine by machine; all others are in the CSV files only. */
static const struct {
    const char *kind, *key;
} shown_kinds[] = { { "cpu", "cpus" }, { "link", "links" }, { "lane", "lanes" }, { "txlane", "txlanes" },
                    { "nic", "nics" } };
enum { N_SHOWN_KINDS = sizeof shown_kinds / sizeof *shown_kinds };

static void write_run(struct json *j, const struct run_result *r, bool with_timing);
static void write_machines(struct json *j, const struct run_result *r);
static void write_metrics(struct json *j, const struct campaign *c);
static void write_expectations(struct json *j, const struct expect_report *checked);

static void put_hash(struct json *j, const char *key, uint64_t hash)
{
    char text[32];
    snprintf(text, sizeof text, "fnv1a-64:%016" PRIx64, hash);
    json_string(j, key, text);
}

static size_t variant_count(const struct campaign *c)
{
    return c->reps ? c->count / c->reps : 0;
}

void summary_write(FILE *out, const struct results_meta *meta, const struct campaign *c,
                   const struct expect_report *checked, bool with_timing)
{
    struct json json, *j = &json;
    double simulated_s = 0, wall_s = 0;
    uint64_t events = 0, hops = 0;

    for (size_t i = 0; i < c->count; i++) {
        simulated_s += sim_seconds(c->runs[i].simulated);
        wall_s += c->runs[i].wall_s;
        events += c->runs[i].events;
        hops += c->runs[i].packet_hops;
    }
    json_begin(j, out);
    json_object(j, NULL);
    json_i64(j, "schema", RESULTS_SCHEMA);
    json_string(j, "version", meta->version);
    json_string(j, "scenario", meta->scenario_file);
    json_string(j, "title", meta->title);
    put_hash(j, "effective_hash", meta->hash);
    json_u64(j, "seed", meta->seed);
    json_array(j, "seeds");
    for (size_t i = 0; i < c->reps; i++) json_u64(j, NULL, c->runs[i].seed);
    json_array_end(j);
    json_array(j, "variants");
    for (size_t v = 0; v < variant_count(c); v++) {
        json_object(j, NULL);
        json_string(j, "name", c->runs[v * c->reps].variant);
        if (meta->variant_hashes) put_hash(j, "effective_hash", meta->variant_hashes[v]);
        json_object_end(j);
    }
    json_array_end(j);
    json_decimal(j, "simulated_s", simulated_s, 12);
    if (with_timing) {
        json_decimal(j, "wall_s", wall_s, 6);
        json_decimal(j, "elapsed_s", c->wall_s, 6);
        json_i64(j, "jobs", c->jobs);
    }
    json_u64(j, "events", events);
    json_u64(j, "packet_hops", hops);
    write_metrics(j, c);
    write_expectations(j, checked);
    json_array(j, "runs");
    for (size_t i = 0; i < c->count; i++) write_run(j, &c->runs[i], with_timing);
    json_array_end(j);
    json_object_end(j);
    json_end(j);
}

void summary_write_timing(FILE *out, const struct campaign *c)
{
    struct json json, *j = &json;

    json_begin(j, out);
    json_object(j, NULL);
    json_i64(j, "schema", RESULTS_SCHEMA);
    json_decimal(j, "elapsed_s", c->wall_s, 6);
    json_i64(j, "jobs", c->jobs);
    json_array(j, "runs");
    for (size_t i = 0; i < c->count; i++) {
        const struct run_result *r = &c->runs[i];
        json_object(j, NULL);
        json_string(j, "variant", r->variant);
        json_u64(j, "seed", r->seed);
        json_decimal(j, "wall_s", r->wall_s, 6);
        json_decimal(j, "wall_s_per_simulated_s", r->wall_s / sim_seconds(r->simulated), 4);
        json_decimal(j, "events_per_s", (double)r->events / r->wall_s, 0);
        json_decimal(j, "packet_hops_per_s", (double)r->packet_hops / r->wall_s, 0);
        json_i64(j, "peak_rss_bytes", r->peak_rss_bytes);
        json_object_end(j);
    }
    json_array_end(j);
    json_object_end(j);
    json_end(j);
}

static void write_run(struct json *j, const struct run_result *r, bool with_timing)
{
    size_t count;
    const struct metric *all = metric_all(&count);

    json_object(j, NULL);
    json_string(j, "variant", r->variant);
    json_u64(j, "seed", r->seed);
    json_string(j, "machine_of_interest", r->focus);
    json_decimal(j, "simulated_s", sim_seconds(r->simulated), 12);
    json_decimal(j, "measured_s", sim_seconds(r->measured), 12);
    if (with_timing) {
        json_decimal(j, "wall_s", r->wall_s, 6);
        json_i64(j, "peak_rss_bytes", r->peak_rss_bytes);
    }
    json_u64(j, "events", r->events);
    json_u64(j, "packet_hops", r->packet_hops);
    json_object(j, "packets");
    json_u64(j, "created", r->ledger.created);
    json_u64(j, "delivered", r->ledger.delivered);
    json_u64(j, "segmented", r->ledger.segmented);
    json_u64(j, "held", r->ledger.held);
    json_object_end(j);
    json_object(j, "drops");
    for (int i = 0; i < N_DROP_REASONS; i++) json_u64(j, drop_name((enum drop_reason)i), r->ledger.dropped[i]);
    json_object_end(j);
    json_object(j, "metrics");
    for (size_t i = 0; i < count; i++)
        json_double(j, all[i].name, metric_value(&all[i], r) * metric_scale(all[i].kind));
    json_object_end(j);
    write_machines(j, r);
    json_object_end(j);
}

/* -- machines ----------------------------------------------------------------------------------------------------- */

struct shown {
    const struct result_block *block;
    size_t machine_bytes; /* length of the machine's name in block->entity */
    int kind;             /* index into shown_kinds */
    size_t order;
};

static int by_machine(const void *left, const void *right)
{
    const struct shown *a = left, *b = right;
    size_t n = a->machine_bytes < b->machine_bytes ? a->machine_bytes : b->machine_bytes;
    int diff = memcmp(a->block->entity, b->block->entity, n);
    if (diff != 0) return diff;
    if (a->machine_bytes != b->machine_bytes) return a->machine_bytes < b->machine_bytes ? -1 : 1;
    if (a->kind != b->kind) return a->kind - b->kind;
    return a->order < b->order ? -1 : 1;
}

static bool same_machine(const struct shown *a, const struct shown *b)
{
    return a->machine_bytes == b->machine_bytes && memcmp(a->block->entity, b->block->entity, a->machine_bytes) == 0;
}

static void write_block(struct json *j, const struct shown *s)
{
    const char *part = s->block->entity + s->machine_bytes;
    json_object(j, *part ? part + 1 : s->block->entity);
    for (size_t c = 0; c < s->block->count; c++) json_u64(j, s->block->names[c], s->block->values[c]);
    json_object_end(j);
}

/* machines.NAME.cpus.cpu0.intr: machines by name, parts in the order of registration. */
static void write_machines(struct json *j, const struct run_result *r)
{
    struct shown *list = calloc(r->block_count + 1, sizeof *list);
    size_t n = 0;
    SIM_ASSERT(list);
    for (size_t i = 0; i < r->block_count; i++)
        for (int k = 0; k < N_SHOWN_KINDS; k++)
            if (strcmp(r->blocks[i].kind, shown_kinds[k].kind) == 0)
                list[n++] = (struct shown){ &r->blocks[i], result_machine_bytes(r->blocks[i].entity), k, i };
    qsort(list, n, sizeof *list, by_machine);
    json_object(j, "machines");
    for (size_t i = 0; i < n; i++) {
        bool new_machine = i == 0 || !same_machine(&list[i - 1], &list[i]);
        bool new_kind = new_machine || list[i - 1].kind != list[i].kind;
        if (new_machine) {
            char *name = strndup(list[i].block->entity, list[i].machine_bytes);
            SIM_ASSERT(name);
            json_object(j, name);
            free(name);
        }
        if (new_kind) json_object(j, shown_kinds[list[i].kind].key);
        write_block(j, &list[i]);
        bool last_of_machine = i + 1 == n || !same_machine(&list[i], &list[i + 1]);
        if (last_of_machine || list[i + 1].kind != list[i].kind) json_object_end(j);
        if (last_of_machine) json_object_end(j);
    }
    json_object_end(j);
    free(list);
}

/* -- metrics and expectations ------------------------------------------------------------------------------------- */

static void put_interval(struct json *j, const char *key, enum metric_kind kind, const struct interval *v)
{
    double scale = metric_scale(kind);
    json_object(j, key);
    json_string(j, "unit", metric_unit(kind));
    json_u64(j, "n", v->n);
    json_double(j, "mean", v->mean * scale);
    json_double(j, "half_95", v->half * scale);
    json_double(j, "min", v->min * scale);
    json_double(j, "max", v->max * scale);
    json_object_end(j);
}

static void write_metrics(struct json *j, const struct campaign *c)
{
    size_t count;
    const struct metric *all = metric_all(&count);
    double *values = calloc(c->reps + 1, sizeof *values);

    SIM_ASSERT(values);
    json_object(j, "metrics");
    for (size_t v = 0; v < variant_count(c); v++) {
        json_object(j, c->runs[v * c->reps].variant);
        for (size_t i = 0; i < count; i++) {
            for (size_t k = 0; k < c->reps; k++) values[k] = metric_value(&all[i], &c->runs[v * c->reps + k]);
            struct interval x = interval_of(values, c->reps);
            if (x.n) put_interval(j, all[i].name, all[i].kind, &x);
        }
        json_object_end(j);
    }
    json_object_end(j);
    free(values);
}

static void write_expectations(struct json *j, const struct expect_report *checked)
{
    json_array(j, "expect");
    for (size_t i = 0; checked && i < checked->count; i++) {
        const struct expect_result *e = &checked->list[i];
        json_object(j, NULL);
        json_string(j, "metric", e->metric);
        json_string(j, "of", e->of);
        json_string(j, "against", e->against);
        json_string(j, "bound", e->bound);
        json_string(j, "says", e->says);
        json_string(j, "section", e->section);
        json_string(j, "tolerance_reason", e->tolerance_reason);
        json_string(j, "verdict", verdict_name(e->verdict));
        json_bool(j, "firm", e->firm);
        json_string(j, "reason", e->reason);
        put_interval(j, "measured", e->kind->kind, &e->measured);
        if (e->difference.n) put_interval(j, "difference", METRIC_SHARE, &e->difference);
        json_object_end(j);
    }
    json_array_end(j);
}
