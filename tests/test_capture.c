/* SPDX-License-Identifier: GPL-3.0-or-later
 * test_capture.c -- pcapng files: their bytes, their order in time, and what tshark says to them. */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "net/capture.h"
#include "net/headers.h"
#include "suites.h"

static struct engine *engine;
static struct packet_pool *pool;
static struct errors errors;
static char path[64];

static void setup(void)
{
    engine = engine_create();
    pool = packet_pool_create();
    errors_init(&errors);
    strcpy(path, "/tmp/xbow-capture-XXXXXX");
    int fd = mkstemp(path);
    ck_assert_int_ge(fd, 0);
    close(fd);
}

static void teardown(void)
{
    unlink(path);
    errors_fini(&errors);
    engine_destroy(engine);
    packet_pool_destroy(pool);
}

static void deliver(void *owner, struct packet *p)
{
    (void)owner;
    packet_deliver(pool, p);
}

static struct link *make_link(const char *name)
{
    struct link_config config = { name, sim_gbps(10), sim_ns(100), 1 << 24 };
    struct link *l = link_create(engine, NULL, pool, &config);
    link_connect(l, (struct packet_sink){ deliver, NULL });
    return l;
}

static struct packet *frame(uint8_t protocol, int vlan, uint32_t payload_bytes, bool stored)
{
    struct header_spec spec = { .dst = { { 2, 0, 0, 0, 0, 1 } }, .src = { { 2, 0, 0, 0, 0, 2 } }, .vlan = vlan,
                                .flow = { 0x0a000001, 0x0a000002, 40000, 5001, protocol } };
    struct header_template t;
    struct packet *p = packet_new(pool, engine_now(engine));
    header_template_init(&t, &spec);
    if (protocol == IPPROTO_TCP_)
        headers_tcp(p, &t, &(struct tcp_fields){ .seq = 1, .ack = 1, .window = 1000, .flags = TCP_ACK }, payload_bytes);
    else
        headers_udp(p, &t, 1, payload_bytes);
    if (stored && payload_bytes) {
        p->stored = malloc(payload_bytes);
        memset(p->stored, 0x77, payload_bytes);
    }
    return p;
}

static struct capture *capture(struct capture_config config)
{
    config.path = path;
    struct capture *c = capture_create(engine, &config, &errors);
    ck_assert_ptr_nonnull(c);
    return c;
}

/* -- a reader of its own ------------------------------------------------------------------------------------------ */

struct block { uint32_t type, bytes; const uint8_t *body; };
static uint8_t file[2 << 20];
static size_t file_bytes, position;

static void open_file(void)
{
    FILE *f = fopen(path, "rb");
    ck_assert_ptr_nonnull(f);
    file_bytes = fread(file, 1, sizeof file, f);
    fclose(f);
    position = 0;
}

static uint32_t le32(const uint8_t *b)
{
    return b[0] | (uint32_t)b[1] << 8 | (uint32_t)b[2] << 16 | (uint32_t)b[3] << 24;
}

static bool next_block(struct block *b)
{
    if (position == file_bytes) return false;
    ck_assert_uint_le(position + 12, file_bytes);
    *b = (struct block){ le32(file + position), le32(file + position + 4), file + position + 8 };
    ck_assert_uint_eq(b->bytes % 4, 0);
    ck_assert_uint_le(position + b->bytes, file_bytes);
    ck_assert_uint_eq(le32(file + position + b->bytes - 4), b->bytes);
    position += b->bytes;
    return true;
}

/* The next packet's time in ns and interface; false at the end. */
static bool next_packet(uint64_t *ns, uint32_t *interface, uint32_t *kept, uint32_t *bytes, const uint8_t **data)
{
    struct block b;
    do {
        if (!next_block(&b)) return false;
    } while (b.type != 6);
    *interface = le32(b.body);
    *ns = (uint64_t)le32(b.body + 4) << 32 | le32(b.body + 8);
    *kept = le32(b.body + 12);
    *bytes = le32(b.body + 16);
    *data = b.body + 20;
    return true;
}

