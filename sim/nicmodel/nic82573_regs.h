/* SPDX-License-Identifier: GPL-3.0-or-later
 * nic82573_regs.h -- every register and register field of the modelled Intel 82573, once.
 *
 * From these lists come the enums, the look-up by offset, docs/registers-82573.md and the generic register tests; a
 * driver takes its offsets and fields from here too, and nothing else may spell one.
 *
 * Source: Intel PCIe* GbE Controllers Open Source Software Developer's Manual (631xESB/632xESB, 82563EB/82564EB,
 * 82571EB/82572EI and 82573E/82573V/82573L), and the register use of the drivers that are published for it.  Offsets
 * are in BAR0 (128 KiB of 32-bit registers).  Rows, access rules and hooks: as in nic82598_regs.h. */
#ifndef SIM_NICMODEL_NIC82573_REGS_H
#define SIM_NICMODEL_NIC82573_REGS_H

#include "nicmodel/nic_regs.h"

#define NIC82573_REGS(R) \
/* general */ \
R(CTRL,       0x00000,   1, 0, RW, 0x00000201, ctrl,   none,       "device control") \
R(STATUS,     0x00008,   1, 0, RO, 0x00080081, none,   status,     "device status; reading it flushes posted writes") \
R(EEC,        0x00010,   1, 0, RW, 0x00000300, eec,    none,       "EEPROM control") \
R(EERD,       0x00014,   1, 0, RW, 0,          eerd,   none,       "EEPROM read, one word") \
R(CTRL_EXT,   0x00018,   1, 0, RW, 0,          none,   none,       "extended device control") \
R(FLA,        0x0001c,   1, 0, RW, 0,          none,   none,       "flash access") \
R(MDIC,       0x00020,   1, 0, RW, 0,          mdic,   none,       "MDI control: one access to a PHY register") \
R(FCAL,       0x00028,   1, 0, RW, 0x00c28001, none,   none,       "flow control address, low half") \
R(FCAH,       0x0002c,   1, 0, RW, 0x00000100, none,   none,       "flow control address, high half") \
R(FCT,        0x00030,   1, 0, RW, 0x00008808, none,   none,       "flow control type") \
R(VET,        0x00038,   1, 0, RW, 0x00008100, rxmode, none,       "VLAN ether type") \
R(FCTTV,      0x00170,   1, 0, RW, 0,          none,   none,       "flow control transmit timer value") \
R(LEDCTL,     0x00e00,   1, 0, RW, 0x07068302, none,   none,       "LED control, one byte per LED") \
R(EXTCNF_CTRL,0x00f00,   1, 0, RW, 0,          none,   none,       "extended configuration: PHY ownership") \
R(EXTCNF_SIZE,0x00f08,   1, 0, RW, 0,          none,   none,       "extended configuration size") \
R(PBA,        0x01000,   1, 0, RW, 0x000c0014, pba,    none,       "packet buffer allocation, KiB") \
R(PBS,        0x01008,   1, 0, RW, 0x00000020, none,   none,       "packet buffer size, KiB") \
R(EEMNGCTL,   0x01010,   1, 0, RW, 0x00040000, none,   none,       "manageability EEPROM control") \
R(EEWR,       0x0102c,   1, 0, RW, 0,          none,   none,       "EEPROM write") \
R(GCR,        0x05b00,   1, 0, RW, 0,          none,   none,       "PCIe control") \
R(GSCL,       0x05b10,   4, 4, RW, 0,          none,   none,       "PCIe statistics control") \
R(GSCN,       0x05b20,   4, 4, RW, 0,          none,   none,       "PCIe statistics counters") \
R(FACTPS,     0x05b30,   1, 0, RO, 0,          none,   none,       "function activity and power state") \
R(SWSM,       0x05b50,   1, 0, RW, 0,          none,   swsm,       "software semaphore; reading takes SMBI") \
R(FWSM,       0x05b54,   1, 0, RW, 0,          none,   none,       "firmware semaphore") \
/* interrupts */ \
R(ICR,        0x000c0,   1, 0, W1C,0,          icr,    icr,        "interrupt cause; reading or writing 1 clears") \
R(ITR,        0x000c4,   1, 0, RW, 0,          itr,    none,       "interrupt throttle, 256 ns units") \
R(ICS,        0x000c8,   1, 0, WO, 0,          ics,    none,       "interrupt cause set") \
R(IMS,        0x000d0,   1, 0, W1S,0,          ims,    none,       "interrupt mask set; reads the mask") \
R(IMC,        0x000d8,   1, 0, WO, 0,          imc,    none,       "interrupt mask clear") \
R(IAM,        0x000e0,   1, 0, RW, 0,          none,   none,       "causes masked when ICR is read") \
/* receive */ \
R(RCTL,       0x00100,   1, 0, RW, 0,          rxmode, none,       "receive control") \
R(ERT,        0x02008,   1, 0, RW, 0,          none,   none,       "early receive threshold") \
R(FCRTL,      0x02160,   1, 0, RW, 0,          pause,  none,       "flow control receive threshold, low") \
R(FCRTH,      0x02168,   1, 0, RW, 0,          pause,  none,       "flow control receive threshold, high") \
R(PSRCTL,     0x02170,   1, 0, RW, 0x00040402, none,   none,       "packet split buffer sizes") \
R(RDFH,       0x02410,   1, 0, RW, 0,          none,   none,       "receive data FIFO head") \
R(RDFT,       0x02418,   1, 0, RW, 0,          none,   none,       "receive data FIFO tail") \
R(RDFHS,      0x02420,   1, 0, RW, 0,          none,   none,       "receive data FIFO head, saved") \
R(RDFTS,      0x02428,   1, 0, RW, 0,          none,   none,       "receive data FIFO tail, saved") \
R(RDFPC,      0x02430,   1, 0, RW, 0,          none,   none,       "receive data FIFO packets") \
R(RDBAL,      0x02800,   1, 0, RW, 0,          rxring, none,       "receive ring base, low half") \
R(RDBAH,      0x02804,   1, 0, RW, 0,          rxring, none,       "receive ring base, high half") \
R(RDLEN,      0x02808,   1, 0, RW, 0,          rxring, none,       "receive ring bytes") \
R(RDH,        0x02810,   1, 0, RW, 0,          rdh,    rdh,        "receive ring head") \
R(RDT,        0x02818,   1, 0, RW, 0,          rdt,    none,       "receive ring tail") \
R(RDTR,       0x02820,   1, 0, RW, 0,          rdtr,   none,       "receive interrupt delay, from the last frame") \
R(RXDCTL,     0x02828,   1, 0, RW, 0x00010000, rxdctl, none,       "receive descriptor control") \
R(RADV,       0x0282c,   1, 0, RW, 0,          none,   none,       "receive interrupt delay, from the first frame") \
R(RSRPD,      0x02c00,   1, 0, RW, 0,          none,   none,       "small frames: cause at once") \
R(RAID,       0x02c08,   1, 0, RW, 0,          none,   none,       "receive ACK interrupt delay") \
/* receive filters */ \
R(RXCSUM,     0x05000,   1, 0, RW, 0x00000300, rxmode, none,       "receive checksum control") \
R(RFCTL,      0x05008,   1, 0, RW, 0,          rxmode, none,       "receive filter control; descriptor format") \
R(MTA,        0x05200, 128, 4, RW, 0,          none,   none,       "multicast table, 4096 bits") \
R(RAL,        0x05400,  16, 8, RW, 0,          rxmode, none,       "receive address, low half") \
R(RAH,        0x05404,  16, 8, RW, 0,          rxmode, none,       "receive address, high half, valid") \
R(VFTA,       0x05600, 128, 4, RW, 0,          none,   none,       "VLAN filter table, 4096 bits") \
R(MRQC,       0x05818,   1, 0, RW, 0,          none,   none,       "multiple receive queues: there is one") \
/* transmit */ \
R(TCTL,       0x00400,   1, 0, RW, 0,          txmode, none,       "transmit control") \
R(TIPG,       0x00410,   1, 0, RW, 0x00602008, none,   none,       "transmit inter-packet gap") \
R(AIT,        0x00458,   1, 0, RW, 0,          none,   none,       "adaptive inter-frame spacing") \
R(TDFH,       0x03410,   1, 0, RW, 0,          none,   none,       "transmit data FIFO head") \
R(TDFT,       0x03418,   1, 0, RW, 0,          none,   none,       "transmit data FIFO tail") \
R(TDFHS,      0x03420,   1, 0, RW, 0,          none,   none,       "transmit data FIFO head, saved") \
R(TDFTS,      0x03428,   1, 0, RW, 0,          none,   none,       "transmit data FIFO tail, saved") \
R(TDFPC,      0x03430,   1, 0, RW, 0,          none,   none,       "transmit data FIFO packets") \
R(TDBAL,      0x03800,   1, 0, RW, 0,          txring, none,       "transmit ring base, low half") \
R(TDBAH,      0x03804,   1, 0, RW, 0,          txring, none,       "transmit ring base, high half") \
R(TDLEN,      0x03808,   1, 0, RW, 0,          txring, none,       "transmit ring bytes") \
R(TDH,        0x03810,   1, 0, RW, 0,          tdh,    tdh,        "transmit ring head") \
R(TDT,        0x03818,   1, 0, RW, 0,          tdt,    none,       "transmit ring tail") \
R(TIDV,       0x03820,   1, 0, RW, 0,          tidv,   none,       "transmit interrupt delay, from the last report") \
R(TXDCTL,     0x03828,   1, 0, RW, 0,          txdctl, none,       "transmit descriptor control") \
R(TADV,       0x0382c,   1, 0, RW, 0,          none,   none,       "transmit interrupt delay, from the first report") \
R(TARC,       0x03840,   1, 0, RW, 0x00000403, none,   none,       "transmit arbitration: there is one queue") \
/* wake-up and management */ \
R(WUC,        0x05800,   1, 0, RW, 0,          none,   none,       "wake-up control") \
R(WUFC,       0x05808,   1, 0, RW, 0,          none,   none,       "wake-up filter control") \
R(WUS,        0x05810,   1, 0, RW, 0,          none,   none,       "wake-up status") \
R(MANC,       0x05820,   1, 0, RW, 0,          none,   none,       "management control") \
R(MANC2H,     0x05860,   1, 0, RW, 0,          none,   none,       "management control to host") \
/* statistics */ \
R(CRCERRS,    0x04000,   1, 0, RC, 0,          none,   none,       "CRC errors") \
R(ALGNERRC,   0x04004,   1, 0, RC, 0,          none,   none,       "alignment errors") \
R(SYMERRS,    0x04008,   1, 0, RC, 0,          none,   none,       "symbol errors") \
R(RXERRC,     0x0400c,   1, 0, RC, 0,          none,   none,       "receive errors") \
R(MPC,        0x04010,   1, 0, RC, 0,          none,   none,       "missed packets: packet buffer full") \
R(SCC,        0x04014,   1, 0, RC, 0,          none,   none,       "single collisions") \
R(ECOL,       0x04018,   1, 0, RC, 0,          none,   none,       "excessive collisions") \
R(MCC,        0x0401c,   1, 0, RC, 0,          none,   none,       "multiple collisions") \
R(LATECOL,    0x04020,   1, 0, RC, 0,          none,   none,       "late collisions") \
R(COLC,       0x04028,   1, 0, RC, 0,          none,   none,       "collisions") \
R(DC,         0x04030,   1, 0, RC, 0,          none,   none,       "deferred") \
R(TNCRS,      0x04034,   1, 0, RC, 0,          none,   none,       "sent without carrier sense") \
R(SEC,        0x04038,   1, 0, RC, 0,          none,   none,       "sequence errors") \
R(CEXTERR,    0x0403c,   1, 0, RC, 0,          none,   none,       "carrier extension errors") \
R(RLEC,       0x04040,   1, 0, RC, 0,          none,   none,       "length errors") \
R(XONRXC,     0x04048,   1, 0, RC, 0,          none,   none,       "XON received") \
R(XONTXC,     0x0404c,   1, 0, RC, 0,          none,   none,       "XON sent") \
R(XOFFRXC,    0x04050,   1, 0, RC, 0,          none,   none,       "XOFF received") \
R(XOFFTXC,    0x04054,   1, 0, RC, 0,          none,   none,       "XOFF sent") \
R(FCRUC,      0x04058,   1, 0, RC, 0,          none,   none,       "flow control frames not understood") \
R(PRC64,      0x0405c,   1, 0, RC, 0,          none,   none,       "good frames received, 64 bytes") \
R(PRC127,     0x04060,   1, 0, RC, 0,          none,   none,       "good frames received, 65 to 127 bytes") \
R(PRC255,     0x04064,   1, 0, RC, 0,          none,   none,       "good frames received, 128 to 255 bytes") \
R(PRC511,     0x04068,   1, 0, RC, 0,          none,   none,       "good frames received, 256 to 511 bytes") \
R(PRC1023,    0x0406c,   1, 0, RC, 0,          none,   none,       "good frames received, 512 to 1023 bytes") \
R(PRC1522,    0x04070,   1, 0, RC, 0,          none,   none,       "good frames received, 1024 bytes and more") \
R(GPRC,       0x04074,   1, 0, RC, 0,          none,   none,       "good frames received") \
R(BPRC,       0x04078,   1, 0, RC, 0,          none,   none,       "broadcasts received") \
R(MPRC,       0x0407c,   1, 0, RC, 0,          none,   none,       "multicasts received") \
R(GPTC,       0x04080,   1, 0, RC, 0,          none,   none,       "good frames sent") \
R(GORCL,      0x04088,   1, 0, RO, 0,          none,   bytes,      "good bytes received, low half") \
R(GORCH,      0x0408c,   1, 0, RC, 0,          none,   bytes_high, "good bytes received, high half; clears both") \
R(GOTCL,      0x04090,   1, 0, RO, 0,          none,   bytes,      "good bytes sent, low half") \
R(GOTCH,      0x04094,   1, 0, RC, 0,          none,   bytes_high, "good bytes sent, high half; clears both") \
R(RNBC,       0x040a0,   1, 0, RC, 0,          none,   none,       "frames that found no descriptor") \
R(RUC,        0x040a4,   1, 0, RC, 0,          none,   none,       "undersize frames") \
R(RFC,        0x040a8,   1, 0, RC, 0,          none,   none,       "fragments") \
R(ROC,        0x040ac,   1, 0, RC, 0,          none,   none,       "oversize frames") \
R(RJC,        0x040b0,   1, 0, RC, 0,          none,   none,       "jabber") \
R(MGTPRC,     0x040b4,   1, 0, RC, 0,          none,   none,       "management frames received") \
R(MGTPDC,     0x040b8,   1, 0, RC, 0,          none,   none,       "management frames dropped") \
R(MGTPTC,     0x040bc,   1, 0, RC, 0,          none,   none,       "management frames sent") \
R(TORL,       0x040c0,   1, 0, RO, 0,          none,   bytes,      "bytes received, low half") \
R(TORH,       0x040c4,   1, 0, RC, 0,          none,   bytes_high, "bytes received, high half; clears both") \
R(TOTL,       0x040c8,   1, 0, RO, 0,          none,   bytes,      "bytes sent, low half") \
R(TOTH,       0x040cc,   1, 0, RC, 0,          none,   bytes_high, "bytes sent, high half; clears both") \
R(TPR,        0x040d0,   1, 0, RC, 0,          none,   none,       "frames received") \
R(TPT,        0x040d4,   1, 0, RC, 0,          none,   none,       "frames sent") \
R(PTC64,      0x040d8,   1, 0, RC, 0,          none,   none,       "frames sent, 64 bytes") \
R(PTC127,     0x040dc,   1, 0, RC, 0,          none,   none,       "frames sent, 65 to 127 bytes") \
R(PTC255,     0x040e0,   1, 0, RC, 0,          none,   none,       "frames sent, 128 to 255 bytes") \
R(PTC511,     0x040e4,   1, 0, RC, 0,          none,   none,       "frames sent, 256 to 511 bytes") \
R(PTC1023,    0x040e8,   1, 0, RC, 0,          none,   none,       "frames sent, 512 to 1023 bytes") \
R(PTC1522,    0x040ec,   1, 0, RC, 0,          none,   none,       "frames sent, 1024 bytes and more") \
R(MPTC,       0x040f0,   1, 0, RC, 0,          none,   none,       "multicasts sent") \
R(BPTC,       0x040f4,   1, 0, RC, 0,          none,   none,       "broadcasts sent") \
R(TSCTC,      0x040f8,   1, 0, RC, 0,          none,   none,       "large sends cut") \
R(TSCTFC,     0x040fc,   1, 0, RC, 0,          none,   none,       "large sends that could not be cut") \
R(IAC,        0x04100,   1, 0, RC, 0,          none,   none,       "interrupts asserted") \
R(ICRXPTC,    0x04104,   1, 0, RC, 0,          none,   none,       "receive interrupts by RDTR") \
R(ICRXATC,    0x04108,   1, 0, RC, 0,          none,   none,       "receive interrupts by RADV") \
R(ICTXPTC,    0x0410c,   1, 0, RC, 0,          none,   none,       "transmit interrupts by TIDV") \
R(ICTXATC,    0x04110,   1, 0, RC, 0,          none,   none,       "transmit interrupts by TADV") \
R(ICTXQEC,    0x04118,   1, 0, RC, 0,          none,   none,       "times that the transmit ring ran empty") \
R(ICTXQMTC,   0x0411c,   1, 0, RC, 0,          none,   none,       "times that the transmit ring ran low") \
R(ICRXDMTC,   0x04120,   1, 0, RC, 0,          none,   none,       "times that receive descriptors ran low") \
R(ICRXOC,     0x04124,   1, 0, RC, 0,          none,   none,       "times that the packet buffer overflowed")

