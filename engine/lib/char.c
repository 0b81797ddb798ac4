/* SPDX-License-Identifier: Apache-2.0 */
/*
 * char.c - characters. Classes and simple case mappings cover ASCII, Latin-1,
 * Latin Extended-A, Greek and Cyrillic; every other letter has one case and no class.
 */
#include "lib.h"

/* Alternating capital and small letters: +1 from the capital. */
static bool in_pairs(uint32_t c, bool *capital_even)
{
    *capital_even = true;
    if ((c >= 0x100 && c <= 0x12f) || (c >= 0x132 && c <= 0x137) || (c >= 0x14a && c <= 0x177) ||
        (c >= 0x460 && c <= 0x481) || (c >= 0x48a && c <= 0x4bf) || (c >= 0x4d0 && c <= 0x52f))
        return true;
    *capital_even = false;
    return (c >= 0x139 && c <= 0x148) || (c >= 0x179 && c <= 0x17e) || (c >= 0x4c1 && c <= 0x4ce);
}

/* Blocks of small letters whose capitals stand `distance` below. */
struct case_block {
    uint32_t first, last;
    int32_t distance;
};
static const struct case_block blocks[] = {
    {'a', 'z', 32},     {0xe0, 0xf6, 32},   {0xf8, 0xfe, 32},   {0x3ac, 0x3ac, 38},
    {0x3ad, 0x3af, 37}, {0x3b1, 0x3c1, 32}, {0x3c3, 0x3cb, 32}, {0x3cc, 0x3cc, 64},
    {0x3cd, 0x3ce, 63}, {0x430, 0x44f, 32}, {0x450, 0x45f, 80}, {0x561, 0x586, 48},
};
#define BLOCKS (sizeof blocks / sizeof blocks[0])

uint32_t char_upcase(uint32_t c)
{
    bool even;
    for (size_t i = 0; i < BLOCKS; i++)
        if (c >= blocks[i].first && c <= blocks[i].last) return c - (uint32_t)blocks[i].distance;
    if (c == 0x3c2) return 0x3a3; /* final sigma */
    if (c == 0xff) return 0x178;
    if (in_pairs(c, &even) && (c & 1) == even) return c - 1;
    return c;
}

uint32_t char_downcase(uint32_t c)
{
    bool even;
    for (size_t i = 0; i < BLOCKS; i++) {
        uint32_t distance = (uint32_t)blocks[i].distance;
        if (c + distance >= blocks[i].first && c + distance <= blocks[i].last) return c + distance;
    }
    if (c == 0x178) return 0xff;
    if (in_pairs(c, &even) && (c & 1) != even) return c + 1;
    return c;
}

uint32_t char_foldcase(uint32_t c) { return c == 0x3c2 ? 0x3c3 : char_downcase(c); }

static bool is_upper(uint32_t c) { return char_downcase(c) != c; }
static bool is_lower(uint32_t c) { return char_upcase(c) != c || c == 0xdf || c == 0x138 || c == 0x149; }

bool char_is_alphabetic(uint32_t c)
{
    if (is_upper(c) || is_lower(c)) return true;
    return c == 0xaa || c == 0xb5 || c == 0xba || (c >= 0x100 && c <= 0x24f) || c == 0x390 || c == 0x3b0 ||
           (c >= 0x5d0 && c <= 0x5ea) || (c >= 0x620 && c <= 0x64a) || (c >= 0x3041 && c <= 0x30ff) ||
           (c >= 0x4e00 && c <= 0x9fff) || (c >= 0xac00 && c <= 0xd7a3);
}

bool char_is_whitespace(uint32_t c)
{
    return c == ' ' || (c >= 9 && c <= 13) || c == 0x85 || c == 0xa0 || c == 0x1680 ||
           (c >= 0x2000 && c <= 0x200a) || c == 0x2028 || c == 0x2029 || c == 0x202f || c == 0x205f ||
           c == 0x3000;
}

int char_digit(uint32_t c)
{
    static const uint32_t zeros[] = {'0',   0x660, 0x6f0,  0x7c0,  0x966,  0x9e6, 0xa66,
                                     0xae6, 0xb66, 0xbe6,  0xc66,  0xce6,  0xd66, 0xe50,
                                     0xed0, 0xf20, 0x1040, 0x17e0, 0x1810, 0xff10};
    for (size_t i = 0; i < sizeof zeros / sizeof zeros[0]; i++)
        if (c >= zeros[i] && c <= zeros[i] + 9) return (int)(c - zeros[i]);
    return -1;
}

/* ---- primitives ---- */

PRIMITIVE_FN(is_char_value) { return make_boolean(is_char(args[0])); }

PRIMITIVE_FN(char_to_integer)
{
    NEED(is_char(args[0]), "char->integer", 0, "char");
    return make_fixnum(char_value(args[0]));
}

PRIMITIVE_FN(integer_to_char)
{
    size_t code;
    if (!index_argument(ctx, "integer->char", args, 0, 0x10ffff, &code)) return VALUE_EXCEPTION;
    if (code >= 0xd800 && code < 0xe000) return raise_error(ctx, ERROR_RANGE, args[0]);
    return make_char((uint32_t)code);
}

