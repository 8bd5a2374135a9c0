/* memory.h -- a machine's physical memory as devices see it: bus addresses that mean something, and all others.
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

struct memory *memory_create(struct packet_pool *pool);
void memory_destroy(struct memory *mem);

/* -- the CPU's side --------------------------------------------------------------------------------------------- */

/* Maps 'bytes' zeroed bytes on NUMA node 'node', 4 KiB aligned.  *cpu_view is the same bytes for the driver. */
bus_addr memory_map_bytes(struct memory *mem, uint64_t bytes, int node, uint8_t **cpu_view);

/* Maps 'count' slots of 'slot_bytes' (a power of two >= 64) for received frames. */
bus_addr memory_map_buffers(struct memory *mem, uint32_t count, uint32_t slot_bytes, int node);
/* Takes the frame out of the slot at 'addr'; NULL when the slot is empty.  *bytes: how much of it this slot holds. */
struct packet *memory_take_frame(struct memory *mem, bus_addr addr, uint32_t *bytes);

/* Binds a packet for transmit: an address range as long as the packet (up to 256 KiB), valid until unbind.  The
 * caller keeps owning the packet.  Returns 0 when all bindings are in use. */
bus_addr memory_bind(struct memory *mem, struct packet *p);
struct packet *memory_unbind(struct memory *mem, bus_addr addr);

int memory_node(const struct memory *mem, bus_addr addr); /* NUMA node, -1 when not mapped */

/* -- the device's side: each returns false, and does nothing, when the range is not wholly mapped ----------------- */

bool memory_read(struct memory *mem, bus_addr addr, void *to, uint32_t bytes);   /* byte regions and bound packets */
bool memory_write(struct memory *mem, bus_addr addr, const void *from, uint32_t bytes); /* byte regions only */

/* Writes 'bytes' bytes of frame 'p' from 'offset'.  Into a buffer slot: the slot refers to the frame; with
 * 'last' the slot takes ownership of it, and memory_take_frame() of the slot with offset 0 gives it back.
 * Into a byte region: the bytes are copied and, with 'last', the packet is the caller's to deliver. */
enum memory_result { MEMORY_REFUSED, MEMORY_REFERRED, MEMORY_COPIED };
enum memory_result memory_write_frame(struct memory *mem, bus_addr addr, struct packet *p, uint32_t offset,
                                      uint32_t bytes, bool last);

/* The packet bound at 'addr' and the offset of 'addr' in it, when [addr, addr + bytes) lies in one binding; else
 * NULL, and the device must gather bytes with memory_read(). */
struct packet *memory_find_bound(struct memory *mem, bus_addr addr, uint32_t bytes, uint32_t *offset);

/* Frames in buffer slots: packets this memory owns, for the conservation check. */
uint64_t memory_frames_held(const struct memory *mem);

#endif
