/* SPDX-License-Identifier: GPL-3.0-or-later
 * nic82598_impl.h -- the inside of the modelled 82598, shared by its own files only.
 *
 *   wire -> nic_receive -> filter, queue choice -> packet buffer -> data DMA -> used descriptors -> write-back
 *                                                                                                        v
 *   wire <- packet buffer <- frames <- data DMA <- packets <- cached descriptors         'posted' -> memory, messages
 *
 * Whatever the device writes to the machine is posted: it goes through one FIFO in order, with one pending event, and
 * becomes visible when it arrives.  Time that a transfer takes is arithmetic in pcie.c. */
#ifndef SIM_NICMODEL_NIC82598_IMPL_H
#define SIM_NICMODEL_NIC82598_IMPL_H

#include "core/assert.h"
#include "core/trace.h"
#include "nicmodel/desc_ring.h"
#include "nicmodel/frame_bytes.h"
#include "nicmodel/frame_facts.h"
#include "nicmodel/posted.h"
#include "nicmodel/nic82598.h"
#include "nicmodel/nic82598_regs.h"

enum {
    USED_DESCS = 128,         /* receive descriptors used and not yet visible, per queue */
    RSS_INPUT_BYTES = 36,     /* IPv6 addresses and ports */
    KNOWN_HASHES = 128,       /* of flows that came lately */
    PIECES_MAX = 256,         /* buffers of one transmit packet */
    DONE_MAX = 256,           /* transmit packets whose data is on its way */
    POSTED_LIMIT = 1024,      /* posted writes on their way when the receive engine pauses */
    UNITS_NS = 256,           /* of the throttle registers */
    N_CAUSES = 16,            /* queue bits of EICR */
    SIZE_CLASSES = FRAME_SIZE_CLASSES,
    PACKET_BUFFERS = 8,
    EEPROM_WORDS = 512,
    MSIX_MASKED = 1,
    IVAR_TX = 64, IVAR_TCP_TIMER = 96, IVAR_OTHER = 97, IVAR_VALID = 0x80,
    NO_CAUSE = RING_NO_CAUSE,
    WTHRESH_MAX = 16,
    FRAME_MAX = 16384,
};

/* Bits of descriptors (datasheet 3.4.3 and 3.5.3). */
enum {
    RXD_DD = 1 << 0, RXD_EOP = 1 << 1, RXD_VP = 1 << 3, RXD_UDPCS = 1 << 4, RXD_L4CS = 1 << 5, RXD_IPCS = 1 << 6,
    RXD_PIF = 1 << 7,
    RXD_UDPV = 1 << 10, RXD_DYNINT = 1 << 11,
    RXD_ERR_HBO = 1 << 23, RXD_ERR_CE = 1 << 24, RXD_ERR_LE = 1 << 25, RXD_ERR_OSE = 1 << 28, RXD_ERR_USE = 1 << 29,
    RXD_ERR_TCPE_BIT = 30, RXD_ERR_IPE_BIT = 31,
    RXD_TYPE_IPV4 = 1 << 4, RXD_TYPE_IPV4_OPT = 1 << 5, RXD_TYPE_IPV6 = 1 << 6, RXD_TYPE_IPV6_EXT = 1 << 7,
    RXD_TYPE_TCP = 1 << 8, RXD_TYPE_UDP = 1 << 9, RXD_TYPE_SCTP = 1 << 10,
    RXD_HEADER_BIT = 21, RXD_SPH_BIT = 31,
    DESCTYPE_LEGACY = 0, DESCTYPE_ONE_BUFFER = 1, DESCTYPE_SPLIT = 2, DESCTYPE_REPLICATE = 3,
    DESCTYPE_REPLICATE_LARGE = 4, DESCTYPE_SPLIT_ALWAYS = 5,
    TXD_CMD_EOP = 1, TXD_CMD_IFCS = 2, TXD_CMD_IC = 4, TXD_CMD_RS = 8, TXD_CMD_DEXT = 32, TXD_CMD_VLE = 64,
    TXD_CMD_TSE = 128,
    TXD_TYPE_CONTEXT = 2, TXD_TYPE_DATA = 3, TXD_IXSM = 1, TXD_TXSM = 2,
};

struct rxq {
    struct ring ring;
    uint32_t use;             /* index of the next descriptor to fill */
    uint32_t wb;              /* index of the next descriptor to write back */
    uint32_t u_tail, u_issued, u_head; /* running counts: filled, write-back issued, visible */
    struct descriptor used[USED_DESCS];
};

