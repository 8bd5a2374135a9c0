/* SPDX-License-Identifier: GPL-3.0-or-later
 * schema.c -- the tables.
 *
 * Defaults are those of the paper's machines where it gives them (section 4.4), of the Solaris stack and its ixgbe
 * driver where their sources give them; docs/scenario.md says which is which and which are guesses. */
#include "scenario/schema.h"

#include <string.h>

#include "scenario/scenario.h"

/* Bounds of ranges, in base units. */
#define US INT64_C(1000000)
#define SECOND INT64_C(1000000000000)
#define HOUR (3600 * SECOND)
#define KIB INT64_C(1024)
#define MIB (1024 * KIB)
#define MEGA INT64_C(1000000)
#define GIGA INT64_C(1000000000)

#define AT(type, member) .offset = offsetof(struct type, member)
#define ITEMS(type, member, count) AT(type, member), .count_offset = offsetof(struct type, count)

static const char *const details[] = { "light", "full", NULL };
static const char *const congestions[] = { "auto", "newreno", "cubic", NULL };
static const char *const affinities[] = { "random", "aligned", NULL };
static const char *const tx_queues[] = { "cpu", "flow", NULL };
static const char *const stacks[] = { "crossbow", "gldv3", "linux26", NULL };
static const char *const nic_models[] = { "intel-82598", "intel-82573", NULL };
static const char *const flow_controls[] = { "none", "rx", "tx", "full", NULL };
static const char *const destinations[] = { "unicast", "broadcast", "multicast", NULL };
static const char *const arrival_kinds[] = { "constant", "poisson", NULL };
static const char *const protocols[] = { "udp", NULL };

static const struct key_spec time_keys[] = {
    { .name = "warmup", .type = VALUE_DURATION, AT(scenario_time, warmup), .def = "200ms", .max = 1000 * HOUR,
      .doc = "simulated before counting starts" },
    { .name = "measure", .type = VALUE_DURATION, AT(scenario_time, measure), .def = "1s", .min = 1, .max = 1000 * HOUR,
      .doc = "simulated and counted" },
    { .name = NULL },
};
static const struct section_spec time_section = {
    .title = "time", .doc = "How long to simulate.", .keys = time_keys, .size = sizeof(struct scenario_time),
};

static const struct key_spec switch_keys[] = {
    { .name = "rate", .type = VALUE_RATE, AT(scenario_switch, rate), .def = "10Gbps", .min = 1000, .max = 1000 * GIGA,
      .doc = "of every port" },
    { .name = "latency", .type = VALUE_DURATION, AT(scenario_switch, latency), .def = "1us", .max = SECOND,
      .doc = "from the last bit of a frame in to its place in the output queue (the switch stores and forwards)" },
    { .name = "buffer", .type = VALUE_SIZE, AT(scenario_switch, buffer_bytes), .def = "2MiB", .max = 1024 * MIB,
      .doc = "output queue of each port; a frame that does not fit whole is dropped" },
    { .name = "mac-table", .type = VALUE_INT, AT(scenario_switch, mac_table), .def = "16384", .min = 1, .max = 1000000,
      .doc = "addresses it can learn; frames to others are flooded" },
    { .name = "pause", .type = VALUE_BOOL, AT(scenario_switch, pause), .def = "false",
      .doc = "obeys PAUSE frames on every port, and sends them to whoever fills its queues, so that nothing is lost if "
             "all obey" },
    { .name = NULL },
};
static const struct section_spec switch_section = {
    .title = "switches: NAME", .doc = "Learning Ethernet switches.", .keys = switch_keys, .item = true,
    .size = sizeof(struct scenario_switch), .name_offset = offsetof(struct scenario_switch, name),
};

static const struct key_spec wire_keys[] = {
    { .name = "between", .type = VALUE_NAMES, AT(scenario_wire, between), .flags = KEY_REQUIRED,
      .doc = "two switches" },
    { .name = "rate", .type = VALUE_RATE, AT(scenario_wire, rate), .def = "10Gbps", .min = 1000, .max = 1000 * GIGA,
      .doc = "of each direction" },
    { .name = "delay", .type = VALUE_DURATION, AT(scenario_wire, delay), .def = "50ns", .max = 10 * SECOND,
      .doc = "propagation: 5 ns per metre" },
    { .name = "queue", .type = VALUE_SIZE, AT(scenario_wire, queue_bytes), .def = "2MiB", .max = 1024 * MIB,
      .doc = "output queue of each direction" },
    { .name = NULL },
};
static const struct section_spec wire_section = {
    .title = "wires: - ...", .doc = "Cables between switches. Cables to machines are made by their NICs' `wire`.",
    .keys = wire_keys, .item = true, .size = sizeof(struct scenario_wire),
};

static const struct key_spec cpus_keys[] = {
    { .name = "sockets", .type = VALUE_INT, AT(scenario_cpus, sockets), .def = "2", .min = 1, .max = 16,
      .doc = "each is one NUMA node" },
    { .name = "cores", .type = VALUE_INT, AT(scenario_cpus, cores), .def = "4", .min = 1, .max = 128,
      .doc = "of each socket" },
    { .name = "threads", .type = VALUE_INT, AT(scenario_cpus, threads), .def = "1", .min = 1, .max = 8,
      .doc = "hardware threads of each core" },
    { .name = "clock", .type = VALUE_FREQUENCY, AT(scenario_cpus, clock_hz), .def = "2.8GHz", .min = 1000000,
      .max = 100 * GIGA, .doc = "of every CPU; costs in cycles scale with it" },
    { .name = "quantum", .type = VALUE_DURATION, AT(scenario_cpus, quantum), .def = "20ms", .min = US,
      .max = 100 * SECOND, .doc = "time slice among threads of equal priority" },
    { .name = NULL },
};
static const struct section_spec cpus_section = {
    .title = "machines: NAME: cpus", .doc = "Used by machines in full detail.", .keys = cpus_keys,
    .size = sizeof(struct scenario_cpus),
};

