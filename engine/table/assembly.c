/* SPDX-License-Identifier: Apache-2.0 */
/*
 * assembly.c - for each whole an entry with room for the largest, and a bit for each octet
 * that has come. A piece that comes again changes nothing; one that says of an octet, or of
 * the length of the whole, something else than came before is refused: who came first holds.
 * A whole whose lifetime is over gives way when its key or its room is wanted.
 */
#include "assembly.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "parts.h"
#include "siphash.h"

#define NO_BUCKET UINT32_MAX

struct entry {
    struct assembled assembled; /* first: the entry is found from it */
    uint64_t key[TABLE_KEY_WORDS];
    uint64_t deadline; /* 0: none */
    uint32_t next, bucket;
    uint32_t total, have;
};

struct assembly {
    uint64_t hash_key[2];
    uint32_t lock; /* of all that follows */
    uint32_t entries, used, free_first, hand, bucket_mask, key_words, size;
    uint32_t *buckets; /* entry number, 0 = none */
    struct entry *entry;
    uint8_t *octets; /* for each entry a struct bytes with room for `size` */
    uint8_t *come;   /* for each a bit an octet */
};

/* ---- parts -------------------------------------------------------------------------------- */

static size_t object_size(uint64_t size) { return sizeof(struct bytes) + (size + 7) / 8 * 8; }
static size_t bitmap_size(uint64_t size) { return (size + 7) / 8; }

static struct entry *entry_at(const struct assembly *a, uint32_t number)
{
    assert(number >= 1 && number <= a->entries);
    return &a->entry[number - 1];
}
static size_t index_of(const struct assembly *a, const struct entry *e) { return (size_t)(e - a->entry); }
static struct bytes *bytes_at(const struct assembly *a, const struct entry *e)
{
    return (struct bytes *)(void *)(a->octets + index_of(a, e) * object_size(a->size));
}
static uint8_t *bitmap_at(const struct assembly *a, const struct entry *e)
{
    return a->come + index_of(a, e) * bitmap_size(a->size);
}

/* ---- entries; the lock is held --------------------------------------------------------------- */

static uint32_t *find(struct assembly *a, uint32_t bucket, const uint64_t *key)
{
    uint32_t *at = &a->buckets[bucket];
    while (*at && memcmp(entry_at(a, *at)->key, key, 8 * (size_t)a->key_words) != 0)
        at = &entry_at(a, *at)->next;
    return at;
}

static void unlink_entry(struct assembly *a, struct entry *e)
{
    uint32_t number = (uint32_t)index_of(a, e) + 1, *at = &a->buckets[e->bucket];
    while (*at != number) at = &entry_at(a, *at)->next;
    *at = e->next;
    e->bucket = NO_BUCKET;
    a->used--;
}

static void give_back(struct assembly *a, struct entry *e)
{
    e->next = a->free_first;
    a->free_first = (uint32_t)index_of(a, e) + 1;
}

static bool is_over(const struct entry *e, uint64_t now) { return e->deadline && now >= e->deadline; }

/* A free entry, else one whose time is over; NULL: none. */
static struct entry *take_room(struct assembly *a, uint64_t now)
{
    for (uint32_t i = 0; !a->free_first && i < a->entries; i++) {
        struct entry *e = entry_at(a, a->hand++ % a->entries + 1);
        if (e->bucket == NO_BUCKET || !is_over(e, now)) continue;
        unlink_entry(a, e);
        give_back(a, e);
    }
    if (!a->free_first) return NULL;
    struct entry *e = entry_at(a, a->free_first);
    a->free_first = e->next;
    return e;
}

static struct entry *begin_whole(struct table *table, uint32_t bucket, const uint64_t *key, uint32_t total,
                                 uint64_t now)
{
    struct assembly *a = table->body;
    struct entry *e = take_room(a, now);
    if (!e) return NULL;
    memcpy(e->key, key, 8 * (size_t)a->key_words);
    memset(bitmap_at(a, e), 0, bitmap_size(total));
    e->assembled = (struct assembled){.table = table};
    e->deadline = table->schema.lifetime ? now + table->schema.lifetime : 0;
    e->total = total;
    e->have = 0;
    e->bucket = bucket;
    e->next = a->buckets[bucket];
    a->buckets[bucket] = (uint32_t)index_of(a, e) + 1;
    a->used++;
    return e;
}

static bool has_come(const uint8_t *come, uint32_t i) { return come[i / 8] >> i % 8 & 1; }

static bool contradicts(const struct assembly *a, const struct entry *e, uint32_t offset,
                        const uint8_t *piece, uint32_t length)
{
    const uint8_t *come = bitmap_at(a, e), *data = bytes_at(a, e)->data;
    for (uint32_t i = 0; i < length; i++)
        if (has_come(come, offset + i) && data[offset + i] != piece[i]) return true;
    return false;
}

static void put_piece(struct assembly *a, struct entry *e, uint32_t offset, const uint8_t *piece,
                      uint32_t length)
{
    uint8_t *come = bitmap_at(a, e);
    memcpy(bytes_at(a, e)->data + offset, piece, length);
    for (uint32_t i = offset; i < offset + length; i++) {
        e->have += !has_come(come, i);
        come[i / 8] |= (uint8_t)(1u << i % 8);
    }
    assert(e->have <= e->total);
}

