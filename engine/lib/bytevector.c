/* SPDX-License-Identifier: Apache-2.0 */
/*
 * bytevector.c - bytevectors and their UTF-8. Packets, slices and wider loads are in
 * octets.c.
 */
#include <string.h>

#include "lib.h"

static bool is_bytes(vvm_value v) { return has_type(v, TYPE_BYTES); }

static bool octet_argument(struct vvm_context *ctx, const char *name, const vvm_value *args, unsigned i,
                           uint8_t *out)
{
    if (!is_fixnum(args[i])) {
        raise_type(ctx, name, i + 1, "u8", args[i]);
        return false;
    }
    int64_t value = fixnum_value(args[i]);
    if (value < 0 || value > 255) {
        raise_error(ctx, ERROR_RANGE, args[i]);
        return false;
    }
    *out = (uint8_t)value;
    return true;
}

PRIMITIVE_FN(is_bytevector) { return make_boolean(is_bytes(args[0])); }

PRIMITIVE_FN(new_bytevector)
{
    size_t length;
    uint8_t fill = 0;
    if (!size_argument(ctx, "make-bytevector", args, 0, &length) || !fuel_octets(ctx, length) ||
        (n > 1 && !octet_argument(ctx, "make-bytevector", args, 1, &fill)))
        return VALUE_EXCEPTION;
    vvm_value v = make_bytes(ctx, length);
    if (v != VALUE_EXCEPTION) memset(bytes_of(v)->data, fill, length);
    return v;
}

PRIMITIVE_FN(bytevector)
{
    uint8_t octet;
    for (unsigned i = 0; i < n; i++)
        if (!octet_argument(ctx, "bytevector", args, i, &octet)) return VALUE_EXCEPTION;
    vvm_value v = make_bytes(ctx, n);
    if (v == VALUE_EXCEPTION) return v;
    for (unsigned i = 0; i < n; i++) bytes_of(v)->data[i] = (uint8_t)fixnum_value(args[i]);
    return v;
}

PRIMITIVE_FN(bytevector_length)
{
    NEED(is_bytes(args[0]), "bytevector-length", 0, "bytevector");
    return make_fixnum((int64_t)object_length(args[0]));
}

static uint8_t *octet_at(struct vvm_context *ctx, const char *name, const vvm_value *args)
{
    size_t i;
    if (!is_bytes(args[0])) {
        raise_type(ctx, name, 1, "bytevector", args[0]);
        return NULL;
    }
    if (!index_argument(ctx, name, args, 1, HEADER_LENGTH_MAX, &i)) return NULL;
    if (i < object_length(args[0])) return &bytes_of(args[0])->data[i];
    raise_error(ctx, ERROR_BOUNDS, args[1]);
    return NULL;
}

PRIMITIVE_FN(bytevector_ref)
{
    const uint8_t *octet = octet_at(ctx, "bytevector-u8-ref", args);
    return octet ? make_fixnum(*octet) : VALUE_EXCEPTION;
}

PRIMITIVE_FN(bytevector_set)
{
    uint8_t *octet = octet_at(ctx, "bytevector-u8-set!", args), value;
    if (!octet || !octet_argument(ctx, "bytevector-u8-set!", args, 2, &value) ||
        !mutable_argument(ctx, args[0]))
        return VALUE_EXCEPTION;
    *octet = value;
    return VALUE_UNSPECIFIED;
}

static bool bytes_range(struct vvm_context *ctx, const char *name, unsigned n, const vvm_value *args,
                        unsigned first, size_t *start, size_t *end)
{
    if (!is_bytes(args[0])) {
        raise_type(ctx, name, 1, "bytevector", args[0]);
        return false;
    }
    return range_arguments(ctx, name, n, args, first, object_length(args[0]), start, end) &&
           fuel_octets(ctx, *end - *start);
}

PRIMITIVE_FN(bytevector_copy)
{
    size_t start, end;
    if (!bytes_range(ctx, "bytevector-copy", n, args, 1, &start, &end)) return VALUE_EXCEPTION;
    return make_bytes_from(ctx, bytes_of(args[0])->data + start, end - start);
}

PRIMITIVE_FN(bytevector_copy_to)
{
    size_t at, start, end;
    NEED(is_bytes(args[0]), "bytevector-copy!", 0, "bytevector");
    NEED(is_bytes(args[2]), "bytevector-copy!", 2, "bytevector");
    if (!index_argument(ctx, "bytevector-copy!", args, 1, object_length(args[0]), &at) ||
        !range_arguments(ctx, "bytevector-copy!", n, args, 3, object_length(args[2]), &start, &end) ||
        !fuel_octets(ctx, end - start) || !mutable_argument(ctx, args[0]))
        return VALUE_EXCEPTION;
    if (end - start > object_length(args[0]) - at) return raise_error(ctx, ERROR_BOUNDS, args[1]);
    memmove(bytes_of(args[0])->data + at, bytes_of(args[2])->data + start, end - start);
    return VALUE_UNSPECIFIED;
}

