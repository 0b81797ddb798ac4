/* SPDX-License-Identifier: Apache-2.0 */
/*
 * verify_samples.c - for each rule of the verifier one unit or more that only this rule
 * refuses. A new rule wants a unit here.
 */
#include "verify_bench.h"

/* ---- one unit or more for each rule ------------------------------------------------- */

static void size_links(struct bench *t)
{
    t->many = calloc(65537, sizeof *t->many);
    t->unit.links = t->many;
    t->unit.link_count = 65537;
    function(t, 0, 1);
    give(t);
}

static void opcode_unknown(struct bench *t)
{
    function(t, 0, 1);
    put(t, OP_LIMIT, 0, 0, 0);
    give(t);
}

static void opcode_internal(struct bench *t)
{
    function(t, 0, 1);
    put(t, OP_INVOKE, 0, 0, 0);
    give(t);
}

static void truncated_literal(struct bench *t)
{
    function(t, 0, 2);
    type(t, 1, SLOT_U64);
    give(t);
    put(t, OP_RAW_LITERAL, 1, 0, 0);
}

static void fall_off(struct bench *t)
{
    function(t, 0, 1);
    number(t, 0, 0);
}

static void fall_off_empty(struct bench *t) { function(t, 0, 1); }

static void slot_outside(struct bench *t)
{
    function(t, 0, 2);
    number(t, 0, 0);
    put(t, OP_MOVE, 2, 0, 0);
    put(t, OP_RETURN, 0, 0, 0);
}

static void slot_in_list(struct bench *t)
{
    function(t, 0, 1);
    number(t, 0, 0);
    put(t, OP_CALL_PRIMITIVE, 0, 0, 1);
    word(t, 70);
    put(t, OP_RETURN, 0, 0, 0);
}

static void slot_parameters(struct bench *t)
{
    function(t, 2, 1);
    give(t);
}

static void slot_type_mixed(struct bench *t)
{
    function(t, 0, 2);
    type(t, 1, SLOT_U8);
    number(t, 0, 0);
    put(t, OP_MOVE, 1, 0, 0);
    put(t, OP_RETURN, 0, 0, 0);
}

static void slot_type_narrower(struct bench *t)
{
    function(t, 2, 2);
    type(t, 0, SLOT_U8);
    type(t, 1, SLOT_U16);
    put(t, OP_MOVE, 0, 1, 0);
    put(t, OP_RAISE_CONTINUABLE, 0, 0, 0); /* a raw word where a value is needed: the same rule */
    put(t, OP_UNREACHABLE, 0, 0, 0);
}

static void slot_type_signedness(struct bench *t)
{
    function(t, 2, 3);
    type(t, 0, SLOT_U8);
    type(t, 1, SLOT_S8);
    put(t, OP_RAW_LT, 2, 0, 1);
    put(t, OP_RETURN, 2, 0, 0);
}

static void slot_type_result(struct bench *t)
{
    function(t, 0, 1);
    t->f->result = SLOT_U8;
    give(t);
}

static void slot_type_values(struct bench *t)
{
    function(t, 0, 1);
    t->f->result = SLOT_U8;
    put(t, OP_RETURN_VALUES, 0, 0, 0);
}

static void slot_type_rest(struct bench *t)
{
    function(t, 0, 2);
    type(t, 0, SLOT_U8);
    t->f->flags = FUNCTION_REST;
    number(t, 1, 0);
    put(t, OP_RETURN, 1, 0, 0);
}

static void constant_outside(struct bench *t)
{
    function(t, 0, 1);
    put(t, OP_CONSTANT, 0, 1, 0);
    put(t, OP_RETURN, 0, 0, 0);
}

static void immediate_exception(struct bench *t)
{
    function(t, 0, 1);
    word(t, make_word_imm32(OP_IMMEDIATE, 0, VALUE_EXCEPTION));
    put(t, OP_RETURN, 0, 0, 0);
}

static void immediate_pointer(struct bench *t)
{
    function(t, 0, 1);
    word(t, make_word_imm32(OP_IMMEDIATE, 0, 0x1001));
    put(t, OP_RETURN, 0, 0, 0);
}

static void immediate_surrogate(struct bench *t)
{
    function(t, 0, 1);
    word(t, make_word_imm32(OP_IMMEDIATE, 0, 0xd80043));
    put(t, OP_RETURN, 0, 0, 0);
}

static void immediate_too_big(struct bench *t)
{
    function(t, 0, 2);
    type(t, 1, SLOT_S8);
    word(t, make_word_imm32(OP_RAW_IMMEDIATE, 1, 128));
    give(t);
}

