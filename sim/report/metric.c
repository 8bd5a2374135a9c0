/* SPDX-License-Identifier: GPL-3.0-or-later
 * metric.c -- the table of metrics and the few formulas behind them.
 *
 * Lanes that carry next to nothing (less than 1 % of the busiest lane's packets: the idle lanes of a NIC whose VNIC
 * has rings of its own) are left out of minima and maxima, or those would describe lanes nobody uses. */
#include "report/metric.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "core/assert.h"
#include "report/metric_impl.h"

static double goodput(const struct metric *m, const struct run_result *r);
static double goodput_rx(const struct metric *m, const struct run_result *r);
static double goodput_tx(const struct metric *m, const struct run_result *r);
static double flow_sum(const struct metric *m, const struct run_result *r);
static double flow_fairness(const struct metric *m, const struct run_result *r);
static double lane_share(const struct metric *m, const struct run_result *r);
static double lane_rate(const struct metric *m, const struct run_result *r);
static double lane_sum(const struct metric *m, const struct run_result *r);
static double lane_imbalance(const struct metric *m, const struct run_result *r);
static double cpu_share(const struct metric *m, const struct run_result *r);
static double cpu_rate(const struct metric *m, const struct run_result *r);
static double cpu_busy(const struct metric *m, const struct run_result *r);
static double cpu_imbalance(const struct metric *m, const struct run_result *r);
static double wire_busy(const struct metric *m, const struct run_result *r);
static double drops(const struct metric *m, const struct run_result *r);

#define OF_PACKETS { "intrs", "polls" }
#define OF_CHAINS { "chainunder10", "chain10to50", "chainover50" }
#define OF_TIME { "usr_ps", "sys_ps", "intr_ps", "idl_ps" }