/* Fields: register, field, lowest bit, width in bits, meaning.  Fields of one register stand together. */
#define NIC82573_FIELDS(F) \
F(CTRL,     FD,             0,  1, "full duplex") \
F(CTRL,     GIO_DIS,        2,  1, "stop being a PCIe master") \
F(CTRL,     ASDE,           5,  1, "detect the speed") \
F(CTRL,     SLU,            6,  1, "set the link up") \
F(CTRL,     SPEED,          8,  2, "when forced") \
F(CTRL,     FRCSPD,        11,  1, "force the speed") \
F(CTRL,     FRCDPX,        12,  1, "force the duplex mode") \
F(CTRL,     RST,           26,  1, "device reset, clears itself") \
F(CTRL,     RFCE,          27,  1, "obey PAUSE frames") \
F(CTRL,     TFCE,          28,  1, "send PAUSE frames") \
F(CTRL,     VME,           30,  1, "strip VLAN tags") \
F(CTRL,     PHY_RST,       31,  1, "PHY reset") \
F(STATUS,   FD,             0,  1, "full duplex") \
F(STATUS,   LU,             1,  1, "link is up") \
F(STATUS,   TXOFF,          4,  1, "paused by the partner") \
F(STATUS,   SPEED,          6,  2, "of the link") \
F(STATUS,   GIO,           19,  1, "PCIe master is enabled") \
F(EEC,      SK,             0,  1, "clock, by hand") \
F(EEC,      CS,             1,  1, "chip select, by hand") \
F(EEC,      DI,             2,  1, "data to the EEPROM") \
F(EEC,      DO,             3,  1, "data from the EEPROM") \
F(EEC,      FWE,            4,  2, "flash write enable") \
F(EEC,      REQ,            6,  1, "request direct access") \
F(EEC,      GNT,            7,  1, "direct access granted") \
F(EEC,      PRES,           8,  1, "EEPROM present") \
F(EEC,      ARD,            9,  1, "auto-read done") \
F(EERD,     START,          0,  1, "start a read") \
F(EERD,     DONE,           1,  1, "read done") \
F(EERD,     ADDR,           2, 14, "word address") \
F(EERD,     DATA,          16, 16, "word read") \
F(CTRL_EXT, RO_DIS,        17,  1, "relaxed ordering disable") \
F(CTRL_EXT, IAME,          27,  1, "reading ICR masks the causes of IAM") \
F(CTRL_EXT, DRV_LOAD,      28,  1, "a driver is loaded") \
F(MDIC,     DATA,           0, 16, "to write, or read") \
F(MDIC,     REG,           16,  5, "PHY register") \
F(MDIC,     PHY,           21,  5, "PHY address") \
F(MDIC,     OP,            26,  2, "operation") \
F(MDIC,     READY,         28,  1, "the access is over") \
F(MDIC,     INT,           29,  1, "cause when it is over") \
F(MDIC,     ERROR,         30,  1, "nobody answered") \
F(VET,      VET,            0, 16, "VLAN ether type") \
F(FCTTV,    TTV,            0, 16, "quanta in an XOFF frame") \
F(PBA,      RXA,            0, 16, "KiB for receive") \
F(PBA,      TXA,           16, 16, "KiB for transmit") \
F(SWSM,     SMBI,           0,  1, "taken by a read that finds it clear") \
F(SWSM,     SWESMBI,        1,  1, "software owns the EEPROM") \
F(ICR,      TXDW,           0,  1, "transmit descriptors written back") \
F(ICR,      TXQE,           1,  1, "transmit ring empty") \
F(ICR,      LSC,            2,  1, "link status change") \
F(ICR,      RXSEQ,          3,  1, "receive sequence error") \
F(ICR,      RXDMT0,         4,  1, "receive descriptors run low") \
F(ICR,      RXO,            6,  1, "packet buffer overflow") \
F(ICR,      RXT0,           7,  1, "receive timer") \
F(ICR,      MDAC,           9,  1, "MDI access over") \
F(ICR,      SRPD,          16,  1, "small frame received") \
F(ICR,      INT_ASSERTED,  31,  1, "an unmasked cause is set") \
F(ITR,      INTERVAL,       0, 16, "units of 256 ns; 0: no throttling") \
F(RCTL,     EN,             1,  1, "receive enable") \
F(RCTL,     SBP,            2,  1, "store bad packets") \
F(RCTL,     UPE,            3,  1, "unicast promiscuous") \
F(RCTL,     MPE,            4,  1, "multicast promiscuous") \
F(RCTL,     LPE,            5,  1, "accept long frames") \
F(RCTL,     LBM,            6,  2, "loop back") \
F(RCTL,     RDMTS,          8,  2, "descriptors are low at") \
F(RCTL,     DTYP,          10,  2, "0: one buffer per descriptor") \
F(RCTL,     MO,            12,  2, "which 12 bits of the address") \
F(RCTL,     BAM,           15,  1, "accept broadcasts") \
F(RCTL,     BSIZE,         16,  2, "buffer size") \
F(RCTL,     VFE,           18,  1, "VLAN filter enable") \
F(RCTL,     CFIEN,         19,  1, "filter by CFI") \
F(RCTL,     CFI,           20,  1, "CFI value to accept") \
F(RCTL,     DPF,           22,  1, "discard pause frames") \
F(RCTL,     PMCF,          23,  1, "pass MAC control frames") \
F(RCTL,     BSEX,          25,  1, "buffers 16 times as large") \
F(RCTL,     SECRC,         26,  1, "strip CRC") \
F(FCRTL,    RTL,            3, 13, "units of 8 bytes") \
F(FCRTL,    XONE,          31,  1, "send XON") \
F(FCRTH,    RTH,            3, 13, "units of 8 bytes; 0: never") \
F(RDTR,     DELAY,          0, 16, "units of 1.024 us") \
F(RDTR,     FPD,           31,  1, "now: write back and cause") \
F(RXDCTL,   PTHRESH,        0,  6, "prefetch when fewer descriptors are cached") \
F(RXDCTL,   HTHRESH,        8,  6, "and at least this many are in the host") \
F(RXDCTL,   WTHRESH,       16,  6, "write back when this many are done") \
F(RXDCTL,   GRAN,          24,  1, "thresholds are in descriptors, not in cache lines") \
F(TXDCTL,   PTHRESH,        0,  6, "prefetch when fewer descriptors are cached") \
F(TXDCTL,   HTHRESH,        8,  6, "and at least this many are in the host") \
F(TXDCTL,   WTHRESH,       16,  6, "write back when this many are done") \
F(TXDCTL,   GRAN,          24,  1, "thresholds are in descriptors, not in cache lines") \
F(RADV,     DELAY,          0, 16, "units of 1.024 us; 0: none") \
F(RSRPD,    SIZE,           0, 12, "bytes; frames up to this size; 0: none") \
F(RXCSUM,   PCSS,           0,  8, "where the packet checksum starts") \
F(RXCSUM,   IPOFL,          8,  1, "check IPv4 header checksums") \
F(RXCSUM,   TUOFL,          9,  1, "check TCP and UDP checksums") \
F(RFCTL,    IPV6_XSUM_DIS, 11,  1, "no checksums over IPv6") \
F(RFCTL,    EXSTEN,        15,  1, "extended receive descriptors") \
F(RAL,      ADDR,           0, 32, "address bytes 0 to 3") \
F(RAH,      ADDR,           0, 16, "address bytes 4 and 5") \
F(RAH,      AV,            31,  1, "address valid") \
F(TCTL,     EN,             1,  1, "transmit enable") \
F(TCTL,     PSP,            3,  1, "pad short packets") \
F(TCTL,     CT,             4,  8, "collision threshold") \
F(TCTL,     COLD,          12, 10, "collision distance") \
F(TCTL,     MULR,          28,  1, "several reads at a time") \
F(TIDV,     DELAY,          0, 16, "units of 1.024 us") \
F(TIDV,     FPD,           31,  1, "now: write back and cause") \
F(TADV,     DELAY,          0, 16, "units of 1.024 us; 0: none")