PRIMITIVE_FN(bytevector_fill)
{
    size_t start, end;
    uint8_t fill;
    if (!bytes_range(ctx, "bytevector-fill!", n, args, 2, &start, &end) ||
        !octet_argument(ctx, "bytevector-fill!", args, 1, &fill) || !mutable_argument(ctx, args[0]))
        return VALUE_EXCEPTION;
    memset(bytes_of(args[0])->data + start, fill, end - start);
    return VALUE_UNSPECIFIED;
}

PRIMITIVE_FN(bytevector_append)
{
    size_t total = 0;
    for (unsigned i = 0; i < n; i++) {
        NEED(is_bytes(args[i]), "bytevector-append", i, "bytevector");
        total += object_length(args[i]);
    }
    if (total > TEXT_MAX) return raise_error(ctx, ERROR_RANGE, VALUE_DEFAULT);
    if (!fuel_octets(ctx, total)) return VALUE_EXCEPTION;
    vvm_value v = make_bytes(ctx, total);
    if (v == VALUE_EXCEPTION) return v;
    uint8_t *to = bytes_of(v)->data;
    for (unsigned i = 0; i < n; to += object_length(args[i]), i++)
        memcpy(to, bytes_of(args[i])->data, object_length(args[i]));
    return v;
}

PRIMITIVE_FN(utf8_to_string)
{
    size_t start, end;
    if (!bytes_range(ctx, "utf8->string", n, args, 1, &start, &end)) return VALUE_EXCEPTION;
    return make_string_utf8(ctx, (const char *)bytes_of(args[0])->data + start, end - start);
}

PRIMITIVE_FN(string_to_utf8)
{
    size_t start, end, octets = 0;
    char buffer[4];
    NEED(is_string(args[0]), "string->utf8", 0, "string");
    if (!range_arguments(ctx, "string->utf8", n, args, 1, object_length(args[0]), &start, &end) ||
        !fuel_octets(ctx, (end - start) * 4))
        return VALUE_EXCEPTION;
    const uint32_t *chars = string_of(args[0])->chars;
    for (size_t i = start; i < end; i++) octets += utf8_encode(chars[i], buffer);
    vvm_value v = make_bytes(ctx, octets);
    if (v == VALUE_EXCEPTION) return v;
    uint8_t *to = bytes_of(v)->data;
    for (size_t i = start; i < end; i++) {
        unsigned length = utf8_encode(chars[i], buffer);
        memcpy(to, buffer, length);
        to += length;
    }
    return v;
}

static const struct primitive_row rows[] = {
    PRIMITIVE("bytevector?", is_bytevector, 1, 1, 1, 0, "any -> boolean", "True of a bytevector."),
    PRIMITIVE("make-bytevector", new_bytevector, 1, 2, 4, EFFECT_ALLOCATE, "integer [u8] -> bytevector",
              "A bytevector of so many equal octets."),
    PRIMITIVE("bytevector", bytevector, 0, -1, 4, EFFECT_ALLOCATE, "u8 ... -> bytevector",
              "A bytevector of the arguments."),
    PRIMITIVE("bytevector-length", bytevector_length, 1, 1, 1, 0, "bytevector -> integer",
              "The number of octets."),
    PRIMITIVE("bytevector-u8-ref", bytevector_ref, 2, 2, 1, 0, "bytevector integer -> u8",
              "The octet at an index."),
    PRIMITIVE("bytevector-u8-set!", bytevector_set, 3, 3, 1, 0, "bytevector integer u8 -> unspecified",
              "Change the octet at an index."),
    PRIMITIVE("bytevector-copy", bytevector_copy, 1, 3, 4, EFFECT_ALLOCATE,
              "bytevector [start [end]] -> bytevector", "A new bytevector of these octets."),
    PRIMITIVE("bytevector-copy!", bytevector_copy_to, 3, 5, 4, 0,
              "bytevector integer bytevector [start [end]] -> unspecified",
              "Copy octets to an index of the first bytevector; they may overlap."),
    PRIMITIVE("bytevector-fill!", bytevector_fill, 2, 4, 4, 0, "bytevector u8 [start [end]] -> unspecified",
              "Make all octets the same."),
    PRIMITIVE("bytevector-append", bytevector_append, 0, -1, 4, EFFECT_ALLOCATE,
              "bytevector ... -> bytevector", "A new bytevector of all octets."),
    PRIMITIVE("utf8->string", utf8_to_string, 1, 3, 4, EFFECT_ALLOCATE, "bytevector [start [end]] -> string",
              "The text that the octets encode."),
    PRIMITIVE("string->utf8", string_to_utf8, 1, 3, 4, EFFECT_ALLOCATE, "string [start [end]] -> bytevector",
              "The octets that encode the text."),
};

int bytevector_primitives(struct vvm_node *node) { return primitives_register(node, ROWS(rows)); }
