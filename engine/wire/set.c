/* SPDX-License-Identifier: Apache-2.0 */
/*
 * set.c - open sets: named functions that any VMlet may add, found by a name from the
 * wire with one look-up. A name is a symbol, or octets that a load computed (a digest,
 * say). Nothing is interned for a look-up: names are compared as octets.
 */
#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "../authority.h"
#include "../lib/octets.h"
#include "primitives.h"

static uint32_t hash_name(const struct wire_set *set, const uint8_t *name, size_t length)
{
    uint64_t h = ((uintptr_t)set >> 4) + length, word;
    for (; length >= sizeof word; name += sizeof word, length -= sizeof word) {
        memcpy(&word, name, sizeof word);
        h = (h ^ word) * UINT64_C(0x9e3779b97f4a7c15);
        h ^= h >> 32;
    }
    for (word = 0; length > 0; length--) word = word << 8 | *name++;
    h = (h ^ word) * UINT64_C(0x9e3779b97f4a7c15);
    return (uint32_t)(h >> 32);
}

/* Names are short: compared here, eight octets at a time. */
static inline bool same_octets(const uint8_t *a, const uint8_t *b, size_t length)
{
    uint64_t x, y;
    for (; length >= sizeof x; a += sizeof x, b += sizeof x, length -= sizeof x) {
        memcpy(&x, a, sizeof x);
        memcpy(&y, b, sizeof y);
        if (x != y) return false;
    }
    while (length > 0 && *a == *b) a++, b++, length--;
    return length == 0;
}

