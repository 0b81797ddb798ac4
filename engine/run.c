/* SPDX-License-Identifier: Apache-2.0 */
/*
 * run.c - the way from C into the machine: vvm_call and vvm_run, which nest. Each
 * run stands on a stub frame of its own that no raise and no escape crosses.
 */
#include "interpret.h"

#include <assert.h>
#include <errno.h>
#include <string.h>

#include "generation.h"
#include "heap.h"

/* Arguments that a primitive in progress may still read lie above the top frame. */
#define ARGUMENTS_IN_USE 256u

#define LEAVE_FUEL INT64_C(100000) /* for the `after` thunks of a run that has used up its fuel */

struct run {
    uint32_t base_frame, base_handlers;
    vvm_value winders;
};

static inline bool run_begin(struct vvm_context *ctx, struct run *saved)
{
    uint32_t below = ctx->frame_count;
    assert(ctx->generation); /* pinned while something runs */
    *saved = (struct run){ctx->base_frame, ctx->base_handlers, ctx->winders};
    if (ctx->depth >= DEPTH_MAX) return too_deep(ctx);
    if (ctx->depth == 0 && !ctx->packet_profile && !ctx->node->candidate && !ctx->node->loading)
        ctx->fuel = ctx->node->options.load_fuel;
    uint64_t *slots = ctx->frame_count ? frame_end(top_frame(ctx)) + ARGUMENTS_IN_USE : ctx->stack;
    if (!push_frame(ctx, stub_function(STUB_STOP), NULL, slots, NULL)) {
        ctx->frame_count = below; /* it may have been room or fuel that was missing */
        return false;
    }
    ctx->pending.kind = PENDING_NONE;
    ctx->base_frame = ctx->frame_count - 1;
    ctx->base_handlers = ctx->handler_count;
    ctx->depth++;
    return true;
}

/* Drop the run's stub; its slot still holds the result. */
static void run_end(struct vvm_context *ctx, const struct run *saved)
{
    assert(ctx->depth > 0 && ctx->frame_count == ctx->base_frame + 1); /* all it pushed was popped, */
    assert(ctx->handler_count == ctx->base_handlers);                  /* however it ended */
    ctx->frame_count = ctx->base_frame;
    ctx->fuel = honest_fuel(ctx->fuel);
    ctx->base_frame = saved->base_frame;
    ctx->base_handlers = saved->base_handlers;
    ctx->depth--;
}

/* Run what was entered, or handle what prevented it. */
static bool run_on(struct vvm_context *ctx, bool entered)
{
    return (entered || machine_exception(ctx)) && interpret(ctx);
}

static vvm_value call(struct vvm_context *ctx, vvm_value procedure, unsigned n, const vvm_value *args,
                      struct run *saved)
{
    if (!run_begin(ctx, saved)) return VALUE_EXCEPTION;
    struct frame *base = top_frame(ctx);
    if (n) memcpy(frame_end(base), args, n * sizeof *args);
    bool done = run_on(ctx, call_procedure(ctx, procedure, n, base->slots));
    vvm_value v = done ? base->slots[0] : VALUE_EXCEPTION;
    run_end(ctx, saved);
    return v;
}

/* A run that failed has not left its dynamic extents: leave them as an escape would. An
 * `after` thunk that fails itself does not keep those further out from being called. */
static void leave_extents(struct vvm_context *ctx, vvm_value winders)
{
    struct run saved;
    struct pending pending = ctx->pending;
    struct vvm_root kept[3] = {0}; /* the thunks may leave much garbage */
    vvm_value trace = ctx->trace, procedure = rewind_procedure(ctx), before;
    int64_t fuel = ctx->fuel;
    root_add(ctx->node, &kept[0], pending.value);
    root_add(ctx->node, &kept[1], trace);
    root_add(ctx->node, &kept[2], winders);
    do {
        before = ctx->winders;
        if (ctx->fuel < LEAVE_FUEL) ctx->fuel = LEAVE_FUEL;
        if (is_object(procedure)) call(ctx, procedure, 1, &winders, &saved);
    } while (ctx->winders != winders && ctx->winders != before);
    ctx->winders = winders;
    ctx->pending = pending;
    ctx->trace = trace;
    for (unsigned i = 0; i < 3; i++) root_remove(&kept[i]);
    if (fuel < ctx->fuel) ctx->fuel = fuel;
}

vvm_value vvm_call(struct vvm_context *ctx, vvm_value procedure, unsigned n, const vvm_value *args)
{
    struct run saved;
    if (n > APPLY_MAX) return raise_error(ctx, ERROR_ARITY, VALUE_DEFAULT);
    vvm_value v = call(ctx, procedure, n, args, &saved);
    if (v == VALUE_EXCEPTION && ctx->winders != saved.winders) leave_extents(ctx, saved.winders);
    return v;
}

int vvm_run(struct vvm_context *ctx, const struct vvm_function *f, const uint64_t *args, uint64_t *result)
{
    struct run saved;
    assert(f->unit->verified && !f->captured && !(f->flags & (FUNCTION_BODY | FUNCTION_WIRE)));
    if (!run_begin(ctx, &saved)) return -ECANCELED;
    struct frame *base = top_frame(ctx);
    unsigned n = f->parameters + (f->flags & FUNCTION_REST ? 1u : 0u);
    if (n) memcpy(frame_end(base), args, n * sizeof *args);
    bool done = run_on(ctx, push_frame(ctx, f, NULL, frame_end(base), base->slots));
    if (done && result) *result = base->slots[0];
    run_end(ctx, &saved);
    if (!done && ctx->winders != saved.winders) leave_extents(ctx, saved.winders);
    return done ? 0 : -ECANCELED;
}

/* ---- set! of globals: rare, and a matter of who owns what ---- */

vvm_value global_assign(struct vvm_context *ctx, const struct vvm_unit *unit, const struct link *link,
                        vvm_value v)
{
    assert(binding_of(ctx, link)); /* global_set has looked */
    struct binding *b = &((struct vvm_generation *)ctx->generation)->bindings[link->global];
    if (global_owner(ctx->node, link->global) != unit->vmlet)
        return raise_message(ctx, ERROR_PRIVILEGE, link->name,
                             "a variable of another VMlet cannot be assigned");
    if (context_in_test(ctx))
        return raise_message(ctx, ERROR_PRIVILEGE, link->name,
                             "a test cannot assign a variable of the VMlet");
    b->flags |= BINDING_ASSIGNED;
    if (layer_assign(ctx->node, link->global, v)) return raise_error(ctx, ERROR_HEAP, VALUE_DEFAULT);
    return VALUE_UNSPECIFIED;
}

/* ---- whose code runs ---- */

struct vvm_vmlet *running_vmlet(const struct vvm_context *ctx)
{
    const struct vvm_node *node = ctx->node;
    const struct vvm_function *f = ctx->frame_count ? ctx->frames[ctx->frame_count - 1].function : NULL;
    struct vvm_vmlet *owner = f && !is_stub(f) ? f->unit->vmlet : NULL;
    if (owner && owner->environment != node->core) return owner;
    return node->beginning ? node->beginning : owner; /* a function of core's worked for it */
}
