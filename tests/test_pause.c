/* SPDX-License-Identifier: GPL-3.0-or-later
 * test_pause.c -- flow control: a wire that is stopped, switches and cards that stop it, and nothing lost. */
#include <check.h>
#include <string.h>

#include "core/rng.h"
#include "net/pause.h"
#include "net/switch.h"
#include "nic_rig.h"
#include "suites.h"

enum { FRAME = 1514, FRAME_PS = 1538 * 800, GAP_PS = 12 * 800, PAUSE_PS = 84 * 800, SEEN = 4096 };

static struct engine *engine;
static struct stats *stats;
static struct packet_pool *pool;
static struct { uint64_t id; int64_t at; } seen[SEEN];
static int n_seen;

static void setup(void)
{
    engine = engine_create();
    stats = stats_create();
    pool = packet_pool_create();
    n_seen = 0;
}

static void teardown(void)
{
    stats_destroy(stats);
    engine_destroy(engine);
    packet_pool_destroy(pool);
}

static void note(void *owner, struct packet *p)
{
    (void)owner;
    ck_assert_int_eq(p->at.ps, engine_now(engine).ps);
    ck_assert_int_lt(n_seen, SEEN);
    seen[n_seen].id = p->id;
    seen[n_seen++].at = engine_now(engine).ps;
    packet_deliver(pool, p);
}

static struct link *make_link(const char *name, int64_t depth)
{
    struct link *l = link_create(engine, stats, pool, &(struct link_config){ name, sim_gbps(10), sim_ns(100), depth });
    link_connect(l, (struct packet_sink){ note, NULL });
    return l;
}

static struct packet *frame(uint32_t len)
{
    struct packet *p = packet_new(pool, engine_now(engine));
    memset(p->hdr, 0, 64);
    p->hdr_len = 60;
    p->len = len;
    return p;
}

static void run_ps(int64_t ps)
{
    engine_run(engine, sim_add(engine_now(engine), sim_ps(ps)));
}

/* -- frames ------------------------------------------------------------------------------------------------------- */

START_TEST(pause_parse__what_pause_frame_wrote)
{
    const struct mac_addr src = { { 2, 3, 4, 5, 6, 7 } };
    const struct pause all = { .quanta = { 0x1234 } };
    const struct pause some = { .priority = true, .classes = 0x82, .quanta = { 0, 7, 0, 0, 0, 0, 0, 65535 } };
    struct pause got;
    struct packet *p = pause_frame(pool, engine_now(engine), src, &all);
    const uint8_t bytes[18] = { 1, 0x80, 0xc2, 0, 0, 1, 2, 3, 4, 5, 6, 7, 0x88, 0x08, 0, 1, 0x12, 0x34 };
    ck_assert_mem_eq(p->hdr, bytes, sizeof bytes);
    ck_assert_uint_eq(p->len, 60);
    ck_assert(pause_parse(p, &got));
    ck_assert(!got.priority && got.quanta[0] == 0x1234);
    packet_deliver(pool, p);
    p = pause_frame(pool, engine_now(engine), src, &some);
    ck_assert(pause_parse(p, &got));
    ck_assert(got.priority && got.classes == 0x82 && got.quanta[1] == 7 && got.quanta[7] == 65535);
    p->hdr[15] = 2;
    ck_assert(!pause_parse(p, &got));
    packet_deliver(pool, p);
    ck_assert_int_eq(pause_time(1, sim_gbps(10)).ps, 51200); /* 512 bit times */
    ck_assert_int_eq(pause_time(65535, sim_gbps(1)).ps, 65535 * 512000ll);
}
END_TEST

/* -- links -------------------------------------------------------------------------------------------------------- */

