/* SPDX-License-Identifier: GPL-3.0-or-later
 * card.h -- one modelled machine with a modelled 82598 in it, for a driver that runs in this very process.
 *
 * Simulated time passes only here: while a register is accessed, while the driver asks for a delay, and when the test
 * says so.  Any thread may call; the functions take one lock.  Everything else about the card is nicmodel's. */
#ifndef TESTS_REALDRIVER_CARD_H
#define TESTS_REALDRIVER_CARD_H

#include <stdbool.h>
#include <stdint.h>

#include "nicmodel/nic82598.h"

enum { CARD_FRAME_MAX = 16384 };

struct frame {
    uint32_t len;                  /* no FCS */
    uint8_t byte[CARD_FRAME_MAX];
};

extern const struct mac_addr card_mac;

/* A card with this PCI device id, its cable plugged in.  DMA windows opened before are open to it too. */
void card_create(uint16_t device_id);
/* Checks that every packet is accounted for. */
void card_destroy(void);

/* -- what software on the machine can do -------------------------------------------------------------------------- */

uint32_t card_read(uint32_t offset);
void card_write(uint32_t offset, uint32_t value);
void card_reset(void);                                  /* function-level reset */
void card_vector(int vector, int event_fd);             /* messages are counted into 'event_fd'; -1 masks */
bool card_open_window(uint64_t addr, uint64_t bytes, void *memory); /* what the card may reach by DMA */
bool card_close_window(uint64_t addr);

/* -- what the test can do ----------------------------------------------------------------------------------------- */

void card_run_us(int64_t us);
int64_t card_now_us(void);
void card_cable(bool plugged);
void card_loop_back(bool on);                           /* what leaves comes back; else card_take() has it */
bool card_take(struct frame *f);                        /* the next frame that left */
void card_put(const uint8_t *bytes, uint32_t len);      /* a frame arrives, at line rate behind those before it */
void card_put_damaged(const uint8_t *bytes, uint32_t len); /* the same, with a wrong check sequence */
uint64_t card_counter(enum nic_counter c);
uint64_t card_queue_frames(int queue);                  /* received on it */

#endif
