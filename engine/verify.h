/* SPDX-License-Identifier: Apache-2.0 */
/*
 * verify.h - private to the verifier (verify*.c).
 *
 * The verifier takes one unit, checks its headers, then each function in three
 * linear walks over its words:
 *
 *   verify_operands  what an instruction says by itself: opcode, operand ranges,
 *                    slot types, counts, signatures, exits (verify_code.c, verify_call.c)
 *   verify_flow      what depends on the way to it: targets, initialised slots,
 *                    handler heights, reachability (verify_flow.c)
 *   verify_costs     fuel of blocks, from the end to the start (verify.c)
 *
 * Every check goes through refuse(), which knows the rules that are switched off.
 * A check whose rule is off must leave the verifier itself safe: whatever comes
 * later tests a number again before it is used as an index.
 */
#ifndef VVM_VERIFY_H
#define VVM_VERIFY_H

#include "environment.h"
#include "unit.h"
#include "wire/wire.h"

enum word_mark { MARK_START = 1, MARK_LABEL = 2 };

struct verifier {
    struct vvm_unit *unit;
    const struct vvm_node *node;
    uint64_t disabled;
    struct verify_error *error;

    struct vvm_function *f; /* the function at hand, its code and how it divides */
    uint64_t *code;
    uint16_t *starts;
    uint32_t count; /* of instructions */
    uint8_t *marks; /* enum word_mark of each word */

    struct flow *flow; /* verify_flow.c */
    uint32_t *cost;    /* from each instruction to the end of its block */
};

/** Refuse for a rule: fills the error and returns -EINVAL, or 0 when the rule is off. */
__attribute__((format(printf, 4, 5))) int refuse(struct verifier *v, enum verify_rule rule, uint32_t word,
                                                 const char *format, ...);

static inline uint64_t rule_bit(enum verify_rule rule) { return UINT64_C(1) << rule; }
/** The row of an instruction word; for words that are none, that of nop. */
const struct vvm_instruction *row_of(uint64_t word);
/** Words it takes; 1 for words that are no instruction. */
unsigned words_of(uint64_t word);
/** Type of a slot; SLOT_ANY for slots that are not there. */
enum slot_type slot_type_of(const struct vvm_function *f, unsigned slot);
/** True if a raw word is the canonical form of a value of the type. */
bool raw_fits(uint64_t word, enum slot_type type);

int verify_header(struct verifier *v);
int verify_operands(struct verifier *v);
/** Calls, closures, exits: what a row's format cannot say. */
int verify_special(struct verifier *v, uint32_t at);
int verify_flow(struct verifier *v);

struct flow *flow_open(size_t words);
void flow_close(struct flow *flow);

/** Parameters, rest and result of what a call instruction names; false for others,
 *  or when it names nothing. */
bool callee_of(const struct verifier *v, uint64_t word, struct signature *callee);

#endif
