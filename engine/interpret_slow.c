/* SPDX-License-Identifier: Apache-2.0 */
/*
 * interpret_slow.c - what instructions do beyond their fast paths: the errors of
 * data, objects, octets that are not the packet's, globals.
 */
#include "interpret.h"

#include <errno.h>

#include "octets_access.h"

const int64_t raw_least[SLOT_TYPES] = {
    0, 0, 0, 0, 0, INT8_MIN, INT16_MIN, INT32_MIN, INT64_MIN,
};
const int64_t raw_most[SLOT_TYPES] = {
    0, UINT8_MAX, UINT16_MAX, UINT32_MAX, INT64_MAX, INT8_MAX, INT16_MAX, INT32_MAX, INT64_MAX,
};

const uint64_t raw_span[SLOT_TYPES] = {
    0, UINT8_MAX, UINT16_MAX, UINT32_MAX, INT64_MAX, UINT8_MAX, UINT16_MAX, UINT32_MAX, UINT64_MAX,
};

bool fits_raw(enum slot_type t, int64_t n) { return n >= raw_least[t] && n <= raw_most[t]; }

bool unbox(struct vvm_context *ctx, vvm_value v, enum slot_type t, uint64_t *out)
{
    if (!is_fixnum(v)) {
        raise_message(ctx, ERROR_TYPE, v, "an integer of type %s is needed", slot_type_name(t));
        return false;
    }
    *out = (uint64_t)fixnum_value(v);
    if (fits_raw(t, fixnum_value(v))) return true;
    raise_message(ctx, ERROR_RANGE, v, "the integer does not fit in %s", slot_type_name(t));
    return false;
}

/* A raw word whose value is beyond the largest fixnum, or a negative one. */
vvm_value box_slow(struct vvm_context *ctx, uint64_t word, enum slot_type t)
{
    if (slot_is_signed(t) && fits_fixnum((int64_t)word)) return make_fixnum((int64_t)word);
    return raise_error(ctx, ERROR_INTEGER_RANGE, VALUE_DEFAULT);
}

static void access_failed(struct vvm_context *ctx, vvm_value object, enum access_error why, uint64_t offset)
{
    switch (why) {
    case ACCESS_BOUNDS: raise_error(ctx, ERROR_BOUNDS, make_fixnum((int64_t)offset)); break;
    case ACCESS_MOVED: raise_error(ctx, ERROR_MOVED, VALUE_DEFAULT); break;
    case ACCESS_FROZEN: raise_error(ctx, ERROR_FROZEN, object); break;
    default: raise_error(ctx, ERROR_TYPE, object); break;
    }
}

const uint8_t *load_slow(struct vvm_context *ctx, vvm_value v, uint32_t offset, uint32_t width)
{
    enum access_error why = ACCESS_OK;
    const uint8_t *at = octets_at(v, offset, width, &why);
    if (!at) access_failed(ctx, v, why, offset);
    return at;
}

vvm_value packet_access_error(struct vvm_context *ctx, uint32_t offset, uint32_t width)
{
    if (!ctx->packet) return raise_error(ctx, ERROR_NO_PACKET, VALUE_DEFAULT);
    load_slow(ctx, object_value(ctx->packet), offset, width);
    return VALUE_EXCEPTION;
}

/* A slice is written through: what counts is what it shows. */
static bool octets_writable(const struct vvm_context *ctx, vvm_value v)
{
    if (has_type(v, TYPE_SLICE) && !is_frozen(v)) v = ((struct slice *)value_pointer(v))->backing;
    return has_type(v, TYPE_PACKET) || may_write(ctx, v);
}

uint8_t *store_slow(struct vvm_context *ctx, vvm_value v, uint32_t offset, uint32_t width)
{
    enum access_error why = ACCESS_OK;
    uint8_t *at = octets_at_writable(v, offset, width, &why);
    if (at && !octets_writable(ctx, v)) {
        why = ACCESS_FROZEN;
        at = NULL;
    }
    if (!at) access_failed(ctx, v, why, offset);
    return at;
}

