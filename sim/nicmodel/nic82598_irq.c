/* SPDX-License-Identifier: GPL-3.0-or-later
 * nic82598_irq.c -- from a cause to a message: IVAR, EICR, masks, throttling (datasheet 3.5.1 and 4.4.3.6).
 *
 *     queue --IVAR--> bit of EICR --EIMS--> vector --EITR--> message --posted write--> CPU
 *
 * A vector's counter runs from each message.  While it runs, a further message is held, and so are partial batches of
 * descriptor write-backs; when it is zero, both go out at once.  A queue whose cause is not mapped, or a vector
 * without throttling, never waits.  A masked cause stays in EICR until it is unmasked or cleared.  Queue causes are
 * bits 0 to 15 of EICR and vectors of the same number; the TCP timer and the other causes each have a vector by IVAR.
 *
 * How it reaches the machine is for PCI configuration to say (nic82598_pci.c): MSI-X, one MSI message, or the level of
 * a pin, which is high while EICR and EIMS have a bit in common.  Without MSI-X, and without GPIE.MSIX_MODE, everything
 * is vector 0.  A queue event whose cause is still set in EICR sends a further message all the same: a queue whose
 * cause is not in EIAC would otherwise fall silent until somebody reads EICR.  Other causes send one message until they
 * are cleared. */
#include "nicmodel/nic82598_impl.h"

enum { MESSAGE_BYTES = 4 };
static const uint64_t message_address = 0xfee00000;

static void expire(void *owner);
static void send(struct nic *nic, unsigned number);
static void send_elsewhere(struct nic *nic, struct vector *v);

static bool msix(const struct nic *nic)
{
    return NIC_GET(GPIE_MSIX_MODE, nic->reg[SLOT_GPIE]) && nic->pci.msix;
}

static unsigned vector_of(const struct nic *nic, int cause)
{
    return msix(nic) ? (unsigned)cause : 0;
}

/* The causes whose message vector 'number' sends. */
static uint32_t causes_of(const struct nic *nic, unsigned number)
{
    uint32_t others = ~(NIC_MASK(EICR_QUEUES) | NIC_MASK(EICR_TCP_TIMER));
    if (!msix(nic)) return number == 0 ? UINT32_MAX : 0;
    uint32_t bits = number < N_CAUSES ? 1u << number : 0;
    if (nic->other_vector == (IVAR_VALID | number)) bits |= others;
    if (nic->tcp_vector == (IVAR_VALID | number)) bits |= NIC_MASK(EICR_TCP_TIMER);
    return bits;
}

/* A message is wanted: now, or when the counter has run down. */
static void want(struct nic *nic, unsigned number)
{
    struct vector *v = &nic->vector[number];
    if (v->expiring || engine_now(nic->engine).ps < v->ready.ps) {
        v->held = true;
        if (!v->expiring && !event_pending(&v->timer)) engine_schedule(nic->engine, &v->timer, v->ready);
    } else {
        send(nic, number);
    }
}

static void send(struct nic *nic, unsigned number)
{
    struct vector *v = &nic->vector[number];
    uint32_t causes = causes_of(nic, number), interval = NIC_GET(EITR_INTERVAL, nic->reg[SLOT_EITR + (int)number]);

    v->held = false;
    if (!v->fn) {
        send_elsewhere(nic, v);
        return;
    }
    TRACE(nic->engine, nic->entity->id, nic_interrupt, number, nic->reg[SLOT_EICR] & causes, 0, 0);
    nic->counter[NIC_interrupts]++;
    nic->messages[number]++;
    v->ready = sim_add(engine_now(nic->engine), sim_ns((int64_t)interval * UNITS_NS));
    if (NIC_GET(GPIE_EIAME, nic->reg[SLOT_GPIE])) nic->reg[SLOT_EIMS] &= ~(nic->reg[SLOT_EIAM] & causes);
    nic->reg[SLOT_EICR] &= ~(nic->reg[SLOT_EIAC] & causes);
    nic_post(nic, pcie_dma_write(nic->pcie, message_address, MESSAGE_BYTES, nic->node), POSTED_MESSAGE, number, 0);
}

/* The pin follows the unmasked causes. */
static void set_level(struct nic *nic)
{
    bool high = nic->reg[SLOT_EICR] & nic->reg[SLOT_EIMS] && !nic->pci.intx_off && !nic->stopped;

    if (nic->pci.msix || nic->pci.msi) high = false;
    if (high == nic->level) return;
    nic->level = high;
    if (high) {
        nic->counter[NIC_interrupts]++;
        nic->messages[0]++;
        int64_t interval = NIC_GET(EITR_INTERVAL, nic->reg[SLOT_EITR]);
        nic->vector[0].ready = sim_add(engine_now(nic->engine), sim_ns(interval * UNITS_NS));
    }
    nic_post(nic, pcie_dma_write(nic->pcie, message_address, MESSAGE_BYTES, nic->node), POSTED_LEVEL, 0, high);
}

