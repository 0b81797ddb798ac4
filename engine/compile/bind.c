/* SPDX-License-Identifier: Apache-2.0 */
/*
 * bind.c - let, letrec*, receive: variables, closures, and lambdas that are labels.
 *
 * A label's code stands behind the expression that all its calls are tail calls of,
 * so that the calls from outside jump forward, those from its own body back.
 */
#include <assert.h>
#include <errno.h>

#include "compile.h"

/* ---- one variable ------------------------------------------------------------------ */

void bind_variable(struct emitter *e, struct ast_variable *v, unsigned slot)
{
    struct variable_note *note = note_of(v);
    emit_check(e, slot, &v->type);
    note->slot = slot;
    if (!note->boxed) return;
    if (e->slot_types[slot] != SLOT_ANY) {
        note->slot = slot_take(e, SLOT_ANY);
        emit_convert(e, note->slot, slot);
    }
    emit_op(e, OP_MAKE_BOX, note->slot, note->slot, 0);
}

unsigned variable_slot(struct emitter *e, struct ast_variable *v)
{
    return note_of(variable_behind(v))->slot;
}

static bool is_closure(const struct ast_variable *v)
{
    const struct procedure *p = note_of(v)->procedure;
    return p && p->kind == PROCEDURE_CLOSURE;
}

/* True if a LET variable needs no slot: a constant, another variable's name, or a
 * lambda that is no object. */
static bool is_substituted(const struct ast_variable *v)
{
    const struct variable_note *note = note_of(v);
    const struct ast_node self = {.kind = AST_LOCAL, .local.variable = (struct ast_variable *)v};
    if (note->procedure) return !is_closure(v);
    return note->same || constant_behind(&self);
}

/* ---- labels ------------------------------------------------------------------------------ */

static void open_label(struct emitter *e, struct procedure *p)
{
    p->label = label_new(e);
    p->next_waiting = NULL;
    for (unsigned i = 0; i < p->lambda->parameter_count; i++) {
        struct ast_variable *v = p->lambda->parameters[i];
        note_of(v)->arrival = note_of(v)->slot = slot_take(e, arrival_type(e->c, v));
    }
}

static void emit_label_body(struct emitter *e, struct procedure *p, struct destination to)
{
    label_bind(e, p->label);
    emit_at(e, p->lambda->position);
    for (unsigned i = 0; i < p->lambda->parameter_count; i++)
        bind_variable(e, p->lambda->parameters[i], note_of(p->lambda->parameters[i])->arrival);
    emit(e, p->lambda->body, to);
}

static void emit_waiting(struct emitter *e, struct label_group *group, struct destination to,
                         struct label *join)
{
    while (group->waiting) {
        struct procedure *p = group->waiting;
        group->waiting = p->next_waiting;
        if (!group->waiting) group->waiting_end = &group->waiting;
        emit_label_body(e, p, to);
        if (join) emit_jump(e, join);
    }
}

void emit_group(struct emitter *e, struct label_group *group, struct ast_node *n, struct destination to,
                void (*inner)(struct emitter *, struct ast_node *, struct destination))
{
    unsigned mark = slot_mark(e);
    struct label *join = to.kind == TO_RETURN || to.kind == TO_BRANCH ? NULL : label_new(e);
    group->waiting = NULL;
    group->waiting_end = &group->waiting;
    for (struct procedure *p = group->members; p; p = p->next_member) open_label(e, p);
    to.fall = NULL;
    inner(e, n, to);
    if (join) emit_jump(e, join);
    emit_waiting(e, group, to, join);
    if (join) label_bind(e, join);
    slot_release(e, mark);
}

/* ---- calls of labels: parallel moves --------------------------------------------------------- */

#define MENTION_NODES 200

static bool procedure_mentions(const struct procedure *p, const struct ast_variable *v)
{
    if (p->kind == PROCEDURE_LABEL) return true;
    for (unsigned i = 0; i < p->free_count; i++)
        if (p->free[i] == v) return true;
    return false;
}

static bool variable_mentions(struct ast_variable *u, const struct ast_variable *v)
{
    u = variable_behind(u);
    const struct procedure *p = note_of(u)->procedure;
    return u == v || (p && procedure_mentions(p, v));
}

