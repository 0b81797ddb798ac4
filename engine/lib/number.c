/* SPDX-License-Identifier: Apache-2.0 */
/*
 * number.c - arithmetic and comparison of fixnums and flonums as procedures; calls
 * by name compile to instructions. Fixnum overflow is the error integer-range.
 */
#include <math.h>

#include "lib.h"

vvm_value make_integer(struct vvm_context *ctx, int64_t n)
{
    return fits_fixnum(n) ? make_fixnum(n) : raise_error(ctx, ERROR_INTEGER_RANGE, VALUE_DEFAULT);
}

bool is_integer(vvm_value v)
{
    if (is_fixnum(v)) return true;
    return is_flonum(v) && isfinite(flonum_value(v)) && flonum_value(v) == floor(flonum_value(v));
}

/* ---- sums and products ---- */

/* No exact fractions: an inexact quotient of integers is a flonum. */
static vvm_value divide_two(struct vvm_context *ctx, vvm_value a, vvm_value b)
{
    if (is_fixnum(b) && fixnum_value(b) == 0) return raise_error(ctx, ERROR_DIVIDE, a);
    if (is_fixnum(a) && is_fixnum(b) && fixnum_value(a) % fixnum_value(b) == 0)
        return make_integer(ctx, fixnum_value(a) / fixnum_value(b));
    return make_flonum(ctx, number_double(a) / number_double(b));
}

typedef vvm_value (*operation)(struct vvm_context *ctx, vvm_value a, vvm_value b);

static vvm_value fold(struct vvm_context *ctx, const char *name, unsigned n, const vvm_value *args,
                      vvm_value start, operation operate)
{
    for (unsigned i = 0; i < n && start != VALUE_EXCEPTION; i++) {
        NEED(is_number(args[i]), name, i, "number");
        start = operate(ctx, start, args[i]);
    }
    return start;
}

/* With one argument: from the neutral element. */
static vvm_value fold_from_first(struct vvm_context *ctx, const char *name, unsigned n, const vvm_value *args,
                                 vvm_value neutral, operation operate)
{
    NEED(is_number(args[0]), name, 0, "number");
    if (n == 1) return operate(ctx, neutral, args[0]);
    vvm_value result = args[0];
    for (unsigned i = 1; i < n && result != VALUE_EXCEPTION; i++) {
        NEED(is_number(args[i]), name, i, "number");
        result = operate(ctx, result, args[i]);
    }
    return result;
}

PRIMITIVE_FN(add) { return fold(ctx, "+", n, args, make_fixnum(0), number_add); }
PRIMITIVE_FN(multiply) { return fold(ctx, "*", n, args, make_fixnum(1), number_multiply); }
PRIMITIVE_FN(divide) { return fold_from_first(ctx, "/", n, args, make_fixnum(1), divide_two); }

PRIMITIVE_FN(subtract)
{
    if (n == 1 && is_flonum(args[0])) return make_flonum(ctx, -flonum_value(args[0]));
    return fold_from_first(ctx, "-", n, args, make_fixnum(0), number_subtract);
}

PRIMITIVE_FN(square)
{
    NEED(is_number(args[0]), "square", 0, "number");
    return number_multiply(ctx, args[0], args[0]);
}

PRIMITIVE_FN(absolute)
{
    NEED(is_number(args[0]), "abs", 0, "number");
    if (is_flonum(args[0])) return make_flonum(ctx, fabs(flonum_value(args[0])));
    return fixnum_value(args[0]) < 0 ? make_integer(ctx, -fixnum_value(args[0])) : args[0];
}

/* ---- comparison ---- */

static vvm_value number_greater(struct vvm_context *ctx, vvm_value a, vvm_value b)
{
    return number_less(ctx, b, a);
}
static vvm_value number_greater_equal(struct vvm_context *ctx, vvm_value a, vvm_value b)
{
    return number_less_equal(ctx, b, a);
}

/* All arguments are checked, also those after a pair that already fails. */
static vvm_value compare_all(struct vvm_context *ctx, const char *name, unsigned n, const vvm_value *args,
                             operation compare)
{
    bool result = true;
    for (unsigned i = 0; i < n; i++) NEED(is_number(args[i]), name, i, "number");
    for (unsigned i = 0; i + 1 < n; i++) {
        vvm_value holds = compare(ctx, args[i], args[i + 1]);
        if (holds == VALUE_EXCEPTION) return holds;
        result &= holds == VALUE_TRUE;
    }
    return make_boolean(result);
}
PRIMITIVE_FN(equal) { return compare_all(ctx, "=", n, args, number_equal); }
PRIMITIVE_FN(less) { return compare_all(ctx, "<", n, args, number_less); }
PRIMITIVE_FN(greater) { return compare_all(ctx, ">", n, args, number_greater); }
PRIMITIVE_FN(less_or_equal) { return compare_all(ctx, "<=", n, args, number_less_equal); }
PRIMITIVE_FN(greater_or_equal) { return compare_all(ctx, ">=", n, args, number_greater_equal); }

/* The argument that beats all others; inexact if any is. */
static vvm_value extreme(struct vvm_context *ctx, const char *name, unsigned n, const vvm_value *args,
                         operation beats)
{
    vvm_value best = args[0];
    bool inexact = false, nan = false;
    for (unsigned i = 0; i < n; i++) {
        NEED(is_number(args[i]), name, i, "number");
        vvm_value better = beats(ctx, args[i], best);
        if (better == VALUE_EXCEPTION) return better;
        inexact |= is_flonum(args[i]);
        nan |= isnan(number_double(args[i]));
        if (better == VALUE_TRUE) best = args[i];
    }
    if (nan) return make_flonum(ctx, NAN);
    return inexact && is_fixnum(best) ? make_flonum(ctx, number_double(best)) : best;
}
PRIMITIVE_FN(maximum) { return extreme(ctx, "max", n, args, number_greater); }
PRIMITIVE_FN(minimum) { return extreme(ctx, "min", n, args, number_less); }