static void literal_too_big(struct bench *t)
{
    function(t, 0, 2);
    type(t, 1, SLOT_U32);
    put(t, OP_RAW_LITERAL, 1, 0, 0);
    word(t, UINT64_C(1) << 32);
    give(t);
}

static void function_outside(struct bench *t)
{
    function(t, 0, 1);
    put(t, OP_TAIL_CALL, 0, 7, 0);
}

static void function_with_closure(struct bench *t)
{
    function(t, 0, 1);
    put(t, OP_TAIL_CALL, 0, 1, 0);
    function(t, 0, 1);
    t->f->captured = 1;
    give(t);
}

static void function_raw_closure(struct bench *t)
{
    function(t, 0, 1);
    put(t, OP_CLOSURE, 0, 1, 0);
    put(t, OP_RETURN, 0, 0, 0);
    function(t, 1, 2);
    type(t, 0, SLOT_U8);
    number(t, 1, 0);
    put(t, OP_RETURN, 1, 0, 0);
}

static void function_entries_differ(struct bench *t)
{
    function(t, 0, 1);
    put(t, OP_DEFINE_FUNCTION, 0, 0, 1);
    give(t);
    function(t, 1, 1);
    give(t);
}

static void link_outside(struct bench *t)
{
    function(t, 0, 1);
    put(t, OP_GLOBAL_REF, 0, 1, 0);
    put(t, OP_RETURN, 0, 0, 0);
}

static void primitive_outside(struct bench *t)
{
    function(t, 0, 1);
    put(t, OP_CALL_PRIMITIVE, 0, 1, 0);
    put(t, OP_RETURN, 0, 0, 0);
}

static void class_unknown(struct bench *t)
{
    function(t, 1, 1);
    put(t, OP_CHECK, 0, 0, CLASS_LIMIT);
    put(t, OP_RETURN, 0, 0, 0);
}

static void count_call(struct bench *t)
{
    function(t, 1, 1);
    put(t, OP_TAIL_CALL, 0, 0, 0);
}

static void count_primitive(struct bench *t)
{
    function(t, 1, 1);
    put(t, OP_CALL_PRIMITIVE, 0, 0, 3);
    word(t, 0);
    put(t, OP_RETURN, 0, 0, 0);
}

static void count_closure(struct bench *t)
{
    function(t, 0, 1);
    put(t, OP_CLOSURE, 0, 1, 0);
    put(t, OP_RETURN, 0, 0, 0);
    function(t, 0, 1);
    t->f->captured = 1;
    give(t);
}

static void count_program(struct bench *t)
{
    function(t, 1, 1);
    put(t, OP_RUN_PROGRAM, 0, 0, 3);
    word(t, 0);
    put(t, OP_RETURN, 0, 0, 0);
}

static void signature_argument(struct bench *t)
{
    function(t, 0, 1);
    number(t, 0, 0);
    put(t, OP_TAIL_CALL, 0, 1, 1);
    word(t, 0);
    function(t, 1, 2);
    type(t, 0, SLOT_U8);
    number(t, 1, 0);
    put(t, OP_RETURN, 1, 0, 0);
}

static void signature_result(struct bench *t)
{
    function(t, 0, 1);
    put(t, OP_CALL, 0, 1, 0);
    put(t, OP_RETURN, 0, 0, 0);
    function(t, 0, 1);
    t->f->result = SLOT_U8;
    type(t, 0, SLOT_U8);
    word(t, make_word_imm32(OP_RAW_IMMEDIATE, 0, 1));
    put(t, OP_RETURN, 0, 0, 0);
}

static void signature_tail_result(struct bench *t)
{
    function(t, 0, 1);
    t->f->result = SLOT_U8;
    put(t, OP_TAIL_CALL_GLOBAL, 0, 0, 0);
}

static void signature_none(struct bench *t)
{
    t->link.signature = 0;
    function(t, 0, 1);
    put(t, OP_TAIL_CALL_GLOBAL, 0, 0, 0);
}

static void signature_forged(struct bench *t)
{
    function(t, 0, 1);
    t->f->signature = signature_tagged(&t->node, 3);
    give(t);
}

static void target_outside(struct bench *t)
{
    function(t, 0, 1);
    branch(t, OP_JUMP, 0, 0, 5);
}

static void target_before(struct bench *t)
{
    function(t, 0, 1);
    branch(t, OP_JUMP, 0, 0, -3);
}

