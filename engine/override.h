/* SPDX-License-Identifier: Apache-2.0 */
/*
 * override.h - redefinition under running code. An `around` over a core name that is a C
 * primitive or an instruction is obeyed by all code, whenever it was compiled, and no word
 * of code is changed for it: a generation that has such arounds dispatches by a table of its
 * own, in which the rows that are redefined lead to a call. override.def says which row
 * stands for which name.
 *
 * The redefinition is called with tagged operands by a nested run: a raise in it reaches the
 * code's handlers when the run has ended, and runs nest up to 64 deep, which also ends an
 * around that uses, through another function, what it is around. Integers beyond 61 bits
 * cannot be handed over: error integer-range.
 *
 * Names that the compiler turns into several instructions, or into none (`zero?`, `cadr`,
 * `not` ...), cannot be redefined: the refusal says what they are made of.
 *
 * Boot meaning: while a transformer of syntax or a reader runs, no around over a core name
 * is obeyed, so that whatever somebody has redefined, forms can be expanded and the
 * redefinition be taken back.
 */
#ifndef VVM_OVERRIDE_H
#define VVM_OVERRIDE_H

#include "machine.h"

struct override;

/** What the candidate's layers redefine, into candidate->override: whoever changes layers of
 *  the core has this done, so that the next form obeys them. 0 or -ENOMEM. Control thread. */
int override_refresh(struct vvm_node *node, struct vvm_generation *candidate);
/** The same, and what nobody can redefine is refused: -EPERM with the control context's
 *  pending error. */
int override_build(struct vvm_node *node, struct vvm_generation *candidate);
/** One more generation has it; NULL is none. Control thread, as are the next two. */
struct override *override_share(struct override *o);
/** One fewer. It is freed when the control context runs nothing that could still use it. */
void override_release(struct override *o);
/** Free what waited for that; the node closes. */
void override_close(struct vvm_node *node);

/** The globals that the word at `at` of f calls because they are redefined: their number, up to 2. */
unsigned override_of_word(const struct vvm_generation *g, const struct vvm_function *f, const uint64_t *at,
                          uint32_t globals[2]);

/** The dispatch table of a context's generation, NULL: the plain one. Any thread. */
const void *const *override_table(const struct vvm_context *ctx);
/** What a core global means while syntax is expanded; NULL: what the generation says. */
const struct binding *override_base(const struct vvm_generation *g, uint32_t global);
/** Between the two, the context has the boot meaning; before_ is what begin answered. */
static inline bool boot_begin(struct vvm_context *ctx)
{
    bool before = ctx->boot;
    ctx->boot = true;
    return before;
}
static inline void boot_end(struct vvm_context *ctx, bool before) { ctx->boot = before; }

/* ---- for the interpreter ---- */

enum override_answer { OVERRIDE_NONE, OVERRIDE_FAILED, OVERRIDE_DONE, OVERRIDE_TAKEN, OVERRIDE_PASSED };
/** Do the instruction at pc of the top frame, whose row is redefined. NONE: this one is not,
 *  it means what it always does. DONE: go on behind it. TAKEN, PASSED: it is a branch. FAILED:
 *  pending is set. */
enum override_answer override_run(struct vvm_context *ctx, const uint64_t *pc);
/** The procedure that stands for a primitive, VALUE_FALSE: itself. */
vvm_value override_primitive(const struct vvm_context *ctx, const struct primitive_row *row);

/* ---- rows: for override*.c and the tests ---- */

enum override_kind {
    OVERRIDE_NEVER,
    OVERRIDE_VALUE,
    OVERRIDE_TEST,
    OVERRIDE_TEST_NOT,
    OVERRIDE_STORE,
    OVERRIDE_JUMP,
    OVERRIDE_JUMP_NOT,
    OVERRIDE_BITS
};
enum override_vary { VARY_ONE, VARY_TYPE, VARY_SIGN, VARY_CLASS_A, VARY_CLASS_C, VARY_STEP };
struct override_row {
    uint8_t kind, vary;
    const char *name, *operands;
};
extern const struct override_row override_rows[OP_LIMIT];
/** How many names a row's words may stand for. */
unsigned override_variants(enum opcode op);
/** The name of a variant into text; false: none. */
bool override_name(enum opcode op, unsigned variant, char text[32]);
/** The variant that the word of f means; for STEP 0. */
unsigned override_variant(const struct vvm_function *f, uint64_t word);
/** The global that redefines this variant in o, UINT32_MAX: none does. */
uint32_t override_global(const struct override *o, enum opcode op, unsigned variant);

#endif
