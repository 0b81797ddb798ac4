/* SPDX-License-Identifier: Apache-2.0 */
/*
 * interpret.c - the dispatch loop: what each instruction of instruction.def means.
 * This is the reference meaning; every other tier is compared with it.
 *
 * The loop trusts the verifier: slot numbers, slot types, initialisation, branch
 * targets, handler heights are not checked here (but for instrumented builds, see
 * instrument.c). Data are: types of tagged values, bounds, arithmetic, fuel, and the
 * room for frames.
 *
 * Hot state is in locals: pc, fp (slots), fuel, frame and its function. SYNC stores it before
 * anything that may look at it or change it; RELOAD takes it from the top frame.
 */
#include "interpret.h"

#include "heap.h"

#include <assert.h>
#include <string.h>

#include "arith.h"
#include "octets_access.h"
#include "table/table.h"
#include "trace.h"
#include "wire/network.h"

/* ---- fast paths ------------------------------------------------------------------ */

#define LIKELY(condition) __builtin_expect(!!(condition), 1)

/* What turns the order of signed words into that of unsigned ones. */
static const uint64_t sign_bit[SLOT_TYPES] = {
    [SLOT_S8] = UINT64_C(1) << 63,
    [SLOT_S16] = UINT64_C(1) << 63,
    [SLOT_S32] = UINT64_C(1) << 63,
    [SLOT_S64] = UINT64_C(1) << 63,
};

/* Division of words that hold raw values; c is not 0. The least integer by -1 wraps. */
static inline uint64_t raw_quotient(uint64_t b, uint64_t c, bool is_signed)
{
    if (!is_signed) return b / c;
    return (int64_t)c == -1 ? 0 - b : (uint64_t)((int64_t)b / (int64_t)c);
}

static inline uint64_t raw_remainder(uint64_t b, uint64_t c, bool is_signed)
{
    if (!is_signed) return b % c;
    return (int64_t)c == -1 ? 0 : (uint64_t)((int64_t)b % (int64_t)c);
}

static inline uint64_t raw_shift_right(uint64_t b, uint64_t count, bool is_signed)
{
    if (is_signed) return (uint64_t)((int64_t)b >> (count > 63 ? 63 : count));
    return count > 63 ? 0 : b >> count;
}

/* So many bits of an unsigned word from the bit `shift` up; see the row of U8_BITS. */
static inline uint64_t bit_field(uint64_t b, unsigned c)
{
    unsigned count = c >> 8;
    b >>= c & 63;
    return count > 63 ? b : b & ((UINT64_C(1) << count) - 1);
}

static inline bool is_class(vvm_value v, unsigned c)
{
    switch (c) {
    case CLASS_PAIR: return is_pair(v);
    case CLASS_NULL: return v == VALUE_NULL;
    case CLASS_FIXNUM: return is_fixnum(v);
    case CLASS_PACKET: return has_type(v, TYPE_PACKET);
    default: return value_is(v, (enum value_class)c);
    }
}

/* The parts of instruction words, read from where they stand: op, a, b, c, and the
 * four slots of a tail's word, the lowest first. */
static inline unsigned half(const uint64_t *at, unsigned i)
{
#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
    return ((const uint16_t *)at)[i];
#else
    return ((const uint16_t *)at)[i ^ 3];
#endif
}

/* Slots named in a tail, copied side by side. */
static inline void gather(uint64_t *to, const uint64_t *fp, const uint64_t *tail, unsigned n)
{
    if (!n) return;
    to[0] = fp[half(tail, 0)];
    if (n == 1) return;
    to[1] = fp[half(tail, 1)];
    for (unsigned i = 2; i < n; i++) to[i] = fp[half(tail, i)];
}

static inline uint8_t *object_at(const struct packet_object *object, uint32_t offset, uint32_t width)
{
    const struct vvm_packet *p = object->packet;
    if (!LIKELY(p) || !LIKELY((uint64_t)offset + width <= p->length)) return NULL;
    return p->base + p->head + offset;
}

/* Most accesses are to the packet itself. */
static inline uint8_t *packet_at(vvm_value v, uint32_t offset, uint32_t width)
{
    return LIKELY(has_type(v, TYPE_PACKET)) ? object_at(value_pointer(v), offset, width) : NULL;
}

/* The operands of a wire instruction that its body has as parameters. */
static inline void operands_of(const struct body_shape *shape, const vvm_value *words, uint64_t *to)
{
    for (unsigned i = 0; i < shape->operand_count; i++)
        if (shape->operands[i].kind < WIRE_LABEL) *to++ = words[i];
}

static inline vvm_value *vector_item(vvm_value vector, vvm_value index)
{
    if (!has_type(vector, TYPE_VECTOR) || !is_fixnum(index) ||
        (uint64_t)fixnum_value(index) >= object_length(vector))
        return NULL;
    return &((struct vector *)value_pointer(vector))->items[fixnum_value(index)];
}

/* Field c of a record, counted from 0, or NULL. */
static inline vvm_value *record_field(vvm_value record, unsigned c)
{
    if (!has_type(record, TYPE_RECORD) || (uint64_t)c + 1 >= object_length(record)) return NULL;
    return &((struct record *)value_pointer(record))->fields[c];
}

static bool is_record_of(vvm_value v, vvm_value type)
{
    return has_type(v, TYPE_RECORD) && ((struct record *)value_pointer(v))->type == type;
}

/* ---- the loop ------------------------------------------------------------------------------ */

#ifdef VVM_INSTRUMENTED
#define CHECK() (ctx->fuel = fuel, check_instruction(ctx, pc, fuel))
#else
#define CHECK() ((void)0)
#endif

