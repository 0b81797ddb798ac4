/* SPDX-License-Identifier: Apache-2.0 */
/*
 * cache.c - the slab of verified programs: entries found by hash, ordered by use; room
 * from a list of gaps in order of address, first fit, neighbours joined when freed.
 */
#include "cache.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "../table/siphash.h"

#define CACHE_BUCKETS 2048
#define NO_ENTRY      UINT16_MAX

struct gap {
    struct gap *next; /* higher address */
    size_t octets;
};

struct cache_entry {
    uint64_t hash, revision, used_in;
    uint8_t view[32];
    struct vvm_unit *unit; /* at the start of its room */
    size_t octets;
    bool has_view;
    uint16_t chain;        /* next of the bucket, or of the unused */
    uint16_t newer, older; /* order of use */
};

struct wire_cache {
    uint64_t key[2], serial;
    uint8_t *slab;
    struct gap *gaps;
    uint16_t unused, newest, oldest;
    uint16_t buckets[CACHE_BUCKETS];
    struct cache_entry entries[CACHE_ENTRIES];
    struct cache_counts counts;
    struct wire_verifier verifier;
    struct wire_work work;
};

/* ---- opening ------------------------------------------------------------------------- */

int cache_open(struct wire_cache **out, const uint64_t key[2])
{
    struct wire_cache *c = calloc(1, sizeof *c);
    if (!c) return -ENOMEM;
    c->slab = aligned_alloc(64, CACHE_OCTETS);
    if (!c->slab) {
        free(c);
        return -ENOMEM;
    }
    memcpy(c->key, key, sizeof c->key);
    c->gaps = (struct gap *)c->slab;
    *c->gaps = (struct gap){NULL, CACHE_OCTETS};
    c->newest = c->oldest = NO_ENTRY;
    for (unsigned i = 0; i < CACHE_BUCKETS; i++) c->buckets[i] = NO_ENTRY;
    for (unsigned i = 0; i < CACHE_ENTRIES; i++)
        c->entries[i].chain = i + 1 < CACHE_ENTRIES ? (uint16_t)(i + 1) : NO_ENTRY;
    c->verifier.work = &c->work;
    *out = c;
    return 0;
}

void cache_close(struct wire_cache *c)
{
    if (!c) return;
    free(c->slab);
    free(c);
}

void cache_begin(struct wire_cache *c) { c->serial++; }
struct wire_verifier *cache_verifier(struct wire_cache *c) { return &c->verifier; }
struct cache_counts cache_counts(const struct wire_cache *c) { return c->counts; }

/* ---- room in the slab ------------------------------------------------------------------ */

static size_t room_for(size_t octets) { return (octets + 63) & ~(size_t)63; }

static void *take_room(struct wire_cache *c, size_t octets)
{
    for (struct gap **g = &c->gaps; *g; g = &(*g)->next) {
        struct gap *gap = *g;
        if (gap->octets < octets) continue;
        if (gap->octets == octets) {
            *g = gap->next;
        } else {
            struct gap *rest = (struct gap *)((uint8_t *)gap + octets);
            *rest = (struct gap){gap->next, gap->octets - octets};
            *g = rest;
        }
        return gap;
    }
    return NULL;
}

static bool touches(const struct gap *low, const struct gap *high)
{
    return (const uint8_t *)low + low->octets == (const uint8_t *)high;
}

static void give_room(struct wire_cache *c, void *memory, size_t octets)
{
    struct gap *before = NULL, *after = c->gaps, *gap = memory;
    while (after && after < gap) {
        before = after;
        after = after->next;
    }
    *gap = (struct gap){after, octets};
    if (after && touches(gap, after)) *gap = (struct gap){after->next, octets + after->octets};
    if (!before) {
        c->gaps = gap;
    } else if (touches(before, gap)) {
        *before = (struct gap){gap->next, before->octets + gap->octets};
    } else {
        before->next = gap;
    }
}

/* ---- order of use ------------------------------------------------------------------------ */

static uint16_t number_of(const struct wire_cache *c, const struct cache_entry *e)
{
    return (uint16_t)(e - c->entries);
}

static void unlink_use(struct wire_cache *c, struct cache_entry *e)
{
    if (e->newer == NO_ENTRY) c->newest = e->older;
    else c->entries[e->newer].older = e->older;
    if (e->older == NO_ENTRY) c->oldest = e->newer;
    else c->entries[e->older].newer = e->newer;
}

