/* SPDX-License-Identifier: Apache-2.0 */
/*
 * expand_derived.c - the forms that are made of others: cond, case, and, or, when,
 * unless, do, and what needs help from the prelude: parameterize, delay, assert.
 */
#include "expand.h"

#include <assert.h>

/* ---- tests ------------------------------------------------------------------------- */

static bool is_or(const struct ast_node *n)
{
    if (n->kind != AST_LET || n->let.count != 1 || n->let.body->kind != AST_IF) return false;
    const struct ast_variable *v = n->let.variables[0];
    const struct ast_node *test = n->let.body->branch.test, *then = n->let.body->branch.then;
    return v->references == 2 && !v->assignments && !v->type.class && test->kind == AST_LOCAL &&
           test->local.variable == v && then->kind == AST_LOCAL && then->local.variable == v;
}

struct ast_node *as_test(struct expansion *x, struct ast_node *node)
{
    if (!is_or(node)) return node;
    struct ast_node *rest = node->let.body->branch.otherwise, *first = node->let.values[0];
    struct ast_node *yes = make_constant(x, VALUE_TRUE, node->position);
    return make_if(x, first, yes, rest ? as_test(x, rest) : make_constant(x, VALUE_FALSE, node->position),
                   node->position);
}

/* first, or else rest */
static struct ast_node *make_or(struct expansion *x, struct scope *s, struct ast_node *first,
                                struct ast_node *rest, uint64_t position)
{
    struct ast_variable *v = hidden_variable(x, s, "or");
    struct ast_node *test = make_local(x, v, position), *then = make_local(x, v, position);
    return make_let1(x, v, first, make_if(x, test, then, rest, position), position);
}

struct ast_node *expand_and(struct expansion *x, struct scope *s, vvm_value form, uint64_t position)
{
    unsigned count = (unsigned)list_parts(form) - 1;
    if (!count) return make_constant(x, VALUE_TRUE, position);
    struct ast_node **parts = (struct ast_node **)pointer_array(x, count);
    vvm_value at = cdr_of(form);
    for (unsigned i = 0; i < count; i++, at = cdr_of(at)) parts[i] = expand_cell(x, s, at, position);
    struct ast_node *node = parts[--count];
    while (count--)
        node = make_if(x, parts[count], node, make_constant(x, VALUE_FALSE, position),
                       parts[count]->position);
    return node;
}

struct ast_node *expand_or(struct expansion *x, struct scope *s, vvm_value form, uint64_t position)
{
    unsigned count = (unsigned)list_parts(form) - 1;
    if (!count) return make_constant(x, VALUE_FALSE, position);
    struct ast_node **parts = (struct ast_node **)pointer_array(x, count);
    vvm_value at = cdr_of(form);
    for (unsigned i = 0; i < count; i++, at = cdr_of(at)) parts[i] = expand_cell(x, s, at, position);
    struct ast_node *node = parts[--count];
    while (count--) node = make_or(x, s, parts[count], node, parts[count]->position);
    return node;
}

static struct ast_node *when(struct expansion *x, struct scope *s, vvm_value form, uint64_t position,
                             bool wanted)
{
    struct ast_node *test = expand_cell(x, s, nth_cell(form, 1), position);
    struct ast_node *body = expand_sequence(x, s, nth_cell(form, 2), position);
    struct ast_node *nothing = make_unspecified(x, position);
    return wanted ? make_if(x, test, body, nothing, position) : make_if(x, test, nothing, body, position);
}

struct ast_node *expand_when(struct expansion *x, struct scope *s, vvm_value form, uint64_t position)
{
    return when(x, s, form, position, true);
}

struct ast_node *expand_unless(struct expansion *x, struct scope *s, vvm_value form, uint64_t position)
{
    return when(x, s, form, position, false);
}

/* ---- cond ------------------------------------------------------------------------------ */

/* test => receiver */
static struct ast_node *arrow_clause(struct expansion *x, struct scope *s, struct ast_node *test,
                                     vvm_value cell, struct ast_node *rest, uint64_t position)
{
    struct ast_variable *v = hidden_variable(x, s, "test");
    struct ast_node **arguments = (struct ast_node **)pointer_array(x, 1);
    struct ast_node *condition = make_local(x, v, position);
    struct ast_node *receiver = expand_cell(x, s, cell, position);
    arguments[0] = make_local(x, v, position);
    struct ast_node *call = make_call(x, receiver, arguments, 1, position);
    return make_let1(x, v, test, make_if(x, condition, call, rest, position), position);
}

