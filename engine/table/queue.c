/* SPDX-License-Identifier: Apache-2.0 */
/*
 * queue.c - held packets: slots found by a hash of the key and ordered by time, their
 * octets in chains of blocks.
 *
 *   buckets   first, last ---> slot <---> slot        (numbers, 0 = none)
 *   oldest <---> ... <---> newest
 *   slot      block ---> block ---> 0
 *
 * All packets of a queue live equally long, so the oldest expires first.
 */
#include "queue.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "parts.h"
#include "siphash.h"

struct queue_bucket {
    uint32_t first, last;
};

struct queue {
    uint64_t hash_key[2];
    uint32_t lock; /* of all that follows but first_deadline, which is read without */
    uint32_t slots, blocks, bucket_mask, key_words;
    uint32_t free_slot, free_block, free_blocks;
    uint32_t oldest, newest, held;
    uint64_t first_deadline;
    struct queue_bucket *buckets;
    struct held_packet *slot;
    uint32_t *next_block;
    uint8_t *octets;
};

/* ---- slots and blocks; the lock is held ---- */

static struct held_packet *slot_at(const struct queue *q, uint32_t number)
{
    assert(number >= 1 && number <= q->slots);
    return &q->slot[number - 1];
}

static uint32_t number_of(const struct queue *q, const struct held_packet *held)
{
    return (uint32_t)(held - q->slot) + 1;
}

static uint32_t blocks_for(uint32_t octets) { return octets / QUEUE_BLOCK + (octets % QUEUE_BLOCK > 0); }

static uint32_t take_blocks(struct queue *q, uint32_t count)
{
    uint32_t first = q->free_block, last = first;
    if (count == 0) return 0;
    assert(count <= q->free_blocks);
    for (uint32_t i = 1; i < count; i++) last = q->next_block[last];
    q->free_block = q->next_block[last];
    q->next_block[last] = 0;
    q->free_blocks -= count;
    return first;
}

static void give_blocks(struct queue *q, uint32_t first)
{
    while (first) {
        uint32_t next = q->next_block[first];
        q->next_block[first] = q->free_block;
        q->free_block = first;
        q->free_blocks++;
        first = next;
    }
}

struct held_packet *queue_reserve(struct table *table, uint32_t start, uint32_t end)
{
    struct queue *q = table->body;
    struct held_packet *held = NULL;
    uint32_t blocks = blocks_for(end - start);
    assert(start <= end);
    spin_lock(&q->lock);
    if (q->free_slot && blocks <= q->free_blocks) {
        held = slot_at(q, q->free_slot);
        q->free_slot = held->after;
        held->block = take_blocks(q, blocks);
    }
    spin_unlock(&q->lock);
    if (!held) return NULL;
    held->queue = table;
    held->next = NULL;
    held->start = start;
    held->end = end;
    held->bucket = 0; /* in no chain */
    return held;
}

bool queue_could_hold(const struct table *table, uint32_t octets)
{
    return blocks_for(octets) <= ((const struct queue *)table->body)->blocks;
}

void queue_release(struct held_packet *held)
{
    struct queue *q = held->queue->body;
    assert(held->bucket == 0);
    spin_lock(&q->lock);
    give_blocks(q, held->block);
    held->block = 0;
    held->after = q->free_slot;
    q->free_slot = number_of(q, held);
    spin_unlock(&q->lock);
}

/* ---- octets: the slot is one thread's ---- */

void queue_store(struct held_packet *held, const uint8_t *octets)
{
    struct queue *q = held->queue->body;
    uint32_t left = held->end - held->start, block = held->block;
    for (; left; block = q->next_block[block]) {
        uint32_t piece = left < QUEUE_BLOCK ? left : QUEUE_BLOCK;
        memcpy(q->octets + (size_t)(block - 1) * QUEUE_BLOCK, octets, piece);
        octets += piece;
        left -= piece;
    }
}

