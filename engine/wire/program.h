/* SPDX-License-Identifier: Apache-2.0 */
/*
 * program.h - programs that arrive in packets: their form, their verification and
 * the cache of translated units. What the machine calls when code says run-program.
 *
 *   octets --hash--> cache --hit--> unit
 *                      |
 *                      +--miss--> copy --wire_verify--> --wire_translate--> unit
 *
 * The octets are copied before they are verified; the unit and everything a program
 * can reach in it (operands, its own octets) stay in the cache at least until the
 * packet that used them has ended. One cache a context: no locks, no allocator call.
 *
 * A translated function (FUNCTION_WIRE) is a sequence of
 *   IMMEDIATE   one for each local that is no argument (it starts unspecified)
 *   INVOKE a b c  a: slot just above the operand stack before the takes are popped,
 *               so the takes (and below them nothing, above none but the items, see
 *               wire_base) stand right under it; b: opcode = index of unit->rows;
 *               c: index of the first operand word in unit->constants
 *   IMMEDIATE, WIRE_RETURN  where a flat program may run off its end
 * Operand words: raw operands and counts as raw words; bytes operands as frozen
 * bytevectors; label = word index in this function; function = index in this unit;
 * local = slot number. A pushed value goes to slot wire_base, wire_base + 1, ...;
 * after EXIT_CALL the kept values stand from wire_base on and the result goes above
 * them. Fuel: entry_cost pays all words but INVOKE; INVOKE itself charges
 * row.cost (its own cost and its body's first block), so handlers cost 0.
 */
#ifndef VVM_WIRE_PROGRAM_H
#define VVM_WIRE_PROGRAM_H

#include "wire.h"

#define PROGRAM_OCTETS_MAX     65535
#define PROGRAM_FUNCTIONS_MAX  256
#define PROGRAM_FUEL_PER_OCTET 1

/** Verify (or find) a wire program and say what to run: the FUNCTION_WIRE function
 *  of `entry` (a fixnum index, or its name as string or bytes) and its arguments (a
 *  vector or list), tagged, valid until the next allocation. view: #f, or 32 octets,
 *  bit n of which allows opcode n. Charges fuel for every octet, hit or miss.
 *  0, or -ECANCELED with ctx->pending set. */
int program_prepare(struct vvm_context *ctx, vvm_value program, vvm_value bytes, vvm_value entry,
                    vvm_value arguments, vvm_value view, const struct vvm_function **f, const uint64_t **args,
                    unsigned *n);
/** The octets of the program that f belongs to, as verified: frozen bytes. */
vvm_value program_octets(const struct vvm_function *f);
/** First slot that the instruction at INVOKE word w of f may fill: under its takes
 *  and items. operands = &unit->constants[word_c(w)]. */
unsigned wire_base(const struct vvm_function *f, uint64_t w);
/** How many items it takes (0 if none). */
unsigned wire_items(const struct vvm_function *f, uint64_t w);

#endif
