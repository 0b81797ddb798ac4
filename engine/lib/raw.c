/* SPDX-License-Identifier: Apache-2.0 */
/*
 * raw.c - u8+ ... s64-shift-right as procedures over tagged integers. Calls by name
 * compile to raw instructions; these rows are for first-class use and mean the same:
 * arguments are checked as by `unbox`, results as by `box`.
 */
#include "lib.h"

static int64_t wrap(enum slot_type t, uint64_t word)
{
    unsigned unused = 64 - slot_bits(t);
    return slot_is_signed(t) ? (int64_t)(word << unused) >> unused : (int64_t)(word << unused >> unused);
}

static bool fits_raw(enum slot_type t, int64_t value)
{
    if (t == SLOT_U64) return value >= 0;
    return t == SLOT_S64 || wrap(t, (uint64_t)value) == value;
}

static bool raw_argument(struct vvm_context *ctx, const char *name, enum slot_type t, const vvm_value *args,
                         unsigned i, int64_t *out)
{
    if (!is_fixnum(args[i])) {
        raise_type(ctx, name, i + 1, slot_type_name(t), args[i]);
        return false;
    }
    *out = fixnum_value(args[i]);
    if (fits_raw(t, *out)) return true;
    raise_error(ctx, ERROR_RANGE, args[i]);
    return false;
}

static vvm_value raw_result(struct vvm_context *ctx, enum slot_type t, uint64_t word)
{
    int64_t value = wrap(t, word);
    if (t == SLOT_U64 && value < 0) return raise_error(ctx, ERROR_INTEGER_RANGE, VALUE_DEFAULT);
    return make_integer(ctx, value);
}

enum raw_operation {
    RAW_SUM,
    RAW_DIFFERENCE,
    RAW_PRODUCT,
    RAW_QUOTIENT,
    RAW_REMAINDER,
    RAW_BITS_AND,
    RAW_BITS_OR,
    RAW_BITS_XOR,
    RAW_LEFT,
    RAW_RIGHT,
};

static uint64_t raw_divide(enum slot_type t, enum raw_operation operation, uint64_t a, uint64_t b)
{
    if (!slot_is_signed(t)) return operation == RAW_QUOTIENT ? a / b : a % b;
    if ((int64_t)b == -1) return operation == RAW_QUOTIENT ? -a : 0; /* the least number has no negation */
    return (uint64_t)(operation == RAW_QUOTIENT ? (int64_t)a / (int64_t)b : (int64_t)a % (int64_t)b);
}

static uint64_t raw_shift(enum slot_type t, enum raw_operation operation, uint64_t a, uint64_t count)
{
    bool over = count >= slot_bits(t);
    if (operation == RAW_LEFT) return over ? 0 : a << count;
    if (slot_is_signed(t)) return (uint64_t)((int64_t)a >> (over ? 63 : count));
    return over ? 0 : a >> count;
}

static uint64_t raw_operate(enum slot_type t, enum raw_operation operation, uint64_t a, uint64_t b)
{
    switch (operation) {
    case RAW_SUM: return a + b;
    case RAW_DIFFERENCE: return a - b;
    case RAW_PRODUCT: return a * b;
    case RAW_BITS_AND: return a & b;
    case RAW_BITS_OR: return a | b;
    case RAW_BITS_XOR: return a ^ b;
    case RAW_QUOTIENT:
    case RAW_REMAINDER: return raw_divide(t, operation, a, b);
    default: return raw_shift(t, operation, a, b);
    }
}

/* Fold from the left; of one argument, - is the negation and the others the identity. */
static vvm_value raw_fold(struct vvm_context *ctx, const char *name, enum slot_type t,
                          enum raw_operation operation, unsigned n, const vvm_value *args)
{
    int64_t value, next;
    if (!raw_argument(ctx, name, t, args, 0, &value)) return VALUE_EXCEPTION;
    if (n == 1 && operation == RAW_DIFFERENCE) value = (int64_t) - (uint64_t)value;
    for (unsigned i = 1; i < n; i++) {
        if (!raw_argument(ctx, name, t, args, i, &next)) return VALUE_EXCEPTION;
        if (next == 0 && (operation == RAW_QUOTIENT || operation == RAW_REMAINDER))
            return raise_error(ctx, ERROR_DIVIDE, args[0]);
        value = wrap(t, raw_operate(t, operation, (uint64_t)value, (uint64_t)next));
    }
    return raw_result(ctx, t, (uint64_t)value);
}

