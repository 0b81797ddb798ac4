/* SPDX-License-Identifier: Apache-2.0 */
/*
 * core_read.c - a datum as a core tree: every variable bound once, every name resolved, every
 * operand of the kind that its instruction has. What is wrong with it is a syntax error with
 * the place; nothing here believes what the datum says.
 */
#include "core_form.h"

#include <assert.h>
#include <string.h>

struct reading {
    struct expansion *x;
    const struct core_numbers *numbers;
    const struct body_shape *shape; /* of the instruction whose body is being read, or NULL */
    unsigned depth, functions;      /* functions around this place */
};

/* A list form: its parts behind the head, and where it stands. */
struct form {
    vvm_value head, parts;
    unsigned count;
    uint64_t position;
};

typedef struct ast_node *form_reader(struct reading *r, struct scope *s, const struct form *f);

static struct ast_node *read_node(struct reading *r, struct scope *s, vvm_value datum, uint64_t position);

_Noreturn static void refuse_form(struct reading *r, const struct form *f, const char *what)
{
    syntax_error(r->x, f->position, VALUE_DEFAULT, "optimiser: %s: %s", symbol_name(f->head), what);
}

static struct ast_node *read_cell(struct reading *r, struct scope *s, vvm_value cell, uint64_t position)
{
    return read_node(r, s, car_of(cell), place_of(r->x, cell, position));
}

static struct ast_node *read_part(struct reading *r, struct scope *s, const struct form *f, unsigned i)
{
    return read_cell(r, s, nth_cell(f->parts, i), f->position);
}

static vvm_value part(const struct form *f, unsigned i) { return nth_part(f->parts, i); }

static struct ast_node **read_cells(struct reading *r, struct scope *s, vvm_value cells, unsigned count,
                                    uint64_t position)
{
    struct ast_node **nodes = (struct ast_node **)pointer_array(r->x, count);
    for (unsigned i = 0; i < count; i++, cells = cdr_of(cells)) nodes[i] = read_cell(r, s, cells, position);
    return nodes;
}

/* ---- names and types --------------------------------------------------------------------- */

/* (global NUMBER NAME), or NULL if the datum is something else. */
static struct denotation *numbered(struct reading *r, vvm_value datum, uint64_t position)
{
    if (!is_pair(datum) || car_of(datum) != r->numbers->heads[CORE_GLOBAL]) return NULL;
    vvm_value number = list_parts(datum) == 3 ? nth_part(datum, 1) : VALUE_FALSE;
    if (!is_fixnum(number) || fixnum_value(number) < 0 || fixnum_value(number) >= r->numbers->global_count)
        syntax_error(r->x, position, VALUE_DEFAULT, "optimiser: global: no such number in this form");
    return r->numbers->globals[fixnum_value(number)];
}

static struct ast_type class_type(struct reading *r, vvm_value datum, uint64_t position)
{
    int class = is_symbol(datum) ? value_class_named(symbol_name(datum)) : -1;
    if (class < 0) syntax_error(r->x, position, datum, "optimiser: this is no type");
    int slot = slot_type_named(symbol_name(datum));
    return (struct ast_type){.class = (uint8_t) class,
                             .slot = slot > SLOT_ANY && slot < SLOT_TYPES ? (uint8_t)slot : SLOT_ANY};
}

static struct ast_type read_type(struct reading *r, vvm_value datum, uint64_t position)
{
    const struct denotation *d = numbered(r, datum, position);
    if (!d) return class_type(r, datum, position);
    if (!d->record_type) syntax_error(r->x, position, VALUE_DEFAULT, "optimiser: this is no record type");
    return (struct ast_type){.class = CLASS_RECORD, .record = d};
}

static struct ast_variable *bind_symbol(struct reading *r, struct scope *s, vvm_value name, uint64_t position)
{
    if (!is_symbol(name)) syntax_error(r->x, position, name, "optimiser: a name is needed to bind");
    return scope_variable(r->x, s, name, position);
}

