/* SPDX-License-Identifier: GPL-3.0-or-later
 * nic82598_regs.h -- every register and register field of the Intel 82598, once.
 *
 * From these two lists come the enums, the look-up by offset, the names in traces, docs/registers.md and the generic
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

#define NIC82598_REGS(R) \
/* general */ \
R(CTRL,      0x00000,   1, 0x00, RW,  0,          ctrl,    none,    "device control") \
R(STATUS,    0x00008,   1, 0x00, RO,  0x00080000, none,    status,  "device status; reading it flushes posted writes") \
R(CTRL_EXT,  0x00018,   1, 0x00, RW,  0,          none,    none,    "extended device control") \
R(ESDP,      0x00020,   1, 0x00, RW,  0,          none,    none,    "software-definable pins") \
R(EODSDP,    0x00028,   1, 0x00, RW,  0,          none,    none,    "open-drain software-definable pins") \
R(FRTIMER,   0x00048,   1, 0x00, RO,  0,          none,    frtimer, "free-running timer, microseconds") \
R(TCPTIMER,  0x0004c,   1, 0x00, RW,  0,          none,    none,    "TCP timer") \
R(LEDCTL,    0x00200,   1, 0x00, RW,  0,          none,    none,    "LED control, one byte per LED") \
/* non-volatile memory and semaphores */ \
R(EEC,       0x10010,   1, 0x00, RW,  0x00001b00, eec,     none,    "EEPROM control and size") \
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
R(FCRTL,     0x03220,   8, 0x08, RW,  0,          none,    none,    "flow control receive threshold, low") \
R(FCRTH,     0x03260,   8, 0x08, RW,  0,          none,    none,    "flow control receive threshold, high") \
R(FCRTV,     0x032a0,   1, 0x00, RW,  0,          none,    none,    "flow control refresh threshold") \
R(RXPBSIZE0, 0x03c00,   1, 0x00, RW,  0x00080000, rxmode,  none,    "receive packet buffer 0 size, KiB << 10") \
R(RXPBSIZE,  0x03c04,   7, 0x04, RW,  0,          none,    none,    "receive packet buffers 1 to 7, KiB << 10") \
R(RT2CR,     0x03c20,   8, 0x04, RW,  0,          none,    none,    "receive T2 configuration") \
R(RT2SR,     0x03c40,   8, 0x04, RO,  0,          none,    none,    "receive T2 status") \
R(RMCS,      0x03d00,   1, 0x00, RW,  0,          none,    none,    "receive music control: flow control mode") \
R(DROPEN,    0x03d04,   1, 0x00, RW,  0,          none,    none,    "drop enable per packet buffer") \
/* transmit queues */ \
R(TDBAL,     0x06000,  32, 0x40, RW,  0,          txring,  none,    "transmit ring base, low half") \
R(TDBAH,     0x06004,  32, 0x40, RW,  0,          txring,  none,    "transmit ring base, high half") \
R(TDLEN,     0x06008,  32, 0x40, RW,  0,          txring,  none,    "transmit ring bytes") \
R(TDH,       0x06010,  32, 0x40, RW,  0,          tdh,     tdh,     "transmit ring head") \
R(TDT,       0x06018,  32, 0x40, RW,  0,          tdt,     none,    "transmit ring tail") \
R(TXDCTL,    0x06028,  32, 0x40, RW,  0,          txdctl,  none,    "transmit queue control and thresholds") \
R(TDTQ2TCCR, 0x0602c,   8, 0x40, RW,  0,          none,    none,    "descriptor plane credits, configuration") \
R(QPTC,      0x06030,  16, 0x40, RC,  0,          none,    none,    "packets sent, per statistics slot") \
R(QBTC,      0x06034,  16, 0x40, RC,  0,          none,    none,    "bytes sent, per statistics slot") \
R(TDWBAL,    0x06038,  32, 0x40, RW,  0,          none,    none,    "head write-back address, low half, and enable") \
R(TDWBAH,    0x0603c,  32, 0x40, RW,  0,          none,    none,    "head write-back address, high half") \
R(TDTQ2TCSR, 0x0622c,   8, 0x40, RO,  0,          none,    none,    "descriptor plane credits, status") \
R(DCA_TXCTRL,0x07200,  16, 0x04, RW,  0,          none,    none,    "transmit direct cache access") \
R(TQSMR,     0x07300,   8, 0x04, RW,  0,          none,    none,    "transmit queue to statistics slot") \
R(DTXCTL,    0x07e00,   1, 0x00, RW,  0,          none,    none,    "transmit DMA control") \
R(DPMCS,     0x07f40,   1, 0x00, RW,  0,          none,    none,    "descriptor plane music control") \
R(TIPG,      0x0cb00,   1, 0x00, RW,  0,          none,    none,    "transmit inter-packet gap") \
R(TXPBSIZE,  0x0cc00,   8, 0x04, RW,  0x0000a000, txmode,  none,    "transmit packet buffers, KiB << 10") \
R(PDPMCS,    0x0cd00,   1, 0x00, RW,  0,          none,    none,    "packet plane music control") \
R(MNGTXMAP,  0x0cd10,   1, 0x00, RW,  0,          none,    none,    "manageability transmit map") \
R(TDPT2TCCR, 0x0cd20,   8, 0x04, RW,  0,          none,    none,    "packet plane credits, configuration") \
R(TDPT2TCSR, 0x0cd40,   8, 0x04, RO,  0,          none,    none,    "packet plane credits, status") \
R(TFCS,      0x0ce00,   1, 0x00, RO,  0,          none,    none,    "transmit flow control status") \
/* receive filters and queue choice */ \
R(RXCSUM,    0x05000,   1, 0x00, RW,  0,          rxmode,  none,    "receive checksum control") \
R(RFCTL,     0x05008,   1, 0x00, RW,  0,          none,    none,    "receive filter control") \
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
R(IMIR,      0x05a80,   8, 0x04, RW,  0,          none,    none,    "immediate interrupt, port match") \
R(IMIREXT,   0x05aa0,   8, 0x04, RW,  0,          none,    none,    "immediate interrupt, extended match") \
R(IMIRVP,    0x05ac0,   1, 0x00, RW,  0,          none,    none,    "immediate interrupt, VLAN priority") \
/* MAC and link */ \
R(PCS1GCFIG, 0x04200,   1, 0x00, RW,  0,          none,    none,    "1G PCS configuration") \
R(PCS1GLCTL, 0x04208,   1, 0x00, RW,  0,          none,    none,    "1G PCS link control") \
R(PCS1GLSTA, 0x0420c,   1, 0x00, RO,  0,          none,    none,    "1G PCS link status") \
R(PCS1GANA,  0x04218,   1, 0x00, RW,  0,          none,    none,    "1G PCS own abilities") \
R(PCS1GANLP, 0x0421c,   1, 0x00, RO,  0,          none,    none,    "1G PCS partner's abilities") \
R(HLREG0,    0x04240,   1, 0x00, RW,  0,          rxmode,  none,    "MAC control") \
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
R(MANC,      0x05820,   1, 0x00, RW,  0,          none,    none,    "manageability control") \
R(FHFT,      0x09000, 256, 0x04, RW,  0,          none,    none,    "flexible host filter table") \
/* PCIe */ \
R(GCR,       0x11000,   1, 0x00, RW,  0,          none,    none,    "PCIe control: completion timeout") \
R(GTV,       0x11004,   1, 0x00, RW,  0,          none,    none,    "PCIe timer value") \
R(GSCL,      0x11010,   4, 0x04, RW,  0,          none,    none,    "PCIe statistics control") \
R(GSCN,      0x11020,   4, 0x04, RW,  0,          none,    none,    "PCIe statistics counters") \
R(PCIEANACTL,0x11040,   1, 0x00, RW,  0,          none,    none,    "PCIe analog control") \
R(MREVID,    0x11064,   1, 0x00, RO,  0,          none,    none,    "mirrored revision id") \
R(PBACL,     0x11068,   1, 0x00, WO,  0,          none,    none,    "MSI-X pending bits clear") \
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