#define MAPPING(fn, text)                                                                                    \
    PRIMITIVE_FN(fn##_value)                                                                                 \
    {                                                                                                        \
        NEED(is_char(args[0]), text, 0, "char");                                                             \
        return make_char(fn(char_value(args[0])));                                                           \
    }
MAPPING(char_upcase, "char-upcase")
MAPPING(char_downcase, "char-downcase")
MAPPING(char_foldcase, "char-foldcase")

#define CLASS(fn, text, test)                                                                                \
    PRIMITIVE_FN(fn)                                                                                         \
    {                                                                                                        \
        NEED(is_char(args[0]), text, 0, "char");                                                             \
        return make_boolean(test(char_value(args[0])));                                                      \
    }
static bool is_digit(uint32_t c) { return char_digit(c) >= 0; }
CLASS(char_alphabetic, "char-alphabetic?", char_is_alphabetic)
CLASS(char_numeric, "char-numeric?", is_digit)
CLASS(char_whitespace, "char-whitespace?", char_is_whitespace)
CLASS(char_upper, "char-upper-case?", is_upper)
CLASS(char_lower, "char-lower-case?", is_lower)

PRIMITIVE_FN(digit_value)
{
    NEED(is_char(args[0]), "digit-value", 0, "char");
    int digit = char_digit(char_value(args[0]));
    return digit < 0 ? VALUE_FALSE : make_fixnum(digit);
}

enum order { ORDER_EQ, ORDER_LT, ORDER_GT, ORDER_LE, ORDER_GE };

static bool ordered(enum order order, uint32_t a, uint32_t b)
{
    switch (order) {
    case ORDER_EQ: return a == b;
    case ORDER_LT: return a < b;
    case ORDER_GT: return a > b;
    case ORDER_LE: return a <= b;
    default: return a >= b;
    }
}

static vvm_value compare_chars(struct vvm_context *ctx, const char *name, unsigned n, const vvm_value *args,
                               enum order order, bool fold)
{
    bool result = true;
    for (unsigned i = 0; i < n; i++) NEED(is_char(args[i]), name, i, "char");
    for (unsigned i = 0; i + 1 < n; i++) {
        uint32_t a = char_value(args[i]), b = char_value(args[i + 1]);
        result &= fold ? ordered(order, char_foldcase(a), char_foldcase(b)) : ordered(order, a, b);
    }
    return make_boolean(result);
}
#define COMPARISON(fn, text, order, fold)                                                                    \
    PRIMITIVE_FN(fn) { return compare_chars(ctx, text, n, args, order, fold); }
COMPARISON(char_eq, "char=?", ORDER_EQ, false)
COMPARISON(char_lt, "char<?", ORDER_LT, false)
COMPARISON(char_gt, "char>?", ORDER_GT, false)
COMPARISON(char_le, "char<=?", ORDER_LE, false)
COMPARISON(char_ge, "char>=?", ORDER_GE, false)
COMPARISON(char_ci_eq, "char-ci=?", ORDER_EQ, true)
COMPARISON(char_ci_lt, "char-ci<?", ORDER_LT, true)
COMPARISON(char_ci_gt, "char-ci>?", ORDER_GT, true)
COMPARISON(char_ci_le, "char-ci<=?", ORDER_LE, true)
COMPARISON(char_ci_ge, "char-ci>=?", ORDER_GE, true)

#define COMPARE_ROW(text, fn, doc) PRIMITIVE(text, fn, 1, -1, 2, 0, "char ... -> boolean", doc)
static const struct primitive_row rows[] = {
    PRIMITIVE("char?", is_char_value, 1, 1, 1, 0, "any -> boolean", "True of a character."),
    PRIMITIVE("char->integer", char_to_integer, 1, 1, 1, 0, "char -> integer", "The code point."),
    PRIMITIVE("integer->char", integer_to_char, 1, 1, 1, 0, "integer -> char",
              "The character of a code point."),
    PRIMITIVE("char-upcase", char_upcase_value, 1, 1, 2, 0, "char -> char", "The capital letter."),
    PRIMITIVE("char-downcase", char_downcase_value, 1, 1, 2, 0, "char -> char", "The small letter."),
    PRIMITIVE("char-foldcase", char_foldcase_value, 1, 1, 2, 0, "char -> char",
              "The letter for comparisons without case."),
    PRIMITIVE("char-alphabetic?", char_alphabetic, 1, 1, 2, 0, "char -> boolean", "True of a letter."),
    PRIMITIVE("char-numeric?", char_numeric, 1, 1, 2, 0, "char -> boolean", "True of a decimal digit."),
    PRIMITIVE("char-whitespace?", char_whitespace, 1, 1, 2, 0, "char -> boolean", "True of white space."),
    PRIMITIVE("char-upper-case?", char_upper, 1, 1, 2, 0, "char -> boolean", "True of a capital letter."),
    PRIMITIVE("char-lower-case?", char_lower, 1, 1, 2, 0, "char -> boolean", "True of a small letter."),
    PRIMITIVE("digit-value", digit_value, 1, 1, 2, 0, "char -> integer or #f",
              "The value of a decimal digit."),
    COMPARE_ROW("char=?", char_eq, "True if all are the same."),
    COMPARE_ROW("char<?", char_lt, "True if each is below the next."),
    COMPARE_ROW("char>?", char_gt, "True if each is above the next."),
    COMPARE_ROW("char<=?", char_le, "True if none is above the next."),
    COMPARE_ROW("char>=?", char_ge, "True if none is below the next."),
    COMPARE_ROW("char-ci=?", char_ci_eq, "As char=?, without case."),
    COMPARE_ROW("char-ci<?", char_ci_lt, "As char<?, without case."),
    COMPARE_ROW("char-ci>?", char_ci_gt, "As char>?, without case."),
    COMPARE_ROW("char-ci<=?", char_ci_le, "As char<=?, without case."),
    COMPARE_ROW("char-ci>=?", char_ci_ge, "As char>=?, without case."),
};

int char_primitives(struct vvm_node *node) { return primitives_register(node, ROWS(rows)); }
