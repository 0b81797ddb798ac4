/* SPDX-License-Identifier: Apache-2.0 */
/*
 * map.c - a hash table of fixed capacity, shared by all workers.
 *
 *   buckets   sequence | first ---> entry ---> entry       (numbers, 0 = none)
 *   entries   next, bucket | deadline | key words | [length] value words
 *
 * A bucket's sequence is odd while a writer changes its chain or an entry of it.
 * A reader notes the sequence, walks, copies, and starts again if the sequence has
 * changed; every number it can meet is a valid entry, so a walk over changing links
 * reads nonsense at worst, never outside. An entry that is in no chain belongs to the
 * free list or to the one writer that took it.
 *
 * When the free list is empty a clock hand looks at up to CLOCK_STEPS entries: an
 * expired one is taken; with lru also one that was not touched since the hand last
 * passed, and after half of the steps any.
 */
#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "../lazy.h"
#include "parts.h"
#include "siphash.h"
#include "table.h"

#define CLOCK_STEPS 256
#define NO_BUCKET   UINT32_MAX

struct bucket {
    uint32_t sequence;
    uint32_t first; /* entry number + 1; 0 ends a chain */
};

struct map {
    uint64_t hash_key[2];
    struct bucket *buckets;
    uint32_t bucket_mask;
    uint32_t capacity, stride, key_words, value_words;
    uint64_t *entries;
    uint8_t *touched;    /* one an entry */
    uint64_t free_first; /* changes << 32 | entry number */
    uint32_t fresh;      /* entries up to this number were used once; the rest is zeros */
    uint64_t hand, used;
};

/* ---- entries: relaxed atomic words ---- */

static uint64_t word_load(const uint64_t *w) { return __atomic_load_n(w, __ATOMIC_RELAXED); }
static void word_store(uint64_t *w, uint64_t v) { __atomic_store_n(w, v, __ATOMIC_RELAXED); }

static uint64_t *entry_at(const struct map *m, uint32_t number)
{
    assert(number >= 1 && number <= m->capacity);
    return m->entries + (size_t)(number - 1) * m->stride;
}
static uint32_t entry_next(const uint64_t *e) { return (uint32_t)word_load(e); }
static uint32_t entry_bucket(const uint64_t *e) { return (uint32_t)(word_load(e) >> 32); }
static void entry_link(uint64_t *e, uint32_t bucket, uint32_t next)
{
    word_store(e, (uint64_t)bucket << 32 | next);
}
static bool entry_expired(const uint64_t *e, uint64_t now)
{
    uint64_t deadline = word_load(e + 1);
    return deadline && now >= deadline;
}
static bool entry_has_key(const struct map *m, const uint64_t *e, const uint64_t *key)
{
    for (uint32_t i = 0; i < m->key_words; i++)
        if (word_load(e + 2 + i) != key[i]) return false;
    return true;
}
static uint64_t *entry_value(const struct map *m, uint64_t *e) { return e + 2 + m->key_words; }

/* ---- buckets ---- */

static void pause_a_moment(void)
{
#if defined(__x86_64__) || defined(__i386__)
    __builtin_ia32_pause();
#endif
}

static bool bucket_try(struct bucket *b)
{
    uint32_t s = __atomic_load_n(&b->sequence, __ATOMIC_RELAXED);
    if (s & 1) return false;
    if (!__atomic_compare_exchange_n(&b->sequence, &s, s + 1, false, __ATOMIC_ACQUIRE, __ATOMIC_RELAXED))
        return false;
    __atomic_thread_fence(__ATOMIC_RELEASE); /* the odd number is seen before what changes under it */
    return true;
}

static void bucket_lock(struct bucket *b)
{
    while (!bucket_try(b)) pause_a_moment();
}

static void bucket_unlock(struct bucket *b)
{
    uint32_t s = __atomic_load_n(&b->sequence, __ATOMIC_RELAXED);
    assert(s & 1);
    __atomic_store_n(&b->sequence, s + 1, __ATOMIC_RELEASE);
}

static uint32_t bucket_of(const struct map *m, const uint64_t *key)
{
    return (uint32_t)siphash_words(m->hash_key, key, m->key_words) & m->bucket_mask;
}

/* Entry number of the key in a chain, 0 if none. The bucket is locked. */
static uint32_t chain_find(const struct map *m, const struct bucket *b, const uint64_t *key)
{
    uint32_t number = b->first;
    while (number && !entry_has_key(m, entry_at(m, number), key)) number = entry_next(entry_at(m, number));
    return number;
}

