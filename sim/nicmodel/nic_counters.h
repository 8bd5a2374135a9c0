/* SPDX-License-Identifier: GPL-3.0-or-later
 * nic_counters.h -- what every modelled card counts, for results; the card's own statistics are registers. */
#ifndef SIM_NICMODEL_NIC_COUNTERS_H
#define SIM_NICMODEL_NIC_COUNTERS_H

/* Counters of kind "nic". */
#define NIC_COUNTERS(X) \
    X(rx_packets)      /* frames written to host memory */ \
    X(rx_bytes)        /* their bytes, no FCS */ \
    X(tx_packets)      /* frames handed to the wire */ \
    X(tx_bytes)        /* their bytes, no FCS */ \
    X(rx_filtered)     /* refused by address or VLAN */ \
    X(rx_errors)       /* bad length or CRC */ \
    X(rx_disabled)     /* arrived while receive was disabled */ \
    X(mpc)             /* missed: packet buffer full */ \
    X(rnbc)            /* frames that found no descriptor */ \
    X(rx_no_desc)      /* of those, dropped because DROP_EN is set */ \
    X(rx_desc_fetches) /* descriptor reads, several descriptors each */ \
    X(rx_writebacks)   /* descriptor writes, several descriptors each */ \
    X(tx_desc_fetches) \
    X(tx_writebacks) \
    X(tx_tso)          /* large sends cut into frames */ \
    X(interrupts)      /* messages sent */ \
    X(bad_addresses)   /* DMA refused by the machine's memory */ \
    X(bad_descriptors) /* descriptors that could not be carried out */ \
    X(unknown_reads)   /* registers that do not exist */ \
    X(unknown_writes) \
    X(rx_fifo_max)     /* most bytes in the receive packet buffer, whole run */

/* Counters of kinds "nic_rx_size" and "nic_tx_size": good frames by size with FCS, named by the largest of each class. */
#define NIC_SIZE_NAMES { "64", "127", "255", "511", "1023", "1522" }

enum nic_counter {
#define X(name) NIC_##name,
    NIC_COUNTERS(X)
#undef X
    N_NIC_COUNTERS
};

#endif
