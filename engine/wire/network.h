/* SPDX-License-Identifier: Apache-2.0 */
/*
 * network.h - networks, open sets and what a generation knows of them. Private to
 * the engine; the host sees packet.h.
 *
 * node.c and generation.c call wire_open ... wire_generation_free; context.c calls
 * wire_context_open and wire_context_close.
 */
#ifndef VVM_WIRE_NETWORK_H
#define VVM_WIRE_NETWORK_H

#include "../packet.h"
#include "program.h"

/** Register the primitives on networks, sets, programs and sending. */
int wire_primitives(struct vvm_node *node);
/** node->wire. 0 or -ENOMEM. Close frees all networks, instructions, sets. */
int wire_open(struct vvm_node *node);
void wire_close(struct vvm_node *node);
/** End a test of networks that was begun and not ended: the control context is in the node's
 *  world again. */
void scratch_end(struct vvm_node *node);
/** What a collector must know: come to every item that a generation lists, to an item, and
 *  free those that the collection of that number did not come to. */
struct wire_tracing {
    struct vvm_node *node;
    uint64_t number;
    void (*visit)(void *data, vvm_value v);
    void *data;
};
void items_reach_generation(const struct wire_tracing *t, const struct vvm_generation *generation);
void items_reach_handle(const struct wire_tracing *t, const void *pointer);
void items_sweep(struct vvm_node *node, uint64_t number);
/** Items of the node. */
unsigned items_count(const struct vvm_node *node);
/** Take what a VMlet put into the candidate out of it. 0 or -ENOMEM. */
int wire_drop_owner(struct vvm_context *ctx, struct vvm_generation *candidate, const struct vvm_vmlet *owner);
/** Put what the candidate lists into the order of its owners' places. */
int wire_sort(struct vvm_generation *candidate); /* 0 or -ENOMEM */
/** The generation's weavers; see weave.c. */
vvm_value wire_weavers(const struct vvm_generation *generation);
void wire_set_weavers(struct vvm_generation *candidate, vvm_value weavers);
/** Call fn with owner and description of each instruction, member and hook: of all, or of those
 *  that the open load made; not of those that the weaver covers. Stops at the first answer that
 *  is not 0. -ENOMEM. */
typedef int wire_definition(void *data, const struct vvm_vmlet *owner, vvm_value description);
int wire_each_definition(struct vvm_context *ctx, uint32_t weaver, bool all, wire_definition *fn, void *data);
/** Take out of a candidate what a weaver (0: any) put over instructions, members and hooks, of one
 *  VMlet unless NULL. */
int wire_unweave(struct vvm_node *node, uint32_t weaver, const struct vvm_vmlet *vmlet); /* 0, -ENOMEM */
/** Keep the body of an around over an instruction, put there just now, as long as its closure:
 *  code of the REPL lives only as long as something leads to it. */
void around_keep(struct vvm_generation *candidate, vvm_value procedure);
/** Give the new generation `to` what `from` (NULL: nothing) knows of networks. */
int wire_generation_copy(struct vvm_node *node, const struct vvm_generation *from, struct vvm_generation *to);
/** Free what the generation alone owns. */
void wire_generation_free(struct vvm_generation *generation);
/** ctx->execution, with the cache of programs; only for packet contexts. */
int wire_context_open(struct vvm_context *ctx);
void wire_context_close(struct vvm_context *ctx);
/** At publish: build opcode and match tables of the candidate and check that
 *  instruction bodies, hooks and members stay in the packet profile. -EPERM with
 *  ctx->pending: the error `profile`, with the chain of calls, or `program`. */
int wire_check(struct vvm_context *ctx, struct vvm_generation *candidate);

/** At publish, when nothing refuses any more: what packet code names becomes constant. -ENOMEM
 *  with ctx->pending. */
int wire_freeze(struct vvm_context *ctx, const struct vvm_generation *candidate);
/** What a generation's VMlets have put there for later (hooks.h), newest first: a list of
 *  (key procedure vmlet). */
vvm_value registrations(const struct vvm_generation *generation);

/** What the raised value is for a handler of a wire program or for `uncaught`: the
 *  network's on-error mapping of the engine's own errors; else v itself. */
vvm_value network_map_error(struct vvm_context *ctx, vvm_value v);
/** The procedure that a TYPE_MEMBER handle stands for: what CALL_MEMBER calls.
 *  VALUE_FALSE if v is no member. */
vvm_value member_procedure(const struct vvm_context *ctx, vvm_value v);

/** From now on every generation knows the function `name` of the VMlet `vmlet` (symbols)
 *  under the number *index, and is refused if that may not run for packets. -ENOENT: there
 *  is none; -EPERM with ctx->pending: it may not. Control thread, no load open. */
int entry_open(struct vvm_context *ctx, vvm_value vmlet, vvm_value name, uint32_t *index);
void entry_close(struct vvm_node *node, uint32_t index);
/** The closure in a generation; VALUE_FALSE: its VMlet has gone. Any thread. */
vvm_value entry_function(const struct vvm_generation *g, uint32_t index);

/** The i-th of the node's addresses, 0 past the end. */
uint32_t node_address(const struct vvm_context *ctx, unsigned i);
bool is_local_address(const struct vvm_context *ctx, uint32_t address);
/** Step to the next layer of the packet that is being sealed: its network's hook, a
 *  closure of three parameters, which go to args. VALUE_FALSE: all layers are sealed;
 *  VALUE_EXCEPTION with ctx->pending. */
vvm_value seal_next(struct vvm_context *ctx, vvm_value args[3]);
/** Error for v, argument i of `name`, a handle whose packet has gone or no packet at all. */
struct vvm_packet *no_packet(struct vvm_context *ctx, const char *name, unsigned i, vvm_value v);

#endif
