/* SPDX-License-Identifier: Apache-2.0 */
/*
 * expand_wire.h - what expand_wire.c and expand_instruction.c share: the instruction
 * whose body is being expanded.
 */
#ifndef VVM_EXPAND_WIRE_H
#define VVM_EXPAND_WIRE_H

#include "expand.h"

struct exit_note {
    struct exit_note *next;
    struct ast_node *node;
    bool reached; /* stands in tail position */
};

struct wire_body {
    struct body_shape *shape;
    struct exit_note *exits;
    bool around; /* over an instruction: the only exit is (previous) */
};

/** Bind next, goto, call ... in the scope of a body; in that of an around `previous` too. */
void wire_bind_specials(struct expansion *x, struct scope *s, bool around, uint64_t position);
/** Check that exits stand in the tail only and push what else stands there. */
void wire_finish_body(struct expansion *x, struct ast_lambda *lambda);

/* What an instruction's author called its operands and takes. */
struct instruction_names {
    vvm_value operands;             /* ((name type) ...) */
    vvm_value takes;                /* (takes ...) or () */
    struct vvm_environment *author; /* in which types are looked up */
};
/** Of the instruction that a network has in the open load, else in force; false: it has none. */
bool instruction_names_of(struct vvm_context *ctx, vvm_value network, vvm_value name,
                          struct instruction_names *names);
/** The function of an around over the instruction: it has its shape. */
struct ast_lambda *instruction_around_lambda(struct expansion *x, vvm_value name,
                                             const struct instruction_names *names, vvm_value body,
                                             uint64_t position);

#endif
