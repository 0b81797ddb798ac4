/* SPDX-License-Identifier: Apache-2.0 */
/*
 * core_write.c - a core tree as a datum.
 *
 * The first pair of a list stands where its node stands, each further one where the part in
 * it does, so that reading it back finds all places again, but for that of a call's operator.
 */
#include "core_form.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

const struct core_row core_rows[CORE_FORMS] = {
#define C(name, text, read, least, most, doc) [CORE_##name] = {text, least, most},
#include "core_form.def"
#undef C
};

#define NAME_BUCKETS 256

struct core_written { /* of a variable, taken in this form */
    struct core_written *next;
    vvm_value name;
};

struct writing {
    struct expansion *x;
    struct core_numbers *numbers;
    struct core_written *names[NAME_BUCKETS];
    unsigned depth;
};

/* A list that grows at its end. */
struct parts {
    struct writing *w;
    vvm_value first, last;
    uint64_t position;
};

static vvm_value write_node(struct writing *w, struct ast_node *n);

/* ---- lists ------------------------------------------------------------------------------ */

static void add(struct parts *p, vvm_value v, uint64_t position)
{
    vvm_value cell = expand_cons(p->w->x, v, VALUE_NULL, position);
    if (is_null(p->first)) p->first = cell;
    else pair_of(p->last)->cdr = cell;
    p->last = cell;
}

static struct parts begin_list(struct writing *w, uint64_t position)
{
    return (struct parts){.w = w, .first = VALUE_NULL, .last = VALUE_NULL, .position = position};
}

static struct parts begin(struct writing *w, enum core_form form, uint64_t position)
{
    struct parts p = begin_list(w, position);
    add(&p, w->numbers->heads[form], position);
    return p;
}

static void add_node(struct parts *p, struct ast_node *n)
{
    vvm_value v = write_node(p->w, n);
    add(p, v, n->position);
}

static void add_nodes(struct parts *p, struct ast_node **nodes, unsigned count)
{
    for (unsigned i = 0; i < count; i++) add_node(p, nodes[i]);
}

static void add_number(struct parts *p, unsigned number) { add(p, make_fixnum(number), p->position); }

/* ---- names ------------------------------------------------------------------------------- */

static struct core_written **bucket_of(struct writing *w, vvm_value symbol)
{
    return &w->names[((struct symbol *)value_pointer(symbol))->hash % NAME_BUCKETS];
}

static bool is_free(struct writing *w, vvm_value symbol)
{
    for (const struct core_written *n = *bucket_of(w, symbol); n; n = n->next)
        if (n->name == symbol) return false;
    return core_head(w->numbers, symbol) == CORE_FORMS && !environment_lookup(w->x->env, symbol);
}

/* x, or x.1, x.2 ... if something has that name. */
static vvm_value free_name(struct writing *w, vvm_value symbol)
{
    char text[128];
    vvm_value name = symbol;
    for (unsigned i = 1; !is_free(w, name); i++) {
        snprintf(text, sizeof text, "%.100s.%u", symbol_name(symbol), i);
        name = expand_intern(w->x, text);
    }
    return name;
}

static vvm_value bind_name(struct writing *w, struct ast_variable *v)
{
    struct core_written *n = expand_allocate(w->x, sizeof *n);
    n->name = free_name(w, v->name);
    struct core_written **bucket = bucket_of(w, n->name);
    n->next = *bucket;
    *bucket = n;
    v->note = n;
    return n->name;
}

static vvm_value name_of(const struct ast_variable *v)
{
    assert(v->note); /* it is bound further out */
    return ((const struct core_written *)v->note)->name;
}

/* ---- globals, shapes, types ----------------------------------------------------------------- */

static void *grown(struct expansion *x, const void *array, unsigned count, unsigned *room)
{
    if (count < *room) return (void *)array;
    *room = *room ? 2 * *room : 16;
    void *more = expand_allocate(x, *room * sizeof(void *));
    if (count) memcpy(more, array, count * sizeof(void *));
    return more;
}

static unsigned global_index(struct writing *w, struct denotation *d)
{
    struct core_numbers *t = w->numbers;
    for (unsigned i = 0; i < t->global_count; i++)
        if (t->globals[i] == d) return i;
    t->globals = grown(w->x, t->globals, t->global_count, &t->global_room);
    t->globals[t->global_count] = d;
    return t->global_count++;
}

