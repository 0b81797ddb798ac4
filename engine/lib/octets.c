/* SPDX-License-Identifier: Apache-2.0 */
/*
 * octets.c - primitives on the octets of bytevectors, packets and slices: words in
 * network order, slices, copies, comparison, the checksum of the Internet protocols.
 */
#include "octets.h"

vvm_value octets_raise(struct vvm_context *ctx, enum access_error why, const char *name, unsigned i,
                       const vvm_value *args)
{
    switch (why) {
    case ACCESS_TYPE: return raise_type(ctx, name, i + 1, "bytes", args[i]);
    case ACCESS_MOVED: return raise_error(ctx, ERROR_MOVED, VALUE_DEFAULT);
    case ACCESS_FROZEN: return raise_error(ctx, ERROR_FROZEN, VALUE_DEFAULT);
    default: return raise_message(ctx, ERROR_BOUNDS, VALUE_DEFAULT, "%s: outside of the octets", name);
    }
}

/* ---- words ---- */

bool word_argument(struct vvm_context *ctx, const char *name, const vvm_value *args, unsigned i,
                   unsigned width, bool is_signed, uint64_t *out)
{
    if (!is_fixnum(args[i])) {
        raise_type(ctx, name, i + 1, "integer", args[i]);
        return false;
    }
    int64_t v = fixnum_value(args[i]);
    unsigned bits = 8 * width - is_signed;
    bool fits = is_signed ? (bits >= 60 || (v >> bits) == (v < 0 ? -1 : 0))
                          : v >= 0 && (bits >= 60 || v >> bits == 0);
    if (!fits) {
        raise_error(ctx, ERROR_RANGE, args[i]);
        return false;
    }
    *out = (uint64_t)v;
    return true;
}

vvm_value make_word_value(struct vvm_context *ctx, uint64_t word, unsigned width, bool is_signed)
{
    unsigned shift = 64 - 8 * width;
    if (is_signed) {
        int64_t v = (int64_t)(word << shift) >> shift;
        return fits_fixnum(v) ? make_fixnum(v) : raise_error(ctx, ERROR_INTEGER_RANGE, VALUE_DEFAULT);
    }
    if (word > (uint64_t)FIXNUM_MAX) return raise_error(ctx, ERROR_INTEGER_RANGE, VALUE_DEFAULT);
    return make_fixnum((int64_t)word);
}

/* As octets_at_writable, and the running VMlet may write them: see may_write. */
static uint8_t *writable(const struct vvm_context *ctx, vvm_value object, uint32_t offset, uint32_t width,
                         enum access_error *why)
{
    uint8_t *at = octets_at_writable(object, offset, width, why);
    if (!at) return NULL;
    vvm_value owned = has_type(object, TYPE_SLICE) ? ((struct slice *)value_pointer(object))->backing
                                                   : object;
    if (has_type(owned, TYPE_PACKET) || may_write(ctx, owned)) return at;
    return *why = ACCESS_FROZEN, (uint8_t *)NULL;
}

static vvm_value word_ref(struct vvm_context *ctx, const vvm_value *args, const char *name, unsigned width,
                          bool is_signed)
{
    uint64_t offset;
    enum access_error why = ACCESS_OK;
    if (!word_argument(ctx, name, args, 1, 4, false, &offset)) return VALUE_EXCEPTION;
    const uint8_t *at = octets_at(args[0], (uint32_t)offset, width, &why);
    if (!at) return octets_raise(ctx, why, name, 0, args);
    return make_word_value(ctx, octets_get(at, width), width, is_signed);
}

static vvm_value word_set(struct vvm_context *ctx, const vvm_value *args, const char *name, unsigned width,
                          bool is_signed)
{
    uint64_t offset, word;
    enum access_error why = ACCESS_OK;
    if (!word_argument(ctx, name, args, 1, 4, false, &offset)) return VALUE_EXCEPTION;
    if (!word_argument(ctx, name, args, 2, width, is_signed, &word)) return VALUE_EXCEPTION;
    uint8_t *at = writable(ctx, args[0], (uint32_t)offset, width, &why);
    if (!at) return octets_raise(ctx, why, name, 0, args);
    octets_put(at, width, word);
    return VALUE_UNSPECIFIED;
}

