/* SPDX-License-Identifier: GPL-3.0-or-later
 * pause.h -- PAUSE frames: "send nothing for so many quanta" (IEEE 802.3 annex 31B, 802.1Qbb).
 *
 * A quantum is 512 bit times of the wire; 0 quanta end a pause.  The priority form has one time per class, and a mask
 * that says which of them count. */
#ifndef SIM_NET_PAUSE_H
#define SIM_NET_PAUSE_H

#include <stdbool.h>
#include <stdint.h>

#include "core/units.h"
#include "net/headers.h"
#include "net/packet.h"

enum { PAUSE_CLASSES = 8, PAUSE_QUANTUM_BITS = 512, PAUSE_QUANTA_MAX = 65535 };

struct pause {
    bool priority;      /* per class; else the whole link */
    uint8_t classes;    /* priority: bit i is set when quanta[i] counts */
    uint16_t quanta[PAUSE_CLASSES]; /* the whole link: quanta[0] */
};

extern const struct mac_addr pause_address; /* 01-80-C2-00-00-01 */

/* A frame from 'src' that says 'pause'; the caller's. */
struct packet *pause_frame(struct packet_pool *pool, sim_time now, struct mac_addr src, const struct pause *pause);

/* Whether 'p' is a PAUSE frame of either form, to any address; if so what it says. */
bool pause_parse(const struct packet *p, struct pause *pause);

/* How long 'quanta' are on a wire of this rate. */
sim_dur pause_time(uint16_t quanta, sim_rate rate);

#endif
