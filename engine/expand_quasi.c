/* SPDX-License-Identifier: Apache-2.0 */
/*
 * expand_quasi.c - quote, which strips aliases, and quasiquote with its levels.
 */
#include "expand.h"

#include <assert.h>

#define STRIP_WORK  (1u << 21)
#define STRIP_DEPTH 1000u

/* ---- stripping ---------------------------------------------------------------------- */

enum finding { PLAIN, HAS_ALIAS, TOO_MUCH };

/* Data that a transformer forged may be deep, shared or circular: the walk is bounded. */
static enum finding look(vvm_value v, unsigned depth, unsigned *work)
{
    if (depth > STRIP_DEPTH) return TOO_MUCH;
    enum finding found = PLAIN;
    for (; is_pair(v); v = cdr_of(v)) {
        if (++*work > STRIP_WORK) return TOO_MUCH;
        enum finding f = look(car_of(v), depth + 1, work);
        if (f > found) found = f;
        if (found == TOO_MUCH) return found;
    }
    if (has_type(v, TYPE_ALIAS)) return HAS_ALIAS;
    if (!has_type(v, TYPE_VECTOR)) return found;
    for (uint64_t i = 0; i < object_length(v) && found != TOO_MUCH; i++) {
        if (++*work > STRIP_WORK) return TOO_MUCH;
        enum finding f = look(((struct vector *)value_pointer(v))->items[i], depth + 1, work);
        if (f > found) found = f;
    }
    return found;
}

static vvm_value copy_plain(struct vvm_context *ctx, vvm_value v);

static vvm_value copy_vector(struct vvm_context *ctx, vvm_value v)
{
    vvm_value copy = make_vector(ctx, object_length(v), VALUE_FALSE);
    if (copy == VALUE_EXCEPTION) return copy;
    for (uint64_t i = 0; i < object_length(v); i++) {
        vvm_value item = copy_plain(ctx, ((struct vector *)value_pointer(v))->items[i]);
        if (item == VALUE_EXCEPTION) return item;
        ((struct vector *)value_pointer(copy))->items[i] = item;
    }
    return copy;
}

/* look() has bounded depth and size. */
static vvm_value copy_plain(struct vvm_context *ctx, vvm_value v)
{
    if (has_type(v, TYPE_ALIAS)) return strip_identifier(v);
    if (has_type(v, TYPE_VECTOR)) return copy_vector(ctx, v);
    if (!is_pair(v)) return v;
    vvm_value first = VALUE_NULL, *end = &first;
    for (; is_pair(v); v = cdr_of(v)) {
        vvm_value item = copy_plain(ctx, car_of(v));
        if (item == VALUE_EXCEPTION) return item;
        vvm_value pair = make_pair(ctx, item, VALUE_NULL);
        if (pair == VALUE_EXCEPTION) return pair;
        pair_of(pair)->header |= pair_position(v) << HEADER_LENGTH_SHIFT;
        *end = pair;
        end = &pair_of(pair)->cdr;
    }
    if (is_null(v)) return first;
    *end = copy_plain(ctx, v);
    return *end == VALUE_EXCEPTION ? *end : first;
}

vvm_value syntax_strip(struct vvm_context *ctx, vvm_value datum)
{
    unsigned work = 0;
    if (!is_pair(datum) && !is_object(datum)) return datum;
    switch (look(datum, 0, &work)) {
    case PLAIN: return datum;
    case HAS_ALIAS: return copy_plain(ctx, datum);
    default:
        return raise_message(ctx, ERROR_SYNTAX, VALUE_DEFAULT,
                             "a quoted datum is too deep, too large or circular");
    }
}

struct ast_node *expand_quote(struct expansion *x, struct scope *s, vvm_value form, uint64_t position)
{
    (void)s;
    return make_constant(x, expand_check(x, syntax_strip(x->ctx, nth_part(form, 1))), position);
}

/* ---- quasiquote ------------------------------------------------------------------------ */

static struct ast_node *quasi(struct expansion *x, struct scope *s, vvm_value datum, unsigned level,
                              uint64_t position);

/* (unquote e) and its like, as a form of two parts */
static bool is_form_of(const struct scope *s, vvm_value datum, uint32_t special)
{
    return is_pair(datum) && means_special(s, car_of(datum), special) && list_parts(datum) == 2;
}

static bool is_constant(const struct ast_node *n) { return n->kind == AST_CONSTANT; }

static struct ast_node *quasi_cons(struct expansion *x, struct ast_node *car, struct ast_node *cdr,
                                   vvm_value original, uint64_t position)
{
    if (!is_constant(car) || !is_constant(cdr)) return core_call(x, position, "cons", 2, car, cdr);
    if (is_pair(original) && car_of(original) == car->constant.value &&
        cdr_of(original) == cdr->constant.value)
        return make_constant(x, original, position);
    return make_constant(x, expand_cons(x, car->constant.value, cdr->constant.value, position), position);
}

