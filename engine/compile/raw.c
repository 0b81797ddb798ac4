/* SPDX-License-Identifier: Apache-2.0 */
/*
 * raw.c - typed arithmetic and octets: u8+ ... s64-shift-right, u32->u8, u16-ref,
 * set-u16! and comparisons of raw words. Names are read, not listed: TYPE OPERATION.
 */
#include <assert.h>
#include <string.h>

#include "compile.h"

static const char *const type_names[SLOT_TYPES] = {
    [SLOT_U8] = "u8", [SLOT_U16] = "u16", [SLOT_U32] = "u32", [SLOT_U64] = "u64",
    [SLOT_S8] = "s8", [SLOT_S16] = "s16", [SLOT_S32] = "s32", [SLOT_S64] = "s64",
};

/* A type at the start of a name; its length in *octets. */
static unsigned type_prefix(const char *name, size_t *octets)
{
    for (unsigned type = SLOT_U8; type < SLOT_TYPES; type++) {
        *octets = strlen(type_names[type]);
        if (strncmp(name, type_names[type], *octets) == 0) return type;
    }
    return SLOT_ANY;
}

/* ---- arithmetic ------------------------------------------------------------------------ */

#define FAMILY_STANDS(T)                                                                                     \
    static_assert(OP_##T##_ADD - OP_U8_ADD == (SLOT_##T - SLOT_U8) * (OP_U16_ADD - OP_U8_ADD) &&             \
                      OP_##T##_SHIFT_RIGHT - OP_##T##_ADD == OP_U8_SHIFT_RIGHT - OP_U8_ADD,                  \
                  "the families stand in the order of the slot types, all of one size")
FAMILY_STANDS(U16);
FAMILY_STANDS(U32);
FAMILY_STANDS(U64);
FAMILY_STANDS(S8);
FAMILY_STANDS(S16);
FAMILY_STANDS(S32);
FAMILY_STANDS(S64);
#undef FAMILY_STANDS

/* Opcode of the family member for the type: rows of a family stand together. */
static enum opcode family_op(enum opcode of_u8, unsigned type)
{
    assert(of_u8 >= OP_U8_ADD && of_u8 < OP_U16_ADD && type >= SLOT_U8 && type < SLOT_TYPES);
    return (enum opcode)(of_u8 + (type - SLOT_U8) * (OP_U16_ADD - OP_U8_ADD));
}

static void finish_raw(struct emitter *e, struct ast_node *n, enum opcode op, unsigned b, unsigned c,
                       unsigned type, struct destination to)
{
    unsigned slot = target_slot(e, to, type);
    emit_at(e, n->position);
    emit_op(e, op, slot, b, c);
    deliver(e, slot, to);
}

static bool raw_small(const struct ast_node *n, bool negate, unsigned *imm)
{
    const struct ast_node *k = constant_behind(n);
    if (!k || !is_fixnum(k->constant.value)) return false;
    int64_t value = fixnum_value(k->constant.value);
    if (value < negate || value > INT16_MAX) return false; /* the sign says whether - was called */
    *imm = (unsigned)(negate ? -value : value) & 0xffff;
    return true;
}

static void emit_raw_step(struct emitter *e, struct ast_node *n, const struct intrinsic *i, unsigned target,
                          unsigned slot, struct ast_node *argument)
{
    unsigned mark = slot_mark(e), imm;
    bool sub = i->extra == OP_U8_SUB;
    const struct ast_node *k = constant_behind(argument);
    bool fits = k && is_fixnum(k->constant.value) && fixnum_fits(fixnum_value(k->constant.value), i->operand);
    if ((i->extra == OP_U8_ADD || sub) && fits && raw_small(argument, sub, &imm)) {
        emit_at(e, n->position);
        emit_op(e, family_op(OP_U8_ADD_IMM, i->operand), target, slot, imm);
    } else {
        unsigned right = emit_operand(e, argument, i->operand);
        emit_at(e, n->position);
        emit_op(e, (enum opcode)i->op, target, slot, right);
    }
    slot_release(e, mark);
}

/* ---- fields of bits: shifts and masks by constants, one instruction for unsigned words ---- */

