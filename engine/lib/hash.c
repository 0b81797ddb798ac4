/* SPDX-License-Identifier: Apache-2.0 */
/*
 * hash.c - hash tables of the load profile, keyed by equal?. Walks go in the order
 * of insertion, so that nothing depends on addresses or on the node's seed.
 *
 *   index   [ 0 | 3 | 0 | 1 ...]      entry number + 1, open addressing
 *   entries [key value hash] [key value hash] ...   a deleted key is VALUE_UNDEFINED
 */
#include <assert.h>
#include <string.h>

#include "lib.h"

#define ENTRY         3 /* values an entry takes */
#define FIRST_ENTRIES 8
#define HASH_DEPTH    16 /* pairs and elements that a key's hash looks at */

static_assert(sizeof(struct hash_object) == sizeof(struct object) + HASH_VALUES * sizeof(vvm_value),
              "a hash table holds nothing but values");
static_assert((FIRST_ENTRIES & (FIRST_ENTRIES - 1)) == 0, "a mask finds a place of the index");

static uint64_t mix(uint64_t h)
{
    h ^= h >> 32;
    h *= UINT64_C(0xd6e8feb86659fd93);
    h ^= h >> 32;
    h *= UINT64_C(0xd6e8feb86659fd93);
    return h ^ h >> 32;
}

static uint64_t hash_octets(const void *octets, size_t length, uint64_t h)
{
    const uint8_t *at = octets;
    for (; length >= 8; length -= 8, at += 8) {
        uint64_t word;
        memcpy(&word, at, 8);
        h = mix(h ^ word);
    }
    for (; length > 0; length--, at++) h = (h ^ *at) * UINT64_C(0x100000001b3);
    return mix(h);
}

/* Hash of what is no pair or vector; the same for values that are equal?. */
static uint64_t hash_atom(vvm_value v)
{
    if (!is_object(v)) return mix(v);
    uint64_t length = object_length(v);
    switch (header_type(object_of(v)->header)) {
    case TYPE_STRING: return hash_octets(string_of(v)->chars, length * sizeof(uint32_t), TYPE_STRING);
    case TYPE_BYTES: return hash_octets(bytes_of(v)->data, length, TYPE_BYTES);
    case TYPE_FLONUM:
        return flonum_value(v) != flonum_value(v) ? 1 : hash_octets(&bytes_of(v)->data, sizeof(double), 2);
    case TYPE_SYMBOL: return mix(((struct symbol *)value_pointer(v))->hash);
    case TYPE_VECTOR: return mix(length);
    case TYPE_SLICE: return mix(((struct slice *)value_pointer(v))->offset);
    default: return mix(v); /* by identity: objects do not move */
    }
}

/* The first elements of a list or vector, one level deep. */
uint64_t value_hash(vvm_value v)
{
    uint64_t h = 0;
    if (has_type(v, TYPE_VECTOR)) {
        size_t length = object_length(v);
        for (size_t i = 0; i < length && i < HASH_DEPTH; i++) {
            vvm_value item = vector_of(v)->items[i];
            h = mix(h ^ (is_pair(item) ? 5 : hash_atom(item)));
        }
        return mix(h ^ length);
    }
    unsigned steps = 0;
    for (; is_pair(v) && steps < HASH_DEPTH; steps++, v = cdr_of(v))
        h = mix(h ^ (is_pair(car_of(v)) ? 5 : hash_atom(car_of(v))));
    return is_pair(v) ? h : mix(h ^ hash_atom(v));
}

/* ---- the table ---- */

static bool is_hash(vvm_value v) { return has_type(v, TYPE_HASH); }
static struct hash_object *hash_of(vvm_value v) { return value_pointer(v); }
static vvm_value *entry_at(const struct hash_object *t, size_t i)
{
    return &vector_of(t->entries)->items[i * ENTRY];
}
static uint32_t *index_of(const struct hash_object *t) { return (uint32_t *)bytes_of(t->index)->data; }
static size_t index_mask(const struct hash_object *t)
{
    return object_length(t->index) / sizeof(uint32_t) - 1;
}
static size_t used_of(const struct hash_object *t) { return (size_t)fixnum_value(t->used); }
static bool is_live(const vvm_value *entry) { return entry[0] != VALUE_UNDEFINED; }