static const struct metric metrics[] = {
    { "goodput", METRIC_RATE, "application bytes received, all machines and both directions", goodput,
      FOLD_SUM, NULL, { NULL } },
    { "goodput-rx", METRIC_RATE, "application bytes received by the machine of interest", goodput_rx,
      FOLD_SUM, NULL, { NULL } },
    { "goodput-tx", METRIC_RATE, "application bytes that others received from the machine of interest", goodput_tx,
      FOLD_SUM, NULL, { NULL } },
    { "flow-fairness", METRIC_SHARE, "Jain's index of the bytes received per TCP connection, 100 % when all are equal",
      flow_fairness, FOLD_SUM, "read_bytes", { NULL } },
    { "retransmits", METRIC_COUNT, "TCP segments sent again, all machines", flow_sum, FOLD_SUM, "retransmits",
      { NULL } },
    { "tcp-timeouts", METRIC_COUNT, "TCP retransmission timeouts, all machines", flow_sum, FOLD_SUM, "timeouts",
      { NULL } },
    { "drops", METRIC_COUNT, "packets dropped anywhere for any reason, warm-up included", drops, FOLD_SUM, NULL,
      { NULL } },
    { "wire-busy-max", METRIC_SHARE, "share of time that the busiest link was sending", wire_busy, FOLD_MAX, "busy_ps",
      { NULL } },

    { "lane-packet-rate", METRIC_FREQUENCY, "packets received by hardware lanes", lane_rate, FOLD_SUM, "ipackets",
      { NULL } },
    { "lane-drops", METRIC_COUNT, "packets dropped by receive lanes", lane_sum, FOLD_SUM, "rxsdrops", { NULL } },
    { "lane-imbalance", METRIC_SHARE, "packets of the busiest hardware lane less the least busy one's, over the mean",
      lane_imbalance, FOLD_SUM, "ipackets", { NULL } },
    { "intr-share", METRIC_SHARE, "packets that hardware lanes received by interrupt", lane_share, FOLD_SUM, "intrs",
      OF_PACKETS },
    { "intr-share-min", METRIC_SHARE, "the same for the lane with the smallest share", lane_share, FOLD_MIN, "intrs",
      OF_PACKETS },
    { "intr-share-max", METRIC_SHARE, "the same for the lane with the largest share", lane_share, FOLD_MAX, "intrs",
      OF_PACKETS },
    { "poll-share", METRIC_SHARE, "packets that hardware lanes received by polling", lane_share, FOLD_SUM, "polls",
      OF_PACKETS },
    { "poll-share-min", METRIC_SHARE, "the same for the lane with the smallest share", lane_share, FOLD_MIN, "polls",
      OF_PACKETS },
    { "poll-share-max", METRIC_SHARE, "the same for the lane with the largest share", lane_share, FOLD_MAX, "polls",
      OF_PACKETS },
    { "chain-under-10-share", METRIC_SHARE, "polled chains of at most 10 packets, of those that were not empty",
      lane_share, FOLD_SUM, "chainunder10", OF_CHAINS },
    { "chain-under-10-share-min", METRIC_SHARE, "the same for the lane with the smallest share", lane_share, FOLD_MIN,
      "chainunder10", OF_CHAINS },
    { "chain-under-10-share-max", METRIC_SHARE, "the same for the lane with the largest share", lane_share, FOLD_MAX,
      "chainunder10", OF_CHAINS },
    { "chain-10-50-share", METRIC_SHARE, "polled chains of 11 to 50 packets, of those that were not empty", lane_share,
      FOLD_SUM, "chain10to50", OF_CHAINS },
    { "chain-10-50-share-min", METRIC_SHARE, "the same for the lane with the smallest share", lane_share, FOLD_MIN,
      "chain10to50", OF_CHAINS },
    { "chain-10-50-share-max", METRIC_SHARE, "the same for the lane with the largest share", lane_share, FOLD_MAX,
      "chain10to50", OF_CHAINS },
    { "chain-over-50-share", METRIC_SHARE, "polled chains of more than 50 packets, of those that were not empty",
      lane_share, FOLD_SUM, "chainover50", OF_CHAINS },
    { "chain-over-50-share-min", METRIC_SHARE, "the same for the lane with the smallest share", lane_share, FOLD_MIN,
      "chainover50", OF_CHAINS },
    { "chain-over-50-share-max", METRIC_SHARE, "the same for the lane with the largest share", lane_share, FOLD_MAX,
      "chainover50", OF_CHAINS },

    { "cpu-busy-mean", METRIC_SHARE, "time not idle, mean over the CPUs", cpu_busy, FOLD_SUM, NULL, OF_TIME },
    { "cpu-busy-min", METRIC_SHARE, "time not idle, least busy CPU", cpu_busy, FOLD_MIN, NULL, OF_TIME },
    { "cpu-busy-max", METRIC_SHARE, "time not idle, busiest CPU", cpu_busy, FOLD_MAX, NULL, OF_TIME },
    { "cpu-imbalance", METRIC_SHARE, "time not idle of the busiest CPU minus that of the least busy, over the mean",
      cpu_imbalance, FOLD_SUM, NULL, OF_TIME },
    { "cpu-user", METRIC_SHARE, "time in user code, of all CPUs", cpu_share, FOLD_SUM, "usr_ps", OF_TIME },
    { "cpu-system", METRIC_SHARE, "time in kernel threads, of all CPUs", cpu_share, FOLD_SUM, "sys_ps", OF_TIME },
    { "cpu-interrupt", METRIC_SHARE, "time in interrupts, of all CPUs", cpu_share, FOLD_SUM, "intr_ps", OF_TIME },
    { "cpu-spin", METRIC_SHARE, "time spinning on mutexes, of all CPUs; part of the three above", cpu_share, FOLD_SUM,
      "spin_ps", OF_TIME },
    { "cpu-idle", METRIC_SHARE, "time idle, of all CPUs", cpu_share, FOLD_SUM, "idl_ps", OF_TIME },
    { "intr-rate", METRIC_FREQUENCY, "interrupts, all CPUs (mpstat intr)", cpu_rate, FOLD_SUM, "intr", { NULL } },
    { "ithr-rate", METRIC_FREQUENCY, "interrupts that became threads, all CPUs (mpstat ithr)", cpu_rate, FOLD_SUM,
      "ithr", { NULL } },
    { "csw-rate", METRIC_FREQUENCY, "context switches, all CPUs (mpstat csw)", cpu_rate, FOLD_SUM, "csw", { NULL } },
    { "icsw-rate", METRIC_FREQUENCY, "involuntary context switches, all CPUs (mpstat icsw)", cpu_rate, FOLD_SUM, "icsw",
      { NULL } },
    { "migr-rate", METRIC_FREQUENCY, "threads that moved to another CPU (mpstat migr)", cpu_rate, FOLD_SUM, "migr",
      { NULL } },
    { "smtx-rate", METRIC_FREQUENCY, "mutexes not entered at the first try, all CPUs (mpstat smtx)", cpu_rate, FOLD_SUM,
      "smtx", { NULL } },
    { "syscall-rate", METRIC_FREQUENCY, "system calls, all CPUs (mpstat syscl)", cpu_rate, FOLD_SUM, "syscl",
      { NULL } },

    { "cpu-poll", METRIC_SHARE, "time polling rings, of all CPUs", cpu_share, FOLD_SUM, "act_poll_ps", OF_TIME },
    { "cpu-protocol", METRIC_SHARE, "time in kernel threads and packets' protocol work, of all CPUs", cpu_share,
      FOLD_SUM, "act_proto_ps", OF_TIME },
    { "cpu-app-kernel", METRIC_SHARE, "time in applications' system calls, of all CPUs", cpu_share, FOLD_SUM,
      "act_sys_ps", OF_TIME },
    { "cpus-interrupted", METRIC_COUNT, "CPUs with at least 1 % of the most interrupted one's interrupts",
      metric_cpus_used, FOLD_SUM, "intr", { NULL } },
    { "cpus-polling", METRIC_COUNT, "CPUs with at least 1 % of the time of the one that polls most", metric_cpus_used,
      FOLD_SUM, "act_poll_ps", { NULL } },
    { "cpus-pegged", METRIC_COUNT, "CPUs that were idle for less than 2 % of the time", metric_cpus_pegged, FOLD_SUM,
      NULL, { NULL } },
    { "spin-share", METRIC_SHARE, "time spinning on mutexes, of the time not idle", metric_spin_share, FOLD_SUM, NULL,
      { NULL } },
    { "memory-load", METRIC_SHARE, "of the bandwidth of the busiest bus, memory or link between sockets, used",
      metric_memory_load, FOLD_MAX, "busy_ps", { NULL } },
    { "memory-wait", METRIC_SHARE, "time waiting for buses and memory, of the time not idle", metric_memory_wait, FOLD_SUM,
      "stall_ps", { NULL } },
    { "packets-per-cpu-second", METRIC_FREQUENCY, "packets received by lanes, per second of CPU time not idle",
      metric_packets_per_cpu_second, FOLD_SUM, "ipackets", { NULL } },
    { "goodput-per-cpu", METRIC_RATE, "application bytes received anywhere, per busy CPU", metric_goodput_per_cpu,
      FOLD_SUM, NULL, { NULL } },
    { "intr-per-packet", METRIC_RATIO, "interrupts, of all kinds, per packet received by lanes", metric_per_packet,
      FOLD_SUM, "intr", { NULL } },
    { "csw-per-packet", METRIC_RATIO, "context switches per packet received by lanes", metric_per_packet, FOLD_SUM,
      "csw", { NULL } },

    { "lanes-used", METRIC_COUNT, "hardware lanes with at least 1 % of the busiest one's packets", metric_lanes_used,
      FOLD_SUM, "ipackets", { NULL } },
    { "hw-lane-share", METRIC_SHARE, "packets received by hardware lanes, of all that lanes received",
      metric_hardware_share, FOLD_SUM, "ipackets", { NULL } },
    { "packets-per-interrupt", METRIC_RATIO, "packets that an interrupt of a hardware lane found, if any",
      metric_packets_per_interrupt, FOLD_SUM, NULL, { NULL } },
    { "packets-per-poll", METRIC_RATIO, "packets that a poll of a hardware lane found, if any",
      metric_packets_per_poll, FOLD_SUM, NULL, { NULL } },
    { "lane-lock-misses", METRIC_SHARE, "entries into locks of hardware lanes that found them taken",
      metric_lane_lock_misses, FOLD_SUM, NULL, { NULL } },
    { "tx-rings-used", METRIC_COUNT, "transmit sides with at least 1 % of the busiest one's packets",
      metric_tx_rings_used, FOLD_SUM, "opackets", { NULL } },
    { "poll-inline-share", METRIC_SHARE, "polls whose one packet the poll thread delivered itself, of those that found "
      "packets", metric_poll_inline_share, FOLD_SUM, NULL, { NULL } },
    { "handoffs-per-chain", METRIC_RATIO, "sub-chains left to softring workers, per chain that hardware lanes fetched",
      metric_handoffs_per_chain, FOLD_SUM, NULL, { NULL } },
    { "intake-share", METRIC_SHARE, "time in interrupts and polls, of that and protocol work", metric_intake_share,
      FOLD_SUM, NULL, { NULL } },
    { "first-ring-share", METRIC_SHARE, "frames that the machine's cards put into their first receive ring, of all",
      metric_first_ring_share, FOLD_SUM, NULL, { NULL } },
    { "links-with-broadcast", METRIC_COUNT, "links with at least 1 % of the broadcasts of the one that received most",
      metric_links_used, FOLD_SUM, "brdcstrcv", { NULL } },
    { "links-with-multicast", METRIC_COUNT, "the same of multicasts", metric_links_used, FOLD_SUM, "multircv", { NULL } },
    { "card-tx-rings-used", METRIC_COUNT, "the cards' transmit rings with at least 1 % of the busiest one's packets",
      metric_card_tx_rings_used, FOLD_SUM, "packets", { NULL } },
    { "tx-blocks", METRIC_COUNT, "times a transmit worker waited for descriptors", metric_tx_blocks, FOLD_SUM,
      "blockcnt", { NULL } },
    { "nic-drop-share", METRIC_SHARE, "frames the machine's cards lost for want of room, of those that came",
      metric_nic_drop_share, FOLD_SUM, NULL, { NULL } },
    { "rx-link-fairness", METRIC_SHARE, "Jain's index of the bytes received per link of the machine of interest",
      metric_link_fairness, FOLD_SUM, "rbytes", { NULL } },
    { "tx-link-fairness", METRIC_SHARE, "Jain's index of the bytes sent per link of the machine of interest",
      metric_link_fairness, FOLD_SUM, "obytes", { NULL } },
    { "tcp-goodput", METRIC_RATE, "application bytes received over TCP, all machines", metric_tcp_goodput, FOLD_SUM,
      "read_bytes", { NULL } },
    { "flows-served", METRIC_COUNT, "TCP connection ends whose application received something", metric_flows_served,
      FOLD_SUM, "read_bytes", { NULL } },
    { "udp-packet-rate", METRIC_FREQUENCY, "UDP packets that reached their port on the machine of interest",
      metric_udp_packet_rate, FOLD_SUM, NULL, { NULL } },
    { "tx-packet-rate", METRIC_FREQUENCY, "frames sent by the cards of the machine of interest",
      metric_tx_packet_rate, FOLD_SUM, "tx_packets", { NULL } },
    { "udp-rate-per-lane", METRIC_FREQUENCY, "UDP packets received, per hardware lane used", metric_udp_rate_per_lane, FOLD_SUM,
      NULL, { NULL } },

    { "request-rate", METRIC_FREQUENCY, "web requests answered, all clients", metric_web_rate, FOLD_SUM, "responses",
      { NULL } },
    { "connection-rate", METRIC_FREQUENCY, "connections opened by web clients", metric_web_rate, FOLD_SUM, "connects",
      { NULL } },
    { "latency-mean", METRIC_TIME, "from wanting a web page, connecting included, to its last byte", metric_latency_mean,
      FOLD_SUM, NULL, { NULL } },
    { "latency-p50", METRIC_TIME, "the same, median; this and the next three are within 1/32 of the true value",
      metric_latency_quantile, FOLD_SUM, "500000", { NULL } },
    { "latency-p95", METRIC_TIME, "95 % are not longer", metric_latency_quantile, FOLD_SUM, "950000", { NULL } },
    { "latency-p99", METRIC_TIME, "99 % are not longer", metric_latency_quantile, FOLD_SUM, "990000", { NULL } },
    { "latency-p999", METRIC_TIME, "99.9 % are not longer", metric_latency_quantile, FOLD_SUM, "999000", { NULL } },
    { "card-rate-tx", METRIC_RATE, "frames sent by the machine's cards, their bits with FCS, without preamble and gap",
      metric_card_rate, FOLD_SUM, "tx_", { NULL } },
    { "card-rate-rx", METRIC_RATE, "frames received by the machine's cards, likewise", metric_card_rate, FOLD_SUM, "rx_",
      { NULL } },
    { "tx-frame-bytes", METRIC_RATIO, "mean size of the frames sent, with FCS", metric_frame_bytes, FOLD_SUM, "tx_",
      { NULL } },
    { "rx-frame-bytes", METRIC_RATIO, "mean size of the frames received, with FCS", metric_frame_bytes, FOLD_SUM, "rx_",
      { NULL } },
    { "tx-frames-large", METRIC_SHARE, "frames of 1024 bytes and more, of those that the machine's cards sent",
      metric_frame_share, FOLD_SUM, "nic_tx_size", { "1522" } },
    { "rx-frames-small", METRIC_SHARE, "frames of up to 127 bytes, of those that the machine's cards received",
      metric_frame_share, FOLD_SUM, "nic_rx_size", { "64", "127" } },
};
enum { N_METRICS = sizeof metrics / sizeof *metrics };

