/* SPDX-License-Identifier: Apache-2.0 */
/*
 * image_octets.c - numbers and octets of an image: the checked cursor that reads
 * them, the growing buffer that they are written to.
 */
#include <stdlib.h>
#include <string.h>

#include "image.h"

/* ---- reading -------------------------------------------------------------------------- */

unsigned take_octet(struct image_cursor *c)
{
    if (c->at < c->end) return *c->at++;
    cursor_fail(c, "the image ends too early");
    return 0;
}

const uint8_t *take_octets(struct image_cursor *c, size_t count)
{
    assert(c->at <= c->end && !c->half); /* octets begin where octets end: take_align */
    if (count > (size_t)(c->end - c->at)) {
        cursor_fail(c, "the image ends too early");
        return NULL;
    }
    const uint8_t *octets = c->at;
    c->at += count;
    return octets;
}

uint64_t take_number(struct image_cursor *c)
{
    uint64_t n = 0;
    for (unsigned shift = 0; shift < 64; shift += 7) {
        unsigned octet = take_octet(c);
        if (shift == 63 && octet > 1) break;
        n |= (uint64_t)(octet & 0x7f) << shift;
        if (!(octet & 0x80)) return n;
    }
    cursor_fail(c, "a number is too long");
    return 0;
}

int64_t take_signed(struct image_cursor *c) { return unzigzag(take_number(c)); }

uint32_t take_below(struct image_cursor *c, uint32_t limit, const char *fault)
{
    uint64_t n = take_number(c);
    if (n <= limit) return (uint32_t)n;
    cursor_fail(c, fault);
    return 0;
}

uint32_t take_count(struct image_cursor *c, uint32_t limit, const char *fault)
{
    uint32_t n = take_below(c, limit, fault);
    if (n <= (size_t)(c->end - c->at)) return n;
    cursor_fail(c, "the image ends too early");
    return 0;
}

unsigned take_half(struct image_cursor *c)
{
    assert(c->at <= c->end && (!c->half || c->at < c->end)); /* the octet was there when it was halved */
    if (!c->half) {
        if (c->at >= c->end) return take_octet(c);
        c->half = true;
        return *c->at & 15u;
    }
    c->half = false;
    return *c->at++ >> 4;
}

uint64_t take_halves(struct image_cursor *c)
{
    uint64_t n = 0;
    for (unsigned shift = 0; shift < 64; shift += 3) {
        unsigned half = take_half(c);
        if (shift == 63 && half > 1) break;
        n |= (uint64_t)(half & 7) << shift;
        if (!(half & 8)) return n;
    }
    cursor_fail(c, "a number is too long");
    return 0;
}

void take_align(struct image_cursor *c)
{
    if (c->half) take_half(c);
}

/* ---- writing -------------------------------------------------------------------------- */

static bool make_room(struct image_buffer *b, size_t count)
{
    if (b->failed) return false;
    if (count <= b->room - b->length) return true;
    size_t room = b->room ? b->room : 1024;
    while (room < b->length + count && room <= IMAGE_MAX) room *= 2;
    bool fits = count <= IMAGE_MAX && room >= b->length + count && room <= 2 * IMAGE_MAX;
    uint8_t *data = fits ? realloc(b->data, room) : NULL;
    if (!data) {
        b->failed = true;
        return false;
    }
    b->data = data;
    b->room = room;
    assert(count <= b->room - b->length);
    return true;
}

void put_octets(struct image_buffer *b, const void *octets, size_t count)
{
    if (!make_room(b, count) || !count) return;
    memcpy(b->data + b->length, octets, count);
    b->length += count;
}

void put_octet(struct image_buffer *b, unsigned octet)
{
    if (make_room(b, 1)) b->data[b->length++] = (uint8_t)octet;
}

void put_number(struct image_buffer *b, uint64_t n)
{
    for (; n >= 0x80; n >>= 7) put_octet(b, (unsigned)(n & 0x7f) | 0x80);
    put_octet(b, (unsigned)n);
}

void put_signed(struct image_buffer *b, int64_t n) { put_number(b, zigzag(n)); }

void put_half(struct image_buffer *b, unsigned half)
{
    assert(half < 16 && (!b->half || b->failed || b->length > 0));
    if (!b->half) put_octet(b, half);
    else if (!b->failed) b->data[b->length - 1] |= (uint8_t)(half << 4);
    b->half = !b->half;
}

void put_halves(struct image_buffer *b, uint64_t n)
{
    for (; n >= 8; n >>= 3) put_half(b, (unsigned)(n & 7) | 8);
    put_half(b, (unsigned)n);
}

void put_align(struct image_buffer *b) { b->half = false; }