static int packets_in_file(void)
{
    uint64_t ns;
    uint32_t interface, kept, bytes;
    const uint8_t *data;
    int n = 0;
    open_file();
    while (next_packet(&ns, &interface, &kept, &bytes, &data)) n++;
    return n;
}

/* -- tests ------------------------------------------------------------------------------------------------------ */

START_TEST(capture_close__whole_file)
{
    struct link *l = make_link("a");
    struct capture *c = capture((struct capture_config){ 0 });
    ck_assert_int_eq(capture_attach(c, l, "host a: out"), 0);
    engine_run(engine, (sim_time){ 5000000000123456 });
    link_send(l, frame(IPPROTO_TCP_, -1, 0, false));
    link_send(l, frame(IPPROTO_TCP_, -1, 1460, true));
    engine_run(engine, sim_add(engine_now(engine), sim_ms(1)));
    ck_assert_uint_eq(capture_packets(c), 2);
    ck_assert_int_eq(capture_close(c, &errors), 0);

    struct block b;
    uint64_t ns;
    uint32_t interface, kept, bytes;
    const uint8_t *data;
    open_file();
    ck_assert(next_block(&b) && b.type == 0x0a0d0d0a && le32(b.body) == 0x1a2b3c4d);
    ck_assert(next_block(&b) && b.type == 1 && le32(b.body) == 1);
    ck_assert(memcmp(b.body + 12, "host a: out", 11) == 0);
    ck_assert(next_packet(&ns, &interface, &kept, &bytes, &data));
    ck_assert_uint_eq(ns, 5000000000123); /* more than 32 bits */
    ck_assert(kept == 60 && bytes == 60 && data[59] == 0);
    ck_assert_uint_ne(get_be16(data + 24), 0);
    ck_assert(next_packet(&ns, &interface, &kept, &bytes, &data));
    ck_assert_uint_eq(ns, 5000000000123 + 67); /* 123456 ps + 67200 ps */
    ck_assert(kept == 1514 && bytes == 1514 && data[54] == 0x77 && data[1513] == 0x77);
    ck_assert(!next_packet(&ns, &interface, &kept, &bytes, &data));
    link_destroy(l);
}
END_TEST

START_TEST(capture_attach__interfaces_merge_in_order_of_time)
{
    struct link *a = make_link("a"), *b = make_link("b");
    struct capture *c = capture((struct capture_config){ 0 });
    capture_attach(c, a, "a");
    ck_assert_int_eq(capture_attach(c, b, "b"), 1);
    for (int i = 0; i < 200; i++) {
        for (int k = 0; k < 5; k++) link_send(a, frame(IPPROTO_TCP_, -1, 1000, false));
        link_send(b, frame(IPPROTO_UDP_, -1, 10, false));
        engine_run(engine, sim_add(engine_now(engine), sim_us(1)));
        link_send(b, frame(IPPROTO_UDP_, -1, 10, false));
        engine_run(engine, sim_add(engine_now(engine), sim_us(2)));
    }
    engine_run(engine, sim_add(engine_now(engine), sim_ms(10)));
    ck_assert_int_eq(capture_close(c, &errors), 0);
    uint64_t ns, last = 0;
    uint32_t interface, kept, bytes, count[2] = { 0 };
    const uint8_t *data;
    open_file();
    while (next_packet(&ns, &interface, &kept, &bytes, &data)) {
        ck_assert_uint_ge(ns, last);
        ck_assert_uint_lt(interface, 2);
        last = ns;
        count[interface]++;
    }
    ck_assert_uint_eq(count[0], 1000);
    ck_assert_uint_eq(count[1], 400);
    link_destroy(a);
    link_destroy(b);
}
END_TEST

START_TEST(capture_close__frames_not_yet_begun_are_left_out)
{
    struct link *l = make_link("a");
    struct capture *c = capture((struct capture_config){ 0 });
    capture_attach(c, l, "a");
    for (int i = 0; i < 10; i++) link_send(l, frame(IPPROTO_TCP_, -1, 1460, false));
    engine_run(engine, (sim_time){ 3 * 1230400 });
    ck_assert_int_eq(capture_close(c, &errors), 0);
    ck_assert_int_eq(packets_in_file(), 4);
    link_destroy(l);
}
END_TEST

