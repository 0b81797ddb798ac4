/* SPDX-License-Identifier: Apache-2.0 */
/*
 * octets_access.h - the one way to octets of a bytevector, packet or slice.
 *
 * The offset of a packet access counts from its head. A slice of a packet keeps the
 * distance from the buffer's base, so that prepending or peeling does not shift what
 * it denotes; what the present view does not show cannot be reached through it.
 */
#ifndef VVM_OCTETS_ACCESS_H
#define VVM_OCTETS_ACCESS_H

#include <assert.h>
#include <string.h>

#include "packet.h"

enum access_error { ACCESS_OK, ACCESS_TYPE, ACCESS_BOUNDS, ACCESS_MOVED, ACCESS_FROZEN };

/** Octets [position, position+width) of a backing (bytes or packet), the position
 *  as slices and cursors keep it. */
static inline uint8_t *octets_of_backing(vvm_value backing, uint64_t position, uint64_t width,
                                         enum access_error *why)
{
    if (header_type(object_of(backing)->header) == TYPE_PACKET) {
        struct vvm_packet *p = ((struct packet_object *)value_pointer(backing))->packet;
        if (!p) return *why = ACCESS_MOVED, (uint8_t *)NULL;
        if (position < p->head || position + width > (uint64_t)p->head + p->length)
            return *why = ACCESS_BOUNDS, (uint8_t *)NULL;
        return p->base + position;
    }
    assert(has_type(backing, TYPE_BYTES) && position + width <= object_length(backing));
    return ((struct bytes *)value_pointer(backing))->data + position;
}

/** Where a slice's octets [offset, offset+width) stand; NULL and *why if they do not. */
static inline uint8_t *octets_of_slice(const struct slice *s, uint64_t offset, uint64_t width,
                                       enum access_error *why)
{
    if (width > s->length || offset > s->length - width) return *why = ACCESS_BOUNDS, (uint8_t *)NULL;
    return octets_of_backing(s->backing, s->offset + offset, width, why);
}

static inline uint8_t *octets_locate(vvm_value object, uint64_t offset, uint64_t width,
                                     enum access_error *why)
{
    if (!is_object(object)) return *why = ACCESS_TYPE, (uint8_t *)NULL;
    uint64_t header = object_of(object)->header;
    switch (header_type(header)) {
    case TYPE_BYTES:
        if (width > header_length(header) || offset > header_length(header) - width) break;
        return ((struct bytes *)value_pointer(object))->data + offset;
    case TYPE_PACKET: {
        struct vvm_packet *p = ((struct packet_object *)value_pointer(object))->packet;
        if (!p) return *why = ACCESS_MOVED, (uint8_t *)NULL;
        if (width > p->length || offset > p->length - width) break;
        return p->base + p->head + offset;
    }
    case TYPE_SLICE: return octets_of_slice(value_pointer(object), offset, width, why);
    default: return *why = ACCESS_TYPE, (uint8_t *)NULL;
    }
    return *why = ACCESS_BOUNDS, (uint8_t *)NULL;
}

/** For reading: where octets [offset, offset+width) of a bytevector, packet or slice
 *  stand; NULL with *why set if they do not. */
static inline const uint8_t *octets_at(vvm_value object, uint32_t offset, uint32_t width,
                                       enum access_error *why)
{
    return octets_locate(object, offset, width, why);
}

/** For writing: as octets_at, and the octets must not be frozen. */
static inline uint8_t *octets_at_writable(vvm_value object, uint32_t offset, uint32_t width,
                                          enum access_error *why)
{
    uint8_t *at = octets_locate(object, offset, width, why);
    if (!at) return NULL;
    if (is_frozen(object)) return *why = ACCESS_FROZEN, (uint8_t *)NULL;
    if (has_type(object, TYPE_SLICE) && is_frozen(((struct slice *)value_pointer(object))->backing))
        return *why = ACCESS_FROZEN, (uint8_t *)NULL;
    return at;
}

/** Number of octets of a bytevector, packet or slice; false with *why set. A slice of
 *  a packet keeps its length though the packet may have been cut since. */
static inline bool octets_length(vvm_value object, uint64_t *length, enum access_error *why)
{
    if (has_type(object, TYPE_BYTES)) return *length = object_length(object), true;
    if (has_type(object, TYPE_SLICE)) return *length = ((struct slice *)value_pointer(object))->length, true;
    if (!has_type(object, TYPE_PACKET)) return *why = ACCESS_TYPE, false;
    const struct vvm_packet *p = ((struct packet_object *)value_pointer(object))->packet;
    if (!p) return *why = ACCESS_MOVED, false;
    return *length = p->length, true;
}

/** All octets of a bytevector, packet or slice; NULL with *why set. */
static inline const uint8_t *octets_all(vvm_value object, uint64_t *length, enum access_error *why)
{
    if (!octets_length(object, length, why)) return NULL;
    return octets_locate(object, 0, *length, why);
}

/* ---- big-endian words, unaligned ---- */

static inline uint16_t octets_get_u16(const uint8_t *at) { return (uint16_t)(at[0] << 8 | at[1]); }
static inline uint32_t octets_get_u32(const uint8_t *at)
{
    uint32_t w;
    memcpy(&w, at, sizeof w);
    return __builtin_bswap32(w);
}
static inline uint64_t octets_get_u64(const uint8_t *at)
{
    uint64_t w;
    memcpy(&w, at, sizeof w);
    return __builtin_bswap64(w);
}
static inline void octets_put_u16(uint8_t *at, uint16_t v) { at[0] = (uint8_t)(v >> 8), at[1] = (uint8_t)v; }
static inline void octets_put_u32(uint8_t *at, uint32_t v)
{
    v = __builtin_bswap32(v);
    memcpy(at, &v, sizeof v);
}
static inline void octets_put_u64(uint8_t *at, uint64_t v)
{
    v = __builtin_bswap64(v);
    memcpy(at, &v, sizeof v);
}
/** Width 1, 2, 4 or 8. */
static inline uint64_t octets_get(const uint8_t *at, unsigned width)
{
    switch (width) {
    case 1: return *at;
    case 2: return octets_get_u16(at);
    case 4: return octets_get_u32(at);
    default: return octets_get_u64(at);
    }
}
static inline void octets_put(uint8_t *at, unsigned width, uint64_t v)
{
    switch (width) {
    case 1: *at = (uint8_t)v; break;
    case 2: octets_put_u16(at, (uint16_t)v); break;
    case 4: octets_put_u32(at, (uint32_t)v); break;
    default: octets_put_u64(at, v); break;
    }
}

#endif
