/* SPDX-License-Identifier: Apache-2.0 */
/*
 * entry.c - functions of VMlets that an application calls by name.
 *
 * The node lists the names. Each generation, when it is published, holds what they stand
 * for in it: what it finds there may run for packets, or the load is refused. So a caller
 * takes one step from its generation to the function, on any thread.
 */
#include <errno.h>
#include <stdlib.h>

#include "../environment.h"
#include "../vmlet.h"
#include "state.h"

struct entry_point {
    struct entry_point *next;
    vvm_value vmlet, name; /* symbols */
    uint32_t index;        /* in match_table->entries */
};

/* What the names stand for in the candidate; VALUE_FALSE: nothing, or no function. */
static vvm_value entry_procedure(const struct vvm_node *node, const struct vvm_generation *g,
                                 const struct entry_point *entry)
{
    const struct vvm_vmlet *vmlet = vmlet_named(node, entry->vmlet);
    const struct denotation *d = vmlet ? environment_lookup(vmlet->environment, entry->name) : NULL;
    if (!d || d->kind != DENOTES_GLOBAL || d->owner != vmlet || d->global >= g->binding_count)
        return VALUE_FALSE;
    vvm_value v = g->bindings[d->global].value;
    return has_type(v, TYPE_CLOSURE) ? v : VALUE_FALSE;
}

int entries_build(struct vvm_node *node, struct vvm_generation *g)
{
    struct match_table *t = g->matches;
    uint32_t count = 0;
    for (const struct entry_point *e = node->wire->entries; e; e = e->next)
        if (e->index >= count) count = e->index + 1;
    vvm_value *entries = malloc((count + 1) * sizeof *entries);
    if (!entries) return -ENOMEM;
    for (uint32_t i = 0; i < count; i++) entries[i] = VALUE_FALSE;
    for (const struct entry_point *e = node->wire->entries; e; e = e->next)
        entries[e->index] = entry_procedure(node, g, e);
    free(t->entries);
    t->entries = entries;
    t->entry_count = count;
    return 0;
}

int entries_each(struct vvm_context *ctx, const struct vvm_generation *g, packet_function each)
{
    int err = 0;
    for (const struct entry_point *e = ctx->node->wire->entries; e && !err; e = e->next) {
        vvm_value procedure = g->matches->entries[e->index];
        if (is_true(procedure)) err = wire_each_procedure(ctx, g, procedure, "function", e->name, each);
    }
    return err;
}

static bool is_taken(const struct vvm_node *node, uint32_t index)
{
    const struct entry_point *e = node->wire->entries;
    while (e && e->index != index) e = e->next;
    return e != NULL;
}

static struct entry_point *enlist(struct vvm_node *node, vvm_value vmlet, vvm_value name)
{
    struct entry_point *e = malloc(sizeof *e);
    if (!e) return NULL;
    uint32_t index = 0;
    while (is_taken(node, index)) index++;
    *e = (struct entry_point){node->wire->entries, vmlet, name, index};
    return node->wire->entries = e;
}

int entry_open(struct vvm_context *ctx, vvm_value vmlet, vvm_value name, uint32_t *index)
{
    struct vvm_node *node = ctx->node;
    struct entry_point *e = enlist(node, vmlet, name);
    if (!e) return -ENOMEM;
    *index = e->index;
    int err = generation_begin(node);
    if (!err) err = generation_publish(node); /* a refusal has abandoned it */
    if (!err && is_true(entry_function(node->current, *index))) return 0;
    entry_close(node, *index);
    return err ? err : -ENOENT;
}

void entry_close(struct vvm_node *node, uint32_t index)
{
    struct entry_point **at = &node->wire->entries;
    while (*at && (*at)->index != index) at = &(*at)->next;
    struct entry_point *e = *at;
    if (!e) return;
    *at = e->next;
    free(e);
}

vvm_value entry_function(const struct vvm_generation *g, uint32_t index)
{
    const struct match_table *t = g->matches;
    return t && index < t->entry_count ? t->entries[index] : VALUE_FALSE;
}

void entries_close(struct vvm_node *node)
{
    while (node->wire->entries) entry_close(node, node->wire->entries->index);
}