/* A packet while its descriptors are collected. */
struct tx_packet {
    uint32_t first;           /* index of its first descriptor */
    uint32_t n_descs, n_pieces;
    uint32_t bytes;
    uint64_t rs;              /* bit i: descriptor first + i asks for a report */
    uint8_t cmd, popts, context;
    bool legacy, bad;
    uint8_t cso, css;         /* legacy checksum */
    uint16_t vlan;
    struct frame_piece piece[PIECES_MAX];
};

struct txq {
    struct ring ring;
    struct descriptor context[8];
    uint32_t report[CACHE_DESCS]; /* indices whose write-back is held, [r_head, r_tail) */
    uint32_t r_head, r_tail;
    struct tx_packet packet;
};

/* The packet whose data is being read. */
struct tx_job {
    struct txq *q;            /* NULL: none */
    struct packet_queue frames;
    uint32_t piece, piece_done, read, need; /* bytes read; bytes the first frame in 'frames' needs */
    int node;
};

/* A packet whose data is on its way. */
struct tx_done {
    sim_time at;
    uint64_t rs;
    uint32_t first, n_descs;
    struct txq *q;
};

enum posted_kind { POSTED_RX, POSTED_TX, POSTED_HEAD, POSTED_MESSAGE, POSTED_LEVEL };

struct vector {
    struct nic *nic;
    event_fn *fn;             /* who gets its messages; NULL: nobody now, they are pending */
    void *owner;
    event_fn *table_fn;       /* who does once MSI-X is enabled and nothing is masked */
    void *table_owner;
    uint32_t address[2], data, control; /* its entry of the MSI-X table */
    sim_time ready;           /* the throttle counter is zero from then on */
    bool held;                /* a message waits for the counter */
    bool expiring;            /* inside the timer: messages wait for its end */
    bool pending;             /* a message waits for the vector to be unmasked */
    uint64_t rx_waiting;      /* queues with a partial batch that waits for the counter */
    uint32_t tx_waiting;
    struct event timer;
};

/* The receive configuration, decoded whenever one of its registers is written. */
struct rx_mode {
    bool enabled, sbp, upe, mpe, bam, pmcf, dpf, mfe, vfe, vme, cfien, cfi;
    bool vmdq, vmdq_vlan, rss, pcsd, ippcse, per_pool;
    bool v6_off, v6_sums_off, v6_extensions_off; /* RFCTL */
    bool lengths;             /* lengths of 802.3 frames are checked */
    uint8_t fcs_bytes;        /* of every frame that are stored */
    bool immediate;           /* frames may match a low-latency filter */
    uint8_t mo, default_pool;
    uint16_t vet;
    uint32_t max_bytes;       /* without FCS */
    uint32_t hash_types;      /* MRQC */
    int64_t fifo_bytes;
    uint32_t n_rar;
    uint64_t rar[16];
    uint8_t rar_pool[16];
    struct rx_buffer { uint32_t bytes; uint16_t head_bytes; uint8_t type; bool drop; } buffer[16];
};

/* Control block of a frame in the receive packet buffer. */
struct rx_cb {
    uint32_t hash;            /* or, without PCSD, IP identification and fragment checksum */
    uint32_t status;          /* low 32 bits of the second descriptor word, without DD and EOP */
    uint16_t types, vlan;     /* types: RSS and packet type; vlan: tag that was stripped */
    uint8_t queue, mode;      /* mode: entry of SRRCTL */
    bool found_none;          /* counted in RNBC */
    bool obeyed;              /* a PAUSE frame, which has reached whom it was for */
};
static inline struct rx_cb *rx_cb(struct packet *p) { return (struct rx_cb *)(void *)p->cb; }
static inline uint8_t *tx_cb_queue(struct packet *p) { return p->cb; }

/* Headers that are not simply TCP or UDP over IP (nic82598_headers.c); offsets in the frame. */
struct rx_headers {
    uint32_t l3, l4;          /* of the network header, and of what follows all of them */
    uint32_t end;             /* of the IP packet */
    uint32_t l4_bytes;        /* of a whole transport header; 0: there is none in this frame */
    uint32_t src, dst;        /* addresses: of the header, or those that extensions put in their place */
    uint32_t later;           /* fragment: not the first */
    uint8_t protocol;         /* what is at l4 */
    bool v4, extended;        /* options, extension headers */
    bool fragment, home, routed, tcp, udp, sctp;
};