/* The count of a shift is any integer; a negative one counts as its unsigned word. */
static vvm_value raw_shift_value(struct vvm_context *ctx, const char *name, enum slot_type t,
                                 enum raw_operation operation, const vvm_value *args)
{
    int64_t value;
    if (!raw_argument(ctx, name, t, args, 0, &value)) return VALUE_EXCEPTION;
    NEED(is_fixnum(args[1]), name, 1, "integer");
    return raw_result(ctx, t, raw_shift(t, operation, (uint64_t)value, (uint64_t)fixnum_value(args[1])));
}

static vvm_value raw_not(struct vvm_context *ctx, const char *name, enum slot_type t, const vvm_value *args)
{
    int64_t value;
    return raw_argument(ctx, name, t, args, 0, &value) ? raw_result(ctx, t, ~(uint64_t)value)
                                                       : VALUE_EXCEPTION;
}

static vvm_value raw_bit(struct vvm_context *ctx, const char *name, enum slot_type t, const vvm_value *args)
{
    int64_t value;
    if (!raw_argument(ctx, name, t, args, 0, &value)) return VALUE_EXCEPTION;
    NEED(is_fixnum(args[1]), name, 1, "integer");
    uint64_t bit = (uint64_t)fixnum_value(args[1]);
    return make_boolean(bit < slot_bits(t) && ((uint64_t)value >> bit & 1));
}

enum { LESS = 1, SAME = 2, GREATER = 4 };

static vvm_value raw_compare(struct vvm_context *ctx, const char *name, enum slot_type t, unsigned wanted,
                             unsigned n, const vvm_value *args)
{
    bool result = true;
    int64_t left, right;
    if (!raw_argument(ctx, name, t, args, 0, &left)) return VALUE_EXCEPTION;
    for (unsigned i = 1; i < n; i++, left = right) {
        if (!raw_argument(ctx, name, t, args, i, &right)) return VALUE_EXCEPTION;
        result &= wanted >> ((left > right) - (left < right) + 1) & 1;
    }
    return make_boolean(result);
}

static vvm_value raw_test(enum slot_type t, const vvm_value *args)
{
    return make_boolean(is_fixnum(args[0]) && fits_raw(t, fixnum_value(args[0])));
}

static vvm_value raw_convert(struct vvm_context *ctx, const char *name, enum slot_type from,
                             enum slot_type to, const vvm_value *args)
{
    int64_t value;
    if (!raw_argument(ctx, name, from, args, 0, &value)) return VALUE_EXCEPTION;
    return raw_result(ctx, to, (uint64_t)value);
}

/* ---- one family a type ---- */

/* Tables: clang-format moves one entry each time it runs. */
/* clang-format off */
#define FOLDS(F, T, t)                                                                                       \
    F(T, t "+", sum, RAW_SUM)                                                                                \
    F(T, t "-", difference, RAW_DIFFERENCE)                                                                  \
    F(T, t "*", product, RAW_PRODUCT)                                                                        \
    F(T, t "-and", bits_and, RAW_BITS_AND)                                                                   \
    F(T, t "-or", bits_or, RAW_BITS_OR)                                                                      \
    F(T, t "-xor", bits_xor, RAW_BITS_XOR)
#define DIVISIONS(F, T, t)                                                                                   \
    F(T, t "-quotient", quotient, RAW_QUOTIENT)                                                              \
    F(T, t "-remainder", rest, RAW_REMAINDER)
#define COMPARISONS(F, T, t)                                                                                 \
    F(T, t "=", eq, SAME)                                                                                    \
    F(T, t "<", lt, LESS)                                                                                    \
    F(T, t ">", gt, GREATER)                                                                                 \
    F(T, t "<=", le, LESS | SAME)                                                                            \
    F(T, t ">=", ge, GREATER | SAME)
#define CONVERSIONS(F, T, t)                                                                                 \
    F(T, t "->u8", to_u8, SLOT_U8)                                                                           \
    F(T, t "->u16", to_u16, SLOT_U16)                                                                        \
    F(T, t "->u32", to_u32, SLOT_U32)                                                                        \
    F(T, t "->u64", to_u64, SLOT_U64)                                                                        \
    F(T, t "->s8", to_s8, SLOT_S8)                                                                           \
    F(T, t "->s16", to_s16, SLOT_S16)                                                                        \
    F(T, t "->s32", to_s32, SLOT_S32)                                                                        \
    F(T, t "->s64", to_s64, SLOT_S64)