static struct ast_node *cond_clause(struct expansion *x, struct scope *s, vvm_value clause,
                                    struct ast_node *rest, uint64_t position)
{
    struct ast_node *test = expand_cell(x, s, clause, position);
    vvm_value body = cdr_of(clause);
    if (is_null(body)) return make_or(x, s, test, rest, position);
    if (means_special(s, car_of(body), SPECIAL_ARROW)) {
        if (list_parts(clause) != 3) syntax_error(x, position, VALUE_DEFAULT, "cond: => needs one receiver");
        return arrow_clause(x, s, test, cdr_of(body), rest, position);
    }
    return make_if(x, test, expand_sequence(x, s, body, position), rest, position);
}

static vvm_value *clause_cells(struct expansion *x, vvm_value clauses, unsigned count)
{
    vvm_value *cells = expand_allocate(x, (count + 1) * sizeof *cells);
    for (unsigned i = 0; i < count; i++, clauses = cdr_of(clauses)) cells[i] = clauses;
    return cells;
}

/* From the last clause to the first: no C stack for a long cond. */
struct ast_node *expand_clauses(struct expansion *x, struct scope *s, vvm_value clauses, uint64_t position,
                                struct ast_node *missing)
{
    unsigned count = require_list(x, clauses, position, "cond");
    vvm_value *cells = clause_cells(x, clauses, count);
    struct ast_node *node = missing;
    for (unsigned i = count; i--;) {
        vvm_value clause = car_of(cells[i]);
        uint64_t place = place_of(x, clause, place_of(x, cells[i], position));
        if (list_parts(clause) < 1) syntax_error(x, place, clause, "cond: a clause is (test expression ...)");
        if (!means_special(s, car_of(clause), SPECIAL_ELSE)) {
            if (!node) node = make_unspecified(x, position);
            node = cond_clause(x, s, clause, node, place);
            continue;
        }
        if (i != count - 1) syntax_error(x, place, VALUE_DEFAULT, "cond: else must be the last clause");
        if (list_parts(clause) < 2) syntax_error(x, place, VALUE_DEFAULT, "cond: else without an expression");
        node = expand_sequence(x, s, cdr_of(clause), place);
    }
    return node ? node : make_unspecified(x, position);
}

struct ast_node *expand_cond(struct expansion *x, struct scope *s, vvm_value form, uint64_t position)
{
    return expand_clauses(x, s, cdr_of(form), position, NULL);
}

/* ---- case -------------------------------------------------------------------------------- */

static bool compares_by_word(vvm_value v)
{
    return is_fixnum(v) || is_symbol(v) || value_tag(v) == TAG_IMMEDIATE;
}

static struct ast_node *case_test(struct expansion *x, struct ast_variable *key, vvm_value data,
                                  uint64_t position)
{
    unsigned count = require_list(x, data, position, "case");
    vvm_value *cells = clause_cells(x, data, count);
    struct ast_node *node = count ? NULL : make_constant(x, VALUE_FALSE, position);
    while (count--) {
        vvm_value datum = expand_check(x, syntax_strip(x->ctx, car_of(cells[count])));
        struct ast_node *test = core_call(x, position, compares_by_word(datum) ? "eq?" : "eqv?", 2,
                                          make_local(x, key, position), make_constant(x, datum, position));
        node = node ? make_if(x, test, make_constant(x, VALUE_TRUE, position), node, position) : test;
    }
    return node;
}

static struct ast_node *case_body(struct expansion *x, struct scope *s, struct ast_variable *key,
                                  vvm_value body, uint64_t position)
{
    if (!is_pair(body)) syntax_error(x, position, VALUE_DEFAULT, "case: a clause needs an expression");
    if (!means_special(s, car_of(body), SPECIAL_ARROW)) return expand_sequence(x, s, body, position);
    if (list_parts(body) != 2) syntax_error(x, position, VALUE_DEFAULT, "case: => needs one receiver");
    struct ast_node **arguments = (struct ast_node **)pointer_array(x, 1);
    arguments[0] = make_local(x, key, position);
    return make_call(x, expand_cell(x, s, cdr_of(body), position), arguments, 1, position);
}

