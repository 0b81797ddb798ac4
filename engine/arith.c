/* SPDX-License-Identifier: Apache-2.0 */
/*
 * arith.c - arithmetic that the interpreter's fast paths do not do. An exact result
 * outside 61 bits is the error integer-range; a flonum anywhere makes the whole
 * operation inexact, and is the error type for a packet.
 */
#include "arith.h"

#include <math.h>

/* A place for both operands as doubles; false: an error is pending. */
static bool inexact(struct vvm_context *ctx, vvm_value a, vvm_value b, const char *name, double *x, double *y)
{
    vvm_value operands[2] = {a, b};
    double *places[2] = {x, y};
    for (unsigned i = 0; i < 2; i++) {
        if (is_fixnum(operands[i])) {
            *places[i] = (double)fixnum_value(operands[i]);
        } else if (is_flonum(operands[i]) && !ctx->packet_profile) {
            *places[i] = flonum_value(operands[i]);
        } else {
            raise_type(ctx, name, i + 1, ctx->packet_profile ? "integer" : "number", operands[i]);
            return false;
        }
    }
    return true;
}

static vvm_value exact(struct vvm_context *ctx, bool overflow, int64_t n)
{
    if (overflow || !fits_fixnum(n)) return raise_error(ctx, ERROR_INTEGER_RANGE, VALUE_DEFAULT);
    return make_fixnum(n);
}

vvm_value number_add(struct vvm_context *ctx, vvm_value a, vvm_value b)
{
    double x, y;
    if (both_fixnums(a, b)) return exact(ctx, false, fixnum_value(a) + fixnum_value(b));
    return inexact(ctx, a, b, "+", &x, &y) ? make_flonum(ctx, x + y) : VALUE_EXCEPTION;
}

vvm_value number_subtract(struct vvm_context *ctx, vvm_value a, vvm_value b)
{
    double x, y;
    if (both_fixnums(a, b)) return exact(ctx, false, fixnum_value(a) - fixnum_value(b));
    return inexact(ctx, a, b, "-", &x, &y) ? make_flonum(ctx, x - y) : VALUE_EXCEPTION;
}

vvm_value number_multiply(struct vvm_context *ctx, vvm_value a, vvm_value b)
{
    double x, y;
    if (both_fixnums(a, b)) {
        int64_t n;
        bool overflow = __builtin_mul_overflow(fixnum_value(a), fixnum_value(b), &n);
        return exact(ctx, overflow, n);
    }
    return inexact(ctx, a, b, "*", &x, &y) ? make_flonum(ctx, x * y) : VALUE_EXCEPTION;
}

/* ---- division ---- */

enum division { QUOTIENT, REMAINDER, MODULO };
static const char *const division_names[] = {"quotient", "remainder", "modulo"};

static vvm_value divide_exact(struct vvm_context *ctx, enum division what, int64_t n, int64_t d)
{
    if (d == 0) return raise_error(ctx, ERROR_DIVIDE, make_fixnum(n));
    if (what == QUOTIENT) return exact(ctx, false, n / d); /* 61 bits: no overflow of int64_t */
    int64_t r = n % d;
    if (what == MODULO && r != 0 && (r < 0) != (d < 0)) r += d;
    return make_fixnum(r);
}

static vvm_value divide(struct vvm_context *ctx, enum division what, vvm_value a, vvm_value b)
{
    double x, y;
    if (both_fixnums(a, b)) return divide_exact(ctx, what, fixnum_value(a), fixnum_value(b));
    if (!inexact(ctx, a, b, division_names[what], &x, &y)) return VALUE_EXCEPTION;
    if (x != trunc(x) || isinf(x)) return raise_type(ctx, division_names[what], 1, "integer", a);
    if (y != trunc(y) || isinf(y)) return raise_type(ctx, division_names[what], 2, "integer", b);
    if (y == 0) return raise_error(ctx, ERROR_DIVIDE, a);
    if (what == QUOTIENT) return make_flonum(ctx, trunc(x / y));
    double r = fmod(x, y);
    if (what == MODULO && r != 0 && (r < 0) != (y < 0)) r += y;
    return make_flonum(ctx, r);
}

vvm_value number_quotient(struct vvm_context *ctx, vvm_value a, vvm_value b)
{
    return divide(ctx, QUOTIENT, a, b);
}
vvm_value number_remainder(struct vvm_context *ctx, vvm_value a, vvm_value b)
{
    return divide(ctx, REMAINDER, a, b);
}
vvm_value number_modulo(struct vvm_context *ctx, vvm_value a, vvm_value b)
{
    return divide(ctx, MODULO, a, b);
}

/* ---- order ---- */

enum { BELOW = 1, SAME = 2, ABOVE = 4, UNORDERED = 8, WRONG = 16 };

/* A fixnum beside a flonum, exactly: a 61-bit integer may not be a double. */
static int compare_mixed(int64_t n, double y)
{
    if (isnan(y)) return UNORDERED;
    if (y >= 0x1p60) return BELOW;
    if (y < -0x1p60) return ABOVE;
    int64_t whole = (int64_t)y;
    if (n != whole) return n < whole ? BELOW : ABOVE;
    double rest = y - (double)whole;
    return rest > 0 ? BELOW : rest < 0 ? ABOVE : SAME;
}

static int compare(struct vvm_context *ctx, vvm_value a, vvm_value b, const char *name)
{
    double x, y;
    if (both_fixnums(a, b)) return (int64_t)a < (int64_t)b ? BELOW : a == b ? SAME : ABOVE;
    if (!inexact(ctx, a, b, name, &x, &y)) return WRONG;
    if (is_fixnum(a)) return compare_mixed(fixnum_value(a), y);
    if (is_fixnum(b)) {
        int order = compare_mixed(fixnum_value(b), x);
        return order == BELOW ? ABOVE : order == ABOVE ? BELOW : order;
    }
    return x < y ? BELOW : x == y ? SAME : x > y ? ABOVE : UNORDERED;
}

vvm_value number_equal(struct vvm_context *ctx, vvm_value a, vvm_value b)
{
    int order = compare(ctx, a, b, "=");
    return order == WRONG ? VALUE_EXCEPTION : make_boolean(order == SAME);
}

vvm_value number_less(struct vvm_context *ctx, vvm_value a, vvm_value b)
{
    int order = compare(ctx, a, b, "<");
    return order == WRONG ? VALUE_EXCEPTION : make_boolean(order == BELOW);
}

vvm_value number_less_equal(struct vvm_context *ctx, vvm_value a, vvm_value b)
{
    int order = compare(ctx, a, b, "<=");
    return order == WRONG ? VALUE_EXCEPTION : make_boolean(order & (BELOW | SAME));
}
