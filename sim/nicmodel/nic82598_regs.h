/* SPDX-License-Identifier: GPL-3.0-or-later
 * nic82598_regs.h -- every register and register field of the Intel 82598, once.
 *
 * From these lists come the enums, the look-up by offset, the names in traces, docs/registers.md and the generic
 * register tests; a driver takes its offsets and fields from here too, and nothing else may spell one.
 *
 * Source: Intel 82598EB 10 Gigabit Ethernet Controller datasheet, revision 3.23, and the register use of the drivers
 * that are published for it.  Offsets are in BAR0 (128 KiB of 32-bit registers).
 *
 * A row of NIC82598_REGS:
 *   NAME, offset of element 0, count, stride in bytes, access, value after reset, write hook, read hook, meaning
 * Access: RW keeps what is written; RO ignores writes; RC is cleared by reading and ignores writes; W1C and W1S clear
 * or set the bits written as 1; WO reads as 0.  A hook acts after the access rule: 'none', or the NAME of a function
 * write_NAME / read_NAME of the model. */
#ifndef SIM_NICMODEL_NIC82598_REGS_H
#define SIM_NICMODEL_NIC82598_REGS_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "nicmodel/nic_regs.h"

#define NIC82598_REGS(R) \
/* general */ \
R(CTRL,      0x00000,   1, 0x00, RW,  0,          ctrl,    none,    "device control") \
R(STATUS,    0x00008,   1, 0x00, RO,  0x00080000, none,    status,  "device status; reading it flushes posted writes") \
R(CTRL_EXT,  0x00018,   1, 0x00, RW,  0,          none,    none,    "extended device control") \
R(ESDP,      0x00020,   1, 0x00, RW,  0,          none,    none,    "software-definable pins") \
R(EODSDP,    0x00028,   1, 0x00, RW,  0,          none,    none,    "open-drain software-definable pins") \
R(FRTIMER,   0x00048,   1, 0x00, RO,  0,          none,    frtimer, "free-running timer, microseconds") \
R(TCPTIMER,  0x0004c,   1, 0x00, RW,  0,          tcptimer, none,    "TCP timer") \
R(LEDCTL,    0x00200,   1, 0x00, RW,  0,          none,    none,    "LED control, one byte per LED") \
/* non-volatile memory and semaphores */ \
R(EEC,       0x10010,   1, 0x00, RW,  0x00001f00, eec,     none,    "EEPROM control and size") \
R(EERD,      0x10014,   1, 0x00, RW,  0,          eerd,    none,    "EEPROM read, one word") \
R(FLA,       0x1001c,   1, 0x00, RW,  0,          none,    none,    "flash access") \
R(EEMNGCTL,  0x10110,   1, 0x00, RW,  0,          none,    none,    "manageability EEPROM control") \
R(EEMNGDATA, 0x10114,   1, 0x00, RW,  0,          none,    none,    "manageability EEPROM data") \
R(FLMNGCTL,  0x10118,   1, 0x00, RW,  0,          none,    none,    "manageability flash control") \
R(FLMNGDATA, 0x1011c,   1, 0x00, RW,  0,          none,    none,    "manageability flash data") \
R(FLOP,      0x1013c,   1, 0x00, RW,  0,          none,    none,    "flash opcodes") \
R(SWSM,      0x10140,   1, 0x00, RW,  0,          none,    swsm,    "software semaphore; reading takes SMBI") \
R(FWSM,      0x10148,   1, 0x00, RW,  0,          none,    none,    "firmware semaphore") \
R(FACTPS,    0x10150,   1, 0x00, RO,  0,          none,    none,    "function activity and power state") \
R(GSSR,      0x10160,   1, 0x00, RW,  0,          none,    none,    "general software semaphores (SW_FW_SYNC)") \
R(GRC,       0x10200,   1, 0x00, RW,  0,          none,    none,    "general receive control") \
/* interrupts */ \
R(EICR,      0x00800,   1, 0x00, W1C, 0,          eicr,    eicr,    "interrupt cause; reading or writing 1 clears") \
R(EICS,      0x00808,   1, 0x00, WO,  0,          eics,    none,    "interrupt cause set") \
R(EIAC,      0x00810,   1, 0x00, RW,  0,          none,    none,    "causes cleared when their message is sent") \
R(EITR,      0x00820,  20, 0x04, RW,  0,          eitr,    eitr,    "interrupt throttle per vector, 256 ns units") \
R(EIMS,      0x00880,   1, 0x00, W1S, 0,          eims,    none,    "interrupt mask set; reads the mask") \
R(EIMC,      0x00888,   1, 0x00, WO,  0,          eimc,    none,    "interrupt mask clear") \
R(EIAM,      0x00890,   1, 0x00, RW,  0,          none,    none,    "causes masked automatically") \
R(GPIE,      0x00898,   1, 0x00, RW,  0,          none,    none,    "general interrupt enable: MSI-X mode") \
R(IVAR,      0x00900,  25, 0x04, RW,  0,          ivar,    none,    "cause to vector, one byte per cause") \
/* receive queues */ \
R(RDBAL,     0x01000,  64, 0x40, RW,  0,          rxring,  none,    "receive ring base, low half") \
R(RDBAH,     0x01004,  64, 0x40, RW,  0,          rxring,  none,    "receive ring base, high half") \
R(RDLEN,     0x01008,  64, 0x40, RW,  0,          rxring,  none,    "receive ring bytes") \
R(RDH,       0x01010,  64, 0x40, RW,  0,          rdh,     rdh,     "receive ring head") \
R(RDT,       0x01018,  64, 0x40, RW,  0,          rdt,     none,    "receive ring tail") \
R(RXDCTL,    0x01028,  64, 0x40, RW,  0x00010000, rxdctl,  none,    "receive queue control and thresholds") \
R(QPRC,      0x01030,  16, 0x40, RC,  0,          none,    none,    "packets received, per statistics slot") \
R(QBRC,      0x01034,  16, 0x40, RC,  0,          none,    none,    "bytes received, per statistics slot") \
R(SRRCTL,    0x02100,  16, 0x04, RW,  0,          rxmode,  none,    "receive buffer sizes and descriptor type") \
R(DCA_RXCTRL,0x02200,  16, 0x04, RW,  0,          none,    none,    "receive direct cache access") \
R(RQSMR,     0x02300,  16, 0x04, RW,  0,          none,    none,    "receive queue to statistics slot") \
R(RDRXCTL,   0x02f00,   1, 0x00, RW,  0x00000008, rxmode,  none,    "receive DMA control") \
R(RXCTRL,    0x03000,   1, 0x00, RW,  0,          rxmode,  none,    "receive enable") \
R(PFCTOP,    0x03008,   1, 0x00, RW,  0,          none,    none,    "priority flow control type and opcode") \
R(FCTTV,     0x03200,   4, 0x04, RW,  0,          none,    none,    "flow control transmit timer values") \
R(FCRTL,     0x03220,   8, 0x08, RW,  0,          pause,   none,    "flow control receive threshold, low") \
R(FCRTH,     0x03260,   8, 0x08, RW,  0,          pause,   none,    "flow control receive threshold, high") \
R(FCRTV,     0x032a0,   1, 0x00, RW,  0,          none,    none,    "flow control refresh threshold") \
R(RXPBSIZE0, 0x03c00,   1, 0x00, RW,  0x00080000, rxmode,  none,    "receive packet buffer 0 size, KiB << 10") \
R(RXPBSIZE,  0x03c04,   7, 0x04, RW,  0,          none,    none,    "receive packet buffers 1 to 7, KiB << 10") \
R(RT2CR,     0x03c20,   8, 0x04, RW,  0,          none,    none,    "receive T2 configuration") \
R(RT2SR,     0x03c40,   8, 0x04, RO,  0,          none,    none,    "receive T2 status") \
R(RMCS,      0x03d00,   1, 0x00, RW,  0,          pause,   none,    "receive music control: flow control mode") \
R(DROPEN,    0x03d04,   1, 0x00, RW,  0,          none,    none,    "drop enable per packet buffer") \
/* transmit queues */ \
R(TDBAL,     0x06000,  32, 0x40, RW,  0,          txring,  none,    "transmit ring base, low half") \
R(TDBAH,     0x06004,  32, 0x40, RW,  0,          txring,  none,    "transmit ring base, high half") \
R(TDLEN,     0x06008,  32, 0x40, RW,  0,          txring,  none,    "transmit ring bytes") \
R(TDH,       0x06010,  32, 0x40, RW,  0,          tdh,     tdh,     "transmit ring head") \
R(TDT,       0x06018,  32, 0x40, RW,  0,          tdt,     none,    "transmit ring tail") \
R(TXDCTL,    0x06028,  32, 0x40, RW,  0,          txdctl,  none,    "transmit queue control and thresholds") \
R(TDTQ2TCCR, 0x0602c,   8, 0x40, RW,  0,          dcb,     none,    "descriptor plane credits, configuration") \
R(QPTC,      0x06030,  16, 0x40, RC,  0,          none,    none,    "packets sent, per statistics slot") \
R(QBTC,      0x06034,  16, 0x40, RC,  0,          none,    none,    "bytes sent, per statistics slot") \
R(TDWBAL,    0x06038,  32, 0x40, RW,  0,          none,    none,    "head write-back address, low half, and enable") \
R(TDWBAH,    0x0603c,  32, 0x40, RW,  0,          none,    none,    "head write-back address, high half") \
R(TDTQ2TCSR, 0x0622c,   8, 0x40, RO,  0,          none,    none,    "descriptor plane credits, status") \
R(DCA_TXCTRL,0x07200,  16, 0x04, RW,  0,          none,    none,    "transmit direct cache access") \
R(TQSMR,     0x07300,   8, 0x04, RW,  0,          none,    none,    "transmit queue to statistics slot") \
R(DTXCTL,    0x07e00,   1, 0x00, RW,  0,          none,    none,    "transmit DMA control") \
R(DPMCS,     0x07f40,   1, 0x00, RW,  0,          dcb,     none,    "descriptor plane music control") \
R(TIPG,      0x0cb00,   1, 0x00, RW,  0,          none,    none,    "transmit inter-packet gap") \
R(TXPBSIZE,  0x0cc00,   8, 0x04, RW,  0x0000a000, txmode,  none,    "transmit packet buffers, KiB << 10") \
R(PDPMCS,    0x0cd00,   1, 0x00, RW,  0,          dcb,     none,    "packet plane music control") \
R(MNGTXMAP,  0x0cd10,   1, 0x00, RW,  0,          none,    none,    "manageability transmit map") \
R(TDPT2TCCR, 0x0cd20,   8, 0x04, RW,  0,          dcb,     none,    "packet plane credits, configuration") \
R(TDPT2TCSR, 0x0cd40,   8, 0x04, RO,  0,          none,    none,    "packet plane credits, status") \
R(TFCS,      0x0ce00,   1, 0x00, RO,  0,          none,    tfcs,    "transmit flow control status") \
/* receive filters and queue choice */ \
R(RXCSUM,    0x05000,   1, 0x00, RW,  0,          rxmode,  none,    "receive checksum control") \
R(RFCTL,     0x05008,   1, 0x00, RW,  0,          rxmode,  none,    "receive filter control") \
R(FCTRL,     0x05080,   1, 0x00, RW,  0,          rxmode,  none,    "filter control: promiscuous, broadcast, pause") \
R(VLNCTRL,   0x05088,   1, 0x00, RW,  0x00008100, rxmode,  none,    "VLAN control") \
R(MCSTCTRL,  0x05090,   1, 0x00, RW,  0,          rxmode,  none,    "multicast control") \
R(RUPPBMR,   0x050a0,   1, 0x00, RW,  0,          none,    none,    "user priority to packet buffer") \
R(MTA,       0x05200, 128, 0x04, RW,  0,          none,    none,    "multicast table, 4096 bits") \
R(RAL,       0x05400,  16, 0x08, RW,  0,          rar,     none,    "receive address, low half") \
R(RAH,       0x05404,  16, 0x08, RW,  0,          rar,     none,    "receive address, high half, VMDq index, valid") \
R(PSRTYPE,   0x05480,  16, 0x04, RW,  0,          none,    none,    "packet split types") \
R(VFTA,      0x0a000, 128, 0x04, RW,  0,          none,    none,    "VLAN filter table, 4096 bits") \
R(VFTAVIND,  0x0a200, 512, 0x04, RW,  0,          none,    none,    "VLAN to VMDq index, 4 planes of 128") \
R(MRQC,      0x05818,   1, 0x00, RW,  0,          rxmode,  none,    "multiple receive queues: RSS") \
R(VMD_CTL,   0x0581c,   1, 0x00, RW,  0,          rxmode,  none,    "VMDq control") \
R(RETA,      0x05c00,  32, 0x04, RW,  0,          none,    none,    "RSS redirection table, 128 bytes") \
R(RSSRK,     0x05c80,  10, 0x04, RW,  0,          rssrk,   none,    "RSS key, 40 bytes") \
R(IMIR,      0x05a80,   8, 0x04, RW,  0,          immediate, none,    "immediate interrupt, port match") \
R(IMIREXT,   0x05aa0,   8, 0x04, RW,  0,          immediate, none,    "immediate interrupt, extended match") \
R(IMIRVP,    0x05ac0,   1, 0x00, RW,  0,          immediate, none,    "immediate interrupt, VLAN priority") \
/* MAC and link */ \
R(PCS1GCFIG, 0x04200,   1, 0x00, RW,  0,          none,    none,    "1G PCS configuration") \
R(PCS1GLCTL, 0x04208,   1, 0x00, RW,  0,          none,    none,    "1G PCS link control") \
R(PCS1GLSTA, 0x0420c,   1, 0x00, RO,  0,          none,    none,    "1G PCS link status") \
R(PCS1GANA,  0x04218,   1, 0x00, RW,  0,          none,    none,    "1G PCS own abilities") \
R(PCS1GANLP, 0x0421c,   1, 0x00, RO,  0,          none,    none,    "1G PCS partner's abilities") \
R(PCS1GANNP, 0x04220,   1, 0x00, RW,  0,          none,    none,    "1G PCS own next page") \
R(PCS1GANLPNP,0x04224,  1, 0x00, RO,  0,          none,    none,    "1G PCS partner's next page") \
R(HLREG0,    0x04240,   1, 0x00, RW,  0x00000403, hlreg0,  none,    "MAC control") \
R(HLREG1,    0x04244,   1, 0x00, RO,  0,          none,    none,    "MAC status") \
R(PAP,       0x04248,   1, 0x00, RW,  0,          none,    none,    "pace and preamble") \
R(MACA,      0x0424c,   1, 0x00, RW,  0,          none,    none,    "MDIO auto-scan control") \
R(MSCA,      0x0425c,   1, 0x00, RW,  0,          msca,    none,    "MDIO command and address") \
R(MSRWD,     0x04260,   1, 0x00, RW,  0xffff0000, none,    none,    "MDIO data") \
R(MLADD,     0x04264,   1, 0x00, RW,  0,          none,    none,    "pause source address, low") \
R(MHADD,     0x04268,   1, 0x00, RW,  0x05ee0000, rxmode,  none,    "largest frame (MAXFRS) in the upper half") \
R(PCSS1,     0x04288,   1, 0x00, RO,  0,          none,    none,    "XGXS status 1") \
R(PCSS2,     0x0428c,   1, 0x00, RO,  0,          none,    none,    "XGXS status 2") \
R(XPCSS,     0x04290,   1, 0x00, RO,  0,          none,    none,    "10GBASE-X PCS status") \
R(SERDESC,   0x04298,   1, 0x00, RW,  0,          none,    none,    "SERDES control") \
R(MACS,      0x0429c,   1, 0x00, RW,  0,          none,    none,    "MAC status and loop-back") \
R(AUTOC,     0x042a0,   1, 0x00, RW,  0x00002000, autoc,   none,    "auto-negotiation and link mode") \
R(LINKS,     0x042a4,   1, 0x00, RO,  0,          none,    links,   "link status") \
R(AUTOC2,    0x042a8,   1, 0x00, RW,  0,          none,    none,    "auto-negotiation control 2") \
R(ANLP1,     0x042b0,   1, 0x00, RO,  0,          none,    none,    "link partner abilities 1") \
R(ANLP2,     0x042b4,   1, 0x00, RO,  0,          none,    none,    "link partner abilities 2") \
R(ATLASCTL,  0x04800,   1, 0x00, RW,  0,          none,    none,    "analog core command; low byte is data") \
/* wake-up, kept as plain storage */ \
R(WUC,       0x05800,   1, 0x00, RW,  0,          none,    none,    "wake-up control") \
R(WUFC,      0x05808,   1, 0x00, RW,  0,          none,    none,    "wake-up filter control") \
R(WUS,       0x05810,   1, 0x00, RW,  0,          none,    none,    "wake-up status") \
R(IPAV,      0x05838,   1, 0x00, RW,  0,          none,    none,    "IP addresses valid, for wake-up") \
R(IP4AT,     0x05840,   4, 0x08, RW,  0,          none,    none,    "IPv4 addresses, for wake-up") \
R(IP6AT,     0x05880,   4, 0x04, RW,  0,          none,    none,    "IPv6 address, for wake-up") \
R(WUPL,      0x05900,   1, 0x00, RW,  0,          none,    none,    "length of the wake-up packet") \
R(WUPM,      0x05a00,  32, 0x04, RO,  0,          none,    none,    "wake-up packet") \
R(MANC,      0x05820,   1, 0x00, RW,  0,          none,    none,    "manageability control") \
R(FHFT,      0x09000, 256, 0x04, RW,  0,          none,    none,    "flexible host filter table") \
/* PCIe */ \
R(GCR,       0x11000,   1, 0x00, RW,  0,          none,    none,    "PCIe control: completion timeout") \
R(GTV,       0x11004,   1, 0x00, RW,  0,          none,    none,    "PCIe timer value") \
R(GSCL,      0x11010,   4, 0x04, RW,  0,          none,    none,    "PCIe statistics control") \
R(GSCN,      0x11020,   4, 0x04, RW,  0,          none,    none,    "PCIe statistics counters") \
R(PCIEANACTL,0x11040,   1, 0x00, RW,  0,          none,    none,    "PCIe analog control") \
R(MREVID,    0x11064,   1, 0x00, RO,  0,          none,    none,    "mirrored revision id") \
R(PBACL,     0x11068,   1, 0x00, WO,  0,          pbacl,   none,    "MSI-X pending bits clear") \
R(DCA_ID,    0x11070,   1, 0x00, RO,  0,          none,    none,    "direct cache access requester id") \
R(DCA_CTRL,  0x11074,   1, 0x00, RW,  0x00000001, none,    none,    "direct cache access control") \
R(GHECCR,    0x110b0,   1, 0x00, RW,  0,          none,    none,    "PCIe memory error correction control") \
R(PBACLX,    0x110c0,   8, 0x04, WO,  0,          none,    none,    "MSI-X pending bits clear, further words") \
/* statistics: cleared by reading, saturating */ \
R(PXONTXC,   0x03f00,   8, 0x04, RC,  0,          none,    none,    "priority XON sent") \
R(PXOFFTXC,  0x03f20,   8, 0x04, RC,  0,          none,    none,    "priority XOFF sent") \
R(LXONTXC,   0x03f60,   1, 0x00, RC,  0,          none,    none,    "link XON sent") \
R(LXOFFTXC,  0x03f68,   1, 0x00, RC,  0,          none,    none,    "link XOFF sent") \
R(MPC,       0x03fa0,   8, 0x04, RC,  0,          none,    none,    "missed: packet buffer full") \
R(RNBC,      0x03fc0,   8, 0x04, RC,  0,          none,    none,    "frames that found no descriptor") \
R(CRCERRS,   0x04000,   1, 0x00, RC,  0,          none,    none,    "CRC errors") \
R(ILLERRC,   0x04004,   1, 0x00, RC,  0,          none,    none,    "illegal bytes") \
R(ERRBC,     0x04008,   1, 0x00, RC,  0,          none,    none,    "error bytes") \
R(MSPDC,     0x04010,   1, 0x00, RC,  0,          none,    none,    "MAC short packets discarded") \
R(MLFC,      0x04034,   1, 0x00, RC,  0,          none,    none,    "MAC local faults") \
R(MRFC,      0x04038,   1, 0x00, RC,  0,          none,    none,    "MAC remote faults") \
R(RLEC,      0x04040,   1, 0x00, RC,  0,          none,    none,    "receive length errors") \
R(PRC64,     0x0405c,   1, 0x00, RC,  0,          none,    none,    "received, 64 bytes") \
R(PRC127,    0x04060,   1, 0x00, RC,  0,          none,    none,    "received, 65 to 127 bytes") \
R(PRC255,    0x04064,   1, 0x00, RC,  0,          none,    none,    "received, 128 to 255 bytes") \
R(PRC511,    0x04068,   1, 0x00, RC,  0,          none,    none,    "received, 256 to 511 bytes") \
R(PRC1023,   0x0406c,   1, 0x00, RC,  0,          none,    none,    "received, 512 to 1023 bytes") \
R(PRC1522,   0x04070,   1, 0x00, RC,  0,          none,    none,    "received, 1024 bytes and more") \
R(GPRC,      0x04074,   1, 0x00, RC,  0,          none,    none,    "good packets received, missed ones included") \
R(BPRC,      0x04078,   1, 0x00, RC,  0,          none,    none,    "broadcasts received") \
R(MPRC,      0x0407c,   1, 0x00, RC,  0,          none,    none,    "multicasts received, broadcasts included") \
R(GPTC,      0x04080,   1, 0x00, RC,  0,          none,    none,    "good packets sent") \
R(GORCL,     0x04088,   1, 0x00, RC,  0,          none,    none,    "good bytes received, reads 0") \
R(GORCH,     0x0408c,   1, 0x00, RC,  0,          none,    none,    "good bytes received") \
R(GOTCL,     0x04090,   1, 0x00, RC,  0,          none,    none,    "good bytes sent, reads 0") \
R(GOTCH,     0x04094,   1, 0x00, RC,  0,          none,    none,    "good bytes sent") \
R(RUC,       0x040a4,   1, 0x00, RC,  0,          none,    none,    "receive undersize") \
R(RFC,       0x040a8,   1, 0x00, RC,  0,          none,    none,    "receive fragments") \
R(ROC,       0x040ac,   1, 0x00, RC,  0,          none,    none,    "receive oversize") \
R(RJC,       0x040b0,   1, 0x00, RC,  0,          none,    none,    "receive jabber") \
R(MNGPRC,    0x040b4,   1, 0x00, RC,  0,          none,    none,    "management packets received") \
R(MNGPDC,    0x040b8,   1, 0x00, RC,  0,          none,    none,    "management packets dropped") \
R(TORL,      0x040c0,   1, 0x00, RC,  0,          none,    none,    "total bytes received, reads 0") \
R(TORH,      0x040c4,   1, 0x00, RC,  0,          none,    none,    "total bytes received, filtered ones included") \
R(TPR,       0x040d0,   1, 0x00, RC,  0,          none,    none,    "total packets received, filtered ones included") \
R(TPT,       0x040d4,   1, 0x00, RC,  0,          none,    none,    "total packets sent") \
R(PTC64,     0x040d8,   1, 0x00, RC,  0,          none,    none,    "sent, 64 bytes") \
R(PTC127,    0x040dc,   1, 0x00, RC,  0,          none,    none,    "sent, 65 to 127 bytes") \
R(PTC255,    0x040e0,   1, 0x00, RC,  0,          none,    none,    "sent, 128 to 255 bytes") \
R(PTC511,    0x040e4,   1, 0x00, RC,  0,          none,    none,    "sent, 256 to 511 bytes") \
R(PTC1023,   0x040e8,   1, 0x00, RC,  0,          none,    none,    "sent, 512 to 1023 bytes") \
R(PTC1522,   0x040ec,   1, 0x00, RC,  0,          none,    none,    "sent, 1024 bytes and more") \
R(MPTC,      0x040f0,   1, 0x00, RC,  0,          none,    none,    "multicasts sent") \
R(BPTC,      0x040f4,   1, 0x00, RC,  0,          none,    none,    "broadcasts sent") \
R(XEC,       0x04120,   1, 0x00, RC,  0,          none,    none,    "checksum errors received") \
R(PXONRXC,   0x0cf00,   8, 0x04, RC,  0,          none,    none,    "priority XON received") \
R(PXOFFRXC,  0x0cf20,   8, 0x04, RC,  0,          none,    none,    "priority XOFF received") \
R(LXONRXC,   0x0cf60,   1, 0x00, RC,  0,          none,    none,    "link XON received") \
R(LXOFFRXC,  0x0cf68,   1, 0x00, RC,  0,          none,    none,    "link XOFF received") \
R(MNGPTC,    0x0cf90,   1, 0x00, RC,  0,          none,    none,    "management packets sent")

