/* SPDX-License-Identifier: GPL-3.0-or-later
 * trace.h -- trace points: what happened, when and to whom, in 48-byte records formatted only on reading.
 *
 * Tracing is off unless the engine carries a trace; then a trace point costs one test of a pointer.  Records are kept
 * in memory up to a limit and then counted as lost: a trace is a window, not an archive. */
#ifndef SIM_CORE_TRACE_H
#define SIM_CORE_TRACE_H

#include <stddef.h>
#include <stdint.h>

#include "core/engine.h"
#include "core/units.h"

/* Names tell the packet's story.  'a'..'d' are the names of up to four integers, "" when unused. */
#define TRACE_POINTS(X) \
    /* NAME                   a          b          c          d */ \
    X(link_send,              "packet",  "bytes",   "",        "") \
    X(link_deliver,           "packet",  "bytes",   "",        "") \
    X(link_drop,              "packet",  "bytes",   "",        "") \
    X(link_pause,             "ns",      "",        "",        "") \
    X(switch_flood,           "packet",  "port",    "",        "") \
    X(nic_rx_frame,           "packet",  "queue",   "bytes",   "") \
    X(nic_rx_dma,             "packet",  "queue",   "index",   "") \
    X(nic_rx_writeback,       "queue",   "count",   "",        "") \
    X(nic_rx_missed,          "packet",  "buffer",  "",        "") \
    X(nic_tx_fetch,           "queue",   "count",   "",        "") \
    X(nic_tx_frame,           "packet",  "queue",   "bytes",   "") \
    X(nic_bad_address,        "address", "",        "",        "") \
    X(nic_interrupt,          "vector",  "cause",   "",        "") \
    X(nic_mmio_write,         "offset",  "value",   "",        "") \
    X(nic_mmio_unknown,       "offset",  "value",   "write",   "") \
    X(cpu_interrupt,          "cpu",     "vector",  "",        "") \
    X(cpu_run,                "cpu",     "thread",  "ps",      "") \
    X(cpu_switch,             "cpu",     "thread",  "",        "") \
    X(lane_intr_mode,         "lane",    "backlog", "",        "") \
    X(lane_poll_mode,         "lane",    "backlog", "",        "") \
    X(lane_poll,              "lane",    "chain",   "backlog", "") \
    X(lane_drop,              "lane",    "packets", "",        "") \
    X(softring_enqueue,       "lane",    "ring",    "packets", "") \
    X(tx_blocked,             "ring",    "queued",  "",        "") \
    X(tcp_state,              "flow",    "from",    "to",      "") \
    X(tcp_send,               "flow",    "seq",     "bytes",   "") \
    X(tcp_ack,                "flow",    "ack",     "window",  "") \
    X(tcp_retransmit,         "flow",    "seq",     "kind",    "") \
    X(tcp_cwnd,               "flow",    "cwnd",    "ssthresh", "")

enum trace_point {
#define X(NAME, a, b, c, d) TRACE_##NAME,
    TRACE_POINTS(X)
#undef X
    N_TRACE_POINTS
};

struct trace_record {
    sim_time at;
    uint32_t entity; /* id */
    uint32_t point;  /* enum trace_point */
    int64_t arg[4];
};

struct trace;

struct trace *trace_create(size_t max_records);
void trace_destroy(struct trace *t);
__attribute__((cold)) void trace_add(struct trace *t, struct trace_record r); /* cold: tracing is rarely on */
size_t trace_count(const struct trace *t);
uint64_t trace_lost(const struct trace *t);
const struct trace_record *trace_get(const struct trace *t, size_t i);
const char *trace_point_name(enum trace_point p);
const char *trace_arg_name(enum trace_point p, int arg); /* arg 0..3; "" when unused */

/* Makes the engine carry 't' (NULL: tracing off).  The caller still owns it. */
void trace_attach(struct engine *e, struct trace *t);

/* What TRACE() does when tracing is on; all in registers, so that the code around it needs no room for a record. */
__attribute__((cold)) void trace_point(struct engine *e, uint32_t entity_id, enum trace_point point, int64_t a, int64_t b,
                                       int64_t c, int64_t d);

#define TRACE(engine, entity_id, point, a, b, c, d) \
    do { \
        if (__builtin_expect(engine_view(engine)->trace != 0, 0)) \
            trace_point(engine, (entity_id), TRACE_##point, (int64_t)(a), (int64_t)(b), (int64_t)(c), (int64_t)(d)); \
    } while (0)

#endif
