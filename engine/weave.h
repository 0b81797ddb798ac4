/* SPDX-License-Identifier: Apache-2.0 */
/* weave.h - weavers, between the loader and the lists of a generation; see weave.c. Private to the
 * engine. Control thread, inside an open load. */
#ifndef VVM_WEAVE_H
#define VVM_WEAVE_H

#include "machine.h"

/** Show the weavers of the candidate what they have not seen, before it is checked. -errno
 *  with pending set. */
int weave(struct vvm_context *ctx);
/** A VMlet goes: woven layers over what it defines go with it. 0 or -ENOMEM. */
int weave_withdraw(struct vvm_context *ctx, const struct vvm_vmlet *vmlet);
int weave_primitives(struct vvm_node *node);

#endif
