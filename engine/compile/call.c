/* SPDX-License-Identifier: Apache-2.0 */
/*
 * call.c - calls: of labels, known functions, globals, C primitives and values, in
 * tail position or not, for one value or several.
 */
#include <assert.h>
#include <errno.h>

#include "compile.h"

/* ---- links ------------------------------------------------------------------------- */

struct search {
    const struct denotation *wanted;
    vvm_value name;
};

static void search_name(void *data, vvm_value symbol, const struct denotation *d)
{
    struct search *s = data;
    if (d->kind == DENOTES_GLOBAL && d->owner == s->wanted->owner && d->global == s->wanted->global)
        s->name = symbol;
}

/* The name under which its owner knows the global. */
static vvm_value owner_name(const struct denotation *d, vvm_value name)
{
    const struct vvm_environment *env = d->owner->environment;
    const struct denotation *own = env && name != VALUE_FALSE ? environment_lookup(env, name) : NULL;
    if (own && own->kind == DENOTES_GLOBAL && own->owner == d->owner && own->global == d->global) return name;
    struct search s = {.wanted = d, .name = name};
    if (env) environment_each(env, search_name, &s);
    return s.name;
}

unsigned emit_link(struct emitter *e, const struct denotation *d, vvm_value name, uint32_t signature)
{
    struct unit_builder *b = e->c->builder;
    vvm_value vmlet = VALUE_FALSE;
    if (d->owner) {
        name = owner_name(d, name);
        if (d->owner != b->vmlet) vmlet = d->owner->name;
    }
    int64_t index = unit_add_link(b, vmlet, name, signature);
    if (index >= 0 && index <= UINT16_MAX) return (unsigned)index;
    if (index < 0) compile_failed(e->c, (int)index);
    else compile_error(e->c, ERROR_SYNTAX, e->position, "the form names too many globals");
    return 0;
}

void emit_global(struct emitter *e, struct ast_node *n, unsigned slot)
{
    emit_at(e, n->position);
    emit_op(e, OP_GLOBAL_REF, slot, emit_link(e, n->global.denotation, n->global.name, 0), 0);
}

/* ---- the end of a call --------------------------------------------------------------------- */

/* A call instruction and its tail form; b as the instruction wants it. */
struct call {
    enum opcode op, tail;
    unsigned b;
    const unsigned *slots;
    unsigned count;
    unsigned result; /* slot type */
    bool diverges;
};

static bool may_tail_call(const struct emitter *e, const struct call *call, struct destination to)
{
    const struct ast_lambda *l = e->procedure->lambda;
    if (to.kind != TO_RETURN || e->body) return false;
    if (call->diverges) return call->result == e->result;
    if (call->result != e->result) return false;
    if (!l || e->result != SLOT_ANY) return true;
    /* a declared class is not checked again behind a function that is known by name */
    if (l->result.slot != SLOT_ANY) return false;
    return l->result.class == CLASS_ANY || call->op == OP_CALL_GLOBAL || call->op == OP_CALL;
}

static void emit_received(struct emitter *e, unsigned slot, struct destination to)
{
    enum opcode op = to.rest ? OP_RECEIVE_REST : OP_RECEIVE;
    emit_list(e, op, slot, 0, to.slots, to.count + to.rest);
}

static void finish_call(struct emitter *e, const struct call *call, struct destination to)
{
    assert(call->count <= CALL_ARGUMENTS_MAX && call->result < SLOT_TYPES);
    if (may_tail_call(e, call, to)) {
        emit_list(e, call->tail, 0, call->b, call->slots, call->count);
        if (!call->diverges) e->returns = true;
        return;
    }
    unsigned mark = slot_mark(e), slot = target_slot(e, to, call->result);
    emit_list(e, call->op, slot, call->b, call->slots, call->count);
    if (call->diverges) emit_unreachable(e);
    else if (to.kind == TO_VALUES && call->result == SLOT_ANY) emit_received(e, slot, to);
    else deliver(e, slot, to);
    slot_release(e, mark);
}

static bool too_many(struct emitter *e, const struct ast_node *n, unsigned count)
{
    if (count <= CALL_ARGUMENTS_MAX) return false;
    compile_error(e->c, ERROR_SYNTAX, n->position, "a call takes at most %d arguments", CALL_ARGUMENTS_MAX);
    return true;
}

static unsigned *slot_list(struct emitter *e, const struct ast_node *n, unsigned count)
{
    if (too_many(e, n, count)) return NULL;
    return compile_allocate(e->c, (count + 1) * sizeof(unsigned));
}

void emit_operands(struct emitter *e, struct ast_node **nodes, unsigned n, unsigned *slots)
{
    for (unsigned i = 0; i < n; i++) slots[i] = emit_operand(e, nodes[i], SLOT_ANY);
}

/* ---- kinds of callee ----------------------------------------------------------------------------- */

void emit_primitive(struct emitter *e, const struct primitive_row *row, struct ast_node *n,
                    struct destination to)
{
    unsigned mark = slot_mark(e), slot = target_slot(e, to, SLOT_ANY);
    unsigned *slots = slot_list(e, n, n->call.count);
    int64_t index = unit_add_primitive(e->c->builder, row);
    if (index < 0) compile_failed(e->c, (int)index);
    if (!slots || index < 0) return;
    emit_operands(e, n->call.arguments, n->call.count, slots);
    emit_at(e, n->position);
    emit_list(e, OP_CALL_PRIMITIVE, slot, (unsigned)index, slots, n->call.count);
    if (row->effects & EFFECT_DIVERGES) emit_unreachable(e);
    else deliver(e, slot, to);
    slot_release(e, mark);
}

