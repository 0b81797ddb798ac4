/* SPDX-License-Identifier: Apache-2.0 */
/*
 * expand_primitives.c - what procedural macros and readers use: renaming, comparing,
 * places, refusing with the place of what the user wrote. expand.vml makes rename and
 * compare of them.
 */
#include "expand.h"

static struct site *site_argument(vvm_value v)
{
    if (!has_type(v, TYPE_FOREIGN)) return NULL;
    struct site *site = value_pointer(v);
    return site->kind == site_kind ? site : NULL;
}

/* (%rename site identifier) */
static vvm_value primitive_rename(struct vvm_context *ctx, unsigned n, const vvm_value *args)
{
    (void)n;
    if (!site_argument(args[0])) return raise_type(ctx, "%rename", 1, "definition site", args[0]);
    if (!is_identifier(args[1])) return raise_type(ctx, "rename", 1, "symbol", args[1]);
    return make_alias(ctx, args[1], args[0], 0);
}

/* (%same-identifier? site a b): do a and b mean the same where the macro is used? */
static vvm_value primitive_same(struct vvm_context *ctx, unsigned n, const vvm_value *args)
{
    (void)n;
    const struct site *site = site_argument(args[0]);
    if (!site) return raise_type(ctx, "%same-identifier?", 1, "definition site", args[0]);
    if (!is_identifier(args[1]) || !is_identifier(args[2])) return make_boolean(args[1] == args[2]);
    struct meaning a = meaning_in(site->scope, site->environment, args[1]);
    struct meaning b = meaning_in(site->scope, site->environment, args[2]);
    return make_boolean(same_meaning(&a, &b));
}

static vvm_value primitive_is_identifier(struct vvm_context *ctx, unsigned n, const vvm_value *args)
{
    (void)ctx, (void)n;
    return make_boolean(is_identifier(args[0]));
}

static vvm_value primitive_strip(struct vvm_context *ctx, unsigned n, const vvm_value *args)
{
    (void)n;
    return syntax_strip(ctx, args[0]);
}

static bool is_position(vvm_value v)
{
    return is_fixnum(v) && fixnum_value(v) > 0 && fixnum_value(v) >> 40 == 0;
}

/* (position-right position columns) */
static vvm_value primitive_right(struct vvm_context *ctx, unsigned n, const vvm_value *args)
{
    (void)n;
    if (!is_position(args[0])) return raise_type(ctx, "position-right", 1, "position", args[0]);
    if (!is_fixnum(args[1]) || fixnum_value(args[1]) < 0 || fixnum_value(args[1]) > UINT16_MAX)
        return raise_type(ctx, "position-right", 2, "integer from 0 to 65535", args[1]);
    uint64_t p = (uint64_t)fixnum_value(args[0]);
    unsigned column = position_column(p) + (unsigned)fixnum_value(args[1]);
    return make_fixnum((int64_t)make_position(position_file(p), position_line(p), column));
}

/* (datum-at position datum): a copy of the datum's first pair that stands there */
static vvm_value primitive_datum_at(struct vvm_context *ctx, unsigned n, const vvm_value *args)
{
    (void)n;
    if (!is_position(args[0])) return raise_type(ctx, "datum-at", 1, "position", args[0]);
    if (!is_pair(args[1])) return raise_type(ctx, "datum-at", 2, "pair", args[1]);
    vvm_value copy = make_pair(ctx, car_of(args[1]), cdr_of(args[1]));
    if (copy != VALUE_EXCEPTION)
        pair_of(copy)->header |= (uint64_t)fixnum_value(args[0]) << HEADER_LENGTH_SHIFT;
    return copy;
}

/* (syntax-violation form message): an error that stands where the form stands, or there */
static vvm_value primitive_violation(struct vvm_context *ctx, unsigned n, const vvm_value *args)
{
    char text[200];
    size_t octets = 0;
    if (!is_string(args[1])) return raise_type(ctx, "syntax-violation", 2, "string", args[1]);
    const struct string *s = value_pointer(args[1]);
    for (uint64_t i = 0; i < header_length(s->header) && octets + 1 < sizeof text; i++)
        text[octets++] = s->chars[i] >= 32 && s->chars[i] < 127 ? (char)s->chars[i] : '?';
    text[octets] = 0;
    vvm_value irritant = n > 2 ? syntax_strip(ctx, args[2]) : VALUE_DEFAULT;
    if (irritant == VALUE_EXCEPTION) return irritant;
    raise_message(ctx, ERROR_SYNTAX, irritant, "%s", text);
    if (is_pair(args[0]) && !is_frozen(args[0])) pending_add_position(ctx, pair_position(args[0]));
    if (is_position(args[0])) pending_add_position(ctx, (uint64_t)fixnum_value(args[0]));
    return VALUE_EXCEPTION;
}

const struct primitive_row expand_primitives[] = {
    PRIMITIVE("%rename", primitive_rename, 2, 2, 10, EFFECT_LOAD, "site symbol -> alias",
              "A fresh name for what the symbol means where the macro was defined."),
    PRIMITIVE("%same-identifier?", primitive_same, 3, 3, 10, EFFECT_LOAD, "site any any -> boolean",
              "True if both names mean the same where the macro is used."),
    PRIMITIVE("identifier?", primitive_is_identifier, 1, 1, 2, EFFECT_LOAD, "any -> boolean",
              "True for a symbol and for a renamed symbol of a macro."),
    PRIMITIVE("strip-syntax", primitive_strip, 1, 1, 10, EFFECT_LOAD, "any -> any",
              "The datum with plain symbols where a macro renamed them."),
    PRIMITIVE("syntax-violation", primitive_violation, 2, 3, 10, EFFECT_LOAD | EFFECT_DIVERGES,
              "any string [any] -> never",
              "Refuse a form: a syntax error that names where the form stands, or the position given."),
    PRIMITIVE("position-right", primitive_right, 2, 2, 2, EFFECT_LOAD, "position integer -> position",
              "The position so many columns further right."),
    PRIMITIVE("datum-at", primitive_datum_at, 2, 2, 4, EFFECT_LOAD, "position pair -> pair",
              "The datum as if it had been read at the position, which errors then name."),
};
const size_t expand_primitive_count = sizeof expand_primitives / sizeof *expand_primitives;