static unsigned width_of(unsigned type) { return 8u << (type - SLOT_U8); }

static bool constant_number(const struct ast_node *n, uint64_t *number)
{
    const struct ast_node *k = constant_behind(n);
    if (!k || !is_fixnum(k->constant.value) || fixnum_value(k->constant.value) < 0) return false;
    *number = (uint64_t)fixnum_value(k->constant.value);
    return true;
}

/* n is (T-shift-right x k) of that type with k less than its width: x, and k in *shift. */
static struct ast_node *shifted_by(struct emitter *e, struct ast_node *n, unsigned type, unsigned *shift)
{
    uint64_t count;
    struct intrinsic room;
    const struct intrinsic *i = n->kind == AST_CALL ? intrinsic_of(e->c, n, &room) : NULL;
    if (!i || i->op != family_op(OP_U8_SHIFT_RIGHT, type)) return NULL;
    if (!constant_number(n->call.arguments[1], &count) || count == 0 || count >= width_of(type)) return NULL;
    *shift = (unsigned)count;
    return n->call.arguments[0];
}

static void emit_bits(struct emitter *e, struct ast_node *n, struct ast_node *word, unsigned shift,
                      unsigned count, unsigned type, struct destination to)
{
    unsigned mark = slot_mark(e), slot = emit_operand(e, word, type);
    finish_raw(e, n, (enum opcode)(OP_U8_BITS + type - SLOT_U8), slot, shift | count << 8, type, to);
    slot_release(e, mark);
}

/* (T-and x m), m a mask of the lowest bits, x perhaps shifted. False: it is none. */
static bool emit_masked(struct emitter *e, struct ast_node *n, const struct intrinsic *i,
                        struct destination to)
{
    uint64_t mask;
    if (i->op != OP_RAW_AND || n->call.count != 2 || slot_is_signed(i->operand)) return false;
    bool first = constant_number(n->call.arguments[0], &mask);
    if (!first && !constant_number(n->call.arguments[1], &mask)) return false;
    if (mask & (mask + 1) || !fixnum_fits((int64_t)mask, i->operand)) return false;
    unsigned shift = 0;
    struct ast_node *word = n->call.arguments[first ? 1 : 0];
    if (constant_behind(word)) return false;
    struct ast_node *inner = shifted_by(e, word, i->operand, &shift);
    emit_bits(e, n, inner ? inner : word, shift, mask ? 64 - (unsigned)__builtin_clzll(mask) : 0, i->operand,
              to);
    return true;
}

static void emit_raw_fold(struct emitter *e, struct ast_node *n, const struct intrinsic *i,
                          struct destination to)
{
    if (emit_masked(e, n, i, to)) return;
    unsigned mark = slot_mark(e), target = target_slot(e, to, i->operand), count = n->call.count;
    unsigned slot = emit_operand(e, n->call.arguments[0], i->operand);
    unsigned sum = count > 2 ? slot_take(e, i->operand) : target;
    for (unsigned k = 1; k < count; k++) {
        emit_raw_step(e, n, i, k + 1 == count ? target : sum, slot, n->call.arguments[k]);
        slot = sum;
    }
    deliver(e, target, to);
    slot_release(e, mark);
}

/* (T- x) = 0 - x */
static void emit_raw_difference(struct emitter *e, struct ast_node *n, const struct intrinsic *i,
                                struct destination to)
{
    if (n->call.count > 1) {
        emit_raw_fold(e, n, i, to);
        return;
    }
    unsigned mark = slot_mark(e), zero = slot_take(e, i->operand);
    unsigned slot = emit_operand(e, n->call.arguments[0], i->operand);
    emit_imm32(e, OP_RAW_IMMEDIATE, zero, 0);
    finish_raw(e, n, (enum opcode)i->op, zero, slot, i->operand, to);
    slot_release(e, mark);
}

static void emit_raw_unary(struct emitter *e, struct ast_node *n, const struct intrinsic *i,
                           struct destination to)
{
    unsigned mark = slot_mark(e), slot = emit_operand(e, n->call.arguments[0], i->operand);
    finish_raw(e, n, (enum opcode)i->op, slot, 0, i->type, to);
    slot_release(e, mark);
}

