/* SPDX-License-Identifier: Apache-2.0 */
/*
 * expand_core.c - lambda, definitions of the top level, assignment, the let family.
 */
#include "expand.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

/* ---- parameters ----------------------------------------------------------------------- */

struct ast_variable *bind_parameter(struct expansion *x, struct scope *outer, struct scope *inner,
                                    vvm_value datum, uint64_t position)
{
    position = place_of(x, datum, position);
    if (!is_pair(datum)) return scope_variable(x, inner, datum, position);
    if (list_parts(datum) != 2) syntax_error(x, position, datum, "a parameter is a name or (name type)");
    struct ast_type type = require_type(x, outer, nth_part(datum, 1), position);
    struct ast_variable *v = scope_variable(x, inner, car_of(datum), position);
    v->type = type;
    return v;
}

static unsigned fixed_parameters(struct expansion *x, vvm_value list, uint64_t position)
{
    unsigned count = 0;
    for (; is_pair(list); list = cdr_of(list))
        if (++count > SCOPE_NAMES_MAX) syntax_error(x, position, VALUE_DEFAULT, "too many parameters");
    return count;
}

struct formals bind_formals(struct expansion *x, struct scope *outer, struct scope *inner, vvm_value list,
                            uint64_t position)
{
    struct formals f = {.count = fixed_parameters(x, list, position)};
    f.variables = (struct ast_variable **)pointer_array(x, f.count);
    for (unsigned i = 0; i < f.count; i++, list = cdr_of(list))
        f.variables[i] = bind_parameter(x, outer, inner, car_of(list), place_of(x, list, position));
    if (!is_null(list)) f.rest = scope_variable(x, inner, list, position);
    return f;
}

/* ---- lambda ------------------------------------------------------------------------------- */

/* (define (f n) u8 "doc" body ...): a type, then a text, each only when more follows */
static vvm_value skip_type(struct expansion *x, struct scope *s, vvm_value body, struct ast_type *type)
{
    struct ast_type found;
    if (!is_pair(body) || !is_pair(cdr_of(body)) || !type_named(x, s, car_of(body), &found)) return body;
    *type = found;
    return cdr_of(body);
}

static vvm_value skip_doc(vvm_value body)
{
    return is_pair(body) && is_string(car_of(body)) && is_pair(cdr_of(body)) ? cdr_of(body) : body;
}

struct ast_lambda *expand_lambda(struct expansion *x, struct scope *s, vvm_value name, vvm_value parameters,
                                 vvm_value body, uint64_t position, bool definition)
{
    struct ast_lambda *lambda = expand_allocate(x, sizeof *lambda);
    struct scope *inner = scope_open(x, s, lambda);
    struct formals f = bind_formals(x, s, inner, parameters, position);
    lambda->name = is_identifier(name) ? strip_identifier(name) : VALUE_FALSE;
    lambda->parameters = f.variables;
    lambda->parameter_count = f.count;
    lambda->rest = f.rest;
    lambda->position = position;
    if (definition) body = skip_doc(skip_type(x, inner, body, &lambda->result));
    lambda->body = expand_body(x, inner, body, position);
    return lambda;
}

struct ast_node *expand_lambda_form(struct expansion *x, struct scope *s, vvm_value form, uint64_t position)
{
    return make_lambda(
        x, expand_lambda(x, s, VALUE_FALSE, nth_part(form, 1), nth_cell(form, 2), position, false), position);
}

struct ast_node *expand_case_lambda(struct expansion *x, struct scope *s, vvm_value form, uint64_t position)
{
    unsigned count = (unsigned)list_parts(form) - 1;
    struct ast_node *n = make_node(x, AST_CASES, position);
    n->cases.clauses = (struct ast_lambda **)pointer_array(x, count);
    n->cases.count = count;
    vvm_value at = cdr_of(form);
    for (unsigned i = 0; i < count; i++, at = cdr_of(at)) {
        vvm_value clause = car_of(at);
        uint64_t place = place_of(x, clause, place_of(x, at, position));
        if (list_parts(clause) < 2)
            syntax_error(x, place, VALUE_DEFAULT, "case-lambda: a clause is (parameters body ...)");
        n->cases.clauses[i] = expand_lambda(x, s, VALUE_FALSE, car_of(clause), cdr_of(clause), place, false);
    }
    return n;
}

