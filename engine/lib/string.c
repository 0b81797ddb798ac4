/* SPDX-License-Identifier: Apache-2.0 */
/*
 * string.c - strings: making, reading, changing and comparing them. Searching is in
 * string_search.c; what takes a procedure is in prelude.vml.
 */
#include <string.h>

#include "lib.h"

static bool string_range(struct vvm_context *ctx, const char *name, unsigned n, const vvm_value *args,
                         unsigned first, size_t *start, size_t *end)
{
    if (!is_string(args[0])) {
        raise_type(ctx, name, 1, "string", args[0]);
        return false;
    }
    return range_arguments(ctx, name, n, args, first, object_length(args[0]), start, end) &&
           fuel_octets(ctx, (*end - *start) * 4);
}

static vvm_value string_from(struct vvm_context *ctx, const uint32_t *chars, size_t count)
{
    vvm_value s = make_string(ctx, count, ' ');
    if (s != VALUE_EXCEPTION && count > 0) memcpy(string_of(s)->chars, chars, count * sizeof *chars);
    return s;
}

PRIMITIVE_FN(is_string_value) { return make_boolean(is_string(args[0])); }

PRIMITIVE_FN(new_string)
{
    size_t length;
    if (!size_argument(ctx, "make-string", args, 0, &length) || !fuel_octets(ctx, length * 4))
        return VALUE_EXCEPTION;
    if (n > 1) NEED(is_char(args[1]), "make-string", 1, "char");
    return make_string(ctx, length, n > 1 ? char_value(args[1]) : ' ');
}

PRIMITIVE_FN(string)
{
    for (unsigned i = 0; i < n; i++) NEED(is_char(args[i]), "string", i, "char");
    vvm_value s = make_string(ctx, n, ' ');
    if (s == VALUE_EXCEPTION) return s;
    for (unsigned i = 0; i < n; i++) string_of(s)->chars[i] = char_value(args[i]);
    return s;
}

PRIMITIVE_FN(string_length)
{
    NEED(is_string(args[0]), "string-length", 0, "string");
    return make_fixnum((int64_t)object_length(args[0]));
}

static uint32_t *char_at(struct vvm_context *ctx, const char *name, const vvm_value *args)
{
    size_t i;
    if (!is_string(args[0])) {
        raise_type(ctx, name, 1, "string", args[0]);
        return NULL;
    }
    if (!index_argument(ctx, name, args, 1, HEADER_LENGTH_MAX, &i)) return NULL;
    if (i < object_length(args[0])) return &string_of(args[0])->chars[i];
    raise_error(ctx, ERROR_BOUNDS, args[1]);
    return NULL;
}

PRIMITIVE_FN(string_ref)
{
    const uint32_t *c = char_at(ctx, "string-ref", args);
    return c ? make_char(*c) : VALUE_EXCEPTION;
}

PRIMITIVE_FN(string_set)
{
    uint32_t *c = char_at(ctx, "string-set!", args);
    if (!c) return VALUE_EXCEPTION;
    NEED(is_char(args[2]), "string-set!", 2, "char");
    if (!mutable_argument(ctx, args[0])) return VALUE_EXCEPTION;
    *c = char_value(args[2]);
    return VALUE_UNSPECIFIED;
}

static vvm_value copy_range(struct vvm_context *ctx, const char *name, unsigned n, const vvm_value *args)
{
    size_t start, end;
    if (!string_range(ctx, name, n, args, 1, &start, &end)) return VALUE_EXCEPTION;
    return string_from(ctx, string_of(args[0])->chars + start, end - start);
}
PRIMITIVE_FN(substring) { return copy_range(ctx, "substring", n, args); }
PRIMITIVE_FN(string_copy) { return copy_range(ctx, "string-copy", n, args); }

PRIMITIVE_FN(string_copy_to)
{
    size_t at, start, end;
    NEED(is_string(args[0]), "string-copy!", 0, "string");
    NEED(is_string(args[2]), "string-copy!", 2, "string");
    if (!index_argument(ctx, "string-copy!", args, 1, object_length(args[0]), &at) ||
        !range_arguments(ctx, "string-copy!", n, args, 3, object_length(args[2]), &start, &end) ||
        !fuel_octets(ctx, (end - start) * 4) || !mutable_argument(ctx, args[0]))
        return VALUE_EXCEPTION;
    if (end - start > object_length(args[0]) - at) return raise_error(ctx, ERROR_BOUNDS, args[1]);
    memmove(string_of(args[0])->chars + at, string_of(args[2])->chars + start,
            (end - start) * sizeof(uint32_t));
    return VALUE_UNSPECIFIED;
}

