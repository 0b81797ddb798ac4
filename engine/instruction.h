/* SPDX-License-Identifier: Apache-2.0 */
/*
 * instruction.h - the instruction table as C sees it.
 *
 * struct vvm_instruction is the one row format: the intrinsic instructions of
 * instruction.def fill it at compile time, `define-instruction` at run time.
 */
#ifndef VVM_INSTRUCTION_H
#define VVM_INSTRUCTION_H

#include "value.h"

enum opcode {
#define I(name, ...) OP_##name,
#include "instruction.def"
#undef I
    OP_LIMIT
};

enum operand_kind {
    OPERAND_NONE,
    OPERAND_DST,
    OPERAND_SRC,
    OPERAND_CONST,
    OPERAND_IMM,
    OPERAND_IMM32,
    OPERAND_TARGET,
    OPERAND_FN,
    OPERAND_LINK,
    OPERAND_PRIM,
    OPERAND_COUNT,
    OPERAND_TYPE,
    OPERAND_OPER,
    OPERAND_INDEX
};

/* The type of a frame slot. Fixed per function and slot: a word never changes
 * between tagged and raw. Raw words hold the value zero- or sign-extended. */
enum slot_type {
    SLOT_ANY = 0, /* tagged */
    SLOT_U8,
    SLOT_U16,
    SLOT_U32,
    SLOT_U64,
    SLOT_S8,
    SLOT_S16,
    SLOT_S32,
    SLOT_S64,
    SLOT_TYPES,
    /* only in instruction rows: */
    SLOT_RAW,    /* any raw type */
    SLOT_RAW2,   /* any raw type of the same signedness as the other RAW operand */
    SLOT_WORD,   /* any type */
    SLOT_SAME,   /* the type of operand a */
    SLOT_RESULT, /* the result type of the callee, or for return of this function */
};

enum tail_kind { TAIL_NONE, TAIL_COSTS, TAIL_WORD, TAIL_SRCS, TAIL_DSTS };
enum flow_kind { FLOW_NEXT, FLOW_JUMP, FLOW_BRANCH, FLOW_HANDLER, FLOW_UNHANDLE, FLOW_END };

/* Effects of an instruction, primitive or function: a set of bits. A function's
 * effects are the union over what it does and what it calls. */
enum effect {
    EFFECT_LOAD = 1 << 0,         /* needs the load profile */
    EFFECT_CLOSURE = 1 << 1,      /* makes a closure (load profile) */
    EFFECT_UNKNOWN_CALL = 1 << 2, /* calls a procedure value (load profile) */
    EFFECT_GLOBAL = 1 << 3,       /* reads a global variable: must be constant in the packet profile */
    EFFECT_ALLOCATE = 1 << 4,     /* allocates: arena or control heap */
    EFFECT_PACKET = 1 << 5,       /* uses the packet in execution */
    EFFECT_EMIT = 1 << 6,         /* makes or sends packets */
    EFFECT_HALT = 1 << 7,         /* may end the packet: send, drop, deliver ... */
    EFFECT_TABLE_READ = 1 << 8,
    EFFECT_TABLE_WRITE = 1 << 9,
    EFFECT_TIME = 1 << 10,     /* reads the node's clock or random source */
    EFFECT_PROGRAM = 1 << 11,  /* runs a wire program */
    EFFECT_EXIT = 1 << 12,     /* only in the body of a wire instruction */
    EFFECT_OUTPUT = 1 << 13,   /* prints, files (load profile) */
    EFFECT_SYMBOL = 1 << 14,   /* interns (load profile) */
    EFFECT_INTERNAL = 1 << 15, /* never in an image */
    EFFECT_ROW = 1 << 16,      /* look in the primitive's row */
    EFFECT_DIVERGES = 1 << 17, /* primitive rows: never returns (drop, send, raise ...) */
};
/** Name of one effect bit: "allocate" ...; NULL past the last. */
const char *effect_name(unsigned bit);
/* A function with any of these may not run for a packet. */
#define EFFECTS_LOAD_PROFILE                                                                                 \
    (EFFECT_LOAD | EFFECT_CLOSURE | EFFECT_UNKNOWN_CALL | EFFECT_OUTPUT | EFFECT_SYMBOL | EFFECT_INTERNAL)

/* What a set's member or a network's hook may do: anything that packet code may; each
 * is held to it when a generation is published. */
#define EFFECTS_MEMBER                                                                                       \
    (EFFECT_ALLOCATE | EFFECT_PACKET | EFFECT_EMIT | EFFECT_HALT | EFFECT_TABLE_READ | EFFECT_TABLE_WRITE |  \
     EFFECT_TIME | EFFECT_PROGRAM)

