/* SPDX-License-Identifier: Apache-2.0 */
/*
 * control.c - procedures, parameters, promises and winders as objects. Whatever calls
 * a procedure is written in prelude.vml over these.
 */
#include "lib.h"

static bool is_procedure(vvm_value v) { return value_is(v, CLASS_PROCEDURE); }
static bool is_parameter(vvm_value v) { return has_type(v, TYPE_PARAMETER); }
static bool is_promise(vvm_value v) { return has_type(v, TYPE_PROMISE); }

PRIMITIVE_FN(is_procedure_value) { return make_boolean(is_procedure(args[0])); }

static vvm_value two_slots(struct vvm_context *ctx, enum object_type type, vvm_value first, vvm_value second)
{
    struct vector *object = allocate(ctx, type, 2, sizeof *object + 2 * sizeof(vvm_value));
    if (!object) return VALUE_EXCEPTION;
    object->items[0] = first;
    object->items[1] = second;
    return object_value(object);
}

/* (%make-cases closure ...): the clauses of a case-lambda */
PRIMITIVE_FN(make_cases)
{
    for (unsigned i = 0; i < n; i++) NEED(has_type(args[i], TYPE_CLOSURE), "case-lambda", i, "procedure");
    struct vector *cases = allocate(ctx, TYPE_CASES, n, sizeof *cases + n * sizeof(vvm_value));
    if (!cases) return VALUE_EXCEPTION;
    for (unsigned i = 0; i < n; i++) cases->items[i] = args[i];
    return object_value(cases);
}

/* ---- parameters ---- */

PRIMITIVE_FN(make_parameter) { return two_slots(ctx, TYPE_PARAMETER, args[0], args[1]); }
PRIMITIVE_FN(is_parameter_value) { return make_boolean(is_parameter(args[0])); }

static vvm_value parameter_slot(struct vvm_context *ctx, const char *name, const vvm_value *args, unsigned i)
{
    NEED(is_parameter(args[0]), name, 0, "parameter");
    return vector_of(args[0])->items[i];
}
PRIMITIVE_FN(parameter_value) { return parameter_slot(ctx, "%parameter-value", args, 0); }
PRIMITIVE_FN(parameter_converter) { return parameter_slot(ctx, "%parameter-converter", args, 1); }

PRIMITIVE_FN(set_parameter)
{
    NEED(is_parameter(args[0]), "parameterize", 0, "parameter");
    vector_of(args[0])->items[0] = args[1];
    return VALUE_UNSPECIFIED;
}

/* ---- promises: done? and a value or thunk; or VALUE_DEFAULT and the promise that
 * it became one with, after delay-force ---- */

static vvm_value same_promise(vvm_value v)
{
    while (vector_of(v)->items[0] == VALUE_DEFAULT) v = vector_of(v)->items[1];
    return v;
}

PRIMITIVE_FN(make_promise) { return two_slots(ctx, TYPE_PROMISE, make_boolean(is_true(args[0])), args[1]); }
PRIMITIVE_FN(is_promise_value) { return make_boolean(is_promise(args[0])); }

PRIMITIVE_FN(promise_done)
{
    NEED(is_promise(args[0]), "force", 0, "promise");
    return vector_of(same_promise(args[0]))->items[0];
}

PRIMITIVE_FN(promise_value)
{
    NEED(is_promise(args[0]), "force", 0, "promise");
    return vector_of(same_promise(args[0]))->items[1];
}

/* (%promise-join! promise other): promise takes over other's state, and other becomes it. */
PRIMITIVE_FN(promise_join)
{
    NEED(is_promise(args[0]), "force", 0, "promise");
    NEED(is_promise(args[1]), "delay-force", 1, "promise");
    vvm_value promise = same_promise(args[0]), other = same_promise(args[1]);
    if (promise == other) return VALUE_UNSPECIFIED;
    vector_of(promise)->items[0] = vector_of(other)->items[0];
    vector_of(promise)->items[1] = vector_of(other)->items[1];
    vector_of(other)->items[0] = VALUE_DEFAULT;
    vector_of(other)->items[1] = promise;
    return VALUE_UNSPECIFIED;
}

/* ---- dynamic-wind ---- */

PRIMITIVE_FN(winders) { return ctx->winders; }

PRIMITIVE_FN(set_winders)
{
    NEED(is_null(args[0]) || is_pair(args[0]), "%set-winders!", 0, "list");
    ctx->winders = args[0];
    return VALUE_UNSPECIFIED;
}