/* Fields: register, field, lowest bit, width in bits, meaning.  Fields of one register stand together. */
#define NIC82598_FIELDS(F) \
F(CTRL,     GIO_DIS,      2,  1, "stop being a PCIe master") \
F(CTRL,     LRST,         3,  1, "link reset, clears itself") \
F(CTRL,     RST,         26,  1, "device reset, clears itself") \
F(STATUS,   LAN_ID,       2,  2, "which of the two ports") \
F(STATUS,   GIO,         19,  1, "PCIe master is enabled or still draining") \
F(CTRL_EXT, NS_DIS,      16,  1, "no-snoop disable") \
F(CTRL_EXT, RO_DIS,      17,  1, "relaxed ordering disable") \
F(CTRL_EXT, DRV_LOAD,    28,  1, "a driver is loaded") \
F(TCPTIMER, DURATION,     0,  8, "milliseconds") \
F(TCPTIMER, KS,           8,  1, "kick start") \
F(TCPTIMER, COUNT_EN,     9,  1, "count") \
F(TCPTIMER, COUNT_FINISH,10,  1, "finish the running count first") \
F(TCPTIMER, LOOP,        11,  1, "start again when done") \
F(LEDCTL,   LED0_MODE,    0,  4, "what LED 0 shows") \
F(LEDCTL,   LED0_IVRT,    6,  1, "inverted") \
F(LEDCTL,   LED0_BLINK,   7,  1, "blinks") \
F(LEDCTL,   LED1_MODE,    8,  4, "what LED 1 shows") \
F(LEDCTL,   LED1_IVRT,   14,  1, "inverted") \
F(LEDCTL,   LED1_BLINK,  15,  1, "blinks") \
F(LEDCTL,   LED2_MODE,   16,  4, "what LED 2 shows") \
F(LEDCTL,   LED2_IVRT,   22,  1, "inverted") \
F(LEDCTL,   LED2_BLINK,  23,  1, "blinks") \
F(LEDCTL,   LED3_MODE,   24,  4, "what LED 3 shows") \
F(LEDCTL,   LED3_IVRT,   30,  1, "inverted") \
F(LEDCTL,   LED3_BLINK,  31,  1, "blinks") \
F(EEC,      SK,           0,  1, "clock, by hand") \
F(EEC,      CS,           1,  1, "chip select, by hand") \
F(EEC,      DI,           2,  1, "data to the EEPROM") \
F(EEC,      DO,           3,  1, "data from the EEPROM") \
F(EEC,      FWE,          4,  2, "flash write enable") \
F(EEC,      REQ,          6,  1, "request direct access") \
F(EEC,      GNT,          7,  1, "direct access granted") \
F(EEC,      PRES,         8,  1, "EEPROM present") \
F(EEC,      ARD,          9,  1, "auto-read done") \
F(EEC,      ADDR_SIZE,   10,  1, "16-bit addresses") \
F(EEC,      SIZE,        11,  4, "1 << (SIZE + 6) words") \
F(EERD,     START,        0,  1, "start a read") \
F(EERD,     DONE,         1,  1, "read done") \
F(EERD,     ADDR,         2, 14, "word address") \
F(EERD,     DATA,        16, 16, "word read") \
F(SWSM,     SMBI,         0,  1, "taken by a read that returned 0") \
F(SWSM,     SWESMBI,      1,  1, "software holds the EEPROM semaphore") \
F(SWSM,     WMNG,         2,  1, "wake the management clock") \
F(FWSM,     MODE,         1,  3, "firmware mode") \
F(FWSM,     FWVALID,     15,  1, "firmware runs") \
F(FACTPS,   LFS,         30,  1, "LAN functions exchanged") \
F(GSSR,     SW_EEP,       0,  1, "software holds the EEPROM") \
F(GSSR,     SW_PHY0,      1,  1, "software holds PHY 0") \
F(GSSR,     SW_PHY1,      2,  1, "software holds PHY 1") \
F(GSSR,     SW_MAC_CSR,   3,  1, "software holds the MAC registers") \
F(GSSR,     SW_FLASH,     4,  1, "software holds the flash") \
F(GSSR,     FW_EEP,       5,  1, "firmware holds the EEPROM") \
F(GSSR,     FW_PHY0,      6,  1, "firmware holds PHY 0") \
F(GSSR,     FW_PHY1,      7,  1, "firmware holds PHY 1") \
F(GSSR,     FW_MAC_CSR,   8,  1, "firmware holds the MAC registers") \
F(GSSR,     FW_FLASH,     9,  1, "firmware holds the flash") \
F(GRC,      MNG_EN,       0,  1, "manageability is there") \
F(GRC,      APME,         1,  1, "wake-up enable") \
NIC82598_CAUSE_FIELDS(F, EICR) \
NIC82598_CAUSE_FIELDS(F, EICS) \
NIC82598_CAUSE_FIELDS(F, EIAC) \
F(EITR,     INTERVAL,     0, 16, "units of 256 ns; 0: no throttling") \
F(EITR,     COUNTER,     16, 16, "down counter, units of 256 ns") \
NIC82598_CAUSE_FIELDS(F, EIMS) \
NIC82598_CAUSE_FIELDS(F, EIMC) \
NIC82598_CAUSE_FIELDS(F, EIAM) \
F(GPIE,     MSIX_MODE,    4,  1, "vectors by IVAR; else everything is vector 0") \
F(GPIE,     OCD,          5,  1, "reading EICR clears only the other causes") \
F(GPIE,     EIMEN,        6,  1, "immediate interrupts by EICS") \
F(GPIE,     EIAME,       30,  1, "EIAM also applies when a message is sent") \
F(GPIE,     PBA,         31,  1, "pending bit array support") \
F(IVAR,     ALLOC0,       0,  5, "vector, or bit of EICR, of cause 4n") \
F(IVAR,     VALID0,       7,  1, "cause 4n is mapped") \
F(IVAR,     ALLOC1,       8,  5, "of cause 4n + 1") \
F(IVAR,     VALID1,      15,  1, "cause 4n + 1 is mapped") \
F(IVAR,     ALLOC2,      16,  5, "of cause 4n + 2") \
F(IVAR,     VALID2,      23,  1, "cause 4n + 2 is mapped") \
F(IVAR,     ALLOC3,      24,  5, "of cause 4n + 3") \
F(IVAR,     VALID3,      31,  1, "cause 4n + 3 is mapped") \
F(RDBAL,    BASE,         4, 28, "in units of 16 bytes") \
F(RDLEN,    LEN,          7, 13, "in units of 128 bytes, 8 descriptors") \
F(RDH,      HEAD,         0, 16, "next descriptor that the device fills") \
F(RDT,      TAIL,         0, 16, "first descriptor that software has not posted") \
NIC82598_QUEUE_FIELDS(F, RXDCTL) \
F(SRRCTL,   BSIZEPACKET,  0,  7, "buffer size, KiB") \
F(SRRCTL,   BSIZEHEADER,  8,  6, "header buffer size, 64 bytes") \
F(SRRCTL,   DESCTYPE,    25,  3, "descriptor format") \
F(SRRCTL,   DROP_EN,     28,  1, "drop when there is no descriptor") \
F(DCA_RXCTRL,CPUID,       0,  5, "tag of the CPU") \
F(DCA_RXCTRL,DESC_EN,     5,  1, "hint with descriptors") \
F(DCA_RXCTRL,HEAD_EN,     6,  1, "hint with headers") \
F(DCA_RXCTRL,DATA_EN,     7,  1, "hint with payload") \
F(DCA_RXCTRL,DESC_RRO,    9,  1, "descriptor reads: relaxed order") \
F(DCA_RXCTRL,DATA_WRO,   13,  1, "payload writes: relaxed order") \
F(DCA_RXCTRL,HEAD_WRO,   15,  1, "header writes: relaxed order") \
NIC82598_SLOT_FIELDS(F, RQSMR) \
F(RDRXCTL,  RDMTS,        0,  2, "low descriptors: half, quarter or eighth of the ring") \
F(RDRXCTL,  DMAIDONE,     3,  1, "DMA initialisation done") \
F(RDRXCTL,  MPBEN,        4,  1, "several packet buffers") \
F(RDRXCTL,  MVMEN,        5,  1, "SRRCTL and others per VMDq index") \
F(RDRXCTL,  MCEN,         6,  1, "several classes") \
F(RXCTRL,   RXEN,         0,  1, "receive enable") \
F(RXCTRL,   DMBYPS,       1,  1, "descriptor monitor bypass") \
F(PFCTOP,   FCT,          0, 16, "ether type") \
F(PFCTOP,   FCOP,        16, 16, "opcode") \
F(FCTTV,    TTV0,         0, 16, "pause time sent for buffer 2n, units of 512 bits") \
F(FCTTV,    TTV1,        16, 16, "pause time sent for buffer 2n + 1") \
F(FCRTL,    RTL,          4, 15, "occupancy below which XON is sent, units of 16 bytes") \
F(FCRTL,    XONE,        31,  1, "XON enable") \
F(FCRTH,    RTH,          4, 15, "occupancy above which XOFF is sent, units of 16 bytes") \
F(FCRTH,    FCEN,        31,  1, "flow control enable") \
F(FCRTV,    REFRESH,      0, 16, "pause time left at which XOFF is sent again, units of 512 bits") \
F(RXPBSIZE0,SIZE,        10, 10, "KiB") \
F(RXPBSIZE, SIZE,        10, 10, "KiB") \
NIC82598_CREDIT_FIELDS(F, RT2CR) \
F(RMCS,     RRM,          1,  1, "recycle mode of the receive arbiter") \
F(RMCS,     RAC,          2,  1, "arbitration control") \
F(RMCS,     TFCE_802_3X,  3,  1, "send PAUSE for the link") \
F(RMCS,     TFCE_PRIORITY,4,  1, "send PAUSE per priority") \
F(RMCS,     ARBDIS,       6,  1, "arbiter disable") \
F(TDBAL,    BASE,         4, 28, "in units of 16 bytes") \
F(TDLEN,    LEN,          7, 13, "in units of 128 bytes, 8 descriptors") \
F(TDH,      HEAD,         0, 16, "next descriptor whose data is to be read") \
F(TDT,      TAIL,         0, 16, "first descriptor that software has not posted") \
NIC82598_QUEUE_FIELDS(F, TXDCTL) \
NIC82598_CREDIT_FIELDS(F, TDTQ2TCCR) \
F(TDWBAL,   ENABLE,       0,  1, "write the head back instead of descriptors") \
F(TDWBAL,   ADDR,         2, 30, "in units of 4 bytes") \
F(DCA_TXCTRL,CPUID,       0,  5, "tag of the CPU") \
F(DCA_TXCTRL,DESC_EN,     5,  1, "hint with descriptors") \
F(DCA_TXCTRL,DESC_RRO,    9,  1, "descriptor reads: relaxed order") \
F(DCA_TXCTRL,DESC_WRO,   11,  1, "descriptor writes: relaxed order") \
F(DCA_TXCTRL,DATA_RRO,   13,  1, "payload reads: relaxed order") \
NIC82598_SLOT_FIELDS(F, TQSMR) \
F(DTXCTL,   ENDBUBD,      2,  1, "enable DBU buffer division") \
F(DPMCS,    TDPAC,        0,  1, "strict priority between classes") \
F(DPMCS,    TRM,          4,  1, "recycle mode") \
F(DPMCS,    ARBDIS,       6,  1, "arbiter disable") \
F(DPMCS,    MTSOS,       16,  3, "largest send the arbiter sees") \
F(DPMCS,    TSOEF,       19,  1, "expansion of large sends: 0 four times, 1 twice") \
F(TXPBSIZE, SIZE,        10, 10, "KiB") \
F(PDPMCS,   TPPAC,        5,  1, "strict priority between classes") \
F(PDPMCS,   ARBDIS,       6,  1, "arbiter disable") \
F(PDPMCS,   TRM,          8,  1, "recycle mode") \
NIC82598_CREDIT_FIELDS(F, TDPT2TCCR) \
F(TFCS,     TXOFF,        0,  1, "the link is paused by its partner") \
F(TFCS,     TXOFF_PRI,    8,  8, "priorities paused by the partner, one bit each") \
F(RXCSUM,   IPPCSE,      12,  1, "fragment checksum enable") \
F(RXCSUM,   PCSD,        13,  1, "RSS hash instead of fragment checksum") \
F(RFCTL,    ISCSI_DIS,    0,  1, "iSCSI parsing off") \
F(RFCTL,    NFSW_DIS,     6,  1, "NFS write parsing off") \
F(RFCTL,    NFSR_DIS,     7,  1, "NFS read parsing off") \
F(RFCTL,    NFS_VER,      8,  2, "NFS version parsed") \
F(RFCTL,    IPV6_DIS,    10,  1, "IPv6 parsing off") \
F(RFCTL,    IPV6_XSUM_DIS,11, 1, "IPv6 checksum off") \
F(RFCTL,    IPFRSP_DIS,  14,  1, "fragments are not split") \
F(RFCTL,    IPV6_EX_DIS, 16,  1, "IPv6 extension headers not parsed") \
F(FCTRL,    SBP,          1,  1, "store bad packets") \
F(FCTRL,    MPE,          8,  1, "multicast promiscuous") \
F(FCTRL,    UPE,          9,  1, "unicast promiscuous") \
F(FCTRL,    BAM,         10,  1, "accept broadcasts") \
F(FCTRL,    PMCF,        12,  1, "pass MAC control frames") \
F(FCTRL,    DPF,         13,  1, "discard pause frames") \
F(FCTRL,    RPFCE,       14,  1, "obey PAUSE per priority") \
F(FCTRL,    RFCE,        15,  1, "obey PAUSE") \
F(VLNCTRL,  VET,          0, 16, "VLAN ether type") \
F(VLNCTRL,  CFI,         28,  1, "CFI value to accept") \
F(VLNCTRL,  CFIEN,       29,  1, "filter by CFI") \
F(VLNCTRL,  VFE,         30,  1, "VLAN filter enable") \
F(VLNCTRL,  VME,         31,  1, "strip VLAN tags") \
F(MCSTCTRL, MO,           0,  2, "which 12 bits of the address") \
F(MCSTCTRL, MFE,          2,  1, "multicast filter enable") \
F(RUPPBMR,  MQA,         31,  1, "priority to packet buffer by this register") \
F(RAL,      ADDR,         0, 32, "address bytes 0 to 3") \
F(RAH,      ADDR,         0, 16, "address bytes 4 and 5") \
F(RAH,      VIND,        18,  4, "VMDq index") \
F(RAH,      AV,          31,  1, "address valid") \
F(PSRTYPE,  TCP,          4,  1, "split after TCP") \
F(PSRTYPE,  UDP,          5,  1, "split after UDP") \
F(PSRTYPE,  IPV4,         8,  1, "split after IPv4") \
F(PSRTYPE,  IPV6,         9,  1, "split after IPv6") \
F(PSRTYPE,  L2,          12,  1, "split after the Ethernet header") \
F(MRQC,     RSSEN,        0,  1, "RSS enable") \
F(MRQC,     TCPV4,       16,  1, "hash TCP over IPv4") \
F(MRQC,     IPV4,        17,  1, "hash IPv4") \
F(MRQC,     IPV6EX_TCP,  18,  1, "hash TCP over IPv6 with extensions") \
F(MRQC,     IPV6EX,      19,  1, "hash IPv6 with extensions") \
F(MRQC,     IPV6,        20,  1, "hash IPv6") \
F(MRQC,     TCPV6,       21,  1, "hash TCP over IPv6") \
F(MRQC,     UDPV4,       22,  1, "hash UDP over IPv4") \
F(MRQC,     UDPV6,       23,  1, "hash UDP over IPv6") \
F(MRQC,     UDPV6EX,     24,  1, "hash UDP over IPv6 with extensions") \
F(VMD_CTL,  VMDQ_EN,      0,  1, "VMDq enable") \
F(VMD_CTL,  VMDQ_FILTER,  1,  1, "VMDq index from the VLAN") \
F(VMD_CTL,  DEFAULT,      4,  4, "VMDq index of unmatched addresses") \
F(RETA,     ENTRY0,       0,  8, "entry 4n: RSS output 0 in bits 3:0, output 1 in 7:4") \
F(RETA,     ENTRY1,       8,  8, "entry 4n + 1") \
F(RETA,     ENTRY2,      16,  8, "entry 4n + 2") \
F(RETA,     ENTRY3,      24,  8, "entry 4n + 3") \
F(IMIR,     PORT,         0, 16, "TCP port") \
F(IMIR,     PORT_IM_EN,  16,  1, "filter enable") \
F(IMIR,     PORT_BP,     17,  1, "any port") \
F(IMIR,     PRIORITY,    29,  3, "of the filter") \
F(IMIREXT,  SIZE_THRESH,  0, 12, "longest frame that matches, bytes") \
F(IMIREXT,  SIZE_BP,     12,  1, "any size") \
F(IMIREXT,  CTRL_URG,    13,  1, "TCP URG") \
F(IMIREXT,  CTRL_ACK,    14,  1, "TCP ACK") \
F(IMIREXT,  CTRL_PSH,    15,  1, "TCP PSH") \
F(IMIREXT,  CTRL_RST,    16,  1, "TCP RST") \
F(IMIREXT,  CTRL_SYN,    17,  1, "TCP SYN") \
F(IMIREXT,  CTRL_FIN,    18,  1, "TCP FIN") \
F(IMIREXT,  CTRL_BP,     19,  1, "any TCP flags") \
F(IMIRVP,   PRIORITY,     0,  3, "VLAN priority from which a frame matches") \
F(IMIRVP,   PRIORITY_EN,  3,  1, "filter enable") \
F(PCS1GLCTL,FLV,          0,  1, "forced link value") \
F(PCS1GLCTL,FORCE_LINK,   5,  1, "force the link") \
F(PCS1GLCTL,AN_ENABLE,   16,  1, "negotiation enable") \
F(PCS1GLCTL,AN_RESTART,  17,  1, "restart negotiation") \
F(PCS1GLCTL,AN_TIMEOUT_EN,18, 1, "give up negotiation after a time") \
F(PCS1GANA, SYM_PAUSE,    7,  1, "PAUSE both ways") \
F(PCS1GANA, ASM_PAUSE,    8,  1, "PAUSE one way") \
F(HLREG0,   TXCRCEN,      0,  1, "append CRC") \
F(HLREG0,   RXCRCSTRP,    1,  1, "strip CRC") \
F(HLREG0,   JUMBOEN,      2,  1, "accept frames up to MAXFRS") \
F(HLREG0,   TXPADEN,     10,  1, "pad short frames") \
F(HLREG0,   TXPAUSEEN,   12,  1, "MAC sends PAUSE") \
F(HLREG0,   RXPAUSEEN,   14,  1, "MAC obeys PAUSE") \
F(HLREG0,   LPBK,        15,  1, "loop back in the MAC") \
F(HLREG0,   MDCSPD,      16,  1, "MDIO clock") \
F(HLREG0,   CONTMDC,     17,  1, "MDIO clock always runs") \
F(HLREG0,   CTRLFLTR,    18,  1, "filter MAC control frames") \
F(HLREG0,   PREPEND,     20,  4, "bytes before each frame, units of 4") \
F(HLREG0,   PRIPAUSEEN,  24,  1, "MAC obeys priority PAUSE") \
F(HLREG0,   RXPAUSERECDA,25,  2, "addresses taken for PAUSE") \
F(HLREG0,   RXLNGTHERREN,27,  1, "length errors are errors") \
F(HLREG0,   RXPADSTRIPEN,28,  1, "strip padding") \
F(MSCA,     ADDR,         0, 16, "register") \
F(MSCA,     DEV,         16,  5, "device in the PHY") \
F(MSCA,     PHY,         21,  5, "PHY address") \
F(MSCA,     OP,          26,  2, "operation") \
F(MSCA,     ST,          28,  2, "start code; 0: clause 45") \
F(MSCA,     GO,          30,  1, "start a command, clears itself") \
F(MSCA,     IN_PROGRESS, 31,  1, "command in progress") \
F(MSRWD,    WRITE,        0, 16, "data to write") \
F(MSRWD,    READ,        16, 16, "data read; FFFF: nobody answers") \
F(MHADD,    MAXFRS,      16, 16, "largest frame, bytes with CRC") \
F(AUTOC,    FLU,          0,  1, "force the link up") \
F(AUTOC,    PMA_10G,      7,  2, "10 Gb/s attachment") \
F(AUTOC,    PMA_1G,       9,  1, "1 Gb/s attachment") \
F(AUTOC,    AN_RESTART,  12,  1, "restart negotiation, clears itself") \
F(AUTOC,    LMS,         13,  3, "link mode select") \
F(AUTOC,    SYM_PAUSE,   28,  1, "advertise PAUSE both ways") \
F(AUTOC,    ASM_PAUSE,   29,  1, "advertise PAUSE one way") \
F(AUTOC,    KX,          30,  1, "KX supported") \
F(AUTOC,    KX4,         31,  1, "KX4 supported") \
F(LINKS,    SIGNAL,       8,  4, "signal detected, per lane") \
F(LINKS,    TL_FAULT,    12,  1, "local fault") \
F(LINKS,    ALIGN_10G,   17,  1, "10 Gb/s lanes aligned") \
F(LINKS,    SYNC_1G,     18,  1, "1 Gb/s synchronised") \
F(LINKS,    AN_IDLE,     19,  1, "negotiation idle") \
F(LINKS,    AN_EN_1G,    20,  1, "1 Gb/s negotiation enabled") \
F(LINKS,    PCS_1G_EN,   21,  1, "1 Gb/s PCS enabled") \
F(LINKS,    XGXS_EN,     22,  1, "XGXS enabled") \
F(LINKS,    SPEED,       29,  1, "of the link that is up") \
F(LINKS,    UP,          30,  1, "link is up") \
F(LINKS,    AN_COMP,     31,  1, "negotiation complete") \
F(ANLP1,    SYM_PAUSE,   10,  1, "partner: PAUSE both ways") \
F(ANLP1,    ASM_PAUSE,   11,  1, "partner: PAUSE one way") \
F(ATLASCTL, DATA,         0,  8, "data") \
F(ATLASCTL, ADDR,         8,  8, "register of the analog core") \
F(ATLASCTL, READ,        16,  1, "read command") \
F(GCR,      TIMEOUT,     12,  4, "completion timeout; 0: default") \
F(GCR,      RESEND,      16,  1, "repeat a read whose completion is lost") \
F(GCR,      CAP_VER2,    18,  1, "PCIe capability version 2") \
F(DCA_CTRL, DISABLE,      0,  1, "direct cache access off") \
F(DCA_CTRL, MODE,         1,  4, "how hints are sent")

