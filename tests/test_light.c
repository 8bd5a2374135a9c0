/* SPDX-License-Identifier: GPL-3.0-or-later
 * test_light.c -- a host without a machine: tasks, sockets, the ideal NIC. */
#include <string.h>

#include "light_rig.h"
#include "suites.h"

struct app {
    struct host *host;
    struct task *task, *other;
    struct socket *socket;
    int64_t bytes, asked;
    int64_t result;
    uint32_t steps, limit;
    bool inside;
};

static struct light_rig *usual(void)
{
    struct tcp_config c = tcp_config_solaris();
    return light_rig_create(&c, 1, sim_gbps(10), sim_us(1), 1, -1);
}

/* -- tasks ------------------------------------------------------------------------------------------------------ */

static enum step_result ping(void *owner)
{
    struct app *a = owner;
    ck_assert(!a->inside);
    a->inside = true;
    if (++a->steps < a->limit) a->host->ops->wake(a->host, a->other);
    a->inside = false;
    return STEP_SLEEP;
}

START_TEST(light_wake__never_inside_the_call_and_never_deep)
{
    struct light_rig *r = usual();
    struct host *h = light_host(r->host[0]);
    struct app a = { .host = h, .limit = 500000 }, b = a;
    a.task = b.other = h->ops->spawn(h, "a", ping, &a);
    b.task = a.other = h->ops->spawn(h, "b", ping, &b);
    h->ops->wake(h, a.task);
    ck_assert_uint_eq(a.steps, 0);
    light_rig_run(r, sim_ps(0));
    ck_assert_uint_eq(a.steps, 500000);
    ck_assert_uint_eq(b.steps, 499999);
    light_rig_destroy(r);
}
END_TEST

static enum step_result again(void *owner)
{
    struct app *a = owner;
    if (++a->steps == a->limit) return STEP_SLEEP;
    a->host->ops->wake(a->host, a->task); /* with STEP_AGAIN it means one more run, not two; alone, one too */
    a->host->ops->wake(a->host, a->task);
    return a->steps % 2 ? STEP_AGAIN : STEP_SLEEP;
}

START_TEST(light_wake__during_a_step_runs_it_once_more)
{
    struct light_rig *r = usual();
    struct host *h = light_host(r->host[0]);
    struct app a = { .host = h, .limit = 11 };
    a.task = h->ops->spawn(h, "a", again, &a);
    h->ops->wake(h, a.task);
    h->ops->wake(h, a.task);
    light_rig_run(r, sim_ms(1));
    ck_assert_uint_eq(a.steps, 11);
    light_rig_destroy(r);
}
END_TEST

/* -- sockets ---------------------------------------------------------------------------------------------------- */

static enum step_result write_step(void *owner)
{
    struct app *a = owner;
    if (a->bytes == a->asked) return STEP_SLEEP;
    a->result = a->host->ops->write(a->socket, a->asked - a->bytes);
    if (a->result < 0) return STEP_SLEEP;
    a->bytes += a->result;
    return STEP_AGAIN;
}

static enum step_result read_step(void *owner)
{
    struct app *a = owner;
    a->result = a->host->ops->read(a->socket, 4096);
    if (a->result < 0) return STEP_SLEEP;
    ck_assert_int_le(a->result, 4096);
    a->bytes += a->result;
    return STEP_AGAIN;
}

static struct task *take(void *owner, struct socket *s)
{
    struct app *a = owner;
    a->socket = s;
    return a->task;
}

static void transfer(struct light_rig *r, const char *via, int link, int64_t bytes, struct app *from, struct app *to)
{
    *from = (struct app){ .host = light_host(r->host[0]), .asked = bytes };
    *to = (struct app){ .host = light_host(r->host[1]) };
    to->task = to->host->ops->spawn(to->host, "to", read_step, to);
    from->task = from->host->ops->spawn(from->host, "from", write_step, from);
    ck_assert(to->host->ops->listen(to->host, 80, take, to));
    ck_assert(!to->host->ops->listen(to->host, 80, take, to));
    from->socket = from->host->ops->connect(from->host, via, (struct host_addr){ light_rig_ip(1, link), 80 },
                                            from->task);
    ck_assert_ptr_nonnull(from->socket);
}

START_TEST(light_connect__bytes_arrive_and_the_end_is_seen)
{
    struct light_rig *r = usual();
    struct app from, to;
    transfer(r, NULL, 0, 1000000, &from, &to);
    light_rig_run(r, sim_ms(200));
    ck_assert_int_eq(to.bytes, 1000000);
    ck_assert_int_eq(to.result, SOCKET_WOULD_BLOCK);
    from.host->ops->close(from.socket);
    light_rig_run(r, sim_ms(1));
    ck_assert_int_eq(to.result, SOCKET_CLOSED);
    to.host->ops->close(to.socket);
    light_rig_run(r, sim_ms(61000));
    ck_assert_uint_eq(tcp_conn_count(light_tcp(r->host[0])) + tcp_conn_count(light_tcp(r->host[1])), 0);
    ck_assert_uint_eq(packet_pool_held(r->pool), 0);
    light_rig_destroy(r);
}
END_TEST