void queue_load(const struct held_packet *held, uint8_t *octets)
{
    const struct queue *q = held->queue->body;
    uint32_t left = held->end - held->start, block = held->block;
    for (; left; block = q->next_block[block]) {
        uint32_t piece = left < QUEUE_BLOCK ? left : QUEUE_BLOCK;
        memcpy(octets, q->octets + (size_t)(block - 1) * QUEUE_BLOCK, piece);
        octets += piece;
        left -= piece;
    }
}

/* ---- lists; the lock is held ---- */

static void note_deadline(struct queue *q)
{
    uint64_t first = q->oldest ? slot_at(q, q->oldest)->deadline : QUEUE_NEVER;
    __atomic_store_n(&q->first_deadline, first, __ATOMIC_RELAXED);
}

static void link_slot(struct queue *q, struct held_packet *held, uint32_t bucket)
{
    uint32_t number = number_of(q, held);
    struct queue_bucket *b = &q->buckets[bucket];
    held->bucket = bucket + 1;
    held->before = b->last;
    held->after = 0;
    *(b->last ? &slot_at(q, b->last)->after : &b->first) = number;
    b->last = number;
    held->older = q->newest;
    held->newer = 0;
    *(q->newest ? &slot_at(q, q->newest)->newer : &q->oldest) = number;
    q->newest = number;
    q->held++;
}

static void unlink_slot(struct queue *q, struct held_packet *held)
{
    struct queue_bucket *b = &q->buckets[held->bucket - 1];
    *(held->before ? &slot_at(q, held->before)->after : &b->first) = held->after;
    *(held->after ? &slot_at(q, held->after)->before : &b->last) = held->before;
    *(held->older ? &slot_at(q, held->older)->newer : &q->oldest) = held->newer;
    *(held->newer ? &slot_at(q, held->newer)->older : &q->newest) = held->older;
    held->bucket = 0;
    assert(q->held > 0);
    q->held--;
}

static uint32_t bucket_of(const struct queue *q, const uint64_t *key)
{
    return (uint32_t)siphash_words(q->hash_key, key, q->key_words) & q->bucket_mask;
}

void queue_link(struct held_packet *held, uint64_t now)
{
    struct queue *q = held->queue->body;
    uint64_t lifetime = held->queue->schema.lifetime;
    uint32_t bucket = bucket_of(q, held->key);
    held->deadline = lifetime ? now + lifetime : QUEUE_NEVER;
    spin_lock(&q->lock);
    link_slot(q, held, bucket);
    note_deadline(q);
    spin_unlock(&q->lock);
}

struct held_packet *queue_take(struct table *table, const uint64_t key[])
{
    struct queue *q = table->body;
    struct held_packet *first = NULL, **last = &first;
    uint32_t bucket = bucket_of(q, key);
    spin_lock(&q->lock);
    for (uint32_t at = q->buckets[bucket].first; at;) {
        struct held_packet *held = slot_at(q, at);
        at = held->after;
        if (memcmp(held->key, key, 8 * (size_t)q->key_words) != 0) continue;
        unlink_slot(q, held);
        held->next = NULL;
        *last = held;
        last = &held->next;
    }
    note_deadline(q);
    spin_unlock(&q->lock);
    return first;
}

struct held_packet *queue_take_oldest(struct table *table, uint64_t now)
{
    struct queue *q = table->body;
    struct held_packet *held = NULL;
    spin_lock(&q->lock);
    if (q->oldest && (now == QUEUE_NEVER || slot_at(q, q->oldest)->deadline <= now)) {
        held = slot_at(q, q->oldest);
        unlink_slot(q, held);
        held->next = NULL;
        note_deadline(q);
    }
    spin_unlock(&q->lock);
    return held;
}

uint64_t queue_deadline(const struct table *table)
{
    const struct queue *q = table->body;
    return __atomic_load_n(&q->first_deadline, __ATOMIC_RELAXED);
}

/* ---- as a table ---- */