vvm_value bytes_length(struct vvm_context *ctx, vvm_value v, uint64_t *length)
{
    enum access_error why = ACCESS_OK;
    if (octets_length(v, length, &why)) return VALUE_UNSPECIFIED;
    access_failed(ctx, v, why, 0);
    return VALUE_EXCEPTION;
}

vvm_value vector_error(struct vvm_context *ctx, vvm_value vector, vvm_value index)
{
    if (!has_type(vector, TYPE_VECTOR)) return raise_type(ctx, "vector access", 1, "vector", vector);
    if (!is_fixnum(index)) return raise_type(ctx, "vector access", 2, "integer", index);
    return raise_error(ctx, ERROR_BOUNDS, index);
}

vvm_value record_error(struct vvm_context *ctx, vvm_value record, unsigned c)
{
    if (!has_type(record, TYPE_RECORD)) return raise_type(ctx, "record access", 1, "record", record);
    return raise_error(ctx, ERROR_BOUNDS, make_fixnum(c));
}

vvm_value make_box(struct vvm_context *ctx, vvm_value v)
{
    struct vector *b = allocate(ctx, TYPE_BOX, 1, sizeof *b + sizeof v);
    if (!b) return VALUE_EXCEPTION;
    b->items[0] = v;
    return object_value(b);
}

struct closure *make_closure(struct vvm_context *ctx, const struct vvm_function *f, unsigned n)
{
    struct closure *c = allocate(ctx, TYPE_CLOSURE, n, sizeof *c + n * sizeof(vvm_value));
    if (c) c->function = f;
    return c;
}

vvm_value not_record_of(struct vvm_context *ctx, vvm_value v, vvm_value type)
{
    const char *name = "record";
    if (has_type(type, TYPE_RECORD_TYPE)) {
        vvm_value n = ((struct record_type *)value_pointer(type))->name;
        if (is_symbol(n)) name = symbol_name(n);
    }
    return raise_message(ctx, ERROR_TYPE, v, "a record of type %.100s is needed", name);
}

/* The function that CALL_GLOBAL may enter directly when a global is bound to v. */
const struct vvm_function *direct_function(vvm_value v)
{
    if (!has_type(v, TYPE_CLOSURE) || object_length(v)) return NULL;
    const struct vvm_function *f = ((struct closure *)value_pointer(v))->function;
    return f->flags & (FUNCTION_BODY | FUNCTION_WIRE) ? NULL : f;
}

vvm_value define_global(struct vvm_context *ctx, const struct vvm_unit *unit, const struct link *link,
                        vvm_value v, const struct vvm_function *f)
{
    int err = generation_define(ctx->node, link->global, unit->vmlet, v, f);
    if (!err) return VALUE_UNSPECIFIED;
    if (err == -ENOMEM) return raise_error(ctx, ERROR_HEAP, VALUE_DEFAULT);
    return raise_message(ctx, ERROR_PRIVILEGE, link->name, "a definition outside a load");
}

vvm_value define_function(struct vvm_context *ctx, const struct vvm_unit *unit, uint64_t w)
{
    const struct vvm_function *f = &unit->functions[word_b(w)], *entry = &unit->functions[word_c(w)];
    struct closure *c = make_closure(ctx, entry, 0);
    if (!c) return VALUE_EXCEPTION;
    bool body = (f->flags | entry->flags) & (FUNCTION_BODY | FUNCTION_WIRE);
    return define_global(ctx, unit, &unit->links[word_a(w)], object_value(c), body ? NULL : f);
}

vvm_value global_set(struct vvm_context *ctx, const struct vvm_unit *unit, const struct link *link,
                     vvm_value v)
{
    if (!binding_of(ctx, link) || binding_of(ctx, link)->value == VALUE_UNDEFINED)
        return raise_error(ctx, ERROR_UNBOUND, link->name);
    return global_assign(ctx, unit, link, v);
}
