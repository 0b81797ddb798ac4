/* SPDX-License-Identifier: Apache-2.0 */
/*
 * emit.c - code for each kind of node. Every emitter is told where the value goes:
 * to a slot, out of the function, nowhere, to one of two labels (tests), or to the
 * variables of a receive. Whoever delivers converts between tagged and raw.
 */
#include <assert.h>
#include <errno.h>

#include "compile.h"

/* ---- conversion ------------------------------------------------------------------- */

void emit_convert(struct emitter *e, unsigned to, unsigned from)
{
    unsigned want = e->slot_types[to], have = e->slot_types[from];
    if (to == from) return;
    if (want == have || type_holds(want, have)) {
        emit_op(e, OP_MOVE, to, from, 0);
    } else if (want == SLOT_ANY) {
        emit_op(e, OP_BOX, to, from, 0);
    } else if (have == SLOT_ANY) {
        emit_op(e, OP_UNBOX, to, from, 0);
    } else {
        unsigned mark = slot_mark(e), tagged = slot_take(e, SLOT_ANY);
        emit_op(e, OP_BOX, tagged, from, 0);
        emit_op(e, OP_UNBOX, to, tagged, 0);
        slot_release(e, mark);
    }
}

static bool fits_imm32(int64_t n) { return n >= INT32_MIN && n <= INT32_MAX; }

static unsigned constant_index(struct emitter *e, vvm_value v, uint64_t position)
{
    int64_t index = unit_add_constant(e->c->builder, v);
    if (index < 0 || index > UINT16_MAX) {
        const char *why = index == -EINVAL ? "only data can be quoted" : "too many or too large constants";
        if (index == -ENOMEM) compile_failed(e->c, -ENOMEM);
        else compile_error(e->c, ERROR_SYNTAX, position, "%s", why);
        return 0;
    }
    return (unsigned)index;
}

static void emit_raw_constant(struct emitter *e, unsigned slot, vvm_value v, uint64_t position)
{
    enum slot_type type = e->slot_types[slot];
    if (!is_fixnum(v)) {
        compile_error(e->c, ERROR_TYPE, position, "a constant of type %s is needed", slot_type_name(type));
    } else if (!fixnum_fits(fixnum_value(v), type)) {
        compile_error(e->c, ERROR_RANGE, position, "the constant does not fit in %s", slot_type_name(type));
    } else if (fits_imm32(fixnum_value(v))) {
        emit_imm32(e, OP_RAW_IMMEDIATE, slot, (int32_t)fixnum_value(v));
    } else {
        emit_literal(e, slot, (uint64_t)fixnum_value(v));
    }
}

void emit_constant(struct emitter *e, unsigned slot, vvm_value v, uint64_t position)
{
    if (e->slot_types[slot] != SLOT_ANY) emit_raw_constant(e, slot, v, position);
    else if (!is_object(v) && !is_pair(v) && fits_imm32((int64_t)v))
        emit_imm32(e, OP_IMMEDIATE, slot, (int32_t)(int64_t)v);
    else emit_op(e, OP_CONSTANT, slot, constant_index(e, v, position), 0);
}

/* ---- delivery --------------------------------------------------------------------------- */

unsigned target_slot(struct emitter *e, struct destination to, unsigned type)
{
    if (to.kind == TO_SLOT && e->slot_types[to.slot] == type) return to.slot;
    return slot_take(e, type);
}

void emit_unreachable(struct emitter *e) { emit_op(e, OP_UNREACHABLE, 0, 0, 0); }

static unsigned slot_as(struct emitter *e, unsigned slot, unsigned type)
{
    if (e->slot_types[slot] == type) return slot;
    unsigned as = slot_take(e, type);
    emit_convert(e, as, slot);
    return as;
}

/* The declared result of a function that returns it tagged. */
static unsigned check_result(struct emitter *e, unsigned slot, const struct ast_type *type)
{
    emit_check(e, slot, type);
    return slot_as(e, slot_as(e, slot, type->slot), SLOT_ANY);
}

