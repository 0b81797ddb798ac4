/* SPDX-License-Identifier: Apache-2.0 */
/*
 * expand.c - from a datum to a core tree: the way in, the dispatch on what a form's
 * head means, calls, and the forms of the top level.
 */
#include "expand.h"

#include <assert.h>
#include <errno.h>
#include <string.h>

#define NESTED_FORMS 1000u
#define INLINE_DEPTH 16u

struct special_row {
    const char *name;
    special_expander *expand;
    int least, most;
};

static const struct special_row specials[SPECIAL_LIMIT] = {
#define S(name, text, handler, least, most) [SPECIAL_##name] = {text, handler, least, most},
#include "special.def"
#undef S
};

/* ---- special forms ------------------------------------------------------------------ */

/* Parts that a form must have, in the words of the reader of the message. */
static void check_parts(struct expansion *x, const struct special_row *row, vvm_value form, uint64_t position)
{
    int has = (int)require_list(x, form, position, row->name) - 1;
    if (has >= row->least && (row->most < 0 || has <= row->most)) return;
    if (row->most < 0)
        syntax_error(x, position, VALUE_DEFAULT, "%s: needs at least %d part%s, has %d", row->name,
                     row->least, row->least == 1 ? "" : "s", has);
    if (row->most == row->least)
        syntax_error(x, position, VALUE_DEFAULT, "%s: needs %d part%s, has %d", row->name, row->least,
                     row->least == 1 ? "" : "s", has);
    syntax_error(x, position, VALUE_DEFAULT, "%s: needs %d %s %d parts, has %d", row->name, row->least,
                 row->most == row->least + 1 ? "or" : "to", row->most, has);
}

static struct ast_node *expand_special(struct expansion *x, struct scope *s, uint32_t special, vvm_value form,
                                       uint64_t position)
{
    if (special > SPECIAL_LIMIT) return expand_wire_special(x, s, special, form, position);
    check_parts(x, &specials[special], form, position);
    return specials[special].expand(x, s, form, position);
}

struct ast_node *expand_misplaced(struct expansion *x, struct scope *s, vvm_value form, uint64_t position)
{
    struct meaning m = meaning_of(s, car_of(form));
    if (m.special == SPECIAL_PACKET) { /* an operator like any other expression */
        struct ast_node *operator= make_node(x, AST_PACKET, position);
        unsigned n = 0, count = (unsigned)list_parts(cdr_of(form));
        struct ast_node **arguments = (struct ast_node **)pointer_array(x, count);
        for (vvm_value at = cdr_of(form); is_pair(at); at = cdr_of(at))
            arguments[n++] = expand_cell(x, s, at, position);
        return make_call(x, operator, arguments, n, position);
    }
    syntax_error(x, position, VALUE_DEFAULT, "%s: out of place here", identifier_text(car_of(form)));
}

struct ast_node *expand_misplaced_definition(struct expansion *x, struct scope *s, vvm_value form,
                                             uint64_t position)
{
    (void)s;
    syntax_error(x, position, VALUE_DEFAULT, "%s: only at top level or in a body",
                 identifier_text(car_of(form)));
}

struct ast_node *expand_syntax_error(struct expansion *x, struct scope *s, vvm_value form, uint64_t position)
{
    char text[200];
    size_t n = 0;
    vvm_value message = nth_part(form, 1);
    (void)s;
    if (!is_string(message)) syntax_error(x, position, VALUE_DEFAULT, "syntax-error: needs a string");
    const struct string *m = value_pointer(message);
    for (uint64_t i = 0; i < header_length(m->header) && n + 1 < sizeof text; i++)
        text[n++] = m->chars[i] >= 32 && m->chars[i] < 127 ? (char)m->chars[i] : '?';
    text[n] = 0;
    vvm_value rest = nth_cell(form, 2);
    syntax_error(x, position, is_pair(rest) ? car_of(rest) : VALUE_DEFAULT, "%s", text);
}

/* ---- references and calls ----------------------------------------------------------------- */

