/* SPDX-License-Identifier: GPL-3.0-or-later
 * metric_parts.c -- metrics about parts of a machine: rings and lanes, links, locks, and what a packet costs.
 *
 * A part is "used" when it did at least 1 % of what the most used one of its kind did. */
#include <math.h>
#include <string.h>

#include "report/metric_impl.h"

enum { LINKS_MAX = 256 };

static bool is_lane(const struct result_block *b, const char *prefix)
{
    const char *last = strrchr(b->entity, '/');
    return strncmp(last ? last + 1 : b->entity, prefix, strlen(prefix)) == 0;
}

/* Sum of a counter over the blocks of a kind whose last name begins with 'prefix' ("": all); NAN without any. */
static double sum(const struct run_result *r, const char *kind, const char *prefix, const char *counter)
{
    double total = NAN;
    const struct result_block *b;
    for (size_t i = 0; (b = metric_next_block(r, kind, true, &i));)
        if (is_lane(b, prefix)) total = (isnan(total) ? 0 : total) + metric_counter(b, counter);
    return total;
}

/* How many of them are used; 0 when none did anything. */
static double count_used(const struct run_result *r, const char *kind, const char *prefix, const char *counter)
{
    double most = 0, n = 0;
    const struct result_block *b;
    for (size_t i = 0; (b = metric_next_block(r, kind, true, &i));)
        if (is_lane(b, prefix)) most = fmax(most, metric_counter(b, counter));
    for (size_t i = 0; most > 0 && (b = metric_next_block(r, kind, true, &i));)
        n += is_lane(b, prefix) && metric_counter(b, counter) >= most / 100;
    return r->focus ? n : NAN;
}

static double ratio(double part, double whole)
{
    return whole > 0 ? part / whole : NAN;
}

/* -- rings and lanes ---------------------------------------------------------------------------------------------- */

double metric_packets_per_interrupt(const struct metric *m, const struct run_result *r)
{
    (void)m;
    return ratio(sum(r, "lane", "hwlane", "intrs"), sum(r, "lanestate", "hwlane", "interrupts"));
}

double metric_packets_per_poll(const struct metric *m, const struct run_result *r)
{
    (void)m;
    return ratio(sum(r, "lane", "hwlane", "polls"), sum(r, "lanestate", "hwlane", "polls_nonempty"));
}

double metric_lanes_used(const struct metric *m, const struct run_result *r)
{
    return count_used(r, "lane", "hwlane", m->counter);
}

double metric_hardware_share(const struct metric *m, const struct run_result *r)
{
    double hardware = sum(r, "lane", "hwlane", m->counter);
    return ratio(isnan(hardware) ? 0 : hardware, sum(r, "lane", "", m->counter));
}

double metric_poll_inline_share(const struct metric *m, const struct run_result *r)
{
    (void)m;
    return ratio(sum(r, "lanestate", "hwlane", "inline_poll"), sum(r, "lanestate", "hwlane", "polls_nonempty"));
}

double metric_handoffs_per_chain(const struct metric *m, const struct run_result *r)
{
    (void)m;
    return ratio(sum(r, "lanestate", "hwlane", "handed_over"),
                 sum(r, "lanestate", "hwlane", "polls_nonempty") + sum(r, "lanestate", "hwlane", "interrupts"));
}

double metric_first_ring_share(const struct metric *m, const struct run_result *r)
{
    double all = 0;
    const struct result_block *b;
    (void)m;
    for (size_t i = 0; (b = metric_next_block(r, "nic_rxq", true, &i));)
        for (size_t k = 0; k < b->count; k++) all += (double)b->values[k];
    return ratio(sum(r, "nic_rxq", "", "0"), all);
}

double metric_links_used(const struct metric *m, const struct run_result *r)
{
    return count_used(r, "mac", "", m->counter);
}

double metric_tx_rings_used(const struct metric *m, const struct run_result *r)
{
    return count_used(r, "txlane", "", m->counter);
}

double metric_card_tx_rings_used(const struct metric *m, const struct run_result *r)
{
    return count_used(r, "ixgbe_tx", "", m->counter);
}

double metric_tx_blocks(const struct metric *m, const struct run_result *r)
{
    return sum(r, "txlane", "", m->counter);
}

/* Of a lane and its softrings: first tries that found the lock taken, of all. */
double metric_lane_lock_misses(const struct metric *m, const struct run_result *r)
{
    double misses = 0, tries = 0;
    const struct result_block *b;
    (void)m;
    for (size_t i = 0; (b = metric_next_block(r, "mutex", true, &i));) {
        if (!strstr(b->entity, "/hwlane")) continue;
        misses += metric_counter(b, "spins") + metric_counter(b, "blocks");
        tries += metric_counter(b, "enters") + metric_counter(b, "blocks");
    }
    return ratio(misses, tries);
}

double metric_nic_drop_share(const struct metric *m, const struct run_result *r)
{
    double lost = sum(r, "nic", "", "mpc") + sum(r, "nic", "", "rx_no_desc");
    (void)m;
    return ratio(lost, lost + sum(r, "nic", "", "rx_packets"));
}

double metric_tx_packet_rate(const struct metric *m, const struct run_result *r)
{
    return sum(r, "nic", "", m->counter) / sim_seconds(r->measured);
}

/* -- CPUs --------------------------------------------------------------------------------------------------------- */

