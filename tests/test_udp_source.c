/* SPDX-License-Identifier: GPL-3.0-or-later
 * test_udp_source.c -- senders of datagrams on priced CPUs: at their rate, or at the machine's. */
#include "endpoint/udp_source.h"

#include <check.h>
#include <string.h>

#include "machine_rig.h"
#include "net/headers.h"
#include "stack/sockets.h"
#include "suites.h"

enum { OURS = 0x0a000001, THEIRS = 0x0a000002, CPUS = 4, CALL_NS = 1000, OUTPUT_NS = 3000, FIRST_PORT = 2000 };

static struct rig rig;
static struct sockets *sockets;
static struct udp_source *source;
static int datalink;
static uint64_t sent, by_port[8], last_ip_id;
static uint64_t stop_above; /* packets; 0: never */
static uint32_t bytes_seen;

static bool resolve(void *owner, uint32_t ip, struct mac_addr *to)
{
    (void)owner;
    *to = (struct mac_addr){ { 2, 0, 0, 0, 0, (uint8_t)ip } };
    return ip == THEIRS;
}

static unsigned transmit(void *owner, struct packet *p)
{
    ck_assert_ptr_eq(owner, &datalink);
    ck_assert(headers_parse(p) && p->hdr[p->l3 + 9] == IPPROTO_UDP_);
    ck_assert_uint_eq(get_be16(p->hdr + p->l3 + 2), p->len - p->l3);
    ck_assert_uint_eq(get_be16(p->hdr + p->l4 + 4), p->len - p->l4);
    unsigned flow = get_be16(p->hdr + p->l4) - FIRST_PORT;
    ck_assert_uint_lt(flow, 8);
    by_port[flow]++;
    sent++;
    bytes_seen = p->len + FRAME_FCS_BYTES;
    last_ip_id = get_be16(p->hdr + p->l3 + 4);
    if (stop_above && sent >= stop_above) sockets_tx_blocked(sockets, &datalink, 0);
    packet_deliver(rig.pool, p);
    return 0;
}

static void setup(void)
{
    struct tcp_config tcp = tcp_config_solaris();
    sent = stop_above = 0;
    memset(by_port, 0, sizeof by_port);
    rig_init(&rig);
    rig_price(&rig, COST_SYSCALL, CALL_NS);
    rig_price(&rig, COST_UDP_TX, OUTPUT_NS);
    rig_start(&rig, 1, CPUS, sim_ms(1));
    sockets = sockets_create(&(struct sockets_config){ .machine = rig.m, .pool = rig.pool, .stats = rig.stats,
                             .seed = 1, .tcp = tcp, .resolve = resolve });
    sockets_add_link(sockets, &(struct sockets_link){ "net0", { { 2, 0, 0, 0, 0, 1 } }, OURS, 1500, &datalink, transmit,
                                                      NULL, 0 });
    source = NULL;
}

static void teardown(void)
{
    packet_pool_check(rig.pool);
    udp_source_destroy(source);
    sockets_destroy(sockets);
    rig_fini(&rig);
}

static struct udp_source_config usual(void)
{
    return (struct udp_source_config){
        .name = "source", .seed = 1, .host = sockets_host(sockets), .to = { THEIRS, 9 }, .flows = 1,
        .from_port = FIRST_PORT, .stop = SIM_TIME_MAX,
        .pace = { .frame_bytes_min = 64, .frame_bytes_max = 64, .unit = PACER_FRAMES_PER_S, .rate_value = 10000, .share = 1 },
    };
}

static void start(const struct udp_source_config *c)
{
    source = udp_source_create(rig.engine, rig.stats, c);
    ck_assert_ptr_nonnull(source);
}

/* A rate that the CPU can do is kept exactly, and the CPU is busy for the price of each. */
START_TEST(udp_source__keeps_its_rate)
{
    struct udp_source_config c = usual();
    c.pace.frame_bytes_min = c.pace.frame_bytes_max = 1000;
    start(&c);
    rig_run_ns(&rig, 99995000); /* all but the frame due at 100 ms */
    ck_assert_uint_eq(sent, 1000);
    ck_assert_uint_eq(udp_source_frames(source), 1000);
    ck_assert_uint_eq(bytes_seen, 1000);
    ck_assert_uint_eq(last_ip_id, 999);
    ck_assert_uint_eq(stats_value(rig.stats, "app", "source", "bytes"), 1000000);
    ck_assert_uint_eq(stats_value(rig.stats, "sockets", "m", "udp_sent"), 1000);
    uint64_t busy = 0;
    for (int i = 0; i < CPUS; i++) busy += rig_cpu(&rig, i, "usr_ps") + rig_cpu(&rig, i, "sys_ps");
    ck_assert_uint_ge(busy, UINT64_C(1000) * (CALL_NS + OUTPUT_NS) * 1000);
    ck_assert_uint_le(busy, UINT64_C(1010) * (CALL_NS + OUTPUT_NS) * 1000);
}
END_TEST