/* ---- predicates ---- */

#define SIGN(fn, text, compare)                                                                              \
    PRIMITIVE_FN(fn)                                                                                         \
    {                                                                                                        \
        NEED(is_number(args[0]), text, 0, "number");                                                         \
        return compare(ctx, args[0], make_fixnum(0));                                                        \
    }
SIGN(is_zero, "zero?", number_equal)
SIGN(is_positive, "positive?", number_greater)
SIGN(is_negative, "negative?", number_less)

static vvm_value parity_is(struct vvm_context *ctx, const char *name, const vvm_value *args, int wanted)
{
    NEED(is_integer(args[0]), name, 0, "integer");
    if (is_fixnum(args[0])) return make_boolean((fixnum_value(args[0]) & 1) == wanted);
    return make_boolean((fmod(flonum_value(args[0]), 2) != 0) == wanted);
}
PRIMITIVE_FN(is_odd) { return parity_is(ctx, "odd?", args, 1); }
PRIMITIVE_FN(is_even) { return parity_is(ctx, "even?", args, 0); }

PRIMITIVE_FN(is_number_value) { return make_boolean(is_number(args[0])); }
PRIMITIVE_FN(is_rational)
{
    return make_boolean(is_fixnum(args[0]) || (is_flonum(args[0]) && isfinite(flonum_value(args[0]))));
}
PRIMITIVE_FN(is_integer_value) { return make_boolean(is_integer(args[0])); }
PRIMITIVE_FN(is_exact_integer) { return make_boolean(is_fixnum(args[0])); }
PRIMITIVE_FN(is_flonum_value) { return make_boolean(is_flonum(args[0])); }

PRIMITIVE_FN(is_exact)
{
    NEED(is_number(args[0]), "exact?", 0, "number");
    return make_boolean(is_fixnum(args[0]));
}

PRIMITIVE_FN(is_inexact)
{
    NEED(is_number(args[0]), "inexact?", 0, "number");
    return make_boolean(is_flonum(args[0]));
}

#define ORDER_ROW(text, fn, doc) PRIMITIVE(text, fn, 1, -1, 2, 0, "number ... -> boolean", doc)
#define TEST_ROW(text, fn, doc)  PRIMITIVE(text, fn, 1, 1, 1, 0, "any -> boolean", doc)
static const struct primitive_row rows[] = {
    PRIMITIVE("+", add, 0, -1, 2, 0, "number ... -> number", "The sum."),
    PRIMITIVE("-", subtract, 1, -1, 2, 0, "number ... -> number",
              "The difference; of one argument, its negation."),
    PRIMITIVE("*", multiply, 0, -1, 2, 0, "number ... -> number", "The product."),
    PRIMITIVE("/", divide, 1, -1, 4, EFFECT_LOAD, "number ... -> number",
              "The quotient: an integer if it is one, else a flonum."),
    PRIMITIVE("square", square, 1, 1, 2, 0, "number -> number", "The product with itself."),
    PRIMITIVE("abs", absolute, 1, 1, 1, 0, "number -> number", "The magnitude."),
    PRIMITIVE("magnitude", absolute, 1, 1, 1, 0, "number -> number", "The magnitude."),
    PRIMITIVE("max", maximum, 1, -1, 2, 0, "number ... -> number", "The largest."),
    PRIMITIVE("min", minimum, 1, -1, 2, 0, "number ... -> number", "The smallest."),
    ORDER_ROW("=", equal, "True if all are equal as numbers."),
    ORDER_ROW("<", less, "True if each is less than the next."),
    ORDER_ROW(">", greater, "True if each is greater than the next."),
    ORDER_ROW("<=", less_or_equal, "True if none is greater than the next."),
    ORDER_ROW(">=", greater_or_equal, "True if none is less than the next."),
    PRIMITIVE("zero?", is_zero, 1, 1, 1, 0, "number -> boolean", "True of zero."),
    PRIMITIVE("positive?", is_positive, 1, 1, 1, 0, "number -> boolean", "True of what is above zero."),
    PRIMITIVE("negative?", is_negative, 1, 1, 1, 0, "number -> boolean", "True of what is below zero."),
    PRIMITIVE("odd?", is_odd, 1, 1, 1, 0, "integer -> boolean", "True of an odd integer."),
    PRIMITIVE("even?", is_even, 1, 1, 1, 0, "integer -> boolean", "True of an even integer."),
    TEST_ROW("number?", is_number_value, "True of a number."),
    TEST_ROW("complex?", is_number_value, "True of a number."),
    TEST_ROW("real?", is_number_value, "True of a number."),
    TEST_ROW("rational?", is_rational, "True of a number that is no infinity and no nan."),
    TEST_ROW("integer?", is_integer_value, "True of a number without fraction."),
    TEST_ROW("exact-integer?", is_exact_integer, "True of an exact integer."),
    TEST_ROW("exact-rational?", is_exact_integer, "True of an exact integer: there are no exact fractions."),
    TEST_ROW("flonum?", is_flonum_value, "True of a floating-point number."),
    PRIMITIVE("exact?", is_exact, 1, 1, 1, 0, "number -> boolean", "True of an exact number."),
    PRIMITIVE("inexact?", is_inexact, 1, 1, 1, 0, "number -> boolean", "True of a floating-point number."),
};

int number_primitives(struct vvm_node *node) { return primitives_register(node, ROWS(rows)); }