/* Where the member stands or would stand in the index. */
static const struct wire_member **place_of(const struct match_table *table, const struct wire_set *set,
                                           uint32_t hash, const uint8_t *name, size_t length)
{
    for (uint32_t i = hash;; i++) {
        const struct wire_member **at = &table->index[i & (table->index_size - 1)];
        const struct wire_member *m = *at;
        if (!m) return at;
        if (m->set == set && m->hash == hash && m->length == length && same_octets(m->octets, name, length))
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
    for (unsigned around = 0; around < 2; around++)                 /* an around needs something to lie on */
        for (uint32_t i = 0; i < table->member_count; i++) {
            const struct wire_member *m = table->members[i], **at;
            if (!m->set || m->around != around) continue;
            at = place_of(table, m->set, m->hash, m->octets, m->length);
            if (!around || *at) *at = m;
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

/* A symbol for messages: the name itself, or its first octets in hex. */
static vvm_value name_symbol(struct vvm_context *ctx, vvm_value name, const uint8_t *octets, size_t length)
{
    enum { SHOWN = 16 };
    char text[2 * SHOWN + 1] = "";
    if (is_symbol(name)) return name;
    for (size_t i = 0; i < length && i < SHOWN; i++) snprintf(text + 2 * i, 3, "%02x", octets[i]);
    return intern(ctx->node, text);
}

struct wire_member *member_new(struct vvm_context *ctx, const struct wire_set *set, vvm_value name,
                               vvm_value procedure)
{
    size_t length = 0;
    const uint8_t *octets = name_octets(ctx, name, NULL, 0, &length);
    assert(octets && length <= MEMBER_NAME_MAX);
    struct vvm_vmlet *owner = authority_definer(ctx, ((struct closure *)value_pointer(procedure))->function);
    struct wire_member *m = item_new(ctx->node, WIRE_MEMBER, owner, sizeof *m + length);
    if (!m) return raise_error(ctx, ERROR_HEAP, VALUE_DEFAULT), NULL;
    m->handle = m->network = m->table = VALUE_FALSE;
    m->set = set;
    m->length = (uint32_t)length;
    memcpy(m->octets, octets, length);
    m->name = name_symbol(ctx, name, octets, length);
    m->hash = hash_name(set, m->octets, length);
    m->procedure = procedure;
    vvm_value handle = wire_handle(ctx, TYPE_MEMBER, m);
    if (handle == VALUE_EXCEPTION) return NULL;
    m->handle = handle;
    return m;
}

/* What stands under the member's name in the generation: itself, or what replaced it. */
static const struct wire_member *in_force(const struct vvm_generation *g, const struct wire_member *m)
{
    const struct match_table *table = g ? g->matches : NULL;
    if (!table || !table->index) return NULL;
    if (table->index[m->hash & (table->index_size - 1)] == m) return m; /* mostly */
    return *place_of(table, m->set, m->hash, m->octets, m->length);
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
    struct wire_set *set = item_new(ctx->node, WIRE_SET, running_vmlet(ctx), sizeof *set);
    if (!set) return raise_error(ctx, ERROR_HEAP, VALUE_DEFAULT);
    set->name = args[0];
    set->parameters = parameters_of(args[1]);
    return set->handle = wire_handle(ctx, TYPE_SET, set);
}

bool member_same_name(const struct wire_member *a, const struct wire_member *b)
{
    return a->set == b->set && a->length == b->length && memcmp(a->octets, b->octets, a->length) == 0;
}

/* In place of an older member of the name and owner, or as a new one: of members of one
 * name the last in the list is in force. */
int member_enlist(struct match_table *table, const struct wire_member *m)
{
    for (uint32_t i = 0; i < table->member_count && !m->around; i++) {
        const struct wire_member *other = table->members[i];
        if (other->around || !member_same_name(other, m) || other->item.owner != m->item.owner) continue;
        table->members[i] = m;
        return set_index(table);
    }
    const struct wire_member **grown = realloc(table->members, (table->member_count + 1) * sizeof *grown);
    if (!grown) return -ENOMEM;
    table->members = grown;
    grown[table->member_count++] = m;
    return set_index(table);
}

/* One's own set is open; another VMlet's for who was granted (member SET). */
static bool may_join(struct vvm_context *ctx, const struct wire_set *set)
{
    const struct vvm_vmlet *who = authority_running(ctx);
    struct authority_target target = {.kind = TARGET_NAME, .first = symbol_name(set->name)};
    char grant[160];
    if (who == set->item.owner || authority_allows_target(who, CAPABILITY_MEMBER, target)) return true;
    snprintf(grant, sizeof grant, "(member %.120s)", target.first);
    authority_refuse(ctx, who, grant);
    return false;
}

/* False with the error set. */
static bool member_arguments(struct vvm_context *ctx, const vvm_value *args)
{
    bool octets = has_type(args[1], TYPE_BYTES);
    if (!wire_pointer(args[0], TYPE_SET)) raise_type(ctx, "define-member", 1, "set", args[0]);
    else if (!is_symbol(args[1]) && !octets)
        raise_type(ctx, "define-member", 2, "symbol or bytevector", args[1]);
    else if (object_length(args[1]) > MEMBER_NAME_MAX || (octets && object_length(args[1]) == 0))
        raise_message(ctx, ERROR_RANGE, args[1], "define-member: a name has 1 to %u octets", MEMBER_NAME_MAX);
    else if (!has_type(args[2], TYPE_CLOSURE)) raise_type(ctx, "define-member", 3, "procedure", args[2]);
    else return true;
    return false;
}

/* (%define-member set name procedure): the name is a symbol or a bytevector */
vvm_value primitive_define_member(struct vvm_context *ctx, unsigned n, const vvm_value *args)
{
    (void)n;
    struct vvm_generation *g = wire_candidate(ctx, "define-member");
    if (!g || !member_arguments(ctx, args)) return VALUE_EXCEPTION;
    const struct wire_set *set = wire_pointer(args[0], TYPE_SET);
    const struct vvm_function *f = ((struct closure *)value_pointer(args[2]))->function;
    if (set->parameters != 0xff && (f->parameters != set->parameters || f->flags & FUNCTION_REST))
        return raise_message(ctx, ERROR_SIGNATURE, args[1], "members of the set %s take %u arguments",
                             symbol_name(set->name), set->parameters);
    if (!may_join(ctx, set)) return VALUE_EXCEPTION;
    const struct wire_member *m = member_new(ctx, set, args[1], args[2]);
    if (!m) return VALUE_EXCEPTION;
    return member_enlist(g->matches, m) ? raise_error(ctx, ERROR_HEAP, VALUE_DEFAULT) : VALUE_UNSPECIFIED;
}

/* Octets of args[1] from args[2] on, so many as args[3] says, else all; NULL with the error set. */
static const uint8_t *part_octets(struct vvm_context *ctx, unsigned n, const vvm_value *args, size_t *length)
{
    uint64_t whole;
    size_t start;
    enum access_error why = ACCESS_OK;
    const uint8_t *octets = octets_all(args[1], &whole, &why);
    if (!octets) return octets_raise(ctx, why, "set-ref", 1, args), NULL;
    if (!index_argument(ctx, "set-ref", args, 2, whole, &start)) return NULL;
    *length = whole - start;
    return n < 4 || index_argument(ctx, "set-ref", args, 3, *length, length) ? octets + start : NULL;
}

/* (set-ref set name [start [length]]) -> member or #f */
vvm_value primitive_set_ref(struct vvm_context *ctx, unsigned n, const vvm_value *args)
{
    uint8_t room[MEMBER_NAME_MAX];
    size_t length = 0;
    const struct wire_set *set = wire_pointer(args[0], TYPE_SET);
    if (!set) return raise_type(ctx, "set-ref", 1, "set", args[0]);
    const uint8_t *name = n > 2 ? part_octets(ctx, n, args, &length)
                                : name_octets(ctx, args[1], room, sizeof room, &length);
    if (n > 2 && !name) return VALUE_EXCEPTION;
    if (!name || length > sizeof room) return VALUE_FALSE;
    const struct wire_member *m = set_member(wire_generation(ctx), set, name, length);
    return m ? m->handle : VALUE_FALSE;
}
