/* SPDX-License-Identifier: Apache-2.0 */
/*
 * intrinsic.c - calls of core names that are instructions. A call with another number
 * of arguments than the row allows is a plain call. Raw arithmetic is in raw.c.
 */
#include <assert.h>
#include <string.h>

#include "compile.h"

/* ---- plain: operands in slots, one instruction, a tagged result ------------------------ */

static void emit_result(struct emitter *e, struct ast_node *n, enum opcode op, unsigned b, unsigned c,
                        unsigned type, struct destination to)
{
    unsigned slot = target_slot(e, to, type);
    emit_at(e, n->position);
    emit_op(e, op, slot, b, c);
    deliver(e, slot, to);
}

static void emit_plain(struct emitter *e, struct ast_node *n, const struct intrinsic *i,
                       struct destination to)
{
    unsigned mark = slot_mark(e), slots[3] = {0};
    emit_operands(e, n->call.arguments, n->call.count, slots);
    emit_result(e, n, (enum opcode)i->op, slots[0], slots[1], SLOT_ANY, to);
    slot_release(e, mark);
}

/* Two of them one after the other: cadr and friends; the first is op, then extra. */
static void emit_twice(struct emitter *e, struct ast_node *n, const struct intrinsic *i,
                       struct destination to)
{
    unsigned mark = slot_mark(e), part = slot_take(e, SLOT_ANY);
    unsigned slot = emit_operand(e, n->call.arguments[0], SLOT_ANY);
    emit_at(e, n->position);
    emit_op(e, (enum opcode)i->op, part, slot, 0);
    emit_result(e, n, (enum opcode)i->extra, part, 0, SLOT_ANY, to);
    slot_release(e, mark);
}

/* Stores: a b c are the operands, no result. */
static void emit_store(struct emitter *e, struct ast_node *n, const struct intrinsic *i,
                       struct destination to)
{
    unsigned mark = slot_mark(e), slots[3] = {0};
    emit_operands(e, n->call.arguments, n->call.count, slots);
    emit_at(e, n->position);
    emit_op(e, (enum opcode)i->op, slots[0], slots[1], slots[2]);
    slot_release(e, mark);
    deliver_constant(e, VALUE_UNSPECIFIED, to, n->position);
}

static void emit_length(struct emitter *e, struct ast_node *n, const struct intrinsic *i,
                        struct destination to)
{
    unsigned mark = slot_mark(e), slot = emit_operand(e, n->call.arguments[0], SLOT_ANY);
    if (i->op == OP_BYTES_LENGTH && packet_taken_back(e, n->call.arguments[0], slot))
        emit_result(e, n, OP_PACKET_LENGTH, 0, 0, i->type, to);
    else emit_result(e, n, (enum opcode)i->op, slot, 0, i->type, to);
    slot_release(e, mark);
}

static void emit_array_word(struct emitter *e, struct ast_node *n, const struct intrinsic *i,
                            struct destination to)
{
    unsigned mark = slot_mark(e), array = emit_operand(e, n->call.arguments[0], SLOT_ANY);
    unsigned index = emit_operand(e, n->call.arguments[1], SLOT_U32);
    emit_result(e, n, (enum opcode)i->op, array, index, i->type, to);
    slot_release(e, mark);
}

/* ---- packets, the node, tables: raw words where there are some ---------------------------- */

static void emit_no_operand(struct emitter *e, struct ast_node *n, const struct intrinsic *i,
                            struct destination to)
{
    unsigned mark = slot_mark(e);
    emit_result(e, n, (enum opcode)i->op, 0, 0, i->type, to);
    slot_release(e, mark);
}

/* No operands, no result of use. */
static void emit_seal(struct emitter *e, struct ast_node *n, const struct intrinsic *i, struct destination to)
{
    unsigned mark = slot_mark(e), slot = slot_take(e, SLOT_ANY);
    emit_at(e, n->position);
    emit_op(e, (enum opcode)i->op, slot, 0, 0);
    slot_release(e, mark);
    deliver_constant(e, VALUE_UNSPECIFIED, to, n->position);
}