/* Beyond it, one thread sends as often as its price allows: 250,000 a second; four on four CPUs four times that. */
START_TEST(udp_source__is_as_fast_as_its_cpus)
{
    for (int flows = 1; flows <= 4; flows += 3) {
        struct udp_source_config c = usual();
        c.flows = flows;
        c.pace.rate_value = 10000000;
        start(&c);
        rig_run_ns(&rig, 10000000);
        uint64_t most = (uint64_t)flows * 10000000 / (CALL_NS + OUTPUT_NS);
        ck_assert_uint_le(sent, most + (uint64_t)flows); /* a step's code runs when it begins */
        ck_assert_uint_ge(sent, most * 99 / 100);
        teardown();
        setup();
    }
}
END_TEST

/* Flow i has frames i, i + flows, ...: all have the same number, in all that of the whole rate. */
START_TEST(udp_source__flows_share_the_rate)
{
    struct udp_source_config c = usual();
    c.flows = 8;
    c.pace.rate_value = 80000;
    start(&c);
    rig_run_ns(&rig, 49990000);
    ck_assert_uint_eq(sent, 4000);
    for (int i = 0; i < 8; i++) ck_assert_uint_eq(by_port[i], 500);
}
END_TEST

START_TEST(udp_source__starts_and_stops_on_time)
{
    struct udp_source_config c = usual();
    c.start = (sim_time){ sim_ms(3).ps };
    c.stop = (sim_time){ sim_ms(13).ps };
    start(&c);
    rig_run_ns(&rig, 2999999);
    ck_assert_uint_eq(sent, 0);
    rig_run_ns(&rig, 50000000);
    ck_assert_uint_eq(sent, 100);
}
END_TEST

/* A link that takes no more: the sender sleeps, and makes up for the time when it is let go. */
START_TEST(udp_source__waits_for_the_link)
{
    struct udp_source_config c = usual();
    stop_above = 50;
    start(&c);
    rig_run_ns(&rig, 20000000);
    ck_assert_uint_eq(sent, 50);
    ck_assert_uint_gt(stats_value(rig.stats, "sockets", "m", "flow_control"), 0);
    stop_above = 0;
    sockets_tx_released(sockets, &datalink, 0);
    rig_run_ns(&rig, 29995000);
    ck_assert_uint_eq(sent, 300);
    ck_assert_uint_eq(stats_value(rig.stats, "sockets", "m", "udp_sent"), 300);
}
END_TEST

START_TEST(udp_source_create__refuses_what_cannot_be)
{
    struct udp_source_config c = usual();
    c.to.ip = 0x0a0000ff;
    ck_assert_ptr_null(udp_source_create(rig.engine, rig.stats, &c));
    c = usual(), c.via = "net7";
    ck_assert_ptr_null(udp_source_create(rig.engine, rig.stats, &c));
    c = usual(), c.flows = 0;
    ck_assert_ptr_null(udp_source_create(rig.engine, rig.stats, &c));
    c = usual(), c.from_port = 65535, c.flows = 2;
    ck_assert_ptr_null(udp_source_create(rig.engine, rig.stats, &c));
    c = usual(), c.pace.rate_value = 0;
    ck_assert_ptr_null(udp_source_create(rig.engine, rig.stats, &c));
}
END_TEST

Suite *udp_source_suite(void)
{
    Suite *s = suite_create("udp_source");
    TCase *t = tcase_create("udp_source");
    tcase_add_checked_fixture(t, setup, teardown);
    tcase_add_test(t, udp_source__keeps_its_rate);
    tcase_add_test(t, udp_source__is_as_fast_as_its_cpus);
    tcase_add_test(t, udp_source__flows_share_the_rate);
    tcase_add_test(t, udp_source__starts_and_stops_on_time);
    tcase_add_test(t, udp_source__waits_for_the_link);
    tcase_add_test(t, udp_source_create__refuses_what_cannot_be);
    suite_add_tcase(s, t);
    return s;
}
