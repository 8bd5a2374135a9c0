/* SPDX-License-Identifier: GPL-3.0-or-later
 * capture.c -- a pcapng writer that merges interfaces by time.
 *
 * A tap sees a frame when the link accepts it, which may be long before its first bit leaves.  Each interface therefore
 * keeps its frames in a queue, in order of start; a frame is written, oldest first over all interfaces, once the clock
 * has passed its start: nothing that starts as early can come any more.
 *
 *      section header | interface description per attached link | enhanced packet ... (draft-ietf-opsawg-pcapng) */
#include "net/capture.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "core/assert.h"
#include "net/headers.h"

enum {
    BLOCK_SECTION = 0x0a0d0d0a, BLOCK_INTERFACE = 1, BLOCK_PACKET = 6,
    BYTE_ORDER_MAGIC = 0x1a2b3c4d, VERSION_1_0 = 1, LINKTYPE_ETHERNET = 1,
    OPT_END = 0, OPT_IF_NAME = 2, OPT_IF_SPEED = 8, OPT_IF_TSRESOL = 9, OPT_SHB_USERAPPL = 4,
    NANOSECONDS = 9, PS_PER_NS = 1000, SNAPLEN_ALL = 262144,
};

struct record {
    struct record *next;
    int64_t at_ps;
    uint32_t kept, bytes; /* bytes in 'data', bytes of the frame */
    uint8_t data[];
};
struct interface {
    struct capture *capture;
    struct record *head, *tail;
    uint32_t index;
};
struct capture {
    struct engine *engine;
    struct capture_config config;
    char *path;
    FILE *file;
    int error;           /* errno of the first write that failed */
    uint64_t packets;    /* written or waiting */
    struct interface **interfaces;
    uint32_t n_interfaces;
};

static void see(void *owner, const struct packet *p, sim_time start);
static void write_before(struct capture *c, int64_t limit_ps);
static void forget(struct capture *c, struct interface *i);
static void put(struct capture *c, const void *bytes, size_t n);
static void put_u32(struct capture *c, uint32_t v);
static void put_le64(uint8_t *b, uint64_t v);
static void put_option(struct capture *c, uint32_t code, const void *value, uint32_t n);
static uint32_t padded(uint32_t n);

static uint32_t option_bytes(uint32_t n)
{
    return 4 + padded(n);
}

struct capture *capture_create(struct engine *engine, const struct capture_config *config, struct errors *errors)
{
    static const char application[] = "xbow";
    FILE *file = fopen(config->path, "wb");
    if (!file) {
        errors_add(errors, (struct error_at){ .file = config->path }, "cannot create capture: %s", strerror(errno));
        return NULL;
    }
    struct capture *c = calloc(1, sizeof *c);
    SIM_ASSERT(c);
    c->engine = engine;
    c->config = *config;
    c->file = file;
    c->path = strdup(config->path);
    SIM_ASSERT(c->path);
    c->config.path = c->path;
    if (c->config.snaplen_bytes == 0) c->config.snaplen_bytes = SNAPLEN_ALL;
    if (c->config.packets_max == 0) c->config.packets_max = UINT64_MAX;
    if (c->config.until.ps == 0) c->config.until = SIM_TIME_MAX;

    uint32_t bytes = 28 + option_bytes(sizeof application - 1) + option_bytes(0);
    put_u32(c, BLOCK_SECTION);
    put_u32(c, bytes);
    put_u32(c, BYTE_ORDER_MAGIC);
    put_u32(c, VERSION_1_0);
    put_u32(c, UINT32_MAX); /* the section's length, 64 bits, is not known yet */
    put_u32(c, UINT32_MAX);
    put_option(c, OPT_SHB_USERAPPL, application, sizeof application - 1);
    put_option(c, OPT_END, NULL, 0);
    put_u32(c, bytes);
    return c;
}

int capture_attach(struct capture *c, struct link *link, const char *name)
{
    struct interface *i = calloc(1, sizeof *i);
    c->interfaces = realloc(c->interfaces, (c->n_interfaces + 1) * sizeof(struct interface *));
    SIM_ASSERT(i && c->interfaces);
    i->capture = c;
    i->index = c->n_interfaces;
    c->interfaces[c->n_interfaces++] = i;

    static const uint8_t resolution = NANOSECONDS;
    uint32_t name_bytes = (uint32_t)strlen(name);
    uint8_t speed[8];
    put_le64(speed, (uint64_t)link_config_of(link)->rate.bps);
    uint32_t bytes = 20 + option_bytes(name_bytes) + option_bytes(sizeof speed) + option_bytes(1) + option_bytes(0);
    put_u32(c, BLOCK_INTERFACE);
    put_u32(c, bytes);
    put_u32(c, LINKTYPE_ETHERNET);
    put_u32(c, c->config.snaplen_bytes);
    put_option(c, OPT_IF_NAME, name, name_bytes);
    put_option(c, OPT_IF_SPEED, speed, sizeof speed);
    put_option(c, OPT_IF_TSRESOL, &resolution, 1);
    put_option(c, OPT_END, NULL, 0);
    put_u32(c, bytes);
    link_add_tap(link, see, i);
    return (int)i->index;
}

