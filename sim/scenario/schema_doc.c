/* SPDX-License-Identifier: GPL-3.0-or-later
 * schema_doc.c -- the tables of schema.c for people (Markdown) and for editors (JSON Schema). */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "scenario/quantity.h"
#include "scenario/scenario.h"
#include "scenario/schema.h"
#include "scenario/value.h"

static bool is_number(const struct key_spec *k)
{
    return k->type >= VALUE_INT && k->type <= VALUE_PACKET_RATE;
}

/* -- Markdown ----------------------------------------------------------------------------------------------------- */

static void print_kind_of_value(FILE *out, const struct key_spec *k)
{
    switch (k->type) {
    case VALUE_TEXT:
    case VALUE_REF: fputs(k->flags & KEY_NAME ? "name" : "text", out); break;
    case VALUE_NAMES: fputs("text or list of texts", out); break;
    case VALUE_CHOICE:
        for (int i = 0; k->choices[i]; i++) fprintf(out, "%s`%s`", i ? ", " : "", k->choices[i]);
        break;
    case VALUE_BOOL: fputs("`true`, `false`", out); break;
    case VALUE_IPV4: fputs("IPv4 address", out); break;
    case VALUE_MAC: fputs("Ethernet address", out); break;
    case VALUE_CPUS: fputs("CPU numbers, `0-3,6` or a list", out); break;
    case VALUE_BOUND: fputs("number, with or without a unit", out); break;
    case VALUE_BOUNDS: fputs("two numbers", out); break;
    case VALUE_SECTION: fputs("section, see below", out); break;
    case VALUE_MAP: fputs("sections by name, see below", out); break;
    case VALUE_LIST:
    case VALUE_KINDS: fputs("list, see below", out); break;
    case VALUE_VARIANTS: fputs("overrides by name", out); break;
    default: fputs(quantity_kind_name(value_quantity(k->type)) + 2, out); break; /* without "a " */
    }
}

static void print_range(FILE *out, const struct key_spec *k)
{
    enum quantity_kind kind = value_quantity(k->type);
    char low[QUANTITY_TEXT_BYTES], high[QUANTITY_TEXT_BYTES];

    if (!is_number(k)) return;
    fprintf(out, ", %s", quantity_format(kind, k->min, low));
    fprintf(out, " to %s", quantity_format(kind, k->max, high));
}

static void print_default(FILE *out, const struct key_spec *k)
{
    if (k->flags & KEY_REQUIRED)
        fputs("*must be given*", out);
    else if (k->def)
        fprintf(out, "`%s`", k->def);
    else if (k->none)
        fputs(k->none, out);
    else
        fputs(k->type == VALUE_SECTION && !(k->flags & KEY_PRESENT) ? "its defaults" : "none", out);
}

static void print_table(void *ctx, const struct section_spec *s)
{
    FILE *out = ctx;

    fprintf(out, "### %s\n\n%s\n\n| key | value | default | meaning |\n|---|---|---|---|\n", s->title, s->doc);
    for (const struct key_spec *k = s->keys; k->name; k++) {
        fprintf(out, "| `%s` | ", k->name);
        print_kind_of_value(out, k);
        print_range(out, k);
        fputs(" | ", out);
        print_default(out, k);
        fprintf(out, " | %s |\n", k->doc);
    }
    fputc('\n', out);
}

void scenario_print_markdown(FILE *out) { schema_visit(print_table, out); }

/* -- JSON Schema -------------------------------------------------------------------------------------------------- */

static void json_section(FILE *out, const struct section_spec *s, int indent);

static void json_string(FILE *out, const char *text)
{
    fputc('"', out);
    for (; *text; text++) {
        if (*text == '"' || *text == '\\') fputc('\\', out);
        fputc(*text, out);
    }
    fputc('"', out);
}

static const char name_pattern[] = "^[A-Za-z0-9][A-Za-z0-9._-]*$";
static const char range_pattern[] = "^[A-Za-z0-9][]A-Za-z0-9._,[-]*$"; /* a name, possibly with ranges */

static void json_number(FILE *out, const struct key_spec *k)
{
    enum quantity_kind kind = value_quantity(k->type);

    if (k->word) fputs("\"anyOf\": [{ ", out);
    if (kind == QUANTITY_COUNT) {
        fprintf(out, "\"type\": \"integer\", \"minimum\": %" PRId64 ", \"maximum\": %" PRId64, k->min, k->max);
    } else {
        fputs("\"type\": \"string\", \"pattern\": ", out);
        json_string(out, quantity_pattern(kind));
    }
    if (k->word) fprintf(out, " }, { \"const\": \"%s\" }]", k->word);
}

static void json_choices(FILE *out, const struct key_spec *k)
{
    fputs("\"enum\": [", out);
    for (int i = 0; k->choices[i]; i++) fprintf(out, "%s\"%s\"", i ? ", " : "", k->choices[i]);
    fputc(']', out);
}

