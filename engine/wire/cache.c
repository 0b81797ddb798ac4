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

#include "../lazy.h"
#include "../table/siphash.h"

#define CACHE_BUCKETS 2048
#define FRONT_PLACES  1024 /* a power of two */
#define NO_ENTRY      UINT16_MAX

static_assert(CACHE_ENTRIES < NO_ENTRY, "an entry's number is none that means there is none");
static_assert((FRONT_PLACES & (FRONT_PLACES - 1)) == 0, "a mask finds a place of the front");

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
    uint16_t fresh; /* entries below it were used once; the rest is zeros */
    uint16_t buckets[CACHE_BUCKETS];
    uint16_t front[FRONT_PLACES]; /* last entry found or made for these ends of a program */
    struct cache_entry entries[CACHE_ENTRIES];
    struct cache_counts counts;
    struct wire_verifier verifier;
    struct wire_work work;
};

/* ---- opening ------------------------------------------------------------------------- */

int cache_open(struct wire_cache **out, const uint64_t key[2])
{
    struct wire_cache *c = lazy_zeros(sizeof *c);
    if (!c) return -ENOMEM;
    c->slab = aligned_alloc(64, CACHE_OCTETS);
    if (!c->slab) {
        lazy_free(c, sizeof *c);
        return -ENOMEM;
    }
    memcpy(c->key, key, sizeof c->key);
    c->gaps = (struct gap *)c->slab;
    *c->gaps = (struct gap){NULL, CACHE_OCTETS};
    c->newest = c->oldest = NO_ENTRY;
    for (unsigned i = 0; i < CACHE_BUCKETS; i++) c->buckets[i] = NO_ENTRY;
    for (unsigned i = 0; i < FRONT_PLACES; i++) c->front[i] = NO_ENTRY;
    c->unused = NO_ENTRY;
    c->verifier.work = &c->work;
    *out = c;
    return 0;
}

void cache_close(struct wire_cache *c)
{
    if (!c) return;
    free(c->slab);
    lazy_free(c, sizeof *c);
}

void cache_begin(struct wire_cache *c) { c->serial++; }
struct wire_verifier *cache_verifier(struct wire_cache *c) { return &c->verifier; }
struct cache_counts cache_counts(const struct wire_cache *c) { return c->counts; }

/* ---- room in the slab ------------------------------------------------------------------ */

static_assert(sizeof(struct gap) <= 64 && CACHE_OCTETS % 64 == 0, "what is let go of can say so itself");
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
    assert((uint8_t *)memory >= c->slab && (uint8_t *)memory + octets <= c->slab + CACHE_OCTETS);
    while (after && after < gap) {
        before = after;
        after = after->next;
    }
    assert(!before || (uint8_t *)before + before->octets <= (uint8_t *)gap); /* was not free already */
    assert(!after || (uint8_t *)gap + octets <= (uint8_t *)after);
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
    assert(e->unit && e->used_in != c->serial); /* the packet in execution may point into it */
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

/* A program as run-program names it. */
struct wanted {
    const struct network *network;
    const uint8_t *view, *octets;
    uint32_t length;
};

static bool entry_is(const struct cache_entry *e, const struct wanted *w)
{
    if (e->revision != w->network->revision || e->unit->rows != (void *)w->network->opcodes) return false;
    if (e->has_view != (w->view != NULL) || (w->view && memcmp(e->view, w->view, sizeof e->view)))
        return false;
    const struct bytes *b = value_pointer(e->unit->constants[0]);
    return header_length(b->header) == w->length && memcmp(b->data, w->octets, w->length) == 0;
}

static struct cache_entry *look_up(struct wire_cache *c, uint64_t hash, const struct wanted *w)
{
    for (uint16_t i = c->buckets[hash % CACHE_BUCKETS]; i != NO_ENTRY; i = c->entries[i].chain)
        if (c->entries[i].hash == hash && entry_is(&c->entries[i], w)) return &c->entries[i];
    return NULL;
}