PRIMITIVE_FN(string_fill)
{
    size_t start, end;
    if (!string_range(ctx, "string-fill!", n, args, 2, &start, &end)) return VALUE_EXCEPTION;
    NEED(is_char(args[1]), "string-fill!", 1, "char");
    if (!mutable_argument(ctx, args[0])) return VALUE_EXCEPTION;
    for (; start < end; start++) string_of(args[0])->chars[start] = char_value(args[1]);
    return VALUE_UNSPECIFIED;
}

PRIMITIVE_FN(string_append)
{
    size_t total = 0;
    for (unsigned i = 0; i < n; i++) {
        NEED(is_string(args[i]), "string-append", i, "string");
        total += object_length(args[i]);
    }
    if (total > TEXT_MAX) return raise_error(ctx, ERROR_RANGE, VALUE_DEFAULT);
    if (!fuel_octets(ctx, total * 4)) return VALUE_EXCEPTION;
    vvm_value s = make_string(ctx, total, ' ');
    if (s == VALUE_EXCEPTION) return s;
    uint32_t *to = string_of(s)->chars;
    for (unsigned i = 0; i < n; to += object_length(args[i]), i++)
        memcpy(to, string_of(args[i])->chars, object_length(args[i]) * sizeof *to);
    return s;
}

PRIMITIVE_FN(string_to_list)
{
    size_t start, end;
    vvm_value list = VALUE_NULL;
    if (!string_range(ctx, "string->list", n, args, 1, &start, &end)) return VALUE_EXCEPTION;
    while (end > start && list != VALUE_EXCEPTION)
        list = make_pair(ctx, make_char(string_of(args[0])->chars[--end]), list);
    return list;
}

PRIMITIVE_FN(list_to_string)
{
    size_t length, i = 0;
    if (!list_argument(ctx, "list->string", args, 0, &length) || !fuel_octets(ctx, length * 4))
        return VALUE_EXCEPTION;
    for (vvm_value at = args[0]; is_pair(at); at = cdr_of(at))
        if (!is_char(car_of(at))) return raise_type(ctx, "list->string", 1, "list of characters", car_of(at));
    vvm_value s = make_string(ctx, length, ' ');
    if (s == VALUE_EXCEPTION) return s;
    for (vvm_value at = args[0]; is_pair(at); at = cdr_of(at))
        string_of(s)->chars[i++] = char_value(car_of(at));
    return s;
}

static vvm_value map_case(struct vvm_context *ctx, const char *name, const vvm_value *args,
                          uint32_t (*map)(uint32_t))
{
    size_t start, end;
    if (!string_range(ctx, name, 1, args, 1, &start, &end)) return VALUE_EXCEPTION;
    vvm_value s = make_string(ctx, end, ' ');
    if (s == VALUE_EXCEPTION) return s;
    for (size_t i = 0; i < end; i++) string_of(s)->chars[i] = map(string_of(args[0])->chars[i]);
    return s;
}
PRIMITIVE_FN(string_upcase) { return map_case(ctx, "string-upcase", args, char_upcase); }
PRIMITIVE_FN(string_downcase) { return map_case(ctx, "string-downcase", args, char_downcase); }
PRIMITIVE_FN(string_foldcase) { return map_case(ctx, "string-foldcase", args, char_foldcase); }

PRIMITIVE_FN(string_reverse)
{
    size_t start, end;
    if (!string_range(ctx, "string-reverse", 1, args, 1, &start, &end)) return VALUE_EXCEPTION;
    vvm_value s = make_string(ctx, end, ' ');
    if (s == VALUE_EXCEPTION) return s;
    for (size_t i = 0; i < end; i++) string_of(s)->chars[i] = string_of(args[0])->chars[end - 1 - i];
    return s;
}

/* ---- comparison ---- */

enum { LESS = 1, SAME = 2, GREATER = 4 };

/* By code points: -1, 0 or 1 */
static int compare_two(vvm_value a, vvm_value b, bool fold)
{
    size_t x = object_length(a), y = object_length(b);
    for (size_t i = 0; i < x && i < y; i++) {
        uint32_t c = string_of(a)->chars[i], d = string_of(b)->chars[i];
        if (fold) {
            c = char_foldcase(c);
            d = char_foldcase(d);
        }
        if (c != d) return c < d ? -1 : 1;
    }
    return x < y ? -1 : x > y;
}

