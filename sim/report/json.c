/* SPDX-License-Identifier: GPL-3.0-or-later
 * json.c -- commas, indentation and escapes. */
#include "report/json.h"

#include <inttypes.h>
#include <math.h>
#include <string.h>

#include "core/assert.h"

/* Length of the UTF-8 sequence at 's', 1 to 4; 0 when it is not one (RFC 3629: shortest form, no surrogates). */
static int utf8_length(const unsigned char *s)
{
    uint32_t c = s[0], least;
    int n;

    if (c < 0x80) return 1;
    if (c >= 0xc2 && c <= 0xdf) n = 2, c &= 0x1f, least = 0x80;
    else if (c >= 0xe0 && c <= 0xef) n = 3, c &= 0x0f, least = 0x800;
    else if (c >= 0xf0 && c <= 0xf4) n = 4, c &= 0x07, least = 0x10000;
    else return 0;
    for (int i = 1; i < n; i++) {
        if ((s[i] & 0xc0) != 0x80) return 0;
        c = c << 6 | (s[i] & 0x3f);
    }
    return c < least || c > 0x10ffff || (c >= 0xd800 && c <= 0xdfff) ? 0 : n;
}

void json_text(FILE *out, const char *text)
{
    const unsigned char *s = (const unsigned char *)text;

    putc('"', out);
    while (*s) {
        int n = utf8_length(s);
        if (n == 0)
            fputs("\\ufffd", out);
        else if (*s == '"' || *s == '\\')
            fprintf(out, "\\%c", *s);
        else if (*s == '\n')
            fputs("\\n", out);
        else if (*s < 0x20 || *s == 0x7f)
            fprintf(out, "\\u%04x", *s);
        else
            fwrite(s, 1, (size_t)n, out);
        s += n ? n : 1;
    }
    putc('"', out);
}

/* Everything that stands before a value. */
static void lead(struct json *j, const char *key)
{
    if (j->depth > 0) {
        fputs(j->some[j->depth] ? ",\n" : "\n", j->out);
        for (int i = 0; i < j->depth; i++) fputs("  ", j->out);
    }
    j->some[j->depth] = true;
    if (!key) return;
    json_text(j->out, key);
    fputs(": ", j->out);
}

static void open_with(struct json *j, const char *key, char bracket)
{
    lead(j, key);
    putc(bracket, j->out);
    SIM_ASSERT(j->depth < JSON_DEPTH_MAX - 1);
    j->some[++j->depth] = false;
}

static void close_with(struct json *j, char bracket)
{
    SIM_ASSERT(j->depth > 0);
    bool some = j->some[j->depth--];
    if (some) {
        putc('\n', j->out);
        for (int i = 0; i < j->depth; i++) fputs("  ", j->out);
    }
    putc(bracket, j->out);
}

void json_begin(struct json *j, FILE *out)
{
    memset(j, 0, sizeof *j);
    j->out = out;
}

void json_end(struct json *j)
{
    SIM_ASSERT(j->depth == 0);
    putc('\n', j->out);
}

void json_object(struct json *j, const char *key)
{
    open_with(j, key, '{');
}

void json_object_end(struct json *j)
{
    close_with(j, '}');
}

void json_array(struct json *j, const char *key)
{
    open_with(j, key, '[');
}

void json_array_end(struct json *j)
{
    close_with(j, ']');
}

void json_string(struct json *j, const char *key, const char *value)
{
    lead(j, key);
    if (value)
        json_text(j->out, value);
    else
        fputs("null", j->out);
}

void json_bool(struct json *j, const char *key, bool value)
{
    lead(j, key);
    fputs(value ? "true" : "false", j->out);
}

void json_u64(struct json *j, const char *key, uint64_t value)
{
    lead(j, key);
    fprintf(j->out, "%" PRIu64, value);
}

void json_i64(struct json *j, const char *key, int64_t value)
{
    lead(j, key);
    fprintf(j->out, "%" PRId64, value);
}

void json_double(struct json *j, const char *key, double value)
{
    lead(j, key);
    if (isfinite(value))
        fprintf(j->out, "%.10g", value);
    else
        fputs("null", j->out);
}

void json_decimal(struct json *j, const char *key, double value, int digits)
{
    lead(j, key);
    if (isfinite(value))
        fprintf(j->out, "%.*f", digits, value);
    else
        fputs("null", j->out);
}