static void deliver_return(struct emitter *e, unsigned slot)
{
    unsigned mark = slot_mark(e), as = slot_as(e, slot, e->result);
    const struct ast_lambda *l = e->procedure->lambda;
    if (e->body) {
        emit_list(e, OP_EXIT_NEXT, 0, 0, &as, 1);
    } else {
        if (l && e->result == SLOT_ANY) as = check_result(e, as, &l->result);
        emit_op(e, OP_RETURN, as, 0, 0);
    }
    e->returns = true;
    slot_release(e, mark);
}

/* One value where a receive wants perhaps another number. */
static void deliver_values(struct emitter *e, unsigned slot, struct destination to)
{
    unsigned mark = slot_mark(e);
    if (to.count + to.rest == 0 || to.count > 1) {
        emit_unreachable(e);
    } else if (to.count == 1) {
        emit_convert(e, to.slots[0], slot);
        if (to.rest) emit_imm32(e, OP_IMMEDIATE, to.slots[1], (int32_t)VALUE_NULL);
    } else {
        unsigned value = slot_as(e, slot, SLOT_ANY), null = slot_take(e, SLOT_ANY);
        emit_imm32(e, OP_IMMEDIATE, null, (int32_t)VALUE_NULL);
        emit_op(e, OP_CONS, to.slots[0], value, null);
    }
    slot_release(e, mark);
}

void deliver(struct emitter *e, unsigned slot, struct destination to)
{
    if (!e->reachable) return;
    switch (to.kind) {
    case TO_SLOT: emit_convert(e, to.slot, slot); break;
    case TO_RETURN: deliver_return(e, slot); break;
    case TO_EFFECT: break;
    case TO_VALUES: deliver_values(e, slot, to); break;
    case TO_BRANCH:
        if (e->slot_types[slot] == SLOT_ANY) {
            deliver_test(e, OP_JUMP_TRUE, OP_JUMP_FALSE, 0, slot, to);
        } else if (to.fall != to.yes) {
            emit_jump(e, to.yes);
        }
        break;
    }
}

void deliver_constant(struct emitter *e, vvm_value v, struct destination to, uint64_t position)
{
    if (to.kind == TO_EFFECT) return;
    if (to.kind == TO_BRANCH) {
        struct label *l = v != VALUE_FALSE ? to.yes : to.no;
        if (l != to.fall) emit_jump(e, l);
        return;
    }
    unsigned mark = slot_mark(e);
    unsigned type = to.kind == TO_SLOT ? e->slot_types[to.slot] : to.kind == TO_RETURN ? e->result : SLOT_ANY;
    unsigned slot = target_slot(e, to, type);
    emit_constant(e, slot, v, position);
    deliver(e, slot, to);
    slot_release(e, mark);
}

void deliver_test(struct emitter *e, enum opcode op, enum opcode inverse, unsigned a, unsigned b,
                  struct destination to)
{
    assert(to.kind == TO_BRANCH);
    if (to.fall == to.no) {
        emit_branch(e, op, a, b, to.yes);
        return;
    }
    emit_branch(e, inverse, a, b, to.no);
    if (to.fall != to.yes) emit_jump(e, to.yes);
}

void emit_check(struct emitter *e, unsigned slot, const struct ast_type *type)
{
    if (type->slot != SLOT_ANY || e->slot_types[slot] != SLOT_ANY) return;
    if (type->record) {
        unsigned mark = slot_mark(e), record = slot_take(e, SLOT_ANY);
        unsigned link = emit_link(e, type->record, VALUE_FALSE, 0);
        emit_op(e, OP_GLOBAL_REF, record, link, 0);
        emit_op(e, OP_CHECK_RECORD, 0, slot, record);
        slot_release(e, mark);
    } else if (type->class != CLASS_ANY) {
        emit_op(e, OP_CHECK, 0, slot, type->class);
    }
}

