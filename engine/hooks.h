/* SPDX-License-Identifier: Apache-2.0 */
/*
 * hooks.h - what a VMlet says shall be done when it comes, and when it goes:
 *
 *   (on-publish BODY ...)    once its generation is in force; it may write tables that others
 *                            have published. If it fails, the generation before takes over again.
 *   (on-unload BODY ...)     before it goes; if it fails the VMlet stays, unless it is forced.
 *   (migrate TABLE (KEY ... OLD-VALUE ...) EXPRESSION)   when it replaces a VMlet whose table of that
 *                            name had other values: each entry's new value, a list of several, or #f
 *                            to leave it out. KEY is as many names as the key has fields, for an lpm
 *                            prefix and length; OLD-VALUE as many as the old value had.
 *
 * A VMlet that is replaced is not unloaded: its on-unload does not run.
 *
 * When entries are moved the new generation is in force, and no packet is executed in the old
 * one any more, so that nothing that packets have written is missed. Until all entries have
 * been moved packets find some of them absent; what packets have written into the new table
 * meanwhile stays as it is. A table whose schema is the same is not moved: it is the same table.
 * What expires begins its time anew. Without a migrate the new table begins empty.
 */
#ifndef VVM_HOOKS_H
#define VVM_HOOKS_H

#include "machine.h"

/** What the VMlet has put into the generation for later: entries (key procedure vmlet), the
 *  oldest first. kind NULL: its tests, whose key is their text; else those whose key is a list that
 *  begins with that symbol. VALUE_EXCEPTION: no memory. Control thread. */
vvm_value vmlet_registered(struct vvm_context *ctx, const struct vvm_generation *generation,
                           const struct vvm_vmlet *vmlet, const char *kind);
/** Call a procedure for the VMlet, with its authority, as part of a load. -ECANCELED with
 *  ctx->pending. *result must be used, or rooted, before anything else runs. */
int vmlet_call(struct vvm_context *ctx, const struct vvm_vmlet *vmlet, vvm_value procedure, unsigned n,
               const vvm_value *args, vvm_value *result);
/** The generation of a load is in force, on trial: move entries, then call on-publish, imports
 *  before those who import them. -errno with ctx->pending: the load is to be taken back; those
 *  whose on-publish had been called have got their on-unload. */
int vmlets_published(struct vvm_context *ctx);
/** Call on-unload of all that is going, who imports before what is imported. -ECANCELED with
 *  ctx->pending: one refuses; forced, that is only logged. */
int vmlets_unloading(struct vvm_context *ctx, bool forced);
/** Fill the VMlet's tables from those of the one that it replaces. migrate.c. */
int vmlet_migrate(struct vvm_context *ctx, const struct vvm_vmlet *vmlet);

#endif
