/* SPDX-License-Identifier: GPL-3.0-or-later
 * nic82598_filter.c -- is a frame for us, and for which queue (datasheet 3.4.1, 3.4.2, 3.5.2.8).
 *
 *     address (RAR, multicast table, broadcast, promiscuous) -> VLAN -> VMDq index -> RSS index -> queue
 *
 *     VMDq  RSS   queue
 *     off   off   0
 *     off   on    [3:0] = RSS output 0
 *     on    off   [3:0] = VMDq index
 *     on    on    [5:4] = VMDq index [1:0], [3:0] = RSS output 0 or 1, as VMDq index [0] says
 *
 * The Toeplitz hash is a table per input byte, made from the key when it is first needed.  A frame without a hash has
 * RSS output 0.  Frames that are not simply TCP or UDP over IP are looked at in nic82598_headers.c.  Where the sources
 * are silent: the _EX types are told only of frames with extension headers; without such a type these are hashed as if
 * they had none.  Left out: the mirror of management traffic. */
#include <string.h>

#include "nicmodel/frame_facts.h"
#include "nicmodel/nic82598_impl.h"

enum {
    ETHERTYPE_OFFSET = 12, ETHERTYPE_CONTROL = 0x8808,
    MAX_FRAME = 1518, MAX_JUMBO = 16384, BUFFER_DEFAULT_KIB = 2, BUFFER_MAX_KIB = 16,
    RSS_TCPV4 = 1, RSS_IPV4 = 2, RSS_TCPV6 = 3, RSS_IPV6EX = 4, RSS_IPV6 = 5, RSS_TCPV6EX = 6, RSS_UDPV4 = 7,
    RSS_UDPV6 = 8, RSS_UDPV6EX = 9, ADDRESS_V4 = 4, ADDRESS_V6 = 16,
    PLANE_WORDS = 128, RETA_MASK = 127,
};

/* -- configuration ------------------------------------------------------------------------------------------------ */

