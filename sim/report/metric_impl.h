/* SPDX-License-Identifier: GPL-3.0-or-later
 * metric_impl.h -- what the files of metrics share: metric.c has the table and the common formulas, metric_parts.c
 * those about single parts (rings, links, locks). */
#ifndef SIM_REPORT_METRIC_IMPL_H
#define SIM_REPORT_METRIC_IMPL_H

#include <stdbool.h>

#include "report/metric.h"

/* The next block from *i on of this kind, at the machine of interest when 'focused'; NULL at the end. */
const struct result_block *metric_next_block(const struct run_result *r, const char *kind, bool focused, size_t *i);
/* A counter's value, 0 when the block has none of that name. */
double metric_counter(const struct result_block *b, const char *counter);

typedef double metric_formula(const struct metric *m, const struct run_result *r);

/* metric_parts.c; 'm->counter' says what, where several metrics share a formula. */
metric_formula metric_packets_per_interrupt, metric_packets_per_poll, metric_lanes_used, metric_hardware_share,
    metric_cpus_used, metric_tx_rings_used, metric_lane_lock_misses, metric_flows_served, metric_tcp_goodput,
    metric_udp_packet_rate, metric_udp_rate_per_lane, metric_link_fairness, metric_nic_drop_share,
    metric_packets_per_cpu_second, metric_goodput_per_cpu, metric_per_packet, metric_tx_blocks,
    metric_tx_packet_rate, metric_poll_inline_share, metric_handoffs_per_chain, metric_intake_share,
    metric_first_ring_share, metric_card_tx_rings_used, metric_links_used,
    metric_cpus_pegged, metric_spin_share, metric_memory_load, metric_memory_wait;

/* metric_web.c */
metric_formula metric_web_rate, metric_latency_mean, metric_latency_quantile, metric_card_rate, metric_frame_bytes,
    metric_frame_share;

#endif