START_TEST(light_connect__refused_and_unreachable)
{
    struct light_rig *r = usual();
    struct app a = { .host = light_host(r->host[0]), .asked = 1 };
    a.task = a.host->ops->spawn(a.host, "a", write_step, &a);
    ck_assert_ptr_null(a.host->ops->connect(a.host, NULL, (struct host_addr){ 0x01020304, 80 }, a.task));
    ck_assert_ptr_null(a.host->ops->connect(a.host, "nothing", (struct host_addr){ light_rig_ip(1, 0), 80 }, a.task));
    a.socket = a.host->ops->connect(a.host, NULL, (struct host_addr){ light_rig_ip(1, 0), 80 }, a.task);
    light_rig_run(r, sim_ms(1));
    ck_assert_int_eq(a.result, SOCKET_CLOSED);
    a.host->ops->close(a.socket);
    light_rig_destroy(r);
}
END_TEST

static uint32_t seen_ip, seen_vlan;

static void tap(void *owner, const struct packet *p, sim_time start)
{
    (void)owner, (void)start;
    seen_ip = get_be32(p->hdr + p->l3 + 12);
    seen_vlan = get_be16(p->hdr + 12) == ETHERTYPE_VLAN ? get_be16(p->hdr + 14) : 0;
}

START_TEST(light_connect__via_a_named_link_and_a_vlan)
{
    for (int vlan = -1; vlan < 100; vlan += 43) {
        struct tcp_config c = tcp_config_solaris();
        struct light_rig *r = light_rig_create(&c, 1, sim_gbps(1), sim_us(5), 2, vlan);
        struct app from, to;
        link_add_tap(r->wire[0][1], tap, NULL);
        transfer(r, "ixgbe1", 1, 100000, &from, &to);
        light_rig_run(r, sim_ms(200));
        ck_assert_int_eq(to.bytes, 100000);
        ck_assert_uint_eq(seen_ip, light_rig_ip(0, 1));
        ck_assert_uint_eq(seen_vlan, vlan < 0 ? 0 : (uint32_t)vlan);
        ck_assert_uint_eq(stats_value(r->stats, "link", "l0", "packets"), 0);
        light_rig_destroy(r);
    }
}
END_TEST

START_TEST(light__goodput_both_ways_shares_the_wire_with_acks)
{
    struct tcp_config c = tcp_config_solaris();
    c.sndbuf_bytes = c.rcvbuf_bytes = 1 << 20;
    c.snd_low_water = 1 << 19;
    struct light_rig *r = light_rig_create(&c, 1, sim_gbps(10), sim_us(1), 1, -1);
    struct app from, to, back, there = { .host = light_host(r->host[0]) };
    transfer(r, NULL, 0, INT64_MAX, &from, &to);
    back = (struct app){ .host = light_host(r->host[1]), .asked = INT64_MAX };
    there.task = there.host->ops->spawn(there.host, "there", read_step, &there);
    back.task = back.host->ops->spawn(back.host, "back", write_step, &back);
    ck_assert(there.host->ops->listen(there.host, 80, take, &there));
    back.socket = back.host->ops->connect(back.host, NULL, (struct host_addr){ light_rig_ip(0, 0), 80 }, back.task);
    light_rig_run(r, sim_ms(20));
    stats_mark(r->stats);
    int64_t before[2] = { to.bytes, there.bytes };
    light_rig_run(r, sim_ms(50));
    for (int h = 0; h < 2; h++) {
        const char *wire = h ? "r0" : "l0";
        int64_t got = h ? there.bytes - before[1] : to.bytes - before[0];
        /* 8 data frames of 1538 bytes and one ACK of 90 on the wire: 8 * 1448 bytes */
        int64_t want = sim_bytes_in(sim_ms(50), sim_gbps(10)) * 8 * 1448 / (8 * 1538 + 90);
        ck_assert_int_ge(got, want * 995 / 1000);
        ck_assert_int_le(got, want * 1002 / 1000);
        ck_assert_uint_ge(stats_value(r->stats, "link", wire, "busy_ps"), (uint64_t)sim_ms(50).ps / 1000 * 999);
    }
    light_rig_destroy(r);
}
END_TEST

/* -- receive ---------------------------------------------------------------------------------------------------- */

