/* SPDX-License-Identifier: Apache-2.0 */
/*
 * verify_row_test.c - every row of the instruction table: accepted as its format says,
 * and refused with each of its operands spoilt in each way.
 */
#include "verify_bench.h"

/* ---- every row ------------------------------------------------------------------------ */

enum { KNOWN = 0, UNKNOWN = SLOT_TYPES }; /* slot of type t: KNOWN + t written, UNKNOWN + t not */

static unsigned slot_for(const struct vvm_instruction *row, struct operand_format o)
{
    unsigned type_ = o.type;
    if (type_ == SLOT_SAME) type_ = row->a.type == SLOT_WORD ? SLOT_ANY : row->a.type;
    if (type_ == SLOT_RAW || type_ == SLOT_RAW2) return SLOT_U32;
    return type_ < SLOT_TYPES ? type_ : SLOT_ANY;
}

static unsigned operand_for(unsigned op, struct operand_format o)
{
    switch (o.kind) {
    case OPERAND_DST:
    case OPERAND_SRC: return KNOWN + slot_for(&instruction_table[op], o);
    case OPERAND_FN: return 1;
    case OPERAND_TARGET: return op == OP_PUSH_HANDLER ? 1 : 0;
    case OPERAND_COUNT: return op == OP_RUN_PROGRAM ? 4 : op == OP_RECEIVE_REST ? 1 : 0;
    case OPERAND_OPER:
        if (op == OP_EXIT_CALL || op == OP_EXIT_CALL_ITEMS) return 1;
        return op == OP_WIRE_LOCAL_REF || op == OP_WIRE_LOCAL_SET ? 2 : 0;
    default: return 0;
    }
}

/* Every type twice: the parameters have one slot of each, and as many are unwritten. */
static void typed_function(struct bench *t, bool is_body)
{
    function(t, SLOT_TYPES, 2 * SLOT_TYPES);
    for (unsigned i = 0; i < SLOT_TYPES; i++) {
        type(t, KNOWN + i, i);
        type(t, UNKNOWN + i, i);
    }
    if (!is_body) return;
    t->f->flags = FUNCTION_BODY;
    t->f->shape = &t->shape;
    t->shape = (struct body_shape){
        .operand_count = 4,
        .take_count = 8,
        .items = 0x80 + 1,
        .operands = {{WIRE_LABEL, 0, 0}, {WIRE_FUNCTION, 0, 0}, {WIRE_LOCAL, 0, 0}, {WIRE_COUNTED_U8, 0, 0}}};
    for (unsigned i = 0; i < 8; i++) t->shape.take_class[i] = (uint8_t)(CLASS_U8 + i);
}

static void before_row(struct bench *t, unsigned op)
{
    if (op == OP_POP_HANDLER) put(t, OP_PUSH_PROCEDURE, KNOWN, 0, 0);
    if (op == OP_RECEIVE || op == OP_RECEIVE_REST) put(t, OP_CALL, KNOWN, 1, 0);
    if (op != OP_CLOSURE_PATCH) return;
    put(t, OP_CLOSURE, KNOWN, 2, 1);
    word(t, KNOWN);
}

/* Build around one instruction; the word is changed by `flip` before. */
static void build_row(struct bench *t, unsigned op, uint64_t flip)
{
    const struct vvm_instruction *row = &instruction_table[op];
    uint64_t w = make_word(op, operand_for(op, row->a), operand_for(op, row->b), operand_for(op, row->c));
    typed_function(t, row->effects & EFFECT_EXIT);
    if (op == OP_CAPTURED) t->f->captured = 1;
    before_row(t, op);
    word(t, w ^ flip);
    for (unsigned i = 1; i < instruction_words(w); i++) word(t, 0);
    if (row->flow == FLOW_HANDLER) put(t, OP_UNREACHABLE, 0, 0, 0);
    if (row->flow != FLOW_END) put(t, OP_UNREACHABLE, 0, 0, 0);
    function(t, 0, 1);
    give(t);
    function(t, 0, 1);
    t->f->captured = 1;
    give(t);
}

