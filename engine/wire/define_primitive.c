/* SPDX-License-Identifier: Apache-2.0 */
/*
 * define_primitive.c - functions that a VMlet declares to stay in the packet profile.
 *
 * A generation lists them, newest first, as (name owner descriptor . procedure). Each
 * that is in force is checked when a load publishes, so that a helper that changed
 * under it is seen too.
 */
#include "../authority.h"
#include "primitives.h"
#include "state.h"

/* (%define-primitive 'name 'descriptor procedure) */
vvm_value primitive_define_primitive(struct vvm_context *ctx, unsigned n, const vvm_value *args)
{
    (void)n;
    struct vvm_generation *g = wire_candidate(ctx, "define-primitive");
    if (!g) return VALUE_EXCEPTION;
    if (!is_symbol(args[0])) return raise_type(ctx, "%define-primitive", 1, "symbol", args[0]);
    if (!has_type(args[2], TYPE_CLOSURE))
        return raise_type(ctx, "%define-primitive", 3, "procedure", args[2]);
    const struct closure *closure = value_pointer(args[2]);
    const struct vvm_vmlet *owner = authority_definer(ctx, closure->function);
    vvm_value entry = make_pair(ctx, args[1], args[2]);
    if (entry != VALUE_EXCEPTION) entry = make_pair(ctx, owner ? owner->name : VALUE_FALSE, entry);
    if (entry != VALUE_EXCEPTION) entry = make_pair(ctx, args[0], entry);
    vvm_value list = entry == VALUE_EXCEPTION ? entry : make_pair(ctx, entry, g->matches->primitives);
    if (list == VALUE_EXCEPTION) return list;
    g->matches->primitives = list;
    return VALUE_UNSPECIFIED;
}

/* True if an entry before `at` defines the same name of the same VMlet again. */
static bool is_replaced(vvm_value list, vvm_value at)
{
    for (; list != at; list = cdr_of(list))
        if (car_of(car_of(list)) == car_of(car_of(at)) &&
            car_of(cdr_of(car_of(list))) == car_of(cdr_of(car_of(at))))
            return true;
    return false;
}

int wire_each_primitive(struct vvm_context *ctx, const struct vvm_generation *g, packet_function each)
{
    vvm_value list = g->matches->primitives;
    for (vvm_value at = list; is_pair(at); at = cdr_of(at)) {
        vvm_value procedure = cdr_of(cdr_of(cdr_of(car_of(at))));
        if (is_replaced(list, at)) continue;
        int err = wire_each_procedure(ctx, g, procedure, "primitive", car_of(car_of(at)), each);
        if (err) return err;
    }
    return 0;
}