/* Take an entry out of its chain; false if it is not in it. The bucket is locked. */
static bool chain_unlink(struct map *m, struct bucket *b, uint32_t number)
{
    uint64_t *e = entry_at(m, number), *before = NULL;
    uint32_t at = b->first;
    while (at && at != number) {
        before = entry_at(m, at);
        at = entry_next(before);
    }
    if (!at) return false;
    if (before) entry_link(before, entry_bucket(before), entry_next(e));
    else __atomic_store_n(&b->first, entry_next(e), __ATOMIC_RELAXED);
    entry_link(e, NO_BUCKET, 0);
    return true;
}

/* ---- room for new entries ---- */

static void free_push(struct map *m, uint32_t number)
{
    uint64_t *e = entry_at(m, number);
    uint64_t first = __atomic_load_n(&m->free_first, __ATOMIC_RELAXED), wanted;
    do {
        entry_link(e, NO_BUCKET, (uint32_t)first);
        wanted = ((first >> 32) + 1) << 32 | number;
    } while (!__atomic_compare_exchange_n(&m->free_first, &first, wanted, true, __ATOMIC_RELEASE,
                                          __ATOMIC_RELAXED));
}

/* An entry that nobody has had yet, 0 if there is none. */
static uint32_t fresh_take(struct map *m)
{
    uint32_t used = __atomic_load_n(&m->fresh, __ATOMIC_RELAXED);
    do {
        if (used == m->capacity) return 0;
    } while (
        !__atomic_compare_exchange_n(&m->fresh, &used, used + 1, true, __ATOMIC_RELAXED, __ATOMIC_RELAXED));
    entry_link(entry_at(m, used + 1), NO_BUCKET, 0);
    return used + 1;
}

static uint32_t free_pop(struct map *m)
{
    uint64_t first = __atomic_load_n(&m->free_first, __ATOMIC_ACQUIRE), wanted;
    do {
        if ((uint32_t)first == 0) return fresh_take(m);
        wanted = ((first >> 32) + 1) << 32 | entry_next(entry_at(m, (uint32_t)first));
    } while (!__atomic_compare_exchange_n(&m->free_first, &first, wanted, true, __ATOMIC_ACQUIRE,
                                          __ATOMIC_ACQUIRE));
    return (uint32_t)first;
}

/* One step of the clock: the entry's number if it could be taken. */
static uint32_t clock_take(struct map *m, uint32_t number, bool lru, bool any, bool swept, uint64_t now)
{
    uint64_t *e = entry_at(m, number);
    uint32_t at = entry_bucket(e);
    if (at == NO_BUCKET || at > m->bucket_mask || !bucket_try(&m->buckets[at])) return 0;
    bool take = !swept && entry_expired(e, now);
    if (!take && lru) take = any || !__atomic_exchange_n(&m->touched[number - 1], 0, __ATOMIC_RELAXED);
    take = take && chain_unlink(m, &m->buckets[at], number);
    bucket_unlock(&m->buckets[at]);
    if (take) __atomic_fetch_sub(&m->used, 1, __ATOMIC_RELAXED);
    return take ? number : 0;
}

static uint32_t room_take(struct map *m, const struct table_schema *schema, uint64_t now)
{
    uint32_t number = free_pop(m);
    if (number || !(schema->lru || schema->lifetime || schema->own_lifetimes)) return number;
    for (unsigned step = 0; step < CLOCK_STEPS && !number; step++) {
        uint64_t hand = __atomic_fetch_add(&m->hand, 1, __ATOMIC_RELAXED);
        number = clock_take(m, (uint32_t)(hand % m->capacity) + 1, schema->lru, step >= CLOCK_STEPS / 2,
                            schema->swept, now);
    }
    return number;
}

/* ---- reading ---- */

static void value_copy(const struct map *m, const struct table_schema *schema, uint64_t *e,
                       struct table_value *value)
{
    const uint64_t *w = entry_value(m, e);
    uint32_t words = m->value_words;
    value->length = schema->value_size;
    if (schema->variable) {
        uint64_t length = word_load(w++);
        value->length = length <= schema->value_size ? (uint32_t)length : 0; /* may be torn here */
        words = (value->length + 7) / 8;
    }
    for (uint32_t i = 0; i < words; i++) value->words[i] = word_load(w + i);
}

