/* SPDX-License-Identifier: Apache-2.0 */
/*
 * ast.c - the bump pool in which one top-level form's tree lives and dies.
 *
 * A pool is a chain of chunks, newest first. Nothing is freed alone; closing the
 * pool frees all. The cap keeps hostile source text from eating the host's memory.
 */
#include "ast.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#define CHUNK_OCTETS (16u << 10)
#define POOL_CAP     ((size_t)64 << 20)

struct chunk {
    struct chunk *next;
    size_t used, room;
    _Alignas(16) unsigned char data[];
};

static_assert(sizeof(struct chunk) % 16 == 0, "what stands in a chunk is aligned for any node");

struct ast_pool {
    struct chunk *chunks;
    size_t total;
};

struct ast_pool *ast_pool_open(void) { return calloc(1, sizeof(struct ast_pool)); }

void ast_pool_close(struct ast_pool *pool)
{
    if (!pool) return;
    while (pool->chunks) {
        struct chunk *c = pool->chunks;
        pool->chunks = c->next;
        free(c);
    }
    free(pool);
}

static struct chunk *add_chunk(struct ast_pool *pool, size_t octets)
{
    size_t room = octets > CHUNK_OCTETS ? octets : CHUNK_OCTETS;
    if (room > POOL_CAP - pool->total) return NULL;
    struct chunk *c = malloc(sizeof *c + room);
    if (!c) return NULL;
    *c = (struct chunk){.next = pool->chunks, .room = room};
    pool->chunks = c;
    pool->total += room;
    return c;
}

void *ast_allocate(struct ast_pool *pool, size_t octets)
{
    if (octets > POOL_CAP) return NULL;
    octets = (octets + 15) & ~(size_t)15;
    struct chunk *c = pool->chunks;
    if (!c || octets > c->room - c->used) c = add_chunk(pool, octets);
    if (!c) return NULL;
    void *p = c->data + c->used;
    c->used += octets;
    assert(c->used <= c->room && pool->total <= POOL_CAP);
    return memset(p, 0, octets);
}
