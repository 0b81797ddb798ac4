/* SPDX-License-Identifier: Apache-2.0 */
/*
 * doc.c - what a name means, in words: the rows' own signature and doc line, or the doc
 * string of a definition. `(doc NAME)` in the REPL prints it; the macro is in doc.vml.
 */
#include <stdlib.h>
#include <string.h>

#include "../authority.h"
#include "../environment.h"
#include "lib.h"

/* As whoever asks sees it. */
static const struct denotation *look_up(struct vvm_context *ctx, vvm_value name)
{
    const struct vvm_vmlet *user = authority_running(ctx);
    return environment_lookup(user ? user->environment : ctx->node->core, name);
}

static void describe_function(FILE *to, const struct vvm_function *f)
{
    fprintf(to, "a function of %u argument%s", f->parameters, f->parameters == 1 ? "" : "s");
    if (f->flags & FUNCTION_REST) fputs(" or more", to);
}

static void describe_global(struct vvm_context *ctx, FILE *to, const struct denotation *d)
{
    if (d->primitive) {
        fprintf(to, "%s\n  %s", d->primitive->signature, d->primitive->doc);
        return;
    }
    const struct vvm_generation *g = ctx->generation;
    vvm_value v = g && d->global < g->binding_count ? g->bindings[d->global].value : VALUE_UNDEFINED;
    if (has_type(v, TYPE_CLOSURE)) describe_function(to, ((struct closure *)value_pointer(v))->function);
    else fputs(v == VALUE_UNDEFINED ? "not defined" : "a variable", to);
    if (d->owner && is_symbol(d->owner->name)) fprintf(to, ", of %s", symbol_name(d->owner->name));
    if (d->doc) fprintf(to, "\n  %s", d->doc);
}

static void describe(struct vvm_context *ctx, FILE *to, vvm_value name, const struct denotation *d)
{
    fprintf(to, "%s: ", symbol_name(name));
    switch (d ? d->kind : DENOTES_NOTHING) {
    case DENOTES_GLOBAL: describe_global(ctx, to, d); break;
    case DENOTES_SPECIAL: fputs("a form of the language", to); break;
    case DENOTES_MACRO: fprintf(to, "a macro%s%s", d->doc ? "\n  " : "", d->doc ? d->doc : ""); break;
    default: fputs("nothing that is visible here", to); break;
    }
    fputc('\n', to);
}

PRIMITIVE_FN(doc)
{
    char *text = NULL;
    size_t octets = 0;
    NEED(is_symbol(args[0]), "%doc", 0, "symbol");
    FILE *to = open_memstream(&text, &octets);
    if (!to) return raise_error(ctx, ERROR_HEAP, VALUE_DEFAULT);
    describe(ctx, to, args[0], look_up(ctx, args[0]));
    fclose(to);
    vvm_value s = make_string_utf8(ctx, text, octets);
    free(text);
    return s;
}

static const struct primitive_row rows[] = {
    PRIMITIVE("%doc", doc, 1, 1, 100, EFFECT_LOAD, "symbol -> string", "What a name means, in words."),
};

int doc_primitives(struct vvm_node *node) { return primitives_register(node, ROWS(rows)); }