/* What the wider type holds needs no instruction but the move to where it is wanted. */
static void emit_conversion(struct emitter *e, struct ast_node *n, const struct intrinsic *i,
                            struct destination to)
{
    const struct ast_node *k = constant_behind(n->call.arguments[0]);
    if (k && is_fixnum(k->constant.value) && fixnum_fits(fixnum_value(k->constant.value), i->operand) &&
        fixnum_fits(fixnum_value(k->constant.value), i->type)) {
        deliver_constant(e, k->constant.value, to, n->position);
    } else if (type_holds(i->type, i->operand)) {
        unsigned mark = slot_mark(e), slot = emit_operand(e, n->call.arguments[0], i->operand);
        emit_at(e, n->position);
        deliver(e, slot, to);
        slot_release(e, mark);
    } else {
        emit_raw_unary(e, n, i, to);
    }
}

/* The count of a shift: any raw type, a tagged one as s64. */
static unsigned emit_count(struct emitter *e, struct ast_node *n)
{
    unsigned type;
    const struct ast_node *k = constant_behind(n);
    if (k) return emit_operand(e, n, SLOT_S64);
    type = type_of(e->c, n);
    return emit_operand(e, n, type == SLOT_ANY || type == TYPE_NONE ? SLOT_S64 : type);
}

static void emit_shift(struct emitter *e, struct ast_node *n, const struct intrinsic *i,
                       struct destination to)
{
    unsigned shift;
    struct ast_node *word = slot_is_signed(i->operand) ? NULL : shifted_by(e, n, i->operand, &shift);
    if (word && !constant_behind(word)) {
        emit_bits(e, n, word, shift, 64, i->operand, to);
        return;
    }
    unsigned mark = slot_mark(e), slot = emit_operand(e, n->call.arguments[0], i->operand);
    unsigned count = emit_count(e, n->call.arguments[1]);
    finish_raw(e, n, (enum opcode)i->op, slot, count, i->operand, to);
    slot_release(e, mark);
}

/* ---- tests ------------------------------------------------------------------------------------ */

/* a = b, a < b, a <= b; not (a < b) is b <= a. */
static void deliver_raw_test(struct emitter *e, struct ast_node *n, enum opcode op, unsigned a, unsigned b,
                             struct destination to)
{
    emit_at(e, n->position);
    if (to.kind != TO_BRANCH) {
        finish_raw(e, n, op, a, b, SLOT_ANY, to);
    } else if (op == OP_RAW_EQ) {
        deliver_test(e, OP_JUMP_RAW_EQ, OP_JUMP_RAW_NOT_EQ, a, b, to);
    } else {
        enum opcode straight = op == OP_RAW_LT ? OP_JUMP_RAW_LT : OP_JUMP_RAW_LE;
        enum opcode turned = op == OP_RAW_LT ? OP_JUMP_RAW_LE : OP_JUMP_RAW_LT;
        if (to.fall == to.no) {
            emit_branch(e, straight, a, b, to.yes);
            return;
        }
        emit_branch(e, turned, b, a, to.no);
        if (to.fall != to.yes) emit_jump(e, to.yes);
    }
}

/* A small number of the type, or -1. */
static int64_t small_number(const struct ast_node *n, unsigned type)
{
    const struct ast_node *k = constant_behind(n);
    if (!k || !is_fixnum(k->constant.value)) return -1;
    int64_t value = fixnum_value(k->constant.value);
    return value >= 0 && value < UINT16_MAX && fixnum_fits(value, type) ? value : -1;
}

