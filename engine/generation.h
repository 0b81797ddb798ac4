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
/** Wait until every packet that was being executed when this was called is done: what
 *  control code had taken out of the readers' sight may then be used again. False if
 *  that takes more than a quarter of a second. Control thread, outside packets. */
bool generation_await_readers(struct vvm_node *node);
/** Name and owner of a global, for messages. */
vvm_value global_name(const struct vvm_node *node, uint32_t global);
struct vvm_vmlet *global_owner(const struct vvm_node *node, uint32_t global);
/** Generations alive, the candidate not counted. */
unsigned generations_alive(const struct vvm_node *node);
/** Call visit for every value by which a global may be reached: in all generations alive,
 *  in the candidate, in layers and in the journal of an open load. */
void generations_visit(const struct vvm_node *node, void (*visit)(void *data, vvm_value v), void *data);

#endif
