/* SPDX-License-Identifier: Apache-2.0 */
/*
 * vvmctl_text.c - data of a reply as text for people. Names and values may have come out
 * of a packet: nothing that a terminal obeys is let through.
 */
#include <stdlib.h>
#include <string.h>

#include "vvmctl.h"

enum { DEPTH_MOST = 8, COLUMNS_MOST = 32 };

/* ---- text ---- */

/* One character, or an octet that begins none; its octets. */
static size_t decode(const unsigned char *at, size_t left, uint32_t *c)
{
    size_t n = *at < 0xc2 ? 1 : *at < 0xe0 ? 2 : *at < 0xf0 ? 3 : *at < 0xf5 ? 4 : 1, i;

    *c = *at;
    if (n == 1 || n > left) return 1;
    for (i = 1; i < n; i++)
        if ((at[i] & 0xc0) != 0x80) return 1;
    *c &= 0x7fu >> n;
    for (i = 1; i < n; i++) *c = *c << 6 | (at[i] & 0x3f);
    return n;
}

/* Controls of both sets, and what turns the direction of writing or hides. */
static bool steers(uint32_t c)
{
    return c < 0x20 || (c >= 0x7f && c < 0xa0) || c == 0x61c || (c >= 0x200b && c <= 0x200f) ||
           (c >= 0x2028 && c <= 0x202e) || (c >= 0x2060 && c <= 0x206f) || c == 0xfeff ||
           (c >= 0xe0000 && c <= 0xe007f);
}

unsigned text_print(FILE *to, const char *text, size_t length, bool lines)
{
    const unsigned char *at = (const unsigned char *)text, *end = at + length;
    unsigned columns = 0;

    while (at < end) {
        uint32_t c;
        size_t n = decode(at, (size_t)(end - at), &c);
        bool kept = lines && (c == '\n' || c == '\t');
        int written = 1;

        if (kept || !steers(c)) {
            if (to) fwrite(at, 1, n, to);
        } else {
            char escape[16];

            written = snprintf(escape, sizeof escape, c < 0x100 ? "\\x%02x" : "\\u{%x}", (unsigned)c);
            if (to) fputs(escape, to);
        }
        columns += (unsigned)written;
        at += n;
    }
    return columns;
}

static unsigned blanks(FILE *to, unsigned n)
{
    if (to) fprintf(to, "%*s", (int)n, "");
    return n;
}

/* ---- cells: any value in one line; to NULL only measures ---- */

static unsigned print_cell(FILE *to, const json_t *v, unsigned depth);

static unsigned print_parts(FILE *to, const json_t *v, unsigned depth)
{
    const char *separator = json_is_array(v) ? ", " : " ", *key;
    unsigned columns = 0;
    json_t *part;
    size_t i;

    if (depth >= DEPTH_MOST) return text_print(to, "...", 3, false);
    json_array_foreach(v, i, part)
    {
        if (i) columns += text_print(to, separator, 2, false);
        columns += print_cell(to, part, depth + 1);
    }
    json_object_foreach((json_t *)v, key, part)
    {
        if (columns) columns += text_print(to, separator, 1, false);
        columns += print_cell(to, part, depth + 1);
    }
    return columns;
}

static unsigned print_cell(FILE *to, const json_t *v, unsigned depth)
{
    char number[48];
    int n;

    switch (json_typeof(v)) {
    case JSON_STRING: return text_print(to, json_string_value(v), json_string_length(v), false);
    case JSON_INTEGER:
        n = snprintf(number, sizeof number, "%" JSON_INTEGER_FORMAT, json_integer_value(v));
        break;
    case JSON_REAL: n = snprintf(number, sizeof number, "%.17g", json_real_value(v)); break;
    case JSON_TRUE: n = snprintf(number, sizeof number, "yes"); break;
    case JSON_FALSE: n = snprintf(number, sizeof number, "no"); break;
    case JSON_NULL: n = snprintf(number, sizeof number, "-"); break;
    default: return print_parts(to, v, depth);
    }
    return text_print(to, number, (size_t)n, false);
}

/* ---- text ---- */

