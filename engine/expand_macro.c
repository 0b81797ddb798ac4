/* SPDX-License-Identifier: Apache-2.0 */
/*
 * expand_macro.c - defining and using syntax; readers.
 *
 * A procedural transformer is an expression, evaluated when the definition is
 * expanded, at the top level of the VMlet. It takes the form, then, if it has the
 * parameters, rename and compare.
 */
#include "expand.h"

#include <assert.h>
#include <string.h>

#include "override.h"

/* ---- definitions ------------------------------------------------------------------------ */

static bool is_procedure(vvm_value v)
{
    return has_type(v, TYPE_CLOSURE) || has_type(v, TYPE_PRIMITIVE) || has_type(v, TYPE_CASES);
}

/* Compile and run an expression now, of which nothing goes into an image; the depth
 * counts, so that macros that define macros inside their transformers end. */
vvm_value evaluate_now(struct expansion *x, vvm_value datum, uint64_t position)
{
    vvm_value v = VALUE_EXCEPTION;
    struct vvm_context *ctx = x->ctx;
    if (ctx->depth >= 60) {
        raise_error(ctx, ERROR_RECURSION, VALUE_DEFAULT);
        expand_escape(x);
    }
    ctx->depth++;
    x->node->making_syntax++;
    bool before = boot_begin(ctx);
    int error = eval_datum(ctx, x->env, datum, &v);
    boot_end(ctx, before);
    x->node->making_syntax--;
    ctx->depth--;
    if (error || v == VALUE_EXCEPTION) {
        pending_add_position(ctx, position);
        expand_check(x, VALUE_EXCEPTION);
    }
    return v;
}

static vvm_value procedure_macro(struct expansion *x, struct scope *s, vvm_value procedure,
                                 enum macro_kind kind)
{
    vvm_value macro = expand_check(x, make_vector(x->ctx, MACRO_PARTS, VALUE_FALSE));
    vvm_value *items = ((struct vector *)value_pointer(macro))->items;
    items[MACRO_KIND] = make_fixnum(kind);
    items[MACRO_TRANSFORMER] = procedure;
    items[MACRO_ENVIRONMENT] = object_value(scope_site(x, s));
    return macro;
}

static vvm_value existing_macro(struct expansion *x, struct scope *s, vvm_value name, uint64_t position)
{
    struct meaning m = meaning_of(s, name);
    if (m.kind == MEANS_MACRO) return m.macro;
    if (m.kind != MEANS_SPECIAL) return VALUE_FALSE;
    syntax_error(x, position, VALUE_DEFAULT,
                 "define-syntax: %s is a form of the language; write a macro that uses it",
                 symbol_name(m.symbol));
}

vvm_value make_macro(struct expansion *x, struct scope *s, vvm_value datum, uint64_t position)
{
    struct meaning head;
    datum = expand_head(x, s, datum, &position, &head);
    if (head.kind == MEANS_SPECIAL && head.special == SPECIAL_SYNTAX_RULES)
        return make_rules(x, s, datum, position);
    vvm_value known = is_identifier(datum) ? existing_macro(x, s, datum, position) : VALUE_FALSE;
    if (known != VALUE_FALSE) return known;
    vvm_value procedure = evaluate_now(x, datum, position);
    if (!is_procedure(procedure))
        syntax_error(x, position, VALUE_DEFAULT, "a transformer is a procedure or (syntax-rules ...)");
    return procedure_macro(x, s, procedure, MACRO_PROCEDURE);
}

static void define_top_macro(struct expansion *x, vvm_value symbol, vvm_value macro)
{
    struct denotation *d = environment_entry(x->env, symbol);
    if (!d) {
        raise_error(x->ctx, ERROR_HEAP, VALUE_DEFAULT);
        expand_escape(x);
    }
    const char *doc = d->doc;
    *d = (struct denotation){.kind = DENOTES_MACRO,
                             .owner = x->env->vmlet,
                             .macro = macro,
                             .inline_form = VALUE_FALSE,
                             .doc = doc};
}

void define_syntax(struct expansion *x, struct scope *s, vvm_value form, uint64_t position)
{
    if (list_parts(form) < 3 || (list_parts(form) > 3 && !is_pair(nth_part(form, 1))))
        syntax_error(x, position, VALUE_DEFAULT, "define-syntax: needs a name and a transformer");
    vvm_value name = nth_part(form, 1), cell = nth_cell(form, 2), datum = car_of(cell);
    position = place_of(x, cell, position);
    if (is_pair(name)) { /* (define-syntax (name form rename ...) body ...) */
        vvm_value lambda = expand_cons(x, cdr_of(name), cell, position);
        datum = expand_cons(x, core_alias(x, "lambda"), lambda, position);
        name = car_of(name);
    }
    if (!is_identifier(name)) syntax_error(x, position, name, "define-syntax: needs a name");
    if (!s->outer) {
        define_top_macro(x, strip_identifier(name), make_macro(x, s, datum, position));
        return;
    }
    struct local *l = scope_bind(x, s, name, LOCAL_MACRO, position); /* first, so that it sees itself */
    l->macro = VALUE_FALSE;
    l->macro = make_macro(x, s, datum, position);
}

/* (define-reader name procedure) or (define-reader (name port) body ...): what
 * {name text} calls. It stands in the environment under the symbol "{name}". */
