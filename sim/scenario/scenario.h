/* SPDX-License-Identifier: GPL-3.0-or-later
 * scenario.h -- an experiment as plain data: what a YAML file, a variant and --set options add up to.
 *
 * scenario_load() reads, checks and converts everything that can be judged without building the world; what it returns
 * is complete: defaults filled in, names resolved to indices, quantities in base units, addresses assigned.  It knows
 * no entity.  The scenario owns all it points to, positions (struct error_at) included, until scenario_destroy();
 * later stages report their own findings at those positions.  docs/scenario.md describes the format. */
#ifndef SIM_SCENARIO_SCENARIO_H
#define SIM_SCENARIO_SCENARIO_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "core/error.h"
#include "core/units.h"

enum {
    SCENARIO_AUTO = -1,          /* value of a count left to the stack's or the topology's own rule */
    SCENARIO_MACHINES_MAX = 65535,
    SCENARIO_ADAPTERS_MAX = 254, /* NICs and links of one machine together */
    SCENARIO_LANES_MAX = 16,     /* receive rings of one group */
    SCENARIO_RINGS_MAX = 64,     /* receive rings of one NIC */
    SCENARIO_GROUPS_MAX = 16,    /* receive groups of one NIC */
    SCENARIO_TX_RINGS_MAX = 32,  /* transmit rings of one NIC */
};
#define SCENARIO_NEVER ((sim_dur){ INT64_MAX }) /* traffic that does not stop */

enum scenario_detail { SCENARIO_LIGHT, SCENARIO_FULL };
enum scenario_stack { SCENARIO_CROSSBOW, SCENARIO_GLDV3, SCENARIO_LINUX26 };
enum scenario_congestion { SCENARIO_CONGESTION_AUTO, SCENARIO_NEWRENO, SCENARIO_CUBIC };
enum scenario_affinity { SCENARIO_AFFINITY_RANDOM, SCENARIO_AFFINITY_ALIGNED };
enum scenario_tx_queue { SCENARIO_TX_QUEUE_CPU, SCENARIO_TX_QUEUE_FLOW };
enum scenario_nic_model { SCENARIO_INTEL_82598, SCENARIO_INTEL_82573 };
enum scenario_flow_control { SCENARIO_FLOW_NONE, SCENARIO_FLOW_RX, SCENARIO_FLOW_TX, SCENARIO_FLOW_FULL };
enum scenario_rxrings { SCENARIO_RXRINGS_HW, SCENARIO_RXRINGS_SW, SCENARIO_RXRINGS_AUTO };
enum scenario_traffic_kind { SCENARIO_UPERF, SCENARIO_PACKETS, SCENARIO_WEB };
enum scenario_destination { SCENARIO_UNICAST, SCENARIO_BROADCAST, SCENARIO_MULTICAST };
enum scenario_arrivals { SCENARIO_CONSTANT, SCENARIO_POISSON };
enum scenario_protocol { SCENARIO_UDP };

/* A text and where it stands. */
struct scenario_ref {
    char *text; /* NULL: not given */
    struct error_at at;
};

/* A list of texts, in the order of the file. */
struct scenario_names {
    char **list;
    size_t count;
    struct error_at at;
};

/* CPU numbers in the order given, no number twice; count 0: not given. */
struct scenario_cpu_list {
    int *list;
    size_t count;
    struct error_at at;
};

struct scenario_time {
    sim_dur warmup;  /* simulated before counting starts, >= 0 */
    sim_dur measure; /* counted, > 0 */
};

struct scenario_switch {
    struct error_at at;
    char *name;
    sim_rate rate;       /* of every port */
    sim_dur latency;     /* from the last bit in to the output queue */
    int64_t buffer_bytes; /* output queue of each port */
    int mac_table;       /* addresses it can learn */
    bool pause;          /* sends and obeys PAUSE frames */
};

/* A cable between two switches, both directions alike. */
struct scenario_wire {
    struct error_at at;
    struct scenario_names between; /* two names of switches */
    int ends[2];                   /* the same as indices into switches */
    sim_rate rate;
    sim_dur delay;
    int64_t queue_bytes;           /* of each direction */
};

struct scenario_cpus {
    int sockets, cores, threads; /* cores per socket, threads per core; all > 0 */
    int64_t clock_hz;
    sim_dur quantum;
};

/* Bytes per second; 0: as the profile says, SCENARIO_UNLIMITED: as much as anyone asks for. */
#define SCENARIO_UNLIMITED INT64_MAX
struct scenario_memory {
    int64_t bus, chipset, node, link;
};