/* ---- variables ---------------------------------------------------------------------------- */

/* A slot that holds the variable's value and keeps it, or -1. */
static int stable_slot(const struct ast_node *n)
{
    if (n->kind != AST_LOCAL || constant_behind(n)) return -1;
    const struct ast_variable *v = variable_behind(n->local.variable);
    const struct variable_note *note = note_of(v);
    if (note->boxed || note->assignments || v->items || v->operand_only) return -1;
    if (note->procedure && note->procedure->kind != PROCEDURE_CLOSURE) return -1;
    return (int)note->slot;
}

unsigned emit_operand(struct emitter *e, struct ast_node *n, unsigned type)
{
    int slot = stable_slot(n);
    if (slot >= 0 && e->slot_types[slot] == type) return (unsigned)slot;
    unsigned temporary = slot_take(e, type);
    emit(e, n, to_slot(temporary));
    return temporary;
}

unsigned emit_any_type(struct emitter *e, struct ast_node *n, unsigned *type)
{
    int slot = stable_slot(n);
    *type = slot >= 0 ? e->slot_types[slot] : type_of(e->c, n);
    if (*type == TYPE_NONE) *type = SLOT_ANY;
    return emit_operand(e, n, *type);
}

static void emit_read(struct emitter *e, struct ast_variable *v, enum opcode op, struct destination to)
{
    unsigned mark = slot_mark(e), slot = target_slot(e, to, SLOT_ANY);
    emit_op(e, op, slot, op == OP_BOX_REF ? note_of(v)->slot : 0, 0);
    deliver(e, slot, to);
    slot_release(e, mark);
}

static void emit_local(struct emitter *e, struct ast_node *n, struct destination to)
{
    const struct ast_node *constant = constant_behind(n);
    if (constant) {
        deliver_constant(e, constant->constant.value, to, n->position);
        return;
    }
    struct ast_variable *v = variable_behind(n->local.variable);
    struct variable_note *note = note_of(v);
    if (v->operand_only) {
        compile_error(e->c, ERROR_SYNTAX, n->position, "the operand %s is no value", symbol_name(v->name));
    } else if (v->items) {
        emit_read(e, v, OP_ITEMS, to);
    } else if (note->boxed) {
        emit_read(e, v, OP_BOX_REF, to);
    } else {
        deliver(e, note->slot, to);
    }
}

static void emit_set_local(struct emitter *e, struct ast_node *n, struct destination to)
{
    struct ast_variable *v = n->local.variable;
    struct variable_note *note = note_of(v);
    unsigned mark = slot_mark(e);
    if (note->boxed) {
        unsigned slot = emit_operand(e, n->local.value, v->type.slot);
        emit_check(e, slot, &v->type);
        emit_at(e, n->position);
        emit_op(e, OP_BOX_SET, note->slot, slot_as(e, slot, SLOT_ANY), 0);
    } else if (v->type.class != CLASS_ANY && v->type.slot == SLOT_ANY) {
        unsigned slot = emit_operand(e, n->local.value, SLOT_ANY);
        emit_check(e, slot, &v->type);
        emit_convert(e, note->slot, slot);
    } else {
        emit(e, n->local.value, to_slot(note->slot));
    }
    slot_release(e, mark);
    deliver_constant(e, VALUE_UNSPECIFIED, to, n->position);
}

static void emit_global_node(struct emitter *e, struct ast_node *n, struct destination to)
{
    unsigned mark = slot_mark(e), slot = target_slot(e, to, SLOT_ANY);
    emit_global(e, n, slot);
    deliver(e, slot, to);
    slot_release(e, mark);
}

static void emit_set_global(struct emitter *e, struct ast_node *n, struct destination to)
{
    unsigned mark = slot_mark(e);
    unsigned slot = emit_operand(e, n->global.value, SLOT_ANY);
    n->global.denotation->assigned = true;
    emit_at(e, n->position);
    emit_op(e, OP_GLOBAL_SET, emit_link(e, n->global.denotation, n->global.name, 0), slot, 0);
    slot_release(e, mark);
    deliver_constant(e, VALUE_UNSPECIFIED, to, n->position);
}