/* A branch on x = k, x < k, x <= k, k < x or k <= x. False: no operand is such a k. */
static bool emit_number_test(struct emitter *e, struct ast_node *n, const struct intrinsic *i,
                             struct destination to)
{
    struct ast_node *left = n->call.arguments[i->extra ? 1 : 0], *right = n->call.arguments[i->extra ? 0 : 1];
    int64_t before = small_number(left, i->operand), behind = small_number(right, i->operand);
    if (to.kind != TO_BRANCH || (before < 0) == (behind < 0)) return false;
    if (i->op != OP_RAW_EQ && slot_is_signed(i->operand)) return false;
    unsigned mark = slot_mark(e), slot = emit_operand(e, behind < 0 ? right : left, i->operand);
    unsigned number = (unsigned)(behind < 0 ? before : behind);
    emit_at(e, n->position);
    if (i->op == OP_RAW_EQ && number == 0) {
        deliver_test(e, OP_JUMP_RAW_ZERO, OP_JUMP_RAW_NOT_ZERO, 0, slot, to);
    } else if (i->op == OP_RAW_EQ) {
        deliver_test(e, OP_JUMP_RAW_IS, OP_JUMP_RAW_IS_NOT, number, slot, to);
    } else if ((behind < 0) == (i->op == OP_RAW_LE)) { /* k <= x is not x < k */
        if (behind < 0) deliver_test(e, OP_JUMP_RAW_NOT_BELOW, OP_JUMP_RAW_BELOW, number, slot, to);
        else deliver_test(e, OP_JUMP_RAW_BELOW, OP_JUMP_RAW_NOT_BELOW, number, slot, to);
    } else { /* x <= k is not k < x */
        if (behind < 0) deliver_test(e, OP_JUMP_RAW_ABOVE, OP_JUMP_RAW_NOT_ABOVE, number, slot, to);
        else deliver_test(e, OP_JUMP_RAW_NOT_ABOVE, OP_JUMP_RAW_ABOVE, number, slot, to);
    }
    slot_release(e, mark);
    return true;
}

/* op: value opcode; extra: 1 if the operands change places. */
static void emit_raw_test(struct emitter *e, struct ast_node *n, const struct intrinsic *i,
                          struct destination to)
{
    if (emit_number_test(e, n, i, to)) return;
    unsigned mark = slot_mark(e);
    unsigned a = emit_operand(e, n->call.arguments[0], i->operand);
    unsigned b = emit_operand(e, n->call.arguments[1], i->operand);
    deliver_raw_test(e, n, (enum opcode)i->op, i->extra ? b : a, i->extra ? a : b, to);
    slot_release(e, mark);
}

/* (T-bit? x n): (x >> n) & 1 */
static void emit_bit_test(struct emitter *e, struct ast_node *n, const struct intrinsic *i,
                          struct destination to)
{
    unsigned mark = slot_mark(e), bit = slot_take(e, i->operand), one = slot_take(e, i->operand);
    unsigned slot = emit_operand(e, n->call.arguments[0], i->operand);
    unsigned count = emit_count(e, n->call.arguments[1]);
    emit_at(e, n->position);
    emit_op(e, family_op(OP_U8_SHIFT_RIGHT, i->operand), bit, slot, count);
    emit_imm32(e, OP_RAW_IMMEDIATE, one, 1);
    emit_op(e, OP_RAW_AND, bit, bit, one);
    if (to.kind == TO_BRANCH) deliver_test(e, OP_JUMP_RAW_NOT_ZERO, OP_JUMP_RAW_ZERO, 0, bit, to);
    else finish_raw(e, n, OP_RAW_EQ, bit, one, SLOT_ANY, to);
    slot_release(e, mark);
}

/* Types of two operands of a generic comparison, if it can be done on raw words. */
static unsigned comparison_type(struct emitter *e, struct ast_node *a, struct ast_node *b)
{
    unsigned left = type_of(e->c, a), right = type_of(e->c, b);
    if (left == TYPE_NONE || right == TYPE_NONE) return SLOT_ANY;
    const struct ast_node *k = constant_behind(left == SLOT_ANY ? a : b);
    unsigned raw = left == SLOT_ANY ? right : left;
    if (raw == SLOT_ANY) return SLOT_ANY;
    if (left != SLOT_ANY && right != SLOT_ANY) {
        if (type_holds(left, right)) return left;
        return type_holds(right, left) ? right : SLOT_ANY;
    }
    bool fits = k && is_fixnum(k->constant.value) && fixnum_fits(fixnum_value(k->constant.value), raw);
    return fits ? raw : SLOT_ANY;
}

