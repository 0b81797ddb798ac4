/* SPDX-License-Identifier: Apache-2.0 */
/*
 * image_value.c - constants in images: a tag, then what it needs. Both ways walk with
 * a stack of their own, so that deep data costs no C stack.
 */
#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "image.h"

/* ---- encoding ------------------------------------------------------------------------ */

/* What of a pair chain or vector is still to be written. */
struct open_value {
    vvm_value at;       /* vector, or the rest of the chain */
    uint32_t next, end; /* items written; items altogether */
};

struct value_stack {
    struct open_value open[IMAGE_DEPTH];
    unsigned depth;
};

static void refuse_value(struct image_encoder *e) { e->error = -EINVAL; }

static void encode_utf8(struct image_buffer *out, uint32_t c)
{
    if (c < 0x80) {
        put_octet(out, c);
        return;
    }
    unsigned more = c < 0x800 ? 1 : c < 0x10000 ? 2 : 3;
    put_octet(out, (0xff00u >> (more + 1) & 0xff) | c >> (6 * more));
    while (more--) put_octet(out, 0x80 | (c >> (6 * more) & 0x3f));
}

static void encode_string(struct image_encoder *e, const struct string *s)
{
    uint64_t length = header_length(s->header), octets = 0;
    for (uint64_t i = 0; i < length; i++) {
        uint32_t c = s->chars[i];
        if (c > 0x10ffff || (c >= 0xd800 && c < 0xe000)) {
            refuse_value(e);
            return;
        }
        octets += c < 0x80 ? 1 : c < 0x800 ? 2 : c < 0x10000 ? 3 : 4;
    }
    put_octet(&e->out, IMAGE_STRING);
    put_number(&e->out, octets);
    for (uint64_t i = 0; i < length && !e->out.failed; i++) encode_utf8(&e->out, s->chars[i]);
}

static void encode_fixnum(struct image_buffer *out, int64_t n)
{
    if (n >= IMAGE_SMALL - IMAGE_SMALL_ZERO && n <= 0xff - IMAGE_SMALL_ZERO) {
        put_octet(out, (unsigned)(n + IMAGE_SMALL_ZERO));
        return;
    }
    put_octet(out, IMAGE_FIXNUM);
    put_signed(out, n);
}

static void encode_immediate(struct image_encoder *e, vvm_value v)
{
    if (is_char(v)) {
        put_octet(&e->out, IMAGE_CHAR);
        put_number(&e->out, char_value(v));
    } else if (v > VALUE_UNDEFINED || v == VALUE_EXCEPTION) {
        refuse_value(e);
    } else { /* VALUE_EXCEPTION has no tag: undefined follows default */
        unsigned number = (unsigned)((v - VALUE_FALSE) / 8);
        put_octet(&e->out, v == VALUE_UNDEFINED ? IMAGE_UNDEFINED : IMAGE_FALSE + number);
    }
}

static void push_open(struct image_encoder *e, struct value_stack *stack, vvm_value v, uint32_t end)
{
    if (stack->depth < IMAGE_DEPTH) stack->open[stack->depth++] = (struct open_value){v, 0, end};
    else refuse_value(e);
}

/* A chain of pairs: how long it is, then its items, then its end unless that is (). */
static void encode_chain(struct image_encoder *e, struct value_stack *stack, vvm_value v)
{
    uint32_t length = 0;
    vvm_value rest = v;
    for (; is_pair(rest) && length <= IMAGE_MAX; rest = cdr_of(rest)) length++;
    if (length > IMAGE_MAX) {
        refuse_value(e); /* circular, or too long in any case */
        return;
    }
    bool dotted = !is_null(rest);
    put_octet(&e->out, dotted ? IMAGE_DOTTED : IMAGE_LIST);
    put_number(&e->out, length);
    push_open(e, stack, v, length + dotted);
}

