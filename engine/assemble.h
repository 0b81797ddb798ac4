/* SPDX-License-Identifier: Apache-2.0 */
/*
 * assemble.h - a function's code as a datum, and a datum as code: what an emitter of a VMlet
 * works on (stage.h).
 *
 *   (function NAME SLOTS PARAMETERS RESULT ITEM ...)
 *
 * SLOTS: a list of the slots' types, the parameters' first; an answer may add some. NAME,
 * PARAMETERS (how many) and RESULT are told only. ITEM: a symbol is a label, a list an
 * instruction: its name, then its operands as instruction.def has them,
 *
 *   slot, IMM, INDEX, OPER    a number             TYPE      a class's name
 *   immediate's value         itself; the symbol `undefined` for that word
 *   TARGET                    a label              the list of slots of a call, in parentheses
 *   CONST                     (NUMBER VALUE), or (quote VALUE) for a new one
 *   FN LINK PRIM              (NUMBER NAME)        raw-literal: high and low 32 bits
 *
 * Of (NUMBER ...) only the number counts; it must be one of the unit. Values of constants
 * are copies. Where an instruction came from is where its first pair stands.
 */
#ifndef VVM_ASSEMBLE_H
#define VVM_ASSEMBLE_H

#include "expand.h"

/** The function's code as a datum on the control heap; escapes (expand_escape) if that is full. */
vvm_value listing_make(struct expansion *x, const struct vvm_function *f);
/** Make the code and slots of a function of the unit that is being built from a datum; the
 *  verifier has yet to see it. Escapes with a syntax error if the datum is no code. */
void assemble(struct expansion *x, vvm_value datum, struct unit_builder *builder, uint32_t function);

#endif