/* ---- definitions ------------------------------------------------------------------------------ */

static bool defines_function(const struct ast_node *n)
{
    const struct ast_node *value = n->global.value;
    return value->kind == AST_LAMBDA && !value->lambda->shape &&
           needs_no_capture(procedure_of(value->lambda));
}

static void emit_define_function(struct emitter *e, struct ast_node *n)
{
    struct denotation *d = n->global.denotation;
    struct ast_lambda *l = n->global.value->lambda;
    struct procedure *p = procedure_of(l);
    if (l->name == VALUE_FALSE) l->name = n->global.name;
    d->signature = lambda_signature(e->c, l);
    d->diverges = false;
    p->defines = d;
    unsigned link = emit_link(e, d, n->global.name, d->signature);
    emit_op(e, OP_DEFINE_FUNCTION, link, function_index(e, p), function_entry(e, p));
}

static void emit_define(struct emitter *e, struct ast_node *n, struct destination to)
{
    struct denotation *d = n->global.denotation;
    if (defines_function(n)) {
        emit_at(e, n->position);
        emit_define_function(e, n);
    } else {
        unsigned mark = slot_mark(e);
        unsigned slot = emit_operand(e, n->global.value, SLOT_ANY);
        d->signature = 0;
        d->diverges = false;
        emit_at(e, n->position);
        emit_op(e, OP_DEFINE, emit_link(e, d, n->global.name, 0), slot, 0);
        slot_release(e, mark);
    }
    deliver_constant(e, VALUE_UNSPECIFIED, to, n->position);
}

/* ---- control ---------------------------------------------------------------------------------- */

static void emit_arm(struct emitter *e, struct ast_node *n, struct destination to, uint64_t position)
{
    if (n) emit(e, n, to);
    else if (e->reachable) deliver_constant(e, VALUE_UNSPECIFIED, to, position);
}

static bool has_join(struct destination to) { return to.kind != TO_RETURN && to.kind != TO_BRANCH; }

static bool is_constant(const struct ast_node *n, bool truth)
{
    const struct ast_node *k = n ? constant_behind(n) : NULL;
    return k && (k->constant.value != VALUE_FALSE) == truth;
}

/* (and a b), (or a b) as tests: no value arises between. */
static bool emit_if_test(struct emitter *e, struct ast_node *n, struct destination to)
{
    if (to.kind != TO_BRANCH) return false;
    struct label *on = label_new(e);
    if (is_constant(n->branch.otherwise, false)) {
        emit(e, n->branch.test, to_branch(on, to.no, on));
        label_bind(e, on);
        emit(e, n->branch.then, to);
    } else if (is_constant(n->branch.then, true)) {
        emit(e, n->branch.test, to_branch(to.yes, on, on));
        label_bind(e, on);
        emit_arm(e, n->branch.otherwise, to, n->position);
    } else {
        return false;
    }
    return true;
}

/* (drop 'reason), (raise 'name): a core call that never returns, of constants. */
static bool is_end(struct emitter *e, const struct ast_node *n)
{
    struct intrinsic room;
    if (!n || n->kind != AST_CALL || n->note || !core_name(e->c, n->call.operator)) return false;
    const struct intrinsic *i = intrinsic_of(e->c, n, &room);
    const struct primitive_row *row = primitive_called(n);
    if (i ? i->type != TYPE_NONE : !row || !(row->effects & EFFECT_DIVERGES)) return false;
    for (unsigned k = 0; k < n->call.count; k++)
        if (!constant_behind(n->call.arguments[k])) return false;
    return true;
}

/* Such a call stands behind the function's other code, so that the way that packets mostly
 * go has no jump over it. */
