/* SPDX-License-Identifier: GPL-3.0-or-later
 * capture.h -- frames on chosen links into a pcapng file that other tools read.
 *
 * Each attached link is an interface of the file; both directions of a port are two.  A frame's time is when its first
 * bit leaves, in nanoseconds; checksums are filled in, the FCS is not included, short frames are padded.  The file
 * depends on the run alone: same seed, same bytes.  Format: draft-ietf-opsawg-pcapng. */
#ifndef SIM_NET_CAPTURE_H
#define SIM_NET_CAPTURE_H

#include <stdint.h>

#include "core/engine.h"
#include "core/error.h"
#include "core/units.h"
#include "net/link.h"

struct capture;

struct capture_config {
    const char *path;
    uint32_t snaplen_bytes; /* bytes kept of each frame; 0: all */
    uint64_t packets_max;   /* frames after which nothing more is written; 0: no limit */
    sim_time from, until;   /* frames starting in [from, until) are kept; until 0: no end */
};

/* Opens the file.  NULL, with the reason added to 'errors', when it cannot be created.  Owned by the caller. */
struct capture *capture_create(struct engine *engine, const struct capture_config *config, struct errors *errors);

/* Captures what 'link' carries from now on, as interface 'name' (copied), whose index it returns.  The link must not
 * send after capture_close(). */
int capture_attach(struct capture *c, struct link *link, const char *name);

/* Frames kept so far, those that wait for their time to come included. */
uint64_t capture_packets(const struct capture *c);

/* Writes what has begun by now, closes the file and frees the capture.  Returns -1, with the reason added to 'errors',
 * when the file could not be written whole.  NULL is allowed and returns 0. */
int capture_close(struct capture *c, struct errors *errors);

#endif
