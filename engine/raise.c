/* SPDX-License-Identifier: Apache-2.0 */
/*
 * raise.c - what happens when ctx->pending is set: handlers are found, frames are
 * left, or the run ends and its caller in C sees what is pending.
 *
 * Handlers are a stack. While a handler procedure runs, a MASK above it hides it and
 * everything up to it, so that a raise inside goes to the handlers outside. A trap
 * or halt is seen by no handler: the run just ends.
 */
#include "interpret.h"

#include <assert.h>

#include "wire/network.h"

#define TRACE_MAX 32u

static_assert(LOAD_FRAMES > 2 * FRAME_RESERVE && LOAD_STACK_WORDS > 2 * STACK_RESERVE,
              "the reserve is closed again well below the limit");
static_assert(ARGUMENT_ROOM >= STACK_RESERVE + UINT16_MAX, "a COUNT gathers within the room, reserve open");

/* ---- limits -------------------------------------------------------------------- */

static bool reserve_is_open(const struct vvm_context *ctx) { return ctx->frame_limit > LOAD_FRAMES; }

bool too_deep(struct vvm_context *ctx)
{
    if (ctx->packet_profile) {
        trap(ctx, TRAP_NESTING);
        return false;
    }
    if (!reserve_is_open(ctx)) { /* so that a handler can run */
        ctx->frame_limit += FRAME_RESERVE;
        ctx->stack_end += STACK_RESERVE;
    }
    raise_error(ctx, ERROR_RECURSION, VALUE_DEFAULT);
    return false;
}

void close_reserve(struct vvm_context *ctx)
{
    if (ctx->packet_profile || !reserve_is_open(ctx)) return;
    const struct frame *top = top_frame(ctx);
    if (ctx->frame_count > LOAD_FRAMES - FRAME_RESERVE || frame_end(top) > ctx->stack_end - 2 * STACK_RESERVE)
        return;
    ctx->frame_limit -= FRAME_RESERVE;
    ctx->stack_end -= STACK_RESERVE;
}

/* ---- traces ---------------------------------------------------------------------- */

static uint64_t position_of(const struct vvm_function *f, const uint64_t *pc)
{
    uint32_t word = pc > f->code ? (uint32_t)(pc - f->code) - 1 : 0;
    uint32_t low = 0, high = f->line_count;
    while (low < high) { /* first entry beyond the word */
        uint32_t middle = low + (high - low) / 2;
        if (f->lines[middle].word <= word) low = middle + 1;
        else high = middle;
    }
    return low ? f->lines[low - 1].position : f->position;
}

/* (name . position) of one frame, consed before rest. */
static vvm_value trace_entry(struct vvm_context *ctx, const struct frame *f, vvm_value rest)
{
    vvm_value entry = make_pair(ctx, f->function->name,
                                make_fixnum((int64_t)position_of(f->function, f->pc)));
    return entry == VALUE_EXCEPTION ? entry : make_pair(ctx, entry, rest);
}

/* Frames of the innermost run, innermost first. */
static vvm_value trace_frames(struct vvm_context *ctx)
{
    uint32_t first = ctx->frame_count, found = 0;
    while (first > ctx->base_frame && found < TRACE_MAX)
        if (!is_stub(ctx->frames[--first].function)) found++;
    vvm_value trace = VALUE_NULL;
    for (uint32_t i = first; i < ctx->frame_count; i++) {
        if (is_stub(ctx->frames[i].function)) continue;
        trace = trace_entry(ctx, &ctx->frames[i], trace);
        if (trace == VALUE_EXCEPTION) return VALUE_NULL;
    }
    return trace;
}

static struct error_object *traceable(struct vvm_context *ctx)
{
    vvm_value v = ctx->pending.value;
    if (ctx->packet_profile || !has_type(v, TYPE_ERROR) || is_frozen(v)) return NULL;
    return value_pointer(v);
}

/* An error remembers where it was first raised, though a handler raises it again. */
static void note_origin(struct vvm_context *ctx)
{
    struct error_object *e = traceable(ctx);
    const struct frame *f = top_frame(ctx);
    if (!e || e->trace != VALUE_FALSE) return;
    while (f > ctx->frames && is_stub(f->function)) f--;
    struct pending pending = ctx->pending;
    vvm_value trace = trace_entry(ctx, f, VALUE_NULL);
    if (trace != VALUE_EXCEPTION) e->trace = trace;
    ctx->pending = pending;
}