static void json_default(FILE *out, const struct key_spec *k)
{
    if (!k->def) return;
    fputs(", \"default\": ", out);
    if (k->type == VALUE_BOOL || ((k->type == VALUE_INT || k->type == VALUE_LONG) && strcmp(k->def, "auto") != 0))
        fputs(k->def, out);
    else
        json_string(out, k->def);
}

static void json_map(FILE *out, const struct section_spec *s, int indent)
{
    fputs("\"type\": [\"object\", \"null\"], \"additionalProperties\": false, \"patternProperties\": {\n", out);
    fprintf(out, "%*s", indent + 2, "");
    json_string(out, range_pattern);
    fputs(": ", out);
    json_section(out, s, indent + 2);
    fprintf(out, "\n%*s}", indent, "");
}

static void json_list(FILE *out, const struct key_spec *k, int indent)
{
    fputs("\"type\": [\"array\", \"null\"], \"items\": ", out);
    if (k->section) {
        json_section(out, k->section, indent);
        return;
    }
    fputs("{ \"oneOf\": [", out);
    for (size_t i = 0; k->kinds[i]; i++) {
        fprintf(out, "%s\n%*s{ \"type\": \"object\", \"additionalProperties\": false, \"required\": [\"%s\"], "
                     "\"properties\": { \"%s\": ", i ? "," : "", indent + 2, "", k->kinds[i]->name, k->kinds[i]->name);
        json_section(out, k->kinds[i], indent + 2);
        fputs(" } }", out);
    }
    fputs("] }", out);
}

static void json_value(FILE *out, const struct key_spec *k, int indent)
{
    switch (k->type) {
    case VALUE_TEXT: fputs("\"type\": \"string\"", out); break;
    case VALUE_REF:
        fputs("\"type\": [\"string\", \"integer\"]", out); /* "rxrings: 4" */
        if (k->flags & KEY_NAME) {
            fputs(", \"pattern\": ", out);
            json_string(out, name_pattern);
        }
        break;
    case VALUE_NAMES:
        fputs("\"anyOf\": [{ \"type\": \"string\" }, { \"type\": \"array\", \"minItems\": 1, "
              "\"items\": { \"type\": \"string\" } }]", out);
        break;
    case VALUE_CHOICE: json_choices(out, k); break;
    case VALUE_BOOL: fputs("\"type\": \"boolean\"", out); break;
    case VALUE_IPV4:
    case VALUE_MAC: fputs("\"type\": \"string\"", out); break;
    case VALUE_CPUS:
        fputs("\"anyOf\": [{ \"type\": [\"string\", \"integer\"] }, { \"type\": \"array\", \"minItems\": 1, "
              "\"items\": { \"type\": [\"string\", \"integer\"] } }]", out);
        break;
    case VALUE_BOUND: fputs("\"type\": [\"string\", \"number\"]", out); break;
    case VALUE_BOUNDS:
        fputs("\"type\": \"array\", \"minItems\": 2, \"maxItems\": 2, "
              "\"items\": { \"type\": [\"string\", \"number\"] }", out);
        break;
    case VALUE_MAP: json_map(out, k->section, indent); break;
    case VALUE_LIST:
    case VALUE_KINDS: json_list(out, k, indent); break;
    case VALUE_VARIANTS:
        fputs("\"type\": [\"object\", \"null\"], \"additionalProperties\": { \"type\": [\"object\", \"null\"] }", out);
        break;
    case VALUE_SECTION: break; /* a reference is not needed: sections stand where they are used */
    default: json_number(out, k); break;
    }
}

static void json_key(FILE *out, const struct key_spec *k, int indent)
{
    fprintf(out, "%*s\"%s\": ", indent, "", k->name);
    if (k->type == VALUE_SECTION) {
        json_section(out, k->section, indent);
        return;
    }
    fputs("{ \"description\": ", out);
    json_string(out, k->doc);
    fputs(", ", out);
    json_value(out, k, indent);
    json_default(out, k);
    fputs(" }", out);
}

static void json_section(FILE *out, const struct section_spec *s, int indent)
{
    const char *comma = "";

    fputs("{ ", out);
    if (s == &schema_root)
        fputs("\"$schema\": \"https://json-schema.org/draft/2020-12/schema\",\n  \"title\": \"xbow scenario\", ", out);
    fputs("\"type\": [\"object\", \"null\"], \"description\": ", out);
    json_string(out, s->doc);
    fputs(", \"additionalProperties\": false", out);
    if (s == &schema_root) fputs(", \"patternProperties\": { \"^x-\": {} }", out);
    for (const struct key_spec *k = s->keys; k->name; k++) {
        if (!(k->flags & KEY_REQUIRED)) continue;
        fprintf(out, "%s\"%s\"", *comma ? comma : ", \"required\": [", k->name);
        comma = ", ";
    }
    if (*comma) fputc(']', out);
    fputs(", \"properties\": {", out);
    for (const struct key_spec *k = s->keys; k->name; k++) {
        fputs(k == s->keys ? "\n" : ",\n", out);
        json_key(out, k, indent + 2);
    }
    fprintf(out, "\n%*s} }", indent, "");
}

void scenario_print_schema(FILE *out)
{
    json_section(out, &schema_root, 0);
    fputc('\n', out);
}