/* Fields that several registers have alike. */
#define NIC82598_CAUSE_FIELDS(F, REG) \
F(REG, QUEUES,       0, 16, "queue causes, through IVAR") \
F(REG, LSC,         20,  1, "link status change") \
F(REG, MNG,         22,  1, "manageability event") \
F(REG, SDP,         24,  4, "software-definable pins 0 to 3") \
F(REG, PBUR,        28,  1, "packet buffer error") \
F(REG, DHER,        29,  1, "descriptor handler error") \
F(REG, TCP_TIMER,   30,  1, "TCP timer") \
F(REG, OTHER,       31,  1, "any of the miscellaneous causes")
#define NIC82598_QUEUE_FIELDS(F, REG) \
F(REG, PTHRESH,      0,  7, "prefetch when fewer descriptors are cached") \
F(REG, HTHRESH,      8,  7, "and at least this many are in the host") \
F(REG, WTHRESH,     16,  7, "write back when this many are done") \
F(REG, ENABLE,      25,  1, "queue enable") \
F(REG, SWFLSH,      26,  1, "software flush")
#define NIC82598_SLOT_FIELDS(F, REG) \
F(REG, MAP0,         0,  4, "statistics slot of queue 4n") \
F(REG, MAP1,         8,  4, "of queue 4n + 1") \
F(REG, MAP2,        16,  4, "of queue 4n + 2") \
F(REG, MAP3,        24,  4, "of queue 4n + 3")
#define NIC82598_CREDIT_FIELDS(F, REG) \
F(REG, CRQ,          0,  9, "credits per refill, units of 64 bytes") \
F(REG, BWG,          9,  3, "bandwidth group") \
F(REG, MCL,         12, 12, "most credits, units of 64 bytes") \
F(REG, GSP,         30,  1, "strict priority in the group") \
F(REG, LSP,         31,  1, "strict priority on the link")