static void emit_hop(struct emitter *e, struct ast_node *n, const struct intrinsic *i, struct destination to)
{
    unsigned mark = slot_mark(e), device = emit_operand(e, n->call.arguments[0], SLOT_U16);
    unsigned address = emit_operand(e, n->call.arguments[1], SLOT_U32);
    emit_result(e, n, (enum opcode)i->op, device, address, i->type, to);
    slot_release(e, mark);
}

/* The last argument arises as a raw word of the intrinsic's operand type, or of one within it. */
static bool has_raw_word(struct emitter *e, const struct ast_node *n, const struct intrinsic *i)
{
    unsigned type = type_of(e->c, n->call.arguments[n->call.count - 1]);
    return type != TYPE_NONE && type != SLOT_ANY && type_holds(i->operand, type);
}

static void emit_word_query(struct emitter *e, struct ast_node *n, const struct intrinsic *i,
                            struct destination to)
{
    if (!has_raw_word(e, n, i)) {
        emit_primitive(e, n->call.operator->global.denotation->primitive, n, to);
        return;
    }
    unsigned mark = slot_mark(e), slots[2] = {0, 0}, last = n->call.count - 1;
    if (last) slots[0] = emit_operand(e, n->call.arguments[0], SLOT_ANY);
    slots[last] = emit_operand(e, n->call.arguments[last], i->operand);
    emit_result(e, n, (enum opcode)i->op, slots[0], slots[1], SLOT_ANY, to);
    slot_release(e, mark);
}

/* ---- tagged arithmetic --------------------------------------------------------------------- */

/* A fixnum constant that an immediate operand holds. Its sign says whether + or - was called. */
static bool small_constant(const struct ast_node *n, bool negate, unsigned *imm)
{
    const struct ast_node *k = constant_behind(n);
    if (!k || !is_fixnum(k->constant.value)) return false;
    int64_t value = fixnum_value(k->constant.value);
    if (value < negate || value > INT16_MAX) return false;
    *imm = (unsigned)(negate ? -value : value) & 0xffff;
    return true;
}

/* slot op argument -> target */
static void emit_step(struct emitter *e, const struct intrinsic *i, unsigned target, unsigned slot,
                      struct ast_node *argument, uint64_t position)
{
    unsigned imm, mark = slot_mark(e);
    if (i->op != OP_MUL && small_constant(argument, i->op == OP_SUB, &imm)) {
        emit_at(e, position);
        emit_op(e, OP_ADD_IMM, target, slot, imm);
        return;
    }
    unsigned right = emit_operand(e, argument, SLOT_ANY);
    emit_at(e, position);
    emit_op(e, (enum opcode)i->op, target, slot, right);
    slot_release(e, mark);
}

static void emit_fold(struct emitter *e, struct ast_node *n, const struct intrinsic *i, struct destination to)
{
    unsigned mark = slot_mark(e), target = target_slot(e, to, SLOT_ANY), count = n->call.count, imm;
    struct ast_node **arguments = n->call.arguments;
    unsigned first = i->op != OP_SUB && count == 2 && small_constant(arguments[0], false, &imm) ? 1 : 0;
    unsigned slot = emit_operand(e, arguments[first], SLOT_ANY);
    if (count == 2) {
        emit_step(e, i, target, slot, arguments[1 - first], n->position);
    } else {
        unsigned sum = slot_take(e, SLOT_ANY);
        for (unsigned k = 1; k < count; k++) {
            emit_step(e, i, k + 1 == count ? target : sum, slot, arguments[k], n->position);
            slot = sum;
        }
    }
    deliver(e, target, to);
    slot_release(e, mark);
}

/* ---- tests ------------------------------------------------------------------------------------ */

