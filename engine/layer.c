/* SPDX-License-Identifier: Apache-2.0 */
/*
 * layer.c - the layers of globals and how a load changes them.
 *
 * The first change that a load makes to a global puts the layers that were there aside;
 * taking the load back is putting them in place again, settling it is forgetting them.
 */
#include "layer.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "environment.h"
#include "generation.h"
#include "global.h"
#include "override.h"

/* ---- the journal --------------------------------------------------------------------- */

static int grow_journal(struct global_table *t)
{
    if (t->journal_count < t->journal_room) return 0;
    uint32_t room = t->journal_room ? t->journal_room * 2 : 64;
    struct change *journal = realloc(t->journal, room * sizeof *journal);
    if (!journal) return -ENOMEM;
    t->journal = journal;
    t->journal_room = room;
    return 0;
}

/* The global's layers, in an array with room for one more that this load may change. -ENOMEM. */
static int open_layers(struct global_table *t, uint32_t number)
{
    struct global *g = &t->globals[number];
    bool first = g->changed != t->load;
    if (first && grow_journal(t)) return -ENOMEM;
    struct layer *layers = realloc(first ? NULL : g->layers, (g->layer_count + 1) * sizeof *layers);
    if (!layers) return -ENOMEM;
    if (first) {
        if (g->layer_count) memcpy(layers, g->layers, g->layer_count * sizeof *layers);
        t->journal[t->journal_count++] = (struct change){number, g->layers, g->layer_count};
        g->changed = t->load;
    }
    g->layers = layers;
    return 0;
}

void layers_begin(struct vvm_node *node)
{
    assert(node->globals->journal_count == 0);
    node->globals->load++;
}

void layers_take_back(struct vvm_node *node)
{
    struct global_table *t = node->globals;
    while (t->journal_count) {
        const struct change *c = &t->journal[--t->journal_count];
        struct global *g = &t->globals[c->global];
        free(g->layers);
        g->layers = c->layers;
        g->layer_count = c->layer_count;
    }
    t->load++; /* what comes now is noted afresh */
}

void layers_settle(struct vvm_node *node)
{
    struct global_table *t = node->globals;
    while (t->journal_count) free(t->journal[--t->journal_count].layers);
    t->load++;
}

/* ---- binding ------------------------------------------------------------------------- */

static void bind(struct vvm_generation *g, uint32_t number, const struct layer *layer)
{
    assert(number < g->binding_count);
    struct binding *b = &g->bindings[number];
    *b = (struct binding){.value = VALUE_UNDEFINED, .flags = b->flags};
    if (!layer) return;
    b->value = layer->value;
    b->function = layer->function;
    b->signature = layer->function ? layer->function->signature : 0;
}

void layers_bind(struct vvm_generation *g, const struct global_table *t, uint32_t number)
{
    const struct global *global = &t->globals[number];
    const struct layer *under = NULL;
    for (uint32_t i = 0; i < global->layer_count; i++) {
        const struct layer *layer = &global->layers[i];
        if (layer->kind == LAYER_AROUND && layer->below != UINT32_MAX) bind(g, layer->below, under);
        under = layer;
    }
    bind(g, number, under);
}

/* ---- changing ------------------------------------------------------------------------ */

/* True if b lies further out than a. */
static bool lies_over(const struct layer *a, const struct layer *b)
{
    if (a->kind != b->kind) return b->kind == LAYER_AROUND;
    if (a->owner->place != b->owner->place) return b->owner->place > a->owner->place;
    return b->sequence >= a->sequence;
}

/* There is room for one more. */
static void insert(struct global *g, const struct layer *layer)
{
    uint32_t at = g->layer_count;
    while (at > 0 && !lies_over(&g->layers[at - 1], layer)) at--;
    memmove(&g->layers[at + 1], &g->layers[at], (g->layer_count - at) * sizeof *g->layers);
    g->layers[at] = *layer;
    g->layer_count++;
}

/* The engine's own code obeys arounds over the core: see override.h. */
static int redefine(struct vvm_node *node, uint32_t number)
{
    bool core = node->core && global_owner(node, number) == node->core->vmlet;
    return core ? override_refresh(node, node->candidate) : 0;
}

static int put(struct vvm_node *node, uint32_t number, const struct layer *layer)
{
    struct global_table *t = node->globals;
    struct vvm_generation *g = node->candidate;
    if (!g || context_in_test(&node->control)) return -EPERM;
    g->checked = false;
    if (number >= t->count || number >= g->binding_count) return -ENOENT;
    int err = open_layers(t, number);
    if (err) return err;
    struct global *global = &t->globals[number];
    if (layer->kind == LAYER_DEFINE && global->layer_count && global->layers[0].kind == LAYER_DEFINE)
        global->layers[0] = *layer;
    else insert(global, layer);
    layers_bind(g, t, number);
    return layer->kind == LAYER_AROUND ? redefine(node, number) : 0;
}

int generation_define(struct vvm_node *node, uint32_t number, struct vvm_vmlet *owner, vvm_value value,
                      const struct vvm_function *function)
{
    struct layer layer = {owner, LAYER_DEFINE, value, function, UINT32_MAX, 0, 0};
    return put(node, number, &layer);
}

