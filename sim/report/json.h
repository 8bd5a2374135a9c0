/* SPDX-License-Identifier: GPL-3.0-or-later
 * json.h -- writes JSON (RFC 8259), indented, one value at a time; commas and escapes are its business.
 *
 * Inside an object every value has a key; inside an array 'key' is NULL.  Numbers print the same on every machine; a
 * double that is not finite becomes null, because JSON has no other word for it. */
#ifndef SIM_REPORT_JSON_H
#define SIM_REPORT_JSON_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

enum { JSON_DEPTH_MAX = 16 };

struct json {
    FILE *out;
    int depth;
    bool some[JSON_DEPTH_MAX]; /* a value was written at this depth */
};

/* A string with its quotes and escapes; bytes that are not UTF-8 become U+FFFD. */
void json_text(FILE *out, const char *text);

void json_begin(struct json *j, FILE *out); /* nothing written yet */
void json_end(struct json *j);              /* all closed: writes the final newline */

void json_object(struct json *j, const char *key);
void json_object_end(struct json *j);
void json_array(struct json *j, const char *key);
void json_array_end(struct json *j);

void json_string(struct json *j, const char *key, const char *value); /* NULL: null */
void json_bool(struct json *j, const char *key, bool value);
void json_u64(struct json *j, const char *key, uint64_t value);
void json_i64(struct json *j, const char *key, int64_t value);
void json_double(struct json *j, const char *key, double value);      /* 10 significant digits */
void json_decimal(struct json *j, const char *key, double value, int digits); /* after the point */

#endif
