/* SPDX-License-Identifier: Apache-2.0 */
/*
 * table_test.c - tables against their slow twins, at their limits, and under several
 * threads. What the language sees of them is in cases/octets/tables.t.
 */
#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "../engine/load.h"
#include "../engine/octets_access.h"
#include "../engine/table/siphash.h"
#include "../engine/table/table.h"
#include "oracle/table_oracle.h"
#include "suites.h"

static const uint64_t seed[2] = {1, 2};

static uint64_t random_word(uint64_t *state) /* xorshift64 */
{
    *state ^= *state << 13;
    *state ^= *state >> 7;
    *state ^= *state << 17;
    return *state;
}

static struct table *open_table(const struct table_ops *ops, unsigned key_size, unsigned value_size,
                                uint64_t entries)
{
    struct table *t = calloc(1, sizeof *t);
    t->ops = ops;
    t->schema = (struct table_schema){.key_count = 1,
                                      .value_count = 1,
                                      .key_size = (uint16_t)key_size,
                                      .value_size = (uint16_t)value_size,
                                      .entries = entries};
    t->schema.key[0] = (struct table_field){SLOT_ANY, (uint16_t)key_size, 0};
    t->schema.value[0] = (struct table_field){SLOT_U64, (uint16_t)value_size, 0};
    CU_ASSERT_EQUAL_FATAL(ops->open(t, seed), 0);
    return t;
}

static void close_table(struct table *t)
{
    t->ops->close(t);
    free(t);
}

static struct table_value word_value(uint64_t w)
{
    struct table_value v = {.present = true, .length = 8};
    v.words[0] = __builtin_bswap64(w);
    return v;
}

static int put(struct table *t, uint64_t key, uint64_t w, enum table_mode mode, uint64_t now)
{
    struct table_value v = word_value(w);
    return t->ops->write(t, &key, &v, mode, NULL, now);
}

static bool get(struct table *t, uint64_t key, uint64_t now, uint64_t *w)
{
    struct table_value v;
    CU_ASSERT_EQUAL(t->ops->read(t, &key, now, &v), 0);
    if (v.present) *w = __builtin_bswap64(v.words[0]);
    return v.present;
}

/* ---- hash ---- */

static void siphash_gives_the_published_vector(void)
{
    uint8_t octets[16], key_octets[16];
    uint64_t key[2];
    for (unsigned i = 0; i < 16; i++) octets[i] = key_octets[i] = (uint8_t)i;
    memcpy(key, key_octets, sizeof key);
    CU_ASSERT_EQUAL(siphash(key, octets, 15), UINT64_C(0xa129ca6149be45e5));
    CU_ASSERT_EQUAL(siphash(key, octets, 0), UINT64_C(0x726fdb47dd0e0e31));
    CU_ASSERT_EQUAL(siphash_words(key, NULL, 0), UINT64_C(0xabac0158050fc4dc));
}

/* ---- map ---- */

static int exchange(struct table *t, uint64_t key, uint64_t old, uint64_t new, uint64_t now)
{
    struct table_value expected = word_value(old), v = word_value(new);
    return t->ops->write(t, &key, &v, TABLE_EXCHANGE, &expected, now);
}

/* One random operation on both; false when they differ. */
static bool map_step(struct table *t, struct list_map *m, uint64_t *random, uint64_t now)
{
    uint64_t key = random_word(random) % 400, w = random_word(random) % 3, a = 0, b = 0;
    bool there = list_map_get(m, key, now, &b);
    switch (random_word(random) % 6) {
    case 0: return (put(t, key, w, TABLE_PUT, now) == 0) == list_map_put(m, key, w, now);
    case 1: {
        int result = put(t, key, w, TABLE_ADD, now);
        return there ? result == -EEXIST : (result == 0) == list_map_put(m, key, w, now);
    }
    case 2: {
        int result = exchange(t, key, w, w + 1, now);
        if (there ? b != w : w != 0) return result == -EAGAIN;
        return (result == 0) == list_map_put(m, key, w + 1, now);
    }
    case 3: return t->ops->remove(t, &key, now) == list_map_remove(m, key, now);
    case 4: return t->ops->count(t, now) == list_map_count(m, now);
    default: return get(t, key, now, &a) == there && a == b;
    }
}

static void map_against_list(uint64_t lifetime)
{
    struct table *t = open_table(&table_map, 8, 8, 200);
    struct list_map *m = calloc(1, sizeof *m);
    m->capacity = 200;
    m->lifetime = t->schema.lifetime = lifetime;
    uint64_t random = 88172645463325252u, now = 1;
    unsigned wrong = 0;
    for (unsigned i = 0; i < 100000; i++) {
        wrong += !map_step(t, m, &random, now);
        now += random_word(&random) % 3;
    }
    CU_ASSERT_EQUAL(wrong, 0);
    free(m);
    close_table(t);
}

