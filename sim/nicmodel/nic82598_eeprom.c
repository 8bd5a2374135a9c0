/* SPDX-License-Identifier: GPL-3.0-or-later
 * nic82598_eeprom.c -- the EEPROM: what is in it, word by word through EERD, and bit by bit through EEC (datasheet 3.1.4).
 *
 *     word 0 ..      09 or 0A ----> 40: section of the port: 3 words, its address
 *                    3F: what makes the sum over words 0 to 3F and all sections BABA
 *
 * By hand it is a serial chip of the usual kind: selected while EEC.CS is low, it takes a bit of DI at each rising edge of
 * SK, most significant first, and gives one on DO.  Commands: 01 write status (ignored), 02 write, 03 read, 04 and 06 clear
 * and set the write enable, 05 read status; addresses have 16 bits and count bytes, the lower byte of a word first.
 * Writing takes no time.  Left out: flash, protection of blocks. */
#include "nicmodel/nic82598_impl.h"

enum {
    SUM = 0xbaba, SUM_WORD = 0x3f, BOARD = 0x15, VERSION = 0x29,
    CORE = 0x09, /* pointer to the section of port 0; the next is port 1's */
    SECTION = 0x40, ADDRESS_WORDS = 3,
    COMMAND_BITS = 8, ADDRESS_BITS = 16, WRITE_ENABLED = 2,
    WRITE = 2, READ = 3, DISABLE = 4, READ_STATUS = 5, ENABLE = 6,
};

void eeprom_init(struct nic *nic)
{
    uint16_t *w = nic->eeprom, sum = 0;
    const uint8_t *mac = nic->config.mac.byte;

    w[CORE + nic->config.lan_id] = SECTION;
    w[SECTION] = ADDRESS_WORDS;
    for (int i = 0; i < ADDRESS_WORDS; i++) w[SECTION + 1 + i] = (uint16_t)(mac[2 * i] | mac[2 * i + 1] << 8);
    w[BOARD] = nic->config.device_id;
    w[VERSION] = 1;
    for (int i = 0; i < SUM_WORD; i++) sum = (uint16_t)(sum + w[i]);
    for (int i = 0; i < ADDRESS_WORDS; i++) sum = (uint16_t)(sum + w[SECTION + 1 + i]);
    w[SUM_WORD] = (uint16_t)(SUM - sum);
}

static uint16_t word_at(const struct nic *nic, uint32_t address)
{
    return address < EEPROM_WORDS ? nic->eeprom[address] : 0xffff;
}

/* What a reset loads. */
void eeprom_load(struct nic *nic)
{
    uint32_t section = word_at(nic, CORE + (uint32_t)nic->config.lan_id);
    nic->reg[SLOT_RAL] = word_at(nic, section + 1) | (uint32_t)word_at(nic, section + 2) << 16;
    nic->reg[SLOT_RAH] = word_at(nic, section + 3) | NIC_MASK(RAH_AV);
}

void write_eerd(struct nic *nic, uint32_t index, uint32_t value)
{
    (void)index;
    if (!NIC_GET(EERD_START, value)) return;
    uint32_t address = NIC_GET(EERD_ADDR, value);
    nic->reg[SLOT_EERD] = NIC_PUT(EERD_ADDR, address) | NIC_PUT(EERD_DATA, (uint32_t)word_at(nic, address)) |
                          NIC_MASK(EERD_DONE);
}

/* -- bit by bit --------------------------------------------------------------------------------------------------- */

static bool data_out(const struct nic *nic, const struct serial *s, uint32_t bit)
{
    uint32_t word = word_at(nic, s->address / 2), byte = word >> s->address % 2 * 8;

    if (s->command == READ_STATUS) byte = s->writable ? WRITE_ENABLED : 0;
    return byte >> (7 - bit) & 1;
}

static void data_in(struct nic *nic, const struct serial *s)
{
    uint32_t shift = s->address % 2 * 8, address = s->address / 2;
    if (!s->writable || address >= EEPROM_WORDS) return;
    nic->eeprom[address] = (uint16_t)((nic->eeprom[address] & ~(0xffu << shift)) | (s->shift & 0xff) << shift);
}

/* A rising edge of the clock with 'in' on DI; what is on DO then. */
static bool clock_bit(struct nic *nic, bool in)
{
    struct serial *s = &nic->serial;
    uint32_t i = s->bits++, first = s->command == READ_STATUS ? COMMAND_BITS : COMMAND_BITS + ADDRESS_BITS;

    s->shift = s->shift << 1 | in;
    if (i + 1 == COMMAND_BITS) {
        s->command = (uint8_t)s->shift;
        if (s->command == ENABLE || s->command == DISABLE) s->writable = s->command == ENABLE;
    }
    if (i + 1 == COMMAND_BITS + ADDRESS_BITS) s->address = s->shift & 0xffff;
    if (i < COMMAND_BITS || i < first) return false;
    uint32_t bit = (i - first) % 8;
    bool out = data_out(nic, s, bit);
    if (bit < 7 || s->command == READ_STATUS) return out;
    if (s->command == WRITE) data_in(nic, s);
    s->address++;
    return out && s->command == READ;
}

static void deselect(struct serial *s)
{
    if (s->command == WRITE && s->bits > COMMAND_BITS) s->writable = false;
    *s = (struct serial){ .clock = s->clock, .writable = s->writable };
}

/* Presence, size and auto-read state are the hardware's; a request for direct access is granted. */
void write_eec(struct nic *nic, uint32_t index, uint32_t value)
{
    uint32_t fixed = nic_reg_info(REG_EEC)->reset;
    uint32_t soft = NIC_MASK(EEC_SK) | NIC_MASK(EEC_CS) | NIC_MASK(EEC_DI) | NIC_MASK(EEC_FWE) | NIC_MASK(EEC_REQ);
    bool granted = NIC_GET(EEC_REQ, value), clock = NIC_GET(EEC_SK, value), out = false;
    (void)index;

    if (!granted || NIC_GET(EEC_CS, value))
        deselect(&nic->serial);
    else if (clock && !nic->serial.clock)
        out = clock_bit(nic, NIC_GET(EEC_DI, value));
    nic->serial.clock = clock;
    nic->reg[SLOT_EEC] = fixed | (value & soft) | (granted ? NIC_MASK(EEC_GNT) : 0) | (out ? NIC_MASK(EEC_DO) : 0);
}
