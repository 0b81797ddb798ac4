/* SPDX-License-Identifier: Apache-2.0 */
/*
 * string_search.c - what R7RS leaves out and readers and macros need: finding,
 * trimming, joining and splitting.
 */
#include <string.h>

#include "lib.h"

/* A set of characters that an argument names: one char, the chars of a string, or
 * white space when it is not given. */
static bool in_set(vvm_value set, uint32_t c)
{
    if (set == VALUE_DEFAULT) return char_is_whitespace(c);
    if (is_char(set)) return char_value(set) == c;
    for (size_t i = 0; i < object_length(set); i++)
        if (string_of(set)->chars[i] == c) return true;
    return false;
}

static bool set_argument(struct vvm_context *ctx, const char *name, unsigned n, const vvm_value *args,
                         unsigned i, vvm_value *set)
{
    *set = n > i ? args[i] : VALUE_DEFAULT;
    if (*set == VALUE_DEFAULT || is_char(*set) || is_string(*set)) return true;
    raise_type(ctx, name, i + 1, "char or string", *set);
    return false;
}

static bool charge(struct vvm_context *ctx, vvm_value string, vvm_value set)
{
    uint64_t width = is_object(set) ? object_length(set) / 4 + 1 : 1;
    return fuel_charge(ctx, object_length(string) / 16 * width);
}

static vvm_value part(struct vvm_context *ctx, vvm_value s, size_t start, size_t end)
{
    vvm_value copy = make_string(ctx, end - start, ' ');
    if (copy != VALUE_EXCEPTION && end > start)
        memcpy(string_of(copy)->chars, string_of(s)->chars + start, (end - start) * sizeof(uint32_t));
    return copy;
}

enum trim { TRIM_LEFT = 1, TRIM_RIGHT = 2 };

static vvm_value trim(struct vvm_context *ctx, const char *name, unsigned n, const vvm_value *args,
                      unsigned sides)
{
    vvm_value set;
    NEED(is_string(args[0]), name, 0, "string");
    if (!set_argument(ctx, name, n, args, 1, &set) || !charge(ctx, args[0], set)) return VALUE_EXCEPTION;
    const uint32_t *chars = string_of(args[0])->chars;
    size_t start = 0, end = object_length(args[0]);
    while ((sides & TRIM_LEFT) && start < end && in_set(set, chars[start])) start++;
    while ((sides & TRIM_RIGHT) && start < end && in_set(set, chars[end - 1])) end--;
    return part(ctx, args[0], start, end);
}
PRIMITIVE_FN(string_trim) { return trim(ctx, "string-trim", n, args, TRIM_LEFT | TRIM_RIGHT); }
PRIMITIVE_FN(string_trim_left) { return trim(ctx, "string-trim-left", n, args, TRIM_LEFT); }
PRIMITIVE_FN(string_trim_right) { return trim(ctx, "string-trim-right", n, args, TRIM_RIGHT); }

static bool matches_at(vvm_value part_of, vvm_value s, size_t at)
{
    size_t length = object_length(part_of);
    return length <= object_length(s) - at &&
           memcmp(string_of(part_of)->chars, string_of(s)->chars + at, length * sizeof(uint32_t)) == 0;
}

PRIMITIVE_FN(string_prefix)
{
    NEED(is_string(args[0]), "string-prefix?", 0, "string");
    NEED(is_string(args[1]), "string-prefix?", 1, "string");
    return make_boolean(matches_at(args[0], args[1], 0));
}

PRIMITIVE_FN(string_suffix)
{
    NEED(is_string(args[0]), "string-suffix?", 0, "string");
    NEED(is_string(args[1]), "string-suffix?", 1, "string");
    size_t length = object_length(args[0]), whole = object_length(args[1]);
    return make_boolean(length <= whole && matches_at(args[0], args[1], whole - length));
}

PRIMITIVE_FN(string_index)
{
    size_t start, end;
    vvm_value set;
    NEED(is_string(args[0]), "string-index", 0, "string");
    if (!set_argument(ctx, "string-index", n, args, 1, &set) || !charge(ctx, args[0], set) ||
        !range_arguments(ctx, "string-index", n, args, 2, object_length(args[0]), &start, &end))
        return VALUE_EXCEPTION;
    for (; start < end; start++)
        if (in_set(set, string_of(args[0])->chars[start])) return make_fixnum((int64_t)start);
    return VALUE_FALSE;
}

