/* SPDX-License-Identifier: GPL-3.0-or-later
 * nic82573_impl.h -- the inside of the modelled 82573, shared by its own files only.
 *
 *   wire -> filters -> packet buffer -> data DMA -> used descriptors -> write-back --> RDTR, RADV --+
 *                                                                                                   v
 *   wire <- packet buffer <- frames <- data DMA <- descriptors       TIDV, TADV --> ICR, IMS --> ITR --> interrupt
 *
 * Rings, posted writes, the bytes of frames and the register list are those of all cards (desc_ring.h, posted.h,
 * frame_bytes.h, frame_facts.h, nic_regs.h). */
#ifndef SIM_NICMODEL_NIC82573_IMPL_H
#define SIM_NICMODEL_NIC82573_IMPL_H

#include "core/assert.h"
#include "core/trace.h"
#include "nicmodel/desc_ring.h"
#include "nicmodel/frame_bytes.h"
#include "nicmodel/frame_facts.h"
#include "nicmodel/nic82573.h"
#include "nicmodel/nic82573_regs.h"
#include "nicmodel/posted.h"

enum {
    USED73_DESCS = 128,       /* receive descriptors used and not yet visible */
    REPORTS73 = 64,           /* transmit descriptors whose write-back is held */
    PIECES73 = 40,            /* buffers of one transmit packet */
    DONE73 = 64,              /* transmit packets whose data is on its way */
    POSTED73_LIMIT = 256,     /* posted writes on their way when the receive engine pauses */
    ITR_UNIT_NS = 256, DELAY_UNIT_NS = 1024,
};

/* Bits of descriptors (manual 3.2.3, 3.3.3). */
enum {
    RX_DD = 1 << 0, RX_EOP = 1 << 1, RX_IXSM = 1 << 2, RX_VP = 1 << 3, RX_UDPCS = 1 << 4, RX_TCPCS = 1 << 5,
    RX_IPCS = 1 << 6, RX_PIF = 1 << 7,
    RX_ERR_CE = 1 << 0, RX_ERR_TCPE = 1 << 5, RX_ERR_IPE = 1 << 6, /* extended: the same bits from bit 24 on */
    TX_EOP = 1, TX_IFCS = 2, TX_IC = 4, TX_TSE = 4, TX_RS = 8, TX_DEXT = 32, TX_VLE = 64, TX_IDE = 128,
    TX_TYPE_CONTEXT = 0, TX_TYPE_DATA = 1, TX_IXSM = 1, TX_TXSM = 2, TX_CONTEXT_TCP = 1, TX_CONTEXT_IP = 2,
};

/* The receive configuration, decoded whenever one of its registers is written. */
struct rx73_mode {
    bool enabled, sbp, upe, mpe, bam, vfe, cfien, cfi, dpf, pmcf, vme, extended, ip_sum, l4_sum, v6_sum;
    uint8_t mo;
    uint16_t vet;
    uint32_t max_bytes;       /* without FCS */
    uint32_t buffer_bytes;
    uint32_t fcs_bytes;       /* stored behind a frame: 4 unless SECRC */
    int64_t fifo_bytes;
    uint32_t n_rar;
    uint64_t rar[16];
};

/* Control block of a frame in the receive packet buffer. */
struct rx73_cb {
    uint16_t vlan;            /* tag that was stripped */
    uint8_t status, errors;   /* as in the legacy descriptor, without DD and EOP */
    bool found_none;          /* counted in RNBC */
    bool obeyed;              /* a PAUSE frame that was acted upon */
};
static inline struct rx73_cb *rx73_cb(struct packet *p) { return (struct rx73_cb *)(void *)p->cb; }

/* A packet while its descriptors are collected. */
struct tx73_packet {
    uint32_t first;           /* index of its first descriptor */
    uint32_t n_descs, n_pieces, bytes;
    uint64_t rs, ide;         /* bit i: descriptor first + i asks for a report; and for one that may be delayed */
    uint8_t cmd, popts, cso, css;
    bool legacy, bad;
    uint16_t vlan;
    struct frame_piece piece[PIECES73];
};

/* A packet whose data is on its way. */
struct tx73_done {
    int64_t at;
    uint64_t rs, ide;
    uint32_t first, n_descs;
};

/* The two timers that put off the cause of a direction: from the last frame or report, and from the first. */
struct delay {
    struct nic82573 *nic;
    bool tx;
    struct event last, first;
};

enum posted73_kind { POSTED73_RX, POSTED73_TX, POSTED73_MESSAGE, POSTED73_LEVEL };

struct nic82573 {
    struct ring_env ring_env; /* must be first */
    struct engine *engine;
    struct entity *entity;
    struct packet_pool *pool;
    struct pcie *pcie;
    struct memory *memory;
    struct link *wire;
    struct nic82573_config config;
    uint64_t counter[N_NIC_COUNTERS];
    uint64_t bytes[4];        /* GORC, GOTC, TOR, TOT */
    uint64_t rx_size[FRAME_SIZE_CLASSES], tx_size[FRAME_SIZE_CLASSES]; /* good frames since creation */
    uint16_t phy[32];

    /* receive */
    struct ring rx;
    struct rx73_mode mode;
    struct packet_queue rx_fifo;
    int64_t rx_fifo_bytes;
    struct event rx_event;
    uint32_t use, wb;         /* next descriptor to fill, to write back */
    uint32_t u_tail, u_issued, u_head; /* running counts: filled, write-back issued, visible */
    struct descriptor used[USED73_DESCS];
    bool low;                 /* RXDMT0 was told since the tail moved */
    struct delay rx_delay;