void filter_mode(struct nic *nic)
{
    struct rx_mode *m = &nic->mode;
    const uint32_t *reg = nic->reg;
    uint32_t fctrl = reg[SLOT_FCTRL], vlan = reg[SLOT_VLNCTRL], vmd = reg[SLOT_VMD_CTL];

    m->enabled = NIC_GET(RXCTRL_RXEN, reg[SLOT_RXCTRL]);
    m->sbp = NIC_GET(FCTRL_SBP, fctrl);
    m->upe = NIC_GET(FCTRL_UPE, fctrl);
    m->mpe = NIC_GET(FCTRL_MPE, fctrl);
    m->bam = NIC_GET(FCTRL_BAM, fctrl);
    m->pmcf = NIC_GET(FCTRL_PMCF, fctrl);
    m->dpf = NIC_GET(FCTRL_DPF, fctrl);
    m->mfe = NIC_GET(MCSTCTRL_MFE, reg[SLOT_MCSTCTRL]);
    m->mo = (uint8_t)NIC_GET(MCSTCTRL_MO, reg[SLOT_MCSTCTRL]);
    m->vfe = NIC_GET(VLNCTRL_VFE, vlan);
    m->vme = NIC_GET(VLNCTRL_VME, vlan);
    m->cfien = NIC_GET(VLNCTRL_CFIEN, vlan);
    m->cfi = NIC_GET(VLNCTRL_CFI, vlan);
    m->vet = (uint16_t)NIC_GET(VLNCTRL_VET, vlan);
    m->vmdq = NIC_GET(VMD_CTL_VMDQ_EN, vmd);
    m->vmdq_vlan = NIC_GET(VMD_CTL_VMDQ_FILTER, vmd);
    m->default_pool = (uint8_t)NIC_GET(VMD_CTL_DEFAULT, vmd);
    m->rss = NIC_GET(MRQC_RSSEN, reg[SLOT_MRQC]);
    m->hash_types = reg[SLOT_MRQC];
    m->pcsd = NIC_GET(RXCSUM_PCSD, reg[SLOT_RXCSUM]);
    m->ippcse = NIC_GET(RXCSUM_IPPCSE, reg[SLOT_RXCSUM]);
    m->v6_off = NIC_GET(RFCTL_IPV6_DIS, reg[SLOT_RFCTL]);
    m->v6_sums_off = NIC_GET(RFCTL_IPV6_XSUM_DIS, reg[SLOT_RFCTL]);
    m->v6_extensions_off = NIC_GET(RFCTL_IPV6_EX_DIS, reg[SLOT_RFCTL]);
    m->lengths = NIC_GET(HLREG0_RXLNGTHERREN, reg[SLOT_HLREG0]);
    m->fcs_bytes = NIC_GET(HLREG0_RXCRCSTRP, reg[SLOT_HLREG0]) ? 0 : FRAME_FCS_BYTES;
    m->per_pool = NIC_GET(RDRXCTL_MVMEN, reg[SLOT_RDRXCTL]);
    m->fifo_bytes = reg[SLOT_RXPBSIZE0] & 0xffc00;

    uint32_t max = NIC_GET(HLREG0_JUMBOEN, reg[SLOT_HLREG0]) ? NIC_GET(MHADD_MAXFRS, reg[SLOT_MHADD]) : MAX_FRAME;
    m->max_bytes = (max < MAX_JUMBO ? max : MAX_JUMBO) - FRAME_FCS_BYTES;
    m->n_rar = 0;
    for (int i = 0; i < COUNT_RAL; i++) {
        uint32_t high = reg[SLOT_RAH + i];
        if (!NIC_GET(RAH_AV, high)) continue;
        m->rar[m->n_rar] = (uint64_t)NIC_GET(RAH_ADDR, high) << 32 | reg[SLOT_RAL + i];
        m->rar_pool[m->n_rar++] = (uint8_t)NIC_GET(RAH_VIND, high);
    }
    for (int i = 0; i < COUNT_SRRCTL; i++) {
        uint32_t srrctl = reg[SLOT_SRRCTL + i], kib = NIC_GET(SRRCTL_BSIZEPACKET, srrctl);
        if (kib == 0) kib = BUFFER_DEFAULT_KIB;
        if (kib > BUFFER_MAX_KIB) kib = BUFFER_MAX_KIB;
        m->buffer[i] = (struct rx_buffer){ kib * 1024, (uint16_t)(NIC_GET(SRRCTL_BSIZEHEADER, srrctl) * 64),
                                           (uint8_t)NIC_GET(SRRCTL_DESCTYPE, srrctl), NIC_GET(SRRCTL_DROP_EN, srrctl) };
    }
}

void write_rxmode(struct nic *nic, uint32_t index, uint32_t value)
{
    (void)index, (void)value;
    filter_mode(nic);
    dcb_mode(nic);
}

void write_rar(struct nic *nic, uint32_t index, uint32_t value)
{
    write_rxmode(nic, index, value);
}

void write_rssrk(struct nic *nic, uint32_t index, uint32_t value)
{
    (void)index, (void)value;
    nic->hash_stale = true;
}

/* -- RSS ---------------------------------------------------------------------------------------------------------- */

static uint8_t key_byte(const struct nic *nic, unsigned i)
{
    return (uint8_t)(nic->reg[SLOT_RSSRK + (int)(i / 4)] >> (8 * (i % 4)));
}

/* Input bit i (most significant first) contributes the 32 key bits from bit i on. */
static void make_tables(struct nic *nic)
{
    for (unsigned byte = 0; byte < RSS_INPUT_BYTES; byte++) {
        uint64_t window = 0;
        for (unsigned i = 0; i < 5; i++) window = window << 8 | key_byte(nic, byte + i);
        nic->hash[byte][0] = 0;
        for (unsigned v = 1; v < 256; v++) {
            unsigned bit = (unsigned)__builtin_ctz(v); /* bit 7 is the first of the byte */
            nic->hash[byte][v] = nic->hash[byte][v & (v - 1)] ^ (uint32_t)(window >> (bit + 1));
        }
    }
    memset(nic->known_hash, 0, sizeof nic->known_hash); /* of input that is zero, the hash is zero */
    nic->hash_stale = false;
}