/* What a field's values mean, where a number alone says little: register, field, value, meaning. */
#define NIC82598_VALUES(V) \
V(SRRCTL,   DESCTYPE,     0, "legacy") \
V(SRRCTL,   DESCTYPE,     1, "advanced, one buffer") \
V(SRRCTL,   DESCTYPE,     2, "advanced, header split") \
V(SRRCTL,   DESCTYPE,     3, "advanced, header replication") \
V(SRRCTL,   DESCTYPE,     4, "advanced, header replication of large packets") \
V(SRRCTL,   DESCTYPE,     5, "advanced, header split always") \
V(MCSTCTRL, MO,           0, "bits 47:36") \
V(MCSTCTRL, MO,           1, "bits 46:35") \
V(MCSTCTRL, MO,           2, "bits 45:34") \
V(MCSTCTRL, MO,           3, "bits 43:32") \
V(MSCA,     OP,           0, "address") \
V(MSCA,     OP,           1, "write") \
V(MSCA,     OP,           2, "read, then next address") \
V(MSCA,     OP,           3, "read") \
V(AUTOC,    PMA_10G,      0, "XAUI") \
V(AUTOC,    PMA_10G,      1, "KX4") \
V(AUTOC,    PMA_10G,      2, "CX4") \
V(AUTOC,    PMA_1G,       0, "BX") \
V(AUTOC,    PMA_1G,       1, "KX") \
V(AUTOC,    LMS,          0, "1 Gb/s, no negotiation") \
V(AUTOC,    LMS,          1, "10 Gb/s, no negotiation") \
V(AUTOC,    LMS,          2, "1 Gb/s, negotiation") \
V(AUTOC,    LMS,          4, "KX4, negotiation") \
V(AUTOC,    LMS,          6, "KX4 and 1 Gb/s, negotiation") \
V(RDRXCTL,  RDMTS,        0, "half") \
V(RDRXCTL,  RDMTS,        1, "quarter") \
V(RDRXCTL,  RDMTS,        2, "eighth") \
V(LINKS,    SPEED,        0, "1 Gb/s") \
V(LINKS,    SPEED,        1, "10 Gb/s")