#define BANDWIDTH(NAME, member, text) \
    { .name = NAME, .type = VALUE_BANDWIDTH, AT(scenario_memory, member), .min = 100 * MEGA, .max = 1000 * GIGA, \
      .none = "the profile's", .word = "unlimited", .word_value = SCENARIO_UNLIMITED, .doc = text }
static const struct key_spec memory_keys[] = {
    BANDWIDTH("bus", bus, "of each socket's front-side bus"),
    BANDWIDTH("chipset", chipset, "of the memory behind a chipset, one for all sockets; it is there instead of `node`"),
    BANDWIDTH("node", node, "of each socket's own memory"),
    BANDWIDTH("link", link, "from one socket to another"),
    { .name = NULL },
};
static const struct section_spec memory_section = {
    .title = "machines: NAME: memory",
    .doc = "What copies, cache lines and devices can move in a second, in full detail: sustained, everything that passes "
           "counted. `unlimited`: nobody waits for it.",
    .keys = memory_keys, .size = sizeof(struct scenario_memory),
};

static const struct key_spec tcp_keys[] = {
    { .name = "send-buffer", .type = VALUE_SIZE, AT(scenario_tcp, send_buffer_bytes), .def = "auto", .min = 1,
      .max = 1024 * MIB, .word = "auto", .word_value = SCENARIO_AUTO,
      .doc = "written and not yet acknowledged, at most; `auto`: 48KiB, with `linux26` 4MiB" },
    { .name = "receive-buffer", .type = VALUE_SIZE, AT(scenario_tcp, receive_buffer_bytes), .def = "auto", .min = 1,
      .max = 1024 * MIB, .word = "auto", .word_value = SCENARIO_AUTO,
      .doc = "the window advertised; what waits to be read closes it once it is more than this; `auto`: 48KiB, with `linux26` 3MiB" },
    { .name = "initial-window", .type = VALUE_INT, AT(scenario_tcp, initial_window), .def = "auto", .min = 1, .max = 1000,
      .word = "auto", .word_value = SCENARIO_AUTO,
      .doc = "congestion window at the start, in segments; `auto`: 4, with `linux26` 3" },
    { .name = "ack-every", .type = VALUE_INT, AT(scenario_tcp, ack_every), .def = "auto", .min = 1, .max = 1000,
      .word = "auto", .word_value = SCENARIO_AUTO,
      .doc = "full-sized segments that one acknowledgement may cover; `auto`: 8, with `linux26` 2" },
    { .name = "ack-delay", .type = VALUE_DURATION, AT(scenario_tcp, ack_delay), .def = "auto", .max = 10 * SECOND,
      .word = "auto", .word_value = SCENARIO_AUTO,
      .doc = "delayed-acknowledgement timer; `auto`: 50ms, with `linux26` 40ms" },
    { .name = "min-rto", .type = VALUE_DURATION, AT(scenario_tcp, min_rto), .def = "auto", .min = US,
      .max = 100 * SECOND, .word = "auto", .word_value = SCENARIO_AUTO,
      .doc = "shortest retransmission timeout; `auto`: 400ms, with `linux26` 200ms" },
    { .name = "timestamps", .type = VALUE_BOOL, AT(scenario_tcp, timestamps), .def = "true",
      .doc = "timestamp option (RFC 7323); segments then carry 12 bytes less" },
    { .name = "sack", .type = VALUE_BOOL, AT(scenario_tcp, sack), .def = "true",
      .doc = "selective acknowledgements (RFC 2018)" },
    { .name = "window-scale", .type = VALUE_BOOL, AT(scenario_tcp, window_scale), .def = "true",
      .doc = "windows above 64 KiB (RFC 7323)" },
    { .name = "lso-max", .type = VALUE_SIZE, AT(scenario_tcp, lso_max_bytes), .def = "65415B", .max = 65415,
      .doc = "largest send given to a NIC that segments; `0B`: never more than one segment" },
    { .name = "no-delay", .type = VALUE_BOOL, AT(scenario_tcp, no_delay), .def = "false",
      .doc = "send small segments at once (no Nagle algorithm)" },
    { .name = "congestion", .type = VALUE_CHOICE, AT(scenario_tcp, congestion), .def = "auto", .choices = congestions,
      .doc = "how the congestion window grows and shrinks; `auto`: newreno, with `linux26` cubic" },
    { .name = NULL },
};
static const struct section_spec tcp_section = {
    .title = "machines: NAME: tcp", .doc = "The TCP of a machine, for all its connections.", .keys = tcp_keys,
    .size = sizeof(struct scenario_tcp),
};

static const struct key_spec lane_keys[] = {
    { .name = "low-water", .type = VALUE_INT, AT(scenario_lane, low_water_pkts), .def = "256", .min = 1, .max = 1000000,
      .doc = "packets in the lane; above it the lane stays in poll mode without polling" },
    { .name = "high-water", .type = VALUE_INT, AT(scenario_lane, high_water_pkts), .def = "1024", .min = 1,
      .max = 1000000, .doc = "packets in the lane; above it a lane that cannot poll drops" },
    { .name = "poll-threshold", .type = VALUE_INT, AT(scenario_lane, poll_threshold_pkts), .def = "16", .min = 0,
      .max = 1000000, .doc = "packets in the lane; at or below it polling resumes; at most half of `low-water`" },
    { .name = "poll-bytes", .type = VALUE_SIZE, AT(scenario_lane, poll_bytes), .def = "150000B", .min = 64,
      .max = 1024 * MIB, .doc = "asked for in one poll" },
    { .name = "poll-packets", .type = VALUE_INT, AT(scenario_lane, poll_pkts), .def = "257", .min = 1, .max = 1000000,
      .doc = "the driver returns at most this many in one call" },
    { .name = "latency-optimize", .type = VALUE_BOOL, AT(scenario_lane, latency_optimize), .def = "true",
      .doc = "a lone packet is processed by the thread that received it" },
    { .name = "bypass", .type = VALUE_BOOL, AT(scenario_lane, bypass), .def = "true",
      .doc = "IP takes TCP and UDP packets right from the lane; `false`: they pass the data-link services, as all others "
             "do" },
    { .name = NULL },
};
static const struct section_spec lane_section = {
    .title = "machines: NAME: lane", .doc = "Thresholds of every receive lane of the machine.", .keys = lane_keys,
    .size = sizeof(struct scenario_lane),
};

