/* SPDX-License-Identifier: Apache-2.0 */
/* datum.c - values of the language as C sees them, and back. */
#include <stdlib.h>
#include <string.h>

#include "../lib/lib.h"
#include "../octets_access.h"
#include "embed.h"

#define WRITTEN_OCTETS 65536u /* of a value that stands in an arena */

/* A text as octets of an object, a zero behind it. */
static bool set_text(struct vvm_context *ctx, struct vvm_datum *datum, enum vvm_kind kind, const char *text,
                     size_t length)
{
    vvm_value copy = make_bytes(ctx, length + 1);
    if (copy == VALUE_EXCEPTION) return false;
    uint8_t *to = ((struct bytes *)value_pointer(copy))->data;
    if (length) memcpy(to, text, length);
    *datum = (struct vvm_datum){.kind = kind, .octets = to, .length = length};
    return true;
}

static bool set_string(struct vvm_context *ctx, struct vvm_datum *datum, vvm_value v)
{
    struct text text = {0};
    text_add_string(&text, v, 0, object_length(v));
    bool done = !text.failed && set_text(ctx, datum, VVM_TEXT, text.data, text.length);
    if (text.failed) raise_error(ctx, ERROR_HEAP, VALUE_DEFAULT);
    text_free(&text);
    return done;
}

static bool set_written(struct vvm_context *ctx, struct vvm_datum *datum, vvm_value v)
{
    char *text = NULL;
    size_t length = 0;
    FILE *f = open_memstream(&text, &length);
    bool failed = !f || print_value(ctx->node, f, v, PRINT_WRITE, ctx->packet_profile ? WRITTEN_OCTETS : 0);
    if (f && fclose(f)) failed = true;
    bool done = !failed && set_text(ctx, datum, VVM_WRITTEN, text, length);
    if (failed) raise_error(ctx, ERROR_HEAP, VALUE_DEFAULT);
    free(text);
    return done;
}

static bool set_octets(struct vvm_context *ctx, struct vvm_datum *datum, vvm_value v)
{
    uint64_t length = 0;
    enum access_error why = ACCESS_OK;
    const uint8_t *octets = octets_all(v, &length, &why);
    if (!octets) return raise_error(ctx, why == ACCESS_MOVED ? ERROR_MOVED : ERROR_BOUNDS, v), false;
    *datum = (struct vvm_datum){.kind = VVM_OCTETS, .octets = octets, .length = length};
    return true;
}

bool datum_from_value(struct vvm_context *ctx, vvm_value v, struct vvm_datum *datum)
{
    *datum = (struct vvm_datum){.kind = VVM_NOTHING};
    if (v == VALUE_UNSPECIFIED || v == VALUE_DEFAULT) return true;
    if (is_boolean(v)) {
        *datum = (struct vvm_datum){.kind = VVM_BOOLEAN, .integer = v == VALUE_TRUE};
    } else if (is_fixnum(v)) {
        *datum = (struct vvm_datum){.kind = VVM_INTEGER, .integer = fixnum_value(v)};
    } else if (is_symbol(v)) { /* its name stays as long as the node */
        *datum = (struct vvm_datum){.kind = VVM_SYMBOL, .octets = symbol_name(v), .length = object_length(v)};
    } else if (is_string(v)) {
        return set_string(ctx, datum, v);
    } else if (value_is(v, CLASS_BYTES)) {
        return set_octets(ctx, datum, v);
    } else {
        return set_written(ctx, datum, v);
    }
    return true;
}

vvm_value datum_to_value(struct vvm_context *ctx, const struct vvm_datum *d, vvm_value nothing)
{
    ctx->pending.kind = PENDING_NONE;
    bool flat = d->kind == VVM_NOTHING || d->kind == VVM_BOOLEAN || d->kind == VVM_INTEGER;
    if (!flat && d->length && !d->octets) return VALUE_EXCEPTION;
    switch (d->kind) {
    case VVM_NOTHING: return nothing;
    case VVM_BOOLEAN: return make_boolean(d->integer != 0);
    case VVM_INTEGER: return fits_fixnum(d->integer) ? make_fixnum(d->integer) : VALUE_EXCEPTION;
    case VVM_OCTETS: return make_bytes_from(ctx, d->octets, d->length);
    case VVM_TEXT: return make_string_utf8(ctx, d->octets, d->length);
    case VVM_SYMBOL:
    case VVM_WRITTEN: break; /* symbols are interned when code is loaded, and never for a message */
    }
    return VALUE_EXCEPTION;
}
