/* SPDX-License-Identifier: GPL-3.0-or-later
 * nic82598_pause.c -- flow control, both ways (datasheet 3.2.4; IEEE 802.3 annex 31B, 802.1Qbb).
 *
 *     packet buffer above FCRTH --> XOFF, FCTTV quanta --(all but FCRTV of them later, still not at FCRTL)--> XOFF
 *     packet buffer at FCRTL    --> XON, if XONE
 *     PAUSE from the wire       --> the wire stops after the current frame (RFCE), or a class does (RPFCE)
 *
 * RMCS says whether packet buffer 0 speaks for the link (TFCE_802_3X) or every buffer for its class (TFCE_PRIORITY).
 * Where the sources are silent: a refresh comes at most every 64 quanta; with FCRTV not below FCTTV it comes when the
 * partner's time is over; received PAUSE frames count in LXONRXC and LXOFFRXC, or their class's, whether or not they
 * are obeyed; HLREG0's own PAUSE bits change nothing, as published drivers leave them alone. */
#include "net/pause.h"
#include "nicmodel/nic82598_impl.h"

enum { UNIT_BYTES = 16, REFRESH_QUANTA_MIN = 64 };

static void refresh(void *owner);

void pause_init(struct nic *nic)
{
    for (int i = 0; i < PACKET_BUFFERS; i++) {
        nic->pb[i].nic = nic;
        event_init(&nic->pb[i].refresh, nic->entity, refresh, &nic->pb[i]);
    }
}

static void disarm(struct rx_pb *b)
{
    engine_cancel(b->nic->engine, &b->refresh);
    b->stopped = false;
    b->low = -1;
    b->high = b->high_set;
}

void pause_fini(struct nic *nic)
{
    for (int i = 0; i < PACKET_BUFFERS; i++) engine_cancel(nic->engine, &nic->pb[i].refresh);
}

void pause_reset(struct nic *nic)
{
    for (int i = 0; i < PACKET_BUFFERS; i++) {
        nic->pb[i].high_set = INT64_MAX;
        disarm(&nic->pb[i]);
        nic->class_off_until[i] = engine_now(nic->engine);
    }
    if (nic->wire) link_pause(nic->wire, sim_ps(0));
}

/* -- telling the partner ------------------------------------------------------------------------------------------ */

static bool by_class(const struct nic *nic)
{
    return NIC_GET(RMCS_TFCE_PRIORITY, nic->reg[SLOT_RMCS]);
}

static struct mac_addr own_address(const struct nic *nic)
{
    uint32_t low = nic->reg[SLOT_RAL], high = nic->reg[SLOT_RAH];
    return (struct mac_addr){ { (uint8_t)low, (uint8_t)(low >> 8), (uint8_t)(low >> 16), (uint8_t)(low >> 24),
                                (uint8_t)high, (uint8_t)(high >> 8) } };
}

static void say(struct rx_pb *b, uint16_t quanta)
{
    struct nic *nic = b->nic;
    int i = (int)(b - nic->pb);
    struct pause pause = { .priority = by_class(nic) };

    if (!nic->wire || !link_is_up(nic->wire)) return;
    if (pause.priority) {
        pause.classes = (uint8_t)(1u << i);
        pause.quanta[i] = quanta;
        stats_add(nic, (quanta ? SLOT_PXOFFTXC : SLOT_PXONTXC) + i, 1);
    } else {
        pause.quanta[0] = quanta;
        stats_add(nic, quanta ? SLOT_LXOFFTXC : SLOT_LXONTXC, 1);
    }
    struct packet *p = pause_frame(nic->pool, engine_now(nic->engine), own_address(nic), &pause);
    nic->counter[NIC_tx_packets]++;
    nic->counter[NIC_tx_bytes] += p->len;
    count_size(&nic->tx_total, p->len);
    stats_group(nic, p, true);
    link_send_control(nic->wire, p);
}

static void refresh(void *owner)
{
    struct rx_pb *b = owner;
    struct nic *nic = b->nic;
    int i = (int)(b - nic->pb);
    uint32_t both = nic->reg[SLOT_FCTTV + i / 2];
    uint16_t time = (uint16_t)(i % 2 ? NIC_GET(FCTTV_TTV1, both) : NIC_GET(FCTTV_TTV0, both));
    uint16_t left = (uint16_t)NIC_GET(FCRTV_REFRESH, nic->reg[SLOT_FCRTV]);
    uint16_t after = left < time ? (uint16_t)(time - left) : time;

    say(b, time);
    if (!nic->wire || time == 0) return;
    if (after < REFRESH_QUANTA_MIN) after = REFRESH_QUANTA_MIN;
    engine_schedule_in(nic->engine, &b->refresh, pause_time(after, link_config_of(nic->wire)->rate));
}

