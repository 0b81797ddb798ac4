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

#define RUN_LEAST     64u /* octets of a run that a window is worth */
#define BUDGET_LEAST  ((size_t)4 << 20)
#define RESIDENT_MOST ((size_t)4 << 20) /* octets of empty chunks that keep their memory */

static_assert(sizeof(struct chunk) % 8 == 0, "objects are 8-aligned");

static size_t budget_least(const struct heap *heap)
{
    return heap->limit / 8 < BUDGET_LEAST ? heap->limit / 8 : BUDGET_LEAST;
}

/* As much again as is held, or half of what the limit leaves; but a heap that is full is not
 * collected for every object. */
void heap_set_budget(struct heap *heap)
{
    size_t least = budget_least(heap);
    size_t left = heap->total < heap->limit ? (heap->limit - heap->total) / 2 : 0;
    size_t budget = heap->total > least ? heap->total : least;
    if (left < heap->total / 16) left = heap->total / 16;
    heap->fresh = 0;
    heap->budget = budget < left ? budget : left;
}

int heap_open(struct vvm_node *node)
{
    struct heap *heap = calloc(1, sizeof *heap);
    if (!heap) return -ENOMEM;
    heap->limit = node->options.heap_limit ? node->options.heap_limit : HEAP_DEFAULT_LIMIT;
    heap->budget = budget_least(heap);
    heap->stress = node->options.heap_stress;
    heap->full = (struct error_object){.header = make_header(TYPE_ERROR, 4) | (uint64_t)FLAG_FROZEN << 8,
                                       .code = ERROR_HEAP,
                                       .message = VALUE_FALSE,
                                       .irritants = VALUE_NULL,
                                       .trace = VALUE_FALSE};
    if (heap_owners_open(heap)) {
        free(heap);
        return -ENOMEM;
    }
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
    free(node->heap->owners);
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
static uint8_t *map_region(struct heap *heap, size_t octets, struct region **out)
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
    r->previous = &heap->regions;
    if (r->next) r->next->previous = &r->next;
    heap->regions = r;
    if (out) *out = r;
    uintptr_t start = ((uintptr_t)r->base + CHUNK_OCTETS - 1) & ~(uintptr_t)(CHUNK_OCTETS - 1);
    return (uint8_t *)start;
}

static void unmap_region(struct region *r)
{
    *r->previous = r->next;
    if (r->next) r->next->previous = r->previous;
    munmap(r->base, r->octets);
    free(r);
}

static struct chunk *chunk_enter(struct heap *heap, uint8_t *at, size_t octets, struct region *region)
{
    assert(((uintptr_t)at | octets) % CHUNK_OCTETS == 0);
    struct chunk *c = (struct chunk *)at;
    *c = (struct chunk){.next = heap->chunks, .octets = octets, .region = region};
    heap->chunks = c;
    heap->total += octets;
    return c;
}

void heap_drop_chunk(struct heap *heap, struct chunk *chunk)
{
    heap->total -= chunk->octets;
    if (chunk->region) {
        unmap_region(chunk->region);
        return;
    }
    if (heap->resident < RESIDENT_MOST) {
        heap->resident += chunk->octets;
    } else {
        chunk->octets = 0;
        madvise((uint8_t *)chunk + 4096, CHUNK_OCTETS - 4096, MADV_DONTNEED);
    }
    chunk->next = heap->empty;
    heap->empty = chunk;
}

/* True if `octets` more stay within the limit; the first refusal opens the reserve. */
static bool within_limit(struct heap *heap, size_t octets)
{
    size_t limit = heap->limit + (heap->reserve_open ? CHUNK_OCTETS : 0);
    return octets <= limit && heap->total <= limit - octets;
}

static uint8_t *chunk_memory(struct heap *heap)
{
    struct chunk *c = heap->empty;
    if (c) {
        heap->empty = c->next;
        heap->resident -= c->octets;
        return (uint8_t *)c;
    }
    if (heap->spare == heap->spare_end) {
        heap->spare = map_region(heap, (size_t)REGION_CHUNKS * CHUNK_OCTETS, NULL);
        heap->spare_end = heap->spare ? heap->spare + (size_t)REGION_CHUNKS * CHUNK_OCTETS : NULL;
        if (!heap->spare) return NULL;
    }
    uint8_t *at = heap->spare;
    heap->spare += CHUNK_OCTETS;
    return at;
}

static struct chunk *chunk_small(struct heap *heap)
{
    if (!within_limit(heap, CHUNK_OCTETS)) return NULL;
    uint8_t *at = chunk_memory(heap);
    return at ? chunk_enter(heap, at, CHUNK_OCTETS, NULL) : NULL;
}