/* May code for the expression read the variable? True also when that is not plain. */
static bool mentions(const struct ast_node *n, const struct ast_variable *v, unsigned *budget)
{
    if (!n) return false;
    if (--*budget == 0) return true;
    switch (n->kind) {
    case AST_CONSTANT:
    case AST_GLOBAL:
    case AST_PACKET: return false;
    case AST_LOCAL: return variable_mentions(n->local.variable, v);
    case AST_LAMBDA: return procedure_mentions(procedure_of(n->lambda), v);
    case AST_IF:
        return mentions(n->branch.test, v, budget) || mentions(n->branch.then, v, budget) ||
               mentions(n->branch.otherwise, v, budget);
    case AST_CALL:
        for (unsigned i = 0; i<n->call.count && * budget> 0; i++)
            if (mentions(n->call.arguments[i], v, budget)) return true;
        return mentions(n->call.operator, v, budget);
    default: return true;
    }
}

enum argument_state { ARGUMENT_TODO, ARGUMENT_MOVE, ARGUMENT_DONE };
struct moves {
    struct ast_node **arguments;
    struct ast_variable **parameters;
    unsigned count;
    uint8_t *states;
    unsigned *temporaries;
};

static bool is_own_value(const struct ast_node *n, const struct ast_variable *v)
{
    return n->kind == AST_LOCAL && variable_behind(n->local.variable) == v && !note_of(v)->boxed;
}

/* True if no argument still to be evaluated reads parameter i. */
static bool may_overwrite(const struct moves *m, unsigned i)
{
    for (unsigned j = 0; j < m->count; j++) {
        unsigned budget = MENTION_NODES;
        if (j != i && m->states[j] == ARGUMENT_TODO && mentions(m->arguments[j], m->parameters[i], &budget))
            return false;
    }
    return true;
}

static void move_argument(struct emitter *e, struct moves *m, unsigned i, bool direct)
{
    unsigned arrival = note_of(m->parameters[i])->arrival;
    if (is_own_value(m->arguments[i], m->parameters[i])) {
        m->states[i] = ARGUMENT_DONE;
    } else if (direct) {
        emit(e, m->arguments[i], to_slot(arrival));
        m->states[i] = ARGUMENT_DONE;
    } else {
        m->temporaries[i] = slot_take(e, e->slot_types[arrival]);
        emit(e, m->arguments[i], to_slot(m->temporaries[i]));
        m->states[i] = ARGUMENT_MOVE;
    }
}

/* The next argument that can go straight to its parameter; else the first left. */
static bool move_next(struct emitter *e, struct moves *m)
{
    unsigned first = m->count;
    for (unsigned i = 0; i < m->count; i++) {
        if (m->states[i] != ARGUMENT_TODO) continue;
        if (first == m->count) first = i;
        if (m->count > 32 || !may_overwrite(m, i)) continue;
        move_argument(e, m, i, true);
        return true;
    }
    if (first == m->count) return false;
    move_argument(e, m, first, false);
    return true;
}

void emit_label_call(struct emitter *e, struct procedure *p, struct ast_node *n)
{
    unsigned mark = slot_mark(e), count = n->call.count;
    struct moves m = {.arguments = n->call.arguments, .parameters = p->lambda->parameters, .count = count};
    m.states = compile_allocate(e->c, count + 1);
    m.temporaries = compile_allocate(e->c, (count + 1) * sizeof *m.temporaries);
    if (e->c->error) return;
    while (move_next(e, &m)) continue;
    for (unsigned i = 0; i < count; i++)
        if (m.states[i] == ARGUMENT_MOVE)
            emit_convert(e, note_of(m.parameters[i])->arrival, m.temporaries[i]);
    slot_release(e, mark);
    if (!e->reachable || !p->label) return;
    if (!p->label->reached) {
        *p->group->waiting_end = p;
        p->group->waiting_end = &p->next_waiting;
    }
    emit_at(e, n->position);
    emit_jump(e, p->label);
}

/* ---- closures ------------------------------------------------------------------------------------- */

struct patch {
    struct patch *next;
    unsigned closure, index;
    struct ast_variable *variable;
};

/* Captured values of p; those whose closure does not exist yet are noted. */
static void capture(struct emitter *e, struct procedure *p, unsigned to, unsigned *slots,
                    struct patch **patches)
{
    for (unsigned i = 0; i < p->free_count; i++) {
        struct ast_variable *v = p->free[i];
        unsigned slot = variable_slot(e, v);
        bool missing = patches && is_closure(v) && !note_of(v)->made;
        slots[i] = slot;
        if (!missing && e->slot_types[slot] == SLOT_ANY) continue;
        slots[i] = slot_take(e, SLOT_ANY);
        if (!missing) {
            emit_convert(e, slots[i], slot);
            continue;
        }
        emit_imm32(e, OP_IMMEDIATE, slots[i], (int32_t)VALUE_UNDEFINED);
        struct patch *patch = compile_allocate(e->c, sizeof *patch);
        if (!patch) return;
        *patch = (struct patch){.next = *patches, .closure = to, .index = i, .variable = v};
        *patches = patch;
    }
}