/* What IS, CHECK and JUMP_IS test; also the types that parameters, `takes` and
 * primitive signatures name. Order is part of the image format: append only. */
enum value_class {
    CLASS_ANY,
    CLASS_FIXNUM,
    CLASS_INTEGER /* = fixnum, or flonum without fraction */,
    CLASS_NUMBER,
    CLASS_FLONUM,
    CLASS_BOOLEAN,
    CLASS_CHAR,
    CLASS_NULL,
    CLASS_PAIR,
    CLASS_LIST /* null or pair; not checked to its end */,
    CLASS_STRING,
    CLASS_SYMBOL,
    CLASS_VECTOR,
    CLASS_BYTEVECTOR,
    CLASS_BYTES /* bytevector, slice or packet */,
    CLASS_SLICE,
    CLASS_PACKET,
    CLASS_CURSOR,
    CLASS_PROCEDURE,
    CLASS_RECORD,
    CLASS_BOX,
    CLASS_EOF,
    CLASS_UNSPECIFIED,
    CLASS_DEFAULT,
    CLASS_ERROR,
    CLASS_PORT,
    CLASS_PROMISE,
    CLASS_HASH,
    CLASS_PARAMETER,
    CLASS_TABLE,
    CLASS_MEMBER,
    /* fixnums that fit a raw type: used by typed `takes` and signatures */
    CLASS_U8,
    CLASS_U16,
    CLASS_U32,
    CLASS_U64,
    CLASS_S8,
    CLASS_S16,
    CLASS_S32,
    CLASS_S64,
    CLASS_LIMIT
};

struct operand_format {
    uint8_t kind; /* enum operand_kind */
    uint8_t type; /* enum slot_type */
};

struct vvm_instruction {
    const char *name;
    const char *doc;
    struct operand_format a, b, c;
    uint8_t tail; /* enum tail_kind */
    uint8_t flow; /* enum flow_kind */
    uint16_t cost;
    uint32_t effects;
    const struct wire_instruction *wire; /* rows made by define-instruction; else NULL */
};

extern const struct vvm_instruction instruction_table[OP_LIMIT];

/* ---- words ------------------------------------------------------------------ */

#define MAX_FUNCTION_WORDS 32000 /* so that every offset fits in 16 signed bits */
#define MAX_SLOTS          4096

static inline unsigned word_op(uint64_t w) { return (unsigned)(w & 0xffff); }
static inline unsigned word_a(uint64_t w) { return (unsigned)(w >> 16 & 0xffff); }
static inline unsigned word_b(uint64_t w) { return (unsigned)(w >> 32 & 0xffff); }
static inline unsigned word_c(uint64_t w) { return (unsigned)(w >> 48); }
static inline int word_imm(uint64_t w) { return (int16_t)(w >> 48); }
static inline int32_t word_imm32(uint64_t w) { return (int32_t)(w >> 32); }
static inline uint64_t make_word(unsigned op, unsigned a, unsigned b, unsigned c)
{
    return (uint64_t)(op & 0xffff) | (uint64_t)(a & 0xffff) << 16 | (uint64_t)(b & 0xffff) << 32 |
           (uint64_t)(c & 0xffff) << 48;
}
static inline uint64_t make_word_imm32(unsigned op, unsigned a, int32_t imm)
{
    return (uint64_t)(op & 0xffff) | (uint64_t)(a & 0xffff) << 16 | (uint64_t)(uint32_t)imm << 32;
}
/* the i-th slot number of a SRCS / DSTS tail */
static inline unsigned tail_slot(const uint64_t *tail, unsigned i)
{
    return (unsigned)(tail[i / 4] >> (16 * (i % 4)) & 0xffff);
}

/** Words that the instruction starting with w takes, its tail included.
 *  w must have a valid opcode. */
unsigned instruction_words(uint64_t w);

/** Name of a slot type ("any", "u8" ...) and of a value class ("pair" ...). */
const char *slot_type_name(enum slot_type t);
const char *value_class_name(enum value_class c);
/** The class or slot type of that name, or -ENOENT. Raw type names are both. */
int value_class_named(const char *name);
int slot_type_named(const char *name);
/** True if v is of class c: one meaning for interpreter, primitives and wire. */
bool value_is(vvm_value v, enum value_class c);

static inline bool slot_is_raw(enum slot_type t) { return t != SLOT_ANY; }
static inline bool slot_is_signed(enum slot_type t) { return t >= SLOT_S8 && t <= SLOT_S64; }
static inline unsigned slot_bits(enum slot_type t) { return 8u << ((t - 1) & 3); }

#endif