static const struct key_spec gldv3_keys[] = {
    { .name = "soft-rings", .type = VALUE_INT, AT(scenario_gldv3, soft_rings), .def = "0", .max = 16,
      .doc = "threads that take received packets from the interrupt, per NIC (`ip_soft_rings_cnt`); 0: none, the "
             "interrupt processes them" },
    { .name = "worker-wait", .type = VALUE_DURATION, AT(scenario_gldv3, worker_wait), .def = "10ms", .max = SECOND,
      .doc = "until a squeue's worker thread takes what is queued and not being processed (`ip_squeue_worker_wait`)" },
    { .name = "squeue-fanout", .type = VALUE_BOOL, AT(scenario_gldv3, squeue_fanout), .def = "false",
      .doc = "a connection belongs to the squeue of a random CPU (`ip_squeue_fanout`); `false`: of the CPU that opens "
             "or accepts it" },
    { .name = "blanking", .type = VALUE_BOOL, AT(scenario_gldv3, blanking), .def = "false",
      .doc = "a squeue with a backlog lengthens the NIC's interrupt interval for good (`mrf_blank` as e1000g had it)" },
    { .name = NULL },
};
static const struct section_spec gldv3_section = {
    .title = "machines: NAME: gldv3", .doc = "How Solaris before Crossbow receives.", .keys = gldv3_keys,
    .size = sizeof(struct scenario_gldv3),
};

static const struct key_spec linux26_keys[] = {
    { .name = "affinity", .type = VALUE_CHOICE, AT(scenario_linux26, affinity), .def = "random", .choices = affinities,
      .doc = "`random`: each of a NIC's vectors interrupts a CPU drawn for this run, as nobody sets it; `aligned`: vector "
             "N interrupts CPU N" },
    { .name = "irq-cpus", .type = VALUE_CPUS, AT(scenario_linux26, cpus), .none = "by `affinity`",
      .doc = "CPUs that the vectors interrupt, in turn" },
    { .name = "tx-queue", .type = VALUE_CHOICE, AT(scenario_linux26, tx_queue), .def = "cpu", .choices = tx_queues,
      .doc = "of several `tx-rings`: `cpu`: each CPU sends to its own (this card's driver from 2.6.32 on), and a thread that moves "
             "overtakes itself; `flow`: a flow keeps that of the CPU which sent its first packet (from 2.6.34 on)" },
    { .name = "lro", .type = VALUE_BOOL, AT(scenario_linux26, lro), .def = "false",
      .doc = "the driver merges the segments of a poll that follow one another (`inet_lro`)" },
    { .name = "firewall", .type = VALUE_BOOL, AT(scenario_linux26, firewall), .def = "true",
      .doc = "packets pass connection tracking and the rules that Fedora installs" },
    { .name = NULL },
};
static const struct section_spec linux26_section = {
    .title = "machines: NAME: linux26", .doc = "How Linux 2.6 receives.", .keys = linux26_keys,
    .size = sizeof(struct scenario_linux26),
};

static const struct key_spec pcie_keys[] = {
    { .name = "lanes", .type = VALUE_INT, AT(scenario_pcie, lanes), .def = "auto", .min = 1, .max = 8, .word = "auto",
      .word_value = SCENARIO_AUTO, .doc = "1, 2, 4 or 8; `auto`: 8, with `intel-82573` 1, which is all it has" },
    { .name = "generation", .type = VALUE_INT, AT(scenario_pcie, generation), .def = "1", .min = 1, .max = 2,
      .doc = "1: 2.5 GT/s per lane, 2: 5 GT/s" },
    { .name = "mps", .type = VALUE_SIZE, AT(scenario_pcie, mps_bytes), .def = "128B", .min = 128, .max = 4096,
      .doc = "largest payload of a write or completion; a power of two" },
    { .name = "mrrs", .type = VALUE_SIZE, AT(scenario_pcie, mrrs_bytes), .def = "512B", .min = 128, .max = 4096,
      .doc = "largest read request; a power of two" },
    { .name = "rcb", .type = VALUE_SIZE, AT(scenario_pcie, rcb_bytes), .def = "64B", .min = 64, .max = 128,
      .doc = "read completion boundary: 64B or 128B" },
    { .name = "read-latency", .type = VALUE_DURATION, AT(scenario_pcie, read_latency), .def = "1us", .max = SECOND,
      .doc = "from a read request to its first completion, idle" },
    { .name = "write-latency", .type = VALUE_DURATION, AT(scenario_pcie, write_latency), .def = "400ns", .max = SECOND,
      .doc = "from the end of a posted write to its being visible in memory" },
    { .name = "far-latency", .type = VALUE_DURATION, AT(scenario_pcie, far_latency), .def = "100ns", .max = SECOND,
      .doc = "added when the memory is on another NUMA node" },
    { .name = "mmio-latency", .type = VALUE_DURATION, AT(scenario_pcie, mmio_latency), .def = "300ns", .max = SECOND,
      .doc = "from a CPU's register write to the device" },
    { .name = "reads", .type = VALUE_INT, AT(scenario_pcie, reads), .def = "16", .min = 1, .max = 256,
      .doc = "read requests in flight" },
    { .name = NULL },
};
static const struct section_spec pcie_section = {
    .title = "machines: NAME: nics: NAME: pcie", .doc = "The slot of the NIC.", .keys = pcie_keys,
    .size = sizeof(struct scenario_pcie),
};