static struct ast_variable *read_parameter(struct reading *r, struct scope *s, vvm_value datum,
                                           uint64_t position)
{
    if (!is_pair(datum)) return bind_symbol(r, s, datum, position);
    if (list_parts(datum) != 2)
        syntax_error(r->x, position, datum, "optimiser: a parameter is a name or (name type)");
    struct ast_variable *v = bind_symbol(r, s, car_of(datum), position);
    v->type = read_type(r, nth_part(datum, 1), position);
    return v;
}

static struct formals read_parameters(struct reading *r, struct scope *s, vvm_value list, uint64_t position)
{
    struct formals f = {0};
    vvm_value at = list;
    for (; is_pair(at); at = cdr_of(at))
        if (++f.count > SCOPE_NAMES_MAX)
            syntax_error(r->x, position, VALUE_DEFAULT, "optimiser: too many parameters");
    f.variables = (struct ast_variable **)pointer_array(r->x, f.count);
    at = list;
    for (unsigned i = 0; i < f.count; i++, at = cdr_of(at))
        f.variables[i] = read_parameter(r, s, car_of(at), position);
    if (!is_null(at)) f.rest = bind_symbol(r, s, at, position);
    return f;
}

static struct ast_node *global_node(struct reading *r, struct denotation *d, vvm_value name,
                                    uint64_t position)
{
    struct ast_node *n = make_node(r->x, AST_GLOBAL, position);
    n->global.denotation = d;
    n->global.name = name;
    return n;
}

static struct ast_node *read_symbol(struct reading *r, struct scope *s, vvm_value name, uint64_t position)
{
    struct meaning m = meaning_of(s, name);
    if (m.kind == MEANS_VARIABLE) return make_local(r->x, m.variable, position);
    if (m.kind != MEANS_GLOBAL && m.kind != MEANS_NOTHING)
        syntax_error(r->x, position, VALUE_DEFAULT, "optimiser: %s is no variable", symbol_name(name));
    return global_node(r, global_reference(r->x, &m), name, position);
}

static struct ast_node *read_number(struct reading *r, struct scope *s, const struct form *f)
{
    vvm_value form = expand_cons(r->x, f->head, f->parts, f->position);
    (void)s;
    if (!is_symbol(part(f, 1))) refuse_form(r, f, "needs (global NUMBER NAME)");
    return global_node(r, numbered(r, form, f->position), part(f, 1), f->position);
}

/* ---- constants, assignment ----------------------------------------------------------------- */

static struct ast_node *read_quote(struct reading *r, struct scope *s, const struct form *f)
{
    (void)s;
    return make_constant(r->x, expand_check(r->x, syntax_strip(r->x->ctx, part(f, 0))), f->position);
}

static struct ast_node *read_undefined(struct reading *r, struct scope *s, const struct form *f)
{
    (void)s;
    return make_constant(r->x, VALUE_UNDEFINED, f->position);
}

static struct ast_node *set_global(struct reading *r, const struct form *f, const struct ast_node *target,
                                   struct ast_node *value)
{
    struct denotation *d = target->global.denotation;
    if (d->owner != r->x->env->vmlet || d->inline_form != VALUE_FALSE || d->parameter)
        refuse_form(r, f, "the variable is another VMlet's, a parameter of this one, or defined inline");
    struct ast_node *n = make_node(r->x, AST_SET_GLOBAL, f->position);
    d->assigned = true;
    n->global.denotation = d;
    n->global.name = target->global.name;
    n->global.value = value;
    return n;
}

static struct ast_node *read_set(struct reading *r, struct scope *s, const struct form *f)
{
    struct ast_node *target = read_part(r, s, f, 0), *value = read_part(r, s, f, 1);
    if (target->kind == AST_GLOBAL) return set_global(r, f, target, value);
    if (target->kind != AST_LOCAL) refuse_form(r, f, "needs a variable");
    target->local.variable->references--; /* it is not read here */
    return make_set_local(r->x, target->local.variable, value, f->position);
}

