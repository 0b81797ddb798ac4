/* SPDX-License-Identifier: Apache-2.0 */
/*
 * wire.h - wire instructions, programs and networks: how bytecode that arrives in a
 * packet becomes a verified unit of engine code.
 *
 * A network's instruction has a body, an engine function (FUNCTION_BODY). Its
 * parameters are first the value operands, in order (label, function and local
 * operands take no slot), then the taken values, deepest first; `(items n)` takes
 * no slot: its values stay on the stack.
 *
 * A wire function becomes an engine function (FUNCTION_WIRE): its slots are its
 * locals, then its operand stack; each wire instruction is one INVOKE word that
 * knows its stack base, its row, and where its operands stand in the constants. So
 * there is one loop, one frame layout, one operand stack for Lisp and wire code, and
 * the octets of the packet are never read again. program.h says what a FUNCTION_WIRE
 * function looks like to the machine.
 */
#ifndef VVM_WIRE_H
#define VVM_WIRE_H

#include "../machine.h"

enum wire_operand_kind {
    WIRE_U8,
    WIRE_U16,
    WIRE_U32,
    WIRE_U64,
    WIRE_S8,
    WIRE_S16,
    WIRE_S32,
    WIRE_S64,
    WIRE_COUNT,      /* one octet; a number of stack items or fields */
    WIRE_BYTES,      /* `size` octets; a frozen bytevector */
    WIRE_COUNTED_U8, /* one octet length, then the octets */
    WIRE_COUNTED_U16,
    /* no slot: */
    WIRE_LABEL,
    WIRE_FUNCTION,
    WIRE_LOCAL,
};
#define WIRE_OPERANDS_MAX 8
#define WIRE_TAKES_MAX    8

struct wire_operand {
    uint8_t kind;  /* enum wire_operand_kind */
    uint8_t arity; /* FUNCTION: needed arity, 0xff = any */
    uint16_t size; /* BYTES */
};

/* Shape of a body: travels with the function in images (FUNCTION_BODY). */
struct body_shape {
    uint8_t operand_count;
    uint8_t take_count; /* fixed takes; each a parameter slot */
    uint8_t items; /* 0 none; 1 + i: as many as count operand i says; 0x80 + i: arity of function operand i */
    struct wire_operand operands[WIRE_OPERANDS_MAX];
    uint8_t take_class[WIRE_TAKES_MAX]; /* enum value_class: CLASS_U8.. arrive raw in a slot of that type */
};

enum wire_exit_kind {
    WIRE_EXIT_NEXT,
    WIRE_EXIT_GOTO,
    WIRE_EXIT_CALL,
    WIRE_EXIT_RETURN,
    WIRE_EXIT_HANDLER,
    WIRE_EXIT_PREVIOUS, /* of an around's body only, in no row: what lies beneath exits */
};
#define WIRE_ARGUMENTS_ITEMS 0xff
enum wire_then { WIRE_THEN_NEXT, WIRE_THEN_HERE, WIRE_THEN_LABEL /* + label operand */ };

/* One way out of a body, read off its code. */
struct wire_exit {
    uint8_t kind;      /* enum wire_exit_kind; HANDLER (push-handler) is no end */
    uint8_t operand;   /* label or function operand */
    uint8_t pushes;    /* next, goto: values pushed; call: kept values */
    uint8_t arguments; /* call: number; 0xff = the items */
    uint8_t then;      /* call: 0 next, 1 here, 2 + label operand */
    int8_t handlers;   /* change of the wire handler height on the way to this exit */
    int8_t lowest;     /* the least that this change was on the way: handlers from before that are closed */
};
#define WIRE_EXITS_MAX 32

struct wire_instruction {
    struct vvm_instruction row; /* name, doc, effects, cost of the body's entry */
    vvm_value name;
    struct vvm_vmlet *owner;
    uint8_t opcode;
    struct body_shape shape;
    const struct vvm_function *body;
    const struct wire_instruction
        *below;             /* of an around: the row it lies on, whose exits and heights it has */
    uint8_t handlers_below; /* wire handlers that must be open before: most pops along a path */
    uint8_t handlers_above; /* most handlers open at one time beyond those before */
    uint8_t exit_count;
    struct wire_exit exits[WIRE_EXITS_MAX];
};

#endif
