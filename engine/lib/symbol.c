/* SPDX-License-Identifier: Apache-2.0 */
/*
 * symbol.c - symbols and booleans. Interning is a load-profile effect: symbols
 * live as long as the node.
 */
#include <string.h>

#include "lib.h"

#define SYMBOL_MAX 65536 /* octets */

PRIMITIVE_FN(is_symbol_value) { return make_boolean(is_symbol(args[0])); }
PRIMITIVE_FN(is_boolean_value) { return make_boolean(is_boolean(args[0])); }

PRIMITIVE_FN(symbol_to_string)
{
    NEED(is_symbol(args[0]), "symbol->string", 0, "symbol");
    return make_string_utf8(ctx, symbol_name(args[0]), object_length(args[0]));
}

PRIMITIVE_FN(string_to_symbol)
{
    struct text text = {0};
    NEED(is_string(args[0]), "string->symbol", 0, "string");
    if (object_length(args[0]) > SYMBOL_MAX) return raise_error(ctx, ERROR_RANGE, VALUE_DEFAULT);
    text_add_string(&text, args[0], 0, object_length(args[0]));
    if (text.failed) {
        text_free(&text);
        return raise_error(ctx, ERROR_HEAP, VALUE_DEFAULT);
    }
    vvm_value symbol = intern_n(ctx->node, text.data ? text.data : "", text.length);
    text_free(&text);
    return symbol == VALUE_EXCEPTION ? raise_error(ctx, ERROR_HEAP, VALUE_DEFAULT) : symbol;
}

PRIMITIVE_FN(symbol_append)
{
    struct text text = {0};
    for (unsigned i = 0; i < n; i++)
        if (!is_symbol(args[i]) || object_length(args[i]) > SYMBOL_MAX - text.length) {
            text_free(&text);
            return raise_type(ctx, "symbol-append", i + 1, "symbol", args[i]);
        } else {
            text_add(&text, symbol_name(args[i]), object_length(args[i]));
        }
    vvm_value symbol = text.failed ? VALUE_EXCEPTION
                                   : intern_n(ctx->node, text.data ? text.data : "", text.length);
    text_free(&text);
    return symbol == VALUE_EXCEPTION ? raise_error(ctx, ERROR_HEAP, VALUE_DEFAULT) : symbol;
}

PRIMITIVE_FN(generate_symbol)
{
    char name[40];
    snprintf(name, sizeof name, " g%llu", (unsigned long long)++ctx->node->runtime.symbols);
    return intern(ctx->node, name);
}

static vvm_value all_same(struct vvm_context *ctx, const char *name, unsigned n, const vvm_value *args,
                          bool (*test)(vvm_value), const char *expected)
{
    bool same = true;
    for (unsigned i = 0; i < n; i++) {
        NEED(test(args[i]), name, i, expected);
        same &= args[i] == args[0];
    }
    return make_boolean(same);
}
PRIMITIVE_FN(symbols_same) { return all_same(ctx, "symbol=?", n, args, is_symbol, "symbol"); }
PRIMITIVE_FN(booleans_same) { return all_same(ctx, "boolean=?", n, args, is_boolean, "boolean"); }

static const struct primitive_row rows[] = {
    PRIMITIVE("symbol?", is_symbol_value, 1, 1, 1, 0, "any -> boolean", "True of a symbol."),
    PRIMITIVE("boolean?", is_boolean_value, 1, 1, 1, 0, "any -> boolean", "True of #t and #f."),
    PRIMITIVE("symbol->string", symbol_to_string, 1, 1, 4, EFFECT_ALLOCATE, "symbol -> string",
              "The name of a symbol."),
    PRIMITIVE("string->symbol", string_to_symbol, 1, 1, 8, EFFECT_SYMBOL, "string -> symbol",
              "The symbol of that name."),
    PRIMITIVE("symbol-append", symbol_append, 0, -1, 8, EFFECT_SYMBOL, "symbol ... -> symbol",
              "The symbol whose name is all these names."),
    PRIMITIVE("generate-symbol", generate_symbol, 0, 0, 8, EFFECT_SYMBOL, "-> symbol",
              "A symbol that no source text names; its name begins with a space."),
    PRIMITIVE("symbol=?", symbols_same, 1, -1, 2, 0, "symbol ... -> boolean",
              "True if all are the same symbol."),
    PRIMITIVE("boolean=?", booleans_same, 1, -1, 2, 0, "boolean ... -> boolean",
              "True if all are the same boolean."),
};

int symbol_primitives(struct vvm_node *node) { return primitives_register(node, ROWS(rows)); }