/* Empty arrays for `room` entries (a power of two). */
static bool hash_arrays(struct vvm_context *ctx, size_t room, vvm_value *entries, vvm_value *index)
{
    *entries = make_vector(ctx, room * ENTRY, VALUE_UNDEFINED);
    if (*entries == VALUE_EXCEPTION) return false;
    *index = make_bytes(ctx, room * 2 * sizeof(uint32_t));
    return *index != VALUE_EXCEPTION;
}

static vvm_value hash_new(struct vvm_context *ctx)
{
    vvm_value entries, index;
    if (!hash_arrays(ctx, FIRST_ENTRIES, &entries, &index)) return VALUE_EXCEPTION;
    struct hash_object *t = allocate(ctx, TYPE_HASH, HASH_VALUES, sizeof *t);
    if (!t) return VALUE_EXCEPTION;
    t->count = t->used = make_fixnum(0);
    t->entries = entries;
    t->index = index;
    return object_value(t);
}

/* A key's hash as it is stored: a fixnum. */
static vvm_value stored_hash(vvm_value key) { return make_fixnum((int64_t)(value_hash(key) >> 4)); }

static vvm_value *hash_find(const struct hash_object *t, vvm_value key, vvm_value hash, uint64_t *work)
{
    size_t mask = index_mask(t);
    for (size_t i = (size_t)fixnum_value(hash) & mask; index_of(t)[i] != 0; i = (i + 1) & mask) {
        vvm_value *entry = entry_at(t, index_of(t)[i] - 1);
        ++*work;
        if (entry[2] == hash && is_live(entry) && values_equal(entry[0], key, work)) return entry;
    }
    return NULL;
}

static void index_entry(struct hash_object *t, vvm_value hash, size_t number)
{
    size_t mask = index_mask(t), i = (size_t)fixnum_value(hash) & mask;
    while (index_of(t)[i] != 0) i = (i + 1) & mask;
    index_of(t)[i] = (uint32_t)number + 1;
}

/* Larger arrays, without the deleted entries. */
static bool hash_grow(struct vvm_context *ctx, struct hash_object *t)
{
    struct hash_object old = *t;
    size_t live = (size_t)fixnum_value(t->count), room = FIRST_ENTRIES, next = 0;
    while (room < live * 2) room *= 2;
    if (room > TEXT_MAX / 4) {
        raise_error(ctx, ERROR_RANGE, VALUE_DEFAULT);
        return false;
    }
    if (!fuel_charge(ctx, live)) return false;
    vvm_value entries, index;
    if (!hash_arrays(ctx, room, &entries, &index)) return false;
    t->entries = entries;
    t->index = index;
    for (size_t i = 0; i < used_of(&old); i++) {
        const vvm_value *entry = entry_at(&old, i);
        if (!is_live(entry)) continue;
        memcpy(entry_at(t, next), entry, ENTRY * sizeof *entry);
        index_entry(t, entry[2], next++);
    }
    assert(next == live);
    t->used = make_fixnum((int64_t)next);
    return true;
}

static bool hash_put(struct vvm_context *ctx, struct hash_object *t, vvm_value key, vvm_value value)
{
    uint64_t work = 0;
    vvm_value hash = stored_hash(key), *entry = hash_find(t, key, hash, &work);
    if (!fuel_charge(ctx, work)) return false;
    if (entry) {
        entry[1] = value;
        return true;
    }
    if (used_of(t) * ENTRY == object_length(t->entries) && !hash_grow(ctx, t)) return false;
    assert((used_of(t) + 1) * ENTRY <= object_length(t->entries) && used_of(t) < index_mask(t));
    entry = entry_at(t, used_of(t));
    entry[0] = key;
    entry[1] = value;
    entry[2] = hash;
    index_entry(t, hash, used_of(t));
    t->used = make_fixnum(fixnum_value(t->used) + 1);
    t->count = make_fixnum(fixnum_value(t->count) + 1);
    return true;
}