/* Three frames are queued; a pause while the first is on the wire lets that one through and puts off the others. */
START_TEST(link_pause__current_frame_is_finished_and_no_other_begins)
{
    struct link *l = make_link("a", 1 << 20);
    for (int i = 0; i < 3; i++) link_send(l, frame(FRAME));
    run_ps(500000);
    link_pause(l, sim_us(10));
    ck_assert(link_is_paused(l));
    ck_assert_int_eq(link_free_at(l).ps, 10500000 + 2 * FRAME_PS);
    link_send(l, frame(FRAME));
    ck_assert_int_eq(link_free_at(l).ps, 10500000 + 3 * FRAME_PS);
    run_ps(100000000);
    ck_assert_int_eq(n_seen, 4);
    ck_assert_int_eq(seen[0].at, FRAME_PS - GAP_PS + 100000);
    for (int i = 1; i < 4; i++) ck_assert_int_eq(seen[i].at, 10500000 + i * FRAME_PS - GAP_PS + 100000);
    ck_assert_uint_eq(link_pause_count(l, LINK_PAUSE_pauses), 1);
    ck_assert_uint_eq(link_pause_count(l, LINK_PAUSE_paused_ps), 10000000);
    ck_assert_int_eq(link_queued_bytes(l), 0);
    link_destroy(l);
}
END_TEST

START_TEST(link_pause__can_be_prolonged_and_ended)
{
    struct link *l = make_link("a", 1 << 20);
    link_pause(l, sim_us(10));
    link_send(l, frame(FRAME));
    run_ps(5000000);
    link_pause(l, sim_us(10));
    run_ps(9000000);
    ck_assert_int_eq(n_seen, 0);
    link_pause(l, sim_ps(0));
    run_ps(10000000);
    ck_assert_int_eq(n_seen, 1);
    ck_assert_int_eq(seen[0].at, 14000000 + FRAME_PS - GAP_PS + 100000);
    ck_assert_uint_eq(link_pause_count(l, LINK_PAUSE_pauses), 1);
    link_pause(l, sim_ps(0)); /* of a wire that is not paused: nothing */
    ck_assert(!link_is_paused(l));
    link_destroy(l);
}
END_TEST

START_TEST(link_pause__the_queue_still_has_a_limit_and_goes_down_with_the_link)
{
    struct link *l = make_link("a", 4000);
    link_pause(l, sim_us(10));
    ck_assert(link_send(l, frame(FRAME)));
    ck_assert(link_send(l, frame(FRAME)));
    ck_assert(!link_send(l, frame(FRAME)));
    link_set_up(l, false);
    ck_assert(!link_is_paused(l));
    ck_assert_uint_eq(packet_pool_ledger(pool)->dropped[DROP_LINK_DOWN], 2);
    link_set_up(l, true);
    link_send(l, frame(FRAME));
    run_ps(10000000);
    ck_assert_int_eq(n_seen, 1);
    packet_pool_check(pool);
    link_destroy(l);
}
END_TEST

/* A control frame goes after the frame on the wire and before the queue, paused or not. */
START_TEST(link_send_control__goes_first)
{
    struct link *l = make_link("a", 3100);
    struct packet *first = frame(FRAME), *second = frame(FRAME);
    uint64_t ids[2] = { first->id, second->id };
    link_send(l, first);
    link_send(l, second);
    run_ps(100000);
    struct packet *control = frame(60);
    uint64_t id = control->id;
    ck_assert(link_send_control(l, control)); /* although the queue is full */
    run_ps(20000000);
    ck_assert_int_eq(n_seen, 3);
    ck_assert_uint_eq(seen[0].id, ids[0]);
    ck_assert_uint_eq(seen[1].id, id);
    ck_assert_uint_eq(seen[2].id, ids[1]);
    ck_assert_int_eq(seen[1].at, FRAME_PS + PAUSE_PS - GAP_PS + 100000);
    ck_assert_int_eq(seen[2].at, 2 * FRAME_PS + PAUSE_PS - GAP_PS + 100000);
    int64_t now = engine_now(engine).ps;
    link_pause(l, sim_us(10));
    link_send(l, frame(FRAME));
    link_send_control(l, frame(60));
    run_ps(20000000);
    ck_assert_int_eq(seen[3].at, now + PAUSE_PS - GAP_PS + 100000);
    ck_assert_int_eq(seen[4].at, now + 10000000 + FRAME_PS - GAP_PS + 100000);
    ck_assert_uint_eq(link_pause_count(l, LINK_PAUSE_control_frames), 2);
    link_destroy(l);
}
END_TEST

