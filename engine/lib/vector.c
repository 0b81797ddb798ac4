/* SPDX-License-Identifier: Apache-2.0 */
/*
 * vector.c - vectors. What takes a procedure is in prelude.vml.
 */
#include <string.h>

#include "lib.h"

static bool is_vector(vvm_value v) { return has_type(v, TYPE_VECTOR); }

PRIMITIVE_FN(is_vector_value) { return make_boolean(is_vector(args[0])); }

PRIMITIVE_FN(new_vector)
{
    size_t length;
    if (!size_argument(ctx, "make-vector", args, 0, &length) || !fuel_octets(ctx, length * 8))
        return VALUE_EXCEPTION;
    return make_vector(ctx, length, n > 1 ? args[1] : make_fixnum(0));
}

static vvm_value vector_from(struct vvm_context *ctx, const vvm_value *items, size_t count)
{
    if (!fuel_octets(ctx, count * 8)) return VALUE_EXCEPTION;
    vvm_value v = make_vector(ctx, count, VALUE_FALSE);
    if (v != VALUE_EXCEPTION && count > 0) memcpy(vector_of(v)->items, items, count * sizeof *items);
    return v;
}
PRIMITIVE_FN(vector) { return vector_from(ctx, args, n); }

PRIMITIVE_FN(vector_length)
{
    NEED(is_vector(args[0]), "vector-length", 0, "vector");
    return make_fixnum((int64_t)object_length(args[0]));
}

/* Item argument 1 of vector argument 0; NULL when an error is set. */
static vvm_value *item_at(struct vvm_context *ctx, const char *name, const vvm_value *args)
{
    size_t i;
    if (!is_vector(args[0])) {
        raise_type(ctx, name, 1, "vector", args[0]);
        return NULL;
    }
    if (!index_argument(ctx, name, args, 1, HEADER_LENGTH_MAX, &i)) return NULL;
    if (i < object_length(args[0])) return &vector_of(args[0])->items[i];
    raise_error(ctx, ERROR_BOUNDS, args[1]);
    return NULL;
}

PRIMITIVE_FN(vector_ref)
{
    vvm_value *item = item_at(ctx, "vector-ref", args);
    return item ? *item : VALUE_EXCEPTION;
}

PRIMITIVE_FN(vector_set)
{
    vvm_value *item = item_at(ctx, "vector-set!", args);
    if (!item || !mutable_argument(ctx, args[0])) return VALUE_EXCEPTION;
    *item = args[2];
    return VALUE_UNSPECIFIED;
}

/* Vector argument 0 with the optional range from argument `first` on. */
static bool vector_range(struct vvm_context *ctx, const char *name, unsigned n, const vvm_value *args,
                         unsigned first, size_t *start, size_t *end)
{
    if (!is_vector(args[0])) {
        raise_type(ctx, name, 1, "vector", args[0]);
        return false;
    }
    return range_arguments(ctx, name, n, args, first, object_length(args[0]), start, end) &&
           fuel_octets(ctx, (*end - *start) * 8);
}

PRIMITIVE_FN(vector_to_list)
{
    size_t start, end;
    if (!vector_range(ctx, "vector->list", n, args, 1, &start, &end)) return VALUE_EXCEPTION;
    return list_from(ctx, vector_of(args[0])->items + start, end - start, VALUE_NULL);
}

PRIMITIVE_FN(list_to_vector)
{
    size_t length, i = 0;
    if (!list_argument(ctx, "list->vector", args, 0, &length) || !fuel_octets(ctx, length * 8))
        return VALUE_EXCEPTION;
    vvm_value v = make_vector(ctx, length, VALUE_FALSE);
    if (v == VALUE_EXCEPTION) return v;
    for (vvm_value at = args[0]; is_pair(at); at = cdr_of(at)) vector_of(v)->items[i++] = car_of(at);
    return v;
}

PRIMITIVE_FN(vector_fill)
{
    size_t start, end;
    if (!vector_range(ctx, "vector-fill!", n, args, 2, &start, &end) || !mutable_argument(ctx, args[0]))
        return VALUE_EXCEPTION;
    for (; start < end; start++) vector_of(args[0])->items[start] = args[1];
    return VALUE_UNSPECIFIED;
}

PRIMITIVE_FN(vector_copy)
{
    size_t start, end;
    if (!vector_range(ctx, "vector-copy", n, args, 1, &start, &end)) return VALUE_EXCEPTION;
    return vector_from(ctx, vector_of(args[0])->items + start, end - start);
}

/* (vector-copy! to at from [start [end]]) */
PRIMITIVE_FN(vector_copy_to)
{
    size_t at, start, end;
    NEED(is_vector(args[0]), "vector-copy!", 0, "vector");
    NEED(is_vector(args[2]), "vector-copy!", 2, "vector");
    if (!index_argument(ctx, "vector-copy!", args, 1, object_length(args[0]), &at) ||
        !range_arguments(ctx, "vector-copy!", n, args, 3, object_length(args[2]), &start, &end) ||
        !fuel_octets(ctx, (end - start) * 8) || !mutable_argument(ctx, args[0]))
        return VALUE_EXCEPTION;
    if (end - start > object_length(args[0]) - at) return raise_error(ctx, ERROR_BOUNDS, args[1]);
    memmove(vector_of(args[0])->items + at, vector_of(args[2])->items + start,
            (end - start) * sizeof(vvm_value));
    return VALUE_UNSPECIFIED;
}