static const struct key_spec nic_keys[] = {
    { .name = "model", .type = VALUE_CHOICE, AT(scenario_nic, model), .def = "intel-82598", .choices = nic_models,
      .doc = "the card and its driver: `intel-82598` 10 Gb/s, many rings (ixgbe); `intel-82573` 1 Gb/s, one ring each way "
             "(e1000g); machines in light detail use its addresses and rate only" },
    { .name = "wire", .type = VALUE_REF, AT(scenario_nic, wire), .none = "needed without a platform file",
      .doc = "the switch at the other end of its cable" },
    { .name = "rate", .type = VALUE_RATE, AT(scenario_nic, rate), .def = "auto", .min = 1000, .max = 1000 * GIGA,
      .word = "auto", .word_value = SCENARIO_AUTO, .doc = "of the cable; `auto`: the card's" },
    { .name = "delay", .type = VALUE_DURATION, AT(scenario_nic, delay), .def = "50ns", .max = 10 * SECOND,
      .doc = "of the cable: 5 ns per metre" },
    { .name = "queue", .type = VALUE_SIZE, AT(scenario_nic, queue_bytes), .def = "4MiB", .max = 1024 * MIB,
      .doc = "transmit queue of a machine in light detail" },
    { .name = "node", .type = VALUE_INT, AT(scenario_nic, node), .def = "0", .max = 15,
      .doc = "NUMA node (socket) of its slot" },
    { .name = "address", .type = VALUE_IPV4, AT(scenario_nic, address), .def = "auto",
      .doc = "IPv4 address of the NIC's own link; `auto`: 10.X.Y.Z with 256 X + Y the number of the machine, from 0, "
             "and Z that of the NIC or link, from 1" },
    { .name = "mac", .type = VALUE_MAC, AT(scenario_nic, mac), .def = "auto",
      .doc = "Ethernet address; `auto`: 02:00:00:X:Y:Z with the same X, Y, Z" },
    { .name = "mtu", .type = VALUE_SIZE, AT(scenario_nic, mtu_bytes), .def = "1500B", .min = 576, .max = 16110,
      .doc = "largest IP packet" },
    { .name = "lanes", .type = VALUE_INT, AT(scenario_nic, lanes), .def = "auto", .min = 1, .max = SCENARIO_LANES_MAX,
      .word = "auto", .word_value = SCENARIO_AUTO,
      .doc = "receive rings of the NIC's own link, each with a hardware lane where the stack has lanes; `auto`: 4, with "
             "`linux26` one for each CPU, with `gldv3` or `intel-82573` 1" },
    { .name = "primary", .type = VALUE_BOOL, AT(scenario_nic, primary), .def = "true",
      .doc = "the NIC's own link is in use; `false`: only links over the NIC are, and it keeps one receive ring" },
    { .name = "fanout", .type = VALUE_INT, AT(scenario_nic, fanout), .def = "auto", .min = 1, .max = 24, .word = "auto",
      .word_value = SCENARIO_AUTO, .doc = "softrings of each lane; `auto`: the stack's rule" },
    { .name = "tx-rings", .type = VALUE_INT, AT(scenario_nic, tx_rings), .def = "1", .min = 1,
      .max = SCENARIO_TX_RINGS_MAX,
      .doc = "transmit rings; links share those that none has for itself, and one at least" },
    { .name = "rx-descriptors", .type = VALUE_INT, AT(scenario_nic, rx_descriptors), .def = "auto", .min = 64,
      .max = 4096, .word = "auto", .word_value = SCENARIO_AUTO,
      .doc = "of each receive ring; a multiple of 8; `auto`: the driver's default, 1024, with `linux26` 512, with `intel-82573` 2048" },
    { .name = "tx-descriptors", .type = VALUE_INT, AT(scenario_nic, tx_descriptors), .def = "auto", .min = 64,
      .max = 4096, .word = "auto", .word_value = SCENARIO_AUTO, .doc = "of each transmit ring; as `rx-descriptors`" },
    { .name = "write-back", .type = VALUE_INT, AT(scenario_nic, write_back), .def = "1", .min = 1, .max = 16,
      .doc = "receive descriptors that the card writes back together (WTHRESH); fewer go at the end of the "
             "`interrupt-interval`" },
    { .name = "interrupt-interval", .type = VALUE_DURATION, AT(scenario_nic, interrupt_interval), .def = "auto",
      .max = 16776960000, .word = "auto", .word_value = SCENARIO_AUTO,
      .doc = "shortest time between two interrupts of a vector (EITR or ITR, in steps of 256 ns); `auto`: the driver's "
             "default, 51.2us, with `intel-82573` 66.6us to 250us by the packets that an interrupt brings, with `linux26` "
             "and the other card 10us to 125us by the bytes" },
    { .name = "rx-interrupt-delay", .type = VALUE_DURATION, AT(scenario_nic, rx_interrupt_delay), .def = "auto",
      .max = 67107840000, .word = "auto", .word_value = SCENARIO_AUTO,
      .doc = "`intel-82573`: from a received frame to its cause for an interrupt, later ones included (RDTR and RADV, in "
             "steps of 1.024 us); `auto`: the driver's default, 0s" },
    { .name = "tx-interrupt-delay", .type = VALUE_DURATION, AT(scenario_nic, tx_interrupt_delay), .def = "auto",
      .max = 67107840000, .word = "auto", .word_value = SCENARIO_AUTO,
      .doc = "`intel-82573`: from a sent packet to its cause for an interrupt, later ones included (TIDV and TADV); `auto`: "
             "the driver's default, 65.536us" },
    { .name = "flow-control", .type = VALUE_CHOICE, AT(scenario_nic, flow_control), .def = "none",
      .choices = flow_controls,
      .doc = "PAUSE frames: `rx` obeys them, `tx` sends them when the card's packet buffer fills (full detail), `full` "
             "both" },
    { .name = "rx-groups", .type = VALUE_INT, AT(scenario_nic, rx_groups), .def = "auto", .min = 1,
      .max = SCENARIO_GROUPS_MAX, .word = "auto", .word_value = SCENARIO_AUTO,
      .doc = "receive groups (VMDq pools); `auto`: one, and one for each link with rings of its own" },
    { .name = "lso", .type = VALUE_BOOL, AT(scenario_nic, lso), .def = "true",
      .doc = "the NIC cuts large sends into frames" },
    { .name = "poll", .type = VALUE_BOOL, AT(scenario_nic, poll), .def = "true",
      .doc = "lanes may switch to polling; `false`: interrupts only" },
    { .name = "cpus", .type = VALUE_CPUS, AT(scenario_nic, cpus), .none = "the stack's rule",
      .doc = "CPUs for the lanes of the NIC's own link" },
    { .name = "pcie", .type = VALUE_SECTION, AT(scenario_nic, pcie), .section = &pcie_section, .doc = "its slot" },
    { .name = NULL },
};
static const struct section_spec nic_section = {
    .title = "machines: NAME: nics: NAME",
    .doc = "Network cards. Each has a link of its own, the primary, used by traffic that says no `via`.",
    .keys = nic_keys, .item = true, .size = sizeof(struct scenario_nic),
    .name_offset = offsetof(struct scenario_nic, name),
};