static struct label *put_aside(struct emitter *e, struct ast_node *n)
{
    struct aside *a = compile_allocate(e->c, sizeof *a);
    if (!a) return NULL;
    *a = (struct aside){.next = e->asides, .label = label_new(e), .node = n};
    e->asides = a;
    return a->label;
}

void emit_asides(struct emitter *e)
{
    for (; e->asides; e->asides = e->asides->next) {
        label_bind(e, e->asides->label);
        emit(e, e->asides->node, to_effect());
    }
}

static bool emit_if_end(struct emitter *e, struct ast_node *n, struct destination to)
{
    bool then = is_end(e, n->branch.then);
    if (!then && !is_end(e, n->branch.otherwise)) return false;
    struct label *on = label_new(e), *aside = put_aside(e, then ? n->branch.then : n->branch.otherwise);
    emit(e, n->branch.test, then ? to_branch(aside, on, on) : to_branch(on, aside, on));
    label_bind(e, on);
    emit_arm(e, then ? n->branch.otherwise : n->branch.then, to, n->position);
    return true;
}

static void emit_if(struct emitter *e, struct ast_node *n, struct destination to)
{
    const struct ast_node *known = constant_behind(n->branch.test);
    if (known) {
        bool truth = known->constant.value != VALUE_FALSE;
        emit_arm(e, truth ? n->branch.then : n->branch.otherwise, to, n->position);
        return;
    }
    if (emit_if_test(e, n, to) || emit_if_end(e, n, to)) return;
    struct label *then = label_new(e), *otherwise = label_new(e), *join = label_new(e);
    struct destination first = to;
    first.fall = NULL;
    emit(e, n->branch.test, to_branch(then, otherwise, then));
    label_bind(e, then);
    emit(e, n->branch.then, first);
    if (has_join(to)) emit_jump(e, join);
    label_bind(e, otherwise);
    emit_arm(e, n->branch.otherwise, to, n->position);
    if (has_join(to)) label_bind(e, join);
}

static void emit_sequence(struct emitter *e, struct ast_node *n, struct destination to)
{
    unsigned last = n->sequence.count - 1;
    for (unsigned i = 0; i < last; i++) emit(e, n->sequence.items[i], to_effect());
    emit(e, n->sequence.items[last], to);
}

/* May the expression return several values? Asked where a handler stands in the way of
 * a tail call. */
static bool may_give_values(struct emitter *e, const struct ast_node *n)
{
    switch (n->kind) {
    case AST_SEQUENCE: return may_give_values(e, n->sequence.items[n->sequence.count - 1]);
    case AST_LET:
    case AST_FIX: return may_give_values(e, n->let.body);
    case AST_RECEIVE: return may_give_values(e, n->receive.body);
    case AST_GUARD: return may_give_values(e, n->guard.body) || may_give_values(e, n->guard.handler);
    case AST_IF:
        return may_give_values(e, n->branch.then) ||
               (n->branch.otherwise && may_give_values(e, n->branch.otherwise));
    case AST_CALL: return call_may_give_values(e->c, n);
    default: return false;
    }
}

/* Everything that the body returns, out of the function. */
static void emit_guarded_values(struct emitter *e, struct ast_node *n)
{
    unsigned mark = slot_mark(e), list = slot_take(e, SLOT_ANY);
    emit(e, n, (struct destination){.kind = TO_VALUES, .slots = &list, .rest = true});
    emit_op(e, OP_POP_HANDLER, 0, 0, 0);
    if (e->reachable) e->returns = true;
    emit_op(e, OP_RETURN_LIST, list, 0, 0);
    slot_release(e, mark);
}

