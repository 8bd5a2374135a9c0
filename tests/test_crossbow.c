/* SPDX-License-Identifier: GPL-3.0-or-later
 * test_crossbow.c -- the stack on its card: who gets which rings and CPUs, tags, full rings, locks that are taken.
 *
 *     applications - sockets - crossbow - ixgbe - 82598 -- wire ----> light host
 *                                                    ^---- back <----           */
#include "stack/crossbow.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "core/rng.h"
#include "driver/ixgbe.h"
#include "endpoint/generator.h"
#include "endpoint/light.h"
#include "endpoint/uperf.h"
#include "lanes/plan.h"
#include "machine_rig.h"
#include "net/link.h"
#include "nicmodel/nic82598.h"
#include "suites.h"

enum { OURS = 0x0a000001, THEIRS = 0x0a000064, FLOWS_MAX = 65536 };

struct setting {
    int sockets, cores;
    int groups, rings, shared, tx_rings;
    bool primary, lso, poll, harpertown;
    uint32_t tx_descs;
    int32_t itr_units;
    int vlan;                 /* of the light host */
    sim_rate rate;
    struct lane_tunables lane;
};

static struct rig rig;
static struct cost_profile *profile;
static struct pcie *bus;
static struct nic *nic;
static struct link *wire, *back;
static struct rng *rng;
static struct ixgbe *driver;
static struct sockets *sockets;
static struct stack *stack;
static struct light *peer;
static struct uperf *apps[8];
static int n_apps;
static struct generator *generator;

/* What passes on the wire. */
static uint32_t next_seq[FLOWS_MAX];
static uint64_t frames, tagged[4096], untagged, out_of_order;

static struct mac_addr mac(uint32_t ip)
{
    return (struct mac_addr){ { 2, 0, 0, 0, 0, (uint8_t)ip } };
}

static bool resolve(void *owner, uint32_t ip, struct mac_addr *to)
{
    (void)owner;
    *to = mac(ip);
    return true;
}

static bool resolve_light(void *owner, uint32_t ip, int link, struct mac_addr *to, int *vlan)
{
    (void)link;
    *vlan = *(int *)owner;
    return resolve(NULL, ip, to);
}

static void to_back(void *owner, struct packet *p)
{
    (void)owner;
    link_send(back, p);
}

static void look(void *owner, const struct packet *p, sim_time start)
{
    (void)owner, (void)start;
    int vid = headers_vlan(p);
    frames++;
    if (vid < 0)
        untagged++;
    else
        tagged[vid & 4095]++;
    if (headers_ip_protocol(p) != IPPROTO_TCP_) return;
    uint32_t seq = get_be32(p->hdr + p->l4 + 4), bytes = p->len - p->payload;
    uint32_t *next = &next_seq[(get_be16(p->hdr + p->l4) * 31u + get_be16(p->hdr + p->l4 + 2)) % FLOWS_MAX];
    if (*next && bytes && seq != *next) out_of_order++;
    if (bytes) *next = seq + bytes;
}

static enum step_result rx_ready(void *owner, int ring)
{
    (void)owner;
    return stack_rx_ready(stack, 0, ring);
}

static void tx_update(void *owner, int ring)
{
    (void)owner;
    stack_tx_update(stack, 0, ring);
}

static uint64_t held(const void *owner)
{
    (void)owner;
    return stack_held(stack) + sockets_held(sockets);
}

static struct setting usual(void)
{
    return (struct setting){ .sockets = 2, .cores = 4, .groups = 1, .rings = 4, .shared = -1, .tx_rings = 1,
                             .primary = true, .lso = true, .poll = true, .itr_units = -1, .vlan = -1,
                             .rate = sim_gbps(10), .lane = lane_tunables_default() };
}

static struct tcp_config tcp_of(const struct setting *s)
{
    struct tcp_config c = tcp_config_solaris();
    if (!s->lso) c.lso_max_bytes = 0;
    return c;
}

static void make_card(const struct setting *s)
{
    struct pcie_config slot = pcie_config_gen1_x8();
    bus = pcie_create(rig.engine, rig.stats, "slot", &slot);
    nic = nic_create(rig.engine, rig.stats, rig.pool, bus, machine_memory(rig.m),
                     &(struct nic_config){ .name = "nic", .device_id = 0x10c6, .mac = mac(OURS) });
    nic_set_wire(nic, wire);
    rng = rng_create(1, "nic");
    driver = ixgbe_create(&(struct ixgbe_config){
        .name = "m/net0", .machine = rig.m, .pcie = bus, .pool = rig.pool, .stats = rig.stats,
        .device = { nic, nic_reg_read, nic_reg_write, nic_set_vector, NULL },
        .callbacks = { .rx_ready = rx_ready, .tx_update = tx_update },
        .groups = s->groups, .rings_per_group = s->rings, .tx_rings = s->tx_rings, .tx_descs = s->tx_descs,
        .itr_units = s->itr_units, .rng = rng });
}

