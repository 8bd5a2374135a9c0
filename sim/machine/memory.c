/* SPDX-License-Identifier: GPL-3.0-or-later
 * memory.c -- bus addresses: the high 32 bits name a region or a binding, the low 32 bits are the offset in it.
 *
 *   0x0000'0001'........  first region           finding what an address means is one look into an array
 *   0x0001'0000'gggooooo  first binding: g is a generation (14 bits), o the offset in the packet (18 bits)
 *
 * An address of a binding that has ended is refused even when its place is in use again.  Foreign regions lie where
 * their owner says, anywhere in what is left over.
 *
 * A frame received into buffer slots is referred to by each: the first slot owns it once it is complete, the others
 * hold their byte counts.  Frames still being written belong to the device; a short list ties them to their slots. */
#include "machine/memory.h"

#include <stdlib.h>
#include <string.h>

#include "core/assert.h"
#include "net/headers.h"

enum {
    REGIONS_MAX = 65536,      /* the first binding's number */
    OFFSET_BITS = 18, GENERATION_BITS = 14, BINDING_BYTES_MAX = 1 << OFFSET_BITS,
    OPEN_MAX = 64,            /* frames being written at a time */
    PAGE_BYTES = 4096,
};

/* SLOT_FIRST waits for the rest of its frame; SLOT_OWNER owns a complete one. */
enum slot_state { SLOT_EMPTY, SLOT_FIRST, SLOT_OWNER, SLOT_CONTINUED };

struct slot {
    struct packet *p;
    uint32_t bytes, end;      /* held here, and the offset in the frame after them */
    enum slot_state state;
};

struct region {
    bus_addr base;
    uint64_t bytes;
    int node;
    uint8_t *data;            /* byte region, else NULL */
    struct slot *slots;       /* buffers, else NULL */
    uint32_t slot_shift;
};

struct binding {
    struct packet *p;         /* NULL: free */
    uint32_t generation;
    uint32_t next;            /* free: the next free one, NONE at the end */
};
#define NONE UINT32_MAX

struct open_frame {
    const struct packet *p;
    struct slot *first;
};

struct memory {
    struct packet_pool *pool;
    struct region *regions;   /* [0] is never mapped */
    uint32_t n_regions, room;
    struct region *foreign;   /* at addresses of the caller's choice; few, looked through one by one */
    uint32_t n_foreign;
    struct binding *bindings;
    uint32_t n_bindings, free;
    struct open_frame open[OPEN_MAX];
    uint32_t n_open;
    uint64_t held;
};

static uint64_t count_held(const void *owner)
{
    return memory_frames_held(owner);
}

struct memory *memory_create(struct packet_pool *pool)
{
    struct memory *mem = calloc(1, sizeof *mem);
    SIM_ASSERT(mem);
    mem->pool = pool;
    mem->n_regions = 1;
    mem->free = NONE;
    if (pool) packet_pool_add_holder(pool, count_held, mem);
    return mem;
}

void memory_destroy(struct memory *mem)
{
    if (!mem) return;
    for (uint32_t i = 1; i < mem->n_regions; i++) {
        free(mem->regions[i].data);
        free(mem->regions[i].slots);
    }
    free(mem->regions);
    free(mem->foreign);
    free(mem->bindings);
    free(mem);
}

/* -- the CPU's side ---------------------------------------------------------------------------------------------- */

/* The foreign region that [addr, addr + bytes) touches, NULL: none. */
static struct region *find_foreign(const struct memory *mem, bus_addr addr, uint64_t bytes)
{
    for (uint32_t i = 0; i < mem->n_foreign; i++) {
        struct region *r = &mem->foreign[i];
        if (addr < r->base + r->bytes && r->base < addr + bytes) return r;
    }
    return NULL;
}

