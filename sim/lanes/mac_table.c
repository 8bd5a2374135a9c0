/* SPDX-License-Identifier: Apache-2.0
 * mac_table.c -- who has a destination address on a VLAN: 1024 buckets (rule 2.4). */
#include <stdlib.h>

#include "mac_impl.h"

static uint64_t key_of(const uint8_t a[LANE_ADDR_BYTES], uint16_t vid)
{
    uint64_t key = 0;
    for (int i = 0; i < LANE_ADDR_BYTES; i++) key = key << 8 | a[i];
    return key << 16 | vid;
}

static unsigned bucket_of(const uint8_t a[LANE_ADDR_BYTES], uint16_t vid)
{
    return ((unsigned)(a[3] + a[4] + a[5]) ^ vid) % MAC_BUCKETS;
}

struct mac_entry *lane_table_find(const struct mac_table *t, const uint8_t addr[LANE_ADDR_BYTES], uint16_t vid)
{
    uint64_t key = key_of(addr, vid);
    struct mac_entry *e = t->bucket[bucket_of(addr, vid)];
    while (e && e->key != key) e = e->next;
    return e;
}

struct mac_entry *lane_table_add(struct mac_table *t, const uint8_t addr[LANE_ADDR_BYTES], uint16_t vid)
{
    struct mac_entry *e = calloc(1, sizeof *e), **head = &t->bucket[bucket_of(addr, vid)];
    if (!e) return NULL;
    e->key = key_of(addr, vid);
    e->next = *head;
    *head = e;
    return e;
}

void lane_table_remove(struct mac_table *t, struct mac_entry *e)
{
    for (unsigned i = 0; i < MAC_BUCKETS; i++)
        for (struct mac_entry **at = &t->bucket[i]; *at; at = &(*at)->next)
            if (*at == e) {
                *at = e->next;
                free(e);
                return;
            }
}

void lane_table_fini(struct mac_table *t)
{
    for (unsigned i = 0; i < MAC_BUCKETS; i++)
        while (t->bucket[i]) lane_table_remove(t, t->bucket[i]);
}