/* A vector that cannot send: it is masked, or there are no messages. */
static void send_elsewhere(struct nic *nic, struct vector *v)
{
    if (nic->pci.msix || nic->pci.msi || nic->stopped)
        v->pending = true;
    else
        set_level(nic);
}

/* The counter is zero: first the descriptors that waited, then the message that tells of them. */
static void expire(void *owner)
{
    struct vector *v = owner;
    struct nic *nic = v->nic;
    if (nic->stopped) return; /* until it may use the bus again */
    if (sim_before(engine_now(nic->engine), v->ready)) { /* it was skipped meanwhile, and started anew */
        engine_schedule(nic->engine, &v->timer, v->ready);
        return;
    }
    unsigned number = (unsigned)(v - nic->vector);
    uint64_t rx = v->rx_waiting;
    uint32_t tx = v->tx_waiting;

    v->rx_waiting = 0;
    v->tx_waiting = 0;
    v->expiring = true;
    for (; rx; rx &= rx - 1) rx_flush(nic, (unsigned)__builtin_ctzll(rx));
    for (; tx; tx &= tx - 1) tx_flush(nic, (unsigned)__builtin_ctz(tx));
    v->expiring = false;
    if (v->held && (nic->reg[SLOT_EICR] & nic->reg[SLOT_EIMS] & causes_of(nic, number))) send(nic, number);
    v->held = false;
}

void irq_init(struct nic *nic)
{
    for (unsigned i = 0; i < NIC_VECTORS; i++) {
        nic->vector[i].nic = nic;
        event_init(&nic->vector[i].timer, nic->entity, expire, &nic->vector[i]);
    }
}

void irq_reset(struct nic *nic)
{
    nic->other_vector = nic->tcp_vector = 0;
    immediate_reset(nic);
    for (unsigned i = 0; i < NIC_VECTORS; i++) {
        struct vector *v = &nic->vector[i];
        engine_cancel(nic->engine, &v->timer);
        v->ready = engine_now(nic->engine);
        v->held = v->pending = v->expiring = false;
        v->rx_waiting = 0;
        v->tx_waiting = 0;
    }
    set_level(nic);
}

void irq_cause(struct nic *nic, int cause)
{
    if (cause == NO_CAUSE) return;
    nic->reg[SLOT_EICR] |= 1u << cause;
    if (nic->reg[SLOT_EIMS] >> cause & 1) want(nic, vector_of(nic, cause));
}

/* The message of a cause with a vector of its own. */
static void want_vector(struct nic *nic, uint8_t ivar)
{
    if (!msix(nic))
        want(nic, 0);
    else if (ivar & IVAR_VALID)
        want(nic, ivar & 0x1fu);
}

/* A cause that is still set has had its message. */
void irq_other(struct nic *nic, uint32_t bits)
{
    uint32_t fresh = bits & ~nic->reg[SLOT_EICR];

    nic->reg[SLOT_EICR] |= bits | NIC_MASK(EICR_OTHER);
    if (nic->reg[SLOT_EIMS] & fresh) want_vector(nic, nic->other_vector);
}

void irq_tcp_timer(struct nic *nic)
{
    nic->reg[SLOT_EICR] |= NIC_MASK(EICR_TCP_TIMER);
    if (nic->reg[SLOT_EIMS] & NIC_MASK(EICR_TCP_TIMER)) want_vector(nic, nic->tcp_vector);
}

void irq_skip(struct nic *nic, int cause)
{
    if (cause == NO_CAUSE) return;
    nic->vector[vector_of(nic, cause)].ready = engine_now(nic->engine);
}

bool irq_hold(struct nic *nic, int cause, bool tx, unsigned queue)
{
    if (cause == NO_CAUSE) return false;
    struct vector *v = &nic->vector[vector_of(nic, cause)];
    if (v->expiring || engine_now(nic->engine).ps >= v->ready.ps) return false;
    if (tx)
        v->tx_waiting |= 1u << queue;
    else
        v->rx_waiting |= 1ull << queue;
    if (!event_pending(&v->timer)) engine_schedule(nic->engine, &v->timer, v->ready);
    return true;
}

void irq_arrived(struct nic *nic, unsigned number)
{
    struct vector *v = &nic->vector[number];
    if (v->fn) v->fn(v->owner);
}

/* Sets what 'fn' and 'owner' of every vector have to be, and sends what had to wait for it. */
void irq_route(struct nic *nic)
{
    for (unsigned i = 0; i < NIC_VECTORS; i++) {
        struct vector *v = &nic->vector[i];
        bool by_table = nic->pci.msix && !nic->pci.msix_masked && !(v->control & MSIX_MASKED);
        bool by_msi = !nic->pci.msix && nic->pci.msi && i == 0;
        v->fn = nic->stopped ? NULL : by_table ? v->table_fn : by_msi ? nic->msi_fn : NULL;
        v->owner = by_table ? v->table_owner : nic->msi_owner;
        if (!v->fn || !v->pending) continue;
        v->pending = false;
        want(nic, i);
    }
    set_level(nic);
}

