/* SPDX-License-Identifier: Apache-2.0 */
/*
 * real.c - what needs flonums (rounding, roots, logarithms ...), conversions, and
 * numbers as text. Exact arguments give exact results where that is natural.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "lib.h"

/* ---- text ---- */

size_t format_integer(int64_t n, unsigned radix, char text[NUMBER_TEXT])
{
    char digits[NUMBER_TEXT];
    size_t count = 0, length = 0;
    uint64_t value = n < 0 ? -(uint64_t)n : (uint64_t)n;
    do {
        digits[count++] = "0123456789abcdefghijklmnopqrstuvwxyz"[value % radix];
        value /= radix;
    } while (value != 0);
    if (n < 0) text[length++] = '-';
    while (count > 0) text[length++] = digits[--count];
    text[length] = 0;
    return length;
}

/* C writes 1e+21 and 1e-07; we write 1e21 and 1e-7. */
static void tidy_exponent(char *text)
{
    char *from = strchr(text, 'e'), *to;
    if (!from) return;
    to = ++from;
    if (*from == '-') *to++ = *from++;
    else if (*from == '+') from++;
    while (*from == '0' && from[1]) from++;
    memmove(to, from, strlen(from) + 1);
}

size_t format_flonum(double d, char text[NUMBER_TEXT])
{
    if (isnan(d)) return (size_t)snprintf(text, NUMBER_TEXT, "+nan.0");
    if (isinf(d)) return (size_t)snprintf(text, NUMBER_TEXT, d > 0 ? "+inf.0" : "-inf.0");
    for (int precision = 1; precision <= 17; precision++) {
        snprintf(text, NUMBER_TEXT, "%.*g", precision, d);
        if (strtod(text, NULL) == d) break;
    }
    if (fabs(d) >= 1 && fabs(d) < 1e21 && strchr(text, 'e')) snprintf(text, NUMBER_TEXT, "%.0f", d);
    tidy_exponent(text);
    size_t length = strlen(text);
    if (!strpbrk(text, ".e")) length += (size_t)snprintf(text + length, NUMBER_TEXT - length, ".0");
    return length;
}

static bool radix_argument(struct vvm_context *ctx, const char *name, unsigned n, const vvm_value *args,
                           unsigned *radix)
{
    *radix = 10;
    if (n < 2) return true;
    if (!is_fixnum(args[1]) || fixnum_value(args[1]) < 2 || fixnum_value(args[1]) > 36) {
        raise_error(ctx, ERROR_RANGE, args[1]);
        return false;
    }
    *radix = (unsigned)fixnum_value(args[1]);
    return true;
}

PRIMITIVE_FN(number_to_string)
{
    char text[NUMBER_TEXT];
    unsigned radix;
    size_t length;
    NEED(is_number(args[0]), "number->string", 0, "number");
    if (!radix_argument(ctx, "number->string", n, args, &radix)) return VALUE_EXCEPTION;
    if (is_flonum(args[0])) {
        if (radix != 10) return raise_error(ctx, ERROR_RANGE, args[1]);
        length = format_flonum(flonum_value(args[0]), text);
    } else {
        length = format_integer(fixnum_value(args[0]), radix, text);
    }
    return make_string_utf8(ctx, text, length);
}

/* Text of a number is ASCII; leading zeros are all that makes one long. */
PRIMITIVE_FN(string_to_number)
{
    char text[512];
    unsigned radix;
    NEED(is_string(args[0]), "string->number", 0, "string");
    if (!radix_argument(ctx, "string->number", n, args, &radix)) return VALUE_EXCEPTION;
    if (radix > 16) return raise_error(ctx, ERROR_RANGE, args[1]);
    size_t length = object_length(args[0]);
    if (length >= sizeof text) return VALUE_FALSE;
    for (size_t i = 0; i < length; i++) {
        uint32_t c = string_of(args[0])->chars[i];
        if (c <= ' ' || c > '~') return VALUE_FALSE;
        text[i] = (char)c;
    }
    text[length] = 0;
    return parse_number(ctx, text, length, radix);
}

