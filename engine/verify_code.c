/* SPDX-License-Identifier: Apache-2.0 */
/*
 * verify_code.c - the first walk: each instruction by itself, against its row.
 *
 * Slot types are fixed per function, so types need no knowledge of the way to an
 * instruction. Everything here is read off the row's format; what a format cannot
 * say is in verify_call.c.
 */
#include <errno.h>
#include <string.h>

#include "verify.h"

/* ---- slots and their types ---------------------------------------------------------- */

/* Every value of the raw type `from` is one of the raw type `to`. */
static bool widens(enum slot_type from, enum slot_type to)
{
    if (!slot_is_raw(from) || !slot_is_raw(to)) return false;
    if (slot_is_signed(from) == slot_is_signed(to)) return slot_bits(from) <= slot_bits(to);
    return slot_is_signed(to) && slot_bits(from) < slot_bits(to);
}

/* The operand of type RAW that an operand of type RAW2 is compared with. */
static enum slot_type raw_partner(const struct verifier *v, const struct vvm_instruction *row, uint64_t w)
{
    return slot_type_of(v->f, row->a.type == SLOT_RAW ? word_a(w) : word_b(w));
}

/* SLOT_WORD: of a call that names nothing, which is another rule's business. */
static enum slot_type result_type(const struct verifier *v, const struct vvm_instruction *row, uint64_t w)
{
    struct signature callee;
    if (row->a.kind != OPERAND_DST) return v->f->result;
    return callee_of(v, w, &callee) ? callee.result : SLOT_WORD;
}

static bool type_fits(const struct verifier *v, const struct vvm_instruction *row, uint64_t w,
                      enum slot_type wanted, enum slot_type actual)
{
    enum slot_type a = slot_type_of(v->f, word_a(w));
    switch (wanted) {
    case SLOT_RAW: return slot_is_raw(actual);
    case SLOT_RAW2:
        return slot_is_raw(actual) && slot_is_signed(actual) == slot_is_signed(raw_partner(v, row, w));
    case SLOT_WORD: return true;
    case SLOT_SAME: return actual == a || (row->a.type == SLOT_WORD && widens(actual, a));
    case SLOT_RESULT: return result_type(v, row, w) == SLOT_WORD || actual == result_type(v, row, w);
    default: return actual == wanted;
    }
}

static int check_slot(struct verifier *v, uint32_t at, struct operand_format o, unsigned slot)
{
    uint64_t w = v->code[at];
    const struct vvm_instruction *row = row_of(w);
    if (slot >= v->f->slots)
        return refuse(v, RULE_SLOT, at, "%s: slot %u of %u", row->name, slot, v->f->slots);
    enum slot_type actual = slot_type_of(v->f, slot);
    if (type_fits(v, row, w, o.type, actual)) return 0;
    bool callee = o.type == SLOT_RESULT && row->a.kind == OPERAND_DST;
    enum slot_type wanted = (enum slot_type)o.type;
    if (o.type == SLOT_RESULT) wanted = result_type(v, row, w);
    if (o.type == SLOT_SAME) wanted = slot_type_of(v->f, word_a(w));
    return refuse(v, callee ? RULE_SIGNATURE : RULE_SLOT_TYPE, at, "%s: slot %u has type %s, not %s",
                  row->name, slot, slot_type_name(actual), slot_type_name(wanted));
}

/* ---- operands ----------------------------------------------------------------------- */

static int check_number(struct verifier *v, uint32_t at, enum verify_rule rule, unsigned number,
                        unsigned limit, const char *what)
{
    if (number < limit) return 0;
    return refuse(v, rule, at, "%s: %s %u of %u", row_of(v->code[at])->name, what, number, limit);
}

static int check_operand(struct verifier *v, uint32_t at, struct operand_format o, unsigned field)
{
    const struct vvm_unit *u = v->unit;
    switch ((enum operand_kind)o.kind) {
    case OPERAND_NONE:
        if (!field) return 0;
        return refuse(v, RULE_RESERVED, at, "%s: an unused operand is %u", row_of(v->code[at])->name, field);
    case OPERAND_DST:
    case OPERAND_SRC: return check_slot(v, at, o, field);
    case OPERAND_CONST: return check_number(v, at, RULE_CONSTANT, field, u->constant_count, "constant");
    case OPERAND_FN: return check_number(v, at, RULE_FUNCTION, field, u->function_count, "function");
    case OPERAND_LINK: return check_number(v, at, RULE_LINK, field, u->link_count, "link");
    case OPERAND_PRIM: return check_number(v, at, RULE_PRIMITIVE, field, u->primitive_count, "primitive");
    case OPERAND_TYPE: return check_number(v, at, RULE_CLASS, field, CLASS_LIMIT, "class");
    case OPERAND_OPER: /* verify_call.c */
    case OPERAND_IMM:
    case OPERAND_IMM32:
    case OPERAND_TARGET: /* verify_flow.c */
    case OPERAND_COUNT:
    case OPERAND_INDEX: return 0;
    }
    return 0;
}