/* A name that the VMlet has defined already keeps what the expander noted of it. */
static struct ast_node *read_define(struct reading *r, struct scope *s, const struct form *f)
{
    vvm_value name = part(f, 0);
    if (!is_symbol(name)) refuse_form(r, f, "needs a name");
    if (r->functions) refuse_form(r, f, "stands inside a function");
    struct denotation *d = environment_entry(r->x->env, name);
    if (!d || d->kind != DENOTES_GLOBAL || d->owner != r->x->env->vmlet || d->parameter)
        d = global_definition(r->x, name, f->position);
    struct ast_node *n = make_node(r->x, AST_DEFINE, f->position);
    n->global.denotation = d;
    n->global.name = name;
    struct ast_node *value = n->global.value = read_part(r, s, f, 1);
    if (value->kind == AST_LAMBDA) value->lambda->inlined = d->inline_form != VALUE_FALSE;
    return n;
}

/* ---- functions -------------------------------------------------------------------------------- */

static struct ast_node *read_function(struct reading *r, struct scope *s, const struct form *f,
                                      const struct body_shape *shape)
{
    struct ast_lambda *l = expand_allocate(r->x, sizeof *l);
    struct scope *inner = scope_open(r->x, s, l);
    vvm_value name = part(f, shape ? 1 : 0);
    if (!is_symbol(name) && name != VALUE_FALSE) refuse_form(r, f, "needs a name or #f");
    struct formals formals = read_parameters(r, inner, part(f, shape ? 2 : 1), f->position);
    if (shape && formals.rest) refuse_form(r, f, "takes no rest");
    l->name = name;
    l->position = place_of(r->x, nth_cell(f->parts, shape ? 1 : 0), f->position);
    l->parameters = formals.variables;
    l->parameter_count = formals.count;
    l->rest = formals.rest;
    l->shape = shape;
    if (!shape) l->result = read_type(r, part(f, 2), f->position);
    r->functions++;
    l->body = read_part(r, inner, f, 3);
    r->functions--;
    return make_lambda(r->x, l, f->position);
}

static struct ast_node *read_lambda(struct reading *r, struct scope *s, const struct form *f)
{
    return read_function(r, s, f, NULL);
}

static struct ast_node *read_instruction(struct reading *r, struct scope *s, const struct form *f)
{
    vvm_value number = part(f, 0);
    if (r->shape || !is_fixnum(number) || fixnum_value(number) < 0 ||
        fixnum_value(number) >= r->numbers->shape_count)
        refuse_form(r, f, "no such number in this form");
    r->shape = r->numbers->shapes[fixnum_value(number)];
    struct ast_node *n = read_function(r, s, f, r->shape);
    r->shape = NULL;
    return n;
}

static struct ast_node *read_cases(struct reading *r, struct scope *s, const struct form *f)
{
    struct ast_node *n = make_node(r->x, AST_CASES, f->position);
    struct ast_node **clauses = read_cells(r, s, f->parts, f->count, f->position);
    n->cases.clauses = (struct ast_lambda **)pointer_array(r->x, f->count);
    n->cases.count = f->count;
    for (unsigned i = 0; i < f->count; i++) {
        if (clauses[i]->kind != AST_LAMBDA || clauses[i]->lambda->shape)
            refuse_form(r, f, "a clause is a lambda");
        n->cases.clauses[i] = clauses[i]->lambda;
    }
    return n;
}

/* ---- control and bindings ------------------------------------------------------------------------ */

static struct ast_node *read_if(struct reading *r, struct scope *s, const struct form *f)
{
    struct ast_node *n = make_node(r->x, AST_IF, f->position);
    n->branch.test = read_part(r, s, f, 0);
    n->branch.then = read_part(r, s, f, 1);
    if (f->count > 2) n->branch.otherwise = read_part(r, s, f, 2);
    return n;
}