/* What a published driver for the whole family touches, and the model has not: registers of later chips, of which a
 * driver for all of them writes some on this one too, and diagnostics that its register dump reads.
 * Offset, count, stride, what is there. */
#define NIC82598_ABSENT(X) \
X(0x00870,   4, 0x04, "later chips: throttling of further vectors") \
X(0x01414,  48, 0x40, "later chips: receive buffers of queues 16 to 63") \
X(0x01038,  16, 0x40, "later chips: received bytes, upper half") \
X(0x01430,  16, 0x40, "later chips: packets dropped, per queue") \
X(0x02340,  16, 0x04, "later chips: receive queue to statistics slot, further queues") \
X(0x02424,   1, 0x04, "later chips: FCoE") \
X(0x04294,   1, 0x04, "later chips: flow control of the MAC (MFLCN)") \
X(0x04a80,   1, 0x04, "later chips: transmit DMA control (DMATXCTL)") \
X(0x05118,   1, 0x04, "later chips: FCoE CRC errors") \
X(0x08600,  32, 0x04, "later chips: transmit queue to statistics slot") \
X(0x08700,  32, 0x04, "later chips: sent bytes per queue") \
X(0x08a3c,   5, 0x04, "later chips: further statistics") \
X(0x08d00,   1, 0x04, "later chips: encryption control") \
X(0x08f40,  17, 0x04, "later chips: further statistics") \
X(0x02000,   1, 0x04, "diagnostics: receive DMA") \
X(0x02c00,   9, 0x04, "diagnostics: receive DMA counters") \
X(0x02f08,   1, 0x04, "diagnostics: receive DMA") \
X(0x02f10,   5, 0x04, "diagnostics: receive DMA probes") \
X(0x03300,   1, 0x04, "diagnostics: memory errors of the receive packet buffer") \
X(0x03600,   1, 0x04, "diagnostics: receive packet buffer") \
X(0x03610,   4, 0x04, "diagnostics: receive packet buffer probes") \
X(0x04210,   2, 0x04, "diagnostics: 1G PCS") \
X(0x04250,   3, 0x04, "diagnostics: MDIO") \
X(0x0426c,   1, 0x04, "diagnostics: MAC") \
X(0x042ac,   1, 0x04, "diagnostics: link") \
X(0x042b8,   1, 0x04, "diagnostics: link") \
X(0x042c0,   4, 0x04, "diagnostics: link") \
X(0x050a4,   1, 0x04, "diagnostics: filters") \
X(0x07240,  16, 0x04, "later chips: direct cache access of further transmit queues") \
X(0x07f08,   1, 0x04, "diagnostics: transmit DMA") \
X(0x07f10,   5, 0x04, "diagnostics: transmit DMA probes") \
X(0x0c300,   1, 0x04, "diagnostics: memory errors of the transmit packet buffer") \
X(0x0c600,   1, 0x04, "diagnostics: transmit packet buffer") \
X(0x0c610,   4, 0x04, "diagnostics: transmit packet buffer probes") \
X(0x10120,   1, 0x04, "diagnostics: flash") \
X(0x1106c,   1, 0x04, "diagnostics: PCIe") \
X(0x11090,   8, 0x04, "diagnostics: PCIe")

