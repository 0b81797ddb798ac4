/* SPDX-License-Identifier: Apache-2.0 */
/*
 * lpm.c - longest-prefix match over keys of 32 or 128 bits: a binary trie in which
 * chains of single children are one node. n prefixes need at most 2 n - 1 nodes,
 * all from a pool made beforehand.
 *
 * One writer at a time makes the table's sequence odd; readers look again when it
 * moved. Node numbers that a reader meets are always valid and every walk ends after
 * as many steps as a key has bits, so a walk during a change is harmless.
 */
#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "../lazy.h"
#include "../octets_access.h"
#include "table.h"

#define BITS_MAX 128

struct prefix {
    uint64_t high, low; /* first bit of the key is the highest; bits beyond the length are 0 */
    unsigned length;
};

struct node {
    uint64_t high, low, value;
    uint32_t child[2]; /* node number + 1; 0 none; child[0] links the free list */
    uint32_t length;
    uint32_t has_value;
};

struct lpm {
    uint32_t sequence;
    uint32_t root, free;
    uint32_t fresh; /* nodes up to this number were used once; the rest is zeros */
    uint32_t bits;
    uint64_t used, limit; /* prefixes */
    struct node *nodes;
};

static struct node *node_at(const struct lpm *t, uint32_t number) { return &t->nodes[number - 1]; }

#define LOAD(place)     __atomic_load_n(&(place), __ATOMIC_RELAXED)
#define STORE(place, v) __atomic_store_n(&(place), v, __ATOMIC_RELAXED)

/* ---- bits ---- */

static unsigned bit_at(uint64_t high, uint64_t low, unsigned i)
{
    return (i < 64 ? high >> (63 - i) : low >> (127 - i)) & 1;
}

static struct prefix prefix_cut(struct prefix p, unsigned length)
{
    if (length < 64) p.high &= length ? ~UINT64_C(0) << (64 - length) : 0;
    if (length < 128) p.low &= length > 64 ? ~UINT64_C(0) << (128 - length) : 0;
    p.length = length;
    return p;
}

/* Bits that two keys share at the front, at most `most`. */
static unsigned common_bits(uint64_t high1, uint64_t low1, uint64_t high2, uint64_t low2, unsigned most)
{
    unsigned same = BITS_MAX;
    if (high1 != high2) same = (unsigned)__builtin_clzll(high1 ^ high2);
    else if (low1 != low2) same = 64 + (unsigned)__builtin_clzll(low1 ^ low2);
    return same < most ? same : most;
}

static struct prefix key_prefix(const struct lpm *t, const uint64_t *key, unsigned length)
{
    const uint8_t *at = (const uint8_t *)key;
    struct prefix p = {0, 0, length};
    if (t->bits == 32) p.high = (uint64_t)octets_get_u32(at) << 32;
    else p.high = octets_get_u64(at), p.low = octets_get_u64(at + 8);
    return prefix_cut(p, length);
}

/* ---- looking up ---- */

static bool look_once(const struct lpm *t, struct prefix key, bool *found, uint64_t *value)
{
    uint32_t s = __atomic_load_n(&t->sequence, __ATOMIC_ACQUIRE);
    if (s & 1) return false;
    *found = false;
    uint32_t number = LOAD(t->root);
    for (unsigned steps = 0; number && steps <= BITS_MAX; steps++) {
        const struct node *n = node_at(t, number);
        unsigned length = LOAD(n->length);
        if (length > t->bits) return false; /* torn */
        if (common_bits(key.high, key.low, LOAD(n->high), LOAD(n->low), length) < length) break;
        if (LOAD(n->has_value)) *found = true, *value = LOAD(n->value);
        if (length == t->bits) break;
        number = LOAD(n->child[bit_at(key.high, key.low, length)]);
    }
    __atomic_thread_fence(__ATOMIC_ACQUIRE);
    return __atomic_load_n(&t->sequence, __ATOMIC_RELAXED) == s;
}

bool lpm_find(const struct table *table, uint32_t address, uint64_t *value)
{
    const struct lpm *t = table->body;
    const struct prefix p = {(uint64_t)address << 32, 0, 32};
    bool found = false;
    assert(t->bits == 32);
    while (!look_once(t, p, &found, value)) continue;
    return found;
}

static int lpm_read(struct table *table, const uint64_t *key, uint64_t now, struct table_value *value)
{
    (void)now;
    const struct lpm *t = table->body;
    uint64_t word = 0;
    struct prefix p = key_prefix(t, key, t->bits);
    while (!look_once(t, p, &value->present, &word)) continue;
    value->length = table->schema.value_size;
    value->words[0] = 0;
    octets_put((uint8_t *)value->words, value->length, word);
    return 0;
}

