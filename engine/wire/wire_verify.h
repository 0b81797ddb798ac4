/* SPDX-License-Identifier: Apache-2.0 */
/*
 * wire_verify.h - verifier and translator of wire programs. Private to wire/ and to
 * the tests and fuzz targets.
 *
 * wire_verify reads the function table, decodes every instruction once in order, then
 * follows the flow of each function with a worklist that takes each instruction once:
 * linear time. wire_translate turns what was reached into engine code in memory that
 * the caller made wire_unit_size octets large.
 */
#ifndef VVM_WIRE_VERIFY_H
#define VVM_WIRE_VERIFY_H

#include "state.h"

enum wire_rule {
#define W(name, symbol, text) WIRE_RULE_##name,
#include "wire_verify.def"
#undef W
    WIRE_RULE_LIMIT
};
const char *wire_rule_name(enum wire_rule rule);

/* What is known of the octet where an instruction starts. */
struct wire_place {
    uint32_t word;   /* of the translated instruction, in its function */
    int16_t depth;   /* of the operand stack; -1: not reached */
    uint16_t region; /* number in wire_work.regions */
    uint8_t start;   /* an instruction starts here */
};

/* The open handlers of a place as a tree: each knows the one below it and the stack depth
 * at which it began. Equal numbers are equal handlers: a child of equal base is never made
 * twice. Number 0: none is open. */
struct wire_region {
    uint16_t below, child, sibling;
    uint16_t height; /* handlers, this one included */
    uint16_t base;   /* stack depth that a raise goes back to */
};
#define WIRE_REGIONS_MAX 4096 /* of a function */

struct wire_function {
    uint32_t name_at, name_length, code_at, code_length; /* octets of the program */
    uint32_t arity, locals;
    uint32_t words, prologue, epilogue; /* epilogue: word of the run-off end, or UINT32_MAX */
    uint16_t depth, handlers;           /* the most at one time */
};

/* Working memory, one a context; too large for a stack. */
struct wire_work {
    uint8_t octets[PROGRAM_OCTETS_MAX + 1];
    struct wire_place places[PROGRAM_OCTETS_MAX + 1];
    uint32_t waiting[PROGRAM_OCTETS_MAX + 1];
    struct wire_function functions[PROGRAM_FUNCTIONS_MAX];
    struct wire_region regions[WIRE_REGIONS_MAX];
};

struct wire_verifier {
    const struct wire_program *form;
    const struct network *network;
    const uint8_t *view; /* 32 octets, or NULL: everything */
    const uint8_t *octets;
    uint32_t length;
    struct wire_work *work;
    uint32_t disabled; /* tests: rules not to check */
    /* results */
    uint32_t function_count, word_count, constant_count;
    size_t bytes_room; /* for the operands that are octet strings */
    uint32_t waiting, region_count;
    enum wire_rule rule; /* of the refusal */
    uint32_t function, octet;
    char text[160];
};

struct wire_decoded {
    const struct wire_instruction *row; /* NULL only when rule OPCODE is off */
    uint32_t at, next;
    uint64_t
        operands[WIRE_OPERANDS_MAX]; /* octet strings: length << 32 | where; labels: octet, or UINT64_MAX */
};

/** 0, or -EINVAL with rule, function, octet and text set. octets must be <= the cap. */
int wire_verify(struct wire_verifier *v);
/** The function table alone into work->functions and function_count. */
int wire_read_table(struct wire_verifier *v);
/** Decode the instruction at an octet of function f. */
int wire_decode(struct wire_verifier *v, const struct wire_function *f, uint32_t at, struct wire_decoded *d);
/** Values that it takes from the stack, items included. */
unsigned wire_takes(const struct wire_verifier *v, const struct wire_decoded *d);
/** Refuse with a rule; false when the rule is off. */
bool wire_refused(struct wire_verifier *v, enum wire_rule rule, uint32_t octet, const char *what);

size_t wire_unit_size(const struct wire_verifier *v);
/** Translate into memory (8-aligned); the unit stands at its start. constants[0] is
 *  the program itself. */
struct vvm_unit *wire_translate(struct wire_verifier *v, void *memory);

#endif