#define FIELD_A half(pc, 1)
#define FIELD_B half(pc, 2)
#define FIELD_C half(pc, 3)
#define IMM     (int16_t) half(pc, 3)
#define IMM32   word_imm32(*pc)

#define A fp[FIELD_A]
#define B fp[FIELD_B]
#define C fp[FIELD_C]

#define DISPATCH()                                                                                           \
    do {                                                                                                     \
        CHECK();                                                                                             \
        goto *table[half(pc, 0)];                                                                            \
    } while (0)
#define NEXT                                                                                                 \
    do {                                                                                                     \
        pc++;                                                                                                \
        __asm__("" : "+r"(pc)); /* one register, stepped */                                                  \
        DISPATCH();                                                                                          \
    } while (0)
#define SET(kind, v)                                                                                         \
    do {                                                                                                     \
        A = (v);                                                                                             \
        mark_word(ctx, &A, kind);                                                                            \
    } while (0)
#define TAGGED(v) SET(WORD_TAGGED, v)
#define RAW(v)    SET(WORD_RAW, v)

/* Store the state; go: where the frame goes on. */
#define SYNC(go) (ctx->fuel = fuel, frame->pc = (go))
#define RELOAD()                                                                                             \
    do {                                                                                                     \
        frame = top_frame(ctx);                                                                              \
        fn = frame->function;                                                                                \
        fp = frame->slots;                                                                                   \
        pc = frame->pc;                                                                                      \
        fuel = ctx->fuel;                                                                                    \
        DISPATCH();                                                                                          \
    } while (0)
/* A slow path that changes frames. */
#define CONTROL(call)                                                                                        \
    do {                                                                                                     \
        if (!(call)) goto exception;                                                                         \
        RELOAD();                                                                                            \
    } while (0)
/* A slow path that answers a tagged value for slot a, or an exception. */
#define VALUE(expression)                                                                                    \
    do {                                                                                                     \
        SYNC(pc + 1);                                                                                        \
        vvm_value value_ = (expression);                                                                     \
        if (value_ == VALUE_EXCEPTION) goto exception;                                                       \
        fuel = ctx->fuel; /* it may hold a call for collection */                                            \
        TAGGED(value_);                                                                                      \
        NEXT;                                                                                                \
    } while (0)
/* One that answers nothing of use, or an exception. */
#define EFFECT(expression)                                                                                   \
    do {                                                                                                     \
        SYNC(pc + 1);                                                                                        \
        if ((expression) == VALUE_EXCEPTION) goto exception;                                                 \
        NEXT;                                                                                                \
    } while (0)
#define FAIL(expression)                                                                                     \
    do {                                                                                                     \
        SYNC(pc + 1);                                                                                        \
        (void)(expression);                                                                                  \
        goto exception;                                                                                      \
    } while (0)

/* Begin a block at pc that costs so much. */
#define ENTER(cost)                                                                                          \
    do {                                                                                                     \
        fuel -= (int64_t)(cost);                                                                             \
        mark_block(ctx, (int64_t)(cost));                                                                    \
        if (__builtin_expect(fuel < 0, 0)) goto out_of_fuel;                                                 \
        DISPATCH();                                                                                          \
    } while (0)
#define BRANCH(condition)                                                                                    \
    do {                                                                                                     \
        if (condition) {                                                                                     \
            uint32_t cost = (uint32_t)pc[1];                                                                 \
            pc = pc + (ptrdiff_t)IMM + 2;                                                                    \
            ENTER(cost);                                                                                     \
        }                                                                                                    \
        pc += 2;                                                                                             \
        ENTER(pc[-1] >> 32);                                                                                 \
    } while (0)
#define BRANCH_NUMBER(fast, slow, wanted)                                                                    \
    do {                                                                                                     \
        if (__builtin_expect(both_fixnums(A, B), 1)) BRANCH(fast);                                           \
        SYNC(pc + 1);                                                                                        \
        vvm_value answer = slow(ctx, A, B);                                                                  \
        if (answer == VALUE_EXCEPTION) goto exception;                                                       \
        BRANCH(answer == (wanted));                                                                          \
    } while (0)

#define ARITHMETIC(builtin, slow)                                                                            \
    do {                                                                                                     \
        int64_t sum;                                                                                         \
        if (__builtin_expect(both_fixnums(B, C) && !builtin((int64_t)B, (int64_t)C, &sum), 1)) {             \
            TAGGED((uint64_t)sum);                                                                           \
            NEXT;                                                                                            \
        }                                                                                                    \
        VALUE(slow(ctx, B, C));                                                                              \
    } while (0)
#define COMPARE(fast, slow)                                                                                  \
    do {                                                                                                     \
        if (__builtin_expect(both_fixnums(B, C), 1)) {                                                       \
            TAGGED(make_boolean(fast));                                                                      \
            NEXT;                                                                                            \
        }                                                                                                    \
        VALUE(slow(ctx, B, C));                                                                              \
    } while (0)

#define LOAD(width, offset)                                                                                  \
    do {                                                                                                     \
        uint32_t offset_ = (uint32_t)(offset);                                                               \
        const uint8_t *at = packet_at(B, offset_, width);                                                    \
        if (__builtin_expect(!at, 0)) {                                                                      \
            SYNC(pc + 1);                                                                                    \
            at = load_slow(ctx, B, offset_, width);                                                          \
            if (!at) goto exception;                                                                         \
        }                                                                                                    \
        RAW(octets_get(at, width));                                                                          \
        NEXT;                                                                                                \
    } while (0)