static bool no_remove(struct table *table, const uint64_t *key, uint64_t now)
{
    (void)table, (void)key, (void)now;
    return false;
}

static uint64_t queue_count(struct table *table, uint64_t now)
{
    struct queue *q = table->body;
    (void)now;
    spin_lock(&q->lock);
    uint64_t held = q->held;
    spin_unlock(&q->lock);
    return held;
}

static uint64_t octets_without_blocks(uint64_t slots)
{
    return slots * sizeof(struct held_packet) + bucket_count(slots) * sizeof(struct queue_bucket);
}

#define BLOCK_COST (QUEUE_BLOCK + sizeof(uint32_t))

/* Each packet has a block at least. */
static uint64_t queue_octets(const struct table_schema *schema, uint64_t entries)
{
    (void)schema;
    return entries * BLOCK_COST + octets_without_blocks(entries);
}

uint64_t queue_forget(struct table *table)
{
    struct held_packet *held;
    uint64_t count = 0;
    while ((held = queue_take_oldest(table, QUEUE_NEVER)) != NULL) {
        queue_release(held);
        count++;
    }
    return count;
}

void queue_drop(struct table *table, const char *reason)
{
    int64_t count = (int64_t)queue_forget(table);
    if (count == 0) return;
    ledger_add(table->ledger, LEDGER_HELD, symbol_name(table->name), -count);
    ledger_add(table->ledger, LEDGER_DROPPED, reason, count);
}

/* Its VMlet goes, or the node, or a test is over and with it its ledger. */
static void queue_close(struct table *table)
{
    struct queue *q = table->body;
    if (table->ledger && q->slot) queue_drop(table, "queue-closed");
    free(q->buckets);
    free(q->slot);
    free(q->next_block);
    free(q->octets);
    free(q);
}

static int queue_open(struct table *table, const uint64_t seed[2])
{
    struct queue *q = calloc(1, sizeof *q);
    if (!q) return -ENOMEM;
    table->body = q;
    memcpy(q->hash_key, seed, sizeof q->hash_key);
    q->slots = (uint32_t)table->schema.entries;
    q->blocks = (uint32_t)((table->schema.octets - octets_without_blocks(q->slots)) / BLOCK_COST);
    assert(q->slots && q->blocks >= q->slots);
    q->key_words = (table->schema.key_size + 7u) / 8;
    q->bucket_mask = (uint32_t)bucket_count(q->slots) - 1;
    q->first_deadline = QUEUE_NEVER;
    q->buckets = calloc((size_t)q->bucket_mask + 1, sizeof *q->buckets);
    q->slot = calloc(q->slots, sizeof *q->slot);
    q->next_block = calloc((size_t)q->blocks + 1, sizeof *q->next_block);
    q->octets = calloc(q->blocks, QUEUE_BLOCK);
    if (!q->buckets || !q->slot || !q->next_block || !q->octets) {
        queue_close(table);
        return -ENOMEM;
    }
    for (uint32_t i = q->slots; i >= 1; i--) {
        q->slot[i - 1].after = q->free_slot;
        q->free_slot = i;
    }
    for (uint32_t i = q->blocks; i >= 1; i--) {
        q->next_block[i] = q->free_block;
        q->free_block = i;
    }
    q->free_blocks = q->blocks;
    return 0;
}

/* A test's queue begins empty. */
static void queue_copy(struct table *to, const struct table *from) { (void)to, (void)from; }

/* Packets do not go over to a queue of another schema. */
static bool no_next(struct table *table, uint64_t *at, uint64_t now, struct table_entry *entry)
{
    (void)table, (void)at, (void)now, (void)entry;
    return false;
}

const struct table_ops table_queue = {
    .name = "queue",
    .octets = queue_octets,
    .open = queue_open,
    .close = queue_close,
    .read = table_not_read,
    .write = table_not_written,
    .remove = no_remove,
    .count = queue_count,
    .copy = queue_copy,
    .next = no_next,
};
