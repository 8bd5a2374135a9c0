/* SPDX-License-Identifier: GPL-3.0-or-later
 * generator.h -- sends frames that nobody asked for, at the times of a pacer, on a light host. */
#ifndef SIM_ENDPOINT_GENERATOR_H
#define SIM_ENDPOINT_GENERATOR_H

#include "core/engine.h"
#include "core/stats.h"
#include "endpoint/host.h"
#include "endpoint/light.h"
#include "endpoint/pacer.h"

enum generator_kind { GENERATOR_UDP, GENERATOR_ETHERNET };

struct generator_config {
    const char *name;           /* copied */
    uint64_t seed;
    struct light *host;
    int link;                   /* number of the host's link */
    enum generator_kind kind;
    struct host_addr to;        /* UDP: destination, a group if you like; port of the first flow */
    struct mac_addr to_mac;     /* Ethernet: destination */
    uint16_t ethertype;         /* Ethernet: type field */
    int flows;                  /* > 0: source ports (UDP) 'from_port' ... in turn */
    uint16_t from_port;
    struct pacer_config pace;
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