struct ast_node *expand_reference(struct expansion *x, const struct meaning *m, uint64_t position)
{
    struct ast_node *n;
    switch (m->kind) {
    case MEANS_VARIABLE:
        if (m->variable->operand_only)
            syntax_error(x, position, VALUE_DEFAULT, "%s is an operand without a value",
                         symbol_name(m->symbol));
        if (!m->variable->items) return make_local(x, m->variable, position);
        n = make_node(x, AST_ITEM, position);
        n->item.kind = ITEM_KIND_VECTOR;
        return n;
    case MEANS_SPECIAL:
        if (m->special == SPECIAL_PACKET) return make_node(x, AST_PACKET, position);
        syntax_error(x, position, VALUE_DEFAULT, "%s: a form's name is no value", symbol_name(m->symbol));
    case MEANS_MACRO:
        syntax_error(x, position, VALUE_DEFAULT, "%s: a macro's name is no value", symbol_name(m->symbol));
    default:
        n = make_node(x, AST_GLOBAL, position);
        n->global.denotation = global_reference(x, m);
        n->global.name = m->symbol;
        return n;
    }
}

static struct ast_node **expand_arguments(struct expansion *x, struct scope *s, vvm_value cells,
                                          uint64_t position, unsigned count)
{
    struct ast_node **arguments = (struct ast_node **)pointer_array(x, count);
    for (unsigned i = 0; i < count; i++, cells = cdr_of(cells))
        arguments[i] = expand_cell(x, s, cells, position);
    return arguments;
}

/* ((lambda (x ...) body ...) a ...): the variables belong to the function around it.
 * Where parameters have types, the compiler converts or checks the values of the
 * AST_LET as it would arguments. */
static struct ast_node *let_lambda(struct expansion *x, struct scope *body_scope, vvm_value parameters,
                                   vvm_value body, struct ast_node **arguments, unsigned count,
                                   uint64_t position)
{
    struct scope *inner = scope_open(x, body_scope, body_scope->owner);
    struct formals f = bind_formals(x, body_scope, inner, parameters, position);
    assert(f.count == count && !f.rest);
    (void)count;
    struct ast_node *node = expand_body(x, inner, body, position);
    return make_let(x, AST_LET, f.variables, arguments, f.count, node, position);
}

static struct ast_node *expand_direct_lambda(struct expansion *x, struct scope *s, vvm_value form,
                                             unsigned count, uint64_t position)
{
    vvm_value lambda = car_of(form);
    if (list_parts(lambda) < 3 || list_parts(nth_part(lambda, 1)) != (long)count) return NULL;
    struct ast_node **arguments = expand_arguments(x, s, cdr_of(form), position, count);
    return let_lambda(x, s, nth_part(lambda, 1), nth_cell(lambda, 2), arguments, count,
                      place_of(x, lambda, position));
}

/* ---- inline functions ------------------------------------------------------------------------ */

struct inline_use {
    struct inline_use *outer;
    const struct denotation *denotation;
    unsigned depth;
};

static bool may_integrate(const struct expansion *x, const struct denotation *d, unsigned count)
{
    if (d->inline_form == VALUE_FALSE || d->assigned) return false;
    if (x->inlined && x->inlined->depth >= INLINE_DEPTH) return false;
    for (const struct inline_use *u = x->inlined; u; u = u->outer)
        if (u->denotation == d) return false;
    return list_parts(car_of(d->inline_form)) == (long)count;
}

/* denotation->inline_form is (parameters . body), the body perhaps with its result
 * type first; names mean what they mean at the top level of the definition's VMlet. */
static struct ast_node *integrate(struct expansion *x, struct scope *s, const struct denotation *d,
                                  struct ast_node **arguments, unsigned count, uint64_t position)
{
    struct inline_use use = {x->inlined, d, x->inlined ? x->inlined->depth + 1 : 1};
    uint64_t fixed = x->fixed;
    struct ast_type result = {0};
    vvm_value body = cdr_of(d->inline_form);
    struct scope *root = scope_root(x, d->owner->environment, s->owner);
    if (is_pair(body) && is_pair(cdr_of(body)) && type_named(x, root, car_of(body), &result))
        body = cdr_of(body);
    x->inlined = &use;
    x->fixed = fixed ? fixed : position;
    struct ast_node *n = let_lambda(x, root, car_of(d->inline_form), body, arguments, count, position);
    x->fixed = fixed;
    x->inlined = use.outer;
    if (!result.class) return n;
    struct ast_variable *v = hidden_variable(x, s, "result");
    v->type = result;
    return make_let1(x, v, n, make_local(x, v, position), position);
}

