/* SPDX-License-Identifier: Apache-2.0 */
/*
 * call.c - calls and returns that the dispatch loop does not do itself: procedure
 * values of every kind, rest lists, several values, escape procedures.
 */
#include "interpret.h"

#include <assert.h>
#include <string.h>

#include "environment.h"
#include "generation.h"
#include "wire/network.h"

static_assert(APPLY_MAX + STACK_RESERVE <= ARGUMENT_ROOM, "what is spread has room above any frame");

/* ---- closures ---------------------------------------------------------------- */

static bool wrong_count(struct vvm_context *ctx, const char *name, unsigned n, int least, int most)
{
    char takes[40];
    if (most < 0) snprintf(takes, sizeof takes, "at least %d", least);
    else if (least == most) snprintf(takes, sizeof takes, "%d", least);
    else snprintf(takes, sizeof takes, "%d to %d", least, most);
    raise_message(ctx, ERROR_ARITY, VALUE_DEFAULT, "%.100s takes %s argument%s but was called with %u", name,
                  takes, least == most && most == 1 ? "" : "s", n);
    return false;
}

/* List of values[0..n-1] into *out. */
static bool cons_rest(struct vvm_context *ctx, unsigned n, const uint64_t *values, vvm_value *out)
{
    vvm_value list = VALUE_NULL;
    while (n--) {
        list = make_pair(ctx, values[n], list);
        if (list == VALUE_EXCEPTION) return false;
    }
    *out = list;
    return true;
}

/* Check the number of arguments and make the rest list in place. */
static bool shape_arguments(struct vvm_context *ctx, const struct vvm_function *f, unsigned n, uint64_t *args)
{
    bool rest = f->flags & FUNCTION_REST;
    const char *name = is_symbol(f->name) ? symbol_name(f->name) : "the procedure";
    if (rest ? n < f->parameters : n != f->parameters)
        return wrong_count(ctx, name, n, f->parameters, rest ? -1 : f->parameters);
    if (!rest) return true;
    vvm_value list;
    if (!cons_rest(ctx, n - f->parameters, args + f->parameters, &list)) return false;
    args[f->parameters] = list;
    return true;
}

/* The top frame becomes one of f. */
static bool replace_frame(struct vvm_context *ctx, const struct vvm_function *f,
                          const struct closure *closure, const uint64_t *args, unsigned count)
{
    struct frame *top = top_frame(ctx);
    if (top->slots + f->slots > ctx->stack_end) return too_deep(ctx);
    memmove(top->slots, args, count * sizeof *args);
    top->function = f;
    top->closure = closure;
    top->pc = f->code;
    top->serial = 0;
    mark_frame(ctx);
    return fuel_charge(ctx, f->entry_cost);
}

bool call_function(struct vvm_context *ctx, const struct vvm_function *f, const struct closure *closure,
                   unsigned n, uint64_t *result)
{
    uint64_t *args = frame_end(top_frame(ctx));
    if (!shape_arguments(ctx, f, n, args)) return false;
    if (result) return push_frame(ctx, f, closure, args, result);
    unsigned count = f->parameters + (f->flags & FUNCTION_REST ? 1u : 0u);
    return replace_frame(ctx, f, closure, args, count);
}

/* ---- results ------------------------------------------------------------------- */

/* A value is there at once: deliver it, or in tail position return it. */
static bool give(struct vvm_context *ctx, vvm_value v, uint64_t *result)
{
    if (!result) {
        result = top_frame(ctx)->result;
        ctx->frame_count--;
    }
    *result = v;
    mark_word(ctx, result, WORD_TAGGED);
    return true;
}

/* A primitive raised something; if the raise is continuable, a value may still come. */
static bool fail(struct vvm_context *ctx, uint64_t *result)
{
    if (ctx->pending.kind != PENDING_RAISE || !ctx->pending.continuable) return false;
    if (!result) {
        result = top_frame(ctx)->result;
        ctx->frame_count--;
    }
    ctx->continue_at = result;
    return false;
}