static struct ast_node *read_sequence(struct reading *r, struct scope *s, const struct form *f)
{
    struct ast_node **items = read_cells(r, s, f->parts, f->count, f->position);
    return make_sequence(r->x, items, f->count, f->position);
}

/* The names of a letrec are bound where its values stand, those of a let are not. */
static struct ast_node *read_bindings(struct reading *r, struct scope *s, const struct form *f,
                                      enum ast_kind kind)
{
    vvm_value at = part(f, 0);
    unsigned count = require_list(r->x, at, f->position, "optimiser: let");
    struct scope *inner = scope_open(r->x, s, s->owner);
    struct ast_variable **variables = (struct ast_variable **)pointer_array(r->x, count);
    struct ast_node **values = (struct ast_node **)pointer_array(r->x, count);
    for (unsigned i = 0; i < count; i++, at = cdr_of(at)) {
        if (list_parts(car_of(at)) != 2) refuse_form(r, f, "a binding is (parameter value)");
        variables[i] = read_parameter(r, inner, car_of(car_of(at)), f->position);
    }
    at = part(f, 0);
    for (unsigned i = 0; i < count; i++, at = cdr_of(at))
        values[i] = read_cell(r, kind == AST_FIX ? inner : s, nth_cell(car_of(at), 1), f->position);
    struct ast_node *body = read_part(r, inner, f, 1);
    return make_let(r->x, kind, variables, values, count, body, f->position);
}

static struct ast_node *read_let(struct reading *r, struct scope *s, const struct form *f)
{
    return read_bindings(r, s, f, AST_LET);
}

static struct ast_node *read_letrec(struct reading *r, struct scope *s, const struct form *f)
{
    return read_bindings(r, s, f, AST_FIX);
}

static struct ast_node *read_receive(struct reading *r, struct scope *s, const struct form *f)
{
    struct ast_node *n = make_node(r->x, AST_RECEIVE, f->position);
    struct scope *inner = scope_open(r->x, s, s->owner);
    struct formals formals = read_parameters(r, inner, part(f, 0), f->position);
    n->receive.variables = formals.variables;
    n->receive.count = formals.count;
    n->receive.rest = formals.rest;
    n->receive.source = read_part(r, s, f, 1);
    n->receive.body = read_part(r, inner, f, 2);
    return n;
}

static struct ast_node *read_guard(struct reading *r, struct scope *s, const struct form *f)
{
    struct ast_node *n = make_node(r->x, AST_GUARD, f->position);
    struct scope *inner = scope_open(r->x, s, s->owner);
    n->guard.variable = read_parameter(r, inner, part(f, 0), f->position);
    n->guard.handler = read_part(r, inner, f, 1);
    n->guard.body = read_part(r, s, f, 2);
    return n;
}

static struct ast_node *read_packet(struct reading *r, struct scope *s, const struct form *f)
{
    (void)s;
    return make_node(r->x, AST_PACKET, f->position);
}

static struct ast_node *read_run_program(struct reading *r, struct scope *s, const struct form *f)
{
    struct ast_node *n = make_node(r->x, AST_RUN_PROGRAM, f->position);
    n->run_program.program = read_part(r, s, f, 0);
    n->run_program.bytes = read_part(r, s, f, 1);
    n->run_program.entry = read_part(r, s, f, 2);
    n->run_program.arguments = read_part(r, s, f, 3);
    if (f->count > 4) n->run_program.view = read_part(r, s, f, 4);
    return n;
}

/* ---- bodies of instructions -------------------------------------------------------------------------- */

/* The operand that the number is, of that kind. */
static struct ast_variable *read_operand(struct reading *r, const struct form *f, vvm_value number,
                                         uint8_t kind)
{
    const struct body_shape *shape = r->shape;
    if (!shape || !is_fixnum(number) || fixnum_value(number) < 0 ||
        fixnum_value(number) >= shape->operand_count || shape->operands[fixnum_value(number)].kind != kind)
        refuse_form(r, f, "no such operand of this instruction");
    struct ast_variable *v = expand_allocate(r->x, sizeof *v);
    v->name = f->head;
    v->operand_only = true;
    v->operand = (unsigned)fixnum_value(number);
    return v;
}

