/* SPDX-License-Identifier: Apache-2.0 */
/*
 * reflect.h - what the parts of reflection share. All on the control thread.
 *
 *   lib/intercede.c     layers that around, redefine and undefine put and take off
 *   lib/reflect.c       definitions, VMlets, callers, tables
 *   lib/reflect_code.c  code as data, and its digest
 *   wire/introspect.c   networks, instructions, members
 *   weave.c             (where PREDICATE TRANSFORMER)
 *
 * Functions that return a vvm_value return VALUE_EXCEPTION with ctx->pending set when
 * memory is out; those that take a value as an answer to add pass that on.
 */
#ifndef VVM_REFLECT_H
#define VVM_REFLECT_H

#include "machine.h"

struct denotation;
struct list_tail;
struct wire_instruction;

/** May a VMlet look at what the owner defines? The one gate of introspection. */
bool reflect_visible(struct vvm_context *ctx, const struct vvm_vmlet *vmlet, const struct vvm_vmlet *owner);
/** The VMlet after v (NULL: the first): those being loaded, then those of the node, newest first. */
const struct vvm_vmlet *reflect_next(const struct vvm_context *ctx, const struct vvm_vmlet *v);
/** The generation that is looked at: the one that a load builds, else the current one. */
const struct vvm_generation *reflect_generation(const struct vvm_context *ctx);

/* ---- answers ---- */

vvm_value reflect_name(struct vvm_context *ctx, const char *text); /* a symbol */
vvm_value reflect_text(struct vvm_context *ctx, const char *text); /* a string */
/** Add a value, or (key . value), to a list; false if it is VALUE_EXCEPTION. */
bool reflect_item(struct vvm_context *ctx, struct list_tail *list, vvm_value v);
bool reflect_add(struct vvm_context *ctx, struct list_tail *list, const char *key, vvm_value v);
/** (WORD FIRST SECOND), as targets are written. */
vvm_value reflect_target(struct vvm_context *ctx, const char *word, vvm_value first, vvm_value second);
/** ("FILE" LINE COLUMN), or #f. */
vvm_value reflect_place(struct vvm_context *ctx, uint64_t position);
/** (OWNER define|around "FILE" LINE COLUMN); f may be NULL: then without a place. */
vvm_value reflect_layer(struct vvm_context *ctx, const struct vvm_vmlet *owner, bool around,
                        const struct vvm_function *f);
vvm_value reflect_effects(struct vvm_context *ctx, uint32_t effects);
/** Add what is known of any function: types, parameters, rest, cost, effects, inline. */
bool reflect_function(struct vvm_context *ctx, struct list_tail *list, const struct vvm_function *f);
/** The association list of what a name denotes. */
vvm_value reflect_describe(struct vvm_context *ctx, vvm_value name, const struct denotation *d);

/* ---- code ---- */

/** The function in force behind a target or a procedure, or NULL. */
const struct vvm_function *reflect_code(struct vvm_context *ctx, vvm_value target);
/** The function's code as data: ((OFFSET NAME OPERAND ...) ...). */
vvm_value reflect_disassembly(struct vvm_context *ctx, const struct vvm_function *f);
int code_primitives(struct vvm_node *node);

/* ---- networks ---- */

/** The instruction in force that (instruction NETWORK NAME) names, or NULL. */
const struct wire_instruction *reflect_instruction(struct vvm_context *ctx, vvm_value target);
/** The association list of an instruction, member or hook; VALUE_FALSE if the target is none. */
vvm_value reflect_describe_wire(struct vvm_context *ctx, vvm_value target);
/** Name of the network that a VMlet defines, if it defines one; else #f. */
vvm_value reflect_network_of(struct vvm_context *ctx, const struct vvm_vmlet *vmlet);
/** Add the targets of all instructions, members and hooks, of one VMlet unless NULL. */
bool reflect_list_wire(struct vvm_context *ctx, const struct vvm_vmlet *one, struct list_tail *list);
/** What define-primitive declared: (name owner descriptor . procedure) ..., the newest first. */
vvm_value reflect_declared(const struct vvm_context *ctx);

/* ---- layers ---- */

/** Lay the owner's global `over` over the target; below: the owner's global to be bound to
 *  what lies under it, or VALUE_FALSE. name: for messages. -errno with pending set. */
int put_around(struct vvm_context *ctx, struct vvm_vmlet *owner, uint32_t target, vvm_value name,
               vvm_value over, vvm_value below);
/** The function that an own global of the open load is bound to; NULL with pending set. */
const struct binding *own_binding(struct vvm_context *ctx, struct vvm_vmlet *vmlet, vvm_value name);
/** The VMlet whose code calls the primitive that asks, inside an open load; NULL with the
 *  error `privilege`, which names the form. */
struct vvm_vmlet *calling_vmlet(struct vvm_context *ctx, const char *form);

#endif
