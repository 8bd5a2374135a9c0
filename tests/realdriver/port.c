/* SPDX-License-Identifier: GPL-3.0-or-later
 * port.c -- the driver, driven through its library's public interface; simulated time moves while the test waits. */
#define _GNU_SOURCE
#include "port.h"

#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <rte_alarm.h>
#include <rte_bus.h>
#include <rte_cycles.h>
#include <rte_dev.h>
#include <rte_eal.h>
#include <rte_errno.h>

#include "bar.h"
#include "vfio.h"

enum { BUFFERS = 16383, BUFFER_BYTES = 2048 + RTE_PKTMBUF_HEADROOM, WAIT_US = 10000, STEP_US = 5 };

static struct rte_mempool *buffers;

/* -- time ---------------------------------------------------------------------------------------------------------- */

/* The library's own is replaced: a delay is simulated time. */
void rte_delay_us_sleep(unsigned int us)
{
    card_run_us(us);
}

static void delay(unsigned int us)
{
    card_run_us(us);
}

/* The driver's alarms ring on its interrupt thread, after so much simulated time instead of seconds on the wall. */
int rte_eal_alarm_set(uint64_t us, rte_eal_alarm_callback ring, void *argument)
{
    typedef int set_fn(uint64_t, rte_eal_alarm_callback, void *);
    set_fn *set;
    *(void **)&set = dlsym(RTLD_NEXT, "rte_eal_alarm_set");
    card_run_us((int64_t)us);
    return set(1, ring, argument);
}

/* -- life ---------------------------------------------------------------------------------------------------------- */

int port_library_init(const char *program)
{
    char name[256];
    snprintf(name, sizeof name, "%s", program);
    char *arguments[] = {
        name, (char[]){ "-l0" }, (char[]){ "-m128" }, (char[]){ "--no-huge" }, (char[]){ "--no-shconf" },
        (char[]){ "--no-telemetry" }, (char[]){ "--iova-mode=va" }, (char[]){ "--log-level=4" },
        (char[]){ "-d" }, (char[]){ "librte_mempool_ring.so.23" },
        (char[]){ "-d" }, (char[]){ "librte_net_ixgbe.so.23" },
    };
    bar_init();
    vfio_init();
    int rc = rte_eal_init(sizeof arguments / sizeof *arguments, arguments);
    if (rc < 0) return -rte_errno;
    rte_delay_us_callback_register(delay);
    buffers = rte_pktmbuf_pool_create("buffers", BUFFERS, 0, 0, BUFFER_BYTES, SOCKET_ID_ANY);
    return buffers ? 0 : -rte_errno;
}

int port_plug(uint16_t device_id)
{
    card_create(device_id);
    vfio_show_device(device_id);
    return rte_eal_hotplug_add("pci", VFIO_DEVICE_NAME, "");
}

int port_unplug(void)
{
    int rc = rte_eal_hotplug_remove("pci", VFIO_DEVICE_NAME);
    card_destroy();
    return rc;
}

int port_start(const struct port_config *c)
{
    struct rte_eth_conf conf = {
        .rxmode.offloads = c->rx_offloads, .txmode.offloads = c->tx_offloads, .rxmode.mtu = c->mtu ? c->mtu : 1500,
        .intr_conf = { .lsc = c->link_interrupt, .rxq = c->rx_interrupt },
    };
    if (c->rss) {
        struct rte_eth_dev_info info;
        rte_eth_dev_info_get(PORT, &info);
        conf.rxmode.mq_mode = RTE_ETH_MQ_RX_RSS;
        conf.rx_adv_conf.rss_conf.rss_hf = info.flow_type_rss_offloads;
    }
    uint16_t tx_queues = c->tx_queues ? c->tx_queues : c->queues;
    int rc = rte_eth_dev_configure(PORT, c->queues, tx_queues, &conf);
    for (uint16_t q = 0; rc == 0 && q < c->queues; q++)
        rc = rte_eth_rx_queue_setup(PORT, q, c->descriptors, 0, c->rx, buffers);
    for (uint16_t q = 0; rc == 0 && q < tx_queues; q++)
        rc = rte_eth_tx_queue_setup(PORT, q, c->descriptors, 0, c->tx);
    return rc ? rc : rte_eth_dev_start(PORT);
}

bool port_open(uint16_t device_id, const struct port_config *c)
{
    struct rte_eth_link link = { 0 };
    int rc = port_plug(device_id);

    CHECK_EQ(rc, 0);
    if (rc != 0) return false;
    CHECK_EQ(rc = port_start(c), 0);
    if (rc != 0) return false;
    CHECK_EQ(rte_eth_link_get(PORT, &link), 0);
    CHECK_EQ(link.link_status, RTE_ETH_LINK_UP);
    CHECK_EQ(link.link_speed, RTE_ETH_SPEED_NUM_10G);
    return true;
}