/* Walk the chain once; false if the sequence moved meanwhile. */
static bool read_once(const struct table *table, const struct bucket *b, const uint64_t *key, uint64_t now,
                      uint32_t *found, struct table_value *value)
{
    const struct map *m = table->body;
    uint32_t s = __atomic_load_n(&b->sequence, __ATOMIC_ACQUIRE), steps = 0;
    if (s & 1) return false;
    uint32_t number = __atomic_load_n(&b->first, __ATOMIC_RELAXED);
    for (; number && !entry_has_key(m, entry_at(m, number), key); number = entry_next(entry_at(m, number)))
        if (++steps % 32 == 0 && __atomic_load_n(&b->sequence, __ATOMIC_ACQUIRE) != s) return false;
    value->present = number && !entry_expired(entry_at(m, number), now);
    if (value->present) value_copy(m, &table->schema, entry_at(m, number), value);
    *found = number;
    __atomic_thread_fence(__ATOMIC_ACQUIRE);
    return __atomic_load_n(&b->sequence, __ATOMIC_RELAXED) == s;
}

static int map_read(struct table *table, const uint64_t *key, uint64_t now, struct table_value *value)
{
    struct map *m = table->body;
    uint32_t number;
    const struct bucket *b = &m->buckets[bucket_of(m, key)];
    while (!read_once(table, b, key, now, &number, value)) pause_a_moment();
    if (value->present && table->schema.lru && !__atomic_load_n(&m->touched[number - 1], __ATOMIC_RELAXED))
        __atomic_store_n(&m->touched[number - 1], 1, __ATOMIC_RELAXED);
    return 0;
}

/* ---- writing ---- */

static bool all_zero(const struct table_value *value)
{
    for (uint32_t i = 0; i < (value->length + 7) / 8; i++)
        if (value->words[i]) return false;
    return true;
}

/* Does what is there (e, NULL: nothing) allow the write? The bucket is locked. */
static int write_allowed(const struct table *table, uint64_t *e, enum table_mode mode,
                         const struct table_value *expected)
{
    struct table_value now_there;
    if (mode == TABLE_PUT) return 0;
    if (mode == TABLE_ADD) return e ? -EEXIST : 0;
    if (!expected->present) return e ? -EAGAIN : 0;
    if (!e) return !table->schema.variable && all_zero(expected) ? 0 : -EAGAIN;
    value_copy(table->body, &table->schema, e, &now_there);
    bool same = now_there.length == expected->length &&
                memcmp(now_there.words, expected->words, 8 * (size_t)((expected->length + 7) / 8)) == 0;
    return same ? 0 : -EAGAIN;
}

static uint64_t new_deadline(const struct table_schema *schema, const struct table_value *value, uint64_t now)
{
    if (schema->own_lifetimes) return value->deadline;
    return schema->lifetime ? now + schema->lifetime : 0;
}

static void entry_fill(const struct table *table, uint64_t *e, const struct table_value *value)
{
    const struct map *m = table->body;
    uint64_t *w = entry_value(m, e);
    if (table->schema.variable) word_store(w++, value->length);
    for (uint32_t i = 0; i < (value->length + 7) / 8; i++) word_store(w + i, value->words[i]);
}

static void entry_insert(struct map *m, uint32_t at, uint32_t number, const uint64_t *key)
{
    uint64_t *e = entry_at(m, number);
    assert(entry_bucket(e) == NO_BUCKET); /* it is in no other chain */
    for (uint32_t i = 0; i < m->key_words; i++) word_store(e + 2 + i, key[i]);
    entry_link(e, at, m->buckets[at].first);
    __atomic_store_n(&m->buckets[at].first, number, __ATOMIC_RELAXED);
    __atomic_fetch_add(&m->used, 1, __ATOMIC_RELAXED);
}

/* With the bucket locked: 1 if an entry is needed and `spare` is 0, else the result.
 * A spare that was used becomes 0. */