/* Fields: register, field, lowest bit, width in bits, meaning. */
#define NIC82598_FIELDS(F) \
F(CTRL,     GIO_DIS,      2,  1, "stop being a PCIe master") \
F(CTRL,     LRST,         3,  1, "link reset, clears itself") \
F(CTRL,     RST,         26,  1, "device reset, clears itself") \
F(STATUS,   LAN_ID,       2,  2, "which of the two ports") \
F(STATUS,   GIO,         19,  1, "PCIe master is enabled or still draining") \
F(CTRL_EXT, NS_DIS,      16,  1, "no-snoop disable") \
F(CTRL_EXT, DRV_LOAD,    28,  1, "a driver is loaded") \
F(EEC,      REQ,          6,  1, "request direct access") \
F(EEC,      GNT,          7,  1, "direct access granted") \
F(EEC,      PRES,         8,  1, "EEPROM present") \
F(EEC,      ARD,          9,  1, "auto-read done") \
F(EERD,     START,        0,  1, "start a read") \
F(EERD,     DONE,         1,  1, "read done") \
F(EERD,     ADDR,         2, 14, "word address") \
F(EERD,     DATA,        16, 16, "word read") \
F(SWSM,     SMBI,         0,  1, "taken by a read that returned 0") \
F(SWSM,     SWESMBI,      1,  1, "software holds the EEPROM semaphore") \
F(EICR,     QUEUES,       0, 16, "queue causes, through IVAR") \
F(EICR,     LSC,         20,  1, "link status change") \
F(EICR,     PBUR,        28,  1, "packet buffer error") \
F(EICR,     DHER,        29,  1, "descriptor handler error") \
F(EICR,     TCP_TIMER,   30,  1, "TCP timer") \
F(EICR,     OTHER,       31,  1, "any of the miscellaneous causes") \
F(EITR,     INTERVAL,     0, 16, "units of 256 ns; 0: no throttling") \
F(EITR,     COUNTER,     16, 16, "down counter, units of 256 ns") \
F(GPIE,     MSIX_MODE,    4,  1, "vectors by IVAR; else everything is vector 0") \
F(GPIE,     OCD,          5,  1, "reading EICR clears only the other causes") \
F(GPIE,     EIAME,       30,  1, "EIAM also applies when a message is sent") \
F(GPIE,     PBA,         31,  1, "pending bit array support") \
F(RXDCTL,   PTHRESH,      0,  7, "prefetch when fewer descriptors are cached") \
F(RXDCTL,   HTHRESH,      8,  7, "and at least this many are in the host") \
F(RXDCTL,   WTHRESH,     16,  7, "write back when this many are done") \
F(RXDCTL,   ENABLE,      25,  1, "queue enable") \
F(RXDCTL,   SWFLSH,      26,  1, "software flush") \
F(TXDCTL,   PTHRESH,      0,  7, "prefetch when fewer descriptors are cached") \
F(TXDCTL,   HTHRESH,      8,  7, "and at least this many are in the host") \
F(TXDCTL,   WTHRESH,     16,  7, "write back when this many are done") \
F(TXDCTL,   ENABLE,      25,  1, "queue enable") \
F(TXDCTL,   SWFLSH,      26,  1, "software flush") \
F(SRRCTL,   BSIZEPACKET,  0,  7, "buffer size, KiB") \
F(SRRCTL,   BSIZEHEADER,  8,  6, "header buffer size, 64 bytes") \
F(SRRCTL,   DESCTYPE,    25,  3, "0 legacy, 1 advanced one buffer, 2 header split, 5 split always") \
F(SRRCTL,   DROP_EN,     28,  1, "drop when there is no descriptor") \
F(RDRXCTL,  DMAIDONE,     3,  1, "DMA initialisation done") \
F(RDRXCTL,  MVMEN,        5,  1, "SRRCTL and others per VMDq index") \
F(RXCTRL,   RXEN,         0,  1, "receive enable") \
F(RXCTRL,   DMBYPS,       1,  1, "descriptor monitor bypass") \
F(TDWBAL,   ENABLE,       0,  1, "write the head back instead of descriptors") \
F(RXCSUM,   IPPCSE,      12,  1, "fragment checksum enable") \
F(RXCSUM,   PCSD,        13,  1, "RSS hash instead of fragment checksum") \
F(FCTRL,    SBP,          1,  1, "store bad packets") \
F(FCTRL,    MPE,          8,  1, "multicast promiscuous") \
F(FCTRL,    UPE,          9,  1, "unicast promiscuous") \
F(FCTRL,    BAM,         10,  1, "accept broadcasts") \
F(FCTRL,    PMCF,        12,  1, "pass MAC control frames") \
F(FCTRL,    DPF,         13,  1, "discard pause frames") \
F(VLNCTRL,  VET,          0, 16, "VLAN ether type") \
F(VLNCTRL,  CFI,         28,  1, "CFI value to accept") \
F(VLNCTRL,  CFIEN,       29,  1, "filter by CFI") \
F(VLNCTRL,  VFE,         30,  1, "VLAN filter enable") \
F(VLNCTRL,  VME,         31,  1, "strip VLAN tags") \
F(MCSTCTRL, MO,           0,  2, "which 12 bits of the address: [47:36], [46:35], [45:34], [43:32]") \
F(MCSTCTRL, MFE,          2,  1, "multicast filter enable") \
F(RAH,      ADDR,         0, 16, "address bytes 4 and 5") \
F(RAH,      VIND,        18,  4, "VMDq index") \
F(RAH,      AV,          31,  1, "address valid") \
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
F(HLREG0,   TXCRCEN,      0,  1, "append CRC") \
F(HLREG0,   RXCRCSTRP,    1,  1, "strip CRC") \
F(HLREG0,   JUMBOEN,      2,  1, "accept frames up to MAXFRS") \
F(HLREG0,   TXPADEN,     10,  1, "pad short frames") \
F(HLREG0,   MDCSPD,      16,  1, "MDIO clock") \
F(MSCA,     GO,          30,  1, "start a command, clears itself") \
F(MSCA,     IN_PROGRESS, 31,  1, "command in progress") \
F(MHADD,    MAXFRS,      16, 16, "largest frame, bytes with CRC") \
F(AUTOC,    LMS,         13,  3, "link mode select") \
F(AUTOC,    AN_RESTART,  12,  1, "restart negotiation, clears itself") \
F(LINKS,    SPEED,       29,  1, "1: 10 Gb/s") \
F(LINKS,    UP,          30,  1, "link is up") \
F(LINKS,    AN_COMP,     31,  1, "negotiation complete")

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

