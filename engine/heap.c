/* SPDX-License-Identifier: Apache-2.0 */
/*
 * heap.c - the control heap's chunks, their limit, and roots.
 *
 * When the limit is reached the error `heap-limit` is raised with an object made
 * beforehand, and a reserve of one chunk is opened, so that its handler can run.
 */
#include "heap.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <sys/mman.h>

#define REGION_CHUNKS      16u /* chunks asked from the system at one time */
#define HEAP_DEFAULT_LIMIT ((size_t)256 << 20)

struct chunk {
    struct chunk *next;
    size_t octets; /* whole chunk */
    size_t used;   /* from the chunk's start; current only when no context fills it */
    uint8_t owner;
};

struct region { /* one mapping, for giving it back */
    struct region *next;
    void *base;
    size_t octets;
};

struct heap {
    struct chunk *chunks;
    struct region *regions;
    uint8_t *spare, *spare_end; /* mapped, not yet cut into chunks */
    size_t total, limit;
    bool reserve_open;
    struct error_object full;
};

int heap_open(struct vvm_node *node)
{
    struct heap *heap = calloc(1, sizeof *heap);
    if (!heap) return -ENOMEM;
    heap->limit = node->options.heap_limit ? node->options.heap_limit : HEAP_DEFAULT_LIMIT;
    heap->full = (struct error_object){.header = make_header(TYPE_ERROR, 4) | (uint64_t)FLAG_FROZEN << 8,
                                       .code = ERROR_HEAP,
                                       .message = VALUE_FALSE,
                                       .irritants = VALUE_NULL,
                                       .trace = VALUE_FALSE};
    node->heap = heap;
    return 0;
}

void heap_close(struct vvm_node *node)
{
    if (!node->heap) return;
    for (struct region *r = node->heap->regions, *next; r; r = next) {
        next = r->next;
        munmap(r->base, r->octets);
        free(r);
    }
    free(node->heap);
    node->heap = NULL;
}

size_t heap_octets(const struct vvm_node *node) { return node->heap->total; }
vvm_value heap_full_error(const struct vvm_node *node) { return object_value(&node->heap->full); }

bool heap_contains(const struct vvm_node *node, const void *p)
{
    const uint8_t *at = p;
    for (const struct region *r = node->heap->regions; r; r = r->next)
        if (at >= (const uint8_t *)r->base && at < (const uint8_t *)r->base + r->octets) return true;
    return false;
}

/* Map octets (a multiple of the chunk size), aligned to the chunk size. */
static uint8_t *map_region(struct heap *heap, size_t octets)
{
    struct region *r = malloc(sizeof *r);
    if (!r) return NULL;
    r->octets = octets + CHUNK_OCTETS;
    r->base = mmap(NULL, r->octets, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1,
                   0);
    if (r->base == MAP_FAILED) {
        free(r);
        return NULL;
    }
    r->next = heap->regions;
    heap->regions = r;
    uintptr_t start = ((uintptr_t)r->base + CHUNK_OCTETS - 1) & ~(uintptr_t)(CHUNK_OCTETS - 1);
    return (uint8_t *)start;
}

static struct chunk *chunk_enter(struct heap *heap, uint8_t *at, size_t octets, uint8_t owner)
{
    assert(((uintptr_t)at | octets) % CHUNK_OCTETS == 0);
    struct chunk *c = (struct chunk *)at;
    *c = (struct chunk){.next = heap->chunks, .octets = octets, .used = sizeof *c, .owner = owner};
    heap->chunks = c;
    heap->total += octets;
    return c;
}

/* True if `octets` more stay within the limit; the first refusal opens the reserve. */
static bool within_limit(struct heap *heap, size_t octets)
{
    size_t limit = heap->limit + (heap->reserve_open ? CHUNK_OCTETS : 0);
    return octets <= limit && heap->total <= limit - octets;
}

static struct chunk *chunk_small(struct heap *heap, uint8_t owner)
{
    if (!within_limit(heap, CHUNK_OCTETS)) return NULL;
    if (heap->spare == heap->spare_end) {
        heap->spare = map_region(heap, (size_t)REGION_CHUNKS * CHUNK_OCTETS);
        heap->spare_end = heap->spare ? heap->spare + (size_t)REGION_CHUNKS * CHUNK_OCTETS : NULL;
        if (!heap->spare) return NULL;
    }
    uint8_t *at = heap->spare;
    heap->spare += CHUNK_OCTETS;
    return chunk_enter(heap, at, CHUNK_OCTETS, owner);
}

void heap_leave(struct vvm_context *ctx)
{
    if (!ctx->end) return;
    struct chunk *c = (struct chunk *)((uintptr_t)(ctx->end - 1) & ~(uintptr_t)(CHUNK_OCTETS - 1));
    c->used = (size_t)(ctx->free - (uint8_t *)c);
    assert(!ctx->packet_profile && c->octets == CHUNK_OCTETS && c->used <= c->octets);
    ctx->free = ctx->end = NULL;
}

bool heap_refill(struct vvm_context *ctx, size_t bytes)
{
    struct heap *heap = ctx->node->heap;
    assert(bytes <= CHUNK_OCTETS - sizeof(struct chunk));
    struct chunk *c = chunk_small(heap, ctx->owner);
    if (!c) {
        heap->reserve_open = true; /* the next refill, for the handler, may take it */
        return false;
    }
    heap_leave(ctx);
    ctx->free = (uint8_t *)c + sizeof *c;
    ctx->end = (uint8_t *)c + CHUNK_OCTETS;
    return true;
}

void *heap_large(struct vvm_context *ctx, size_t bytes)
{
    struct heap *heap = ctx->node->heap;
    size_t octets = (sizeof(struct chunk) + bytes + CHUNK_OCTETS - 1) & ~(size_t)(CHUNK_OCTETS - 1);
    if (bytes > heap->limit || octets > heap->limit || heap->total > heap->limit - octets) {
        heap->reserve_open = true;
        return NULL;
    }
    uint8_t *at = map_region(heap, octets);
    if (!at) return NULL;
    struct chunk *c = chunk_enter(heap, at, octets, ctx->owner);
    c->used = sizeof *c + bytes;
    assert(c->used <= c->octets);
    return c + 1;
}

/* ---- roots ---- */

void root_add(struct vvm_node *node, struct vvm_root *root, vvm_value v)
{
    assert(!root->previous); /* on one list, once */
    root->value = v;
    root->next = node->roots;
    root->previous = &node->roots;
    if (node->roots) node->roots->previous = &root->next;
    node->roots = root;
}

void root_remove(struct vvm_root *root)
{
    if (!root->previous) return;
    assert(*root->previous == root);
    *root->previous = root->next;
    if (root->next) root->next->previous = root->previous;
    root->next = NULL;
    root->previous = NULL;
}