static void make_closure(struct emitter *e, struct procedure *p, unsigned to, struct patch **patches)
{
    unsigned mark = slot_mark(e);
    unsigned *slots = compile_allocate(e->c, (p->free_count + 1) * sizeof *slots);
    if (!slots) return;
    capture(e, p, to, slots, patches);
    emit_list(e, OP_CLOSURE, to, function_entry(e, p), slots, p->free_count);
    slot_release(e, mark);
}

void emit_closure(struct emitter *e, struct procedure *p, unsigned to) { make_closure(e, p, to, NULL); }

void emit_cases(struct emitter *e, struct ast_node *n, struct destination to)
{
    const struct primitive_row *row = primitive_named(e->c->ctx->node, "%make-cases");
    int64_t index = row ? unit_add_primitive(e->c->builder, row) : -ENOSYS;
    unsigned mark = slot_mark(e), slot = target_slot(e, to, SLOT_ANY);
    unsigned *slots = compile_allocate(e->c, (n->cases.count + 1) * sizeof *slots);
    if (index < 0 || !slots) {
        compile_failed(e->c, index < 0 ? (int)index : -ENOMEM);
        return;
    }
    for (unsigned i = 0; i < n->cases.count; i++) {
        slots[i] = slot_take(e, SLOT_ANY);
        emit_closure(e, procedure_of(n->cases.clauses[i]), slots[i]);
    }
    emit_list(e, OP_CALL_PRIMITIVE, slot, (unsigned)index, slots, n->cases.count);
    deliver(e, slot, to);
    slot_release(e, mark);
}

/* ---- let ------------------------------------------------------------------------------------------- */

static void emit_let_value(struct emitter *e, struct ast_variable *v, struct ast_node *value)
{
    struct variable_note *note = note_of(v);
    if (is_substituted(v)) return;
    note->slot = slot_take(e, is_closure(v) ? SLOT_ANY : arrival_type(e->c, v));
    emit_at(e, value->position);
    if (is_closure(v)) emit_closure(e, note->procedure, note->slot);
    else emit(e, value, to_slot(note->slot));
    note->made = true;
}

static void emit_let_inside(struct emitter *e, struct ast_node *n, struct destination to)
{
    unsigned mark = slot_mark(e);
    for (unsigned i = 0; i < n->let.count; i++) emit_let_value(e, n->let.variables[i], n->let.values[i]);
    for (unsigned i = 0; i < n->let.count; i++) {
        struct ast_variable *v = n->let.variables[i];
        if (!is_substituted(v) && !is_closure(v)) bind_variable(e, v, note_of(v)->slot);
    }
    emit(e, n->let.body, to);
    slot_release(e, mark);
}

/* (or a b): (let ((t a)) (if t t b)) with t used nowhere else. */
static bool is_or(const struct ast_node *n)
{
    const struct ast_node *body = n->let.body;
    if (n->let.count != 1 || body->kind != AST_IF || body->note) return false;
    struct ast_variable *v = n->let.variables[0];
    const struct variable_note *note = note_of(v);
    const struct ast_node *test = body->branch.test, *then = body->branch.then;
    if (note->references != 2 || note->procedure || note->same || v->type.class != CLASS_ANY) return false;
    return test->kind == AST_LOCAL && test->local.variable == v && then->kind == AST_LOCAL &&
           then->local.variable == v;
}

static void emit_or_else(struct emitter *e, struct ast_node *n, struct destination to)
{
    struct ast_node *otherwise = n->let.body->branch.otherwise;
    if (otherwise) emit(e, otherwise, to);
    else if (e->reachable) deliver_constant(e, VALUE_UNSPECIFIED, to, n->position);
}

/* As a test no value arises between; nor where the first part can only be #t or #f. */
static bool emit_or(struct emitter *e, struct ast_node *n, struct destination to)
{
    if (!is_or(n)) return false;
    struct label *on = label_new(e), *yes = label_new(e), *join = label_new(e);
    if (to.kind == TO_BRANCH) {
        emit(e, n->let.values[0], to_branch(to.yes, on, on));
        label_bind(e, on);
        emit_or_else(e, n, to);
        return true;
    }
    if (!gives_boolean(e->c, n->let.values[0])) return false;
    emit(e, n->let.values[0], to_branch(yes, on, yes));
    label_bind(e, yes);
    deliver_constant(e, VALUE_TRUE, to, n->position);
    if (to.kind != TO_RETURN) emit_jump(e, join);
    label_bind(e, on);
    emit_or_else(e, n, to);
    label_bind(e, join);
    return true;
}