static void set_up(struct setting s)
{
    struct tcp_config tcp = tcp_of(&s);
    static int vlan;
    vlan = s.vlan;
    n_apps = 0;
    generator = NULL;
    profile = NULL;
    frames = untagged = out_of_order = 0;
    memset(tagged, 0, sizeof tagged);
    memset(next_seq, 0, sizeof next_seq);
    rig_init(&rig);
    if (s.harpertown) {
        struct errors errors;
        errors_init(&errors);
        profile = cost_profile_load("scenarios/profiles/harpertown-2.8.yaml", &errors);
        ck_assert_ptr_nonnull(profile);
        errors_fini(&errors);
        rig.profile = *profile;
    } else {
        rig_price(&rig, COST_TCP_RX_DATA, 500);
        rig_price(&rig, COST_DRV_RX_PACKET, 100);
        rig_price(&rig, COST_DRV_TX_PACKET, 300);
        rig_price(&rig, COST_MUTEX_ENTER, 20);
    }
    rig_start(&rig, s.sockets, s.cores, sim_ms(1));
    wire = link_create(rig.engine, rig.stats, rig.pool, &(struct link_config){ "wire", s.rate, sim_us(1), 16384 });
    back = link_create(rig.engine, rig.stats, rig.pool, &(struct link_config){ "back", s.rate, sim_us(1), 1 << 24 });
    make_card(&s);
    sockets = sockets_create(&(struct sockets_config){ .machine = rig.m, .pool = rig.pool, .stats = rig.stats,
                             .seed = 1, .tcp = tcp, .resolve = resolve });
    stack = crossbow_create(&(struct crossbow_config){ .machine = rig.m, .pool = rig.pool, .stats = rig.stats,
                            .sockets = sockets, .lane = s.lane, .rx_bypass = true });
    stack_add_nic(stack, &(struct stack_nic_config){ .name = "net0", .dev = ixgbe_netdev(driver), .primary = s.primary,
                  .shared_group = s.shared, .link_mbps = 10000, .clock_hz = 1000000000 });
    peer = light_create(rig.engine, rig.pool, rig.stats,
                        &(struct light_config){ "peer", 1, tcp, resolve_light, &vlan });
    light_add_link(peer, &(struct light_link_config){ "nic0", mac(THEIRS), THEIRS, s.vlan, 1500, { to_back, NULL } });
    link_connect(wire, light_sink(peer, 0));
    link_connect(back, (struct packet_sink){ nic_receive, nic });
    link_add_tap(wire, look, NULL);
    packet_pool_add_holder(rig.pool, held, NULL);
}

/* Link number 'index' from 0: the card's own, or a VNIC with address OURS + index. */
static struct stack_link_config link_of(int index, int group, int lanes)
{
    static const char *const names[] = { "net0", "vnic1", "vnic2", "vnic3" };
    return (struct stack_link_config){ .name = names[index], .mac = mac(OURS + (uint32_t)index),
        .ip = OURS + (uint32_t)index, .mtu_bytes = 1500, .group = group, .lanes = lanes, .fanout = 1, .poll = true,
        .tx_rings = ixgbe_netdev(driver)->limits.tx_rings };
}

static void add_link(struct stack_link_config config, int index, bool own)
{
    ck_assert_ptr_null(stack_link_problem(stack, &config));
    stack_add_link(stack, 0, &config);
    if (own) return;
    ck_assert_int_eq(ixgbe_add_mac(driver, config.group < 0 ? 0 : config.group, mac(OURS + (uint32_t)index)), 0);
}

static void teardown(void)
{
    packet_pool_check(rig.pool);
    stack_check(stack);
    generator_destroy(generator);
    for (int i = 0; i < n_apps; i++) uperf_destroy(apps[i]);
    stack_destroy(stack);
    sockets_destroy(sockets);
    light_destroy(peer);
    ixgbe_destroy(driver);
    nic_destroy(nic);
    link_destroy(wire);
    link_destroy(back);
    pcie_destroy(bus);
    rng_destroy(rng);
    rig_fini(&rig);
    cost_profile_destroy(profile);
}

