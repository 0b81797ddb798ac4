/* SPDX-License-Identifier: Apache-2.0 */
/*
 * function.c - the compiler's entry: analysis, then one function after the other
 * until none is asked for. A function is asked for by the code that calls it, makes a
 * closure of it or defines it; what nobody asks for is not made.
 */
#include <assert.h>
#include <errno.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "compile.h"

/* ---- errors and memory ----------------------------------------------------------------- */

void compile_failed(struct compiler *c, int error)
{
    assert(error < 0);
    if (!c->error) c->error = error;
}

void compile_error(struct compiler *c, enum error_code code, uint64_t position, const char *format, ...)
{
    char text[300];
    if (c->error) return;
    va_list list;
    va_start(list, format);
    vsnprintf(text, sizeof text, format, list);
    va_end(list);
    const char *file = position_file(position) ? node_file_name(c->ctx->node, position_file(position)) : NULL;
    if (file)
        raise_message(c->ctx, code, VALUE_DEFAULT, "%s:%u:%u: %s", file, position_line(position),
                      position_column(position), text);
    else raise_message(c->ctx, code, VALUE_DEFAULT, "%s", text);
    c->error = -EINVAL;
}

void *compile_allocate(struct compiler *c, size_t octets)
{
    void *memory = c->error ? NULL : ast_allocate(c->pool, octets);
    if (!memory && !c->error)
        compile_error(c, ERROR_SYNTAX, c->top && c->top->body->root ? c->top->body->root->position : 0,
                      "the form is too large to compile");
    return memory;
}

/* ---- which functions -------------------------------------------------------------------------- */

static void ask(struct emitter *e, struct procedure *p)
{
    *e->c->queue_end = p;
    e->c->queue_end = &p->queued;
}

static unsigned add_function(struct emitter *e)
{
    int64_t index = unit_add_function(e->c->builder);
    if (index >= 0 && index <= UINT16_MAX) return (unsigned)index;
    if (index < 0) compile_failed(e->c, (int)index);
    else compile_error(e->c, ERROR_SYNTAX, e->position, "the form has too many functions");
    return 0;
}

unsigned function_index(struct emitter *e, struct procedure *p)
{
    assert(p->kind != PROCEDURE_LABEL); /* its code stands inside another function's */
    if (p->function < 0) {
        p->function = add_function(e);
        ask(e, p);
    }
    return (unsigned)p->function;
}

unsigned function_entry(struct emitter *e, struct procedure *p)
{
    unsigned function = function_index(e, p);
    if (!procedure_is_typed(p)) return function;
    if (p->entry < 0) p->entry = add_function(e);
    return (unsigned)p->entry;
}

/* ---- parameters --------------------------------------------------------------------------------- */

unsigned parameter_type(const struct ast_variable *v) { return v->type.slot; }

uint32_t lambda_signature(struct compiler *c, const struct ast_lambda *l)
{
    uint8_t *types = compile_allocate(c, l->parameter_count + 1);
    if (!types) return 0;
    /* what a rest list follows is tagged throughout: there is no second entry for it */
    bool typed = procedure_is_typed(procedure_of(l));
    for (unsigned i = 0; i < l->parameter_count && typed; i++)
        types[i] = (uint8_t)parameter_type(l->parameters[i]);
    uint32_t signature = signature_intern(c->ctx->node, types, l->parameter_count, l->rest,
                                          typed ? l->result.slot : SLOT_ANY);
    if (!signature) compile_failed(c, -ENOMEM);
    return signature;
}

/* The value arrived tagged in a function whose parameter is raw. */
static void bind_parameter(struct emitter *e, struct ast_variable *v, unsigned slot)
{
    if (e->slot_types[slot] == SLOT_ANY && parameter_type(v) != SLOT_ANY) {
        unsigned raw = slot_take(e, parameter_type(v));
        emit_convert(e, raw, slot);
        slot = raw;
    }
    bind_variable(e, v, slot);
}

static unsigned free_type(struct compiler *c, struct ast_variable *v)
{
    const struct variable_note *note = note_of(v);
    return note->boxed || note->procedure ? SLOT_ANY : variable_type(c, v);
}

