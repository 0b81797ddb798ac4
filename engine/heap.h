/* SPDX-License-Identifier: Apache-2.0 */
/*
 * heap.h - the control heap: where load-profile objects live.
 *
 * Memory comes in chunks of 64 KiB, aligned to their size, each filled from the
 * bottom by one context; an object too big for that has a chunk of its own. Every
 * chunk can be found from an address in its first 64 KiB, and all of them can be
 * enumerated, which is what a collector will need.
 */
#ifndef VVM_HEAP_H
#define VVM_HEAP_H

#include "machine.h"

#define CHUNK_OCTETS 65536u

int heap_open(struct vvm_node *node);
void heap_close(struct vvm_node *node);
/** Octets taken from the system so far. */
size_t heap_octets(const struct vvm_node *node);
/** True if p lies in a chunk. Slow: for checks and tests. */
bool heap_contains(const struct vvm_node *node, const void *p);
/** A chunk's window for ctx->free .. ctx->end, at least `bytes` long. False: full. */
bool heap_refill(struct vvm_context *ctx, size_t bytes);
/** Room of its own for a big object, or NULL. */
void *heap_large(struct vvm_context *ctx, size_t bytes);
/** Let go of the chunk that ctx fills (its context is closing). */
void heap_leave(struct vvm_context *ctx);
/** The error object of `heap-limit`, made beforehand. */
vvm_value heap_full_error(const struct vvm_node *node);

#endif
