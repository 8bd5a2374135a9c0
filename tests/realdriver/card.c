/* SPDX-License-Identifier: GPL-3.0-or-later
 * card.c -- the machine around the modelled card: engine, memory, slot, cable, vectors as eventfds, one lock.
 *
 *     driver --registers--> card_read/card_write --> nic --> 'out' --> kept for card_take(), or back into the card
 *     driver <---bytes----- DMA windows <----------- nic <-- 'in' <--- card_put()
 *
 * The lock is taken in a signal handler too (bar.c): that is sound because the fault is the driver's own, at a place
 * where no thread holds the lock. */
#include "card.h"

#include <pthread.h>
#include <string.h>
#include <unistd.h>

#include "core/assert.h"
#include "core/engine.h"
#include "core/stats.h"
#include "machine/memory.h"
#include "machine/pcie.h"
#include "net/link.h"
#include "nicmodel/nic82598_regs.h"

enum { WINDOWS_MAX = 64, CABLE_QUEUE_BYTES = 64 << 20 };

const struct mac_addr card_mac = { { 0x02, 0x98, 0x25, 0x00, 0x01, 0x00 } };

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;

static struct window { uint64_t addr, bytes; void *memory; } windows[WINDOWS_MAX];
static uint32_t n_windows;

static struct card {
    struct engine *engine;
    struct stats *stats;
    struct packet_pool *pool;
    struct memory *memory;
    struct pcie *pcie;
    struct nic *nic;
    struct link *out, *in;
    struct packet_queue kept;
    bool loop_back;
    int event_fd[NIC_VECTORS];
} card;

static uint64_t count_kept(const void *owner)
{
    return ((const struct card *)owner)->kept.count;
}

static void frame_left(void *owner, struct packet *p)
{
    struct card *c = owner;

    if (c->loop_back)
        nic_receive(c->nic, p);
    else
        packet_queue_push(&c->kept, p);
}

static void message(void *owner)
{
    const uint64_t one = 1;
    ssize_t written = write(*(int *)owner, &one, sizeof one);
    SIM_ASSERT(written == sizeof one);
}

void card_create(uint16_t device_id)
{
    struct pcie_config slot = pcie_config_gen1_x8();
    struct link_config cable = { "out", sim_gbps(10), sim_ns(100), 16384 };

    memset(&card, 0, sizeof card);
    card.engine = engine_create();
    card.stats = stats_create();
    card.pool = packet_pool_create();
    card.memory = memory_create(card.pool);
    card.pcie = pcie_create(card.engine, card.stats, "slot", &slot);
    card.nic = nic_create(card.engine, card.stats, card.pool, card.pcie, card.memory,
                          &(struct nic_config){ .name = "nic", .device_id = device_id, .mac = card_mac });
    card.out = link_create(card.engine, card.stats, card.pool, &cable);
    cable.name = "in";
    cable.depth_bytes = CABLE_QUEUE_BYTES;
    card.in = link_create(card.engine, card.stats, card.pool, &cable);
    link_connect(card.out, (struct packet_sink){ frame_left, &card });
    link_connect(card.in, (struct packet_sink){ nic_receive, card.nic });
    nic_set_wire(card.nic, card.out);
    packet_pool_add_holder(card.pool, count_kept, &card);
    for (uint32_t i = 0; i < n_windows; i++)
        SIM_ASSERT(memory_map_foreign(card.memory, windows[i].addr, windows[i].bytes, windows[i].memory));
}

void card_destroy(void)
{
    packet_pool_check(card.pool);
    nic_destroy(card.nic);
    link_destroy(card.out);
    link_destroy(card.in);
    pcie_destroy(card.pcie);
    memory_destroy(card.memory);
    packet_pool_destroy(card.pool);
    stats_destroy(card.stats);
    engine_destroy(card.engine);
    memset(&card, 0, sizeof card);
}