static void target_inside(struct bench *t)
{
    function(t, 0, 1);
    branch(t, OP_JUMP, 0, 0, -1);
}

static void unreachable(struct bench *t)
{
    function(t, 0, 1);
    give(t);
    put(t, OP_UNREACHABLE, 0, 0, 0);
}

/* reached by a backward branch only */
static void unreachable_before(struct bench *t)
{
    function(t, 1, 1);
    branch(t, OP_JUMP, 0, 0, 1);
    put(t, OP_RETURN, 0, 0, 0);
    branch(t, OP_JUMP, 0, 0, -3);
}

static void uninitialised(struct bench *t)
{
    function(t, 0, 1);
    put(t, OP_RETURN, 0, 0, 0);
}

static void uninitialised_join(struct bench *t)
{
    function(t, 1, 2);
    branch(t, OP_JUMP_FALSE, 0, 0, 1);
    number(t, 1, 0);
    put(t, OP_RETURN, 1, 0, 0);
}

static void uninitialised_list(struct bench *t)
{
    function(t, 0, 2);
    number(t, 0, 0);
    put(t, OP_RETURN_VALUES, 0, 0, 2);
    word(t, UINT64_C(1) << 16);
}

/* the value of a raise is there at the handler only */
static void uninitialised_handler(struct bench *t)
{
    function(t, 0, 1);
    branch(t, OP_PUSH_HANDLER, 0, 0, 2);
    put(t, OP_POP_HANDLER, 0, 0, 0);
    put(t, OP_RETURN, 0, 0, 0);
    put(t, OP_RETURN, 0, 0, 0);
}

/* several values never pass through the call's own slot */
static void uninitialised_received(struct bench *t)
{
    function(t, 0, 2);
    put(t, OP_CALL, 0, 0, 0);
    put(t, OP_RECEIVE, 0, 0, 1);
    word(t, 1);
    put(t, OP_RETURN, 0, 0, 0);
}

static void back_edge(struct bench *t)
{
    function(t, 1, 2);
    branch(t, OP_JUMP_FALSE, 0, 0, 3);
    number(t, 1, 0);
    put(t, OP_NOP, 0, 0, 0);
    put(t, OP_RETURN, 1, 0, 0);
    branch(t, OP_JUMP, 0, 0, -4);
}

static void handler_pop(struct bench *t)
{
    function(t, 0, 1);
    put(t, OP_POP_HANDLER, 0, 0, 0);
    give(t);
}

static void handler_join(struct bench *t)
{
    function(t, 1, 1);
    branch(t, OP_JUMP_FALSE, 0, 0, 1);
    put(t, OP_PUSH_PROCEDURE, 0, 0, 0);
    put(t, OP_RAISE, 0, 0, 0);
}

static void handler_loop(struct bench *t)
{
    function(t, 1, 1);
    put(t, OP_PUSH_PROCEDURE, 0, 0, 0);
    branch(t, OP_JUMP, 0, 0, -3);
}

static void handler_open(struct bench *t)
{
    function(t, 1, 1);
    put(t, OP_PUSH_PROCEDURE, 0, 0, 0);
    put(t, OP_RETURN, 0, 0, 0);
}

static void handler_open_tail(struct bench *t)
{
    function(t, 0, 1);
    number(t, 0, 0);
    branch(t, OP_PUSH_HANDLER, 0, 0, 1);
    put(t, OP_TAIL_CALL, 0, 0, 0);
    put(t, OP_RETURN, 0, 0, 0);
}

static void captured_outside(struct bench *t)
{
    function(t, 0, 1);
    t->f->captured = 2;
    put(t, OP_CAPTURED, 0, 2, 0);
    put(t, OP_RETURN, 0, 0, 0);
}

static void captured_patch(struct bench *t)
{
    function(t, 0, 1);
    number(t, 0, 0);
    put(t, OP_CLOSURE, 0, 1, 1);
    word(t, 0);
    put(t, OP_CLOSURE_PATCH, 0, 0, 1);
    put(t, OP_RETURN, 0, 0, 0);
    function(t, 0, 1);
    t->f->captured = 1;
    give(t);
}

static void captured_patch_stranger(struct bench *t)
{
    function(t, 1, 1);
    put(t, OP_CLOSURE_PATCH, 0, 0, 0);
    put(t, OP_RETURN, 0, 0, 0);
}

static void receive_after_move(struct bench *t)
{
    function(t, 1, 1);
    put(t, OP_MOVE, 0, 0, 0);
    put(t, OP_RECEIVE, 0, 0, 0);
    give(t);
}

