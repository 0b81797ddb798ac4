/* SPDX-License-Identifier: Apache-2.0 */
/*
 * freeze.c - make a value constant, with all that it leads to: pairs, vectors, strings,
 * bytevectors and records. Each object is taken once, so circular ones end; a worklist
 * instead of C recursion, so deep ones do not matter.
 */
#include <errno.h>
#include <stdlib.h>

#include "machine.h"

struct pile {
    vvm_value *items;
    size_t count, room;
};

static bool is_freezable(vvm_value v)
{
    if (is_pair(v)) return true;
    if (!is_object(v)) return false;
    switch (header_type(object_of(v)->header)) {
    case TYPE_VECTOR:
    case TYPE_STRING:
    case TYPE_BYTES:
    case TYPE_RECORD: return true;
    default: return false;
    }
}

/* Freeze one object and remember to look into it. */
static int pile_add(struct pile *p, vvm_value v)
{
    if (!is_freezable(v) || is_frozen(v)) return 0;
    if (p->count == p->room) {
        size_t room = p->room ? p->room * 2 : 64;
        vvm_value *items = realloc(p->items, room * sizeof *items);
        if (!items) return -ENOMEM;
        p->items = items;
        p->room = room;
    }
    object_of(v)->header |= (uint64_t)FLAG_FROZEN << 8;
    p->items[p->count++] = v;
    return 0;
}

static int add_items(struct pile *p, const vvm_value *items, uint64_t count)
{
    int err = 0;
    for (uint64_t i = 0; i < count && !err; i++) err = pile_add(p, items[i]);
    return err;
}

static int add_parts(struct pile *p, vvm_value v)
{
    if (is_pair(v)) return add_items(p, &pair_of(v)->car, 2);
    if (has_type(v, TYPE_VECTOR))
        return add_items(p, ((struct vector *)value_pointer(v))->items, object_length(v));
    if (has_type(v, TYPE_RECORD))
        return add_items(p, ((struct record *)value_pointer(v))->fields, object_length(v) - 1);
    return 0;
}

int value_freeze(vvm_value v)
{
    struct pile p = {0};
    int err = pile_add(&p, v);
    while (p.count && !err) err = add_parts(&p, p.items[--p.count]);
    free(p.items);
    return err;
}
