/* SPDX-License-Identifier: Apache-2.0 */
/*
 * record.c - what define-record-type expands into. Calls to %record-ref and its kin
 * compile to instructions; the rows are for first-class use.
 */
#include <string.h>

#include "lib.h"

#define FIELDS_MAX 255

static bool is_type(vvm_value v) { return has_type(v, TYPE_RECORD_TYPE); }
static struct record *record_of(vvm_value v) { return value_pointer(v); }

static bool is_instance(vvm_value v, vvm_value type)
{
    return has_type(v, TYPE_RECORD) && record_of(v)->type == type;
}

/* (%make-record-type 'point '(x y)) */
PRIMITIVE_FN(make_type)
{
    size_t count, i = 0;
    NEED(is_symbol(args[0]), "%make-record-type", 0, "symbol");
    if (!list_argument(ctx, "%make-record-type", args, 1, &count)) return VALUE_EXCEPTION;
    if (count > FIELDS_MAX) return raise_error(ctx, ERROR_RANGE, VALUE_DEFAULT);
    for (vvm_value at = args[1]; is_pair(at); at = cdr_of(at))
        if (!is_symbol(car_of(at)))
            return raise_type(ctx, "%make-record-type", 2, "list of symbols", args[1]);
    struct record_type *type = allocate(ctx, TYPE_RECORD_TYPE, count,
                                        sizeof *type + count * sizeof(vvm_value));
    if (!type) return VALUE_EXCEPTION;
    type->name = args[0];
    for (vvm_value at = args[1]; is_pair(at); at = cdr_of(at)) type->fields[i++] = car_of(at);
    return object_value(type);
}

/* (%make-record type field ...): as many fields as the type has */
PRIMITIVE_FN(make_record)
{
    NEED(is_type(args[0]), "%make-record", 0, "record type");
    if (object_length(args[0]) != n - 1) return raise_error(ctx, ERROR_ARITY, args[0]);
    struct record *r = allocate(ctx, TYPE_RECORD, n, sizeof *r + (n - 1) * sizeof(vvm_value));
    if (!r) return VALUE_EXCEPTION;
    r->type = args[0];
    memcpy(r->fields, args + 1, (n - 1) * sizeof(vvm_value));
    return object_value(r);
}

PRIMITIVE_FN(is_record) { return make_boolean(is_instance(args[0], args[1])); }

static vvm_value *field_at(struct vvm_context *ctx, const char *name, const vvm_value *args)
{
    size_t i;
    if (!is_instance(args[0], args[1])) {
        const struct record_type *type = is_type(args[1]) ? value_pointer(args[1]) : NULL;
        raise_type(ctx, name, 1, type && is_symbol(type->name) ? symbol_name(type->name) : "record", args[0]);
        return NULL;
    }
    if (!index_argument(ctx, name, args, 2, object_length(args[0]), &i)) return NULL;
    if (i + 1 < object_length(args[0])) return &record_of(args[0])->fields[i];
    raise_error(ctx, ERROR_BOUNDS, args[2]);
    return NULL;
}

PRIMITIVE_FN(record_ref)
{
    const vvm_value *field = field_at(ctx, "%record-ref", args);
    return field ? *field : VALUE_EXCEPTION;
}

PRIMITIVE_FN(record_set)
{
    vvm_value *field = field_at(ctx, "%record-set!", args);
    if (!field || !mutable_argument(ctx, args[0])) return VALUE_EXCEPTION;
    *field = args[3];
    return VALUE_UNSPECIFIED;
}

static const struct primitive_row rows[] = {
    PRIMITIVE("%make-record-type", make_type, 2, 2, 8, EFFECT_ALLOCATE, "symbol list -> record-type",
              "A new record type."),
    PRIMITIVE("%make-record", make_record, 1, -1, 4, EFFECT_ALLOCATE, "record-type any ... -> record",
              "A new record."),
    PRIMITIVE("%record?", is_record, 2, 2, 1, 0, "any record-type -> boolean",
              "True of a record of the type."),
    PRIMITIVE("%record-ref", record_ref, 3, 3, 1, 0, "record record-type integer -> any",
              "A field of a record of the type."),
    PRIMITIVE("%record-set!", record_set, 4, 4, 1, 0, "record record-type integer any -> unspecified",
              "Change a field."),
};

int record_primitives(struct vvm_node *node) { return primitives_register(node, ROWS(rows)); }