static void render_strings(FILE *to, const json_t *v, unsigned depth)
{
    const char *key;
    json_t *part;
    size_t i;

    if (depth >= DEPTH_MOST) return;
    if (json_is_string(v) && json_string_length(v)) {
        const char *text = json_string_value(v);

        text_print(to, text, json_string_length(v), true);
        if (text[json_string_length(v) - 1] != '\n') fputc('\n', to);
    }
    json_array_foreach(v, i, part) render_strings(to, part, depth + 1);
    json_object_foreach((json_t *)v, key, part) render_strings(to, part, depth + 1);
}

void render_text(FILE *to, const json_t *data) { render_strings(to, data, 0); }

/* ---- pairs ---- */

static unsigned widest_key(const json_t *object)
{
    unsigned widest = 0, columns;
    const char *key;
    json_t *value;

    json_object_foreach((json_t *)object, key, value)
    {
        columns = text_print(NULL, key, strlen(key), false);
        if (columns > widest) widest = columns;
    }
    return widest;
}

/* A list of objects takes a line for each. */
static bool is_rows(const json_t *v) { return json_is_object(json_array_get(v, 0)); }

static void print_pair(FILE *to, const char *key, const json_t *value, unsigned width)
{
    unsigned used = text_print(to, key, strlen(key), false);
    json_t *row;
    size_t i;

    blanks(to, width - used + 2);
    if (!is_rows(value)) print_cell(to, value, 0);
    json_array_foreach(value, i, row)
    {
        if (!is_rows(value)) break;
        if (i) fputc('\n', to), blanks(to, width + 2);
        print_cell(to, row, 0);
    }
    fputc('\n', to);
}

void render_pairs(FILE *to, const json_t *data)
{
    unsigned width = widest_key(data);
    const char *key;
    json_t *value;

    if (!json_is_object(data)) render_text(to, data);
    json_object_foreach((json_t *)data, key, value) print_pair(to, key, value, width);
}

/* ---- tables ---- */

struct column {
    const char *key;
    unsigned width;
    bool number; /* all of them: to the right */
};

struct table {
    struct column columns[COLUMNS_MOST];
    unsigned count;
};

/* Columns are the first row's members. */
static void measure(struct table *table, const json_t *rows)
{
    const char *key;
    json_t *row, *cell;
    unsigned i, width;
    size_t r;

    json_object_foreach(json_array_get(rows, 0), key, cell)
    {
        if (table->count == COLUMNS_MOST) break;
        table->columns[table->count++] = (struct column){key, text_print(NULL, key, strlen(key), false),
                                                         true};
    }
    json_array_foreach(rows, r, row) for (i = 0; i < table->count; i++)
    {
        struct column *c = &table->columns[i];

        cell = json_object_get(row, c->key);
        width = cell ? print_cell(NULL, cell, 0) : 0;
        if (width > c->width) c->width = width;
        if (cell && !json_is_number(cell)) c->number = false;
    }
}

/* The last column of text needs no blanks behind it. */
static void print_aligned(FILE *to, const struct table *table, unsigned i, const json_t *cell,
                          const char *text)
{
    const struct column *c = &table->columns[i];
    unsigned used = cell ? print_cell(NULL, cell, 0) : text ? text_print(NULL, text, strlen(text), false) : 0;

    if (c->number) blanks(to, c->width - used);
    if (cell) print_cell(to, cell, 0);
    else if (text) text_print(to, text, strlen(text), false);
    if (!c->number && i + 1 < table->count) blanks(to, c->width - used);
    fputs(i + 1 < table->count ? "  " : "\n", to);
}

static void print_rows(FILE *to, const json_t *rows)
{
    struct table table = {.count = 0};
    json_t *row;
    unsigned i;
    size_t r;

    measure(&table, rows);
    for (i = 0; i < table.count; i++) print_aligned(to, &table, i, NULL, table.columns[i].key);
    json_array_foreach(rows, r, row) for (i = 0; i < table.count; i++)
        print_aligned(to, &table, i, json_object_get(row, table.columns[i].key), NULL);
}

void render_table(FILE *to, const json_t *data)
{
    json_t *below = json_object(), *value;
    const char *key;
    bool found = json_is_array(data);

    if (found) print_rows(to, data);
    json_object_foreach((json_t *)data, key, value)
    {
        if (!found && is_rows(value)) print_rows(to, value), found = true;
        else if (json_is_array(value) && json_array_size(value) == 0) continue;
        else json_object_set(below, key, value);
    }
    if (found && json_object_size(below)) fputc('\n', to);
    render_pairs(to, below);
    json_decref(below);
}