/* Whatever happens to a link, its frames arrive in order, no two at a time, none during a pause; after it the bytes add
 * up.  'begun' frames are those whose start, seen from their arrival, is before the pause. */
START_TEST(link_pause__any_mixture)
{
    struct rng *rng = rng_create((uint64_t)_i + 1, "pause");
    struct link *l = make_link("a", 20000);
    struct { int64_t from, to; } pauses[400];
    int n_pauses = 0;
    uint64_t sent = 0, last_id = 0;
    int64_t paused_to = -1;
    for (int step = 0; step < 1500; step++) {
        int64_t now = engine_now(engine).ps;
        uint32_t what = rng_below(rng, 10);
        if (what < 6) {
            sim_dur after = sim_ns(300);
            sent += link_send_after(l, frame(60 + rng_below(rng, 1455)), after);
        } else if (what == 6 && n_pauses < 400) {
            int64_t d = rng_below(rng, 4) ? (int64_t)rng_below(rng, 8000) * 1000 : 0;
            if (n_pauses > 0 && pauses[n_pauses - 1].to > now) pauses[n_pauses - 1].to = now;
            if (d > 0) pauses[n_pauses++] = (__typeof__(pauses[0])){ now, now + d };
            link_pause(l, sim_ps(d));
            paused_to = now + d;
        }
        run_ps((int64_t)rng_below(rng, 1500) * 1000);
        ck_assert_int_le(link_queued_bytes(l), 20000);
    }
    run_ps(paused_to > 0 ? 1000000000 : 0);
    ck_assert_int_eq(link_queued_bytes(l), 0);
    ck_assert_uint_eq((uint64_t)n_seen, sent);
    for (int i = 0; i < n_seen; i++) {
        ck_assert(i == 0 || seen[i].id > last_id);
        last_id = seen[i].id;
        int64_t left = seen[i].at - 100000; /* its last bit */
        if (i > 0) ck_assert_int_ge(seen[i].at - seen[i - 1].at, PAUSE_PS);
        for (int k = 0; k < n_pauses; k++) /* no frame is short enough to begin in the pause and end in it */
            ck_assert(left <= pauses[k].from + FRAME_PS || left >= pauses[k].to + PAUSE_PS - GAP_PS);
    }
    packet_pool_check(pool);
    rng_destroy(rng);
    link_destroy(l);
}
END_TEST

static int64_t shown[64], taken_back;
static int n_shown;

static void tap(void *owner, const struct packet *p, sim_time start)
{
    (void)owner;
    if (p) {
        shown[n_shown++] = start.ps;
        return;
    }
    taken_back++;
    while (n_shown > 0 && shown[n_shown - 1] > start.ps) n_shown--;
}

START_TEST(link_pause__taps_are_told_of_the_new_start)
{
    struct link *l = make_link("a", 1 << 20);
    n_shown = 0;
    taken_back = 0;
    link_add_tap(l, tap, NULL);
    for (int i = 0; i < 3; i++) link_send(l, frame(FRAME));
    run_ps(100000);
    link_pause(l, sim_us(10));
    ck_assert_int_eq(n_shown, 1);
    run_ps(100000000);
    ck_assert_int_eq(n_shown, 3);
    ck_assert_int_eq(taken_back, 1);
    ck_assert_int_eq(shown[0], 0);
    ck_assert_int_eq(shown[1], 10100000);
    ck_assert_int_eq(shown[2], 10100000 + FRAME_PS);
    link_destroy(l);
}
END_TEST

/* -- switches ----------------------------------------------------------------------------------------------------- */

enum { PORTS = 3, HIGH = 12000, LOW = 6000 };
static struct link *up[PORTS], *down[PORTS];
static uint64_t pauses_seen[PORTS], got[PORTS];

/* A host that obeys. */
static void host(void *owner, struct packet *p)
{
    int port = (int)(intptr_t)owner;
    struct pause pause;
    if (pause_parse(p, &pause)) {
        pauses_seen[port]++;
        link_pause(up[port], pause_time(pause.quanta[0], sim_gbps(10)));
    } else {
        got[port]++;
    }
    packet_deliver(pool, p);
}

