/* SPDX-License-Identifier: Apache-2.0 */
/*
 * heap_owner.c - whose objects the control heap holds, and how much of it each may hold.
 *
 * The collector counts what is alive by the owner in the headers; between collections a
 * window counts for whoever it was cut for. So an owner may pass its limit by one window,
 * and when it nears it a collection is called for before it is refused.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "heap.h"

struct heap_owners {
    uint64_t held[HEAP_OWNERS]; /* alive at the last collection, and handed out since */
    uint64_t live[HEAP_OWNERS]; /* counted by a collection */
    uint64_t most[HEAP_OWNERS];
};

int heap_owners_open(struct heap *heap)
{
    heap->owners = calloc(1, sizeof *heap->owners);
    if (!heap->owners) return -ENOMEM;
    for (unsigned i = 0; i < HEAP_OWNERS; i++) heap->owners->most[i] = UINT64_MAX;
    return 0;
}

void heap_limit_owner(struct vvm_node *node, uint8_t owner, uint64_t most)
{
    node->heap->owners->most[owner] = most;
}

uint64_t heap_held(const struct vvm_node *node, uint8_t owner) { return node->heap->owners->held[owner]; }

static uint64_t unused(const struct vvm_context *ctx) { return (uint64_t)(ctx->end - ctx->free); }

void heap_change_owner(struct vvm_context *ctx, uint8_t owner)
{
    struct heap_owners *o = ctx->node->heap->owners;
    uint64_t moved = unused(ctx) < o->held[ctx->owner] ? unused(ctx) : o->held[ctx->owner];
    o->held[ctx->owner] -= moved;
    o->held[owner] += moved;
    ctx->owner = owner;
}

void heap_owner_took(struct vvm_context *ctx, size_t octets)
{
    ctx->node->heap->owners->held[ctx->owner] += octets;
}

void heap_owner_gave(struct vvm_context *ctx, size_t octets)
{
    uint64_t *held = &ctx->node->heap->owners->held[ctx->owner];
    *held -= octets < *held ? octets : *held;
}

bool heap_owner_has_room(const struct vvm_context *ctx, size_t bytes)
{
    const struct heap_owners *o = ctx->node->heap->owners;
    uint64_t most = o->most[ctx->owner], held = o->held[ctx->owner];
    return most == UINT64_MAX || (held <= most && bytes <= most - held);
}

/* Half of what it had left after the last collection is gone. */
bool heap_owner_wants(const struct vvm_context *ctx)
{
    const struct heap_owners *o = ctx->node->heap->owners;
    uint64_t most = o->most[ctx->owner], live = o->live[ctx->owner], held = o->held[ctx->owner];
    return most != UINT64_MAX && held > live && (live >= most || held - live > (most - live) / 2);
}

void heap_owners_begin(struct heap *heap) { memset(heap->owners->live, 0, sizeof heap->owners->live); }

void heap_owner_count(struct heap *heap, uint64_t header)
{
    heap->owners->live[header_owner(header)] += object_octets(header);
}

void heap_owners_end(struct heap *heap)
{
    memcpy(heap->owners->held, heap->owners->live, sizeof heap->owners->held);
}