static void map_is_a_list(void) { map_against_list(0); }
static void map_with_expiry_is_a_list(void) { map_against_list(150); }

static void map_fills_to_its_capacity(void)
{
    struct table *t = open_table(&table_map, 8, 8, 1000);
    for (uint64_t i = 0; i < 1000; i++) CU_ASSERT_EQUAL(put(t, i, i, TABLE_PUT, 0), 0);
    CU_ASSERT_EQUAL(put(t, 1000, 1, TABLE_PUT, 0), -ENOSPC);
    CU_ASSERT_EQUAL(put(t, 999, 1, TABLE_PUT, 0), 0);
    for (uint64_t i = 0; i < 1000; i++) CU_ASSERT(t->ops->remove(t, &i, 0));
    CU_ASSERT_EQUAL(t->ops->count(t, 0), 0);
    CU_ASSERT_EQUAL(put(t, 1000, 1, TABLE_PUT, 0), 0);
    close_table(t);
}

static void lru_keeps_what_is_used(void)
{
    struct table *t = open_table(&table_map, 8, 8, 64);
    uint64_t w;
    t->schema.lru = true;
    CU_ASSERT_EQUAL(put(t, 1, 77, TABLE_PUT, 0), 0);
    for (uint64_t i = 1000; i < 6000; i++) {
        CU_ASSERT_EQUAL(put(t, i, i, TABLE_PUT, 0), 0);
        CU_ASSERT(get(t, 1, 0, &w) && w == 77);
    }
    CU_ASSERT_EQUAL(t->ops->count(t, 0), 64);
    CU_ASSERT_FALSE(get(t, 1000, 0, &w));
    close_table(t);
}

static void variable_values_keep_their_length(void)
{
    struct table *t = open_table(&table_map, 8, 100, 4);
    struct table_value v = {.present = true, .length = 13}, back;
    uint64_t key = 5;
    t->ops->close(t);
    t->schema.variable = true;
    CU_ASSERT_EQUAL_FATAL(t->ops->open(t, seed), 0);
    memcpy(v.words, "hello, world!", 13);
    CU_ASSERT_EQUAL(t->ops->write(t, &key, &v, TABLE_PUT, NULL, 0), 0);
    t->ops->read(t, &key, 0, &back);
    CU_ASSERT(back.present && back.length == 13 && memcmp(back.words, "hello, world!", 13) == 0);
    v.length = 0;
    CU_ASSERT_EQUAL(t->ops->write(t, &key, &v, TABLE_PUT, NULL, 0), 0);
    t->ops->read(t, &key, 0, &back);
    CU_ASSERT(back.present && back.length == 0);
    close_table(t);
}

/* ---- several threads ---- */

#define ROUNDS 40000
static void *count_up(void *table)
{
    for (uint64_t i = 0; i < ROUNDS; i++) {
        uint64_t key = i % 7, w = 0;
        do {
            w = 0;
            get(table, key, 0, &w);
        } while (exchange(table, key, w, w + 1, 0) != 0);
    }
    return NULL;
}

static void updates_of_two_threads_all_count(void)
{
    struct table *t = open_table(&table_map, 8, 8, 16);
    pthread_t threads[2];
    uint64_t sum = 0, w = 0;
    for (unsigned i = 0; i < 2; i++) CU_ASSERT_EQUAL_FATAL(pthread_create(&threads[i], NULL, count_up, t), 0);
    for (unsigned i = 0; i < 2; i++) pthread_join(threads[i], NULL);
    for (uint64_t key = 0; key < 7; key++) sum += get(t, key, 0, &w) ? w : 0;
    CU_ASSERT_EQUAL(sum, 2 * ROUNDS);
    close_table(t);
}

/* Values are four equal words; keys come and go, entries move between chains. */
static void *churn(void *table)
{
    struct table *t = table;
    uint64_t random = (uintptr_t)&random | 1;
    for (unsigned i = 0; i < ROUNDS; i++) {
        struct table_value v = {.present = true, .length = 32};
        uint64_t key = random_word(&random) % 24;
        for (unsigned k = 0; k < 4; k++) v.words[k] = key << 32 | i;
        t->ops->write(t, &key, &v, TABLE_PUT, NULL, 0);
        if (i % 3 == 0) t->ops->remove(t, &key, 0);
    }
    return NULL;
}

