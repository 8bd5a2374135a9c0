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
 * RSS output 0.  Left out: header split types, the mirror of management traffic. */
#include "nicmodel/frame_facts.h"
#include "nicmodel/nic82598_impl.h"

enum {
    ETHERTYPE_OFFSET = 12, ETHERTYPE_CONTROL = 0x8808,
    MAX_FRAME = 1518, MAX_JUMBO = 16384, BUFFER_DEFAULT_KIB = 2, BUFFER_MAX_KIB = 16,
    RSS_TCPV4 = 1, RSS_IPV4 = 2, RSS_TCPV6 = 3, RSS_IPV6 = 5, RSS_UDPV4 = 7, RSS_UDPV6 = 8,
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
        m->buffer[i] = (struct rx_buffer){ kib * 1024, (uint8_t)NIC_GET(SRRCTL_DESCTYPE, srrctl),
                                           NIC_GET(SRRCTL_DROP_EN, srrctl) };
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

uint32_t nic_rss_hash(struct nic *nic, const uint8_t *input, uint32_t bytes)
{
    uint32_t hash = 0;

    SIM_ASSERT(bytes <= RSS_INPUT_BYTES);
    if (nic->hash_stale) make_tables(nic);
    for (uint32_t i = 0; i < bytes; i++) hash ^= nic->hash[i][input[i]];
    return hash;
}

/* Sets the hash and its type; false when none of the enabled types fits.  TCP before UDP before plain IP; fragments
 * are hashed by address only. */
static bool hash(struct nic *nic, const struct packet *p, struct frame_kind k, struct rx_cb *cb)
{
    uint32_t types = nic->mode.hash_types;
    const uint8_t *ip = p->hdr + p->l3;
    bool tcp = k.tcp && types & (k.v4 ? NIC_MASK(MRQC_TCPV4) : NIC_MASK(MRQC_TCPV6));
    bool udp = k.udp && types & (k.v4 ? NIC_MASK(MRQC_UDPV4) : NIC_MASK(MRQC_UDPV6));

    if (!tcp && !udp && !(k.ip && types & (k.v4 ? NIC_MASK(MRQC_IPV4) : NIC_MASK(MRQC_IPV6)))) return false;
    if (nic->hash_stale) make_tables(nic);
    if (k.v4) {
        cb->hash = toeplitz(nic, 0, ip + 12, 8);
        if (tcp || udp) cb->hash ^= toeplitz(nic, 8, p->hdr + p->l4, 4);
        cb->types |= tcp ? RSS_TCPV4 : udp ? RSS_UDPV4 : RSS_IPV4;
    } else {
        cb->hash = toeplitz(nic, 0, ip + 8, 32);
        if (tcp || udp) cb->hash ^= toeplitz(nic, 32, p->hdr + p->l4, 4);
        cb->types |= tcp ? RSS_TCPV6 : udp ? RSS_UDPV6 : RSS_IPV6;
    }
    return true;
}

static void choose_queue(struct nic *nic, const struct packet *p, struct frame_kind k, struct rx_cb *cb, unsigned pool)
{
    const struct rx_mode *m = &nic->mode;
    unsigned output = 0;

    if (!m->vmdq) pool = 0;
    if (m->rss && hash(nic, p, k, cb)) {
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
    if (m->vme && headers_vlan_pop(p)) {
        cb->vlan = (uint16_t)tci;
        cb->status |= RXD_VP;
    }
    return true;
}

/* -- what the descriptor tells ------------------------------------------------------------------------------------ */

static void describe(struct nic *nic, const struct packet *p, struct frame_kind k, struct rx_cb *cb)
{
    const uint8_t *ip = p->hdr + p->l3;

    if (!k.ip) return;
    cb->types |= !k.v4 ? RXD_TYPE_IPV6 : (ip[0] & 15) > 5 ? RXD_TYPE_IPV4_OPT : RXD_TYPE_IPV4;
    if (k.v4) cb->status |= RXD_IPCS;
    if (k.tcp) {
        cb->types |= RXD_TYPE_TCP;
        cb->status |= RXD_L4CS;
    } else if (k.udp) { /* a checksum of zero says that there is none */
        cb->types |= RXD_TYPE_UDP;
        if (p->flags & PACKET_CSUM_PARTIAL || get_be16(p->hdr + p->l4 + 6) != 0) cb->status |= RXD_L4CS;
    }
    if (p->flags == PACKET_CSUM_PARTIAL || headers_checksum_ok(p)) return;
    bool given = p->flags & (PACKET_CSUM_BAD | PACKET_CSUM_PARTIAL);
    bool ip_bad = k.v4 && !given && checksum_fold(checksum_add(0, ip, (uint32_t)(ip[0] & 15) * 4)) != 0;
    cb->status |= ip_bad || !(k.tcp || k.udp) ? 1u << RXD_ERR_IPE_BIT : 1u << RXD_ERR_TCPE_BIT;
    stats_add(nic, SLOT_XEC, 1);
}

bool filter_accept(struct nic *nic, struct packet *p)
{
    struct rx_cb *cb = rx_cb(p);
    uint32_t type = get_be16(p->hdr + ETHERTYPE_OFFSET);
    unsigned pool;

    *cb = (struct rx_cb){ 0 };
    if (p->l3 == 0) headers_parse(p);
    if (type == ETHERTYPE_CONTROL && !pause_accept(nic, p)) return false;
    if (!address_accept(nic, p, cb, &pool)) return false;
    if (type == nic->mode.vet && p->hdr_len >= ETH_BYTES + VLAN_BYTES && !vlan_accept(nic, p, cb, &pool)) return false;
    struct frame_kind k = frame_kind_of(p);
    describe(nic, p, k, cb);
    choose_queue(nic, p, k, cb, pool);
    if (__builtin_expect(nic->mode.immediate, 0) && immediate_match(nic, p, cb)) cb->status |= RXD_DYNINT;
    return true;
}
