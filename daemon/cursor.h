/* SPDX-License-Identifier: Apache-2.0 */
/*
 * cursor.h - the only way in which the daemon reads and writes header fields.
 *
 * A cursor is a window of octets that shrinks from the front; each step says whether
 * there was enough. Nothing outside this file does pointer arithmetic on frames.
 * All numbers are big-endian.
 */
#ifndef VVMD_CURSOR_H
#define VVMD_CURSOR_H

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

struct octet_cursor {
    const uint8_t *at;
    uint32_t left;
};

static inline bool cursor_skip(struct octet_cursor *c, uint32_t n)
{
    if (n > c->left) return false;
    c->at += n;
    c->left -= n;
    return true;
}

static inline bool cursor_u8(struct octet_cursor *c, uint8_t *v)
{
    if (c->left < 1) return false;
    *v = c->at[0];
    return cursor_skip(c, 1);
}

static inline bool cursor_u16(struct octet_cursor *c, uint16_t *v)
{
    if (c->left < 2) return false;
    *v = (uint16_t)(c->at[0] << 8 | c->at[1]);
    return cursor_skip(c, 2);
}

static inline bool cursor_u32(struct octet_cursor *c, uint32_t *v)
{
    if (c->left < 4) return false;
    *v = (uint32_t)c->at[0] << 24 | (uint32_t)c->at[1] << 16 | (uint32_t)c->at[2] << 8 | c->at[3];
    return cursor_skip(c, 4);
}

/** Forget what lies beyond the next n octets (padding). False: there are fewer. */
static inline bool cursor_trim(struct octet_cursor *c, uint32_t n)
{
    if (n > c->left) return false;
    c->left = n;
    return true;
}

/* Writers into a header of fixed size that the caller made room for. */
static inline uint8_t *put_u8(uint8_t *to, uint8_t v)
{
    to[0] = v;
    return to + 1;
}

static inline uint8_t *put_u16(uint8_t *to, uint16_t v)
{
    to[0] = (uint8_t)(v >> 8);
    to[1] = (uint8_t)v;
    return to + 2;
}

static inline uint8_t *put_u32(uint8_t *to, uint32_t v)
{
    return put_u16(put_u16(to, (uint16_t)(v >> 16)), (uint16_t)v);
}

/* ---- the Internet checksum ---- */

/** Add octets to a running one's complement sum; only the last piece may be odd. */
static inline uint32_t sum_octets(uint32_t sum, const uint8_t *octets, uint32_t n)
{
    uint64_t wide = sum;

    for (; n >= 2; octets += 2, n -= 2) wide += (uint32_t)(octets[0] << 8 | octets[1]);
    if (n) wide += (uint32_t)octets[0] << 8;
    while (wide >> 32) wide = (wide & 0xffffffff) + (wide >> 32);
    return (uint32_t)wide;
}

/** The checksum field for a sum; 0 when a sum that included a right checksum is tested. */
static inline uint16_t sum_finish(uint32_t sum)
{
    while (sum >> 16) sum = (sum & 0xffff) + (sum >> 16);
    return (uint16_t)~sum;
}

#endif