/* The part of 'bytes' (a multiple of 4) input bytes that begin at 'position' of the whole input. */
static inline uint32_t toeplitz(const struct nic *nic, unsigned position, const uint8_t *b, unsigned bytes)
{
    const uint32_t(*h)[256] = nic->hash + position;
    uint32_t hash = 0;

    for (; bytes > 0; bytes -= 4, h += 4, b += 4) hash ^= h[0][b[0]] ^ h[1][b[1]] ^ h[2][b[2]] ^ h[3][b[3]];
    return hash;
}

/* The hash of an IPv4 packet with ports; what the last flows had is known. */
static inline uint32_t hash_flow(struct nic *nic, const uint8_t *addresses, const uint8_t *ports)
{
    struct known_hash k = { 0 };
    memcpy(&k.addresses, addresses, sizeof k.addresses);
    memcpy(&k.ports, ports, sizeof k.ports);
    uint64_t last_bytes = k.addresses >> 24 ^ k.addresses >> 56 ^ k.ports >> 8 ^ k.ports >> 24;
    struct known_hash *known = &nic->known_hash[last_bytes % KNOWN_HASHES];
    if (known->addresses != k.addresses || known->ports != k.ports) {
        k.hash = toeplitz(nic, 0, addresses, 2 * ADDRESS_V4) ^ toeplitz(nic, 2 * ADDRESS_V4, ports, 4);
        *known = k;
    }
    return known->hash;
}

uint32_t nic_rss_hash(struct nic *nic, const uint8_t *input, uint32_t bytes)
{
    uint32_t hash = 0;

    SIM_ASSERT(bytes <= RSS_INPUT_BYTES);
    if (nic->hash_stale) make_tables(nic);
    for (uint32_t i = 0; i < bytes; i++) hash ^= nic->hash[i][input[i]];
    return hash;
}

/* Type of hash for IPv4 among the enabled 'types', 0: none.  TCP before UDP before plain IP. */
static unsigned hash_type_v4(uint32_t types, bool tcp, bool udp)
{
    if (tcp && types & NIC_MASK(MRQC_TCPV4)) return RSS_TCPV4;
    if (udp && types & NIC_MASK(MRQC_UDPV4)) return RSS_UDPV4;
    return types & NIC_MASK(MRQC_IPV4) ? RSS_IPV4 : 0;
}

/* The same for IPv6; 'extended': with extension headers. */
static unsigned hash_type_v6(uint32_t types, bool tcp, bool udp, bool extended)
{
    bool plain_tcp = types & NIC_MASK(MRQC_TCPV6), tcp_ex = types & NIC_MASK(MRQC_IPV6EX_TCP);
    bool plain_udp = types & NIC_MASK(MRQC_UDPV6), udp_ex = types & NIC_MASK(MRQC_UDPV6EX);
    bool plain_ip = types & NIC_MASK(MRQC_IPV6), ip_ex = types & NIC_MASK(MRQC_IPV6EX);

    if (tcp && (plain_tcp || tcp_ex)) return tcp_ex && (extended || !plain_tcp) ? RSS_TCPV6EX : RSS_TCPV6;
    if (udp && (plain_udp || udp_ex)) return udp_ex && (extended || !plain_udp) ? RSS_UDPV6EX : RSS_UDPV6;
    if (plain_ip || ip_ex) return ip_ex && (extended || !plain_ip) ? RSS_IPV6EX : RSS_IPV6;
    return 0;
}

static bool by_ports(unsigned type)
{
    return type != RSS_IPV4 && type != RSS_IPV6 && type != RSS_IPV6EX;
}

/* Sets the hash and its type; false when none of the enabled types fits. */
static bool hash(struct nic *nic, const struct packet *p, struct frame_kind k, struct rx_cb *cb)
{
    uint32_t types = nic->mode.hash_types;
    const uint8_t *ip = p->hdr + p->l3;
    unsigned type = k.v4 ? hash_type_v4(types, k.tcp, k.udp) : hash_type_v6(types, k.tcp, k.udp, false);

    if (type == 0) return false;
    if (nic->hash_stale) make_tables(nic);
    cb->types |= (uint16_t)type;
    if (k.v4 && by_ports(type)) {
        cb->hash = hash_flow(nic, ip + 12, p->hdr + p->l4);
        return true;
    }
    uint32_t addresses = k.v4 ? 2 * ADDRESS_V4 : 2 * ADDRESS_V6;
    cb->hash = toeplitz(nic, 0, k.v4 ? ip + 12 : ip + 8, addresses);
    if (by_ports(type)) cb->hash ^= toeplitz(nic, addresses, p->hdr + p->l4, 4);
    return true;
}

