/* SPDX-License-Identifier: GPL-3.0-or-later
 * port.h -- the card as an Ethernet port of the driver: configuration, traffic, and what is looked at. */
#ifndef TESTS_REALDRIVER_PORT_H
#define TESTS_REALDRIVER_PORT_H

#include <stdbool.h>
#include <stdint.h>

#include "card.h"

#include <rte_ethdev.h>
#include <rte_mbuf.h>

enum { PORT = 0 };                 /* the driver's number for it */

struct port_config {
    uint16_t queues;               /* receive and transmit */
    uint16_t tx_queues;            /* if there are not as many; 0: there are */
    uint16_t descriptors;          /* per ring */
    uint64_t rx_offloads, tx_offloads;
    const struct rte_eth_rxconf *rx; /* thresholds; NULL: the driver's own */
    const struct rte_eth_txconf *tx;
    uint16_t mtu;                  /* 0: 1500 */
    bool rss;                      /* all hash types */
    bool link_interrupt, rx_interrupt;
};

/* Loads the driver's library and the driver.  Returns 0 or a negative errno. */
int port_library_init(const char *program);

/* Plugs a card in and lets the driver probe it; pulls it out again.  0 or a negative errno. */
int port_plug(uint16_t device_id);
int port_unplug(void);

/* Configure, set up queues, start.  0 or what the driver said. */
int port_start(const struct port_config *c);

/* All of the above for a new card, and the reverse, checked: the link comes up, no buffer is lost, and the card met no
 * address or descriptor it could not use.  False: the port is not usable. */
bool port_open(uint16_t device_id, const struct port_config *c);
void port_close(void);
void port_close_refused(uint64_t addresses); /* the same after so many addresses that the card had to refuse */
void port_close_misused(void); /* the same after anything */

/* Buffers: with these bytes, NULL when there is none left; of a received packet, as one frame. */
struct rte_mbuf *port_buffer(const uint8_t *bytes, uint32_t len);
void port_read(const struct rte_mbuf *m, struct frame *f);

/* A frame of 'len' bytes from here to 'dst', of a type nobody parses, its bytes different in every frame. */
void frame_fill(struct frame *f, const uint8_t *dst, uint32_t len);
bool frame_equal(const struct frame *a, const struct frame *b);

/* Sends all of 'm'; false when the card does not take them within 10 ms of simulated time. */
bool port_send(uint16_t queue, struct rte_mbuf **m, uint16_t count);
/* Waits up to 10 ms of simulated time for 'count' packets; returns how many came.  'm' has room for PORT_SPARE more:
 * the driver's vector routine takes packets in fours and must be offered more than it shall return. */
enum { PORT_SPARE = 32 };
uint16_t port_receive(uint16_t queue, struct rte_mbuf **m, uint16_t count);

/* Extended statistic by name; UINT64_MAX when the driver has none. */
uint64_t port_statistic(const char *name);

/* -- verdicts ------------------------------------------------------------------------------------------------------ */

/* One test of the final count: port_test() names it, CHECK() fails it, once per test on stderr. */
void port_test(const char *name);
void port_failed(const char *file, int line, const char *what, int64_t got, int64_t wanted);
int port_verdict(void);            /* prints "N passed, N failed"; the exit status */

#define CHECK(condition) \
    do { if (!(condition)) port_failed(__FILE__, __LINE__, #condition, 0, 1); } while (0)
#define CHECK_EQ(got, wanted) \
    do { \
        int64_t got_ = (int64_t)(got), wanted_ = (int64_t)(wanted); \
        if (got_ != wanted_) port_failed(__FILE__, __LINE__, #got, got_, wanted_); \
    } while (0)

#endif