/* Where the bytes of a frame go beside its packet buffers (nic82598_split.c). */
struct rx_cut {
    uint32_t head;            /* first bytes, to the header buffer instead */
    uint32_t replica;         /* first bytes, to the header buffer as well */
    uint32_t told;            /* HDR_BUF_LEN */
    bool found, overflow;     /* SPH, HBO */
    bool whole;               /* the descriptor tells the frame's length all the same */
};

/* Frames of one direction since the start: the statistics registers are made from it (nic82598_stats.c). */
struct frame_totals {
    uint64_t size[SIZE_CLASSES], bytes; /* good frames, with FCS */
    uint64_t queue_packets[NIC_RX_QUEUES], queue_bytes[NIC_RX_QUEUES];
};

/* A receive packet buffer. */
struct rx_pb {
    struct packet_queue fifo;
    int64_t bytes;
    int64_t high, low;        /* act when 'bytes' is above, or not above; never: INT64_MAX and -1 */
    int64_t high_set;         /* 'high' when the partner may send */
    bool stopped;             /* the partner was told to stop */
    struct nic *nic;
    struct event refresh;     /* tell it again */
};

/* Who may send next among classes (nic82598_dcb.c). */
struct arbiter {
    int64_t credit[PACKET_BUFFERS]; /* units of 64 bytes; may be a debt */
    uint8_t next;             /* class whose turn it is */
    int8_t turn;              /* class that pays for what was chosen last; -1: nobody */
};
struct dcb {
    bool rx, tx;              /* classes in this direction */
    struct arbiter rx_arbiter, fetch_arbiter, send_arbiter;
    struct packet_queue fifo[PACKET_BUFFERS]; /* transmit packet buffers */
    int64_t bytes[PACKET_BUFFERS];
    uint8_t next_queue[PACKET_BUFFERS];
};

/* The EEPROM's wires (nic82598_eeprom.c). */
struct serial {
    uint32_t shift, bits;     /* that came in since it was selected */
    uint32_t address;         /* bytes */
    uint8_t command;
    bool clock, writable;
};

struct nic {
    struct ring_env ring_env;  /* must be first */
    struct engine *engine;
    struct entity *entity;
    struct packet_pool *pool;
    struct pcie *pcie;
    struct memory *memory;
    struct link *cable;       /* what nic_set_wire() said */
    struct link *wire;        /* the same, NULL in loop-back */
    bool looped;              /* HLREG0.LPBK: what is sent comes back */
    sim_time loop_free;       /* when the next frame may */
    struct nic_config config;
    int node;                 /* of the slot: messages, and memory that is not mapped */
    int64_t rx_slack_ps, tx_window_ps;
    uint64_t counter[N_NIC_COUNTERS];

    struct rx_pb pb[PACKET_BUFFERS]; /* without classes the first holds everything */
    struct dcb dcb;
    sim_time class_off_until[PACKET_BUFFERS]; /* transmit classes that the partner has stopped */
    struct event rx_event;
    struct rx_mode mode;

    struct packet_queue tx_fifo; /* frames in the transmit packet buffer, by arrival of their data */
    int64_t tx_fifo_bytes, tx_fifo_room;
    int64_t run_ahead_bytes, run_ahead_ps;
    uint32_t tx_ready;        /* queues with descriptors in the cache */
    uint32_t tx_next;         /* queue to look at first */
    sim_time tx_read_at;      /* arrival of the last byte read so far */
    uint32_t done_head, done_tail;
    struct event tx_event;
    int64_t tx_event_at;      /* when it is pending for */
    struct tx_job job;

    struct posted_fifo posted;

    uint8_t other_vector;     /* IVAR_VALID and the vector of the miscellaneous causes */
    uint8_t tcp_vector;       /* the same of the TCP timer */
    bool level;               /* of the interrupt pin, as last told to the machine */
    bool stopped;             /* may not use the bus: GIO_DIS, or no bus master in PCI configuration */
    struct pci_state {
        bool msix, msix_masked, msi, intx_off, master_off;
        uint32_t msi_address[2], msi_data, line, bar[6];
    } pci;
    event_fn *msi_fn;
    void *msi_owner;
    nic_level_fn *level_fn;
    void *level_owner;
    struct event tcp_timer;
    int64_t tcp_left_ps;      /* to count when counting goes on */
    uint16_t eeprom[EEPROM_WORDS];
    struct serial serial;
    struct vector vector[NIC_VECTORS];
    uint64_t messages[NIC_VECTORS];
    struct frame_totals rx_total, tx_total, rx_told, tx_told;

