/* SPDX-License-Identifier: Apache-2.0 */
/*
 * layer.h - what stands under a name: a stack of layers, the top one in force.
 *
 *   global (owner, name)    define            by its owner, at most one, lowest
 *                           around, around... by anybody who may; the newest outermost
 *   row of a network        instruction       by the network's VMlet
 *                           around...
 *
 * A layer belongs to the VMlet that put it there and goes with it, whatever the order
 * in which VMlets go. A VMlet that is replaced keeps its place, and so do its layers.
 * Layers change only inside a load (generation_begin ... generation_publish), and are
 * as before if that fails. All on the control thread.
 *
 * Of an around, `below` is a global of its owner that nobody can name: in the
 * generation it is bound to what lies under that around, so that the body calls it as
 * it calls any global.
 */
#ifndef VVM_LAYER_H
#define VVM_LAYER_H

#include "machine.h"

enum layer_kind { LAYER_DEFINE, LAYER_AROUND };

struct layer {
    struct vvm_vmlet *owner;
    enum layer_kind kind;
    vvm_value value;
    const struct vvm_function *function; /* when value is a closure without captured values */
    uint32_t below;    /* AROUND: the hidden global, UINT32_MAX if it looks at nothing below */
    uint32_t sequence; /* of the owner's arounds: a later one lies further out */
    uint32_t weaver;   /* AROUND: id of the weaver that put it there, see weave.c; 0: none */
};

/** Put an around over a global of the candidate. The value is a procedure; below as
 *  above, made by global_hidden. -EPERM: no load is open. -ENOENT, -ENOMEM. */
int layer_around(struct vvm_node *node, uint32_t global, struct vvm_vmlet *owner, vvm_value procedure,
                 const struct vvm_function *function, uint32_t below);
/** Take the owner's layers off a global: what undefine does. How many there were, or -errno. */
int layer_remove(struct vvm_node *node, uint32_t global, const struct vvm_vmlet *owner);
/** A new global of the owner's that no name leads to; UINT32_MAX: no memory. */
uint32_t global_hidden(struct vvm_node *node, struct vvm_vmlet *owner);
/** Layers of a global, the lowest first; valid until the next change. *count may be 0. */
const struct layer *layers_of(const struct vvm_node *node, uint32_t global, uint32_t *count);
/** Take the layers of a weaver (0: of all) off a global, and with each the owner's function that
 *  it was made of. How many there were, or -errno. */
int layer_unweave(struct vvm_node *node, uint32_t global, uint32_t weaver);
/** Take the definition of an owner's function away that a woven layer was made of: it stands under a
 *  name that nobody types. -errno. */
int layer_forget(struct vvm_node *node, const struct vvm_vmlet *owner, vvm_value procedure);
/** True if the open load has put another definition under the global, or the first. */
bool layer_defined_anew(const struct vvm_node *node, uint32_t global);
/** Call fn for every global that has an around, lowest number first; stops at the first
 *  answer that is not 0 and gives that. */
int layers_each_around(struct vvm_node *node, int (*fn)(void *data, uint32_t global), void *data);

/** Put an around over the instruction `name` of the network that a VMlet names so: body is a
 *  FUNCTION_BODY of the instruction's shape whose exits are EXIT_PREVIOUS. -errno with
 *  ctx->pending. In wire/instruction.c. */
int instruction_around(struct vvm_context *ctx, vvm_value network, vvm_value name,
                       const struct vvm_function *body);

#endif