/* (unquote e) at a deeper level: keep the form, with the inside at the new level */
static struct ast_node *quasi_nested(struct expansion *x, struct scope *s, vvm_value datum, unsigned level,
                                     uint64_t position)
{
    struct ast_node *inside = quasi(x, s, cdr_of(datum), level, position);
    struct ast_node *head = make_constant(x, strip_identifier(car_of(datum)), position);
    return quasi_cons(x, head, inside, datum, position);
}

static struct ast_node *quasi_item(struct expansion *x, struct scope *s, vvm_value cell, unsigned level,
                                   struct ast_node *rest, uint64_t position)
{
    vvm_value item = car_of(cell);
    uint64_t place = place_of(x, item, place_of(x, cell, position));
    if (level == 0 && is_form_of(s, item, SPECIAL_UNQUOTE_SPLICING)) {
        struct ast_node *spliced = expand_cell(x, s, cdr_of(item), place);
        if (is_constant(rest) && is_null(rest->constant.value)) return spliced;
        return core_call(x, place, "append", 2, spliced, rest);
    }
    return quasi_cons(x, quasi(x, s, item, level, place), rest, cell, place);
}

static bool is_quasi_form(const struct scope *s, vvm_value datum)
{
    return is_form_of(s, datum, SPECIAL_UNQUOTE) || is_form_of(s, datum, SPECIAL_UNQUOTE_SPLICING) ||
           is_form_of(s, datum, SPECIAL_QUASIQUOTE);
}

/* From the last cell to the first, so that a long list costs no C stack. The tail after
 * a dot may itself be ,e. */
static struct ast_node *quasi_list(struct expansion *x, struct scope *s, vvm_value list, unsigned level,
                                   uint64_t position)
{
    unsigned count = 0;
    vvm_value tail = list;
    for (; is_pair(tail) && (!count || !is_quasi_form(s, tail)); tail = cdr_of(tail))
        if (++count > LIST_MAX) syntax_error(x, position, VALUE_DEFAULT, "quasiquote: the list is too long");
    vvm_value *cells = expand_allocate(x, (count + 1) * sizeof *cells);
    for (unsigned i = 0; i < count; i++, list = cdr_of(list)) cells[i] = list;
    struct ast_node *node = quasi(x, s, tail, level, position);
    while (count--) node = quasi_item(x, s, cells[count], level, node, position);
    return node;
}

static struct ast_node *quasi_vector(struct expansion *x, struct scope *s, vvm_value v, unsigned level,
                                     uint64_t position)
{
    vvm_value list = expand_list(x, position, (unsigned)object_length(v),
                                 ((struct vector *)value_pointer(v))->items);
    struct ast_node *node = is_null(list) ? make_constant(x, list, position)
                                          : quasi_list(x, s, list, level, position);
    if (is_constant(node)) return make_constant(x, expand_check(x, syntax_strip(x->ctx, v)), position);
    return core_call(x, position, "list->vector", 1, node);
}

static struct ast_node *quasi(struct expansion *x, struct scope *s, vvm_value datum, unsigned level,
                              uint64_t position)
{
    struct ast_node *n;
    position = place_of(x, datum, position);
    expand_enter(x, position);
    if (is_form_of(s, datum, SPECIAL_UNQUOTE))
        n = level ? quasi_nested(x, s, datum, level - 1, position)
                  : expand_cell(x, s, cdr_of(datum), position);
    else if (is_form_of(s, datum, SPECIAL_UNQUOTE_SPLICING) && level)
        n = quasi_nested(x, s, datum, level - 1, position);
    else if (is_form_of(s, datum, SPECIAL_UNQUOTE_SPLICING))
        syntax_error(x, position, VALUE_DEFAULT, "unquote-splicing: only inside a list or vector");
    else if (is_form_of(s, datum, SPECIAL_QUASIQUOTE)) n = quasi_nested(x, s, datum, level + 1, position);
    else if (is_pair(datum)) n = quasi_list(x, s, datum, level, position);
    else if (has_type(datum, TYPE_VECTOR)) n = quasi_vector(x, s, datum, level, position);
    else n = make_constant(x, is_identifier(datum) ? strip_identifier(datum) : datum, position);
    expand_leave(x);
    return n;
}

struct ast_node *expand_quasiquote(struct expansion *x, struct scope *s, vvm_value form, uint64_t position)
{
    return quasi(x, s, nth_part(form, 1), 0, position);
}