START_TEST(capture_create__snaplen_limit_and_window)
{
    struct link *l = make_link("a");
    struct capture *c = capture((struct capture_config){ .snaplen_bytes = 65, .packets_max = 3,
                                                         .from = { 1000000 }, .until = { 5000000 } });
    capture_attach(c, l, "a");
    for (int i = 0; i < 10; i++) {
        link_send(l, frame(IPPROTO_TCP_, -1, 100, false));
        engine_run(engine, sim_add(engine_now(engine), sim_us(1)));
    }
    ck_assert_int_eq(capture_close(c, &errors), 0);
    uint64_t ns;
    uint32_t interface, kept, bytes;
    const uint8_t *data;
    open_file();
    for (uint64_t i = 1; i <= 3; i++) {
        ck_assert(next_packet(&ns, &interface, &kept, &bytes, &data));
        ck_assert(ns == i * 1000 && kept == 65 && bytes == 154);
    }
    ck_assert(!next_packet(&ns, &interface, &kept, &bytes, &data));

    c = capture((struct capture_config){ .from = { 0 }, .until = { 12000000 } });
    struct link *m = make_link("m");
    capture_attach(c, m, "m");
    for (int i = 0; i < 10; i++) {
        link_send(m, frame(IPPROTO_TCP_, -1, 100, false));
        engine_run(engine, sim_add(engine_now(engine), sim_us(1)));
    }
    ck_assert_int_eq(capture_close(c, &errors), 0);
    ck_assert_int_eq(packets_in_file(), 2);
    link_destroy(l);
    link_destroy(m);
}
END_TEST

START_TEST(capture_create__leaves_the_packet_alone)
{
    struct link *l = make_link("a");
    struct capture *c = capture((struct capture_config){ 0 });
    capture_attach(c, l, "a");
    struct packet *p = frame(IPPROTO_TCP_, -1, 100, false), *copy = packet_clone(pool, p, p->born);
    link_send(l, p);
    ck_assert(memcmp(p->hdr, copy->hdr, p->hdr_len) == 0);
    ck_assert_uint_eq(p->flags, PACKET_CSUM_PARTIAL);
    ck_assert_int_eq(capture_close(c, &errors), 0);
    link_destroy(l);
}
END_TEST

START_TEST(capture_create__unwritable_path)
{
    struct capture_config config = { .path = "/nonexistent/x.pcapng" };
    ck_assert_ptr_null(capture_create(engine, &config, &errors));
    ck_assert_uint_eq(errors.count, 1);
    ck_assert_str_eq(errors.list[0].text, "/nonexistent/x.pcapng: cannot create capture: No such file or directory");
    ck_assert_int_eq(capture_close(NULL, &errors), 0);
}
END_TEST

START_TEST(capture_close__disk_full)
{
    if (access("/dev/full", W_OK) != 0) return;
    struct link *l = make_link("a");
    struct capture_config config = { .path = "/dev/full" };
    struct capture *c = capture_create(engine, &config, &errors);
    ck_assert_ptr_nonnull(c);
    capture_attach(c, l, "a");
    for (int i = 0; i < 100; i++) {
        link_send(l, frame(IPPROTO_TCP_, -1, 1460, false));
        engine_run(engine, sim_add(engine_now(engine), sim_us(2)));
    }
    ck_assert_int_eq(capture_close(c, &errors), -1);
    ck_assert_uint_eq(errors.count, 1);
    ck_assert_str_eq(errors.list[0].text, "/dev/full: capture is not whole: No space left on device");
    link_destroy(l);
}
END_TEST

static uint64_t digest_of_run(void)
{
    struct link *l = make_link("a");
    struct capture *c = capture((struct capture_config){ 0 });
    capture_attach(c, l, "a");
    for (int i = 0; i < 50; i++) link_send(l, frame(i % 2 ? IPPROTO_TCP_ : IPPROTO_UDP_, i, (uint32_t)i * 20, i % 3));
    engine_run(engine, sim_add(engine_now(engine), sim_ms(1)));
    ck_assert_int_eq(capture_close(c, &errors), 0);
    link_destroy(l);
    open_file();
    uint64_t digest = 14695981039346656037u;
    for (size_t i = 0; i < file_bytes; i++) digest = (digest ^ file[i]) * 1099511628211u;
    return digest;
}