/* ---- definitions --------------------------------------------------------------------------- */

struct definition parse_definition(struct expansion *x, vvm_value form, uint64_t position, const char *what)
{
    struct definition d = {.position = position};
    unsigned parts = require_list(x, form, position, what);
    if (parts < 2) syntax_error(x, position, VALUE_DEFAULT, "%s: needs a name", what);
    vvm_value target = nth_part(form, 1);
    d.body = nth_cell(form, 2);
    if (is_pair(target)) {
        d.function = true;
        d.identifier = car_of(target);
        d.parameters = cdr_of(target);
        if (parts < 3) syntax_error(x, position, VALUE_DEFAULT, "%s: the function has no body", what);
    } else {
        d.identifier = target;
        if (parts != 3)
            syntax_error(x, position, VALUE_DEFAULT, "%s: needs 2 parts, has %u", what, parts - 1);
    }
    if (!is_identifier(d.identifier))
        syntax_error(x, position, d.identifier, "%s: a name is needed to define", what);
    return d;
}

struct ast_node *expand_definition_value(struct expansion *x, struct scope *s, const struct definition *d)
{
    if (d->function)
        return make_lambda(x, expand_lambda(x, s, d->identifier, d->parameters, d->body, d->position, true),
                           d->position);
    struct ast_node *n = expand_cell(x, s, d->body, d->position);
    if (n->kind == AST_LAMBDA && n->lambda->name == VALUE_FALSE)
        n->lambda->name = strip_identifier(d->identifier);
    return n;
}

static struct ast_node *make_define(struct expansion *x, struct denotation *d, vvm_value identifier,
                                    struct ast_node *value, uint64_t position)
{
    struct ast_node *n = make_node(x, AST_DEFINE, position);
    n->global.denotation = d;
    n->global.name = strip_identifier(identifier);
    n->global.value = value;
    return n;
}

static char *utf8_text(const struct string *s)
{
    char *text = malloc(header_length(s->header) * 4 + 1), *to = text;
    if (!text) return NULL;
    for (uint64_t i = 0; i < header_length(s->header); i++) {
        uint32_t c = s->chars[i];
        unsigned n = c < 0x80 ? 1 : c < 0x800 ? 2 : c < 0x10000 ? 3 : 4;
        for (unsigned j = n - 1; j > 0; j--, c >>= 6) to[j] = (char)(0x80 | (c & 0x3f));
        to[0] = (char)(n == 1 ? c : (0xf00u >> n | c));
        to += n;
    }
    *to = 0;
    return text;
}

/* The doc string of (define (f ...) [type] "doc" body ...), kept by the environment. */
static void keep_doc(struct expansion *x, struct denotation *d, const struct definition *definition)
{
    struct ast_type ignored;
    free((char *)d->doc);
    d->doc = NULL;
    if (!definition->function) return;
    vvm_value body = skip_type(x, x->root, definition->body, &ignored);
    if (skip_doc(body) != body) d->doc = utf8_text(value_pointer(car_of(body)));
}

struct ast_node *top_definition(struct expansion *x, vvm_value form, uint64_t position, bool inlined)
{
    struct definition d = parse_definition(x, form, position, inlined ? "define-inline" : "define");
    if (inlined && !d.function) syntax_error(x, position, VALUE_DEFAULT, "define-inline: needs a function");
    struct denotation *global = global_definition(x, d.identifier, position);
    keep_doc(x, global, &d);
    struct ast_node *value = expand_definition_value(x, x->root, &d);
    if (inlined) {
        struct ast_type ignored;
        value->lambda->inlined = true;
        vvm_value body = skip_type(x, x->root, d.body, &ignored), text = skip_doc(body);
        if (text != body && body != d.body) text = expand_cons(x, car_of(d.body), text, position);
        global->inline_form = expand_cons(x, d.parameters, text == body ? d.body : text, position);
    }
    return make_define(x, global, d.identifier, value, position);
}