/* A word that code may hold as a tagged immediate. */
static bool is_immediate(int32_t immediate)
{
    vvm_value value = (vvm_value)(int64_t)immediate;
    if (is_fixnum(value)) return true;
    if (immediate < 0) return false;
    if (is_char(value)) return char_value(value) <= 0x10ffff && (char_value(value) & ~0x7ffu) != 0xd800;
    return value == VALUE_FALSE || value == VALUE_TRUE || value == VALUE_NULL || value == VALUE_UNSPECIFIED ||
           value == VALUE_EOF || value == VALUE_DEFAULT || value == VALUE_UNDEFINED;
}

static int check_immediate(struct verifier *v, uint32_t at, const struct vvm_instruction *row)
{
    int32_t immediate = word_imm32(v->code[at]);
    enum slot_type type = slot_type_of(v->f, word_a(v->code[at]));
    bool fits = row->a.type == SLOT_ANY || !slot_is_raw(type) ? is_immediate(immediate)
                                                              : raw_fits((uint64_t)(int64_t)immediate, type);
    if (fits) return 0;
    return refuse(v, RULE_IMMEDIATE, at, "%s: %d in a slot of type %s", row->name, immediate,
                  slot_type_name(type));
}

static int check_operands(struct verifier *v, uint32_t at, const struct vvm_instruction *row)
{
    uint64_t w = v->code[at];
    int err = check_operand(v, at, row->a, word_a(w));
    if (row->b.kind == OPERAND_IMM32) return err ? err : check_immediate(v, at, row);
    if (!err) err = check_operand(v, at, row->b, word_b(w));
    if (!err) err = check_operand(v, at, row->c, word_c(w));
    return err;
}

/* ---- tails -------------------------------------------------------------------------- */

static int check_list(struct verifier *v, uint32_t at, const struct vvm_instruction *row)
{
    uint64_t w = v->code[at];
    const uint64_t *tail = &v->code[at + 1];
    struct signature callee; /* typed lists are checked against it, in verify_call.c */
    struct operand_format word = {OPERAND_SRC, callee_of(v, w, &callee) ? SLOT_WORD : SLOT_ANY};
    for (unsigned i = 0; i < word_c(w); i++) {
        int err = check_slot(v, at, word, tail_slot(tail, i));
        if (err) return err;
    }
    for (unsigned i = word_c(w); i < (words_of(w) - 1) * 4; i++)
        if (tail_slot(tail, i) &&
            refuse(v, RULE_RESERVED, at, "%s: the list's padding is not zero", row->name))
            return -EINVAL;
    return 0;
}

static int check_tail(struct verifier *v, uint32_t at, const struct vvm_instruction *row)
{
    uint64_t w = v->code[at];
    switch ((enum tail_kind)row->tail) {
    case TAIL_NONE: return 0;
    case TAIL_COSTS:
        if (!v->code[at + 1]) return 0;
        return refuse(v, RULE_RESERVED, at, "%s: the costs are not zero", row->name);
    case TAIL_WORD: {
        enum slot_type type = slot_type_of(v->f, word_a(w));
        if (!slot_is_raw(type) || raw_fits(v->code[at + 1], type)) return 0;
        return refuse(v, RULE_LITERAL, at, "%s: the word is no %s", row->name, slot_type_name(type));
    }
    case TAIL_SRCS:
    case TAIL_DSTS: return check_list(v, at, row);
    }
    return 0;
}

/* ---- the walk ------------------------------------------------------------------------ */

static int check_opcode(struct verifier *v, uint32_t at)
{
    uint64_t w = v->code[at];
    if (word_op(w) >= OP_LIMIT)
        return refuse(v, RULE_OPCODE, at, "no instruction has the number %u", word_op(w));
    if (!(row_of(w)->effects & EFFECT_INTERNAL)) return 0;
    return refuse(v, RULE_OPCODE, at, "%s is for wire programs only", row_of(w)->name);
}

static uint32_t effects_of(const struct verifier *v, uint64_t w)
{
    uint32_t effects = row_of(w)->effects;
    if (effects & EFFECT_ROW && word_b(w) < v->unit->primitive_count)
        effects |= v->unit->primitives[word_b(w)]->effects;
    return effects & ~(uint32_t)(EFFECT_ROW | EFFECT_DIVERGES);
}

static int check_instruction(struct verifier *v, uint32_t at)
{
    const struct vvm_instruction *row = row_of(v->code[at]);
    int err = check_operands(v, at, row);
    if (!err) err = check_tail(v, at, row);
    if (!err) err = verify_special(v, at);
    v->f->own_effects |= effects_of(v, v->code[at]);
    return err;
}

int verify_operands(struct verifier *v)
{
    const struct vvm_function *f = v->f;
    memset(v->marks, 0, f->words);
    for (uint32_t at = 0; at < f->words; at += words_of(v->code[at])) {
        int err = check_opcode(v, at);
        if (err) return err;
        uint64_t w = v->code[at];
        if (words_of(w) > f->words - at)
            return refuse(v, RULE_TRUNCATED, at, "%s takes %u words of %u", row_of(w)->name, words_of(w),
                          f->words - at);
        v->starts[v->count++] = (uint16_t)at;
        v->marks[at] = MARK_START;
        err = check_instruction(v, at);
        if (err) return err;
    }
    return 0;
}