/* ---- primitives ---- */

PRIMITIVE_FN(is_hash_table) { return make_boolean(is_hash(args[0])); }
PRIMITIVE_FN(make_hash_table) { return hash_new(ctx); }

PRIMITIVE_FN(hash_ref)
{
    uint64_t work = 0;
    NEED(is_hash(args[0]), "hash-table-ref", 0, "hash-table");
    vvm_value *entry = hash_find(hash_of(args[0]), args[1], stored_hash(args[1]), &work);
    if (!fuel_charge(ctx, work)) return VALUE_EXCEPTION;
    return entry ? entry[1] : args[2];
}

PRIMITIVE_FN(hash_set)
{
    NEED(is_hash(args[0]), "hash-table-set!", 0, "hash-table");
    if (!mutable_argument(ctx, args[0])) return VALUE_EXCEPTION;
    return hash_put(ctx, hash_of(args[0]), args[1], args[2]) ? VALUE_UNSPECIFIED : VALUE_EXCEPTION;
}

PRIMITIVE_FN(hash_contains)
{
    uint64_t work = 0;
    NEED(is_hash(args[0]), "hash-table-contains?", 0, "hash-table");
    bool found = hash_find(hash_of(args[0]), args[1], stored_hash(args[1]), &work) != NULL;
    return fuel_charge(ctx, work) ? make_boolean(found) : VALUE_EXCEPTION;
}

PRIMITIVE_FN(hash_delete)
{
    uint64_t work = 0;
    NEED(is_hash(args[0]), "hash-table-delete!", 0, "hash-table");
    if (!mutable_argument(ctx, args[0])) return VALUE_EXCEPTION;
    struct hash_object *t = hash_of(args[0]);
    vvm_value *entry = hash_find(t, args[1], stored_hash(args[1]), &work);
    if (!fuel_charge(ctx, work)) return VALUE_EXCEPTION;
    if (!entry) return VALUE_FALSE;
    assert(fixnum_value(t->count) > 0 && t->count <= t->used);
    entry[0] = VALUE_UNDEFINED;
    entry[1] = VALUE_UNDEFINED;
    t->count = make_fixnum(fixnum_value(t->count) - 1);
    return VALUE_TRUE;
}

PRIMITIVE_FN(hash_size)
{
    NEED(is_hash(args[0]), "hash-table-size", 0, "hash-table");
    return hash_of(args[0])->count;
}

PRIMITIVE_FN(hash_clear)
{
    vvm_value entries, index;
    NEED(is_hash(args[0]), "hash-table-clear!", 0, "hash-table");
    if (!mutable_argument(ctx, args[0]) || !hash_arrays(ctx, FIRST_ENTRIES, &entries, &index))
        return VALUE_EXCEPTION;
    struct hash_object *t = hash_of(args[0]);
    t->entries = entries;
    t->index = index;
    t->count = t->used = make_fixnum(0);
    return VALUE_UNSPECIFIED;
}

PRIMITIVE_FN(hash_copy)
{
    NEED(is_hash(args[0]), "hash-table-copy", 0, "hash-table");
    struct hash_object *from = hash_of(args[0]);
    vvm_value copy = hash_new(ctx);
    for (size_t i = 0; i < used_of(from) && copy != VALUE_EXCEPTION; i++) {
        const vvm_value *entry = entry_at(from, i);
        if (is_live(entry) && !hash_put(ctx, hash_of(copy), entry[0], entry[1])) copy = VALUE_EXCEPTION;
    }
    return copy;
}

enum part { PART_KEY, PART_VALUE, PART_BOTH };