static void emit_value_call(struct emitter *e, struct ast_node *n, struct destination to)
{
    unsigned mark = slot_mark(e);
    unsigned *slots = slot_list(e, n, n->call.count);
    if (!slots) return;
    unsigned f = emit_operand(e, n->call.operator, SLOT_ANY);
    emit_operands(e, n->call.arguments, n->call.count, slots);
    emit_at(e, n->position);
    struct call call = {OP_CALL_VALUE, OP_TAIL_CALL_VALUE, f, slots, n->call.count, SLOT_ANY, false};
    finish_call(e, &call, to);
    slot_release(e, mark);
}

static void emit_global_call(struct emitter *e, struct ast_node *n, struct destination to)
{
    unsigned mark = slot_mark(e), count = n->call.count;
    const struct denotation *d = n->call.operator->global.denotation;
    const struct signature *s = global_signature(e->c, n);
    unsigned *slots = slot_list(e, n, count);
    if (!slots) return;
    for (unsigned i = 0; i < count; i++)
        slots[i] = emit_operand(e, n->call.arguments[i], s && i < s->parameters ? s->types[i] : SLOT_ANY);
    uint32_t signature = s ? d->signature : signature_tagged(e->c->ctx->node, count);
    if (!signature) compile_failed(e->c, -ENOMEM);
    unsigned link = emit_link(e, d, n->call.operator->global.name, signature);
    emit_at(e, n->position);
    struct call call = {OP_CALL_GLOBAL,           OP_TAIL_CALL_GLOBAL,        link, slots, count,
                        s ? s->result : SLOT_ANY, d->diverges && !d->assigned};
    finish_call(e, &call, to);
    slot_release(e, mark);
}

/* A function of this unit: what it needs from outside goes first. */
static void emit_known_call(struct emitter *e, struct procedure *p, struct ast_node *n, struct destination to)
{
    const struct ast_lambda *l = p->lambda;
    bool typed = p->kind == PROCEDURE_LIFTED || procedure_is_typed(p);
    assert(p->kind == PROCEDURE_LIFTED || needs_no_capture(p)); /* a closure's own would not be passed */
    unsigned mark = slot_mark(e), count = n->call.count, extra = p->free_count;
    unsigned *slots = slot_list(e, n, count + extra);
    if (!slots) return;
    for (unsigned i = 0; i < extra; i++) slots[i] = variable_slot(e, p->free[i]);
    for (unsigned i = 0; i < count; i++) {
        bool raw = typed && i < l->parameter_count;
        slots[extra + i] = emit_operand(e, n->call.arguments[i],
                                        raw ? parameter_type(l->parameters[i]) : SLOT_ANY);
    }
    emit_at(e, n->position);
    struct call call = {OP_CALL, OP_TAIL_CALL,  function_index(e, p),
                        slots,   count + extra, typed ? l->result.slot : SLOT_ANY,
                        false};
    finish_call(e, &call, to);
    slot_release(e, mark);
}

static bool takes(const struct ast_lambda *l, unsigned count)
{
    return l->rest ? count >= l->parameter_count : count == l->parameter_count;
}

static void emit_local_call(struct emitter *e, struct ast_node *n, struct destination to)
{
    struct ast_node *f = n->call.operator;
    struct procedure *p = note_of(variable_behind(f->local.variable))->procedure;
    if (p && p->kind == PROCEDURE_LABEL) emit_label_call(e, p, n);
    else if (p && p->kind == PROCEDURE_LIFTED) emit_known_call(e, p, n, to);
    else if (p && needs_no_capture(p) && takes(p->lambda, n->call.count)) emit_known_call(e, p, n, to);
    else emit_value_call(e, n, to);
}

const struct primitive_row *primitive_called(const struct ast_node *n)
{
    const struct denotation *d = n->call.operator->global.denotation;
    const struct primitive_row *row = d->assigned ? NULL : d->primitive;
    bool fits = row && n->call.count >= (unsigned)row->least &&
                (row->most < 0 || n->call.count <= (unsigned)row->most);
    return fits ? row : NULL;
}

static void emit_core_call(struct emitter *e, struct ast_node *n, struct destination to)
{
    const struct denotation *d = n->call.operator->global.denotation;
    struct intrinsic room;
    const struct intrinsic *i = intrinsic_of(e->c, n, &room);
    const struct primitive_row *row = primitive_called(n);
    if (i) i->emit(e, n, i, to);
    else if (row) emit_primitive(e, row, n, to);
    else if (!d->primitive || d->assigned) emit_global_call(e, n, to);
    else emit_value_call(e, n, to);
}

void emit_call(struct emitter *e, struct ast_node *n, struct destination to)
{
    enum ast_kind kind = n->call.operator->kind;
    if (kind == AST_GLOBAL) emit_core_call(e, n, to);
    else if (kind == AST_LOCAL) emit_local_call(e, n, to);
    else emit_value_call(e, n, to);
}

bool call_may_give_values(struct compiler *c, const struct ast_node *n)
{
    const struct ast_node *f = n->call.operator;
    if (f->kind != AST_GLOBAL) return true;
    struct intrinsic room;
    const struct intrinsic *i = intrinsic_of(c, n, &room);
    if (i) return i->calls;
    const struct signature *s = global_signature(c, n);
    return !f->global.denotation->primitive && !(s && s->result != SLOT_ANY);
}

bool gives_boolean(struct compiler *c, const struct ast_node *n)
{
    struct intrinsic room;
    if (n->kind != AST_CALL || n->call.operator->kind != AST_GLOBAL) return false;
    const struct intrinsic *i = intrinsic_of(c, n, &room);
    return i && i->test;
}