static int verify_row(unsigned op, uint64_t flip, struct verify_error *error)
{
    struct bench *t = malloc(sizeof *t);
    if (!t) return -ENOMEM;
    bench_open(t);
    build_row(t, op, flip);
    sign_all(t);
    int err = verify_unit(&t->unit, error);
    bench_close(t);
    free(t);
    return err;
}

static void expect_row(unsigned op, uint64_t flip, int expected, enum verify_rule rule)
{
    struct verify_error error;
    int err = verify_row(op, flip, &error);
    bool good = err == expected && (!err || error.rule == rule);
    CU_ASSERT(good);
    if (!good)
        fprintf(stderr, "    %s with %#llx: %s\n", instruction_table[op].name, (unsigned long long)flip,
                error.text);
}

static bool exists(unsigned op) { return !(instruction_table[op].effects & EFFECT_INTERNAL); }

static void rows_accepted(void)
{
    for (unsigned op = 0; op < OP_LIMIT; op++)
        if (exists(op)) expect_row(op, 0, 0, RULE_LIMIT);
}

static struct operand_format format_of(unsigned op, unsigned field)
{
    const struct vvm_instruction *row = &instruction_table[op];
    return field == 0 ? row->a : field == 1 ? row->b : row->c;
}

static void rows_slot(void)
{
    for (unsigned op = 0; op < OP_LIMIT; op++)
        for (unsigned field = 0; field < 3; field++) {
            unsigned kind = format_of(op, field).kind;
            if (!exists(op) || (kind != OPERAND_DST && kind != OPERAND_SRC)) continue;
            expect_row(op, UINT64_C(0x4000) << (16 * field + 16), -EINVAL, RULE_SLOT);
        }
}

static void rows_slot_type(void)
{
    for (unsigned op = 0; op < OP_LIMIT; op++)
        for (unsigned field = 0; field < 3; field++) {
            struct operand_format o = format_of(op, field);
            if (!exists(op) || (o.kind != OPERAND_DST && o.kind != OPERAND_SRC)) continue;
            if (o.type == SLOT_WORD) continue;
            unsigned right = slot_for(&instruction_table[op], o),
                     wrong = slot_is_raw(right) ? SLOT_ANY : SLOT_U8;
            bool callee = o.type == SLOT_RESULT && o.kind == OPERAND_DST;
            expect_row(op, (uint64_t)((KNOWN + right) ^ (KNOWN + wrong)) << (16 * field + 16), -EINVAL,
                       callee ? RULE_SIGNATURE : RULE_SLOT_TYPE);
        }
}

static void rows_uninitialised(void)
{
    for (unsigned op = 0; op < OP_LIMIT; op++)
        for (unsigned field = 0; field < 3; field++) {
            struct operand_format o = format_of(op, field);
            if (!exists(op) || o.kind != OPERAND_SRC) continue;
            unsigned slot = slot_for(&instruction_table[op], o);
            expect_row(op, (uint64_t)((KNOWN + slot) ^ (UNKNOWN + slot)) << (16 * field + 16), -EINVAL,
                       RULE_UNINITIALISED);
        }
}

static void rows_reserved(void)
{
    for (unsigned op = 0; op < OP_LIMIT; op++)
        for (unsigned field = 0; field < 3; field++) {
            if (!exists(op) || format_of(op, field).kind != OPERAND_NONE) continue;
            if (field == 2 && format_of(op, 1).kind == OPERAND_IMM32) continue;
            expect_row(op, UINT64_C(1) << (16 * field + 16), -EINVAL, RULE_RESERVED);
        }
}

void verify_row_tests(CU_pSuite suite)
{
    CU_add_test(suite, "every row is accepted", rows_accepted);
    CU_add_test(suite, "every row with a slot outside", rows_slot);
    CU_add_test(suite, "every row with a slot of another type", rows_slot_type);
    CU_add_test(suite, "every row with a slot not written", rows_uninitialised);
    CU_add_test(suite, "every row with an unused operand", rows_reserved);
}