static struct ether_switch *make_switch(int64_t depth, bool pause)
{
    static const char *const names[2][PORTS] = { { "up0", "up1", "up2" }, { "down0", "down1", "down2" } };
    struct ether_switch *s = switch_create(engine, stats, pool, &(struct switch_config){ .name = "s",
                                                                                       .latency = sim_us(1) });
    memset(pauses_seen, 0, sizeof pauses_seen);
    memset(got, 0, sizeof got);
    for (int i = 0; i < PORTS; i++) {
        up[i] = make_link(names[0][i], 1 << 24);
        down[i] = make_link(names[1][i], depth);
        link_connect(down[i], (struct packet_sink){ host, (void *)(intptr_t)i });
        link_connect(up[i], switch_port_sink(s, switch_add_port(s, down[i])));
        switch_set_static(s, (struct mac_addr){ { 2, 0, 0, 0, 0, (uint8_t)i } }, 1, i);
    }
    if (pause) switch_set_pause(s, HIGH, LOW);
    return s;
}

static void destroy_switch(struct ether_switch *s)
{
    packet_pool_check(pool);
    switch_destroy(s);
    for (int i = 0; i < PORTS; i++) {
        link_destroy(up[i]);
        link_destroy(down[i]);
    }
}

static struct packet *to_port(int from, int to, uint32_t len)
{
    struct packet *p = frame(len);
    p->hdr[0] = p->hdr[6] = 2;
    p->hdr[5] = (uint8_t)to;
    p->hdr[11] = (uint8_t)from;
    return p;
}

/* Two ports send twice what the third can take: with room for what is under way, not one frame is lost, the wire never
 * rests, and both get half of it. */
START_TEST(switch_set_pause__overload_without_loss)
{
    enum { N = 2000, HEADROOM = 2 * (1538 + 125 + 1250) + 84 };
    struct ether_switch *s = make_switch(_i ? 2 * (HIGH + HEADROOM) : 2 * HIGH, _i);
    for (int i = 0; i < N; i++)
        for (int from = 1; from < 3; from++) link_send(up[from], to_port(from, 0, FRAME));
    run_ps((int64_t)N * FRAME_PS);
    if (_i) {
        ck_assert_uint_ge(got[0], N - 10);
        ck_assert_uint_gt(pauses_seen[1], 10);
        ck_assert_uint_gt(pauses_seen[2], 10);
        ck_assert_int_le(llabs(link_queued_bytes(up[1]) - link_queued_bytes(up[2])), 4 * 1538 + HIGH);
    }
    run_ps((int64_t)(N + 100) * FRAME_PS);
    uint64_t lost = packet_pool_ledger(pool)->dropped[DROP_LINK_FULL];
    ck_assert_uint_eq(got[0] + lost, 2 * N);
    if (_i)
        ck_assert_uint_eq(lost, 0);
    else
        ck_assert_uint_gt(lost, N / 2);
    ck_assert_uint_eq(got[1] + got[2], 0);
    destroy_switch(s);
}
END_TEST

/* A host's PAUSE stops the switch; what is meant for it then backs up to the sender. */
START_TEST(switch_set_pause__obeys_and_passes_it_on)
{
    struct ether_switch *s = make_switch(1 << 20, true);
    struct pause stop = { .quanta = { 65535 } }, go = { 0 };
    const struct mac_addr src = { { 2, 0, 0, 0, 0, 0 } };
    link_send_control(up[0], pause_frame(pool, engine_now(engine), src, &stop));
    run_ps(2000000);
    for (int i = 0; i < 50; i++) link_send(up[1], to_port(1, 0, FRAME));
    run_ps(200000000);
    ck_assert_uint_eq(got[0], 0);
    ck_assert_uint_eq(pauses_seen[1], 1);
    ck_assert_int_ge(link_queued_bytes(up[1]), 40 * 1518);
    ck_assert_int_le(link_queued_bytes(down[0]), HIGH + 3 * 1518);
    link_send_control(up[0], pause_frame(pool, engine_now(engine), src, &go));
    run_ps(200000000);
    ck_assert_uint_eq(got[0], 50);
    ck_assert_uint_eq(packet_pool_ledger(pool)->dropped[DROP_SWITCH_RESERVED], 0);
    destroy_switch(s);
}
END_TEST