void emit_let(struct emitter *e, struct ast_node *n, struct destination to)
{
    const struct node_note *note = n->note;
    if (note && note->inside) emit_group(e, note->inside, n, to, emit_let_inside);
    else if (!emit_or(e, n, to)) emit_let_inside(e, n, to);
}

/* ---- letrec* ------------------------------------------------------------------------------------------ */

static void open_fix(struct emitter *e, struct ast_node *n)
{
    for (unsigned i = 0; i < n->let.count; i++) {
        struct ast_variable *v = n->let.variables[i];
        struct variable_note *note = note_of(v);
        note->made = false;
        if (note->procedure && !is_closure(v)) continue;
        bool early = !note->procedure && note->reached_at <= i;
        note->slot = slot_take(e, is_closure(v) || early ? SLOT_ANY : arrival_type(e->c, v));
        if (!early) continue;
        emit_imm32(e, OP_IMMEDIATE, note->slot, (int32_t)VALUE_UNDEFINED);
        emit_op(e, OP_MAKE_BOX, note->slot, note->slot, 0);
    }
}

/* The closures that value k may look at, k = count: all that are left. */
static void make_closures(struct emitter *e, struct ast_node *n, unsigned k)
{
    struct patch *patches = NULL;
    for (unsigned i = 0; i < n->let.count; i++) {
        struct variable_note *note = note_of(n->let.variables[i]);
        if (!is_closure(n->let.variables[i]) || note->made || (k < n->let.count && note->reached_at > k))
            continue;
        emit_at(e, n->let.values[i]->position);
        make_closure(e, note->procedure, note->slot, &patches);
        note->made = true;
    }
    for (; patches; patches = patches->next)
        emit_op(e, OP_CLOSURE_PATCH, patches->closure, note_of(patches->variable)->slot, patches->index);
}

static void emit_fix_value(struct emitter *e, struct ast_node *n, unsigned i)
{
    struct ast_variable *v = n->let.variables[i];
    struct variable_note *note = note_of(v);
    if (note->reached_at > i) {
        emit(e, n->let.values[i], to_slot(note->slot));
        bind_variable(e, v, note->slot);
        return;
    }
    unsigned mark = slot_mark(e), slot = emit_operand(e, n->let.values[i], SLOT_ANY);
    emit_check(e, slot, &v->type);
    emit_op(e, OP_BOX_SET, note->slot, slot, 0);
    slot_release(e, mark);
}

static void emit_fix_inside(struct emitter *e, struct ast_node *n, struct destination to)
{
    open_fix(e, n);
    for (unsigned i = 0; i < n->let.count; i++) {
        if (note_of(n->let.variables[i])->procedure) continue;
        make_closures(e, n, i);
        emit_fix_value(e, n, i);
    }
    make_closures(e, n, n->let.count);
    emit(e, n->let.body, to);
}

/* The variables' slots are in use until the code of the labels, which see them, stands. */
void emit_fix(struct emitter *e, struct ast_node *n, struct destination to)
{
    const struct node_note *note = n->note;
    unsigned mark = slot_mark(e);
    if (note && note->inside) emit_group(e, note->inside, n, to, emit_fix_inside);
    else emit_fix_inside(e, n, to);
    slot_release(e, mark);
}

/* ---- receive ------------------------------------------------------------------------------------------- */

static void receive_variable(struct emitter *e, struct ast_variable *v, unsigned slot)
{
    unsigned type = arrival_type(e->c, v);
    if (type != SLOT_ANY) {
        unsigned raw = slot_take(e, type);
        emit_convert(e, raw, slot);
        slot = raw;
    }
    bind_variable(e, v, slot);
}

void emit_receive(struct emitter *e, struct ast_node *n, struct destination to)
{
    unsigned mark = slot_mark(e), count = n->receive.count;
    unsigned *slots = compile_allocate(e->c, (count + 1) * sizeof *slots);
    if (!slots) return;
    for (unsigned i = 0; i < count + !!n->receive.rest; i++) slots[i] = slot_take(e, SLOT_ANY);
    emit_at(e, n->position);
    emit(e, n->receive.source,
         (struct destination){.kind = TO_VALUES, .slots = slots, .count = count, .rest = n->receive.rest});
    for (unsigned i = 0; i < count; i++) receive_variable(e, n->receive.variables[i], slots[i]);
    if (n->receive.rest) receive_variable(e, n->receive.rest, slots[count]);
    emit(e, n->receive.body, to);
    slot_release(e, mark);
}