static bus_addr add_region(struct memory *mem, struct region r)
{
    r.base = (bus_addr)mem->n_regions << 32;
    SIM_ASSERT(mem->n_regions < REGIONS_MAX && r.bytes > 0 && r.bytes <= UINT32_MAX);
    SIM_ASSERT(!find_foreign(mem, r.base, r.bytes));
    if (mem->n_regions >= mem->room) {
        mem->room = mem->room ? mem->room * 2 : 64;
        mem->regions = realloc(mem->regions, mem->room * sizeof *mem->regions);
        SIM_ASSERT(mem->regions);
    }
    mem->regions[mem->n_regions++] = r;
    return r.base;
}

bus_addr memory_map_bytes(struct memory *mem, uint64_t bytes, int node, uint8_t **cpu_view)
{
    uint64_t pages = (bytes + PAGE_BYTES - 1) / PAGE_BYTES;
    uint8_t *data = aligned_alloc(PAGE_BYTES, pages * PAGE_BYTES);
    SIM_ASSERT(data);
    memset(data, 0, pages * PAGE_BYTES);
    *cpu_view = data;
    return add_region(mem, (struct region){ .bytes = bytes, .node = node, .data = data });
}

bus_addr memory_map_buffers(struct memory *mem, uint32_t count, uint32_t slot_bytes, int node)
{
    SIM_ASSERT(slot_bytes >= 64 && (slot_bytes & (slot_bytes - 1)) == 0);
    struct slot *slots = calloc(count, sizeof *slots);
    SIM_ASSERT(slots);
    return add_region(mem, (struct region){ .bytes = (uint64_t)count * slot_bytes, .node = node, .slots = slots,
                                            .slot_shift = (uint32_t)__builtin_ctz(slot_bytes) });
}

/* The region in which [addr, addr + bytes) lies whole, NULL: none. */
static struct region *find_region(const struct memory *mem, bus_addr addr, uint32_t bytes)
{
    uint64_t number = addr >> 32;
    struct region *r = number > 0 && number < mem->n_regions ? &mem->regions[number] : find_foreign(mem, addr, 1);

    return r && addr - r->base + bytes <= r->bytes ? r : NULL;
}

bool memory_map_foreign(struct memory *mem, bus_addr addr, uint64_t bytes, uint8_t *cpu_view)
{
    uint64_t last = addr + bytes - 1;

    if (bytes == 0 || last < addr || find_foreign(mem, addr, bytes)) return false;
    for (uint32_t i = 1; i < mem->n_regions; i++)
        if (addr >> 32 <= i && i <= last >> 32) return false;
    mem->foreign = realloc(mem->foreign, (mem->n_foreign + 1) * sizeof *mem->foreign);
    SIM_ASSERT(mem->foreign);
    mem->foreign[mem->n_foreign++] = (struct region){ .base = addr, .bytes = bytes, .data = cpu_view };
    return true;
}

bool memory_unmap_foreign(struct memory *mem, bus_addr addr)
{
    struct region *r = find_foreign(mem, addr, 1);

    if (!r || r->base != addr) return false;
    *r = mem->foreign[--mem->n_foreign];
    return true;
}

static struct slot *find_slot(const struct region *r, bus_addr addr)
{
    return &r->slots[(addr & UINT32_MAX) >> r->slot_shift];
}

struct packet *memory_take_frame(struct memory *mem, bus_addr addr, uint32_t *bytes)
{
    struct region *r = find_region(mem, addr, 1);

    *bytes = 0;
    if (!r || !r->slots) return NULL;
    struct slot *s = find_slot(r, addr);
    if (s->state != SLOT_OWNER && s->state != SLOT_CONTINUED) return NULL;
    struct packet *p = s->state == SLOT_OWNER ? s->p : NULL;
    *bytes = s->bytes;
    *s = (struct slot){ 0 };
    if (p) mem->held--;
    return p;
}