static void bind_captured(struct emitter *e, struct procedure *p)
{
    for (unsigned i = 0; i < p->free_count; i++) {
        unsigned type = free_type(e->c, p->free[i]), slot = slot_take(e, SLOT_ANY);
        emit_op(e, OP_CAPTURED, slot, i, 0);
        if (type != SLOT_ANY) {
            unsigned raw = slot_take(e, type);
            emit_convert(e, raw, slot);
            slot = raw;
        }
        note_of(p->free[i])->slot = slot;
    }
}

static bool takes_slot(const struct ast_variable *v) { return !v->items && !v->operand_only; }

/* Slots of the parameters come first; nothing may be emitted before the last. */
static unsigned take_parameters(struct emitter *e, struct procedure *p, unsigned *slots)
{
    struct ast_lambda *l = p->lambda;
    unsigned n = 0;
    bool typed = p->kind == PROCEDURE_LIFTED || l->shape || procedure_is_typed(p);
    if (p->kind == PROCEDURE_LIFTED)
        for (unsigned i = 0; i < p->free_count; i++, n++)
            note_of(p->free[i])->slot = slot_parameter(e, free_type(e->c, p->free[i]));
    for (unsigned i = 0; i < l->parameter_count; i++) {
        if (!takes_slot(l->parameters[i])) continue;
        slots[i] = slot_parameter(e, typed ? parameter_type(l->parameters[i]) : SLOT_ANY);
        n++;
    }
    if (l->rest) slots[l->parameter_count] = slot_parameter(e, SLOT_ANY);
    return n;
}

static void bind_parameters(struct emitter *e, struct procedure *p, const unsigned *slots)
{
    struct ast_lambda *l = p->lambda;
    for (unsigned i = 0; i < l->parameter_count; i++)
        if (takes_slot(l->parameters[i])) bind_parameter(e, l->parameters[i], slots[i]);
    if (l->rest) bind_parameter(e, l->rest, slots[l->parameter_count]);
}

/* ---- finished functions ------------------------------------------------------------------------------ */

static void *copy_of(struct compiler *c, const void *from, size_t octets)
{
    void *copy = malloc(octets ? octets : 1);
    if (copy && octets) memcpy(copy, from, octets);
    if (!copy) compile_failed(c, -ENOMEM);
    return copy;
}

static void store_code(struct emitter *e, struct vvm_function *f)
{
    struct compiler *c = e->c;
    f->code = copy_of(c, e->code, e->words * sizeof *e->code);
    f->words = e->words;
    f->slots = (uint16_t)e->slots;
    f->slot_types = copy_of(c, e->slot_types, e->slots);
    f->lines = copy_of(c, e->lines, e->line_count * sizeof *e->lines);
    f->line_count = e->line_count;
    f->result = e->result;
}

static uint32_t signature_of_slots(struct emitter *e, unsigned parameters, bool rest)
{
    uint32_t s = signature_intern(e->c->ctx->node, e->slot_types, parameters, rest, e->result);
    if (!s) compile_failed(e->c, -ENOMEM);
    return s;
}

static void store_function(struct emitter *e, unsigned index, unsigned parameters)
{
    struct compiler *c = e->c;
    struct procedure *p = e->procedure;
    const struct ast_lambda *l = p->lambda;
    struct vvm_function *f = &c->builder->unit->functions[index];
    if (c->error) return;
    assert(!f->code && f->index == index); /* stored once */
    assert(e->words > 0 && !e->reachable); /* and it ends */
    store_code(e, f);
    f->parameters = (uint16_t)parameters;
    f->captured = p->kind == PROCEDURE_CLOSURE ? (uint16_t)p->free_count : 0;
    f->flags = (l && l->rest ? FUNCTION_REST : 0) | (e->body ? FUNCTION_BODY : 0) |
               (l && l->inlined ? FUNCTION_INLINE : 0);
    f->name = l ? l->name : VALUE_FALSE;
    f->position = l ? l->position : p->body->root->position;
    if (l && e->body) f->shape = copy_of(c, l->shape, sizeof *l->shape);
    f->signature = signature_of_slots(e, parameters, l && l->rest);
}

