/* SPDX-License-Identifier: Apache-2.0 */
/* generation.h - the generations' own beginning and end; private to node.c and context.c. */
#ifndef VVM_GENERATION_H
#define VVM_GENERATION_H

#include "machine.h"

/** Global table, epoch and an empty current generation. 0 or -ENOMEM. */
int generations_open(struct vvm_node *node);
/** Frees every generation: all contexts but the control context must be closed. */
void generations_close(struct vvm_node *node);
/** The record by which a context keeps generations alive; 0 or -ENOMEM. */
int epoch_join(struct vvm_context *ctx);
void epoch_part(struct vvm_context *ctx);
/** What a publish checks, of the candidate, without publishing it: 0, or -EPERM with
 *  pending set. */
int generation_check(struct vvm_node *node);
/** Publish the checked candidate on trial: workers take it, but what was before stays. Then
 *  either confirm, after which the generation before is let go, or revert to it: nothing
 *  of the load is left. No load may begin between. */
void generation_try(struct vvm_node *node);
bool generation_on_trial(const struct vvm_node *node);
void generation_confirm(struct vvm_node *node);
void generation_revert(struct vvm_node *node);
/** Let go of generations that no worker sees any more. */
void generation_poll(struct vvm_node *node);
/** Wait until every packet that was being executed when this was called is done: what
 *  control code had taken out of the readers' sight may then be used again. False if
 *  that takes more than a quarter of a second. Control thread, outside packets. */
bool generation_await_readers(struct vvm_node *node);
/** Name and owner of a global, for messages. */
vvm_value global_name(const struct vvm_node *node, uint32_t global);
struct vvm_vmlet *global_owner(const struct vvm_node *node, uint32_t global);
/** All numbers of globals are below it. */
uint32_t globals_limit(const struct vvm_node *node);
/** How many globals have an owner. */
uint32_t globals_in_use(const struct vvm_node *node);
/** All numbers of a VMlet that is about to be freed may be given out again: it has no layers. */
void globals_release(struct vvm_node *node, const struct vvm_vmlet *owner);
/** The numbers of a VMlet pass to the one that takes its place. */
void globals_pass(struct vvm_node *node, const struct vvm_vmlet *from, struct vvm_vmlet *to);
/** Take all layers of a VMlet off, in the candidate. 0 or -ENOMEM. */
int layers_drop(struct vvm_node *node, const struct vvm_vmlet *owner);
/** Generations alive, the candidate not counted. */
unsigned generations_alive(const struct vvm_node *node);
/** Call fn for every generation alive, and for the candidate. */
void generations_each(const struct vvm_node *node, void (*fn)(void *data, const struct vvm_generation *g),
                      void *data);
/** Call visit for every value by which a global may be reached: in all generations alive,
 *  in the candidate, in layers and in the journal of an open load. */
void generations_visit(const struct vvm_node *node, void (*visit)(void *data, vvm_value v), void *data);

#endif
