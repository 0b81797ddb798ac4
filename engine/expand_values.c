/* SPDX-License-Identifier: Apache-2.0 */
/*
 * expand_values.c - the forms that take several values: receive, let-values,
 * let*-values. Each clause is one AST_RECEIVE.
 */
#include "expand.h"

static struct ast_node *make_receive(struct expansion *x, struct ast_node *source, const struct formals *f,
                                     struct ast_node *body, uint64_t position)
{
    struct ast_node *n = make_node(x, AST_RECEIVE, position);
    n->receive.source = source;
    n->receive.variables = f->variables;
    n->receive.count = f->count;
    n->receive.rest = f->rest;
    n->receive.body = body;
    return n;
}

struct ast_node *expand_receive(struct expansion *x, struct scope *s, vvm_value form, uint64_t position)
{
    struct ast_node *source = expand_cell(x, s, nth_cell(form, 2), position);
    struct scope *inner = scope_open(x, s, s->owner);
    struct formals f = bind_formals(x, s, inner, nth_part(form, 1), position);
    return make_receive(x, source, &f, expand_body(x, inner, nth_cell(form, 3), position), position);
}

struct values_clause {
    struct ast_node *source;
    struct formals formals;
    uint64_t position;
};

/* Parallel: all sources mean what they mean outside, all names are bound in one scope.
 * Sequential: each clause sees the ones before it. */
static struct ast_node *let_values(struct expansion *x, struct scope *s, vvm_value form, uint64_t position,
                                   bool parallel)
{
    vvm_value bindings = nth_part(form, 1);
    unsigned count = require_list(x, bindings, position, "let-values");
    struct values_clause *clauses = expand_allocate(x, (count + 1) * sizeof *clauses);
    struct scope *inner = scope_open(x, s, s->owner);
    for (unsigned i = 0; i < count; i++, bindings = cdr_of(bindings)) {
        vvm_value clause = car_of(bindings);
        struct values_clause *c = &clauses[i];
        c->position = place_of(x, clause, place_of(x, bindings, position));
        if (list_parts(clause) != 2)
            syntax_error(x, c->position, VALUE_DEFAULT, "let-values: a binding is (names expression)");
        struct scope *outer = parallel ? s : inner;
        c->source = expand_cell(x, outer, cdr_of(clause), c->position);
        if (!parallel) inner = scope_open(x, inner, s->owner);
        c->formals = bind_formals(x, outer, inner, car_of(clause), c->position);
    }
    struct ast_node *node = expand_body(x, inner, nth_cell(form, 2), position);
    while (count--)
        node = make_receive(x, clauses[count].source, &clauses[count].formals, node, clauses[count].position);
    return node;
}

struct ast_node *expand_let_values(struct expansion *x, struct scope *s, vvm_value form, uint64_t position)
{
    return let_values(x, s, form, position, true);
}

struct ast_node *expand_let_star_values(struct expansion *x, struct scope *s, vvm_value form,
                                        uint64_t position)
{
    return let_values(x, s, form, position, false);
}
