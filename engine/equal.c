/* SPDX-License-Identifier: Apache-2.0 */
/*
 * equal.c - eqv? and equal?.
 *
 * equal? is iterative: what is still to be compared stands in a worklist, so that a
 * forged, deep value never costs C stack. Once a comparison has gone on for a while it
 * remembers which objects it has taken for equal, as classes (union and find): circles
 * end, and what is shared is looked at once, so the work is no more than the objects.
 */
#include <assert.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "load.h"

#define EQUAL_PLAIN_STEPS 4096u      /* before classes are kept */
#define EQUAL_NODES_MAX   (1u << 24) /* more objects than that are not equal */
#define NO_NODE           UINT32_MAX

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

/* ---- classes of objects that were taken for equal ------------------------------------- */

struct node {
    vvm_value value;
    uint32_t parent; /* itself: it stands for its class */
};

struct classes {
    struct node *nodes;
    uint32_t *index; /* open addressing by value; node + 1. Twice `room`, a power of two */
    uint32_t count, room;
};

static uint32_t *index_place(const struct classes *c, vvm_value v)
{
    uint32_t mask = 2 * c->room - 1;
    uint32_t at = (uint32_t)(v * UINT64_C(0x9e3779b97f4a7c15) >> 32) & mask;
    while (c->index[at] && c->nodes[c->index[at] - 1].value != v) at = (at + 1) & mask;
    return &c->index[at];
}

static bool grow_classes(struct classes *c)
{
    uint32_t room = c->room ? 2 * c->room : 1024;
    struct node *nodes = room > EQUAL_NODES_MAX ? NULL : realloc(c->nodes, room * sizeof *nodes);
    if (nodes) c->nodes = nodes;
    uint32_t *index = nodes ? calloc((size_t)room * 2, sizeof *index) : NULL;
    if (!index) return false;
    free(c->index);
    c->index = index;
    c->room = room;
    for (uint32_t i = 0; i < c->count; i++) *index_place(c, c->nodes[i].value) = i + 1;
    return true;
}

/* The node that stands for the object's class. */
static uint32_t class_of(struct classes *c, vvm_value v)
{
    if (c->count == c->room && !grow_classes(c)) return NO_NODE;
    uint32_t *place = index_place(c, v);
    if (!*place) {
        c->nodes[c->count] = (struct node){v, c->count};
        *place = ++c->count;
    }
    uint32_t i = *place - 1;
    while (c->nodes[i].parent != i) {
        c->nodes[i].parent = c->nodes[c->nodes[i].parent].parent;
        i = c->nodes[i].parent;
    }
    return i;
}

enum joined { JOINED_NOW, JOINED_BEFORE, JOINED_NOT };

/* Take a and b for equal. */
static enum joined join(struct classes *c, vvm_value a, vvm_value b)
{
    uint32_t i = class_of(c, a), j = class_of(c, b);
    if (i == NO_NODE || j == NO_NODE) return JOINED_NOT;
    if (i == j) return JOINED_BEFORE;
    assert(c->nodes[i].parent == i && c->nodes[j].parent == j); /* both stand for their classes */
    c->nodes[i].parent = j;
    return JOINED_NOW;
}

/* ---- what is still to be compared -------------------------------------------------------- */

struct equal_work {
    vvm_value local[64];
    vvm_value *items;
    size_t count, room; /* in values; two a comparison */
    uint64_t steps;
    struct classes classes;
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

static bool is_atom(vvm_value v) { return !is_pair(v) && !is_object(v); }

static bool push_items(struct equal_work *w, const vvm_value *a, const vvm_value *b, uint64_t length)
{
    w->steps += length / 16;
    for (; length-- > 0;) {
        if (a[length] == b[length]) continue;
        if (is_atom(a[length]) || is_atom(b[length]) || !work_push(w, a[length], b[length])) return false;
    }
    return true;
}

/* True: whatever a and b hold is compared already, or waits to be. */
static bool is_settled(struct equal_work *w, vvm_value a, vvm_value b, bool *equal)
{
    enum joined joined = w->steps < EQUAL_PLAIN_STEPS ? JOINED_NOW : join(&w->classes, a, b);
    *equal = joined != JOINED_NOT;
    return joined != JOINED_NOW;
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
    bool equal;
    enum object_type type = header_type(object_of(a)->header);
    if (type != header_type(object_of(b)->header)) return false;
    switch (type) {
    case TYPE_FLONUM: return flonums_eqv(a, b);
    case TYPE_STRING: return contents_equal(a, b, sizeof(uint32_t), work);
    case TYPE_BYTES: return contents_equal(a, b, 1, work);
    case TYPE_SLICE: return slots_equal(a, b);
    case TYPE_VECTOR:
        if (object_length(a) != object_length(b)) return false;
        if (is_settled(w, a, b, &equal)) return equal;
        return push_items(w, ((struct vector *)value_pointer(a))->items,
                          ((struct vector *)value_pointer(b))->items, object_length(a));
    default: return false;
    }
}

static bool step(struct equal_work *w, vvm_value a, vvm_value b, uint64_t *work)
{
    bool equal;
    w->steps++;
    if (a == b) return true;
    if (!is_pair(a) || !is_pair(b)) return is_object(a) && is_object(b) && objects_equal(w, a, b, work);
    ++*work;
    if (is_settled(w, a, b, &equal)) return equal;
    return work_push(w, cdr_of(a), cdr_of(b)) && work_push(w, car_of(a), car_of(b));
}

bool values_equal(vvm_value a, vvm_value b, uint64_t *work)
{
    struct equal_work w = {.items = w.local, .room = sizeof w.local / sizeof w.local[0]};
    uint64_t octets = 0;
    bool equal = step(&w, a, b, &octets);
    while (equal && w.count > 0) {
        assert(w.count % 2 == 0 && w.count <= w.room);
        w.count -= 2;
        equal = step(&w, w.items[w.count], w.items[w.count + 1], &octets);
    }
    if (w.items != w.local) free(w.items);
    free(w.classes.nodes);
    free(w.classes.index);
    if (work) *work += w.steps + octets;
    return equal;
}
