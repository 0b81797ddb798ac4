/* SPDX-License-Identifier: Apache-2.0 */
/*
 * primitive_index.c - the primitives of a node by name, and how a table of rows
 * becomes core globals. Images name primitives, so a name stays in the index even
 * when its global was defined anew.
 */
#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "environment.h"
#include "node.h"
#include "symbol.h"

struct primitive_index {
    const struct primitive_row **slots; /* open addressing */
    uint32_t room, count;               /* room is a power of two */
};

int primitive_index_open(struct vvm_node *node)
{
    struct primitive_index *index = calloc(1, sizeof *index);
    if (!index) return -ENOMEM;
    index->room = 2048;
    index->slots = calloc(index->room, sizeof *index->slots);
    node->primitives = index;
    return index->slots ? 0 : -ENOMEM;
}

void primitive_index_close(struct vvm_node *node)
{
    if (!node->primitives) return;
    free(node->primitives->slots);
    free(node->primitives);
    node->primitives = NULL;
}

static const struct primitive_row **find(const struct primitive_index *index, const char *name)
{
    uint32_t mask = index->room - 1;
    uint32_t i = (uint32_t)hash_octets(0, name, strlen(name)) & mask;
    while (index->slots[i] && strcmp(index->slots[i]->name, name)) i = (i + 1) & mask;
    return &index->slots[i];
}

const struct primitive_row *primitive_named(const struct vvm_node *node, const char *name)
{
    return *find(node->primitives, name);
}

static int grow(struct primitive_index *index)
{
    struct primitive_index more = {.room = index->room * 2, .count = index->count};
    more.slots = calloc(more.room, sizeof *more.slots);
    if (!more.slots) return -ENOMEM;
    for (uint32_t i = 0; i < index->room; i++)
        if (index->slots[i]) *find(&more, index->slots[i]->name) = index->slots[i];
    free(index->slots);
    *index = more;
    return 0;
}

/* The global of one row. */
static int bind_row(struct vvm_node *node, struct vvm_vmlet *vmlet, const struct primitive_row *row)
{
    vvm_value name = intern(node, row->name);
    if (name == VALUE_EXCEPTION) return -ENOMEM;
    assert(node->candidate); /* rows become globals of a load */
    struct denotation *d = environment_entry(vmlet->environment, name);
    uint32_t number = d ? global_number(node, vmlet, name) : UINT32_MAX;
    struct primitive_object *o = allocate(&node->control, TYPE_PRIMITIVE, 1, sizeof *o);
    if (number == UINT32_MAX || !o) return -ENOMEM;
    o->header |= (uint64_t)FLAG_FROZEN << 8;
    o->row = row;
    d->kind = DENOTES_GLOBAL;
    d->global = number;
    d->owner = vmlet;
    d->primitive = row;
    d->diverges = row->effects & EFFECT_DIVERGES;
    return generation_define(node, number, vmlet, object_value(o), NULL);
}

static int register_row(struct vvm_node *node, struct vvm_vmlet *vmlet, const struct primitive_row *row)
{
    struct primitive_index *index = node->primitives;
    assert(row->name && row->call && row->least >= 0 && (row->most < 0 || row->most >= row->least));
    if (index->count >= index->room / 2 && grow(index)) return -ENOMEM;
    const struct primitive_row **place = find(index, row->name);
    if (*place) return -EEXIST;
    *place = row;
    index->count++;
    return bind_row(node, vmlet, row);
}

int primitives_register_in(struct vvm_node *node, struct vvm_vmlet *vmlet, const struct primitive_row *rows,
                           size_t count)
{
    bool own = !node->candidate; /* after the node has opened: a transaction of its own */
    int err = own ? generation_begin(node) : 0;
    if (err) return err;
    for (size_t i = 0; i < count && !err; i++) err = register_row(node, vmlet, &rows[i]);
    if (own && err) generation_abandon(node);
    if (own && !err) err = generation_publish(node);
    return err;
}

int primitives_register(struct vvm_node *node, const struct primitive_row *rows, size_t count)
{
    return primitives_register_in(node, node->core->vmlet, rows, count);
}