int layer_around(struct vvm_node *node, uint32_t number, struct vvm_vmlet *owner, vvm_value procedure,
                 const struct vvm_function *function, uint32_t below)
{
    struct layer layer = {owner,        LAYER_AROUND, procedure, function, below, ++node->globals->sequence,
                          node->weaving};
    return put(node, number, &layer);
}

int layer_assign(struct vvm_node *node, uint32_t number, vvm_value value)
{
    struct global_table *t = node->globals;
    struct global *global = &t->globals[number];
    if (!global->layer_count || global->layers[0].kind != LAYER_DEFINE) return -ENOENT;
    if ((node->candidate || generation_on_trial(node)) && global->changed != t->load) {
        int err = open_layers(t, number);
        if (err) return err;
    }
    global->layers[0].value = value;
    global->layers[0].function = NULL;
    layers_bind(node->candidate ? node->candidate : node->current, t, number);
    return 0;
}

int layer_remove(struct vvm_node *node, uint32_t number, const struct vvm_vmlet *owner)
{
    struct global_table *t = node->globals;
    int removed = 0;
    if (!node->candidate || context_in_test(&node->control)) return -EPERM;
    if (number >= t->count) return -ENOENT;
    struct global *global = &t->globals[number];
    uint32_t i = 0;
    while (i < global->layer_count && global->layers[i].owner != owner) i++;
    if (i == global->layer_count) return 0;
    int err = open_layers(t, number);
    if (err) return err;
    for (uint32_t count = global->layer_count; i < count; i++) {
        struct layer *layer = &global->layers[i - (uint32_t)removed];
        if (global->layers[i].owner != owner) *layer = global->layers[i];
        else if (++removed, global->layers[i].below != UINT32_MAX)
            bind(node->candidate, global->layers[i].below, NULL);
    }
    node->candidate->checked = false;
    global->layer_count -= (uint32_t)removed;
    layers_bind(node->candidate, t, number);
    return redefine(node, number) ? -ENOMEM : removed;
}

int layers_drop(struct vvm_node *node, const struct vvm_vmlet *owner)
{
    int n = 0;
    for (uint32_t i = 0; i < node->globals->count && n >= 0; i++) n = layer_remove(node, i, owner);
    return n < 0 ? n : 0;
}

/* ---- weaving ------------------------------------------------------------------------- */

int layer_forget(struct vvm_node *node, const struct vvm_vmlet *owner, vvm_value procedure)
{
    struct global_table *t = node->globals;
    for (uint32_t i = 0; i < t->count; i++) {
        const struct global *g = &t->globals[i];
        if (g->owner == owner && g->layer_count && g->layers[0].value == procedure)
            return layer_remove(node, i, owner);
    }
    return 0;
}

static uint32_t find_woven(const struct global *g, uint32_t weaver)
{
    uint32_t i = 0;
    while (i < g->layer_count && (!g->layers[i].weaver || (weaver && g->layers[i].weaver != weaver))) i++;
    return i;
}

int layer_unweave(struct vvm_node *node, uint32_t number, uint32_t weaver)
{
    struct global_table *t = node->globals;
    int removed = 0;
    for (uint32_t i; (i = find_woven(&t->globals[number], weaver)) < t->globals[number].layer_count;
         removed++) {
        struct layer gone = t->globals[number].layers[i];
        int err = t->globals[number].changed == t->load ? 0 : open_layers(t, number);
        if (err) return err;
        struct global *global = &t->globals[number];
        memmove(&global->layers[i], &global->layers[i + 1], (global->layer_count - i - 1) * sizeof gone);
        global->layer_count--;
        node->candidate->checked = false;
        if (gone.below != UINT32_MAX) bind(node->candidate, gone.below, NULL);
        layers_bind(node->candidate, t, number);
        err = layer_forget(node, gone.owner, gone.value);
        if (err < 0) return err;
    }
    return removed;
}

bool layer_defined_anew(const struct vvm_node *node, uint32_t number)
{
    const struct global_table *t = node->globals;
    const struct global *g = &t->globals[number];
    if (number >= t->count || g->changed != t->load || !g->layer_count) return false;
    for (uint32_t i = 0; i < t->journal_count; i++) {
        const struct change *c = &t->journal[i];
        if (c->global == number) return !c->layer_count || c->layers[0].value != g->layers[0].value;
    }
    return false;
}

/* ---- looking ------------------------------------------------------------------------- */

const struct layer *layers_of(const struct vvm_node *node, uint32_t global, uint32_t *count)
{
    const struct global_table *t = node->globals;
    *count = global < t->count ? t->globals[global].layer_count : 0;
    return *count ? t->globals[global].layers : NULL;
}

int layers_each_around(struct vvm_node *node, int (*fn)(void *data, uint32_t global), void *data)
{
    const struct global_table *t = node->globals;
    for (uint32_t i = 0; i < t->count; i++) {
        const struct global *g = &t->globals[i];
        if (!g->layer_count || g->layers[g->layer_count - 1].kind != LAYER_AROUND) continue;
        int answer = fn(data, i);
        if (answer) return answer;
    }
    return 0;
}
