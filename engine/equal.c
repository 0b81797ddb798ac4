/* SPDX-License-Identifier: Apache-2.0 */
/*
 * equal.c - eqv? and equal?.
 *
 * equal? is iterative: what is still to be compared stands in a worklist, so a
 * forged, deep value costs memory that is capped and never C stack. Circular
 * structure ends by the cap on comparisons.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "load.h"

#define EQUAL_WORK_MAX ((uint64_t)1 << 20)

/* Two equal flonums are one number to eqv? if their bits are: -0.0 is not 0.0. */
static bool flonums_eqv(vvm_value a, vvm_value b)
{
    double x = ((struct flonum *)value_pointer(a))->number, y = ((struct flonum *)value_pointer(b))->number;
    return (x == y && signbit(x) == signbit(y)) || (x != x && y != y);
}

bool values_eqv(vvm_value a, vvm_value b)
{
    if (a == b) return true;
    return has_type(a, TYPE_FLONUM) && has_type(b, TYPE_FLONUM) && flonums_eqv(a, b);
}

struct equal_work {
    vvm_value local[64];
    vvm_value *items;
    size_t count, room; /* in values; two a comparison */
};

static bool work_push(struct equal_work *w, vvm_value a, vvm_value b)
{
    if (w->count + 2 > w->room) {
        size_t room = w->room * 2;
        vvm_value *more = realloc(w->items == w->local ? NULL : w->items, room * sizeof *more);
        if (!more) return false;
        if (w->items == w->local) memcpy(more, w->local, sizeof w->local);
        w->items = more;
        w->room = room;
    }
    w->items[w->count++] = a;
    w->items[w->count++] = b;
    return true;
}

static bool push_items(struct equal_work *w, const vvm_value *a, const vvm_value *b, uint64_t length)
{
    while (length-- > 0)
        if (!work_push(w, a[length], b[length])) return false;
    return true;
}

/* Octets of a string or bytevector, compared in one go. */
static bool contents_equal(vvm_value a, vvm_value b, size_t width, uint64_t *work)
{
    uint64_t length = object_length(a);
    if (length != object_length(b)) return false;
    *work += length * width / 64;
    return memcmp((struct object *)value_pointer(a) + 1, (struct object *)value_pointer(b) + 1,
                  length * width) == 0;
}

static bool slots_equal(vvm_value a, vvm_value b)
{
    const struct slice *x = value_pointer(a), *y = value_pointer(b);
    return x->backing == y->backing && x->offset == y->offset && x->length == y->length;
}

/* Compare two objects of one type; what they contain goes to the worklist. */
static bool objects_equal(struct equal_work *w, vvm_value a, vvm_value b, uint64_t *work)
{
    enum object_type type = header_type(object_of(a)->header);
    if (type != header_type(object_of(b)->header)) return false;
    switch (type) {
    case TYPE_FLONUM: return flonums_eqv(a, b);
    case TYPE_STRING: return contents_equal(a, b, sizeof(uint32_t), work);
    case TYPE_BYTES: return contents_equal(a, b, 1, work);
    case TYPE_SLICE: return slots_equal(a, b);
    case TYPE_VECTOR:
        if (object_length(a) != object_length(b) || object_length(a) > EQUAL_WORK_MAX) return false;
        return push_items(w, ((struct vector *)value_pointer(a))->items,
                          ((struct vector *)value_pointer(b))->items, object_length(a));
    default: return false;
    }
}

static bool step(struct equal_work *w, vvm_value a, vvm_value b, uint64_t *work)
{
    if (a == b) return true;
    if (is_pair(a) && is_pair(b)) {
        ++*work;
        return work_push(w, cdr_of(a), cdr_of(b)) && work_push(w, car_of(a), car_of(b));
    }
    return is_object(a) && is_object(b) && objects_equal(w, a, b, work);
}

bool values_equal(vvm_value a, vvm_value b, uint64_t *work)
{
    struct equal_work w = {.items = w.local, .room = sizeof w.local / sizeof w.local[0]};
    uint64_t steps = 0, octets = 0;
    bool equal = step(&w, a, b, &octets);
    while (equal && w.count > 0) {
        w.count -= 2;
        equal = ++steps <= EQUAL_WORK_MAX && step(&w, w.items[w.count], w.items[w.count + 1], &octets);
    }
    if (w.items != w.local) free(w.items);
    if (work) *work += steps + octets;
    return equal;
}
