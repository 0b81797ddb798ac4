/* SPDX-License-Identifier: Apache-2.0 */
/* region.c - chunks of memory in a list. */
#include "region.h"

#include <assert.h>
#include <stdalign.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#define CHUNK      ((size_t)16 << 10)
#define FIRST_ROOM 4 /* elements of an array that begins to grow */

struct chunk {
    struct chunk *next;
    size_t used, room;
    alignas(max_align_t) unsigned char octets[];
};

struct region {
    struct chunk *chunks; /* the first has room */
};

struct region *region_open(void) { return calloc(1, sizeof(struct region)); }

void region_close(struct region *region)
{
    struct chunk *chunk, *next;

    if (!region) return;
    for (chunk = region->chunks; chunk; chunk = next) {
        next = chunk->next;
        free(chunk);
    }
    free(region);
}

static struct chunk *chunk_open(struct region *region, size_t room)
{
    struct chunk *chunk = calloc(1, sizeof *chunk + room);

    if (!chunk) return NULL;
    chunk->room = room;
    chunk->next = region->chunks;
    region->chunks = chunk;
    return chunk;
}

void *region_alloc(struct region *region, size_t octets)
{
    struct chunk *chunk = region->chunks;
    void *found;

    if (octets > SIZE_MAX / 2) return NULL;
    octets = (octets + alignof(max_align_t) - 1) & ~(alignof(max_align_t) - 1);
    if (!chunk || chunk->room - chunk->used < octets)
        chunk = chunk_open(region, octets > CHUNK ? octets : CHUNK);
    if (!chunk) return NULL;
    assert(chunk->room - chunk->used >= octets);
    found = chunk->octets + chunk->used;
    chunk->used += octets;
    return found;
}

void *region_array(struct region *region, size_t n, size_t size)
{
    size_t octets;

    return __builtin_mul_overflow(n, size, &octets) ? NULL : region_alloc(region, octets);
}

char *region_text(struct region *region, const char *text, size_t length)
{
    char *copy = length < SIZE_MAX ? region_alloc(region, length + 1) : NULL;

    if (copy && length > 0) memcpy(copy, text, length);
    return copy;
}

/* Room is always a power of two and at least FIRST_ROOM, so that the count alone says whether
 * there is room for one more. */
void *region_reserve(struct region *region, size_t n, size_t size)
{
    size_t room = FIRST_ROOM;

    while (room < n)
        if (__builtin_mul_overflow(room, 2, &room)) return NULL;
    return region_array(region, room, size);
}

void *region_grow(struct region *region, void *items, size_t count, size_t size)
{
    bool full = count == 0 || (count >= FIRST_ROOM && (count & (count - 1)) == 0);
    void *larger;

    assert(items || count == 0);
    if (!full) return items;
    larger = region_reserve(region, count + 1, size);
    if (larger && count > 0) memcpy(larger, items, count * size);
    return larger;
}