/* Nobody handles it: the whole trace, its origin first. */
static void note_trace(struct vvm_context *ctx)
{
    if (ctx->packet_profile) return;
    struct pending pending = ctx->pending;
    struct error_object *e = traceable(ctx);
    vvm_value trace = trace_frames(ctx);
    vvm_value origin = e && is_pair(e->trace) ? car_of(e->trace) : VALUE_FALSE;
    bool raised_here = is_pair(origin) && is_pair(trace) && cdr_of(car_of(trace)) == cdr_of(origin);
    if (is_pair(origin) && !raised_here) trace = make_pair(ctx, origin, trace);
    if (trace == VALUE_EXCEPTION) trace = VALUE_NULL;
    ctx->pending = pending;
    ctx->trace = trace;
    if (e) e->trace = trace;
}

/* ---- handlers ----------------------------------------------------------------------- */

/* Number of handlers that a raise may look at, from the newest down: 0 = none. */
static uint32_t visible_handlers(const struct vvm_context *ctx)
{
    uint32_t count = ctx->handler_count;
    while (count > ctx->base_handlers && ctx->handlers[count - 1].kind == HANDLER_MASK) {
        assert(ctx->handlers[count - 1].frame < count); /* it looks below itself, so this ends */
        count = ctx->handlers[count - 1].frame;
    }
    return count > ctx->base_handlers ? count : 0;
}

/* Go on at the handler's target, in its frame. */
static bool enter_region(struct vvm_context *ctx, uint32_t index)
{
    const struct handler h = ctx->handlers[index];
    struct frame *f = &ctx->frames[h.frame];
    vvm_value value = ctx->pending.value;
    assert(h.frame > ctx->base_frame && h.frame < ctx->frame_count);
    ctx->handler_count = index; /* whatever fails from here on goes to a handler further out */
    ctx->frame_count = h.frame + 1;
    close_reserve(ctx);
    if (f->function->flags & FUNCTION_WIRE) value = network_map_error(ctx, value);
    if (value == VALUE_EXCEPTION) return false;
    ctx->pending.kind = PENDING_NONE;
    f->slots[h.slot] = value;
    mark_word(ctx, &f->slots[h.slot], WORD_TAGGED);
    f->pc = f->function->code + h.target;
    mark_block(ctx, h.cost);
    if (!fuel_charge(ctx, h.cost)) return false;
    return h.winders == ctx->winders || rewind_winders(ctx, h.winders);
}

/* Call a handler procedure, itself and all above it masked. */
static bool enter_procedure(struct vvm_context *ctx, uint32_t index)
{
    vvm_value value = ctx->pending.value;
    bool continuable = ctx->pending.continuable;
    uint64_t *result = continuable ? ctx->continue_at : &ctx->scratch;
    enum stub stub = continuable ? STUB_CONTINUABLE : STUB_NON_CONTINUABLE;
    assert(result && index < ctx->handler_count);
    ctx->pending.kind = PENDING_NONE;
    assert(ctx->handler_count <
           handler_room(ctx)); /* beyond the limit each mask looks below the one before */
    ctx->handlers[ctx->handler_count++] = (struct handler){.kind = HANDLER_MASK, .frame = index};
    if (!push_stub(ctx, stub, result)) return false;
    struct frame *below = top_frame(ctx);
    *frame_end(below) = value;
    return call_procedure(ctx, ctx->handlers[index].procedure, 1, below->slots);
}

static bool leave(struct vvm_context *ctx)
{
    assert(ctx->frame_count > ctx->base_frame && ctx->handler_count >= ctx->base_handlers);
    ctx->frame_count = ctx->base_frame + 1;
    ctx->handler_count = ctx->base_handlers;
    close_reserve(ctx);
    return false;
}

/* Each turn looks at fewer handlers, so it ends. */
bool machine_exception(struct vvm_context *ctx)
{
    for (;;) {
        assert(ctx->pending.kind != PENDING_NONE);
        if (ctx->pending.kind != PENDING_RAISE) return leave(ctx);
        note_origin(ctx);
        uint32_t count = visible_handlers(ctx);
        if (!count) {
            note_trace(ctx);
            return leave(ctx);
        }
        bool region = ctx->handlers[count - 1].kind == HANDLER_REGION;
        if (region ? enter_region(ctx, count - 1) : enter_procedure(ctx, count - 1)) return true;
    }
}