const struct metric *metric_all(size_t *count)
{
    *count = N_METRICS;
    return metrics;
}

const struct metric *metric_find(const char *name)
{
    for (size_t i = 0; i < N_METRICS; i++)
        if (strcmp(metrics[i].name, name) == 0) return &metrics[i];
    return NULL;
}

/* Edit distance of two short words. */
static size_t distance(const char *a, const char *b)
{
    enum { MAX = 64 };
    size_t row[MAX], n = strlen(b);
    if (n >= MAX) return MAX;
    for (size_t j = 0; j <= n; j++) row[j] = j;
    for (size_t i = 1; a[i - 1]; i++) {
        size_t diagonal = row[0];
        row[0] = i;
        for (size_t j = 1; j <= n; j++) {
            size_t best = diagonal + (a[i - 1] != b[j - 1]);
            if (row[j] + 1 < best) best = row[j] + 1;
            if (row[j - 1] + 1 < best) best = row[j - 1] + 1;
            diagonal = row[j];
            row[j] = best;
        }
    }
    return row[n];
}

const char *metric_nearest(const char *name)
{
    size_t best = 1 + strlen(name) / 3;
    const char *nearest = NULL;
    for (size_t i = 0; i < N_METRICS; i++) {
        size_t d = distance(name, metrics[i].name);
        if (d > best || (d == best && nearest)) continue;
        best = d;
        nearest = metrics[i].name;
    }
    return nearest;
}

