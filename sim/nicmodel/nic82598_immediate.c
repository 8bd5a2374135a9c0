/* SPDX-License-Identifier: GPL-3.0-or-later
 * nic82598_immediate.c -- interrupts that do not wait for a throttle counter: low-latency frames, the TCP timer.
 *
 * A received frame that matches an enabled IMIR filter (TCP destination port, size, TCP flags) or has at least the VLAN
 * priority of IMIRVP ends the waiting time of its vector: what was held is written back, and so is the frame's own
 * descriptor, marked DYNINT.  The timer counts milliseconds and sets its cause, once or again and again (LOOP).
 *
 * Where the sources are silent: filters are for TCP only; the flags match when the frame has one of them; a frame as
 * long as SIZE_THRESH matches; COUNT_FINISH sets the cause at once; a DURATION of 0 does not count. */
#include "nicmodel/nic82598_impl.h"

enum { TCP_FLAGS = 13 };

static void timer_done(void *owner);

void immediate_init(struct nic *nic)
{
    event_init(&nic->tcp_timer, nic->entity, timer_done, nic);
}

void immediate_reset(struct nic *nic)
{
    engine_cancel(nic->engine, &nic->tcp_timer);
    nic->tcp_left_ps = 0;
    nic->mode.immediate = false;
}

/* -- frames ------------------------------------------------------------------------------------------------------- */

void write_immediate(struct nic *nic, uint32_t index, uint32_t value)
{
    (void)index, (void)value;
    nic->mode.immediate = NIC_GET(IMIRVP_PRIORITY_EN, nic->reg[SLOT_IMIRVP]);
    for (int i = 0; i < COUNT_IMIR; i++) nic->mode.immediate |= NIC_GET(IMIR_PORT_IM_EN, nic->reg[SLOT_IMIR + i]);
}

/* The flags of IMIREXT, lowest first, are those of TCP from the highest down. */
static uint32_t flags_of(const uint8_t *tcp)
{
    uint32_t flags = 0;
    for (int i = 0; i < 6; i++) flags |= (uint32_t)(tcp[TCP_FLAGS] >> (5 - i) & 1) << i;
    return flags;
}

static bool tcp_match(const struct nic *nic, const struct packet *p, int i)
{
    uint32_t port = nic->reg[SLOT_IMIR + i], ext = nic->reg[SLOT_IMIREXT + i];
    const uint8_t *tcp = p->hdr + p->l4;

    if (!NIC_GET(IMIR_PORT_IM_EN, port)) return false;
    if (!NIC_GET(IMIR_PORT_BP, port) && get_be16(tcp + 2) != NIC_GET(IMIR_PORT, port)) return false;
    if (!NIC_GET(IMIREXT_SIZE_BP, ext) && p->len > NIC_GET(IMIREXT_SIZE_THRESH, ext)) return false;
    return NIC_GET(IMIREXT_CTRL_BP, ext) || flags_of(tcp) & (ext >> LOW_IMIREXT_CTRL_URG & 0x3f);
}

static bool is_tcp(const struct packet *p)
{
    if (!p->l3 || !p->l4 || p->l4 + TCP_BYTES > p->hdr_len) return false;
    return p->hdr[p->l3 + (headers_is_ipv4(p) ? 9 : 6)] == IPPROTO_TCP_;
}

bool immediate_match(const struct nic *nic, const struct packet *p, const struct rx_cb *cb)
{
    uint32_t by_vlan = nic->reg[SLOT_IMIRVP];
    bool stripped = cb->status & RXD_VP;
    bool tagged = stripped || (p->hdr_len >= ETH_BYTES + VLAN_BYTES && get_be16(p->hdr + 12) == nic->mode.vet);
    uint32_t tag = stripped ? cb->vlan : tagged ? get_be16(p->hdr + ETH_BYTES) : 0;

    if (NIC_GET(IMIRVP_PRIORITY_EN, by_vlan) && tagged && tag >> 13 >= NIC_GET(IMIRVP_PRIORITY, by_vlan)) return true;
    if (!is_tcp(p)) return false;
    for (int i = 0; i < COUNT_IMIR; i++)
        if (tcp_match(nic, p, i)) return true;
    return false;
}

/* -- the timer ---------------------------------------------------------------------------------------------------- */

static int64_t duration_ps(const struct nic *nic)
{
    return sim_ms(NIC_GET(TCPTIMER_DURATION, nic->reg[SLOT_TCPTIMER])).ps;
}

static void go_on(struct nic *nic)
{
    if (!NIC_GET(TCPTIMER_COUNT_EN, nic->reg[SLOT_TCPTIMER]) || nic->tcp_left_ps == 0) return;
    engine_schedule_in(nic->engine, &nic->tcp_timer, sim_ps(nic->tcp_left_ps));
}

static void timer_done(void *owner)
{
    struct nic *nic = owner;
    nic->tcp_left_ps = NIC_GET(TCPTIMER_LOOP, nic->reg[SLOT_TCPTIMER]) ? duration_ps(nic) : 0;
    go_on(nic);
    irq_tcp_timer(nic);
}

void write_tcptimer(struct nic *nic, uint32_t index, uint32_t value)
{
    (void)index;
    if (event_pending(&nic->tcp_timer)) nic->tcp_left_ps = nic->tcp_timer.at.ps - engine_now(nic->engine).ps;
    engine_cancel(nic->engine, &nic->tcp_timer);
    nic->reg[SLOT_TCPTIMER] = value & ~(NIC_MASK(TCPTIMER_KS) | NIC_MASK(TCPTIMER_COUNT_FINISH));
    if (NIC_GET(TCPTIMER_KS, value)) nic->tcp_left_ps = duration_ps(nic);
    if (NIC_GET(TCPTIMER_COUNT_FINISH, value))
        timer_done(nic);
    else
        go_on(nic);
}
