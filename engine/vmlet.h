/* SPDX-License-Identifier: Apache-2.0 */
/* vmlet.h - private to the loader: VMlet objects and their headers. */
#ifndef VVM_VMLET_H
#define VVM_VMLET_H

#include "load.h"

/** A new VMlet with an environment under core, not yet on the node's list. NULL: no memory. */
struct vvm_vmlet *vmlet_new(struct vvm_node *node, vvm_value name);
/** Free a VMlet, its environment and its units. */
void vmlet_free(struct vvm_vmlet *vmlet);
/** By name (symbol), or NULL. */
struct vvm_vmlet *vmlet_named(const struct vvm_node *node, vvm_value name);
/** True if datum is a (vmlet NAME clause ...) form. */
bool vmlet_form(struct vvm_context *ctx, vvm_value datum);
/** Check the clauses, load what they import (looking beside `file` and in the node's
 *  path) and bind the imported names. 0, or -EINVAL with pending set. */
int vmlet_imports(struct vvm_context *ctx, struct vvm_vmlet *vmlet, const char *file);
/** The same for the (use-syntax VMLET ...) clauses of a source: its macros and readers
 *  become visible. An image needs none of them any more. */
int vmlet_syntax(struct vvm_context *ctx, struct vvm_vmlet *vmlet, const char *file);
/** Put it among the node's VMlets: newest first, or where the one stood that it replaces. */
void vmlet_enlist(struct vvm_node *node, struct vvm_vmlet *vmlet);
/** In an open load: `old` gives its place, the numbers of its globals and, later, its tables to
 *  `heir`, and is off the list. -ENOMEM. */
int vmlet_give_way(struct vvm_context *ctx, struct vvm_vmlet *old, struct vvm_vmlet *heir);
/** Before publishing: the heir defines all that others have from the one it replaces; else
 *  -EPERM with pending. */
int vmlet_check_heir(struct vvm_context *ctx, const struct vvm_vmlet *heir);
/** After publishing: what was replaced leaves. */
void vmlet_replaced(struct vvm_node *node, struct vvm_vmlet *heir);
/** The open load was abandoned: what it was to bring leaves. */
void vmlets_refuse(struct vvm_node *node);
/** Of these one: *at leaves the list; what it was to replace stands there again. */
void vmlet_refuse(struct vvm_node *node, struct vvm_vmlet **at);
/** Name and version out of a (vmlet ...) form into *name, *version; the clauses into
 *  *clauses. -EINVAL with pending. */
int vmlet_header(struct vvm_context *ctx, vvm_value datum, vvm_value *name, int64_t *version,
                 vvm_value *clauses);

/** An image links only to VMlets that its header imports or takes syntax from, or to what those
 *  name in theirs (macros of theirs may lead there): what it uses can be read off its header.
 *  0, or -EPERM with pending `import`. */
int vmlet_check_links(struct vvm_context *ctx, const struct vvm_unit *unit);

/** Whole file, zero-terminated, malloc'd; at most `cap` octets. -errno. */
int file_read(const char *path, size_t cap, char **data, size_t *octets);
#define SOURCE_MAX (8u << 20)

#endif