const char *metric_unit(enum metric_kind kind)
{
    static const char *const unit[] = { [METRIC_RATE] = "Gb/s", [METRIC_SHARE] = "%", [METRIC_FREQUENCY] = "1/s",
                                        [METRIC_COUNT] = "", [METRIC_RATIO] = "", [METRIC_TIME] = "ms" };
    return unit[kind];
}

double metric_scale(enum metric_kind kind)
{
    static const double scale[] = { [METRIC_RATE] = 1e-9, [METRIC_SHARE] = 100, [METRIC_FREQUENCY] = 1,
                                    [METRIC_COUNT] = 1, [METRIC_RATIO] = 1, [METRIC_TIME] = 1000 };
    return scale[kind];
}

int metric_decimals(enum metric_kind kind)
{
    static const int decimals[] = { [METRIC_RATE] = 3, [METRIC_SHARE] = 2, [METRIC_FREQUENCY] = 0, [METRIC_COUNT] = 0,
                                    [METRIC_RATIO] = 2, [METRIC_TIME] = 3 };
    return decimals[kind];
}

/* Large frequencies are easier to read in thousands and millions. */
static void choose_prefix(double mean, double *scale, int *decimals, const char **unit)
{
    if (fabs(mean) >= 1e6) {
        *scale *= 1e-6;
        *decimals = 3;
        *unit = "M/s";
    } else if (fabs(mean) >= 1e4) {
        *scale *= 1e-3;
        *decimals = 1;
        *unit = "k/s";
    }
}

