/* SPDX-License-Identifier: GPL-3.0-or-later
 * linux26_filter.c -- the stateful firewall that Fedora installs: what it costs a packet of an established connection.
 *
 *   received, before the protocol    find the connection (its entry is shared by both directions)
 *   sent, before the queue           TCP state and window, under the lock of all TCP entries of the machine (tcp_lock)
 *                                    new time-out, under the lock of all entries (nf_conntrack_lock)
 *                                    the chain's rules, as a reader of the table's lock, whose line moves between CPUs
 *
 * Every packet passes both ways through two locks that all CPUs share.  Both are gone from 2.6.30 and 2.6.31 on (commit
 * 440f0d588555: "especially tcp_lock shows up very high in profiles on larger machines").  All packets are accepted.
 *
 * Source: net/netfilter/nf_conntrack_proto_tcp.c (tcp_packet), nf_conntrack_core.c (__nf_ct_refresh_acct),
 * net/ipv4/netfilter/ip_tables.c (ipt_do_table) of 2.6.27.  Left out: connections being made; entries that share a bucket
 * here share a line. */
#include <stdlib.h>

#include "net/headers.h"
#include "stack/linux26_impl.h"

enum { ENTRIES = 4096, ENTRY_LINES = 2 };

struct filter {
    struct linux26 *l;
    struct mutex *tcp, *all;
    struct touchable table;
    struct touchable entry[ENTRIES];
};

struct filter *filter_create(struct linux26 *l)
{
    struct filter *f = calloc(1, sizeof *f);
    SIM_ASSERT(f);
    f->l = l;
    f->tcp = mutex_create(l->m, "tcp_lock");
    f->all = mutex_create(l->m, "nf_conntrack_lock");
    return f;
}

void filter_destroy(struct filter *f)
{
    free(f);
}

/* The same for both directions of a connection. */
static struct touchable *entry_of(struct filter *f, const struct packet *p)
{
    uint32_t h = get_be32(p->hdr + p->l3 + 12) ^ get_be32(p->hdr + p->l3 + 16) ^ get_be16(p->hdr + p->l4) ^
                 get_be16(p->hdr + p->l4 + 2);
    return &f->entry[(h ^ h >> 12) % ENTRIES];
}

static void track_tcp(struct filter *f, const struct packet *p)
{
    struct machine *m = f->l->m;
    bool entered = mutex_enter(f->tcp);
    machine_touch(m, entry_of(f, p), ENTRY_LINES);
    machine_charge(m, COST_CT_TCP, 1);
    mutex_exit(f->tcp);
    entered &= mutex_enter(f->all);
    SIM_ASSERT(entered); /* spin locks */
    machine_charge(m, COST_CT_REFRESH, 1);
    mutex_exit(f->all);
}

void filter_packet(struct filter *f, struct packet *p)
{
    struct machine *m = f->l->m;
    if (!p->l4) headers_parse(p);
    if (!p->l4 || !headers_is_ipv4(p)) return;
    machine_charge(m, COST_CT_LOOKUP, 1);
    if (p->hdr[p->l3 + 9] == IPPROTO_TCP_) track_tcp(f, p);
    machine_touch(m, &f->table, 1);
    machine_charge(m, COST_FILTER_RULES, 1);
}