/* One enumerator per row, and one slot per register in a flat array of values. */
enum nic82598_reg {
#define R(NAME, ...) REG_##NAME,
    NIC82598_REGS(R)
#undef R
    N_NIC82598_REGS
};
enum {
#define R(NAME, offset, count, ...) SLOT_##NAME, SLOT_LAST_##NAME = SLOT_##NAME + (count) - 1,
    NIC82598_REGS(R)
#undef R
    N_NIC82598_SLOTS
};
enum {
#define R(NAME, offset, count, stride, ...) OFFSET_##NAME = (offset), STRIDE_##NAME = (stride), COUNT_##NAME = (count),
    NIC82598_REGS(R)
#undef R
    NIC82598_BAR_BYTES = 0x20000
};
enum {
#define F(reg, field, low, width, meaning) LOW_##reg##_##field = (low), WIDTH_##reg##_##field = (width),
    NIC82598_FIELDS(F)
#undef F
    NIC82598_FIELD_END
};

/* -- the list as data (nic82598_regs.c), and the functions of nic_regs.h for it -------------------------------------- */

const struct nic_reg_info *nic_reg_info(enum nic82598_reg reg);
const struct nic_field_info *nic_reg_fields(enum nic82598_reg reg, size_t *count);
const char *nic_field_value(const struct nic_field_info *f, uint32_t value);
int nic_reg_find(uint32_t offset, enum nic82598_reg *reg, uint32_t *index);
bool nic_reg_absent(uint32_t offset); /* of NIC82598_ABSENT */
char *nic_reg_name(uint32_t offset, char text[24]);
void nic_regs_print_markdown(FILE *out); /* docs/registers.md */

#endif