struct ast_node *expand_case(struct expansion *x, struct scope *s, vvm_value form, uint64_t position)
{
    struct ast_node *subject = expand_cell(x, s, nth_cell(form, 1), position);
    struct ast_variable *key = hidden_variable(x, s, "key");
    unsigned count = (unsigned)list_parts(form) - 2;
    vvm_value *cells = clause_cells(x, nth_cell(form, 2), count);
    struct ast_node *node = make_unspecified(x, position);
    for (unsigned i = count; i--;) {
        vvm_value clause = car_of(cells[i]);
        uint64_t place = place_of(x, clause, place_of(x, cells[i], position));
        if (list_parts(clause) < 2)
            syntax_error(x, place, clause, "case: a clause is ((datum ...) expression ...)");
        struct ast_node *body = case_body(x, s, key, cdr_of(clause), place);
        if (!means_special(s, car_of(clause), SPECIAL_ELSE))
            node = make_if(x, case_test(x, key, car_of(clause), place), body, node, place);
        else if (i == count - 1) node = body;
        else syntax_error(x, place, VALUE_DEFAULT, "case: else must be the last clause");
    }
    return make_let1(x, key, subject, node, position);
}

/* ---- do -------------------------------------------------------------------------------------- */

static void check_do(struct expansion *x, vvm_value form, uint64_t position)
{
    vvm_value specs = nth_part(form, 1);
    require_list(x, specs, position, "do");
    for (vvm_value at = specs; is_pair(at); at = cdr_of(at)) {
        long parts = list_parts(car_of(at));
        if (parts != 2 && parts != 3)
            syntax_error(x, place_of(x, at, position), car_of(at), "do: a variable is (name init [step])");
    }
    if (list_parts(nth_part(form, 2)) < 1)
        syntax_error(x, place_of(x, nth_cell(form, 2), position), VALUE_DEFAULT,
                     "do: needs (test expression ...)");
}

/* body ..., then the loop again with the steps */
static struct ast_node *do_step(struct expansion *x, struct scope *s, vvm_value form,
                                struct ast_variable *loop, const struct ast_lambda *lambda, uint64_t position)
{
    unsigned count = lambda->parameter_count, n = 0;
    struct ast_node **steps = (struct ast_node **)pointer_array(x, count);
    vvm_value commands = nth_cell(form, 3), at = nth_part(form, 1);
    struct ast_node **items = (struct ast_node **)pointer_array(x, (unsigned)list_parts(commands) + 1);
    for (; is_pair(commands); commands = cdr_of(commands)) items[n++] = expand_cell(x, s, commands, position);
    for (unsigned i = 0; i < count; i++, at = cdr_of(at)) {
        vvm_value step = nth_cell(car_of(at), 2);
        uint64_t place = place_of(x, car_of(at), position);
        steps[i] = is_pair(step) ? expand_cell(x, s, step, place)
                                 : make_local(x, lambda->parameters[i], place);
    }
    items[n++] = make_call(x, make_local(x, loop, position), steps, count, position);
    return make_sequence(x, items, n, position);
}

struct ast_node *expand_do(struct expansion *x, struct scope *s, vvm_value form, uint64_t position)
{
    check_do(x, form, position);
    vvm_value specs = nth_part(form, 1), end = nth_part(form, 2);
    unsigned count = (unsigned)list_parts(specs), i = 0;
    struct ast_variable **loop = (struct ast_variable **)pointer_array(x, 1);
    struct ast_node **function = (struct ast_node **)pointer_array(x, 1);
    struct ast_node **inits = (struct ast_node **)pointer_array(x, count);
    struct ast_lambda *lambda = expand_allocate(x, sizeof *lambda);
    struct scope *inner = scope_open(x, s, lambda);
    loop[0] = hidden_variable(x, s, "do");
    lambda->name = loop[0]->name;
    lambda->position = position;
    lambda->parameters = (struct ast_variable **)pointer_array(x, count);
    lambda->parameter_count = count;
    for (vvm_value at = specs; is_pair(at); at = cdr_of(at), i++) {
        uint64_t place = place_of(x, car_of(at), place_of(x, at, position));
        inits[i] = expand_cell(x, s, nth_cell(car_of(at), 1), place);
        lambda->parameters[i] = bind_parameter(x, s, inner, car_of(car_of(at)), place);
    }
    uint64_t place = place_of(x, end, position);
    struct ast_node *test = expand_cell(x, inner, end, place);
    struct ast_node *result = expand_sequence(x, inner, cdr_of(end), place);
    lambda->body = make_if(x, test, result, do_step(x, inner, form, loop[0], lambda, position), position);
    function[0] = make_lambda(x, lambda, position);
    struct ast_node *call = make_call(x, make_local(x, loop[0], position), inits, count, position);
    return make_let(x, AST_FIX, loop, function, 1, call, position);
}

/* ---- guard ------------------------------------------------------------------------------------- */

static bool ends_with_else(const struct scope *s, vvm_value clauses)
{
    vvm_value last = VALUE_NULL;
    for (; is_pair(clauses); clauses = cdr_of(clauses)) last = car_of(clauses);
    return is_pair(last) && means_special(s, car_of(last), SPECIAL_ELSE);
}