static uint64_t word_of(const uint8_t *octets, uint32_t length)
{
    uint64_t word = 0;
    uint32_t low, high;
    if (length >= 8) return memcpy(&word, octets, 8), word;
    if (length < 4) return length ? octets[0] | octets[length / 2] << 8 | octets[length - 1] << 16 : 0;
    memcpy(&low, octets, 4);
    memcpy(&high, octets + length - 4, 4);
    return (uint64_t)high << 32 | low;
}

/* A cheap mix of a program's ends and length says where it is looked for first. Who
 * makes many programs meet there makes them cost the keyed hash, and no more. */
static uint16_t *front_place(struct wire_cache *c, const struct wanted *w)
{
    uint64_t head = word_of(w->octets, w->length);
    uint64_t tail = w->length > 8 ? word_of(w->octets + w->length - 8, 8) : 0;
    __uint128_t wide = (__uint128_t)(head ^ c->key[0]) * (tail ^ w->length ^ c->key[1]);
    return &c->front[((uint64_t)wide ^ (uint64_t)(wide >> 64)) & (FRONT_PLACES - 1)];
}

/* There is one. */
static struct cache_entry *take_entry(struct wire_cache *c)
{
    struct cache_entry *e = &c->entries[c->unused == NO_ENTRY ? c->fresh : c->unused];
    if (c->unused == NO_ENTRY) c->fresh++;
    else c->unused = e->chain;
    return e;
}

static struct cache_entry *insert(struct wire_cache *c, uint64_t hash, struct wire_verifier *v)
{
    size_t octets = room_for(wire_unit_size(v));
    if (octets > CACHE_OCTETS) return NULL; /* however much is evicted */
    void *memory = take_room(c, octets);
    while ((c->unused == NO_ENTRY && c->fresh == CACHE_ENTRIES) || !memory) {
        if (!evict_oldest(c)) {
            if (memory) give_room(c, memory, octets);
            return NULL;
        }
        if (!memory) memory = take_room(c, octets);
    }
    struct cache_entry *e = take_entry(c);
    assert(!e->unit && c->counts.entries < CACHE_ENTRIES);
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

static const struct vvm_unit *use(struct wire_cache *c, struct cache_entry *e)
{
    c->counts.hits++;
    if (c->newest == number_of(c, e)) {
        e->used_in = c->serial;
    } else {
        unlink_use(c, e);
        link_newest(c, e);
    }
    return e->unit;
}

/* It is verified as a copy, which nobody can change meanwhile. */
static struct cache_entry *verify_new(struct wire_cache *c, const struct wire_program *form, uint64_t hash,
                                      const struct wanted *w, const struct wire_verifier **why)
{
    struct wire_verifier *v = &c->verifier;
    memcpy(c->work.octets, w->octets, w->length);
    *v = (struct wire_verifier){.form = form,
                                .network = w->network,
                                .view = w->view,
                                .octets = c->work.octets,
                                .length = w->length,
                                .work = &c->work};
    c->counts.misses++;
    if (!wire_verify(v)) return insert(c, hash, v);
    *why = v;
    return NULL;
}

const struct vvm_unit *cache_find(struct wire_cache *c, const struct wire_program *form,
                                  const struct network *network, const uint8_t *view, const uint8_t *octets,
                                  uint32_t length, const struct wire_verifier **why)
{
    const struct wanted w = {network, view, octets, length};
    uint16_t *front = front_place(c, &w);
    struct cache_entry *e = *front == NO_ENTRY ? NULL : &c->entries[*front];
    assert(length <= PROGRAM_OCTETS_MAX);
    *why = NULL;
    if (e && e->unit && entry_is(e, &w)) return use(c, e);
    uint64_t hash = siphash(c->key, octets, length);
    e = look_up(c, hash, &w);
    if (e) {
        *front = number_of(c, e);
        return use(c, e);
    }
    e = verify_new(c, form, hash, &w, why);
    if (!e) return NULL;
    *front = number_of(c, e);
    return e->unit;
}
