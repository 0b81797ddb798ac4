/* SPDX-License-Identifier: Apache-2.0 */
/*
 * text.c - UTF-8, and text that grows in C memory until it becomes a string.
 */
#include <stdlib.h>
#include <string.h>

#include "lib.h"

#define REPLACEMENT 0xfffd

unsigned utf8_encode(uint32_t c, char out[4])
{
    if (c > 0x10ffff || (c >= 0xd800 && c < 0xe000)) c = REPLACEMENT;
    if (c < 0x80) {
        out[0] = (char)c;
        return 1;
    }
    unsigned length = c < 0x800 ? 2 : c < 0x10000 ? 3 : 4;
    for (unsigned i = length - 1; i > 0; i--, c >>= 6) out[i] = (char)(0x80 | (c & 0x3f));
    out[0] = (char)((0xf00u >> length) | c);
    return length;
}

/* Octets that a sequence with this first octet takes; 0 for none. */
static unsigned sequence_length(uint8_t first)
{
    if (first < 0x80) return 1;
    if (first >= 0xc2 && first < 0xe0) return 2;
    if (first >= 0xe0 && first < 0xf0) return 3;
    return first >= 0xf0 && first < 0xf5 ? 4 : 0;
}

unsigned utf8_decode(const uint8_t *at, size_t n, uint32_t *c)
{
    static const uint32_t least[] = {0, 0, 0x80, 0x800, 0x10000};
    unsigned length = sequence_length(at[0]);
    *c = REPLACEMENT;
    if (length == 0 || length > n) return 1;
    uint32_t value = length == 1 ? at[0] : at[0] & (0x7fu >> length);
    for (unsigned i = 1; i < length; i++) {
        if ((at[i] & 0xc0) != 0x80) return 1;
        value = value << 6 | (at[i] & 0x3f);
    }
    if (value < least[length] || value > 0x10ffff || (value >= 0xd800 && value < 0xe000)) return 1;
    *c = value;
    return length;
}

static bool text_reserve(struct text *t, size_t more)
{
    if (t->failed) return false;
    if (more <= t->room - t->length) return true;
    size_t room = t->room < 128 ? 256 : t->room * 2;
    if (room < t->length + more) room = t->length + more;
    char *data = room <= 4 * TEXT_MAX ? realloc(t->data, room) : NULL;
    if (!data) {
        t->failed = true;
        return false;
    }
    t->data = data;
    t->room = room;
    return true;
}

void text_add(struct text *t, const char *octets, size_t length)
{
    if (length == 0 || length > TEXT_MAX || !text_reserve(t, length)) {
        t->failed |= length > TEXT_MAX;
        return;
    }
    memcpy(t->data + t->length, octets, length);
    t->length += length;
}

void text_add_char(struct text *t, uint32_t c)
{
    char octets[4];
    size_t length = utf8_encode(c, octets);
    text_add(t, octets, length);
}

void text_add_string(struct text *t, vvm_value string, size_t start, size_t end)
{
    for (; start < end; start++) text_add_char(t, string_of(string)->chars[start]);
}

void text_free(struct text *t)
{
    free(t->data);
    *t = (struct text){0};
}

vvm_value text_finish(struct vvm_context *ctx, struct text *t)
{
    vvm_value result = t->failed ? raise_error(ctx, ERROR_HEAP, VALUE_DEFAULT)
                                 : make_string_utf8(ctx, t->data ? t->data : "", t->length);
    text_free(t);
    return result;
}