void define_reader(struct expansion *x, vvm_value form, uint64_t position)
{
    char key[80];
    if (list_parts(form) < 3)
        syntax_error(x, position, VALUE_DEFAULT, "define-reader: needs a name and a procedure");
    vvm_value name = nth_part(form, 1), cell = nth_cell(form, 2), datum = car_of(cell);
    if (is_pair(name)) {
        vvm_value lambda = expand_cons(x, cdr_of(name), cell, position);
        datum = expand_cons(x, core_alias(x, "lambda"), lambda, position);
        name = car_of(name);
    }
    if (!is_identifier(name) || strlen(identifier_text(name)) + 3 > sizeof key)
        syntax_error(x, position, name, "define-reader: needs a name");
    vvm_value procedure = evaluate_now(x, datum, position);
    if (!is_procedure(procedure))
        syntax_error(x, position, VALUE_DEFAULT, "define-reader: a reader is a procedure");
    snprintf(key, sizeof key, "{%s}", identifier_text(name));
    define_top_macro(x, expand_intern(x, key), procedure_macro(x, x->root, procedure, MACRO_READER));
}

/* ---- local syntax ---------------------------------------------------------------------------- */

static struct ast_node *local_syntax(struct expansion *x, struct scope *s, vvm_value form, uint64_t position,
                                     bool recursive)
{
    vvm_value bindings = nth_part(form, 1);
    struct scope *inner = scope_open(x, s, s->owner);
    require_list(x, bindings, position, "let-syntax");
    for (vvm_value at = bindings; is_pair(at); at = cdr_of(at)) {
        uint64_t place = place_of(x, car_of(at), place_of(x, at, position));
        if (list_parts(car_of(at)) != 2)
            syntax_error(x, place, VALUE_DEFAULT, "let-syntax: a binding is (name transformer)");
        struct local *l = scope_bind(x, inner, car_of(car_of(at)), LOCAL_MACRO, place);
        l->macro = VALUE_FALSE;
    }
    for (vvm_value at = bindings; is_pair(at); at = cdr_of(at)) {
        struct local *l = inner->names;
        while (l->identifier != car_of(car_of(at))) l = l->next;
        l->macro = make_macro(x, recursive ? inner : s, nth_part(car_of(at), 1),
                              place_of(x, car_of(at), place_of(x, at, position)));
    }
    return expand_body(x, inner, nth_cell(form, 2), position);
}

struct ast_node *expand_let_syntax(struct expansion *x, struct scope *s, vvm_value form, uint64_t position)
{
    return local_syntax(x, s, form, position, false);
}

struct ast_node *expand_letrec_syntax(struct expansion *x, struct scope *s, vvm_value form, uint64_t position)
{
    return local_syntax(x, s, form, position, true);
}

/* ---- uses -------------------------------------------------------------------------------------- */

static vvm_value call(struct expansion *x, vvm_value procedure, unsigned n, const vvm_value *args,
                      uint64_t position)
{
    bool before = boot_begin(x->ctx);
    vvm_value v = vvm_call(x->ctx, procedure, n, args);
    boot_end(x->ctx, before);
    if (v != VALUE_EXCEPTION) return v;
    pending_add_position(x->ctx, position);
    return expand_check(x, v);
}

/* The value of a core global in the generation that the control thread runs in. */
static vvm_value core_value(struct expansion *x, const char *name, uint64_t position)
{
    const struct vvm_generation *g = x->node->candidate ? x->node->candidate : x->node->current;
    struct denotation *d = environment_lookup(x->node->core, expand_intern(x, name));
    if (!d || d->kind != DENOTES_GLOBAL || !g || d->global >= g->binding_count ||
        g->bindings[d->global].value == VALUE_UNDEFINED)
        syntax_error(x, position, VALUE_DEFAULT, "%s is not defined yet", name);
    const struct binding *base = override_base(g, d->global);
    return base ? base->value : g->bindings[d->global].value;
}

static unsigned parameters_of(vvm_value procedure)
{
    if (!has_type(procedure, TYPE_CLOSURE)) return 3;
    const struct vvm_function *f = ((struct closure *)value_pointer(procedure))->function;
    if (f->flags & FUNCTION_REST) return 3;
    return f->parameters >= 1 && f->parameters <= 3 ? f->parameters : 3;
}

static vvm_value expand_procedure(struct expansion *x, struct scope *s, vvm_value macro, vvm_value form,
                                  uint64_t position)
{
    vvm_value procedure = macro_part(macro, MACRO_TRANSFORMER), args[3] = {form};
    unsigned n = parameters_of(procedure);
    if (n > 1) {
        vvm_value site = macro_part(macro, MACRO_ENVIRONMENT);
        args[1] = call(x, core_value(x, "%make-renamer", position), 1, &site, position);
    }
    if (n > 2) {
        vvm_value site = object_value(scope_site(x, s));
        args[2] = call(x, core_value(x, "%make-comparer", position), 1, &site, position);
    }
    return call(x, procedure, n, args, position);
}

vvm_value expand_macro(struct expansion *x, struct scope *s, vvm_value macro, vvm_value form,
                       uint64_t position)
{
    const char *name = identifier_text(car_of(form));
    if (macro == VALUE_FALSE)
        syntax_error(x, position, VALUE_DEFAULT, "%s is used before its definition", name);
    if (++x->uses > MACRO_USES_MAX)
        syntax_error(x, position, VALUE_DEFAULT, "%s: the form needs more than %u macro uses", name,
                     MACRO_USES_MAX);
    switch (macro_kind(macro)) {
    case MACRO_RULES: return expand_rules(x, s, macro, form, position);
    case MACRO_PROCEDURE: return expand_procedure(x, s, macro, form, position);
    default: syntax_error(x, position, VALUE_DEFAULT, "%s is a reader, no macro", name);
    }
}
