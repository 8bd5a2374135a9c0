/* SPDX-License-Identifier: GPL-3.0-or-later
 * nic82573_filter.c -- is a frame for us, and what will its descriptor tell (manual 3.2.1, 3.2.9).
 *
 *     address (RAR, multicast table, broadcast, promiscuous) -> VLAN -> checksums
 *
 * Left out: the packet checksum of RXCSUM.PCSS (reads 0), filters of management traffic. */
#include "nicmodel/nic82573_impl.h"

enum {
    ETHERTYPE_OFFSET = 12, ETHERTYPE_CONTROL = 0x8808, MAX_FRAME = 1522, MAX_LONG = 9238, BROADCAST_BITS = 48,
    BUFFER_LARGEST = 2048, LARGER = 16,
};

void filter73_mode(struct nic82573 *nic)
{
    struct rx73_mode *m = &nic->mode;
    const uint32_t *reg = nic->reg;
    uint32_t rctl = reg[SLOT_RCTL], sums = reg[SLOT_RXCSUM];

    m->enabled = NIC_GET(RCTL_EN, rctl);
    m->sbp = NIC_GET(RCTL_SBP, rctl);
    m->upe = NIC_GET(RCTL_UPE, rctl);
    m->mpe = NIC_GET(RCTL_MPE, rctl);
    m->bam = NIC_GET(RCTL_BAM, rctl);
    m->vfe = NIC_GET(RCTL_VFE, rctl);
    m->cfien = NIC_GET(RCTL_CFIEN, rctl);
    m->cfi = NIC_GET(RCTL_CFI, rctl);
    m->dpf = NIC_GET(RCTL_DPF, rctl);
    m->pmcf = NIC_GET(RCTL_PMCF, rctl);
    m->mo = (uint8_t)NIC_GET(RCTL_MO, rctl);
    m->vme = NIC_GET(CTRL_VME, reg[SLOT_CTRL]);
    m->vet = (uint16_t)NIC_GET(VET_VET, reg[SLOT_VET]);
    m->extended = NIC_GET(RFCTL_EXSTEN, reg[SLOT_RFCTL]);
    m->ip_sum = NIC_GET(RXCSUM_IPOFL, sums);
    m->l4_sum = NIC_GET(RXCSUM_TUOFL, sums);
    m->v6_sum = !NIC_GET(RFCTL_IPV6_XSUM_DIS, reg[SLOT_RFCTL]);
    m->max_bytes = (NIC_GET(RCTL_LPE, rctl) ? MAX_LONG : MAX_FRAME) - FRAME_FCS_BYTES;
    m->fcs_bytes = NIC_GET(RCTL_SECRC, rctl) ? 0 : FRAME_FCS_BYTES;
    uint32_t size = NIC_GET(RCTL_BSIZE, rctl);
    m->buffer_bytes = BUFFER_LARGEST >> size;
    if (NIC_GET(RCTL_BSEX, rctl) && size > 0) m->buffer_bytes *= LARGER;
    m->fifo_bytes = (int64_t)NIC_GET(PBA_RXA, reg[SLOT_PBA]) * 1024;
    m->n_rar = 0;
    for (int i = 0; i < COUNT_RAL; i++) {
        uint32_t high = reg[SLOT_RAH + i];
        if (NIC_GET(RAH_AV, high)) m->rar[m->n_rar++] = (uint64_t)NIC_GET(RAH_ADDR, high) << 32 | reg[SLOT_RAL + i];
    }
}

static bool bit_of(const struct nic82573 *nic, int slot, uint32_t i)
{
    return nic->reg[slot + (int)(i / 32)] >> (i % 32) & 1;
}