PRIMITIVE_FN(vector_append)
{
    size_t total = 0;
    for (unsigned i = 0; i < n; i++) {
        NEED(is_vector(args[i]), "vector-append", i, "vector");
        total += object_length(args[i]);
    }
    if (total > TEXT_MAX) return raise_error(ctx, ERROR_RANGE, VALUE_DEFAULT);
    if (!fuel_octets(ctx, total * 8)) return VALUE_EXCEPTION;
    vvm_value v = make_vector(ctx, total, VALUE_FALSE);
    if (v == VALUE_EXCEPTION) return v;
    vvm_value *to = vector_of(v)->items;
    for (unsigned i = 0; i < n; to += object_length(args[i]), i++)
        memcpy(to, vector_of(args[i])->items, object_length(args[i]) * sizeof *to);
    return v;
}

PRIMITIVE_FN(vector_to_string)
{
    size_t start, end;
    if (!vector_range(ctx, "vector->string", n, args, 1, &start, &end)) return VALUE_EXCEPTION;
    const vvm_value *items = vector_of(args[0])->items;
    for (size_t i = start; i < end; i++)
        if (!is_char(items[i])) return raise_type(ctx, "vector->string", 1, "vector of characters", items[i]);
    vvm_value s = make_string(ctx, end - start, ' ');
    if (s == VALUE_EXCEPTION) return s;
    for (size_t i = start; i < end; i++) string_of(s)->chars[i - start] = char_value(items[i]);
    return s;
}

PRIMITIVE_FN(string_to_vector)
{
    size_t start, end;
    NEED(is_string(args[0]), "string->vector", 0, "string");
    if (!range_arguments(ctx, "string->vector", n, args, 1, object_length(args[0]), &start, &end) ||
        !fuel_octets(ctx, (end - start) * 8))
        return VALUE_EXCEPTION;
    vvm_value v = make_vector(ctx, end - start, VALUE_FALSE);
    if (v == VALUE_EXCEPTION) return v;
    for (size_t i = start; i < end; i++)
        vector_of(v)->items[i - start] = make_char(string_of(args[0])->chars[i]);
    return v;
}

static const struct primitive_row rows[] = {
    PRIMITIVE("vector?", is_vector_value, 1, 1, 1, 0, "any -> boolean", "True of a vector."),
    PRIMITIVE("make-vector", new_vector, 1, 2, 4, EFFECT_ALLOCATE, "integer [any] -> vector",
              "A vector of so many equal elements."),
    PRIMITIVE("vector", vector, 0, -1, 4, EFFECT_ALLOCATE, "any ... -> vector", "A vector of the arguments."),
    PRIMITIVE("vector-length", vector_length, 1, 1, 1, 0, "vector -> integer", "The number of elements."),
    PRIMITIVE("vector-ref", vector_ref, 2, 2, 1, 0, "vector integer -> any", "The element at an index."),
    PRIMITIVE("vector-set!", vector_set, 3, 3, 1, 0, "vector integer any -> unspecified",
              "Change the element at an index."),
    PRIMITIVE("vector->list", vector_to_list, 1, 3, 4, EFFECT_ALLOCATE, "vector [start [end]] -> list",
              "The elements as a list."),
    PRIMITIVE("list->vector", list_to_vector, 1, 1, 4, EFFECT_ALLOCATE, "list -> vector",
              "The elements as a vector."),
    PRIMITIVE("vector-fill!", vector_fill, 2, 4, 4, 0, "vector any [start [end]] -> unspecified",
              "Make all elements the same."),
    PRIMITIVE("vector-copy", vector_copy, 1, 3, 4, EFFECT_ALLOCATE, "vector [start [end]] -> vector",
              "A new vector of these elements."),
    PRIMITIVE("subvector", vector_copy, 3, 3, 4, EFFECT_ALLOCATE, "vector start end -> vector",
              "A new vector of these elements."),
    PRIMITIVE("vector-copy!", vector_copy_to, 3, 5, 4, 0,
              "vector integer vector [start [end]] -> unspecified",
              "Copy elements to an index of the first vector; they may overlap."),
    PRIMITIVE("vector-append", vector_append, 0, -1, 4, EFFECT_ALLOCATE, "vector ... -> vector",
              "A new vector of all elements."),
    PRIMITIVE("vector->string", vector_to_string, 1, 3, 4, EFFECT_ALLOCATE, "vector [start [end]] -> string",
              "The characters as a string."),
    PRIMITIVE("string->vector", string_to_vector, 1, 3, 4, EFFECT_ALLOCATE, "string [start [end]] -> vector",
              "The characters as a vector."),
};

int vector_primitives(struct vvm_node *node) { return primitives_register(node, ROWS(rows)); }