double metric_cpus_used(const struct metric *m, const struct run_result *r)
{
    return count_used(r, "cpu", "", m->counter);
}

double metric_intake_share(const struct metric *m, const struct run_result *r)
{
    double intake = sum(r, "cpu", "", "act_intr_ps") + sum(r, "cpu", "", "act_poll_ps");
    (void)m;
    return ratio(intake, intake + sum(r, "cpu", "", "act_proto_ps"));
}

double metric_cpus_pegged(const struct metric *m, const struct run_result *r)
{
    double n = NAN, all = sim_seconds(r->measured) * 1e12;
    const struct result_block *b;
    (void)m;
    for (size_t i = 0; (b = metric_next_block(r, "cpu", true, &i));)
        n = (isnan(n) ? 0 : n) + (metric_counter(b, "idl_ps") < 0.02 * all);
    return n;
}

/* CPU seconds per second that were not idle. */
static double busy_cpus(const struct run_result *r)
{
    double busy = sum(r, "cpu", "", "usr_ps") + sum(r, "cpu", "", "sys_ps") + sum(r, "cpu", "", "intr_ps");
    return busy * 1e-12 / sim_seconds(r->measured);
}

double metric_spin_share(const struct metric *m, const struct run_result *r)
{
    (void)m;
    return ratio(sum(r, "cpu", "", "spin_ps") * 1e-12 / sim_seconds(r->measured), busy_cpus(r));
}

double metric_memory_wait(const struct metric *m, const struct run_result *r)
{
    return ratio(sum(r, "cpu", "", m->counter) * 1e-12 / sim_seconds(r->measured), busy_cpus(r));
}

double metric_memory_load(const struct metric *m, const struct run_result *r)
{
    double most = NAN;
    const struct result_block *b;
    for (size_t i = 0; (b = metric_next_block(r, "memory", true, &i));) {
        double busy = metric_counter(b, m->counter) * 1e-12 / sim_seconds(r->measured);
        if (!(busy <= most)) most = busy;
    }
    return most;
}

double metric_packets_per_cpu_second(const struct metric *m, const struct run_result *r)
{
    return ratio(sum(r, "lane", "", m->counter) / sim_seconds(r->measured), busy_cpus(r));
}

/* What the machine's applications received and what others received from it are both in 'goodput'. */
double metric_goodput_per_cpu(const struct metric *m, const struct run_result *r)
{
    (void)m;
    return ratio(metric_value(metric_find("goodput"), r), busy_cpus(r));
}

double metric_per_packet(const struct metric *m, const struct run_result *r)
{
    return ratio(sum(r, "cpu", "", m->counter), sum(r, "lane", "", "ipackets"));
}

/* -- traffic ------------------------------------------------------------------------------------------------------ */

double metric_flows_served(const struct metric *m, const struct run_result *r)
{
    double n = NAN;
    const struct result_block *b;
    for (size_t i = 0; (b = metric_next_block(r, "flow", false, &i));)
        n = (isnan(n) ? 0 : n) + (metric_counter(b, m->counter) > 0);
    return n;
}

double metric_tcp_goodput(const struct metric *m, const struct run_result *r)
{
    double bytes = NAN;
    const struct result_block *b;
    for (size_t i = 0; (b = metric_next_block(r, "flow", false, &i));)
        bytes = (isnan(bytes) ? 0 : bytes) + metric_counter(b, m->counter);
    return bytes * 8 / sim_seconds(r->measured);
}

double metric_udp_packet_rate(const struct metric *m, const struct run_result *r)
{
    (void)m;
    return sum(r, "sockets", "", "udp_packets") / sim_seconds(r->measured);
}

double metric_udp_rate_per_lane(const struct metric *m, const struct run_result *r)
{
    return ratio(metric_udp_packet_rate(m, r), count_used(r, "lane", "hwlane", "ipackets"));
}

/* "sut/vnic1/hwlane0" belongs to "sut/vnic1", and so does "sut/vnic1/tx0". */
static size_t link_name_bytes(const char *entity)
{
    const char *last = strrchr(entity, '/');
    return last ? (size_t)(last - entity) : strlen(entity);
}

struct link_bytes {
    const char *name; /* the first 'length' bytes */
    size_t length;
    double bytes;
};

/* Jain's index (metric.c, flow_fairness) over the links of the machine of interest that carry anything. */
double metric_link_fairness(const struct metric *m, const struct run_result *r)
{
    struct link_bytes link[LINKS_MAX];
    const char *kind = strcmp(m->counter, "obytes") == 0 ? "txlane" : "lane";
    size_t links = 0;
    double total = 0, squares = 0, n = 0;
    const struct result_block *b;

    for (size_t i = 0; (b = metric_next_block(r, kind, true, &i));) {
        size_t length = link_name_bytes(b->entity), at = 0;
        while (at < links && (link[at].length != length || strncmp(link[at].name, b->entity, length) != 0)) at++;
        if (at == LINKS_MAX) return NAN;
        if (at == links) link[links++] = (struct link_bytes){ b->entity, length, 0 };
        link[at].bytes += metric_counter(b, m->counter);
    }
    for (size_t i = 0; i < links; i++) {
        total += link[i].bytes;
        squares += link[i].bytes * link[i].bytes;
        n += link[i].bytes > 0;
    }
    return squares > 0 ? total * total / (n * squares) : NAN;
}