struct ast_node *expand_guard(struct expansion *x, struct scope *s, vvm_value form, uint64_t position)
{
    vvm_value spec = nth_part(form, 1);
    uint64_t place = place_of(x, spec, position);
    if (list_parts(spec) < 1) syntax_error(x, place, VALUE_DEFAULT, "guard: needs (name clause ...)");
    struct ast_node *n = make_node(x, AST_GUARD, position);
    struct scope *inner = scope_open(x, s, s->owner);
    struct ast_variable *v = scope_variable(x, inner, car_of(spec), place);
    struct ast_node *again = NULL;
    if (!ends_with_else(inner, cdr_of(spec)))
        again = core_call(x, place, "raise-continuable", 1, make_local(x, v, place));
    n->guard.variable = v;
    n->guard.body = expand_body(x, s, nth_cell(form, 2), position);
    n->guard.handler = expand_clauses(x, inner, cdr_of(spec), place, again);
    return n;
}

/* ---- with the prelude's help ------------------------------------------------------------------------ */

static struct ast_node *thunk(struct expansion *x, struct scope *s, vvm_value body, uint64_t position)
{
    return make_lambda(x, expand_lambda(x, s, VALUE_FALSE, VALUE_NULL, body, position, false), position);
}

struct ast_node *expand_parameterize(struct expansion *x, struct scope *s, vvm_value form, uint64_t position)
{
    vvm_value bindings = nth_part(form, 1);
    unsigned count = require_list(x, bindings, position, "parameterize"), i = 0;
    struct ast_node **pairs = (struct ast_node **)pointer_array(x, count);
    for (vvm_value at = bindings; is_pair(at); at = cdr_of(at)) {
        uint64_t place = place_of(x, car_of(at), place_of(x, at, position));
        if (list_parts(car_of(at)) != 2)
            syntax_error(x, place, VALUE_DEFAULT, "parameterize: a binding is (parameter value)");
        struct ast_node *parameter = expand_cell(x, s, car_of(at), place);
        pairs[i++] = core_call(x, place, "cons", 2, parameter, expand_cell(x, s, cdr_of(car_of(at)), place));
    }
    struct ast_node *list = make_call(x, core_reference(x, "list", position), pairs, count, position);
    return core_call(x, position, "%parameterize", 2, list, thunk(x, s, nth_cell(form, 2), position));
}

/* A promise is done with a value, or not done with a thunk that gives a promise. */
struct ast_node *expand_delay_force(struct expansion *x, struct scope *s, vvm_value form, uint64_t position)
{
    return core_call(x, position, "%make-promise", 2, make_constant(x, VALUE_FALSE, position),
                     thunk(x, s, cdr_of(form), position));
}

struct ast_node *expand_delay(struct expansion *x, struct scope *s, vvm_value form, uint64_t position)
{
    uint64_t place = place_of(x, nth_cell(form, 1), position);
    vvm_value done = expand_cons(x, nth_part(form, 1), VALUE_NULL, place);
    done = expand_cons(x, VALUE_TRUE, done, position);
    done = expand_cons(x, core_alias(x, "%make-promise"), done, position);
    return core_call(x, position, "%make-promise", 2, make_constant(x, VALUE_FALSE, position),
                     thunk(x, s, expand_list(x, position, 1, &done), position));
}

struct ast_node *expand_assert(struct expansion *x, struct scope *s, vvm_value form, uint64_t position)
{
    struct ast_node *test = expand_cell(x, s, nth_cell(form, 1), position);
    vvm_value text = expand_check(x, make_string_utf8(x->ctx, "assertion failed", 16));
    vvm_value datum = expand_check(x, syntax_strip(x->ctx, nth_part(form, 1)));
    struct ast_node *failure = core_call(x, position, "error", 2, make_constant(x, text, position),
                                         make_constant(x, datum, position));
    return make_if(x, test, make_unspecified(x, position), failure, position);
}

struct ast_node *expand_run_program(struct expansion *x, struct scope *s, vvm_value form, uint64_t position)
{
    struct ast_node *n = make_node(x, AST_RUN_PROGRAM, position);
    vvm_value view = nth_cell(form, 5);
    n->run_program.program = expand_cell(x, s, nth_cell(form, 1), position);
    n->run_program.bytes = expand_cell(x, s, nth_cell(form, 2), position);
    n->run_program.entry = expand_cell(x, s, nth_cell(form, 3), position);
    n->run_program.arguments = expand_cell(x, s, nth_cell(form, 4), position);
    if (is_pair(view)) n->run_program.view = expand_cell(x, s, view, position);
    return n;
}
