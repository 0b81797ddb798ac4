/* SPDX-License-Identifier: Apache-2.0 */
/*
 * list.c - pairs and lists. What takes a procedure is in prelude.vml.
 */
#include "lib.h"

#include <assert.h>

bool list_next(struct list_walk *walk, vvm_value *item)
{
    if (!is_pair(walk->at)) return false;
    if (walk->at == walk->mark) {
        walk->cyclic = true;
        return false;
    }
    if (++walk->steps == walk->leap) {
        walk->mark = walk->at;
        walk->leap *= 2;
    }
    *item = car_of(walk->at);
    walk->at = cdr_of(walk->at);
    return true;
}

int64_t list_length(vvm_value v)
{
    struct list_walk walk = list_walk_start(v);
    vvm_value item;
    while (list_next(&walk, &item)) {}
    return walk.cyclic || !is_null(walk.at) ? -1 : (int64_t)walk.steps;
}

bool list_argument(struct vvm_context *ctx, const char *name, const vvm_value *args, unsigned i,
                   size_t *length)
{
    int64_t count = list_length(args[i]);
    if (count < 0) {
        raise_type(ctx, name, i + 1, "proper list", args[i]);
        return false;
    }
    *length = (size_t)count;
    return fuel_charge(ctx, (uint64_t)count / 8);
}

bool list_append_item(struct vvm_context *ctx, struct list_tail *list, vvm_value item)
{
    vvm_value pair = make_pair(ctx, item, VALUE_NULL);
    if (pair == VALUE_EXCEPTION) return false;
    assert(!list->last == is_null(list->first));
    if (list->last) list->last->cdr = pair;
    else list->first = pair;
    list->last = pair_of(pair);
    return true;
}

vvm_value list_from(struct vvm_context *ctx, const vvm_value *items, size_t count, vvm_value tail)
{
    while (count > 0 && tail != VALUE_EXCEPTION) tail = make_pair(ctx, items[--count], tail);
    return tail;
}

PRIMITIVE_FN(cons) { return make_pair(ctx, args[0], args[1]); }

PRIMITIVE_FN(car)
{
    NEED(is_pair(args[0]), "car", 0, "pair");
    return car_of(args[0]);
}

PRIMITIVE_FN(cdr)
{
    NEED(is_pair(args[0]), "cdr", 0, "pair");
    return cdr_of(args[0]);
}

/* path: the letters between c and r, applied from the right */
static vvm_value walk_path(struct vvm_context *ctx, const char *name, const vvm_value *args)
{
    vvm_value v = args[0];
    const char *letter = name;
    while (*letter != 'r') letter++;
    while (*--letter != 'c') {
        if (!is_pair(v)) return raise_type(ctx, name, 1, "pair", args[0]);
        v = *letter == 'a' ? car_of(v) : cdr_of(v);
    }
    return v;
}
/* A table: clang-format moves one entry each time it runs. */
/* clang-format off */
#define PATHS(P)                                                                                             \
    P(caar) P(cadr) P(cdar) P(cddr)                                                                          \
    P(caaar) P(caadr) P(cadar) P(caddr) P(cdaar) P(cdadr) P(cddar) P(cdddr)                                  \
    P(caaaar) P(caaadr) P(caadar) P(caaddr) P(cadaar) P(cadadr) P(caddar) P(cadddr)                          \
    P(cdaaar) P(cdaadr) P(cdadar) P(cdaddr) P(cddaar) P(cddadr) P(cdddar) P(cddddr)