/* ---- conversions ---- */

PRIMITIVE_FN(exact)
{
    NEED(is_number(args[0]), "exact", 0, "number");
    if (is_fixnum(args[0])) return args[0];
    if (!is_integer(args[0])) return raise_error(ctx, ERROR_RANGE, args[0]);
    double d = flonum_value(args[0]);
    if (d >= -(double)FIXNUM_MIN || d < (double)FIXNUM_MIN)
        return raise_error(ctx, ERROR_INTEGER_RANGE, args[0]);
    return make_fixnum((int64_t)d);
}

PRIMITIVE_FN(inexact)
{
    NEED(is_number(args[0]), "inexact", 0, "number");
    return is_flonum(args[0]) ? args[0] : make_flonum(ctx, number_double(args[0]));
}

#define ROUNDING(fn, text, round)                                                                            \
    PRIMITIVE_FN(fn)                                                                                         \
    {                                                                                                        \
        NEED(is_number(args[0]), text, 0, "number");                                                         \
        return is_fixnum(args[0]) ? args[0] : make_flonum(ctx, round(flonum_value(args[0])));                \
    }
ROUNDING(round_down, "floor", floor)
ROUNDING(round_up, "ceiling", ceil)
ROUNDING(round_to_zero, "truncate", trunc)
ROUNDING(round_to_even, "round", rint)

/* Smallest power of two that makes d whole. */
static double denominator_of(double d)
{
    double denominator = 1;
    while (d != floor(d)) {
        d *= 2;
        denominator *= 2;
    }
    return denominator;
}

PRIMITIVE_FN(numerator)
{
    NEED(is_fixnum(args[0]) || (is_flonum(args[0]) && isfinite(flonum_value(args[0]))), "numerator", 0,
         "rational");
    if (is_fixnum(args[0])) return args[0];
    return make_flonum(ctx, flonum_value(args[0]) * denominator_of(flonum_value(args[0])));
}

PRIMITIVE_FN(denominator)
{
    NEED(is_fixnum(args[0]) || (is_flonum(args[0]) && isfinite(flonum_value(args[0]))), "denominator", 0,
         "rational");
    if (is_fixnum(args[0])) return make_fixnum(1);
    return make_flonum(ctx, denominator_of(flonum_value(args[0])));
}

/* ---- functions ---- */

PRIMITIVE_FN(square_root)
{
    NEED(is_number(args[0]), "sqrt", 0, "number");
    double d = number_double(args[0]);
    if (d < 0) return raise_error(ctx, ERROR_RANGE, args[0]);
    double root = sqrt(d);
    if (is_fixnum(args[0]) && root == floor(root)) {
        int64_t exact_root = (int64_t)root;
        if (exact_root * exact_root == fixnum_value(args[0])) return make_fixnum(exact_root);
    }
    return make_flonum(ctx, root);
}

/* exact: the exact argument whose result is the exact integer `value` */
static vvm_value apply_real(struct vvm_context *ctx, const char *name, const vvm_value *args,
                            int64_t exact_at, int64_t value, double (*f)(double))
{
    NEED(is_number(args[0]), name, 0, "number");
    if (args[0] == make_fixnum(exact_at)) return make_fixnum(value);
    return make_flonum(ctx, f(number_double(args[0])));
}
PRIMITIVE_FN(exponential) { return apply_real(ctx, "exp", args, 0, 1, exp); }
PRIMITIVE_FN(sine) { return apply_real(ctx, "sin", args, 0, 0, sin); }
PRIMITIVE_FN(cosine) { return apply_real(ctx, "cos", args, 0, 1, cos); }
PRIMITIVE_FN(tangent) { return apply_real(ctx, "tan", args, 0, 0, tan); }
PRIMITIVE_FN(arc_sine) { return apply_real(ctx, "asin", args, 0, 0, asin); }
PRIMITIVE_FN(arc_cosine) { return apply_real(ctx, "acos", args, 1, 0, acos); }