static void no_reader_sees_half_a_write(void)
{
    struct table *t = open_table(&table_map, 8, 32, 16);
    t->schema.lru = true;
    pthread_t threads[2];
    unsigned torn = 0, seen = 0;
    for (unsigned i = 0; i < 2; i++) CU_ASSERT_EQUAL_FATAL(pthread_create(&threads[i], NULL, churn, t), 0);
    for (uint64_t i = 0; i < ROUNDS || (!seen && i < 1000 * ROUNDS); i++) { /* the writers may begin late */
        struct table_value v;
        uint64_t key = i % 24;
        t->ops->read(t, &key, 0, &v);
        if (!v.present) continue;
        seen++;
        torn += v.words[0] >> 32 != key;
        for (unsigned k = 1; k < 4; k++) torn += v.words[k] != v.words[0];
    }
    for (unsigned i = 0; i < 2; i++) pthread_join(threads[i], NULL);
    CU_ASSERT_EQUAL(torn, 0);
    CU_ASSERT(seen > 0);
    CU_ASSERT(t->ops->count(t, 0) <= 16);
    close_table(t);
}

/* ---- longest prefixes ---- */

static void random_key(uint64_t *random, uint8_t key[16])
{
    uint64_t w[2] = {random_word(random) & UINT64_C(0x8101c003f00f0307), random_word(random) & 0x11};
    memcpy(key, w, 16);
}

static bool lpm_step(struct table *t, struct list_lpm *l, unsigned bits, uint64_t *random)
{
    uint8_t key[16] __attribute__((aligned(8)));
    random_key(random, key);
    unsigned length = (unsigned)(random_word(random) % (bits + 1));
    uint64_t w = random_word(random), a = 0, b = 0;
    switch (random_word(random) % 4) {
    case 0: return (lpm_add(t, (uint64_t *)key, length, w) == 0) == list_lpm_add(l, key, length, w);
    case 1: return lpm_remove(t, (uint64_t *)key, length) == list_lpm_remove(l, key, length);
    default: {
        struct table_value v;
        t->ops->read(t, (uint64_t *)key, 0, &v);
        if (v.present) a = __builtin_bswap64(v.words[0]);
        return v.present == list_lpm_get(l, key, &b) && a == b && t->ops->count(t, 0) == l->count;
    }
    }
}

static void lpm_against_list(unsigned key_size)
{
    struct table *t = open_table(&table_lpm, key_size, 8, 300);
    struct list_lpm *l = calloc(1, sizeof *l);
    l->capacity = 300;
    uint64_t random = 1234567;
    unsigned wrong = 0;
    for (unsigned i = 0; i < 60000; i++) wrong += !lpm_step(t, l, 8 * key_size, &random);
    CU_ASSERT_EQUAL(wrong, 0);
    free(l);
    close_table(t);
}

static void lpm_of_32_bits_is_a_list(void) { lpm_against_list(4); }
static void lpm_of_128_bits_is_a_list(void) { lpm_against_list(16); }

/* All nodes come back: the same fill fits again and again. */
static void lpm_fills_to_its_capacity(void)
{
    struct table *t = open_table(&table_lpm, 4, 8, 500);
    for (unsigned round = 0; round < 3; round++) {
        for (uint32_t i = 0; i < 500; i++) {
            uint64_t key = __builtin_bswap32(i * 2654435761u);
            CU_ASSERT_EQUAL(lpm_add(t, &key, 32, i), 0);
        }
        uint64_t other = 0x01020304;
        CU_ASSERT_EQUAL(lpm_add(t, &other, 24, 1), -ENOSPC);
        for (uint32_t i = 0; i < 500; i++) {
            uint64_t key = __builtin_bswap32(i * 2654435761u);
            CU_ASSERT(lpm_remove(t, &key, 32));
        }
        CU_ASSERT_EQUAL(t->ops->count(t, 0), 0);
    }
    close_table(t);
}

static void *flap(void *table)
{
    for (unsigned i = 0; i < ROUNDS; i++) {
        uint64_t key = __builtin_bswap32(0x0a000000u | (i % 64) << 8);
        lpm_add(table, &key, 24, 100 + i % 64);
        lpm_remove(table, &key, 24);
    }
    return NULL;
}