bool emit_raw_comparison(struct emitter *e, struct ast_node *n, const struct intrinsic *i,
                         struct destination to)
{
    unsigned type = comparison_type(e, n->call.arguments[0], n->call.arguments[1]);
    if (type == SLOT_ANY) return false;
    enum opcode op = i->op == OP_NUM_EQ ? OP_RAW_EQ : i->op == OP_NUM_LT ? OP_RAW_LT : OP_RAW_LE;
    struct intrinsic raw = {.name = i->name, .op = op, .extra = i->operand, .operand = (uint8_t)type};
    emit_raw_test(e, n, &raw, to);
    return true;
}

/* ---- octets ------------------------------------------------------------------------------------- */

static bool constant_offset(const struct ast_node *n, unsigned *offset)
{
    return raw_small(n, false, offset);
}

bool packet_taken_back(struct emitter *e, const struct ast_node *n, unsigned slot)
{
    if (n->kind == AST_LOCAL) {
        const struct ast_variable *v = n->local.variable;
        const struct variable_note *note = note_of(v);
        if (note->references != 1 || note->same || note->renamed || v->type.class != CLASS_ANY) return false;
    } else if (n->kind != AST_PACKET) {
        return false;
    }
    return emit_take_back(e, OP_PACKET, slot);
}

/* op: LOAD with an immediate; the one with a slot stands 4 rows later. */
static void emit_load(struct emitter *e, struct ast_node *n, const struct intrinsic *i, struct destination to)
{
    unsigned mark = slot_mark(e), offset;
    unsigned word = i->type == i->operand ? target_slot(e, to, i->operand) : slot_take(e, i->operand);
    unsigned bytes = emit_operand(e, n->call.arguments[0], SLOT_ANY);
    bool constant = constant_offset(n->call.arguments[1], &offset);
    if (!constant) offset = emit_operand(e, n->call.arguments[1], SLOT_U32);
    emit_at(e, n->position);
    if (constant && packet_taken_back(e, n->call.arguments[0], bytes))
        emit_op(e, (enum opcode)(OP_PACKET_U8 + i->op - OP_LOAD_U8), word, 0, offset);
    else emit_op(e, (enum opcode)(constant ? i->op : i->op + 4), word, bytes, offset);
    if (i->type != i->operand) {
        unsigned as = target_slot(e, to, i->type);
        emit_op(e, OP_CONVERT, as, word, 0);
        word = as;
    }
    deliver(e, word, to);
    slot_release(e, mark);
}

static void emit_octets_store(struct emitter *e, struct ast_node *n, const struct intrinsic *i,
                              struct destination to)
{
    unsigned mark = slot_mark(e), offset;
    unsigned bytes = emit_operand(e, n->call.arguments[0], SLOT_ANY);
    bool constant = constant_offset(n->call.arguments[1], &offset);
    if (!constant) offset = emit_operand(e, n->call.arguments[1], SLOT_U32);
    unsigned word = emit_operand(e, n->call.arguments[2], i->type);
    if (i->type != i->operand) {
        unsigned as = slot_take(e, i->operand);
        emit_op(e, OP_CONVERT, as, word, 0);
        word = as;
    }
    emit_at(e, n->position);
    if (constant && packet_taken_back(e, n->call.arguments[0], bytes))
        emit_op(e, (enum opcode)(OP_SET_PACKET_U8 + i->op - OP_STORE_U8), word, 0, offset);
    else emit_op(e, (enum opcode)(constant ? i->op : i->op + 4), word, bytes, offset);
    slot_release(e, mark);
    deliver_constant(e, VALUE_UNSPECIFIED, to, n->position);
}

/* ---- names ------------------------------------------------------------------------------------------ */