static struct ast_node *expand_call(struct expansion *x, struct scope *s, vvm_value form,
                                    const struct meaning *head, uint64_t position)
{
    unsigned count = require_list(x, form, position, "call") - 1;
    struct ast_node *operator= NULL;
    if (is_identifier(car_of(form))) {
        struct ast_node *item = expand_item_call(x, s, head, form, position);
        if (item) return item;
        operator= expand_reference(x, head, position);
    } else if (is_pair(car_of(form)) && means_special(s, car_of(car_of(form)), SPECIAL_LAMBDA)) {
        struct ast_node *let = expand_direct_lambda(x, s, form, count, position);
        if (let) return let;
    }
    if (!operator) operator= expand_cell(x, s, form, position);
    struct ast_node **arguments = expand_arguments(x, s, cdr_of(form), position, count);
    if (operator->kind == AST_GLOBAL && may_integrate(x, operator->global.denotation, count))
        return integrate(x, s, operator->global.denotation, arguments, count, position);
    return make_call(x, operator, arguments, count, position);
}

/* ---- dispatch ------------------------------------------------------------------------------------ */

vvm_value expand_head(struct expansion *x, struct scope *s, vvm_value datum, uint64_t *position,
                      struct meaning *head)
{
    for (;;) {
        *position = place_of(x, datum, *position);
        *head = (struct meaning){0};
        if (!is_pair(datum) || !is_identifier(car_of(datum))) return datum;
        *head = meaning_of(s, car_of(datum));
        if (head->kind != MEANS_MACRO) return datum;
        datum = expand_macro(x, s, head->macro, datum, *position);
    }
}

static struct ast_node *expand_atom(struct expansion *x, struct scope *s, vvm_value datum, uint64_t position)
{
    if (is_identifier(datum)) {
        struct meaning m = meaning_of(s, datum);
        return expand_reference(x, &m, position);
    }
    if (is_null(datum)) syntax_error(x, position, VALUE_DEFAULT, "(): an empty form; did you mean '() ?");
    return make_constant(x, expand_check(x, syntax_strip(x->ctx, datum)), position);
}

struct ast_node *expand(struct expansion *x, struct scope *s, vvm_value datum, uint64_t position)
{
    struct meaning head;
    struct ast_node *n;
    expand_enter(x, place_of(x, datum, position));
    datum = expand_head(x, s, datum, &position, &head);
    if (!is_pair(datum)) n = expand_atom(x, s, datum, position);
    else if (head.kind == MEANS_SPECIAL) n = expand_special(x, s, head.special, datum, position);
    else n = expand_call(x, s, datum, &head, position);
    assert(x->depth > 0 && n);
    expand_leave(x);
    return n;
}

struct ast_node *expand_cell(struct expansion *x, struct scope *s, vvm_value cell, uint64_t fallback)
{
    return expand(x, s, car_of(cell), place_of(x, cell, fallback));
}

struct ast_node *expand_sequence(struct expansion *x, struct scope *s, vvm_value cells, uint64_t position)
{
    unsigned count = require_list(x, cells, position, "body");
    if (!count) return make_unspecified(x, position);
    struct ast_node **items = (struct ast_node **)pointer_array(x, count);
    for (unsigned i = 0; i < count; i++, cells = cdr_of(cells)) items[i] = expand_cell(x, s, cells, position);
    return make_sequence(x, items, count, position);
}

/* ---- top level ----------------------------------------------------------------------------------------- */

static struct ast_node *top_begin(struct expansion *x, vvm_value form, uint64_t position)
{
    unsigned count = require_list(x, form, position, "begin") - 1;
    if (!count) return make_unspecified(x, position);
    struct ast_node **items = (struct ast_node **)pointer_array(x, count);
    vvm_value at = cdr_of(form);
    for (unsigned i = 0; i < count; i++, at = cdr_of(at))
        items[i] = expand_top(x, car_of(at), place_of(x, at, position));
    return make_sequence(x, items, count, position);
}

