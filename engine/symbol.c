/* SPDX-License-Identifier: Apache-2.0 */
/*
 * symbol.c - interned symbols: one object per name and node, so that eq? is
 * equality of pointers. They live as long as the node, in blocks of their own
 * outside the control heap, and their hash is keyed by the node's seed.
 */
#include "symbol.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define BLOCK_OCTETS  32768u
#define FIRST_BUCKETS 1024u /* a power of two */

struct block {
    struct block *next;
    size_t used, room;
    uint64_t data[];
};

struct symbol_table {
    struct symbol **slots; /* open addressing, linear probing */
    uint32_t room, count;
    struct block *blocks;
};

int symbols_open(struct vvm_node *node)
{
    struct symbol_table *table = calloc(1, sizeof *table);
    if (!table) return -ENOMEM;
    table->slots = calloc(FIRST_BUCKETS, sizeof *table->slots);
    if (!table->slots) {
        free(table);
        return -ENOMEM;
    }
    table->room = FIRST_BUCKETS;
    node->symbols = table;
    return 0;
}

void symbols_close(struct vvm_node *node)
{
    if (!node->symbols) return;
    for (struct block *b = node->symbols->blocks, *next; b; b = next) {
        next = b->next;
        free(b);
    }
    free(node->symbols->slots);
    free(node->symbols);
    node->symbols = NULL;
}

uint64_t hash_octets(uint64_t seed, const void *octets, size_t length)
{
    const uint8_t *p = octets;
    uint64_t h = seed ^ length * UINT64_C(0x9e3779b97f4a7c15);
    while (length) {
        uint64_t word = 0;
        size_t step = length < 8 ? length : 8;
        memcpy(&word, p, step);
        __uint128_t wide = (__uint128_t)(word ^ h) * UINT64_C(0xd6e8feb86659fd93);
        h = (uint64_t)wide ^ (uint64_t)(wide >> 64) ^ h >> 29 ^ seed;
        p += step;
        length -= step;
    }
    return h ^ h >> 32;
}

static void *block_take(struct symbol_table *table, size_t octets)
{
    size_t need = (octets + 7) & ~(size_t)7;
    struct block *b = table->blocks;
    if (!b || b->room - b->used < need) {
        size_t room = need > BLOCK_OCTETS ? need : BLOCK_OCTETS;
        b = malloc(sizeof *b + room);
        if (!b) return NULL;
        *b = (struct block){.next = table->blocks, .room = room};
        table->blocks = b;
    }
    void *p = (uint8_t *)b->data + b->used;
    b->used += need;
    assert(b->used <= b->room);
    return p;
}

static struct symbol **find(struct symbol_table *table, uint64_t hash, const char *name, size_t octets)
{
    uint32_t mask = table->room - 1;
    assert(table->count < table->room && (table->room & mask) == 0); /* so the search ends */
    for (uint32_t i = (uint32_t)hash & mask;; i = (i + 1) & mask) {
        struct symbol *s = table->slots[i];
        if (!s) return &table->slots[i];
        if (s->hash == hash && header_length(s->header) == octets && !memcmp(s->name, name, octets))
            return &table->slots[i];
    }
}

static int grow(struct symbol_table *table)
{
    uint32_t room = table->room * 2, mask = room - 1;
    struct symbol **slots = calloc(room, sizeof *slots);
    if (!slots) return -ENOMEM;
    for (uint32_t k = 0; k < table->room; k++) {
        struct symbol *s = table->slots[k];
        if (!s) continue;
        uint32_t i = (uint32_t)s->hash & mask;
        while (slots[i]) i = (i + 1) & mask;
        slots[i] = s;
    }
    free(table->slots);
    table->slots = slots;
    table->room = room;
    return 0;
}

vvm_value intern_n(struct vvm_node *node, const char *name, size_t octets)
{
    struct symbol_table *table = node->symbols;
    assert(octets <= UINT32_MAX);
    if (table->count >= table->room / 2 && grow(table)) return VALUE_EXCEPTION;
    uint64_t hash = hash_octets(node->options.seed, name, octets);
    struct symbol **place = find(table, hash, name, octets);
    if (*place) return object_value(*place);
    struct symbol *s = block_take(table, sizeof *s + octets + 1);
    if (!s) return VALUE_EXCEPTION;
    s->header = make_header(TYPE_SYMBOL, octets) | (uint64_t)FLAG_FROZEN << 8;
    s->hash = hash;
    memcpy(s->name, name, octets);
    s->name[octets] = 0;
    *place = s;
    table->count++;
    return object_value(s);
}

vvm_value intern(struct vvm_node *node, const char *name) { return intern_n(node, name, strlen(name)); }