static const struct key_spec link_keys[] = {
    { .name = "over", .type = VALUE_REF, AT(scenario_link, over), .flags = KEY_REQUIRED,
      .doc = "the NIC below" },
    { .name = "rxrings", .type = VALUE_REF, AT(scenario_link, rxrings_text), .def = "auto",
      .doc = "`hw`: rings, and so hardware lanes, of its own; `sw`: none, one software lane; a number: that many; `auto`: "
             "`hw` while the card has rings left for links that do not ask for them, else `sw`" },
    { .name = "txrings", .type = VALUE_REF, AT(scenario_link, txrings_text), .def = "sw",
      .doc = "`sw`: it sends on the rings that all links share; `hw`: on one of its own; a number: on that many" },
    { .name = "lanes", .type = VALUE_INT, AT(scenario_link, lanes), .def = "auto", .min = 1, .max = SCENARIO_LANES_MAX,
      .word = "auto", .word_value = SCENARIO_AUTO,
      .doc = "rings of its own; `auto`: as many as the NIC's own link has, or 1 with `rxrings: sw`" },
    { .name = "fanout", .type = VALUE_INT, AT(scenario_link, fanout), .def = "auto", .min = 1, .max = 24,
      .word = "auto", .word_value = SCENARIO_AUTO, .doc = "softrings of each lane; `auto`: the stack's rule" },
    { .name = "address", .type = VALUE_IPV4, AT(scenario_link, address), .def = "auto",
      .doc = "as of a NIC; links are numbered after the machine's NICs" },
    { .name = "mac", .type = VALUE_MAC, AT(scenario_link, mac), .def = "auto", .doc = "as of a NIC" },
    { .name = "vlan", .type = VALUE_INT, AT(scenario_link, vlan), .def = "0", .max = 4094, .doc = "0: untagged" },
    { .name = "cpus", .type = VALUE_CPUS, AT(scenario_link, cpus), .none = "the stack's rule",
      .doc = "CPUs for its lanes" },
    { .name = NULL },
};
static const struct section_spec link_section = {
    .title = "machines: NAME: links: NAME", .doc = "VNICs: further links over a NIC, each with an address of its own.",
    .keys = link_keys, .item = true, .size = sizeof(struct scenario_link),
    .name_offset = offsetof(struct scenario_link, name),
};

static const struct key_spec machine_keys[] = {
    { .name = "detail", .type = VALUE_CHOICE, AT(scenario_machine, detail), .def = "light", .choices = details,
      .doc = "`full`: CPUs, memory, PCIe, NIC registers and rings, driver, stack; `light`: TCP and applications on an "
             "ideal NIC, taking no time" },
    { .name = "host", .type = VALUE_REF, AT(scenario_machine, host), .none = "the machine's name",
      .flags = KEY_RANGE, .doc = "with a platform file: the SimGrid host that this machine is; for `node[0-9]` a range "
                                 "of as many hosts" },
    { .name = "cpus", .type = VALUE_SECTION, AT(scenario_machine, cpus), .section = &cpus_section, .doc = "its CPUs" },
    { .name = "memory", .type = VALUE_SECTION, AT(scenario_machine, memory), .section = &memory_section,
      .doc = "how fast its buses and memory are" },
    { .name = "stack", .type = VALUE_CHOICE, AT(scenario_machine, stack), .def = "crossbow", .choices = stacks,
      .doc = "the operating system's data path, in full detail: Solaris with Crossbow, Solaris before it, Linux 2.6" },
    { .name = "tcp", .type = VALUE_SECTION, AT(scenario_machine, tcp), .section = &tcp_section, .doc = "its TCP" },
    { .name = "lane", .type = VALUE_SECTION, AT(scenario_machine, lane), .section = &lane_section,
      .count_offset = offsetof(struct scenario_machine, lane.on), .flags = KEY_PRESENT,
      .none = "its defaults with `stack: crossbow`", .doc = "thresholds of its lanes; no other stack has any" },
    { .name = "gldv3", .type = VALUE_SECTION, AT(scenario_machine, gldv3), .section = &gldv3_section,
      .count_offset = offsetof(struct scenario_machine, gldv3.on), .flags = KEY_PRESENT,
      .none = "its defaults with `stack: gldv3`", .doc = "of Solaris before Crossbow" },
    { .name = "linux26", .type = VALUE_SECTION, AT(scenario_machine, linux26), .section = &linux26_section,
      .count_offset = offsetof(struct scenario_machine, linux26.on), .flags = KEY_PRESENT,
      .none = "its defaults with `stack: linux26`", .doc = "of Linux 2.6" },
    { .name = "nics", .type = VALUE_MAP, ITEMS(scenario_machine, nics, nic_count), .section = &nic_section,
      .flags = KEY_REQUIRED, .doc = "its network cards" },
    { .name = "links", .type = VALUE_MAP, ITEMS(scenario_machine, links, link_count), .section = &link_section,
      .doc = "its VNICs" },
    { .name = NULL },
};
static const struct section_spec machine_section = {
    .title = "machines: NAME",
    .doc = "Computers. A name with a range, `client[1-5]`, makes several that are alike.",
    .keys = machine_keys, .item = true, .size = sizeof(struct scenario_machine),
    .name_offset = offsetof(struct scenario_machine, name),
};