static bool address_accept(struct nic82573 *nic, const struct packet *p, struct rx73_cb *cb)
{
    const struct rx73_mode *m = &nic->mode;
    uint64_t dst = frame_address(p->hdr);

    for (uint32_t i = 0; i < m->n_rar; i++)
        if (m->rar[i] == dst) return true;
    if (!(dst & 1)) return m->upe;
    if (dst == (1ull << BROADCAST_BITS) - 1) return m->bam;
    if (bit_of(nic, SLOT_MTA, frame_multicast_index(dst, m->mo))) {
        cb->status |= RX_PIF;
        return true;
    }
    return m->mpe;
}

/* The tag of a tagged frame is checked and may be stripped. */
static bool vlan_accept(struct nic82573 *nic, struct packet *p, struct rx73_cb *cb)
{
    const struct rx73_mode *m = &nic->mode;
    uint32_t tci = get_be16(p->hdr + ETH_BYTES);

    if (m->vfe && !bit_of(nic, SLOT_VFTA, tci & 0xfff)) return false;
    if (m->vfe && m->cfien && (bool)(tci >> 12 & 1) != m->cfi) return false;
    if (m->vme && headers_vlan_pop(p)) {
        cb->vlan = (uint16_t)tci;
        cb->status |= RX_VP;
        p->flags |= PACKET_TAG_TAKEN;
    }
    return true;
}

static void check_sums(const struct nic82573 *nic, const struct packet *p, struct rx73_cb *cb)
{
    struct frame_kind k = frame_kind_of(p);
    const uint8_t *ip = p->hdr + p->l3;
    bool has_sum = k.tcp || (k.udp && (p->flags & PACKET_CSUM_PARTIAL || get_be16(p->hdr + p->l4 + 6) != 0));
    bool check_ip = nic->mode.ip_sum && k.v4;
    bool check_l4 = nic->mode.l4_sum && has_sum && (k.v4 || nic->mode.v6_sum);

    if (!check_ip && !check_l4) {
        cb->status |= RX_IXSM;
        return;
    }
    if (check_ip) cb->status |= RX_IPCS;
    if (check_l4) cb->status |= k.udp ? RX_TCPCS | RX_UDPCS : RX_TCPCS;
    if (p->flags == PACKET_CSUM_PARTIAL || headers_checksum_ok(p)) return;
    bool given = p->flags & (PACKET_CSUM_BAD | PACKET_CSUM_PARTIAL);
    bool ip_bad = k.v4 && !given && checksum_fold(checksum_add(0, ip, (uint32_t)(ip[0] & 15) * 4)) != 0;
    if (ip_bad || !(k.tcp || k.udp))
        cb->errors |= check_ip ? RX_ERR_IPE : 0;
    else
        cb->errors |= check_l4 ? RX_ERR_TCPE : 0;
}

bool filter73_accept(struct nic82573 *nic, struct packet *p)
{
    struct rx73_cb *cb = rx73_cb(p);
    uint32_t type = get_be16(p->hdr + ETHERTYPE_OFFSET);

    *cb = (struct rx73_cb){ .errors = p->flags & PACKET_FCS_BAD ? RX_ERR_CE : 0 };
    p->flags &= (uint8_t)~PACKET_TAG_TAKEN;
    if (p->l3 == 0) headers_parse(p);
    if (type == ETHERTYPE_CONTROL && !pause73_accept(nic, p)) return false;
    if (!address_accept(nic, p, cb)) return false;
    if (type == nic->mode.vet && p->hdr_len >= ETH_BYTES + VLAN_BYTES && !vlan_accept(nic, p, cb)) return false;
    check_sums(nic, p, cb);
    return true;
}

void nic82573_write_rxmode(struct nic82573 *nic, uint32_t value)
{
    (void)value;
    filter73_mode(nic);
    nic82573_write_rxdctl(nic, nic->reg[SLOT_RXDCTL]); /* RCTL.EN enables the ring */
}

void nic82573_write_pba(struct nic82573 *nic, uint32_t value)
{
    nic82573_write_rxmode(nic, value);
    nic82573_write_txmode(nic, value);
}