const char *metric_format(enum metric_kind kind, const struct interval *v, char *text, size_t size)
{
    double scale = metric_scale(kind);
    int decimals = metric_decimals(kind);
    const char *unit = metric_unit(kind), *gap = *unit ? " " : "";
    if (kind == METRIC_FREQUENCY && v->n) choose_prefix(v->mean, &scale, &decimals, &unit);
    if (v->n == 0)
        snprintf(text, size, "not measured");
    else if (v->n == 1)
        snprintf(text, size, "%.*f%s%s", decimals, v->mean * scale, gap, unit);
    else
        snprintf(text, size, "%.*f ± %.*f%s%s", decimals, v->mean * scale, decimals, v->half * scale, gap, unit);
    return text;
}

double metric_value(const struct metric *m, const struct run_result *r)
{
    return m->formula(m, r);
}

void metric_print_markdown(FILE *out)
{
    fprintf(out, "| metric | unit | meaning |\n|---|---|---|\n");
    for (size_t i = 0; i < N_METRICS; i++)
        fprintf(out, "| `%s` | %s | %s |\n", metrics[i].name, metric_unit(metrics[i].kind), metrics[i].meaning);
}

/* -- common to the formulas ------------------------------------------------------------------------------------- */

static double seconds(const struct run_result *r)
{
    return sim_seconds(r->measured);
}