/* Keys that every kind of traffic has. */
#define TRAFFIC_ENDS \
    { .name = "from", .type = VALUE_NAMES, AT(scenario_traffic, from), .flags = KEY_REQUIRED, \
      .doc = "machines that send: names, ranges `client[1-2]`, patterns `client*`, or a list of these" }, \
    { .name = "to", .type = VALUE_NAMES, AT(scenario_traffic, to), .flags = KEY_REQUIRED, \
      .doc = "machines that receive; every sender sends to each of them but itself" }, \
    { .name = "via", .type = VALUE_NAMES, AT(scenario_traffic, via), .none = "each machine's first NIC", \
      .doc = "NIC or link to use, by every machine here that has one of that name; `MACHINE/LINK` for one machine" }, \
    { .name = "start", .type = VALUE_DURATION, AT(scenario_traffic, start), .def = "0s", .max = 1000 * HOUR, \
      .doc = "since the start of the simulation" }, \
    { .name = "stop", .type = VALUE_DURATION, AT(scenario_traffic, stop), .def = "end", .min = 1, .max = 1000 * HOUR, \
      .word = "end", .word_value = INT64_MAX, .doc = "since the start of the simulation; `end`: never" }, \
    { .name = "port", .type = VALUE_INT, AT(scenario_traffic, port), .def = "auto", .min = 1, .max = 65535, \
      .word = "auto", .word_value = SCENARIO_AUTO, \
      .doc = "at the receivers, one for each sender: this or the next that is free; " \
             "`auto`: 20000 and the number of this entry, from 0" }

static const struct key_spec uperf_keys[] = {
    TRAFFIC_ENDS,
    { .name = "streams", .type = VALUE_INT, AT(scenario_traffic, streams), .def = "10", .min = 1, .max = 100000,
      .doc = "TCP connections from each sender to each receiver" },
    { .name = "write", .type = VALUE_SIZE, AT(scenario_traffic, write_bytes), .def = "8KiB", .min = 1,
      .max = 1024 * MIB, .doc = "given to each write call" },
    { .name = "read", .type = VALUE_SIZE, AT(scenario_traffic, read_bytes), .def = "8KiB", .min = 1, .max = 1024 * MIB,
      .doc = "asked for by each read call" },
    { .name = "jitter", .type = VALUE_DURATION, AT(scenario_traffic, jitter), .def = "1ms", .max = HOUR,
      .doc = "each connection starts at `start` plus a random part of this" },
    { .name = "think", .type = VALUE_DURATION, AT(scenario_traffic, think), .def = "0s", .max = HOUR,
      .doc = "pause of the sender after each write" },
    { .name = NULL },
};
static const struct section_spec uperf_section = {
    .name = "uperf", .title = "traffic: - uperf",
    .doc = "TCP connections over which the senders write blocks as fast as they can.", .keys = uperf_keys, .item = true,
    .size = sizeof(struct scenario_traffic), .kind_offset = offsetof(struct scenario_traffic, kind),
};

static const struct key_spec packets_keys[] = {
    TRAFFIC_ENDS,
    { .name = "frame", .type = VALUE_SIZE, AT(scenario_traffic, frame_bytes), .def = "64B", .min = 64, .max = 16132,
      .doc = "size of a frame, with the 4 bytes of FCS, without preamble and gap" },
    { .name = "frame-max", .type = VALUE_SIZE, AT(scenario_traffic, frame_max_bytes), .def = "auto", .min = 64,
      .max = 16132, .word = "auto", .word_value = SCENARIO_AUTO,
      .doc = "sizes are uniform from `frame` to this; `auto`: all are `frame`" },
    { .name = "load", .type = VALUE_PERCENT, AT(scenario_traffic, load_ppm), .min = 1, .max = 1000000,
      .none = "100%, when neither `rate` nor `packet-rate` is given",
      .doc = "share of each sending NIC's wire, preamble and gap included" },
    { .name = "rate", .type = VALUE_RATE, AT(scenario_traffic, rate), .min = 1, .max = 1000 * GIGA,
      .none = "see `load`", .doc = "bits of frames per second and sender" },
    { .name = "packet-rate", .type = VALUE_PACKET_RATE, AT(scenario_traffic, packet_rate), .min = 1,
      .max = 1000 * GIGA, .none = "see `load`", .doc = "frames per second and sender" },
    { .name = "arrivals", .type = VALUE_CHOICE, AT(scenario_traffic, arrivals), .def = "constant",
      .choices = arrival_kinds, .doc = "gaps between frames: all alike, or exponential" },
    { .name = "flows", .type = VALUE_INT, AT(scenario_traffic, flows), .def = "1", .min = 1, .max = 40000,
      .doc = "source ports that take turns, from each sender to each receiver" },
    { .name = "protocol", .type = VALUE_CHOICE, AT(scenario_traffic, protocol), .def = "udp", .choices = protocols,
      .doc = "above IP" },
    { .name = "destination", .type = VALUE_CHOICE, AT(scenario_traffic, destination), .def = "unicast",
      .choices = destinations,
      .doc = "`broadcast`, `multicast`: one frame for all of `to`, to 255.255.255.255 or to a group that they have joined, "
             "239.192.X.Y with 256 X + Y the number of this entry, from 0" },
    { .name = NULL },
};
static const struct section_spec packets_section = {
    .name = "packets", .title = "traffic: - packets", .doc = "UDP datagrams at a given rate, whatever becomes of them.",
    .keys = packets_keys, .item = true, .size = sizeof(struct scenario_traffic),
    .kind_offset = offsetof(struct scenario_traffic, kind),
};

