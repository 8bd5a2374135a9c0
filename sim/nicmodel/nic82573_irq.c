/* SPDX-License-Identifier: GPL-3.0-or-later
 * nic82573_irq.c -- from a cause to the interrupt: delay timers, ICR, IMS, throttling (manual 7.1, 13.4.17 to 13.4.21).
 *
 *     frames, reports --RDTR, RADV, TIDV, TADV--> ICR --IMS--> level --ITR--> message, or the pin
 *
 * The level is "a cause is set that is not masked".  When it rises, a message is sent, or the pin goes high, but not before
 * ITR's interval after the last time; it falls when ICR is read or cleared, or the cause is masked.  Two timers put off
 * the cause of each direction: one restarts with every frame (or report), one runs from the first; when either ends,
 * descriptors that were held are written back and the cause is set.  A delay of 0 means at once, whatever the other says. */
#include "nicmodel/nic82573_impl.h"

enum { MESSAGE_BYTES = 4 };
static const uint64_t message_address = 0xfee00000;

static void evaluate(struct nic82573 *nic);

static void itr_expired(void *owner)
{
    evaluate(owner);
}

/* -- delays ------------------------------------------------------------------------------------------------------- */

static void delay_over(struct delay *d)
{
    struct nic82573 *nic = d->nic;

    irq73_delay_stop(d);
    if (d->tx) {
        tx73_flush(nic);
        irq73_cause(nic, NIC_MASK(ICR_TXDW));
    } else {
        rx73_flush(nic);
        irq73_cause(nic, NIC_MASK(ICR_RXT0));
    }
}

static void last_over(void *owner)
{
    struct delay *d = owner;
    stats73_add(d->nic, d->tx ? SLOT_ICTXPTC : SLOT_ICRXPTC, 1);
    delay_over(d);
}

static void first_over(void *owner)
{
    struct delay *d = owner;
    stats73_add(d->nic, d->tx ? SLOT_ICTXATC : SLOT_ICRXATC, 1);
    delay_over(d);
}

static void delay_init(struct delay *d, struct nic82573 *nic, bool tx)
{
    d->nic = nic;
    d->tx = tx;
    event_init(&d->last, nic->entity, last_over, d);
    event_init(&d->first, nic->entity, first_over, d);
}

void irq73_delay_stop(struct delay *d)
{
    engine_cancel(d->nic->engine, &d->last);
    engine_cancel(d->nic->engine, &d->first);
}

void irq73_delay(struct delay *d, uint32_t units, uint32_t first_units)
{
    struct engine *engine = d->nic->engine;

    if (units == 0) {
        delay_over(d);
        return;
    }
    engine_schedule_in(engine, &d->last, sim_ns((int64_t)units * DELAY_UNIT_NS));
    if (first_units && !event_pending(&d->first))
        engine_schedule_in(engine, &d->first, sim_ns((int64_t)first_units * DELAY_UNIT_NS));
}

/* FPD: the timers end now. */
void nic82573_write_rdtr(struct nic82573 *nic, uint32_t value)
{
    nic->reg[SLOT_RDTR] = value & ~NIC_MASK(RDTR_FPD);
    if (NIC_GET(RDTR_FPD, value)) delay_over(&nic->rx_delay);
}

void nic82573_write_tidv(struct nic82573 *nic, uint32_t value)
{
    nic->reg[SLOT_TIDV] = value & ~NIC_MASK(TIDV_FPD);
    if (NIC_GET(TIDV_FPD, value)) delay_over(&nic->tx_delay);
}

/* -- the interrupt ------------------------------------------------------------------------------------------------ */

void irq73_init(struct nic82573 *nic)
{
    event_init(&nic->itr_timer, nic->entity, itr_expired, nic);
    delay_init(&nic->rx_delay, nic, false);
    delay_init(&nic->tx_delay, nic, true);
}

static int64_t interval_ps(const struct nic82573 *nic)
{
    return sim_ns((int64_t)NIC_GET(ITR_INTERVAL, nic->reg[SLOT_ITR]) * ITR_UNIT_NS).ps;
}

