/* SPDX-License-Identifier: Apache-2.0 */
/*
 * intrinsic.c - names that the prelude and macros use and that always compile to
 * instructions: they act on the frame they stand in, so they are no procedures. The
 * rows give the names a meaning; calling one as a value is an error.
 */
#include "lib.h"

PRIMITIVE_FN(only_direct)
{
    return raise_message(ctx, ERROR_NOT_PROCEDURE, VALUE_DEFAULT, "this name can only be called directly");
}

PRIMITIVE_FN(raise_now) { return raise_value(ctx, args[0], false); }

static const struct primitive_row rows[] = {
    PRIMITIVE("%return-list", only_direct, 1, 1, 2, 0, "list -> values",
              "Return the elements as values; in tail position."),
    PRIMITIVE("%push-procedure-handler", only_direct, 1, 1, 2, EFFECT_LOAD, "procedure -> unspecified",
              "From here on raises call the procedure."),
    PRIMITIVE("%pop-handler", only_direct, 0, 0, 1, 0, "-> unspecified", "Leave the newest handler."),
    PRIMITIVE("%call-escape", only_direct, 1, 1, 4, EFFECT_LOAD, "procedure -> any",
              "Call the procedure with an escape procedure."),
    PRIMITIVE("%apply", only_direct, 2, 2, 3, EFFECT_UNKNOWN_CALL, "procedure list -> any",
              "Call the procedure with the elements as arguments."),
    PRIMITIVE("%raise", raise_now, 1, 1, 2, EFFECT_DIVERGES, "any ->", "Raise a value."),
    PRIMITIVE("%raise-continuable", only_direct, 1, 1, 2, EFFECT_LOAD, "any -> any",
              "What the newest handler returns for a value."),
};

int intrinsic_primitives(struct vvm_node *node) { return primitives_register(node, ROWS(rows)); }