static bool wrong_values(struct vvm_context *ctx, unsigned n, unsigned wanted, const char *more)
{
    raise_message(ctx, ERROR_VALUES, VALUE_DEFAULT, "%u value%s returned where %s%u %s wanted", n,
                  n == 1 ? "" : "s", more, wanted, wanted == 1 ? "is" : "are");
    return false;
}

bool receive_values(struct vvm_context *ctx, const uint64_t *at, unsigned n, const uint64_t *values)
{
    struct frame *top = top_frame(ctx);
    unsigned count = word_c(*at), fixed = count;
    bool rest = word_op(*at) == OP_RECEIVE_REST;
    vvm_value list;
    assert(rest ? count > 0 : word_op(*at) == OP_RECEIVE);
    if (rest) fixed = count - 1;
    if (rest ? n < fixed : n != fixed) return wrong_values(ctx, n, fixed, rest ? "at least " : "");
    if (rest && !cons_rest(ctx, n - fixed, values + fixed, &list)) return false;
    for (unsigned i = 0; i < fixed; i++) {
        top->slots[tail_slot(at + 1, i)] = values[i];
        mark_word(ctx, &top->slots[tail_slot(at + 1, i)], WORD_TAGGED);
    }
    if (rest) {
        top->slots[tail_slot(at + 1, fixed)] = list;
        mark_word(ctx, &top->slots[tail_slot(at + 1, fixed)], WORD_TAGGED);
    }
    top->pc = at + 1 + (count + 3) / 4;
    return true;
}

/* What the frame below the one that returns does with several values. */
enum receiver { TAKES_ONE, TAKES_ANY, RECEIVES, RETURNS };

static enum receiver receiver_of(struct vvm_context *ctx, struct frame *caller, const uint64_t *result)
{
    if (result == &ctx->scratch) return TAKES_ANY;
    if (word_op(*caller->pc) == OP_UNMASK) {
        ctx->handler_count--;
        caller->pc++;
    }
    uint64_t w = *caller->pc;
    bool same = result == &caller->slots[word_a(w)];
    switch (word_op(w)) {
    case OP_RECEIVE:
    case OP_RECEIVE_REST: return same ? RECEIVES : TAKES_ONE;
    case OP_RETURN: return same && caller->function->result == SLOT_ANY ? RETURNS : TAKES_ONE;
    default: return TAKES_ONE;
    }
}

/* A frame whose next instruction returns what it was just given hands several values on. */
bool return_values(struct vvm_context *ctx, unsigned n, const uint64_t *values)
{
    if (n == 1) return give(ctx, values[0], NULL);
    for (;;) {
        uint64_t *result = top_frame(ctx)->result;
        ctx->frame_count--;
        struct frame *caller = top_frame(ctx);
        switch (receiver_of(ctx, caller, result)) {
        case TAKES_ANY: return give(ctx, VALUE_UNSPECIFIED, result);
        case RECEIVES: mark_done(ctx); return receive_values(ctx, caller->pc, n, values);
        case RETURNS: break;
        case TAKES_ONE:
            if (n == 0 && word_op(*caller->pc) == OP_STOP) return give(ctx, VALUE_UNSPECIFIED, result);
            return wrong_values(ctx, n, 1, "");
        }
    }
}

int spread(struct vvm_context *ctx, vvm_value list)
{
    uint64_t *to = frame_end(top_frame(ctx));
    unsigned n = 0;
    if (has_type(list, TYPE_VECTOR)) {
        const struct vector *v = value_pointer(list);
        uint64_t length = object_length(list);
        if (length > APPLY_MAX) goto refuse;
        memcpy(to, v->items, length * sizeof *to);
        return (int)length;
    }
    for (; is_pair(list) && n < APPLY_MAX; list = cdr_of(list)) to[n++] = car_of(list);
    if (is_null(list)) return (int)n;
refuse:
    raise_message(ctx, ERROR_TYPE, VALUE_DEFAULT, "a proper list of at most %u elements is needed",
                  APPLY_MAX);
    return -1;
}

