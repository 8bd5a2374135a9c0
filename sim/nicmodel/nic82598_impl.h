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
#include "nicmodel/nic82598.h"
#include "nicmodel/nic82598_regs.h"

enum {
    CACHE_DESCS = 64,         /* on-chip descriptor cache per queue (datasheet 3.5.2) */
    USED_DESCS = 128,         /* receive descriptors used and not yet visible, per queue */
    RSS_INPUT_BYTES = 36,     /* IPv6 addresses and ports */
    DESC_BYTES = 16,
    PIECES_MAX = 40,          /* buffers of one transmit packet */
    DONE_MAX = 256,           /* transmit packets whose data is on its way */
    POSTED_LIMIT = 1024,      /* posted writes on their way when the receive engine pauses */
    UNITS_NS = 256,           /* of the throttle registers */
    N_CAUSES = 16,            /* queue bits of EICR */
    SIZE_CLASSES = 6,
    IVAR_TX = 64, IVAR_TCP_TIMER = 96, IVAR_OTHER = 97, IVAR_VALID = 0x80,
    NO_CAUSE = -1,
};

/* Bits of descriptors (datasheet 3.4.3 and 3.5.3). */
enum {
    RXD_DD = 1 << 0, RXD_EOP = 1 << 1, RXD_VP = 1 << 3, RXD_UDPCS = 1 << 4, RXD_L4CS = 1 << 5, RXD_IPCS = 1 << 6,
    RXD_PIF = 1 << 7,
    RXD_ERR_CE_BIT = 24, RXD_ERR_TCPE_BIT = 30, RXD_ERR_IPE_BIT = 31,
    RXD_TYPE_IPV4 = 1 << 4, RXD_TYPE_IPV4_OPT = 1 << 5, RXD_TYPE_IPV6 = 1 << 6, RXD_TYPE_TCP = 1 << 8,
    RXD_TYPE_UDP = 1 << 9,
    DESCTYPE_LEGACY = 0,
    TXD_CMD_EOP = 1, TXD_CMD_IFCS = 2, TXD_CMD_IC = 4, TXD_CMD_RS = 8, TXD_CMD_DEXT = 32, TXD_CMD_VLE = 64,
    TXD_CMD_TSE = 128,
    TXD_TYPE_CONTEXT = 2, TXD_TYPE_DATA = 3, TXD_IXSM = 1, TXD_TXSM = 2,
};

struct descriptor { uint64_t q[2]; };

/* What a receive ring and a transmit ring have in common. */
struct ring {
    uint64_t base;
    uint32_t n;               /* descriptors; 0: no ring */
    uint32_t head, tail;      /* RDH/TDH and RDT/TDT */
    uint32_t fetch;           /* index of the next descriptor to read */
    uint32_t c_head, c_tail;  /* running counts: the cache holds [c_head, c_tail) */
    uint32_t fetch_count;     /* descriptors on their way; 0: none */
    uint8_t pthresh, hthresh, wthresh;
    bool enabled, broken;     /* broken: a descriptor read was refused; until the queue is enabled again */
    int8_t cause;             /* by IVAR, or NO_CAUSE */
    int8_t node;              /* NUMA node of the ring */
    int8_t data_node;         /* of the buffers last fetched */
    bool tx;
    uint8_t index;
    struct nic *nic;
    struct event fetched;
    struct descriptor cache[CACHE_DESCS];
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
    struct { uint64_t addr; uint32_t bytes; } piece[PIECES_MAX];
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

enum posted_kind { POSTED_RX, POSTED_TX, POSTED_HEAD, POSTED_MESSAGE };
struct posted {
    int64_t at;
    uint8_t kind, queue;
    uint16_t count;           /* descriptors, index or head */
};

struct vector {
    struct nic *nic;
    event_fn *fn;
    void *owner;
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
    bool vmdq, vmdq_vlan, rss, pcsd, per_pool;
    uint8_t mo, default_pool;
    uint16_t vet;
    uint32_t max_bytes;       /* without FCS */
    uint32_t hash_types;      /* MRQC */
    int64_t fifo_bytes;
    uint32_t n_rar;
    uint64_t rar[16];
    uint8_t rar_pool[16];
    struct rx_buffer { uint32_t bytes; uint8_t type; bool drop; } buffer[16];
};

/* Control block of a frame in the receive packet buffer. */
struct rx_cb {
    uint32_t hash, status;    /* status: low 32 bits of the second descriptor word, without DD and EOP */
    uint16_t types, vlan;     /* types: RSS and packet type; vlan: tag that was stripped */
    uint8_t queue, mode;      /* mode: entry of SRRCTL */
    bool found_none;          /* counted in RNBC */
};
static inline struct rx_cb *rx_cb(struct packet *p) { return (struct rx_cb *)(void *)p->cb; }
static inline uint8_t *tx_cb_queue(struct packet *p) { return p->cb; }

/* Frames of one direction since the start: the statistics registers are made from it (nic82598_stats.c). */
struct frame_totals {
    uint64_t size[SIZE_CLASSES], bytes; /* good frames, with FCS */
    uint64_t queue_packets[NIC_RX_QUEUES], queue_bytes[NIC_RX_QUEUES];
};

struct nic {
    struct engine *engine;
    struct entity *entity;
    struct packet_pool *pool;
    struct pcie *pcie;
    struct memory *memory;
    struct link *wire;
    struct nic_config config;
    int node;                 /* of the slot: messages, and memory that is not mapped */
    int64_t rx_slack_ps, tx_window_ps;
    uint64_t counter[N_NIC_COUNTERS];

    struct packet_queue rx_fifo;
    int64_t rx_fifo_bytes;
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

    struct posted *posted;    /* ring of posted_room (a power of two) */
    uint32_t posted_room, posted_head, posted_tail;
    struct event posted_event;