double metric_counter(const struct result_block *b, const char *counter)
{
    return (double)result_block_value(b, counter, NULL);
}

static double whole_of(const struct metric *m, const struct result_block *b)
{
    double sum = 0;
    for (size_t i = 0; i < sizeof m->whole / sizeof *m->whole && m->whole[i]; i++)
        sum += metric_counter(b, m->whole[i]);
    return sum;
}

const struct result_block *metric_next_block(const struct run_result *r, const char *kind, bool focused, size_t *i)
{
    if (focused && !r->focus) return NULL;
    while (*i < r->block_count) {
        const struct result_block *b = &r->blocks[(*i)++];
        if (strcmp(b->kind, kind) == 0 && (!focused || result_entity_of(b->entity, r->focus))) return b;
    }
    return NULL;
}

static bool is_hardware_lane(const struct result_block *b)
{
    const char *last = strrchr(b->entity, '/');
    return strncmp(last ? last + 1 : b->entity, "hwlane", 6) == 0;
}

/* The next hardware lane from *i on with at least 'least' packets. */
static const struct result_block *next_lane(const struct run_result *r, double least, size_t *i)
{
    const struct result_block *b;
    while ((b = metric_next_block(r, "lane", true, i)))
        if (is_hardware_lane(b) && metric_counter(b, "ipackets") >= least) return b;
    return NULL;
}

/* 1 % of the busiest lane's packets, and more than none. */
static double lane_least(const struct run_result *r)
{
    double most = 0;
    const struct result_block *b;
    for (size_t i = 0; (b = next_lane(r, 0, &i));) most = fmax(most, metric_counter(b, "ipackets"));
    return fmax(most / 100, 1);
}

static double fold(enum metric_fold how, double so_far, double value)
{
    if (isnan(so_far)) return value;
    return how == FOLD_SUM ? so_far + value : how == FOLD_MIN ? fmin(so_far, value) : fmax(so_far, value);
}

