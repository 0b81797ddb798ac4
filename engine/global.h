/* SPDX-License-Identifier: Apache-2.0 */
/* global.h - the table of globals and their layers; private to global.c, layer.c, generation.c. */
#ifndef VVM_GLOBAL_H
#define VVM_GLOBAL_H

#include "layer.h"

struct global {
    struct vvm_vmlet *owner; /* NULL: the number is free */
    vvm_value name;          /* a symbol; a fixnum: hidden, or the next free number */
    struct layer *layers;
    uint32_t layer_count;
    uint64_t changed; /* number of the last load that changed the layers */
};

/* The layers of a global as they were before the open load. */
struct change {
    uint32_t global;
    struct layer *layers;
    uint32_t layer_count;
};

struct global_table {
    struct global *globals;
    uint32_t count, room;
    uint32_t free; /* number + 1 of the first free one; 0: none */
    uint32_t hidden;
    uint32_t *buckets; /* number + 1; open addressing */
    uint32_t bucket_room;
    struct change *journal;
    uint32_t journal_count, journal_room;
    uint64_t load;     /* number of the open load, or of the last */
    uint32_t sequence; /* of arounds */
};

int globals_open(struct vvm_node *node);
void globals_close(struct vvm_node *node);
/** A load begins: changes of layers are noted from here on. */
void layers_begin(struct vvm_node *node);
/** The layers are as before the load. */
void layers_take_back(struct vvm_node *node);
/** What the layers were before is forgotten. */
void layers_settle(struct vvm_node *node);
/** Bind a global in a generation to what its layers say. */
void layers_bind(struct vvm_generation *generation, const struct global_table *t, uint32_t number);
/** Bindings for every global there is, new ones undefined. -ENOMEM. */
int globals_cover(const struct vvm_node *node, struct vvm_generation *generation);

#endif
