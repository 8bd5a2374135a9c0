/* SPDX-License-Identifier: GPL-3.0-or-later
 * drops.h -- every way in which a packet can end other than by being delivered, once.
 *
 * A dropped packet is a misfortune of the modelled world, not an error: it is counted under one of these names, in
 * the packet pool's ledger and by whoever dropped it. */
#ifndef SIM_CORE_DROPS_H
#define SIM_CORE_DROPS_H

#define DROP_REASONS(X) \
    /* NAME             text in results        meaning */ \
    X(LINK_FULL,        "link_full",           "did not fit into the queue of a link or switch port") \
    X(LINK_DOWN,        "link_down",           "sent on a link that is down or connected to nothing") \
    X(SWITCH_SAME_PORT, "switch_same_port",    "destination is behind the port it came from") \
    X(SWITCH_BAD_FRAME, "switch_bad_frame",    "too short, too long or malformed for the switch") \
    X(SWITCH_RESERVED,  "switch_reserved",     "to a reserved group address, which no bridge forwards") \
    X(SWITCH_VLAN,      "switch_vlan",         "its VLAN was not admitted on the port, or has no other port") \
    X(NO_ROUTE,         "no_route",            "no host of the platform has this destination, or no route leads there") \
    X(NIC_FILTER,       "nic_filter",          "no receive address, multicast or VLAN filter accepted it") \
    X(NIC_ERROR,        "nic_error",           "bad length or checksum, dropped by the MAC") \
    X(NIC_DISABLED,     "nic_disabled",        "receive or transmit was disabled, or the NIC was reset") \
    X(NIC_MISSED,       "nic_missed",          "receive packet buffer full (MPC)") \
    X(NIC_NO_DESC,      "nic_no_descriptor",   "no receive descriptor and DROP_EN set, or queue disabled (RNBC)") \
    X(NIC_BAD_DESC,     "nic_bad_descriptor",  "a descriptor could not be carried out") \
    X(NIC_BAD_ADDRESS,  "nic_bad_address",     "DMA to an address the machine has not mapped") \
    X(DRIVER,           "driver",              "refused by the device driver") \
    X(LANE_RX,          "lane_sdrops",         "dropped by a receive lane (sdrops)") \
    X(LANE_TX,          "lane_txsdrops",       "dropped by a transmit lane (txsdrops)") \
    X(QDISC,            "qdisc_full",          "the transmit queue's discipline held txqueuelen packets") \
    X(NO_CLIENT,        "no_client",           "no MAC client wanted it") \
    X(IP_BAD,           "ip_bad",              "malformed, or not for this host") \
    X(NO_SOCKET,        "no_socket",           "no connection or listener") \
    X(TCP_DUPLICATE,    "tcp_duplicate",       "segment carried nothing new") \
    X(TCP_WINDOW,       "tcp_window",          "segment outside the receive window, or no room to keep it")

enum drop_reason {
#define X(NAME, text, meaning) DROP_##NAME,
    DROP_REASONS(X)
#undef X
    N_DROP_REASONS
};

/* The name in results, and what it means. */
const char *drop_name(enum drop_reason r);
const char *drop_meaning(enum drop_reason r);

#endif