static struct ast_node *exit_node(struct reading *r, const struct form *f, enum ast_exit kind)
{
    struct ast_node *n = make_node(r->x, AST_EXIT, f->position);
    if (!r->shape) refuse_form(r, f, "outside the body of an instruction");
    n->exit.kind = kind;
    return n;
}

static void read_values(struct reading *r, struct scope *s, const struct form *f, struct ast_node *n,
                        unsigned from)
{
    n->exit.count = f->count - from;
    n->exit.values = read_cells(r, s, nth_cell(f->parts, from), n->exit.count, f->position);
}

static struct ast_node *read_next(struct reading *r, struct scope *s, const struct form *f)
{
    struct ast_node *n = exit_node(r, f, EXIT_KIND_NEXT);
    read_values(r, s, f, n, 0);
    return n;
}

static struct ast_node *read_return(struct reading *r, struct scope *s, const struct form *f)
{
    struct ast_node *n = exit_node(r, f, EXIT_KIND_RETURN);
    read_values(r, s, f, n, 0);
    return n;
}

static struct ast_node *read_previous(struct reading *r, struct scope *s, const struct form *f)
{
    (void)s;
    return exit_node(r, f, EXIT_KIND_PREVIOUS);
}

static struct ast_node *read_goto(struct reading *r, struct scope *s, const struct form *f)
{
    struct ast_node *n = exit_node(r, f, EXIT_KIND_GOTO);
    n->exit.operand = read_operand(r, f, part(f, 0), WIRE_LABEL);
    read_values(r, s, f, n, 1);
    return n;
}

static void read_then(struct reading *r, const struct form *f, struct ast_node *n)
{
    vvm_value then = part(f, 3);
    if (is_fixnum(then)) {
        n->exit.then = THEN_LABEL;
        n->exit.then_label = read_operand(r, f, then, WIRE_LABEL);
    } else if (is_symbol(then) && !strcmp(symbol_name(then), "here")) {
        n->exit.then = THEN_HERE;
    } else if (!is_symbol(then) || strcmp(symbol_name(then), "next")) {
        refuse_form(r, f, "goes on at next, here or a label operand");
    }
}

static struct ast_node *read_exit_call(struct reading *r, struct scope *s, const struct form *f)
{
    struct ast_node *n = exit_node(r, f, EXIT_KIND_CALL);
    n->exit.operand = read_operand(r, f, part(f, 0), WIRE_FUNCTION);
    n->exit.kept_count = require_list(r->x, part(f, 1), f->position, "optimiser: exit-call");
    n->exit.kept = read_cells(r, s, part(f, 1), n->exit.kept_count, f->position);
    n->exit.call_items = part(f, 2) == r->numbers->heads[CORE_ITEMS];
    if (!n->exit.call_items) {
        n->exit.count = require_list(r->x, part(f, 2), f->position, "optimiser: exit-call");
        n->exit.values = read_cells(r, s, part(f, 2), n->exit.count, f->position);
    }
    read_then(r, f, n);
    return n;
}

static struct ast_node *item_node(struct reading *r, const struct form *f, enum ast_item kind)
{
    struct ast_node *n = make_node(r->x, AST_ITEM, f->position);
    if (!r->shape || !r->shape->items) refuse_form(r, f, "this instruction takes no items");
    n->item.kind = kind;
    return n;
}

static struct ast_node *read_item_count(struct reading *r, struct scope *s, const struct form *f)
{
    (void)s;
    return item_node(r, f, ITEM_KIND_COUNT);
}

static struct ast_node *read_items(struct reading *r, struct scope *s, const struct form *f)
{
    (void)s;
    return item_node(r, f, ITEM_KIND_VECTOR);
}

static struct ast_node *read_item_ref(struct reading *r, struct scope *s, const struct form *f)
{
    struct ast_node *n = item_node(r, f, ITEM_KIND_REF);
    n->item.index = read_part(r, s, f, 0);
    return n;
}