static int write_locked(struct table *table, uint32_t at, const uint64_t *key,
                        const struct table_value *value, enum table_mode mode,
                        const struct table_value *expected, uint64_t now, uint32_t *spare)
{
    struct map *m = table->body;
    uint32_t number = chain_find(m, &m->buckets[at], key);
    bool live = number && !entry_expired(entry_at(m, number), now);
    int result = write_allowed(table, live ? entry_at(m, number) : NULL, mode, expected);
    if (result) return result;
    if (!number) {
        if (!*spare) return 1;
        number = *spare;
        *spare = 0;
        entry_insert(m, at, number, key);
    }
    if (!(table->schema.own_lifetimes && mode == TABLE_EXCHANGE && live)) /* a new value lives as long */
        word_store(entry_at(m, number) + 1, new_deadline(&table->schema, value, now));
    entry_fill(table, entry_at(m, number), value);
    __atomic_store_n(&m->touched[number - 1], live, __ATOMIC_RELAXED); /* a new entry has not been used yet */
    return 0;
}

static int map_write(struct table *table, const uint64_t *key, const struct table_value *value,
                     enum table_mode mode, const struct table_value *expected, uint64_t now)
{
    struct map *m = table->body;
    uint32_t at = bucket_of(m, key), spare = 0;
    int result;
    for (;;) {
        bucket_lock(&m->buckets[at]);
        result = write_locked(table, at, key, value, mode, expected, now, &spare);
        bucket_unlock(&m->buckets[at]);
        if (result != 1) break;
        spare = room_take(m, &table->schema,
                          now); /* no bucket is locked here: two locks never wait for each other */
        if (!spare) return -ENOSPC;
    }
    if (spare) free_push(m, spare);
    return result;
}

static bool map_remove(struct table *table, const uint64_t *key, uint64_t now)
{
    struct map *m = table->body;
    struct bucket *b = &m->buckets[bucket_of(m, key)];
    bucket_lock(b);
    uint32_t number = chain_find(m, b, key);
    bool live = number && !entry_expired(entry_at(m, number), now);
    if (number) chain_unlink(m, b, number);
    bucket_unlock(b);
    if (number) {
        __atomic_fetch_sub(&m->used, 1, __ATOMIC_RELAXED);
        free_push(m, number);
    }
    return live;
}

static uint64_t map_count(struct table *table, uint64_t now)
{
    const struct map *m = table->body;
    uint64_t count = 0;
    if (!table->schema.lifetime && !table->schema.own_lifetimes)
        return __atomic_load_n(&m->used, __ATOMIC_RELAXED);
    uint32_t fresh = __atomic_load_n(&m->fresh, __ATOMIC_RELAXED);
    for (uint32_t i = 1; i <= fresh; i++)
        if (entry_bucket(entry_at(m, i)) != NO_BUCKET && !entry_expired(entry_at(m, i), now)) count++;
    return count;
}

/* ---- expiry ---- */

bool map_refresh(struct table *table, const uint64_t *key, uint64_t deadline, uint64_t now)
{
    struct map *m = table->body;
    struct bucket *b = &m->buckets[bucket_of(m, key)];
    bucket_lock(b);
    uint32_t number = chain_find(m, b, key);
    bool live = number && !entry_expired(entry_at(m, number), now);
    if (live) word_store(entry_at(m, number) + 1, deadline);
    bucket_unlock(b);
    return live;
}

/* The entry with its key and value out of its chain, if it has expired. */
static bool take_expired(struct table *table, uint32_t number, uint64_t now, uint64_t *key,
                         struct table_value *value)
{
    struct map *m = table->body;
    uint64_t *e = entry_at(m, number);
    uint32_t at = entry_bucket(e);
    if (at == NO_BUCKET || at > m->bucket_mask || !entry_expired(e, now)) return false;
    bucket_lock(&m->buckets[at]);
    bool take = entry_expired(e, now) && chain_unlink(m, &m->buckets[at], number);
    if (take) {
        for (uint32_t i = 0; i < m->key_words; i++) key[i] = word_load(e + 2 + i);
        value_copy(m, &table->schema, e, value);
    }
    bucket_unlock(&m->buckets[at]);
    if (!take) return false;
    __atomic_fetch_sub(&m->used, 1, __ATOMIC_RELAXED);
    free_push(m, number);
    return true;
}

bool map_take_expired(struct table *table, uint32_t *hand, unsigned *steps, uint64_t now, uint64_t *key,
                      struct table_value *value)
{
    const struct map *m = table->body;
    uint32_t fresh = __atomic_load_n(&m->fresh, __ATOMIC_RELAXED); /* no entry beyond was ever used */
    for (; *steps > 0 && fresh > 0; (*steps)--) {
        uint32_t number = *hand + 1;
        *hand = number >= fresh ? 0 : number;
        if (take_expired(table, number, now, key, value)) return true;
        if (*hand == 0) return *steps = 0, false;
    }
    return false;
}