    uint8_t other_vector;     /* IVAR_VALID and the vector of the miscellaneous causes */
    struct vector vector[NIC_VECTORS];
    uint64_t messages[NIC_VECTORS];
    struct frame_totals rx_total, tx_total, rx_told, tx_told;

    bool hash_stale;          /* RSSRK changed since 'hash' was made */
    uint32_t hash[RSS_INPUT_BYTES][256];
    struct tx_done done[DONE_MAX];
    uint32_t reg[N_NIC82598_SLOTS];
    struct rxq rxq[NIC_RX_QUEUES];
    struct txq txq[NIC_TX_QUEUES];
};

/* Counts a frame of 'len' bytes without FCS in its size class: 64, 65 to 127, ... 1024 and more, FCS included. */
static inline void count_size(struct frame_totals *t, uint32_t len)
{
    uint32_t bytes = len + FRAME_FCS_BYTES;
    int bits = 32 - __builtin_clz(bytes);
    t->size[bytes <= 64 ? 0 : bits <= 10 ? bits - 6 : 5]++;
    t->bytes += bytes;
}

static inline void count_queue(struct frame_totals *t, unsigned queue, uint32_t len)
{
    t->queue_packets[queue]++;
    t->queue_bytes[queue] += len;
}

static inline uint32_t stored_bytes(const struct packet *p)
{
    return p->len < FRAME_MIN_BYTES ? FRAME_MIN_BYTES : p->len;
}

/* -- nic82598.c -- */
void nic_post(struct nic *nic, sim_time at, enum posted_kind kind, unsigned queue, uint32_t count);
static inline uint32_t nic_posted(const struct nic *nic) { return nic->posted_tail - nic->posted_head; }
int nic_node(const struct nic *nic, uint64_t addr);

/* -- nic82598_stats.c -- */
void stats_add(struct nic *nic, int slot, uint64_t n);
void stats_fold(struct nic *nic);                   /* tells the registers what the totals know */
void stats_reset(struct nic *nic);
void stats_group(struct nic *nic, const struct packet *p, bool tx); /* a multicast or broadcast */

/* -- nic82598_ring.c: what both directions do with descriptors -- */
void ring_init(struct ring *r, struct nic *nic, bool tx, unsigned index);
void ring_reset(struct ring *r);
void ring_set_base(struct ring *r, uint32_t low, uint32_t high, uint32_t bytes);
void ring_set_control(struct ring *r, uint32_t control);
uint32_t ring_available(const struct ring *r); /* posted by software and not yet fetched */
/* Starts a read when the thresholds say so; 'needed': even with the cache filled above PTHRESH. */
void ring_fetch(struct ring *r, bool needed);
static inline uint32_t ring_cached(const struct ring *r) { return r->c_tail - r->c_head; }
static inline void ring_prefetch(struct ring *r)
{
    if (ring_cached(r) == 0 || ring_cached(r) < r->pthresh) ring_fetch(r, false);
}
static inline uint32_t ring_next(const struct ring *r, uint32_t i) { return i + 1 >= r->n ? 0 : i + 1; }

/* -- nic82598_irq.c -- */
void irq_init(struct nic *nic);
void irq_reset(struct nic *nic);
void irq_cause(struct nic *nic, int cause);         /* queue cause; NO_CAUSE does nothing */
void irq_other(struct nic *nic, uint32_t bits);     /* miscellaneous causes */
/* Whether a partial batch of a queue with this cause has to wait; if so the queue is flushed when the wait is over. */
bool irq_hold(struct nic *nic, int cause, bool tx, unsigned queue);
void irq_arrived(struct nic *nic, unsigned vector); /* a message reached the machine */

/* -- nic82598_filter.c -- */
void filter_mode(struct nic *nic);                  /* decodes the registers into nic->mode */
/* Whether the frame is for us; if so its control block says which queue, and what the descriptor will tell. */
bool filter_accept(struct nic *nic, struct packet *p);

/* -- nic82598_rx.c -- */
void rx_init(struct nic *nic);
void rx_reset(struct nic *nic);
void rx_drain(struct nic *nic);                     /* moves what can be moved from the packet buffer to the host */
void rx_flush(struct nic *nic, unsigned queue);     /* writes back what is held */
void rx_visible(struct nic *nic, unsigned queue, uint32_t count);

/* -- nic82598_tx.c -- */
void tx_init(struct nic *nic);
void tx_reset(struct nic *nic);
void tx_run(struct nic *nic);
void tx_flush(struct nic *nic, unsigned queue);
void tx_visible(struct nic *nic, unsigned queue, enum posted_kind kind, uint32_t value);

/* -- nic82598_txframe.c -- */
/* Makes the frames of a collected packet and appends them to 'out'; counts and makes none when that is impossible. */
void txframe_build(struct nic *nic, struct txq *q, struct packet_queue *out);

/* -- hooks named in the register list -- */
typedef void nic_write_hook(struct nic *nic, uint32_t index, uint32_t value);
typedef uint32_t nic_read_hook(struct nic *nic, uint32_t index);
nic_write_hook write_ctrl, write_autoc, write_eec, write_eerd, write_msca;            /* nic82598_misc.c, nic82598.c */
nic_write_hook write_eicr, write_eics, write_eims, write_eimc, write_eitr, write_ivar; /* nic82598_irq.c */
nic_write_hook write_rxring, write_rdh, write_rdt, write_rxdctl, write_rxmode, write_rar, write_rssrk;
nic_write_hook write_txring, write_tdh, write_tdt, write_txdctl, write_txmode;
nic_read_hook read_status, read_frtimer, read_swsm, read_links, read_eicr, read_eitr, read_rdh, read_tdh;

#endif