struct ast_node *top_define_values(struct expansion *x, vvm_value form, uint64_t position)
{
    if (list_parts(form) != 3) syntax_error(x, position, VALUE_DEFAULT, "define-values: needs 2 parts");
    struct ast_node *source = expand_cell(x, x->root, nth_cell(form, 2), position);
    struct scope *inner = scope_open(x, x->root, NULL);
    struct formals f = bind_formals(x, x->root, inner, nth_part(form, 1), position);
    unsigned count = f.count + (f.rest != NULL), n = 0;
    struct ast_node **items = (struct ast_node **)pointer_array(x, count + 1);
    vvm_value at = nth_part(form, 1);
    for (unsigned i = 0; i < count; i++) {
        vvm_value formal = is_pair(at) ? car_of(at) : at;
        vvm_value name = is_pair(formal) ? car_of(formal) : formal;
        struct ast_variable *v = i < f.count ? f.variables[i] : f.rest;
        struct denotation *global = global_definition(x, name, position);
        items[n++] = make_define(x, global, name, make_local(x, v, position), position);
        if (is_pair(at)) at = cdr_of(at);
    }
    items[n++] = make_unspecified(x, position);
    struct ast_node *node = make_node(x, AST_RECEIVE, position);
    node->receive.source = source;
    node->receive.variables = f.variables;
    node->receive.count = f.count;
    node->receive.rest = f.rest;
    node->receive.body = make_sequence(x, items, n, position);
    return node;
}

/* (define-primitive (name (x type) ...) result "doc" (properties ...) body ...): a
 * function that the networks' programs and VMlets' manuals list by its properties. */
struct ast_node *top_define_primitive(struct expansion *x, vvm_value form, uint64_t position)
{
    struct definition d = parse_definition(x, form, position, "define-primitive");
    if (!d.function) syntax_error(x, position, VALUE_DEFAULT, "define-primitive: needs a function");
    struct denotation *global = global_definition(x, d.identifier, position);
    keep_doc(x, global, &d);
    vvm_value descriptor = VALUE_NULL, properties = expand_intern(x, "properties");
    struct ast_type ignored;
    vvm_value body = skip_doc(skip_type(x, x->root, d.body, &ignored)), first = car_of(body);
    if (is_pair(first) && is_identifier(car_of(first)) && strip_identifier(car_of(first)) == properties &&
        is_pair(cdr_of(body))) {
        vvm_value type = is_pair(d.body) && type_named(x, x->root, car_of(d.body), &ignored) ? car_of(d.body)
                                                                                             : VALUE_FALSE;
        descriptor = expand_list(x, position, 1, &first);
        d.body = type == VALUE_FALSE ? cdr_of(body) : expand_cons(x, type, cdr_of(body), position);
    }
    struct ast_node *value = expand_definition_value(x, x->root, &d);
    struct ast_node **items = (struct ast_node **)pointer_array(x, 2);
    vvm_value name = strip_identifier(d.identifier);
    struct meaning m = {.kind = MEANS_GLOBAL, .denotation = global, .symbol = name};
    items[0] = make_define(x, global, name, value, position);
    items[1] = core_call(x, position, "%define-primitive", 3, make_constant(x, name, position),
                         make_constant(x, expand_check(x, syntax_strip(x->ctx, descriptor)), position),
                         expand_reference(x, &m, position));
    return make_sequence(x, items, 2, position);
}

/* ---- assignment ---------------------------------------------------------------------------------- */

