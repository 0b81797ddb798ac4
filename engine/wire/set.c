/* SPDX-License-Identifier: Apache-2.0 */
/*
 * set.c - open sets: named functions that any VMlet may add, found by a name from the
 * wire with one look-up. Nothing is interned: names are compared as octets.
 */
#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "primitives.h"

static uint32_t hash_name(const struct wire_set *set, const uint8_t *name, size_t length)
{
    uint32_t h = 2166136261u ^ (uint32_t)((uintptr_t)set >> 4);
    for (size_t i = 0; i < length; i++) h = (h ^ name[i]) * 16777619u;
    return h ^ h >> 15;
}

/* Where the member stands or would stand in the index. */
static const struct wire_member **place_of(const struct match_table *table, const struct wire_set *set,
                                           uint32_t hash, const uint8_t *name, size_t length)
{
    for (uint32_t i = hash;; i++) {
        const struct wire_member **at = &table->index[i & (table->index_size - 1)];
        const struct wire_member *m = *at;
        if (!m) return at;
        if (m->set == set && m->hash == hash && object_length(m->name) == length &&
            memcmp(symbol_name(m->name), name, length) == 0)
            return at;
    }
}

int set_index(struct match_table *table)
{
    uint32_t size = 16;
    while (size < table->member_count * 2) size *= 2;
    const struct wire_member **index = calloc(size, sizeof *index);
    if (!index) return -ENOMEM;
    free(table->index);
    table->index = index;
    table->index_size = size;
    assert((size & (size - 1)) == 0 && table->member_count < size); /* so every search ends */
    for (uint32_t i = 0; i < table->member_count; i++) {
        const struct wire_member *m = table->members[i];
        *place_of(table, m->set, m->hash, (const uint8_t *)symbol_name(m->name), object_length(m->name)) = m;
    }
    return 0;
}

const struct wire_member *set_member(const struct vvm_generation *g, const struct wire_set *set,
                                     const uint8_t *name, size_t length)
{
    const struct match_table *table = g ? g->matches : NULL;
    if (!table || !table->index) return NULL;
    return *place_of(table, set, hash_name(set, name, length), name, length);
}

struct wire_member *member_new(struct vvm_context *ctx, const struct wire_set *set, vvm_value name,
                               vvm_value procedure)
{
    struct wire_member *m = calloc(1, sizeof *m);
    if (!m) return raise_error(ctx, ERROR_HEAP, VALUE_DEFAULT), NULL;
    m->next = ctx->node->wire->members;
    ctx->node->wire->members = m;
    m->set = set;
    m->name = name;
    m->hash = hash_name(set, (const uint8_t *)symbol_name(name), object_length(name));
    m->procedure = procedure;
    m->handle = wire_handle(ctx, TYPE_MEMBER, m);
    if (m->handle == VALUE_EXCEPTION) return NULL;
    return wire_keep(ctx->node, procedure) ? (raise_error(ctx, ERROR_HEAP, VALUE_DEFAULT), NULL) : m;
}

/* What stands under the member's name in the generation: itself, or what replaced it. */
static const struct wire_member *in_force(const struct vvm_generation *g, const struct wire_member *m)
{
    const struct match_table *table = g ? g->matches : NULL;
    for (uint32_t i = m->hash; table && table->index; i++) {
        const struct wire_member *there = table->index[i & (table->index_size - 1)];
        if (!there || (there->set == m->set && there->name == m->name)) return there;
    }
    return NULL;
}

vvm_value member_procedure(const struct vvm_context *ctx, vvm_value v)
{
    const struct wire_member *m = wire_pointer(v, TYPE_MEMBER);
    if (m && m->set) m = in_force(wire_generation(ctx), m);
    return m ? m->procedure : VALUE_FALSE;
}

/* ---- primitives ------------------------------------------------------------------------- */

/* Number of types before the arrow of (signature type ... -> type ...), 0xff without a signature. */
static unsigned parameters_of(vvm_value clauses)
{
    vvm_value types = clause_of(clauses, "signature");
    unsigned n = 0;
    if (!is_true(types)) return 0xff;
    for (; is_pair(types) && !is_symbol_named(car_of(types), "->"); types = cdr_of(types)) n++;
    return n;
}

/* (%define-set 'name 'clauses) -> handle */
vvm_value primitive_define_set(struct vvm_context *ctx, unsigned n, const vvm_value *args)
{
    (void)n;
    if (!wire_candidate(ctx, "define-set")) return VALUE_EXCEPTION;
    if (!is_symbol(args[0])) return raise_type(ctx, "%define-set", 1, "symbol", args[0]);
    if (clauses_check(ctx, "define-set", args[1], (const char *[]){"signature", NULL}))
        return VALUE_EXCEPTION;
    struct wire_set *set = calloc(1, sizeof *set);
    if (!set) return raise_error(ctx, ERROR_HEAP, VALUE_DEFAULT);
    set->next = ctx->node->wire->sets;
    ctx->node->wire->sets = set;
    set->name = args[0];
    set->parameters = parameters_of(args[1]);
    return set->handle = wire_handle(ctx, TYPE_SET, set);
}

/* In place of an older member of the name, or as a new one. */
static int enlist(struct match_table *table, const struct wire_member *m)
{
    for (uint32_t i = 0; i < table->member_count; i++)
        if (table->members[i]->set == m->set && table->members[i]->name == m->name) {
            table->members[i] = m;
            return set_index(table);
        }
    const struct wire_member **grown = realloc(table->members, (table->member_count + 1) * sizeof *grown);
    if (!grown) return -ENOMEM;
    table->members = grown;
    grown[table->member_count++] = m;
    return set_index(table);
}

/* (%define-member set 'name procedure) */
vvm_value primitive_define_member(struct vvm_context *ctx, unsigned n, const vvm_value *args)
{
    (void)n;
    struct vvm_generation *g = wire_candidate(ctx, "define-member");
    const struct wire_set *set = wire_pointer(args[0], TYPE_SET);
    if (!g) return VALUE_EXCEPTION;
    if (!set) return raise_type(ctx, "define-member", 1, "set", args[0]);
    if (!is_symbol(args[1])) return raise_type(ctx, "define-member", 2, "symbol", args[1]);
    if (!has_type(args[2], TYPE_CLOSURE)) return raise_type(ctx, "define-member", 3, "procedure", args[2]);
    const struct vvm_function *f = ((struct closure *)value_pointer(args[2]))->function;
    if (set->parameters != 0xff && (f->parameters != set->parameters || f->flags & FUNCTION_REST))
        return raise_message(ctx, ERROR_SIGNATURE, args[1], "members of the set %s take %u arguments",
                             symbol_name(set->name), set->parameters);
    const struct wire_member *m = member_new(ctx, set, args[1], args[2]);
    if (!m) return VALUE_EXCEPTION;
    return enlist(g->matches, m) ? raise_error(ctx, ERROR_HEAP, VALUE_DEFAULT) : VALUE_UNSPECIFIED;
}

/* (set-ref set name) -> member or #f */
vvm_value primitive_set_ref(struct vvm_context *ctx, unsigned n, const vvm_value *args)
{
    (void)n;
    uint8_t room[256];
    size_t length = 0;
    const struct wire_set *set = wire_pointer(args[0], TYPE_SET);
    if (!set) return raise_type(ctx, "set-ref", 1, "set", args[0]);
    const uint8_t *name = name_octets(ctx, args[1], room, sizeof room, &length);
    if (!name || length > sizeof room) return VALUE_FALSE;
    const struct wire_member *m = set_member(wire_generation(ctx), set, name, length);
    return m ? m->handle : VALUE_FALSE;
}