/* The same for other frames; fragments are hashed by address only, and only the _EX types heed what extension headers
 * say of addresses. */
static bool hash_odd(struct nic *nic, const struct packet *p, const struct rx_headers *h, struct rx_cb *cb)
{
    uint32_t types = nic->mode.hash_types, bytes = h->v4 ? ADDRESS_V4 : ADDRESS_V6;
    unsigned type = h->v4 ? hash_type_v4(types, h->tcp, h->udp) : hash_type_v6(types, h->tcp, h->udp, h->extended);
    bool ex = type == RSS_TCPV6EX || type == RSS_UDPV6EX || type == RSS_IPV6EX;
    uint8_t input[RSS_INPUT_BYTES];

    if (type == 0) return false;
    uint32_t src = h->v4 || ex ? h->src : h->l3 + 8, dst = h->v4 || ex ? h->dst : h->l3 + 24;
    packet_read(p, src, input, bytes);
    packet_read(p, dst, input + bytes, bytes);
    packet_read(p, h->l4, input + 2 * bytes, 4);
    cb->hash = nic_rss_hash(nic, input, by_ports(type) ? 2 * bytes + 4 : 2 * bytes);
    cb->types |= (uint16_t)type;
    return true;
}

static void choose_queue(struct nic *nic, bool hashed, struct rx_cb *cb, unsigned pool)
{
    const struct rx_mode *m = &nic->mode;
    unsigned output = 0;

    if (!m->vmdq) pool = 0;
    if (hashed) {
        unsigned entry = cb->hash & RETA_MASK;
        uint32_t both = nic->reg[SLOT_RETA + (int)(entry / 4)] >> (8 * (entry % 4));
        output = both >> (pool & 1 ? 4 : 0) & 15;
    }
    cb->queue = (uint8_t)(!m->vmdq ? output : m->rss ? (pool & 3) << 4 | output : pool);
    cb->mode = (uint8_t)(!m->per_pool ? 0 : m->vmdq ? pool : output);
}

/* -- filters ------------------------------------------------------------------------------------------------------ */

static bool bit_of(const struct nic *nic, int slot, uint32_t i)
{
    return nic->reg[slot + (int)(i / 32)] >> (i % 32) & 1;
}

/* Sets the VMDq index of the address. */
static bool address_accept(struct nic *nic, const struct packet *p, struct rx_cb *cb, unsigned *pool)
{
    const struct rx_mode *m = &nic->mode;
    uint64_t dst = frame_address(p->hdr);

    *pool = m->default_pool;
    for (uint32_t i = 0; i < m->n_rar; i++)
        if (m->rar[i] == dst) {
            *pool = m->rar_pool[i];
            return true;
        }
    if (!(dst & 1)) return m->upe;
    if (dst == 0xffffffffffff) return m->bam;
    if (m->mfe && bit_of(nic, SLOT_MTA, frame_multicast_index(dst, nic->mode.mo))) {
        cb->status |= RXD_PIF;
        return true;
    }
    return m->mpe;
}

/* The tag of a tagged frame is checked, may choose the VMDq index, and may be stripped. */
static bool vlan_accept(struct nic *nic, struct packet *p, struct rx_cb *cb, unsigned *pool)
{
    const struct rx_mode *m = &nic->mode;
    uint32_t tci = get_be16(p->hdr + ETH_BYTES), vid = tci & 0xfff;

    if (m->cfien && (bool)(tci >> 12 & 1) != m->cfi) return false;
    if (m->vfe && !bit_of(nic, SLOT_VFTA, vid)) return false;
    if (m->vmdq && m->vmdq_vlan) {
        uint32_t plane = vid >> 3 & 3;
        *pool = nic->reg[SLOT_VFTAVIND + (int)(plane * PLANE_WORDS + (vid >> 5))] >> ((vid & 7) * 4) & 15;
    }
    if (m->vme) put_be16(p->hdr + ETHERTYPE_OFFSET, ETHERTYPE_VLAN); /* whatever VET is */
    if (m->vme && headers_vlan_pop(p)) {
        cb->vlan = (uint16_t)tci;
        cb->status |= RXD_VP;
        p->flags |= PACKET_TAG_TAKEN;
        if (m->vet != ETHERTYPE_VLAN) headers_parse(p);
    }
    return true;
}