/* clang-format on */
#define P(name)                                                                                              \
    PRIMITIVE_FN(name) { return walk_path(ctx, #name, args); }
PATHS(P)
#undef P

static vvm_value set_part(struct vvm_context *ctx, const char *name, const vvm_value *args, bool first)
{
    NEED(is_pair(args[0]), name, 0, "pair");
    if (!mutable_argument(ctx, args[0])) return VALUE_EXCEPTION;
    if (first) pair_of(args[0])->car = args[1];
    else pair_of(args[0])->cdr = args[1];
    return VALUE_UNSPECIFIED;
}
PRIMITIVE_FN(set_car) { return set_part(ctx, "set-car!", args, true); }
PRIMITIVE_FN(set_cdr) { return set_part(ctx, "set-cdr!", args, false); }

PRIMITIVE_FN(list) { return list_from(ctx, args, n, VALUE_NULL); }
PRIMITIVE_FN(list_star) { return list_from(ctx, args, n - 1, args[n - 1]); }

/* (a b (c d)) -> (a b c d): the arguments of apply */
PRIMITIVE_FN(spread)
{
    struct list_tail out = list_tail_start();
    vvm_value at = args[0];
    NEED(is_pair(at) && list_length(at) >= 0, "apply", 0, "list");
    for (; !is_null(cdr_of(at)); at = cdr_of(at))
        if (!list_append_item(ctx, &out, car_of(at))) return VALUE_EXCEPTION;
    if (list_length(car_of(at)) < 0) return raise_type(ctx, "apply", 0, "proper list", car_of(at));
    if (out.last) out.last->cdr = car_of(at);
    else out.first = car_of(at);
    return out.first;
}

PRIMITIVE_FN(make_list)
{
    size_t count;
    vvm_value result = VALUE_NULL;
    if (!size_argument(ctx, "make-list", args, 0, &count) || !fuel_charge(ctx, count)) return VALUE_EXCEPTION;
    while (count-- > 0 && result != VALUE_EXCEPTION)
        result = make_pair(ctx, n > 1 ? args[1] : VALUE_FALSE, result);
    return result;
}

PRIMITIVE_FN(length)
{
    size_t count;
    if (!list_argument(ctx, "length", args, 0, &count)) return VALUE_EXCEPTION;
    return make_fixnum((int64_t)count);
}

PRIMITIVE_FN(is_list)
{
    struct list_walk walk = list_walk_start(args[0]);
    vvm_value item;
    while (list_next(&walk, &item)) {}
    if (!fuel_charge(ctx, walk.steps / 8)) return VALUE_EXCEPTION;
    return make_boolean(!walk.cyclic && is_null(walk.at));
}

/* Copies of the pairs of `from` onto the end of *out. */
static bool copy_items(struct vvm_context *ctx, struct list_tail *out, vvm_value from)
{
    for (; is_pair(from); from = cdr_of(from))
        if (!list_append_item(ctx, out, car_of(from))) return false;
    return true;
}

PRIMITIVE_FN(append)
{
    struct list_tail out = list_tail_start();
    size_t length;
    if (n == 0) return VALUE_NULL;
    for (unsigned i = 0; i + 1 < n; i++)
        if (!list_argument(ctx, "append", args, i, &length) || !fuel_charge(ctx, length) ||
            !copy_items(ctx, &out, args[i]))
            return VALUE_EXCEPTION;
    if (!out.last) return args[n - 1];
    out.last->cdr = args[n - 1];
    return out.first;
}

PRIMITIVE_FN(reverse)
{
    size_t length;
    vvm_value result = VALUE_NULL;
    if (!list_argument(ctx, "reverse", args, 0, &length) || !fuel_charge(ctx, length)) return VALUE_EXCEPTION;
    for (vvm_value at = args[0]; is_pair(at) && result != VALUE_EXCEPTION; at = cdr_of(at))
        result = make_pair(ctx, car_of(at), result);
    return result;
}

PRIMITIVE_FN(append_reverse)
{
    size_t length;
    vvm_value result = args[1];
    if (!list_argument(ctx, "append-reverse", args, 0, &length) || !fuel_charge(ctx, length))
        return VALUE_EXCEPTION;
    for (vvm_value at = args[0]; is_pair(at) && result != VALUE_EXCEPTION; at = cdr_of(at))
        result = make_pair(ctx, car_of(at), result);
    return result;
}

PRIMITIVE_FN(list_copy)
{
    struct list_walk walk = list_walk_start(args[0]);
    struct list_tail out = list_tail_start();
    vvm_value item;
    while (list_next(&walk, &item)) {}
    if (walk.cyclic) return raise_type(ctx, "list-copy", 1, "list that ends", args[0]);
    if (!fuel_charge(ctx, walk.steps) || !copy_items(ctx, &out, args[0])) return VALUE_EXCEPTION;
    if (!out.last) return args[0];
    out.last->cdr = walk.at;
    return out.first;
}

/* The pair or tail k steps down, or VALUE_EXCEPTION. */
static vvm_value tail_at(struct vvm_context *ctx, const char *name, const vvm_value *args)
{
    vvm_value at = args[0];
    size_t k;
    if (!index_argument(ctx, name, args, 1, HEADER_LENGTH_MAX, &k)) return VALUE_EXCEPTION;
    for (size_t i = 0; i < k; i++) {
        if (!is_pair(at)) return raise_error(ctx, ERROR_BOUNDS, args[1]);
        if ((i & 63) == 63 && !fuel_charge(ctx, 8)) return VALUE_EXCEPTION;
        at = cdr_of(at);
    }
    return at;
}
PRIMITIVE_FN(list_tail) { return tail_at(ctx, "list-tail", args); }

PRIMITIVE_FN(list_ref)
{
    vvm_value at = tail_at(ctx, "list-ref", args);
    if (at == VALUE_EXCEPTION) return at;
    return is_pair(at) ? car_of(at) : raise_error(ctx, ERROR_BOUNDS, args[1]);
}

PRIMITIVE_FN(list_set)
{
    vvm_value at = tail_at(ctx, "list-set!", args);
    if (at == VALUE_EXCEPTION) return at;
    if (!is_pair(at)) return raise_error(ctx, ERROR_BOUNDS, args[1]);
    return set_part(ctx, "list-set!", (const vvm_value[]){at, args[2]}, true);
}

PRIMITIVE_FN(list_head)
{
    struct list_tail out = list_tail_start();
    vvm_value at = args[0];
    size_t k;
    if (!size_argument(ctx, "list-head", args, 1, &k) || !fuel_charge(ctx, k)) return VALUE_EXCEPTION;
    for (; k > 0; k--, at = cdr_of(at)) {
        if (!is_pair(at)) return raise_error(ctx, ERROR_BOUNDS, args[1]);
        if (!list_append_item(ctx, &out, car_of(at))) return VALUE_EXCEPTION;
    }
    return out.first;
}

PRIMITIVE_FN(last_pair)
{
    NEED(is_pair(args[0]), "last-pair", 0, "pair");
    struct list_walk walk = list_walk_start(args[0]);
    vvm_value item, last = args[0];
    for (; list_next(&walk, &item); last = is_pair(walk.at) ? walk.at : last) {}
    if (walk.cyclic) return raise_type(ctx, "last-pair", 1, "list that ends", args[0]);
    return fuel_charge(ctx, walk.steps / 8) ? last : VALUE_EXCEPTION;
}

PRIMITIVE_FN(last)
{
    vvm_value pair = last_pair(ctx, n, args);
    return pair == VALUE_EXCEPTION ? pair : car_of(pair);
}

/* ---- searching ---- */

typedef bool (*same_fn)(vvm_value a, vvm_value b, uint64_t *work);
static bool same_eq(vvm_value a, vvm_value b, uint64_t *work) { return a == b; }
static bool same_eqv(vvm_value a, vvm_value b, uint64_t *work) { return values_eqv(a, b); }

/* Pay for comparisons as they go on: each of them may be long. */
static bool pay_work(struct vvm_context *ctx, uint64_t *work)
{
    uint64_t units = *work;
    *work = 0;
    return fuel_charge(ctx, units);
}

/* The pair whose car is the key: memq and its kin */
static vvm_value member_by(struct vvm_context *ctx, const char *name, const vvm_value *args, same_fn same)
{
    struct list_walk walk = list_walk_start(args[1]);
    uint64_t work = 0;
    vvm_value item, here = args[1];
    while (list_next(&walk, &item)) {
        if (same(args[0], item, &work))
            return fuel_charge(ctx, work + walk.steps / 8) ? here : VALUE_EXCEPTION;
        here = walk.at;
        if (!pay_work(ctx, &work)) return VALUE_EXCEPTION;
    }
    if (!fuel_charge(ctx, work + walk.steps / 8)) return VALUE_EXCEPTION;
    if (walk.cyclic || !is_null(walk.at)) return raise_type(ctx, name, 2, "proper list", args[1]);
    return VALUE_FALSE;
}
PRIMITIVE_FN(memq) { return member_by(ctx, "memq", args, same_eq); }
PRIMITIVE_FN(memv) { return member_by(ctx, "memv", args, same_eqv); }
PRIMITIVE_FN(member) { return member_by(ctx, "member", args, values_equal); }

static vvm_value assoc_by(struct vvm_context *ctx, const char *name, const vvm_value *args, same_fn same)
{
    struct list_walk walk = list_walk_start(args[1]);
    uint64_t work = 0;
    vvm_value item;
    while (list_next(&walk, &item)) {
        if (!is_pair(item)) return raise_type(ctx, name, 2, "association list", args[1]);
        if (same(args[0], car_of(item), &work))
            return fuel_charge(ctx, work + walk.steps / 8) ? item : VALUE_EXCEPTION;
        if (!pay_work(ctx, &work)) return VALUE_EXCEPTION;
    }
    if (!fuel_charge(ctx, work + walk.steps / 8)) return VALUE_EXCEPTION;
    if (walk.cyclic || !is_null(walk.at)) return raise_type(ctx, name, 2, "association list", args[1]);
    return VALUE_FALSE;
}
PRIMITIVE_FN(assq) { return assoc_by(ctx, "assq", args, same_eq); }
PRIMITIVE_FN(assv) { return assoc_by(ctx, "assv", args, same_eqv); }
PRIMITIVE_FN(assoc) { return assoc_by(ctx, "assoc", args, values_equal); }

/* ---- list in, list out, by equal? ---- */

PRIMITIVE_FN(delete_item)
{
    struct list_tail out = list_tail_start();
    uint64_t work = 0;
    size_t length;
    if (!list_argument(ctx, "delete", args, 1, &length)) return VALUE_EXCEPTION;
    for (vvm_value at = args[1]; is_pair(at); at = cdr_of(at)) {
        bool equal = values_equal(args[0], car_of(at), &work);
        if (!pay_work(ctx, &work) || (!equal && !list_append_item(ctx, &out, car_of(at))))
            return VALUE_EXCEPTION;
    }
    return fuel_charge(ctx, length) ? out.first : VALUE_EXCEPTION;
}

PRIMITIVE_FN(iota)
{
    size_t count;
    struct list_tail out = list_tail_start();
    if (!size_argument(ctx, "iota", args, 0, &count) || !fuel_charge(ctx, count)) return VALUE_EXCEPTION;
    for (unsigned i = 1; i < n; i++) NEED(is_fixnum(args[i]), "iota", i, "integer");
    int64_t value = n > 1 ? fixnum_value(args[1]) : 0, step = n > 2 ? fixnum_value(args[2]) : 1;
    for (size_t i = 0; i < count; i++, value += step) {
        if (!fits_fixnum(value)) return raise_error(ctx, ERROR_INTEGER_RANGE, VALUE_DEFAULT);
        if (!list_append_item(ctx, &out, make_fixnum(value))) return VALUE_EXCEPTION;
    }
    return out.first;
}

PRIMITIVE_FN(is_pair_value) { return make_boolean(is_pair(args[0])); }
PRIMITIVE_FN(is_null_value) { return make_boolean(is_null(args[0])); }
PRIMITIVE_FN(is_eq) { return make_boolean(args[0] == args[1]); }
PRIMITIVE_FN(is_eqv) { return make_boolean(values_eqv(args[0], args[1])); }
PRIMITIVE_FN(not_value) { return make_boolean(args[0] == VALUE_FALSE); }

PRIMITIVE_FN(is_equal)
{
    uint64_t work = 0;
    bool equal = values_equal(args[0], args[1], &work);
    return fuel_charge(ctx, work) ? make_boolean(equal) : VALUE_EXCEPTION;
}

static const struct primitive_row rows[] = {
    PRIMITIVE("cons", cons, 2, 2, 2, EFFECT_ALLOCATE, "any any -> pair", "A new pair."),
    PRIMITIVE("car", car, 1, 1, 1, 0, "pair -> any", "The first part of a pair."),
    PRIMITIVE("cdr", cdr, 1, 1, 1, 0, "pair -> any", "The second part of a pair."),
#define P(name)                                                                                              \
    PRIMITIVE(#name, name, 1, 1, 2, 0, "pair -> any", "A chain of car and cdr, read from the right."),
    PATHS(P)
#undef P
        PRIMITIVE("set-car!", set_car, 2, 2, 1, EFFECT_LOAD, "pair any -> unspecified",
                  "Change the first part."),
    PRIMITIVE("set-cdr!", set_cdr, 2, 2, 1, EFFECT_LOAD, "pair any -> unspecified",
              "Change the second part."),
    PRIMITIVE("list", list, 0, -1, 4, EFFECT_ALLOCATE, "any ... -> list", "A list of the arguments."),
    PRIMITIVE("cons*", list_star, 1, -1, 4, EFFECT_ALLOCATE, "any ... any -> any",
              "A list of the arguments, the last one being its tail."),
    PRIMITIVE("%spread", spread, 1, 1, 4, EFFECT_ALLOCATE, "list -> list",
              "The elements of a list whose last element is itself a list of further ones."),
    PRIMITIVE("make-list", make_list, 1, 2, 4, EFFECT_ALLOCATE, "integer [any] -> list",
              "A list of so many equal elements."),
    PRIMITIVE("length", length, 1, 1, 2, 0, "list -> integer",
              "The number of elements; an error if it has no end."),
    PRIMITIVE("list?", is_list, 1, 1, 2, 0, "any -> boolean", "True of a proper list."),
    PRIMITIVE("append", append, 0, -1, 4, EFFECT_ALLOCATE, "list ... any -> any",
              "The elements of all lists; the last argument is shared."),
    PRIMITIVE("reverse", reverse, 1, 1, 4, EFFECT_ALLOCATE, "list -> list", "The elements, last first."),
    PRIMITIVE("append-reverse", append_reverse, 2, 2, 4, EFFECT_ALLOCATE, "list any -> any",
              "The elements of the first, last first, before the second."),
    PRIMITIVE("list-copy", list_copy, 1, 1, 4, EFFECT_ALLOCATE, "any -> any",
              "New pairs with the same elements."),
    PRIMITIVE("list-tail", list_tail, 2, 2, 2, 0, "list integer -> any",
              "What is left after so many elements."),
    PRIMITIVE("list-ref", list_ref, 2, 2, 2, 0, "list integer -> any", "The element at that index."),
    PRIMITIVE("list-set!", list_set, 3, 3, 2, EFFECT_LOAD, "list integer any -> unspecified",
              "Change the element at that index."),
    PRIMITIVE("list-head", list_head, 2, 2, 4, EFFECT_ALLOCATE, "list integer -> list",
              "The first so many elements."),
    PRIMITIVE("last-pair", last_pair, 1, 1, 2, 0, "pair -> pair", "The last pair of a list."),
    PRIMITIVE("last", last, 1, 1, 2, 0, "pair -> any", "The last element of a list."),
    PRIMITIVE("memq", memq, 2, 2, 2, 0, "any list -> list or #f",
              "The list from the first element that is eq? on."),
    PRIMITIVE("memv", memv, 2, 2, 2, 0, "any list -> list or #f",
              "The list from the first element that is eqv? on."),
    PRIMITIVE("%member", member, 2, 2, 2, 0, "any list -> list or #f",
              "The list from the first element that is equal? on."),
    PRIMITIVE("assq", assq, 2, 2, 2, 0, "any list -> pair or #f", "The first pair whose car is eq?."),
    PRIMITIVE("assv", assv, 2, 2, 2, 0, "any list -> pair or #f", "The first pair whose car is eqv?."),
    PRIMITIVE("%assoc", assoc, 2, 2, 2, 0, "any list -> pair or #f", "The first pair whose car is equal?."),
    PRIMITIVE("delete", delete_item, 2, 2, 4, EFFECT_ALLOCATE, "any list -> list",
              "The elements that are not equal?."),
    PRIMITIVE("iota", iota, 1, 3, 4, EFFECT_ALLOCATE, "integer [integer integer] -> list",
              "So many integers from a start, by a step."),
    PRIMITIVE("pair?", is_pair_value, 1, 1, 1, 0, "any -> boolean", "True of a pair."),
    PRIMITIVE("null?", is_null_value, 1, 1, 1, 0, "any -> boolean", "True of the empty list."),
    PRIMITIVE("eq?", is_eq, 2, 2, 1, 0, "any any -> boolean",
              "True if both are one object, small number or character."),
    PRIMITIVE("eqv?", is_eqv, 2, 2, 1, 0, "any any -> boolean", "As eq?, and true of the same flonum."),
    PRIMITIVE("equal?", is_equal, 2, 2, 2, 0, "any any -> boolean",
              "True of structures with the same content."),
    PRIMITIVE("not", not_value, 1, 1, 1, 0, "any -> boolean", "True of #f only."),
};

int list_primitives(struct vvm_node *node) { return primitives_register(node, ROWS(rows)); }