PRIMITIVE_FN(string_search)
{
    NEED(is_string(args[0]), "string-search", 0, "string");
    NEED(is_string(args[1]), "string-search", 1, "string");
    size_t length = object_length(args[0]), whole = object_length(args[1]);
    if (!fuel_charge(ctx, whole / 16 * (length / 4 + 1))) return VALUE_EXCEPTION;
    for (size_t at = 0; length <= whole && at <= whole - length; at++)
        if (matches_at(args[0], args[1], at)) return make_fixnum((int64_t)at);
    return VALUE_FALSE;
}

/* Total length of a joined list of strings, or false with the error set. */
static bool joined_length(struct vvm_context *ctx, vvm_value list, size_t between, size_t *total)
{
    *total = 0;
    for (vvm_value at = list; is_pair(at); at = cdr_of(at)) {
        if (!is_string(car_of(at))) {
            raise_type(ctx, "string-join", 1, "list of strings", car_of(at));
            return false;
        }
        *total += object_length(car_of(at)) + (at == list ? 0 : between);
        if (*total > TEXT_MAX) {
            raise_error(ctx, ERROR_RANGE, VALUE_DEFAULT);
            return false;
        }
    }
    return fuel_octets(ctx, *total * 4);
}

static uint32_t *put(uint32_t *to, vvm_value s)
{
    memcpy(to, string_of(s)->chars, object_length(s) * sizeof *to);
    return to + object_length(s);
}

PRIMITIVE_FN(string_join)
{
    size_t count, total;
    if (!list_argument(ctx, "string-join", args, 0, &count)) return VALUE_EXCEPTION;
    if (n > 1) NEED(is_string(args[1]), "string-join", 1, "string");
    if (!joined_length(ctx, args[0], n > 1 ? object_length(args[1]) : 1, &total)) return VALUE_EXCEPTION;
    vvm_value s = make_string(ctx, total, ' ');
    if (s == VALUE_EXCEPTION) return s;
    uint32_t *to = string_of(s)->chars;
    for (vvm_value at = args[0]; is_pair(at); at = cdr_of(at)) {
        if (at != args[0]) to = n > 1 ? put(to, args[1]) : to + 1;
        to = put(to, car_of(at));
    }
    return s;
}

/* At every character of the set; white space by default, and then no empty parts. */
PRIMITIVE_FN(string_split)
{
    struct list_tail out = list_tail_start();
    vvm_value set;
    NEED(is_string(args[0]), "string-split", 0, "string");
    if (!set_argument(ctx, "string-split", n, args, 1, &set) || !charge(ctx, args[0], set))
        return VALUE_EXCEPTION;
    size_t length = object_length(args[0]), start = 0;
    for (size_t i = 0; i <= length; i++) {
        if (i < length && !in_set(set, string_of(args[0])->chars[i])) continue;
        if (i > start || set != VALUE_DEFAULT) {
            vvm_value piece = part(ctx, args[0], start, i);
            if (piece == VALUE_EXCEPTION || !list_append_item(ctx, &out, piece)) return VALUE_EXCEPTION;
        }
        start = i + 1;
    }
    return out.first;
}

#define A EFFECT_ALLOCATE
static const struct primitive_row rows[] = {
    PRIMITIVE("string-trim", string_trim, 1, 2, 4, A, "string [char or string] -> string",
              "Without the white space, or those characters, at both ends."),
    PRIMITIVE("string-trim-left", string_trim_left, 1, 2, 4, A, "string [char or string] -> string",
              "As string-trim, at the beginning."),
    PRIMITIVE("string-trim-right", string_trim_right, 1, 2, 4, A, "string [char or string] -> string",
              "As string-trim, at the end."),
    PRIMITIVE("string-prefix?", string_prefix, 2, 2, 3, 0, "string string -> boolean",
              "True if the second string begins with the first."),
    PRIMITIVE("string-suffix?", string_suffix, 2, 2, 3, 0, "string string -> boolean",
              "True if the second string ends with the first."),
    PRIMITIVE("string-index", string_index, 2, 4, 4, 0,
              "string (char or string) [start [end]] -> integer or #f",
              "Where the character, or the first of these, stands."),
    PRIMITIVE("string-search", string_search, 2, 2, 4, 0, "string string -> integer or #f",
              "Where the first string stands in the second."),
    PRIMITIVE("string-join", string_join, 1, 2, 4, A, "list [string] -> string",
              "The strings with a space, or that string, between them."),
    PRIMITIVE("string-split", string_split, 1, 2, 8, A, "string [char or string] -> list",
              "The parts between white space, or between those characters."),
};

int string_search_primitives(struct vvm_node *node) { return primitives_register(node, ROWS(rows)); }