static vvm_value write_global(struct writing *w, struct denotation *d, vvm_value name, uint64_t position)
{
    struct meaning m = meaning_of(w->x->root, name);
    bool plain = m.kind == MEANS_GLOBAL && m.denotation == d;
    if (plain && core_head(w->numbers, name) == CORE_FORMS) return name;
    struct parts p = begin(w, CORE_GLOBAL, position);
    add_number(&p, global_index(w, d));
    add(&p, name, position);
    return p.first;
}

static unsigned shape_index(struct writing *w, const struct body_shape *shape)
{
    struct core_numbers *t = w->numbers;
    t->shapes = grown(w->x, t->shapes, t->shape_count, &t->shape_room);
    t->shapes[t->shape_count] = shape;
    return t->shape_count++;
}

static vvm_value write_type(struct writing *w, const struct ast_type *type, uint64_t position)
{
    if (!type->record) return expand_intern(w->x, value_class_name((enum value_class)type->class));
    struct parts p = begin(w, CORE_GLOBAL, position);
    add_number(&p, global_index(w, (struct denotation *)type->record));
    add(&p, expand_intern(w->x, "record"), position);
    return p.first;
}

static vvm_value write_parameter(struct writing *w, struct ast_variable *v, uint64_t position)
{
    vvm_value name = bind_name(w, v);
    if (v->type.class == CLASS_ANY) return name;
    struct parts p = begin_list(w, position);
    add(&p, name, position);
    add(&p, write_type(w, &v->type, position), position);
    return p.first;
}

static vvm_value write_parameters(struct writing *w, struct ast_variable **variables, unsigned count,
                                  struct ast_variable *rest, uint64_t position)
{
    struct parts p = begin_list(w, position);
    for (unsigned i = 0; i < count; i++) add(&p, write_parameter(w, variables[i], position), position);
    if (!rest) return p.first;
    vvm_value last = bind_name(w, rest);
    if (is_null(p.first)) return last;
    pair_of(p.last)->cdr = last;
    return p.first;
}

/* ---- kinds of nodes --------------------------------------------------------------------------- */

static bool is_itself(vvm_value v)
{
    return is_fixnum(v) || is_boolean(v) || is_char(v) || is_string(v) || has_type(v, TYPE_FLONUM);
}

static vvm_value write_constant(struct writing *w, const struct ast_node *n)
{
    vvm_value v = n->constant.value;
    if (is_itself(v)) return v;
    struct parts p = begin(w, v == VALUE_UNDEFINED ? CORE_UNDEFINED : CORE_QUOTE, n->position);
    if (v != VALUE_UNDEFINED) add(&p, v, n->position);
    return p.first;
}

static vvm_value write_lambda(struct writing *w, struct ast_lambda *l, uint64_t position)
{
    struct parts p = begin(w, l->shape ? CORE_INSTRUCTION : CORE_LAMBDA, position);
    if (l->shape) add_number(&p, shape_index(w, l->shape));
    add(&p, l->name, l->position);
    add(&p, write_parameters(w, l->parameters, l->parameter_count, l->rest, l->position), l->position);
    if (!l->shape) add(&p, write_type(w, &l->result, l->position), l->position);
    add_node(&p, l->body);
    return p.first;
}

static vvm_value write_cases(struct writing *w, struct ast_node *n)
{
    struct parts p = begin(w, CORE_CASES, n->position);
    for (unsigned i = 0; i < n->cases.count; i++)
        add(&p, write_lambda(w, n->cases.clauses[i], n->cases.clauses[i]->position), n->position);
    return p.first;
}

static vvm_value write_assignment(struct writing *w, struct ast_node *n, vvm_value target,
                                  struct ast_node *value)
{
    struct parts p = begin(w, n->kind == AST_DEFINE ? CORE_DEFINE : CORE_SET, n->position);
    add(&p, target, n->position);
    add_node(&p, value);
    return p.first;
}

static vvm_value write_if(struct writing *w, struct ast_node *n)
{
    struct parts p = begin(w, CORE_IF, n->position);
    add_node(&p, n->branch.test);
    add_node(&p, n->branch.then);
    if (n->branch.otherwise) add_node(&p, n->branch.otherwise);
    return p.first;
}