#define WORD_PRIMITIVES(t, width, is_signed)                                                                 \
    PRIMITIVE_FN(t##_ref) { return word_ref(ctx, args, #t "-ref", width, is_signed); }                       \
    PRIMITIVE_FN(set_##t) { return word_set(ctx, args, "set-" #t "!", width, is_signed); }
WORD_PRIMITIVES(u8, 1, false)
WORD_PRIMITIVES(u16, 2, false)
WORD_PRIMITIVES(u32, 4, false)
WORD_PRIMITIVES(u64, 8, false)
WORD_PRIMITIVES(s8, 1, true)
WORD_PRIMITIVES(s16, 2, true)
WORD_PRIMITIVES(s32, 4, true)
WORD_PRIMITIVES(s64, 8, true)

/* ---- slices ---- */

bool octets_window(vvm_value object, vvm_value *backing, uint64_t *position, uint64_t *length,
                   enum access_error *why)
{
    if (!octets_length(object, length, why)) return false;
    *backing = object;
    *position = 0;
    if (has_type(object, TYPE_PACKET)) {
        *position = ((struct packet_object *)value_pointer(object))->packet->head;
    } else if (has_type(object, TYPE_SLICE)) {
        const struct slice *s = value_pointer(object);
        *backing = s->backing;
        *position = s->offset;
    }
    return true;
}

vvm_value make_slice(struct vvm_context *ctx, vvm_value backing, uint64_t position, uint64_t length)
{
    if (position + length > UINT32_MAX) return raise_error(ctx, ERROR_RANGE, VALUE_DEFAULT);
    struct slice *s = allocate(ctx, TYPE_SLICE, 0, sizeof *s);
    if (!s) return VALUE_EXCEPTION;
    s->backing = backing;
    s->offset = (uint32_t)position;
    s->length = (uint32_t)length;
    return object_value(s);
}

PRIMITIVE_FN(slice)
{
    vvm_value backing;
    uint64_t position, length;
    size_t start, end;
    enum access_error why = ACCESS_OK;
    if (!octets_window(args[0], &backing, &position, &length, &why))
        return octets_raise(ctx, why, "slice", 0, args);
    if (n == 2 && is_fixnum(args[1]) && (uint64_t)fixnum_value(args[1]) <= length)
        return make_slice(ctx, backing, position + (uint64_t)fixnum_value(args[1]),
                          length - (uint64_t)fixnum_value(args[1]));
    if (!range_arguments(ctx, "slice", n, args, 1, length, &start, &end)) return VALUE_EXCEPTION;
    return make_slice(ctx, backing, position + start, end - start);
}

PRIMITIVE_FN(slice_part)
{
    vvm_value backing;
    uint64_t position, length;
    size_t start, count;
    enum access_error why = ACCESS_OK;
    if (!octets_window(args[0], &backing, &position, &length, &why))
        return octets_raise(ctx, why, "slice-part", 0, args);
    if (!index_argument(ctx, "slice-part", args, 1, length, &start)) return VALUE_EXCEPTION;
    if (!index_argument(ctx, "slice-part", args, 2, length - start, &count)) return VALUE_EXCEPTION;
    return make_slice(ctx, backing, position + start, count);
}

PRIMITIVE_FN(slice_take)
{
    vvm_value backing;
    uint64_t position, length;
    size_t count;
    enum access_error why = ACCESS_OK;
    if (!octets_window(args[0], &backing, &position, &length, &why))
        return octets_raise(ctx, why, "slice-take", 0, args);
    if (!index_argument(ctx, "slice-take", args, 1, UINT32_MAX, &count)) return VALUE_EXCEPTION;
    return make_slice(ctx, backing, position, count < length ? count : length);
}

PRIMITIVE_FN(length_of_octets)
{
    uint64_t length;
    enum access_error why = ACCESS_OK;
    if (!octets_length(args[0], &length, &why)) return octets_raise(ctx, why, "bytes-length", 0, args);
    return make_fixnum((int64_t)length);
}

/* ---- whole runs of octets ---- */

/* Octets [start, end) of args[0], given by the optional arguments `first`, first + 1. */
static const uint8_t *octets_range(struct vvm_context *ctx, const char *name, unsigned n,
                                   const vvm_value *args, unsigned i, unsigned first, size_t *length)
{
    uint64_t whole;
    size_t start, end;
    enum access_error why = ACCESS_OK;
    if (!octets_length(args[i], &whole, &why)) return octets_raise(ctx, why, name, i, args), NULL;
    if (!range_arguments(ctx, name, n, args, first, whole, &start, &end)) return NULL;
    if (!fuel_octets(ctx, end - start)) return NULL;
    const uint8_t *at = octets_locate(args[i], start, end - start, &why);
    if (!at) octets_raise(ctx, why, name, i, args);
    *length = end - start;
    return at;
}

PRIMITIVE_FN(slice_to_bytes)
{
    size_t length;
    const uint8_t *at = octets_range(ctx, "slice->bytes", n, args, 0, 1, &length);
    return at ? make_bytes_from(ctx, at, length) : VALUE_EXCEPTION;
}

PRIMITIVE_FN(slice_to_string)
{
    size_t length;
    const uint8_t *at = octets_range(ctx, "slice->string", n, args, 0, 1, &length);
    return at ? make_string_utf8(ctx, (const char *)at, length) : VALUE_EXCEPTION;
}

PRIMITIVE_FN(bytes_equal)
{
    size_t first, length;
    const uint8_t *a = octets_range(ctx, "bytes=?", 1, args, 0, 1, &first);
    if (!a) return VALUE_EXCEPTION;
    bool equal = true;
    for (unsigned i = 1; i < n; i++) {
        const uint8_t *b = octets_range(ctx, "bytes=?", i + 1, args, i, i + 1, &length);
        if (!b) return VALUE_EXCEPTION;
        equal = equal && first == length && memcmp(a, b, length) == 0;
    }
    return make_boolean(equal);
}

PRIMITIVE_FN(bytes_append)
{
    uint64_t total = 0, length;
    enum access_error why = ACCESS_OK;
    for (unsigned i = 0; i < n; i++) {
        if (!octets_all(args[i], &length, &why)) return octets_raise(ctx, why, "bytes-append", i, args);
        total += length;
    }
    if (total > TEXT_MAX) return raise_error(ctx, ERROR_RANGE, VALUE_DEFAULT);
    if (!fuel_octets(ctx, total)) return VALUE_EXCEPTION;
    vvm_value result = make_bytes(ctx, total);
    if (result == VALUE_EXCEPTION) return result;
    uint8_t *to = bytes_of(result)->data;
    for (unsigned i = 0; i < n; i++) {
        const uint8_t *from = octets_all(args[i], &length, &why);
        memcpy(to, from, length);
        to += length;
    }
    return result;
}

/* (bytes-copy! to at from [start [end]]) */
PRIMITIVE_FN(bytes_copy)
{
    size_t at, length;
    enum access_error why = ACCESS_OK;
    if (!index_argument(ctx, "bytes-copy!", args, 1, UINT32_MAX, &at)) return VALUE_EXCEPTION;
    const uint8_t *from = octets_range(ctx, "bytes-copy!", n, args, 2, 3, &length);
    if (!from) return VALUE_EXCEPTION;
    if (length > UINT32_MAX) return raise_error(ctx, ERROR_RANGE, VALUE_DEFAULT);
    uint8_t *to = writable(ctx, args[0], (uint32_t)at, (uint32_t)length, &why);
    if (!to) return octets_raise(ctx, why, "bytes-copy!", 0, args);
    memmove(to, from, length);
    return VALUE_UNSPECIFIED;
}

/* (%set-field! to at size from): a field of `size` octets; from must have just that. */
PRIMITIVE_FN(set_field)
{
    size_t at, size, length;
    enum access_error why = ACCESS_OK;
    if (!index_argument(ctx, "%set-field!", args, 1, UINT32_MAX, &at)) return VALUE_EXCEPTION;
    if (!index_argument(ctx, "%set-field!", args, 2, UINT32_MAX, &size)) return VALUE_EXCEPTION;
    const uint8_t *from = octets_range(ctx, "%set-field!", n, args, 3, 4, &length);
    if (!from) return VALUE_EXCEPTION;
    if (length != size)
        return raise_message(ctx, ERROR_FIELD, args[3], "the field has %zu octets, not %zu", size, length);
    uint8_t *to = writable(ctx, args[0], (uint32_t)at, (uint32_t)size, &why);
    if (!to) return octets_raise(ctx, why, "%set-field!", 0, args);
    memmove(to, from, length);
    return VALUE_UNSPECIFIED;
}

/* (%check-range v most): v, if it is an integer of 0..most. */
PRIMITIVE_FN(check_range)
{
    NEED(is_fixnum(args[0]), "%check-range", 0, "integer");
    NEED(is_fixnum(args[1]), "%check-range", 1, "integer");
    if (fixnum_value(args[0]) < 0 || fixnum_value(args[0]) > fixnum_value(args[1]))
        return raise_error(ctx, ERROR_RANGE, args[0]);
    return args[0];
}

/* (ones-complement-sum b start end [initial]): 16-bit words added with end-around
 * carry; an odd last octet counts as the high half of a word. */
PRIMITIVE_FN(ones_complement_sum)
{
    size_t length;
    uint64_t sum = 0;
    if (n > 3 && !word_argument(ctx, "ones-complement-sum", args, 3, 4, false, &sum)) return VALUE_EXCEPTION;
    const uint8_t *at = octets_range(ctx, "ones-complement-sum", n < 3 ? n : 3, args, 0, 1, &length);
    if (!at) return VALUE_EXCEPTION;
    for (; length >= 2; at += 2, length -= 2) sum += octets_get_u16(at);
    if (length) sum += (uint64_t)*at << 8;
    while (sum >> 16) sum = (sum & 0xffff) + (sum >> 16);
    return make_fixnum((int64_t)sum);
}

#define REF(t)                                                                                               \
    PRIMITIVE(#t "-ref", t##_ref, 2, 2, 2, 0, "bytes integer -> integer",                                    \
              #t " at an offset, network order"),                                                            \
        PRIMITIVE("set-" #t "!", set_##t, 3, 3, 2, 0, "bytes integer integer ->",                            \
                  #t " at an offset becomes the third argument")
#define A EFFECT_ALLOCATE
static const struct primitive_row rows[] = {
    REF(u8),
    REF(u16),
    REF(u32),
    REF(u64),
    REF(s8),
    REF(s16),
    REF(s32),
    REF(s64),
    PRIMITIVE("bytes-length", length_of_octets, 1, 1, 1, 0, "bytes -> integer", "Number of octets."),
    PRIMITIVE("slice-length", length_of_octets, 1, 1, 1, 0, "bytes -> integer", "Number of octets."),
    PRIMITIVE("packet-length", length_of_octets, 1, 1, 1, 0, "packet -> integer",
              "Number of octets in view."),
    PRIMITIVE("slice", slice, 1, 3, 4, A, "bytes [start [end]] -> slice", "Window on octets, not a copy."),
    PRIMITIVE("slice-part", slice_part, 3, 3, 4, A, "bytes start length -> slice",
              "Window of a given length."),
    PRIMITIVE("slice-take", slice_take, 2, 2, 4, A, "bytes integer -> slice",
              "Window on at most so many octets."),
    PRIMITIVE("slice->bytes", slice_to_bytes, 1, 3, 4, A, "bytes [start [end]] -> bytevector",
              "Copy of octets."),
    PRIMITIVE("slice->string", slice_to_string, 1, 3, 8, A, "bytes [start [end]] -> string",
              "String of UTF-8 octets; malformed ones become U+FFFD."),
    PRIMITIVE("bytes=?", bytes_equal, 1, -1, 3, 0, "bytes ... -> boolean",
              "True if all hold the same octets."),
    PRIMITIVE("bytes-append", bytes_append, 0, -1, 4, A, "bytes ... -> bytevector",
              "All octets, one after another."),
    PRIMITIVE("bytes-copy!", bytes_copy, 3, 5, 4, 0, "to at from [start [end]] ->",
              "Copy octets of `from` over those of `to` at an offset; they may overlap."),
    PRIMITIVE("%set-field!", set_field, 4, 4, 4, 0, "to at size from ->", "Copy a field of fixed size."),
    PRIMITIVE("%check-range", check_range, 2, 2, 1, 0, "integer most -> integer",
              "The integer, if 0 to most."),
    PRIMITIVE("ones-complement-sum", ones_complement_sum, 3, 4, 4, 0, "bytes start end [initial] -> integer",
              "Folded 16-bit ones' complement sum, not complemented."),
};

int octets_primitives(struct vvm_node *node) { return primitives_register(node, ROWS(rows)); }