/* Connections between our link number 'index' and the light host that send for 'us' microseconds. */
static struct uperf *traffic(bool from_us, int index, int streams, int64_t us)
{
    static const char *const names[] = { "net0", "vnic1", "vnic2", "vnic3" };
    char name[32];
    struct uperf_config c = uperf_config_default();
    snprintf(name, sizeof name, "app%d", n_apps);
    c.name = name;
    c.seed = 1;
    c.master = from_us ? sockets_host(sockets) : light_host(peer);
    c.slave = from_us ? light_host(peer) : sockets_host(sockets);
    c.via = from_us ? names[index] : "nic0";
    c.slave_addr = (struct host_addr){ from_us ? THEIRS : OURS + (uint32_t)index, (uint16_t)(20000 + n_apps) };
    c.streams = streams;
    c.jitter = sim_us(100);
    c.stop = (sim_time){ sim_us(us).ps };
    apps[n_apps] = uperf_create(rig.engine, rig.stats, &c);
    ck_assert_ptr_nonnull(apps[n_apps]);
    return apps[n_apps++];
}

static void flood(uint32_t to, int64_t frames_per_s, int flows, int64_t stop_us)
{
    struct generator_config c = generator_config_default();
    c.name = "flood";
    c.host = peer;
    c.to = (struct host_addr){ to, 9000 };
    c.flows = flows;
    c.pace.rate_value = frames_per_s;
    c.stop = (sim_time){ sim_us(stop_us).ps };
    generator = generator_create(rig.engine, rig.stats, &c);
    ck_assert_ptr_nonnull(generator);
    sockets_udp_sink(sockets, 9000);
}

static void run_us(int64_t us)
{
    engine_run(rig.engine, (sim_time){ sim_us(us).ps });
}

static uint64_t sum(const char *kind, const char *prefix, const char *name)
{
    uint64_t total = 0;
    for (size_t i = 0; i < stats_count(rig.stats); i++) {
        const struct stats_block *b = stats_get(rig.stats, i);
        if (strcmp(b->kind, kind) || strncmp(b->entity, prefix, strlen(prefix))) continue;
        for (size_t k = 0; k < b->count; k++)
            if (strcmp(b->names[k], name) == 0) total += b->values[k];
    }
    return total;
}

static uint64_t dropped(enum drop_reason why)
{
    return packet_pool_ledger(rig.pool)->dropped[why];
}

static uint64_t work_ps(int cpu)
{
    char name[32];
    snprintf(name, sizeof name, "m/cpu%d", cpu);
    machine_account(rig.m);
    return sum("cpu", name, "usr_ps") + sum("cpu", name, "sys_ps") + sum("cpu", name, "intr_ps");
}

/* -- who gets what ------------------------------------------------------------------------------------------------- */

/* The stack's own words on its lanes; to free. */
static char *printed(void)
{
    char *text = NULL;
    size_t size = 0;
    FILE *out = open_memstream(&text, &size);
    ck_assert_ptr_nonnull(out);
    stack_print(stack, out);
    fclose(out);
    return text;
}

static void expect_line(const char *text, const char *lane, int ring, int poll, int worker, const char *soft)
{
    char want[64];
    const char *at = strstr(text, lane);
    ck_assert_msg(at != NULL, "no %s in\n%s", lane, text);
    char *line = strndup(at, strcspn(at, "\n"));
    if (ring >= 0) {
        snprintf(want, sizeof want, "ring %-3d poll cpu %-3d ", ring, poll);
        ck_assert_msg(strstr(line, want) != NULL, "'%s' is not in '%s'", want, line);
    }
    snprintf(want, sizeof want, "worker cpu %-3d softrings on cpu %s", worker, soft);
    ck_assert_msg(strstr(line, want) != NULL, "'%s' is not in '%s'", want, line);
    free(line);
}

/* A CPU for each softring set, then one for the poll thread, the software lane first. */
START_TEST(crossbow_add_link__lanes_walk_the_cpus)
{
    set_up(usual());
    add_link(link_of(0, 0, 4), 0, true);
    char *text = printed();
    expect_line(text, "swlane0", -1, 0, 1, "0");
    expect_line(text, "hwlane0", 0, 3, 3, "2");
    expect_line(text, "hwlane1", 1, 5, 5, "4");
    expect_line(text, "hwlane2", 2, 7, 7, "6");
    expect_line(text, "hwlane3", 3, 1, 1, "0");
    free(text);
    teardown();
}
END_TEST