/* ---- changing ---- */

static void write_begin(struct lpm *t)
{
    for (;;) {
        uint32_t s = __atomic_load_n(&t->sequence, __ATOMIC_RELAXED) & ~1u;
        if (__atomic_compare_exchange_n(&t->sequence, &s, s + 1, true, __ATOMIC_ACQUIRE, __ATOMIC_RELAXED))
            break;
    }
    __atomic_thread_fence(__ATOMIC_RELEASE);
}

static void write_end(struct lpm *t)
{
    uint32_t s = LOAD(t->sequence);
    assert(s & 1);
    __atomic_store_n(&t->sequence, s + 1, __ATOMIC_RELEASE);
}

/* The pool holds two nodes a prefix, so it cannot be empty: see the count in lpm_add. */
static uint32_t node_take(struct lpm *t, struct prefix p)
{
    uint32_t number = t->free ? t->free : ++t->fresh;
    assert(number <= 2 * t->limit);
    struct node *n = node_at(t, number);
    if (t->free) t->free = n->child[0];
    STORE(n->high, p.high);
    STORE(n->low, p.low);
    STORE(n->length, p.length);
    STORE(n->has_value, 0);
    STORE(n->child[0], 0);
    STORE(n->child[1], 0);
    return number;
}

static void node_give(struct lpm *t, uint32_t number)
{
    assert(number >= 1 && number <= 2 * t->limit && number != t->free);
    STORE(node_at(t, number)->child[0], t->free);
    t->free = number;
}

static void node_set(struct node *n, uint64_t value)
{
    STORE(n->value, value);
    STORE(n->has_value, 1);
}

/* Follow the key from the root to the link where the walk for p ends: at the node of
 * p itself, at a node that p is not below of, or at no node. */
static uint32_t *link_find(struct lpm *t, struct prefix p, unsigned *same)
{
    uint32_t *link = &t->root;
    for (;;) {
        if (!*link) return link;
        struct node *n = node_at(t, *link);
        *same = common_bits(p.high, p.low, n->high, n->low, n->length < p.length ? n->length : p.length);
        if (*same < n->length || n->length == p.length) return link;
        link = &n->child[bit_at(p.high, p.low, n->length)];
    }
}

/* Put a node for p above or beside the one at `link`, with which it shares `same` bits. */
static uint32_t node_insert(struct lpm *t, uint32_t *link, struct prefix p, unsigned same)
{
    uint32_t old = *link, top = node_take(t, prefix_cut(p, same)), leaf = top;
    const struct node *n = node_at(t, old);
    if (same < p.length) {
        leaf = node_take(t, p);
        STORE(node_at(t, top)->child[bit_at(p.high, p.low, same)], leaf);
    }
    STORE(node_at(t, top)->child[bit_at(n->high, n->low, same)], old);
    STORE(*link, top);
    return leaf;
}

static int add_locked(struct lpm *t, struct prefix p, uint64_t value)
{
    unsigned same = 0;
    uint32_t *link = link_find(t, p, &same), number = *link;
    bool here = number && same == node_at(t, number)->length; /* then it is p's own node */
    if (here && node_at(t, number)->has_value) {
        STORE(node_at(t, number)->value, value);
        return 0;
    }
    if (t->used == t->limit) return -ENOSPC;
    if (!number) {
        number = node_take(t, p);
        STORE(*link, number);
    } else if (!here) {
        number = node_insert(t, link, p, same);
    }
    node_set(node_at(t, number), value);
    t->used++;
    return 0;
}

int lpm_add(struct table *table, const uint64_t *key, unsigned length, uint64_t value)
{
    struct lpm *t = table->body;
    assert(length <= t->bits);
    write_begin(t);
    int result = add_locked(t, key_prefix(t, key, length), value);
    write_end(t);
    return result;
}

/* A node without value and with fewer than two children goes; what is under it moves up. */
static void node_collapse(struct lpm *t, uint32_t *link)
{
    struct node *n = node_at(t, *link);
    if (n->has_value || (n->child[0] && n->child[1])) return;
    uint32_t number = *link;
    STORE(*link, n->child[0] ? n->child[0] : n->child[1]);
    node_give(t, number);
}

static bool remove_locked(struct lpm *t, struct prefix p)
{
    uint32_t *above = NULL, *link = &t->root;
    while (*link && node_at(t, *link)->length < p.length) {
        struct node *n = node_at(t, *link);
        above = link;
        link = &n->child[bit_at(p.high, p.low, n->length)];
    }
    if (!*link) return false;
    struct node *n = node_at(t, *link);
    if (n->length != p.length || n->high != p.high || n->low != p.low || !n->has_value) return false;
    assert(t->used > 0);
    STORE(n->has_value, 0);
    node_collapse(t, link);
    if (above) node_collapse(t, above);
    t->used--;
    return true;
}