static void add_bindings(struct memory *mem)
{
    uint32_t room = mem->n_bindings ? mem->n_bindings * 2 : 256;

    if (room > MEMORY_BINDINGS_MAX) return;
    mem->bindings = realloc(mem->bindings, room * sizeof *mem->bindings);
    SIM_ASSERT(mem->bindings);
    for (uint32_t i = room; i-- > mem->n_bindings;) {
        mem->bindings[i] = (struct binding){ .next = mem->free };
        mem->free = i;
    }
    mem->n_bindings = room;
}

bus_addr memory_bind(struct memory *mem, struct packet *p)
{
    SIM_ASSERT(p->len <= BINDING_BYTES_MAX);
    if (mem->free == NONE) add_bindings(mem);
    if (mem->free == NONE) return 0;
    uint32_t i = mem->free;
    struct binding *b = &mem->bindings[i];
    mem->free = b->next;
    b->p = p;
    b->generation = (b->generation + 1) & ((1u << GENERATION_BITS) - 1);
    return (bus_addr)(REGIONS_MAX + i) << 32 | (bus_addr)b->generation << OFFSET_BITS;
}

/* The binding in which [addr, addr + bytes) lies whole, NULL: none. */
static struct binding *find_binding(const struct memory *mem, bus_addr addr, uint32_t bytes, uint32_t *offset)
{
    uint64_t number = addr >> 32;

    if (number < REGIONS_MAX || number - REGIONS_MAX >= mem->n_bindings) return NULL;
    struct binding *b = &mem->bindings[number - REGIONS_MAX];
    *offset = (uint32_t)addr & (BINDING_BYTES_MAX - 1);
    if (!b->p || (uint32_t)addr >> OFFSET_BITS != b->generation) return NULL;
    return (uint64_t)*offset + bytes <= b->p->len ? b : NULL;
}

struct packet *memory_unbind(struct memory *mem, bus_addr addr)
{
    uint32_t offset;
    struct binding *b = find_binding(mem, addr, 0, &offset);

    SIM_ASSERT(b && offset == 0);
    struct packet *p = b->p;
    b->p = NULL;
    b->next = mem->free;
    mem->free = (uint32_t)(b - mem->bindings);
    return p;
}

int memory_node(const struct memory *mem, bus_addr addr)
{
    uint32_t offset;
    const struct region *r = find_region(mem, addr, 1);

    if (r) return r->node;
    return find_binding(mem, addr, 0, &offset) ? MEMORY_BOUND_NODE : -1;
}

/* -- the device's side ------------------------------------------------------------------------------------------- */

static void copy_frame(const struct packet *p, uint32_t offset, uint8_t *to, uint32_t bytes)
{
    if (offset < p->hdr_len) {
        uint32_t n = p->hdr_len - offset < bytes ? p->hdr_len - offset : bytes;
        memcpy(to, p->hdr + offset, n);
        to += n;
        offset += n;
        bytes -= n;
    }
    if (bytes == 0) return;
    if (p->stored)
        memcpy(to, p->stored + (offset - p->hdr_len), bytes);
    else
        memset(to, 0, bytes);
}

bool memory_read(struct memory *mem, bus_addr addr, void *to, uint32_t bytes)
{
    uint32_t offset;
    const struct region *r = find_region(mem, addr, bytes);

    if (r && r->data) {
        memcpy(to, r->data + (addr - r->base), bytes);
        return true;
    }
    const struct binding *b = find_binding(mem, addr, bytes, &offset);
    if (b) copy_frame(b->p, offset, to, bytes);
    return b != NULL;
}

bool memory_write(struct memory *mem, bus_addr addr, const void *from, uint32_t bytes)
{
    const struct region *r = find_region(mem, addr, bytes);

    if (!r || !r->data) return false;
    memcpy(r->data + (addr - r->base), from, bytes);
    return true;
}