START_TEST(crossbow_add_link__users_cpus_and_no_others)
{
    static const int cpus[] = { 3, 6 };
    struct setting s = usual();
    s.rings = 2;
    set_up(s);
    struct stack_link_config l = link_of(0, 0, 2);
    l.cpus = cpus;
    l.cpu_count = 2;
    l.fanout = 0;
    add_link(l, 0, true);
    char *text = printed();
    expect_line(text, "hwlane0", 0, 3, 3, "3");
    expect_line(text, "hwlane1", 1, 6, 6, "6");
    free(text);
    stack_start(stack);
    run_us(100);
    uint64_t before[8];
    for (int i = 0; i < 8; i++) before[i] = work_ps(i);
    flood(OURS, 200000, 16, 5000);
    run_us(6000);
    for (int i = 0; i < 8; i++) {
        uint64_t worked = work_ps(i) - before[i];
        if (i == 3 || i == 6)
            ck_assert_uint_gt(worked, 100000);
        else
            ck_assert_uint_eq(worked, 0);
    }
    ck_assert_uint_eq(sum("sockets", "m", "udp_packets"), generator_frames(generator));
    teardown();
}
END_TEST

/* With CPUs enough the last one is the transmit ring's: its worker, and its interrupt with it (7.7, 7.15). */
START_TEST(crossbow_add_link__users_cpus_for_transmit)
{
    static const int cpus[] = { 2, 3, 6 };
    struct setting s = usual();
    s.rings = 1;
    set_up(s);
    struct stack_link_config l = link_of(0, 0, 1);
    l.cpus = cpus;
    l.cpu_count = 3;
    l.fanout = 0;
    add_link(l, 0, true);
    char *text = printed();
    expect_line(text, "hwlane0", 0, 2, 2, "3");
    ck_assert_ptr_nonnull(strstr(text, "worker and interrupt cpu 6"));
    free(text);
    stack_start(stack);
    run_us(100);
    uint64_t before = rig_cpu(&rig, 6, "intr"), elsewhere = rig_cpu(&rig, 1, "intr");
    traffic(true, 0, 4, 2000);
    run_us(3000);
    ck_assert_uint_gt(rig_cpu(&rig, 6, "intr"), before);
    ck_assert_uint_eq(rig_cpu(&rig, 1, "intr"), elsewhere);
    teardown();
}
END_TEST

START_TEST(crossbow_link_problem__says_what_cannot_be)
{
    set_up(usual());
    int cpus[LANE_PLAN_MAX_CPUS + 1] = { 0 };
    struct stack_link_config l = link_of(0, 0, 4);
    ck_assert_ptr_null(stack_link_problem(stack, &l));
    l.cpus = cpus;
    l.cpu_count = 2;
    ck_assert_ptr_nonnull(strstr(stack_link_problem(stack, &l), "fanout"));
    l.fanout = 0;
    ck_assert_ptr_null(stack_link_problem(stack, &l));
    l.cpu_count = LANE_PLAN_MAX_CPUS + 1;
    ck_assert_ptr_nonnull(strstr(stack_link_problem(stack, &l), "126 CPUs"));
    l.cpu_count = 0;
    l.lanes = 17;
    ck_assert_ptr_nonnull(strstr(stack_link_problem(stack, &l), "16 lanes"));
    teardown();
}
END_TEST

/* A VNIC with rings of its own, one without, and the card's own link beside them. */
START_TEST(crossbow_rx_ready__frames_reach_the_link_they_are_for)
{
    struct setting s = usual();
    s.groups = 2;
    s.rings = 2;
    s.shared = 0;
    set_up(s);
    add_link(link_of(0, -1, 1), 0, true);
    add_link(link_of(1, 1, 2), 1, false);
    add_link(link_of(2, -1, 1), 2, false);
    stack_start(stack);
    for (int i = 0; i < 3; i++) traffic(false, i, 4, 4000);
    run_us(20000);
    for (int i = 0; i < 3; i++) {
        ck_assert_uint_gt(uperf_written_bytes(apps[i]), 200000);
        ck_assert_uint_eq(uperf_written_bytes(apps[i]), uperf_read_bytes(apps[i]));
    }
    ck_assert_uint_gt(sum("lane", "m/net0/swlane0", "ipackets"), 100);
    ck_assert_uint_eq(sum("lane", "m/vnic1/swlane0", "ipackets"), 0);
    ck_assert_uint_gt(sum("lane", "m/vnic1/hwlane", "ipackets"), 100);
    ck_assert_uint_gt(sum("lane", "m/vnic2/swlane0", "ipackets"), 100);
    ck_assert_uint_eq(sum("ixgbe_rx", "m/net0", "packets"), sum("lane", "m/", "ipackets"));
    ck_assert_uint_eq(sum("lane", "m/", "ipackets"), sum("sockets", "m", "rx_packets"));
    teardown();
}
END_TEST