/* op: value; extra: jump if true; its inverse is the next opcode. */
static void emit_tagged_test(struct emitter *e, struct ast_node *n, const struct intrinsic *i, unsigned a,
                             unsigned b, struct destination to)
{
    emit_at(e, n->position);
    if (to.kind == TO_BRANCH) deliver_test(e, (enum opcode)i->extra, (enum opcode)(i->extra + 1), a, b, to);
    else emit_result(e, n, (enum opcode)i->op, a, b, SLOT_ANY, to);
}

static void emit_comparison(struct emitter *e, struct ast_node *n, const struct intrinsic *i,
                            struct destination to)
{
    if (emit_raw_comparison(e, n, i, to)) return;
    unsigned mark = slot_mark(e), slots[2];
    emit_operands(e, n->call.arguments, 2, slots);
    bool swap = i->operand;
    emit_tagged_test(e, n, i, slots[swap], slots[!swap], to);
    slot_release(e, mark);
}

/* (zero? x), (positive? x), (negative? x): a comparison with 0; operand: 0 stands first. */
static void emit_sign_test(struct emitter *e, struct ast_node *n, const struct intrinsic *i,
                           struct destination to)
{
    struct ast_node *zero = compile_allocate(e->c, sizeof *zero);
    struct ast_node **pair = compile_allocate(e->c, 2 * sizeof *pair);
    if (!zero || !pair) return;
    *zero =
        (struct ast_node){.kind = AST_CONSTANT, .position = n->position, .constant.value = make_fixnum(0)};
    pair[0] = n->call.arguments[0];
    pair[1] = zero;
    struct ast_node comparison = *n;
    comparison.note = NULL;
    comparison.call.arguments = pair;
    comparison.call.count = 2;
    emit_comparison(e, &comparison, i, to);
}

static bool is_atom(const struct ast_node *n)
{
    const struct ast_node *k = constant_behind(n);
    return k && !is_pair(k->constant.value) &&
           (!is_object(k->constant.value) || is_symbol(k->constant.value));
}

static void emit_eq(struct emitter *e, struct ast_node *n, const struct intrinsic *i, struct destination to)
{
    unsigned mark = slot_mark(e), slots[2];
    emit_operands(e, n->call.arguments, 2, slots);
    emit_tagged_test(e, n, i, slots[0], slots[1], to);
    slot_release(e, mark);
}

/* eqv? and equal? beside an atom that is no number with a fraction. */
static void emit_eqv(struct emitter *e, struct ast_node *n, const struct intrinsic *i, struct destination to)
{
    if (is_atom(n->call.arguments[0]) || is_atom(n->call.arguments[1])) emit_eq(e, n, i, to);
    else emit_primitive(e, n->call.operator->global.denotation->primitive, n, to);
}

static void emit_not(struct emitter *e, struct ast_node *n, const struct intrinsic *i, struct destination to)
{
    if (to.kind == TO_BRANCH) {
        emit(e, n->call.arguments[0], to_branch(to.no, to.yes, to.fall));
        return;
    }
    emit_plain(e, n, i, to);
}

static void emit_class(struct emitter *e, struct ast_node *n, const struct intrinsic *i,
                       struct destination to)
{
    unsigned mark = slot_mark(e), slot = emit_operand(e, n->call.arguments[0], SLOT_ANY);
    emit_at(e, n->position);
    if (to.kind == TO_BRANCH) deliver_test(e, OP_JUMP_IS, OP_JUMP_IS_NOT, i->extra, slot, to);
    else emit_result(e, n, OP_IS, slot, i->extra, SLOT_ANY, to);
    slot_release(e, mark);
}

/* ---- records ------------------------------------------------------------------------------------- */

static bool record_index(struct emitter *e, struct ast_node *n, unsigned *index)
{
    const struct ast_node *k = constant_behind(n->call.arguments[2]);
    if (k && is_fixnum(k->constant.value) && k->constant.value <= make_fixnum(UINT16_MAX)) {
        *index = (unsigned)fixnum_value(k->constant.value);
        return true;
    }
    compile_error(e->c, ERROR_SYNTAX, n->position, "the field's index must be a constant");
    return false;
}