static struct packet *frame(struct light_rig *r, uint8_t protocol)
{
    struct packet *p = packet_new(r->pool, engine_now(r->engine));
    struct mac_addr to = light_rig_mac(1, 0), from = light_rig_mac(0, 0);
    memset(p->hdr, 0, PACKET_HDR_MAX);
    memcpy(p->hdr, to.byte, 6);
    memcpy(p->hdr + 6, from.byte, 6);
    put_be16(p->hdr + 12, ETHERTYPE_IPV4);
    p->hdr[14] = 0x45;
    p->hdr[23] = protocol;
    put_be16(p->hdr + 16, 20 + 8 + 100);
    put_be32(p->hdr + 26, light_rig_ip(0, 0));
    put_be32(p->hdr + 30, light_rig_ip(1, 0));
    put_be16(p->hdr + 34, 4000);
    put_be16(p->hdr + 36, 5000);
    put_be16(p->hdr + 38, 108);
    p->hdr_len = 42;
    p->len = 142;
    return p;
}

START_TEST(light_sink__every_end_of_a_frame)
{
    struct light_rig *r = usual();
    const struct packet_ledger *ledger = packet_pool_ledger(r->pool);
    struct packet_sink in = light_sink(r->host[1], 0);
    struct packet *p = frame(r, IPPROTO_UDP_);
    in.fn(in.owner, p);
    ck_assert_uint_eq(light_counter(r->host[1], LIGHT_udp_rx_packets), 1);
    ck_assert_uint_eq(light_counter(r->host[1], LIGHT_udp_rx_bytes), 100);
    ck_assert_uint_eq(ledger->delivered, 1);
    p = frame(r, IPPROTO_UDP_);
    p->flags = PACKET_FCS_BAD;
    in.fn(in.owner, p);
    ck_assert_uint_eq(ledger->dropped[DROP_NIC_ERROR], 1);
    p = frame(r, IPPROTO_UDP_);
    p->hdr[5] ^= 7;
    in.fn(in.owner, p);
    ck_assert_uint_eq(ledger->dropped[DROP_NIC_FILTER], 1);
    p = frame(r, IPPROTO_UDP_);
    p->flags = PACKET_CSUM_BAD;
    in.fn(in.owner, p);
    ck_assert_uint_eq(ledger->dropped[DROP_IP_BAD], 1);
    p = frame(r, IPPROTO_UDP_);
    p->hdr[33]++;
    in.fn(in.owner, p);
    ck_assert_uint_eq(ledger->dropped[DROP_IP_BAD], 2);
    p = frame(r, 47);
    in.fn(in.owner, p);
    ck_assert_uint_eq(ledger->dropped[DROP_IP_BAD], 3);
    p = frame(r, IPPROTO_TCP_); /* 28 bytes are too few for TCP with a data offset of 0 */
    in.fn(in.owner, p);
    ck_assert_uint_eq(ledger->dropped[DROP_IP_BAD], 4);
    p = frame(r, IPPROTO_UDP_);
    put_be16(p->hdr + 12, 0x88b5);
    in.fn(in.owner, p);
    ck_assert_uint_eq(ledger->dropped[DROP_IP_BAD], 5);
    ck_assert_uint_eq(light_counter(r->host[1], LIGHT_rx_frames), 8);
    ck_assert_uint_eq(light_counter(r->host[1], LIGHT_rx_not_for_us), 2);
    ck_assert_uint_eq(light_counter(r->host[1], LIGHT_rx_bad), 5);
    light_rig_destroy(r);
}
END_TEST

static void count_frame(void *owner, struct packet *p)
{
    struct light_rig *r = owner;
    packet_drop(r->pool, p, DROP_NO_CLIENT);
}

START_TEST(light_udp_sink__takes_its_port_only)
{
    struct light_rig *r = usual();
    struct packet_sink in = light_sink(r->host[1], 0);
    ck_assert(light_udp_sink(r->host[1], 5000, (struct packet_sink){ count_frame, r }));
    ck_assert(!light_udp_sink(r->host[1], 5000, (struct packet_sink){ count_frame, r }));
    in.fn(in.owner, frame(r, IPPROTO_UDP_));
    struct packet *p = frame(r, IPPROTO_UDP_);
    put_be16(p->hdr + 36, 5001);
    in.fn(in.owner, p);
    ck_assert_uint_eq(packet_pool_ledger(r->pool)->dropped[DROP_NO_CLIENT], 1);
    ck_assert_uint_eq(packet_pool_ledger(r->pool)->delivered, 1);
    light_rig_destroy(r);
}
END_TEST

Suite *light_suite(void)
{
    Suite *s = suite_create("light");
    TCase *t = tcase_create("light");
    tcase_set_timeout(t, 60);
    tcase_add_test(t, light_wake__never_inside_the_call_and_never_deep);
    tcase_add_test(t, light_wake__during_a_step_runs_it_once_more);
    tcase_add_test(t, light_connect__bytes_arrive_and_the_end_is_seen);
    tcase_add_test(t, light_connect__refused_and_unreachable);
    tcase_add_test(t, light_connect__via_a_named_link_and_a_vlan);
    tcase_add_test(t, light__goodput_both_ways_shares_the_wire_with_acks);
    tcase_add_test(t, light_sink__every_end_of_a_frame);
    tcase_add_test(t, light_udp_sink__takes_its_port_only);
    suite_add_tcase(s, t);
    return s;
}