bool return_list(struct vvm_context *ctx, vvm_value list)
{
    const uint64_t *values = frame_end(top_frame(ctx));
    int n = spread(ctx, list);
    if (n < 0) return false;
    return return_values(ctx, (unsigned)n, values);
}

/* ---- escape procedures ------------------------------------------------------------ */

bool call_escape(struct vvm_context *ctx, vvm_value procedure, uint64_t *result)
{
    struct continuation *k = allocate(ctx, TYPE_CONTINUATION, 4, sizeof *k);
    if (!k || !push_stub(ctx, STUB_ESCAPE, result)) return false;
    struct frame *stub = top_frame(ctx);
    stub->serial = ++ctx->serial;
    k->frame = ctx->frame_count - 1;
    assert(k->frame > ctx->base_frame);
    k->serial = stub->serial;
    k->handlers = ctx->handler_count;
    k->winders = ctx->winders;
    *frame_end(stub) = object_value(k);
    return call_procedure(ctx, procedure, 1, stub->slots);
}

static bool escape_error(struct vvm_context *ctx, const char *why)
{
    raise_message(ctx, ERROR_ESCAPE, VALUE_DEFAULT, "%s", why);
    return false;
}

/* Leave everything above the escape procedure's frame and return n values from it. */
static bool escape(struct vvm_context *ctx, const struct continuation *k, unsigned n)
{
    const uint64_t *values = frame_end(top_frame(ctx));
    if (k->frame >= ctx->frame_count || ctx->frames[k->frame].serial != k->serial)
        return escape_error(ctx, error_text(ERROR_ESCAPE));
    if (k->frame < ctx->base_frame) return escape_error(ctx, "the escape crosses a boundary of C code");
    assert(k->handlers >= ctx->base_handlers && k->handlers <= ctx->handler_count);
    vvm_value winders = k->winders, list = VALUE_NULL;
    bool rewind = winders != ctx->winders;
    if (rewind && n != 1 && !cons_rest(ctx, n, values, &list)) return false;
    ctx->frame_count = (uint32_t)k->frame + 1;
    ctx->handler_count = (uint32_t)k->handlers;
    close_reserve(ctx);
    struct frame *stub = top_frame(ctx);
    if (!rewind) return return_values(ctx, n, values);
    stub->slots[0] = n == 1 ? values[0] : list;
    mark_word(ctx, stub->slots, WORD_TAGGED);
    stub->pc = stub_code(n == 1 ? STUB_ESCAPE : STUB_ESCAPE_LIST);
    return rewind_winders(ctx, winders);
}

vvm_value rewind_procedure(struct vvm_context *ctx)
{
    const struct denotation *d = environment_lookup(ctx->node->core, intern(ctx->node, "%rewind"));
    if (!d || d->kind != DENOTES_GLOBAL || d->global >= ctx->generation->binding_count)
        return VALUE_UNDEFINED;
    return ctx->generation->bindings[d->global].value;
}

bool rewind_winders(struct vvm_context *ctx, vvm_value winders)
{
    vvm_value procedure = rewind_procedure(ctx);
    if (procedure == VALUE_UNDEFINED) {
        ctx->winders = winders;
        return true;
    }
    *frame_end(top_frame(ctx)) = winders;
    return call_procedure(ctx, procedure, 1, &ctx->scratch);
}

/* ---- every kind of procedure ------------------------------------------------------- */

static bool call_primitive(struct vvm_context *ctx, const struct primitive_row *row, unsigned n,
                           uint64_t *result)
{
    if ((int)n < row->least || (row->most >= 0 && (int)n > row->most)) {
        wrong_count(ctx, row->name, n, row->least, row->most);
        return false;
    }
    if (!fuel_charge(ctx, row->cost)) return false;
    vvm_value v = row->call(ctx, n, frame_end(top_frame(ctx)));
    return v == VALUE_EXCEPTION ? fail(ctx, result) : give(ctx, v, result);
}