/* -- traffic ---------------------------------------------------------------------------------------------------- */

/* Payload bytes that UDP sinks received; 'where' is 1 at the machine of interest, -1 elsewhere, 0 anywhere. */
static double udp_bytes(const struct run_result *r, int where)
{
    double sum = NAN;
    const struct result_block *b;
    for (size_t i = 0; (b = metric_next_block(r, "udp", false, &i));) {
        bool here = r->focus && result_entity_of(b->entity, r->focus);
        if (where == 0 || here == (where > 0)) sum = fold(FOLD_SUM, sum, metric_counter(b, "bytes"));
    }
    return sum;
}

/* Sum of one counter over the blocks of a kind, at the machine of interest when 'focused'; NAN when there are none. */
static double sum_of(const struct run_result *r, const char *kind, bool focused, const char *counter)
{
    double sum = NAN;
    const struct result_block *b;
    for (size_t i = 0; (b = metric_next_block(r, kind, focused, &i));)
        sum = fold(FOLD_SUM, sum, metric_counter(b, counter));
    return sum;
}

static double sum_or_nan(double a, double b)
{
    return isnan(a) ? b : isnan(b) ? a : a + b;
}

static double goodput(const struct metric *m, const struct run_result *r)
{
    (void)m;
    return sum_or_nan(sum_of(r, "flow", false, "read_bytes"), udp_bytes(r, 0)) * 8 / seconds(r);
}

static double goodput_rx(const struct metric *m, const struct run_result *r)
{
    (void)m;
    if (!r->focus) return NAN;
    return sum_or_nan(sum_of(r, "flow", true, "read_bytes"), udp_bytes(r, 1)) * 8 / seconds(r);
}

/* A connection end is "HOST:ip:port>ip:port". */
static const char *local_address(const char *entity)
{
    const char *colon = strchr(entity, ':');
    return colon ? colon + 1 : entity;
}

static const char *remote_address(const char *entity)
{
    const char *arrow = strchr(local_address(entity), '>');
    return arrow ? arrow + 1 : "";
}

/* Both end at a colon. */
static bool same_address(const char *a, const char *b)
{
    size_t n = strcspn(a, ":");
    return n == strcspn(b, ":") && strncmp(a, b, n) == 0;
}

static bool is_among(const char *address, const char *const *list, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (same_address(address, list[i])) return true;
    return false;
}

/* What others read on connections to an address of the machine. */
static double goodput_tx(const struct metric *m, const struct run_result *r)
{
    (void)m;
    double bytes = NAN;
    size_t n = 0;
    const struct result_block *b;
    if (!r->focus) return NAN;
    const char **own = calloc(r->block_count + 1, sizeof *own);
    SIM_ASSERT(own);
    for (size_t i = 0; (b = metric_next_block(r, "flow", true, &i));)
        if (!is_among(local_address(b->entity), own, n)) own[n++] = local_address(b->entity);
    for (size_t i = 0; (b = metric_next_block(r, "flow", false, &i));)
        if (!result_entity_of(b->entity, r->focus) && is_among(remote_address(b->entity), own, n))
            bytes = fold(FOLD_SUM, bytes, metric_counter(b, "read_bytes"));
    free(own);
    return sum_or_nan(bytes, udp_bytes(r, -1)) * 8 / seconds(r);
}

static double flow_sum(const struct metric *m, const struct run_result *r)
{
    return sum_of(r, "flow", false, m->counter);
}

/* (sum x)^2 / (n sum x^2), R. Jain, D. Chiu, W. Hawe, "A quantitative measure of fairness", DEC TR-301, 1984; over
 * the connection ends that received anything. */
static double flow_fairness(const struct metric *m, const struct run_result *r)
{
    double sum = 0, squares = 0, n = 0;
    const struct result_block *b;
    for (size_t i = 0; (b = metric_next_block(r, "flow", false, &i));) {
        double x = metric_counter(b, m->counter);
        if (x <= 0) continue;
        sum += x;
        squares += x * x;
        n++;
    }
    return n > 0 ? sum * sum / (n * squares) : NAN;
}

