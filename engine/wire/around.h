/* SPDX-License-Identifier: Apache-2.0 */
/* around.h - arounds over the instructions of networks, inside wire/; engine/layer.h has the
 * function that puts one there. Control thread. */
#ifndef VVM_WIRE_AROUND_H
#define VVM_WIRE_AROUND_H

#include "execution.h"

/** Put the generation's arounds on what a network's opcode table has. 0, or -errno, with
 *  ctx->pending but for -ENOMEM. */
int around_compose(struct vvm_context *ctx, const struct vvm_generation *g, const struct network *network,
                   const struct wire_instruction **table);
/** Take an owner's arounds out of a candidate's table; its rows change when it is checked. */
void arounds_remove(struct match_table *table, const struct vvm_vmlet *owner);

#endif