    bool hash_stale;          /* RSSRK changed since 'hash' was made */
    uint32_t hash[RSS_INPUT_BYTES][256];
    struct known_hash { uint64_t addresses; uint32_t ports, hash; } known_hash[KNOWN_HASHES];
    struct tx_done done[DONE_MAX];
    uint32_t reg[N_NIC82598_SLOTS];
    struct rxq rxq[NIC_RX_QUEUES];
    struct txq txq[NIC_TX_QUEUES];
};

/* Counts a frame of 'len' bytes without FCS in its size class: 64, 65 to 127, ... 1024 and more, FCS included. */
static inline void count_size(struct frame_totals *t, uint32_t len)
{
    uint32_t bytes = len + FRAME_FCS_BYTES;
    t->size[frame_size_class(bytes)]++;
    t->bytes += bytes;
}

static inline void count_queue(struct frame_totals *t, unsigned queue, uint32_t len)
{
    t->queue_packets[queue]++;
    t->queue_bytes[queue] += len;
}

/* -- nic82598.c -- */
void nic_post(struct nic *nic, sim_time at, enum posted_kind kind, unsigned queue, uint32_t count);
static inline uint32_t nic_posted(const struct nic *nic) { return posted_count(&nic->posted); }
static inline int nic_node(const struct nic *nic, uint64_t addr) { return ring_node(&nic->ring_env, addr); }
static inline struct nic *nic_of_ring(const struct ring *r) { return (struct nic *)(void *)r->env; }
/* RXDCTL and TXDCTL have the same layout. */
static inline void ring_set_control(struct ring *r, uint32_t control)
{
    uint32_t wthresh = NIC_GET(RXDCTL_WTHRESH, control);
    ring_configure(r, NIC_GET(RXDCTL_PTHRESH, control), NIC_GET(RXDCTL_HTHRESH, control),
                   wthresh < WTHRESH_MAX ? wthresh : WTHRESH_MAX, NIC_GET(RXDCTL_ENABLE, control));
}

/* DMA that the machine's memory refused: counted, told to the trace, never carried out. */
__attribute__((cold)) void nic_refused(struct nic *nic, uint64_t addr);

/* -- nic82598_stats.c -- */
void stats_add(struct nic *nic, int slot, uint64_t n);
void stats_fold(struct nic *nic);                   /* tells the registers what the totals know */
void stats_reset(struct nic *nic);
void stats_group(struct nic *nic, const struct packet *p, bool tx); /* a multicast or broadcast */

/* -- nic82598_irq.c -- */
void irq_init(struct nic *nic);
void irq_reset(struct nic *nic);
void irq_cause(struct nic *nic, int cause);         /* queue cause; NO_CAUSE does nothing */
void irq_other(struct nic *nic, uint32_t bits);     /* miscellaneous causes */
/* Whether a partial batch of a queue with this cause has to wait; if so the queue is flushed when the wait is over. */
bool irq_hold(struct nic *nic, int cause, bool tx, unsigned queue);
void irq_arrived(struct nic *nic, unsigned vector); /* a message reached the machine */
void irq_tcp_timer(struct nic *nic);
void irq_skip(struct nic *nic, int cause);          /* ends the wait of the cause's vector: it may interrupt at once */
void irq_route(struct nic *nic);                    /* PCI configuration, masks or nic->stopped have changed */

/* -- nic82598_immediate.c: low-latency interrupts and the TCP timer -- */
void immediate_init(struct nic *nic);
void immediate_reset(struct nic *nic);
__attribute__((cold)) bool immediate_match(const struct nic *nic, const struct packet *p, const struct rx_cb *cb);

/* -- nic82598_misc.c -- */
void misc_init(struct nic *nic);
void misc_wire(struct nic *nic, struct link *wire); /* there is another wire, or none */
void misc_master(struct nic *nic);                  /* what decides over nic->stopped has changed */

/* -- nic82598_eeprom.c -- */
void eeprom_init(struct nic *nic);
void eeprom_load(struct nic *nic);                  /* the port's address into RAL and RAH */

/* -- nic82598_pause.c: flow control -- */
void pause_init(struct nic *nic);
void pause_fini(struct nic *nic);
void pause_reset(struct nic *nic);
__attribute__((cold)) void pause_high(struct rx_pb *b); /* the buffer is above its high threshold */
__attribute__((cold)) void pause_low(struct rx_pb *b);  /* it is at its low threshold, having been above the other */
bool pause_accept(struct nic *nic, struct packet *p); /* a MAC control frame; false: not for the host */