/* Offset of element 'i' of a register: NIC_OFFSET(RDT, 3). */
#define NIC_OFFSET(reg, i) ((uint32_t)(OFFSET_##reg) + (uint32_t)(STRIDE_##reg) * (uint32_t)(i))
/* A field's mask, its value in 'v', and 'x' moved to its place: NIC_MASK(CTRL_RST), NIC_GET(SRRCTL_DESCTYPE, v). */
#define NIC_MASK(field) ((uint32_t)(((1ull << WIDTH_##field) - 1) << LOW_##field))
#define NIC_GET(field, v) (((uint32_t)(v) & NIC_MASK(field)) >> LOW_##field)
#define NIC_PUT(field, x) (((uint32_t)(x) << LOW_##field) & NIC_MASK(field))

/* -- the table made from the list (nic82598_regs.c) --------------------------------------------------------------- */

enum nic_access { NIC_RW, NIC_RO, NIC_RC, NIC_W1C, NIC_W1S, NIC_WO };

struct nic_reg_info {
    const char *name, *meaning, *write_hook, *read_hook; /* hooks: "none", or what follows write_ and read_ */
    uint32_t offset, count, stride, reset;
    enum nic_access access;
    uint16_t slot;         /* of element 0 */
};

const struct nic_reg_info *nic_reg_info(enum nic82598_reg reg);

/* Whether the model acts on the register beyond its access rule. */
bool nic_reg_behaves(const struct nic_reg_info *r);

/* The slot at byte offset 'offset' of BAR0, or -1 when no register is there.  *reg and *index (each may be NULL) say
 * which it is. */
int nic_reg_find(uint32_t offset, enum nic82598_reg *reg, uint32_t *index);

/* "RDT[3]", "CTRL", or "0x1234" for an unknown offset, in 'text' of at least 24 bytes; returns 'text'. */
char *nic_reg_name(uint32_t offset, char text[24]);

/* docs/registers.md: both lists as Markdown tables. */
void nic_regs_print_markdown(FILE *out);

#endif