static const struct key_spec web_keys[] = {
    TRAFFIC_ENDS,
    { .name = "connections", .type = VALUE_INT, AT(scenario_traffic, connections), .def = "10", .min = 1, .max = 30000,
      .doc = "open at a time from each sender to each receiver, at most" },
    { .name = "request", .type = VALUE_SIZE, AT(scenario_traffic, request_bytes), .def = "300B", .min = 1,
      .max = MIB, .doc = "size of a request, header included" },
    { .name = "response", .type = VALUE_SIZE, AT(scenario_traffic, response_bytes), .def = "mix",
      .max = 1024 * MIB, .word = "mix", .word_value = SCENARIO_AUTO,
      .doc = "size of what is asked for; `mix`: 35 % of 0.1 to 0.9 KiB, 50 % of 1 to 9, 14 % of 10 to 90, 1 % of 100 to "
             "900, nine sizes each" },
    { .name = "response-max", .type = VALUE_SIZE, AT(scenario_traffic, response_max_bytes), .def = "auto",
      .max = 1024 * MIB, .word = "auto", .word_value = SCENARIO_AUTO,
      .doc = "sizes are uniform from `response` to this; `auto`: all are `response`" },
    { .name = "header", .type = VALUE_SIZE, AT(scenario_traffic, header_bytes), .def = "250B", .max = MIB,
      .doc = "of each response, on top" },
    { .name = "requests", .type = VALUE_INT, AT(scenario_traffic, requests), .def = "5", .min = 1, .max = INT32_MAX,
      .word = "unlimited", .word_value = 0, .doc = "per connection, one after the other; then the server closes it" },
    { .name = "think", .type = VALUE_DURATION, AT(scenario_traffic, think), .def = "0s", .max = HOUR,
      .doc = "from a response to the next request of the same connection's place, without `request-rate`" },
    { .name = "request-rate", .type = VALUE_FREQUENCY, AT(scenario_traffic, request_hz), .min = 1, .max = GIGA,
      .none = "each place asks again after `think`",
      .doc = "of each sender, whatever the answers take; requests wait for a free connection" },
    { .name = "arrivals", .type = VALUE_CHOICE, AT(scenario_traffic, arrivals), .def = "poisson",
      .choices = arrival_kinds, .doc = "gaps at `request-rate`: all alike, or exponential" },
    { .name = "work", .type = VALUE_INT, AT(scenario_traffic, work), .def = "20", .max = 100000,
      .doc = "units of its own work, priced `web_work` by the profile, that a server in full detail spends on a request" },
    { .name = "jitter", .type = VALUE_DURATION, AT(scenario_traffic, jitter), .def = "1ms", .max = HOUR,
      .doc = "each place, or the first request, starts at `start` plus a random part of this" },
    { .name = NULL },
};
static const struct section_spec web_section = {
    .name = "web", .title = "traffic: - web",
    .doc = "Clients (`from`) that ask web servers (`to`) for pages over TCP connections that open and close.",
    .keys = web_keys, .item = true, .size = sizeof(struct scenario_traffic),
    .kind_offset = offsetof(struct scenario_traffic, kind),
};
static const struct section_spec *const traffic_kinds[] = { /* order of enum scenario_traffic_kind */
    &uperf_section, &packets_section, &web_section, NULL,
};

static const struct key_spec capture_keys[] = {
    { .name = "on", .type = VALUE_REF, AT(scenario_capture, on), .flags = KEY_REQUIRED,
      .doc = "`MACHINE/NIC`, or `SWITCH/PEER`: the switch's port to a machine (`foundry/sut`, or `foundry/sut/ixgbe1`) "
             "or to another switch" },
    { .name = "file", .type = VALUE_TEXT, AT(scenario_capture, file), .none = "`on` with `-` for `/`, and `.pcapng`",
      .doc = "name in the results' `capture` directory" },
    { .name = "snap", .type = VALUE_SIZE, AT(scenario_capture, snap_bytes), .def = "256KiB", .min = 14,
      .max = 256 * KIB, .doc = "kept of each frame" },
    { .name = "packets", .type = VALUE_LONG, AT(scenario_capture, packets), .def = "100000", .min = 1,
      .max = 1000 * GIGA, .doc = "kept in all" },
    { .name = "from", .type = VALUE_DURATION, AT(scenario_capture, from), .def = "0s", .max = 1000 * HOUR,
      .doc = "since the start of the simulation" },
    { .name = "to", .type = VALUE_DURATION, AT(scenario_capture, to), .def = "end", .min = 1, .max = 1000 * HOUR,
      .word = "end", .word_value = INT64_MAX, .doc = "since the start of the simulation" },
    { .name = NULL },
};
static const struct section_spec capture_section = {
    .title = "capture: - ...", .doc = "pcapng files of what passes a place, in both directions.", .keys = capture_keys,
    .item = true, .size = sizeof(struct scenario_capture),
};

static const struct key_spec trace_keys[] = {
    { .name = "records", .type = VALUE_LONG, AT(scenario_trace, records), .def = "1000000", .min = 1, .max = 100000000,
      .doc = "kept; 48 bytes of memory each" },
    { .name = "from", .type = VALUE_DURATION, AT(scenario_trace, from), .def = "0s", .max = 1000 * HOUR,
      .doc = "since the start of the simulation" },
    { .name = "to", .type = VALUE_DURATION, AT(scenario_trace, to), .def = "end", .min = 1, .max = 1000 * HOUR,
      .word = "end", .word_value = INT64_MAX, .doc = "since the start of the simulation" },
    { .name = NULL },
};
static const struct section_spec trace_section = {
    .title = "trace", .doc = "A timeline of what happened, for Perfetto. Off unless the section is there.",
    .keys = trace_keys, .size = sizeof(struct scenario_trace),
};