/* -- what the descriptor tells ------------------------------------------------------------------------------------ */

/* TCP or UDP over IP.  A UDP checksum of zero says that there is none. */
static void describe(struct nic *nic, const struct packet *p, struct frame_kind k, struct rx_cb *cb)
{
    const uint8_t *ip = p->hdr + p->l3;
    bool l4 = k.tcp || p->flags & PACKET_CSUM_PARTIAL || get_be16(p->hdr + p->l4 + 6) != 0;

    if (!k.v4 && nic->mode.v6_sums_off) l4 = false;
    cb->types |= k.tcp ? RXD_TYPE_TCP : RXD_TYPE_UDP;
    cb->types |= k.v4 ? RXD_TYPE_IPV4 : RXD_TYPE_IPV6;
    if (k.v4 && (ip[0] & 15) > 5) cb->types |= RXD_TYPE_IPV4_OPT;
    if (k.v4) cb->status |= RXD_IPCS;
    if (l4) cb->status |= k.tcp ? RXD_L4CS : RXD_L4CS | RXD_UDPCS;
    if (p->flags == PACKET_CSUM_PARTIAL || headers_checksum_ok(p)) return;
    bool given = p->flags & (PACKET_CSUM_BAD | PACKET_CSUM_PARTIAL);
    bool ip_bad = k.v4 && !given && checksum_fold(checksum_add(0, ip, (uint32_t)(ip[0] & 15) * 4)) != 0;
    if (!ip_bad && !l4) return;
    cb->status |= ip_bad ? 1u << RXD_ERR_IPE_BIT : 1u << RXD_ERR_TCPE_BIT;
    stats_add(nic, SLOT_XEC, 1);
}

/* Everything else.  True: it has a hash. */
__attribute__((cold)) static bool describe_odd(struct nic *nic, const struct packet *p, struct rx_cb *cb)
{
    struct rx_headers h;

    if (!headers_look(nic, p, &h)) return false;
    headers_describe(nic, p, &h, cb);
    return nic->mode.rss && hash_odd(nic, p, &h, cb);
}

/* Without PCSD the descriptor has what adds fragments up in place of the hash. */
static uint32_t fragment_word(const struct nic *nic, const struct packet *p)
{
    if (!p->l3 || !headers_is_ipv4(p) || p->l3 + IPV4_BYTES > p->hdr_len) return 0;
    return get_be16(p->hdr + p->l3 + 4) | (nic->mode.ippcse ? headers_fragment_sum(p) << 16 : 0);
}

bool filter_accept(struct nic *nic, struct packet *p)
{
    struct rx_cb *cb = rx_cb(p);
    uint32_t type = get_be16(p->hdr + ETHERTYPE_OFFSET);
    unsigned pool;

    *cb = (struct rx_cb){ 0 };
    p->flags &= (uint8_t)~PACKET_TAG_TAKEN;
    if (p->l3 == 0) headers_parse(p);
    if (type == ETHERTYPE_CONTROL && !pause_accept(nic, p)) return false;
    if (!address_accept(nic, p, cb, &pool)) return false;
    if (type == nic->mode.vet && p->hdr_len >= ETH_BYTES + VLAN_BYTES && !vlan_accept(nic, p, cb, &pool)) return false;
    struct frame_kind k = frame_kind_of(p);
    bool hashed = false;
    if (__builtin_expect((k.tcp || k.udp) && (k.v4 || !nic->mode.v6_off), 1)) {
        describe(nic, p, k, cb);
        hashed = nic->mode.rss && hash(nic, p, k, cb);
    } else {
        hashed = describe_odd(nic, p, cb);
    }
    choose_queue(nic, hashed, cb, pool);
    if (__builtin_expect(!nic->mode.pcsd, 0)) cb->hash = fragment_word(nic, p);
    if (__builtin_expect(nic->mode.immediate, 0) && immediate_match(nic, p, cb)) cb->status |= RXD_DYNINT;
    return true;
}
