/* SPDX-License-Identifier: GPL-3.0-or-later
 * backlog.h -- connections as Linux 2.6 guards them: sockets with the rule SOCKETS_BACKLOG.
 *
 *     system call:  lock_sock: a spin lock, for a moment, to become the owner  ...  release_sock: the backlog, then free
 *     softirq:      the spin lock; owned?        the packet is left on the socket's backlog
 *                                  reader waits? it is left too (the prequeue), and the reader is woken to process it
 *                                  else          it is processed, under the spin lock
 *
 * A softirq never sleeps and never waits for an owner, who may be stopped or hold the socket for long.  What is left is
 * processed by the owner's thread: in its next step, before anything of its own.
 *
 * Source: net/core/sock.c, net/ipv4/tcp_ipv4.c (tcp_v4_rcv), include/net/tcp.h (tcp_prequeue), tcp_timer.c of 2.6.27.
 * A timer that finds the socket owned comes again after 40 or 50 ms there; here its owner does it on release. */
#ifndef SIM_STACK_BACKLOG_H
#define SIM_STACK_BACKLOG_H

#include "stack/sockets.h"

/* TCP timers of 'cpu' are due: somebody calls backlog_run_timers() there.  Not called in a step. */
typedef void backlog_raise_fn(void *owner, int cpu);
void backlog_bind(struct sockets *s, backlog_raise_fn *raise, void *owner);

/* Runs the timers that are due on 'cpu', the current one; in a step. */
void backlog_run_timers(struct sockets *s, int cpu);

/* Asserts the invariants; between events only. */
void backlog_check(const struct sockets *s);

#endif
