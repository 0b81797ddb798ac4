/* SPDX-License-Identifier: Apache-2.0 */
/*
 * context.c - stacks of a context. All memory that running code can use is taken
 * here, once: executing a packet calls no allocator.
 *
 * Above stack_end lie ARGUMENT_ROOM words, so that gathering arguments for a call
 * needs no check of its own; the check of the callee's frame is the check.
 */
#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "generation.h"
#include "heap.h"
#include "interpret.h"
#include "packet.h"
#include "wire/network.h"

#define LOAD_HANDLERS   4096u
#define PACKET_HANDLERS 256u
#define ARENA_OCTETS    ((size_t)256 << 10)
#define ARENA_DEFAULT   ((size_t)64 << 10) /* window until the network sets its own */

static_assert(2 * LOAD_HANDLERS <= UINT16_MAX && 2 * PACKET_HANDLERS <= UINT16_MAX,
              "a frame keeps the number of handlers in 16 bits");
static_assert(ARENA_DEFAULT <= ARENA_OCTETS, "the window lies in the arena");
static_assert(PACKET_FRAMES < LOAD_FRAMES, "only the load profile's reserve goes beyond LOAD_FRAMES");

static int open_stacks(struct vvm_context *ctx, size_t words)
{
    size_t all = words + ARGUMENT_ROOM;
    ctx->stack = malloc(all * sizeof *ctx->stack);
    ctx->frames = malloc((ctx->frame_limit + FRAME_RESERVE) * sizeof *ctx->frames);
    ctx->handlers = malloc(handler_room(ctx) * sizeof *ctx->handlers);
    if (!ctx->stack || !ctx->frames || !ctx->handlers) return -ENOMEM;
    ctx->stack_end = ctx->stack + words;
#ifdef VVM_INSTRUMENTED
    return shadow_open(ctx, all, ctx->frame_limit + FRAME_RESERVE);
#else
    return 0;
#endif
}

static int open_packet_parts(struct vvm_context *ctx)
{
    ctx->packet_profile = true;
    ctx->arena = aligned_alloc(64, ARENA_OCTETS);
    if (!ctx->arena) return -ENOMEM;
    ctx->arena_end = ctx->arena + ARENA_OCTETS;
    ctx->free = ctx->arena;
    ctx->end = ctx->arena + ARENA_DEFAULT;
    int err = wire_context_open(ctx);
    return err ? err : ledger_attach(ctx);
}

static int open_context(struct vvm_context *ctx, struct vvm_node *node, struct vvm_world *world, bool load)
{
    *ctx = (struct vvm_context){.node = node,
                                .world = world,
                                .frame_limit = load ? LOAD_FRAMES : PACKET_FRAMES,
                                .handler_limit = load ? LOAD_HANDLERS : PACKET_HANDLERS,
                                .winders = VALUE_NULL,
                                .trace = VALUE_NULL,
                                .fuel = load ? node->options.load_fuel : 0};
    int err = open_stacks(ctx, load ? LOAD_STACK_WORDS : PACKET_STACK_WORDS);
    if (!err) err = epoch_join(ctx);
    if (!err && !load) err = open_packet_parts(ctx);
    if (err) {
        context_close(ctx);
        return err;
    }
    if (load) ctx->generation = node->candidate ? node->candidate : node->current;
    return 0;
}

int context_open(struct vvm_context *ctx, struct vvm_node *node, bool load)
{
    return open_context(ctx, node, &node->world, load);
}

int context_open_in(struct vvm_context *ctx, struct vvm_node *node, struct vvm_world *world)
{
    return open_context(ctx, node, world, false);
}

void context_close(struct vvm_context *ctx)
{
    if (!ctx->node) return;
    assert(ctx->depth == 0 && ctx->frame_count == 0); /* nothing runs on it */
    if (ctx->packet_profile) {
        wire_context_close(ctx);
        ledger_detach(ctx);
        free(ctx->arena);
    } else {
        heap_leave(ctx);
    }
    epoch_part(ctx);
    free(ctx->stack);
    free(ctx->frames);
    free(ctx->handlers);
#ifdef VVM_INSTRUMENTED
    shadow_close(ctx);
#endif
    *ctx = (struct vvm_context){.node = NULL};
}