bool lpm_remove(struct table *table, const uint64_t *key, unsigned length)
{
    struct lpm *t = table->body;
    assert(length <= t->bits);
    write_begin(t);
    bool removed = remove_locked(t, key_prefix(t, key, length));
    write_end(t);
    return removed;
}

/* The generic operations mean the prefix of full length. */
static bool lpm_remove_key(struct table *table, const uint64_t *key, uint64_t now)
{
    (void)now;
    return lpm_remove(table, key, ((struct lpm *)table->body)->bits);
}

static int lpm_write(struct table *table, const uint64_t *key, const struct table_value *value,
                     enum table_mode mode, const struct table_value *expected, uint64_t now)
{
    (void)expected, (void)now;
    if (mode != TABLE_PUT) return -EINVAL;
    uint64_t word = octets_get((const uint8_t *)value->words, table->schema.value_size);
    return lpm_add(table, key, ((struct lpm *)table->body)->bits, word);
}

static uint64_t lpm_count(struct table *table, uint64_t now)
{
    (void)now;
    return LOAD(((struct lpm *)table->body)->used);
}

/* ---- making ---- */

static uint64_t lpm_octets(const struct table_schema *schema, uint64_t entries)
{
    (void)schema;
    return 2 * entries * sizeof(struct node);
}

static int lpm_open(struct table *table, const uint64_t seed[2])
{
    (void)seed;
    struct lpm *t = calloc(1, sizeof *t);
    if (!t) return -ENOMEM;
    t->bits = table->schema.key_size * 8u;
    t->limit = table->schema.entries;
    assert(t->bits == 32 || t->bits == BITS_MAX);
    t->nodes = lazy_zeros(2 * t->limit * sizeof *t->nodes);
    if (!t->nodes) {
        free(t);
        return -ENOMEM;
    }
    table->body = t;
    return 0;
}

static void lpm_close(struct table *table)
{
    const struct lpm *t = table->body;
    assert(t->sequence % 2 == 0 && t->used <= t->limit && (t->used > 0) == (t->root != 0));
    lazy_free(t->nodes, 2 * t->limit * sizeof *t->nodes);
    free(table->body);
}

int lpm_add_new(struct table *table, const uint64_t *key, unsigned length, const struct table_value *value)
{
    struct lpm *t = table->body;
    struct prefix p = key_prefix(t, key, length);
    unsigned same = 0;
    write_begin(t);
    uint32_t number = *link_find(t, p, &same);
    bool here = number && same == length && node_at(t, number)->length == length &&
                node_at(t, number)->has_value;
    int result = here ? -EEXIST
                      : add_locked(t, p, octets_get((const uint8_t *)value->words, table->schema.value_size));
    write_end(t);
    return result;
}

/* A node as it stands between two changes; false if it is none of a prefix. */
static bool node_copy(struct lpm *t, uint32_t number, struct node *copy)
{
    write_begin(t);
    *copy = *node_at(t, number);
    write_end(t);
    return copy->has_value;
}

static bool lpm_next(struct table *table, uint64_t *at, uint64_t now, struct table_entry *entry)
{
    struct lpm *t = table->body;
    struct node n;
    (void)now;
    while (*at < 2 * t->limit) {
        if (!node_copy(t, (uint32_t)++ * at, &n)) continue;
        if (t->bits == 32) octets_put((uint8_t *)entry->key, 4, n.high >> 32);
        else octets_put((uint8_t *)entry->key, 8, n.high), octets_put((uint8_t *)(entry->key + 1), 8, n.low);
        entry->length = n.length;
        entry->value = (struct table_value){.present = true, .length = table->schema.value_size};
        octets_put((uint8_t *)entry->value.words, entry->value.length, n.value);
        return true;
    }
    return false;
}

static void lpm_copy(struct table *table, const struct table *from_table)
{
    const struct lpm *from = from_table->body;
    struct lpm *to = table->body;
    if (from->used == 0) return;
    memcpy(to->nodes, from->nodes, from->fresh * sizeof *from->nodes);
    to->fresh = from->fresh;
    to->root = from->root;
    to->free = from->free;
    to->used = from->used;
}

const struct table_ops table_lpm = {"lpm",     lpm_octets,     lpm_open,  lpm_close, lpm_read,
                                    lpm_write, lpm_remove_key, lpm_count, lpm_copy,  lpm_next};