    /* transmit */
    struct ring tx;
    struct descriptor context[2]; /* for checksums; for large sends */
    struct tx73_packet packet;
    bool job;                 /* 'packet' is complete and its data is being read */
    struct packet_queue job_frames;
    uint32_t piece, piece_done, read, need; /* bytes read; bytes the first frame of the job needs */
    struct packet_queue tx_fifo;
    int64_t tx_fifo_bytes, tx_fifo_room, run_ahead_bytes, run_ahead_ps;
    int64_t tx_read_at;       /* arrival of the last byte read so far */
    struct tx73_done done[DONE73];
    uint32_t done_head, done_tail;
    uint32_t report[REPORTS73];
    uint32_t r_head, r_tail;
    bool report_now;          /* a report among them may not be delayed */
    struct event tx_event;
    struct delay tx_delay;

    /* interrupt */
    event_fn *msi_fn;
    void *msi_owner;
    nic82573_level_fn *level_fn;
    void *level_owner;
    bool asserted;            /* the message is out, or the pin high, for causes still set */
    int64_t asserted_at;      /* ITR counts from there */
    struct event itr_timer;
    struct posted_fifo posted;

    /* flow control */
    bool stopped;             /* the partner was told to stop */
    struct event refresh;

    uint32_t reg[N_NIC82573_SLOTS];
};

/* -- nic82573.c -- */
void nic73_refused(struct nic82573 *nic, uint64_t addr); /* memory would not be read or written there */
void nic73_post(struct nic82573 *nic, sim_time at, enum posted73_kind kind, uint32_t count);
bool nic73_link_up(const struct nic82573 *nic);

/* -- nic82573_irq.c -- */
void irq73_init(struct nic82573 *nic);
void irq73_reset(struct nic82573 *nic);
void irq73_cause(struct nic82573 *nic, uint32_t causes); /* sets bits of ICR */
/* Something happened whose cause may be put off by 'units' after the last and 'first_units' after the first such. */
void irq73_delay(struct delay *d, uint32_t units, uint32_t first_units);
void irq73_delay_stop(struct delay *d);

/* -- nic82573_filter.c -- */
void filter73_mode(struct nic82573 *nic);                    /* decodes the registers into nic->mode */
/* Whether the frame is for us; if so its control block says what the descriptor will tell. */
bool filter73_accept(struct nic82573 *nic, struct packet *p);

/* -- nic82573_rx.c -- */
void rx73_init(struct nic82573 *nic);
void rx73_reset(struct nic82573 *nic);
void rx73_drain(struct nic82573 *nic);
void rx73_flush(struct nic82573 *nic);                       /* writes back what is held */
void rx73_visible(struct nic82573 *nic, uint32_t count);

/* -- nic82573_tx.c, nic82573_txframe.c -- */
void tx73_init(struct nic82573 *nic);
void tx73_reset(struct nic82573 *nic);
void tx73_run(struct nic82573 *nic);
void tx73_flush(struct nic82573 *nic);
void tx73_visible(struct nic82573 *nic, uint32_t index);
/* Makes the frames of the collected packet and appends them to 'out'; counts and makes none when that is impossible. */
void txframe73_build(struct nic82573 *nic, struct packet_queue *out);

/* -- nic82573_pause.c -- */
void pause73_init(struct nic82573 *nic);
void pause73_reset(struct nic82573 *nic);
void pause73_level(struct nic82573 *nic);                    /* the receive packet buffer has another level */
/* A MAC control frame: acts upon it; whether it goes to the host. */
bool pause73_accept(struct nic82573 *nic, struct packet *p);

/* -- nic82573_stats.c -- */
enum bytes73 { BYTES_GORC, BYTES_GOTC, BYTES_TOR, BYTES_TOT };
void stats73_add(struct nic82573 *nic, int slot, uint32_t n);
void stats73_good(struct nic82573 *nic, const struct packet *p, uint32_t bytes, bool tx); /* bytes without FCS */
void stats73_filtered(struct nic82573 *nic, uint32_t bytes);

/* -- hooks named in the register list -- */
typedef void nic82573_write_hook(struct nic82573 *nic, uint32_t value);
typedef uint32_t nic82573_read_hook(struct nic82573 *nic, int slot);
nic82573_write_hook nic82573_write_ctrl, nic82573_write_eec, nic82573_write_eerd, nic82573_write_mdic;
nic82573_write_hook nic82573_write_icr, nic82573_write_itr, nic82573_write_ics, nic82573_write_ims, nic82573_write_imc;
nic82573_write_hook nic82573_write_rxmode, nic82573_write_pba, nic82573_write_rxring, nic82573_write_rdh;
nic82573_write_hook nic82573_write_rdt, nic82573_write_rdtr, nic82573_write_rxdctl, nic82573_write_pause;
nic82573_write_hook nic82573_write_txmode, nic82573_write_txring, nic82573_write_tdh, nic82573_write_tdt;
nic82573_write_hook nic82573_write_tidv, nic82573_write_txdctl;
nic82573_read_hook nic82573_read_status, nic82573_read_swsm, nic82573_read_icr, nic82573_read_rdh, nic82573_read_tdh;
nic82573_read_hook nic82573_read_bytes, nic82573_read_bytes_high;

#endif