static struct ast_node *set_global(struct expansion *x, const struct meaning *m, struct ast_node *value,
                                   uint64_t position)
{
    struct denotation *d = global_reference(x, m);
    if (d->owner != x->env->vmlet)
        syntax_error(x, position, VALUE_DEFAULT, "set!: %s belongs to the VMlet %s", symbol_name(m->symbol),
                     d->owner && is_symbol(d->owner->name) ? symbol_name(d->owner->name) : "core");
    if (d->inline_form != VALUE_FALSE || d->parameter)
        syntax_error(x, position, VALUE_DEFAULT, "set!: %s is %s", symbol_name(m->symbol),
                     d->parameter ? "a parameter of the VMlet" : "defined inline");
    struct ast_node *n = make_node(x, AST_SET_GLOBAL, position);
    d->assigned = true;
    n->global.denotation = d;
    n->global.name = m->symbol;
    n->global.value = value;
    return n;
}

struct ast_node *expand_set(struct expansion *x, struct scope *s, vvm_value form, uint64_t position)
{
    vvm_value target = nth_part(form, 1);
    if (!is_identifier(target)) syntax_error(x, position, target, "set!: needs a variable's name");
    struct meaning m = meaning_of(s, target);
    struct ast_node *value = expand_cell(x, s, nth_cell(form, 2), position);
    switch (m.kind) {
    case MEANS_VARIABLE:
        if (m.variable->items || m.variable->operand_only)
            syntax_error(x, position, VALUE_DEFAULT, "set!: %s cannot be assigned", symbol_name(m.symbol));
        return make_set_local(x, m.variable, value, position);
    case MEANS_SPECIAL:
    case MEANS_MACRO:
        syntax_error(x, position, VALUE_DEFAULT, "set!: %s is syntax, no variable", symbol_name(m.symbol));
    default: return set_global(x, &m, value, position);
    }
}

/* ---- control ------------------------------------------------------------------------------------- */

struct ast_node *expand_if(struct expansion *x, struct scope *s, vvm_value form, uint64_t position)
{
    vvm_value otherwise = nth_cell(form, 3);
    struct ast_node *test = expand_cell(x, s, nth_cell(form, 1), position);
    struct ast_node *then = expand_cell(x, s, nth_cell(form, 2), position);
    return make_if(x, test, then, is_pair(otherwise) ? expand_cell(x, s, otherwise, position) : NULL,
                   position);
}

struct ast_node *expand_begin(struct expansion *x, struct scope *s, vvm_value form, uint64_t position)
{
    return expand_sequence(x, s, cdr_of(form), position);
}

/* ---- let ------------------------------------------------------------------------------------------ */

/* ((name value) ...) of a let: its length, or an error */
static unsigned check_bindings(struct expansion *x, vvm_value bindings, uint64_t position, const char *what)
{
    unsigned count = require_list(x, bindings, position, what);
    for (vvm_value at = bindings; is_pair(at); at = cdr_of(at))
        if (list_parts(car_of(at)) != 2)
            syntax_error(x, place_of(x, car_of(at), place_of(x, at, position)), VALUE_DEFAULT,
                         "%s: a binding is (name value)", what);
    return count;
}

static struct ast_node *binding_value(struct expansion *x, struct scope *s, vvm_value at, uint64_t position)
{
    uint64_t place = place_of(x, car_of(at), place_of(x, at, position));
    struct ast_node *n = expand_cell(x, s, nth_cell(car_of(at), 1), place);
    vvm_value name = car_of(car_of(at));
    if (n->kind == AST_LAMBDA && n->lambda->name == VALUE_FALSE && is_identifier(name))
        n->lambda->name = strip_identifier(name);
    return n;
}

static struct ast_node **binding_values(struct expansion *x, struct scope *s, vvm_value bindings,
                                        unsigned count, uint64_t position)
{
    struct ast_node **values = (struct ast_node **)pointer_array(x, count);
    for (unsigned i = 0; i < count; i++, bindings = cdr_of(bindings))
        values[i] = binding_value(x, s, bindings, position);
    return values;
}