/* A partner that stays stopped is told again before its time is over. */
START_TEST(switch_set_pause__refreshes)
{
    struct ether_switch *s = make_switch(1 << 20, true);
    link_pause(down[0], sim_ms(20));
    for (int i = 0; i < 50; i++) link_send(up[1], to_port(1, 0, FRAME));
    run_ps(19000000000);
    ck_assert_uint_ge(pauses_seen[1], 19 * 2 / 4);
    ck_assert(link_is_paused(up[1]));
    run_ps(4000000000);
    ck_assert_uint_eq(got[0], 50);
    ck_assert(!link_is_paused(up[1]));
    destroy_switch(s);
}
END_TEST

/* -- the card ----------------------------------------------------------------------------------------------------- */

static struct nic_rig rig;

static void card_setup(void)
{
    nic_rig_init(&rig, NULL);
}

static void card_teardown(void)
{
    nic_rig_fini(&rig);
}

static void flow_control(uint32_t high, uint32_t low, uint32_t time, uint32_t left, bool xon)
{
    nic_rig_write(&rig, NIC_OFFSET(FCTTV, 0), time);
    nic_rig_write(&rig, NIC_OFFSET(FCRTV, 0), left);
    nic_rig_write(&rig, NIC_OFFSET(FCRTL, 0), low | (xon ? NIC_MASK(FCRTL_XONE) : 0));
    nic_rig_write(&rig, NIC_OFFSET(FCRTH, 0), high | NIC_MASK(FCRTH_FCEN));
    nic_rig_write(&rig, NIC_OFFSET(RMCS, 0), NIC_MASK(RMCS_TFCE_802_3X));
}

static uint32_t reg(uint32_t offset)
{
    return nic_rig_read(&rig, offset);
}

/* The quanta of the next PAUSE frame that left; -1: none did. */
static int next_pause(void)
{
    struct pause pause;
    struct packet *p = packet_queue_pop(&rig.sent);
    if (!p) return -1;
    ck_assert(pause_parse(p, &pause) && !pause.priority);
    ck_assert_mem_eq(p->hdr + 6, nic_rig_mac.byte, 6);
    packet_deliver(rig.pool, p);
    return pause.quanta[0];
}

/* Frames into a ring without descriptors stay in the packet buffer: XOFF above FCRTH, again when FCRTV is left, XON
 * once they are gone. */
START_TEST(nic_pause__thresholds_refresh_and_xon)
{
    struct nic_ring ring = nic_rig_rx(&rig, 0, 64, 0, 2, false, 0);
    nic_rig_rx_start(&rig, 2, false);
    flow_control(8000, 4000, 1000, 600, true);
    for (int i = 0; i < 5; i++) nic_receive(rig.nic, nic_rig_frame(&rig, nic_rig_mac, IPPROTO_TCP_, 1, FRAME));
    nic_rig_run_ns(&rig, 1000);
    ck_assert_int_eq(next_pause(), -1);             /* 7570 bytes */
    nic_receive(rig.nic, nic_rig_frame(&rig, nic_rig_mac, IPPROTO_TCP_, 1, FRAME));
    nic_rig_run_ns(&rig, 1000);
    ck_assert_int_eq(next_pause(), 1000);
    ck_assert_int_eq(next_pause(), -1);
    nic_rig_run_ns(&rig, 400 * 512 / 10 + 100 - 1000); /* 400 quanta after the first */
    ck_assert_int_eq(next_pause(), 1000);
    nic_rig_write(&rig, NIC_OFFSET(RDT, 0), 63);
    nic_rig_run_ns(&rig, 20000);
    ck_assert_int_eq(next_pause(), 0);
    nic_rig_run_ns(&rig, 1000000);
    ck_assert_int_eq(next_pause(), -1);
    ck_assert_uint_eq(reg(NIC_OFFSET(LXOFFTXC, 0)), 2);
    ck_assert_uint_eq(reg(NIC_OFFSET(LXONTXC, 0)), 1);
    ck_assert_uint_eq(reg(NIC_OFFSET(GPTC, 0)), 3);  /* PAUSE frames are in these, as drivers know */
    ck_assert_uint_eq(reg(NIC_OFFSET(PTC64, 0)), 3);
    ck_assert_uint_eq(reg(NIC_OFFSET(MPTC, 0)), 3);
    ck_assert_uint_eq(reg(NIC_OFFSET(GOTCH, 0)), 3 * 64);
    ck_assert_uint_eq(reg(NIC_OFFSET(QPTC, 0)), 0);
    (void)ring;
}
END_TEST