/* The first clause of a case-lambda that takes n arguments. */
static bool call_cases(struct vvm_context *ctx, vvm_value cases, unsigned n, uint64_t *result)
{
    const struct vector *clauses = value_pointer(cases);
    for (uint64_t i = 0; i < object_length(cases); i++) {
        const struct closure *c = value_pointer(clauses->items[i]);
        const struct vvm_function *f = c->function;
        if (n == f->parameters || (n > f->parameters && f->flags & FUNCTION_REST))
            return call_function(ctx, f, c, n, result);
    }
    raise_message(ctx, ERROR_ARITY, VALUE_DEFAULT, "no clause of the case-lambda takes %u argument%s", n,
                  n == 1 ? "" : "s");
    return false;
}

static bool call_parameter(struct vvm_context *ctx, vvm_value parameter, unsigned n, uint64_t *result)
{
    if (n == 0) return give(ctx, ((struct vector *)value_pointer(parameter))->items[0], result);
    wrong_count(ctx, "the parameter", n, 0, 0);
    return false;
}

static bool not_procedure(struct vvm_context *ctx, vvm_value v)
{
    raise_error(ctx, ERROR_NOT_PROCEDURE, v);
    return false;
}

bool call_procedure(struct vvm_context *ctx, vvm_value procedure, unsigned n, uint64_t *result)
{
    if (!is_object(procedure)) return not_procedure(ctx, procedure);
    switch (header_type(object_of(procedure)->header)) {
    case TYPE_CLOSURE: {
        const struct closure *c = value_pointer(procedure);
        if (c->function->flags & (FUNCTION_BODY | FUNCTION_WIRE)) return not_procedure(ctx, procedure);
        return call_function(ctx, c->function, c, n, result);
    }
    case TYPE_PRIMITIVE:
        return call_primitive(ctx, ((struct primitive_object *)value_pointer(procedure))->row, n, result);
    case TYPE_CONTINUATION: return escape(ctx, value_pointer(procedure), n);
    case TYPE_CASES: return call_cases(ctx, procedure, n, result);
    case TYPE_PARAMETER: return call_parameter(ctx, procedure, n, result);
    default: return not_procedure(ctx, procedure);
    }
}

/* ---- globals and members ------------------------------------------------------------- */

bool signature_is_tagged(const struct vvm_node *node, uint32_t number)
{
    const struct signature *s = signature_at(node, number);
    if (!s || s->result != SLOT_ANY) return false;
    for (unsigned i = 0; i < s->parameters; i++)
        if (s->types[i] != SLOT_ANY) return false;
    return true;
}

bool call_global(struct vvm_context *ctx, const struct link *link, unsigned n, uint64_t *result)
{
    const struct binding *b = binding_of(ctx, link);
    if (!b || b->value == VALUE_UNDEFINED) {
        raise_error(ctx, ERROR_UNBOUND, link->name);
        return false;
    }
    if (b->function && b->signature == link->signature)
        return call_function(ctx, b->function, NULL, n, result);
    if (signature_is_tagged(ctx->node, link->signature)) return call_procedure(ctx, b->value, n, result);
    raise_error(ctx, ERROR_SIGNATURE, link->name);
    return false;
}

bool call_member(struct vvm_context *ctx, vvm_value member, unsigned n, uint64_t *result)
{
    vvm_value procedure = member_procedure(ctx, member);
    if (procedure != VALUE_FALSE) return call_procedure(ctx, procedure, n, result);
    raise_type(ctx, "the call of a member", 1, "member", member);
    return false;
}

bool apply_procedure(struct vvm_context *ctx, vvm_value procedure, vvm_value list, uint64_t *result)
{
    int n = spread(ctx, list);
    if (n < 0) return false;
    return call_procedure(ctx, procedure, (unsigned)n, result);
}

bool apply_member(struct vvm_context *ctx, vvm_value member, vvm_value list, uint64_t *result)
{
    int n = spread(ctx, list);
    if (n < 0) return false;
    return call_member(ctx, member, (unsigned)n, result);
}
