/* SPDX-License-Identifier: GPL-3.0-or-later
 * checks.h -- what is asked of the driver and the card, one function per family of tests. */
#ifndef TESTS_REALDRIVER_CHECKS_H
#define TESTS_REALDRIVER_CHECKS_H

void check_traffic(void); /* check_traffic.c: every frame size, both directions, bytes and statistics */
void check_filters(void); /* check_filters.c: addresses, VLANs, RSS */
void check_offload(void); /* check_offload.c: checksums and segmentation, bit by bit at the wire */
void check_calls(void);   /* check_calls.c: administration: addresses, VLANs, flow control, statistics, dumps, EEPROM */
void check_queues(void);  /* check_queues.c: other numbers of queues, thresholds, stop and start, misuse of rings */
void check_life(void);    /* check_life.c: device ids, interrupts, re-opening, misuse */

#endif