static void encode_object(struct image_encoder *e, struct value_stack *stack, vvm_value v)
{
    uint64_t length = object_length(v);
    switch (header_type(object_of(v)->header)) {
    case TYPE_STRING: encode_string(e, value_pointer(v)); break;
    case TYPE_SYMBOL:
        put_octet(&e->out, IMAGE_SYMBOL);
        encode_name(e, symbol_name(v), length);
        break;
    case TYPE_FLONUM:
        put_octet(&e->out, IMAGE_FLONUM);
        put_octets(&e->out, &((struct flonum *)value_pointer(v))->number, sizeof(double));
        break;
    case TYPE_BYTES:
        put_octet(&e->out, IMAGE_BYTES);
        put_number(&e->out, length);
        put_octets(&e->out, ((struct bytes *)value_pointer(v))->data, length);
        break;
    case TYPE_VECTOR:
        put_octet(&e->out, IMAGE_VECTOR);
        put_number(&e->out, length);
        if (length > IMAGE_MAX) refuse_value(e);
        else push_open(e, stack, v, (uint32_t)length);
        break;
    default: refuse_value(e);
    }
}

static void encode_one(struct image_encoder *e, struct value_stack *stack, vvm_value v)
{
    if (is_fixnum(v)) encode_fixnum(&e->out, fixnum_value(v));
    else if (is_pair(v)) encode_chain(e, stack, v);
    else if (is_object(v)) encode_object(e, stack, v);
    else if (value_tag(v) == TAG_IMMEDIATE) encode_immediate(e, v);
    else refuse_value(e);
}

static vvm_value next_item(struct open_value *o)
{
    if (!is_pair(o->at) && has_type(o->at, TYPE_VECTOR))
        return ((struct vector *)value_pointer(o->at))->items[o->next++];
    o->next++;
    vvm_value item = is_pair(o->at) ? car_of(o->at) : o->at;
    if (is_pair(o->at)) o->at = cdr_of(o->at);
    return item;
}

void encode_value(struct image_encoder *e, vvm_value v)
{
    struct value_stack stack = {.depth = 0};
    encode_one(e, &stack, v);
    while (stack.depth && !e->error && !e->out.failed) {
        struct open_value *top = &stack.open[stack.depth - 1];
        if (top->next == top->end) stack.depth--;
        else encode_one(e, &stack, next_item(top));
    }
}

/* ---- decoding ------------------------------------------------------------------------- */

struct build {
    enum image_tag tag;
    uint32_t base, wanted; /* where its items begin on the item stack; how many */
};

struct build_stack {
    struct build open[IMAGE_DEPTH];
    unsigned depth;
    vvm_value *items;
    size_t count, room;
};

static void push_item(struct image_decoder *d, struct build_stack *stack, vvm_value v)
{
    if (stack->count == stack->room) {
        size_t room = stack->room ? stack->room * 2 : 64;
        vvm_value *items = realloc(stack->items, room * sizeof *items);
        if (!items) {
            cursor_fail(&d->in, "out of memory");
            return;
        }
        stack->items = items;
        stack->room = room;
    }
    stack->items[stack->count++] = v;
}

static vvm_value decode_flonum(struct image_decoder *d)
{
    const uint8_t *octets = take_octets(&d->in, sizeof(double));
    double number = 0;
    if (octets) memcpy(&number, octets, sizeof number);
    return make_flonum(&d->scratch, number);
}

static vvm_value decode_char(struct image_decoder *d)
{
    uint32_t c = take_below(&d->in, 0x10ffff, "no such character");
    if (c >= 0xd800 && c < 0xe000) cursor_fail(&d->in, "no such character");
    return make_char(c);
}

static vvm_value decode_run(struct image_decoder *d, enum image_tag tag)
{
    uint32_t count = take_count(&d->in, IMAGE_MAX, "a string is too long");
    const uint8_t *octets = take_octets(&d->in, count);
    if (!octets) return VALUE_FALSE;
    return tag == IMAGE_STRING ? make_string_utf8(&d->scratch, (const char *)octets, count)
                               : make_bytes_from(&d->scratch, octets, count);
}

