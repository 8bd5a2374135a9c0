/* SPDX-License-Identifier: GPL-3.0-or-later
 * memory.h -- a machine's physical memory as devices see it: bus addresses that mean something, and all others.
 *
 * Two kinds of region: bytes (descriptor rings, header buffers), backed by real bytes; and buffers, fixed-size slots
 * that hold frames by reference, so that a payload nobody looks at is never copied.  An access outside every region
 * is refused: the device counts it, memory is never touched. */
#ifndef SIM_MACHINE_MEMORY_H
#define SIM_MACHINE_MEMORY_H

#include <stdbool.h>
#include <stdint.h>

#include "net/packet.h"

struct memory;

typedef uint64_t bus_addr; /* 0 is never mapped */

/* Registers itself with 'pool' as the holder of the frames in its slots (NULL: no frames will be held). */
struct memory *memory_create(struct packet_pool *pool);
void memory_destroy(struct memory *mem); /* frames still held stay with the pool */

/* -- the CPU's side --------------------------------------------------------------------------------------------- */

/* Maps 'bytes' zeroed bytes on NUMA node 'node', 4 KiB aligned.  *cpu_view is the same bytes for the driver. */
bus_addr memory_map_bytes(struct memory *mem, uint64_t bytes, int node, uint8_t **cpu_view);

/* Makes [addr, addr + bytes) mean the caller's bytes at 'cpu_view', which must outlive the mapping: a driver that runs
 * outside the simulation, in real memory.  On node 0.  False, and nothing is mapped, when the range is empty, wraps,
 * or overlaps another; regions of memory_map_bytes() and memory_map_buffers() take addresses from 1 << 32 upwards. */
bool memory_map_foreign(struct memory *mem, bus_addr addr, uint64_t bytes, uint8_t *cpu_view);
/* Ends the mapping that begins at 'addr'; false when there is none. */
bool memory_unmap_foreign(struct memory *mem, bus_addr addr);

/* Maps 'count' slots of 'slot_bytes' (a power of two >= 64) for received frames. */
bus_addr memory_map_buffers(struct memory *mem, uint32_t count, uint32_t slot_bytes, int node);
/* Empties the slot at 'addr'.  *bytes: how much of a frame it held; 0: it was empty, or a frame begins in it that is
 * not complete yet.  Returns the frame, now the caller's, from the slot in which it began; NULL from one that goes on
 * with it. */
struct packet *memory_take_frame(struct memory *mem, bus_addr addr, uint32_t *bytes);

/* Binds a packet for transmit: an address range as long as the packet (up to 256 KiB), 4 KiB aligned, on node 0, valid
 * until unbind.  The caller keeps owning the packet.  Returns 0 when all bindings are in use. */
enum { MEMORY_BINDINGS_MAX = 65536, MEMORY_BOUND_NODE = 0 };
bus_addr memory_bind(struct memory *mem, struct packet *p);
/* 'addr' as memory_bind() returned it; gives the packet back. */
struct packet *memory_unbind(struct memory *mem, bus_addr addr);

int memory_node(const struct memory *mem, bus_addr addr); /* NUMA node, -1 when not mapped */

/* -- the device's side: each returns false, and does nothing, when the range is not wholly mapped ----------------- */

bool memory_read(struct memory *mem, bus_addr addr, void *to, uint32_t bytes);   /* byte regions and bound packets */
bool memory_write(struct memory *mem, bus_addr addr, const void *from, uint32_t bytes); /* byte regions only */

/* Writes 'bytes' bytes of frame 'p' from 'offset', which only grows from call to call of one frame.  Into a buffer
 * slot (MEMORY_REFERRED): the slot refers to the frame; with 'last' memory owns it, and memory_take_frame() of the
 * first slot written gives it back.  A frame that a slot held before, unread, is dropped as DROP_DRIVER.
 * Into a byte region (MEMORY_COPIED): the bytes are copied and, with 'last', the packet is still the caller's.
 * Bytes are on show, so a checksum left to others (PACKET_CSUM_PARTIAL) is filled in first.
 * With 'last', MEMORY_REFERRED when any part of the frame went into a slot. */
enum memory_result { MEMORY_REFUSED, MEMORY_REFERRED, MEMORY_COPIED };
enum memory_result memory_write_frame(struct memory *mem, bus_addr addr, struct packet *p, uint32_t offset,
                                      uint32_t bytes, bool last);

/* A frame will soon be written to 'addr', if that means anything: a hint to the simulator's cache, which changes nothing. */
void memory_expect_frame(const struct memory *mem, bus_addr addr);

/* The device gives up a frame that it has begun to write: slots forget it. */
void memory_abandon_frame(struct memory *mem, const struct packet *p);

/* The packet bound at 'addr' and the offset of 'addr' in it, when [addr, addr + bytes) lies in one binding; else
 * NULL, and the device must gather bytes with memory_read(). */
struct packet *memory_find_bound(struct memory *mem, bus_addr addr, uint32_t bytes, uint32_t *offset);

/* Frames in buffer slots: packets this memory owns, for the conservation check. */
uint64_t memory_frames_held(const struct memory *mem);

#endif