#define STORE(width, offset)                                                                                 \
    do {                                                                                                     \
        uint32_t offset_ = (uint32_t)(offset);                                                               \
        uint8_t *at = packet_at(B, offset_, width);                                                          \
        if (__builtin_expect(!at, 0)) {                                                                      \
            SYNC(pc + 1);                                                                                    \
            at = store_slow(ctx, B, offset_, width);                                                         \
            if (!at) goto exception;                                                                         \
        }                                                                                                    \
        octets_put(at, width, A);                                                                            \
        NEXT;                                                                                                \
    } while (0)

/* The same of the packet in execution. */
#define PACKET_OCTETS(at, width)                                                                             \
    uint8_t *at = LIKELY(ctx->packet) ? object_at(ctx->packet, (uint32_t)IMM, width) : NULL;                 \
    if (__builtin_expect(!at, 0)) FAIL(packet_access_error(ctx, (uint32_t)IMM, width))
#define LOAD_PACKET(width)                                                                                   \
    do {                                                                                                     \
        PACKET_OCTETS(at, width);                                                                            \
        RAW(octets_get(at, width));                                                                          \
        NEXT;                                                                                                \
    } while (0)
#define STORE_PACKET(width)                                                                                  \
    do {                                                                                                     \
        PACKET_OCTETS(at, width);                                                                            \
        octets_put(at, width, A);                                                                            \
        NEXT;                                                                                                \
    } while (0)

/* Words of an instruction whose tail lists n slots. */
#define LISTED(n) (1 + ((n) + 3) / 4)
#define ARGUMENTS (fp + fn->slots)
#define GATHER()  gather(ARGUMENTS, fp, pc + 1, FIELD_C)
#define SIGN(a)   sign_bit[fn->slot_types[a]]

/* clang-format off */
#define RAW_TYPE(T, type, bits, is_signed)                              \
    op_##T##_ADD: RAW((uint64_t)(type)(B + C)); NEXT;                   \
    op_##T##_SUB: RAW((uint64_t)(type)(B - C)); NEXT;                   \
    op_##T##_MUL: RAW((uint64_t)(type)(B * C)); NEXT;                   \
    op_##T##_ADD_IMM: RAW((uint64_t)(type)(B + (uint64_t)(int64_t)IMM)); NEXT; \
    op_##T##_QUOTIENT:                                                  \
    if (C == 0) goto divide_by_zero;                                    \
    RAW((uint64_t)(type)raw_quotient(B, C, is_signed)); NEXT;           \
    op_##T##_REMAINDER:                                                 \
    if (C == 0) goto divide_by_zero;                                    \
    RAW(raw_remainder(B, C, is_signed)); NEXT;                          \
    op_##T##_NOT: RAW((uint64_t)(type)(~B)); NEXT;                      \
    op_##T##_SHIFT_LEFT: RAW(C >= (bits) ? 0 : (uint64_t)(type)(B << C)); NEXT; \
    op_##T##_SHIFT_RIGHT: RAW(raw_shift_right(B, C, is_signed)); NEXT;
/* clang-format on */