struct scenario_tcp {
    int64_t send_buffer_bytes, receive_buffer_bytes;
    int initial_window;  /* segments */
    int ack_every;       /* full-sized segments per acknowledgement, at most */
    sim_dur ack_delay;   /* delayed-acknowledgement timer */
    sim_dur min_rto;
    bool timestamps, sack, window_scale;
    int64_t lso_max_bytes; /* largest send handed to a NIC that segments */
    bool no_delay;         /* no Nagle */
    enum scenario_congestion congestion;
};

struct scenario_lane {
    bool on;        /* the stack has lanes; while reading: the section was given */
    int low_water_pkts, high_water_pkts, poll_threshold_pkts;
    int64_t poll_bytes; /* asked for per poll call */
    int poll_pkts;      /* the driver gives at most this many per call */
    bool latency_optimize;
    bool bypass;
};

/* Solaris before Crossbow. */
struct scenario_gldv3 {
    bool on;        /* the stack is this one; while reading: the section was given */
    int soft_rings; /* per NIC, 0: none */
    sim_dur worker_wait; /* before a squeue's worker takes what nobody processes */
    bool squeue_fanout; /* a connection gets a random CPU's squeue, not its creator's */
    bool blanking;  /* squeues lengthen the NIC's interrupt interval */
};

/* Linux 2.6. */
struct scenario_linux26 {
    bool on;        /* the stack is this one; while reading: the section was given */
    enum scenario_affinity affinity; /* which CPU a vector interrupts */
    struct scenario_cpu_list cpus;   /* the same as a list, in turn; count 0: by 'affinity' */
    enum scenario_tx_queue tx_queue; /* which of several a packet goes to */
    bool lro;       /* received segments are merged by the driver */
    bool firewall;  /* packets pass connection tracking and rules */
};

struct scenario_pcie {
    int lanes;      /* 1, 2, 4 or 8 */
    int generation; /* 1 or 2 */
    int64_t mps_bytes, mrrs_bytes, rcb_bytes;
    sim_dur read_latency, write_latency, far_latency, mmio_latency;
    int reads;      /* read requests in flight */
};

struct scenario_nic {
    struct error_at at;
    char *name;
    enum scenario_nic_model model;
    struct scenario_ref wire;  /* name of a switch; text NULL when the platform file says where it leads */
    int wire_switch;           /* index into switches, -1 when none */
    sim_rate rate;             /* of the cable to the switch */
    sim_dur delay;             /* of that cable */
    int64_t queue_bytes;       /* transmit queue of a light machine's ideal NIC */
    int node;                  /* NUMA node of the slot */
    uint32_t address;          /* IPv4 of the NIC's own (primary) link, host byte order; assigned when not given */
    uint8_t mac[6];            /* assigned when not given */
    int64_t mtu_bytes;
    int lanes;                 /* receive rings, each with a lane, of the primary's group */
    bool primary;              /* the NIC's own link is in use; false: no traffic uses it, its group has one ring */
    int fanout;                /* softrings per lane, or SCENARIO_AUTO */
    int tx_rings;
    int rx_descriptors, tx_descriptors; /* per ring */
    int write_back;            /* receive descriptors written back together */
    sim_dur interrupt_interval; /* EITR, ITR; SCENARIO_AUTO: the driver adapts it */
    sim_dur rx_interrupt_delay, tx_interrupt_delay; /* RDTR and RADV, TIDV and TADV; SCENARIO_AUTO: the card has none */
    enum scenario_flow_control flow_control;
    int rx_groups;             /* 1 + links with rings of their own, when not given */
    bool lso, poll;
    struct scenario_cpu_list cpus; /* binding of the primary's lanes */
    struct scenario_pcie pcie;
};

/* A VNIC: a further client of a NIC with an address of its own. */
struct scenario_link {
    struct error_at at;
    char *name;
    struct scenario_ref over;
    int nic;                    /* index into the machine's nics */
    struct scenario_ref rxrings_text; /* auto, hw, sw or a number, as given */
    enum scenario_rxrings rxrings;    /* never AUTO: hardware where the card has rings left, in the order of the file */
    struct scenario_ref txrings_text; /* hw, sw or a number, as given */
    int tx_rings;               /* of its own; 0: it sends on those that all share */
    int lanes;                  /* hardware lanes: rings of its own group; 1 software lane for SCENARIO_RXRINGS_SW */
    int fanout;                 /* softrings per lane, or SCENARIO_AUTO */
    uint32_t address;
    uint8_t mac[6];
    int vlan;                   /* 0: untagged */
    struct scenario_cpu_list cpus;
};