START_TEST(crossbow_rx_ready__strangers_frames_are_dropped_by_name)
{
    struct setting s = usual();
    s.shared = 0;
    set_up(s);
    add_link(link_of(0, -1, 1), 0, true);
    add_link(link_of(1, -1, 1), 1, false);
    ixgbe_set_promisc(driver, true);
    stack_start(stack);
    flood(OURS + 77, 100000, 4, 2000);
    run_us(4000);
    ck_assert_uint_eq(dropped(DROP_NO_CLIENT), generator_frames(generator));
    teardown();
}
END_TEST

START_TEST(crossbow_rx_ready__backlog_above_high_water_is_dropped_by_name)
{
    struct setting s = usual();
    s.rings = 1;
    s.lane.hiwat_pkts = 8;
    set_up(s);
    struct stack_link_config l = link_of(0, 0, 1);
    l.poll = false;
    add_link(l, 0, true);
    stack_start(stack);
    flood(OURS, 8000000, 4, 2000);
    run_us(30000);
    uint64_t lost = sum("lane", "m/", "rxsdrops");
    ck_assert_uint_gt(lost, 100);
    ck_assert_uint_eq(lost, dropped(DROP_LANE_RX));
    uint64_t got = sum("sockets", "m", "udp_packets");
    ck_assert_uint_eq(got + lost + dropped(DROP_NIC_MISSED), generator_frames(generator));
    ck_assert_uint_eq(stack_held(stack), 0);
    teardown();
}
END_TEST

/* -- transmit ------------------------------------------------------------------------------------------------------ */

START_TEST(crossbow_transmit__one_connection_one_ring)
{
    struct setting s = usual();
    s.tx_rings = 4;
    set_up(s);
    add_link(link_of(0, 0, 4), 0, true);
    stack_start(stack);
    struct uperf *out = traffic(true, 0, 40, 6000);
    run_us(200000);
    ck_assert_uint_eq(uperf_written_bytes(out), uperf_read_bytes(out));
    for (int i = 0; i < 4; i++) {
        char name[32];
        snprintf(name, sizeof name, "m/net0/tx%d", i);
        ck_assert_uint_gt(sum("ixgbe_tx", name, "packets"), 50);
    }
    ck_assert_uint_eq(sum("txlane", "m/net0/txlane", "opackets"), sum("ixgbe_tx", "m/net0", "packets"));
    ck_assert_uint_eq(out_of_order, 0);
    teardown();
}
END_TEST

/* Every frame has the link's tag, once, also those that met a full ring and came again. */
START_TEST(crossbow_transmit__vlan_tag_is_added_once)
{
    for (int own = 0; own < 2; own++) {
        struct setting s = usual();
        s.groups = 2;
        s.shared = 0;
        s.primary = own;
        s.tx_descs = 64;
        s.lso = false;
        s.vlan = 10;
        set_up(s);
        struct stack_link_config l = link_of(1, 1, 4);
        l.vlan = 10;
        if (own) add_link(link_of(0, -1, 1), 0, true);
        add_link(l, 1, false);
        stack_start(stack);
        struct uperf *out = traffic(true, 1, 16, 3000), *in = traffic(false, 1, 4, 3000);
        run_us(100000);
        ck_assert_uint_gt(sum("ixgbe_tx", "m/", "full"), 0);
        ck_assert_uint_gt(uperf_written_bytes(out), 500000);
        ck_assert_uint_eq(uperf_written_bytes(out), uperf_read_bytes(out));
        ck_assert_uint_eq(uperf_written_bytes(in), uperf_read_bytes(in));
        ck_assert_uint_gt(tagged[10], 500);
        ck_assert_uint_eq(tagged[10], frames);
        ck_assert_uint_eq(dropped(DROP_LANE_TX), 0);
        ck_assert_uint_eq(out_of_order, 0);
        teardown();
    }
}
END_TEST

/* A slow wire behind a short ring: packets queue in the lane, the worker waits for descriptors, writers are told to
 * stop above a thousand packets, and all goes on when there is room. */
