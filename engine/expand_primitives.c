/* SPDX-License-Identifier: Apache-2.0 */
/*
 * expand_primitives.c - what procedural macros use: renaming, comparing, refusing with
 * the place of what the user wrote. expand.vml makes rename and compare of them.
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

/* (syntax-violation form message): an error that stands where the form stands */
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
              "any string [any] -> never", "Refuse a form: a syntax error that names where the form stands."),
};
const size_t expand_primitive_count = sizeof expand_primitives / sizeof *expand_primitives;