PRIMITIVE_FN(arc_tangent)
{
    if (n == 1) return apply_real(ctx, "atan", args, 0, 0, atan);
    NEED(is_number(args[0]), "atan", 0, "number");
    NEED(is_number(args[1]), "atan", 1, "number");
    if (args[0] == make_fixnum(0) && is_fixnum(args[1]) && fixnum_value(args[1]) > 0) return args[0];
    return make_flonum(ctx, atan2(number_double(args[0]), number_double(args[1])));
}

PRIMITIVE_FN(logarithm)
{
    if (n == 1) return apply_real(ctx, "log", args, 1, 0, log);
    NEED(is_number(args[0]), "log", 0, "number");
    NEED(is_number(args[1]), "log", 1, "number");
    double x = number_double(args[0]), base = number_double(args[1]);
    return make_flonum(ctx, base == 2 ? log2(x) : base == 10 ? log10(x) : log(x) / log(base));
}

#define TEST(fn, text, test)                                                                                 \
    PRIMITIVE_FN(fn)                                                                                         \
    {                                                                                                        \
        NEED(is_number(args[0]), text, 0, "number");                                                         \
        return make_boolean(test(number_double(args[0])));                                                   \
    }
TEST(is_finite, "finite?", isfinite)
TEST(is_infinite, "infinite?", isinf)
TEST(is_nan, "nan?", isnan)

#define REAL_ROW(text, fn, doc) PRIMITIVE(text, fn, 1, 1, 8, EFFECT_LOAD, "number -> number", doc)
static const struct primitive_row rows[] = {
    PRIMITIVE("number->string", number_to_string, 1, 2, 8, EFFECT_ALLOCATE, "number [radix] -> string",
              "The shortest text that reads back as the number."),
    PRIMITIVE("string->number", string_to_number, 1, 2, 8, EFFECT_LOAD, "string [radix] -> number or #f",
              "The number that the text is."),
    PRIMITIVE("exact", exact, 1, 1, 2, 0, "number -> integer",
              "The exact integer that is equal; a fraction is an error."),
    PRIMITIVE("inexact->exact", exact, 1, 1, 2, 0, "number -> integer", "As exact."),
    PRIMITIVE("inexact", inexact, 1, 1, 2, EFFECT_LOAD, "number -> flonum", "The nearest flonum."),
    PRIMITIVE("exact->inexact", inexact, 1, 1, 2, EFFECT_LOAD, "number -> flonum", "The nearest flonum."),
    REAL_ROW("floor", round_down, "The next integer below."),
    REAL_ROW("ceiling", round_up, "The next integer above."),
    REAL_ROW("truncate", round_to_zero, "The next integer towards zero."),
    REAL_ROW("round", round_to_even, "The nearest integer; a half goes to the even one."),
    REAL_ROW("numerator", numerator, "The numerator in lowest terms."),
    REAL_ROW("denominator", denominator, "The denominator in lowest terms."),
    REAL_ROW("sqrt", square_root, "The square root; exact if it is an integer."),
    REAL_ROW("exp", exponential, "The exponential function."),
    REAL_ROW("sin", sine, "The sine."),
    REAL_ROW("cos", cosine, "The cosine."),
    REAL_ROW("tan", tangent, "The tangent."),
    REAL_ROW("asin", arc_sine, "The arc sine."),
    REAL_ROW("acos", arc_cosine, "The arc cosine."),
    PRIMITIVE("atan", arc_tangent, 1, 2, 8, EFFECT_LOAD, "number [number] -> number",
              "The arc tangent, of y / x if two are given."),
    PRIMITIVE("log", logarithm, 1, 2, 8, EFFECT_LOAD, "number [base] -> number",
              "The logarithm, natural if there is no base."),
    PRIMITIVE("finite?", is_finite, 1, 1, 1, 0, "number -> boolean",
              "True of what is no infinity and no nan."),
    PRIMITIVE("infinite?", is_infinite, 1, 1, 1, 0, "number -> boolean", "True of an infinity."),
    PRIMITIVE("nan?", is_nan, 1, 1, 1, 0, "number -> boolean", "True of a nan."),
};

int real_primitives(struct vvm_node *node) { return primitives_register(node, ROWS(rows)); }