START_TEST(nic_pause__without_xone_the_partner_waits_its_time)
{
    nic_rig_rx(&rig, 0, 64, 0, 2, false, 0);
    nic_rig_rx_start(&rig, 2, false);
    flow_control(1600, 100, 1000, 0, false);
    for (int i = 0; i < 2; i++) nic_receive(rig.nic, nic_rig_frame(&rig, nic_rig_mac, IPPROTO_TCP_, 1, FRAME));
    nic_rig_write(&rig, NIC_OFFSET(RDT, 0), 63);
    nic_rig_run_ns(&rig, 200000);
    ck_assert_int_eq(next_pause(), 1000);
    ck_assert_int_eq(next_pause(), -1);
    nic_rig_write(&rig, NIC_OFFSET(RMCS, 0), 0); /* off: nothing more */
    for (int i = 0; i < 80; i++) nic_receive(rig.nic, nic_rig_frame(&rig, nic_rig_mac, IPPROTO_TCP_, 1, FRAME));
    nic_rig_run_ns(&rig, 200000);
    ck_assert_int_eq(next_pause(), -1);
}
END_TEST

static void tell(uint16_t quanta, const struct mac_addr *dst)
{
    struct pause pause = { .quanta = { quanta } };
    struct packet *p = pause_frame(rig.pool, engine_now(rig.engine), (struct mac_addr){ { 2 } }, &pause);
    if (dst) memcpy(p->hdr, dst->byte, 6);
    nic_receive(rig.nic, p);
}

/* 100 frames are ready; XOFF comes in the middle of one. */
START_TEST(nic_pause__transmit_stops_after_the_current_frame)
{
    struct nic_ring ring = nic_rig_tx(&rig, 0, 128, 0);
    uint8_t *bytes;
    bus_addr data = memory_map_bytes(rig.memory, 4096, 0, &bytes);
    memset(bytes, 0x22, 14);
    nic_rig_rx_start(&rig, 2, false);
    nic_rig_write(&rig, NIC_OFFSET(FCTRL, 0), NIC_MASK(FCTRL_BAM) | NIC_MASK(FCTRL_DPF) | NIC_MASK(FCTRL_RFCE));
    for (int i = 0; i < 100; i++)
        ring.desc[i] = (struct nic_desc){ { data, FRAME | 3ull << 20 | 0x2bull << 24 | (uint64_t)FRAME << 46 } };
    rig.discard = true;
    nic_rig_write(&rig, NIC_OFFSET(TDT, 0), 100);
    while (rig.n_sent < 20) ck_assert(engine_step(rig.engine, SIM_TIME_MAX));
    nic_rig_run_ns(&rig, 600);
    tell(1000, NULL); /* 51.2 us */
    ck_assert(reg(NIC_OFFSET(TFCS, 0)) & NIC_MASK(TFCS_TXOFF));
    nic_rig_run_ns(&rig, 51000);
    ck_assert_uint_eq(rig.n_sent, 21);
    nic_rig_run_ns(&rig, 200 + 1231);
    ck_assert_uint_eq(rig.n_sent, 22);
    ck_assert(!(reg(NIC_OFFSET(TFCS, 0)) & NIC_MASK(TFCS_TXOFF)));
    tell(65535, NULL);
    nic_rig_run_ns(&rig, 100000);
    ck_assert_uint_le(rig.n_sent, 24);
    tell(0, NULL);
    nic_rig_run_ns(&rig, 100 * 1231);
    ck_assert_uint_eq(rig.n_sent, 100);
    ck_assert_uint_eq(reg(NIC_OFFSET(LXOFFRXC, 0)), 2);
    ck_assert_uint_eq(reg(NIC_OFFSET(LXONRXC, 0)), 1);
}
END_TEST

