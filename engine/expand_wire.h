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
};

/** Bind next, goto, call ... in the scope of a body. */
void wire_bind_specials(struct expansion *x, struct scope *s, uint64_t position);
/** Check that exits stand in the tail only and push what else stands there. */
void wire_finish_body(struct expansion *x, struct ast_lambda *lambda);

#endif