struct scenario_machine {
    struct error_at at;
    char *name;
    enum scenario_detail detail;
    struct scenario_ref host;   /* SimGrid host; text NULL without a platform file */
    struct scenario_cpus cpus;
    struct scenario_memory memory;
    enum scenario_stack stack;
    struct scenario_tcp tcp;
    struct scenario_lane lane;
    struct scenario_gldv3 gldv3;
    struct scenario_linux26 linux26;
    struct scenario_nic *nics;
    size_t nic_count;
    struct scenario_link *links;
    size_t link_count;
};

/* One end of traffic: a machine, and the link of it that is used. */
struct scenario_end {
    int machine; /* index into machines */
    int nic;     /* index into its nics */
    int link;    /* index into its links, -1: the NIC's own (primary) link */
    int64_t interval_fs; /* packets, web at a rate; at a sending end: mean time between two frames, femtoseconds; else 0 */
};

/* 'streams' (or 'flows') run from every end of 'from' to every end of 'to' but the sender itself.  There is at least
 * one such pair. */
struct scenario_traffic {
    struct error_at at;
    enum scenario_traffic_kind kind;
    struct scenario_names from, to, via; /* as written: patterns */
    struct scenario_end *from_ends, *to_ends;
    size_t from_count, to_count;
    sim_dur start, stop; /* since the start of the simulation; stop may be SCENARIO_NEVER */
    int port;            /* of the first listener at 'to'; assigned when not given */
    /* uperf */
    int streams;         /* TCP connections per pair of ends */
    int64_t write_bytes; /* per write call */
    int64_t read_bytes;  /* asked for per read call */
    sim_dur jitter;      /* every stream starts at 'start' plus a random part of this */
    sim_dur think;       /* pause of the writer after each write */
    /* packets */
    int64_t frame_bytes; /* on the wire without preamble and gap, with the 4 bytes of FCS */
    int64_t frame_max_bytes; /* sizes are uniform from frame_bytes to this; equal to it when not given */
    sim_rate rate;       /* of one sending end, frame bytes only; 0: not given */
    int64_t load_ppm;    /* share of the sending NIC's wire, preamble and gap included; 0: not given */
    int64_t packet_rate; /* frames per second of one sending end; 0: not given */
    enum scenario_arrivals arrivals;
    int flows;           /* connections (ports) that take turns, per pair of ends */
    enum scenario_protocol protocol;
    enum scenario_destination destination; /* not unicast: one frame for all of 'to' */
    /* web; also think, arrivals and jitter */
    int connections;     /* at most, per pair of ends */
    int64_t request_bytes;
    int64_t response_bytes, response_max_bytes; /* without header; both SCENARIO_AUTO: a mix of sizes */
    int64_t header_bytes; /* of a response */
    int requests;        /* of each connection; 0: no limit */
    int64_t request_hz;  /* of one sending end; 0: not given, each connection asks again after 'think' */
    int work;            /* units of the server's own work on a request */
};

/* A pcapng file of everything that passes one place, both directions. */
struct scenario_capture {
    struct error_at at;
    struct scenario_ref on; /* MACHINE/NIC or SWITCH/PEER */
    int machine, nic;       /* MACHINE/NIC, or the machine and NIC behind the switch port; machine -1: none */
    int at_switch;          /* index: at this switch's port; -1: at the NIC */
    int peer_switch;        /* index: the port leads to this switch; -1: to machine and nic */
    char *file;             /* relative to the results directory */
    int64_t snap_bytes;     /* kept of each frame */
    int64_t packets;        /* then it stops */
    sim_dur from, to;       /* since the start of the simulation */
};

struct scenario_trace {
    bool on;            /* the section is present */
    int64_t records;    /* kept */
    sim_dur from, to;
};

/* A bound of an expectation, exactly as written: digits * 10^exponent in the unit's base (bit/s, s, B, Hz, packets/s, B/s,
 * 1 for counts and shares: 1% is 0.01). */
enum scenario_bound_unit {
    SCENARIO_BOUND_NONE, SCENARIO_BOUND_NUMBER, SCENARIO_BOUND_PERCENT, SCENARIO_BOUND_RATE, SCENARIO_BOUND_DURATION,
    SCENARIO_BOUND_SIZE, SCENARIO_BOUND_FREQUENCY, SCENARIO_BOUND_PACKET_RATE, SCENARIO_BOUND_BANDWIDTH
};
struct scenario_bound {
    enum scenario_bound_unit unit; /* NONE: not given */
    int64_t digits;
    int exponent;
    char *text;
    struct error_at at;
};
/* For reports only. */
double scenario_bound_value(const struct scenario_bound *b);