bool interpret(struct vvm_context *ctx)
{
    static const void *const labels[OP_ALL] = {
#define I(name, ...) &&op_##name,
#include "instruction.def"
#undef I
        &&op_STOP,
        &&op_UNMASK,
        &&op_NON_CONTINUABLE,
    };
    static const void *const traced[OP_ALL] = {[0 ... OP_ALL - 1] = &&op_TRACED};
    static const struct dispatch_labels exported = {
        .plain = labels,
        .overridden = &&op_OVERRIDDEN,
        .primitive = &&op_PRIMITIVE_OVERRIDDEN,
        .boot_reference = &&op_BOOT_REFERENCE,
        .boot_call = &&op_BOOT_CALL,
        .boot_tail_call = &&op_BOOT_TAIL,
    };
    const void *const *table = labels;
    struct frame *frame;
    const struct vvm_function *fn, *callee;
    const struct closure *closure;
    const uint64_t *pc, *next;
    uint64_t *fp, *result;
    vvm_value procedure;
    int64_t fuel;

    if (__builtin_expect(!ctx->frame_count, 0)) { /* nothing runs: see interpret_labels */
        ctx->scratch = (uint64_t)(uintptr_t)&exported;
        return true;
    }
    if (__builtin_expect(ctx->generation->override != NULL, 0)) table = override_table(ctx);
    if (__builtin_expect(ctx->tracing, 0)) table = traced;
    RELOAD();

op_NOP:
    NEXT;
op_MOVE:
    A = B;
    mark_word(ctx, &A, fn->slot_types[FIELD_A] == SLOT_ANY ? WORD_TAGGED : WORD_RAW);
    NEXT;
op_CONSTANT:
    TAGGED(fn->unit->constants[FIELD_B]);
    NEXT;
op_IMMEDIATE:
    TAGGED((uint64_t)(int64_t)IMM32);
    NEXT;
op_RAW_IMMEDIATE:
    RAW((uint64_t)(int64_t)IMM32);
    NEXT;
op_RAW_LITERAL:
    RAW(pc[1]);
    pc++;
    NEXT;

op_BOX:
    if (LIKELY(B <= (uint64_t)FIXNUM_MAX)) {
        TAGGED(B << 3);
        NEXT;
    }
    VALUE(box_slow(ctx, B, fn->slot_types[FIELD_B]));
op_UNBOX : {
    unsigned type = fn->slot_types[FIELD_A];
    int64_t n = fixnum_value(B);
    if (LIKELY(is_fixnum(B)) && LIKELY((uint64_t)n - (uint64_t)raw_least[type] <= raw_span[type])) {
        RAW((uint64_t)n);
        NEXT;
    }
    FAIL(unbox(ctx, B, type, &ctx->scratch));
}
op_CONVERT:
    RAW(wrap(B, fn->slot_types[FIELD_A]));
    NEXT;
op_U8_BITS:
op_U16_BITS:
op_U32_BITS:
op_U64_BITS:
    RAW(bit_field(B, FIELD_C));
    NEXT;
op_RAW_AND:
    RAW(B & C);
    NEXT;
op_RAW_OR:
    RAW(B | C);
    NEXT;
op_RAW_XOR:
    RAW(B ^ C);
    NEXT;
op_RAW_EQ:
    TAGGED(make_boolean(B == C));
    NEXT;
op_RAW_LT:
    TAGGED(make_boolean((B ^ SIGN(FIELD_B)) < (C ^ SIGN(FIELD_B))));
    NEXT;
op_RAW_LE:
    TAGGED(make_boolean((B ^ SIGN(FIELD_B)) <= (C ^ SIGN(FIELD_B))));
    NEXT;

    RAW_TYPE(U8, uint8_t, 8, false)
    RAW_TYPE(U16, uint16_t, 16, false)
    RAW_TYPE(U32, uint32_t, 32, false)
    RAW_TYPE(U64, uint64_t, 64, false)
    RAW_TYPE(S8, int8_t, 8, true)
    RAW_TYPE(S16, int16_t, 16, true)
    RAW_TYPE(S32, int32_t, 32, true)
    RAW_TYPE(S64, int64_t, 64, true)

op_ADD:
    ARITHMETIC(__builtin_add_overflow, number_add);
op_SUB:
    ARITHMETIC(__builtin_sub_overflow, number_subtract);
op_MUL : {
    int64_t product;
    if (both_fixnums(B, C) && !__builtin_mul_overflow((int64_t)B, fixnum_value(C), &product)) {
        TAGGED((uint64_t)product);
        NEXT;
    }
    VALUE(number_multiply(ctx, B, C));
}
op_ADD_IMM : {
    int64_t sum, imm = (int64_t)IMM * 8;
    if (__builtin_expect(is_fixnum(B) && !__builtin_add_overflow((int64_t)B, imm, &sum), 1)) {
        TAGGED((uint64_t)sum);
        NEXT;
    }
    VALUE(number_add(ctx, B, (uint64_t)imm));
}
op_QUOTIENT:
    VALUE(number_quotient(ctx, B, C));
op_REMAINDER:
    VALUE(number_remainder(ctx, B, C));
op_MODULO:
    VALUE(number_modulo(ctx, B, C));
op_NUM_EQ:
    COMPARE(B == C, number_equal);
op_NUM_LT:
    COMPARE((int64_t)B < (int64_t)C, number_less);
op_NUM_LE:
    COMPARE((int64_t)B <= (int64_t)C, number_less_equal);
op_EQ:
    TAGGED(make_boolean(B == C));
    NEXT;
op_NOT:
    TAGGED(make_boolean(B == VALUE_FALSE));
    NEXT;
op_IS:
    TAGGED(make_boolean(is_class(B, FIELD_C)));
    NEXT;
op_CHECK:
    if (is_class(B, FIELD_C)) NEXT;
    FAIL(raise_message(ctx, ERROR_TYPE, B, "a value of type %s is needed", value_class_name(FIELD_C)));

op_JUMP : {
    uint32_t cost = (uint32_t)pc[1];
    pc = pc + (ptrdiff_t)IMM + 2;
    ENTER(cost);
}
op_JUMP_FALSE:
    BRANCH(B == VALUE_FALSE);
op_JUMP_TRUE:
    BRANCH(B != VALUE_FALSE);
op_JUMP_IS:
    BRANCH(is_class(B, FIELD_A));
op_JUMP_IS_NOT:
    BRANCH(!is_class(B, FIELD_A));
op_JUMP_EQ:
    BRANCH(A == B);
op_JUMP_NOT_EQ:
    BRANCH(A != B);
op_JUMP_NUM_EQ:
    BRANCH_NUMBER(A == B, number_equal, VALUE_TRUE);
op_JUMP_NOT_NUM_EQ:
    BRANCH_NUMBER(A != B, number_equal, VALUE_FALSE);
op_JUMP_NUM_LT:
    BRANCH_NUMBER((int64_t)A < (int64_t)B, number_less, VALUE_TRUE);
op_JUMP_NOT_NUM_LT:
    BRANCH_NUMBER((int64_t)A >= (int64_t)B, number_less, VALUE_FALSE);
op_JUMP_NUM_LE:
    BRANCH_NUMBER((int64_t)A <= (int64_t)B, number_less_equal, VALUE_TRUE);
op_JUMP_NOT_NUM_LE:
    BRANCH_NUMBER((int64_t)A > (int64_t)B, number_less_equal, VALUE_FALSE);
op_JUMP_RAW_EQ:
    BRANCH(A == B);
op_JUMP_RAW_NOT_EQ:
    BRANCH(A != B);
op_JUMP_RAW_LT:
    BRANCH((A ^ SIGN(FIELD_A)) < (B ^ SIGN(FIELD_A)));
op_JUMP_RAW_LE:
    BRANCH((A ^ SIGN(FIELD_A)) <= (B ^ SIGN(FIELD_A)));
op_JUMP_RAW_ZERO:
    BRANCH(B == 0);
op_JUMP_RAW_NOT_ZERO:
    BRANCH(B != 0);
op_JUMP_RAW_IS:
    BRANCH(B == FIELD_A);
op_JUMP_RAW_IS_NOT:
    BRANCH(B != FIELD_A);
op_JUMP_RAW_BELOW:
    BRANCH(B < FIELD_A);
op_JUMP_RAW_NOT_BELOW:
    BRANCH(B >= FIELD_A);
op_JUMP_RAW_ABOVE:
    BRANCH(B > FIELD_A);
op_JUMP_RAW_NOT_ABOVE:
    BRANCH(B <= FIELD_A);

op_CONS:
    VALUE(make_pair(ctx, B, C));
op_CAR:
    if (__builtin_expect(!is_pair(B), 0)) FAIL(raise_type(ctx, "car", 1, "pair", B));
    TAGGED(car_of(B));
    NEXT;
op_CDR:
    if (__builtin_expect(!is_pair(B), 0)) FAIL(raise_type(ctx, "cdr", 1, "pair", B));
    TAGGED(cdr_of(B));
    NEXT;
op_SET_CAR:
    if (!is_pair(A)) FAIL(raise_type(ctx, "set-car!", 1, "pair", A));
    if (!may_write(ctx, A)) FAIL(raise_error(ctx, ERROR_FROZEN, A));
    pair_of(A)->car = B;
    NEXT;
op_SET_CDR:
    if (!is_pair(A)) FAIL(raise_type(ctx, "set-cdr!", 1, "pair", A));
    if (!may_write(ctx, A)) FAIL(raise_error(ctx, ERROR_FROZEN, A));
    pair_of(A)->cdr = B;
    NEXT;
op_VECTOR_REF : {
    const vvm_value *item = vector_item(B, C);
    if (__builtin_expect(!item, 0)) FAIL(vector_error(ctx, B, C));
    TAGGED(*item);
    NEXT;
}
op_VECTOR_SET : {
    vvm_value *item = vector_item(A, B);
    if (__builtin_expect(!item, 0)) FAIL(vector_error(ctx, A, B));
    if (__builtin_expect(!may_write(ctx, A), 0)) FAIL(raise_error(ctx, ERROR_FROZEN, A));
    *item = C;
    NEXT;
}
op_VECTOR_LENGTH:
    if (!has_type(B, TYPE_VECTOR)) FAIL(raise_type(ctx, "vector-length", 1, "vector", B));
    TAGGED(make_fixnum((int64_t)object_length(B)));
    NEXT;
op_MAKE_BOX:
    VALUE(make_box(ctx, B));
op_BOX_REF : {
    if (!has_type(B, TYPE_BOX)) FAIL(raise_type(ctx, "a variable", 1, "box", B));
    vvm_value v = ((struct vector *)value_pointer(B))->items[0];
    if (v == VALUE_UNDEFINED) FAIL(raise_error(ctx, ERROR_UNDEFINED, VALUE_DEFAULT));
    TAGGED(v);
    NEXT;
}
op_BOX_SET:
    if (!has_type(A, TYPE_BOX)) FAIL(raise_type(ctx, "a variable", 1, "box", A));
    if (!may_write(ctx, A)) FAIL(raise_error(ctx, ERROR_FROZEN, A));
    ((struct vector *)value_pointer(A))->items[0] = B;
    NEXT;
op_DEFINED:
    if (B == VALUE_UNDEFINED) FAIL(raise_error(ctx, ERROR_UNDEFINED, VALUE_DEFAULT));
    NEXT;
op_RECORD_REF : {
    const vvm_value *field = record_field(B, FIELD_C);
    if (!field) FAIL(record_error(ctx, B, FIELD_C));
    TAGGED(*field);
    NEXT;
}
op_CHECK_RECORD:
    if (!is_record_of(B, C)) FAIL(not_record_of(ctx, B, C));
    NEXT;
op_RECORD_SET : {
    vvm_value *field = record_field(A, FIELD_C);
    if (!field) FAIL(record_error(ctx, A, FIELD_C));
    if (!may_write(ctx, A)) FAIL(raise_error(ctx, ERROR_FROZEN, A));
    *field = B;
    NEXT;
}

op_LOAD_U8:
    LOAD(1, IMM);
op_LOAD_U16:
    LOAD(2, IMM);
op_LOAD_U32:
    LOAD(4, IMM);
op_LOAD_U64:
    LOAD(8, IMM);
op_LOAD_U8_AT:
    LOAD(1, C);
op_LOAD_U16_AT:
    LOAD(2, C);
op_LOAD_U32_AT:
    LOAD(4, C);
op_LOAD_U64_AT:
    LOAD(8, C);
op_STORE_U8:
    STORE(1, IMM);
op_STORE_U16:
    STORE(2, IMM);
op_STORE_U32:
    STORE(4, IMM);
op_STORE_U64:
    STORE(8, IMM);
op_STORE_U8_AT:
    STORE(1, C);
op_STORE_U16_AT:
    STORE(2, C);
op_STORE_U32_AT:
    STORE(4, C);
op_STORE_U64_AT:
    STORE(8, C);
op_PACKET_U8:
    LOAD_PACKET(1);
op_PACKET_U16:
    LOAD_PACKET(2);
op_PACKET_U32:
    LOAD_PACKET(4);
op_PACKET_U64:
    LOAD_PACKET(8);
op_SET_PACKET_U8:
    STORE_PACKET(1);
op_SET_PACKET_U16:
    STORE_PACKET(2);
op_SET_PACKET_U32:
    STORE_PACKET(4);
op_SET_PACKET_U64:
    STORE_PACKET(8);
op_PACKET_LENGTH:
    if (!LIKELY(ctx->packet) || !LIKELY(ctx->packet->packet)) FAIL(packet_access_error(ctx, 0, 0));
    RAW(ctx->packet->packet->length);
    NEXT;
op_PACKET_INGRESS : {
    const struct vvm_packet *p = has_type(B, TYPE_PACKET) ? ((struct packet_object *)value_pointer(B))->packet
                                                          : NULL;
    if (!LIKELY(p)) FAIL(no_packet(ctx, "packet-ingress", 1, B));
    RAW(p->ingress);
    NEXT;
}
op_NODE_ADDRESS:
    RAW(node_address(ctx, 0));
    NEXT;
op_LOCAL_ADDRESS:
    TAGGED(make_boolean(is_local_address(ctx, (uint32_t)B)));
    NEXT;
op_HOP:
    RAW(B << 32 | C);
    NEXT;
op_TABLE_WORD:
    VALUE(table_word(ctx, B, C));
op_ARRAY_WORD : {
    uint64_t word;
    if (!LIKELY(array_word(ctx, B, C, &word))) FAIL(array_word_error(ctx, B));
    RAW(word);
    NEXT;
}
op_BYTES_LENGTH : {
    uint64_t length;
    if (LIKELY(has_type(B, TYPE_PACKET)) && LIKELY(((struct packet_object *)value_pointer(B))->packet)) {
        RAW(((struct packet_object *)value_pointer(B))->packet->length);
        NEXT;
    }
    SYNC(pc + 1);
    if (bytes_length(ctx, B, &length) == VALUE_EXCEPTION) goto exception;
    RAW(length);
    NEXT;
}
op_PACKET:
    if (!ctx->packet) FAIL(raise_error(ctx, ERROR_NO_PACKET, VALUE_DEFAULT));
    TAGGED(object_value(ctx->packet));
    NEXT;

op_GLOBAL_REF : {
    const struct link *link = &fn->unit->links[FIELD_B];
    const struct vvm_generation *g = ctx->generation;
    const struct binding *b = &g->bindings[link->global];
    if (link->global >= g->binding_count || b->value == VALUE_UNDEFINED)
        FAIL(raise_error(ctx, ERROR_UNBOUND, link->name));
    TAGGED(b->value);
    NEXT;
}
op_GLOBAL_SET:
    EFFECT(global_set(ctx, fn->unit, &fn->unit->links[FIELD_A], B));
op_DEFINE:
    EFFECT(define_global(ctx, fn->unit, &fn->unit->links[FIELD_A], B, direct_function(B)));
op_DEFINE_FUNCTION:
    EFFECT(define_function(ctx, fn->unit, *pc));
op_CLOSURE : {
    SYNC(pc + 1);
    struct closure *c = make_closure(ctx, &fn->unit->functions[FIELD_B], FIELD_C);
    if (!c) goto exception;
    fuel = ctx->fuel;
    gather(c->captured, fp, pc + 1, FIELD_C);
    TAGGED(object_value(c));
    pc += LISTED(FIELD_C);
    DISPATCH();
}
op_CLOSURE_PATCH : {
    if (!has_type(A, TYPE_CLOSURE) || FIELD_C >= object_length(A)) FAIL(raise_error(ctx, ERROR_TYPE, A));
    ((struct closure *)value_pointer(A))->captured[FIELD_C] = B;
    NEXT;
}
op_CAPTURED:
    /* The verifier: only functions that captured something have this, and only closures call those. */
    TAGGED(frame->closure->captured[FIELD_B]); /* NOLINT(clang-analyzer-core.NullDereference) */
    NEXT;

    /* ---- calls ---- */

op_CALL:
    callee = &fn->unit->functions[FIELD_B];
enter:
    next = pc + LISTED(FIELD_C);
    result = &A;
    GATHER();
    if (__builtin_expect(callee->flags & FUNCTION_REST, 0)) {
        SYNC(next);
        CONTROL(call_function(ctx, callee, NULL, FIELD_C, result));
    }
    closure = NULL;
push:
    frame->pc = next; /* a frame that is no wire function's has no use for invoke and depth */
    fp = ARGUMENTS;
    if (__builtin_expect(ctx->frame_count == ctx->frame_limit || fp + callee->slots > ctx->stack_end, 0))
        goto no_room;
    ctx->frame_count++;
    frame[1].nesting = frame->nesting;
    frame++;
    frame->function = fn = callee;
    frame->slots = fp;
    frame->result = result;
    frame->closure = closure;
    frame->handlers = (uint16_t)ctx->handler_count;
    frame->serial = 0;
    pc = callee->code;
    fuel -= callee->entry_cost;
    mark_frame(ctx);
    if (__builtin_expect(fuel < 0, 0)) goto out_of_fuel;
    DISPATCH();
op_CALL_GLOBAL : {
    const struct link *link = &fn->unit->links[FIELD_B];
    const struct vvm_generation *g = ctx->generation;
    if (LIKELY(link->global < g->binding_count)) {
        const struct binding *b = &g->bindings[link->global];
        callee = b->function;
        if (LIKELY(callee) && LIKELY(b->signature == link->signature)) goto enter;
    }
    GATHER();
    SYNC(pc + LISTED(FIELD_C));
    CONTROL(call_global(ctx, link, FIELD_C, &A));
}
op_CALL_MEMBER:
    procedure = member_procedure(ctx, B);
    if (LIKELY(procedure != VALUE_FALSE)) goto call_value;
    FAIL(raise_type(ctx, "the call of a member", 1, "member", B));
op_SEAL: /* a hook comes back to this very word, which asks for the next one */
    SYNC(pc + 1);
    procedure = seal_next(ctx, ARGUMENTS);
    if (procedure == VALUE_EXCEPTION) goto exception;
    if (procedure == VALUE_FALSE) {
        TAGGED(VALUE_UNSPECIFIED);
        NEXT;
    }
    fuel -= instruction_table[OP_SEAL].cost;
    mark_again(ctx, instruction_table[OP_SEAL].cost);
    closure = value_pointer(procedure);
    callee = closure->function;
    result = &A;
    next = pc;
    goto push;
op_CALL_VALUE:
    procedure = B;
call_value:
    next = pc + LISTED(FIELD_C);
    GATHER();
    if (has_type(procedure, TYPE_CLOSURE)) {
        closure = value_pointer(procedure);
        callee = closure->function;
        if (__builtin_expect(callee->parameters == FIELD_C && !callee->flags, 1)) {
            result = &A;
            goto push;
        }
    }
    SYNC(next);
    CONTROL(call_procedure(ctx, procedure, FIELD_C, &A));
op_CALL_PRIMITIVE : {
    next = pc + LISTED(FIELD_C);
    GATHER();
    SYNC(next);
    vvm_value v = fn->unit->primitives[FIELD_B]->call(ctx, FIELD_C, ARGUMENTS);
    if (__builtin_expect(v == VALUE_EXCEPTION, 0)) {
        ctx->continue_at = &A;
        goto exception;
    }
    fuel = ctx->fuel;
    TAGGED(v);
    pc = next;
    DISPATCH();
}
op_APPLY_MEMBER:
    SYNC(pc + 1);
    CONTROL(apply_member(ctx, B, C, &A));
op_APPLY:
    SYNC(pc + 1);
    CONTROL(apply_procedure(ctx, B, C, &A));
op_TAIL_CALL:
    callee = &fn->unit->functions[FIELD_B];
replace:
    GATHER();
    if (__builtin_expect(callee->flags & FUNCTION_REST || fp + callee->slots > ctx->stack_end, 0)) {
        SYNC(pc + 1);
        CONTROL(call_function(ctx, callee, NULL, FIELD_C, NULL));
    }
    for (unsigned i = 0; i < FIELD_C; i++) fp[i] = ARGUMENTS[i]; /* upward: they may overlap */
    frame->function = fn = callee;
    frame->closure = NULL;
    frame->serial = 0;
    pc = callee->code;
    fuel -= callee->entry_cost;
    mark_frame(ctx);
    if (__builtin_expect(fuel < 0, 0)) goto out_of_fuel;
    DISPATCH();
op_TAIL_CALL_GLOBAL : {
    const struct link *link = &fn->unit->links[FIELD_B];
    const struct vvm_generation *g = ctx->generation;
    if (LIKELY(link->global < g->binding_count)) {
        const struct binding *b = &g->bindings[link->global];
        callee = b->function;
        if (LIKELY(callee) && LIKELY(b->signature == link->signature)) goto replace;
    }
    GATHER();
    SYNC(pc + 1);
    CONTROL(call_global(ctx, link, FIELD_C, NULL));
}
op_TAIL_CALL_VALUE : {
    vvm_value f = B;
    GATHER();
    SYNC(pc + 1);
    CONTROL(call_procedure(ctx, f, FIELD_C, NULL));
}
op_TAIL_APPLY:
    SYNC(pc + 1);
    CONTROL(apply_procedure(ctx, B, C, NULL));
op_WIRE_RETURN:
op_RETURN:
    *frame->result = A;
    mark_word(ctx, frame->result, fn->result == SLOT_ANY ? WORD_TAGGED : WORD_RAW);
    ctx->frame_count--;
    frame--;
    fn = frame->function;
    fp = frame->slots;
    pc = frame->pc;
    DISPATCH();
op_RETURN_VALUES : { /* mostly the caller is just about to receive that many */
    const struct frame *caller = frame - 1;
    next = caller->pc;
    if (half(next, 0) == OP_RECEIVE && half(next, 3) == FIELD_C &&
        frame->result == &caller->slots[half(next, 1)]) {
        for (unsigned i = 0; i < FIELD_C; i++) {
            caller->slots[half(next + 1, i)] = fp[half(pc + 1, i)];
            mark_word(ctx, &caller->slots[half(next + 1, i)], WORD_TAGGED);
        }
        pc = next + LISTED(FIELD_C);
        ctx->frame_count--;
        frame--;
        fn = frame->function;
        fp = frame->slots;
        mark_done(ctx);
        DISPATCH();
    }
    GATHER();
    SYNC(pc + 1);
    CONTROL(return_values(ctx, FIELD_C, ARGUMENTS));
}
op_RETURN_LIST:
    SYNC(pc + 1);
    CONTROL(return_list(ctx, A));
op_UNREACHABLE:
    FAIL(raise_error(ctx, ERROR_VALUES, VALUE_DEFAULT));
op_RECEIVE:
op_RECEIVE_REST:
    SYNC(pc + 1);
    CONTROL(receive_values(ctx, pc, 1, &A));
op_CALL_ESCAPE:
    SYNC(pc + 1);
    CONTROL(call_escape(ctx, B, &A));

    /* ---- handlers ---- */

op_PUSH_HANDLER : {
    struct handler h = {.kind = HANDLER_REGION,
                        .slot = (uint16_t)FIELD_A,
                        .frame = ctx->frame_count - 1,
                        .target = (uint32_t)(pc + 2 + IMM - fn->code),
                        .cost = (uint32_t)pc[1],
                        .winders = ctx->winders};
    SYNC(pc + 1);
    if (!push_handler(ctx, h)) goto exception;
    fuel -= (int64_t)(pc[1] >> 32);
    mark_block(ctx, (int64_t)(pc[1] >> 32));
    pc += 2;
    if (__builtin_expect(fuel < 0, 0)) goto out_of_fuel;
    DISPATCH();
}
op_PUSH_PROCEDURE:
    SYNC(pc + 1);
    if (!push_handler(ctx, (struct handler){.kind = HANDLER_PROCEDURE, .procedure = A})) goto exception;
    NEXT;
op_POP_HANDLER:
op_EXIT_POP_HANDLER:
    ctx->handler_count--;
    NEXT;
op_RAISE:
    FAIL(raise_value(ctx, A, false));
op_RAISE_CONTINUABLE:
    SYNC(pc + 1);
    raise_value(ctx, B, true);
    ctx->continue_at = &A;
    goto exception;

    /* ---- wire instructions ---- */

op_INVOKE : { /* what takes nothing from the stack is entered here */
    const struct wire_instruction *row = fn->unit->rows[FIELD_B];
    if (row->shape.take_count) {
        ctx->fuel = fuel;
        CONTROL(invoke(ctx, pc));
    }
    fuel -= row->row.cost - row->body->entry_cost;
    if (__builtin_expect(fuel < 0, 0)) goto out_of_fuel;
    operands_of(&row->shape, &fn->unit->constants[FIELD_C], ARGUMENTS);
    frame->invoke = (uint32_t)(pc - fn->code);
    callee = row->body;
    closure = NULL;
    result = &ctx->scratch;
    next = pc + 1;
    goto push;
}
op_EXIT_NEXT:
    ctx->fuel = fuel;
    CONTROL(exit_next(ctx, pc));
op_EXIT_GOTO:
    ctx->fuel = fuel;
    CONTROL(exit_goto(ctx, pc));
op_EXIT_CALL:
    ctx->fuel = fuel;
    CONTROL(exit_call(ctx, pc));
op_EXIT_CALL_ITEMS:
    ctx->fuel = fuel;
    CONTROL(exit_call_items(ctx, pc));
op_EXIT_RETURN:
    ctx->fuel = fuel;
    CONTROL(exit_return(ctx, pc));
op_EXIT_PREVIOUS:
    ctx->fuel = fuel;
    CONTROL(exit_previous(ctx));
op_EXIT_PUSH_HANDLER:
    SYNC(pc + 1);
    CONTROL(exit_push_handler(ctx, pc));
op_ITEM_COUNT:
    VALUE(item_count(ctx));
op_ITEM_REF:
    VALUE(item_ref(ctx, B));
op_ITEMS:
    VALUE(items(ctx));
op_WIRE_LOCAL_REF:
    TAGGED(*wire_local(ctx, FIELD_B));
    NEXT;
op_WIRE_LOCAL_SET : {
    uint64_t *local = wire_local(ctx, FIELD_A);
    *local = B;
    mark_word(ctx, local, WORD_TAGGED);
    NEXT;
}
op_PROGRAM_BYTES:
    VALUE(program_bytes(ctx));
op_RUN_PROGRAM:
    GATHER();
    SYNC(pc + LISTED(FIELD_C));
    CONTROL(run_program(ctx, B, FIELD_C, ARGUMENTS, &A));

    /* ---- in the tables of generations that redefine something ---- */

op_OVERRIDDEN:
    SYNC(pc + 1);
    switch (override_run(ctx, pc)) {
    case OVERRIDE_NONE: goto *labels[half(pc, 0)];
    case OVERRIDE_FAILED: goto exception;
    case OVERRIDE_DONE: fuel = ctx->fuel; NEXT;
    case OVERRIDE_TAKEN: fuel = ctx->fuel; BRANCH(true);
    case OVERRIDE_PASSED: fuel = ctx->fuel; BRANCH(false);
    }
op_TRACED:
    ctx->fuel = fuel;
    trace_instruction(ctx, pc, fuel);
    if (ctx->generation->override) goto *override_table(ctx)[half(pc, 0)];
    goto *labels[half(pc, 0)];
op_PRIMITIVE_OVERRIDDEN:
    procedure = override_primitive(ctx, fn->unit->primitives[FIELD_B]);
    if (procedure != VALUE_FALSE) goto call_value;
    goto op_CALL_PRIMITIVE;
op_BOOT_REFERENCE : {
    const struct binding *b = override_base(ctx->generation, fn->unit->links[FIELD_B].global);
    if (!b) goto op_GLOBAL_REF;
    TAGGED(b->value);
    NEXT;
}
op_BOOT_CALL : {
    const struct link *link = &fn->unit->links[FIELD_B];
    if (!override_base(ctx->generation, link->global)) goto op_CALL_GLOBAL;
    GATHER();
    SYNC(pc + LISTED(FIELD_C));
    CONTROL(call_global(ctx, link, FIELD_C, &A));
}
op_BOOT_TAIL : {
    const struct link *link = &fn->unit->links[FIELD_B];
    if (!override_base(ctx->generation, link->global)) goto op_TAIL_CALL_GLOBAL;
    GATHER();
    SYNC(pc + 1);
    CONTROL(call_global(ctx, link, FIELD_C, NULL));
}

    /* ---- the machine's own ---- */

op_STOP:
    ctx->fuel = fuel;
    return true;
op_UNMASK:
    ctx->handler_count--;
    NEXT;
op_NON_CONTINUABLE:
    FAIL(raise_error(ctx, ERROR_NON_CONTINUABLE, VALUE_DEFAULT));

divide_by_zero:
    FAIL(raise_error(ctx, ERROR_DIVIDE, VALUE_DEFAULT));
no_room:
    ctx->fuel = fuel;
    too_deep(ctx);
    goto exception;
out_of_fuel:
    SYNC(pc);
    if (collect_at_block(ctx) || fuel_refill(ctx)) RELOAD();
    trap(ctx, TRAP_FUEL);
exception:
    if (!machine_exception(ctx)) return false;
    RELOAD();
}

const struct dispatch_labels *interpret_labels(void)
{
    struct vvm_context nothing = {0};
    interpret(&nothing);
    return (const struct dispatch_labels *)(uintptr_t)nothing.scratch;
}
