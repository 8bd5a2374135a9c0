/* SPDX-License-Identifier: GPL-3.0-or-later
 * generator.h -- sends frames that nobody asked for: constant rate, Poisson or back-to-back, on a light host.
 *
 * The time of every frame follows from totals (frames or bytes so far), never from a rounded gap, so that no rate
 * drifts.  Random gaps and sizes come from the generator's own stream. */
#ifndef SIM_ENDPOINT_GENERATOR_H
#define SIM_ENDPOINT_GENERATOR_H

#include "core/engine.h"
#include "core/stats.h"
#include "endpoint/host.h"
#include "endpoint/light.h"

enum generator_kind { GENERATOR_UDP, GENERATOR_ETHERNET };
enum generator_unit {
    GENERATOR_FRAMES_PER_S,   /* rate_value: frames per second */
    GENERATOR_BITS_PER_S,     /* rate_value: bits per second of frames with FCS, without preamble and gap */
    GENERATOR_LINE_SHARE,     /* rate_value: parts per million of the line rate, preamble and gap included; a million
                               * is back-to-back */
};
enum generator_gaps { GENERATOR_CONSTANT, GENERATOR_POISSON };

struct generator_config {
    const char *name;           /* copied */
    uint64_t seed;
    struct light *host;
    int link;                   /* number of the host's link */
    enum generator_kind kind;
    struct host_addr to;        /* UDP: destination; port of the first flow */
    struct mac_addr to_mac;     /* Ethernet: destination */
    uint16_t ethertype;         /* Ethernet: type field */
    int flows;                  /* > 0: source ports (UDP) 'from_port' ... in turn */
    uint16_t from_port;
    int32_t frame_bytes_min, frame_bytes_max; /* 64 to 16384 with FCS, as in "64-byte frames"; uniform between them */
    enum generator_unit unit;
    int64_t rate_value;         /* > 0 */
    int share;                  /* > 0: this generator sends one in 'share' of the frames of that rate */
    sim_rate line_rate;         /* of the link, for GENERATOR_LINE_SHARE */
    enum generator_gaps gaps;
    int burst;                  /* > 0: frames handed to the link at once, at the time of the first */
    sim_time start, stop;       /* SIM_TIME_MAX: never stops */
    uint64_t frames_max;        /* 0: no limit */
};

struct generator;

/* Defaults: UDP, one flow from port 1024, 64-byte frames, constant gaps, share 1, burst 1, start 0, no end. */
struct generator_config generator_config_default(void);

/* Counters: kind "app", entity NAME: frames, bytes (with FCS).  NULL when a number is out of range or the
 * destination cannot be reached. */
struct generator *generator_create(struct engine *engine, struct stats *stats, const struct generator_config *config);
void generator_destroy(struct generator *g); /* NULL is allowed */

uint64_t generator_frames(const struct generator *g);

#endif
