/* SPDX-License-Identifier: Apache-2.0 */
/*
 * stage.h - what a VMlet puts in the place of expander, optimiser and emitter, for its own
 * code and while it is being compiled:
 *
 *   (use-expander PROCEDURE)    form -> form, before the standard expander takes it
 *   (use-optimiser PROCEDURE)   core forms (core_form.def) -> core forms, behind the expander
 *   (use-emitter PROCEDURE)     (function NAME SLOTS PARAMETERS RESULT ITEM ...) -> the same
 *                               (assemble.h), each function behind the compiler
 *
 * Each later top-level form of the VMlet goes through them; #f gives a place back to the
 * standard one, and so does the end of the load. A session keeps them as long as it wants:
 * forms that are themselves (use-...) go round all three. Transformers, readers and what a
 * stage itself evaluates do not pass through them, nor does any other VMlet's code.
 *
 * Nothing of an answer is believed: the expander, core_read or the verifier look at it as
 * at anything from outside, and a refusal changes nothing. Images hold the result.
 */
#ifndef VVM_STAGE_H
#define VVM_STAGE_H

#include "expand.h"

/* In force for one form, as it begins. */
struct stages {
    vvm_value procedures[STAGES];
};

struct stages stages_in_force(const struct vvm_context *ctx, const struct vvm_environment *env,
                              vvm_value datum);
/** Back to the standard ones: the VMlet's load is over. */
void stages_clear(struct vvm_environment *env);
/** What the expander makes of *datum. 0, or -errno with ctx->pending; so do the others. */
int stage_expand(struct vvm_context *ctx, const struct stages *s, vvm_value *datum);
/** What the optimiser makes of *tree, in the pool. */
int stage_optimise(struct vvm_context *ctx, const struct stages *s, struct vvm_environment *env,
                   struct ast_pool *pool, struct ast_node **tree);
/** What the emitter makes of every function of the unit that is being built. */
int stage_emit(struct vvm_context *ctx, const struct stages *s, struct vvm_environment *env,
               struct ast_pool *pool, struct unit_builder *builder);

#endif
