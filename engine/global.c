/* SPDX-License-Identifier: Apache-2.0 */
/*
 * global.c - the numbers of globals: one a (owner, name), kept as long as the owner is there.
 *
 * Code names a global by its number; what the number means is bindings[number] of a
 * generation. When a VMlet is replaced, its numbers pass to the one that takes its
 * place; when it is gone and freed, they are given out again.
 */
#include "global.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "generation.h"

#define FIRST_BUCKETS 4096u
#define FIRST_GLOBALS 64u

/* ---- finding ------------------------------------------------------------------------- */

static uint32_t hash_global(const struct vvm_vmlet *owner, vvm_value name)
{
    uint64_t h = ((uint64_t)(uintptr_t)owner ^ name * 3) * UINT64_C(0x9e3779b97f4a7c15);
    return (uint32_t)(h >> 32);
}

static uint32_t *find_bucket(struct global_table *t, const struct vvm_vmlet *owner, vvm_value name)
{
    uint32_t mask = t->bucket_room - 1;
    for (uint32_t i = hash_global(owner, name) & mask;; i = (i + 1) & mask) {
        if (!t->buckets[i]) return &t->buckets[i];
        const struct global *g = &t->globals[t->buckets[i] - 1];
        if (g->owner == owner && g->name == name) return &t->buckets[i];
    }
}

/* After owners have changed. Free numbers are in no bucket. */
static void fill_buckets(struct global_table *t)
{
    memset(t->buckets, 0, t->bucket_room * sizeof *t->buckets);
    for (uint32_t i = 0; i < t->count; i++)
        if (t->globals[i].owner) *find_bucket(t, t->globals[i].owner, t->globals[i].name) = i + 1;
}

static int grow_buckets(struct global_table *t)
{
    uint32_t room = t->bucket_room ? t->bucket_room * 2 : FIRST_BUCKETS;
    uint32_t *buckets = calloc(room, sizeof *buckets);
    if (!buckets) return -ENOMEM;
    free(t->buckets);
    t->buckets = buckets;
    t->bucket_room = room;
    fill_buckets(t);
    return 0;
}

/* ---- numbers ------------------------------------------------------------------------- */

static int grow_globals(struct global_table *t)
{
    uint32_t room = t->room ? t->room * 2 : FIRST_GLOBALS;
    struct global *globals = realloc(t->globals, room * sizeof *globals);
    if (!globals) return -ENOMEM;
    t->globals = globals;
    t->room = room;
    return 0;
}

/* A number for a new global; UINT32_MAX: no memory. */
static uint32_t take_number(struct global_table *t)
{
    if (t->free) {
        uint32_t number = t->free - 1;
        t->free = (uint32_t)fixnum_value(t->globals[number].name);
        return number;
    }
    if (t->count == t->room && grow_globals(t)) return UINT32_MAX;
    return t->count++;
}

static uint32_t add_global(struct vvm_node *node, struct vvm_vmlet *owner, vvm_value name)
{
    struct global_table *t = node->globals;
    uint32_t number = take_number(t);
    if (number == UINT32_MAX) return number;
    t->globals[number] = (struct global){.owner = owner, .name = name};
    *find_bucket(t, owner, name) = number + 1;
    return number;
}

uint32_t global_number(struct vvm_node *node, struct vvm_vmlet *owner, vvm_value name)
{
    struct global_table *t = node->globals;
    if (t->count >= t->bucket_room / 2 && grow_buckets(t)) return UINT32_MAX;
    uint32_t *bucket = find_bucket(t, owner, name);
    uint32_t number = *bucket ? *bucket - 1 : add_global(node, owner, name);
    if (number == UINT32_MAX) return number;
    assert(number < t->count && t->count < t->bucket_room); /* so every search ends */
    if (node->candidate && globals_cover(node, node->candidate)) return UINT32_MAX;
    return number;
}

uint32_t global_hidden(struct vvm_node *node, struct vvm_vmlet *owner)
{
    return global_number(node, owner, make_fixnum(++node->globals->hidden));
}

vvm_value global_name(const struct vvm_node *node, uint32_t global)
{
    const struct global_table *t = node->globals;
    return global < t->count && t->globals[global].owner ? t->globals[global].name : VALUE_FALSE;
}

struct vvm_vmlet *global_owner(const struct vvm_node *node, uint32_t global)
{
    return global < node->globals->count ? node->globals->globals[global].owner : NULL;
}

int globals_cover(const struct vvm_node *node, struct vvm_generation *g)
{
    if (g->binding_count >= node->globals->count) return 0;
    uint32_t room = node->globals->room;
    struct binding *b = realloc(g->bindings, room * sizeof *b);
    if (!b) return -ENOMEM;
    g->bindings = b;
    for (uint32_t i = g->binding_count; i < room; i++) b[i] = (struct binding){.value = VALUE_UNDEFINED};
    g->binding_count = room;
    return 0;
}

/* ---- owners -------------------------------------------------------------------------- */

void globals_release(struct vvm_node *node, const struct vvm_vmlet *owner)
{
    struct global_table *t = node->globals;
    assert(!node->candidate && !t->journal_count); /* no load would give them back */
    for (uint32_t i = 0; i < t->count; i++) {
        struct global *g = &t->globals[i];
        if (g->owner != owner) continue;
        assert(g->layer_count == 0);
        free(g->layers);
        *g = (struct global){.name = make_fixnum(t->free)};
        t->free = i + 1;
        if (i < node->current->binding_count) node->current->bindings[i].flags = 0;
    }
    fill_buckets(t);
}

void globals_pass(struct vvm_node *node, const struct vvm_vmlet *from, struct vvm_vmlet *to)
{
    struct global_table *t = node->globals;
    for (uint32_t i = 0; i < t->count; i++)
        if (t->globals[i].owner == from) t->globals[i].owner = to;
    fill_buckets(t);
}

uint32_t globals_limit(const struct vvm_node *node) { return node->globals->count; }

uint32_t globals_in_use(const struct vvm_node *node)
{
    uint32_t used = 0;
    for (uint32_t i = 0; i < node->globals->count; i++) used += node->globals->globals[i].owner != NULL;
    return used;
}

/* ---- beginning and end --------------------------------------------------------------- */

int globals_open(struct vvm_node *node)
{
    node->globals = calloc(1, sizeof *node->globals);
    return node->globals ? 0 : -ENOMEM;
}

void globals_close(struct vvm_node *node)
{
    struct global_table *t = node->globals;
    if (!t) return;
    for (uint32_t i = 0; i < t->count; i++) free(t->globals[i].layers);
    free(t->globals);
    free(t->buckets);
    free(t->journal);
    free(t);
    node->globals = NULL;
}