#define SHIFTS(F, T, t)                                                                                      \
    F(T, t "-shift-left", left, RAW_LEFT)                                                                    \
    F(T, t "-shift-right", right, RAW_RIGHT)
#define TYPES(X)                                                                                             \
    X(U8, "u8") X(U16, "u16") X(U32, "u32") X(U64, "u64") X(S8, "s8") X(S16, "s16") X(S32, "s32")            \
    X(S64, "s64")
/* clang-format on */

#define FOLD_FN(T, text, fn, what)                                                                           \
    PRIMITIVE_FN(fn##_##T) { return raw_fold(ctx, text, SLOT_##T, what, n, args); }
#define COMPARE_FN(T, text, fn, what)                                                                        \
    PRIMITIVE_FN(fn##_##T) { return raw_compare(ctx, text, SLOT_##T, what, n, args); }
#define SHIFT_FN(T, text, fn, what)                                                                          \
    PRIMITIVE_FN(fn##_##T) { return raw_shift_value(ctx, text, SLOT_##T, what, args); }
#define CONVERT_FN(T, text, fn, to)                                                                          \
    PRIMITIVE_FN(fn##_##T) { return raw_convert(ctx, text, SLOT_##T, to, args); }
#define FUNCTIONS(T, t)                                                                                      \
    FOLDS(FOLD_FN, T, t)                                                                                     \
    DIVISIONS(FOLD_FN, T, t)                                                                                 \
    COMPARISONS(COMPARE_FN, T, t)                                                                            \
    SHIFTS(SHIFT_FN, T, t)                                                                                   \
    CONVERSIONS(CONVERT_FN, T, t)                                                                            \
    PRIMITIVE_FN(not_##T) { return raw_not(ctx, t "-not", SLOT_##T, args); }                                 \
    PRIMITIVE_FN(bit_##T) { return raw_bit(ctx, t "-bit?", SLOT_##T, args); }                                \
    PRIMITIVE_FN(is_##T) { return raw_test(SLOT_##T, args); }
TYPES(FUNCTIONS)

#define FOLD_ROW(T, text, fn, what)                                                                          \
    PRIMITIVE(text, fn##_##T, 1, -1, 2, 0, "integer ... -> integer",                                         \
              "The operation of that name, modulo the type."),
#define DIVISION_ROW(T, text, fn, what)                                                                      \
    PRIMITIVE(text, fn##_##T, 2, 2, 4, 0, "integer integer -> integer",                                      \
              "Division towards zero, modulo the type."),
#define COMPARE_ROW(T, text, fn, what)                                                                       \
    PRIMITIVE(text, fn##_##T, 1, -1, 2, 0, "integer ... -> boolean", "Comparison of numbers of the type."),
#define SHIFT_ROW(T, text, fn, what)                                                                         \
    PRIMITIVE(text, fn##_##T, 2, 2, 1, 0, "integer integer -> integer", "Shift within the type's width."),
#define CONVERT_ROW(T, text, fn, to)                                                                         \
    PRIMITIVE(text, fn##_##T, 1, 1, 1, 0, "integer -> integer", "The number wrapped to the other type."),
#define FAMILY_ROWS(T, t)                                                                                    \
    FOLDS(FOLD_ROW, T, t)                                                                                    \
    DIVISIONS(DIVISION_ROW, T, t)                                                                            \
    COMPARISONS(COMPARE_ROW, T, t)                                                                           \
    SHIFTS(SHIFT_ROW, T, t)                                                                                  \
    CONVERSIONS(CONVERT_ROW, T, t)                                                                           \
    PRIMITIVE(t "-not", not_##T, 1, 1, 1, 0, "integer -> integer", "All bits inverted."),                    \
        PRIMITIVE(t "-bit?", bit_##T, 2, 2, 1, 0, "integer integer -> boolean",                              \
                  "True if that bit, 0 the lowest, is 1."),                                                  \
        PRIMITIVE(t "?", is_##T, 1, 1, 1, 0, "any -> boolean", "True of an integer that fits the type."),

static const struct primitive_row rows[] = {TYPES(FAMILY_ROWS)};

int raw_primitives(struct vvm_node *node) { return primitives_register(node, ROWS(rows)); }
