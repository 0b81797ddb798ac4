/* SPDX-License-Identifier: Apache-2.0 */
/*
 * integer.c - division, bits and number theory on integers. Flonums without
 * fraction are integers too: results are then flonums.
 */
#include <math.h>

#include "lib.h"

PRIMITIVE_FN(quotient) { return number_quotient(ctx, args[0], args[1]); }
PRIMITIVE_FN(remainder_of) { return number_remainder(ctx, args[0], args[1]); }
PRIMITIVE_FN(modulo) { return number_modulo(ctx, args[0], args[1]); }

PRIMITIVE_FN(floor_quotient)
{
    vvm_value rest = number_modulo(ctx, args[0], args[1]);
    if (rest == VALUE_EXCEPTION) return rest;
    if (!both_fixnums(args[0], args[1]))
        return make_flonum(ctx, floor(number_double(args[0]) / number_double(args[1])));
    return make_integer(ctx, (fixnum_value(args[0]) - fixnum_value(rest)) / fixnum_value(args[1]));
}

/* Magnitudes of fixnums fit in 61 bits, so that no step overflows. */
static uint64_t gcd_two(uint64_t a, uint64_t b)
{
    while (b != 0) {
        uint64_t rest = a % b;
        a = b;
        b = rest;
    }
    return a;
}

static uint64_t magnitude(int64_t n) { return n < 0 ? (uint64_t)-n : (uint64_t)n; }

/* Integer argument as a fixnum value; flonums are converted when exact. */
static bool whole_argument(struct vvm_context *ctx, const char *name, const vvm_value *args, unsigned i,
                           int64_t *out, bool *inexact)
{
    if (!is_integer(args[i])) {
        raise_type(ctx, name, i + 1, "integer", args[i]);
        return false;
    }
    if (is_flonum(args[i])) {
        *inexact = true;
        if (fabs(flonum_value(args[i])) > 0x1p60) {
            raise_error(ctx, ERROR_INTEGER_RANGE, args[i]);
            return false;
        }
        *out = (int64_t)flonum_value(args[i]);
        return true;
    }
    *out = fixnum_value(args[i]);
    return true;
}

static vvm_value whole_result(struct vvm_context *ctx, uint64_t n, bool inexact)
{
    if (inexact) return make_flonum(ctx, (double)n);
    return n > (uint64_t)FIXNUM_MAX ? raise_error(ctx, ERROR_INTEGER_RANGE, VALUE_DEFAULT)
                                    : make_fixnum((int64_t)n);
}

PRIMITIVE_FN(greatest_divisor)
{
    uint64_t result = 0;
    bool inexact = false;
    for (unsigned i = 0; i < n; i++) {
        int64_t value;
        if (!whole_argument(ctx, "gcd", args, i, &value, &inexact)) return VALUE_EXCEPTION;
        result = gcd_two(result, magnitude(value));
    }
    return whole_result(ctx, result, inexact);
}

PRIMITIVE_FN(least_multiple)
{
    uint64_t result = 1;
    bool inexact = false;
    for (unsigned i = 0; i < n; i++) {
        int64_t value;
        if (!whole_argument(ctx, "lcm", args, i, &value, &inexact)) return VALUE_EXCEPTION;
        uint64_t other = magnitude(value);
        if (other == 0 || result == 0) result = 0;
        else if (__builtin_mul_overflow(result, other / gcd_two(result, other), &result) ||
                 result > (uint64_t)FIXNUM_MAX + 1)
            return raise_error(ctx, ERROR_INTEGER_RANGE, args[i]);
    }
    return whole_result(ctx, result, inexact);
}

/* Largest r with r * r <= n */
static int64_t integer_root(int64_t n)
{
    int64_t root = (int64_t)sqrt((double)n);
    while (root * root > n) root--;
    while ((root + 1) * (root + 1) <= n) root++;
    return root;
}

PRIMITIVE_FN(exact_root)
{
    NEED(is_fixnum(args[0]), "exact-integer-sqrt", 0, "exact integer");
    if (fixnum_value(args[0]) < 0) return raise_error(ctx, ERROR_RANGE, args[0]);
    return make_fixnum(integer_root(fixnum_value(args[0])));
}

/* ---- powers ---- */

static vvm_value power_fixnum(struct vvm_context *ctx, int64_t base, int64_t exponent)
{
    int64_t result = 1;
    for (;;) {
        if ((exponent & 1) && (__builtin_mul_overflow(result, base, &result) || !fits_fixnum(result)))
            return raise_error(ctx, ERROR_INTEGER_RANGE, VALUE_DEFAULT);
        exponent >>= 1;
        if (exponent == 0) return make_fixnum(result);
        if (__builtin_mul_overflow(base, base, &base))
            return raise_error(ctx, ERROR_INTEGER_RANGE, VALUE_DEFAULT);
    }
}

PRIMITIVE_FN(power)
{
    NEED(is_number(args[0]), "expt", 0, "number");
    NEED(is_number(args[1]), "expt", 1, "number");
    if (!is_fixnum(args[1]) || !is_fixnum(args[0])) {
        if (is_fixnum(args[1]) && fixnum_value(args[1]) == 0) return make_fixnum(1);
        double value = pow(number_double(args[0]), number_double(args[1]));
        if (isnan(value) && number_double(args[0]) < 0) return raise_error(ctx, ERROR_RANGE, args[0]);
        return make_flonum(ctx, value);
    }
    int64_t base = fixnum_value(args[0]), exponent = fixnum_value(args[1]);
    if (base == 0 || base == 1 || base == -1) {
        if (base == 0 && exponent < 0) return raise_error(ctx, ERROR_DIVIDE, args[0]);
        return make_fixnum(exponent == 0 ? 1 : base == -1 && (exponent & 1) == 0 ? 1 : base);
    }
    if (exponent < 0) return make_flonum(ctx, pow((double)base, (double)exponent));
    return power_fixnum(ctx, base, exponent);
}