/* ---- windows ---- */

void heap_cover(uint8_t *from, uint8_t *to)
{
    if (from == to) return;
    *(uint64_t *)from = make_header(TYPE_FREE, (uint64_t)(to - from) - sizeof(uint64_t));
}

void heap_add_run(struct heap *heap, uint8_t *from, uint8_t *to)
{
    heap_cover(from, to);
    if ((size_t)(to - from) < RUN_LEAST) return;
    struct free_run *run = (struct free_run *)from;
    run->next = heap->runs;
    heap->runs = run;
}

void heap_leave(struct vvm_context *ctx)
{
    assert(!ctx->packet_profile);
    if (ctx->end) heap_cover(ctx->free, ctx->end);
    ctx->free = ctx->end = NULL;
}

static void take_window(struct vvm_context *ctx, uint8_t *from, uint8_t *to)
{
    heap_leave(ctx);
    ctx->free = from;
    ctx->end = to;
    ctx->node->heap->fresh += (size_t)(to - from);
    heap_owner_took(ctx, (size_t)(to - from));
}

/* The first run that is large enough; smaller ones are left until the next collection. */
static bool take_run(struct vvm_context *ctx, size_t bytes)
{
    struct heap *heap = ctx->node->heap;
    while (heap->runs) {
        struct free_run *run = heap->runs;
        size_t octets = sizeof run->header + header_length(run->header);
        heap->runs = run->next;
        if (octets < bytes) continue;
        take_window(ctx, (uint8_t *)run, (uint8_t *)run + octets);
        return true;
    }
    return false;
}

/* Under stress a window is one object, so that each allocation comes here. */
static void narrow_window(struct vvm_context *ctx, size_t bytes)
{
    uint8_t *rest = ctx->free + bytes;
    if ((size_t)(ctx->end - ctx->free) < bytes + RUN_LEAST) return;
    heap_add_run(ctx->node->heap, rest, ctx->end);
    heap_owner_gave(ctx, (size_t)(ctx->end - rest));
    ctx->end = rest;
}

static void call_for_collection(struct vvm_context *ctx)
{
    if (ctx->may_collect && ctx->depth == 1 && honest_fuel(ctx->fuel) == ctx->fuel) ctx->fuel -= FUEL_CALL;
}

void heap_call_if_wanted(struct vvm_context *ctx)
{
    const struct heap *heap = ctx->node->heap;
    if (heap->fresh > heap->budget || heap->owner_wants) call_for_collection(ctx);
}

static void count_refill(struct vvm_context *ctx)
{
    struct heap *heap = ctx->node->heap;
    if (heap->stress && ++heap->stress_count % heap->stress == 0) call_for_collection(ctx);
    if (heap_owner_wants(ctx)) heap->owner_wants = true;
    heap_call_if_wanted(ctx);
}

bool heap_refill(struct vvm_context *ctx, size_t bytes)
{
    struct heap *heap = ctx->node->heap;
    assert(bytes <= CHUNK_OCTETS - sizeof(struct chunk));
    count_refill(ctx);
    if (!heap_owner_has_room(ctx, bytes)) {
        heap->reserve_open = true; /* so that the next entry begins with a collection */
        return false;
    }
    if (!take_run(ctx, bytes)) {
        struct chunk *c = chunk_small(heap);
        if (!c) {
            heap->reserve_open = true; /* the next refill, for the handler, may take it */
            return false;
        }
        take_window(ctx, (uint8_t *)(c + 1), (uint8_t *)c + CHUNK_OCTETS);
    }
    heap_call_if_wanted(ctx);
    if (heap->stress) narrow_window(ctx, bytes);
    return true;
}

void *heap_large(struct vvm_context *ctx, size_t bytes)
{
    struct heap *heap = ctx->node->heap;
    size_t octets = (sizeof(struct chunk) + bytes + CHUNK_OCTETS - 1) & ~(size_t)(CHUNK_OCTETS - 1);
    count_refill(ctx);
    if (!heap_owner_has_room(ctx, octets) || bytes > heap->limit || octets > heap->limit ||
        heap->total > heap->limit - octets) {
        heap->reserve_open = true;
        return NULL;
    }
    struct region *region;
    uint8_t *at = map_region(heap, octets, &region);
    if (!at) return NULL;
    heap->fresh += octets;
    heap_owner_took(ctx, octets);
    heap->owner_wants |= heap_owner_wants(ctx);
    heap_call_if_wanted(ctx);
    return chunk_enter(heap, at, octets, region) + 1;
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
