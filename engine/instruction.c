/* SPDX-License-Identifier: Apache-2.0 */
/*
 * instruction.c - the instruction table, filled from instruction.def, and the
 * names and meanings of slot types and value classes that go with it.
 */
#include "instruction.h"

#include <assert.h>
#include <errno.h>
#include <math.h>
#include <string.h>

#define ROW(row_name, A, At, B, Bt, C, Ct, TAIL, FLOW, COST, EFFECTS, row_doc)                               \
    {                                                                                                        \
        .name = row_name, .doc = row_doc, .a = {OPERAND_##A, SLOT_##At}, .b = {OPERAND_##B, SLOT_##Bt},      \
        .c = {OPERAND_##C, SLOT_##Ct}, .tail = TAIL_##TAIL, .flow = FLOW_##FLOW, .cost = COST,               \
        .effects = EFFECTS                                                                                   \
    }

const struct vvm_instruction instruction_table[OP_LIMIT] = {
#define I(name, ...) [OP_##name] = ROW(__VA_ARGS__),
#include "instruction.def"
#undef I
};

unsigned instruction_words(uint64_t w)
{
    assert(word_op(w) < OP_LIMIT);
    switch ((enum tail_kind)instruction_table[word_op(w)].tail) {
    case TAIL_NONE: return 1;
    case TAIL_COSTS:
    case TAIL_WORD: return 2;
    case TAIL_SRCS:
    case TAIL_DSTS: return 1 + (word_c(w) + 3) / 4;
    }
    return 1;
}

static_assert(SLOT_ANY == 0 && SLOT_U8 == 1 && SLOT_U64 == SLOT_U8 + 3, "slot_bits counts from u8 on");
static_assert(SLOT_S8 == SLOT_U64 + 1 && SLOT_S64 == SLOT_S8 + 3 && SLOT_TYPES == SLOT_S64 + 1,
              "the signed types follow, in the order of their widths");
static_assert(CLASS_U64 == CLASS_U8 + 3 && CLASS_S8 == CLASS_U64 + 1 && CLASS_LIMIT == CLASS_S8 + 4,
              "and so do the classes of integers that fit them: is_raw_integer counts on it");
static_assert((CHAR_KIND & TAG_MASK) == TAG_IMMEDIATE && (VALUE_UNDEFINED & TAG_MASK) == TAG_IMMEDIATE,
              "immediates have a tag of their own");

/* ---- names ---------------------------------------------------------------------- */

static const char *const slot_names[] = {
    [SLOT_ANY] = "any",   [SLOT_U8] = "u8",     [SLOT_U16] = "u16",       [SLOT_U32] = "u32",
    [SLOT_U64] = "u64",   [SLOT_S8] = "s8",     [SLOT_S16] = "s16",       [SLOT_S32] = "s32",
    [SLOT_S64] = "s64",   [SLOT_TYPES] = "?",   [SLOT_RAW] = "raw",       [SLOT_RAW2] = "raw",
    [SLOT_WORD] = "word", [SLOT_SAME] = "same", [SLOT_RESULT] = "result",
};

static const char *const class_names[CLASS_LIMIT] = {
    [CLASS_ANY] = "any",
    [CLASS_FIXNUM] = "fixnum",
    [CLASS_INTEGER] = "integer",
    [CLASS_NUMBER] = "number",
    [CLASS_FLONUM] = "flonum",
    [CLASS_BOOLEAN] = "boolean",
    [CLASS_CHAR] = "char",
    [CLASS_NULL] = "null",
    [CLASS_PAIR] = "pair",
    [CLASS_LIST] = "list",
    [CLASS_STRING] = "string",
    [CLASS_SYMBOL] = "symbol",
    [CLASS_VECTOR] = "vector",
    [CLASS_BYTEVECTOR] = "bytevector",
    [CLASS_BYTES] = "bytes",
    [CLASS_SLICE] = "slice",
    [CLASS_PACKET] = "packet",
    [CLASS_CURSOR] = "cursor",
    [CLASS_PROCEDURE] = "procedure",
    [CLASS_RECORD] = "record",
    [CLASS_BOX] = "box",
    [CLASS_EOF] = "eof-object",
    [CLASS_UNSPECIFIED] = "unspecified",
    [CLASS_DEFAULT] = "default",
    [CLASS_ERROR] = "error-object",
    [CLASS_PORT] = "port",
    [CLASS_PROMISE] = "promise",
    [CLASS_HASH] = "hash-table",
    [CLASS_PARAMETER] = "parameter",
    [CLASS_TABLE] = "table",
    [CLASS_MEMBER] = "member",
    [CLASS_U8] = "u8",
    [CLASS_U16] = "u16",
    [CLASS_U32] = "u32",
    [CLASS_U64] = "u64",
    [CLASS_S8] = "s8",
    [CLASS_S16] = "s16",
    [CLASS_S32] = "s32",
    [CLASS_S64] = "s64",
};

const char *slot_type_name(enum slot_type t)
{
    return (unsigned)t < sizeof slot_names / sizeof slot_names[0] ? slot_names[t] : "?";
}

const char *value_class_name(enum value_class c) { return (unsigned)c < CLASS_LIMIT ? class_names[c] : "?"; }

int value_class_named(const char *name)
{
    for (int c = 0; c < CLASS_LIMIT; c++)
        if (!strcmp(class_names[c], name)) return c;
    return -ENOENT;
}

int slot_type_named(const char *name)
{
    for (int t = 0; t < SLOT_TYPES; t++)
        if (!strcmp(slot_names[t], name)) return t;
    return -ENOENT;
}

/* ---- classes -------------------------------------------------------------------- */

/* Classes that are one object type each; 0 where more must be looked at. */
static const uint8_t class_type[CLASS_LIMIT] = {
    [CLASS_FLONUM] = TYPE_FLONUM,   [CLASS_STRING] = TYPE_STRING,    [CLASS_SYMBOL] = TYPE_SYMBOL,
    [CLASS_VECTOR] = TYPE_VECTOR,   [CLASS_BYTEVECTOR] = TYPE_BYTES, [CLASS_SLICE] = TYPE_SLICE,
    [CLASS_PACKET] = TYPE_PACKET,   [CLASS_CURSOR] = TYPE_CURSOR,    [CLASS_RECORD] = TYPE_RECORD,
    [CLASS_BOX] = TYPE_BOX,         [CLASS_ERROR] = TYPE_ERROR,      [CLASS_PORT] = TYPE_PORT,
    [CLASS_PROMISE] = TYPE_PROMISE, [CLASS_HASH] = TYPE_HASH,        [CLASS_PARAMETER] = TYPE_PARAMETER,
    [CLASS_TABLE] = TYPE_TABLE,     [CLASS_MEMBER] = TYPE_MEMBER,
};

static bool is_whole(vvm_value v)
{
    if (is_fixnum(v)) return true;
    if (!has_type(v, TYPE_FLONUM)) return false;
    double d = ((struct flonum *)value_pointer(v))->number;
    return isfinite(d) && d == trunc(d);
}

static bool is_procedure(vvm_value v)
{
    if (!is_object(v)) return false;
    switch (header_type(object_of(v)->header)) {
    case TYPE_CLOSURE:
    case TYPE_CASES:
    case TYPE_PRIMITIVE:
    case TYPE_CONTINUATION:
    case TYPE_PARAMETER: return true;
    default: return false;
    }
}

static bool is_octets(vvm_value v)
{
    return has_type(v, TYPE_BYTES) || has_type(v, TYPE_SLICE) || has_type(v, TYPE_PACKET);
}

/* v is a fixnum of the raw type that belongs to class c */
static bool is_raw_integer(vvm_value v, enum value_class c)
{
    if (!is_fixnum(v)) return false;
    int64_t n = fixnum_value(v);
    bool negative = c >= CLASS_S8;
    unsigned bits = 8u << (negative ? c - CLASS_S8 : c - CLASS_U8);
    if (bits == 64) return negative || n >= 0;
    int64_t least = negative ? -(INT64_C(1) << (bits - 1)) : 0;
    int64_t most = negative ? (INT64_C(1) << (bits - 1)) - 1 : (INT64_C(1) << bits) - 1;
    return n >= least && n <= most;
}

bool value_is(vvm_value v, enum value_class c)
{
    if (c >= CLASS_U8) return is_raw_integer(v, c);
    if (class_type[c]) return has_type(v, class_type[c]);
    switch (c) {
    case CLASS_ANY: return true;
    case CLASS_FIXNUM: return is_fixnum(v);
    case CLASS_INTEGER: return is_whole(v);
    case CLASS_NUMBER: return is_fixnum(v) || has_type(v, TYPE_FLONUM);
    case CLASS_BOOLEAN: return is_boolean(v);
    case CLASS_CHAR: return is_char(v);
    case CLASS_NULL: return is_null(v);
    case CLASS_PAIR: return is_pair(v);
    case CLASS_LIST: return is_null(v) || is_pair(v);
    case CLASS_BYTES: return is_octets(v);
    case CLASS_PROCEDURE: return is_procedure(v);
    case CLASS_EOF: return v == VALUE_EOF;
    case CLASS_UNSPECIFIED: return v == VALUE_UNSPECIFIED;
    case CLASS_DEFAULT: return v == VALUE_DEFAULT;
    default: return false;
    }
}
