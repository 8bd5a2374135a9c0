/* SPDX-License-Identifier: GPL-3.0-or-later
 * uperf.h -- the bulk part of the uperf benchmark: N TCP streams between a master and a slave, blocks written back
 * to back on one side and read on the other.
 *
 * After uperf (github.com/uperf/uperf), workloads/iperf.xml: every stream is a connection made by the master; the
 * sending side writes 'write_bytes' again and again, the receiving side reads.  Runs on any 'struct host'. */
#ifndef SIM_ENDPOINT_UPERF_H
#define SIM_ENDPOINT_UPERF_H

#include "core/engine.h"
#include "core/stats.h"
#include "endpoint/host.h"

enum uperf_sender { UPERF_MASTER_SENDS, UPERF_SLAVE_SENDS };

struct uperf_config {
    const char *name;          /* copied; prefix of the entity and counter names */
    uint64_t seed;
    struct host *master, *slave;
    const char *via;           /* the master's link, NULL: its first */
    struct host_addr slave_addr;
    int streams;               /* > 0 */
    int32_t write_bytes;       /* > 0; uperf's default profile: 8 KiB */
    int32_t read_bytes;        /* > 0; what one read asks for */
    enum uperf_sender sender;
    sim_time start;            /* streams start here plus a random part of 'jitter' each */
    sim_dur jitter;            /* 0: all at once */
    sim_time stop;             /* the sender writes nothing after it and closes; SIM_TIME_MAX: never */
    sim_dur think;             /* pause after each block; 0: none */
};

struct uperf;

/* Defaults: 1 stream, 8 KiB writes and reads, the master sends, start 0, jitter 1 ms, never stops. */
struct uperf_config uperf_config_default(void);

/* Counters per stream, kind "app", entity NAME/streamN: written_bytes, writes, read_bytes, reads, connects, failures.
 * Returns NULL when the slave's port is in use or a number is out of range. */
struct uperf *uperf_create(struct engine *engine, struct stats *stats, const struct uperf_config *config);
void uperf_destroy(struct uperf *u); /* NULL is allowed */

/* Totals over the streams since the start of the run. */
uint64_t uperf_written_bytes(const struct uperf *u);
uint64_t uperf_read_bytes(const struct uperf *u);

#endif