/* What the results must meet; at least one bound is given. */
struct scenario_expect {
    struct error_at at;
    struct scenario_ref metric;   /* a name of report/metric.h; not judged here */
    struct scenario_ref of;       /* a variant; NULL: every variant */
    struct scenario_ref against;  /* a variant; NULL unless one of the next three is given */
    struct scenario_bound within; /* |of - against| <= within * against */
    struct scenario_bound ratio_at_least, ratio_at_most; /* of / against */
    struct scenario_bound at_least, at_most;
    struct scenario_bound between[2]; /* both or none */
    struct scenario_bound spread; /* (max - min) / mean over the replications is at most this */
    struct scenario_bound spread_at_least; /* or at least this */
    struct scenario_bound lowest_at_most;  /* the smallest of the replications is at most this */
    char *says;                   /* what the paper says */
    char *section;                /* where it says so */
    char *tolerance_reason;       /* why the bound is what it is */
};

struct scenario {
    char *file;          /* as given */
    char *name;          /* the file's name without directories and .yaml: results/NAME */
    struct scenario_ref variant; /* the one loaded; text NULL: the file as it stands */
    struct scenario_names variants; /* all names, in the order of the file */
    char *title, *description;
    uint64_t seed;
    int reps;            /* replications when the command line does not say */
    struct scenario_time time;
    struct scenario_ref profile;  /* as written */
    char *profile_path;           /* the cost profile's file, found */
    struct scenario_ref platform; /* as written; text NULL: inline topology */
    char *platform_path;
    struct scenario_switch *switches;
    size_t switch_count;
    struct scenario_wire *wires;
    size_t wire_count;
    struct scenario_machine *machines;
    size_t machine_count;
    struct scenario_traffic *traffic;
    size_t traffic_count;
    struct scenario_capture *captures;
    size_t capture_count;
    struct scenario_trace trace;
    struct scenario_expect *expects;
    size_t expect_count;
    struct scenario_names plots; /* scripts of tools/plot, without .gp */
    char **origins;      /* file names that positions point to */
    size_t origin_count;
};

/* Reads 'file', applies 'variant' (NULL: none) and then the 'n_sets' texts "path=value" in order.  Returns NULL after
 * adding every mistake found to 'errors'. */
struct scenario *scenario_load(const char *file, const char *variant, const char *const *sets, size_t n_sets,
                               struct errors *errors);

/* As scenario_load() without a variant, but returns what it has read of a file with mistakes too, for further checks
 * and nothing else; NULL when there is no such file. */
struct scenario *scenario_read(const char *file, const char *const *sets, size_t n_sets, struct errors *errors);

/* As scenario_load(), from memory; 'file' is used in messages and to find files beside it. */
struct scenario *scenario_parse(const char *file, const void *text, size_t bytes, const char *variant,
                                const char *const *sets, size_t n_sets, struct errors *errors);

void scenario_destroy(struct scenario *s); /* NULL is allowed */

/* The names of the variants of 'file' in its order, for scenario_names_fini().  0, or -1 after adding what is wrong;
 * only the variants section is judged. */
int scenario_variants(const char *file, struct scenario_names *names, struct errors *errors);
void scenario_names_fini(struct scenario_names *names);

/* "dir/figure-2.yaml" is "figure-2"; a string to free. */
char *scenario_name_of_file(const char *file);

/* A file that a scenario or the like at 'file' names, as seen from its directory; a string to free. */
char *scenario_beside(const char *file, const char *name);

/* The cost profile that 'file' names: a file beside it or NAME for scenarios/profiles/NAME.yaml.  A path to free; NULL
 * after adding, at 'at', that it is not there. */
char *scenario_find_profile(const char *file, const char *profile, struct error_at at, struct errors *errors);

/* Index of the machine, NIC or link of that name; -1 when there is none. */
int scenario_find_machine(const struct scenario *s, const char *name);
int scenario_find_nic(const struct scenario_machine *m, const char *name);
int scenario_find_link(const struct scenario_machine *m, const char *name);

static inline int scenario_cpu_count(const struct scenario_cpus *c) { return c->sockets * c->cores * c->threads; }

/* The resolved scenario as YAML: every key that the simulation depends on, defaults and assigned values included, in
 * the order of the schema.  Reading it back gives the same scenario. */
void scenario_print_effective(const struct scenario *s, FILE *out);

/* The same as a string to free, without seed and replications: what makes two runs comparable. */
char *scenario_effective_text(const struct scenario *s);

/* FNV-1a, 64 bits, of scenario_effective_text(). */
uint64_t scenario_hash(const struct scenario *s);

/* The format itself, generated from the table that the parser reads: the tables of docs/scenario.md, and
 * docs/scenario.schema.json (JSON Schema, draft 2020-12). */
void scenario_print_markdown(FILE *out);
void scenario_print_schema(FILE *out);

#endif