/* -- what software on the machine can do -------------------------------------------------------------------------- */

static void run(sim_dur d)
{
    engine_run(card.engine, sim_add(engine_now(card.engine), d));
}

/* There and back. */
uint32_t card_read(uint32_t offset)
{
    pthread_mutex_lock(&lock);
    run(pcie_config_of(card.pcie)->mmio_latency);
    uint32_t value = nic_reg_read(card.nic, offset);
    run(pcie_config_of(card.pcie)->mmio_latency);
    pthread_mutex_unlock(&lock);
    return value;
}

void card_write(uint32_t offset, uint32_t value)
{
    pthread_mutex_lock(&lock);
    run(pcie_config_of(card.pcie)->mmio_latency);
    nic_reg_write(card.nic, offset, value);
    pthread_mutex_unlock(&lock);
}

void card_reset(void)
{
    card_write(NIC_OFFSET(CTRL, 0), NIC_MASK(CTRL_RST));
}

void card_vector(int vector, int event_fd)
{
    pthread_mutex_lock(&lock);
    card.event_fd[vector] = event_fd;
    nic_set_vector(card.nic, vector, event_fd < 0 ? NULL : message, &card.event_fd[vector]);
    pthread_mutex_unlock(&lock);
}

bool card_open_window(uint64_t addr, uint64_t bytes, void *memory)
{
    pthread_mutex_lock(&lock);
    bool opened = n_windows < WINDOWS_MAX && memory_map_foreign(card.memory, addr, bytes, memory);
    if (opened) windows[n_windows++] = (struct window){ addr, bytes, memory };
    pthread_mutex_unlock(&lock);
    return opened;
}

bool card_close_window(uint64_t addr)
{
    pthread_mutex_lock(&lock);
    bool closed = memory_unmap_foreign(card.memory, addr);
    for (uint32_t i = 0; closed && i < n_windows; i++)
        if (windows[i].addr == addr) windows[i--] = windows[--n_windows];
    pthread_mutex_unlock(&lock);
    return closed;
}

/* -- what the test can do ----------------------------------------------------------------------------------------- */

void card_run_us(int64_t us)
{
    pthread_mutex_lock(&lock);
    if (card.engine) run(sim_us(us));
    pthread_mutex_unlock(&lock);
}

int64_t card_now_us(void)
{
    return engine_now(card.engine).ps / sim_us(1).ps;
}

void card_cable(bool plugged)
{
    pthread_mutex_lock(&lock);
    nic_set_wire(card.nic, plugged ? card.out : NULL);
    pthread_mutex_unlock(&lock);
}

void card_loop_back(bool on)
{
    card.loop_back = on;
}

bool card_take(struct frame *f)
{
    pthread_mutex_lock(&lock);
    struct packet *p = packet_queue_pop(&card.kept);
    if (p) {
        SIM_ASSERT(p->len <= CARD_FRAME_MAX);
        headers_finish(p);
        packet_read(p, 0, f->byte, p->len);
        f->len = p->len;
        packet_deliver(card.pool, p);
    }
    pthread_mutex_unlock(&lock);
    return p != NULL;
}

static void put(const uint8_t *bytes, uint32_t len, uint8_t flags)
{
    pthread_mutex_lock(&lock);
    struct packet *p = packet_new(card.pool, engine_now(card.engine));
    packet_write(p, bytes, len);
    p->flags |= flags;
    SIM_ASSERT(link_send(card.in, p));
    pthread_mutex_unlock(&lock);
}

void card_put(const uint8_t *bytes, uint32_t len) { put(bytes, len, 0); }
void card_put_damaged(const uint8_t *bytes, uint32_t len) { put(bytes, len, PACKET_FCS_BAD); }

uint64_t card_counter(enum nic_counter c)
{
    return nic_counter(card.nic, c);
}

uint64_t card_queue_frames(int queue)
{
    return nic_rxq_packets(card.nic, queue);
}