/* Are all lists pairs still? For map over several lists. */
PRIMITIVE_FN(all_pairs)
{
    struct list_walk walk = list_walk_start(args[0]);
    for (vvm_value item; list_next(&walk, &item);)
        if (!is_pair(item)) return VALUE_FALSE;
    return fuel_charge(ctx, walk.steps / 4) ? VALUE_TRUE : VALUE_EXCEPTION;
}

/* (%check-end 'map rest): a list that a loop has walked must end in () */
PRIMITIVE_FN(check_end)
{
    if (is_null(args[1])) return VALUE_UNSPECIFIED;
    return raise_type(ctx, is_symbol(args[0]) ? symbol_name(args[0]) : "map", 2, "proper list", args[1]);
}

static vvm_value all_parts(struct vvm_context *ctx, vvm_value lists, bool first)
{
    struct list_tail out = list_tail_start();
    for (vvm_value at = lists; is_pair(at); at = cdr_of(at)) {
        if (!is_pair(car_of(at))) return raise_type(ctx, "map", 2, "list", car_of(at));
        if (!list_append_item(ctx, &out, first ? car_of(car_of(at)) : cdr_of(car_of(at))))
            return VALUE_EXCEPTION;
    }
    return out.first;
}
PRIMITIVE_FN(cars) { return all_parts(ctx, args[0], true); }
PRIMITIVE_FN(cdrs) { return all_parts(ctx, args[0], false); }

#define L EFFECT_LOAD
static const struct primitive_row rows[] = {
    PRIMITIVE("procedure?", is_procedure_value, 1, 1, 1, 0, "any -> boolean", "True of what can be called."),
    PRIMITIVE("%make-cases", make_cases, 0, -1, 4, EFFECT_CLOSURE | EFFECT_ALLOCATE,
              "procedure ... -> procedure", "The procedure that chooses one by the number of arguments."),
    PRIMITIVE("%check-end", check_end, 2, 2, 1, 0, "symbol any -> unspecified",
              "Error type unless the list has ended."),
    PRIMITIVE("%make-parameter", make_parameter, 2, 2, 4, L, "any converter-or-#f -> parameter",
              "A parameter with a converted value."),
    PRIMITIVE("%parameter?", is_parameter_value, 1, 1, 1, 0, "any -> boolean", "True of a parameter."),
    PRIMITIVE("%parameter-value", parameter_value, 1, 1, 1, L, "parameter -> any", "What calling it gives."),
    PRIMITIVE("%parameter-converter", parameter_converter, 1, 1, 1, L, "parameter -> procedure or #f",
              "What converts new values."),
    PRIMITIVE("%set-parameter-value!", set_parameter, 2, 2, 1, L, "parameter any -> unspecified",
              "Change the value, unconverted."),
    PRIMITIVE("%make-promise", make_promise, 2, 2, 4, L, "boolean any -> promise",
              "A promise: a value, or a thunk that gives a promise."),
    PRIMITIVE("promise?", is_promise_value, 1, 1, 1, 0, "any -> boolean", "True of a promise."),
    PRIMITIVE("%promise-done?", promise_done, 1, 1, 1, L, "promise -> boolean",
              "True if its value is known."),
    PRIMITIVE("%promise-value", promise_value, 1, 1, 1, L, "promise -> any", "Its value, or its thunk."),
    PRIMITIVE("%promise-join!", promise_join, 2, 2, 2, L, "promise promise -> unspecified",
              "Make two promises one."),
    PRIMITIVE("%winders", winders, 0, 0, 1, L, "-> list", "What dynamic-wind and parameterize have entered."),
    PRIMITIVE("%set-winders!", set_winders, 1, 1, 1, L, "list -> unspecified", "Change that list."),
    PRIMITIVE("%all-pairs?", all_pairs, 1, 1, 2, 0, "list -> boolean", "True if every element is a pair."),
    PRIMITIVE("%cars", cars, 1, 1, 4, EFFECT_ALLOCATE, "list -> list", "The first part of each element."),
    PRIMITIVE("%cdrs", cdrs, 1, 1, 4, EFFECT_ALLOCATE, "list -> list", "The second part of each element."),
};

int control_primitives(struct vvm_node *node) { return primitives_register(node, ROWS(rows)); }
