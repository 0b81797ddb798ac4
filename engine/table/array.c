/* SPDX-License-Identifier: Apache-2.0 */
/*
 * array.c - a table whose keys are 0 .. entries - 1: elements of 1, 2, 4 or 8 octets,
 * each read and written as one atomic word. A store publishes what was stored before
 * it; a load sees that.
 */
#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "../lazy.h"
#include "../octets_access.h"
#include "table.h"

struct array {
    uint64_t entries;
    bool written; /* ever */
    union {
        uint8_t *u8;
        uint16_t *u16;
        uint32_t *u32;
        uint64_t *u64;
        void *memory;
    };
};

static unsigned width_of(const struct table *table) { return table->schema.value[0].size; }

static uint64_t array_octets(const struct table_schema *schema, uint64_t entries)
{
    return entries * schema->value_size;
}

static int array_open(struct table *table, const uint64_t seed[2])
{
    (void)seed;
    struct array *a = calloc(1, sizeof *a);
    if (!a) return -ENOMEM;
    a->entries = table->schema.entries;
    assert(a->entries && width_of(table) <= 8 && (width_of(table) & (width_of(table) - 1)) == 0);
    a->memory = lazy_zeros(a->entries * width_of(table));
    if (!a->memory) {
        free(a);
        return -ENOMEM;
    }
    table->body = a;
    return 0;
}

static void array_close(struct table *table)
{
    struct array *a = table->body;
    lazy_free(a->memory, a->entries * width_of(table));
    free(a);
}

/* What nobody wrote need not be copied. */
static void note_write(struct array *a)
{
    if (!__atomic_load_n(&a->written, __ATOMIC_RELAXED))
        __atomic_store_n(&a->written, true, __ATOMIC_RELAXED);
}

static uint64_t load(const struct array *a, unsigned width, uint64_t i)
{
    switch (width) {
    case 1: return __atomic_load_n(&a->u8[i], __ATOMIC_ACQUIRE);
    case 2: return __atomic_load_n(&a->u16[i], __ATOMIC_ACQUIRE);
    case 4: return __atomic_load_n(&a->u32[i], __ATOMIC_ACQUIRE);
    default: return __atomic_load_n(&a->u64[i], __ATOMIC_ACQUIRE);
    }
}

static void store(struct array *a, unsigned width, uint64_t i, uint64_t v)
{
    switch (width) {
    case 1: __atomic_store_n(&a->u8[i], (uint8_t)v, __ATOMIC_RELEASE); break;
    case 2: __atomic_store_n(&a->u16[i], (uint16_t)v, __ATOMIC_RELEASE); break;
    case 4: __atomic_store_n(&a->u32[i], (uint32_t)v, __ATOMIC_RELEASE); break;
    default: __atomic_store_n(&a->u64[i], v, __ATOMIC_RELEASE); break;
    }
}

#define EXCHANGE(member, type)                                                                               \
    {                                                                                                        \
        type old = (type)expected;                                                                           \
        return __atomic_compare_exchange_n(&a->member[i], &old, (type)v, false, __ATOMIC_ACQ_REL,            \
                                           __ATOMIC_ACQUIRE);                                                \
    }
static bool exchange(struct array *a, unsigned width, uint64_t i, uint64_t expected, uint64_t v)
{
    switch (width) {
    case 1: EXCHANGE(u8, uint8_t)
    case 2: EXCHANGE(u16, uint16_t)
    case 4: EXCHANGE(u32, uint32_t)
    default: EXCHANGE(u64, uint64_t)
    }
}

/* The key is a u64, packed big-endian. */
static uint64_t index_of(const uint64_t *key) { return octets_get_u64((const uint8_t *)key); }

static uint64_t word_of(const struct table_value *value, unsigned width)
{
    return octets_get((const uint8_t *)value->words, width);
}

static int array_read(struct table *table, const uint64_t *key, uint64_t now, struct table_value *value)
{
    (void)now;
    const struct array *a = table->body;
    if (index_of(key) >= a->entries) return -ERANGE;
    value->present = true;
    value->length = width_of(table);
    value->words[0] = 0;
    octets_put((uint8_t *)value->words, width_of(table), load(a, width_of(table), index_of(key)));
    return 0;
}