/* ---- bits, in two's complement without end ---- */

enum bit_operation { BIT_AND, BIT_OR, BIT_XOR };

static vvm_value fold_bits(struct vvm_context *ctx, const char *name, unsigned n, const vvm_value *args,
                           enum bit_operation operation)
{
    int64_t result = operation == BIT_AND ? -1 : 0;
    for (unsigned i = 0; i < n; i++) {
        NEED(is_fixnum(args[i]), name, i, "exact integer");
        int64_t value = fixnum_value(args[i]);
        result = operation == BIT_AND  ? result & value
                 : operation == BIT_OR ? result | value
                                       : result ^ value;
    }
    return make_fixnum(result);
}
PRIMITIVE_FN(bits_and) { return fold_bits(ctx, "bitwise-and", n, args, BIT_AND); }
PRIMITIVE_FN(bits_or) { return fold_bits(ctx, "bitwise-or", n, args, BIT_OR); }
PRIMITIVE_FN(bits_xor) { return fold_bits(ctx, "bitwise-xor", n, args, BIT_XOR); }

PRIMITIVE_FN(bits_not)
{
    NEED(is_fixnum(args[0]), "bitwise-not", 0, "exact integer");
    return make_fixnum(~fixnum_value(args[0]));
}

PRIMITIVE_FN(shift)
{
    NEED(is_fixnum(args[0]), "arithmetic-shift", 0, "exact integer");
    NEED(is_fixnum(args[1]), "arithmetic-shift", 1, "exact integer");
    int64_t value = fixnum_value(args[0]), count = fixnum_value(args[1]), product;
    if (count <= 0) return make_fixnum(count < -62 ? value >> 62 : value >> -count);
    if (value == 0) return args[0];
    if (count > 61 || __builtin_mul_overflow(value, INT64_C(1) << count, &product))
        return raise_error(ctx, ERROR_INTEGER_RANGE, args[0]);
    return make_integer(ctx, product);
}

PRIMITIVE_FN(bit_count)
{
    NEED(is_fixnum(args[0]), "bit-count", 0, "exact integer");
    int64_t value = fixnum_value(args[0]);
    return make_fixnum(__builtin_popcountll((uint64_t)(value < 0 ? ~value : value)));
}

PRIMITIVE_FN(bit_length)
{
    NEED(is_fixnum(args[0]), "integer-length", 0, "exact integer");
    int64_t value = fixnum_value(args[0]);
    if (value < 0) value = ~value;
    return make_fixnum(value == 0 ? 0 : 64 - __builtin_clzll((uint64_t)value));
}

#define DIVISION_ROW(text, fn, doc) PRIMITIVE(text, fn, 2, 2, 4, 0, "integer integer -> integer", doc)
#define BITS_ROW(text, fn, doc)     PRIMITIVE(text, fn, 0, -1, 2, 0, "integer ... -> integer", doc)
static const struct primitive_row rows[] = {
    DIVISION_ROW("quotient", quotient, "The quotient, cut off towards zero."),
    DIVISION_ROW("remainder", remainder_of, "What is left of quotient; has the sign of the first argument."),
    DIVISION_ROW("modulo", modulo, "What is left of floor-quotient; has the sign of the second argument."),
    DIVISION_ROW("truncate-quotient", quotient, "The quotient, cut off towards zero."),
    DIVISION_ROW("truncate-remainder", remainder_of, "What is left of truncate-quotient."),
    DIVISION_ROW("floor-quotient", floor_quotient, "The quotient, rounded down."),
    DIVISION_ROW("floor-remainder", modulo, "What is left of floor-quotient."),
    PRIMITIVE("gcd", greatest_divisor, 0, -1, 8, 0, "integer ... -> integer", "The greatest common divisor."),
    PRIMITIVE("lcm", least_multiple, 0, -1, 8, 0, "integer ... -> integer", "The least common multiple."),
    PRIMITIVE("%exact-integer-sqrt", exact_root, 1, 1, 8, 0, "integer -> integer",
              "The square root, rounded down."),
    PRIMITIVE("expt", power, 2, 2, 8, EFFECT_LOAD, "number number -> number",
              "The power; of integers exact, but for a negative exponent."),
    BITS_ROW("bitwise-and", bits_and, "The bits that all have."),
    BITS_ROW("bitwise-or", bits_or, "The bits that any has."),
    BITS_ROW("bitwise-xor", bits_xor, "The bits that an odd number of them have."),
    BITS_ROW("bitwise-ior", bits_or, "The bits that any has."),
    PRIMITIVE("bitwise-not", bits_not, 1, 1, 1, 0, "integer -> integer", "All bits inverted."),
    PRIMITIVE("arithmetic-shift", shift, 2, 2, 1, 0, "integer integer -> integer",
              "Shift left by a positive count, right by a negative one."),
    PRIMITIVE("bit-count", bit_count, 1, 1, 1, 0, "integer -> integer",
              "The number of ones; of a negative number, of zeros."),
    PRIMITIVE("integer-length", bit_length, 1, 1, 1, 0, "integer -> integer",
              "The bits needed, without the sign."),
};

int integer_primitives(struct vvm_node *node) { return primitives_register(node, ROWS(rows)); }