/* ---- making ---- */

static uint32_t words_of_value(const struct table_schema *schema)
{
    return (schema->value_size + 7u) / 8 + schema->variable;
}

static uint64_t map_octets(const struct table_schema *schema, uint64_t entries)
{
    uint64_t stride = 2 + (schema->key_size + 7u) / 8 + words_of_value(schema);
    return entries * (8 * stride + 1) + bucket_count(entries) * sizeof(struct bucket);
}

static size_t octets_of_buckets(const struct map *m)
{
    return ((size_t)m->bucket_mask + 1) * sizeof *m->buckets;
}
static size_t octets_of_entries(const struct map *m, uint32_t count)
{
    return (size_t)count * m->stride * sizeof *m->entries;
}

static void map_close(struct table *table)
{
    struct map *m = table->body;
    for (uint32_t i = 0; m->buckets && i <= m->bucket_mask; i++)
        assert(m->buckets[i].sequence % 2 == 0); /* nobody is writing */
    lazy_free(m->buckets, octets_of_buckets(m));
    lazy_free(m->entries, octets_of_entries(m, m->capacity));
    lazy_free(m->touched, m->capacity);
    free(m);
}

static int map_open(struct table *table, const uint64_t seed[2])
{
    struct map *m = calloc(1, sizeof *m);
    if (!m) return -ENOMEM;
    table->body = m;
    memcpy(m->hash_key, seed, sizeof m->hash_key);
    m->capacity = (uint32_t)table->schema.entries;
    m->key_words = (table->schema.key_size + 7u) / 8;
    m->value_words = (table->schema.value_size + 7u) / 8;
    assert(m->capacity && m->key_words <= TABLE_KEY_WORDS && m->value_words <= TABLE_VALUE_WORDS);
    m->stride = 2 + m->key_words + words_of_value(&table->schema);
    m->bucket_mask = (uint32_t)bucket_count(m->capacity) - 1;
    m->buckets = lazy_zeros(octets_of_buckets(m));
    m->entries = lazy_zeros(octets_of_entries(m, m->capacity));
    m->touched = lazy_zeros(m->capacity);
    if (!m->buckets || !m->entries || !m->touched) {
        map_close(table);
        return -ENOMEM;
    }
    return 0;
}

/* An entry that is not in use yet looks as if it belonged to bucket 0. The bucket is locked. */
static bool chain_has(const struct map *m, const struct bucket *b, uint32_t number)
{
    uint32_t at = b->first;
    while (at && at != number) at = entry_next(entry_at(m, at));
    return at != 0;
}

/* Copy an entry if it is in a chain and lives. No bucket is locked. */
static bool entry_copy(struct table *table, uint32_t number, uint64_t now, struct table_entry *entry)
{
    struct map *m = table->body;
    uint64_t *e = entry_at(m, number);
    uint32_t at = entry_bucket(e);
    if (at == NO_BUCKET || at > m->bucket_mask) return false;
    bucket_lock(&m->buckets[at]);
    bool there = chain_has(m, &m->buckets[at], number) && !entry_expired(e, now);
    for (uint32_t i = 0; there && i < m->key_words; i++) entry->key[i] = word_load(e + 2 + i);
    entry->value.present = there;
    if (there) value_copy(m, &table->schema, e, &entry->value);
    bucket_unlock(&m->buckets[at]);
    return there;
}

static bool map_next(struct table *table, uint64_t *at, uint64_t now, struct table_entry *entry)
{
    struct map *m = table->body;
    while (*at < __atomic_load_n(&m->fresh, __ATOMIC_RELAXED))
        if (entry_copy(table, (uint32_t)++ * at, now, entry)) return true;
    return false;
}

static void map_copy(struct table *table, const struct table *from_table)
{
    const struct map *from = from_table->body;
    struct map *to = table->body;
    if (from->used == 0) return;
    lazy_copy(to->buckets, from->buckets, octets_of_buckets(from));
    memcpy(to->entries, from->entries, octets_of_entries(from, from->fresh));
    memcpy(to->touched, from->touched, from->fresh);
    to->fresh = from->fresh;
    to->free_first = from->free_first;
    to->hand = from->hand;
    to->used = from->used;
}

const struct table_ops table_map = {"map",     map_octets, map_open,  map_close, map_read,
                                    map_write, map_remove, map_count, map_copy,  map_next};