static struct ast_variable **binding_variables(struct expansion *x, struct scope *outer, struct scope *inner,
                                               vvm_value bindings, unsigned count, uint64_t position)
{
    struct ast_variable **variables = (struct ast_variable **)pointer_array(x, count);
    for (unsigned i = 0; i < count; i++, bindings = cdr_of(bindings))
        variables[i] = bind_parameter(x, outer, inner, car_of(car_of(bindings)),
                                      place_of(x, car_of(bindings), place_of(x, bindings, position)));
    return variables;
}

/* The loop is a function bound by FIX and called at once; analysis makes it a label
 * when it is only called in tail position. */
static struct ast_node *named_let(struct expansion *x, struct scope *s, vvm_value form, uint64_t position)
{
    vvm_value name = nth_part(form, 1), bindings = nth_part(form, 2);
    unsigned count = check_bindings(x, bindings, position, "let");
    struct ast_node **values = binding_values(x, s, bindings, count, position);
    struct scope *around = scope_open(x, s, s->owner);
    struct ast_variable *loop = scope_variable(x, around, name, position);
    struct ast_lambda *lambda = expand_allocate(x, sizeof *lambda);
    struct scope *inner = scope_open(x, around, lambda);
    lambda->name = strip_identifier(name);
    lambda->position = position;
    lambda->parameters = binding_variables(x, around, inner, bindings, count, position);
    lambda->parameter_count = count;
    lambda->body = expand_body(x, inner, nth_cell(form, 3), position);
    struct ast_variable **variables = (struct ast_variable **)pointer_array(x, 1);
    struct ast_node **functions = (struct ast_node **)pointer_array(x, 1);
    variables[0] = loop;
    functions[0] = make_lambda(x, lambda, position);
    struct ast_node *call = make_call(x, make_local(x, loop, position), values, count, position);
    return make_let(x, AST_FIX, variables, functions, 1, call, position);
}

struct ast_node *expand_let(struct expansion *x, struct scope *s, vvm_value form, uint64_t position)
{
    vvm_value bindings = nth_part(form, 1);
    if (is_identifier(bindings)) {
        if (list_parts(form) < 4) syntax_error(x, position, VALUE_DEFAULT, "let: the named let has no body");
        return named_let(x, s, form, position);
    }
    unsigned count = check_bindings(x, bindings, position, "let");
    struct ast_node **values = binding_values(x, s, bindings, count, position);
    struct scope *inner = scope_open(x, s, s->owner);
    struct ast_variable **variables = binding_variables(x, s, inner, bindings, count, position);
    struct ast_node *body = expand_body(x, inner, nth_cell(form, 2), position);
    return make_let(x, AST_LET, variables, values, count, body, position);
}

struct ast_node *expand_let_star(struct expansion *x, struct scope *s, vvm_value form, uint64_t position)
{
    vvm_value bindings = nth_part(form, 1);
    unsigned count = check_bindings(x, bindings, position, "let*");
    struct ast_variable **variables = (struct ast_variable **)pointer_array(x, count);
    struct ast_node **values = (struct ast_node **)pointer_array(x, count);
    for (unsigned i = 0; i < count; i++, bindings = cdr_of(bindings)) {
        values[i] = binding_value(x, s, bindings, position);
        struct scope *inner = scope_open(x, s, s->owner);
        variables[i] = *binding_variables(x, s, inner, bindings, 1, position);
        s = inner;
    }
    struct ast_node *body = expand_body(x, s, nth_cell(form, 2), position);
    while (count--) body = make_let1(x, variables[count], values[count], body, position);
    return body;
}

struct ast_node *expand_letrec(struct expansion *x, struct scope *s, vvm_value form, uint64_t position)
{
    vvm_value bindings = nth_part(form, 1);
    unsigned count = check_bindings(x, bindings, position, "letrec");
    struct scope *inner = scope_open(x, s, s->owner);
    struct ast_variable **variables = binding_variables(x, s, inner, bindings, count, position);
    struct ast_node **values = binding_values(x, inner, bindings, count, position);
    struct ast_node *body = expand_body(x, inner, nth_cell(form, 2), position);
    return make_let(x, AST_FIX, variables, values, count, body, position);
}