static const struct key_spec expect_keys[] = {
    { .name = "metric", .type = VALUE_REF, AT(scenario_expect, metric), .flags = KEY_REQUIRED | KEY_NAME,
      .doc = "what is judged; `xbow docs metrics` names them all" },
    { .name = "of", .type = VALUE_REF, AT(scenario_expect, of), .none = "every variant",
      .doc = "the variant judged" },
    { .name = "against", .type = VALUE_REF, AT(scenario_expect, against),
      .doc = "the variant it is compared with, by `within` or a ratio" },
    { .name = "within", .type = VALUE_BOUND, AT(scenario_expect, within),
      .doc = "largest relative difference from `against`" },
    { .name = "ratio-at-least", .type = VALUE_BOUND, AT(scenario_expect, ratio_at_least),
      .doc = "lower bound of the ratio to `against`: `1.5` is half as much again" },
    { .name = "ratio-at-most", .type = VALUE_BOUND, AT(scenario_expect, ratio_at_most),
      .doc = "upper bound of that ratio" },
    { .name = "at-least", .type = VALUE_BOUND, AT(scenario_expect, at_least), .doc = "lower bound" },
    { .name = "at-most", .type = VALUE_BOUND, AT(scenario_expect, at_most), .doc = "upper bound" },
    { .name = "between", .type = VALUE_BOUNDS, AT(scenario_expect, between), .doc = "both, `[low, high]`" },
    { .name = "spread", .type = VALUE_BOUND, AT(scenario_expect, spread),
      .doc = "largest (max - min) / mean over the replications" },
    { .name = "spread-at-least", .type = VALUE_BOUND, AT(scenario_expect, spread_at_least),
      .doc = "smallest (max - min) / mean over the replications: results are to differ" },
    { .name = "lowest-at-most", .type = VALUE_BOUND, AT(scenario_expect, lowest_at_most),
      .doc = "upper bound of the smallest value of a replication" },
    { .name = "says", .type = VALUE_TEXT, AT(scenario_expect, says), .doc = "the claim, as its source words it" },
    { .name = "section", .type = VALUE_TEXT, AT(scenario_expect, section), .doc = "where its source says so" },
    { .name = "tolerance-reason", .type = VALUE_TEXT, AT(scenario_expect, tolerance_reason),
      .doc = "why the bound is what it is" },
    { .name = NULL },
};
static const struct section_spec expect_section = {
    .title = "expect: - ...",
    .doc = "Bounds that the results must meet; `xbow run` exits 1 when one does not hold. Each entry needs at least "
           "one of `within`, `ratio-at-least`, `ratio-at-most`, `at-least`, `at-most`, `between`, `spread`, "
           "`spread-at-least`, `lowest-at-most`.",
    .keys = expect_keys, .item = true, .size = sizeof(struct scenario_expect),
};

static const struct key_spec root_keys[] = {
    { .name = "title", .type = VALUE_TEXT, AT(scenario, title), .flags = KEY_ABOUT, .none = "the file's name",
      .doc = "one line: what is compared" },
    { .name = "description", .type = VALUE_TEXT, AT(scenario, description), .flags = KEY_ABOUT,
      .doc = "what the experiment is for and where it comes from" },
    { .name = "seed", .type = VALUE_LONG, AT(scenario, seed), .def = "1", .max = INT64_MAX - 1, .flags = KEY_RUN,
      .doc = "of every random choice; replication i uses `seed` + i" },
    { .name = "reps", .type = VALUE_INT, AT(scenario, reps), .def = "1", .min = 1, .max = 10000,
      .flags = KEY_RUN | KEY_ABOUT, .doc = "replications with different seeds, unless the command line says" },
    { .name = "time", .type = VALUE_SECTION, AT(scenario, time), .section = &time_section, .doc = "how long" },
    { .name = "profile", .type = VALUE_REF, AT(scenario, profile), .def = "harpertown-2.8",
      .doc = "what work costs: a file, relative to the scenario, or the NAME of `scenarios/profiles/NAME.yaml`" },
    { .name = "platform", .type = VALUE_REF, AT(scenario, platform), .none = "the network of `switches` and `wires`",
      .doc = "a SimGrid platform file, relative to the scenario; machines are then its hosts" },
    { .name = "switches", .type = VALUE_MAP, ITEMS(scenario, switches, switch_count), .section = &switch_section,
      .doc = "the network's switches" },
    { .name = "wires", .type = VALUE_LIST, ITEMS(scenario, wires, wire_count), .section = &wire_section,
      .doc = "cables between switches" },
    { .name = "machines", .type = VALUE_MAP, ITEMS(scenario, machines, machine_count), .section = &machine_section,
      .flags = KEY_REQUIRED, .doc = "the computers" },
    { .name = "traffic", .type = VALUE_KINDS, ITEMS(scenario, traffic, traffic_count), .kinds = traffic_kinds,
      .doc = "what the machines send" },
    { .name = "capture", .type = VALUE_LIST, ITEMS(scenario, captures, capture_count), .section = &capture_section,
      .doc = "packet captures" },
    { .name = "trace", .type = VALUE_SECTION, AT(scenario, trace), .section = &trace_section,
      .count_offset = offsetof(struct scenario, trace.on), .flags = KEY_PRESENT, .doc = "a timeline" },
    { .name = "variants", .type = VALUE_VARIANTS, AT(scenario, variants), .flags = KEY_ABOUT,
      .none = "one run of the file as it stands",
      .doc = "name: {path: value, ...}: each is the file with these values in their places" },
    { .name = "expect", .type = VALUE_LIST, ITEMS(scenario, expects, expect_count), .section = &expect_section,
      .flags = KEY_ABOUT, .doc = "what the results must meet" },
    { .name = "plot", .type = VALUE_NAMES, AT(scenario, plots), .flags = KEY_ABOUT,
      .doc = "pictures to draw from the results: scripts of `tools/plot`" },
    { .name = NULL },
};
const struct section_spec schema_root = {
    .title = "Top level", .doc = "Keys that begin with `x-` are ignored: a place for anchors.", .keys = root_keys,
    .size = sizeof(struct scenario),
};

const struct key_spec *schema_find(const struct section_spec *s, const char *name)
{
    for (const struct key_spec *k = s->keys; k->name; k++)
        if (strcmp(k->name, name) == 0) return k;
    return NULL;
}

static void visit_section(const struct section_spec *s, schema_visit_fn *visit, void *ctx)
{
    visit(ctx, s);
    for (const struct key_spec *k = s->keys; k->name; k++) {
        if (k->section) visit_section(k->section, visit, ctx);
        for (size_t i = 0; k->kinds && k->kinds[i]; i++) visit_section(k->kinds[i], visit, ctx);
    }
}

void schema_visit(schema_visit_fn *visit, void *ctx) { visit_section(&schema_root, visit, ctx); }