static vvm_value hash_list(struct vvm_context *ctx, const char *name, const vvm_value *args, enum part part)
{
    vvm_value list = VALUE_NULL;
    NEED(is_hash(args[0]), name, 0, "hash-table");
    const struct hash_object *t = hash_of(args[0]);
    if (!fuel_charge(ctx, used_of(t))) return VALUE_EXCEPTION;
    for (size_t i = used_of(t); i > 0 && list != VALUE_EXCEPTION; i--) {
        const vvm_value *entry = entry_at(t, i - 1);
        if (!is_live(entry)) continue;
        vvm_value item = part == PART_BOTH ? make_pair(ctx, entry[0], entry[1]) : entry[part];
        list = item == VALUE_EXCEPTION ? item : make_pair(ctx, item, list);
    }
    return list;
}
PRIMITIVE_FN(hash_keys) { return hash_list(ctx, "hash-table-keys", args, PART_KEY); }
PRIMITIVE_FN(hash_values) { return hash_list(ctx, "hash-table-values", args, PART_VALUE); }
PRIMITIVE_FN(hash_alist) { return hash_list(ctx, "hash-table->alist", args, PART_BOTH); }

PRIMITIVE_FN(hash_of_value) { return make_fixnum((int64_t)(value_hash(args[0]) >> 4)); }

#define L EFFECT_LOAD
static const struct primitive_row rows[] = {
    PRIMITIVE("hash-table?", is_hash_table, 1, 1, 1, 0, "any -> boolean", "True of a hash table."),
    PRIMITIVE("make-hash-table", make_hash_table, 0, -1, 16, L | EFFECT_ALLOCATE, "-> hash-table",
              "An empty table keyed by equal?; arguments are for other dialects and mean nothing."),
    PRIMITIVE("hash-table-ref/default", hash_ref, 3, 3, 8, L, "hash-table any any -> any",
              "The value of a key, or the default."),
    PRIMITIVE("hash-table-set!", hash_set, 3, 3, 8, L | EFFECT_ALLOCATE, "hash-table any any -> unspecified",
              "Give a key a value."),
    PRIMITIVE("hash-table-contains?", hash_contains, 2, 2, 8, L, "hash-table any -> boolean",
              "True if the key has a value."),
    PRIMITIVE("hash-table-exists?", hash_contains, 2, 2, 8, L, "hash-table any -> boolean",
              "True if the key has a value."),
    PRIMITIVE("hash-table-delete!", hash_delete, 2, 2, 8, L, "hash-table any -> boolean",
              "Forget a key; true if it had a value."),
    PRIMITIVE("hash-table-size", hash_size, 1, 1, 1, L, "hash-table -> integer", "The number of keys."),
    PRIMITIVE("hash-table-count", hash_size, 1, 1, 1, L, "hash-table -> integer", "The number of keys."),
    PRIMITIVE("hash-table-clear!", hash_clear, 1, 1, 8, L | EFFECT_ALLOCATE, "hash-table -> unspecified",
              "Forget all keys."),
    PRIMITIVE("hash-table-copy", hash_copy, 1, 2, 16, L | EFFECT_ALLOCATE, "hash-table -> hash-table",
              "A new table with the same keys and values."),
    PRIMITIVE("hash-table-keys", hash_keys, 1, 1, 8, L | EFFECT_ALLOCATE, "hash-table -> list",
              "The keys, oldest first."),
    PRIMITIVE("hash-table-values", hash_values, 1, 1, 8, L | EFFECT_ALLOCATE, "hash-table -> list",
              "The values, by age of their keys."),
    PRIMITIVE("hash-table->alist", hash_alist, 1, 1, 8, L | EFFECT_ALLOCATE, "hash-table -> list",
              "Pairs of key and value, oldest first."),
    PRIMITIVE("hash", hash_of_value, 1, 1, 8, L, "any -> integer",
              "A number that is the same for values that are equal?."),
};

int hash_primitives(struct vvm_node *node) { return primitives_register(node, ROWS(rows)); }