static struct ast_node *read_local(struct reading *r, struct scope *s, const struct form *f)
{
    struct ast_node *n = make_node(r->x, AST_WIRE_LOCAL, f->position);
    (void)s;
    n->wire_local.operand = read_operand(r, f, part(f, 0), WIRE_LOCAL);
    return n;
}

static struct ast_node *read_set_local(struct reading *r, struct scope *s, const struct form *f)
{
    struct ast_node *n = read_local(r, s, f);
    n->wire_local.value = read_part(r, s, f, 1);
    return n;
}

static struct ast_node *wire_op(struct reading *r, const struct form *f, enum ast_wire_op kind)
{
    struct ast_node *n = make_node(r->x, AST_WIRE_OP, f->position);
    n->wire_op.kind = kind;
    if (kind == WIRE_KIND_PUSH_HANDLER) n->wire_op.operand = read_operand(r, f, part(f, 0), WIRE_LABEL);
    return n;
}

static struct ast_node *read_push_handler(struct reading *r, struct scope *s, const struct form *f)
{
    (void)s;
    return wire_op(r, f, WIRE_KIND_PUSH_HANDLER);
}

static struct ast_node *read_pop_handler(struct reading *r, struct scope *s, const struct form *f)
{
    (void)s;
    return wire_op(r, f, WIRE_KIND_POP_HANDLER);
}

static struct ast_node *read_program_bytes(struct reading *r, struct scope *s, const struct form *f)
{
    (void)s;
    return wire_op(r, f, WIRE_KIND_PROGRAM_BYTES);
}

/* ---- dispatch -------------------------------------------------------------------------------------------
 */

static form_reader *const readers[CORE_FORMS] = {
#define C(name, text, read, least, most, doc) [CORE_##name] = read,
#include "core_form.def"
#undef C
};

static struct ast_node *read_call(struct reading *r, struct scope *s, vvm_value datum, unsigned count,
                                  uint64_t position)
{
    struct ast_node *operator= read_node(r, s, car_of(datum), position);
    struct ast_node **arguments = read_cells(r, s, cdr_of(datum), count, position);
    return make_call(r->x, operator, arguments, count, position);
}

static struct ast_node *read_list(struct reading *r, struct scope *s, vvm_value datum, uint64_t position)
{
    unsigned count = require_list(r->x, datum, position, "optimiser") - 1;
    enum core_form form = core_head(r->numbers, car_of(datum));
    if (form == CORE_FORMS) return read_call(r, s, datum, count, position);
    const struct core_row *row = &core_rows[form];
    struct form f = {car_of(datum), cdr_of(datum), count, position};
    if ((int)count < row->least || (row->most >= 0 && (int)count > row->most))
        refuse_form(r, &f, "wrong number of parts");
    return readers[form](r, s, &f);
}

static struct ast_node *read_atom(struct reading *r, struct scope *s, vvm_value datum, uint64_t position)
{
    if (is_symbol(datum)) return read_symbol(r, s, datum, position);
    if (is_null(datum)) syntax_error(r->x, position, VALUE_DEFAULT, "optimiser: (): an empty form");
    return make_constant(r->x, datum, position);
}

static struct ast_node *read_node(struct reading *r, struct scope *s, vvm_value datum, uint64_t position)
{
    position = place_of(r->x, datum, position);
    if (++r->depth > CORE_DEPTH_MAX)
        syntax_error(r->x, position, VALUE_DEFAULT, "optimiser: code is nested too deeply");
    struct ast_node *n = is_pair(datum) ? read_list(r, s, datum, position) : read_atom(r, s, datum, position);
    r->depth--;
    return n;
}

struct ast_node *core_read(struct expansion *x, vvm_value datum, const struct core_numbers *numbers,
                           uint64_t position)
{
    struct reading r = {.x = x, .numbers = numbers};
    return read_node(&r, x->root, datum, position);
}
