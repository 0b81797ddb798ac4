/* SPDX-License-Identifier: Apache-2.0 */
/*
 * evaluator.h - the slow twin of compiler, verifier and interpreter: it walks the
 * expanded tree with environments that are lists of cells. It shares only what is not
 * under test: the reader, the expander, and the C rows of the primitives.
 *
 * Not in it: packets, wire instructions, call/cc, with-exception-handler, dynamic-wind.
 */
#ifndef VVM_ORACLE_EVALUATOR_H
#define VVM_ORACLE_EVALUATOR_H

#include "../../engine/load.h"

struct evaluator;

/** An evaluator for the forms of one environment; steps: how many nodes it visits. */
struct evaluator *evaluator_open(struct vvm_node *node, struct vvm_environment *env, uint64_t steps);
void evaluator_close(struct evaluator *e);
/** Expand and evaluate every form of a text. 0, or -EINVAL with ctx->pending. */
int evaluator_load(struct evaluator *e, const char *text, size_t octets);
/** Call what the text has defined under a name. VALUE_EXCEPTION: see ctx->pending. */
vvm_value evaluator_call(struct evaluator *e, const char *name, unsigned n, const vvm_value *args);
/** True if the last call used up its steps or went too deep: its outcome means nothing. */
bool evaluator_gave_up(const struct evaluator *e);

#endif
