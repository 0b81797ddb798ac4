/* SPDX-License-Identifier: Apache-2.0 */
/*
 * heap.h - the control heap: where load-profile objects live.
 *
 * Memory comes in chunks of 64 KiB, aligned to their size; an object too big for that
 * has a chunk of its own. A context fills one window at a time, a run of unused octets of
 * a chunk. Every chunk can be walked object by object: what is unused is covered by
 * objects of TYPE_FREE, but for the window that a context is filling.
 *
 * collect.c takes back what nothing refers to. Objects do not move.
 */
#ifndef VVM_HEAP_H
#define VVM_HEAP_H

#include "machine.h"

#define CHUNK_OCTETS 65536u
#define CHUNK_WORDS  (CHUNK_OCTETS / 8)

struct chunk_bits; /* collect.c */

struct chunk {
    struct chunk *next;
    size_t octets;           /* whole chunk; of an empty one what it keeps of memory, all or nothing */
    struct region *region;   /* LARGE: its own mapping, else NULL */
    struct chunk_bits *bits; /* while a collection goes on */
};

/* Unused octets of a chunk, from 16 octets on; shorter gaps are header only. */
struct free_run {
    uint64_t header; /* TYPE_FREE, length = octets after the header */
    struct free_run *next;
};

struct region { /* one mapping, for giving it back */
    struct region *next, **previous;
    void *base;
    size_t octets;
};

struct heap {
    struct chunk *chunks;
    struct chunk *empty; /* of CHUNK_OCTETS each, not counted in total */
    size_t resident;     /* octets of empty chunks that were not given back: they are soon needed again */
    struct region *regions;
    uint8_t *spare, *spare_end; /* mapped, not yet cut into chunks */
    struct free_run *runs;      /* of all chunks, each at least RUN_LEAST octets */
    size_t total, limit;
    size_t fresh;  /* octets handed out since the last collection */
    size_t budget; /* a collection is wanted when fresh exceeds it */
    unsigned stress, stress_count;
    uint64_t collections;
    struct heap_owners *owners; /* heap_owner.c */
    bool owner_wants;           /* a collection: one of them comes near its limit */
    bool reserve_open;
    struct error_object full;
};

/* While a collection is wanted the fuel of the control context stands so far below zero
 * that its next block comes to the slow path; honest_fuel is what it really has. */
#define FUEL_CALL (INT64_C(1) << 62)
static inline int64_t honest_fuel(int64_t fuel) { return fuel < -(FUEL_CALL / 2) ? fuel + FUEL_CALL : fuel; }

int heap_open(struct vvm_node *node);
void heap_close(struct vvm_node *node);
/** Octets taken from the system so far. */
size_t heap_octets(const struct vvm_node *node);
/** True if p lies in a chunk. Slow: for checks and tests. */
bool heap_contains(const struct vvm_node *node, const void *p);
/** A chunk's window for ctx->free .. ctx->end, at least `bytes` long. False: full. */
bool heap_refill(struct vvm_context *ctx, size_t bytes);
/** If enough was allocated, ask the form that runs for a pause at its next block, by way of
 *  its fuel: for whoever ran something inside it, which did not hear an earlier call. */
void heap_call_if_wanted(struct vvm_context *ctx);
/** Room of its own for a big object, or NULL. */
void *heap_large(struct vvm_context *ctx, size_t bytes);
/** Let go of the chunk that ctx fills (its context is closing). */
void heap_leave(struct vvm_context *ctx);
/** The error object of `heap-limit`, made beforehand. */
vvm_value heap_full_error(const struct vvm_node *node);
/** Cover [from, to) of a chunk as unused. */
void heap_cover(uint8_t *from, uint8_t *to);
/** The same, and hand it out again if it is long enough to be worth a window. */
void heap_add_run(struct heap *heap, uint8_t *from, uint8_t *to);
/** A collection has ended: how much may be allocated before the next. */
void heap_set_budget(struct heap *heap);
/** Take a chunk out of use: a small one is kept for later, a large one unmapped. */
void heap_drop_chunk(struct heap *heap, struct chunk *chunk);

/* ---- heap_owner.c: whose the objects are ---- */

#define HEAP_OWNERS 256 /* as many as fit in a header */

int heap_owners_open(struct heap *heap); /* -ENOMEM */
/** From now on new objects of that owner are refused when it holds so many octets, UINT64_MAX:
 *  never. Exact to one window, 64 KiB. */
void heap_limit_owner(struct vvm_node *node, uint8_t owner, uint64_t most);
/** Octets that an owner holds: alive at the last collection, and handed out since. */
uint64_t heap_held(const struct vvm_node *node, uint8_t owner);
/** New objects of the context are that owner's. */
void heap_change_owner(struct vvm_context *ctx, uint8_t owner);
void heap_owner_took(struct vvm_context *ctx, size_t octets);
void heap_owner_gave(struct vvm_context *ctx, size_t octets);
bool heap_owner_has_room(const struct vvm_context *ctx, size_t bytes);
/** Has it used so much that a collection should be tried before it is refused? */
bool heap_owner_wants(const struct vvm_context *ctx);
/** A collection counts what is alive: begin, each object, end. */
void heap_owners_begin(struct heap *heap);
void heap_owner_count(struct heap *heap, uint64_t header);
void heap_owners_end(struct heap *heap);

/* ---- collect.c ---- */

/** Free what no root leads to: globals of every generation alive, macros, what C registered
 *  as roots, the frames of the control context. Control thread, and only where C keeps no
 *  value that is not registered: between two forms, or at the beginning of a block of the
 *  outermost run of a form. Without memory for its own books it does nothing. */
void heap_collect(struct vvm_node *node);
/** The same if enough was allocated since the last time, or an object was refused. */
void heap_collect_if_wanted(struct vvm_node *node);
/** A block of the control context was entered with a call for collection in its fuel: put
 *  the fuel right and collect. False: there was no call, the fuel is really gone. */
bool collect_at_block(struct vvm_context *ctx);
/** Octets of an object by its header, rounded up to words. */
size_t object_octets(uint64_t header);

#endif