void port_close(void)
{
    port_close_refused(0);
}

void port_close_refused(uint64_t addresses)
{
    CHECK_EQ(card_counter(NIC_bad_addresses), addresses);
    CHECK_EQ(card_counter(NIC_bad_descriptors), 0);
    port_close_misused();
}

void port_close_misused(void)
{
    CHECK_EQ(rte_eth_dev_stop(PORT), 0);
    CHECK(rte_eth_dev_close(PORT) >= 0);
    CHECK_EQ(port_unplug(), 0);
    CHECK_EQ(rte_mempool_in_use_count(buffers), 0);
}

/* -- traffic ------------------------------------------------------------------------------------------------------- */

struct rte_mbuf *port_buffer(const uint8_t *bytes, uint32_t len)
{
    struct rte_mbuf *first = NULL, **last = &first;

    while (len > 0 || !first) {
        struct rte_mbuf *m = rte_pktmbuf_alloc(buffers);
        if (!m) {
            rte_pktmbuf_free(first);
            return NULL;
        }
        uint16_t n = (uint16_t)(len < 2048 ? len : 2048);
        if (n > 0) {
            memcpy(rte_pktmbuf_append(m, n), bytes, n);
            bytes += n;
        }
        len -= n;
        *last = m;
        last = &m->next;
        if (m == first) continue;
        first->nb_segs++;
        first->pkt_len += n;
    }
    return first;
}

void port_read(const struct rte_mbuf *m, struct frame *f)
{
    f->len = 0;
    for (; m && f->len + m->data_len <= CARD_FRAME_MAX; m = m->next) {
        memcpy(f->byte + f->len, rte_pktmbuf_mtod(m, const uint8_t *), m->data_len);
        f->len += m->data_len;
    }
}

void frame_fill(struct frame *f, const uint8_t *dst, uint32_t len)
{
    static uint64_t state = 1;

    f->len = len;
    for (uint32_t i = 0; i < len; i++) {
        state = state * 6364136223846793005u + 1442695040888963407u;
        f->byte[i] = (uint8_t)(state >> 56);
    }
    memcpy(f->byte, dst, 6);
    f->byte[6] &= 0xfe;
    f->byte[12] = 0x88; /* local experimental EtherType */
    f->byte[13] = 0xb5;
}

bool frame_equal(const struct frame *a, const struct frame *b)
{
    return a->len == b->len && memcmp(a->byte, b->byte, a->len) == 0;
}

bool port_send(uint16_t queue, struct rte_mbuf **m, uint16_t count)
{
    uint16_t sent = 0;
    for (int us = 0; us < WAIT_US; us += STEP_US) {
        sent = (uint16_t)(sent + rte_eth_tx_burst(PORT, queue, m + sent, (uint16_t)(count - sent)));
        card_run_us(STEP_US);
        if (sent == count) return true;
    }
    return false;
}

uint16_t port_receive(uint16_t queue, struct rte_mbuf **m, uint16_t count)
{
    uint16_t got = 0;
    for (int us = 0; us < WAIT_US; us += STEP_US) {
        got = (uint16_t)(got + rte_eth_rx_burst(PORT, queue, m + got, (uint16_t)(count - got + PORT_SPARE)));
        if (got >= count) break;
        card_run_us(STEP_US);
    }
    return got;
}

uint64_t port_statistic(const char *name)
{
    uint64_t id, value;
    if (rte_eth_xstats_get_id_by_name(PORT, name, &id) != 0) return UINT64_MAX;
    return rte_eth_xstats_get_by_id(PORT, &id, &value, 1) == 1 ? value : UINT64_MAX;
}

/* -- verdicts ------------------------------------------------------------------------------------------------------ */

static const char *test_name;
static bool test_failed;
static int passed, failed;

static void count_test(void)
{
    if (!test_name) return;
    if (test_failed)
        failed++;
    else
        passed++;
}

void port_test(const char *name)
{
    count_test();
    test_name = name;
    test_failed = false;
}

void port_failed(const char *file, int line, const char *what, int64_t got, int64_t wanted)
{
    if (!test_failed)
        fprintf(stderr, "%s:%d: %s: %s is %lld, not %lld\n", file, line, test_name, what, (long long)got,
                (long long)wanted);
    test_failed = true;
}

int port_verdict(void)
{
    port_test(NULL);
    printf("realdriver: %d passed, %d failed\n", passed, failed);
    return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