static const struct operation {
    const char *name;
    void (*emit)(struct emitter *, struct ast_node *, const struct intrinsic *, struct destination);
    int8_t least, most;
    uint16_t op; /* of u8; those under RAW_MOVE are one for all types */
    bool family, test, swap;
} operations[] = {
    {"+", emit_raw_fold, 2, -1, OP_U8_ADD, true, false, false},
    {"-", emit_raw_difference, 1, -1, OP_U8_SUB, true, false, false},
    {"*", emit_raw_fold, 2, -1, OP_U8_MUL, true, false, false},
    {"-quotient", emit_raw_fold, 2, 2, OP_U8_QUOTIENT, true, false, false},
    {"-remainder", emit_raw_fold, 2, 2, OP_U8_REMAINDER, true, false, false},
    {"-and", emit_raw_fold, 2, -1, OP_RAW_AND, false, false, false},
    {"-or", emit_raw_fold, 2, -1, OP_RAW_OR, false, false, false},
    {"-xor", emit_raw_fold, 2, -1, OP_RAW_XOR, false, false, false},
    {"-not", emit_raw_unary, 1, 1, OP_U8_NOT, true, false, false},
    {"-shift-left", emit_shift, 2, 2, OP_U8_SHIFT_LEFT, true, false, false},
    {"-shift-right", emit_shift, 2, 2, OP_U8_SHIFT_RIGHT, true, false, false},
    {"=", emit_raw_test, 2, 2, OP_RAW_EQ, false, true, false},
    {"<", emit_raw_test, 2, 2, OP_RAW_LT, false, true, false},
    {"<=", emit_raw_test, 2, 2, OP_RAW_LE, false, true, false},
    {">", emit_raw_test, 2, 2, OP_RAW_LT, false, true, true},
    {">=", emit_raw_test, 2, 2, OP_RAW_LE, false, true, true},
    {"-bit?", emit_bit_test, 2, 2, OP_RAW_EQ, false, true, false},
};

static bool raw_operation(const char *name, unsigned type, struct intrinsic *i)
{
    for (size_t k = 0; k < sizeof operations / sizeof *operations; k++) {
        const struct operation *o = &operations[k];
        if (strcmp(o->name, name) != 0) continue;
        *i = (struct intrinsic){.name = o->name,
                                .emit = o->emit,
                                .least = o->least,
                                .most = o->most,
                                .op = o->family ? family_op(o->op, type) : o->op,
                                .extra = o->test ? o->swap : o->op,
                                .type = o->test ? SLOT_ANY : (uint8_t)type,
                                .operand = (uint8_t)type,
                                .test = o->test};
        return true;
    }
    return false;
}

static unsigned unsigned_of(unsigned type) { return slot_is_signed(type) ? type - SLOT_S8 + SLOT_U8 : type; }

/* T-ref, set-T!: operand is the type in memory, type the one in the language. */
static bool octets_operation(const char *name, struct intrinsic *i)
{
    bool set = strncmp(name, "set-", 4) == 0;
    size_t octets;
    unsigned type = type_prefix(set ? name + 4 : name, &octets), memory = unsigned_of(type);
    if (type == SLOT_ANY || strcmp(name + (set ? 4 : 0) + octets, set ? "!" : "-ref") != 0) return false;
    *i = (struct intrinsic){.name = name,
                            .least = set ? 3 : 2,
                            .most = set ? 3 : 2,
                            .emit = set ? emit_octets_store : emit_load,
                            .op = (uint16_t)((set ? OP_STORE_U8 : OP_LOAD_U8) + memory - SLOT_U8),
                            .type = (uint8_t)type,
                            .operand = (uint8_t)memory};
    return true;
}

static bool conversion(const char *rest, unsigned from, struct intrinsic *i)
{
    size_t octets;
    if (strncmp(rest, "->", 2) != 0) return false;
    unsigned type = type_prefix(rest + 2, &octets);
    if (type == SLOT_ANY || rest[2 + octets]) return false;
    *i = (struct intrinsic){.name = "convert",
                            .emit = emit_conversion,
                            .least = 1,
                            .most = 1,
                            .op = OP_CONVERT,
                            .type = (uint8_t)type,
                            .operand = (uint8_t)from};
    return true;
}

/* T?: a class test; made of the class that bears the type's name */
bool raw_intrinsic(const char *name, struct intrinsic *i)
{
    size_t octets;
    unsigned type = type_prefix(name, &octets);
    if (octets_operation(name, i)) return true;
    if (type == SLOT_ANY) return false;
    return conversion(name + octets, type, i) || raw_operation(name + octets, type, i);
}