static void look_ups_see_the_old_route_or_the_new(void)
{
    struct table *t = open_table(&table_lpm, 4, 8, 100);
    uint64_t all = 0;
    unsigned wrong = 0;
    CU_ASSERT_EQUAL(lpm_add(t, &all, 0, 1), 0);
    pthread_t thread;
    CU_ASSERT_EQUAL_FATAL(pthread_create(&thread, NULL, flap, t), 0);
    for (unsigned i = 0; i < 4 * ROUNDS; i++) {
        uint64_t key = __builtin_bswap32(0x0a000005u | (i % 64) << 8), w = 0;
        bool found = get(t, key, 0, &w);
        wrong += !found || (w != 1 && w != 100 + i % 64);
    }
    pthread_join(thread, NULL);
    CU_ASSERT_EQUAL(wrong, 0);
    close_table(t);
}

/* ---- arrays ---- */

static void arrays_keep_their_width(void)
{
    for (unsigned width = 1; width <= 8; width *= 2) {
        struct table *t = open_table(&table_array, 8, width, 10);
        uint64_t index = __builtin_bswap64(9), beyond = __builtin_bswap64(10),
                 mask = ~UINT64_C(0) >> (64 - 8 * width);
        struct table_value v = {.present = true, .length = width}, old = v;
        octets_put((uint8_t *)v.words, width, UINT64_C(0xf1f2f3f4f5f6f7f8));
        CU_ASSERT_EQUAL(t->ops->write(t, &index, &v, TABLE_EXCHANGE, &old, 0), 0);
        CU_ASSERT_EQUAL(t->ops->write(t, &index, &v, TABLE_EXCHANGE, &old, 0), -EAGAIN);
        CU_ASSERT_EQUAL(t->ops->read(t, &index, 0, &old), 0);
        CU_ASSERT_EQUAL(octets_get((uint8_t *)old.words, width), UINT64_C(0xf1f2f3f4f5f6f7f8) & mask);
        CU_ASSERT_EQUAL(array_add(t, 9, 8) & mask, UINT64_C(0xf1f2f3f4f5f6f800) & mask);
        CU_ASSERT_EQUAL(t->ops->read(t, &beyond, 0, &old), -ERANGE);
        CU_ASSERT_EQUAL(t->ops->write(t, &beyond, &v, TABLE_PUT, NULL, 0), -ERANGE);
        close_table(t);
    }
}

/* ---- loads ---- */

/* The error that ends the load holds the table's handle: it outlives the table. */
static void tables_of_an_abandoned_load_are_gone(void)
{
    static const char source[] =
        "(define-table t (key u8) (value u8) (entries 4)) (table-put! t 1 1) (raise t)";
    struct vvm_node *node;
    struct vvm_vmlet *v;
    CU_ASSERT_EQUAL_FATAL(node_open(NULL, &node), 0);
    CU_ASSERT_NOT_EQUAL(load_source(&node->control, "t", source, sizeof source - 1, &v), 0);
    vvm_value handle = node->control.pending.value;
    CU_ASSERT_FATAL(has_type(handle, TYPE_TABLE));
    CU_ASSERT_PTR_NULL(table_of(&node->control, handle));
    CU_ASSERT_EQUAL(primitive_named(node, "table-count")->call(&node->control, 1, &handle), VALUE_EXCEPTION);
    CU_ASSERT_EQUAL(load_source(&node->control, "t", source, sizeof source - 1 - strlen("(raise t)"), &v), 0);
    node_close(node);
}

void table_tests(CU_pSuite suite)
{
    CU_add_test(suite, "siphash gives the published vector", siphash_gives_the_published_vector);
    CU_add_test(suite, "map is a list", map_is_a_list);
    CU_add_test(suite, "map with expiry is a list", map_with_expiry_is_a_list);
    CU_add_test(suite, "map fills to its capacity", map_fills_to_its_capacity);
    CU_add_test(suite, "lru keeps what is used", lru_keeps_what_is_used);
    CU_add_test(suite, "variable values keep their length", variable_values_keep_their_length);
    CU_add_test(suite, "updates of two threads all count", updates_of_two_threads_all_count);
    CU_add_test(suite, "no reader sees half a write", no_reader_sees_half_a_write);
    CU_add_test(suite, "lpm of 32 bits is a list", lpm_of_32_bits_is_a_list);
    CU_add_test(suite, "lpm of 128 bits is a list", lpm_of_128_bits_is_a_list);
    CU_add_test(suite, "lpm fills to its capacity", lpm_fills_to_its_capacity);
    CU_add_test(suite, "look-ups see the old route or the new", look_ups_see_the_old_route_or_the_new);
    CU_add_test(suite, "arrays keep their width", arrays_keep_their_width);
    CU_add_test(suite, "tables of an abandoned load are gone", tables_of_an_abandoned_load_are_gone);
}