/* What the value is converted to is no business of the handler: it arises as what it is. */
static void emit_guard_body(struct emitter *e, struct ast_node *n, struct destination to)
{
    if (to.kind == TO_EFFECT || to.kind == TO_VALUES) {
        emit(e, n->guard.body, to);
        emit_op(e, OP_POP_HANDLER, 0, 0, 0);
        return;
    }
    bool values = to.kind == TO_RETURN && !e->body && e->result == SLOT_ANY;
    if (values && may_give_values(e, n->guard.body)) {
        emit_guarded_values(e, n->guard.body);
        return;
    }
    unsigned mark = slot_mark(e), type = type_of(e->c, n->guard.body);
    unsigned slot = target_slot(e, to, type == TYPE_NONE ? SLOT_ANY : type);
    emit(e, n->guard.body, to_slot(slot));
    emit_op(e, OP_POP_HANDLER, 0, 0, 0);
    to.fall = NULL;
    deliver(e, slot, to);
    slot_release(e, mark);
}

static void emit_guard(struct emitter *e, struct ast_node *n, struct destination to)
{
    unsigned mark = slot_mark(e), raised = slot_take(e, SLOT_ANY);
    struct label *handler = label_new(e), *join = label_new(e);
    emit_at(e, n->position);
    emit_branch(e, OP_PUSH_HANDLER, raised, 0, handler);
    emit_guard_body(e, n, to);
    if (has_join(to)) emit_jump(e, join);
    label_bind(e, handler);
    bind_variable(e, n->guard.variable, raised);
    emit(e, n->guard.handler, to);
    if (has_join(to)) label_bind(e, join);
    slot_release(e, mark);
}

static void emit_packet(struct emitter *e, struct ast_node *n, struct destination to)
{
    unsigned mark = slot_mark(e), slot = target_slot(e, to, SLOT_ANY);
    emit_at(e, n->position);
    emit_op(e, OP_PACKET, slot, 0, 0);
    deliver(e, slot, to);
    slot_release(e, mark);
}

static void emit_lambda(struct emitter *e, struct ast_node *n, struct destination to)
{
    unsigned mark = slot_mark(e), slot = target_slot(e, to, SLOT_ANY);
    emit_at(e, n->position);
    emit_closure(e, procedure_of(n->lambda), slot);
    deliver(e, slot, to);
    slot_release(e, mark);
}

/* ---- one node ------------------------------------------------------------------------------------ */

static void emit_kind(struct emitter *e, struct ast_node *n, struct destination to)
{
    switch (n->kind) {
    case AST_CONSTANT: deliver_constant(e, n->constant.value, to, n->position); break;
    case AST_LOCAL: emit_local(e, n, to); break;
    case AST_SET_LOCAL: emit_set_local(e, n, to); break;
    case AST_GLOBAL: emit_global_node(e, n, to); break;
    case AST_SET_GLOBAL: emit_set_global(e, n, to); break;
    case AST_DEFINE: emit_define(e, n, to); break;
    case AST_IF: emit_if(e, n, to); break;
    case AST_LAMBDA: emit_lambda(e, n, to); break;
    case AST_CASES: emit_cases(e, n, to); break;
    case AST_SEQUENCE: emit_sequence(e, n, to); break;
    case AST_CALL: emit_call(e, n, to); break;
    case AST_LET: emit_let(e, n, to); break;
    case AST_FIX: emit_fix(e, n, to); break;
    case AST_RECEIVE: emit_receive(e, n, to); break;
    case AST_GUARD: emit_guard(e, n, to); break;
    case AST_PACKET: emit_packet(e, n, to); break;
    case AST_EXIT: emit_exit(e, n, to); break;
    case AST_ITEM:
    case AST_WIRE_LOCAL:
    case AST_WIRE_OP: emit_wire(e, n, to); break;
    case AST_RUN_PROGRAM: emit_run_program(e, n, to); break;
    }
}

void emit(struct emitter *e, struct ast_node *n, struct destination to)
{
    if (!e->reachable || e->c->error) return;
    const struct node_note *note = n->note;
    if (++e->c->depth > NODE_DEPTH_MAX)
        compile_error(e->c, ERROR_SYNTAX, n->position, "code is nested too deeply");
    else if (note && note->around) emit_group(e, note->around, n, to, emit_kind);
    else emit_kind(e, n, to);
    e->c->depth--;
}
