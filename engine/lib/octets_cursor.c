/* SPDX-License-Identifier: Apache-2.0 */
/*
 * octets_cursor.c - cursors: checked readers that walk over octets once. A read that
 * would pass the end is the error bounds and leaves the cursor where it is.
 */
#include "octets.h"

#include <assert.h>

static struct cursor *cursor_of(vvm_value v) { return value_pointer(v); }
static bool is_cursor(vvm_value v) { return has_type(v, TYPE_CURSOR); }

/* (cursor bytes [start]) */
PRIMITIVE_FN(make_cursor)
{
    vvm_value backing;
    uint64_t position, length;
    size_t start, end;
    enum access_error why = ACCESS_OK;
    if (!octets_window(args[0], &backing, &position, &length, &why))
        return octets_raise(ctx, why, "cursor", 0, args);
    if (!range_arguments(ctx, "cursor", n, args, 1, length, &start, &end)) return VALUE_EXCEPTION;
    if (position + length > UINT32_MAX) return raise_error(ctx, ERROR_RANGE, VALUE_DEFAULT);
    struct cursor *c = allocate(ctx, TYPE_CURSOR, 0, sizeof *c);
    if (!c) return VALUE_EXCEPTION;
    c->backing = backing;
    c->offset = (uint32_t)(position + start);
    c->end = (uint32_t)(position + length);
    return object_value(c);
}

/* The next `width` octets of cursor args[0]; NULL with the error set. The cursor is
 * not moved yet. */
static const uint8_t *look(struct vvm_context *ctx, const char *name, const vvm_value *args, uint64_t width)
{
    enum access_error why = ACCESS_BOUNDS;
    if (!is_cursor(args[0])) {
        raise_type(ctx, name, 1, "cursor", args[0]);
        return NULL;
    }
    if (!mutable_argument(ctx, args[0])) return NULL; /* one of a constant would be shared */
    const struct cursor *c = cursor_of(args[0]);
    assert(c->offset <= c->end);
    const uint8_t *at = width > c->end - c->offset ? NULL
                                                   : octets_of_backing(c->backing, c->offset, width, &why);
    if (!at) octets_raise(ctx, why, name, 0, args);
    return at;
}

static vvm_value read_word(struct vvm_context *ctx, const vvm_value *args, const char *name, unsigned width,
                           bool is_signed)
{
    const uint8_t *at = look(ctx, name, args, width);
    if (!at) return VALUE_EXCEPTION;
    vvm_value v = make_word_value(ctx, octets_get(at, width), width, is_signed);
    if (v != VALUE_EXCEPTION) cursor_of(args[0])->offset += width;
    return v;
}

#define READ_PRIMITIVE(t, width, is_signed)                                                                  \
    PRIMITIVE_FN(read_##t) { return read_word(ctx, args, "read-" #t "!", width, is_signed); }
READ_PRIMITIVE(u8, 1, false)
READ_PRIMITIVE(u16, 2, false)
READ_PRIMITIVE(u32, 4, false)
READ_PRIMITIVE(u64, 8, false)
READ_PRIMITIVE(s8, 1, true)
READ_PRIMITIVE(s16, 2, true)
READ_PRIMITIVE(s32, 4, true)
READ_PRIMITIVE(s64, 8, true)

/* Slice of `length` octets that stand `skip` octets ahead; the cursor goes behind it. */
static vvm_value read_slice(struct vvm_context *ctx, const char *name, const vvm_value *args, uint64_t skip,
                            uint64_t length)
{
    if (!look(ctx, name, args, skip + length)) return VALUE_EXCEPTION;
    struct cursor *c = cursor_of(args[0]);
    vvm_value v = make_slice(ctx, c->backing, c->offset + skip, length);
    if (v != VALUE_EXCEPTION) c->offset += (uint32_t)(skip + length);
    return v;
}

PRIMITIVE_FN(read_bytes)
{
    size_t length;
    if (!index_argument(ctx, "read-bytes!", args, 1, UINT32_MAX, &length)) return VALUE_EXCEPTION;
    return read_slice(ctx, "read-bytes!", args, 0, length);
}

PRIMITIVE_FN(read_counted_u8)
{
    const uint8_t *at = look(ctx, "read-counted-u8!", args, 1);
    return at ? read_slice(ctx, "read-counted-u8!", args, 1, *at) : VALUE_EXCEPTION;
}

PRIMITIVE_FN(read_counted_u16)
{
    const uint8_t *at = look(ctx, "read-counted-u16!", args, 2);
    return at ? read_slice(ctx, "read-counted-u16!", args, 2, octets_get_u16(at)) : VALUE_EXCEPTION;
}

PRIMITIVE_FN(cursor_rest)
{
    NEED(is_cursor(args[0]), "cursor-rest", 0, "cursor");
    const struct cursor *c = cursor_of(args[0]);
    return make_slice(ctx, c->backing, c->offset, c->end - c->offset);
}

PRIMITIVE_FN(cursor_left)
{
    NEED(is_cursor(args[0]), "cursor-left", 0, "cursor");
    return make_fixnum(cursor_of(args[0])->end - cursor_of(args[0])->offset);
}

PRIMITIVE_FN(cursor_at_end)
{
    NEED(is_cursor(args[0]), "cursor-at-end?", 0, "cursor");
    return make_boolean(cursor_of(args[0])->end == cursor_of(args[0])->offset);
}

#define READ(t)                                                                                              \
    PRIMITIVE("read-" #t "!", read_##t, 1, 1, 2, 0, "cursor -> integer", "Next " #t ", network order.")
#define A EFFECT_ALLOCATE
static const struct primitive_row rows[] = {
    PRIMITIVE("cursor", make_cursor, 1, 2, 4, A, "bytes [start] -> cursor", "Reader over octets."),
    READ(u8),
    READ(u16),
    READ(u32),
    READ(u64),
    READ(s8),
    READ(s16),
    READ(s32),
    READ(s64),
    PRIMITIVE("read-bytes!", read_bytes, 2, 2, 4, A, "cursor length -> slice", "Next octets, as a slice."),
    PRIMITIVE("read-counted-u8!", read_counted_u8, 1, 1, 4, A, "cursor -> slice",
              "One octet of length, then the slice of so many octets."),
    PRIMITIVE("read-counted-u16!", read_counted_u16, 1, 1, 4, A, "cursor -> slice",
              "Two octets of length, then the slice of so many octets."),
    PRIMITIVE("cursor-rest", cursor_rest, 1, 1, 4, A, "cursor -> slice", "What is left; the cursor stays."),
    PRIMITIVE("cursor-left", cursor_left, 1, 1, 1, 0, "cursor -> integer", "Number of octets left."),
    PRIMITIVE("cursor-at-end?", cursor_at_end, 1, 1, 1, 0, "cursor -> boolean", "True if nothing is left."),
};

int cursor_primitives(struct vvm_node *node) { return primitives_register(node, ROWS(rows)); }