/* -- registers ---------------------------------------------------------------------------------------------------- */

/* Asks for the messages of every set, unmasked cause in 'bits'. */
static void trigger(struct nic *nic, uint32_t bits)
{
    uint32_t set = bits & nic->reg[SLOT_EICR] & nic->reg[SLOT_EIMS];
    for (uint32_t q = set & NIC_MASK(EICR_QUEUES); q; q &= q - 1) want(nic, vector_of(nic, __builtin_ctz(q)));
    if (set & NIC_MASK(EICR_TCP_TIMER)) want_vector(nic, nic->tcp_vector);
    if (!(set & ~(NIC_MASK(EICR_QUEUES) | NIC_MASK(EICR_TCP_TIMER)))) return;
    nic->reg[SLOT_EICR] |= NIC_MASK(EICR_OTHER);
    want_vector(nic, nic->other_vector);
}

uint32_t read_eicr(struct nic *nic, uint32_t index)
{
    uint32_t value = nic->reg[SLOT_EICR], clear = UINT32_MAX;
    (void)index;
    if (msix(nic) && NIC_GET(GPIE_OCD, nic->reg[SLOT_GPIE])) clear = ~NIC_MASK(EICR_QUEUES);
    nic->reg[SLOT_EICR] &= ~clear;
    nic->reg[SLOT_EIMS] &= ~(nic->reg[SLOT_EIAM] & value & clear);
    set_level(nic);
    return value;
}

void write_eicr(struct nic *nic, uint32_t index, uint32_t value)
{
    (void)index;
    nic->reg[SLOT_EIMS] &= ~(nic->reg[SLOT_EIAM] & value);
    set_level(nic);
}

void write_eics(struct nic *nic, uint32_t index, uint32_t value)
{
    (void)index;
    nic->reg[SLOT_EICR] |= value;
    if (NIC_GET(GPIE_EIMEN, nic->reg[SLOT_GPIE]))
        for (uint32_t q = value & NIC_MASK(EICR_QUEUES); q; q &= q - 1) irq_skip(nic, __builtin_ctz(q));
    trigger(nic, value);
    nic->reg[SLOT_EIMS] &= ~(nic->reg[SLOT_EIAM] & value);
}

void write_eims(struct nic *nic, uint32_t index, uint32_t value)
{
    (void)index;
    trigger(nic, value);
}

void write_eimc(struct nic *nic, uint32_t index, uint32_t value)
{
    (void)index;
    nic->reg[SLOT_EIMS] &= ~value;
    set_level(nic);
}

/* The upper half loads the counter. */
void write_eitr(struct nic *nic, uint32_t index, uint32_t value)
{
    struct vector *v = &nic->vector[index];
    v->ready = sim_add(engine_now(nic->engine), sim_ns((int64_t)NIC_GET(EITR_COUNTER, value) * UNITS_NS));
    nic->reg[SLOT_EITR + (int)index] = value & NIC_MASK(EITR_INTERVAL);
    if (event_pending(&v->timer)) engine_schedule(nic->engine, &v->timer, v->ready);
}

uint32_t read_eitr(struct nic *nic, uint32_t index)
{
    int64_t left = nic->vector[index].ready.ps - engine_now(nic->engine).ps, unit = sim_ns(UNITS_NS).ps;
    uint32_t counter = left > 0 ? (uint32_t)((left + unit - 1) / unit) : 0;
    return nic->reg[SLOT_EITR + (int)index] | NIC_PUT(EITR_COUNTER, counter);
}

/* Four causes per register.  A queue that loses its vector waits for it no longer. */
void write_ivar(struct nic *nic, uint32_t index, uint32_t value)
{
    for (unsigned i = 0; i < 4; i++, value >>= 8) {
        unsigned cause = index * 4 + i;
        int number = value & IVAR_VALID && (value & 0x1f) < N_CAUSES ? (int)(value & 0x1f) : NO_CAUSE;
        if (cause < IVAR_TX) {
            nic->rxq[cause].ring.cause = (int8_t)number;
            if (number == NO_CAUSE) rx_flush(nic, cause);
        } else if (cause < IVAR_TCP_TIMER) {
            nic->txq[cause - IVAR_TX].ring.cause = (int8_t)number;
            if (number == NO_CAUSE) tx_flush(nic, cause - IVAR_TX);
        } else if (cause <= IVAR_OTHER) {
            uint8_t vector = (value & 0x1f) < NIC_VECTORS ? (uint8_t)(value & (IVAR_VALID | 0x1f)) : 0;
            *(cause == IVAR_OTHER ? &nic->other_vector : &nic->tcp_vector) = vector;
        }
    }
}