static void receive_other_slot(struct bench *t)
{
    function(t, 1, 2);
    put(t, OP_CALL_VALUE, 1, 0, 0);
    put(t, OP_RECEIVE, 0, 0, 0);
    give(t);
}

static void receive_at_label(struct bench *t)
{
    function(t, 1, 1);
    branch(t, OP_JUMP_FALSE, 0, 0, 1);
    put(t, OP_CALL_VALUE, 0, 0, 0);
    put(t, OP_RECEIVE, 0, 0, 0);
    give(t);
}

/* Begin a body: operands label, function of 2, local, then `takes` tagged values. */
static void body(struct bench *t, unsigned takes, unsigned slots)
{
    function(t, takes, slots);
    t->f->flags = FUNCTION_BODY;
    t->f->shape = &t->shape;
    t->shape.operand_count = 3;
    t->shape.operands[0].kind = WIRE_LABEL;
    t->shape.operands[1] = (struct wire_operand){.kind = WIRE_FUNCTION, .arity = 2};
    t->shape.operands[2].kind = WIRE_LOCAL;
    t->shape.take_count = (uint8_t)takes;
}

static void exit_outside(struct bench *t)
{
    function(t, 1, 1);
    put(t, OP_EXIT_RETURN, 0, 0, 0);
}

static void exit_wrong_operand(struct bench *t)
{
    body(t, 0, 1);
    put(t, OP_EXIT_GOTO, 1, 0, 0);
}

static void exit_no_operand(struct bench *t)
{
    body(t, 0, 1);
    put(t, OP_WIRE_LOCAL_REF, 0, 3, 0);
    put(t, OP_EXIT_NEXT, 0, 0, 0);
}

static void exit_arity(struct bench *t)
{
    body(t, 1, 1);
    put(t, OP_EXIT_CALL, 1, 0, 1);
    word(t, 0);
}

static void exit_then(struct bench *t)
{
    body(t, 1, 1);
    put(t, OP_EXIT_CALL, 1, (2 + 2) << 8, 2);
    word(t, 0);
}

static void exit_items(struct bench *t)
{
    body(t, 0, 1);
    put(t, OP_ITEM_COUNT, 0, 0, 0);
    put(t, OP_EXIT_NEXT, 0, 0, 0);
}

static void return_in_body(struct bench *t)
{
    body(t, 1, 1);
    put(t, OP_RETURN, 0, 0, 0);
}

static void tail_call_in_body(struct bench *t)
{
    function(t, 0, 1);
    give(t);
    body(t, 1, 1);
    put(t, OP_TAIL_CALL, 0, 0, 0);
}

static void shape_takes(struct bench *t)
{
    body(t, 1, 1);
    t->shape.take_class[0] = CLASS_U8; /* it would come raw, the slot is tagged */
    put(t, OP_EXIT_NEXT, 0, 0, 0);
}

static void shape_missing(struct bench *t)
{
    body(t, 0, 1);
    t->f->shape = NULL;
    put(t, OP_UNREACHABLE, 0, 0, 0);
}

static void shape_captures(struct bench *t)
{
    body(t, 0, 1);
    t->f->captured = 1;
    put(t, OP_EXIT_NEXT, 0, 0, 0);
}

static void shape_items(struct bench *t)
{
    body(t, 0, 1);
    t->shape.items = 1; /* operand 0 is a label, no count */
    put(t, OP_EXIT_NEXT, 0, 0, 0);
}

static void script_parameters(struct bench *t)
{
    t->unit.script_count = 1;
    function(t, 1, 1);
    give(t);
}

static void script_outside(struct bench *t)
{
    t->unit.script_count = 1;
    t->script = 5;
    function(t, 0, 1);
    give(t);
}

static void lines_unsorted(struct bench *t)
{
    function(t, 0, 1);
    give(t);
    t->lines[0].word = 1;
    t->f->lines = t->lines;
    t->f->line_count = 2;
}

static void lines_outside(struct bench *t)
{
    function(t, 0, 1);
    give(t);
    t->lines[0].word = 2;
    t->f->lines = t->lines;
    t->f->line_count = 1;
}

static void reserved_operand(struct bench *t)
{
    function(t, 0, 1);
    put(t, OP_NOP, 0, 1, 0);
    give(t);
}

static void reserved_costs(struct bench *t)
{
    function(t, 0, 1);
    put(t, OP_JUMP, 0, 0, 0);
    word(t, 3);
    give(t);
}