static void tell(struct nic82573 *nic, bool high)
{
    enum posted73_kind kind = nic->level_fn ? POSTED73_LEVEL : POSTED73_MESSAGE;
    if (kind == POSTED73_MESSAGE && !high) return;
    nic73_post(nic, pcie_dma_write(nic->pcie, message_address, MESSAGE_BYTES, nic->ring_env.node), kind, high);
}

static bool causes_set(const struct nic82573 *nic)
{
    return nic->reg[SLOT_ICR] & nic->reg[SLOT_IMS];
}

static void evaluate(struct nic82573 *nic)
{
    int64_t now = engine_now(nic->engine).ps, ready = nic->asserted_at + interval_ps(nic);

    if (!causes_set(nic)) {
        if (nic->asserted) tell(nic, false);
        nic->asserted = false;
        engine_cancel(nic->engine, &nic->itr_timer);
        return;
    }
    if (nic->asserted || (!nic->msi_fn && !nic->level_fn)) return;
    if (now < ready) {
        engine_schedule(nic->engine, &nic->itr_timer, (sim_time){ ready });
        return;
    }
    engine_cancel(nic->engine, &nic->itr_timer);
    nic->asserted = true;
    nic->asserted_at = now;
    nic->counter[NIC_interrupts]++;
    stats73_add(nic, SLOT_IAC, 1);
    TRACE(nic->engine, nic->entity->id, nic_interrupt, 0, nic->reg[SLOT_ICR], 0, 0);
    tell(nic, true);
}

void irq73_reset(struct nic82573 *nic)
{
    irq73_delay_stop(&nic->rx_delay);
    irq73_delay_stop(&nic->tx_delay);
    engine_cancel(nic->engine, &nic->itr_timer);
    nic->asserted = false;
    nic->asserted_at = INT64_MIN / 2;
}

void irq73_cause(struct nic82573 *nic, uint32_t causes)
{
    nic->reg[SLOT_ICR] |= causes;
    evaluate(nic);
}

static void route(struct nic82573 *nic)
{
    nic->asserted = false;
    evaluate(nic);
}

void nic82573_set_vector(void *device, int vector, event_fn *fn, void *owner)
{
    struct nic82573 *nic = device;
    SIM_ASSERT(vector == 0);
    nic->msi_fn = fn;
    nic->msi_owner = owner;
    nic->level_fn = NULL;
    route(nic);
}

void nic82573_set_pin(void *device, nic82573_level_fn *fn, void *owner)
{
    struct nic82573 *nic = device;
    nic->level_fn = fn;
    nic->level_owner = owner;
    nic->msi_fn = NULL;
    route(nic);
}

/* -- registers ---------------------------------------------------------------------------------------------------- */

uint32_t nic82573_read_icr(struct nic82573 *nic, int slot)
{
    uint32_t value = nic->reg[slot];
    if (causes_set(nic)) value |= NIC_MASK(ICR_INT_ASSERTED);
    nic->reg[slot] = 0;
    if (value & NIC_MASK(ICR_INT_ASSERTED) && NIC_GET(CTRL_EXT_IAME, nic->reg[SLOT_CTRL_EXT]))
        nic->reg[SLOT_IMS] &= ~nic->reg[SLOT_IAM];
    evaluate(nic);
    return value;
}

void nic82573_write_icr(struct nic82573 *nic, uint32_t value)
{
    (void)value;
    evaluate(nic);
}

void nic82573_write_itr(struct nic82573 *nic, uint32_t value)
{
    nic->reg[SLOT_ITR] = value & NIC_MASK(ITR_INTERVAL);
    evaluate(nic);
}

void nic82573_write_ics(struct nic82573 *nic, uint32_t value)
{
    irq73_cause(nic, value & ~NIC_MASK(ICR_INT_ASSERTED));
}

void nic82573_write_ims(struct nic82573 *nic, uint32_t value)
{
    (void)value;
    evaluate(nic);
}

void nic82573_write_imc(struct nic82573 *nic, uint32_t value)
{
    nic->reg[SLOT_IMS] &= ~value;
    evaluate(nic);
}