START_TEST(nic_pause__only_valid_frames_and_only_with_rfce)
{
    const struct mac_addr other = { { 1, 0x80, 0xc2, 0, 0, 2 } };
    nic_rig_rx(&rig, 0, 64, 63, 2, false, 0);
    nic_rig_rx_start(&rig, 2, false);
    tell(1000, NULL);
    ck_assert(!link_is_paused(rig.wire)); /* RFCE is clear */
    nic_rig_write(&rig, NIC_OFFSET(FCTRL, 0), NIC_MASK(FCTRL_RFCE));
    tell(1000, &other);
    ck_assert(!link_is_paused(rig.wire));
    tell(1000, &nic_rig_mac); /* the card's own address will do */
    ck_assert(link_is_paused(rig.wire));
    nic_rig_run_ns(&rig, 5000);
    ck_assert_uint_eq(nic_counter(rig.nic, NIC_rx_packets), 1); /* that one went to the host as well: DPF is clear */
    nic_rig_write(&rig, NIC_OFFSET(CTRL, 0), NIC_MASK(CTRL_RST));
    ck_assert(!link_is_paused(rig.wire));
}
END_TEST

/* DPF keeps PAUSE frames from the host, PMCF lets other MAC control frames through. */
START_TEST(nic_pause__dpf_and_pmcf)
{
    static const uint32_t fctrl[] = { 0, 1u << 12, 1u << 13, 3u << 12 };
    nic_rig_rx(&rig, 0, 64, 63, 2, false, 0);
    nic_rig_rx_start(&rig, 2, false);
    for (unsigned i = 0; i < 4; i++) {
        uint64_t before = nic_counter(rig.nic, NIC_rx_packets);
        nic_rig_write(&rig, NIC_OFFSET(FCTRL, 0), fctrl[i] | NIC_MASK(FCTRL_MPE));
        tell(0, NULL);
        nic_rig_run_ns(&rig, 5000);
        ck_assert_uint_eq(nic_counter(rig.nic, NIC_rx_packets) - before, i < 2);
        before = nic_counter(rig.nic, NIC_rx_packets);
        struct packet *p = nic_rig_frame(&rig, nic_rig_mac, IPPROTO_TCP_, 1, 100);
        put_be16(p->hdr + 12, 0x8808);
        p->l3 = p->l4 = 0;
        nic_receive(rig.nic, p);
        nic_rig_run_ns(&rig, 5000);
        ck_assert_uint_eq(nic_counter(rig.nic, NIC_rx_packets) - before, i % 2);
    }
}
END_TEST

Suite *pause_suite(void)
{
    Suite *s = suite_create("pause");
    TCase *t = tcase_create("wires");
    tcase_add_checked_fixture(t, setup, teardown);
    tcase_add_test(t, pause_parse__what_pause_frame_wrote);
    tcase_add_test(t, link_pause__current_frame_is_finished_and_no_other_begins);
    tcase_add_test(t, link_pause__can_be_prolonged_and_ended);
    tcase_add_test(t, link_pause__the_queue_still_has_a_limit_and_goes_down_with_the_link);
    tcase_add_test(t, link_send_control__goes_first);
    tcase_add_loop_test(t, link_pause__any_mixture, 0, 8);
    tcase_add_test(t, link_pause__taps_are_told_of_the_new_start);
    tcase_add_loop_test(t, switch_set_pause__overload_without_loss, 0, 2);
    tcase_add_test(t, switch_set_pause__obeys_and_passes_it_on);
    tcase_add_test(t, switch_set_pause__refreshes);
    suite_add_tcase(s, t);
    t = tcase_create("card");
    tcase_add_checked_fixture(t, card_setup, card_teardown);
    tcase_add_test(t, nic_pause__thresholds_refresh_and_xon);
    tcase_add_test(t, nic_pause__without_xone_the_partner_waits_its_time);
    tcase_add_test(t, nic_pause__transmit_stops_after_the_current_frame);
    tcase_add_test(t, nic_pause__only_valid_frames_and_only_with_rfce);
    tcase_add_test(t, nic_pause__dpf_and_pmcf);
    suite_add_tcase(s, t);
    return s;
}
