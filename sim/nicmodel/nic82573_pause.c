/* SPDX-License-Identifier: GPL-3.0-or-later
 * nic82573_pause.c -- flow control of the link, both ways (manual 3.6.3; IEEE 802.3 annex 31B).
 *
 *     packet buffer above FCRTH --> XOFF, FCTTV quanta --(half of them later, still above FCRTL)--> XOFF
 *     packet buffer at FCRTL    --> XON, if XONE                                    (CTRL.TFCE)
 *     PAUSE from the wire       --> the wire stops after the current frame          (CTRL.RFCE)
 *
 * The manual does not say when XOFF is repeated; here after half of the partner's time, but never more often than every 64
 * quanta, or a short time would leave the wire to PAUSE frames alone. */
#include "net/pause.h"
#include "nicmodel/nic82573_impl.h"

enum { UNIT_BYTES = 8, REFRESH_QUANTA_MIN = 64 };

static struct mac_addr own_address(const struct nic82573 *nic)
{
    uint32_t low = nic->reg[SLOT_RAL], high = nic->reg[SLOT_RAH];
    return (struct mac_addr){ { (uint8_t)low, (uint8_t)(low >> 8), (uint8_t)(low >> 16), (uint8_t)(low >> 24),
                                (uint8_t)high, (uint8_t)(high >> 8) } };
}

static void say(struct nic82573 *nic, uint16_t quanta)
{
    struct pause pause = { .quanta = { quanta } };

    if (!nic73_link_up(nic)) return;
    struct packet *p = pause_frame(nic->pool, engine_now(nic->engine), own_address(nic), &pause);
    stats73_add(nic, quanta ? SLOT_XOFFTXC : SLOT_XONTXC, 1);
    nic->counter[NIC_tx_packets]++;
    nic->counter[NIC_tx_bytes] += p->len;
    stats73_good(nic, p, p->len, true);
    link_send_control(nic->wire, p);
}

static void refresh(void *owner)
{
    struct nic82573 *nic = owner;
    uint16_t time = (uint16_t)NIC_GET(FCTTV_TTV, nic->reg[SLOT_FCTTV]);

    say(nic, time);
    if (!nic->wire || time == 0) return;
    uint16_t after = time / 2 > REFRESH_QUANTA_MIN ? time / 2 : REFRESH_QUANTA_MIN;
    engine_schedule_in(nic->engine, &nic->refresh, pause_time(after, link_config_of(nic->wire)->rate));
}

void pause73_init(struct nic82573 *nic)
{
    event_init(&nic->refresh, nic->entity, refresh, nic);
}

void pause73_reset(struct nic82573 *nic)
{
    engine_cancel(nic->engine, &nic->refresh);
    nic->stopped = false;
    if (nic->wire) link_pause(nic->wire, sim_ps(0));
}

void pause73_level(struct nic82573 *nic)
{
    int64_t high = (int64_t)NIC_GET(FCRTH_RTH, nic->reg[SLOT_FCRTH]) * UNIT_BYTES;
    int64_t low = (int64_t)NIC_GET(FCRTL_RTL, nic->reg[SLOT_FCRTL]) * UNIT_BYTES;
    bool on = NIC_GET(CTRL_TFCE, nic->reg[SLOT_CTRL]) && high > 0;

    if (!nic->stopped && on && nic->rx_fifo_bytes > high) {
        nic->stopped = true;
        refresh(nic);
    } else if (nic->stopped && (!on || nic->rx_fifo_bytes <= low)) {
        engine_cancel(nic->engine, &nic->refresh);
        nic->stopped = false;
        if (on && NIC_GET(FCRTL_XONE, nic->reg[SLOT_FCRTL])) say(nic, 0);
    }
}

void nic82573_write_pause(struct nic82573 *nic, uint32_t value)
{
    (void)value;
    pause73_level(nic);
}

bool pause73_accept(struct nic82573 *nic, struct packet *p)
{
    struct pause pause;
    struct mac_addr own = own_address(nic);

    if (!pause_parse(p, &pause)) return nic->mode.pmcf;
    bool for_us = mac_equal(pause_address.byte, p->hdr) || mac_equal(own.byte, p->hdr);
    if (for_us && !(p->flags & PACKET_FCS_BAD) && !pause.priority && NIC_GET(CTRL_RFCE, nic->reg[SLOT_CTRL]) && nic->wire) {
        stats73_add(nic, pause.quanta[0] ? SLOT_XOFFRXC : SLOT_XONRXC, 1);
        link_pause(nic->wire, pause_time(pause.quanta[0], link_config_of(nic->wire)->rate));
        rx73_cb(p)->obeyed = true;
        tx73_run(nic);
    } else {
        stats73_add(nic, SLOT_FCRUC, 1);
    }
    return !nic->mode.dpf;
}