static void emit_record(struct emitter *e, struct ast_node *n, const struct intrinsic *i,
                        struct destination to)
{
    unsigned mark = slot_mark(e), index;
    bool set = i->op == OP_RECORD_SET;
    if (!record_index(e, n, &index)) return;
    unsigned record = emit_operand(e, n->call.arguments[0], SLOT_ANY);
    unsigned type = emit_operand(e, n->call.arguments[1], SLOT_ANY);
    unsigned slot = set ? emit_operand(e, n->call.arguments[3], SLOT_ANY) : target_slot(e, to, SLOT_ANY);
    emit_at(e, n->position);
    emit_op(e, OP_CHECK_RECORD, 0, record, type);
    if (set) emit_op(e, OP_RECORD_SET, record, slot, index);
    else emit_op(e, OP_RECORD_REF, slot, record, index);
    if (!set) deliver(e, slot, to);
    slot_release(e, mark);
    if (set) deliver_constant(e, VALUE_UNSPECIFIED, to, n->position);
}

/* ---- several values ------------------------------------------------------------------------------- */

static void emit_rest_list(struct emitter *e, struct ast_node **nodes, unsigned n, unsigned slot)
{
    unsigned mark = slot_mark(e), *slots = compile_allocate(e->c, (n + 1) * sizeof *slots);
    if (!slots) return;
    emit_operands(e, nodes, n, slots);
    unsigned list = slot_take(e, SLOT_ANY);
    emit_imm32(e, OP_IMMEDIATE, list, (int32_t)VALUE_NULL);
    while (n-- > 0) emit_op(e, OP_CONS, list, slots[n], list);
    emit_op(e, OP_MOVE, slot, list, 0);
    slot_release(e, mark);
}

static void emit_effects(struct emitter *e, struct ast_node **nodes, unsigned n)
{
    for (unsigned i = 0; i < n; i++) emit(e, nodes[i], to_effect());
}

static void emit_values_received(struct emitter *e, struct ast_node *n, struct destination to)
{
    unsigned count = n->call.count;
    if (to.rest ? count < to.count : count != to.count) {
        emit_effects(e, n->call.arguments, count);
        emit_at(e, n->position);
        emit_unreachable(e);
        return;
    }
    for (unsigned i = 0; i < to.count; i++) emit(e, n->call.arguments[i], to_slot(to.slots[i]));
    if (to.rest) emit_rest_list(e, n->call.arguments + to.count, count - to.count, to.slots[to.count]);
}

static void emit_values_returned(struct emitter *e, struct ast_node *n)
{
    unsigned mark = slot_mark(e), *slots = compile_allocate(e->c, (n->call.count + 1) * sizeof *slots);
    if (!slots) return;
    emit_operands(e, n->call.arguments, n->call.count, slots);
    emit_at(e, n->position);
    emit_list(e, OP_RETURN_VALUES, 0, 0, slots, n->call.count);
    e->returns = true;
    slot_release(e, mark);
}

static void emit_values(struct emitter *e, struct ast_node *n, const struct intrinsic *i,
                        struct destination to)
{
    if (n->call.count > CALL_ARGUMENTS_MAX) {
        compile_error(e->c, ERROR_SYNTAX, n->position, "too many values");
    } else if (to.kind == TO_VALUES) {
        emit_values_received(e, n, to);
    } else if (n->call.count == 1) {
        emit(e, n->call.arguments[0], to);
    } else if (to.kind == TO_RETURN && !e->body && e->result == SLOT_ANY) {
        emit_values_returned(e, n);
    } else {
        emit_effects(e, n->call.arguments, n->call.count);
        emit_at(e, n->position);
        if (to.kind != TO_EFFECT) emit_unreachable(e);
    }
}