static void link_newest(struct wire_cache *c, struct cache_entry *e)
{
    e->newer = NO_ENTRY;
    e->older = c->newest;
    if (c->newest == NO_ENTRY) c->oldest = number_of(c, e);
    else c->entries[c->newest].newer = number_of(c, e);
    c->newest = number_of(c, e);
    e->used_in = c->serial;
}

static void evict(struct wire_cache *c, struct cache_entry *e)
{
    uint16_t *link = &c->buckets[e->hash % CACHE_BUCKETS];
    while (*link != number_of(c, e)) link = &c->entries[*link].chain;
    *link = e->chain;
    unlink_use(c, e);
    give_room(c, e->unit, e->octets);
    e->unit = NULL;
    e->chain = c->unused;
    c->unused = number_of(c, e);
    c->counts.evictions++;
    c->counts.entries--;
}

/* Evict the least recently used one; false if all are in use by this packet. */
static bool evict_oldest(struct wire_cache *c)
{
    if (c->oldest == NO_ENTRY || c->entries[c->oldest].used_in == c->serial) return false;
    evict(c, &c->entries[c->oldest]);
    return true;
}

/* ---- finding --------------------------------------------------------------------------------- */

static bool entry_is(const struct cache_entry *e, uint64_t hash, const struct wire_verifier *v)
{
    if (e->hash != hash || e->revision != v->network->revision ||
        e->unit->rows != (void *)v->network->opcodes)
        return false;
    if (e->has_view != (v->view != NULL) || (v->view && memcmp(e->view, v->view, sizeof e->view)))
        return false;
    const struct bytes *b = value_pointer(e->unit->constants[0]);
    return header_length(b->header) == v->length && memcmp(b->data, v->octets, v->length) == 0;
}

static struct cache_entry *look_up(struct wire_cache *c, uint64_t hash, const struct wire_verifier *v)
{
    for (uint16_t i = c->buckets[hash % CACHE_BUCKETS]; i != NO_ENTRY; i = c->entries[i].chain)
        if (entry_is(&c->entries[i], hash, v)) return &c->entries[i];
    return NULL;
}

static struct cache_entry *insert(struct wire_cache *c, uint64_t hash, struct wire_verifier *v)
{
    size_t octets = room_for(wire_unit_size(v));
    void *memory = octets <= CACHE_OCTETS ? take_room(c, octets) : NULL;
    while (c->unused == NO_ENTRY || !memory) {
        if (!evict_oldest(c)) {
            if (memory) give_room(c, memory, octets);
            return NULL;
        }
        if (!memory) memory = take_room(c, octets);
    }
    struct cache_entry *e = &c->entries[c->unused];
    c->unused = e->chain;
    *e = (struct cache_entry){.hash = hash, .revision = v->network->revision, .octets = octets};
    e->has_view = v->view != NULL;
    if (v->view) memcpy(e->view, v->view, sizeof e->view);
    e->unit = wire_translate(v, memory);
    e->chain = c->buckets[hash % CACHE_BUCKETS];
    c->buckets[hash % CACHE_BUCKETS] = number_of(c, e);
    link_newest(c, e);
    c->counts.entries++;
    return e;
}

const struct vvm_unit *cache_find(struct wire_cache *c, const struct wire_program *form,
                                  const struct network *network, const uint8_t *view, const uint8_t *octets,
                                  uint32_t length, const struct wire_verifier **why)
{
    struct wire_verifier *v = &c->verifier;
    assert(length <= PROGRAM_OCTETS_MAX);
    memcpy(c->work.octets, octets, length);
    *v = (struct wire_verifier){.form = form,
                                .network = network,
                                .view = view,
                                .octets = c->work.octets,
                                .length = length,
                                .work = &c->work};
    *why = NULL;
    uint64_t hash = siphash(c->key, v->octets, length);
    struct cache_entry *e = look_up(c, hash, v);
    if (e) {
        c->counts.hits++;
        unlink_use(c, e);
        link_newest(c, e);
        return e->unit;
    }
    c->counts.misses++;
    if (wire_verify(v)) {
        *why = v;
        return NULL;
    }
    e = insert(c, hash, v);
    return e ? e->unit : NULL;
}
