/* SPDX-License-Identifier: Apache-2.0 */
/*
 * number.c - from the text of a number to its value: what the reader and
 * string->number share. 61-bit integers in radix 2 to 16 with KiB and MiB, decimal
 * flonums, the prefixes #x #b #o #d #e #i. No rationals, no complex numbers.
 */
#include "load.h"

#include <ctype.h>
#include <locale.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define FLONUM_OCTETS 400

/* What has been found out about a number's text so far. */
struct numeral {
    const char *at, *end;
    unsigned radix;
    char exactness; /* 'e', 'i' or 0 */
};

static bool prefixes(struct numeral *n)
{
    while (n->end - n->at >= 2 && n->at[0] == '#') {
        switch (n->at[1] | 0x20) {
        case 'x': n->radix = 16; break;
        case 'b': n->radix = 2; break;
        case 'o': n->radix = 8; break;
        case 'd': n->radix = 10; break;
        case 'e':
        case 'i': n->exactness = (char)(n->at[1] | 0x20); break;
        default: return false;
        }
        n->at += 2;
    }
    return n->at < n->end;
}

static int digit_value(char c)
{
    if (c >= '0' && c <= '9') return c - '0';
    c |= 0x20;
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : 99;
}

/* Digits, then perhaps a unit. 1: an integer, 0: none, -1: too large. */
static int integer_text(const struct numeral *n, int64_t *out)
{
    const char *at = n->at;
    bool negative = *at == '-', large = false;
    if (*at == '-' || *at == '+') at++;
    int64_t value = 0;
    const char *digits = at;
    for (; at < n->end && digit_value(*at) < (int)n->radix; at++)
        if (__builtin_mul_overflow(value, (int64_t)n->radix, &value) ||
            __builtin_sub_overflow(value, (int64_t)digit_value(*at), &value))
            large = true, value = 0;
    if (at == digits) return 0;
    int64_t unit = 1;
    if (n->radix == 10 && n->end - at == 3 && !memcmp(at + 1, "iB", 2)) {
        unit = *at == 'K' ? 1 << 10 : *at == 'M' ? 1 << 20 : 0;
        if (!unit) return 0;
        at += 3;
    }
    if (at != n->end) return 0;
    if (__builtin_mul_overflow(value, unit, &value)) large = true;
    if (large || (!negative && value < -FIXNUM_MAX) || value < FIXNUM_MIN) return -1;
    *out = negative ? value : -value; /* counted downwards: one more value fits there */
    return 1;
}

static const char *skip_digits(const char *at, const char *end)
{
    while (at < end && *at >= '0' && *at <= '9') at++;
    return at;
}

/* [sign] digits [. digits] [e [sign] digits], with at least one digit before e */
static bool decimal_shape(const struct numeral *n)
{
    const char *at = n->at + (*n->at == '-' || *n->at == '+');
    const char *whole = skip_digits(at, n->end), *fraction = whole;
    if (whole < n->end && *whole == '.') fraction = skip_digits(whole + 1, n->end);
    if (fraction - at - (fraction > whole) < 1) return false;
    if (fraction == n->end) return true;
    if ((*fraction | 0x20) != 'e') return false;
    const char *exponent = fraction + 1;
    if (exponent < n->end && (*exponent == '-' || *exponent == '+')) exponent++;
    return exponent < n->end && skip_digits(exponent, n->end) == n->end;
}

static bool special_flonum(const struct numeral *n, double *out)
{
    if (n->end - n->at != 6 || (*n->at != '+' && *n->at != '-')) return false;
    if (!strncasecmp(n->at + 1, "nan.0", 5)) *out = NAN;
    else if (!strncasecmp(n->at + 1, "inf.0", 5)) *out = *n->at == '-' ? -INFINITY : INFINITY;
    else return false;
    return true;
}

/* The C locale's decimal point, whatever the host program has set. */
static bool decimal_value(const struct numeral *n, double *out)
{
    char text[FLONUM_OCTETS + 1];
    size_t octets = (size_t)(n->end - n->at);
    if (octets > FLONUM_OCTETS || !decimal_shape(n)) return false;
    memcpy(text, n->at, octets);
    text[octets] = 0;
    locale_t plain = newlocale(LC_NUMERIC_MASK, "C", (locale_t)0);
    if (!plain) return false;
    *out = strtod_l(text, NULL, plain);
    freelocale(plain);
    return true;
}

static vvm_value exact_flonum(struct vvm_context *ctx, double d)
{
    if (d != floor(d) || fabs(d) > 0x1p60) return raise_error(ctx, ERROR_INTEGER_RANGE, VALUE_DEFAULT);
    if (!fits_fixnum((int64_t)d)) return raise_error(ctx, ERROR_INTEGER_RANGE, VALUE_DEFAULT);
    return make_fixnum((int64_t)d);
}

vvm_value parse_number(struct vvm_context *ctx, const char *text, size_t octets, unsigned radix)
{
    struct numeral n = {text, text + octets, radix, 0};
    int64_t integer;
    double d;
    if (!octets || !prefixes(&n)) return VALUE_FALSE;
    int found = integer_text(&n, &integer);
    if (found > 0) return n.exactness == 'i' ? make_flonum(ctx, (double)integer) : make_fixnum(integer);
    if (found < 0 && n.exactness != 'i') return raise_error(ctx, ERROR_INTEGER_RANGE, VALUE_DEFAULT);
    if (n.radix != 10 || (!special_flonum(&n, &d) && !decimal_value(&n, &d))) return VALUE_FALSE;
    return n.exactness == 'e' ? exact_flonum(ctx, d) : make_flonum(ctx, d);
}