void pause_high(struct rx_pb *b)
{
    struct nic *nic = b->nic;
    b->stopped = true;
    b->high = INT64_MAX;
    b->low = (int64_t)NIC_GET(FCRTL_RTL, nic->reg[SLOT_FCRTL + (int)(b - nic->pb)]) * UNIT_BYTES;
    refresh(b);
}

void pause_low(struct rx_pb *b)
{
    disarm(b);
    if (NIC_GET(FCRTL_XONE, b->nic->reg[SLOT_FCRTL + (int)(b - b->nic->pb)])) say(b, 0);
}

/* FCRTL, FCRTH and RMCS. */
void write_pause(struct nic *nic, uint32_t index, uint32_t value)
{
    bool link = NIC_GET(RMCS_TFCE_802_3X, nic->reg[SLOT_RMCS]);
    (void)index, (void)value;

    for (int i = 0; i < PACKET_BUFFERS; i++) {
        struct rx_pb *b = &nic->pb[i];
        uint32_t high = nic->reg[SLOT_FCRTH + i];
        bool on = NIC_GET(FCRTH_FCEN, high) && (by_class(nic) || (link && i == 0));
        b->high_set = on ? (int64_t)NIC_GET(FCRTH_RTH, high) * UNIT_BYTES : INT64_MAX;
        if (!b->stopped)
            b->high = b->high_set;
        else if (!on)
            disarm(b);
        else
            b->low = (int64_t)NIC_GET(FCRTL_RTL, nic->reg[SLOT_FCRTL + i]) * UNIT_BYTES;
    }
}

/* -- being told --------------------------------------------------------------------------------------------------- */

static bool addressed(const struct nic *nic, const struct packet *p)
{
    return mac_equal(pause_address.byte, p->hdr) || mac_equal(own_address(nic).byte, p->hdr);
}

/* False: flow control of this kind is off. */
static bool obey(struct nic *nic, const struct pause *pause)
{
    sim_rate rate;
    uint32_t fctrl = nic->reg[SLOT_FCTRL];

    if (!nic->wire) return false;
    rate = link_config_of(nic->wire)->rate;
    if (!pause->priority) {
        stats_add(nic, pause->quanta[0] ? SLOT_LXOFFRXC : SLOT_LXONRXC, 1);
        if (NIC_GET(FCTRL_RFCE, fctrl)) link_pause(nic->wire, pause_time(pause->quanta[0], rate));
    }
    for (int i = 0; pause->priority && i < PAUSE_CLASSES; i++) {
        if (!(pause->classes >> i & 1)) continue;
        stats_add(nic, (pause->quanta[i] ? SLOT_PXOFFRXC : SLOT_PXONRXC) + i, 1);
        if (NIC_GET(FCTRL_RPFCE, fctrl))
            nic->class_off_until[i] = sim_add(engine_now(nic->engine), pause_time(pause->quanta[i], rate));
    }
    tx_run(nic);
    return pause->priority ? NIC_GET(FCTRL_RPFCE, fctrl) : NIC_GET(FCTRL_RFCE, fctrl);
}

bool pause_accept(struct nic *nic, struct packet *p)
{
    struct pause pause;

    if (!pause_parse(p, &pause)) return nic->mode.pmcf;
    if (addressed(nic, p) && !(p->flags & PACKET_FCS_BAD)) rx_cb(p)->obeyed = obey(nic, &pause);
    return !nic->mode.dpf;
}

uint32_t read_tfcs(struct nic *nic, uint32_t index)
{
    uint32_t value = nic->wire && link_is_paused(nic->wire) ? NIC_MASK(TFCS_TXOFF) : 0;
    (void)index;
    for (int i = 0; i < PACKET_BUFFERS; i++)
        if (sim_before(engine_now(nic->engine), nic->class_off_until[i])) value |= 1u << i << LOW_TFCS_TXOFF_PRI;
    return value;
}