/* What numbers in a field mean: register, field, value, meaning. */
#define NIC82573_VALUES(V) \
V(STATUS, SPEED,  0, "10 Mb/s") \
V(STATUS, SPEED,  1, "100 Mb/s") \
V(STATUS, SPEED,  2, "1000 Mb/s") \
V(CTRL,   SPEED,  2, "1000 Mb/s") \
V(MDIC,   OP,     1, "write") \
V(MDIC,   OP,     2, "read") \
V(RCTL,   RDMTS,  0, "half of the ring") \
V(RCTL,   RDMTS,  1, "a quarter") \
V(RCTL,   RDMTS,  2, "an eighth") \
V(RCTL,   MO,     0, "bits 47:36") \
V(RCTL,   MO,     1, "bits 46:35") \
V(RCTL,   MO,     2, "bits 45:34") \
V(RCTL,   MO,     3, "bits 43:32") \
V(RCTL,   BSIZE,  0, "2048 bytes") \
V(RCTL,   BSIZE,  1, "1024 bytes") \
V(RCTL,   BSIZE,  2, "512 bytes") \
V(RCTL,   BSIZE,  3, "256 bytes")

/* One enumerator per row, and one slot per register in a flat array of values. */
enum nic82573_reg {
#define R(NAME, ...) REG_##NAME,
    NIC82573_REGS(R)
#undef R
    N_NIC82573_REGS
};
enum {
#define R(NAME, offset, count, ...) SLOT_##NAME, SLOT_LAST_##NAME = SLOT_##NAME + (count) - 1,
    NIC82573_REGS(R)
#undef R
    N_NIC82573_SLOTS
};
enum {
#define R(NAME, offset, count, stride, ...) OFFSET_##NAME = (offset), STRIDE_##NAME = (stride), COUNT_##NAME = (count),
    NIC82573_REGS(R)
#undef R
    NIC82573_BAR_BYTES = 0x20000
};
enum {
#define F(reg, field, low, width, meaning) LOW_##reg##_##field = (low), WIDTH_##reg##_##field = (width),
    NIC82573_FIELDS(F)
#undef F
    NIC82573_FIELD_END
};

#endif