uint64_t capture_packets(const struct capture *c)
{
    return c->packets;
}

int capture_close(struct capture *c, struct errors *errors)
{
    if (!c) return 0;
    write_before(c, engine_now(c->engine).ps + 1);
    for (uint32_t k = 0; k < c->n_interfaces; k++) forget(c, c->interfaces[k]);
    if (fflush(c->file) != 0 && c->error == 0) c->error = errno;
    if (fclose(c->file) != 0 && c->error == 0) c->error = errno;
    int result = 0;
    if (c->error)
        result = errors_add(errors, (struct error_at){ .file = c->path }, "capture is not whole: %s",
                            strerror(c->error));
    for (uint32_t i = 0; i < c->n_interfaces; i++) free(c->interfaces[i]);
    free(c->interfaces);
    free(c->path);
    free(c);
    return result;
}

/* -- from the tap to the queue ---------------------------------------------------------------------------------- */

/* Frames that were to begin after 'from' will be shown again. */
static void take_back(struct capture *c, struct interface *i, int64_t from_ps)
{
    struct record **end = &i->head, *last = NULL;

    while (*end && (*end)->at_ps <= from_ps) {
        last = *end;
        end = &last->next;
    }
    for (struct record *r; (r = *end); c->packets--) {
        *end = r->next;
        free(r);
    }
    i->tail = last;
}

static void see(void *owner, const struct packet *p, sim_time start)
{
    struct interface *i = owner;
    struct capture *c = i->capture;

    write_before(c, engine_now(c->engine).ps);
    if (!p) {
        take_back(c, i, start.ps);
        return;
    }
    if (sim_before(start, c->config.from) || !sim_before(start, c->config.until)) return;
    if (c->packets == c->config.packets_max) return;
    c->packets++;

    struct packet copy = *p; /* shares the stored payload, which nothing here writes */
    headers_finish(&copy);
    uint32_t bytes = p->len < FRAME_MIN_BYTES ? FRAME_MIN_BYTES : p->len;
    uint32_t kept = bytes < c->config.snaplen_bytes ? bytes : c->config.snaplen_bytes;
    struct record *r = malloc(sizeof *r + kept);
    SIM_ASSERT(r);
    *r = (struct record){ .at_ps = start.ps, .kept = kept, .bytes = bytes };
    packet_read(&copy, 0, r->data, kept);
    if (i->head)
        i->tail->next = r;
    else
        i->head = r;
    i->tail = r;
}

/* -- from the queues to the file -------------------------------------------------------------------------------- */

static void write_record(struct capture *c, uint32_t interface, const struct record *r)
{
    static const uint8_t zero[4];
    uint64_t ns = (uint64_t)(r->at_ps / PS_PER_NS);
    uint32_t bytes = 32 + padded(r->kept);

    put_u32(c, BLOCK_PACKET);
    put_u32(c, bytes);
    put_u32(c, interface);
    put_u32(c, (uint32_t)(ns >> 32));
    put_u32(c, (uint32_t)ns);
    put_u32(c, r->kept);
    put_u32(c, r->bytes);
    put(c, r->data, r->kept);
    put(c, zero, padded(r->kept) - r->kept);
    put_u32(c, bytes);
}

/* Writes, in order of time, what starts before the limit; equal times in order of attachment. */
static void write_before(struct capture *c, int64_t limit_ps)
{
    for (;;) {
        struct interface *first = NULL;
        for (uint32_t k = 0; k < c->n_interfaces; k++) {
            struct interface *i = c->interfaces[k];
            if (i->head && (!first || i->head->at_ps < first->head->at_ps)) first = i;
        }
        if (!first || first->head->at_ps >= limit_ps) return;
        struct record *r = first->head;
        first->head = r->next;
        write_record(c, first->index, r);
        free(r);
    }
}

/* Frames that had not begun when the run ended never were on the wire. */
static void forget(struct capture *c, struct interface *i)
{
    for (struct record *r; (r = i->head); c->packets--) {
        i->head = r->next;
        free(r);
    }
}

static uint32_t padded(uint32_t n)
{
    return (n + 3) & ~3u;
}

static void put(struct capture *c, const void *bytes, size_t n)
{
    if (n > 0 && c->error == 0 && fwrite(bytes, 1, n, c->file) != n) c->error = errno ? errno : EIO;
}

/* The format lets the writer choose the byte order; ours is little-endian on every machine. */
static void put_le64(uint8_t *b, uint64_t v)
{
    for (int i = 0; i < 8; i++) b[i] = (uint8_t)(v >> 8 * i);
}

static void put_u32(struct capture *c, uint32_t v)
{
    uint8_t b[8];
    put_le64(b, v);
    put(c, b, 4);
}

static void put_option(struct capture *c, uint32_t code, const void *value, uint32_t n)
{
    static const uint8_t zero[4];
    put_u32(c, code | n << 16);
    put(c, value, n);
    put(c, zero, padded(n) - n);
}
