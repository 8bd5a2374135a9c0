/* SPDX-License-Identifier: GPL-3.0-or-later
 * yaml_text.c -- the text of a scenario before it is parsed: reading files, UTF-8, ranges.
 *
 * One thing is read that YAML refuses: a range such as client[1-5] needs no quotes inside {...}.  Its brackets and
 * commas pass through libyaml as characters of Unicode's private area, one for one so that columns stay right. */
#include <ctype.h>
#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/assert.h"
#include "scenario/yaml_impl.h"

enum { STAND_IN = 0xe000, STAND_IN_BYTES = 3 }; /* for '[', the next for ']' and ',' */

char *yaml_read_file(const char *path, size_t *bytes, struct errors *errors)
{
    struct error_at at = { .file = path };
    FILE *f = fopen(path, "rb");
    char *text = NULL;
    size_t room = 0, n = 0, got;

    if (!f) {
        errors_add(errors, at, "cannot be read: %s", strerror(errno));
        return NULL;
    }
    do {
        if (room - n < 2) {
            room = room ? room * 2 : 16384;
            text = realloc(text, room);
            SIM_ASSERT(text);
        }
        got = fread(text + n, 1, room - n - 1, f);
        n += got;
    } while (got > 0 && n <= YAML_BYTES_MAX);
    if (ferror(f) || n > YAML_BYTES_MAX) {
        if (ferror(f))
            errors_add(errors, at, "cannot be read: %s", strerror(errno));
        else
            errors_add(errors, at, "is larger than %d MiB, the most a scenario may have", YAML_BYTES_MAX >> 20);
        free(text);
        fclose(f);
        return NULL;
    }
    fclose(f);
    text[n] = '\0';
    *bytes = n;
    return text;
}

/* Bytes of the UTF-8 character at 'p', of at most 'room'; 0 when it is malformed, or a control character other than
 * tab and line ends. */
static size_t character_bytes(const unsigned char *p, size_t room)
{
    static const struct { unsigned char mask, lead; uint32_t least; } forms[] = {
        { 0x80, 0x00, 0 }, { 0xe0, 0xc0, 0x80 }, { 0xf0, 0xe0, 0x800 }, { 0xf8, 0xf0, 0x10000 },
    };

    for (size_t n = 0; n < 4; n++) {
        uint32_t c = *p & (unsigned char)~forms[n].mask;
        if ((*p & forms[n].mask) != forms[n].lead || n >= room) continue;
        for (size_t i = 1; i <= n; i++) {
            if ((p[i] & 0xc0) != 0x80) return 0;
            c = c << 6 | (p[i] & 0x3f);
        }
        if (c < forms[n].least || c > 0x10ffff || (c >= 0xd800 && c < 0xe000) || c == 0xfffe || c == 0xffff) return 0;
        if (c >= STAND_IN && c < STAND_IN + 3) return 0;
        return (c < 32 && c != '\t' && c != '\n' && c != '\r') || (c >= 127 && c < 160 && c != 0x85) ? 0 : n + 1;
    }
    return 0;
}

int yaml_check_text(const char *file, const char *text, size_t bytes, struct errors *errors)
{
    struct error_at at = { file, 1, 1 };

    for (size_t i = 0, n; i < bytes; i += n) {
        n = character_bytes((const unsigned char *)text + i, bytes - i);
        if (n == 0)
            return errors_add(errors, at, "not UTF-8 text: byte 0x%02x; is this a YAML file?", (unsigned char)text[i]);
        at.column = text[i] == '\n' ? 1 : at.column + 1;
        at.line += text[i] == '\n';
    }
    return 0;
}

/* Bytes from the '[' at 'p' to its ']' when it is a range behind a name: digits, '-' and ','.  Else 0. */
static size_t range_bytes(const char *text, const char *p)
{
    size_t n = 1 + strspn(p + 1, "0123456789-,");

    return p > text && (isalnum((unsigned char)p[-1]) || strchr("_-.", p[-1]) || p[-1] == ']') && n > 1 && p[n] == ']'
               ? n + 1 : 0;
}

/* Writes 'text' with stand-ins to 'to', or counts only when that is NULL; returns how many bytes. */
static size_t hide(const char *text, size_t bytes, char *to)
{
    static const char hidden[] = "[],";
    size_t n = 0, left = 0; /* of a range */

    for (const char *p = text; p < text + bytes; p++) {
        if (left > 0)
            left--;
        else if (*p == '[')
            left = range_bytes(text, p);
        if (left > 0 && strchr(hidden, *p)) {
            if (to) { /* UTF-8 of STAND_IN and the two after it */
                to[n] = (char)0xee;
                to[n + 1] = (char)0x80;
                to[n + 2] = (char)(0x80 + (strchr(hidden, *p) - hidden));
            }
            n += STAND_IN_BYTES;
            if (*p == ']') left = 0;
        } else {
            if (to) to[n] = *p;
            n++;
        }
    }
    return n;
}

char *yaml_hide_ranges(const char *text, size_t bytes, size_t *hidden_bytes)
{
    char *copy = strndup(text, bytes), *hidden; /* ends with NUL, for the look-ahead */

    *hidden_bytes = hide(copy, bytes, NULL);
    hidden = malloc(*hidden_bytes + 1);
    SIM_ASSERT(copy && hidden);
    hide(copy, bytes, hidden);
    free(copy);
    return hidden;
}

size_t yaml_show_ranges(char *text, size_t bytes)
{
    size_t n = 0;

    for (size_t i = 0; i < bytes; i++) {
        const unsigned char *c = (const unsigned char *)text + i;
        if (c[0] == 0xee && bytes - i >= STAND_IN_BYTES && c[1] == 0x80 && c[2] < 0x83) {
            text[n++] = "[],"[c[2] - 0x80];
            i += STAND_IN_BYTES - 1;
        } else {
            text[n++] = text[i];
        }
    }
    return n;
}

