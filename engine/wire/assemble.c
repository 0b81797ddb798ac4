/* SPDX-License-Identifier: Apache-2.0 */
/*
 * assemble.c - pieces of packets become wholes. The whole is read where it was put together,
 * in the table's memory; it is this context's until the packet ends.
 */
#include <errno.h>

#include "../lib/octets.h"
#include "../table/assembly.h"
#include "execution.h"
#include "primitives.h"

static vvm_value refusal(struct vvm_context *ctx, const struct table *t, int err)
{
    switch (err) {
    case -ERANGE:
        return raise_message(ctx, ERROR_RANGE, t->name,
                             "assembly-add!: no such place in a whole of that size");
    case -EEXIST:
        return raise_message(ctx, ERROR_TABLE, t->name, "assembly-add!: the pieces contradict each other");
    default: return raise_message(ctx, ERROR_TABLE, t->name, "the table is full");
    }
}

/* The assembly and its key, and where the other three arguments begin; NULL with the error set. */
static struct table *assembly_arguments(struct vvm_context *ctx, unsigned n, const vvm_value *args,
                                        uint64_t *key)
{
    static const char name[] = "assembly-add!";
    struct table *t = has_type(args[0], TYPE_TABLE) ? table_of(ctx, args[0]) : NULL;
    if (!t || t->ops != &table_assembly) return raise_type(ctx, name, 1, "assembly", args[0]), NULL;
    if (n != t->schema.key_count + 4u)
        return raise_message(ctx, ERROR_ARITY, t->name, "%s: wrong number of keys", name), NULL;
    return schema_pack_key(ctx, name, &t->schema, args, 1, key) ? t : NULL;
}

/* (assembly-add! assembly key ... offset total piece) -> #f, or the whole as bytes */
vvm_value primitive_assembly_add(struct vvm_context *ctx, unsigned n, const vvm_value *args)
{
    static const char name[] = "assembly-add!";
    uint64_t key[TABLE_KEY_WORDS], offset, total, length;
    enum access_error why = ACCESS_OK;
    struct assembled *whole;
    struct execution *x = execution_of(ctx);
    struct table *t = x ? assembly_arguments(ctx, n, args, key) : NULL;
    if (!t) return VALUE_EXCEPTION;
    if (!word_argument(ctx, name, args, n - 3, 4, false, &offset) ||
        !word_argument(ctx, name, args, n - 2, 4, false, &total))
        return VALUE_EXCEPTION;
    const uint8_t *piece = octets_all(args[n - 1], &length, &why);
    if (!piece) return octets_raise(ctx, why, name, n - 1, args);
    if (!fuel_charge(ctx, length / 8)) return VALUE_EXCEPTION; /* each octet is looked at */
    uint64_t now = t->schema.lifetime ? world_now(ctx->world) : 0;
    int result = assembly_add(t, key, offset, total, piece, length, now, &whole);
    if (result < 0) return refusal(ctx, t, result);
    if (result == 0) return VALUE_FALSE;
    whole->next = x->assembled;
    x->assembled = whole;
    return assembly_bytes(whole);
}

void assembled_release(struct execution *x)
{
    while (x->assembled) {
        struct assembled *whole = x->assembled;
        x->assembled = whole->next;
        assembly_release(whole);
    }
}