/* ---- emission of one function ---------------------------------------------------------------------------
 */

static void emit_function(struct emitter *e, struct procedure *p)
{
    struct ast_lambda *l = p->lambda;
    unsigned *slots = compile_allocate(e->c, (l->parameter_count + 1) * sizeof *slots);
    if (!slots) return;
    emitter_reset(e, p);
    e->body = l->shape != NULL;
    bool typed = p->kind == PROCEDURE_LIFTED || procedure_is_typed(p);
    e->result = typed ? l->result.slot : SLOT_ANY;
    unsigned parameters = take_parameters(e, p, slots);
    if (p->kind == PROCEDURE_CLOSURE) bind_captured(e, p);
    bind_parameters(e, p, slots);
    emit(e, l->body, (struct destination){.kind = TO_RETURN});
    emit_asides(e);
    store_function(e, (unsigned)p->function, parameters);
    if (p->defines) p->defines->diverges = !e->returns;
}

/* The all-tagged entry of a typed function. */
static void emit_entry(struct emitter *e, struct procedure *p)
{
    assert(procedure_is_typed(p) && !p->lambda->rest);
    struct ast_lambda *l = p->lambda;
    unsigned count = l->parameter_count, *slots = compile_allocate(e->c, (count + 1) * sizeof *slots);
    if (!slots) return;
    emitter_reset(e, p);
    for (unsigned i = 0; i < count; i++) slots[i] = slot_parameter(e, SLOT_ANY);
    for (unsigned i = 0; i < count; i++) {
        if (parameter_type(l->parameters[i]) == SLOT_ANY) continue;
        unsigned raw = slot_take(e, parameter_type(l->parameters[i]));
        emit_convert(e, raw, slots[i]);
        slots[i] = raw;
    }
    if (l->result.slot == SLOT_ANY) {
        emit_list(e, OP_TAIL_CALL, 0, (unsigned)p->function, slots, count);
    } else {
        unsigned raw = slot_take(e, l->result.slot), result = slot_take(e, SLOT_ANY);
        emit_list(e, OP_CALL, raw, (unsigned)p->function, slots, count);
        emit_convert(e, result, raw);
        emit_op(e, OP_RETURN, result, 0, 0);
    }
    store_function(e, (unsigned)p->entry, count);
}

static void emit_top(struct emitter *e, struct procedure *p)
{
    emitter_reset(e, p);
    emit(e, p->body->root, (struct destination){.kind = TO_RETURN});
    emit_asides(e);
    store_function(e, (unsigned)p->function, 0);
}

static void emit_all(struct emitter *e)
{
    struct compiler *c = e->c;
    c->top->function = add_function(e);
    if (!c->error) emit_top(e, c->top);
    while (c->queue && !c->error) {
        struct procedure *p = c->queue;
        c->queue = p->queued;
        if (!c->queue) c->queue_end = &c->queue;
        emit_function(e, p);
        if (p->entry >= 0 && !c->error) emit_entry(e, p);
    }
}

/* Every failure leaves its reason in ctx->pending. */
static int settle(struct compiler *c)
{
    if (c->error && c->error != -EINVAL && c->error != -ENOMEM)
        raise_message(c->ctx, ERROR_SYNTAX, VALUE_DEFAULT, "the form cannot be compiled: %s",
                      strerror(-c->error));
    return c->error;
}

int compile_toplevel(struct vvm_context *ctx, struct unit_builder *builder, struct ast_pool *pool,
                     struct ast_node *tree, uint32_t *function)
{
    struct compiler c = {.ctx = ctx, .builder = builder, .pool = pool, .queue_end = &c.queue};
    struct emitter *e = malloc(sizeof *e);
    if (!e) return -ENOMEM;
    emitter_open(e, &c);
    if (!analyse(&c, tree) && !contify(&c) && !lift(&c)) emit_all(e);
    if (!c.error) *function = (uint32_t)c.top->function;
    emitter_close(e);
    free(e);
    return settle(&c);
}