static struct ast_node *top_special(struct expansion *x, uint32_t special, vvm_value form, uint64_t position)
{
    switch (special) {
    case SPECIAL_BEGIN: return top_begin(x, form, position);
    case SPECIAL_DEFINE: return top_definition(x, form, position, false);
    case SPECIAL_DEFINE_INLINE: return top_definition(x, form, position, true);
    case SPECIAL_DEFINE_VALUES: return top_define_values(x, form, position);
    case SPECIAL_DEFINE_RECORD_TYPE: return top_record_type(x, form, position);
    case SPECIAL_DEFINE_PRIMITIVE: return top_define_primitive(x, form, position);
    case SPECIAL_DEFINE_INSTRUCTION: return top_define_instruction(x, form, position);
    case SPECIAL_AROUND: return top_around(x, form, position, "around");
    case SPECIAL_REDEFINE: return top_around(x, form, position, "redefine");
    case SPECIAL_UNDEFINE: return top_undefine(x, form, position);
    case SPECIAL_DEFINE_SYNTAX: define_syntax(x, x->root, form, position); break;
    case SPECIAL_DEFINE_READER: define_reader(x, form, position); break;
    case SPECIAL_DEFINE_GLOBAL_SYNTAX: define_global_syntax(x, form, position, false); break;
    case SPECIAL_DEFINE_GLOBAL_READER: define_global_syntax(x, form, position, true); break;
    case SPECIAL_USE_EXPANDER:
    case SPECIAL_USE_OPTIMISER:
    case SPECIAL_USE_EMITTER: use_stage(x, special, form, position); break;
    default: return expand_special(x, x->root, special, form, position);
    }
    return make_unspecified(x, position);
}

struct ast_node *expand_top(struct expansion *x, vvm_value datum, uint64_t position)
{
    struct meaning head;
    struct ast_node *n;
    expand_enter(x, place_of(x, datum, position));
    datum = expand_head(x, x->root, datum, &position, &head);
    if (head.kind == MEANS_SPECIAL) n = top_special(x, head.special, datum, position);
    else if (is_pair(datum)) n = expand_call(x, x->root, datum, &head, position);
    else n = expand_atom(x, x->root, datum, position);
    expand_leave(x);
    return n;
}

static void forget_scopes(struct expansion *x)
{
    for (struct site *o = x->captured; o; o = o->next) o->scope = NULL;
}

/* Expansions nest through transformers that are compiled while a form is expanded:
 * each may go half as deep as the one around it, so the C stack stays bounded. */
static unsigned depth_limit(const struct vvm_context *ctx)
{
    unsigned nested = ctx->depth < 5 ? ctx->depth : 5;
    return NESTED_FORMS >> nested;
}

int expand_guarded(struct vvm_context *ctx, struct vvm_environment *env, struct ast_pool *pool,
                   void (*run)(struct expansion *x, void *data), void *data)
{
    struct expansion *x = ast_allocate(pool, sizeof *x);
    if (!x) return raise_error(ctx, ERROR_HEAP, VALUE_DEFAULT), -EINVAL;
    *x = (struct expansion){.ctx = ctx,
                            .node = ctx->node,
                            .env = env,
                            .pool = pool,
                            .depth_limit = depth_limit(ctx),
                            .scratch = ast_pool_open()};
    int error = -EINVAL;
    if (!x->scratch) raise_error(ctx, ERROR_HEAP, VALUE_DEFAULT);
    else if (!setjmp(x->escape)) {
        x->root = scope_root(x, env, NULL);
        run(x, data);
        error = 0;
    }
    forget_scopes(x);
    ast_pool_close(x->scratch);
    return error;
}

struct toplevel {
    vvm_value datum;
    struct ast_node *tree;
};

static void expand_datum(struct expansion *x, void *data)
{
    struct toplevel *t = data;
    t->tree = expand_top(x, t->datum, 0);
}

int expand_toplevel(struct vvm_context *ctx, struct vvm_environment *env, vvm_value datum,
                    struct ast_pool *pool, struct ast_node **out)
{
    struct toplevel t = {.datum = datum};
    int error = expand_guarded(ctx, env, pool, expand_datum, &t);
    if (!error) *out = t.tree;
    return error;
}

int expand_init(struct vvm_node *node)
{
    for (uint32_t i = 1; i < SPECIAL_LIMIT; i++) {
        vvm_value symbol = intern(node, specials[i].name);
        struct denotation *d = symbol == VALUE_EXCEPTION ? NULL : environment_entry(node->core, symbol);
        if (!d) return -ENOMEM;
        d->kind = DENOTES_SPECIAL;
        d->special = i;
    }
    return 0;
}