static void reserved_padding(struct bench *t)
{
    function(t, 1, 1);
    put(t, OP_RETURN_VALUES, 0, 0, 1);
    word(t, UINT64_C(1) << 48);
}

static void reserved_flag(struct bench *t)
{
    function(t, 0, 1);
    t->f->flags = FUNCTION_WIRE;
    give(t);
}

const struct sample samples[] = {
    {RULE_SIZE, size_links},
    {RULE_OPCODE, opcode_unknown},
    {RULE_OPCODE, opcode_internal},
    {RULE_TRUNCATED, truncated_literal},
    {RULE_FALL_OFF, fall_off},
    {RULE_FALL_OFF, fall_off_empty},
    {RULE_SLOT, slot_outside},
    {RULE_SLOT, slot_in_list},
    {RULE_SLOT, slot_parameters},
    {RULE_SLOT_TYPE, slot_type_mixed},
    {RULE_SLOT_TYPE, slot_type_narrower},
    {RULE_SLOT_TYPE, slot_type_signedness},
    {RULE_SLOT_TYPE, slot_type_result},
    {RULE_SLOT_TYPE, slot_type_values},
    {RULE_SLOT_TYPE, slot_type_rest},
    {RULE_CONSTANT, constant_outside},
    {RULE_IMMEDIATE, immediate_exception},
    {RULE_IMMEDIATE, immediate_pointer},
    {RULE_IMMEDIATE, immediate_surrogate},
    {RULE_IMMEDIATE, immediate_too_big},
    {RULE_LITERAL, literal_too_big},
    {RULE_FUNCTION, function_outside},
    {RULE_FUNCTION, function_with_closure},
    {RULE_FUNCTION, function_raw_closure},
    {RULE_FUNCTION, function_entries_differ},
    {RULE_LINK, link_outside},
    {RULE_PRIMITIVE, primitive_outside},
    {RULE_CLASS, class_unknown},
    {RULE_COUNT, count_call},
    {RULE_COUNT, count_primitive},
    {RULE_COUNT, count_closure},
    {RULE_COUNT, count_program},
    {RULE_SIGNATURE, signature_argument},
    {RULE_SIGNATURE, signature_result},
    {RULE_SIGNATURE, signature_tail_result},
    {RULE_SIGNATURE, signature_none},
    {RULE_SIGNATURE, signature_forged},
    {RULE_TARGET, target_outside},
    {RULE_TARGET, target_before},
    {RULE_TARGET, target_inside},
    {RULE_UNREACHABLE, unreachable},
    {RULE_UNREACHABLE, unreachable_before},
    {RULE_UNINITIALISED, uninitialised},
    {RULE_UNINITIALISED, uninitialised_join},
    {RULE_UNINITIALISED, uninitialised_list},
    {RULE_UNINITIALISED, uninitialised_handler},
    {RULE_UNINITIALISED, uninitialised_received},
    {RULE_BACK_EDGE, back_edge},
    {RULE_HANDLER, handler_pop},
    {RULE_HANDLER, handler_join},
    {RULE_HANDLER, handler_loop},
    {RULE_HANDLER_OPEN, handler_open},
    {RULE_HANDLER_OPEN, handler_open_tail},
    {RULE_CAPTURED, captured_outside},
    {RULE_CAPTURED, captured_patch},
    {RULE_CAPTURED, captured_patch_stranger},
    {RULE_RECEIVE, receive_after_move},
    {RULE_RECEIVE, receive_other_slot},
    {RULE_RECEIVE, receive_at_label},
    {RULE_EXIT, exit_outside},
    {RULE_EXIT, exit_wrong_operand},
    {RULE_EXIT, exit_no_operand},
    {RULE_EXIT, exit_arity},
    {RULE_EXIT, exit_then},
    {RULE_EXIT, exit_items},
    {RULE_RETURN_IN_BODY, return_in_body},
    {RULE_RETURN_IN_BODY, tail_call_in_body},
    {RULE_SHAPE, shape_takes},
    {RULE_SHAPE, shape_missing},
    {RULE_SHAPE, shape_captures},
    {RULE_SHAPE, shape_items},
    {RULE_SCRIPT, script_parameters},
    {RULE_SCRIPT, script_outside},
    {RULE_LINES, lines_unsorted},
    {RULE_LINES, lines_outside},
    {RULE_RESERVED, reserved_operand},
    {RULE_RESERVED, reserved_costs},
    {RULE_RESERVED, reserved_padding},
    {RULE_RESERVED, reserved_flag},
};
const size_t sample_count = sizeof samples / sizeof *samples;