static vvm_value decode_atom(struct image_decoder *d, enum image_tag tag)
{
    switch (tag) {
    case IMAGE_FIXNUM: {
        int64_t n = take_signed(&d->in);
        if (!fits_fixnum(n)) cursor_fail(&d->in, "an integer does not fit");
        return make_fixnum(n);
    }
    case IMAGE_CHAR: return decode_char(d);
    case IMAGE_STRING:
    case IMAGE_BYTES: return decode_run(d, tag);
    case IMAGE_SYMBOL: return decode_name(d);
    case IMAGE_FLONUM: return decode_flonum(d);
    case IMAGE_UNDEFINED: return VALUE_UNDEFINED;
    case IMAGE_FALSE:
    case IMAGE_TRUE:
    case IMAGE_NULL:
    case IMAGE_UNSPECIFIED:
    case IMAGE_EOF:
    case IMAGE_DEFAULT: return VALUE_FALSE + (tag - IMAGE_FALSE) * UINT64_C(8);
    default:
        if (tag >= IMAGE_SMALL) return make_fixnum((int64_t)tag - IMAGE_SMALL_ZERO);
        cursor_fail(&d->in, "a constant of unknown kind");
        return VALUE_FALSE;
    }
}

static bool is_compound(enum image_tag tag)
{
    return tag == IMAGE_LIST || tag == IMAGE_DOTTED || tag == IMAGE_VECTOR;
}

/* Begin a list or vector: its items are read onto the stack first. */
static void open_compound(struct image_decoder *d, struct build_stack *stack, enum image_tag tag)
{
    uint32_t count = take_count(&d->in, IMAGE_MAX, "a list is too long");
    if (stack->depth == IMAGE_DEPTH) cursor_fail(&d->in, "constants are nested too deeply");
    if (!count && tag != IMAGE_VECTOR) cursor_fail(&d->in, "a list of no items");
    if (d->in.fault) return;
    uint32_t wanted = count + (tag == IMAGE_DOTTED ? 1 : 0);
    stack->open[stack->depth++] = (struct build){tag, (uint32_t)stack->count, wanted};
}

/* All items of the innermost list or vector are there: make it. */
static vvm_value close_compound(struct image_decoder *d, struct build_stack *stack)
{
    const struct build *b = &stack->open[--stack->depth];
    const vvm_value *items = stack->items ? stack->items + b->base : NULL;
    uint32_t n = b->wanted;
    stack->count = b->base;
    if (b->tag == IMAGE_VECTOR) {
        vvm_value v = make_vector(&d->scratch, n, VALUE_FALSE);
        if (v != VALUE_EXCEPTION && n)
            memcpy(((struct vector *)value_pointer(v))->items, items, n * sizeof *items);
        return v;
    }
    assert(stack->items && n);
    vvm_value list = b->tag == IMAGE_DOTTED ? items[--n] : VALUE_NULL;
    while (n && list != VALUE_EXCEPTION) list = make_pair(&d->scratch, items[--n], list);
    return list;
}

static void decode_items(struct image_decoder *d, struct build_stack *stack)
{
    do {
        const struct build *top = stack->depth ? &stack->open[stack->depth - 1] : NULL;
        vvm_value v;
        if (top && stack->count - top->base == top->wanted) {
            v = close_compound(d, stack);
        } else {
            enum image_tag tag = (enum image_tag)take_octet(&d->in);
            if (is_compound(tag)) {
                open_compound(d, stack, tag);
                continue;
            }
            v = decode_atom(d, tag);
        }
        if (v == VALUE_EXCEPTION) cursor_fail(&d->in, "the constants are too big");
        else push_item(d, stack, v);
    } while (stack->depth && !d->in.fault);
}

vvm_value decode_value(struct image_decoder *d)
{
    struct build_stack stack = {.depth = 0};
    decode_items(d, &stack);
    vvm_value v = d->in.fault ? VALUE_FALSE : stack.items[0];
    free(stack.items);
    return v;
}
