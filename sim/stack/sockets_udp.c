/* SPDX-License-Identifier: GPL-3.0-or-later
 * sockets_udp.c -- datagrams: sent by the calling thread down to the data link, received by whoever brings them.
 *
 * A UDP socket has one destination and one thread, so nothing guards it.  A full transmit queue makes the sender wait, as
 * it does a TCP writer.  A datagram is one frame: nothing is fragmented.  Received datagrams are counted and thrown
 * away; no thread reads them. */
#include "endpoint/udp.h"
#include "stack/sockets_impl.h"

struct datagram {
    struct link_state *link;
    struct packet template;
    uint16_t ip_id;
};

static struct socket *open_udp(struct host *h, const char *via, uint16_t from_port, struct host_addr to,
                               struct task *task)
{
    struct sockets *s = sockets_of(h);
    struct link_state *l = sockets_find_link(s, via);
    struct tcp_route route;

    if (!l || !sockets_route(s, l, to.ip, &route)) return NULL;
    struct socket *sock = sockets_new(s, task);
    struct datagram *d = calloc(1, sizeof *d);
    SIM_ASSERT(d);
    struct udp_flow flow = { route.src, route.dst, route.vlan, { route.ip, from_port }, to };
    d->link = l;
    udp_build(&d->template, &flow, 0, 0);
    sock->datagram = d;
    return sock;
}

void sockets_udp_close(struct socket *sock)
{
    free(sock->datagram);
}

static struct packet *new_datagram(struct sockets *s, struct datagram *d, int32_t frame_bytes)
{
    const struct packet *t = &d->template;
    struct packet *p = packet_new(s->config.pool, machine_now(s->m));

    memcpy(p->hdr, t->hdr, t->hdr_len);
    p->hdr_len = t->hdr_len;
    p->l3 = t->l3;
    p->l4 = t->l4;
    p->payload = t->payload;
    p->flags = t->flags;
    p->len = (uint32_t)(frame_bytes - FRAME_FCS_BYTES);
    put_be16(p->hdr + p->l3 + 2, p->len - p->l3);
    put_be16(p->hdr + p->l3 + 4, d->ip_id++);
    put_be16(p->hdr + p->l4 + 4, p->len - p->l4);
    return p;
}

static int64_t send(struct socket *sock, int32_t frame_bytes)
{
    struct sockets *s = sock->owner;
    struct datagram *d = sock->datagram;

    if (!sock->in_write) {
        machine_charge(s->m, COST_SYSCALL, 1);
        machine_charge(s->m, COST_SOCK_WRITE, 1);
        sock->in_write = true;
    }
    if (sockets_must_wait(sock, d->link)) return SOCKET_WOULD_BLOCK;
    sock->in_write = false;
    struct packet *p = new_datagram(s, d, frame_bytes);
    sockets_copy_in(sock, p->len - p->payload);
    machine_charge(s->m, COST_UDP_TX, 1);
    machine_touch(s->m, &sock->lines, CONN_LINES);
    s->counter[SOCKETS_udp_sent]++;
    sock->queue = d->link->config.transmit(d->link->config.datalink, p);
    return frame_bytes;
}

const struct datagram_ops sockets_datagram_ops = { open_udp, send };

/* -- receive ------------------------------------------------------------------------------------------------------ */

void sockets_udp_sink(struct sockets *s, uint16_t port)
{
    s->udp_ports[port / 64] |= UINT64_C(1) << port % 64;
}

void sockets_udp_receive(struct sockets *s, struct packet *p)
{
    uint16_t port = get_be16(p->hdr + p->l4 + 2);

    machine_charge(s->m, COST_UDP_RX, 1);
    if (!(s->udp_ports[port / 64] >> port % 64 & 1)) {
        packet_drop(s->config.pool, p, DROP_NO_SOCKET);
        return;
    }
    s->counter[SOCKETS_udp_packets]++;
    s->counter[SOCKETS_udp_bytes] += p->len - p->payload;
    packet_deliver(s->config.pool, p);
}