static vvm_value write_many(struct writing *w, enum core_form form, struct ast_node **nodes, unsigned count,
                            uint64_t position)
{
    struct parts p = begin(w, form, position);
    add_nodes(&p, nodes, count);
    return p.first;
}

static vvm_value write_call(struct writing *w, struct ast_node *n)
{
    struct parts p = begin_list(w, n->position);
    vvm_value operator= write_node(w, n->call.operator);
    add(&p, operator, n->position);
    add_nodes(&p, n->call.arguments, n->call.count);
    return p.first;
}

static vvm_value write_binding(struct writing *w, vvm_value parameter, struct ast_node *value)
{
    struct parts p = begin_list(w, value->position);
    add(&p, parameter, value->position);
    add_node(&p, value);
    return p.first;
}

/* Names of a letrec are bound before its values are written, those of a let may be. */
static vvm_value write_let(struct writing *w, struct ast_node *n)
{
    struct parts p = begin(w, n->kind == AST_LET ? CORE_LET : CORE_FIX, n->position);
    vvm_value *parameters = expand_allocate(w->x, (n->let.count + 1) * sizeof *parameters);
    for (unsigned i = 0; i < n->let.count; i++)
        parameters[i] = write_parameter(w, n->let.variables[i], n->position);
    struct parts bindings = begin_list(w, n->position);
    for (unsigned i = 0; i < n->let.count; i++)
        add(&bindings, write_binding(w, parameters[i], n->let.values[i]), n->let.values[i]->position);
    add(&p, bindings.first, n->position);
    add_node(&p, n->let.body);
    return p.first;
}

static vvm_value write_receive(struct writing *w, struct ast_node *n)
{
    struct parts p = begin(w, CORE_RECEIVE, n->position);
    add(&p, write_parameters(w, n->receive.variables, n->receive.count, n->receive.rest, n->position),
        n->position);
    add_node(&p, n->receive.source);
    add_node(&p, n->receive.body);
    return p.first;
}

static vvm_value write_guard(struct writing *w, struct ast_node *n)
{
    struct parts p = begin(w, CORE_GUARD, n->position);
    add(&p, write_parameter(w, n->guard.variable, n->position), n->position);
    add_node(&p, n->guard.handler);
    add_node(&p, n->guard.body);
    return p.first;
}

static vvm_value write_run_program(struct writing *w, struct ast_node *n)
{
    struct parts p = begin(w, CORE_RUN_PROGRAM, n->position);
    add_node(&p, n->run_program.program);
    add_node(&p, n->run_program.bytes);
    add_node(&p, n->run_program.entry);
    add_node(&p, n->run_program.arguments);
    if (n->run_program.view) add_node(&p, n->run_program.view);
    return p.first;
}

/* ---- bodies of instructions ---------------------------------------------------------------------- */

static vvm_value write_exit_call(struct writing *w, struct ast_node *n)
{
    struct parts p = begin(w, CORE_EXIT_CALL, n->position);
    struct parts kept = begin_list(w, n->position), arguments = begin_list(w, n->position);
    add_number(&p, n->exit.operand->operand);
    add_nodes(&kept, n->exit.kept, n->exit.kept_count);
    add(&p, kept.first, n->position);
    add_nodes(&arguments, n->exit.values, n->exit.count);
    add(&p, n->exit.call_items ? w->numbers->heads[CORE_ITEMS] : arguments.first, n->position);
    if (n->exit.then == THEN_LABEL) add_number(&p, n->exit.then_label->operand);
    else add(&p, expand_intern(w->x, n->exit.then == THEN_NEXT ? "next" : "here"), n->position);
    return p.first;
}

static vvm_value write_exit(struct writing *w, struct ast_node *n)
{
    struct parts p;
    switch (n->exit.kind) {
    case EXIT_KIND_NEXT: p = begin(w, CORE_EXIT_NEXT, n->position); break;
    case EXIT_KIND_RETURN: p = begin(w, CORE_EXIT_RETURN, n->position); break;
    case EXIT_KIND_PREVIOUS: p = begin(w, CORE_EXIT_PREVIOUS, n->position); break;
    case EXIT_KIND_GOTO:
        p = begin(w, CORE_EXIT_GOTO, n->position);
        add_number(&p, n->exit.operand->operand);
        break;
    case EXIT_KIND_CALL: return write_exit_call(w, n);
    }
    add_nodes(&p, n->exit.values, n->exit.count);
    return p.first;
}