/* -- nic82598_dcb.c: classes -- */
void dcb_mode(struct nic *nic);                     /* one of the registers that decide was written */
void dcb_reset(struct nic *nic);
uint64_t dcb_held(const struct nic *nic);
__attribute__((cold)) void dcb_receive(struct nic *nic, struct packet *p); /* an accepted frame */
__attribute__((cold)) void dcb_drain(struct nic *nic);
__attribute__((cold)) unsigned dcb_next_queue(struct nic *nic); /* whose packet is read next; NIC_TX_QUEUES: nobody's */
__attribute__((cold)) void dcb_picked(struct nic *nic, uint32_t bytes); /* from the queue that was next */
__attribute__((cold)) void dcb_queue(struct nic *nic, struct packet *p); /* a frame enters its packet buffer */
/* Gives the wire what it can take now; when the next frame can go, INT64_MAX for never. */
__attribute__((cold)) int64_t dcb_hand_over(struct nic *nic);

/* -- nic82598_filter.c -- */
void filter_mode(struct nic *nic);                  /* decodes the registers into nic->mode */
/* Whether the frame is for us; if so its control block says which queue, and what the descriptor will tell. */
bool filter_accept(struct nic *nic, struct packet *p);

/* -- nic82598_headers.c -- */
bool headers_look(const struct nic *nic, const struct packet *p, struct rx_headers *h); /* false: not IP */
void headers_describe(struct nic *nic, const struct packet *p, const struct rx_headers *h, struct rx_cb *cb);
__attribute__((cold)) uint32_t headers_fragment_sum(const struct packet *p); /* of a fragment of UDP over IPv4; else 0 */
/* Where the headers end that 'types' (PSRTYPE) names, 0: there is none of them. */
__attribute__((cold)) uint32_t headers_split_at(const struct nic *nic, const struct packet *p, uint32_t types);

/* -- nic82598_split.c -- */
__attribute__((cold)) struct rx_cut split_cut(const struct nic *nic, struct packet *p, uint32_t len);
/* Fills the header buffer at 'addr'. */
__attribute__((cold)) enum memory_result split_store(struct nic *nic, struct packet *p, const struct rx_cut *cut,
                                                     uint64_t addr, int node);

/* -- nic82598_rx.c -- */
void rx_init(struct nic *nic);
void rx_reset(struct nic *nic);
void rx_take(struct nic *nic, struct packet *p);    /* a frame from the wire, or looped back */
bool rx_move(struct nic *nic, struct packet *p);    /* a frame to the host, or dropped; false: it has to wait */
void rx_drain(struct nic *nic);                     /* moves what can be moved from the packet buffer to the host */
void rx_flush(struct nic *nic, unsigned queue);     /* writes back what is held */
void rx_visible(struct nic *nic, unsigned queue, uint32_t count);

/* -- nic82598_tx.c -- */
void tx_init(struct nic *nic);
void tx_reset(struct nic *nic);
void tx_run(struct nic *nic);
__attribute__((cold)) void tx_emit(struct nic *nic, struct packet *p); /* a frame of a class to the wire */
void tx_flush(struct nic *nic, unsigned queue);
void tx_visible(struct nic *nic, unsigned queue, enum posted_kind kind, uint32_t value);

/* -- nic82598_txframe.c -- */
/* Makes the frames of a collected packet and appends them to 'out'; counts and makes none when that is impossible. */
void txframe_build(struct nic *nic, struct txq *q, struct packet_queue *out);

/* -- hooks named in the register list -- */
typedef void nic_write_hook(struct nic *nic, uint32_t index, uint32_t value);
typedef uint32_t nic_read_hook(struct nic *nic, uint32_t index);
nic_write_hook write_ctrl, write_autoc, write_msca;                                   /* nic82598_misc.c, nic82598.c */
nic_write_hook write_eec, write_eerd;                                                 /* nic82598_eeprom.c */
nic_write_hook write_eicr, write_eics, write_eims, write_eimc, write_eitr, write_ivar; /* nic82598_irq.c */
nic_write_hook write_rxring, write_rdh, write_rdt, write_rxdctl, write_rxmode, write_rar, write_rssrk;
nic_write_hook write_hlreg0, write_dcb, write_pause, write_tcptimer, write_immediate, write_pbacl;
nic_write_hook write_txring, write_tdh, write_tdt, write_txdctl, write_txmode;
nic_read_hook read_tfcs, read_status, read_frtimer, read_swsm, read_links, read_eicr, read_eitr, read_rdh, read_tdh;

#endif