static void emit_return_list(struct emitter *e, struct ast_node *n, const struct intrinsic *i,
                             struct destination to)
{
    unsigned mark = slot_mark(e), slot = emit_operand(e, n->call.arguments[0], SLOT_ANY);
    emit_at(e, n->position);
    if (to.kind == TO_RETURN && !e->body && e->result == SLOT_ANY) {
        emit_op(e, OP_RETURN_LIST, slot, 0, 0);
        e->returns = true;
    } else {
        compile_error(e->c, ERROR_SYNTAX, n->position, "%s: only in tail position of a function", i->name);
    }
    slot_release(e, mark);
}

/* ---- calls by instruction ------------------------------------------------------------------------------ */

/* One result, or several where they are wanted. */
static void emit_called(struct emitter *e, struct ast_node *n, enum opcode op, unsigned b, unsigned c,
                        struct destination to)
{
    if (to.kind != TO_VALUES) {
        emit_result(e, n, op, b, c, SLOT_ANY, to);
        return;
    }
    unsigned slot = slot_take(e, SLOT_ANY);
    emit_at(e, n->position);
    emit_op(e, op, slot, b, c);
    emit_list(e, to.rest ? OP_RECEIVE_REST : OP_RECEIVE, slot, 0, to.slots, to.count + to.rest);
}

static void emit_apply(struct emitter *e, struct ast_node *n, const struct intrinsic *i,
                       struct destination to)
{
    unsigned mark = slot_mark(e), slots[2];
    emit_operands(e, n->call.arguments, 2, slots);
    emit_at(e, n->position);
    if (i->extra && to.kind == TO_RETURN && !e->body && e->result == SLOT_ANY) {
        emit_op(e, (enum opcode)i->extra, 0, slots[0], slots[1]);
        e->returns = true;
    } else {
        emit_called(e, n, (enum opcode)i->op, slots[0], slots[1], to);
    }
    slot_release(e, mark);
}

static void emit_call_escape(struct emitter *e, struct ast_node *n, const struct intrinsic *i,
                             struct destination to)
{
    unsigned mark = slot_mark(e), slot = emit_operand(e, n->call.arguments[0], SLOT_ANY);
    emit_called(e, n, (enum opcode)i->op, slot, 0, to);
    slot_release(e, mark);
}

static void emit_call_member(struct emitter *e, struct ast_node *n, const struct intrinsic *i,
                             struct destination to)
{
    unsigned mark = slot_mark(e), count = n->call.count;
    unsigned *slots = compile_allocate(e->c, (count + 1) * sizeof *slots);
    if (!slots || count > CALL_ARGUMENTS_MAX) return;
    emit_operands(e, n->call.arguments, count, slots);
    unsigned slot = target_slot(e, to, SLOT_ANY);
    emit_at(e, n->position);
    emit_list(e, (enum opcode)i->op, slot, slots[0], slots + 1, count - 1);
    if (to.kind == TO_VALUES)
        emit_list(e, to.rest ? OP_RECEIVE_REST : OP_RECEIVE, slot, 0, to.slots, to.count + to.rest);
    else deliver(e, slot, to);
    slot_release(e, mark);
}

/* push-procedure and pop-handler: no result */
static void emit_handler(struct emitter *e, struct ast_node *n, const struct intrinsic *i,
                         struct destination to)
{
    unsigned mark = slot_mark(e), slot = 0;
    if (n->call.count) slot = emit_operand(e, n->call.arguments[0], SLOT_ANY);
    emit_at(e, n->position);
    emit_op(e, (enum opcode)i->op, slot, 0, 0);
    slot_release(e, mark);
    deliver_constant(e, VALUE_UNSPECIFIED, to, n->position);
}

static void emit_raise(struct emitter *e, struct ast_node *n, const struct intrinsic *i,
                       struct destination to)
{
    unsigned mark = slot_mark(e), slot = emit_operand(e, n->call.arguments[0], SLOT_ANY);
    emit_at(e, n->position);
    emit_op(e, OP_RAISE, slot, 0, 0);
    slot_release(e, mark);
}