static vvm_value write_item(struct writing *w, struct ast_node *n)
{
    static const enum core_form forms[] = {[ITEM_KIND_COUNT] = CORE_ITEM_COUNT,
                                           [ITEM_KIND_REF] = CORE_ITEM_REF,
                                           [ITEM_KIND_VECTOR] = CORE_ITEMS};
    struct parts p = begin(w, forms[n->item.kind], n->position);
    if (n->item.kind == ITEM_KIND_REF) add_node(&p, n->item.index);
    return p.first;
}

static vvm_value write_wire_local(struct writing *w, struct ast_node *n)
{
    struct parts p = begin(w, n->wire_local.value ? CORE_SET_LOCAL : CORE_LOCAL, n->position);
    add_number(&p, n->wire_local.operand->operand);
    if (n->wire_local.value) add_node(&p, n->wire_local.value);
    return p.first;
}

static vvm_value write_wire_op(struct writing *w, struct ast_node *n)
{
    static const enum core_form forms[] = {[WIRE_KIND_PUSH_HANDLER] = CORE_PUSH_HANDLER,
                                           [WIRE_KIND_POP_HANDLER] = CORE_POP_HANDLER,
                                           [WIRE_KIND_PROGRAM_BYTES] = CORE_PROGRAM_BYTES};
    struct parts p = begin(w, forms[n->wire_op.kind], n->position);
    if (n->wire_op.kind == WIRE_KIND_PUSH_HANDLER) add_number(&p, n->wire_op.operand->operand);
    return p.first;
}

/* ---- dispatch ----------------------------------------------------------------------------------------- */

static vvm_value write_global_assignment(struct writing *w, struct ast_node *n)
{
    vvm_value target = n->global.name;
    if (n->kind == AST_SET_GLOBAL) target = write_global(w, n->global.denotation, target, n->position);
    return write_assignment(w, n, target, n->global.value);
}

static vvm_value write_kind(struct writing *w, struct ast_node *n)
{
    switch (n->kind) {
    case AST_CONSTANT: return write_constant(w, n);
    case AST_LOCAL: return name_of(n->local.variable);
    case AST_SET_LOCAL: return write_assignment(w, n, name_of(n->local.variable), n->local.value);
    case AST_GLOBAL: return write_global(w, n->global.denotation, n->global.name, n->position);
    case AST_SET_GLOBAL:
    case AST_DEFINE: return write_global_assignment(w, n);
    case AST_IF: return write_if(w, n);
    case AST_LAMBDA: return write_lambda(w, n->lambda, n->position);
    case AST_CASES: return write_cases(w, n);
    case AST_SEQUENCE: return write_many(w, CORE_SEQUENCE, n->sequence.items, n->sequence.count, n->position);
    case AST_CALL: return write_call(w, n);
    case AST_LET:
    case AST_FIX: return write_let(w, n);
    case AST_RECEIVE: return write_receive(w, n);
    case AST_GUARD: return write_guard(w, n);
    case AST_PACKET: return begin(w, CORE_PACKET, n->position).first;
    case AST_EXIT: return write_exit(w, n);
    case AST_ITEM: return write_item(w, n);
    case AST_WIRE_LOCAL: return write_wire_local(w, n);
    case AST_WIRE_OP: return write_wire_op(w, n);
    case AST_RUN_PROGRAM: return write_run_program(w, n);
    }
    return VALUE_NULL;
}

static vvm_value write_node(struct writing *w, struct ast_node *n)
{
    if (++w->depth > CORE_DEPTH_MAX)
        syntax_error(w->x, n->position, VALUE_DEFAULT, "code is nested too deeply for an optimiser");
    vvm_value v = write_kind(w, n);
    w->depth--;
    return v;
}

enum core_form core_head(const struct core_numbers *numbers, vvm_value symbol)
{
    unsigned form = 0;
    while (form < CORE_FORMS && numbers->heads[form] != symbol) form++;
    return (enum core_form)form;
}

vvm_value core_write(struct expansion *x, struct ast_node *tree, struct core_numbers *numbers)
{
    struct writing *w = expand_allocate(x, sizeof *w);
    *w = (struct writing){.x = x, .numbers = numbers};
    for (unsigned i = 0; i < CORE_FORMS; i++) numbers->heads[i] = expand_intern(x, core_rows[i].name);
    return write_node(w, tree);
}