static double drops(const struct metric *m, const struct run_result *r)
{
    (void)m;
    double sum = 0;
    for (int i = 0; i < N_DROP_REASONS; i++) sum += (double)r->ledger.dropped[i];
    return sum;
}

static double wire_busy(const struct metric *m, const struct run_result *r)
{
    double busiest = NAN;
    const struct result_block *b;
    for (size_t i = 0; (b = metric_next_block(r, "link", false, &i));)
        busiest = fold(m->fold, busiest, metric_counter(b, m->counter));
    return busiest * 1e-12 / seconds(r);
}

/* -- lanes ------------------------------------------------------------------------------------------------------ */

static double lane_share(const struct metric *m, const struct run_result *r)
{
    double part = 0, whole = 0, best = NAN;
    const struct result_block *b;
    double least = m->fold == FOLD_SUM ? 0 : lane_least(r);
    for (size_t i = 0; (b = next_lane(r, least, &i));) {
        double x = metric_counter(b, m->counter), of = whole_of(m, b);
        part += x;
        whole += of;
        if (of > 0) best = fold(m->fold, best, x / of);
    }
    if (m->fold != FOLD_SUM) return best;
    return whole > 0 ? part / whole : NAN;
}

static double lane_sum(const struct metric *m, const struct run_result *r)
{
    return sum_of(r, "lane", true, m->counter);
}

static double lane_rate(const struct metric *m, const struct run_result *r)
{
    double sum = NAN;
    const struct result_block *b;
    for (size_t i = 0; (b = next_lane(r, 0, &i));) sum = fold(FOLD_SUM, sum, metric_counter(b, m->counter));
    return sum / seconds(r);
}

static double lane_imbalance(const struct metric *m, const struct run_result *r)
{
    double low = NAN, high = NAN, sum = 0, n = 0;
    const struct result_block *b;
    double least = lane_least(r);
    for (size_t i = 0; (b = next_lane(r, least, &i)); n++) {
        double x = metric_counter(b, m->counter);
        low = fold(FOLD_MIN, low, x);
        high = fold(FOLD_MAX, high, x);
        sum += x;
    }
    return n > 0 ? (high - low) / (sum / n) : NAN;
}

/* -- CPUs ------------------------------------------------------------------------------------------------------- */

static double cpu_share(const struct metric *m, const struct run_result *r)
{
    double part = 0, whole = 0;
    const struct result_block *b;
    for (size_t i = 0; (b = metric_next_block(r, "cpu", true, &i));) {
        part += metric_counter(b, m->counter);
        whole += whole_of(m, b);
    }
    return whole > 0 ? part / whole : NAN;
}

static double cpu_rate(const struct metric *m, const struct run_result *r)
{
    return sum_of(r, "cpu", true, m->counter) / seconds(r);
}

/* Share of one CPU's time in which it was not idle; NAN when it has no time at all. */
static double busy_of(const struct metric *m, const struct result_block *b)
{
    double whole = whole_of(m, b);
    return whole > 0 ? 1 - metric_counter(b, "idl_ps") / whole : NAN;
}

static double cpu_busy(const struct metric *m, const struct run_result *r)
{
    double value = NAN, n = 0;
    const struct result_block *b;
    for (size_t i = 0; (b = metric_next_block(r, "cpu", true, &i)); n++) value = fold(m->fold, value, busy_of(m, b));
    return m->fold == FOLD_SUM ? value / n : value;
}

static double cpu_imbalance(const struct metric *m, const struct run_result *r)
{
    double low = NAN, high = NAN, sum = 0, n = 0;
    const struct result_block *b;
    for (size_t i = 0; (b = metric_next_block(r, "cpu", true, &i)); n++) {
        double x = busy_of(m, b);
        low = fold(FOLD_MIN, low, x);
        high = fold(FOLD_MAX, high, x);
        sum += x;
    }
    return sum > 0 ? (high - low) / (sum / n) : NAN;
}