START_TEST(crossbow_transmit__full_ring_stops_writers_and_lets_them_go)
{
    struct setting s = usual();
    s.tx_descs = 64;
    s.lso = false;
    s.rate = (sim_rate){ 500000000 };
    set_up(s);
    add_link(link_of(0, 0, 4), 0, true);
    stack_start(stack);
    struct uperf *out = traffic(true, 0, 100, 300000);
    run_us(6000000);
    ck_assert_uint_gt(sum("ixgbe_tx", "m/", "full"), 10);
    ck_assert_uint_gt(sum("sockets", "m", "flow_control"), 10);
    ck_assert_uint_gt(sum("txlane", "m/", "blockcnt"), 10);
    ck_assert_uint_eq(sum("txlane", "m/", "blockcnt"), sum("txlane", "m/", "unblockcnt"));
    ck_assert_uint_eq(uperf_written_bytes(out), uperf_read_bytes(out));
    ck_assert_uint_eq(out_of_order, 0);
    ck_assert_uint_eq(stack_held(stack), 0);
    teardown();
}
END_TEST

/* Interrupts stop threads inside the driver; others that come to its lock leave their packets to the retry thread. */
START_TEST(crossbow_transmit__packets_that_met_a_lock_keep_their_order)
{
    struct setting s = usual();
    s.lso = false;
    s.itr_units = 0;
    set_up(s);
    add_link(link_of(0, 0, 4), 0, true);
    stack_start(stack);
    struct uperf *out = traffic(true, 0, 16, 4000);
    flood(OURS, 1500000, 32, 5000);
    run_us(200000);
    ck_assert_uint_gt(sum("ixgbe_tx", "m/", "blocked"), 0);
    ck_assert_uint_gt(uperf_written_bytes(out), 500000);
    ck_assert_uint_eq(uperf_written_bytes(out), uperf_read_bytes(out));
    ck_assert_uint_eq(out_of_order, 0);
    teardown();
}
END_TEST

/* -- the approximation of steps ------------------------------------------------------------------------------------ */

/* A step's code runs at its start, so longer steps look at the world earlier than they should.  Half and twice the
 * usual 32 packets: the same work comes out, within a few per cent. */
START_TEST(crossbow__length_of_steps_hardly_matters)
{
    static const uint32_t lengths[] = { 32, 16, 64 };
    double bytes[3], polls[3];
    for (int i = 0; i < 3; i++) {
        struct setting s = usual();
        s.harpertown = true;
        s.lane.step_pkts = lengths[i];
        set_up(s);
        add_link(link_of(0, 0, 4), 0, true);
        stack_start(stack);
        struct uperf *in = traffic(false, 0, 20, 100000), *out = traffic(true, 0, 20, 100000);
        run_us(40000);
        bytes[i] = (double)(uperf_read_bytes(in) + uperf_read_bytes(out));
        polls[i] = (double)sum("lane", "m/", "polls") / (double)sum("lane", "m/", "ipackets");
        teardown();
        ck_assert_double_ge(bytes[i], 0.96 * bytes[0]);
        ck_assert_double_le(bytes[i], 1.04 * bytes[0]);
        ck_assert_double_ge(polls[i], polls[0] - 0.05);
        ck_assert_double_le(polls[i], polls[0] + 0.05);
    }
}
END_TEST

Suite *crossbow_suite(void)
{
    Suite *s = suite_create("crossbow");
    TCase *t = tcase_create("crossbow");
    tcase_set_timeout(t, 60);
    tcase_add_test(t, crossbow_add_link__lanes_walk_the_cpus);
    tcase_add_test(t, crossbow_add_link__users_cpus_and_no_others);
    tcase_add_test(t, crossbow_add_link__users_cpus_for_transmit);
    tcase_add_test(t, crossbow_link_problem__says_what_cannot_be);
    tcase_add_test(t, crossbow_rx_ready__frames_reach_the_link_they_are_for);
    tcase_add_test(t, crossbow_rx_ready__strangers_frames_are_dropped_by_name);
    tcase_add_test(t, crossbow_rx_ready__backlog_above_high_water_is_dropped_by_name);
    tcase_add_test(t, crossbow_transmit__one_connection_one_ring);
    tcase_add_test(t, crossbow_transmit__vlan_tag_is_added_once);
    tcase_add_test(t, crossbow_transmit__full_ring_stops_writers_and_lets_them_go);
    tcase_add_test(t, crossbow_transmit__packets_that_met_a_lock_keep_their_order);
    tcase_add_test(t, crossbow__length_of_steps_hardly_matters);
    suite_add_tcase(s, t);
    return s;
}
