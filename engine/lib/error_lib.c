/* SPDX-License-Identifier: Apache-2.0 */
/*
 * error_lib.c - raising and looking at errors. Handlers and guard are in the
 * compiler and in prelude.vml.
 */
#include "lib.h"

static bool is_error(vvm_value v) { return has_type(v, TYPE_ERROR); }
static struct error_object *error_of(vvm_value v) { return value_pointer(v); }

static vvm_value make_error(struct vvm_context *ctx, vvm_value message, vvm_value irritants)
{
    if (irritants == VALUE_EXCEPTION) return irritants;
    struct error_object *e = allocate(ctx, TYPE_ERROR, 4, sizeof *e);
    if (!e) return VALUE_EXCEPTION;
    e->code = ERROR_USER;
    e->message = message;
    e->irritants = irritants;
    e->trace = VALUE_FALSE;
    return object_value(e);
}

/* A message that is no string is an irritant. */
PRIMITIVE_FN(error)
{
    unsigned first = is_string(args[0]) ? 1 : 0;
    vvm_value e = make_error(ctx, first ? args[0] : VALUE_FALSE,
                             list_from(ctx, args + first, n - first, VALUE_NULL));
    return e == VALUE_EXCEPTION ? e : raise_value(ctx, e, false);
}

PRIMITIVE_FN(raise_it) { return raise_value(ctx, args[0], false); }

PRIMITIVE_FN(is_error_object) { return make_boolean(is_error(args[0])); }

PRIMITIVE_FN(message)
{
    NEED(is_error(args[0]), "error-object-message", 0, "error");
    const struct error_object *e = error_of(args[0]);
    if (is_string(e->message)) return e->message;
    const char *text = error_text(e->code < ERROR_LIMIT ? (enum error_code)e->code : ERROR_NONE);
    struct text copy = {0};
    text_add(&copy, text, __builtin_strlen(text));
    return text_finish(ctx, &copy);
}

PRIMITIVE_FN(irritants)
{
    NEED(is_error(args[0]), "error-object-irritants", 0, "error");
    return error_of(args[0])->irritants;
}

PRIMITIVE_FN(code)
{
    NEED(is_error(args[0]), "error-object-code", 0, "error");
    uint64_t number = error_of(args[0])->code;
    return intern(ctx->node, error_name(number < ERROR_LIMIT ? (enum error_code)number : ERROR_NONE));
}

PRIMITIVE_FN(is_read_error)
{
    return make_boolean(is_error(args[0]) && error_of(args[0])->code == ERROR_READ);
}
PRIMITIVE_FN(is_file_error)
{
    return make_boolean(is_error(args[0]) && error_of(args[0])->code == ERROR_FILE);
}

static const struct primitive_row rows[] = {
    PRIMITIVE("error", error, 1, -1, 8, EFFECT_ALLOCATE | EFFECT_DIVERGES, "string any ... ->",
              "Raise an error with a message and what it is about."),
    PRIMITIVE("raise", raise_it, 1, 1, 2, EFFECT_DIVERGES, "any ->",
              "Raise a value; the handler must not return."),
    PRIMITIVE("error-object?", is_error_object, 1, 1, 1, 0, "any -> boolean", "True of an error."),
    PRIMITIVE("error-object-message", message, 1, 1, 2, EFFECT_ALLOCATE, "error -> string",
              "What went wrong."),
    PRIMITIVE("error-object-irritants", irritants, 1, 1, 1, 0, "error -> list", "What the error is about."),
    PRIMITIVE("error-object-code", code, 1, 1, 8, EFFECT_SYMBOL, "error -> symbol",
              "Which error of the engine it is; `error` for those that programs make."),
    PRIMITIVE("read-error?", is_read_error, 1, 1, 1, 0, "any -> boolean", "True of an error of the reader."),
    PRIMITIVE("file-error?", is_file_error, 1, 1, 1, 0, "any -> boolean",
              "True of an error about a file or port."),
};

int error_primitives(struct vvm_node *node) { return primitives_register(node, ROWS(rows)); }