static int add_locked(struct table *table, const uint64_t *key, uint32_t offset, uint32_t total,
                      const uint8_t *piece, uint32_t length, uint64_t now, struct assembled **whole)
{
    struct assembly *a = table->body;
    uint32_t bucket = (uint32_t)siphash_words(a->hash_key, key, a->key_words) & a->bucket_mask;
    uint32_t number = *find(a, bucket, key);
    struct entry *e = number ? entry_at(a, number) : NULL;
    if (e && is_over(e, now)) {
        unlink_entry(a, e);
        give_back(a, e);
        e = NULL;
    }
    if (!e) e = begin_whole(table, bucket, key, total, now);
    if (!e) return -ENOSPC;
    if (e->total != total || contradicts(a, e, offset, piece, length)) return -EEXIST;
    put_piece(a, e, offset, piece, length);
    if (e->have < e->total) return 0;
    unlink_entry(a, e);
    *whole = &e->assembled;
    return 1;
}

int assembly_add(struct table *table, const uint64_t *key, uint64_t offset, uint64_t total,
                 const uint8_t *piece, uint64_t length, uint64_t now, struct assembled **whole)
{
    struct assembly *a = table->body;
    if (total == 0 || total > a->size || offset > total || length > total - offset) return -ERANGE;
    spin_lock(&a->lock);
    int result = add_locked(table, key, (uint32_t)offset, (uint32_t)total, piece, (uint32_t)length, now,
                            whole);
    spin_unlock(&a->lock);
    return result;
}

vvm_value assembly_bytes(struct assembled *whole)
{
    struct assembly *a = whole->table->body;
    struct entry *e = (struct entry *)whole;
    struct bytes *b = bytes_at(a, e);
    b->header = make_header(TYPE_BYTES, e->total) | (uint64_t)FLAG_FROZEN << 8;
    return object_value(b);
}

void assembly_release(struct assembled *whole)
{
    struct assembly *a = whole->table->body;
    spin_lock(&a->lock);
    give_back(a, (struct entry *)whole);
    spin_unlock(&a->lock);
}

/* ---- as a table ------------------------------------------------------------------------------ */

static bool assembly_remove(struct table *table, const uint64_t *key, uint64_t now)
{
    struct assembly *a = table->body;
    uint32_t bucket = (uint32_t)siphash_words(a->hash_key, key, a->key_words) & a->bucket_mask;
    spin_lock(&a->lock);
    uint32_t number = *find(a, bucket, key);
    struct entry *e = number ? entry_at(a, number) : NULL;
    bool live = e && !is_over(e, now);
    if (e) {
        unlink_entry(a, e);
        give_back(a, e);
    }
    spin_unlock(&a->lock);
    return live;
}

static uint64_t assembly_count(struct table *table, uint64_t now)
{
    struct assembly *a = table->body;
    (void)now;
    spin_lock(&a->lock);
    uint64_t used = a->used;
    spin_unlock(&a->lock);
    return used;
}

static uint64_t assembly_octets(const struct table_schema *s, uint64_t entries)
{
    uint64_t each = sizeof(struct entry) + object_size(s->size) + bitmap_size(s->size);
    return entries * each + bucket_count(entries) * sizeof(uint32_t);
}

static void assembly_close(struct table *table)
{
    struct assembly *a = table->body;
    free(a->buckets);
    free(a->entry);
    free(a->octets);
    free(a->come);
    free(a);
}

static int assembly_open(struct table *table, const uint64_t seed[2])
{
    struct assembly *a = calloc(1, sizeof *a);
    if (!a) return -ENOMEM;
    table->body = a;
    memcpy(a->hash_key, seed, sizeof a->hash_key);
    a->entries = (uint32_t)table->schema.entries;
    a->size = table->schema.size;
    a->key_words = (table->schema.key_size + 7u) / 8;
    a->bucket_mask = (uint32_t)bucket_count(a->entries) - 1;
    a->buckets = calloc((size_t)a->bucket_mask + 1, sizeof *a->buckets);
    a->entry = calloc(a->entries, sizeof *a->entry);
    a->octets = calloc(a->entries, object_size(a->size));
    a->come = calloc(a->entries, bitmap_size(a->size));
    if (!a->buckets || !a->entry || !a->octets || !a->come) {
        assembly_close(table);
        return -ENOMEM;
    }
    for (uint32_t i = a->entries; i >= 1; i--) {
        entry_at(a, i)->bucket = NO_BUCKET;
        give_back(a, entry_at(a, i));
    }
    return 0;
}

/* A test's begins empty. */
static void assembly_copy(struct table *to, const struct table *from) { (void)to, (void)from; }

/* Pieces do not go over to a table of another schema. */
static bool no_next(struct table *table, uint64_t *at, uint64_t now, struct table_entry *entry)
{
    (void)table, (void)at, (void)now, (void)entry;
    return false;
}

const struct table_ops table_assembly = {
    .name = "assembly",
    .octets = assembly_octets,
    .open = assembly_open,
    .close = assembly_close,
    .read = table_not_read,
    .write = table_not_written,
    .remove = assembly_remove,
    .count = assembly_count,
    .copy = assembly_copy,
    .next = no_next,
};
