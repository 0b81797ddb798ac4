/* SPDX-License-Identifier: Apache-2.0 */
/*
 * allocate.c - new objects: from the packet's arena or the control heap, as the
 * context stands. An arena is a window that is never refilled: full is a trap.
 */
#include <assert.h>
#include <string.h>

#include "heap.h"

#define LARGE_OCTETS 8192u /* objects beyond this get a chunk of their own */

static_assert(LARGE_OCTETS < CHUNK_OCTETS / 2, "a fresh chunk has room for whatever may share one");
static_assert(TYPE_LIMIT <= 1 << 8, "the type is the lowest octet of a header");
static_assert(HEADER_LENGTH_MAX == UINT64_MAX >> HEADER_LENGTH_SHIFT, "the length takes the rest of it");

static void *refuse(struct vvm_context *ctx)
{
    if (ctx->packet_profile) trap(ctx, TRAP_ARENA);
    else ctx->pending = (struct pending){.kind = PENDING_RAISE, .value = heap_full_error(ctx->node)};
    return NULL;
}

static void *allocate_slow(struct vvm_context *ctx, size_t bytes)
{
    if (ctx->packet_profile) return NULL;
    if (bytes > LARGE_OCTETS) return heap_large(ctx, bytes);
    if (!heap_refill(ctx, bytes)) return NULL;
    assert(bytes <= (size_t)(ctx->end - ctx->free));
    void *p = ctx->free;
    ctx->free += bytes;
    return p;
}

void *allocate(struct vvm_context *ctx, enum object_type type, uint64_t length, size_t bytes)
{
    if (bytes > HEADER_LENGTH_MAX || length > HEADER_LENGTH_MAX) return refuse(ctx);
    bytes = (bytes + 7) & ~(size_t)7;
    struct object *o;
    if (bytes <= (size_t)(ctx->end - ctx->free)) {
        o = (struct object *)ctx->free;
        ctx->free += bytes;
    } else {
        o = allocate_slow(ctx, bytes);
        if (!o) return refuse(ctx);
    }
    o->header = make_header(type, length) | (uint64_t)ctx->owner << 16;
#ifdef VVM_INSTRUMENTED
    assert(object_octets(o->header) == bytes); /* the collector goes by the header */
#endif
    return o;
}

vvm_value make_pair(struct vvm_context *ctx, vvm_value car, vvm_value cdr)
{
    struct pair *p = allocate(ctx, TYPE_PAIR, 0, sizeof *p);
    if (!p) return VALUE_EXCEPTION;
    p->car = car;
    p->cdr = cdr;
    return pair_value(p);
}

/* An object whose body is `length` items of `size` octets, or NULL. */
static void *allocate_array(struct vvm_context *ctx, enum object_type type, size_t length, size_t size)
{
    if (length > HEADER_LENGTH_MAX / size) return refuse(ctx);
    return allocate(ctx, type, length, sizeof(struct object) + length * size);
}

vvm_value make_vector(struct vvm_context *ctx, size_t length, vvm_value fill)
{
    struct vector *v = allocate_array(ctx, TYPE_VECTOR, length, sizeof(vvm_value));
    if (!v) return VALUE_EXCEPTION;
    for (size_t i = 0; i < length; i++) v->items[i] = fill;
    return object_value(v);
}

vvm_value make_bytes(struct vvm_context *ctx, size_t length)
{
    struct bytes *b = allocate_array(ctx, TYPE_BYTES, length, 1);
    if (!b) return VALUE_EXCEPTION;
    memset(b->data, 0, length);
    return object_value(b);
}

vvm_value make_bytes_from(struct vvm_context *ctx, const void *octets, size_t length)
{
    struct bytes *b = allocate_array(ctx, TYPE_BYTES, length, 1);
    if (!b) return VALUE_EXCEPTION;
    if (length) memcpy(b->data, octets, length);
    return object_value(b);
}

vvm_value make_string(struct vvm_context *ctx, size_t length, uint32_t fill)
{
    struct string *s = allocate_array(ctx, TYPE_STRING, length, sizeof(uint32_t));
    if (!s) return VALUE_EXCEPTION;
    for (size_t i = 0; i < length; i++) s->chars[i] = fill;
    return object_value(s);
}

/* Least code point that a sequence of so many octets may encode. */
static const uint32_t least_of[5] = {0, 0, 0x80, 0x800, 0x10000};

/* One code point at p (octets >= 1); *step octets of it. Malformed: U+FFFD, 1. */
static uint32_t decode_utf8(const uint8_t *p, size_t octets, size_t *step)
{
    unsigned n = p[0] < 0x80 ? 1 : p[0] >= 0xf0 ? 4 : p[0] >= 0xe0 ? 3 : p[0] >= 0xc0 ? 2 : 0;
    *step = 1;
    if (n == 1) return p[0];
    if (n == 0 || n > octets || p[0] > 0xf4) return 0xfffd;
    uint32_t c = p[0] & (0x7fu >> n);
    for (unsigned i = 1; i < n; i++) {
        if ((p[i] & 0xc0) != 0x80) return 0xfffd;
        c = c << 6 | (p[i] & 0x3fu);
    }
    if (c < least_of[n] || c > 0x10ffff || (c >= 0xd800 && c < 0xe000)) return 0xfffd;
    *step = n;
    return c;
}

vvm_value make_string_utf8(struct vvm_context *ctx, const char *text, size_t octets)
{
    const uint8_t *p = (const uint8_t *)text;
    size_t length = 0, step;
    for (size_t i = 0; i < octets; i += step, length++) decode_utf8(p + i, octets - i, &step);
    struct string *s = allocate_array(ctx, TYPE_STRING, length, sizeof(uint32_t));
    if (!s) return VALUE_EXCEPTION;
    size_t at = 0;
    for (size_t i = 0; i < octets; i += step) s->chars[at++] = decode_utf8(p + i, octets - i, &step);
    assert(at == length);
    return object_value(s);
}

vvm_value make_flonum(struct vvm_context *ctx, double d)
{
    struct flonum *f = allocate(ctx, TYPE_FLONUM, 0, sizeof *f);
    if (!f) return VALUE_EXCEPTION;
    f->number = d;
    return object_value(f);
}
