/* SPDX-License-Identifier: Apache-2.0 */
/*
 * signature.c - interned signatures: equal number, equal parameter slot types,
 * rest flag and result type.
 *
 * The control thread adds; workers may read what a number means at any time. So an
 * entry never moves: entries stand in chunks, each twice as large as the one before.
 * Only the index by content, which workers do not use, is rebuilt as it grows.
 */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "machine.h"

enum { FIRST_CHUNK = 64, CHUNKS = 15, TAGGED_CACHE = 17, SIGNATURES_MAX = 1 << 20 };

struct signature_table {
    struct signature *chunks[CHUNKS];
    uint32_t count;  /* numbers 1..count are taken */
    uint32_t *index; /* open addressing by content; 0 = empty */
    uint32_t index_size;
    uint32_t tagged[TAGGED_CACHE];
};

static struct signature *entry_at(const struct signature_table *t, uint32_t number)
{
    uint32_t at = number - 1 + FIRST_CHUNK;
    unsigned chunk = 31 - (unsigned)__builtin_clz(at / FIRST_CHUNK);
    return &t->chunks[chunk][at - ((uint32_t)FIRST_CHUNK << chunk)];
}

static uint32_t hash_signature(const uint8_t *types, unsigned parameters, bool rest, uint8_t result)
{
    uint32_t h = 2166136261u ^ (parameters << 5 | (unsigned)rest << 4 | result);
    for (unsigned i = 0; i < parameters; i++) h = (h ^ types[i]) * 16777619u;
    return h ^ h >> 15;
}

static bool same_signature(const struct signature *s, const uint8_t *types, unsigned parameters, bool rest,
                           uint8_t result)
{
    return s->parameters == parameters && s->rest == rest && s->result == result &&
           (!parameters || !memcmp(s->types, types, parameters));
}

static bool grow_index(struct signature_table *t)
{
    uint32_t size = t->index_size ? t->index_size * 2 : 256;
    uint32_t *index = calloc(size, sizeof *index);
    if (!index) return false;
    for (uint32_t n = 1; n <= t->count; n++) {
        const struct signature *s = entry_at(t, n);
        uint32_t at = hash_signature(s->types, s->parameters, s->rest, s->result) & (size - 1);
        while (index[at]) at = (at + 1) & (size - 1);
        index[at] = n;
    }
    free(t->index);
    t->index = index;
    t->index_size = size;
    return true;
}

/* A new entry behind the last one; 0 when memory is out. */
static uint32_t add_entry(struct signature_table *t, const uint8_t *types, unsigned parameters, bool rest,
                          uint8_t result)
{
    if (t->count >= SIGNATURES_MAX) return 0;
    uint32_t at = t->count + FIRST_CHUNK;
    unsigned chunk = 31 - (unsigned)__builtin_clz(at / FIRST_CHUNK);
    assert(chunk < CHUNKS);
    if (!t->chunks[chunk]) t->chunks[chunk] = calloc((size_t)FIRST_CHUNK << chunk, sizeof *t->chunks[chunk]);
    uint8_t *copy = malloc(parameters ? parameters : 1);
    if (!t->chunks[chunk] || !copy) {
        free(copy);
        return 0;
    }
    if (parameters) memcpy(copy, types, parameters);
    assert(at >> chunk >= FIRST_CHUNK && at >> chunk < 2 * FIRST_CHUNK);
    struct signature *s = entry_at(t, t->count + 1);
    *s =
        (struct signature){.parameters = (uint16_t)parameters, .rest = rest, .result = result, .types = copy};
    return ++t->count;
}

uint32_t signature_intern(struct vvm_node *node, const uint8_t *types, unsigned parameters, bool rest,
                          enum slot_type result)
{
    assert(parameters <= MAX_SLOTS && result < SLOT_TYPES);
    if (!node->signatures) node->signatures = calloc(1, sizeof *node->signatures);
    struct signature_table *t = node->signatures;
    if (!t) return 0;
    if (t->index_size / 2 <= t->count && !grow_index(t)) return 0;
    uint32_t at = hash_signature(types, parameters, rest, (uint8_t)result) & (t->index_size - 1);
    for (; t->index[at]; at = (at + 1) & (t->index_size - 1))
        if (same_signature(entry_at(t, t->index[at]), types, parameters, rest, (uint8_t)result))
            return t->index[at];
    uint32_t number = add_entry(t, types, parameters, rest, (uint8_t)result);
    t->index[at] = number;
    return number;
}

uint32_t signature_tagged(struct vvm_node *node, unsigned parameters)
{
    static const uint8_t any[MAX_SLOTS];
    assert(parameters <= MAX_SLOTS);
    struct signature_table *t = node->signatures;
    if (t && parameters < TAGGED_CACHE && t->tagged[parameters]) return t->tagged[parameters];
    uint32_t number = signature_intern(node, any, parameters, false, SLOT_ANY);
    if (parameters < TAGGED_CACHE && number) node->signatures->tagged[parameters] = number;
    return number;
}

const struct signature *signature_at(const struct vvm_node *node, uint32_t number)
{
    const struct signature_table *t = node->signatures;
    return t && number && number <= t->count ? entry_at(t, number) : NULL;
}

void signature_close(struct vvm_node *node)
{
    struct signature_table *t = node->signatures;
    if (!t) return;
    for (uint32_t n = 1; n <= t->count; n++) free((void *)entry_at(t, n)->types);
    for (unsigned i = 0; i < CHUNKS; i++) free(t->chunks[i]);
    free(t->index);
    free(t);
    node->signatures = NULL;
}