/* The open frame 'p', NULL: none. */
static struct open_frame *find_open(struct memory *mem, const struct packet *p)
{
    for (uint32_t i = 0; i < mem->n_open; i++)
        if (mem->open[i].p == p) return &mem->open[i];
    return NULL;
}

static void close_open(struct memory *mem, struct open_frame *o)
{
    *o = mem->open[--mem->n_open];
}

/* Memory owns 'p' from now on; its first slot will give it back. */
static void complete(struct memory *mem, struct slot *first, struct packet *p)
{
    first->state = SLOT_OWNER;
    first->p = p;
    mem->held++;
}

static void empty_slot(struct memory *mem, struct slot *s)
{
    if (s->state == SLOT_OWNER) {
        packet_drop(mem->pool, s->p, DROP_DRIVER);
        mem->held--;
    }
    for (uint32_t i = 0; s->state == SLOT_FIRST && i < mem->n_open; i++)
        if (mem->open[i].first == s) close_open(mem, &mem->open[i--]);
    *s = (struct slot){ 0 };
}

static void write_slot(struct memory *mem, struct slot *s, struct packet *p, uint32_t offset, uint32_t bytes, bool last)
{
    struct open_frame *o = find_open(mem, p);

    if (o && offset == 0) { /* the device gave up the frame that had this packet's place */
        empty_slot(mem, o->first);
        o = NULL;
    }
    bool goes_on = o && s->p == p && s->end == offset;
    if (!goes_on) {
        empty_slot(mem, s);
        o = find_open(mem, p); /* no longer there if it began in this very slot */
        s->p = p;
        s->state = o ? SLOT_CONTINUED : SLOT_FIRST;
    }
    s->bytes += bytes;
    s->end = offset + bytes;
    if (last) {
        complete(mem, o ? o->first : s, p);
        if (o) close_open(mem, o);
    } else if (!o) {
        if (mem->n_open == OPEN_MAX) empty_slot(mem, mem->open[0].first);
        mem->open[mem->n_open++] = (struct open_frame){ p, s };
    }
}

enum memory_result memory_write_frame(struct memory *mem, bus_addr addr, struct packet *p, uint32_t offset,
                                      uint32_t bytes, bool last)
{
    struct region *r = find_region(mem, addr, bytes);

    if (!r) return MEMORY_REFUSED;
    SIM_ASSERT(bytes > 0 && (uint64_t)offset + bytes <= p->len);
    if (r->slots) {
        struct slot *s = find_slot(r, addr);
        if (find_slot(r, addr + bytes - 1) != s) return MEMORY_REFUSED;
        if (offset == 0 && last && s->state == SLOT_EMPTY && mem->n_open == 0) { /* what nearly all are */
            *s = (struct slot){ .bytes = bytes, .end = bytes };
            complete(mem, s, p);
            return MEMORY_REFERRED;
        }
        write_slot(mem, s, p, offset, bytes, last);
        return MEMORY_REFERRED;
    }
    headers_finish(p);
    copy_frame(p, offset, r->data + (addr - r->base), bytes);
    struct open_frame *o = last ? find_open(mem, p) : NULL;
    if (!o) return MEMORY_COPIED;
    complete(mem, o->first, p);
    close_open(mem, o);
    return MEMORY_REFERRED;
}

void memory_expect_frame(const struct memory *mem, bus_addr addr)
{
    const struct region *r = find_region(mem, addr, 1);
    if (r && r->slots) __builtin_prefetch(find_slot(r, addr), 1);
}

void memory_abandon_frame(struct memory *mem, const struct packet *p)
{
    struct open_frame *o = find_open(mem, p);
    if (o) empty_slot(mem, o->first);
}

struct packet *memory_find_bound(struct memory *mem, bus_addr addr, uint32_t bytes, uint32_t *offset)
{
    const struct binding *b = find_binding(mem, addr, bytes, offset);
    return b ? b->p : NULL;
}

uint64_t memory_frames_held(const struct memory *mem)
{
    return mem->held;
}