static vvm_value compare_strings(struct vvm_context *ctx, const char *name, unsigned n, const vvm_value *args,
                                 unsigned wanted, bool fold)
{
    bool result = true;
    size_t total = 0;
    for (unsigned i = 0; i < n; i++) {
        NEED(is_string(args[i]), name, i, "string");
        total += object_length(args[i]);
    }
    for (unsigned i = 0; i + 1 < n; i++)
        result &= wanted >> (compare_two(args[i], args[i + 1], fold) + 1) & 1;
    return fuel_octets(ctx, total * 4) ? make_boolean(result) : VALUE_EXCEPTION;
}
#define COMPARISON(fn, text, wanted, fold)                                                                   \
    PRIMITIVE_FN(fn) { return compare_strings(ctx, text, n, args, wanted, fold); }
COMPARISON(string_eq, "string=?", SAME, false)
COMPARISON(string_lt, "string<?", LESS, false)
COMPARISON(string_gt, "string>?", GREATER, false)
COMPARISON(string_le, "string<=?", LESS | SAME, false)
COMPARISON(string_ge, "string>=?", GREATER | SAME, false)
COMPARISON(string_ci_eq, "string-ci=?", SAME, true)
COMPARISON(string_ci_lt, "string-ci<?", LESS, true)
COMPARISON(string_ci_gt, "string-ci>?", GREATER, true)
COMPARISON(string_ci_le, "string-ci<=?", LESS | SAME, true)
COMPARISON(string_ci_ge, "string-ci>=?", GREATER | SAME, true)

#define A                          EFFECT_ALLOCATE
#define COMPARE_ROW(text, fn, doc) PRIMITIVE(text, fn, 1, -1, 3, 0, "string ... -> boolean", doc)
static const struct primitive_row rows[] = {
    PRIMITIVE("string?", is_string_value, 1, 1, 1, 0, "any -> boolean", "True of a string."),
    PRIMITIVE("make-string", new_string, 1, 2, 4, A, "integer [char] -> string",
              "A string of so many equal characters."),
    PRIMITIVE("string", string, 0, -1, 4, A, "char ... -> string", "A string of the arguments."),
    PRIMITIVE("string-length", string_length, 1, 1, 1, 0, "string -> integer", "The number of characters."),
    PRIMITIVE("string-ref", string_ref, 2, 2, 1, 0, "string integer -> char", "The character at an index."),
    PRIMITIVE("string-set!", string_set, 3, 3, 1, 0, "string integer char -> unspecified",
              "Change the character at an index."),
    PRIMITIVE("substring", substring, 2, 3, 4, A, "string start [end] -> string",
              "A new string of these characters."),
    PRIMITIVE("string-copy", string_copy, 1, 3, 4, A, "string [start [end]] -> string",
              "A new string of these characters."),
    PRIMITIVE("string-copy!", string_copy_to, 3, 5, 4, 0,
              "string integer string [start [end]] -> unspecified",
              "Copy characters to an index of the first string; they may overlap."),
    PRIMITIVE("string-fill!", string_fill, 2, 4, 4, 0, "string char [start [end]] -> unspecified",
              "Make all characters the same."),
    PRIMITIVE("string-append", string_append, 0, -1, 4, A, "string ... -> string",
              "A new string of all characters."),
    PRIMITIVE("string->list", string_to_list, 1, 3, 4, A, "string [start [end]] -> list",
              "The characters as a list."),
    PRIMITIVE("list->string", list_to_string, 1, 1, 4, A, "list -> string", "The characters as a string."),
    PRIMITIVE("string-upcase", string_upcase, 1, 1, 4, A, "string -> string", "In capital letters."),
    PRIMITIVE("string-downcase", string_downcase, 1, 1, 4, A, "string -> string", "In small letters."),
    PRIMITIVE("string-foldcase", string_foldcase, 1, 1, 4, A, "string -> string",
              "For comparison without case."),
    PRIMITIVE("string-reverse", string_reverse, 1, 1, 4, A, "string -> string",
              "The characters, last first."),
    COMPARE_ROW("string=?", string_eq, "True if all are the same text."),
    COMPARE_ROW("string<?", string_lt, "True if each is before the next, by code points."),
    COMPARE_ROW("string>?", string_gt, "True if each is after the next."),
    COMPARE_ROW("string<=?", string_le, "True if none is after the next."),
    COMPARE_ROW("string>=?", string_ge, "True if none is before the next."),
    COMPARE_ROW("string-ci=?", string_ci_eq, "As string=?, without case."),
    COMPARE_ROW("string-ci<?", string_ci_lt, "As string<?, without case."),
    COMPARE_ROW("string-ci>?", string_ci_gt, "As string>?, without case."),
    COMPARE_ROW("string-ci<=?", string_ci_le, "As string<=?, without case."),
    COMPARE_ROW("string-ci>=?", string_ci_ge, "As string>=?, without case."),
};

int string_primitives(struct vvm_node *node) { return primitives_register(node, ROWS(rows)); }
