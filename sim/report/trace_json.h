/* SPDX-License-Identifier: GPL-3.0-or-later
 * trace_json.h -- a trace as Chrome trace-event JSON, which ui.perfetto.dev and chrome://tracing open.
 *
 * One process per machine, one track per entity.  On a CPU's track a span is a step of a thread and a mark an
 * interrupt; on a lane's track a span is the time it spends polling; other trace points are marks.  A lane's backlog
 * and chain length and a connection's congestion window are counters.  Format: "Trace Event Format",
 * docs.google.com/document/d/1CvAClvFfyA5R-PhYUmn5OOQtYMH4h6I0nSsKchNAySU. */
#ifndef SIM_REPORT_TRACE_JSON_H
#define SIM_REPORT_TRACE_JSON_H

#include <stdint.h>
#include <stdio.h>

#include "core/trace.h"

/* What the numbers in a trace mean.  Either function may be NULL; strings belong to the callee, NULL: unknown. */
struct trace_names {
    void *ctx;
    const char *(*entity)(void *ctx, uint32_t id);                        /* "sut/cpu0" */
    const char *(*thread)(void *ctx, uint32_t entity, int64_t thread);    /* of cpu_run and cpu_switch */
    const char *(*interrupt)(void *ctx, uint32_t entity, int64_t vector); /* of cpu_interrupt */
};

/* 0, or -1 when writing failed.  'names' may be NULL.  Records that were lost are said at the end of the file. */
int trace_json_write(FILE *out, const struct trace *t, const struct trace_names *names);

#endif