static int array_write(struct table *table, const uint64_t *key, const struct table_value *value,
                       enum table_mode mode, const struct table_value *expected, uint64_t now)
{
    (void)now;
    struct array *a = table->body;
    unsigned width = width_of(table);
    if (index_of(key) >= a->entries) return -ERANGE;
    if (mode == TABLE_ADD) return -EEXIST;
    note_write(a);
    if (mode == TABLE_EXCHANGE)
        return exchange(a, width, index_of(key), word_of(expected, width), word_of(value, width)) ? 0
                                                                                                  : -EAGAIN;
    store(a, width, index_of(key), word_of(value, width));
    return 0;
}

static bool array_remove(struct table *table, const uint64_t *key, uint64_t now)
{
    (void)now;
    struct array *a = table->body;
    if (index_of(key) >= a->entries) return false;
    note_write(a);
    store(a, width_of(table), index_of(key), 0);
    return true;
}

static uint64_t array_count(struct table *table, uint64_t now)
{
    (void)now;
    return ((struct array *)table->body)->entries;
}

uint64_t array_add(struct table *table, uint64_t i, uint64_t n)
{
    struct array *a = table->body;
    assert(i < a->entries);
    note_write(a);
    switch (width_of(table)) {
    case 1: return __atomic_add_fetch(&a->u8[i], (uint8_t)n, __ATOMIC_ACQ_REL);
    case 2: return __atomic_add_fetch(&a->u16[i], (uint16_t)n, __ATOMIC_ACQ_REL);
    case 4: return __atomic_add_fetch(&a->u32[i], (uint32_t)n, __ATOMIC_ACQ_REL);
    default: return __atomic_add_fetch(&a->u64[i], n, __ATOMIC_ACQ_REL);
    }
}

static bool array_next(struct table *table, uint64_t *at, uint64_t now, struct table_entry *entry)
{
    const struct array *a = table->body;
    (void)now;
    if (!a->written) return false;
    for (; *at < a->entries; (*at)++) {
        uint64_t word = load(a, width_of(table), *at);
        if (!word) continue;
        octets_put((uint8_t *)entry->key, 8, (*at)++);
        entry->value = (struct table_value){.present = true, .length = width_of(table)};
        octets_put((uint8_t *)entry->value.words, width_of(table), word);
        return true;
    }
    return false;
}

static void array_copy(struct table *table, const struct table *from_table)
{
    const struct array *from = from_table->body;
    struct array *to = table->body;
    if (!from->written) return;
    to->written = true;
    lazy_copy(to->memory, from->memory, from->entries * width_of(table));
}

bool array_word(const struct vvm_context *ctx, vvm_value v, uint64_t index, uint64_t *word)
{
    const struct table *table = has_type(v, TYPE_TABLE) ? table_of(ctx, v) : NULL;
    if (!table || table->ops != &table_array) return false;
    const struct array *a = table->body;
    if (index >= a->entries) return false;
    if (__builtin_expect(table->schema.value[0].type == SLOT_U64, 1)) {
        *word = load(a, 8, index);
        return true;
    }
    switch (table->schema.value[0].type) {
    case SLOT_S8: *word = (uint64_t)(int8_t)load(a, 1, index); break;
    case SLOT_S16: *word = (uint64_t)(int16_t)load(a, 2, index); break;
    case SLOT_S32: *word = (uint64_t)(int32_t)load(a, 4, index); break;
    case SLOT_U32: *word = load(a, 4, index); break;
    case SLOT_U16: *word = load(a, 2, index); break;
    case SLOT_U8: *word = load(a, 1, index); break;
    default: *word = load(a, 8, index); break;
    }
    return true;
}

vvm_value array_word_error(struct vvm_context *ctx, vvm_value v)
{
    const struct table *table = has_type(v, TYPE_TABLE) ? table_of(ctx, v) : NULL;
    if (has_type(v, TYPE_TABLE) && !table) return table_gone(ctx, "array-word");
    if (!table || table->ops != &table_array) return raise_type(ctx, "array-word", 1, "array", v);
    return raise_message(ctx, ERROR_BOUNDS, table->name, "no such element of the array");
}

const struct table_ops table_array = {"array",     array_octets, array_open,  array_close, array_read,
                                      array_write, array_remove, array_count, array_copy,  array_next};