START_TEST(capture_close__same_run_same_bytes)
{
    uint64_t first = digest_of_run();
    teardown();
    setup();
    ck_assert_uint_eq(digest_of_run(), first);
}
END_TEST

/* The output of a command, in 'said'; its exit status. */
static char said[65536];
static int run(const char *command)
{
    FILE *f = popen(command, "r");
    ck_assert_ptr_nonnull(f);
    size_t n = fread(said, 1, sizeof said - 1, f);
    said[n] = 0;
    return pclose(f);
}

/* tshark, where it is installed, opens the file without a word of complaint, sees our times and finds every checksum
 * good but the one made bad. */
START_TEST(capture_close__tshark_agrees)
{
    if (run("command -v tshark") != 0) return;
    struct link *l = make_link("a"), *m = make_link("b");
    struct capture *c = capture((struct capture_config){ 0 });
    capture_attach(c, l, "a: out");
    capture_attach(c, m, "a: in");
    for (uint32_t i = 0; i < 24; i++) {
        struct packet *p = frame(i % 2 ? IPPROTO_TCP_ : IPPROTO_UDP_, i % 3 ? -1 : 7, i * 61, i % 5 == 0);
        if (i == 20) p->flags |= PACKET_CSUM_BAD;
        link_send(i % 4 ? l : m, p);
        engine_run(engine, sim_add(engine_now(engine), sim_ns(1234)));
    }
    engine_run(engine, sim_add(engine_now(engine), sim_ms(1)));
    ck_assert_int_eq(capture_close(c, &errors), 0);

    char command[512];
    snprintf(command, sizeof command,
             "tshark -r %s -o tcp.check_checksum:TRUE -o udp.check_checksum:TRUE -o ip.check_checksum:TRUE -T fields "
             "-E separator=, -e frame.interface_name -e frame.time_relative -e frame.len -e ip.checksum.status "
             "-e tcp.checksum.status -e udp.checksum.status 2>&1", path);
    ck_assert_int_eq(run(command), 0);
    char *line = strtok(said, "\n");
    for (uint32_t i = 0; i < 24; i++, line = strtok(NULL, "\n")) {
        if (line && strstr(line, "Running as user")) line = strtok(NULL, "\n");
        char expected[128];
        uint32_t len = 34 + (i % 2 ? 20u : 8u) + (i % 3 ? 0u : 4u) + i * 61;
        snprintf(expected, sizeof expected, "%s,0.%09u,%u,1,%s,%s", i % 4 ? "a: out" : "a: in", i * 1234,
                 len < 60 ? 60 : len, i % 2 ? "1" : "", i % 2 ? "" : i == 20 ? "0" : "1");
        ck_assert_ptr_nonnull(line);
        ck_assert_str_eq(line, expected);
    }
    ck_assert_ptr_null(line);
    link_destroy(l);
    link_destroy(m);
}
END_TEST

Suite *capture_suite(void)
{
    Suite *s = suite_create("capture");
    TCase *tc = tcase_create("capture");
    tcase_add_checked_fixture(tc, setup, teardown);
    tcase_set_timeout(tc, 60);
    tcase_add_test(tc, capture_close__whole_file);
    tcase_add_test(tc, capture_attach__interfaces_merge_in_order_of_time);
    tcase_add_test(tc, capture_close__frames_not_yet_begun_are_left_out);
    tcase_add_test(tc, capture_create__snaplen_limit_and_window);
    tcase_add_test(tc, capture_create__leaves_the_packet_alone);
    tcase_add_test(tc, capture_create__unwritable_path);
    tcase_add_test(tc, capture_close__disk_full);
    tcase_add_test(tc, capture_close__same_run_same_bytes);
    tcase_add_test(tc, capture_close__tshark_agrees);
    suite_add_tcase(s, tc);
    return s;
}