/* ---- the table, sorted by name --------------------------------------------------------------------------
 */

#define ROW(name, fn, least, most, ...)                                                                      \
    {                                                                                                        \
        name, fn, least, most, __VA_ARGS__                                                                   \
    }
#define CLASS(name, class)                                                                                   \
    {                                                                                                        \
        name, emit_class, 1, 1, .extra = class, .test = true                                                 \
    }
#define OP(name, op, n)                                                                                      \
    {                                                                                                        \
        name, emit_plain, n, n, op                                                                           \
    }

static const struct intrinsic intrinsics[] = {
    ROW("%apply", emit_apply, 2, 2, OP_APPLY, OP_TAIL_APPLY, .calls = true),
    ROW("%apply-member", emit_apply, 2, 2, OP_APPLY_MEMBER, .calls = true),
    ROW("%call-escape", emit_call_escape, 1, 1, OP_CALL_ESCAPE, .calls = true),
    ROW("%call-member", emit_call_member, 1, -1, OP_CALL_MEMBER, .calls = true),
    ROW("%pop-handler", emit_handler, 0, 0, OP_POP_HANDLER),
    ROW("%push-procedure-handler", emit_handler, 1, 1, OP_PUSH_PROCEDURE),
    ROW("%raise", emit_raise, 1, 1, OP_RAISE, 0, TYPE_NONE),
    OP("%raise-continuable", OP_RAISE_CONTINUABLE, 1),
    ROW("%record-ref", emit_record, 3, 3, OP_RECORD_REF),
    ROW("%record-set!", emit_record, 4, 4, OP_RECORD_SET),
    ROW("%return-list", emit_return_list, 1, 1, OP_RETURN_LIST),
    ROW("%seal", emit_seal, 0, 0, OP_SEAL),
    ROW("*", emit_fold, 2, -1, OP_MUL),
    ROW("+", emit_fold, 2, -1, OP_ADD),
    ROW("-", emit_fold, 2, -1, OP_SUB),
    ROW("<", emit_comparison, 2, 2, OP_NUM_LT, OP_JUMP_NUM_LT, .test = true),
    ROW("<=", emit_comparison, 2, 2, OP_NUM_LE, OP_JUMP_NUM_LE, .test = true),
    ROW("=", emit_comparison, 2, 2, OP_NUM_EQ, OP_JUMP_NUM_EQ, .test = true),
    ROW(">", emit_comparison, 2, 2, OP_NUM_LT, OP_JUMP_NUM_LT, 0, 1, .test = true),
    ROW(">=", emit_comparison, 2, 2, OP_NUM_LE, OP_JUMP_NUM_LE, 0, 1, .test = true),
    ROW("array-word", emit_array_word, 2, 2, OP_ARRAY_WORD, 0, SLOT_U64),
    CLASS("boolean?", CLASS_BOOLEAN),
    ROW("bytes-length", emit_length, 1, 1, OP_BYTES_LENGTH, 0, SLOT_U32),
    CLASS("bytevector?", CLASS_BYTEVECTOR),
    ROW("cadr", emit_twice, 1, 1, OP_CDR, OP_CAR),
    OP("car", OP_CAR, 1),
    ROW("cddr", emit_twice, 1, 1, OP_CDR, OP_CDR),
    OP("cdr", OP_CDR, 1),
    CLASS("char?", CLASS_CHAR),
    OP("cons", OP_CONS, 2),
    CLASS("eof-object?", CLASS_EOF),
    ROW("eq?", emit_eq, 2, 2, OP_EQ, OP_JUMP_EQ, .test = true),
    ROW("equal?", emit_eqv, 2, 2, OP_EQ, OP_JUMP_EQ, .test = true),
    ROW("eqv?", emit_eqv, 2, 2, OP_EQ, OP_JUMP_EQ, .test = true),
    ROW("hop", emit_hop, 2, 2, OP_HOP, 0, SLOT_U64),
    CLASS("integer?", CLASS_INTEGER),
    ROW("local-address?", emit_word_query, 1, 1, OP_LOCAL_ADDRESS, .operand = SLOT_U32, .test = true),
    OP("modulo", OP_MODULO, 2),
    ROW("negative?", emit_sign_test, 1, 1, OP_NUM_LT, OP_JUMP_NUM_LT, .test = true),
    ROW("node-address", emit_no_operand, 0, 0, OP_NODE_ADDRESS, 0, SLOT_U32),
    ROW("not", emit_not, 1, 1, OP_NOT, .test = true),
    CLASS("null?", CLASS_NULL),
    CLASS("number?", CLASS_NUMBER),
    ROW("packet-ingress", emit_length, 1, 1, OP_PACKET_INGRESS, 0, SLOT_U16),
    ROW("packet-length", emit_length, 1, 1, OP_BYTES_LENGTH, 0, SLOT_U32),
    CLASS("packet?", CLASS_PACKET),
    CLASS("pair?", CLASS_PAIR),
    ROW("positive?", emit_sign_test, 1, 1, OP_NUM_LT, OP_JUMP_NUM_LT, 0, 1, .test = true),
    CLASS("procedure?", CLASS_PROCEDURE),
    OP("quotient", OP_QUOTIENT, 2),
    ROW("raise", emit_raise, 1, 1, OP_RAISE, 0, TYPE_NONE),
    OP("raise-continuable", OP_RAISE_CONTINUABLE, 1),
    OP("remainder", OP_REMAINDER, 2),
    ROW("set-car!", emit_store, 2, 2, OP_SET_CAR),
    ROW("set-cdr!", emit_store, 2, 2, OP_SET_CDR),
    ROW("slice-length", emit_length, 1, 1, OP_BYTES_LENGTH, 0, SLOT_U32),
    CLASS("slice?", CLASS_SLICE),
    CLASS("string?", CLASS_STRING),
    CLASS("symbol?", CLASS_SYMBOL),
    ROW("table-ref", emit_word_query, 2, 2, OP_TABLE_WORD, .operand = SLOT_U64),
    ROW("values", emit_values, 0, -1, OP_RETURN_VALUES, .calls = true),
    OP("vector-length", OP_VECTOR_LENGTH, 1),
    OP("vector-ref", OP_VECTOR_REF, 2),
    ROW("vector-set!", emit_store, 3, 3, OP_VECTOR_SET),
    CLASS("vector?", CLASS_VECTOR),
    ROW("zero?", emit_sign_test, 1, 1, OP_NUM_EQ, OP_JUMP_NUM_EQ, .test = true),
};

static const struct intrinsic *intrinsic_named(const char *name)
{
    size_t low = 0, high = sizeof intrinsics / sizeof *intrinsics;
    while (low < high) {
        size_t middle = (low + high) / 2;
        int order = strcmp(name, intrinsics[middle].name);
        if (order == 0) return &intrinsics[middle];
        if (order < 0) high = middle;
        else low = middle + 1;
    }
    return NULL;
}

bool is_intrinsic(const char *name)
{
    struct intrinsic room;
    return intrinsic_named(name) || raw_intrinsic(name, &room);
}

const struct intrinsic *intrinsic_of(struct compiler *c, const struct ast_node *call, struct intrinsic *room)
{
    const char *name = core_name(c, call->call.operator);
    if (!name) return NULL;
    const struct intrinsic *i = intrinsic_named(name);
    if (!i && raw_intrinsic(name, room)) i = room;
    if (!i || call->call.count < (unsigned)i->least) return NULL;
    if (i->emit == emit_eqv && !call->call.operator->global.denotation->primitive) return NULL;
    return i->most < 0 || call->call.count <= (unsigned)i->most ? i : NULL;
}
