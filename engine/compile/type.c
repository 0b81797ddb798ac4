/* SPDX-License-Identifier: Apache-2.0 */
/*
 * type.c - in which type the value of an expression arises best. This only chooses:
 * whatever it answers, emission converts, and checks where a value may not fit.
 */
#include "compile.h"

#include <assert.h>

#define TYPE_DEPTH_MAX 200

bool type_holds(unsigned to, unsigned from)
{
    if (to == from) return true;
    if (to == SLOT_ANY || from == SLOT_ANY) return false;
    if (slot_is_signed(to) == slot_is_signed(from)) return slot_bits(to) >= slot_bits(from);
    return slot_is_signed(to) && slot_bits(to) > slot_bits(from);
}

bool fixnum_fits(int64_t n, unsigned type)
{
    assert(type != SLOT_ANY && type < SLOT_TYPES);
    unsigned bits = slot_bits(type);
    if (!slot_is_signed(type)) return n >= 0 && (bits == 64 || n >> bits == 0);
    return bits == 64 || (n >= -(INT64_C(1) << (bits - 1)) && n < INT64_C(1) << (bits - 1));
}

const struct ast_node *constant_behind(const struct ast_node *n)
{
    if (n->kind == AST_CONSTANT) return n;
    if (n->kind != AST_LOCAL) return NULL;
    const struct ast_variable *v = variable_behind(n->local.variable);
    const struct variable_note *note = note_of(v);
    if (!note->value || note->value->kind != AST_CONSTANT || note->assignments || note->fix) return NULL;
    vvm_value value = note->value->constant.value;
    if (is_pair(value) || (is_object(value) && !is_symbol(value))) return NULL;
    if (v->type.slot != SLOT_ANY)
        return is_fixnum(value) && fixnum_fits(fixnum_value(value), v->type.slot) ? note->value : NULL;
    return v->type.class == CLASS_ANY ? note->value : NULL;
}

static unsigned join(unsigned a, unsigned b)
{
    if (a == TYPE_NONE || a == b) return b;
    return b == TYPE_NONE ? a : SLOT_ANY;
}

/* A small constant beside a raw value becomes raw too. */
static bool constant_joins(const struct ast_node *n, unsigned type)
{
    const struct ast_node *k = constant_behind(n);
    return k && type != SLOT_ANY && type != TYPE_NONE && is_fixnum(k->constant.value) &&
           fixnum_fits(fixnum_value(k->constant.value), type);
}

static unsigned type_of_if(struct compiler *c, struct ast_node *n)
{
    if (!n->branch.otherwise) return SLOT_ANY;
    unsigned then = type_of(c, n->branch.then), otherwise = type_of(c, n->branch.otherwise);
    if (constant_joins(n->branch.then, otherwise)) return otherwise;
    if (constant_joins(n->branch.otherwise, then)) return then;
    return join(then, otherwise);
}

const struct signature *global_signature(struct compiler *c, const struct ast_node *call)
{
    const struct denotation *d = call->call.operator->global.denotation;
    if (!d->signature || d->assigned) return NULL;
    const struct signature *s = signature_at(c->ctx->node, d->signature);
    bool fits = s && (s->rest ? call->call.count >= s->parameters : call->call.count == s->parameters);
    return fits ? s : NULL;
}

static unsigned type_of_global_call(struct compiler *c, struct ast_node *n)
{
    const struct denotation *d = n->call.operator->global.denotation;
    struct intrinsic room;
    const struct intrinsic *i = intrinsic_of(c, n, &room);
    if (i) return i->type;
    const struct primitive_row *row = primitive_called(n);
    if (d->primitive) return row && row->effects & EFFECT_DIVERGES ? TYPE_NONE : SLOT_ANY;
    if (d->diverges && !d->assigned) return TYPE_NONE;
    const struct signature *s = global_signature(c, n);
    return s ? s->result : SLOT_ANY;
}

static unsigned type_of_call(struct compiler *c, struct ast_node *n)
{
    const struct ast_node *f = n->call.operator;
    if (f->kind == AST_GLOBAL) return type_of_global_call(c, n);
    if (f->kind != AST_LOCAL) return SLOT_ANY;
    struct procedure *p = note_of(variable_behind(f->local.variable))->procedure;
    if (!p) return SLOT_ANY;
    if (p->kind == PROCEDURE_LABEL) return type_of(c, p->lambda->body);
    if (p->kind == PROCEDURE_CLOSURE && !procedure_is_typed(p)) return SLOT_ANY;
    return p->lambda->result.slot;
}

static unsigned type_of_kind(struct compiler *c, struct ast_node *n)
{
    switch (n->kind) {
    case AST_LOCAL: return variable_type(c, n->local.variable);
    case AST_IF: return type_of_if(c, n);
    case AST_SEQUENCE: return type_of(c, n->sequence.items[n->sequence.count - 1]);
    case AST_CALL: return type_of_call(c, n);
    case AST_LET:
    case AST_FIX: return type_of(c, n->let.body);
    case AST_RECEIVE: return type_of(c, n->receive.body);
    case AST_GUARD: return join(type_of(c, n->guard.body), type_of(c, n->guard.handler));
    case AST_EXIT: return TYPE_NONE;
    default: return SLOT_ANY;
    }
}

/* A label's body may be asked for while it is being found: a loop adds nothing to
 * the type of its result. */
unsigned type_of(struct compiler *c, struct ast_node *n)
{
    if (n->type_note) return n->type_note - 1u;
    if (c->type_depth >= TYPE_DEPTH_MAX) return SLOT_ANY;
    c->type_depth++;
    n->type_note = TYPE_NONE + 1;
    unsigned type = type_of_kind(c, n);
    n->type_note = (uint8_t)(type + 1);
    c->type_depth--;
    return type;
}

unsigned variable_type(struct compiler *c, struct ast_variable *v)
{
    v = variable_behind(v);
    struct variable_note *note = note_of(v);
    if (note->boxed || note->procedure) return SLOT_ANY;
    if (v->type.slot != SLOT_ANY) return v->type.slot;
    if (!note->value || note->assignments || v->type.class != CLASS_ANY) return SLOT_ANY;
    unsigned type = type_of(c, note->value);
    return type == TYPE_NONE ? SLOT_ANY : type;
}

unsigned arrival_type(struct compiler *c, struct ast_variable *v)
{
    return note_of(v)->boxed ? v->type.slot : variable_type(c, v);
}
